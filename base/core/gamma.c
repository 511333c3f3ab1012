/* gamma.c - see gamma.h. */
#include "base/core/gamma.h"

#include <math.h>

double pdlt_log_gamma(double x) {
  int sign;
  return lgamma_r(x, &sign);
}
