/* picture.h - a sample, or anything of its shape, as a small image in a page.
 *
 * Is: numbers as greys, the smallest black and the largest white, as PNG inside the page.
 * Is not: a figure (compare/plot). */
#ifndef PDLT_COMPARE_PAGE_PICTURE_H
#define PDLT_COMPARE_PAGE_PICTURE_H

#include <stdio.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes <img> with alt (markup) of x (rows, columns); images of more than 64 pixels in a direction are shown by
 * means of squares; one number alone is grey. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_html_picture(FILE *out, const char *alt, size_t rows, size_t columns,
                              const double *x, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
