/* values.c - single values of the experiment file, read into the struct.
 *
 * Is: one function per type of value; each error names the line of the value.
 * Is not: checks that need several keys (check.c). */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/experiment/internal.h"

int pdlt_value_is_word(const pdlt_node *value, const char *word) {
  return value->kind == PDLT_NODE_SCALAR && strcmp(value->text, word) == 0;
}

int pdlt_value_is_whole(const pdlt_node *value, double min, double max, double *out) {
  double number = 0.0;
  if (!pdlt_node_number(value, &number)) return 0;
  if (number != floor(number) || number < min || number > max) return 0;
  *out = number;
  return 1;
}

/* A list of finite numbers; *count its length. NULL text of failure: see callers. */
static int is_number_list(const pdlt_node *value) {
  double ignored = 0.0;
  if (value->kind != PDLT_NODE_LIST) return 0;
  for (size_t i = 0; i < value->count; i++)
    if (!pdlt_node_number(value->items[i], &ignored)) return 0;
  return 1;
}

static void describe(const pdlt_node *value, char *out, size_t size) {
  char quoted[PDLT_QUOTE_LENGTH];
  if (value->kind == PDLT_NODE_LIST) {
    snprintf(out, size, "a list of %zu", value->count);
  } else if (value->kind == PDLT_NODE_MAP) {
    snprintf(out, size, "a mapping");
  } else if (value->text[0] == '\0' && value->plain) {
    snprintf(out, size, "nothing");
  } else {
    const char *mark = value->plain ? "" : "\"";
    snprintf(out, size, "%s%s%s", mark, pdlt_quote(quoted, value->text), mark);
  }
}

pdlt_status pdlt_value_wrong(pdlt_reader *reader, const pdlt_node *value,
                             const pdlt_schema_key *key) {
  char expect[PDLT_EXPECT_LENGTH], found[PDLT_QUOTE_LENGTH + 8];
  pdlt_schema_expect(key, expect);
  describe(value, found, sizeof found);
  return pdlt_reader_fail(reader, value->line, key->path, "%s; expected %s", found, expect);
}

static pdlt_status read_seed(pdlt_reader *reader, const pdlt_node *value,
                             const pdlt_schema_key *key, uint64_t *out) {
  int digits = value->kind == PDLT_NODE_SCALAR && value->plain && value->text[0] != '\0' &&
               strspn(value->text, "0123456789") == strlen(value->text);
  if (!digits) return pdlt_value_wrong(reader, value, key);
  errno = 0;
  unsigned long long number = strtoull(value->text, NULL, 10);
  if (errno != 0 || number > LLONG_MAX) return pdlt_value_wrong(reader, value, key);
  *out = number;
  return PDLT_OK;
}

static pdlt_status read_word(pdlt_reader *reader, const pdlt_node *value,
                             const pdlt_schema_key *key, void *out) {
  for (int i = 0; key->words[i] != NULL; i++) {
    if (!pdlt_value_is_word(value, key->words[i])) continue;
    memcpy(out, &i, sizeof i);
    return PDLT_OK;
  }
  return pdlt_value_wrong(reader, value, key);
}

static pdlt_status read_text(pdlt_reader *reader, const pdlt_node *value,
                             const pdlt_schema_key *key, char **out) {
  char *text = NULL;
  if (value->kind != PDLT_NODE_SCALAR) return pdlt_value_wrong(reader, value, key);
  if (value->text[0] == '\0' && key->offset != offsetof(pdlt_experiment, title))
    return pdlt_value_wrong(reader, value, key);
  pdlt_status status = pdlt_strdup(&text, value->text, reader->err);
  if (status != PDLT_OK) return status;
  pdlt_free(*out);
  *out = text;
  return PDLT_OK;
}

