/* number.h - numbers as markup that both pango and HTML read.
 *
 * Is: signs as U+2212, powers of ten as 10<sup>-3</sup>, values with their standard errors.
 * Is not: names (markup.h), or numbers for programs, which CSV and JSON hold in full. */
#ifndef PDLT_COMPARE_TEXT_NUMBER_H
#define PDLT_COMPARE_TEXT_NUMBER_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* value with at most `digits` significant digits: powers of ten outside 1e-3 .. 1e5; an em dash
 * for NaN. */
void pdlt_plot_number(char *out, size_t size, double value, int digits);

/* "value +- se", both to the second digit of se, with a common power of ten outside 1e-3 .. 1e5;
 * without a positive se the value alone. */
void pdlt_plot_measured(char *out, size_t size, double value, double se);

/* value with that many decimals; what rounds to 0 has no sign. */
void pdlt_plot_decimals(char *out, size_t size, double value, int decimals);

/* 10<sup>exponent</sup>. */
void pdlt_plot_power(char *out, size_t size, int exponent);

#ifdef __cplusplus
}
#endif
#endif
