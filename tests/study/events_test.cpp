/* events_test.cpp - what a caller is told, and how it stops training and goes on. */
#include <algorithm>
#include <csignal>
#include <filesystem>

#include "tests/study/support.h"

using namespace study_test;

namespace {

struct Listener {
  std::vector<std::string> stages; /* "begin theory", ... */
  size_t progress = 0;
  double least = 1, most = 0; /* done/total */
  std::string stop_at;        /* label at which to stop; empty: never */
  bool at_end = false;        /* when that is done, not when it begins */
  volatile sig_atomic_t stop = 0;
};

void hear(void *context, int event, const char *text, double done, double total) {
  Listener *l = static_cast<Listener *>(context);
  if (event == PDLT_EVENT_BEGIN) l->stages.push_back(std::string("begin ") + text);
  if (event == PDLT_EVENT_END) l->stages.push_back(std::string("end ") + text);
  if (event != PDLT_EVENT_PROGRESS) return;
  l->progress++;
  l->least = std::min(l->least, done / total);
  l->most = std::max(l->most, done / total);
  if (text == l->stop_at && (done == total || !l->at_end)) l->stop = 1;
}

void attach(Study *s, Listener *l) {
  s->settings.call = hear;
  s->settings.context = l;
  s->settings.stop = &l->stop;
}

TEST(Events, StagesAndProgress) {
  Listener l;
  Study s;
  attach(&s, &l);
  ASSERT_EQ(s.open_arrays(arrays_yaml()), PDLT_OK);
  EXPECT_TRUE(l.stages.empty());
  ASSERT_EQ(pdlt_study_run(s.c, nullptr, &s.err), PDLT_OK) << s.err.message;
  EXPECT_EQ(l.stages,
            (std::vector<std::string>{"begin theory", "end theory", "begin training",
                                      "end training", "begin comparison", "end comparison"}));
  EXPECT_GE(l.progress, 10u); /* begin and end of four widths and of theory's steps */
  EXPECT_EQ(l.least, 0);
  EXPECT_EQ(l.most, 1);
}

TEST(Events, NothingIsPrinted) {
  Listener l;
  Study s;
  attach(&s, &l);
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  ASSERT_EQ(s.open_arrays(arrays_yaml()), PDLT_OK);
  ASSERT_EQ(pdlt_study_run(s.c, nullptr, &s.err), PDLT_OK);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

std::string theory_yaml(const std::string &activation, int steps) {
  return "network: {activation: " + activation +
         ", depth: 4, widths: [8, 16], C_b: 0.1, C_W: 1.2}\n"
         "data: {train: 2}\ntraining: {eta: {relative: 0.3}, steps: " +
         std::to_string(steps) + "}\n";
}

/* Stopped before it begins, in the tensors and after them; the next call begins anew. */
TEST(Events, StoppedTheoryEnds) {
  TempFolder folder;
  const std::string path = folder / "t.npz", tensors = "tensors of order 1/n";
  for (const std::string &stage :
       {std::string("kernels"), tensors, std::string("training at order 1/n")}) {
    Listener l;
    l.stop_at = tensors;
    l.at_end = stage != tensors;
    l.stop = stage == "kernels";
    Study s;
    attach(&s, &l);
    ASSERT_EQ(s.open_arrays(theory_yaml("tanh", 4)), PDLT_OK);
    EXPECT_EQ(pdlt_study_predict(s.c, path.c_str(), &s.err), PDLT_ERR_INTERRUPTED);
    EXPECT_EQ(std::string(s.err.message), "interrupted during " + stage);
    EXPECT_FALSE(std::filesystem::exists(path));
    EXPECT_EQ(pdlt_study_num_arrays(s.c, PDLT_THEORY), 0u);
    l.stop_at = "";
    l.stop = 0;
    EXPECT_EQ(pdlt_study_predict(s.c, path.c_str(), &s.err), PDLT_OK) << s.err.message;
    EXPECT_TRUE(std::filesystem::exists(path));
    std::filesystem::remove(path);
  }
}

/* A stage of which callers are told after 2 seconds. */
TEST(Events, StoppedTheoryOfKinksEnds) {
  Listener l;
  l.stop_at = "neurons near the kink";
  Study s;
  attach(&s, &l);
  ASSERT_EQ(s.open_arrays(theory_yaml("relu", 40)), PDLT_OK);
  EXPECT_EQ(pdlt_study_predict(s.c, nullptr, &s.err), PDLT_ERR_INTERRUPTED);
  EXPECT_STREQ(s.err.message, "interrupted during neurons near the kink");
}

TEST(Events, StoppedComparisonEnds) {
  TempFolder folder;
  Listener l;
  Study s;
  attach(&s, &l);
  ASSERT_EQ(s.open_arrays(arrays_yaml()), PDLT_OK);
  ASSERT_EQ(pdlt_study_predict(s.c, nullptr, &s.err), PDLT_OK);
  ASSERT_EQ(pdlt_study_train(s.c, nullptr, &s.err), PDLT_OK);
  l.stop = 1;
  EXPECT_EQ(pdlt_study_compare(s.c, (folder / "c").c_str(), &s.err), PDLT_ERR_INTERRUPTED);
  EXPECT_EQ(pdlt_study_verdict(s.c), nullptr);
  EXPECT_FALSE(std::filesystem::exists(folder / "c/verdict.json"));
  l.stop = 0;
  EXPECT_EQ(pdlt_study_compare(s.c, (folder / "c").c_str(), &s.err), PDLT_OK) << s.err.message;
  EXPECT_TRUE(std::filesystem::exists(folder / "c/verdict.json"));
}

TEST(Events, StoppedTrainingGoesOnToTheSameBytes) {
  TempFolder folder;
  const std::string whole = folder / "whole.npz", cut = folder / "cut.npz";
  const std::string text = arrays_yaml(8192);
  Study one;
  ASSERT_EQ(one.open_arrays(text), PDLT_OK);
  ASSERT_EQ(pdlt_study_train(one.c, whole.c_str(), &one.err), PDLT_OK) << one.err.message;
  Listener l;
  l.stop_at = "training, n = 6";
  Study s;
  attach(&s, &l);
  s.settings.checkpoint_seconds = 0;
  ASSERT_EQ(s.open_arrays(text), PDLT_OK);
  EXPECT_EQ(pdlt_study_train(s.c, cut.c_str(), &s.err), PDLT_ERR_INTERRUPTED);
  EXPECT_NE(std::string(s.err.message).find("interrupted after "), std::string::npos)
      << s.err.message;
  EXPECT_EQ(l.stages, std::vector<std::string>{"begin training"});
  EXPECT_FALSE(std::filesystem::exists(cut));
  EXPECT_TRUE(std::filesystem::exists(cut + ".partial"));
  EXPECT_EQ(pdlt_study_num_arrays(s.c, PDLT_MEASURED), 0u);
  EXPECT_EQ(pdlt_study_train(s.c, cut.c_str(), &s.err), PDLT_ERR_INTERRUPTED); /* still set */
  EXPECT_STREQ(s.err.message, "interrupted before training began");
  l.stop_at = "";
  l.stop = 0;
  ASSERT_EQ(pdlt_study_train(s.c, cut.c_str(), &s.err), PDLT_OK) << s.err.message;
  EXPECT_FALSE(std::filesystem::exists(cut + ".partial"));
  EXPECT_EQ(read_text(whole), read_text(cut));
  expect_same(one.c, s.c, PDLT_MEASURED);
}

TEST(Events, TheoryOfEqualSabotagesIsMadeOnce) {
  TempFolder folder;
  std::filesystem::create_directories(folder.path() / "claims/4-twice");
  write_text(folder.path() / "claims/4-twice/experiment.yaml",
             "network: {activation: tanh, depth: 3, widths: [8], C_b: 0.1, C_W: 1.5}\n"
             "data: {source: gaussian, inputs: 2, seed: 3, train: 2}\n"
             "training: {eta: {relative: 0.5}, steps: 1}\n"
             "measure: [kernel, vertex]\n"
             "theory: {tolerance: 1.0e-6}\n");
  const std::string test = "predicted: \"V@3[0,0,0,0]\", tolerance: 1e-9, sabotage: [";
  write_text(folder.path() / "claims/4-twice/expect.yaml",
             "claim: V\nequation: e\ntext: t\nexpect:\n"
             "  - {test: theory, value: \"V[0,0,0,0]\", " +
                 test + "{omit: V.fresh}]}\n" + "  - {test: theory, value: \"V[0,0,0,0]\", " +
                 test + "{omit: V.inherited}, {omit: V.fresh}]}\n");
  Listener l;
  pdlt_settings settings;
  pdlt_error err = {};
  const char *verdict = nullptr;
  const std::string claims = folder / "claims", out = folder / "out";
  pdlt_settings_default(&settings);
  settings.call = hear, settings.context = &l;
  ASSERT_EQ(pdlt_verify(claims.c_str(), nullptr, 0, out.c_str(), &settings, &verdict, &err),
            PDLT_OK)
      << err.message;
  EXPECT_STREQ(verdict, "agree"); /* each without what it leaves out is refuted */
  EXPECT_EQ(std::count(l.stages.begin(), l.stages.end(), "begin theory"), 1 + 2);
}

}  // namespace
