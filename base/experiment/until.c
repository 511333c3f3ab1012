/* until.c - ensemble.until: as many members as a precision needs.
 *
 * Is: {quantity, relative, scale, max_members}, under ensemble.until or ensemble.members,
 * read, checked against other keys, and written back.
 * Is not: the decision when to stop (trainer/output/until.h). */
#include <stdio.h>
#include <string.h>

#include "base/experiment/internal.h"
#include "base/file/json.h"

/* A number above 0 under `name`; absent: *out is untouched, 1 only when it may be. */
static int read_number(const pdlt_node *map, const char *name, int required, double max,
                       double *out) {
  const pdlt_node *node = pdlt_node_find(map, name, strlen(name), NULL);
  double number = 0.0;
  if (node == NULL) return !required;
  if (!pdlt_node_number(node, &number) || !(number > 0) || number > max) return 0;
  *out = number;
  return 1;
}

static int read_quantity(const pdlt_node *map, int *out) {
  const pdlt_node *node = pdlt_node_find(map, "quantity", 8, NULL);
  for (int k = 0; node != NULL && k < PDLT_QUANTITIES; k++) {
    if (!(pdlt_quantities[k].flags & PDLT_QUANTITY_UNTIL)) continue;
    if (!pdlt_value_is_word(node, pdlt_quantities[k].name)) continue;
    *out = k;
    return 1;
  }
  return 0;
}

static pdlt_status unknown_key(pdlt_reader *reader, const pdlt_node *value, const char *path) {
  static const char *const known[] = {"quantity", "relative", "scale", "max_members"};
  char quoted[PDLT_QUOTE_LENGTH];
  for (size_t i = 0; i < value->count; i++) {
    size_t k = 0;
    while (k < 4 && strcmp(value->keys[i], known[k]) != 0) k++;
    if (k < 4 && pdlt_node_find(value, known[k], strlen(known[k]), NULL) == value->items[i])
      continue;
    return pdlt_reader_fail(reader, value->key_lines[i], path,
                            "%s: unknown or repeated; known here: quantity, relative, scale, "
                            "max_members",
                            pdlt_quote(quoted, value->keys[i]));
  }
  return PDLT_OK;
}

static pdlt_status read_until(pdlt_reader *reader, const pdlt_node *value, const char *path) {
  pdlt_until until = {.max_members = PDLT_UNTIL_MAX_MEMBERS};
  double most = (double)until.max_members;
  if (value->kind != PDLT_NODE_MAP)
    return pdlt_reader_fail(reader, value->line, path,
                            "until must be {quantity: NAME, relative: NUMBER}");
  pdlt_status status = unknown_key(reader, value, path);
  if (status != PDLT_OK) return status;
  if (!read_quantity(value, &until.quantity)) {
    char names[256];
    pdlt_quantity_names(PDLT_QUANTITY_UNTIL, names, sizeof names);
    return pdlt_reader_fail(reader, value->line, path, "quantity must be one of %s", names);
  }
  if (!read_number(value, "relative", 1, 1, &until.relative))
    return pdlt_reader_fail(reader, value->line, path,
                            "relative must be a number above 0 and at most 1");
  if (!read_number(value, "scale", 0, 1e300, &until.scale))
    return pdlt_reader_fail(reader, value->line, path, "scale must be a number above 0");
  if (!read_number(value, "max_members", 0, (double)PDLT_MAX_MEMBERS, &most) ||
      most < PDLT_UNTIL_FIRST || most != (double)(long)most)
    return pdlt_reader_fail(reader, value->line, path,
                            "max_members must be a whole number from %d to %g",
                            (int)PDLT_UNTIL_FIRST, (double)PDLT_MAX_MEMBERS);
  until.max_members = (long)most;
  reader->ex->ensemble.until = until;
  reader->ex->ensemble.members = 0;
  return PDLT_OK;
}

pdlt_status pdlt_read_until(pdlt_reader *reader, const pdlt_node *value,
                            const pdlt_schema_key *key) {
  return read_until(reader, value, key->path);
}

pdlt_status pdlt_read_members_until(pdlt_reader *reader, const pdlt_node *value,
                                    const pdlt_schema_key *key) {
  const pdlt_node *until = pdlt_node_find(value, "until", 5, NULL);
  if (until == NULL || value->count != 1) return pdlt_value_wrong(reader, value, key);
  return read_until(reader, until, key->path);
}

pdlt_status pdlt_until_check(pdlt_reader *reader) {
  const pdlt_experiment *ex = reader->ex;
  const char *key = pdlt_until_key(ex);
  const size_t wanted = (size_t)ex->compare.degree + 2;
  if (key == NULL) return PDLT_OK;
  if (pdlt_experiment_is_given(ex, "ensemble.members") &&
      pdlt_experiment_is_given(ex, "ensemble.until"))
    return pdlt_experiment_fail(ex, "ensemble.until", reader->err,
                                "there is a number of members too; keep one of the two");
  const pdlt_quantity *quantity = &pdlt_quantities[ex->ensemble.until.quantity];
  const unsigned missing = quantity->words & ~ex->measure;
  for (int k = 0; pdlt_measure_words[k] != NULL; k++)
    if (missing >> k & 1U)
      return pdlt_experiment_fail(ex, key, reader->err, "%s needs %s in measure", quantity->name,
                                  pdlt_measure_words[k]);
  if (ex->network.num_widths < wanted)
    return pdlt_experiment_fail(ex, "network.widths", reader->err,
                                "%zu; until needs compare.degree + 2 = %zu widths to know a "
                                "coefficient of 1/n",
                                ex->network.num_widths, wanted);
  if (ex->ensemble.keep_members > PDLT_UNTIL_FIRST)
    return pdlt_experiment_fail(ex, "ensemble.keep_members", reader->err,
                                "%ld; with until at most %d", ex->ensemble.keep_members,
                                (int)PDLT_UNTIL_FIRST);
  return PDLT_OK;
}

const char *pdlt_until_key(const pdlt_experiment *ex) {
  if (ex->ensemble.members > 0) return NULL;
  return pdlt_experiment_is_given(ex, "ensemble.until") ? "ensemble.until" : "ensemble.members";
}

json_t *pdlt_until_json(const pdlt_until *until) {
  json_t *out =
      json_pack("{s:s, s:f, s:I}", "quantity", pdlt_quantities[until->quantity].name, "relative",
                until->relative, "max_members", (json_int_t)until->max_members);
  if (until->scale > 0) pdlt_json_put(&out, "scale", json_real(until->scale));
  return out;
}
