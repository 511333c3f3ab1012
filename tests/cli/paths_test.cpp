/* paths_test.cpp - what the paths of data files are relative to. */
#include <gtest/gtest.h>

#include "base/file/npz.h"
#include "tests/cli/support.h"

namespace {

std::string experiment(const std::string &data) {
  return "network: {activation: tanh, depth: 2, widths: [8], C_b: 0.1, C_W: 1.2}\n"
         "data: {source: csv, train: 2, test: 1" +
         data +
         "}\n"
         "training: {eta: 0.05, steps: 2}\n"
         "ensemble: {members: 64}\n";
}

std::string numbers(double x) { return "x1,x2,y1\n" + std::to_string(x) + ",0,1\n0,1,-1\n1,1,0\n"; }

/* One name, other numbers: in the folder of the experiment and in the working folder. */
class Paths : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(folder / "sub");
    write_text(folder / "in.csv", numbers(1));
    write_text(folder / "sub/in.csv", numbers(2));
    write_text(folder / "sub/e.yaml", experiment(", file: in.csv"));
  }
  Outcome pdlt(const std::string &arguments) { return run_pdlt(arguments, folder.path()); }
  std::string hash_of(const std::string &file) {
    const Outcome got = pdlt("theory " + file + " --quiet --force -o t.npz");
    EXPECT_EQ(got.status, 0) << got.err;
    pdlt_archive archive = {};
    EXPECT_EQ(pdlt_npz_read(&archive, (folder / "t.npz").c_str(), nullptr), PDLT_OK);
    const json_t *experiment = json_object_get(archive.meta, "experiment");
    written = json_string_value(json_object_get(json_object_get(experiment, "data"), "file"));
    const std::string hash = json_string_value(json_object_get(archive.meta, "data_hash"));
    pdlt_archive_free(&archive);
    return hash;
  }
  TempFolder folder;
  std::string written; /* the path in the metadata */
};

TEST_F(Paths, OfTheFileAreRelativeToItAndThoseOfTheCommandToTheWorkingFolder) {
  const std::string of_file = hash_of("sub/e.yaml");
  EXPECT_EQ(hash_of("sub/e.yaml --set data.file=sub/in.csv"), of_file);
  EXPECT_EQ(written, "sub/in.csv"); /* as it was given */
  const std::string of_command = hash_of("sub/e.yaml --set data.file=in.csv");
  EXPECT_NE(of_command, of_file);
  EXPECT_EQ(hash_of("sub/e.yaml --set 'data={source: csv, train: 2, test: 1, file: in.csv}'"),
            of_command);
  EXPECT_EQ(hash_of("sub/e.yaml --set 'data.file=" + (folder / "in.csv").string() + "'"),
            of_command);
}

TEST_F(Paths, AMissingFileSaysWhatItsPathIsRelativeTo) {
  const Outcome command = pdlt("theory sub/e.yaml --set data.file=no.csv -o t.npz");
  EXPECT_EQ(command.status, 2);
  EXPECT_EQ(command.err,
            "--set: data.file: no.csv: No such file or directory (a path relative to where the "
            "program was started)\n");
  write_text(folder / "sub/e.yaml", experiment(", file: no.csv"));
  const Outcome file = pdlt("theory sub/e.yaml -o t.npz");
  EXPECT_EQ(file.status, 2);
  EXPECT_EQ(file.err,
            "sub/e.yaml:2: data.file: sub/no.csv: No such file or directory (a path relative to "
            "the folder of the experiment file)\n");
}

TEST_F(Paths, OfASweepAreThoseOfWhoeverNamesThem) {
  write_text(folder / "sub/only_here.csv", numbers(3));
  const std::string swept = experiment("") + "sweep: {data.file: [in.csv, only_here.csv]}\n";
  write_text(folder / "sub/e.yaml", swept);
  const Outcome file = pdlt("run sub/e.yaml -o out --quiet");
  EXPECT_LE(file.status, 1) << file.err;
  EXPECT_NE(read_text(folder / "out/file=only_here.csv/verdict.json"), "");
  const Outcome command =
      pdlt("run sub/e.yaml -o other --quiet --set 'sweep={data.file: [in.csv, only_here.csv]}'");
  EXPECT_EQ(command.status, 2);
  EXPECT_NE(command.err.find("only_here.csv: No such file"), command.err.npos) << command.err;
}

}  // namespace
