/* time_sums.c - sums over the steps before a step, and integrals under
 * flow.
 *
 * Is: the running sums that make each step O(1) in t, and the weights that
 * follow from them. Is not: tensors. Equations: docs/dynamics.md, "Sums over
 * times". */
#include <math.h>
#include <string.h>

#include "theory/order_one/internal.h"

size_t pdlt_time_state_size(size_t A) { return 2 * A + 4 * A * A; }

pdlt_time_state pdlt_time_state_view(size_t A, double *data) {
  pdlt_time_state state = {.p = data};
  state.g = state.p + A;
  state.d = state.g + A;
  state.g2 = state.d + A * A;
  state.h = state.g2 + A * A;
  state.l = state.h + A * A;
  return state;
}

void pdlt_time_state_start(size_t A, double *data) {
  for (size_t a = 0; a < A; a++) data[a] = 1;
}

void pdlt_time_state_step(size_t A, const double *mu, double *data) {
  const pdlt_time_state s = pdlt_time_state_view(A, data);
  for (size_t b = 0; b < A; b++)
    for (size_t c = 0; c < A; c++) {
      s.l[b * A + c] += s.h[b * A + c];
      s.h[b * A + c] = mu[b] * s.h[b * A + c] + s.p[c];
      s.g2[b * A + c] += s.p[b] * s.g[c];
      s.d[b * A + c] += s.p[b] * s.p[c];
    }
  for (size_t a = 0; a < A; a++) {
    s.g[a] += s.p[a];
    s.p[a] *= mu[a];
  }
}

/* P_m(x) and its derivative, m = PDLT_FLOW_NODES. */
static double legendre(double x, double *derivative) {
  double before = 1, now = x;
  for (int k = 2; k <= PDLT_FLOW_NODES; k++) {
    const double next = ((2 * k - 1) * x * now - (k - 1) * before) / k;
    before = now;
    now = next;
  }
  *derivative = PDLT_FLOW_NODES * (x * now - before) / (x * x - 1);
  return now;
}

void pdlt_legendre(double node[PDLT_FLOW_NODES], double weight[PDLT_FLOW_NODES]) {
  const double pi = acos(-1.0);
  for (int i = 0; i < PDLT_FLOW_NODES / 2; i++) {
    double x = cos(pi * (i + 0.75) / (PDLT_FLOW_NODES + 0.5)), slope = 1;
    for (int newton = 0; newton < 8; newton++) x -= legendre(x, &slope) / slope;
    legendre(x, &slope);
    const int mirror = PDLT_FLOW_NODES - 1 - i;
    node[i] = (1 - x) / 2;
    node[mirror] = (1 + x) / 2;
    weight[i] = weight[mirror] = 1 / ((1 - x * x) * slope * slope);
  }
}

/* (1 - e^(-theta x))/theta */
static double integral(double theta, double x) {
  return theta == 0 ? x : -expm1(-theta * x) / theta;
}

void pdlt_time_state_early(size_t A, const double *theta, double x, double *data) {
  const pdlt_time_state s = pdlt_time_state_view(A, data);
  double node[PDLT_FLOW_NODES], weight[PDLT_FLOW_NODES];
  pdlt_legendre(node, weight);
  for (size_t a = 0; a < A; a++) {
    s.p[a] = exp(-theta[a] * x);
    s.g[a] = integral(theta[a], x);
  }
  for (size_t b = 0; b < A; b++)
    for (size_t c = 0; c < A; c++) {
      double h = 0, g2 = 0, l = 0;
      for (int k = 0; k < PDLT_FLOW_NODES; k++) {
        const double u = node[k] * x;
        h += weight[k] * exp(-theta[b] * (x - u) - theta[c] * u);
        g2 += weight[k] * exp(-theta[b] * u) * integral(theta[c], u);
        l += weight[k] * exp(-theta[c] * u) * integral(theta[b], x - u);
      }
      s.d[b * A + c] = 0;
      s.h[b * A + c] = x * h;
      s.g2[b * A + c] = x * g2;
      s.l[b * A + c] = x * l;
    }
}

