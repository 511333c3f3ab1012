/* figure_keys.c - the section `figures` of an experiment: readers of its values, JSON, and whether
 * results have what is asked for.
 *
 * Is not: figures (compare/figure). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/experiment/internal.h"
#include "base/file/json.h"

/* In the order of pdlt_color in compare/plot. */
const char *const pdlt_figure_color_words[] = {"black", "blue",   "vermilion", "green", "orange",
                                               "sky",   "purple", "yellow",    "grey",  NULL};

static pdlt_figure_keys *keys_of(pdlt_reader *reader) { return &reader->ex->compare.figures; }

/* --- Readers --- */

pdlt_status pdlt_read_figure_title(pdlt_reader *reader, const pdlt_node *value,
                                   const pdlt_schema_key *key) {
  if (value->kind != PDLT_NODE_SCALAR || strlen(value->text) >= PDLT_FIGURE_TITLE)
    return pdlt_value_wrong(reader, value, key);
  snprintf(keys_of(reader)->title, PDLT_FIGURE_TITLE, "%s", value->text);
  return PDLT_OK;
}

/* "#rrggbb"; 0: it is none. */
static unsigned parse_color(const char *text) {
  static const char digits[] = "0123456789abcdefABCDEF";
  if (text[0] != '#' || strlen(text) != 7 || strspn(text + 1, digits) != 6) return 0;
  return PDLT_FIGURE_OWN_COLOR + (unsigned)strtoul(text + 1, NULL, 16);
}

static int find_color(const char *name) {
  for (int k = 0; k < PDLT_FIGURE_COLORS; k++)
    if (strcmp(pdlt_figure_color_words[k], name) == 0) return k;
  return -1;
}

pdlt_status pdlt_read_figure_colors(pdlt_reader *reader, const pdlt_node *value,
                                    const pdlt_schema_key *key) {
  pdlt_figure_keys *keys = keys_of(reader);
  unsigned color[PDLT_FIGURE_COLORS] = {0};
  const int grey = pdlt_value_is_word(value, "grey");
  if (!grey && value->kind != PDLT_NODE_MAP) return pdlt_value_wrong(reader, value, key);
  for (size_t i = 0; !grey && i < value->count; i++) {
    const pdlt_node *item = value->items[i];
    const int k = find_color(value->keys[i]);
    char quoted[PDLT_QUOTE_LENGTH];
    if (k < 0)
      return pdlt_reader_fail(reader, value->key_lines[i], key->path, "%s is no colour; %s",
                              pdlt_quote(quoted, value->keys[i]), key->expect);
    if (item->kind == PDLT_NODE_SCALAR) color[k] = parse_color(item->text);
    if (color[k] == 0) return pdlt_value_wrong(reader, item, key);
  }
  keys->grey = grey;
  memcpy(keys->color, color, sizeof color);
  return PDLT_OK;
}

pdlt_status pdlt_read_figure_quantities(pdlt_reader *reader, const pdlt_node *value,
                                        const pdlt_schema_key *key) {
  unsigned char shown[PDLT_QUANTITIES] = {0};
  if (value->kind != PDLT_NODE_LIST) return pdlt_value_wrong(reader, value, key);
  for (size_t i = 0; i < value->count; i++) {
    const pdlt_node *item = value->items[i];
    const int k = item->kind == PDLT_NODE_SCALAR ? pdlt_quantity_find(item->text) : -1;
    if (k < 0) return pdlt_value_wrong(reader, item, key);
    shown[k] = 1;
  }
  memcpy(keys_of(reader)->quantities, shown, sizeof shown);
  keys_of(reader)->num_quantities = value->count;
  return PDLT_OK;
}

