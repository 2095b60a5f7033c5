"""Sentences about fused nodes, each of which replaces a graph: operation -> (forward, backward)."""

FUNCTIONAL = {
    "softmax": (
        "Turn logits into probabilities: exp of each, divided by their sum.",
        "Each entry receives ŷ times a difference: its gradient minus the mean of all gradients, "
        "where the weights of the mean are ŷ.",
    ),
    "log_softmax": (
        "Compute the logarithm of softmax, shifted so that it cannot overflow.",
        "Each entry receives its gradient, minus ŷ times the sum of all gradients.",
    ),
    "SoftmaxCrossEntropy": (
        "Softmax and cross-entropy in one node. The logits are shifted first, so exp cannot "
        "overflow.",
        "If the targets sum to 1, the chain rule through the whole graph gives ŷ - y: prediction "
        "minus truth.",
    ),
    "nll_loss": (
        "Take minus the log-probability of the true class, averaged over the examples.",
        "Only the true class receives a gradient. For a mean over N examples, it is -1/N.",
    ),
    "mse_loss": (
        "Average the squared differences to the target.",
        "Each entry receives twice its error, divided by the number of entries.",
    ),
    "sigmoid_binary_cross_entropy": (
        "Sigmoid and binary cross-entropy in one node, without overflow.",
        "The chain rule through the whole graph gives ŷ - y: prediction minus truth.",
    ),
    "softplus": (
        "Compute ln(1 + exp x): a smooth relu.",
        "The slope is the sigmoid of x: between 0 and 1.",
    ),
    "gelu": (
        "Multiply each entry by a smooth gate: near 0 for negative, near 1 for positive entries.",
        "Large positive entries receive the whole gradient. Large negative ones receive almost 0.",
    ),
    "conv1d": (
        "Slide each filter along the sequence, and sum the products at each place.",
        "An entry is in several windows. It receives the gradient of each one, times its weight "
        "in that window.",
    ),
    "conv2d": (
        "Slide each filter over the image, and sum the products at each place.",
        "A pixel is in several windows. It receives the gradient of each one, times its weight in "
        "that window.",
    ),
    "max_pool2d": (
        "Keep the largest entry of each window.",
        "The largest entry of a window receives the gradient. The others receive 0.",
    ),
    "avg_pool2d": (
        "Average each window.",
        "Each entry of a window receives an equal share of the gradient of the mean.",
    ),
    "layer_norm": (
        "Shift and scale each row to mean 0 and variance 1, then apply weight and bias.",
        "The mean and the variance of a row are fixed, so the parts of the gradient that would "
        "change them are removed.",
    ),
    "rms_norm": (
        "Divide each row by its root mean square, then multiply by the weight.",
        "The length of a row is fixed, so the part of the gradient that would only change the "
        "length is removed.",
    ),
    "batch_norm": (
        "Subtract the mean of each channel and divide by its standard deviation, then apply weight "
        "and bias.",
        "In training, the mean and the variance of a channel are fixed, so the parts of the "
        "gradient that would change them are removed.",
    ),
    "lstm_cell": (
        "Multiply the old cell state by the forget gate, and add the new values, times the input "
        "gate.",
        "The old cell state receives the gradient, times the forget gate. The gates receive it "
        "through their activations.",
    ),
    "lstm_output": (
        "Multiply the tanh of the cell state by the output gate.",
        "The cell state receives the gradient, times the output gate and the derivative of tanh.",
    ),
    "gru_cell": (
        "Mix the old state and the new values: the update gate is the share of the old state.",
        "The old state receives the gradient, times the update gate. The new values receive the "
        "rest.",
    ),
    "attention": (
        "Each query takes a weighted average of the values. A key that matches has a large weight.",
        "A value receives the gradients of the queries that used it, times their weights.",
    ),
    "dropout": (
        "Set the entries where the mask is False to 0, and scale up the others.",
        "Only the entries that were kept receive a gradient, scaled up in the same way.",
    ),
    "embedding": (
        "Take the row of each index from the table.",
        "Each row of the table receives the sum of the gradients of its uses.",
    ),
}
