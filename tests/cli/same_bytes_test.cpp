/* same_bytes_test.cpp - a command that is given twice leaves the same bytes in every file, whether
 * results are made, found there, or compared from their files. */
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/cli/archive.h"
#include "tests/cli/support.h"

namespace {

namespace fs = std::filesystem;

const char *const tiny =
    "title: tiny\n"
    "network: {activation: tanh, depth: 2, widths: [4, 6, 8], C_b: 0.1, C_W: 1.2}\n"
    "data: {source: circle, train: 2, test: 1}\n"
    "training: {eta: 0.1, steps: 2, record: [0, 2]}\n"
    "ensemble: {members: 2112, seed: 1, keep_members: 2}\n"
    "measure: [output, kernel, ntk]\n"
    "compare: {degree: 1}\n";

using Files = std::map<std::string, std::string>;

Files FilesIn(const fs::path &folder) {
  Files files;
  for (const auto &entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file())
      files[fs::relative(entry.path(), folder).string()] = read_text(entry.path());
  return files;
}

void ExpectSame(const Files &a, const Files &b) {
  EXPECT_EQ(a.size(), b.size());
  for (const auto &[name, bytes] : a) {
    ASSERT_EQ(b.count(name), 1u) << name;
    EXPECT_TRUE(bytes == b.at(name)) << name;
  }
}

/* Runs a command with -o one, again there, and with -o two. */
void ExpectSameTwice(const std::string &command, size_t files) {
  TempFolder folder;
  write_text(folder / "e.yaml", tiny);
  write_text(folder / "s.yaml", std::string(tiny) + "sweep: {network.C_W: [1.2, 1.4]}\n");
  fs::create_directories(folder / "claims/5-t");
  write_text(folder / "claims/5-t/experiment.yaml", tiny);
  write_text(folder / "claims/5-t/expect.yaml",
             "claim: c\nequation: e\ntext: t\nexpect:\n"
             "  - {quantity: K, test: limit, sabotage: [{factor: 2}]}\n");
  ASSERT_LE(run_pdlt(command + " -o one --quiet", folder.path()).status, 4);
  const Files first = FilesIn(folder / "one");
  EXPECT_GE(first.size(), files);
  ASSERT_LE(run_pdlt(command + " -o one --quiet", folder.path()).status, 4);
  ExpectSame(first, FilesIn(folder / "one"));
  ASSERT_LE(run_pdlt(command + " -o two --quiet", folder.path()).status, 4);
  ExpectSame(first, FilesIn(folder / "two"));
}

/* Other vector code: other bits, the same number; a name that is none: the best, as without. */
TEST(SameBytes, VectorCodeByName) {
  TempFolder folder;
  write_text(folder / "e.yaml", tiny);
  const std::string train = " '" PDLT_PROGRAM "' train e.yaml --quiet -o ";
  for (const char *name : {"plain", "avx9", ""})
    ASSERT_EQ(
        run_shell("PDLT_SIMD=" + std::string(name) + train + "x" + name + ".npz", folder.path())
            .status,
        0);
  EXPECT_TRUE(read_text(folder / "x.npz") == read_text(folder / "xavx9.npz"));
  const auto z = Archive(folder / "x.npz")["n8/z"], other = Archive(folder / "xplain.npz")["n8/z"];
  ASSERT_EQ(z.size(), other.size());
  for (size_t k = 0; k < z.size(); k++) EXPECT_NEAR(z[k], other[k], 1e-12) << k;
  EXPECT_NE(z.back(), 0);
}

TEST(SameBytes, Run) { ExpectSameTwice("run e.yaml", 10); }
TEST(SameBytes, RunOfASweep) { ExpectSameTwice("run s.yaml", 20); }
TEST(SameBytes, Verify) { ExpectSameTwice("verify --claims claims", 6); }

TEST(SameBytes, CompareOfTheFilesOfARun) {
  TempFolder folder;
  write_text(folder / "e.yaml", tiny);
  ASSERT_LE(run_pdlt("run e.yaml -o run --quiet", folder.path()).status, 4);
  ASSERT_LE(
      run_pdlt("compare run/theory.npz run/measured.npz -o out --quiet", folder.path()).status, 4);
  Files of_run = FilesIn(folder / "run");
  for (const char *archive : {"theory.npz", "measured.npz"}) of_run.erase(archive);
  ExpectSame(of_run, FilesIn(folder / "out"));
}

}  // namespace
