/* features.h - what trained networks have made easy: features.npz.
 *
 * Is: the entry of this room: one network of the ensemble looked at (kernels, eigenfunctions, the inputs that
 * activate them most, layers, single weights), and several scored against known structure.
 * Is not: means over the ensemble (trainer/run), or a page (compare/page/features.h). */
#ifndef PDLT_TRAINER_FEATURES_FEATURES_H
#define PDLT_TRAINER_FEATURES_FEATURES_H

#include <signal.h>

#include "base/core/progress.h"
#include "base/experiment/experiment.h"
#include "base/file/archive.h"
#include "datasets/dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_features_options {
  int threads;                       /* >= 1; results do not depend on it */
  int width;                         /* n of the networks */
  uint64_t member;                   /* the one that is looked at */
  const volatile sig_atomic_t *stop; /* may be NULL */
  pdlt_progress *progress;           /* may be NULL */
} pdlt_features_options;

/* Most samples: kernels of twice as many take eight times as long, eigenfunctions too. */
enum { PDLT_FEATURES_SAMPLES = 4096 };

/* Where ex->features.truth names a structure, members 0 .. ex->features.members - 1 are scored against it.
 * Fills *out, empty before and on failure, with the arrays of NOTATION.md, "features.npz", and metadata. ex is
 * resolved. Errors: PDLT_ERR_INPUT `FILE:LINE: key: ...` (layers with positions, too many samples, a member
 * that diverged), PDLT_ERR_NUMERIC, PDLT_ERR_INTERRUPTED, PDLT_ERR_MEMORY. Cost: training of members + 1
 * networks; for each of these O(D^3) per hidden layer; ascents, 2 directions for each kernel of features.of. */
pdlt_status pdlt_features_run(pdlt_archive *out, const pdlt_experiment *ex,
                              const pdlt_dataset *data, const pdlt_features_options *options,
                              pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
