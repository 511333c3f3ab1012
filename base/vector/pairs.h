/* pairs.h - Gaussian averages of pairs in closed form and as series, many pairs at a time.
 *
 * Is: the loops over pairs behind kernels at infinite width: one sample against a block of others, in plain
 * C (base/vector/pairs.inc) compiled for several instruction sets and chosen at run time. Internal, but
 * callable, so that tests compare the sets.
 * Is not: the recursion over layers, or the closed forms one by one (theory/gauss/expectation.h), to which
 * tests compare.
 *
 * Bits: those of a pair depend on its numbers alone, never on the block or the order of the two; nothing is
 * fused, so they are the same in every set. Equations: docs/kernels.md, "Closed forms", "Errors". */
#ifndef PDLT_BASE_VECTOR_PAIRS_H
#define PDLT_BASE_VECTOR_PAIRS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_PAIRS_BLOCK = 64, PDLT_PAIRS_LANES = 8 };

/* What a layer says of each sample. */
typedef struct pdlt_pairs_samples {
  const double *k, *e; /* (D) K_aa and its absolute error */
  const double *root;  /* (D) sqrt(K_aa); read by kinked alone */
  const double *rate;  /* (D) kinked: e/K_aa; erf: 1/(1 + 2 K_aa); sin: not read */
} pdlt_pairs_samples;

/* Sample i against samples j .. j + count - 1: entries of K and Theta with their absolute errors, averages
 * and theirs. */
typedef struct pdlt_pairs_block {
  size_t i, j, count; /* count <= PDLT_PAIRS_BLOCK */
  double k[PDLT_PAIRS_BLOCK], k_error[PDLT_PAIRS_BLOCK];
  double theta[PDLT_PAIRS_BLOCK], theta_error[PDLT_PAIRS_BLOCK];
  double ss[PDLT_PAIRS_BLOCK], ss_error[PDLT_PAIRS_BLOCK]; /* <s1 s2> */
  double dd[PDLT_PAIRS_BLOCK], dd_error[PDLT_PAIRS_BLOCK]; /* <s1' s2'> */
} pdlt_pairs_block;

/* Numbers of the layer above: K' = C_b + C_W <ss> + square K, Theta' = lambda_b + lambda_W <ss> + C_W <dd>
 * Theta + square Theta; square is gamma^2 of a skip. */
typedef struct pdlt_pairs_step {
  double C_b, C_W, lambda_b, lambda_W, square;
} pdlt_pairs_step;

/* Averages of the block from k, k_error and samples, errors included. */
typedef void pdlt_pairs_averages(const pdlt_pairs_samples *samples, double m, double d,
                                 pdlt_pairs_block *block);

typedef struct pdlt_pairs_set {
  const char *name;
  /* out[i] = asin x[i], |x| <= 1: within 2 ulp (at most 2.2e-16), 0 and +-1 rounded from the exact value. */
  void (*arcsine)(size_t n, const double *x, double *out);
  /* sigma = m z + d |z|, K_aa > 0; erf and sin (m, d not read). */
  pdlt_pairs_averages *kinked, *error_function, *sine;
  /* k, theta and their errors of the layer above. */
  void (*step)(const pdlt_pairs_step *step, pdlt_pairs_block *block);
  /* dot[j] = sum_k x[k] y[k ld + j], size[j] the same of absolute values, summed in the order of k; j <
   * count <= PDLT_PAIRS_BLOCK. */
  void (*dot)(size_t n, const double *x, size_t count, const double *y, size_t ld, double *dot,
              double *size);
  /* sum_n rho^n f[n] g[n], n < count, a multiple of PDLT_PAIRS_LANES. Symmetric in f and g. */
  double (*series)(size_t count, const double *f, const double *g, double rho);
  /* Returns sum_i f[i] h[i] in 16 partial sums; next[i] = up t[i] h[i] - down next[i], i < count: Hermite
   * polynomials on nodes, and the coefficient of f. */
  double (*hermite)(size_t count, const double *f, const double *t, const double *h, double up,
                    double down, double *next);
} pdlt_pairs_set;

/* The k-th set that this processor can run, best first; NULL beyond the last. A
 * function of the processor only, hence safe from any thread. */
const pdlt_pairs_set *pdlt_pairs_get(int k);

/* The best one. */
const pdlt_pairs_set *pdlt_pairs_best(void);

#ifdef __cplusplus
}
#endif
#endif
