// results: what an archive of results must hold, by name, shape, sign and finiteness.
#include "base/experiment/results.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/core/memory.h"

namespace {

// A small archive of either kind: 3 + 1 samples, 2 outputs, times 0 and infinity, width 4.
struct Results {
  pdlt_archive c = {};
  explicit Results(const char *kind, size_t blocks = 40) {
    json_t *experiment = json_pack("{s:{s:i, s:i, s:[i]}, s:{s:i, s:i}, s:{s:s}, s:i}", "network",
                                   "depth", 2, "outputs", 2, "widths", 4, "data", "train", 3,
                                   "test", 1, "training", "steps", "end", "measure_samples", 3);
    json_t *meta = pdlt_archive_meta(&c);
    json_object_set_new(meta, "experiment", experiment);
    json_object_set_new(meta, "kind", json_string(kind));
    json_object_set_new(meta, "layers", json_true());
    add("times", {2})[1] = INFINITY;
    add("x", {4, 3});
    add("y", {4, 2});
    if (kind == std::string("theory")) {
      add("K", {4, 4});
      add("layer1/K", {4, 4});
      add("z_lo", {2, 2, 4});
      add("z_nlo", {2, 2, 4});
      add("z_nlo/dntk", {2, 2, 4});
      add("V", {4, 4, 4, 4});
      add("err/K", {});
      return;
    }
    add("widths", {1})[0] = 4;
    add("n4/members", {})[0] = 64.0 * (double)blocks;
    add("n4/diverged", {});
    double *members = add("n4/blocks/members", {blocks});
    for (size_t b = 0; b < blocks; b++) members[b] = 64;
    add("n4/top_share", {})[0] = NAN;
    add("n4/samples/z", {5, 2, 2, 4});
    quantity("", "K", {4, 4}, blocks);
    quantity("layer1/", "K", {4, 4}, blocks);
    quantity("", "z", {2, 2, 4}, blocks);
    quantity("", "V", {3, 3, 3, 3}, blocks);
  }
  Results(const Results &) = delete;
  Results &operator=(const Results &) = delete;
  ~Results() { pdlt_archive_free(&c); }

  double *add(const std::string &name, const std::vector<size_t> &dims) {
    pdlt_array *array = nullptr;
    EXPECT_EQ(pdlt_archive_new(&c, name.c_str(), (int)dims.size(), dims.data(), &array, nullptr),
              PDLT_OK);
    return array->data;
  }
  void quantity(const std::string &layer, const std::string &name, std::vector<size_t> dims,
                size_t blocks) {
    add("n4/" + layer + name, dims);
    double *se = add("n4/" + layer + name + "_se", dims);
    size_t count = 1;
    for (size_t length : dims) count *= length;
    if (blocks < 32) std::fill(se, se + count, NAN);
    dims.insert(dims.begin(), blocks);
    add("n4/blocks/" + layer + name, dims);
  }
  double *at(const char *name) { return pdlt_archive_get(&c, name)->data; }
  void drop(const char *name) { pdlt_archive_remove(&c, name); }
  pdlt_array *array(const char *name) {
    return const_cast<pdlt_array *>(pdlt_archive_get(&c, name));
  }
  std::string check() {
    pdlt_error err = {};
    const pdlt_status status = pdlt_results_check(&c, "f.npz", &err);
    EXPECT_TRUE(status == PDLT_OK || status == PDLT_ERR_INPUT);
    return status == PDLT_OK ? "" : err.message;
  }
};

}  // namespace

TEST(Results, SoundArchivesPass) {
  EXPECT_EQ(Results("theory").check(), "");
  EXPECT_EQ(Results("measured").check(), "");
  Results shard("measured");
  json_object_set_new(shard.c.meta, "kind", json_string("shard"));
  shard.drop("n4/K_se");
  EXPECT_EQ(shard.check(), "");
}

