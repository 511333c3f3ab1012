/* ntk_change.c - movement of the NTK and of the dNTK during training, divided by h. At
 * infinite width the NTK stands still and there is no dNTK; both are representation learning
 * (PDLT ch. 11 and infinity). */
#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "compare/figure/internal.h"

enum { MAX_PANELS = 6, MAX_WIDTHS = 6 };

/* What is drawn. */
typedef struct subject {
  const char *name, *theory; /* arrays (T, n_L, S, ...) */
  int rank;                  /* pairs of output and sample */
  int rescaled;              /* 1: against eta t, not t */
  const char *stem, *title, *symbol, *caption;
} subject;

static const subject of_ntk = {
    .name = "Theta_t",
    .theory = "Theta_t_nlo",
    .rank = 2,
    .stem = "ntk_change",
    .title = "Movement of the neural tangent kernel",
    .symbol = "<i>\xce\x98</i>",
    .caption =
        "Movement of the mean NTK since the start of training, divided by <i>h</i>: at infinite "
        "width it stands still. Error bars: one standard error of the difference."};

static const subject of_dntk = {
    .name = "dTheta_t",
    .theory = "dTheta_t_nlo",
    .rank = 3,
    .rescaled = 1,
    .stem = "dntk_change",
    .title = "Growth of the differential of the neural tangent kernel",
    .symbol = "d<i>\xce\x98</i>",
    .caption =
        "Mean dNTK since the start of training, where its mean is 0, divided by <i>h</i>: at "
        "infinite width there is none. Error bars: one standard error of the difference."};

/* Entries of the array of the first output, in order of showing. */
typedef struct view {
  const pdlt_figure_input *in;
  const subject *of;
  size_t num_times, numbers, samples, num_train; /* numbers: of one time */
  size_t rows;                                   /* n_L S */
  const double *times, *theory;                  /* theory: coefficient of h or NULL */
  double unit;                                   /* of the axis of time: 1 or eta */
  size_t sample[MAX_PANELS][3], num_shown;
  double *scratch; /* (4, num_times) */
} view;

/* Tensor of that shape whose times begin like the view's, else NULL. */
static const double *checked(const view *v, const pdlt_array *t) {
  if (!t || t->ndim != 1 + 2 * v->of->rank || t->dim[0] < v->num_times) return NULL;
  if (t->dim[t->ndim - 1] != v->samples) return NULL;
  return pdlt_array_count(t) == t->dim[0] * v->numbers ? t->data : NULL;
}

static void show(view *v, size_t a, size_t b, size_t c) {
  if (a >= v->samples || b >= v->samples || c >= v->samples || v->num_shown == MAX_PANELS) return;
  const size_t wanted[3] = {a, b, c};
  for (size_t k = 0; k < v->num_shown; k++)
    if (memcmp(v->sample[k], wanted, sizeof wanted) == 0) return;
  memcpy(v->sample[v->num_shown++], wanted, sizeof wanted);
}

/* Test samples lie outside when there are none. */
static void choose_entries(view *v) {
  const size_t test = v->num_train;
  if (v->of->rank == 2) {
    show(v, 0, 0, 0);
    show(v, 0, 1, 0);
    show(v, 1, 1, 0);
    show(v, test, test, 0);
    show(v, 0, test, 0);
    show(v, 1, test, 0);
  } else {
    show(v, 0, 0, 0);
    show(v, 0, 0, 1);
    show(v, 0, 1, 1);
    show(v, 1, 1, 1);
    show(v, test, 0, 0);
    show(v, test, 0, 1);
  }
}

/* 1 when a width has the array at two or more times. */
static int find_view(view *v, const pdlt_figure_input *in, const subject *of) {
  *v = (view){.in = in, .of = of, .unit = 1};
  v->num_times = pdlt_figure_times(in, &v->times);
  if (v->num_times < 2 || in->comparison->num_widths == 0) return 0;
  const pdlt_array *t = pdlt_measured_get(in->measured, in->comparison->widths[0], of->name);
  if (!t || t->ndim != 1 + 2 * of->rank) return 0;
  v->samples = t->dim[t->ndim - 1];
  v->rows = t->dim[t->ndim - 2] * v->samples;
  v->numbers = t->dim[0] == 0 ? 0 : pdlt_array_count(t) / t->dim[0];
  if (v->numbers == 0 || !checked(v, t)) return 0;
  v->theory = checked(v, pdlt_archive_get(in->theory, of->theory));
  v->num_train = pdlt_figure_train_samples(in->measured, v->samples);
  const json_t *experiment = json_object_get(in->measured->meta, "experiment");
  const json_t *eta = json_object_get(json_object_get(experiment, "training"), "eta");
  if (of->rescaled && json_is_number(eta)) v->unit = json_number_value(eta);
  choose_entries(v);
  return 1;
}

/* Standard error of x(t) - x(0) from block values, which share networks; without blocks
 * from both error bars as if independent. */
