/* bracket.h - Gaussian brackets over two and four sample slots.
 *
 * Is: <s1^(j) s2^(k)> of all pairs of samples and <s1^(o1) s2^(o2) s3^(o3) s4^(o4)> of
 * all multisets of four samples, z ~ N(0, K), K singular or not, any activation.
 * Is not: the kernel recursion (kernel.h) or the tensors (theory/tensors/tensors.h).
 *
 * Method (docs/tensors.md, "Brackets"): two groups of slots have canonical variables
 * x, y, unit normal and correlated in pairs only, so that a bracket is a bilinear form
 * of functions on two small grids with Mehler's operator rho^N between them.
 *
 * Shapes: D samples, n grid nodes, levels of the oscillator. */
#ifndef PDLT_THEORY_BRACKET_BRACKET_H
#define PDLT_THEORY_BRACKET_BRACKET_H

#include <stddef.h>

#include "base/activation/activation.h"
#include "base/core/progress.h"
#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Quadrature for one standard normal variable together with the oscillator
 * N = -d^2/dt^2 + t^2/4 - 1/2 on it: Mehler's operator is rho^N. */
typedef struct pdlt_bracket_grid {
  size_t n, levels;
  double *x;      /* (n) nodes */
  double *root_w; /* (n) square roots of the weights, sum of weights = 1 */
  double *mode;   /* (levels, n) eigenfunctions of N, orthonormal */
  double *left;   /* (n, levels) mode^T times root_w */
  double *right;  /* (levels, n) mode times root_w */
  double *number; /* (levels) eigenvalues of N: 0, 1, 2, ... */
} pdlt_bracket_grid;

/* n >= 2 equidistant nodes on [-reach, reach] (geometric convergence for smooth
 * functions). Owned by the caller. Errors: PDLT_ERR_MEMORY, PDLT_ERR_NUMERIC. Cost
 * O((n 12/reach)^3). */
pdlt_status pdlt_bracket_grid_new_trapezoid(pdlt_bracket_grid *out, size_t n, double reach,
                                            pdlt_error *err);

/* n Gauss-Hermite nodes: exact for polynomials of total degree <= 2 n - 1. */
pdlt_status pdlt_bracket_grid_new_gauss(pdlt_bracket_grid *out, size_t n, pdlt_error *err);

void pdlt_bracket_grid_free(pdlt_bracket_grid *grid);

/* out (n, n) = left rho^N right: E[f(x) g(y)] = sum_pq f(x_p) out_pq g(x_q) at correlation
 * rho in [0, 1]; work (n, levels). */
void pdlt_bracket_grid_mehler(const pdlt_bracket_grid *grid, double rho, double *work, double *out);

enum { PDLT_BRACKET_ORDERS = 6 };

/* Two-slot brackets. For activations that are not smooth a bracket of derivatives over
 * two coinciding samples exists only after the slots are merged: ratio_ab = c != 0 says
 * that z_b = c z_a and that pdlt_bracket_jet must merge. */
typedef struct pdlt_bracket_pairs {
  size_t D;
  double *value; /* (6, 6, D, D) <s_a^(j) s_b^(k)>, j + k <= 6; 0 elsewhere */
  double *ratio; /* (D, D), or NULL for smooth activations */
  pdlt_activation activation;
} pdlt_bracket_pairs;

/* All two-slot brackets under the kernel K (D, D). grid serves smooth activations
 * (the ReLU family has closed forms and takes NULL). Errors: PDLT_ERR_MEMORY.
 * Cost O(D^2 levels) after O(D n levels). */
pdlt_status pdlt_bracket_pairs_new(pdlt_bracket_pairs *out, const pdlt_activation *activation,
                                   const pdlt_bracket_grid *grid, size_t D, const double *K,
                                   pdlt_error *err);
void pdlt_bracket_pairs_free(pdlt_bracket_pairs *pairs);

/* <d_a^p d_b^q (s_a^(j) s_b^(k))>, j, k <= 1. When the slots are merged, the whole
 * derivative is given at q = 0 and 0 otherwise: sums over slots come out right, because
 * coinciding samples have coinciding (proportional) tensor entries. */
double pdlt_bracket_jet(const pdlt_bracket_pairs *pairs, int j, int k, int p, int q, size_t a,
                        size_t b);

/* Derivative orders of the four slots that are needed: permutations of 0000, 0011, 1111
 * (NTK fluctuations), and of 2110, 3111, 2211 too (dNTK and ddNTK), and of skips also 00 in one pair of
 * slots beside 02, 13, 22 in the other (blocks only). */
typedef enum pdlt_quad_orders { PDLT_QUAD_NTK, PDLT_QUAD_ALL, PDLT_QUAD_SKIP } pdlt_quad_orders;
enum { PDLT_QUAD_MAX_COLUMNS = 40 };

/* The reach for a trapezoid grid of n >= 2 nodes at which the step and the cut of the tails cost
 * about the same, and what they cost: the error of brackets whose four slots hold one
 * sample of kernel K, relative to the integral of the absolute value. Smooth activations.
 * Errors: PDLT_ERR_MEMORY. Cost: about 25 n activations. */
