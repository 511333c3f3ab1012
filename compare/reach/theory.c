/* theory.c - what theory.npz alone says of the reach; see reach.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/experiment/quantity.h"
#include "compare/reach/gaussian_ntk.h"
#include "compare/reach/power.h"
#include "compare/reach/reach.h"
#include "compare/reach/stored.h"
#include "compare/text/order.h"

/* Corrections per h^power, ntk per h^power_ntk; h_negative: beyond it a prediction is negative. */
struct pdlt_reach_theory {
  double power, power_ntk;
  double z, cov, loss, ntk, spread; /* NaN: not known */
  double h_negative;
  int trained;                 /* 0: no time but 0 is recorded, and no rule applies */
  const pdlt_archive *archive; /* borrowed, for what depends on h otherwise */
  pdlt_gaussian_ntk *model;    /* owned; NULL: not known */
  pdlt_reach_stored stored;    /* where the archive holds what came of the model in its place */
};

/* h^power. */
static double unit_of(double h, double power) { return power < 1.0 ? pow(h, power) : h; }

/* First coefficient of a trained quantity, NAME_nlo or NAME_half; NULL: not predicted. */
static const pdlt_array *first_of(const pdlt_archive *theory, int quantity) {
  const char *name = pdlt_quantity_first(&pdlt_quantities[quantity], pdlt_trained_power(theory));
  return pdlt_archive_get(theory, name);
}

static const pdlt_array *lo_of(const pdlt_archive *theory, int quantity) {
  return pdlt_archive_get(theory, pdlt_quantities[quantity].lo);
}

/* Sum of the squares of all finite numbers. */
static double squares(const pdlt_array *array) {
  double sum = 0.0;
  for (size_t i = 0; i < pdlt_array_count(array); i++) sum += array->data[i] * array->data[i];
  return sum;
}

/* Root mean square of a correction over that of what it corrects; NaN: one of them is NULL. */
static double ratio(const pdlt_array *top, const pdlt_array *bottom) {
  if (top == NULL || bottom == NULL || pdlt_array_count(top) == 0) return NAN;
  const double size = squares(bottom) / (double)pdlt_array_count(bottom);
  const double change = squares(top) / (double)pdlt_array_count(top);
  return size > 0.0 ? sqrt(change / size) : NAN;
}

/* Sum over the diagonal of cov (T, n_L, D, n_L, D): the variances. */
static double trace(const pdlt_array *cov) {
  const size_t numbers = cov->dim[1] * cov->dim[2];
  double sum = 0.0;
  for (size_t t = 0; t < cov->dim[0]; t++)
    for (size_t k = 0; k < numbers; k++) sum += cov->data[(t * numbers + k) * numbers + k];
  return sum;
}

static double ratio_z(const pdlt_archive *theory) {
  const pdlt_array *first = first_of(theory, PDLT_QUANTITY_Z);
  const pdlt_array *lo = lo_of(theory, PDLT_QUANTITY_Z);
  const pdlt_array *cov = lo_of(theory, PDLT_QUANTITY_COV);
  if (first == NULL || lo == NULL || cov == NULL || cov->ndim != 5) return NAN;
  const double size = squares(lo) + trace(cov);
  return size > 0.0 ? sqrt(squares(first) / size) : NAN;
}

/* The test loss over all times; without test samples the training loss, which goes to 0, at the
 * first. */
static double ratio_loss(const pdlt_archive *theory) {
  const int train = PDLT_QUANTITY_LOSS_TRAIN, tested = PDLT_QUANTITY_LOSS_TEST;
  const double test = ratio(first_of(theory, tested), lo_of(theory, tested));
  if (isfinite(test)) return test;
  const pdlt_array *first = first_of(theory, train), *lo = lo_of(theory, train);
  if (first == NULL || lo == NULL || pdlt_array_count(lo) == 0) return NAN;
  return fabs(first->data[0]) / lo->data[0];
}

/* Of the NTK in training, which goes in powers of h^*power; where that is not predicted at its
 * beginning, in powers of h. */
static double ratio_ntk(const pdlt_archive *theory, double *power) {
  const pdlt_array *stored = pdlt_archive_get(theory, "reach/ntk");
  const pdlt_array *first = first_of(theory, PDLT_QUANTITY_THETA_T);
  const pdlt_array *lo = lo_of(theory, PDLT_QUANTITY_THETA);
  if (stored != NULL) return stored->data[0];
  if (first == NULL || lo == NULL || first->ndim != 5) {
    *power = 1.0;
    return ratio(pdlt_archive_get(theory, pdlt_quantities[PDLT_QUANTITY_THETA].nlo), lo);
  }
  const double outputs = (double)first->dim[1], times = (double)first->dim[0];
  return sqrt(squares(first) / (times * outputs * squares(lo)));
}

