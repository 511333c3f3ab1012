/* results.h - whether an archive of results holds what it should.
 *
 * Is: one check of the arrays of theory.npz and measured.npz by the table of quantities, for
 * archives that come from files: names, what is missing, shapes, signs, numbers that are not finite,
 *     and whether blocks, estimates and error bars belong together.
 * Is not: a judgement on the numbers (compare/). */
#ifndef PDLT_BASE_EXPERIMENT_RESULTS_H
#define PDLT_BASE_EXPERIMENT_RESULTS_H

#include "base/core/status.h"
#include "base/file/archive.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Checks an archive of kind "theory" or "measured" (meta) that was read from the file `file`; whoever
 * reads its arrays afterwards may rely on their shapes. Each array must be one of NOTATION.md, with the
 * shape that follows from the experiment in meta; widths and times are those of the experiment; members
 * are whole numbers, of which those of the blocks make up those that did not diverge; estimates of means
 * and all error bars are recomputed from the blocks, within rounding (1e-9 of the largest block value,
 * 1e-6 of the error bar; 1e-5 and 1e-3 with float32). Allowed are: infinity as the last time; NaN in error
 * bars of fewer than 32 blocks (docs/trainer/runs.md); anything but a negative error bar in what depends
 * on training where a width has diverged draws or such that did not converge, and where there are fewer
 * than two blocks. Errors: PDLT_ERR_INPUT `FILE: ARRAY: what is wrong`. Cost O(numbers + arrays^2). */
pdlt_status pdlt_results_check(const pdlt_archive *archive, const char *file, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
