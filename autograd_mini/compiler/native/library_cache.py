"""A folder of compiled libraries in the user's cache.

Loading a library runs its code. So a library is only loaded from a folder that nobody else can
change. A file's name is KEY-DIGEST: a hash of what it was built from, and a hash of its bytes. So
damaged files are recognised, and a file is only ever replaced by an equal one.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import threading
import warnings
from contextlib import suppress
from pathlib import Path

SUFFIX = ".dll" if os.name == "nt" else ".so"
MAX_BYTES = 1 << 25  #: total size of the kept libraries


def user_folder() -> Path:
    """Return the folder for caches that the package platformdirs would choose.

    That package is not needed for these few lines: a system's compiler works without any extra.
    """
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or "~/AppData/Local", "autograd_mini", "Cache")
    if sys.platform == "darwin":
        return Path("~/Library/Caches/autograd_mini")
    chosen = os.environ.get("XDG_CACHE_HOME", "")
    return Path(chosen if os.path.isabs(chosen) else "~/.cache", "autograd_mini")


def open_folder() -> Path | None:
    """Return the private folder for libraries. Return None if there cannot be one."""
    try:
        folder = user_folder().expanduser() / "native"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = folder.resolve(strict=True)
        shared = [folder] if _others_may_change(folder) else []
        shared += [place for place in folder.parents if _others_may_change(place, sticky=True)]
    except (OSError, RuntimeError):  # a home that is missing or read-only
        return None
    if shared:
        warnings.warn(
            f"compile: compiled libraries are not kept, because another user may change "
            f"{shared[0]}. Run chmod go-w on it, or let XDG_CACHE_HOME name a private folder.",
            RuntimeWarning,
            stacklevel=2,
        )
        return None
    return folder


def _others_may_change(place: Path, sticky: bool = False) -> bool:
    """Return whether a user other than this one and root may change a file or folder.

    In a sticky folder, such as the one for temporary files, others cannot replace our entries.
    """
    if os.name == "nt":  # the profile of a user is private there
        return False
    status = place.stat()
    writable = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    protected = sticky and status.st_mode & stat.S_ISVTX
    return status.st_uid not in (0, os.geteuid()) or bool(writable and not protected)


def find(folder: Path, key: str) -> Path | None:
    """Return the library with this key, and mark it as used. Remove damaged files."""
    with suppress(OSError):  # another process has removed it
        names = [name for name in os.listdir(folder) if name.startswith(key)]
        for path in (folder / name for name in names if name.endswith(SUFFIX)):
            if path.name == _name(path, key) and not _others_may_change(path):
                with suppress(OSError):  # a folder that is read-only
                    os.utime(path)
                return path
            path.unlink()
    return None


def keep(built: Path, folder: Path, key: str) -> Path | None:
    """Copy a library into the folder. Return the copy, or None if that fails.

    The copy gets its name when it is complete, so that no process sees a part of it.
    """
    path = folder / _name(built, key)
    part = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}")
    try:
        part.write_bytes(built.read_bytes())
        part.chmod(0o700)
        os.replace(part, path)
        _shrink(folder, path)
    except OSError:  # read-only, or no space is left
        with suppress(OSError):
            part.unlink()
        return None
    return path


def _name(path: Path, key: str) -> str:
    """Return the name of a library with these bytes."""
    return f"{key}-{hashlib.sha256(path.read_bytes()).hexdigest()[:32]}{SUFFIX}"


def _shrink(folder: Path, newest: Path) -> None:
    """Remove the files that were not used for longest. Some may be parts of killed processes."""
    total, files = 0, []
    for path in folder.iterdir():
        with suppress(OSError):  # another process has removed it
            status = path.stat()
            files.append((path == newest, status.st_mtime, status.st_size, path))
    for is_newest, _, size, path in sorted(files, reverse=True):
        total += size
        if total > MAX_BYTES and not is_newest:
            with suppress(OSError):
                path.unlink()
