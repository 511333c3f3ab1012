/* results_test.cpp - what the program writes passes the check of what it reads, whatever is asked for. */
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "cli/study/pdlt.h"
#include "tests/cli/support.h"

namespace {

struct Kind {
  const char *name, *network, *training, *ensemble, *more;
};

const Kind kinds[] = {
    {"plain", "activation: tanh", "eta: 0.1, steps: 3", "members: 2112, estimator: plain",
     "measure: [output, kernel, ntk, vertex, ntk_fluctuations, dntk, ddntk]"},
    {"few members", "activation: tanh, outputs: 2", "eta: 0.05, steps: 3",
     "members: 200, keep_members: 7", "measure: [output, dntk, ntk]"},
    {"one block", "activation: sin", "eta: 0.05, steps: 3", "members: 20",
     "measure: [output, vertex]"},
    {"two levels", "activation: tanh", "eta: 0.1, steps: 20", "members: 2112, estimator: two_level",
     ""},
    {"a kink", "activation: relu", "eta: 0.05, steps: 5", "members: 256",
     "measure: [output, kernel, ntk, crossings]"},
    {"to the end", "activation: tanh", "eta: {relative: 0.5}, steps: end", "members: 256", ""},
    {"diverging", "activation: \"polynomial(0, 1, 0, 1)\", C_W: 4",
     "eta: {relative: 1.9}, steps: 40", "members: 2112, estimator: plain",
     "measure: [output, kernel, ntk]"},
    {"until", "activation: tanh", "eta: 0.1, steps: 2",
     "until: {quantity: K, relative: 0.5, max_members: 4096}",
     "measure: [output, kernel]\ncompare: {degree: 1}"},
    {"nothing trained", "activation: tanh", "eta: 0.1, steps: 3", "members: 320",
     "measure: [kernel, vertex]"},
    {"infinite width", "activation: tanh", "eta: 0.1, steps: 3", "members: 320",
     "theory: {order: 0}"},
    {"terms left out", "activation: tanh", "eta: 0.1, steps: 3", "members: 64",
     "theory: {omit: [V.fresh], flip: [dntk]}"},
    {"hidden layers", "activation: tanh", "eta: 0.1, steps: 3", "members: 128",
     "measure: [output, hidden]"},
    {"zero", "activation: tanh, C_W: 0", "eta: 0.1, steps: 2", "members: 2112", ""},
    {"positions",
     "activation: tanh, input: {shape: [2], channels: 1},\n"
     "  layers: [{conv: 2, padding: circular}, {conv: 1}, average]",
     "eta: 0.1, steps: 3", "members: 2112",
     "theory: {order: 0}\nmeasure: [output, kernel, ntk, vertex, ntk_fluctuations, dntk, hidden]"},
};

std::string Text(const Kind &kind) {
  std::string network = kind.network, more = kind.more;
  if (network.find("C_W") == network.npos) network += ", C_W: 1.2";
  if (more.find("theory:") == more.npos) more += "\ntheory: {tolerance: 1e-4}";
  return "network: {" + network + ", depth: 3, widths: [4, 6, 8], C_b: 0.1}\n" +
         "data: {source: circle, train: 2, test: 1}\ntraining: {" + kind.training +
         "}\nensemble: {seed: 3, " + kind.ensemble + "}\n" + more + "\n";
}

/* Made into files, which are read as results of both kinds; with and without layers in turn. */
TEST(StudyResults, OfEveryKindPassTheirCheck) {
  int layers = 0;
  for (const Kind &kind : kinds) {
    TempFolder folder;
    const std::string theory = folder / "theory.npz", measured = folder / "measured.npz";
    pdlt_settings settings = {};
    pdlt_study *study = nullptr, *results = nullptr;
    pdlt_error err = {};
    settings.threads = 2;
    settings.layers = layers = !layers;
    ASSERT_EQ(pdlt_study_open_text(&study, Text(kind).c_str(), &settings, &err), PDLT_OK)
        << kind.name << ": " << err.message;
    EXPECT_EQ(pdlt_study_predict(study, theory.c_str(), &err), PDLT_OK)
        << kind.name << ": " << err.message;
    EXPECT_EQ(pdlt_study_train(study, measured.c_str(), &err), PDLT_OK)
        << kind.name << ": " << err.message;
    pdlt_study_free(study);
    EXPECT_EQ(pdlt_study_open_results(&results, theory.c_str(), measured.c_str(), nullptr, &err),
              PDLT_OK)
        << kind.name << ": " << err.message;
    pdlt_study_free(results);
  }
}

}  // namespace
