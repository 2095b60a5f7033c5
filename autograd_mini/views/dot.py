"""The graph of a computation, drawn by Graphviz: a card for each operation and its output.

Values run forward along solid blue edges, derivatives backward along dashed orange ones. DOT text
is always to be had; pictures where the `dot` program is installed.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..tensor import Tensor, describe
from .card import BACKWARD, FORWARD, Array, Column, card, font
from .writing import labels, one_line, shortened

Adjoints = Mapping[Tensor, Array]

_TEXT, _PICTURES = (".dot", ".gv"), (".svg", ".png", ".pdf")
ENDINGS = _PICTURES + _TEXT

_FONT = 'fontname="Helvetica,Arial,sans-serif", fontsize=11'
_HEAD = f"""
  graph [rankdir=LR, bgcolor=white, nodesep=0.7, ranksep=0.75, pad=0.25, labelloc=b, {_FONT}]
  node [shape=plain, {_FONT}]
  edge [penwidth=1.5, arrowsize=0.7, color="{FORWARD}"]"""
_LEGEND = "<BR/> <BR/>" + "&#160;&#160;&#160;".join(
    (font("———▸ value", FORWARD, 10), font("◂– – derivative", BACKWARD, 10))
)


def draw(*results: Tensor, values: bool = True, gradients: bool = True) -> Drawing:
    """The graph behind one or several results.

    Parameters
    ----------
    *results : Tensor
        What was computed; several are drawn in one graph.
    values, gradients : bool
        Whether the cards show what was computed, and the derivative of the result by it.
        Derivatives are shown for a single result of a single entry; they touch no ``.grad``.

    Returns
    -------
    Drawing

    Raises
    ------
    TypeError
        For what is not a Tensor.
    ValueError
        When there is nothing to draw: no result, or one that no operation made.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> from autograd_mini.views.dot import draw
    >>> x = ag.tensor(2.0, requires_grad=True, name="x")
    >>> drawing = draw(x * x)
    >>> drawing
    <Drawing of 2 cards: .save("graph.svg") writes it to a file>
    >>> print(drawing.source.splitlines()[0])
    digraph tape {
    """
    if not results:
        raise ValueError("draw: there is no result to draw. Pass one: draw(loss)")
    for result in results:
        _check(result)
    found = {t.order: t for result in results for t in result.tape()}
    tensors = [found[order] for order in sorted(found)]
    single = len(results) == 1 and results[0].size == 1
    adjoints = results[0].tape().adjoints() if gradients and single else {}
    called = labels(tensors)
    node = {t.order: f"n{i}" for i, t in enumerate(tensors)}
    lines = [f"digraph tape {{{_HEAD}", f"label=<{_LEGEND}>" if adjoints else ""]
    for t in tensors:
        columns: list[Column] = [("value", FORWARD, t.data)] if values else []
        if t in adjoints:
            head = f"∂{called[results[0].order]}/∂{called[t.order]}"
            columns.append((head, BACKWARD, adjoints[t]))
        lines.append(f"{node[t.order]} [label=<{card(t, called, columns)}>]")
    for t in tensors:
        lines += _edges(t, node, adjoints)
    return Drawing("\n  ".join(filter(None, lines)) + "\n}\n", len(tensors))


def _check(result: Any) -> None:
    if not isinstance(result, Tensor):
        raise TypeError(f"draw takes tensors, not {shortened(one_line(repr(result)), 60)}")
    if result.op is None:
        raise ValueError(
            f"nothing was recorded for {describe(result)}: no operation made it from a tensor "
            "with requires_grad=True, or it was computed under no_grad(). Draw a result."
        )


class Drawing:
    """A drawn graph: DOT text, which ``save`` writes as it is or as a picture.

    Attributes
    ----------
    source : str
        The graph in Graphviz's DOT language.
    """

    def __init__(self, source: str, cards: int) -> None:
        self.source = source
        self._cards = cards

    def __repr__(self) -> str:
        return f'<Drawing of {self._cards} cards: .save("graph.svg") writes it to a file>'

    def _repr_svg_(self) -> str | None:
        """What a notebook shows; without Graphviz it falls back to the repr."""
        try:
            return _rendered(self.source, "svg").decode()
        except RuntimeError:
            return None

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the drawing to a file: all of it, or nothing.

        Parameters
        ----------
        path : path-like
            Ending in .dot or .gv for the text; in .svg, .png or .pdf for a picture.

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
            For a picture when Graphviz is not installed.
        """
        path = Path(path)
        ending = path.suffix.lower()
        if ending not in ENDINGS:
            raise ValueError(f"cannot write {str(path)!r}: it must end in {', '.join(ENDINGS)}")
        if not path.parent.is_dir():
            raise FileNotFoundError(f"cannot write {str(path)!r}: no folder {str(path.parent)!r}")
        content = self.source.encode() if ending in _TEXT else _rendered(self.source, ending[1:])
        _write(path, content)
        return path


def _rendered(source: str, ending: str) -> bytes:
    """The picture that Graphviz makes of DOT text."""
    import graphviz

    try:
        picture: bytes = graphviz.pipe("dot", ending, source.encode(), quiet=True)
    except graphviz.ExecutableNotFound:
        raise RuntimeError(
            f"a .{ending} is drawn by Graphviz's program dot, which is not installed: "
            "apt install graphviz (macOS: brew install graphviz), or save as .dot"
        ) from None
    except graphviz.CalledProcessError as error:
        said = one_line((error.stderr or b"").decode(errors="replace").strip())
        raise RuntimeError(f"Graphviz could not draw the .{ending}: {said}") from error
    return picture


def _write(path: Path, content: bytes) -> None:
    """Write beside the file and then rename, so that nobody ever sees half a file."""
    part = path.with_name(f".{secrets.token_hex(4)}.part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    except OSError as error:  # of the file that was asked for, not of the part
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def _edges(t: Tensor, node: Mapping[int, str], adjoints: Adjoints) -> Iterator[str]:
    """An edge for each use of a tensor, and beside it one for the contribution that comes back."""
    for a in t.inputs:
        if isinstance(a, Tensor):
            ends = f"{node[a.order]} -> {node[t.order]}"
            yield ends
            if t in adjoints and a in adjoints:
                yield f'{ends} [dir=back, style=dashed, color="{BACKWARD}"]'
