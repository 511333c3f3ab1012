/* figure_test.cpp - pdlt figure: from two results to a drawing and its numbers, as a paper needs them. */
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "tests/cli/support.h"
#include "tests/compare/csv.h"

namespace {

void MakeResults(const TempFolder &folder) {
  write_text(folder / "e.yaml", small_experiment);
  for (const char *command : {"theory e.yaml -o t.npz --quiet", "train e.yaml -o m.npz --quiet"}) {
    const Outcome got = run_pdlt(command, folder.path());
    ASSERT_EQ(got.status, 0) << got.err;
  }
}

TEST(FigureCommand, DrawsOneAndSaysWhatItIs) {
  TempFolder folder;
  MakeResults(folder);
  const Outcome got =
      run_pdlt("figure training_curves t.npz m.npz -o f.pdf --quiet --set figures.width_mm=85",
               folder.path());
  ASSERT_EQ(got.status, 0) << got.err;
  EXPECT_EQ(got.out.rfind("Output on 3 of 3 samples during training", 0), 0u) << got.out;
  const std::string pdf = read_text(folder / "f.pdf");
  const size_t box = pdf.find("/MediaBox [ 0 0 ");
  ASSERT_NE(box, pdf.npos);
  EXPECT_NEAR(std::strtod(pdf.c_str() + box + 16, nullptr), 85 / 25.4 * 72, 0.01);
  EXPECT_FALSE(ReadCsv(folder / "f.csv").empty());
  const Outcome json =
      run_pdlt("figure kernels t.npz m.npz -o k.svg --quiet --json", folder.path());
  ASSERT_EQ(json.status, 0) << json.err;
  EXPECT_NE(json.out.find("\"output\": \"k.svg\""), json.out.npos) << json.out;
  EXPECT_NE(read_text(folder / "k.svg").find("</text>"), std::string::npos);
}

TEST(FigureCommand, Refusals) {
  TempFolder folder;
  MakeResults(folder);
  const struct {
    const char *arguments, *message;
  } cases[] = {
      {"figure scaling t.npz m.npz -o f.pdf",
       "\"scaling\" is no figure; figures are width_scaling"},
      {"figure kernels m.npz t.npz -o f.pdf", "m.npz: holds measured, not a theory archive"},
      {"figure kernels t.npz m.npz -o f.gif", "f.gif: a figure ends in .pdf, .svg or .png"},
      {"figure tensors t.npz m.npz -o f.png", "tensors: these results, and keys of figures"},
      {"figure kernels t.npz m.npz -o f.png --set figures.samples=[4]",
       "figures.samples: 4, but there are 3 samples"},
      {"figure kernels t.npz m.npz -o f.png --set training.steps=4",
       "--set: training.steps: belongs to the run"},
      {"figure kernels t.npz m.npz", "-o"},
  };
  for (const auto &c : cases) {
    const Outcome got = run_pdlt(std::string(c.arguments) + " --quiet", folder.path());
    EXPECT_EQ(got.status, 2) << c.arguments;
    EXPECT_NE(got.err.find(c.message), got.err.npos) << c.arguments << "\n" << got.err;
    EXPECT_EQ(std::count(got.err.begin(), got.err.end(), '\n'), 1) << got.err;
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "f.csv"));
}

/* Keys of figures need no training anew. */
TEST(FigureCommand, NeedsAFont) {
  TempFolder folder;
  MakeResults(folder);
  write_text(folder / "fonts.conf", "<fontconfig><dir>/none</dir></fontconfig>");
  setenv("FONTCONFIG_FILE", (folder / "fonts.conf").c_str(), 1);
  const Outcome got = run_pdlt("figure kernels t.npz m.npz -o f.svg --quiet", folder.path());
  unsetenv("FONTCONFIG_FILE");
  EXPECT_EQ(got.status, 3);
  EXPECT_NE(got.err.find("fontconfig finds no font"), got.err.npos) << got.err;
  EXPECT_EQ(std::count(got.err.begin(), got.err.end(), '\n'), 1) << got.err;
  EXPECT_FALSE(std::filesystem::exists(folder / "f.svg"));
}

