/* translate_test.cpp - descriptions of frameworks as experiments and back: numbers by hand, round trips,
 * refusals. What networks do with them: tests/trainer/framework_test.cpp. */
#include "base/translate/translate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "base/core/memory.h"
#include "base/experiment/layer.h"

namespace {

struct Description {
  explicit Description(const std::string &text) {
    status = pdlt_description_read(&c, text.c_str(), text.size(), "net.yaml", &err);
  }
  ~Description() { pdlt_description_free(&c); }
  Description(const Description &) = delete;
  pdlt_description c = {};
  pdlt_error err = {};
  pdlt_status status;
};

/* Experiment text, and what it reads as. */
struct Translated {
  explicit Translated(const std::string &description, const std::string &folder = "") {
    Description d(description);
    EXPECT_EQ(d.status, PDLT_OK) << d.err.message;
    char *out = nullptr;
    EXPECT_EQ(pdlt_translate_description(&d.c, folder.c_str(), &out, &checked, &err), PDLT_OK)
        << err.message;
    text = out == nullptr ? "" : out;
    pdlt_free(out);
    EXPECT_EQ(pdlt_experiment_parse(&ex, text.c_str(), "made.yaml", 0, nullptr, &err), PDLT_OK)
        << err.message << "\n"
        << text;
  }
  ~Translated() {
    pdlt_experiment_free(&ex);
    pdlt_experiment_free(&checked);
  }
  Translated(const Translated &) = delete;
  std::string text;
  pdlt_experiment ex = {}, checked = {};
  pdlt_error err = {};
};

std::string network(const std::string &framework, const std::string &more = "",
                    const std::string &sizes = "[3, 64, 32, 2]",
                    const std::string &loss = "mse_mean") {
  return "framework: " + framework + "\nsizes: " + sizes + "\nactivation: tanh\nloss: " + loss +
         "\noptimizer: {sgd: {lr: 0.05}}\nsteps: 40\n" +
         "data: {source: gaussian, inputs: 3, train: 5, test: 2}\n" + more;
}

using Numbers = std::vector<double>;

void Equal(const double *got, const Numbers &expected, const std::string &what) {
  for (size_t l = 0; l < expected.size(); l++)
    EXPECT_NEAR(got[l], expected[l], 1e-15 * expected[l]) << what << " of layer " << l + 1;
}

void Expect(const Translated &t, const Numbers &C_b, const Numbers &C_W, const Numbers &lambda_b,
            const Numbers &lambda_W) {
  const auto &n = t.ex.network;
  Equal(n.C_b, C_b, "C_b");
  Equal(n.C_W, C_W, "C_W");
  Equal(n.lambda_b, lambda_b, "lambda_b");
  Equal(n.lambda_W, lambda_W, "lambda_W");
}

std::string back(const pdlt_experiment &ex, int inputs, const pdlt_places &places = {"", ""}) {
  char *out = nullptr;
  pdlt_error err = {};
  EXPECT_EQ(pdlt_translate_experiment(&ex, inputs, &places, &out, &err), PDLT_OK) << err.message;
  const std::string text = out == nullptr ? "" : out;
  pdlt_free(out);
  return text;
}

}  // namespace

/* torch.nn.Linear: weight and bias uniform in +-1/sqrt(fan_in), variance 1/(3 fan_in). */
TEST(Translate, PyTorchDefaults) {
  Translated t(network("pytorch"));
  Expect(t, {1.0 / 9, 1.0 / 192, 1.0 / 96}, {1.0 / 3, 1.0 / 3, 1.0 / 3}, {1, 1, 1}, {3, 64, 32});
  EXPECT_EQ(t.ex.network.init, PDLT_INIT_UNIFORM);
  EXPECT_EQ(t.ex.network.depth, 3);
  EXPECT_EQ(t.ex.network.outputs, 2);
  EXPECT_EQ(t.ex.network.widths[0], 32);
  EXPECT_EQ(t.ex.network.width_ratios[0], 2);
  EXPECT_EQ(t.ex.network.width_ratios[1], 1);
  EXPECT_EQ(t.ex.training.steps, 40);
  EXPECT_EQ(t.ex.data.train, 5);
  EXPECT_NEAR(t.ex.training.eta, 2 * 0.05 / (5 * 2), 1e-17);
  EXPECT_EQ(t.checked.training.eta, t.ex.training.eta);
}

