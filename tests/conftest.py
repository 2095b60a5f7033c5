"""Settings of the whole suite."""

import gc

import pytest

#: a line for the end of the report: how many derivative rules are proved
SUMMARY = pytest.StashKey()


def pytest_sessionstart():
    """Switch the garbage collector off while thousands of tests are collected."""
    gc.disable()


def pytest_collection_finish():
    gc.enable()  # not gc.freeze(): hypothesis asks the collector who refers to its generators
    gc.set_threshold(200_000, 20, 20)  # tests make few cycles


@pytest.fixture
def young():
    """Hide what there is already from the collector, so that it looks only at what a test makes."""
    gc.freeze()
    yield
    gc.unfreeze()


def pytest_sessionfinish():
    gc.collect()
    gc.freeze()  # pytest collects five times more


def pytest_terminal_summary(terminalreporter, config):
    if SUMMARY in config.stash:
        terminalreporter.write_line(config.stash[SUMMARY])