TEST(Results, NumbersThatAreNotFiniteAreNamed) {
  for (double x : {(double)NAN, (double)INFINITY, -(double)INFINITY})
    for (const char *name : {"K", "layer1/K", "z_lo", "z_nlo", "z_nlo/dntk", "V", "x", "y"}) {
      Results r("theory");
      r.at(name)[2] = x;
      EXPECT_EQ(r.check().rfind("f.npz: " + std::string(name) + ": number 3 of ", 0), 0u)
          << name << ": " << r.check();
    }
  for (const char *name : {"n4/K", "n4/layer1/K", "n4/z", "n4/V", "n4/z_se", "n4/blocks/z",
                           "n4/blocks/layer1/K", "n4/blocks/members"}) {
    Results r("measured");
    r.at(name)[1] = NAN;
    EXPECT_EQ(r.check().rfind("f.npz: " + std::string(name) + ": number 2 of ", 0), 0u)
        << name << ": " << r.check();
  }
  Results r("measured");
  r.at("n4/z")[1] = NAN;
  EXPECT_EQ(r.check(),
            "f.npz: n4/z: number 2 of 16 is nan, expected a finite number; make the file again");
}

// One hidden layer here; parts of the coefficient of h^(1/2) have its shape.
TEST(Results, KinksHaveArraysOfTheirOwn) {
  Results theory("theory"), measured("measured");
  theory.add("z_half", {2, 2, 4});
  theory.add("z_half/crossing", {2, 2, 4});
  theory.add("crossings_half", {2, 1, 4});
  measured.quantity("", "crossings", {2, 1, 4}, 40);
  EXPECT_EQ(theory.check(), "");
  EXPECT_EQ(measured.check(), "");
  Results part("theory"), layers("theory"), shares("measured");
  part.add("z_half/crossing", {2, 2, 3});
  EXPECT_EQ(part.check().rfind("f.npz: z_half/crossing: has the shape (2, 2, 3)", 0), 0u);
  layers.add("crossings_half", {2, 2, 4});
  EXPECT_EQ(layers.check().rfind("f.npz: crossings_half: has the shape (2, 2, 4)", 0), 0u);
  shares.quantity("", "crossings", {2, 2, 4}, 40);
  EXPECT_EQ(
      shares.check(),
      "f.npz: n4/crossings: has the shape (2, 2, 4), expected (2, 1, 4); make the file again");
}

// Arrays over inputs, as x has them, and over the blocks that the experiment names.
TEST(Results, InputsAndBlocksOfGroundTruth) {
  const struct {
    const char *truth, *data;
    size_t blocks;
  } cases[] = {{"inputs", "{}", 3},
               {"parity", "{}", 3},
               {"parity", R"({"bits": [0, 2]})", 2},
               {"modular_addition", R"({"modulus": 7})", 6},
               {"none", "{}", 0}};
  for (const auto &c : cases) {
    Results theory("theory");
    json_t *experiment = json_object_get(theory.c.meta, "experiment");
    json_t *more = json_loads(c.data, 0, nullptr);
    json_object_update(json_object_get(experiment, "data"), more);
    json_decref(more);
    if (c.blocks > 0)
      json_object_set_new(experiment, "features", json_pack("{s:s}", "truth", c.truth));
    theory.add("weight_lo", {c.blocks});
    theory.add("weight_nlo", {2, c.blocks});
    theory.add("agop_lo", {3, 3});
    theory.add("agop_change_lo", {2, 3, 3});
    EXPECT_EQ(theory.check(), "") << c.truth;
    theory.add("weight_end_nlo", {c.blocks + 1});
    EXPECT_EQ(theory.check().rfind("f.npz: weight_end_nlo: has the shape (", 0), 0u) << c.truth;
    Results other("theory");
    other.add("agop_nlo", {2, 3, 4});
    EXPECT_EQ(other.check(),
              "f.npz: agop_nlo: has the shape (2, 3, 4), expected (2, 3, 3); make the file again");
  }
}

