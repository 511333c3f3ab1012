/* user_program_test.cpp - the program of docs/c-api.md, built as a user builds it: by pkg-config
 * and by find_package, with the shared and with the static library. */
#include <gtest/gtest.h>

#include <sstream>

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

TEST_F(UserProgram, TheExampleIsShort) {
  const std::string text = example();
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 30);
  EXPECT_NE(text.find("#include <pdlt.h>"), std::string::npos);
}

}  // namespace
