/* truncation.c - see truncation.h. */
#include "compare/verdict/truncation.h"

#include <math.h>

#include "base/core/memory.h"
#include "compare/verdict/joint.h"

/* The coefficients of all numbers, and sums over the distinct ones. */
typedef struct sums {
  int first;           /* power from which on is fitted: 0, or 1 with c0 fixed at lo */
  double *coefficient; /* (degree + 1, N) of h^k; lo for k = 0 */
  double *weight;      /* (degree + 1, N, W) of which it is made; 0 for k = 0 */
  double numbers;
  double square[PDLT_FIT_MAX_TERMS], noise[PDLT_FIT_MAX_TERMS]; /* of c_k */
} sums;

/* Fits number k. rows (degree + 1, U), se (3, U): room. */
static pdlt_status add_number(sums *s, const pdlt_truncation_input *in, pdlt_fit *fit, size_t k,
                              double *rows, double *se, pdlt_error *err) {
  const pdlt_join *join = in->join;
  const size_t at = k * join->num_widths;
  const double *shape = pdlt_join_shape(join, k, in->num, in->width, se + in->num);
  for (size_t i = 0; i < in->num; i++) se[i] = hypot(join->se[at + in->width[i]], join->floor[k]);
  const pdlt_status status = pdlt_fit_solve(fit, se, NULL, shape, rows, NULL, err);
  if (status != PDLT_OK) return status;
  for (int m = 0; m <= in->degree; m++) {
    double c = m == 0 ? join->lo[k] : 0.0, noise = 0.0;
    for (size_t i = 0; m > 0 && i < in->num; i++) {
      const double a = rows[(size_t)(m - s->first) * in->num + i];
      c += a * (join->x[at + in->width[i]] -
                (s->first == 1 ? pdlt_join_lo(join, k, in->width[i]) : 0.0));
      noise += a * a * se[i] * se[i];
      s->weight[((size_t)m * join->count + k) * join->num_widths + in->width[i]] = a;
    }
    s->coefficient[(size_t)m * join->count + k] = c;
    s->square[m] += c * c;
    s->noise[m] += noise;
  }
  s->numbers += 1.0;
  return PDLT_OK;
}

/* In standard deviations of that mean: all orders fluctuate together, and the ratio of what is noise
 * in two of them would be taken for the growth of the series. */
static const double clear = 2.0;

/* Size of a coefficient from the mean of its squares over p directions and that of its noise; 0 where
 * it does not stand clear of the noise, whose mean square scatters by sqrt(2/p) of itself. */
static double clear_size(double square, double noise, double directions) {
  return square - noise > clear * noise * sqrt(2.0 / directions) ? sqrt(square - noise) : 0.0;
}

/* What the sizes C_0 .. C_degree suggest for the next coefficients: they go on from the last by rho,
 * the fastest growth from one size that is not 0 to the next, per power. Where theory follows the width
 * the last coefficient does too, by as much of itself as theory, whether it is clear of its noise or
 * not (docs/width.md, "Truncation"). noise: mean square of that of the last. */
static void extrapolate(const pdlt_truncation_input *in, const double *size, double noise,
                        double next[PDLT_FIT_BEYOND]) {
  const double growth = pdlt_join_growth(in->join, in->num, in->width, in->h);
  const double unseen = fmax(size[in->degree], sqrt(noise));
  double rho = growth;
  int last = -1;
  for (int k = 0; k <= in->degree; k++) {
    if (!(size[k] > 0.0)) continue;
    if (last >= 0) rho = fmax(rho, pow(size[k] / size[last], 1.0 / (k - last)));
    last = k;
  }
  for (int j = 0; j < PDLT_FIT_BEYOND; j++)
    next[j] = fmax(in->factor * size[in->degree] * pow(rho, j + 1), unseen * pow(growth, j + 1));
}

/* Sizes of numbers one by one, and of the directions in which they are known. */
static pdlt_status fill(pdlt_truncation *out, const sums *s, const pdlt_truncation_input *in,
                        const uint64_t *tag, pdlt_error *err) {
  double size[PDLT_FIT_MAX_TERMS] = {0}, mean[PDLT_FIT_MAX_TERMS], noise[PDLT_FIT_MAX_TERMS];
  double directions = 1.0;
  const size_t terms = (size_t)in->degree + 1;
  const pdlt_sizes_input input = {in->join, in->width[0], tag, terms, s->coefficient, s->weight};
  const pdlt_status status = pdlt_joint_sizes(mean, noise, &directions, &input, err);
  if (status != PDLT_OK) return status;
  for (size_t m = 0; m < terms; m++)
    size[m] = clear_size(s->square[m] / s->numbers, s->noise[m] / s->numbers, directions);
  extrapolate(in, size, s->noise[in->degree] / s->numbers, out->beyond);
  for (size_t m = 0; m < terms; m++) size[m] = clear_size(mean[m], noise[m], directions);
  extrapolate(in, size, noise[in->degree], out->shared);
  return PDLT_OK;
}

