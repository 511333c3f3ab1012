/* cross_entropy.c - see cross_entropy.h: averages over draws of z(0), and their errors. */
#include "theory/infinite/cross_entropy.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/core/softmax.h"
#include "theory/infinite/cross_entropy_path.h"
#include "theory/infinite/gaussian_rule.h"

enum { FIRST_POINTS = 128, FEW_POINTS = 32 };

/* Error of the mean outputs, relative to the largest, with which a lattice is content; operations that it
 * takes at most, FIRST_POINTS in any case; how far K and Theta are moved, relative to their largest entry, to
 * see what their errors change. */
static const double tolerance = 1e-5, most_operations = 4e9, move = 1e-4;

/* One computation: the rules, their sums and what these say. */
typedef struct average {
  pdlt_entropy_model model;
  pdlt_gaussian_rule rule;
  size_t sums, results, points; /* points so far */
  double *sum;                  /* (replicas, sums) */
  double *result;               /* (replicas, results) */
} average;

double pdlt_cross_entropy_room(const pdlt_cross_entropy_input *in) {
  const double T = (double)in->num_times, n = (double)in->training->outputs;
  const double A = n * (double)in->training->A, D = n * (double)in->training->D;
  const double cov = in->with_cov ? T * (2 * A * A + D * D) + 2 * D * D + 2 * A * D : 0;
  return (PDLT_RULE_REPLICAS + 1) * (cov + T * (A + 2 * D));
}

static void free_average(average *a) {
  pdlt_gaussian_rule_free(&a->rule);
  pdlt_entropy_model_free(&a->model);
  pdlt_free(a->sum);
  pdlt_free(a->result);
}

static pdlt_status new_average(average *out, const pdlt_cross_entropy_input *in, pdlt_error *err) {
  average a = {.points = 0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_entropy_model_new(&a.model, in, err));
  PDLT_TRY(pdlt_gaussian_rule_new(&a.rule, a.model.dimensions, in->max_points > 0, err));
  a.sums = pdlt_entropy_sums(&a.model);
  a.results = pdlt_entropy_results(&a.model);
  PDLT_TRY(pdlt_alloc(&a.sum, a.rule.replicas * a.sums, sizeof *a.sum, err));
  PDLT_TRY(pdlt_alloc(&a.result, a.rule.replicas * a.results, sizeof *a.result, err));
  *out = a;
  return PDLT_OK;
cleanup:
  free_average(&a);
  return status;
}

/* Points from .. to of one rule, and what all its sums say. */
static pdlt_status go_on_with(const average *a, size_t replica, size_t from, size_t to,
                              pdlt_error *err) {
  const pdlt_entropy_model *m = &a->model;
  double *sum = a->sum + replica * a->sums, *work = NULL, *u = NULL, *room = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&u, m->dimensions, sizeof *u, err));
  PDLT_TRY(pdlt_alloc(&work, pdlt_entropy_work(m), sizeof *work, err));
  PDLT_TRY(pdlt_alloc(&room, pdlt_entropy_result_work(m), sizeof *room, err));
  for (size_t k = from; k < to; k++) {
    const double weight = pdlt_gaussian_rule_point(&a->rule, replica, k, u);
    if (k % 16 == 0) PDLT_TRY(pdlt_progress_check(m->in->progress, err));
    if (weight == 0) continue;
    pdlt_entropy_add(m, weight, 1, u, work, sum);
    if (!a->rule.grid) pdlt_entropy_add(m, weight, -1, u, work, sum);
  }
  pdlt_entropy_result(m, sum, room, a->result + replica * a->results);
cleanup:
  pdlt_free(u);
  pdlt_free(work);
  pdlt_free(room);
  return status;
}

/* Goes on to `points` of each rule. Each rule is one thread's from end to end. */
static pdlt_status go_on(average *a, size_t points, pdlt_error *err) {
  const int rules = (int)a->rule.replicas, asked = a->model.in->threads;
  pdlt_status each[PDLT_RULE_REPLICAS];
  pdlt_error why[PDLT_RULE_REPLICAS];
#pragma omp parallel for num_threads(asked < rules ? asked : rules) schedule(static, 1)
  for (int k = 0; k < rules; k++) {
    why[k] = (pdlt_error){0};
    each[k] = go_on_with(a, (size_t)k, a->points, points, &why[k]);
  }
  a->points = points;
  for (int k = 0; k < rules; k++)
    if (each[k] != PDLT_OK) return pdlt_fail(err, each[k], "%s", why[k].message);
  return PDLT_OK;
}

