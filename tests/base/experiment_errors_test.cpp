// experiment_errors_test.cpp - every class of bad experiment file and its one line.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/experiment/experiment.h"
#include "tests/base/json_schema.h"

namespace {

// A good file; each case changes one line of it.
const std::vector<std::string> kLines = {
    "title: t",                           // 1
    "network:",                           // 2
    "  activation: tanh",                 // 3
    "  depth: 3",                         // 4
    "  widths: [16, 32]",                 // 5
    "  width_ratios: [1, 2]",             // 6
    "  outputs: 1",                       // 7
    "  C_b: 0.1",                         // 8
    "  C_W: 1.2",                         // 9
    "  lambda_b: 1",                      // 10
    "data:",                              // 11
    "  source: gaussian",                 // 12
    "  inputs: 4",                        // 13
    "  center: false",                    // 14
    "  scale: none",                      // 15
    "  train: 8",                         // 16
    "  test: 4",                          // 17
    "training:",                          // 18
    "  eta: 0.3",                         // 19
    "  steps: 100",                       // 20
    "  record: [0, 1, 100]",              // 21
    "ensemble:",                          // 22
    "  members: 1000",                    // 23
    "  seed: 7",                          // 24
    "  estimator: auto",                  // 25
    "  keep_members: 0",                  // 26
    "measure: [output]",                  // 27
    "measure_samples: 6",                 // 28
    "theory: {order: 1}",                 // 29
    "compare: {degree: 2, level: 1e-4}",  // 30
};

std::string Text(size_t line, const std::string &replacement) {
  std::string text;
  for (size_t i = 1; i <= kLines.size(); i++) {
    text += (i == line ? replacement : kLines[i - 1]) + "\n";
  }
  return text;
}

// "" when the text is accepted.
std::string Message(const std::string &text, const std::vector<std::string> &settings = {}) {
  std::vector<const char *> overrides;
  for (const auto &s : settings) overrides.push_back(s.c_str());
  pdlt_experiment ex{};
  pdlt_error err{};
  pdlt_status status =
      pdlt_experiment_parse(&ex, text.c_str(), "e.yaml", overrides.size(), overrides.data(), &err);
  if (status == PDLT_OK) {
    pdlt_experiment_free(&ex);
    schema::ExpectAgreement(text, settings, "");
    return "";
  }
  EXPECT_EQ(status, PDLT_ERR_INPUT);
  EXPECT_EQ(ex.path, nullptr);
  schema::ExpectAgreement(text, settings, err.message);
  return err.message;
}

struct LineCase {
  size_t line;
  const char *replacement;
  const char *message;  // after "e.yaml:"
};

TEST(ExperimentErrors, GoodFileIsGood) { EXPECT_EQ(Message(Text(0, "")), ""); }

TEST(ExperimentErrors, KeysAndTypes) {
  const LineCase cases[] = {
      {4, "  depht: 3", "4: network.depht: unknown key; did you mean network.depth?"},
      {1, "depth: 3", "1: depth: unknown key; did you mean network.depth?"},
      {4, "  num_layers: 3",
       "4: network.num_layers: unknown key; use network.depth: layers with weights, the readout "
       "included"},
      {4, "  hidden-size: 64",
       "4: network.hidden-size: unknown key; use network.widths, one number for each width of the "
       "ensemble, as in [32, 48, 64, 96]"},
      {27, "lr: 0.1",
       "27: lr: unknown key; use training.eta; of a loss that is a mean over N samples and n_L "
       "outputs, eta = 2 lr/(N n_L)"},
      {27, "optimizer: adam",
       "27: optimizer: unknown key; there is none to choose: training is full-batch gradient "
       "descent, with training.eta and training.steps"},
      {27, "batch_size: 32",
       "27: batch_size: unknown key; there is no key for it: each step takes all training samples "
       "(data.train)"},
      {1, "zzzzzz: 3",
       "1: zzzzzz: unknown key; known here: network, data, training, ensemble, theory, "
       "features, posterior, compare, figures, title, measure, measure_samples, sweep"},
      {30, "compare: {qqqqqqq: 1}",
       "30: compare.qqqqqqq: unknown key; known here: degree, level, csv"},
      {10, "  depth: 4", "10: network.depth: repeated key, first in line 4; keep one"},
      {27, "network: {}", "27: network: repeated key, first in line 2; keep one"},
      {29, "theory: 5", "29: theory: 5; expected a mapping of keys"},
      {4, "  depth: [3]", "4: network.depth: a list of 1; expected a whole number from 2 to 1000"},
      {4, "  depth: \"3\"", "4: network.depth: \"3\"; expected a whole number from 2 to 1000"},
      {4, "  depth:", "4: network.depth: nothing; expected a whole number from 2 to 1000"},
      {4, "  depth: 3.5", "4: network.depth: 3.5; expected a whole number from 2 to 1000"},
      {4, "  depth: 0x10", "4: network.depth: 0x10; expected a whole number from 2 to 1000"},
      {4, "  depth: 1", "4: network.depth: 1; expected a whole number from 2 to 1000"},
      {4, "", "2: network.depth: missing; give a whole number from 2 to 1000"},
      {19, "", "18: training.eta: missing; give a number > 0, {relative: NUMBER}, or flow"},
      {3, "  activation: [tanh]",
       "3: network.activation: a list of 1; expected the name of an activation"},
      {14, "  center: maybe", "14: data.center: maybe; expected true, false, targets or both"},
      {12, "  source: cvs",
       "12: data.source: cvs; expected one of csv, idx, npy, circle, gaussian, teacher, parity, "
       "modular_addition, superposition, arrays"},
      {25, "  estimator: best",
       "25: ensemble.estimator: best; expected one of plain, antithetic, control, two_level, "
       "auto, slice"},
      {25, "  estimator: slice",
       "25: ensemble.estimator: slice is of posteriors; write auto, or measure: [posterior]"},
      {24, "  seed: -1",
       "24: ensemble.seed: -1; expected a whole number from 0 to 9223372036854775807"},
      {24, "  seed: 9223372036854775808",
       "24: ensemble.seed: 9223372036854775808; expected a whole number from 0 to "
       "9223372036854775807"},
      {1, "title: [a]", "1: title: a list of 1; expected text"},
  };
  for (const LineCase &c : cases) {
    EXPECT_EQ(Message(Text(c.line, c.replacement)), std::string("e.yaml:") + c.message);
  }
  EXPECT_EQ(Message(Text(3, "  activation: tnah")).rfind("e.yaml:3: network.activation: ", 0), 0u);
}

TEST(ExperimentErrors, Network) {
  const std::string variance =
      "a number >= 0, a list of one such number for each layer, {scale: NUMBER, width: NUMBER}, or "
      "critical";
  const std::string rate =
      "a number >= 0, a list of one such number for each layer, {scale: NUMBER, power: NUMBER}, or "
      "{scale: NUMBER, width: NUMBER}";
  const std::string widths = "expected a list of whole numbers >= 1, increasing";
  const struct {
    size_t line;
    const char *replacement;
    std::string message;
  } cases[] = {
      {5, "  widths: 16", "5: network.widths: 16; " + widths},
      {5, "  widths: []", "5: network.widths: a list of 0; " + widths},
      {5, "  widths: [16, 0]", "5: network.widths: 0; " + widths},
      {5, "  widths: [16,\n    1.5]", "6: network.widths: 1.5; " + widths},
      {5, "  widths: [32, 16]",
       "5: network.widths: 16 after 32; list the widths from small to large"},
      {5, "  widths: [16, 16]", "5: network.widths: 16 after 16; list each width once"},
      {5, "  widths: [16, 40000]",
       "5: network.widths: width 40000 needs 47.7 GiB for one network; "
       "at most 8 GiB, use smaller widths"},
      {6, "  width_ratios: [1]",
       "6: network.width_ratios: a list of 1; depth 3 needs 2 ratios, one for each hidden layer"},
      {6, "  width_ratios: [1, 0]",
       "6: network.width_ratios: 0; expected a list of depth - 1 whole numbers >= 1"},
      {8, "  C_b: -0.1", "8: network.C_b: -0.1; expected " + variance},
      {8, "  C_b: .nan", "8: network.C_b: .nan; expected " + variance},
      {8, "  C_b: 1e999", "8: network.C_b: 1e999; expected " + variance},
      {8, "  C_b: {scale: 1, power: 1}",
       "8: network.C_b: a mapping must be {scale: NUMBER, width: NUMBER}"},
      {8, "  C_b: [1, 2]",
       "8: network.C_b: a list of 2; depth 3 needs 3 numbers, one for each layer"},
      {8, "  C_b: [1, x, 2]", "8: network.C_b: x; expected " + variance},
      {8, "  C_b: critical",
       "9: network.C_W: C_b and C_W are critical together; write critical here too"},
      {9, "  C_W: critical",
       "8: network.C_b: C_b and C_W are critical together; write critical here too"},
      {10, "  lambda_b: critical", "10: network.lambda_b: critical; expected " + rate},
      {10, "  lambda_b: {scale: -1, power: 1}", "10: network.lambda_b: -1; expected " + rate},
      {10, "  lambda_b: {scale: 1, power: p}", "10: network.lambda_b: p; expected " + rate},
      {10, "  lambda_b: {scale: 1}",
       "10: network.lambda_b: a mapping must be {scale: NUMBER, power: NUMBER} or {scale: NUMBER, "
       "width: NUMBER}"},
      {10, "  lambda_b: {scale: 1, power: 1e6}",
       "10: network.lambda_b: layer 2 gets a value beyond all numbers; use a smaller power"},
  };
  for (const auto &c : cases) {
    EXPECT_EQ(Message(Text(c.line, c.replacement)), "e.yaml:" + c.message);
  }
}

TEST(ExperimentErrors, Data) {
  const struct {
    std::vector<std::string> settings;
    const char *message;
  } cases[] = {
      {{"data.train=0"}, "--set: data.train: 0; expected a whole number from 1 to 1000000"},
      {{"data.test=-1"}, "--set: data.test: -1; expected a whole number from 0 to 1000000"},
      {{"data.scale=0"}, "--set: data.scale: 0; expected none, a number > 0, or critical"},
      {{"data.file=x.csv"}, "--set: data.file: source gaussian does not use it; leave it out"},
      {{"data.source=csv"},
       "e.yaml:11: data.file: missing; source csv needs the name of a CSV or .npz file"},
      {{"data={source: gaussian, train: 1}"},
       "--set: data.inputs: missing; source gaussian needs a whole number from 1 to 1000000"},
      {{"data.source=circle"}, "e.yaml:13: data.inputs: 4; source circle needs 2"},
      {{"data.source=parity", "network.outputs=2"},
       "--set: network.outputs: 2; source parity without a list of amplitudes needs 1"},
      {{"data.source=parity", "data.inputs=3"},
       "e.yaml:16: data.train: train + test = 12, but there are only 8 different inputs"},
      {{"data={source: modular_addition, modulus: 3, train: 10}"},
       "--set: data.train: train + test = 10, but there are only 9 different pairs"},
      {{"data={source: modular_addition, modulus: 5, train: 10}", "network.outputs=3"},
       "--set: network.outputs: 3; this modulus (or 1) needs 5"},
      {{"data={source: idx, images: i, labels: l, classes: [1, 1], train: 1}"},
       "--set: data.classes: 1 twice; list each label once"},
      {{"data={source: idx, images: i, labels: l, classes: [1, 2.5], train: 1}"},
       "--set: data.classes: 2.5; expected a list of different whole numbers, or, csv, of words"},
      {{"data={source: csv, file: f, label: c, classes: [cat, dog, cat], train: 1}"},
       "--set: data.classes: cat twice; list each label once"},
      {{"data={source: idx, images: i, labels: l, classes: [cat, dog], train: 1}"},
       "--set: data.classes: words; labels of source idx are whole numbers"},
      {{"data={source: idx, images: i, labels: l, classes: [1, 2, 3], targets: sign, train: 1}"},
       "--set: data.classes: 3 classes; targets: sign needs exactly 2"},
      {{"data={source: idx, images: i, labels: l, classes: [1, 2, 3], train: 1}"},
       "e.yaml:7: network.outputs: 1; targets: one_hot with these classes needs 3"},
      {{"data={source: idx, images: i, labels: l, classes: [1, 2], pool: 3, train: 1}"},
       "--set: data.pool: 3; expected 1, 2 or 4"},
      {{"data.skip=5"}, "--set: data.skip: source gaussian does not use it; leave it out"},
      {{"data.shuffle=5"}, "--set: data.shuffle: source gaussian does not use it; leave it out"},
      {{"data.balance=true"}, "--set: data.balance: source gaussian does not use it; leave it out"},
  };
  for (const auto &c : cases) EXPECT_EQ(Message(Text(0, ""), c.settings), c.message);
}

TEST(ExperimentErrors, MethodAndBatches) {
  const struct {
    std::vector<std::string> settings;
    std::string message;
  } cases[] = {
      {{"training.method=adam"}, "--set: training.method: adam; expected one of gd, newton"},
      {{"training.batch=0"}, "--set: training.batch: 0; expected a whole number from 1 to 1000000"},
      {{"data.train=3", "training.batch=4"},
       "--set: training.batch: 4; there are only 3 training samples"},
      {{"data.train=3", "training.method=newton", "training.batch=2"},
       "--set: training.batch: 2; method: newton takes all training samples at once; leave one "
       "out"},
      {{"training.method=newton", "training.targets=centered"},
       "--set: training.targets: centered; newton with these targets is not derived; leave one "
       "out"},
      {{"data.train=3", "training.batch=2", "training.targets=centered"},
       "--set: training.targets: centered; batches with these targets is not derived; leave one "
       "out"},
      {{"training={method: newton, eta: flow, steps: 3}"},
       "--set: training.eta: flow; newton goes by steps; give a number"},
      {{"training.method=newton", "network.C_W={scale: 1, width: -1}"},
       "--set: training.method: newton needs one NTK of infinite width for all widths, and "
       "network.C_W follows the width: give numbers, or method: gd"},
      {{"data.train=3", "training.batch=2", "ensemble.estimator=control"},
       "--set: ensemble.estimator: control follows linearizations, which know no batches "
       "(training.batch); write antithetic, plain or auto"},
  };
  for (const auto &c : cases) EXPECT_EQ(Message(Text(0, ""), c.settings), c.message);
}

TEST(ExperimentErrors, KeysOfFiles) {
  const std::string columns =
      "expected {x: [COLUMN, ...], y: [COLUMN, ...]}, each a name, a number or FIRST..LAST";
  const struct {
    std::string data, message;
  } cases[] = {
      {"source: csv, file: f, skip: -1", "skip: -1; expected a whole number from 0 to 1000000000"},
      {"source: csv, file: f, shuffle: yes",
       "shuffle: yes; expected a whole number from 0 to 9223372036854775807"},
      {"source: csv, file: f, balance: 1", "balance: 1; expected true or false"},
      {"source: csv, file: f, balance: true",
       "balance: true needs data.classes, the labels; without classes leave it out"},
      {"source: npy, file: f, empty_classes: true",
       "empty_classes: true needs data.classes, the labels; without classes leave it out"},
      {"source: csv, file: f, targets: sign",
       "targets: targets of labels need data.classes, the labels"},
      {"source: csv, file: f, pool: 2", "pool: source csv does not use it; leave it out"},
      {"source: csv, file: f, label: c",
       "classes: missing; data.label needs a list of the labels to keep"},
      {"source: csv, file: f, classes: [1, 2]",
       "label: missing; classes of a CSV file need the name or number of the column that holds the "
       "labels"},
      {"source: csv, file: f, label: c, classes: [1, 2], columns: {y: [a]}",
       "columns: y and data.label both say what the targets are; leave one out"},
      {"source: csv, file: f, columns: {x: [a]}",
       "columns: no y; name the columns of the targets, {x: [...], y: [...]}"},
      {"source: csv, file: f, header: false",
       "columns: missing; without header give {x: [...], y: [...]} by numbers, as in {x: [1..4], "
       "y: "
       "[5]}"},
      {"source: csv, file: f, columns: [a]", "columns: a list of 1; " + columns},
      {"source: csv, file: f, columns: {}", "columns: a mapping; " + columns},
      {"source: csv, file: f, columns: {y: []}", "columns: a list of 0; " + columns},
      {"source: csv, file: f, columns: {z: [a]}", "columns: a mapping; " + columns},
      {"source: csv, file: f, columns: {x: [[a]], y: b}", "columns: a list of 1; " + columns},
      {"source: npy",
       "file: missing; source npy needs the name of a .npz file, or data.x and data.y, "
       "those of two .npy files"},
      {"source: npy, x: x.npy",
       "file: missing; source npy needs the name of a .npz file, or data.x "
       "and data.y, those of two .npy files"},
      {"source: idx, images: i, labels: l, x: x, classes: [1, 2]",
       "x: source idx does not use it; leave it out"},
  };
  for (const auto &c : cases)
    EXPECT_EQ(Message(Text(0, ""), {"data={" + c.data + ", train: 8}"}),
              "--set: data." + c.message);
  EXPECT_EQ(Message(Text(0, ""), {"data={source: npy, file: f, classes: [1, 2, 3], train: 8}"}),
            "e.yaml:7: network.outputs: 1; targets: one_hot with these classes needs 3");
}

TEST(ExperimentErrors, TrainingAndMeasurement) {
  const std::string eta = "expected a number > 0, {relative: NUMBER}, or flow";
  const std::string record = "expected a list of whole numbers from 0 to steps, increasing";
  const std::string measure =
      "expected a list of some of output, kernel, ntk, vertex, ntk_fluctuations, dntk, ddntk, "
      "crossings, hidden, features, posterior, log_hidden";
  const struct {
    size_t line;
    const char *replacement;
    std::string message;
  } cases[] = {
      {19, "  eta: 0", "19: training.eta: 0; " + eta},
      {19, "  eta: fast", "19: training.eta: fast; " + eta},
      {19, "  eta: {relative: 0}", "19: training.eta: 0; " + eta},
      {19, "  eta: {relativ: 0.5}", "19: training.eta: a mapping must be {relative: NUMBER}"},
      {20, "  steps: -1",
       "20: training.steps: -1; expected a whole number from 0 to 1e+09, or end"},
      {20, "  steps: end",
       "21: training.record: with steps: end only 0 and the end are recorded; leave record out"},
      {21, "  record: [0, 101]", "21: training.record: 101 lies beyond training.steps = 100"},
      {21, "  record: [1, 0]",
       "21: training.record: 0 after 1; list the steps increasing, each once"},
      {21, "  record: [1, 1]",
       "21: training.record: 1 after 1; list the steps increasing, each once"},
      {21, "  record: [0.5]", "21: training.record: 0.5; " + record},
      {21, "  record: []", "21: training.record: a list of 0; " + record},
      {23, "  members: 0",
       "23: ensemble.members: 0; expected a whole number from 1 to 1e+12, "
       "or {until: {quantity: NAME, relative: NUMBER}}"},
      {26, "  keep_members: 1001", "26: ensemble.keep_members: 1001; there are only 1000 members"},
      {26, "  keep: [cov, cov]", "26: ensemble.keep: cov twice; list it once"},
      {26, "  keep: [z]",
       "26: ensemble.keep: z; expected a list of some of cov, Theta_t, dTheta_t, features"},
      {26, "  keep: cov",
       "26: ensemble.keep: cov; expected a list of some of cov, Theta_t, dTheta_t, features"},
      {27, "measure: output", "27: measure: output; " + measure},
      {27, "measure: [outputs]", "27: measure: outputs; " + measure},
      {27, "measure: [ntk, ntk]", "27: measure: ntk twice; list it once"},
      {27, "measure: [output, crossings]",
       "27: measure: crossings: this activation has no kink that neurons could cross"},
      {28, "measure_samples: 13",
       "28: measure_samples: 13; there are only train + test = 12 samples"},
      {29, "theory: {order: 2}", "29: theory.order: 2; expected a whole number from 0 to 1"},
      {29, "theory: {tolerance: 1e-14}",
       "29: theory.tolerance: 1e-14; expected a number > 1e-14 and <= 0.01"},
      {29, "theory: {tolerance: 0.1}",
       "29: theory.tolerance: 0.1; expected a number > 1e-14 and <= 0.01"},
      {30, "compare: {level: 0}", "30: compare.level: 0; expected a number > 0 and <= 0.5"},
  };
  for (const auto &c : cases) {
    EXPECT_EQ(Message(Text(c.line, c.replacement)), "e.yaml:" + c.message);
  }
}

TEST(ExperimentErrors, Until) {
  const struct {
    std::vector<std::string> settings;
    const char *message;
  } cases[] = {
      {{"ensemble.until={quantity: z, relative: 0.01}"},
       "ensemble.until: there is a number of members too; keep one of the two"},
      {{"ensemble.members={until: 3}"},
       "ensemble.members: until must be {quantity: NAME, relative: NUMBER}"},
      {{"ensemble.members={until: {relative: 0.1}}"},
       "ensemble.members: quantity must be one of K, Theta, z, cov, Theta_t, loss_train, "
       "loss_test"},
      {{"ensemble.members={until: {quantity: V, relative: 0.1}}"},
       "ensemble.members: quantity must be one of K, Theta, z, cov, Theta_t, loss_train, "
       "loss_test"},
      {{"ensemble.members={until: {quantity: z}}"},
       "ensemble.members: relative must be a number above 0 and at most 1"},
      {{"ensemble.members={until: {quantity: z, relative: 0}}"},
       "ensemble.members: relative must be a number above 0 and at most 1"},
      {{"ensemble.members={until: {quantity: z, relative: 0.1, scale: -1}}"},
       "ensemble.members: scale must be a number above 0"},
      {{"ensemble.members={until: {quantity: z, relative: 0.1, max_members: 100}}"},
       "ensemble.members: max_members must be a whole number from 2048 to 1e+12"},
      {{"ensemble.members={until: {quantity: z, relative: 0.1, members: 100}}"},
       "ensemble.members: members: unknown or repeated; known here: quantity, relative, scale, "
       "max_members"},
      {{"ensemble.members={until: {quantity: Theta_t, relative: 0.1}}", "measure=[output]"},
       "ensemble.members: Theta_t needs ntk in measure"},
      {{"network.activation=relu", "measure=[kernel, crossings]"},
       "measure: crossings: only training moves neurons; add output"},
      {{"ensemble.members={until: {quantity: z, relative: 0.1}}", "network.widths=[8, 9, 10]"},
       "network.widths: 3; until needs compare.degree + 2 = 4 widths to know a coefficient of 1/n"},
      {{"ensemble.members={until: {quantity: z, relative: 0.1}}", "ensemble.keep_members=2049",
        "network.widths=[8, 9, 10, 11]"},
       "ensemble.keep_members: 2049; with until at most 2048"},
  };
  for (const auto &c : cases)
    EXPECT_EQ(Message(Text(0, ""), c.settings), std::string("--set: ") + c.message);
}

TEST(ExperimentErrors, Yaml) {
  EXPECT_EQ(Message("a: [1\nb: 2\n").rfind("e.yaml:2: yaml: ", 0), 0u) << Message("a: [1\nb: 2\n");
  EXPECT_EQ(Message("title: a\n\tb: 2\n").rfind("e.yaml:2: yaml: ", 0), 0u);
  EXPECT_EQ(Message("title: a\ndata: \xff\n").rfind("e.yaml:2: yaml: ", 0), 0u);
  EXPECT_EQ(Message(""), "e.yaml:1: yaml: the file is empty; it needs network, data, training");
  EXPECT_EQ(Message("# only\n"),
            "e.yaml:1: yaml: the file is empty; it needs network, data, training");
  EXPECT_EQ(Message("- a\n- b\n"),
            "e.yaml:1: yaml: the file must be a mapping: network: ..., data: ..., training: ...");
  EXPECT_EQ(Message("title: a\n---\ntitle: b\n"),
            "e.yaml:2: yaml: a second document; a file holds one");
  const std::string alias = "yaml: aliases (*name) are not supported: write the value again";
  EXPECT_EQ(Message("title: &a x\nmeasure: *a\n"), "e.yaml:2: " + alias);
  EXPECT_EQ(Message("title: x\nmeasure: &a [*a]\n"), "e.yaml:2: " + alias);
  EXPECT_EQ(Message("title: x\ndata: !!set {a}\n"),
            "e.yaml:2: yaml: tags (!name) are not supported: write the plain value");
  EXPECT_EQ(Message("title: x\n? [a]\n: b\n"), "e.yaml:2: yaml: a key must be a word");
  EXPECT_EQ(Message("title: \"a\\0b\"\n"), "e.yaml:1: yaml: a zero byte inside a value");
  EXPECT_EQ(Message("title: " + std::string(40, '[') + std::string(40, ']') + "\n"),
            "e.yaml:1: yaml: values are nested too deeply");
  EXPECT_EQ(Message(std::string(100000, '[')).rfind("e.yaml:1: yaml: ", 0), 0u);
}

TEST(ExperimentErrors, Overrides) {
  const std::string good = Text(0, "");
  EXPECT_EQ(Message(good, {"depth"}), "--set: depth: write key=value, for example network.depth=4");
  EXPECT_EQ(Message(good, {"=4"}), "--set: =4: write key=value, for example network.depth=4");
  EXPECT_EQ(Message(good, {"network..depth=4"}),
            "--set: network..depth: an empty name; write section.key");
  EXPECT_EQ(Message(good, {"network.dept=4"}),
            "--set: network.dept: unknown key; did you mean network.depth?");
  EXPECT_EQ(Message(good, {"network.depth.x=4"}),
            "--set: network.depth: a mapping; expected a whole number from 2 to 1000");
  EXPECT_EQ(Message(good, {"network.widths=[1"}).rfind("--set: network.widths: yaml: ", 0), 0u);
  EXPECT_EQ(Message(good, {"network.depth=4"}),
            "e.yaml:6: network.width_ratios: a list of 2; depth 4 needs 3 ratios, one for each "
            "hidden layer");
  EXPECT_EQ(Message(good, {"network.depth="}),
            "--set: network.depth: nothing; expected a whole number from 2 to 1000");
}

TEST(ExperimentErrors, MessagesAreOneShortPrintableLine) {
  const std::string nasty = "\"a\\n\\e[31m\\u009b\\x07\"";
  for (const std::string &text :
       {Text(4, "  depth: " + nasty), Text(1, nasty + ": 3"), Text(3, "  activation: " + nasty),
        Text(4, "  depth: " + std::string(5000, 'x')), Text(1, std::string(5000, 'y') + ": 1")}) {
    std::string message = Message(text);
    ASSERT_NE(message, "");
    EXPECT_LT(message.size(), 600u);
    EXPECT_EQ(message.find("\xc2\x9b"), std::string::npos);
    for (unsigned char c : message) EXPECT_TRUE(c >= 0x20 && c != 0x7f) << message;
  }
}

// The name of a file that is not there may hold anything.
TEST(ExperimentErrors, NamesOfFilesArePrintable) {
  pdlt_experiment ex = {};
  pdlt_error err = {};
  EXPECT_EQ(pdlt_experiment_read(&ex, "/no/such\nfile\033[31m.yaml", 0, nullptr, &err),
            PDLT_ERR_INPUT);
  const std::string message = err.message;
  EXPECT_NE(message.find("/no/such"), message.npos);
  for (const char c : message) EXPECT_GE((unsigned char)c, 32) << message;
}

/* Memory that ran out stays that, with the key that asked for it; other errors stay as they are. */
TEST(ExperimentErrors, BlamesTheKeyThatAskedForMemory) {
  pdlt_experiment ex{};
  pdlt_error err{};
  ASSERT_EQ(pdlt_experiment_parse(&ex, Text(1, kLines[0]).c_str(), "e.yaml", 0, nullptr, &err),
            PDLT_OK)
      << err.message;
  err = {PDLT_ERR_MEMORY, "no memory for 8 bytes"};
  EXPECT_EQ(pdlt_experiment_blame(&ex, "data.train", PDLT_ERR_MEMORY, &err, "use fewer"),
            PDLT_ERR_MEMORY);
  EXPECT_EQ(err.status, PDLT_ERR_MEMORY);
  EXPECT_STREQ(err.message, "e.yaml:16: data.train: no memory for 8 bytes; use fewer");
  pdlt_error other = {PDLT_ERR_INPUT, "wrong"};
  EXPECT_EQ(pdlt_experiment_blame(&ex, "data.train", PDLT_ERR_INPUT, &other, "use fewer"),
            PDLT_ERR_INPUT);
  EXPECT_STREQ(other.message, "wrong");
  pdlt_experiment_free(&ex);
}

}  // namespace
