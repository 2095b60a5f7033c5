"""Answer names and keywords of other libraries with what to write here.

`remedies`, `remedies_jax` and `absent` hold the data. At import only the names are collected. An
answer is looked up after an attribute or a call has failed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cache, lru_cache, wraps
from inspect import Parameter, getattr_static, signature
from typing import Any, TypeVar, cast

import numpy as np

from . import absent, remedies, remedies_jax
from .arrays import NO_KWARGS
from .registry import PRIMITIVES, UNSUPPORTED, parameters_of

F = TypeVar("F", bound=Callable[..., Any])

#: All pairs of a call in another library and the same call here; of equal names the first counts.
PAIRS = {
    **remedies.METHODS,
    **remedies.FUNCTIONS,
    **remedies.LAYERS,
    **remedies_jax.JAX,
    **remedies_jax.AUTOGRAD,
    **remedies_jax.MICROGRAD,
}

#: Owner of a name -> the reasons that are searched first.
_REASONS = {
    "Tensor": absent.METHODS,
    "ag": absent.FUNCTIONS,
    "nn": absent.LAYERS,
    "nn.init": absent.LAYERS,
    "functional": absent.LAYERS,
    "optim": absent.OPTIMISERS,
    "data": absent.DATA,
    "model": absent.MODELS,
    "optimizer": absent.OPTIMISER,
}


def missing(owner: str, name: str, holder: Any) -> AttributeError:
    """Return the error for a name that `owner` lacks, with what to write instead.

    Parameters
    ----------
    owner : {"Tensor", "ag", "nn", "nn.init", "functional", "optim", "data", "model", "optimizer"}
        The name under which the advice is looked up.
    name : str
        The attribute that was asked for.
    holder : type or module
        The class or the module itself, which the message names.
    """
    what = (
        f"{holder.__name__!r} object" if isinstance(holder, type) else f"module {holder.__name__!r}"
    )
    text = f"{what} has no attribute {name!r}"
    if not name.startswith("__") and (advice := _answer(owner, name, holder)):
        text += f". {advice}"
    # With its name, the error gets no second suggestion from Python.
    return AttributeError(text, name=name)


class Missing:
    """A name that a class of PyTorch or JAX has, but ours does not.

    Reading it as an attribute raises the AttributeError that `missing` returns.
    """

    __slots__ = ("name", "owner")

    def __init__(self, owner: str, name: str) -> None:
        self.owner, self.name = owner, name

    def __get__(self, instance: Any, holder: type) -> Any:
        raise missing(self.owner, self.name, holder)


class Answering(type):
    """The type of a class that has a `Missing` for each name of another library.

    A method ``__getattr__`` would answer all names, but in Python 3.11 it slows down every
    attribute that exists: by 6% of a small training step.
    """

    def __dir__(cls) -> list[str]:
        """Return the names that exist, for ``dir`` and ``help``."""
        return [n for n in super().__dir__() if not isinstance(getattr_static(cls, n), Missing)]


def names_elsewhere() -> set[str]:
    """Return the names in the tables and of NumPy's functions, also with PyTorch's underscore."""
    words = " ".join((*absent.METHODS.values(), *absent.FUNCTIONS.values()))
    names = {*re.findall(r"\.(\w+)", " ".join(PAIRS)), *filter(str.isidentifier, words.split())}
    names.update(n for m in (np, np.linalg, np.fft) for n in dir(m) if n[0] != "_")
    return names | {name + "_" for name in names}


@lru_cache(1024)  # NumPy, IPython and others probe objects for the same attributes again and again
def _answer(owner: str, name: str, holder: Any) -> str:
    """Return what to write instead of a name, or the most similar name."""
    return _advice(owner, name) or _suggestion(owner, name, _names_of(holder))


def _names_of(holder: Any) -> set[str]:
    """Return the public names of a class or a module."""
    return {name for name in getattr(holder, "__all__", dir(holder)) if name[0] != "_"}


def _advice(owner: str, name: str) -> str:
    """Return what to write instead of a name, or an empty text."""
    if pairs := pairs_of(owner, name):
        return _written(pairs)
    for reasons in (_REASONS[owner], *_REASONS.values()):
        for reason, names in reasons.items():
            if any(fnmatchcase(name, pattern) for pattern in names.split()):
                return reason
    return _of_numpy(owner, name) or _written(pairs_of("", name)) or _in_place(owner, name)


def _written(pairs: list[tuple[str, str]], most: int = 2) -> str:
    """Return sentences for the first pairs of calls. Pairs with the same answer share one."""
    theirs = {ours: theirs for theirs, ours in reversed(pairs)}
    different = [(theirs[ours], ours) for ours in dict.fromkeys(ours for _, ours in pairs)]
    return " ".join(_sentence(there, here) for there, here in different[:most])


def _sentence(there: str, here: str) -> str:
    """Return what to write instead of PyTorch's call, which is not named if it is the same."""
    is_same = there.removeprefix("torch.") == here
    return f"Write {_code(here)}." if is_same else f"For `{there}`, write {_code(here)}."


