/* exp, expm1, log, log1p, tanh, sigmoid, erf, sin and cos without branches, so that a C compiler
   vectorises loops over them. Each function computes both sides of a condition and selects one.
   Infinities, NaN, subnormal numbers and signed zeros follow C99's Annex F. Results are within 2
   units in the last place (ULP) of the exact ones. Only sin and cos of large numbers are those of
   the C library. The polynomials are minimax polynomials, found with Remez's exchange algorithm. A
   comment states the largest relative error that each of them adds.

   Sources: W. J. Cody and W. Waite, Software Manual for the Elementary Functions (1980): the
   reduction of exp, tanh, sin and cos, and the quotient in tanh. Sun Microsystems, fdlibm (1993):
   the sum in log, and the rounding errors in sin and cos. T. J. Dekker, A floating-point technique
   (1971): the error of a sum. J.-M. Muller et al., Handbook of Floating-Point Arithmetic (2018): a
   constant that rounds, and fused operations. */

#include <math.h>
#include <stdint.h>
#include <string.h>

/* A compiler vectorises a loop only if the functions that the loop calls are inlined. */
#define am_inline static inline __attribute__((always_inline))

/* a b + c. It is rounded once if the processor can do so. C's own fma is slow if it cannot. */
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__FP_FAST_FMA)
#define am_fused
#define am_fma(a, b, c) __builtin_fma(a, b, c)
#define am_fmaf(a, b, c) __builtin_fmaf(a, b, c)
#else
#define am_fma(a, b, c) ((a) * (b) + (c))
#define am_fmaf(a, b, c) ((a) * (b) + (c))
#endif

