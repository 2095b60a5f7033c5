"""The text of JavaScript programs. tests/browser/test_programs.py runs them."""

import json
import shutil
import subprocess

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.compiler.ir import Program
from autograd_mini.compiler.source.javascript import javascript_generator
from autograd_mini.compiler.source.operation import UnknownOperation
from autograd_mini.compiler.tracer import Tracer
from tests.cases import leaf


def script(result, **names):
    return ag.source(result, names, language="javascript")


def test_program_by_hand_has_a_line_for_each_step():
    z, y = leaf([2.0, 1.0, 0.1], "z"), np.array([0.0, 1.0, 0.0])
    e = np.exp(z)
    s = np.sum(e)
    p = e / s
    loss = -np.sum(y * np.log(p))
    text = script(loss, e=e, s=s, p=p, loss=loss, y=y)
    assert text.startswith(
        'import { nd } from "./nd.mjs";\n\nexport function program([z, y]) {\n'
        "  // forward\n  const e = nd.exp(z); // (3,)"
    )
    assert "const p = nd.divide(e, s); // (3,)" in text
    assert "  // backward\n" in text
    assert text.endswith("return [loss, d_z];\n}")
    assert {name: x.shape for name, x in text.arguments.items()} == {"z": (3,), "y": (3,)}
    assert loss.tape().source(language="javascript").count("\n") == text.count("\n")


@pytest.mark.parametrize(
    ("y", "call"),
    [
        (lambda x: x[1:, ::-2], 'nd.getitem(x, ["1:", "::-2"])'),
        (lambda x: x[..., None, 0], 'nd.getitem(x, [":", null, 0])'),
        (lambda x: x[[0, 1, 0]], 'nd.getitem(x, [nd.array([0, 1, 0], [3], "int64")])'),
        (lambda x: x.sum((0, 1), keepdims=True), "nd.sum(x, { axis: [0, 1], keepdims: true })"),
        (lambda x: np.swapaxes(x, 0, 1), "nd.transpose(x, [1, 0])"),
        (lambda x: np.expand_dims(x, 0), "nd.reshape(x, [1, 2, 3])"),
        (lambda x: np.flip(x, 1), 'nd.getitem(x, [":", "::-1"])'),
        (lambda x: np.concatenate([x, x], axis=1), "nd.concatenate([x, x], { axis: 1 })"),
        (lambda x: np.where(x.data > 0, x, np.inf), "Infinity)"),
        (lambda x: np.einsum("...j->j...", x), 'nd.einsum("aj->ja", x)'),
        (lambda x: np.array([1, 2, 3]) * 2.0 * x, "nd.multiply("),
    ],
)  # fmt: skip
def test_call_of_a_step_is_written_with_few_functions(y, call):
    assert call in script(y(leaf(np.ones((2, 3)), "x")))


def test_names_that_javascript_reserves_are_changed():
    names = ("function", "let", "nd", "arguments", "ŷ", "a b")
    y = sum(leaf(float(i), name) for i, name in enumerate(names))
    head = script(y).splitlines()[2]
    assert head == "export function program([function_2, let_2, nd_2, arguments_2, ŷ, a_b]) {"


def test_long_constants_are_written_above_the_steps():
    text = script(leaf(np.ones(30), "x")[np.arange(20)[::-1] ** 2 % 30])
    assert text.splitlines()[3].startswith("  const c = nd.array([1, 24, ")
    assert "nd.getitem(x, [c])" in text


def test_program_of_an_unknown_dtype_raises():
    x = ag.tensor(np.ones(3, np.float16), requires_grad=True)
    with pytest.raises(UnknownOperation, match="float16"):
        script(x * 2)


def test_source_of_an_unknown_operation_names_it():
    with pytest.raises(UnknownOperation, match=r"JavaScript .* np\.linalg\.qr"):
        script(np.linalg.qr(leaf(np.eye(3)))[0])


RUN = """import { nd } from "./nd.mjs";
import { program } from "./program.mjs";
const given = JSON.parse(process.argv[2]);
const results = program(given.map(([numbers, shape, dtype]) => nd.array(numbers, shape, dtype)));
console.log(JSON.stringify(results.map((x) => Array.from(nd.numbers(x)))));
"""


def test_module_runs_in_node(tmp_path):
    node = shutil.which("node")
    if not node:
        pytest.skip("Node is not installed")
    model = ag.nn.MLP([3, 4, 2], rng=0)
    loss = ag.softmax_cross_entropy(model(np.cos(np.arange(12.0)).reshape(4, 3)), [0, 1, 1, 0])
    text = ag.source(loss, language="javascript")
    for name, module in {**text.modules, "program.mjs": text, "run.mjs": RUN}.items():
        (tmp_path / name).write_text(module, "utf-8")
    given = [[x.ravel().tolist(), x.shape, x.dtype.name] for x in text.arguments.values()]
    command = [node, str(tmp_path / "run.mjs"), json.dumps(given)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    value, *gradients = json.loads(done.stdout)
    loss.backward()
    leaves = [t for t in loss.tape() if t.is_leaf and t.requires_grad]
    np.testing.assert_allclose(value, [loss.item()])
    for gradient, t in zip(gradients, leaves, strict=True):
        np.testing.assert_allclose(gradient, t.grad.ravel())


def test_generator_computes_the_other_results_after_the_first():
    x = Tracer()
    a = x.argument(np.ones(3), "a")
    b, c = np.exp(a), np.sin(a)
    program = Program(x, [(b * 2.0)._value, (b + c)._value])
    lines = javascript_generator(program, 1).splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("  yield"))
    assert lines[0].startswith("function* program([a])")
    assert [line.split("nd.")[1][:3] for line in lines[2:first]] == ["exp", "mul"]
    assert [line.split("nd.")[1][:3] for line in lines[first + 1 : -2]] == ["sin", "add"]
    assert lines[-2].startswith("  yield")
