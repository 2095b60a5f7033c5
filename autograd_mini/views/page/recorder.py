"""Record the steps of a training run, for one page with a slider."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...core.messages import shown
from ...core.tensor import Tensor
from ...text.format import made_by
from ..trace import Trace
from .arrays import Pool, batch_of
from .data import Data, arrays_of, changes, fits, require_result, tape_data
from .still import Still

_MOST = 60  # frames


class Recorder:
    """Record a computation at each step of a loop, for ``ag.explore(frames=recorder)``.

    `add` copies the numbers, so the weights may change afterwards.

    Parameters
    ----------
    names : mapping, optional
        A dict of names and values, such as ``locals()``. Arrays, and tensors without their own
        name, get their names from it.

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
    <a page of 6 steps: .show() opens it, .save("backprop.html") writes it to a file>
    """

    def __init__(self, names: Mapping[str, Any] | None = None) -> None:
        self.names = dict(names or {})
        self.data: Data = {}
        self.still: Still | None = None  # of the first frame
        self._structure: list[Any] = []
        self._labels: list[str] = []

    def __len__(self) -> int:
        return len(self._labels)

    def add(self, result: Tensor, label: str | None = None) -> None:
        """Add a frame with the current numbers of a computation.

        Parameters
        ----------
        result : Tensor
            A result with one entry. All frames must show the same computation.
        label : str, optional
            The label of the frame next to the slider. The default is the number of the frame.

        Raises
        ------
        ValueError
            If the computation differs from the first frame's, or if there are too many frames.

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
        if not self._labels:
            name = trace.names[result.order]
            self.data = tape_data([trace], [name])
            self.data["title"] = f"Training: {name}"
            self.still = Still.of(trace, self.names)
            self._structure = structure
        elif structure != self._structure:
            raise ValueError(
                f"frame {len(self) + 1} has a different graph than frame 1 ({len(structure)} and "
                f"{len(self._structure)} tensors). All frames must compute the same loss with the "
                "same shapes."
            )
        elif len(self) == _MOST:
            raise ValueError(f"a recording has at most {_MOST} frames: record fewer steps.")
        else:
            pool = Pool(batch_of([trace]))
            self.data["pools"].append([changes(arrays_of(trace, pool), self.data["pools"][0][0])])
        self._labels.append(str(len(self) + 1) if label is None else shown(label))
        self.data["sliders"] = [_slider(list(self._labels))]


def _slider(ticks: list[str]) -> Data:
    variants = list(range(len(ticks)))
    return {"kind": "recording", "label": "training step", "ticks": ticks, "variants": variants,
            "start": 0}  # fmt: skip


def _structure(trace: Trace) -> list[Any]:
    """Return the operations of a tape without their numbers."""
    index = {t.order: i for i, t in enumerate(trace.tape)}
    inputs = [[index[a.order] for a in t.inputs if isinstance(a, Tensor)] for t in trace.tape]
    return [(made_by(t), repr(t.kwargs), t.shape, i) for t, i in zip(trace.tape, inputs)]


def recording_data(recorder: Recorder, title: str | None) -> Data:
    """Return the data of a page with frames. If it is too large, leave out every other frame."""
    data = {**recorder.data, "title": title or recorder.data["title"]}
    while len(data["pools"]) > 2 and not fits(data):
        pools, ticks = data["pools"][::2], data["sliders"][0]["ticks"][::2]
        data |= {"pools": pools, "sliders": [_slider(ticks)]}
    return data


def as_recorder(frames: Any, names: Mapping[str, Any]) -> Recorder:
    """Return a recorder with these frames."""
    if isinstance(frames, Recorder):
        recorder = frames
    elif isinstance(frames, Iterable):
        recorder = Recorder(names)
        for result in frames:
            recorder.add(result)
    else:
        raise TypeError("explore: frames= must be a Recorder or a sequence of Tensors.")
    if recorder.still is None:
        raise ValueError("explore: frames= is empty. Call recorder.add(loss) in the loop first.")
    return recorder
