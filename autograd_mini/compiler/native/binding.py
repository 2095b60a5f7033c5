"""Call functions of C on arrays.

All arguments go to C as one tuple. C finds the data of an array where NumPy's C API documents it:
behind the head of the object. ctypes itself takes a microsecond to find that for each array.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ..ir import Value
from .region import Region
from .storage import Place
from .writer import Function

_HEAD, _FIRST = object.__basicsize__, tuple.__basicsize__

TUPLE = f"""
/* The arguments are a tuple of Python. The data of an array and the value of a float lie behind the
   head of their object. */
#define ITEM(i) (*(char **)(given + {_FIRST} + i * sizeof(char *)) + {_HEAD})
#define ARRAY(i) (*(void **)ITEM(i))
"""
_WRITEABLE = 0x0400  # a flag of NumPy's

CHECK = f"""
/* Return whether the arrays that follow the first one are as it says. It holds their number and
   how many of them are to be overwritten, which come first. For each array, it holds the addresses
   of type and dtype, the number of axes, the shape, and the strides. */
int are_alike(char *given) {{
  struct {{ char *data; int ndim; intptr_t *shape, *strides; char *base, *dtype; int flags; }} *x;
  const int64_t *wanted = ARRAY(0), n = *wanted++, written = *wanted++;
  for (long i = 1; i <= n; i++) {{
    x = (void *)ITEM(i);
    if (*((intptr_t *)x - 1) != *wanted++) return 0;
    if ((intptr_t)x->dtype != *wanted++ || x->ndim != *wanted++) return 0;
    for (int k = 0; k < x->ndim; k++)
      if (x->shape[k] != *wanted++) return 0;
    for (int k = 0; k < x->ndim; k++)
      if (x->strides[k] != *wanted++) return 0;
    if (i <= written && (x->base || !(x->flags & {_WRITEABLE}))) return 0;
  }}
  for (long i = 1; i <= written; i++) {{
    for (long k = 1; k <= n; k++) {{
      x = (void *)ITEM(k);
      char *owner = x->base ? x->base : (char *)x - {_HEAD};
      if (k != i && owner == ITEM(i) - {_HEAD}) return 0;
    }}
  }}
  return 1;
}}
"""


@lru_cache(maxsize=1)
def arrays_can_be_read() -> bool:
    """Return whether arrays, tuples and floats lie in memory as this module expects."""
    if sys.implementation.name != "cpython" or sys.maxsize < 2**32:
        return False
    owner, number = np.zeros((2, 3)), 1.5
    x = owner[:, 1:]
    given = (x, number)
    items = [ctypes.c_void_p.from_address(id(given) + _FIRST + i * 8).value for i in range(2)]
    value = ctypes.c_double.from_address(id(number) + _HEAD).value
    return items == [id(x), id(number)] and value == number and _fields_are_known(x)


def _fields_are_known(x: Any) -> bool:
    """Return whether C finds the type and the fields of an array where it reads them."""

    def field(i: int, kind: Any = ctypes.c_void_p) -> Any:
        return kind.from_address(id(x) + _HEAD + 8 * i).value

    found = [field(i) for i in (-1, 0, 4, 5)] + [field(i, ctypes.c_int) for i in (1, 6)]
    wanted = [id(type(x)), x.ctypes.data, id(x.base), id(x.dtype), x.ndim, x.flags.num]
    if found != wanted:
        return False
    shape, strides = ((ctypes.c_ssize_t * x.ndim).from_address(field(i))[:] for i in (2, 3))
    return (tuple(shape), tuple(strides)) == (x.shape, x.strides)


def layouts(arrays: Sequence[Any], written: int) -> Any:
    """Return the first argument of ``are_alike``, for arrays like these."""
    table = [len(arrays), written]
    for x in arrays:
        table += [id(type(x)), id(x.dtype), x.ndim, *x.shape, *x.strides]
    return np.array(table, np.int64)


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