TEST(Translate, InitializationsByName) {
  const Numbers ones = {1, 1, 1}, none = {0, 0, 0}, fan_in = {3, 64, 32};
  const struct {
    const char *name;
    Numbers C_W;
    pdlt_init init;
  } all[] = {{"kaiming_normal", {2, 2, 2}, PDLT_INIT_NORMAL},
             {"kaiming_uniform", {2, 2, 2}, PDLT_INIT_UNIFORM},
             {"lecun_normal", ones, PDLT_INIT_NORMAL},
             {"lecun_uniform", ones, PDLT_INIT_UNIFORM},
             {"xavier_normal", {6.0 / 67, 128.0 / 96, 64.0 / 34}, PDLT_INIT_NORMAL},
             {"xavier_uniform", {6.0 / 67, 128.0 / 96, 64.0 / 34}, PDLT_INIT_UNIFORM}};
  for (const auto &x : all) {
    Translated t(network("standard", std::string("init: ") + x.name + "\n"));
    Expect(t, none, x.C_W, ones, fan_in);
    EXPECT_EQ(t.ex.network.init, x.init) << x.name;
  }
  Translated jax(network("jax")); /* flax: lecun_normal, biases 0 */
  Expect(jax, none, ones, ones, fan_in);
  EXPECT_EQ(jax.ex.network.init, PDLT_INIT_NORMAL);
  EXPECT_NE(jax.text.find("end at two standard deviations"), jax.text.npos);
  Translated lists(
      network("pytorch", "init: {weight_std: [0.5, 0.1, 0.2], bias_std: [0.3, 0, 1]}\n"));
  Expect(lists, {0.09, 0, 1}, {0.75, 0.64, 1.28}, ones, fan_in);
  Translated without(network("pytorch", "bias: false\n"));
  Expect(without, none, {1.0 / 3, 1.0 / 3, 1.0 / 3}, none, fan_in);
}

/* W = sigma_w w/sqrt(n), b = sigma_b b': a step of w moves W by sigma_w^2/n times the gradient. */
TEST(Translate, NtkParameterization) {
  Translated t(network("ntk", "init: {weight_std: [1.5, 1.2, 1], bias_std: [0.5, 0.1, 0]}\n"));
  const Numbers w = {2.25, 1.44, 1}, b = {0.25, 0.01, 0};
  Expect(t, b, w, b, w);
  Translated plain(network("ntk"));
  Expect(plain, {0, 0, 0}, {1, 1, 1}, {0, 0, 0}, {1, 1, 1});
  EXPECT_EQ(plain.ex.network.init, PDLT_INIT_NORMAL);
}

/* Table 3 of Tensor Programs V, SGD: input weights and biases lr fan_out, hidden 1, output 1/fan_in; variance
 * of the readout 1/fan_in^2. Relative to base sizes; at the base it is standard parameterization. */
TEST(Translate, MupForSgd) {
  const double n = 64;
  Translated table(network("mup", "init: lecun_normal\n", "[3, 64, 64, 1]"));
  Expect(table, {0, 0, 0}, {1, 1, 1 / n}, {n, n, 1}, {3 * n, n, 1});
  Translated based(network("mup", "base_sizes: [3, 16, 16, 1]\n", "[3, 64, 64, 1]"));
  Expect(based, {1.0 / 9, 1.0 / 48, 1.0 / 48}, {1.0 / 3, 1.0 / 3, 1.0 / 12}, {4, 4, 1},
         {12, n, n / 4});
  Translated mixed(network("mup", "base_sizes: [3, 16, 32, 2]\ninit: kaiming_normal\n"));
  Expect(mixed, {0, 0, 0}, {2, 2, 2}, {4, 1, 1}, {12, 16, 32}); /* m = 4, 1 */
  Translated base(network("mup", "base_sizes: [3, 64, 32, 2]\n")), standard(network("standard"));
  for (int l = 0; l < 3; l++) {
    EXPECT_EQ(base.ex.network.C_W[l], standard.ex.network.C_W[l]);
    EXPECT_EQ(base.ex.network.C_b[l], standard.ex.network.C_b[l]);
    EXPECT_EQ(base.ex.network.lambda_W[l], standard.ex.network.lambda_W[l]);
    EXPECT_EQ(base.ex.network.lambda_b[l], standard.ex.network.lambda_b[l]);
  }
  Translated lists(network("mup",
                           "base_sizes: [3, 16, 16, 1]\ninit: {weight_std: [0.5, 0.1, 0.2], "
                           "bias_std: [0, 0, 0]}\n",
                           "[3, 64, 64, 1]"));
  Expect(lists, {0, 0, 0}, {0.75, 0.64, 2.56}, {4, 4, 1}, {12, n, n / 4}); /* as they are */
}

