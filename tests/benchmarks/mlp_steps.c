/* One training step of two networks, as an expert writes it from the formulas: forward, backward and
   SGD. Rows are samples, but the logits of the last layer lie class by class, so that loops over the
   samples vectorise.

       h = tanh(x w + b), z = h v + c       loss = -1/N sum_n ln p[n, label of n], p = softmax(z)
       dz = (p - one_hot) / N               dv = h^T dz, dh = dz v^T, d(x w + b) = dh (1 - h^2)

   The program before this text defines REAL, float or double, and EXP, LOG and TANH for it. */

#define INLINE static inline __attribute__((always_inline))
#define WIDTH ((int)(32 / sizeof(REAL))) /* numbers in a register of 32 bytes */

typedef REAL vector __attribute__((vector_size(32), aligned(8), may_alias));

/* y[i, :] = start + sum_k a[i, k] b[k, :] for the rows i, i + 1, ..., whose sums stay in registers. */
INLINE void tile(int rows, int n, int depth, const REAL *a, int row, int column, const REAL *b,
                 const REAL *start, REAL *y) {
    vector sum[8][8];
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < n / WIDTH; j++)
            sum[i][j] = start ? *(const vector *)(start + j * WIDTH) : (vector){0};
    for (int k = 0; k < depth; k++)
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < n / WIDTH; j++)
                sum[i][j] += a[i * row + k * column] * *(const vector *)(b + k * n + j * WIDTH);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < n / WIDTH; j++) *(vector *)(y + i * n + j * WIDTH) = sum[i][j];
}

/* y = a b, or a b + start. a has m rows; its entry (i, k) is at i * row + k * column. */
INLINE void product(int m, int n, int depth, const REAL *a, int row, int column, const REAL *b,
                    const REAL *start, REAL *y) {
    int i = 0;
    for (; i + 4 <= m; i += 4) tile(4, n, depth, a + i * row, row, column, b, start, y + i * n);
    if (m % 4) tile(m % 4, n, depth, a + i * row, row, column, b, start, y + i * n);
}

INLINE void tanh_all(int n, REAL *x) {
#pragma omp simd
    for (int i = 0; i < n; i++) x[i] = TANH(x[i]);
}

/* d *= 1 - h^2, the derivative of tanh. */
INLINE void tanh_backward(int n, const REAL *h, REAL *d) {
#pragma omp simd
    for (int i = 0; i < n; i++) d[i] *= 1 - h[i] * h[i];
}

/* x -= lr (the sum of the rows of d) */
INLINE void descend_bias(int rows, int n, REAL lr, const REAL *d, REAL *x) {
    REAL sum[n];
    for (int j = 0; j < n; j++) sum[j] = 0;
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < n; j++) sum[j] += d[i * n + j];
    for (int j = 0; j < n; j++) x[j] -= lr * sum[j];
}

INLINE void descend(int n, REAL lr, const REAL *d, REAL *x) {
    for (int i = 0; i < n; i++) x[i] -= lr * d[i];
}

/* The logits become their gradient. Returns the loss. z[c, i] belongs to class c of sample i. */
INLINE REAL cross_entropy(int n, int classes, REAL *z, const long *labels) {
    REAL top[n], total[n], own[n], loss = 0;
    for (int i = 0; i < n; i++) top[i] = z[i];
    for (int c = 1; c < classes; c++)
        for (int i = 0; i < n; i++) top[i] = z[c * n + i] > top[i] ? z[c * n + i] : top[i];
    for (int i = 0; i < n; i++) {
        own[i] = z[labels[i] * n + i] - top[i];
        total[i] = 0;
    }
    for (int c = 0; c < classes; c++)
#pragma omp simd
        for (int i = 0; i < n; i++) total[i] += z[c * n + i] = EXP(z[c * n + i] - top[i]);
#pragma omp simd reduction(+ : loss)
    for (int i = 0; i < n; i++) loss += LOG(total[i]) - own[i];
    for (int i = 0; i < n; i++) total[i] = 1 / (total[i] * n);
    for (int c = 0; c < classes; c++)
        for (int i = 0; i < n; i++) z[c * n + i] *= total[i];
    for (int i = 0; i < n; i++) z[labels[i] * n + i] -= (REAL)1 / n;
    return loss / n;
}

