/* term.h - names of the terms of the order-1/n recursions, and a mask over them.
 *
 * Is: one list (id, name, tensor, equation) from which enum, table and look-up come;
 * a mask that scales single terms, to see what each of them does.
 * Is not: the recursions (theory/tensors/ntk.c, docs/tensors.md). */
#ifndef PDLT_THEORY_TERMS_TERM_H
#define PDLT_THEORY_TERMS_TERM_H

#include <stddef.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* X(id, name, equation). The tensor a term belongs to is the part before the dot; positions.* belong to all,
 * in layers with positions (docs/convolution.md), and change nothing in others.
 * Notation: docs/tensors.md; a prime means layer l+1, r = n_l/n_{l-1}. */
#define PDLT_TERM_LIST(X)                                                      \
  X(V_FRESH, "V.fresh", "C^2 (<s1 s2 s3 s4> - <s1 s2><s3 s4>)")                \
  X(V_INHERITED, "V.inherited", "C^2 (r/4) V_abcd <da db s1 s2><dc dd s3 s4>") \
  X(G1_INHERITED_G1, "G1.inherited_G1", "C (r/2) G1_ab <da db s1 s2>")         \
  X(G1_INHERITED_V, "G1.inherited_V", "C (r/8) V_abcd <da db dc dd s1 s2>")    \
  X(THETA1_LAMBDA_E, "Theta1.lambda_e", "lambda r e12[s1 s2]")                 \
  X(THETA1_C_E, "Theta1.C_e", "C r Th12 e12[s1' s2']")                         \
  X(THETA1_INHERITED, "Theta1.inherited", "C r <s1' s2'> Th1_12")              \
  X(THETA1_D, "Theta1.D", "(C/2) r <da db s1' s2'> D_ab12")                    \
  X(THETA1_F, "Theta1.F", "(C/2) r <da db s1' s2'> (F_a1b2 + F_a2b1)")         \
  X(D_FRESH, "D.fresh", "C (<s1 s2 O34> - <s1 s2><O34>)")                      \
  X(D_V, "D.V", "C (r/4) V_abcd <da db s1 s2><dc dd O34>")                     \
  X(D_D, "D.D", "(C^2/2) r <da db s1 s2><s3' s4'> D_ab34")                     \
  X(F_FRESH, "F.fresh", "C^2 <s1 s2 s3' s4'> Th34")                            \
  X(F_F, "F.F", "C^2 r <da s1 s3'><db s2 s4'> F_a3b4")                         \
  X(A_FRESH, "A.fresh", "<O12 O34> - <O12><O34>")                              \
  X(A_V, "A.V", "(r/4) V_abcd <da db O12><dc dd O34>")                         \
  X(A_D34, "A.D34", "(C/2) r <da db O12><s3' s4'> D_ab34")                     \
  X(A_D12, "A.D12", "(C/2) r <da db O34><s1' s2'> D_ab12")                     \
  X(A_A, "A.A", "C^2 r <s1' s2'><s3' s4'> A_1234")                             \
  X(B_FRESH, "B.fresh", "C^2 <s1' s2' s3' s4'> Th12 Th34")                     \
  X(B_B, "B.B", "C^2 r <s1' s3'><s2' s4'> B_1324")                             \
  X(P_FRESH, "P.fresh", "C^2 <s0'' s1' s2' s3> Th01 Th02")                     \
  X(P_B, "P.B", "C^2 r <s0'' s3><s1' s2'> B_0012")                             \
  X(P_P, "P.P", "C^2 r <s1' s2'><da s0' s3> P_012a")                           \
  X(Q_FRESH_LAMBDA, "Q.fresh_lambda", "lambda C <s0' s1 s2' s3> Th02")         \
  X(Q_F_LAMBDA, "Q.F_lambda", "lambda C r <da s0' s1><db s2' s3> F_a0b2")      \
  X(Q_FRESH_C, "Q.fresh_C", "C^2 <s0'' s1' s2' s3> Th01 Th02")                 \
  X(Q_F_C, "Q.F_C", "C^2 r Th01 <da s0'' s1'><db s2' s3> F_a0b2")              \
  X(Q_Q, "Q.Q", "C^2 r <s0' s1'><da s2' s3> Q_012a")                           \
  X(R_FRESH_LAMBDA, "R.fresh_lambda", "lambda C <s0'' s1 s2' s3'> Th02 Th03")  \
  X(R_B_LAMBDA, "R.B_lambda", "lambda C r <s0'' s1><s2' s3'> B_0023")          \
  X(R_P_LAMBDA, "R.P_lambda", "lambda C r <s2' s3'><da s0' s1> P_023a")        \
  X(R_FRESH_C, "R.fresh_C", "C^2 <s0''' s1' s2' s3'> Th01 Th02 Th03")          \
  X(R_B_C, "R.B_C", "C^2 r Th01 <s0''' s1'><s2' s3'> B_0023")                  \
  X(R_P_C, "R.P_C", "C^2 r Th01 <s2' s3'><da s0'' s1'> P_023a")                \
  X(R_R, "R.R", "C^2 r <s0' s1'><s2' s3'> R_0123")                             \
  X(S_FRESH_LAMBDA, "S.fresh_lambda", "lambda C <s1' s2' s3' s4'> Th13 Th24")  \
  X(S_B_LAMBDA, "S.B_lambda", "lambda C r <s1' s2'><s3' s4'> B_1234")          \
  X(S_FRESH_C, "S.fresh_C", "C^2 <s1'' s2'' s3' s4'> Th12 Th13 Th24")          \
  X(S_B_C, "S.B_C", "C^2 r Th12 <s1'' s2''><s3' s4'> B_1234")                  \
  X(S_S, "S.S", "C^2 r <s1' s2'><s3' s4'> S_1234")                             \
  X(T_FRESH_LAMBDA2, "T.fresh_lambda2", "lambda^2 <s1' s3 s2' s4> Th12")       \
  X(T_F_LAMBDA2, "T.F_lambda2", "lambda^2 r <da s1' s3><db s2' s4> F_a1b2")    \
  X(T_FRESH_24, "T.fresh_24", "lambda C <s1' s3 s2'' s4'> Th24 Th12")          \
  X(T_F_24, "T.F_24", "lambda C r Th24 <da s1' s3><db s2'' s4'> F_a1b2")       \
  X(T_Q_24, "T.Q_24", "lambda C r <s2' s4'><da s1' s3> Q_241a")                \
  X(T_FRESH_13, "T.fresh_13", "lambda C <s1'' s3' s2' s4> Th13 Th12")          \
  X(T_F_13, "T.F_13", "lambda C r Th13 <da s1'' s3'><db s2' s4> F_a1b2")       \
  X(T_Q_13, "T.Q_13", "lambda C r <s1' s3'><db s2' s4> Q_132b")                \
  X(T_FRESH_C, "T.fresh_C", "C^2 <s1'' s2'' s3' s4'> Th12 Th13 Th24")          \
  X(T_F_C, "T.F_C", "C^2 r Th13 Th24 <da s1'' s3'><db s2'' s4'> F_a1b2")       \
  X(T_Q_C241, "T.Q_C241", "C^2 r Th13 <s2' s4'><da s1'' s3'> Q_241a")          \
  X(T_Q_C132, "T.Q_C132", "C^2 r Th24 <s1' s3'><db s2'' s4'> Q_132b")          \
  X(T_T, "T.T", "C^2 r <s1' s3'><s2' s4'> T_1324")                             \
  X(U_FRESH, "U.fresh", "C^2 <s1'' s2'' s3' s4'> Th12 Th13 Th24")              \
  X(U_U, "U.U", "C^2 r <s1' s4'><s2' s3'> U_1423")                             \
  X(POSITIONS_TAPS, "positions.taps", "Mm (x) Mm: each pair has its own tap")  \
  X(POSITIONS_OFFSETS, "positions.offsets", "tensors of two positions a pair") \
  X(SKIP_MIXED, "skip.mixed", "one pair carried by weights, one by the skip")

