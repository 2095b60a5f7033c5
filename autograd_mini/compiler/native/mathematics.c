/* exp, log, tanh, sigmoid and erf without branches, so that a C compiler vectorises loops over them.
   Each function computes both sides of a condition and selects one of them. Infinities, NaN,
   subnormal numbers and signed zeros follow C99's Annex F. Results lie within 2 units in the last
   place (ULP) of the exact ones. All polynomials are minimax polynomials, found with Remez's
   exchange algorithm. Each comment states the largest relative error that its polynomial adds.
   Sources: W. J. Cody and W. Waite, Software Manual for the Elementary Functions (1980), for the
   reductions of exp, log and tanh. J.-M. Muller et al., Handbook of Floating-Point Arithmetic
   (2018), chapters 4 and 10, for fused operations and for adding a constant to round. */

#include <math.h>
#include <stdint.h>
#include <string.h>

/* a b + c, rounded once if the processor has such an instruction. C's own fma is slow without it. */
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__FP_FAST_FMA)
#define am_fma(a, b, c) __builtin_fma(a, b, c)
#define am_fmaf(a, b, c) __builtin_fmaf(a, b, c)
#else
#define am_fma(a, b, c) ((a) * (b) + (c))
#define am_fmaf(a, b, c) ((a) * (b) + (c))
#endif

