/* mask_test.cpp - theory.omit and theory.flip: names, refusals, and what a flipped sign
 * does to every array of theory. */
#include "theory/terms/mask.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "theory/predict/predict.h"

namespace {

using Arrays = std::map<std::string, std::vector<double>>;

/* Nothing is 1 by chance, polynomial so that all Gaussian means are exact and fast. */
const std::string kText =
    "network:\n"
    "  activation: polynomial(0.1,0.9,0.3,-0.05)\n"
    "  depth: 3\n"
    "  widths: [16]\n"
    "  width_ratios: [2, 1]\n"
    "  outputs: 2\n"
    "  C_b: [0.05, 0.1, 0.2]\n"
    "  C_W: [0.8, 1.1, 0.9]\n"
    "  lambda_b: [0.3, 0.5, 0.2]\n"
    "  lambda_W: [1.2, 0.7, 1.1]\n"
    "data: {source: gaussian, inputs: 3, seed: 1, train: 1, test: 1}\n"
    "training: {eta: 0.05, steps: 4, record: [0, 1, 4]}\n"
    "measure: [output, features]\n";
const std::vector<std::string> kDeeper = {"network.depth=4",      "network.width_ratios=[2, 1, 1]",
                                          "network.C_b=0.1",      "network.C_W=1.2",
                                          "network.lambda_b=0.5", "network.lambda_W=1.1"};

/* Samples of three positions. Taps count in every layer, so that one beside the first is linear in their factor;
 * offsets count where tensors of order 1/n have positions, in the second of three. */
const std::vector<std::string> kTaps = {"network.depth=2",
                                        "network.width_ratios=[2]",
                                        "network.C_b=0.1",
                                        "network.C_W=1.2",
                                        "network.lambda_b=0.5",
                                        "network.lambda_W=1.1",
                                        "network.input={shape: [3], channels: 1}",
                                        "network.layers=[{conv: 2, padding: circular}, dense]"};
const std::vector<std::string> kOffsets = {
    "network.input={shape: [3], channels: 1}",
    "network.layers=[{conv: 2, padding: circular}, {conv: 2, padding: zero}, average]"};

pdlt_experiment Parse(const std::vector<std::string> &settings) {
  std::vector<const char *> set;
  for (const auto &s : settings) set.push_back(s.c_str());
  pdlt_experiment ex = {};
  pdlt_error err = {};
  EXPECT_EQ(pdlt_experiment_parse(&ex, kText.c_str(), "e.yaml", set.size(), set.data(), &err),
            PDLT_OK)
      << err.message;
  return ex;
}

/* All arrays of theory but the estimated errors, whose size does not follow a sign. */
Arrays Predict(const std::vector<std::string> &settings) {
  pdlt_experiment ex = Parse(settings);
  pdlt_dataset data = {};
  pdlt_archive archive = {};
  pdlt_error err = {};
  Arrays out;
  EXPECT_EQ(pdlt_dataset_load(&data, &ex, &err), PDLT_OK) << err.message;
  const pdlt_predict_options options = {1, 0, nullptr};
  EXPECT_EQ(pdlt_predict(&archive, &ex, &data, &options, &err), PDLT_OK) << err.message;
  for (size_t i = 0; i < archive.count; i++) {
    const std::string name = archive.entries[i].name;
    const pdlt_array &t = archive.entries[i].array;
    if (name.rfind("err/", 0) != 0) out[name].assign(t.data, t.data + pdlt_array_count(&t));
  }
  pdlt_archive_free(&archive);
  pdlt_dataset_free(&data);
  pdlt_experiment_free(&ex);
  return out;
}

std::string Refusal(const std::vector<std::string> &settings) {
  pdlt_experiment ex = Parse(settings);
  pdlt_error err = {};
  pdlt_mask mask;
  EXPECT_EQ(pdlt_mask_read(&mask, &ex, &err), PDLT_ERR_INPUT);
  pdlt_experiment_free(&ex);
  return err.message;
}

/* Every term, and every part of z_nlo. */
std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (int t = 0; t < PDLT_TERM_COUNT; t++) names.push_back(pdlt_term_name((pdlt_term)t));
  for (int t = 0; t < PDLT_DYNAMICS_TERM_COUNT; t++)
    names.push_back(pdlt_dynamics_term_name((pdlt_dynamics_term)t));
  for (int p = 0; p < PDLT_DYNAMICS_PART_COUNT; p++)
    names.push_back(pdlt_dynamics_part_name((pdlt_dynamics_part)p));
  return names;
}

