#include <math.h>
#include <stdbool.h>
#include <stdint.h>

static inline double maximum(double a, double b) { return a > b || a != a ? a : b; }

static int step1(const double x[restrict 100][2], double w1[restrict 2][16],
    double b1[restrict 16], double w2[restrict 16][16], double b2[restrict 16],
    double w3[restrict 16][2], double b3[restrict 2], const int64_t labels[restrict 100],
    const double lr, double v2[restrict 100][16], double v4[restrict 100][16],
    double *restrict result, double v20[restrict 100][16]) {
  // the indices are at least 0 and below 2
  for (long i = 0; i < 100; i++)
    if (labels[i] < 0 || labels[i] >= 2) return 1;

  // forward
  for (long i = 0; i < 100; i++) {
    double v1[16] = {0};
    // v1 = x @ w1
    for (long j = 0; j < 2; j += 2)
      #pragma omp simd
      for (long k = 0; k < 16; k++)
        v1[k] += am_fma(x[i][j + 1], w1[j + 1][k], x[i][j] * w1[j][k]);
    #pragma omp simd
    for (long j = 0; j < 16; j++)
      v2[i][j] = am_tanh(v1[j] + b1[j]);  // v2 = np.tanh(v1 + b1)
  }
  for (long i = 0; i < 100; i++) {
    double v3[16] = {0};
    // v3 = v2 @ w2
    for (long j = 0; j < 16; j += 2)
      #pragma omp simd
      for (long k = 0; k < 16; k++)
        v3[k] += am_fma(v2[i][j + 1], w2[j + 1][k], v2[i][j] * w2[j][k]);
    #pragma omp simd
    for (long j = 0; j < 16; j++)
      v4[i][j] = am_tanh(v3[j] + b2[j]);  // v4 = np.tanh(v3 + b2)
  }
  double v5[100][2];
  for (long i = 0; i < 100; i++) {
    // v5 = v4 @ w3
    for (long j = 0; j < 2; j++)
      v5[i][j] = 0;
    for (long j = 0; j < 16; j += 2)
      for (long k = 0; k < 2; k++)
        v5[i][k] += am_fma(v4[i][j + 1], w3[j + 1][k], v4[i][j] * w3[j][k]);
  }
  double t3 = 0, v17[100][2];
  #pragma omp simd reduction(+ : t3)
  for (long i = 0; i < 100; i++) {
    double v6[2];
    for (long j = 0; j < 2; j++)
      v6[j] = v5[i][j] + b3[j];  // v6 = v5 + b3
    double t1 = -INFINITY;
    for (long j = 0; j < 2; j++)
      t1 = maximum(t1, v6[j]);
    // v7 = np.where(np.isfinite(np.max(v6, axis=-1, keepdims=True)), np.max(v6, axis=-1, keepdi ...
    const double v7 = (isfinite(t1) != 0 ? t1 : 0.0);
    double v8[2], v9[2];
    for (long j = 0; j < 2; j++) {
      v8[j] = v6[j] - v7;  // v8 = v6 - v7
      v9[j] = am_exp(v8[j]);  // v9 = np.exp(v8)
    }
    double t2 = 0;
    for (long j = 0; j < 2; j++)
      t2 += v9[j];
    const double v10 = am_log(t2);  // v10 = np.log(np.sum(v9, axis=-1, keepdims=True))
    double v12 = 0;  // v12 = np.sum(v11, axis=-1)
    for (long j = 0; j < 2; j++)
      v12 += (j == labels[i] ? v8[j] - v10 : 0.0);
    t3 += -v12;
    double v13[2];
    for (long j = 0; j < 2; j++)
      v13[j] = v9[j] / t2;  // v13 = v9 / np.sum(v9, axis=-1, keepdims=True)
    double t4 = 0;
    for (long j = 0; j < 2; j++)
      t4 += (j == labels[i] ? 0.0 : v13[j]);
    const double v15 = -t4;  // v15 = -np.sum(v14, axis=-1, keepdims=True)
    for (long j = 0; j < 2; j++)
      v17[i][j] = (j == labels[i] ? v15 : v13[j]) * 0.01;  // v17 = v16 * 0.01
  }
  *result = t3 / 100.0;  // result = np.mean(-v12)

  // backward
  double v18[2] = {0};
  // v18 = np.sum(v17, axis=0)
  for (long i = 0; i < 100; i++)
    for (long j = 0; j < 2; j++)
      v18[j] += v17[i][j];
  double t5[2][16];
  for (long i = 0; i < 2; i++)
    #pragma omp simd
    for (long j = 0; j < 16; j++)
      t5[i][j] = w3[j][i];  // transposed, so that a loop below reads neighbours in memory
  double t6[2][16] = {0}, v21[16] = {0}, v23[16][16] = {0};
  for (long i = 0; i < 100; i++) {
    double v19[16] = {0};
    // v19 = v17 @ w3.T
    for (long j = 0; j < 2; j += 2)
      #pragma omp simd
      for (long k = 0; k < 16; k++)
        v19[k] += am_fma(v17[i][j + 1], t5[j + 1][k], v17[i][j] * t5[j][k]);
    for (long j = 0; j < 2; j++)
      #pragma omp simd
      for (long k = 0; k < 16; k++)
        t6[j][k] = am_fma(v4[i][k], v17[i][j], t6[j][k]);
    #pragma omp simd
    for (long j = 0; j < 16; j++)
      v20[i][j] = v19[j] * (1.0 - v4[i][j] * v4[i][j]);  // v20 = v19 * (1 - v4 * v4)
    // v21 = np.sum(v20, axis=0)
    #pragma omp simd
    for (long j = 0; j < 16; j++)
      v21[j] += v20[i][j];
    // v23 = v2.T @ v20
    for (long j = 0; j < 16; j++)
      #pragma omp simd
      for (long k = 0; k < 16; k++)
        v23[j][k] = am_fma(v2[i][j], v20[i][k], v23[j][k]);
  }
  double t7[16][16];
  for (long i = 0; i < 16; i++)
    #pragma omp simd
    for (long j = 0; j < 16; j++)
      t7[i][j] = w2[j][i];  // transposed, so that a loop below reads neighbours in memory
  double v25[16] = {0}, v26[2][16] = {0};
  for (long i = 0; i < 100; i++) {
    double v22[16] = {0};
    // v22 = v20 @ w2.T
    for (long j = 0; j < 16; j += 2)
      #pragma omp simd
      for (long k = 0; k < 16; k++)
        v22[k] += am_fma(v20[i][j + 1], t7[j + 1][k], v20[i][j] * t7[j][k]);
    double v24[16];
    #pragma omp simd
    for (long j = 0; j < 16; j++)
      v24[j] = v22[j] * (1.0 - v2[i][j] * v2[i][j]);  // v24 = v22 * (1 - v2 * v2)
    // v25 = np.sum(v24, axis=0)
    #pragma omp simd
    for (long j = 0; j < 16; j++)
      v25[j] += v24[j];
    // v26 = x.T @ v24
    for (long j = 0; j < 2; j++)
      #pragma omp simd
      for (long k = 0; k < 16; k++)
        v26[j][k] = am_fma(x[i][j], v24[k], v26[j][k]);
  }

  // then
  for (long i = 0; i < 2; i++)
    #pragma omp simd
    for (long j = 0; j < 16; j++)
      w1[i][j] = w1[i][j] - lr * v26[i][j];  // v27 = w1 - lr * v26
  #pragma omp simd
  for (long i = 0; i < 16; i++)
    b1[i] = b1[i] - lr * v25[i];  // v28 = b1 - lr * v25
  for (long i = 0; i < 16; i++)
    #pragma omp simd
    for (long j = 0; j < 16; j++)
      w2[i][j] = w2[i][j] - lr * v23[i][j];  // v29 = w2 - lr * v23
  #pragma omp simd
  for (long i = 0; i < 16; i++)
    b2[i] = b2[i] - lr * v21[i];  // v30 = b2 - lr * v21
  #pragma omp simd
  for (long i = 0; i < 16; i++)
    for (long j = 0; j < 2; j++)
      w3[i][j] = w3[i][j] - lr * t6[j][i];  // v31 = w3 - lr * (v4.T @ v17)
  for (long i = 0; i < 2; i++)
    b3[i] = b3[i] - lr * v18[i];  // v32 = b3 - lr * v18
  return 0;
}