pdlt_status pdlt_value_read(pdlt_reader *reader, const pdlt_node *value,
                            const pdlt_schema_key *key) {
  void *target = (char *)reader->ex + key->offset;
  double number = 0.0;
  switch (key->type) {
    case PDLT_VALUE_TEXT:
      return read_text(reader, value, key, target);
    case PDLT_VALUE_SEED:
      return read_seed(reader, value, key, target);
    case PDLT_VALUE_WORD:
      return read_word(reader, value, key, target);
    case PDLT_VALUE_INT:
      if (!pdlt_value_is_whole(value, key->min, key->max, &number)) break;
      *(int *)target = (int)number;
      return PDLT_OK;
    case PDLT_VALUE_LONG:
      if (!pdlt_value_is_whole(value, key->min, key->max, &number)) break;
      *(long *)target = (long)number;
      return PDLT_OK;
    case PDLT_VALUE_REAL:
      if (!pdlt_node_number(value, &number) || number < key->min || number > key->max ||
          (key->min_open && number == key->min))
        break;
      *(double *)target = number;
      return PDLT_OK;
    case PDLT_VALUE_BOOL:
      if (value->kind != PDLT_NODE_SCALAR || !value->plain) break;
      if (!pdlt_value_is_word(value, "true") && !pdlt_value_is_word(value, "false")) break;
      *(int *)target = pdlt_value_is_word(value, "true");
      return PDLT_OK;
    case PDLT_VALUE_CUSTOM:
      return key->read(reader, value, key);
    case PDLT_VALUE_SECTION:
      break;
  }
  return pdlt_value_wrong(reader, value, key);
}

pdlt_status pdlt_read_map(pdlt_reader *reader, const pdlt_node *value, const pdlt_schema_key *key) {
  return value->kind == PDLT_NODE_MAP ? PDLT_OK : pdlt_value_wrong(reader, value, key);
}

pdlt_status pdlt_read_activation(pdlt_reader *reader, const pdlt_node *value,
                                 const pdlt_schema_key *key) {
  pdlt_error why = {PDLT_OK, ""};
  if (value->kind != PDLT_NODE_SCALAR) return pdlt_value_wrong(reader, value, key);
  if (pdlt_activation_parse(&reader->ex->network.activation, value->text, &why) == PDLT_OK)
    return PDLT_OK;
  return pdlt_reader_fail(reader, value->line, key->path, "%s", why.message);
}

pdlt_status pdlt_value_read_ints(pdlt_reader *reader, const pdlt_node *value,
                                 const pdlt_schema_key *key, double min, double max, int **out) {
  int *list = NULL;
  if (value->kind != PDLT_NODE_LIST || value->count == 0)
    return pdlt_value_wrong(reader, value, key);
  pdlt_status status = pdlt_alloc(&list, value->count, sizeof *list, reader->err);
  for (size_t i = 0; status == PDLT_OK && i < value->count; i++) {
    double number = 0.0;
    if (pdlt_value_is_whole(value->items[i], min, max, &number))
      list[i] = (int)number;
    else
      status = pdlt_value_wrong(reader, value->items[i], key);
  }
  if (status != PDLT_OK) {
    pdlt_free(list);
    return status;
  }
  pdlt_free(*out);
  *out = list;
  return PDLT_OK;
}

pdlt_status pdlt_read_widths(pdlt_reader *reader, const pdlt_node *value,
                             const pdlt_schema_key *key) {
  pdlt_status status =
      pdlt_value_read_ints(reader, value, key, 1, INT_MAX, &reader->ex->network.widths);
  if (status != PDLT_OK) return status;
  const int *widths = reader->ex->network.widths;
  for (size_t i = 1; i < value->count; i++) {
    if (widths[i] > widths[i - 1]) continue;
    return pdlt_reader_fail(reader, value->items[i]->line, key->path,
                            widths[i] == widths[i - 1]
                                ? "%d after %d; list each width once"
                                : "%d after %d; list the widths from small to large",
                            widths[i], widths[i - 1]);
  }
  reader->ex->network.num_widths = value->count;
  return PDLT_OK;
}

pdlt_status pdlt_read_width_ratios(pdlt_reader *reader, const pdlt_node *value,
                                   const pdlt_schema_key *key) {
  int depth = reader->ex->network.depth;
  if (value->kind == PDLT_NODE_LIST && value->count != (size_t)depth - 1)
    return pdlt_reader_fail(reader, value->line, key->path,
                            "a list of %zu; depth %d needs %d ratios, one for each hidden layer",
                            value->count, depth, depth - 1);
  return pdlt_value_read_ints(reader, value, key, 1, 1000000, &reader->ex->network.width_ratios);
}

/* 1 when some entry of the list is text and no number. */
static int has_words(const pdlt_node *value) {
  double number = 0.0;
  for (size_t i = 0; value->kind == PDLT_NODE_LIST && i < value->count; i++)
    if (value->items[i]->kind == PDLT_NODE_SCALAR && !pdlt_node_number(value->items[i], &number))
      return 1;
  return 0;
}

