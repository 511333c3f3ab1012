/* numbers_test.cpp - the front door in a program whose locale has a decimal comma. */
#include <clocale>
#include <cstdlib>

#include "tests/study/support.h"

using namespace study_test;

namespace {

/* While it lives, numbers have a comma; the locale is made here, as a machine may have none. */
class Comma {
 public:
  Comma() {
    write_text(
        folder_ / "comma.src",
        "LC_NUMERIC\ndecimal_point \",\"\nthousands_sep \"\"\ngrouping -1\nEND LC_NUMERIC\n");
    const std::string at = folder_.path().string();
    const std::string make = "localedef -c -i " + at + "/comma.src " + at + "/comma 2> /dev/null";
    if (std::system(make.c_str()) < 0) ADD_FAILURE() << make; /* warns of all that is missing */
    setenv("LOCPATH", at.c_str(), 1);
    EXPECT_NE(std::setlocale(LC_NUMERIC, "comma"), nullptr);
  }
  ~Comma() {
    std::setlocale(LC_NUMERIC, "C");
    unsetenv("LOCPATH");
  }

 private:
  TempFolder folder_;
};

/* From text to verdict, and what was written on the way. */
struct Texts {
  std::string hash, meta, verdict, report, csv;
  explicit Texts(const std::filesystem::path &folder) {
    Study s;
    EXPECT_EQ(s.open_arrays(arrays_yaml()), PDLT_OK) << s.err.message;
    if (s.c == nullptr) return;
    EXPECT_EQ(pdlt_study_set(s.c, "network.C_W", "1.25", &s.err), PDLT_OK) << s.err.message;
    EXPECT_EQ(pdlt_study_run(s.c, folder.c_str(), &s.err), PDLT_OK) << s.err.message;
    if (pdlt_study_verdict(s.c) == nullptr) return;
    hash = meta_text(s.c, PDLT_MEASURED, "hash");
    meta = pdlt_study_meta(s.c, PDLT_THEORY);
    verdict = pdlt_study_verdict_json(s.c);
    report = read_text(folder / "report.html");
    csv = read_text(folder / "comparison.csv");
  }
};

}  // namespace

TEST(Numbers, HaveAPointInALocaleWithAComma) {
  TempFolder folder;
  const Texts point(folder / "point");
  Comma comma;
  ASSERT_STREQ(std::localeconv()->decimal_point, ",");
  const Texts other(folder / "comma");
  EXPECT_STREQ(std::localeconv()->decimal_point, ","); /* the program's own stays */
  EXPECT_FALSE(point.hash.empty());
  EXPECT_EQ(other.hash, point.hash);
  EXPECT_EQ(other.meta, point.meta);
  EXPECT_EQ(other.verdict, point.verdict);
  EXPECT_EQ(other.csv, point.csv);
  EXPECT_TRUE(other.report == point.report);
}

TEST(Numbers, AreReadWithAPointByEveryWayIn) {
  Comma comma;
  TempFolder folder;
  Study file, text;
  write_text(folder / "in.csv", csv);
  write_text(folder / "e.yaml", yaml("{source: csv, file: in.csv, train: 2, test: 1}"));
  ASSERT_EQ(pdlt_study_open(&file.c, (folder / "e.yaml").c_str(), &file.settings, &file.err),
            PDLT_OK)
      << file.err.message;
  EXPECT_EQ(pdlt_study_predict(file.c, nullptr, &file.err), PDLT_OK) << file.err.message;
  EXPECT_EQ(text.open(yaml("{source: gaussian, inputs: 2, train: 2, test: 1}")), PDLT_OK)
      << text.err.message;
  pdlt_criticality leaky = {};
  pdlt_error err = {};
  EXPECT_EQ(pdlt_critical("leaky_relu(0.5)", &leaky, &err), PDLT_OK) << err.message;
  EXPECT_NE(std::string(leaky.activation).find("0.5"), std::string::npos) << leaky.activation;
  EXPECT_STREQ(std::localeconv()->decimal_point, ",");
}
