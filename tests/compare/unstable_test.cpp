// Which widths are left out of the fit of z, and what is said about unstable members and tails.
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "compare/verdict/compare.h"
#include "tests/compare/support.h"

namespace {

using support::Pair;
using support::Setting;
using support::Truth;

struct Width {
  double n, counted, estimated, stable_width, top;
};

// z and K at six widths, with what trainer and pilot say of the width in `at`.
struct Case {
  explicit Case(const Width &at) {
    std::mt19937_64 rng(2);
    Setting s;
    support::put_meta(&pair.theory, "theory", s);
    support::start_measured(&pair.measured, s);
    support::add_values(&pair.measured, "times", {1}, {5});
    Truth z = support::random_truth("z", {1, 1, 2}, 0.01, rng);
    Truth k = support::random_truth("K", {1, 2}, 0.01, rng);
    support::add_measured(&pair.measured, s, z, rng);
    support::add_measured(&pair.measured, s, k, rng);
    support::add_values(&pair.theory, "z_lo", z.dims, z.c0);
    support::add_values(&pair.theory, "z_nlo", z.dims, z.c1);
    support::add_values(&pair.theory, "K", k.dims, k.c0);
    support::add_values(&pair.theory, "G1", k.dims, k.c1);
    support::add_values(&pair.measured, support::at_width(at.n, "unstable"), {}, {at.counted});
    support::add_values(&pair.measured, support::at_width(at.n, "top_share"), {}, {at.top});
    json_t *width = std::isinf(at.stable_width) ? json_null() : json_real(at.stable_width);
    json_object_set_new(pdlt_archive_meta(&pair.measured), "stability",
                        json_pack("[{s:f, s:f, s:o}]", "width", at.n, "share", at.estimated,
                                  "stable_width", width));
    pdlt_error err{};
    EXPECT_EQ(pdlt_compare(&c, &pair.theory, &pair.measured, nullptr, &err), PDLT_OK)
        << err.message;
  }
  ~Case() { pdlt_comparison_free(&c); }
  int used(const char *quantity, size_t w) const {
    for (size_t r = 0; r < c.num_rows; r++)
      if (!strcmp(c.rows[r].quantity, quantity)) return c.rows[r].used[w];
    return -1;
  }
  std::string warnings() const {
    std::string all;
    for (size_t i = 0; i < c.num_warnings; i++) all += std::string(c.warnings[i]) + "\n";
    return all;
  }
  Pair pair;
  pdlt_comparison c{};
};

TEST(CompareUnstable, RunOrPilotTakesAWidthOut) {
  const struct {
    Width at;
    int used;
    const char *warning;
  } cases[] = {
      {{24, 0, 1e-6, 24, 0.01}, 1, ""},
      {{24, 0, 2e-5, 26.2, 0.01}, 0, "n = 27 would do"},  // the pilot's tail alone
      {{24, 3e-4, 1e-6, 24, 0.01}, 0, "0.0003 of the draws are unstable"},  // the run's count alone
      {{24, 3e-4, 2e-3, 51.5, 0.01}, 0, "0.002 of the draws are unstable"},  // the larger
      {{24, 0.7, 0.8, INFINITY, 0.01}, 0, "use a smaller eta"}};
  for (const auto &x : cases) {
    const Case c(x.at);
    EXPECT_EQ(c.used("z", 1), x.used) << x.warning;
    EXPECT_EQ(c.used("z", 0), 1);
    EXPECT_EQ(c.used("K", 1), 1);
    EXPECT_NE(c.warnings().find(x.warning), std::string::npos) << c.warnings();
    EXPECT_EQ(c.c.num_warnings, x.used ? 0u : 1u) << c.warnings();
  }
}

TEST(CompareUnstable, HeavyTailsAreSaid) {
  const Case light({32, 0, 0, 32, 0.24}), heavy({32, 0, 0, 32, 0.31});
  EXPECT_EQ(light.warnings(), "");
  EXPECT_NE(heavy.warnings().find("n = 32: the top 0.1 % of the members carry 0.31"),
            std::string::npos)
      << heavy.warnings();
  EXPECT_EQ(heavy.used("z", 2), 1);
  EXPECT_EQ(heavy.c.reach[2].top_share, 0.31);
}

}  // namespace
