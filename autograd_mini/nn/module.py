"""Module: the base class of layers and models, whose attributes are a tree.

    class Net(nn.Module):
        def __init__(self):
            self.hidden = nn.Linear(2, 16)
            self.out = nn.Linear(16, 2)

        def forward(self, x):
            return self.out(np.tanh(self.hidden(x)))

A leaf Tensor in an attribute is a parameter, a plain array is a buffer (a state that is not
trained, such as a running mean), and a Module is a part with its own attributes. Lists, tuples and
dicts count as well. Nothing is registered: all methods read the attributes when they are called.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from itertools import repeat
from reprlib import recursive_repr
from typing import Any, TypeVar

import numpy as np

from ..core import absent
from ..core.accumulation import set_grads
from ..core.answers import Answering, Missing, explains_keywords
from ..core.arrays import Array, unwrap
from ..core.context import ALL_OBSERVERS, get_scopes, new_scope, observers, scope, set_scopes
from ..core.messages import shown
from ..core.tensor import Tensor
from .checks import distinct, fitted, lost_leaf, no_order, no_result, not_trained

M = TypeVar("M", bound="Module")


class Module(metaclass=Answering):
    """The base class of layers and models: write `forward`, and call the module.

    A call runs `forward` in a `scope`, so that `draw` and `explore` show the module as a box. The
    box has the name of the attribute that holds the module. A model is a tree of modules.
    Parameters are named after their place in this tree, for example ``hidden.weight``, unless you
    name them yourself. Attributes whose names begin with an underscore are private: they are not
    part of the tree. `parameters` warns about a layer in such an attribute.

    Attributes
    ----------
    training : bool
        Whether layers such as dropout behave as in training; set by `train` and `eval`.

    Notes
    -----
    To save a model, write ``np.savez("model.npz", **model.state_dict())``; to load it,
    ``model.load_state_dict(np.load("model.npz"))``.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import nn
    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         self.hidden = nn.Linear(2, 16)
    ...         self.out = nn.Linear(16, 2, rng=1)
    ...     def forward(self, x):
    ...         return self.out(np.tanh(self.hidden(x)))
    >>> [name for name, p in Net().named_parameters()]
    ['hidden.weight', 'hidden.bias', 'out.weight', 'out.bias']
    """

    training = True
    _title: str = ""  # of the box: the attribute that holds this module

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return ``forward(*args, **kwargs)``.

        `draw` and `explore` show the operations of the call in a box for this module.
        """
        watching = observers() if ALL_OBSERVERS else ()
        for o in watching:
            o.module_begins(self)
        outer = get_scopes()
        try:  # a `with` block would take four times as long
            if outer is not None:  # something is recorded
                box = new_scope(scope)  # without its __init__, which would take as long as the rest
                box.name, box.module = self._title or self._named()._title, self
                set_scopes((*outer, box))
            result = self.forward(*args, **kwargs) if kwargs else self.forward(*args)
        finally:
            set_scopes(outer)
        if result is None:
            raise no_result(type(self))
        for o in watching:
            o.module_ran(self, result)
        return result

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output. Each subclass defines this method, with its own `args` and `kwargs`.

        Raises
        ------
        NotImplementedError
            If the class does not define this method.

        Examples
        --------
        >>> from autograd_mini import nn
        >>> class Double(nn.Module):
        ...     def forward(self, x):
        ...         return 2 * x
        >>> Double()(3.0)
        6.0
        """
        name = shown(type(self).__name__)
        fix = "Call its modules" if isinstance(self, list) else f"Define {name}.forward(self, x)"
        raise NotImplementedError(f"{name} has no forward. {fix}.")

    @recursive_repr("...")  # a part may refer to the whole
    def __repr__(self) -> str:
        facts = [f"{name}={x!r}" for name, x in self._parts() if isinstance(x, (Module, *_OPTIONS))]
        name, line = shown(type(self).__name__), ", ".join(facts)
        if len(line) <= 72:
            return f"{name}({line})"
        return f"{name}(\n    " + ",\n".join(facts).replace("\n", "\n    ") + ",\n)"

    # ---- the tree ------------------------------------------------------------------------------

    def parameters(self) -> list[Tensor]:
        """Return the tensors of this module and its submodules that require a gradient, each once.

        Examples
        --------
        >>> from autograd_mini import nn
        >>> [p.shape for p in nn.Linear(3, 2).parameters()]
        [(3, 2), (2,)]
        """
        return [p for _, p in self.named_parameters()]

    def named_parameters(self) -> list[tuple[str, Tensor]]:
        """Return a pair for each parameter: its place, such as ``hidden.weight``, and the tensor.

        Examples
        --------
        >>> from autograd_mini import nn
        >>> [name for name, p in nn.Sequential(nn.Linear(3, 2)).named_parameters()]
        ['layers.0.weight', 'layers.0.bias']
        """
        tree = list(self._named()._tree())
        if private := _private_layers([x for _, x in tree if isinstance(x, Module)]):
            warnings.warn(not_trained(private[0]), stacklevel=3)
        tensors = [(n, x) for n, x in tree if isinstance(x, Tensor) and x.requires_grad]
        found = [(n, x) for n, x in tensors if x.is_leaf]
        if len(found) < len(tensors) and (computed := lost_leaf(tree)):
            warnings.warn(computed, stacklevel=3)
        return found

    def modules(self) -> list[Module]:
        """Return this module and all modules in it, each once.

        Examples
        --------
        >>> from autograd_mini import nn
        >>> nn.Sequential(nn.Linear(3, 2)).modules()
        [Sequential(Linear(3, 2)), Linear(3, 2)]
        """
        return [part for _, part in self._tree() if isinstance(part, Module)]

    def _parts(self) -> Iterator[tuple[str, Any]]:
        """Yield a pair of place and value for each attribute: ``("blocks.0", block)``."""
        for name, value in vars(self).items():
            if not name.startswith("_"):
                yield from _unpacked(name, value)

    def _tree(self) -> Iterator[tuple[str, Any]]:
        """Yield this module, and all parts of all modules in it, each object once."""
        yield from _walked("", self, set())

    def _leaves(self) -> Iterator[tuple[str, Tensor]]:
        return ((path, x) for path, x in self._tree() if isinstance(x, Tensor) and x.is_leaf)

    def _named(self: M) -> M:
        """Name the leaves and the boxes of the tree after their places. Keep names that users gave.

        If a part was named alone before, the name of its leaf is the end of the place in this tree.
        Such a name is replaced.
        """
        for path, leaf in self._leaves():
            if leaf.name is None or path.endswith(f".{leaf.name}"):
                leaf.name = path
        self._title = self._title or shown(type(self).__name__)
        for module in self.modules():
            for name, part in module._parts():
                # a part may have been used alone before, and then has the name of its class
                if isinstance(part, Module) and part._title in ("", shown(type(part).__name__)):
                    part._title = module._title_of(name, part)
        return self

    def _title_of(self, name: str, part: Module) -> str:
        """Return the title of the box of `part`, the attribute `name` of this module."""
        return name

    # ---- the state -----------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Array]:
        """Return copies of all parameters and buffers, in a dict from name to array.

        A *buffer* is an array that is not trained, such as a running mean.

        Examples
        --------
        >>> from autograd_mini import nn
        >>> {name: array.shape for name, array in nn.Linear(3, 2).state_dict().items()}
        {'weight': (3, 2), 'bias': (2,)}
        """
        return {path: x.copy() for path, x in self._state().items()}

    @explains_keywords
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Replace all parameters and other arrays with saved ones.

        Parameters
        ----------
        state : mapping of str to array_like
            The result of `state_dict`, or of ``np.load``, for a model with the same layers.

        Raises
        ------
        ValueError, TypeError
            If names or shapes differ, or if floats would replace integers. In this case, nothing is
            changed.

        Examples
        --------
        >>> import numpy as np
        >>> from autograd_mini import nn
        >>> layer = nn.Linear(1, 1)
        >>> layer.load_state_dict({"weight": [[2.0]], "bias": [1.0]})
        >>> layer(np.array([[3.0]])).data
        array([[7.]])
        """
        own, leaves, name = self._state(), dict(self._leaves()), shown(type(self).__name__)
        for path, array in fitted(name, own, state, replaced=leaves).items():
            if path in leaves:
                leaves[path].data = array
            elif own[path].flags.writeable:
                own[path][...] = array

    def _state(self) -> dict[str, Array]:
        """Return the arrays of all leaves, and all buffers, by their places."""
        parts = [(p, x) for p, x in self._tree() if isinstance(x, (np.ndarray, Tensor))]
        return distinct((p, unwrap(x)) for p, x in parts if getattr(x, "is_leaf", True))

    # ---- modes ---------------------------------------------------------------------------------

    def train(self: M, mode: bool = True) -> M:
        """Switch to training mode: dropout drops entries, batch norm uses the batch's statistics.

        Parameters
        ----------
        mode : bool
            With False, `train` does the same as `eval`.

        Examples
        --------
        >>> from autograd_mini import nn
        >>> nn.Linear(3, 2).train().training
        True
        """
        for module in self.modules():
            module.training = mode
        return self

    def eval(self: M) -> M:
        """Switch to evaluation mode: dropout has no effect, batch norm uses running statistics.

        Examples
        --------
        >>> from autograd_mini import nn
        >>> nn.Linear(3, 2).eval().training
        False
        """
        return self.train(False)

    @explains_keywords
    def zero_grad(self) -> None:
        """Set ``.grad`` of all tensors of this module and its submodules back to None.

        Examples
        --------
        >>> import numpy as np
        >>> from autograd_mini import nn
        >>> layer = nn.Linear(3, 2)
        >>> layer(np.ones(3)).sum().backward()
        >>> layer.zero_grad()
        >>> layer.weight.grad is None
        True
        """
        set_grads([leaf for _, leaf in self._leaves()], repeat(None))

    def requires_grad_(self: M, requires_grad: bool = True) -> M:
        """Freeze all parameters (False), or make them trainable (True).

        A frozen tensor is in `state_dict`, but not in `parameters`. Store constants as plain
        arrays, which are never trained.

        Parameters
        ----------
        requires_grad : bool
            Whether tensors of a float dtype require a gradient.

        Examples
        --------
        >>> from autograd_mini import nn
        >>> nn.Linear(3, 2).requires_grad_(False).parameters()
        []
        """
        for _, leaf in self._leaves():
            leaf.requires_grad = requires_grad and leaf.dtype.kind == "f"
        return self


