"""The errors and warnings of `Module`, and the checks of a state to load."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..core.arrays import Array
from ..core.messages import describe, listed, quoted, shown


def no_result(kind: type) -> TypeError:
    """Return the error of a model that computes nothing."""
    return TypeError(f"{shown(kind.__name__)}.forward returned None. Did you forget `return`?")


def not_trained(place: str) -> str:
    """Return the warning about a private layer."""
    return (
        f"{shown(place)} is private, so it is not a part of the model: it is neither trained nor "
        "saved. Give the attribute a name without an underscore. If it must not be trained, call "
        "requires_grad_(False) on it."
    )


def no_order(place: str) -> TypeError:
    """Return the error of a set of layers: their order would differ from run to run."""
    return TypeError(
        f"{shown(place)} is a set, which has no order. Put layers and parameters into a list or a "
        "dict."
    )


def require_mapping(owner: str, state: Any) -> None:
    """Raise an error unless the state maps names to arrays."""
    if isinstance(state, Mapping):
        return
    fix = "Pass model.state_dict(), or np.load(file) after np.savez(file, **model.state_dict())."
    if isinstance(state, str):
        fix = f"Read the file first: np.load({describe(state)})."
    if isinstance(state, np.ndarray) and state.shape == () and isinstance(state.item(), Mapping):
        fix = "np.save stored the dict in an array. Pass array.item()."
    raise TypeError(
        f"{owner}.load_state_dict: expected a dict of arrays, got {describe(state)}. {fix}"
    )


def require_names(owner: str, own: Mapping[str, Any], state: Mapping[str, Any]) -> None:
    """Raise an error unless both have the same names."""
    lacking, unknown = ([n for n in a if n not in b] for a, b in ((own, state), (state, own)))
    if lacking or unknown:
        raise ValueError(
            f"{owner}.load_state_dict: "
            + ", and ".join(
                f"the {what} {listed([*map(quoted, names[:5]), *_more(names[5:])])}"
                for what, names in (("state lacks", lacking), ("model lacks", unknown))
                if names
            )
            + ". Load the state of a model with the same layers and names."
        )


def _more(names: list[str]) -> list[str]:
    return [f"{len(names)} more"] if names else []


def require_fits(owner: str, x: Array, new: Array) -> None:
    """Raise an error unless the saved array `new` can replace `x`."""
    if new.shape != x.shape:
        fix = "Make the model with the same sizes as the saved model."
        if x.ndim == 2 and new.shape == x.shape[::-1]:
            fix = "If PyTorch saved it, pass its transpose, array.T."
        raise ValueError(
            f"{owner}: the state has shape {new.shape}, but the model has shape {x.shape}. {fix}"
        )
    if not np.can_cast(new.dtype, x.dtype, "same_kind"):
        raise TypeError(
            f"{owner}: the state has dtype {new.dtype}, but the model has dtype {x.dtype}."
        )