// Theory's array of the hidden layers has no time, the measured ones have; errors have nothing else.
TEST(Results, HiddenLayersAndErrors) {
  Results theory("theory"), measured("measured"), timed("theory"), still("measured");
  theory.add("q_lo", {1, 4});
  theory.add("q_nlo", {1, 4});
  EXPECT_EQ(theory.check(), "");
  measured.quantity("", "q_0", {1, 4}, 40);
  for (const char *name : {"q_t", "q_change", "q_moved"})
    measured.quantity("", name, {2, 1, 4}, 40);
  for (const char *name : {"error_train", "error_test"}) measured.quantity("", name, {2}, 40);
  EXPECT_EQ(measured.check(), "");
  // once more layer by layer: the same numbers
  measured.add("n4/layer1/q_t", {2, 4});
  std::copy(measured.at("n4/q_t"), measured.at("n4/q_t") + 8, measured.at("n4/layer1/q_t"));
  EXPECT_EQ(measured.check(), "");
  measured.at("n4/layer1/q_t")[5] += 1;
  EXPECT_EQ(measured.check().rfind("f.npz: n4/layer1/q_t: not the numbers of that layer", 0), 0u);
  measured.drop("n4/layer1/q_t");
  measured.add("n4/layer1/q_t", {8});
  EXPECT_EQ(measured.check().rfind("f.npz: n4/layer1/q_t: has the shape (8)", 0), 0u);
  measured.drop("n4/layer1/q_t");
  measured.add("n4/layer2/q_t", {2, 4});
  EXPECT_NE(measured.check().find("n4/layer2/q_t"), std::string::npos);
  timed.add("q_lo", {2, 1, 4});
  EXPECT_EQ(timed.check().rfind("f.npz: q_lo: has the shape (2, 1, 4)", 0), 0u);
  still.quantity("", "q_t", {1, 4}, 40);
  EXPECT_EQ(still.check().rfind("f.npz: n4/q_t: has the shape (1, 4)", 0), 0u);
}

TEST(Results, NotANumberStaysWhereItIsAResult) {
  Results diverged("measured");
  diverged.at("n4/diverged")[0] = 3;
  diverged.at("n4/blocks/members")[0] -= 3;
  for (const char *name : {"n4/z", "n4/z_se", "n4/blocks/z"}) diverged.at(name)[1] = NAN;
  EXPECT_EQ(diverged.check(), "");
  diverged.at("n4/blocks/members")[0] += 3;
  Results few("measured", 31); /* too few blocks for error bars */
  EXPECT_EQ(few.check(), "");
  few.at("n4/z_se")[0] = 0;
  EXPECT_NE(few.check().find("but its blocks have the error nan"), std::string::npos);
  few.at("n4/z")[0] = NAN;
  EXPECT_NE(few.check(), "");
  diverged.at("n4/blocks/members")[0] -= 3; /* K comes from all draws */
  diverged.at("n4/K")[1] = NAN;
  EXPECT_EQ(diverged.check().rfind("f.npz: n4/K: number 2 of 16 is nan", 0), 0u);
  Results one("measured", 1); /* and for a covariance */
  one.at("n4/z")[0] = NAN;
  EXPECT_EQ(one.check(), "");
}

TEST(Results, NegativeErrorsAndCountsAreNamed) {
  for (const char *name : {"n4/z_se", "n4/layer1/K_se", "n4/diverged", "n4/members"}) {
    Results r("measured");
    r.at(name)[0] = -1;
    EXPECT_EQ(r.check().rfind("f.npz: " + std::string(name) + ": number 1 of ", 0), 0u) << name;
    EXPECT_NE(r.check().find(" is -1, expected a "), std::string::npos);
  }
  Results diverged("measured");
  diverged.at("n4/diverged")[0] = 3;
  diverged.at("n4/z_se")[0] = -1;
  EXPECT_NE(diverged.check(), "");
  Results theory("theory");
  theory.at("err/K")[0] = -1;
  EXPECT_EQ(theory.check(), "f.npz: err/K: an error that is not >= 0; make the file again");
}

