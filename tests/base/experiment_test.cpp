// Reading experiment files: values, defaults, overrides, JSON. Bad input: experiment_errors_test.cpp.
#include "base/experiment/experiment.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "base/core/memory.h"
#include "base/file/file.h"

namespace {

const char kFull[] = R"(title: "all of it"
network:
  activation: leaky_relu(0.1)
  depth: 3
  widths: [16, 32, 64]
  width_ratios: [1, 2]
  outputs: 2
  C_b: 0.1
  C_W: [1.0, 1.5, 2.0]
  lambda_b: {scale: 0.5, power: -1}
  lambda_W: 0.25
data:
  source: csv
  file: inputs.csv
  inputs: 4
  seed: 3
  center: true
  scale: 1.5
  train: 8
  test: 4
training:
  eta: {relative: 0.5}
  steps: 100
  max_steps: 500
  record: [0, 1, 10, 100]
ensemble:
  members: 12345
  seed: 9223372036854775807
  estimator: antithetic
  arithmetic: double
  keep_members: 7
measure: [output, kernel, ntk]
measure_samples: 5
theory: {order: 0, tolerance: 1e-8, omit: []}
compare: {degree: 3, level: 1e-3}
)";

const char kSmall[] = R"(network: {activation: tanh, depth: 2, widths: [8], C_b: 0, C_W: 1}
data: {source: gaussian, inputs: 3, train: 4}
training: {eta: 0.1, steps: 1000}
)";

// An experiment that frees itself.
class Experiment {
 public:
  Experiment(const std::string &text, const std::vector<std::string> &settings = {},
             const char *name = "exp.yaml") {
    std::vector<const char *> overrides;
    for (const auto &s : settings) overrides.push_back(s.c_str());
    status =
        pdlt_experiment_parse(&ex, text.c_str(), name, overrides.size(), overrides.data(), &err);
    EXPECT_EQ(status, PDLT_OK) << err.message;
  }
  ~Experiment() { pdlt_experiment_free(&ex); }
  Experiment(const Experiment &) = delete;
  Experiment &operator=(const Experiment &) = delete;
  pdlt_experiment ex{};
  pdlt_error err{};
  pdlt_status status;
};

std::string Json(const pdlt_experiment &ex) {
  json_t *object = nullptr;
  EXPECT_EQ(pdlt_experiment_to_json(&ex, &object, nullptr), PDLT_OK);
  char *text = json_dumps(object, JSON_SORT_KEYS | JSON_INDENT(1) | JSON_REAL_PRECISION(17));
  std::string out = text;
  std::free(text);
  json_decref(object);
  return out;
}

std::string Hash(const pdlt_experiment &ex, const char *data_hash, int physics_only) {
  char out[17] = "";
  EXPECT_EQ(pdlt_experiment_hash(&ex, data_hash, physics_only, out, nullptr), PDLT_OK);
  return out;
}

TEST(Experiment, ReadsEveryKey) {
  Experiment e(kFull);
  const auto &n = e.ex.network;
  EXPECT_STREQ(e.ex.title, "all of it");
  EXPECT_EQ(n.activation.kind, PDLT_LEAKY_RELU);
  EXPECT_EQ(n.activation.param[0], 0.1);
  EXPECT_EQ(n.depth, 3);
  ASSERT_EQ(n.num_widths, 3u);
  EXPECT_EQ(n.widths[2], 64);
  EXPECT_EQ(n.width_ratios[1], 2);
  EXPECT_EQ(n.outputs, 2);
  EXPECT_EQ(n.critical, 0);
  for (int l = 0; l < 3; l++) {
    EXPECT_EQ(n.C_b[l], 0.1);
    EXPECT_EQ(n.C_W[l], 1.0 + 0.5 * l);
    EXPECT_DOUBLE_EQ(n.lambda_b[l], 0.5 / (l + 1));
    EXPECT_EQ(n.lambda_W[l], 0.25);
  }
  const auto &d = e.ex.data;
  EXPECT_EQ(d.source, PDLT_SOURCE_CSV);
  EXPECT_STREQ(d.file, "inputs.csv");
  EXPECT_EQ(d.inputs, 4);
  EXPECT_EQ(d.seed, 3u);
  EXPECT_EQ(d.center, 1);
  EXPECT_EQ(d.scale_kind, PDLT_SCALE_NUMBER);
  EXPECT_EQ(d.scale, 1.5);
  EXPECT_EQ(d.train, 8);
  EXPECT_EQ(d.test, 4);
}

