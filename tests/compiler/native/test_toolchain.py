"""C is compiled, kept in a private folder, and loaded."""

import ctypes
import errno
import os
import shlex
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.compiler.native import library_cache, toolchain
from autograd_mini.compiler.native.toolchain import BuildError, NoCompiler, build

from .programs import without_ziglang

TWICE = "int twice(int x) { return 2 * x; }"
ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Keep libraries in a folder of the test, and return it."""
    monkeypatch.setattr(library_cache, "user_folder", lambda: tmp_path / "cache")
    monkeypatch.delenv("CC", raising=False)
    return tmp_path / "cache" / "native"


def use_compiler(monkeypatch, tmp_path, program):
    """Let a program in Python be the C compiler."""
    only_posix()
    script = tmp_path / "compiler.py"
    script.write_text(program)
    monkeypatch.setenv("CC", shlex.join([sys.executable, str(script)]))


def only_posix():
    """Skip a test that removes loaded libraries, or sets permissions."""
    if os.name == "nt":
        pytest.skip("files have other permissions on Windows")


# ---- compilers ----------------------------------------------------------------------------------


def test_build_returns_a_loaded_library():
    library = build(TWICE)
    assert isinstance(library, ctypes.CDLL)
    assert library.twice(21) == 42


def test_build_links_the_mathematical_library():
    library = build("#include <math.h>\ndouble f(double x) { return sin(x); }")
    library.f.restype, library.f.argtypes = ctypes.c_double, [ctypes.c_double]
    assert library.f(0.5) == pytest.approx(0.479425538604203)


def test_build_contracts_no_products(monkeypatch):
    """x*x - y*y is exactly zero where x = y, as in NumPy."""
    library = build("double f(double x, double y) { return x * x - y * y; }")
    library.f.restype, library.f.argtypes = ctypes.c_double, [ctypes.c_double] * 2
    assert library.f(0.1, 0.1) == 0


def test_build_without_a_compiler_names_both_remedies(monkeypatch, folder):
    monkeypatch.setenv("PATH", "")
    without_ziglang(monkeypatch)
    with pytest.raises(NoCompiler, match=r"(?s)autograd_mini\[native\].*gcc or clang"):
        build(TWICE)
    assert issubclass(NoCompiler, RuntimeError)
    assert not folder.exists()


def test_build_with_an_unknown_cc_names_it(monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler -m64")
    with pytest.raises(NoCompiler, match="CC names 'no-such-compiler'"):
        build(TWICE)


def test_build_with_a_quotation_mark_in_cc_raises(monkeypatch):
    monkeypatch.setenv("CC", "'cc")
    with pytest.raises(NoCompiler, match='CC, "\'cc", cannot be split into words: No closing'):
        build(TWICE)


def test_cc_is_preferred_with_its_options(monkeypatch):
    monkeypatch.setenv("CC", "cc -DFACTOR=3")
    assert build("int f(int x) { return FACTOR * x; }").f(2) == 6


@pytest.mark.peers
def test_ziglang_builds_with_an_empty_path(monkeypatch):
    pytest.importorskip("ziglang")
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("HOME", raising=False)
    assert build(TWICE).twice(21) == 42
    sums = ag.compile(lambda x: (x.sum(), np.maximum(x, 50.0)), target="c")  # two kinds of pragmas
    total, larger = sums(np.arange(100.0))
    assert total == 4950
    np.testing.assert_array_equal(larger, np.maximum(np.arange(100.0), 50))


def test_ziglang_is_tried_when_the_system_compiler_fails(monkeypatch, tmp_path):
    broken, works = tmp_path / "broken", toolchain.compilers()[0]
    broken.write_text("")
    first = toolchain.Compiler((str(broken),), "0")
    monkeypatch.setattr(toolchain, "compilers", lambda: [first, works])
    assert build(TWICE).twice(21) == 42


def test_build_of_wrong_c_shows_the_message(monkeypatch, folder):
    without_ziglang(monkeypatch)
    with pytest.raises(BuildError, match=r"(?s)failed with code 1.*cc .*-O3.*program\.c:2.*oops"):
        build("int f(int x) {\nreturn oops; }")
    assert list(folder.iterdir()) == []


WRITE_TEXT = "import sys; open(sys.argv[sys.argv.index('-o') + 1], 'w').write('text'); "


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("", "failed with code 0"),
        (WRITE_TEXT, "cannot be loaded"),
        (WRITE_TEXT + "sys.exit('no space')", "(?s)failed with code 1.*no space"),
    ],
    ids=["no file", "no library", "an error"],
)
def test_build_with_a_broken_compiler_raises(monkeypatch, tmp_path, folder, program, message):
    use_compiler(monkeypatch, tmp_path, program)
    with pytest.raises(BuildError, match=message):
        build(TWICE)
    assert list(folder.iterdir()) == []


def test_build_that_takes_too_long_raises(monkeypatch, tmp_path, folder):
    use_compiler(monkeypatch, tmp_path, "import time; time.sleep(60)")
    monkeypatch.setattr(toolchain, "TIMEOUT_SECONDS", 0.2)
    with pytest.raises(BuildError, match="timed out"):
        build(TWICE)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("failing", ["a missing folder", "a full disk"])
def test_build_without_a_temporary_folder_raises(monkeypatch, tmp_path, folder, failing):
    if failing == "a full disk":

        def write(*args, **kwargs):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(Path, "write_text", write)
    else:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(BuildError, match=r"temporary folder .*(No such|No space).* TMPDIR"):
        build(TWICE)
    f = ag.compile(lambda x: np.tanh(x) * 2.5, target="auto")
    np.testing.assert_array_equal(f(np.ones(3)), np.tanh(np.ones(3)) * 2.5)
    assert list(folder.iterdir()) == []


# ---- the cache ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Return the bytes of a library with the function `twice`."""
    built = tmp_path_factory.mktemp("library") / ("program" + library_cache.SUFFIX)
    compiler = toolchain.compilers()[0]
    command = (*compiler.command, "-shared", "-fPIC", "-o", built.name, "program.c")
    toolchain._compile(TWICE, command, built)
    return built.read_bytes()


