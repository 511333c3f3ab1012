// One draw's part in P, Q, R, S, T, U against derivatives by nilpotent numbers in the whole
// space of parameters, all last-layer weights included.
#include "trainer/measure/ddntk.h"

#include <gtest/gtest.h>

#include <array>
#include <tuple>

#include "tests/trainer/support.h"

using namespace trainer_test;

namespace {

// a + sum over subsets of {e0, e1, e2}, e_i^2 = 0: the coefficient of e0 e1 e2 of f(theta +
// e0 U + e1 V + e2 W) is d3f[U, V, W].
struct Jet {
  std::array<double, 8> c{};
  Jet() = default;
  Jet(double real) { c[0] = real; }
};

Jet operator+(Jet x, const Jet &y) {
  for (size_t i = 0; i < 8; i++) x.c[i] += y.c[i];
  return x;
}

Jet operator*(const Jet &x, const Jet &y) {
  Jet z;
  for (size_t i = 0; i < 8; i++)
    for (size_t j = 0; j < 8; j++)
      if ((i & j) == 0) z.c[i | j] += x.c[i] * y.c[j];
  return z;
}

Jet activate(const pdlt_activation &sigma, const Jet &z) {
  Jet small = z, power(1), result(pdlt_activation_eval(&sigma, 0, z.c[0]));
  small.c[0] = 0;
  for (int k = 1; k <= 3; k++) {
    power = power * small * Jet(1.0 / k);
    result = result + power * Jet(pdlt_activation_eval(&sigma, k, z.c[0]));
  }
  return result;
}

using Vector = std::vector<double>;

struct Case {
  Case(const Settings &settings, size_t inputs, size_t first, unsigned seed)
      : s(settings),
        S(first),
        ex(yaml(s)),
        data((size_t)s.train, (size_t)s.test, inputs, (size_t)s.outputs, seed) {
    pdlt_error err = {};
    EXPECT_EQ(pdlt_samples_new(&problem, &ex.c, &data.c, &err), PDLT_OK);
    EXPECT_EQ(pdlt_network_new(&net, &ex.c, ex.c.network.widths[0], inputs, &err), PDLT_OK);
    EXPECT_EQ(pdlt_ddntk_new(&f, &net, &problem, S, 1, &err), PDLT_OK);
    theta.resize(net.num_params);
    lambda.resize(net.num_params);
    pdlt_network_draw(&net, seed, 1, theta.data());
    pdlt_reference_lambda(&net, lambda.data());
    pdlt_ddntk_forward(&f, theta.data());
  }
  ~Case() {
    pdlt_ddntk_free(&f);
    pdlt_network_free(&net);
    pdlt_samples_free(&problem);
  }
  size_t flat(size_t a, size_t b, size_t c, size_t d) const {
    return ((a * S + b) * S + c) * S + d;
  }
  const double *x(size_t a) const { return data.x.data() + a * data.c.inputs; }
  // lambda dz^(l)_i(a)/dtheta.
  Vector direction(int l, size_t i, size_t a) const {
    Vector g(net.num_params);
    pdlt_error err = {};
    EXPECT_EQ(pdlt_reference_gradient(&net, theta.data(), x(a), l, i, g.data(), &err), PDLT_OK);
    for (size_t mu = 0; mu < g.size(); mu++) g[mu] *= lambda[mu];
    return g;
  }
  // z^(l)(a) at theta + e0 U + e1 V + e2 W.
  std::vector<Jet> output(int l, size_t a, const std::vector<const Vector *> &along) const {
    std::vector<Jet> below, z, before;
    for (size_t j = 0; j < data.c.inputs; j++) below.emplace_back(x(a)[j]);
    const auto parameter = [&](size_t mu) {
      Jet p(theta[mu]);
      for (size_t e = 0; e < along.size(); e++) p.c[(size_t)1 << e] = (*along[e])[mu];
      return p;
    };
    for (int k = 0; k < l; k++) {
      const pdlt_layer &layer = net.layer[k];
      before = z;
      z.assign(layer.out, Jet());
      for (size_t i = 0; i < layer.out; i++) {
        z[i] = parameter(layer.bias + i);
        for (size_t j = 0; j < layer.in; j++)
          z[i] = z[i] + parameter(layer.weight + i * layer.in + j) * below[j];
        if (layer.skip != 0) z[i] = z[i] + Jet(layer.skip) * before[i];
      }
      below.clear();
      for (const Jet &v : z) below.push_back(activate(net.activation, v));
    }
    return z;
  }
  Settings s;
  size_t S;
  Experiment ex;
  Data data;
  pdlt_samples problem = {};
  pdlt_network net = {};
  pdlt_ddntk f = {};
  Vector theta, lambda;
};

// Products whose mean over the weights of the neurons i = 0, j = 1 of layer l, times
// n_{l-1}, is P .. U: literally as they are defined.
struct Literal {
  Literal(const Case &c, int l) : S(c.S), n((double)c.net.layer[l - 1].in) {
    for (size_t i = 0; i < 2; i++)
      for (size_t a = 0; a < S; a++) V[i].push_back(c.direction(l, i, a));
    for (Vector &x : tensor) x.resize(S * S * S * S);
    fill_second(c, l);
    for (size_t a = 0; a < S; a++)
      for (size_t b = 0; b < S; b++) fill(c, l, a, b);
  }
  // mixed[i][j][a * S + b] (num_params) = d2z_i(a)[., V_j;b].
  void fill_second(const Case &c, int l) {
    Vector unit(c.net.num_params);
    for (size_t a = 0; a < S; a++)
      for (size_t j = 0; j < 2; j++)
        for (size_t b = 0; b < S; b++) {
          Vector row[2];
          for (size_t mu = 0; mu < unit.size(); mu++) {
            unit[mu] = 1;
            const std::vector<Jet> z = c.output(l, a, {&unit, &V[j][b]});
            for (size_t i = 0; i < 2; i++) row[i].push_back(z[i].c[3]);
            unit[mu] = 0;
          }
          for (size_t i = 0; i < 2; i++) mixed[i][j].push_back(row[i]);
        }
  }
  double contract(const Case &c, const Vector &x, const Vector &y) const {
    double sum = 0;
    for (size_t mu = 0; mu < x.size(); mu++) sum += c.lambda[mu] * x[mu] * y[mu];
    return sum;
  }
  double along(const Vector &covector, const Vector &direction) const {
    double sum = 0;
    for (size_t mu = 0; mu < covector.size(); mu++) sum += covector[mu] * direction[mu];
    return sum;
  }
  void fill(const Case &c, int l, size_t a, size_t b) {
    enum { I, J };
    for (size_t k = 0; k < S; k++)
      for (size_t d = 0; d < S; d++) {
        const size_t here = c.flat(a, b, k, d), ab = a * S + b, ak = a * S + k, kd = k * S + d;
        const std::vector<Jet> z = c.output(l, d, {});
        tensor[PDLT_DDNTK_P][here] = n * along(mixed[I][J][ab], V[J][k]) * z[I].c[0];
        tensor[PDLT_DDNTK_Q][here] = n * along(mixed[I][I][ab], V[J][k]) * z[J].c[0];
        tensor[PDLT_DDNTK_R][here] = n * c.output(l, a, {&V[I][b], &V[J][k], &V[J][d]})[I].c[7];
        // 1234 at [1][2][3][4], 1324 at [1][3][2][4], 1423 at [1][4][2][3]
        tensor[PDLT_DDNTK_S][here] = n * contract(c, mixed[I][J][ak], mixed[I][J][b * S + d]);
        tensor[PDLT_DDNTK_T][here] = n * contract(c, mixed[I][I][ab], mixed[J][J][kd]);
        tensor[PDLT_DDNTK_U][here] =
            n * contract(c, mixed[I][J][a * S + d], mixed[J][I][k * S + b]);
      }
  }
  size_t S;
  double n;
  std::vector<Vector> V[2], mixed[2][2];
  Vector tensor[PDLT_DDNTK_COUNT];
};

// Means over all signs of the weights of two neurons of layer l, which have the second
// moments of Gaussians: `literal` with these as weights, `fast` with these as heads.
struct Means {
  Means(Case &c, int l) {
    const pdlt_layer &layer = c.net.layer[l - 1];
    const size_t n = layer.in, S = c.S, count = S * S * S * S;
    const double size = std::sqrt(layer.C_W / (double)n);
    const double weight = std::ldexp(1, -2 * (int)n);
    for (int t = 0; t < PDLT_DDNTK_COUNT; t++) literal[t] = fast[t] = Vector(count);
    for (size_t signs = 0; signs < (size_t)1 << (2 * n); signs++) {
      for (size_t i = 0; i < 2 * n; i++)
        c.f.heads[i] = c.theta[layer.weight + i] = signs >> i & 1 ? size : -size;
      const Literal slow(c, l);
      pdlt_ddntk_tensors(&c.f, c.theta.data(), l);
      for (size_t t = 0; t < PDLT_DDNTK_COUNT; t++)
        for (size_t i = 0; i < count; i++) {
          literal[t][i] += weight * slow.tensor[t][i];
          fast[t][i] += weight * c.f.out[t * count + i];
        }
    }
  }
  Vector literal[PDLT_DDNTK_COUNT], fast[PDLT_DDNTK_COUNT];
};

const char *const names = "PQRSTU";

void expect_equal(const Means &m) {
  for (int t = 0; t < PDLT_DDNTK_COUNT; t++) {
    double scale = 0;
    for (double v : m.literal[t]) scale = std::max(scale, std::fabs(v));
    EXPECT_GT(scale, 1e-6) << names[t];
    for (size_t i = 0; i < m.fast[t].size(); i++)
      ASSERT_NEAR(m.fast[t][i], m.literal[t][i], 1e-12 * scale) << names[t] << i;
  }
}

Settings random_case(std::mt19937_64 &gen, int depth, const char *ratios) {
  static const char *const activations[] = {"tanh", "gelu", "sin", "polynomial(0.1,1,0.3,0.2)"};
  Settings s;
  s.activation = activations[gen() % 4];
  s.depth = depth;
  s.widths = "[1]";
  s.ratios = ratios;
  s.outputs = 2;
  s.C_b = random_list(gen, depth, true);
  s.C_W = random_list(gen, depth, false);
  s.lambda_b = random_list(gen, depth, true);
  s.lambda_W = random_list(gen, depth, false);
  s.train = s.test = 1;
  return s;
}

}  // namespace

