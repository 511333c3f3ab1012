// Pages of the plot toolkit: text as text, titles, widths and colours that are asked for, numbers as CSV.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/core/memory.h"
#include "compare/plot/plot.h"

namespace {

std::string Svg(pdlt_plot *plot) {
  char *bytes = nullptr;
  size_t size = 0;
  pdlt_error err;
  EXPECT_EQ(pdlt_plot_svg(plot, &bytes, &size, &err), PDLT_OK) << err.message;
  std::string text(bytes ? bytes : "", size);
  pdlt_free(bytes);
  return text;
}

pdlt_plot *NewPlot(size_t columns = 1) {
  pdlt_plot *plot = nullptr;
  pdlt_error err;
  EXPECT_EQ(pdlt_plot_new(&plot, 1, columns, 200, 150, &err), PDLT_OK);
  return plot;
}

// A line from (0, 0) to (1, y).
void AddLine(pdlt_panel *panel, double y) {
  const double x[] = {0, 1}, heights[] = {0, y};
  pdlt_series s{};
  s.kind = PDLT_SERIES_LINE, s.n = 2, s.x = x, s.y = heights;
  ASSERT_EQ(pdlt_panel_add(panel, &s, nullptr), PDLT_OK);
}

// A text of a drawing: where it stands, how large, what it says with its tspans.
struct Text {
  double x, y, size;
  std::string element;
};

std::vector<Text> Texts(const std::string &svg) {
  std::vector<Text> out;
  for (size_t at = svg.find("<text "); at != svg.npos; at = svg.find("<text ", at + 1)) {
    Text one = {};
    EXPECT_EQ(std::sscanf(svg.c_str() + at, "<text x=\"%lf\" y=\"%lf\" font-size=\"%lf\"", &one.x,
                          &one.y, &one.size),
              3);
    one.element = svg.substr(at, svg.find("</text>", at) - at);
    out.push_back(one);
  }
  return out;
}

// A long title gets smaller until it is as wide as its panel, and a factor 10^k stands left of it. The
// letter m of DejaVu Sans is 1995/2048 of its size wide, to whole points.
TEST(PlotPage, TitlesStayOverTheirPanels) {
  for (const std::string &title : {std::string("short"), std::string(30, 'm')}) {
    pdlt_plot *plot = NewPlot(2);
    pdlt_panel *panel = pdlt_plot_panel(plot, 0);
    pdlt_panel_title(panel, title.c_str());
    AddLine(panel, 3e-6);
    const auto texts = Texts(Svg(plot));
    pdlt_plot_free(plot);
    size_t titled = 0, beside = 0;
    for (const Text &text : texts) {
      if (text.y > 26) continue; /* TOP + EDGE */
      if (text.x < 57) {         /* LEFT + EDGE */
        beside += text.element.find("font-size=\"5") != text.element.npos;
        continue;
      }
      titled++;
      EXPECT_EQ(text.element.substr(text.element.rfind('>') + 1), title);
      EXPECT_NE(text.element.find("text-anchor=\"middle\""), text.element.npos);
      EXPECT_NEAR(text.x, 58 + 100, 0.01);
      EXPECT_NEAR(text.size, title == "short" ? 9.5 : 200 / (30 * 1995 / 2048.0), 0.25);
    }
    EXPECT_EQ(titled, 1u);
    EXPECT_EQ(beside, 1u); /* x10^-6, the power in small letters */
  }
}

// Text is text: to be searched and edited, in a font by its name, italics and powers as tspans.
TEST(PlotPage, TextIsText) {
  pdlt_plot *plot = NewPlot();
  pdlt_panel *panel = pdlt_plot_panel(plot, 0);
  pdlt_panel_title(panel,
                   "<i>n</i> &amp; 10<sup>\xe2\x88\x92"
                   "3</sup> of it");
  std::snprintf(pdlt_panel_y(panel)->label, 160, "upright");
  AddLine(panel, 1);
  const std::string svg = Svg(plot);
  pdlt_plot_free(plot);
  EXPECT_EQ(svg.find("<use "), svg.npos);
  EXPECT_EQ(svg.find("<symbol"), svg.npos);
  EXPECT_NE(svg.find("<g font-family=\"DejaVu Sans, "), svg.npos);
  const size_t at = svg.find("<tspan font-style=\"italic\">n</tspan> &amp; 10<tspan dy=\"-");
  ASSERT_NE(at, svg.npos) << svg;
  const size_t end = svg.find("</text>", at);
  double up = 0, small = 0, down = 0;
  ASSERT_EQ(std::sscanf(svg.c_str() + svg.find("<tspan dy=", at),
                        "<tspan dy=\"%lf\" font-size=\"%lf\">", &up, &small),
            2);
  ASSERT_EQ(
      std::sscanf(svg.c_str() + svg.rfind("<tspan dy=", end), "<tspan dy=\"%lf\"> of it", &down),
      1);
  EXPECT_LT(up, -2);
  EXPECT_NEAR(up + down, 0, 0.011); /* back on the line */
  EXPECT_LT(small, 8);
  const size_t turned = svg.rfind("<text", svg.find(">upright<"));
  EXPECT_NE(svg.substr(turned, 200).find("rotate(-90 "), svg.npos) << svg.substr(turned, 200);
  EXPECT_EQ(svg.substr(svg.size() - 7), "</svg>\n");
}

std::string Csv(const pdlt_plot *plot) {
  char *bytes = nullptr;
  size_t size = 0;
  pdlt_error err;
  EXPECT_EQ(pdlt_plot_csv(plot, &bytes, &size, &err), PDLT_OK) << err.message;
  std::string text(bytes ? bytes : "", size);
  pdlt_free(bytes);
  return text;
}

// A row for each point that can be drawn, with all digits, by the name or label of its curve.
TEST(PlotPage, CsvHasEveryPoint) {
  pdlt_plot *plot = NewPlot(2);
  pdlt_panel *panel = pdlt_plot_panel(plot, 0);
  pdlt_panel_title(panel, "<i>z</i>, \"one\"");
  std::snprintf(pdlt_panel_x(panel)->label, 160, "<i>h</i> &lt; 1");
  const double x[] = {0.1, NAN, 3}, y[] = {1.0 / 3, 2, NAN}, lo[] = {-1, 0, 0}, hi[] = {NAN, 1, 2};
  pdlt_series marks = {};
  marks.kind = PDLT_SERIES_MARKS, marks.n = 3, marks.x = x, marks.y = y, marks.lo = lo,
  marks.hi = hi;
  marks.label = "10<sup>3</sup> of <i>n</i><sub>L</sub>";
  pdlt_series band = marks;
  band.kind = PDLT_SERIES_BAND, band.name = "the band";
  pdlt_series line = marks;
  line.kind = PDLT_SERIES_LINE, line.lo = line.hi = nullptr, line.label = nullptr;
  for (const pdlt_series *s : {&marks, &band, &line})
    ASSERT_EQ(pdlt_panel_add(panel, s, nullptr), PDLT_OK);
  const double cells[] = {1, 2, NAN, 0.1};
  pdlt_panel *heat = pdlt_plot_panel(plot, 1);
  ASSERT_EQ(pdlt_panel_heat(heat, 2, 2, cells, PDLT_MAP_SEQUENTIAL, NAN, NAN, nullptr), PDLT_OK);
  pdlt_panel_y(heat)->num_at = 2;
  pdlt_panel_y(heat)->at[0] = 5;
  pdlt_panel_y(heat)->at[1] = 2;
  const std::string head = "1,\"z, \"\"one\"\"\",\"h < 1\",\"\",";
  EXPECT_EQ(Csv(plot), "panel,title,x_axis,y_axis,curve,x,y,low,high,value\n" + head +
                           "\"10^3 of n_L\",0.10000000000000001,0.33333333333333331,-1,,\n" + head +
                           "\"the band\",3,,0,2,\n" + head +
                           "\"line 3\",0.10000000000000001,0.33333333333333331,,,\n"
                           "2,\"\",\"\",\"\",\"cells\",1,5,,,1\n"
                           "2,\"\",\"\",\"\",\"cells\",2,5,,,2\n"
                           "2,\"\",\"\",\"\",\"cells\",2,2,,,0.10000000000000001\n");
  pdlt_plot_free(plot);
}

// Size of the page of an SVG, in points.
std::pair<double, double> SizeOf(const std::string &svg) {
  double width = 0, height = 0;
  EXPECT_EQ(
      std::sscanf(svg.c_str() + svg.find("viewBox"), "viewBox=\"0 0 %lf %lf", &width, &height), 2);
  return {width, height};
}

TEST(PlotPage, WidthFontTitleAndColours) {
  pdlt_plot *plot = NewPlot(3);
  for (size_t k = 0; k < 3; k++) {
    pdlt_panel *panel = pdlt_plot_panel(plot, k);
    std::snprintf(pdlt_panel_x(panel)->label, 160, "axis");
    AddLine(panel, 1);
  }
  const std::string plain = Svg(plot);
  pdlt_plot_style style = {};
  pdlt_plot_set_style(plot, &style);
  EXPECT_EQ(Svg(plot), plain);
  style.font_size = 9.5;
  pdlt_plot_set_style(plot, &style);
  EXPECT_EQ(Svg(plot), plain);
  const auto size = SizeOf(plain);

  style = {};
  style.font_size = 19; /* twice everything */
  pdlt_plot_set_style(plot, &style);
  EXPECT_NEAR(SizeOf(Svg(plot)).first, 2 * size.first, 1);
  EXPECT_NEAR(SizeOf(Svg(plot)).second, 2 * size.second, 1);
  EXPECT_NE(Svg(plot).find("font-size=\"19.00\" text-anchor=\"middle\""), std::string::npos);

  for (const double width : {size.first, 600.0, 450.0, 240.94, 171.0, 1200.0}) {
    style = {};
    style.width = width;
    style.font_size = 8;
    pdlt_plot_set_style(plot, &style);
    const std::string svg = Svg(plot);
    EXPECT_NEAR(SizeOf(svg).first, width, 0.011);
    size_t labels = 0;
    for (const Text &text : Texts(svg)) {
      if (text.element.find(">axis") == text.element.npos) continue;
      labels++;
      EXPECT_EQ(text.size, 8) << width;
      EXPECT_GT(text.x, 0);
      EXPECT_LT(text.x, width);
    }
    EXPECT_EQ(labels, 3u);
  }
  /* 240.94 points hold one panel beside another no longer: they stand below each other */
  style.width = 240.94;
  pdlt_plot_set_style(plot, &style);
  EXPECT_GT(SizeOf(Svg(plot)).second, 2.5 * 100);

  style = {};
  std::snprintf(style.title, sizeof style.title, "a <b> & c");
  pdlt_plot_set_style(plot, &style);
  EXPECT_NE(Svg(plot).find(">a &lt;b&gt; &amp; c</text>"), std::string::npos);
  EXPECT_GT(SizeOf(Svg(plot)).second, size.second + 8);

  style = {};
  style.color[PDLT_BLACK] = PDLT_PLOT_OWN_COLOR + 0xff0000;
  pdlt_plot_set_style(plot, &style);
  EXPECT_NE(Svg(plot).find("stroke:rgb(100%,0%,0%)"), std::string::npos);
  EXPECT_EQ(plain.find("stroke:rgb(100%,0%,0%)"), std::string::npos);
  style = {};
  style.grey = 1;
  pdlt_plot_set_style(plot, &style);
  EXPECT_NE(Svg(plot), plain);
  EXPECT_EQ(SizeOf(Svg(plot)), size);
  pdlt_plot_free(plot);
}

}  // namespace
