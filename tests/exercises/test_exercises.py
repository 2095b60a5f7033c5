"""The exercises: solutions pass, and a wrong answer gets the diagnosis of its mistake."""

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import exercises
from autograd_mini.exercises import CHAPTERS, Case, WrongAnswer
from autograd_mini.exercises import __main__ as command
from autograd_mini.exercises.exercise import exercise
from tests.budget import each
from tests.exercises import solutions
from tests.exercises.wrong_answers import WRONG_ANSWERS

ALL = {e.name: e for chapter in CHAPTERS.values() for e in chapter}
SOLUTIONS = {name: getattr(solutions, name) for name in ALL}
SOURCES = Path(exercises.__file__).parent


@pytest.fixture(autouse=True)
def fresh_session():
    yield
    for e in ALL.values():
        e.passed, e._hinted = False, 0


# ---- solutions and wrong answers ----------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_solution_of_every_exercise_passes(name, capsys):
    assert ALL[name].check(SOLUTIONS[name]) is SOLUTIONS[name]
    assert ALL[name].passed
    assert capsys.readouterr().out == f"{name}: right.\n"


WRONG = [(name, i) for name, pairs in WRONG_ANSWERS.items() for i in range(len(pairs))]


@cache
def message_of(name, i):
    """Return the message of a wrong answer, before the arguments."""
    with pytest.raises(WrongAnswer) as caught:
        ALL[name].check(WRONG_ANSWERS[name][i][0])
    assert not ALL[name].passed
    message, _, data = str(caught.value).partition("\nfor the arguments\n")
    assert data.startswith("    ")
    return message


def check_verdict(name, i):
    message = " ".join(message_of(name, i).split())
    assert message.startswith(f"{name}: wrong. ")
    verdict = WRONG_ANSWERS[name][i][1]
    assert re.search(verdict, message.partition(" in line ")[0]), message


@each([(name, i) for name, i in WRONG if i % 4 == 0])
def test_wrong_answer_gets_its_verdict_first(name, i):
    check_verdict(name, i)


@pytest.mark.slow
@each(WRONG)
def test_every_wrong_answer_gets_its_verdict_first(name, i):
    check_verdict(name, i)


def test_every_exercise_has_wrong_answers():
    assert WRONG_ANSWERS.keys() == ALL.keys()
    assert min(map(len, WRONG_ANSWERS.values())) >= 7


# ---- answers with other faults -------------------------------------------------------------------


def test_message_shows_input_entry_values_and_diagnosis():
    with pytest.raises(WrongAnswer) as caught:
        exercises.log_rule.check(lambda g, y, x: -g / x)
    assert (
        str(caught.value)
        == """\
log_rule: wrong. Only the sign is wrong.
∂L/∂x[0]: got 0.657926, expected -0.657926 (4 of 4 wrong)
for the arguments
    g = [-2.2191,  1.6317,  1.2656,  1.2264]   (4,)
    y = [ 1.2158,  0.903 ,  0.2606, -1.0128]   (4,)
    x = [3.3729, 2.4669, 1.2977, 0.3632]   (4,)
For a hint: log_rule.hint()"""
    )


def helper_that_fails(x):
    return x.nothing


def with_a_bug(g, y, x):
    return g / nothing  # noqa: F821


