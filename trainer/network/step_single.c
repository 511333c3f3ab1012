/* step_single.c - step_real.inc in single precision. */
#define REAL float
#define KIND f
#define FORWARD pdlt_simd_forward_single
#include "trainer/network/step_real.inc"