def _code(here: str) -> str:
    """Return a call in quotes, with its comment after it: a reason, or an alternative."""
    call, _, comment = here.partition("  # ")
    rng = ", where `rng = np.random.default_rng(0)`" * ("rng." in call)
    return f"`{call}`{rng}" + (comment and (", " if comment.startswith("or ") else ": ") + comment)


def _of_numpy(owner: str, name: str) -> str:
    """Return how NumPy's function of this name is called."""
    for module, prefix in ((np, "np"), (np.linalg, "np.linalg"), (np.fft, "np.fft")):
        if name[0] == "_" or not hasattr(module, name):
            continue
        function, spelled = getattr(module, name), f"{prefix}.{name}"
        if callable(function) and function in UNSUPPORTED:
            return f"{spelled} has no derivative rule. {UNSUPPORTED[function]}"
        if callable(function) and function in PRIMITIVES:
            call = f"{spelled}({_arguments(function)})" if owner == "Tensor" else spelled
            return f"Write `{call}`: NumPy's functions work on tensors."
        return f"NumPy has this name: write `{spelled}`."
    return ""


def _arguments(function: Any) -> str:
    """Return the required arguments of a NumPy function, with `x` for the first."""
    found = parameters_of(function).values()
    required = [p.name for p in found if p.default is p.empty and "VAR" not in p.kind.name]
    return ", ".join(["x", *required[1:]] if not hasattr(function, "nin") else "xy"[: function.nin])


def _in_place(owner: str, name: str) -> str:
    """Return the answer to PyTorch's names that end in an underscore."""
    if name[0] == "_" or not name.endswith("_") or owner == "nn.init":
        return ""
    instead = _advice(owner, name[:-1]) or f"Write `x = x.{name[:-1]}(...)`."
    rule = "No method changes a tensor in place. Only a leaf can get new data: `w.data = ...`."
    return f"{rule} {instead}"


def _suggestion(owner: str, name: str, existing: set[str]) -> str:
    """Return the most similar name: one that exists, or one that has an answer."""
    if name.startswith("_"):
        return ""
    has_functions = owner in ("Tensor", "ag", "nn", "functional")
    close = _closest(name, existing | _index().keys())
    close = close or _closest(name, dir(np) if has_functions else ())
    own = sorted((n[0] != name[0], n) for n in existing if n.lower() == close.lower())
    if own:
        return f"Did you mean `{'x' if owner == 'Tensor' else owner}.{own[0][1]}`?"
    if close:
        is_spelled_so = close.lower() == name.lower()
        return f"Did you mean {close!r}? " * (not is_spelled_so) + _advice(owner, close)
    general = "NumPy's functions work on tensors. To add another function, use ag.primitive."
    return general if has_functions else ""


def _closest(name: str, names: Iterable[str]) -> str:
    """Return the most similar of the names, or an empty text. Ignore upper and lower case."""
    lower = {n.lower(): n for n in sorted(names) if n[0] != "_"}
    found = get_close_matches(name.lower(), lower, n=1, cutoff=0.75)
    return lower[found[0]] if found else ""


# ---- the pairs by name ---------------------------------------------------------------------------


def pairs_of(owner: str, name: str) -> list[tuple[str, str]]:
    """Return the pairs whose first call has this name. An empty `owner` means any owner.

    Examples
    --------
    >>> from autograd_mini.core.answers import pairs_of
    >>> pairs_of("Tensor", "view")
    [('x.view(3, 2)', 'x.reshape(3, 2)')]
    """
    by_owner = _index().get(name, {})
    own = by_owner.get("ag" if owner in ("nn", "functional") else owner, [])
    return own if owner else [pair for pairs in by_owner.values() for pair in pairs]


@cache
def _index() -> dict[str, dict[str, list[tuple[str, str]]]]:
    """Return name -> owner -> pairs. The owners are "Tensor", "ag" and "optim"."""
    index: dict[str, dict[str, list[tuple[str, str]]]] = {}
    for theirs, ours in PAIRS.items():
        root, *names = names_in(theirs)
        owner = "optim" if "optim" in names else "Tensor" if root in _TENSORS and names else "ag"
        for name in {*(names or [root])} - _MODULES:
            index.setdefault(name, {}).setdefault(owner, []).append((theirs, ours))
    return index


#: Variables of the pairs that are tensors, and modules of the other libraries.
_TENSORS = set("abcimptuwx")
_MODULES = {"autograd", "config", "func", "functional", "nn", "numpy", "optim", "random", "scipy"}
_MODULES |= {"lax", "linalg", "special", "utils"}


def names_in(call: str) -> list[str]:
    """Return the variable and the attributes of a call, without those of its arguments.

    Examples
    --------
    >>> from autograd_mini.core.answers import names_in
    >>> names_in("torch.max(x.exp(), dim=1).values")
    ['torch', 'max', 'values']
    """
    names: list[str] = []
    node: ast.AST = ast.parse(call, mode="eval").body
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            names.append(node.attr)
        node = next(ast.iter_child_nodes(node))
    return [node.id, *reversed(names)]


