/* ntk_change.c - movement of the NTK and of the dNTK during training, divided by h^power. At
 * infinite width the NTK stands still and there is no dNTK; both are representation learning
 * (PDLT ch. 11 and infinity). */
#include <math.h>
#include <string.h>

#include "compare/figure/view.h"

enum { MAX_PANELS = 6 };

/* What is drawn. */
typedef struct subject {
  const char *name; /* of the quantity, (T, n_L, S, ...) */
  int rank;         /* pairs of output and sample */
  int rescaled;     /* 1: against eta t, not t */
  const char *stem, *title, *symbol;
  const char *caption; /* %s: what the movement is divided by */
} subject;

static const subject of_ntk = {
    .name = "Theta_t",
    .rank = 2,
    .stem = "ntk_change",
    .title = "Movement of the neural tangent kernel",
    .symbol = "<i>\xce\x98</i>",
    .caption =
        "Movement of the mean NTK since the start of training, divided by %s: at infinite "
        "width it stands still. Error bars: one standard error of the difference."};

static const subject of_dntk = {
    .name = "dTheta_t",
    .rank = 3,
    .rescaled = 1,
    .stem = "dntk_change",
    .title = "Growth of the differential of the neural tangent kernel",
    .symbol = "d<i>\xce\x98</i>",
    .caption =
        "Mean dNTK since the start of training, where its mean is 0, divided by %s: at "
        "infinite width there is none. Error bars: one standard error of the difference."};

/* Entries of the array of the first output, in order of showing. */
typedef struct change {
  pdlt_view view;
  const subject *of;
  size_t numbers;       /* of one time */
  size_t rows;          /* n_L S */
  const double *theory; /* first coefficient, or NULL */
  double unit;          /* of the axis of time: 1 or eta */
  size_t sample[MAX_PANELS][3], num_shown;
} change;

static const double *measured(const change *m, size_t w, const char *name) {
  return pdlt_view_measured(&m->view, w, name, 1 + 2 * m->of->rank, m->numbers);
}

static void show(change *m, size_t a, size_t b, size_t c) {
  if (a >= m->view.samples || b >= m->view.samples || c >= m->view.samples ||
      m->num_shown == MAX_PANELS)
    return;
  const size_t wanted[3] = {a, b, c};
  for (size_t k = 0; k < m->num_shown; k++)
    if (memcmp(m->sample[k], wanted, sizeof wanted) == 0) return;
  memcpy(m->sample[m->num_shown++], wanted, sizeof wanted);
}

/* Of two training samples and a test sample, or of the first three that are asked for; those that are
 * not there lie outside. */
static void choose_entries(change *m) {
  const size_t none = m->view.samples;
  const size_t one = pdlt_figure_sample(m->view.in, 0, 0, none);
  const size_t two = pdlt_figure_sample(m->view.in, 1, 1, none);
  const size_t test = pdlt_figure_sample(m->view.in, 2, m->view.num_train, none);
  if (m->of->rank == 2) {
    show(m, one, one, 0);
    show(m, one, two, 0);
    show(m, two, two, 0);
    show(m, test, test, 0);
    show(m, one, test, 0);
    show(m, two, test, 0);
  } else {
    show(m, one, one, one);
    show(m, one, one, two);
    show(m, one, two, two);
    show(m, two, two, two);
    show(m, test, one, one);
    show(m, test, one, two);
  }
}

/* 1 when a width has the array at two or more times. */
static int find(change *m, const pdlt_figure_input *in, const subject *of) {
  *m = (change){.view = pdlt_view_of(in), .of = of, .unit = 1};
  const pdlt_view *v = &m->view;
  if (v->num_times < 2 || v->c->num_widths == 0) return 0;
  const pdlt_array *t = pdlt_measured_get(in->measured, v->c->widths[0], of->name);
  if (!t || t->ndim != 1 + 2 * of->rank || t->dim[0] == 0) return 0;
  pdlt_view_count_samples(&m->view, t->dim[t->ndim - 1]);
  m->rows = t->dim[t->ndim - 2] * v->samples;
  m->numbers = pdlt_array_count(t) / t->dim[0];
  if (m->numbers == 0 || !measured(m, 0, of->name)) return 0;
  m->theory = pdlt_view_data(v, pdlt_view_first(v, of->name), t->ndim, m->numbers);
  if (of->rescaled) m->unit = pdlt_view_eta(v);
  choose_entries(m);
  return 1;
}

/* Standard error of x(t) - x(0) from block values, which share networks; without blocks
 * from both error bars as if independent. */
static double change_error(const change *m, size_t w, size_t t, size_t entry) {
  const pdlt_view *v = &m->view;
  double width = v->c->widths[w], total = 0, mean = 0, scatter = 0;
  char blocks_of[32], se_of[32];
  snprintf(blocks_of, sizeof blocks_of, "blocks/%s", m->of->name);
  snprintf(se_of, sizeof se_of, "%s_se", m->of->name);
  const pdlt_array *blocks = pdlt_measured_get(v->in->measured, width, blocks_of);
  const pdlt_array *members = pdlt_measured_get(v->in->measured, width, "blocks/members");
  const double *se = measured(m, w, se_of);
  if (!blocks || blocks->ndim != 2 + 2 * m->of->rank || blocks->dim[0] < 2)
    return se ? hypot(se[t * m->numbers + entry], se[entry]) : NAN;
  size_t count = blocks->dim[0], size = pdlt_array_count(blocks) / count;
  if (members && pdlt_array_count(members) != count) members = NULL;
  if (size < (t + 1) * m->numbers) return NAN;
  for (int pass = 0; pass < 2; pass++)
    for (size_t b = 0; b < count; b++) {
      const double *x = blocks->data + b * size;
      double moved = x[t * m->numbers + entry] - x[entry], weight = members ? members->data[b] : 1;
      if (pass == 0) {
        total += weight;
        mean += weight * moved;
      } else {
        weight /= total;
        scatter += weight * weight * pow(moved - mean / total, 2);
      }
    }
  return sqrt(scatter * (double)count / (double)(count - 1));
}