TEST(Results, MissingArraysAreNamed) {
  const struct {
    const char *gone, *message;
  } cases[] = {{"n4/z_se", "n4/z_se: missing beside n4/z"},
               {"n4/z", "n4/z: missing beside n4/z_se"},
               {"n4/layer1/K", "n4/layer1/K: missing beside n4/layer1/K_se"},
               {"n4/blocks/members", "n4/blocks/members: missing beside n4/blocks/K"},
               {"widths", "widths: missing"}};
  for (const auto &one : cases) {
    Results r("measured");
    r.drop(one.gone);
    EXPECT_EQ(r.check().rfind("f.npz: " + std::string(one.message), 0), 0u) << r.check();
  }
}

TEST(Results, WrongShapesAreNamed) {
  const struct {
    const char *kind, *name;
    int index;
    const char *message;
  } cases[] = {
      {"theory", "K", 0, "K: has the shape (3, 4), expected (4, 4)"},
      {"theory", "z_nlo/dntk", 0, "z_nlo/dntk: has the shape (1, 2, 4), expected (2, 2, 4)"},
      {"theory", "V", 2, "V: has the shape (4, 4, 3, 4), expected (4, 4, 4, 4)"},
      {"theory", "x", 0, "x: has the shape (3, 3), expected (4, ?)"},
      {"measured", "y", 1, "y: has the shape (4, 1), expected (4, 2)"},
      {"measured", "n4/z", 2, "n4/z: has the shape (2, 2, 3), expected (2, 2, 4)"},
      {"measured", "n4/z_se", 0, "n4/z_se: has the shape (1, 2, 4), expected (2, 2, 4)"},
      {"measured", "n4/V_se", 3, "n4/V_se: has the shape (3, 3, 3, 2), expected (3, 3, 3, 3)"},
      {"measured", "n4/blocks/z", 0,
       "n4/blocks/z: has the shape (39, 2, 2, 4), expected (40, 2, 2, 4)"},
      {"measured", "n4/samples/z", 3, "n4/samples/z: has the shape (5, 2, 2, 3)"},
  };
  for (const auto &one : cases) {
    Results r(one.kind);
    r.array(one.name)->dim[one.index]--;
    EXPECT_EQ(r.check().rfind("f.npz: " + std::string(one.message), 0), 0u) << r.check();
  }
  Results scalar("measured");
  scalar.array("n4/z")->ndim = 2;
  EXPECT_EQ(scalar.check(),
            "f.npz: n4/z: has the shape (2, 2), expected (2, 2, 4); make the file again");
}

/* Whoever reads a tensor counts on the samples that the metadata name. */
TEST(Results, TensorsAreOfAllSamplesOrOfThoseThatWereKept) {
  Results theory("theory"), cut("theory");
  theory.add("A", {2, 2, 2, 2});
  EXPECT_EQ(theory.check().rfind("f.npz: A: has the shape (2, 2, 2, 2), expected (4, 4", 0), 0u);
  json_object_set_new(cut.c.meta, "kept_samples", json_integer(2));
  cut.add("A", {2, 2, 2, 2});
  EXPECT_EQ(cut.check().rfind("f.npz: V: has the shape (4, 4, 4, 4), expected (2, 2", 0), 0u);
  cut.drop("V");
  EXPECT_EQ(cut.check(), "");
  Results measured("measured");
  measured.quantity("", "A", {2, 2, 2, 2}, 40);
  EXPECT_EQ(measured.check().rfind("f.npz: n4/A: has the shape (2, 2, 2, 2), expected (3", 0), 0u);
}

TEST(Results, UnknownNamesAreRefused) {
  for (const char *name : {"Kernel", "layer3/K", "layer01/K", "layer1/z_lo", "K/", "z_nlo_end",
                           "loss_train_end", "reach/f", "n4/K", "blocks/K", ""}) {
    Results r("theory");
    r.add(name, {});
    EXPECT_EQ(r.check(), std::string("f.npz: ") + name +
                             ": not an array of this kind of archive; make the file again");
  }
  for (const char *name :
       {"K", "n5/K", "n04/K", "n4/Kernel", "n4/K_se_se", "n4/layer3/K", "n4/layer1/z",
        "n4/blocks/K_se", "n4/blocks/blocks/K", "n4/layer1/blocks/K", "n4/", "n4", "nan/K"}) {
    Results r("measured");
    r.add(name, {});
    EXPECT_EQ(r.check(), std::string("f.npz: ") + name +
                             ": not an array of this kind of archive; make the file again");
  }
  Results loss("theory");
  loss.add("loss_train_lo", {2});
  loss.add("loss_train_end_lo_bias", {});
  loss.add("loss_sample_end_lo", {4});
  EXPECT_EQ(loss.check(), "");
}

