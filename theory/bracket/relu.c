/* relu.c - closed-form brackets of the ReLU family; see bracket.h.
 *
 * s(z) = alpha z + beta |z|, s' = alpha + beta sgn z, s'' = 2 beta delta(z), with
 * alpha, beta = (a+ +- a-)/2. Derivation: docs/tensors.md, "ReLU family". */
#include <math.h>
#include <string.h>

#include "theory/bracket/bracket.h"

static const double pi = 3.14159265358979323846;

/* Two distinct samples. Higher orders from d<f>/dK_12 = <d1 d2 f> and
 * d<f>/dK_22 = <d2^2 f>/2. */
void pdlt_bracket_relu_pair(const pdlt_activation *activation, double K_aa, double K_ab,
                            double K_bb, double value[PDLT_BRACKET_ORDERS][PDLT_BRACKET_ORDERS]) {
  pdlt_activation_traits traits = pdlt_activation_get_traits(activation);
  double alpha = 0.5 * (traits.a_plus + traits.a_minus);
  double beta = 0.5 * (traits.a_plus - traits.a_minus);
  double unit = 2.0 * beta * beta / pi, product = K_aa * K_bb;
  memset(value, 0, sizeof(double) * PDLT_BRACKET_ORDERS * PDLT_BRACKET_ORDERS);
  value[1][1] = alpha * alpha;
  if (product <= 0.0) return; /* a sample that is zero: z = 0 there, s = 0 */
  double root = sqrt(fmax(product - K_ab * K_ab, 0.0)), cubed = root * root * root;
  double angle = asin(fmin(1.0, fmax(-1.0, K_ab / sqrt(product))));
  value[0][0] = alpha * alpha * K_ab + unit * (root + K_ab * angle);
  value[1][1] = alpha * alpha + unit * angle;
  value[0][2] = unit * root / K_bb;
  value[2][0] = unit * root / K_aa;
  value[2][2] = unit / root;
  value[1][3] = -unit * K_ab / (K_bb * root);
  value[3][1] = -unit * K_ab / (K_aa * root);
  value[0][4] = unit * (2.0 * K_ab * K_ab - product) / (root * K_bb * K_bb);
  value[4][0] = unit * (2.0 * K_ab * K_ab - product) / (root * K_aa * K_aa);
  value[3][3] = unit * K_ab / cubed;
  value[2][4] = -unit * K_aa / cubed;
  value[4][2] = -unit * K_bb / cubed;
  value[1][5] = unit * K_ab * (2.0 * root * root + product) / (K_bb * K_bb * cubed);
  value[5][1] = unit * K_ab * (2.0 * root * root + product) / (K_aa * K_aa * cubed);
}

/* Up to four distinct rays: covariance, power of z and parity of sgn z of each. */
typedef struct moment {
  int count;
  double K[4][4];
  int power[4], sign[4];
} moment;

/* Covariances given z_k = 0. */
static moment condition(const moment *m, int k) {
  moment out = *m;
  for (int i = 0; i < m->count; i++)
    for (int j = 0; j < m->count; j++)
      out.K[i][j] = m->K[i][j] - m->K[i][k] * m->K[k][j] / m->K[k][k];
  for (int i = 0; i < m->count; i++) out.K[i][k] = out.K[k][i] = 0.0;
  return out;
}

static double correlation_of(const moment *m, int i, int j) {
  double product = m->K[i][i] * m->K[j][j];
  if (product <= 0.0) return 0.0;
  return fmin(1.0, fmax(-1.0, m->K[i][j] / sqrt(product)));
}

/* Plackett: <sgn1 sgn2 sgn3 sgn4> at correlations t r_ij, derivative in t. */
static double orthant_slope(const moment *m, double t, double one_minus_t) {
  static const int rest[6][4] = {{0, 1, 2, 3}, {0, 2, 1, 3}, {0, 3, 1, 2},
                                 {1, 2, 0, 3}, {1, 3, 0, 2}, {2, 3, 0, 1}};
  double sum = 0.0;
  for (int e = 0; e < 6; e++) {
    int i = rest[e][0], j = rest[e][1], k = rest[e][2], l = rest[e][3];
    double r = m->K[i][j], det = (1.0 - t * fabs(r)) * (1.0 + t * fabs(r));
    if (fabs(r) > 0.5) det = ((1.0 - fabs(r)) + one_minus_t * fabs(r)) * (1.0 + t * fabs(r));
    if (r == 0.0 || det <= 0.0) continue;
    double ik = t * m->K[i][k], jk = t * m->K[j][k], il = t * m->K[i][l], jl = t * m->K[j][l];
    double kk = 1.0 - (ik * ik - 2.0 * t * r * ik * jk + jk * jk) / det;
    double ll = 1.0 - (il * il - 2.0 * t * r * il * jl + jl * jl) / det;
    double kl = t * m->K[k][l] - (ik * il + jk * jl - t * r * (ik * jl + jk * il)) / det;
    if (kk <= 0.0 || ll <= 0.0) continue;
    double cosine = fmin(1.0, fmax(-1.0, kl / sqrt(kk * ll)));
    sum += r * 4.0 / (pi * pi * sqrt(det)) * asin(cosine);
  }
  return sum;
}

