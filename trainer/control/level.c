/* level.c - see level.h. */
#include "trainer/control/level.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/packed.h"
#include "base/vector/rows.h"

/* Numbers of the storage. */
static size_t storage_size(const pdlt_level_settings *of, size_t moving) {
  const size_t q = of->data->outputs * of->data->samples, T = of->schedule->num_times;
  const size_t trained = of->data->outputs * of->data->train;
  return ((of->odd ? 2 : 1) * of->heads + moving + 1) * T * q + moving * (q + 3 * trained + 1) +
         (of->kernels ? moving * 2 * pdlt_packed_size(q) : 0);
}

/* Views of the storage, of which r networks' outputs at all times. */
static void take_views(pdlt_level_draws *r, const pdlt_level_settings *of, size_t values) {
  const size_t q = of->data->outputs * of->data->samples, moving = r->moves.moving;
  const size_t trained = of->data->outputs * of->data->train;
  double *next = r->storage;
  r->linear = pdlt_take(&next, of->heads * values);
  if (of->odd) r->linear_odd = pdlt_take(&next, of->heads * values);
  r->path = pdlt_take(&next, moving * values);
  r->moved = pdlt_take(&next, values);
  r->z = pdlt_take(&next, moving * q);
  r->start = pdlt_take(&next, moving * trained);
  r->target = pdlt_take(&next, moving * trained);
  r->push = pdlt_take(&next, moving * trained);
  r->before = pdlt_take(&next, moving);
  if (of->kernels) {
    r->change = pdlt_take(&next, moving * pdlt_packed_size(q));
    r->step = pdlt_take(&next, moving * pdlt_packed_size(q));
  }
  r->unstable = r->flags;
  r->use = r->flags + of->heads;
}

pdlt_status pdlt_level_draws_new(pdlt_level_draws *out, const pdlt_level_settings *of,
                                 pdlt_error *err) {
  pdlt_level_draws r = {.linear = NULL};
  const size_t q = of->data->outputs * of->data->samples, values = of->schedule->num_times * q;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_linearization_new(&r.linearization, of->data, of->schedule, of->eta, err));
  PDLT_TRY(pdlt_alloc(&r.bundle, 1, sizeof *r.bundle, err));
  PDLT_TRY(pdlt_bundle_new(r.bundle, of->net, of->data, of->heads, err));
  PDLT_TRY(pdlt_moves_new(&r.moves, r.bundle, of->nodes, err));
  PDLT_TRY(pdlt_alloc(&r.flags, 2 * of->heads, sizeof *r.flags, err));
  PDLT_TRY(pdlt_alloc(&r.storage, storage_size(of, r.moves.moving), sizeof *r.storage, err));
  take_views(&r, of, values);
  *out = r;
  return PDLT_OK;
cleanup:
  pdlt_level_draws_free(&r);
  return status;
}

void pdlt_level_draws_free(pdlt_level_draws *level_draws) {
  pdlt_linearization_free(&level_draws->linearization);
  pdlt_moves_free(&level_draws->moves);
  if (level_draws->bundle != NULL) pdlt_bundle_free(level_draws->bundle);
  pdlt_free(level_draws->bundle);
  pdlt_free(level_draws->flags);
  pdlt_free(level_draws->storage);
  *level_draws = (pdlt_level_draws){.linear = NULL};
}

/* Numbers of a network's outputs; at all times. */
static size_t outputs_of(const pdlt_level_draws *r) {
  return r->linearization.data->outputs * r->linearization.data->samples;
}
static size_t values_of(const pdlt_level_draws *r) {
  return r->linearization.schedule->num_times * outputs_of(r);
}
static size_t trained_of(const pdlt_level_draws *r) {
  return r->linearization.data->outputs * r->linearization.data->train;
}

pdlt_status pdlt_level_draws_begin(pdlt_level_draws *r, const double *theta, size_t heads,
                                   pdlt_error *err) {
  const size_t q = outputs_of(r), values = values_of(r);
  pdlt_status status = PDLT_OK;
  pdlt_bundle_draw(r->bundle, theta, heads);
  for (size_t k = 0; k < heads; k++) {
    PDLT_TRY(pdlt_linearization_course(&r->linearization, r->bundle->draw.ntk + k * q * q,
                                       r->linear + k * values, &r->unstable[k], err));
    if (r->linear_odd != NULL)
      pdlt_linearization_odd(&r->linearization, r->bundle->draw.z + k * q,
                             r->linear_odd + k * values);
  }
cleanup:
  return status;
}

/* --- where the networks are --- */

/* NTK of network i in the last evaluation, its outputs there and the sign that they have. */
typedef struct state {
  const double *ntk, *z;
  double sign;
} state;

static state state_of(const pdlt_level_draws *r, size_t i) {
  const pdlt_moves *m = &r->moves;
  const pdlt_bundle_point *now = &m->now, *draw = &r->bundle->draw;
  const size_t q = r->linearization.data->outputs * m->at->samples, f = m->first + i;
  if (m->at == now) return (state){now->ntk + i * q * q, now->z + i * q, 1};
  return (state){draw->ntk + f / 2 * q * q, draw->z + f / 2 * q, f % 2 == 0 ? 1 : -1};
}

