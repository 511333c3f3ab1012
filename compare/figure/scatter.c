/* scatter.c - predicted against measured, all numbers of many quantities: the
 * tensors of order 1/n (intercepts), and the coefficients of h, or h^(1/2), of everything else. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/memory.h"
#include "compare/figure/internal.h"

enum { MAX_PANELS = 11, MAX_POINTS = 150, BINS = 20 };
static const double PULL_RANGE = 5;

/* One number as it is drawn. */
typedef struct point {
  double theory, value, se;
} point;

/* Points of one quantity (borrowed from the list of all). */
typedef struct cloud {
  const char *quantity;
  const char *unit; /* what a coefficient multiplies */
  const point *points;
  size_t count;
} cloud;

typedef struct scatter {
  int power; /* 0: c0, 1: c1 */
  int half;  /* 1: some coefficients are of h^(1/2) */
  point *points;
  size_t num_points;
  cloud clouds[MAX_PANELS];
  size_t num_clouds;
} scatter;

static const pdlt_coefficient *coefficient(const pdlt_compare_row *row, int power) {
  return power == 0 ? &row->c0 : &row->c1;
}

static int is_tensor(const char *name) {
  return strlen(name) == 1 && strchr("VABDFPQRSTU", name[0]);
}

static int compare_points(const void *a, const void *b) {
  const point *p = a, *q = b;
  if (p->theory != q->theory) return p->theory < q->theory ? -1 : 1;
  return (p->value > q->value) - (p->value < q->value);
}

static int same(double a, double b) { return fabs(a - b) <= 1e-11 * (fabs(a) + fabs(b)); }

/* Sorts and drops numbers equal by symmetry: same prediction and same measurement. */
static size_t distinct(point *points, size_t count) {
  size_t kept = 0;
  qsort(points, count, sizeof *points, compare_points);
  for (size_t i = 0; i < count; i++)
    if (kept == 0 || !same(points[i].theory, points[kept - 1].theory) ||
        !same(points[i].value, points[kept - 1].value))
      points[kept++] = points[i];
  return kept;
}

static pdlt_status gather(scatter *s, const pdlt_comparison *c, pdlt_error *err) {
  const char *names[PDLT_QUANTITIES_MAX];
  size_t num_names = pdlt_comparison_quantities(c, PDLT_QUANTITIES_MAX, names);
  pdlt_status status = pdlt_alloc(&s->points, c->num_rows, sizeof *s->points, err);
  if (status != PDLT_OK) return status;
  for (size_t k = 0; k < num_names && s->num_clouds < MAX_PANELS; k++) {
    point *first = s->points + s->num_points;
    size_t count = 0;
    if (s->power == 0 && !is_tensor(names[k])) continue;
    for (size_t r = 0; r < c->num_rows; r++) {
      const pdlt_coefficient *x = coefficient(&c->rows[r], s->power);
      if (strcmp(c->rows[r].quantity, names[k]) != 0 || !x->tested || !isfinite(x->z)) continue;
      first[count++] = (point){x->theory, x->value, x->se};
    }
    count = distinct(first, count);
    if (count == 0) continue;
    const double power = pdlt_comparison_power(c, names[k]);
    s->half |= power < 1;
    s->clouds[s->num_clouds++] = (cloud){names[k], pdlt_order_of(power)->unit, first, count};
    s->num_points += count;
  }
  return PDLT_OK;
}

/* Name of what is predicted: the quantity, or its coefficient of h, or h^(1/2). */
static void cloud_title(char *out, size_t size, const cloud *points, int power) {
  static const char *const names[][2] = {{"K", "<i>G</i><sup>{1}</sup>"},
                                         {"Theta", "<i>\xce\x98</i><sup>{1}</sup>"}};
  char symbol[192];
  pdlt_quantity_markup(symbol, sizeof symbol, points->quantity);
  for (size_t i = 0; power == 1 && i < sizeof names / sizeof *names; i++)
    if (strcmp(points->quantity, names[i][0]) == 0) {
      snprintf(out, size, "%s", names[i][1]);
      return;
    }
  if (power == 1)
    snprintf(out, size, "%s, coefficient of %s", symbol, points->unit);
  else
    snprintf(out, size, "%s", symbol);
}