TEST(Translate, LossesAndLearningRates) {
  Translated sum(network("pytorch", "", "[3, 64, 32, 2]", "mse_sum"));
  Translated half(network("pytorch", "", "[3, 64, 32, 2]", "half_mse_sum"));
  EXPECT_EQ(sum.ex.training.eta, 0.1);
  EXPECT_EQ(half.ex.training.eta, 0.05);
  std::string text = network("pytorch");
  text.replace(text.find("0.05"), 4, "{weight: [0.1, 0.2, 0], bias: [1, 0, 0.5]}");
  Translated groups(text);
  Expect(groups, {1.0 / 9, 1.0 / 192, 1.0 / 96}, {1.0 / 3, 1.0 / 3, 1.0 / 3}, {1, 0, 0.5},
         {3 * 0.1, 64 * 0.2, 0});
  EXPECT_EQ(groups.ex.training.eta, 0.2);
}

TEST(Translate, FamilyOfWidths) {
  const struct {
    const char *sizes;
    std::vector<int> widths, ratios;
  } all[] = {{"[3, 64, 64, 1]", {64, 96, 128, 192, 256}, {1, 1}},
             {"[3, 50, 30, 1]", {10, 15, 20, 30, 40}, {5, 3}},
             {"[3, 7, 5, 1]", {1, 2, 3, 4}, {7, 5}},
             {"[3, 5, 1]", {5, 8, 10, 15, 20}, {1}},
             {"[3, 8000, 8000, 1]", {8000}, {1, 1}}};
  for (const auto &x : all) {
    Translated t(network("pytorch", "", x.sizes));
    ASSERT_EQ(t.ex.network.num_widths, x.widths.size()) << x.sizes;
    for (size_t k = 0; k < x.widths.size(); k++) EXPECT_EQ(t.ex.network.widths[k], x.widths[k]);
    for (size_t l = 0; l < x.ratios.size(); l++)
      EXPECT_EQ(t.ex.network.width_ratios[l], x.ratios[l]) << x.sizes;
  }
}

/* What the experiment does not say is in its comments, and only what is true of it. */
TEST(Translate, CommentsSayWhatTheExperimentDoesNot) {
  const auto has = [](const Translated &t, const char *words) {
    return t.text.find(words) != t.text.npos;
  };
  Translated pytorch(network("pytorch")), ntk(network("ntk")), mup(network("mup"));
  Translated kaiming(network("pytorch", "init: kaiming_normal\n"));
  EXPECT_TRUE(has(pytorch, "here 3 weights and a bias in the first layer"));
  EXPECT_TRUE(has(pytorch, "# Widths: n = 32 is your network"));
  EXPECT_TRUE(has(pytorch, "not the framework's own at their widths"));
  EXPECT_TRUE(has(pytorch, "eta: 0.01 # 0.2 lr: 2 lr/(N n_L), N = 5, n_L = 2\n"));
  EXPECT_FALSE(has(pytorch, "Biases begin at 0"));
  EXPECT_TRUE(has(kaiming, "Biases begin at 0"));
  EXPECT_FALSE(has(kaiming, "uniform"));
  EXPECT_TRUE(has(ntk, "C_W = lambda_W = sigma_w^2"));
  EXPECT_FALSE(has(ntk, "not the framework's own"));
  EXPECT_TRUE(has(mup, "not muP's own at their widths"));
  EXPECT_TRUE(has(mup, "Table 3), base sizes [3, 1, 1, 2]"));
  for (const Translated *t : {&pytorch, &ntk, &mup, &kaiming}) {
    size_t start = 0;
    for (size_t end; (end = t->text.find('\n', start)) != t->text.npos; start = end + 1)
      EXPECT_LE(end - start, 110u) << t->text.substr(start, end - start);
  }
}