/* Mean over the rules of `count` numbers from `first` on into out; three standard errors of the worst. */
static double mean_of_rules(const average *a, size_t first, size_t count, double *out) {
  const double R = (double)a->rule.replicas;
  double worst = 0;
  for (size_t k = 0; k < count; k++) {
    const double *x = a->result + first + k;
    double mean = 0, square = 0;
    for (size_t r = 0; r < a->rule.replicas; r++) mean += x[r * a->results] / R;
    for (size_t r = 0; r < a->rule.replicas; r++) square += pow(x[r * a->results] - mean, 2);
    out[k] = mean;
    worst = fmax(worst, 3 * sqrt(square / (R * (R - 1))));
  }
  return worst;
}

static double largest(const double *x, size_t count) {
  double top = 0;
  for (size_t k = 0; k < count; k++) top = fmax(top, fabs(x[k]));
  return top;
}

static void take_means(const average *a, pdlt_cross_entropy_mean *out) {
  const size_t p = out->outputs * out->D, T = out->times;
  out->err_z = mean_of_rules(a, 0, T * p, out->z);
  out->err_loss = mean_of_rules(a, T * p, T * out->D, out->loss);
  for (size_t k = 0; k < 2; k++)
    out->err_total[k] = mean_of_rules(a, T * (p + out->D + k), T, out->total + k * T);
  if (out->cov != NULL) out->err_cov = mean_of_rules(a, T * (p + out->D + 2), T * p * p, out->cov);
  out->draws = (double)(a->rule.replicas * a->points) * (a->rule.grid ? 1 : 2);
}

/* A grid has its points; a lattice doubles them until the mean is known. */
static pdlt_status converge(average *a, pdlt_cross_entropy_mean *out, pdlt_error *err) {
  const pdlt_cross_entropy_input *in = a->model.in;
  const double all = 2 * (double)a->rule.replicas * pdlt_entropy_operations(&a->model);
  const size_t count = out->times * out->outputs * out->D;
  size_t points = in->max_points > 0 ? in->max_points : FIRST_POINTS;
  if (a->rule.grid || points > a->rule.points) points = a->rule.points;
  for (;; points *= 2) {
    const pdlt_status status = go_on(a, points, err);
    if (status != PDLT_OK) return status;
    take_means(a, out);
    if (in->max_points > 0 || 2 * points > a->rule.points ||
        2 * (double)points * all > most_operations ||
        out->err_z <= tolerance * largest(out->z, count))
      return PDLT_OK;
  }
}

static pdlt_status make(pdlt_cross_entropy_mean *out, const pdlt_cross_entropy_input *in,
                        pdlt_error *err) {
  const size_t p = in->training->outputs * in->training->D;
  average a = {.points = 0};
  pdlt_cross_entropy_mean mean = {
      .times = in->num_times, .outputs = in->training->outputs, .D = in->training->D};
  pdlt_status status = new_average(&a, in, err);
  if (status != PDLT_OK) return status;
  PDLT_TRY(pdlt_alloc(&mean.storage, a.results, sizeof *mean.storage, err));
  double *next = mean.storage;
  mean.z = pdlt_take(&next, in->num_times * p);
  mean.loss = pdlt_take(&next, in->num_times * mean.D);
  mean.total = pdlt_take(&next, 2 * in->num_times);
  mean.cov = in->with_cov ? next : NULL;
  PDLT_TRY(converge(&a, &mean, err));
  *out = mean;
  mean.storage = NULL;
cleanup:
  free_average(&a);
  pdlt_free(mean.storage);
  return status;
}

static double largest_change(const double *x, const double *y, size_t count) {
  double change = 0;
  for (size_t k = 0; k < count; k++) change = fmax(change, fabs(x[k] - y[k]));
  return change;
}

