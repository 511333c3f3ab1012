/* limits_test.cpp - little memory, output that arrives nowhere, and files that are none: the program
 * ends by itself, with one line and an exit status that is not 0. */
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <zlib.h>

#include <algorithm>
#include <regex>
#include <string>

#include "tests/cli/support.h"

namespace {

/* For a minute at most: what waits for ever is killed, which is status 137. */
Outcome run_bounded(const std::string &arguments, const TempFolder &folder,
                    const std::string &before = "") {
  return run_shell(before + "timeout -s KILL 60 '" + PDLT_PROGRAM + "' " + arguments,
                   folder.path());
}

void expect_one_line(const Outcome &got, int status, const std::string &pattern) {
  EXPECT_EQ(got.status, status) << got.err;
  EXPECT_EQ(std::count(got.err.begin(), got.err.end(), '\n'), 1) << got.err;
  EXPECT_TRUE(std::regex_search(got.err, std::regex(pattern))) << got.err << "\nnot " << pattern;
}

#if defined(PDLT_SANITIZED) /* whose address space is larger than any limit */
const std::string little_memory = "";
#else
const std::string little_memory = "ulimit -v 400000; ";

/* OpenBLAS, threads and arrays, each with too little: an error, never a wait without end. */
TEST(Limits, LittleMemoryIsOneLine) {
  TempFolder folder;
  write_text(folder / "e.yaml", small_experiment);
  int refused = 0, done = 0;
  for (int megabytes = 50; done == 0; megabytes += 30) {
    const std::string limit = "ulimit -v " + std::to_string(1000 * megabytes) + "; ";
    const Outcome got = run_bounded("train e.yaml --quiet --threads 3 -o x.npz", folder, limit);
    ASSERT_LT(megabytes, 4000);
    if (got.status == 0) {
      done++;
    } else if (got.status != 127) { /* too little to load the libraries */
      expect_one_line(got, 3, "memory");
      refused++;
    }
    EXPECT_EQ(std::filesystem::exists(folder / "x.npz"), done > 0) << megabytes;
  }
  EXPECT_GT(refused, 5);
}

/* The line comes before the work. */
TEST(Limits, BlasWithoutMemoryIsSaidBeforeTheWork) {
  TempFolder folder;
  write_text(folder / "e.yaml", small_experiment);
  for (const char *command : {"train", "theory", "run", "explain"}) {
    const std::string output = std::string(command) == "explain" ? "" : " -o x";
    expect_one_line(
        run_bounded(std::string(command) + " e.yaml --threads 2" + output, folder,
                    "ulimit -v 100000; "),
        3,
        "^no memory for OpenBLAS: it takes 128 MiB for each of 2 threads, and there is room for 0");
    EXPECT_FALSE(std::filesystem::exists(folder / "x"));
  }
}

#endif

TEST(Limits, WhatIsPrintedMustArrive) {
  TempFolder folder;
  write_text(folder / "e.yaml", small_experiment);
  ASSERT_EQ(run_pdlt("theory e.yaml --quiet -o t.npz", folder.path()).status, 0);
  ASSERT_EQ(run_pdlt("train e.yaml --quiet -o m.npz", folder.path()).status, 0);
  for (const char *command :
       {"--version", "--help", "list", "list --json", "list terms", "critical gelu",
        "critical gelu --json", "theory --help", "explain e.yaml --quiet",
        "explain e.yaml --quiet --json", "theory e.yaml --quiet --force --json -o y.npz",
        "compare t.npz m.npz --quiet -o out", "compare t.npz m.npz --quiet --json -o out"})
    expect_one_line(run_bounded(std::string(command) + " >/dev/full", folder), 3,
                    "^standard output: cannot be written");
  /* An error that was said already stays as it was. */
  expect_one_line(run_bounded("list nonsense >/dev/full", folder), 2, "nonsense");
  EXPECT_EQ(run_bounded("--version >&-", folder).status, 0); /* nobody wants to read it */
}

TEST(Limits, PipesAndDevicesAreNoFiles) {
  TempFolder folder;
  write_text(folder / "e.yaml", small_experiment);
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0666), 0);
  for (const char *command : {"theory pipe -o x.npz", "run pipe -o x", "explain pipe",
                              "merge pipe -o x.npz", "compare pipe pipe -o x"})
    expect_one_line(run_bounded(command, folder), 2, "pipe: is a pipe; expected a file");
  for (const char *command : {"theory /dev/zero -o x.npz", "merge /dev/zero -o x.npz"})
    expect_one_line(run_bounded(command, folder), 2, "/dev/zero: is a device; expected a file");
  for (const char *source : {"csv, file: ", "npy, file: "})
    for (const char *file : {"/dev/zero", "pipe"}) {
      const std::string set = std::string("theory e.yaml --quiet -o x.npz --set 'data={source: ") +
                              source + file + ", train: 2, test: 1}'";
      expect_one_line(run_bounded(set, folder), 2, "is a (device|pipe); expected a file");
    }
  for (const char *output : {"pipe", "pipe --force"})
    for (const char *command : {"theory", "train"})
      expect_one_line(run_bounded(std::string(command) + " e.yaml --quiet -o " + output, folder), 2,
                      output == std::string("pipe")
                          ? "^pipe: exists and does not hold"
                          : "^pipe: is no file but a device, a pipe or a socket");
  EXPECT_FALSE(std::filesystem::exists(folder / "x.npz"));
  struct stat info;
  ASSERT_EQ(lstat((folder / "pipe").c_str(), &info), 0);
  EXPECT_TRUE(S_ISFIFO(info.st_mode));
}

void write_gz(const std::filesystem::path &path, const std::string &head, size_t zeros) {
  const std::string block(1 << 20, '\0');
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, head.data(), static_cast<unsigned>(head.size()));
  for (size_t done = 0; done < zeros; done += block.size())
    gzwrite(file, block.data(), static_cast<unsigned>(block.size()));
  gzclose(file);
}

/* 256 MiB of zeros in a quarter of one: as text no numbers pack so well, and the header of images says
 * how many there are. 400 MB of address space hold the program and neither. */
TEST(Limits, WhatUnpacksToTooMuchIsRefused) {
  TempFolder folder;
  write_text(folder / "e.yaml", small_experiment);
  const size_t zeros = (size_t)1 << 28;
  write_gz(folder / "t.csv.gz", "x1,y1\n1,2\n", zeros);
  write_gz(folder / "i.gz", std::string("\0\0\x08\x03\0\0\0\x03\0\0\0\x01\0\0\0\x02", 16), zeros);
  write_gz(folder / "l.gz", std::string("\0\0\x08\x01\0\0\0\x03\x03\x08\x03", 11), 0);
  const std::string theory = "theory e.yaml --quiet --threads 1 -o x.npz --set 'data={source: ";
  expect_one_line(
      run_bounded(theory + "csv, file: t.csv.gz, train: 1, test: 0}'", folder, little_memory), 2,
      "t.csv.gz: unpacks to more than .* give it unpacked if it is right");
  expect_one_line(
      run_bounded(theory + "idx, images: i.gz, labels: l.gz, classes: [3, 8], train: 2, "
                           "test: 1}'",
                  folder, little_memory),
      2, "i.gz: unpacks to more than the [0-9]+ bytes expected");
  std::filesystem::resize_file(folder / "e.yaml", (size_t)1 << 30);
  expect_one_line(run_bounded("theory e.yaml -o x.npz", folder, little_memory), 2,
                  "e.yaml: is longer than the 16777216 bytes expected");
}

}  // namespace
