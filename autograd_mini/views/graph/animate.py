"""Animate a picture by CSS alone: values appear forward, then gradients flow back, in a loop.

Without CSS animations, on paper and for readers who prefer reduced motion, the picture is complete:
the rules only hide parts until their time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import NamedTuple

from .card import Card
from .graph import Graph
from .palette import DARK, Palette, palette_of
from .schedule import Key, Schedule, Span, Work, schedule
from .svg import frame_width, write_svg

_PACE = 0.5  # seconds of a tick
_LONGEST = 45.0  # seconds of all ticks; a longer picture runs faster
_PAUSE = 6.0  # seconds at the end
_FADE = 0.6  # ticks until a part is fully visible
_RING = 4  # width of the frame of an active card
_DASHES = 17  # length of two dashes of a backward edge, with their gaps


def animated_svg(graph: Graph, direction: str, theme: str) -> str:
    """Return the picture of a graph as an SVG that plays both passes."""
    plan = schedule(graph)
    return write_svg(graph, direction, theme, _classes(plan), _style(graph, plan, theme))


def _classes(plan: Schedule) -> Mapping[Key, str]:
    """Return the class of each part: its card, or the ticks at which it appears and disappears."""
    named = {key: _name(span) for key, span in plan.spans.items()}
    return named | {("card", card): f"card{card}" for card in plan.active}


def _name(span: Span) -> str:
    return f"t{span.start}" if span.end is None else f"t{span.start}-{span.end}"


def _style(graph: Graph, plan: Schedule, theme: str) -> str:
    """Return the style sheet: an animation for each class."""
    ticks = len(plan.steps)
    pace = min(_PACE, _LONGEST / ticks)
    film = _Film(ticks + _PAUSE / pace)
    back = {("edge", nth) for nth, edge in enumerate(graph.edges) if edge.backward}
    parts = {span: key in back for key, span in plan.spans.items() if key[0] != "card"}
    rules = [
        *_frame_colours(theme),
        "@media screen and (prefers-reduced-motion:no-preference){",
        f"[class],[class]>rect{{animation:{film.ticks * pace:.4g}s linear infinite}}",
        *(film.part(*part) for part in sorted(parts.items(), key=lambda part: part[0].start)),
    ]
    for nth, card in enumerate(graph.cards):
        if ("card", nth) in plan.spans:
            rules.append(film.card(nth, plan.spans["card", nth]))
        if nth in plan.active:
            rules.append(film.ring(nth, card, plan.active[nth]))
    return "\n".join([*rules, "}\n"])


def _frame_colours(theme: str) -> Iterator[str]:
    """Yield the colours of the frames of cards."""
    yield _declared(palette_of(theme))
    if theme == "auto":
        yield f"@media (prefers-color-scheme:dark){{{_declared(DARK)}}}"


def _declared(palette: Palette) -> str:
    colours = (f"--{role}:{getattr(palette, role)}" for role in ("forward", "backward", "line"))
    return f"svg{{{';'.join(colours)}}}"


class _Film(NamedTuple):
    """Writes the animations of a loop of so many ticks, with the pause at its end."""

    ticks: float

    def at(self, *ticks: float) -> str:
        """Return the selector of a keyframe."""
        return ",".join(f"{100 * tick / self.ticks:.4g}%" for tick in ticks)

    def part(self, span: Span, flows: bool) -> str:
        """Return the animation of a part. The dashes of an edge flow until its value arrives."""
        start, end = span
        frames = self.appear(start, "0", f";stroke-dashoffset:{_DASHES}" if flows else "")
        if flows:
            frames += f"{self.at(start + 2)},to{{opacity:1;stroke-dashoffset:0}}"
        if end is not None:
            frames += f"{self.at(end)}{{opacity:1}}{self.at(end + _FADE)},to{{opacity:0}}"
        return _animation(f".{_name(span)}", _name(span), frames)

    def card(self, nth: int, made: Span) -> str:
        """Return the animation of a card, which is pale until it is computed."""
        return _animation(f".card{nth}", f"card{nth}", self.appear(made.start, ".25"))

    def appear(self, start: int, least: str, more: str = "") -> str:
        """Return keyframes from little opacity to all of it."""
        before = f"0%,{self.at(start)}{{opacity:{least}{more}}}"
        return f"{before}{self.at(start + _FADE)}{{opacity:1}}"

    def ring(self, nth: int, card: Card, active: Mapping[str, Work]) -> str:
        """Return the animation of a card's frame, which is wide while the card is active."""
        still = f"stroke-width:{frame_width(card)};stroke:var(--{card.role})"
        pairs = [(span.start, span.end + _FADE) for span in active.values()]
        frames = f"0%,{self.at(*chain(*pairs))},to{{{still}}}"
        for role, span in active.items():
            wide = f"stroke-width:{_RING};stroke:var(--{role})"
            frames += f"{self.at(span.start + _FADE, span.end)}{{{wide}}}"
        return _animation(f".card{nth}>rect", f"ring{nth}", frames)


def _animation(selector: str, name: str, frames: str) -> str:
    return f"{selector}{{animation-name:{name}}}@keyframes {name}{{{frames}}}"