/* The last layer: z = h v + c, forward and backward. Writes dh and updates v and c. */
INLINE REAL last_layer(int n, int width, int classes, REAL lr, const REAL *h, REAL *v, REAL *c,
                       const long *labels, REAL *dh) {
    const int wide = (classes + WIDTH - 1) / WIDTH * WIDTH; /* whole registers */
    REAL t[classes * width], dt[classes * width], z[classes * n];
    REAL wide_v[width * wide], wide_c[wide], rows[n * wide];
    for (int j = 0; j < wide; j++) {
        wide_c[j] = j < classes ? c[j] : 0;
        for (int k = 0; k < width; k++)
            wide_v[k * wide + j] = j < classes ? t[j * width + k] = v[k * classes + j] : 0;
    }
    product(n, wide, width, h, width, 1, wide_v, wide_c, rows);
    for (int j = 0; j < classes; j++)
        for (int i = 0; i < n; i++) z[j * n + i] = rows[i * wide + j];
    REAL loss = cross_entropy(n, classes, z, labels);
    product(n, width, classes, z, 1, n, t, 0, dh);
    product(classes, width, n, z, n, 1, h, 0, dt);
    for (int j = 0; j < classes; j++) {
        REAL sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int i = 0; i < n; i++) sum += z[j * n + i];
        c[j] -= lr * sum;
        for (int k = 0; k < width; k++) v[k * classes + j] -= lr * dt[j * width + k];
    }
    return loss;
}

/* [2, 16, 16, 2], batch 100 */
REAL moons(REAL lr, const REAL *x, const long *labels, REAL *w1, REAL *b1, REAL *w2, REAL *b2,
           REAL *w3, REAL *b3) {
    enum { N = 100, X = 2, H = 16, C = 2 };
    REAL h1[N * H], h2[N * H], d2[N * H], d1[N * H], t2[H * H], dw1[X * H], dw2[H * H];
    product(N, H, X, x, X, 1, w1, b1, h1);
    tanh_all(N * H, h1);
    product(N, H, H, h1, H, 1, w2, b2, h2);
    tanh_all(N * H, h2);
    REAL loss = last_layer(N, H, C, lr, h2, w3, b3, labels, d2);
    tanh_backward(N * H, h2, d2);
    for (int k = 0; k < H; k++)
        for (int j = 0; j < H; j++) t2[j * H + k] = w2[k * H + j];
    product(N, H, H, d2, H, 1, t2, 0, d1);
    tanh_backward(N * H, h1, d1);
    product(H, H, N, h1, 1, H, d2, 0, dw2);
    product(X, H, N, x, 1, X, d1, 0, dw1);
    descend(H * H, lr, dw2, w2);
    descend_bias(N, H, lr, d2, b2);
    descend(X * H, lr, dw1, w1);
    descend_bias(N, H, lr, d1, b1);
    return loss;
}

/* [64, 32, 10], batch 64 */
REAL digits(REAL lr, const REAL *x, const long *labels, REAL *w1, REAL *b1, REAL *w2, REAL *b2) {
    enum { N = 64, X = 64, H = 32, C = 10 };
    REAL h[N * H], d[N * H], dw[X * H];
    product(N, H, X, x, X, 1, w1, b1, h);
    tanh_all(N * H, h);
    REAL loss = last_layer(N, H, C, lr, h, w2, b2, labels, d);
    tanh_backward(N * H, h, d);
    product(X, H, N, x, 1, X, d, 0, dw);
    descend(X * H, lr, dw, w1);
    descend_bias(N, H, lr, d, b1);
    return loss;
}
