/* trained_test.cpp - order 1/n in the archive: names, sums, omissions, errors. */
#include "theory/order_one/trained.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "theory/predict/predict.h"

namespace {

const char *const text =
    "network: {activation: tanh, depth: 3, widths: [16], outputs: 2, C_b: 0.1, C_W: 1.2}\n"
    "data: {source: gaussian, inputs: 3, seed: 1, train: 2, test: 1}\n"
    "training: {eta: 0.2, steps: 20, record: [0, 5, 20]}\n";

struct Case {
  pdlt_experiment ex = {};
  pdlt_dataset data = {};
  pdlt_archive out = {};
  pdlt_error err = {};

  explicit Case(std::vector<const char *> set, bool twin = false) {
    EXPECT_EQ(pdlt_experiment_parse(&ex, text, "e.yaml", set.size(), set.data(), &err), PDLT_OK)
        << err.message;
    EXPECT_EQ(pdlt_dataset_load(&data, &ex, &err), PDLT_OK) << err.message;
    if (twin) std::memcpy(data.x + 3, data.x, 3 * sizeof(double));
    const pdlt_predict_options options = {1, 0, nullptr};
    status = pdlt_predict(&out, &ex, &data, &options, &err);
  }
  ~Case() {
    pdlt_archive_free(&out);
    pdlt_dataset_free(&data);
    pdlt_experiment_free(&ex);
  }
  const pdlt_array *get(const std::string &name) { return pdlt_archive_get(&out, name.c_str()); }
  std::vector<double> values(const std::string &name) {
    const pdlt_array *t = get(name);
    EXPECT_NE(t, nullptr) << name;
    if (t == nullptr) return {};
    return std::vector<double>(t->data, t->data + pdlt_array_count(t));
  }
  const char *absent(const char *name) {
    return json_string_value(json_object_get(json_object_get(out.meta, "absent"), name));
  }
  pdlt_status status;
};

double distance(const std::vector<double> &a, const std::vector<double> &b) {
  double most = 0;
  EXPECT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size() && i < b.size(); i++)
    if (!std::isnan(a[i])) most = std::fmax(most, std::fabs(a[i] - b[i]));
  return most;
}

const char *const parts[] = {"mean_ntk", "ntk_fluctuations", "dntk", "ddntk_linear", "ddntk_cubic"};

TEST(Trained, EverythingIsThereAndPartsAddUp) {
  Case c({});
  ASSERT_EQ(c.status, PDLT_OK) << c.err.message;
  EXPECT_EQ(c.values("z_nlo").size(), 3u * 2 * 3);
  EXPECT_EQ(c.values("z_end_nlo").size(), 2u * 3);
  EXPECT_EQ(c.values("cov_nlo").size(), 3u * 36);
  EXPECT_EQ(c.values("cov_end_nlo").size(), 36u);
  EXPECT_EQ(c.values("Theta_t_nlo").size(), 3u * 36);
  EXPECT_EQ(c.values("dTheta_t_nlo").size(), 3u * 6 * 6 * 6);
  for (const std::string name : {"z_nlo", "z_end_nlo"}) {
    std::vector<double> sum(c.values(name).size());
    for (const char *part : parts) {
      const auto one = c.values(name + "/" + part);
      for (size_t i = 0; i < sum.size(); i++) sum[i] += one[i];
    }
    EXPECT_LT(distance(sum, c.values(name)), 1e-14);
  }
  /* At step 0: no correction of the mean, G1 of the covariance, Theta1 of the NTK. */
  for (int i = 0; i < 6; i++) EXPECT_EQ(c.values("z_nlo")[i], 0);
  const auto cov = c.values("cov_nlo"), ntk = c.values("Theta_t_nlo");
  for (int a = 0; a < 3; a++)
    for (int b = 0; b < 3; b++) {
      EXPECT_NEAR(cov[a * 6 + b], c.values("G1")[a * 3 + b], 1e-14);
      EXPECT_NEAR(cov[a * 6 + 3 + b], 0, 1e-14);
      EXPECT_NEAR(ntk[a * 6 + b], c.values("Theta1")[a * 3 + b], 1e-13);
    }
}

TEST(Trained, TheEndIsTheLastTime) {
  Case c({"training={eta: 0.2, steps: end}"}),
      late({"training={eta: 0.2, steps: 4000, record: [4000]}"});
  ASSERT_EQ(c.status, PDLT_OK) << c.err.message;
  const auto z = c.values("z_nlo"), end = c.values("z_end_nlo");
  EXPECT_EQ(std::vector<double>(z.begin() + 6, z.end()), end);
  EXPECT_LT(distance(end, late.values("z_nlo")), 1e-9);
  EXPECT_LT(distance(c.values("cov_end_nlo"), late.values("cov_nlo")), 1e-9);
  const auto ntk = c.values("Theta_t_nlo"), dntk = c.values("dTheta_t_nlo");
  EXPECT_LT(distance(std::vector<double>(ntk.begin() + 36, ntk.end()), late.values("Theta_t_nlo")),
            1e-9);
  EXPECT_LT(
      distance(std::vector<double>(dntk.begin() + 216, dntk.end()), late.values("dTheta_t_nlo")),
      1e-9);
}

