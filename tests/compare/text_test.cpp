/* text_test.cpp - numbers and names as markup. */
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "compare/text/markup.h"
#include "compare/text/number.h"
#include "compare/text/order.h"

namespace {

std::string Number(double value, int digits) {
  char text[96];
  pdlt_plot_number(text, sizeof text, value, digits);
  return text;
}

std::string Measured(double value, double se) {
  char text[160];
  pdlt_plot_measured(text, sizeof text, value, se);
  return text;
}

TEST(Number, IsMarkup) {
  EXPECT_EQ(Number(0, 3), "0");
  EXPECT_EQ(Number(-0.25, 3), "\u22120.25");
  EXPECT_EQ(Number(1e-7, 3), "10<sup>\u22127</sup>");
  EXPECT_EQ(Number(-2.5e9, 3), "\u22122.5\u00d710<sup>9</sup>");
  EXPECT_EQ(Number(1234.4, 5), "1234.4");
  EXPECT_EQ(Number(0.99999, 3), "1");
  EXPECT_EQ(Number(NAN, 3), "\u2014");
  EXPECT_EQ(Number(-INFINITY, 3), "\u2212\u221e");
}

TEST(Number, MeasuredSharesDigits) {
  EXPECT_EQ(Measured(-1.0734, 0.0193), "\u22121.073 \u00b1 0.019");
  EXPECT_EQ(Measured(1.2345e-7, 2e-9), "(1.235 \u00b1 0.020)\u00d710<sup>\u22127</sup>");
  EXPECT_EQ(Measured(0.5, NAN), "0.5");
  EXPECT_EQ(Measured(12345, 300), "12345 \u00b1 300");
}

TEST(Number, DecimalsOfWhatRoundsToZeroHaveNoSign) {
  char text[48];
  pdlt_plot_decimals(text, sizeof text, -0.004, 2);
  EXPECT_STREQ(text, "0.00");
  pdlt_plot_decimals(text, sizeof text, -0.006, 2);
  EXPECT_STREQ(text, "\u22120.01");
}

TEST(Order, WordsOfBothPowers) {
  EXPECT_STREQ(pdlt_order_of(1)->plain, "1/n");
  EXPECT_STREQ(pdlt_order_of(1)->unit, "<i>h</i>");
  EXPECT_STREQ(pdlt_order_of(0.5)->plain, "1/sqrt(n)");
  EXPECT_STREQ(pdlt_order_of(0.5)->markup, "<i>n</i><sup>\u22121/2</sup>");
  EXPECT_STREQ(pdlt_order_of(0.5)->unit, "<i>h</i><sup>1/2</sup>");
}

TEST(Markup, EscapesAndNeverSplitsAnEntity) {
  char text[64];
  pdlt_markup_escape(text, sizeof text, "a<b>&\"'");
  EXPECT_STREQ(text, "a&lt;b&gt;&amp;&quot;&#39;");
  for (size_t size = 5; size < 9; size++) {
    pdlt_markup_escape(text, size, "abc<x");
    EXPECT_STREQ(text, size < 8 ? "abc" : "abc&lt;");
  }
  for (size_t size = 2; size < 9; size++) { /* nor a letter */
    pdlt_markup_escape(text, size, "a\u03b8\u2212b");
    EXPECT_STREQ(text, size < 4   ? "a"
                       : size < 7 ? "a\u03b8"
                       : size < 8 ? "a\u03b8\u2212"
                                  : "a\u03b8\u2212b");
    pdlt_markup_short(text, sizeof text, "<\u03b8\u2212b", size - 1);
    EXPECT_STREQ(text, size < 4   ? "&lt;"
                       : size < 7 ? "&lt;\u03b8"
                       : size < 8 ? "&lt;\u03b8\u2212"
                                  : "&lt;\u03b8\u2212b");
  }
  pdlt_markup_escape(text, sizeof text, "\xff<\xc3");
  EXPECT_STREQ(text, "\xff&lt;\xc3");
  EXPECT_EQ(pdlt_markup_entity('a'), nullptr);
  EXPECT_STREQ(pdlt_markup_entity('<'), "&lt;");
}

TEST(Markup, QuantitiesAndTimes) {
  char text[64];
  pdlt_quantity_markup(text, sizeof text, "z");
  EXPECT_STREQ(text, "<i>z</i>");
  pdlt_quantity_markup(text, sizeof text, "<script>&\"");
  EXPECT_STREQ(text, "<i>&lt;script&gt;&amp;&quot;</i>");
  pdlt_time_markup(text, sizeof text, 100);
  EXPECT_STREQ(text, "step 100");
  pdlt_time_markup(text, sizeof text, INFINITY);
  EXPECT_STREQ(text, "end of training");
  pdlt_time_markup(text, sizeof text, NAN);
  EXPECT_STREQ(text, "");
}

}  // namespace