/* Labels as words: class_names, and the classes 0, 1, ... for them. */
static pdlt_status read_class_names(pdlt_reader *reader, const pdlt_node *value,
                                    const pdlt_schema_key *key) {
  pdlt_schema_key names = *key;
  names.offset = offsetof(pdlt_experiment, data.class_names);
  pdlt_status status = pdlt_read_names(reader, value, &names);
  if (status == PDLT_OK)
    status = pdlt_alloc(&reader->ex->data.classes, value->count, sizeof(int), reader->err);
  for (size_t i = 0; status == PDLT_OK && i < value->count; i++)
    reader->ex->data.classes[i] = (int)i;
  return status;
}

pdlt_status pdlt_read_classes(pdlt_reader *reader, const pdlt_node *value,
                              const pdlt_schema_key *key) {
  const int words = has_words(value);
  const pdlt_status status =
      words ? read_class_names(reader, value, key)
            : pdlt_value_read_ints(reader, value, key, INT_MIN, INT_MAX, &reader->ex->data.classes);
  if (status != PDLT_OK) return status;
  const int *classes = reader->ex->data.classes;
  for (size_t i = 0; i < value->count; i++) {
    const char *text = value->items[i]->text;
    for (size_t j = 0; j < i; j++)
      if (words ? strcmp(text, value->items[j]->text) == 0 : classes[i] == classes[j])
        return pdlt_reader_fail(reader, value->items[i]->line, key->path,
                                "%s twice; list each label once", text);
  }
  reader->ex->data.num_classes = (int)value->count;
  return PDLT_OK;
}

/* {scale: s, width: p}: s n_{l-1}^p; the list holds s. */
static pdlt_status read_width_law(pdlt_reader *reader, const pdlt_node *value,
                                  const pdlt_schema_key *key, double *out, int which) {
  const pdlt_node *scale = pdlt_node_find(value, "scale", 5, NULL);
  const pdlt_node *power = pdlt_node_find(value, "width", 5, NULL);
  pdlt_experiment *ex = reader->ex;
  double s = 0.0;
  if (value->count != 2 || scale == NULL || power == NULL)
    return pdlt_reader_fail(
        reader, value->line, key->path, "a mapping must be %s{scale: NUMBER, width: NUMBER}",
        which < PDLT_PARAMETER_LAMBDA_B ? "" : "{scale: NUMBER, power: NUMBER} or ");
  if (!pdlt_node_number(scale, &s) || s < 0.0) return pdlt_value_wrong(reader, scale, key);
  if (!pdlt_node_number(power, &ex->network.width_power[which]))
    return pdlt_value_wrong(reader, power, key);
  for (int l = 0; l < ex->network.depth; l++) out[l] = s;
  ex->network.follows |= 1U << which;
  return PDLT_OK;
}

/* {scale: a, power: b}: a l^b for l = 1..L. */
static pdlt_status read_power_law(pdlt_reader *reader, const pdlt_node *value,
                                  const pdlt_schema_key *key, double *out, int depth) {
  const pdlt_node *scale = pdlt_node_find(value, "scale", 5, NULL);
  const pdlt_node *power = pdlt_node_find(value, "power", 5, NULL);
  double a = 0.0, b = 0.0;
  if (!pdlt_node_number(scale, &a) || a < 0.0) return pdlt_value_wrong(reader, scale, key);
  if (!pdlt_node_number(power, &b)) return pdlt_value_wrong(reader, power, key);
  for (int l = 1; l <= depth; l++) {
    out[l - 1] = a * pow(l, b);
    if (!isfinite(out[l - 1]))
      return pdlt_reader_fail(reader, power->line, key->path,
                              "layer %d gets a value beyond all numbers; use a smaller power", l);
  }
  return PDLT_OK;
}

