// Networks that share their hidden layers, with their moves kept or with weights of their own:
// outputs and NTK against explicit parameters moved along explicit gradients.
#include "trainer/control/moves.h"

#include <gtest/gtest.h>

#include "tests/trainer/support.h"

using namespace trainer_test;

namespace {

struct Case {
  Settings settings;
  size_t heads, width, inputs, nodes;
};

Case random_case(std::mt19937_64 &gen) {
  Case c;
  c.settings = random_network(gen, {"tanh", "sigmoid", "sin", "gelu"});
  c.heads = 1 + gen() % 3;
  c.width = gen() % 2 ? 1 + gen() % 11 : 30 + gen() % 20;
  c.inputs = 1 + gen() % 4;
  c.nodes = gen() % 2 * 8;
  return c;
}

struct Fixture {
  Fixture(const Case &c, const Data &given) : data(given), ex(yaml(c.settings)) {
    pdlt_error err = {};
    if (pdlt_samples_new(&problem, &ex.c, &given.c, &err) != PDLT_OK ||
        pdlt_network_new(&net, &ex.c, (int)c.width, problem.inputs, &err) != PDLT_OK ||
        pdlt_bundle_new(&bundle, &net, &problem, c.heads, &err) != PDLT_OK ||
        pdlt_moves_new(&moves, &bundle, c.nodes, &err) != PDLT_OK)
      throw std::runtime_error(err.message);
    lambda.resize(net.num_params);
    pdlt_reference_lambda(&net, lambda.data());
  }
  ~Fixture() {
    pdlt_moves_free(&moves);
    pdlt_bundle_free(&bundle);
    pdlt_network_free(&net);
    pdlt_samples_free(&problem);
  }
  Fixture(const Fixture &) = delete;
  std::vector<double> outputs(const std::vector<double> &theta) const {
    std::vector<double> z(problem.outputs * problem.samples);
    EXPECT_EQ(pdlt_reference_output(&net, &problem, theta.data(), z.data(), nullptr), PDLT_OK);
    return z;
  }
  // Of output i at sample a.
  std::vector<double> gradient(const std::vector<double> &theta, size_t i, size_t a) const {
    std::vector<double> grad(net.num_params);
    EXPECT_EQ(pdlt_reference_gradient(&net, theta.data(), &data.x[a * problem.inputs], net.depth, i,
                                      grad.data(), nullptr),
              PDLT_OK);
    return grad;
  }
  // theta moved along the gradients at `at`.
  std::vector<double> moved(std::vector<double> theta, const std::vector<double> &at,
                            const double *push) const {
    for (size_t i = 0; i < problem.outputs; i++)
      for (size_t a = 0; a < problem.train; a++) {
        const std::vector<double> grad = gradient(at, i, a);
        for (size_t mu = 0; mu < theta.size(); mu++)
          theta[mu] -= lambda[mu] * grad[mu] * push[i * problem.train + a];
      }
    return theta;
  }
  // Head `head` of the point against the network theta; its sign in z.
  void check(const pdlt_bundle_point &point, size_t head, double sign,
             const std::vector<double> &theta) const {
    const size_t S = point.samples, q = problem.outputs * S;
    const std::vector<double> z = outputs(theta);
    std::vector<std::vector<double>> grad;
    for (size_t r = 0; r < q; r++) {
      grad.push_back(gradient(theta, r / S, r % S));
      EXPECT_NEAR(sign * point.z[head * q + r], z[r / S * problem.samples + r % S], 1e-12);
    }
    for (size_t r = 0; r < q; r++)
      for (size_t k = 0; k < q; k++) {
        double sum = 0, size = 1;
        for (size_t mu = 0; mu < lambda.size(); mu++) {
          sum += lambda[mu] * grad[r][mu] * grad[k][mu];
          size += std::fabs(lambda[mu] * grad[r][mu] * grad[k][mu]);
        }
        EXPECT_NEAR(point.ntk[(head * q + r) * q + k], sum, 1e-12 * size);
      }
  }
  const Data &data;
  Experiment ex;
  pdlt_samples problem = {};
  pdlt_network net = {};
  pdlt_bundle bundle = {};
  pdlt_moves moves = {};
  std::vector<double> lambda;
};

}  // namespace

