/* truncation.c - how large the powers of h beyond the fit may be; see truncation.h. */
#include "compare/verdict/truncation.h"

#include <math.h>

#include "base/core/memory.h"

/* Adds c_k^2 and its variance for number k of the join, k = 0 .. degree. x, se: (U) room. */
static pdlt_status add_number(const pdlt_truncation_input *in, size_t number, double *rows,
                              double *se, double *square, double *variance, pdlt_error *err) {
  const pdlt_join *join = in->join;
  const size_t at = number * join->num_widths;
  for (size_t i = 0; i < in->num; i++)
    se[i] = hypot(join->se[at + in->width[i]], join->floor[number]);
  const pdlt_status status =
      pdlt_fit_rows(in->num, in->h, se, 0, in->degree, NULL, rows, NULL, err);
  if (status != PDLT_OK) return status;
  for (int k = 0; k <= in->degree; k++) {
    double c = 0.0, noise = 0.0;
    for (size_t i = 0; i < in->num; i++) {
      const double a = rows[(size_t)k * in->num + i];
      c += a * join->x[at + in->width[i]];
      noise += a * a * se[i] * se[i];
    }
    square[k] += c * c;
    variance[k] += noise;
  }
  return PDLT_OK;
}

/* C_0 from theory, C_k from the fits, per number. */
static void sizes_of(const pdlt_truncation_input *in, const double *square, const double *variance,
                     double numbers, double *size) {
  const pdlt_join *join = in->join;
  double lo = 0.0;
  for (size_t k = 0; k < join->count; k++)
    if (join->distinct[k]) lo += join->lo[k] * join->lo[k];
  size[0] = sqrt(lo / numbers);
  for (int k = 1; k <= in->degree; k++)
    size[k] = sqrt(fmax(0.0, square[k] - variance[k]) / numbers);
}

pdlt_status pdlt_truncation(const pdlt_truncation_input *in, double beyond[PDLT_FIT_BEYOND],
                            pdlt_error *err) {
  const size_t terms = (size_t)in->degree + 1;
  double *rows = NULL, *se = NULL, numbers = 0.0, ratio = 0.0;
  double square[PDLT_FIT_MAX_TERMS] = {0}, variance[PDLT_FIT_MAX_TERMS] = {0};
  double size[PDLT_FIT_MAX_TERMS] = {0};
  pdlt_status status = PDLT_OK;
  beyond[0] = beyond[1] = 0.0;
  PDLT_TRY(pdlt_alloc(&rows, terms * in->num, sizeof *rows, err));
  PDLT_TRY(pdlt_alloc(&se, in->num, sizeof *se, err));
  for (size_t k = 0; k < in->join->count; k++) {
    if (!in->join->distinct[k]) continue;
    PDLT_TRY(add_number(in, k, rows, se, square, variance, err));
    numbers += 1.0;
  }
  if (numbers == 0.0) goto cleanup;
  sizes_of(in, square, variance, numbers, size);
  for (int k = 0; k < in->degree; k++)
    if (size[k] > 0.0) ratio = fmax(ratio, size[k + 1] / size[k]);
  for (int j = 0; j < PDLT_FIT_BEYOND; j++)
    beyond[j] = in->factor * pow(ratio, j + 1) * size[in->degree];
cleanup:
  pdlt_free(rows);
  pdlt_free(se);
  return status;
}
