"""What users of PyTorch, JAX and NumPy type works, or the error says what to write instead.

Each expression below is typed out of habit. It has the value that is given, or raises an error
that contains the given text. If an error has code in it (after "write"), that code is run.
"""

import copy
import pickle
import re

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn, optim
from autograd_mini.core import absent
from autograd_mini.core.answers import PAIRS, names_in, pairs_of
from autograd_mini.core.registry import UFUNCS
from tests.budget import each
from tests.cases import jax_names, leaf, pytorch_names

#: expression -> an expression of the same value
WORKS = {
    "x.sum(axis=1)": "np.sum(x.data, 1)",
    "x.sum(-1, keepdims=True)": "np.sum(x.data, -1, keepdims=True)",
    "x.std(ddof=1)": "np.std(x.data, ddof=1)",
    "x.std(correction=1)": "np.std(x.data, ddof=1)",
    "x.clip(min=0)": "np.maximum(x.data, 0)",
    "x.round(decimals=1)": "np.round(x.data, 1)",
    "x.tan()": "np.tan(x.data)",
    "x.sinh()": "np.sinh(x.data)",
    "t.log1p()": "np.log1p(t.data)",
    "x.reciprocal()": "1 / x.data",
    "x.conj()": "x.data",
    "x.real": "x.data",
    "x.imag": "np.zeros((2, 3))",
    "x.nbytes": "48",
    "x.itemsize": "8",
    "x.absolute()": "np.abs(x.data)",
    "x.compress([True, False], axis=0)": "x.data[:1]",
    "ag.tensor([1, 0]).choose(x[:, :2])": "np.choose([1, 0], x.data[:, :2])",
    "b.searchsorted(0.5)": "np.searchsorted(b.data, 0.5)",
    "x.T": "x.data.T",
    "x.mT": "x.data.T",
    "x.size": "6",
    "x.ndim": "2",
    "x.squeeze()": "x.data",
    "x.flatten()": "x.data.ravel()",
    "x.transpose(1, 0)": "x.data.T",
    "x.swapaxes(0, 1)": "x.data.T",
    "x.view is None if hasattr(x, 'view') else 1": "1",
    "np.exp(x).sum()": "np.exp(x.data).sum()",
    "ag.relu(x)": "np.maximum(x.data, 0)",
    "ag.no_grad()(f)(x)": "f(x.data)",
    "ag.no_grad(f)(x)": "f(x.data)",
    "ag.tensor(t)": "t.data",
    "ag.tensor([t[0], t[1]])": "t.data",
    "w.zero_grad()": "None",
    "x.requires_grad": "True",
    "x.detach()": "x.data",
    "x.item() if x.size == 1 else x[0, 0].item()": "1.0",
    "x @ t.T": "x.data @ t.data.T",
    "x.max(1)": "x.data.max(1)",
    "x.argsort(1)": "x.data.argsort(1)",
    "nn.ReLU()(x)": "np.maximum(x.data, 0)",
    "nn.Flatten()(x[None])": "x.data.reshape(1, 6)",
    "nn.Dropout(0.5).eval()(x)": "x.data",
    "nn.init.zeros_(w)": "np.zeros((2, 3))",
}

