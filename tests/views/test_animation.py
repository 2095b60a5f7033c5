"""Animated pictures: when each part appears, and that the picture without CSS is complete."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from autograd_mini.views.graph.draw import draw
from autograd_mini.views.graph.schedule import schedule
from autograd_mini.views.trace import Trace
from tests.cases import SVG, leaf, named, softmax_chain, stages, texts

GROUP, STYLE = f"{SVG}g", f"{SVG}style"


def diamond():
    """Return a result of x, which three nodes use, one of them twice."""
    x = leaf([1.0, -2.0], "x")
    return named("L", ((x * x) + np.exp(x) + x * 3.0).sum())


RESULTS = [softmax_chain, diamond, stages, lambda: named("L", leaf(3.0, "x") * 2.0)]


@pytest.mark.parametrize("result", RESULTS)
def test_schedule_follows_both_passes(result):
    graph = draw(result(), max_nodes=100).graph
    plan = schedule(graph)
    start = {key: span.start for key, span in plan.spans.items()}
    for nth, edge in enumerate(graph.edges):
        arrives = start["edge", nth]
        if edge.backward:
            assert start["backward", edge.target] < arrives < start["backward", edge.source]
        else:
            assert start.get(("forward", edge.source), 0) < arrives < start["forward", edge.target]
    trace = Trace.of(result())
    assert plan.steps[-1] == len(trace.forward) + 1 + len(trace.backward)
    assert plan.steps == sorted(plan.steps)


@pytest.mark.parametrize("result", RESULTS)
def test_earlier_sums_are_those_of_the_trace(result):
    loss = result()
    graph = draw(loss, max_nodes=100).graph
    totals = {}
    for step in Trace.of(loss).backward:
        for term in step.contributions:
            totals.setdefault(term.target, []).append(term.total)
    for card, t in zip(graph.cards, loss.tape()):
        (*_, gradient) = card.blocks
        expected = totals.get(t, [0])[:-1]
        shown = [[float(c.text) for row in b.rows for c in row] for b in gradient.earlier]
        assert len(shown) == len(expected)
        for found, total in zip(shown, expected):
            np.testing.assert_allclose(found, np.ravel(total), atol=1e-3)
        assert [b.meets for b in gradient.earlier] == [n > 0 for n in range(len(shown))]
    assert (max(map(len, totals.values())) > 1) == any(
        b.earlier for c in graph.cards for b in c.blocks
    )


def test_folded_graph_plays_its_cards():
    graph = draw(stages(), max_nodes=6).graph
    plan = schedule(graph)
    assert {i for kind, i, *_ in plan.spans if kind == "backward"} == set(range(len(graph.cards)))


@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
def test_animated_svg_without_css_is_the_still_one(theme):
    """Without its style, its groups and the parts that also disappear, it is the still picture."""
    still, moving = (draw(softmax_chain(), theme=theme, animate=a).svg() for a in (False, True))
    root = ET.fromstring(moving)
    (earlier,) = [g for g in root.iter(GROUP) if g.get("opacity") == "0"]
    root.remove(earlier)
    shown, expected = (
        [(e.tag, e.attrib, e.text) for e in picture.iter() if e.tag not in (GROUP, STYLE)]
        for picture in (root, ET.fromstring(still))
    )
    assert shown == expected


@pytest.mark.parametrize("result", RESULTS)
def test_animated_svg_has_an_animation_for_each_class(result):
    svg = draw(result(), animate=True).svg()
    classes = {g.get("class") for g in ET.fromstring(svg).iter(GROUP)}
    used = set(re.findall(r"animation-name:([\w-]+)", svg))
    defined = set(re.findall(r"@keyframes ([\w-]+)", svg))
    assert used == defined
    assert classes <= used | {name.replace("ring", "card") for name in used}
    assert "script" not in svg
    assert "<animate" not in svg
    assert svg.count("prefers-reduced-motion:no-preference") == 1
    assert all(0 <= float(at) < 100 for at in re.findall(r"([\d.]+)%", svg))


def test_animated_svg_is_at_most_half_larger():
    for result in (softmax_chain, diamond, RESULTS[-1]):
        still, moving = (len(draw(result(), animate=a).svg()) for a in (False, True))
        assert moving <= 1.5 * still


def test_animated_drawing_is_complete_as_png():
    pytest.importorskip("vl_convert")
    still, moving = (draw(diamond(), animate=a) for a in (False, True))
    assert moving._convert(".png") == still._convert(".png")


def test_several_results_play_forward_only():
    x = leaf(2.0, "x")
    svg = draw(np.exp(x), x * x, animate=True).svg()
    assert "@keyframes" in svg
    assert "∂" not in "".join(texts(svg))