/* <sgn sgn sgn sgn> of unit-variance rays: tanh-sinh rule on t in (0, 1), which does not
 * mind the root singularities at t = 1 of singular kernels. */
static double orthant(const moment *m) {
  const double step = 1.0 / 32.0;
  double sum = 0.0;
  for (int k = -112; k <= 112; k++) {
    double u = step * (double)k, v = 0.5 * pi * sinh(u);
    double t = 1.0 / (1.0 + exp(-2.0 * v)), one_minus_t = 1.0 / (1.0 + exp(2.0 * v));
    double weight = step * pi * cosh(u) * t * one_minus_t;
    if (weight > 0.0) sum += weight * orthant_slope(m, t, one_minus_t);
  }
  return sum;
}

static double sign_moment(const moment *m) {
  int index[4], n = 0;
  for (int i = 0; i < m->count; i++)
    if (m->sign[i]) index[n++] = i;
  if (n == 0) return 1.0;
  if (n % 2 == 1) return 0.0;
  if (n == 2) return 2.0 / pi * asin(correlation_of(m, index[0], index[1]));
  moment unit = *m;
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 4; j++) unit.K[i][j] = i == j ? 1.0 : correlation_of(m, i, j);
  return orthant(&unit);
}

/* E[prod z_i^power_i sgn(z_i)^sign_i]: Stein's lemma on one factor z_i takes powers
 * down, d sgn = 2 delta puts a ray to zero. */
static double evaluate(const moment *m, double floor) {
  int i = 0;
  while (i < m->count && m->power[i] == 0) i++;
  if (i == m->count) return sign_moment(m);
  double sum = 0.0;
  moment rest = *m;
  rest.power[i]--;
  for (int k = 0; k < m->count; k++) {
    double covariance = m->K[i][k];
    if (rest.power[k] > 0) {
      moment lower = rest;
      lower.power[k]--;
      sum += covariance * (double)rest.power[k] * evaluate(&lower, floor);
    } else if (rest.sign[k] && m->K[k][k] > floor) {
      moment at_zero = condition(&rest, k);
      at_zero.sign[k] = 0;
      sum += covariance * 2.0 / sqrt(2.0 * pi * m->K[k][k]) * evaluate(&at_zero, floor);
    }
  }
  return sum;
}

/* --- Four rays in a plane --- */

/* What is left of a correlation below which a ray counts as one of the plane: conditioned on two rays of a
 * plane the others keep nothing but rounding, whose correlations evaluate cannot read. */
static const double plane_floor = 1e-9;

/* Rays as vectors of the plane, in units of their standard deviations; 0 when they span more, or a ray is
 * zero. */
static int find_plane(const moment *m, double at[4][2]) {
  int other = 1;
  for (int i = 0; i < m->count; i++)
    if (m->K[i][i] <= 0.0) return 0;
  for (int i = 2; i < m->count; i++)
    if (fabs(correlation_of(m, 0, i)) < fabs(correlation_of(m, 0, other))) other = i;
  const double r = correlation_of(m, 0, other), root = sqrt((1.0 - r) * (1.0 + r));
  for (int i = 0; i < m->count; i++) {
    at[i][0] = correlation_of(m, 0, i);
    at[i][1] = i == 0 ? 0.0 : (correlation_of(m, other, i) - r * at[i][0]) / root;
    const double length = hypot(at[i][0], at[i][1]);
    if (fabs(1.0 - length * length) > plane_floor) return 0;
  }
  return 1;
}

/* prod (v_i . e)^power_i sgn(v_i . e)^sign_i in the direction e of an angle. */
static double planar_product(const moment *m, double at[4][2], double angle) {
  const double c = cos(angle), s = sin(angle);
  double product = 1.0;
  for (int i = 0; i < m->count; i++) {
    const double z = at[i][0] * c + at[i][1] * s;
    for (int k = 0; k < m->power[i]; k++) product *= z;
    if (m->sign[i]) product *= z < 0.0 ? -1.0 : 1.0;
  }
  return product;
}

