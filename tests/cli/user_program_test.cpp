/* user_program_test.cpp - the program of docs/c-api.md and those of examples/, built as a user builds
 * them: by pkg-config and by find_package, with the shared and with the static library. */
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>
#include <vector>

#include "tests/cli/support.h"

namespace {

namespace fs = std::filesystem;

/* The ```c block of docs/c-api.md. */
std::string example() {
  std::istringstream in(read_text(PDLT_SOURCE_DIR "/docs/c-api.md"));
  std::string text;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("```", 0) == 0)
      inside = line == "```c";
    else if (inside)
      text += line + "\n";
  }
  return text;
}

class UserProgram : public ::testing::Test {
 protected:
  void SetUp() override {
    const Outcome got =
        run_shell("cmake --install '" PDLT_BINARY_DIR "' --prefix $PWD/first", folder.path());
    ASSERT_EQ(got.status, 0) << got.out << got.err;
    fs::rename(folder / "first", folder / "prefix"); /* everything must bear to be moved */
    write_text(folder / "user.c", example());
  }

  void build(const std::string &command) {
    const Outcome got = run_shell(
        "export PKG_CONFIG_PATH=$(dirname $(find $PWD/prefix -name pdlt.pc)) && " + command,
        folder.path());
    ASSERT_EQ(got.status, 0) << command << "\n" << got.out << got.err;
  }

  /* Runs a program that was built; shared: whether it needs libpdlt.so. */
  void expect_verdict(const std::string &program, bool shared) {
    const Outcome ran = run_shell("rm -rf result && ./" + program, folder.path());
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_EQ(ran.err, "");
    EXPECT_NE(ran.out.find("\nverdict: "), std::string::npos) << ran.out;
    EXPECT_EQ(ran.out.find("verdict: disagree"), std::string::npos) << ran.out;
    for (const char *name : {"theory.npz", "measured.npz", "report.html"})
      EXPECT_TRUE(fs::exists(folder / "result" / name)) << name;
    const Outcome needs = run_shell("readelf -d ./" + program, folder.path());
    EXPECT_EQ(needs.out.find("libpdlt.so.0") != std::string::npos, shared) << needs.out;
  }

  TempFolder folder;
};

const std::string cc = "'" PDLT_C_COMPILER "' " PDLT_EXTRA_FLAGS " user.c -o user ";

TEST_F(UserProgram, ByPkgConfigShared) {
  build(cc +
        "$(pkg-config --cflags --libs pdlt) -lm "
        "-Wl,-rpath,$(pkg-config --variable=libdir pdlt)");
  expect_verdict("user", true);
}

TEST_F(UserProgram, ByPkgConfigStatic) {
  build(cc + "$(pkg-config --static --define-variable=library=:libpdlt.a --cflags --libs pdlt)");
  expect_verdict("user", false);
}

TEST_F(UserProgram, ByPkgConfigStaticWhereNothingElseIs) {
  build("rm $(find $PWD/prefix -name 'libpdlt.so*')");
  build(cc + "$(pkg-config --static --cflags --libs pdlt)");
  expect_verdict("user", false);
}

TEST_F(UserProgram, ByFindPackage) {
  write_text(folder / "CMakeLists.txt",
             "cmake_minimum_required(VERSION 3.25)\n"
             "project(user C)\n"
             "find_package(pdlt 0.1 REQUIRED)\n"
             "add_executable(shared user.c)\n"
             "target_link_libraries(shared PRIVATE pdlt::pdlt m)\n"
             "find_package(pdlt REQUIRED COMPONENTS static)\n"
             "add_executable(static user.c)\n"
             "target_link_libraries(static PRIVATE pdlt::pdlt_static)\n");
  for (const std::string cmake : {"cmake", "/usr/bin/cmake"}) {
    if (run_shell("command -v " + cmake, folder.path()).status != 0) continue;
    build("rm -rf build && " + cmake +
          " -S . -B build -G Ninja -DCMAKE_PREFIX_PATH=$PWD/prefix"
          " -DCMAKE_C_COMPILER='" PDLT_C_COMPILER "' -DCMAKE_C_FLAGS='" PDLT_EXTRA_FLAGS "' && " +
          cmake + " --build build");
    expect_verdict("build/shared", true);
    expect_verdict("build/static", false);
  }
}

/* --- examples/ --- */