double Largest(const std::vector<double> &values) {
  double most = 0;
  for (const double v : values)
    if (!std::isnan(v)) most = std::fmax(most, std::fabs(v));
  return most;
}

std::vector<std::string> With(std::vector<std::string> settings, const std::string &last) {
  settings.push_back(last);
  return settings;
}

/* flipped = 2 omitted - whole in every array; returns how many numbers the flip moves. */
int CheckLinear(const std::vector<std::string> &settings, const std::string &name,
                const Arrays &whole) {
  const Arrays omitted = Predict(With(settings, "theory.omit=[" + name + "]"));
  const Arrays flipped = Predict(With(settings, "theory.flip=[" + name + "]"));
  int changed = 0;
  for (const auto &[array, full] : whole) {
    const auto &less = omitted.at(array), &minus = flipped.at(array);
    const double size = Largest(full) + Largest(minus);
    for (size_t i = 0; i < full.size(); i++) {
      if (std::isnan(full[i])) continue;
      EXPECT_NEAR(minus[i], 2 * less[i] - full[i], 1e-12 * size) << name << " " << array;
      changed += std::fabs(minus[i] - full[i]) > 1e-6 * size;
    }
  }
  return changed;
}

/* At depth 3 no term feeds itself twice, and all of order 1/n is linear in every factor. Two
 * terms need one layer more to feed on anything, and are linear there. */
TEST(Mask, FlippedIsTwiceOmittedLessTheWhole) {
  const Arrays whole = Predict({}), deeper = Predict(kDeeper);
  for (const std::string &name : Names()) {
    if (pdlt_term_is_named(name.c_str(), "positions")) continue;
    if (pdlt_term_is_named(name.c_str(), "skip")) continue;
    const bool deep = name == "G1.inherited_G1" || name == "Theta1.inherited";
    const int changed = CheckLinear({}, name, whole);
    EXPECT_EQ(changed == 0, deep) << name;
    if (deep) {
      EXPECT_GT(CheckLinear(kDeeper, name, deeper), 0) << name;
    }
  }
}

TEST(Mask, PositionsFlippedAreTwiceOmittedLessTheWhole) {
  EXPECT_GT(CheckLinear(kTaps, "positions.taps", Predict(kTaps)), 10);
  EXPECT_GT(CheckLinear(kOffsets, "positions.offsets", Predict(kOffsets)), 10);
}

/* The parts of z_nlo lie in the archive: another road to what a flipped one must be. */
TEST(Mask, FlippedPartIsSubtractedTwice) {
  const Arrays whole = Predict({});
  for (const std::string part : {"mean_ntk", "dntk", "ddntk_cubic"}) {
    const Arrays flipped = Predict({"theory.flip=[" + part + "]"});
    const auto &z = whole.at("z_nlo"), &one = whole.at("z_nlo/" + part);
    for (size_t i = 0; i < z.size(); i++)
      EXPECT_NEAR(flipped.at("z_nlo")[i], z[i] - 2 * one[i], 1e-13 * Largest(z)) << part;
  }
}

/* V_4 = f + i(f + i(f)): a flipped i is applied in every layer, so that V_4 is no longer the
 * whole less twice what is inherited but has i(i(f)) twice on top. */
TEST(Mask, FlipsInEveryLayer) {
  const double whole = Predict(kDeeper).at("V")[0];
  const double fresh = Predict(With(kDeeper, "theory.omit=[V.inherited]")).at("V")[0];
  const double flipped = Predict(With(kDeeper, "theory.flip=[V.inherited]")).at("V")[0];
  EXPECT_GT(flipped - (2 * fresh - whole), 1e-3 * whole);
  EXPECT_LT(flipped, fresh);
}

