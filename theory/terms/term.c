/* term.c - the table of terms and the mask; see term.h. */
#include "theory/terms/term.h"

#include <stdio.h>
#include <string.h>

typedef struct term_entry {
  const char *name, *equation;
} term_entry;

static const term_entry table[PDLT_TERM_COUNT] = {
#define PDLT_TERM_ENTRY(id, name, equation) {name, equation},
    PDLT_TERM_LIST(PDLT_TERM_ENTRY)
#undef PDLT_TERM_ENTRY
};

const char *pdlt_term_name(pdlt_term term) { return table[term].name; }

const char *pdlt_term_equation(pdlt_term term) { return table[term].equation; }

int pdlt_term_is_named(const char *term, const char *name) {
  const size_t length = strlen(name);
  if (strcmp(term, name) == 0) return 1;
  return length > 0 && strncmp(term, name, length) == 0 && term[length] == '.';
}

pdlt_term_mask pdlt_term_mask_all(void) {
  pdlt_term_mask mask;
  for (int t = 0; t < PDLT_TERM_COUNT; t++) mask.factor[t] = 1.0;
  return mask;
}

static pdlt_status unknown_term(const char *name, pdlt_error *err) {
  char list[PDLT_ERROR_LENGTH];
  size_t used = 0;
  for (int t = 0; t < PDLT_TERM_COUNT && used < sizeof list; t++)
    used += (size_t)snprintf(list + used, sizeof list - used, " %s", table[t].name);
  return pdlt_fail(err, PDLT_ERR_INPUT,
                   "unknown term \"%s\"; a tensor (the part before the dot) or one of:%s", name,
                   list);
}

pdlt_status pdlt_term_mask_scale(pdlt_term_mask *mask, const char *name, double factor,
                                 pdlt_error *err) {
  int found = 0;
  for (int t = 0; t < PDLT_TERM_COUNT; t++) {
    if (!pdlt_term_is_named(table[t].name, name)) continue;
    mask->factor[t] *= factor;
    found = 1;
  }
  return found ? PDLT_OK : unknown_term(name, err);
}
