/* features_deviation.c - what regression with each kernel misses, times n, against width, with predictions. */
#include <math.h>

#include "base/experiment/feature.h"
#include "compare/figure/features_internal.h"

pdlt_status pdlt_figure_features_deviation(pdlt_figure_job *job, const pdlt_features_input *in,
                                           pdlt_error *err) {
  (void)job, (void)in, (void)err;
  return PDLT_OK;
}
