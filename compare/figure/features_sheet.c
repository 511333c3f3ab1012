/* features_sheet.c - leading functions of each kernel: a row for the kernel before, after, and their change.
 *
 * Is: of one input curves, of two maps, of more the numbers of the inputs that activate them most.
 * Is not: for images, which are a section of the page. */
#include <math.h>

#include "base/core/memory.h"
#include "compare/figure/features_internal.h"

enum { COLUMNS = 4, MOST_INPUTS = 128 };

/* Panel of function a of kernel k. */
typedef struct place {
  const pdlt_features_input *in;
  pdlt_panel *panel;
  const char *kernel;
  size_t k, a;
} place;

static void title_panel(const place *p) {
  const pdlt_array *values = pdlt_feature_array(p->in->features, "eigenvalues", p->kernel, "", 1);
  char title[160], value[64];
  pdlt_plot_number(value, sizeof value, values == NULL ? NAN : values->data[p->a], 3);
  snprintf(title, sizeof title, "%s, function %zu: %s", pdlt_feature_markup[p->k], p->a + 1, value);
  pdlt_panel_title(p->panel, title);
}

/* The samples (one input), at their values of the function. */
static pdlt_status add_samples(const place *p, pdlt_error *err) {
  const pdlt_array *x = pdlt_archive_get(p->in->features, "x");
  const pdlt_array *u = pdlt_feature_array(p->in->features, "functions", p->kernel, "", 2);
  if (x == NULL || u == NULL || x->dim[0] != u->dim[1] || u->dim[0] <= p->a) return PDLT_OK;
  const pdlt_series marks = {.kind = PDLT_SERIES_MARKS,
                             .n = u->dim[1],
                             .x = x->data,
                             .y = u->data + p->a * u->dim[1],
                             .color = PDLT_VERMILION,
                             .hollow = 1,
                             .name = "samples"};
  return pdlt_panel_add(p->panel, &marks, err);
}

static pdlt_status fill_curve(const place *p, const pdlt_array *axis, pdlt_error *err) {
  const pdlt_array *map = pdlt_feature_array(p->in->features, "map", p->kernel, "", 2);
  if (map == NULL || map->dim[1] != axis->dim[0]) return PDLT_OK;
  snprintf(pdlt_panel_x(p->panel)->label, sizeof pdlt_panel_x(p->panel)->label, "<i>x</i>");
  const pdlt_status status = pdlt_figure_line(
      p->panel, axis->dim[0], axis->data, map->data + p->a * map->dim[1], PDLT_BLUE, 0, NULL, err);
  return status == PDLT_OK ? add_samples(p, err) : status;
}

/* Rows from the largest second input down, as on paper. */
static pdlt_status fill_map(const place *p, const pdlt_array *axis, pdlt_error *err) {
  const pdlt_array *map = pdlt_feature_array(p->in->features, "map", p->kernel, "", 3);
  const size_t side = axis->dim[0];
  double *cells = NULL, most = 0;
  if (map == NULL || map->dim[1] != side || map->dim[2] != side) return PDLT_OK;
  pdlt_status status = pdlt_alloc(&cells, side * side, sizeof *cells, err);
  if (status != PDLT_OK) return status;
  for (size_t i = 0; i < side * side; i++) {
    cells[i] = map->data[(p->a * side + side - 1 - i / side) * side + i % side];
    most = fmax(most, fabs(cells[i]));
  }
  pdlt_panel_x(p->panel)->hide_labels = pdlt_panel_y(p->panel)->hide_labels = 1;
  snprintf(pdlt_panel_x(p->panel)->label, sizeof pdlt_panel_x(p->panel)->label,
           "<i>x</i><sub>1</sub>");
  snprintf(pdlt_panel_y(p->panel)->label, sizeof pdlt_panel_y(p->panel)->label,
           "<i>x</i><sub>2</sub>");
  status = pdlt_panel_heat(p->panel, side, side, cells, PDLT_MAP_DIVERGING, -most, most, err);
  pdlt_free(cells);
  return status;
}

