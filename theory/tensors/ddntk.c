/* ddntk.c - recursions of R (ddNTK I) and S, T, U (ddNTK II); see step.h.
 * Equations: docs/tensors.md (PDLT chapter infinity). Smooth activations only. */
#include "theory/tensors/step.h"

static double factor(const pdlt_tensor_step *step, pdlt_term term) {
  return pdlt_term_factor(step->mask, term);
}

static double quad(const pdlt_tensor_step *step, size_t a, int o_a, size_t b, int o_b, size_t c,
                   int o_c, size_t d, int o_d) {
  return pdlt_bracket_quad(step->quads, a, o_a, b, o_b, c, o_c, d, o_d);
}

/* sum_a T_a <da(s_p^(j) s_q^(k))>, a over the two slots. */
static double slide(const pdlt_tensor_step *step, size_t p, int j, size_t q, int k, double at_p,
                    double at_q) {
  return pdlt_pair_value(step, j + 1, k, p, q) * at_p +
         pdlt_pair_value(step, j, k + 1, p, q) * at_q;
}

/* R'_0123 = lambda C {<s0'' s1 s2' s3'> Th02 Th03
 *            + r [<s0'' s1><s2' s3'> B_0023 + <s2' s3'><da(s0' s1)> P_023a]}
 *   + C^2 {<s0''' s1' s2' s3'> Th01 Th02 Th03 + r [Th01 <s0''' s1'><s2' s3'> B_0023
 *            + Th01 <s2' s3'><da(s0'' s1')> P_023a + <s0' s1'><s2' s3'> R_0123]} */
static double step_r(const pdlt_tensor_step *step, size_t i0, size_t i1, size_t i2, size_t i3) {
  size_t D = step->D;
  double th01 = step->theta[i0 * D + i1],
         th0203 = step->theta[i0 * D + i2] * step->theta[i0 * D + i3];
  double slopes = pdlt_pair_value(step, 1, 1, i2, i3);
  double b = step->from[PDLT_TENSOR_B][pdlt_at4(step, i0, i0, i2, i3)];
  double p0 = step->from[PDLT_TENSOR_P][pdlt_at_p(step, i0, i2, i3, i0)];
  double p1 = step->from[PDLT_TENSOR_P][pdlt_at_p(step, i0, i2, i3, i1)];
  double r = step->from[PDLT_TENSOR_R][pdlt_at4(step, i0, i1, i2, i3)];
  double lambda_part =
      factor(step, PDLT_TERM_R_FRESH_LAMBDA) * quad(step, i0, 2, i1, 0, i2, 1, i3, 1) * th0203 +
      step->r * slopes *
          (factor(step, PDLT_TERM_R_B_LAMBDA) * pdlt_pair_value(step, 2, 0, i0, i1) * b +
           factor(step, PDLT_TERM_R_P_LAMBDA) * slide(step, i0, 1, i1, 0, p0, p1));
  double c_part =
      factor(step, PDLT_TERM_R_FRESH_C) * quad(step, i0, 3, i1, 1, i2, 1, i3, 1) * th01 * th0203 +
      step->r * slopes *
          (factor(step, PDLT_TERM_R_B_C) * th01 * pdlt_pair_value(step, 3, 1, i0, i1) * b +
           factor(step, PDLT_TERM_R_P_C) * th01 * slide(step, i0, 2, i1, 1, p0, p1) +
           factor(step, PDLT_TERM_R_R) * pdlt_pair_value(step, 1, 1, i0, i1) * r);
  return step->C * (step->lambda * lambda_part + step->C * c_part);
}

/* S'_1234 = lambda C {<s1' s2' s3' s4'> Th13 Th24 + r <s1' s2'><s3' s4'> B_1234}
 *   + C^2 {<s1'' s2'' s3' s4'> Th12 Th13 Th24 + r [Th12 <s1'' s2''><s3' s4'> B_1234
 *          + <s1' s2'><s3' s4'> S_1234]} */
