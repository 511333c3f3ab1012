// docs/extending.md: eight walks of four steps; the files, places and tests that they name exist.
#include <gtest/gtest.h>

#include <utility>

#include "tests/repo/scan.h"

namespace fs = std::filesystem;

namespace {

struct Walk {
  std::string title, rest; /* rest: what is not in a step */
  scan::Strings steps, commands;
};

bool OpensStep(const std::string &line) {
  return line.size() > 3 && isdigit(line[0]) && line.compare(1, 2, ". ") == 0;
}

std::vector<Walk> Walks(const std::string &page) {
  std::vector<Walk> out;
  bool inside = false;
  for (const auto &line : scan::Lines(page)) {
    if (line.rfind("## ", 0) == 0) out.push_back({line.substr(3), "", {}, {}});
    if (out.empty()) continue;
    inside = OpensStep(line) || (inside && line.rfind("   ", 0) == 0);
    Walk &walk = out.back();
    if (OpensStep(line))
      walk.steps.push_back(line + "\n");
    else if (inside)
      walk.steps.back() += line + "\n";
    else if (line.rfind("    ", 0) == 0)
      walk.commands.push_back(line.substr(4));
    else
      walk.rest += line + "\n";
  }
  return out;
}

// What stands in backticks, and what follows it up to the next of them, without spaces.
struct Word {
  std::string text, after;
};

std::vector<Word> Words(const std::string &text) {
  std::vector<Word> out;
  bool quoted = false;
  for (const char c : text) {
    if (c == '`') {
      quoted = !quoted;
      if (quoted) out.emplace_back();
    } else if (quoted) {
      out.back().text += c;
    } else if (!out.empty() && !isspace(c)) {
      out.back().after += c;
    }
  }
  return out;
}

// `file`: `place`, `place` as pairs of file and place; all other words into rest.
using Places = std::vector<std::pair<std::string, std::string>>;

Places PlacesOf(const std::string &text, scan::Strings &rest) {
  const auto words = Words(text);
  Places out;
  for (size_t i = 0; i < words.size(); i++) {
    if (words[i].after != ":" || i + 1 == words.size()) {
      rest.push_back(words[i].text);
      continue;
    }
    const auto file = words[i].text;
    do out.emplace_back(file, words[++i].text);
    while (words[i].after == "," && i + 1 < words.size() && words[i + 1].after != ":");
  }
  return out;
}

// Whether word stands in text by itself, not as a part of a longer one.
bool Holds(const std::string &text, const std::string &word) {
  const auto part = [](char c) { return isalnum(c) || c == '_'; };
  for (size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
    const size_t end = at + word.size();
    if ((at == 0 || !part(text[at - 1])) && (end == text.size() || !part(text[end]))) return true;
  }
  return false;
}

bool Exists(const std::string &path) { return !path.empty() && fs::exists(scan::root / path); }

// Suite.Name of every test in tests/.
const std::set<std::string> &Tests() {
  static const auto names = [] {
    std::set<std::string> out;
    for (const auto &path : scan::Files({"tests"}, {".cpp"}))
      for (const auto &line : scan::Lines(scan::Read(scan::root / path))) {
        const size_t open = line.find('('), comma = line.find(", "), close = line.find(')');
        if (line.rfind("TEST", 0) != 0 || comma > close || close == line.npos) continue;
        out.insert(line.substr(open + 1, comma - open - 1) + "." +
                   line.substr(comma + 2, close - comma - 2));
      }
    return out;
  }();
  return names;
}

scan::Strings WrongPlaces(const Places &places) {
  scan::Strings wrong;
  for (const auto &[file, place] : places)
    if (!Exists(file))
      wrong.push_back("no file " + file);
    else if (!fs::is_regular_file(scan::root / file) ||
             !Holds(scan::Read(scan::root / file), place))
      wrong.push_back("no " + place + " in " + file);
  return wrong;
}

scan::Strings WrongInStep(const std::string &step) {
  scan::Strings rest;
  const auto places = PlacesOf(step, rest);
  auto wrong = WrongPlaces(places);
  const auto words = Words(step);
  if (places.empty() || words[0].text != places[0].first) wrong.push_back("begins with no place");
  const size_t without = step.find("Without:");
  if (without == step.npos || step.find_first_not_of(" \n", without + 8) == step.npos)
    wrong.push_back("says not what fails without it");
  for (const auto &word : rest)
    if (!Exists(word) && Tests().count(word) == 0) wrong.push_back("no test or file " + word);
  return wrong;
}

// The programs of tests in a command: FOLDER_NAME_test.
scan::Strings WrongInCommand(const std::string &command) {
  scan::Strings wrong;
  std::istringstream in(command);
  for (std::string word; in >> word;) {
    word = word.substr(word.rfind('/') + 1);
    if (word.size() < 5 || word.compare(word.size() - 5, 5, "_test") != 0) continue;
    const size_t at = word.find('_');
    if (!Exists("tests/" + word.substr(0, at) + "/" + word.substr(at + 1) + ".cpp"))
      wrong.push_back("no program " + word);
  }
  return wrong;
}

void Append(scan::Strings &to, const std::string &where, const scan::Strings &from) {
  for (const auto &text : from) to.push_back(where + ": " + text);
}

scan::Strings WrongIn(const Walk &walk) {
  scan::Strings wrong, rest;
  if (walk.steps.size() != 4) Append(wrong, walk.title, {"not four steps"});
  for (size_t k = 0; k < walk.steps.size(); k++) {
    const auto where = walk.title + ", step " + std::to_string(k + 1);
    if (walk.steps[k].rfind(std::to_string(k + 1), 0) != 0) Append(wrong, where, {"wrong number"});
    Append(wrong, where, WrongInStep(walk.steps[k]));
  }
  Append(wrong, walk.title, WrongPlaces(PlacesOf(walk.rest, rest)));
  const size_t derive = walk.rest.find("Derive first: "), docs = walk.rest.find("`docs/", derive);
  const size_t end = walk.rest.find('`', docs + 1);
  if (derive == walk.rest.npos || docs == walk.rest.npos ||
      !Exists(walk.rest.substr(docs + 1, end - docs - 1)))
    Append(wrong, walk.title, {"no derivation"});
  if (walk.rest.find("See it work") == walk.rest.npos || walk.commands.empty())
    Append(wrong, walk.title, {"no command"});
  for (const auto &command : walk.commands) Append(wrong, walk.title, WrongInCommand(command));
  return wrong;
}

TEST(Extending, EightWalksOfFourStepsThatExist) {
  const auto walks = Walks(scan::Read(scan::root / "docs/extending.md"));
  EXPECT_EQ(walks.size(), 8u);
  size_t places = 0;
  for (const auto &walk : walks) {
    for (const auto &text : WrongIn(walk)) ADD_FAILURE() << text;
    scan::Strings rest;
    for (const auto &step : walk.steps) places += PlacesOf(step, rest).size();
  }
  EXPECT_GT(places, 8u * 4u);
}

// --- the checks themselves can fail ---

std::string MadeUp(const std::string &step) {
  std::string page =
      "# Page\n\n1. `no/file`: `x`.\n\n## Add\n\nDerive first: `docs/kernels.md`.\n\n";
  page += "1. " + step + "\n";
  for (const char *number : {"2", "3", "4"})
    page += std::string(number) + ". `base/core/status.h`: `pdlt_status`. Without: nothing.\n";
  return page + "\nSee it work:\n\n    build/tests/base_json_test --help\n";
}

scan::Strings WrongWith(const std::string &step) {
  const auto walks = Walks(MadeUp(step));
  EXPECT_EQ(walks.size(), 1u);
  return WrongIn(walks.at(0));
}

TEST(ExtendingCheck, TakesStepsApart) {
  scan::Strings rest;
  const auto places =
      PlacesOf("`a/b.c`: `x`,\n   `y` and `d.h`: `z`, `e.h`: `z`. Without: `S.T`, `U.V`", rest);
  EXPECT_EQ(places, (Places{{"a/b.c", "x"}, {"a/b.c", "y"}, {"d.h", "z"}, {"e.h", "z"}}));
  EXPECT_EQ(rest, (scan::Strings{"S.T", "U.V"}));
  EXPECT_TRUE(Holds("a pdlt_b(", "pdlt_b"));
  EXPECT_FALSE(Holds("a pdlt_b2 xpdlt_b", "pdlt_b"));
}

TEST(ExtendingCheck, SeesWhatDoesNotExist) {
  const std::string file = "`base/core/status.h`: `pdlt_status`, `PDLT_TRY`. ";
  EXPECT_EQ(WrongWith(file + "Without: `Json.NotFiniteIsNullAndTheKeyStays`,\n   `base/core`."),
            scan::Strings{});
  const std::string at = "Add, step 1: ";
  EXPECT_EQ(WrongWith("`base/core/status.h`: `pdlt_stat`. Without: x"),
            scan::Strings{at + "no pdlt_stat in base/core/status.h"});
  EXPECT_EQ(WrongWith(file + "`base/no.h`: `x`. Without: x"),
            scan::Strings{at + "no file base/no.h"});
  EXPECT_EQ(WrongWith(file + "Without: `Json.NoSuchTest`"),
            scan::Strings{at + "no test or file Json.NoSuchTest"});
  EXPECT_EQ(WrongWith(file + "Without:"), scan::Strings{at + "says not what fails without it"});
  EXPECT_EQ(WrongWith(file), scan::Strings{at + "says not what fails without it"});
  EXPECT_EQ(WrongWith("`base/core/status.h` is it. Without: x"),
            scan::Strings{at + "begins with no place"});
}

TEST(ExtendingCheck, SeesWhatIsMissing) {
  Walk walk = Walks(MadeUp("`base/core/status.h`: `pdlt_status`. Without: x")).at(0);
  EXPECT_EQ(WrongIn(walk), scan::Strings{});
  Walk other = walk;
  std::swap(other.steps[1], other.steps[2]);
  EXPECT_EQ(WrongIn(other).size(), 2u);
  other = walk;
  other.steps.pop_back();
  EXPECT_EQ(WrongIn(other), scan::Strings{"Add: not four steps"});
  other = walk;
  other.commands = {"build/tests/base_jsonn_test"};
  EXPECT_EQ(WrongIn(other), scan::Strings{"Add: no program base_jsonn_test"});
  other = walk;
  other.commands.clear();
  EXPECT_EQ(WrongIn(other), scan::Strings{"Add: no command"});
  other = walk;
  other.rest.replace(other.rest.find("kernels"), 7, "kernals");
  EXPECT_EQ(WrongIn(other), scan::Strings{"Add: no derivation"});
}

}  // namespace