#: expression -> a text in the error
ANSWERED = {
    # row 2 and its kind: methods of PyTorch's tensors
    "x.view(3, 2)": "x.reshape(3, 2)",
    "x.view_as(t)": "x.reshape(t.shape)",
    "x.unsqueeze(0)": "x[:, None]",
    "x.clone()": "x.copy()",
    "x.cpu()": "no devices",
    "x.cuda()": "no devices",
    "x.to('cuda')": "no devices",
    "x.device": "no devices",
    "x.is_cuda": "no devices",
    "x.numel()": "x.size",
    "x.nelement()": "x.size",
    "x.dim()": "x.ndim",
    "x.t()": "x.T",
    "x.permute(1, 0)": "x.transpose(1, 0)",
    "x.pow(2)": "x**2",
    "x.mm(t.T)": "x @ t.T",
    "x.matmul(t.T)": "x @ t.T",
    "x.bmm(x)": "@",
    "x.add(t)": "x + t",
    "x.sub(t)": "x - t",
    "x.mul(t)": "x * t",
    "x.div(t)": "x / t",
    "x.neg()": "-x",
    "x.softmax(1)": "ag.softmax(x, axis=1)",
    "x.log_softmax(-1)": "ag.log_softmax(x, axis=1)",
    "x.clamp(min=0)": "x.clip(0, None)",
    "x.norm()": "np.linalg.norm(x)",
    "x.expand(4, 2, 3)": "np.broadcast_to",
    "x.gather(1, i)": "np.take_along_axis(x, i, 1)",
    "x.float()": "x.astype(np.float32)",
    "x.double()": "x.astype(np.float64)",
    "x.half()": "x.astype(np.float16)",
    "x.long()": "astype(np.int64)",
    "x.int()": "astype(np.int32)",
    "x.bool()": "x != 0",
    "u.requires_grad_()": "u.requires_grad = True",
    "u.zero_()": "u.data = np.zeros_like(u)",
    "u.fill_(1.0)": "u.data = np.full_like",
    "u.add_(1.0)": "u.data += t",
    "u.exp_()": "np.exp(x)",
    "x.unsqueeze_(0)": "x[:, None]",
    "x.split(2, dim=1)": "np.split(x, [2], axis=1)",
    "x.chunk(3)": "np.split(x, 3, axis=1)",
    "x.sort()": "np.sort(x, axis=1)",
    "x.topk(2)": "np.sort",
    "x.at[0].set(1.0)": "np.where",
    "x.amax(dim=1)": "x.max(axis=1)",
    "x.median(dim=1)": "np.median(x, axis=1)",
    "x.masked_fill(x > 0, 0.0)": "np.where(x > 0, 0.5, x)",
    "x.masked_select(x > 0)": "x[x > 0]",
    "x.index_select(1, c)": "x[:, c]",
    "x.scatter_(1, i, 0.0)": "np.where",
    "x.eq(t)": "x == t",
    "x.ge(t)": "x >= t",
    "x.contiguous()": "`x`",
    "x.is_contiguous()": "x.data",
    "x.stride()": "x.data",
    "x.data_ptr()": "x.data",
    "x.strides": "x.data",
    "x.tobytes()": "x.data",
    "x.fill(0.0)": "w.data",
    "x.tofile('x')": "np.save",
    "x.register_hook(print)": "adjoints()",
    "x.grad_fn": "x.op",
    "x.new_zeros(2)": "np.zeros(2, x.dtype)",
    "x.type_as(t)": "x.astype(t.dtype)",
    "x.erf()": "ag.primitive",
    "x.atan()": "np.atan(x)",
    "x.tril()": "np.tril(x)",
    "x.isnan()": "np.isnan(x)",
    "x.tile((2, 1))": "np.tile(x, reps)",
    "x.take_along_axis(i, 1)": "np.take_along_axis(x, indices",
    "x.atan2(t)": "np.atan2(x, y)",
    "x.to_numpy()": "x.numpy()",
    "x.roll(1)": "np.roll(x",
    "x.cholesky()": "np.linalg.cholesky(x)",
    "x.unique()": "np.unique",
    "x.values": "x.max(axis=1)",
    "x.block_until_ready()": "`x",
    "x._prev": "c.inputs",
    # row 3: PyTorch's keywords and positions
    "x.size(0)": "x.shape[0]",
    "x.size(-1)": "x.shape[-1]",
    "x.size()": "x.shape",
    "x.sum(dim=1)": "axis=1",
    "x.mean(dim=(0, 1))": "axis=(0, 1)",
    "x.sum(axis=1, keepdim=True)": "keepdims=True",
    "x.sum(1, True)": "x.sum(axis=1, keepdims=True)",
    "x.max(1, True)": "x.max(axis=1, keepdims=True)",
    "x.max(t)": "np.maximum(x, t)",
    "x.std(unbiased=False)": "ddof=0",
    "x.flatten(1)": "x.reshape(len(x), -1)",
    "x.flatten(start_dim=1)": "x.reshape(len(x), -1)",
    "x.argmax(dim=1)": "axis=1",
    "x.cumsum(dim=0)": "axis=0",
    "x.squeeze(dim=0)": "axis=0",
    "x.logsumexp(dim=1)": "axis=1",
    "x.nonzero(as_tuple=True)": "np.argwhere",
    "x.numpy(force=True)": "Leave it out",
    "ag.softmax(x, dim=1)": "axis=",
    "ag.log_softmax(x, dim=1)": "axis=",
    "ag.logsumexp(x, dim=1, keepdim=True)": "axis=",
    "ag.softmax_cross_entropy(x, c, dim=1)": "axis=1",
    "ag.mse_loss(x, t, size_average=False)": "reduction=",
    "ag.relu(x, inplace=True)": "Leave it out",
    "ag.gelu(x, approximate='tanh')": "tanh approximation",
    "f(x).backward(retain_graph=True)": "any number of times",
    "f(x).backward(create_graph=True)": "ag.gradients(loss, w)",
    "x.zero_grad(set_to_none=True)": "Leave it out",
    "optim.SGD([w], lr=0.1).zero_grad(set_to_none=True)": "Leave it out",
    "optim.SGD([w], learning_rate=0.1)": "lr=0.1",
    "optim.Adam(params=[w])": "parameters=",
    "ag.tensor([1.0], device='cpu')": "no devices",
    "ag.grad(f, argnum=1)": "argnums=1",
    "ag.grad(f, holomorphic=True)": "no complex numbers",
    "ag.compile(f, static_argnums=1)": "Leave it out",
    "ag.compile(f, donate_argnums=0)": "donate=0",
    "ag.compile(f, fullgraph=True)": "Leave it out",
    "ag.checkpoint(f, x)": "ag.checkpoint(f)(x)",
    "ag.checkpoint(f, x, use_reentrant=False)": "ag.checkpoint(f)(x)",
    "ag.gradients(f(w), w, grad_outputs=1.0)": "gradient=1.0",
    # row 4: the other meaning, where it can only be PyTorch's
    "x[None].transpose(0, 1)": "x.swapaxes(0, 1)",
    "x[None].repeat(2, 1, 1)": "np.tile(x, (2, 1))",
    "x.repeat(2, 3)": "np.tile(x, (2, 1))",
    # row 5 and 6: functions and modules
    "ag.exp(x)": "np.exp",
    "ag.log(x)": "np.log",
    "ag.sum(x)": "np.sum",
    "ag.tanh(x)": "np.tanh",
    "ag.matmul(x, x)": "np.matmul",
    "ag.zeros(2, 3)": "np.zeros((2, 3))",
    "ag.ones(3)": "np.ones",
    "ag.ones_like(x)": "np.ones_like",
    "ag.stack([x, x])": "np.stack",
    "ag.cat([x, x])": "np.concatenate",
    "ag.array([1.0])": "np.array",
    "ag.arange(3)": "np.arange",
    "ag.float32": "np.float32",
    "ag.long": "np.int64",
    "ag.randn(2, 3)": "rng.normal(size=(2, 3))",
    "ag.manual_seed(0)": "np.random.default_rng(0)",
    "ag.from_numpy(c)": "ag.tensor(np.ones(2))",
    "ag.device('cpu')": "no devices",
    "ag.save(x, 'file')": "np.savez",
    "ag.autograd.grad": "ag.grad",
    "ag.vmap(f)": "np.stack([f(row) for row in t])",
    "ag.jit(f)": "ag.compile(h)(x)",
    "ag.pmap(f)": "no devices",
    "ag.jacfwd(f)": "ag.jacobian(h)(x)",
    "ag.jacrev(f)": "ag.jacobian(h)(x)",
    "ag.custom_vjp(f)": "ag.primitive(",
    "ag.custom_jvp(f)": "ag.primitive",
    "ag.one_hot(c, 3)": "np.eye(3)[c]",
    "ag.Value(2.0)": "ag.tensor(2.0, requires_grad=True)",
    "ag.Variable(2.0)": "requires_grad=True",
    "ag.Function": "ag.primitive(",
    "ag.GradientTape()": "loss.backward()",
    "ag.lax.scan": "ag.softmax",
    "ag.scan(f, x, x)": "Python loop",
    "ag.tree_map(f, x)": "comprehension",
    "ag.PRNGKey(0)": "np.random.default_rng(0)",
    "ag.make_jaxpr(f)": ".tape()",
    "ag.enable_grad()": "ag.no_grad()",
    "ag.inference_mode()": "ag.no_grad()",
    "ag.erf(x)": "ag.primitive",
    "ag.check_grads(f)": "ag.gradcheck",
    "ag.sofmax(x)": "ag.softmax",
    "ag.Tenser": "`ag.Tensor`",
    "ag.tenser": "`ag.tensor`",
    "nn.ReLU(inplace=True)": "ReLU() has no argument 'inplace'",
    "nn.GELU(approximate='tanh')": "gelu is the tanh approximation",
    "nn.Conv2d(3, 8, 3, padding_mode='reflect')": "np.pad",
    "nn.ConvTranspose2d(3, 8, 3)": "nn.Conv2d",
    "nn.MaxPool2d(2, ceil_mode=True)": "is not computed",
    "nn.BatchNorm2d(3, track_running_stats=False)": "BatchNorm2d() has no argument",
    "nn.GroupNorm(2, 4)": "nn.LayerNorm",
    "nn.Dropout2d(0.1)": "nn.Dropout",
    "nn.Embedding(3, 2, padding_idx=0)": "input != padding",
    "nn.MultiheadAttention(4, 2, batch_first=True)": "the first axis",
    "nn.MultiheadAttention(3, 1)(x, attn_mask=x)": "mask=",
    "nn.MultiheadAttention(3, 1)(x, key_padding_mask=x)": "keep[:, None, None, :]",
    "nn.TransformerEncoderLayer(4, 2)": "nn.TransformerBlock",
    "nn.TransformerBlock(d_model=4, nhead=2)": "embed_dim=4",
    "nn.init.orthogonal_(x)": "p.data = ",
    "nn.init.normal_(w, generator=3)": "rng=3",
    "ag.Conv2d(3, 8, 3)": "nn.Conv2d",
    "nn.CrossEntropyLoss()": "ag.softmax_cross_entropy(x, c)",
    "nn.MSELoss()": "ag.mse_loss(",
    "nn.softmax(x)": "ag.softmax(x, axis=1)",
    "nn.relu(x)": "ag.relu(x)",
    "nn.silu(x)": "x * ag.sigmoid(x)",
    "nn.functional.relu": "ag.softmax",
    "ag.functional.relu(x)": "ag.relu(x)",
    "nn.Parameter(x)": "requires_grad=True",
    "nn.RNNBase(2, 3)": "loop over the steps",
    "nn.Linaer(2, 3)": "nn.Linear",
    "model.to('cpu')": "no devices",
    "model.buffers()": "plain array",
    "model.children()": "model.modules()",
    "model.register_buffer('m', x)": "plain array",
    "model.save('file')": "np.savez",
    "model.freeze()": "requires_grad_",
    "model.apply(f)": "model.modules()",
    "nn.Linear(in_features=3, out_features=2)": "inputs=3",
    "nn.Linear(3, 2, device='cpu')": "no devices",
    "nn.MLP([2, 2], nonlinearity='relu')": "activation=",
    "nn.Linear(3, 2).cuda()": "no devices",
    "optim.Adam([w]).param_groups": "optimizer.lr",
    "optim.Adam(model)": "model.parameters()",
    "optim.Adam(model.parameters)": "model.parameters()",
    "optim.SGD([w])": "optim.SGD([w], lr=0.1, momentum=0.9)",
    "optim.SGD([w], 0.1, 0.9)": "by name: momentum=0.9",
    "ag.mse(x, t)": "ag.mse_loss",
    "ag.gradcheck(x, x)": "gradcheck needs a function",
    "ag.gradcheck(f, x, eps=1e-3)": "Leave it out",
    "ag.hvp(f, x, a)": "hvp: v must have the same shapes as x",
    "ag.gradients(x * x, x)": "gradients: ",
    "ag.grad(f, argnums=True)": "grad: argnums must be",
    "x.sum(dim=[0, 1])": "axis=(0, 1)",
    "optim.sgd(0.1)": "optim.SGD",
    "optim.RMSprop([w])": "optim.Optimizer",
    "optim.lr_scheduler": "optimizer.lr",
    "optim.LBFGS([w])": "scipy.optimize",
    # row 7 and 8: arguments of the transforms
    "ag.grad(f(w), w)": "ag.gradients(loss, w)",
    "ag.value_and_grad(f(w))": "value_and_grad needs a function",
    "ag.jacobian(x)": "jacobian needs a function",
    "ag.hessian(3)": "hessian needs a function, got 3",
    "ag.hvp(x, x, x)": "hvp needs a function",
    "ag.vjp(x, x)": "vjp needs a function",
    "ag.jvp(x, (x,), (x,))": "jvp needs a function",
    "ag.elementwise_grad(x)": "elementwise_grad needs a function",
    "ag.checkpoint(x)": "checkpoint needs a function",
    "ag.compile(x)": "compile needs a function",
    "ag.gradients(f, w)": "ag.grad(f)(x)",
    "ag.grad(f, argnums='x')": "grad: argnums must be",
    "ag.hessian(f, 1.5)": "hessian: argnums must be",
    "ag.jacobian(f, x)": "jacobian: argnums must be",
    "ag.grad(f, ())": "grad: argnums must be",
    "ag.grad(f, argnums=1)(1.0)": "argnums=1 is the second argument, but the call has 1 positional",
    "ag.hessian(f, argnums=2)(1.0)": "hessian: argnums=2 is the third argument, but",
    "ag.grad(f)(x=1.0)": "no positional argument",
    "ag.grad(lambda v: (v * v).sum())([1.0, 2.0])": "Pass np.array([...])",
    "ag.grad(lambda v: np.sum(v**2))([1.0, 2.0])": "The function raised TypeError",
    "ag.hessian(lambda v: v.sum())([1.0, 2.0])": "The function raised AttributeError",
    "ag.grad(lambda v: None)(1.0)": "grad: the function returned None",
    "ag.value_and_grad(lambda v: None)(1.0)": "value_and_grad: the function returned None",
    "ag.hessian(lambda v: None)(1.0)": "hessian: the function returned None",
    "ag.hvp(lambda v: None, 1.0, 1.0)": "hvp: the function returned None",
    "ag.jacobian(lambda v: None)(1.0)": "jacobian: the function returned None",
    "ag.vjp(lambda v: None, 1.0)": "vjp: the function returned None",
    "ag.jvp(lambda v: None, (1.0,), (1.0,))": "jvp: the function returned None",
    "ag.elementwise_grad(lambda v: None)(1.0)": "elementwise_grad: the function returned None",
    "ag.checkpoint(lambda v: None)(x)": "the function returned None",
    "ag.jacobian(lambda v: 'text')(1.0)": "jacobian: the function must return Tensors",
    "ag.hessian(lambda v: v * 2)(b)": "hessian: the function must return a scalar Tensor",
    "ag.hvp(lambda v: v * 2, b, b)": "hvp: the function must return a scalar Tensor",
    "ag.value_and_grad(lambda v: v)(b)": "value_and_grad: the function must return a scalar",
    "ag.grad(f)(3)": "grad: argument 0: an int64 tensor",
    "ag.jacobian(f)('text')": "jacobian: argument 0:",
    "ag.grad(lambda a, b: a * b, argnums=1)(1.0, 2)": "grad: argument 1:",
    "ag.hessian(f)(None)": "hessian: argument 0 is None",
    "ag.vjp(f)": "ag.vjp(f, x)",
    "ag.jvp(f, x, x)": "ag.jvp(f, (x,), (v,))",
    "ag.jvp(f, (x,), x)": "jvp: tangents must be a tuple",
    # row 10
    "ag.tensor(x)": "Use that Tensor itself",
    "ag.tensor([x, x])": "np.stack",
    "ag.tensor([[x[0, 0], 1.0]])": "np.stack",
}  # fmt: skip


