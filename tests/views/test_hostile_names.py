"""Names of tensors, primitives, scopes, variables and titles are text in every output."""

import ast
import contextlib
import re
import warnings
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.core.messages import shown
from tests.cases import A, leaf

#: what a name may contain: markup of each output, control characters, and very many letters
HOSTILE = [
    "<script>alert(1)</script>",
    "</text><script>alert(1)</script>",
    "</script><!--<script>]]>-->",
    "\"><img src=x onerror='alert(1)'>&amp;{title}",
    "\\input{x} $x$ %_^#~ \\end{aligned} } {",
    '"]; evil [label="x"] // \\N\\G\\E',
    "x'''; raise SystemExit #\n\"\"\"",
    "line\nbreak\r\n\ttab\u2028\u2029\x85\x0b",
    "\x1b[31mred\x1b]0;title\x07\x00\x7f\x9b",
    "\u202eevil\u2066\u200f\u061c\ufeff\u00ad",
    "\ud800\udfff\udc80",
    "\ufffe\uffff\U0001ffff\ue000",
    "a" * 100_000,
    "\x00" * 100_000,
    "word " * 20_000,
    "<&\"'" * 25_000,
    "e\u0301" * 50_000,
    "\u0301" * 1000,
    "x\u09f4\u2488\u00b7\u0e33\ufdfa",  # numerals and letters that no identifier has
    "{title} {subtitle} {0} %s",
]
LONGEST = 40_000  # characters of an output for a few nodes
LONGEST_PAGE = 2_000_000

# All views of all these names take seconds. So the default suite joins them to two names.
FEW = ["".join(text[:40] for text in HOSTILE[:12])[:290], HOSTILE[12]]
every_name = pytest.mark.parametrize(
    "name",
    [*FEW, *(pytest.param(name, marks=pytest.mark.slow) for name in HOSTILE)],
    ids=range(len(FEW + HOSTILE)),
)


@pytest.fixture(autouse=True)
def own_list_of_fused_nodes(monkeypatch):
    """Keep the fused nodes of these tests out of the list that other tests go through."""
    monkeypatch.setattr("autograd_mini.core.fused.FUSED", [])


def computed(name):
    """Return a loss in which everything that can have a name has this one."""
    op = ag.primitive(lambda x: x * 2, lambda g, y, x: g * 2, name=name)
    fused = ag.fused(lambda x: x * 3, lambda g, y, x: g * 3, unfused=lambda x: x * 3.0, name=name)
    x = leaf([1.0, -2.0], name)
    with ag.scope(name), ag.scope(f"{name}2"):
        y = fused(op(x) * x)
        y.name = name
    return (y * np.array([3.0, 4.0])).sum(), op, x


def raised(call):
    with pytest.raises(Exception) as caught:  # noqa: PT011 (any error; its text is what counts)
        call()
    return str(caught.value)


def lines_of(name):
    """Yield the texts that a person reads in a terminal."""
    loss, op, x = computed(name)
    constant = np.array([3.0, 4.0])
    yield from (repr(loss), repr(x), repr(op), repr(loss.inputs[0].scope), str(loss.tape()))
    yield loss.tape().table(adjoints=True)
    yield loss.tape().table(names={name: constant}, width=80)
    yield str(ag.explain(loss))
    yield repr(ag.draw(loss, names={name: constant}))
    yield repr(ag.explore(loss, title=name))
    yield raised(lambda: op(x) + np.ones(3))
    yield raised(lambda: op(x).backward())
    yield raised(lambda: op(x, x))
    yield raised(lambda: op(x, option=x))
    yield raised(lambda: np.asarray(x))
    yield raised(lambda: setattr(op(x), "data", 1.0))
    yield raised(lambda: setattr(op(x), "requires_grad", False))
    yield raised(lambda: op(x).__reduce_ex__(2))
    yield raised(lambda: ag.optim.SGD([op(x)], 0.1))
    yield raised(lambda: ag.primitive(lambda x: x, name=name))
    yield raised(lambda: ag.primitive(lambda x: x, 3, name=name))
    none = ag.primitive(lambda x: x * 2, lambda g, y, x: None, name=name)
    yield raised(lambda: none(x).sum().backward())
    wrong = ag.primitive(lambda x: x * 2, lambda g, y, x: g[:1], name=name)
    yield raised(lambda: wrong(x).sum().backward())
    yield raised(lambda: ag.gradcheck(lambda x: wrong(x).sum(), [x]))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        float(leaf(2.0, name))
    yield from (str(w.message) for w in caught)
    log = ag.primitive(lambda x: np.log(x), lambda g, y, x: g / x, name=name)
    with np.errstate(all="ignore"), ag.debug(), ag.scope(name):
        yield raised(lambda: log(x))
        yield raised(lambda: log(leaf([np.nan], name)))