TEST(TrainerDdntk, IsTheMeanOverTheTopWeightsLayerTwo) {
  std::mt19937_64 gen(51);
  for (int trial = 0; trial < 4; trial++) {
    Case c(random_case(gen, 2, "[3]"), 1 + gen() % 3, 2, (unsigned)gen());
    expect_equal(Means(c, 2));
  }
}

TEST(TrainerDdntk, IsTheMeanOverTheTopWeightsDeep) {
  std::mt19937_64 gen(52);
  const std::pair<int, const char *> shapes[] = {
      {3, "[3, 2]"}, {3, "[2, 3]"}, {4, "[2, 3, 2]"}, {5, "[2, 1, 3, 2]"}};
  for (const auto &shape : shapes) {
    Case c(random_case(gen, shape.first, shape.second), 2, 2, (unsigned)gen());
    expect_equal(Means(c, shape.first));
  }
}

TEST(TrainerDdntk, IsTheMeanOverTheTopWeightsWithSkips) {
  std::mt19937_64 gen(54);
  const std::tuple<int, const char *, const char *> shapes[] = {
      {3, "[3, 3]", "[0.7]"}, {4, "[2, 2, 2]", "[0.6, -1.1]"}, {5, "[2, 2, 3, 3]", "[1, 0, 0.8]"}};
  for (const auto &[depth, ratios, skips] : shapes) {
    Settings s = random_case(gen, depth, ratios);
    s.more_network = std::string("  skip: ") + skips + "\n";
    Case c(s, 2, 2, (unsigned)gen());
    expect_equal(Means(c, depth));
  }
}

