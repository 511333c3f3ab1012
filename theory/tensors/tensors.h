/* tensors.h - the tensors of order 1/width at initialization, layer by layer.
 *
 * Is: V, G1, Theta1, D, F, A, B (PDLT chapters 4 and 8), P, Q (chapter 11), R, S, T, U
 * (chapter infinity; all: docs/tensors.md) of every layer for any set of samples, with error
 * estimates; coefficients of h = 1/n_{l-1} at layer l. Is not: infinite width (kernel.h) or
 * training.
 *
 * Shapes: L layers, D samples; index order is part of each definition (docs/tensors.md):
 *   E[z1 z2 z3 z4]_c                h V_(12)(34), ...     E[z1 z2]   K_12 + h G1_12
 *   E[z1 z2 DTh_34]                 h D_1234 ,  h F_1324   E[Th_12]   Th_12 + h Theta1_12
 *   E[DTh_12 DTh_34]                h A_(12)(34), h B_1324
 *   E[dTh_012 z_3]     h P_0123, h Q_0123    E[ddI_0123]   h R_0123
 *   E[ddII_1234]       h S_1234, h T_1324, h U_1423
 * where F_1324 is stored at F[1][3][2][4] B_1324 at B[1][3][2][4], T_1324
 * at T[1][3][2][4] and U_1423 at U[1][4][2][3]. */
#ifndef PDLT_THEORY_TENSORS_TENSORS_H
#define PDLT_THEORY_TENSORS_TENSORS_H

#include <stddef.h>

#include "base/activation/activation.h"
#include "base/core/progress.h"
#include "base/core/status.h"
#include "theory/infinite/kernel.h"
#include "theory/terms/term.h"

#ifdef __cplusplus
extern "C" {
#endif

/* X(id, name, number of indices) */
#define PDLT_TENSOR_LIST(X) \
  X(V, "V", 4)              \
  X(G1, "G1", 2)            \
  X(THETA1, "Theta1", 2)    \
  X(D, "D", 4)              \
  X(F, "F", 4)              \
  X(A, "A", 4)              \
  X(B, "B", 4)              \
  X(P, "P", 4)              \
  X(Q, "Q", 4)              \
  X(R, "R", 4)              \
  X(S, "S", 4)              \
  X(T, "T", 4)              \
  X(U, "U", 4)

typedef enum pdlt_tensor_name {
#define PDLT_TENSOR_ENUM(id, name, rank) PDLT_TENSOR_##id,
  PDLT_TENSOR_LIST(PDLT_TENSOR_ENUM)
#undef PDLT_TENSOR_ENUM
      PDLT_TENSOR_COUNT
} pdlt_tensor_name;

/* "V", ... as in files, and the number of indices. */
const char *pdlt_tensor_text(pdlt_tensor_name name);
int pdlt_tensor_rank(pdlt_tensor_name name);

enum { PDLT_TENSOR_MOVES = 2 };

typedef struct pdlt_tensor_layer {
  /* (D, D) or (D, D, D, D), of a layer with positions on the pairs of slots.h; NULL when not kept */
  double *data[PDLT_TENSOR_COUNT];
  double
      *mean_G1; /* (D, D) of layers with positions: G1 of equal positions, their mean; else NULL */
  double err[PDLT_TENSOR_COUNT];      /* estimated largest absolute numerical error */
  double rounding[PDLT_TENSOR_COUNT]; /* the part of it that is rounding */
  double inherited; /* that of the errors of K and Theta, relative to the largest entry */
  /* as data, of layer L with up to 16 samples and a smooth activation: off by half of the rest of err at most,
   * in about the shape that errors have, in two ways; else NULL */
  double *moved[PDLT_TENSOR_MOVES][PDLT_TENSOR_COUNT];
} pdlt_tensor_layer;

typedef struct pdlt_tensor_set {
  int depth; /* L */
  size_t D;
  pdlt_tensor_layer *layer; /* (L), layer l at l - 1; owned */
} pdlt_tensor_set;

typedef struct pdlt_tensor_settings {
  pdlt_activation activation;
  const pdlt_layer *layer; /* (L) layer l at l - 1, borrowed; of widths n_l/n_{l-1}, l > 1 */
  double tolerance;        /* of each bracket, relative to its connected part */
  int threads;             /* >= 1; the result does not depend on it */
  int dntk;                /* 1: P, Q, R, S, T, U too (smooth activations only) */
  int last_only;           /* 1: keep only layer L (memory: 5 or 11 D^4 doubles a layer), and G1 of
                              all layers; of layers with positions nothing else is kept, but for all_pairs */
  unsigned needed; /* 0: all; else tensors of layer L that are kept with last_only, 1 << name */
  int vertices;    /* 1: with last_only, V of all layers is kept too, without positions */
  int all_pairs; /* 1: all pairs of positions, not only those that the readout needs: same numbers, more work;
                    (p, q) of P positions is pair p P + q */
  const pdlt_term_mask *mask; /* NULL: every term as derived */
  pdlt_progress *progress;    /* NULL: silent */
} pdlt_tensor_settings;

/* Recursion of docs/tensors.md from layer 1 (where every tensor is 0) to L, on the
 * kernels of every layer. err compares the recursion on two resolutions of all brackets
 * and adds the error of the kernels. *out is owned by the caller (pdlt_tensors_free),
 * untouched on failure. Errors: PDLT_ERR_MEMORY, PDLT_ERR_NUMERIC, PDLT_ERR_INPUT
 * (shapes), PDLT_ERR_UNSUPPORTED (dntk with an activation that is not smooth). Cost per layer:
 * D^4/24 four-slot brackets of O(n^3), n ~ 48, then O(D^4). */
pdlt_status pdlt_tensors_new(pdlt_tensor_set *out, const pdlt_kernel_layers *kernels,
                             const pdlt_tensor_settings *settings, pdlt_error *err);

/* Bytes that the recursion holds at once, brackets included, of D samples in layers with positions; 0: no
 * layer has any. *pairs: ordered pairs of slots in the largest layer. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_tensors_bytes(double *out, double *pairs, const pdlt_layer *layer, int depth,
                               size_t D, int dntk, pdlt_error *err);

void pdlt_tensors_free(pdlt_tensor_set *set);

/* The same of layers without positions, V to U with last_only. in_place: one layer is there at a time, of more than
 * 16 samples, without vertices and mask, else two. */
double pdlt_tensors_bytes_flat(size_t D, int in_place);

/* Borrowed array of layer 1..L, (D, D) or (D, D, D, D), or NULL; G1 of a layer with positions is its mean
 * over positions. */
const double *pdlt_tensors_get(const pdlt_tensor_set *set, int layer, pdlt_tensor_name name);

#ifdef __cplusplus
}
#endif
#endif