typedef enum pdlt_term {
#define PDLT_TERM_ENUM(id, name, equation) PDLT_TERM_##id,
  PDLT_TERM_LIST(PDLT_TERM_ENUM)
#undef PDLT_TERM_ENUM
      PDLT_TERM_COUNT
} pdlt_term;

/* Factor of each term: 1 as derived, 0 left out, -1 sign flipped. A NULL mask means
 * 1 everywhere. */
typedef struct pdlt_term_mask {
  double factor[PDLT_TERM_COUNT];
} pdlt_term_mask;

/* Static strings, never NULL. */
const char *pdlt_term_name(pdlt_term term);
const char *pdlt_term_equation(pdlt_term term);

/* 1 when name is the term's own ("V.fresh") or that of its tensor or group, the part before
 * the dot ("V"). */
int pdlt_term_is_named(const char *term, const char *name);

/* All factors 1. */
pdlt_term_mask pdlt_term_mask_all(void);

/* Multiplies the factor of the term called name, or of every term of the tensor
 * called name ("V"). Errors: PDLT_ERR_INPUT, listing the names; *mask untouched. */
pdlt_status pdlt_term_mask_scale(pdlt_term_mask *mask, const char *name, double factor,
                                 pdlt_error *err);

/* Factor of a term; 1 for a NULL mask. */
static inline double pdlt_term_factor(const pdlt_term_mask *mask, pdlt_term term) {
  return mask == NULL ? 1.0 : mask->factor[term];
}

#ifdef __cplusplus
}
#endif
#endif
