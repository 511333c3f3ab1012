/* layout_test.cpp - the order of folders and rooms: by what files include, and by what the object
 * files of this build call; and what no file may contain. */
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <map>
#include <regex>

#include "tests/repo/rooms.h"
#include "tests/repo/scan.h"

namespace fs = std::filesystem;

namespace {

// One use of a file by another, both as paths from the root.
struct Use {
  std::string from, to, how;
};

// What is wrong with a use; "" when nothing is.
std::string Complaint(const Use &use) {
  if (rooms::MayUse(rooms::RoomOf(use.from), rooms::RoomOf(use.to))) return "";
  return use.from + " " + use.how + " " + use.to + ": " + rooms::RoomOf(use.from) +
         " is not above " + rooms::RoomOf(use.to);
}

void ExpectInOrder(const std::vector<Use> &uses) {
  for (const auto &use : uses) EXPECT_EQ(Complaint(use), "");
}

// Includes of files of ours, all of which are written from the root.
std::vector<Use> IncludesOf(const std::string &path, const std::string &text) {
  std::vector<Use> uses;
  for (const auto &to : scan::Includes(text))
    if (to.find('/') != to.npos) uses.push_back({path, to, "includes"});
  return uses;
}

// --- object files ---

std::string Output(const std::string &command) {
  std::string out;
  FILE *pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return out;
  std::array<char, 4096> part;
  for (size_t n; (n = fread(part.data(), 1, part.size(), pipe)) > 0;) out.append(part.data(), n);
  pclose(pipe);
  return out;
}

// Source of build/DIR/CMakeFiles/TARGET.dir/REST.o: DIR/REST; "" when it is none of ours.
std::string SourceOf(const std::string &object) {
  static const std::regex form("(?:(.*)/)?CMakeFiles/[^/]+\\.dir/(.*)\\.o(?:bj)?");
  std::smatch match;
  if (!std::regex_match(object, match, form)) return "";
  const std::string folder = match[1],
                    source = (folder.empty() ? "" : folder + "/") + match[2].str();
  const bool ours = rooms::FolderOf(source) >= 0 && scan::Extension(source) == ".c";
  return ours && fs::exists(scan::root / source) ? source : "";
}

using SourceOfObject = std::map<std::string, std::string>;

// Objects of this build, the newest of each source: it may be in several targets, or have been in
// another one before.
SourceOfObject Objects() {
  std::map<std::string, fs::path> newest;
  const fs::path build = PDLT_BINARY_DIR;
  auto folders = scan::libraries;
  folders.push_back("CMakeFiles"); /* of targets of the root */
  for (const auto &folder : folders)
    for (const auto &entry : fs::recursive_directory_iterator(build / folder)) {
      const auto source = SourceOf(entry.path().lexically_relative(build).generic_string());
      if (source.empty()) continue;
      auto &best = newest[source];
      if (best.empty() || entry.last_write_time() > fs::last_write_time(best)) best = entry.path();
    }
  SourceOfObject objects;
  for (const auto &[source, object] : newest) objects[object.string()] = source;
  return objects;
}

struct Symbol {
  std::string source, name;
  bool defined;
};

// Lines of nm -A -P, "OBJECT: NAME TYPE VALUE SIZE", of objects of known sources. Types in
// capitals are external; U is used, not here.
std::vector<Symbol> Symbols(const std::string &table, const SourceOfObject &source_of) {
  std::vector<Symbol> out;
  for (const auto &line : scan::Lines(table)) {
    const size_t colon = line.find(": ");
    std::istringstream in(line.substr(std::min(line.size(), colon + 2)));
    std::string name, type;
    if (!(in >> name >> type) || name.rfind("pdlt_", 0) != 0 || !isupper(type[0])) continue;
    out.push_back({source_of.at(line.substr(0, colon)), name, type != "U"});
  }
  return out;
}

// Of many objects at once: nm takes longer to start than to read one.
std::vector<Symbol> SymbolsOfThisBuild() {
  const SourceOfObject objects = Objects();
  std::vector<Symbol> out;
  for (auto next = objects.begin(); next != objects.end();) {
    std::string command = "'" PDLT_NM "' -A -P";
    for (int i = 0; i < 64 && next != objects.end(); i++) command += " '" + (next++)->first + "'";
    const auto more = Symbols(Output(command + " 2>/dev/null"), objects);
    out.insert(out.end(), more.begin(), more.end());
  }
  return out;
}

std::vector<Use> CallsOf(const std::vector<Symbol> &symbols) {
  std::map<std::string, std::string> home;
  for (const auto &s : symbols)
    if (s.defined) home[s.name] = s.source;
  std::vector<Use> uses;
  for (const auto &s : symbols)
    if (!s.defined && home.count(s.name))
      uses.push_back({s.source, home[s.name], "calls " + s.name + " of"});
  return uses;
}

TEST(Rooms, EveryFileStandsInARoomOfTheTable) {
  size_t files = 0;
  for (const auto &path : scan::Files(scan::libraries, {".c", ".h", ".inc", ".cpp"})) {
    EXPECT_GE(rooms::FloorOf(rooms::RoomOf(path)), 0) << path << ": rooms.h has no such room";
    files++;
  }
  EXPECT_GT(files, 200u);
}

TEST(Rooms, EveryRoomOfTheTableHasFiles) {
  std::set<std::string> seen;
  for (const auto &path : scan::Files(scan::libraries, {".c"})) seen.insert(rooms::RoomOf(path));
  for (const auto &folder : rooms::house)
    for (const auto &floor : folder.floors)
      for (const auto &room : floor)
        EXPECT_TRUE(seen.count(folder.name + (room.empty() ? "" : "/") + room)) << room;
}

TEST(Rooms, FilesIncludeOnlyWhatIsBelow) {
  size_t includes = 0;
  for (const auto &path : scan::Files(scan::libraries, {".c", ".h", ".inc"})) {
    const auto uses = IncludesOf(path, scan::Read(scan::root / path));
    ExpectInOrder(uses);
    includes += uses.size();
  }
  EXPECT_GT(includes, 500u);
}

TEST(Rooms, TestsIncludeOnlyWhatTheirFolderSees) {
  size_t includes = 0;
  for (const auto &path : scan::Files({"tests"}, {".cpp", ".h"})) {
    const auto folder = rooms::FolderOf(path.substr(6));
    if (folder < 0) continue;
    const auto &mine = rooms::house[folder];
    for (const auto &use : IncludesOf(path, scan::Read(scan::root / path))) {
      const auto to = use.to.substr(0, use.to.find('/'));
      EXPECT_TRUE(to == "tests" || to == mine.name || mine.sees.count(to))
          << path << " includes " << use.to;
      includes++;
    }
  }
  EXPECT_GT(includes, 200u);
}

TEST(Rooms, ObjectsCallOnlyWhatIsBelow) {
  const auto symbols = SymbolsOfThisBuild();
  std::set<std::string> seen;
  for (const auto &symbol : symbols) seen.insert(symbol.source);
  for (const auto &path : scan::Files(scan::libraries, {".c"}))
    EXPECT_TRUE(seen.count(path)) << path << " has no symbols in " << PDLT_BINARY_DIR;
  const auto calls = CallsOf(symbols);
  EXPECT_GT(calls.size(), 1000u);
  ExpectInOrder(calls);
}

// --- the checks themselves can fail ---

TEST(RoomsCheck, SeesAWrongInclude) {
  const auto complaint = [](const std::string &path, const std::string &header) {
    return Complaint(IncludesOf(path, "#include <math.h>\n  #include \"" + header + "\"\n").at(0));
  };
  EXPECT_EQ(complaint("theory/order_one/mean.inc", "theory/tensors/tensors.h"), "");
  EXPECT_EQ(complaint("trainer/run/ensemble.c", "base/core/status.h"), "");
  EXPECT_EQ(complaint("cli/main.c", "cli/study/study.h"), "");
  EXPECT_NE(complaint("theory/terms/mask.h", "theory/order_one/mean.h"), "");
  EXPECT_NE(complaint("cli/study/study.c", "cli/command.h"), "");
  EXPECT_NE(complaint("theory/gauss/grid.c", "trainer/network/step.h"), "");
  EXPECT_NE(complaint("compare/join/join.c", "datasets/dataset.h"), "");
  EXPECT_NE(complaint("base/random/rng.c", "base/activation/activation.h"), "");
  EXPECT_NE(complaint("compare/plot/plot.c", "base/experiment/experiment.h"), "");
  EXPECT_NE(complaint("compare/attic/old.c", "base/core/status.h"), "");
}

TEST(RoomsCheck, SeesAnUpwardCall) {
  const std::string table =
      "a.o: pdlt_fail T 0 10\na.o: pdlt_local t 0 4\na.o: memcpy U\n"
      "b.o: pdlt_file_read T 0 8\nb.o: pdlt_fail U\n";
  auto symbols = Symbols(table, {{"a.o", "base/core/status.c"}, {"b.o", "base/file/file.c"}});
  ASSERT_EQ(CallsOf(symbols).size(), 1u);
  EXPECT_EQ(Complaint(CallsOf(symbols)[0]), "");
  symbols.push_back({"base/core/status.c", "pdlt_file_read", false});
  ASSERT_EQ(CallsOf(symbols).size(), 2u);
  EXPECT_EQ(Complaint(CallsOf(symbols)[1]),
            "base/core/status.c calls pdlt_file_read of base/file/file.c: base/core is not above "
            "base/file");
}

TEST(RoomsCheck, KnowsTheSourceOfAnObject) {
  EXPECT_EQ(SourceOf("base/CMakeFiles/pdlt_base.dir/core/status.c.o"), "base/core/status.c");
  EXPECT_EQ(SourceOf("CMakeFiles/all.dir/base/core/status.c.o"), "base/core/status.c");
  EXPECT_EQ(SourceOf("base/CMakeFiles/pdlt_base.dir/core/gone.c.o"), "");
  EXPECT_EQ(SourceOf("tests/CMakeFiles/a.dir/base/memory_test.cpp.o"), "");
  EXPECT_EQ(SourceOf("base/core/status.c.o"), "");
}

// --- what no file may contain ---

TEST(Layout, BlasAndLapackAreCalledInOnePlace) {
  const std::regex call("cblas|openblas_|dsyevd_|dpotrf_");
  size_t calls_in_linalg = 0;
  auto folders = scan::libraries;
  folders.push_back("bench");
  for (const auto &path : scan::Files(folders, {".c", ".h", ".inc"}))
    for (const auto &line : scan::Lines(scan::Split(scan::Read(scan::root / path)).code)) {
      if (!std::regex_search(line, call)) continue;
      if (path == "base/vector/linalg.c")
        calls_in_linalg++;
      else
        ADD_FAILURE() << path << ": " << line;
    }
  EXPECT_GT(calls_in_linalg, 5u);
}

/* What these write or return is shared by all threads. */
TEST(Layout, NoFunctionThatThreadsMayNotCall) {
  const std::regex call(
      "\\b(lgamma[fl]?|strtok|rand|srand|[dlm]rand48|asctime|ctime|gmtime|localtime|getpw(nam|uid)|"
      "tmpnam|"
      "strsignal|ecvt|fcvt)\\(");
  EXPECT_TRUE(std::regex_search("  return exp(lgamma(x));", call));
  EXPECT_FALSE(std::regex_search("  return lgamma_r(x, &sign) + pdlt_strtok(x);", call));
  for (const auto &path : scan::Files(scan::libraries, {".c", ".h", ".inc"}))
    for (const auto &line : scan::Lines(scan::Split(scan::Read(scan::root / path)).code))
      EXPECT_FALSE(std::regex_search(line, call)) << path << ": " << line;
}

/* jansson tells of memory that ran out by what is missing; base/file/json.h makes an error of it. The
 * program, which sees the front door alone, has a file of its own for that. */
TEST(Layout, JsonGrowsInOnePlace) {
  const std::regex call(
      "json_(array_append|array_insert|array_set|array_extend|object_set|object_update|deep_copy|"
      "copy|"
      "load|dump)[a-z_]*\\(");
  size_t calls = 0;
  for (const auto &path : scan::Files(scan::libraries, {".c", ".h"}))
    for (const auto &line : scan::Lines(scan::Split(scan::Read(scan::root / path)).code)) {
      std::smatch found;
      if (!std::regex_search(line, found, call)) continue;
      if (found.position() > 0 && line[(size_t)found.position() - 1] == '_') continue;
      if (path == "base/file/json.c" || path == "cli/json.c")
        calls++;
      else
        ADD_FAILURE() << path << ": " << line;
    }
  EXPECT_GT(calls, 7u);
}

/* Files get their names, are opened for reading and are locked in one place each. */
TEST(Layout, FilesAreOpenedInOnePlace) {
  const std::regex call(
      "\\b(fopen|freopen|open|openat|creat|rename|renameat|flock|mkstemp|tmpfile|"
      "open_memstream)\\(");
  const std::set<std::string> places = {"base/file/file.c", "base/file/write.c", "base/file/lock.c",
                                        "cli/start.c"};
  std::set<std::string> seen;
  for (const auto &path : scan::Files(scan::libraries, {".c", ".h"}))
    for (const auto &line : scan::Lines(scan::Split(scan::Read(scan::root / path)).code)) {
      if (!std::regex_search(line, call)) continue;
      if (path == "trainer/run/checkpoint.c" && line.find("rename(path, aside)") != line.npos)
        continue; /* a damaged file, set aside */
      seen.insert(path);
      EXPECT_TRUE(places.count(path)) << path << ": " << line;
    }
  EXPECT_EQ(seen, places);
}

/* Variance reduction is used through its three calls and the count of flops. */
TEST(Layout, ControlStandsBehindTwoHeaders) {
  const std::string room = "trainer/control/";
  std::set<std::string> seen;
  for (const auto &path : scan::Files(scan::libraries, {".c", ".h", ".inc"}))
    if (path.rfind(room, 0) != 0)
      for (const auto &to : scan::Includes(scan::Read(scan::root / path)))
        if (to.rfind(room, 0) == 0) seen.insert(to.substr(room.size()));
  EXPECT_EQ(seen, (std::set<std::string>{"control.h", "flops.h"}));
}

/* The program stands on the front door alone. */
TEST(Layout, TheProgramUsesTheFrontDoorOnly) {
  std::set<std::string> seen;
  for (const auto &path : scan::Files({"cli"}, {".c", ".h"}))
    if (path.rfind("cli/study/", 0) != 0)
      for (const auto &to : scan::Includes(scan::Read(scan::root / path))) seen.insert(to);
  EXPECT_EQ(seen,
            (std::set<std::string>{"cli/command.h", "cli/study/pdlt.h", "cli/study/pdlt_tools.h"}));
}

/* A double that counts stops counting at 2^53. */
TEST(Layout, LoopsCountInIntegers) {
  const std::regex loop("for \\((?:const )?(?:double|float) ");
  size_t loops = 0;
  for (const auto &path : scan::Files(scan::libraries, {".c", ".h", ".inc"}))
    for (const auto &line : scan::Lines(scan::Split(scan::Read(scan::root / path)).code)) {
      EXPECT_FALSE(std::regex_search(line, loop)) << path << ": " << line;
      loops += line.find("for (") != line.npos;
    }
  EXPECT_GT(loops, 1000u);
  EXPECT_TRUE(std::regex_search("  for (double k = from; k <= to; k++) {", loop));
}

TEST(Layout, NoUnsafeMathFlags) {
  scan::Strings files = {"CMakeLists.txt", "CMakePresets.json"};
  for (const auto &path : scan::Files(scan::libraries))
    if (fs::path(path).filename() == "CMakeLists.txt") files.push_back(path);
  EXPECT_GT(files.size(), 7u);
  for (const auto &path : files) {
    const auto text = scan::Read(scan::root / path);
    EXPECT_EQ(text.find("ffast-math"), text.npos) << path;
    EXPECT_EQ(text.find("-Ofast"), text.npos) << path;
  }
}

}  // namespace
