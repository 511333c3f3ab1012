/* feature_keys.c - the section `features` of an experiment: what of trained networks is looked at, and what
 * is known of it beforehand.
 *
 * Is not: kernels or functions (docs/features.md). */
#include "base/experiment/feature.h"
#include "base/experiment/internal.h"
#include "base/file/json.h"

const char *const pdlt_truth_words[] = {"none", "parity", "modular_addition", "inputs", NULL};
const char *const pdlt_function_words[] = {"k", "k_E", "change", NULL};
#define PDLT_FEATURE_WORD(id, name, a, b) name,
const char *const pdlt_feature_words[] = {PDLT_FEATURE_LIST(PDLT_FEATURE_WORD) NULL};
#undef PDLT_FEATURE_WORD

enum { MEMBERS = 8, DIRECTIONS = 6, STARTS = 16, EVERY = (1 << PDLT_FEATURE_COUNT) - 1, OF = 7 };

void pdlt_feature_keys_default(pdlt_experiment *ex) {
  ex->features.members = MEMBERS;
  ex->features.kernels = EVERY;
  ex->features.of = OF;
  ex->features.directions = DIRECTIONS;
  ex->features.starts = STARTS;
}

pdlt_status pdlt_feature_keys_check(pdlt_reader *reader) {
  const pdlt_experiment *ex = reader->ex;
  const pdlt_truth_kind truth = ex->features.truth;
  const pdlt_source needs = truth == PDLT_TRUTH_PARITY             ? PDLT_SOURCE_PARITY
                            : truth == PDLT_TRUTH_MODULAR_ADDITION ? PDLT_SOURCE_MODULAR_ADDITION
                                                                   : ex->data.source;
  if (ex->data.source != needs)
    return pdlt_experiment_fail(ex, "features.truth", reader->err,
                                "%s is known of source %s alone, and this is %s; write inputs or "
                                "none",
                                pdlt_truth_words[truth], pdlt_source_words[needs],
                                pdlt_source_words[ex->data.source]);
  return PDLT_OK;
}

json_t *pdlt_feature_keys_json(const pdlt_experiment *ex) {
  json_t *out = json_object();
  if (ex->features.truth != PDLT_TRUTH_NONE)
    pdlt_json_put(&out, "truth", json_string(pdlt_truth_words[ex->features.truth]));
  if (ex->features.members != MEMBERS)
    pdlt_json_put(&out, "members", json_integer(ex->features.members));
  if (ex->features.kernels != EVERY)
    pdlt_json_put(&out, "kernels", pdlt_words_json(pdlt_feature_words, ex->features.kernels));
  if (ex->features.of != OF)
    pdlt_json_put(&out, "of", pdlt_words_json(pdlt_function_words, ex->features.of));
  if (ex->features.directions != DIRECTIONS)
    pdlt_json_put(&out, "directions", json_integer(ex->features.directions));
  if (ex->features.starts != STARTS)
    pdlt_json_put(&out, "starts", json_integer(ex->features.starts));
  if (ex->features.norm > 0) pdlt_json_put(&out, "norm", json_real(ex->features.norm));
  if (ex->features.budget > 0) pdlt_json_put(&out, "budget", json_integer(ex->features.budget));
  return out;
}
