// features.npz: what it holds of one network, and scores of several.
#include <cstring>

#include "base/file/json.h"
#include "tests/trainer/network_support.h"
#include "trainer/features/candidates.h"
#include "trainer/features/features.h"
#include "trainer/features/scores.h"

using namespace trainer_test;

namespace {

Settings small(const std::string &features) {
  Settings s;
  s.activation = "tanh";
  s.widths = "[6]";
  s.outputs = 2;
  s.train = 6;
  s.test = 3;
  s.steps = "30";
  s.record = "[0, 30]";
  s.more_ensemble = "features: {members: 3, directions: 2, starts: 5" + features + "}\n";
  return s;
}

// The archive of an experiment on random samples.
struct Made {
  Made(const Settings &settings, size_t inputs, int threads = 1, long failures = -1)
      : s(settings),
        ex(yaml(s)),
        data((size_t)s.train, (size_t)s.test, inputs, (size_t)s.outputs, 5) {
    pdlt_features_options o = {};
    o.threads = threads;
    o.width = ex.c.network.widths[0];
    o.member = 1;
    pdlt_memory_fail_after(failures);
    status = pdlt_features_run(&archive.c, &ex.c, &data.c, &o, &err);
    pdlt_memory_fail_after(-1);
  }
  const pdlt_array &array(const std::string &name) const {
    static const pdlt_array none = {};
    const pdlt_array *a = pdlt_archive_get(&archive.c, name.c_str());
    EXPECT_NE(a, nullptr) << name;
    return a == nullptr ? none : *a;
  }
  Settings s;
  Experiment ex;
  Data data;
  pdlt_error err = {};
  pdlt_status status;
  Archive archive;
};

TEST(FeaturesArchive, HoldsOneNetwork) {
  const Made made(small(", truth: inputs"), 3);
  ASSERT_EQ(made.status, PDLT_OK) << made.err.message;
  const size_t D = 9;
  EXPECT_EQ(made.archive.at("steps"), 30);
  for (const std::string name : {"k", "k_E", "change"}) {
    const pdlt_array &kernel = made.array("kernel/" + name), &u = made.array("functions/" + name);
    const pdlt_array &value = made.array("ascent/" + name + "/value");
    const pdlt_array &x = made.array("ascent/" + name + "/x");
    const pdlt_array &agree = made.array("ascent/" + name + "/agree");
    ASSERT_EQ(pdlt_array_count(&kernel), D * D);
    ASSERT_EQ(pdlt_array_count(&u), 2 * D);
    ASSERT_EQ(pdlt_array_count(&x), 2u * 2 * 3);
    EXPECT_EQ(made.archive.count("eigenvalues/" + name), D);
    double norm = 0;
    for (const double v : made.data.x) norm += v * v / (double)D;
    for (size_t a = 0; a < 2; a++) {
      double mean = 0, square = 0;
      for (size_t i = 0; i < D; i++) {
        mean += u.data[a * D + i] / (double)D;
        square += u.data[a * D + i] * u.data[a * D + i] / (double)D;
      }
      EXPECT_NEAR(mean, 0, 1e-12);
      EXPECT_NEAR(square, 1, 1e-12);
      for (size_t end = 0; end < 2; end++) {
        double length = 0;
        for (size_t k = 0; k < 3; k++) length += std::pow(x.data[(2 * a + end) * 3 + k], 2);
        EXPECT_NEAR(length, norm, 1e-10);
        EXPECT_GE(agree.data[2 * a + end], 0.2 - 1e-12);
        EXPECT_LE(agree.data[2 * a + end], 1);
      }
      EXPECT_GT(value.data[2 * a], value.data[2 * a + 1]);
    }
  }
  double trace = 0;
  for (size_t k = 0; k < 3; k++) trace += made.array("layers").data[3 + k];
  double values = 0;
  for (size_t a = 0; a < D; a++) values += made.array("eigenvalues/k_E").data[a];
  EXPECT_NEAR(trace, values, 1e-9 * values);
  EXPECT_EQ(made.archive.count("map_axis"), 0u);
}

// The extension of an eigenfunction goes through its values on the samples: samples are put on the grid.
TEST(FeaturesArchive, MapsGoThroughTheSamples) {
  Settings s = small("");
  s.outputs = 1;
  for (const size_t inputs : {1, 2}) {
    const Made made(s, inputs);
    ASSERT_EQ(made.status, PDLT_OK) << made.err.message;
    const pdlt_array &axis = made.array("map_axis");
    const size_t side = axis.dim[0];
    double most = 0;
    for (const double v : made.data.x) most = std::max(most, std::fabs(v));
    EXPECT_NEAR(axis.data[side - 1], 1.4 * most, 1e-12);
    EXPECT_NEAR(axis.data[0], -1.4 * most, 1e-12);
    for (const std::string name : {"k", "k_E", "change"}) {
      const pdlt_array &map = made.array("map/" + name), &u = made.array("functions/" + name);
      for (size_t f = 0; f < 2; f++)
        for (size_t a = 0; a < 9; a++) {
          // Multilinear interpolation between grid points.
          double at[2] = {0, 0}, weight[2];
          for (size_t k = 0; k < inputs; k++) {
            const double place =
                (made.data.x[a * inputs + k] - axis.data[0]) / (axis.data[1] - axis.data[0]);
            at[k] = std::floor(place);
            weight[k] = place - at[k];
          }
          double value = 0;
          for (int corner = 0; corner < 1 << inputs; corner++) {
            double share = 1;
            size_t index = 0;
            for (int k = (int)inputs - 1; k >= 0; k--) {
              const int up = corner >> k & 1;
              share *= up ? weight[k] : 1 - weight[k];
              index = index * side + (size_t)at[k] + (size_t)up;
            }
            value += share * map.data[f * (inputs == 1 ? side : side * side) + index];
          }
          EXPECT_NEAR(value, u.data[f * 9 + a], name == "change" ? 0.25 : 0.05) << name << inputs;
        }
    }
  }
}

// Scores of the archive are those of the members, one by one; the rest of the archive does not depend on them.
TEST(FeaturesArchive, ScoresAreThoseOfEachMember) {
  const Made made(small(", truth: inputs, budget: 2"), 3);
  ASSERT_EQ(made.status, PDLT_OK) << made.err.message;
  const pdlt_array &scores = made.array("scores/first"), &v = made.array("structure/first");
  const size_t D = 9, lists = pdlt_candidates_lists(3);
  ASSERT_EQ(scores.dim[0], 3u);
  ASSERT_EQ(scores.dim[1], lists);
  ASSERT_EQ(v.dim[0], 3u);
  const size_t sizes[3] = {1, 1, 1};
  const pdlt_structure st = {3, D, sizes, v.data};
  pdlt_network net = {};
  pdlt_samples problem = {};
  pdlt_learned l = {};
  pdlt_error err = {};
  ASSERT_EQ(pdlt_network_new(&net, &made.ex.c, 6, 3, &err), PDLT_OK);
  ASSERT_EQ(pdlt_samples_new(&problem, &made.ex.c, &made.data.c, &err), PDLT_OK);
  ASSERT_EQ(pdlt_learned_new(&l, &made.ex.c, &net, &problem, &err), PDLT_OK);
  for (uint64_t member = 0; member < 3; member++) {
    ASSERT_EQ(pdlt_learned_make(&l, member, nullptr, &err), PDLT_OK);
    for (size_t list = 0; list < lists; list++) {
      std::vector<double> u(2 * D);
      double expected[PDLT_SCORE_COUNT];
      size_t count = 0;
      ASSERT_EQ(pdlt_candidates_make(&l, list, 2, u.data(), &count, &err), PDLT_OK);
      ASSERT_EQ(pdlt_scores(&st, count, u.data(), expected, &err), PDLT_OK);
      for (size_t k = 0; k < PDLT_SCORE_COUNT; k++)
        EXPECT_EQ(scores.data[(member * lists + list) * PDLT_SCORE_COUNT + k], expected[k]);
    }
  }
  const pdlt_array &shares = made.array("shares/first/k_E");
  for (size_t i = 0; i < pdlt_array_count(&shares); i++) {
    EXPECT_GE(shares.data[i], 0);
    EXPECT_LE(shares.data[i], 1 + 1e-12);
  }
  pdlt_learned_free(&l);
  pdlt_samples_free(&problem);
  pdlt_network_free(&net);
}

TEST(FeaturesArchive, IsTheSameForAnyThreads) {
  const Made one(small(", truth: inputs"), 2, 1), three(small(", truth: inputs"), 2, 3);
  ASSERT_EQ(one.status, PDLT_OK);
  ASSERT_EQ(one.archive.c.count, three.archive.c.count);
  for (size_t k = 0; k < one.archive.c.count; k++) {
    const pdlt_archive_entry &a = one.archive.c.entries[k], &b = three.archive.c.entries[k];
    EXPECT_STREQ(a.name, b.name);
    ASSERT_EQ(pdlt_array_count(&a.array), pdlt_array_count(&b.array));
    EXPECT_EQ(std::memcmp(a.array.data, b.array.data, pdlt_array_count(&a.array) * sizeof(double)),
              0)
        << a.name;
  }
  EXPECT_TRUE(json_equal(one.archive.c.meta, three.archive.c.meta));
}

// Nothing known: no scores. Which functions are shown is asked for.
TEST(FeaturesArchive, HoldsWhatIsAskedFor) {
  const Made made(small(", of: [k_E], norm: 0.25"), 3);
  ASSERT_EQ(made.status, PDLT_OK);
  EXPECT_EQ(made.archive.count("scores/first"), 0u);
  EXPECT_EQ(made.archive.count("ascent/k/x"), 0u);
  const pdlt_array &x = made.array("ascent/k_E/x");
  double length = 0;
  for (size_t k = 0; k < 3; k++) length += x.data[k] * x.data[k];
  EXPECT_NEAR(length, 0.75, 1e-12);
}

// Diverged: no scores of that member; nothing to show of one.
TEST(FeaturesArchive, DivergedMembers) {
  Settings s = small(", truth: inputs");
  s.activation = "quadratic(0.9)";
  s.eta = "8";
  const Made shown(s, 3);
  EXPECT_EQ(shown.status, PDLT_ERR_INPUT);
  EXPECT_NE(std::string(shown.err.message).find("member 1 diverged"), std::string::npos)
      << shown.err.message;
  EXPECT_EQ(shown.archive.c.count, 0u);
}

TEST(FeaturesArchive, MemoryFailuresLeaveNothing) {
  Settings s = small(", truth: inputs, of: [k_E]");
  s.depth = 2;
  s.widths = "[2]";
  long failures = 0;
  for (;; failures += 1 + failures / 6) {
    const Made made(s, 2, 1, failures);
    if (made.status == PDLT_OK) break;
    ASSERT_EQ(made.status, PDLT_ERR_MEMORY) << failures << made.err.message;
    ASSERT_EQ(made.archive.c.count, 0u);
  }
  EXPECT_GT(failures, 50);
}

}  // namespace
