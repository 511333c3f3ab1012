/* page_equation_test.cpp - equations in prose as MathML: what is set and what stays text. */
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <regex>

#include "compare/page/internal.h"

namespace {

std::string Prose(const char *text) {
  char *bytes = nullptr;
  size_t size = 0;
  FILE *out = open_memstream(&bytes, &size);
  pdlt_html_prose(out, text);
  fclose(out);
  std::string made(bytes, size);
  free(bytes);
  return made;
}

std::string WithoutTags(const std::string &html) {
  return std::regex_replace(html, std::regex("<[^>]*>"), "");
}

TEST(PageEquation, SetsSymbolsWithScripts) {
  EXPECT_EQ(Prose("K = C_W^(L-1) x"),
            "K = <math><msubsup><mi>C</mi><mrow><mi>W</mi></mrow><mrow>"
            "<mo lspace=\"0\" rspace=\"0\" stretchy=\"false\">(</mo><mi>L</mi>"
            "<mo lspace=\"0\" rspace=\"0\" stretchy=\"false\">\xe2\x88\x92</mo><mn>1</mn>"
            "<mo lspace=\"0\" rspace=\"0\" stretchy=\"false\">)</mo></mrow></msubsup></math> x");
  EXPECT_EQ(Prose("eta, z_nlo"),
            "<math><mrow><mi>η</mi></mrow></math>, "
            "<math><msub><mi>z</mi><mrow><mi>nlo</mi></mrow></msub></math>");
  EXPECT_EQ(WithoutTags(Prose("Theta_BA Theta_AA^-1 y")),
            "ΘBA ΘAA\xe2\x88\x92"
            "1 y");
  EXPECT_EQ(WithoutTags(Prose("V/K^2 = n^(-1/2) <a>")),
            "V/K2 = n\xe2\x88\x92"
            "1/2 &lt;a&gt;");
}

TEST(PageEquation, LeavesNamesAndBrokenScripts) {
  for (const char *text :
       {"loss_test and ntk_fluctuations", "docs/dynamics.md", "eq. infinity.154", "z_end_lo",
        "theta_fluctuations", "x_", "x^", "x^(1", "K_{a", "beta2", "n", ""})
    EXPECT_EQ(Prose(text), text);
  EXPECT_EQ(Prose(nullptr), "\xe2\x80\x94");
}

}  // namespace
