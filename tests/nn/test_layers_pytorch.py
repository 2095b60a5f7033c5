"""Each layer gives PyTorch's outputs, gradients and training steps, from the same weights."""

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn, optim
from tests.nn.models import EXAMPLES, LABELS, MODELS, train_step

RNG = np.random.default_rng(5)
IMAGES = RNG.normal(size=(4, 6, 7, 8))
ROWS = RNG.normal(size=(3, 5, 8))

#: a layer, written in the same way for both libraries, and its input
LAYERS = {
    "Conv2d(6, 4, 3)": IMAGES,
    "Conv2d(6, 4, (3, 2), (2, 1), 'valid', 2)": IMAGES,
    "Conv2d(6, 4, 4, 1, 'same', 1, 2, False)": IMAGES,
    "Conv1d(5, 4, 3, 2, 1, 2)": ROWS,
    "MaxPool2d(3, 2, 1)": IMAGES,
    "MaxPool2d((2, 3), dilation=2)": IMAGES,
    "AvgPool2d(3, 2, 1)": IMAGES,
    "AvgPool2d(2, padding=1, count_include_pad=False)": IMAGES,
    "Flatten()": IMAGES,
    "Flatten(2)": IMAGES,
    "BatchNorm2d(6)": IMAGES,
    "BatchNorm2d(6, 0.1, 0.3, False)": IMAGES,
    "BatchNorm1d(5)": ROWS,
    "BatchNorm1d(8)": ROWS[0],
    "LayerNorm(8)": ROWS,
    "LayerNorm((5, 8), 0.1, True, False)": ROWS,
    "LayerNorm(8, elementwise_affine=False)": ROWS,
    "RMSNorm(8)": ROWS,
    "RMSNorm(8, 0.1, False)": ROWS,
    "Dropout(0.0)": ROWS,
    "ReLU()": ROWS,
    "Tanh()": ROWS,
    "Sigmoid()": ROWS,
    "GELU()": ROWS,
}


@pytest.fixture
def torch():
    """Yield PyTorch with NumPy's default dtype."""
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield torch
    torch.set_default_dtype(before)


def converted(state, module):
    """Return a state as PyTorch's: weights of affine layers are transposed, q, k, v are joined."""
    found = {}
    owners = {path: part for path, part in module._tree() if isinstance(part, nn.Module)}
    for path, x in state.items():
        place, _, name = path.rpartition(".")
        is_affine = isinstance(owners[place], nn.Linear) and name == "weight"
        found[path] = x.T if is_affine else x
    for place, part in owners.items():
        if isinstance(part, nn.MultiheadAttention):
            start = f"{place}." if place else ""
            for name in ("weight", "bias"):
                joined = [found.pop(f"{start}{which}.{name}") for which in "qkv"]
                found[f"{start}in_proj_{name}"] = np.concatenate(joined)
                found[f"{start}out_proj.{name}"] = found.pop(f"{start}out.{name}")
    return found


def renamed(path):
    """Return PyTorch's place of a parameter: its Sequential has no list of layers."""
    for ours, theirs in (
        *(("layers.", ""), ("block.attention.", "block.self_attn.")),
        *(("block.mlp.up.", "block.linear1."), ("block.mlp.down.", "block.linear2.")),
    ):
        path = path.replace(ours, theirs)
    return path


def copy_to(torch, ours, theirs):
    """Load our state into a module of PyTorch."""
    state = {renamed(path): x for path, x in converted(ours.state_dict(), ours).items()}
    state |= {k: v for k, v in theirs.state_dict().items() if "num_batches" in k}
    theirs.load_state_dict({k: torch.as_tensor(np.asarray(v)) for k, v in state.items()})


def copy_from(theirs, ours):
    """Load the state of a module of PyTorch."""
    found = {k: v.detach().numpy() for k, v in theirs.state_dict().items()}
    owners = {path: part for path, part in ours._tree() if isinstance(part, nn.Module)}
    state = {}
    for path in ours.state_dict():
        place, _, name = path.rpartition(".")
        there = renamed(path).replace("self_attn.out.", "self_attn.out_proj.")
        if there in found:
            x = found[there]
        else:
            x = np.split(found[f"{renamed(place)[:-1]}in_proj_{name}"], 3)["qkv".index(place[-1])]
        state[path] = x.T if isinstance(owners[place], nn.Linear) else x
    ours.load_state_dict(state)


