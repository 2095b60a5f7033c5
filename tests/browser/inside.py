"""Open the scope of a page's script to a test, which otherwise sees only elements."""

import re


def with_inside(exploration):
    """Return the page of an exploration, with parts of its script as ``window.inside``."""
    html = exploration.html()
    known = ("data", "live", "nd", "sgd", "state")
    names = [name for name in known if re.search(rf"^(const|let) {name} =", html, re.M)]
    end = f"window.inside = {{ {', '.join(names)} }};\n</script>\n</body>"
    return html.replace("</script>\n</body>", end)
