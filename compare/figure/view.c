/* view.c - see view.h. */
#include "compare/figure/view.h"

#include <math.h>

#include "base/core/memory.h"
#include "base/experiment/quantity.h"

enum { MAX_WIDTHS = 6 };

/* Learning rate of the experiment; NaN when it is not a number. */
static double eta_of(const pdlt_archive *measured) {
  const json_t *experiment = json_object_get(measured->meta, "experiment");
  const json_t *eta = json_object_get(json_object_get(experiment, "training"), "eta");
  return json_is_number(eta) && json_number_value(eta) > 0 ? json_number_value(eta) : NAN;
}

static size_t common_times(const pdlt_figure_input *in, const double **times) {
  const pdlt_array *a = pdlt_archive_get(in->theory, "times");
  const pdlt_array *b = pdlt_archive_get(in->measured, "times");
  if (!a || !b) return 0;
  size_t count = pdlt_array_count(a), n = 0;
  if (pdlt_array_count(b) < count) count = pdlt_array_count(b);
  while (n < count && isfinite(a->data[n]) && a->data[n] == b->data[n]) n++;
  *times = a->data;
  return n;
}

pdlt_view pdlt_view_of(const pdlt_figure_input *in) {
  pdlt_view view = {.in = in, .c = in->comparison, .eta = eta_of(in->measured)};
  view.power = pdlt_comparison_power(view.c, "z");
  view.order = pdlt_order_of(view.power);
  view.num_times = common_times(in, &view.times);
  return view;
}

void pdlt_view_count_samples(pdlt_view *view, size_t samples) {
  view->samples = samples;
  view->num_train = pdlt_figure_train_samples(view->in->measured, samples);
}

pdlt_status pdlt_view_open(pdlt_view *view, size_t room, double unit, pdlt_error *err) {
  const pdlt_status status = pdlt_alloc(&view->x, view->num_times + 4 * room, sizeof *view->x, err);
  if (status != PDLT_OK) return status;
  view->y = view->x + view->num_times;
  view->se = view->y + room;
  view->lo = view->se + room;
  view->hi = view->lo + room;
  for (size_t t = 0; t < view->num_times; t++) view->x[t] = unit * view->times[t];
  return PDLT_OK;
}

void pdlt_view_close(pdlt_view *view) {
  pdlt_free(view->x);
  *view = (pdlt_view){0};
}

double pdlt_view_eta(const pdlt_view *view) { return isnan(view->eta) ? 1 : view->eta; }

double pdlt_view_unit(const pdlt_view *view, size_t w) {
  return view->power < 1 ? pow(view->c->h[w], view->power) : view->c->h[w];
}

const pdlt_array *pdlt_view_first(const pdlt_view *view, const char *quantity) {
  const int row = pdlt_quantity_find(quantity);
  const char *name = row < 0 ? NULL : pdlt_quantity_first(&pdlt_quantities[row], view->power);
  return name == NULL ? NULL : pdlt_archive_get(view->in->theory, name);
}

void pdlt_view_label(char *out, size_t size, const pdlt_view *view) {
  snprintf(out, size, "theory, coefficient of %s", view->order->unit);
}

size_t pdlt_view_widths(const pdlt_view *view) {
  return view->c->num_widths < MAX_WIDTHS ? view->c->num_widths : MAX_WIDTHS;
}

const double *pdlt_view_data(const pdlt_view *view, const pdlt_array *array, int ndim,
                             size_t per_time) {
  if (!array || array->ndim != ndim || array->dim[0] < view->num_times) return NULL;
  return pdlt_array_count(array) == array->dim[0] * per_time ? array->data : NULL;
}

const double *pdlt_view_theory(const pdlt_view *view, const char *name, int ndim, size_t per_time) {
  return pdlt_view_data(view, pdlt_archive_get(view->in->theory, name), ndim, per_time);
}

const double *pdlt_view_measured(const pdlt_view *view, size_t w, const char *name, int ndim,
                                 size_t per_time) {
  const pdlt_array *array = pdlt_measured_get(view->in->measured, view->c->widths[w], name);
  return pdlt_view_data(view, array, ndim, per_time);
}

pdlt_status pdlt_view_marks(pdlt_panel *panel, const pdlt_view *view, size_t n, const double *x,
                            size_t w, size_t k, const char *what, pdlt_error *err) {
  char label[128];
  snprintf(label, sizeof label, "%.80s, <i>n</i> = %.0f", what, view->c->widths[w]);
  pdlt_series marks = {.kind = PDLT_SERIES_MARKS,
                       .n = n,
                       .x = x,
                       .y = view->y,
                       .lo = view->lo,
                       .hi = view->hi,
                       .label = label};
  for (size_t i = 0; i < n; i++) {
    view->lo[i] = view->y[i] - view->se[i];
    view->hi[i] = view->y[i] + view->se[i];
  }
  pdlt_figure_style_width(&marks, k);
  return pdlt_panel_add(panel, &marks, err);
}
