"""Builds the reference: ``python -m tests.reference [FOLDER]``, by default in ``site``."""

import argparse
from pathlib import Path

from .site import build


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.reference", description=__doc__)
    parser.add_argument("folder", nargs="?", default="site", type=Path)
    folder = parser.parse_args().folder
    pages = build(folder)
    print(f"{len(pages)} pages: open {folder / 'index.html'}")


if __name__ == "__main__":
    main()