@pytest.fixture
def compiled(monkeypatch, library):
    """Let compiling a source be copying a library. Return the sources that were compiled."""
    only_posix()
    sources = []

    def _compile(source, command, built):
        sources.append(source)
        built.write_bytes(library + source.encode())  # what follows a library is ignored

    monkeypatch.setattr(toolchain, "_compile", _compile)
    return sources


def test_library_is_compiled_once(folder, compiled):
    assert build("1").twice(21) == 42
    assert build("1").twice(21) == 42
    assert compiled == ["1"]
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda patch: patch.setattr(toolchain, "processor", lambda: "another"),
        lambda patch: patch.setattr(toolchain, "FLAGS", (*toolchain.FLAGS, "-O1")),
        lambda patch: patch.setattr(sys, "maxsize", 2**31 - 1),
        lambda patch: patch.setenv("CC", "cc -O1"),
    ],
    ids=["processor", "flags", "pointers", "options"],
)
def test_library_is_compiled_again_after_a_change(monkeypatch, compiled, change):
    build("1")
    change(monkeypatch)
    build("1")
    assert compiled == ["1", "1"]


def test_version_of_a_compiler_changes_with_its_file(tmp_path):
    path = tmp_path / "cc"
    path.write_text("")
    before = toolchain._compiler(str(path)).version
    os.utime(path, (1, 1))
    assert toolchain._compiler(str(path)).version != before


def test_processor_has_no_value_that_varies():
    assert len(toolchain.processor()) > 5
    assert "MHz" not in toolchain.processor()


