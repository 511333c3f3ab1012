/* list.c - pdlt list: what this build knows. */
#include <stdio.h>
#include <string.h>

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
  const struct {
    const char *name;
    const pdlt_list_entry *entries;
  } lists[] = {{"activations", activation_entries},
               {"datasets", datasets},
               {"observables", observables},
               {"parts", parts},
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
