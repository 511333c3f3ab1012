/* ntk.c - recursions of V, G1, Theta1, D, F, A, B; see step.h.
 *
 * One function per tensor and entry; equations with all symbols: docs/tensors.md (PDLT
 * chapters 4 and 8). i1 .. i4 are the samples in slots 1 .. 4; a repeated a, b, c, d of
 * the equations runs over the slots of its bracket, and tensors are read at the slots'
 * samples. The factor f of each term comes from the mask. */
#include <string.h>

#include "base/core/memory.h"
#include "theory/tensors/step.h"

static pdlt_jet jet_of(const pdlt_bracket_pairs *pairs, int order, size_t a, size_t b) {
  return (pdlt_jet){.value = pdlt_bracket_jet(pairs, order, order, 0, 0, a, b),
                    .d20 = pdlt_bracket_jet(pairs, order, order, 2, 0, a, b),
                    .d11 = pdlt_bracket_jet(pairs, order, order, 1, 1, a, b),
                    .d02 = pdlt_bracket_jet(pairs, order, order, 0, 2, a, b)};
}

pdlt_status pdlt_tensor_step_prepare(pdlt_tensor_step *step, pdlt_error *err) {
  pdlt_status status;
  size_t D = step->D;
  PDLT_TRY(pdlt_alloc(&step->ss, 3 * D * D, sizeof(pdlt_jet), err));
  step->dd = step->ss + D * D;
  step->oo = step->dd + D * D;
  for (size_t a = 0; a < D; a++) {
    for (size_t b = 0; b < D; b++) {
      size_t at = a * D + b;
      double lambda = step->lambda, c_theta = step->C * step->theta[at];
      pdlt_jet ss = jet_of(step->pairs, 0, a, b), dd = jet_of(step->pairs, 1, a, b);
      step->ss[at] = ss;
      step->dd[at] = dd;
      step->oo[at] = (pdlt_jet){.value = lambda * ss.value + c_theta * dd.value,
                                .d20 = lambda * ss.d20 + c_theta * dd.d20,
                                .d11 = lambda * ss.d11 + c_theta * dd.d11,
                                .d02 = lambda * ss.d02 + c_theta * dd.d02};
    }
  }
cleanup:
  return status;
}

void pdlt_tensor_step_release(pdlt_tensor_step *step) {
  pdlt_free(step->ss);
  step->ss = step->dd = step->oo = NULL;
}

static double factor(const pdlt_tensor_step *step, pdlt_term term) {
  return pdlt_term_factor(step->mask, term);
}

/* sum_ab T_ab <da db f> of two slots. */
static inline double contract2(const pdlt_jet *f, double t11, double t12, double t21, double t22) {
  return f->d20 * t11 + f->d02 * t22 + f->d11 * (t12 + t21);
}

/* sum_cd V_(ab)(cd) <dc dd g34>. */
static inline double contract_half(const pdlt_tensor_step *step, size_t a, size_t b, size_t i3,
                                   size_t i4, const pdlt_jet *g) {
  return contract2(g, pdlt_read_v(step, a, b, i3, i3), pdlt_read_v(step, a, b, i3, i4),
                   pdlt_read_v(step, a, b, i4, i3), pdlt_read_v(step, a, b, i4, i4));
}

/* sum_abcd V_(ab)(cd) <da db f12> <dc dd g34>. */
static double contract_vertex(const pdlt_tensor_step *step, const size_t i[4], const pdlt_jet *f,
                              const pdlt_jet *g) {
  const size_t a = i[0], b = i[1];
  double aa = contract_half(step, a, a, i[2], i[3], g);
  double ab = contract_half(step, a, b, i[2], i[3], g);
  double ba = contract_half(step, b, a, i[2], i[3], g);
  double bb = contract_half(step, b, b, i[2], i[3], g);
  return f->d20 * aa + f->d11 * (ab + ba) + f->d02 * bb;
}

/* sum_ab D_ab34 <da db f12>. */
static double contract_d(const pdlt_tensor_step *step, const size_t i[4], const pdlt_jet *f) {
  return contract2(
      f, pdlt_read_d(step, i[0], i[0], i[2], i[3]), pdlt_read_d(step, i[0], i[1], i[2], i[3]),
      pdlt_read_d(step, i[1], i[0], i[2], i[3]), pdlt_read_d(step, i[1], i[1], i[2], i[3]));
}

/* sum_ab F_axby <da db f12>. */
static double contract_swapped(const pdlt_tensor_step *step, size_t x, size_t y, size_t i1,
                               size_t i2, const pdlt_jet *f) {
  return contract2(f, pdlt_read_f(step, i1, x, i1, y), pdlt_read_f(step, i1, x, i2, y),
                   pdlt_read_f(step, i2, x, i1, y), pdlt_read_f(step, i2, x, i2, y));
}

