/* rows_test.cpp - names of rows, which are shown, where their numbers lie. */
#include "compare/verdict/rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "tests/compare/fake.h"

namespace {

TEST(Select, TakesEachQuantityAndNoRowTwice) {
  Fake fake;
  fake.Make();
  size_t rows[12];
  const size_t count = pdlt_comparison_select(&fake.comparison, 12, rows);
  EXPECT_EQ(count, 6u);
  EXPECT_EQ(std::set<size_t>(rows, rows + count).size(), count);
  std::set<std::string> names;
  for (size_t i = 0; i < 3; i++) names.insert(fake.rows[rows[i]].quantity);
  EXPECT_EQ(names.size(), 3u);
  EXPECT_EQ(pdlt_comparison_select(&fake.comparison, 2, rows), 2u);
}

TEST(Quantities, AreListedOnceInTheirOrder) {
  std::vector<pdlt_compare_row> rows(4);
  const char *const of[] = {"loss_train", "z", "z", "K"};
  for (size_t r = 0; r < 4; r++) rows[r].quantity = of[r];
  pdlt_comparison comparison{};
  comparison.rows = rows.data(), comparison.num_rows = rows.size();
  const char *names[PDLT_QUANTITIES_MAX];
  ASSERT_EQ(pdlt_comparison_quantities(&comparison, PDLT_QUANTITIES_MAX, names), 3u);
  EXPECT_STREQ(names[0], "loss_train");
  EXPECT_STREQ(names[1], "z");
  EXPECT_STREQ(names[2], "K");
  ASSERT_EQ(pdlt_comparison_quantities(&comparison, 2, names), 2u);
  EXPECT_STREQ(names[1], "z");
  comparison.num_rows = 0;
  EXPECT_EQ(pdlt_comparison_quantities(&comparison, 2, names), 0u);
}

// First the number of each quantity that is furthest from infinite width, then that furthest from theory.
TEST(Select, TakesTheLargestEffectsAndDeviations) {
  Fake fake;
  fake.Make();
  size_t rows[6];
  ASSERT_EQ(pdlt_comparison_select(&fake.comparison, 6, rows), 6u);
  for (size_t i = 0; i < 6; i++) {
    const pdlt_compare_row &chosen = fake.rows[rows[i]];
    const auto score = [&](const pdlt_compare_row &row) {
      const size_t w = row.used[0] ? 0 : 1;
      return i < 3 ? std::fabs(row.measured[w] - row.lo) / row.se[w] : std::fabs(row.c0.z);
    };
    for (size_t r = 0; r < fake.rows.size(); r++) {
      const bool taken = std::find(rows, rows + i, r) != rows + i;
      if (taken || std::string(fake.rows[r].quantity) != chosen.quantity) continue;
      const double other = score(fake.rows[r]);
      EXPECT_TRUE(!std::isfinite(other) || other <= score(chosen)) << i << " " << r;
    }
  }
}

TEST(Row, NameHoldsTheSampleBehindTheSemicolon) {
  char text[320];
  pdlt_compare_row row{};
  row.quantity = "cov";
  row.ndim = 4;
  row.index[1] = 2;
  row.index[3] = 9;
  pdlt_row_markup(text, sizeof text, &row);
  EXPECT_STREQ(text, "cov<sub>1;3,1;10</sub>");
  row.quantity = "K";
  row.ndim = 2;
  pdlt_row_markup(text, sizeof text, &row);
  EXPECT_STREQ(text, "<i>K</i><sub>1,3</sub>");
  row.quantity = "q_0"; /* one subscript, not two in a row that read as 01,3 */
  pdlt_row_markup(text, sizeof text, &row);
  EXPECT_STREQ(text, "<i>q</i><sub>0; 1,3</sub>");
}

// That of its rows; without rows that of what is trained, and 1 for what is not.
TEST(Row, PowerAndPrediction) {
  Fake fake;
  fake.power = 0.5;
  fake.nlo = true;
  fake.Make();
  EXPECT_EQ(pdlt_comparison_power(&fake.comparison, "z"), 0.5);
  EXPECT_EQ(pdlt_comparison_power(&fake.comparison, "loss_sample"), 0.5);
  EXPECT_EQ(pdlt_comparison_power(&fake.comparison, "K"), 1);
  EXPECT_EQ(pdlt_comparison_power(&fake.comparison, "V"), 1);
  EXPECT_EQ(pdlt_comparison_power(&fake.comparison, "nothing"), 1);
  pdlt_compare_row row = fake.rows[50];
  EXPECT_EQ(pdlt_row_predicted(&row, 0, 0.04, 0), row.lo);
  EXPECT_DOUBLE_EQ(pdlt_row_predicted(&row, 0, 0.04, 1), row.lo + 0.2 * row.nlo);
  row.power = 1;
  EXPECT_DOUBLE_EQ(pdlt_row_predicted(&row, 0, 0.04, 1), row.lo + 0.04 * row.nlo);
}

TEST(RowOffset, FindsTheNumber) {
  Fake fake;
  fake.Make();
  for (const pdlt_compare_row &row : fake.rows)
    for (size_t w = 0; w < 4; w++) {
      const pdlt_array *t = pdlt_measured_get(&fake.measured, fake.widths[w], row.quantity);
      size_t at = 0;
      ASSERT_EQ(pdlt_row_offset(pdlt_archive_get(&fake.measured, "times"), &row, t, &at), 0);
      EXPECT_EQ(t->data[at], row.measured[w]);
    }
  pdlt_compare_row row = fake.rows[0];
  const pdlt_array *t = pdlt_measured_get(&fake.measured, 16, "z");
  size_t at = 0;
  row.index[1] = 6;
  EXPECT_EQ(pdlt_row_offset(pdlt_archive_get(&fake.measured, "times"), &row, t, &at), -1);
  row = fake.rows[0];
  row.time = 0.5;
  EXPECT_EQ(pdlt_row_offset(pdlt_archive_get(&fake.measured, "times"), &row, t, &at), -1);
}

}  // namespace
