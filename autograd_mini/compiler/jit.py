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
    """Turn `f` into a NumPy or C program, and return a function that runs this program.

    Write ``f = ag.compile(f)``. As a decorator, write ``@ag.compile``, or with options
    ``@ag.compile(state=(model, optimizer))``.

    The first call runs `f`, and records its NumPy operations. This is called *tracing*. The
    recorded operations become a program. Later calls run this program instead of `f`.

    Parameters
    ----------
    f : callable
        Takes and returns arrays, Tensors and numbers, or dicts, lists and tuples of them. It must
        perform the same operations for all values. So an ``if`` that depends on the entries of an
        array raises an error. `f` may compute gradients: ``ag.compile(ag.value_and_grad(loss))``.
    donate : int or tuple of int
        The positions of arguments whose arrays the program may overwrite, which saves memory. Use
        it for the parameters that a training step updates. The program writes the new parameters
        into the arrays of the old ones, and returns these arrays. If a donated Tensor requires a
        gradient, call the compiled function inside ``with ag.no_grad():``.
    fuse : bool
        Whether to use `softmax` and `softmax_cross_entropy` where you wrote the same formula with
        ``np.exp`` and ``np.log``. They do not overflow, so results can differ from those of `f`.
    state : object or tuple of objects
        The models, optimisers, arrays and random generators that a training step `f` changes. The
        program changes them exactly as `f` does. You may change ``optimizer.lr`` between calls.
        If you change another number between calls, such as ``model.count``, `f` is traced again. If
        `f` itself changes such a number, the call raises an error.
    target : {"numpy", "c", "auto"}
        The language of the program. "auto" means "c" if this machine has a C compiler, and
        otherwise "numpy". A "c" program is compiled in the first call. Its results have other
        rounding errors than those of NumPy, and it shows no warnings such as "divide by zero".

    Returns
    -------
    Compiled
        A function with the arguments and results of `f`. With target "numpy" and without `fuse`,
        its results are equal to those of `f` to the last bit. If no argument is a Tensor, the
        results are arrays. ``.source`` is the program. ``.report()`` describes how the program was
        made.

    Raises
    ------
    TypeError
        In the first call, if an ``if`` or ``while`` in `f` depends on the entries of an array. The
        message shows the line.
    RuntimeError
        If `target` is "c", and a C compiler is missing. If `f` reads a Tensor that requires a
        gradient, and that is neither an argument nor in `state`. If `f`, except in `dropout`, draws
        random numbers from a generator that is neither an argument nor in `state`. If `f` stores a
        computed array in an attribute, a global variable or a list that is not part of `state`. If
        `f` changes the entries of a dict or list that is an argument.
    ValueError
        If `target` is not "numpy", "c" or "auto". If no result can be written into a donated array,
        or if several could be. If a donated array is read-only, or shares its memory with another
        argument.

    Notes
    -----
    *Arguments.* The entries of arrays and the values of floats may change from call to call. If a
    shape, a dtype or any other argument changes (an int, a string, an object), `f` is traced again.
    The latest 64 programs are kept, so `f` is not traced again when you go back to an old shape.

    *Captured variables* are the globals, the attributes and the variables of outer functions that
    `f` reads. If such a variable is an array, each call uses its current entries. If it is not an
    array, and it changes, `f` is traced again. If `f` computes something only from captured arrays,
    such as ``w * 2``, each call also checks whether an entry of ``w`` has changed. This is slow, so
    pass large arrays as arguments.

    *Changes that are not noticed.* The program keeps the old value of a variable if the code of `f`
    does not contain its name, as in ``getattr(self, f"w{i}")``. It also keeps what `f` read from a
    file or a clock. If `f` uses a captured array and converts a result to a Python number, as in
    ``w * w.sum().item()``, the program keeps this number.

    *Side effects*, such as ``print``, happen only while `f` is traced.

    *Gradients.* If an argument is a Tensor that requires a gradient, the call runs `f` itself, and
    not the program. ``.report()`` counts these calls. To compile a gradient, write
    ``ag.compile(ag.grad(f))``.

    Several threads may call the function at the same time. If a call fails while the program runs,
    the contents of donated arrays are undefined.

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

    The next step changes a model and an optimiser. Here, `compile` is a decorator:

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
