/* stage.c - see stage.h. */
#include "trainer/stage.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "trainer/rows.h"

pdlt_status pdlt_stage_new(pdlt_stage *out, const pdlt_network *net, const pdlt_problem *problem,
                           const pdlt_schedule *schedule, pdlt_error *err) {
  pdlt_stage st = {.net = net, .schedule = schedule};
  const size_t q = problem->outputs * problem->samples, values = schedule->num_times * q;
  const size_t trained = problem->outputs * problem->train;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_training_ntk_new(&st.training_ntk, net, problem, err));
  PDLT_TRY(pdlt_alloc(&st.storage, q * q + trained + q + 3 * values + net->num_params,
                      sizeof *st.storage, err));
  st.ntk = st.storage;
  st.target = st.ntk + q * q;
  st.end = st.target + trained;
  st.moved = st.end + q;
  st.sum = st.moved + values;
  st.own = st.sum + values;
  st.theta = st.own + values;
  *out = st;
  return PDLT_OK;
cleanup:
  pdlt_stage_free(&st);
  return status;
}

void pdlt_stage_free(pdlt_stage *stage) {
  pdlt_training_ntk_free(&stage->training_ntk);
  pdlt_free(stage->storage);
  *stage = (pdlt_stage){0};
}

/* Adds half of c_K of the network in the stepper to sum; *use = 0 where it is of no use. */
static pdlt_status add_network(pdlt_stage *st, pdlt_stepper *stepper, pdlt_control *control,
                               long steps, int *use) {
  const pdlt_problem *problem = stepper->problem;
  const size_t q = problem->outputs * problem->samples, T = st->schedule->num_times;
  const size_t trained = problem->outputs * problem->train;
  double before = 0, after = 0;
  size_t next = 0;
  pdlt_stepper_begin(stepper);
  for (long step = 0;; step++) {
    pdlt_stepper_forward(stepper);
    if (step == 0) before = pdlt_row_dot(trained, stepper->eps, stepper->eps);
    for (; next < T && (double)step >= st->schedule->times[next]; next++) {
      pdlt_stepper_output(stepper, st->end);
      pdlt_row_add(q, 0.5, st->end, st->sum + next * q);
    }
    if (step == steps) break;
    pdlt_stepper_update(stepper);
  }
  after = pdlt_row_dot(trained, stepper->eps, stepper->eps);
  pdlt_stepper_output(stepper, st->end);
  const double size = pdlt_row_dot(q, st->end, st->end);
  *use = after <= before && isfinite(size);
  if (!*use) return PDLT_OK;
  for (size_t i = 0; i < trained; i++) st->target[i] = -stepper->eps[i];
  pdlt_training_ntk_measure(&st->training_ntk, stepper, st->ntk);
  const pdlt_status status =
      pdlt_control_respond(control, st->ntk, st->target, (double)steps, st->moved, NULL, NULL);
  if (status != PDLT_OK) return status;
  for (size_t t = next; t < T; t++) {
    pdlt_row_add(q, 0.5, st->end, st->sum + t * q);
    pdlt_row_add(q, 0.5, st->moved + t * q, st->sum + t * q);
  }
  return PDLT_OK;
}

pdlt_status pdlt_stage_difference(pdlt_stage *st, pdlt_stepper *stepper, pdlt_control *control,
                                  const double *theta, long steps, double *difference,
                                  pdlt_error *err) {
  const size_t values =
      st->schedule->num_times * stepper->problem->outputs * stepper->problem->samples;
  pdlt_status status = PDLT_OK;
  int use = 1;
  memset(st->sum, 0, values * sizeof *st->sum);
  memset(difference, 0, values * sizeof *difference);
  for (int negate = 0; negate < 2 && use; negate++) {
    memcpy(stepper->theta, theta, st->net->num_params * sizeof *theta);
    if (negate) pdlt_network_negate_last(st->net, stepper->theta);
    PDLT_TRY(add_network(st, stepper, control, steps, &use));
  }
  PDLT_TRY(pdlt_control_output(control, theta, st->moved, NULL, err));
  if (!use) return PDLT_OK;
  for (size_t i = 0; i < values; i++) difference[i] = st->sum[i] - st->moved[i];
cleanup:
  return status;
}

pdlt_status pdlt_stage_add(pdlt_stage *st, pdlt_stepper *stepper, pdlt_control *control,
                           const double *theta, long steps, size_t pairs, uint64_t seed,
                           uint64_t member, double *shift, pdlt_error *err) {
  const size_t values =
      st->schedule->num_times * stepper->problem->outputs * stepper->problem->samples;
  const double weight = 1 / (double)(pairs + 1);
  const int last = st->net->depth;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_stage_difference(st, stepper, control, theta, steps, st->own, err));
  pdlt_row_add(values, -(double)pairs * weight, st->own, shift);
  memcpy(st->theta, theta, st->net->num_params * sizeof *theta);
  for (size_t k = 0; k < pairs; k++) {
    const uint64_t other = PDLT_STAGE_MEMBER + member * pairs + k;
    pdlt_network_draw_layers(st->net, seed, other, last, last, st->theta);
    PDLT_TRY(pdlt_stage_difference(st, stepper, control, st->theta, steps, st->own, err));
    pdlt_row_add(values, weight, st->own, shift);
  }
cleanup:
  return status;
}
