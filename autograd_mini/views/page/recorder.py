"""Record the same computation over the steps of a training run, as one page with a slider."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...core.tensor import Tensor
from ...text.format import made_by
from ..trace import Trace
from .arrays import Pool, batch_of
from .data import Data, arrays_of, changes, fits, require_result, tape_data

_MOST = 60  # frames, each a position of the slider


class Recorder:
    """Record a computation at each step of a loop, for ``ag.explore(frames=recorder)``.

    `add` copies the numbers, so the weights may change afterwards.

    Parameters
    ----------
    names : mapping, optional
        Variables, as ``locals()`` gives them: they name arrays, and tensors without a name.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> w = ag.tensor(4.0, requires_grad=True, name="w")
    >>> film = ag.Recorder()
    >>> for step in range(3):
    ...     loss = (w - 1.0) ** 2
    ...     film.add(loss)
    ...     w.grad = None
    ...     loss.backward()
    ...     w.data -= 0.25 * w.grad
    >>> len(film)
    3
    >>> ag.explore(frames=film)
    <a page of 5 steps: .show() opens it, .save("backprop.html") writes it to a file>
    """

    def __init__(self, names: Mapping[str, Any] | None = None) -> None:
        self.names = dict(names or {})
        self.data: Data = {}
        self._structure: list[Any] = []
        self._labels: list[str] = []

    def __len__(self) -> int:
        return len(self._labels)

    def add(self, result: Tensor, label: str | None = None) -> None:
        """Add a frame: the numbers of a computation as they are now.

        Parameters
        ----------
        result : Tensor
            A result with one entry, of the same computation as in the frames before.
        label : str, optional
            The label of the frame next to the slider; its number if not given.

        Raises
        ------
        ValueError
            If the computation is not the one of the first frame, or there are too many frames.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> film = ag.Recorder()
        >>> for w in (4.0, 2.0, 1.0):
        ...     film.add(ag.tensor(w, requires_grad=True) ** 2, label=f"w = {w}")
        >>> len(film)
        3
        """
        trace = Trace.of(require_result(result), self.names)
        structure = _structure(trace)
        if not self._labels:
            name = trace.called[result.order]
            self.data = tape_data([trace], [name])
            self.data["title"] = f"Training: {name}"
            self._structure = structure
        elif structure != self._structure:
            raise ValueError(
                f"frame {len(self) + 1} of a film is another computation than the first: "
                f"{len(structure)} tensors, not {len(self._structure)}, or of other shapes. "
                "Record the same loss on batches of one size."
            )
        elif len(self) == _MOST:
            raise ValueError(f"a film has at most {_MOST} frames: record every tenth step, say")
        else:
            pool = Pool(batch_of([trace]))
            self.data["pools"].append([changes(arrays_of(trace, pool), self.data["pools"][0][0])])
        self._labels.append(str(len(self) + 1) if label is None else str(label))
        self.data["sliders"] = [
            {
                "kind": "film",
                "label": "training step",
                "ticks": list(self._labels),
                "variants": list(range(len(self))),
                "start": 0,
            }
        ]


def _structure(trace: Trace) -> list[Any]:
    """Return the operations of a tape without their numbers: equal for equal computations."""
    place = {t.order: i for i, t in enumerate(trace.tape)}
    return [
        (
            made_by(t),
            repr(t.kwargs),
            t.shape,
            [place[a.order] for a in t.inputs if isinstance(a, Tensor)],
        )
        for t in trace.tape
    ]


def recording_data(frames: Any, names: Mapping[str, Any], title: str | None) -> Data:
    """Return the data of a page with several frames, from a recorder or from results.

    If the page would be too large, every other frame is left out.
    """
    recorder = frames if isinstance(frames, Recorder) else _record(frames, names)
    if not len(recorder):
        raise ValueError("explore: frames= is empty. Call recorder.add(loss) in the loop first.")
    data = {**recorder.data, "title": title or recorder.data["title"]}
    while len(data["pools"]) > 2 and not fits(data):
        data = _every_other_frame(data)
    return data


def _record(results: Any, names: Mapping[str, Any]) -> Recorder:
    """Return a recorder with these results as frames."""
    if not isinstance(results, Iterable):
        raise TypeError("explore: frames= takes a Recorder or a sequence of tensors")
    recorder = Recorder(names)
    for result in results:
        recorder.add(result)
    return recorder


def _every_other_frame(data: Data) -> Data:
    (slider,) = data["sliders"]
    pools = data["pools"][::2]
    shorter = {**slider, "ticks": slider["ticks"][::2], "variants": list(range(len(pools)))}
    return {**data, "pools": pools, "sliders": [shorter]}
