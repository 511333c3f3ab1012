/* work.c - see work.h. */
#include "cli/study/work.h"

#include <math.h>
#include <time.h>

#include "base/core/memory.h"
#include "base/experiment/feature.h"
#include "base/vector/linalg.h"
#include "compare/reach/gaussian_ntk.h"
#include "trainer/control/flops.h"
#include "trainer/measure/ntk.h"
#include "trainer/network/layer.h"
#include "trainer/pilot/stability_tail.h"
#include "trainer/posterior/chain.h"

/* All work on a trained pair and what is drawn beside it, in units of the pair: about the middle of
 * what pilots choose, from 1 to 5 (trainer/pilot/pilot.h). */
static const double linearized = 3;
/* Steps of `steps: end` where the eigenvalues are not known. */
static const double end_steps = 50;

static int has(const pdlt_plan *plan, int quantity) { return plan->has[quantity]; }

pdlt_status pdlt_work_steps(double *out, const pdlt_plan *plan, const double *theta,
                            pdlt_error *err) {
  const size_t A = plan->data->train, D = plan->data->samples;
  const double eta = plan->ex->training.eta;
  double *block = NULL, *value = NULL, slowest = 0;
  pdlt_status status = PDLT_OK;
  if (!plan->schedule.to_end) {
    *out = plan->schedule.times[plan->times - 1];
    return PDLT_OK;
  }
  *out = fmin(end_steps, (double)plan->schedule.max_steps);
  if (theta == NULL || A == 0) return PDLT_OK;
  PDLT_TRY(pdlt_alloc(&block, A * A, sizeof *block, err));
  PDLT_TRY(pdlt_alloc(&value, A, sizeof *value, err));
  for (size_t a = 0; a < A; a++)
    for (size_t b = 0; b < A; b++) block[a * A + b] = theta[a * D + b];
  PDLT_TRY(pdlt_symmetric_eigen(A, block, value, NULL, err));
  for (size_t a = 0; a < A; a++) slowest = fmax(slowest, fabs(1 - eta * value[a]));
  const double steps = slowest > 0 ? ceil(log(PDLT_CONVERGED) / log(slowest)) : 1;
  *out = steps > 0 ? fmin(steps, (double)plan->schedule.max_steps)
                   : (double)plan->schedule.max_steps; /* a mode that does not move */
cleanup:
  pdlt_free(block);
  pdlt_free(value);
  return status;
}

/* --- A draw --- */

/* Products of a matrix of weights with few columns take as long as with so many more. */
static const double thin = 48;

/* The NTK of a network, p rows (trainer/measure/training_ntk.h). */
static double ntk(const pdlt_network *net, double p) {
  double flops = PDLT_FLOPS_LOOP;
  for (int k = 0; k + 1 < net->depth; k++) {
    const double products = pdlt_flops_layer(&net->layer[k]);
    const double out = (double)pdlt_layer_units(&net->layer[k]);
    flops +=
        4 * (p + thin) * products + (p + PDLT_FLOPS_SIGMA + PDLT_FLOPS_SHORT) * p * out + 6 * p * p;
  }
  return flops;
}

/* The dNTK of a network, p rows of which S samples (trainer/measure/training_dntk.h). */
static double dntk(const pdlt_network *net, double p, double S) {
  double flops = PDLT_FLOPS_LOOP;
  for (int k = 0; k + 1 < net->depth; k++) {
    const double products = pdlt_flops_layer(&net->layer[k]);
    const double out = (double)pdlt_layer_units(&net->layer[k]);
    flops += 5 * (p * p + p * S) * products + 5 * PDLT_FLOPS_SHORT * p * p * p * out;
  }
  return flops;
}

/* Slopes, or preactivations, of D samples in a network's present state (trainer/measure/crossings.h,
 * trainer/measure/hidden.h). */
static double slopes(const pdlt_network *net, double D) {
  double flops = PDLT_FLOPS_LOOP;
  for (int k = 0; k + 1 < net->depth; k++) {
    const double products = pdlt_flops_layer(&net->layer[k]);
    const double out = (double)pdlt_layer_units(&net->layer[k]);
    flops +=
        2 * (k > 0 ? D + thin : 0) * products + (PDLT_FLOPS_SIGMA + PDLT_FLOPS_SHORT) * D * out;
  }
  return flops;
}

/* The features of a network at one time, p rows: as many NTKs as each kernel takes with its terms, a few nodes
 * for the secant, and its eigenvalues (trainer/measure/features.h). */
static double features(const pdlt_plan *plan, const pdlt_network *net, double p) {
  static const double ntks[PDLT_FEATURE_COUNT] = {[PDLT_FEATURE_K] = 0, /* known from the start */
                                                  [PDLT_FEATURE_K_E] = 1,
                                                  [PDLT_FEATURE_K_SHARP] = 5,
                                                  [PDLT_FEATURE_SECANT] = 8,
                                                  [PDLT_FEATURE_MIDPOINT] = 1};
  double flops = 0;
  for (int f = 0; f < PDLT_FEATURE_COUNT; f++)
    if (f == PDLT_FEATURE_K || (plan->ex->features.kernels >> f & 1U))
      flops += ntks[f] * ntk(net, p) + pdlt_flops_eigen(p);
  return flops;
}

