/* step_positions_single.c - step_positions.inc in single precision. */
#define REAL float
#define KIND f
#define FORWARD pdlt_simd_forward_single
#include "trainer/network/step_positions.inc"
