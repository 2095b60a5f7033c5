"""``ag.explore``: a page that steps through both passes, operation by operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from html import escape
from typing import Any, ClassVar

from ...core.answers import explains_keywords
from ...core.messages import shown
from ...core.tensor import Tensor
from ...text.format import as_names
from ..document import Document, check_theme
from ..trace import Trace
from . import bundle
from .arrays import Pool
from .compare import comparison
from .data import LARGEST, Data, data_script, fitted, require_result, tape_data
from .live import LiveTape, add_live, name_constants
from .recorder import as_recorder, recording_data
from .still import Still
from .train import add_training, parameters


@explains_keywords
def explore(
    result: Tensor | None = None,
    *,
    names: Mapping[str, Any] | None = None,
    compare: bool | Tensor = False,
    frames: Any = None,
    train: bool | Sequence[Tensor] = True,
    title: str | None = None,
    theme: str = "auto",
) -> Exploration:
    """Return a web page that steps through the computation of `result`, forward and then backward.

    Each step shows its formula and its numbers. You do not need to call ``backward()`` first, and
    no ``.grad`` changes.

    Parameters
    ----------
    result : Tensor
        A result with one entry.
    names : mapping, optional
        A dict of names and values, such as ``locals()``. It gives names to arrays, and to tensors
        that have no name.
    compare : bool or Tensor
        A second computation to show next to the first. Pass its result, or True. A fused node, such
        as `softmax`, is one operation that replaces several simpler operations. With True, the
        second computation consists of these simpler operations.
    frames : Recorder or sequence of Tensor, optional
        The results of the same computation with different numbers, such as the losses of a training
        run. Pass them instead of `result`. See `Recorder`.
    train : bool or sequence of Tensor
        The parameters that the page can train by gradient descent. With True, the page trains the
        parameters of the `nn` modules that computed `result`. Without parameters, the page has no
        *Train* panel.
    title : str, optional
        The title of the page.
    theme : {"auto", "light", "dark"}
        With "auto", the page is dark on a computer in dark mode, and light otherwise.

    Returns
    -------
    Exploration
        A notebook shows it. ``.show()`` opens it, and ``.save("page.html")`` writes it to a file.

    Raises
    ------
    TypeError
        If `result` or one of the parameters in `train` is not a Tensor.
    RuntimeError, ValueError
        If no operation computed the result, or if it has several entries. If the theme is unknown.
        If ``compare=True`` and no node is fused. If the frames have different operations. If a
        tensor in `train` is not an input of the computation, or does not require a gradient. If
        `train` is used together with `frames` or `compare`.

    References
    ----------
    Goodfellow, Bengio, Courville: Deep Learning, 2016, section 4.3.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> x = ag.tensor(3.0, requires_grad=True, name="x")
    >>> page = ag.explore(x * x + 1.0)
    >>> page
    <a page of 6 steps: .show() opens it, .save("backprop.html") writes it to a file>
    """
    check_theme("explore", theme)
    if (result is None) == (frames is None):
        raise TypeError(
            "explore: pass a result, as in explore(loss), or frames=recorder, but not both."
        )
    names = as_names(names)
    if (frames is not None or compare is not False) and not isinstance(train, bool) and len(train):
        other = "compare" if frames is None else "frames"
        raise ValueError(f"explore: train= and {other}= cannot be combined. Pass one of them.")
    if frames is not None:
        if compare is not False:
            raise ValueError("explore: frames= and compare= cannot be combined. Pass one of them.")
        recorder = as_recorder(frames, names)
        assert recorder.still is not None  # an empty recorder is refused
        return Exploration(recording_data(recorder, title), theme, recorder.still)
    result = require_result(result)
    if compare is not False:
        data = comparison(result, compare, names, title)
        names = {data["tapes"][-1]["symbol"]: result, **names}  # as on the page
        return Exploration(data, theme, Still.of(Trace.of(result, names), names, theme))
    trace = name_constants(Trace.of(result, names))
    name = trace.names[result.order]
    trained = parameters(trace.tape, train)
    pools = [Pool()]
    data = tape_data([trace], [name], pools, trained)
    title = title or f"{'Training:' if trained else 'Backpropagation of'} {name}"
    data |= {"title": shown(title), "theme": theme}
    lives = add_live(data, [partial(LiveTape, trace)], pools)
    data, script = fitted(data, pools)
    if trained:
        add_training(data, trace, trained, lives)
        script = data_script(data)
    return Exploration(data, theme, Still.of(trace, names, theme), script)


class Exploration(Document):
    """A page that a notebook displays and `save` writes to a file.

    Attributes
    ----------
    data : dict
        The content of the page: names, formulas and numbers. It also contains JavaScript programs
        that compute all numbers again if you change an input.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> x = ag.tensor(3.0, requires_grad=True, name="x")
    >>> page = ag.explore(x * x)
    >>> page.data["title"]
    'Backpropagation of v1'
    """

    def __init__(self, data: Data, theme: str, still: Still, script: str = "") -> None:
        self.data = {**data, "title": shown(data["title"]), "theme": theme}
        self._theme = theme
        self._still = still
        self._script = script or data_script(self.data)  # the element that holds the data

    def html(self) -> str:
        """Return the page as HTML text. It works offline.

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
        still = self._still.html()
        programs = self.data.get("programs", ())
        size = len(self._script) + len(still) + sum(map(len, programs))
        if size > LARGEST:
            still = "<p>This page needs JavaScript. It is too large for a picture.</p>"
        return bundle.document(self.data, self._script, still)

    def __repr__(self) -> str:
        steps = f"a page of {len(self.data['tapes'][0]['steps']) - 1} steps"
        return f'<{steps}: .show() opens it, .save("backprop.html") writes it to a file>'

    def _repr_html_(self) -> str:
        """Return the page in a sandboxed frame, and a picture for hosts that remove frames."""
        page = escape(self.html(), quote=True)
        frame = (
            f'<iframe sandbox="allow-scripts allow-downloads" srcdoc="{page}" '
            f'title="{escape(self.data["title"])}" '
            'style="width:100%;height:900px;border:0"></iframe>'
        )
        still = self._still.drawing._repr_html_()
        return f"{frame}<details><summary>The graph as a picture</summary>{still}</details>"

    _file, _announcement = "backprop.html", "The page is in"
    _writers: ClassVar = {".html": html, ".htm": html}


ENDINGS = tuple(Exploration._writers)
