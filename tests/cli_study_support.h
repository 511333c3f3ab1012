/* cli_study_support.h - reads verdicts in the tests that run small parts of the studies. */
#ifndef PDLT_TESTS_CLI_STUDY_SUPPORT_H
#define PDLT_TESTS_CLI_STUDY_SUPPORT_H

#include <jansson.h>

#include "cli_support.h"

/* Verdict on one coefficient of a quantity in DIR/verdict.json; empty without such a test. */
inline std::string verdict_of(const std::filesystem::path &dir, const std::string &quantity,
                              const std::string &coefficient) {
  json_t *root = json_load_file((dir / "verdict.json").c_str(), 0, nullptr);
  std::string verdict;
  size_t i;
  json_t *test;
  json_array_foreach(json_object_get(root, "tests"), i, test) {
    if (quantity == json_string_value(json_object_get(test, "quantity")) &&
        coefficient == json_string_value(json_object_get(test, "coefficient")))
      verdict = json_string_value(json_object_get(test, "verdict"));
  }
  json_decref(root);
  return verdict;
}

#endif
