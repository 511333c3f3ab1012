// Quantities that are 0 at infinite width: the null hypothesis of c0 is that they do not fall.
#include <gtest/gtest.h>

#include <cstring>

#include "compare/verdict/compare.h"
#include "tests/compare/support.h"

namespace {

using support::Pair;
using support::Setting;
using support::Truth;

struct Result {
  pdlt_comparison c{};
  ~Result() { pdlt_comparison_free(&c); }
  const pdlt_compare_test &test(const char *coefficient) const {
    for (size_t i = 0; i < c.num_tests; i++)
      if (!strcmp(c.tests[i].coefficient, coefficient)) return c.tests[i];
    throw std::runtime_error("no such test");
  }
};

// dTheta_t at two times, x_n = c0 + c1 h + c2 h^2, beside theory's factor c1.
void compare(Result *r, double c0, double noise, double factor) {
  std::mt19937_64 rng(5);
  Pair pair;
  Setting s;
  Truth t = support::random_truth("dTheta_t", {2, 1, 1, 1, 1, 1, 1}, noise, rng);
  for (double &v : t.c0) v = c0;
  std::vector<double> nlo = t.c1;
  for (double &v : nlo) v *= factor;
  support::put_meta(&pair.theory, "theory", s);
  support::start_measured(&pair.measured, s);
  support::add_measured(&pair.measured, s, t, rng);
  support::add_values(&pair.measured, "times", {2}, {1, 5});
  support::add_values(&pair.theory, "dTheta_t_nlo", t.dims, nlo);
  pdlt_error err{};
  ASSERT_EQ(pdlt_compare(&r->c, &pair.theory, &pair.measured, nullptr, &err), PDLT_OK)
      << err.message;
  ASSERT_EQ(r->c.num_tests, 2u);
}

TEST(CompareVanishing, AgreesWhenItFallsAsPredicted) {
  Result r;
  compare(&r, 0, 0.002, 1);
  EXPECT_EQ(r.c.verdict, PDLT_AGREE) << r.test("c0").reason << "; " << r.test("c1").reason;
  for (size_t k = 0; k < 2; k++) {
    EXPECT_EQ(r.c.rows[k].c0.theory, 0);
    EXPECT_DOUBLE_EQ(r.c.rows[k].c0.null, r.c.rows[k].nlo / 16);  // smallest width
  }
}

TEST(CompareVanishing, RefusesWhatDoesNotFall) {
  Result r;
  compare(&r, 0.1, 0.002, 1);
  EXPECT_EQ(r.test("c0").verdict, PDLT_DISAGREE);
}

TEST(CompareVanishing, RefusesAnotherSlope) {
  for (const double factor : {0.0, 0.5}) {
    Result r;
    compare(&r, 0, 0.002, factor);
    EXPECT_EQ(r.test("c1").verdict, PDLT_DISAGREE) << factor;
    EXPECT_NE(r.test("c0").verdict, PDLT_DISAGREE) << factor;
  }
}

TEST(CompareVanishing, SaysWhatIsMissing) {
  Result r;
  compare(&r, 0, 1, 1);
  EXPECT_EQ(r.test("c0").verdict, PDLT_UNDECIDED);
  EXPECT_NE(strstr(r.test("c0").reason, "no fall with the width"), nullptr) << r.test("c0").reason;
  EXPECT_GT(r.test("c0").members_needed, 200 * 64);
}

}  // namespace
