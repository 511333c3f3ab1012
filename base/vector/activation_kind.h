/* activation_kind.h - which activations there are: the index of every table of kernels.
 *
 * Is: names as numbers, and how many parameters and derivatives there are.
 * Is not: the activations themselves (base/activation/activation.h). */
#ifndef PDLT_BASE_VECTOR_ACTIVATION_KIND_H
#define PDLT_BASE_VECTOR_ACTIVATION_KIND_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pdlt_activation_kind {
  PDLT_LINEAR,     /* z */
  PDLT_RELU,       /* max(0, z) */
  PDLT_LEAKY_RELU, /* z for z > 0, else param[0] z */
  PDLT_TANH,
  PDLT_SIN,
  PDLT_ERF,        /* (2/sqrt(pi)) int_0^z e^{-t^2} dt */
  PDLT_GELU,       /* z Phi(z), with the error function */
  PDLT_SWISH,      /* z / (1 + e^-z) */
  PDLT_SOFTPLUS,   /* log(1 + e^z) */
  PDLT_SIGMOID,    /* 1 / (1 + e^-z) */
  PDLT_POLYNOMIAL, /* sum_k param[k] z^k */
  PDLT_ACTIVATION_COUNT
} pdlt_activation_kind;

enum { PDLT_ACTIVATION_MAX_PARAMS = 12, PDLT_ACTIVATION_MAX_ORDER = 5 };

#ifdef __cplusplus
}
#endif
#endif
