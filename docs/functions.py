"""The page of NumPy's functions: what becomes of a tensor in each, from the registry itself."""

from types import ModuleType

import numpy as np

from autograd_mini import Tensor
from autograd_mini.core.dispatch import coverage
from autograd_mini.core.registry import name_of

ROOMS = (np, np.linalg, np.fft)


def dispatched() -> dict[str, object]:
    """NumPy's functions that ask a tensor what to do: ufuncs, and what NEP 18 dispatches."""
    found = {}
    for room in ROOMS:
        for name in room.__all__:
            f = getattr(room, name)
            asks = isinstance(f, np.ufunc) or hasattr(f, "_implementation")
            if asks and not isinstance(f, (type, ModuleType)):
                found[f"np.{name_of(f)}"] = f
    return found


def answers() -> dict[str, str]:
    """What becomes of a tensor in each of them: that of the registry, or that there is none."""
    known = dict(coverage())
    return {name: known.get(name, "absent") for name in sorted(dispatched())}


def kind(answer: str) -> str:
    """Which of the page's tables a function is in."""
    for start in ("primitive", "composed", "no derivative", "refused"):
        if answer.startswith(start):
            return start
    return "absent"


HEADS = {
    "primitive": "A primitive of its own, with a rule for each argument",
    "composed": "Composed of primitives, so differentiable to any order too",
    "no derivative": "Without a derivative: a plain array comes back",
    "refused": "Refused, and why",
    "absent": "Absent: refused too, with the name of the nearest function that has a rule",
}


def page() -> str:
    """The page, as Markdown."""
    found = answers()
    counts = {head: sum(kind(a) == head for a in found.values()) for head in HEADS}
    lines = [
        "What becomes of a tensor in each of NumPy's functions.\n",
        f"Of {len(found)} functions that ask a tensor what to do, "
        f"{counts['primitive'] + counts['composed']} have derivatives, "
        f"{counts['no derivative']} have none to give, "
        f"{counts['refused']} are refused with a reason, {counts['absent']} are absent. "
        f"`python -m autograd_mini functions NAME` says the same of one.\n",
    ]
    for head, title in HEADS.items():
        rows = {name: a for name, a in found.items() if kind(a) == head}
        if not rows:
            continue
        said = {"primitive": "if of another name", "refused": "why"}.get(head, "")
        lines += [f"\n## {title}\n", f"| function | method | {said} |", "| --- | --- | --- |"]
        for name, answer in rows.items():
            own = name.rpartition(".")[2]
            method = f"`t.{own}()`" if name.count(".") == 1 and own in vars(Tensor) else ""
            lines.append(f"| `{name}` | {method} | {_said(name, answer, head)} |")
    return "\n".join(lines) + "\n"


def _said(name: str, answer: str, head: str) -> str:
    """What a table adds: the name of a primitive that differs, the reason of a refusal."""
    if head == "refused":
        return answer.removeprefix("refused. ").replace("|", "\\|")
    own = answer.removeprefix("primitive ")
    return f"`{own}`" if head == "primitive" and own != name.removeprefix("np.") else ""
