// Lines of the figures, read off the pictures: the first correction is beside the mean, error bars are there.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "compare/figure/figure.h"
#include "tests/cli/support.h"
#include "tests/compare/fake.h"

namespace {

using Line = std::vector<std::pair<double, double>>;

std::string Picture(const Fake &fake, const std::string &stem) {
  TempFolder folder;
  pdlt_figure_list list{};
  pdlt_error err;
  const pdlt_figure_input in = fake.Input();
  EXPECT_EQ(pdlt_figures_write(&in, folder.path().c_str(), &list, nullptr, &err), PDLT_OK)
      << err.message;
  std::string svg;
  for (size_t i = 0; i < list.count; i++)
    if (list.items[i].stem == stem) svg.assign(list.items[i].svg, list.items[i].svg_size);
  pdlt_figure_list_free(&list);
  EXPECT_NE(svg, "") << stem;
  return svg;
}

// All lines of one style with more than ten points.
std::vector<Line> Lines(const std::string &svg, const std::string &style) {
  std::vector<Line> lines;
  for (size_t at = svg.find(style); at != svg.npos; at = svg.find(style, at + 1)) {
    Line line;
    const char *text = svg.c_str() + svg.find("d=\"M", at) + 4;
    std::pair<double, double> point;
    for (int used = 0; std::sscanf(text, " %lf %lf%n", &point.first, &point.second, &used) == 2;) {
      line.push_back(point);
      text += used;
      if (std::strncmp(text, " L", 2) != 0) break;
      text += 2;
    }
    if (line.size() > 10) lines.push_back(line);
  }
  return lines;
}

size_t UprightLines(const std::string &svg) {
  size_t count = 0;
  for (size_t at = svg.find("M "); at != svg.npos; at = svg.find("M ", at + 1)) {
    double x = 0, y = 0, to_x = 0, to_y = 0;
    if (std::sscanf(svg.c_str() + at, "M %lf %lf L %lf %lf", &x, &y, &to_x, &to_y) == 4)
      count += x == to_x && std::fabs(y - to_y) > 0;
  }
  return count;
}

// It begins where the mean begins, and leaves it.
TEST(FigureLines, TheFirstCorrectionIsBesideTheMean) {
  Fake fake;
  fake.nlo = true;
  fake.effect = 4;
  fake.Make();
  const std::string svg = Picture(fake, "training_curves");
  const auto mean = Lines(svg, "stroke-linejoin:round;stroke:rgb(10%,10%,10%);\"");
  const auto corrected = Lines(svg, "stroke:rgb(83.5%,36.9%,0%);stroke-dasharray");
  ASSERT_GE(corrected.size(), 2u);
  ASSERT_EQ(mean.size(), corrected.size());
  for (size_t k = 0; k < mean.size(); k++) {
    ASSERT_EQ(mean[k].size(), corrected[k].size());
    double apart = 0;
    for (size_t t = 0; t < mean[k].size(); t++) {
      EXPECT_EQ(mean[k][t].first, corrected[k][t].first);
      apart = std::fmax(apart, std::fabs(mean[k][t].second - corrected[k][t].second));
    }
    EXPECT_NEAR(mean[k][0].second, corrected[k][0].second, 0.02);
    EXPECT_GT(apart, 3) << k;
  }
}

// Without blocks error bars come from those of the two times.
TEST(FigureLines, ErrorBarsOfChangesWithoutBlocksToo) {
  Fake with, without;
  for (Fake *fake : {&with, &without}) {
    fake->order1 = fake->nlo = true;
    fake->Make();
  }
  for (size_t i = 0; i < without.measured.count; i++) {
    char *name = std::strstr(without.measured.entries[i].name, "blocks/Theta_t");
    if (name != nullptr) name[0] = '?';
  }
  const size_t bars = UprightLines(Picture(with, "ntk_change"));
  EXPECT_GT(bars, 20u);
  EXPECT_NEAR((double)UprightLines(Picture(without, "ntk_change")), (double)bars,
              0.2 * (double)bars);
}

// Ticks of a colour bar are evenly spaced, and nearer to both of its ends than to each other.
TEST(FigureLines, ColourBarsHaveTicksToBothEnds) {
  Fake fake;
  fake.Make();
  const std::string svg = Picture(fake, "kernels"), style = "stroke-width:0.6;";
  std::vector<std::vector<double>> bars; /* top, bottom, ticks from the bottom up */
  for (size_t at = svg.find(style); at != svg.npos; at = svg.find(style, at + 1)) {
    double x = 0, y = 0, to_x = 0, to_y = 0, corner = 0, bottom = 0;
    const char *text = svg.c_str() + svg.find("d=\"M", at);
    const int read = std::sscanf(text, "d=\"M %lf %lf L %lf %lf L %lf %lf", &x, &y, &to_x, &to_y,
                                 &corner, &bottom);
    if (read == 6) bars.push_back({y, bottom});
    if (read == 4 && y == to_y && !bars.empty()) bars.back().push_back(y);
  }
  ASSERT_GE(bars.size(), 2u);
  for (const auto &bar : bars) {
    ASSERT_GE(bar.size(), 4u);
    const double step = bar[2] - bar[3];
    for (size_t k = 3; k < bar.size(); k++) EXPECT_NEAR(bar[k - 1] - bar[k], step, 0.02);
    EXPECT_LT(bar[1] - bar[2], step);
    EXPECT_LT(bar.back() - bar[0], step);
  }
}

}  // namespace