static double step_s(const pdlt_tensor_step *step, size_t i1, size_t i2, size_t i3, size_t i4) {
  size_t D = step->D, at = pdlt_at4(step, i1, i2, i3, i4);
  double th12 = step->theta[i1 * D + i2];
  double th1324 = step->theta[i1 * D + i3] * step->theta[i2 * D + i4];
  double d12 = pdlt_pair_value(step, 1, 1, i1, i2), d34 = pdlt_pair_value(step, 1, 1, i3, i4);
  double b = step->from[PDLT_TENSOR_B][at], s = step->from[PDLT_TENSOR_S][at];
  double lambda_part =
      factor(step, PDLT_TERM_S_FRESH_LAMBDA) * quad(step, i1, 1, i2, 1, i3, 1, i4, 1) * th1324 +
      factor(step, PDLT_TERM_S_B_LAMBDA) * step->r * d12 * d34 * b;
  double c_part =
      factor(step, PDLT_TERM_S_FRESH_C) * quad(step, i1, 2, i2, 2, i3, 1, i4, 1) * th12 * th1324 +
      step->r * d34 *
          (factor(step, PDLT_TERM_S_B_C) * th12 * pdlt_pair_value(step, 2, 2, i1, i2) * b +
           factor(step, PDLT_TERM_S_S) * d12 * s);
  return step->C * (step->lambda * lambda_part + step->C * c_part);
}

/* One of the two mirrored lambda C brackets of T', for (p, q | u, v) = (1, 3 | 2, 4):
 *   <s1' s3 s2'' s4'> Th24 Th12 + r Th24 <da(s1' s3)><db(s2'' s4')> F_a1b2
 *   + r <s2' s4'><da(s1' s3)> Q_241a, and for (2, 4 | 1, 3) the mirror image (F_a1b2 is
 * F_b2a1 read backwards: F is symmetric under 1234 -> 3412). */
static double t_side(const pdlt_tensor_step *step, size_t p, size_t q, size_t u, size_t v,
                     pdlt_term fresh, pdlt_term from_f, pdlt_term from_q) {
  size_t D = step->D;
  const double *Q = step->from[PDLT_TENSOR_Q];
  double th_uv = step->theta[u * D + v], th_pu = step->theta[p * D + u];
  return factor(step, fresh) * quad(step, p, 1, q, 0, u, 2, v, 1) * th_uv * th_pu +
         step->r *
             (factor(step, from_f) * th_uv * pdlt_contract_f(step, p, 1, q, 0, u, 2, v, 1, p, u) +
              factor(step, from_q) * pdlt_pair_value(step, 1, 1, u, v) *
                  slide(step, p, 1, q, 0, Q[pdlt_at4(step, u, v, p, p)],
                        Q[pdlt_at4(step, u, v, p, q)]));
}

/* T'_1324, stored at [1][3][2][4]:
 *   lambda^2 {<s1' s3 s2' s4> Th12 + r <da(s1' s3)><db(s2' s4)> F_a1b2}
 *   + lambda C {side (1 3 | 2 4)} + lambda C {side (2 4 | 1 3)}
 *   + C^2 {<s1'' s2'' s3' s4'> Th12 Th13 Th24 + r [Th13 Th24 <da(s1'' s3')><db(s2'' s4')> F_a1b2
 *      + Th13 <s2' s4'><da(s1'' s3')> Q_241a + Th24 <s1' s3'><db(s2'' s4')> Q_132b
 *      + <s1' s3'><s2' s4'> T_1324]} */
static double step_t(const pdlt_tensor_step *step, size_t i1, size_t i3, size_t i2, size_t i4) {
  size_t D = step->D;
  const double *Q = step->from[PDLT_TENSOR_Q];
  double lambda = step->lambda, C = step->C, th12 = step->theta[i1 * D + i2];
  double th13 = step->theta[i1 * D + i3], th24 = step->theta[i2 * D + i4];
  double d13 = pdlt_pair_value(step, 1, 1, i1, i3), d24 = pdlt_pair_value(step, 1, 1, i2, i4);
  double both_lambda =
      factor(step, PDLT_TERM_T_FRESH_LAMBDA2) * quad(step, i1, 1, i3, 0, i2, 1, i4, 0) * th12 +
      factor(step, PDLT_TERM_T_F_LAMBDA2) * step->r *
          pdlt_contract_f(step, i1, 1, i3, 0, i2, 1, i4, 0, i1, i2);
  double one_lambda =
      t_side(step, i1, i3, i2, i4, PDLT_TERM_T_FRESH_24, PDLT_TERM_T_F_24, PDLT_TERM_T_Q_24) +
      t_side(step, i2, i4, i1, i3, PDLT_TERM_T_FRESH_13, PDLT_TERM_T_F_13, PDLT_TERM_T_Q_13);
  double q241 = slide(step, i1, 2, i3, 1, Q[pdlt_at4(step, i2, i4, i1, i1)],
                      Q[pdlt_at4(step, i2, i4, i1, i3)]);
  double q132 = slide(step, i2, 2, i4, 1, Q[pdlt_at4(step, i1, i3, i2, i2)],
                      Q[pdlt_at4(step, i1, i3, i2, i4)]);
  double no_lambda = factor(step, PDLT_TERM_T_FRESH_C) * quad(step, i1, 2, i2, 2, i3, 1, i4, 1) *
                         th12 * th13 * th24 +
                     step->r * (factor(step, PDLT_TERM_T_F_C) * th13 * th24 *
                                    pdlt_contract_f(step, i1, 2, i3, 1, i2, 2, i4, 1, i1, i2) +
                                factor(step, PDLT_TERM_T_Q_C241) * th13 * d24 * q241 +
                                factor(step, PDLT_TERM_T_Q_C132) * th24 * d13 * q132 +
                                factor(step, PDLT_TERM_T_T) * d13 * d24 *
                                    step->from[PDLT_TENSOR_T][pdlt_at4(step, i1, i3, i2, i4)]);
  return lambda * lambda * both_lambda + lambda * C * one_lambda + C * C * no_lambda;
}

