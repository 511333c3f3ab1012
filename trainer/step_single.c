/* step_single.c - step_real.inc in single precision. */
#include "base/activation.h"

#define REAL float
#define KIND f
#define FORWARD pdlt_activation_forward_single
#include "trainer/step_real.inc"
