"""``python -m autograd_mini.exercises [NAME ...]``: the list of exercises, or what they ask."""

import sys

from ..views.terminal import spelled
from . import CHAPTERS, overview


def main(names: list[str]) -> int:
    """Print what the named exercises ask, or the list; the answer is the exit status."""
    known = {e.name: e for chapter in CHAPTERS.values() for e in chapter}
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no exercise is called {unknown[0]}; the list: python -m autograd_mini.exercises")
        return 2
    text = "\n\n\n".join(repr(known[name]) for name in names) if names else overview()
    print(spelled(text, sys.stdout))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
