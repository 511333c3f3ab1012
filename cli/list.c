/* list.c - pdlt list: what this build knows. */
#include <stdio.h>
#include <string.h>

#include "base/experiment/quantity.h"
#include "cli/command.h"
#include "theory/terms/term.h"
#include "theory/terms/training_term.h"

typedef struct pdlt_list_entry {
  const char *name, *text;
} pdlt_list_entry;

static const pdlt_list_entry datasets[] = {
    {"csv", "a file with header x1..xn0,y1..ynL"},
    {"idx", "MNIST-like images and labels, plain or .gz, chosen classes"},
    {"circle", "points on a circle, smooth targets"},
    {"gaussian", "independent normal inputs and targets"},
    {"teacher", "normal inputs, targets from a random teacher network"},
    {"parity", "bits, targets their product"},
    {"modular_addition", "pairs of one-hot numbers, targets their sum modulo p"},
    {NULL, NULL}};

/* Parts of the order-1/n prediction of the trained mean, which add up to z_nlo. */
static const pdlt_list_entry mean_parts[] = {
    {"mean_ntk", "part of z_nlo: shift of the mean NTK"},
    {"ntk_fluctuations", "part of z_nlo: fluctuations of the NTK"},
    {"dntk", "part of z_nlo: first-order movement of the NTK"},
    {"ddntk_linear", "part of z_nlo: ddNTKs with fluctuations of the outputs, linear in y"},
    {"ddntk_cubic", "part of z_nlo: ddNTKs, cubic in y"}};
enum { MEAN_PARTS = sizeof mean_parts / sizeof *mean_parts };

/* Entries whose names or texts are put together. */
typedef struct pdlt_list_texts {
  pdlt_list_entry entry[PDLT_QUANTITIES + MEAN_PARTS + 1];
  char text[PDLT_QUANTITIES][256];
} pdlt_list_texts;

/* The words of `measure`: what each stands for, and the quantities it gives, alone or with others. */
static void list_observables(pdlt_list_texts *out) {
  for (int k = 0; k < PDLT_MEASURE_WORDS; k++) {
    const unsigned word = 1U << k;
    char *text = out->text[k];
    size_t used = (size_t)snprintf(text, sizeof out->text[k], "%s;", pdlt_measure_texts[k]);
    for (int i = 0; i < PDLT_QUANTITIES && used < sizeof out->text[k]; i++) {
      const pdlt_quantity *q = &pdlt_quantities[i];
      const int with_output = word != PDLT_MEASURE_OUTPUT && pdlt_quantity_is_trained(q);
      if (!(q->words & word) || (word == PDLT_MEASURE_OUTPUT && q->words != word)) continue;
      used += (size_t)snprintf(text + used, sizeof out->text[k] - used, " %s%s", q->name,
                               with_output ? " (with output)" : "");
    }
    out->entry[k] = (pdlt_list_entry){pdlt_measure_words[k], text};
  }
}

/* The arrays of theory.npz that are compared with measurements, and the parts of one. */
static void list_parts(pdlt_list_texts *out) {
  pdlt_list_entry *entry = out->entry;
  for (int i = 0; i < PDLT_QUANTITIES; i++) {
    const pdlt_quantity *q = &pdlt_quantities[i];
    if (q->lo == NULL && q->nlo == NULL) continue;
    snprintf(out->text[i], sizeof out->text[i], "%s%s%s", q->lo != NULL ? q->lo : "",
             q->lo != NULL && q->nlo != NULL ? ", " : "", q->nlo != NULL ? q->nlo : "");
    *entry++ = (pdlt_list_entry){out->text[i], q->what};
  }
  memcpy(entry, mean_parts, sizeof mean_parts);
}

static void list_activations(pdlt_list_entry out[PDLT_ACTIVATION_COUNT + 1]) {
  for (int k = 0; k < PDLT_ACTIVATION_COUNT; k++)
    out[k] = (pdlt_list_entry){pdlt_activation_name((pdlt_activation_kind)k),
                               pdlt_activation_formula((pdlt_activation_kind)k)};
  out[PDLT_ACTIVATION_COUNT] = (pdlt_list_entry){NULL, NULL};
}

enum { NUM_TERMS = (int)PDLT_TERM_COUNT + (int)PDLT_DYNAMICS_TERM_COUNT };

