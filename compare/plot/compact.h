/* compact.h - an SVG file without what it does not need. Users include plot.h. */
#ifndef PDLT_COMPARE_PLOT_COMPACT_H
#define PDLT_COMPARE_PLOT_COMPACT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Shortens an SVG text of cairo in place: coordinates to 1/100 point, no properties at
 * their default. text is zero-terminated at *size, before and after. */
void pdlt_svg_compact(char *text, size_t *size);

#ifdef __cplusplus
}
#endif
#endif
