/* step_positions_double.c - step_positions.inc in double precision. */
#define REAL double
#define KIND d
#define FORWARD pdlt_simd_forward
#include "trainer/network/step_positions.inc"
