// Figures of a made-up comparison: what exists, what it says, and that it is reproducible.
#include "compare/figure/figure.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include "base/file/file.h"
#include "compare/figure/internal.h"
#include "tests/compare/fake.h"

namespace {

struct Folder {
  std::string path;
  Folder() {
    char name[] = "/tmp/pdlt_figure_XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() {
    for (const char *stem : {"width_scaling", "extrapolation", "training_curves", "finite_width",
                             "kernels", "parts", "learning_curves", "loss_width", "ntk_change",
                             "dntk_change", "depth", "tensors", "first_order", "ntk_fluctuations"})
      for (const char *end : {"png", "svg", "pdf", "csv"})
        std::remove((path + "/figures/" + stem + "." + end).c_str());
    std::remove((path + "/figures").c_str());
    std::remove(path.c_str());
  }
};

std::string ReadFile(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Stems and captions of all figures, checked against the files in the folder.
std::map<std::string, std::string> Write(const Fake &fake, const std::string &folder) {
  std::map<std::string, std::string> captions;
  pdlt_figure_list list{};
  pdlt_error err;
  const pdlt_figure_input in = fake.Input();
  EXPECT_EQ(pdlt_figures_write(&in, folder.c_str(), &list, nullptr, &err), PDLT_OK) << err.message;
  for (size_t i = 0; i < list.count; i++) {
    const pdlt_figure &f = list.items[i];
    captions[f.stem] = f.caption;
    const std::string path = folder + "/figures/" + f.stem;
    EXPECT_EQ(ReadFile(path + ".svg"), std::string(f.svg, f.svg_size));
    EXPECT_EQ(ReadFile(path + ".png").compare(1, 3, "PNG"), 0);
    EXPECT_EQ(ReadFile(path + ".pdf").compare(0, 5, "%PDF-"), 0);
    EXPECT_STRNE(f.title, "");
  }
  pdlt_figure_list_free(&list);
  return captions;
}

TEST(Figures, AllAreMadeAndReproducible) {
  Folder one, two;
  Fake a, b;
  a.Make();
  b.Make();
  const auto first = Write(a, one.path), second = Write(b, two.path);
  EXPECT_EQ(first.size(), 5u);
  EXPECT_EQ(first, second);
  for (const auto &entry : first)
    for (const char *end : {".png", ".svg", ".pdf", ".csv"})
      EXPECT_EQ(ReadFile(one.path + "/figures/" + entry.first + end),
                ReadFile(two.path + "/figures/" + entry.first + end))
          << entry.first << end;
}

// Sets network and eta of the made-up experiment.
void SetExperiment(Fake &fake, const char *activation, double c_w) {
  json_t *experiment = json_object_get(fake.measured.meta, "experiment");
  json_t *network = json_pack("{s:s, s:[f,f], s:[f,f]}", "activation", activation, "C_b", 0.0, 0.0,
                              "C_W", c_w, c_w);
  json_object_update(json_object_get(experiment, "network"), network);
  json_decref(network);
  json_object_set_new(experiment, "training", json_pack("{s:f}", "eta", 0.05));
}

// The number after the last occurrence of `before` in a caption.
double LastNumberAfter(const std::string &text, const std::string &before) {
  const size_t at = text.rfind(before);
  EXPECT_NE(at, std::string::npos) << before << " in: " << text;
  return at == std::string::npos ? NAN : std::strtod(text.c_str() + at + before.size(), nullptr);
}

// Caption of one figure alone.
std::string Caption(const Fake &fake, const std::string &folder,
                    pdlt_status (*figure)(pdlt_figure_job *, pdlt_error *)) {
  pdlt_figure_list list{};
  pdlt_error err;
  const pdlt_figure_input in = fake.Input();
  const std::string path = folder + "/figures";
  EXPECT_EQ(pdlt_folder_make(path.c_str(), &err), PDLT_OK);
  pdlt_figure_job job{&in, path.c_str(), {}, &list, nullptr};
  EXPECT_EQ(figure(&job, &err), PDLT_OK) << err.message;
  std::string caption = list.count ? list.items[0].caption : "";
  pdlt_figure_list_free(&list);
  return caption;
}

// Points on a polynomial of degree 4 without noise to speak of: the fit of degree 2 goes through
// them with the powers beyond, and misses the last one without them.
TEST(Extrapolation, CurveIsTheFitOfTheVerdict) {
  const double truth[] = {1, -2, 3, 40, -60};
  for (const double power : {1.0, 0.5})
    for (const double beyond : {0.0, 1e4}) {
      Fake fake;
      fake.power = power;
      fake.beyond = beyond;
      fake.Make();
      pdlt_compare_row &row = fake.rows[0];
      double *x = &fake.row_storage[0], *se = x + 4, a[PDLT_FIT_MAX_TERMS];
      const auto value = [&](const double *c, int terms, double h) {
        double y = 0;
        for (int k = terms - 1; k >= 0; k--) y = y * std::pow(h, power) + c[k];
        return y;
      };
      for (size_t w = 0; w < 4; w++) {
        x[w] = value(truth, 5, fake.h[w]);
        se[w] = 1e-6;
      }
      pdlt_error err;
      ASSERT_EQ(pdlt_figure_fit(a, &fake.comparison, &row, &err), PDLT_OK) << err.message;
      const double miss = std::fabs(value(a, 5, fake.h[0]) - x[0]) / se[0];
      EXPECT_EQ(miss<3, beyond> 0) << miss;
      int used[] = {1, 1, 1, 0};  // the widest is left out: three points, three coefficients
      row.used = used;
      row.beyond[0] = 0;
      ASSERT_EQ(pdlt_figure_fit(a, &fake.comparison, &row, &err), PDLT_OK) << err.message;
      for (size_t w = 0; w < 3; w++) EXPECT_NEAR(value(a, 5, fake.h[w]), x[w], 1e-12);
      EXPECT_GT(std::fabs(value(a, 5, fake.h[3]) - x[3]), 1e-4);
      used[2] = 0;
      EXPECT_EQ(pdlt_figure_fit(a, &fake.comparison, &row, &err), PDLT_ERR_NUMERIC);
    }
}

// The curve begins in the intercept that the row holds.
TEST(Extrapolation, CurveBeginsInTheIntercept) {
  for (const double power : {1.0, 0.5})
    for (const double beyond : {0.0, 3.0}) {
      Fake fake;
      fake.power = power;
      fake.beyond = beyond;
      fake.Make();
      double a[PDLT_FIT_MAX_TERMS + PDLT_FIT_BEYOND];
      pdlt_error err;
      for (const pdlt_compare_row &row : fake.rows) {
        ASSERT_EQ(pdlt_figure_fit(a, &fake.comparison, &row, &err), PDLT_OK) << err.message;
        EXPECT_NEAR(a[0], row.c0.value, 1e-9 * row.c0.se);
      }
    }
}

TEST(Extrapolation, CaptionSaysWhichErrorsAndPowers) {
  Folder folder;
  Fake whole, half;
  half.power = 0.5;
  whole.Make();
  half.Make();
  const std::string text = Caption(whole, folder.path, pdlt_figure_extrapolation);
  EXPECT_TRUE(Has(text, "with its total error")) << text;
  EXPECT_TRUE(Has(text, " total errors).")) << text;
  EXPECT_FALSE(Has(text, "<sup>1/2</sup>")) << text;
  EXPECT_TRUE(Has(Caption(half, folder.path, pdlt_figure_extrapolation), "<sup>1/2</sup>"));
  EXPECT_TRUE(Has(Caption(half, folder.path, pdlt_figure_width_scaling), "with half of these"));
  EXPECT_FALSE(Has(Caption(whole, folder.path, pdlt_figure_width_scaling), "with half of these"));
}

TEST(FirstOrder, FiguresAndTheirNumbers) {
  Folder folder;
  Fake fake;
  fake.nlo = fake.order1 = true;
  fake.noise = 5e-4;
  fake.times = 15;
  fake.Make();
  SetExperiment(fake, "relu", 2);
  const auto captions = Write(fake, folder.path);
  EXPECT_EQ(captions.size(), 13u);
  const std::string &tensors = captions.at("tensors");
  EXPECT_TRUE(Has(tensors, "all 512 distinct numbers")) << tensors;
  EXPECT_NEAR(LastNumberAfter(tensors, "Root mean square "), 1, 0.15);
  const std::string &depth = captions.at("depth");
  EXPECT_TRUE(Has(depth, "ratio of theory to it at layer 5: 1.")) << depth;
  EXPECT_TRUE(Has(depth, "= 5 (<i>l</i>")) << depth;
  const std::string &change = captions.at("ntk_change");
  EXPECT_NEAR(LastNumberAfter(change, "prediction, has "), 1, 0.05) << change;
  EXPECT_NEAR(LastNumberAfter(change, "cosine "), 1, 0.01);
  const std::string &differential = captions.at("dntk_change");
  EXPECT_NEAR(LastNumberAfter(differential, "prediction, has "), 1, 0.05) << differential;
  const std::string &loss = captions.at("learning_curves");  // exact up to noise at order 1/n
  EXPECT_LT(LastNumberAfter(loss, "infinite width, "), 0.2) << loss;
  const std::string &kernels = captions.at("kernels");  // K + h G1 is exact: noise is left
  EXPECT_TRUE(Has(kernels, "</i> differs from order 1/<i>n</i>")) << kernels;
  const size_t open = kernels.find('(', kernels.find("differs"));
  EXPECT_LT(std::strtod(kernels.c_str() + open + 1, nullptr), 5) << kernels;
  const std::string &scaling = captions.at("width_scaling");
  EXPECT_NEAR(std::strtod(scaling.c_str() + scaling.find("(from order 1/<i>n</i>): \xe2\x88\x92") +
                              std::strlen("(from order 1/<i>n</i>): \xe2\x88\x92"),
                          nullptr),
              2, 0.1);
}

// With a kink the same figures are made of NAME_half and n^(-1/2); exact theory collapses all widths.
TEST(FirstOrder, FiguresOfHalfPowers) {
  Folder folder;
  Fake fake;
  fake.nlo = fake.order1 = true;
  fake.power = 0.5;
  fake.noise = 5e-4;
  fake.times = 15;
  fake.Make();
  SetExperiment(fake, "relu", 2);
  const auto captions = Write(fake, folder.path);
  EXPECT_EQ(captions.size(), 12u);  // no dNTK
  const std::string order =
      "<i>n</i><sup>\xe2\x88\x92"
      "1/2</sup>";
  for (const char *stem : {"training_curves", "finite_width", "learning_curves"})
    EXPECT_TRUE(Has(captions.at(stem), "order " + order)) << captions.at(stem);
  for (const char *stem : {"finite_width", "parts", "ntk_change", "first_order", "extrapolation"})
    EXPECT_TRUE(Has(captions.at(stem), "<i>h</i><sup>1/2</sup>")) << captions.at(stem);
  const std::string &change = captions.at("ntk_change");
  EXPECT_NEAR(LastNumberAfter(change, "prediction, has "), 1, 0.05) << change;
  const std::string &loss = captions.at("learning_curves");
  EXPECT_LT(LastNumberAfter(loss, "infinite width, "), 0.2) << loss;
  const std::string &scaling = captions.at("width_scaling");
  EXPECT_NEAR(std::strtod(scaling.c_str() + scaling.find("(from order " + order) +
                              std::strlen("(from order ") + order.size() + std::strlen("): -") + 2,
                          nullptr),
              1, 0.05)
      << scaling;
  double square = 0;
  for (size_t a = 4; a < 6; a++) square += std::pow(0.7 * fake.ZSlope(14, a), 2) / 2;
  const std::string &parts = captions.at("parts");
  EXPECT_NEAR(LastNumberAfter(parts, "samples pushed by them ") / std::sqrt(square), 1, 0.01)
      << parts;
  EXPECT_FALSE(Has(parts, "ddNTK")) << parts;
}

// The caption gives the root mean square of each part on the test samples.
TEST(FirstOrder, PartsAreThoseOfTheory) {
  Folder folder;
  Fake fake;
  fake.nlo = fake.order1 = true;
  fake.times = 15;
  fake.Make();
  double square = 0;
  for (size_t a = 4; a < 6; a++) square += std::pow(fake.ZSlope(14, a), 2) / 2;
  const std::string caption = Caption(fake, folder.path, pdlt_figure_parts);
  const char *const labels[] = {"mean NTK ", "NTK fluctuations ", "dNTK ", "linear in <i>y</i> ",
                                "cubic in <i>y</i> "};
  for (int k = 0; k < 5; k++)
    EXPECT_NEAR(LastNumberAfter(caption, labels[k]) / std::sqrt(square), std::fabs(Fake::kShare[k]),
                0.01)
        << labels[k] << caption;
  EXPECT_TRUE(Has(caption, "test samples"));
  Fake train;  // no test samples: training samples are shown
  train.nlo = train.order1 = true;
  train.samples = 4;
  train.Make();
  EXPECT_TRUE(Has(Caption(train, folder.path, pdlt_figure_parts), "training samples"));
  Fake start;  // nothing is trained
  start.nlo = start.order1 = true;
  start.times = 1;
  start.Make();
  EXPECT_EQ(Caption(start, folder.path, pdlt_figure_parts), "");
}

TEST(FirstOrder, EachFigureNeedsItsArrays) {
  Folder folder;
  Fake fake;
  fake.nlo = true;
  fake.Make();
  const auto captions = Write(fake, folder.path);
  for (const char *stem :
       {"parts", "learning_curves", "ntk_change", "dntk_change", "depth", "tensors"})
    EXPECT_EQ(captions.count(stem), 0u) << stem;
  EXPECT_EQ(captions.count("first_order"), 1u);  // z_nlo alone
  EXPECT_TRUE(Has(captions.at("training_curves"), "order 1/<i>n</i>"));
}

// The caption speaks of a law only at criticality, and of the right one.
TEST(FirstOrder, DepthCaptionKnowsTheActivation) {
  Folder folder;
  Fake fake;
  fake.order1 = true;
  fake.Make();
  const std::string plain = Caption(fake, folder.path, pdlt_figure_depth);
  EXPECT_TRUE(Has(plain, "layer by layer"));
  EXPECT_FALSE(Has(plain, "law"));  // tanh, C_b = 0.1
  SetExperiment(fake, "tanh", 1);
  EXPECT_TRUE(Has(Caption(fake, folder.path, pdlt_figure_depth), "1/(2<i>l</i>)"));
  SetExperiment(fake, "sin", 1);
  EXPECT_TRUE(Has(Caption(fake, folder.path, pdlt_figure_depth), "1/<i>l</i>"));
}

// Shares and distances in the caption of the training curves, counted from the arrays.
TEST(Training, CaptionCountsTheMeans) {
  Folder folder;
  Fake fake;
  fake.times = 12;
  fake.Make();
  const std::string caption = Caption(fake, folder.path, pdlt_figure_training);
  for (const int n : {16, 128}) {
    const std::string at = "n" + std::to_string(n);
    const pdlt_array *z = pdlt_archive_getf(&fake.measured, "n%d/z", n);
    const pdlt_array *se = pdlt_archive_getf(&fake.measured, "n%d/z_se", n);
    const pdlt_array *cov = pdlt_archive_get(&fake.theory, "cov_lo");
    const double *lo = pdlt_archive_get(&fake.theory, "z_lo")->data;
    double within = 0, all = 0, far = 0;
    for (size_t t = 0; t < fake.times; t++)
      for (size_t a = 0; a < fake.samples; a++) {
        const size_t k = t * fake.samples + a;
        const double off = std::fabs(z->data[k] - lo[k]);
        all++;
        within += off <= 2 * se->data[k];
        far = std::fmax(far, off / std::sqrt(cov->data[k * fake.samples + a]));
      }
    const std::string before = "<i>n</i> = " + std::to_string(n) + ", ";
    EXPECT_NEAR(LastNumberAfter(caption, before), 100 * within / all, 0.51) << caption;
    const std::string rest = caption.substr(caption.find(before));
    const std::string first = rest.substr(0, rest.find("single network"));
    EXPECT_NEAR(LastNumberAfter(first, "none farther than ") / far, 1, 0.06) << caption;
  }
}

// More numbers than are drawn: the caption says so.
TEST(FirstOrder, CaptionSaysWhenNumbersAreLeftOut) {
  Folder folder;
  Fake few, many;
  few.nlo = many.nlo = few.order1 = many.order1 = true;
  few.times = 3, many.times = 40;
  few.Make();
  many.Make();
  EXPECT_FALSE(Has(Caption(few, folder.path, pdlt_figure_first_order), "At most"));
  EXPECT_TRUE(Has(Caption(many, folder.path, pdlt_figure_first_order), "At most 150 numbers"));
}

// Heat maps show 64 samples at most; the caption says so where there are more.
TEST(Figures, CaptionOfKernelsSaysWhenSamplesAreLeftOut) {
  for (const size_t samples : {64, 65}) {
    Folder folder;
    Fake fake;
    pdlt_figure_keys keys{};
    keys.quantities[PDLT_QUANTITY_K] = 1, keys.num_quantities = 1;
    fake.keys = &keys;
    fake.widths = {32};
    fake.times = 1;
    fake.samples = samples;
    fake.kept = 0;
    fake.Make();
    const std::string caption = Caption(fake, folder.path, pdlt_figure_kernels);
    EXPECT_TRUE(Has(caption, "Predicted and measured")) << caption;
    EXPECT_EQ(Has(caption, " 64 samples are shown."), samples > 64) << caption;
    EXPECT_EQ(Has(caption, "samples are shown"), samples > 64) << caption;
  }
}

// A movement that theory does not predict shows in the projection.
TEST(FirstOrder, WrongMovementOfTheNtkShows) {
  Folder folder;
  Fake fake;
  fake.order1 = true;
  fake.Make();
  const pdlt_array *t = pdlt_archive_get(&fake.theory, "Theta_t_nlo");
  for (size_t i = 0; i < pdlt_array_count(t); i++) t->data[i] = 1 + 2 * (t->data[i] - 1);
  EXPECT_NEAR(
      LastNumberAfter(Caption(fake, folder.path, pdlt_figure_ntk_change), "prediction, has "), 0.5,
      0.05);
}

// PDLT ch. 5: single-input vertex at criticality.
TEST(DepthLaw, KnowsTheBook) {
  const struct {
    const char *activation;
    double c_w, slope, offset, decay;
  } cases[] = {{"linear", 1, 2, -2, 0},
               {"relu", 2, 5, -5, 0},
               {"leaky_relu(0.5)", 1.6, 3 * (1.0625 / 2) / (0.625 * 0.625) - 1,
                1 - 3 * (1.0625 / 2) / (0.625 * 0.625), 0},
               {"tanh", 1, 2.0 / 3, 0, 2},
               {"sin", 1, 2.0 / 3, 0, 1}};
  for (const auto &c : cases) {
    for (const double c_b : {0.0, 0.1})
      for (const double factor : {1.0, 1.01})
        for (const int ratio : {1, 2}) {
          json_t *network =
              json_pack("{s:s, s:[f,f,f], s:f, s:[i,i]}", "activation", c.activation, "C_b", c_b,
                        c_b, c_b, "C_W", c.c_w * factor, "width_ratios", 1, ratio);
          pdlt_depth_law law;
          const bool expected = c_b == 0 && factor == 1 && ratio == 1;
          ASSERT_EQ(pdlt_depth_law_find(&law, network), expected) << c.activation;
          json_decref(network);
          if (!expected) continue;
          EXPECT_NEAR(law.slope, c.slope, 1e-14);
          EXPECT_NEAR(law.offset, c.offset, 1e-14);
          EXPECT_EQ(law.decay, c.decay);
        }
  }
  pdlt_depth_law law;
  json_t *gelu = json_pack("{s:s, s:f, s:f}", "activation", "gelu", "C_b", 0.0, "C_W", 1.0);
  EXPECT_EQ(pdlt_depth_law_find(&law, gelu), 0);
  json_decref(gelu);
  EXPECT_EQ(pdlt_depth_law_find(&law, nullptr), 0);
}

TEST(Figures, OneWidthGivesFiguresWithoutSlopes) {
  Folder folder;
  Fake fake;
  fake.widths = {32};
  fake.kept = 0;
  fake.Make();
  const auto captions = Write(fake, folder.path);
  ASSERT_EQ(captions.count("width_scaling"), 1u);
  EXPECT_TRUE(
      Has(captions.at("width_scaling"), "Fitted slopes: no slope, where fewer than two widths"));
  ASSERT_EQ(captions.count("extrapolation"), 1u);
  EXPECT_NE(captions.at("extrapolation").find("No intercept could be tested"), std::string::npos);
}

TEST(Figures, NoDataGivesNoFigure) {
  Folder folder;
  Fake fake;
  fake.MakeMeasured();
  fake.MakeTheory();
  EXPECT_TRUE(Write(fake, folder.path).count("width_scaling") == 0);
  Fake empty;
  empty.widths = {};
  Folder other;
  EXPECT_TRUE(Write(empty, other.path).empty());
}

TEST(Figures, MissingErrorBarsAreNoError) {
  Folder folder;
  Fake fake;
  fake.Make();
  for (double n : fake.widths)
    for (const char *name : {"z_se", "K_se", "Theta_se"}) {
      const pdlt_array *se = pdlt_archive_getf(&fake.measured, "n%.0f/%s", n, name);
      for (size_t i = 0; i < pdlt_array_count(se); i++) se->data[i] = NAN;
    }
  const size_t count = fake.widths.size();
  for (size_t r = 0; r < fake.rows.size(); r++)
    for (size_t w = 0; w < count; w++) fake.row_storage[(2 * r + 1) * count + w] = NAN;
  for (pdlt_compare_row &row : fake.rows) row.c0.tested = 0;
  const auto captions = Write(fake, folder.path);
  EXPECT_EQ(captions.count("training_curves"), 1u);
  EXPECT_EQ(captions.count("kernels"), 1u);
}

TEST(Figures, FolderThatCannotBeMadeIsAnError) {
  Fake fake;
  fake.Make();
  pdlt_figure_list list{};
  pdlt_error err;
  const pdlt_figure_input in = fake.Input();
  EXPECT_EQ(pdlt_figures_write(&in, "/proc/none", &list, nullptr, &err), PDLT_ERR_IO);
  EXPECT_EQ(list.count, 0u);
}

}  // namespace