static double change_error(const view *v, size_t w, size_t t, size_t entry) {
  double width = v->in->comparison->widths[w], total = 0, mean = 0, scatter = 0;
  char blocks_of[32], se_of[32];
  snprintf(blocks_of, sizeof blocks_of, "blocks/%s", v->of->name);
  snprintf(se_of, sizeof se_of, "%s_se", v->of->name);
  const pdlt_array *blocks = pdlt_measured_get(v->in->measured, width, blocks_of);
  const pdlt_array *members = pdlt_measured_get(v->in->measured, width, "blocks/members");
  const double *se = checked(v, pdlt_measured_get(v->in->measured, width, se_of));
  if (!blocks || blocks->ndim != 2 + 2 * v->of->rank || blocks->dim[0] < 2)
    return se ? hypot(se[t * v->numbers + entry], se[entry]) : NAN;
  size_t count = blocks->dim[0], size = pdlt_array_count(blocks) / count;
  if (members && pdlt_array_count(members) != count) members = NULL;
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
  const double *x = checked(v, pdlt_measured_get(v->in->measured, c->widths[w], v->of->name));
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
  return pdlt_figure_marks(panel, v->num_times, v->scratch + 3 * v->num_times, y, lo, hi, w, label,
                           err);
}

/* "SYMBOL, training 1, test 2". */
static void write_title(const view *v, size_t k, char *title, size_t size) {
  int at = snprintf(title, size, "%s", v->of->symbol);
  for (int i = 0; i < v->of->rank; i++) {
    const size_t sample = v->sample[k][i], train = v->num_train;
    at += snprintf(title + at, size - (size_t)at, ", %s %zu", sample < train ? "training" : "test",
                   sample < train ? sample + 1 : sample - train + 1);
  }
}

static pdlt_status fill_panel(pdlt_panel *panel, const view *v, size_t k, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  size_t entry = 0;
  for (int i = 0; i < v->of->rank; i++) entry = entry * v->rows + v->sample[k][i];
  char title[160];
  double *at = v->scratch + 3 * v->num_times;
  pdlt_axis *x = pdlt_panel_x(panel);
  write_title(v, k, title, sizeof title);
  pdlt_panel_title(panel, title);
  for (size_t t = 0; t < v->num_times; t++) at[t] = v->unit * v->times[t];
  x->kind = PDLT_AXIS_LOG1P;
  x->threshold = at[0] > 0 ? at[0] : at[1];
  snprintf(x->label, sizeof x->label, "%s",
           v->unit == 1 ? "step <i>t</i>" : "<i>\xce\xb7</i> <i>t</i>");
  snprintf(pdlt_panel_y(panel)->label, sizeof pdlt_panel_y(panel)->label,
           "(%s(<i>t</i>) \xe2\x88\x92 %s(0))/<i>h</i>", v->of->symbol, v->of->symbol);
  for (size_t w = 0; w < v->in->comparison->num_widths && w < MAX_WIDTHS; w++)
    PDLT_TRY(add_width(panel, v, w, entry, err));
  if (!v->theory) goto cleanup;
  for (size_t t = 0; t < v->num_times; t++)
    v->scratch[t] = v->theory[t * v->numbers + entry] - v->theory[entry];
  PDLT_TRY(pdlt_figure_line(panel, v->num_times, at, v->scratch, PDLT_BLACK, 0,
                            "theory, coefficient of <i>h</i>", err));
cleanup:
  return status;
}

/* Size of the movement at the last time relative to its prediction, largest width. */
static void write_caption(FILE *text, const view *v) {
  const pdlt_comparison *c = v->in->comparison;
  size_t w = c->num_widths - 1, last = v->num_times - 1;
  const double *x = checked(v, pdlt_measured_get(v->in->measured, c->widths[w], v->of->name));
  double measured = 0, predicted = 0, overlap = 0;
  char number[64];
  fputs(v->of->caption, text);
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

static pdlt_status draw(pdlt_figure_job *job, const subject *of, pdlt_error *err) {
  view v;
  if (!find_view(&v, job->in, of)) return PDLT_OK;
  pdlt_status status = PDLT_OK;
  pdlt_figure_page page = {0};
  PDLT_TRY(pdlt_alloc(&v.scratch, 4 * v.num_times, sizeof *v.scratch, err));
  PDLT_TRY(pdlt_figure_page_open(&page, v.num_shown, err));
  for (size_t k = 0; k < v.num_shown; k++)
    PDLT_TRY(fill_panel(pdlt_plot_panel(page.plot, k), &v, k, err));
  write_caption(page.text, &v);
  PDLT_TRY(pdlt_figure_page_emit(job, &page, of->stem, of->title, err));
cleanup:
  pdlt_free(v.scratch);
  pdlt_figure_page_close(&page);
  return status;
}

pdlt_status pdlt_figure_ntk_change(pdlt_figure_job *job, pdlt_error *err) {
  return draw(job, &of_ntk, err);
}

pdlt_status pdlt_figure_dntk_change(pdlt_figure_job *job, pdlt_error *err) {
  return draw(job, &of_dntk, err);
}
