/* manual_test.cpp - pages of the manual and completion: whole, well formed, and what bash completes. */
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <sstream>

#include "tests/cli/support.h"

namespace {

namespace fs = std::filesystem;

const fs::path made = PDLT_BINARY_DIR "/generated/manual";

std::string printed(const std::string &arguments) {
  const Outcome got = run_pdlt(arguments, "/");
  EXPECT_EQ(got.status, 0) << arguments << got.err;
  return got.out;
}

/* What a form finds in a text, its first group. */
std::set<std::string> all_of(const std::string &text, const std::string &form) {
  const std::regex regex(form);
  std::set<std::string> out;
  for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at)
    out.insert((*at)[1]);
  return out;
}

std::set<std::string> commands() { return all_of(printed("--help"), "\n  pdlt ([a-z]+) "); }

/* Text as readers see it. */
std::string plain(std::string page) {
  const std::pair<const char *, const char *> marks[] = {
      {"\\\\-", "-"},      {"\\\\f[BR]", ""},  {"\\\\\\(aq", "'"},
      {"\\\\\\(dq", "\""}, {"\\\\\\(ha", "^"}, {"\\\\\\(ti", "~"},
      {"\\\\\\(ga", "`"},  {"\n\\\\&", "\n"},  {"\\\\e", "\\\\"}};
  for (const auto &[form, text] : marks) page = std::regex_replace(page, std::regex(form), text);
  return page;
}

/* Requests are known ones; of backslashes, quotes and points nothing is left to chance. */
void expect_well_formed(const std::string &page, const std::string &name) {
  static const std::regex request(
      "\\.(\\\\\" .*|TH PDLT[\\\\A-Z-]* 1 \"\" \"pdlt [0-9.]+\" \"User Commands\"|SH [A-Z "
      "]+|TP|nf|fi|"
      "BR pdlt[\\\\a-z-]* \\(1\\),?)");
  static const std::regex text("([^\\\\'\"`^~]|\\\\(-|&|e|f[BR]|\\([a-z]{2}))+");
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);)
    EXPECT_TRUE(std::regex_match(line, line[0] == '.' ? request : text)) << name << ": " << line;
  for (const char *part : {"\n.SH NAME\n", "\n.SH SYNOPSIS\n", "\n.SH DESCRIPTION\n",
                           "\n.SH OPTIONS\n", "\n.SH EXIT STATUS\n", "\n.SH SEE ALSO\n"})
    EXPECT_NE(page.find(part), page.npos) << name << part;
  EXPECT_EQ(all_of(page, "(\n\\.SH [A-Z ]+\n\\.SH)"), std::set<std::string>())
      << name; /* none is empty */
}

TEST(Manual, HasAPageForEachCommandWithAllItsOptions) {
  const auto names = commands();
  ASSERT_GE(names.size(), 12u);
  const std::string first = printed("--manual");
  expect_well_formed(first, "pdlt");
  for (const auto &name : names) {
    EXPECT_NE(first.find("\\fBpdlt " + name + "\\fR "), first.npos) << name;
    EXPECT_NE(first.find(".BR pdlt\\-" + name + " (1)"), first.npos) << name;
    const std::string page = printed("--manual " + name), text = plain(page);
    expect_well_formed(page, name);
    std::istringstream help(printed(name + " --help"));
    for (std::string line; std::getline(help, line) && line.rfind("exit", 0) != 0;) {
      if (line.rfind("usage: ", 0) == 0) line = line.substr(7);
      const size_t wide = line.find("  ", 2); /* between an option and what it does */
      for (const auto &piece :
           {line.substr(0, wide), wide < line.size() ? line.substr(wide) : ""}) {
        const size_t begin = piece.find_first_not_of(' ');
        if (begin == piece.npos || piece == "options" || piece == "examples") continue;
        EXPECT_NE(text.find(piece.substr(begin)), text.npos) << name << ": " << piece;
      }
    }
  }
}

/* The options that the program reads, in its source, are those that the pages tell of. */
TEST(Manual, TellsOfEveryOptionThatIsRead) {
  const auto read = all_of(read_text(PDLT_SOURCE_DIR "/cli/options.c"), "\n    \\{\"([a-z]+)\", ");
  std::string pages;
  for (const auto &name : commands()) pages += plain(printed("--manual " + name));
  EXPECT_EQ(all_of(pages, "\n[^ .\n]*(?:-o, )?--([a-z]+)"), [&] {
    auto most = read;
    most.erase("full"); /* stands behind --quick */
    return most;
  }());
  EXPECT_NE(pages.find("--quick, --full"), pages.npos);
  EXPECT_GE(read.size(), 16u);
}

TEST(Manual, IsMadeByTheBuild) {
  size_t pages = 1;
  EXPECT_EQ(read_text(made / "man1/pdlt.1"), printed("--manual"));
  for (const auto &name : commands()) {
    EXPECT_EQ(read_text(made / ("man1/pdlt-" + name + ".1")), printed("--manual " + name));
    pages++;
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(made / "man1"), fs::directory_iterator()), pages);
  EXPECT_EQ(read_text(made / "pdlt.bash"), printed("--completion bash"));
  EXPECT_EQ(read_text(made / "_pdlt"), printed("--completion zsh"));
}

