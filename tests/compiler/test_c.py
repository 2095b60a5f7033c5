"""The files of C that ag.source writes print the numbers of the engine."""

import shutil
import subprocess

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.compiler.source.operation import UnknownOperation
from tests.cases import CASES, leaf
from tests.compiler.languages import of_cases, of_fused_nodes

#: of each operation, the case with most numbers
LARGEST = {case.op: case for case in sorted(CASES, key=lambda c: sum(x.size for x in c.inputs))}


def printed(text, folder, standard="-std=c99"):
    """Compile and run a file. Return the numbers that it prints, by their labels."""
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("cc is not installed")
    file, program = folder / "program.c", folder / "program"
    file.write_text(text, "utf-8")
    command = [compiler, standard, "-O0", str(file), "-o", str(program), "-lm"]
    built = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert built.returncode == 0, f"{built.stderr}\n{text}"
    done = subprocess.run([str(program)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{done.stderr}\n{text}"
    return {
        label: float(x) for label, x in (line.split(" = ") for line in done.stdout.splitlines())
    }


def check(y, folder, rtol=1e-10, standard="-std=c99"):
    """The file prints the result, or its norm, and the norms of the gradients."""
    with np.errstate(all="ignore"):
        text = ag.source(y, language="c")
        adjoints = y.tape().adjoints(None if y.size == 1 else np.ones(y.shape, y.dtype))
        leaves = [adjoints[t] for t in y.tape() if t.is_leaf and t.requires_grad]
        norms = [_number(x) for x in (y.data, *leaves)]
    found = printed(text, folder, standard)
    np.testing.assert_allclose([*found.values()], norms, rtol, 1e-12, err_msg=str(text))
    return found


def _number(x):
    """Return an array without axes as a number, and the norm of any other array."""
    return np.sqrt(np.sum(np.square(x, dtype=float))) if x.ndim else x.item()


def network(activation="tanh"):
    rng = np.random.default_rng(0)
    model = ag.nn.MLP([2, 8, 3], activation=activation, rng=0)
    return ag.softmax_cross_entropy(model(rng.normal(size=(20, 2))), rng.integers(0, 3, 20))


def test_file_of_a_network_prints_loss_and_norms(tmp_path):
    found = check(network(), tmp_path)
    assert [*found][1:] == ["|d_W1|", "|d_b1|", "|d_W2|", "|d_b2|"]


def test_file_with_names_of_c_compiles(tmp_path):
    names = ("printf", "program", "norm_double", "main", "double", "ŷ", "a b")
    y = sum(leaf(float(i), name) for i, name in enumerate(names, start=1))
    check(y * y, tmp_path)


MACROS = """
    M_PI M_PI_2 linux unix asm typeof SIZE_MAX WCHAR_MAX WINT_MIN SIG_ATOMIC_MAX PTRDIFF_MIN
    SEEK_SET TMP_MAX FOPEN_MAX FILENAME_MAX BUFSIZ L_tmpnam P_tmpdir stdin math_errhandling
"""


@pytest.mark.parametrize("standard", ["-std=c99", "-std=gnu17"])
def test_file_with_names_of_macros_compiles(standard, tmp_path):
    """Without an option, compilers use the language of the second standard."""
    y = sum(leaf(float(i), name) for i, name in enumerate(MACROS.split(), start=1))
    check(y * y, tmp_path, standard=standard)


def test_file_of_a_long_chain_of_functions_is_one_program(tmp_path):
    y = leaf(X, "x")
    for _ in range(70):
        y = np.tanh(y) * 1.1
    check(np.sum(y), tmp_path)


X = np.arange(12.0).reshape(3, 4) / 7
RESULTS = {
    "a view": lambda x: x[1:, ::2],
    "a leaf": lambda x: x,
    "a constant gradient": lambda x: np.sum(x),
    "a transposed argument": lambda x: np.sum(x * X.reshape(4, 3).T),
    "float32": lambda x: np.sum(np.exp(x.astype("f"))),
    "twice": lambda x: x + x.T.reshape(3, 4),
    "a large product": lambda x: np.sum(np.tile(x, (40, 30)) @ np.ones((120, 100))),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", RESULTS)
def test_file_of_a_result_prints_its_norms(what, tmp_path):
    check(RESULTS[what](leaf(X, "x")), tmp_path, rtol=1e-5 if what == "float32" else 1e-10)


@pytest.mark.slow
def test_files_of_primitives_and_fused_nodes_match_the_engine(tmp_path):
    unknown = []
    for name, y, _ in [*of_cases(LARGEST.values()), *list(of_fused_nodes())[::8]]:
        try:
            check(y, tmp_path)
        except UnknownOperation:
            unknown.append(name)
        except AssertionError as error:
            raise AssertionError(f"in {name}") from error
    assert len(unknown) <= 24, unknown
