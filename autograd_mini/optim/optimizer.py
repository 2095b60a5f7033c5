"""The base class of all optimisers, with the code that their steps share."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from functools import cached_property
from itertools import count, repeat
from math import inf
from typing import Any, ClassVar
from weakref import ref

import numpy as np

from ..core import absent
from ..core.accumulation import set_grads
from ..core.answers import Answering, Missing, explains_keywords
from ..core.arrays import Array, widen
from ..core.messages import describe, require_number
from ..core.tensor import Tensor
from .blocks import FlatArrays, Trained

#: Tensors, or groups: dicts of a list of tensors and their options.
Parameters = Iterable[Tensor] | Iterable[Mapping[str, Any]]


class Optimizer(metaclass=Answering):
    """The base class of all optimisers. To write a new one, define `step` in a subclass.

    Parameters
    ----------
    parameters : iterable of Tensor or of dict
        The parameters to train. Parameters with ``requires_grad=False`` are skipped. A dict is a
        group of parameters with its own options, such as ``{"params": [w], "weight_decay": 0.0}``.
    lr : float
        The learning rate, a positive number. You may change ``optimizer.lr`` between steps. A group
        with the option ``lr`` uses this option instead.

    Attributes
    ----------
    groups : list of dict
        For each group, the options that it sets. You may change them between steps.
    group_of : tuple of int
        For each parameter, the index of its group in `groups`.

    Raises
    ------
    TypeError
        If a parameter is not a Tensor. If a group has no "params", or an unknown option.
    ValueError
        If there are no parameters. If a parameter is listed twice, or was computed by an operation.
        If no parameter requires a gradient. If the learning rate is not a positive number.

    Notes
    -----
    To save an optimiser, save its `state_dict`, or pickle it together with the model:
    ``pickle.dumps((model, optimizer))``. If you pickle it without the model, `step` raises a
    RuntimeError, because it would train copies of the parameters.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import nn, optim
    >>> class SignDescent(optim.Optimizer):
    ...     def step(self):
    ...         for p in self.parameters:
    ...             p.data -= self.lr * np.sign(p.grad)
    >>> SignDescent(nn.Linear(2, 2).parameters(), lr=0.1).lr
    0.1
    """

    #: the options that a group may have, and the functions that check them
    group_options: ClassVar[Mapping[str, Callable[[str, Any], Any]]] = {}

    def __init__(self, parameters: Parameters, lr: float) -> None:
        groups = _grouped(parameters)
        self.parameters = checked([p for tensors, _ in groups for p in tensors])
        self.groups = [self._group(i, options) for i, (_, options) in enumerate(groups)]
        self.group_of = tuple(i for i, (tensors, _) in enumerate(groups) for _ in tensors)
        self.lr = positive("lr", lr)

    def _group(self, i: int, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options of the i-th group, or raise and name the wrong one."""
        known = self.group_options
        for name in options:
            if name not in known:
                raise TypeError(
                    f"group {i}: {type(self).__name__} has no option {describe(name)} for groups. "
                    f"A group has these keys: {', '.join(['params', *known])}."
                )
        return {name: known[name](f"group {i}: {name}", x) for name, x in options.items()}

    def __repr__(self) -> str:
        numbers = {k: x for k, x in vars(self).items() if isinstance(x, (int, float, tuple))}
        options = "".join(f", {k}={x}" for k, x in numbers.items() if k != "group_of")
        count = len(self.group_of)
        return f"{type(self).__name__}({count} parameter{'s' * (count > 1)}{options})"

    def __getstate__(self) -> dict[str, Any]:
        own = {name: x for name, x in vars(self).items() if name != "_copied"}
        return {**own, "parameters": self.parameters}

    def __setstate__(self, state: dict[str, Any]) -> None:
        # A copy leaves the parameters to the model. Without the model they do not exist for long.
        self._copied = [ref(p) for p in state["parameters"]]
        self.__dict__.update({name: x for name, x in state.items() if name != "parameters"})

    @cached_property
    def parameters(self) -> list[Tensor]:
        """The list of tensors that `step` changes.

        Raises
        ------
        RuntimeError
            If this optimiser was copied without its model; see the notes of `Optimizer`.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> from autograd_mini import optim
        >>> w = ag.tensor(1.0, requires_grad=True)
        >>> optim.SGD([w], lr=0.1).parameters
        [Tensor(1., dtype=float64, requires_grad=True)]
        """
        found = [p for copied in self._copied if (p := copied()) is not None]
        if len(found) < len(self._copied):
            raise RuntimeError(
                f"this {type(self).__name__} was pickled or copied without its model, so its "
                "parameters do not exist here. Pickle both together: pickle.dumps((model, "
                "optimizer)). Or save optimizer.state_dict(), and load it into a new optimiser "
                "for the parameters of the model."
            )
        return found

    def step(self) -> None:
        """Update each parameter that has a gradient. Warn if no parameter has one.

        The step does not clip gradients. If a gradient is not finite, its parameter is not finite
        after the step.

        Raises
        ------
        NotImplementedError
            If a subclass does not define `step`.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> from autograd_mini import optim
        >>> w = ag.tensor(1.0, requires_grad=True)
        >>> (w * w).backward()
        >>> optim.SGD([w], lr=0.25).step()
        >>> w.item()
        0.5
        """
        name = type(self).__name__
        raise NotImplementedError(f"{name} has no step. Define {name}.step(self).")

    @explains_keywords
    def zero_grad(self) -> None:
        """Reset the gradients of all parameters: ``.grad`` is None again.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> from autograd_mini import optim
        >>> w = ag.tensor(1.0, requires_grad=True)
        >>> (w * w).backward()
        >>> optim.SGD([w], lr=0.25).zero_grad()
        >>> w.grad is None
        True
        """
        set_grads(self.parameters, repeat(None))

    def state_dict(self) -> dict[str, Any]:
        """Return a copy of all that the optimiser stores, except the parameters.

        Returns
        -------
        dict
            The options of the optimiser and of its groups, the name of the class, and the values
            that it keeps from step to step. For example, ``velocity`` is a list with one array for
            each parameter.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> from autograd_mini import optim
        >>> w = ag.tensor([1.0, 2.0], requires_grad=True)
        >>> optim.SGD([w], lr=0.1, momentum=0.9).state_dict()["velocity"]
        [array([0., 0.])]
        """
        return {**deepcopy(self._attributes()), "class": type(self).__name__}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Load a saved state. Training then continues exactly as with the saved optimiser.

        Parameters
        ----------
        state : dict
            The result of `state_dict`, from an optimiser of the same class. Both optimisers must
            have parameters of the same shapes, in the same order.

        Raises
        ------
        ValueError, TypeError
            If the state is from a different class of optimiser, or if it does not fit the
            parameters and their groups. In this case, nothing is changed.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> from autograd_mini import optim
        >>> w = ag.tensor([1.0, 2.0], requires_grad=True)
        >>> saved = optim.SGD([w], lr=0.1).state_dict()
        >>> optimizer = optim.SGD([w], lr=1.0)
        >>> optimizer.load_state_dict(saved)
        >>> optimizer.lr
        0.1
        """
        own, kind = self._attributes(), type(self).__name__
        if not isinstance(state, Mapping):
            raise TypeError(f"the state must be a dict from state_dict(), got {describe(state)}.")
        saved = {name: x for name, x in state.items() if name != "class"}
        if (other := state.get("class", kind)) != kind or own.keys() != saved.keys():
            raise ValueError(
                f"the state of {other} contains {', '.join(saved) or 'nothing'}, but {kind} "
                f"needs {', '.join(own)}. Load the state into an optimiser of the same class."
            )
        loaded = {k: _restored(k, x, saved[k]) for k, x in own.items() if k != "group_of"}
        group_of = saved["group_of"]
        if own["group_of"] != (tuple(group_of) if isinstance(group_of, list) else group_of):
            raise ValueError(
                f"the group numbers of the parameters are {own['group_of']}, but in the saved "
                f"state they are {group_of}. Pass the same groups to the optimiser, in the same "
                "order."
            )
        for name, x in vars(self).items():
            if isinstance(x, FlatArrays):
                x.load(loaded.pop(name))
        self.__dict__.update(loaded)

    def _attributes(self) -> dict[str, Any]:
        """Return all attributes except the parameters. The state is a list of arrays for each."""
        own = {k: x for k, x in vars(self).items() if k not in ("parameters", "_copied")}
        return {k: list(x) if isinstance(x, FlatArrays) else x for k, x in own.items()}

    def _trained(self) -> Trained:
        """Return the number, the tensor, the gradient and the options of each parameter to move."""
        defaults = vars(self)  # a group sets some of these options itself
        options = [{**defaults, **group} if group else defaults for group in self.groups]
        for group in options:
            if not hasattr(group["lr"], "__float__"):
                positive("step: lr", group["lr"])  # raises
        if len(self.parameters) != len(self.group_of):
            raise ValueError(
                f"step: the list of parameters has {len(self.parameters)} entries, but it had "
                f"{len(self.group_of)} when the optimiser was made. Make a new optimiser."
            )
        trained: Trained = []
        for i, p, own in zip(count(), self.parameters, self.group_of):
            if (g := p._grad) is not None and p._active:
                g = widen(g) if g.itemsize == 2 else g  # float16
                trained.append((i, p, g, options[own]))
        if not trained:
            warnings.warn(
                "step: no parameter has a gradient, so no parameter changes. Compute a loss from "
                "the parameters of this optimiser, and call loss.backward() before step(). A "
                "parameter with requires_grad=False is skipped.",
                stacklevel=3,
            )
        return trained

    def _zeros(self) -> list[Array]:
        """Return an array of zeros for each parameter."""
        return [np.zeros_like(widen(p.data)) for p in self.parameters]


for _name in " ".join(absent.OPTIMISER.values()).split():
    setattr(Optimizer, _name, Missing("optimizer", _name))


# ---- checks --------------------------------------------------------------------------------------


def as_list(parameters: Any, name: str = "parameters") -> list[Any]:
    """Return the parameters as a list, or raise."""
    if isinstance(parameters, (Tensor, Mapping)) or not isinstance(parameters, Iterable):
        fix = "Pass a list of tensors, such as [w, b] or model.parameters()."
        if callable(parameters):
            fix = "Pass model.parameters(), with the parentheses."
        raise TypeError(f"{name} must be a list of tensors, got {describe(parameters)}. {fix}")
    return list(parameters)


def _grouped(parameters: Parameters) -> list[tuple[list[Any], dict[str, Any]]]:
    """Return the tensors and the options of each group. Tensors without a group are one group."""
    entries = as_list(parameters)
    if not any(isinstance(entry, Mapping) for entry in entries):
        return [(entries, {})]
    groups = []
    for i, entry in enumerate(entries):
        keys = {"params", "parameters"}.intersection(entry if isinstance(entry, Mapping) else ())
        if len(keys) != 1:
            raise TypeError(
                f"group {i} must be a dict with the key 'params', got {describe(entry)}. Write "
                "{'params': [w, b]} for a group without options."
            )
        (key,) = keys
        options = {name: x for name, x in entry.items() if name != key}
        groups.append((as_list(entry[key], f"group {i}: {key}"), options))
    return groups


def checked(listed: list[Any]) -> list[Tensor]:
    """Return the parameters, or raise and name the one that cannot be trained."""
    if not listed:
        raise ValueError(
            "parameters: the list is empty. Pass a list of tensors, such as [w, b] or "
            "model.parameters(). A model has only the layers that its __init__ stores in "
            "attributes. Frozen layers have no parameters to train."
        )
    for i, p in enumerate(listed):
        if not isinstance(p, Tensor):
            fix = "Pass model.parameters(), or tensors from ag.tensor(..., requires_grad=True)."
            raise TypeError(f"parameter {i} must be a Tensor, got {describe(p)}. {fix}")
        if p.op is not None:
            raise ValueError(
                f"parameter {i}, {describe(p)}, is the result of {p.op.name}, not a leaf. "
                "Pass the tensor that you made with ag.tensor(..., requires_grad=True)."
            )
    if not any(p.requires_grad for p in listed):
        raise ValueError(
            "parameters: no parameter requires a gradient. The first parameter is "
            f"{describe(listed[0])}. Create it with ag.tensor(..., requires_grad=True)."
        )
    if len({id(p) for p in listed}) < len(listed):
        raise ValueError(
            "parameters: a tensor is listed twice, so each step would change it twice. List each "
            "tensor once."
        )
    return listed


def positive(name: str, value: float) -> float:
    if callable(value):
        raise TypeError(
            f"{name} must be a number, got a function. If it is a schedule, write optimizer.lr = "
            "schedule(t) before each step."
        )
    require_number(name, value)
    if not 0 < value < inf:  # also refuses NaN
        raise ValueError(f"{name} must be a positive number, got {value}.")
    return value


def not_negative(name: str, value: float) -> float:
    require_number(name, value)
    if not 0 <= value < inf:
        raise ValueError(f"{name} must be a finite number, at least 0, got {value}.")
    return value


def fraction(name: str, value: float) -> float:
    require_number(name, value)
    if not 0 <= value < 1:
        raise ValueError(f"{name} must be at least 0 and less than 1, got {value}.")
    return value


def _shapes(x: Any) -> Any:
    """Return the shapes of the arrays in a list or tuple; the shape of a number is ()."""
    return [*map(np.shape, x)] if isinstance(x, (list, tuple)) else np.shape(x)


def _restored(name: str, own: Any, saved: Any) -> Any:
    """Return a copy of a saved value that replaces the value `own`, or raise if it does not fit."""
    if isinstance(own, np.ndarray):
        saved = np.asarray(saved)
    if name == "groups":
        if not isinstance(saved, list) or [*map(type, saved)] != [dict] * len(own):
            raise TypeError(f"groups must be a list of {len(own)} dicts, got {saved!r:.60}.")
    elif _shapes(own) != _shapes(saved):
        raise ValueError(
            f"{name}: the state has shapes {_shapes(saved)}, but the parameters need "
            f"{_shapes(own)}. Pass the same parameters to the optimiser, in the same order."
        )
    elif isinstance(own, (list, tuple)):
        return type(own)(_restored(name, x, y) for x, y in zip(own, saved))
    elif isinstance(own, np.ndarray):
        if not np.can_cast(saved.dtype, own.dtype, "same_kind"):
            raise TypeError(f"{name}: the state has dtype {saved.dtype}, expected {own.dtype}.")
        return saved.astype(own.dtype)
    elif type(own) in (int, float):
        require_number(name, saved)
    return deepcopy(saved)
