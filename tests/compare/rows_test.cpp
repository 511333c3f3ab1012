/* rows_test.cpp - names of rows, which are shown, where their numbers lie. */
#include "compare/verdict/rows.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

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
  EXPECT_EQ(pdlt_row_predicted(&row, 0.04, 0), row.lo);
  EXPECT_DOUBLE_EQ(pdlt_row_predicted(&row, 0.04, 1), row.lo + 0.2 * row.nlo);
  row.power = 1;
  EXPECT_DOUBLE_EQ(pdlt_row_predicted(&row, 0.04, 1), row.lo + 0.04 * row.nlo);
}

TEST(RowOffset, FindsTheNumber) {
  Fake fake;
  fake.Make();
  for (const pdlt_compare_row &row : fake.rows)
    for (size_t w = 0; w < 4; w++) {
      const pdlt_array *t = pdlt_measured_get(&fake.measured, fake.widths[w], row.quantity);
      size_t at = 0;
      ASSERT_EQ(pdlt_row_offset(&fake.measured, &row, t, &at), 0);
      EXPECT_EQ(t->data[at], row.measured[w]);
    }
  pdlt_compare_row row = fake.rows[0];
  const pdlt_array *t = pdlt_measured_get(&fake.measured, 16, "z");
  size_t at = 0;
  row.index[1] = 6;
  EXPECT_EQ(pdlt_row_offset(&fake.measured, &row, t, &at), -1);
  row = fake.rows[0];
  row.time = 0.5;
  EXPECT_EQ(pdlt_row_offset(&fake.measured, &row, t, &at), -1);
}

}  // namespace
