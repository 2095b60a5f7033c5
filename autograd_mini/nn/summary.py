"""A model as a table: its layers, their parameters, and the shapes of their outputs."""

from __future__ import annotations

import copy
import html
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.context import no_grad
from ..core.messages import shown
from ..core.tensor import Tensor
from ..text.columns import Section, format_sections
from ..text.format import width as wide

Layer = Callable[[Any], Any]

_HEADER = ["layer", "type", "parameters", "output", "dtype", "count", "bytes"]


def summary(model: Layer, x: Any = None) -> Summary:
    """Return the layers of a model with the shapes, dtypes and sizes of their parameters.

    Parameters
    ----------
    model : callable with ``parameters()``
        An `nn.Linear`, `nn.Sequential`, `nn.MLP`, or your own object. The layers of an object
        are its attributes that have ``parameters()``, and the callables in its lists and dicts.
    x : array_like, optional
        An example input, with its batch axis. The model is run on it once, without recording. Each
        layer shows the shape of its last output.

    Returns
    -------
    Summary
        A table, when printed and in a notebook. It has the totals ``count`` and ``bytes``, and a
        `Row` for each layer in ``rows``.

    Raises
    ------
    TypeError
        If `model` cannot be called or has no ``parameters()``.

    Notes
    -----
    A parameter that several layers share is counted in the first of them. Training needs more
    memory: the gradients are as large as the parameters, and `optim.Adam` adds two such arrays.

    References
    ----------
    The table resembles those of ``model.summary()`` in Keras and of the package ``torchinfo``.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> from autograd_mini import nn
    >>> print(ag.summary(nn.MLP([2, 16, 2]), np.zeros((100, 2))))
    layer  type    parameters           output     dtype    count  bytes
    -      MLP                          (100, 2)               82    656
    0      Linear  W1 (2, 16) b1 (16,)  (100, 16)  float64     48    384
    1      tanh                         (100, 16)               0      0
    2      Linear  W2 (16, 2) b2 (2,)   (100, 2)   float64     34    272
    <BLANKLINE>
    82 parameters, 656 bytes
    """
    if not _is_trained(model):
        is_class = isinstance(model, type)
        given = f"the class {model.__name__} itself" if is_class else f"{model!r:.60}"
        raise TypeError(
            f"summary: expected a model, got {given}. A model is callable and has parameters(), "
            "like the layers of autograd_mini.nn."
        )
    rows = list(_rows(model, (), set()))
    if x is not None:
        with no_grad():
            _observed(model, (), {row.path: row for row in rows})(
                x if hasattr(x, "dtype") else np.asarray(x)
            )
    return Summary(rows)


@dataclass
class Row:
    """A layer of a `Summary`.

    Attributes
    ----------
    path : tuple of str
        Its position: ``("0", "head")`` is the attribute `head` of layer 0, and () is the model.
    type : str
        The name of its class, or of a function.
    parameters : tuple of Tensor
        Its own parameters, without those of the layers in it.
    count, bytes : int
        The entries, and the bytes, of its parameters that are in no row above.
    shared : int
        How many of its parameters are also in a row above.
    output : tuple of int, or None
        The shape of its output. None if no example was run.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> from autograd_mini import nn
    >>> row = ag.summary(nn.MLP([3, 2, 1])).rows[1]
    >>> row.path, row.type, row.count, [p.name for p in row.parameters]
    (('0',), 'Linear', 8, ['W1', 'b1'])
    """

    path: tuple[str, ...]
    type: str
    parameters: tuple[Tensor, ...]
    count: int
    bytes: int
    shared: int
    output: tuple[int, ...] | None = None


