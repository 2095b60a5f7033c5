"""The signs of the TeX commands in formulas, which the page sets (static/math.js)."""

from __future__ import annotations

import re

_SIGNS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "ell": "ℓ", "epsilon": "ε", "zeta": "ζ",
    "eta": "η", "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν",
    "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "chi": "χ", "psi": "ψ",
    "omega": "ω", "top": "⊤", "odot": "⊙", "cdot": "·", "times": "×", "sum": "∑", "partial": "∂",
    "ldots": "…", "infty": "∞", "backslash": "\\", "wedge": "^", "sim": "~", "prod": "∏",
    "bmod": "mod", "neq": "≠", "leq": "≤", "geq": "≥", "land": "∧", "lor": "∨", "lnot": "¬",
    "hat": "ˆ", "tilde": "˜", "bar": "¯", "dot": "˙", "ddot": "¨", "lfloor": "⌊", "rfloor": "⌋",
    "|": "‖", ",": "\u2009",
}  # fmt: skip
_COMMAND = re.compile(r"\\\\([a-zA-Z]+|[,|])")  # JSON writes a backslash twice


def signs_in(text: str) -> dict[str, str]:
    r"""Return the signs of the commands in a text of JSON.

    Examples
    --------
    >>> signs_in(r'"\\alpha \\cdot x"')
    {'alpha': 'α', 'cdot': '·', 'partial': '∂'}
    """
    used = {*_COMMAND.findall(text), "partial"}  # the page itself writes derivatives
    return {name: sign for name, sign in _SIGNS.items() if name in used}
