/* features.c - see features.h: kernels, spectra and single weights; the order of all. */
#include "compare/figure/features.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/file/file.h"
#include "compare/figure/features_internal.h"

enum { CELLS = 64 /* samples along a heat map: more cells cannot be told apart */ };

const char *const pdlt_feature_kernels[PDLT_FEATURE_KERNELS] = {"k", "k_E", "change"};
const char *const pdlt_feature_markup[PDLT_FEATURE_KERNELS] = {
    "<i>k</i>", "<i>k</i><sup>E</sup>", "<i>k</i><sup>E</sup> \xe2\x88\x92 <i>k</i>"};
static const char *const titles[PDLT_FEATURE_KERNELS] = {
    "<i>k</i>, before training", "<i>k</i><sup>E</sup>, after training",
    "<i>k</i><sup>E</sup> \xe2\x88\x92 <i>k</i>"};

const pdlt_array *pdlt_feature_array(const pdlt_archive *features, const char *what,
                                     const char *name, const char *rest, int ndim) {
  const pdlt_array *array = pdlt_archive_getf(features, "%s/%s%s", what, name, rest);
  return array != NULL && array->ndim == ndim && pdlt_array_count(array) > 0 ? array : NULL;
}

/* --- Kernels --- */

/* The corner (shown, shown) of a kernel (D, D). */
static void take_corner(const pdlt_array *kernel, size_t shown, double *cells) {
  for (size_t i = 0; i < shown * shown; i++)
    cells[i] = kernel->data[i / shown * kernel->dim[1] + i % shown];
}

static void widen(size_t n, const double *x, double *lo, double *hi) {
  for (size_t i = 0; i < n; i++)
    if (isfinite(x[i])) *lo = fmin(*lo, x[i]), *hi = fmax(*hi, x[i]);
}

static double size_of(const pdlt_array *kernel) {
  double sum = 0;
  for (size_t i = 0; i < pdlt_array_count(kernel); i++) sum += kernel->data[i] * kernel->data[i];
  return sqrt(sum);
}

pdlt_status pdlt_figure_features_kernels(pdlt_figure_job *job, const pdlt_features_input *in,
                                         pdlt_error *err) {
  const pdlt_array *kernel[PDLT_FEATURE_KERNELS];
  pdlt_figure_page page = {0};
  double *cells = NULL, lo = INFINITY, hi = -INFINITY;
  char moved[64];
  pdlt_status status = PDLT_OK;
  for (int k = 0; k < PDLT_FEATURE_KERNELS; k++) {
    kernel[k] = pdlt_feature_array(in->features, "kernel", pdlt_feature_kernels[k], "", 2);
    if (kernel[k] == NULL) return PDLT_OK;
  }
  const size_t D = kernel[0]->dim[0], shown = D < CELLS ? D : CELLS, count = shown * shown;
  PDLT_TRY(pdlt_alloc(&cells, PDLT_FEATURE_KERNELS * count, sizeof *cells, err));
  PDLT_TRY(pdlt_figure_page_open(&page, PDLT_FEATURE_KERNELS, err));
  for (size_t k = 0; k < PDLT_FEATURE_KERNELS; k++)
    take_corner(kernel[k], shown, cells + k * count);
  widen(2 * count, cells, &lo, &hi);
  if (!(lo < hi)) lo = hi = NAN;
  for (size_t k = 0; k < PDLT_FEATURE_KERNELS; k++) {
    pdlt_panel *panel = pdlt_plot_panel(page.plot, k);
    const int change = k == PDLT_FEATURE_KERNELS - 1;
    pdlt_panel_title(panel, titles[k]);
    snprintf(pdlt_panel_x(panel)->label, sizeof pdlt_panel_x(panel)->label, "sample");
    if (k == 0) snprintf(pdlt_panel_y(panel)->label, sizeof pdlt_panel_y(panel)->label, "sample");
    PDLT_TRY(pdlt_panel_heat(panel, shown, shown, cells + k * count,
                             change ? PDLT_MAP_DIVERGING : PDLT_MAP_SEQUENTIAL, change ? NAN : lo,
                             change ? NAN : hi, err));
  }
  pdlt_plot_number(moved, sizeof moved, 100 * size_of(kernel[2]) / size_of(kernel[0]), 3);
  fprintf(page.text,
          "The NTK of this network summed over outputs, sample by sample, training samples first. "
          "Training changed it by %s %% of its size (roots of sums of squares).",
          moved);
  if (shown < D) fprintf(page.text, " %zu of %zu samples are shown.", shown, D);
  PDLT_TRY(
      pdlt_figure_page_emit(job, &page, "features_kernels", "The kernel before and after", err));
cleanup:
  pdlt_figure_page_close(&page);
  pdlt_free(cells);
  return status;
}

/* --- Spectra --- */

enum { RANKS = 64 };

