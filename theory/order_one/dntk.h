/* dntk.h - the mean dNTK of the output while the network trains, at order 1/width.
 *
 * Is: E[dTh_IJK(t)] = h dTh1_IJK(t), dTh1_IJK(t) = - eta sum_{u<t} (ddI_IJKL + ddII_IJKL +
 * ddII_IKJL) ebar_L(u) (PDLT chapter infinity; docs/dynamics.md, "dNTK"), for I, J, K on the
 * first S samples.
 * Is not: the dNTK at initialization, whose mean is 0 and whose correlation with the output is
 * P and Q (theory/tensors/tensors.h). */
#ifndef PDLT_THEORY_ORDER_ONE_DNTK_H
#define PDLT_THEORY_ORDER_ONE_DNTK_H

#include "theory/order_one/mean.h"

#ifdef __cplusplus
extern "C" {
#endif

/* At `num_times` times >= 0 (steps; eta t under flow; INFINITY: the end), first samples S <= D:
 * out (T, n_L, S, n_L, S, n_L, S). lo: of in->lo; of the input D, r, s, t, u and factors are
 * read. Errors: PDLT_ERR_INPUT (pdlt_training_check_time; at an infinite time when Theta_AA
 * is singular, in the words of pdlt_training_end); PDLT_ERR_MEMORY; out untouched then. Cost per
 * time 4 S^3 n_L A + (n_L S)^3. */
pdlt_status pdlt_dynamics_dntk(const pdlt_training *lo, const pdlt_dynamics_input *in, size_t S,
                               size_t num_times, const double *times, double *out, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
