"""What holds for the whole suite."""

import gc


def pytest_sessionstart():
    """Collected are many thousand tests, none of which is garbage: nobody looks for it yet."""
    gc.disable()


def pytest_collection_finish():
    """Nor is it looked for among them later, when tests make some: that took half a second each."""
    gc.freeze()
    gc.enable()
