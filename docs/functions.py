"""The page of NumPy's functions: how each handles a tensor, read from the registry."""

from types import ModuleType

import numpy as np

from autograd_mini import Tensor
from autograd_mini.core.dispatch import coverage
from autograd_mini.core.registry import name_of

MODULES = (np, np.linalg, np.fft, np.lib.stride_tricks)


def dispatched() -> dict[str, object]:
    """Return NumPy's functions that a tensor can handle: ufuncs, and functions under NEP 18."""
    found = {}
    for module in MODULES:
        for name in getattr(module, "__all__", dir(module)):
            f = getattr(module, name)
            dispatches = isinstance(f, np.ufunc) or hasattr(f, "_implementation")
            if dispatches and not isinstance(f, (type, ModuleType)):
                found[f"np.{name_of(f)}"] = f
    return found


def answers() -> dict[str, str]:
    """Return the registry's answer for each function, or "absent"."""
    known = dict(coverage())
    return {name: known.get(name, "absent") for name in sorted(dispatched())}


def kind(answer: str) -> str:
    """Return the table of the page that a function belongs to."""
    for start in ("primitive", "composed", "no derivative", "refused"):
        if answer.startswith(start):
            return start
    return "absent"


HEADS = {
    "primitive": "Primitives",
    "composed": "Composed of primitives",
    "no derivative": "Without a derivative",
    "refused": "Refused, with a reason",
    "absent": "Absent",
}

NOTES = {
    "primitive": "Each has its own derivative rules.",
    "composed": "These call primitives, so you can differentiate them to any order.",
    "no derivative": "These return a plain array.",
    "refused": "These raise a `TypeError` that gives the reason.",
    "absent": "These raise a `TypeError` that names the nearest function that has a rule.",
}


def page() -> str:
    """Return the page, as Markdown."""
    found = answers()
    counts = {head: sum(kind(a) == head for a in found.values()) for head in HEADS}
    lines = [
        "# NumPy's functions\n",
        f"{len(found)} of NumPy's functions accept arrays of other libraries, such as tensors. "
        f"{counts['primitive'] + counts['composed']} of them have derivatives here, "
        f"{counts['no derivative']} have no derivative, "
        f"{counts['refused']} raise an error with the reason, "
        f"and {counts['absent']} are absent from the library. "
        "`python -m autograd_mini functions NAME` prints the row of one function.\n",
    ]
    for head, title in HEADS.items():
        rows = {name: a for name, a in found.items() if kind(a) == head}
        if not rows:
            continue
        extra = {"primitive": "recorded as", "refused": "reason"}.get(head)
        lines += [f"\n## {title}\n", f"{NOTES[head]}\n"]
        lines += ["{.stacked}"] if head == "refused" else []
        lines += [_row("function", "method", extra), _row(*["---"] * (2 + bool(extra)))]
        for name, answer in rows.items():
            own = name.rpartition(".")[2]
            method = f"`t.{own}()`" if name.count(".") == 1 and hasattr(Tensor, own) else ""
            lines.append(_row(f"`{name}`", method, _extra(name, answer, head) if extra else None))
    return "\n".join(lines) + "\n"


def _row(*cells: str | None) -> str:
    return f"| {' | '.join(cell for cell in cells if cell is not None)} |"


def _extra(name: str, answer: str, head: str) -> str:
    """Return the last cell: the name of a primitive if it differs, or the reason of a refusal."""
    if head == "refused":
        return answer.removeprefix("refused. ").replace("|", "\\|")
    own = answer.removeprefix("primitive ")
    return f"`{own}`" if own != name.removeprefix("np.") else ""
