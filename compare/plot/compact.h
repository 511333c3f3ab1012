/* compact.h - what is done to the files that cairo has written. Users include plot.h. */
#ifndef PDLT_COMPARE_PLOT_COMPACT_H
#define PDLT_COMPARE_PLOT_COMPACT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Shortens an SVG text of cairo in place: coordinates to 1/100 point, no properties at
 * their default. text is zero-terminated at *size, before and after. */
void pdlt_svg_compact(char *text, size_t *size);

/* 1 when every font that cairo's PDF names is in it. Cairo 1.16 leaves out those that there was no memory for,
 * without a word, and with them their text. */
int pdlt_pdf_has_fonts(const char *bytes, size_t size);

#ifdef __cplusplus
}
#endif
#endif