def misspelled(g, y, x):
    x.fill(1.0)
    return g


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda g, y, x: None, "returned None. Is there a `return`"),
        (lambda g, y, x: ..., r"still returns `\.\.\.`"),
        (lambda g, y: g, r"takes 2 arguments, but it must take 3: \(g, y, x\)"),
        (lambda g, y, x, z: g, r"takes 4 arguments, but it must take 3: \(g, y, x\)"),
        (with_a_bug, r"raised NameError: name 'nothing' is not defined in line \d+: return g / no"),
        (misspelled, "changed its argument x in place"),
        (lambda g, y, x: "g/x", "'g/x' .a str.; expected real numbers"),
        (lambda g, y, x: g / x + 0j, "dtype complex128; expected real numbers"),
        (lambda g, y, x: [[1.0], [1.0, 2.0]], "a list of length 2 is not an array of numbers"),
        (lambda g, y, x: {"x": g / x}, "a dict; expected real numbers"),
        (lambda g, y, x: (g / x).astype(int), "which truncates the fractional part"),
        (lambda g, y, x: (g / x)[:, None], r"has shape \(4, 1\)"),
        (lambda g, y, x: np.zeros(0), r"has shape \(0,\)"),
        (lambda g, y, x: (i for i in x), "a generator"),
        (lambda g, y, x: np.nan * x, "4 of your entries are not finite"),
        (np.sin, "raised TypeError|called as"),
        (lambda g, y, x: helper_that_fails(x), "helper_that_fails|return x.nothing"),
    ],
)
def test_message_names_a_fault_of_the_function(answer, message):
    with pytest.raises(WrongAnswer) as caught:
        exercises.log_rule.check(answer)
    assert re.search(message, " ".join(str(caught.value).split())), str(caught.value)


class Unreadable:
    """A result that can neither be printed nor converted."""

    def __repr__(self):
        raise RuntimeError("no text")

    def __array__(self, *args, **kwargs):
        raise KeyError("no array")


#: results and errors that no exercise expects
ODD_RESULTS = [
    None, ..., "text", b"bytes", [], (), {}, {1}, [[1.0], [1.0, 2.0]], (1, (2, 3)), {"L": [1, 2]},
    np.nan, np.inf, 1j, 10**400, np.zeros(0), np.zeros((1,) * 32), np.array([1, None]),
    np.array("text"), np.datetime64("2020"), np.zeros(3, dtype=[("a", float)]), float, len,
    range(3), NotImplemented, np.ma.masked_array([1.0, 2.0], [0, 1]), Unreadable(),
    (Unreadable(), Unreadable()), ag.tensor([1.0, 2.0], requires_grad=True),
]  # fmt: skip
ODD_ERRORS = [
    ValueError(), KeyError(3), SystemExit(1), StopIteration(), WrongAnswer("mine"), MemoryError(),
    OSError(2, "no file"), UnicodeDecodeError("utf-8", b"a", 0, 1, "odd"), RecursionError(),
]  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [e if e in ("exp_rule", "sweep") else pytest.param(e, marks=pytest.mark.slow) for e in ALL],
)
def test_odd_answer_is_wrong_and_raises_nothing_else(name):
    def failing(error):
        def answer(*args):
            raise error

        return answer

    answers = [lambda *args, result=result: result for result in ODD_RESULTS]
    answers += [*map(failing, ODD_ERRORS), lambda: 1, int, np.sin, np.add, print, dict]
    for answer in answers:
        with pytest.raises(WrongAnswer):
            ALL[name].check(answer)


@pytest.mark.parametrize(
    "answer",
    [
        lambda g, y, x: list(g / x),
        lambda g, y, x: ag.tensor(g / x, requires_grad=True),
        lambda *arguments: arguments[0] / arguments[2],
        lambda g, y, x, keyword=None: g / x,
    ],
)
def test_right_answer_may_be_a_list_or_a_tensor(answer):
    exercises.log_rule.check(answer)


@pytest.mark.parametrize("kind", [np.array, list, tuple, ag.tensor])
def test_right_pair_may_be_an_array_or_a_list(kind):
    exercises.quotient.check(lambda a, b: kind([1 / b, -a / b**2]))
    exercises.mul_rule.check(lambda g, y, a, b: kind([g * b, g * a]))


def by_sliding_windows(x, kh, kw, stride):
    windows = np.lib.stride_tricks.sliding_window_view(x, (len(x), kh, kw))
    return windows[0, ::stride, ::stride].reshape(-1, len(x) * kh * kw)


def convolution_by_loops(g, y, x, w):
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for t, j in np.ndindex(len(g), len(w)):
        dx[t + j] += g[t] * w[j]
        dw[j] += g[t] * x[t + j]
    return [dx, dw]


