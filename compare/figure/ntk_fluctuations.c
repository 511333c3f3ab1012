/* ntk_fluctuations.c - how far the NTK of single networks lies from its mean at initialization, relative
 * to it, against width.
 *
 * At order 1/n the variance of Theta_{ii;ab} over networks is h (A_(ab)(ab) + B_aabb + B_abba): the
 * pairings of E[DTh_{i1 i2} DTh_{i3 i4}] with all four neurons the same (docs/figures.md, "Fluctuations
 * of the NTK"; PDLT ch. 8). So the relative spread falls as n^(-1/2). */
#include <math.h>

#include "base/core/memory.h"
#include "compare/figure/internal.h"
#include "compare/statistics/distance.h"

enum { MAX_PANELS = 3 };

/* An entry of the NTK of equal outputs: samples a and b. */
typedef struct entry {
  size_t a, b;
} entry;

typedef struct fluctuations {
  const pdlt_figure_input *in;
  const pdlt_comparison *c;
  size_t samples, tensor; /* of the NTK; of A and B */
  entry shown[MAX_PANELS];
  size_t num_shown;
  double *y, *lo, *hi, *line; /* (num_widths) */
  pdlt_distance *points;      /* (num_widths) */
} fluctuations;

/* Where A_(ab)(ab), B_aabb and B_abba stand. */
static void places(const fluctuations *f, entry e, size_t at[3]) {
  const size_t s = f->tensor, a = e.a, b = e.b;
  at[0] = ((a * s + b) * s + a) * s + b;
  at[1] = ((a * s + a) * s + b) * s + b;
  at[2] = ((a * s + b) * s + b) * s + a;
}

/* Their sum in A and B (S, S, S, S), which the places are of. */
static double variance(const fluctuations *f, entry e, const double *A, const double *B) {
  size_t at[3];
  places(f, e, at);
  return A[at[0]] + B[at[1]] + B[at[2]];
}

static const pdlt_array *measured(const fluctuations *f, size_t w, const char *name) {
  return pdlt_measured_get(f->in->measured, f->c->widths[w], name);
}

/* 1 when the array is (length, length, ...) of that many indices. */
static int is_cube(const pdlt_array *array, int ndim, size_t length) {
  int fits = array != NULL && array->ndim == ndim && length > 0;
  for (int d = 0; fits && d < ndim; d++) fits = array->dim[d] == length;
  return fits;
}

/* Standard error of the variance at a width from block values, which share networks; without blocks
 * from error bars, those of B as if they went together. */
static double variance_error(const fluctuations *f, size_t w, entry e) {
  const pdlt_array *A = measured(f, w, "blocks/A"), *B = measured(f, w, "blocks/B");
  const pdlt_array *weights = measured(f, w, "blocks/members");
  const size_t stride = f->tensor * f->tensor * f->tensor * f->tensor;
  double total = 0, mean = 0, scatter = 0;
  size_t at[3];
  places(f, e, at);
  const size_t count = A != NULL && A->ndim == 5 ? A->dim[0] : 0;
  if (count < 2 || B == NULL || pdlt_array_count(A) != count * stride ||
      pdlt_array_count(B) != count * stride || weights == NULL ||
      pdlt_array_count(weights) != count) {
    const pdlt_array *a_se = measured(f, w, "A_se"), *b_se = measured(f, w, "B_se");
    if (!is_cube(a_se, 4, f->tensor) || !is_cube(b_se, 4, f->tensor)) return NAN;
    return hypot(a_se->data[at[0]], b_se->data[at[1]] + b_se->data[at[2]]);
  }
  for (int pass = 0; pass < 2; pass++)
    for (size_t k = 0; k < count; k++) {
      const double v = variance(f, e, A->data + k * stride, B->data + k * stride);
      const double weight = weights->data[k];
      if (pass == 0) {
        total += weight;
        mean += weight * v;
      } else {
        scatter += pow(weight / total * (v - mean / total), 2);
      }
    }
  return sqrt(scatter * (double)count / (double)(count - 1));
}

