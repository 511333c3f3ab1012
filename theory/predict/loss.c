/* loss.c - expected losses at all times and at the end, as arrays. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "theory/order_one/loss.h"
#include "theory/predict/internal.h"

/* A set of samples, or, with last = 0, each sample by itself (the array's last index). */
typedef struct sample_set {
  const char *name;
  size_t first, last;
} sample_set;

/* Coefficients: infinite width, of h, of h^(1/2). */
enum { LO, NLO, HALF };
static const char *const orders[] = {"lo", "nlo", "half"};

/* Mean and covariance as they stand in the archive, "" or "_end". */
typedef struct source {
  const pdlt_prediction *p;
  const char *end;
  size_t times;       /* 1 for the end */
  pdlt_loss_input in; /* of the first time */
} source;

static double error_of(const pdlt_archive *out, const char *name, const char *end,
                       const char *order) {
  const pdlt_array *error = pdlt_archive_getf(out, "err/%s%s_%s", name, end, order);
  return error == NULL ? 0.0 : error->data[0];
}

/* Array NAME[_end]_ORDER, or NULL. */
static const double *array_of(const pdlt_archive *out, const char *name, const char *end,
                              const char *order) {
  const pdlt_array *array = pdlt_archive_getf(out, "%s%s_%s", name, end, order);
  return array == NULL ? NULL : array->data;
}

/* 0 when mean or covariance is absent. */
static int find_source(source *s, const pdlt_prediction *p, const char *end, const char *order) {
  const pdlt_archive *out = p->out;
  const int centered = p->ex->training.centered; /* of z(t) - z(0), 0 at infinite width */
  const char *spread = centered ? "change_variance" : "cov";
  const double *mean1 = array_of(out, "z", end, order), *cov1 = array_of(out, spread, end, order);
  *s = (source){.p = p, .end = end, .times = end[0] ? 1 : p->ex->training.num_record};
  s->in = (pdlt_loss_input){.D = p->kernel->D,
                            .outputs = p->data->outputs,
                            .y = p->data->y,
                            .mean = array_of(out, "z", end, "lo"),
                            .cov = centered ? NULL : array_of(out, "cov", end, "lo"),
                            .variances = centered,
                            .mean1 = cov1 == NULL && !p->ex->theory.only_z ? NULL : mean1,
                            .cov1 = mean1 == NULL ? NULL : cov1,
                            .err_mean = error_of(out, "z", end, "lo"),
                            .err_cov = centered ? 0 : error_of(out, "cov", end, "lo"),
                            .err_mean1 = error_of(out, "z", end, order),
                            .err_cov1 = error_of(out, spread, end, order)};
  return s->in.mean != NULL && (centered || s->in.cov != NULL);
}

/* What is read at time t. At the end of training the outputs are the targets at every width. */
static pdlt_loss_input at_time(const source *s, size_t t) {
  const size_t p = s->in.outputs * s->in.D;
  pdlt_loss_input in = s->in;
  in.exact = s->end[0] || isinf(s->p->ex->training.record[t]) ? s->p->data->train : 0;
  in.mean += t * p;
  if (!in.variances) in.cov += t * p * p;
  if (in.mean1 == NULL) return in;
  in.mean1 += t * p;
  if (in.cov1 == NULL) return in;
  in.cov1 += t * p * (in.variances ? 1 : p);
  return in;
}

enum { TOTAL, BIAS, VARIANCE, KINDS };

/* The three numbers of an order and their errors. */
static void pick(const pdlt_loss *loss, int order, double *value, double *error) {
  value[BIAS] = order == LO ? loss->bias : loss->bias1;
  value[VARIANCE] = order == LO ? loss->variance : loss->variance1;
  error[BIAS] = order == LO ? loss->err_bias : loss->err_bias1;
  error[VARIANCE] = order == LO ? loss->err_variance : loss->err_variance1;
  value[TOTAL] = value[BIAS] + value[VARIANCE];
  error[TOTAL] = error[BIAS] + error[VARIANCE];
}

enum { NAME_LENGTH = 64 };

static void name_loss(char name[NAME_LENGTH], const source *s, const sample_set *set, int order,
                      const char *suffix) {
  snprintf(name, NAME_LENGTH, "loss_%s%s_%s%s", set->name, s->end, orders[order], suffix);
}

/* loss_NAME[_end]_lo, _nlo or _half, with _bias and _variance for a set of more than one sample; of order 1/n
 * without covariance the bias alone. */
