"""Errors name the lesson that explains them, by a title that a notebook has."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.core.messages import LESSONS, lesson
from tests.cases import leaf, run

EXAMPLES = Path(__file__).parents[2] / "examples"

#: an expression that raises -> the lesson at the end of its error
ERRORS = {
    "(t * 2).backward()": "many entries",
    "ag.grad(lambda t: t * 2)(A)": "many entries",
    "ag.tensor(A).sum().backward()": "not recorded",
    "t.__setitem__(0, 1.0)": "changed",
    "stale(t)": "changed",
    "t + np.ones(4)": "shapes",
    "M @ leaf(M)": "shapes",
    "nan(t)": "not finite",
    "ag.gradcheck(wrong_rule, A)": "gradcheck",
    "np.nanmedian(t)": "no rule",
    "half(A, t)": "no rule",
    "lost_axis(t).backward(A)": "shape of a rule",
    "ag.compile(lambda x: x if x.sum() > 0 else -x)(A)": "depends on numbers",
}


def stale(t):
    y = np.sum(t * t)
    t.data -= 1.0
    y.backward()


@ag.debug()
def nan(t):
    np.log(t - t)


wrong_rule = ag.primitive(np.sin, lambda g, y, x: -g * np.cos(x), name="sine", implements=())
half = ag.primitive(np.add, lambda g, y, a: g, name="half", implements=())
lost_axis = ag.primitive(np.sin, lambda g, y, x: g[0], name="wide", implements=())
TOOLS = {f.__name__: f for f in (stale, nan)}
TOOLS |= {"wrong_rule": wrong_rule, "half": half, "lost_axis": lost_axis}


@pytest.mark.parametrize("text", ERRORS)
def test_error_ends_with_its_lesson(text):
    with pytest.raises(Exception, match=r"\w") as caught:
        run(text, t=leaf(name="t"), **TOOLS)
    assert str(caught.value).endswith(lesson(ERRORS[text]))


def test_each_lesson_has_an_error():
    assert set(ERRORS.values()) == set(LESSONS)


def titles():
    """Return the titles of all lessons: the first heading of each notebook, without its number."""
    for path in EXAMPLES.glob("[0-9][0-9]_*.ipynb"):
        first = "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"])
        yield re.match(r"# (?:\d+ · )?(.+)", first)[1].strip()


def test_each_lesson_is_the_title_of_a_notebook():
    assert {title for title, _ in LESSONS.values()} <= set(titles())


def test_lesson_line_names_no_path():
    """A wheel does not contain the notebooks."""
    for what in LESSONS:
        assert not re.search(r"examples/|\.ipynb", lesson(what))