TEST(Results, LengthsMustStandInTheMetadata) {
  const struct {
    const char *section, *key;
    json_int_t wrong;
  } cases[] = {{"network", "depth", 1},        {"network", "depth", 100000},
               {"network", "outputs", 0},      {"data", "train", 0},
               {"data", "train", 1LL << 40},   {"data", "test", -1},
               {nullptr, "measure_samples", 5}};
  for (const auto &one : cases) {
    Results r("theory");
    json_t *section = json_object_get(r.c.meta, "experiment");
    if (one.section != nullptr) section = json_object_get(section, one.section);
    json_object_set_new(section, one.key, json_integer(one.wrong));
    EXPECT_EQ(r.check().rfind("f.npz: meta: experiment.", 0), 0u) << one.key;
    json_object_del(section, one.key);
    EXPECT_NE(r.check().find(one.key), std::string::npos);
  }
  Results kept("theory");
  json_object_set_new(kept.c.meta, "kept_samples", json_integer(5));
  EXPECT_EQ(kept.check(),
            "f.npz: meta: kept_samples is no whole number from 1 to 4; make the file again");
}

TEST(Results, MembersMakeUpTheWidth) {
  const struct {
    const char *name;
    double value;
    const char *message;
  } cases[] = {
      {"n4/members", 0, "n4/members: there is none"},
      {"n4/members", 2560.5, "n4/members: number 1 of 1 is 2560.5, expected a whole number >= 0"},
      {"n4/diverged", 2561, "n4/diverged: more than there are members"},
      {"n4/blocks/members", 0.5, "n4/blocks/members: number 1 of 40 is 0.5, expected a whole"},
      {"n4/blocks/members", 63, "n4/blocks/members: 2559 in all, but 2560 of 2560 did not diverge"},
      {"n4/top_share", 1.5, "n4/top_share: number 1 of 1 is 1.5, expected a number from 0 to 1"},
  };
  for (const auto &one : cases) {
    Results r("measured");
    r.at(one.name)[0] = one.value;
    EXPECT_EQ(r.check().rfind("f.npz: " + std::string(one.message), 0), 0u) << r.check();
  }
}

/* Estimates and error bars are what their blocks say, to rounding. */
TEST(Results, BlocksBelongToTheirEstimates) {
  const auto fill = [](Results &r, const std::string &name, double mean, double spread) {
    double *blocks = r.at(("n4/blocks/" + name).c_str());
    for (size_t b = 0; b < 40; b++)
      for (size_t i = 0; i < 16; i++) blocks[16 * b + i] = mean + (b % 2 == 0 ? spread : -spread);
    std::fill_n(r.at(("n4/" + name).c_str()), 16, mean);
    std::fill_n(r.at(("n4/" + name + "_se").c_str()), 16, spread / std::sqrt(39.0));
  };
  for (const std::string name : {"z", "K", "layer1/K"}) {
    Results r("measured");
    fill(r, name, 1000, 0.25);
    EXPECT_EQ(r.check(), "");
    r.at(("n4/" + name).c_str())[3] = 1000.1;
    EXPECT_EQ(r.check().rfind("f.npz: n4/" + name +
                                  ": number 4 of 16 is 1000.1, but its blocks "
                                  "have the mean 1000; make",
                              0),
              0u)
        << r.check();
    r.at(("n4/" + name).c_str())[3] = 1000 * (1 + 1e-14);
    EXPECT_EQ(r.check(), "");
    r.at(("n4/" + name + "_se").c_str())[5] *= 1.01;
    EXPECT_EQ(r.check().rfind("f.npz: n4/" + name + "_se: number 6 of 16 is 0.0404", 0), 0u);
    r.array(("n4/" + name).c_str())->single = 1;
    r.at(("n4/" + name + "_se").c_str())[5] /= 1.01 * (1 + 1e-5);
    EXPECT_EQ(r.check(), "");
  }
  Results products("measured"); /* jackknife values need not have that mean */
  double *blocks = products.at("n4/blocks/V");
  for (size_t b = 0; b < 40; b++) blocks[81 * b] = b % 2 == 0 ? 1 : -0.5;
  products.at("n4/V")[0] = 0.2;
  double squares = 0;
  for (size_t b = 0; b < 40; b++) squares += std::pow(blocks[81 * b] - 0.2, 2) / 40;
  products.at("n4/V_se")[0] = std::sqrt(squares / 39);
  EXPECT_EQ(products.check(), "");
  products.at("n4/V")[0] = 0.5;
  EXPECT_EQ(products.check().rfind("f.npz: n4/V_se: number 1 of 81 is ", 0), 0u);
}

