/* dntk.c - recursions of P and Q, the mean dNTK with one preactivation; see
 * step.h. Equations: docs/tensors.md (PDLT chapter 11). Smooth activations only.
 * i[0] .. i[3] are the samples of slots 0 .. 3. */
#include "theory/tensors/step.h"

static double factor(const pdlt_tensor_step *step, pdlt_term term) {
  return pdlt_term_factor(step->mask, term);
}

static double quad(const pdlt_tensor_step *step, const size_t i[4], int o0, int o1, int o2,
                   int o3) {
  return pdlt_bracket_quad(step->quads, i[0], o0, i[1], o1, i[2], o2, i[3], o3);
}

/* P'_0123 = C^2 {<s0'' s1' s2' s3> Th01 Th02 + r [<s0'' s3><s1' s2'> B_0012
 *         + <s1' s2'> <da(s0' s3)> P_012a]} */
static double step_p(const pdlt_tensor_step *step, const size_t i[4]) {
  size_t D = step->D, i0 = i[0], i1 = i[1], i2 = i[2], i3 = i[3];
  double slopes = pdlt_pair_value(step, 1, 1, i1, i2);
  double fresh = quad(step, i, 2, 1, 1, 0) * step->theta[i0 * D + i1] * step->theta[i0 * D + i2];
  double from_b = pdlt_pair_value(step, 2, 0, i0, i3) * slopes *
                  step->from[PDLT_TENSOR_B][pdlt_at4(step, i0, i0, i1, i2)];
  double from_p =
      slopes * (pdlt_pair_value(step, 2, 0, i0, i3) * pdlt_read_p(step, i0, i1, i2, i0) +
                pdlt_pair_value(step, 1, 1, i0, i3) * pdlt_read_p(step, i0, i1, i2, i3));
  return step->C * step->C *
         (factor(step, PDLT_TERM_P_FRESH) * fresh +
          step->r * (factor(step, PDLT_TERM_P_B) * from_b + factor(step, PDLT_TERM_P_P) * from_p));
}

/* Q'_0123 = lambda C {<s0' s1 s2' s3> Th02 + r <da(s0' s1)><db(s2' s3)> F_a0b2}
 *   + C^2 {<s0'' s1' s2' s3> Th01 Th02 + r [Th01 <da(s0'' s1')><db(s2' s3)> F_a0b2
 *          + <s0' s1'><da(s2' s3)> Q_012a]} */
static double step_q(const pdlt_tensor_step *step, const size_t i[4]) {
  size_t D = step->D, i0 = i[0], i1 = i[1], i2 = i[2], i3 = i[3];
  double th01 = step->theta[i0 * D + i1], th02 = step->theta[i0 * D + i2];
  double d2 = pdlt_pair_value(step, 2, 0, i2, i3), d3 = pdlt_pair_value(step, 1, 1, i2, i3);
  double f_lambda = pdlt_contract_f(step, i0, 1, i1, 0, i2, 1, i3, 0, i0, i2);
  double f_c = th01 * pdlt_contract_f(step, i0, 2, i1, 1, i2, 1, i3, 0, i0, i2);
  double from_q = pdlt_pair_value(step, 1, 1, i0, i1) *
                  (d2 * pdlt_read_q(step, i0, i1, i2, i2) + d3 * pdlt_read_q(step, i0, i1, i2, i3));
  double lambda_part = factor(step, PDLT_TERM_Q_FRESH_LAMBDA) * quad(step, i, 1, 0, 1, 0) * th02 +
                       factor(step, PDLT_TERM_Q_F_LAMBDA) * step->r * f_lambda;
  double c_part =
      factor(step, PDLT_TERM_Q_FRESH_C) * quad(step, i, 2, 1, 1, 0) * th01 * th02 +
      step->r * (factor(step, PDLT_TERM_Q_F_C) * f_c + factor(step, PDLT_TERM_Q_Q) * from_q);
  return step->C * (step->lambda * lambda_part + step->C * c_part);
}

void pdlt_tensor_step_dntk(const pdlt_tensor_step *step) {
  const pdlt_slot_pairs *slots = step->slots;
  size_t N = slots->count;
#pragma omp parallel for schedule(static) num_threads(step->threads)
  for (size_t pair = 0; pair < N; pair++) {
    for (size_t rest = 0; rest < N; rest++) {
      const size_t i[4] = {pdlt_pair_first(slots, pair), pdlt_pair_second(slots, pair),
                           pdlt_pair_first(slots, rest), pdlt_pair_second(slots, rest)};
      const size_t paired[4] = {i[0], i[2], i[3], i[1]};
      size_t at = pair * N + rest;
      step->to[PDLT_TENSOR_P][at] = step_p(step, step->paired ? paired : i);
      step->to[PDLT_TENSOR_Q][at] = step_q(step, i);
    }
  }
}

/* P_0123 = P_0213; nothing exchanges slots of Q. */
void pdlt_tensor_step_dntk_in_place(const pdlt_tensor_step *step) {
  const size_t D = step->D;
#pragma omp parallel for schedule(static) num_threads(step->threads)
  for (size_t pair = 0; pair < D * D; pair++)
    for (size_t rest = 0; rest < D * D; rest++) {
      const size_t i[4] = {pair / D, pair % D, rest / D, rest % D};
      step->to[PDLT_TENSOR_Q][pdlt_at4(step, i[0], i[1], i[2], i[3])] = step_q(step, i);
    }
#pragma omp parallel for schedule(dynamic, 1) num_threads(step->threads)
  for (size_t pair = 0; pair < D * D; pair++)
    for (size_t i2 = pair % D; i2 < D; i2++)
      for (size_t i3 = 0; i3 < D; i3++) {
        const size_t i[4] = {pair / D, pair % D, i2, i3};
        step->to[PDLT_TENSOR_P][pdlt_at4(step, i[0], i[1], i2, i3)] =
            step->to[PDLT_TENSOR_P][pdlt_at4(step, i[0], i2, i[1], i3)] = step_p(step, i);
      }
}