pdlt_status pdlt_read_figure_times(pdlt_reader *reader, const pdlt_node *value,
                                   const pdlt_schema_key *key) {
  double times[PDLT_FIGURE_LIST] = {0};
  if (value->kind != PDLT_NODE_LIST || value->count > PDLT_FIGURE_LIST)
    return pdlt_value_wrong(reader, value, key);
  for (size_t i = 0; i < value->count; i++) {
    const pdlt_node *item = value->items[i];
    if (pdlt_value_is_word(item, "end"))
      times[i] = INFINITY;
    else if (!pdlt_node_number(item, &times[i]) || times[i] < 0)
      return pdlt_value_wrong(reader, item, key);
    if (i > 0 && !(times[i] > times[i - 1])) return pdlt_value_wrong(reader, item, key);
  }
  memcpy(keys_of(reader)->times, times, sizeof times);
  keys_of(reader)->num_times = value->count;
  return PDLT_OK;
}

pdlt_status pdlt_read_figure_samples(pdlt_reader *reader, const pdlt_node *value,
                                     const pdlt_schema_key *key) {
  int samples[PDLT_FIGURE_LIST] = {0};
  if (value->kind != PDLT_NODE_LIST || value->count > PDLT_FIGURE_LIST)
    return pdlt_value_wrong(reader, value, key);
  for (size_t i = 0; i < value->count; i++) {
    double number = 0;
    if (!pdlt_node_number(value->items[i], &number) || number != floor(number) || number < 1 ||
        number > 1e9)
      return pdlt_value_wrong(reader, value->items[i], key);
    samples[i] = (int)number;
    for (size_t k = 0; k < i; k++)
      if (samples[k] == samples[i]) return pdlt_value_wrong(reader, value->items[i], key);
  }
  memcpy(keys_of(reader)->samples, samples, sizeof samples);
  keys_of(reader)->num_samples = value->count;
  return PDLT_OK;
}

/* --- JSON, in the words of the file --- */

static json_t *colors_json(const pdlt_figure_keys *keys) {
  json_t *out = json_object();
  for (int k = 0; k < PDLT_FIGURE_COLORS; k++) {
    char text[16];
    if (keys->color[k] == 0) continue;
    snprintf(text, sizeof text, "#%06x", keys->color[k] & 0xffffffU);
    pdlt_json_put(&out, pdlt_figure_color_words[k], json_string(text));
  }
  return out;
}

static int has_colors(const pdlt_figure_keys *keys) {
  for (int k = 0; k < PDLT_FIGURE_COLORS; k++)
    if (keys->color[k] != 0) return 1;
  return 0;
}

static json_t *quantities_json(const pdlt_figure_keys *keys) {
  json_t *out = json_array();
  for (int k = 0; k < PDLT_QUANTITIES; k++)
    if (keys->quantities[k]) pdlt_json_append(&out, json_string(pdlt_quantities[k].name));
  return out;
}

static json_t *times_json(const pdlt_figure_keys *keys) {
  json_t *out = json_array();
  for (size_t i = 0; i < keys->num_times; i++)
    pdlt_json_append(&out, isinf(keys->times[i]) ? json_string("end") : json_real(keys->times[i]));
  return out;
}

json_t *pdlt_figure_keys_json(const pdlt_figure_keys *keys) {
  json_t *out = json_object(), *samples = NULL;
  if (keys->title[0] != 0) pdlt_json_put(&out, "title", json_string(keys->title));
  if (keys->font_size > 0) pdlt_json_put(&out, "font_size", json_real(keys->font_size));
  if (keys->width_mm > 0) pdlt_json_put(&out, "width_mm", json_real(keys->width_mm));
  if (keys->grey) pdlt_json_put(&out, "colors", json_string("grey"));
  if (has_colors(keys)) pdlt_json_put(&out, "colors", colors_json(keys));
  if (keys->num_quantities > 0) pdlt_json_put(&out, "quantities", quantities_json(keys));
  if (keys->num_times > 0) pdlt_json_put(&out, "times", times_json(keys));
  if (keys->num_samples == 0) return out;
  samples = json_array();
  for (size_t i = 0; i < keys->num_samples; i++)
    pdlt_json_append(&samples, json_integer(keys->samples[i]));
  pdlt_json_put(&out, "samples", samples);
  return out;
}

