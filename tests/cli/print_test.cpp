// What the program prints of a verdict: columns, reasons and the answer, in lines that fit.
#include <gtest/gtest.h>
#include <jansson.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/cli/support.h"

namespace {

std::vector<std::string> Lines(const std::string &text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// The text with its line breaks and indents taken back.
std::string Joined(const std::string &text) {
  std::string out;
  for (const std::string &line : Lines(text))
    out +=
        (out.empty() ? "" : " ") + line.substr(std::min(line.find_first_not_of(' '), line.size()));
  return out;
}

// Two widths are too few for a fit of degree 2: everything is undecided for one reason.
TEST(Print, LinesFitAndSayEverything) {
  TempFolder folder;
  write_text(folder / "e.yaml",
             "network: {activation: tanh, depth: 2, widths: [16, 24], C_b: 0.1, C_W: 1.2}\n"
             "data: {source: circle, inputs: 2, train: 2, test: 1}\n"
             "training: {eta: {relative: 0.3}, steps: 4}\n"
             "ensemble: {members: 2048}\n"
             "measure: [output, kernel]\n");
  const Outcome got = run_pdlt("run e.yaml -o out --quiet", folder.path());
  ASSERT_EQ(got.status, 0) << got.err;
  const std::vector<std::string> lines = Lines(got.out);
  for (const std::string &line : lines) {
    EXPECT_LE(line.size(), 110u) << line;
    EXPECT_NE(line.back(), ' ') << line;
  }
  EXPECT_EQ(lines.back(), "verdict: undecided   (out/report.html)");
  json_t *verdict = json_load_file((folder / "out/verdict.json").c_str(), 0, nullptr);
  const json_t *tests = json_object_get(verdict, "tests"),
               *answer = json_object_get(verdict, "answer");
  const std::string all = Joined(got.out);
  ASSERT_EQ(json_array_size(answer), 2u);
  for (size_t k = 0; k < 2; k++)
    EXPECT_NE(all.find(json_string_value(json_array_get(answer, k))), all.npos) << all;
  const size_t count = json_array_size(tests);
  ASSERT_GE(count, 8u);
  const size_t end = lines[0].size();  // columns end where their headings do
  std::set<std::string> reasons;
  for (size_t k = 0; k < count; k++) {
    const json_t *test = json_array_get(tests, k);
    EXPECT_EQ(lines[k + 1].rfind(json_string_value(json_object_get(test, "quantity")), 0), 0u);
    EXPECT_EQ(lines[k + 1].size(), end) << lines[k + 1];
    reasons.insert(json_string_value(json_object_get(test, "reason")));
  }
  for (const std::string &reason : reasons) {  // each once
    const size_t at = all.find(reason);
    EXPECT_NE(at, all.npos) << reason;
    EXPECT_EQ(all.find(reason, at + 1), all.npos) << reason;
  }
  json_decref(verdict);
}

}  // namespace
