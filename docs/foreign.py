"""The page of arrays of other libraries: how each operation handles them, found by running it."""

from collections import defaultdict

from tests.conformance import all_rows, outcome

INTRODUCTION = """\
# Arrays of other libraries

A tensor can hold an array of another library that implements NumPy's protocols (NEP 13 and NEP
18), such as CuPy or Dask. The tensor keeps this array: operations, gradients, transforms,
optimisers and layers compute with functions of the other library.

```
import cupy as cp

w = ag.tensor(cp.asarray(weights), requires_grad=True)
loss = np.tanh(cp.asarray(x) @ w).sum()
loss.backward()  # w.grad is an array of CuPy
```

- No array is converted to a NumPy array silently. `t.item()` and `t.tolist()` return Python's
  numbers. `t.numpy()` and `np.asarray(t)` convert the array. If the other library does not allow
  this, they raise its error.
- You can combine a tensor on a GPU with numbers, and with arrays of the same library. With a NumPy
  array or a list, you get a `TypeError`. Convert the NumPy array or the list first.
- To move a model to a GPU, assign to its parameters: `p.data = cp.asarray(p.data)`. Create the
  optimiser afterwards.
- Softmax, its logarithm and cross-entropy are computed with several operations instead of a fused
  node. They subtract the largest logit first, so they do not overflow. If a prediction is almost
  certain, the last digits can differ from those for NumPy arrays.
- Indices of classes and of an embedding are checked on the GPU. The check copies two numbers from
  the GPU. Indices in a Dask array are not checked: Dask would have to compute the whole array for
  the check.
- `ag.compile` refuses these arrays. Pages, formulas and programs (`ag.explore`, `ag.latex`,
  `ag.source`) need NumPy arrays.
- An array of a library without these protocols (PyTorch, JAX, other Array API libraries) raises a
  `TypeError`. Convert it with `np.asarray(x)`.

## Which operations work

To make this table, every operation is run on a test array that behaves like an array on a GPU. The
test array cannot be converted implicitly, or combined with a NumPy array. It has all functions of
NumPy, but your library may lack some of them. If an operation works, its values, gradients and
second derivatives are equal to those for NumPy arrays.
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