/* E[prod z_i^power_i sgn(z_i)^sign_i] in polar coordinates: E[r^P] times the mean over angles, by
 * Gauss-Legendre between the angles where a ray is 0; half of the circle, since the other half is the same
 * or, for odd products, opposite. docs/tensors.md, "ReLU family". */
static double planar(const moment *m, double at[4][2]) {
  static const double node[4] = {0.1834346424956498, 0.5255324099163290, 0.7966664774136267,
                                 0.9602898564975363},
                      weight[4] = {0.3626837833783620, 0.3137066458778873, 0.2223810344533745,
                                   0.1012285362903763};
  static const double radial[5] = {1.0, 1.2533141373155003, 2.0, 3.7599424119465006, 8.0};
  double edge[5], size = 1.0, sum = 0.0;
  int parity = 0, power = 0;
  for (int i = 0; i < m->count; i++) {
    edge[i] = fmod(atan2(at[i][1], at[i][0]) + 1.5 * pi, pi);
    for (int k = i; k > 0 && edge[k] < edge[k - 1]; k--) {
      const double swapped = edge[k];
      edge[k] = edge[k - 1];
      edge[k - 1] = swapped;
    }
    for (int k = 0; k < m->power[i]; k++) size *= sqrt(m->K[i][i]);
    power += m->power[i];
    parity += m->power[i] + m->sign[i];
  }
  if (parity % 2 == 1) return 0.0;
  edge[m->count] = edge[0] + pi;
  for (int i = 0; i < 4 * m->count; i++) { /* each in four: degree 4 to rounding */
    const double *from = edge + i / 4, half = 0.125 * (from[1] - from[0]);
    const double middle = from[0] + (double)(2 * (i % 4) + 1) * half;
    for (int k = 0; k < 4; k++)
      sum += half * weight[k] *
             (planar_product(m, at, middle - half * node[k]) +
              planar_product(m, at, middle + half * node[k]));
  }
  return size * radial[power] * sum / pi;
}

/* Rays of the four slots: slot i is scale[i] times ray[i]. Returns the moment with the
 * distinct rays' covariances. */
static moment merge_rays(const double *K, int ray[4], double scale[4]) {
  moment m = {0};
  size_t source[4] = {0};
  for (size_t i = 0; i < 4; i++) {
    ray[i] = -1;
    for (int g = 0; g < m.count && ray[i] < 0; g++) {
      double own = K[5 * i], other = K[5 * source[g]], cross = K[4 * i + source[g]];
      if (own <= 0.0 || other <= 0.0) continue;
      if (fabs(cross) < (1.0 - 1e-13) * sqrt(own * other)) continue;
      ray[i] = g;
      scale[i] = copysign(sqrt(own / other), cross);
    }
    if (ray[i] >= 0) continue;
    ray[i] = m.count;
    scale[i] = 1.0;
    source[m.count++] = i;
  }
  for (int g = 0; g < m.count; g++)
    for (int h = 0; h < m.count; h++) m.K[g][h] = K[4 * source[g] + source[h]];
  return m;
}

double pdlt_bracket_relu_quad(const pdlt_activation *activation, const double *K,
                              const int order[4]) {
  pdlt_activation_traits traits = pdlt_activation_get_traits(activation);
  double alpha = 0.5 * (traits.a_plus + traits.a_minus);
  double beta = 0.5 * (traits.a_plus - traits.a_minus);
  int ray[4];
  double scale[4], sum = 0.0, largest = 0.0;
  double at[4][2];
  moment base = merge_rays(K, ray, scale);
  const int in_plane = base.count == 4 && find_plane(&base, at);
  for (size_t i = 0; i < 4; i++) largest = fmax(largest, K[5 * i]);
  for (int choice = 0; choice < 16; choice++) {
    moment m = base;
    double factor = 1.0;
    for (int i = 0; i < 4; i++) {
      int absolute = (choice >> i) & 1;
      factor *= absolute ? beta : alpha;
      if (order[i] == 0) factor *= scale[i];
      if (absolute && scale[i] < 0.0) factor = -factor;
      if (order[i] == 0) m.power[ray[i]]++;
      if (absolute) m.sign[ray[i]] ^= 1;
    }
    if (factor == 0.0) continue;
    sum += factor * (in_plane ? planar(&m, at) : evaluate(&m, 1e-13 * largest));
  }
  return sum;
}
