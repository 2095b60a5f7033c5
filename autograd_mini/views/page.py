"""``ag.explore``: one page that steps through forward and backward, operation by operation."""

from __future__ import annotations

import base64
import json
import os
import zlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from ..tensor import Tensor, describe
from . import assets
from .drawing import draw, open_page, writable, write_whole
from .levels import levels
from .pool import EXAMPLES, Pool, batch_of, minus
from .steps import Teller
from .trace import Trace
from .writing import number, one_line, shortened

ENDINGS = (".html", ".htm")
LARGEST = 2_000_000  # bytes of a page
_PACKED = 150_000  # bytes of data, from which on they are compressed
_SHELL = 95_000  # bytes of a page without its data, and some to spare
#: where a page would be too large: entries of which more are not shown, and if others are described
_LESS = ((16, True), (4, True), (1, True), (1, False))
_MOST = 30_000  # operations
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "font-src data:; img-src data:"
)


def explore(
    result: Tensor | None = None,
    *,
    names: Mapping[str, Any] | None = None,
    compare: bool | Tensor = False,
    frames: Any = None,
    title: str | None = None,
    theme: str = "auto",
) -> Exploration:
    """The page that steps through the computation of `result`, forward and then backward.

    Each step says what happens, with its formula and its numbers; derivatives are seen to be passed
    on and to add up. Needs no ``backward()`` before, and touches no ``.grad``.

    Parameters
    ----------
    result : Tensor
        Of one entry.
    names : mapping, optional
        Variables, as ``locals()`` gives them: what to call arrays, and tensors that have no name.
    compare : bool or Tensor
        Show the same function beside it: with True the graph that fused nodes replace; or another
        computation of it, a Tensor.
    frames : Recorder or sequence of Tensor, optional
        Instead of `result`, the same computation with other numbers, as over the steps of a
        training run: see `Recorder`.
    title : str, optional
        What stands at the top of the page.
    theme : {"auto", "light", "dark"}
        With "auto" the page follows the reader's system.

    Returns
    -------
    Exploration

    Raises
    ------
    TypeError
        For what is not a Tensor.
    RuntimeError, ValueError
        For a result that was not recorded, or has several entries; for another theme; with
        ``compare=True``, when no node is fused; for frames that are not the same computation.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> x = ag.tensor(3.0, requires_grad=True, name="x")
    >>> page = ag.explore(x * x + 1.0)
    >>> page
    <a page of 5 steps: .show() opens it, .save("backprop.html") writes it to a file>
    """
    if theme not in ("auto", "light", "dark"):
        raise ValueError(f"explore: theme is 'auto', 'light' or 'dark', not {theme!r}")
    if (result is None) == (frames is None):
        raise TypeError("explore takes one result, explore(loss), or frames=, and not both")
    from .comparing import compared
    from .film import film_of

    if frames is not None:
        if compare is not False:
            raise ValueError("explore: frames= and compare= do not go together")
        return Exploration(film_of(frames, dict(names or {}), title), theme, None)
    assert result is not None
    checked(result)
    if compare is not False:
        return Exploration(compared(result, compare, dict(names or {}), title), theme, result)
    return Exploration(_alone(result, dict(names or {}), title), theme, result)


def _alone(result: Tensor, names: Mapping[str, Any], title: str | None) -> dict[str, Any]:
    """The data of a page with one tape."""
    from .comparing import knobs_of

    trace = Trace.of(result, names)
    name = trace.called[result.order]
    data = tape_data([trace], [name]) | {"title": title or f"Backpropagation of {name}"}
    knobs_of(data, trace)
    return data


def checked(result: Any) -> Tensor:
    """The result, if a page can be made of it."""
    if not isinstance(result, Tensor):
        raise TypeError(f"explore takes a tensor, not {shortened(one_line(repr(result)), 60)}")
    if result.op is None:
        raise RuntimeError(
            f"nothing was recorded for {describe(result)}: no operation made it from a tensor "
            "with requires_grad=True, or it was computed under no_grad(). Explore a result."
        )
    operations = sum(t.op is not None for t in result.tape())
    if operations > _MOST:
        raise _too_long(operations)
    return result


def tape_data(traces: Sequence[Trace], titles: Sequence[str]) -> dict[str, Any]:
    """What the page needs to show these tapes."""
    batch = batch_of(traces)
    pools = [Pool(batch) for _ in traces]
    tapes = [_told(*each) for each in zip(traces, pools, titles)]
    data = _data(tapes, pools, batch)
    for most, notes in _LESS:
        if len(embedded(data).encode()) < LARGEST - _SHELL:
            return data
        for pool in pools:
            pool.shorten(most, notes)
    if len(embedded(data).encode()) >= LARGEST - _SHELL:
        raise _too_long(sum(t.op is not None for t in traces[0].tape))
    return data


