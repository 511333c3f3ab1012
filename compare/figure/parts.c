/* parts.c - what the correction of the mean output is made of: the parts of z_nlo, or z_half,
 * at the end of training, stacked, with their sum and the fitted coefficient. */
#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/experiment/quantity.h"
#include "compare/figure/internal.h"

enum { NUM_PARTS = 8, MAX_SAMPLES = 24 };

/* The first five of z_nlo, the others of z_half. */
static const struct {
  const char *name, *label;
  pdlt_color color;
} parts[NUM_PARTS] = {
    {"mean_ntk", "mean NTK", PDLT_BLUE},
    {"ntk_fluctuations", "NTK fluctuations", PDLT_SKY},
    {"dntk", "dNTK", PDLT_GREEN},
    {"ddntk_linear", "ddNTK, linear in <i>y</i>", PDLT_ORANGE},
    {"ddntk_cubic", "ddNTK, cubic in <i>y</i>", PDLT_PURPLE},
    {"crossing", "samples whose neurons cross", PDLT_BLUE},
    {"pushed", "samples pushed by them", PDLT_SKY},
    {"others", "through other neurons", PDLT_GREEN},
};

/* Parts, sum and measurement of the first output at one time. */
typedef struct bars {
  size_t count; /* samples; those that are not shown have no part */
  int train;    /* 1: there are no test samples, training samples are shown */
  double time;
  const char *unit; /* what the coefficient multiplies */
  int has_part[NUM_PARTS], shown[MAX_SAMPLES];
  size_t num_shown;
  double part[NUM_PARTS][MAX_SAMPLES], sum[MAX_SAMPLES];
  double fitted[MAX_SAMPLES], se[MAX_SAMPLES]; /* NaN: not tested */
} bars;

/* The fitted first coefficient of output 0 on a sample at the time, from the rows. */
static void find_fit(bars *b, const pdlt_comparison *c, size_t k, size_t sample) {
  b->fitted[k] = b->se[k] = NAN;
  for (size_t r = 0; r < c->num_rows; r++) {
    const pdlt_compare_row *row = &c->rows[r];
    if (strcmp(row->quantity, "z") != 0 || row->ndim != 2 || row->index[0] != 0 ||
        row->index[1] != sample || row->time != b->time || !row->c1.tested)
      continue;
    b->fitted[k] = row->c1.value;
    b->se[k] = row->c1.se;
  }
}

/* 1 when theory holds the first coefficient of z of trained networks and at least one part of it. */
static int find_bars(bars *b, const pdlt_figure_input *in) {
  const double power = pdlt_comparison_power(in->comparison, "z");
  const char *name = pdlt_quantity_first(&pdlt_quantities[PDLT_QUANTITY_Z], power);
  const pdlt_array *z = pdlt_archive_get(in->theory, name);
  const pdlt_array *times = pdlt_archive_get(in->theory, "times");
  if (!z || !times || z->ndim != 3 || pdlt_array_count(z) == 0) return 0;
  if (pdlt_array_count(times) != z->dim[0]) return 0;
  if (times->data[z->dim[0] - 1] <= 0) return 0; /* nothing is trained: all parts are 0 */
  size_t last = z->dim[0] - 1, samples = z->dim[2], found = 0;
  size_t train = pdlt_figure_train_samples(in->measured, samples);
  size_t first = train < samples ? train : 0;
  *b = (bars){.count = samples - first,
              .train = train == samples,
              .time = times->data[last],
              .unit = pdlt_order_of(power)->unit};
  if (b->count > MAX_SAMPLES) b->count = MAX_SAMPLES;
  for (size_t k = 0; k < b->count; k++) {
    b->shown[k] = pdlt_figure_shows_sample(in, first + k);
    b->num_shown += b->shown[k] != 0;
    b->sum[k] = b->shown[k] ? z->data[last * z->dim[1] * samples + first + k] : NAN;
    find_fit(b, in->comparison, k, first + k);
  }
  for (size_t p = 0; p < NUM_PARTS; p++) {
    const pdlt_array *t = pdlt_archive_getf(in->theory, "%s/%s", name, parts[p].name);
    if (!t || !pdlt_array_same_shape(t, z)) continue;
    b->has_part[p] = 1;
    found++;
    for (size_t k = 0; k < b->count; k++)
      b->part[p][k] = b->shown[k] ? t->data[last * z->dim[1] * samples + first + k] : NAN;
  }
  return found > 0 && b->num_shown > 0;
}

/* Bars of all parts: positive ones pile up from 0, negative ones pile down. */
static pdlt_status add_bars(pdlt_panel *panel, const bars *b, pdlt_error *err) {
  double up[MAX_SAMPLES] = {0}, down[MAX_SAMPLES] = {0};
  for (size_t p = 0; p < NUM_PARTS; p++) {
    int labelled = 0;
    for (size_t k = 0; k < b->count && b->has_part[p]; k++) {
      double value = b->part[p][k], *pile = value < 0 ? down : up, from = pile[k];
      double x[2] = {(double)k + 1 - 0.34, (double)k + 1 + 0.34};
      if (!isfinite(value)) continue;
      pile[k] += value;
      double lo[2] = {fmin(from, pile[k]), fmin(from, pile[k])};
      double hi[2] = {fmax(from, pile[k]), fmax(from, pile[k])};
      pdlt_series bar = {.kind = PDLT_SERIES_BAND,
                         .n = 2,
                         .x = x,
                         .lo = lo,
                         .hi = hi,
                         .color = parts[p].color,
                         .name = parts[p].label,
                         .label = labelled ? NULL : parts[p].label};
      labelled = 1;
      pdlt_status status = pdlt_panel_add(panel, &bar, err);
      if (status != PDLT_OK) return status;
    }
  }
  return PDLT_OK;
}