pdlt_status pdlt_read_per_layer(pdlt_reader *reader, const pdlt_node *value,
                                const pdlt_schema_key *key) {
  pdlt_experiment *ex = reader->ex;
  double **slot = (double **)((char *)ex + key->offset), *values = NULL, one = 0.0;
  double **const lists[] = {&ex->network.C_b, &ex->network.C_W, &ex->network.lambda_b,
                            &ex->network.lambda_W};
  int depth = ex->network.depth, which = 0;
  while (lists[which] != slot) which++;
  const int variance = which < PDLT_PARAMETER_LAMBDA_B;
  pdlt_status status = PDLT_OK;

  PDLT_TRY(pdlt_alloc(&values, (size_t)depth, sizeof *values, reader->err));
  if (value->kind == PDLT_NODE_LIST) {
    if (value->count != (size_t)depth) {
      status = pdlt_reader_fail(reader, value->line, key->path,
                                "a list of %zu; depth %d needs %d numbers, one for each layer",
                                value->count, depth, depth);
      goto cleanup;
    }
    for (int l = 0; l < depth; l++) {
      if (!pdlt_node_number(value->items[l], &values[l]) || values[l] < 0.0) {
        status = pdlt_value_wrong(reader, value->items[l], key);
        goto cleanup;
      }
    }
  } else if (value->kind == PDLT_NODE_MAP) {
    const int by_layer = !variance && value->count == 2 &&
                         pdlt_node_find(value, "scale", 5, NULL) &&
                         pdlt_node_find(value, "power", 5, NULL);
    PDLT_TRY(by_layer ? read_power_law(reader, value, key, values, depth)
                      : read_width_law(reader, value, key, values, which));
  } else if (pdlt_node_number(value, &one) && one >= 0.0) {
    for (int l = 0; l < depth; l++) values[l] = one;
  } else if (variance && pdlt_value_is_word(value, "critical")) {
    ex->network.critical |= slot == &ex->network.C_b ? 1 : 2; /* both: see check */
  } else {
    status = pdlt_value_wrong(reader, value, key);
    goto cleanup;
  }
  pdlt_free(*slot);
  *slot = values;
  values = NULL;
cleanup:
  pdlt_free(values);
  return status;
}

pdlt_status pdlt_read_scale(pdlt_reader *reader, const pdlt_node *value,
                            const pdlt_schema_key *key) {
  pdlt_experiment *ex = reader->ex;
  if (pdlt_value_is_word(value, "none"))
    ex->data.scale_kind = PDLT_SCALE_NONE;
  else if (pdlt_value_is_word(value, "critical"))
    ex->data.scale_kind = PDLT_SCALE_CRITICAL;
  else if (pdlt_node_number(value, &ex->data.scale) && ex->data.scale > 0.0)
    ex->data.scale_kind = PDLT_SCALE_NUMBER;
  else
    return pdlt_value_wrong(reader, value, key);
  return PDLT_OK;
}

pdlt_status pdlt_read_eta(pdlt_reader *reader, const pdlt_node *value, const pdlt_schema_key *key) {
  pdlt_experiment *ex = reader->ex;
  const pdlt_node *number = value;
  ex->training.eta_kind = PDLT_ETA_NUMBER;
  if (pdlt_value_is_word(value, "flow")) {
    ex->training.eta_kind = PDLT_ETA_FLOW;
    ex->training.eta = 0.0;
    return PDLT_OK;
  }
  if (value->kind == PDLT_NODE_MAP) {
    number = pdlt_node_find(value, "relative", 8, NULL);
    if (number == NULL || value->count != 1)
      return pdlt_reader_fail(reader, value->line, key->path,
                              "a mapping must be {relative: NUMBER}");
    ex->training.eta_kind = PDLT_ETA_RELATIVE;
  }
  if (!pdlt_node_number(number, &ex->training.eta) || ex->training.eta <= 0.0)
    return pdlt_value_wrong(reader, number, key);
  return PDLT_OK;
}

pdlt_status pdlt_read_steps(pdlt_reader *reader, const pdlt_node *value,
                            const pdlt_schema_key *key) {
  pdlt_experiment *ex = reader->ex;
  double number = 0.0;
  ex->training.to_end = pdlt_value_is_word(value, "end");
  if (ex->training.to_end) return PDLT_OK;
  if (ex->training.eta_kind == PDLT_ETA_FLOW) {
    if (!pdlt_node_number(value, &number) || number < 0.0)
      return pdlt_reader_fail(reader, value->line, key->path,
                              "with eta: flow, expected a number >= 0 (of eta t), or end");
    ex->training.flow_time = number;
    return PDLT_OK;
  }
  if (!pdlt_value_is_whole(value, 0, 1e9, &number)) return pdlt_value_wrong(reader, value, key);
  ex->training.steps = (long)number;
  return PDLT_OK;
}

