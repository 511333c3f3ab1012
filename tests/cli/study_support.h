/* study_support.h - what the tests that run small parts of the studies share: theory with a
 * part left out against the same measurement, and verdicts. */
#ifndef PDLT_TESTS_CLI_STUDY_SUPPORT_H
#define PDLT_TESTS_CLI_STUDY_SUPPORT_H

#include <gtest/gtest.h>
#include <jansson.h>

#include "tests/cli/support.h"

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

/* Compares theory of `file` (quoted, with its settings) without `omit` (empty: the whole of it)
 * with FOLDER/measured.npz; the folder of the comparison, a fatal failure when theory fails. */
inline void compare_without(const TempFolder &folder, const std::string &file,
                            const std::string &omit, std::filesystem::path *dir) {
  const std::string name = omit.empty() ? "right" : omit;
  const Outcome theory = run_pdlt(
      "theory " + file + " -o " + name + ".npz --set 'theory.omit=[" + omit + "]'", folder.path());
  ASSERT_EQ(theory.status, 0) << theory.err;
  run_pdlt("compare " + name + ".npz measured.npz -o " + name + " --quiet", folder.path());
  *dir = folder / name;
}

#endif
