"""Build the site: ``python -m docs [FOLDER]``, by default into build/site."""

import argparse
import shutil
import sys
from pathlib import Path

from sphinx.cmd.build import main as sphinx

from .stage import ROOT, stage


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m docs", description="Build the site.")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "build" / "site")
    folder = parser.parse_args().folder.resolve()
    work = ROOT / "build" / f"docs-{folder.name}"
    shutil.rmtree(work, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    stage(work / "source", work / "live")
    options = ["-W", "--keep-going", "-q", "-b", "html", "-c", str(ROOT / "docs")]
    options += ["-d", str(work / "doctrees"), "-D", f"html_extra_path={work / 'live'}"]
    status = sphinx([*options, str(work / "source"), str(folder)])
    if status == 0:
        sys.stdout.write(f"Open {folder / 'index.html'}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