/* Adds to the errors what moving K or Theta (D, D) by its errors changes, seen at few points with a larger
 * move: x becomes x + scale error. */
static pdlt_status add_moved(pdlt_cross_entropy_mean *out, const pdlt_cross_entropy_input *in,
                             const pdlt_cross_entropy_mean *few, int of_theta, pdlt_error *err) {
  const pdlt_training_input *t = in->training;
  const size_t square = t->D * t->D, p = out->outputs * out->D, T = out->times;
  const double *x = of_theta ? t->theta : t->K, *error = of_theta ? t->err_theta : t->err_K;
  const double worst = error == NULL ? 0 : largest(error, square);
  if (worst == 0) return PDLT_OK;
  const double scale = move * largest(x, square) / worst;
  pdlt_training_input moved = *t;
  pdlt_cross_entropy_input again = *in;
  pdlt_cross_entropy_mean other = {.times = 0};
  double *copy = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&copy, square, sizeof *copy, err));
  for (size_t k = 0; k < square; k++)
    copy[k] = of_theta ? x[k] + scale * error[k] : x[k] * (1 + move);
  *(of_theta ? &moved.theta : &moved.K) = copy;
  again.training = &moved;
  PDLT_TRY(make(&other, &again, err));
  out->err_z += 2 / scale * largest_change(other.z, few->z, T * p);
  out->err_loss += 2 / scale * largest_change(other.loss, few->loss, T * out->D);
  for (size_t k = 0; k < 2; k++)
    out->err_total[k] += 2 / scale * largest_change(other.total + k * T, few->total + k * T, T);
  if (out->cov != NULL) out->err_cov += 2 / scale * largest_change(other.cov, few->cov, T * p * p);
cleanup:
  pdlt_cross_entropy_free(&other);
  pdlt_free(copy);
  return status;
}

pdlt_status pdlt_cross_entropy_new(pdlt_cross_entropy_mean *out, const pdlt_cross_entropy_input *in,
                                   pdlt_error *err) {
  pdlt_cross_entropy_mean mean = {.times = 0}, few = {.times = 0};
  pdlt_cross_entropy_input less = *in;
  pdlt_status status = PDLT_OK;
  less.max_points = FEW_POINTS;
  if (!(in->training->eta > 0 && isfinite(in->training->eta)))
    return pdlt_fail(err, PDLT_ERR_INPUT, "%.17g is not a positive learning rate",
                     in->training->eta);
  PDLT_TRY(make(&mean, in, err));
  if (in->training->err_K != NULL || in->training->err_theta != NULL) {
    PDLT_TRY(make(&few, &less, err));
    for (int of_theta = 0; of_theta < 2; of_theta++)
      PDLT_TRY(add_moved(&mean, &less, &few, of_theta, err));
  }
  *out = mean;
  mean.storage = NULL;
cleanup:
  pdlt_cross_entropy_free(&few);
  pdlt_free(mean.storage);
  return status;
}

void pdlt_cross_entropy_free(pdlt_cross_entropy_mean *mean) {
  pdlt_free(mean->storage);
  *mean = (pdlt_cross_entropy_mean){0};
}

pdlt_status pdlt_cross_entropy_steps(const pdlt_training_input *t, long steps, double *z,
                                     pdlt_error *err) {
  const size_t D = t->D, A = t->A, n = t->outputs;
  double *residual = NULL;
  const pdlt_status status = pdlt_alloc(&residual, A * n, sizeof *residual, err);
  if (status != PDLT_OK) return status;
  for (long s = 0; s < steps; s++) {
    for (size_t a = 0; a < A; a++) {
      pdlt_softmax(n, z + a * n, 1, residual + a * n, 1);
      for (size_t i = 0; i < n; i++) residual[a * n + i] -= t->y[a * n + i];
    }
    for (size_t d = 0; d < D; d++)
      for (size_t i = 0; i < n; i++)
        for (size_t a = 0; a < A; a++)
          z[d * n + i] -= t->eta * t->theta[d * D + a] * residual[a * n + i];
  }
  pdlt_free(residual);
  return PDLT_OK;
}
