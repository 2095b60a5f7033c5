"""Functions, and their formulas or those of their gradients as textbooks write them."""

import numpy as np

import autograd_mini as ag

A = np.array([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [1.0, 0.0, 4.0]])

VALUES = [
    (lambda x: np.linalg.inv(x), "x^{-1}"),
    (lambda x: np.linalg.inv(x).T, r"v_{1}^\top"),
    (lambda x: np.linalg.det(x), r"\det x"),
    (lambda x: np.linalg.slogdet(x)[1], r"\ln \left|\det x\right|"),
    (lambda x: np.linalg.solve(x, np.eye(3)), r"x^{-1} \, c"),
    (lambda x: np.diagonal(x), r"\operatorname{diag}(x)"),
    (lambda x: np.swapaxes(x, 0, 1), r"x^\top"),
    (lambda x: np.moveaxis(x, 0, -1), r"x^\top"),
    (lambda x: np.linalg.norm(x, axis=-1), r"\left\|x\right\|_{\text{axis 1}}"),
    (lambda x: np.prod(x, axis=0), r"\prod_{\text{axis 0}} x"),
    (lambda x: ag.softmax(x, axis=0), r"\operatorname{softmax}_{\text{axis 0}}(x)"),
    (lambda x: np.mean(x, axis=-1), r"\frac{1}{3} \sum_{\text{axis 1}} x"),
    (lambda x: np.einsum("ij,jk->ik", x, x), r"\left[\sum_{j} x_{ij} \, x_{jk}\right]_{ik}"),
    (lambda x: np.where(x > 1, x, -x), r"\begin{cases} x & \text{if} \, c \cr v_{1} & \text{otherwise} \end{cases}"),  # noqa: E501
    (lambda x: np.where(x > 1, x, 0), r"x \odot \mathbf{1}[c]"),
    (lambda x: x[0, 1], "x_{0, 1}"),
    (lambda x: x[1:, ..., 0], r"x_{\text{1:}, \ldots, 0}"),
    (lambda x: x[[0, 2]], "x_{c}"),
    (lambda x: np.exp2(x), "2^{x}"),
    (lambda x: np.log10(x + 1), r"\log_{10} v_{1}"),
    (lambda x: np.log1p(x), r"\ln (1 + x)"),
    (lambda x: x * 2, r"2 \, x"),
    (lambda x: x * -0.5, r"-0.5 \, x"),
    (lambda x: x % 2.0, r"x \bmod 2"),
    (lambda x: np.hypot(x, 1.0), r"\sqrt{x^2 + 1^2}"),
]  # fmt: skip

GRADIENTS = [
    (lambda x: np.linalg.inv(x), r"-v^\top \, g \, v^\top"),
    (lambda x: np.linalg.det(x), r"g \cdot v \cdot x^{-\top}"),
    (lambda x: np.linalg.slogdet(x)[1], r"g \cdot x^{-\top}"),
    (lambda x: np.maximum(x, 0), r"g \odot \left(\mathbf{1}[x > 0] + \frac{1}{2} \, \mathbf{1}[x = 0]\right)"),  # noqa: E501
    (lambda x: ag.relu(x), r"g \odot \mathbf{1}[v \neq 0]"),
    (lambda x: np.max(x, axis=0), r"g \odot \mathbf{1}[x = v]"),
    (lambda x: np.where(np.eye(3), x, 0), r"g \odot \mathbf{1}[c]"),
    (lambda x: x[[0, 2]], r"\delta_{c} \, g"),
    (lambda x: x[0, 1], r"\delta_{0, 1} \, g"),
    (lambda x: np.square(x), r"2 \, g \odot x"),
    (lambda x: np.tanh(x), r"g \odot (1 - v^2)"),
    (lambda x: np.mean(x, axis=0), r"\frac{1}{3} \, g"),
    (lambda x: x / 4, r"\frac{1}{4} \, g"),
    (lambda x: np.einsum("ij,j->i", x, A[0]), r"\left[\left(g\right)_{i} \, c_{j}\right]_{ij}"),
    (lambda x: np.logaddexp(x, 1.0), r"g \odot \exp(x - v)"),
]  # fmt: skip