/* A tensor (D, D, D, D) of all samples; NULL: absent, or cut to the first ones (theory.keep). */
static const pdlt_array *whole_tensor(const pdlt_archive *theory, const char *name, size_t D) {
  const pdlt_array *array = pdlt_archive_get(theory, name);
  if (array == NULL || array->ndim != 4) return NULL;
  for (int k = 0; k < 4; k++)
    if (array->dim[k] != D) return NULL;
  return array;
}

static double ntk_spread(const pdlt_archive *theory) {
  const pdlt_array *stored = pdlt_archive_get(theory, "reach/spread");
  if (stored != NULL) return stored->data[0];
  const pdlt_array *theta = pdlt_archive_get(theory, "Theta");
  if (theta == NULL) return NAN;
  const size_t D = theta->dim[0];
  const pdlt_array *a = whole_tensor(theory, "A", D), *b = whole_tensor(theory, "B", D);
  if (a == NULL || b == NULL) return NAN;
  double sum = 0.0;
  for (size_t i = 0; i < D; i++) {
    const size_t at = ((i * D + i) * D + i) * D + i;
    sum += sqrt(a->data[at] + 2.0 * b->data[at]) / theta->data[i * D + i];
  }
  return sum / (double)D;
}

/* --- Negative predictions: of a series lo + unit first over time, unit = h^power --- */

typedef struct series {
  const double *lo, *first;
  size_t times, stride;
} series;

static double largest(const series *s) {
  double value = 0.0;
  for (size_t t = 0; t < s->times; t++) value = fmax(value, s->lo[t * s->stride]);
  return value;
}

/* Most negative value relative to the largest at infinite width; 0: none. */
static double most_negative(const series *s, double unit) {
  double value = 0.0;
  for (size_t t = 0; t < s->times; t++)
    value = fmin(value, s->lo[t * s->stride] + unit * s->first[t * s->stride]);
  return value < 0.0 ? value / largest(s) : 0.0;
}

/* Unit beyond which it is below -PDLT_REACH_NEGATIVE somewhere. */
static double negative_from(const series *s) {
  const double allowed = PDLT_REACH_NEGATIVE * largest(s);
  double unit = INFINITY;
  for (size_t t = 0; t < s->times; t++)
    if (s->first[t * s->stride] < 0.0)
      unit = fmin(unit, (s->lo[t * s->stride] + allowed) / -s->first[t * s->stride]);
  return unit;
}

/* Calls of a function on each loss and variance that is predicted; the smallest answer. */
typedef double (*of_series)(const series *s, double unit);

static double over_predictions(const pdlt_archive *theory, of_series f, double unit, double start) {
  static const int losses[] = {PDLT_QUANTITY_LOSS_TRAIN, PDLT_QUANTITY_LOSS_TEST};
  double value = start;
  for (size_t k = 0; k < 2; k++) {
    const pdlt_array *lo = lo_of(theory, losses[k]), *first = first_of(theory, losses[k]);
    if (lo == NULL || first == NULL) continue;
    value = fmin(value, f(&(series){lo->data, first->data, pdlt_array_count(lo), 1}, unit));
  }
  const pdlt_array *lo = lo_of(theory, PDLT_QUANTITY_COV);
  const pdlt_array *first = first_of(theory, PDLT_QUANTITY_COV);
  if (lo == NULL || first == NULL || lo->ndim != 5 || !pdlt_array_same_shape(lo, first))
    return value;
  const size_t numbers = lo->dim[1] * lo->dim[2], stride = numbers * numbers;
  for (size_t k = 0; k < numbers; k++) {
    const size_t at = k * numbers + k;
    value = fmin(value, f(&(series){lo->data + at, first->data + at, lo->dim[0], stride}, unit));
  }
  return value;
}

static double limit(const series *s, double unit) {
  (void)unit;
  return negative_from(s);
}

/* h at which a correction `size` h^power is `wanted`. */
static double h_for(double size, double wanted, double power) {
  const double unit = wanted / size;
  return power < 1.0 ? pow(unit, 1.0 / power) : unit;
}

/* 1 unless all that is recorded is the start. */
static int is_trained(const pdlt_archive *theory) {
  const pdlt_array *times = pdlt_archive_get(theory, "times");
  for (size_t t = 0; times != NULL && t < pdlt_array_count(times); t++)
    if (times->data[t] != 0.0) return 1;
  return times == NULL;
}

/* --- The model --- */

