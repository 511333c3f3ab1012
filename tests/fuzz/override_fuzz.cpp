/* override_fuzz.cpp - lines of the input as --set KEY=VALUE of a sound experiment. */
#include <sstream>
#include <vector>

#include "base/experiment/experiment.h"
#include "tests/fuzz/support.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::istringstream text(std::string((const char *)data, size));
  std::vector<std::string> lines;
  std::vector<const char *> sets;
  for (std::string line; std::getline(text, line) && lines.size() < 8;) lines.push_back(line);
  for (const auto &line : lines) sets.push_back(line.c_str());
  pdlt_experiment ex = {};
  pdlt_sweep sweep = {};
  pdlt_compare_keys keys;
  pdlt_error err = {};
  if (pdlt_experiment_parse(&ex, fuzz::kTiny, "in.yaml", sets.size(), sets.data(), &err) == PDLT_OK)
    pdlt_experiment_free(&ex);
  else
    fuzz::RequireOneLine(err);
  if (pdlt_sweep_parse(&sweep, fuzz::kTiny, "in.yaml", sets.size(), sets.data(), &err) == PDLT_OK)
    pdlt_sweep_free(&sweep);
  pdlt_compare_keys_from_json(&keys, nullptr);
  if (pdlt_compare_keys_set(&keys, sets.size(), sets.data(), &err) != PDLT_OK)
    fuzz::RequireOneLine(err);
  return 0;
}
