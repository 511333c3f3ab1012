/* activation_internal.h - what the files of the activation table share.
 *
 * Is: the entry of the table and the scalar derivatives that fill it.
 * Is not: public; callers use base/activation/activation.h. */
#ifndef PDLT_BASE_ACTIVATION_ACTIVATION_INTERNAL_H
#define PDLT_BASE_ACTIVATION_ACTIVATION_INTERNAL_H

#include "base/activation/activation.h"

#ifdef __cplusplus
extern "C" {
#endif

/* sigma^(order)(z), order 0..5, of an activation with these parameters. */
typedef double pdlt_activation_scalar(const double *param, int num_params, int order, double z);

pdlt_activation_scalar pdlt_scalar_linear, pdlt_scalar_relu, pdlt_scalar_leaky_relu,
    pdlt_scalar_tanh, pdlt_scalar_sin, pdlt_scalar_erf, pdlt_scalar_gelu, pdlt_scalar_swish,
    pdlt_scalar_softplus, pdlt_scalar_sigmoid, pdlt_scalar_polynomial;

#ifdef __cplusplus
}
#endif
#endif
