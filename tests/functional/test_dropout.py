"""Dropout: the mask, its mean, derivatives, views, compilation and errors."""

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.core.tape import replay
from autograd_mini.functional.dropout import draw_mask, drop
from tests.cases import leaf

X = np.random.default_rng(3).normal(size=(40, 50))


def generator():
    return np.random.default_rng(7)


@pytest.mark.parametrize("dtype", ["e", "f", "d"])
@pytest.mark.parametrize("p", [0.1, 0.5, 1.0])
def test_entries_are_0_or_scaled(p, dtype):
    x = leaf(X.astype(dtype), dtype=dtype)
    y = ag.dropout(x, p, rng=generator())
    y.backward(np.ones(X.shape, dtype))
    kept = draw_mask(generator(), X.shape, p)
    scale = np.array(1 / (1 - p) if p < 1 else 0, dtype)
    assert y.dtype == x.grad.dtype == dtype
    np.testing.assert_allclose(y.data, np.where(kept, x.data * scale, 0), rtol=2e-3)
    np.testing.assert_allclose(x.grad, kept * scale, rtol=2e-3)
    assert abs(kept.mean() - (1 - p)) < 0.03


def test_mask_is_the_same_for_a_seed_on_every_machine():
    expected = [True, True, True, True, True, True, True, False]
    assert draw_mask(generator(), (8,), 0.5).tolist() == expected
    values = [ag.dropout(X.astype(d), rng=generator()) != 0 for d in "fd"]
    np.testing.assert_array_equal(*values)


def test_each_call_draws_another_mask():
    for rng in (generator(), None):
        a, b = (ag.dropout(X, rng=rng) for _ in range(2))
        assert (a != b).any()


@pytest.mark.parametrize("options", [{"p": 0}, {"training": False}, {"p": 1, "training": False}])
def test_nothing_to_drop_returns_the_argument_itself(options):
    rng = generator()
    for x in (X, leaf(X)):
        assert ag.dropout(x, rng=rng, **options) is x
    assert rng.random() == generator().random()  # nothing was drawn


def test_node_passes_gradcheck_with_its_mask():
    mask = draw_mask(generator(), (3, 4), 0.25)
    assert ag.gradcheck(lambda x: drop(x**3, mask, p=0.25), X[:3, :4], order=2)
    assert ag.check_fused(drop, X, X > 0, p=0.25, strict=True).records == 1


def test_tape_that_is_run_again_has_the_same_mask():
    y = ag.dropout(leaf(X), rng=generator()).sum()
    again = replay(y.tape(), lambda t: leaf(t.data))
    assert again[y].item() == y.item()
    found = {}
    exec(ag.source(y), found)
    value, slope = found["program"](X, y.inputs[0].inputs[1])
    assert value == y.item()
    np.testing.assert_array_equal(slope, ag.gradients(y, y.inputs[0].inputs[0]).data)


def test_checkpoint_refuses_another_mask_in_the_backward_pass():
    block = ag.checkpoint(lambda x: ag.dropout(x, rng=rng))
    rng = generator()
    with pytest.raises(RuntimeError, match="random numbers"):
        block(leaf(X)).sum().backward()


# ---- compiled: each call draws new numbers ------------------------------------------------------

RNG = generator()
COMPILED = {
    "captured generator": lambda x: ag.dropout(x, rng=RNG),
    "drawn twice": lambda x: ag.dropout(x, rng=RNG) + ag.dropout(x, rng=RNG),
    "in a derivative": ag.grad(lambda x: ag.dropout(x, rng=RNG).sum()),
}
FIXED = {
    "generator made inside": lambda x: ag.dropout(x, rng=np.random.default_rng()),
    "of a constant": lambda x: x * ag.dropout(np.ones(x.shape)),
}


@pytest.mark.parametrize("name", COMPILED)
def test_compiled_dropout_draws_what_the_eager_one_draws(name):
    compiled, masks = ag.compile(COMPILED[name]), []
    for _ in range(3):
        before = RNG.bit_generator.state
        expected = COMPILED[name](X)
        after, RNG.bit_generator.state = RNG.bit_generator.state, before
        masks.append(compiled(X))
        np.testing.assert_array_equal(masks[-1], expected)
        assert RNG.bit_generator.state == after
    assert (masks[0] != masks[1]).any()


def test_compiled_dropout_by_default_draws_in_each_call():
    compiled = ag.compile(lambda x: ag.dropout(x))
    x = np.ones(100)
    assert (compiled(x) != compiled(x)).any()


@pytest.mark.parametrize("name", FIXED)
def test_compiled_dropout_with_fixed_numbers_is_refused(name):
    with pytest.raises(RuntimeError, match="draws random numbers"):
        ag.compile(FIXED[name])(X)


def test_compiled_dropout_of_evaluation_is_nothing():
    f = ag.compile(lambda x: ag.dropout(x * 2, training=False))
    np.testing.assert_array_equal(f(X), X * 2)


def test_compiled_node_takes_its_mask_as_an_argument():
    def step(x, mask):
        return ag.grad(lambda x: (drop(x, mask, p=0.25) ** 2).sum())(x)

    mask = draw_mask(generator(), X.shape, 0.25)
    np.testing.assert_array_equal(ag.compile(step)(X, mask), step(X, mask))


# ---- errors -------------------------------------------------------------------------------------

REFUSED = {
    "above 1": ({"p": 1.5}, ValueError, "p is 1.5"),
    "negative": ({"p": -0.1}, ValueError, "from 0 to 1"),
    "nan": ({"p": float("nan")}, ValueError, "p is nan"),
    "text": ({"p": "half"}, ValueError, "p is 'half'"),
    "seed": ({"rng": 0}, TypeError, "default_rng"),
    "inplace": ({"inplace": True}, TypeError, "inplace"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_wrong_arguments_name_themselves(name):
    options, error, message = REFUSED[name]
    with pytest.raises(error, match=message):
        ag.dropout(X, **options)
