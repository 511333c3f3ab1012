/* run_tests_test.cpp - the last line of ./bootstrap test: with the CTest at hand, with what
 * other versions write, and when there is nothing to count. */
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/cli/support.h"

namespace fs = std::filesystem;

namespace {

const std::string kGood = "add_test([=[good]=] sh -c true)\n";
const std::string kBad = "add_test([=[bad <tests=\"7\" failures='3'> & >]=] sh -c false)\n";
const std::string kTalks =
    "add_test([=[talks]=] sh -c [=[echo '<testsuite tests=\"99\" failures=\"98\">']=])\n";
const std::string kDies = "add_test([=[dies]=] sh -c [=[kill -SEGV $$]=])\n";
const std::string kMissing = "add_test([=[missing]=] /nowhere/program)\n";
const std::string kSkipped =
    "add_test([=[skipped]=] sh -c [=[exit 77]=])\n"
    "set_tests_properties([=[skipped]=] PROPERTIES SKIP_RETURN_CODE 77)\n";
const std::string kDisabled =
    "add_test([=[disabled]=] sh -c true)\n"
    "set_tests_properties([=[disabled]=] PROPERTIES DISABLED TRUE)\n";

/* A JUnit file as CTest lays it out. */
std::string junit(const std::string &tests, const std::string &failures) {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"a &lt;b "
         "tests=&quot;5&quot;\"\n"
         "\ttests=\"" +
         tests + "\"\n\tfailures=\"" + failures +
         "\"\n\tdisabled=\"0\"\n\tskipped=\"0\"\n\thostname=\"\"\n\ttime=\"1\"\n\t>\n"
         "\t<testcase name=\"x\" status=\"run\"/>\n</testsuite>\n";
}

std::string last_line(const std::string &text) {
  if (text.empty() || text.back() != '\n') return "no line feed at the end: " + text;
  const size_t before = text.rfind('\n', text.size() - 2);
  return text.substr(before == text.npos ? 0 : before + 1);
}

class RunTests : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char *name : {"build", "bin", "cmake"}) fs::create_directory(folder / name);
    for (const char *name : {"bootstrap", "cmake/run_tests.sh"})
      fs::copy_file(std::string(PDLT_SOURCE_DIR) + "/" + name, folder / name);
  }
  /* A program that stands for another of that name. */
  void Fake(const std::string &name, const std::string &script) {
    write_text(folder / ("bin/" + name), "#!/bin/sh\n" + script);
    fs::permissions(folder / ("bin/" + name), fs::perms::owner_all);
  }
  /* A CTest that says something, leaves that JUnit file (none when empty) and that exit status. */
  void FakeCTest(const std::string &says, const std::string &xml, int status) {
    write_text(folder / "given.xml", xml);
    Fake("ctest", "echo '" + says +
                      "'\nwhile [ \"$1\" != --output-junit ]; do shift; done\n"
                      "[ -s given.xml ] && cat given.xml >\"$2\"\nexit " +
                      std::to_string(status) + "\n");
  }
  Outcome Run(const std::string &command) {
    return run_shell("PATH=$PWD/bin:$PATH; " + command, folder.path());
  }
  /* With the CTest at hand, on these tests. */
  Outcome Count(const std::string &tests) {
    write_text(folder / "build/CTestTestfile.cmake", tests);
    return Run("cmake/run_tests.sh build");
  }
  void ExpectBroken(const Outcome &got, const std::string &why) {
    EXPECT_EQ(last_line(got.out), "0 passed, 1 failed\n") << got.out;
    EXPECT_NE(got.out.find(why), std::string::npos) << got.out;
    EXPECT_NE(got.status, 0);
  }
  TempFolder folder;
};

TEST_F(RunTests, AllPass) {
  const Outcome got = Count(kGood + kTalks);
  EXPECT_EQ(got.out, "2 passed, 0 failed\n") << got.err;
  EXPECT_EQ(got.status, 0);
}

TEST_F(RunTests, SomeFail) {
  const Outcome got = Count(kGood + kBad + kTalks + kDies);
  EXPECT_EQ(last_line(got.out), "2 passed, 2 failed\n") << got.out << got.err;
  EXPECT_NE(got.out.find("bad <tests="), std::string::npos) << got.out;
  EXPECT_EQ(got.status, 1);
}

TEST_F(RunTests, WhatDidNotRunHasNotPassed) {
  for (const auto &other : {kMissing, kSkipped, kDisabled}) {
    const Outcome got = Count(kGood + kTalks + other);
    EXPECT_EQ(last_line(got.out), "2 passed, 1 failed\n") << other << got.out << got.err;
    EXPECT_EQ(got.status, 1) << other;
  }
}

TEST_F(RunTests, NoTests) { ExpectBroken(Count(""), "no tests were found"); }

TEST_F(RunTests, WordsOfCTestDoNotMatter) {
  for (const char *says : {"100% tests passed out of 609",
                           "100% tests passed, 0 tests failed out of 609", "alles bestanden"}) {
    FakeCTest(says, junit("609", "0"), 0);
    const Outcome got = Run("cmake/run_tests.sh build");
    EXPECT_EQ(got.out, "609 passed, 0 failed\n") << got.err;
    EXPECT_EQ(got.status, 0);
  }
  FakeCTest("100% tests passed out of 609", junit("609", "9"), 8);
  EXPECT_EQ(last_line(Run("cmake/run_tests.sh build").out), "600 passed, 9 failed\n");
}

TEST_F(RunTests, NothingToCount) {
  FakeCTest("no such option", "", 1);
  write_text(folder / "build/tests.xml", junit("3", "0")); /* of an earlier run */
  ExpectBroken(Run("cmake/run_tests.sh build"), "no such option\nrun_tests: ctest (exit status 1)");
  FakeCTest("", "<?xml version=\"1.0\"?>\n<testsu", 0);
  ExpectBroken(Run("cmake/run_tests.sh build"), "holds no <testsuite");
  FakeCTest("", "<testsuite tests=\"3\" failures=\"none\">", 0);
  ExpectBroken(Run("cmake/run_tests.sh build"), "does not say how many failures");
  FakeCTest("discovery broke", junit("3", "0"), 8);
  ExpectBroken(Run("cmake/run_tests.sh build"), "exit status 8");
  ExpectBroken(Run("cmake/run_tests.sh nowhere"), "nowhere is not a folder");
  Fake("ctest", "exec /nowhere/ctest");
  ExpectBroken(Run("cmake/run_tests.sh build"), "exit status 127");
}

TEST_F(RunTests, BootstrapEndsWithTheCount) {
  Fake("dpkg-query", "echo install ok installed"); /* nothing is to be installed */
  Fake("cmake", "true");
  FakeCTest("100% tests passed out of 2", junit("2", "0"), 0);
  const Outcome passed = Run("./bootstrap test");
  EXPECT_EQ(passed.out, "2 passed, 0 failed\n") << passed.err;
  EXPECT_EQ(passed.status, 0);
  Fake("cmake", "echo 'does not build'; exit 1");
  ExpectBroken(Run("./bootstrap test"), "does not build");
}

}  // namespace
