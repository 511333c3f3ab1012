/* explain_test.cpp - what pdlt explain says before any training, against numbers computed anew, and
 * what run and train say of it. */
#include <gtest/gtest.h>
#include <jansson.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "base/file/npz.h"
#include "tests/cli/support.h"

namespace {

const char *const network = "{activation: tanh, depth: 3, C_b: 0.1, C_W: 1.2, lambda_b: 0.5, ";

std::string Text(const std::string &rest, const std::string &training, long members = 4096) {
  return std::string("network: ") + network + rest +
         "}\ndata: {source: gaussian, inputs: 3, seed: 4, train: 3, test: 1}\n" + "training: {" +
         training + "}\nensemble: {members: " + std::to_string(members) +
         ", estimator: antithetic}\ntheory: {tolerance: 1e-6}\n";
}

const std::string wide = "widths: [32, 48, 64, 96]";
const std::string training = "eta: {relative: 0.5}, steps: 6";

/* The JSON of an experiment, and what is asked of it. */
class Explained {
 public:
  explicit Explained(const std::string &text, const std::string &options = "") {
    write_text(folder_ / "e.yaml", text);
    const Outcome got = run_pdlt("explain e.yaml --json " + options, folder_.path());
    EXPECT_EQ(got.status, 0) << got.err;
    root_ = json_loads(got.out.c_str(), 0, nullptr);
    EXPECT_NE(root_, nullptr) << got.out;
  }
  ~Explained() { json_decref(root_); }
  Explained(const Explained &) = delete;
  Explained &operator=(const Explained &) = delete;
  const json_t *get(const char *key) const { return json_object_get(root_, key); }
  double number(const char *key) const { return json_number_value(get(key)); }
  const json_t *of(const char *list, size_t k, const char *key) const {
    return json_object_get(json_array_get(get(list), k), key);
  }
  double number(const char *list, size_t k, const char *key) const {
    return json_number_value(of(list, k, key));
  }
  std::string reasons() const {
    std::string all;
    for (size_t k = 0; k < json_array_size(get("reasons")); k++)
      all += std::string(json_string_value(json_array_get(get("reasons"), k))) + "\n";
    return all;
  }
  TempFolder &folder() { return folder_; }