// Heads are signs: of the right size, fair, and independent within and between pairs, draws
// and layers.
TEST(TrainerDdntk, HeadsAreIndependentSigns) {
  Settings s;
  s.widths = "[150]";  // 2 n is not a multiple of the buffer
  s.C_W = "[1, 1, 0.7]";
  Case c(s, 3, 1, 1);
  const size_t n = 150;
  const double size = std::sqrt(0.7 / (double)n);
  std::vector<Vector> heads;
  for (uint64_t member = 0; member < 20; member++)
    for (uint64_t pair = 0; pair < 2; pair++) {
      pdlt_ddntk_draw(&c.f, 3, member, 3, pair);
      for (size_t w = 0; w < 2; w++) heads.emplace_back(c.f.heads + w * n, c.f.heads + (w + 1) * n);
    }
  for (const Vector &u : heads)
    for (double v : u) ASSERT_EQ(std::fabs(v), size);
  const double se = 1 / std::sqrt((double)n);
  double squares = 0, count = 0;
  for (size_t i = 0; i < heads.size(); i++)
    for (size_t j = 0; j < i; j++) {
      double product = 0;
      for (size_t k = 0; k < n; k++) product += heads[i][k] * heads[j][k] / (size * size);
      product /= (double)n;
      EXPECT_LT(std::fabs(product), 5 * se);
      squares += product * product / (se * se);
      count++;
    }
  EXPECT_NEAR(squares / count, 1, 0.15);
  const Vector last = heads.back();
  pdlt_ddntk_draw(&c.f, 3, 19, 3, 1);
  EXPECT_EQ(Vector(c.f.heads + n, c.f.heads + 2 * n), last);
}

