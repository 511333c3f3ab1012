/* run_test.cpp - whole runs of the program: files, verdicts, threads, resuming. */
#include <gtest/gtest.h>
#include <jansson.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "base/file/archive.h"
#include "base/file/npz.h"
#include "tests/cli/images.h"
#include "tests/cli/support.h"

namespace {

const char *const small_experiment =
    "title: small\n"
    "network: {activation: tanh, depth: 3, widths: [8, 12, 16, 32], C_b: 0.1, C_W: 1.2}\n"
    "data: {source: circle, inputs: 2, train: 3, test: 2}\n"
    "training: {eta: {relative: 0.5}, steps: 10}\n"
    "ensemble: {members: 2560, seed: 3, keep_members: 4}\n"
    "measure: [output, kernel, ntk]\n";

std::string verdict_of(const std::filesystem::path &path) {
  json_t *root = json_load_file(path.c_str(), 0, nullptr);
  const char *text = json_string_value(json_object_get(root, "verdict"));
  std::string verdict = text == nullptr ? "" : text;
  json_decref(root);
  return verdict;
}

/* Multiplies NAME in an archive file by factor. */
void scale_array(const std::filesystem::path &path, const char *name, double factor) {
  pdlt_archive archive = {};
  pdlt_error err = {};
  ASSERT_EQ(pdlt_npz_read(&archive, path.c_str(), &err), PDLT_OK) << err.message;
  const pdlt_array *array = pdlt_archive_get(&archive, name);
  ASSERT_NE(array, nullptr) << name;
  for (size_t i = 0; i < pdlt_array_count(array); i++) array->data[i] *= factor;
  ASSERT_EQ(pdlt_npz_write(&archive, path.c_str(), &err), PDLT_OK) << err.message;
  pdlt_archive_free(&archive);
}

TEST(Run, WritesEverythingAndAgrees) {
  TempFolder folder;
  write_text(folder / "e.yaml", small_experiment);
  const Outcome got = run_pdlt("run e.yaml -o out --quiet", folder.path());
  EXPECT_EQ(got.status, 0) << got.err << got.out;
  EXPECT_NE(verdict_of(folder / "out/verdict.json"), "disagree");
  for (const char *name : {"theory.npz", "measured.npz", "comparison.csv", "report.html"})
    EXPECT_GT(std::filesystem::file_size(folder / "out" / name), 500u) << name;
  size_t figures = 0;
  for (const auto &entry : std::filesystem::directory_iterator(folder / "out/figures"))
    figures += entry.path().extension() == ".png";
  EXPECT_GE(figures, 2u);

  const Outcome again = run_pdlt("run e.yaml -o out --quiet", folder.path());
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_NE(again.err.find("complete"), again.err.npos) << again.err;
  const Outcome other = run_pdlt("run e.yaml -o out --quiet --set ensemble.seed=4", folder.path());
  EXPECT_EQ(other.status, 2);
  const Outcome forced =
      run_pdlt("run e.yaml -o out --quiet --force --set ensemble.seed=4 --set ensemble.members=64",
               folder.path());
  EXPECT_EQ(forced.status, 0) << forced.err;
}

/* Another degree is another fit of the same networks, by run and by compare. */
TEST(Run, IsComparedAnewWithoutTraining) {
  TempFolder folder;
  write_text(folder / "e.yaml", small_experiment);
  const std::string quick = " --quiet --set ensemble.members=320";
  ASSERT_LE(run_pdlt("run e.yaml -o out" + quick, folder.path()).status, 1);
  const std::string before = read_text(folder / "out/measured.npz");
  const Outcome again = run_pdlt("run e.yaml -o out --set compare.degree=1" + quick, folder.path());
  EXPECT_LE(again.status, 1) << again.err;
  EXPECT_NE(again.err.find("measured.npz: complete"), again.err.npos) << again.err;
  EXPECT_EQ(read_text(folder / "out/measured.npz"), before);
  const std::string compare = "compare out/theory.npz out/measured.npz --quiet -o ";
  const Outcome got =
      run_pdlt(compare + "other --set compare.degree=1 --set compare.csv=summary", folder.path());
  EXPECT_LE(got.status, 1) << got.err;
  EXPECT_EQ(read_text(folder / "other/verdict.json"), read_text(folder / "out/verdict.json"));
  EXPECT_NE(read_text(folder / "out/verdict.json").find("\"degree\": 1"), std::string::npos);
  const Outcome wrong = run_pdlt(compare + "third --set network.depth=4", folder.path());
  EXPECT_EQ(wrong.status, 2);
  EXPECT_EQ(wrong.err,
            "--set: network.depth: belongs to the run; compare only knows compare.degree, "
            "compare.level, compare.csv and figures\n");
  EXPECT_FALSE(std::filesystem::exists(folder / "third"));
  scale_array(folder / "out/theory.npz", "y", 2);
  const std::string samples =
      "out/theory.npz: x, y: not the samples that data_hash of its meta names";
  for (const std::string &command : {compare + "fourth", "run e.yaml -o out" + quick}) {
    const Outcome other = run_pdlt(command, folder.path());
    EXPECT_EQ(other.status, 2);
    EXPECT_NE(other.err.find(samples), std::string::npos) << other.err;
  }
  scale_array(folder / "out/theory.npz", "y", 0.5);
  scale_array(folder / "out/measured.npz", "n12/blocks/members", -1);
  const std::string named =
      "out/measured.npz: n12/blocks/members: number 1 of 5 is -64, expected a whole number >= 0; "
      "make the file again\n";
  for (const std::string &command : {compare + "fourth", "run e.yaml -o out" + quick}) {
    const Outcome broken = run_pdlt(command, folder.path());
    EXPECT_EQ(broken.status, 2);
    EXPECT_NE(broken.err.find(named), std::string::npos) << broken.err;
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "fourth"));
  const Outcome list = run_pdlt("list --set network.depth=4", folder.path());
  EXPECT_EQ(list.status, 2);
  EXPECT_EQ(list.err, "pdlt list: --set: this command has no keys\n");
}

