// Ticks, numbers, ranges and files of the plot toolkit.
#include "compare/plot/plot.h"

#include <gtest/gtest.h>
#include <png.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "base/core/memory.h"
#include "compare/plot/compact.h"

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

std::string Pdf(pdlt_plot *plot) {
  char *bytes = nullptr;
  size_t size = 0;
  pdlt_error err;
  EXPECT_EQ(pdlt_plot_pdf(plot, "title", &bytes, &size, &err), PDLT_OK) << err.message;
  std::string text(bytes ? bytes : "", size);
  pdlt_free(bytes);
  return text;
}

std::string ReadFile(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Folder {
  std::string path;
  Folder() {
    char name[] = "/tmp/pdlt_plot_XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() {
    std::remove((path + "/a.png").c_str());
    std::remove((path + "/b.png").c_str());
    std::remove(path.c_str());
  }
};

pdlt_plot *NewPlot(size_t rows = 1, size_t columns = 1) {
  pdlt_plot *plot = nullptr;
  pdlt_error err;
  EXPECT_EQ(pdlt_plot_new(&plot, rows, columns, 200, 150, &err), PDLT_OK);
  return plot;
}

void Add(pdlt_panel *panel, pdlt_series_kind kind, const std::vector<double> &x,
         const std::vector<double> &y, const std::vector<double> &lo = {},
         const std::vector<double> &hi = {}, const char *label = nullptr) {
  pdlt_series s{};
  pdlt_error err;
  s.kind = kind;
  s.n = x.size();
  s.x = x.data();
  s.y = y.data();
  s.lo = lo.empty() ? nullptr : lo.data();
  s.hi = hi.empty() ? nullptr : hi.data();
  s.color = PDLT_BLUE;
  s.alpha = kind == PDLT_SERIES_BAND ? 0.3 : 1;
  s.label = label;
  ASSERT_EQ(pdlt_panel_add(panel, &s, &err), PDLT_OK);
}

pdlt_plot *Example() {
  pdlt_plot *plot = NewPlot(1, 2);
  pdlt_panel *panel = pdlt_plot_panel(plot, 0);
  std::vector<double> x{1, 2, 4, 8}, y{1, 0.5, 0.2, 0.1}, lo{0.9, 0.4, -0.1, 0},
      hi{1.1, 0.6, 0.5, 0.2};
  pdlt_panel_x(panel)->kind = PDLT_AXIS_LOG;
  pdlt_panel_y(panel)->kind = PDLT_AXIS_LOG;
  std::snprintf(pdlt_panel_x(panel)->label, 100, "width <i>n</i>");
  Add(panel, PDLT_SERIES_BAND, x, y, lo, hi, "band");
  Add(panel, PDLT_SERIES_LINE, x, y, {}, {}, "line 10<sup>-3</sup>");
  Add(panel, PDLT_SERIES_MARKS, x, y, lo, hi, "marks");
  const double cells[6] = {1, 2, NAN, 4, 5, 6};
  EXPECT_EQ(
      pdlt_panel_heat(pdlt_plot_panel(plot, 1), 2, 3, cells, PDLT_MAP_DIVERGING, NAN, NAN, nullptr),
      PDLT_OK);
  return plot;
}

double Uniform(std::mt19937_64 &engine, double lo, double hi) {
  return lo + (hi - lo) * (double)(engine() >> 11) / 9007199254740992.0;
}

void CheckTicks(pdlt_axis_kind kind, double lo, double hi, double threshold) {
  pdlt_ticks ticks;
  pdlt_ticks_make(&ticks, kind, lo, hi, threshold);
  SCOPED_TRACE(testing::Message() << "kind " << kind << " lo " << lo << " hi " << hi);
  ASSERT_GE(ticks.count, 3u);
  ASSERT_LE(ticks.count, 9u);
  for (size_t i = 0; i < ticks.count; i++) {
    EXPECT_GE(ticks.at[i], lo - 1e-9 * std::fabs(lo));
    EXPECT_LE(ticks.at[i], hi + 1e-9 * std::fabs(hi));
    EXPECT_STRNE(ticks.label[i], "");
    if (i == 0) continue;
    EXPECT_GT(ticks.at[i], ticks.at[i - 1]);
    EXPECT_STRNE(ticks.label[i], ticks.label[i - 1]);
  }
  if (kind != PDLT_AXIS_LINEAR) return;
  // the ticks cover the range: less than one step is left at either end
  const double step = ticks.at[1] - ticks.at[0];
  EXPECT_LT(ticks.at[0] - lo, 1.0001 * step);
  EXPECT_LT(hi - ticks.at[ticks.count - 1], 1.0001 * step);
}

TEST(PlotTicks, LinearRangesGetThreeToNine) {
  std::mt19937_64 engine(1);
  for (int i = 0; i < 3000; i++) {
    const double size = std::pow(10, Uniform(engine, -12, 12));
    const double lo = size * Uniform(engine, -3, 3);
    CheckTicks(PDLT_AXIS_LINEAR, lo, lo + size * Uniform(engine, 0.05, 5), 1);
  }
}

TEST(PlotTicks, LogRangesGetThreeToNine) {
  std::mt19937_64 engine(2);
  for (int i = 0; i < 3000; i++) {
    const double lo = std::pow(10, Uniform(engine, -100, 100));
    CheckTicks(PDLT_AXIS_LOG, lo, lo * std::pow(10, Uniform(engine, 0.02, 40)), 1);
  }
}

TEST(PlotTicks, Log1pRangesGetThreeToNineAndHoldZero) {
  std::mt19937_64 engine(3);
  for (int i = 0; i < 1000; i++) {
    const double threshold = std::pow(10, Uniform(engine, -4, 2));
    const double hi = threshold * std::pow(10, Uniform(engine, 0.1, 9));
    const double lo = i % 2 ? 0 : -hi * Uniform(engine, 0.01, 1);
    CheckTicks(PDLT_AXIS_LOG1P, lo, hi, threshold);
    pdlt_ticks ticks;
    pdlt_ticks_make(&ticks, PDLT_AXIS_LOG1P, lo, hi, threshold);
    bool zero = false;
    for (size_t k = 0; k < ticks.count; k++) zero |= ticks.at[k] == 0;
    EXPECT_TRUE(zero);
  }
}

TEST(PlotTicks, DecadesAreLabelledAsPowers) {
  pdlt_ticks ticks;
  pdlt_ticks_make(&ticks, PDLT_AXIS_LOG, 5e-4, 2, 1);
  ASSERT_EQ(ticks.count, 4u);
  EXPECT_STREQ(ticks.label[0], "10<sup>\u22123</sup>");
  EXPECT_STREQ(ticks.label[3], "10<sup>0</sup>");
  EXPECT_EQ(ticks.minor_count, 5u + 8 + 8 + 8 + 1);
}

TEST(PlotTicks, LinearLabelsUseTheMinusSignAndACommonPower) {
  pdlt_ticks ticks;
  pdlt_ticks_make(&ticks, PDLT_AXIS_LINEAR, -2e-6, 2e-6, 1);
  EXPECT_EQ(ticks.exponent, -6);
  EXPECT_STREQ(ticks.label[0], "\u22122");
  pdlt_ticks_make(&ticks, PDLT_AXIS_LINEAR, -0.5, 1, 1);
  EXPECT_EQ(ticks.exponent, 0);
  EXPECT_STREQ(ticks.label[0], "\u22120.5");
}

// Ends that differ by rounding, or by nothing, or not by a number: no tick, and an end.
TEST(PlotTicks, RangesWithoutRoomGetNone) {
  for (double lo : {0.1, -0.1, 1.0, 1e-300, 1e300, 3e17})
    for (double hi : {lo, std::nextafter(lo, INFINITY), std::nextafter(lo, -INFINITY), (double)NAN,
                      (double)INFINITY})
      for (pdlt_axis_kind kind : {PDLT_AXIS_LINEAR, PDLT_AXIS_LOG, PDLT_AXIS_LOG1P}) {
        pdlt_ticks ticks;
        pdlt_ticks_make(&ticks, kind, lo, hi, 1);
        EXPECT_LE(ticks.count, 9u) << lo << " " << hi;
        EXPECT_LE(ticks.minor_count, (size_t)PDLT_MINOR_TICKS_MAX);
      }
}

// A constant measured to rounding has an axis around it.
TEST(PlotData, ConstantsHaveAnAxisAroundThem) {
  for (double value : {0.1, -0.1, 1.0, 1e-280, 1e17, 1e280}) {
    const std::vector<double> y = {value, std::nextafter(value, INFINITY), value};
    pdlt_plot *plot = NewPlot(1, 2);
    pdlt_panel *panel = pdlt_plot_panel(plot, 0), *heat = pdlt_plot_panel(plot, 1);
    Add(panel, PDLT_SERIES_MARKS, y, y, {}, {}, "marks");
    ASSERT_EQ(pdlt_panel_heat(heat, 1, 3, y.data(), PDLT_MAP_SEQUENTIAL, NAN, NAN, nullptr),
              PDLT_OK);
    for (int vertical = 0; vertical < 2; vertical++) {
      double lo = 0, hi = 0;
      pdlt_ticks ticks;
      pdlt_panel_range(panel, vertical, &lo, &hi);
      EXPECT_LT(lo, value);
      EXPECT_GT(hi, value);
      pdlt_ticks_make(&ticks, PDLT_AXIS_LINEAR, lo, hi, 1);
      EXPECT_GE(ticks.count, 3u) << value;
    }
    pdlt_axis *axis = pdlt_panel_y(panel);  // ends that are asked for are as close
    axis->lo = y[0];
    axis->hi = y[1];
    EXPECT_NE(Svg(plot).find("</svg>"), std::string::npos);
    pdlt_plot_free(plot);
  }
}

TEST(PlotFiles, AreReproducible) {
  pdlt_plot *first = Example(), *second = Example();
  const std::string svg = Svg(first), pdf = Pdf(first);
  EXPECT_EQ(svg, Svg(second));
  EXPECT_EQ(svg, Svg(first));
  EXPECT_EQ(pdf, Pdf(second));
  EXPECT_EQ(svg.compare(0, 5, "<?xml"), 0);
  EXPECT_EQ(pdf.compare(0, 5, "%PDF-"), 0);
  EXPECT_NE(pdf.find("20000101000000Z"), std::string::npos);
  Folder folder;
  pdlt_provenance from{"title", "hash", nullptr, "7"};
  const std::string a = folder.path + "/a.png", b = folder.path + "/b.png";
  ASSERT_EQ(pdlt_plot_write_png(first, &from, a.c_str(), nullptr), PDLT_OK);
  ASSERT_EQ(pdlt_plot_write_png(second, &from, b.c_str(), nullptr), PDLT_OK);
  EXPECT_GT(ReadFile(a).size(), 1000u);
  EXPECT_EQ(ReadFile(a), ReadFile(b));
  pdlt_plot_free(first);
  pdlt_plot_free(second);
}

TEST(PlotFiles, PngHasTwiceTheSizeAndItsProvenance) {
  Folder folder;
  const std::string path = folder.path + "/a.png";
  pdlt_plot *plot = Example();
  pdlt_provenance from{"a title", "0123abcd", "commit7", nullptr};
  ASSERT_EQ(pdlt_plot_write_png(plot, &from, path.c_str(), nullptr), PDLT_OK);
  const std::string svg = Svg(plot), bytes = ReadFile(path);
  double width = 0, height = 0;
  ASSERT_EQ(
      std::sscanf(svg.c_str() + svg.find("viewBox"), "viewBox=\"0 0 %lf %lf", &width, &height), 2);
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  ASSERT_TRUE(png_image_begin_read_from_file(&image, path.c_str()));
  EXPECT_EQ(image.width, (unsigned)(2 * width));
  EXPECT_EQ(image.height, (unsigned)(2 * height));
  png_image_free(&image);
  for (const char *text : {"tEXtTitle", "a title", "0123abcd", "commit7"})
    EXPECT_NE(bytes.find(text), std::string::npos) << text;
  EXPECT_EQ(bytes.find("Seed"), std::string::npos);
  pdlt_plot_free(plot);
}

// The title of a picture stands over the middle of its panel. The frame begins with the first row that is inked
// over the width of the panel; what is above it is the title.
TEST(PlotFiles, TitlesOfPicturesStandOverTheirPanels) {
  Folder folder;
  const std::string path = folder.path + "/a.png";
  pdlt_plot *plot = NewPlot();
  pdlt_panel_title(pdlt_plot_panel(plot, 0), "mmmm");
  Add(pdlt_plot_panel(plot, 0), PDLT_SERIES_LINE, {0, 1}, {0, 1});
  const pdlt_provenance from{};
  ASSERT_EQ(pdlt_plot_write_png(plot, &from, path.c_str(), nullptr), PDLT_OK);
  pdlt_plot_free(plot);
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  ASSERT_TRUE(png_image_begin_read_from_file(&image, path.c_str()));
  image.format = PNG_FORMAT_GRAY;
  std::vector<unsigned char> grey(PNG_IMAGE_SIZE(image));
  ASSERT_TRUE(png_image_finish_read(&image, nullptr, grey.data(), 0, nullptr));
  unsigned first = image.width, last = 0; /* of the title */
  bool framed = false;
  for (unsigned row = 0; row < image.height && !framed; row++) {
    unsigned left = image.width, right = 0, count = 0;
    for (unsigned k = 0; k < image.width; k++) {
      if (grey[row * image.width + k] > 200) continue;
      left = std::min(left, k), right = k, count++;
    }
    framed = count >= 400; /* 200 points wide */
    if (framed) {
      EXPECT_GT(last, first + 50);
      EXPECT_NEAR(first + last, left + right, 3);
    }
    first = std::min(first, left), last = std::max(last, right);
  }
  EXPECT_TRUE(framed);
}

// Of a whole one no object that a font is can be taken away.
TEST(PlotFiles, PdfHasTheFontsThatItNames) {
  pdlt_plot *plot = Example();
  const std::string whole = Pdf(plot);
  pdlt_plot_free(plot);
  EXPECT_EQ(pdlt_pdf_has_fonts(whole.data(), whole.size()), 1);
  size_t fonts = 0;
  for (size_t at = whole.find("/f-"); at != std::string::npos; at = whole.find("/f-", at + 1)) {
    int group, subset, number;
    if (std::sscanf(whole.c_str() + at, "/f-%d-%d %d 0 R", &group, &subset, &number) != 3) continue;
    std::string lacking = whole;
    const std::string object = "\n" + std::to_string(number) + " 0 obj";
    ASSERT_NE(lacking.find(object), std::string::npos);
    lacking[lacking.find(object) + object.size() - 1] = 'x';
    EXPECT_EQ(pdlt_pdf_has_fonts(lacking.data(), lacking.size()), 0) << object;
    fonts++;
  }
  EXPECT_GT(fonts, 0u);
  EXPECT_EQ(pdlt_pdf_has_fonts("/f-", 3), 1);
}

TEST(PlotFiles, UnwritablePathIsAnError) {
  pdlt_plot *plot = Example();
  pdlt_provenance from{};
  pdlt_error err;
  EXPECT_EQ(pdlt_plot_write_png(plot, &from, "/proc/none/a.png", &err), PDLT_ERR_IO);
  pdlt_plot_free(plot);
}

// Anything may come as data; a drawing comes out.
TEST(PlotData, HostileValuesAreDrawn) {
  const double inf = INFINITY, big = std::numeric_limits<double>::max(),
               small = std::numeric_limits<double>::denorm_min();
  const std::vector<std::vector<double>> cases = {{},
                                                  {0},
                                                  {NAN, NAN},
                                                  {-1, -2, 0},
                                                  {big, -big, 1},
                                                  {small, 2 * small},
                                                  {inf, 1, -inf, 2},
                                                  {1e300, 1e-300},
                                                  {5, 5, 5},
                                                  {1, NAN, 2, 3}};
  for (pdlt_axis_kind kind : {PDLT_AXIS_LINEAR, PDLT_AXIS_LOG, PDLT_AXIS_LOG1P})
    for (const auto &y : cases) {
      pdlt_plot *plot = NewPlot();
      pdlt_panel *panel = pdlt_plot_panel(plot, 0);
      pdlt_panel_x(panel)->kind = pdlt_panel_y(panel)->kind = kind;
      pdlt_panel_x(panel)->threshold = pdlt_panel_y(panel)->threshold = 1;
      const std::vector<double> nan(y.size(), NAN);
      Add(panel, PDLT_SERIES_LINE, y, y, {}, {}, "a line");
      Add(panel, PDLT_SERIES_MARKS, y, y, nan, nan, "marks");
      Add(panel, PDLT_SERIES_BAND, y, y, y, y, "band");
      const std::string svg = Svg(plot);
      EXPECT_NE(svg.find("</svg>"), std::string::npos);
      EXPECT_EQ(svg.find("nan"), std::string::npos);
      pdlt_plot_free(plot);
    }
}

// A log axis leaves out what is not positive and draws the rest as if it were alone.
TEST(PlotData, LogAxisLeavesOutNonPositiveMarks) {
  std::string svg[2];
  for (int k = 0; k < 2; k++) {
    pdlt_plot *plot = NewPlot();
    pdlt_panel *panel = pdlt_plot_panel(plot, 0);
    pdlt_panel_y(panel)->kind = PDLT_AXIS_LOG;
    pdlt_panel_x(panel)->lo = 0;
    pdlt_panel_x(panel)->hi = 5;
    if (k == 0)
      Add(panel, PDLT_SERIES_MARKS, {1, 2, 3, 4}, {0, 10, -5, 1000});
    else
      Add(panel, PDLT_SERIES_MARKS, {2, 4}, {10, 1000});
    svg[k] = Svg(plot);
    pdlt_plot_free(plot);
  }
  EXPECT_EQ(svg[0], svg[1]);
}

// A bar that reaches far below its mark does not stretch a log axis; a band does, and on a linear axis both.
TEST(PlotData, BarsBelowMarksDoNotStretchALogAxis) {
  for (const pdlt_axis_kind axis : {PDLT_AXIS_LINEAR, PDLT_AXIS_LOG})
    for (const pdlt_series_kind kind : {PDLT_SERIES_MARKS, PDLT_SERIES_BAND}) {
      pdlt_plot *plot = NewPlot();
      pdlt_panel *panel = pdlt_plot_panel(plot, 0);
      pdlt_panel_y(panel)->kind = axis;
      Add(panel, kind, {1, 2}, {10, 20}, {1e-6, 5}, {11, 1000});
      const bool log = axis == PDLT_AXIS_LOG, squeezed = log && kind == PDLT_SERIES_MARKS;
      const double least = log ? std::log10(squeezed ? 10 : 1e-6) : 1e-6, most = log ? 3 : 1000,
                   margin = 0.05 * (most - least);
      double lo = 0, hi = 0;
      pdlt_panel_range(panel, 1, &lo, &hi);
      EXPECT_NEAR(lo, least - margin, 1e-9) << axis << kind;
      EXPECT_NEAR(hi, most + margin, 1e-9) << axis << kind;
      pdlt_plot_free(plot);
    }
}

TEST(PlotData, BadMarkupIsDrawnAsText) {
  pdlt_plot *plot = NewPlot();
  pdlt_panel *panel = pdlt_plot_panel(plot, 0);
  pdlt_panel_title(panel, "<script>&\"");
  Add(panel, PDLT_SERIES_LINE, {0, 1}, {0, 1});
  EXPECT_NE(Svg(plot).find("</svg>"), std::string::npos);
  pdlt_plot_free(plot);
}

TEST(PlotData, EmptyHeatMapsAndPanelsAreFine) {
  pdlt_plot *plot = NewPlot(2, 2);
  const double none[1] = {NAN};
  ASSERT_EQ(
      pdlt_panel_heat(pdlt_plot_panel(plot, 0), 0, 0, none, PDLT_MAP_SEQUENTIAL, NAN, NAN, nullptr),
      PDLT_OK);
  ASSERT_EQ(
      pdlt_panel_heat(pdlt_plot_panel(plot, 1), 1, 1, none, PDLT_MAP_DIVERGING, NAN, NAN, nullptr),
      PDLT_OK);
  EXPECT_NE(Svg(plot).find("</svg>"), std::string::npos);
  EXPECT_EQ(pdlt_plot_panel(plot, 4), nullptr);
  pdlt_plot_free(plot);
}

TEST(PlotNew, ChecksItsInput) {
  pdlt_plot *plot = nullptr;
  EXPECT_EQ(pdlt_plot_new(&plot, 0, 1, 10, 10, nullptr), PDLT_ERR_INTERNAL);
  EXPECT_EQ(pdlt_plot_new(&plot, 1, 1, NAN, 10, nullptr), PDLT_ERR_INTERNAL);
  EXPECT_EQ(plot, nullptr);
}

TEST(PlotMemory, FailingAllocationsAreReported) {
  pdlt_plot *plot = Example();
  for (long calls = 0; calls < 3; calls++) {
    char *bytes = nullptr;
    size_t size = 0;
    pdlt_memory_fail_after(calls);
    const pdlt_status status = pdlt_plot_svg(plot, &bytes, &size, nullptr);
    pdlt_memory_fail_after(-1);
    EXPECT_EQ(status, PDLT_ERR_MEMORY) << calls;
    EXPECT_EQ(bytes, nullptr);
  }
  pdlt_plot_free(plot);
}

}  // namespace
