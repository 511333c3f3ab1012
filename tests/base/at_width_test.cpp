// Parameters that follow the width: what the numbers are, the plain experiment of one width, what cannot
// go with them, and views of theory at each width.
#include "base/experiment/at_width.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/core/memory.h"
#include "base/experiment/layer.h"
#include "base/experiment/results.h"

namespace {

const char kText[] = R"(network:
  activation: tanh
  depth: 3
  widths: [8, 16]
  width_ratios: [2, 3]
  C_b: {scale: 0.5, width: -1}
  C_W: 1.5
  lambda_b: {scale: 3, power: -1}
  lambda_W: {scale: 0.25, width: 0.5}
data: {source: gaussian, inputs: 5, train: 4}
training: {eta: 0.1, steps: 10}
)";

struct Experiment {
  explicit Experiment(std::vector<const char *> set = {}) {
    status = pdlt_experiment_parse(&ex, kText, "e.yaml", set.size(), set.data(), &err);
  }
  Experiment(const Experiment &) = delete;
  Experiment &operator=(const Experiment &) = delete;
  ~Experiment() { pdlt_experiment_free(&ex); }
  pdlt_experiment ex = {};
  pdlt_error err = {};
  pdlt_status status;
};

TEST(AtWidth, LayersHaveScaleTimesFanInToThePower) {
  Experiment e;
  ASSERT_EQ(e.status, PDLT_OK) << e.err.message;
  EXPECT_STREQ(pdlt_experiment_follows(&e.ex), "network.C_b");
  const double in[] = {5, 16, 24};
  for (int l = 1; l <= 3; l++) {
    const pdlt_layer layer = pdlt_experiment_layer(&e.ex, l, 8, 5);
    EXPECT_EQ((double)layer.in, in[l - 1]);
    EXPECT_DOUBLE_EQ(layer.C_b, 0.5 / in[l - 1]);
    EXPECT_EQ(layer.C_W, 1.5);
    EXPECT_DOUBLE_EQ(layer.lambda_b, 3.0 / l);
    EXPECT_DOUBLE_EQ(layer.lambda_W, 0.25 * std::sqrt(in[l - 1]));
    EXPECT_EQ(layer.has_bias, 1);
  }
}

TEST(AtWidth, PlainExperimentHasTheSameLayers) {
  Experiment e;
  pdlt_experiment plain = {};
  ASSERT_EQ(pdlt_experiment_at_width(&plain, &e.ex, 16, 5, &e.err), PDLT_OK) << e.err.message;
  EXPECT_EQ(pdlt_experiment_follows(&plain), nullptr);
  ASSERT_EQ(plain.network.num_widths, 1u);
  EXPECT_EQ(plain.network.widths[0], 16);
  for (int l = 1; l <= 3; l++) {
    const pdlt_layer a = pdlt_experiment_layer(&e.ex, l, 16, 5);
    const pdlt_layer b = pdlt_experiment_layer(&plain, l, 1, 5); /* any width: numbers by now */
    EXPECT_EQ(a.C_b, b.C_b);
    EXPECT_EQ(a.C_W, b.C_W);
    EXPECT_EQ(a.lambda_b, b.lambda_b);
    EXPECT_EQ(a.lambda_W, b.lambda_W);
  }
  pdlt_experiment_at_width_free(&plain);
  for (int k = 0; k < 5; k++) {
    pdlt_memory_fail_after(k);
    EXPECT_EQ(pdlt_experiment_at_width(&plain, &e.ex, 16, 5, &e.err), PDLT_ERR_MEMORY) << k;
    pdlt_memory_fail_after(-1);
  }
}

