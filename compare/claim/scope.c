/* scope.c - see scope.h. */
#include "compare/claim/scope.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Entry of layer 1..L of a list of the network; NaN outside. */
static double of_layer(const pdlt_claim_scope *s, const char *name, double layer) {
  const json_t *list = json_object_get(json_object_get(s->experiment, "network"), name);
  if (!(layer >= 1) || !(layer <= (double)json_array_size(list)) || layer != floor(layer))
    return NAN;
  return json_number_value(json_array_get(list, (size_t)layer - 1));
}

static pdlt_status call(void *context, const char *name, size_t num_args, const double *args,
                        double *out, size_t *operands, pdlt_error *err) {
  static const char *const lists[] = {"C_b", "C_W", "lambda_b", "lambda_W"};
  const pdlt_claim_scope *s = context;
  for (size_t i = 0; num_args == 1 && i < sizeof lists / sizeof *lists; i++) {
    if (strcmp(name, lists[i]) != 0) continue;
    *out = of_layer(s, name, args[0]);
    return PDLT_OK;
  }
  if (s->setting->function != NULL)
    return s->setting->function(s->setting->context, name, num_args, args, out, operands, err);
  return pdlt_fail(err, PDLT_ERR_INPUT, "formula: no function %s with %zu arguments", name,
                   num_args);
}

void pdlt_claim_scope_set(pdlt_claim_scope *s, const char *name, double value) {
  size_t k = 0;
  while (k < s->scope.num_variables && strcmp(s->variable[k].name, name) != 0) k++;
  if (k == PDLT_CLAIM_VARIABLES) return;
  s->variable[k] = (pdlt_formula_variable){name, value};
  if (k == s->scope.num_variables) s->scope.num_variables++;
}

void pdlt_claim_scope_open(pdlt_claim_scope *out, const pdlt_claim_setting *setting,
                           const pdlt_archive *archive) {
  *out = (pdlt_claim_scope){.setting = setting,
                            .left = PDLT_FORMULA_OPERANDS,
                            .experiment = json_object_get(archive->meta, "experiment")};
  const json_t *network = json_object_get(out->experiment, "network");
  const json_t *training = json_object_get(out->experiment, "training");
  const double depth = json_number_value(json_object_get(network, "depth"));
  out->scope = (pdlt_formula_scope){
      .variables = out->variable, .archive = archive, .function = call, .context = out};
  out->scope.left = &out->left;
  pdlt_claim_scope_set(out, "L", depth);
  pdlt_claim_scope_set(out, "n_L", json_number_value(json_object_get(network, "outputs")));
  pdlt_claim_scope_set(out, "eta", json_number_value(json_object_get(training, "eta")));
  pdlt_claim_scope_set(out, "point", (double)setting->point);
  pdlt_claim_scope_set(out, "C_b", of_layer(out, "C_b", depth));
  pdlt_claim_scope_set(out, "C_W", of_layer(out, "C_W", depth));
  pdlt_claim_scope_set(out, "lambda_b", of_layer(out, "lambda_b", depth));
  pdlt_claim_scope_set(out, "lambda_W", of_layer(out, "lambda_W", depth));
}

pdlt_status pdlt_claim_scope_value(double *out, const pdlt_formula_list *list,
                                   const pdlt_claim_scope *s, pdlt_error *err) {
  const size_t k = list->count > 1 ? s->setting->point : 0;
  if (k >= list->count)
    return pdlt_fail(err, PDLT_ERR_INPUT, "%zu formulas for at least %zu points of the sweep",
                     list->count, k + 1);
  pdlt_error why = {0};
  const pdlt_status status = pdlt_formula_value(out, list->text[k], &s->scope, &why);
  if (status == PDLT_OK && isfinite(*out)) return PDLT_OK;
  if (status == PDLT_OK)
    snprintf(why.message, sizeof why.message, "formula \"%.100s\" gives no finite number",
             list->text[k]);
  return pdlt_fail(err, status == PDLT_OK ? PDLT_ERR_INPUT : status, "%s: %.600s", list->place[k],
                   why.message);
}
