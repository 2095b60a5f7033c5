"""The reference: a site of all that is public, written by pdoc from docstrings and registries.

    python -m tests.reference [FOLDER]

Two of its pages are generated: what becomes of a tensor in each of NumPy's functions
(`functions`), and the rules of the elementwise ones as formulas, read off the rules (`sheet`).
Formulas are MathML, which browsers show by themselves: a page asks for nothing from anywhere.
"""
