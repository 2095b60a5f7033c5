"""Names of tensors, scopes and results stay text."""

import autograd_mini as ag

from . import cases

NAMES = [
    "</script><script>document.title='taken'</script>",
    "<img src=x onerror=\"document.title='taken'\">",
    "<!--<script>",
    "\\frac{a}{b} $x$ %_^ \\",
    "{title} &amp; 'quoted' \"twice\"",
    "مرحبا שלום",
    "👩‍🔬 名前",
    "long " * 60,
    "line\nbreak\u2028\x00\x1b[31m\u202e",
]


def hostile():
    """Return a sum of tensors with these names, each in a scope of the same name."""
    result = None
    for name in NAMES:
        x = ag.tensor([1.0, 2.0], requires_grad=True, name=name)
        with ag.scope(name):
            result = x * x if result is None else result + x * x
    return cases.named(result.sum(), **dict.fromkeys(NAMES, result))


def test_names_stay_text(opened):
    title = " ".join(NAMES[:3])
    page = opened(cases.explore(hostile, title=title))
    called = page.locator(".card :is(.name, .op)").all_text_contents()
    page.click("#group")  # which opens all scopes
    called += page.locator(".card .name").all_text_contents()
    for name in NAMES[:-1]:
        assert any(name.strip() in text.strip() for text in called), name
    assert page.evaluate("document.title") == title
    assert page.inner_text("#title") == title
    for key in ("End", "Home"):
        page.keyboard.press(key)
        assert page.evaluate("document.title") == title
        assert page.locator("img, main script, header script").count() == 0