/* U'_1423 = C^2 {<s1'' s2'' s3' s4'> Th12 Th13 Th24 + r <s1' s4'><s2' s3'> U_1423},
 * stored at [1][4][2][3]. */
static double step_u(const pdlt_tensor_step *step, size_t i1, size_t i4, size_t i2, size_t i3) {
  size_t D = step->D;
  double fresh = quad(step, i1, 2, i2, 2, i3, 1, i4, 1) * step->theta[i1 * D + i2] *
                 step->theta[i1 * D + i3] * step->theta[i2 * D + i4];
  double from_u = pdlt_pair_value(step, 1, 1, i1, i4) * pdlt_pair_value(step, 1, 1, i2, i3) *
                  step->from[PDLT_TENSOR_U][pdlt_at4(step, i1, i4, i2, i3)];
  return step->C * step->C *
         (factor(step, PDLT_TERM_U_FRESH) * fresh + factor(step, PDLT_TERM_U_U) * step->r * from_u);
}

void pdlt_tensor_step_ddntk(const pdlt_tensor_step *step) {
  const pdlt_slot_pairs *slots = step->slots;
  size_t N = slots->count;
#pragma omp parallel for schedule(static) num_threads(step->threads)
  for (size_t pair = 0; pair < N; pair++) {
    const size_t a = pdlt_pair_first(slots, pair), b = pdlt_pair_second(slots, pair);
    for (size_t rest = 0; rest < N; rest++) {
      const size_t c = pdlt_pair_first(slots, rest), d = pdlt_pair_second(slots, rest);
      const size_t at = pair * N + rest;
      step->to[PDLT_TENSOR_R][at] = step_r(step, a, b, c, d);
      step->to[PDLT_TENSOR_S][at] = step_s(step, a, b, c, d);
      step->to[PDLT_TENSOR_T][at] = step_t(step, a, b, c, d);
      step->to[PDLT_TENSOR_U][at] = step_u(step, a, b, c, d);
    }
  }
}

/* T_abcd = T_cdab, U alike. */
static void update_ordered(const pdlt_tensor_step *step, size_t a, size_t b, size_t c, size_t d) {
  const size_t at = pdlt_at4(step, a, b, c, d), mirrored = pdlt_at4(step, c, d, a, b);
  step->to[PDLT_TENSOR_T][at] = step->to[PDLT_TENSOR_T][mirrored] = step_t(step, a, b, c, d);
  step->to[PDLT_TENSOR_U][at] = step->to[PDLT_TENSOR_U][mirrored] = step_u(step, a, b, c, d);
}

/* R_abcd = R_abdc, S_abcd = S_badc. */
static void update_first(const pdlt_tensor_step *step, size_t a, size_t b, size_t c, size_t d) {
  const size_t at = pdlt_at4(step, a, b, c, d);
  if (c <= d)
    step->to[PDLT_TENSOR_R][at] = step->to[PDLT_TENSOR_R][pdlt_at4(step, a, b, d, c)] =
        step_r(step, a, b, c, d);
  const size_t turned = pdlt_at4(step, b, a, d, c);
  if (at <= turned)
    step->to[PDLT_TENSOR_S][at] = step->to[PDLT_TENSOR_S][turned] = step_s(step, a, b, c, d);
}

void pdlt_tensor_step_ddntk_in_place(const pdlt_tensor_step *step) {
  const size_t D = step->D;
#pragma omp parallel for schedule(dynamic, 1) num_threads(step->threads)
  for (size_t pair = 0; pair < D * D; pair++)
    for (size_t rest = 0; rest < D * D; rest++) {
      update_first(step, pair / D, pair % D, rest / D, rest % D);
      if (rest >= pair) update_ordered(step, pair / D, pair % D, rest / D, rest % D);
    }
}