/* Experiment -> description -> experiment: the same variances, and learning rates of every parameter. */
TEST(Translate, BackAndForth) {
  const struct {
    const char *network;
    bool one_rate, biases;
  } all[] = {{"{activation: relu, depth: 3, widths: [8], width_ratios: [1, 3], outputs: 2, C_b: "
              "[0.1, 0.2, 0], "
              "C_W: [1.5, 2, 0.7], lambda_b: [1, 0, 2], lambda_W: [0.3, 1, 0]}",
              false, true},
             {"{activation: tanh, depth: 2, widths: [5], outputs: 2, C_b: 0.3, C_W: 1.1, lambda_b: "
              "0.5, lambda_W: "
              "[2, 2.5], init: uniform}",
              true, true},
             {"{activation: 'polynomial(0,1,0.3)', depth: 2, widths: [5], outputs: 2, C_b: 0, C_W: "
              "1.1, lambda_b: "
              "0, lambda_W: [4, 5]}",
              true, false}};
  for (const auto &x : all) {
    const std::string text = std::string("network: ") + x.network +
                             "\ndata: {source: gaussian, inputs: 4, train: 3, test: 1, seed: 9}\n"
                             "training: {eta: 0.07, steps: 12}\n";
    pdlt_experiment ex = {};
    pdlt_error err = {};
    ASSERT_EQ(pdlt_experiment_parse(&ex, text.c_str(), "e.yaml", 0, nullptr, &err), PDLT_OK)
        << err.message;
    const std::string description = back(ex, 4);
    SCOPED_TRACE(description);
    EXPECT_EQ(description.find("lr: {weight:") == description.npos, x.one_rate) << description;
    EXPECT_EQ(description.find("bias: false\n") == description.npos, x.biases) << description;
    Translated again(description);
    const int n = ex.network.widths[0];
    ASSERT_EQ(again.ex.network.init, ex.network.init);
    EXPECT_EQ(again.ex.data.seed, 9u);
    EXPECT_EQ(again.ex.training.steps, 12);
    EXPECT_EQ(again.ex.network.activation.kind, ex.network.activation.kind);
    for (int l = 1; l <= ex.network.depth; l++) {
      const int other = again.ex.network.widths[0];
      const pdlt_layer a = pdlt_experiment_layer(&ex, l, n, 4);
      const pdlt_layer b = pdlt_experiment_layer(&again.ex, l, other, 4);
      const auto near = [&](double p, double q) { EXPECT_NEAR(p, q, 1e-14 * p) << "layer " << l; };
      EXPECT_EQ(a.in, b.in);
      EXPECT_EQ(a.out, b.out);
      near(a.C_b, b.C_b);
      near(a.C_W, b.C_W);
      near(ex.training.eta * a.lambda_b, again.ex.training.eta * b.lambda_b);
      near(ex.training.eta * a.lambda_W, again.ex.training.eta * b.lambda_W);
    }
    again.ex.network.num_widths = 1; /* its own is the first */
    Description twice(back(again.ex, 4));
    EXPECT_EQ(twice.status, PDLT_OK) << twice.err.message;
    pdlt_experiment_free(&ex);
  }
}

/* Description -> experiment -> description: what was a rule is a list with its numbers. */
TEST(Translate, ThereAndBack) {
  Translated t(network("pytorch", "", "[3, 64, 1]"));
  const int n = 64;
  t.ex.network.num_widths = 1; /* what --set network.widths=[64] does */
  const std::string text = back(t.ex, 3);
  Description again(text);
  ASSERT_EQ(again.status, PDLT_OK) << again.err.message << text;
  EXPECT_EQ(again.c.framework, PDLT_FRAMEWORK_PYTORCH);
  EXPECT_EQ(again.c.sizes[1], n);
  EXPECT_EQ(again.c.init.draw, PDLT_INIT_UNIFORM);
  EXPECT_NEAR(again.c.lr, 0.05, 1e-16);
  EXPECT_NEAR(again.c.weight_std[0], 1 / std::sqrt(3.0 * 3), 1e-15);
  EXPECT_NEAR(again.c.bias_std[1], 1 / std::sqrt(3.0 * n), 1e-15);
  EXPECT_EQ(again.c.loss, PDLT_LOSS_MSE_MEAN);
}