/* The bits of a number as an integer. */
static inline uint64_t am_bits(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* The number with these bits. */
static inline double am_number(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The nearest integer, for |x| < 2^51: the sum has no bits for a fraction. */
static inline double am_round(double x) {
    return x + 0x1.8p52 - 0x1.8p52;
}

/* 2^n for an integer -1022 <= n <= 1023. The sum has n in its lowest bits. */
static inline double am_power(double n) {
    return am_number((am_bits(n + 0x1.8p52) << 52) + 0x3FF0000000000000);
}

/* 2^n x, with 2^n as two factors, because 2^1024 is infinite and 2^-1074 is subnormal. */
static inline double am_scale(double x, double n) {
    double half = am_round(n * 0.5);
    return x * am_power(half) * am_power(n - half);
}

/* exp(r) - 1 = r + r^2 q(r) for |r| <= ln(2) / 2. It adds 2^-57 to exp(r). */
static inline double am_exp_reduced(double r) {
    double q = 2.500415676448499e-08;
    q = am_fma(q, r, 2.763041386510056e-07);
    q = am_fma(q, r, 2.7557575384323903e-06);
    q = am_fma(q, r, 2.4801492664897344e-05);
    q = am_fma(q, r, 0.00019841269516681037);
    q = am_fma(q, r, 0.001388888894401685);
    q = am_fma(q, r, 0.008333333333490822);
    q = am_fma(q, r, 0.04166666666652882);
    q = am_fma(q, r, 0.16666666666666416);
    q = am_fma(q, r, 0.5000000000000011);
    return am_fma(r * r, q, r);
}

/* r = x - n ln 2. The high part of ln 2 ends in zeros, so n times it is exact. */
static inline double am_reduced(double x, double n) {
    return am_fma(n, -0x1.a39ef35793c76p-33, am_fma(n, -0x1.62e42feep-1, x));
}

/* exp(x) = 2^n exp(r), where x = n ln 2 + r and |r| <= ln(2) / 2. */
static inline double am_exp(double x) {
    double t = x > 710 ? 710 : x;
    t = t < -746 ? -746 : t;
    double n = am_round(t * 1.4426950408889634);
    return am_scale(1 + am_exp_reduced(am_reduced(t, n)), n);
}

/* log(x) = k ln 2 + log(1 + f), where x = 2^k (1 + f) and sqrt(1/2) <= 1 + f < sqrt(2). With
   s = f / (2 + f), log(1 + f) = 2 s + s w(s^2), within 2^-59, which equals f - h + s (h + w) for
   h = f^2 / 2: f is exact, and the rest is small. A subnormal x is scaled by 2^54 first. */
static inline double am_log(double x) {
    double bias = x < 0x1p-1022 ? 1023 + 54 : 1023;
    uint64_t bits = am_bits(x < 0x1p-1022 ? x * 0x1p54 : x) + 0x00095F619980C433;
    double k = am_number((bits >> 52) | 0x4330000000000000) - 0x1p52 - bias;
    double f = am_number((bits & 0x000FFFFFFFFFFFFF) + 0x3FE6A09E667F3BCD) - 1;
    double s = f / (2 + f), z = s * s, h = 0.5 * f * f;
    double w = 0.14797507525218218;
    w = am_fma(w, z, 0.1531390326603921);
    w = am_fma(w, z, 0.1818356973901307);
    w = am_fma(w, z, 0.22222198476002292);
    w = am_fma(w, z, 0.2857142874326251);
    w = am_fma(w, z, 0.39999999999411096);
    w = am_fma(w, z, 0.6666666666666735);
    double rest = am_fma(s, am_fma(w, z, h), k * 0x1.a39ef35793c76p-33);
    double y = am_fma(k, 0x1.62e42feep-1, f - (h - rest));
    y = x < INFINITY ? y : x;
    return x > 0 ? y : x == 0 ? -INFINITY : NAN;
}

/* For |x| < 0.55, tanh(x) = x + x^3 p(x^2), within 2^-55. Else it is 1 - 2 / (exp(2 |x|) + 1), where
   the error of the quotient is halved, because the quotient is less than 1/2. */
static inline double am_tanh(double x) {
    double a = fabs(x), z = a * a;
    double p = 5.10214941619394e-05;
    p = am_fma(p, z, -0.00021030242580579546);
    p = am_fma(p, z, 0.0005791370333527349);
    p = am_fma(p, z, -0.0014532167627441424);
    p = am_fma(p, z, 0.0035917196985668157);
    p = am_fma(p, z, -0.008863194504166958);
    p = am_fma(p, z, 0.021869485974798843);
    p = am_fma(p, z, -0.053968253876078336);
    p = am_fma(p, z, 0.13333333333168704);
    p = am_fma(p, z, -0.33333333333332316);
    double large = 1 - 2 / (am_exp(2 * a) + 1);
    return copysign(a < 0.55 ? am_fma(a, z * p, a) : large, x);
}

/* sigmoid(x) = 1 / (1 + 2^n (1 + p)), where exp(-x) = 2^n (1 + p). If n > 0, both sides of the
   fraction are multiplied by e = 2^-n, so that nothing overflows. The denominator is c + d, where d
   is what rounding lost from c (Dekker's Fast2Sum), and 1 / (c + d) = 1 / c - d / c^2. */
static inline double am_sigmoid(double x) {
    double t = x > 746 ? -746 : -x;
    t = t > 746 ? 746 : t;
    double n = am_round(t * 1.4426950408889634), p = am_exp_reduced(am_reduced(t, n));
    double e = am_scale(1, -fabs(n)), y = 1 + p, low = p - (y - 1);
    double first = n > 0 ? y : 1, second = n > 0 ? e : e * y;
    double c = first + second, d = (first - c) + second + (n > 0 ? low : e * low);
    double i = 1 / c;
    return (n > 0 ? e : 1) * (i - i * i * d);
}

/* For |x| < 1, erf(x) = x + x p(x^2), within 2^-56. Else it is 1 - exp(l(|x|)), where l is a
   polynomial near log(1 - erf), within 2^-54. From 6 on, erf(x) rounds to 1. The ranges follow
   W. J. Cody, Rational Chebyshev approximations for the error function, Math. Comp. 23 (1969). */
static inline double am_erf(double x) {
    double a = fabs(x), z = a * a;
    double p = -7.779462968166381e-10;
    p = am_fma(p, z, 1.3710988702111699e-08);
    p = am_fma(p, z, -1.6206318752446298e-07);
    p = am_fma(p, z, 1.6447132699711598e-06);
    p = am_fma(p, z, -1.492471243952805e-05);
    p = am_fma(p, z, 0.00012055293586936552);
    p = am_fma(p, z, -0.0008548325929766229);
    p = am_fma(p, z, 0.005223977606130842);
    p = am_fma(p, z, -0.026866170643113415);
    p = am_fma(p, z, 0.112837916709442);
    p = am_fma(p, z, -0.3761263890318352);
    p = am_fma(p, z, 0.12837916709551256);
    double b = a > 6 ? 6 : a;
    double l = 1.740377476876212e-11;
    l = am_fma(l, b, -6.410877683395916e-10);
    l = am_fma(l, b, 1.072654919426089e-08);
    l = am_fma(l, b, -1.0643556013266433e-07);
    l = am_fma(l, b, 6.753886624939362e-07);
    l = am_fma(l, b, -2.6107458542823427e-06);
    l = am_fma(l, b, 3.3754028096327974e-06);
    l = am_fma(l, b, 2.86814780573178e-05);
    l = am_fma(l, b, -0.00023218501465738242);
    l = am_fma(l, b, 0.000922634374363866);
    l = am_fma(l, b, -0.0021024324286052164);
    l = am_fma(l, b, 0.0005878824912548537);
    l = am_fma(l, b, 0.018862381928749263);
    l = am_fma(l, b, -0.10263593118309587);
    l = am_fma(l, b, -0.6366682542028382);
    l = am_fma(l, b, -1.1283685493444053);
    l = am_fma(l, b, -1.0817449945399732e-06);
    double large = 1 - am_exp(l);
    return copysign(a < 1 ? am_fma(a, p, a) : large, x);
}

/* The bits of a float as an integer. */
static inline uint32_t am_bitsf(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* The float with these bits. */
static inline float am_numberf(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The nearest integer, for |x| < 2^22. */
static inline float am_roundf(float x) {
    return x + 0x1.8p23f - 0x1.8p23f;
}

/* 2^n for an integer -126 <= n <= 127. */
static inline float am_powerf(float n) {
    return am_numberf((am_bitsf(n + 0x1.8p23f) << 23) + 0x3F800000);
}

/* 2^n x, with 2^n as two factors. */
static inline float am_scalef(float x, float n) {
    float half = am_roundf(n * 0.5f);
    return x * am_powerf(half) * am_powerf(n - half);
}

/* As am_exp_reduced. It adds 2^-28 to exp(r). */
static inline float am_exp_reducedf(float r) {
    float q = 0.0013816839f;
    q = am_fmaf(q, r, 0.00836879f);
    q = am_fmaf(q, r, 0.041668363f);
    q = am_fmaf(q, r, 0.1666652f);
    q = am_fmaf(q, r, 0.49999994f);
    return am_fmaf(r * r, q, r);
}

/* As am_reduced. */
static inline float am_reducedf(float x, float n) {
    return am_fmaf(n, -0x1.7f7d1cp-20f, am_fmaf(n, -0x1.62e4p-1f, x));
}

/* As am_exp. */
static inline float am_expf(float x) {
    float t = x > 89 ? 89 : x;
    t = t < -104 ? -104 : t;
    float n = am_roundf(t * 1.44269504f);
    return am_scalef(1 + am_exp_reducedf(am_reducedf(t, n)), n);
}

/* As am_log, within 2^-30. */
static inline float am_logf(float x) {
    float bias = x < 0x1p-126f ? 127 + 24 : 127;
    uint32_t bits = am_bitsf(x < 0x1p-126f ? x * 0x1p24f : x) + 0x004AFB0D;
    float k = am_numberf((bits >> 23) | 0x4B000000) - 0x1p23f - bias;
    float f = am_numberf((bits & 0x007FFFFF) + 0x3F3504F3) - 1;
    float s = f / (2 + f), z = s * s, h = 0.5f * f * f;
    float w = 0.298731f;
    w = am_fmaf(w, z, 0.39977497f);
    w = am_fmaf(w, z, 0.66666776f);
    float rest = am_fmaf(s, am_fmaf(w, z, h), k * 0x1.7f7d1cp-20f);
    float y = am_fmaf(k, 0x1.62e4p-1f, f - (h - rest));
    y = x < INFINITY ? y : x;
    return x > 0 ? y : x == 0 ? -INFINITY : NAN;
}

/* As am_tanh, within 2^-29. */
static inline float am_tanhf(float x) {
    float a = fabsf(x), z = a * a;
    float p = -0.006274368f;
    p = am_fmaf(p, z, 0.021071814f);
    p = am_fmaf(p, z, -0.053852357f);
    p = am_fmaf(p, z, 0.13332586f);
    p = am_fmaf(p, z, -0.33333316f);
    float large = 1 - 2 / (am_expf(2 * a) + 1);
    return copysignf(a < 0.55f ? am_fmaf(a, z * p, a) : large, x);
}

/* As am_sigmoid. */
static inline float am_sigmoidf(float x) {
    float t = x > 104 ? -104 : -x;
    t = t > 104 ? 104 : t;
    float n = am_roundf(t * 1.44269504f), p = am_exp_reducedf(am_reducedf(t, n));
    float e = am_scalef(1, -fabsf(n)), y = 1 + p, low = p - (y - 1);
    float first = n > 0 ? y : 1, second = n > 0 ? e : e * y;
    float c = first + second, d = (first - c) + second + (n > 0 ? low : e * low);
    float i = 1 / c;
    return (n > 0 ? e : 1) * (i - i * i * d);
}

/* As am_erf, within 2^-29. From 4 on, erf(x) rounds to 1. */
static inline float am_erff(float x) {
    float a = fabsf(x), z = a * a;
    float p = 7.853846e-05f;
    p = am_fmaf(p, z, -0.0008010202f);
    p = am_fmaf(p, z, 0.0051883305f);
    p = am_fmaf(p, z, -0.026853815f);
    p = am_fmaf(p, z, 0.112835854f);
    p = am_fmaf(p, z, -0.37612626f);
    p = am_fmaf(p, z, 0.12837917f);
    float b = a > 4 ? 4 : a;
    float l = -2.1686647e-05f;
    l = am_fmaf(l, b, 0.00044133383f);
    l = am_fmaf(l, b, -0.0042045484f);
    l = am_fmaf(l, b, 0.025208218f);
    l = am_fmaf(l, b, -0.10841851f);
    l = am_fmaf(l, b, -0.63321996f);
    l = am_fmaf(l, b, -1.1295784f);
    l = am_fmaf(l, b, 0.00018803241f);
    float large = 1 - am_expf(l);
    return copysignf(a < 1 ? am_fmaf(a, p, a) : large, x);
}
