/* figure_ntk_change.c - movement of the NTK during training, divided by h. At infinite
 * width it stands still; its movement is representation learning (PDLT ch. 11). */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "compare/figure_internal.h"

enum { MAX_PANELS = 6, MAX_WIDTHS = 6 };

/* Entries of Theta_t (T, n_L, D, n_L, D) of the first output, in order of showing. */
typedef struct view {
  const pdlt_figure_input *in;
  size_t num_times, numbers, samples, num_train; /* numbers: of one time */
  const double *times, *theory;                  /* theory: Theta_t_nlo or NULL */
  size_t a[MAX_PANELS], b[MAX_PANELS], num_shown;
  double *scratch; /* (3, num_times) */
} view;

/* Tensor of that shape whose times begin like the view's, else NULL. */
static const double *checked(const view *v, const pdlt_tensor *t) {
  if (!t || t->ndim != 5 || t->dim[0] < v->num_times || t->dim[4] != v->samples) return NULL;
  return pdlt_tensor_count(t) == t->dim[0] * v->numbers ? t->data : NULL;
}

static void show(view *v, size_t a, size_t b) {
  if (a >= v->samples || b >= v->samples || v->num_shown == MAX_PANELS) return;
  for (size_t k = 0; k < v->num_shown; k++)
    if (v->a[k] == a && v->b[k] == b) return;
  v->a[v->num_shown] = a;
  v->b[v->num_shown++] = b;
}

/* 1 when a width has the NTK at two or more times. */
static int find_view(view *v, const pdlt_figure_input *in) {
  *v = (view){.in = in};
  v->num_times = pdlt_figure_times(in, &v->times);
  if (v->num_times < 2 || in->comparison->num_widths == 0) return 0;
  const pdlt_tensor *t = pdlt_measured_get(in->measured, in->comparison->widths[0], "Theta_t");
  if (!t || t->ndim != 5) return 0;
  v->samples = t->dim[4];
  v->numbers = t->dim[1] * t->dim[2] * t->dim[3] * t->dim[4];
  if (v->numbers == 0 || !checked(v, t)) return 0;
  v->theory = checked(v, pdlt_archive_get(in->theory, "Theta_t_nlo"));
  v->num_train = pdlt_figure_train_samples(in->measured, v->samples);
  show(v, 0, 0);
  show(v, 0, 1);
  show(v, 1, 1);
  show(v, v->num_train, v->num_train); /* outside when there are no test samples */
  show(v, 0, v->num_train);
  show(v, 1, v->num_train);
  return 1;
}

/* Standard error of x(t) - x(0) from block values, which share networks; without blocks
 * from both error bars as if independent. */
static double change_error(const view *v, size_t w, size_t t, size_t entry) {
  double width = v->in->comparison->widths[w], total = 0, mean = 0, scatter = 0;
  const pdlt_tensor *blocks = pdlt_measured_get(v->in->measured, width, "blocks/Theta_t");
  const pdlt_tensor *members = pdlt_measured_get(v->in->measured, width, "blocks/members");
  const double *se = checked(v, pdlt_measured_get(v->in->measured, width, "Theta_t_se"));
  if (!blocks || blocks->ndim != 6 || blocks->dim[0] < 2)
    return se ? hypot(se[t * v->numbers + entry], se[entry]) : NAN;
  size_t count = blocks->dim[0], size = pdlt_tensor_count(blocks) / count;
  if (members && pdlt_tensor_count(members) != count) members = NULL;
  if (size < (t + 1) * v->numbers) return NAN;
  for (int pass = 0; pass < 2; pass++)
    for (size_t b = 0; b < count; b++) {
      const double *x = blocks->data + b * size;
      double change = x[t * v->numbers + entry] - x[entry], weight = members ? members->data[b] : 1;
      if (pass == 0) {
        total += weight;
        mean += weight * change;
      } else {
        weight /= total;
        scatter += weight * weight * pow(change - mean / total, 2);
      }
    }
  return sqrt(scatter * (double)count / (double)(count - 1));
}

static pdlt_status add_width(pdlt_panel *panel, const view *v, size_t w, size_t entry,
                             pdlt_error *err) {
  const pdlt_comparison *c = v->in->comparison;
  const double *x = checked(v, pdlt_measured_get(v->in->measured, c->widths[w], "Theta_t"));
  double *y = v->scratch, *lo = y + v->num_times, *hi = lo + v->num_times;
  char label[96];
  if (!x) return PDLT_OK;
  for (size_t t = 0; t < v->num_times; t++) {
    double se = change_error(v, w, t, entry) / c->h[w];
    y[t] = (x[t * v->numbers + entry] - x[entry]) / c->h[w];
    lo[t] = y[t] - se;
    hi[t] = y[t] + se;
  }
  snprintf(label, sizeof label, "measured, <i>n</i> = %.0f", c->widths[w]);
  pdlt_series marks = {.kind = PDLT_SERIES_MARKS,
                       .n = v->num_times,
                       .x = v->times,
                       .y = y,
                       .lo = lo,
                       .hi = hi,
                       .label = label};
  pdlt_figure_style_width(&marks, w);
  return pdlt_panel_add(panel, &marks, err);
}

