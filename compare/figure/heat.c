/* heat.c - kernel and NTK as heat maps: predicted, measured, difference. */
#include <math.h>
#include <stdlib.h>

#include "base/core/memory.h"
#include "compare/figure/internal.h"

enum { MAX_SAMPLES = 64 }; /* more cells than that cannot be told apart */

/* Numbers of the samples of the cells, in order: those that are asked for, else the first. Their numbers
 * stand at the axes, of the first PDLT_TICKS_MAX. */
typedef struct chosen {
  size_t count, sample[MAX_SAMPLES];
} chosen;

static chosen choose(const pdlt_figure_input *in, size_t samples) {
  chosen c = {.count = 0};
  if (in->keys != NULL && in->keys->num_samples > 0) {
    c.count = pdlt_figure_choose_samples(in, samples, samples, PDLT_TICKS_MAX, c.sample);
    return c;
  }
  for (; c.count < samples && c.count < MAX_SAMPLES; c.count++) c.sample[c.count] = c.count;
  return c;
}

/* One of K and Theta: the matrices beside each other at the largest width. */
typedef struct pair {
  const char *name;
  double width, h;
  size_t dim;
  const double *slope; /* (dim, dim) coefficient of h, or NULL: infinite width is predicted */
  const double *theory, *measured, *se; /* (dim, dim); se or NULL */
} pair;

/* 1 when the archives hold the matrix, square and of one size. */
static int find_pair(pair *p, const pdlt_figure_input *in, const char *name,
                     const char *slope_name) {
  char se_name[32];
  const pdlt_comparison *c = in->comparison;
  if (c->num_widths == 0) return 0;
  double width = c->widths[c->num_widths - 1];
  const pdlt_array *theory = pdlt_archive_get(in->theory, name);
  const pdlt_array *measured = pdlt_measured_get(in->measured, width, name);
  const pdlt_array *slope = pdlt_archive_get(in->theory, slope_name);
  snprintf(se_name, sizeof se_name, "%s_se", name);
  const pdlt_array *se = pdlt_measured_get(in->measured, width, se_name);
  if (!theory || !measured || !pdlt_array_same_shape(theory, measured)) return 0;
  if (theory->ndim != 2 || theory->dim[0] != theory->dim[1] || theory->dim[0] == 0) return 0;
  if (se && !pdlt_array_same_shape(se, theory)) se = NULL;
  if (slope && !pdlt_array_same_shape(slope, theory)) slope = NULL;
  *p = (pair){.name = name, .width = width, .h = c->h[c->num_widths - 1], .dim = theory->dim[0]};
  p->theory = theory->data;
  p->measured = measured->data;
  p->se = se ? se->data : NULL;
  p->slope = slope ? slope->data : NULL;
  return 1;
}

/* Entry of the matrix as predicted at the pair's width. */
static double predicted(const pair *p, size_t entry) {
  return p->theory[entry] + (p->slope ? p->h * p->slope[entry] : 0);
}

static void label_axes(pdlt_panel *panel, const char *title, const chosen *c) {
  pdlt_axis *x = pdlt_panel_x(panel), *y = pdlt_panel_y(panel);
  pdlt_panel_title(panel, title);
  for (size_t k = 0; k < c->count && k < PDLT_TICKS_MAX; k++)
    x->at[k] = y->at[k] = (double)(c->sample[k] + 1);
  x->num_at = y->num_at = c->count <= PDLT_TICKS_MAX ? c->count : 0;
  snprintf(pdlt_panel_x(panel)->label, sizeof pdlt_panel_x(panel)->label, "sample");
  snprintf(pdlt_panel_y(panel)->label, sizeof pdlt_panel_y(panel)->label, "sample");
}