def test_lists_are_long_and_cover_several_libraries():
    assert len(WORKS) + len(ANSWERED) > 220


@each(WORKS.items())
def test_habit_works(typed, same):
    names = pytorch_names()
    found, expected = eval(typed, names), eval(same, names)
    if expected is None:
        assert found is None
    else:
        np.testing.assert_allclose(np.asarray(getattr(found, "data", found)), expected)


def runs(code):
    """Run code of an error message, with the variables of PyTorch's pairs or of JAX's."""
    if code.startswith("c."):  # micrograd's
        exec(code, {"c": leaf(2.0) * 3.0})
        return
    try:
        exec(code, pytorch_names())
    except Exception:
        exec(code, jax_names(np))


@each(ANSWERED.items())
def test_habit_is_answered(typed, instead):
    names = pytorch_names()
    with pytest.raises((AttributeError, TypeError, ValueError)) as caught:
        eval(typed, names)
    message = str(caught.value)
    assert instead in message
    for code in re.findall(r"write `([^`]+)`", message):
        runs(code)
    assert names["w"].grad is not None


def test_probing_for_a_name_finds_nothing():
    names = pytorch_names()
    typed = [t.split(".") for t in ANSWERED if re.match(r"(x|ag|nn|optim)\.\w+$", t)]
    assert len(typed) > 10
    for owner, name in typed:
        assert not hasattr(names[owner], name)
        assert getattr(names[owner], name, 3) == 3


