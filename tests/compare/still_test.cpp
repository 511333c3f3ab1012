// A quantity whose limit does not depend on time: theory's array has no time and counts at all of them.
// And what theory never predicts, which is named as measured alone.
#include <gtest/gtest.h>

#include "base/core/memory.h"
#include "tests/compare/comparison.h"

namespace {

using support::Pair;
using support::Setting;
using support::Truth;

// q_t (3, 2, 2) = lo + c1 h at three times beside q_lo (2, 2); at the last time lo is moved by `shift`.
void fill(Pair *pair, double shift) {
  std::mt19937_64 rng(5);
  const Setting s;
  Truth t = support::random_truth("q_t", {3, 2, 2}, 0.002, rng);
  std::vector<double> lo(t.c0.begin(), t.c0.begin() + 4);
  for (size_t k = 0; k < t.c0.size(); k++) t.c0[k] = lo[k % 4] * (k < 8 ? 1 : 1 + shift);
  support::put_meta(&pair->theory, "theory", s);
  support::start_measured(&pair->measured, s);
  support::add_measured(&pair->measured, s, t, rng);
  support::add_values(&pair->measured, "times", {3}, {0, 1, 5});
  support::add_values(&pair->theory, "q_lo", {2, 2}, lo);
}

struct Result {
  pdlt_comparison c{};
  ~Result() { pdlt_comparison_free(&c); }
};

pdlt_status compare(Result *r, const Pair &pair, pdlt_error *err) {
  return pdlt_compare(&r->c, &pair.theory, &pair.measured, nullptr, err);
}

}  // namespace

TEST(CompareStill, LimitCountsAtAllTimes) {
  for (const double shift : {0.0, 0.2}) {
    Pair pair;
    Result r;
    pdlt_error err{};
    fill(&pair, shift);
    ASSERT_EQ(compare(&r, pair, &err), PDLT_OK) << err.message;
    ASSERT_EQ(r.c.num_tests, 1u);  // c0 alone: the coefficient of h is not predicted
    EXPECT_EQ(r.c.tests[0].verdict, shift > 0 ? PDLT_DISAGREE : PDLT_AGREE) << r.c.tests[0].reason;
    ASSERT_EQ(r.c.num_rows, 12u);
    for (size_t k = 0; k < 12; k++) {
      EXPECT_EQ(r.c.rows[k].lo, r.c.rows[k % 4].lo);
      EXPECT_EQ(r.c.rows[k].time, k < 4 ? 0 : k < 8 ? 1 : 5);
    }
    EXPECT_EQ(r.c.num_alone, 0u);
  }
}

// Theory of other layers or fewer samples, or with a time of its own, is refused.
TEST(CompareStill, ShapesMustFit) {
  for (const std::vector<size_t> &dims :
       {std::vector<size_t>{2, 1}, std::vector<size_t>{1, 2}, std::vector<size_t>{3, 2, 2}}) {
    Pair pair;
    Result r;
    pdlt_error err{};
    fill(&pair, 0);
    pdlt_archive_remove(&pair.theory, "q_lo");
    size_t count = 1;
    for (const size_t length : dims) count *= length;
    support::add_values(&pair.theory, "q_lo", dims, std::vector<double>(count, 1));
    EXPECT_EQ(compare(&r, pair, &err), PDLT_ERR_INPUT);
  }
}

TEST(CompareAlone, NamesWhatIsNeverPredicted) {
  Pair pair;
  Result r;
  pdlt_error err{};
  std::mt19937_64 rng(6);
  fill(&pair, 0);
  for (const char *name : {"error_test", "q_change"})
    support::add_measured(&pair.measured, Setting(), support::random_truth(name, {3}, 0.002, rng),
                          rng);
  ASSERT_EQ(compare(&r, pair, &err), PDLT_OK) << err.message;
  ASSERT_EQ(r.c.num_alone, 2u);  // in the order of the table
  EXPECT_STREQ(r.c.alone[0], "q_change");
  EXPECT_STREQ(r.c.alone[1], "error_test");
  EXPECT_EQ(r.c.num_tests, 1u);
  char *json = nullptr;
  ASSERT_EQ(pdlt_comparison_json(&r.c, &json, &err), PDLT_OK);
  json_t *root = json_loads(json, 0, nullptr);
  EXPECT_EQ(json_array_size(json_object_get(root, "measured_alone")), 2u);
  json_decref(root);
  pdlt_free(json);
}