TEST(Translate, WhatADescriptionCannotSay) {
  const struct {
    const char *training, *widths, *words;
  } all[] = {
      {"{eta: 0.1, steps: 3}", "[4, 8]",
       "e.yaml:1: network.widths: 2 widths, and a description is of one network; choose one, as by "
       "--set network.widths=[8]"},
      {"{eta: flow, steps: 3}", "[4]", "e.yaml:3: training.eta: flow has no learning rate"},
      {"{eta: 0.1, steps: end}", "[4]", "e.yaml:3: training.steps: end is no number of steps"}};
  for (const auto &x : all) {
    const std::string text =
        std::string("network: {activation: tanh, depth: 2, widths: ") + x.widths +
        ", C_b: 0, C_W: 1}\ndata: {source: circle, train: 3}\ntraining: " + x.training + "\n";
    pdlt_experiment ex = {};
    pdlt_error err = {};
    char *out = nullptr;
    const pdlt_places places = {"", ""};
    ASSERT_EQ(pdlt_experiment_parse(&ex, text.c_str(), "e.yaml", 0, nullptr, &err), PDLT_OK)
        << err.message;
    EXPECT_EQ(pdlt_translate_experiment(&ex, 2, &places, &out, &err), PDLT_ERR_INPUT);
    EXPECT_EQ(std::string(err.message).find(x.words), 0u) << err.message;
    EXPECT_EQ(out, nullptr);
    pdlt_experiment_free(&ex);
  }
}

TEST(Translate, PathsOfDataFilesFitTheNewFolder) {
  const auto with = [](const std::string &data) {
    std::string text = network("pytorch");
    const size_t at = text.find("data:");
    return text.replace(at, text.find('\n', at) - at, "data: " + data);
  };
  Translated csv(with("{source: csv, file: a b.csv, train: 2}"), "../nets");
  EXPECT_STREQ(csv.ex.data.file, "../nets/a b.csv");
  EXPECT_STREQ(csv.checked.data.file, "a b.csv");
  Translated npz(with("{source: npy, file: a.npz, x: u, y: v, train: 2}"), "d");
  EXPECT_STREQ(npz.ex.data.file, "d/a.npz");
  EXPECT_STREQ(npz.ex.data.x, "u");
  Translated npy(with("{source: npy, x: u.npy, y: /v.npy, train: 2}"), "d");
  EXPECT_STREQ(npy.ex.data.x, "d/u.npy");
  EXPECT_STREQ(npy.ex.data.y, "/v.npy");
  npy.ex.network.num_widths = 1;
  const std::string text = back(npy.ex, 3, {"e", "f"});
  EXPECT_NE(text.find("\"e/d/u.npy\""), text.npos) << text;
  EXPECT_NE(text.find("\"/v.npy\""), text.npos) << text;
}

