/* predict.h - everything theory says about an experiment, as one archive.
 *
 * Is: the way into theory: experiment and data in, named arrays out (names and shapes:
 * NOTATION.md). Programs that want the comparison too use cli/study/pdlt.h.
 * Is not: aware of trained networks. */
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

/* Adds everything that NOTATION.md lists for theory.npz, up to theory.order, to an empty archive,
 * with meta: what every archive carries (base/experiment/meta.h) and `absent` {name: reason}, what
 * there is not and why. ex must be resolved (no critical, no relative eta, no
 * parameter that follows the width: base/experiment/at_width.h). Errors: PDLT_ERR_INPUT
 * (`FILE:LINE: key: ...`: eta too large, naming the largest usable one; singular Theta_AA with
 * steps: end; gradient flow over too long a time), PDLT_ERR_NUMERIC (also where an array would hold a
 * number that is not finite: quantity and order are named), PDLT_ERR_MEMORY. */
pdlt_status pdlt_predict(pdlt_archive *out, const pdlt_experiment *ex, const pdlt_dataset *data,
                         const pdlt_predict_options *options, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
