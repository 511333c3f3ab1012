/* information.h - mutual information between the outputs of an untrained network.
 *
 * Is: the expansion in depth over width, truncated as in the book (appendix A), and the exact
 * value for critical ReLU networks with one input. Is not: a measurement; there is no ensemble.
 * Derivation: docs/information.md. */
#ifndef PDLT_THEORY_INFORMATION_INFORMATION_H
#define PDLT_THEORY_INFORMATION_INFORMATION_H

#include <stddef.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The kernel of one input after `layers` hidden layers of n ReLU neurons, C_W = 2, C_b = 0, in
 * units of its mean: a random factor G. exp(log_g) with weights (sum 1). Owned. */
typedef struct pdlt_kernel_distribution {
  size_t count;
  double *log_g, *weight; /* (count) log_g equally spaced */
} pdlt_kernel_distribution;

/* G = product over layers of (2/n) chi^2_B, B binomial (n, 1/2), given that no layer is dead
 * (2^-n). n >= 4, layers >= 1. Errors: PDLT_ERR_INPUT (also where it, with the information, would take
 * more than PDLT_INFORMATION_FLOPS), PDLT_ERR_MEMORY. */
pdlt_status pdlt_kernel_distribution_relu(pdlt_kernel_distribution *out, int n, int layers,
                                          pdlt_error *err);
/* Flops of the distribution and of pdlt_information_exact together, about; 1e10 are some seconds. They
 * grow as layers^2 n^(-1/2). */
#define PDLT_INFORMATION_FLOPS 1e10
double pdlt_information_flops(int n, int layers);

void pdlt_kernel_distribution_free(pdlt_kernel_distribution *distribution);

/* I = (a^2/8) eps^2 - (a^2 (10 + 3 a)/24) eps^3, a = outputs/2, between two halves of the outputs
 * of one input, eps = V/(n K^2) = nu r, r = L/n; nats. Largest at eps = 4/(20 + 3 outputs). */
double pdlt_information_truncated(double eps, int outputs);

/* The exact value for outputs that are sqrt(G) times independent normals. outputs: even,
 * 2 to 16. Errors: PDLT_ERR_INPUT, PDLT_ERR_MEMORY. */
pdlt_status pdlt_information_exact(double *out, const pdlt_kernel_distribution *distribution,
                                   int outputs, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