static void read_colors(pdlt_figure_keys *out, json_t *colors) {
  const char *name = NULL, *word = json_string_value(colors);
  json_t *value = NULL;
  out->grey = word != NULL && strcmp(word, "grey") == 0;
  json_object_foreach(colors, name, value) {
    const int k = find_color(name);
    if (k >= 0 && json_is_string(value)) out->color[k] = parse_color(json_string_value(value));
  }
}

/* A number within the limits of its key; 0 else. */
static double number_of(const json_t *figures, const char *name, const char *path) {
  const pdlt_schema_key *key = &pdlt_schema[pdlt_schema_find(path)];
  const double number = json_number_value(json_object_get(figures, name));
  return number >= key->min && number <= key->max ? number : 0;
}

static void read_times(pdlt_figure_keys *out, const json_t *list) {
  const json_t *value = NULL;
  size_t i = 0;
  json_array_foreach(list, i, value) {
    const double time = json_is_string(value) ? INFINITY : json_number_value(value);
    const size_t n = out->num_times;
    if (n == PDLT_FIGURE_LIST || time < 0 || (n > 0 && !(time > out->times[n - 1]))) continue;
    out->times[out->num_times++] = time;
  }
}

void pdlt_figure_keys_from_json(pdlt_figure_keys *out, const json_t *experiment) {
  const json_t *figures = json_object_get(experiment, "figures"), *value = NULL;
  const char *title = json_string_value(json_object_get(figures, "title"));
  size_t i = 0;
  *out = (pdlt_figure_keys){0};
  if (title != NULL && strlen(title) < PDLT_FIGURE_TITLE)
    snprintf(out->title, sizeof out->title, "%s", title);
  out->font_size = number_of(figures, "font_size", "figures.font_size");
  out->width_mm = number_of(figures, "width_mm", "figures.width_mm");
  read_colors(out, json_object_get(figures, "colors"));
  json_array_foreach(json_object_get(figures, "quantities"), i, value) {
    const int k = json_is_string(value) ? pdlt_quantity_find(json_string_value(value)) : -1;
    if (k < 0) continue;
    out->quantities[k] = 1;
    out->num_quantities++;
  }
  read_times(out, json_object_get(figures, "times"));
  json_array_foreach(json_object_get(figures, "samples"), i, value) {
    const json_int_t sample = json_integer_value(value);
    if (sample >= 1 && sample <= 1000000000 && out->num_samples < PDLT_FIGURE_LIST)
      out->samples[out->num_samples++] = (int)sample;
  }
}

/* --- What results have --- */

/* "0, 1, 5", cut with "..." */
static void list_times(char *out, size_t size, size_t n, const double *times) {
  size_t used = 0;
  for (size_t k = 0; k < n; k++) {
    if (used + 48 > size) {
      snprintf(out + used, size - used, ", ...");
      return;
    }
    used += (size_t)snprintf(out + used, size - used, isinf(times[k]) ? "%send" : "%s%.10g",
                             k > 0 ? ", " : "", times[k]);
  }
}

const char *pdlt_figure_keys_wrong(const pdlt_figure_keys *keys, size_t D, size_t n,
                                   const double *times, char *why, size_t size) {
  for (size_t i = 0; i < keys->num_samples; i++) {
    if ((size_t)keys->samples[i] <= D) continue;
    snprintf(why, size, "%d, but there are %zu samples", keys->samples[i], D);
    return "figures.samples";
  }
  for (size_t i = 0; i < keys->num_times; i++) {
    char wanted[32], all[160] = "nothing";
    size_t k = 0;
    while (k < n && times[k] != keys->times[i]) k++;
    if (k < n) continue;
    snprintf(wanted, sizeof wanted, isinf(keys->times[i]) ? "end" : "%.10g", keys->times[i]);
    list_times(all, sizeof all, n, times);
    snprintf(why, size, "%s is not recorded; recorded are %s", wanted, all);
    return "figures.times";
  }
  return NULL;
}
