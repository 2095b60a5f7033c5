"""C is compiled, kept and loaded."""

from autograd_mini.compiler.native.toolchain import build


def test_build_returns_a_loaded_library():
    assert build("int twice(int x) { return 2 * x; }").twice(21) == 42
