/* net.h - what the functionals of skip connections stand on: segments, their brackets, pairs of slots.
 *
 * Is: layers joined by skips with the brackets of their joint kernel; means and coincidences of labels.
 * Is not: the recursion (rule.h) or its driver (skip.h). Equations: docs/skips.md. */
#ifndef PDLT_THEORY_SKIP_NET_H
#define PDLT_THEORY_SKIP_NET_H

#include "theory/bracket/levels.h"
#include "theory/infinite/kernel.h"
#include "theory/tensors/slots.h"
#include "theory/tensors/tensors.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A function of one neuron and a pair of slots x, y: E[s_x^(o0) s_y^(o1) at layer q | z at the layer at
 * hand], or with z in place of s when identity is set. twice: both legs of a pair of NTKs are on slot y;
 * else one is, or one on each slot (rule.h). */
typedef struct pdlt_skip_label {
  int layer;    /* q */
  int order[2]; /* o0, o1 */
  int identity; /* 1: z, 1, 0, ... in place of s, s', s'', ... */
  int twice;
} pdlt_skip_label;

static inline int pdlt_skip_same_label(const pdlt_skip_label *a, const pdlt_skip_label *b) {
  return a->layer == b->layer && a->order[0] == b->order[0] && a->order[1] == b->order[1] &&
         a->identity == b->identity && a->twice == b->twice;
}

/* A hash of the label, on top of another one. */
static inline size_t pdlt_skip_mix(size_t hash, const pdlt_skip_label *f) {
  const int part[] = {f->layer, f->order[0], f->order[1], f->identity, f->twice};
  for (size_t i = 0; i < sizeof part / sizeof *part; i++) hash = hash * 31 + (size_t)part[i];
  return hash ^ hash >> 15;
}

/* Layers first..last, joined by nonzero skips: of one neuron they are jointly Gaussian. */
typedef struct pdlt_skip_segment {
  int first, last;
  size_t slots;               /* of each layer */
  pdlt_bracket_blocks blocks; /* pairs of slots of one layer, owned; count 0: all multisets */
  pdlt_bracket_set
      set[2]; /* of all layers: slot e of layer l is (l - first) slots + e; and with errors */
} pdlt_skip_segment;

typedef struct pdlt_skip_net {
  const pdlt_tensor_settings *settings; /* borrowed, as is kernels */
  const pdlt_kernel_layers *kernels;
  int depth;
  size_t D;
  int pair_only;
  int smooth;
  int which; /* of the two sets: 0 brackets, 1 those with errors */
  pdlt_position_pairs
      *positions;         /* (L) that each layer needs, owned; layer l at l - 1 in all of these */
  pdlt_slot_pairs *slots; /* (L) */
  pdlt_position_map *map; /* (L) from layer l - 1; that of layer 1 is empty */
  int *segment_of;        /* (L) */
  int segments;
  pdlt_skip_segment *segment; /* (segments) of hidden layers */
} pdlt_skip_net;

/* Pairs, maps and segments, without brackets. Owned by the caller. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_skip_net_new(pdlt_skip_net *out, const pdlt_kernel_layers *kernels,
                              const pdlt_tensor_settings *settings, int depth, size_t D,
                              int pair_only, pdlt_error *err);
void pdlt_skip_net_free(pdlt_skip_net *net);

/* The brackets of all segments. Errors: PDLT_ERR_MEMORY, PDLT_ERR_NUMERIC. */
pdlt_status pdlt_skip_net_brackets(pdlt_skip_net *net, pdlt_error *err);

/* Four-slot brackets of all segments, as a number. */
double pdlt_skip_net_items(const pdlt_skip_net *net);

/* Gam_{q,p} = gamma_{p+1} ... gamma_q. */
double pdlt_skip_gain(const pdlt_skip_net *net, int q, int p);

/* Layer l = 1..L - 1: has layer l + 1 a skip? */
static inline double pdlt_skip_above(const pdlt_skip_net *net, int l) {
  return net->settings->layer[l].skip;
}

/* 1 where the p-th, r-th derivatives of the label in x and y are 0 on average for any kernel. */
int pdlt_skip_vanishes(const pdlt_skip_label *f, int p, int r);

/* <d_x^p d_y^r f> over z of layer l <= q, x and y slots. */
double pdlt_skip_mean(const pdlt_skip_net *net, const pdlt_skip_label *f, int l, int p, int r,
                      size_t x, size_t y);

/* What the functional is at coinciding neurons. */
typedef enum pdlt_skip_coincidence {
  PDLT_SKIP_NONE,
  PDLT_SKIP_COVARIANCE, /* <f g> - <f><g> */
  PDLT_SKIP_ONE_NTK,    /* Th_yv <f g> */
  PDLT_SKIP_TWO_NTKS,   /* Th_xu Th_yv <f g>, or Th_yu Th_yv <f g> where f is twice */
  PDLT_SKIP_THREE_NTKS  /* Th_xu Th_xv Th_yu <f g> */
} pdlt_skip_coincidence;

/* Of f on slots (x, y) and g on (u, v) at layer l, with Th of layer l; one of the two is of layer l and not the
 * identity. */
double pdlt_skip_coincide(const pdlt_skip_net *net, pdlt_skip_coincidence kind, int l,
                          const pdlt_skip_label *f, const pdlt_skip_label *g, const size_t slot[4]);

#ifdef __cplusplus
}
#endif
#endif
