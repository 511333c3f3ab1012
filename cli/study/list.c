/* list.c - what this build knows; see pdlt_tools.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/experiment/quantity.h"
#include "base/file/json.h"
#include "cli/study/study.h"
#include "compare/figure/figure.h"
#include "theory/terms/kink_term.h"
#include "theory/terms/posterior_term.h"
#include "theory/terms/term.h"
#include "theory/terms/training_term.h"

typedef struct pdlt_list_entry {
  const char *name, *text;
} pdlt_list_entry;

static const pdlt_list_entry datasets[] = {
    {"csv", "a text file: columns x1..xn0,y1..ynL or chosen ones, targets or labels of classes"},
    {"idx", "MNIST-like images and labels, plain or .gz, chosen classes"},
    {"npy", "NumPy arrays x and y of a .npz file or of two .npy files"},
    {"circle", "points on a circle, smooth targets"},
    {"gaussian", "independent normal inputs and targets"},
    {"teacher", "normal inputs, targets from a random teacher network"},
    {"parity", "bits, targets their product"},
    {"modular_addition", "pairs of one-hot numbers, targets their sum modulo p"},
    {"superposition", "sparse features, targets each feature times its importance"},
    {"arrays", "given in memory by a program that uses the library (docs/c-api.md)"},
    {NULL, NULL}};

/* Parts of the order-1/n prediction of the trained mean, which add up to z_nlo. */
static const pdlt_list_entry mean_parts[] = {
    {"mean_ntk", "part of z_nlo: shift of the mean NTK"},
    {"ntk_fluctuations", "part of z_nlo: fluctuations of the NTK"},
    {"dntk", "part of z_nlo: first-order movement of the NTK"},
    {"ddntk_linear", "part of z_nlo: ddNTKs with fluctuations of the outputs, linear in y"},
    {"ddntk_cubic", "part of z_nlo: ddNTKs, cubic in y"}};
enum { MEAN_PARTS = sizeof mean_parts / sizeof *mean_parts };

/* The same of z_half; half.layer<l> stands for each hidden layer. */
enum { HALF_PARTS = PDLT_KINK_PART_COUNT + 1 };

static void list_half_parts(pdlt_list_entry *entry) {
  for (int k = 0; k < PDLT_KINK_PART_COUNT; k++)
    *entry++ = (pdlt_list_entry){pdlt_kink_part_name((pdlt_kink_part)k),
                                 pdlt_kink_part_equation((pdlt_kink_part)k)};
  *entry = (pdlt_list_entry){"half.layer<l>", "part of z_half: neurons of hidden layer l = 1..L-1"};
}

/* Entries whose names or texts are put together. */
typedef struct pdlt_list_texts {
  pdlt_list_entry entry[PDLT_QUANTITIES + MEAN_PARTS + HALF_PARTS + 1];
  char text[PDLT_QUANTITIES][1200];
} pdlt_list_texts;

/* Adds the quantities that the word of `measure` gives, alone or only together with output. */
static void add_quantities(char *text, size_t size, unsigned word, int with_output) {
  const char *before = with_output ? "; with output: " : "; "; /* the first one */
  for (int i = 0; i < PDLT_QUANTITIES; i++) {
    const pdlt_quantity *q = &pdlt_quantities[i];
    const int needs = word != PDLT_MEASURE_OUTPUT && pdlt_quantity_is_trained(q);
    const size_t used = strlen(text);
    if (!(q->words & word) || needs != with_output) continue;
    if (word == PDLT_MEASURE_OUTPUT && q->words != word) continue;
    snprintf(text + used, size - used, "%s%s", before, q->name);
    before = " ";
  }
}

/* The words of `measure`: what each stands for, and the quantities it gives. */
static void list_observables(pdlt_list_texts *out) {
  for (int k = 0; k < PDLT_MEASURE_WORDS; k++) {
    char *text = out->text[k];
    snprintf(text, sizeof out->text[k], "%s", pdlt_measure_texts[k]);
    for (int with_output = 0; with_output < 2; with_output++)
      add_quantities(text, sizeof out->text[k], 1U << k, with_output);
    out->entry[k] = (pdlt_list_entry){pdlt_measure_words[k], text};
  }
}

/* The arrays of theory.npz that are compared with measurements, and the parts of one. */
static void list_parts(pdlt_list_texts *out) {
  pdlt_list_entry *entry = out->entry;
  for (int i = 0; i < PDLT_QUANTITIES; i++) {
    const pdlt_quantity *q = &pdlt_quantities[i];
    const char *const names[] = {q->lo, q->nlo, q->half};
    size_t used = 0;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
      if (names[k] != NULL)
        used += (size_t)snprintf(out->text[i] + used, sizeof out->text[i] - used, "%s%s",
                                 used > 0 ? ", " : "", names[k]);
    if (used > 0) *entry++ = (pdlt_list_entry){out->text[i], q->what};
  }
  memcpy(entry, mean_parts, sizeof mean_parts);
  list_half_parts(entry + MEAN_PARTS);
}

