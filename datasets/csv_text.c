/* csv_text.c - see csv_text.h. */
#include "datasets/csv_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int is_blank(char c) { return c == ' ' || c == '\t'; }

int pdlt_csv_next_line(const char **next, pdlt_csv_line *line) {
  while (**next != '\0') {
    const char *start = *next, *end = strchr(start, '\n');
    *next = end != NULL ? end + 1 : start + strlen(start);
    if (end == NULL) end = *next;
    line->number++;
    if (end > start && end[-1] == '\r') end--;
    const char *at = start;
    while (at < end && *at == ' ') at++;
    if (at == end) continue;
    line->text = start;
    line->end = end;
    return 1;
  }
  return 0;
}

static const char *behind_blanks(const char *at, const char *end) {
  while (at < end && is_blank(*at)) at++;
  return at;
}

int pdlt_csv_is_comment(const pdlt_csv_line *line) {
  const char *at = behind_blanks(line->text, line->end);
  return at < line->end && *at == '#';
}

pdlt_csv_line pdlt_csv_uncomment(pdlt_csv_line line) {
  line.text = behind_blanks(line.text, line.end);
  line.text = behind_blanks(line.text + 1, line.end);
  return line;
}

char pdlt_csv_separator(const pdlt_csv_line *line) {
  int quoted = 0, seen[4] = {0};
  const char *first = behind_blanks(line->text, line->end), *last = line->end;
  while (last > first && is_blank(last[-1])) last--;
  for (const char *at = line->text; at < line->end; at++) {
    if (*at == '"') quoted = !quoted;
    if (quoted) continue;
    seen[0] |= *at == ',';
    seen[1] |= *at == ';';
    seen[2] |= *at == '\t';
    seen[3] |= *at == ' ' && at > first && at < last;
  }
  const int found = seen[0] ? ',' : seen[1] ? ';' : seen[2] ? '\t' : seen[3] ? ' ' : ',';
  return (char)found;
}

/* A field in quotes that begins at *at; *at is then behind them. */
static const char *quoted_field(const char **at, const char *end, char out[PDLT_CSV_FIELD]) {
  size_t used = 0;
  const char *p = *at + 1;
  for (; p < end && (*p != '"' || (p + 1 < end && p[1] == '"')); p++) {
    if (*p == '"') p++; /* two stand for one */
    if (used + 1 >= PDLT_CSV_FIELD) return "a field of more than 511 characters";
    out[used++] = *p;
  }
  if (p == end) return "a quote that is not closed in its line";
  out[used] = '\0';
  *at = p + 1;
  return NULL;
}

static const char *plain_field(const char **at, const char *end, char separator,
                               char out[PDLT_CSV_FIELD]) {
  const char *p = *at;
  while (p < end && *p != separator && !(separator == ' ' && *p == '\t')) p++;
  const char *last = p;
  while (last > *at && is_blank(last[-1])) last--;
  const size_t length = (size_t)(last - *at);
  if (length >= PDLT_CSV_FIELD) return "a field of more than 511 characters";
  memcpy(out, *at, length);
  out[length] = '\0';
  *at = p;
  return NULL;
}

const char *pdlt_csv_next_field(const char **at, const char *end, char separator,
                                char out[PDLT_CSV_FIELD]) {
  const char *p = *at, *wrong = NULL;
  while (p < end && (*p == ' ' || (*p == '\t' && separator != '\t'))) p++;
  wrong = p < end && *p == '"' ? quoted_field(&p, end, out) : plain_field(&p, end, separator, out);
  if (wrong != NULL) return wrong;
  const char *rest = p;
  while (p < end && (*p == ' ' || (*p == '\t' && separator != '\t'))) p++;
  if (p == end)
    *at = NULL;
  else if (separator == ' ' && p > rest)
    *at = p;
  else if (*p == separator)
    *at = p + 1;
  else
    return "text behind a closing quote";
  return NULL;
}

/* Up to 15 digits are read exactly without strtod, which files of pixels feel. */
static int short_number(const char *field, double *out) {
  long long value = 0;
  size_t length = 0;
  for (; field[length] >= '0' && field[length] <= '9' && length < 16; length++)
    value = 10 * value + (field[length] - '0');
  if (length == 0 || length > 15 || field[length] != '\0') return 0;
  *out = (double)value;
  return 1;
}

int pdlt_csv_number(const char *field, double *out) {
  char *end = NULL;
  if (short_number(field, out)) return 1;
  if (field[0] == '\0' || strspn(field, "0123456789+-.eE") != strlen(field)) return 0;
  *out = strtod(field, &end);
  return *end == '\0' && end != field && isfinite(*out);
}

int pdlt_csv_is_numbers(const pdlt_csv_line *line) {
  const char separator = pdlt_csv_separator(line), *at = line->text;
  char field[PDLT_CSV_FIELD];
  int numbers = 0;
  double ignored = 0.0;
  while (at != NULL) {
    if (pdlt_csv_next_field(&at, line->end, separator, field) != NULL) return 0;
    if (field[0] == '\0') continue;
    if (!pdlt_csv_number(field, &ignored)) return 0;
    numbers++;
  }
  return numbers > 0;
}