TEST(TrainerBundle, NetworksAreWhereTheirGradientsBringThem) {
  std::mt19937_64 gen(11);
  std::normal_distribution<double> normal;
  int kept = 0, owned = 0;
  for (int trial = 0; trial < 40; trial++) {
    const Case c = random_case(gen);
    SCOPED_TRACE(trial);
    Data data((size_t)c.settings.train, (size_t)c.settings.test, c.inputs,
              (size_t)c.settings.outputs, 80 + (unsigned)trial);
    Fixture f(c, data);
    const size_t last = f.net.num_params - f.net.layer[f.net.depth - 1].weight;
    const size_t trained = f.problem.outputs * f.problem.train;
    std::vector<double> all(f.net.num_params + (c.heads - 1) * last);
    pdlt_network_draw(&f.net, 7, 0, all.data());
    for (size_t r = 1; r < c.heads; r++)
      pdlt_network_draw_layers(&f.net, 7, r, f.net.depth, f.net.depth, all.data() + r * last);
    std::vector<std::vector<double>> draws;
    for (size_t k = 0; k < 2 * c.heads; k++) {
      draws.emplace_back(all.begin(), all.begin() + (long)f.net.num_params);
      std::copy_n(all.end() - (long)((c.heads - k / 2) * last), last, draws[k].end() - (long)last);
      if (k % 2) pdlt_network_negate_last(&f.net, draws[k].data());
    }
    pdlt_bundle_draw(&f.bundle, all.data(), c.heads);
    for (size_t k = 0; k < 2 * c.heads; k++)
      f.check(f.bundle.draw, k / 2, k % 2 ? -1 : 1, draws[k]);
    const int own = pdlt_moves_own(&f.moves, 4, 0);
    if (f.net.depth > 2) (own ? owned : kept)++;
    const size_t first = gen() % (2 * c.heads), count = own ? 1 : 2 * c.heads - first;
    std::vector<std::vector<double>> state(draws.begin() + (long)first,
                                           draws.begin() + (long)(first + count));
    std::vector<std::vector<double>> at = state;
    pdlt_moves_start(&f.moves, first, count, own);
    for (int stay : {0, 1, 1, 0, 0, 1, 0}) {
      std::vector<double> push(count * trained);
      for (double &x : push) x = 0.2 * normal(gen);
      pdlt_moves_add(&f.moves, push.data(), stay);
      for (size_t r = 0; r < count; r++) {
        at[r] = f.moved(state[r], at[r], &push[r * trained]);
        if (stay) state[r] = at[r];
      }
      pdlt_moves_evaluate(&f.moves, gen() % 2 ? f.problem.samples : f.problem.train);
      for (size_t r = 0; r < count; r++) f.check(f.moves.now, r, 1, at[r]);
    }
  }
  EXPECT_GT(kept, 5);
  EXPECT_GT(owned, 5);
}

// More rows than a bundle moves at a time, and no rank left but by the count of flops.
TEST(TrainerBundle, KeepsMovesWhereTheyAreCheaperThanWeights) {
  Case c;
  c.settings.depth = 4;
  c.settings.train = 2;
  c.settings.test = 1;
  c.heads = 16;
  c.inputs = 3;
  c.nodes = 100;
  for (size_t width : {8u, 64u}) {
    c.width = width;
    Data data(2, 1, c.inputs, 1, 3);
    Fixture f(c, data);
    EXPECT_EQ(f.moves.moving, 21u);  // 64 rows
    // A move in an evaluation: 2 (D + q) n 2 N_A; an update: 2 2 n^2 N_A.
    const double kept = 2 * 2 * 6 * 2.0 * (double)width * 2,
                 updated = 2 * 4 * 2.0 * (double)(width * width);
    const pdlt_moves_flops at_nodes = pdlt_moves_count(&f.net, &f.problem, 3, 0);
    const pdlt_moves_flops half_way = pdlt_moves_count(&f.net, &f.problem, 3, 1);
    EXPECT_EQ(at_nodes.kept, 6 * kept);
    EXPECT_EQ(half_way.kept, 12 * kept);
    EXPECT_EQ(at_nodes.owned, 3 * updated);
    EXPECT_EQ(half_way.owned, 3 * (updated + kept));
    EXPECT_EQ(at_nodes.own, 6 * kept > 3 * updated);
    const size_t most = width == 8 ? 1 : 20;  // (J + 1)/2 kept <= updated
    EXPECT_EQ(f.moves.nodes, most);
    EXPECT_EQ(pdlt_moves_own(&f.moves, most, 0), 0);
    EXPECT_EQ(pdlt_moves_own(&f.moves, most + 1, 0), 1);
  }
}
