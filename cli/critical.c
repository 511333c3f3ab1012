/* critical.c - pdlt critical: criticality of an activation, as text or JSON. */
#include <math.h>
#include <stdio.h>

#include "base/core/memory.h"
#include "base/file/json.h"
#include "cli/command.h"
#include "theory/infinite/critical.h"

static const char *kind_text(pdlt_critical_class kind) {
  switch (kind) {
    case PDLT_CRITICAL_NONE:
      return "none";
    case PDLT_CRITICAL_SCALE_INVARIANT:
      return "scale-invariant";
    case PDLT_CRITICAL_K_ZERO:
      return "K* = 0";
    case PDLT_CRITICAL_HALF_STABLE:
      return "half-stable";
  }
  return "";
}

static void print_text(const char *name, const pdlt_critical_point *point) {
  printf("activation  %s\n", name);
  printf("class       %s\n", kind_text(point->kind));
  if (point->kind == PDLT_CRITICAL_NONE) {
    printf("reason      %s\n", point->reason);
    return;
  }
  printf("C_b         %.12g\n", point->C_b);
  printf("C_W         %.12g\n", point->C_W);
  if (isnan(point->K))
    printf("K*          any\n");
  else
    printf("K*          %.12g\n", point->K);
  if (point->kind == PDLT_CRITICAL_HALF_STABLE)
    printf("error       %.1e in K*, %.1e in C_b and C_W\n", point->error_K, point->error_C);
  if (point->kind == PDLT_CRITICAL_K_ZERO) {
    printf("a1          %.12g   (K' = K + a1 K^2 + ...: K falls as 1/(%.6g l))\n", point->a1,
           -point->a1);
    printf("b1          %.12g   (chi_perp = 1 + b1 K + ...)\n", point->b1);
  }
  printf("p_0         %.6g   (K ~ l^-p_0)\n", point->p_0);
  printf("p_perp      %.6g   (product of chi_perp ~ l^-p_perp)\n", point->p_perp);
  printf("lambda_b    {scale: 1, power: %.6g}   for equal contributions of all layers to the NTK\n",
         -point->p_perp);
  printf("lambda_W    {scale: 1, power: %.6g}\n", point->p_0 - point->p_perp);
}

static json_t *to_json(const char *name, const pdlt_critical_point *point) {
  if (point->kind == PDLT_CRITICAL_NONE)
    return json_pack("{s:s, s:s, s:b, s:s}", "activation", name, "class", kind_text(point->kind),
                     "exists", 0, "reason", point->reason);
  return json_pack("{s:s, s:s, s:b, s:f, s:f, s:o, s:f, s:f, s:f, s:f}", "activation", name,
                   "class", kind_text(point->kind), "exists", 1, "C_b", point->C_b, "C_W",
                   point->C_W, "K", pdlt_json_real(point->K), "a1", point->a1, "b1", point->b1,
                   "p_0", point->p_0, "p_perp", point->p_perp);
}

pdlt_status pdlt_command_critical(pdlt_options *options, int *exit_status, pdlt_error *err) {
  pdlt_activation act;
  pdlt_critical_point point;
  char name[256];
  json_t *root = NULL;
  char *text = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_activation_parse(&act, options->args[0], err));
  PDLT_TRY(pdlt_critical_find(&point, &act, err));
  pdlt_activation_format(&act, name, sizeof name);
  *exit_status = 0;
  if (options->json) {
    root = to_json(name, &point);
    if (root == NULL) PDLT_TRY(pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory"));
    PDLT_TRY(pdlt_json_dump(root, &text, err));
    puts(text);
  } else {
    print_text(name, &point);
  }
cleanup:
  json_decref(root);
  pdlt_free(text);
  return status;
}
