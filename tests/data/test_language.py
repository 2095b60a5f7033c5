"""The names and the text: what README.md next to them promises."""

import string
from pathlib import Path

import autograd_mini as ag
from autograd_mini import data

FOLDER = Path(ag.__file__).parent / "data"


def test_names_are_distinct_lower_case_words():
    names = data.names()
    assert len(names) == len(set(names)) == 5163
    assert set("".join(names)) == set(string.ascii_lowercase)
    assert (min(map(len, names)), max(map(len, names))) == (2, 11)
    assert {"olivia", "ada", "emma"} <= set(names)


def test_text_has_the_plays_and_the_characters_it_promises():
    text = data.text()
    assert len(text) == 990_879
    assert len(set(text)) == 65
    titles = ["Hamlet", "Macbeth", "Romeo and Juliet", "Julius Caesar", "Twelfth Night"]
    titles += ["A Midsummer Night's Dream", "The Tempest", "King Lear"]
    assert all(f"{title}\n\n" in text for title in titles)
    assert text.count("\nHAMLET:\n") > 300


def test_text_has_no_markup_or_space_at_the_ends_of_lines():
    text = data.text()
    assert not [mark for mark in "*_#\\\t\r" if mark in text]
    assert " \n" not in text


def test_data_files_are_small_and_have_a_licence():
    sizes = {path.name: path.stat().st_size for path in FOLDER.iterdir() if path.is_file()}
    assert sizes["shakespeare.txt.bz2"] < 400_000
    assert sizes["names.txt"] < 40_000
    table = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    for name in ("shakespeare.txt.bz2", "names.txt"):
        (row,) = [line for line in rows if name in line]
        assert "public domain" in row
