/* chi.h - what a change of a layer's kernel does to the kernel of the next layer, and how a gradient comes down.
 *
 * Is: the derivative of one step of the kernel recursion, smooth activations and kinks.
 * Is not: the recursion (theory/infinite/kernel.h). Derivation: docs/posterior.md, "Hidden layers".
 *
 * Shapes: D samples; a slot pair (c, d) is ordered. */
#ifndef PDLT_THEORY_POSTERIOR_CHI_H
#define PDLT_THEORY_POSTERIOR_CHI_H

#include <stddef.h>

#include "base/activation/activation.h"
#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Derivatives <d_c^p d_d^q (s_c s_d)> under N(0, K) of the slots c, d, named by p and q. Of kinks and slots
 * that are proportional the whole of an order stands at q = 0. */
typedef enum pdlt_jet {
  PDLT_JET_20,
  PDLT_JET_02,
  PDLT_JET_11,
  PDLT_JET_10,
  PDLT_JET_01,
  PDLT_JETS
} pdlt_jet;

typedef struct pdlt_chi {
  size_t D;
  double *jet[PDLT_JETS]; /* (D, D); owned, one block */
  double error;           /* estimated largest absolute error of an entry */
} pdlt_chi;

/* Under the kernel K (D, D). tolerance: of each average, relative to sqrt(<s_c^(p) s_c^(p)><s_d^(q) s_d^(q)>).
 * *out is owned by the caller (pdlt_chi_free), untouched on failure. Errors: those of pdlt_expectation_pair.
 * Cost: 3 D^2 averages over two samples. */
pdlt_status pdlt_chi_new(pdlt_chi *out, const pdlt_activation *activation, size_t D,
                         const double *K, double tolerance, pdlt_error *err);
void pdlt_chi_free(pdlt_chi *chi);

/* below_ab = (C_W/2) sum_cd <d_a d_b (s_c s_d)> above_cd, symmetric (D, D), for a symmetric above: what
 * sum_cd above_cd dK'_cd is of dK_ab, K' = C_b + C_W <s s>. Cost O(D^2). */
void pdlt_chi_pull(const pdlt_chi *chi, double C_W, const double *above, double *below);

/* out_mu = (C_W/2) K_mu,a sum_cd <d_a (s_c s_d)> above_cd, (D). Cost O(D^2). */
void pdlt_chi_mean(const pdlt_chi *chi, double C_W, const double *K, const double *above,
                   double *out);

#ifdef __cplusplus
}
#endif
#endif