pdlt_status pdlt_bracket_reach(const pdlt_activation *activation, pdlt_quad_orders orders, double K,
                               size_t n, double *reach, double *error, pdlt_error *err);

/* Pairs of slots whose brackets, two pairs and two, are wanted, in place of all multisets of four. */
#define PDLT_NO_BLOCK ((unsigned)-1)
typedef struct pdlt_bracket_blocks {
  size_t count;
  unsigned *first, *second; /* (count) first <= second */
  unsigned *place;          /* (D, D), symmetric: number of the pair, or PDLT_NO_BLOCK */
} pdlt_bracket_blocks;

typedef struct pdlt_bracket_quads {
  size_t D, items;                   /* multisets, or pairs of pairs without order */
  const pdlt_bracket_blocks *blocks; /* NULL: multisets; borrowed */
  int columns;
  int order[PDLT_QUAD_MAX_COLUMNS][4];
  int column[256]; /* of o1 + 4 o2 + 16 o3 + 64 o4; -1: not computed */
  double *value;   /* (items, columns) */
} pdlt_bracket_quads;

/* Four-slot brackets of every multiset of samples. Work items are the multisets: the
 * result does not depend on threads. Errors: PDLT_ERR_MEMORY, PDLT_ERR_UNSUPPORTED
 * (PDLT_QUAD_ALL of an activation that is not smooth). Cost O(D^4/24 n^3). */
pdlt_status pdlt_bracket_quads_new(pdlt_bracket_quads *out, const pdlt_activation *activation,
                                   const pdlt_bracket_grid *grid, pdlt_quad_orders orders, size_t D,
                                   const double *K, int threads, pdlt_error *err);
/* The same, of blocks (NULL: all multisets; borrowed as long as out lives), with `unit` of progress (may be
 * NULL) for each item. Cost O(count^2/2 n^3) with blocks. */
pdlt_status pdlt_bracket_quads_new_of(pdlt_bracket_quads *out, const pdlt_activation *activation,
                                      const pdlt_bracket_grid *grid, pdlt_quad_orders orders,
                                      size_t D, const double *K, const pdlt_bracket_blocks *blocks,
                                      int threads, pdlt_progress *progress, double unit,
                                      pdlt_error *err);
/* The same of all multisets, to rounding, with a quarter of the products for even or odd activations and half of
 * them for others (fold.h). grid: of new_trapezoid with an even number of nodes; smooth activations. */
pdlt_status pdlt_bracket_quads_new_many(pdlt_bracket_quads *out, const pdlt_activation *activation,
                                        const pdlt_bracket_grid *grid, pdlt_quad_orders orders,
                                        size_t D, const double *K, int threads,
                                        pdlt_progress *progress, double unit, pdlt_error *err);
void pdlt_bracket_quads_free(pdlt_bracket_quads *quads);

/* The columns alone: D = 0, nothing allocated. */
void pdlt_bracket_quads_layout(pdlt_bracket_quads *quads, pdlt_quad_orders orders);

/* Brackets of one 4 x 4 kernel into out (columns) of layout. */
pdlt_status pdlt_bracket_quad_one(const pdlt_bracket_quads *layout,
                                  const pdlt_activation *activation, const pdlt_bracket_grid *grid,
                                  const double *K, /* (4, 4) */
                                  double *out, pdlt_error *err);

/* Closed forms of the ReLU family (relu.c): two slots of distinct samples, ... */
void pdlt_bracket_relu_pair(const pdlt_activation *activation, double K_aa, double K_ab,
                            double K_bb, double value[PDLT_BRACKET_ORDERS][PDLT_BRACKET_ORDERS]);
/* ... and <s1^(o1) .. s4^(o4)>, orders 0 and 1. */
double pdlt_bracket_relu_quad(const pdlt_activation *activation, const double *K, /* (4, 4) */
                              const int order[4]);

/* Position of the multiset a <= b <= c <= d. */
static inline size_t pdlt_multiset_index(size_t a, size_t b, size_t c, size_t d) {
  return d * (d + 1) * (d + 2) * (d + 3) / 24 + c * (c + 1) * (c + 2) / 6 + b * (b + 1) / 2 + a;
}

/* The slots of item m, in the order of its columns' orders. */
void pdlt_bracket_quad_slots(const pdlt_bracket_quads *quads, size_t m, size_t slot[4]);

/* sub (4, 4): the kernel of these slots, out of K (D, D). */
void pdlt_bracket_quad_kernel(const pdlt_bracket_quads *quads, const double *K, size_t m,
                              double sub[16]);

/* <s_a^(i) s_b^(j) s_c^(k) s_d^(l)>, samples in any order, orders i + .. in the layout; with blocks the
 * four must be two of the pairs. */
double pdlt_bracket_quad(const pdlt_bracket_quads *quads, size_t a, int i, size_t b, int j,
                         size_t c, int k, size_t d, int l);

#ifdef __cplusplus
}
#endif
#endif
