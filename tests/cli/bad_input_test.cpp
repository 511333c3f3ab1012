/* bad_input_test.cpp - bad input: one line FILE:LINE: key: ..., exit 2, nothing written. */
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdint>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/base/json_schema.h"
#include "tests/cli/support.h"

namespace {

const char *const good =
    "network:\n"            // 1
    "  C_b: 0.1\n"          // 2
    "  activation: tanh\n"  // 3
    "  depth: 2\n"          // 4
    "  widths: [4, 8]\n"    // 5
    "  C_W: 1.2\n"          // 6
    "data:\n"               // 7
    "  source: csv\n"       // 8
    "  file: in.csv\n"      // 9
    "  train: 2\n"          // 10
    "  test: 1\n"           // 11
    "training:\n"           // 12
    "  eta: 0.1\n"          // 13
    "  steps: 2\n"          // 14
    "ensemble:\n"           // 15
    "  members: 64\n";      // 16
const char *const good_csv = "x1,x2,y1\n1,0,1\n0,1,-1\n0.5,0.5,0\n";

void write_gz(const std::filesystem::path &path, const std::string &bytes) {
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
}

std::string big_endian(uint32_t v) {
  return {static_cast<char>(v >> 24), static_cast<char>(v >> 16), static_cast<char>(v >> 8),
          static_cast<char>(v)};
}

std::string idx_images(uint32_t magic, uint32_t count, uint32_t stored) {
  std::string text = big_endian(magic) + big_endian(count) + big_endian(2) + big_endian(2);
  for (uint32_t i = 0; i < stored * 4; i++) text += static_cast<char>(37 * i + 11);
  return text;
}

std::string idx_labels(uint32_t magic, uint32_t count) {
  std::string text = big_endian(magic) + big_endian(count);
  for (uint32_t i = 0; i < count; i++) text += static_cast<char>(i % 2 ? 8 : 3);
  return text;
}

std::string replaced(std::string text, const std::string &from, const std::string &to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, text.npos) << from;
  return text.replace(at, from.size(), to);
}

struct Case {
  const char *name, *from, *to, *expected;
};

class BadInput : public ::testing::Test {
 protected:
  TempFolder folder;

  void SetUp() override { write_text(folder / "in.csv", good_csv); }

  /* Runs train and run; expects exit 2, one line that matches, and no new file. */
  void expect_refused(const std::string &yaml, const std::string &expected,
                      const std::string &more = "") {
    write_text(folder / "e.yaml", yaml);
    for (const std::string command :
         {"run e.yaml -o out ", "train e.yaml -o out.npz ", "theory e.yaml -o out.npz "}) {
      const Outcome got = run_pdlt(command + more, folder.path());
      EXPECT_EQ(got.status, 2) << command << yaml << got.err;
      EXPECT_TRUE(std::regex_search(got.err, std::regex(expected)))
          << command << "\nexpected " << expected << "\ngot      " << got.err;
      EXPECT_EQ(std::count(got.err.begin(), got.err.end(), '\n'), 1) << got.err;
      for (const char *file : {"out", "out.npz", "out.npz.partial"})
        EXPECT_FALSE(std::filesystem::exists(folder / file)) << command << file;
    }
  }
};

TEST_F(BadInput, TheGoodFileIsAccepted) {
  write_text(folder / "e.yaml", good);
  EXPECT_EQ(run_pdlt("theory e.yaml -o out.npz --quiet", folder.path()).status, 0);
  EXPECT_TRUE(std::filesystem::exists(folder / "out.npz"));
}

TEST_F(BadInput, ExperimentFile) {
  const Case cases[] = {
      {"unknown key", "  depth: 2", "  dept: 2", "^e.yaml:4: network.dept: .*depth"},
      {"unknown section", "training:", "trainin:", "^e.yaml:12: trainin: .*training"},
      {"repeated key", "  depth: 2", "  depth: 2\n  depth: 3", "^e.yaml:5: network.depth: "},
      {"wrong type", "depth: 2", "depth: two", "^e.yaml:4: network.depth: "},
      {"list for a number", "eta: 0.1", "eta: [0.1]", "^e.yaml:13: training.eta: "},
      {"syntax", "widths: [4, 8]", "widths: [4, 8", "^e.yaml:[0-9]+: "},
      {"tab", "  depth: 2", "\tdepth: 2", "^e.yaml:[0-9]+: "},
      {"negative variance", "C_W: 1.2", "C_W: -1", "^e.yaml:6: network.C_W: "},
      {"negative C_b", "C_b: 0.1", "C_b: -0.1", "^e.yaml:2: network.C_b: "},
      {"negative lambda", "C_W: 1.2", "C_W: 1.2\n  lambda_W: -1", "^e.yaml:7: network.lambda_W: "},
      {"NaN", "C_W: 1.2", "C_W: .nan", "^e.yaml:6: network.C_W: "},
      {"length", "C_W: 1.2", "C_W: [1, 1, 1]", "^e.yaml:6: network.C_W: .*2"},
      {"zero width", "[4, 8]", "[0, 8]", "^e.yaml:5: network.widths: "},
      {"absurd width", "[4, 8]", "[4, 100000000]", "^e.yaml:5: network.widths: .*(GiB|TiB)"},
      {"shallow", "depth: 2", "depth: 1", "^e.yaml:4: network.depth: "},
      {"activation", "tanh", "tan", "^e.yaml:3: network.activation: .*tanh"},
      {"no critical point", "tanh", "softplus", "^e.yaml:[0-9]+: network.C_[bW]: "},
      {"sweep of no key", "C_W: 1.2", "C_W: 1.2\nsweep: {depth: [2, 3]}", "^e.yaml:7: sweep: "},
      {"missing file", "in.csv", "no.csv", "^e.yaml:9: data.file: .*no.csv"},
      {"too many samples", "train: 2", "train: 20", "^e.yaml:10: data.train: .*3"},
      {"eta too large", "eta: 0.1", "eta: 1000", "^e.yaml:13: training.eta: .*[0-9]\\.[0-9]"},
      {"no members", "members: 64", "members: 0", "^e.yaml:16: ensemble.members: "},
  };
  /* What needs theory, data, or the numbers of other keys. */
  const std::set<std::string> by_numbers = {"repeated key",      "length",       "absurd width",
                                            "no critical point", "missing file", "too many samples",
                                            "eta too large"};
  for (const Case &c : cases) {
    SCOPED_TRACE(c.name);
    std::string yaml = replaced(good, c.from, c.to);
    if (std::string(c.name) == "no critical point")
      yaml = replaced(replaced(yaml, "1.2", "critical"), "0.1", "critical");
    expect_refused(yaml, c.expected);
    const auto value = schema::Read(yaml); /* as editors see it */
    EXPECT_TRUE(value == nullptr ||
                schema::Fits(schema::Whole(), value.get()) == (by_numbers.count(c.name) > 0));
  }
}

