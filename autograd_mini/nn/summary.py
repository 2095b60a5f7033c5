"""A model as a table: its layers, their parameters, and the shapes of their outputs."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.answers import explains_keywords
from ..core.messages import shown
from ..core.tensor import Tensor
from ..text.columns import Section, format_sections
from ..text.format import width as wide
from .layer_tree import children, is_trained, observed

Layer = Callable[[Any], Any]

_HEADER = ["layer", "type", "parameters", "output", "dtype", "count", "bytes", "kept"]


@explains_keywords
def summary(model: Layer, x: Any = None) -> Summary:
    """Return the layers of a model with the shapes, dtypes and sizes of their parameters.

    Parameters
    ----------
    model : callable with ``parameters()``
        An `nn.Linear`, `nn.Sequential`, `nn.MLP`, or your own object. Its layers are the attributes
        that have a method ``parameters``. An attribute may also be a list or
        a dict of layers and functions, such as ``np.tanh``.
    x : array_like, optional
        An example input, with its batch axis. With `x`, the table also shows the shape of the
        output of each layer, and the memory for the backward pass. The model itself does not
        change, because a copy of it computes the output.

    Returns
    -------
    Summary
        ``print`` and notebooks show it as a table. ``.count`` and ``.bytes`` are the totals.
        ``.rows`` has a `Row` for each layer.

    Raises
    ------
    TypeError
        If `model` cannot be called or has no ``parameters()``.

    Notes
    -----
    If layers share a parameter, it is counted in the first of these layers. Training needs more
    memory than the parameters: a gradient of the same size for each parameter, and with
    `optim.Adam` two more such arrays.

    The backward pass needs intermediate results of the forward pass. The column `kept` shows how
    many bytes a layer stores for the backward pass. If several arrays share memory, this memory is
    counted once. The row of a model includes its layers.

    References
    ----------
    ``model.summary()`` in Keras and the package ``torchinfo`` show similar tables.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> from autograd_mini import nn
    >>> print(ag.summary(nn.MLP([2, 16, 2]), np.zeros((100, 2))))
    layer  type    parameters           output     count  bytes    kept
    -      MLP                          (100, 2)      82    656  27,200
    0      Linear  W1 (2, 16) b1 (16,)  (100, 16)     48    384  12,800
    1      tanh                         (100, 16)      0      0  12,800
    2      Linear  W2 (16, 2) b2 (2,)   (100, 2)      34    272   1,600
    <BLANKLINE>
    82 parameters, 656 bytes of float64
    27,200 bytes kept for the backward pass
    """
    if not is_trained(model):
        is_class = isinstance(model, type)
        given = f"the class {model.__name__} itself" if is_class else f"{model!r:.60}"
        raise TypeError(
            f"summary: expected a model, got {given}. A model is callable and has parameters(), "
            "like the layers of autograd_mini.nn."
        )
    rows = list(_rows(model, (), set()))
    if isinstance(x, tuple) and {*map(type, x)} == {int}:
        raise TypeError(f"summary: expected an example, got the shape {x}. Pass np.zeros({x}).")
    if x is not None:
        example = x if hasattr(x, "dtype") else np.asarray(x)
        for row, seen in zip(rows, observed(model, example, [row.path for row in rows])):
            row.output, row.kept = seen.output, seen.kept
    return Summary(rows)


@dataclass
class Row:
    """A layer of a `Summary`.

    Attributes
    ----------
    path : tuple of str
        The position of the layer: ``("0", "head")`` is the attribute `head` of layer 0. () is the
        model itself.
    type : str
        The name of its class or function.
    parameters : tuple of Tensor
        The layer's own parameters, without the parameters of the layers inside it.
    count, bytes : int
        The number of entries, and of bytes, of its parameters. Parameters that are also in a row
        above are not counted again.
    shared : int
        How many of its parameters are also in a row above.
    output : tuple of int, or None
        The shape of its output. None if no example was run.
    kept : int, or None
        The bytes that it stores for the backward pass. None if no example was run.

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
    kept: int | None = None


