/* meta.c - see meta.h. */
#include "base/experiment/meta.h"

#include <string.h>

#include "base/core/version.h"
#include "base/file/json.h"
#include "base/vector/linalg.h"

static const char *const initialization[] = {
    [PDLT_INIT_NORMAL] = "b^(l) ~ N(0, C_b^(l)), W^(l)_ij ~ N(0, C_W^(l)/n_{l-1}), independent",
    [PDLT_INIT_UNIFORM] =
        "b^(l) uniform in +-sqrt(3 C_b^(l)), W^(l)_ij uniform in "
        "+-sqrt(3 C_W^(l)/n_{l-1}), independent"};

static json_t *conventions(pdlt_init init) {
  return json_pack(
      "{s:s, s:s, s:s, s:s, s:s, s:s}", "source",
      "Roberts, Yaida, Hanin: The Principles of Deep Learning Theory, arXiv:2106.10165",
      "initialization", initialization[init], "loss",
      "(1/2) sum over training samples and outputs of (z - y)^2; no mean", "step",
      "theta <- theta - eta lambda dLoss/dtheta, full batch", "learning_rate_tensor",
      "lambda_b^(l) for biases, lambda_W^(l)/n_{l-1} for weights", "h",
      "1/n_{L-1}; coefficients named *_nlo, G1, Theta1 multiply h, *_half h^(1/2)");
}

pdlt_status pdlt_meta_fill(json_t *meta, const char *kind, const pdlt_experiment *ex,
                           const char *data_hash, int layers, pdlt_error *err) {
  json_t *experiment = NULL;
  char hash[17], physics_hash[17];
  const pdlt_init asked = ex->network.init;
  const pdlt_init init = strcmp(kind, "theory") == 0 ? PDLT_INIT_NORMAL : asked;
  pdlt_status status = pdlt_experiment_to_json(ex, &experiment, err);
  if (status != PDLT_OK) return status;
  PDLT_TRY(pdlt_experiment_hash(ex, data_hash, 0, hash, err));
  PDLT_TRY(pdlt_experiment_hash(ex, data_hash, 1, physics_hash, err));
  json_t *common =
      json_pack("{s:i, s:s, s:s+, s:O, s:s, s:s, s:s, s:b, s:o, s:I, s:s, s:s, s:s}", "format", 1,
                "kind", kind, "program", "pdlt ", pdlt_version(), "experiment", experiment, "hash",
                hash, "physics_hash", physics_hash, "data_hash", data_hash, "layers", layers,
                "conventions", conventions(init), "seed", (json_int_t)ex->ensemble.seed, "commit",
                pdlt_commit(), "compiler", pdlt_compiler(), "blas", pdlt_linalg_version());
  if (asked != PDLT_INIT_NORMAL) pdlt_json_put(&common, "init", json_string(pdlt_init_words[init]));
  status = pdlt_json_update(meta, common, err);
  json_decref(common);
cleanup:
  json_decref(experiment);
  return status;
}
