/* select.c - which samples of a file train, which are only predicted, and the targets of labels.
 *
 * Is: data.skip, data.shuffle, data.classes, data.balance, in this order; the counts of classes.
 * Is not: aware of what a file looks like (csv.c, idx.c, numpy.c). */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/memory.h"
#include "datasets/dataset_internal.h"

enum { LIST_LENGTH = 400 };

/* A selection being made. */
typedef struct selection {
  const pdlt_experiment *ex;
  const pdlt_candidates *from;
  pdlt_dataset *data; /* classes: those of the experiment */
  pdlt_error *err;
  size_t *order; /* (count) samples of the file in the order in which they are taken */
  size_t count;
  size_t *out; /* (D) */
} selection;

int pdlt_dataset_label(double number, int *out) {
  if (!(number >= INT_MIN && number <= INT_MAX) || number != floor(number)) return 0;
  *out = (int)number;
  return 1;
}

/* Place of a label in data.classes, or -1. */
static int class_of(const pdlt_experiment *ex, int label) {
  for (int c = 0; c < ex->data.num_classes; c++)
    if (ex->data.classes[c] == label) return c;
  return -1;
}

static pdlt_class_count *count_of(const selection *s, size_t sample) {
  return &s->data->classes[class_of(s->ex, s->from->label[sample])];
}

/* --- Messages --- */

static int by_size(const void *a, const void *b) {
  const int x = *(const int *)a, y = *(const int *)b;
  return (x > y) - (x < y);
}

enum { LABEL_LENGTH = 48 };

/* A label as the file has it. */
static const char *label_text(char out[LABEL_LENGTH], const char *name, int label) {
  if (name != NULL)
    snprintf(out, LABEL_LENGTH, "%.40s", name);
  else
    snprintf(out, LABEL_LENGTH, "%d", label);
  return out;
}

static const char *name_of(const selection *s, int label) {
  return s->from->name == NULL ? NULL : s->from->name[label];
}

/* "its labels are 1 2 3 4", the labels of the file; words in the order of data.classes, then of the
 * file. */
static pdlt_status list_labels(const selection *s, char out[LIST_LENGTH + 32]) {
  int *sorted = NULL;
  pdlt_status status = pdlt_alloc(&sorted, s->from->count, sizeof *sorted, s->err);
  if (status != PDLT_OK) return status;
  memcpy(sorted, s->from->label, s->from->count * sizeof *sorted);
  qsort(sorted, s->from->count, sizeof *sorted, by_size);
  char text[LABEL_LENGTH];
  size_t used = (size_t)snprintf(out, LIST_LENGTH, "its labels are");
  for (size_t k = 0; k < s->from->count; k++) {
    if (k > 0 && sorted[k] == sorted[k - 1]) continue;
    if (used > LIST_LENGTH - LABEL_LENGTH) {
      snprintf(out + used, 32, " ...");
      break;
    }
    used += (size_t)snprintf(out + used, LIST_LENGTH - used, " %s",
                             label_text(text, name_of(s, sorted[k]), sorted[k]));
  }
  pdlt_free(sorted);
  return PDLT_OK;
}

/* "image" of "images". */
static int singular(const selection *s) { return (int)strlen(s->from->noun) - 1; }

static pdlt_status never_occurs(const selection *s, int label) {
  char labels[LIST_LENGTH + 32], text[LABEL_LENGTH];
  pdlt_status status = list_labels(s, labels);
  if (status != PDLT_OK) return status;
  return pdlt_experiment_fail(
      s->ex, "data.classes", s->err, "no %.*s of class %s in %s; %s", singular(s), s->from->noun,
      label_text(text, name_of(s, label), label), s->from->label_file, labels);
}

static pdlt_status not_trained(const selection *s, int label) {
  char labels[LIST_LENGTH + 32], text[LABEL_LENGTH];
  size_t first = 0;
  if (s->data->train < s->data->num_classes)
    return pdlt_experiment_fail(
        s->ex, "data.train", s->err,
        "%zu cannot hold a sample of each of %zu classes; use train: %zu or "
        "more, or allow it with data.empty_classes: true",
        s->data->train, s->data->num_classes, s->data->num_classes);
  pdlt_status status = list_labels(s, labels);
  if (status != PDLT_OK) return status;
  while (s->from->label[first] != label) first++;
  return pdlt_experiment_fail(
      s->ex, "data.train", s->err,
      "none of the %zu training samples is of class %s, whose first %.*s is number %zu of %zu in "
      "%s; mix them with data.shuffle: 1, begin elsewhere with data.skip, train on more, or allow "
      "it with data.empty_classes: true; %s",
      s->data->train, label_text(text, name_of(s, label), label), singular(s), s->from->noun,
      first + 1, s->from->count, s->from->label_file, labels);
}

