/* npy_text.h - the pieces of the text in the header of a NumPy array.
 *
 * Is: what the readers of our own archives (npz.h) and of other programs' arrays (npy.h) share.
 * Is not: for others; which keys and types there may be is each reader's own. */
#ifndef PDLT_BASE_FILE_NPY_TEXT_H
#define PDLT_BASE_FILE_NPY_TEXT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Position after `token` and the blanks behind it; NULL when it does not stand at `at`, or at is
 * NULL. */
const char *pdlt_npy_accept(const char *at, const char *token);

/* "(3, 4)" into dim (PDLT_MAX_NDIM) behind *ndim, which begins at 0. Position behind it; NULL when it
 * is no shape of at most PDLT_MAX_NDIM dimensions. */
const char *pdlt_npy_parse_shape(const char *at, int *ndim, size_t *dim);

#ifdef __cplusplus
}
#endif
#endif
