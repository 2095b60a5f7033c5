"""Run JavaScript programs in a browser, with the runtime of the page."""

import numpy as np

from autograd_mini.views.page import bundle

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


def as_json(x):
    x = np.asarray(x)
    numbers = x.astype(float if x.dtype.kind == "f" else int).reshape(-1).tolist()
    return {"numbers": numbers, "shape": list(x.shape), "dtype": x.dtype.name}


def as_array(y):
    return np.array(y["numbers"]).astype(y["dtype"]).reshape(y["shape"])


def run(browser, calls):
    """Return the results of each call, a program's text and its arguments, or its error."""
    window = browser.new_page()
    texts = list(dict.fromkeys(text for text, _ in calls))
    programs = ",\n".join(f"(() => {{\n{text}\nreturn program; }})()" for text in texts)
    window.add_script_tag(
        type="module",
        content=f"{bundle.runtime()}\nwindow.nd = nd;\nwindow.programs = [{programs}];",
    )
    window.wait_for_function("window.programs")
    given = [
        {"program": texts.index(text), "args": [as_json(x) for x in args]} for text, args in calls
    ]
    found = window.evaluate(_RUN, given)
    window.close()
    return [y if isinstance(y, str) else [as_array(x) for x in y] for y in found]
