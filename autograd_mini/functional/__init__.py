"""Functions on tensors: activations, softmax, losses. Each fused node with its graph."""