/* Standard deviation over mean at a width, with its error to first order; NaN where it is not known. */
static pdlt_distance measure(const fluctuations *f, size_t w, entry e) {
  pdlt_distance out = {.value = NAN, .se = NAN, .numbers = 1};
  const pdlt_array *A = measured(f, w, "A"), *B = measured(f, w, "B");
  const pdlt_array *theta = measured(f, w, "Theta"), *theta_se = measured(f, w, "Theta_se");
  const size_t at = e.a * f->samples + e.b;
  if (!is_cube(A, 4, f->tensor) || !is_cube(B, 4, f->tensor) || !is_cube(theta, 2, f->samples))
    return out;
  const double v = variance(f, e, A->data, B->data), mean = fabs(theta->data[at]);
  if (!(v > 0) || !(mean > 0)) return out;
  const double of_mean = is_cube(theta_se, 2, f->samples) ? theta_se->data[at] / mean : 0;
  out.value = sqrt(f->c->h[w] * v) / mean;
  out.se = out.value * hypot(variance_error(f, w, e) / (2 * v), of_mean);
  out.used = isfinite(out.value);
  return out;
}

/* The prediction at a width: what infinite width says of A, B and the mean. */
static double predict(const fluctuations *f, size_t w, entry e) {
  const pdlt_array *A = pdlt_archive_get(f->in->theory, "A"),
                   *B = pdlt_archive_get(f->in->theory, "B");
  const pdlt_array *theta = pdlt_archive_get(f->in->theory, "Theta");
  fluctuations of = *f;
  of.tensor = A != NULL && A->ndim == 4 ? A->dim[0] : 0;
  if (e.a >= of.tensor || e.b >= of.tensor || !is_cube(A, 4, of.tensor) ||
      !is_cube(B, 4, of.tensor) || !is_cube(theta, 2, f->samples))
    return NAN;
  return sqrt(fmax(f->c->h[w] * variance(&of, e, A->data, B->data), 0)) /
         fabs(theta->data[e.a * f->samples + e.b]);
}

static void show(fluctuations *f, size_t a, size_t b) {
  if (a < f->tensor && b < f->tensor) f->shown[f->num_shown++] = (entry){a, b};
}

/* 1 when a width has the tensors and the NTK. */
static int find(fluctuations *f, const pdlt_figure_input *in) {
  *f = (fluctuations){.in = in, .c = in->comparison};
  if (f->c->num_widths == 0) return 0;
  const pdlt_array *A = measured(f, 0, "A"), *theta = measured(f, 0, "Theta");
  if (A == NULL || theta == NULL || A->ndim != 4 || theta->ndim != 2) return 0;
  f->tensor = A->dim[0];
  f->samples = theta->dim[0];
  const size_t none = f->tensor;
  const size_t one = pdlt_figure_sample(in, 0, 0, none), two = pdlt_figure_sample(in, 1, 1, none);
  show(f, one, one);
  show(f, one, two);
  show(f, two, two);
  return f->tensor <= f->samples && f->num_shown > 0;
}

static void label_axes(pdlt_panel *panel, const fluctuations *f, entry e) {
  pdlt_axis *x = pdlt_panel_x(panel), *y = pdlt_panel_y(panel);
  char title[96];
  if (e.a == e.b)
    snprintf(title, sizeof title, "<i>\xce\x98</i>, sample %zu", e.a + 1);
  else
    snprintf(title, sizeof title, "<i>\xce\x98</i>, samples %zu and %zu", e.a + 1, e.b + 1);
  pdlt_panel_title(panel, title);
  x->kind = y->kind = PDLT_AXIS_LOG;
  snprintf(x->label, sizeof x->label, "%s <i>n</i>", pdlt_comparison_size(f->c));
  snprintf(y->label, sizeof y->label, "standard deviation / mean");
  for (size_t w = 0; w < f->c->num_widths && w < PDLT_TICKS_MAX; w++)
    x->at[x->num_at++] = f->c->widths[w];
}