/* Three panels from panel number first on. The first two share one colour scale. */
static pdlt_status fill_row(pdlt_plot *plot, size_t first, const pair *p, const chosen *c,
                            pdlt_error *err) {
  const size_t shown = c->count;
  double *cells = NULL, lo = INFINITY, hi = -INFINITY;
  pdlt_status status = pdlt_alloc(&cells, 3 * shown * shown, sizeof *cells, err);
  if (status != PDLT_OK) return status;
  for (size_t i = 0; i < shown; i++)
    for (size_t j = 0; j < shown; j++) {
      const size_t entry = c->sample[i] * p->dim + c->sample[j];
      double a = predicted(p, entry), b = p->measured[entry];
      double *cell = cells + i * shown + j;
      cell[0] = a;
      cell[shown * shown] = b;
      cell[2 * shown * shown] = b - a;
      if (p->se) cell[2 * shown * shown] /= p->se[entry];
      if (isfinite(a)) lo = fmin(lo, a), hi = fmax(hi, a);
      if (isfinite(b)) lo = fmin(lo, b), hi = fmax(hi, b);
    }
  char symbol[96], title[3][160];
  pdlt_quantity_markup(symbol, sizeof symbol, p->name);
  snprintf(title[0], sizeof title[0], "%s predicted%s", symbol,
           p->slope ? ", order 1/<i>n</i>" : "");
  snprintf(title[1], sizeof title[1], "%s measured, <i>n</i> = %.0f", symbol, p->width);
  snprintf(title[2], sizeof title[2], "%s",
           p->se ? "difference/standard error" : "measured \xe2\x88\x92 predicted");
  if (!(lo < hi)) lo = hi = NAN;
  for (size_t k = 0; k < 3; k++) {
    pdlt_panel *panel = pdlt_plot_panel(plot, first + k);
    int difference = k == 2;
    label_axes(panel, title[k], c);
    PDLT_TRY(pdlt_panel_heat(panel, shown, shown, cells + k * shown * shown,
                             difference ? PDLT_MAP_DIVERGING : PDLT_MAP_SEQUENTIAL,
                             difference ? NAN : lo, difference ? NAN : hi, err));
  }
cleanup:
  pdlt_free(cells);
  return status;
}

static void write_pair(FILE *text, const pair *p) {
  double largest = 0, scale = 0, worst = NAN;
  for (size_t i = 0; i < p->dim * p->dim; i++) {
    double d = p->measured[i] - predicted(p, i);
    if (!isfinite(d)) continue;
    largest = fmax(largest, fabs(d));
    scale = fmax(scale, fabs(p->theory[i]));
    if (p->se && p->se[i] > 0) worst = fmax(worst, fabs(d) / p->se[i]);
  }
  char symbol[96], relative[64], z[64];
  pdlt_quantity_markup(symbol, sizeof symbol, p->name);
  pdlt_plot_number(relative, sizeof relative, scale > 0 ? 100 * largest / scale : NAN, 2);
  pdlt_plot_number(z, sizeof z, worst, 2);
  fprintf(text, " %s differs from %s by at most %s %% of its largest entry", symbol,
          p->slope ? "order 1/<i>n</i>" : "infinite width", relative);
  if (isfinite(worst)) fprintf(text, " (%s standard errors at most)", z);
  fputs(".", text);
}

pdlt_status pdlt_figure_kernels(pdlt_figure_job *job, pdlt_error *err) {
  pair pairs[2];
  size_t count = 0;
  if (pdlt_figure_shows(job->in, "K"))
    count += (size_t)find_pair(&pairs[count], job->in, "K", "G1");
  if (pdlt_figure_shows(job->in, "Theta"))
    count += (size_t)find_pair(&pairs[count], job->in, "Theta", "Theta1");
  if (count == 0) return PDLT_OK;
  pdlt_status status = PDLT_OK;
  pdlt_plot *plot = NULL;
  pdlt_stream caption = {0};
  PDLT_TRY(pdlt_stream_open(&caption, "a caption", err));
  FILE *text = caption.out;
  PDLT_TRY(pdlt_plot_new(&plot, count, 3, 125, 125, err));
  fprintf(text,
          "Predicted and measured mean over networks, sample by sample (training samples "
          "first), and their difference%s, at the largest width.",
          pairs[0].se ? " in standard errors" : "");
  const chosen c = choose(job->in, pairs[0].dim);
  if (pairs[0].dim > MAX_SAMPLES) fprintf(text, " %zu samples are shown.", c.count);
  for (size_t k = 0; k < count; k++) {
    PDLT_TRY(fill_row(plot, 3 * k, &pairs[k], &c, err));
    write_pair(text, &pairs[k]);
  }
  PDLT_TRY(pdlt_stream_look(&caption, "a caption", err));
  PDLT_TRY(pdlt_figure_emit(job, plot, "kernels", "Kernel and neural tangent kernel", caption.text,
                            err));
cleanup:
  pdlt_stream_free(&caption);
  pdlt_plot_free(plot);
  return status;
}