/* Stems from 0 to each input of x*, for both signs side by side. */
static pdlt_status fill_inputs(const place *p, pdlt_error *err) {
  const pdlt_array *x = pdlt_feature_array(p->in->features, "ascent", p->kernel, "/x", 3);
  if (x == NULL || x->dim[0] <= p->a || x->dim[1] != 2 || x->dim[2] > MOST_INPUTS) return PDLT_OK;
  const size_t n = x->dim[2];
  double at[MOST_INPUTS], zero[MOST_INPUTS] = {0};
  snprintf(pdlt_panel_x(p->panel)->label, sizeof pdlt_panel_x(p->panel)->label, "input");
  for (size_t sign = 0; sign < 2; sign++) {
    const double *y = x->data + (p->a * 2 + sign) * n;
    double lo[MOST_INPUTS], hi[MOST_INPUTS];
    for (size_t i = 0; i < n; i++) {
      at[i] = (double)i + (sign == 0 ? -0.12 : 0.12);
      lo[i] = fmin(zero[i], y[i]);
      hi[i] = fmax(zero[i], y[i]);
    }
    const pdlt_series stems = {.kind = PDLT_SERIES_MARKS,
                               .n = n,
                               .x = at,
                               .y = y,
                               .lo = lo,
                               .hi = hi,
                               .color = sign == 0 ? PDLT_BLUE : PDLT_VERMILION,
                               .mark = sign == 0 ? PDLT_MARK_CIRCLE : PDLT_MARK_SQUARE,
                               .label = p->a + p->k > 0 ? NULL
                                        : sign == 0     ? "largest"
                                                        : "smallest",
                               .name = sign == 0 ? "largest" : "smallest"};
    const pdlt_status status = pdlt_panel_add(p->panel, &stems, err);
    if (status != PDLT_OK) return status;
  }
  return PDLT_OK;
}

static void write_caption(FILE *text, size_t inputs) {
  fputs(
      "Leading functions of the kernel before training, after it, and of the change, with their "
      "eigenvalues; ",
      text);
  if (inputs == 1)
    fputs("circles are the samples. ", text);
  else if (inputs == 2)
    fputs("blue and red are the two signs, white 0. ", text);
  else
    fputs(
        "shown are the inputs of given length at which they are largest and smallest, number by "
        "number. ",
        text);
  fputs("Functions of equal eigenvalues may be exchanged, and each has a sign of its own.", text);
}

static pdlt_status fill(const place *p, size_t inputs, pdlt_error *err) {
  const pdlt_array *axis = pdlt_archive_get(p->in->features, "map_axis");
  title_panel(p);
  if (axis != NULL && inputs == 1) return fill_curve(p, axis, err);
  if (axis != NULL && inputs == 2) return fill_map(p, axis, err);
  return fill_inputs(p, err);
}

/* Functions that there are of kernel k. */
static size_t functions_of(const pdlt_features_input *in, size_t k) {
  const pdlt_array *x =
      pdlt_feature_array(in->features, "ascent", pdlt_feature_kernels[k], "/x", 3);
  return x == NULL ? 0 : x->dim[0];
}

pdlt_status pdlt_figure_features_sheet(pdlt_figure_job *job, const pdlt_features_input *in,
                                       pdlt_error *err) {
  const pdlt_array *x = pdlt_archive_get(in->features, "x");
  const size_t inputs = x == NULL || x->ndim != 2 ? 0 : x->dim[1];
  size_t rows = 0, columns = 0, row[PDLT_FEATURE_KERNELS];
  pdlt_plot *plot = NULL;
  pdlt_stream caption = {0};
  pdlt_status status = PDLT_OK;
  for (size_t k = 0; k < PDLT_FEATURE_KERNELS; k++) {
    const size_t some = functions_of(in, k);
    row[k] = rows;
    rows += some > 0;
    columns = some > columns ? some : columns;
  }
  if (columns > COLUMNS) columns = COLUMNS;
  if (rows == 0 || inputs == 0 || inputs > MOST_INPUTS ||
      json_object_get(in->features->meta, "image") != NULL)
    return PDLT_OK;
  PDLT_TRY(pdlt_stream_open(&caption, "a caption", err));
  PDLT_TRY(pdlt_plot_new(&plot, rows, columns, 120, inputs == 2 ? 120 : 95, err));
  for (size_t k = 0; k < PDLT_FEATURE_KERNELS; k++)
    for (size_t a = 0; a < functions_of(in, k) && a < columns; a++) {
      const place p = {in, pdlt_plot_panel(plot, row[k] * columns + a), pdlt_feature_kernels[k], k,
                       a};
      PDLT_TRY(fill(&p, inputs, err));
    }
  write_caption(caption.out, inputs);
  PDLT_TRY(pdlt_stream_look(&caption, "a caption", err));
  PDLT_TRY(pdlt_figure_emit(job, plot, "features_sheet", "Leading functions", caption.text, err));
cleanup:
  pdlt_stream_free(&caption);
  pdlt_plot_free(plot);
  return status;
}