def gradients(ours):
    grads = {path: leaf.grad for path, leaf in ours.named_parameters()}
    return {renamed(path): g for path, g in converted(grads, ours).items()}


def close(a, b, name=""):
    np.testing.assert_allclose(a, np.asarray(b), rtol=1e-10, atol=1e-10, err_msg=name)


def same_state(ours, theirs):
    state = {renamed(path): x for path, x in converted(ours.state_dict(), ours).items()}
    for name, x in theirs.state_dict().items():
        if "num_batches" not in name:
            close(state.pop(name), x.detach(), name)
    assert state == {}


def shaken(model):
    """Give all parameters new values, so that none is 0 or 1."""
    for p in model.parameters():
        nn.init.normal_(p, 0.3, 0.5, rng=RNG)
    return model


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@pytest.mark.parametrize("text", LAYERS)
def test_layer_has_the_values_and_gradients_of_pytorch(text, torch):
    array, there = LAYERS[text], text.replace("GELU()", "GELU(approximate='tanh')")
    ours, theirs = shaken(eval(f"nn.{text}")), eval(f"torch.nn.{there}")
    copy_to(torch, ours, theirs)
    for training in (True, False):
        ours.train(training).zero_grad()
        theirs.train(training).zero_grad()
        x = ag.tensor(array, requires_grad=True)
        z = torch.tensor(array, requires_grad=True)
        y, other = ours(x), theirs(z)
        g = RNG.normal(size=y.shape)
        y.backward(g)
        other.backward(torch.tensor(g))
        close(y.data, other.detach())
        close(x.grad, z.grad)
        for name, p in theirs.named_parameters():
            close(gradients(ours)[name], p.grad, name)
        same_state(ours, theirs)


@pytest.mark.peers
@pytest.mark.parametrize("masked", ["none", "causal", "bool", "float"])
@pytest.mark.parametrize("cross", [False, True])
def test_attention_has_the_values_and_gradients_of_pytorch(torch, masked, cross):
    ours = shaken(nn.MultiheadAttention(8, 2))
    theirs = torch.nn.MultiheadAttention(8, 2, batch_first=True)
    copy_to(torch, ours, theirs)
    arrays = [ROWS, RNG.normal(size=(3, 4, 8)), RNG.normal(size=(3, 4, 8))][: 3 if cross else 1]
    keys = arrays[-1].shape[1]
    keep = np.tri(5, keys, dtype=bool)
    masks = {"none": None, "causal": keep, "bool": keep, "float": RNG.normal(size=(5, keys))}
    mask = masks[masked]
    theirs_mask = None if mask is None else torch.tensor(~mask if mask.dtype == bool else mask)
    options = {"is_causal": True} if masked == "causal" else {"mask": mask}
    xs = [ag.tensor(a, requires_grad=True) for a in arrays]
    zs = [torch.tensor(a, requires_grad=True) for a in arrays]
    y = ours(*xs, **options)
    other, _ = theirs(*(zs if cross else zs * 3), attn_mask=theirs_mask)
    g = RNG.normal(size=y.shape)
    y.backward(g)
    other.backward(torch.tensor(g))
    close(y.data, other.detach())
    for x, z in zip(xs, zs):
        close(x.grad, z.grad)
    for name, p in theirs.named_parameters():
        close(gradients(ours)[name], p.grad, name)


@pytest.mark.peers
def test_attention_weights_are_dropped_as_in_pytorch(torch):
    """All weights or none are dropped, so that the random numbers do not matter."""
    for p in (0.0, 1.0):
        ours = shaken(nn.MultiheadAttention(8, 2, dropout=p))
        theirs = torch.nn.MultiheadAttention(8, 2, dropout=p, batch_first=True)
        copy_to(torch, ours, theirs)
        z = torch.tensor(ROWS)
        close(ours(ROWS).data, theirs(z, z, z)[0].detach())