@dataclass(repr=False)
class Summary:
    """A model as a table, made by `summary`.

    Attributes
    ----------
    rows : list of Row
        The model, then its layers. Each layer comes before the layers inside it.

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
            The number of columns. The default is the width of the terminal.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> from autograd_mini import nn
        >>> print(ag.summary(nn.Linear(3, 2)).text(width=66))
        layer  type    parameters               count  bytes
        -      Linear  weight (3, 2) bias (2,)      8     64
        <BLANKLINE>
        8 parameters, 64 bytes of float64
        """
        of_shapes = self._section(names=False)
        section = self._section()._replace(instead=of_shapes)
        return "\n".join([format_sections([section], width, False), "", *self._totals()])

    def _section(self, names: bool = True) -> Section:
        """Return the table with aligned columns, with or without the names of the parameters."""
        cells = self._table(names)
        lengths = [max(map(wide, column)) for column in zip(*cells)]
        numbers = range(cells[0].index("count"), len(lengths))
        # The table aligns its first column to the right, and the others to the left.
        for row in cells:
            row[0] += " " * (lengths[0] + 1 - wide(row[0]))
            for i in numbers:
                row[i] = row[i].rjust(lengths[i])
        return Section(cells, [([2], 9), ([1], 8)], {}, drop=[numbers[1]])

    def _table(self, names: bool = True) -> list[list[str]]:
        """Return the cells, without empty columns. A single dtype is in the last line instead."""
        cells = [_HEADER, *(_cells(row, names) for row in self.rows)]
        left_out = {"dtype"} if len(self._dtypes()) < 2 else set()
        left_out |= {name for name, *column in zip(*cells) if not any(column)}
        used = [i for i, name in enumerate(_HEADER) if name not in left_out or i < 3]
        return [[row[i] for i in used] for row in cells]

    def _dtypes(self) -> list[str]:
        return sorted({str(p.dtype) for row in self.rows for p in row.parameters})

    def _totals(self) -> list[str]:
        frozen = {p for row in self.rows for p in row.parameters if not p.requires_grad}
        facts = [f"{self.count:,} parameters", f"{self.bytes:,} bytes"]
        if len(self._dtypes()) == 1:
            facts[1] += f" of {self._dtypes()[0]}"
        if frozen:
            facts.append(f"{sum(p.size for p in frozen):,} of them require no gradient")
        kept = self.rows[0].kept
        more = [] if kept is None else [f"{kept:,} bytes kept for the backward pass"]
        return [", ".join(facts), *more]

    def _repr_html_(self) -> str:
        table = self._table()

        def line(cells: list[str], tag: str) -> str:
            texts = table[0].index("count")
            sides = ["left"] * texts + ["right"] * (len(cells) - texts)
            return "".join(
                f'<{tag} style="text-align:{side}">{html.escape(cell)}</{tag}>'
                for cell, side in zip(cells, sides)
            )

        rows = "".join(f"<tr>{line(row, 'td')}</tr>" for row in table[1:])
        head = f"<thead><tr>{line(table[0], 'th')}</tr></thead>"
        return f"<table>{head}<tbody>{rows}</tbody></table><p>{', '.join(self._totals())}</p>"


def _rows(layer: Any, path: tuple[str, ...], seen: set[Tensor]) -> Iterator[Row]:
    """Yield the row of a layer, then those of the layers in it."""
    parts = list(children(layer))
    inside = {p for _, part in parts for p in _parameters(part)}
    own = tuple(p for p in _parameters(layer) if p not in inside)
    new = [p for p in _parameters(layer) if p not in seen]
    count, size = sum(p.size for p in new), sum(p.data.nbytes for p in new)
    shared = sum(p in seen for p in own)
    yield Row(path, _type_of(layer), own, count, size, shared)
    seen.update(own)
    for name, part in parts:
        yield from _rows(part, (*path, name), seen)


def _parameters(layer: Any) -> list[Tensor]:
    return list(dict.fromkeys(layer.parameters())) if is_trained(layer) else []


def _type_of(layer: Any) -> str:
    name = getattr(layer, "__name__", None) or getattr(layer, "name", None)
    return shown(name or type(layer).__name__)


def _inside(place: str, name: str) -> str:
    """Return the name of a parameter without the place of its layer, which begins the row."""
    inner = name.replace("layers.", "")  # as in the paths of rows
    return inner.removeprefix(place) if inner.startswith(place) else name


def _cells(row: Row, with_names: bool) -> list[str]:
    kinds = sorted({str(p.dtype) for p in row.parameters})
    place = f"{'.'.join(row.path)}."
    names = [shown(_inside(place, p.name or "")) * with_names for p in row.parameters]
    texts = [f"{name} {p.shape}".strip() for name, p in zip(names, row.parameters)]
    if row.shared:
        texts.insert(0, "shared:" if row.shared == len(texts) else f"{row.shared} shared:")
    return [
        "  " * (len(row.path) - 1) + shown(row.path[-1]) if row.path else "-",
        row.type,
        " ".join(texts),
        "" if row.output is None else str(row.output),
        ", ".join(kinds),
        f"{row.count:,}",
        f"{row.bytes:,}",
        "" if row.kept is None else f"{row.kept:,}",
    ]
