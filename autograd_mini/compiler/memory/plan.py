"""Planning: assign memory to the values of a program, and write the program with that memory.

A *buffer* is memory that several values use in turn. It is free again after the last step that
reads its value. An elementwise step may even write over its own argument. A view (a transpose, a
slice) has no memory; a view of a buffer is made only once, when the program is set up. Results
always have memory of their own.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Container, Mapping, Sequence, Set
from math import inf
from typing import Any

import numpy as np

from ...core.pytree import tree_map
from ...core.registry import PRIMITIVES, name_of
from ...core.tensor import _next_order
from ..ir import Program, Step, Value, example_of, layout, memory_of, values_in
from ..passes.slices import put, put_too
from .lowering import CHECKS, LOOKS, Lowered, called, check, lower, may_raise

#: functions that return new memory in C's order whatever the layout of their arguments
_NEW_ROWS = (np.matmul, np.dot, PRIMITIVES["scatter"].forward, put, put_too)


class Buffer:
    """Memory of `size` bytes, which several values use one after the other."""

    def __init__(self, size: int) -> None:
        self.size = size


class Plan:
    """A program as text that writes into buffers.

    `text` defines ``run(...)``, which takes the arguments and returns the results. `allocated` are
    the values besides the results for which NumPy allocates memory in each call.
    """

    def __init__(
        self,
        program: Program,
        write: Callable[[list[str], Any], str],  # returns the text of the tree of results
        donated: Mapping[Value, Value],  # result -> the argument in whose memory it is written
        tensors: Container[Value] = (),  # the arguments that come as Tensors
        whole: Container[Value] = (),  # the results that are such an argument
        advance: Callable[[Set[str]], None] | None = None,  # takes the names of what is written
    ) -> None:
        self.buffers: list[Buffer] = []
        self.buffer_of: dict[Value, Buffer] = {}
        self.allocated: list[Value] = []
        self._program = program
        self._donated, self._tensors, self._whole = donated, tensors, whole
        self._advance = advance
        self._names: dict[Value, str] = {}
        self._bound: dict[str, Any] = {}  # what the text takes from its namespace
        self._bound_ids: dict[int, str] = {}
        self._views: list[tuple[str, Callable[[dict[str, Any]], Any]]] = []
        self._memories: dict[Any, tuple[str, Callable[[Any], Any]]] = {}
        self._seen: dict[Any, str] = {}
        self._free: list[Buffer] = []
        self._still: set[Value] = set()  # whose arrays are the same in each call
        self._loose: set[Value] = set()  # whose layout in memory depends on numbers
        self._roots = _roots(program)
        self._last = self._last_reads()
        risky = [i for i, step in enumerate(program.steps) if self._may_raise(step)]
        self._sure = max(risky, default=-1)  # after this step, nothing raises
        self._late: list[str] = []  # results that reach donated memory only at the end
        self._lines: list[str] = []
        self._unwritten = (
            sys.maxsize
        )  # the number of lines before the first write to donated memory
        for i, value in enumerate(program.arguments):
            self._names[value] = f"x{i}"
        results = [v for v in program.results if isinstance(v, Value) and v not in donated]
        self._own = {self._roots[v] for v in results} - set(program.arguments)
        for i, step in enumerate(program.steps):
            self._place(i, step)
        self.text = self._text(write)

    def _may_raise(self, step: Step) -> bool:
        return may_raise(step)

    # ---- who needs what, and how long ------------------------------------------------------------

    def _last_reads(self) -> dict[Value, float]:
        """Return the last step that reads the memory of each root."""
        last: dict[Value, float] = {}
        for i, step in enumerate(self._program.steps):
            last.update((self._roots[v], i) for v in step.inputs)
        last.update((self._roots[v], inf) for v in values_in(self._program.results))
        return last

    def _place(self, i: int, step: Step) -> None:
        """Decide where a step writes, and write its line."""
        for v in step.outs:
            self._names[v] = f"v{len(self._names)}"
        value = step.outs[0]
        self._follow_layout(step)
        if self._roots[value] is not value and not step.several:
            self._look(step, value)
            return
        if step.several:
            made = [v for v in step.outs if self._roots[v] is v]
            self.allocated += [v for v in made if v not in self._own]
            names = ", ".join(self._names[v] for v in step.outs)
            self._lines.append(f"({names},) = {self._alone(step, called(step, self._name))}")
            return
        how = lower(step, self._name)
        over = self._writable(i, step, how.over)
        target = self._donated.get(value)
        if target is not None and value not in self._loose and self._may_take(i, step, how, target):
            self._unwritten = min(self._unwritten, len(self._lines))
            self._write(how, how.writing, self._names[target])
            self._names[value] = self._names[target]
        elif value in self._loose and (fresh := self._scaled(i, step, how.over)) is not None:
            self._write(how, how.writing, self._names[fresh])
            self._names[value] = self._names[fresh]
            self.allocated[self.allocated.index(fresh)] = value
        elif (
            value in self._own
            or not how.writing
            or value.dtype.kind not in "biufc"
            or value in self._loose
        ):
            self._lines.append(f"{self._names[value]} = {self._alone(step, how.allocating)}")
            if value not in self._own:
                self.allocated.append(value)
        else:
            buffer = over or self._take_buffer(value)
            self.buffer_of[value] = buffer
            self._still.add(value)
            self._names[value] = self._memory(buffer, value)
            copied = bool(over) and how.copies
            self._write(how, how.writing[copied:], self._names[value])
        self._release(i, step)

    def _follow_layout(self, step: Step) -> None:
        """Note results whose layout in memory depends on numbers: they are allocated.

        A function that is called as a whole may choose it by the numbers, as the fused loss does,
        and elementwise functions follow it. A sum over the result must run in that order too.
        """
        loose = bool(step.name) or not self._loose.isdisjoint(step.inputs)
        if loose and step.function not in _NEW_ROWS:
            self._loose.update(v for v in step.outs if len(v.shape) > 1)

    def _alone(self, step: Step, call: str) -> str:
        """Return a call, with a copy if it may return memory of an argument.

        A user's function may do so for some numbers, and a reshape for some layouts.
        """
        ours = (step.function.__module__ or "").startswith("autograd_mini.") if step.name else False
        if step.name and step.several:
            return call if ours else f"map({self._name(np.array)}, {call})"
        if ours and step.function not in _NEW_ROWS:
            return f"{self._name(own)}({', '.join([call, *map(self._name, step.inputs)])})"
        may_share = (step.name and not ours) or step.function in LOOKS
        return f"{self._name(np.array)}({call})" if may_share else call

    def _write(self, how: Lowered, statements: Sequence[str], out: str) -> None:
        seen = None if how.shape is None else self._seen_as(out, how.shape)
        self._lines += [statement.format(out=out, seen=seen) for statement in statements]

    def _seen_as(self, out: str, shape: tuple[int, ...]) -> str:
        """Return the name of a view of a buffer in another shape, which is made once."""
        key = out, shape
        if key not in self._seen:
            self._seen[key] = name = f"{out}_{len(self._seen)}"
            self._views.append((name, lambda space: space[out].reshape(shape)))
        return self._seen[key]

    def _look(self, step: Step, value: Value) -> None:
        """Write the line of a view."""
        if step.function in CHECKS:
            self._lines.append(check(step, self._name))
            self._names[value] = self._names[step.inputs[0]]
            return
        if len(step.inputs) == 1 and step.inputs[0] in self._still:
            self._still.add(value)
            self._views.append((self._names[value], _again(step, self._names)))
            return
        self._lines.append(f"{self._names[value]} = {called(step, self._name)}")

    # ---- buffers ---------------------------------------------------------------------------------

    def _dies(self, i: int, step: Step, v: Value) -> bool:
        """Return whether only this step still reads the memory of `v`, and only as `v`."""
        root = self._roots[v]
        others = [x for x in step.inputs if self._roots[x] is root and x is not v]
        return self._last[root] <= i and not others

    def _writable(self, i: int, step: Step, over: Any) -> Buffer | None:
        """Return the buffer of an argument that the step may overwrite."""
        (value,) = step.outs
        for v in over:
            buffer = self.buffer_of.get(v)
            if buffer and self._dies(i, step, v) and layout(v.example) == layout(value.example):
                return buffer
        return None

    def _scaled(self, i: int, step: Step, over: Sequence[Value]) -> Value | None:
        """Return an allocated argument that the step may overwrite; the others are numbers.

        So the layout of the result is that of the argument, whatever it is.
        """
        arrays = [x for x in step.args if np.ndim(example_of(x))]
        if len(arrays) != 1 or arrays[0] not in self.allocated or arrays[0] not in over:
            return None
        (x,), (value,) = arrays, step.outs
        fits = x.dtype == value.dtype and self._roots[x] is x and value not in self._own
        return x if fits and self._dies(i, step, x) else None

    def _may_take(self, i: int, step: Step, how: Lowered, target: Value) -> bool:
        """Return whether a step may write to a donated argument, whose strides are not known.

        No later step may read the argument, and no later step may raise.
        """
        late = self._last.get(target, -1) <= i and i > self._sure
        if not how.writing or how.shape is not None or not late:
            return False
        reads = [v for v in step.inputs if self._roots[v] is target]
        return not reads or (target in how.over and all(v is target for v in reads))

    def _take_buffer(self, value: Value) -> Buffer:
        """Return the smallest free buffer that holds a value; if none does, enlarge the largest."""
        need = max(np.asarray(value.example).nbytes, 1)
        fitting = [s for s in self._free if s.size >= need]
        if fitting:
            buffer = min(fitting[::-1], key=lambda s: s.size)  # of equals the one used last
        elif self._free:
            buffer = max(self._free, key=lambda s: s.size)
            buffer.size = need
        else:
            buffer = Buffer(need)
            self.buffers.append(buffer)
            return buffer
        self._free.remove(buffer)
        return buffer

    def _memory(self, buffer: Buffer, value: Value) -> str:
        """Return the name of a buffer as an array like the value; equal layouts share one array."""
        key = buffer, *layout(value.example)
        if key not in self._memories:
            self._memories[key] = f"m{len(self._memories)}", _laid_out(value.example)
        return self._memories[key][0]

    def _release(self, i: int, step: Step) -> None:
        """Free the buffers that this step was the last to read, except the one that it wrote to."""
        kept = self.buffer_of.get(step.outs[0])
        for root in dict.fromkeys(self._roots[v] for v in step.inputs):
            buffer = self.buffer_of.get(root)
            if buffer and buffer is not kept and self._last[root] <= i and buffer not in self._free:
                self._free.append(buffer)

    # ---- the text --------------------------------------------------------------------------------

    def _text(self, write: Any) -> str:
        seen: set[Value] = set()
        texts = [self._result(x, seen) for x in self._program.results]
        returned = write(texts, self._name)
        for result, target in self._donated.items():
            name = self._names[result]
            if name != self._names[target]:
                if self._roots[result] in self._program.arguments:
                    self._lines.append(f"{name}_ = {name}.copy()")
                    name += "_"
                self._late.append(f"{self._name(np.copyto)}({self._names[target]}, {name})")
        given = {v: self._names[v] for v in self._program.arguments}
        opened = [f"{x} = t{x}._array" for v, x in given.items() if v in self._tensors]
        arguments = ", ".join(f"t{x}" if v in self._tensors else x for v, x in given.items())
        written = [v for v in self._donated.values() if v in self._tensors]
        # A new version, as after `t.data -= step`: nodes computed from the old data are out of
        # date. It comes before the first write, after which an interrupt leaves data half changed.
        order = self._bind(_next_order, "order") if written else ""
        versions = [f"t{given[v]}.order = {order}()" for v in written]
        if self._advance is not None:
            names = frozenset(v.name for result, v in self._donated.items() if result is not v)
            versions.append(f"{self._name(self._advance)}({self._name(names)})")
        self._lines[self._unwritten : self._unwritten] = versions
        lines = [*opened, *self._lines, f"results = {returned}", *self._late, "return results"]
        return "\n    ".join([f"def run({arguments}):", *lines])

    def _result(self, v: Any, seen: set[Value]) -> str:
        """Return the text of a result that shares memory with nothing."""
        if not isinstance(v, Value):
            name = self._name(v)
            return f"{self._name(np.array)}({name})" if isinstance(v, np.ndarray) else name
        name, root = self._names[v], self._roots[v]
        if v in self._donated:
            taken = self._names[self._donated[v]]
            return f"t{taken}" if v in self._whole else taken
        own = root in self._own and root not in seen and root not in self._donated
        seen.add(root)
        x = np.asarray(v.example)
        if own and all(s or n == 1 for s, n in zip(x.strides, x.shape)):
            return name
        return f"{self._name(np.array)}({name})"

    def _name(self, x: Any) -> str:
        """Return the text of an argument of a step."""
        if isinstance(x, Value):
            return self._names[x]
        if x is None or isinstance(x, (bool, str)) or type(x) is int:
            return repr(x)
        if isinstance(x, (list, tuple)) and (values_in(x) or all(type(i) is int for i in x)):
            words = ", ".join(map(self._name, x))
            return f"[{words}]" if isinstance(x, list) else f"({words}{',' * (len(x) == 1)})"
        if callable(x) and not isinstance(x, type):
            ours = getattr(x, "__module__", None) or ""
            name = x.__name__ if ours.startswith("autograd_mini") else name_of(x)
            return self._bind(x, re.sub(r"\W+", "_", name))
        if isinstance(x, (np.ndarray, np.generic)) and x.ndim == 0:
            return self._bind(x, "c", (x.dtype, x.tobytes()))
        return self._bind(x, "c")

    def _bind(self, x: Any, name: str, key: Any = None) -> str:
        key = id(x) if key is None else key
        if key not in self._bound_ids:
            name = name if name not in self._bound and name != "c" else f"{name}{len(self._bound)}"
            self._bound_ids[key] = name
            self._bound[name] = x
        return self._bound_ids[key]

    def set_up(self) -> Callable[..., Any]:
        """Return ``run`` over new buffers: two threads never use the same."""
        space = dict(self._bound)
        memory = {buffer: _aligned(buffer.size) for buffer in self.buffers}
        for (buffer, *_), (name, laid_out) in self._memories.items():
            space[name] = laid_out(memory[buffer])
        for name, look in self._views:
            space[name] = look(space)
        exec(compile(self.text, "<compiled>", "exec"), space)
        run: Callable[..., Any] = space["run"]
        return run


def own(y: Any, *inputs: Any) -> Any:
    """Return `y`, or a copy if it is memory of an argument, or a constant that we keep."""
    memory = memory_of(y)
    kept = not isinstance(memory, np.ndarray) or not memory.flags.writeable
    return np.array(y) if kept or any(memory is memory_of(x) for x in inputs) else y


def _again(step: Step, names: dict[Value, str]) -> Callable[[dict[str, Any]], Any]:
    """Return a function that makes a view from the arrays of a namespace."""
    args, kwargs, function = step.args, step.kwargs, step.function

    def look(space: dict[str, Any]) -> Any:
        def there(x: Any) -> Any:
            return space[names[x]] if isinstance(x, Value) else x

        return function(*tree_map(there, args), **tree_map(there, kwargs))

    return look


def _roots(program: Program) -> dict[Value, Value]:
    """Return for each value the one whose memory it views, itself if it has its own."""
    roots = {v: v for v in program.arguments}
    for step in program.steps:
        inputs = [] if step.name else reversed(step.inputs)
        found = {id(memory_of(v.example)): roots[v] for v in inputs}
        for out in step.outs:
            roots[out] = found.setdefault(id(memory_of(out.example)), out)
    return roots


def _aligned(size: int) -> Any:
    """Return bytes that start at a cache line."""
    raw = np.empty(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size]


def _laid_out(example: Any) -> Callable[[Any], Any]:
    """Return a function that turns a buffer into an array with the layout of the example."""
    x = np.asarray(example)
    size, dtype = x.nbytes, x.dtype
    order = sorted(range(x.ndim), key=lambda i: -abs(x.strides[i]))
    shape, back = [x.shape[i] for i in order], np.argsort(order).astype(int)
    return lambda buffer: buffer[:size].view(dtype).reshape(shape).transpose(back)
