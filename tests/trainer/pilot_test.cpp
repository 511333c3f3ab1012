// The choice of the estimator: work of an option, numbers of draws against brute force, chains of
// levels against all chains; what it measures against networks one by one.
#include "trainer/pilot/pilot.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "tests/trainer/support.h"

namespace {

using Tables = std::vector<pdlt_pilot_table>;

double Work(const Tables &tables, const pdlt_pilot_option &option) {
  return pdlt_pilot_work(tables.data(), &option, PDLT_PILOT_Z);
}

double Together(const Tables &tables, const pdlt_pilot_option &option) {
  return pdlt_pilot_together(tables.data(), &option);
}

// Unbiased variance of numbers, one for each draw.
double variance(const std::vector<double> &x) {
  double sum = 0, square = 0;
  for (double v : x) sum += v;
  for (double v : x) square += (v - sum / (double)x.size()) * (v - sum / (double)x.size());
  return square / ((double)x.size() - 1);
}

// A pilot's figures at both widths, own linearization as the only candidate.
Tables tables_of(double plain, double antithetic, double linear, double covariance) {
  Tables tables(2);
  for (pdlt_pilot_table &t : tables) {
    t.survivors = 64;
    t.candidates = 1;
    t.parts = 1;
    t.part[0].controlled = 1;
    t.part[0].plain = plain;
    t.part[0].antithetic = antithetic;
    t.part[0].covariance[0][0] = t.part[0].further = linear;
    t.part[0].with_mean[0] = covariance;
    t.flops_train = 100;
    t.flops_draw = 10;
    t.flops_level = 3;
    t.flops_further = 4;
    t.flops[0] = 2;
  }
  return tables;
}

// m and candidates as sums of independent noises: c_k lacks the noises k, k + 1, .. of m.
Tables chain_of(const std::vector<double> &noise, const std::vector<double> &flops,
                double further) {
  const size_t n = noise.size();
  double all = 1;
  for (double v : noise) all += v;
  Tables tables = tables_of(300, all, 1, 1);
  for (pdlt_pilot_table &t : tables) {
    double below = 1;
    t.candidates = n;
    pdlt_pilot_part &p = t.part[0];
    p.further = further;
    for (size_t k = 0; k < n; k++) {
      p.with_mean[k] = below;
      for (size_t j = 0; j <= k; j++) p.covariance[j][k] = p.covariance[k][j] = p.with_mean[j];
      t.flops[k] = flops[k];
      below += noise[k];
    }
  }
  return tables;
}

}  // namespace

TEST(TrainerPilot, WorkIsVarianceTimesFlops) {
  const Tables t = tables_of(3, 0.2, 0.1, 0.09);
  EXPECT_NEAR(Work(t, {}), 0.2 * 210 / (3 * 110), 1e-15);
  EXPECT_NEAR(Work(t, {8, 0, 0, {}, {}}), (0.2 - 0.18 + 0.1 + 0.1 / 8) * 244 / (3 * 110), 1e-15);
  EXPECT_NEAR(Work(t, {8, 1, 0, {}, {}}), (0.2 - 0.0081 / (0.1 + 0.1 / 8)) * 244 / (3 * 110),
              1e-15);
}

TEST(TrainerPilot, LevelsShareTheirWork) {
  // Noises 0.04 and 0.01 between candidates, 0.002 above the last.
  const Tables t = chain_of({0.04, 0.01, 0.002}, {2, 5, 9}, 0.5);
  const double x = 1.05 + 0.5 / 8 + 0.04 / 3 + 0.01 / 7;
  const double flops = 210 + 9 + 8 * 4 + 3 * (3 + 5) + 7 * (3 + 9 + 5 - 2);
  const pdlt_pilot_option chain = {8, 0, 2, {1, 2}, {3, 7}}, fitted = {8, 1, 2, {1, 2}, {3, 7}};
  EXPECT_NEAR(Work(t, chain), (1.052 - 2 * 1.05 + x) * flops / (300 * 110), 1e-15);
  EXPECT_NEAR(Work(t, fitted), (1.052 - 1.05 * 1.05 / x) * flops / (300 * 110), 1e-15);
  const pdlt_pilot_option jump = {8, 0, 1, {2}, {7}};
  EXPECT_NEAR(Work(t, jump),
              (0.002 + 0.5 / 8 + 0.05 / 7) * (210 + 9 + 8 * 4 + 7 * (3 + 9)) / (300 * 110), 1e-15);
}