TEST(Manual, RefusesWhatIsNotThere) {
  for (const char *wrong :
       {"--manual runs", "--manual run list", "--completion", "--completion fish"}) {
    const Outcome got = run_pdlt(wrong, "/");
    EXPECT_EQ(got.status, 2) << wrong;
    EXPECT_EQ(std::count(got.err.begin(), got.err.end(), '\n'), 1) << got.err;
    EXPECT_EQ(got.out, "");
  }
}

/* What is in it: tests/base/json_schema_test.cpp. */
TEST(Manual, SchemaIsPrintedForEditors) {
  const std::string text = printed("list schema");
  EXPECT_EQ(text.rfind("{\n \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n", 0),
            0u);
  EXPECT_EQ(text, printed("list schema --json"));
  EXPECT_EQ(printed("list").find("$schema"), std::string::npos);
}

/* What bash completes, in the folder `there`, for words of which the last one is begun. */
std::set<std::string> completed(const std::vector<std::string> &words, const fs::path &folder,
                                const fs::path &there) {
  std::string line = "set -u; source '" + (made / "pdlt.bash").string() + "'; COMP_WORDS=(pdlt";
  for (const auto &word : words) line += " '" + word + "'";
  line += "); COMP_CWORD=" + std::to_string(words.size()) + "; _pdlt '" PDLT_PROGRAM "' '" +
          words.back() + "' '" + (words.size() > 1 ? words[words.size() - 2] : "pdlt") +
          "'; printf '%s\\n' \"${COMPREPLY[@]}\"";
  write_text(folder / "complete.sh", line);
  const Outcome got = run_shell("bash --norc '" + (folder / "complete.sh").string() + "'", there);
  EXPECT_EQ(got.err, "") << line;
  return all_of(got.out, "([^\n]+)\n");
}

using Words = std::set<std::string>;

TEST(Completion, OfBash) {
  TempFolder folder, scripts;
  fs::create_directory(folder / "in put");
  for (const char *name : {"e.yaml", "e f.yaml", "t.npz"}) write_text(folder / name, "");
  const auto at = [&](const std::vector<std::string> &words) {
    return completed(words, scripts.path(), folder.path());
  };
  EXPECT_EQ(at({"tra"}), (Words{"train", "translate"}));
  for (const auto &name : commands()) EXPECT_EQ(at({name}).count(name), 1u) << name;
  EXPECT_EQ(at({"--vers"}), Words{"--version"});
  EXPECT_EQ(at({"run", "e.yaml", "--che"}), Words{"--checkpoint"});
  EXPECT_EQ(at({"critical", "--"}), (Words{"--skip", "--json", "--help"}));
  EXPECT_EQ(at({"run", ""}), (Words{"e.yaml", "e f.yaml", "in put"}));
  EXPECT_EQ(at({"compare", "t"}), Words{"t.npz"});
  EXPECT_EQ(at({"run", "e.yaml", "--threads", ""}), Words());
  EXPECT_EQ(at({"run", "e.yaml", "-o", "in"}), Words{"in put"});
  EXPECT_EQ(at({"list", "f"}), Words{"figures"});
  const std::string usage = printed("list --help");
  EXPECT_EQ(at({"list", ""}), all_of(usage.substr(0, usage.find(']') + 1), "([a-z]+)(?=[|\\]])"));
  EXPECT_EQ(at({"figure", "width_sc"}), Words{"width_scaling"});
  EXPECT_EQ(at({"critical", "gel"}), Words{"gelu"});
  const fs::path claims = PDLT_SOURCE_DIR;
  EXPECT_EQ(at({"verify", "--claims", "in"}), Words{"in put"});
  EXPECT_EQ(completed({"verify", "4-"}, scripts.path(), claims),
            all_of(run_pdlt("list claims", claims).out, "\n  (4-[^ ]*) "));
  EXPECT_GE(completed({"verify", "4-"}, scripts.path(), claims).size(), 2u);
}

/* No zsh is needed for a test: every quote is closed, and each command has its options. */
TEST(Completion, OfZshIsWhole) {
  const std::string text = printed("--completion zsh");
  EXPECT_EQ(text.rfind("#compdef pdlt\n", 0), 0u);
  for (const auto &name : commands()) {
    const size_t begin = text.find("\n    " + name + ")\n      _arguments -S \\\n");
    ASSERT_NE(begin, text.npos) << name;
    const std::string part = text.substr(begin, text.find(";;", begin) - begin);
    for (const auto &option : all_of(plain(printed("--manual " + name)), "\n(?:-o, )?(--[a-z]+)"))
      EXPECT_NE(part.find(option + "["), part.npos) << name << option;
  }
  const std::regex spec("        '[^']*('\\\\''[^']*)*'( \\\\)?");
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    EXPECT_TRUE(line.rfind("        '", 0) != 0 || std::regex_match(line, spec)) << line;
}

}  // namespace