/* Everything the model needs, or 0. It is that of gradient descent on all training samples. */
static int model_input(pdlt_gaussian_ntk_input *in, const pdlt_archive *theory) {
  const pdlt_array *theta = pdlt_archive_get(theory, "Theta"), *y = pdlt_archive_get(theory, "y");
  const pdlt_array *times = pdlt_archive_get(theory, "times");
  const json_t *experiment = json_object_get(theory->meta, "experiment");
  const json_t *train = json_object_get(json_object_get(experiment, "data"), "train");
  const json_t *training = json_object_get(experiment, "training");
  const json_t *eta = json_object_get(training, "eta");
  if (json_object_get(training, "method") != NULL || json_object_get(training, "batch") != NULL ||
      json_object_get(training, "loss") != NULL)
    return 0; /* not gradient descent on half squares: another model */
  if (theta == NULL || y == NULL || times == NULL) return 0;
  const size_t D = theta->dim[0];
  const pdlt_array *a = whole_tensor(theory, "A", D), *b = whole_tensor(theory, "B", D);
  if (a == NULL || b == NULL) return 0;
  *in = (pdlt_gaussian_ntk_input){.D = D,
                                  .A = (size_t)json_integer_value(train),
                                  .theta = theta->data,
                                  .a = a->data,
                                  .b = b->data,
                                  .y = y->data,
                                  .eta = json_number_value(eta),
                                  .flow = json_is_string(eta),
                                  .num_times = pdlt_array_count(times),
                                  .times = times->data};
  if (y->ndim != 2 || y->dim[0] != D || theta->ndim != 2 || theta->dim[1] != D) return 0;
  in->outputs = y->dim[1];
  return in->A > 0 && in->A <= D && in->num_times > 0 && (in->flow || in->eta > 0.0);
}

void pdlt_reach_theory_free(pdlt_reach_theory *theory) {
  if (theory == NULL) return;
  pdlt_gaussian_ntk_free(theory->model);
  pdlt_free(theory);
}

pdlt_status pdlt_reach_theory_new_sizes(pdlt_reach_theory **out, const pdlt_archive *archive,
                                        pdlt_error *err) {
  pdlt_reach_theory *theory = NULL;
  const pdlt_status status = pdlt_alloc(&theory, 1, sizeof *theory, err);
  if (status != PDLT_OK) return status;
  const double power = pdlt_trained_power(archive);
  const int cov = PDLT_QUANTITY_COV;
  *theory = (pdlt_reach_theory){.power = power,
                                .power_ntk = power,
                                .z = ratio_z(archive),
                                .cov = ratio(first_of(archive, cov), lo_of(archive, cov)),
                                .loss = ratio_loss(archive),
                                .spread = ntk_spread(archive),
                                .trained = is_trained(archive),
                                .archive = archive,
                                .stored = pdlt_reach_stored_get(archive)};
  theory->ntk = ratio_ntk(archive, &theory->power_ntk);
  theory->h_negative = h_for(1.0, over_predictions(archive, limit, 0.0, INFINITY), power);
  *out = theory;
  return PDLT_OK;
}

pdlt_status pdlt_reach_theory_new(pdlt_reach_theory **out, const pdlt_archive *archive,
                                  pdlt_progress *progress, pdlt_error *err) {
  pdlt_reach_theory *theory = NULL;
  pdlt_gaussian_ntk_input input;
  pdlt_status status = pdlt_reach_theory_new_sizes(&theory, archive, err);
  if (status != PDLT_OK) return status;
  if (theory->stored.num == 0 && model_input(&input, archive)) {
    input.progress = progress;
    PDLT_TRY(pdlt_gaussian_ntk_new(&theory->model, &input, err));
  }
  *out = theory;
  return PDLT_OK;
cleanup:
  pdlt_reach_theory_free(theory);
  return status;
}

/* The first rule that the width breaks, in words. */
static void decide(pdlt_reach *r, const char *order) {
  const struct {
    double size;
    const char *what;
  } sizes[] = {{r->correction, "the mean output"},
               {r->correction_cov, "the covariance of the outputs"},
               {r->correction_loss, "the expected loss"}};
  if (r->unstable > PDLT_UNSTABLE_SHARE) {
    r->in_reach = 0;
    snprintf(r->reason, sizeof r->reason, "%.2g of the draws are unstable (eta theta_max > 2)",
             r->unstable);
    return;
  }
  for (size_t k = 0; k < 3; k++) {
    if (!(sizes[k].size > PDLT_REACH_CORRECTION)) continue;
    r->in_reach = 0;
    snprintf(r->reason, sizeof r->reason, "order %s corrects %s by %.3g %%, more than %g %%", order,
             sizes[k].what, 100.0 * sizes[k].size, 100.0 * PDLT_REACH_CORRECTION);
    return;
  }
  if (r->negative < -PDLT_REACH_NEGATIVE) {
    r->in_reach = 0;
    snprintf(r->reason, sizeof r->reason,
             "order %s predicts a negative loss or variance (%.2g %% of its largest value)", order,
             100.0 * r->negative);
  } else if (r->g > PDLT_REACH_G) {
    r->in_reach = 0;
    snprintf(r->reason, sizeof r->reason,
             "the NTK fluctuates too much to expand in its fluctuations (g = %.3g, at most %g)",
             r->g, PDLT_REACH_G);
  }
}

