"""The number of examples that Hypothesis draws: all of them in CI, a quarter elsewhere."""

import os

from hypothesis import settings


def examples(count, **options):
    """Return the settings of a test that draws `count` examples in CI."""
    count = count if "CI" in os.environ else max(1, count // 4)
    return settings(max_examples=count, deadline=None, **options)
