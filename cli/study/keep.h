/* keep.h - what theory.npz keeps of the arrays that grow fastest with the samples.
 *
 * Is: private to cli/study; theory.keep, between prediction and file.
 * Is not: what measured.npz keeps (ensemble.keep: trainer/record/plan.h). */
#ifndef PDLT_CLI_STUDY_KEEP_H
#define PDLT_CLI_STUDY_KEEP_H

#include "base/core/progress.h"
#include "base/experiment/experiment.h"
#include "base/file/archive.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Cuts the tensors of a prediction (D, D, D, D), of all layers, to the first samples that are kept
 * (pdlt_experiment_kept_samples; meta kept_samples) and leaves Theta_t_nlo out (meta absent) where it is
 * not (pdlt_experiment_keeps_theta_t). What the comparison needs of them is computed before: arrays
 * reach/NAME. Does nothing where everything is kept. Errors: PDLT_ERR_MEMORY, PDLT_ERR_NUMERIC. */
pdlt_status pdlt_theory_keep(pdlt_archive *theory, const pdlt_experiment *ex,
                             pdlt_progress *progress, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
