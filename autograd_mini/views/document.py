"""TODO: autograd_mini.views.document."""

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


def writable(path: str | os.PathLike[str], endings: Sequence[str]) -> Path:
    """The path, if it has one of the endings, and a folder to be in."""
    path = Path(path)
    if path.suffix.lower() not in endings:
        raise ValueError(f"cannot write {str(path)!r}: it must end in {', '.join(endings)}")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"cannot write {str(path)!r}: no folder {str(path.parent)!r}")
    return path


def write_whole(path: Path, content: bytes) -> None:
    """Write beside the file and then rename, so that nobody ever sees half a file."""
    part = path.with_name(f".{secrets.token_hex(4)}.part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    except OSError as error:  # of the file that was asked for, not of the part
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def open_page(shown: Any, name: str, what: str) -> None:
    """Show a drawing or a page in a notebook or a browser; else print where it is."""
    ipython = sys.modules.get("IPython")
    if ipython and hasattr(ipython.get_ipython(), "kernel"):
        ipython.display.display(shown)
        return
    page = Path(tempfile.mkdtemp(prefix="autograd_mini-")) / name
    shown.save(page)
    screen = {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ) or sys.platform != "linux"
    if not (screen and webbrowser.open(page.as_uri())):
        print(f"{what} in {page}")