static pdlt_status fill_panel(pdlt_panel *panel, fluctuations *f, entry e, pdlt_error *err) {
  const size_t n = f->c->num_widths;
  label_axes(panel, f, e);
  for (size_t w = 0; w < n; w++) {
    f->points[w] = measure(f, w, e);
    f->line[w] = predict(f, w, e);
    f->y[w] = f->points[w].value;
    f->lo[w] = f->y[w] - f->points[w].se;
    f->hi[w] = f->y[w] + f->points[w].se;
  }
  const pdlt_status status = pdlt_figure_line(panel, n, f->c->widths, f->line, PDLT_BLACK, 1,
                                              "theory, order 1/<i>n</i>, slope \xe2\x88\x92"
                                              "1/2",
                                              err);
  const pdlt_series marks = {.kind = PDLT_SERIES_MARKS,
                             .n = n,
                             .x = f->c->widths,
                             .y = f->y,
                             .lo = f->lo,
                             .hi = f->hi,
                             .color = PDLT_BLUE,
                             .label = "measured"};
  return status == PDLT_OK ? pdlt_panel_add(panel, &marks, err) : status;
}

/* What the panel that was filled last says in numbers. */
static void write_numbers(FILE *text, const fluctuations *f, entry e) {
  const size_t w = f->c->num_widths - 1;
  char value[96], theory[64], slope[96];
  double exponent = NAN, se = NAN;
  pdlt_plot_measured(value, sizeof value, f->points[w].value, f->points[w].se);
  pdlt_plot_number(theory, sizeof theory, f->line[w], 4);
  if (e.a == e.b)
    fprintf(text, " Sample %zu", e.a + 1);
  else
    fprintf(text, " Samples %zu and %zu", e.a + 1, e.b + 1);
  fprintf(text, " at <i>n</i> = %.0f: measured %s, predicted %s", f->c->widths[w], value, theory);
  pdlt_distance_slope(f->c->num_widths, f->c->widths, f->points, &exponent, &se);
  if (isfinite(exponent)) {
    pdlt_plot_measured(slope, sizeof slope, exponent, se);
    fprintf(text, "; fitted slope %s", slope);
  }
  fputs(".", text);
}

pdlt_status pdlt_figure_ntk_fluctuations(pdlt_figure_job *job, pdlt_error *err) {
  fluctuations f;
  pdlt_status status = PDLT_OK;
  pdlt_figure_page page = {0};
  if (!find(&f, job->in)) return PDLT_OK;
  const size_t n = f.c->num_widths;
  PDLT_TRY(pdlt_alloc(&f.y, 4 * n, sizeof *f.y, err));
  f.lo = f.y + n;
  f.hi = f.lo + n;
  f.line = f.hi + n;
  PDLT_TRY(pdlt_alloc(&f.points, n, sizeof *f.points, err));
  PDLT_TRY(pdlt_figure_page_open(&page, f.num_shown, err));
  fputs(
      "Spread of the NTK over networks at initialization, relative to its mean, against width: "
      "\xe2\x88\x9a(<i>h</i>(<i>A</i> + <i>B</i> + <i>B</i>))/<i>\xce\x98</i> of the measured "
      "tensors (points, one standard error) and of those of theory (line).",
      page.text);
  for (size_t k = 0; k < f.num_shown; k++) {
    PDLT_TRY(fill_panel(pdlt_plot_panel(page.plot, k), &f, f.shown[k], err));
    write_numbers(page.text, &f, f.shown[k]);
  }
  PDLT_TRY(pdlt_figure_page_emit(job, &page, "ntk_fluctuations",
                                 "Fluctuations of the neural tangent kernel", err));
cleanup:
  pdlt_free(f.y);
  pdlt_free(f.points);
  pdlt_figure_page_close(&page);
  return status;
}