pdlt_status pdlt_reach_at(pdlt_reach *out, const pdlt_reach_theory *theory, double h,
                          double unstable, pdlt_error *err) {
  const double unit = unit_of(h, theory->power);
  pdlt_reach r = {.in_reach = 1,
                  .g = NAN,
                  .power = theory->power,
                  .correction = unit * theory->z,
                  .correction_cov = unit * theory->cov,
                  .correction_loss = unit * theory->loss,
                  .correction_ntk = unit_of(h, theory->power_ntk) * theory->ntk,
                  .negative = over_predictions(theory->archive, most_negative, unit, 0.0),
                  .ntk_spread = sqrt(h) * theory->spread,
                  .unstable = unstable,
                  .stable_width = NAN,
                  .top_share = NAN};
  pdlt_status status =
      theory->model == NULL ? PDLT_OK : pdlt_gaussian_ntk_miss(theory->model, h, &r.g, err);
  if (status != PDLT_OK) return status;
  if (theory->stored.num > 0) r.g = pdlt_reach_stored_g(&theory->stored, h);
  if (theory->trained) decide(&r, pdlt_order_of(theory->power)->plain);
  *out = r;
  return PDLT_OK;
}

/* h at which g is PDLT_REACH_G, to 10 %: g grows about as h, so each step divides by how far off
 * it was, and stays between what is known. */
static pdlt_status largest_h_of_model(const pdlt_gaussian_ntk *model, double *out,
                                      pdlt_error *err) {
  double within = 0.0, beyond = INFINITY, h = 0.01, g = 0.0;
  for (int step = 0; step < 24; step++) {
    const pdlt_status status = pdlt_gaussian_ntk_miss(model, h, &g, err);
    if (status != PDLT_OK) return status;
    if (isnan(g)) {
      *out = INFINITY;
      return PDLT_OK;
    }
    if (g <= PDLT_REACH_G)
      within = h;
    else
      beyond = h;
    if (within > 0.0 && beyond < 1.1 * within) break;
    if (within >= 1.0) break; /* width 1 is within */
    const double next = h * fmin(fmax(0.98 * PDLT_REACH_G / g, 1.0 / 32.0), 32.0);
    h = fmin(fmax(next, 1.04 * within), beyond / 1.04);
  }
  *out = within;
  return PDLT_OK;
}

int pdlt_reach_has_g(const pdlt_reach_theory *theory) {
  return theory->model != NULL || theory->stored.num > 0;
}
double pdlt_reach_ntk(const pdlt_reach_theory *theory) { return theory->ntk; }
double pdlt_reach_spread(const pdlt_reach_theory *theory) { return theory->spread; }

pdlt_status pdlt_reach_largest_h_of_g(const pdlt_reach_theory *theory, double *h, pdlt_error *err) {
  *h = theory->stored.num > 0 ? theory->stored.largest_h : INFINITY;
  return theory->model == NULL ? PDLT_OK : largest_h_of_model(theory->model, h, err);
}

pdlt_status pdlt_reach_largest_h(const pdlt_reach_theory *theory, double *h, pdlt_error *err) {
  const double sizes[] = {theory->z, theory->cov, theory->loss};
  double limit_g = INFINITY, most = theory->h_negative;
  *h = INFINITY;
  if (!theory->trained) return PDLT_OK;
  for (size_t k = 0; k < 3; k++)
    if (sizes[k] > 0.0) most = fmin(most, h_for(sizes[k], PDLT_REACH_CORRECTION, theory->power));
  const pdlt_status status = pdlt_reach_largest_h_of_g(theory, &limit_g, err);
  if (status == PDLT_OK) *h = fmin(most, limit_g);
  return status;
}

double pdlt_reach_correction_h(const pdlt_reach_theory *theory, double wanted) {
  double h = INFINITY;
  if (isnan(theory->z)) return NAN;
  if (theory->z > 0.0) h = fmin(h, h_for(theory->z, wanted, theory->power));
  if (theory->loss > 0.0) h = fmin(h, h_for(theory->loss, wanted, theory->power));
  if (theory->ntk > 0.0) h = fmin(h, h_for(theory->ntk, wanted, theory->power_ntk));
  return h;
}
