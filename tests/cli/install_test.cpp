/* install_test.cpp - what cmake --install puts down: program, claims, headers, names. */
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "tests/cli/support.h"

namespace {

namespace fs = std::filesystem;

class Install : public ::testing::Test {
 protected:
  void SetUp() override {
    const Outcome got =
        run_shell("cmake --install '" PDLT_BINARY_DIR "' --prefix $PWD/prefix", folder.path());
    ASSERT_EQ(got.status, 0) << got.out << got.err;
  }
  std::string find(const std::string &name) const {
    for (const auto &entry : fs::recursive_directory_iterator(folder / "prefix"))
      if (entry.path().filename() == name) return entry.path();
    ADD_FAILURE() << name << " is not installed";
    return "";
  }
  TempFolder folder;
};

TEST_F(Install, TheProgramRunsAndFindsItsClaims) {
  EXPECT_EQ(run_shell("prefix/bin/pdlt --version", folder.path()).status, 0);
  fs::rename(folder / "prefix", folder / "moved");
  const Outcome claims = run_shell("moved/bin/pdlt list claims --json", folder.path());
  EXPECT_NE(claims.out.find("\"name\": \"4-second-layer\""), std::string::npos)
      << claims.out << claims.err;
}

TEST_F(Install, TheManualAndWhatShellsComplete) {
  const fs::path share = folder / "prefix/share";
  EXPECT_EQ(read_text(share / "man/man1/pdlt.1"),
            run_shell("prefix/bin/pdlt --manual", folder.path()).out);
  EXPECT_TRUE(fs::exists(share / "man/man1/pdlt-run.1"));
  EXPECT_TRUE(fs::exists(share / "bash-completion/completions/pdlt"));
  EXPECT_TRUE(fs::exists(share / "zsh/site-functions/_pdlt"));
}

/* Names that the front door's headers declare, and those that the shared library shows. */
TEST_F(Install, TheSharedLibraryShowsPublicNamesOnly) {
  std::set<std::string> shown, declared;
  std::istringstream lines(
      run_shell("nm -D --defined-only '" + find("libpdlt.so") + "'", folder.path()).out);
  for (std::string address, type, name; lines >> address >> type >> name;) shown.insert(name);
  for (const char *header : {"pdlt.h", "pdlt_tools.h", "status.h"}) {
    std::istringstream text(read_text(find(header)));
    for (std::string line; std::getline(text, line);) {
      if (line.rfind("PDLT_API ", 0) != 0) continue;
      const size_t end = line.find('('), begin = line.find_last_of(" *", end) + 1;
      declared.insert(line.substr(begin, end - begin));
    }
  }
  EXPECT_GT(declared.size(), 40u);
  EXPECT_EQ(shown, declared);
}

TEST_F(Install, EachHeaderCompilesAloneAsCAndCxx) {
  const std::string root = fs::path(find("pdlt.h")).parent_path();
  size_t headers = 0;
  for (const auto &entry : fs::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".h") continue;
    headers++;
    EXPECT_EQ(entry.path().string().find("internal"), std::string::npos) << entry.path();
    write_text(folder / "alone", "#include \"" + entry.path().string() + "\"\n");
    for (const char *compiler : {"cc -std=c11 -x c", "c++ -std=c++17 -x c++"}) {
      const Outcome got = run_shell(std::string(compiler) + " -Wall -Wextra -Wpedantic -Werror" +
                                        " -fsyntax-only -I'" + root + "' alone",
                                    folder.path());
      EXPECT_EQ(got.status, 0) << compiler << " " << entry.path() << "\n" << got.err;
    }
  }
  EXPECT_GE(headers, 10u);
  EXPECT_LE(headers, 16u);
}

TEST_F(Install, ThePackageNamesNoPrefix) {
  const std::string pc = read_text(find("pdlt.pc"));
  EXPECT_EQ(pc.rfind("prefix=${pcfiledir}/", 0), 0u) << pc;
  for (const char *name : {"pdlt.pc", "pdlt-config.cmake", "pdlt-shared.cmake"})
    EXPECT_EQ(read_text(find(name)).find(folder.path().string()), std::string::npos) << name;
}

}  // namespace
