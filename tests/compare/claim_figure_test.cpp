// The figure of a claim: what is drawn for a sabotage.
#include "compare/figure/claim.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "base/core/memory.h"
#include "compare/claim/internal.h"
#include "tests/cli/support.h"

namespace {

// The claim that K is 1 in theory, refuted with other settings or by another formula; the finding
// of the sabotage computes `computed` and predicts `predicted`.
std::string drawn(const TempFolder &folder, const std::string &sabotage, double computed,
                  double predicted) {
  std::filesystem::create_directory(folder / "5-one");
  write_text(folder / "5-one/expect.yaml",
             "claim: c\nequation: e\ntext: t\nexpect:\n  - {test: theory, value: \"K[0,0]\", "
             "predicted: 1, tolerance: 1e-3, sabotage: [" +
                 sabotage + "]}\n");
  pdlt_claim claim = {};
  pdlt_claim_result result = {};
  pdlt_error err = {};
  char *svg = nullptr;
  size_t size = 0;
  EXPECT_EQ(pdlt_claim_read(&claim, (folder / "5-one").c_str(), &err), PDLT_OK) << err.message;
  EXPECT_EQ(pdlt_claim_result_new(&result, &claim, 1, &err), PDLT_OK);
  pdlt_finding *findings[] = {&result.truth[0][0], &result.sabotage[0][0][0]};
  for (pdlt_finding *f : findings) {
    EXPECT_EQ(pdlt_finding_curve(f, 1, &err), PDLT_OK);
    f->value = f->y[0] = f == findings[0] ? 1 : computed;
    f->predicted = f->line[0] = f == findings[0] ? 1 : predicted;
  }
  EXPECT_EQ(pdlt_claim_figure(&svg, &size, &result, folder.path().c_str(), &err), PDLT_OK)
      << err.message;
  const std::string text(svg, size);
  pdlt_free(svg);
  pdlt_claim_result_free(&result);
  return text;
}

}  // namespace

// What is omitted changes what is computed and leaves the formula beside it: the line of the sabotage
// is where the computed number is. Another formula is a line at its own value.
TEST(ClaimFigure, SabotagesAreDrawnWhereTheyDiffer) {
  TempFolder folder;
  const std::string omit = "{omit: V}", value = "{value: 2}";
  EXPECT_EQ(drawn(folder, omit, 3, 1), drawn(folder, omit, 3, 1));
  EXPECT_NE(drawn(folder, omit, 3, 1), drawn(folder, omit, 1, 1));
  EXPECT_EQ(drawn(folder, omit, 3, 1), drawn(folder, omit, 3, 2));
  EXPECT_EQ(drawn(folder, omit, 3, 1), drawn(folder, value, 1, 3));
  EXPECT_NE(drawn(folder, value, 1, 3), drawn(folder, value, 1, 2));
}

// A number beside nothing has no axis: no text between the frame (22 + 4 + 170) and its label.
TEST(ClaimFigure, ASingleNumberHasNoTicks) {
  TempFolder folder;
  const std::string svg = drawn(folder, "{value: 2}", 1, 2);
  size_t texts = 0;
  for (size_t at = svg.find("<text "); at != svg.npos; at = svg.find("<text ", at + 1)) {
    double x = 0, y = 0;
    ASSERT_EQ(std::sscanf(svg.c_str() + at, "<text x=\"%lf\" y=\"%lf\"", &x, &y), 2);
    EXPECT_FALSE(y > 200 && y < 212 && x > 50) << x << " " << y;
    texts++;
  }
  EXPECT_GT(texts, 4u);
}

// Measured numbers with their errors: a bar from one standard error below each mark to one above.
TEST(ClaimFigure, ErrorBarsReachAsFarBelowAsAbove) {
  TempFolder folder;
  std::filesystem::create_directory(folder / "5-bars");
  write_text(
      folder / "5-bars/expect.yaml",
      "claim: c\nequation: e\ntext: t\nexpect:\n  - {test: exact, quantity: K, predicted: 1, "
      "sabotage: [{factor: 2}]}\n");
  pdlt_claim claim = {};
  pdlt_claim_result result = {};
  pdlt_error err = {};
  char *svg = nullptr;
  size_t size = 0;
  ASSERT_EQ(pdlt_claim_read(&claim, (folder / "5-bars").c_str(), &err), PDLT_OK) << err.message;
  ASSERT_EQ(pdlt_claim_result_new(&result, &claim, 1, &err), PDLT_OK);
  for (pdlt_finding *f : {&result.truth[0][0], &result.sabotage[0][0][0]}) {
    ASSERT_EQ(pdlt_finding_curve(f, 2, &err), PDLT_OK);
    for (int i = 0; i < 2; i++)
      f->x[i] = 0.1 * (i + 1), f->y[i] = 1 + i, f->y_se[i] = 0.25, f->line[i] = 1;
  }
  ASSERT_EQ(pdlt_claim_figure(&svg, &size, &result, folder.path().c_str(), &err), PDLT_OK)
      << err.message;
  const std::string text(svg, size);
  pdlt_free(svg);
  pdlt_claim_result_free(&result);
  // Upright lines inside the frame, and level ones: the prediction's is at y = 1.
  std::vector<std::pair<double, double>> bars;
  std::vector<double> levels;
  const std::regex line("M ([0-9.]+) ([0-9.]+) L ([0-9.]+) ([0-9.]+)");
  for (std::sregex_iterator at(text.begin(), text.end(), line), end; at != end; ++at) {
    const double x = std::stod((*at)[1]), y = std::stod((*at)[2]), to = std::stod((*at)[4]);
    const double long_x = std::stod((*at)[3]) - x;
    if (long_x == 0 && std::fabs(to - y) > 10) bars.push_back({std::fmin(y, to), std::fmax(y, to)});
    if (to == y && long_x > 100) levels.push_back(y);
  }
  ASSERT_EQ(bars.size(), 2u);
  const double first = (bars[0].first + bars[0].second) / 2,
               second = (bars[1].first + bars[1].second) / 2;
  EXPECT_TRUE(std::any_of(levels.begin(), levels.end(),
                          [&](double y) { return std::fabs(y - first) < 0.02; }));
  for (const auto &[top, bottom] : bars)
    EXPECT_NEAR((bottom - top) / 2, 0.25 * (first - second), 0.02);
}