@dataclass(repr=False)
class Summary:
    """A model as a table, made by `summary`.

    Attributes
    ----------
    rows : list of Row
        The model, then its layers, each before the layers in it.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> from autograd_mini import nn
    >>> s = ag.summary(nn.Linear(3, 2))
    >>> s.count, s.bytes, s.rows[0].type
    (8, 64, 'Linear')
    """

    rows: Sequence[Row]

    @property
    def count(self) -> int:
        """The number of entries of all parameters, each parameter counted once.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> from autograd_mini import nn
        >>> ag.summary(nn.Linear(3, 2)).count
        8
        """
        return self.rows[0].count

    @property
    def bytes(self) -> int:
        """The bytes of all parameters, without gradients and the state of an optimiser.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> from autograd_mini import nn
        >>> ag.summary(nn.Linear(3, 2)).bytes
        64
        """
        return self.rows[0].bytes

    def __repr__(self) -> str:
        return self.text()

    def text(self, width: int | None = None) -> str:
        """Return the table as text.

        Parameters
        ----------
        width : int, optional
            The number of columns. By default it is that of the terminal.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> from autograd_mini import nn
        >>> print(ag.summary(nn.Linear(3, 2)).text(width=66))
        layer  type    parameters               dtype    count  bytes
        -      Linear  weight (3, 2) bias (2,)  float64      8     64
        <BLANKLINE>
        8 parameters, 64 bytes
        """
        cells = [_HEADER, *map(_cells, self.rows)]
        used = [i for i in range(len(_HEADER)) if i < 3 or any(row[i] for row in cells[1:])]
        cells = [[row[i] for i in used] for row in cells]
        paths, *_, counts, sizes = (max(map(wide, column)) for column in zip(*cells))
        # The table aligns its first column to the right, and the others to the left.
        for row in cells:
            row[0] += " " * (paths + 1 - wide(row[0]))
            row[-2:] = row[-2].rjust(counts), row[-1].rjust(sizes)
        table = format_sections([Section(cells, [([2], 12), ([1], 8)], {})], width, False)
        return f"{table}\n\n{self._total()}"

    def _total(self) -> str:
        frozen = {p for row in self.rows for p in row.parameters if not p.requires_grad}
        facts = [f"{self.count:,} parameters", f"{self.bytes:,} bytes"]
        if frozen:
            facts.append(f"{sum(p.size for p in frozen):,} of them require no gradient")
        return ", ".join(facts)

    def _repr_html_(self) -> str:
        def line(cells: list[str], tag: str) -> str:
            sides = ["left"] * (len(cells) - 2) + ["right"] * 2
            return "".join(
                f'<{tag} style="text-align:{side}">{html.escape(cell)}</{tag}>'
                for cell, side in zip(cells, sides)
            )

        rows = "".join(f"<tr>{line(_cells(row), 'td')}</tr>" for row in self.rows)
        head = f"<thead><tr>{line(_HEADER, 'th')}</tr></thead>"
        return f"<table>{head}<tbody>{rows}</tbody></table><p>{self._total()}</p>"


def _rows(layer: Any, path: tuple[str, ...], seen: set[Tensor]) -> Iterator[Row]:
    """Yield the row of a layer, then those of the layers in it."""
    children = list(_children(layer))
    inside = {p for _, child in children for p in _parameters(child)}
    own = tuple(p for p in _parameters(layer) if p not in inside)
    new = [p for p in _parameters(layer) if p not in seen]
    count, size = sum(p.size for p in new), sum(p.data.nbytes for p in new)
    shared = sum(p in seen for p in own)
    yield Row(path, _type_of(layer), own, count, size, shared)
    seen.update(own)
    for name, child in children:
        yield from _rows(child, (*path, name), seen)


def _children(layer: Any) -> Iterator[tuple[str, Any]]:
    """Yield the names of the layers in a layer, and those layers."""
    for name, value in _fields(layer):
        if callable(value):
            yield name, value
        else:
            parts = value.items() if isinstance(value, dict) else enumerate(value)
            prefix = "" if name == "layers" else f"{name}."
            yield from ((f"{prefix}{key}", part) for key, part in parts)


def _fields(layer: Any) -> Iterator[tuple[str, Any]]:
    """Yield the attributes that hold layers: one layer, or a list, tuple or dict of them."""
    if not _is_trained(layer):
        return
    for name, value in getattr(layer, "__dict__", {}).items():
        if _is_trained(value) or (isinstance(value, (list, tuple, dict)) and _are_layers(value)):
            yield name, value


def _are_layers(parts: Any) -> bool:
    parts = list(parts.values() if isinstance(parts, dict) else parts)
    return bool(parts) and all(map(callable, parts))


def _observed(layer: Any, path: tuple[str, ...], rows: dict[tuple[str, ...], Row]) -> Layer:
    """Return a copy of a layer, made of such copies, that stores its output's shape in its row."""
    inner = iter([_observed(child, (*path, name), rows) for name, child in _children(layer)])
    fields = list(_fields(layer))
    if fields:
        layer = copy.copy(layer)
    for name, value in fields:
        if callable(value):
            setattr(layer, name, next(inner))
        elif isinstance(value, dict):
            setattr(layer, name, {key: next(inner) for key in value})
        else:
            setattr(layer, name, type(value)([next(inner) for _ in value]))

    def run(*args: Any, **kwargs: Any) -> Any:
        y = layer(*args, **kwargs)
        rows[path].output = getattr(y, "shape", None)
        return y

    return run


def _is_trained(layer: Any) -> bool:
    return (
        callable(layer)
        and callable(getattr(layer, "parameters", None))
        and not isinstance(layer, type)
    )


def _parameters(layer: Any) -> list[Tensor]:
    return list(dict.fromkeys(layer.parameters())) if _is_trained(layer) else []


def _type_of(layer: Any) -> str:
    name = getattr(layer, "__name__", None) or getattr(layer, "name", None)
    return shown(name or type(layer).__name__)


def _cells(row: Row) -> list[str]:
    kinds = sorted({str(p.dtype) for p in row.parameters})
    texts = [f"{shown(p.name) if p.name else ''} {p.shape}".strip() for p in row.parameters]
    if row.shared:
        texts.insert(0, "shared:" if row.shared == len(texts) else f"{row.shared} shared:")
    return [
        shown(".".join(row.path)) or "-",
        row.type,
        " ".join(texts),
        "" if row.output is None else str(row.output),
        ", ".join(kinds),
        f"{row.count:,}",
        f"{row.bytes:,}",
    ]