// One sample, two of four, all: the entries do not depend on the samples beside them.
TEST(TrainerDdntk, SubsetsOfSamplesAgree) {
  std::mt19937_64 gen(53);
  Settings s = random_case(gen, 3, "[4, 3]");
  s.train = s.test = 2;
  Case all(s, 3, 4, 9);
  pdlt_ddntk_draw(&all.f, 5, 1, 3, 0);
  pdlt_ddntk_tensors(&all.f, all.theta.data(), 3);
  for (size_t S = 1; S <= 3; S++) {
    Case few(s, 3, S, 9);
    pdlt_ddntk_draw(&few.f, 5, 1, 3, 0);
    pdlt_ddntk_tensors(&few.f, few.theta.data(), 3);
    for (size_t t = 0; t < PDLT_DDNTK_COUNT; t++)
      for (size_t a = 0; a < S; a++)
        for (size_t b = 0; b < S; b++)
          for (size_t k = 0; k < S; k++)
            for (size_t d = 0; d < S; d++) {
              const double x = few.f.out[t * S * S * S * S + few.flat(a, b, k, d)];
              const double y = all.f.out[t * 256 + all.flat(a, b, k, d)];
              EXPECT_NEAR(x, y, 1e-12 * (1 + std::fabs(y))) << names[t];
            }
  }
}

// Without the ddNTK, P and Q are the same and the others are 0; layer 1 has none.
TEST(TrainerDdntk, PartsThatWereNotAskedForAreZero) {
  Settings s;
  Case c(s, 3, 2, 4);
  pdlt_ddntk_draw(&c.f, 5, 1, 3, 0);
  pdlt_ddntk_tensors(&c.f, c.theta.data(), 3);
  const Vector whole(c.f.out, c.f.out + 6 * 16);
  for (double v : whole) EXPECT_NE(v, 0);
  c.f.with_ddntk = 0;
  pdlt_ddntk_tensors(&c.f, c.theta.data(), 3);
  for (size_t i = 0; i < 96; i++) EXPECT_EQ(c.f.out[i], i < 32 ? whole[i] : 0);
  c.f.with_ddntk = 1;
  pdlt_ddntk_draw(&c.f, 5, 1, 1, 0);
  pdlt_ddntk_tensors(&c.f, c.theta.data(), 1);
  for (size_t i = 0; i < 96; i++) EXPECT_EQ(c.f.out[i], 0);
}

TEST(TrainerDdntk, MemoryFailuresLeaveNothing) {
  Settings s;
  Case c(s, 3, 2, 1);
  pdlt_ddntk f = {};
  pdlt_error err = {};
  for (long failures = 0; failures < 2; failures++) {
    pdlt_memory_fail_after(failures);
    EXPECT_EQ(pdlt_ddntk_new(&f, &c.net, &c.problem, 2, 1, &err), PDLT_ERR_MEMORY);
    pdlt_memory_fail_after(-1);
    EXPECT_EQ(f.storage, nullptr);
  }
}