def _told(trace: Trace, pool: Pool, name: str) -> dict[str, Any]:
    """One tape; its numbers go into the pool."""
    teller = Teller(trace, pool)
    nodes, steps = teller.nodes(), teller.steps()
    placed, first = levels(trace, nodes, pool)
    return {
        "name": name,
        "symbol": trace.called[trace.result.order],
        "value": minus(number(np.ravel(trace.result.data)[0])),
        "operations": f"{sum(t.op is not None for t in trace.tape):,}",
        "nodes": nodes,
        "steps": steps,
        "levels": placed,
        "first": first,
    }


def _too_long(operations: int) -> ValueError:
    return ValueError(
        f"explore: {operations:,} operations are more than a page has room for. Draw them folded, "
        "ag.draw(result); print them, print(result.tape()); or explore a part of them, from where "
        "it begins: x.detach().requires_grad_()."
    )


def _data(tapes: list[dict[str, Any]], pools: Sequence[Pool], batch: int) -> dict[str, Any]:
    """All that the page shows, of which this is the first tape."""
    symbol, value, count = (tapes[0][key] for key in ("symbol", "value", "operations"))
    data: dict[str, Any] = {
        "title": "",
        "subtitle": f"{symbol} = {value} · {count} operation{'s' * (count != '1')}",
        "tapes": tapes,
        "tabs": [{"name": tape["name"], "tapes": [i]} for i, tape in enumerate(tapes)],
        "pools": [[pool.items for pool in pools]],
        "knobs": [],
    }
    if batch:
        data["batch"] = min(batch, EXAMPLES)
    return data


class Exploration:
    """The page, which a notebook shows and ``save`` writes to a file.

    Attributes
    ----------
    data : dict
        All that the page shows, as it is written into it: names, formulas, and numbers as texts.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> x = ag.tensor(3.0, requires_grad=True, name="x")
    >>> page = ag.explore(x * x)
    >>> page.data["title"]
    'Backpropagation of v1'
    """

    def __init__(self, data: dict[str, Any], theme: str, result: Tensor | None) -> None:
        self.data = {**data, "theme": theme}
        self._theme = theme
        self._picture = None if result is None else draw(result)  # as it is now

    def html(self) -> str:
        """The page as text: one file, which asks for nothing from anywhere.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(3.0, requires_grad=True, name="x")
        >>> page = ag.explore(x * x)
        >>> page.html().startswith("<!doctype html>")
        True
        """
        return self._html

    @cached_property
    def _html(self) -> str:
        theme = "" if self._theme == "auto" else f' data-theme="{self._theme}"'
        title, subtitle = (escape(str(self.data[key])) for key in ("title", "subtitle"))
        body = assets.body().replace("{title}", title).replace("{subtitle}", subtitle)
        return (
            f'<!doctype html>\n<html lang="en"{theme}>\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
            f'<link rel="icon" href="data:,">\n<title>{title}</title>\n'
            f"<style>\n{assets.font()}</style>\n<style>\n{assets.style()}</style>\n"
            f"</head>\n<body>\n{body}{embedded(self.data)}\n"
            f'<script type="module">\n{assets.script()}</script>\n</body>\n</html>\n'
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page to a file: all of it, or nothing.

        Parameters
        ----------
        path : path-like
            Ending in .html.

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

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(3.0, requires_grad=True, name="x")
        >>> page = ag.explore(x * x)
        >>> path = page.save("backprop.html")
        >>> path.name, path.unlink()
        ('backprop.html', None)
        """
        path = writable(path, ENDINGS)
        write_whole(path, self.html().encode())
        return path

    def show(self) -> None:
        """Show the page: in a notebook below the cell, else in a browser.

        Where there is neither, print where the page is.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(3.0, requires_grad=True, name="x")
        >>> page = ag.explore(x * x)
        >>> page.show()  # doctest: +SKIP
        """
        open_page(self, "backprop.html", "The page is")

    def __repr__(self) -> str:
        steps = len(self.data["tapes"][0]["steps"])
        return (
            f"<a page of {steps} steps: .show() opens it, "
            '.save("backprop.html") writes it to a file>'
        )

    def _repr_html_(self) -> str:
        """In a frame of its own; and the picture, for hosts that strip frames."""
        page = escape(self.html(), quote=True)
        frame = (
            f'<iframe sandbox="allow-scripts" srcdoc="{page}" title="{escape(self.data["title"])}" '
            'style="width:100%;height:900px;border:0"></iframe>'
        )
        if self._picture is None:
            return frame
        still = self._picture._repr_html_()
        return f"{frame}<details><summary>The graph as a picture</summary>{still}</details>"


def embedded(data: Mapping[str, Any]) -> str:
    """The data in a script element: as JSON; compressed, where there are many.

    ``<`` is written as an escape, so that no name can end the element.
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text = text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    text = text.encode("utf-8", "replace").decode()  # half a surrogate pair is no character
    if len(text) < _PACKED:
        return f'<script type="application/json" id="data">{text}</script>'
    packed = base64.b64encode(zlib.compress(text.encode(), 6)).decode()
    return f'<script type="text/plain" id="packed">{packed}</script>'
