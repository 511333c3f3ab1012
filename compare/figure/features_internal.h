/* features_internal.h - the figures of features.npz one by one. Users include features.h. */
#ifndef PDLT_COMPARE_FIGURE_FEATURES_INTERNAL_H
#define PDLT_COMPARE_FIGURE_FEATURES_INTERNAL_H

#include "compare/figure/features.h"
#include "compare/figure/internal.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Kernels whose functions are shown, in the order of the page. */
enum { PDLT_FEATURE_KERNELS = 3 };
extern const char *const pdlt_feature_kernels[PDLT_FEATURE_KERNELS]; /* names of arrays: "k", ... */
extern const char *const pdlt_feature_markup[PDLT_FEATURE_KERNELS];  /* <i>k</i>, ... */

/* Array WHAT/NAME, with REST behind it, of that many indices; NULL: there is none. */
const pdlt_array *pdlt_feature_array(const pdlt_archive *features, const char *what,
                                     const char *name, const char *rest, int ndim);

pdlt_status pdlt_figure_features_sheet(pdlt_figure_job *job, const pdlt_features_input *in,
                                       pdlt_error *err);
pdlt_status pdlt_figure_features_kernels(pdlt_figure_job *job, const pdlt_features_input *in,
                                         pdlt_error *err);
pdlt_status pdlt_figure_features_spectrum(pdlt_figure_job *job, const pdlt_features_input *in,
                                          pdlt_error *err);
pdlt_status pdlt_figure_features_weights(pdlt_figure_job *job, const pdlt_features_input *in,
                                         pdlt_error *err);
pdlt_status pdlt_figure_features_deviation(pdlt_figure_job *job, const pdlt_features_input *in,
                                           pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