TEST(AtWidth, JsonIsReadBackTheSame) {
  Experiment e;
  json_t *json = nullptr;
  ASSERT_EQ(pdlt_experiment_to_json(&e.ex, &json, &e.err), PDLT_OK);
  const json_t *network = json_object_get(json, "network");
  EXPECT_EQ(json_number_value(json_object_get(json_object_get(network, "C_b"), "scale")), 0.5);
  EXPECT_EQ(json_number_value(json_object_get(json_object_get(network, "C_b"), "width")), -1);
  EXPECT_TRUE(json_is_array(json_object_get(network, "lambda_b")));
  char *text = json_dumps(json, 0), first[17], second[17];
  pdlt_experiment again = {};
  ASSERT_EQ(pdlt_experiment_parse(&again, text, "again", 0, nullptr, &e.err), PDLT_OK)
      << e.err.message;
  EXPECT_EQ(pdlt_experiment_hash(&e.ex, "", 1, first, &e.err), PDLT_OK);
  EXPECT_EQ(pdlt_experiment_hash(&again, "", 1, second, &e.err), PDLT_OK);
  EXPECT_STREQ(first, second);
  free(text);
  json_decref(json);
  pdlt_experiment_free(&again);
}

TEST(AtWidth, NumbersBeyondAllNumbersAreRefused) {
  Experiment e({"network.C_b={scale: 1, width: 400}"});
  pdlt_experiment plain = {};
  ASSERT_EQ(e.status, PDLT_OK);
  EXPECT_EQ(pdlt_experiment_at_width(&plain, &e.ex, 8, 5, &e.err), PDLT_ERR_INPUT);
  EXPECT_STREQ(
      e.err.message,
      "--set: network.C_b: layer 2 gets a value beyond all numbers at n = 8; use a smaller "
      "power of the width");
}

TEST(AtWidth, WhatCannotGoWithIt) {
  const struct {
    std::vector<const char *> set;
    const char *expected;
  } cases[] = {
      {{"network.C_b={scale: 1}"},
       "--set: network.C_b: a mapping must be {scale: NUMBER, width: NUMBER}"},
      {{"network.lambda_b={scale: 1}"},
       "--set: network.lambda_b: a mapping must be {scale: NUMBER, power: NUMBER} or {scale: "
       "NUMBER, "
       "width: NUMBER}"},
      {{"network.C_W={scale: -1, width: 1}"}, "--set: network.C_W: -1; expected a number >= 0"},
      {{"network.C_W={scale: 1, width: x}"}, "--set: network.C_W: x; expected a number >= 0"},
      {{"network.activation=relu"},
       "e.yaml:6: network.C_b: follows the width; what is tested then"},
      {{"theory.order=0"}, "--set: theory.order: 0; network.C_b follows the width"},
      {{"training.eta={relative: 0.5}"}, "--set: training.eta: relative; network.C_b follows"},
      {{"data.scale=critical"}, "--set: data.scale: critical; network.C_b follows the width"},
      {{"ensemble.members={until: {quantity: z, relative: 0.1}}"},
       "--set: ensemble.members: until needs one coefficient of 1/n"},
      {{"network.C_W=critical"}, "e.yaml:6: network.C_b: C_b and C_W are critical together"}};
  for (const auto &c : cases) {
    Experiment e(c.set);
    EXPECT_EQ(e.status, PDLT_ERR_INPUT) << c.set[0];
    EXPECT_EQ(std::string(e.err.message).rfind(c.expected, 0), 0u) << e.err.message;
  }
  Experiment rates({"network.C_b=1", "data.scale=critical", "network.C_W=1"});
  EXPECT_EQ(rates.status, PDLT_OK) << rates.err.message; /* K* does not depend on rates */
}

/* --- Archives --- */

