/* claim.h - the figure of a claim.
 *
 * Is: the findings of one claim and of its first sabotages, drawn and written.
 * Is not: the figures of a comparison (figure.h), or the page of all claims
 * (compare/page/claims.h). */
#ifndef PDLT_COMPARE_FIGURE_CLAIM_H
#define PDLT_COMPARE_FIGURE_CLAIM_H

#include "compare/claim/result.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One panel per expectation (at most nine): measured numbers with error bars, prediction,
 * the first two sabotages. Writes FOLDER/figure.svg, .png and its numbers, .csv; *svg is owned by the caller
 * (pdlt_free). Errors: PDLT_ERR_IO, PDLT_ERR_MEMORY. */
pdlt_status pdlt_claim_figure(char **svg, size_t *size, const pdlt_claim_result *r,
                              const char *folder, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
