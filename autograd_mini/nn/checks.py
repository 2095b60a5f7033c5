"""The errors and warnings of `Module`, and the checks of a state to load."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any

import numpy as np

from ..core.arrays import Array, unwrap
from ..core.messages import describe, listed, quoted, shown
from ..core.tensor import Tensor


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


def lost_leaf(tree: list[tuple[str, Any]]) -> str:
    """Return the warning about a tensor that was computed from a parameter, if there is one.

    In a call of a module, results may be stored. So the tensor must have been computed outside of
    calls, from a leaf that is not in the tree.
    """
    held = {id(x) for _, x in tree}
    for place, x in tree:
        if not isinstance(x, Tensor) or x.op is None or any(box.module for box in x.scope):
            continue
        leaves = [a for a in x.inputs if isinstance(a, Tensor) and a.is_leaf and a.requires_grad]
        if any(id(a) not in held for a in leaves):
            return (
                f"{shown(place)} is the result of {x.op.name}, not a leaf, so it is not a "
                "parameter: it is neither trained nor saved. First compute the numbers, and then "
                "make the tensor: ag.tensor(numbers, requires_grad=True)."
            )
    return ""


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


def distinct(parts: Iterable[tuple[str, Array]]) -> dict[str, Array]:
    """Return a dict from place to array. Raise an error if two arrays have the same place."""
    found: dict[str, Array] = {}
    for place, x in parts:
        if place in found:
            raise ValueError(
                f"two arrays of the model have the name {quoted(place)}, so one of them would be "
                "lost. Change a key of the dict that holds them: keys such as 1 and '1', or 'a.b' "
                "and 'a', give the same names."
            )
        found[place] = x
    return found


def fitted(
    owner: str, own: Mapping[str, Array], state: Any, replaced: Container[str]
) -> dict[str, Array]:
    """Return the saved arrays in the dtypes of the model, or raise an error if one does not fit.

    Arrays of the model that are not `replaced` are overwritten.
    """
    require_mapping(owner, state)
    require_names(owner, own, state)
    return {
        path: _fitting(f"{owner}, {path}", x, state[path], path in replaced)
        for path, x in own.items()
    }


def _fitting(owner: str, x: Array, saved: Any, replaced: bool) -> Array:
    new = np.asarray(unwrap(saved))
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
    if not (replaced or x.flags.writeable or np.array_equal(x, new)):
        raise ValueError(
            f"{owner}: this array of the model is read-only, so a state with other values cannot "
            "be loaded. Store a copy in the model: np.array(x)."
        )
    return new.astype(x.dtype)
