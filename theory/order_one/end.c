/* end.c - see end.h. Every sum over times is geometric; its value is a weight
 * of the same contraction that makes the source of a single step. */
#include "theory/order_one/end.h"

#include <math.h>

#include "base/core/memory.h"
#include "theory/order_one/internal.h"

/* A product of factors mu: |product|, its sign, and (1 - |product|)/eta, which
 * is kept apart because it must survive |mu| -> 1 (small theta, eta -> 0, eta
 * theta -> 2). */
typedef struct factor {
  double size, rate;
  int negative;
} factor;

typedef struct end_weights {
  size_t A;
  double eta;   /* 0 under flow */
  factor *mode; /* (A) mu_a */
} end_weights;

static factor times(factor x, factor y) {
  return (factor){.size = x.size * y.size,
                  .rate = x.rate + x.size * y.rate,
                  .negative = x.negative ^ y.negative};
}

static double value(factor x) { return x.negative ? -x.size : x.size; }

/* (1 - product)/eta */
static double gap(const end_weights *w, factor x) {
  return x.negative ? (1 + x.size) / w->eta : x.rate;
}

static factor mode_factor(double eta, double theta) {
  const double x = eta * theta;
  if (x <= 1) return (factor){.size = 1 - x, .rate = theta};
  return (factor){.size = x - 1, .rate = (2 - x) / eta, .negative = 1};
}

/* eta^2 times the geometric sums of one and two times. */
static double pair(const end_weights *w, pdlt_dynamics_term term, factor a, factor b) {
  if (term == PDLT_DYNAMICS_FLUCTUATIONS) return 1 / (gap(w, a) * gap(w, b));
  const double both = gap(w, times(a, b));
  if (term == PDLT_DYNAMICS_DNTK_SS) return w->eta / (2 * both);
  return value(a) / (gap(w, a) * both);
}

/* eta^3 times the geometric sums of mu_a^s mu_b^u mu_c^v. */
static double triple(const end_weights *w, pdlt_dynamics_term term, factor a, factor b, factor c) {
  const factor ab = times(a, b);
  const double all = gap(w, times(ab, c));
  switch (term) {
    case PDLT_DYNAMICS_DDNTK_USV:
      return value(a) * value(ab) / (gap(w, a) * gap(w, ab) * all);
    case PDLT_DYNAMICS_DDNTK_SUU:
      return w->eta * value(a) / (2 * gap(w, a) * all);
    case PDLT_DYNAMICS_DDNTK_SSV:
      return w->eta * value(ab) / (2 * gap(w, ab) * all);
    default:
      return w->eta * w->eta / (6 * all);
  }
}

static void fill_end(const void *self, size_t point, pdlt_dynamics_term term, size_t a,
                     double *out) {
  const end_weights *w = self;
  const size_t A = w->A;
  (void)point; /* the whole training is one */
  if (term == PDLT_DYNAMICS_MEAN) {
    for (size_t b = 0; b < A; b++) out[b] = 1 / gap(w, w->mode[b]);
    return;
  }
  for (size_t b = 0; b < A; b++)
    for (size_t c = 0; c < A; c++)
      out[b * A + c] = term < PDLT_DYNAMICS_DDNTK_USV
                           ? pair(w, term, w->mode[b], w->mode[c])
                           : triple(w, term, w->mode[a], w->mode[b], w->mode[c]);
}

pdlt_status pdlt_end_check(const pdlt_dynamics *dyn, pdlt_error *err) {
  const size_t D = dyn->lo.D;
  double *mean = NULL, *cov = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&mean, D * dyn->lo.outputs, sizeof *mean, err));
  PDLT_TRY(pdlt_alloc(&cov, D * D, sizeof *cov, err));
  PDLT_TRY(pdlt_training_end(&dyn->lo, mean, cov, NULL, err));
cleanup:
  pdlt_free(mean);
  pdlt_free(cov);
  return status;
}