static double quad(const pdlt_tensor_step *step, const size_t i[4], int o1, int o2, int o3,
                   int o4) {
  return pdlt_bracket_quad(step->quads, i[0], o1, i[1], o2, i[2], o3, i[3], o4);
}

/* V'_(12)(34) = C^2 {<s1 s2 s3 s4> - <s1 s2><s3 s4> + (r/4) V <dd s1 s2><dd s3 s4>} */
static double step_v(const pdlt_tensor_step *step, const size_t i[4]) {
  const pdlt_jet *f = &step->ss[i[0] * step->D + i[1]], *g = &step->ss[i[2] * step->D + i[3]];
  double fresh = quad(step, i, 0, 0, 0, 0) - f->value * g->value;
  double inherited = 0.25 * step->r * contract_vertex(step, i, f, g);
  return step->C * step->C *
         (factor(step, PDLT_TERM_V_FRESH) * fresh +
          factor(step, PDLT_TERM_V_INHERITED) * inherited);
}

/* D'_1234 = C {<s1 s2 O34> - <s1 s2><O34> + r [(1/4) V <dd s1 s2><dd O34>
 *           + (C/2) <da db s1 s2> <s3' s4'> D_ab34]} */
static double step_d(const pdlt_tensor_step *step, const size_t i[4]) {
  size_t p = i[0] * step->D + i[1], q = i[2] * step->D + i[3];
  double c_theta = step->C * step->theta[q];
  double fresh = step->lambda * quad(step, i, 0, 0, 0, 0) + c_theta * quad(step, i, 0, 0, 1, 1) -
                 step->ss[p].value * step->oo[q].value;
  double from_v = 0.25 * contract_vertex(step, i, &step->ss[p], &step->oo[q]);
  double from_d = 0.5 * step->C * step->dd[q].value * contract_d(step, i, &step->ss[p]);
  return step->C *
         (factor(step, PDLT_TERM_D_FRESH) * fresh +
          step->r * (factor(step, PDLT_TERM_D_V) * from_v + factor(step, PDLT_TERM_D_D) * from_d));
}

/* F'_1324 = C^2 {<s1 s2 s3' s4'> Th_34 + r <da(s1 s3')><db(s2 s4')> F_a3b4};
 * here i = (1, 3, 2, 4) as stored. */
static double step_f(const pdlt_tensor_step *step, const size_t i[4]) {
  size_t D = step->D, i1 = i[0], i3 = i[1], i2 = i[2], i4 = i[3];
  double fresh = quad(step, i, 0, 1, 0, 1) * step->theta[i3 * D + i4];
  double d1 = pdlt_bracket_jet(step->pairs, 0, 1, 1, 0, i1, i3);
  double d3 = pdlt_bracket_jet(step->pairs, 0, 1, 0, 1, i1, i3);
  double d2 = pdlt_bracket_jet(step->pairs, 0, 1, 1, 0, i2, i4);
  double d4 = pdlt_bracket_jet(step->pairs, 0, 1, 0, 1, i2, i4);
  double inherited =
      d1 * (d2 * pdlt_read_f(step, i1, i3, i2, i4) + d4 * pdlt_read_f(step, i1, i3, i4, i4)) +
      d3 * (d2 * pdlt_read_f(step, i3, i3, i2, i4) + d4 * pdlt_read_f(step, i3, i3, i4, i4));
  return step->C * step->C *
         (factor(step, PDLT_TERM_F_FRESH) * fresh +
          factor(step, PDLT_TERM_F_F) * step->r * inherited);
}

/* Where A_(12)(34) lies. */
static size_t at_a(const pdlt_tensor_step *step, const size_t i[4]) {
  if (step->old == NULL) return pdlt_at4(step, i[0], i[1], i[2], i[3]);
  return pdlt_unordered(pdlt_unordered(i[0], i[1]), pdlt_unordered(i[2], i[3]));
}

/* A'_(12)(34) = <O12 O34> - <O12><O34> + r {(1/4) V <dd O12><dd O34>
 *   + (C/2) <da db O12> <s3' s4'> D_ab34 + (C/2) <da db O34> <s1' s2'> D_ab12
 *   + C^2 <s1' s2'><s3' s4'> A_(12)(34)} */
