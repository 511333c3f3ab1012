/* explain_posterior.c - what theory says of Bayesian inference before a run: evidence, and how many draws from
 * the prior will count; see explain.h. */
#include <math.h>

#include "base/file/json.h"
#include "cli/study/explain.h"

static double scalar(const pdlt_archive *theory, const char *name) {
  const pdlt_array *x = pdlt_archive_get(theory, name);
  return x != NULL ? x->data[0] : NAN;
}

pdlt_explained_posterior pdlt_explained_posterior_of(const pdlt_archive *theory, double h) {
  const double lo = scalar(theory, "log_evidence_lo");
  return (pdlt_explained_posterior){.log_lo = lo,
                                    .log = lo + h * scalar(theory, "log_evidence_nlo"),
                                    .exponent = h * scalar(theory, "post_ess_exponent")};
}

void pdlt_explained_posterior_put(FILE *to, const pdlt_explanation *e) {
  const size_t widths = e->ex->network.num_widths;
  int first = -1;
  if (e->posterior == NULL) return;
  fprintf(to, "posterior, noise %.6g: log of the evidence %.6g at infinite width\n",
          e->ex->posterior.noise, e->posterior[widths - 1].log_lo);
  if (isnan(e->posterior[0].exponent)) return;
  fprintf(to, "%-7s %12s %12s  share of draws from the prior that counts\n", "n", "log Z",
          "exponent");
  for (size_t w = 0; w < widths; w++) {
    const pdlt_explained_posterior *x = &e->posterior[w];
    fprintf(to, "%-7d %12.6g %12.4g  %.3g\n", e->ex->network.widths[w], x->log, x->exponent,
            exp(-x->exponent));
    if (x->exponent > 1) first = (int)w;
  }
  if (first >= 0)
    fprintf(
        to,
        "warning: up to n = %d the targets are not what the prior expects (exponent above 1), and "
        "order 1/n says little: use wider networks or more posterior.noise\n",
        e->ex->network.widths[first]);
}

json_t *pdlt_explained_posterior_json(const pdlt_explanation *e) {
  json_t *list = json_array();
  for (size_t w = 0; w < e->ex->network.num_widths; w++) {
    const pdlt_explained_posterior *x = &e->posterior[w];
    pdlt_json_append(&list,
                     json_pack("{s:i, s:o, s:o, s:o}", "width", e->ex->network.widths[w],
                               "log_evidence_lo", pdlt_json_real(x->log_lo), "log_evidence",
                               pdlt_json_real(x->log), "exponent", pdlt_json_real(x->exponent)));
  }
  return list;
}
