/* quadrature.c - see quadrature.h. */
#include "theory/gauss/quadrature.h"

#include <math.h>

#include "base/core/memory.h"

#define TWO_PI 6.283185307179586477

enum { MAX_SIDE = 1 << 20 }; /* nodes on either side of 0 */

double pdlt_gauss_line_step(double k, size_t terms) {
  return TWO_PI / (40 * sqrt(k) + 2 * sqrt((double)terms) + 10);
}

pdlt_status pdlt_gauss_line_new(pdlt_gauss_line *out, double step, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_gauss_line line = {0};
  const double half = ceil(PDLT_GAUSS_RANGE / step);
  if (!(half >= 1 && half <= MAX_SIDE))
    PDLT_TRY(pdlt_fail(err, PDLT_ERR_NUMERIC,
                       "a Gaussian expectation needs a step of %g standard deviations; the kernel "
                       "is too large for quadrature",
                       step));
  const size_t side = (size_t)half;
  line.count = 2 * side + 1;
  line.step = PDLT_GAUSS_RANGE / half;
  PDLT_TRY(pdlt_alloc(&line.t, line.count, sizeof *line.t, err));
  PDLT_TRY(pdlt_alloc(&line.w, line.count, sizeof *line.w, err));
  for (size_t i = 0; i <= side; i++) {
    const double t = line.step * (double)i, w = line.step * exp(-0.5 * t * t) / sqrt(TWO_PI);
    line.t[side + i] = t;
    line.t[side - i] = -t;
    line.w[side + i] = line.w[side - i] = w;
  }
  *out = line;
  return PDLT_OK;
cleanup:
  pdlt_gauss_line_free(&line);
  return status;
}

void pdlt_gauss_line_free(pdlt_gauss_line *line) {
  pdlt_free(line->t);
  pdlt_free(line->w);
  *line = (pdlt_gauss_line){0};
}