// All chains of at most three levels with all numbers of draws on a grid, further draws at most
// four times the work of what is trained; of one part, and of two that want other numbers.
TEST(TrainerPilot, DecidesAsBruteForceDoes) {
  std::mt19937_64 gen(3);
  std::uniform_real_distribution<double> uniform(0, 1);
  const std::vector<size_t> grid = {1,  2,  3,  4,  6,   8,   11,  16,  23,
                                    32, 45, 64, 91, 128, 181, 256, 512, 1024};
  for (int trial = 0; trial < 16; trial++) {
    std::vector<double> noise[2], flops;
    for (int k = 0; k < 4; k++) {
      for (int part = 0; part < (trial < 12 ? 1 : 2); part++)
        noise[part].push_back(0.05 * std::exp(-2.5 * k - uniform(gen)));
      flops.push_back(2 + 12 * k + 8 * uniform(gen));
    }
    Tables t = chain_of(noise[0], flops, 0.2 * uniform(gen));
    if (trial >= 12) {
      for (double &x : noise[1]) x *= 0.1;
      const Tables other = chain_of(noise[1], flops, 2 * uniform(gen));
      for (size_t w = 0; w < 2; w++) {
        t[w].part[1] = other[w].part[0];
        t[w].parts = 2;
      }
    }
    double least = INFINITY;
    for (unsigned chain = 0; chain < 8; chain++) {
      pdlt_pilot_option o = {};
      for (size_t k = 1; k < 4; k++)
        if (chain >> (k - 1) & 1) o.level[o.levels++] = k;
      std::vector<size_t> at(1 + o.levels);
      for (bool more = true; more;) {
        o.samples = grid[at[0]];
        bool allowed = true;
        double further = 4.0 * (double)o.samples;
        for (size_t k = 0; k < o.levels; k++) {
          o.draws[k] = grid[at[k + 1]];
          allowed = allowed && o.draws[k] <= PDLT_MAX_FURTHER;
          further += (double)o.draws[k] * pdlt_pilot_level_flops(&t[0], &o, k);
        }
        const double trained = 210 + t[0].flops[o.levels == 0 ? 0 : o.level[o.levels - 1]];
        if (allowed && further <= 4 * trained) least = std::min(least, Together(t, o));
        more = false;
        for (size_t k = 0; k < at.size() && !more; k++) {
          at[k] = (at[k] + 1) % grid.size();
          more = at[k] != 0;
        }
      }
    }
    pdlt_pilot_option chosen = {};
    EXPECT_EQ(pdlt_pilot_decide(t.data(), PDLT_ESTIMATOR_TWO_LEVEL, &chosen), 1);
    EXPECT_EQ(chosen.fitted, 0);
    EXPECT_LT(Together(t, chosen), 1.02 * least) << trial;
    EXPECT_GT(Together(t, chosen), 0.95 * least) << trial;  // the grid is coarse
    for (size_t k = 1; k < chosen.levels; k++) EXPECT_LT(chosen.level[k - 1], chosen.level[k]);
  }
}

