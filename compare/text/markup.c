/* markup.c - see markup.h. */
#include "compare/text/markup.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/experiment/quantity.h"
#include "compare/text/number.h"

const char *pdlt_markup_entity(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return NULL;
  }
}

/* Bytes of the letter of UTF-8 that begins here; 1 where none does. */
static size_t letter(const char *text) {
  const unsigned char first = (unsigned char)text[0];
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
  for (size_t k = 1; k < length; k++)
    if (((unsigned char)text[k] & 0xC0U) != 0x80U) return 1;
  return length;
}

void pdlt_markup_short(char *out, size_t size, const char *text, size_t most) {
  size_t at = 0;
  if (size == 0) return;
  for (size_t taken; *text; text += taken, most -= taken) {
    const char *piece = pdlt_markup_entity(*text);
    taken = letter(text);
    const size_t length = piece != NULL ? strlen(piece) : taken;
    if (taken > most || at + length + 1 > size) break;
    memcpy(out + at, piece != NULL ? piece : text, length);
    at += length;
  }
  out[at] = 0;
}

void pdlt_markup_escape(char *out, size_t size, const char *text) {
  pdlt_markup_short(out, size, text, (size_t)-1);
}

/* The byte that an entity at text stands for; 0: there is none. *length: of the entity. */
static char entity_at(const char *text, size_t *length) {
  static const char bytes[] = "&<>\"'";
  for (const char *b = bytes; *b; b++) {
    const char *entity = pdlt_markup_entity(*b);
    *length = strlen(entity);
    if (strncmp(text, entity, *length) == 0) return *b;
  }
  return 0;
}

void pdlt_markup_plain(char *out, size_t size, const char *markup) {
  size_t at = 0;
  while (size > 0 && *markup != 0) {
    size_t taken = 0, length = 0;
    const char byte = entity_at(markup, &length);
    const char *close = markup[0] == '<' ? strchr(markup, '>') : NULL, *piece = markup;
    if (close != NULL) {
      taken = (size_t)(close - markup) + 1;
      piece = strncmp(markup, "<sup>", 5) == 0 ? "^" : strncmp(markup, "<sub>", 5) == 0 ? "_" : "";
      length = strlen(piece);
    } else if (byte != 0) {
      taken = length;
      piece = &byte;
      length = 1;
    } else {
      taken = length = letter(markup);
    }
    if (at + length + 1 > size) break;
    memcpy(out + at, piece, length);
    at += length;
    markup += taken;
  }
  if (size > 0) out[at] = 0;
}

void pdlt_quantity_markup(char *out, size_t size, const char *quantity) {
  const int row = pdlt_quantity_find(quantity);
  if (row >= 0 && pdlt_quantities[row].markup != NULL) {
    snprintf(out, size, "%s", pdlt_quantities[row].markup);
    return;
  }
  char safe[128];
  pdlt_markup_escape(safe, sizeof safe, quantity);
  snprintf(out, size, "<i>%s</i>", safe);
}

void pdlt_time_markup(char *out, size_t size, double time) {
  char number[64];
  if (isnan(time)) {
    snprintf(out, size, "%s", "");
  } else if (isinf(time)) {
    snprintf(out, size, "end of training");
  } else {
    pdlt_plot_number(number, sizeof number, time, 6);
    snprintf(out, size, "step %s", number);
  }
}
