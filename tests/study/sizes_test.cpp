/* sizes_test.cpp - the sizes that are said before a run are those of its files, to 20 %. */
#include "cli/study/sizes.h"

#include <algorithm>

#include "cli/study/study.h"
#include "tests/study/support.h"

using namespace study_test;

namespace {

struct Case {
  const char *name, *text;
  int layers, csv_summary;
};

const Case cases[] = {
    {"small",
     "network: {activation: tanh, depth: 2, widths: [64, 96, 128, 192], C_b: 0.1, C_W: 1.2}\n"
     "data: {source: gaussian, inputs: 3, train: 3, test: 1}\n"
     "training: {eta: {relative: 0.5}, steps: 20}\n"
     "ensemble: {members: 2048, estimator: plain}\n"
     "measure: [output, kernel, ntk]\n",
     0, 0},
    {"tensors of all layers",
     "network: {activation: tanh, depth: 3, widths: [4, 6, 8, 12], C_b: 0.1, C_W: 1.2}\n"
     "data: {source: gaussian, inputs: 3, train: 2, test: 1}\n"
     "training: {eta: {relative: 0.5}, steps: 3}\n"
     "ensemble: {members: 2048, estimator: plain}\n"
     "measure: [output, kernel, ntk, vertex, ntk_fluctuations, dntk, ddntk]\n",
     1, 0},
    {"outputs and samples",
     "network: {activation: tanh, depth: 2, widths: [3, 4], outputs: 2, C_b: 0.1, C_W: 1.2}\n"
     "data: {source: gaussian, inputs: 30, train: 4, test: 2}\n"
     "training: {eta: {relative: 0.5}, steps: 12}\n"
     "ensemble: {members: 2048, estimator: antithetic, keep_members: 10}\n"
     "theory: {tolerance: 1e-4}\n",
     0, 0},
    {"covariances that are not kept, a summary",
     "network: {activation: tanh, depth: 2, widths: [3, 4, 5, 6], outputs: 2, C_b: 0.1, C_W: 1.2}\n"
     "data: {source: gaussian, inputs: 100, train: 40, test: 20}\n"
     "training: {eta: {relative: 0.5}, steps: 20}\n"
     "ensemble: {members: 2048, estimator: plain}\n"
     "measure: [output, kernel]\n"
     "compare: {csv: summary}\n"
     "theory: {order: 0}\n",
     0, 1},
    {"tensors and NTKs that are not kept",
     "network: {activation: 'polynomial(0.1,1,0.3)', depth: 2, widths: [3, 4], outputs: 3, C_b: "
     "0.1, C_W: 1.2}\n"
     "data: {source: gaussian, inputs: 3, train: 2, test: 25}\n"
     "training: {eta: {relative: 0.5}, steps: 3}\n"
     "ensemble: {members: 2048, estimator: plain}\n"
     "measure: [output, ntk]\n"
     "theory: {tolerance: 1e-2}\n",
     0, 0},
    {"long table",
     "network: {activation: tanh, depth: 2, widths: [3, 4], outputs: 1, C_b: 0.1, C_W: 1.2}\n"
     "data: {source: gaussian, inputs: 2, train: 40, test: 20}\n"
     "training: {eta: {relative: 0.5}, steps: 20}\n"
     "ensemble: {members: 64, estimator: plain}\n"
     "theory: {order: 0}\n",
     0, 1},
    {"trained to the end",
     "network: {activation: tanh, depth: 2, widths: [64, 80, 96, 128], C_b: 0.1, C_W: 1.2}\n"
     "data: {source: gaussian, inputs: 8, train: 3, test: 2}\n"
     "training: {eta: {relative: 0.5}, steps: end}\n"
     "ensemble: {members: 2048, estimator: plain}\n",
     0, 0},
};

double lines(const std::filesystem::path &path) {
  const std::string text = read_text(path);
  return double(std::count(text.begin(), text.end(), '\n'));
}

void expect_sizes(const Case &c) {
  TempFolder folder;
  Study s;
  s.settings.layers = c.layers;
  ASSERT_EQ(s.open(c.text), PDLT_OK) << c.name << s.err.message;
  ASSERT_EQ(pdlt_study_resolve(s.c, &s.err), PDLT_OK) << c.name << s.err.message;
  pdlt_sizes sizes = {};
  const pdlt_resolved *r = &s.c->resolved;
  ASSERT_EQ(pdlt_sizes_estimate(&sizes, &r->experiment, &r->data, c.layers, &s.err), PDLT_OK);
  ASSERT_EQ(pdlt_study_run(s.c, folder.path().c_str(), &s.err), PDLT_OK) << s.err.message;
  auto size = [&](const char *name) { return double(std::filesystem::file_size(folder / name)); };
  EXPECT_NEAR(sizes.theory / size("theory.npz"), 1, 0.2) << c.name;
  EXPECT_NEAR(sizes.measured / size("measured.npz"), 1, 0.2) << c.name;
  EXPECT_NEAR(sizes.comparison / size("comparison.csv"), 1, 0.2) << c.name;
  EXPECT_EQ(sizes.csv_rows, lines(folder / "comparison.csv") - 1) << c.name;
  EXPECT_EQ(sizes.csv_summary, c.csv_summary) << c.name;
}

TEST(Sizes, OfSmallExperiments) { expect_sizes(cases[0]); }
TEST(Sizes, OfTensorsOfAllLayers) { expect_sizes(cases[1]); }
TEST(Sizes, OfOutputsAndSamples) { expect_sizes(cases[2]); }
TEST(Sizes, OfCovariancesThatAreNotKept) { expect_sizes(cases[3]); }
TEST(Sizes, OfLongTables) { expect_sizes(cases[5]); }
TEST(Sizes, OfTensorsThatAreNotKept) { expect_sizes(cases[4]); }
TEST(Sizes, OfTrainingToTheEnd) { expect_sizes(cases[6]); }

/* Files of 50 MB and more are announced before the work begins. */
TEST(Sizes, LargeFilesAreAnnounced) {
  TempFolder folder;
  for (const char *keep : {"[]", "[cov]"}) {
    Study s;
    struct {
      std::string told;
      volatile sig_atomic_t stop = 0;
    } seen;
    s.settings.stop = &seen.stop;
    s.settings.context = &seen;
    s.settings.call = [](void *context, int event, const char *text, double, double) {
      auto *to = static_cast<decltype(seen) *>(context);
      if (event == PDLT_EVENT_NOTE) to->told += text;
      if (event == PDLT_EVENT_BEGIN) to->stop = 1; /* the work itself is not needed */
    };
    ASSERT_EQ(s.open("network: {activation: tanh, depth: 2, widths: [4, 8], outputs: 2, C_b: 0.1, "
                     "C_W: 1.2}\n"
                     "data: {source: gaussian, inputs: 3, train: 60}\n"
                     "training: {eta: {relative: 0.5}, steps: 20}\n"
                     "ensemble: {members: 2048, keep: " +
                     std::string(keep) + "}\ntheory: {keep: [tensors]}\n"),
              PDLT_OK)
        << s.err.message;
    EXPECT_EQ(pdlt_study_train(s.c, (folder / "m.npz").c_str(), &s.err), PDLT_ERR_INTERRUPTED);
    EXPECT_EQ(seen.told.find("m.npz: about ") != std::string::npos, keep == std::string("[cov]"))
        << seen.told;
    seen.told = "";
    seen.stop = 0;
    EXPECT_EQ(pdlt_study_predict(s.c, (folder / "t.npz").c_str(), &s.err), PDLT_ERR_INTERRUPTED);
    EXPECT_NE(seen.told.find("t.npz: about "), std::string::npos) << seen.told;
    EXPECT_NE(seen.told.find(" MB"), std::string::npos) << seen.told;
  }
}

TEST(Sizes, FlowHasOnlyTheory) {
  Study s;
  ASSERT_EQ(s.open("network: {activation: tanh, depth: 2, widths: [4], C_b: 0.1, C_W: 1.2}\n"
                   "data: {source: gaussian, inputs: 3, train: 3}\n"
                   "training: {eta: flow, steps: 3, record: [0, 3]}\n"),
            PDLT_OK)
      << s.err.message;
  ASSERT_EQ(pdlt_study_resolve(s.c, &s.err), PDLT_OK) << s.err.message;
  pdlt_sizes sizes = {};
  const pdlt_resolved *r = &s.c->resolved;
  ASSERT_EQ(pdlt_sizes_estimate(&sizes, &r->experiment, &r->data, 0, &s.err), PDLT_OK);
  EXPECT_GT(sizes.theory, 1000);
  EXPECT_EQ(sizes.measured, 0);
  EXPECT_EQ(sizes.comparison, 0);
}

}  // namespace
