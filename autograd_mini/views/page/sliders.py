"""Choose the leaves whose entries get sliders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_MOST = 6  # entries of leaves with a slider


def leaves_with_sliders(tapes: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names of the leaves with sliders, from the programs of a page as data.

    They are all leaves if these are small, or else the parameters, the inputs or the numbers.
    """
    leaves = {leaf["name"]: leaf for tape in tapes for leaf in tape["arguments"]}
    free = [leaf for leaf in leaves.values() if not leaf["fixed"] and _is_finite(leaf)]
    groups = [
        free,
        [leaf for leaf in free if leaf["parameter"]],
        [leaf for leaf in free if not leaf["parameter"]],
        [leaf for leaf in free if not leaf["shape"]],
    ]
    small = [group for group in groups if 0 < sum(len(leaf["data"]) for leaf in group) <= _MOST]
    return [leaf["name"] for leaf in small[0]] if small else []


def _is_finite(leaf: Mapping[str, Any]) -> bool:
    """Return whether all entries are finite. The others are words."""
    return not any(isinstance(x, str) for x in leaf["data"])