@pytest.mark.parametrize("damage", [lambda b: b"", lambda b: b[:99], lambda b: b + b" "])
def test_damaged_library_is_compiled_again(folder, compiled, damage):
    """A part of a library could crash the process, so it is not even opened."""
    build("1")
    (kept,) = folder.iterdir()
    whole = kept.read_bytes()
    kept.unlink()  # the process has it open
    kept.with_name(kept.name.replace("-", "-0")).write_bytes(damage(whole))
    assert build("1").twice(21) == 42
    assert compiled == ["1", "1"]
    assert [path.read_bytes() for path in folder.iterdir()] == [whole]


def test_library_that_was_not_used_for_longest_is_removed(monkeypatch, folder, compiled):
    build("0")
    (first,) = folder.iterdir()
    build("1")
    (second,) = set(folder.iterdir()) - {first}
    os.utime(first, (1, 1))
    os.utime(second, (2, 2))
    build("0")  # used again
    monkeypatch.setattr(library_cache, "MAX_BYTES", 2 * first.stat().st_size + 1)
    build("2")
    assert first.exists()
    assert not second.exists()
    assert len(list(folder.iterdir())) == 2


def test_library_larger_than_the_limit_is_kept(monkeypatch, folder, compiled):
    monkeypatch.setattr(library_cache, "MAX_BYTES", 1)
    assert build("1").twice(21) == 42
    assert len(list(folder.iterdir())) == 1


def test_part_of_a_library_that_a_killed_process_left_is_removed(monkeypatch, folder, compiled):
    build("1")
    (kept,) = folder.iterdir()
    part = kept.with_suffix(".123.456")
    part.write_bytes(b"x" * 100)
    os.utime(part, (1, 1))
    monkeypatch.setattr(library_cache, "MAX_BYTES", 2 * kept.stat().st_size + 10)
    build("2")
    assert not part.exists()
    assert kept.exists()


def test_part_of_a_library_that_another_process_writes_is_left(folder, compiled):
    build("1")
    (kept,) = folder.iterdir()
    part = kept.rename(kept.with_suffix(".123.456"))
    build("1")
    assert compiled == ["1", "1"]
    assert {*folder.iterdir()} == {kept, part}


def test_new_folder_and_library_are_private(folder, compiled):
    build("1")
    (kept,) = folder.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o1777])
def test_folder_that_others_may_write_to_is_not_used(folder, compiled, mode):
    build("1")
    folder.chmod(mode)
    (kept,) = folder.iterdir()
    with pytest.warns(RuntimeWarning, match=rf"another user may change {folder}[.].*chmod go-w"):
        assert build("1").twice(21) == 42
    assert compiled == ["1", "1"]
    assert list(folder.iterdir()) == [kept]


def test_folder_inside_one_that_others_may_write_to_is_not_used(folder, compiled):
    folder.mkdir(parents=True)
    folder.parent.chmod(0o777)
    with pytest.warns(RuntimeWarning, match=f"another user may change {folder.parent}[.]"):
        assert build("1").twice(21) == 42
    folder.parent.chmod(0o1777)  # sticky: others cannot replace our folder
    build("1")
    assert len(list(folder.iterdir())) == 1


def test_folder_of_another_user_is_not_used(monkeypatch, folder, compiled):
    folder.mkdir(parents=True)
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
    if folder.stat().st_uid == 0:  # root owns the folder, and is trusted
        os.chown(folder, 12345, -1)
    with pytest.warns(RuntimeWarning, match=f"another user may change {folder}[.]"):
        assert build("1").twice(21) == 42
    assert list(folder.iterdir()) == []


def test_library_that_others_may_write_to_is_compiled_again(folder, compiled):
    build("1")
    (kept,) = folder.iterdir()
    kept.chmod(0o777)
    build("1")
    assert compiled == ["1", "1"]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700


def test_build_without_a_home_keeps_nothing(monkeypatch, compiled):
    def user_folder():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(library_cache, "user_folder", user_folder)
    assert build("1").twice(21) == 42