static pdlt_status fill_spectrum(pdlt_panel *panel, const pdlt_features_input *in,
                                 pdlt_error *err) {
  static const pdlt_color colors[PDLT_FEATURE_KERNELS] = {PDLT_GREY, PDLT_BLUE, PDLT_VERMILION};
  pdlt_axis *x = pdlt_panel_x(panel), *y = pdlt_panel_y(panel);
  pdlt_panel_title(panel, "eigenvalues, centred");
  snprintf(x->label, sizeof x->label, "number");
  snprintf(y->label, sizeof y->label, "size");
  y->kind = PDLT_AXIS_LOG;
  for (size_t k = 0; k < PDLT_FEATURE_KERNELS; k++) {
    const pdlt_array *values =
        pdlt_feature_array(in->features, "eigenvalues", pdlt_feature_kernels[k], "", 1);
    double at[RANKS], size[RANKS];
    size_t n = 0;
    for (; values != NULL && n < values->dim[0] && n < RANKS; n++) {
      at[n] = (double)(n + 1);
      size[n] = fabs(values->data[n]);
      if (size[n] <= 1e-12 * size[0]) break;
    }
    if (n == 0) continue;
    const pdlt_series marks = {.kind = PDLT_SERIES_MARKS,
                               .n = n,
                               .x = at,
                               .y = size,
                               .color = colors[k],
                               .mark = (pdlt_mark)k,
                               .label = pdlt_feature_markup[k]};
    const pdlt_status status = pdlt_panel_add(panel, &marks, err);
    if (status != PDLT_OK) return status;
  }
  return PDLT_OK;
}

/* Bands of the shares (n, blocks) of each eigenfunction in the blocks, one upon the other, of four times as many
 * as the budget. */
static pdlt_status fill_shares(pdlt_panel *panel, const pdlt_array *shares, const json_t *labels,
                               size_t budget, const char *title, pdlt_error *err) {
  static const pdlt_color colors[] = {PDLT_BLUE, PDLT_ORANGE, PDLT_GREEN,    PDLT_PURPLE,
                                      PDLT_SKY,  PDLT_YELLOW, PDLT_VERMILION};
  double edge[2 * RANKS], below[2 * RANKS] = {0}, above[2 * RANKS];
  const size_t most = budget < RANKS / 4 ? 4 * budget : RANKS, blocks = shares->dim[1];
  const size_t n = shares->dim[0] < most ? shares->dim[0] : most;
  pdlt_axis *x = pdlt_panel_x(panel), *y = pdlt_panel_y(panel);
  pdlt_panel_title(panel, title);
  snprintf(x->label, sizeof x->label, "number of the eigenfunction");
  snprintf(y->label, sizeof y->label, "share in the structure");
  y->lo = 0;
  y->hi = 1.05;
  for (size_t a = 0; a < n; a++) { /* from a - 1/2 to a + 1/2, counted from 1 */
    edge[2 * a] = (double)a + 0.5;
    edge[2 * a + 1] = (double)a + 1.5;
  }
  for (size_t j = 0; j < blocks; j++) {
    char label[96];
    for (size_t a = 0; a < 2 * n; a++) above[a] = below[a] + shares->data[a / 2 * blocks + j];
    pdlt_markup_short(label, sizeof label, json_string_value(json_array_get(labels, j)), 24);
    const pdlt_series band = {.kind = PDLT_SERIES_BAND,
                              .n = 2 * n,
                              .x = edge,
                              .lo = below,
                              .hi = above,
                              .color = colors[j % (sizeof colors / sizeof *colors)],
                              .alpha = 0.75,
                              .label = blocks <= 8 ? label : NULL,
                              .name = label};
    const pdlt_status status = pdlt_panel_add(panel, &band, err);
    if (status != PDLT_OK) return status;
    memcpy(below, above, sizeof below);
  }
  return PDLT_OK;
}

/* Shares of k_E and of k in structure s, or NULL. */
static const pdlt_array *shares_of(const pdlt_features_input *in, size_t s, const char *kernel) {
  const json_t *structure = json_array_get(json_object_get(in->features->meta, "structures"), s);
  const char *name = json_string_value(json_object_get(structure, "name"));
  const pdlt_array *shares =
      name == NULL ? NULL : pdlt_archive_getf(in->features, "shares/%s/%s", name, kernel);
  return shares != NULL && shares->ndim == 2 && pdlt_array_count(shares) > 0 ? shares : NULL;
}

