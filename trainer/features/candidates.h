/* candidates.h - lists of functions on the samples in which a trained network may hold a structure.
 *
 * Is: the leading eigenfunctions of its kernels, its neurons, and controls, each an ordered list of at most M
 * functions, centred and of length 1 (docs/features.md, "Candidates").
 * Is not: the scores (scores.h). */
#ifndef PDLT_TRAINER_FEATURES_CANDIDATES_H
#define PDLT_TRAINER_FEATURES_CANDIDATES_H

#include "trainer/features/learned.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Kinds of the whole network, then those of each hidden layer. X(id, name, what it is). */
#define PDLT_CANDIDATES_LIST(X)                                                                    \
  X(K, "k", "NTK at the start")                                                                    \
  X(K_E, "k_E", "NTK at the end")                                                                  \
  X(ROTATED, "k_E_rotated", "the same eigenfunctions after a random rotation")                     \
  X(CHANGE, "change", "change of the NTK")                                                         \
  X(FEATURES, "random_features", "random directions of feature space, normal with covariance k_E") \
  X(WEIGHTS, "weights", "single weights")                                                          \
  X(INPUTS, "inputs", "principal components of the inputs")                                        \
  X(OUTPUTS, "outputs", "principal components of the outputs")                                     \
  X(NEURONS, "neurons", "single neurons")                                                          \
  X(PREACTIVATIONS, "preactivations", "preactivations of single neurons")                          \
  X(PCA, "pca", "principal components of the activations")                                         \
  X(DIRECTIONS, "directions", "random directions of the activations")

typedef enum {
#define PDLT_CANDIDATES_ENUM(id, name, text) PDLT_CANDIDATES_##id,
  PDLT_CANDIDATES_LIST(PDLT_CANDIDATES_ENUM)
#undef PDLT_CANDIDATES_ENUM
      PDLT_CANDIDATES_COUNT
} pdlt_candidates_kind;
enum { PDLT_CANDIDATES_OF_LAYERS = PDLT_CANDIDATES_NEURONS };

/* Lists of a network of L layers, numbered 0, 1, ...: the kinds of the whole network, then for hidden layer
 * 1, 2, ... its own. */
size_t pdlt_candidates_lists(int depth);
typedef struct pdlt_candidates {
  pdlt_candidates_kind kind;
  int layer;     /* hidden layer 1 .. L - 1, or 0 */
  char name[48]; /* "k_E", "neurons/layer1" */
  const char *text;
} pdlt_candidates;
pdlt_candidates pdlt_candidates_of(size_t list);

/* u (most, D) = list number `list` of a network that did not diverge, *count of them: fewer where there are
 * no more neurons, inputs, outputs, weights or samples. Random ones depend on seed, width and member alone.
 * Errors: PDLT_ERR_NUMERIC, PDLT_ERR_MEMORY. Cost: O(D^3) of principal components, n_L D num_params of
 * weights, else less. */
pdlt_status pdlt_candidates_make(pdlt_learned *t, size_t list, size_t most, double *u,
                                 size_t *count, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