# ---- the names themselves ------------------------------------------------------------------------


def test_pairs_are_found_by_their_names():
    for theirs, ours in PAIRS.items():
        name = names_in(theirs)[-1]
        assert (theirs, ours) in pairs_of("", name) or name in ("numpy", "backward")


def test_absent_names_are_absent_and_answered():
    for owner, reasons in ((leaf(), absent.METHODS), (ag, absent.FUNCTIONS)):
        for reason, names in reasons.items():
            plain = {n for n in names.split() if n.isidentifier() and not pairs_of("", n)}
            for name in plain - {"functional"}:  # nn has none, and the package has
                with pytest.raises(AttributeError) as caught:
                    getattr(owner, name)
                assert reason in str(caught.value), name


def test_unknown_name_gets_the_general_answer():
    for owner in (ag, nn):
        with pytest.raises(AttributeError, match=r"has no attribute 'qqqq'.*NumPy's functions"):
            _ = owner.qqqq


def test_unknown_name_of_an_optimiser_gets_no_advice_on_functions():
    for owner in (optim, optim.SGD([leaf()], lr=0.1)):
        with pytest.raises(AttributeError, match=r"has no attribute 'foo'$"):
            _ = owner.foo


def test_python_corrects_a_misspelt_method():
    """Python compares the name with those of `dir`, as it prints the error."""
    with pytest.raises(AttributeError) as caught:
        leaf().reshpe(3, 2)
    assert caught.value.name == "reshpe"
    assert isinstance(caught.value.obj, ag.Tensor)


