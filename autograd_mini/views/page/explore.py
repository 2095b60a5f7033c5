"""``ag.explore``: one page that steps through forward and backward, operation by operation."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

from ...core.tensor import Tensor
from ..document import check_path, check_theme, show, write_atomically
from ..graph.draw import draw
from ..trace import Trace
from . import bundle as assets
from .data import checked, embedded, tape_data

ENDINGS = (".html", ".htm")
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
    check_theme("explore", theme)
    if (result is None) == (frames is None):
        raise TypeError("explore takes one result, explore(loss), or frames=, and not both")
    from .compare import compared
    from .recorder import film_of

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
    from .knobs import knobs_of

    trace = Trace.of(result, names)
    name = trace.called[result.order]
    data = tape_data([trace], [name]) | {"title": title or f"Backpropagation of {name}"}
    knobs_of(data, trace)
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
        path = check_path(path, ENDINGS)
        write_atomically(path, self.html().encode())
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
        show(self, "backprop.html", "The page is")

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