static pdlt_status fill_panel(pdlt_panel *panel, const bars *b, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  double x[MAX_SAMPLES], shifted[MAX_SAMPLES], lo[MAX_SAMPLES], hi[MAX_SAMPLES];
  pdlt_axis *axis = pdlt_panel_x(panel);
  char time[96];
  pdlt_time_markup(time, sizeof time, b->time);
  pdlt_panel_title(panel, time);
  snprintf(axis->label, sizeof axis->label, "%s sample", b->train ? "training" : "test");
  snprintf(pdlt_panel_y(panel)->label, sizeof pdlt_panel_y(panel)->label,
           "coefficient of %s in <i>z\xcc\x84</i>", b->unit);
  axis->lo = 0.4;
  axis->hi = (double)b->count + 0.6;
  for (size_t k = 0; k < b->count; k++) {
    x[k] = (double)k + 1;
    shifted[k] = x[k] + 0.18;
    lo[k] = b->fitted[k] - b->se[k];
    hi[k] = b->fitted[k] + b->se[k];
    if (k < PDLT_TICKS_MAX) axis->at[axis->num_at++] = x[k];
  }
  double ends[2] = {axis->lo, axis->hi}, zero[2] = {0, 0};
  pdlt_series line = {
      .kind = PDLT_SERIES_LINE, .n = 2, .x = ends, .y = zero, .color = PDLT_BLACK, .width = 0.7};
  pdlt_series sum = {.kind = PDLT_SERIES_MARKS,
                     .n = b->count,
                     .x = x,
                     .y = b->sum,
                     .color = PDLT_BLACK,
                     .mark = PDLT_MARK_DIAMOND,
                     .label = "sum, predicted"};
  pdlt_series fitted = {.kind = PDLT_SERIES_MARKS,
                        .n = b->count,
                        .x = shifted,
                        .y = b->fitted,
                        .lo = lo,
                        .hi = hi,
                        .color = PDLT_VERMILION,
                        .label = "measured, fitted over widths"};
  PDLT_TRY(add_bars(panel, b, err));
  PDLT_TRY(pdlt_panel_add(panel, &line, err));
  PDLT_TRY(pdlt_panel_add(panel, &sum, err));
  PDLT_TRY(pdlt_panel_add(panel, &fitted, err));
cleanup:
  return status;
}

/* Root mean square of each part, largest first among words, and how far the fit is. */
static void write_caption(FILE *text, const bars *b) {
  double square = 0, tested = 0;
  char number[64];
  fprintf(text,
          "Coefficient of %s in the mean output of %s samples%s and its parts: bars above "
          "and below 0 add up to the black diamond. Root mean squares: ",
          b->unit, b->train ? "training" : "test",
          b->count == MAX_SAMPLES ? " (the first ones)" : "");
  for (size_t p = 0, first = 1; p < NUM_PARTS; p++) {
    double sum = 0;
    if (!b->has_part[p]) continue;
    for (size_t k = 0; k < b->count; k++)
      if (b->shown[k]) sum += b->part[p][k] * b->part[p][k];
    pdlt_plot_number(number, sizeof number, sqrt(sum / (double)b->num_shown), 3);
    fprintf(text, "%s%s %s", first ? "" : ", ", parts[p].label, number);
    first = 0;
  }
  fputs(".", text);
  for (size_t k = 0; k < b->count; k++) {
    double pull = (b->fitted[k] - b->sum[k]) / b->se[k];
    if (!isfinite(pull)) continue;
    square += pull * pull;
    tested++;
  }
  if (tested == 0) return;
  pdlt_plot_number(number, sizeof number, sqrt(square / tested), 3);
  fprintf(text,
          " The fitted coefficients (with one total error) differ from the sum by %s total "
          "errors root mean square.",
          number);
}

pdlt_status pdlt_figure_parts(pdlt_figure_job *job, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_figure_page page = {0};
  bars *b = NULL;
  PDLT_TRY(pdlt_alloc(&b, 1, sizeof *b, err));
  if (!find_bars(b, job->in)) goto cleanup;
  PDLT_TRY(pdlt_figure_page_open(&page, 1, err));
  PDLT_TRY(fill_panel(pdlt_plot_panel(page.plot, 0), b, err));
  write_caption(page.text, b);
  PDLT_TRY(pdlt_figure_page_emit(job, &page, "parts", "Parts of the finite-width correction", err));
cleanup:
  pdlt_free(b);
  pdlt_figure_page_close(&page);
  return status;
}
