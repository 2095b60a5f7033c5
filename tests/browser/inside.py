"""Open the scope of a page's script to a test, which otherwise sees only elements."""

_NAMES = "data", "live", "nd", "sgd", "state"  # `data` is read after the script has started


def with_inside(exploration):
    """Return the page of an exploration, with parts of its script as ``window.inside``."""
    getters = ", ".join(f"get {name}() {{ return {name}; }}" for name in _NAMES)
    end = f"window.inside = {{ {getters} }};\n</script>\n</body>"
    return exploration.html().replace("</script>\n</body>", end)