/* Scatter of one quantity with the diagonal. */
static pdlt_status fill_cloud(pdlt_panel *panel, const cloud *points, int power, pdlt_error *err) {
  double x[MAX_POINTS], y[MAX_POINTS], lo[MAX_POINTS], hi[MAX_POINTS];
  size_t shown = points->count < MAX_POINTS ? points->count : MAX_POINTS;
  char title[256], label[64] = "measured, extrapolated to <i>h</i> = 0";
  if (power == 1) snprintf(label, sizeof label, "fitted coefficient of %s", points->unit);
  cloud_title(title, sizeof title, points, power);
  pdlt_panel_title(panel, title);
  snprintf(pdlt_panel_x(panel)->label, sizeof pdlt_panel_x(panel)->label, "predicted");
  snprintf(pdlt_panel_y(panel)->label, sizeof pdlt_panel_y(panel)->label, "measured");
  for (size_t i = 0; i < shown; i++) { /* points are sorted: an even choice of them */
    const point *p = &points->points[shown < 2 ? 0 : i * (points->count - 1) / (shown - 1)];
    x[i] = p->theory;
    y[i] = p->value;
    lo[i] = p->value - p->se;
    hi[i] = p->value + p->se;
  }
  pdlt_series marks = {.kind = PDLT_SERIES_MARKS,
                       .n = shown,
                       .x = x,
                       .y = y,
                       .lo = lo,
                       .hi = hi,
                       .color = PDLT_BLUE,
                       .label = label};
  /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): no cloud is empty */
  double margin = 0.05 * (x[shown - 1] - x[0]) + (x[0] == x[shown - 1] ? fabs(x[0]) : 0);
  double ends[2] = {x[0] - margin, x[shown - 1] + margin};
  pdlt_series diagonal = {.kind = PDLT_SERIES_LINE,
                          .n = 2,
                          .x = ends,
                          .y = ends,
                          .color = PDLT_VERMILION,
                          .width = 1.1,
                          .label = "prediction"};
  pdlt_status status = pdlt_panel_add(panel, &diagonal, err);
  return status == PDLT_OK ? pdlt_panel_add(panel, &marks, err) : status;
}

/* Bars of the pulls' histogram, as one band that follows the steps. */
static pdlt_status add_histogram(pdlt_panel *panel, const scatter *s, pdlt_error *err) {
  double x[2 * BINS], zero[2 * BINS] = {0}, top[2 * BINS], count[BINS] = {0};
  double width = 2 * PULL_RANGE / BINS;
  for (size_t i = 0; i < s->num_points; i++) {
    double pull = (s->points[i].value - s->points[i].theory) / s->points[i].se;
    double bin = floor((fmax(fmin(pull, PULL_RANGE), -PULL_RANGE) + PULL_RANGE) / width);
    count[bin >= BINS ? BINS - 1 : (size_t)bin] += 1;
  }
  for (size_t b = 0; b < BINS; b++) {
    x[2 * b] = -PULL_RANGE + (double)b * width;
    x[2 * b + 1] = x[2 * b] + width;
    top[2 * b] = top[2 * b + 1] = count[b] / ((double)s->num_points * width);
  }
  pdlt_series band = {.kind = PDLT_SERIES_BAND,
                      .n = (size_t)2 * BINS,
                      .x = x,
                      .lo = zero,
                      .hi = top,
                      .color = PDLT_SKY,
                      .alpha = 0.6,
                      .label = "deviations"};
  return pdlt_panel_add(panel, &band, err);
}

static pdlt_status fill_pulls(pdlt_panel *panel, const scatter *s, pdlt_error *err) {
  enum { POINTS = 81 };
  double x[POINTS], y[POINTS];
  pdlt_panel_title(panel, "all numbers");
  snprintf(pdlt_panel_x(panel)->label, sizeof pdlt_panel_x(panel)->label,
           "deviation in total errors");
  snprintf(pdlt_panel_y(panel)->label, sizeof pdlt_panel_y(panel)->label, "density");
  pdlt_panel_x(panel)->lo = -PULL_RANGE;
  pdlt_panel_x(panel)->hi = PULL_RANGE;
  for (int i = 0; i < POINTS; i++) {
    x[i] = -PULL_RANGE + 2 * PULL_RANGE * i / (POINTS - 1);
    y[i] = exp(-0.5 * x[i] * x[i]) / sqrt(2 * acos(-1.0));
  }
  pdlt_series normal = {.kind = PDLT_SERIES_LINE,
                        .n = POINTS,
                        .x = x,
                        .y = y,
                        .color = PDLT_BLACK,
                        .label = "normal density"};
  pdlt_status status = add_histogram(panel, s, err);
  pdlt_panel_y(panel)->lo = 0;
  return status == PDLT_OK ? pdlt_panel_add(panel, &normal, err) : status;
}

