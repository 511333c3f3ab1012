/* quantity.c - see quantity.h. */
#include "base/experiment/quantity.h"

#include <stdio.h>
#include <string.h>

#define ROW(id, ...) {__VA_ARGS__},
const pdlt_quantity pdlt_quantities[PDLT_QUANTITIES] = {PDLT_QUANTITY_LIST(ROW)};

#define WORD(id, word, what) word,
const char *const pdlt_measure_words[PDLT_MEASURE_WORDS + 1] = {PDLT_MEASURE_LIST(WORD) NULL};

#define TEXT(id, word, what) what,
const char *const pdlt_measure_texts[PDLT_MEASURE_WORDS] = {PDLT_MEASURE_LIST(TEXT)};

int pdlt_quantity_find(const char *name) {
  for (int k = 0; k < PDLT_QUANTITIES; k++)
    if (strcmp(pdlt_quantities[k].name, name) == 0) return k;
  return -1;
}

int pdlt_quantity_of_end(int k) {
  const char *name = pdlt_quantities[k].name;
  const size_t length = strlen(name) - strlen("_end");
  for (int of = 0; of < PDLT_QUANTITIES; of++)
    if (strlen(pdlt_quantities[of].name) == length &&
        strncmp(pdlt_quantities[of].name, name, length) == 0)
      return of;
  return -1;
}

const char *pdlt_quantity_first(const pdlt_quantity *q, double power) {
  return power < 1 && pdlt_quantity_is_trained(q) ? q->half : q->nlo;
}

int pdlt_quantity_ndim(const pdlt_quantity *q) { return (int)strlen(q->indices); }

void pdlt_quantity_names(unsigned flag, char *out, size_t size) {
  size_t used = 0;
  out[0] = 0;
  for (int k = 0; k < PDLT_QUANTITIES && used < size; k++)
    if (pdlt_quantities[k].flags & flag)
      used += (size_t)snprintf(out + used, size - used, "%s%s", used > 0 ? ", " : "",
                               pdlt_quantities[k].name);
}