static pdlt_status too_few(const selection *s) {
  const char *of = s->from->label != NULL ? " of these classes" : "";
  const char *after = s->ex->data.skip > 0 ? " after data.skip" : "";
  return pdlt_experiment_fail(
      s->ex, "data.train", s->err, "train + test = %zu, but %s has only %zu %s%s%s",
      s->data->train + s->data->test, s->from->file, s->count, s->from->noun, of, after);
}

/* --- Steps --- */

static pdlt_status skip_and_shuffle(selection *s) {
  const pdlt_rng rng = {s->ex->data.shuffle, 0, PDLT_DRAW_SHUFFLE, PDLT_STREAM_DATA};
  const size_t skip = (size_t)s->ex->data.skip;
  if (skip > 0 && skip >= s->from->count)
    return pdlt_experiment_fail(s->ex, "data.skip", s->err, "%zu, but %s has only %zu %s", skip,
                                s->from->file, s->from->count, s->from->noun);
  s->count = s->from->count - skip;
  pdlt_status status = pdlt_dataset_draw_order(
      &rng, s->count, s->ex->data.shuffle > 0 ? s->count : 0, &s->order, s->err);
  for (size_t k = 0; status == PDLT_OK && k < s->count; k++) s->order[k] += skip;
  return status;
}

/* Leaves the wanted classes; each must occur in the file. */
static pdlt_status keep_classes(selection *s) {
  size_t kept = 0;
  if (s->from->label == NULL) return PDLT_OK;
  const size_t classes = (size_t)s->ex->data.num_classes;
  pdlt_status status = pdlt_alloc(&s->data->classes, classes, sizeof *s->data->classes, s->err);
  if (status != PDLT_OK) return status;
  s->data->num_classes = classes;
  for (size_t c = 0; c < classes; c++) {
    size_t k = 0;
    s->data->classes[c].label = s->ex->data.classes[c];
    if (s->from->name != NULL) {
      status = pdlt_strdup(&s->data->classes[c].name, s->from->name[c], s->err);
      if (status != PDLT_OK) return status;
    }
    while (k < s->from->count && s->from->label[k] != s->ex->data.classes[c]) k++;
    if (k == s->from->count) return never_occurs(s, s->ex->data.classes[c]);
  }
  for (size_t k = 0; k < s->count; k++)
    if (class_of(s->ex, s->from->label[s->order[k]]) >= 0) s->order[kept++] = s->order[k];
  s->count = kept;
  return PDLT_OK;
}

/* The first train, the next are predicted. */
static void take_in_order(selection *s) {
  const size_t samples = s->data->train + s->data->test;
  for (size_t k = 0; k < samples; k++) {
    s->out[k] = s->order[k];
    if (s->from->label == NULL) continue;
    pdlt_class_count *class = count_of(s, s->order[k]);
    *(k < s->data->train ? &class->train : &class->test) += 1;
  }
}

/* How many of each class: train the same of each, test as near to it as the file allows.
 * available (classes): all there are. */
static pdlt_status share_out(selection *s, const size_t *available) {
  pdlt_dataset *data = s->data;
  const size_t classes = data->num_classes, each = data->train / classes;
  char text[LABEL_LENGTH];
  if (data->train % classes != 0)
    return pdlt_experiment_fail(s->ex, "data.train", s->err,
                                "%zu training samples cannot be shared equally by %zu classes "
                                "(data.balance); use train: %zu",
                                data->train, classes, classes * (each > 0 ? each : 1));
  for (size_t c = 0; c < classes; c++) {
    if (available[c] < each)
      return pdlt_experiment_fail(s->ex, "data.balance", s->err,
                                  "train: %zu needs %zu %s of each of %zu classes, but %s has only "
                                  "%zu of class %s",
                                  data->train, each, s->from->noun, classes, s->from->label_file,
                                  available[c],
                                  label_text(text, data->classes[c].name, data->classes[c].label));
    data->classes[c].train = each;
  }
  for (size_t left = data->test; left > 0;) /* enough are there: see choose */
    for (size_t c = 0; c < classes && left > 0; c++) {
      if (data->classes[c].test == available[c] - each) continue;
      data->classes[c].test++;
      left--;
    }
  for (size_t c = 0; c < classes; c++)
    for (size_t d = 0; d < classes; d++)
      data->unbalanced_test |= data->classes[c].test > data->classes[d].test + 1;
  return PDLT_OK;
}

