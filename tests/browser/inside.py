"""Open the scope of a page's script to a test, which otherwise sees only elements."""


def with_inside(exploration):
    """Return the page of an exploration, with parts of its script as ``window.inside``."""
    names = "data, live, nd, sgd, state"
    end = f"window.inside = {{ {names} }};\n</script>\n</body>"
    return exploration.html().replace("</script>\n</body>", end)
