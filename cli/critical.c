/* critical.c - pdlt critical: criticality of an activation, as text or JSON. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"

static int is(const pdlt_criticality *point, const char *kind) {
  return strcmp(point->kind, kind) == 0;
}

static void print_text(const pdlt_criticality *point, const pdlt_options *options) {
  printf("activation  %s\n", point->activation);
  if (options->skips) printf("skip        %.12g\n", options->skip);
  printf("class       %s\n", point->kind);
  if (is(point, "none")) {
    printf("reason      %s\n", point->reason);
    return;
  }
  printf("C_b         %.12g\n", point->C_b);
  printf("C_W         %.12g\n", point->C_W);
  if (isnan(point->K))
    printf("K*          any\n");
  else
    printf("K*          %.12g\n", point->K);
  if (is(point, "half-stable"))
    printf("error       %.1e in K*, %.1e in C_b and C_W\n", point->error_K, point->error_C);
  if (is(point, "K* = 0")) {
    printf("a1          %.12g   (K' = K + a1 K^2 + ...: K falls as 1/(%.6g l))\n", point->a1,
           0 - point->a1);
    printf("b1          %.12g   (chi_perp = 1 + b1 K + ...)\n", point->b1);
  }
  if (!isnan(point->nu)) {
    printf("nu          %.6g   (V/(n K^2) = nu l/n at large depth l)\n", point->nu);
    printf(
        "r*          %.6g   (best depth over width for one output; 4/((20 + 3 n_L) nu) for n_L)\n",
        point->r_star);
  }
  printf("p_0         %.6g   (K ~ l^-p_0)\n", point->p_0);
  printf("p_perp      %.6g   (product of chi_perp ~ l^-p_perp)\n", point->p_perp);
  printf("lambda_b    {scale: 1, power: %.6g}   for equal contributions of all layers to the NTK\n",
         0 - point->p_perp);
  printf("lambda_W    {scale: 1, power: %.6g}\n", point->p_0 - point->p_perp);
}

static json_t *number_or_null(double x) { return isnan(x) ? json_null() : json_real(x); }

static json_t *to_json(const pdlt_criticality *point, double skip) {
  if (is(point, "none"))
    return json_pack("{s:s, s:f, s:s, s:b, s:s}", "activation", point->activation, "skip", skip,
                     "class", point->kind, "exists", 0, "reason", point->reason);
  return json_pack("{s:s, s:f, s:s, s:b, s:f, s:f, s:o, s:f, s:f, s:f, s:f, s:o, s:o}",
                   "activation", point->activation, "skip", skip, "class", point->kind, "exists", 1,
                   "C_b", point->C_b, "C_W", point->C_W, "K", number_or_null(point->K), "a1",
                   point->a1, "b1", point->b1, "p_0", point->p_0, "p_perp", point->p_perp, "nu",
                   number_or_null(point->nu), "r_star", number_or_null(point->r_star));
}

pdlt_status pdlt_command_critical(pdlt_options *options, int *exit_status, pdlt_error *err) {
  pdlt_criticality point;
  pdlt_status status = pdlt_critical_residual(options->args[0], options->skip, &point, err);
  if (status != PDLT_OK) return status;
  *exit_status = 0;
  if (!options->json) {
    print_text(&point, options);
    return PDLT_OK;
  }
  json_t *root = to_json(&point, options->skip);
  status = pdlt_print_json(root, err);
  json_decref(root);
  return status;
}
