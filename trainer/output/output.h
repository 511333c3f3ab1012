/* output.h - from the records of a run to the arrays of measured.npz.
 *
 * Is: names, shapes and the choice of estimate and error bar for each quantity
 * (NOTATION.md).
 * Is not: statistics (trainer/statistics/moments.h) or provenance (base/experiment/meta.h). */
#ifndef PDLT_TRAINER_OUTPUT_OUTPUT_H
#define PDLT_TRAINER_OUTPUT_OUTPUT_H

#include "base/file/archive.h"
#include "trainer/pilot/choice.h"
#include "trainer/record/plan.h"
#include "trainer/record/records.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Adds widths, times and everything of every width. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_output_write(pdlt_archive *archive, const pdlt_plan *plan,
                              const pdlt_records *blocks, pdlt_error *err);

/* Adds the keys estimator, absent and block_members to the metadata; choice: NULL where
 * none was made. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_output_meta(pdlt_archive *archive, const pdlt_plan *plan,
                             const pdlt_choice *choice, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