def test_build_in_a_home_that_is_a_file_keeps_nothing(monkeypatch, tmp_path, compiled):
    (tmp_path / "cache").write_text("")
    assert build("1").twice(21) == 42
    assert (tmp_path / "cache").read_text() == ""


def read_only(*_, **__):
    raise OSError(30, "Read-only file system")


def test_library_in_a_read_only_folder_is_loaded(monkeypatch, compiled):
    build("1")
    monkeypatch.setattr(os, "utime", read_only)
    monkeypatch.setattr(Path, "mkdir", lambda path, **_: path.exists() or read_only())
    assert build("1").twice(21) == 42
    assert compiled == ["1"]


@pytest.mark.parametrize("failing", ["write_bytes", "chmod"])
def test_build_in_a_full_or_read_only_folder_keeps_nothing(monkeypatch, folder, compiled, failing):
    keep = library_cache.keep

    def without_space(*arguments):
        with monkeypatch.context() as patch:
            patch.setattr(Path, failing, read_only)
            return keep(*arguments)

    monkeypatch.setattr(library_cache, "keep", without_space)
    assert build("1").twice(21) == 42
    assert list(folder.iterdir()) == []


def test_library_in_a_folder_without_programs_is_loaded_elsewhere(monkeypatch, folder, compiled):
    load = ctypes.CDLL

    def not_from_the_cache(path):
        if str(folder) in path:
            raise OSError("failed to map segment from shared object")
        return load(path)

    monkeypatch.setattr(ctypes, "CDLL", not_from_the_cache)
    assert build("1").twice(21) == 42
    assert build("1").twice(21) == 42
    assert compiled == ["1", "1"]


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/x"}, "/x/autograd_mini"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, "~/.cache/autograd_mini"),
        ("linux", {}, "~/.cache/autograd_mini"),
        ("darwin", {}, "~/Library/Caches/autograd_mini"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/autograd_mini/Cache"),
        ("win32", {}, "~/AppData/Local/autograd_mini/Cache"),
    ],
)
def test_user_folder_is_the_one_of_platformdirs(monkeypatch, platform, variables, expected):
    monkeypatch.undo()
    monkeypatch.setattr(sys, "platform", platform)
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert library_cache.user_folder().as_posix() == expected


# ---- several processes --------------------------------------------------------------------------

PROGRAM = """
from autograd_mini.compiler.native.toolchain import build
print(build("int twice(int x) { return 2 * x; }").twice(21))
"""
WHILE_THE_PARENT_RUNS = "while os.getppid() == parent: time.sleep(0.01)"


def start(tmp_path, **variables):
    """Start a process that builds the same library, and keeps it in a folder of the test."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path / "home")}
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", PROGRAM],
        env={**environment, **variables}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def kept_by(tmp_path):
    return list((tmp_path / "home" / "autograd_mini" / "native").iterdir())


@pytest.mark.slow
def test_two_processes_build_at_once(tmp_path):
    both = [start(tmp_path), start(tmp_path)]
    assert [process.communicate(timeout=60)[0] for process in both] == ["42\n", "42\n"]
    assert {path.suffix for path in kept_by(tmp_path)} == {library_cache.SUFFIX}


@pytest.mark.slow
def test_process_killed_while_it_builds_leaves_no_library(tmp_path, monkeypatch):
    began = tmp_path / "began"
    program = f"import os, time; parent = os.getppid(); open({str(began)!r}, 'w')\n"
    use_compiler(monkeypatch, tmp_path, program + WHILE_THE_PARENT_RUNS)
    process = start(tmp_path, CC=os.environ["CC"], TMPDIR=str(tmp_path))
    while not began.exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.communicate(timeout=60)
    assert kept_by(tmp_path) == []
    monkeypatch.delenv("CC")
    assert start(tmp_path).communicate(timeout=60)[0] == "42\n"
    assert [path.suffix for path in kept_by(tmp_path)] == [library_cache.SUFFIX]
