// Tensors of order 1/n (theory/tensors/tensors.h): symmetries, subsets of samples, error estimates,
// term mask, refusals. Numbers that are known: tensor_exact_test.cpp; the recursions themselves
// against a literal transcription: tensor_recursion_test.cpp.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "base/core/memory.h"
#include "tests/theory/tensor_support.h"

namespace {

using namespace tensor_support;

TEST(Tensor, Symmetries) {
  const size_t D = 3;
  for (const char *name : {"tanh", "gelu", "relu"}) {
    Network net = General(name);
    int smooth = std::string(name) != "relu";
    Options options;
    options.dntk = smooth;
    Tensors t(net, D, RandomInputs(9, D, 2), options);
    for (int l = 2; l <= net.depth; ++l) {
      auto same = [&](pdlt_tensor_name n, double x, double y) {
        EXPECT_NEAR(x, y, 2.0 * t.Err(l, n) + 1e-12 * t.Largest(l, n))
            << name << l << pdlt_tensor_text(n);
      };
      for (size_t i = 0; i < 81; ++i) {
        size_t a = i / 27, b = i / 9 % 3, c = i / 3 % 3, d = i % 3;
        for (pdlt_tensor_name n : {PDLT_TENSOR_V, PDLT_TENSOR_A}) {
          same(n, t(l, n, a, b, c, d), t(l, n, b, a, c, d));
          same(n, t(l, n, a, b, c, d), t(l, n, a, b, d, c));
          same(n, t(l, n, a, b, c, d), t(l, n, c, d, a, b));
        }
        same(PDLT_TENSOR_D, t(l, PDLT_TENSOR_D, a, b, c, d), t(l, PDLT_TENSOR_D, b, a, c, d));
        same(PDLT_TENSOR_D, t(l, PDLT_TENSOR_D, a, b, c, d), t(l, PDLT_TENSOR_D, a, b, d, c));
        same(PDLT_TENSOR_F, t(l, PDLT_TENSOR_F, a, b, c, d), t(l, PDLT_TENSOR_F, c, d, a, b));
        same(PDLT_TENSOR_B, t(l, PDLT_TENSOR_B, a, b, c, d), t(l, PDLT_TENSOR_B, c, d, a, b));
        same(PDLT_TENSOR_B, t(l, PDLT_TENSOR_B, a, b, c, d), t(l, PDLT_TENSOR_B, b, a, d, c));
        if (!smooth) continue;
        same(PDLT_TENSOR_T, t(l, PDLT_TENSOR_T, a, b, c, d), t(l, PDLT_TENSOR_T, c, d, a, b));
        same(PDLT_TENSOR_U, t(l, PDLT_TENSOR_U, a, b, c, d), t(l, PDLT_TENSOR_U, c, d, a, b));
        same(PDLT_TENSOR_P, t(l, PDLT_TENSOR_P, a, b, c, d), t(l, PDLT_TENSOR_P, a, c, b, d));
        same(PDLT_TENSOR_R, t(l, PDLT_TENSOR_R, a, b, c, d), t(l, PDLT_TENSOR_R, a, b, d, c));
        same(PDLT_TENSOR_S, t(l, PDLT_TENSOR_S, a, b, c, d), t(l, PDLT_TENSOR_S, b, a, d, c));
      }
    }
  }
}

// A tensor of some samples is part of the tensor of more samples, duplicates included.
TEST(Tensor, SubsetsOfSamples) {
  for (const char *name : {"tanh", "relu"}) {
    Network net = General(name);
    List x = RandomInputs(2, 3, 2), more = {x[2], x[3], x[0], x[1], x[4], x[5], x[0], x[1]};
    const size_t at[4] = {1, 0, 2, 0};  // sample of `more` as sample of x
    Options options;
    options.dntk = std::string(name) == "tanh";
    Tensors small(net, 3, x, options), big(net, 4, more, options);
    for (int n = 0; n < PDLT_TENSOR_COUNT; ++n) {
      if (pdlt_tensor_rank(Name(n)) != 4 || pdlt_tensors_get(&big.set, 4, Name(n)) == nullptr)
        continue;
      double room = small.Err(4, Name(n)) + big.Err(4, Name(n));
      for (size_t i = 0; i < 256; ++i) {
        size_t a = i / 64, b = i / 16 % 4, c = i / 4 % 4, d = i % 4;
        EXPECT_NEAR(big(4, Name(n), a, b, c, d), small(4, Name(n), at[a], at[b], at[c], at[d]),
                    room)
            << name << pdlt_tensor_text(Name(n));
      }
    }
    for (size_t a = 0; a < 4; ++a) {
      for (size_t b = 0; b < 4; ++b) {
        EXPECT_NEAR(big(4, PDLT_TENSOR_G1, a, b), small(4, PDLT_TENSOR_G1, at[a], at[b]), 1e-8);
        EXPECT_NEAR(big(4, PDLT_TENSOR_THETA1, a, b), small(4, PDLT_TENSOR_THETA1, at[a], at[b]),
                    1e-8);
      }
    }
  }
}

TEST(Tensor, NoSampleOneLayerLastLayerOnly) {
  Tensors none(General("tanh"), 0, {});
  EXPECT_EQ(none.set.D, 0u);
  Tensors shallow(Plain("tanh", 1, 1.0, 1.0), 2, {1.0, 0.5});
  EXPECT_EQ(shallow.Largest(1, PDLT_TENSOR_V), 0.0);
  EXPECT_EQ(pdlt_tensors_get(&shallow.set, 2, PDLT_TENSOR_V), nullptr);
  EXPECT_EQ(pdlt_tensors_get(&shallow.set, 0, PDLT_TENSOR_V), nullptr);
  EXPECT_EQ(pdlt_tensors_get(&shallow.set, 1, PDLT_TENSOR_P), nullptr);
  Options last;
  last.last_only = 1;
  last.threads = 2;
  Tensors all(General("tanh"), 2, {1.0, 0.5}), one(General("tanh"), 2, {1.0, 0.5}, last);
  EXPECT_EQ(pdlt_tensors_get(&one.set, 3, PDLT_TENSOR_V), nullptr);
  for (size_t i = 0; i < 16; ++i) {  // threads do not change a bit
    EXPECT_EQ(pdlt_tensors_get(&one.set, 4, PDLT_TENSOR_A)[i],
              pdlt_tensors_get(&all.set, 4, PDLT_TENSOR_A)[i]);
  }
}

// With many samples and the last layer alone one layer is there at a time, packed, and each entry is computed once
// for all that equal it.
TEST(Tensor, InPlaceIsTheRecursionOfWholeArrays) {
  Network net = General("polynomial(0.1,0.9,0.3)");
  const size_t D = 17;
  net.depth = 3;
  net.ratios = {3, 2};
  const List x = RandomInputs(5, D, 3);
  Options packed;
  packed.last_only = 1;
  for (int dntk = 0; dntk < 2; ++dntk) {
    packed.dntk = dntk;
    Options whole = packed, threads = packed;
    whole.last_only = 0;
    threads.threads = 2;
    Tensors all(net, D, x, whole), one(net, D, x, packed), two(net, D, x, threads);
    const int count = dntk ? static_cast<int>(PDLT_TENSOR_COUNT) : static_cast<int>(PDLT_TENSOR_P);
    EXPECT_EQ(pdlt_tensors_get(&one.set, 2, PDLT_TENSOR_V), nullptr);
    EXPECT_NE(pdlt_tensors_get(&one.set, 2, PDLT_TENSOR_G1), nullptr);
    for (int t = 0; t < count; ++t) {
      const double scale = all.Largest(3, Name(t)), err = all.Err(3, Name(t));
      const double *a = pdlt_tensors_get(&all.set, 3, Name(t)),
                   *b = pdlt_tensors_get(&one.set, 3, Name(t)),
                   *c = pdlt_tensors_get(&two.set, 3, Name(t));
      double worst = 0.0;
      for (size_t i = 0; i < all.Count(Name(t)); ++i) {
        worst = std::fmax(worst, std::fabs(a[i] - b[i]));
        ASSERT_EQ(b[i], c[i]) << pdlt_tensor_text(Name(t)) << " " << i;
      }
      EXPECT_GT(scale, 0.0) << pdlt_tensor_text(Name(t));
      EXPECT_LE(worst, 1e-13 * scale) << pdlt_tensor_text(Name(t));
      EXPECT_NEAR(one.Err(3, Name(t)), err, 1e-13 * scale) << pdlt_tensor_text(Name(t));
    }
  }
}

TEST(Tensor, ReportedErrorsAreHonest) {
  for (const char *name : {"tanh", "swish"}) {
    Network net = General(name);
    net.depth = 3;
    List x = RandomInputs(7, 2, 3);
    Options fine, coarse;
    fine.dntk = coarse.dntk = 1;
    fine.tolerance = 1e-12;
    Tensors exact(net, 2, x, fine);
    for (double tolerance : {1e-4, 1e-7}) {
      coarse.tolerance = tolerance;
      Tensors t(net, 2, x, coarse);
      for (int n = 0; n < PDLT_TENSOR_COUNT; ++n) {
        double worst = 0.0;
        for (size_t i = 0; i < t.Count(Name(n)); ++i) {
          worst = std::fmax(worst, std::fabs(pdlt_tensors_get(&t.set, 3, Name(n))[i] -
                                             pdlt_tensors_get(&exact.set, 3, Name(n))[i]));
        }
        EXPECT_LE(worst, t.Err(3, Name(n)) + exact.Err(3, Name(n)))
            << name << pdlt_tensor_text(Name(n));
        EXPECT_LE(t.Err(3, Name(n)), 100.0 * tolerance * t.Largest(3, Name(n)));
        EXPECT_GT(t.Err(3, Name(n)), 0.0);
      }
    }
  }
}

// With more samples than are checked: every entry that four samples outside the checked ones
// (and two duplicates) have in common with a precise run on these alone.
TEST(Tensor, ReportedErrorsOfManySamplesAreHonest) {
  const size_t D = 18, inputs = 3;
  const struct {
    const char *name;
    double tolerance;
  } cases[] = {{"tanh", 1e-4}, {"gelu", 1e-2}};
  for (const auto &one : cases) {
    const char *name = one.name;
    const double tolerance = one.tolerance;
    Network net = General(name);
    net.depth = 3;
    List x = RandomInputs(17, D, inputs);
    for (double &v : x) v *= 0.6;
    for (size_t k = 0; k < inputs; ++k) x[5 * inputs + k] = x[11 * inputs + k];
    const size_t at[4] = {5, 11, 13, 16};
    List few;
    for (size_t a : at) few.insert(few.end(), &x[a * inputs], &x[a * inputs] + inputs);
    Options fine, coarse;
    fine.dntk = coarse.dntk = 1;
    fine.tolerance = 1e-12;
    coarse.threads = 2;
    Tensors exact(net, 4, few, fine);
    coarse.tolerance = tolerance;
    Tensors t(net, D, x, coarse);
    for (int n = 0; n < PDLT_TENSOR_COUNT; ++n) {
      double worst = 0.0;
      for (size_t i = 0; i < exact.Count(Name(n)); ++i) {
        const size_t a = at[i / 64 % 4], b = at[i / 16 % 4], c = at[i / 4 % 4], d = at[i % 4];
        const double here =
            pdlt_tensor_rank(Name(n)) == 2 ? t(3, Name(n), c, d) : t(3, Name(n), a, b, c, d);
        worst = std::fmax(worst, std::fabs(here - pdlt_tensors_get(&exact.set, 3, Name(n))[i]));
      }
      EXPECT_LE(worst, t.Err(3, Name(n)) + exact.Err(3, Name(n)))
          << name << pdlt_tensor_text(Name(n));
      EXPECT_LE(t.Err(3, Name(n)), 100.0 * tolerance * t.Largest(3, Name(n)));
    }
  }
}

// A term changes its own tensor and those fed by it, linearly at its first appearance.
TEST(Tensor, MaskedTerms) {
  const std::string feeds[][2] = {{"V", "V G1 Theta1 D A"},
                                  {"G1", "G1 Theta1"},
                                  {"Theta1", "Theta1"},
                                  {"D", "D Theta1 A"},
                                  {"F", "F Theta1 Q T"},
                                  {"A", "A"},
                                  {"B", "B P R S"},
                                  {"P", "P R"},
                                  {"Q", "Q T"},
                                  {"R", "R"},
                                  {"S", "S"},
                                  {"T", "T"},
                                  {"U", "U"}};
  List x = {1.0, -0.4, 0.3, 0.9};
  Network net = General("polynomial(0.1,0.9,0.3,-0.05)");
  net.depth = 5;  // at layer 4 a term of G1 has not yet reached Theta1
  for (List *list : {&net.C_b, &net.C_W, &net.lambda_b, &net.lambda_W}) list->push_back(0.7);
  net.ratios.push_back(1);
  Options options;
  options.dntk = 1;
  Tensors all(net, 2, x, options);
  for (int term = 0; term < PDLT_TERM_COUNT; ++term) {
    std::string name = pdlt_term_name(static_cast<pdlt_term>(term)), changes;
    for (const auto &row : feeds) {
      if (row[0] == name.substr(0, name.find('.'))) changes = " " + row[1] + " ";
    }
    pdlt_term_mask mask = pdlt_term_mask_all();
    ASSERT_EQ(pdlt_term_mask_scale(&mask, name.c_str(), 0.0, nullptr), PDLT_OK);
    options.mask = &mask;
    Tensors without(net, 2, x, options);
    for (int n = 0; n < PDLT_TENSOR_COUNT; ++n) {
      bool changed = false, expected = changes.find(std::string(" ") + pdlt_tensor_text(Name(n)) +
                                                    " ") != std::string::npos;
      for (size_t i = 0; i < all.Count(Name(n)); ++i) {
        changed |= pdlt_tensors_get(&all.set, 5, Name(n))[i] !=
                   pdlt_tensors_get(&without.set, 5, Name(n))[i];
      }
      EXPECT_EQ(changed, expected) << name << " " << pdlt_tensor_text(Name(n));
    }
  }
  pdlt_term_mask mask = pdlt_term_mask_all();
  ASSERT_EQ(pdlt_term_mask_scale(&mask, "V", 0.0, nullptr), PDLT_OK);
  ASSERT_EQ(pdlt_term_mask_scale(&mask, "B", -1.0, nullptr), PDLT_OK);
  options.mask = &mask;
  Tensors none(net, 2, x, options);
  EXPECT_EQ(none.Largest(5, PDLT_TENSOR_V), 0.0);
  for (size_t i = 0; i < 16; ++i) {  // at layer 2 B is one fresh term
    EXPECT_EQ(pdlt_tensors_get(&none.set, 2, PDLT_TENSOR_B)[i],
              -pdlt_tensors_get(&all.set, 2, PDLT_TENSOR_B)[i]);
  }
}

TEST(Tensor, RefusalsAndFailedAllocations) {
  Tensors ok(General("relu"), 2, {1.0, 0.5});
  const List one(4, 1.0);
  const auto layers = theory_test::Layers(one, one, one, one, 1);
  pdlt_tensor_settings s = {};
  ASSERT_EQ(pdlt_activation_parse(&s.activation, "relu", nullptr), PDLT_OK);
  s.layer = layers.data();
  s.tolerance = 1e-8;
  s.threads = 1;
  s.dntk = 1;
  pdlt_error err = {};
  pdlt_tensor_set set = {};
  EXPECT_EQ(pdlt_tensors_new(&set, &ok.kernels, &s, &err), PDLT_ERR_UNSUPPORTED);
  EXPECT_NE(std::string(err.message).find("delta"), std::string::npos);
  s.dntk = 0;
  s.tolerance = 0.0;
  EXPECT_EQ(pdlt_tensors_new(&set, &ok.kernels, &s, &err), PDLT_ERR_INPUT);
  s.tolerance = 1e-6;
  s.threads = 0;
  EXPECT_EQ(pdlt_tensors_new(&set, &ok.kernels, &s, &err), PDLT_ERR_INPUT);
  s.threads = 1;
  ASSERT_EQ(pdlt_activation_parse(&s.activation, "quadratic(0.2)", nullptr), PDLT_OK);
  int failures = 0;
  for (long n = 0;; n = n < 40 ? n + 1 : n + 17) {
    pdlt_memory_fail_after(n);
    pdlt_status status = pdlt_tensors_new(&set, &ok.kernels, &s, &err);
    pdlt_memory_fail_after(-1);
    if (status == PDLT_OK) break;
    EXPECT_EQ(status, PDLT_ERR_MEMORY);
    EXPECT_EQ(set.layer, nullptr);
    ++failures;
  }
  EXPECT_GT(failures, 20);
  pdlt_tensors_free(&set);
}

}  // namespace