static double step_a(const pdlt_tensor_step *step, const size_t i[4]) {
  size_t D = step->D, p = i[0] * D + i[1], q = i[2] * D + i[3];
  size_t back[4] = {i[2], i[3], i[0], i[1]};
  double lambda = step->lambda, left = step->C * step->theta[p], right = step->C * step->theta[q];
  double fresh = lambda * (lambda * quad(step, i, 0, 0, 0, 0) + right * quad(step, i, 0, 0, 1, 1) +
                           left * quad(step, i, 1, 1, 0, 0)) +
                 left * right * quad(step, i, 1, 1, 1, 1) - step->oo[p].value * step->oo[q].value;
  double from_v = 0.25 * contract_vertex(step, i, &step->oo[p], &step->oo[q]);
  double d34 = 0.5 * step->C * step->dd[q].value * contract_d(step, i, &step->oo[p]);
  double d12 = 0.5 * step->C * step->dd[p].value * contract_d(step, back, &step->oo[q]);
  double from_a = step->C * step->C * step->dd[p].value * step->dd[q].value *
                  step->from[PDLT_TENSOR_A][at_a(step, i)];
  return factor(step, PDLT_TERM_A_FRESH) * fresh +
         step->r * (factor(step, PDLT_TERM_A_V) * from_v + factor(step, PDLT_TERM_A_D34) * d34 +
                    factor(step, PDLT_TERM_A_D12) * d12 + factor(step, PDLT_TERM_A_A) * from_a);
}

/* B'_1324 = C^2 {<s1' s2' s3' s4'> Th_12 Th_34 + r <s1' s3'><s2' s4'> B_1324};
 * i = (1, 3, 2, 4) as stored. */
static double step_b(const pdlt_tensor_step *step, const size_t i[4]) {
  size_t D = step->D, i1 = i[0], i3 = i[1], i2 = i[2], i4 = i[3];
  double fresh = quad(step, i, 1, 1, 1, 1) * step->theta[i1 * D + i2] * step->theta[i3 * D + i4];
  double inherited = step->dd[i1 * D + i3].value * step->dd[i2 * D + i4].value *
                     step->from[PDLT_TENSOR_B][pdlt_at4(step, i1, i3, i2, i4)];
  return step->C * step->C *
         (factor(step, PDLT_TERM_B_FRESH) * fresh +
          factor(step, PDLT_TERM_B_B) * step->r * inherited);
}

/* sum_abcd V_(ab)(cd) <da db dc dd f>, f = s1^(order) s2^(order). */
static double contract_fourth(const pdlt_tensor_step *step, int order, size_t i1, size_t i2) {
  const size_t sample[2] = {i1, i2};
  double sum = 0.0, derivative[5];
  for (int q = 0; q <= 4; q++)
    derivative[q] = pdlt_bracket_jet(step->pairs, order, order, 4 - q, q, i1, i2);
  for (int slots = 0; slots < 16; slots++) {
    int a = slots & 1, b = (slots >> 1) & 1, c = (slots >> 2) & 1, d = slots >> 3;
    sum +=
        derivative[a + b + c + d] * pdlt_read_v(step, sample[a], sample[b], sample[c], sample[d]);
  }
  return sum;
}

/* The two parts of e12[s1^(order) s2^(order)] with the factors of their terms. */
static double correction(const pdlt_tensor_step *step, int order, size_t i1, size_t i2,
                         double factor_g1, double factor_v) {
  const pdlt_jet *f = (order == 0 ? step->ss : step->dd) + i1 * step->D + i2;
  const double *g1 = step->from[PDLT_TENSOR_G1];
  const pdlt_slot_pairs *at = step->slots;
  double from_g1 = contract2(f, g1[pdlt_pair_at(at, i1, i1)], g1[pdlt_pair_at(at, i1, i2)],
                             g1[pdlt_pair_at(at, i2, i1)], g1[pdlt_pair_at(at, i2, i2)]);
  return factor_g1 * 0.5 * from_g1 + factor_v * 0.125 * contract_fourth(step, order, i1, i2);
}

/* G1'_12 = C r e12[s1 s2] */
static double step_g1(const pdlt_tensor_step *step, size_t i1, size_t i2) {
  return step->C * step->r *
         correction(step, 0, i1, i2, factor(step, PDLT_TERM_G1_INHERITED_G1),
                    factor(step, PDLT_TERM_G1_INHERITED_V));
}

/* Theta1'_12 = r {lambda e12[s1 s2] + C Th12 e12[s1' s2'] + C <s1' s2'> Theta1_12
 *              + (C/2) <da db(s1' s2')> (D_ab12 + F_a1b2 + F_a2b1)} */
static double step_theta1(const pdlt_tensor_step *step, size_t i1, size_t i2) {
  size_t at = i1 * step->D + i2;
  const pdlt_jet *f = &step->dd[at];
  const size_t i[4] = {i1, i2, i1, i2};
  double swap =
      contract_swapped(step, i1, i2, i1, i2, f) + contract_swapped(step, i2, i1, i1, i2, f);
  double lambda_e = step->lambda * correction(step, 0, i1, i2, 1.0, 1.0);
  double c_e = step->C * step->theta[at] * correction(step, 1, i1, i2, 1.0, 1.0);
  double inherited =
      step->C * f->value * step->from[PDLT_TENSOR_THETA1][pdlt_pair_at(step->slots, i1, i2)];
  return step->r * (factor(step, PDLT_TERM_THETA1_LAMBDA_E) * lambda_e +
                    factor(step, PDLT_TERM_THETA1_C_E) * c_e +
                    factor(step, PDLT_TERM_THETA1_INHERITED) * inherited +
                    0.5 * step->C *
                        (factor(step, PDLT_TERM_THETA1_D) * contract_d(step, i, f) +
                         factor(step, PDLT_TERM_THETA1_F) * swap));
}

