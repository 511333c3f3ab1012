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

void pdlt_markup_escape(char *out, size_t size, const char *text) {
  size_t at = 0;
  if (size == 0) return;
  for (; *text; text++) {
    const char plain[2] = {*text, 0}, *entity = pdlt_markup_entity(*text);
    if (!entity) entity = plain;
    const size_t length = strlen(entity);
    if (at + length + 1 > size) break;
    memcpy(out + at, entity, length);
    at += length;
  }
  out[at] = 0;
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
