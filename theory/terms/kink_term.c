/* kink_term.c - see kink_term.h. */
#include "theory/terms/kink_term.h"

#include <stdio.h>
#include <string.h>

const char *pdlt_kink_part_name(pdlt_kink_part part) {
  static const char *const names[] = {
#define PDLT_KINK_PART_NAME(id, name, equation) name,
      PDLT_KINK_PART_LIST(PDLT_KINK_PART_NAME)
#undef PDLT_KINK_PART_NAME
  };
  return names[part];
}

const char *pdlt_kink_part_equation(pdlt_kink_part part) {
  static const char *const equations[] = {
#define PDLT_KINK_PART_EQUATION(id, name, equation) equation,
      PDLT_KINK_PART_LIST(PDLT_KINK_PART_EQUATION)
#undef PDLT_KINK_PART_EQUATION
  };
  return equations[part];
}

pdlt_kink_factors pdlt_kink_factors_all(void) {
  pdlt_kink_factors factors;
  for (int k = 0; k < PDLT_KINK_PART_COUNT; k++) factors.part[k] = 1.0;
  for (int l = 0; l < PDLT_KINK_LAYERS; l++) factors.layer[l] = 1.0;
  return factors;
}

double *pdlt_kink_factor(pdlt_kink_factors *factors, const char *name) {
  for (int k = 0; k < PDLT_KINK_PART_COUNT; k++)
    if (strcmp(name, pdlt_kink_part_name((pdlt_kink_part)k)) == 0) return &factors->part[k];
  for (int l = 1; l <= PDLT_KINK_LAYERS; l++) {
    char layer[32];
    snprintf(layer, sizeof layer, "half.layer%d", l);
    if (strcmp(name, layer) == 0) return &factors->layer[l - 1];
  }
  return NULL;
}