static pdlt_status put_set(const source *s, const sample_set *set, int order, pdlt_error *err) {
  static const char *const suffix[KINDS] = {"", "_bias", "_variance"};
  const int single = set->last == 0, timed = s->end[0] == 0;
  const size_t count = single ? s->in.D : 1;
  const int bias_alone = order != LO && s->in.cov1 == NULL;
  const int from = bias_alone ? BIAS : TOTAL, kinds = single || bias_alone ? from + 1 : KINDS;
  double worst[KINDS] = {0}, value[KINDS], error[KINDS], *data[KINDS];
  pdlt_status status = PDLT_OK;
  char name[NAME_LENGTH];
  for (int k = from; k < kinds; k++) {
    pdlt_array *array = NULL;
    const size_t dim[2] = {timed ? s->times : count, count};
    name_loss(name, s, set, order, suffix[k]);
    PDLT_TRY(pdlt_archive_new(s->p->out, name, timed + single, dim, &array, err));
    data[k] = array->data;
  }
  for (size_t t = 0; t < s->times; t++) {
    const pdlt_loss_input in = at_time(s, t);
    for (size_t a = 0; a < count; a++) {
      const pdlt_loss loss =
          pdlt_loss_expected(&in, single ? a : set->first, single ? a + 1 : set->last);
      pick(&loss, order, value, error);
      for (int k = from; k < kinds; k++) {
        data[k][t * count + a] = value[k];
        worst[k] = fmax(worst[k], error[k]);
      }
    }
  }
  for (int k = from; k < kinds; k++) {
    name_loss(name, s, set, order, suffix[k]);
    PDLT_TRY(pdlt_predict_error(s->p->out, name, worst[k], err));
  }
cleanup:
  return status;
}

/* Reason for which mean or covariance of this order is absent, for the losses too. */
static pdlt_status put_absent(const source *s, const sample_set *set, int order, pdlt_error *err) {
  json_t *absent = json_object_get(pdlt_archive_meta(s->p->out), "absent");
  char name[NAME_LENGTH];
  const char *reason = NULL;
  for (int k = 0; k < 2 && reason == NULL; k++) {
    snprintf(name, sizeof name, "%s%s_%s", k == 0 ? "z" : "cov", s->end, orders[order]);
    reason = json_string_value(json_object_get(absent, name));
  }
  if (reason == NULL) return PDLT_OK; /* theory.order: 0 */
  char copy[PDLT_ERROR_LENGTH];
  snprintf(copy, sizeof copy, "%s", reason);
  if (s->p->ex->theory.only_z && set->last > 0) {
    name_loss(name, s, set, order, "_variance");
    const pdlt_status status = pdlt_predict_absent(s->p->out, name, copy, err);
    if (status != PDLT_OK) return status;
  }
  name_loss(name, s, set, order, "");
  return pdlt_predict_absent(s->p->out, name, copy, err);
}

/* One order of one set, at all times or at the end; or why it is absent. */
static pdlt_status put_order(const pdlt_prediction *p, const char *end, const sample_set *set,
                             int order, pdlt_error *err) {
  source s;
  const int found = find_source(&s, p, end, orders[order == LO ? NLO : order]);
  const int whole = order == LO || (s.in.mean1 != NULL && s.in.cov1 != NULL);
  const pdlt_status status = found && !whole && s.in.mean1 != NULL && set->last > 0
                                 ? put_set(&s, set, order, err)
                                 : PDLT_OK;
  if (status != PDLT_OK) return status;
  if (found && whole) return put_set(&s, set, order, err);
  return put_absent(&s, set, order, err);
}

pdlt_status pdlt_predict_losses(const pdlt_prediction *p, pdlt_error *err) {
  const size_t A = p->data->train, D = p->kernel->D;
  const sample_set sets[] = {{"train", 0, A}, {"test", A, D}, {"sample", 0, 0}};
  const int smooth = pdlt_activation_get_traits(&p->ex->network.activation).smooth;
  const int last = p->ex->theory.order < 1 ? LO : smooth ? NLO : HALF;
  pdlt_status status = PDLT_OK;
  for (int end = 0; end < 2; end++)
    for (size_t k = 0; k < sizeof sets / sizeof *sets; k++) {
      if (k < 2 && sets[k].first == sets[k].last) continue;
      for (int order = LO; order <= last; order++)
        PDLT_TRY(put_order(p, end ? "_end" : "", &sets[k], order, err));
    }
cleanup:
  return status;
}
