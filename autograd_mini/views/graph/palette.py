"""Define the colours of pictures and pages, on a light and on a dark background.

Values run forward in blue, gradients backward in orange. Numbers are tinted purple if they are
negative and green if they are positive. Text has a contrast of at least 4.5:1 on all of them.
"""

from __future__ import annotations

from typing import NamedTuple

STEPS = 8  # number of tints, up to the largest magnitude
_PAINTED = ("fill", "stroke")  # the attributes of SVG that hold a colour

_POSITIVE, _NEGATIVE = "#17803d", "#7b2d9e"


class Palette(NamedTuple):
    """The colour of each part of a picture. All differ, so that a colour identifies its part."""

    page: str
    box: str  #: of a scope
    card: str  #: also of a zero
    pill: str  #: behind a local derivative
    odd: str  #: behind entries that are not finite, in stripes with `card`
    line: str  #: around constants and boxes
    faint: str  #: less important text
    ink: str
    forward: str
    backward: str

    def tint(self, level: int) -> str:
        """Return the tint of a number, for a `level` from -`STEPS` to `STEPS`."""
        full = _POSITIVE if level > 0 else _NEGATIVE
        deepest = 0.85 if self is DARK else 0.48  # the share of the full colour at the last level
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
    """Return the colours of a theme. An "auto" picture is written in light colours."""
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
    pairs = zip(bytes.fromhex(ground[1:]), bytes.fromhex(full[1:]))
    return "#" + "".join(f"{round(a + share * (b - a)):02x}" for a, b in pairs)
