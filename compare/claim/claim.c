/* claim.c - what a claim owns, and what it needs; see claim.h. */
#include "compare/claim/claim.h"

#include <string.h>

#include "base/core/memory.h"

static void free_texts(size_t count, char **texts) {
  for (size_t i = 0; texts != NULL && i < count; i++) pdlt_free(texts[i]);
  pdlt_free(texts);
}

static void free_formulas(pdlt_formula_list *list) {
  free_texts(list->count, list->text);
  free_texts(list->count, list->place);
}

static void free_sabotage(pdlt_sabotage *s) {
  free_formulas(&s->value);
  free_texts(s->num_sets, s->sets);
  pdlt_free(s->quantity);
  pdlt_free(s->text);
}

static void free_expectation(pdlt_expectation *e) {
  for (size_t i = 0; e->sabotages != NULL && i < e->num_sabotages; i++)
    free_sabotage(&e->sabotages[i]);
  free_formulas(&e->predicted);
  free_formulas(&e->value);
  void *owned[] = {e->label, e->quantity, e->variable, e->sabotages};
  for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) pdlt_free(owned[i]);
}

void pdlt_claim_free(pdlt_claim *claim) {
  for (size_t i = 0; claim->expectations != NULL && i < claim->num_expectations; i++)
    free_expectation(&claim->expectations[i]);
  free_texts(claim->num_quick, claim->quick);
  void *owned[] = {claim->name,     claim->chapter, claim->claim,
                   claim->equation, claim->text,    claim->expectations};
  for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) pdlt_free(owned[i]);
  memset(claim, 0, sizeof *claim);
}

int pdlt_claim_needs_ensemble(const pdlt_claim *claim) {
  for (size_t i = 0; i < claim->num_expectations; i++)
    if (claim->expectations[i].kind != PDLT_EXPECT_THEORY) return 1;
  return 0;
}

static int reads_layers(const pdlt_formula_list *list) {
  for (size_t i = 0; i < list->count; i++)
    if (strchr(list->text[i], '@') != NULL) return 1;
  return 0;
}

int pdlt_claim_needs_layers(const pdlt_claim *claim) {
  for (size_t i = 0; i < claim->num_expectations; i++) {
    const pdlt_expectation *e = &claim->expectations[i];
    if (reads_layers(&e->predicted)) return 1;
    if (reads_layers(&e->value)) return 1;
    for (size_t s = 0; s < e->num_sabotages; s++)
      if (reads_layers(&e->sabotages[s].value)) return 1;
  }
  return 0;
}
