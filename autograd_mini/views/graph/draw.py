"""``ag.draw``: the graph of a computation as a picture, on screen, in a notebook, in a file."""

from __future__ import annotations

import base64
import os
import warnings
from collections.abc import Mapping
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from ...core.messages import describe
from ...core.tensor import Tensor
from ...text.format import one_line, shortened
from ..document import open_page, writable, write_whole
from ..replay import opened
from .dot import dot_of
from .graph import Graph, Shown, graph_of
from .graphviz import drawn, engine
from .palette import DARK, LIGHT
from .svg import finished, svg_of

_TEXT, _BY_ENGINE, _OWN = (".dot", ".gv"), (".png", ".pdf"), (".svg", ".html")
ENDINGS = (*_OWN, *_BY_ENGINE, *_TEXT)

_MOST_ROWS = 40  # of the table that stands for the picture in a terminal


def draw(
    *results: Tensor,
    values: bool = True,
    gradients: bool = True,
    formulas: bool = True,
    names: Mapping[str, Any] | None = None,
    depth: int | None = None,
    direction: str = "LR",
    theme: str = "light",
    max_nodes: int = 40,
    unfuse: bool = False,
) -> Drawing:
    """Backpropagation as a picture: a card for each operation, values forward, derivatives back.

    Needs no ``backward()`` before, and changes nothing: derivatives are worked out for the
    picture, and touch no ``.grad``.

    Parameters
    ----------
    *results : Tensor
        What was computed; several are drawn in one graph, then without derivatives.
    values, gradients : bool
        Whether the cards show what was computed, and the derivative of a result of one entry.
    formulas : bool
        Whether cards say how each value was computed, and edges the local derivative. Both are
        read off the rules: what multiplies the derivative that arrives; or, for a rule that does
        more than multiply, what it makes of that derivative, `g`. ``tanh′`` stands for a formula
        that is too long. A picture of more than 400 cards has none.
    names : mapping, optional
        Variables, as ``locals()`` gives them: what to call arrays, and tensors that have no name.
    depth : int, optional
        How many levels of `scope` stay open; those inside are drawn as a card each. By default as
        many as `max_nodes` allows.
    direction : {"LR", "TB"}
        From left to right or from top to bottom.
    theme : {"light", "dark", "auto"}
        With "auto" an SVG follows the reader's system.
    max_nodes : int
        A larger graph is folded: constants first, into what they are used for; then scopes, from
        the inside out; then runs of records. A line below the picture says so.
    unfuse : bool
        Whether to open each fused node: the graph it replaces is drawn in its place, in a box.

    Returns
    -------
    Drawing

    Raises
    ------
    TypeError
        For what is not a Tensor.
    ValueError
        When there is nothing to draw: no result, or one that no operation made. For another
        direction or theme. When no node is fused and `unfuse` is set.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> x = ag.tensor(2.0, requires_grad=True, name="x")
    >>> drawing = ag.draw(x * x + 1.0)
    >>> drawing
    # name  op    arguments  shape  value
    0 x     leaf             ()     2
    1 v1    mul   x, x       ()     4
    2 v2    add   v1, 1.0    ()     5
    (a drawing: .show() opens it, .save("graph.svg") writes it to a file)
    >>> print(drawing.source.splitlines()[0])
    digraph tape {
    """
    _check(results, depth, direction, theme, max_nodes)
    names = dict(names or {})
    if unfuse:
        pairs = [opened(result) for result in results]
        results = tuple(result for result, _ in pairs)
        made = {order: t for _, made in pairs for order, t in made.items()}
        names = {k: made.get(getattr(v, "order", -1), v) for k, v in names.items()}
    graph = graph_of(results, names, Shown(values, gradients, formulas), depth, max_nodes)
    small = len(results) == 1 and len(results[0].tape()) <= _MOST_ROWS
    return Drawing(graph, results[0].tape().table(names) if small else "", direction, theme)


def _check(
    results: tuple[Any, ...], depth: Any, direction: str, theme: str, max_nodes: Any
) -> None:
    if not results:
        raise ValueError("draw: there is no result to draw. Pass one: draw(loss)")
    for result in results:
        if not isinstance(result, Tensor):
            raise TypeError(f"draw takes tensors, not {shortened(one_line(repr(result)), 60)}")
        if result.op is None:
            raise ValueError(
                f"nothing was recorded for {describe(result)}: no operation made it from a tensor "
                "with requires_grad=True, or it was computed under no_grad(). Draw a result."
            )
    if direction not in ("LR", "TB"):
        raise ValueError(f"draw: direction is 'LR' or 'TB', not {direction!r}")
    if theme not in ("light", "dark", "auto"):
        raise ValueError(f"draw: theme is 'light', 'dark' or 'auto', not {theme!r}")
    if max_nodes < 1 or (depth is not None and depth < 0):
        raise ValueError(f"draw: max_nodes={max_nodes} is at least 1, depth={depth} at least 0")