TEST(TrainerPilot, PartsCountAlike) {
  Tables t = tables_of(1, 0.02, 0.019, 0.019);
  const Tables other = tables_of(4, 3.9, 3.8, 3.8);
  for (size_t w = 0; w < 2; w++) {
    t[w].part[1] = other[w].part[0];
    t[w].parts = 2;
  }
  for (const pdlt_pilot_option &o : {pdlt_pilot_option{}, pdlt_pilot_option{8, 0, 0, {}, {}},
                                     pdlt_pilot_option{3, 1, 0, {}, {}}})
    EXPECT_NEAR(Together(t, o), std::sqrt(Work(t, o) * pdlt_pilot_work(t.data(), &o, 1)), 1e-15);
  const pdlt_pilot_option o = {8, 0, 0, {}, {}};
  t[0].part[1].fitted = t[1].part[1].fitted = 1; /* whatever the option says */
  EXPECT_NEAR(pdlt_pilot_work(t.data(), &o, 1),
              (3.9 - 3.8 * 3.8 / (3.8 + 3.8 / 8)) * 244 / (4 * 110), 1e-14);
  t[0].part[1].controlled = t[1].part[1].controlled = 0; /* as with pairs */
  EXPECT_NEAR(pdlt_pilot_work(t.data(), &o, 1), 3.9 * 244 / (4.0 * 110), 1e-14);
}

// z would gain a hundredfold by pairs, and more with c; of the other part, which has a control, a pair says
// no more than a network.
TEST(TrainerPilot, AutoIsNeverSlowerThanPlain) {
  for (const double known : {0.0, 0.5, 0.99}) {
    Tables t = tables_of(1, 0.0101, 0.01, 0.01);
    const Tables other = tables_of(1, 1, known, known);
    for (size_t w = 0; w < 2; w++) {
      t[w].part[1] = other[w].part[0];
      t[w].part[1].fitted = 1;
      t[w].part[1].further = 0.01 * known;
      t[w].parts = 2;
    }
    pdlt_pilot_option chosen = {};
    const int pairs = pdlt_pilot_decide(t.data(), PDLT_ESTIMATOR_AUTO, &chosen);
    EXPECT_EQ(pairs, known > 0.9) << known;
    if (pairs) {
      EXPECT_GT(chosen.samples, 0u);
      EXPECT_LT(Work(t, chosen), 1);
      EXPECT_LT(pdlt_pilot_work(t.data(), &chosen, 1), 1);
    }
    for (pdlt_pilot_table &table : t) table.part[1].controlled = 0;
    EXPECT_EQ(pdlt_pilot_decide(t.data(), PDLT_ESTIMATOR_AUTO, &chosen),
              1); /* nothing to be done */
  }
}

TEST(TrainerPilot, TakesTheLeastWorkThatTheEstimatorAllows) {
  pdlt_pilot_option chosen = {};
  Tables t = tables_of(1, 1, 1, 0);  // pairs are no use, c neither
  EXPECT_EQ(pdlt_pilot_decide(t.data(), PDLT_ESTIMATOR_AUTO, &chosen), 0);
  EXPECT_EQ(chosen.samples, 0u);
  t = tables_of(1, 0.01, 1, 0);  // pairs are
  EXPECT_EQ(pdlt_pilot_decide(t.data(), PDLT_ESTIMATOR_AUTO, &chosen), 1);
  EXPECT_EQ(chosen.samples, 0u);
  t = tables_of(1, 0.0101, 0.01, 0.01);  // c says nearly everything
  EXPECT_EQ(pdlt_pilot_decide(t.data(), PDLT_ESTIMATOR_AUTO, &chosen), 1);
  EXPECT_EQ(chosen.fitted, 0);
  EXPECT_GE(chosen.samples, 1u);
  for (size_t M = 1; M <= PDLT_MAX_SAMPLES; M *= 2)
    EXPECT_LE(Work(t, chosen), 1.08 * Work(t, {M, 0, 0, {}, {}}));
  t = tables_of(1, 0.0101, 0.04, 0.02);  // with another coefficient
  pdlt_pilot_decide(t.data(), PDLT_ESTIMATOR_AUTO, &chosen);
  EXPECT_EQ(chosen.fitted, 1);
  for (size_t M = 1; M <= PDLT_MAX_SAMPLES; M *= 2)
    EXPECT_LE(Work(t, chosen), 1.08 * Work(t, {M, 1, 0, {}, {}}));
  for (pdlt_estimator asked : {PDLT_ESTIMATOR_TWO_LEVEL, PDLT_ESTIMATOR_CONTROL}) {
    t[1].survivors = 7;  // too few to tell
    EXPECT_EQ(pdlt_pilot_decide(t.data(), asked, &chosen), 1);
    EXPECT_EQ(chosen.samples, 1u);
    EXPECT_EQ(chosen.levels, 0u);
    EXPECT_EQ(chosen.fitted, asked == PDLT_ESTIMATOR_CONTROL);
  }
  EXPECT_EQ(pdlt_pilot_decide(t.data(), PDLT_ESTIMATOR_AUTO, &chosen), 0);
  EXPECT_EQ(chosen.samples, 0u);
}

