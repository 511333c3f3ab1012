/* html.c - escaping, numbers, base64 and tables for the page. */
#include <stdlib.h>
#include <string.h>

#include "compare/page/internal.h"
#include "compare/text/markup.h"
#include "compare/text/number.h"

void pdlt_html_text(FILE *out, const char *text) {
  if (!text) text = "\xe2\x80\x94";
  for (; *text; text++) {
    const char *entity = pdlt_markup_entity(*text);
    if (entity)
      fputs(entity, out);
    else
      fputc(*text, out);
  }
}

void pdlt_html_number(FILE *out, double value, int digits) {
  char text[96];
  pdlt_plot_number(text, sizeof text, value, digits);
  fputs(text, out);
}

void pdlt_html_base64(FILE *out, const char *bytes, size_t size) {
  static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < size; i += 3) {
    unsigned a = (unsigned char)bytes[i];
    unsigned b = i + 1 < size ? (unsigned char)bytes[i + 1] : 0;
    unsigned c = i + 2 < size ? (unsigned char)bytes[i + 2] : 0;
    fputc(digit[a >> 2], out);
    fputc(digit[(a & 3) << 4 | b >> 4], out);
    fputc(i + 1 < size ? digit[(b & 15) << 2 | c >> 6] : '=', out);
    fputc(i + 2 < size ? digit[c & 63] : '=', out);
  }
}

double pdlt_html_svg_width(const char *svg) {
  static const char key[] = "viewBox=\"";
  const char *box = strstr(svg, key);
  double number = 0; /* the third: x, y, width, height */
  if (box != NULL) {
    char *at = (char *)box + sizeof key - 1;
    for (int k = 0; k < 3; k++) number = strtod(at, &at);
  }
  return 1.45 * (number > 0 ? number : 600);
}

void pdlt_html_style(FILE *out) {
  fputs("<style>\n", out);
  (void)fwrite(pdlt_page_style, 1, pdlt_page_style_size, out);
  fputs("</style>\n", out);
}

/* One value on one line. */
static void write_value(FILE *out, const json_t *value) {
  if (json_is_string(value)) {
    pdlt_html_text(out, json_string_value(value));
  } else if (json_is_real(value)) {
    pdlt_html_number(out, json_real_value(value), 10);
  } else if (json_is_integer(value)) {
    fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
  } else if (json_is_array(value)) {
    for (size_t i = 0; i < json_array_size(value); i++) {
      if (i) fputs(", ", out);
      write_value(out, json_array_get(value, i));
    }
    if (json_array_size(value) == 0) fputs("none", out);
  } else {
    fputs(json_is_true(value) ? "yes" : json_is_false(value) ? "no" : "\xe2\x80\x94", out);
  }
}

/* The first key after `before` (NULL: of all) in the order of letters, or NULL. */
static const char *next_key(const json_t *object, const char *before) {
  const char *next = NULL, *key;
  json_t *value;
  json_object_foreach((json_t *)object, key, value) {
    if (before != NULL && strcmp(key, before) <= 0) continue;
    if (next == NULL || strcmp(key, next) < 0) next = key;
  }
  return next;
}

/* Rows of an object; prefix is the path to it. In the order of letters, as objects of files are, so
 * that a page of arrays just made is that of arrays read from their files. */
static void write_rows(FILE *out, const json_t *object, const char *prefix) {
  for (const char *key = next_key(object, NULL); key != NULL; key = next_key(object, key)) {
    char path[256];
    snprintf(path, sizeof path, "%s%s%s", prefix, prefix[0] ? "." : "", key);
    pdlt_html_json_row(out, path, json_object_get(object, key));
  }
}

void pdlt_html_json_row(FILE *out, const char *path, const json_t *value) {
  if (json_is_object(value) && strlen(path) < 200) {
    write_rows(out, value, path);
    return;
  }
  fputs("<tr><th scope=\"row\">", out);
  pdlt_html_text(out, path);
  fputs("</th><td>", out);
  write_value(out, value);
  fputs("</td></tr>\n", out);
}

void pdlt_html_json_begin(FILE *out) {
  fputs("<div class=\"scroll\"><table class=\"keys\">\n", out);
}

void pdlt_html_json_end(FILE *out) { fputs("</table></div>\n", out); }

void pdlt_html_json_table(FILE *out, const json_t *object) {
  pdlt_html_json_begin(out);
  write_rows(out, object, "");
  pdlt_html_json_end(out);
}

void pdlt_html_verdict(FILE *out, pdlt_verdict verdict) {
  const char *text = pdlt_verdict_text(verdict);
  fprintf(out, "<span class=\"word %s\">%s</span>", text, text);
}

void pdlt_html_table_begin(FILE *out, const pdlt_column *columns, size_t count) {
  fputs("<div class=\"scroll\"><table class=\"cards\">\n<thead><tr>", out);
  for (size_t k = 0; k < count; k++) {
    const int number = columns[k].class_name[0] == 'n' && columns[k].class_name[1] == 0;
    fprintf(out, "<th%s>%s</th>", number ? " class=\"n\"" : "", columns[k].heading);
  }
  fputs("</tr></thead>\n<tbody>\n", out);
}

void pdlt_html_cell(FILE *out, const pdlt_column *c) {
  if (c->class_name[0] != 0)
    fprintf(out, "<td class=\"%s\" data-label=\"%s\">", c->class_name, c->label);
  else
    fprintf(out, "<td data-label=\"%s\">", c->label);
}

void pdlt_html_table_end(FILE *out) { fputs("</tbody></table></div>\n", out); }

void pdlt_html_number_cell(FILE *out, const pdlt_column *c, double value, int digits) {
  pdlt_html_cell(out, c);
  pdlt_html_number(out, value, digits);
  fputs("</td>", out);
}
