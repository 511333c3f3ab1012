/* relinear.c - see relinear.h. */
#include "trainer/relinear.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "trainer/flops.h"
#include "trainer/rows.h"

pdlt_status pdlt_relinear_new(pdlt_relinear *out, const pdlt_network *net,
                              const pdlt_problem *problem, const pdlt_schedule *schedule,
                              double eta, pdlt_error *err) {
  pdlt_relinear r = {.unstable = 0};
  const size_t D = problem->samples, values = schedule->num_times * problem->outputs * D;
  const size_t trained = problem->outputs * problem->train, first = net->layer[0].out * D;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_control_new(&r.control, problem, schedule, eta, err));
  PDLT_TRY(pdlt_tangent_new(&r.first, net, problem, err));
  PDLT_TRY(pdlt_tangent_new(&r.now, net, problem, err));
  PDLT_TRY(pdlt_alloc(
      &r.storage, 3 * values + problem->outputs * D + 2 * net->num_params + 3 * first + 2 * trained,
      sizeof *r.storage, err));
  double *next = r.storage;
  r.linear = pdlt_take(&next, values);
  r.path = pdlt_take(&next, values);
  r.moved = pdlt_take(&next, values);
  r.state = pdlt_take(&next, net->num_params);
  r.half = pdlt_take(&next, net->num_params);
  r.z1 = pdlt_take(&next, first);
  r.z1_state = pdlt_take(&next, first);
  r.z1_half = pdlt_take(&next, first);
  r.z = pdlt_take(&next, problem->outputs * D);
  r.target = pdlt_take(&next, trained);
  r.push = pdlt_take(&next, trained);
  *out = r;
  return PDLT_OK;
cleanup:
  pdlt_relinear_free(&r);
  return status;
}

void pdlt_relinear_free(pdlt_relinear *relinear) {
  pdlt_control_free(&relinear->control);
  pdlt_tangent_free(&relinear->first);
  pdlt_tangent_free(&relinear->now);
  pdlt_free(relinear->storage);
  *relinear = (pdlt_relinear){0};
}

pdlt_status pdlt_relinear_begin(pdlt_relinear *r, const double *theta, pdlt_error *err) {
  r->theta = theta;
  pdlt_tangent_first(&r->first, theta, r->z1);
  pdlt_tangent_at(&r->first, theta, r->z1);
  return pdlt_control_linearize(&r->control, r->first.ntk, r->linear, &r->unstable, err);
}

/* --- one network --- */

/* z and target at the node where `at` is; returns |target|^2, or infinity. */
static double arrive(pdlt_relinear *r, const pdlt_tangent *at) {
  const pdlt_problem *p = r->control.problem;
  const size_t D = p->samples, A = p->train, q = p->outputs * D;
  double sum = 0;
  memcpy(r->z, at->z, q * sizeof *r->z);
  for (size_t i = 0; i < q; i++)
    if (!isfinite(r->z[i])) return INFINITY;
  for (size_t i = 0; i < p->outputs; i++)
    for (size_t a = 0; a < A; a++) {
      const double x = p->y_train[i * A + a] - r->z[i * D + a];
      r->target[i * A + a] = x;
      sum += x * x;
    }
  return sum;
}

/* path from the node at `start` up to the one at `end`. */
static pdlt_status record(pdlt_relinear *r, const double *ntk, double start, double end,
                          pdlt_error *err) {
  const pdlt_schedule *schedule = r->control.schedule;
  const size_t q = r->control.problem->outputs * r->control.problem->samples;
  size_t first = 0, last;
  while (first < schedule->num_times && schedule->times[first] < start) first++;
  for (last = first; last < schedule->num_times; last++)
    if (schedule->times[last] >= end && !isinf(end)) break;
  if (first == last) return PDLT_OK;
  const pdlt_status status =
      pdlt_control_respond(&r->control, ntk, r->target, start, r->moved, NULL, err);
  for (size_t t = first; t < last && status == PDLT_OK; t++)
    for (size_t i = 0; i < q; i++) r->path[t * q + i] = r->z[i] + r->moved[t * q + i];
  return status;
}

/* theta and z1 move by the gradients of `at` as its linearization does in `time` steps. */
static pdlt_status advance(pdlt_relinear *r, pdlt_tangent *at, double time, double *theta,
                           double *z1, pdlt_error *err) {
  const pdlt_problem *p = r->control.problem;
  const pdlt_status status =
      pdlt_control_impulse(&r->control, at->ntk, r->target, time, r->push, err);
  for (size_t i = 0; i < p->outputs * p->train; i++) r->push[i] = -r->push[i];
  if (status == PDLT_OK) pdlt_tangent_move(at, r->push, theta, z1);
  return status;
}

static void copy_state(const pdlt_relinear *r, const double *theta, const double *z1, double *to,
                       double *z1_to) {
  const pdlt_network *net = r->first.net;
  memcpy(to, theta, net->num_params * sizeof *to);
  memcpy(z1_to, z1, net->layer[0].out * r->control.problem->samples * sizeof *z1_to);
}

/* path of the network in state, whose tangent is r->first; *use = 0 where it is of no use. */
static pdlt_status follow(pdlt_relinear *r, const pdlt_level *level, int *use, pdlt_error *err) {
  pdlt_tangent *at = &r->first;
  const double before = arrive(r, at);
  pdlt_status status = PDLT_OK;
  for (int node = 0; node < level->nodes; node++) {
    const double start = node * level->step;
    if (level->middle) {
      copy_state(r, r->state, r->z1_state, r->half, r->z1_half);
      PDLT_TRY(advance(r, at, 0.5 * level->step, r->half, r->z1_half, err));
      at = &r->now;
      pdlt_tangent_at(at, r->half, r->z1_half);
    }
    PDLT_TRY(record(r, at->ntk, start, start + level->step, err));
    PDLT_TRY(advance(r, at, level->step, r->state, r->z1_state, err));
    at = &r->now;
    pdlt_tangent_at(at, r->state, r->z1_state);
    *use = arrive(r, at) <= before;
    if (!*use) return PDLT_OK;
  }
  PDLT_TRY(record(r, at->ntk, level->nodes * level->step, INFINITY, err));
cleanup:
  return status;
}

/* --- the pair --- */

pdlt_status pdlt_relinear_output(pdlt_relinear *r, const pdlt_level *level, double *out,
                                 pdlt_error *err) {
  const pdlt_problem *p = r->control.problem;
  const size_t values = r->control.schedule->num_times * p->outputs * p->samples;
  pdlt_status status = PDLT_OK;
  int use = !r->unstable && level->nodes > 0;
  memset(out, 0, values * sizeof *out);
  for (int negate = 0; negate < 2 && use && status == PDLT_OK; negate++) {
    copy_state(r, r->theta, r->z1, r->state, r->z1_state);
    if (negate) pdlt_network_negate_last(r->first.net, r->state);
    if (negate) pdlt_tangent_negate(&r->first);
    status = follow(r, level, &use, err);
    if (negate) pdlt_tangent_negate(&r->first);
    pdlt_row_add(values, 0.5, r->path, out);
  }
  if (!use) memcpy(out, r->linear, values * sizeof *out);
  return status;
}

double pdlt_relinear_flops(const pdlt_network *net, const pdlt_problem *problem,
                           const pdlt_level *level) {
  const double moves = 2.0 * level->nodes * (level->middle ? 2 : 1);
  return (1 + moves) * pdlt_flops_linear(net, problem->train, problem->samples) +
         moves * pdlt_flops_forward(net, problem->train);
}
