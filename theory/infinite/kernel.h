/* kernel.h - kernel K and NTK Theta of every layer at infinite width.
 *
 * Is: the recursions of PDLT chapters 4 and 8 at leading order, for any number of
 * samples, with an estimate of the numerical error of each entry.
 * Is not: order 1/n, training, or criticality.
 *
 * Shapes: L layers, D samples, n_0 inputs. Derivation: docs/kernels.md. */
#ifndef PDLT_THEORY_INFINITE_KERNEL_H
#define PDLT_THEORY_INFINITE_KERNEL_H

#include <stddef.h>

#include "base/activation/activation.h"
#include "base/core/progress.h"
#include "base/core/status.h"
#include "base/experiment/experiment.h"
#include "base/experiment/layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* K^(l) and Theta^(l), l = 1..L; layer l starts at (l-1) * D * D. Of layers with positions that is the mean
 * over positions, of two slots at the same one; all slots (positions times samples, number p D + a) stand
 * in slot_K and slot_theta. */
typedef struct pdlt_kernel_layers {
  int depth;     /* L */
  size_t D;      /* samples */
  double *K;     /* (L, D, D), owned */
  double *theta; /* (L, D, D), owned */
  size_t *slots; /* (L) P D of the layer, owned */
  double **slot_K,
      **slot_theta; /* (L) of (slots, slots); of layers without positions views of K, theta */
  double **block;   /* (L) what backs the others, owned */
  double err_K;     /* estimated largest absolute error of K^(L) */
  double err_theta;
  double *layer_err_K; /* (L), owned: the same for every layer */
  double *layer_err_theta;
  double *pair_err_K; /* (D, D), owned: error of each entry of K^(L) */
  double *pair_err_theta;
  int wide_layer; /* first layer whose kernel is out of reach of Hermite series, 1..L-1; 0: none */
  double wide_kernel; /* its largest entry */
} pdlt_kernel_layers;

/* What layers and how: everything borrowed. */
typedef struct pdlt_kernel_settings {
  pdlt_activation activation;
  int depth; /* L >= 1 */
  const pdlt_layer
      *layer;       /* (L) layer l at l - 1; of `in` only n_0, of the first, is read, and wiring */
  double tolerance; /* of each expectation, relative to the largest entry */
  int threads;      /* >= 1; the result does not depend on it */
  pdlt_progress *progress; /* NULL: silent */
} pdlt_kernel_settings;

/* Those of an experiment: its activation, depth and theory.tolerance, with its layers (L), which stay
 * the caller's. */
pdlt_kernel_settings pdlt_kernel_settings_of(const pdlt_experiment *ex, const pdlt_layer *layer,
                                             int threads, pdlt_progress *progress);

/* K^(1) = C_b + C_W Mm[x.x/n_0],              Theta^(1) = lambda_b + lambda_W Mm[x.x/n_0],
 * K^(l+1) = C_b + C_W Mm[<s1 s2>],
 * Theta^(l+1) = lambda_b + lambda_W Mm[<s1 s2>] + C_W Mm[<s1' s2'> Theta^(l)],
 * each with gamma^2 times that of layer l where layer l+1 has a skip (docs/skips.md),
 * with C_b .. lambda_W and Mm (positions.h; 1 without positions) of layer l+1 and averages over
 * N(0, K^(l)) (PDLT chapters 4 and 8; docs/kernels.md, docs/convolution.md). An entry depends on its two
 * samples only, so a subset of samples or another order gives the same bits; so does another number of
 * threads.
 *
 * x: (D, inputs), inputs = n_0 times positions, channel by channel; D = 0 is allowed. *out is owned by the caller (pdlt_kernel_layers_free), untouched
 * on failure.
 * Errors: PDLT_ERR_INPUT (shape, negative C, slots beyond 7 GiB), PDLT_ERR_NUMERIC (tolerance not reached,
 * a kernel that is not finite: it exploded), PDLT_ERR_MEMORY.
 * Cost O(L E^2 N) with N ~ 50 terms at K ~ 1, after O(E^2 n_0) for the first layer, E slots. */
pdlt_status pdlt_kernel_layers_new(pdlt_kernel_layers *out, const pdlt_kernel_settings *settings,
                                   size_t D, const double *x, pdlt_error *err);

void pdlt_kernel_layers_free(pdlt_kernel_layers *layers);

#ifdef __cplusplus
}
#endif
#endif