def batch_norm_by_the_tape(g, y, x, weight, bias, eps):
    def norm(x, weight, bias):
        return ag.batch_norm(x, weight=weight, bias=bias, training=True, eps=eps)

    return ag.vjp(norm, x, weight, bias)[1](g)


def embedding_by_one_hot(g, y, ids, weight):
    return np.eye(len(weight))[ids.ravel()].T @ g.reshape(ids.size, -1)


def mask_by_a_large_number(s):
    return ag.softmax(s - 1e30 * np.triu(np.ones(s.shape[-2:]), 1))


def sampling_by_a_search(z, temperature, u):
    ends = np.cumsum(ag.softmax(z / temperature), axis=-1)
    return [int(np.searchsorted(row, x, side="right")) for row, x in zip(ends, u)]


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("im2col", by_sliding_windows),
        ("convolution_rule", convolution_by_loops),
        ("batch_norm_rule", batch_norm_by_the_tape),
        ("embedding_rule", embedding_by_one_hot),
        ("causal_mask", mask_by_a_large_number),
        ("sampling", sampling_by_a_search),
    ],
)
def test_right_answer_may_be_computed_in_another_way(name, answer):
    ALL[name].check(answer)


def test_error_of_the_answer_is_the_cause():
    with pytest.raises(WrongAnswer) as caught:
        exercises.log_rule.check(with_a_bug)
    assert isinstance(caught.value.__cause__, NameError)


def test_check_of_a_non_callable_raises():
    with pytest.raises(
        TypeError, match=r"expected your function, got 3\.0\. Pass the function itself"
    ):
        exercises.log_rule.check(3.0)


def test_every_check_passes_fresh_arrays():
    kept = []

    def answer(g, y, x):
        for array in kept:
            array[...] = 0.0
        kept.extend([g, y, x])
        return g / x

    exercises.log_rule.check(answer)
    exercises.log_rule.check(SOLUTIONS["log_rule"])


# ---- hints, statements and the list --------------------------------------------------------------


def test_hints_advance_by_one_step_and_end(capsys):
    e = exercises.exp_rule
    for _ in range(5):
        e.hint()
    e.hint(1)
    e.hint()
    steps = re.findall(r"Hint (\d) of 3 for exp_rule|(no more hints)", capsys.readouterr().out)
    assert ["".join(step) for step in steps] == ["1", "2", "3", *["no more hints"] * 2, "1", "2"]
    for step in (0, 4, -1):
        with pytest.raises(ValueError, match="exp_rule has hints 1 to 3"):
            e.hint(step)


@pytest.mark.parametrize("name", ALL)
def test_statement_names_the_function_and_has_hints(name):
    e = ALL[name]
    assert len(e.title) <= 70
    assert not e.title.endswith(".")
    assert max(map(len, e.statement.splitlines())) <= 100
    assert f"def {name}(" in e.statement or f"{name}.check(op)" in e.statement
    assert 2 <= len(e.hints) <= 4
    assert e.statement in repr(e)
    assert getattr(exercises, name) is e


