/* figure.h - the figures of a comparison.
 *
 * Is: comparison + archives in, PNG, SVG and PDF files and their captions out. A caption
 * says what is seen, with numbers. Is not: the drawing (plot.h) or the page (report.h). */
#ifndef PDLT_COMPARE_FIGURE_FIGURE_H
#define PDLT_COMPARE_FIGURE_FIGURE_H

#include <stddef.h>

#include "base/core/progress.h"
#include "base/core/status.h"
#include "base/experiment/experiment.h"
#include "base/file/archive.h"
#include "compare/verdict/compare.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_FIGURES = 19 };

/* Name of each figure, which is that of its files, and what it shows, in the order of the report. */
typedef struct pdlt_figure_text {
  const char *name, *text;
} pdlt_figure_text;
extern const pdlt_figure_text pdlt_figure_texts[PDLT_FIGURES];

/* What figures and the report are made from; everything borrowed. keys NULL: none is set. */
typedef struct pdlt_figure_input {
  const pdlt_comparison *comparison;
  const pdlt_archive *theory, *measured;
  const pdlt_figure_keys *keys;
} pdlt_figure_input;

typedef struct pdlt_figure {
  char *stem;            /* file name without ending, e.g. "width_scaling" */
  char *title, *caption; /* HTML fragments */
  char *svg;             /* the drawing, svg_size bytes */
  size_t svg_size;
} pdlt_figure;

/* Initialize with {0}; free with pdlt_figure_list_free. */
typedef struct pdlt_figure_list {
  size_t count, capacity;
  pdlt_figure *items;
} pdlt_figure_list;

void pdlt_figure_list_free(pdlt_figure_list *list);

/* Makes every figure that the data allow: width_scaling, extrapolation (residual where theory follows
 * the width), training_curves, finite_width, parts, spread, learning_curves, loss_width, benefit,
 * posterior, hidden_layers, ntk_change, dntk_change, initial_density, kernels, depth, ntk_fluctuations,
 * tensors, first_order; writes FOLDER/figures/STEM.png, .svg, .pdf and its numbers, .csv, and appends to
 * *out. The files do not depend on time or place. What has no data gives no figure and no error. progress
 * (may be NULL) is told of PDLT_FIGURES units. On failure *out is emptied. Errors: PDLT_ERR_INPUT (keys
 * that name what is not there), PDLT_ERR_IO, PDLT_ERR_MEMORY. */
pdlt_status pdlt_figures_write(const pdlt_figure_input *in, const char *folder,
                               pdlt_figure_list *out, pdlt_progress *progress, pdlt_error *err);

/* Writes one figure to path, a name that ends in .pdf, .svg or .png, and its numbers beside it, .csv in
 * place of the ending; *caption (may be NULL): plain text, owned by the caller (pdlt_free). Errors:
 * PDLT_ERR_INPUT (no such figure or ending, no data for it, keys), PDLT_ERR_IO, PDLT_ERR_MEMORY. */
pdlt_status pdlt_figure_write(const pdlt_figure_input *in, const char *name, const char *path,
                              char **caption, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
