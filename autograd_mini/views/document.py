"""Save and show documents: the pictures of `ag.draw` and the pages of `ag.explore`."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import tempfile
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def check_theme(function: str, theme: str) -> None:
    """Raise ValueError if the theme is unknown. The message names the public `function`."""
    if theme not in ("auto", "light", "dark"):
        raise ValueError(f"{function}: theme must be 'auto', 'light' or 'dark', got {theme!r}")


def check_path(path: str | os.PathLike[str], endings: Sequence[str]) -> Path:
    """Return the path. Raise an error if it has another ending, or its folder does not exist."""
    path = Path(path)
    if path.suffix.lower() not in endings:
        raise ValueError(f"cannot write {str(path)!r}: it must end in {', '.join(endings)}")
    if not path.parent.is_dir():
        folder = str(path.parent)
        raise FileNotFoundError(f"cannot write {str(path)!r}: the folder {folder!r} does not exist")
    return path


def write_atomically(path: Path, content: bytes) -> None:
    """Write a temporary file next to the path and rename it, so that no half file is left."""
    part = path.with_name(f".{secrets.token_hex(4)}.part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    except OSError as error:  # the error names the path, not the temporary file
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def show(document: Any, name: str, what: str) -> None:
    """Show a document in a notebook or a browser. Without either, print `what` and its path."""
    ipython = sys.modules.get("IPython")
    if ipython and hasattr(ipython.get_ipython(), "kernel"):
        ipython.display.display(document)
        return
    page = Path(tempfile.mkdtemp(prefix="autograd_mini-")) / name
    document.save(page)
    has_screen = {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ) or sys.platform != "linux"
    if not (has_screen and webbrowser.open(page.as_uri())):
        print(f"{what} in {page}")
