/* field.h - numbers of the functionals that a layer needs.
 *
 * Is: the list of functionals of each layer, from the readout down; their numbers, from layer 1 up.
 * Is not: which tensors they are (skip.h). */
#ifndef PDLT_THEORY_SKIP_FIELD_H
#define PDLT_THEORY_SKIP_FIELD_H

#include "theory/skip/sum.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One functional: on pairs of slots of its layer, (N, N) or (N). */
typedef struct pdlt_skip_item {
  pdlt_skip_functional functional;
  pdlt_skip_label f, g; /* g is 0 for functionals of one label */
  double *data;         /* owned; NULL before pdlt_skip_fields_step and after _drop */
} pdlt_skip_item;

typedef struct pdlt_skip_field {
  size_t count, room; /* room is 0 or a power of two */
  pdlt_skip_item *item;
  size_t
      *place; /* (2 room) where an item is, plus 1, at its hash or the next free place; 0: free */
} pdlt_skip_field;

/* Layers 1..L, layer l at l - 1. */
typedef struct pdlt_skip_fields {
  const pdlt_skip_net *net;
  pdlt_skip_field *layer; /* (L); that of layer 1 stays empty: all is 0 there */
} pdlt_skip_fields;

/* No functionals yet. Owned by the caller. Errors: PDLT_ERR_MEMORY, as of the next two. */
pdlt_status pdlt_skip_fields_new(pdlt_skip_fields *out, const pdlt_skip_net *net, pdlt_error *err);
void pdlt_skip_fields_free(pdlt_skip_fields *fields);

/* Puts a functional of layer l on its list, once; g may be NULL. */
pdlt_status pdlt_skip_fields_want(pdlt_skip_fields *fields, int l, pdlt_skip_functional functional,
                                  const pdlt_skip_label *f, const pdlt_skip_label *g,
                                  pdlt_error *err);

/* Puts on the lists of the layers below all that those on the lists need. */
pdlt_status pdlt_skip_fields_complete(pdlt_skip_fields *fields, pdlt_error *err);

/* Numbers of layer l + 1 from those of layer l. Errors: PDLT_ERR_MEMORY, PDLT_ERR_INTERRUPTED. Cost: items times
 * terms times N^2. */
pdlt_status pdlt_skip_fields_step(pdlt_skip_fields *fields, int l, pdlt_error *err);

/* Frees the numbers of layer l. */
void pdlt_skip_fields_drop(pdlt_skip_fields *fields, int l);

/* Borrowed numbers, NULL: not on the list. */
const double *pdlt_skip_fields_get(const pdlt_skip_fields *fields, int l,
                                   pdlt_skip_functional functional, const pdlt_skip_label *f,
                                   const pdlt_skip_label *g);

/* Doubles of the functionals of two neighbouring layers, at most. */
double pdlt_skip_fields_size(const pdlt_skip_fields *fields);

#ifdef __cplusplus
}
#endif
#endif
