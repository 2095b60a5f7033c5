"""The page of exercises: what each of them asks, from the exercises themselves."""

from autograd_mini.exercises import CHAPTERS

INTRO = """# Exercises

The package contains {count} exercises that check themselves. They go from the chain rule by hand to
an engine that you write yourself, and then to convolution and attention. The lessons name the
exercises that go with them.

```python
from autograd_mini import exercises

exercises  # the list, and which exercises you have passed
exercises.exp_rule  # the task


@exercises.exp_rule.check
def exp_rule(g, y, x):
    return ...


exercises.exp_rule.hint()  # each call gives one more hint
```

A wrong answer raises an error that names the likely mistake, and then shows the first wrong entry,
the expected value, and the arguments. In a terminal, `python -m autograd_mini.exercises` prints the
list. [For teachers](teaching.md#grade-what-students-hand-in): `python -m autograd_mini.exercises
grade` grades the files of a class.
"""


def page() -> str:
    """Return the page, as Markdown."""
    count = sum(map(len, CHAPTERS.values()))
    lines = [INTRO.format(count=count)]
    for chapter, members in CHAPTERS.items():
        lines += [f"\n## {chapter}\n", "{.stacked}", "| exercise | task |", "| --- | --- |"]
        lines += [f"| `{e.name}` | {e.title.replace('|', chr(92) + '|')} |" for e in members]
    return "\n".join(lines) + "\n"