/* What stands for tensors that were not kept. */
TEST(Results, TheReachIsChecked) {
  Results r("theory");
  r.add("reach/h", {3});
  EXPECT_EQ(r.check(), "f.npz: reach/g: missing beside reach/h; make the file again");
  double *g = r.add("reach/g", {3});
  r.add("reach/largest_h", {});
  g[0] = INFINITY;
  g[1] = NAN;
  EXPECT_EQ(r.check(), "");
  g[2] = -1;
  EXPECT_NE(r.check().find("reach/g: number 3 of 3 is -1"), std::string::npos);
  g[2] = 0;
  r.array("reach/g")->dim[0] = 2;
  EXPECT_NE(r.check().find("reach/g: has the shape (2), expected (3)"), std::string::npos);
  r.array("reach/g")->dim[0] = 3;
  r.at("reach/h")[1] = NAN;
  EXPECT_NE(r.check().find("reach/h: number 2 of 3"), std::string::npos);
  r.at("reach/h")[1] = 0;
  r.drop("reach/h");
  EXPECT_EQ(r.check(), "f.npz: reach/h: missing beside reach/g; make the file again");
}

TEST(Results, TimesAndWidthsAreChecked) {
  for (double x : {-1.0, (double)NAN, 1e300}) {
    Results r("theory");
    r.at("times")[0] = x;
    if (x > 0) r.at("times")[1] = 1;
    EXPECT_EQ(r.check(), "f.npz: times: not increasing from 0 on; make the file again") << x;
  }
  Results moved("theory"), none("theory"), record("theory");
  moved.at("times")[1] = 100;
  EXPECT_EQ(moved.check(),
            "f.npz: times: not those that training.record of its meta names; make the file again");
  pdlt_archive_remove(&none.c, "times");
  EXPECT_EQ(none.check(), "f.npz: times: missing beside z_lo; make the file again");
  json_t *training = json_object_get(json_object_get(record.c.meta, "experiment"), "training");
  json_object_set_new(training, "record", json_pack("[i, i]", 0, 7));
  EXPECT_NE(record.check(), "");
  record.at("times")[1] = 7;
  EXPECT_EQ(record.check(), "");
  for (double x : {0.0, 4.5, (double)NAN, (double)INFINITY, -4.0}) {
    Results r("measured");
    r.at("widths")[0] = x;
    EXPECT_EQ(r.check(),
              "f.npz: widths: not increasing whole numbers from 1 to 1e9; make the file again")
        << x;
  }
  Results other("measured"), thrice("measured");
  other.at("widths")[0] = 5;
  EXPECT_EQ(other.check(),
            "f.npz: widths: not those that network.widths of its meta names; make the file again");
  pdlt_archive_remove(&thrice.c, "widths");
  double *widths = thrice.add("widths", {3});
  std::fill_n(widths, 3, 4);
  json_t *network = json_object_get(json_object_get(thrice.c.meta, "experiment"), "network");
  json_object_set_new(network, "widths", json_pack("[i, i, i]", 4, 4, 4));
  EXPECT_EQ(thrice.check(),
            "f.npz: widths: not increasing whole numbers from 1 to 1e9; make the file again");
}
