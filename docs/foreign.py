"""The page of arrays of other libraries: how each operation handles them, found by running it."""

from collections import defaultdict

from tests.conformance import all_rows, outcome

INTRODUCTION = """\
# Arrays of other libraries

A tensor can hold an array of another library that implements NumPy's protocols (NEP 13 and NEP
18), such as CuPy or Dask. Such an array is kept: operations, gradients, transforms, optimisers
and layers compute with that library.

```
import cupy as cp

w = ag.tensor(cp.asarray(weights), requires_grad=True)
loss = np.tanh(cp.asarray(x) @ w).sum()
loss.backward()  # w.grad is an array of CuPy
```

- Nothing is converted to a NumPy array silently. `t.item()` and `t.tolist()` ask for numbers.
  `t.numpy()` and `np.asarray(t)` raise the error of the library, if it refuses the conversion.
- A tensor that holds an array on a GPU combines with numbers and with arrays of the same library.
  A NumPy array or a list next to it raises a `TypeError`. Convert it first.
- To move a model, assign to its parameters: `p.data = cp.asarray(p.data)`. Create the optimiser
  afterwards.
- Softmax, its logarithm and cross-entropy compute the graph of primitives, with a shift against
  overflow. The last digits of an almost certain prediction can differ from those of NumPy arrays.
- Indices of classes and of an embedding are checked on the device. This copies two numbers to the
  host. The indices of a Dask array are not checked, because this would compute it.
- `ag.compile` refuses these arrays. Pages, formulas and programs (`ag.explore`, `ag.latex`,
  `ag.source`) need NumPy arrays.
- An array of a library without these protocols (PyTorch, JAX, other Array API libraries) raises a
  `TypeError`. Convert it with `np.asarray(x)`.

## Which operations work

The table is made by running every operation on a test double that behaves as an array on a GPU:
it refuses implicit conversions, and does not combine with NumPy arrays. The double has the
functions of NumPy; your library may lack some of them. Values, gradients and second derivatives
are equal to those of NumPy arrays.
"""


def answers() -> dict[str, str]:
    """Return the best answer of each operation, but name it if a call copies a number.

    Calls that join device arrays with a NumPy array are refused, as the page says above the table.
    """
    found = defaultdict(set)
    for row in all_rows():
        found[row.name].add(outcome(row))
    return {name: max(found[name]) for name in sorted(found)}  # refused < works < works, and


def page() -> str:
    """Return the page, as Markdown."""
    found = answers()
    working = sum(answer.startswith("works") for answer in found.values())
    lines = [
        INTRODUCTION,
        f"{working} of {len(found)} operations work on such arrays.\n",
        "| operation | on an array on a GPU |",
        "| --- | --- |",
        *(f"| `{name}` | {answer.splitlines()[0]} |" for name, answer in found.items()),
    ]
    return "\n".join(lines) + "\n"
