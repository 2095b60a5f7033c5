#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#define SIMD _Pragma("omp simd")  // the iterations of the loop are independent of each other
#define ALIGNED __attribute__((aligned(64)))  // the array starts at a multiple of 64 bytes

static inline double maximum(double a, double b) { return a > b || a != a ? a : b; }

static int step1(const double x[restrict 100][2], double w1[restrict 2][16],
    double b1[restrict 16], double w2[restrict 16][16], double b2[restrict 16],
    double w3[restrict 16][2], double b3[restrict 2], const int64_t labels[restrict 100],
    const double lr, double *restrict result, double v2[restrict 100][16],
    double v4[restrict 100][16], double v20[restrict 100][16], double v24[restrict 100][16]) {
  // the indices are at least 0 and below 2
  for (long i = 0; i < 100; i++)
    if (labels[i] < 0 || labels[i] >= 2) return 1;

  // forward
  // v1 = x @ w1
  for (long i = 0; i < 100; i += 5) {
    ALIGNED double tile[5][16] = {0};
    for (long j = 0; j < 2; j++)
      for (long k = 0; k < 5; k++)
        SIMD for (long l = 0; l < 16; l++)
          tile[k][l] = am_fma(x[i + k][j], w1[j][l], tile[k][l]);
    // v2 = np.tanh(v1 + b1)
    for (long j = 0; j < 5; j++)
      SIMD for (long k = 0; k < 16; k++)
        v2[i + j][k] = am_tanh(tile[j][k] + b1[k]);
  }
  // v3 = v2 @ w2
  for (long i = 0; i < 100; i += 5) {
    ALIGNED double tile_2[5][16] = {0};
    for (long j = 0; j < 16; j++)
      for (long k = 0; k < 5; k++)
        SIMD for (long l = 0; l < 16; l++)
          tile_2[k][l] = am_fma(v2[i + k][j], w2[j][l], tile_2[k][l]);
    // v4 = np.tanh(v3 + b2)
    for (long j = 0; j < 5; j++)
      SIMD for (long k = 0; k < 16; k++)
        v4[i + j][k] = am_tanh(tile_2[j][k] + b2[k]);
  }
  ALIGNED double v6[2][100];
  // v5 = v4 @ w3
  for (long i = 0; i < 100; i += 10) {
    ALIGNED double tile_3[10][2] = {0};
    for (long j = 0; j < 16; j++)
      for (long k = 0; k < 10; k++)
        SIMD for (long l = 0; l < 2; l++)
          tile_3[k][l] = am_fma(v4[i + k][j], w3[j][l], tile_3[k][l]);
    // v6 = v5 + b3
    for (long j = 0; j < 10; j++)
      for (long k = 0; k < 2; k++)
        v6[k][i + j] = tile_3[j][k] + b3[k];
  }
  ALIGNED double t1[100];
  for (long i = 0; i < 100; i++)
    t1[i] = -INFINITY;
  for (long i = 0; i < 2; i++)
    SIMD for (long j = 0; j < 100; j++)
      t1[j] = maximum(t1[j], v6[i][j]);
  ALIGNED double v8[2][100], v9[2][100], t2[100] = {0};
  for (long i = 0; i < 2; i++) {
    SIMD for (long j = 0; j < 100; j++) {
      v8[i][j] = v6[i][j] - (isfinite(t1[j]) != 0 ? t1[j] : 0.0);  // v8 = v6 - v7
      v9[i][j] = am_exp(v8[i][j]);  // v9 = np.exp(v8)
    }
    SIMD for (long j = 0; j < 100; j++)
      t2[j] += v9[i][j];
  }
  ALIGNED double v10[100];
  SIMD for (long i = 0; i < 100; i++)
    v10[i] = am_log(t2[i]);  // v10 = np.log(np.sum(v9, axis=-1, keepdims=True))
  ALIGNED double v12[100] = {0};
  // v12 = np.sum(v11, axis=-1)
  for (long i = 0; i < 2; i++)
    SIMD for (long j = 0; j < 100; j++)
      v12[j] += (i == labels[j] ? v8[i][j] - v10[j] : 0.0);
  double t3 = 0;
  #pragma omp simd reduction(+ : t3)
  for (long i = 0; i < 100; i++)
    t3 += -v12[i];
  *result = t3 / 100.0;  // result = np.mean(-v12)

  // backward
  ALIGNED double v13[2][100], t4[100] = {0};
  for (long i = 0; i < 2; i++) {
    SIMD for (long j = 0; j < 100; j++)
      v13[i][j] = v9[i][j] / t2[j];  // v13 = v9 / np.sum(v9, axis=-1, keepdims=True)
    SIMD for (long j = 0; j < 100; j++)
      t4[j] += (i == labels[j] ? 0.0 : v13[i][j]);
  }
  ALIGNED double v16[2][100];
  for (long i = 0; i < 2; i++) {
    SIMD for (long j = 0; j < 100; j++)
      v16[i][j] = (i == labels[j] ? -t4[j] : v13[i][j]) * 0.01;  // v16 = v15 * 0.01
    double v17 = 0;  // v17 = np.sum(v16, axis=0)
    #pragma omp simd reduction(+ : v17)
    for (long j = 0; j < 100; j++)
      v17 += v16[i][j];
    b3[i] = b3[i] - lr * v17;  // v32 = b3 - lr * v17
  }
  ALIGNED double t5[2][16];
  for (long i = 0; i < 2; i++)
    SIMD for (long j = 0; j < 16; j++)
      t5[i][j] = w3[j][i];  // transposed, so that a loop below reads neighbours in memory
  // v18 = v16 @ w3.T
  for (long i = 0; i < 100; i += 5) {
    ALIGNED double tile_4[5][16] = {0};
    for (long j = 0; j < 2; j++)
      for (long k = 0; k < 5; k++)
        SIMD for (long l = 0; l < 16; l++)
          tile_4[k][l] = am_fma(v16[j][i + k], t5[j][l], tile_4[k][l]);
    // v20 = v18 * (1 - v4 * v4)
    for (long j = 0; j < 5; j++)
      SIMD for (long k = 0; k < 16; k++)
        v20[i + j][k] = tile_4[j][k] * (1.0 - v4[i + j][k] * v4[i + j][k]);
  }
  ALIGNED double v21[16] = {0};
  // v21 = np.sum(v20, axis=0)
  for (long i = 0; i < 100; i++)
    SIMD for (long j = 0; j < 16; j++)
      v21[j] += v20[i][j];
  ALIGNED double t6[16][16];
  for (long i = 0; i < 16; i++)
    SIMD for (long j = 0; j < 16; j++)
      t6[i][j] = w2[j][i];  // transposed, so that a loop below reads neighbours in memory
  // v22 = v20 @ w2.T
  for (long i = 0; i < 100; i += 5) {
    ALIGNED double tile_5[5][16] = {0};
    for (long j = 0; j < 16; j++)
      for (long k = 0; k < 5; k++)
        SIMD for (long l = 0; l < 16; l++)
          tile_5[k][l] = am_fma(v20[i + k][j], t6[j][l], tile_5[k][l]);
    // v24 = v22 * (1 - v2 * v2)
    for (long j = 0; j < 5; j++)
      SIMD for (long k = 0; k < 16; k++)
        v24[i + j][k] = tile_5[j][k] * (1.0 - v2[i + j][k] * v2[i + j][k]);
  }
  ALIGNED double v25[16] = {0};
  // v25 = np.sum(v24, axis=0)
  for (long i = 0; i < 100; i++)
    SIMD for (long j = 0; j < 16; j++)
      v25[j] += v24[i][j];

  // then
  // v26 = x.T @ v24
  ALIGNED double tile_6[2][16] = {0};
  for (long i = 0; i < 100; i++)
    for (long j = 0; j < 2; j++)
      SIMD for (long k = 0; k < 16; k++)
        tile_6[j][k] = am_fma(x[i][j], v24[i][k], tile_6[j][k]);
  // v27 = w1 - lr * v26
  for (long i = 0; i < 2; i++)
    SIMD for (long j = 0; j < 16; j++)
      w1[i][j] = w1[i][j] - lr * tile_6[i][j];
  SIMD for (long i = 0; i < 16; i++) {
    b1[i] = b1[i] - lr * v25[i];  // v28 = b1 - lr * v25
    b2[i] = b2[i] - lr * v21[i];  // v30 = b2 - lr * v21
  }
  // v23 = v2.T @ v20
  for (long i = 0; i < 16; i += 8) {
    ALIGNED double tile_7[8][16] = {0};
    for (long j = 0; j < 100; j++)
      for (long k = 0; k < 8; k++)
        SIMD for (long l = 0; l < 16; l++)
          tile_7[k][l] = am_fma(v2[j][i + k], v20[j][l], tile_7[k][l]);
    // v29 = w2 - lr * v23
    for (long j = 0; j < 8; j++)
      SIMD for (long k = 0; k < 16; k++)
        w2[i + j][k] = w2[i + j][k] - lr * tile_7[j][k];
  }
  // v19 = v4.T @ v16
  ALIGNED double tile_8[2][16] = {0};
  for (long i = 0; i < 100; i++)
    for (long j = 0; j < 2; j++)
      SIMD for (long k = 0; k < 16; k++)
        tile_8[j][k] = am_fma(v4[i][k], v16[j][i], tile_8[j][k]);
  // v31 = w3 - lr * v19
  for (long i = 0; i < 2; i++)
    SIMD for (long j = 0; j < 16; j++)
      w3[j][i] = w3[j][i] - lr * tile_8[i][j];
  return 0;
}