TEST_F(BadInput, Set) {
  expect_refused(good, "^--set: network.dept: ", "--set network.dept=2");
  expect_refused(good, "^--set: network.depth: ", "--set network.depth=two");
  expect_refused(good, "^--set: .*=", "--set network.depth");
}

TEST_F(BadInput, FlowIsForTheoryOnly) {
  const std::string yaml = replaced(good, "eta: 0.1", "eta: flow");
  write_text(folder / "e.yaml", yaml);
  EXPECT_EQ(run_pdlt("theory e.yaml -o t.npz --quiet", folder.path()).status, 0);
  for (const char *command : {"train e.yaml -o out.npz", "run e.yaml -o out"}) {
    const Outcome got = run_pdlt(command, folder.path());
    EXPECT_EQ(got.status, 2);
    EXPECT_EQ(got.err.rfind("e.yaml:13: training.eta: flow", 0), 0u) << got.err;
    EXPECT_FALSE(std::filesystem::exists(folder / "out"));
  }
}

TEST_F(BadInput, ExperimentFileMissing) {
  const Outcome got = run_pdlt("run nothing.yaml -o out", folder.path());
  EXPECT_EQ(got.status, 2);
  EXPECT_EQ(got.err.rfind("nothing.yaml", 0), 0u) << got.err;
}

TEST_F(BadInput, Csv) {
  const Case cases[] = {
      {"ragged", "0,1,-1", "0,1", "data.file: in.csv:3: "},
      {"NaN", "0,1,-1", "nan,1,-1", "data.file: in.csv:3: "},
      {"infinite", "0,1,-1", "inf,1,-1", "data.file: in.csv:3: "},
      {"no number", "0,1,-1", "0,one,-1", "data.file: in.csv:3: "},
      {"header", "x1,x2,y1", "a,b,c", "data.file: in.csv:1: "},
      {"row numbers", "x1,x2,y1", ",x1,y1", "data.file: in.csv:1: .*data.columns"},
  };
  for (const Case &c : cases) {
    SCOPED_TRACE(c.name);
    write_text(folder / "in.csv", replaced(good_csv, c.from, c.to));
    expect_refused(good, std::string("^e.yaml:9: ") + c.expected);
  }
}

TEST_F(BadInput, Idx) {
  const std::string yaml = replaced(
      good, "  source: csv\n  file: in.csv\n",
      "  source: idx\n  images: i.gz\n  labels: l.gz\n  classes: [3, 8]\n  targets: sign\n");
  const auto images = folder / "i.gz", labels = folder / "l.gz";
  write_gz(images, idx_images(0x803, 6, 6));
  write_gz(labels, idx_labels(0x801, 6));
  write_text(folder / "e.yaml", yaml);
  EXPECT_EQ(run_pdlt("theory e.yaml -o fine.npz --quiet", folder.path()).status, 0);

  const std::string whole = read_text(images);
  write_text(images, whole.substr(0, whole.size() / 2));
  expect_refused(yaml, "^e.yaml:9: data.images: .*i.gz");
  std::string corrupt = whole;
  corrupt[corrupt.size() / 2] = static_cast<char>(corrupt[corrupt.size() / 2] ^ 0x5a);
  write_text(images, corrupt);
  expect_refused(yaml, "^e.yaml:9: data.images: .*i.gz");
  write_gz(images, idx_images(0x802, 6, 6));
  expect_refused(yaml, "^e.yaml:9: data.images: .*promises");
  write_gz(images, idx_images(0x804, 6, 6));
  expect_refused(yaml, "^e.yaml:9: data.images: .*magic");
  write_gz(images, idx_images(0x803, 6, 5));
  expect_refused(yaml, "^e.yaml:9: data.images: .*i.gz");
  write_gz(images, idx_images(0x803, 5, 5));
  expect_refused(yaml, "^e.yaml:(9|10): data.(images|labels): .*5");
}

TEST_F(BadInput, CommandLine) {
  write_text(folder / "e.yaml", good);
  for (const char *arguments :
       {"", "frobnicate", "run e.yaml", "run -o out", "run e.yaml -o out --thread",
        "run e.yaml -o out --threads 0", "run e.yaml e.yaml -o out", "critical nothing",
        "list nothing", "critical tanh -o out", "train e.yaml -o missing/folder/out.npz"}) {
    const Outcome got = run_pdlt(arguments, folder.path());
    EXPECT_EQ(got.status, 2) << arguments;
    EXPECT_FALSE(got.err.empty()) << arguments;
    EXPECT_FALSE(std::filesystem::exists(folder / "out")) << arguments;
  }
}

}  // namespace