pdlt_status pdlt_figure_features_spectrum(pdlt_figure_job *job, const pdlt_features_input *in,
                                          pdlt_error *err) {
  const json_t *structures = json_object_get(in->features->meta, "structures");
  const size_t count = json_array_size(structures);
  pdlt_figure_page page = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_figure_page_open(&page, 1 + 2 * count, err));
  PDLT_TRY(fill_spectrum(pdlt_plot_panel(page.plot, 0), in, err));
  for (size_t s = 0; s < count; s++)
    for (size_t k = 0; k < 2; k++) {
      const json_t *structure = json_array_get(structures, s);
      const char *text = json_string_value(json_object_get(structure, "text"));
      const pdlt_array *shares = shares_of(in, s, pdlt_feature_kernels[1 - k]);
      char title[160], escaped[96];
      pdlt_markup_escape(escaped, sizeof escaped, text == NULL ? "" : text);
      snprintf(title, sizeof title, "%s: %s", pdlt_feature_markup[1 - k], escaped);
      if (shares == NULL) continue;
      PDLT_TRY(fill_shares(
          pdlt_plot_panel(page.plot, 1 + 2 * s + k), shares, json_object_get(structure, "blocks"),
          (size_t)json_integer_value(json_object_get(structure, "budget")), title, err));
    }
  fputs(
      "Eigenvalues of the kernels, rows and columns centred over samples; of the change by size, "
      "as "
      "some are negative.",
      page.text);
  if (count > 0)
    fputs(
        " Beside them, how much of each eigenfunction lies in each block of the known structure, "
        "one block upon the other.",
        page.text);
  PDLT_TRY(pdlt_figure_page_emit(job, &page, "features_spectrum", "Spectra", err));
cleanup:
  pdlt_figure_page_close(&page);
  return status;
}

/* --- Single weights --- */

static double scalar(const pdlt_archive *features, const char *name) {
  const pdlt_array *array = pdlt_archive_get(features, name);
  return array == NULL || pdlt_array_count(array) != 1 ? NAN : array->data[0];
}

pdlt_status pdlt_figure_features_weights(pdlt_figure_job *job, const pdlt_features_input *in,
                                         pdlt_error *err) {
  const pdlt_array *kept = pdlt_archive_get(in->features, "weights/kept");
  const pdlt_array *reached = pdlt_archive_get(in->features, "weights/reached");
  const double few = scalar(in->features, "weights/few"),
               count = scalar(in->features, "weights/count");
  pdlt_figure_page page = {0};
  char share[64], residual[64];
  pdlt_status status = PDLT_OK;
  if (kept == NULL || reached == NULL || kept->ndim != 1 || !pdlt_array_same_shape(kept, reached) ||
      !(few > 0))
    return PDLT_OK;
  PDLT_TRY(pdlt_figure_page_open(&page, 1, err));
  pdlt_panel *panel = pdlt_plot_panel(page.plot, 0);
  pdlt_axis *x = pdlt_panel_x(panel), *y = pdlt_panel_y(panel);
  x->kind = PDLT_AXIS_LOG;
  y->lo = -0.05;
  y->hi = 1.05;
  snprintf(x->label, sizeof x->label, "parameters, largest terms first");
  snprintf(y->label, sizeof y->label, "share of the change");
  PDLT_TRY(pdlt_figure_level(panel, kept->dim[0], kept->data, 0.9, err));
  PDLT_TRY(
      pdlt_figure_line(panel, kept->dim[0], kept->data, reached->data, PDLT_BLUE, 0, NULL, err));
  pdlt_plot_number(share, sizeof share, 100 * few / count, 2);
  pdlt_plot_number(residual, sizeof residual, scalar(in->features, "weights/residual"), 1);
  fprintf(page.text,
          "What the outputs have changed is a sum over single parameters. %.0f of %.0f of them, %s "
          "%%, make 90 %% of it (in squares). Sum of all against the change itself: %s of the "
          "largest change is missed.",
          few, count, share, residual);
  PDLT_TRY(pdlt_figure_page_emit(job, &page, "features_weights",
                                 "Single weights: how few make the change", err));
cleanup:
  pdlt_figure_page_close(&page);
  return status;
}

/* --- All --- */

pdlt_status pdlt_feature_figures_write(const pdlt_features_input *in, const char *folder,
                                       pdlt_figure_list *out, pdlt_error *err) {
  static pdlt_status (*const make[])(pdlt_figure_job *, const pdlt_features_input *,
                                     pdlt_error *) = {
      pdlt_figure_features_sheet, pdlt_figure_features_kernels, pdlt_figure_features_spectrum,
      pdlt_figure_features_weights, pdlt_figure_features_deviation};
  pdlt_compare_keys keys;
  pdlt_compare_keys_from_json(&keys, json_object_get(in->features->meta, "experiment"));
  const pdlt_figure_input input = {.keys = &keys.figures};
  pdlt_figure_job job = {.in = &input, .list = out};
  const size_t size = strlen(folder) + sizeof "/figures";
  char *path = NULL, seed[32];
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&path, size, 1, err));
  snprintf(path, size, "%s/figures", folder);
  PDLT_TRY(pdlt_folder_make(path, err));
  job.folder = path;
  pdlt_figure_provenance(&job.provenance, in->features->meta, seed, sizeof seed);
  for (size_t k = 0; k < sizeof make / sizeof *make; k++) PDLT_TRY(make[k](&job, in, err));
cleanup:
  pdlt_free(path);
  if (status != PDLT_OK) pdlt_figure_list_free(out);
  return status;
}
