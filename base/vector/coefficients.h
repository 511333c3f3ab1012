/* coefficients.h - written by base/vector/make_coefficients.py; do not edit. */
#ifndef PDLT_BASE_VECTOR_COEFFICIENTS_H
#define PDLT_BASE_VECTOR_COEFFICIENTS_H

#ifdef __cplusplus
extern "C" {
#endif

/* clang-format off */
/* (e^r - 1 - r)/r^2, |r| <= ln(2)/2; error that of e^r; relative error 1.6e-17. */
static const double exp_part[10] = {
    0x1.0000000000001p-1,
    0x1.5555555555556p-3,
    0x1.5555555553d64p-5,
    0x1.11111111109b4p-7,
    0x1.6c16c1788b646p-10,
    0x1.a01a01a7c3d59p-13,
    0x1.a019b90eefe8ep-16,
    0x1.71de0daf7a6ccp-19,
    0x1.2891834686c7ep-22,
    0x1.af38a71a18cb9p-26};

/* (sin r - r)/r^3 in r^2, |r| <= pi/4; error that of sin r; relative error 2.0e-17. */
static const double sin_part[6] = {
    -0x1.5555555555555p-3,
    0x1.1111111110bb2p-7,
    -0x1.a01a019e83896p-13,
    0x1.71de37965ea29p-19,
    -0x1.ae600ad575592p-26,
    0x1.5e0b09aba9d7fp-33};

/* (cos r - 1 + r^2/2)/r^4 in r^2, |r| <= pi/4; error that of cos r; relative error 1.2e-18. */
static const double cos_part[6] = {
    0x1.5555555555555p-5,
    -0x1.6c16c16c16967p-10,
    0x1.a01a019f4e9f4p-16,
    -0x1.27e4fa17c44e0p-22,
    0x1.1eeb68d2958ddp-29,
    -0x1.907d9316a965fp-37};

/* (tanh r - r)/r^3 in r^2, |r| <= ln(2)/4; error that of tanh r; relative error 1.4e-17. */
static const double tanh_part[6] = {
    -0x1.555555555554cp-2,
    0x1.11111111066d7p-3,
    -0x1.ba1ba17983042p-5,
    0x1.664f00ba14d71p-6,
    -0x1.224a176fd9603p-7,
    0x1.c602c1ba08be1p-9};

/* (2 atanh s - 2 s)/s^3 in s^2, s^2 <= 0.02945; error that of atanh s; relative error 4.2e-18. */
static const double atanh_small[7] = {
    0x1.5555555555558p-1,
    0x1.99999999952b2p-2,
    0x1.2492492df6947p-2,
    0x1.c71c62debf86bp-3,
    0x1.7462b69705382p-3,
    0x1.39fe208c33457p-3,
    0x1.2b5b5fb2eac92p-3};

/* the same, s^2 <= 1/9; relative error 2.0e-18. */
static const double atanh_wide[11] = {
    0x1.5555555555555p-1,
    0x1.9999999999944p-2,
    0x1.2492492499d46p-2,
    0x1.c71c71bedea97p-3,
    0x1.745d19937b1fcp-3,
    0x1.3b13515f6f9efp-3,
    0x1.111abdc8abe16p-3,
    0x1.e0a2d581ab68fp-4,
    0x1.bc37f0140c19ep-4,
    0x1.32e0d25c9c761p-4,
    0x1.401d3e65cdc48p-3};

/* erf(a)/a in a^2, a <= 3/4; relative error 1.3e-17. */
static const double erf_part[11] = {
    0x1.20dd750429b6dp+0,
    -0x1.812746b0379e0p-2,
    0x1.ce2f21a0424c3p-4,
    -0x1.b82ce31257412p-6,
    0x1.565bcd03657c0p-8,
    -0x1.c02db1220cfe6p-11,
    0x1.f9a2afa3a8f86p-14,
    -0x1.f4c5debf1228ap-17,
    0x1.b90ecd4aeec12p-20,
    -0x1.564f71bbc0d35p-23,
    0x1.8a312cb07e6ccp-27};

/* (a + 4) e^{a^2/2} erfc(a/sqrt 2)/2 in t = (a - 4)/(a + 4); relative error 6.5e-17. */
static const double mills_part[25] = {
    0x1.82b4bb8c94dcep-1,
    -0x1.373e3a893c28cp-1,
    0x1.8c6dbf2cfc2afp-2,
    -0x1.7dff2bff68052p-3,
    0x1.eec4cc3e4db3ep-5,
    -0x1.ee2761054e5e1p-8,
    -0x1.c81719d60dcdbp-9,
    0x1.ab825ff09481bp-10,
    0x1.17a4aec9fa29ap-13,
    -0x1.e4a431b3465b0p-13,
    -0x1.001f7d33a2ff5p-19,
    0x1.26d193750d626p-15,
    0x1.80ca2044c09bdp-21,
    -0x1.8d64fadf80ed1p-18,
    -0x1.523a2fde9b829p-21,
    0x1.1319f41c90a11p-20,
    0x1.24d40b9cf1122p-22,
    -0x1.5739b1a22c213p-23,
    -0x1.763bb001aa685p-24,
    0x1.33354e7ae3599p-26,
    0x1.7329462b6b607p-26,
    -0x1.4b02181dd18fdp-31,
    -0x1.04ffdbe7bdef2p-28,
    -0x1.0236305d3fd38p-33,
    0x1.828df1c3afaadp-32};

/* (asin s - s)/s^3 in s^2, s^2 <= 1/4; error that of asin s; relative error 5.1e-18. */
static const double asin_part[13] = {
    0x1.5555555555556p-3,
    0x1.3333333332ecap-4,
    0x1.6db6db6e31f13p-5,
    0x1.f1c71c1db0623p-6,
    0x1.6e8bb1c8209a2p-6,
    0x1.1c4d35cf95421p-6,
    0x1.c9cf07674736ap-7,
    0x1.782651caa6547p-7,
    0x1.52420b04b37bep-7,
    0x1.65a9c4dfcf8b2p-8,
    0x1.1d189408314eep-6,
    -0x1.e6aaa8a0a04ccp-7,
    0x1.d72b2bc8155f8p-6};

/* Single precision. */
/* as exp_part; relative error 9.9e-9. */
static const float exp_single[5] = {
    0x1.0000000000000p-1f,
    0x1.5554dc0000000p-3f,
    0x1.55551a0000000p-5f,
    0x1.120b6c0000000p-7f,
    0x1.6d11060000000p-10f};

/* as sin_part; relative error 1.3e-8. */
static const float sin_single[3] = {
    -0x1.5555520000000p-3f,
    0x1.110c280000000p-7f,
    -0x1.9ac9940000000p-13f};

/* as cos_part; relative error 8.1e-10. */
static const float cos_single[3] = {
    0x1.5555540000000p-5f,
    -0x1.6c12d20000000p-10f,
    0x1.9bd8860000000p-16f};

/* as tanh_part; relative error 4.8e-10. */
static const float tanh_single[3] = {
    -0x1.5555540000000p-2f,
    0x1.110b580000000p-3f,
    -0x1.b2244e0000000p-5f};

/* as atanh_wide; relative error 1.6e-8. */
static const float atanh_single[4] = {
    0x1.55554c0000000p-1f,
    0x1.99ad6c0000000p-2f,
    0x1.21249a0000000p-2f,
    0x1.12f5980000000p-2f};

/* clang-format on */

#ifdef __cplusplus
}
#endif
#endif