/* One line with file, line, key and what to do. */
TEST(Translate, Refusals) {
  const std::string good = network("pytorch");
  const auto change = [&](const std::string &from, const std::string &to) {
    std::string text = good;
    return text.replace(text.find(from), from.size(), to);
  };
  const struct {
    std::string text;
    const char *message;
  } all[] = {
      {"", "net.yaml:1: yaml: the file must be a mapping"},
      {change("pytorch", "torch"),
       "net.yaml:1: framework: expected one of pytorch, jax, ntk, standard, mup, "
       "found \"torch\""},
      {change("framework: pytorch\n", ""), "net.yaml:1: framework: missing; give one of pytorch"},
      {change("[3, 64, 32, 2]", "[3, 2]"),
       "net.yaml:2: sizes: 2 numbers; inputs, at least one hidden width"},
      {change("[3, 64, 32, 2]", "[3, 6.5, 32, 2]"),
       "net.yaml:2: sizes: expected a whole number from 1"},
      {change("[3, 64, 32, 2]", "64"), "net.yaml:2: sizes: expected a list of whole numbers"},
      {change("tanh", "Tanh"), "net.yaml:3: activation: "},
      {change("mse_mean", "cross_entropy"), "net.yaml:4: loss: expected one of mse_mean, mse_sum"},
      {change("{sgd: {lr: 0.05}}", "{adam: {lr: 0.001}}"),
       "net.yaml:5: optimizer: adam has no counterpart: theory and networks are of plain gradient "
       "descent; "
       "train your network by SGD without it to compare; write {sgd: {lr: NUMBER}}"},
      {change("{sgd: {lr: 0.05}}", "adam"), "net.yaml:5: optimizer: adam has no counterpart"},
      {change("{sgd: {lr: 0.05}}", "sgd"), "net.yaml:5: optimizer: expected {sgd: {lr: NUMBER}}"},
      {change("lr: 0.05", "lr: 0.05, momentum: 0.9"),
       "net.yaml:5: optimizer.sgd.momentum: has no counterpart"},
      {change("lr: 0.05", "lr: 0.05, weight_decay: 1e-4"),
       "net.yaml:5: optimizer.sgd.weight_decay: has no counterpart"},
      {change("lr: 0.05", "lr: 0.05, warmup: 3"), "net.yaml:5: optimizer.sgd.warmup: unknown key"},
      {change("lr: 0.05", "lr: 0.05, lr: 0.1"),
       "net.yaml:5: optimizer.sgd.lr: repeated key; keep one"},
      {change("0.05", "-1"), "net.yaml:5: optimizer.sgd.lr: expected a number > 0"},
      {change("0.05", "{weight: [1, 1], bias: [1, 1, 1]}"),
       "net.yaml:5: optimizer.sgd.lr.weight: 2 numbers; sizes make 3 layers, give one for each"},
      {change("40", "4.5"), "net.yaml:6: steps: expected a whole number"},
      {change("source: gaussian", "source: moons"),
       "net.yaml:7: data.source: moons; expected one of"},
      {change("train: 5, ", ""), "net.yaml:7: data.train: missing"},
      {change("train: 5", "trian: 5"),
       "net.yaml:7: data.trian: unknown key; did you mean data.train?"},
      {good + "batch_size: 32\n", "net.yaml:8: batch_size: minibatches have no counterpart"},
      {good + "dropout: 0.1\n",
       "net.yaml:8: dropout: has no counterpart: networks are linear maps"},
      {good + "layer_norm: true\n", "net.yaml:8: layer_norm: has no counterpart"},
      {good + "lr: 0.1\n", "net.yaml:8: lr: belongs to the optimizer"},
      {good + "momentum: 0.9\n",
       "net.yaml:8: momentum: has no counterpart: theory and networks are of plain"},
      {good + "colour: red\n", "net.yaml:8: colour: unknown key; known here: framework, sizes"},
      {good + "steps: 3\n", "net.yaml:8: steps: repeated key, first in line 6; keep one"},
      {good + "init: xavier\n", "net.yaml:8: init: expected one of default, kaiming_normal"},
      {good + "init: {weight_std: [1, 1, 1]}\n",
       "net.yaml:8: init: a mapping has weight_std and bias_std"},
      {good + "init: {weight_std: [1, 1], bias_std: [1, 1, 1]}\n",
       "net.yaml:8: init.weight_std: 2 numbers; sizes make 3 layers"},
      {good + "init: {weight_std: [1, 1, -1], bias_std: [1, 1, 1]}\n",
       "net.yaml:8: init.weight_std: expected a number >= 0"},
      {good + "init: {weight_std: [1, 1, 1], bias_std: [1, 1, 1], distribution: cauchy}\n",
       "net.yaml:8: init.distribution: expected one of normal, uniform"},
      {good + "bias: maybe\n", "net.yaml:8: bias: expected true or false"},
      {good + "base_sizes: [3, 8, 8, 2]\n",
       "net.yaml:8: base_sizes: framework pytorch has no base"},
      {network("mup", "base_sizes: [2, 8, 8, 2]\n"),
       "net.yaml:8: base_sizes: only hidden widths may differ"},
      {change("[3, 64, 32, 2]", "[3, 100000, 100000, 2]"),
       "net.yaml:2: network.widths: width 100000 needs"},
      {"network: {}\n", "net.yaml:1: network: this is an experiment; pdlt translate --back"},
  };
  for (const auto &x : all) {
    Description d(x.text);
    pdlt_error err = d.err;
    char *out = nullptr;
    pdlt_status status = d.status;
    if (status == PDLT_OK) status = pdlt_translate_description(&d.c, "", &out, nullptr, &err);
    EXPECT_EQ(status, PDLT_ERR_INPUT) << x.text;
    EXPECT_EQ(std::string(err.message).find(x.message), 0u) << err.message << "\n" << x.message;
    EXPECT_EQ(std::strchr(err.message, '\n'), nullptr);
    EXPECT_EQ(out, nullptr);
  }
  for (const char *off : {"momentum: 0", "weight_decay: 0.0", "nesterov: false"})
    Translated(change("lr: 0.05", std::string("lr: 0.05, ") + off));
}

