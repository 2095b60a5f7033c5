"""The facts about a tape that the first and the last step of a page show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ...core.tensor import Tensor
from ..trace import Trace
from .arrays import Pool, minus
from .cross_entropy import COLUMNS, CrossEntropy, Example, find_cross_entropy, first_example

Description = dict[str, Any]


@dataclass(frozen=True)
class Story:
    """A tape, the names of its tensors, and its softmax cross-entropy if it has one."""

    trace: Trace
    positions: Mapping[int, int]  #: on the tape, by creation number
    tex: Mapping[int, str]
    pool: Pool

    @cached_property
    def found(self) -> CrossEntropy | None:
        """The only softmax cross-entropy of the tape."""
        return find_cross_entropy(self.trace)

    @cached_property
    def example(self) -> Example | None:
        """The numbers of the first example of the softmax cross-entropy."""
        return first_example(self.trace, self.found) if self.found else None

    @cached_property
    def columns(self) -> Mapping[str, int]:
        """The numbers of the first example, as positions in the pool."""
        assert self.example is not None
        found = {key: self.example.column(key) for key in COLUMNS}
        return {key: self.pool.compute(row, *arrays) for key, (row, arrays) in found.items()}

    @cached_property
    def leaves(self) -> Sequence[Tensor]:
        """The leaves that have a gradient."""
        return [t for t in self.trace.tape if t.op is None and t in self.trace.adjoints]

    @property
    def result(self) -> str:
        """The name of the result."""
        return self.name(self.trace.result)

    def name(self, t: Tensor) -> str:
        """Return the name of a tensor."""
        return self.trace.names[t.order]

    def positions_of(self, tensors: Iterable[Tensor | None]) -> list[int]:
        """Return the positions of tensors on the tape; leave out None."""
        return [self.positions[t.order] for t in tensors if t is not None]

    def choose(self, by: str, *texts: str, broken: str = "") -> Description:
        """Return two texts, from which the page chooses one by the target of the first example.

        By "class", it shows the first text for a one-hot target, in which "#" is the class.
        By "sum", it shows the first text for a target with a sum of 1; "#" is the sum.
        It shows `broken` instead, if there is such a text and the gradient is not finite.
        """
        return {
            "target": self.columns["target"],
            "gradient": self.columns["gradient"],
            "by": by,
            "texts": [*map(unbroken, texts)],
            "broken": unbroken(broken),
        }


def unbroken(text: str) -> str:
    """Return a text in which no line breaks inside of ŷ - y."""
    for difference in ("ŷ - y", "ŷ Σy - y"):
        text = text.replace(difference, difference.replace(" ", "\u00a0"))
    return minus(text)
