/* translate_test.cpp - pdlt translate: files, printing, the whole way to a run; data against sizes. */
#include <gtest/gtest.h>
#include <jansson.h>

#include "tests/cli/support.h"

namespace {

const char *const network =
    "framework: pytorch\n"
    "sizes: [2, 4, 4, 1]\n"
    "activation: tanh\n"
    "loss: mse_mean\n"
    "optimizer: {sgd: {lr: 0.05}}\n"
    "steps: 3\n"
    "data: {source: csv, file: in.csv, train: 2, test: 1}\n";

const char *const csv = "x1,x2,y1\n1,0.5,1\n0.25,-1,-1\n1.5,0.125,0.5\n";

}  // namespace

/* From a description in a folder of its own to a run, and back to a description that translates anew. */
TEST(TranslateCommand, ToARunAndBack) {
  TempFolder folder;
  std::filesystem::create_directories(folder / "nets");
  std::filesystem::create_directories(folder / "out");
  write_text(folder / "nets/net.yaml", network);
  write_text(folder / "nets/in.csv", csv);
  Outcome got = run_pdlt("translate nets/net.yaml -o out/net.yaml", folder.path());
  EXPECT_EQ(got.status, 0) << got.err;
  EXPECT_EQ(got.out + got.err, "");
  const std::string experiment = read_text(folder / "out/net.yaml");
  EXPECT_NE(experiment.find("file: '../nets/in.csv'"), experiment.npos) << experiment;
  got = run_pdlt("run out/net.yaml -o out/run --quiet --threads 2 --set ensemble.members=2048",
                 folder.path());
  EXPECT_TRUE(got.status == 0 || got.status == 1) << got.err;
  EXPECT_NE(got.out.find("warning: the networks start from uniform parameters"), got.out.npos)
      << got.out;

  got = run_pdlt("translate --back out/net.yaml", folder.path());
  EXPECT_EQ(got.status, 2);
  EXPECT_EQ(got.err.find("out/net.yaml:"), 0u) << got.err;
  EXPECT_NE(got.err.find("--set network.widths=[16]"), got.err.npos) << got.err;
  got = run_pdlt("translate --back out/net.yaml --set network.widths=[4] -o nets/again.yaml",
                 folder.path());
  EXPECT_EQ(got.status, 0) << got.err;
  EXPECT_NE(read_text(folder / "nets/again.yaml").find("\"../out/../nets/in.csv\""),
            std::string::npos)
      << read_text(folder / "nets/again.yaml");
  got = run_pdlt("translate nets/again.yaml", folder.path());
  EXPECT_EQ(got.status, 0) << got.err;
  const size_t numbers = experiment.find("  depth:"), end = experiment.find("data:");
  EXPECT_NE(got.out.find(experiment.substr(numbers, experiment.find("  C_b") - numbers)),
            got.out.npos);
  EXPECT_GT(end, numbers);
}

/* Printed without -o, into a file with it, which is not overwritten by something else. */
TEST(TranslateCommand, WhereTheTextGoes) {
  TempFolder folder;
  write_text(folder / "net.yaml", network);
  write_text(folder / "in.csv", csv);
  const Outcome printed = run_pdlt("translate net.yaml", folder.path());
  EXPECT_EQ(printed.status, 0) << printed.err;
  EXPECT_EQ(run_pdlt("translate net.yaml -o e.yaml", folder.path()).status, 0);
  EXPECT_EQ(read_text(folder / "e.yaml"), printed.out);
  EXPECT_EQ(run_pdlt("translate net.yaml -o e.yaml", folder.path()).status, 0); /* the same */
  Outcome got = run_pdlt("translate net.yaml -o in.csv", folder.path());
  EXPECT_EQ(got.status, 2);
  EXPECT_EQ(got.err.find("in.csv: exists and holds something else"), 0u) << got.err;
  EXPECT_EQ(read_text(folder / "in.csv"), csv);
  write_text(folder / "e.yaml", "mine");
  EXPECT_EQ(run_pdlt("translate net.yaml -o e.yaml --force", folder.path()).status, 0);
  EXPECT_EQ(read_text(folder / "e.yaml"), printed.out);
  got = run_pdlt("translate net.yaml --json", folder.path());
  json_t *root = json_loads(got.out.c_str(), 0, nullptr);
  EXPECT_STREQ(json_string_value(json_object_get(root, "text")), printed.out.c_str());
  EXPECT_TRUE(json_is_null(json_object_get(root, "output")));
  json_decref(root);
}

TEST(TranslateCommand, Refusals) {
  TempFolder folder;
  const auto with = [&](const std::string &from, const std::string &to) {
    std::string text = network;
    write_text(folder / "net.yaml", text.replace(text.find(from), from.size(), to));
  };
  const auto refuses = [&](const std::string &arguments, const std::string &start) {
    const Outcome got = run_pdlt("translate " + arguments, folder.path());
    EXPECT_EQ(got.status, 2) << arguments;
    EXPECT_EQ(got.err.find(start), 0u) << got.err;
    EXPECT_EQ(got.err.find('\n'), got.err.size() - 1) << got.err;
    EXPECT_EQ(got.out, "");
  };
  refuses("net.yaml", "net.yaml: No such file");
  refuses("none/net.yaml", "none: No such file");
  with("in.csv", "none.csv");
  refuses("net.yaml", "net.yaml:7: data.file: ");
  write_text(folder / "in.csv", csv);
  with("[2, 4", "[3, 4");
  refuses("net.yaml", "net.yaml:2: sizes: 3 inputs first, but the data have 2; write 2");
  with("4, 1]", "4, 2]");
  refuses("net.yaml", "net.yaml:2: network.outputs: ");
  with("sgd", "adam");
  refuses("net.yaml", "net.yaml:5: optimizer: adam has no counterpart");
  with("sgd", "sgd");
  refuses("net.yaml -o none/e.yaml", "none: No such file");
  refuses("net.yaml --set network.depth=3", "pdlt translate: --set: a description has no keys");
  refuses("--back net.yaml", "net.yaml:1: framework: unknown key");
  write_text(folder / "e.yaml", small_experiment);
  refuses("e.yaml", "e.yaml:2: network: this is an experiment; pdlt translate --back");
  refuses("--back e.yaml", "e.yaml:2: network.widths: 3 widths");
}

/* critical and a relative eta are numbers in the description. */
TEST(TranslateCommand, BackFromWhatIsResolved) {
  TempFolder folder;
  write_text(folder / "e.yaml",
             "network: {activation: relu, depth: 2, widths: [8], C_b: critical, C_W: critical}\n"
             "data: {source: circle, train: 3, center: true, scale: 2}\n"
             "training: {eta: {relative: 0.5}, steps: 4}\n");
  const Outcome got = run_pdlt("translate --back e.yaml", folder.path());
  EXPECT_EQ(got.status, 0) << got.err;
  EXPECT_NE(got.out.find("weight_std: [1, 0.5], bias_std: [0, 0]"), got.out.npos) << got.out;
  EXPECT_NE(got.out.find("lr: {weight: [0."), got.out.npos) << got.out;
  EXPECT_NE(got.out.find("\"scale\": 2.0"), got.out.npos) << got.out;
  write_text(folder / "net.yaml", got.out);
  EXPECT_EQ(run_pdlt("translate net.yaml -o again.yaml", folder.path()).status, 0);
  const Outcome again =
      run_pdlt("translate --back again.yaml --set network.widths=[8]", folder.path());
  EXPECT_EQ(again.out.substr(again.out.find("framework")),
            got.out.substr(got.out.find("framework")));
}
