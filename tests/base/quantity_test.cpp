// The table of quantities: rows that find themselves, words that fit their bits, and NOTATION.md,
// which says the same.
#include "base/experiment/quantity.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace {

std::string text(const char *s) { return s == nullptr ? "" : s; }

// (T, n_L, D) for "tia".
std::string shape(const pdlt_quantity &q) {
  const std::map<char, std::string> names = {{'t', "T"},      {'l', "L - 1"}, {'i', "n_L"},
                                             {'a', "D"},      {'s', "S"},     {'e', "n_L D"},
                                             {'b', "blocks"}, {'x', "n_0"}};
  std::string out;
  for (const char *c = q.indices; *c != 0; c++) out += (out.empty() ? "" : ", ") + names.at(*c);
  return out.empty() ? "scalar" : "(" + out + ")";
}

std::string words(const pdlt_quantity &q) {
  std::string out;
  for (int k = 0; k < PDLT_MEASURE_WORDS; k++)
    if (q.words >> k & 1U) out += (out.empty() ? "" : ", ") + text(pdlt_measure_words[k]);
  return out;
}

// The row of NOTATION.md.
std::string notation(const pdlt_quantity &q) {
  const bool predicted = q.lo != nullptr || q.nlo != nullptr || q.half != nullptr;
  return "| " + text(q.name) + " | " + shape(q) + " | " + words(q) + " | " +
         (predicted && q.lo == nullptr ? "0" : text(q.lo)) + " | " + text(q.nlo) + " | " +
         text(q.half) + " | " + q.what + " |";
}

std::vector<std::string> notation_rows() {
  std::ifstream in(PDLT_SOURCE_DIR "/NOTATION.md");
  std::vector<std::string> rows;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("| NAME | shape |", 0) == 0) inside = true;
    if (line.empty()) inside = false;
    if (inside) rows.push_back(line);
  }
  return rows;
}

}  // namespace

TEST(Quantity, NotationHasTheSameTable) {
  const std::vector<std::string> rows = notation_rows();
  ASSERT_EQ(rows.size(), 2u + PDLT_QUANTITIES);
  for (int k = 0; k < PDLT_QUANTITIES; k++)
    EXPECT_EQ(rows[2 + (size_t)k], notation(pdlt_quantities[k]));
}

TEST(Quantity, RowsFindThemselves) {
  std::set<std::string> names;
  for (int k = 0; k < PDLT_QUANTITIES; k++) {
    EXPECT_EQ(pdlt_quantity_find(pdlt_quantities[k].name), k);
    EXPECT_TRUE(names.insert(pdlt_quantities[k].name).second) << pdlt_quantities[k].name;
  }
  EXPECT_EQ(pdlt_quantity_find("z_"), -1);
  EXPECT_STREQ(pdlt_quantities[PDLT_QUANTITY_DTHETA_T].name, "dTheta_t");
  EXPECT_STREQ(pdlt_quantities[PDLT_QUANTITY_LOSS_TEST_BIAS].name, "loss_test_bias");
}

TEST(Quantity, BitsAreTheWords) {
  EXPECT_STREQ(pdlt_measure_words[0], "output");
  EXPECT_EQ(PDLT_MEASURE_OUTPUT, 1);
  EXPECT_STREQ(pdlt_measure_words[6], "ddntk");
  EXPECT_EQ(PDLT_MEASURE_DDNTK, 64);
  EXPECT_STREQ(pdlt_measure_words[7], "crossings");
  EXPECT_STREQ(pdlt_measure_words[8], "hidden");
  EXPECT_STREQ(pdlt_measure_words[9], "features");
  EXPECT_STREQ(pdlt_measure_words[10], "posterior");
  EXPECT_STREQ(pdlt_measure_words[11], "log_hidden");
  EXPECT_EQ(PDLT_MEASURE_WORDS, 12);
  EXPECT_EQ(pdlt_measure_words[12], nullptr);
}

// What the code that reads the table takes for granted.
TEST(Quantity, RowsMakeSense) {
  for (const pdlt_quantity &q : pdlt_quantities) {
    EXPECT_NE(q.words, 0u) << q.name;
    EXPECT_EQ(q.words & ~(unsigned)PDLT_MEASURE_ALL, 0u) << q.name;
    EXPECT_LE(pdlt_quantity_ndim(&q), 7) << q.name;  // blocks/NAME has one index more
    const bool shown = (q.flags & PDLT_QUANTITY_SHOWN) != 0;
    const bool predicted = q.lo != nullptr || q.nlo != nullptr || q.half != nullptr;
    EXPECT_TRUE(shown || predicted) << q.name << " is not predicted";
    if (q.flags & PDLT_QUANTITY_ALONE) {
      EXPECT_TRUE(shown && !predicted) << q.name;
    }
    if (q.flags & PDLT_QUANTITY_STILL) {
      // lo is that of a row above with the same indices but the time.
      int of = 0;
      while (text(pdlt_quantities[of].lo) != text(q.lo)) of++;
      EXPECT_EQ("t" + text(pdlt_quantities[of].indices), q.indices) << q.name;
    }
    if (q.flags & PDLT_QUANTITY_UNTIL) {
      EXPECT_TRUE(!shown && q.nlo != nullptr) << q.name << " has no coefficient of 1/n";
    }
    const std::string name = q.name, index = q.indices;
    if (q.drawn != PDLT_DRAWN_END) continue;
    // Without its time it is the quantity that it is the end of.
    const int of = pdlt_quantity_find(name.substr(0, name.size() - 4).c_str());
    ASSERT_GE(of, 0) << name;
    EXPECT_EQ("t" + index, pdlt_quantities[of].indices) << name;
  }
}

// The coefficient of h^(1/2) is called as that of h, _half in place of _nlo; only training makes it,
// and the dNTK and the features of a kink have none.
TEST(Quantity, HalfIsNloUnderItsOwnName) {
  for (const pdlt_quantity &q : pdlt_quantities) {
    const std::string name = q.name, nlo = text(q.nlo);
    const size_t at = nlo.find("_nlo");
    std::string half;
    const bool smooth = name == "dTheta_t" || (q.words & PDLT_MEASURE_FEATURES) != 0;
    if (at != std::string::npos && !smooth && pdlt_quantity_is_trained(&q))
      half = nlo.substr(0, at) + "_half" + nlo.substr(at + 4);
    if (name == "crossings") half = "crossings_half";
    EXPECT_EQ(text(q.half), half) << name;
    EXPECT_TRUE(q.half == nullptr || pdlt_quantity_is_trained(&q)) << name;
    EXPECT_EQ(pdlt_quantity_first(&q, 1), q.nlo) << name;
    EXPECT_EQ(pdlt_quantity_first(&q, 0.5), pdlt_quantity_is_trained(&q) ? q.half : q.nlo) << name;
  }
}

TEST(Quantity, NamesOfAFlag) {
  char names[128], cut[12];
  pdlt_quantity_names(PDLT_QUANTITY_UNTIL, names, sizeof names);
  EXPECT_STREQ(names, "K, Theta, z, cov, Theta_t, loss_train, loss_test");
  pdlt_quantity_names(PDLT_QUANTITY_UNTIL, cut, sizeof cut);
  EXPECT_STREQ(cut, "K, Theta, z");
}
