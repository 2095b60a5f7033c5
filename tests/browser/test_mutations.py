"""Each check fails on a page that is broken in the part that it checks."""

import pytest

from . import cases
from .checks import (
    check_chain,
    check_examples,
    check_fused,
    check_hard,
    check_inputs,
    check_paper,
    check_recording,
    check_still,
    recording,
)

SHOWN = "tape.shown?.(tape, id, example)"
HIDDEN = "@media print { #ledger { display: none }"
STILL = {"motion": "reduce", "clock": True}


def chain():
    return cases.explore(cases.softmax_chain)


def compared():
    return cases.explore(cases.fused, compare=True)


BROKEN = {
    "sliders change nothing": (chain, check_inputs, SHOWN, "undefined", {}),
    "a recording that does not move": (
        recording, check_recording, "tape.pools[state.variant][id]", "undefined", {},
    ),
    "hard logits change nothing": (compared, check_hard, SHOWN, "undefined", {}),
    "all examples at once": (
        lambda: cases.explore(cases.network), check_examples,
        "found.each?.[example] ?? found", "found", {},
    ),
    "wrong product sign": (chain, check_chain, '"odot":"⊙"', '"odot":"·"', {}),
    "plus for minus": (
        lambda: cases.explore(cases.fused), check_fused, r"\\hat{y} - y", r"\\hat{y} + y", {},
    ),
    "plays slowly": (chain, check_still, "PACE = 1100", "PACE = 5000", STILL),
    "animates anyway": (chain, check_still, "animation: none", "color: inherit", STILL),
    "prints no ledger": (chain, check_paper, "@media print {", HIDDEN, {}),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("fault", BROKEN)
def test_check_of_a_broken_page_fails(opened, tmp_path, fault):
    made, check, sound, broken, how = BROKEN[fault]
    html = made().html()
    assert sound in html
    path = tmp_path / "broken.html"
    path.write_text(html.replace(sound, broken), "utf-8")
    page = opened(path, **how)
    with pytest.raises(AssertionError):
        check(page)
