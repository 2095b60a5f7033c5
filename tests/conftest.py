"""What holds for the whole suite."""

import gc


def pytest_sessionstart():
    """Collected are many thousand tests, none of which is garbage: nobody looks for it yet."""
    gc.disable()


def pytest_collection_finish():
    gc.enable()