TEST(Experiment, ReadsTrainingEnsembleAndTheory) {
  Experiment e(kFull);
  const auto &t = e.ex.training;
  EXPECT_EQ(t.eta_kind, PDLT_ETA_RELATIVE);
  EXPECT_EQ(t.eta, 0.5);
  EXPECT_EQ(t.to_end, 0);
  EXPECT_EQ(t.steps, 100);
  EXPECT_EQ(t.max_steps, 500);
  EXPECT_EQ(std::vector<double>(t.record, t.record + t.num_record),
            (std::vector<double>{0, 1, 10, 100}));
  EXPECT_EQ(e.ex.ensemble.members, 12345);
  EXPECT_EQ(e.ex.ensemble.seed, 9223372036854775807u);
  EXPECT_EQ(e.ex.ensemble.estimator, PDLT_ESTIMATOR_ANTITHETIC);
  EXPECT_EQ(e.ex.ensemble.single_precision, 0);
  EXPECT_EQ(e.ex.ensemble.keep_members, 7);
  EXPECT_EQ(e.ex.ensemble.keep, 0u);
  EXPECT_EQ(Experiment(kFull, {"ensemble.keep=[cov]"}).ex.ensemble.keep, unsigned(PDLT_KEEP_COV));
  EXPECT_EQ(Experiment(kFull, {"ensemble.keep=[dTheta_t, Theta_t]"}).ex.ensemble.keep,
            unsigned(PDLT_KEEP_THETA_T | PDLT_KEEP_DTHETA_T));
  EXPECT_EQ(Experiment(kFull, {"theory.keep=[Theta_t]"}).ex.theory.keep,
            unsigned(PDLT_KEEP_THETA_T_NLO));
  EXPECT_EQ(Json(e.ex), Json(Experiment(kFull, {"theory.keep=[]"}).ex));
  EXPECT_EQ(Json(e.ex), Json(Experiment(kFull, {"ensemble.keep=[]", "compare.csv=auto"}).ex));
  EXPECT_EQ(e.ex.measure, unsigned(PDLT_MEASURE_OUTPUT | PDLT_MEASURE_KERNEL | PDLT_MEASURE_NTK));
  EXPECT_EQ(e.ex.measure_samples, 5);
  EXPECT_EQ(e.ex.theory.order, 0);
  EXPECT_EQ(e.ex.theory.tolerance, 1e-8);
  EXPECT_EQ(e.ex.theory.omit.count, 0u);
  EXPECT_EQ(e.ex.compare.degree, 3);
  EXPECT_EQ(e.ex.compare.level, 1e-3);
}

TEST(Experiment, FillsDefaults) {
  Experiment e(kSmall);
  EXPECT_STREQ(e.ex.title, "");
  EXPECT_EQ(e.ex.network.outputs, 1);
  EXPECT_EQ(e.ex.network.width_ratios[0], 1);
  EXPECT_EQ(e.ex.network.lambda_b[1], 1.0);
  EXPECT_EQ(e.ex.network.lambda_W[0], 1.0);
  EXPECT_EQ(e.ex.data.test, 0);
  EXPECT_EQ(e.ex.data.scale_kind, PDLT_SCALE_NONE);
  EXPECT_EQ(e.ex.training.max_steps, 100000);
  EXPECT_EQ(e.ex.ensemble.estimator, PDLT_ESTIMATOR_AUTO);
  EXPECT_EQ(e.ex.measure, unsigned(PDLT_MEASURE_OUTPUT));
  EXPECT_EQ(e.ex.measure_samples, 4);
  EXPECT_EQ(e.ex.theory.order, 1);
  EXPECT_EQ(e.ex.theory.tolerance, 1e-10);
  EXPECT_EQ(e.ex.compare.degree, 2);
  EXPECT_EQ(e.ex.compare.level, 1e-4);
  EXPECT_EQ(e.ex.compare.csv, PDLT_CSV_AUTO);
}

