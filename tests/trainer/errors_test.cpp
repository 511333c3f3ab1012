// Samples in a wrong class: which targets are classes, counts by hand, means over networks.
#include "trainer/measure/errors.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/trainer/support.h"

using namespace trainer_test;

namespace {

using Vector = std::vector<double>;

// Samples with the given targets, sample by sample; the inputs do not matter here.
struct Case {
  Case(size_t train, size_t test, size_t outputs, const Vector &y)
      : data(train, test, 2, outputs, 3) {
    data.y = y;
    data.c.y = data.y.data();
    Settings s;
    s.train = (int)train;
    s.test = (int)test;
    s.outputs = (int)outputs;
    Experiment ex(yaml(s));
    pdlt_error err = {};
    EXPECT_EQ(pdlt_samples_new(&samples, &ex.c, &data.c, &err), PDLT_OK);
  }
  ~Case() { pdlt_samples_free(&samples); }
  Data data;
  pdlt_samples samples = {};
};

bool are_classes(size_t outputs, const Vector &y) {
  const Case c(y.size() / outputs, 0, outputs, y);
  return pdlt_errors_apply(&c.samples) != 0;
}

// Three classes of five samples, two of them not trained.
void set_classes(Data *data) {
  for (size_t a = 0; a < 5; a++)
    for (size_t i = 0; i < 3; i++) data->y[a * 3 + i] = i == (a * 2) % 3 ? 1 : 0;
}

}  // namespace

TEST(TrainerErrors, WhichTargetsAreClasses) {
  EXPECT_TRUE(are_classes(1, {1, -1, 1}));
  EXPECT_TRUE(are_classes(1, {-0.3, 0.3}));
  EXPECT_FALSE(are_classes(1, {1, 1, 1}));     // one class
  EXPECT_FALSE(are_classes(1, {1, -1, 0.5}));  // a number
  EXPECT_FALSE(are_classes(1, {0, 0}));
  EXPECT_FALSE(are_classes(1, {1, 0}));
  EXPECT_TRUE(are_classes(2, {1, 0, 0, 1}));
  EXPECT_TRUE(are_classes(3, {0.9, -0.1, -0.1, -0.1, -0.1, 0.9}));
  EXPECT_TRUE(are_classes(3, {0, 0, 1, 1, 0, 0, 0, 1, 0}));
  EXPECT_FALSE(are_classes(2, {1, 0, 1, 0}));        // one class
  EXPECT_FALSE(are_classes(3, {1, 0, 0, 0, 1, 1}));  // two at once
  EXPECT_FALSE(are_classes(3, {1, 0, 0, 0, 1, 0.5}));
  EXPECT_FALSE(are_classes(2, {1, 0, 0, 2}));
  EXPECT_FALSE(are_classes(2, {1, 1, 1, 1}));
  EXPECT_FALSE(are_classes(3, {1, 0, 1, 0, 1, 0}));
}

TEST(TrainerErrors, CountsByHand) {
  const Case sign(2, 2, 1, {2, -2, 2, -2});
  EXPECT_EQ(pdlt_errors_share(&sign.samples, 0, 2, Vector({0.1, -3, 1, 1}).data()), 0);
  EXPECT_EQ(pdlt_errors_share(&sign.samples, 2, 4, Vector({0.1, -3, 1, 1}).data()), 0.5);
  EXPECT_EQ(pdlt_errors_share(&sign.samples, 0, 4, Vector({0, 0, -1, 1}).data()), 1);
  EXPECT_EQ(pdlt_errors_share(&sign.samples, 0, 4, Vector({NAN, -1, 1, -1}).data()), 0.25);
  // (n_L, D): outputs of the same class stand beside each other.
  const Case hot(3, 1, 3, {1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0});
  const Vector z = {0.3, 0.1, 0.2, 0.5,    //
                    0.2, 0.1, 0.1, 0.4,    //
                    -1,  0.0, 0.3, -0.1};  // samples 1 and 3 right, 2 a tie, 4 wrong
  EXPECT_EQ(pdlt_errors_share(&hot.samples, 0, 1, z.data()), 0);
  EXPECT_EQ(pdlt_errors_share(&hot.samples, 0, 3, z.data()), 1.0 / 3);
  EXPECT_EQ(pdlt_errors_share(&hot.samples, 3, 4, z.data()), 1);
  EXPECT_EQ(pdlt_errors_share(&hot.samples, 0, 4, z.data()), 0.5);
}