static pdlt_status fill_panel(pdlt_panel *panel, const view *v, size_t k, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  size_t outputs = 1;
  while (outputs * outputs * v->samples * v->samples < v->numbers) outputs++;
  size_t entry = v->a[k] * outputs * v->samples + v->b[k];
  char title[128];
  pdlt_axis *x = pdlt_panel_x(panel);
  snprintf(title, sizeof title, "<i>\xce\x98</i>, %s %zu, %s %zu",
           v->a[k] < v->num_train ? "training" : "test",
           v->a[k] < v->num_train ? v->a[k] + 1 : v->a[k] - v->num_train + 1,
           v->b[k] < v->num_train ? "training" : "test",
           v->b[k] < v->num_train ? v->b[k] + 1 : v->b[k] - v->num_train + 1);
  pdlt_panel_title(panel, title);
  x->kind = PDLT_AXIS_LOG1P;
  x->threshold = v->times[0] > 0 ? v->times[0] : v->times[1];
  snprintf(x->label, sizeof x->label, "step <i>t</i>");
  snprintf(pdlt_panel_y(panel)->label, sizeof pdlt_panel_y(panel)->label,
           "(<i>\xce\x98</i>(<i>t</i>) \xe2\x88\x92 <i>\xce\x98</i>(0))/<i>h</i>");
  for (size_t w = 0; w < v->in->comparison->num_widths && w < MAX_WIDTHS; w++)
    PDLT_TRY(add_width(panel, v, w, entry, err));
  if (!v->theory) goto cleanup;
  for (size_t t = 0; t < v->num_times; t++)
    v->scratch[t] = v->theory[t * v->numbers + entry] - v->theory[entry];
  pdlt_series line = {.kind = PDLT_SERIES_LINE,
                      .n = v->num_times,
                      .x = v->times,
                      .y = v->scratch,
                      .color = PDLT_BLACK,
                      .label = "theory, coefficient of <i>h</i>"};
  PDLT_TRY(pdlt_panel_add(panel, &line, err));
cleanup:
  return status;
}

/* Size of the movement at the last time relative to its prediction, largest width. */
static void write_caption(FILE *text, const view *v) {
  const pdlt_comparison *c = v->in->comparison;
  size_t w = c->num_widths - 1, last = v->num_times - 1;
  const double *x = checked(v, pdlt_measured_get(v->in->measured, c->widths[w], "Theta_t"));
  double measured = 0, predicted = 0, overlap = 0;
  char number[64];
  fputs(
      "Movement of the mean NTK since the start of training, divided by <i>h</i>: at infinite "
      "width it stands still. Error bars: one standard error of the difference.",
      text);
  if (!x || !v->theory) return;
  for (size_t i = 0; i < v->numbers; i++) {
    double m = (x[last * v->numbers + i] - x[i]) / c->h[w];
    double p = v->theory[last * v->numbers + i] - v->theory[i];
    measured += m * m;
    predicted += p * p;
    overlap += m * p;
  }
  if (!(predicted > 0) || !(measured > 0)) return;
  pdlt_plot_number(number, sizeof number, overlap / predicted, 3);
  fprintf(text,
          " At step %.0f and <i>n</i> = %.0f the movement of all entries, projected on the "
          "prediction, has %s times its size",
          v->times[last], c->widths[w], number);
  pdlt_plot_number(number, sizeof number, overlap / sqrt(measured * predicted), 3);
  fprintf(text, " (cosine %s).", number);
}

pdlt_status pdlt_figure_ntk_change(pdlt_figure_job *job, pdlt_error *err) {
  view v;
  if (!find_view(&v, job->in)) return PDLT_OK;
  pdlt_status status = PDLT_OK;
  pdlt_figure_page page = {0};
  PDLT_TRY(pdlt_alloc(&v.scratch, 3 * v.num_times, sizeof *v.scratch, err));
  PDLT_TRY(pdlt_figure_page_open(&page, v.num_shown, err));
  for (size_t k = 0; k < v.num_shown; k++)
    PDLT_TRY(fill_panel(pdlt_plot_panel(page.plot, k), &v, k, err));
  write_caption(page.text, &v);
  PDLT_TRY(pdlt_figure_page_emit(job, &page, "ntk_change", "Movement of the neural tangent kernel",
                                 err));
cleanup:
  pdlt_free(v.scratch);
  pdlt_figure_page_close(&page);
  return status;
}
