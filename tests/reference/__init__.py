"""The reference: a site of all that is public, written by pdoc from docstrings and registries.

    python -m tests.reference [FOLDER]

Four of its pages are generated: the first, with all public names by what they are for (`start`);
what becomes of a tensor in each of NumPy's functions (`functions`); the rules of the elementwise
ones as formulas, read off the rules (`sheet`); and what was measured (`measured`).
Formulas are MathML, which browsers show by themselves: a page asks for nothing from anywhere.
"""
