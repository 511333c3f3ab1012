/* keep_test.cpp - theory.keep: what theory.npz leaves out, and that a comparison does not miss it. */
#include "cli/study/keep.h"

#include <cmath>
#include <cstring>

#include "base/file/json.h"
#include "compare/reach/reach.h"
#include "tests/study/support.h"

using namespace study_test;

namespace {

enum { D = 27 }; /* tensors of 4.3 MB */

/* A prediction by hand: the NTK fluctuates as one number, A_abcd = Theta_ab Theta_cd/5. */
struct Prediction {
  pdlt_archive c = {};
  pdlt_experiment ex = {};
  pdlt_error err = {};
  explicit Prediction(const std::string &theory = "", const std::string &ensemble = "") {
    const std::string text =
        "network: {activation: tanh, depth: 2, widths: [8, 16, 64], outputs: 3, C_b: 0.1, C_W: "
        "1.2}\n"
        "data: {source: gaussian, inputs: 3, train: 4, test: 23}\n"
        "training: {eta: 0.3, steps: 90, record: [" +
        record() + "]}\nensemble: {members: 2048" + ensemble + "}\nmeasure: [output, ntk]\n" +
        theory;
    EXPECT_EQ(pdlt_experiment_parse(&ex, text.c_str(), "e.yaml", 0, nullptr, &err), PDLT_OK)
        << err.message;
    fill();
  }
  ~Prediction() {
    pdlt_archive_free(&c);
    pdlt_experiment_free(&ex);
  }
  Prediction(const Prediction &) = delete;
  Prediction &operator=(const Prediction &) = delete;
  static std::string record() {
    std::string list = "0";
    for (int t = 1; t <= 90; t++) list += ", " + std::to_string(t);
    return list;
  }
  double *add(const char *name, const std::vector<size_t> &dim) {
    pdlt_array *array = nullptr;
    EXPECT_EQ(pdlt_archive_new(&c, name, int(dim.size()), dim.data(), &array, &err), PDLT_OK);
    return array->data;
  }
  void fill() {
    double *theta = add("Theta", {D, D});
    for (size_t a = 0; a < D; a++)
      for (size_t b = 0; b < D; b++) theta[a * D + b] = (a == b ? 1.0 : 0.0) + 0.1;
    add("K", {D, D});
    double *times = add("times", {3});
    times[1] = 1;
    times[2] = 20;
    double *y = add("y", {D, 3});
    for (size_t k = 0; k < 3 * D; k++) y[k] = std::cos(double(k));
    for (const char *name : {"A", "B", "V", "layer1/V", "U"}) {
      double *tensor = add(name, {D, D, D, D});
      for (size_t i = 0; i < D * D * D * D; i++)
        tensor[i] = name[0] == 'A'   ? theta[i / (D * D)] * theta[i % (D * D)] / 5
                    : name[0] == 'B' ? 0.0
                                     : double(i);
    }
    double *change = add("Theta_t_nlo", {91, 3, D, 3, D}); /* 4.8 MB */
    for (size_t i = 0; i < 91 * 9 * D * D; i++) change[i] = double(i % 7);
    add("err/Theta_t_nlo", {});
    json_object_set_new(pdlt_archive_meta(&c), "absent", json_object());
    json_t *experiment = nullptr;
    ASSERT_EQ(pdlt_experiment_to_json(&ex, &experiment, &err), PDLT_OK);
    json_object_set_new(pdlt_archive_meta(&c), "experiment", experiment);
  }
  void keep() { ASSERT_EQ(pdlt_theory_keep(&c, &ex, nullptr, &err), PDLT_OK) << err.message; }
  const pdlt_array *get(const char *name) const { return pdlt_archive_get(&c, name); }
  pdlt_reach at(double h) {
    pdlt_reach_theory *reach = nullptr;
    pdlt_reach out = {};
    EXPECT_EQ(pdlt_reach_theory_new(&reach, &c, nullptr, &err), PDLT_OK);
    EXPECT_EQ(pdlt_reach_at(&out, reach, h, NAN, &err), PDLT_OK);
    pdlt_reach_theory_free(reach);
    return out;
  }
  double largest_h() {
    pdlt_reach_theory *reach = nullptr;
    double out = 0;
    EXPECT_EQ(pdlt_reach_theory_new(&reach, &c, nullptr, &err), PDLT_OK);
    EXPECT_EQ(pdlt_reach_largest_h(reach, &out, &err), PDLT_OK);
    pdlt_reach_theory_free(reach);
    return out;
  }
};

TEST(TheoryKeep, TensorsAreCutToTheirFirstSamples) {
  Prediction p;
  p.keep();
  for (const char *name : {"A", "B", "V", "layer1/V", "U"}) {
    const pdlt_array *array = p.get(name);
    ASSERT_EQ(array->ndim, 4);
    for (int d = 0; d < 4; d++) ASSERT_EQ(array->dim[d], 26u) << name;
  }
  const double *V = p.get("layer1/V")->data;
  EXPECT_EQ(V[26], 27);
  EXPECT_EQ(V[((3 * 26 + 25) * 26 + 7) * 26 + 11], ((3 * 27 + 25) * 27 + 7) * 27 + 11);
  EXPECT_EQ(json_integer_value(json_object_get(p.c.meta, "kept_samples")), 26);
  EXPECT_EQ(p.get("Theta_t_nlo"), nullptr);
  EXPECT_EQ(p.get("err/Theta_t_nlo"), nullptr);
  EXPECT_STREQ(
      json_string_value(json_object_get(json_object_get(p.c.meta, "absent"), "Theta_t_nlo")),
      "not kept: 4.78 MB; theory.keep: [Theta_t] keeps it");
}

TEST(TheoryKeep, WhatIsNamedOrMeasuredIsKept) {
  Prediction all("theory: {keep: [tensors, Theta_t]}\n");
  const size_t before = all.c.count;
  all.keep();
  EXPECT_EQ(all.c.count, before);
  EXPECT_EQ(all.get("U")->dim[0], size_t(D));
  EXPECT_EQ(json_object_get(all.c.meta, "kept_samples"), nullptr);
  Prediction measured("", ", keep: [Theta_t]");
  measured.keep();
  EXPECT_NE(measured.get("Theta_t_nlo"), nullptr);
  EXPECT_EQ(measured.get("U")->dim[0], 26u);
  pdlt_experiment *ex = &measured.ex;
  EXPECT_EQ(pdlt_experiment_kept_samples(ex, 10), 10u);
  ex->measure |= PDLT_MEASURE_VERTEX;
  ex->measure_samples = 27;
  EXPECT_EQ(pdlt_experiment_kept_samples(ex, 40), 27u);
}

/* g, the correction and the spread of the NTK are those of the whole tensors, to the last bit; g of a
 * width that is not in the experiment is in proportion. */
TEST(TheoryKeep, TheReachIsThatOfTheWholeTensors) {
  Prediction whole("theory: {keep: [tensors, Theta_t]}\n"), cut;
  cut.keep();
  for (const double n : {8.0, 16.0, 64.0}) {
    const pdlt_reach a = whole.at(1 / n), b = cut.at(1 / n);
    EXPECT_GT(a.g, 0) << n;
    EXPECT_EQ(a.g, b.g) << n;
    EXPECT_EQ(a.in_reach, b.in_reach) << n;
    EXPECT_GT(a.correction_ntk, 0);
    EXPECT_EQ(a.correction_ntk, b.correction_ntk);
    EXPECT_GT(a.ntk_spread, 0);
    EXPECT_EQ(a.ntk_spread, b.ntk_spread);
  }
  EXPECT_FALSE(cut.at(1.0 / 8).in_reach); /* so that the width within reach is sought */
  EXPECT_EQ(whole.largest_h(), cut.largest_h());
  EXPECT_NEAR(cut.at(1.0 / 128).g / whole.at(1.0 / 128).g, 1, 0.1);
}

}  // namespace