/* The bits of a number as an integer. */
am_inline uint64_t am_bits(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* The number with these bits. */
am_inline double am_number(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* 1.5 2^52 + n for the integer n nearest to a b, where |a b| < 2^51: the sum has no bits for a
   fraction. Its lowest bits are those of n, and it exceeds 1.5 2^52 by n. */
am_inline double am_shifted(double a, double b) {
    return am_fma(a, b, 0x1.8p52);
}

/* 2^n x for an integer n. 1.5 2^52 + n is given. The exponent of a number starts at bit 52. 2^n is
   two factors, 2^floor(n/2) and 2^ceil(n/2): 2^1024 is infinite, and 2^-1074 is subnormal. */
am_inline double am_scale(double x, double shifted) {
    uint64_t bits = am_bits(shifted);
    uint64_t low = (bits << 51 & 0xFFF0000000000000) + 0x3FF0000000000000;
    uint64_t high = ((bits + 1) << 51 & 0xFFF0000000000000) + 0x3FF0000000000000;
    return x * am_number(low) * am_number(high);
}

/* 2^n for an integer n that is less than 1024 and not so small that 2^n is subnormal. */
am_inline double am_power(double shifted) {
    return am_number((am_bits(shifted) << 52) + 0x3FF0000000000000);
}

/* q(r), where exp(r) = 1 + r + r^2 q(r), within 2^-56, for |r| <= ln(2) / 2. A processor computes
   the sums of the even and the odd powers at the same time. */
am_inline double am_exp_rest(double r) {
    double z = r * r;
    double even = 2.763041386510056e-07;
    even = am_fma(even, z, 2.4801492664897344e-05);
    even = am_fma(even, z, 0.001388888894401685);
    even = am_fma(even, z, 0.04166666666652882);
    even = am_fma(even, z, 0.5000000000000011);
    double odd = 2.500415676448499e-08;
    odd = am_fma(odd, z, 2.7557575384323903e-06);
    odd = am_fma(odd, z, 0.00019841269516681037);
    odd = am_fma(odd, z, 0.008333333333490822);
    odd = am_fma(odd, z, 0.16666666666666416);
    return am_fma(odd, r, even);
}

/* r = x - n ln 2. The high part of ln 2 ends in zeros, so n times it is exact. */
am_inline double am_reduced(double x, double n) {
    return am_fma(n, -0x1.a39ef35793c76p-33, am_fma(n, -0x1.62e42feep-1, x));
}

/* exp(x) = 2^n exp(r), where x = n ln 2 + r and |r| <= ln(2) / 2 (Cody and Waite). A processor is
   slow if a product underflows. So below -746, such as for -infinity, the result is selected. */
am_inline double am_exp(double x) {
    double t = x > 710 ? 710 : x;
    t = t < -746 ? 0 : t;
    double s = am_shifted(t, 1.4426950408889634), r = am_reduced(t, s - 0x1.8p52);
    double y = am_scale(1 + am_fma(r * r, am_exp_rest(r), r), s);
    return x < -746 ? 0 : y;
}

/* exp(x) - 1 = (2^n - 1) + 2^n r + 2^n r^2 q(r), where x = n ln 2 + r. The result has the sign of
   x. For n > 53, where 2^n could be infinite, it is exp(x). */
am_inline double am_expm1(double x) {
    double t = x > 710 ? 710 : x;
    t = t < -746 ? -746 : t;
    double s = am_shifted(t, 1.4426950408889634), n = s - 0x1.8p52, r = am_reduced(t, n);
    double rest = r * r * am_exp_rest(r), e = am_scale(1, s);
    double small = am_fma(e, rest, am_fma(e, r, e - 1)), large = am_scale(1 + (r + rest), s);
    return copysign(n > 53 ? large : small, x);
}

/* k ln 2 + log(1 + f) + d for a small d. If s = f / (2 + f) and z = s^2, then
   log(1 + f) = 2 s + s z w(z), within 2^-59. If h = f^2 / 2, this is f - h + s (h + z w(z)), where
   f is exact and the rest is small (fdlibm). */
am_inline double am_log_sum(double k, double f, double d) {
    double s = f / (2 + f), z = s * s, h = 0.5 * f * f;
    double w = 0.14797507525218218;
    w = am_fma(w, z, 0.1531390326603921);
    w = am_fma(w, z, 0.1818356973901307);
    w = am_fma(w, z, 0.22222198476002292);
    w = am_fma(w, z, 0.2857142874326251);
    w = am_fma(w, z, 0.39999999999411096);
    w = am_fma(w, z, 0.6666666666666735);
    double rest = am_fma(s, am_fma(z, w, h), am_fma(k, 0x1.a39ef35793c76p-33, d));
    return am_fma(k, 0x1.62e42feep-1, f - (h - rest));
}

/* log(x) = k ln 2 + log(1 + f), where x = 2^k (1 + f) and sqrt(1/2) <= 1 + f < sqrt(2). A subnormal
   x is multiplied by 2^54 first. */
am_inline double am_log(double x) {
    double bias = x < 0x1p-1022 ? 1023 + 54 : 1023;
    uint64_t bits = am_bits(x < 0x1p-1022 ? x * 0x1p54 : x) + 0x00095F619980C433;
    double k = am_number((bits >> 52) | 0x4330000000000000) - 0x1p52 - bias;
    double f = am_number((bits & 0x000FFFFFFFFFFFFF) + 0x3FE6A09E667F3BCD) - 1;
    double y = am_log_sum(k, f, 0);
    y = x < INFINITY ? y : x;
    return x > 0 ? y : x == 0 ? -INFINITY : NAN;
}

/* log(1 + x) = log(u) + d / u, where u = 1 + x, and d is the rounding error of u (Dekker). */
am_inline double am_log1p(double x) {
    double u = 1 + x, d = x < 1 ? x - (u - 1) : 1 - (u - x);
    uint64_t bits = am_bits(u) + 0x00095F619980C433;
    double k = am_number((bits >> 52) | 0x4330000000000000) - 0x1p52 - 1023;
    double f = am_number((bits & 0x000FFFFFFFFFFFFF) + 0x3FE6A09E667F3BCD) - 1;
    double y = am_log_sum(k, f, d / u);
    y = x < INFINITY ? y : x;
    return copysign(x > -1 ? y : x == -1 ? -INFINITY : NAN, x);
}

/* tanh(|x|) = (exp(t) - 1) / (exp(t) + 1) = m / (m + 2 (2 q - p)), where t = 2 |x| = n ln 2 + r and
   0 <= r < ln 2, e = 2^n, m = (e + 1) p + 2 (e - 1) q, and exp(r) = (2 q + p) / (2 q - p). So
   tanh(r / 2) = p / (2 q), within 2^-59. q = 1 + c z. Its rounding error d goes into p, because only
   p / q matters. From t = 40 on, tanh(x) rounds to 1. */
am_inline double am_tanh(double x) {
    double t = 2 * fabs(x);
    t = t > 40 ? 40 : t;
    double s = am_shifted(t - 0.34657359027997264, 1.4426950408889634), n = s - 0x1.8p52;
    double r = am_reduced(t, n), z = r * r, e = am_power(s);
    double c = am_fma(1.4994195337940203e-06, z, 0.0012619577093286388);
    c = am_fma(c, z, 0.1136301229359935);
    double q = am_fma(c, z, 1), d = am_fma(-c, z, q - 1);
    double p = am_fma(0.00012611413132599284, z, 0.030296789602660284);
    p = am_fma(r, am_fma(p, z, d), r);
    double m = am_fma(e + 1, p, am_fma(2, e, -2) * q);
    return copysign(m / am_fma(2, am_fma(2, q, -p), m), x);
}

/* sigmoid(x) = 1 / (1 + 2^n (1 + p)), where exp(-x) = 2^n (1 + p). If n > 0, numerator and
   denominator are multiplied by e = 2^-n, so that nothing overflows. The denominator is
   1 + w = c + d, where d is the rounding error of c (Dekker). If y = 1 / c, the quotient is
   y - y^2 d. */
am_inline double am_sigmoid(double x) {
    double t = x > 746 ? -746 : -x;
    t = t > 746 ? 746 : t;
    double n = am_shifted(t, 1.4426950408889634) - 0x1.8p52, r = am_reduced(t, n);
    double p = am_fma(r * r, am_exp_rest(r), r), e = am_scale(1, 0x1.8p52 - fabs(n));
    double w = am_fma(n > 0 ? 1 : e, p, e), c = 1 + w, d = 1 - c + w, y = 1 / c;
    return (n > 0 ? e : 1) * am_fma(-y * y, d, y);
}

/* erf(x) = 1 - exp(-l) = 1 - 2^n (1 + p) for x >= 0, where l = -log(1 - erf(x)) = x + x m(x),
   within 2^-56. d is the rounding error of l. It matters for small x, where n = 0 and erf(x) = -p.
   From 6 on, erf(x) rounds to 1. */
am_inline double am_erf(double x) {
    double a = fabs(x);
    a = a > 6 ? 6 : a;
    double z = a * a;
    double even = 7.834785906514655e-16;
    even = am_fma(even, z, 8.846101274580179e-13);
    even = am_fma(even, z, 1.2484680554536987e-10);
    even = am_fma(even, z, 4.99789664228275e-09);
    even = am_fma(even, z, 6.573592831524458e-08);
    even = am_fma(even, z, 1.3719483375316932e-07);
    even = am_fma(even, z, -1.7415205932912112e-06);
    even = am_fma(even, z, 3.4072877905546164e-06);
    even = am_fma(even, z, 6.449186782279135e-05);
    even = am_fma(even, z, -0.0005901255521688398);
    even = am_fma(even, z, -0.00020919469482414798);
    even = am_fma(even, z, 0.10277260330178882);
    even = am_fma(even, z, 0.12837916709551256);
    double odd = -3.850786784142616e-14;
    odd = am_fma(odd, z, -1.2611661450514497e-11);
    odd = am_fma(odd, z, -9.082607845190069e-10);
    odd = am_fma(odd, z, -2.0963418858448395e-08);
    odd = am_fma(odd, z, -1.4176817376089925e-07);
    odd = am_fma(odd, z, 3.3634390048994325e-07);
    odd = am_fma(odd, z, 2.835112660002395e-06);
    odd = am_fma(odd, z, -2.9724060305867774e-05);
    odd = am_fma(odd, z, 2.5878601662699095e-05);
    odd = am_fma(odd, z, 0.0016962063856032817);
    odd = am_fma(odd, z, -0.019128447005071766);
    odd = am_fma(odd, z, 0.6366197723675836);
    double m = am_fma(odd, a, even);
    double l = am_fma(a, m, a), d = am_fma(a, m, a - l);
    double s = am_shifted(l, -1.4426950408889634), r = am_reduced(-l, s - 0x1.8p52);
    double p = r + am_fma(r * r, am_exp_rest(r), -d), e = am_scale(1, s);
    return copysign(am_fma(-e, p, 1 - e), x);
}

/* The loop below is right for |x| < 2^20, and only if products are not rounded before a sum. */
#ifdef am_fused
#define am_is_near(x) (fabs(x) < 0x1p20)
#else
#define am_is_near(x) 0
#endif

/* sin(x + quarters pi / 2), where x = n pi / 2 + r + low and |r| < 0.8. pi / 2 is a sum of three
   numbers, of which n times the second is exact (Cody and Waite). So an x near a multiple of pi / 2
   loses no digits. sin(r + low) = sin(r) + low cos(r). The polynomials are within 2^-57. */
am_inline double am_sin_near(double x, uint64_t quarters) {
    double shifted = am_shifted(x, 0.6366197723675814), n = shifted - 0x1.8p52;
    double high = am_fma(n, -0x1.921fb54442d18p0, x), r = am_fma(n, -0x1.1a626331p-54, high);
    double low = am_fma(n, -0x1.1701b839a252p-88, am_fma(n, -0x1.1a626331p-54, high - r));
    double z = r * r, zz = z * z, half = 0.5 * z;
    double even = am_fma(-2.5050643629657534e-08, zz, -0.00019841269827728823);
    double odd = am_fma(1.589012698596127e-10, zz, 2.7557312965201898e-06);
    even = am_fma(even, zz, -0.1666666666666662);
    odd = am_fma(odd, zz, 0.00833333333331984);
    double sine = r + am_fma(z * r, am_fma(odd, z, even), am_fma(-half, low, low));
    even = am_fma(2.087561929389104e-09, zz, 2.4801587286801593e-05);
    odd = am_fma(-1.1354295571731889e-11, zz, -2.7557313582771315e-07);
    even = am_fma(even, zz, 0.041666666666666574);
    odd = am_fma(odd, zz, -0.0013888888888869803);
    double rest = am_fma(zz, am_fma(odd, z, even), -r * low);
    double cosine = 1 - half + (1 - (1 - half) - half + rest);
    uint64_t quarter = am_bits(shifted) + quarters;
    uint64_t bits = am_bits(quarter & 1 ? cosine : sine);
    return am_number(bits ^ (quarter & 2) << 62);
}

/* The sine of n numbers, or the cosine for quarters = 1. The first loop has no branches. Large
   numbers, which are rare, and NaN follow. A small x is its own sine, and -0 keeps its sign. */
am_inline void am_sin_loop(uint64_t quarters, long n, const double *restrict x,
                            double *restrict y) {
    int is_far = 0;
#pragma omp simd reduction(| : is_far)
    for (long i = 0; i < n; i++) {
        double near = am_sin_near(x[i], quarters);
        y[i] = quarters == 0 && fabs(x[i]) < 0x1p-27 ? x[i] : near;
        is_far |= !am_is_near(x[i]);
    }
    for (long i = 0; is_far && i < n; i++)
        if (!am_is_near(x[i])) y[i] = quarters ? cos(x[i]) : sin(x[i]);
}

/* y[i] = sin(x[i]) */
static void am_sin_all(long n, const double *restrict x, double *restrict y) {
    am_sin_loop(0, n, x, y);
}

/* y[i] = cos(x[i]) */
static void am_cos_all(long n, const double *restrict x, double *restrict y) {
    am_sin_loop(1, n, x, y);
}

/* The bits of a float as an integer. */
am_inline uint32_t am_bitsf(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* The float with these bits. */
am_inline float am_numberf(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* 1.5 2^23 + n for the integer n nearest to a b, where |a b| < 2^22. */
am_inline float am_shiftedf(float a, float b) {
    return am_fmaf(a, b, 0x1.8p23f);
}

/* 2^n x for an integer n. 1.5 2^23 + n is given. The exponent of a float starts at bit 23. 2^n is
   two factors, 2^floor(n/2) and 2^ceil(n/2), because 2^128 is infinite and 2^-149 is subnormal. */
am_inline float am_scalef(float x, float shifted) {
    uint32_t bits = am_bitsf(shifted);
    uint32_t low = (bits << 22 & 0xFF800000) + 0x3F800000;
    uint32_t high = ((bits + 1) << 22 & 0xFF800000) + 0x3F800000;
    return x * am_numberf(low) * am_numberf(high);
}

/* 2^n for an integer n that is less than 128 and not so small that 2^n is subnormal. */
am_inline float am_powerf(float shifted) {
    return am_numberf((am_bitsf(shifted) << 23) + 0x3F800000);
}

/* q(r), where exp(r) = 1 + r + r^2 q(r), within 2^-27, for |r| <= ln(2) / 2. */
am_inline float am_exp_restf(float r) {
    float q = 0.0013816839f;
    q = am_fmaf(q, r, 0.00836879f);
    q = am_fmaf(q, r, 0.041668363f);
    q = am_fmaf(q, r, 0.1666652f);
    return am_fmaf(q, r, 0.49999994f);
}

/* r = x - n ln 2. The high part of ln 2 ends in zeros, so n times it is exact. */
am_inline float am_reducedf(float x, float n) {
    return am_fmaf(n, -0x1.7f7d1cp-20f, am_fmaf(n, -0x1.62e4p-1f, x));
}

/* exp(x) = 2^n exp(r), where x = n ln 2 + r and |r| <= ln(2) / 2 (Cody and Waite). A processor is
   slow if a product underflows. So below -104, such as for -infinity, the result is selected. */
am_inline float am_expf(float x) {
    float t = x > 89 ? 89 : x;
    t = t < -104 ? 0 : t;
    float s = am_shiftedf(t, 1.44269504f), r = am_reducedf(t, s - 0x1.8p23f);
    float y = am_scalef(1 + am_fmaf(r * r, am_exp_restf(r), r), s);
    return x < -104 ? 0 : y;
}

/* exp(x) - 1 = (2^n - 1) + 2^n r + 2^n r^2 q(r), where x = n ln 2 + r. The result has the sign of
   x. For n > 24, where 2^n could be infinite, it is exp(x). */
am_inline float am_expm1f(float x) {
    float t = x > 89 ? 89 : x;
    t = t < -104 ? -104 : t;
    float s = am_shiftedf(t, 1.44269504f), n = s - 0x1.8p23f, r = am_reducedf(t, n);
    float rest = r * r * am_exp_restf(r), e = am_scalef(1, s);
    float small = am_fmaf(e, rest, am_fmaf(e, r, e - 1)), large = am_scalef(1 + (r + rest), s);
    return copysignf(n > 24 ? large : small, x);
}

/* k ln 2 + log(1 + f) + d for a small d. If s = f / (2 + f) and z = s^2, then
   log(1 + f) = 2 s + s z w(z), within 2^-30. If h = f^2 / 2, this is f - h + s (h + z w(z)), where
   f is exact and the rest is small (fdlibm). */
am_inline float am_log_sumf(float k, float f, float d) {
    float s = f / (2 + f), z = s * s, h = 0.5f * f * f;
    float w = 0.298731f;
    w = am_fmaf(w, z, 0.39977497f);
    w = am_fmaf(w, z, 0.66666776f);
    float rest = am_fmaf(s, am_fmaf(z, w, h), am_fmaf(k, 0x1.7f7d1cp-20f, d));
    return am_fmaf(k, 0x1.62e4p-1f, f - (h - rest));
}

/* log(x) = k ln 2 + log(1 + f), where x = 2^k (1 + f) and sqrt(1/2) <= 1 + f < sqrt(2). A subnormal
   x is multiplied by 2^24 first. */
am_inline float am_logf(float x) {
    float bias = x < 0x1p-126f ? 127 + 24 : 127;
    uint32_t bits = am_bitsf(x < 0x1p-126f ? x * 0x1p24f : x) + 0x004AFB0D;
    float k = am_numberf((bits >> 23) | 0x4B000000) - 0x1p23f - bias;
    float f = am_numberf((bits & 0x007FFFFF) + 0x3F3504F3) - 1;
    float y = am_log_sumf(k, f, 0);
    y = x < INFINITY ? y : x;
    return x > 0 ? y : x == 0 ? -INFINITY : NAN;
}

/* log(1 + x) = log(u) + d / u, where u = 1 + x, and d is the rounding error of u (Dekker). */
am_inline float am_log1pf(float x) {
    float u = 1 + x, d = x < 1 ? x - (u - 1) : 1 - (u - x);
    uint32_t bits = am_bitsf(u) + 0x004AFB0D;
    float k = am_numberf((bits >> 23) | 0x4B000000) - 0x1p23f - 127;
    float f = am_numberf((bits & 0x007FFFFF) + 0x3F3504F3) - 1;
    float y = am_log_sumf(k, f, d / u);
    y = x < INFINITY ? y : x;
    return copysignf(x > -1 ? y : x == -1 ? -INFINITY : NAN, x);
}

/* tanh(|x|) = (exp(t) - 1) / (exp(t) + 1) = m / (m + 2 (2 q - p)), where t = 2 |x| = n ln 2 + r and
   0 <= r < ln 2, e = 2^n, m = (e + 1) p + 2 (e - 1) q, and exp(r) = (2 q + p) / (2 q - p). So
   tanh(r / 2) = p / (2 q), within 2^-35. q = 1 + c z. Its rounding error d goes into p, because only
   p / q matters. From t = 20 on, tanh(x) rounds to 1. */
am_inline float am_tanhf(float x) {
    float t = 2 * fabsf(x);
    t = t > 20 ? 20 : t;
    float s = am_shiftedf(t - 0.34657359f, 1.44269504f), n = s - 0x1.8p23f;
    float r = am_reducedf(t, n), z = r * r, e = am_powerf(s);
    float c = am_fmaf(0.000593071047f, z, 0.107116729f), q = am_fmaf(c, z, 1);
    float d = am_fmaf(-c, z, q - 1), p = am_fmaf(r, am_fmaf(0.0237833988f, z, d), r);
    float m = am_fmaf(e + 1, p, am_fmaf(2, e, -2) * q);
    return copysignf(m / am_fmaf(2, am_fmaf(2, q, -p), m), x);
}

/* sigmoid(x) = 1 / (1 + 2^n (1 + p)), where exp(-x) = 2^n (1 + p). If n > 0, numerator and
   denominator are multiplied by e = 2^-n, so that nothing overflows. The denominator is
   1 + w = c + d, where d is the rounding error of c (Dekker). If y = 1 / c, the quotient is
   y - y^2 d. */
am_inline float am_sigmoidf(float x) {
    float t = x > 104 ? -104 : -x;
    t = t > 104 ? 104 : t;
    float n = am_shiftedf(t, 1.44269504f) - 0x1.8p23f, r = am_reducedf(t, n);
    float p = am_fmaf(r * r, am_exp_restf(r), r), e = am_scalef(1, 0x1.8p23f - fabsf(n));
    float w = am_fmaf(n > 0 ? 1 : e, p, e), c = 1 + w, d = 1 - c + w, y = 1 / c;
    return (n > 0 ? e : 1) * am_fmaf(-y * y, d, y);
}

/* erf(x) = 1 - exp(-l) = 1 - 2^n (1 + p) for x >= 0, where l = -log(1 - erf(x)) = x + x m(x),
   within 2^-26. d is the rounding error of l. It matters for small x, where n = 0 and erf(x) = -p.
   From 4 on, erf(x) rounds to 1. */
am_inline float am_erff(float x) {
    float a = fabsf(x);
    a = a > 4 ? 4 : a;
    float m = 1.1932964e-06f;
    m = am_fmaf(m, a, -2.1354574e-05f);
    m = am_fmaf(m, a, 0.00016748089f);
    m = am_fmaf(m, a, -0.00074068573f);
    m = am_fmaf(m, a, 0.0017993536f);
    m = am_fmaf(m, a, -0.00025306086f);
    m = am_fmaf(m, a, -0.019117694f);
    m = am_fmaf(m, a, 0.102771275f);
    m = am_fmaf(m, a, 0.6366198f);
    m = am_fmaf(m, a, 0.12837917f);
    float l = am_fmaf(a, m, a), d = am_fmaf(a, m, a - l);
    float s = am_shiftedf(l, -1.44269504f), r = am_reducedf(-l, s - 0x1.8p23f);
    float p = r + am_fmaf(r * r, am_exp_restf(r), -d), e = am_scalef(1, s);
    return copysignf(am_fmaf(-e, p, 1 - e), x);
}

/* sin(x + quarters pi / 2), with double numbers. The polynomials are within 2^-27. */
am_inline float am_sin_nearf(double x, uint64_t quarters) {
    double shifted = am_shifted(x, 0.6366197723675814), n = shifted - 0x1.8p52;
    double r = am_fma(n, -0x1.1a62633145c07p-54, am_fma(n, -0x1.921fb54442d18p0, x)), z = r * r;
    double sine = am_fma(-0.00019503069085172558, z, 0.008332070886845695);
    sine = am_fma(z * r, am_fma(sine, z, -0.16666653192305636), r);
    double cosine = am_fma(2.4419196959003456e-05, z, -0.0013887194232148179);
    cosine = am_fma(z * z, am_fma(cosine, z, 0.041666643182942484), 1 - 0.5 * z);
    uint64_t quarter = am_bits(shifted) + quarters;
    uint64_t bits = am_bits(quarter & 1 ? cosine : sine);
    return (float)am_number(bits ^ (quarter & 2) << 62);
}

/* The sine of n numbers, or the cosine for quarters = 1. The first loop has no branches. Large
   numbers, which are rare, and NaN follow. A small x is its own sine, and -0 keeps its sign. */
am_inline void am_sin_loopf(uint64_t quarters, long n, const float *restrict x,
                            float *restrict y) {
    int is_far = 0;
#pragma omp simd reduction(| : is_far)
    for (long i = 0; i < n; i++) {
        float near = am_sin_nearf(x[i], quarters);
        y[i] = quarters == 0 && fabsf(x[i]) < 0x1p-13f ? x[i] : near;
        is_far |= !am_is_near(x[i]);
    }
    for (long i = 0; is_far && i < n; i++)
        if (!am_is_near(x[i])) y[i] = quarters ? cosf(x[i]) : sinf(x[i]);
}

/* y[i] = sin(x[i]) */
static void am_sinf_all(long n, const float *restrict x, float *restrict y) {
    am_sin_loopf(0, n, x, y);
}

/* y[i] = cos(x[i]) */
static void am_cosf_all(long n, const float *restrict x, float *restrict y) {
    am_sin_loopf(1, n, x, y);
}