TEST(Trained, OmittedPartsAndTermsAreGone) {
  Case whole({});
  const auto z = whole.values("z_nlo");
  for (const char *part : parts) {
    const std::string set = std::string("theory.omit=[") + part + "]";
    Case c({set.c_str()});
    const auto without = c.values("z_nlo"), one = whole.values(std::string("z_nlo/") + part);
    std::vector<double> rest(z.size());
    for (size_t i = 0; i < z.size(); i++) rest[i] = z[i] - one[i];
    EXPECT_LT(distance(without, rest), 1e-13) << part;
    EXPECT_GT(distance(without, z), 1e-4) << part;
  }
  Case term({"theory.omit=[z.dntk_us, z.dntk_ss]"}), part({"theory.omit=[dntk]"});
  EXPECT_LT(distance(term.values("z_nlo"), part.values("z_nlo")), 1e-13);
  Case tensor({"theory.omit=[V.inherited]"});
  EXPECT_GT(distance(tensor.values("V"), whole.values("V")), 1e-3);
  EXPECT_EQ(distance(tensor.values("F"), whole.values("F")), 0);
  Case wrong({"theory.omit=[V.inherit]"});
  EXPECT_EQ(wrong.status, PDLT_ERR_INPUT);
  EXPECT_EQ(std::string(wrong.err.message).rfind("--set: theory.omit: \"V.inherit\"", 0), 0u)
      << wrong.err.message;
}

/* The dNTK lives on the first measure_samples samples, and only when that is not too much. */
TEST(Trained, DntkOfTheFirstSamples) {
  Case whole({}), two({"measure_samples=2"}), gone({"theory.omit=[dTheta_t]"});
  const auto all = whole.values("dTheta_t_nlo"), some = two.values("dTheta_t_nlo");
  ASSERT_EQ(some.size(), 3u * 4 * 4 * 4);
  size_t at = 0;
  for (size_t t = 0; t < 3; t++)
    for (size_t I = 0; I < 4; I++)
      for (size_t J = 0; J < 4; J++)
        for (size_t K = 0; K < 4; K++, at++) {
          const auto row = [](size_t x) { return x / 2 * 3 + x % 2; };
          EXPECT_EQ(some[at], all[((t * 6 + row(I)) * 6 + row(J)) * 6 + row(K)]) << at;
        }
  for (const double v : gone.values("dTheta_t_nlo")) EXPECT_EQ(v, 0);
  for (size_t i = 0; i < 216; i++) EXPECT_EQ(all[i], 0);
  Case large({"network.outputs=30"});
  ASSERT_EQ(large.status, PDLT_OK) << large.err.message;
  EXPECT_EQ(large.get("dTheta_t_nlo"), nullptr);
  EXPECT_NE(std::string(large.absent("dTheta_t_nlo")).find("262144"), std::string::npos);
}

TEST(Trained, ReportedErrorsCoverTheActualOnes) {
  Case rough({"theory.tolerance=1e-4"}), fine({"theory.tolerance=1e-11"});
  for (const std::string name : {"z_nlo", "z_end_nlo", "cov_nlo", "cov_end_nlo", "Theta_t_nlo",
                                 "dTheta_t_nlo", "V", "T", "G1"}) {
    const double actual = distance(rough.values(name), fine.values(name));
    EXPECT_LE(actual, rough.values("err/" + name)[0] + 1e-13) << name;
    EXPECT_LT(fine.values("err/" + name)[0], 1e-6) << name;
  }
}

TEST(Trained, WhatDoesNotExistIsListed) {
  Case relu({"network.activation=relu", "network.depth=2", "training.record=[1]"});
  ASSERT_EQ(relu.status, PDLT_OK) << relu.err.message;
  for (const char *name : {"V", "G1", "Theta1", "D", "F", "A", "B"})
    EXPECT_NE(relu.get(name), nullptr) << name;
  for (const char *name :
       {"P", "U", "z_nlo", "z_end_nlo", "cov_nlo", "Theta_t_nlo", "dTheta_t_nlo"}) {
    EXPECT_EQ(relu.get(name), nullptr) << name;
    ASSERT_NE(relu.absent(name), nullptr) << name;
    const char *why = strlen(name) == 1 ? "second derivative" : "of order n^(-1/2), see z_half";
    EXPECT_NE(std::string(relu.absent(name)).find(why), std::string::npos) << name;
  }
  EXPECT_NE(relu.get("z_half"), nullptr);
  Case twin({}, true);
  ASSERT_EQ(twin.status, PDLT_OK) << twin.err.message;
  EXPECT_NE(twin.get("z_nlo"), nullptr);
  EXPECT_EQ(twin.get("z_end_nlo"), nullptr);
  EXPECT_NE(std::string(twin.absent("cov_end_nlo")).find("singular"), std::string::npos);
}

}  // namespace