static void list_activations(pdlt_list_entry out[PDLT_ACTIVATION_COUNT + 1]) {
  for (int k = 0; k < PDLT_ACTIVATION_COUNT; k++)
    out[k] = (pdlt_list_entry){pdlt_activation_name((pdlt_activation_kind)k),
                               pdlt_activation_formula((pdlt_activation_kind)k)};
  out[PDLT_ACTIVATION_COUNT] = (pdlt_list_entry){NULL, NULL};
}

enum {
  NUM_TERMS = (int)PDLT_TERM_COUNT + (int)PDLT_DYNAMICS_TERM_COUNT + (int)PDLT_POSTERIOR_TERM_COUNT
};

static void list_terms(pdlt_list_entry out[NUM_TERMS + 1]) {
  for (int t = 0; t < PDLT_TERM_COUNT; t++)
    *out++ = (pdlt_list_entry){pdlt_term_name((pdlt_term)t), pdlt_term_equation((pdlt_term)t)};
  for (int t = 0; t < PDLT_DYNAMICS_TERM_COUNT; t++)
    *out++ = (pdlt_list_entry){pdlt_dynamics_term_name((pdlt_dynamics_term)t),
                               pdlt_dynamics_term_equation((pdlt_dynamics_term)t)};
  for (int t = 0; t < PDLT_POSTERIOR_TERM_COUNT; t++)
    *out++ = (pdlt_list_entry){pdlt_posterior_term_name((pdlt_posterior_term)t),
                               pdlt_posterior_term_equation((pdlt_posterior_term)t)};
  *out = (pdlt_list_entry){NULL, NULL};
}

static void append(json_t **list, const char *name, const char *text) {
  pdlt_json_append(list, json_pack("{s:s, s:s}", "name", name, "text", text));
}

static pdlt_status put_entries(json_t *all, const char *name, const pdlt_list_entry *entries,
                               pdlt_error *err) {
  json_t *list = json_array();
  for (; entries->name != NULL; entries++) append(&list, entries->name, entries->text);
  return pdlt_json_set(all, name, list, err);
}

/* The claims in reading order; without a folder of claims there are none, unless asked for. */
static pdlt_status put_claims(json_t *all, const char *claims, int wanted, pdlt_error *err) {
  pdlt_claim_list list = {0};
  pdlt_claim claim = {0};
  char folder[PDLT_PATH_LENGTH];
  pdlt_error none = {0};
  json_t *entries = NULL;
  pdlt_status status = pdlt_claims_folder(folder, claims, wanted ? err : &none);
  if (status != PDLT_OK) return wanted ? status : PDLT_OK;
  PDLT_TRY(pdlt_claim_list_find(&list, folder, err));
  entries = json_array();
  for (size_t i = 0; i < list.count; i++) {
    PDLT_TRY(pdlt_claim_read(&claim, list.folders[i], err));
    append(&entries, claim.name, claim.claim);
    pdlt_claim_free(&claim);
  }
  status = pdlt_json_set(all, "claims", entries, err);
  entries = NULL;
cleanup:
  json_decref(entries);
  pdlt_claim_free(&claim);
  pdlt_claim_list_free(&list);
  return status;
}

static pdlt_status put_lists(json_t *all, const char *what, int *found, pdlt_error *err) {
  pdlt_list_entry activations[PDLT_ACTIVATION_COUNT + 1], terms[NUM_TERMS + 1];
  list_activations(activations);
  list_terms(terms);
  pdlt_list_texts observables = {0}, parts = {0};
  pdlt_list_entry drawn[PDLT_FIGURES + 1] = {{NULL, NULL}};
  for (int k = 0; k < PDLT_FIGURES; k++)
    drawn[k] = (pdlt_list_entry){pdlt_figure_texts[k].name, pdlt_figure_texts[k].text};
  list_observables(&observables);
  list_parts(&parts);
  const struct {
    const char *name;
    const pdlt_list_entry *entries;
  } lists[] = {{"activations", activations},       {"datasets", datasets}, {"figures", drawn},
               {"observables", observables.entry}, {"parts", parts.entry}, {"terms", terms}};
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
    if (what != NULL && strcmp(what, lists[i].name) != 0) continue;
    *found = 1;
    const pdlt_status status = put_entries(all, lists[i].name, lists[i].entries, err);
    if (status != PDLT_OK) return status;
  }
  return PDLT_OK;
}

pdlt_status pdlt_list(const char *what, const char *claims, char **out, pdlt_error *err) {
  PDLT_NUMBERS_WITH_POINT;
  json_t *all = json_object();
  int found = 0;
  pdlt_status status = PDLT_OK;
  if (what != NULL && strcmp(what, "schema") == 0) {
    PDLT_TRY(pdlt_experiment_schema(out, err));
    goto cleanup;
  }
  PDLT_TRY(put_lists(all, what, &found, err));
  if (what == NULL || strcmp(what, "claims") == 0) {
    found = 1;
    PDLT_TRY(put_claims(all, claims, what != NULL, err));
  }
  if (!found)
    PDLT_TRY(pdlt_fail(
        err, PDLT_ERR_INPUT,
        "pdlt list: \"%s\" is none of activations, claims, datasets, figures, observables, parts, "
        "schema, terms",
        what));
  PDLT_TRY(pdlt_json_format(all, JSON_INDENT(1), out, err)); /* in the order of the lists */
cleanup:
  json_decref(all);
  return status;
}
