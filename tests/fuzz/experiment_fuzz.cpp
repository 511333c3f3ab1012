/* experiment_fuzz.cpp - any text as an experiment file. What is read is written as JSON and read again as
 * the same experiment. */
#include "base/experiment/experiment.h"
#include "tests/fuzz/support.h"

namespace {

/* Reads the JSON form and compares digests. */
void ReadAgain(const pdlt_experiment &ex) {
  json_t *json = nullptr;
  pdlt_experiment again = {};
  pdlt_error err = {};
  char hash[17], other[17];
  if (pdlt_experiment_to_json(&ex, &json, nullptr) != PDLT_OK) return;
  char *text = json_dumps(json, JSON_REAL_PRECISION(17));
  fuzz::Require(text != nullptr, "an experiment can be written");
  const pdlt_status status = pdlt_experiment_parse(&again, text, "again", 0, nullptr, &err);
  if (status != PDLT_OK) std::fprintf(stderr, "%s\n%s\n", text, err.message);
  fuzz::Require(status == PDLT_OK, "what was read can be read again");
  pdlt_experiment_hash(&again, "", 0, other, nullptr);
  pdlt_experiment_json_hash(json, "", hash, nullptr);
  fuzz::Require(std::strcmp(hash, other) == 0, "it is the same experiment");
  pdlt_experiment_free(&again);
  std::free(text);
  json_decref(json);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const std::string text((const char *)data, size);
  pdlt_experiment ex = {};
  pdlt_sweep sweep = {};
  pdlt_error err = {};
  if (pdlt_sweep_parse(&sweep, text.c_str(), "in.yaml", 0, nullptr, &err) == PDLT_OK)
    pdlt_sweep_free(&sweep);
  else
    fuzz::RequireOneLine(err);
  if (pdlt_experiment_parse(&ex, text.c_str(), "in.yaml", 0, nullptr, &err) == PDLT_OK) {
    ReadAgain(ex);
    pdlt_experiment_free(&ex);
  } else {
    fuzz::RequireOneLine(err);
  }
  return 0;
}
