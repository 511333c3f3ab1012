// Every panel of every figure names its horizontal axis: a text below the numbers of the axis. Histograms
// name the vertical one, too.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <regex>
#include <string>
#include <vector>

#include "compare/figure/figure.h"
#include "tests/cli/support.h"
#include "tests/compare/fake.h"

namespace {

// The frame of a panel: left, right and bottom, in points.
struct Frame {
  double left, right, bottom;
};

std::vector<Frame> Frames(const std::string &svg) {
  const std::regex frame(
      "stroke-width:0.8;[^>]*d=\"M ([0-9.]+) [0-9.]+ L ([0-9.]+) [0-9.]+ L [0-9.]+ ([0-9.]+)");
  std::vector<Frame> frames;
  for (std::sregex_iterator at(svg.begin(), svg.end(), frame), end; at != end; ++at)
    frames.push_back({std::stod((*at)[1]), std::stod((*at)[2]), std::stod((*at)[3])});
  return frames;
}

// Where a text stands.
struct Letter {
  double x, y;
};

std::vector<Letter> Letters(const std::string &svg) {
  std::vector<Letter> letters;
  for (size_t at = svg.find("<text "); at != svg.npos; at = svg.find("<text ", at + 1)) {
    Letter one = {};
    if (std::sscanf(svg.c_str() + at, "<text x=\"%lf\" y=\"%lf\"", &one.x, &one.y) == 2)
      letters.push_back(one);
  }
  return letters;
}

// Numbers of the axis stand within 15 points of the frame, its name below them.
size_t LettersBelow(const Frame &frame, const std::vector<Letter> &letters) {
  return (size_t)std::count_if(letters.begin(), letters.end(), [&](const Letter &l) {
    const double below = l.y - frame.bottom;
    return l.x > frame.left && l.x < frame.right && below > 15 && below < 36;
  });
}

TEST(FigureAxes, HorizontalOnesAreNamed) {
  TempFolder folder;
  Fake fake;
  fake.nlo = fake.order1 = true;
  fake.times = 12;
  fake.Make();
  pdlt_figure_list list{};
  pdlt_error err;
  const pdlt_figure_input in = fake.Input();
  ASSERT_EQ(pdlt_figures_write(&in, folder.path().c_str(), &list, nullptr, &err), PDLT_OK)
      << err.message;
  EXPECT_GT(list.count, 8u);
  int histograms = 0, named = 0;
  for (size_t i = 0; i < list.count; i++) {
    const std::string svg(list.items[i].svg, list.items[i].svg_size);
    const auto frames = Frames(svg);
    const auto letters = Letters(svg);
    EXPECT_GE(frames.size(), 1u) << list.items[i].stem;
    for (size_t k = 0; k < frames.size(); k++)
      EXPECT_GT(LettersBelow(frames[k], letters), 0u) << list.items[i].stem << ", panel " << k;
    histograms += svg.find(">normal density<") != svg.npos;
    named += svg.find(">density<") != svg.npos;
  }
  EXPECT_EQ(histograms, 2); /* of deviations, at infinite width and at order 1/n */
  EXPECT_EQ(named, histograms);
  pdlt_figure_list_free(&list);
}

// Widths of convolutions are called channels, on the axis and in the caption.
TEST(FigureAxes, CountChannelsOfConvolutions) {
  for (int channels = 0; channels < 2; channels++) {
    TempFolder folder;
    Fake fake;
    fake.nlo = true;
    fake.Make();
    fake.comparison.channels = channels;
    pdlt_figure_list list{};
    pdlt_error err;
    const pdlt_figure_input in = fake.Input();
    ASSERT_EQ(pdlt_figures_write(&in, folder.path().c_str(), &list, nullptr, &err), PDLT_OK)
        << err.message;
    bool found = false;
    for (size_t i = 0; i < list.count; i++) {
      if (std::string(list.items[i].stem) != "width_scaling") continue;
      const std::string svg(list.items[i].svg, list.items[i].svg_size);
      const std::string caption = list.items[i].caption;
      found = true;
      EXPECT_EQ(svg.find("channels") != std::string::npos, channels == 1);
      EXPECT_EQ(caption.find("against channels <i>n</i>") != std::string::npos, channels == 1);
      EXPECT_EQ(caption.find("against hidden width <i>n</i>") != std::string::npos, channels == 0);
    }
    EXPECT_TRUE(found);
    pdlt_figure_list_free(&list);
  }
}

}  // namespace
