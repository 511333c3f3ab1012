// theory/kink/grid.h: cells and modes against the steps that they stand for, one by one.
#include "theory/kink/grid.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace {

using Numbers = std::vector<double>;

// Two uncoupled modes.
struct Case {
  pdlt_training training = {};
  pdlt_kink_grid grid = {};
  Numbers theta, times;
  Case(Numbers values, double eta, int flow, Numbers recorded, double fine = 1)
      : theta(std::move(values)), times(std::move(recorded)) {
    const Numbers K = {1, 0, 0, 1}, Theta = {theta[0], 0, 0, theta[1]}, y = {1, -1};
    const pdlt_training_input in = {
        2, 2, 1, K.data(), Theta.data(), y.data(), eta, flow, 0, nullptr, nullptr, 0, 0};
    pdlt_error err = {};
    EXPECT_EQ(pdlt_training_new(&training, &in, &err), PDLT_OK) << err.message;
    EXPECT_EQ(pdlt_kink_grid_new(&grid, &training, times.size(), times.data(), fine, &err),
              PDLT_OK);
    EXPECT_EQ(grid.modes, 2u);
  }
  ~Case() {
    pdlt_kink_grid_free(&grid);
    pdlt_training_free(&training);
  }
  Case(const Case &) = delete;
};

TEST(KinkGrid, CellsCoverTheTimesAndEndAtEachOfThem) {
  for (const int flow : {0, 1}) {
    const Case c({0.3, 1.1}, 0.4, flow, {0, 3, 41, 500});
    EXPECT_EQ(c.grid.time[0], 0);
    EXPECT_EQ(c.grid.time[c.grid.cells], 500);
    for (size_t k = 0; k < 4; k++) EXPECT_EQ(c.grid.time[c.grid.record[k]], c.times[k]);
    for (size_t i = 0; i < c.grid.cells; i++) {
      const double t = c.grid.time[i], length = c.grid.time[i + 1] - t;
      EXPECT_GT(length, 0);
      if (flow) {
        EXPECT_EQ(c.grid.flow[i], 1);
        EXPECT_LE(length, std::fmax(1 / 1.1, t) / 16 * (1 + 1e-12));
      } else {
        EXPECT_EQ(c.grid.flow[i], t >= 32) << t;
        EXPECT_LE(length, std::fmax(1, t >= 32 ? t / 16 : 1)) << t;
        EXPECT_EQ(length, std::floor(length));
      }
    }
  }
}

TEST(KinkGrid, FinerCellsAreShorterAndMoreStepsAreSingle) {
  const Case one({0.3, 1.1}, 0.4, 0, {0, 500}), two({0.3, 1.1}, 0.4, 0, {0, 500}, 2);
  EXPECT_GT(two.grid.cells, 3 * one.grid.cells / 2);
  for (size_t i = 0; i < two.grid.cells; i++) EXPECT_EQ(two.grid.flow[i], two.grid.time[i] >= 64);
}

// gain: eta sum mu^t; a mode z that decays by mu each step while its source grows by 1 over the cell is decay z
// + spread at the end, and eta times its sum over the cell is held z + fed. mu negative included.
TEST(KinkGrid, ModesAreTheStepsOneByOne) {
  const double eta = 0.4;
  for (const Numbers &theta : {Numbers{0.3, 1.1}, Numbers{0.02, 4.5}, Numbers{1e-9, 2.0}}) {
    const Case c(theta, eta, 0, {0, 3, 41, 500});
    for (size_t a = 0; a < 2; a++) {
      const double mu = 1 - eta * c.theta[a];
      double power = 1;
      size_t step = 0;
      for (size_t i = 0; i < c.grid.cells; i++) {
        const size_t at = i * 2 + a, last = (size_t)c.grid.time[i + 1];
        const double steps = (double)(last - step);
        EXPECT_NEAR(c.grid.power[at], power, 1e-12);
        double gain = 0, kept = 1, fed = 0, held = 0, driven = 0;
        for (; step < last; step++) {
          gain += eta * power;
          held += eta * kept;
          fed += eta * driven;
          power *= mu, kept *= mu;
          driven = mu * driven + 1 / steps;
        }
        EXPECT_NEAR(c.grid.gain[at], gain, 1e-11 * (1 + std::fabs(gain))) << c.grid.time[i];
        EXPECT_NEAR(c.grid.decay[at], kept, 1e-12);
        EXPECT_NEAR(c.grid.held[at], held, 1e-11 * (1 + std::fabs(held)));
        EXPECT_NEAR(c.grid.spread[at], driven, 1e-11 * (1 + std::fabs(driven)));
        EXPECT_NEAR(c.grid.fed[at], fed, 1e-5 * (1 + std::fabs(fed))) << theta[a] << " " << steps;
      }
      EXPECT_NEAR(c.grid.power[c.grid.cells * 2 + a], power, 1e-12);
    }
  }
}

// Under flow the same as integrals, here by many small steps (their error falls as the step).
TEST(KinkGrid, FlowIsManySmallSteps) {
  const Case c({0.3, 1.1}, 0.4, 1, {0, 3, 20});
  const int parts = 20000;
  for (size_t a = 0; a < 2; a++)
    for (size_t i = 0; i < c.grid.cells; i++) {
      const size_t at = i * 2 + a;
      const double t = c.grid.time[i], length = c.grid.time[i + 1] - t, d = length / parts;
      double gain = 0, kept = 1, fed = 0, held = 0, driven = 0;
      for (int k = 0; k < parts; k++) {
        gain += d * std::exp(-c.theta[a] * (t + ((double)k + 0.5) * d));
        held += d * kept * (1 - 0.5 * d * c.theta[a]);
        fed += d * driven;
        kept *= std::exp(-c.theta[a] * d);
        driven = std::exp(-c.theta[a] * d) * driven + 1.0 / parts;
      }
      EXPECT_NEAR(c.grid.power[at], std::exp(-c.theta[a] * t), 1e-12);
      EXPECT_NEAR(c.grid.gain[at], gain, 1e-8 * (1 + gain));
      EXPECT_NEAR(c.grid.decay[at], kept, 1e-9);
      EXPECT_NEAR(c.grid.held[at], held, 1e-8 * (1 + held));
      EXPECT_NEAR(c.grid.spread[at], driven, 1e-3 * (1 + driven) * length);
      EXPECT_NEAR(c.grid.fed[at], fed, 1e-3 * (1 + fed) * length);
    }
}

// The end: where the slowest mode that falls is a millionth of its start; one of theta = 0 never falls.
TEST(KinkGrid, TheEnd) {
  for (const int flow : {0, 1})
    for (const double slow : {0.05, 0.0}) {
      const Case c({slow, 0.9}, 0.4, flow, {0, 5, INFINITY});
      const size_t last = c.grid.cells * 2 + (slow > 0 ? 0 : 1);
      EXPECT_EQ(c.grid.record[2], c.grid.cells);
      EXPECT_LE(std::fabs(c.grid.power[last]), 1e-6 * (1 + 1e-9));
      const double rate =
          flow ? (slow > 0 ? slow : 0.9) : -std::log(1 - 0.4 * (slow > 0 ? slow : 0.9));
      EXPECT_GT(std::fabs(c.grid.power[last]),
                1e-6 * std::exp(-rate)); /* not a whole unit of time later */
      EXPECT_EQ(c.grid.power[c.grid.cells * 2] == 1, slow == 0);
    }
}

}  // namespace
