"""The page of exercises: what each of them asks, from the exercises themselves."""

from autograd_mini.exercises import CHAPTERS

INTRO = """# Exercises

The package contains {count} exercises that check your answer. In the first exercises, you use
the chain rule by hand. Then you write your own engine, the code that differentiates. At the end,
you write convolution and attention. Each notebook names the exercises that belong to it.

```python
from autograd_mini import exercises

exercises  # the list, and which exercises you have passed
exercises.exp_rule  # the task


@exercises.exp_rule.check
def exp_rule(g, y, x):
    return ...


exercises.exp_rule.hint()  # each call gives one more hint
```

If an answer is wrong, the error names the likely mistake. Then it shows the first wrong entry, the
expected value, and the arguments. In a terminal, `python -m autograd_mini.exercises` prints the
list of all exercises. For teachers, `python -m autograd_mini.exercises grade`
[grades the files of a class](teaching.md#grade-what-students-hand-in).
"""


def page() -> str:
    """Return the page, as Markdown."""
    count = sum(map(len, CHAPTERS.values()))
    lines = [INTRO.format(count=count)]
    for chapter, members in CHAPTERS.items():
        lines += [f"\n## {chapter}\n", "{.stacked}", "| exercise | task |", "| --- | --- |"]
        lines += [f"| `{e.name}` | {e.title.replace('|', chr(92) + '|')} |" for e in members]
    return "\n".join(lines) + "\n"
