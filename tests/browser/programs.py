"""Run JavaScript programs in a browser, with the runtime of the page."""

import re

import numpy as np

from autograd_mini.views.page import bundle

from .chromium import idle_window

_RUN = """(calls) => calls.map(({ args, program }) => {
  const arrays = args.map(({ numbers, shape, dtype }) => nd.array(numbers, shape, dtype));
  try {
    return programs[program](arrays).map(({ shape, strides, offset, data, dtype }) => {
      const x = { shape, strides, offset, data, dtype };
      return { shape, dtype, numbers: Array.from(nd.numbers(x)) };
    });
  } catch (error) {
    return String(error);
  }
})"""

_TIME = """({ args, n }) => {
  const arrays = args.map(({ numbers, shape, dtype }) => nd.array(numbers, shape, dtype));
  return Array.from({ length: n }, () => {
    const start = performance.now();
    programs[0](arrays);
    return performance.now() - start;
  });
}"""


def as_json(x):
    x = np.asarray(x)
    numbers = x.astype(float if x.dtype.kind == "f" else int).reshape(-1).tolist()
    return {"numbers": numbers, "shape": list(x.shape), "dtype": x.dtype.name}


def as_array(y):
    return np.array(y["numbers"]).astype(y["dtype"]).reshape(y["shape"])


def milliseconds(browser, text, args, rounds):
    """Return the times of so many runs of a program, forward and backward."""
    return _evaluated(browser, [text], _TIME, {"args": [as_json(x) for x in args], "n": rounds})


def _evaluated(browser, texts, script, given):
    """Return what a script finds on a page with the runtime and these programs."""
    window = idle_window(browser)
    plain = [re.sub("^import .*\n|^export ", "", str(text), flags=re.M) for text in texts]
    programs = ",\n".join(f"(() => {{\n{text}\nreturn program; }})()" for text in plain)
    window.add_script_tag(
        type="module",
        content=f"{bundle.runtime()}\nwindow.nd = nd;\nwindow.programs = [{programs}];",
    )
    window.wait_for_function("window.programs")
    return window.evaluate(script, given)


def run(browser, calls):
    """Return the results of each call, a program's text and its arguments, or its error."""
    texts = list(dict.fromkeys(text for text, _ in calls))
    given = [
        {"program": texts.index(text), "args": [as_json(x) for x in args]} for text, args in calls
    ]
    found = _evaluated(browser, texts, _RUN, given)
    return [y if isinstance(y, str) else [as_array(x) for x in y] for y in found]
