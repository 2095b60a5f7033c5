"""``ag.compile``: run a function as an equivalent NumPy program without branches.

The first call with arguments of new shapes *traces* the function: it runs on arrays that record
what NumPy does to them (`tracer`), including derivatives and the optimiser step. The recorded
program is made shorter by named rules (`passes`), gets its memory (`memory`), and is run from then
on. ``jax.jit`` and ``torch.compile`` work in the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, overload

from ..core.answers import explains_keywords
from ..core.messages import describe
from .compiled import Compiled, CompiledStep


@overload
def compile(
    f: Callable[..., Any],
    *,
    donate: int | tuple[int, ...] = ...,
    fuse: bool = ...,
    state: Any = ...,
    target: str = ...,
) -> Compiled: ...
@overload
def compile(
    f: None = None,
    *,
    donate: int | tuple[int, ...] = ...,
    fuse: bool = ...,
    state: Any = ...,
    target: str = ...,
) -> Callable[[Callable[..., Any]], Compiled]: ...
@explains_keywords
def compile(
    f: Callable[..., Any] | None = None,
    *,
    donate: int | tuple[int, ...] = (),
    fuse: bool = False,
    state: Any = None,
    target: str = "numpy",
) -> Any:
    """Turn `f` into a program of NumPy or C, and return a function that runs the program.

    Call it, ``ag.compile(f)``, or write it as a decorator above a function: ``@ag.compile``, or
    with options ``@ag.compile(state=(model, optimizer))``.

    The first call runs `f` once, and records its steps. This is called *tracing*. Later calls run
    the program.

    Parameters
    ----------
    f : callable
        Takes and returns arrays, Tensors and numbers, also in nested dicts, lists and tuples. It
        must run the same steps for all values, so an ``if`` that looks at the values in an array
        raises an error. It may call transforms: ``ag.compile(ag.value_and_grad(loss))``.
    donate : int or tuple of int
        The positions of arguments whose arrays may be overwritten. The program writes the result
        with the same shapes as the argument into these arrays, and returns them. Use `donate` for
        parameters that a step updates. If the parameters require a gradient, as in a model, call
        the step inside ``with ag.no_grad():``.
    fuse : bool
        Whether to replace a softmax or cross-entropy that is written in primitives with the fused
        operation. This can change results, because the fused operation does not overflow.
    state : object or tuple of objects
        Models, optimisers, arrays and generators of random numbers that a training step `f`
        changes. The compiled step changes them in the same way, to the last bit: parameters and
        their gradients, buffers, moments, and the state of the generators. You may change
        ``optimizer.lr`` between calls. Other numbers, such as ``model.count``, are constants of the
        program. A step that changes one of them raises an error.
    target : str
        "numpy", "c", or "auto", which is "c" if C can be built on this machine, and otherwise
        "numpy". For "c", the first call builds loops of C. Results agree up to rounding, without
        NumPy's warnings such as "divide by zero". ``.report()`` lists the steps that remain NumPy
        calls.

    Returns
    -------
    Compiled
        Takes the arguments of `f`, and returns the same results. They are equal to the last bit,
        except for target "c". If no argument is a Tensor, the results are arrays, even if `f`
        returns Tensors. ``.source`` is the program. ``.report()`` describes how it was made.

    Raises
    ------
    TypeError
        In the first call, if `f` makes a decision that depends on the values in an array. The
        message shows the line.
    RuntimeError
        The first call raises it in five cases:

        - `target` is "c", and a C compiler is missing.
        - `f` reads a Tensor that requires a gradient, such as a parameter of a model, and the
          Tensor is neither an argument nor in `state`.
        - `f` draws random numbers from a generator that is neither an argument nor in `state`.
          (Only `dropout` is allowed to do so.)
        - `f` stores a computed array outside of `f`: in an attribute, a variable or a list.
        - `f` changes the entries of a dict or list that is an argument.
    ValueError
        If `target` is another word. If it is not clear which result to write into a donated array.
        If a donated array is read-only, or shares its memory with another argument. After this
        error, all arrays are unchanged.

    Notes
    -----
    Arrays and floats may have new values in each call. Other arguments (ints, strings, None,
    objects) are part of the program. `f` is traced again if such an argument changes, or if the
    shape, strides or dtype of an array changes.

    *Captured state* is everything that `f` reads and that is not one of its arguments. Captured
    arrays (globals, closure variables, attributes) are inputs of the program. If you change such an
    array in place, or assign a new array of the same shape to its name, the program uses the new
    values. Other captured state is compared in each call. Numbers and strings are compared by
    value, functions by their code, and lists, dicts, sets and deques by their entries. Other
    objects are compared by identity. If something has changed, `f` is traced again, which is slow.
    If `f` computes something only from captured arrays (``w * 2`` in ``x * (w * 2)``), each call
    also compares all entries of these arrays. Pass such arrays as arguments.

    Some changes are *not noticed*, because the code of `f` does not name the thing that changes.
    Examples are attributes with a computed name (``getattr(self, f"w{i}")``), names in
    ``globals()`` or ``sys.modules``, the class of an object, clocks, files, random generators
    without a seed, and the state of other libraries. If `f` uses a captured array `w` and also
    converts it to a Python number (``x * w * w.sum().item()``), `w` is not compared, and the
    program keeps the old number. If `f` also computes a second array from `w`
    (``x * w + (w > 100)``), and its entries are all 0 or all 1 while `f` is traced, the program
    keeps this second array. Prints and other effects of `f` happen only while `f` is traced.

    Results are new arrays, unless they are written into donated arrays. If a call raises an error,
    the contents of donated arrays are undefined. Several threads may call the function at the same
    time. The programs for the latest 64 shapes are kept.

    Two kinds of call run the original `f`, because their caller records all steps of `f`. The first
    kind has a Tensor that requires a gradient as an argument, as inside ``ag.grad``. The second
    kind is a call from a function that is being compiled. ``.report()`` counts them. To run the
    program instead, compile the derivative, ``ag.compile(ag.grad(f))``, or pass ``w.detach()``.

    References
    ----------
    Frostig, Johnson, Leary: Compiling machine learning programs via high-level tracing, SysML 2018.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> def loss(w, x, y):
    ...     return np.mean((x @ w - y) ** 2)
    >>> def step(w, x, y, lr):
    ...     value, gradient = ag.value_and_grad(loss)(w, x, y)
    ...     return value, w - lr * gradient
    >>> step = ag.compile(step, donate=0)
    >>> w, x, y = np.zeros(2), np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([1.0, 3.0])
    >>> for _ in range(200):
    ...     value, w = step(w, x, y, 0.5)
    >>> w.round(4)
    array([1., 2.])

    A step that changes a model and an optimiser. Here, `compile` is a decorator:

    >>> from autograd_mini import nn, optim
    >>> model = nn.Linear(2, 1)
    >>> optimizer = optim.SGD(model.parameters(), lr=0.1)
    >>> @ag.compile(state=(model, optimizer))
    ... def train(x, y):
    ...     optimizer.zero_grad()
    ...     loss = ag.mse_loss(model(x)[:, 0], y)
    ...     loss.backward()
    ...     optimizer.step()
    ...     return loss
    >>> for _ in range(200):
    ...     loss = train(x, y)
    >>> loss.item() < 1e-4
    True
    """
    if f is None:
        return partial(compile, donate=donate, fuse=fuse, state=state, target=target)
    if not callable(f):
        raise TypeError(f"compile needs a function, got {describe(f)}. Write ag.compile(f)(x).")
    chosen = donate if isinstance(donate, (tuple, list)) else (donate,)
    if not all(type(i) is int and i >= 0 for i in chosen) or len(set(chosen)) < len(chosen):
        raise TypeError(
            "compile: donate must be the position of an argument, such as 0, or a tuple of "
            f"different positions, such as (0, 2). Got {donate!r}."
        )
    if target not in ("numpy", "c", "auto"):
        raise ValueError(f"compile: target must be 'numpy', 'c' or 'auto', got {target!r}.")
    if state is None:
        return Compiled(f, tuple(chosen), fuse, target)
    if chosen:
        raise TypeError("compile: leave donate= out. The arrays in state= are always donated.")
    return CompiledStep(f, state if isinstance(state, tuple) else (state,), fuse, target)
