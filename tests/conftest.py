"""What holds for the whole suite."""

import gc


def pytest_sessionstart():
    """Do not search for garbage while thousands of tests are collected: there is none."""
    gc.disable()


def pytest_collection_finish():
    gc.freeze()  # nor among them while they run
    gc.enable()
