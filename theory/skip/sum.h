/* sum.h - what a functional of layer l + 1 is the sum of, at layer l.
 *
 * Is: the terms of one functional of given labels, one call for each.
 * Is not: their numbers (field.h); the list of needed functionals below comes from the same calls. */
#ifndef PDLT_THEORY_SKIP_SUM_H
#define PDLT_THEORY_SKIP_SUM_H

#include "theory/skip/rule.h"

#ifdef __cplusplus
extern "C" {
#endif

/* factor <d_x^p d_y^r f> (constant: factor alone) at slots left, right of f's pair. */
typedef struct pdlt_skip_joint {
  pdlt_skip_choice left, right;
  int constant, p, r;
  double factor;
} pdlt_skip_joint;

enum { PDLT_SKIP_JOINTS = 12 };

/* factor X + fresh_factor (its coincidence), X the functional `from` of left and right (NULL: of left alone),
 * at pairs of slots that the weights of the two pieces choose; or, for functionals of one label, joints. */
typedef struct pdlt_skip_term {
  pdlt_skip_functional from;
  const pdlt_skip_piece *left, *right;
  int swapped; /* left comes from g, right from f */
  pdlt_skip_coincidence fresh;
  double factor, fresh_factor;
  size_t joints;
  pdlt_skip_joint joint[PDLT_SKIP_JOINTS];
} pdlt_skip_term;

typedef struct pdlt_skip_visitor {
  const pdlt_skip_net *net;
  int l; /* the layer below */
  pdlt_status (*visit)(void *data, const pdlt_skip_term *term, pdlt_error *err);
  void *data;
} pdlt_skip_visitor;

/* Visits the terms of the functional of labels f and g (not read for those of one label) of layer l + 1. Errors:
 * those of visit. */
pdlt_status pdlt_skip_visit(const pdlt_skip_visitor *visitor, pdlt_skip_functional to,
                            const pdlt_skip_label *f, const pdlt_skip_label *g, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