TEST(Experiment, DefaultRecordIsGeometric) {
  for (long steps : {0L, 1L, 2L, 17L, 1000L, 1000000000L}) {
    Experiment e(kSmall, {"training.steps=" + std::to_string(steps)});
    std::set<double> expected = {0.0};
    for (int k = 0; k <= 18 && steps > 0; k++) {
      expected.insert(std::round(std::pow(double(steps), k / 18.0)));
    }
    const auto &t = e.ex.training;
    EXPECT_EQ(std::vector<double>(t.record, t.record + t.num_record),
              std::vector<double>(expected.begin(), expected.end()));
  }
  Experiment end(kSmall, {"training.steps=end"});
  EXPECT_EQ(end.ex.training.to_end, 1);
  ASSERT_EQ(end.ex.training.num_record, 2u);
  EXPECT_EQ(end.ex.training.record[0], 0.0);
  EXPECT_TRUE(std::isinf(end.ex.training.record[1]));
}

TEST(Experiment, CriticalStaysToBeResolved) {
  Experiment e(kSmall, {"network={activation: tanh, depth: 3, widths: [8], C_b: critical, "
                        "C_W: critical}",
                        "data.scale=critical"});
  EXPECT_EQ(e.ex.network.critical, 1);
  EXPECT_EQ(e.ex.data.scale_kind, PDLT_SCALE_CRITICAL);
  EXPECT_NE(Json(e.ex).find("\"C_W\": \"critical\""), std::string::npos);
  e.ex.network.critical = 0;
  for (int l = 0; l < 3; l++) e.ex.network.C_W[l] = 2.0;
  EXPECT_EQ(Json(e.ex).find("\"C_W\": \"critical\""), std::string::npos);
}

TEST(Experiment, OverridesComeInOrderAndFillAbsentSections) {
  Experiment e(kFull,
               {"network.depth=2", "network.width_ratios=[3]", "network.C_W=[1, 2]",
                "network.depth=3", "network.width_ratios=[3, 1]", "network.C_W=2", "title=other"});
  EXPECT_EQ(e.ex.network.depth, 3);
  EXPECT_EQ(e.ex.network.C_W[2], 2.0);
  EXPECT_EQ(e.ex.network.width_ratios[0], 3);
  Experiment absent(kSmall, {"ensemble.members=5", "theory.order=0",
                             "network.activation=polynomial(0,1,0.3)", "measure=[ntk]"});
  EXPECT_EQ(absent.ex.ensemble.members, 5);
  EXPECT_EQ(absent.ex.theory.order, 0);
  EXPECT_EQ(absent.ex.network.activation.kind, PDLT_POLYNOMIAL);
  EXPECT_EQ(absent.ex.measure, unsigned(PDLT_MEASURE_NTK));
}

TEST(Experiment, UntilMayStandUnderMembersOrByItself) {
  const std::string widths = "network.widths=[8, 9, 10, 11, 12]";
  Experiment inside(kFull, {widths, "ensemble.members={until: {quantity: K, relative: 0.02}}"});
  EXPECT_EQ(inside.ex.ensemble.members, 0);
  EXPECT_STREQ(pdlt_quantities[inside.ex.ensemble.until.quantity].name, "K");
  EXPECT_EQ(inside.ex.ensemble.until.relative, 0.02);
  EXPECT_EQ(inside.ex.ensemble.until.scale, 0);
  EXPECT_EQ(inside.ex.ensemble.until.max_members, PDLT_UNTIL_MAX_MEMBERS);
  EXPECT_STREQ(pdlt_until_key(&inside.ex), "ensemble.members");
  std::string text = kFull;
  text.replace(text.find("members: 12345"), 14,
               "until: {quantity: z, relative: 1, scale: 0.5, max_members: 1000000}");
  Experiment beside(text, {widths});
  EXPECT_EQ(beside.ex.ensemble.until.scale, 0.5);
  EXPECT_EQ(beside.ex.ensemble.until.max_members, 1000000);
  EXPECT_STREQ(pdlt_until_key(&beside.ex), "ensemble.until");
  for (const auto *ex : {&inside.ex, &beside.ex}) {  // the same experiment, however written
    Experiment again(Json(*ex));
    EXPECT_EQ(Json(again.ex), Json(*ex));
    EXPECT_EQ(Hash(again.ex, "d", 0), Hash(*ex, "d", 0));
    EXPECT_STREQ(pdlt_until_key(&again.ex), "ensemble.until");
  }
  Experiment number(kFull);
  EXPECT_EQ(pdlt_until_key(&number.ex), nullptr);
  // A number given later takes its place.
  Experiment fixed(kFull, {widths, "ensemble.members={until: {quantity: K, relative: 0.02}}",
                           "ensemble.members=5000"});
  EXPECT_EQ(fixed.ex.ensemble.members, 5000);
}

