/* study_test.cpp - the front door: from text, arrays and files to the verdict. */
#include <jansson.h>

#include <cmath>
#include <thread>

#include "base/core/memory.h"
#include "tests/study/support.h"

using namespace study_test;

namespace {

TEST(Study, ArraysToTheVerdictInMemory) {
  Study s;
  ASSERT_EQ(s.open_arrays(arrays_yaml()), PDLT_OK) << s.err.message;
  EXPECT_EQ(pdlt_study_verdict(s.c), nullptr);
  EXPECT_EQ(pdlt_study_num_arrays(s.c, PDLT_THEORY), 0u);
  ASSERT_EQ(pdlt_study_run(s.c, nullptr, &s.err), PDLT_OK) << s.err.message;
  ASSERT_NE(pdlt_study_verdict(s.c), nullptr);
  EXPECT_STRNE(pdlt_study_verdict(s.c), "disagree");
  pdlt_named_array z;
  ASSERT_EQ(pdlt_study_array(s.c, PDLT_THEORY, "z_lo", &z, &s.err), PDLT_OK) << s.err.message;
  ASSERT_EQ(z.ndim, 3u);
  EXPECT_EQ(z.shape[1], 1u);
  EXPECT_EQ(z.shape[2], 3u);
  pdlt_test test;
  size_t tests = 0;
  for (; pdlt_study_test(s.c, tests, &test); tests++) EXPECT_GT(std::strlen(test.reason), 0u);
  EXPECT_GT(tests, 2u);
  EXPECT_NE(std::string(pdlt_study_verdict_json(s.c)).find("\"verdict\""), std::string::npos);
  pdlt_study_forget_arrays(s.c);
  EXPECT_EQ(pdlt_study_num_arrays(s.c, PDLT_THEORY), 0u);
  EXPECT_NE(pdlt_study_verdict(s.c), nullptr);
}

TEST(Study, ResultsAreThoseOfTheProgramToTheLastBit) {
  TempFolder folder;
  write_text(folder / "in.csv", csv);
  write_text(folder / "e.yaml", yaml("{source: csv, file: in.csv, train: 2, test: 1}"));
  const Outcome ran = run_pdlt("run e.yaml -o out --quiet", folder.path());
  ASSERT_LE(ran.status, 1) << ran.err;
  Study program, file, arrays;
  ASSERT_EQ(pdlt_study_open_results(&program.c, (folder / "out/theory.npz").c_str(),
                                    (folder / "out/measured.npz").c_str(), nullptr, &program.err),
            PDLT_OK)
      << program.err.message;
  ASSERT_EQ(pdlt_study_open(&file.c, (folder / "e.yaml").c_str(), &file.settings, &file.err),
            PDLT_OK)
      << file.err.message;
  ASSERT_EQ(pdlt_study_run(file.c, nullptr, &file.err), PDLT_OK) << file.err.message;
  ASSERT_EQ(arrays.open_arrays(arrays_yaml()), PDLT_OK);
  ASSERT_EQ(pdlt_study_run(arrays.c, nullptr, &arrays.err), PDLT_OK) << arrays.err.message;
  for (pdlt_part part : {PDLT_THEORY, PDLT_MEASURED}) {
    expect_same(program.c, file.c, part);
    expect_same(program.c, arrays.c, part);
    EXPECT_STREQ(pdlt_study_meta(program.c, part), pdlt_study_meta(file.c, part));
    EXPECT_EQ(meta_text(arrays.c, part, "data_hash"), meta_text(file.c, part, "data_hash"));
    EXPECT_EQ(meta_text(arrays.c, part, "data_hash").size(), 16u);
  }
  EXPECT_EQ(read_text(folder / "out/verdict.json"), pdlt_study_verdict_json(file.c));
  ASSERT_EQ(pdlt_study_compare(program.c, nullptr, &program.err), PDLT_OK);
  EXPECT_STREQ(pdlt_study_verdict_json(program.c), pdlt_study_verdict_json(file.c));
}

/* Both archives carry the samples as they were used, and the experiment resolved to numbers. */
TEST(Study, ArchivesHoldSamplesAndTheResolvedExperiment) {
  Study s;
  ASSERT_EQ(
      s.open_arrays(yaml("{source: arrays, train: 2, test: 1, center: true, scale: 1.5}", 64)),
      PDLT_OK);
  ASSERT_EQ(pdlt_study_run(s.c, nullptr, &s.err), PDLT_OK) << s.err.message;
  double used[6];
  for (int i = 0; i < 2; i++)
    for (int a = 0; a < 3; a++) used[2 * a + i] = x[2 * a + i] - (x[i] + x[2 + i]) / 2;
  for (int a = 0; a < 3; a++) {
    const double norm = used[2 * a] * used[2 * a] + used[2 * a + 1] * used[2 * a + 1];
    for (int i = 0; i < 2; i++) used[2 * a + i] *= std::sqrt(1.5 * 2 / norm);
  }
  for (pdlt_part part : {PDLT_THEORY, PDLT_MEASURED}) {
    pdlt_named_array inputs, targets;
    ASSERT_EQ(pdlt_study_array(s.c, part, "x", &inputs, &s.err), PDLT_OK) << s.err.message;
    ASSERT_EQ(pdlt_study_array(s.c, part, "y", &targets, &s.err), PDLT_OK) << s.err.message;
    ASSERT_EQ(std::vector<size_t>(inputs.shape, inputs.shape + inputs.ndim),
              (std::vector<size_t>{3, 2}));
    ASSERT_EQ(std::vector<size_t>(targets.shape, targets.shape + targets.ndim),
              (std::vector<size_t>{3, 1}));
    for (int k = 0; k < 6; k++) EXPECT_NEAR(inputs.data[k], used[k], 1e-14) << k;
    for (int k = 0; k < 3; k++) EXPECT_EQ(targets.data[k], y[k]) << k;
    json_t *meta = json_loads(pdlt_study_meta(s.c, part), 0, nullptr);
    const json_t *experiment = json_object_get(meta, "experiment");
    const json_t *data = json_object_get(experiment, "data");
    const json_t *training = json_object_get(experiment, "training");
    EXPECT_EQ(json_integer_value(json_object_get(data, "train")), 2);
    EXPECT_EQ(json_integer_value(json_object_get(data, "test")), 1);
    EXPECT_EQ(json_integer_value(json_object_get(training, "steps")), 4);
    EXPECT_TRUE(json_is_real(json_object_get(training, "eta")));
    EXPECT_GT(json_real_value(json_object_get(training, "eta")), 0);
    json_decref(meta);
  }
}

TEST(Study, FilesAreReusedAndOthersLeftAlone) {
  TempFolder folder;
  const std::string path = folder / "t.npz";
  Study first, again, other;
  ASSERT_EQ(first.open_arrays(arrays_yaml()), PDLT_OK);
  ASSERT_EQ(pdlt_study_predict(first.c, path.c_str(), &first.err), PDLT_OK) << first.err.message;
  std::string told;
  again.settings.context = &told;
  again.settings.call = [](void *context, int event, const char *text, double, double) {
    *static_cast<std::string *>(context) += std::to_string(event) + " " + text + ";";
  };
  ASSERT_EQ(again.open_arrays(arrays_yaml()), PDLT_OK);
  ASSERT_EQ(pdlt_study_predict(again.c, path.c_str(), &again.err), PDLT_OK);
  EXPECT_EQ(told, std::to_string(PDLT_EVENT_REUSED) + " " + path + ";");
  expect_same(first.c, again.c, PDLT_THEORY);
  ASSERT_EQ(other.open_arrays(arrays_yaml()), PDLT_OK);
  ASSERT_EQ(pdlt_study_set(other.c, "training.steps", "5", &other.err), PDLT_OK);
  EXPECT_EQ(pdlt_study_predict(other.c, path.c_str(), &other.err), PDLT_ERR_INPUT);
  EXPECT_EQ(pdlt_study_num_arrays(other.c, PDLT_THEORY), 0u);
}

TEST(Study, KeysAreSet) {
  Study s;
  pdlt_named_array t;
  ASSERT_EQ(s.open_arrays(arrays_yaml()), PDLT_OK);
  ASSERT_EQ(pdlt_study_predict(s.c, nullptr, &s.err), PDLT_OK);
  EXPECT_EQ(pdlt_study_set(s.c, "training.step", "20", &s.err), PDLT_ERR_INPUT);
  EXPECT_STREQ(s.err.message, "training.step: unknown key; did you mean training.steps?");
  EXPECT_EQ(pdlt_study_set(s.c, "training.steps", "many", &s.err), PDLT_ERR_INPUT);
  EXPECT_EQ(std::string(s.err.message).rfind("training.steps: many", 0), 0u) << s.err.message;
  EXPECT_EQ(pdlt_study_set(s.c, nullptr, "2", &s.err), PDLT_ERR_INPUT);
  EXPECT_EQ(pdlt_study_set(s.c, "training.steps", nullptr, &s.err), PDLT_ERR_INPUT);
  EXPECT_EQ(pdlt_study_array(s.c, PDLT_THEORY, nullptr, &t, &s.err), PDLT_ERR_INPUT);
  EXPECT_GT(pdlt_study_num_arrays(s.c, PDLT_THEORY), 0u); /* what is refused changes nothing */
  ASSERT_EQ(pdlt_study_set(s.c, "training.steps", "2", &s.err), PDLT_OK) << s.err.message;
  EXPECT_EQ(pdlt_study_num_arrays(s.c, PDLT_THEORY), 0u);
  ASSERT_EQ(pdlt_study_predict(s.c, nullptr, &s.err), PDLT_OK) << s.err.message;
  ASSERT_EQ(pdlt_study_array(s.c, PDLT_THEORY, "times", &t, &s.err), PDLT_OK);
  EXPECT_EQ(t.data[t.shape[0] - 1], 2);
}

/* Degree, level and rows of the table may change after training; the networks stay. */
TEST(Study, KeysOfCompareKeepTheResults) {
  TempFolder folder;
  const std::string theory = folder / "t.npz", measured = folder / "m.npz";
  Study s, files, again;
  std::string told;
  s.settings.context = &told;
  s.settings.call = [](void *context, int event, const char *text, double, double) {
    if (event == PDLT_EVENT_BEGIN || event == PDLT_EVENT_REUSED)
      *static_cast<std::string *>(context) += std::string(text) + ";";
  };
  ASSERT_EQ(s.open_arrays(arrays_yaml()), PDLT_OK);
  ASSERT_EQ(pdlt_study_predict(s.c, theory.c_str(), &s.err), PDLT_OK) << s.err.message;
  ASSERT_EQ(pdlt_study_train(s.c, measured.c_str(), &s.err), PDLT_OK) << s.err.message;
  ASSERT_EQ(pdlt_study_compare(s.c, nullptr, &s.err), PDLT_OK);
  const std::string first = pdlt_study_verdict_json(s.c);
  EXPECT_NE(first.find("\"degree\": 2"), first.npos);
  told = "";
  ASSERT_EQ(pdlt_study_set(s.c, "compare.degree", "1", &s.err), PDLT_OK) << s.err.message;
  EXPECT_EQ(pdlt_study_verdict(s.c), nullptr);
  ASSERT_EQ(pdlt_study_compare(s.c, (folder / "a").c_str(), &s.err), PDLT_OK) << s.err.message;
  const std::string second = pdlt_study_verdict_json(s.c);
  EXPECT_NE(second.find("\"degree\": 1"), second.npos);
  EXPECT_EQ(told, "comparison;");
  EXPECT_EQ(pdlt_study_set(s.c, "compare.degree", "9", &s.err), PDLT_ERR_INPUT);
  EXPECT_STREQ(s.err.message, "compare.degree: 9; expected a whole number from 1 to 6");

  told = "";
  again.settings.context = s.settings.context;
  again.settings.call = s.settings.call;
  ASSERT_EQ(again.open_arrays(arrays_yaml()), PDLT_OK);
  ASSERT_EQ(pdlt_study_set(again.c, "compare.degree", "1", &again.err), PDLT_OK);
  ASSERT_EQ(pdlt_study_predict(again.c, theory.c_str(), &again.err), PDLT_OK);
  ASSERT_EQ(pdlt_study_train(again.c, measured.c_str(), &again.err), PDLT_OK);
  EXPECT_EQ(told, theory + ";" + measured + ";");
  ASSERT_EQ(pdlt_study_compare(again.c, nullptr, &again.err), PDLT_OK);
  EXPECT_EQ(second, pdlt_study_verdict_json(again.c));

  ASSERT_EQ(
      pdlt_study_open_results(&files.c, theory.c_str(), measured.c_str(), nullptr, &files.err),
      PDLT_OK);
  ASSERT_EQ(pdlt_study_set(files.c, "compare.degree", "1", &files.err), PDLT_OK)
      << files.err.message;
  ASSERT_EQ(pdlt_study_set(files.c, "compare.csv", "summary", &files.err), PDLT_OK);
  ASSERT_EQ(pdlt_study_compare(files.c, (folder / "b").c_str(), &files.err), PDLT_OK);
  EXPECT_EQ(second, pdlt_study_verdict_json(files.c));
  EXPECT_LT(std::filesystem::file_size(folder / "b/comparison.csv"),
            std::filesystem::file_size(folder / "a/comparison.csv") / 2);
  EXPECT_EQ(pdlt_study_set(files.c, "network.depth", "3", &files.err), PDLT_ERR_INPUT);
  EXPECT_STREQ(files.err.message,
               "network.depth: belongs to the run; compare only knows compare.degree, "
               "compare.level, compare.csv and figures");
}

TEST(Study, KeysThatDoNotFitAreFoundAtWork) {
  Study s;
  ASSERT_EQ(s.open_arrays(arrays_yaml()), PDLT_OK);
  ASSERT_EQ(pdlt_study_set(s.c, "data.test", "2", &s.err), PDLT_OK) << s.err.message;
  EXPECT_EQ(pdlt_study_predict(s.c, nullptr, &s.err), PDLT_ERR_INPUT);
  EXPECT_STREQ(s.err.message,
               "experiment:3: data.train: train + test = 4, but the arrays have 3 samples");
  ASSERT_EQ(pdlt_study_set(s.c, "data.train", "1", &s.err), PDLT_OK);
  EXPECT_EQ(pdlt_study_predict(s.c, nullptr, &s.err), PDLT_OK) << s.err.message;
}

/* Arrays are the data of any experiment: what it would have read is left alone. */
TEST(Study, ArraysTakeThePlaceOfData) {
  Study one, other, none;
  ASSERT_EQ(one.open_arrays(arrays_yaml()), PDLT_OK);
  ASSERT_EQ(other.open_arrays(yaml("{source: csv, file: none.csv, train: 2}")), PDLT_OK)
      << other.err.message;
  ASSERT_EQ(pdlt_study_predict(one.c, nullptr, &one.err), PDLT_OK) << one.err.message;
  ASSERT_EQ(pdlt_study_predict(other.c, nullptr, &other.err), PDLT_OK) << other.err.message;
  expect_same(one.c, other.c, PDLT_THEORY);
  EXPECT_EQ(meta_text(one.c, PDLT_THEORY, "hash"), meta_text(other.c, PDLT_THEORY, "hash"));
  ASSERT_EQ(none.open_arrays(yaml("{train: 4}")), PDLT_OK) << none.err.message;
  EXPECT_EQ(pdlt_study_predict(none.c, nullptr, &none.err), PDLT_ERR_INPUT);
  EXPECT_STREQ(none.err.message,
               "experiment:3: data.train: train + test = 4, but the arrays have 3 samples");
}

TEST(Study, WhatIsMissingIsNamed) {
  Study s, none, flow;
  pdlt_named_array out;
  EXPECT_EQ(none.open("network: {depth: 2}"), PDLT_ERR_INPUT);
  EXPECT_EQ(std::string(none.err.message).rfind("experiment:1: network.activation", 0), 0u)
      << none.err.message;
  EXPECT_EQ(none.c, nullptr);
  EXPECT_EQ(none.open("[1]"), PDLT_ERR_INPUT);
  ASSERT_EQ(s.open(arrays_yaml()), PDLT_OK); /* arrays, and nobody gives them */
  EXPECT_EQ(pdlt_study_predict(s.c, nullptr, &s.err), PDLT_ERR_INPUT);
  EXPECT_NE(std::string(s.err.message).find("data.source: arrays"), std::string::npos);
  EXPECT_EQ(pdlt_study_compare(s.c, nullptr, &s.err), PDLT_ERR_INPUT);
  EXPECT_STREQ(s.err.message, "nothing to compare: predict first");
  EXPECT_EQ(pdlt_study_array(s.c, PDLT_THEORY, "K", &out, &s.err), PDLT_ERR_INPUT);
  EXPECT_STREQ(s.err.message, "K: no such array in theory, which has none yet");
  EXPECT_EQ(pdlt_study_meta(s.c, PDLT_MEASURED), nullptr);
  ASSERT_EQ(flow.open_arrays(arrays_yaml()), PDLT_OK);
  ASSERT_EQ(pdlt_study_set(flow.c, "training.eta", "flow", &flow.err), PDLT_OK);
  EXPECT_EQ(pdlt_study_train(flow.c, nullptr, &flow.err), PDLT_ERR_INPUT);
  EXPECT_NE(std::string(flow.err.message).find("training.eta: flow"), std::string::npos);
}

TEST(Study, SettingsAreChecked) {
  Study s;
  s.settings.threads = PDLT_SETTINGS_MAX_THREADS + 1;
  EXPECT_EQ(s.open_arrays(arrays_yaml()), PDLT_ERR_INPUT);
  s.settings.threads = 1;
  s.settings.shard = 3;
  s.settings.shards = 2;
  EXPECT_EQ(s.open_arrays(arrays_yaml()), PDLT_ERR_INPUT);
  EXPECT_STREQ(s.err.message, "shard 3 of 2; expected 1 <= shard <= shards");
  s.settings.shards = 0;
  for (double seconds : {-1.0, HUGE_VAL, std::nan("")}) {
    s.settings.checkpoint_seconds = seconds;
    EXPECT_EQ(s.open_arrays(arrays_yaml()), PDLT_ERR_INPUT);
    EXPECT_STREQ(s.err.message, "checkpoint_seconds is not a number from 0 to 1000000000");
  }
  s.settings.checkpoint_seconds = 20;
  const char *sets[] = {"training.steps=2", "nothing=1", nullptr};
  s.settings.sets = sets;
  EXPECT_EQ(s.open_arrays(arrays_yaml()), PDLT_ERR_INPUT);
  EXPECT_EQ(std::string(s.err.message).rfind("--set: nothing: ", 0), 0u) << s.err.message;
  EXPECT_EQ(pdlt_study_open_arrays(&s.c, "", 0, 2, x, 1, y, nullptr, &s.err), PDLT_ERR_INPUT);
  EXPECT_EQ(pdlt_study_open_arrays(&s.c, "", 3, 2, x, 1, nullptr, nullptr, &s.err), PDLT_ERR_INPUT);
  EXPECT_EQ(pdlt_study_open_text(&s.c, nullptr, nullptr, nullptr), PDLT_ERR_INPUT);
  EXPECT_EQ(pdlt_study_open(&s.c, nullptr, nullptr, nullptr), PDLT_ERR_INPUT);
  EXPECT_EQ(pdlt_study_open_results(&s.c, nullptr, "m.npz", nullptr, nullptr), PDLT_ERR_INPUT);
  EXPECT_EQ(s.c, nullptr);
}

/* Every allocation of opening and setting fails once; nothing is left behind (sanitizers). */
TEST(Study, MemoryMayRunOut) {
  int failures = 0;
  for (long n = 0;; n++) {
    Study s;
    pdlt_memory_fail_after(n);
    pdlt_status status = s.open_arrays(arrays_yaml());
    if (status == PDLT_OK) status = pdlt_study_set(s.c, "training.steps", "3", &s.err);
    pdlt_memory_fail_after(-1);
    if (status == PDLT_OK) break;
    ASSERT_EQ(status, PDLT_ERR_MEMORY) << s.err.message;
    failures++;
  }
  EXPECT_GT(failures, 20);
}

TEST(Study, SweepRunsEveryPoint) {
  TempFolder folder;
  Study s;
  const std::string text = arrays_yaml() + "sweep: {network.depth: [2, 3]}\n";
  ASSERT_EQ(s.open_arrays(text), PDLT_OK) << s.err.message;
  ASSERT_EQ(pdlt_study_num_points(s.c), 2u);
  EXPECT_EQ(pdlt_study_predict(s.c, nullptr, &s.err), PDLT_ERR_INPUT);
  EXPECT_EQ(pdlt_study_compare(s.c, nullptr, &s.err), PDLT_ERR_INPUT);
  EXPECT_STREQ(s.err.message, "nothing to compare: depth=2 has no verdict yet");
  EXPECT_EQ(pdlt_study_verdict(s.c), nullptr);
  ASSERT_EQ(pdlt_study_run(s.c, folder.path().c_str(), &s.err), PDLT_OK) << s.err.message;
  EXPECT_NE(pdlt_study_verdict(s.c), nullptr);
  for (const char *file : {"depth=2/theory.npz", "depth=3/measured.npz", "report.html"})
    EXPECT_TRUE(std::filesystem::exists(folder / file)) << file;
  pdlt_study *point = nullptr;
  ASSERT_EQ(pdlt_study_point(s.c, 1, &point, &s.err), PDLT_OK);
  EXPECT_STREQ(pdlt_study_name(point), "depth=3");
  EXPECT_NE(pdlt_study_verdict(point), nullptr);
  EXPECT_EQ(pdlt_study_point(s.c, 2, &point, &s.err), PDLT_ERR_INPUT);
}

/* Two studies in two threads give what one after the other gives. */
TEST(Study, TwoAtOnce) {
  Study alone;
  ASSERT_EQ(alone.open_arrays(arrays_yaml()), PDLT_OK);
  ASSERT_EQ(pdlt_study_run(alone.c, nullptr, &alone.err), PDLT_OK);
  Study both[2];
  TempFolder folders[2];
  std::vector<std::thread> threads;
  for (int k = 0; k < 2; k++)
    threads.emplace_back([&both, &folders, k] {
      Study &s = both[k];
      if (s.open_arrays(arrays_yaml()) == PDLT_OK)
        pdlt_study_run(s.c, folders[k].path().c_str(), &s.err);
    });
  for (auto &thread : threads) thread.join();
  for (const Study &s : both) {
    ASSERT_NE(s.c, nullptr) << s.err.message;
    expect_same(alone.c, s.c, PDLT_THEORY);
    expect_same(alone.c, s.c, PDLT_MEASURED);
    EXPECT_STREQ(pdlt_study_verdict_json(alone.c), pdlt_study_verdict_json(s.c));
  }
}

TEST(Study, TheProgramSaysWhereArraysComeFrom) {
  TempFolder folder;
  write_text(folder / "e.yaml", arrays_yaml());
  const Outcome got = run_pdlt("run e.yaml -o out", folder.path());
  EXPECT_EQ(got.status, 2);
  EXPECT_EQ(got.err,
            "e.yaml:3: data.source: arrays are given by a program that uses the library (pdlt.h); "
            "here use csv\n");
}

}  // namespace
