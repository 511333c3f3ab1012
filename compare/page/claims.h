/* claims.h - index.html over all claims.
 *
 * Is: one self-contained page without scripts, figures inside.
 * Is not: a place for numbers of its own; all come from the findings. Nor the figure of a claim
 * (compare/figure/claim.h). */
#ifndef PDLT_COMPARE_PAGE_CLAIMS_H
#define PDLT_COMPARE_PAGE_CLAIMS_H

#include "compare/claim/result.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the page shows of a claim; borrowed. */
typedef struct pdlt_claim_entry {
  const pdlt_claim_result *result;
  const char *svg;
  size_t svg_size;
} pdlt_claim_entry;

/* Writes path, whole or not at all; note: one line on what was run ("quick", "full"). The
 * same input gives the same bytes. Errors: PDLT_ERR_IO, PDLT_ERR_MEMORY. */
pdlt_status pdlt_claim_page_write(const pdlt_claim_entry *entries, size_t count, const char *note,
                                  const char *path, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
