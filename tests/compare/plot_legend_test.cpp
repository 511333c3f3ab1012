// The legend of a plot: a row for each entry, none empty, and a frame that holds them.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "base/core/memory.h"
#include "compare/plot/plot.h"

namespace {

// Height of the frame of a legend with so many entries.
double Height(int entries) {
  pdlt_plot *plot = nullptr;
  pdlt_error err = {};
  EXPECT_EQ(pdlt_plot_new(&plot, 1, 1, 230, 170, &err), PDLT_OK) << err.message;
  const double x[] = {0, 1}, y[] = {0, 0};
  for (int k = 0; k < entries; k++) {
    const std::string label = "a rather long name of line " + std::to_string(k);
    pdlt_series line = {};
    line.kind = PDLT_SERIES_LINE, line.n = 2, line.x = x, line.y = y, line.label = label.c_str();
    EXPECT_EQ(pdlt_panel_add(pdlt_plot_panel(plot, 0), &line, &err), PDLT_OK) << err.message;
  }
  char *svg = nullptr;
  size_t size = 0;
  EXPECT_EQ(pdlt_plot_svg(plot, &svg, &size, &err), PDLT_OK) << err.message;
  const std::string text(svg, size);
  pdlt_free(svg);
  pdlt_plot_free(plot);
  const size_t at = text.find("d=\"M ", text.find("stroke:rgb(80%,80%,80%)"));
  double left = 0, top = 0, right = 0, bottom = 0;
  EXPECT_EQ(std::sscanf(text.c_str() + at, "d=\"M %lf %lf L %lf %*f L %*f %lf", &left, &top, &right,
                        &bottom),
            4)
      << entries;
  EXPECT_GT(right, left);
  return bottom - top;
}

TEST(PlotLegend, HasARowForEachEntry) {
  const double row = Height(2) - Height(1);
  EXPECT_GT(row, 8);
  for (int k = 2; k < 5; k++) EXPECT_NEAR(Height(k + 1) - Height(k), row, 0.02) << k;
  EXPECT_GT(Height(1), row); /* with some room around */
  EXPECT_LT(Height(1), 2 * row);
}

}  // namespace