/* More than 100,000 rows: cov of 73 samples at ten times, at one width. */
TEST(Run, LongTablesAreSummaries) {
  TempFolder folder;
  write_text(folder / "e.yaml", small_experiment);
  const Outcome got = run_pdlt(
      "run e.yaml -o out --set ensemble.members=64 --set network.widths=[8] --set data.train=60"
      " --set data.test=13 --set measure=[output] --set theory.order=0",
      folder.path());
  EXPECT_LE(got.status, 1) << got.err;
  EXPECT_NE(got.err.find("comparison.csv: "), got.err.npos) << got.err;
  EXPECT_NE(got.err.find(" rows are more than 100000; it holds those without a width, compare.csv: "
                         "full writes all\n"),
            got.err.npos)
      << got.err;
  auto rows = [&](const char *name) {
    const std::string text = read_text(folder / name);
    return std::count(text.begin(), text.end(), '\n') - 1;
  };
  const auto summary = rows("out/comparison.csv");
  EXPECT_GT(2 * summary, 100000);
  const Outcome full = run_pdlt(
      "compare out/theory.npz out/measured.npz -o full --set compare.csv=full", folder.path());
  EXPECT_LE(full.status, 1) << full.err;
  EXPECT_EQ(full.err.find("comparison.csv: "), full.err.npos) << full.err;
  EXPECT_EQ(rows("full/comparison.csv"), 2 * summary);
}

TEST(Run, ThreadsDoNotChangeABit) {
  TempFolder folder;
  write_text(folder / "e.yaml", small_experiment);
  for (const char *threads : {"1", "2"})
    for (const char *kind : {"theory", "train"}) {
      const Outcome got =
          run_pdlt(std::string(kind) + " e.yaml --quiet --set ensemble.members=320 --threads " +
                       threads + " -o " + kind + threads + ".npz",
                   folder.path());
      ASSERT_EQ(got.status, 0) << got.err;
    }
  EXPECT_EQ(read_text(folder / "theory1.npz"), read_text(folder / "theory2.npz"));
  EXPECT_EQ(read_text(folder / "train1.npz"), read_text(folder / "train2.npz"));
  EXPECT_NE(read_text(folder / "train1.npz"), "");
}

/* The demo's comparison, kernel only and with narrower networks: enough against 2 %. */
TEST(Run, KernelTwoPerCentOffIsRefuted) {
  TempFolder folder;
  const std::string demo = "'" PDLT_SOURCE_DIR "/reports/demo/experiment.yaml'";
  const std::string more =
      " --quiet --set measure=[kernel] --set theory.order=0 --set ensemble.members=10240"
      " --set 'network.widths=[12, 16, 24, 32]'";
  ASSERT_EQ(run_pdlt("theory " + demo + " -o t.npz" + more, folder.path()).status, 0);
  ASSERT_EQ(run_pdlt("train " + demo + " -o m.npz" + more, folder.path()).status, 0);
  const Outcome right = run_pdlt("compare t.npz m.npz -o right --quiet", folder.path());
  EXPECT_EQ(right.status, 0) << right.out;
  EXPECT_EQ(verdict_of(folder / "right/verdict.json"), "agree");
  scale_array(folder / "t.npz", "K", 1.02);
  const Outcome wrong = run_pdlt("compare t.npz m.npz -o wrong --quiet", folder.path());
  EXPECT_EQ(wrong.status, 1) << wrong.out;
  EXPECT_EQ(verdict_of(folder / "wrong/verdict.json"), "disagree");
}

