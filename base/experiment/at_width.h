/* at_width.h - parameters that follow the width, and theory made of them.
 *
 * Is: the one place that knows what `{scale: s, width: p}` means: C_b, C_W, lambda_b or lambda_W of
 * layer l is s n_{l-1}^p (docs/width.md); the plain experiment that this is at one width; and the
 * arrays n<n>/NAME of a theory.npz that was computed for each width.
 * Is not: theory, or networks: both see plain numbers (layer.h). */
#ifndef PDLT_BASE_EXPERIMENT_AT_WIDTH_H
#define PDLT_BASE_EXPERIMENT_AT_WIDTH_H

#include "base/experiment/experiment.h"
#include "base/file/archive.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Value of a parameter in layer l = 1..L with n_{l-1} = in: its entry of the list, times in^p where
 * it follows the width. */
double pdlt_experiment_parameter(const pdlt_experiment *ex, pdlt_parameter which, int l, size_t in);

/* The first key that follows the width, "network.C_b", or NULL: then theory is the same for all. */
const char *pdlt_experiment_follows(const pdlt_experiment *ex);

/* The experiment of width n alone, the numbers put in: what `widths: [n]` and lists of numbers say.
 * It borrows all but these from ex; freed by pdlt_experiment_at_width_free. Errors: PDLT_ERR_INPUT
 * `FILE:LINE: key: ...` where a value is beyond all numbers, PDLT_ERR_MEMORY. */
pdlt_status pdlt_experiment_at_width(pdlt_experiment *out, const pdlt_experiment *ex, int n,
                                     size_t inputs, pdlt_error *err);
void pdlt_experiment_at_width_free(pdlt_experiment *ex);

/* Whether theory.npz has its arrays for each width, n<n>/NAME. */
int pdlt_theory_follows(const pdlt_archive *theory);

/* What it says of width n, as an archive of plain names: those of n<n>/, and times, x, y; of theory
 * that is the same for all widths all that it holds. Borrows arrays, names and meta; freed by
 * pdlt_theory_view_free. Errors: PDLT_ERR_INPUT (nothing of this width), PDLT_ERR_MEMORY. */
pdlt_status pdlt_theory_view(pdlt_archive *out, const pdlt_archive *theory, double n,
                             pdlt_error *err);
void pdlt_theory_view_free(pdlt_archive *view);

/* Moves the arrays of theory of width n into all, as n<n>/NAME; those that are the same at every width
 * and stand there already are left. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_theory_add_width(pdlt_archive *all, pdlt_archive *theory, int n, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
