/* posterior_term.h - names of the terms of Bayesian inference at order 1/n.
 *
 * Is: one list from which enum, table and look-up come; a factor for every term.
 * Is not: the sums themselves (theory/posterior, docs/posterior.md). */
#ifndef PDLT_THEORY_TERMS_POSTERIOR_TERM_H
#define PDLT_THEORY_TERMS_POSTERIOR_TERM_H

#ifdef __cplusplus
extern "C" {
#endif

/* X(id, name, equation). kernel, vertex and learning are the parts of post_z_nlo; trace is the second part of
 * M = U - n_L P wherever M stands. */
#define PDLT_POSTERIOR_TERM_LIST(X)                                                     \
  X(KERNEL, "posterior.kernel", "G1 in J, and (1/2) G1_ab M_ab of log Z")               \
  X(VERTEX, "posterior.vertex",                                                         \
    "-V_(ma)(bc) P_ab u_c, -V_(ma)(bn) P_ab, -V_(ab)(cd) (U - n_L P/2)_ad P_bc/2")      \
  X(LEARNING, "posterior.learning", "(1/2) V_(mn)(cd) M_cd in J, (1/8) M V M of log Z") \
  X(WIRING, "posterior.wiring", "R R u_ia u_jb V_(ma)(nb) of the covariance")           \
  X(TRACE, "posterior.trace", "-n_L P in M = U - n_L P")                                \
  X(HIDDEN, "posterior.hidden", "(1/2) V M of hidden layers")                           \
  X(SQUARE, "posterior.square", "K M K of hidden layers")

typedef enum pdlt_posterior_term {
#define PDLT_POSTERIOR_TERM_ENUM(id, name, equation) PDLT_POSTERIOR_##id,
  PDLT_POSTERIOR_TERM_LIST(PDLT_POSTERIOR_TERM_ENUM)
#undef PDLT_POSTERIOR_TERM_ENUM
      PDLT_POSTERIOR_TERM_COUNT
} pdlt_posterior_term;

/* Static strings: "posterior.kernel"; its equation. */
const char *pdlt_posterior_term_name(pdlt_posterior_term term);
const char *pdlt_posterior_term_equation(pdlt_posterior_term term);

/* Factor of each term: 1 as derived, 0 left out, -1 sign flipped. */
typedef struct pdlt_posterior_factors {
  double factor[PDLT_POSTERIOR_TERM_COUNT];
} pdlt_posterior_factors;

/* All 1. */
pdlt_posterior_factors pdlt_posterior_factors_all(void);

#ifdef __cplusplus
}
#endif
#endif
