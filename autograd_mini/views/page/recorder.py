"""Films: the same computation over the steps of a training run, as one page with a slider."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...core.tensor import Tensor
from ...text.format import made_by
from ..trace import Trace
from .arrays import Pool, batch_of
from .data import LARGEST, changed, checked, embedded, pool_of, tape_data

_MOST = 60  # frames: each is one position of the slider


class Recorder:
    """Takes down a computation at each step of a loop, for ``ag.explore(frames=recorder)``.

    Numbers are taken down when `add` is called, so that weights may change afterwards.

    Parameters
    ----------
    names : mapping, optional
        Variables, as ``locals()`` gives them: what to call arrays, and tensors that have no name.

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
        self.data: dict[str, Any] = {}
        self._structure: list[Any] = []
        self._labels: list[str] = []

    def __len__(self) -> int:
        return len(self._labels)

    def add(self, result: Tensor, label: str | None = None) -> None:
        """Take down one frame.

        Parameters
        ----------
        result : Tensor
            Of one entry: the same computation as in the frames before.
        label : str, optional
            What the slider says; the number of the frame when not given.

        Raises
        ------
        ValueError
            For another computation than before, or more frames than a slider has room for.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> film = ag.Recorder()
        >>> for w in (4.0, 2.0, 1.0):
        ...     film.add(ag.tensor(w, requires_grad=True) ** 2, label=f"w = {w}")
        >>> len(film)
        3
        """
        trace = Trace.of(checked(result), self.names)
        place = {t.order: i for i, t in enumerate(trace.tape)}
        structure = [
            (made_by(t), repr(t.kwargs), t.shape, [place[a.order] for a in _args(t)])
            for t in trace.tape
        ]
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
            self.data["pools"].append([changed(pool_of(trace, pool), self.data["pools"][0][0])])
        self._labels.append(str(len(self) + 1) if label is None else str(label))
        self.data["knobs"] = [
            {
                "kind": "film",
                "label": "training step",
                "ticks": list(self._labels),
                "variants": list(range(len(self))),
                "start": 0,
            }
        ]


def _args(t: Tensor) -> list[Tensor]:
    return [a for a in t.inputs if isinstance(a, Tensor)]


def film_of(frames: Any, names: Mapping[str, Any], title: str | None) -> dict[str, Any]:
    """The data of a film, from a recorder or from results."""
    film = frames
    if not isinstance(frames, Recorder):
        if not isinstance(frames, Iterable):
            raise TypeError("explore: frames= takes a Recorder or a sequence of tensors")
        film = Recorder(names)
        for result in frames:
            film.add(result)
    if not len(film):
        raise ValueError("explore: frames= is empty. Call recorder.add(loss) in the loop first.")
    data = {**film.data, "title": title or film.data["title"]}
    while len(data["pools"]) > 2 and len(embedded(data).encode()) > LARGEST - 90_000:
        data = _thinner(data)
    return data


def _thinner(data: dict[str, Any]) -> dict[str, Any]:
    """Every other frame."""
    (knob,) = data["knobs"]
    pools = data["pools"][::2]
    shorter = {**knob, "ticks": knob["ticks"][::2], "variants": list(range(len(pools)))}
    return {**data, "pools": pools, "knobs": [shorter]}
