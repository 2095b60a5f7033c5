"""The data sets: their geometry, shapes and seeds."""

import sys

import numpy as np
import pytest

from autograd_mini import data


def by_row(x):
    return x[np.lexsort(x.T)]


# ---- moons --------------------------------------------------------------------------------------


@pytest.mark.slow  # scikit-learn takes longer to import than all other tests of this file
@pytest.mark.parametrize("n", [2, 7, 100])
def test_moons_have_scikit_learns_geometry(n):
    theirs, their_labels = pytest.importorskip("sklearn.datasets").make_moons(n, shuffle=False)
    x, labels = data.moons(n, noise=0)
    for label in (0, 1):
        ours = by_row(x[labels == label].round(12))
        np.testing.assert_allclose(ours, by_row(theirs[their_labels == label].round(12)))


def test_moons_are_half_circles_around_two_centres():
    x, labels = data.moons(200, noise=0)
    centres = np.where(labels[:, None] == 0, [0, 0], [1, 0.5])
    np.testing.assert_allclose(np.hypot(*(x - centres).T), 1)
    assert (x[labels == 0, 1] >= 0).all()
    assert (x[labels == 1, 1] <= 0.5).all()


def test_moons_shapes_dtypes_and_classes():
    x, labels = data.moons(101)
    assert x.shape == (101, 2)
    assert x.dtype == np.float64
    assert labels.shape == (101,)
    assert labels.dtype.kind == "i"
    assert np.bincount(labels).tolist() == [50, 51]
    assert len(set(labels[:20])) == 2  # shuffled


def test_noise_has_the_given_standard_deviation():
    x, labels = data.moons(20_000, noise=0.1)
    clean, clean_labels = data.moons(20_000, noise=0)  # the order is drawn before the noise
    np.testing.assert_array_equal(labels, clean_labels)
    np.testing.assert_allclose((x - clean).std(axis=0), 0.1, rtol=0.02)
    np.testing.assert_allclose((x - clean).mean(axis=0), 0, atol=0.003)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"n": 1}, "n must be at least 2, got 1"),
        ({"n": -5}, "got -5"),
        ({"noise": -0.1}, "noise must be .*, got -0.1"),
        ({"noise": np.nan}, "got nan"),
        ({"noise": np.inf}, "got inf"),
    ],
)
def test_moons_with_bad_arguments_raise(arguments, text):
    with pytest.raises(ValueError, match=text):
        data.moons(**arguments)


def test_moons_of_a_fractional_number_raise():
    with pytest.raises(TypeError):
        data.moons(10.5)


# ---- digits -------------------------------------------------------------------------------------


def test_digits():
    pytest.importorskip("sklearn")
    x, labels = data.digits()
    assert x.shape == (1797, 64)
    assert x.dtype == np.float64
    assert (x.min(), x.max()) == (0, 1)
    assert labels.shape == (1797,)
    assert labels.dtype.kind == "i"
    assert sorted(set(labels.tolist())) == list(range(10))


def test_digits_without_scikit_learn_name_the_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match=r'pip install "autograd_mini\[examples\]"'):
        data.digits()


# ---- split --------------------------------------------------------------------------------------


def test_split_keeps_every_example_once_with_its_label():
    x = np.arange(50.0).reshape(25, 2)
    labels = np.arange(25)
    x_train, labels_train, x_test, labels_test = data.split(x, labels, held_out=0.2)
    assert (len(x_train), len(x_test)) == (20, 5)
    assert sorted([*labels_train, *labels_test]) == list(range(25))
    np.testing.assert_array_equal(x_train, x[labels_train])
    np.testing.assert_array_equal(x_test, x[labels_test])
    assert labels_train.tolist() != sorted(labels_train)  # shuffled


def test_split_copies():
    x, labels = np.zeros((10, 2)), np.zeros(10, int)
    x_train, _, x_test, _ = data.split(x, labels)
    x_train += 1
    x_test += 1
    assert not x.any()


@pytest.mark.parametrize("held_out", [0, 1, -0.5, 1.5, np.nan])
def test_split_with_held_out_outside_0_to_1_raises(held_out):
    with pytest.raises(ValueError, match=f"held_out must be .*, got {held_out}"):
        data.split(np.zeros((10, 2)), np.zeros(10, int), held_out=held_out)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: data.moons("a"), "n"),
        (lambda: data.moons(noise="a"), "noise"),
        (lambda: data.split(np.ones(4), np.ones(4), held_out=None), "held_out"),
    ],
)
def test_argument_that_is_not_a_number_raises(call, name):
    with pytest.raises(TypeError, match=f"{name} must be .*, got"):
        call()


@pytest.mark.parametrize("held_out", [0.01, 0.99])
def test_split_into_an_empty_set_raises(held_out):
    with pytest.raises(ValueError, match=r"10 examples.* empty"):
        data.split(np.zeros((10, 2)), np.zeros(10, int), held_out=held_out)


@pytest.mark.parametrize("rows", [0, 9, 11])
def test_split_with_too_few_labels_raises(rows):
    with pytest.raises(ValueError, match=r"x has shape \(\d+, 2\), labels have shape \(10,\)"):
        data.split(np.zeros((rows, 2)), np.zeros(10, int))


# ---- seeds --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "draw", [data.moons, lambda **seed: data.split(np.eye(50), np.arange(50), **seed)]
)
def test_seed_fixes_the_result(draw):
    first, again, other = draw(rng=3), draw(rng=3), draw(rng=4)
    from_generator = draw(rng=np.random.default_rng(3))
    for a, b, c, d in zip(first, again, other, from_generator):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, d)
        assert (a != c).any()


def test_digits_as_images_are_the_rows_of_pixels():
    pytest.importorskip("sklearn")
    x, labels = data.digits()
    images, same = data.digits(images=True)
    assert images.shape == (1797, 1, 8, 8)
    np.testing.assert_array_equal(images.reshape(1797, 64), x)
    np.testing.assert_array_equal(labels, same)