def test_missing_names_are_not_listed():
    names = {*dir(leaf()), *dir(ag.Tensor)}
    assert "reshape" in names
    assert "view" not in names
    assert all(hasattr(ag.Tensor, name) for name in names - {"__abstractmethods__"})


def test_error_has_its_name_and_no_second_suggestion():
    with pytest.raises(AttributeError) as caught:
        _ = leaf().view
    assert caught.value.name == "view"
    assert caught.value.obj is None  # Python would look for a similar name in it
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_protocols_are_not_answered():
    for owner in (leaf(), ag, nn, optim):
        for name in ("__array_interface__", "__cuda_array_interface__", "__jax_array__"):
            assert not hasattr(owner, name)
        with pytest.raises(AttributeError, match=r"'__length_hint__'$"):
            _ = owner.__length_hint__


def test_copy_and_pickle_of_a_tensor_work():
    t = leaf(name="t")
    for other in (copy.copy(t), copy.deepcopy(t), pickle.loads(pickle.dumps(t))):
        assert (other.name, other.tolist(), other.requires_grad) == ("t", t.tolist(), True)
    empty = ag.Tensor.__new__(ag.Tensor)
    with pytest.raises(AttributeError):
        _ = empty.order


# ---- the methods of a tensor ---------------------------------------------------------------------


