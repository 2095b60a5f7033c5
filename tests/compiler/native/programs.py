"""Many programs in one library of C, because each run of a compiler takes a tenth of a second."""

import numpy as np

from autograd_mini.compiler.native import toolchain
from autograd_mini.compiler.native.native import Native, library_text
from autograd_mini.compiler.native.plan import NativePlan
from tests.cases import CASES, TAPE, leaf

#: with few optimisations, a library is built three times as fast
FLAGS = tuple("-O1" if flag == "-O3" else flag for flag in toolchain.FLAGS)
#: the case of each primitive with the largest arguments
LARGEST_CASES = {
    case.op: case for case in sorted(CASES, key=lambda c: sum(x.size for x in c.inputs))
}


def prepared(program, prefix=""):
    """Return the functions of C of a program, and its plan. They are not built yet."""
    program.run_examples()
    native = Native(program, prefix)
    native.analyse()
    plan = NativePlan(program, lambda texts, name: f"[{', '.join(texts)}]", {})
    native.write()
    return native, plan


def run(monkeypatch, calls):
    """Return the results of programs on arguments; all of them are built at once."""
    monkeypatch.setattr(toolchain, "FLAGS", FLAGS)
    pairs = [prepared(program, f"p{i}_") for i, (program, _) in enumerate(calls)]
    library = toolchain.build(library_text([native for native, _ in pairs]))
    found = []
    for (native, plan), (_, arguments) in zip(pairs, calls, strict=True):
        native.bind(library, plan)
        with np.errstate(all="ignore"):
            found.append((plan.set_up()(*arguments), native))
    return found


def of_cases(cases, dtype):
    """Return each case with its result on the tape, and the cotangent of the result."""
    return [
        (case, case.f(TAPE, *(leaf(x, dtype=dtype) for x in case.inputs)), case.cotangent)
        for case in cases
    ]


def without_ziglang(monkeypatch):
    """Let the C compiler of ziglang be missing."""
    monkeypatch.setattr(toolchain, "_ziglang", lambda: None)
