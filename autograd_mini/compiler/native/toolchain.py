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
from dataclasses import dataclass, replace
from functools import cache
from itertools import takewhile
from pathlib import Path

from . import library_cache

TIMEOUT_SECONDS = 120  #: of one run of the compiler
MESSAGE_LENGTH = 4000  #: of the compiler's message in an error

#: -ffp-contract=off: x*x - y*y is exactly 0 where x = y, as in NumPy. A fused multiply-add would
#: leave a rounding error, and the square root of a negative one is NaN. No -ffast-math, which
#: changes what infinities and NaN do. -fno-trapping-math and -fno-math-errno only ignore the
#: floating-point flags and errno. -fwrapv: integers overflow as NumPy's do.
FLAGS = (
    "-std=c99", "-O3", "-fno-math-errno", "-fno-trapping-math", "-fopenmp-simd",
    "-ffp-contract=off", "-fwrapv", "-shared",
)  # fmt: skip


class NoCompiler(RuntimeError):
    """A C compiler was not found."""


class BuildError(RuntimeError):
    """A C compiler failed, or its library cannot be loaded or called here."""


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
    cc = os.environ.get("CC", "")
    try:
        chosen = shlex.split(cc, posix=os.name != "nt")
    except ValueError as error:  # a quotation mark is missing
        raise NoCompiler(
            f"compile: the environment variable CC, {cc!r}, cannot be split into words: {error}. "
            "Let it name a C compiler, or remove it."
        ) from None
    if chosen:
        if (path := shutil.which(chosen[0])) is None:
            raise NoCompiler(
                f"compile: the environment variable CC names {chosen[0]!r}, which is not a "
                "program on the PATH. Let it name a C compiler, or remove it."
            )
        return [_compiler(path, *chosen[1:])]
    system = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    found = [_compiler(system)] if system else []
    if zig := _ziglang():
        # Its own runtime library takes 10 s to build, and Linux does not need it.
        libraries = ("-nostdlib", "-lc", "-lm") if sys.platform == "linux" else Compiler.libraries
        found.append(replace(_compiler(zig, "cc"), libraries=libraries))
    if not found:
        raise NoCompiler(
            "compile: native code needs a C compiler, and none was found. "
            'Run pip install "autograd_mini[native]", which installs a C compiler (ziglang). Or '
            "install the system's compiler: gcc or clang; on macOS, run xcode-select --install."
        )
    return found


def _compiler(path: str, *options: str) -> Compiler:
    """Return the compiler at a path. The state of its file is its version.

    The compiler itself would take longer to print its version than a library takes to load.
    """
    real = os.path.realpath(path)
    status = os.stat(real)
    version = f"{real} {status.st_size} {status.st_mtime_ns}"
    return Compiler((os.path.abspath(path), *options), version)


def _ziglang() -> str | None:
    """Return the path of the program in the package ziglang, if that is installed."""
    package = importlib.util.find_spec("ziglang")
    if package is None or not package.submodule_search_locations:
        return None
    path = Path(package.submodule_search_locations[0], "zig.exe" if os.name == "nt" else "zig")
    return str(path) if path.exists() else None


def _build(source: str, compiler: Compiler) -> ctypes.CDLL:
    """Return the library of a source: from the cache, or compiled."""
    output = "program" + library_cache.SUFFIX
    command = (*compiler.command, *FLAGS, *_machine_flags(), "-o", output, "program.c")
    command += compiler.libraries
    parts = (source, *command, compiler.version, processor(), sys.platform, str(sys.maxsize))
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
    folder = library_cache.open_folder()
    if folder and (kept := library_cache.find(folder, key)):
        with suppress(OSError):  # removed by another process
            return ctypes.CDLL(str(kept))
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as work:
            built = Path(work, output)
            _compile(source, command, built)
            places = [library_cache.keep(built, folder, key) if folder else None, built]
            return _load([path for path in places if path])
    except OSError as error:
        raise BuildError(
            f"compile: the temporary folder for the C compiler cannot be used: {error}. "
            "Let the environment variable TMPDIR name a folder with free space."
        ) from error


def _load(paths: list[Path]) -> ctypes.CDLL:
    """Load the first library that the system can load, and remove those that it cannot."""
    for path in paths:
        try:
            return ctypes.CDLL(str(path))
        except OSError as error:  # a file system may forbid to run programs
            message = str(error)
            path.unlink(missing_ok=True)
    raise BuildError(f"compile: the compiled library cannot be loaded: {message}")


def _compile(source: str, command: tuple[str, ...], built: Path) -> None:
    """Run a compiler in the folder of the library that it writes."""
    work = built.parent
    (work / "program.c").write_text(source, encoding="utf-8")
    environment = dict(os.environ)
    if sys.platform == "linux":  # ziglang needs a folder for files that no other build needs
        environment["ZIG_GLOBAL_CACHE_DIR"] = str(work / "zig")
    messages = work / "messages.txt"  # not a pipe, which a child that hangs would keep open
    try:
        with messages.open("wb") as output:
            code = subprocess.run(
                command, cwd=work, env=environment, timeout=TIMEOUT_SECONDS,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            ).returncode  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BuildError(f"compile: the C compiler {command[0]} did not run: {error}") from error
    if code or not built.exists():
        text = messages.read_text(encoding="utf-8", errors="replace")[:MESSAGE_LENGTH].strip()
        raise BuildError(
            f"compile: the C compiler failed with code {code}.\n{shlex.join(command)}\n{text}"
        )


def _machine_flags() -> tuple[str, ...]:
    """Return the flags for this processor's instructions, and for a library on this system.

    Compilers for ARM call the flag -mcpu. Clang for Apple's processors rejects -march=native.
    """
    native = {"x86_64": "-march=native", "amd64": "-march=native",
              "arm64": "-mcpu=native", "aarch64": "-mcpu=native"}  # fmt: skip
    flags = (native.get(platform.machine().lower()), None if os.name == "nt" else "-fPIC")
    return tuple(filter(None, flags))


@cache
def processor() -> str:
    """Return what tells this processor from others, which may lack its instructions.

    Linux lists the instructions. Elsewhere, the name of the computer tells processors apart.
    """
    kept = ("vendor_id", "cpu family", "model", "stepping", "flags", "Features", "CPU", "isa")
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            first_core = takewhile(str.strip, file)
            return "".join(line for line in first_core if line.startswith(kept))
    except OSError:
        return f"{platform.machine()} {platform.processor()} {platform.node()}"