def models(name):
    """Return a model of two layers, whose names are this one, and one with it as an attribute."""

    def activation(x):
        return np.tanh(x)

    activation.__name__ = name
    model = ag.nn.Sequential(ag.nn.Linear(2, 3, name=name), activation)
    with contextlib.suppress(ValueError):  # Python refuses \0 and lone surrogates
        model = type(name, (ag.nn.Sequential,), {})(*model.layers)
    own = ag.nn.Sequential(ag.nn.Linear(2, 2))
    setattr(own, name, {name: ag.nn.Linear(2, 2)})
    return model, own


@every_name
def test_name_in_a_model_is_printable_and_short(name):
    for model in models(name):
        summary = ag.summary(model, np.ones((1, 2)))
        assert_harmless_html(summary._repr_html_())
        y = model(leaf(np.ones((1, 2)))).sum()
        for text in (repr(model), str(summary), str(y.tape()), raised(lambda m=model: m(A))):
            assert text.replace("\n", "").isprintable(), text[:300]
            assert len(text) < LONGEST


@every_name
def test_name_in_a_terminal_is_printable_and_short(name):
    for text in lines_of(name):
        assert text.replace("\n", "").isprintable(), text[:300]
        assert len(text) < LONGEST, text[:300]
        text.encode()


@every_name
def test_name_in_a_picture_is_text(name):
    loss, _, _ = computed(name)
    for drawing in (ag.draw(loss), ag.draw(loss, depth=0), ag.draw(loss, unfuse=True)):
        svg = drawing.svg()
        tags = {element.tag.rpartition("}")[2] for element in ET.fromstring(svg).iter()}
        assert not tags & {"script", "img", "image", "foreignObject"}
        assert len(svg) < LONGEST
        assert_harmless_html(drawing.html())
        assert_harmless_html(drawing._repr_html_())
        ET.fromstring(f"<a>{''.join(re.findall('label=<(.*)>]', drawing.source))}</a>")
        for text in (svg, drawing.source):
            assert text.replace("\n", "").replace("\t", "").isprintable()
            text.encode()


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.titles = [], [], []
        self.inside = False

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [key for key, _ in attrs]
        self.inside = tag == "title"

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.titles.append(data)


def assert_harmless_html(page, scripts=0):
    page.encode()
    parser = Tags()
    parser.feed(page)
    assert parser.tags.count("script") == scripts
    assert not any(key.startswith("on") for key in parser.attributes)


@every_name
def test_name_in_a_page_is_text(name, tmp_path):
    loss, _, _ = computed(name)
    page = ag.explore(loss, title=name, compare=True)
    assert_harmless_html(page.html(), scripts=2)
    assert_harmless_html(page._repr_html_())
    page.save(tmp_path / "page.html")
    assert len(page.html()) < LONGEST_PAGE
    parser = Tags()
    parser.feed(page.html())
    assert set(parser.titles) == {shown(name), page._still.drawing.graph.title}


@every_name
def test_name_in_latex_is_balanced(name):
    loss, _, _ = computed(name)
    text = ag.latex(loss)._repr_latex_()
    assert text.replace("\n", "").isprintable()
    assert len(text) < LONGEST
    depth = 0
    for c in re.sub(r"\\[{}\\]", "", text):
        depth += (c == "{") - (c == "}")
        assert depth >= 0
    assert depth == 0
    assert not re.search(r"\\input|\\end\{aligned\}.*\\end\{aligned\}", text, re.S)


@every_name
def test_name_in_a_program_is_a_name(name):
    x = leaf([1.0, -2.0], name)
    y = x * 2.0
    y.name = name
    with ag.scope(name):
        program = str(ag.source((y * x).sum()))
    assert program.replace("\n", "").isprintable()
    assert len(program) < LONGEST
    names = {node.id for node in ast.walk(ast.parse(program)) if isinstance(node, ast.Name)}
    assert "SystemExit" not in names