/* Training outputs of network i at its draw into start, with centered targets. */
static void depart(pdlt_level_draws *r, size_t i) {
  const pdlt_samples *p = r->linearization.data;
  const size_t S = r->moves.at->samples;
  const state at = state_of(r, i);
  double *start = r->start + i * trained_of(r);
  for (size_t o = 0; o < p->outputs && p->centered; o++)
    for (size_t a = 0; a < p->train; a++) start[o * p->train + a] = at.sign * at.z[o * S + a];
}

/* z and target of network i at the node where it is; returns |target|^2, or infinity. */
static double arrive(pdlt_level_draws *r, size_t i) {
  const pdlt_samples *p = r->linearization.data;
  const size_t D = p->samples, A = p->train, S = r->moves.at->samples;
  const state at = state_of(r, i);
  const double *start = r->start + i * trained_of(r);
  double *z = r->z + i * outputs_of(r), *target = r->target + i * trained_of(r), sum = 0;
  for (size_t o = 0; o < p->outputs; o++)
    for (size_t a = 0; a < S; a++) {
      z[o * D + a] = at.sign * at.z[o * S + a];
      if (!isfinite(z[o * D + a])) return INFINITY;
      if (a >= A) continue;
      const double x = p->y_train[o * A + a] + start[o * A + a] - z[o * D + a];
      target[o * A + a] = x;
      sum += x * x;
    }
  return sum;
}

/* The recorded times first .. last - 1 from step start to the one before start + length. */
typedef struct interval {
  double start, length;
  size_t first, last;
} interval;

static interval interval_of(const pdlt_level_draws *r, const pdlt_level *level, int node) {
  const pdlt_schedule *schedule = r->linearization.schedule;
  interval x = {.start = node * level->step, .length = level->step};
  while (x.first < schedule->num_times && schedule->times[x.first] < x.start) x.first++;
  x.last = schedule->num_times;
  if (node < level->nodes)
    for (x.last = x.first; x.last < schedule->num_times; x.last++)
      if (schedule->times[x.last] >= x.start + x.length) break;
  return x;
}

/* Samples that an evaluation must see: all of them where outputs, or NTKs, are recorded. */
static size_t seen(const pdlt_level_draws *r, const interval *x) {
  const pdlt_samples *p = r->linearization.data;
  return x->first < x->last ? p->samples : p->train;
}

/* path of network i in the interval that begins at its last node, with the NTK that is decomposed.
 */
static void record(pdlt_level_draws *r, size_t i, const interval *x) {
  const size_t q = outputs_of(r);
  double *path = r->path + i * values_of(r);
  const double *z = r->z + i * q;
  if (x->first == x->last) return;
  pdlt_linearization_respond(&r->linearization, r->target + i * trained_of(r), x->start, x->first,
                             x->last, r->moved);
  for (size_t t = x->first; t < x->last; t++)
    for (size_t j = 0; j < q; j++) path[t * q + j] = z[j] + r->moved[t * q + j];
}

/* --- their NTK --- */

/* Network i has come to the node where the interval ends: kernels (heads, T, P) of its draw get half its
 * change up to the times in between. Where the NTK is not finite the draw is of no use. */
static void change_kernel(pdlt_level_draws *r, size_t i, const interval *x, double *kernels) {
  const pdlt_schedule *schedule = r->linearization.schedule;
  const size_t q = outputs_of(r), P = pdlt_packed_size(q), k = (r->moves.first + i) / 2;
  double *change = r->change + i * P, *step = r->step + i * P, sum = 0;
  for (size_t j = 0; j < P; j++) step[j] = -change[j];
  pdlt_packed_add(q, 1, state_of(r, i).ntk, step);
  pdlt_packed_add(q, -1, r->bundle->draw.ntk + k * q * q, step);
  for (size_t j = 0; j < P; j++) sum += step[j];
  r->use[k] &= isfinite(sum);
  for (size_t t = x->first; t < x->last; t++) {
    double *to = kernels + (k * schedule->num_times + t) * P;
    pdlt_row_add(P, 0.5, change, to);
    pdlt_row_add(P, 0.5 * (schedule->times[t] - x->start) / x->length, step, to);
  }
  pdlt_row_add(P, 1, step, change);
}

/* The same beyond the last node, where it stays. */
static void keep_kernel(const pdlt_level_draws *r, size_t i, const interval *x, double *kernels) {
  const size_t P = pdlt_packed_size(outputs_of(r)), T = r->linearization.schedule->num_times;
  const size_t k = (r->moves.first + i) / 2;
  for (size_t t = x->first; t < x->last; t++)
    pdlt_row_add(P, 0.5, r->change + i * P, kernels + (k * T + t) * P);
}

/* --- their moves --- */

