/* markup.h - names and times as markup that both pango and HTML read.
 *
 * Is: the one place that escapes text, and the symbols of quantities.
 * Is not: numbers (number.h), or rows of a comparison (compare/verdict/rows.h). */
#ifndef PDLT_COMPARE_TEXT_MARKUP_H
#define PDLT_COMPARE_TEXT_MARKUP_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What stands for & < > " ' in markup; NULL: the byte stands for itself. */
const char *pdlt_markup_entity(char c);

/* text with its bytes replaced by their entities, cut at size; never splits an entity or a letter of
 * UTF-8. */
void pdlt_markup_escape(char *out, size_t size, const char *text);

/* The same of the first `most` bytes of text. */
void pdlt_markup_short(char *out, size_t size, const char *text, size_t most);

/* Markup as plain text, cut at size, never longer than the markup: tags go, but <sup> leaves ^ and <sub>
 * leaves _; entities become their bytes. */
void pdlt_markup_plain(char *out, size_t size, const char *markup);

/* "z" -> <i>z</i>, "loss_test" -> <i>L</i><sup>test</sup>; a name that is not known is escaped. */
void pdlt_quantity_markup(char *out, size_t size, const char *quantity);

/* "step 100", "end of training" (infinity) or "" (NaN). */
void pdlt_time_markup(char *out, size_t size, double time);

#ifdef __cplusplus
}
#endif
#endif
