/* training_term.h - names of the terms of training at order 1/n and of the parts of z_nlo.
 *
 * Is: two lists from which enums, tables and look-ups come; a factor for every term.
 * Is not: the sums themselves (theory/order_one, docs/dynamics.md) or the terms of the
 * recursions at initialization (term.h). */
#ifndef PDLT_THEORY_TERMS_TRAINING_TERM_H
#define PDLT_THEORY_TERMS_TRAINING_TERM_H

#ifdef __cplusplus
extern "C" {
#endif

/* X(id, name, equation): the terms of J(s), z1(t) = sum_{s<t} N^(t-1-s) J(s), which the
 * covariance shares; of the NTK and the dNTK during training; of kernels of features (docs/features.md), which have those of
 * the NTK too; and those that only the covariance
 * has. W_IJKL = ddI_IJKL + ddII_IJKL + ddII_IKJL. */
#define PDLT_DYNAMICS_TERM_LIST(X)                                                             \
  X(MEAN, "z.mean_ntk", "-eta Th1_IJ e_J(s)")                                                  \
  X(FLUCTUATIONS, "z.ntk_fluctuations", "eta^2 sum_{u<s} AA_IJKL N^(s-1-u)_JK e_L(u)")         \
  X(DNTK_US, "z.dntk_us", "eta^2 sum_{u<s} (dTh_IJK + dTh_JIK) e_J(s) e_K(u)")                 \
  X(DNTK_SS, "z.dntk_ss", "(eta^2/2) dTh_IJK e_J(s) e_K(s)")                                   \
  X(DDNTK_USV, "z.ddntk_usv", "-eta^3 sum_{v<u<s} (W_IJKL + W_JIKL) e_J(s) e_K(u) e_L(v)")     \
  X(DDNTK_SUU, "z.ddntk_suu",                                                                  \
    "-(eta^3/2) sum_{u<s} (ddI_IJKL + ddI_JIKL + 2 ddII_IJKL) e_J(s) e_K(u) e_L(u)")           \
  X(DDNTK_SSV, "z.ddntk_ssv", "-(eta^3/2) sum_{v<s} W_IJKL e_J(s) e_K(s) e_L(v)")              \
  X(DDNTK_SSS, "z.ddntk_sss", "-(eta^3/6) ddI_IJKL e_J(s) e_K(s) e_L(s)")                      \
  X(NTK_MEAN, "Theta_t.mean_ntk", "Th1_IJ")                                                    \
  X(NTK_DNTK, "Theta_t.dntk", "-eta sum_{u<t} (dTh_IJK + dTh_JIK) e_K(u)")                     \
  X(NTK_DDNTK_UV, "Theta_t.ddntk_uv", "eta^2 sum_{v<u<t} (W_IJKL + W_JIKL) e_K(u) e_L(v)")     \
  X(NTK_DDNTK_UU, "Theta_t.ddntk_uu",                                                          \
    "(eta^2/2) sum_{u<t} (ddI_IJKL + ddI_JIKL + 2 ddII_IJKL) e_K(u) e_L(u)")                   \
  X(DNTK_DDNTK_I, "dTheta_t.ddntk_I", "-eta sum_{u<t} ddI_IJKL e_L(u)")                        \
  X(DNTK_DDNTK_II, "dTheta_t.ddntk_II", "-eta sum_{u<t} (ddII_IJKL + ddII_IKJL) e_L(u)")       \
  X(FEATURES_ORDERED, "features.ordered",                                                      \
    "a eta^2 sum_{v<u} (ddII_IKJL + ddII_JKIL) e_K(u) e_L(v)")                                 \
  X(FEATURES_SQUARE, "features.square", "a^2 eta^2 sum_{u,v} ddII_IJKL e_K(u) e_L(v)")         \
  X(FEATURES_CHI, "features.chi", "(b/2) eta^2 sum_{u,v} (ddI_IJKL + ddI_JIKL) e_K(u) e_L(v)") \
  X(COV_KERNEL, "cov.kernel", "N^t G1 N^tT")                                                   \
  X(COV_NTK_OUTPUT, "cov.ntk_output", "-eta E[x_M DTh_IJ e_J(s)], tensors D and F")            \
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

/* Static string. */
const char *pdlt_dynamics_part_name(pdlt_dynamics_part part);

#ifdef __cplusplus
}
#endif
#endif
