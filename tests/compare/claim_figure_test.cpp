// The figure of a claim: what is drawn for a sabotage.
#include "compare/figure/claim.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

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

// A number beside nothing has no axis: no letters between the frame (22 + 4 + 170) and its label.
TEST(ClaimFigure, ASingleNumberHasNoTicks) {
  TempFolder folder;
  const std::string svg = drawn(folder, "{value: 2}", 1, 2);
  size_t letters = 0;
  for (size_t at = svg.find("<use "); at != svg.npos; at = svg.find("<use ", at + 1)) {
    double x = 0, y = 0;
    ASSERT_EQ(std::sscanf(svg.c_str() + svg.find(" x=", at), " x=\"%lf\" y=\"%lf\"", &x, &y), 2);
    EXPECT_FALSE(y > 200 && y < 212 && x > 50) << x << " " << y;
    letters++;
  }
  EXPECT_GT(letters, 10u);
}
