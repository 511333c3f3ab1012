/* csv_text.h - lines, fields and numbers of CSV text, which stays as it is.
 *
 * Is: commas, semicolons, tabs or blanks between fields, quotes, comment lines, empty lines.
 * Is not: columns and samples (csv.c). */
#ifndef PDLT_DATASETS_CSV_TEXT_H
#define PDLT_DATASETS_CSV_TEXT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Longest field, the zero byte included. */
enum { PDLT_CSV_FIELD = 512 };

/* A line without its end. */
typedef struct pdlt_csv_line {
  const char *text, *end;
  size_t number; /* from 1 */
} pdlt_csv_line;

/* The next line that is not empty, from *next on; 0 at the end of the text. line->number is that of
 * the line before and is counted on. */
int pdlt_csv_next_line(const char **next, pdlt_csv_line *line);

/* The first character behind blanks is #. */
int pdlt_csv_is_comment(const pdlt_csv_line *line);
/* The line without # and the blanks behind it. */
pdlt_csv_line pdlt_csv_uncomment(pdlt_csv_line line);

/* What stands between the fields: a comma if there is one outside quotes, else a semicolon, else a
 * tab, else blanks (' '); a comma for a single field. */
char pdlt_csv_separator(const pdlt_csv_line *line);

/* The next field from *at on, without blanks around it and quotes; *at is NULL behind the last. NULL,
 * or what is wrong with the field. */
const char *pdlt_csv_next_field(const char **at, const char *end, char separator,
                                char out[PDLT_CSV_FIELD]);

/* 1 when the field is a finite number. */
int pdlt_csv_number(const char *field, double *out);

/* Every field is a number or empty, and one is a number. */
int pdlt_csv_is_numbers(const pdlt_csv_line *line);

#ifdef __cplusplus
}
#endif
#endif
