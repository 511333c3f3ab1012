/* dynamics.c - the mean output at order 1/width at recorded times.
 *
 * Is: the loop over steps (or panels of flow), in batches whose sources are
 * made together; and the names of terms and parts. Is not: the sources
 * themselves (dynamics_source.c) or the rotation (dynamics_rotate.c). */
#include "theory/dynamics.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "theory/dynamics_internal.h"

enum { BATCH = 256 }; /* times whose sources are made at once */

const char *pdlt_dynamics_term_name(pdlt_dynamics_term term) {
  static const char *const names[] = {
#define PDLT_DYNAMICS_TERM_NAME(id, name, equation) name,
      PDLT_DYNAMICS_TERM_LIST(PDLT_DYNAMICS_TERM_NAME)
#undef PDLT_DYNAMICS_TERM_NAME
  };
  return names[term];
}

const char *pdlt_dynamics_term_equation(pdlt_dynamics_term term) {
  static const char *const equations[] = {
#define PDLT_DYNAMICS_TERM_EQUATION(id, name, equation) equation,
      PDLT_DYNAMICS_TERM_LIST(PDLT_DYNAMICS_TERM_EQUATION)
#undef PDLT_DYNAMICS_TERM_EQUATION
  };
  return equations[term];
}

const char *pdlt_dynamics_part_name(pdlt_dynamics_part part) {
  static const char *const names[] = {
#define PDLT_DYNAMICS_PART_NAME(id, name) name,
      PDLT_DYNAMICS_PART_LIST(PDLT_DYNAMICS_PART_NAME)
#undef PDLT_DYNAMICS_PART_NAME
  };
  return names[part];
}

/* State of a run. Everything that grows with time is owned here. */
typedef struct run {
  const pdlt_dynamics *dyn;
  size_t num_times, next; /* recorded times, and the first one not reached */
  const double *times;
  size_t count;      /* 5 n_L: vectors of D numbers */
  double *z;         /* (count, D) z1 of each part at present, rotated */
  double *recorded;  /* (num_times, count, D) rotated */
  double *present;   /* state at present */
  double *snapshots; /* (num_times) states, or NULL */
  double *batch;     /* (BATCH) states */
  double *source;    /* (5, points, n_L, D) */
} run;

static void run_free(run *r) {
  pdlt_free(r->z);
  pdlt_free(r->recorded);
  pdlt_free(r->present);
  pdlt_free(r->snapshots);
  pdlt_free(r->batch);
  pdlt_free(r->source);
}

static pdlt_status run_new(run *r, const pdlt_dynamics *dyn, size_t num_times, const double *times,
                           int snapshots, pdlt_error *err) {
  const size_t D = dyn->lo.D, size = pdlt_time_state_size(dyn->lo.A);
  pdlt_status status = PDLT_OK;
  *r = (run){.dyn = dyn, .num_times = num_times, .times = times};
  r->count = PDLT_DYNAMICS_PART_COUNT * dyn->lo.outputs;
  PDLT_TRY(pdlt_alloc(&r->z, r->count * D, sizeof *r->z, err));
  PDLT_TRY(pdlt_alloc(&r->recorded, num_times * r->count * D, sizeof *r->recorded, err));
  PDLT_TRY(pdlt_alloc(&r->present, size, sizeof *r->present, err));
  if (snapshots) PDLT_TRY(pdlt_alloc(&r->snapshots, num_times * size, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&r->batch, BATCH * size, sizeof *r->batch, err));
  PDLT_TRY(pdlt_alloc(&r->source, BATCH * r->count * D, sizeof *r->source, err));
  pdlt_time_state_start(dyn->lo.A, r->present);
cleanup:
  return status;
}

static void copy(double *out, const double *from, size_t count) {
  if (count > 0) memcpy(out, from, count * sizeof *out);
}

/* Keeps z1 and the state for every recorded time equal to the present one. */
static void record(run *r, double time, const double *state) {
  const size_t vectors = r->count * r->dyn->lo.D, size = pdlt_time_state_size(r->dyn->lo.A);
  for (; r->next < r->num_times && r->times[r->next] == time; r->next++) {
    copy(r->recorded + r->next * vectors, r->z, vectors);
    if (r->snapshots) copy(r->snapshots + r->next * size, state, size);
  }
}