// Sums over outputs and samples of the variance among the draws: at the start, of the outputs of the networks
// as they are drawn. The half sum of a pair is 0 there.
TEST(TrainerPilot, VariancesAreSumsOverAllNumbers) {
  for (const int outputs : {1, 2})
    for (const int samples : {1, 3}) {
      trainer_test::Settings s;
      s.widths = "[5, 9]";
      s.outputs = outputs;
      s.train = samples;
      s.test = 0;
      s.steps = "0";
      s.record = "";
      s.estimator = "auto";
      s.measure = "[output]";
      const trainer_test::Data data((size_t)samples, 0, 3, (size_t)outputs, 2);
      const trainer_test::Experiment ex(yaml(s));
      pdlt_samples problem = {};
      pdlt_plan plan = {};
      pdlt_pilot pilot = {};
      ASSERT_EQ(pdlt_samples_new(&problem, &ex.c, &data.c, nullptr), PDLT_OK);
      ASSERT_EQ(pdlt_plan_make(&plan, &ex.c, &problem, 0, nullptr), PDLT_OK);
      ASSERT_EQ(pdlt_pilot_run(&pilot, &plan, 1, nullptr, nullptr, nullptr), PDLT_OK);
      for (int w = 0; w < 2; w++) {
        const size_t p = (size_t)(outputs * samples);
        const double draws = PDLT_PILOT_DRAWS;
        pdlt_network net = {};
        ASSERT_EQ(pdlt_network_new(&net, &ex.c, ex.c.network.widths[w], 3, nullptr), PDLT_OK);
        std::vector<double> theta(net.num_params), z(p), sum(p), square(p);
        std::vector<std::vector<double>> all;
        for (uint64_t d = 0; d < PDLT_PILOT_DRAWS; d++) {
          pdlt_network_draw(&net, ex.c.ensemble.seed, PDLT_PILOT_MEMBER + d, theta.data());
          ASSERT_EQ(pdlt_reference_output(&net, &problem, theta.data(), z.data(), nullptr),
                    PDLT_OK);
          for (size_t i = 0; i < p; i++) sum[i] += z[i], square[i] += z[i] * z[i];
          all.push_back(z);
        }
        double products = 0, pairs = 0;
        for (size_t i = 0; i < p; i++)
          for (size_t j = i; j < p; j++) {
            std::vector<double> own, odd;
            for (const auto &x : all) {
              own.push_back((x[i] - sum[i] / draws) * (x[j] - sum[j] / draws));
              odd.push_back(x[i] * x[j]);
            }
            products += variance(own);
            pairs += variance(odd);
          }
        EXPECT_NEAR(pilot.width[w].seen[1].plain, products, 1e-12 * products);
        EXPECT_NEAR(pilot.width[w].seen[1].antithetic, pairs, 1e-12 * pairs);
        double expected = 0;
        for (size_t i = 0; i < p; i++)
          expected += (square[i] - sum[i] * sum[i] / draws) / (draws - 1);
        EXPECT_NEAR(pilot.width[w].seen[0].plain, expected, 1e-12 * expected)
            << outputs << samples << w;
        EXPECT_NEAR(pilot.width[w].seen[0].antithetic, 0, 1e-25);
        EXPECT_EQ(pilot.width[w].survivors, (size_t)PDLT_PILOT_DRAWS);
        pdlt_network_free(&net);
      }
      pdlt_samples_free(&problem);
    }
}
