/* mean.h - training at order 1/width: the mean output and the mean NTK at
 * any step or, under gradient flow, at any time.
 *
 * Is: h = 1/n_{L-1} times z_nlo(t) corrects the mean of the trained network
 * (PDLT chapters 11 and infinity), computed from the output layer's tensors.
 * The end of training is in end.h. Is not: infinite width (training.h) or the
 * tensors (theory/tensors/tensors.h).
 *
 * Shapes: D samples, the first A of them train; n_L outputs. Derivation, and
 * the meaning of every term: docs/dynamics.md. */
#ifndef PDLT_THEORY_ORDER_ONE_MEAN_H
#define PDLT_THEORY_ORDER_ONE_MEAN_H

#include <stddef.h>

#include "base/core/status.h"
#include "theory/infinite/training.h"

#ifdef __cplusplus
extern "C" {
#endif

/* X(id, name, equation): the terms of J(s), z1(t) = sum_{s<t} N^(t-1-s) J(s), which the
 * covariance shares; of the NTK and the dNTK during training; and those that only the covariance
 * has. W_IJKL = ddI_IJKL + ddII_IJKL + ddII_IKJL. */
#define PDLT_DYNAMICS_TERM_LIST(X)                                                         \
  X(MEAN, "z.mean_ntk", "-eta Th1_IJ e_J(s)")                                              \
  X(FLUCTUATIONS, "z.ntk_fluctuations", "eta^2 sum_{u<s} AA_IJKL N^(s-1-u)_JK e_L(u)")     \
  X(DNTK_US, "z.dntk_us", "eta^2 sum_{u<s} (dTh_IJK + dTh_JIK) e_J(s) e_K(u)")             \
  X(DNTK_SS, "z.dntk_ss", "(eta^2/2) dTh_IJK e_J(s) e_K(s)")                               \
  X(DDNTK_USV, "z.ddntk_usv", "-eta^3 sum_{v<u<s} (W_IJKL + W_JIKL) e_J(s) e_K(u) e_L(v)") \
  X(DDNTK_SUU, "z.ddntk_suu",                                                              \
    "-(eta^3/2) sum_{u<s} (ddI_IJKL + ddI_JIKL + 2 ddII_IJKL) e_J(s) e_K(u) e_L(u)")       \
  X(DDNTK_SSV, "z.ddntk_ssv", "-(eta^3/2) sum_{v<s} W_IJKL e_J(s) e_K(s) e_L(v)")          \
  X(DDNTK_SSS, "z.ddntk_sss", "-(eta^3/6) ddI_IJKL e_J(s) e_K(s) e_L(s)")                  \
  X(NTK_MEAN, "Theta_t.mean_ntk", "Th1_IJ")                                                \
  X(NTK_DNTK, "Theta_t.dntk", "-eta sum_{u<t} (dTh_IJK + dTh_JIK) e_K(u)")                 \
  X(NTK_DDNTK_UV, "Theta_t.ddntk_uv", "eta^2 sum_{v<u<t} (W_IJKL + W_JIKL) e_K(u) e_L(v)") \
  X(NTK_DDNTK_UU, "Theta_t.ddntk_uu",                                                      \
    "(eta^2/2) sum_{u<t} (ddI_IJKL + ddI_JIKL + 2 ddII_IJKL) e_K(u) e_L(u)")               \
  X(DNTK_DDNTK_I, "dTheta_t.ddntk_I", "-eta sum_{u<t} ddI_IJKL e_L(u)")                    \
  X(DNTK_DDNTK_II, "dTheta_t.ddntk_II", "-eta sum_{u<t} (ddII_IJKL + ddII_IKJL) e_L(u)")   \
  X(COV_KERNEL, "cov.kernel", "N^t G1 N^tT")                                               \
  X(COV_NTK_OUTPUT, "cov.ntk_output", "-eta E[x_M DTh_IJ e_J(s)], tensors D and F")        \
  X(COV_NTK_NTK, "cov.ntk_ntk", "eta^2 AA_IJKL E[e_J(s) e_L(u)]")

typedef enum pdlt_dynamics_term {
#define PDLT_DYNAMICS_TERM_ENUM(id, name, equation) PDLT_DYNAMICS_##id,
  PDLT_DYNAMICS_TERM_LIST(PDLT_DYNAMICS_TERM_ENUM)
#undef PDLT_DYNAMICS_TERM_ENUM
      PDLT_DYNAMICS_TERM_COUNT
} pdlt_dynamics_term;

/* Static strings. */
const char *pdlt_dynamics_term_name(pdlt_dynamics_term term);
const char *pdlt_dynamics_term_equation(pdlt_dynamics_term term);

/* Factor of each term: 1 as derived, 0 left out, -1 sign flipped. */
typedef struct pdlt_dynamics_factors {
  double factor[PDLT_DYNAMICS_TERM_COUNT];
} pdlt_dynamics_factors;

/* X(id, name): what z_nlo is the sum of; the ddNTK with two e's paired, and
 * with none. */
#define PDLT_DYNAMICS_PART_LIST(X)         \
  X(PART_MEAN, "mean_ntk")                 \
  X(PART_FLUCTUATIONS, "ntk_fluctuations") \
  X(PART_DNTK, "dntk")                     \
  X(PART_DDNTK_LINEAR, "ddntk_linear")     \
  X(PART_DDNTK_CUBIC, "ddntk_cubic")

typedef enum pdlt_dynamics_part {
#define PDLT_DYNAMICS_PART_ENUM(id, name) PDLT_DYNAMICS_##id,
  PDLT_DYNAMICS_PART_LIST(PDLT_DYNAMICS_PART_ENUM)
#undef PDLT_DYNAMICS_PART_ENUM
      PDLT_DYNAMICS_PART_COUNT
} pdlt_dynamics_part;

const char *pdlt_dynamics_part_name(pdlt_dynamics_part part);

/* Everything borrowed, for the duration of the call. Tensors of the output
 * layer with the symmetries and the array order of docs/tensors.md. */
typedef struct pdlt_dynamics_input {
  pdlt_training_input lo;                      /* infinite width: K, Theta, y, eta */
  const double *theta1;                        /* (D, D) */
  const double *a, *b, *p, *q, *r, *s, *t, *u; /* (D, D, D, D) */
  int threads;                                 /* >= 1; results do not depend on it */
  const pdlt_dynamics_factors *factors;        /* NULL: all 1 */
} pdlt_dynamics_input;

/* The tensors in the eigenbasis of Theta_AA: slots below A count eigenmodes,
 * the others test samples. */
typedef struct pdlt_dynamics {
  pdlt_training lo; /* eigenbasis, targets, K, y; owned */
  int threads;
  pdlt_dynamics_factors factors;
  double *mu;          /* (A) 1 - eta theta_a, 0 under flow; owned, as all below */
  double *theta1;      /* (D, D) */
  double *k;           /* (A, A) K_AA */
  double *fluctuation; /* (D, A, A) [d][a][c] A_daac + B_daac + n_L B_dcaa */
  double *dntk;        /* (D, D, A) [d][e][b] P_debb + n_L Q_debb + Q_dbeb */
  double *dntk_us[2];  /* (D, A, A) [d][a][b] of (dTh_IJK + dTh_JIK) times y_a,
                          y_b */
  double *dntk_ss[2];  /* (D, A, A) of dTh_IJK */
  double *dd[4];       /* (D, D, D, D) R, S, T, U */
} pdlt_dynamics;

/* Rotates the tensors. *out is owned by the caller (pdlt_dynamics_free),
 * untouched on failure. Errors: those of pdlt_training_new (eta theta_max >= 2:
 * PDLT_ERR_INPUT); PDLT_ERR_MEMORY. Cost 64 D^4 A flops in matrix products;
 * memory 5 D^4 doubles here, 4 D^4 kept. */
pdlt_status pdlt_dynamics_new(pdlt_dynamics *out, const pdlt_dynamics_input *input,
                              pdlt_error *err);

void pdlt_dynamics_free(pdlt_dynamics *dynamics);

/* Order 1/n at the given times (increasing, repeats allowed; whole steps, or
 * any value of eta t under flow; finite): E[z(t)]  = zbar(t) + h z_nlo(t),
 * z_nlo (T, n_L, D) = sum of parts (5, T, n_L, D); E[Th(t)] = Theta + h
 * theta_t,     theta_t (T, n_L, D, n_L, D). parts and theta_t may be NULL.
 * Errors: PDLT_ERR_INPUT (times), PDLT_ERR_MEMORY; outputs untouched then. Cost
 * per step 48 n_L D A^3 flops in matrix products; under flow, 16 such steps for
 * each time 2/theta_max. theta_t: 24 n_L^2 D^2 A^2 per time. */
pdlt_status pdlt_dynamics_run(const pdlt_dynamics *dynamics, size_t num_times, const double *times,
                              double *z_nlo, double *parts, double *theta_t, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