pdlt_status pdlt_end_vectors(const pdlt_dynamics *dyn, pdlt_time_source *source, const void *self,
                             size_t count, double *out, pdlt_error *err) {
  static const double sign[] = {1, -1, -1, -1, 1, 1, 1, 1};
  const pdlt_training *lo = &dyn->lo;
  pdlt_status status = PDLT_OK;
  end_weights w = {.A = lo->A, .eta = lo->flow ? 0 : lo->eta};
  pdlt_time_weights weights = {.points = 1, .fill = fill_end, .self = &w};
  PDLT_TRY(pdlt_end_check(dyn, err));
  PDLT_TRY(pdlt_alloc(&w.mode, w.A, sizeof *w.mode, err));
  for (size_t a = 0; a < w.A; a++) w.mode[a] = mode_factor(w.eta, lo->value[a]);
  for (int term = 0; term <= PDLT_DYNAMICS_DDNTK_SSS; term++)
    weights.scale[term] = sign[term] * dyn->factors.factor[term];
  weights.scale[PDLT_DYNAMICS_COV_NTK_OUTPUT] = dyn->factors.factor[PDLT_DYNAMICS_COV_NTK_OUTPUT];
  PDLT_TRY(source(self, &weights, out, err));
  for (size_t v = 0; v < count; v++) {
    double *o = out + v * lo->D;
    for (size_t d = lo->A; d < lo->D; d++)
      for (size_t a = 0; a < lo->A; a++) o[d] -= lo->project[d * lo->A + a] * o[a] / lo->value[a];
    for (size_t a = 0; a < lo->A; a++) o[a] = 0;
  }
cleanup:
  pdlt_free(w.mode);
  return status;
}

pdlt_status pdlt_end_state(const pdlt_dynamics *dyn, double *data, pdlt_error *err) {
  const pdlt_training *lo = &dyn->lo;
  const size_t A = lo->A;
  const end_weights w = {.A = A, .eta = lo->flow ? 0 : lo->eta};
  const double unit = lo->flow ? 1 : lo->eta; /* of time */
  const pdlt_time_state s = pdlt_time_state_view(A, data);
  const pdlt_status status = pdlt_end_check(dyn, err);
  if (status != PDLT_OK) return status;
  for (size_t b = 0; b < A; b++) {
    const factor x = mode_factor(w.eta, lo->value[b]);
    s.g[b] = 1 / (unit * gap(&w, x));
    for (size_t c = 0; c < A; c++) {
      const factor y = mode_factor(w.eta, lo->value[c]);
      s.g2[b * A + c] = pair(&w, PDLT_DYNAMICS_DNTK_US, x, y) / (unit * unit);
      s.d[b * A + c] = lo->flow ? 0 : 1 / (unit * gap(&w, times(x, y)));
    }
  }
  return PDLT_OK;
}

pdlt_status pdlt_end_ntk(const pdlt_dynamics *dyn, double *theta_end, pdlt_error *err) {
  double *data = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&data, pdlt_time_state_size(dyn->lo.A), sizeof *data, err));
  PDLT_TRY(pdlt_end_state(dyn, data, err));
  const pdlt_time_states states = {.A = dyn->lo.A, .points = 1, .data = data};
  PDLT_TRY(pdlt_dynamics_ntk(dyn, &states, theta_end, err));
cleanup:
  pdlt_free(data);
  return status;
}

pdlt_status pdlt_end(const pdlt_dynamics *dyn, double *z_end, double *parts, pdlt_error *err) {
  const size_t block = dyn->lo.outputs * dyn->lo.D;
  const size_t count = PDLT_DYNAMICS_PART_COUNT * dyn->lo.outputs;
  double *vectors = NULL; /* (5, n_L, D); on tests rotated is the same as in samples */
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&vectors, PDLT_DYNAMICS_PART_COUNT * block, sizeof *vectors, err));
  PDLT_TRY(pdlt_end_vectors(dyn, pdlt_dynamics_source, dyn, count, vectors, err));
  for (size_t i = 0; i < block; i++) {
    z_end[i] = 0;
    for (size_t part = 0; part < PDLT_DYNAMICS_PART_COUNT; part++) {
      if (parts) parts[part * block + i] = vectors[part * block + i];
      z_end[i] += vectors[part * block + i];
    }
  }
cleanup:
  pdlt_free(vectors);
  return status;
}