/* Of each class the first so many of the order train, the next are predicted. */
static pdlt_status take_balanced(selection *s) {
  pdlt_dataset *data = s->data;
  size_t *taken = NULL, train = 0, test = data->train; /* taken (classes): so far */
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&taken, data->num_classes, sizeof *taken, s->err));
  for (size_t k = 0; k < s->count; k++) taken[count_of(s, s->order[k]) - data->classes]++;
  PDLT_TRY(share_out(s, taken));
  memset(taken, 0, data->num_classes * sizeof *taken);
  for (size_t k = 0; k < s->count; k++) {
    const pdlt_class_count *class = count_of(s, s->order[k]);
    const size_t before = taken[class - data->classes]++;
    if (before < class->train)
      s->out[train++] = s->order[k];
    else if (before < class->train + class->test)
      s->out[test++] = s->order[k];
  }
cleanup:
  pdlt_free(taken);
  return status;
}

static pdlt_status choose(selection *s) {
  pdlt_status status = PDLT_OK;
  PDLT_TRY(skip_and_shuffle(s));
  PDLT_TRY(keep_classes(s));
  if (s->count < s->data->train + s->data->test) return too_few(s);
  PDLT_TRY(pdlt_alloc(&s->out, s->data->train + s->data->test, sizeof *s->out, s->err));
  if (s->ex->data.balance)
    PDLT_TRY(take_balanced(s));
  else
    take_in_order(s);
  for (size_t c = 0; c < s->data->num_classes && !s->ex->data.empty_classes; c++)
    if (s->data->classes[c].train == 0) return not_trained(s, s->data->classes[c].label);
cleanup:
  return status;
}

pdlt_status pdlt_dataset_select(size_t **out, pdlt_dataset *data, const pdlt_experiment *ex,
                                const pdlt_candidates *from, pdlt_error *err) {
  selection s = {.ex = ex, .from = from, .data = data, .err = err};
  const pdlt_status status = choose(&s);
  pdlt_free(s.order);
  if (status == PDLT_OK)
    *out = s.out;
  else
    pdlt_free(s.out);
  return status;
}

void pdlt_dataset_label_targets(pdlt_dataset *data, const pdlt_experiment *ex, const int *label,
                                const size_t *chosen) {
  for (size_t a = 0; a < data->train + data->test; a++) {
    const int class = class_of(ex, label[chosen[a]]);
    if (ex->data.targets == PDLT_TARGETS_SIGN)
      data->y[a] = class == 0 ? -1.0 : 1.0;
    else
      data->y[a * data->outputs + (size_t) class] = 1.0;
  }
}

/* --- What is said about it --- */

/* "16 test (8 of class 0, 8 of class 1)". */
static void describe(const pdlt_dataset *data, int test, char out[LIST_LENGTH + 32]) {
  char text[LABEL_LENGTH];
  size_t used = (size_t)snprintf(out, LIST_LENGTH, "%zu %s", test ? data->test : data->train,
                                 test ? "test" : "train");
  for (size_t c = 0; c < data->num_classes; c++) {
    const pdlt_class_count *class = &data->classes[c];
    if (used > LIST_LENGTH - 48 - LABEL_LENGTH) {
      snprintf(out + used, 32, ", ...)");
      return;
    }
    used += (size_t)snprintf(out + used, LIST_LENGTH - used, "%s%zu of class %s",
                             c == 0 ? " (" : ", ", test ? class->test : class->train,
                             label_text(text, class->name, class->label));
  }
  snprintf(out + used, 32, ")");
}

void pdlt_dataset_summary(const pdlt_dataset *data, char out[PDLT_DATASET_SUMMARY_LENGTH]) {
  char train[LIST_LENGTH + 32], test[LIST_LENGTH + 32];
  out[0] = '\0';
  if (data->num_classes == 0) return;
  describe(data, 0, train);
  describe(data, 1, test);
  snprintf(out, PDLT_DATASET_SUMMARY_LENGTH, "data: %s%s%s%s", train, data->test > 0 ? ", " : "",
           data->test > 0 ? test : "",
           data->unbalanced_test ? "; too few samples for equal numbers in test" : "");
}
