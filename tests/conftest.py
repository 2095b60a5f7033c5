"""What holds for the whole suite."""

import gc

import pytest


def pytest_sessionstart():
    """Collected are many thousand tests, none of which is garbage: nobody looks for it yet."""
    gc.disable()


def pytest_collection_finish():
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="module", autouse=True)
def frozen():
    """What a file leaves behind is not looked through for garbage again and again.

    Late in the suite, each search among all tests and their reports took half a second.
    """
    yield
    gc.collect()
    gc.freeze()
