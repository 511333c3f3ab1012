// Archives stored as float32: rounding is a numerical error, not a deviation from theory.
#include <gtest/gtest.h>

#include "compare/verdict/compare.h"
#include "tests/compare/support.h"

namespace {

// Numbers without noise that follow theory exactly, K at h and h^2, in archives of full precision.
struct Exact : support::Pair {
  support::Setting s;
  Exact() {
    support::Truth t;
    std::mt19937_64 rng(1);
    t.dims = {2, 2};
    t.c0 = {1.0 / 3, 0.1, 0.7, 1.7};
    t.c1 = {2.0 / 7, 0.3, 1.1, -0.9};
    t.mixing.assign(4, {0.0});
    s.blocks = 32;
    support::put_meta(&theory, "theory", s);
    support::start_measured(&measured, s);
    support::add_measured(&measured, s, t, rng);
    support::add_values(&theory, "K", {2, 2}, t.c0);
    support::add_values(&theory, "G1", {2, 2}, t.c1);
  }
};

// As numpy stores it; remembered: as the reader of archives does.
void store_as_float32(pdlt_archive *archive, bool remembered) {
  for (size_t k = 0; k < archive->count; k++) {
    pdlt_array *array = &archive->entries[k].array;
    for (size_t i = 0; i < pdlt_array_count(array); i++)
      array->data[i] = double(float(array->data[i]));
    array->single = remembered;
  }
}

pdlt_verdict compare(const Exact &e) {
  pdlt_comparison c{};
  pdlt_error err{};
  EXPECT_EQ(pdlt_compare(&c, &e.theory, &e.measured, nullptr, &err), PDLT_OK) << err.message;
  EXPECT_EQ(c.num_tests, 2u);
  const pdlt_verdict verdict = c.verdict;
  pdlt_comparison_free(&c);
  return verdict;
}

}  // namespace

TEST(CompareSingle, RoundingOfFloat32IsNoDeviation) {
  for (int which = 1; which < 4; which++)
    for (bool remembered : {true, false}) {
      Exact e;
      ASSERT_EQ(compare(e), PDLT_AGREE);
      if (which & 1) store_as_float32(&e.theory, remembered);
      if (which & 2) store_as_float32(&e.measured, remembered);
      EXPECT_EQ(compare(e), remembered ? PDLT_AGREE : PDLT_DISAGREE) << which;
    }
}

// One array of theory is enough, and what differs by more than rounding is still refuted.
TEST(CompareSingle, OnlyTheRoundingIsForgiven) {
  for (const char *name : {"K", "G1"}) {
    Exact e;
    pdlt_array *array = const_cast<pdlt_array *>(pdlt_archive_get(&e.theory, name));
    array->single = 1;
    for (size_t i = 0; i < 4; i++) array->data[i] = double(float(array->data[i]));
    EXPECT_EQ(compare(e), PDLT_AGREE) << name;
    array->data[0] *= 1 + 1e-4;
    EXPECT_EQ(compare(e), PDLT_DISAGREE) << name;
  }
}
