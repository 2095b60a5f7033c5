"""The functions of C run without a complaint of the sanitizers of gcc or clang.

A program with a `main` calls them with the arrays of each case. An access outside of an array, or
an operation that C does not define, ends it with an error.
"""

import shutil
import subprocess

import numpy as np
import pytest

from autograd_mini.compiler.native.native import library_text
from autograd_mini.compiler.native.toolchain import FLAGS
from autograd_mini.compiler.source.source import traced_program
from autograd_mini.notation.c import TYPES, literal
from tests.cases import CASES

from .programs import LARGEST_CASES, of_cases, prepared

SANITIZE = ["-O0", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


def defined(place, name):
    """Return the definition of an array like a parameter, with the numbers of an argument."""
    value = place.node.value
    known = place.kind == "argument" and value is not None and value.step is None
    x = np.asarray(value.example) if known else np.zeros(place.node.shape, place.node.dtype)
    if place.kind == "argument" and value is None:
        x = place.node.data[0]
    size = max(place.bytes // place.node.dtype.itemsize, x.size, 1)
    numbers = ", ".join(map(literal, x.reshape(-1))) if place.kind == "argument" else "0"
    return f"  static {TYPES[place.node.dtype.name]} {name}[{size}] = {{{numbers}}};"


def passed(place, name):
    """Return an array, or the number in it, as an argument of a call."""
    is_number = place.kind == "argument" and not place.node.shape
    return f"*{name}" if is_number else f"(void *){name}"


def main_text(natives):
    """Return a `main` that calls all functions; arguments in another order are left out."""
    lines, n = [], 0
    for native in natives:
        for function in native.functions:
            places = [*function.arguments, *function.results, *function.scratch]
            if any(place.strides for place in places):
                continue
            names = [f"a{n + i}" for i in range(len(places))]
            n += len(places)
            lines += map(defined, places, names)
            lines.append(f"  {function.name}({', '.join(map(passed, places, names))});")
    return "\n".join(["int main(void) {", *lines, "  return 0;", "}"])


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("gcc"), reason="the sanitizers come with gcc")
def test_functions_of_all_primitives_pass_the_sanitizers(tmp_path):
    cases = [case for case in LARGEST_CASES.values() if case in CASES]
    with np.errstate(all="ignore"):
        programs = [traced_program(y)[0] for _, y, _ in of_cases(cases, "float64")]
        natives = [prepared(program, f"p{i}_")[0] for i, program in enumerate(programs)]
    source = tmp_path / "program.c"
    source.write_text(library_text(natives) + main_text(natives), encoding="utf-8")
    flags = [flag for flag in FLAGS if flag not in ("-O3", "-shared")]
    program = str(tmp_path / "program")
    subprocess.run(["gcc", *flags, *SANITIZE, source, "-o", program, "-lm"], check=True)
    done = subprocess.run([program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
