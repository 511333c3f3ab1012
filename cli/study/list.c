/* list.c - what this build knows; see pdlt_tools.h. */
#include <stdlib.h>
#include <string.h>

#include "base/core/memory.h"
#include "cli/study/study.h"
#include "theory/order_one/mean.h"
#include "theory/terms/term.h"

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
    {"arrays", "given in memory by a program that uses the library (docs/c-api.md)"},
    {NULL, NULL}};

static const pdlt_list_entry observables[] = {
    {"output", "z, cov, loss_train, loss_test: mean, covariance, expected losses; z_end, cov_end"},
    {"kernel", "K: kernel at initialization, last layer integrated out"},
    {"ntk", "Theta: NTK at initialization, last layer integrated out; with output: Theta_t"},
    {"vertex", "V: four-point vertex at initialization"},
    {"ntk_fluctuations", "D, F, A, B: fluctuations of the NTK and with the outputs"},
    {"dntk", "P, Q: dNTK with the outputs at initialization; with output: dTheta_t"},
    {"ddntk", "R, S, T, U: ddNTKs at initialization"},
    {NULL, NULL}};

static const pdlt_list_entry parts[] = {
    {"K, Theta", "kernel and NTK at infinite width"},
    {"V, G1, Theta1", "order 1/n at initialization: four-point vertex, kernel, mean NTK"},
    {"D, F, A, B", "order 1/n: NTK with outputs, NTK fluctuations"},
    {"P, Q, R, S, T, U", "order 1/n: dNTK and ddNTKs"},
    {"z_lo, cov_lo", "mean and covariance of outputs during training, infinite width"},
    {"z_end_lo, cov_end_lo", "the same at the end of training, closed form"},
    {"z_nlo, z_end_nlo", "order 1/n of the trained mean, sum of the five parts that follow"},
    {"mean_ntk", "part: shift of the mean NTK"},
    {"ntk_fluctuations", "part: fluctuations of the NTK"},
    {"dntk", "part: first-order movement of the NTK"},
    {"ddntk_linear", "part: ddNTKs with fluctuations of the outputs, linear in y"},
    {"ddntk_cubic", "part: ddNTKs, cubic in y"},
    {"cov_nlo, cov_end_nlo", "order 1/n of the covariance of the trained outputs"},
    {"loss_train_lo, loss_test_lo", "expected losses at infinite width; _bias, _variance"},
    {"loss_train_nlo, loss_test_nlo", "order 1/n of the losses; _bias, _variance"},
    {"Theta_t_nlo", "order 1/n of the NTK during training"},
    {"dTheta_t_nlo", "order 1/n of the dNTK during training"},
    {NULL, NULL}};

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

static int append(json_t *list, const char *name, const char *text) {
  return json_array_append_new(list, json_pack("{s:s, s:s}", "name", name, "text", text));
}

static pdlt_status put_entries(json_t *all, const char *name, const pdlt_list_entry *entries,
                               pdlt_error *err) {
  json_t *list = json_array();
  int failed = list == NULL;
  for (; entries->name != NULL; entries++) failed |= append(list, entries->name, entries->text);
  failed |= json_object_set_new(all, name, list);
  return failed ? pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory: %s", name) : PDLT_OK;
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
    if (append(entries, claim.name, claim.claim) != 0)
      PDLT_TRY(pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory: claims"));
    pdlt_claim_free(&claim);
  }
  json_object_set(all, "claims", entries);
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
  const struct {
    const char *name;
    const pdlt_list_entry *entries;
  } lists[] = {{"activations", activations},
               {"datasets", datasets},
               {"observables", observables},
               {"parts", parts},
               {"terms", terms}};
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
    if (what != NULL && strcmp(what, lists[i].name) != 0) continue;
    *found = 1;
    const pdlt_status status = put_entries(all, lists[i].name, lists[i].entries, err);
    if (status != PDLT_OK) return status;
  }
  return PDLT_OK;
}

/* In the order of the lists. */
static pdlt_status copy_json(const json_t *value, char **out, pdlt_error *err) {
  char *text = json_dumps(value, JSON_INDENT(1));
  if (text == NULL) return pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory: lists");
  const pdlt_status status = pdlt_strdup(out, text, err);
  free(text);
  return status;
}

pdlt_status pdlt_list(const char *what, const char *claims, char **out, pdlt_error *err) {
  json_t *all = json_object();
  int found = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(put_lists(all, what, &found, err));
  if (what == NULL || strcmp(what, "claims") == 0) {
    found = 1;
    PDLT_TRY(put_claims(all, claims, what != NULL, err));
  }
  if (!found)
    PDLT_TRY(pdlt_fail(
        err, PDLT_ERR_INPUT,
        "pdlt list: \"%s\" is none of activations, claims, datasets, observables, parts, terms",
        what));
  PDLT_TRY(copy_json(all, out, err));
cleanup:
  json_decref(all);
  return status;
}