// Files and archives without flipped terms are those of programs that did not know the key.
TEST(Experiment, FlippedTermsAreInTheJsonWhenThereAreAny) {
  Experiment none(kSmall), empty(kSmall, {"theory.flip=[]"});
  EXPECT_EQ(Json(none.ex).find("flip"), std::string::npos);
  EXPECT_EQ(Hash(empty.ex, "d", 0), Hash(none.ex, "d", 0));
  Experiment two(kSmall, {"theory.flip=[V.fresh, dntk]", "theory.omit=[B]"});
  ASSERT_EQ(two.ex.theory.flip.count, 2u);
  EXPECT_STREQ(two.ex.theory.flip.name[1], "dntk");
  EXPECT_NE(Hash(two.ex, "d", 0), Hash(none.ex, "d", 0));
  EXPECT_EQ(Hash(two.ex, "d", 1), Hash(none.ex, "d", 1));
  Experiment again(Json(two.ex));
  EXPECT_EQ(Json(again.ex), Json(two.ex));
}

// The same of keys of data files.
TEST(Experiment, KeysOfDataAreInTheJsonWhenTheyAreGiven) {
  Experiment none(kFull), zero(kFull, {"data.skip=0", "data.shuffle=0", "data.balance=false",
                                       "data.empty_classes=false"});
  for (const char *key :
       {"skip", "shuffle", "balance", "empty_classes", "columns", "label", "header"})
    EXPECT_EQ(Json(none.ex).find(std::string("\"") + key + "\""), std::string::npos) << key;
  EXPECT_EQ(Json(zero.ex), Json(none.ex));
  for (const char *setting : {"data.skip=2", "data.shuffle=2", "data.columns={x: 1, y: 2}"}) {
    Experiment some(kFull, {setting});
    EXPECT_NE(Hash(some.ex, "d", 0), Hash(none.ex, "d", 0)) << setting;
  }
  Experiment header(kFull, {"data.header=true"});
  EXPECT_EQ(header.ex.data.header, 1);
  EXPECT_EQ(none.ex.data.header, -1);
  EXPECT_EQ(Hash(header.ex, "d", 1), Hash(none.ex, "d", 1)); /* how a file is read */
  Experiment columns(kFull, {"data.columns={x: [a, 3..7], y: b}"});
  ASSERT_EQ(columns.ex.data.columns_x.count, 2u);
  EXPECT_STREQ(columns.ex.data.columns_x.name[1], "3..7");
  ASSERT_EQ(columns.ex.data.columns_y.count, 1u);
  EXPECT_STREQ(columns.ex.data.columns_y.name[0], "b");
}