# ---- calls ---------------------------------------------------------------------------------------


#: Methods whose other meaning in PyTorch also shows as a ValueError.
_AMBIGUOUS = {"repeat", "transpose"}


def explain_method(name: str, error: Exception, args: Any = (), kwargs: Any = NO_KWARGS) -> None:
    """Raise an error that answers a failed call of a method of Tensor, if there is an answer.

    The answer is the right keyword, or PyTorch's call and the same call here.
    """
    if key := unexpected_keyword(error):
        known = list(parameters_of(getattr(np, name, None)))[1:]
        raise TypeError(wrong_keyword(name, key, kwargs.get(key), known)) from error
    text = str(error).rstrip(".")
    if isinstance(error, TypeError) and len(args) == 2 and isinstance(args[1], bool):
        call = f"x.{name}(axis={args[0]!r}, keepdims={args[1]})"
        raise TypeError(
            f"{text}. The order of the arguments is NumPy's. Write `{call}`."
        ) from error
    pairs = pairs_of("Tensor", name)
    if pairs and (_may_be_of_pytorch(error) or name in _AMBIGUOUS):
        fix = f"The methods of a tensor are NumPy's. {_written(pairs, 3)}"
        raise type(error)(f"{text}. {fix}") from error


def _may_be_of_pytorch(error: Exception) -> bool:
    """Return whether a call that failed may be right in PyTorch: no library takes axis=0.5."""
    return isinstance(error, TypeError) and "expected an integer" not in str(error)


def unexpected_keyword(error: Exception) -> str:
    """Return the keyword that an error calls unexpected, or an empty text."""
    found = re.search(r"(?:unexpected keyword|has no) argument '(\w+)'", str(error))
    return found[1] if found else ""


def wrong_keyword(name: str, key: str, value: Any = None, known: Iterable[str] = ()) -> str:
    """Return the message for a keyword that a function does not have."""
    text = f"{name}() has no argument {key!r}."
    new = absent.RENAMED.get(key)
    if new and (new in known or not known):
        value = tuple(value) if isinstance(value, list) else value
        is_short = isinstance(value, (int, float, tuple)) and len(repr(value)) < 20
        instead = f"{new}={value!r}" if is_short else f"{new}="
        return f"{text} Write {instead} instead of {key}=."
    if why := absent.KEYWORDS.get(f"{name}.{key}") or absent.KEYWORDS.get(key):
        return f"{text} {why}"
    close = _closest(key, known)
    hint = f" Did you mean {close!r}?" if close else ""
    return f"{text}{hint} Its arguments are: {', '.join(known)}." if known else text


def explains_keywords(f: F) -> F:
    """Return `f`, with an answer to keywords that it does not have."""
    name = f.__qualname__.removesuffix(".__init__").rpartition(".")[2]

    @wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return f(*args, **kwargs) if kwargs else f(*args)  # saves a dict
        except TypeError as error:
            is_class = bool(args) and getattr(type(args[0]), "__init__", None) is call
            called = type(args[0]).__name__ if is_class else name  # it may inherit __init__
            for key in _unknown(f, kwargs):
                known = [n for n in signature(f).parameters if n != "self"]
                raise TypeError(wrong_keyword(called, key, kwargs[key], known)) from error
            if options := _by_name(f, args):
                text = f"{called}() got too many arguments by position"
                raise TypeError(f"{text}. Pass by name: {options}.") from error
            if (pairs := pairs_of("", called)) and not _fits(f, args, kwargs):
                text = str(error).replace(f.__qualname__, called)
                raise TypeError(f"{text}. {_written(pairs)}") from error
            raise

    return cast(F, call)


def _unknown(f: Callable[..., Any], kwargs: dict[str, Any]) -> list[str]:
    """Return the keywords that are not parameters of `f`."""
    parameters = signature(f).parameters
    open_ended = any(p.kind == Parameter.VAR_KEYWORD for p in parameters.values())
    return [] if open_ended else [key for key in kwargs if key not in parameters]


def _by_name(f: Callable[..., Any], args: Any) -> str:
    """Return the arguments of a call that `f` takes by name only, as it takes them."""
    kinds = [(p.kind, p.name) for p in signature(f).parameters.values()]
    if any(kind == Parameter.VAR_POSITIONAL for kind, _ in kinds):
        return ""
    named = [name for kind, name in kinds if kind == Parameter.KEYWORD_ONLY]
    beyond = args[sum(kind <= Parameter.POSITIONAL_OR_KEYWORD for kind, _ in kinds) :]
    return ", ".join(f"{name}={x!r:.20}" for name, x in zip(named, beyond))


def _fits(f: Callable[..., Any], args: Any, kwargs: Any) -> bool:
    """Return whether these arguments fit the signature of `f`."""
    try:
        signature(f).bind(*args, **kwargs)
    except TypeError:
        return False
    return True
