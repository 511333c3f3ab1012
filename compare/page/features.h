/* features.h - features.html: what single networks have learned, as one page.
 *
 * Is: a single file without scripts and without anything loaded from elsewhere; figures lie inside.
 * Is not: a place for numbers of its own; all come from features.npz and, of the ensemble, from theory.npz and
 * measured.npz. */
#ifndef PDLT_COMPARE_PAGE_FEATURES_H
#define PDLT_COMPARE_PAGE_FEATURES_H

#include "compare/figure/features.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes FOLDER/features.html, FOLDER/features.json and the figures; *json (may be NULL): the text of the latter
 * (NOTATION.md, "features.json"), owned by the caller (pdlt_free). The same input gives the same bytes. Text from
 * the experiment is escaped. Errors: PDLT_ERR_INPUT (arrays that do not fit the metadata), PDLT_ERR_IO,
 * PDLT_ERR_MEMORY. */
pdlt_status pdlt_features_page_write(const pdlt_features_input *in, const char *folder, char **json,
                                     pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
