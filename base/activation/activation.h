/* activation.h - the activation functions sigma and their derivatives.
 *
 * Is: one table with an entry per activation; scalar evaluation up to the fifth
 * derivative, and fast vector evaluation (theory: all orders; trainer: sigma, sigma').
 * Is not: Gaussian expectations (theory/) or criticality (theory/). */
#ifndef PDLT_BASE_ACTIVATION_ACTIVATION_H
#define PDLT_BASE_ACTIVATION_ACTIVATION_H

#include <stddef.h>

#include "base/core/status.h"
#include "base/vector/activation_kind.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_activation {
  pdlt_activation_kind kind;
  int num_params;
  double param[PDLT_ACTIVATION_MAX_PARAMS];
} pdlt_activation;

/* What theory must know of an activation. */
typedef struct pdlt_activation_traits {
  int smooth;          /* 1: derivatives of every order exist everywhere */
  int scale_invariant; /* 1: sigma(z) = a_plus z (z > 0), a_minus z (z < 0) */
  double a_plus, a_minus;
  int polynomial; /* 1: polynomial (linear included); degree below */
  int degree;
} pdlt_activation_traits;

/* Reads "tanh", "leaky_relu(0.1)", "polynomial(0,1,0.3)", "quadratic(0.3)" (which
 * is polynomial(0,1,0.3)). Errors: PDLT_ERR_INPUT with the list of names. */
pdlt_status pdlt_activation_parse(pdlt_activation *out, const char *text, pdlt_error *err);

/* Writes the canonical text (which parse reads back to the same bits). */
void pdlt_activation_format(const pdlt_activation *act, char *out, size_t size);

/* Name and one-line formula of the k-th entry of the table, k = 0 ..
 * PDLT_ACTIVATION_COUNT-1 (for `pdlt list`). */
const char *pdlt_activation_name(pdlt_activation_kind kind);
const char *pdlt_activation_formula(pdlt_activation_kind kind);

pdlt_activation_traits pdlt_activation_get_traits(const pdlt_activation *act);

/* Whether the slopes on both sides of 0 differ: training moves neurons across such a kink. */
static inline int pdlt_activation_has_kink(const pdlt_activation *act) {
  const pdlt_activation_traits traits = pdlt_activation_get_traits(act);
  return !traits.smooth && traits.a_plus != traits.a_minus;
}

/* Whether sigma(-z) = -sigma(z), as its values at some points say. */
int pdlt_activation_is_odd(const pdlt_activation *act);

/* sigma^(order)(z), order 0..5, full double precision (also in the tails, no
 * cancellation). For the ReLU family: sigma'(0) = (a_plus + a_minus)/2, orders
 * >= 2 return 0 (the delta functions are the caller's business). */
double pdlt_activation_eval(const pdlt_activation *act, int order, double z);

/* out[i] = sigma^(order)(z[i]), i < n; order 0..5. out may equal z. Vectorized, a
 * few ulp (orders 0 and 1: at most 6.1 measured, GELU in its tail, 2 to 5 elsewhere;
 * beyond: of the largest term); the same bits whatever n and the alignment. */
void pdlt_activation_map(const pdlt_activation *act, int order, size_t n, const double *z,
                         double *out);

/* out[order][i] = sigma^(order)(z[i]) for every order 0 .. max_order <= 5 in one pass;
 * same bits as pdlt_activation_map for each. out[order] must not overlap z. */
void pdlt_activation_jet(const pdlt_activation *act, int max_order, size_t n, const double *z,
                         double *const *out);

/* s[i] = sigma(z[i]), ds[i] = sigma'(z[i]) in one pass: the trainer's kernel.
 * Same bits as pdlt_activation_map for each. s may equal z; ds may be NULL. */
void pdlt_activation_forward(const pdlt_activation *act, size_t n, const double *z, double *s,
                             double *ds);

/* The same in single precision. */
void pdlt_activation_forward_single(const pdlt_activation *act, size_t n, const float *z, float *s,
                                    float *ds);

#ifdef __cplusplus
}
#endif
#endif