TEST(Experiment, JsonIsReadBackTheSame) {
  const std::vector<std::vector<std::string>> cases = {
      {},
      {"training.eta=0.1"},
      {"network.init=uniform", "training.method=newton"},
      {"training={eta: 0.1, steps: end}"},
      {"training.targets=centered"},
      {"training.loss=cross_entropy", "network.outputs=2", "ensemble.keep=[cov]",
       "training.batch=1"},
      {"data.scale=none", "title=\"quote \\\" and \\\\ and \\u00e9\""},
      {"network.C_W=0.1234567890123456789", "network.activation=polynomial(0.1,1,0.3)"},
      {"data={source: parity, inputs: 5, train: 6}", "network.outputs=1", "measure_samples=2"},
      {"data={source: modular_addition, modulus: 7, train: 6, test: 3}", "network.outputs=7"},
      {"data={source: idx, images: i, labels: l, classes: [3, 1], train: 5, pool: 2}"},
      {"data={source: csv, file: f, columns: {x: [a, 3..7], y: [\"b c\"]}, skip: 3, train: 5}"},
      {"data={source: csv, file: f, columns: {x: 1..3, y: 4}, header: false, train: 5}"},
      {"data={source: csv, file: f, label: c, header: true, classes: [-3, 1], shuffle: 7, "
       "balance: true, empty_classes: true, train: 5}"},
      {"data={source: npy, file: f.npz, x: u, y: v, pool: 4, train: 5}"},
      {"data={source: npy, x: u.npy, y: v.npy, classes: [1, 2], targets: one_hot, train: 5}"},
      {"network.input={shape: [4]}"},
      {"network.input={shape: [2, 2], channels: 1}", "network.layers=[dense, average, dense]"},
      {"network.input={shape: [2]}",
       "network.layers=[{conv: 3, padding: zero, pool: 1}, {pool: 2, stride: 1, conv: 1}, dense]"},
      {"network.input={shape: [2, 2]}",
       "network.layers=[{conv: [2, 1], padding: circular}, {conv: [1, 1], padding: zero, stride: "
       "2}, "
       "average]"}};
  for (const auto &settings : cases) {
    Experiment first(kFull, settings);
    std::string text = Json(first.ex);
    Experiment second(text);
    EXPECT_EQ(Json(second.ex), text);
    EXPECT_EQ(Hash(second.ex, "d", 0), Hash(first.ex, "d", 0));
  }
}

// Keys that a file does not have are not in its digest, which is that of versions that did not know them.
TEST(Experiment, LayersThatAreNotWrittenAreNotInTheDigest) {
  EXPECT_EQ(Hash(Experiment(kSmall).ex, "d", 0), "b3366248c7f38726");
  EXPECT_EQ(Hash(Experiment(kSmall).ex, "d", 1), "dd82c9258ca2fd50");
  const std::string plain = Hash(Experiment(kSmall).ex, "d", 1);
  std::set<std::string> seen = {plain};
  const std::vector<std::vector<std::string>> cases = {
      {"network.layers=[dense, dense]"},
      {"network.input={shape: [3]}"},
      {"network.input={shape: [3], channels: 1}",
       "network.layers=[{conv: 2, padding: zero}, dense]"},
      {"network.input={shape: [3], channels: 1}",
       "network.layers=[{conv: 2, padding: circular}, dense]"},
      {"network.input={shape: [3], channels: 1}",
       "network.layers=[{conv: 2, padding: circular, stride: 2}, dense]"},
      {"network.input={shape: [3], channels: 1}",
       "network.layers=[{conv: 1, padding: circular, pool: 3}, dense]"},
      {"network.input={shape: [3], channels: 1}",
       "network.layers=[{conv: 2, padding: circular}, average]"}};
  for (const auto &settings : cases)
    EXPECT_TRUE(seen.insert(Hash(Experiment(kSmall, settings).ex, "d", 1)).second) << settings[0];
}

