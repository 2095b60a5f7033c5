"""Record the steps of a training run, for one page with a slider."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from ...core.arrays import Array
from ...core.messages import shown
from ...core.tape import Tape
from ...core.tensor import Tensor
from ...text.format import as_names, made_by
from ..trace import Trace
from .arrays import Pool
from .data import Data, arrays_of, changes, data_script, fits, fitted, require_result, tape_data
from .sentences import sentences
from .still import Still
from .train import gradient_of, parameters, recorded_picture, update_rule

_MOST = 60  # frames


class _Frame(NamedTuple):
    """What one training step adds to the page, besides its numbers."""

    label: str
    loss: float
    weights: Array  #: the entries of all parameters
    gradients: Array


class Recorder:
    """Store a computation at each step of a loop, to show it with ``ag.explore(frames=recorder)``.

    `add` copies the numbers, so you may change the parameters afterwards.

    Parameters
    ----------
    names : mapping, optional
        A dict of names and values, such as ``locals()``. It gives names to arrays, and to tensors
        that have no name.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> w = ag.tensor(4.0, requires_grad=True, name="w")
    >>> recorder = ag.Recorder()
    >>> for step in range(3):
    ...     loss = (w - 1.0) ** 2
    ...     recorder.add(loss)
    ...     w.grad = None
    ...     loss.backward()
    ...     w.data -= 0.25 * w.grad
    >>> len(recorder)
    3
    >>> ag.explore(frames=recorder)
    <a page of 7 steps: .show() opens it, .save("backprop.html") writes it to a file>
    """

    def __init__(self, names: Mapping[str, Any] | None = None) -> None:
        self.names = as_names(names)
        self.data: Data = {}
        self.still: Still | None = None  # of the first frame
        self._structure: list[Any] = []
        self._picture: Data | None = None  # what the run learns
        self._frames: list[_Frame] = []

    def __len__(self) -> int:
        return len(self._frames)

    def add(self, result: Tensor, label: str | None = None) -> None:
        """Add a frame: the current numbers of a computation. The page has a slider for the frames.

        Parameters
        ----------
        result : Tensor
            A result with one entry. All frames must have the same operations and shapes.
        label : str, optional
            The text next to the slider for this frame. The default is the number of the frame,
            counted from 0.

        Raises
        ------
        ValueError
            If the operations or shapes differ from those of the first frame. If there are already
            60 frames.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> recorder = ag.Recorder()
        >>> for w in (4.0, 2.0, 1.0):
        ...     recorder.add(ag.tensor(w, requires_grad=True) ** 2, label=f"w = {w}")
        >>> len(recorder)
        3
        """
        trace = Trace.of(require_result(result), self.names)
        structure = _structure(trace)
        trained = _trained(trace.tape)
        if not self._frames:
            name = trace.names[result.order]
            pools = [Pool()]
            self.data, _ = fitted(tape_data([trace], [name], pools, trained), pools)
            self.data["title"] = f"Training: {name}"
            self.still = Still.of(trace, self.names)
            self._structure = structure
            if drawn := recorded_picture(trace.tape, trained):
                self._picture, program = drawn
                self.data["programs"] = [program]
        elif structure != self._structure:
            raise ValueError(
                f"frame {len(self)} has a different graph from frame 0. All frames must compute "
                "the same loss from tensors of the same shapes."
            )
        elif len(self) == _MOST:
            raise ValueError(f"a recording can have {_MOST} frames at most. Record fewer steps.")
        else:
            self.data["pools"].append(
                [changes(arrays_of(trace, trained), self.data["pools"][0][0])]
            )
        name = str(len(self)) if label is None else shown(label)
        arrays = [t.data for t in trained], [gradient_of(trace, t) for t in trained]
        self._frames.append(_Frame(name, result.item(), *map(_flat, arrays)))


def _trained(tape: Tape) -> list[Tensor]:
    """Return the parameters of `nn` layers, or else all leaves that require a gradient."""
    leaves = [t for t in tape if t.op is None and t.requires_grad]
    return parameters(tape, train=True) or leaves


def _flat(arrays: list[Array]) -> Array:
    """Return a copy of all entries."""
    return np.concatenate([np.ravel(a) for a in arrays] or [np.zeros(0)])


def _structure(trace: Trace) -> list[Any]:
    """Return the operations of a tape without their numbers."""
    index = {t.order: i for i, t in enumerate(trace.tape)}
    inputs = [[index[a.order] for a in t.inputs if isinstance(a, Tensor)] for t in trace.tape]
    return [(made_by(t), repr(t.kwargs), t.shape, i) for t, i in zip(trace.tape, inputs)]


def recording_data(recorder: Recorder, title: str | None) -> Data:
    """Return the data of a page with frames. If it is too large, leave out every other frame."""
    data = {**recorder.data, "title": title or recorder.data["title"]}
    film = recorder._frames
    learned = recorder._picture
    data |= _film(film, learned)
    while len(film) > 2 and not fits(data, data_script(data)):
        film = film[::2]
        data |= {"pools": data["pools"][::2], **_film(film, learned)}
    (tape,) = data["tapes"]
    *steps, update, end = tape["steps"]
    if rate := data["training"].get("rate"):
        data["training"]["rule"] = f"{update_rule(data)},   η = {rate:g}"
    elif update["phase"] == "update":
        update = {**update, "say": sentences.OTHER_UPDATE, "why": "", "tex": ""}
        data["tapes"] = [{**tape, "steps": [*steps, update, end]}]
    return data


def _film(frames: Sequence[_Frame], learned: Data | None) -> Data:
    """Return the slider of the frames, their losses, and what they have learned."""
    ticks = [frame.label for frame in frames]
    slider = {"kind": "recording", "label": "training step", "ticks": ticks,
              "variants": list(range(len(ticks))), "start": 0}  # fmt: skip
    losses = [frame.loss if math.isfinite(frame.loss) else None for frame in frames]
    training: Data = {"parameters": [], "losses": losses}
    if rate := _common_rate(frames):
        training["rate"] = rate
    if learned:
        weights = [[float(f"{w:.6g}") for w in frame.weights] for frame in frames]
        training |= {"picture": learned, "weights": weights}
    return {"sliders": [slider], "training": training}


def _common_rate(frames: Sequence[_Frame]) -> float | None:
    """Return the η for which each frame follows by w ← w - η ∂L/∂w, or None if there is none."""
    if len(frames) < 2:
        return None
    moves = np.concatenate([b.weights - a.weights for a, b in pairwise(frames)])
    gradients = np.concatenate([frame.gradients for frame in frames[:-1]])
    with np.errstate(all="ignore"):
        rate = -(moves @ gradients) / (gradients @ gradients)
    is_common = np.allclose(moves, -rate * gradients, rtol=1e-4, atol=1e-9)
    return float(f"{rate:.4g}") if is_common and rate > 0 else None


def as_recorder(frames: Any, names: Mapping[str, Any]) -> Recorder:
    """Return a recorder with these frames."""
    if isinstance(frames, Recorder):
        recorder = frames
    elif isinstance(frames, Iterable):
        recorder = Recorder(names)
        for result in frames:
            recorder.add(result)
    else:
        raise TypeError("explore: frames= must be a Recorder or a list of Tensors.")
    if recorder.still is None:
        raise ValueError("explore: frames= is empty. Call recorder.add(loss) in the loop first.")
    return recorder
