/* select.h - what of a comparison figures show: the quantities, times and samples that are asked for.
 *
 * Is: the keys of `figures` (base/experiment/experiment.h) as rows, arrays and samples that are left.
 * Is not: how figures look (pdlt_plot_style in compare/plot/plot.h). */
#ifndef PDLT_COMPARE_FIGURE_SELECT_H
#define PDLT_COMPARE_FIGURE_SELECT_H

#include "compare/figure/figure.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is left: rows of the comparison, with slopes of these alone, and both archives at the times that
 * are left. Borrows from what it was made of. Initialize with {0}; to be closed in any case. */
typedef struct pdlt_selection {
  pdlt_figure_input in; /* to draw from */
  pdlt_comparison comparison;
  pdlt_archive theory, measured;               /* at the times that are left; or empty */
  const pdlt_archive *theory_of, *measured_of; /* at all times */
} pdlt_selection;

/* Errors: PDLT_ERR_INPUT (a sample or time that is not there, naming the key), PDLT_ERR_MEMORY. Cost:
 * with keys that select, block values of the rows that are left read once. */
pdlt_status pdlt_selection_open(pdlt_selection *out, const pdlt_figure_input *in, pdlt_error *err);
void pdlt_selection_close(pdlt_selection *selection);

/* 1 when the quantity is shown; when one of a list, "K Theta", is. */
int pdlt_figure_shows(const pdlt_figure_input *in, const char *quantity);
int pdlt_figure_shows_any(const pdlt_figure_input *in, const char *quantities);

/* 1 when the sample, from 0, is shown. */
int pdlt_figure_shows_sample(const pdlt_figure_input *in, size_t sample);

/* The k-th sample that is asked for, from 0; fallback where none is asked for; `none` where they are
 * fewer. */
size_t pdlt_figure_sample(const pdlt_figure_input *in, size_t k, size_t fallback, size_t none);

#ifdef __cplusplus
}
#endif
#endif
