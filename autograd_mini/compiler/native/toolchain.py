"""Compile C and load the result, with the system's compiler or with ziglang from PyPI.

`build` returns a loaded library. Libraries are kept in `library_cache`, because compiling takes
100 times longer than loading.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from . import library_cache

TIMEOUT_SECONDS = 120  #: of one run of the compiler

#: -ffp-contract=off: x*x - y*y is exactly 0 where x = y, as in NumPy. A fused multiply-add would
#: leave a rounding error, and the square root of a negative one is NaN. No -ffast-math, which
#: changes what infinities and NaN do. -fno-trapping-math and -fno-math-errno only ignore the
#: floating-point flags and errno.
FLAGS = (
    "-std=c99", "-O3", "-fno-math-errno", "-fno-trapping-math", "-fopenmp-simd",
    "-ffp-contract=off", "-shared",
)  # fmt: skip


class NoCompiler(RuntimeError):
    """A C compiler was not found."""


class BuildError(RuntimeError):
    """A C compiler failed, or a library that it made cannot be loaded."""


@dataclass(frozen=True)
class Compiler:
    """How a compiler is called, and what tells its version from others."""

    command: tuple[str, ...]
    version: str
    libraries: tuple[str, ...] = () if os.name == "nt" else ("-lm",)


def build(source: str) -> ctypes.CDLL:
    """Compile a C99 program and load it as a library.

    Equal sources give the same library, with the same static variables.

    Parameters
    ----------
    source : str
        The text of a C file.

    Returns
    -------
    ctypes.CDLL
        The library. Its functions run without Python's global lock.

    Raises
    ------
    NoCompiler
        If no C compiler is found.
    BuildError
        If the compiler fails. The message shows what the compiler printed.

    Examples
    --------
    >>> from autograd_mini.compiler.native.toolchain import build
    >>> library = build("int twice(int x) { return 2 * x; }")  # doctest: +SKIP
    >>> library.twice(21)  # doctest: +SKIP
    42
    """
    errors = []
    for compiler in compilers():
        try:
            return _build(source, compiler)
        except BuildError as error:  # such as Apple's cc before its tools are installed
            errors.append(error)
    raise errors[0]


def compilers() -> list[Compiler]:
    """Return the compiler that CC names; else the system's, and then ziglang.

    Raises
    ------
    NoCompiler
        If none is found.
    """
    if chosen := shlex.split(os.environ.get("CC", ""), posix=os.name != "nt"):
        if (path := shutil.which(chosen[0])) is None:
            raise NoCompiler(
                f"compile: the environment variable CC names {chosen[0]!r}, which is not a "
                "program on the PATH. Let it name a C compiler, or remove it."
            )
        return [_system_compiler(path, *chosen[1:])]
    system = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    found = [_system_compiler(system)] if system else []
    if sys.executable and importlib.util.find_spec("ziglang"):
        found.append(_ziglang())
    if not found:
        raise NoCompiler(
            "compile: native code needs a C compiler. "
            'Run pip install "autograd_mini[native]", which installs one with pip. Or install '
            "the system's: gcc or clang, on macOS with xcode-select --install."
        )
    return found


def _system_compiler(path: str, *options: str) -> Compiler:
    """Return the compiler at a path. Its version is the state of its file.

    To ask a compiler for its version takes longer than to load a library.
    """
    real = os.path.realpath(path)
    status = os.stat(real)
    version = f"{real} {status.st_size} {status.st_mtime_ns}"
    return Compiler((os.path.abspath(path), *options), version)


def _ziglang() -> Compiler:
    """Return the compiler of the package ziglang."""
    from importlib.metadata import version

    command = (sys.executable, "-m", "ziglang", "cc")
    libraries = Compiler.libraries
    if sys.platform == "linux":  # its own runtime library takes 10 s to build, and is not needed
        libraries = ("-nostdlib", "-lc", "-lm")
    return Compiler(command, version("ziglang"), libraries)


def _build(source: str, compiler: Compiler) -> ctypes.CDLL:
    """Return the library of a source: from the cache, or compiled."""
    command = (*compiler.command, *FLAGS, *_machine_flags(), "-o", "program" + library_cache.SUFFIX)
    command += ("program.c", *compiler.libraries)
    parts = (source, *command, compiler.version, processor(), sys.platform, str(sys.maxsize))
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
    folder = library_cache.open_folder()
    if folder and (path := library_cache.find(folder, key)):
        with suppress(OSError):  # removed since, by another process
            return ctypes.CDLL(str(path))
    with _temporary_folder(folder) as work:
        path = _compile(source, command, Path(work))
        if folder:
            path = library_cache.keep(path, folder, key)
        try:
            return ctypes.CDLL(str(path))
        except OSError as error:
            raise BuildError(f"compile: the compiled library cannot be loaded: {error}") from error


def _temporary_folder(folder: Path | None) -> tempfile.TemporaryDirectory[str]:
    """Return a new private folder inside this one or, if that fails, in the system's."""
    if folder:
        with suppress(OSError):  # read-only
            return tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True)
    return tempfile.TemporaryDirectory(ignore_cleanup_errors=True)


def _compile(source: str, command: tuple[str, ...], work: Path) -> Path:
    """Run a compiler in a folder, and return the library that it made."""
    (work / "program.c").write_text(source, encoding="utf-8")
    environment = dict(os.environ)
    if sys.platform == "linux":
        environment["ZIG_GLOBAL_CACHE_DIR"] = str(work / "zig")
    try:
        run = subprocess.run(
            command, cwd=work, env=environment, timeout=TIMEOUT_SECONDS,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BuildError(f"compile: the C compiler {command[0]} did not run: {error}") from error
    built = work / ("program" + library_cache.SUFFIX)
    if run.returncode or not built.exists():
        message = run.stdout.decode(errors="replace").strip()
        raise BuildError(
            f"compile: the C compiler failed with code {run.returncode}.\n"
            f"{shlex.join(command)}\n{message}"
        )
    return built


def _machine_flags() -> tuple[str, ...]:
    """Return the flags for this processor's instructions, and for a library on this system."""
    machine = platform.machine().lower()
    native = {"x86_64": "-march=native", "amd64": "-march=native",
              "arm64": "-mcpu=native", "aarch64": "-mcpu=native"}  # fmt: skip
    flags = (native.get(machine, ""), "" if os.name == "nt" else "-fPIC")
    return tuple(filter(None, flags))


@cache
def processor() -> str:
    """Return what tells this processor from others: another may lack the instructions.

    Linux lists a processor's instructions. Elsewhere the name of the machine is a part of it.
    """
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            first = file.read().split("\n\n")[0].splitlines()
        kept = ("vendor_id", "cpu family", "model", "stepping", "flags", "Features", "CPU", "isa")
        return "\n".join(line for line in first if line.startswith(kept))
    except OSError:
        return f"{platform.processor()} {platform.node()}"
