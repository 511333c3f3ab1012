/* dense.h - small matrix products for training, in panels that vector registers like.
 *
 * Is: the three products of a gradient-descent step (forward, backward, update) with the
 * loops blocked for registers, in double and single precision, compiled for several
 * instruction sets (base/vector/kernels.h chooses).
 * Is not: BLAS; shapes are small, and every operand lies in the layout below.
 *
 * Panels: a matrix (rows, cols) is cut into panels of V columns, V = lanes of a vector;
 * element (i, j) lies at (j / V) rows V + i V + j % V. The last panel is padded. Arrays are
 * aligned to PDLT_ALIGNMENT. pdlt_panel_size is the length of such an array.
 *
 * States: a matrix (rows, samples) in panels, but when 1 to V/2 samples are left over after the
 * last whole panel, these lie one after the other, each as its `rows` numbers padded to whole
 * vectors: the tail. Vectors then run over rows, so that nothing is spent on samples that are
 * not there. Padded rows of the tail are zero or, for s, finite.
 *
 * Sums of products (trainer/network/step_positions.inc) are of matrices in panels that lie anywhere in
 * two arrays: a convolution reads the activations of each of its taps where they lie. */
#ifndef PDLT_BASE_VECTOR_DENSE_H
#define PDLT_BASE_VECTOR_DENSE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where A_k and B_k of a sum of products begin in their arrays, whole vectors in. */
typedef struct pdlt_dense_piece {
  size_t a, b;
} pdlt_dense_piece;

/* One declaration for double (d) and one for float (f). */
/* clang-format off */
#define PDLT_DENSE_DECLARE(REAL, S)                                                              \
  /* Z (rows, cols) = start + A (rows, depth) B (depth, cols), start = bias (rows) in every    \
   * column, or Z itself when `add`, or zero. B and Z are states, A is in panels, or a state   \
   * when `a_state`. Padded columns of A must be zero, those of B give those of Z. */ \
  typedef struct pdlt_dense_product_##S {                                                        \
    size_t rows, depth, cols;                                                                    \
    const REAL *a, *b;                                                                           \
    const REAL *bias; /* (rows), padded to a multiple of V, or NULL */                           \
    int add, a_state;                                                                            \
    REAL *z;                                                                                     \
  } pdlt_dense_product_##S;                                                                      \
  /* One layer on the way back, W (out, in) in panels, by the delta above (out, samples):      \
   *   below = slope * (W^T above), unless below is NULL;  then  W += factor above s^T         \
   * slope, below, s (in, samples); these and above are states. Padded columns of above and of \
   * W must be zero. scratch: pdlt_dense_scratch(samples) numbers. */ \
  typedef struct pdlt_dense_layer_##S {                                                          \
    size_t in, out, samples;                                                                     \
    REAL factor;                                                                                 \
    REAL *weight;                                                                                \
    const REAL *above, *s, *slope;                                                               \
    REAL *below, *scratch;                                                                       \
  } pdlt_dense_layer_##S;                                                                        \
  /* Z (rows, cols) = start + sum_k A_k B_k, A_k (rows, depth) and B_k (depth, cols), start =    \
   * bias (rows) in every column, or Z itself when `add`, or zero; transposed: Z = scale *        \
   * sum_k A_k^T B_k, A_k (depth, rows), scale like Z or NULL: 1, no start. Everything in panels, \
   * no tails; padded columns of B_k give those of Z. No piece: a sum of 0. */ \
  typedef struct pdlt_dense_sum_##S {                                                            \
    size_t rows, depth, cols;                                                                    \
    const REAL *a, *b;                                                                           \
    const pdlt_dense_piece *piece; /* (pieces) */                                                \
    size_t pieces;                                                                               \
    const REAL *bias, *scale;                                                                    \
    int add;                                                                                     \
    REAL *z;                                                                                     \
  } pdlt_dense_sum_##S;                                                                          \
  typedef struct pdlt_dense_##S {                                                                \
    size_t lanes; /* V */                                                                        \
    void (*product)(const pdlt_dense_product_##S *p);                                            \
    void (*descend)(const pdlt_dense_layer_##S *layer);                                          \
    /* sum (rows) += factor * sums over the columns of x (rows, cols), a state whose padding   \
     * must be zero; sum is padded to a multiple of V. */ \
    void (*add_rows)(size_t rows, size_t cols, REAL factor, const REAL *x, REAL *sum);           \
    void (*sum)(const pdlt_dense_sum_##S *p);                                                    \
    void (*sum_transposed)(const pdlt_dense_sum_##S *p);                                         \
    /* out (cols, rows) = factor * transpose of x (rows, cols), both in panels, cols a multiple  \
     * of V; padded columns of out become zero. */ \
    void (*transpose)(size_t rows, size_t cols, REAL factor, const REAL *x, REAL *out);          \
  } pdlt_dense_##S;
/* clang-format on */

PDLT_DENSE_DECLARE(double, d)
PDLT_DENSE_DECLARE(float, f)

typedef struct pdlt_dense_set {
  pdlt_dense_d d;
  pdlt_dense_f f;
} pdlt_dense_set;

/* Panels of V columns that hold `cols` columns; length of a matrix in panels. */
static inline size_t pdlt_panels(size_t cols, size_t lanes) { return (cols + lanes - 1) / lanes; }
static inline size_t pdlt_panel_size(size_t rows, size_t cols, size_t lanes) {
  return rows * lanes * pdlt_panels(cols, lanes);
}

/* Scratch of pdlt_dense_layer. */
static inline size_t pdlt_dense_scratch(size_t samples) { return (samples * 3 + 16) * 16; }

/* Position of element (i, j) of a matrix with `rows` rows. */
static inline size_t pdlt_panel_at(size_t rows, size_t i, size_t j, size_t lanes) {
  return (j / lanes) * rows * lanes + i * lanes + j % lanes;
}

/* Samples of the tail, and of the panels before it; length and elements of a state. */
static inline size_t pdlt_tail(size_t samples, size_t lanes) {
  return samples % lanes <= lanes / 2 ? samples % lanes : 0;
}
static inline size_t pdlt_state_panels(size_t samples, size_t lanes) {
  return pdlt_panels(samples - pdlt_tail(samples, lanes), lanes);
}
static inline size_t pdlt_state_size(size_t rows, size_t samples, size_t lanes) {
  const size_t tail = pdlt_tail(samples, lanes);
  return rows * lanes * pdlt_state_panels(samples, lanes) + tail * lanes * pdlt_panels(rows, lanes);
}
static inline size_t pdlt_state_at(size_t rows, size_t samples, size_t i, size_t j, size_t lanes) {
  const size_t tail = pdlt_tail(samples, lanes), first = samples - tail;
  if (tail == 0 || j < first) return pdlt_panel_at(rows, i, j, lanes);
  return rows * first + (j - first) * lanes * pdlt_panels(rows, lanes) + i;
}

#ifdef __cplusplus
}
#endif
#endif
