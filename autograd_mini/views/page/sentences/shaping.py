"""Sentences about operations that select, move or repeat entries: name -> (forward, backward)."""

_MOVED_BACK = "Each gradient moves back to where its entry came from."

SHAPING = {
    "reshape": (
        "Arrange the entries in another shape.",
        "The gradient gets the shape of the input.",
    ),
    "transpose": ("Reorder the axes.", "The axes of the gradient are put back in order."),
    "swapaxes": ("Swap two axes.", "The same two axes of the gradient are swapped back."),
    "moveaxis": ("Move an axis.", "The axis of the gradient is moved back."),
    "rollaxis": ("Move an axis.", "The axis of the gradient is moved back."),
    "expand_dims": ("Insert an axis of length 1.", "The axis is removed from the gradient."),
    "squeeze": ("Remove axes of length 1.", "The axes are inserted into the gradient again."),
    "flip": ("Reverse the order of the entries.", "The gradient is reversed too."),
    "fliplr": ("Reverse the columns.", "The columns of the gradient are reversed too."),
    "flipud": ("Reverse the rows.", "The rows of the gradient are reversed too."),
    "rot90": ("Rotate by a quarter turn.", "The gradient is rotated back."),
    "roll": ("Shift the entries around the end.", "The gradient is shifted back."),
    "fftshift": ("Move frequency 0 to the centre.", "The gradient is shifted back."),
    "ifftshift": ("Move frequency 0 back to the front.", "The gradient is shifted back."),
    "broadcast_to": (
        "Repeat the entries to fill a larger shape.",
        "Each entry was repeated, so it receives the sum over all copies.",
    ),
    "repeat": (
        "Repeat each entry several times.",
        "Each entry receives the sum over its copies.",
    ),
    "tile": ("Repeat the whole array.", "Each entry receives the sum over its copies."),
    "concatenate": (
        "Join arrays along an axis.",
        "The gradient is cut into the same parts, one for each array.",
    ),
    "stack": (
        "Put arrays next to each other along a new axis.",
        "Each array receives its own slice of the gradient.",
    ),
    "getitem": (
        "Select entries by their index.",
        "Selected entries receive the gradient, or a sum if they are repeated. Others receive 0.",
    ),
    "take": (
        "Select entries by their index.",
        "Selected entries receive the gradient, or a sum if they are repeated. Others receive 0.",
    ),
    "take_along_axis": (
        "Select entries by an index in each row, such as the true class.",
        "Selected entries receive the gradient. All others receive 0.",
    ),
    "scatter": (
        "Put entries at their positions in an array of zeros.",
        "Each entry receives the gradient at its position.",
    ),
    "delete": (
        "Remove entries.",
        "Entries that were kept receive the gradient. Removed entries receive 0.",
    ),
    "diagonal": (
        "Select the diagonal.",
        "The diagonal receives the gradient. All other entries receive 0.",
    ),
    "pad": (
        "Surround the array with more entries.",
        "The border is cut off from the gradient. If the border copies entries, its gradient is "
        "added to theirs.",
    ),
    "sliding_window_view": (
        "Show each window of neighbouring entries.",
        "An entry is part of several windows, so it receives the sum over all of them.",
    ),
    "gather_windows": (
        "Take one entry of each window, or the sum of all its entries.",
        "Entries that were taken receive the gradient of their window.",
    ),
    "spread_windows": (
        "Add a number to one entry of each window, or to all its entries.",
        "Each number receives the gradient of its entry, or their sum.",
    ),
    "fold_windows": (
        "Add overlapping windows up into one array.",
        "Each window receives the gradient of the entries that it was added to.",
    ),
}
