/* grid.c - see grid.h. */
#include "theory/kink/grid.h"

#include <math.h>

#include "base/core/memory.h"

/* Steps that are followed one by one. */
static const double single = 32.0;
/* Later, and under flow, a cell is this share of the time so far; the first cells of flow are so long in
 * units of the fastest mode. */
static const double share = 1.0 / 16.0, first = 1.0 / 16.0;
/* Where a mode counts as ended. */
static const double ended = 1e-6;

enum { MOST_CELLS = 1 << 20 };

/* Length of the cell that begins at t. */
static double length(const pdlt_training *w, double t, double fine) {
  if (!w->flow) return t < single * fine ? 1.0 : fmax(1.0, floor(t * share / fine));
  return fmax(first / w->value[w->A - 1], t * share) / fine;
}

/* The time at which the slowest mode that falls has ended. */
static double end_of(const pdlt_training *w) {
  double slowest = 0.0;
  for (size_t a = 0; a < w->A; a++) {
    const double theta = w->value[a];
    const double rate = w->flow ? theta : -log(fabs(1.0 - w->eta * theta));
    if (rate > 0.0) slowest = fmax(slowest, -log(ended) / rate);
  }
  return ceil(fmin(slowest, 1e9));
}

/* Last finite time, or the end when one is infinite. */
static double last_time(const pdlt_training *w, size_t num_times, const double *times) {
  double last = 0.0;
  for (size_t k = 0; k < num_times; k++) last = fmax(last, isinf(times[k]) ? end_of(w) : times[k]);
  return last;
}

/* Next boundary after t: a recorded time, or where the cell ends. */
static double next(const pdlt_training *w, double t, double last, size_t num_times,
                   const double *times, double fine) {
  double to = fmin(t + length(w, t, fine), last);
  for (size_t k = 0; k < num_times; k++)
    if (times[k] > t && times[k] < to) to = times[k];
  return to;
}

/* More than MOST_CELLS: too many, or cells of no length beside the time at which they begin. */
static size_t count_cells(const pdlt_training *w, double last, size_t num_times,
                          const double *times, double fine) {
  double t = 0.0;
  size_t count = 0;
  for (; count <= MOST_CELLS && t < last; count++) t = next(w, t, last, num_times, times, fine);
  return count;
}

/* Mean over a cell of eta t (flow: t) of what a unit of source that grows evenly has been held so far:
 * (1/j) sum_{i<j} phi_i = (1 - phi_j/(eta j))/theta, whose limit at theta = 0 is eta (j - 1)/2. */
static double fed(const pdlt_training *w, double theta, double j, double phi) {
  const double span = w->flow ? j : w->eta * j;
  if (j <= 1.0 && !w->flow) return 0.0;
  if (theta * span < 1e-5) return w->flow ? span / 2 : (span - w->eta) / 2;
  return (1.0 - phi / span) / theta;
}

static void fill_cell(pdlt_kink_grid *g, const pdlt_training *w, size_t c, size_t a) {
  const size_t at = c * g->modes + a;
  const double j = g->time[c + 1] - g->time[c];
  const double phi = pdlt_training_phi(w->value[a], w->eta, w->flow, j, &g->decay[at]);
  g->gain[at] = g->power[at] * phi;
  g->held[at] = phi;
  g->spread[at] = phi / (w->flow ? j : w->eta * j);
  g->fed[at] = fed(w, w->value[a], j, phi);
}

static void fill_modes(pdlt_kink_grid *g, const pdlt_training *w) {
  for (size_t c = 0; c <= g->cells; c++)
    for (size_t a = 0; a < g->modes; a++) {
      pdlt_training_phi(w->value[a], w->eta, w->flow, g->time[c], &g->power[c * g->modes + a]);
      if (c < g->cells) fill_cell(g, w, c, a);
    }
}

static void fill_records(pdlt_kink_grid *g, size_t num_times, const double *times) {
  for (size_t k = 0; k < num_times; k++) {
    size_t c = 0;
    while (c < g->cells && g->time[c] < times[k]) c++;
    g->record[k] = c;
  }
}

pdlt_status pdlt_kink_grid_new(pdlt_kink_grid *out, const pdlt_training *w, size_t num_times,
                               const double *times, double fine, pdlt_error *err) {
  const double last = w->A == 0 ? 0.0 : last_time(w, num_times, times);
  pdlt_kink_grid g = {.cells = count_cells(w, last, num_times, times, fine), .modes = w->A};
  pdlt_status status = PDLT_OK;
  if (g.cells > MOST_CELLS)
    return pdlt_fail(err, PDLT_ERR_NUMERIC,
                     "kinks: training to time %g takes more than %d cells of time", last,
                     (int)MOST_CELLS);
  PDLT_TRY(pdlt_alloc(&g.time, g.cells + 1, sizeof *g.time, err));
  PDLT_TRY(pdlt_alloc(&g.flow, g.cells, sizeof *g.flow, err));
  PDLT_TRY(pdlt_alloc(&g.gain, g.cells * g.modes, sizeof *g.gain, err));
  PDLT_TRY(pdlt_alloc(&g.power, (g.cells + 1) * g.modes, sizeof *g.power, err));
  PDLT_TRY(pdlt_alloc(&g.decay, 4 * g.cells * g.modes, sizeof *g.decay, err));
  g.spread = g.decay + g.cells * g.modes;
  g.held = g.spread + g.cells * g.modes;
  g.fed = g.held + g.cells * g.modes;
  PDLT_TRY(pdlt_alloc(&g.record, num_times, sizeof *g.record, err));
  for (size_t c = 0; c < g.cells; c++) {
    g.time[c + 1] = next(w, g.time[c], last, num_times, times, fine);
    g.flow[c] = w->flow || g.time[c] >= single * fine;
  }
  fill_modes(&g, w);
  fill_records(&g, num_times, times);
  *out = g;
cleanup:
  if (status != PDLT_OK) pdlt_kink_grid_free(&g);
  return status;
}

void pdlt_kink_grid_free(pdlt_kink_grid *grid) {
  pdlt_free(grid->time);
  pdlt_free(grid->flow);
  pdlt_free(grid->gain);
  pdlt_free(grid->power);
  pdlt_free(grid->decay);
  pdlt_free(grid->record);
}