TEST(Translate, NetworksWithPositionsOrOwnTargetsHaveNoDescription) {
  const struct {
    const char *set, *message;
  } all[] = {{"network.layers=[{conv: 3, padding: zero}, dense]",
              "--set: network.layers: a description is"},
             {"network={activation: tanh, depth: 3, widths: [8], C_b: 0, C_W: 1, skip: 1}",
              "--set: network.skip: a description has no words for skip connections"},
             {"training.targets=centered", "--set: training.targets: centered; a description"},
             {"training.loss=cross_entropy", "--set: training.loss: cross_entropy; the losses"}};
  const pdlt_places places = {"", ""};
  const char *text =
      "network: {activation: tanh, depth: 2, widths: [8], C_b: 0, C_W: 1, outputs: 2,\n"
      "          input: {shape: [4]}}\n"
      "data: {source: gaussian, inputs: 4, train: 2}\n"
      "training: {eta: 0.1, steps: 1}\n";
  for (const auto &x : all) {
    pdlt_experiment ex = {};
    pdlt_error err = {};
    char *out = nullptr;
    ASSERT_EQ(pdlt_experiment_parse(&ex, text, "e.yaml", 1, &x.set, &err), PDLT_OK) << err.message;
    EXPECT_EQ(pdlt_translate_experiment(&ex, 4, &places, &out, &err), PDLT_ERR_INPUT);
    EXPECT_EQ(std::string(err.message).find(x.message), 0u) << err.message;
    EXPECT_EQ(out, nullptr);
    pdlt_experiment_free(&ex);
  }
}

/* Every allocation that fails is PDLT_ERR_MEMORY with one line, and nothing is lost. */
TEST(Translate, WithoutMemory) {
  const std::string text = network("mup", "base_sizes: [3, 16, 16, 2]\n");
  pdlt_status status = PDLT_ERR_MEMORY;
  long calls = 0;
  for (; status != PDLT_OK && calls < 2000; calls++) {
    char *out = nullptr, *again = nullptr;
    pdlt_experiment ex = {};
    pdlt_error err = {};
    pdlt_memory_fail_after(calls);
    pdlt_description d = {};
    status = pdlt_description_read(&d, text.c_str(), text.size(), "net.yaml", &err);
    if (status == PDLT_OK) status = pdlt_translate_description(&d, "f", &out, &ex, &err);
    const pdlt_places places = {"a", "b"};
    if (status == PDLT_OK) {
      ex.network.num_widths = 1;
      status = pdlt_translate_experiment(&ex, 3, &places, &again, &err);
    }
    pdlt_memory_fail_after(-1);
    EXPECT_TRUE(status == PDLT_OK || status == PDLT_ERR_MEMORY) << err.message;
    pdlt_free(out);
    pdlt_free(again);
    pdlt_experiment_free(&ex);
    pdlt_description_free(&d);
  }
  EXPECT_EQ(status, PDLT_OK);
  EXPECT_GT(calls, 50);
}