class Examples : public UserProgram {
 protected:
  /* Builds one without a warning. */
  void build_example(const std::string &name) {
    build("'" PDLT_C_COMPILER "' " PDLT_EXTRA_FLAGS
          " -std=c11 -Wall -Wextra -Wpedantic -Werror '" PDLT_SOURCE_DIR "/examples/" +
          name + ".c' -o " + name +
          " $(pkg-config --cflags --libs pdlt) -lm"
          " -Wl,-rpath,$(pkg-config --variable=libdir pdlt)");
  }
  Outcome run(const std::string &command) {
    const Outcome got = run_shell("./" + command, folder.path());
    EXPECT_EQ(got.status, 0) << command << "\n" << got.err;
    return got;
  }
};

TEST_F(Examples, Kernels) {
  build_example("kernels");
  const Outcome made = run("kernels");
  EXPECT_EQ(made.out.rfind("K at infinite width", 0), 0u) << made.out;
  EXPECT_NE(made.out.find(", largest usable eta "), made.out.npos) << made.out;
  /* inputs at right angles stay so; tanh at criticality, |x|^2/n_0 = 1: the diagonal as above */
  write_text(folder / "mine.csv", "x1,x2,y1\n3,0,1\n0,2,-1\n5,5,1\n");
  const Outcome mine = run("kernels mine.csv 2");
  std::istringstream rows(mine.out), made_rows(made.out);
  std::string title, text[4];
  double K[4], first;
  std::getline(rows, title);
  for (int k = 0; k < 4; k++) rows >> K[k] >> text[k];
  std::getline(made_rows, title);
  made_rows >> first;
  EXPECT_NEAR(K[0], first, 1.01e-4);
  EXPECT_EQ(K[0], K[3]);
  EXPECT_EQ(std::abs(K[1]) + std::abs(K[2]), 0) << mine.out;
  EXPECT_EQ(text[0].rfind("(-", 0), 0u) << mine.out;
}

TEST_F(Examples, Ensemble) {
  build_example("ensemble");
  const Outcome small = run("ensemble");
  EXPECT_NE(small.err.find("training, n = 64"), small.err.npos) << small.err;
  for (const char *line :
       {"\nz                   c1 agree ", "\nloss_test           c0 ", "\nverdict: "})
    EXPECT_NE(("\n" + small.out).find(line), small.out.npos) << line << small.out;
  write_text(folder / "e.yaml", small_experiment);
  const Outcome once = run("ensemble e.yaml out"), again = run("ensemble e.yaml out");
  EXPECT_EQ(once.out, again.out);
  EXPECT_TRUE(fs::exists(folder / "out/report.html"));
  EXPECT_NE(again.err.find("out/theory.npz"), again.err.npos) << again.err;
  const Outcome wrong = run_shell("./ensemble none.yaml out", folder.path());
  EXPECT_EQ(wrong.status, 2);
  EXPECT_NE(wrong.err.find("none.yaml"), wrong.err.npos) << wrong.err;
}

TEST_F(Examples, WidthScan) {
  build_example("width_scan");
  std::istringstream lines(run("width_scan").out);
  std::string title;
  std::getline(lines, title);
  std::vector<double> widths;
  double n, lo, order_one, measured, error;
  while (lines >> n >> lo >> order_one >> measured >> error) {
    widths.push_back(n);
    EXPECT_LT(std::abs(measured - order_one), 5 * error + 0.1 / (n * n)) << n;
    EXPECT_LT(std::abs(measured - order_one), std::abs(measured - lo) / 2) << n;
  }
  EXPECT_EQ(widths, (std::vector<double>{16, 24, 32, 48, 64}));
}

TEST(ExamplesOfC, AreShortAndNamed) {
  const std::string page = read_text(PDLT_SOURCE_DIR "/docs/c-api.md");
  size_t examples = 0;
  for (const auto &entry : fs::directory_iterator(PDLT_SOURCE_DIR "/examples")) {
    const std::string text = read_text(entry.path()), name = entry.path().filename();
    EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 60) << name;
    EXPECT_NE(page.find("`" + name + "`"), page.npos) << name;
    examples++;
  }
  EXPECT_EQ(examples, 3u);
}

TEST_F(UserProgram, TheExampleIsShort) {
  const std::string text = example();
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 30);
  EXPECT_NE(text.find("#include <pdlt.h>"), std::string::npos);
}

}  // namespace
