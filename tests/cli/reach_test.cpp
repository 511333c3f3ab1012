// reach_test.cpp - what compare/reach says of theory, against theory's own arrays.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "cli/study/study.h"
#include "compare/reach/gaussian_ntk.h"
#include "compare/reach/reach.h"

namespace {

/* Theory of an experiment; the archive stays the study's. */
struct Theory {
  explicit Theory(const std::string &text) {
    pdlt_error err;
    EXPECT_EQ(pdlt_study_open_text(&study, text.c_str(), nullptr, &err), PDLT_OK) << err.message;
    EXPECT_EQ(pdlt_study_predict(study, nullptr, &err), PDLT_OK) << err.message;
  }
  ~Theory() { pdlt_study_free(study); }
  const pdlt_archive &archive() const { return study->results[PDLT_THEORY].archive; }
  const double *Get(const char *name) const {
    const pdlt_array *array = pdlt_archive_get(&archive(), name);
    EXPECT_NE(array, nullptr) << name;
    return array->data;
  }
  pdlt_study *study = nullptr;
};

std::string Text(const std::string &network, const std::string &training) {
  return "network: {activation: tanh, depth: 3, widths: [16], C_b: 0.1, C_W: 1.3, lambda_b: 0.5, " +
         network + "}\ndata: {source: gaussian, inputs: 3, train: 3, test: 1, seed: 3}\n" +
         "training: {" + training + "}\ntheory: {tolerance: 1.0e-6}\n";
}

/* Two roads to one number: second differences of the response in the eigenbasis here, sums over
 * steps of the rotated tensors there. */
TEST(Reach, FirstOrderIsThePartOfTheory) {
  const char *const trainings[] = {"eta: {relative: 0.7}, steps: 9",
                                   "eta: {relative: 0.7}, steps: end",
                                   "eta: flow, steps: 3.5, record: [0, 0.5, 3.5]"};
  for (const char *network : {"outputs: 1", "outputs: 3"})
    for (const char *training : trainings) {
      const Theory theory(Text(network, training));
      const pdlt_array *part = pdlt_archive_get(&theory.archive(), "z_nlo/ntk_fluctuations");
      const pdlt_array *times = pdlt_archive_get(&theory.archive(), "times");
      const json_t *meta = json_object_get(theory.archive().meta, "experiment");
      const json_t *eta = json_object_get(json_object_get(meta, "training"), "eta");
      ASSERT_TRUE(part != nullptr && times != nullptr);
      const pdlt_gaussian_ntk_input in = {4,
                                          3,
                                          part->dim[1],
                                          theory.Get("Theta"),
                                          theory.Get("A"),
                                          theory.Get("B"),
                                          theory.Get("y"),
                                          json_number_value(eta),
                                          json_is_string(eta),
                                          pdlt_array_count(times),
                                          times->data,
                                          nullptr};
      pdlt_gaussian_ntk *model = nullptr;
      pdlt_error err;
      ASSERT_EQ(pdlt_gaussian_ntk_new(&model, &in, &err), PDLT_OK) << err.message;
      const double *first = pdlt_gaussian_ntk_first_order(model);
      double largest = 0;
      for (size_t k = 0; k < pdlt_array_count(part); k++)
        largest = std::fmax(largest, std::fabs(part->data[k]));
      for (size_t k = 0; k < pdlt_array_count(part); k++)
        EXPECT_NEAR(first[k], part->data[k], 1e-9 * largest) << network << training << k;
      pdlt_gaussian_ntk_free(model);
    }
}

/* The width that the search names is where the rules change. */
TEST(Reach, LargestH) {
  const Theory theory(Text("outputs: 1", "eta: {relative: 1.2}, steps: 60"));
  pdlt_reach_theory *reach = nullptr;
  double h = 0;
  ASSERT_EQ(pdlt_reach_theory_new(&reach, &theory.archive(), nullptr, nullptr), PDLT_OK);
  ASSERT_EQ(pdlt_reach_largest_h(reach, &h, nullptr), PDLT_OK);
  ASSERT_TRUE(h > 1e-4 && h < 1) << h;
  pdlt_reach at = {};
  ASSERT_EQ(pdlt_reach_at(&at, reach, 0.99 * h, NAN, nullptr), PDLT_OK);
  EXPECT_TRUE(at.in_reach) << at.reason;
  ASSERT_EQ(pdlt_reach_at(&at, reach, 1.12 * h, NAN, nullptr), PDLT_OK);
  EXPECT_FALSE(at.in_reach);
  EXPECT_NE(at.reason[0], '\0');
  pdlt_reach_theory_free(reach);
}

}  // namespace