def test_tensor_has_numpys_methods_except_answered_ones():
    """A tensor has each attribute of an array, unless it concerns memory, files or writing."""
    existing = {n for n in dir(np.ndarray) if n[0] != "_" and hasattr(np.ones((1, 1)), n)}
    missing = {n for n in existing if not hasattr(ag.Tensor, n)}
    answered = " ".join(absent.METHODS.values()).split()
    assert missing - {"sort", "view", "resize", "tostring"} <= set(answered)


def test_tensor_has_numpys_elementwise_functions():
    """A tensor has each ufunc of one argument that has a derivative as a method."""
    t = leaf([0.25, 0.5, 0.75])
    for f in (f for f in UFUNCS if f.nin == 1):
        t.data = [1.5, 2.0, 2.5] if f is np.arccosh else [0.25, 0.5, 0.75]
        y = getattr(t, f.__name__)()
        np.testing.assert_array_equal(y.data, f(t.data))
        assert y.requires_grad


# ---- an update outside of no_grad ----------------------------------------------------------------


def test_update_outside_of_no_grad_is_answered():
    w = leaf(name="w")
    (w * w).sum().backward()
    w -= 0.1 * w.grad  # makes a new tensor
    (w * w).sum().backward()
    with pytest.raises(RuntimeError, match=r"sub, not a leaf.*with ag\.no_grad\(\): w -= \.\.\."):
        _ = w.grad


@pytest.mark.parametrize("value", [None, 0.0, np.zeros(3)])
def test_gradient_of_a_node_cannot_be_assigned(value):
    """It would be kept from then on, and a tape that grows in every step would go unnoticed."""
    w = leaf() - 0.1
    with pytest.raises(RuntimeError, match=r"with ag\.no_grad\(\): w -= \.\.\."):
        w.grad = value


def test_update_that_loses_the_gradient_is_answered():
    w = leaf()
    (w * w).sum().backward()
    with ag.no_grad():
        w = w - 0.1 * w.grad
    with pytest.raises(RuntimeError, match=r"write `w -= \.\.\.`"):
        (w * w).sum().backward()