static pdlt_status add_width(pdlt_panel *panel, const change *m, size_t w, size_t entry,
                             pdlt_error *err) {
  const pdlt_view *v = &m->view;
  const double *x = measured(m, w, m->of->name), unit = pdlt_view_unit(v, w);
  if (!x) return PDLT_OK;
  for (size_t t = 0; t < v->num_times; t++) {
    v->y[t] = (x[t * m->numbers + entry] - x[entry]) / unit;
    v->se[t] = change_error(m, w, t, entry) / unit;
  }
  return pdlt_view_marks(panel, v, v->num_times, v->x, w, w, "measured", err);
}

/* "SYMBOL, training 1, test 2". */
static void write_title(const change *m, size_t k, char *title, size_t size) {
  int at = snprintf(title, size, "%s", m->of->symbol);
  for (int i = 0; i < m->of->rank; i++) {
    const size_t sample = m->sample[k][i], train = m->view.num_train;
    at += snprintf(title + at, size - (size_t)at, ", %s %zu", sample < train ? "training" : "test",
                   sample < train ? sample + 1 : sample - train + 1);
  }
}

static pdlt_status fill_panel(pdlt_panel *panel, const change *m, size_t k, pdlt_error *err) {
  const pdlt_view *v = &m->view;
  pdlt_status status = PDLT_OK;
  size_t entry = 0;
  for (int i = 0; i < m->of->rank; i++) entry = entry * m->rows + m->sample[k][i];
  char title[160], label[64];
  pdlt_axis *x = pdlt_panel_x(panel), *y = pdlt_panel_y(panel);
  write_title(m, k, title, sizeof title);
  pdlt_panel_title(panel, title);
  pdlt_figure_time_axis(x, v->x, NAN);
  if (m->unit != 1) snprintf(x->label, sizeof x->label, "<i>\xce\xb7</i> <i>t</i>");
  snprintf(y->label, sizeof y->label, "(%s(<i>t</i>) \xe2\x88\x92 %s(0))/%s", m->of->symbol,
           m->of->symbol, v->order->unit);
  for (size_t w = 0; w < pdlt_view_widths(v); w++) PDLT_TRY(add_width(panel, m, w, entry, err));
  if (!m->theory) goto cleanup;
  for (size_t t = 0; t < v->num_times; t++)
    v->y[t] = m->theory[t * m->numbers + entry] - m->theory[entry];
  pdlt_view_label(label, sizeof label, v);
  PDLT_TRY(pdlt_figure_line(panel, v->num_times, v->x, v->y, PDLT_BLACK, 0, label, err));
cleanup:
  return status;
}

/* The caption with what stands for its %s. */
static void write_format(FILE *text, const char *caption, const char *unit) {
  const char *at = strstr(caption, "%s");
  fprintf(text, "%.*s%s%s", (int)(at - caption), caption, unit, at + 2);
}

/* Size of the movement at the last time relative to its prediction, largest width. */
static void write_caption(FILE *text, const change *m) {
  const pdlt_view *v = &m->view;
  const pdlt_comparison *c = v->c;
  size_t w = c->num_widths - 1, last = v->num_times - 1;
  const double *x = measured(m, w, m->of->name);
  double square = 0, predicted = 0, overlap = 0;
  char number[64];
  write_format(text, m->of->caption, v->order->unit);
  if (!x || !m->theory) return;
  for (size_t i = 0; i < m->numbers; i++) {
    double moved = (x[last * m->numbers + i] - x[i]) / pdlt_view_unit(v, w);
    double p = m->theory[last * m->numbers + i] - m->theory[i];
    square += moved * moved;
    predicted += p * p;
    overlap += moved * p;
  }
  if (!(predicted > 0) || !(square > 0)) return;
  pdlt_plot_number(number, sizeof number, overlap / predicted, 3);
  fprintf(text,
          " At step %.0f and <i>n</i> = %.0f the movement of all entries, projected on the "
          "prediction, has %s times its size",
          v->times[last], c->widths[w], number);
  pdlt_plot_number(number, sizeof number, overlap / sqrt(square * predicted), 3);
  fprintf(text, " (cosine %s).", number);
}

static pdlt_status draw(pdlt_figure_job *job, const subject *of, pdlt_error *err) {
  change m;
  if (!find(&m, job->in, of)) return PDLT_OK;
  pdlt_status status = PDLT_OK;
  pdlt_figure_page page = {0};
  PDLT_TRY(pdlt_view_open(&m.view, m.view.num_times, m.unit, err));
  PDLT_TRY(pdlt_figure_page_open(&page, m.num_shown, err));
  for (size_t k = 0; k < m.num_shown; k++)
    PDLT_TRY(fill_panel(pdlt_plot_panel(page.plot, k), &m, k, err));
  write_caption(page.text, &m);
  PDLT_TRY(pdlt_figure_page_emit(job, &page, of->stem, of->title, err));
cleanup:
  pdlt_view_close(&m.view);
  pdlt_figure_page_close(&page);
  return status;
}

pdlt_status pdlt_figure_ntk_change(pdlt_figure_job *job, pdlt_error *err) {
  return draw(job, &of_ntk, err);
}

pdlt_status pdlt_figure_dntk_change(pdlt_figure_job *job, pdlt_error *err) {
  return draw(job, &of_dntk, err);
}