class Drawing:
    """A drawn graph, which a notebook shows and ``save`` writes to a file.

    Attributes
    ----------
    graph : Graph
        What is drawn: cards, edges, boxes.
    source : str
        The graph in Graphviz's DOT language.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> x = ag.tensor(3.0, requires_grad=True, name="x")
    >>> drawing = ag.draw(x * x)
    >>> [card.name for card in drawing.graph.cards]
    ['x', 'v1']
    """

    def __init__(self, graph: Graph, table: str, direction: str, theme: str) -> None:
        self.graph = graph
        self._table = table  # of the tape as it was drawn: leaves may get new data
        self._direction = direction
        self._theme = theme
        self._palette = DARK if theme == "dark" else LIGHT

    @cached_property
    def source(self) -> str:
        """The graph in Graphviz's DOT language.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(3.0, requires_grad=True, name="x")
        >>> drawing = ag.draw(x * x)
        >>> drawing.source.startswith("digraph")
        True
        """
        return dot_of(self.graph, self._palette, self._direction)

    def svg(self) -> str:
        """The picture as SVG text: by Graphviz where it is found, else by the library's own layout.

        It is self-contained, has a title and a description, and paints its own ground. An engine
        that fails is reported in a warning, and done without.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(3.0, requires_grad=True, name="x")
        >>> drawing = ag.draw(x * x)
        >>> "<svg" in drawing.svg()
        True
        """
        return self._svg

    @cached_property
    def _svg(self) -> str:
        try:
            if engine() is not None:
                picture = drawn(self.source, "svg")
                return finished(picture, self.graph, self._palette, self._theme)
        except (RuntimeError, ParseError) as error:
            wrong = (
                f"the engine wrote broken SVG: {error}" if isinstance(error, ParseError) else error
            )
            warnings.warn(f"{wrong}; drawn without it", RuntimeWarning, stacklevel=4)
        own = svg_of(self.graph, self._palette, self._direction)
        return finished(own, self.graph, self._palette, self._theme)

    def html(self) -> str:
        """The picture on a page of its own.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(3.0, requires_grad=True, name="x")
        >>> drawing = ag.draw(x * x)
        >>> drawing.html().startswith("<!doctype html>")
        True
        """
        dark = f"@media(prefers-color-scheme:dark){{body{{background:{DARK.page}}}}}"
        return (
            '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width">\n'
            f"<title>{escape(self.graph.title)}</title>\n"
            f"<style>body{{margin:1rem;background:{self._palette.page}}}"
            f"{dark if self._theme == 'auto' else ''}</style>\n{self.svg()}</html>\n"
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the drawing to a file: all of it, or nothing.

        Parameters
        ----------
        path : path-like
            Ending in .svg or .html for the picture, in .png or .pdf for a picture that Graphviz
            draws, in .dot or .gv for the text.

        Returns
        -------
        Path
            Where it was written.

        Raises
        ------
        ValueError
            For another ending.
        OSError
            When the file cannot be written; FileNotFoundError when its folder does not exist.
        RuntimeError
            For a .png or .pdf when Graphviz is not found, or fails.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(3.0, requires_grad=True, name="x")
        >>> drawing = ag.draw(x * x)
        >>> path = drawing.save("graph.svg")
        >>> path.name, path.unlink()
        ('graph.svg', None)
        """
        path = writable(path, ENDINGS)
        ending = path.suffix.lower()
        if ending in _BY_ENGINE:
            content = drawn(self.source, ending[1:])
        elif ending in _TEXT:
            content = self.source.encode()
        else:
            content = (self.svg() if ending == ".svg" else self.html()).encode()
        write_whole(path, content)
        return path

    def show(self) -> None:
        """Show the picture: in a notebook below the cell, else in a browser.

        Where there is neither, print where the page is.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(3.0, requires_grad=True, name="x")
        >>> drawing = ag.draw(x * x)
        >>> drawing.show()  # doctest: +SKIP
        """
        open_page(self, "graph.html", "The graph is drawn")

    def __repr__(self) -> str:
        hint = 'a drawing: .show() opens it, .save("graph.svg") writes it to a file'
        return f"{self._table}\n({hint})" if self._table else f"<{hint}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What a notebook shows.

        An image with the picture in its address is kept by hosts that strip scripts and frames,
        and cannot be clipped; the table is for those that show text only.
        """
        return {
            "text/html": self._repr_html_(),
            "image/svg+xml": self.svg(),
            "text/plain": repr(self),
        }

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.svg().encode()).decode()
        spoken = escape(f"{self.graph.title}: {self.graph.description}")
        return f'<img alt="{spoken}" src="data:image/svg+xml;base64,{data}">'