void pdlt_time_state_advance(size_t A, const double *from, const double *early, double *to) {
  const pdlt_time_state f = pdlt_time_state_view(A, (double *)from);
  const pdlt_time_state e = pdlt_time_state_view(A, (double *)early);
  const pdlt_time_state s = pdlt_time_state_view(A, to);
  for (size_t b = 0; b < A; b++) {
    s.p[b] = f.p[b] * e.p[b];
    s.g[b] = f.g[b] + f.p[b] * e.g[b];
    for (size_t c = 0; c < A; c++) {
      const size_t i = b * A + c;
      s.d[i] = 0;
      s.l[i] = f.l[i] + e.g[b] * f.h[i] + e.l[i] * f.p[c];
      s.h[i] = e.p[b] * f.h[i] + e.h[i] * f.p[c];
      s.g2[i] = f.g2[i] + f.p[b] * (e.g[b] * f.g[c] + f.p[c] * e.g2[i]);
    }
  }
}

/* x_b y_c z into out (A, A) */
static void outer(size_t A, const double *x, const double *y, double z, double *out) {
  for (size_t b = 0; b < A; b++)
    for (size_t c = 0; c < A; c++) out[b * A + c] = z * x[b] * y[c];
}

static void fill_states(const void *self, size_t point, pdlt_dynamics_term term, size_t a,
                        double *out) {
  const pdlt_time_states *states = self;
  const size_t A = states->A;
  const pdlt_time_state s = pdlt_time_state_view(A, states->data + point * pdlt_time_state_size(A));
  const double *from = term == PDLT_DYNAMICS_DDNTK_SUU ? s.d : s.g2;
  const double factor = s.p[a] * (term == PDLT_DYNAMICS_DDNTK_SUU ? 0.5 : 1);
  switch (term) {
    case PDLT_DYNAMICS_MEAN:
      memcpy(out, s.p, A * sizeof *out);
      break;
    case PDLT_DYNAMICS_FLUCTUATIONS:
      memcpy(out, s.h, A * A * sizeof *out);
      break;
    case PDLT_DYNAMICS_DNTK_US:
      outer(A, s.p, s.g, 1, out);
      break;
    case PDLT_DYNAMICS_DNTK_SS:
      outer(A, s.p, s.p, 0.5, out);
      break;
    case PDLT_DYNAMICS_DDNTK_SSV:
      outer(A, s.p, s.g, s.p[a] / 2, out);
      break;
    case PDLT_DYNAMICS_DDNTK_SSS:
      outer(A, s.p, s.p, s.p[a] / 6, out);
      break;
    default:
      for (size_t i = 0; i < A * A; i++) out[i] = factor * from[i];
  }
}

pdlt_time_weights pdlt_time_states_weights(const pdlt_dynamics *dyn,
                                           const pdlt_time_states *states) {
  static const double sign[PDLT_DYNAMICS_TERM_COUNT] = {1, -1, -1, -1, 1, 1, 1, 1};
  static const int order[PDLT_DYNAMICS_TERM_COUNT] = {1, 2, 2, 2, 3, 3, 3, 3}; /* of eta */
  /* equal times: one sum less, so one power of eta is left over and flow has
   * none */
  static const int equal_times[PDLT_DYNAMICS_TERM_COUNT] = {0, 0, 0, 1, 0, 1, 1, 1};
  pdlt_time_weights weights = {.points = states->points, .fill = fill_states, .self = states};
  for (int term = 0; term <= PDLT_DYNAMICS_DDNTK_SSS; term++) {
    const double eta = dyn->lo.flow ? !equal_times[term] : pow(dyn->lo.eta, order[term]);
    weights.scale[term] = sign[term] * eta * dyn->factors.factor[term];
  }
  weights.scale[PDLT_DYNAMICS_COV_NTK_OUTPUT] =
      (dyn->lo.flow ? 1 : dyn->lo.eta) * dyn->factors.factor[PDLT_DYNAMICS_COV_NTK_OUTPUT];
  return weights;
}
