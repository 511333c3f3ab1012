/* loop.c - vectors that follow z <- N z + J(t) from zero, at recorded
 * times.
 *
 * Is: the loop over steps (or panels of flow), in batches whose sources are
 * made together. Is not: the sources themselves. Equations: docs/dynamics.md.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/core/memory.h"
#include "theory/order_one/internal.h"

/* Times whose sources are made at once: whole tiles and panels, about 64 MB of sources. */
enum { LEAST_BATCH = 32, MOST_BATCH = 256, BATCH_NUMBERS = 1 << 23 };
/* Of gradient flow, in all. */
static const double MOST_POINTS = 1e10;

/* State of a run. Everything that grows with time is owned here. */
typedef struct run {
  const pdlt_dynamics *dyn;
  const pdlt_time_loop *loop;
  size_t next;     /* first recorded time that is not reached */
  double points;   /* whose sources are made, in all */
  double *z;       /* (count, D) at present */
  double *present; /* state at present */
  size_t most;     /* points in a batch */
  double *batch;   /* (most) states */
  double *source;  /* (count, points, D) */
} run;

static void run_free(run *r) {
  pdlt_free(r->z);
  pdlt_free(r->present);
  pdlt_free(r->batch);
  pdlt_free(r->source);
}

static pdlt_status run_new(run *r, const pdlt_dynamics *dyn, const pdlt_time_loop *loop,
                           pdlt_error *err) {
  const size_t size = pdlt_time_state_size(dyn->lo.A), vectors = loop->count * dyn->lo.D;
  pdlt_status status = PDLT_OK;
  *r = (run){.dyn = dyn, .loop = loop, .most = MOST_BATCH};
  while (r->most > LEAST_BATCH && r->most * vectors > BATCH_NUMBERS) r->most /= 2;
  PDLT_TRY(pdlt_alloc(&r->z, vectors, sizeof *r->z, err));
  PDLT_TRY(pdlt_alloc(&r->present, size, sizeof *r->present, err));
  PDLT_TRY(pdlt_alloc(&r->batch, r->most * size, sizeof *r->batch, err));
  PDLT_TRY(pdlt_alloc(&r->source, r->most * vectors, sizeof *r->source, err));
  pdlt_time_state_start(dyn->lo.A, r->present);
cleanup:
  return status;
}

static void copy(double *out, const double *from, size_t count) {
  if (count > 0) memcpy(out, from, count * sizeof *out);
}

/* Keeps the vectors and the state for every recorded time equal to the present
 * one. */
static void record(run *r, double time, const double *state) {
  const pdlt_time_loop *loop = r->loop;
  const size_t vectors = loop->count * r->dyn->lo.D, size = pdlt_time_state_size(r->dyn->lo.A);
  for (; r->next < loop->num_times && loop->times[r->next] == time; r->next++) {
    copy(loop->recorded + r->next * vectors, r->z, vectors);
    if (loop->snapshots) copy(loop->snapshots + r->next * size, state, size);
  }
}

/* Sources of the first `points` states of the batch. */
static pdlt_status make_source(run *r, size_t points, pdlt_error *err) {
  const pdlt_time_states states = {.A = r->dyn->lo.A, .points = points, .data = r->batch};
  pdlt_time_weights weights = pdlt_time_states_weights(r->dyn, &states);
  weights.progress = r->dyn->progress;
  weights.unit = r->loop->units / r->points;
  return r->loop->source(r->loop->self, &weights, r->source, err);
}

/* J of a vector at a point. */
static const double *source_at(const run *r, size_t points, size_t vector, size_t point) {
  return r->source + (vector * points + point) * r->dyn->lo.D;
}

/* z1 <- N z1 + J */
static void step(run *r, size_t points, size_t point) {
  const pdlt_training *lo = &r->dyn->lo;
  for (size_t v = 0; v < r->loop->count; v++) {
    double *z = r->z + v * lo->D;
    const double *j = source_at(r, points, v, point);
    for (size_t d = lo->A; d < lo->D; d++) {
      double sum = 0;
      for (size_t a = 0; a < lo->A; a++) sum += lo->project[d * lo->A + a] * z[a];
      z[d] += j[d] - lo->eta * sum;
    }
    for (size_t a = 0; a < lo->A; a++) z[a] = r->dyn->mu[a] * z[a] + j[a];
  }
}

static pdlt_status run_steps(run *r, pdlt_error *err) {
  const size_t A = r->dyn->lo.A, size = pdlt_time_state_size(A);
  const uint64_t end = (uint64_t)r->loop->times[r->loop->num_times - 1];
  pdlt_status status = PDLT_OK;
  r->points = (double)end;
  for (uint64_t first = 0; first < end; first += r->most) {
    const size_t points = end - first < r->most ? (size_t)(end - first) : r->most;
    for (size_t k = 0; k < points; k++) {
      copy(r->batch + k * size, r->present, size);
      pdlt_time_state_step(A, r->dyn->mu, r->present);
    }
    PDLT_TRY(make_source(r, points, err));
    for (size_t k = 0; k < points; k++) {
      record(r, (double)(first + k), r->batch + k * size);
      step(r, points, k);
    }
  }
  record(r, (double)end, r->present);
cleanup:
  return status;
}

/* One panel of flow of width h, nodes from `first` on: the exact propagator
 * times the source, by Gauss-Legendre. early: states at the nodes (and at h)
 * after a start; by the symmetry of the nodes, the time that is left at node k
 * has been passed at its mirror. */
