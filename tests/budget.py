"""What the tests may cost: how many examples Hypothesis draws, and how many items pytest has."""

import os

import pytest


def examples(count, **options):
    """Return the settings of a test that draws `count` examples in CI, a sixth elsewhere."""
    from hypothesis import settings  # which those who build the documentation do not have

    return settings(max_examples=times(count), deadline=None, **options)


def times(count):
    """Return how often a test draws random numbers: `count` times in CI, a sixth elsewhere."""
    return count if "CI" in os.environ else max(1, count // 6)


def few(cases, step):
    """Return the cases for ``parametrize``: of `step` cases, all but the first are slow."""
    return [
        pytest.param(*_arguments(case), marks=pytest.mark.slow if i % step else ())
        for i, case in enumerate(cases)
    ]


def _arguments(case):
    return case if isinstance(case, tuple) else (case,)


def each(cases):
    """Run a test of one case for each of `cases`, and name the case that fails.

    Together they are one item of pytest: thousands of items would cost more time than what they
    check.
    """

    cases = list(cases)

    def decorated(test):
        def run_all():
            for case in cases:
                try:
                    test(*_arguments(case))
                except (Exception, pytest.fail.Exception) as error:
                    raise AssertionError(f"in the case {case}") from error

        run_all.__name__, run_all.__doc__ = test.__name__, test.__doc__
        return run_all

    return decorated
