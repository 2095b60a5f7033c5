"""Call functions of C on arrays.

All arguments go to C as one tuple. C finds the data of an array where NumPy's C API documents it:
behind the head of the object. ctypes itself takes a microsecond to find that for each array.
"""

from __future__ import annotations

import ctypes
import sys
from functools import lru_cache

import numpy as np

from ..ir import Value
from .region import Region
from .storage import Place
from .writer import Function

_HEAD, _FIRST = object.__basicsize__, tuple.__basicsize__

MACROS = f"""
/* The arguments are a tuple of Python. The data of an array and the value of a float lie behind the
   head of their object. */
#define ITEM(i) (*(char **)(given + {_FIRST} + i * sizeof(char *)) + {_HEAD})
#define ARRAY(i) (*(void **)ITEM(i))
"""


@lru_cache(maxsize=1)
def arrays_can_be_read() -> bool:
    """Return whether arrays, tuples and floats lie in memory as this module expects."""
    if sys.implementation.name != "cpython":
        return False
    x, number = np.zeros(2), 1.5
    given = (x, number)
    items = [ctypes.c_void_p.from_address(id(given) + _FIRST + i * 8).value for i in range(2)]
    data = ctypes.c_void_p.from_address(id(x) + _HEAD).value
    value = ctypes.c_double.from_address(id(number) + _HEAD).value
    return items == [id(x), id(number)] and data == x.ctypes.data and value == number


def entry(region: Region, function: Function) -> str:
    """Return the function that ctypes calls. It returns 0 if all went well."""
    order = [*region.inputs, *map(id, region.constants)]
    words, addresses = [], []
    for place in function.arguments:
        value = place.node.value
        i = order.index(value if value is not None else id(place.node.data[0]))
        words.append(_argument(place, i))
        if value is not None and value.step is None and isinstance(value.example, np.ndarray):
            addresses.append((i, place.node.dtype.itemsize))
    i = len(order)
    for _ in function.results:
        words.append(f"ARRAY({i})")
        i += 1
    start = 0
    for place in function.scratch:
        words.append(f"(void *)((char *)ARRAY({i}) + {start})")
        start += -(-place.bytes // 64) * 64
    checks = [f"  if ((intptr_t)ARRAY({i}) % {n}) return 1;" for i, n in addresses if n > 1]
    call = f"{function.name}({', '.join(words)});"
    lines = [f"  return {call}"] if function.guards else [f"  {call}", "  return 0;"]
    return "\n".join([f"int call_{function.name}(char *given) {{", *checks, *lines, "}"])


def scratch_bytes(function: Function) -> int:
    return sum(-(-place.bytes // 64) * 64 for place in function.scratch)


def _argument(place: Place, i: int) -> str:
    value: Value | None = place.node.value
    if place.node.shape:
        return f"ARRAY({i})"
    is_array = value is None or isinstance(value.example, np.ndarray)
    return f"*({place.type} *){'ARRAY' if is_array else 'ITEM'}({i})"