/* Sources of the first `points` states of the batch. */
static pdlt_status make_source(run *r, size_t points, pdlt_error *err) {
  const pdlt_time_states states = {.A = r->dyn->lo.A, .points = points, .data = r->batch};
  const pdlt_time_weights weights = pdlt_time_states_weights(r->dyn, &states);
  return pdlt_dynamics_source(r->dyn, &weights, r->source, err);
}

/* J of vector `which` (part, output) at a point. */
static const double *source_at(const run *r, size_t points, size_t which, size_t point) {
  const size_t n = r->dyn->lo.outputs;
  return r->source + ((which / n * points + point) * n + which % n) * r->dyn->lo.D;
}

/* z1 <- N z1 + J */
static void step(run *r, size_t points, size_t point) {
  const pdlt_training *lo = &r->dyn->lo;
  for (size_t v = 0; v < r->count; v++) {
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
  const double end = r->times[r->num_times - 1];
  pdlt_status status = PDLT_OK;
  for (double first = 0; first < end; first += BATCH) {
    const size_t points = end - first < BATCH ? (size_t)(end - first) : BATCH;
    for (size_t k = 0; k < points; k++) {
      copy(r->batch + k * size, r->present, size);
      pdlt_time_state_step(A, r->dyn->mu, r->present);
    }
    PDLT_TRY(make_source(r, points, err));
    for (size_t k = 0; k < points; k++) {
      record(r, first + (double)k, r->batch + k * size);
      step(r, points, k);
    }
  }
  record(r, end, r->present);
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
  for (size_t v = 0; v < r->count; v++) {
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
  for (size_t done = 0; done < panels; done += BATCH / PDLT_FLOW_NODES) {
    const size_t most = BATCH / PDLT_FLOW_NODES;
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

static pdlt_status run_flow(run *r, pdlt_error *err) {
  const size_t A = r->dyn->lo.A, size = pdlt_time_state_size(A);
  const double theta_max = A > 0 ? r->dyn->lo.value[A - 1] : 0;
  double *early = NULL, now = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&early, (PDLT_FLOW_NODES + 2) * size, sizeof *early, err));
  while (r->next < r->num_times) {
    const double goal = r->times[r->next], panels = ceil((goal - now) * theta_max / 2);
    if (goal > now) {
      const double count = panels < 1 ? 1 : panels;
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
    if (!(times[i] >= 0 && isfinite(times[i])) || (!dyn->lo.flow && times[i] != floor(times[i])))
      return pdlt_fail(err, PDLT_ERR_INPUT, "%.17g is not a training time", times[i]);
    if (i > 0 && times[i] < times[i - 1])
      return pdlt_fail(err, PDLT_ERR_INPUT, "the training times do not increase: %.17g after %.17g",
                       times[i], times[i - 1]);
  }
  return PDLT_OK;
}

/* Recorded vectors in samples: parts (5, T, n_L, D), z_nlo their sum. */
static void deliver(const run *r, double *rotated, double *z_nlo, double *parts) {
  const size_t D = r->dyn->lo.D, n = r->dyn->lo.outputs, block = n * D;
  for (size_t t = 0; t < r->num_times; t++) {
    pdlt_rotate_back(r->dyn, r->count, r->recorded + t * r->count * D, rotated);
    for (size_t i = 0; i < block; i++) {
      double sum = 0;
      for (size_t part = 0; part < PDLT_DYNAMICS_PART_COUNT; part++) {
        const double value = rotated[part * block + i];
        if (parts) parts[(part * r->num_times + t) * block + i] = value;
        sum += value;
      }
      z_nlo[t * block + i] = sum;
    }
  }
}

pdlt_status pdlt_dynamics_run(const pdlt_dynamics *dyn, size_t num_times, const double *times,
                              double *z_nlo, double *parts, double *theta_t, pdlt_error *err) {
  run r = {0};
  double *rotated = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(check_times(dyn, num_times, times, err));
  if (num_times == 0) return PDLT_OK;
  PDLT_TRY(run_new(&r, dyn, num_times, times, theta_t != NULL, err));
  PDLT_TRY(pdlt_alloc(&rotated, r.count * dyn->lo.D, sizeof *rotated, err));
  PDLT_TRY(dyn->lo.flow ? run_flow(&r, err) : run_steps(&r, err));
  if (theta_t) {
    const pdlt_time_states states = {.A = dyn->lo.A, .points = num_times, .data = r.snapshots};
    PDLT_TRY(pdlt_dynamics_ntk(dyn, &states, theta_t, err));
  }
  deliver(&r, rotated, z_nlo, parts);
cleanup:
  run_free(&r);
  pdlt_free(rotated);
  return status;
}
