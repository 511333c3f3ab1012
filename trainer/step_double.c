/* step_double.c - step_real.inc in double precision. */
#include "base/activation.h"

#define REAL double
#define KIND d
#define FORWARD pdlt_activation_forward
#include "trainer/step_real.inc"
