/* tutorial_test.cpp - docs/tutorial.md: its commands work and print what it shows. */
#include <gtest/gtest.h>

#include "tests/cli/pages.h"

namespace {

/* Every line that is shown, in this order; "..." stands for any number of lines. */
void expect_shown(const Fence &shown, const std::string &printed) {
  std::istringstream in(printed);
  std::string line;
  bool gap = false;
  for (const auto &want : shown.lines) {
    if (want == "...") {
      gap = true;
      continue;
    }
    bool found = false;
    while (!found && std::getline(in, line)) {
      found = same_line(want, line);
      if (!found && !gap) break;
    }
    ASSERT_TRUE(found) << "shown: " << want << "\nprinted: " << line << "\n" << printed;
    gap = false;
  }
  EXPECT_TRUE(gap || !std::getline(in, line)) << line;
}

TEST(Tutorial, CommandsPrintWhatIsShown) {
  TempFolder folder;
  make_project(folder);
  std::string printed;
  size_t commands = 0, shown = 0;
  for (const auto &fence : fences_of("docs/tutorial.md")) {
    if (fence.language == "yaml") write_text(folder / fence.file(), fence.text());
    if (fence.language == "text") expect_shown(fence, printed), shown++;
    if (fence.language != "sh") continue;
    for (const auto &command : fence.lines) {
      const Outcome got = run_shell(command, folder.path());
      ASSERT_EQ(got.status, 0) << command << "\n" << got.out << got.err;
      printed = got.out;
      commands++;
    }
  }
  EXPECT_GE(commands, 5u);
  EXPECT_GE(shown, 4u);
}

TEST(Tutorial, TheComparisonCanFail) {
  EXPECT_TRUE(same_line("z c0 agree 1.3 %  0.92", "z  c0 agree 1.31 % 0.92"));
  EXPECT_FALSE(same_line("z c0 agree 1.3 %", "z c0 agree 1.4 %"));
  EXPECT_FALSE(same_line("z c0 agree 1.3 %", "z c0 undecided 1.3 %"));
  EXPECT_FALSE(same_line("about 90337 per", "about 90337 per width"));
}

}  // namespace
