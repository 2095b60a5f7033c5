"""Save and show documents: the pictures of `ag.draw` and the pages of `ag.explore`."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import sys
import tempfile
import webbrowser
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ..core.arrays import TensorBase


def instead_of(result: Any) -> str:
    """Return what to pass to a view of a tape instead of something that is not a Tensor."""
    if callable(getattr(result, "parameters", None)):
        return " Call the model first: pass model(x).sum(). ag.summary(model) shows its layers."
    if callable(result):
        return " Pass a result of the function, such as f(x)."
    if isinstance(result, (np.ndarray, np.generic)):
        return (
            " An array has no tape. If a compiled function computed it, call the original function."
        )
    if isinstance(result, (str, os.PathLike)):
        return f" To write a file, call .save({str(result)!r}) on the result."
    if isinstance(result, (list, tuple)) and isinstance((*result, 0)[0], TensorBase):
        return " Pass several results as separate arguments: draw(*results)."
    return ""


class Document:
    """A document that a notebook displays and `save` writes to a file.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> from autograd_mini.views.document import Document
    >>> x = ag.tensor(3.0, requires_grad=True, name="x")
    >>> isinstance(ag.draw(x * x), Document), isinstance(ag.explore(x * x), Document)
    (True, True)
    """

    _writers: ClassVar[Mapping[str, Callable[[Any], str | bytes]]]  #: ending -> content of a file
    _file: ClassVar[str]  #: the name of the file that `show` writes
    _announcement: ClassVar[str]  #: what `show` prints before the path, without a browser

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the document to a file. An error leaves an existing file unchanged.

        If the path is a symbolic link, the file that it points to is written. An existing file
        keeps its permissions.

        Parameters
        ----------
        path : path-like
            A drawing can be saved as .svg, .html, .png or .pdf, as TikZ in .tex, and as DOT text in
            .dot or .gv. A .png or .pdf needs the package vl-convert-python:
            ``pip install "autograd_mini[pictures]"``. A page can be saved as .html.

        Returns
        -------
        Path
            The path of the file.

        Raises
        ------
        ValueError
            If the path has none of these endings.
        OSError
            If the file cannot be written. The error is a FileNotFoundError if the folder does not
            exist.
        RuntimeError
            If the package that this ending needs is not installed.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(3.0, requires_grad=True, name="x")
        >>> path = ag.draw(x * x).save("graph.svg")
        >>> path.name, path.unlink()
        ('graph.svg', None)
        """
        path = check_path(path, tuple(self._writers))
        content = self._writers[path.suffix.lower()](self)
        write_atomically(path, content if isinstance(content, bytes) else content.encode())
        return path

    def show(self) -> None:
        """Show the document below the cell in a notebook, otherwise in a browser.

        If there is neither a notebook nor a browser, print the path of the file.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(3.0, requires_grad=True, name="x")
        >>> ag.draw(x * x).show()  # doctest: +SKIP
        """
        ipython = sys.modules.get("IPython")
        if ipython and hasattr(ipython.get_ipython(), "kernel"):
            ipython.display.display(self)
            return
        page = self.save(Path(tempfile.mkdtemp(prefix="autograd_mini-")) / self._file)
        has_screen = {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ) or sys.platform != "linux"
        if not (has_screen and webbrowser.open(page.as_uri())):
            print(f"{self._announcement} {page}")


def check_theme(function: str, theme: str) -> None:
    """Raise ValueError if the theme is unknown. The message names the public `function`."""
    if theme not in ("auto", "light", "dark"):
        raise ValueError(f"{function}: theme must be 'auto', 'light' or 'dark', got {theme!r}.")


def check_path(path: str | os.PathLike[str], endings: Sequence[str]) -> Path:
    """Return the path. Raise an error if it has another ending, or its folder does not exist."""
    path = Path(path)
    if path.suffix.lower() not in endings:
        raise ValueError(f"cannot write {str(path)!r}: the name must end in {', '.join(endings)}")
    if not path.parent.is_dir():
        folder = str(path.parent)
        raise FileNotFoundError(f"cannot write {str(path)!r}: the folder {folder!r} does not exist")
    return path


def write_atomically(path: Path, content: bytes) -> None:
    """Write the whole content to a file, or leave what was there.

    A temporary file next to it gets the content, and the mode of an old file, and is renamed. A
    symbolic link stays: its target is replaced. A pipe or a device is written to.
    """
    target = Path(os.path.realpath(path))
    try:
        old = _status(target)
        if old is None or stat.S_ISREG(old.st_mode):
            _replace(target, content, old)
        else:
            _write_into(target, content)
    except OSError as error:  # the error names the path, not the temporary file
        raise OSError(error.errno, error.strerror, str(path)) from error


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _replace(target: Path, content: bytes, old: os.stat_result | None) -> None:
    if old and not os.access(target, os.W_OK):  # the rename needs only a folder to write to
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    part = target.with_name(f".{secrets.token_hex(4)}.part")
    mode = stat.S_IMODE(old.st_mode) if old else 0o666
    try:
        with open(part, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(content)
        if old:
            _keep_owner_and_mode(part, old)
        os.replace(part, target)
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def _keep_owner_and_mode(path: Path, old: os.stat_result) -> None:
    with contextlib.suppress(OSError, AttributeError):  # only root may; Windows has no owners
        os.chown(path, old.st_uid, old.st_gid)
    path.chmod(stat.S_IMODE(old.st_mode))


def _write_into(target: Path, content: bytes) -> None:
    """Write to a pipe or a device. A pipe that nothing reads raises an error, and never waits."""
    at_once = getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(target, os.O_WRONLY | at_once)
    with open(descriptor, "wb") as file:
        if at_once:
            os.set_blocking(descriptor, True)
        file.write(content)
