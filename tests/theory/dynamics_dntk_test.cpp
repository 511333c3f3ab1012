// theory/order_one/dntk.h: the dNTK in training against naive sums over combined indices, its
// end and its flow.
#include "theory/order_one/dntk.h"

#include "base/core/memory.h"
#include "tests/theory/dynamics_naive.h"

namespace {

using namespace dynamics_support;

// dTh1 (M, M, M) at every step from the recursion of docs/dynamics.md, M = n_L D.
class NaiveDntk : public Naive {
 public:
  using Naive::Naive;
  Array Dntk(int t) const {
    Array out(M_ * M_ * M_);
    const double one = f(PDLT_DYNAMICS_DNTK_DDNTK_I), two = f(PDLT_DYNAMICS_DNTK_DDNTK_II);
    for (int u = 0; u < t; u++) {
      size_t at = 0;
      for (size_t I = 0; I < M_; I++)
        for (size_t J = 0; J < M_; J++)
          for (size_t K = 0; K < M_; K++, at++)
            for (size_t L = 0; L < M_; L++)
              out[at] -= x_.eta * ebar_[u][L] *
                         (one * At(dd1_, I, J, K, L) +
                          two * (At(dd2_, I, J, K, L) + At(dd2_, I, K, J, L)));
    }
    return out;
  }
};

pdlt_status Fast(const Problem &x, size_t S, const Array &times,
                 const pdlt_dynamics_factors *factors, Array *out, pdlt_error *err) {
  const pdlt_dynamics_input in = Input(x, factors);
  pdlt_training lo = {};
  const size_t rows = x.n * S;
  out->assign(times.size() * rows * rows * rows, 7.5);
  pdlt_status status = pdlt_training_new(&lo, &in.lo, err);
  if (status == PDLT_OK)
    status = pdlt_dynamics_dntk(&lo, &in, S, times.size(), times.data(), out->data(), err);
  pdlt_training_free(&lo);
  return status;
}

Array Predict(const Problem &x, size_t S, const Array &times,
              const pdlt_dynamics_factors *factors = nullptr) {
  Array out;
  pdlt_error err = {};
  EXPECT_EQ(Fast(x, S, times, factors, &out, &err), PDLT_OK) << err.message;
  return out;
}

// Position of (i, a), (j, b), (k, c) among n outputs and S samples.
size_t At(size_t n, size_t S, const size_t *out, const size_t *sample) {
  size_t at = 0;
  for (int k = 0; k < 3; k++) at = (at * n + out[k]) * S + sample[k];
  return at;
}

void ExpectNaive(const Problem &x, size_t S, int steps, const pdlt_dynamics_factors &factors) {
  const NaiveDntk naive(x, steps, factors);
  Array times;
  for (int t = 0; t <= steps; t++) times.push_back(t);
  const Array fast = Predict(x, S, times, &factors);
  const size_t count = fast.size() / times.size(), n = x.n;
  for (int t = 0; t <= steps; t++) {
    const Array slow = naive.Dntk(t);
    size_t o[3], s[3];
    for (size_t at = 0; at < count; at++) {
      size_t rest = at;
      for (int k = 2; k >= 0; k--) {
        s[k] = rest % S;
        o[k] = rest / S % n;
        rest /= S * n;
      }
      ASSERT_NEAR(fast[t * count + at], slow[At(n, x.D, o, s)], 1e-12 * (1 + Largest(slow)))
          << t << " " << at;
    }
  }
}

TEST(DynamicsDntk, IsTheSumOverCombinedIndices) {
  std::mt19937_64 gen(31);
  const size_t shapes[][4] = {{1, 1, 1, 1}, {3, 2, 1, 3}, {2, 2, 2, 2},
                              {3, 1, 2, 2}, {3, 2, 2, 3}, {2, 1, 3, 1}};
  for (const auto &s : shapes)
    for (int trial = 0; trial < 2; trial++) {
      Problem x = Random(gen, s[0], s[1], s[2]);
      x.eta = (trial ? 0.95 : 0.3) * SafeEta(x);
      ExpectNaive(x, s[3], 5, RandomFactors(gen));
    }
}

// Degenerate eigenvalues, mu = 0, and a singular Theta_AA at finite times.
TEST(DynamicsDntk, SpecialSpectra) {
  std::mt19937_64 gen(32);
  Problem x = Random(gen, 3, 2, 1);
  MakeUnit(x, 0.8);
  x.eta = 1 / 0.8;
  ExpectNaive(x, 3, 4, Ones());
  x = Random(gen, 3, 2, 2);
  Duplicate(x, 0, 1);
  x.eta = 0.3 * SafeEta(x);
  ExpectNaive(x, 2, 5, Ones());
  Array out;
  pdlt_error err = {};
  EXPECT_EQ(Fast(x, 2, {1, INFINITY}, nullptr, &out, &err), PDLT_ERR_INPUT);
  EXPECT_NE(std::string(err.message).find("singular"), std::string::npos) << err.message;
  for (const double v : out) EXPECT_EQ(v, 7.5);
}

// Symmetric in the last two; without training samples nothing moves; no samples, no numbers.
TEST(DynamicsDntk, SymmetryAndEmptyCases) {
  std::mt19937_64 gen(33);
  Problem x = Random(gen, 4, 2, 2);
  x.eta = 0.5 * SafeEta(x);
  const Array out = Predict(x, 4, {7});
  const size_t rows = 8;
  for (size_t I = 0; I < rows; I++)
    for (size_t J = 0; J < rows; J++)
      for (size_t K = 0; K < rows; K++)
        EXPECT_NEAR(out[(I * rows + J) * rows + K], out[(I * rows + K) * rows + J], 1e-14);
  EXPECT_GT(Largest(out), 1e-3);
  const Problem empty = Random(gen, 2, 0, 1);
  EXPECT_EQ(Largest(Predict(empty, 2, {0, 9, INFINITY})), 0);
  EXPECT_TRUE(Predict(x, 0, {1}).empty());
}

// Many steps reach the end; flow is the limit of small steps at fixed eta t.
TEST(DynamicsDntk, EndAndFlow) {
  std::mt19937_64 gen(34);
  Problem x = Random(gen, 4, 2, 2);
  x.eta = 0.5 * SafeEta(x);
  const Array late = Predict(x, 3, {600}), end = Predict(x, 3, {INFINITY});
  EXPECT_LE(Distance(late, end), 1e-10);
  Problem flow = x;
  flow.flow = 1;
  EXPECT_LE(Distance(Predict(flow, 3, {INFINITY}), end), 1e-13); /* whatever eta */
  const double tau = 1.5;
  const Array limit = Predict(flow, 3, {tau});
  Problem fine = x;
  fine.eta = tau / 1000;
  const Array one = Predict(fine, 3, {1000});
  fine.eta = tau / 2000;
  const Array two = Predict(fine, 3, {2000});
  Array extrapolated(one.size());
  for (size_t i = 0; i < one.size(); i++) extrapolated[i] = 2 * two[i] - one[i];
  EXPECT_GT(Distance(one, limit), 1e-6);
  EXPECT_LE(Distance(extrapolated, limit), 1e-6);
}

// Without ddNTK nothing is left; each of the two terms is linear in its tensors.
TEST(DynamicsDntk, TermsAddUp) {
  std::mt19937_64 gen(35);
  Problem x = Random(gen, 3, 2, 1);
  x.eta = 0.5 * SafeEta(x);
  pdlt_dynamics_factors one = Ones(), two = Ones(), none = Ones();
  one.factor[PDLT_DYNAMICS_DNTK_DDNTK_II] = two.factor[PDLT_DYNAMICS_DNTK_DDNTK_I] = 0;
  none.factor[PDLT_DYNAMICS_DNTK_DDNTK_I] = none.factor[PDLT_DYNAMICS_DNTK_DDNTK_II] = 0;
  const Array all = Predict(x, 3, {4}), first = Predict(x, 3, {4}, &one),
              second = Predict(x, 3, {4}, &two);
  for (size_t i = 0; i < all.size(); i++) EXPECT_NEAR(all[i], first[i] + second[i], 1e-14);
  EXPECT_GT(Largest(first), 1e-3);
  EXPECT_GT(Largest(second), 1e-3);
  EXPECT_EQ(Largest(Predict(x, 3, {4}, &none)), 0);
}

TEST(DynamicsDntk, MemoryFailuresLeaveTheOutputAlone) {
  std::mt19937_64 gen(36);
  Problem x = Random(gen, 3, 2, 1);
  x.eta = 0.5 * SafeEta(x);
  const pdlt_dynamics_input in = Input(x, nullptr);
  pdlt_training lo = {};
  pdlt_error err = {};
  ASSERT_EQ(pdlt_training_new(&lo, &in.lo, &err), PDLT_OK);
  const double times[2] = {1, INFINITY};
  for (long failures = 0; failures < 2; failures++) {
    Array out(2 * 27, 7.5);
    pdlt_memory_fail_after(failures);
    const pdlt_status status = pdlt_dynamics_dntk(&lo, &in, 3, 2, times, out.data(), &err);
    pdlt_memory_fail_after(-1);
    EXPECT_EQ(status, PDLT_ERR_MEMORY);
    for (const double v : out) EXPECT_EQ(v, 7.5);
  }
  pdlt_training_free(&lo);
}

}  // namespace