struct Theory {
  pdlt_archive all = {};
  Theory() {
    json_t *network = json_pack("{s:i, s:i, s:[i, i], s:{s:f, s:f}}", "depth", 2, "outputs", 1,
                                "widths", 4, 8, "C_b", "scale", 0.5, "width", -1.0);
    json_t *experiment = json_pack("{s:o, s:{s:i, s:i}, s:i}", "network", network, "data", "train",
                                   2, "test", 0, "measure_samples", 2);
    json_object_set_new(pdlt_archive_meta(&all), "experiment", experiment);
    json_object_set_new(pdlt_archive_meta(&all), "kind", json_string("theory"));
    json_object_set_new(pdlt_archive_meta(&all), "layers", json_false());
    for (int n : {4, 8}) {
      pdlt_archive one = {};
      add(&one, "x", {2, 3})[0] = n;
      add(&one, "K", {2, 2})[0] = n;
      add(&one, "err/K", {})[0] = 0;
      EXPECT_EQ(pdlt_theory_add_width(&all, &one, n, nullptr), PDLT_OK);
      pdlt_archive_free(&one);
    }
  }
  Theory(const Theory &) = delete;
  Theory &operator=(const Theory &) = delete;
  ~Theory() { pdlt_archive_free(&all); }
  static double *add(pdlt_archive *to, const char *name, std::vector<size_t> dim) {
    pdlt_array *array = nullptr;
    EXPECT_EQ(pdlt_archive_new(to, name, (int)dim.size(), dim.data(), &array, nullptr), PDLT_OK);
    return array->data;
  }
};

TEST(AtWidth, WhatIsCommonIsStoredOnce) {
  Theory t;
  ASSERT_EQ(t.all.count, 5u); /* x; K and err/K twice */
  EXPECT_EQ(pdlt_archive_get(&t.all, "x")->data[0], 4);
  EXPECT_EQ(pdlt_archive_get(&t.all, "n8/K")->data[0], 8);
  EXPECT_NE(pdlt_archive_get(&t.all, "n4/err/K"), nullptr);
  EXPECT_EQ(pdlt_archive_get(&t.all, "n8/x"), nullptr);
}

TEST(AtWidth, AViewHasPlainNames) {
  Theory t;
  pdlt_archive view = {};
  pdlt_error err = {};
  EXPECT_EQ(pdlt_theory_follows(&t.all), 1);
  for (int n : {4, 8}) {
    ASSERT_EQ(pdlt_theory_view(&view, &t.all, n, &err), PDLT_OK) << err.message;
    ASSERT_EQ(view.count, 3u);
    EXPECT_EQ(pdlt_archive_get(&view, "K")->data[0], n);
    EXPECT_NE(pdlt_archive_get(&view, "x"), nullptr);
    EXPECT_NE(pdlt_archive_get(&view, "err/K"), nullptr);
    pdlt_theory_view_free(&view);
  }
  EXPECT_EQ(pdlt_theory_view(&view, &t.all, 48, &err), PDLT_ERR_INPUT);
  EXPECT_STREQ(err.message,
               "theory has no arrays of n = 48; make it with network.widths of the measurement");
  pdlt_memory_fail_after(0);
  EXPECT_EQ(pdlt_theory_view(&view, &t.all, 4, &err), PDLT_ERR_MEMORY);
  pdlt_memory_fail_after(-1);
}

TEST(AtWidth, ArchivesAreCheckedWidthByWidth) {
  const auto message = [](const char *name, std::vector<size_t> dim, double value) {
    Theory t;
    pdlt_error err = {};
    if (name != nullptr) Theory::add(&t.all, name, dim)[0] = value;
    return pdlt_results_check(&t.all, "t.npz", &err) == PDLT_OK ? "" : std::string(err.message);
  };
  EXPECT_EQ(message(nullptr, {}, 0), "");
  EXPECT_EQ(message("n8/G1", {2, 2}, 1), "");
  EXPECT_EQ(message("K", {2, 2}, 1),
            "t.npz: K: not an array of this kind of archive; make the file again");
  EXPECT_EQ(message("n16/K", {2, 2}, 1),
            "t.npz: n16/K: not an array of this kind of archive; make the file again");
  EXPECT_EQ(message("n8/G1", {2, 3}, 1),
            "t.npz: n = 8: G1: has the shape (2, 3), expected (2, 2); make the file again");
  EXPECT_EQ(
      message("n4/G1", {2, 2}, NAN),
      "t.npz: n = 4: G1: number 1 of 4 is nan, expected a finite number; make the file again");
  EXPECT_EQ(message("n4/err/G1", {}, 0),
            "t.npz: n = 4: G1: missing beside err/G1; make the file again");
}

}  // namespace