def theirs_of(name, torch):
    t = torch.nn
    if name == "lenet":
        return t.Sequential(
            *(t.Conv2d(2, 4, 3, padding=1), t.BatchNorm2d(4), t.ReLU(), t.MaxPool2d(2)),
            t.Conv2d(4, 6, (2, 3), stride=(1, 2), padding=1, groups=2),
            *(t.Tanh(), t.AvgPool2d((2, 1), stride=1), t.Flatten(), t.Dropout(0), t.Linear(36, 3)),
        )
    if name == "sequence":
        return t.Sequential(
            *(t.Conv1d(2, 4, 3, padding="same", dilation=2), t.BatchNorm1d(4, momentum=0.3)),
            *(t.GELU(approximate="tanh"), t.LayerNorm((4, 7)), t.Dropout(0), t.Flatten()),
            t.Linear(28, 3),
        )
    if name == "batch_norm":
        layers = (t.Linear(5, 8), t.BatchNorm1d(8), t.Sigmoid(), t.Dropout(0), t.Linear(8, 3))
        return t.Sequential(*layers)

    class GPT(t.Module):
        def __init__(self):
            super().__init__()
            self.wte, self.wpe = t.Embedding(5, 8), t.Embedding(6, 8)
            options = {"batch_first": True, "norm_first": True}
            gelu = t.GELU(approximate="tanh")
            self.block = t.TransformerEncoderLayer(8, 2, 32, 0.0, gelu, **options)
            self.norm, self.head = t.RMSNorm(8), t.Linear(8, 3)

        def forward(self, i):
            x = self.wte(i) + self.wpe(torch.arange(i.shape[-1]))
            mask = t.Transformer.generate_square_subsequent_mask(i.shape[-1])
            return self.head(self.norm(self.block(x, mask))[..., -1, :])

    return GPT()


@pytest.mark.peers
@pytest.mark.parametrize("name", MODELS)
def test_training_gives_the_parameters_of_pytorch(name, torch):
    ours, theirs = MODELS[name](), theirs_of(name, torch)
    copy_to(torch, ours, theirs)
    optimizer = optim.SGD(ours.parameters(), lr=0.1, momentum=0.9)
    other = torch.optim.SGD(theirs.parameters(), lr=0.1, momentum=0.9)
    step = train_step(ours, optimizer)
    x, labels = torch.tensor(EXAMPLES[name]), torch.tensor(LABELS)
    for _ in range(20):
        loss = step(EXAMPLES[name], LABELS)
        other.zero_grad()
        same = torch.nn.functional.cross_entropy(theirs(x), labels)
        same.backward()
        other.step()
        close(loss.data, same.detach())
    same_state(ours, theirs)
    again = MODELS[name]().eval()
    copy_from(theirs.eval(), again)
    for model in (ours.eval(), again):
        close(model(EXAMPLES[name][:1]).data, theirs(x[:1]).detach())


INITIAL = ["xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_"]


@pytest.mark.peers
@pytest.mark.parametrize("function", INITIAL)
@pytest.mark.parametrize("shape", [(300, 200), (40, 30, 3, 5)])
def test_initial_values_have_the_spread_of_pytorch(torch, function, shape):
    options = [{"gain": 1.5}]
    if function.startswith("kaiming"):
        names = ("relu", "tanh", "linear", "sigmoid", "leaky_relu")
        options = [{"a": 0.3, "mode": "fan_out", "nonlinearity": name} for name in names]
        options.append({})
    for option in options:
        w = ag.tensor(np.zeros(shape))
        ours = getattr(nn.init, function)(w, **option, rng=0).data
        there = torch.zeros(shape[::-1] if len(shape) == 2 else shape)  # (outputs, inputs)
        theirs = getattr(torch.nn.init, function)(there, **option).numpy()
        assert abs(ours.std() / theirs.std() - 1) < 0.02
        if "uniform" in function:
            assert abs(ours.max() / theirs.max() - 1) < 0.01