static void list_terms(pdlt_list_entry out[NUM_TERMS + 1]) {
  for (int t = 0; t < PDLT_TERM_COUNT; t++)
    *out++ = (pdlt_list_entry){pdlt_term_name((pdlt_term)t), pdlt_term_equation((pdlt_term)t)};
  for (int t = 0; t < PDLT_DYNAMICS_TERM_COUNT; t++)
    *out++ = (pdlt_list_entry){pdlt_dynamics_term_name((pdlt_dynamics_term)t),
                               pdlt_dynamics_term_equation((pdlt_dynamics_term)t)};
  *out = (pdlt_list_entry){NULL, NULL};
}

static void print_text(const char *title, const pdlt_list_entry *entries) {
  printf("%s\n", title);
  for (; entries->name != NULL; entries++) printf("  %-22s %s\n", entries->name, entries->text);
}

static json_t *to_json(const pdlt_list_entry *entries) {
  json_t *list = json_array();
  for (; entries->name != NULL; entries++)
    json_array_append_new(list,
                          json_pack("{s:s, s:s}", "name", entries->name, "text", entries->text));
  return list;
}

/* The claims in reading order; without a folder of claims there are none, unless asked for. */
static pdlt_status list_claims(const pdlt_options *options, int wanted, json_t *all,
                               pdlt_error *err) {
  pdlt_claim_list list = {0};
  pdlt_claim claim = {0};
  char folder[PDLT_PATH_LENGTH];
  pdlt_error none = {0};
  json_t *entries = NULL;
  pdlt_status status = pdlt_claims_folder(folder, options, wanted ? err : &none);
  if (status != PDLT_OK) return wanted ? status : PDLT_OK;
  PDLT_TRY(pdlt_claim_list_find(&list, folder, err));
  entries = json_array();
  if (!options->json) printf("claims\n");
  for (size_t i = 0; i < list.count; i++) {
    PDLT_TRY(pdlt_claim_read(&claim, list.folders[i], err));
    if (options->json)
      json_array_append_new(entries,
                            json_pack("{s:s, s:s}", "name", claim.name, "text", claim.claim));
    else
      printf("  %-32s %s\n", claim.name, claim.claim);
    pdlt_claim_free(&claim);
  }
  json_object_set(all, "claims", entries);
cleanup:
  json_decref(entries);
  pdlt_claim_free(&claim);
  pdlt_claim_list_free(&list);
  return status;
}

pdlt_status pdlt_command_list(pdlt_options *options, int *exit_status, pdlt_error *err) {
  pdlt_list_entry activation_entries[PDLT_ACTIVATION_COUNT + 1];
  pdlt_list_entry term_entries[NUM_TERMS + 1];
  list_activations(activation_entries);
  list_terms(term_entries);
  pdlt_list_texts observables = {0}, parts = {0};
  list_observables(&observables);
  list_parts(&parts);
  const struct {
    const char *name;
    const pdlt_list_entry *entries;
  } lists[] = {{"activations", activation_entries},
               {"datasets", datasets},
               {"observables", observables.entry},
               {"parts", parts.entry},
               {"terms", term_entries}};
  const char *wanted = options->num_args > 0 ? options->args[0] : NULL;
  json_t *all = json_object();
  int found = 0;
  pdlt_status status = PDLT_OK;
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
    if (wanted != NULL && strcmp(wanted, lists[i].name) != 0) continue;
    found = 1;
    if (options->json)
      json_object_set_new(all, lists[i].name, to_json(lists[i].entries));
    else
      print_text(lists[i].name, lists[i].entries);
  }
  if (wanted == NULL || strcmp(wanted, "claims") == 0) {
    found = 1;
    status = list_claims(options, wanted != NULL, all, err);
  }
  if (status == PDLT_OK && found && options->json) {
    json_dumpf(all, stdout, JSON_INDENT(1));
    printf("\n");
  }
  json_decref(all);
  *exit_status = 0;
  if (status != PDLT_OK) return status;
  if (!found)
    return pdlt_fail(
        err, PDLT_ERR_INPUT,
        "pdlt list: \"%s\" is none of activations, claims, datasets, observables, parts, terms",
        wanted);
  return PDLT_OK;
}