TEST(Experiment, HashSeesWhatItShould) {
  Experiment base(kFull);
  EXPECT_EQ(Hash(base.ex, "d", 0).size(), 16u);
  EXPECT_NE(Hash(base.ex, "d", 0), Hash(base.ex, "e", 0));
  EXPECT_NE(Hash(base.ex, "d", 1), Hash(base.ex, "e", 1));
  struct Case {
    const char *setting;
    bool physics;
  };
  for (const Case &c : {Case{"network.widths=[16, 32]", false}, Case{"network.C_W=1.1", true},
                        Case{"network.depth=3", false}, Case{"data.file=other.csv", false},
                        Case{"data.center=false", true}, Case{"training.eta=0.2", true},
                        Case{"training.record=[0, 5]", true}, Case{"ensemble.seed=8", false},
                        Case{"compare.degree=2", false}, Case{"compare.level=0.01", false},
                        Case{"compare.csv=full", false}, Case{"ensemble.keep=[cov]", false},
                        Case{"theory.keep=[tensors]", false}, Case{"network.lambda_b=0.5", true},
                        Case{"network.init=uniform", true}, Case{"training.targets=fixed", false},
                        Case{"training.targets=centered", true},
                        Case{"training.method=newton", true}, Case{"training.batch=1", true}}) {
    Experiment changed(kFull, {c.setting});
    const std::string key = c.setting;
    bool same_text = key == "network.depth=3" || key == "training.targets=fixed" ||
                     key.rfind("compare.", 0) == 0;
    EXPECT_EQ(Hash(changed.ex, "d", 0) == Hash(base.ex, "d", 0), same_text) << c.setting;
    EXPECT_EQ(Hash(changed.ex, "d", 1) != Hash(base.ex, "d", 1), c.physics) << c.setting;
  }
}

// No run depends on how it is compared, but `until` asks for members by the degree. The digest of an
// experiment without keys of compare is that of version 0.1.0, with all of them in it.
TEST(Experiment, HashLeavesOutHowResultsAreCompared) {
  const std::string until = "ensemble.until={quantity: z, relative: 0.1}",
                    widths = "network.widths=[4, 8, 16, 32, 64]";
  auto hash = [&](const std::vector<std::string> &sets) {
    return Hash(Experiment(kSmall, sets).ex, "d", 0);
  };
  EXPECT_EQ(hash({"compare.degree=4"}), hash({}));
  EXPECT_EQ(hash({"compare.level=0.1", "compare.csv=summary"}), hash({}));
  EXPECT_NE(hash({widths, until, "compare.degree=3"}), hash({widths, until}));
  EXPECT_EQ(hash({widths, until, "compare.level=0.1"}), hash({widths, until}));
  Experiment ex(kSmall, {"compare.degree=3"});
  json_t *json = nullptr;
  pdlt_error err{};
  char own[17];
  ASSERT_EQ(pdlt_experiment_to_json(&ex.ex, &json, &err), PDLT_OK);
  ASSERT_EQ(pdlt_experiment_json_hash(json, "d", own, &err), PDLT_OK);
  EXPECT_EQ(own, hash({}));
  json_object_del(json, "compare");
  json_object_set_new(json, "compare", json_pack("{s:i, s:f}", "degree", 2, "level", 1e-4));
  json_object_set_new(json, "data_hash", json_string("d"));
  char *text = json_dumps(json, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(17));
  char all[17];
  std::snprintf(all, sizeof all, "%016llx",
                pdlt_hash_bytes(PDLT_HASH_START, text, std::strlen(text)));
  EXPECT_STREQ(all, own);
  free(text);
  json_decref(json);
}

TEST(Experiment, KeysOfCompareAreSetByThemselves) {
  auto set = [](std::vector<const char *> settings, pdlt_compare_keys *keys) {
    pdlt_error err{};
    const pdlt_status status = pdlt_compare_keys_set(keys, settings.size(), settings.data(), &err);
    EXPECT_TRUE(status == PDLT_OK || status == PDLT_ERR_INPUT);
    return std::string(status == PDLT_OK ? "" : err.message);
  };
  const pdlt_compare_keys before = {2, 1e-3, PDLT_CSV_AUTO, {}};
  pdlt_compare_keys keys = before;
  EXPECT_EQ(set({"compare.degree=3", "compare.csv=summary", "compare.degree=4"}, &keys), "");
  EXPECT_EQ(keys.degree, 4);
  EXPECT_EQ(keys.level, 1e-3);
  EXPECT_EQ(keys.csv, PDLT_CSV_SUMMARY);
  keys = before;
  const std::string belongs =
      ": belongs to the run; compare only knows compare.degree, compare.level, compare.csv "
      "and figures";
  EXPECT_EQ(set({"compare.degree=3", "network.depth=3"}, &keys), "--set: network.depth" + belongs);
  EXPECT_EQ(set({"network={}"}, &keys), "--set: network" + belongs);
  EXPECT_EQ(set({"measure=[output]"}, &keys), "--set: measure" + belongs);
  EXPECT_EQ(set({"sweep={}"}, &keys), "--set: sweep" + belongs);
  EXPECT_EQ(set({"compare.degre=3"}, &keys),
            "--set: compare.degre: unknown key; did you mean compare.degree?");
  EXPECT_EQ(set({"compare.degree=9"}, &keys),
            "--set: compare.degree: 9; expected a whole number from 1 to 6");
  EXPECT_EQ(set({"compare.csv=no"}, &keys),
            "--set: compare.csv: no; expected one of auto, full, summary");
  EXPECT_EQ(set({"compare=3"}, &keys), "--set: compare: 3; expected a mapping of keys");
  EXPECT_EQ(keys.degree, before.degree);
  EXPECT_EQ(keys.level, before.level);
}