/* V, D, F, A, B on S samples where layers have positions (trainer/measure/positions_fluctuation.h). */
static double with_positions(const pdlt_plan *plan, const pdlt_network *net) {
  const double S = (double)plan->first, K = (double)pdlt_layer_fan(&net->layer[net->depth - 1]);
  const double R = has(plan, PDLT_QUANTITY_A) ? K * S : 0;
  double flops = S > 0 ? PDLT_FLOPS_LOOP + PDLT_FLOPS_SHORT * S * S * R * R : 0;
  for (int k = 0; k + 1 < net->depth; k++) {
    const pdlt_layer *layer = &net->layer[k];
    const double weights = (double)layer->out * (double)pdlt_layer_fan(layer);
    flops += (2 * S + 4 * R) * pdlt_flops_layer(layer) + R * R * weights;
  }
  return flops;
}

/* V, D, F, A, B and P .. U on S samples (trainer/measure/ntk_fluctuation.h, trainer/measure/ddntk.h). */
static double tensors(const pdlt_plan *plan, const pdlt_network *net) {
  const double S = (double)plan->first, pairs = S * S;
  const int fluctuations = has(plan, PDLT_QUANTITY_A) || has(plan, PDLT_QUANTITY_B);
  const int differentials = has(plan, PDLT_QUANTITY_P) || has(plan, PDLT_QUANTITY_R);
  double flops = 0;
  if (plan->positions) return with_positions(plan, net);
  if (S > 0) flops += PDLT_FLOPS_LOOP + PDLT_FLOPS_SHORT * pairs * pairs;
  for (int k = 0; k + 1 < net->depth; k++) {
    const double in = (double)net->layer[k].in, out = (double)net->layer[k].out;
    const double n = fmin(in, out);
    if (S > 0) flops += 2 * S * in * out;
    if (fluctuations)
      flops += 2 * pairs * (in * out + (k > 0 ? n * n * n : 0)) +
               2 * PDLT_FLOPS_SHORT * pairs * pairs * n * (k + 2 == net->depth ? n : 1);
    if (differentials)
      flops += 10 * pairs * S * in * out + 10 * PDLT_FLOPS_SHORT * pairs * pairs * out;
  }
  return flops * (double)plan->readouts;
}

/* Random numbers, training and the estimator's other draws, in flops. */
static double outputs(const pdlt_plan *plan, const pdlt_network *net, double steps) {
  const pdlt_estimator asked = plan->ex->ensemble.estimator;
  const double draw = pdlt_flops_draw(net, 1, net->depth);
  const double train =
      pdlt_flops_train(net, plan->data->train, plan->data->samples, steps, plan->times);
  const double linear = pdlt_flops_linear(net, plan->data->train, plan->data->samples);
  const int cheap =
      plan->p <= PDLT_MAX_LINEARIZED && linear < 0.5 * train && pdlt_plan_may_be_linearized(plan);
  const double columns = (double)(plan->p * plan->columns);
  const double sums = 4 * (double)plan->times * columns;
  if (asked == PDLT_ESTIMATOR_PLAIN) return draw + train + sums;
  const double pair = draw + 2 * train + sums;
  if (asked == PDLT_ESTIMATOR_ANTITHETIC || (asked == PDLT_ESTIMATOR_AUTO && !cheap)) return pair;
  return linearized * pair;
}

/* A draw for a posterior (trainer/posterior); of a chain about three likelihoods for each step. */
static double posterior(const pdlt_plan *plan, const pdlt_network *net) {
  const pdlt_posterior_shape *shape = &plan->posterior;
  const double D = (double)plan->data->samples, N = (double)plan->data->train;
  double neurons = 0, own = 0;
  for (int k = 0; k + 1 < net->depth; k++) neurons += (double)net->layer[k].out;
  if (shape->controls.layers > 0)
    own = 3 * neurons * (double)shape->controls.each + 2 * (double)shape->controls.count;
  const double draw =
      neurons * D * (PDLT_FLOPS_NORMAL + PDLT_FLOPS_SIGMA) +
      PDLT_FLOPS_SHORT * (4 * neurons * D * D + N * N * (D + N) + own + (double)shape->size);
  const double steps = PDLT_CHAIN_THIN + PDLT_CHAIN_BURN / (double)PDLT_BLOCK_MEMBERS;
  return PDLT_FLOPS_LOOP + draw * (shape->chain ? 3 * steps : 1);
}

