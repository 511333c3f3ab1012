// Figures of chosen quantities, times and samples, one by one; the numbers beside them are those of the archives.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "base/core/memory.h"
#include "compare/figure/figure.h"
#include "tests/cli/support.h"
#include "tests/compare/csv.h"
#include "tests/compare/fake.h"

namespace {

// A made-up comparison with everything, its figures by name.
struct Drawn {
  TempFolder folder;
  Fake fake;
  pdlt_figure_keys keys{};
  pdlt_error err{};
  std::string caption;

  Drawn() {
    fake.nlo = fake.order1 = true;
    fake.times = 12;
    fake.Make();
    fake.keys = &keys;
  }
  void Quantities(const std::vector<int> &list) {
    for (const int k : list) keys.quantities[k] = 1, keys.num_quantities++;
  }
  void Samples(const std::vector<int> &list) {
    for (const int s : list) keys.samples[keys.num_samples++] = s;
  }
  void Times(const std::vector<size_t> &list) {
    for (const size_t t : list) keys.times[keys.num_times++] = fake.Time(t);
  }
  pdlt_status Write(const std::string &name, const std::string &ending = ".svg") {
    const pdlt_figure_input in = fake.Input();
    char *text = nullptr;
    const pdlt_status status =
        pdlt_figure_write(&in, name.c_str(), (folder / (name + ending)).c_str(), &text, &err);
    caption = text != nullptr ? text : "";
    pdlt_free(text);
    return status;
  }
  std::vector<CsvRow> Rows(const std::string &name) {
    EXPECT_EQ(Write(name), PDLT_OK) << err.message;
    return ReadCsv(folder / (name + ".csv"));
  }
  const double *Measured(const std::string &name) {
    return pdlt_archive_get(&fake.measured, name.c_str())->data;
  }
  const double *Theory(const std::string &name) {
    return pdlt_archive_get(&fake.theory, name.c_str())->data;
  }
};

// Names of all figures that are made.
std::set<std::string> Made(Drawn &d) {
  std::set<std::string> names;
  pdlt_figure_list list{};
  const pdlt_figure_input in = d.fake.Input();
  EXPECT_EQ(pdlt_figures_write(&in, d.folder.path().c_str(), &list, nullptr, &d.err), PDLT_OK)
      << d.err.message;
  for (size_t i = 0; i < list.count; i++) names.insert(list.items[i].stem);
  pdlt_figure_list_free(&list);
  return names;
}

std::set<std::string> Titles(const std::vector<CsvRow> &rows) {
  std::set<std::string> titles;
  for (const CsvRow &row : rows) titles.insert(row.title);
  return titles;
}

TEST(FigureData, CurvesAreThoseOfTheArchives) {
  Drawn d;
  const auto rows = d.Rows("training_curves");
  const size_t samples = d.fake.samples, shown[] = {0, 1, 2, 3, 4, 5};
  for (const size_t a : shown) {
    const int panel = (int)a + 1;
    const auto mean = CurveOf(rows, panel, "theory, mean");
    const auto measured = CurveOf(rows, panel, "measured, n = 16");
    const auto band = CurveOf(rows, panel,
                              "theory, \xc2\xb1"
                              "1 standard deviation");
    ASSERT_EQ(mean.size(), d.fake.times);
    ASSERT_EQ(measured.size(), d.fake.times);
    ASSERT_EQ(band.size(), d.fake.times);
    for (size_t t = 0; t < d.fake.times; t++) {
      const size_t at = t * samples + a;
      const double z = d.Measured("n16/z")[at], se = d.Measured("n16/z_se")[at];
      EXPECT_EQ(mean[t].x, d.fake.Time(t));
      EXPECT_EQ(mean[t].y, d.Theory("z_lo")[at]);
      EXPECT_EQ(measured[t].y, z);
      EXPECT_EQ(measured[t].low, z - se);
      EXPECT_EQ(measured[t].high, z + se);
      EXPECT_NEAR(band[t].high - band[t].low, 2 * std::sqrt(d.Theory("cov_lo")[at * samples + a]),
                  1e-12);
    }
    const auto network = CurveOf(rows, panel, "network 3, n = 16");
    ASSERT_EQ(network.size(), d.fake.times);
    EXPECT_EQ(network[5].y, d.Measured("n16/samples/z")[(2 * d.fake.times + 5) * samples + a]);
  }
  const auto cells = CurveOf(d.Rows("kernels"), 2, "cells");
  ASSERT_EQ(cells.size(), samples * samples);
  for (const CsvRow &cell : cells)
    EXPECT_EQ(cell.value,
              d.Measured("n128/K")[((size_t)cell.y - 1) * samples + (size_t)cell.x - 1]);
}

// A quantity without error bars at any width has no panel; where that is so of all there is no figure.
TEST(FigureData, QuantitiesWithoutErrorBarsHaveNoPanel) {
  for (const bool all : {false, true}) {
    Drawn d;
    d.Quantities({PDLT_QUANTITY_Z, PDLT_QUANTITY_K});
    const std::vector<double> unknown(4, NAN);
    for (pdlt_compare_row &row : d.fake.rows)
      if (all || std::string(row.quantity) == "K") row.se = unknown.data();
    if (all) {
      EXPECT_EQ(d.Write("width_scaling"), PDLT_ERR_INPUT);
    } else {
      EXPECT_EQ(Titles(d.Rows("width_scaling")), std::set<std::string>{"z"});
      EXPECT_FALSE(Has(d.caption, "K")) << d.caption;
    }
  }
}

// The lines of the expected slopes go through the widest distance that is known to a tenth, its noise
// taken off: the widest where all are sharp, one before it where that one only stands clear.
TEST(FigureData, GuidesGoThroughTheWidestSharpPoint) {
  for (const double noise : {1e-5, 6e-3}) {
    Drawn d;
    Fake one;
    one.nlo = true;
    one.noise = noise;
    one.keys = &d.keys;
    one.Make();
    d.Quantities({PDLT_QUANTITY_Z});
    d.Samples({3});
    d.Times({10});
    const pdlt_figure_input in = one.Input();
    ASSERT_EQ(
        pdlt_figure_write(&in, "width_scaling", (d.folder / "f.svg").c_str(), nullptr, &d.err),
        PDLT_OK)
        << d.err.message;
    const auto rows = ReadCsv(d.folder / "f.csv");
    const auto guide = CurveOf(rows, 1,
                               "slope \xe2\x88\x92"
                               "1");
    const auto points = CurveOf(rows, 1, "from infinite width"),
               floor = CurveOf(rows, 1, "noise floor");
    ASSERT_EQ(points.size(), 4u); /* all stand clear */
    ASSERT_EQ(guide.size(), 4u);
    size_t at = 3;
    while (points[at].high - points[at].y > 0.1 * points[at].y) at--;
    EXPECT_EQ(at, noise < 1e-3 ? 3u : 2u);
    const double coefficient =
        std::sqrt(std::pow(points[at].y, 2) - std::pow(floor[at].y, 2)) * points[at].x;
    for (const CsvRow &row : guide) EXPECT_NEAR(row.y * row.x, coefficient, 1e-12) << noise;
  }
}

// Root mean square of measured - infinite width, summed anew over the rows that are left.
TEST(FigureData, DistancesAreOfTheRowsThatAreLeft) {
  for (const bool chosen : {false, true}) {
    Drawn d;
    d.Quantities({PDLT_QUANTITY_Z});
    if (chosen) d.Samples({2, 5});
    if (chosen) d.Times({3, 7});
    const auto rows = d.Rows("width_scaling");
    EXPECT_EQ(Titles(rows), std::set<std::string>{"z"});
    const std::vector<size_t> samples =
        chosen ? std::vector<size_t>{1, 4} : std::vector<size_t>{0, 1, 2, 3, 4, 5};
    std::set<std::pair<size_t, double>> numbers; /* the rows that the comparison has */
    for (size_t w = 0; w < 4; w++) {
      double square = 0, count = 0;
      for (const pdlt_compare_row &row : d.fake.rows) {
        const bool of_sample =
            std::find(samples.begin(), samples.end(), row.index[row.ndim - 1]) != samples.end();
        const bool of_time = !chosen || row.time == d.fake.Time(3) || row.time == d.fake.Time(7);
        if (std::string(row.quantity) != "z" || !of_sample || !of_time) continue;
        numbers.insert({row.index[row.ndim - 1], row.time});
        square += std::pow(row.measured[w] - row.lo, 2);
        count++;
      }
      auto point = CurveOf(rows, 1, "from infinite width");
      const auto noise = CurveOf(rows, 1, "from infinite width, not fitted");
      point.insert(point.end(), noise.begin(), noise.end());
      ASSERT_EQ(point.size(), 4u);
      bool found = false;
      for (const CsvRow &p : point) {
        if (p.x != d.fake.widths[w]) continue;
        found = true;
        EXPECT_NEAR(p.y, std::sqrt(square / count), 1e-12);
        EXPECT_GT(p.high, p.y);
      }
      EXPECT_TRUE(found) << w;
    }
    EXPECT_EQ(numbers.size() == 4, chosen);
  }
}

TEST(FigureSelect, Quantities) {
  Drawn all, z, kernel;
  z.Quantities({PDLT_QUANTITY_Z});
  kernel.Quantities({PDLT_QUANTITY_K, PDLT_QUANTITY_LOSS_TEST});
  const auto names = Made(all);
  EXPECT_GE(names.size(), 13u);
  EXPECT_EQ(Made(z), (std::set<std::string>{"extrapolation", "finite_width", "first_order", "parts",
                                            "training_curves", "width_scaling"}));
  const auto of_kernel = Made(kernel);
  EXPECT_EQ(of_kernel.count("kernels") + of_kernel.count("depth") +
                of_kernel.count("learning_curves") + of_kernel.count("training_curves"),
            3u);
  EXPECT_EQ(Titles(kernel.Rows("kernels")).count("\xce\x98 predicted, order 1/n"), 0u);
  EXPECT_EQ(Titles(kernel.Rows("learning_curves")), std::set<std::string>{"test samples"});
  EXPECT_EQ(Titles(kernel.Rows("depth")), std::set<std::string>{"K"});
}

TEST(FigureSelect, TimesAndSamples) {
  Drawn d;
  d.Samples({5, 2});
  d.Times({0, 4, 9});
  for (const char *name : {"training_curves", "finite_width", "spread"}) {
    const auto rows = name == std::string("spread") ? std::vector<CsvRow>{} : d.Rows(name);
    if (rows.empty()) continue;
    EXPECT_EQ(Titles(rows), (std::set<std::string>{"test sample 1", "training sample 2"})) << name;
    EXPECT_EQ(rows[0].title, "test sample 1") << name; /* in the order that was asked for */
    for (const CsvRow &row : rows)
      EXPECT_TRUE(row.x == d.fake.Time(0) || row.x == d.fake.Time(4) || row.x == d.fake.Time(9))
          << name << " " << row.x;
  }
  const auto mean = CurveOf(d.Rows("training_curves"), 2, "measured, n = 128");
  ASSERT_EQ(mean.size(), 3u);
  EXPECT_EQ(mean[1].y, d.Measured("n128/z")[4 * 6 + 1]);
  const auto cells = CurveOf(d.Rows("kernels"), 2, "cells");
  ASSERT_EQ(cells.size(), 4u);
  EXPECT_EQ(cells[1].x, 2);
  EXPECT_EQ(cells[1].y, 5);
  EXPECT_EQ(cells[1].value, d.Measured("n128/K")[4 * 6 + 1]);
  const auto change = d.Rows("ntk_change");
  EXPECT_EQ(Titles(change),
            (std::set<std::string>{"\xce\x98, test 1, test 1", "\xce\x98, test 1, training 2",
                                   "\xce\x98, training 2, training 2"}));
  const auto losses = CurveOf(d.Rows("learning_curves"), 1, "measured, n = 32");
  ASSERT_EQ(losses.size(), 3u);
  EXPECT_EQ(losses[2].y, d.Measured("n32/loss_train")[9]);
  const auto parts = CurveOf(d.Rows("parts"), 1, "sum, predicted"); /* of the last time left */
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_EQ(parts[0].x, 1);
  EXPECT_EQ(parts[0].y, d.Theory("z_nlo")[9 * 6 + 4]);
}

TEST(FigureSelect, WhatIsNotThereIsNamed) {
  Drawn d;
  EXPECT_EQ(d.Write("nonsense"), PDLT_ERR_INPUT);
  EXPECT_EQ(
      std::string(d.err.message).rfind("\"nonsense\" is no figure; figures are width_scaling, ", 0),
      0u)
      << d.err.message;
  EXPECT_EQ(d.Write("kernels", ".jpg"), PDLT_ERR_INPUT);
  EXPECT_NE(std::string(d.err.message).find("ends in .pdf, .svg or .png"), std::string::npos);
  EXPECT_EQ(d.Write("kernels", ""), PDLT_ERR_INPUT);
  EXPECT_EQ(d.Write("initial_density"), PDLT_ERR_INPUT);
  EXPECT_EQ(std::string(d.err.message).rfind("initial_density: ", 0), 0u) << d.err.message;
  d.Samples({7});
  EXPECT_EQ(d.Write("kernels"), PDLT_ERR_INPUT);
  EXPECT_STREQ(d.err.message, "figures.samples: 7, but there are 6 samples");
  d.keys = {};
  d.keys.times[d.keys.num_times++] = 0.5;
  EXPECT_EQ(d.Write("kernels"), PDLT_ERR_INPUT);
  EXPECT_EQ(
      std::string(d.err.message).rfind("figures.times: 0.5 is not recorded; recorded are 0, ", 0),
      0u)
      << d.err.message;
  EXPECT_TRUE(std::filesystem::is_empty(d.folder.path()));
}

// One figure is the figure of the folder, and nothing but it and its numbers is written.
TEST(FigureSelect, OneIsThatOfTheFolder) {
  Drawn d;
  Made(d);
  for (const char *ending : {".svg", ".pdf", ".png"}) {
    ASSERT_EQ(d.Write("first_order", ending), PDLT_OK) << d.err.message;
    for (const std::string &end : {std::string(ending), std::string(".csv")}) {
      EXPECT_EQ(read_text(d.folder / ("first_order" + end)),
                read_text(d.folder / ("figures/first_order" + end)))
          << end;
      std::filesystem::remove(d.folder / ("first_order" + end));
    }
  }
  EXPECT_EQ(d.caption.find('<'), std::string::npos) << d.caption;
  size_t files = 0;
  for (const auto &entry : std::filesystem::directory_iterator(d.folder.path()))
    files += entry.is_regular_file();
  EXPECT_EQ(files, 0u);
}

// A number that cannot be written leaves no file behind.
TEST(FigureSelect, NoFolderNoFile) {
  Drawn d;
  const pdlt_figure_input in = d.fake.Input();
  EXPECT_EQ(
      pdlt_figure_write(&in, "kernels", (d.folder / "none/kernels.svg").c_str(), nullptr, &d.err),
      PDLT_ERR_IO);
  EXPECT_TRUE(std::filesystem::is_empty(d.folder.path()));
}

}  // namespace
