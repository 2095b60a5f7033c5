"""Names and a text, to train language models on characters. README.md names the sources."""

from __future__ import annotations

from importlib.resources import files


def names() -> list[str]:
    """Return 5,163 first names of people in the United States, in lower-case letters from a to z.

    They are sorted by their frequency in 1990: the most frequent name comes first.

    Returns
    -------
    list of str
        Different names of 2 to 11 letters.

    References
    ----------
    U.S. Census Bureau: Frequently Occurring Names in the United States, 1990. It is in the public
    domain.

    Examples
    --------
    >>> from autograd_mini import data
    >>> names = data.names()
    >>> len(names), names[:4]
    (5163, ['james', 'john', 'robert', 'mary'])
    """
    return (files(__package__) / "names.txt").read_text(encoding="ascii").split()


def text() -> str:
    """Return eight plays by Shakespeare, 990,879 characters of 65 kinds.

    The plays are Hamlet, Macbeth, Romeo and Juliet, Julius Caesar, A Midsummer Night's Dream,
    Twelfth Night, The Tempest and King Lear. A line with the name of the speaker and a colon comes
    before each speech.

    Returns
    -------
    str
        ASCII letters, punctuation, spaces and newlines.

    References
    ----------
    William Shakespeare (1564-1616). The plays are in the public domain.

    Examples
    --------
    `np.unique` returns the different characters, and a number for each character of the text. To
    turn the numbers into text again, index the array of different characters:

    >>> import numpy as np
    >>> from autograd_mini import data
    >>> text = data.text()
    >>> characters, codes = np.unique(list(text), return_inverse=True)
    >>> len(text), len(characters), codes[:6]
    (990879, 65, array([18, 39, 51, 50, 43, 58]))
    >>> "".join(characters[codes[:6]])
    'Hamlet'
    """
    import bz2  # missing in some builds of Python

    return bz2.decompress((files(__package__) / "shakespeare.txt.bz2").read_bytes()).decode("ascii")