/* All networks move by the gradients of the last evaluation as their linearization does in `time`
 * steps; what is recorded in x, unless NULL, is. */
static pdlt_status advance(pdlt_level_draws *r, double time, int stay, const interval *x,
                           pdlt_error *err) {
  const size_t trained = trained_of(r);
  pdlt_status status = PDLT_OK;
  for (size_t i = 0; i < r->moves.count; i++) {
    double *push = r->push + i * trained;
    PDLT_TRY(pdlt_linearization_decompose(&r->linearization, state_of(r, i).ntk,
                                          r->moves.at->samples, err));
    if (x != NULL) record(r, i, x);
    pdlt_linearization_impulse(&r->linearization, r->target + i * trained, time, push);
    for (size_t j = 0; j < trained; j++) push[j] = -push[j];
  }
  pdlt_moves_add(&r->moves, r->push, stay);
cleanup:
  return status;
}

/* --- levels --- */

/* path of the networks that move, from their draws on, and kernels unless NULL; use is taken from the draws
 * of those that go astray. */
static pdlt_status follow(pdlt_level_draws *r, const pdlt_level *level, double *kernels,
                          pdlt_error *err) {
  pdlt_moves *m = &r->moves;
  const size_t count = m->count;
  interval here = interval_of(r, level, 0);
  pdlt_status status = PDLT_OK;
  if (kernels != NULL)
    memset(r->change, 0, count * pdlt_packed_size(outputs_of(r)) * sizeof *r->change);
  for (size_t i = 0; i < count; i++) depart(r, i);
  for (size_t i = 0; i < count; i++) r->before[i] = arrive(r, i);
  for (int node = 0; node < level->nodes; node++) {
    const interval next = interval_of(r, level, node + 1);
    if (level->middle) {
      PDLT_TRY(advance(r, 0.5 * level->step, 0, NULL, err));
      pdlt_moves_evaluate(m, seen(r, &here));
    }
    PDLT_TRY(advance(r, level->step, 1, &here, err));
    pdlt_moves_evaluate(m, kernels != NULL ? r->linearization.data->samples : seen(r, &next));
    for (size_t i = 0; i < count; i++) {
      r->use[(m->first + i) / 2] &= arrive(r, i) <= r->before[i];
      if (kernels != NULL) change_kernel(r, i, &here, kernels);
    }
    here = next;
  }
  for (size_t i = 0; i < count; i++) {
    PDLT_TRY(
        pdlt_linearization_decompose(&r->linearization, state_of(r, i).ntk, m->at->samples, err));
    record(r, i, &here);
    if (kernels != NULL) keep_kernel(r, i, &here, kernels);
  }
cleanup:
  return status;
}

/* Draws that were of no use: their own linearization. */
static void settle(const pdlt_level_draws *r, const pdlt_level_numbers *out, size_t kernels) {
  const size_t values = values_of(r);
  for (size_t k = 0; k < r->bundle->draw.heads; k++) {
    if (r->use[k]) continue;
    memcpy(out->even + k * values, r->linear + k * values, values * sizeof *out->even);
    if (out->odd != NULL)
      memcpy(out->odd + k * values, r->linear_odd + k * values, values * sizeof *out->odd);
    if (out->kernels != NULL) memset(out->kernels + k * kernels, 0, kernels * sizeof *out->kernels);
  }
}

pdlt_status pdlt_level_draws_output(pdlt_level_draws *r, const pdlt_level *level,
                                    const pdlt_level_numbers *out, pdlt_error *err) {
  const size_t values = values_of(r), heads = r->bundle->draw.heads;
  const size_t kernels = r->linearization.schedule->num_times * pdlt_packed_size(outputs_of(r));
  const int owned = pdlt_moves_own(&r->moves, (size_t)level->nodes, level->middle);
  const size_t most = owned ? 1 : r->moves.moving;
  pdlt_status status = PDLT_OK;
  memset(out->even, 0, heads * values * sizeof *out->even);
  if (out->odd != NULL) memset(out->odd, 0, heads * values * sizeof *out->odd);
  if (out->kernels != NULL) memset(out->kernels, 0, heads * kernels * sizeof *out->kernels);
  for (size_t k = 0; k < heads; k++) r->use[k] = !r->unstable[k] && level->nodes > 0;
  for (size_t first = 0, count; first < 2 * heads && level->nodes > 0; first += count) {
    count = 2 * heads - first < most ? 2 * heads - first : most;
    pdlt_moves_start(&r->moves, first, count, owned);
    PDLT_TRY(follow(r, level, out->kernels, err));
    for (size_t i = 0; i < count; i++) {
      const size_t f = first + i;
      const double *path = r->path + i * values;
      pdlt_row_add(values, 0.5, path, out->even + f / 2 * values);
      if (out->odd != NULL)
        pdlt_row_add(values, f % 2 == 0 ? 0.5 : -0.5, path, out->odd + f / 2 * values);
    }
  }
  settle(r, out, kernels);
cleanup:
  return status;
}
