"""A folder of compiled libraries in the user's cache. A library is loaded only if nobody else can
have written it: loading a library runs its code.

The folder is the one that the package platformdirs would choose. Four lines do it here, because
native code needs no other package where the system has a C compiler.

The name of a file is KEY-DIGEST: what it was built from, and a hash of its bytes. So a damaged file
is recognised, and a file can be replaced only by an equal one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import sys
import time
import warnings
from contextlib import suppress
from pathlib import Path

SUFFIX = ".dll" if os.name == "nt" else ".so"
MAX_BYTES = 1 << 25  #: total size of the kept libraries
ABANDONED_SECONDS = 24 * 3600  #: age of a temporary folder whose process was killed


def user_folder() -> Path:
    """Return where this system keeps the caches of a user's programs."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or "~/AppData/Local", "autograd_mini", "Cache")
    if sys.platform == "darwin":
        return Path("~/Library/Caches/autograd_mini")
    chosen = os.environ.get("XDG_CACHE_HOME", "")
    return Path(chosen if os.path.isabs(chosen) else "~/.cache", "autograd_mini")


def open_folder() -> Path | None:
    """Return the private folder for libraries, or None if there cannot be one."""
    try:
        folder = user_folder().expanduser() / "native"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = folder.resolve(strict=True)
        foreign = [place for place in (folder, *folder.parents) if _others_may_write(place)]
        owned = os.name == "nt" or folder.stat().st_uid == os.geteuid()
    except (OSError, RuntimeError):  # a home that is missing, read-only or not a folder
        return None
    if foreign or not owned:
        place = foreign[0] if foreign else folder
        warnings.warn(
            f"compile: compiled libraries are not kept, because other users may write to {place} "
            f"or own it. Run chmod go-w on it, or let XDG_CACHE_HOME name another folder.",
            RuntimeWarning,
            stacklevel=2,
        )
        return None
    return folder


def _others_may_write(place: Path) -> bool:
    """Return whether a user other than this one and root may change what a path leads to."""
    if os.name == "nt":  # a user's profile is private there
        return False
    status = place.stat()
    shared = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    sticky = place.is_dir() and status.st_mode & stat.S_ISVTX  # entries belong to their owners
    return status.st_uid not in (0, os.geteuid()) or bool(shared and not sticky)


def find(folder: Path, key: str) -> Path | None:
    """Return the library with this key, and mark it as used. Remove damaged files."""
    for path in folder.glob(f"{key}-*{SUFFIX}"):
        with suppress(OSError):
            if path == _named(path, key) and not _others_may_write(path):
                with suppress(OSError):  # a folder that is read-only
                    os.utime(path)
                return path
            path.unlink()
    return None


def keep(built: Path, folder: Path, key: str) -> Path:
    """Move a library into the folder, in one step, and return its new path."""
    path = folder / _named(built, key).name
    try:
        built.chmod(0o700)
        os.replace(built, path)
    except OSError:  # no space is left, or Windows has an equal library open
        return built
    _shrink(folder, path)
    return path


def _named(path: Path, key: str) -> Path:
    """Return the path that a library with these bytes has."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:32]
    return path.with_name(f"{key}-{digest}{SUFFIX}")


def _shrink(folder: Path, newest: Path) -> None:
    """Remove the libraries that were not used for longest, and abandoned temporary folders."""
    files = []
    for path in folder.iterdir():
        with suppress(OSError):  # another process may have removed it
            status = path.stat()
            if not path.is_dir():
                files.append((status.st_mtime, status.st_size, path))
            elif time.time() - status.st_mtime > ABANDONED_SECONDS:
                shutil.rmtree(path, ignore_errors=True)
    total = 0
    for _, size, path in sorted(files, reverse=True):
        total += size
        if total > MAX_BYTES and path != newest:
            with suppress(OSError):
                path.unlink()