TEST(Mask, OmitAndFlipTogether) {
  const Arrays both = Predict({"theory.omit=[B.fresh]", "theory.flip=[B.B, F]"});
  const Arrays whole = Predict({});
  EXPECT_EQ(Largest(both.at("B")), 0);
  EXPECT_NEAR(both.at("D")[0], whole.at("D")[0], 1e-14);
  EXPECT_NE(both.at("F")[0], whole.at("F")[0]);
}

/* Names of the first correction of a network with a kink: the one factor that each means, and no other. */
TEST(Mask, HalfNames) {
  const std::vector<std::string> names = {"half.crossing", "half.pushed", "half.others",
                                          "half.layer1",   "half.layer2", "half.layer64"};
  for (const std::string &name : names) {
    pdlt_experiment ex = Parse({"theory.flip=[" + name + "]", "theory.omit=[half.layer3]"});
    pdlt_error err = {};
    pdlt_mask mask;
    ASSERT_EQ(pdlt_mask_read(&mask, &ex, &err), PDLT_OK) << err.message;
    EXPECT_TRUE(mask.active);
    double *one = pdlt_kink_factor(&mask.kink, name.c_str());
    ASSERT_NE(one, nullptr);
    EXPECT_EQ(*one, -1);
    EXPECT_EQ(mask.kink.layer[2], 0);
    *one = 1, mask.kink.layer[2] = 1;
    for (const double factor : mask.kink.part) EXPECT_EQ(factor, 1);
    for (const double factor : mask.kink.layer) EXPECT_EQ(factor, 1);
    for (const double factor : mask.part) EXPECT_EQ(factor, 1);
    for (const double factor : mask.terms.factor) EXPECT_EQ(factor, 1);
    for (const double factor : mask.dynamics.factor) EXPECT_EQ(factor, 1);
    pdlt_experiment_free(&ex);
  }
  for (const std::string name : {"half", "half.layer0", "half.layer65", "half.layer01", "half."})
    EXPECT_EQ(Refusal({"theory.omit=[" + name + "]"})
                  .rfind("--set: theory.omit: \"" + name + "\" is no term, tensor or part", 0),
              0u)
        << name;
  EXPECT_EQ(Refusal({"theory.omit=[half.pushed]", "theory.flip=[half.pushed]"})
                .rfind("--set: theory.flip: \"half.pushed\" is left out by theory.omit", 0),
            0u);
}

TEST(Mask, Refusals) {
  for (const std::string name : {"positions.taps", "positions"})
    EXPECT_EQ(Refusal({"theory.omit=[" + name + "]"}),
              "--set: theory.omit: \"" + name +
                  "\" is of layers with positions (network.layers), and this network has none; "
                  "leave it out");
  EXPECT_EQ(
      Refusal({"theory.omit=[V.inherit]"}).rfind("--set: theory.omit: \"V.inherit\" is no", 0), 0u);
  EXPECT_EQ(Refusal({"theory.flip=[z.]"}).rfind("--set: theory.flip: \"z.\" is no term", 0), 0u);
  const std::string already = "\" is left out by theory.omit or flipped already; name each term ";
  for (const auto &pair : std::vector<std::pair<std::string, std::string>>{{"V.fresh", "V.fresh"},
                                                                           {"V", "V.fresh"},
                                                                           {"V.fresh", "V"},
                                                                           {"z.dntk_us", "z"},
                                                                           {"dntk", "dntk"}}) {
    EXPECT_EQ(Refusal({"theory.omit=[" + pair.first + "]", "theory.flip=[" + pair.second + "]"})
                  .rfind("--set: theory.flip: \"" + pair.second + already, 0),
              0u)
        << pair.second;
    EXPECT_EQ(Refusal({"theory.flip=[" + pair.first + ", " + pair.second + "]"})
                  .rfind("--set: theory.flip: \"" + pair.second + already, 0),
              0u)
        << pair.second;
  }
}

}  // namespace
