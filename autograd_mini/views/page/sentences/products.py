"""Sentences about products and linear algebra: operation -> (forward, backward)."""

PRODUCTS = {
    "matmul": (
        "Multiply matrices: rows of the left times columns of the right.",
        "Each factor receives the product of the gradient and the other factor, transposed.",
    ),
    "einsum": (
        "Multiply entries, and sum over the indices that are not in the result.",
        "Each factor receives the gradient times the other factors, summed over the indices that "
        "this factor does not have.",
    ),
    "convolve": (
        "Slide one array over the other, reversed, and add up the products.",
        "Each array receives the gradient, correlated with the other array.",
    ),
    "conv": (
        "Slide each filter over the image, and sum the products at each place.",
        "A pixel is in several windows. It receives the gradient of each one, times its weight in "
        "that window.",
    ),
    "conv_input": (
        "Put a copy of each filter at each place, times the gradient there, and add up the copies.",
        "The gradient and the filters receive sums over the windows.",
    ),
    "conv_weight": (
        "Add up all windows, each times the gradient at its place.",
        "The image and the gradient receive sums over the windows.",
    ),
    "linear": (
        "Compute x W + b: a weighted sum for each unit, plus a bias.",
        "x and W receive the gradient times the other factor, transposed. b receives the sum of "
        "the gradient over the examples.",
    ),
    "inv": (
        "Invert the matrix.",
        "A receives -A⁻ᵀ G A⁻ᵀ, with G the gradient of the inverse.",
    ),
    "solve": (
        "Solve the linear system A x = b.",
        "b receives the solution of the transposed system. A receives minus the outer product "
        "of this solution with x.",
    ),
    "lstsq": (
        "Find the x with the smallest squared error of A x - b.",
        "The rule uses the pseudo-inverse of A to compute how the best x changes with A and b.",
    ),
    "pinv": (
        "Compute the pseudo-inverse.",
        "The rule computes how the pseudo-inverse changes with A, if the rank of A stays the same.",
    ),
    "det": (
        "Compute the determinant.",
        "A receives the gradient times the matrix of cofactors.",
    ),
    "logabsdet": (
        "Compute the logarithm of the absolute determinant.",
        "A receives the gradient times the transposed inverse of A.",
    ),
    "cholesky": (
        "Factor A = L Lᵀ, with L lower triangular.",
        "The gradient of L is mapped back through two triangular systems, and made symmetric.",
    ),
    "qr": (
        "Factor A = Q R: orthonormal columns times an upper triangle.",
        "The gradients of Q and R are combined, and divided by R.",
    ),
    "eigh": (
        "Compute eigenvalues and eigenvectors of a symmetric matrix.",
        "The rule divides by differences of eigenvalues. So gradients are large if two "
        "eigenvalues are close.",
    ),
    "eigvalsh": (
        "Compute the eigenvalues of a symmetric matrix.",
        "Each eigenvalue contributes its gradient times v vᵀ, with v its eigenvector.",
    ),
    "svd": (
        "Factor A = U S Vᵀ, with the singular values S.",
        "The rule divides by differences of singular values. So gradients are large if two "
        "singular values are close.",
    ),
    "svdvals": (
        "Compute the singular values.",
        "Each singular value contributes its gradient times u vᵀ, with its vectors u and v.",
    ),
}
