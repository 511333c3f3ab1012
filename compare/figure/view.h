/* view.h - what the figures against training time see of the two archives.
 *
 * Is: times, samples, arrays of the right shape, room for a curve and its errors; marks with error
 * bars of one width.
 * Is not: any single figure. */
#ifndef PDLT_COMPARE_FIGURE_VIEW_H
#define PDLT_COMPARE_FIGURE_VIEW_H

#include "compare/figure/internal.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_view {
  const pdlt_figure_input *in;
  const pdlt_comparison *c;  /* of in */
  size_t num_times;          /* leading times that are finite and the same in both archives */
  const double *times;       /* (num_times) steps, borrowed */
  double eta;                /* learning rate; NaN when the experiment has no number */
  size_t samples, num_train; /* training samples come first */
  double power;              /* of h, of the first correction in training: 1, or 1/2 with a kink */
  const pdlt_order_words *order; /* its words */
  double *x;                     /* (num_times) where the times are drawn */
  double *y, *se, *lo, *hi;      /* (room) for a curve, its standard errors, two edges */
} pdlt_view;

/* The view of in; samples, and all arrays that belong to the view, are not set yet. */
pdlt_view pdlt_view_of(const pdlt_figure_input *in);

void pdlt_view_count_samples(pdlt_view *view, size_t samples);

/* Arrays of the view: x = unit times, and room (num_times at least) for curves. To be closed in any
 * case. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_view_open(pdlt_view *view, size_t room, double unit, pdlt_error *err);
void pdlt_view_close(pdlt_view *view);

/* eta, or 1 where it is not known: unit of time for curves against eta t. */
double pdlt_view_eta(const pdlt_view *view);

/* h^power of width number w: what the first coefficient multiplies. */
double pdlt_view_unit(const pdlt_view *view, size_t w);

/* Array of theory with the first coefficient of a quantity, NAME_nlo or NAME_half; NULL: none. */
const pdlt_array *pdlt_view_first(const pdlt_view *view, const char *quantity);

/* "theory, coefficient of h" or of h^(1/2), as markup: the label of its line. */
void pdlt_view_label(char *out, size_t size, const pdlt_view *view);

/* Widths that are drawn beside each other: all, but six at most. */
size_t pdlt_view_widths(const pdlt_view *view);

/* Data of an array (T, ...) with that many numbers per time, which begins with the view's times;
 * NULL when it is absent or its shape is another. */
const double *pdlt_view_data(const pdlt_view *view, const pdlt_array *array, int ndim,
                             size_t per_time);

/* The same of an array by name, of theory and of width number w. */
const double *pdlt_view_theory(const pdlt_view *view, const char *name, int ndim, size_t per_time);
const double *pdlt_view_measured(const pdlt_view *view, size_t w, const char *name, int ndim,
                                 size_t per_time);

/* Marks at the n points x, view->y with bars of one view->se, in the style of the k-th shown width;
 * the legend says "WHAT, n = " and width number w. Changes lo and hi. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_view_marks(pdlt_panel *panel, const pdlt_view *view, size_t n, const double *x,
                            size_t w, size_t k, const char *what, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
