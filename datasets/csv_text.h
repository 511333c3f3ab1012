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
enum { CSV_FIELD = 512 };

/* A line without its end. */
typedef struct csv_line {
  const char *text, *end;
  size_t number; /* from 1 */
} csv_line;

/* The next line that is not empty, from *next on; 0 at the end of the text. line->number is that of
 * the line before and is counted on. */
int csv_next_line(const char **next, csv_line *line);

/* The first character behind blanks is #. */
int csv_is_comment(const csv_line *line);
/* The line without # and the blanks behind it. */
csv_line csv_uncomment(csv_line line);

/* What stands between the fields: a comma if there is one outside quotes, else a semicolon, else a
 * tab, else blanks (' '); a comma for a single field. */
char csv_separator(const csv_line *line);

/* The next field from *at on, without blanks around it and quotes; *at is NULL behind the last. NULL,
 * or what is wrong with the field. */
const char *csv_next_field(const char **at, const char *end, char separator, char out[CSV_FIELD]);

/* 1 when the field is a finite number. */
int csv_number(const char *field, double *out);

/* Every field is a number or empty, and one is a number. */
int csv_is_numbers(const csv_line *line);

#ifdef __cplusplus
}
#endif
#endif
