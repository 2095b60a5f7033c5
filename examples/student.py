"""Write the notebooks for students: without outputs, and with a cell for each exercise to answer.

    python examples/student.py FOLDER

Students answer in the last cells of a notebook, and hand in the notebook. To grade it:

    python -m autograd_mini.exercises grade FOLDER/01_a_tape_by_hand.ipynb
"""

import argparse
import json
import re
import textwrap
from pathlib import Path

from autograd_mini import exercises

NOTEBOOKS = sorted(Path(__file__).parent.glob("[0-9][0-9]_*.ipynb"))
LINK = re.compile(r"\[([^\]]*)\]\((?!https?:|#|\d\d_\w+\.ipynb)[^)\s]*\)")


def for_students(notebook):
    """Return the notebook without outputs, and with the exercises that it names at its end."""
    cells = [cleared(cell) for cell in notebook["cells"]]
    text = "".join(cell["source"] for cell in cells if cell["cell_type"] == "markdown")
    names = list(dict.fromkeys(re.findall(r"`exercises\.(\w+)`", text)))
    if names:
        cells.append(markdown("exercises", "## Exercises\n\nRun a cell to check your answer."))
        cells.append(code("exercises-import", "from autograd_mini import exercises"))
    for exercise in (getattr(exercises, name) for name in names):
        task, template = statement(exercise)
        cells += [markdown(f"{exercise.name}-task", task), code(exercise.name, template)]
    return {**notebook, "cells": cells}


def cleared(cell):
    """Return the cell without outputs, or without links to files that students do not get."""
    source = "".join(cell["source"])
    if cell["cell_type"] == "code":
        return {**cell, "source": source, "outputs": [], "execution_count": None}
    return {**cell, "source": LINK.sub(r"\1", source)}


def statement(exercise):
    """Return the task of an exercise as Markdown, and the code to complete."""
    name = exercise.name
    found = re.search(
        rf"\n\n( *)(def {name}\(|op = ).*?(?=\n\n|\Z)", exercise.statement, flags=re.DOTALL
    )
    title, _, task = (
        exercise.statement[: found.start()] + exercise.statement[found.end() :]
    ).partition("\n")
    template = textwrap.dedent(found[0].strip("\n"))
    if template.startswith("def "):
        template = f"@exercises.{name}.check\n{template}"
    return f"### {name}\n\n{title}.{task}", template.replace(
        f"\n{name}.check", f"\nexercises.{name}.check"
    )


def markdown(name, text):
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": text}


def code(name, text):
    cell = {"cell_type": "code", "id": name, "metadata": {}, "source": text}
    return {**cell, "outputs": [], "execution_count": None}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where to write them; it is created")
    folder = parser.parse_args().folder
    if folder.resolve() == NOTEBOOKS[0].parent.resolve():
        parser.error("the notebooks with outputs are in this folder: choose another")
    folder.mkdir(parents=True, exist_ok=True)
    for path in NOTEBOOKS:
        notebook = for_students(json.loads(path.read_text(encoding="utf-8")))
        text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
        (folder / path.name).write_text(text, encoding="utf-8")
    print(f"wrote {len(NOTEBOOKS)} notebooks to {folder}")


if __name__ == "__main__":
    main()
