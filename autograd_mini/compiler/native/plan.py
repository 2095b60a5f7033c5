"""Planning a program with functions of C: they write into the memory that a plan gives them."""

from __future__ import annotations

import numpy as np

from ..ir import Step, Value
from ..memory.lowering import may_raise
from ..memory.plan import Buffer, Plan
from .node import comes_as_it_is
from .region import Region, is_number


class NativePlan(Plan):
    """A plan in which some steps are functions of C."""

    def _may_raise(self, step: Step) -> bool:
        region = step.function
        return bool(region.graph.guards) if isinstance(region, Region) else may_raise(step)

    def _place(self, i: int, step: Step) -> None:
        region = step.function
        if not isinstance(region, Region):
            super()._place(i, step)
            return
        given = [self._as_array(v) for v in region.inputs]
        given += [self._name(x) for x in region.constants]
        first = len(self._lines)
        for v in step.outs:
            self._names[v] = f"v{len(self._names)}"
            target = self._donated.get(v)
            if target and self._may_write(i, region, v, target):
                self._names[v] = self._names[target]
                region.over[v] = target
                self._unwritten = min(self._unwritten, first)
            else:
                given.append(self._memory_for(v))
        buffer = self._scratch(region.scratch_bytes)
        given += [buffer[1]] if buffer else []
        recover = self._bind(region.recover, f"{region.name}_recover")
        self._lines.append(f"if {region.name}(a := ({', '.join(given)},)): {recover}(a)")
        for v in step.outs:
            if is_number(v.example):
                number = f"n{len(self._lines)}"
                self._lines.append(f"{number} = {self._names[v]}.item()")
                self._names[v] = number
                self._still.discard(v)
        self._release(i, step)
        if buffer:
            self._free.append(buffer[0])

    def _as_array(self, v: Value) -> str:
        """Return the text of an input, whose layout in memory must be known."""
        name = self._names[v]
        if v.step is None or is_number(v.example) or (not v.shape and v in self._still):
            return name
        if not v.shape:
            return f"{self._name(np.asarray)}({name})"
        known = np.asarray(v.example).flags.c_contiguous and v not in self._loose
        return name if known or comes_as_it_is(v) else f"{self._name(np.ascontiguousarray)}({name})"

    def _may_write(self, i: int, region: Region, v: Value, target: Value) -> bool:
        late = self._last.get(target, -1) <= i and i >= self._sure
        return late and region.may_overwrite(v, target)

    def _memory_for(self, v: Value) -> str:
        """Return the name of new memory for a result, or of a buffer for another value."""
        if v in self._own:
            made = f"{self._name(np.empty)}({v.shape}, {self._name(v.dtype)})"
            self._lines.append(f"{self._names[v]} = {made}")
        else:
            self.buffer_of[v] = buffer = self._take_buffer(v)
            self._names[v] = self._memory(buffer, v)
            self._still.add(v)
        return self._names[v]

    def _scratch(self, size: int) -> tuple[Buffer, str] | None:
        """Return a buffer for what only one function reads, and its name."""
        if not size:
            return None
        buffer = max(self._free, key=lambda s: s.size, default=None)
        if buffer is None:
            buffer = Buffer(size)
            self.buffers.append(buffer)
        else:
            self._free.remove(buffer)
            buffer.size = max(buffer.size, size)
        name = f"m{len(self._memories)}"
        self._memories[buffer, name] = name, lambda memory: memory
        return buffer, name

    def bind(self, regions: list[Region]) -> None:
        """Give the program the functions, which are built by now."""
        self._bound.update((region.name, region.run) for region in regions)
