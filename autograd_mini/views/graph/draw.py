"""``ag.draw``: the graph of a computation as a picture, on screen, in a notebook or in a file."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar

from ...core.answers import explains_keywords
from ...core.messages import one_line
from ...core.tensor import Tensor
from ...text.format import as_names, truncate
from .. import replay
from ..document import Document, check_theme, instead_of
from ..trace import Trace, require_node
from .animate import animated_svg
from .convert import convert
from .graph import DrawOptions, Graph, build_graph
from .graphviz import digraph
from .palette import DARK, palette_of
from .svg import write_svg
from .tikz import write_tikz

if TYPE_CHECKING:
    import graphviz

_MAX_ROWS = 40  # of the table that a terminal shows instead of the picture


@explains_keywords
def draw(
    *results: Tensor,
    values: bool = True,
    gradients: bool = True,
    formulas: bool = True,
    names: Mapping[str, Any] | None = None,
    depth: int | None = None,
    direction: str = "LR",
    theme: str = "light",
    max_nodes: int | None = None,
    unfuse: bool = False,
    animate: bool = False,
) -> Drawing:
    """Draw the graph of a computation: its operations, their values and their gradients.

    You do not need to call ``backward()`` first. The gradients are computed for the picture, and no
    ``.grad`` changes. Each tensor of the computation is drawn as a *card*.

    Parameters
    ----------
    *results : Tensor
        The results of the computation. Several results are drawn in one graph, without gradients.
    values, gradients : bool
        Whether cards show values, and whether they show gradients. Gradients are only shown if the
        result has one entry.
    formulas : bool
        Whether to show formulas. A card then shows how its value was computed. An edge shows the
        local derivative. The gradient is multiplied by this factor on its way back. For some
        operations, a factor is not enough. Their edges show the whole formula, with `g` for the
        gradient of what the operation computed. Long formulas are shortened to a name, such as
        ``tanh′``. A picture of more than 400 cards shows no formulas.
    names : mapping, optional
        A dict of names and values, such as ``locals()``. It gives names to arrays, and to tensors
        that have no name.
    depth : int, optional
        Operations can be grouped with `scope`, and groups can be nested. The first `depth` levels
        of groups are drawn as open boxes. Each deeper group is drawn as one card. By default, as
        many levels are open as `max_nodes` allows.
    direction : {"LR", "TB"}
        Whether values run from left to right or from top to bottom.
    theme : {"light", "dark", "auto"}
        With "auto", an SVG is dark on a computer in dark mode, and light otherwise.
    max_nodes : int, optional
        The largest number of cards. If the graph has more, constants are written into the
        operations that use them. Then groups, and chains of operations, are drawn as single cards.
        A line below the picture lists the changes. The default is 40, or less if 40 cards would
        need more space than two slides of a presentation have. A picture that is wider than a slide
        is wrapped into rows.
    unfuse : bool
        Whether to draw fused nodes in detail. A fused node, such as `softmax`, is one operation
        that replaces several simpler operations. With True, these are drawn, in a box.
    animate : bool
        Whether the SVG plays the forward and the backward pass in a loop. Values appear card by
        card. Then gradients flow back edge by edge. The animation also runs on slides and in a
        README, because it needs no script. In files such as .png and .pdf, nothing moves.

    Returns
    -------
    Drawing
        A notebook shows it. ``.show()`` opens it, and ``.save("graph.svg")`` writes it to a file.

    Raises
    ------
    TypeError
        If a result is not a Tensor.
    ValueError
        If `results` is empty. If a result is a leaf, that is, if no operation computed it. If an
        option has an invalid value. If `unfuse` is True and no node is fused.

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
    """
    options = DrawOptions(values, gradients, formulas, depth, max_nodes)
    _check(results, options, direction, theme)
    names = as_names(names)
    if unfuse:
        pairs = [replay.unfuse(result) for result in results]
        results = tuple(result for result, _ in pairs)
        made = {order: t for _, made in pairs for order, t in made.items()}
        names = {key: made.get(getattr(v, "order", -1), v) for key, v in names.items()}
    graph = build_graph(results, names, options)
    small = len(results) == 1 and len(results[0].tape()) <= _MAX_ROWS
    table = results[0].tape().table(names) if small else ""
    return Drawing(graph, table, direction, theme, animate)


def draw_trace(trace: Trace, theme: str) -> Drawing:
    """Draw a trace that another view has computed already."""
    graph = build_graph([trace.result], {}, DrawOptions(), trace)
    return Drawing(graph, "", "LR", theme)


def _check(results: tuple[Any, ...], options: DrawOptions, direction: str, theme: str) -> None:
    if not results:
        raise ValueError("draw: pass a result, such as draw(loss).")
    for result in results:
        if not isinstance(result, Tensor):
            text = truncate(one_line(repr(result)), 60)
            kind = f"(type {type(result).__name__}).{instead_of(result)}"
            raise TypeError(f"draw: expected a Tensor, got {text} {kind}")
        require_node("draw", result)
    if direction not in ("LR", "TB"):
        raise ValueError(f"draw: direction must be 'LR' or 'TB', got {direction!r}")
    check_theme("draw", theme)
    _check_count("max_nodes", options.max_nodes, least=1)
    _check_count("depth", options.depth, least=0)


def _check_count(name: str, count: Any, least: int) -> None:
    if count is not None and not hasattr(count, "__index__"):
        raise TypeError(f"draw: {name} must be an integer, got {count!r:.60}.")
    if count is not None and count < least:
        raise ValueError(f"draw: {name} must be at least {least}, got {count}.")


class Drawing(Document):
    """A drawn graph. A notebook shows it, and ``save`` writes it to a file.

    Attributes
    ----------
    graph : Graph
        The cards, edges and boxes of the picture.
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

    def __init__(
        self, graph: Graph, table: str, direction: str, theme: str, animate: bool = False
    ) -> None:
        self.graph = graph
        self._table = table  # a text: leaves may get new data later
        self._direction = direction
        self._theme = theme
        self._animate = animate

    def svg(self) -> str:
        """Return the picture as SVG text.

        The SVG needs no other file. It has a title, a description and a background.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(3.0, requires_grad=True, name="x")
        >>> drawing = ag.draw(x * x)
        >>> drawing.svg()[:4]
        '<svg'
        """
        return self._svg

    @cached_property
    def _svg(self) -> str:
        write = animated_svg if self._animate else write_svg
        return write(self.graph, self._direction, self._theme)

    def _convert(self, ending: str) -> bytes:
        """Return the complete picture as a PNG or PDF file."""
        return convert(write_svg(self.graph, self._direction, self._theme), ending)

    def graphviz(self) -> graphviz.Digraph:
        """Return the graph as a `graphviz.Digraph`, for use with Graphviz's own tools.

        Its methods ``.render()`` and ``.pipe()`` run the program ``dot``. The result looks
        different, because ``dot`` has its own layout.

        Returns
        -------
        graphviz.Digraph

        Raises
        ------
        RuntimeError
            If the package graphviz is not installed.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(3.0, requires_grad=True, name="x")
        >>> ag.draw(x * x).graphviz().name
        'tape'
        """
        return digraph(self.graph, palette_of(self._theme), self._direction)

    def tikz(self) -> str:
        r"""Return the picture as a ``tikzpicture`` for LaTeX, in the layout of the SVG.

        In Beamer, the picture is shown step by step: each slide computes a value, or propagates a
        gradient. In other documents, the whole picture is shown. The document must load the package
        tikz, and the TikZ libraries that a comment in the text names.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(3.0, requires_grad=True, name="x")
        >>> tikz = ag.draw(x * x).tikz()
        >>> tikz.splitlines()[-1]
        '\\end{tikzpicture}'
        """
        return write_tikz(self.graph, self._direction, self._theme)

    @property
    def source(self) -> str:
        """The graph in Graphviz's DOT language.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(3.0, requires_grad=True, name="x")
        >>> print(ag.draw(x * x).source.splitlines()[0])
        digraph tape {
        """
        return str(self.graphviz().source)

    def html(self) -> str:
        """Return a page with the picture.

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
            f"<style>body{{margin:1rem;background:{palette_of(self._theme).page}}}"
            f"{dark if self._theme == 'auto' else ''}</style>\n{self.svg()}</html>\n"
        )

    def __repr__(self) -> str:
        hint = 'a drawing: .show() opens it, .save("graph.svg") writes it to a file'
        return f"{self._table}\n({hint})" if self._table else f"<{hint}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Return the picture for a notebook, and the table for hosts that show text only."""
        return {
            "text/html": self._repr_html_(),
            "image/svg+xml": self.svg(),
            "text/plain": repr(self),
        }

    def _repr_html_(self) -> str:
        # Hosts that strip scripts and frames keep an image whose address holds the picture.
        data = base64.b64encode(self.svg().encode()).decode()
        spoken = escape(f"{self.graph.title}: {self.graph.description}")
        return f'<img alt="{spoken}" src="data:image/svg+xml;base64,{data}">'

    _file, _announcement = "graph.html", "The graph is drawn in"
    _writers: ClassVar = {
        ".svg": svg,
        ".html": html,
        ".png": lambda drawing: drawing._convert(".png"),
        ".pdf": lambda drawing: drawing._convert(".pdf"),
        ".tex": tikz,
        ".dot": lambda drawing: drawing.source,
        ".gv": lambda drawing: drawing.source,
    }


ENDINGS = tuple(Drawing._writers)
