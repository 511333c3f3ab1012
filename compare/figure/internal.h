/* internal.h - what the figures share. Users include figure.h. */
#ifndef PDLT_COMPARE_FIGURE_INTERNAL_H
#define PDLT_COMPARE_FIGURE_INTERNAL_H

#include <stdio.h>

#include "base/file/stream.h"
#include "compare/figure/classes.h"
#include "compare/figure/figure.h"
#include "compare/figure/select.h"
#include "compare/plot/plot.h"
#include "compare/text/markup.h"
#include "compare/text/number.h"
#include "compare/text/order.h"
#include "compare/verdict/rows.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One run of pdlt_figures_write or pdlt_figure_write. */
typedef struct pdlt_figure_job {
  const pdlt_figure_input *in;
  const char *folder; /* with figures/ at the end */
  pdlt_provenance provenance;
  pdlt_figure_list *list;
  const char *path; /* of the one figure that is made; NULL: all of them, into folder */
} pdlt_figure_job;

/* Writes the plot's files and appends it to the list; title and caption are copied. */
pdlt_status pdlt_figure_emit(pdlt_figure_job *job, pdlt_plot *plot, const char *stem,
                             const char *title, const char *caption, pdlt_error *err);

/* Where figures of an archive come from, by its metadata; seed: room for its text. */
void pdlt_figure_provenance(pdlt_provenance *out, const json_t *meta, char *seed, size_t size);

/* A grid of panels and the caption being written, for one figure. Initialize with {0}. */
typedef struct pdlt_figure_page {
  pdlt_plot *plot;
  pdlt_stream caption;
  FILE *text; /* of the caption, borrowed */
} pdlt_figure_page;

/* Room for count panels, one to three beside each other. To be closed in any case.
 * Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_figure_page_open(pdlt_figure_page *page, size_t count, pdlt_error *err);
pdlt_status pdlt_figure_page_emit(pdlt_figure_job *job, pdlt_figure_page *page, const char *stem,
                                  const char *title, pdlt_error *err);
void pdlt_figure_page_close(pdlt_figure_page *page);

/* Colour and mark of the k-th shown width, the same in all figures. */
void pdlt_figure_style_width(pdlt_series *series, size_t k);

/* Training samples (first) among all, from the experiment; samples when unknown. */
size_t pdlt_figure_train_samples(const pdlt_archive *measured, size_t samples);

/* The axis of training time x (two or more values of eta t, or steps when eta is NaN),
 * logarithmic with a place for 0. */
void pdlt_figure_time_axis(pdlt_axis *axis, const double *x, double eta);

/* Numbers of the samples that get a panel each, at most `most` (2 or more) into shown: those that are
 * asked for; else training samples first, two places kept for test samples where there are that many.
 * Returns how many. */
size_t pdlt_figure_choose_samples(const pdlt_figure_input *in, size_t samples, size_t train,
                                  size_t most, size_t *shown);

/* Titles the panel "training sample 1", "test sample 1, class cat", ... */
void pdlt_figure_title_sample(pdlt_panel *panel, const pdlt_figure_input *in, size_t sample,
                              size_t train);

/* " (first output)" or " (first output, class cat)" where there are several, else ""; returns out. */
const char *pdlt_figure_first_output(char *out, size_t size, const pdlt_archive *measured,
                                     size_t outputs);

/* A line through the n points x, y; dashed as in pdlt_series. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_figure_line(pdlt_panel *panel, size_t n, const double *x, const double *y,
                             pdlt_color color, int dashed, const char *label, pdlt_error *err);

/* Thin grey lines: one number of z, the at-th of count at each of the n times x, of the single
 * networks that width number w kept, twelve at most; *found (or NULL) how many. scratch: (n).
 * Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_figure_members(pdlt_panel *panel, const pdlt_figure_input *in, size_t w, size_t n,
                                const double *x, size_t at, size_t count, double *scratch,
                                size_t *found, pdlt_error *err);

/* A grey line at height y from x[0] to x[n - 1]. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_figure_level(pdlt_panel *panel, size_t n, const double *x, double y,
                              pdlt_error *err);

/* One function per figure; each does nothing when its data are absent. */
pdlt_status pdlt_figure_width_scaling(pdlt_figure_job *job, pdlt_error *err);
pdlt_status pdlt_figure_extrapolation(pdlt_figure_job *job, pdlt_error *err);
pdlt_status pdlt_figure_residual(pdlt_figure_job *job, pdlt_error *err); /* in place of that one */
pdlt_status pdlt_figure_training(pdlt_figure_job *job, pdlt_error *err);
pdlt_status pdlt_figure_finite_width(pdlt_figure_job *job, pdlt_error *err);
pdlt_status pdlt_figure_kernels(pdlt_figure_job *job, pdlt_error *err);
pdlt_status pdlt_figure_depth(pdlt_figure_job *job, pdlt_error *err);
pdlt_status pdlt_figure_tensors(pdlt_figure_job *job, pdlt_error *err);
pdlt_status pdlt_figure_first_order(pdlt_figure_job *job, pdlt_error *err);
pdlt_status pdlt_figure_parts(pdlt_figure_job *job, pdlt_error *err);
pdlt_status pdlt_figure_ntk_change(pdlt_figure_job *job, pdlt_error *err);
pdlt_status pdlt_figure_dntk_change(pdlt_figure_job *job, pdlt_error *err);
pdlt_status pdlt_figure_loss(pdlt_figure_job *job, pdlt_error *err);
pdlt_status pdlt_figure_loss_width(pdlt_figure_job *job, pdlt_error *err);
pdlt_status pdlt_figure_benefit(pdlt_figure_job *job, pdlt_error *err);
pdlt_status pdlt_figure_spread(pdlt_figure_job *job, pdlt_error *err);
pdlt_status pdlt_figure_density(pdlt_figure_job *job, pdlt_error *err);
pdlt_status pdlt_figure_posterior(pdlt_figure_job *job, pdlt_error *err);
pdlt_status pdlt_figure_hidden(pdlt_figure_job *job, pdlt_error *err);
pdlt_status pdlt_figure_ntk_fluctuations(pdlt_figure_job *job, pdlt_error *err);

/* The fit of the verdict to a row: x_n = sum_k coefficient[k] x^k, x = h^power, k = 0 .. degree +
 * PDLT_FIT_BEYOND; the last ones, beyond the polynomial, are what their standard deviation `beyond`
 * and the measurements leave most likely. Untouched when it fails: PDLT_ERR_NUMERIC (fewer widths
 * than coefficients of the polynomial), PDLT_ERR_MEMORY. */
pdlt_status pdlt_figure_fit(double *coefficient, const pdlt_comparison *comparison,
                            const pdlt_compare_row *row, pdlt_error *err);

/* Vertex of one sample against layer at criticality, V/K^2 (PDLT ch. 5, equal widths): an
 * exact line or an asymptote, and the kernel's decay K -> 1/(decay l). */
typedef struct pdlt_depth_law {
  double slope, offset; /* V/K^2 = slope l + offset */
  double decay;         /* -a1; 0: K does not decay like that */
} pdlt_depth_law;

/* The law for the experiment's network; 0 when there is none (not critical, unequal
 * widths, another activation). */
int pdlt_depth_law_find(pdlt_depth_law *law, const json_t *network);

#ifdef __cplusplus
}
#endif
#endif
