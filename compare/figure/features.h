/* features.h - the figures of features.npz.
 *
 * Is: what one trained network has learned, drawn: its kernels, their spectra, the functions and the inputs that
 * activate them most, its single weights; and, where theory and measurement are given, what regression with
 * each kernel misses against width.
 * Is not: scores, which are tables (compare/page/features_scores.h). */
#ifndef PDLT_COMPARE_FIGURE_FEATURES_H
#define PDLT_COMPARE_FIGURE_FEATURES_H

#include "compare/figure/figure.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Borrowed; theory and measured may be empty. */
typedef struct pdlt_features_input {
  const pdlt_archive *features, *theory, *measured;
} pdlt_features_input;

/* Makes the figures that the data allow: features_sheet (where samples are not images), features_kernels,
 * features_spectrum, features_weights, features_deviation; files and errors as pdlt_figures_write. */
pdlt_status pdlt_feature_figures_write(const pdlt_features_input *in, const char *folder,
                                       pdlt_figure_list *out, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