// Outputs of single networks are kept: the mean of what they say, for plain and, from both networks of
// each pair, in pairs; controls leave them as they are.
TEST(TrainerErrors, AreAveragedOverNetworks) {
  Data data(3, 2, 3, 3, 4);
  set_classes(&data);
  Settings s;
  s.widths = "[6]";
  s.outputs = 3;
  s.members = 128;
  s.keep = 128;
  s.eta = "0.2";
  s.measure = "[output]";
  Archive plain, pairs;
  run(s, data, 2, &plain);
  s.estimator = "antithetic";
  run(s, data, 2, &pairs);
  ASSERT_EQ(plain.count("n6/error_train"), 3u);
  ASSERT_EQ(plain.count("n6/error_test"), 3u);
  for (size_t t = 0; t < 3; t++) {
    double wrong[2] = {0, 0};
    for (size_t m = 0; m < 128; m++)
      for (size_t a = 0; a < 5; a++) {
        double z[3];
        for (size_t i = 0; i < 3; i++)
          z[i] = plain.at("n6/samples/z", ((m * 3 + t) * 3 + i) * 5 + a);
        const size_t best = (size_t)(std::max_element(z, z + 3) - z);
        wrong[a < 3 ? 0 : 1] += best != (a * 2) % 3;
      }
    EXPECT_NEAR(plain.at("n6/error_train", t), wrong[0] / (3 * 128), 1e-13);
    EXPECT_NEAR(plain.at("n6/error_test", t), wrong[1] / (2 * 128), 1e-13);
    const double noise =
        std::hypot(plain.at("n6/error_test_se", t), pairs.at("n6/error_test_se", t));
    EXPECT_LT(std::fabs(plain.at("n6/error_test", t) - pairs.at("n6/error_test", t)),
              std::isnan(noise) ? 0.2 : 5 * noise);
  }
  EXPECT_GT(plain.at("n6/error_train", 0), plain.at("n6/error_train", 2) + 0.2);
  for (const char *estimator : {"two_level", "control"}) {
    s.estimator = estimator;
    Archive out;
    run(s, data, 1, &out);
    for (const char *name : {"n6/error_train", "n6/error_test", "n6/blocks/error_train"})
      for (size_t i = 0; i < out.count(name); i++) EXPECT_EQ(out.at(name, i), pairs.at(name, i));
  }
}

// One output, in pairs: at the start z- is -z+, and of the two one is right.
TEST(TrainerErrors, HalfOfThePairsAtTheStart) {
  Data data(3, 2, 3, 1, 4);
  data.y = {1, -1, 1, 1, -1};
  data.c.y = data.y.data();
  Settings s;
  s.widths = "[6]";
  s.estimator = "antithetic";
  s.measure = "[output]";
  Archive out;
  run(s, data, 2, &out);
  EXPECT_EQ(out.at("n6/error_train", 0), 0.5);
  EXPECT_EQ(out.at("n6/error_test", 0), 0.5);
  EXPECT_LT(out.at("n6/error_train", 2), 0.5);
}

// Other targets, and no test samples: absent, the former with the reason.
TEST(TrainerErrors, AreAbsentWithoutClasses) {
  const Data data(3, 0, 3, 1, 4);
  Settings s;
  s.test = 0;
  s.measure = "[output]";
  Archive out;
  run(s, data, 1, &out);
  EXPECT_EQ(out.count("n8/error_train"), 0u);
  const json_t *absent = json_object_get(out.c.meta, "absent");
  EXPECT_STREQ(json_string_value(json_object_get(absent, "error_train")),
               "the targets are no classes");
  Data classes(3, 0, 3, 1, 4);
  classes.y = {1, -1, 1};
  classes.c.y = classes.y.data();
  Archive trained;
  run(s, classes, 1, &trained);
  EXPECT_EQ(trained.count("n8/error_train"), 3u);
  EXPECT_EQ(trained.count("n8/error_test"), 0u);
  EXPECT_EQ(json_object_size(json_object_get(trained.c.meta, "absent")), 0u);
}
