"""The source of a library function that a program calls as a whole.

Most primitives are written call by call. If a primitive decides by the numbers, its own source is
put above the program, with the functions of its module that it calls.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
import types
from collections.abc import Callable
from copy import copy
from functools import lru_cache
from symtable import symtable
from typing import Any

import numpy as np


def add_helper(found: dict[str, str], function: Callable[..., Any], name: str) -> None:
    """Add the source of a function, under the given name, below all that it needs."""
    if name not in found:
        _collect(function, name, name, found)


def _collect(function: Any, own: str, asked: str, found: dict[str, str]) -> None:
    """Add the source of a function to `found`, after the source of all that it uses."""
    definition = _definition(function, asked)
    for used in _globals_of(definition):
        thing = function.__globals__.get(used)  # or a function of Python, such as range
        if not isinstance(thing, types.FunctionType):  # a cached function without its cache
            thing = getattr(thing, "__wrapped__", thing)
        if used in found or used == "np" or thing is None or thing is function:
            continue
        if thing is np:
            found[used] = f"{used} = np"
        elif isinstance(thing, (bool, int, float, str)):
            found[used] = f"{used} = {thing!r}"
        elif isinstance(thing, types.FunctionType):
            _collect(thing, used, asked, found)
        else:
            allowed = "np, numbers, texts and functions that are defined with def"
            raise _no_text(asked, f"it uses the global {used}. It may only use {allowed}")
    renamed = copy(definition)
    renamed.name = own
    found[own] = ast.unparse(renamed)


@lru_cache(maxsize=256)  # to find and parse a function takes longer than to write a program
def _definition(function: Any, asked: str) -> ast.FunctionDef:
    """Return the parsed function without its docstring and annotations, which need imports."""
    if not isinstance(function, types.FunctionType) or function.__closure__:
        raise _no_text(asked, "it is not a plain function that is defined with def")
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError) as error:
        raise _no_text(asked, "its source code cannot be found") from error
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef):
        raise _no_text(asked, "it is a lambda. Define the function with def")
    for node in ast.walk(definition):
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, ast.FunctionDef):
            node.returns, node.decorator_list = None, []
            if ast.get_docstring(node) is not None and len(node.body) > 1:
                node.body = node.body[1:]
    return definition


@lru_cache(maxsize=256)
def _globals_of(definition: ast.FunctionDef) -> list[str]:
    """Return the globals that a function reads. A local variable may have the name of a global."""
    module = symtable(ast.unparse(definition), "source", "exec")
    names = {s.get_name() for s in module.get_symbols() if s.is_referenced()}  # of defaults
    scopes = [*module.get_children()]
    for scope in scopes:  # grows
        names |= {s.get_name() for s in scope.get_symbols() if s.is_global()}
        scopes += scope.get_children()
    return sorted(names)


def _no_text(name: str, why: str) -> TypeError:
    return TypeError(
        f"source: the program must contain a copy of the function of the primitive {name}, "
        "because this function writes into an array, or turns entries of an array into Python "
        f"numbers. The function cannot be copied, because {why}."
    )
