"""Loops that occur several times in a program: one function of C, and a call for each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from ...notation.c import TYPES
from .lines import broken, headed, joined
from .storage import Place

_LEAST_LINES = 6  # of a function; a call of a shorter one says less than its loops
_NAMES = "abcdefghopqrstuvwxyz"  #: of arrays in a function; loops have the other letters
_DECLARATION = re.compile(rf"\s*(?:const )?(?:{'|'.join({*TYPES.values(), 'uint8_t'})}) (.*);")
_DECLARED = re.compile(r"(?:^|, )(\w+)(?:\[\d+\])*(?= = |,|$)")
_WRITTEN = re.compile(r"\s*(\*?\w+)(?:\[.*\])? [-+*|&]?= ")
_NOTE = re.compile(r" *// \w+(, \w+)* = .*")  #: the step of the program that a line computes
#: a name, with indices that are the same in all turns of the loops
_WORD = re.compile(r"\b([A-Za-z_]\w*)((?:\[\d+\])*(?=\[))?(?:(\[[^][]*) \+ (\d+)(?=\]))?")


class Block:
    """Loops of a function, which may become a call.

    Parameters
    ----------
    wanted : str
        The name of the function that does the same.
    lines : list of str
        The loops.
    """

    def __init__(self, wanted: str, lines: Sequence[str]) -> None:
        self.wanted, self.text = wanted, "\n".join(lines)
        self._notes = [m[0].strip() for m in map(_NOTE.search, lines) if m]
        code = [_NOTE.sub("", line) for line in joined(lines)]
        self._code = [line for line in code if line.strip()]
        self._own: dict[str, str] = {}  # names that the loops declare, and those in the function
        self._given: dict[str, str] = {}  # arguments of the call, and the names in the function
        self.parameters: list[str] = []
        self.body = ""

    def generalise(self, places: Mapping[str, Place], words: Mapping[str, int]) -> bool:
        """Find what differs from call to call. Return whether another function can do the same.

        `places` are the variables of the function that the loops are in. `words` tells how often
        each name occurs there.
        """
        code = "\n".join(self._code)
        for found in filter(None, map(_DECLARATION.match, self._code)):
            for name in _DECLARED.findall(found[1].partition(" = ")[0]):
                word = name.partition("_")[0]
                is_free = word in ("tile", "first") and word not in self._own.values()
                self._own[name] = word if is_free else f"t{len(self._own) + 1}"
        written = {m[1] for m in map(_WRITTEN.match, self._code) if m} - {*self._own}

        def renamed(match: re.Match[str]) -> str:
            name, ahead, index, offset = match.groups(default="")
            if name in places and name not in self._own:
                given = name + ahead + f" + {offset}" * bool(offset)
                self._give(given, places[name], ahead.count("["), name not in written)
                return self._given[given] + _WORD.sub(renamed, index)
            index += f" + {offset}" * bool(offset)
            return self._own.get(name, name) + ahead + _WORD.sub(renamed, index)

        self.body = _WORD.sub(renamed, code)
        arrays = [re.split(r"\W", given)[0] for given in self._given]
        here = count_words(self.text)
        return (
            len(self._code) >= _LEAST_LINES
            and all(arrays.count(name) == 1 and places[name].lengths for name in written)
            and all(here[name] == words[name] for name in self._own)
            and not re.search(r"\btable\d|\bgoto\b|\breturn\b", code)
        )

    def _give(self, given: str, place: Place, ahead: int, constant: bool) -> None:
        """Make an array, from some place on, an argument of the call."""
        if given not in self._given:
            n = len(self._given)
            name = self._given[given] = _NAMES[n] if n < len(_NAMES) else f"a{n}"
            self.parameters.append(place.as_parameter(name, ahead, constant))

    def call(self, name: str) -> str:
        lines = [f"  {note}" for note in self._notes]
        return "\n".join([*lines, *broken(f"  {name}({', '.join(self._given)});")])

    def function(self, name: str) -> str:
        lines = [part for line in self.body.split("\n") for part in broken(line)]
        return "\n".join([*headed(f"static void {name}(", self.parameters), *lines, "}"])


def count_words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text))


def shared(
    texts: list[str], blocks: Iterable[Sequence[Block]], new: Callable[[str], str]
) -> list[str]:
    """Replace the blocks that occur several times by calls. Return the functions.

    Parameters
    ----------
    texts : list of str
        Functions, which change.
    blocks : iterable of lists of Block
        The blocks of each of them.
    new : callable
        It returns a name that is not in use.
    """
    same: dict[tuple[str, ...], list[tuple[int, Block]]] = {}
    for n, found in enumerate(blocks):
        for block in found:
            same.setdefault((block.body, *block.parameters), []).append((n, block))
    functions = []
    for places in same.values():
        if len(places) > 1:
            name = new(places[0][1].wanted)
            functions.append(places[0][1].function(name))
            for n, block in places:
                texts[n] = texts[n].replace(block.text, block.call(name))
    return functions
