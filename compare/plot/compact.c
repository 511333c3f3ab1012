/* compact.c - an SVG file without what it does not need; whether a PDF file has its fonts.
 *
 * cairo writes coordinates to a millionth of a point and every default property of
 * every path, and leaves out fonts. Is not: a parser; it knows cairo's way of writing. */
#include "compare/plot/compact.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Properties at SVG's own default; "stroke-miterlimit" matters for mitred corners only,
 * which no path here has at sharp angles. */
static const char *const defaults[] = {
    "stroke-linecap:butt;", "stroke-linejoin:miter;", "stroke-opacity:1;", "fill-opacity:1;",
    "fill-rule:nonzero;",   "stroke-miterlimit:10;",  "stroke:none;"};

/* Length of the default property at text, 0 when there is none. "stroke:none" is dropped
 * like the others: nothing around a path sets a stroke. */
static size_t default_length(const char *text, size_t left) {
  for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++) {
    size_t length = strlen(defaults[i]);
    if (left >= length && memcmp(text, defaults[i], length) == 0) return length;
  }
  return 0;
}

/* Number of digits from text on. */
static size_t count_digits(const char *text, size_t left) {
  size_t n = 0;
  while (n < left && isdigit((unsigned char)text[n])) n++;
  return n;
}

/* Length of a number with at least three decimals at text, 0 when there is none. */
static size_t long_number(const char *text, size_t left) {
  size_t whole = count_digits(text, left);
  if (whole == 0 || whole > 9 || whole == left || text[whole] != '.') return 0;
  size_t decimals = count_digits(text + whole + 1, left - whole - 1);
  return decimals >= 3 ? whole + 1 + decimals : 0;
}

/* The number at text with two decimals, without zeros at its end: at most as long as the
 * original. Digits only, so that no locale has a say. Returns the length. */
static size_t write_rounded(char *out, size_t size, const char *text) {
  unsigned long hundredths = 0;
  size_t at = 0, decimals = 0;
  for (; text[at] != '.'; at++) hundredths = 10 * hundredths + (unsigned long)(text[at] - '0');
  for (at++; decimals < 2; decimals++)
    hundredths = 10 * hundredths + (unsigned long)(text[at + decimals] - '0');
  hundredths += text[at + 2] >= '5';
  unsigned long rest = hundredths % 100;
  int length;
  if (rest == 0)
    length = snprintf(out, size, "%lu", hundredths / 100);
  else if (rest % 10 == 0)
    length = snprintf(out, size, "%lu.%lu", hundredths / 100, rest / 10);
  else
    length = snprintf(out, size, "%lu.%02lu", hundredths / 100, rest);
  return (size_t)length;
}

/* Matrices keep their digits: a small entry may be multiplied by a large coordinate. */
static size_t matrix_length(const char *text, size_t left) {
  if (left < 7 || memcmp(text, "matrix(", 7) != 0) return 0;
  size_t n = 7;
  while (n < left && text[n] != ')') n++;
  return n;
}

void pdlt_svg_compact(char *text, size_t *size) {
  size_t to = 0;
  for (size_t from = 0; from < *size;) {
    size_t left = *size - from, skip = default_length(text + from, left);
    if (skip) {
      from += skip;
      continue;
    }
    size_t keep = matrix_length(text + from, left);
    const char before = (char)(to ? text[to - 1] : ' ');
    char rounded[32];
    int starts = !isalnum((unsigned char)before) && before != '.' && before != '#';
    size_t length = starts && !keep ? long_number(text + from, left) : 0;
    if (length) {
      size_t shorter = write_rounded(rounded, sizeof rounded, text + from);
      memcpy(text + to, rounded, shorter);
      to += shorter;
      from += length;
      continue;
    }
    if (!keep) keep = 1;
    memmove(text + to, text + from, keep);
    to += keep;
    from += keep;
  }
  text[to] = 0;
  *size = to;
}

/* Passes over digits and what follows them; 0: something else stands there. */
static int pass_number(const char **at, const char *end, const char *after) {
  const size_t digits = count_digits(*at, (size_t)(end - *at)), length = strlen(after);
  const char *rest = *at + digits;
  if (digits == 0 || (size_t)(end - rest) < length || memcmp(rest, after, length) != 0) return 0;
  *at = rest + length;
  return 1;
}

int pdlt_pdf_has_fonts(const char *bytes, size_t size) {
  const char *const end = bytes + size, *at = bytes;
  while ((at = memmem(at, (size_t)(end - at), "/f-", 3)) != NULL) {
    char object[32]; /* of "/f-0-1 12 0 R": that of 12 */
    at += 3;
    if (!pass_number(&at, end, "-") || !pass_number(&at, end, " ")) continue;
    const char *const number = at;
    if (!pass_number(&at, end, " 0 R") || at - number > 20) continue;
    const int length =
        snprintf(object, sizeof object, "\n%.*s0 obj", (int)(at - number - 3), number);
    if (memmem(bytes, size, object, (size_t)length) == NULL) return 0;
  }
  return 1;
}