static void flow_panel(run *r, const double *early, const double *weight, double h, size_t points,
                       size_t first) {
  const pdlt_training *lo = &r->dyn->lo;
  const size_t A = lo->A, size = pdlt_time_state_size(A);
  const double *whole = early + PDLT_FLOW_NODES * size;
  for (size_t v = 0; v < r->loop->count; v++) {
    double *z = r->z + v * lo->D;
    for (size_t a = 0; a < A; a++) {
      double end = whole[a] * z[a], integral = whole[A + a] * z[a];
      for (size_t k = 0; k < PDLT_FLOW_NODES; k++) {
        const double *left = early + (PDLT_FLOW_NODES - 1 - k) * size;
        const double j = h * weight[k] * source_at(r, points, v, first + k)[a];
        end += left[a] * j;
        integral += left[A + a] * j;
      }
      z[a] = end;
      for (size_t d = A; d < lo->D; d++) z[d] -= lo->project[d * A + a] * integral;
    }
    for (size_t k = 0; k < PDLT_FLOW_NODES; k++)
      for (size_t d = A; d < lo->D; d++)
        z[d] += h * weight[k] * source_at(r, points, v, first + k)[d];
  }
}

/* Flow over `panels` panels of width h. early: (PDLT_FLOW_NODES + 1) states. */
static pdlt_status flow_interval(run *r, size_t panels, double h, double *early, pdlt_error *err) {
  const size_t A = r->dyn->lo.A, size = pdlt_time_state_size(A);
  double node[PDLT_FLOW_NODES], weight[PDLT_FLOW_NODES];
  pdlt_status status = PDLT_OK;
  pdlt_legendre(node, weight);
  for (size_t k = 0; k <= PDLT_FLOW_NODES; k++)
    pdlt_time_state_early(A, r->dyn->lo.value, k < PDLT_FLOW_NODES ? node[k] * h : h,
                          early + k * size);
  const size_t most = r->most / PDLT_FLOW_NODES;
  for (size_t done = 0; done < panels; done += most) {
    const size_t now = panels - done < most ? panels - done : most, points = now * PDLT_FLOW_NODES;
    for (size_t i = 0; i < now; i++) {
      double *states = r->batch + i * PDLT_FLOW_NODES * size;
      for (size_t k = 0; k < PDLT_FLOW_NODES; k++)
        pdlt_time_state_advance(A, r->present, early + k * size, states + k * size);
      double *whole = early + PDLT_FLOW_NODES * size;
      pdlt_time_state_advance(A, r->present, whole, whole + size);
      copy(r->present, whole + size, size);
    }
    PDLT_TRY(make_source(r, points, err));
    for (size_t i = 0; i < now; i++) flow_panel(r, early, weight, h, points, i * PDLT_FLOW_NODES);
  }
cleanup:
  return status;
}

/* Panels of flow from one time to another. */
static double panels_between(const run *r, double from, double to) {
  const size_t A = r->dyn->lo.A;
  const double panels = ceil((to - from) * (A > 0 ? r->dyn->lo.value[A - 1] : 0) / 2);
  return to > from && panels < 1 ? 1 : panels;
}

static pdlt_status run_flow(run *r, pdlt_error *err) {
  const size_t A = r->dyn->lo.A, size = pdlt_time_state_size(A);
  double *early = NULL, now = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&early, (PDLT_FLOW_NODES + 2) * size, sizeof *early, err));
  r->points = 0;
  for (size_t t = 0; t < r->loop->num_times; t++)
    r->points +=
        PDLT_FLOW_NODES * panels_between(r, t == 0 ? 0 : r->loop->times[t - 1], r->loop->times[t]);
  if (!(r->points <= MOST_POINTS))
    PDLT_TRY(pdlt_fail(err, PDLT_ERR_INPUT,
                       "gradient flow to time %g with eigenvalues up to %g of the NTK takes %.3g "
                       "points, at most %g; record earlier times",
                       r->loop->times[r->loop->num_times - 1], r->dyn->lo.value[r->dyn->lo.A - 1],
                       r->points, MOST_POINTS));
  while (r->next < r->loop->num_times) {
    const double goal = r->loop->times[r->next];
    if (goal > now) {
      const double count = panels_between(r, now, goal);
      PDLT_TRY(flow_interval(r, (size_t)count, (goal - now) / count, early, err));
    }
    now = goal;
    record(r, now, r->present);
  }
cleanup:
  pdlt_free(early);
  return status;
}

static pdlt_status check_times(const pdlt_dynamics *dyn, size_t num_times, const double *times,
                               pdlt_error *err) {
  for (size_t i = 0; i < num_times; i++) {
    const pdlt_status status = pdlt_training_check_time(&dyn->lo, times[i], err);
    if (status != PDLT_OK) return status;
    if (isinf(times[i]) || (!dyn->lo.flow && times[i] > 0x1p53))
      return pdlt_fail(err, PDLT_ERR_INPUT, "%.17g is not a training time", times[i]);
    if (i > 0 && times[i] < times[i - 1])
      return pdlt_fail(err, PDLT_ERR_INPUT, "the training times do not increase: %.17g after %.17g",
                       times[i], times[i - 1]);
  }
  return PDLT_OK;
}

pdlt_status pdlt_time_loop_run(const pdlt_dynamics *dyn, const pdlt_time_loop *loop,
                               pdlt_error *err) {
  run r = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(check_times(dyn, loop->num_times, loop->times, err));
  if (loop->num_times == 0) return PDLT_OK;
  PDLT_TRY(run_new(&r, dyn, loop, err));
  PDLT_TRY(dyn->lo.flow ? run_flow(&r, err) : run_steps(&r, err));
cleanup:
  run_free(&r);
  return status;
}
