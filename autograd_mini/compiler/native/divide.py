"""Divide a program into functions of C and calls of NumPy."""

from __future__ import annotations

import numpy as np

from ..ir import EFFECTS, Program, Step, Value, axes_in_memory, check_branch, example_of, layout
from ..memory.lowering import CHECKS, is_view
from ..work import flops
from .images import operation_on_images
from .node import CONVOLUTIONS, Unknown
from .region import Region

#: multiplications of a product for which BLAS is faster, although NumPy has to call it
_FOR_BLAS = 1_000_000
_FOR_WINDOWS = 4_000_000  # multiplications of a convolution for which copies for BLAS pay off
_FOR_COLUMNS = 500_000  # the same if the windows of its result overlap, and are added up one by one
_LARGE = 100_000  # multiplications of a product for which BLAS is nearly as fast
_MOST_LARGE = 16  # kinds of such products; a compiler takes a tenth of a second for each
_MOST_CALLS = 64  # calls of `mathematics.c` in a function; far more compile for minutes
_SMALL_ARRAY = 4096  # entries that the processor's cache holds
_SMALL_PRODUCT = 16_000  # multiplications of a matrix for which a call of BLAS takes too long


class Division:
    """The steps of a program as regions and calls of NumPy, which take turns.

    A region runs after the calls on whose results it depends, and contains all steps that can run
    then. Views cost nothing: a region looks through them, and calls of NumPy get them made again.

    Parameters
    ----------
    program : Program
        It becomes the regions and the calls.
    prefix : str
        The names of the regions begin with it.
    with_numpy : bool
        Whether NumPy does what C knows too if NumPy is faster. If not, a function of C may call
        any number of functions.

    Attributes
    ----------
    regions : list of Region
    reasons : dict of Step to str
        Why a step is still a call of NumPy.
    """

    def __init__(self, program: Program, prefix: str, with_numpy: bool = True) -> None:
        self._prefix, self._with_numpy = prefix, with_numpy
        arguments = set(program.arguments)
        self._checks: dict[Value, Step] = {
            v: step
            for step in program.steps
            for v in step.inputs
            if step.function in CHECKS and step.function is not check_branch and v in arguments
        }
        self.regions: list[Region] = []
        self.reasons: dict[Step, str] = {}
        self._turn: dict[Value, int] = {}  # of the region after which a value is there
        self._waits: dict[Value, int] = {}  # the first region that may read it
        self._calls: list[tuple[int, Step]] = []
        self._effects = -1
        large = (step for step in program.steps if _multiplications(step) > _LARGE)
        kinds = {tuple(layout(example_of(x)) for x in step.args[:2]) for step in large}
        self._for_blas = _LARGE if len(kinds) > _MOST_LARGE else _FOR_BLAS
        self._has_large = any(map(_is_large_convolution, program.steps))
        for step in program.steps:
            self._place(step)
        self._join(program)

    def _place(self, step: Step) -> None:
        waits = max((self._waits.get(v, 0) for v in step.inputs), default=0)
        turn = max((self._turn.get(v, -1) for v in step.inputs), default=-1)
        if is_view(step) or step.function in CHECKS:
            self._waits[step.outs[0]], self._turn[step.outs[0]] = waits, turn
            self._calls.append((turn, step))
            return
        try:
            if self._with_numpy and (reason := self._better_in_numpy(step)):
                raise Unknown(reason)
            waits = self._enter(step, waits)
        except Unknown as why:
            self.reasons[step] = str(why)
            if step.function in EFFECTS:
                turn = self._effects = max(turn, self._effects)
            self._calls.append((turn, step))
            for v in step.outs:
                self._turn[v], self._waits[v] = turn, turn + 1
        else:
            for v in step.outs:
                self._turn[v] = self._waits[v] = waits

    def _enter(self, step: Step, turn: int) -> int:
        """Put a step into a region, with the views that it reads. Return the region's turn."""
        while turn < len(self.regions) and self._is_full(self.regions[turn]):
            turn += 1
        while len(self.regions) <= turn:
            self.regions.append(Region(f"{self._prefix}step{len(self.regions) + 1}", self._checks))
        region = self.regions[turn]
        todo, views = [*step.inputs], []
        while todo:
            made = todo.pop().step
            if made and self._is_free(made) and made.outs[0] not in region.graph.nodes:
                views.append(made)
                todo += made.inputs
        for view in dict.fromkeys(reversed(views)):
            region.graph.add(view)
            region.steps.append(view)
        region.graph.add(step)
        region.steps.append(step)
        return turn

    def _is_full(self, region: Region) -> bool:
        return self._with_numpy and region.graph.calls >= _MOST_CALLS

    def _join(self, program: Program) -> None:
        """Replace the steps of the program by these turns."""
        regions = [region for region in self.regions if region.steps]
        made = {v: r for r in regions for step in r.steps if not self._is_free(step)
                for v in step.outs}  # fmt: skip
        wanted: set[Value] = {v for v in program.results if isinstance(v, Value)}
        for region in regions:
            own = {v for step in region.steps for v in step.outs}
            wanted.update(v for step in region.steps for v in step.inputs if v not in own)
        for _, step in reversed(self._calls):
            if step.function in CHECKS or not is_view(step) or step.outs[0] in wanted:
                wanted.update(step.inputs)
        steps: list[Step] = []
        for turn in range(-1, len(self.regions)):
            if turn >= 0 and self.regions[turn].steps:
                region = self.regions[turn]
                region.outs = [v for v, r in made.items() if r is region and v in wanted]
                if region.outs:
                    steps.append(region.as_step())
            steps += [step for t, step in self._calls if t == turn]
        program.steps = steps
        self.regions = [region for region in regions if region.outs]
        program.drop_dead()

    def _is_free(self, step: Step) -> bool:
        return is_view(step) or step.function in CHECKS

    def _better_in_numpy(self, step: Step) -> str:
        """Return why a step is left to NumPy, although C knows it."""
        out = step.outs[0]
        if any(map(self._is_out_of_order, step.inputs)):
            return "NumPy follows the order in which arrays lie in memory"
        if (n := _multiplications(step)) > self._for_blas and n > _SMALL_PRODUCT * _stacked(out):
            return "BLAS is faster for a product of this size"
        if step.function in CONVOLUTIONS and self._has_large:
            return "BLAS is faster for convolutions of this size"
        return ""

    def _is_out_of_order(self, v: Value) -> bool:
        """Return whether NumPy leaves a large array in another order than C's in memory."""
        while v.step is not None and is_view(v.step):
            v = v.step.inputs[0]
        x = np.asarray(v.example)
        is_ours = v.step is not None and v.step not in self.reasons
        return not is_ours and x.size > _SMALL_ARRAY and axes_in_memory(x) != (*range(x.ndim),)


def _multiplications(step: Step) -> int:
    """Return the number of multiplications of a product of matrices of floats, or 0."""
    out = step.outs[0]
    if step.function not in (np.matmul, np.dot) or out.dtype.kind != "f":
        return 0
    shapes = [np.shape(example_of(x)) for x in step.args[:2]]
    return shapes[0][-1] * int(out.example.size) if min(map(len, shapes)) > 1 else 0


def _is_large_convolution(step: Step) -> bool:
    """Return whether NumPy, which copies windows for BLAS, is faster for a convolution."""
    if step.function not in CONVOLUTIONS or step.outs[0].dtype.kind != "f":
        return False
    return flops(step) > 2 * (_FOR_WINDOWS if operation_on_images(step) else _FOR_COLUMNS)


def _stacked(out: Value) -> int:
    """Return the number of matrices in a stack."""
    return int(np.prod(out.shape[:-2]))
