/* number.h - a number as the shortest text that reads back to the same bits.
 *
 * Is: what "%.15g", "%.16g" and "%.17g" print, the first of them that strtod reads back, at a tenth of
 * the cost.
 * Is not: a number for readers (compare/text/number.h). */
#ifndef PDLT_BASE_CORE_NUMBER_H
#define PDLT_BASE_CORE_NUMBER_H

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_NUMBER_LENGTH = 32 }; /* any number and its final zero */

/* Fills out and returns it; nan and inf as printf writes them. The locale must have a decimal point, as
 * the C locale has. Cost: about 0.1 us; of powers of two, near a tie of rounding, from 1e17 on and below
 * 1e-280 about 1 us. */
const char *pdlt_number_text(char out[PDLT_NUMBER_LENGTH], double x);

#ifdef __cplusplus
}
#endif
#endif
