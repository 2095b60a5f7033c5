"""Write a formula once for all rules that differ only in the names of their tensors.

A long tape has the same few rules many times. A formula in placeholders is written for the first of
them. For the others, names are put in.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from ..core.tensor import Tensor
from ..text.format import Names
from .names import Definitions
from .plain import Plain
from .symbolic import SymbolicRule

_FIRST = 0xE000  # the first of the characters that have no meaning in Unicode
_COTANGENT = "\uf8ff"  # the last of them


class Templates:
    """The formulas of rules in plain text, with placeholders instead of names."""

    def __init__(self) -> None:
        self._keys: dict[int, Hashable | None] = {}  # by the number of the rule's result
        self._texts: dict[Hashable, str] = {}

    def rule(self, rule: SymbolicRule, names: Names, cotangent: str) -> str:
        """Return what a rule computes from the cotangent, with all its parts written out."""

        def write(names: Names, cotangent: str) -> str:
            return Plain().format_rule(rule, names, cotangent).text

        return self._filled("rule", write, rule, names, cotangent)

    def local(self, rule: SymbolicRule, names: Names, cotangent: str) -> str:
        """Return the local derivative of a rule. Its long parts are named, not written out."""

        def write(names: Names, cotangent: str) -> str:
            return Plain(Definitions()).format_local(rule, names, cotangent).text

        return self._filled("local", write, rule, names, cotangent)

    def _filled(
        self,
        kind: str,
        write: Callable[[Names, str], str],
        rule: SymbolicRule,
        names: Names,
        cotangent: str,
    ) -> str:
        """Return what `write` writes, which is called with placeholders if it is possible."""
        known = self._key(rule)
        if known is None:
            return write(names, cotangent)
        places = {t.order: chr(_FIRST + i) for i, t in enumerate(rule.symbols.values())}
        if (kind, known) not in self._texts:
            self._texts[kind, known] = write(places, _COTANGENT)
        found = {ord(place): names[order] for order, place in places.items()}
        return self._texts[kind, known].translate({**found, ord(_COTANGENT): cotangent})

    def _key(self, rule: SymbolicRule) -> Hashable | None:
        if not isinstance(rule.result, Tensor):
            return None
        if rule.result.order not in self._keys:
            self._keys[rule.result.order] = structure(rule)
        return self._keys[rule.result.order]


def structure(rule: SymbolicRule) -> Hashable | None:
    """Return a key that is equal for rules with the same formula in other names.

    It is None if the formula contains the numbers of an array.
    """
    if not isinstance(rule.result, Tensor):
        return None
    places = {order: i for i, order in enumerate((rule.cotangent.order, *rule.symbols))}
    parts: list[Hashable] = [tuple(t.shape for t in rule.symbols.values()), rule.cotangent.shape]
    for node in rule.tape:
        if node.order in places:
            continue
        if node.op is None:
            return None
        arguments = *node.inputs, *node.kwargs.values()
        if not all(isinstance(a, Tensor) or _is_plain(a) for a in arguments):
            return None
        known = [places[a.order] if isinstance(a, Tensor) else repr(a) for a in arguments]
        places[node.order] = len(places)
        parts.append((node.op, node.shape, node.name, *node.kwargs, *known))
    return (*parts, places[rule.result.order])


def _is_plain(a: Any) -> bool:
    """Return whether the text of an argument describes it."""
    if isinstance(a, tuple):
        return all(map(_is_plain, a))
    return a is None or isinstance(a, (int, float, str))