pdlt_status pdlt_read_record(pdlt_reader *reader, const pdlt_node *value,
                             const pdlt_schema_key *key) {
  pdlt_experiment *ex = reader->ex;
  int flow = ex->training.eta_kind == PDLT_ETA_FLOW;
  double last = flow ? ex->training.flow_time : (double)ex->training.steps, *record = NULL;
  if (ex->training.to_end)
    return pdlt_reader_fail(reader, value->line, key->path,
                            "with steps: end only 0 and the end are recorded; leave record out");
  if (!is_number_list(value) || value->count == 0) return pdlt_value_wrong(reader, value, key);
  pdlt_status status = pdlt_alloc(&record, value->count, sizeof *record, reader->err);
  for (size_t i = 0; status == PDLT_OK && i < value->count; i++) {
    double number = 0.0;
    int good = pdlt_node_number(value->items[i], &number) && number >= 0.0;
    if (!good || (!flow && number != floor(number)))
      status = pdlt_value_wrong(reader, value->items[i], key);
    else if (number > last)
      status = pdlt_reader_fail(reader, value->items[i]->line, key->path,
                                "%.15g lies beyond training.steps = %.15g", number, last);
    else if (i > 0 && number <= record[i - 1])
      status = pdlt_reader_fail(reader, value->items[i]->line, key->path,
                                "%.15g after %.15g; list the steps increasing, each once", number,
                                record[i - 1]);
    else
      record[i] = number;
  }
  if (status != PDLT_OK) {
    pdlt_free(record);
    return status;
  }
  ex->training.record = record;
  ex->training.num_record = value->count;
  return PDLT_OK;
}

pdlt_status pdlt_read_members(pdlt_reader *reader, const pdlt_node *value,
                              const pdlt_schema_key *key) {
  double number = 0.0;
  if (value->kind == PDLT_NODE_MAP) return pdlt_read_members_until(reader, value, key);
  if (!pdlt_value_is_whole(value, 1, (double)PDLT_MAX_MEMBERS, &number))
    return pdlt_value_wrong(reader, value, key);
  reader->ex->ensemble.members = (long)number;
  return PDLT_OK;
}

/* A list of words of the key, each once, as the bits of an unsigned. */
pdlt_status pdlt_read_words(pdlt_reader *reader, const pdlt_node *value,
                            const pdlt_schema_key *key) {
  unsigned bits = 0;
  if (value->kind != PDLT_NODE_LIST) return pdlt_value_wrong(reader, value, key);
  for (size_t i = 0; i < value->count; i++) {
    int k = 0;
    while (key->words[k] != NULL && !pdlt_value_is_word(value->items[i], key->words[k])) k++;
    if (key->words[k] == NULL) return pdlt_value_wrong(reader, value->items[i], key);
    if (bits & (1U << k))
      return pdlt_reader_fail(reader, value->items[i]->line, key->path, "%s twice; list it once",
                              key->words[k]);
    bits |= 1U << k;
  }
  memcpy((char *)reader->ex + key->offset, &bits, sizeof bits);
  return PDLT_OK;
}

pdlt_status pdlt_read_measure(pdlt_reader *reader, const pdlt_node *value,
                              const pdlt_schema_key *key) {
  if (value->kind == PDLT_NODE_LIST && value->count == 0)
    return pdlt_value_wrong(reader, value, key);
  return pdlt_read_words(reader, value, key);
}

pdlt_status pdlt_read_names(pdlt_reader *reader, const pdlt_node *value,
                            const pdlt_schema_key *key) {
  pdlt_name_list *list = (pdlt_name_list *)((char *)reader->ex + key->offset);
  if (value->kind != PDLT_NODE_LIST) return pdlt_value_wrong(reader, value, key);
  for (size_t i = 0; i < value->count; i++)
    if (value->items[i]->kind != PDLT_NODE_SCALAR || value->items[i]->text[0] == '\0')
      return pdlt_value_wrong(reader, value->items[i], key);
  pdlt_status status =
      pdlt_alloc((void *)&list->name, value->count, sizeof *list->name, reader->err);
  for (size_t i = 0; status == PDLT_OK && i < value->count; i++) {
    status = pdlt_strdup(&list->name[i], value->items[i]->text, reader->err);
    if (status == PDLT_OK) list->count = i + 1;
  }
  return status;
}