void pdlt_tensor_step_ntk(const pdlt_tensor_step *step) {
  const pdlt_slot_pairs *slots = step->slots;
  size_t N = slots->count;
#pragma omp parallel for schedule(static) num_threads(step->threads)
  for (size_t pair = 0; pair < N; pair++) {
    size_t i1 = pdlt_pair_first(slots, pair), i2 = pdlt_pair_second(slots, pair);
    step->to[PDLT_TENSOR_G1][pair] = step_g1(step, i1, i2);
    step->to[PDLT_TENSOR_THETA1][pair] = step_theta1(step, i1, i2);
    for (size_t other = 0; other < N; other++) {
      const size_t i[4] = {i1, i2, pdlt_pair_first(slots, other), pdlt_pair_second(slots, other)};
      size_t at = pair * N + other;
      step->to[PDLT_TENSOR_V][at] = step_v(step, i);
      step->to[PDLT_TENSOR_D][at] = step_d(step, i);
      step->to[PDLT_TENSOR_F][at] = step_f(step, i);
      step->to[PDLT_TENSOR_A][at] = step_a(step, i);
      step->to[PDLT_TENSOR_B][at] = step_b(step, i);
    }
  }
}

void pdlt_tensor_step_second(const pdlt_tensor_step *step) {
  const size_t D = step->D;
#pragma omp parallel for schedule(static) num_threads(step->threads)
  for (size_t pair = 0; pair < D * D; pair++) {
    step->to[PDLT_TENSOR_G1][pair] = step_g1(step, pair / D, pair % D);
    step->to[PDLT_TENSOR_THETA1][pair] = step_theta1(step, pair / D, pair % D);
  }
}

/* All of V, A and D between two unordered pairs. */
static void update_pairs(const pdlt_tensor_step *step, size_t a, size_t b, size_t c, size_t d) {
  const size_t i[4] = {a, b, c, d}, back[4] = {c, d, a, b}, U = pdlt_half(step->D);
  const size_t u = pdlt_unordered(a, b), v = pdlt_unordered(c, d), at = pdlt_unordered(u, v);
  const double vertex = step_v(step, i), ntk = step_a(step, i);
  const double mixed = step_d(step, i), mirrored = u == v ? mixed : step_d(step, back);
  step->to[PDLT_TENSOR_V][at] = vertex;
  step->to[PDLT_TENSOR_A][at] = ntk;
  step->to[PDLT_TENSOR_D][u * U + v] = mixed;
  step->to[PDLT_TENSOR_D][v * U + u] = mirrored;
}

/* F and B between the ordered pairs ab, cd: F_abcd = F_cdab, B_abcd = B_badc = B_cdab. */
static void update_ordered(const pdlt_tensor_step *step, size_t a, size_t b, size_t c, size_t d) {
  const size_t i[4] = {a, b, c, d};
  const size_t at = pdlt_at4(step, a, b, c, d), mirrored = pdlt_at4(step, c, d, a, b);
  step->to[PDLT_TENSOR_F][at] = step->to[PDLT_TENSOR_F][mirrored] = step_f(step, i);
  const size_t turned = pdlt_at4(step, b, a, d, c), both = pdlt_at4(step, d, c, b, a);
  if (at > turned || at > both) return;
  step->to[PDLT_TENSOR_B][at] = step->to[PDLT_TENSOR_B][mirrored] =
      step->to[PDLT_TENSOR_B][turned] = step->to[PDLT_TENSOR_B][both] = step_b(step, i);
}

void pdlt_tensor_step_ntk_in_place(const pdlt_tensor_step *step) {
  const size_t D = step->D;
#pragma omp parallel for schedule(dynamic, 1) num_threads(step->threads)
  for (size_t u = 0; u < pdlt_half(D); u++) {
    size_t a = 0;
    while (pdlt_half(a + 1) <= u) a++;
    const size_t b = u - pdlt_half(a);
    for (size_t c = 0; c <= a; c++)
      for (size_t d = 0; d <= (c == a ? b : c); d++) update_pairs(step, a, b, c, d);
  }
#pragma omp parallel for schedule(dynamic, 1) num_threads(step->threads)
  for (size_t first = 0; first < D * D; first++)
    for (size_t other = first; other < D * D; other++)
      update_ordered(step, first / D, first % D, other / D, other % D);
}