static void write_caption(FILE *text, const scatter *s) {
  double square = 0, worst = 0;
  size_t within = 0, thinned = 0;
  char rms[64], share[64], largest[64];
  for (size_t i = 0; i < s->num_points; i++) {
    double pull = (s->points[i].value - s->points[i].theory) / s->points[i].se;
    square += pull * pull;
    within += fabs(pull) <= 2;
    if (fabs(pull) > fabs(worst)) worst = pull;
  }
  for (size_t k = 0; k < s->num_clouds; k++) thinned |= s->clouds[k].count > MAX_POINTS;
  pdlt_plot_number(rms, sizeof rms, sqrt(square / (double)s->num_points), 3);
  pdlt_plot_number(share, sizeof share, 100 * (double)within / (double)s->num_points, 3);
  pdlt_plot_number(largest, sizeof largest, worst, 2);
  fputs(s->power == 0 ? "Tensors of order 1/<i>n</i> at initialization, output layer: measured "
                        "values extrapolated to <i>h</i> = 0 against prediction. "
                      : "Coefficients of <i>h</i>: slope of the fit, infinite width fixed at its "
                        "prediction, against the order-1/<i>n</i> prediction",
        text);
  if (s->power == 1 && s->half)
    fprintf(text, "; what depends on training goes in powers of %s", pdlt_order_of(0.5)->unit);
  if (s->power == 1) fputs(". ", text);
  if (thinned)
    fprintf(text, "At most %d numbers are shown for each, evenly chosen. ", (int)MAX_POINTS);
  fprintf(text,
          "Error bars: one total error of the fit, statistical, numerical and of the powers left "
          "out. Last panel: deviations of all %zu distinct numbers in total errors (outermost "
          "bins: everything beyond) with the normal density; numbers share networks and are "
          "correlated, so the histogram need not be smooth. Root mean square %s (1 expected of "
          "statistical errors, less of others), %s %% within two total errors (95 %% expected, or "
          "more), farthest %s.",
          s->num_points, rms, share, largest);
}

static pdlt_status make_figure(pdlt_figure_job *job, int power, const char *stem, const char *title,
                               pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_figure_page page = {0};
  scatter s = {.power = power};
  if (job->in->comparison->num_rows == 0) return PDLT_OK;
  PDLT_TRY(gather(&s, job->in->comparison, err));
  if (s.num_clouds == 0) goto cleanup;
  PDLT_TRY(pdlt_figure_page_open(&page, s.num_clouds + 1, err));
  for (size_t k = 0; k < s.num_clouds; k++)
    PDLT_TRY(fill_cloud(pdlt_plot_panel(page.plot, k), &s.clouds[k], power, err));
  PDLT_TRY(fill_pulls(pdlt_plot_panel(page.plot, s.num_clouds), &s, err));
  write_caption(page.text, &s);
  PDLT_TRY(pdlt_figure_page_emit(job, &page, stem, title, err));
cleanup:
  pdlt_free(s.points);
  pdlt_figure_page_close(&page);
  return status;
}

pdlt_status pdlt_figure_tensors(pdlt_figure_job *job, pdlt_error *err) {
  return make_figure(job, 0, "tensors", "Tensors of order 1/<i>n</i>, predicted and measured", err);
}

pdlt_status pdlt_figure_first_order(pdlt_figure_job *job, pdlt_error *err) {
  const pdlt_comparison *c = job->in->comparison;
  char title[128];
  int whole = 0, half = 0;
  for (size_t r = 0; r < c->num_rows; r++) {
    whole |= c->rows[r].power == 1 && c->rows[r].c1.tested;
    half |= c->rows[r].power < 1 && c->rows[r].c1.tested;
  }
  snprintf(title, sizeof title, "Coefficients of order %s%s%s",
           whole ? pdlt_order_of(1)->markup : "", whole && half ? " and " : "",
           half ? pdlt_order_of(0.5)->markup : "");
  return make_figure(job, 1, "first_order", title, err);
}