TEST(Run, InterruptedTrainingGoesOnToTheSameBytes) {
  TempFolder folder;
  write_text(folder / "e.yaml", small_experiment);
  const std::string program = std::string("'") + PDLT_PROGRAM + "'";
  const std::string more = " e.yaml --quiet --set ensemble.members=4096";
  ASSERT_EQ(run_shell(program + " train" + more + " -o whole.npz", folder.path()).status, 0);
  /* Stopped as soon as the second width has begun. */
  const std::string loud = " e.yaml --set ensemble.members=4096";
  const Outcome stopped = run_shell(
      program + " train" + loud + " -o cut.npz 2>log & pid=$!; " +
          "until grep -q 'n = 12: started' log; do kill -0 $pid || exit 99; sleep 0.05; done; " +
          "kill -TERM $pid; wait $pid",
      folder.path());
  EXPECT_EQ(stopped.status, 130) << read_text(folder / "log");
  const std::string log = read_text(folder / "log");
  EXPECT_NE(log.find("training, n = 12: stopped at "), log.npos) << log;
  EXPECT_EQ(log.find("n = 12: done"), log.npos) << log;
  EXPECT_FALSE(std::filesystem::exists(folder / "cut.npz"));
  EXPECT_TRUE(std::filesystem::exists(folder / "cut.npz.partial"));
  const Outcome other =
      run_shell(program + " train" + more + " --set ensemble.seed=99 -o cut.npz", folder.path());
  EXPECT_EQ(other.status, 2) << other.err;
  ASSERT_EQ(run_shell(program + " train" + more + " -o cut.npz", folder.path()).status, 0);
  EXPECT_FALSE(std::filesystem::exists(folder / "cut.npz.partial"));
  EXPECT_EQ(read_text(folder / "whole.npz"), read_text(folder / "cut.npz"));
}

/* Theory is made in one piece: the program says so and ends at once. */
TEST(Run, InterruptedTheorySaysWhatIsLost) {
  for (const char *signal : {"INT", "TERM"}) {
    TempFolder folder;
    write_text(folder / "e.yaml",
               "network: {activation: tanh, depth: 4, widths: [8], C_b: 0.1, C_W: 1.2}\n"
               "data: {source: gaussian, inputs: 5, seed: 1, train: 50, test: 10}\n"
               "training: {eta: {relative: 0.5}, steps: 1000}\n"
               "ensemble: {members: 64}\n");
    const Outcome stopped = run_shell(
        std::string("'") + PDLT_PROGRAM + "' theory e.yaml -o t.npz 2>log & pid=$!; " +
            "until grep -q 'tensors of order 1/n: started' log; do kill -0 $pid || exit 99; " +
            "sleep 0.05; done; kill -" + signal + " $pid; wait $pid",
        folder.path());
    const std::string log = read_text(folder / "log");
    EXPECT_EQ(stopped.status, 130) << log;
    EXPECT_NE(log.find("interrupted during theory: what it had computed is lost; the same command "
                       "begins theory anew, and what was finished before stays\n"),
              log.npos)
        << log;
    EXPECT_FALSE(std::filesystem::exists(folder / "t.npz"));
  }
}

void run_mnist(const std::string &images, const std::string &labels, const TempFolder &folder) {
  const Outcome got = run_pdlt(
      "run '" PDLT_SOURCE_DIR
      "/reports/mnist-3-8/experiment.yaml' -o out --quiet"
      " --set ensemble.members=2048 --set 'network.widths=[24, 32, 40, 56]' --set training.steps=10"
      " --set data.train=4 --set data.test=2 --set data.balance=true --set compare.degree=2"
      " --set 'data.images=\"" +
          images + "\"' --set 'data.labels=\"" + labels + "\"'",
      folder.path());
  EXPECT_EQ(got.status, 0) << got.err << got.out;
  EXPECT_NE(verdict_of(folder / "out/verdict.json"), "disagree");
  const std::string page = read_text(folder / "out/report.html");
  for (const char *label : {"training 1<br>class 3<br>target", "test 2<br>class "})
    EXPECT_NE(
        page.find(label, page.find("<li><img alt=\"training sample 1\" src=\"data:image/png;")),
        page.npos)
        << label;
}

TEST(Run, MnistExperimentOnImagesMadeHere) {
  TempFolder folder;
  write_images(folder / "i.gz", folder / "l.gz");
  run_mnist((folder / "i.gz").string(), (folder / "l.gz").string(), folder);
}

TEST(Run, MnistExperimentOnTheRealImagesWhenAtHand) {
  TempFolder folder;
  const char *data = std::getenv("PDLT_TEST_DATA");
  std::string images = (folder / "i.gz").string(), labels = (folder / "l.gz").string();
  if (data != nullptr) {
    images = std::string(data) + "/mnist/t10k-images-idx3-ubyte.gz";
    labels = std::string(data) + "/mnist/t10k-labels-idx1-ubyte.gz";
  } else {
    write_images(folder / "i.gz", folder / "l.gz");
  }
  run_mnist(images, labels, folder);
}

}  // namespace
