/* support.h - studies in tests: opened by the front door, freed by themselves. */
#ifndef PDLT_TESTS_STUDY_SUPPORT_H
#define PDLT_TESTS_STUDY_SUPPORT_H

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "cli/study/pdlt.h"
#include "cli/study/pdlt_tools.h"
#include "tests/cli/support.h"

namespace study_test {

const double x[] = {1, 0.5, 0.25, -1, 1.5, 0.125}; /* (3, 2) */
const double y[] = {1, -1, 0.5};                   /* (3, 1) */

/* The same samples in a file. */
const char *const csv = "x1,x2,y1\n1,0.5,1\n0.25,-1,-1\n1.5,0.125,0.5\n";

inline std::string yaml(const std::string &data, long members = 640) {
  return "title: small\n"
         "network: {activation: tanh, depth: 2, widths: [4, 6, 8, 12], C_b: 0.1, C_W: 1.2}\n"
         "data: " +
         data +
         "\n"
         "training: {eta: {relative: 0.5}, steps: 4}\n"
         "ensemble: {members: " +
         std::to_string(members) + ", seed: 3}\n";
}

inline std::string arrays_yaml(long members = 640) {
  return yaml("{source: arrays, train: 2, test: 1}", members);
}

/* Owns a study. */
struct Study {
  pdlt_study *c = nullptr;
  pdlt_error err = {};
  pdlt_settings settings;
  Study() {
    pdlt_settings_default(&settings);
    settings.threads = 2;
  }
  ~Study() { pdlt_study_free(c); }
  Study(const Study &) = delete;
  Study &operator=(const Study &) = delete;
  pdlt_status open(const std::string &text) {
    return pdlt_study_open_text(&c, text.c_str(), &settings, &err);
  }
  pdlt_status open_arrays(const std::string &text) {
    return pdlt_study_open_arrays(&c, text.c_str(), 3, 2, x, 1, y, &settings, &err);
  }
};

/* Every array of one is in the other, with the same shape and bits. */
inline void expect_same(const pdlt_study *a, const pdlt_study *b, pdlt_part part) {
  const size_t count = pdlt_study_num_arrays(a, part);
  EXPECT_GT(count, 5u);
  EXPECT_EQ(pdlt_study_num_arrays(b, part), count);
  for (size_t k = 0; k < count; k++) {
    pdlt_named_array one, other;
    ASSERT_EQ(pdlt_study_array_at(a, part, k, &one, nullptr), PDLT_OK);
    ASSERT_EQ(pdlt_study_array(b, part, one.name, &other, nullptr), PDLT_OK) << one.name;
    ASSERT_EQ(std::vector<size_t>(one.shape, one.shape + one.ndim),
              std::vector<size_t>(other.shape, other.shape + other.ndim))
        << one.name;
    size_t numbers = 1;
    for (size_t d = 0; d < one.ndim; d++) numbers *= one.shape[d];
    EXPECT_EQ(std::memcmp(one.data, other.data, numbers * sizeof(double)), 0) << one.name;
  }
}

/* Text of a string in metadata: "key": "...". */
inline std::string meta_text(const pdlt_study *study, pdlt_part part, const std::string &key) {
  const std::string meta = pdlt_study_meta(study, part), before = "\"" + key + "\": \"";
  const size_t at = meta.find(before);
  if (at == meta.npos) return "";
  const size_t from = at + before.size();
  return meta.substr(from, meta.find('"', from) - from);
}

}  // namespace study_test

#endif
