/* results.h - whether an archive of results holds what it should.
 *
 * Is: one check of the arrays of theory.npz and measured.npz by the table of quantities, for
 * archives that come from files: what is missing, shapes, signs, numbers that are not finite.
 * Is not: a judgement on the numbers (compare/), or a check of arrays that the table does not have. */
#ifndef PDLT_BASE_EXPERIMENT_RESULTS_H
#define PDLT_BASE_EXPERIMENT_RESULTS_H

#include "base/core/status.h"
#include "base/file/archive.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Checks an archive of kind "theory" or "measured" (meta) that was read from the file `file`.
 * Allowed are: infinity as the last time; NaN in error bars of fewer than 32 blocks (docs/trainer/
 * runs.md); anything but a negative error bar where a width has diverged draws or fewer than two
 * blocks. Errors: PDLT_ERR_INPUT `FILE: ARRAY: what is wrong`. Cost O(numbers). */
pdlt_status pdlt_results_check(const pdlt_archive *archive, const char *file, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