/* Sizes from fits of the powers from `first` on. */
static pdlt_status size_from(pdlt_truncation *out, const pdlt_truncation_input *in, int first,
                             pdlt_error *err) {
  const size_t terms = (size_t)in->degree + 1, count = in->join->count;
  double *rows = NULL, *se = NULL;
  uint64_t *tag = NULL;
  sums s = {.first = first};
  pdlt_fit fit = {0};
  pdlt_truncation found = {.width = in->width[0]};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_fit_new(&fit, in->num, in->h, first, in->degree, err));
  PDLT_TRY(pdlt_alloc(&rows, terms * in->num, sizeof *rows, err));
  PDLT_TRY(pdlt_alloc(&se, 3 * in->num, sizeof *se, err));
  PDLT_TRY(pdlt_alloc(&tag, count, sizeof *tag, err));
  PDLT_TRY(pdlt_alloc(&s.coefficient, terms * count, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&s.weight, terms * count * in->join->num_widths, sizeof(double), err));
  for (size_t k = 0; k < count; k++) {
    tag[k] = pdlt_joint_tag(in->join, k, 0);
    if (in->join->distinct[k]) PDLT_TRY(add_number(&s, in, &fit, k, rows, se, err));
  }
  if (s.numbers > 0.0 && in->factor > 0.0) PDLT_TRY(fill(&found, &s, in, tag, err));
  *out = found;
cleanup:
  pdlt_free(rows);
  pdlt_free(se);
  pdlt_free(tag);
  pdlt_fit_free(&fit);
  pdlt_free(s.coefficient);
  pdlt_free(s.weight);
  return status;
}

pdlt_status pdlt_truncation_size(pdlt_truncation *out, const pdlt_truncation_input *in,
                                 pdlt_error *err) {
  pdlt_truncation found, known;
  pdlt_status status = size_from(&found, in, 0, err);
  if (status != PDLT_OK) return status;
  known = found;
  if (in->c0_known && !(found.shared[0] > 0.0)) status = size_from(&known, in, 1, err);
  for (int j = 0; j < PDLT_FIT_BEYOND; j++) found.shared_known[j] = known.shared[j];
  if (status == PDLT_OK) *out = found;
  return status;
}

/* The function at width w: its value and the error of it from block values and floors. */
static void value_along(const pdlt_join *join, const double *weight, size_t w, double *x,
                        double *se) {
  const size_t blocks = join->num_blocks[w];
  double total = 0.0, mean = 0.0, square = 0.0, floor = 0.0;
  *x = 0.0;
  for (size_t k = 0; k < join->count; k++) {
    *x += weight[k] * join->x[k * join->num_widths + w];
    floor += fabs(weight[k]) * join->floor[k];
  }
  for (int pass = 0; pass < 2; pass++) { /* the mean of the blocks, then their scatter */
    for (size_t b = 0; b < blocks; b++) {
      double y = 0.0;
      for (size_t k = 0; k < join->count; k++)
        y += weight[k] * join->blocks[w][b * join->count + k];
      if (pass == 0) {
        total += join->weights[w][b];
        mean += join->weights[w][b] * y;
      } else {
        square += join->weights[w][b] * (y - mean) * (y - mean);
      }
    }
    if (pass == 0) mean /= total;
  }
  *se = hypot(sqrt(square / (total * (double)(blocks - 1))), floor);
}

pdlt_status pdlt_truncation_along(double coherent[PDLT_FIT_BEYOND], const pdlt_truncation_input *in,
                                  const double *weight, pdlt_error *err) {
  const size_t terms = (size_t)in->degree + 1, num = in->num;
  double size[PDLT_FIT_MAX_TERMS] = {0}, unit[2], last = 0.0, *x = NULL, *se = NULL, *rows = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&x, num, sizeof *x, err));
  PDLT_TRY(pdlt_alloc(&se, 3 * num, sizeof *se, err));
  PDLT_TRY(pdlt_alloc(&rows, terms * num, sizeof *rows, err));
  for (size_t i = 0; i < num; i++) value_along(in->join, weight, in->width[i], &x[i], &se[i]);
  for (size_t k = 0; k < in->join->count; k++) size[0] += weight[k] * in->join->lo[k];
  const double *shape = pdlt_join_shape_along(in->join, weight, num, in->width, se + num, unit);
  size[0] = fabs(shape == NULL ? size[0] : unit[0]);
  PDLT_TRY(pdlt_fit_rows_shaped(num, in->h, se, 0, in->degree, NULL, shape, rows, NULL, err));
  for (size_t m = 1; m < terms; m++) {
    double c = 0.0, noise = 0.0;
    for (size_t i = 0; i < num; i++) {
      c += rows[m * num + i] * x[i];
      noise += rows[m * num + i] * rows[m * num + i] * se[i] * se[i];
    }
    size[m] = clear_size(c * c, noise, 1.0);
    last = noise;
  }
  extrapolate(in, size, last, coherent);
cleanup:
  pdlt_free(x);
  pdlt_free(se);
  pdlt_free(rows);
  return status;
}