TEST(Experiment, FailNamesTheLineOfTheKeyOrItsSection) {
  Experiment e(kFull, {"training.eta=0.5"}, "dir/exp.yaml");
  auto message = [&](const char *key) {
    pdlt_error err{};
    EXPECT_EQ(pdlt_experiment_fail(&e.ex, key, &err, "bad %d\n\x1b[0m", 7), PDLT_ERR_INPUT);
    return std::string(err.message);
  };
  EXPECT_EQ(message("network.depth"), "dir/exp.yaml:4: network.depth: bad 7??[0m");
  EXPECT_EQ(message("training.eta"), "--set: training.eta: bad 7??[0m");
  EXPECT_EQ(message("data.pool"), "dir/exp.yaml:12: data.pool: bad 7??[0m");
  EXPECT_EQ(message("sweep"), "dir/exp.yaml:1: sweep: bad 7??[0m");
  EXPECT_STREQ(e.ex.directory, "dir");
}

TEST(Experiment, ReadsFilesWithBytesAfterTheRoot) {
  std::string path =
      ::testing::TempDir() + "/pdlt_experiment_" + std::to_string(getpid()) + ".yaml";
  std::ofstream(path) << kSmall << "\n# end\n";
  pdlt_experiment ex;
  pdlt_error err{};
  ASSERT_EQ(pdlt_experiment_read(&ex, path.c_str(), 0, nullptr, &err), PDLT_OK) << err.message;
  EXPECT_EQ(ex.data.inputs, 3);
  EXPECT_STREQ(ex.path, path.c_str());
  pdlt_experiment_free(&ex);
  std::remove(path.c_str());
  EXPECT_EQ(pdlt_experiment_read(&ex, path.c_str(), 0, nullptr, &err), PDLT_ERR_INPUT);
  EXPECT_NE(std::string(err.message).find(path), std::string::npos) << err.message;
}

TEST(Experiment, LayerWidths) {
  Experiment e(kFull);
  EXPECT_EQ(pdlt_experiment_layer_width(&e.ex, 0, 16, 4), 4);
  EXPECT_EQ(pdlt_experiment_layer_width(&e.ex, 1, 16, 4), 16);
  EXPECT_EQ(pdlt_experiment_layer_width(&e.ex, 2, 16, 4), 32);
  EXPECT_EQ(pdlt_experiment_layer_width(&e.ex, 3, 16, 4), 2);
}

TEST(Experiment, EveryAllocationMayFail) {
  const char *setting = "network.C_W=[1, 2, 3]";
  long failures = 0;
  for (long n = 0; n < 10000; n++) {
    pdlt_experiment ex{};
    pdlt_error err{};
    pdlt_memory_fail_after(n);
    pdlt_status status = pdlt_experiment_parse(&ex, kFull, "exp.yaml", 1, &setting, &err);
    pdlt_memory_fail_after(-1);
    if (status == PDLT_OK) {
      pdlt_experiment_free(&ex);
      break;
    }
    ASSERT_EQ(status, PDLT_ERR_MEMORY);
    EXPECT_EQ(ex.path, nullptr); /* untouched */
    failures++;
  }
  EXPECT_GT(failures, 50);
  EXPECT_LT(failures, 10000);
}

}  // namespace