for _name in " ".join(absent.MODELS.values()).split():
    setattr(Module, _name, Missing("model", _name))


class ModuleList(Module, list[Any]):
    """A list of modules, as in PyTorch. A plain list in an attribute works as well.

    Parameters
    ----------
    modules : iterable
        The modules.

    Examples
    --------
    >>> from autograd_mini import nn
    >>> layers = nn.ModuleList(nn.Linear(2, 2, rng=i) for i in range(3))
    >>> len(layers), len(layers.parameters())
    (3, 6)
    """

    def _parts(self) -> Iterator[tuple[str, Any]]:
        return ((str(i), part) for i, part in enumerate(self))

    def _title_of(self, name: str, part: Module) -> str:
        return f"{self._title}.{name}"

    __repr__ = list.__repr__


#: Attributes of these types are shown by ``repr``.
_OPTIONS = (bool, int, float, str, tuple)


def _unpacked(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the entries of lists, tuples and dicts, at any depth, with their places."""
    if isinstance(value, dict):
        entries: Any = value.items()
    elif isinstance(value, (list, tuple)) and {*map(type, value)} != {int}:  # not a shape
        entries = enumerate(value)
    elif not isinstance(value, (Module, type)) and callable(getattr(value, "parameters", None)):
        entries = enumerate(value.parameters())  # of a model that is not a Module
    else:
        unordered = value if isinstance(value, (set, frozenset)) else ()
        if any(isinstance(x, (Module, Tensor)) for x in unordered):
            raise no_order(name)
        yield name, value
        return
    for key, entry in entries:
        yield from _unpacked(f"{name}.{key}", entry)


def _private_layers(held: list[Module]) -> list[str]:
    """Return the private attributes of a tree that hold other layers, which could be trained."""
    return [
        f"{type(module).__name__}.{name}"
        for module in held
        for name, value in vars(module).items()
        if name[0] == "_" and type(value) is not str
        for _, part in _unpacked(name, value)
        if isinstance(part, Module) and all(part is not other for other in held)
        if any(leaf.requires_grad for _, leaf in part._leaves())
    ]


def _walked(path: str, module: Module, seen: set[int]) -> Iterator[tuple[str, Any]]:
    seen.add(id(module))
    yield path, module
    for name, part in module._parts():
        place = f"{path}.{name}" if path else name
        if id(part) in seen:
            continue
        if isinstance(part, Module):
            yield from _walked(place, part, seen)
        else:
            seen.add(id(part))
            yield place, part
