"""The search for a program that draws DOT: Graphviz, or what stands in for it.

In this order: the program that ``AUTOGRAD_MINI_DOT`` names ("none" for none at all), ``dot`` on
the path, the executable ``graphviz-pure`` among this environment's scripts (it comes with
``pip install "autograd_mini[dot]"``), the package ``pygraphviz``. Each runs as a process of its
own, with a limit on its time.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from importlib.util import find_spec

from ...text.format import one_line, shortened

VARIABLE = "AUTOGRAD_MINI_DOT"
_SECONDS = 20
_PIXELS_PER_INCH, _MOST_INCHES = 144, 56  # of a png, a side of which has at most 8,064 pixels

#: what a picture of a kind has in its first bytes
_SIGNS = {"svg": b"<svg", "png": b"\x89PNG", "pdf": b"%PDF"}
_HEAD = 4096

_PYGRAPHVIZ = """\
import sys, pygraphviz
graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode())
graph.graph_attr.update(o.split("=") for o in sys.argv[2:])
sys.stdout.buffer.write(graph.draw(format=sys.argv[1], prog="dot"))"""


def engine() -> list[str] | None:
    """The command that draws, up to its arguments; None where there is none.

    Raises
    ------
    RuntimeError
        When ``AUTOGRAD_MINI_DOT`` names what is not a program.
    """
    chosen = os.environ.get(VARIABLE)
    if chosen == "none":
        return None
    if chosen:
        program = shutil.which(chosen)
        if program is None:
            raise RuntimeError(f"{VARIABLE} names {one_line(chosen)!r}, which is not a program")
        return [program, "-Kdot"]
    program = shutil.which("dot") or shutil.which(
        "graphviz-pure", path=sysconfig.get_path("scripts")
    )
    if program:
        return [program, "-Kdot"]
    return [sys.executable, "-c", _PYGRAPHVIZ] if find_spec("pygraphviz") else None


def drawn(source: str, ending: str) -> bytes:
    """The picture that an engine makes of DOT text.

    Parameters
    ----------
    source : str
    ending : {"svg", "png", "pdf"}

    Raises
    ------
    RuntimeError
        When there is no engine, or it fails, does not come to an end, or writes something else.
    """
    command = engine()
    if command is None:
        raise RuntimeError(
            f"a .{ending} is drawn by Graphviz, which was not found: "
            'pip install "autograd_mini[dot]" brings it. Or save as .svg, .html or .dot.'
        )
    resolution = [f"dpi={_PIXELS_PER_INCH}", f"size={_MOST_INCHES}"] if ending == "png" else []
    if command[0] == sys.executable:
        command += [ending, *resolution]
    else:
        command += [f"-T{ending}", *(f"-G{option}" for option in resolution)]
    try:
        run = subprocess.run(command, input=source.encode(), capture_output=True, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        raise RuntimeError(
            f"{command[0]} did not draw the .{ending} within {_SECONDS} s. Draw less: depth=1, "
            "values=False."
        ) from None
    except OSError as error:
        raise RuntimeError(f"{command[0]} could not be run: {error.strerror}") from error
    if run.returncode or not run.stdout:
        said = run.stderr.decode(errors="replace").strip() or f"exit status {run.returncode}"
        line = shortened(one_line(said.splitlines()[-1]), 200)
        raise RuntimeError(f"{command[0]} could not draw the .{ending}: {line}")
    if _SIGNS[ending] not in run.stdout[:_HEAD]:
        raise RuntimeError(f"{command[0]} wrote what is no .{ending}")
    return run.stdout