TEST(FigureCommand, KeysOfARun) {
  TempFolder folder;
  write_text(folder / "e.yaml", std::string(small_experiment) + "figures: {samples: [2]}\n");
  ASSERT_LE(run_pdlt("run e.yaml -o out --quiet", folder.path()).status, 1);
  const std::string first = read_text(folder / "out/figures/training_curves.csv");
  EXPECT_NE(first.find("training sample 2"), first.npos);
  EXPECT_EQ(first.find("training sample 1"), first.npos);
  const Outcome again =
      run_pdlt("run e.yaml -o out --quiet --set figures.samples=[1]", folder.path());
  ASSERT_LE(again.status, 1) << again.err;
  EXPECT_NE(again.err.find("measured.npz: complete"), again.err.npos) << again.err;
  const std::string second = read_text(folder / "out/figures/training_curves.csv");
  EXPECT_NE(second.find("training sample 1"), second.npos);
  const Outcome alone = run_pdlt(
      "figure training_curves out/theory.npz out/measured.npz -o f.svg --quiet", folder.path());
  ASSERT_EQ(alone.status, 0) << alone.err;
  EXPECT_EQ(read_text(folder / "f.csv"), first); /* as the run's own file says */
}

/* One hidden layer of linear neurons: Theta_ab = lambda_b + lambda_W/n sum_j s_ja s_jb + sum_j W_j^2
 * Theta1_ab with independent Gaussian s and W, so that n times its variance is
 * lambda_W^2 (K_aa K_bb + K_ab^2) + 2 C_W^2 Theta1_ab^2, at any width. */
TEST(FigureCommand, NtkFluctuationsOfALinearNetwork) {
  const double c_b = 0.2, c_w = 0.9, l_b[] = {0.3, 0.5}, l_w[] = {0.7, 1.4};
  const double x[2][2] = {{1, 0.5}, {0.25, -1}};
  TempFolder folder;
  write_text(folder / "x.csv", "x1,x2,y1\n1,0.5,1\n0.25,-1,0\n");
  write_text(folder / "e.yaml",
             "network: {activation: linear, depth: 2, widths: [8, 16, 32, 64], C_b: 0.2, C_W: 0.9, "
             "lambda_b: [0.3, 0.5], lambda_W: [0.7, 1.4]}\n"
             "data: {source: csv, file: x.csv, train: 2}\n"
             "training: {eta: 0.1, steps: 0}\n"
             "ensemble: {members: 20480, seed: 3, estimator: plain}\n"
             "measure: [ntk, ntk_fluctuations]\n");
  const Outcome ran = run_pdlt("run e.yaml -o out --quiet", folder.path());
  ASSERT_LE(ran.status, 1) << ran.err;
  const auto rows = ReadCsv(folder / "out/figures/ntk_fluctuations.csv");
  const size_t pairs[3][2] = {{0, 0}, {0, 1}, {1, 1}};
  for (int panel = 1; panel <= 3; panel++) {
    const size_t a = pairs[panel - 1][0], b = pairs[panel - 1][1];
    const auto product = [&](size_t i, size_t j) {
      return (x[i][0] * x[j][0] + x[i][1] * x[j][1]) / 2;
    };
    const auto K = [&](size_t i, size_t j) { return c_b + c_w * product(i, j); };
    const double theta1 = l_b[0] + l_w[0] * product(a, b);
    const double mean = l_b[1] + l_w[1] * K(a, b) + c_w * theta1;
    const double variance =
        l_w[1] * l_w[1] * (K(a, a) * K(b, b) + K(a, b) * K(a, b)) + 2 * c_w * c_w * theta1 * theta1;
    const auto line = CurveOf(rows, panel,
                              "theory, order 1/n, slope \xe2\x88\x92"
                              "1/2");
    const auto points = CurveOf(rows, panel, "measured");
    ASSERT_EQ(line.size(), 4u);
    ASSERT_EQ(points.size(), 4u);
    for (size_t w = 0; w < 4; w++) {
      const double exact = std::sqrt(variance / line[w].x) / mean;
      EXPECT_NEAR(line[w].y / exact, 1, 1e-8);
      const double se = points[w].high - points[w].y;
      EXPECT_NEAR(points[w].y, exact, 4.5 * se) << panel << " " << w;
      EXPECT_LT(se, 0.02 * exact);
    }
  }
}

}  // namespace