#: A pattern that recognises each solution, without blanks.
SOLVED = {
    "quotient": r"a/b\*\*2|a/\(b\*b\)|1/b|1/b²|a/b²",
    "two_paths": r"w\+np\.cos|w\+cos|cos\(x\)\+w",
    "reciprocal_rule": r"-g\*y|-g/|-1/x|y\*\*2|y²|x²",
    "exp_rule": r"g\*y|y\*g|g·y|g\*np\.exp",
    "log_rule": r"g/x|1/x",
    "mul_rule": r"g\*b|g\*a|g·b|g·a",
    "sum_rule": r"expand_dims\(g|broadcast_to\(g|g\[:,None",
    "unbroadcast": r"g\.sum\(|sum\(axis",
    "matmul_rule": r"g@|@g|b\.T|a\.T|ᵀ",
    "bug_in_sigmoid": r"1-y|y-y",
    "bug_in_tanh": r"g\*\(|\)\*g",
    "bug_in_bias": r"\.sum\(|np\.sum",
    "bug_in_indexing": r"add\.at|bincount",
    "gradient_check": r"f\(x\+|allclose|isclose|/\(2\*",
    "stable_softmax": r"\.max\(",
    "log_sum_exp": r"\.max\(|z-m\b",
    "softmax_jacobian": r"δ|ŷ_i\(|np\.diag|np\.outer|-ŷ_i|ŷ_iŷ_j|ŷ_i\*",
    "softmax_rule": r"g-|y\*\(|ŷ\*\(|y·\(",
    "cross_entropy_gradient": r"ŷ-y|ŷ_i-y|Σ_oy|/N\b(?!\))|softmax\(z\)\*|y\.sum",
    "one_hot_gradient": r"ŷ-y|ŷ_i-y|-=1|-1\b|arange",
    "cross_entropy_hessian": r"diag\(|outer|ŷŷ|ŷ_iŷ",
    "newton_step": r"solve\(|w-|inv\(",
    "sweep": r"\+=adjoint|adjoints\[",
    "sweep_of_a_graph": r"\+=adjoint|adjoints\[",
    "own_primitive": r"2\*x|2x|/\(1\+x",
    "im2col": r"x\[:,|\.ravel\(|\+kh|\+kw|sliding_window",
    "convolution_rule": r"convolve\(|correlate\(",
    "max_pool_rule": r"\+=|add\.at\(|stride\+",
    "batch_norm_rule": r"h-|g-|\.mean\(|\.sum\(",
    "embedding_rule": r"add\.at\(|eye\(|\.T@|@g",
    "lstm_cell": r"gh[·*]o|o[·*]gh|1-t|1-tanh|\*\*2",
    "causal_mask": r"where\(|np\.tril?\(|-1e|-np\.inf",
    "attention_rule": r"ds@|\.T@|@g|g@|p[*·]\(|dp-",
    "rms_norm_rule": r"g-y|\.mean\(|-y[*·]",
    "sampling": r"\)>u|argmax\(|searchsorted",
}


@pytest.mark.parametrize("name", ALL)
def test_texts_do_not_contain_the_solution(name):
    check_texts(name, 4)


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_no_text_contains_the_solution(name):
    check_texts(name, 1)


def check_texts(name, step):
    """Search the statement, the hints, and every `step`-th message of a wrong answer."""
    texts = [ALL[name].statement, *ALL[name].hints]
    for i in range(0, len(WRONG_ANSWERS[name]), step):
        lines = message_of(name, i).splitlines()
        texts += [line for line in lines if not line.startswith("in line")]
    for text in texts:
        found = re.search(SOLVED[name], re.sub(r"\s", "", text))
        assert not found, (found, text)


def test_package_contains_no_solution():
    source = "".join(p.read_text(encoding="utf-8") for p in SOURCES.glob("*.py"))
    source = re.sub(r"\s", "", source)
    for solution in (
        "g@b.T", "a.T@g", "g/x", "y*(g-", "g*y*(1-y)", "g*(1-y", "add.at(", "w-np.linalg.solve",
        "np.outer", "z-z.max", "adjoints[used]+=", "+=adjoints", "-=1", "ŷ-y", "2*x/(1+x",
        "*y.sum(", "np.convolve(g", "np.correlate(x", "h-h.mean", "g@v.T", "p.T@g",
        "(1-t**2)", "x[:,i:i+kh", ")>u[:,None]).argmax",
    ):  # fmt: skip
        assert solution not in source, solution


def test_repr_of_the_module_lists_passed_exercises():
    assert repr(exercises).startswith("0 of 35 exercises passed.\n\nNumbers")
    exercises.exp_rule.check(SOLUTIONS["exp_rule"])
    assert "  [x] exp_rule " in repr(exercises)
    assert "1 of 35" in exercises.overview()
    assert repr(exercises.exp_rule).startswith("exp_rule (passed)")
    with pytest.raises(WrongAnswer):
        exercises.exp_rule.check(lambda g, y, x: g)
    assert "0 of 35" in exercises.overview()


