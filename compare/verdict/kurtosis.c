/* kurtosis.c - see kurtosis.h. */
#include "compare/verdict/kurtosis.h"

#include <math.h>

#include "base/core/memory.h"
#include "compare/statistics/cumulant.h"
#include "compare/statistics/distribution.h"
#include "compare/statistics/fit.h"
#include "compare/verdict/rows.h"

enum { FEWEST = 1000 };

const pdlt_array *pdlt_kurtosis_draws(const pdlt_archive *measured, double width, size_t samples) {
  const pdlt_array *z = pdlt_measured_get(measured, width, "samples/z");
  return z && z->ndim == 4 && z->dim[0] >= FEWEST && z->dim[3] == samples ? z : NULL;
}

/* The sample that is farthest from Gaussian in theory; 0 when theory lacks V or G1. */
static int choose_sample(pdlt_kurtosis *out, const pdlt_archive *theory, size_t *samples) {
  const pdlt_array *K = pdlt_archive_get(theory, "K"), *G1 = pdlt_archive_get(theory, "G1");
  const pdlt_array *V = pdlt_archive_get(theory, "V");
  if (!K || !G1 || !V || K->ndim != 2 || G1->ndim != 2 || V->ndim != 4) return 0;
  const size_t D = *samples = K->dim[0];
  if (G1->dim[0] != D) return 0;
  double most = -1;
  for (size_t a = 0; a < D && a < V->dim[0]; a++) {
    const size_t at = ((a * V->dim[1] + a) * V->dim[2] + a) * V->dim[3] + a;
    const double k = K->data[a * D + a], size = fabs(V->data[at]) / (k * k);
    if (!(size > most)) continue;
    most = size;
    out->sample = a;
    out->K = k;
    out->G1 = G1->data[a * D + a];
    out->V = V->data[at];
  }
  out->theory = 3 * out->V / (out->K * out->K);
  return most >= 0;
}

/* c1 of kappa_4/K^2 = c1 h + c2 h^2 (c1 h with two widths). */
static pdlt_status fit(pdlt_kurtosis *out, pdlt_error *err) {
  const int last = out->num > 2 ? 2 : 1;
  double *rows = NULL;
  out->c1 = out->c1_se = NAN;
  if (out->num < 2) return PDLT_OK;
  pdlt_status status = pdlt_alloc(&rows, 2 * out->num, sizeof *rows, err);
  if (status == PDLT_OK)
    status = pdlt_fit_rows(out->num, out->h, out->se, 1, last, NULL, rows, NULL, err);
  if (status == PDLT_OK) {
    double value = 0, variance = 0;
    for (size_t i = 0; i < out->num; i++) {
      value += rows[i] * out->value[i];
      variance += rows[i] * rows[i] * out->se[i] * out->se[i];
    }
    out->c1 = value;
    out->c1_se = sqrt(variance);
  }
  pdlt_free(rows);
  return status;
}

/* The verdict on c1 against theory, null hypothesis 0. */
static pdlt_verdict decide(const pdlt_kurtosis *k, double level) {
  const double z = fabs(k->c1 - k->theory) / k->c1_se;
  if (isnan(k->c1)) return PDLT_UNDECIDED;
  if (pdlt_normal_two_sided(z) < level) return PDLT_DISAGREE;
  return fabs(k->theory) < 4 * k->c1_se ? PDLT_UNDECIDED : PDLT_AGREE;
}

static void measure_widths(pdlt_kurtosis *out, const pdlt_comparison *c,
                           const pdlt_archive *measured, size_t samples) {
  for (size_t w = 0; w < c->num_widths; w++) {
    const pdlt_array *z = pdlt_kurtosis_draws(measured, c->widths[w], samples);
    if (!z) continue;
    const size_t stride = z->dim[1] * z->dim[2] * z->dim[3];
    const pdlt_cumulant k = pdlt_cumulant_fourth(z->dim[0], stride, z->data + out->sample);
    if (!(k.se > 0)) continue;
    if (out->num == 0) out->first = w;
    out->h[out->num] = c->h[w];
    out->value[out->num] = k.value / (out->K * out->K);
    out->se[out->num++] = k.se / (out->K * out->K);
  }
}

pdlt_status pdlt_kurtosis_measure(pdlt_kurtosis *out, const pdlt_comparison *comparison,
                                  const pdlt_archive *theory, const pdlt_archive *measured,
                                  pdlt_error *err) {
  const pdlt_array *times = pdlt_archive_get(measured, "times");
  const size_t num = comparison->num_widths;
  pdlt_kurtosis k = {0};
  size_t samples = 0;
  if (!times || pdlt_array_count(times) == 0 || times->data[0] != 0) return PDLT_OK;
  if (!choose_sample(&k, theory, &samples)) return PDLT_OK;
  pdlt_status status = pdlt_alloc(&k.h, 3 * num, sizeof *k.h, err);
  if (status != PDLT_OK) return status;
  k.value = k.h + num;
  k.se = k.value + num;
  measure_widths(&k, comparison, measured, samples);
  status = fit(&k, err);
  k.verdict = decide(&k, comparison->level);
  if (status == PDLT_OK)
    *out = k;
  else
    pdlt_kurtosis_free(&k);
  return status;
}

void pdlt_kurtosis_free(pdlt_kurtosis *kurtosis) {
  pdlt_free(kurtosis->h);
  *kurtosis = (pdlt_kurtosis){0};
}
