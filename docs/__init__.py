"""Build the documentation site.

    pip install -e ".[docs]"
    python -m docs [FOLDER]

`stage` gathers the pages into one folder: hand-written ones, notebooks, and pages that are
generated from the package (`api`, `functions`, `sheet`, `exercises`, `kinks`, `packages`, `live`).
`remedies` writes the tables of the migration guide.
Sphinx then writes the site. See docs/README.md.
"""