def test_exercises_are_in_one_chapter_and_public():
    assert len(ALL) == 35 == sum(map(len, CHAPTERS.values()))
    assert ag.exercises is exercises
    assert set(ALL) <= set(exercises.__all__)
    assert exercises.__all__ == sorted(exercises.__all__)


def test_check_is_a_decorator():
    @exercises.exp_rule.check
    def rule(g, y, x):
        return g * y

    assert rule(2.0, 3.0, 0.0) == 6.0


def test_notebook_shows_only_the_message():
    assert WrongAnswer("exp_rule: ...")._render_traceback_() == ["exp_rule: ..."]
    assert issubclass(WrongAnswer, AssertionError)


def test_exercise_decorator_makes_a_new_exercise():
    @exercise("Think of a square.")
    def area():
        """The area of a square

        def area(side): ...
        """
        for side in (2.0, 3.0):
            yield Case({"side": side}, {"area": side**2})

    area.check(lambda side: side * side)
    with pytest.raises(WrongAnswer, match="area: got 4, expected 9"):
        area.check(lambda side: 4.0)


def run(*arguments, encoding="utf-8"):
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        encoding=encoding,
        env=environment,
    )


def test_command_lists_exercises_and_prints_tasks(capsys):
    command.main([])
    listed = capsys.readouterr().out
    assert all(name in listed for name in ALL)
    assert "from autograd_mini import exercises\n" in listed
    assert "When Python ends, the list forgets" in listed
    command.main(["exp_rule", "sweep"])
    asked = capsys.readouterr().out
    assert "def exp_rule(g, y, x):" in asked
    assert "def sweep(tape):" in asked


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("exprule", "Did you mean exp_rule?"),
        ("Sweep", "Did you mean sweep?"),
        ("grades", "Did you mean grade?"),
        ("zzz", "Leave out the name to list all exercises."),
    ],
)
def test_command_with_unknown_name_suggests_one(name, fix, capsys):
    with pytest.raises(SystemExit) as caught:
        command.main([name])
    assert caught.value.code == 2
    assert f"unknown exercise {name!r}. {fix}" in capsys.readouterr().err


def test_unknown_attribute_suggests_an_exercise():
    with pytest.raises(AttributeError, match=r"no .exprule.\. Did you mean exp_rule"):
        exercises.exprule  # noqa: B018 - the lookup raises
    with pytest.raises(AttributeError, match="lists all"):
        exercises.zzz  # noqa: B018 - the lookup raises


def test_ascii_terminal_gets_ascii_spellings():
    program = (
        "import runpy; from autograd_mini.exercises import *; "
        "runpy.run_module('autograd_mini.exercises', run_name='__main__'); "
        "reciprocal_rule.hint(); reciprocal_rule.check(lambda g, y, x: -g * y**2)"
    )
    shown = run("-c", program, "softmax_rule", "attention_rule", encoding="ascii").stdout
    assert "y = softmax(q k.T / sqrt d) v" in shown
    assert "y = y_hat and g have" in shown.replace("\n", " ")
    assert "reciprocal_rule: dL/dx is g = dL/dy times the local derivative" in shown
    assert shown.endswith("reciprocal_rule: right.\n")


def test_exercises_are_lazy_and_need_only_numpy():
    program = (
        "import sys, numpy, autograd_mini; assert 'autograd_mini.exercises' not in sys.modules; "
        "before = set(sys.modules); import autograd_mini.exercises; "
        "print(*sorted(set(sys.modules) - before))"
    )
    loaded = {name.split(".")[0] for name in run("-c", program).stdout.split()}
    assert not loaded & {"graphviz", "sklearn", "matplotlib", "scipy", "pytest", "IPython"}
