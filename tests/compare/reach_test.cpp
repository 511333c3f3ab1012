/* reach_test.cpp - what is reported of each width. */
#include "compare/reach/reach.h"

#include <gtest/gtest.h>

#include <cmath>

#include "compare/statistics/distribution.h"

namespace {

void put(pdlt_archive *archive, const char *name, std::initializer_list<size_t> dim,
         std::initializer_list<double> values) {
  pdlt_array *array = nullptr;
  ASSERT_EQ(pdlt_archive_new(archive, name, int(dim.size()), dim.begin(), &array, nullptr),
            PDLT_OK);
  std::copy(values.begin(), values.end(), array->data);
}

TEST(Reach, FromTheArchives) {
  pdlt_archive theory = {}, measured = {};
  pdlt_reach none = pdlt_reach_of_width(&theory, &measured, 8, 0.1);
  EXPECT_TRUE(std::isnan(none.correction) && std::isnan(none.ntk_spread) &&
              std::isnan(none.unstable));
  put(&theory, "z_lo", {2, 1, 2}, {9, 9, 3, 4});
  put(&theory, "z_nlo", {2, 1, 2}, {7, 7, -6, 8});
  put(&theory, "Theta", {1, 1}, {4});
  put(&theory, "A", {1, 1, 1, 1}, {2});
  put(&theory, "B", {1, 1, 1, 1}, {3});
  put(&measured, "n8/unstable", {}, {0.25});
  const pdlt_reach reach = pdlt_reach_of_width(&theory, &measured, 8, 0.5);
  EXPECT_NEAR(reach.correction, 0.5 * 2, 1e-15);
  EXPECT_NEAR(reach.ntk_spread, std::sqrt(0.5 * 8) / 4, 1e-15);
  EXPECT_EQ(reach.unstable, 0.25);
  pdlt_archive_free(&theory);
  pdlt_archive_free(&measured);
}

/* The larger of the run's count and the pilot's estimate; the pilot names the width. */
TEST(Reach, RunAndPilot) {
  const struct {
    double counted, estimated, stable_width, expected, width;
  } cases[] = {{0, 3e-4, 40, 3e-4, 40},
               {2e-3, 3e-4, 40, 2e-3, 40},
               {2e-3, 1e-7, 8, 2e-3, pdlt_reach_stable_width(8, 2e-3)},
               {0, 0.6, INFINITY, 0.6, INFINITY},
               {0, 1e-7, 8, 1e-7, NAN}};
  for (const auto &c : cases) {
    pdlt_archive theory = {}, measured = {};
    put(&measured, "n8/unstable", {}, {c.counted});
    put(&measured, "n8/top_share", {}, {0.125});
    json_t *entry = json_pack("{s:i, s:f}", "width", 8, "share", c.estimated);
    json_object_set_new(entry, "stable_width",
                        std::isinf(c.stable_width) ? json_null() : json_real(c.stable_width));
    json_object_set_new(pdlt_archive_meta(&measured), "stability",
                        json_pack("[{s:i, s:f}, o]", "width", 4, "share", 0.9, entry));
    const pdlt_reach reach = pdlt_reach_of_width(&theory, &measured, 8, 0.5);
    EXPECT_EQ(reach.unstable, c.expected);
    EXPECT_EQ(reach.top_share, 0.125);
    if (std::isnan(c.width))
      EXPECT_TRUE(std::isnan(reach.stable_width));
    else
      EXPECT_EQ(reach.stable_width, c.width);
    pdlt_archive_free(&theory);
    pdlt_archive_free(&measured);
  }
}

/* At the width named, a normal eigenvalue has just the allowed share. */
TEST(Reach, StableWidth) {
  for (double share : {0.3, 1e-2, 1e-4}) {
    const double n = pdlt_reach_stable_width(16, share);
    EXPECT_GT(n, 16);
    const double distance = pdlt_normal_upper_quantile(share) * std::sqrt(n / 16);
    EXPECT_NEAR(0.5 * std::erfc(distance / std::sqrt(2.0)), PDLT_UNSTABLE_SHARE, 1e-10);
  }
  EXPECT_TRUE(std::isinf(pdlt_reach_stable_width(16, 0.5)));
}

}  // namespace
