"""Sentences about sums, extremes, norms and sorting: operation -> (forward, backward)."""

REDUCTIONS = {
    "sum": (
        "Add up the entries.",
        "Each entry has weight 1 in the sum, so each receives the same gradient.",
    ),
    "mean": (
        "Take the average of N entries.",
        "Each entry has weight 1/N in the mean, so each receives the gradient divided by N.",
    ),
    "prod": (
        "Multiply the entries.",
        "Each entry receives the gradient times the product of the others.",
    ),
    "cumsum": (
        "Add up the entries from the first to each one.",
        "Each entry is a part of all later sums, so it receives the sum of their gradients.",
    ),
    "cumprod": (
        "Multiply the entries from the first to each one.",
        "Each entry is a factor of all later products, and receives a contribution from each.",
    ),
    "max": (
        "Take the largest entry.",
        "The largest entry receives the gradient. All others receive 0. Equal entries share the "
        "gradient.",
    ),
    "min": (
        "Take the smallest entry.",
        "The smallest entry receives the gradient. All others receive 0. Equal entries share the "
        "gradient.",
    ),
    "sort": (
        "Sort the entries.",
        "Each gradient returns to the place that its entry came from.",
    ),
    "partition": (
        "Move the smallest entries to the front.",
        "Each gradient returns to the place that its entry came from.",
    ),
    "norm": (
        "Compute the length: the root of the sum of squares.",
        "Each entry receives the gradient times its share of the length, x divided by the norm.",
    ),
    "power_norm": (
        "Compute the p-norm: the p-th root of the sum of p-th powers.",
        "Larger entries receive more of the gradient, in proportion to |x|ᵖ⁻¹.",
    ),
    "logsumexp": (
        "Compute the logarithm of the sum of exponentials, shifted so that it cannot overflow.",
        "Each entry receives the gradient times its share of the sum, the softmax of the input.",
    ),
}
