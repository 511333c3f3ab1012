/* predict.h - everything theory says about an experiment, as one archive.
 *
 * Entry point of the library for programs: experiment + data in, named arrays out
 * (names and shapes: NOTATION.md). Never sees a trained network. */
#ifndef PDLT_THEORY_PREDICT_PREDICT_H
#define PDLT_THEORY_PREDICT_PREDICT_H

#include "base/core/progress.h"
#include "base/core/status.h"
#include "base/experiment/experiment.h"
#include "base/file/archive.h"
#include "datasets/dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_predict_options {
  int threads;             /* >= 1; the result does not depend on it */
  int layers;              /* 1: layer<l>/NAME for every layer too */
  pdlt_progress *progress; /* NULL: silent */
} pdlt_predict_options;

/* Adds K, Theta, times, z_lo, cov_lo, z_end_lo, cov_end_lo, the losses, err/NAME and meta
 * ("absent": {name: reason}, and what every archive carries: base/experiment/meta.h) to an empty archive; ex must be resolved (no critical, no
 * relative eta). Errors: PDLT_ERR_INPUT (`FILE:LINE: key: ...`: eta too large,
 * naming the largest usable one; singular Theta_AA with steps: end),
 * PDLT_ERR_NUMERIC, PDLT_ERR_MEMORY. */
pdlt_status pdlt_predict(pdlt_archive *out, const pdlt_experiment *ex, const pdlt_dataset *data,
                         const pdlt_predict_options *options, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
