"""Define the colours of pictures and pages, on light and on dark ground.

Values run forward in blue, gradients backward in orange. Numbers are tinted from purple (negative)
over the ground (zero) to green (positive). Text keeps a contrast of 4.5:1 on each of them.
"""

from __future__ import annotations

from typing import NamedTuple

STEPS = 8  # of tint, from nothing to the largest magnitude
_PAINTED = ("fill", "stroke")  # the attributes of SVG that hold a colour

_POSITIVE, _NEGATIVE = "#17803d", "#7b2d9e"
_DEEPEST = {"light": 0.48, "dark": 0.85}  # how much of the full colour the last step has


class Palette(NamedTuple):
    """The colour of each part of a picture. All differ, so that a colour identifies its part."""

    page: str
    box: str  #: of a scope
    card: str  #: also of a zero
    pill: str  #: behind a local derivative
    odd: str  #: behind entries that are not finite, in stripes with `card`
    line: str  #: around constants and boxes
    faint: str  #: text that matters less
    ink: str
    forward: str
    backward: str

    def tint(self, level: int) -> str:
        """Return the ground of a number: `level` from -`STEPS`, the most negative, to `STEPS`."""
        full = _POSITIVE if level > 0 else _NEGATIVE
        deepest = _DEEPEST["dark" if self is DARK else "light"]
        return _mixed(self.card, full, deepest * abs(level) / STEPS)


LIGHT = Palette(
    page="#fcfdfe",
    box="#f3f6fa",
    card="#fefefe",
    pill="#fdeee3",
    odd="#f9c8c8",
    line="#aeb9c5",
    faint="#5f6975",
    ink="#17202a",
    forward="#0b63c5",
    backward="#b93f06",
)
DARK = Palette(
    page="#10151c",
    box="#171e27",
    card="#1c2530",
    pill="#3b2a1d",
    odd="#6d2a2f",
    line="#4a5868",
    faint="#9aa7b5",
    ink="#edf1f5",
    forward="#66b2ff",
    backward="#ffa062",
)


def palette_of(theme: str) -> Palette:
    """Return the colours of a theme. A picture that follows the reader is written in light ones."""
    return DARK if theme == "dark" else LIGHT


def follow_the_reader() -> str:
    """Return CSS that turns a light picture dark if the reader's system is dark."""
    pairs = list(zip(LIGHT, DARK))
    pairs += [(LIGHT.tint(n), DARK.tint(n)) for n in range(-STEPS, STEPS + 1) if n]
    rules = "".join(
        f'[{part}="{light}"]{{{part}:{dark}}}' for light, dark in pairs for part in _PAINTED
    )
    return f"@media (prefers-color-scheme:dark){{{rules}}}"


def _mixed(ground: str, full: str, share: float) -> str:
    def channel(i: int) -> int:
        a, b = int(ground[i : i + 2], 16), int(full[i : i + 2], 16)
        return round(a + share * (b - a))

    return "#" + "".join(f"{channel(i):02x}" for i in (1, 3, 5))