 private:
  TempFolder folder_;
  json_t *root_;
};

/* theory.npz of the experiment. */
struct Theory {
  explicit Theory(const std::string &text) {
    TempFolder folder;
    write_text(folder / "e.yaml", text);
    const Outcome got = run_pdlt("theory e.yaml -o t.npz --quiet", folder.path());
    EXPECT_EQ(got.status, 0) << got.err;
    EXPECT_EQ(pdlt_npz_read(&archive, (folder / "t.npz").c_str(), nullptr), PDLT_OK);
  }
  ~Theory() { pdlt_archive_free(&archive); }
  Theory(const Theory &) = delete;
  Theory &operator=(const Theory &) = delete;
  std::vector<double> get(const char *name) const {
    const pdlt_array *a = pdlt_archive_get(&archive, name);
    EXPECT_NE(a, nullptr) << name;
    return a == nullptr ? std::vector<double>()
                        : std::vector<double>(a->data, a->data + pdlt_array_count(a));
  }
  pdlt_archive archive = {};
};

double SumOfSquares(const std::vector<double> &x) {
  double sum = 0;
  for (double value : x) sum += value * value;
  return sum;
}

/* E[f(z)] for z ~ N(0, K), by the trapezoid rule. */
double Gauss(double K, const std::function<double(double)> &f) {
  double sum = 0;
  const int points = 4000;
  for (int i = -points; i <= points; i++) {
    const double u = 12.0 * i / points;
    sum += std::exp(-u * u / 2) * f(std::sqrt(K) * u);
  }
  return sum * 12.0 / points / std::sqrt(2 * M_PI);
}

/* Infinite width is enough, and more exact. */
std::string InfiniteWidth(long members = 4096) {
  std::string text = Text(wide, training, members);
  return text.replace(text.find("tolerance: 1e-6"), 15, "order: 0");
}

TEST(Explain, KernelAndSusceptibilitiesOfTanh) {
  const std::string text = InfiniteWidth();
  Explained e(text);
  const Theory theory(text);
  const auto x = theory.get("x"); /* (4, 3) */
  const double C_b = 0.1, C_W = 1.2;
  std::vector<double> K(4);
  for (int a = 0; a < 4; a++)
    K[a] =
        C_b +
        C_W * (x[3 * a] * x[3 * a] + x[3 * a + 1] * x[3 * a + 1] + x[3 * a + 2] * x[3 * a + 2]) / 3;
  ASSERT_EQ(json_array_size(e.get("layers")), 3u);
  for (size_t l = 0; l < 3; l++) {
    double mean = 0;
    for (double k : K) mean += k / 4;
    const auto square = [](double z) { return std::tanh(z) * std::tanh(z); };
    const double perp = C_W * Gauss(mean, [](double z) { return std::pow(std::cosh(z), -4); });
    const double parallel =
        C_W * Gauss(mean, [&](double z) { return square(z) * (z * z - mean); }) / (2 * mean * mean);
    EXPECT_EQ(e.number("layers", l, "layer"), l + 1.0);
    EXPECT_NEAR(e.number("layers", l, "K"), mean, 1e-7);
    EXPECT_NEAR(e.number("layers", l, "chi_perp"), perp, 1e-7);
    EXPECT_NEAR(e.number("layers", l, "chi_par"), parallel, 1e-7);
    EXPECT_STREQ(json_string_value(e.of("layers", l, "phase")), perp < 1 ? "ordered" : "chaotic");
    for (double &k : K) k = C_b + C_W * Gauss(k, square);
  }
}

TEST(Explain, ListsTheKeysOfFigures) {
  const std::string plain = InfiniteWidth();
  const std::string text = plain +
                           "figures: {quantities: [z, cov], times: [0, 6], width_mm: 85.5, "
                           "title: 'a \"b\"', colors: {blue: '#010203'}}\n";
  EXPECT_EQ(Explained(plain).get("figures"), nullptr);
  const Explained e(text);
  json_t *expected = json_loads(
      "{\"quantities\": [\"z\", \"cov\"], \"times\": [0.0, 6.0], \"width_mm\": 85.5, "
      "\"title\": \"a \\\"b\\\"\", \"colors\": {\"blue\": \"#010203\"}}",
      0, nullptr);
  char *found = json_dumps(e.get("figures"), JSON_SORT_KEYS);
  EXPECT_TRUE(json_equal(e.get("figures"), expected)) << found;
  TempFolder folder;
  write_text(folder / "e.yaml", text);
  const std::string said = run_pdlt("explain e.yaml --quiet", folder.path()).out;
  const std::string line = std::string("figures, on which nothing else depends: ") + found + "\n";
  EXPECT_NE(said.find("\n" + line), said.npos) << said;
  write_text(folder / "e.yaml", plain);
  EXPECT_EQ(run_pdlt("explain e.yaml --quiet", folder.path()).out.find("figures"), said.npos);
  std::free(found);
  json_decref(expected);
}

TEST(Explain, PhasesOfKnownInitializations) {
  const struct {
    const char *network, *phase;
  } cases[] = {{"activation: relu, C_b: 0, C_W: 2", "critical"},
               {"activation: relu, C_b: 0, C_W: 1.5", "ordered"},
               {"activation: relu, C_b: 0, C_W: 2.5", "chaotic"},
               {"activation: tanh, C_b: critical, C_W: critical", "critical"},
               {"activation: gelu, C_b: critical, C_W: critical", "critical"},
               {"activation: sin, C_b: 0, C_W: 0.5", "ordered"}};
  for (const auto &one : cases) {
    Explained e(std::string("network: {depth: 3, widths: [16], ") + one.network +
                "}\ndata: {source: gaussian, inputs: 2, train: 2}\n"
                "training: {eta: {relative: 0.5}, steps: 2}\ntheory: {order: 0}\n");
    for (size_t l = 0; l < 3; l++)
      EXPECT_STREQ(json_string_value(e.of("layers", l, "phase")), one.phase) << one.network << l;
  }
}

TEST(Explain, LargestEigenvalueByPowers) {
  const std::string text = InfiniteWidth();
  Explained e(text);
  const auto theta = Theory(text).get("Theta"); /* (4, 4), 3 training samples */
  std::vector<double> v = {1, 0.7, -0.3}, next(3);
  double value = 0;
  for (int k = 0; k < 5000; k++) {
    for (int a = 0; a < 3; a++) {
      next[a] = 0;
      for (int b = 0; b < 3; b++) next[a] += theta[4 * a + b] * v[b];
    }
    value = std::sqrt(SumOfSquares(next) / SumOfSquares(v));
    const double size = std::sqrt(SumOfSquares(next));
    for (int a = 0; a < 3; a++) v[a] = next[a] / size;
  }
  EXPECT_NEAR(e.number("theta_max"), value, 1e-9 * value);
  EXPECT_NEAR(e.number("eta_max"), 2 / value, 1e-9 / value);
}

TEST(Explain, DepthOverWidthAndItsOptimum) {
  const std::string text = Text("widths: [20, 40], width_ratios: [1, 2]", training);
  Explained e(text);
  const Theory theory(text);
  const auto K = theory.get("K"), V = theory.get("V");
  double nu = 0;
  for (int a = 0; a < 4; a++)
    nu += V[((a * 4 + a) * 4 + a) * 4 + a] / (K[5 * a] * K[5 * a]) / 4 / (3 * 2);
  EXPECT_DOUBLE_EQ(e.number("depth_over_width"), 3.0 / 20);
  EXPECT_NEAR(e.number("r_star"), 4 / (23 * nu), 1e-9 / nu);
}

TEST(Explain, CorrectionsAreTheArraysOfTheory) {
  const std::string text = Text(wide, "eta: {relative: 0.8}, steps: 12");
  Explained e(text);
  const Theory theory(text);
  const auto cov = theory.get("cov_lo"); /* (T, 1, 4, 1, 4) */
  double variance = 0;
  for (size_t k = 0; k < cov.size(); k++)
    if (k % 16 % 5 == 0) variance += cov[k];
  const double z =
      std::sqrt(SumOfSquares(theory.get("z_nlo")) / (SumOfSquares(theory.get("z_lo")) + variance));
  const double times = static_cast<double>(theory.get("times").size());
  const double ntk = std::sqrt(SumOfSquares(theory.get("Theta_t_nlo")) /
                               (times * SumOfSquares(theory.get("Theta"))));
  const double loss = std::sqrt(SumOfSquares(theory.get("loss_test_nlo")) /
                                SumOfSquares(theory.get("loss_test_lo")));
  const double widths[] = {32, 48, 64, 96};
  ASSERT_EQ(json_array_size(e.get("widths")), 4u);
  for (size_t w = 0; w < 4; w++) {
    EXPECT_EQ(e.number("widths", w, "width"), widths[w]);
    EXPECT_NEAR(e.number("widths", w, "correction_z") * widths[w], z, 1e-9 * z);
    EXPECT_NEAR(e.number("widths", w, "correction_ntk") * widths[w], ntk, 1e-9 * ntk);
    EXPECT_NEAR(e.number("widths", w, "correction_loss_test") * widths[w], loss, 1e-9 * loss);
    EXPECT_LE(e.number("widths", w, "negative"), 0);
    EXPECT_TRUE(json_is_number(e.of("widths", w, "unstable")));
    EXPECT_TRUE(json_is_number(e.of("widths", w, "g")));
  }
  const double largest = std::max({z, ntk, loss});
  EXPECT_EQ(e.number("width_10_percent"), std::ceil(largest / 0.1));
  EXPECT_EQ(e.number("width_30_percent"), std::ceil(largest / 0.3));
  EXPECT_GT(e.number("widths", 0, "g"), e.number("widths", 3, "g"));
}

TEST(Explain, WithinReachAVerdictIsPossible) {
  Explained e(Text(wide, training));
  EXPECT_TRUE(json_is_true(e.get("verdict_possible"))) << e.reasons();
  EXPECT_EQ(e.reasons(), "");
  EXPECT_LE(e.number("width_in_reach"), 32);
  EXPECT_GE(e.number("width_in_reach"), 1);
  for (size_t w = 0; w < 4; w++) {
    EXPECT_TRUE(json_is_true(e.of("widths", w, "in_reach")));
    EXPECT_STREQ(json_string_value(e.of("widths", w, "reason")), "");
  }
  EXPECT_GT(e.number("seconds"), 0);
  EXPECT_GT(e.number("bytes"), 1000);
}

/* sin(x) at four points by erf networks in the chaotic phase: all widths look harmless by the size
 * of their corrections, and none is within reach. */
const char *const hopeless =
    "network: {activation: erf, depth: 3, widths: [24, 32, 48, 64], C_b: 0.0025, C_W: 2.25,\n"
    "          lambda_b: 0.0025, lambda_W: 2.25}\n"
    "data: {source: csv, file: sin.csv, train: 3, test: 1}\n"
    "training: {eta: 0.015, steps: 40}\n"
    "ensemble: {members: 4096}\ntheory: {tolerance: 1e-4}\n";

void WriteSine(const std::filesystem::path &path) {
  std::string rows = "x1,y1\n";
  for (double x : {-3.1, -2.9, 2.8, 3.0})
    rows += std::to_string(x) + "," + std::to_string(std::sin(x)) + "\n";
  write_text(path, rows);
}

TEST(Explain, BeyondReachNoVerdictIsPossible) {
  TempFolder data;
  WriteSine(data / "sin.csv");
  Explained e(hopeless, "--set data.file=" + (data / "sin.csv").string());
  EXPECT_TRUE(json_is_false(e.get("verdict_possible")));
  EXPECT_GT(e.number("width_in_reach"), 150);
  EXPECT_LT(e.number("width_in_reach"), 400);
  EXPECT_NE(e.reasons().find("widths out of reach of order 1/n: 4 of 4; a fit of degree 2 needs 4"),
            std::string::npos)
      << e.reasons();
  for (size_t w = 0; w < 4; w++) {
    EXPECT_TRUE(json_is_false(e.of("widths", w, "in_reach")));
    EXPECT_STRNE(json_string_value(e.of("widths", w, "reason")), "");
  }
  EXPECT_GT(e.number("widths", 3, "g"), 0.15);
  const std::string n = std::to_string(static_cast<int>(e.number("width_in_reach")) + 1);
  Explained wider(hopeless, "--set data.file=" + (data / "sin.csv").string() +
                                " --set network.widths=[" + n + ",300,400,500]");
  EXPECT_TRUE(json_is_true(wider.get("verdict_possible"))) << wider.reasons();
}

TEST(Explain, TooFewMembersOrWidths) {
  Explained members(InfiniteWidth(640));
  EXPECT_TRUE(json_is_false(members.get("verdict_possible")));
  EXPECT_EQ(members.reasons(),
            "ensemble.members: 640 are 10 blocks of 64, error bars need 32: at least 2048 "
            "members\n");
  EXPECT_TRUE(json_is_true(Explained(InfiniteWidth(2048)).get("verdict_possible")));
  const std::string few = "--set network.widths=[32,48,64] ";
  Explained widths(InfiniteWidth(), few);
  EXPECT_TRUE(json_is_false(widths.get("verdict_possible")));
  EXPECT_EQ(widths.reasons(), "network.widths: 3, a fit of degree 2 needs 4\n");
  Explained line(InfiniteWidth(), few + "--set compare.degree=1");
  EXPECT_TRUE(json_is_true(line.get("verdict_possible"))) << line.reasons();
}

/* Nothing of order 1/n for trained outputs; the NTK's fluctuations are known. */
// Corrections of trained quantities fall as n^(-1/2) there, and so do the widths that follow.
TEST(Explain, KinksHaveCorrectionsOfOrderHalf) {
  Explained e(Text(wide, "eta: {relative: 0.5}, steps: 2"),
              "--set network.activation=relu --set network.C_W=1.8 --set network.depth=2");
  for (const char *name : {"correction_z", "correction_loss_test", "correction_ntk"})
    EXPECT_NEAR(
        json_number_value(e.of("widths", 0, name)) / json_number_value(e.of("widths", 3, name)),
        std::sqrt(3.0), 1e-6)
        << name;
  for (size_t w = 0; w < 4; w++) EXPECT_TRUE(json_is_number(e.of("widths", w, "g")));
  EXPECT_GT(json_number_value(e.of("widths", 0, "correction_loss_test")), 0.0);
  EXPECT_GE(json_number_value(e.get("width_10_percent")),
            json_number_value(e.get("width_30_percent")));
  EXPECT_TRUE(json_is_number(e.get("width_in_reach")));
  EXPECT_TRUE(json_is_number(e.get("r_star")));
}

TEST(Explain, OrderZeroHasNoCorrections) {
  Explained e(Text(wide, training), "--set theory.order=0");
  EXPECT_TRUE(json_is_null(e.of("widths", 0, "correction_z")));
  EXPECT_TRUE(json_is_null(e.of("widths", 0, "g")));
  EXPECT_TRUE(json_is_null(e.get("r_star")));
  EXPECT_TRUE(json_is_null(e.get("width_30_percent")));
  EXPECT_TRUE(json_is_number(e.of("widths", 0, "unstable")));
  EXPECT_TRUE(json_is_true(e.get("verdict_possible"))) << e.reasons();
}

TEST(Explain, FlowCannotBeTrained) {
  Explained e(Text(wide, "eta: flow, steps: 3"));
  EXPECT_TRUE(json_is_false(e.get("verdict_possible")));
  EXPECT_NE(e.reasons().find("training.eta: flow exists in theory only"), std::string::npos);
  EXPECT_TRUE(json_is_number(e.of("widths", 0, "correction_z")));
  EXPECT_TRUE(json_is_null(e.of("widths", 0, "unstable")));
}

TEST(Explain, UnmeasuredOutputsNeedNoReach) {
  TempFolder data;
  WriteSine(data / "sin.csv");
  Explained e(hopeless, "--set measure=[kernel] --set data.file=" + (data / "sin.csv").string());
  EXPECT_TRUE(json_is_true(e.get("verdict_possible"))) << e.reasons();
}

/* The evidence at both orders, and h times the exponent; a warning where hardly a draw counts. */
TEST(Explain, PosteriorsSayEvidenceAndDraws) {
  const auto text = [](const char *noise) {
    return std::string(
               "network: {activation: 'polynomial(0,1,0.2)', depth: 2, widths: [8, 32],\n"
               "          width_ratios: [2], C_b: 0.1, C_W: 1}\n"
               "data: {source: gaussian, inputs: 3, seed: 4, train: 2}\n"
               "measure: [posterior]\nposterior: {noise: ") +
           noise + "}\n";
  };
  const Explained e(text("0.5"));
  const Theory t(text("0.5"));
  const double lo = t.get("log_evidence_lo")[0], nlo = t.get("log_evidence_nlo")[0];
  ASSERT_EQ(json_array_size(e.get("posterior")), 2u);
  for (size_t w = 0; w < 2; w++) {
    const double h = 1 / (2.0 * (w == 0 ? 8 : 32));
    EXPECT_DOUBLE_EQ(e.number("posterior", w, "log_evidence_lo"), lo);
    EXPECT_DOUBLE_EQ(e.number("posterior", w, "log_evidence"), lo + h * nlo);
    EXPECT_DOUBLE_EQ(e.number("posterior", w, "exponent"), h * t.get("post_ess_exponent")[0]);
  }
  const auto printed = [&](const std::string &of) {
    TempFolder folder;
    write_text(folder / "e.yaml", of);
    return run_pdlt("explain e.yaml --quiet", folder.path()).out;
  };
  const std::string calm = printed(text("0.5")), loud = printed(text("0.001"));
  EXPECT_NE(calm.find("\nposterior, noise 0.5: log of the evidence "), std::string::npos) << calm;
  EXPECT_EQ(calm.find("not what the prior expects"), std::string::npos) << calm;
  EXPECT_NE(loud.find("\nwarning: up to n = "), std::string::npos) << loud;
}

TEST(Explain, EveryPointOfASweep) {
  Explained e(InfiniteWidth(), "--set 'sweep={network.depth: [2, 4]}'");
  ASSERT_EQ(json_array_size(e.get("points")), 2u);
  EXPECT_STREQ(json_string_value(e.of("points", 0, "name")), "depth=2");
  EXPECT_EQ(json_array_size(e.of("points", 0, "layers")), 2u);
  EXPECT_EQ(json_array_size(e.of("points", 1, "layers")), 4u);
  const Outcome text =
      run_pdlt("explain e.yaml --quiet --set 'sweep={network.depth: [2, 4]}'", e.folder().path());
  EXPECT_EQ(text.out.rfind("depth=2\nlayer ", 0), 0u) << text.out;
  EXPECT_NE(text.out.find("\n\ndepth=4\nlayer "), std::string::npos) << text.out;
}

TEST(Explain, BadInput) {
  TempFolder folder;
  write_text(folder / "e.yaml", Text(wide, training));
  const struct {
    const char *arguments, *says;
  } cases[] = {{"explain", "usage: pdlt explain EXPERIMENT.yaml"},
               {"explain none.yaml", "none.yaml"},
               {"explain e.yaml -o out", "this command writes no file"},
               {"explain e.yaml --set network.depht=3", "network.depht: unknown key"},
               {"explain e.yaml --set training.eta=10", "the largest usable eta is"}};
  for (const auto &one : cases) {
    const Outcome got = run_pdlt(one.arguments, folder.path());
    EXPECT_EQ(got.status, 2) << one.arguments;
    EXPECT_EQ(got.out, "") << one.arguments;
    EXPECT_NE(got.err.find(one.says), std::string::npos) << got.err;
  }
}

TEST(Explain, TrainsAndWritesNothing) {
  TempFolder folder;
  write_text(folder / "e.yaml", Text(wide, training, 1000000000));
  const Outcome got = run_pdlt("explain e.yaml --quiet", folder.path());
  EXPECT_EQ(got.status, 0);
  EXPECT_EQ(got.err, "");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
  EXPECT_NE(got.out.find("(degree 2) and 2048 members: here 4 and 1000000000\nverdict: possible\n"),
            std::string::npos)
      << got.out;
}

/* Files of a run are of the size that was foretold, and a thousand times the members take
 * longer. */
TEST(Explain, TimeAndSpace) {
  Explained e(Text(wide, training, 2048));
  const Outcome ran = run_pdlt("run e.yaml -o out --quiet", e.folder().path());
  ASSERT_EQ(ran.status, 0) << ran.err;
  double bytes = 0;
  for (const char *name : {"out/theory.npz", "out/measured.npz", "out/comparison.csv"})
    bytes += static_cast<double>(std::filesystem::file_size(e.folder() / name));
  EXPECT_GT(e.number("bytes"), 0.5 * bytes);
  EXPECT_LT(e.number("bytes"), 2 * bytes);
  Explained longer(Text(wide, training, 2048000));
  EXPECT_GT(longer.number("seconds"), e.number("seconds"));
  EXPECT_GT(longer.number("bytes"), 100 * bytes);
}

TEST(Explain, RunSaysItBeforeTheFirstNetwork) {
  TempFolder folder;
  write_text(folder / "e.yaml", Text(wide, training, 128));
  const Outcome loud = run_pdlt("run e.yaml -o loud", folder.path());
  ASSERT_EQ(loud.status, 0) << loud.err;
  const size_t at = loud.err.find("n = 32: order 1/n corrects the mean output by ");
  const size_t warning = loud.err.find("warning: no verdict is possible: ensemble.members: 128");
  const size_t time = loud.err.find("\ntime ");
  ASSERT_NE(at, std::string::npos) << loud.err;
  ASSERT_NE(warning, std::string::npos) << loud.err;
  ASSERT_NE(time, std::string::npos) << loud.err;
  EXPECT_LT(at, warning);
  EXPECT_LT(warning, time);
  EXPECT_LT(time, loud.err.find("training, n = 32"));
  const Outcome again = run_pdlt("run e.yaml -o loud", folder.path());
  EXPECT_EQ(again.err.find("no verdict is possible"), std::string::npos) << again.err;
  const Outcome quiet = run_pdlt("run e.yaml -o quiet --quiet", folder.path());
  EXPECT_EQ(quiet.err, "");
  EXPECT_EQ(read_text(folder / "loud/measured.npz"), read_text(folder / "quiet/measured.npz"));
}

/* Training alone computes no theory for it. */
TEST(Explain, TrainSaysWhatIsCheap) {
  TempFolder folder;
  write_text(folder / "e.yaml", Text(wide, training, 2048));
  const Outcome got = run_pdlt("train e.yaml -o m.npz", folder.path());
  ASSERT_EQ(got.status, 0) << got.err;
  EXPECT_EQ(got.err.find("tensors"), std::string::npos) << got.err;
  EXPECT_NE(got.err.find("here 4 widths, within reach or not, and 2048\n"), std::string::npos)
      << got.err;
  EXPECT_NE(got.err.find("pdlt explain tells more: how far each width is within reach"),
            std::string::npos)
      << got.err;
}

}  // namespace