static double flops_of_draw(const pdlt_plan *plan, const pdlt_network *net, double steps) {
  const double times = (double)plan->times, p = (double)plan->p, D = (double)plan->data->samples;
  const double networks = plan->ex->ensemble.estimator == PDLT_ESTIMATOR_PLAIN ? 1 : 2;
  if (plan->posterior.size > 0) return posterior(plan, net);
  double flops =
      has(plan, PDLT_QUANTITY_Z) ? outputs(plan, net, steps) : pdlt_flops_draw(net, 1, net->depth);
  if (plan->control.weightless)
    flops += pdlt_flops_weightless(plan, net);
  else if (has(plan, PDLT_QUANTITY_K) || has(plan, PDLT_QUANTITY_THETA))
    flops += ntk(net, plan->positions ? PDLT_NTK_HEADS * D : D);
  if (has(plan, PDLT_QUANTITY_UNSTABLE))
    flops += ntk(net, (double)(plan->data->outputs * plan->data->train));
  if (has(plan, PDLT_QUANTITY_Q_0)) flops += slopes(net, D);
  if (has(plan, PDLT_QUANTITY_LOG_Q)) flops += slopes(net, D);
  if (has(plan, PDLT_QUANTITY_Q_T)) flops += networks * (times + 1) * slopes(net, D);
  if (has(plan, PDLT_QUANTITY_CROSSINGS)) flops += networks * times * slopes(net, D);
  if (has(plan, PDLT_QUANTITY_THETA_T)) flops += networks * times * ntk(net, p);
  if (plan->features) flops += networks * times * features(plan, net, p);
  if (has(plan, PDLT_QUANTITY_DTHETA_T)) {
    const double S = (double)pdlt_experiment_dntk_samples(plan->ex);
    flops += networks * times * dntk(net, S * (double)plan->data->outputs, S);
  }
  return flops + tensors(plan, net);
}

/* --- A run --- */

typedef double (*work_of_width)(const pdlt_plan *plan, const pdlt_network *net, double steps);

static pdlt_status over_widths(double *out, const pdlt_plan *plan, work_of_width f, double steps,
                               pdlt_error *err) {
  const pdlt_experiment *ex = plan->ex;
  double flops = 0;
  for (size_t w = 0; w < ex->network.num_widths; w++) {
    pdlt_network net = {.depth = 0};
    const pdlt_status status =
        pdlt_network_new(&net, ex, ex->network.widths[w], plan->data->inputs, err);
    if (status != PDLT_OK) return status;
    flops += f(plan, &net, steps);
    pdlt_network_free(&net);
  }
  *out = flops;
  return PDLT_OK;
}

static double members_of_width(const pdlt_plan *plan, const pdlt_network *net, double steps) {
  return (double)plan->members * flops_of_draw(plan, net, steps);
}

pdlt_status pdlt_work_train(double *out, const pdlt_plan *plan, double steps, pdlt_error *err) {
  return over_widths(out, plan, members_of_width, steps, err);
}

static double stability_of_width(const pdlt_plan *plan, const pdlt_network *net, double steps) {
  const double q = (double)(plan->data->outputs * plan->data->train);
  (void)steps;
  return pdlt_stability_draws(plan, net) *
         (pdlt_flops_draw(net, 1, net->depth) + ntk(net, q) + 300 * q * q + q * q * q);
}

pdlt_status pdlt_work_stability(double *out, const pdlt_plan *plan, pdlt_error *err) {
  *out = 0;
  if (!has(plan, PDLT_QUANTITY_UNSTABLE)) return PDLT_OK;
  return over_widths(out, plan, stability_of_width, 0, err);
}

double pdlt_work_gaussian_ntk(const pdlt_plan *plan) {
  const double m = (double)(plan->data->outputs * plan->data->train), p = (double)plan->p;
  const double draw =
      pdlt_flops_eigen(m) + PDLT_FLOPS_SHORT * 4 * (double)plan->times * m * (m + p);
  const double draws = PDLT_GAUSSIAN_NTK_FLOPS / draw;
  return draw * fmin(fmax(draws, PDLT_GAUSSIAN_NTK_FEWEST), PDLT_GAUSSIAN_NTK_DRAWS);
}

/* --- How fast --- */

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

pdlt_status pdlt_work_rate(double *out, pdlt_error *err) {
  enum { ORDER = 128, TRIALS = 8 };
  const size_t n = ORDER;
  double *a = NULL, best = INFINITY;
  const pdlt_status status = pdlt_alloc(&a, 3 * n * n, sizeof *a, err);
  if (status != PDLT_OK) return status;
  for (size_t i = 0; i < 2 * n * n; i++) a[i] = 1.0 / (double)(i + 1);
  for (int k = 0; k < TRIALS; k++) {
    const double start = now();
    pdlt_gemm(0, 0, n, n, n, 1.0, a, n, a + n * n, n, 0.0, a + 2 * n * n, n);
    best = fmin(best, now() - start);
  }
  pdlt_free(a);
  *out = 2.0 * ORDER * ORDER * ORDER / fmax(best, 1e-9);
  return PDLT_OK;
}
