// Where kernel and NTK at the start are measured: by the least work, and then the same numbers as by name.
#include "trainer/pilot/start.h"

#include "tests/trainer/support.h"

using namespace trainer_test;

namespace {

// 10 samples below 5 hidden layers have more controls than are fitted, and too few for those pair by pair.
Settings settings(const std::string &measure) {
  Settings s;
  s.depth = 6;
  s.widths = measure == "[ntk]" ? "[16, 20]" : "[48, 56]";
  s.members = 256;
  s.train = 8;
  s.test = 2;
  s.estimator = "auto";
  s.measure = measure;
  return s;
}

Data data() { return Data(8, 2, 3, 1, 6); }

json_t *estimator_of(Archive &a) { return json_object_get(pdlt_archive_meta(&a.c), "estimator"); }

pdlt_start_work look(const Settings &s, const Data &of) {
  const Experiment ex(yaml(s));
  pdlt_samples problem = {};
  pdlt_plan plan = {};
  pdlt_start_work out = {};
  const double none[2] = {0, 0};
  EXPECT_EQ(pdlt_samples_new(&problem, &ex.c, &of.c, nullptr), PDLT_OK);
  EXPECT_EQ(pdlt_plan_make(&plan, &ex.c, &problem, 0, nullptr), PDLT_OK);
  EXPECT_EQ(pdlt_start_pilot(&out, &plan, none, nullptr, nullptr, nullptr), PDLT_OK);
  pdlt_samples_free(&problem);
  return out;
}

}  // namespace

TEST(TrainerStart, NoneMayTakeLonger) {
  const auto prefers = [](int known, double K, double Theta, double vertex) {
    const pdlt_start_work work = {known, K, Theta, vertex};
    return pdlt_start_prefers_networks(&work);
  };
  EXPECT_EQ(prefers(0, 2, 2, 2), 0);
  EXPECT_EQ(prefers(1, 1, 1, 1), 0);
  EXPECT_EQ(prefers(1, 0.5, 1.1, 1), 1);
  EXPECT_EQ(prefers(1, 1.1, 0.01, 1), 1);
  EXPECT_EQ(prefers(1, 1, 1, 1.1), 1);
}

// Draws without weights say of K what networks do, so its work is that of the flops; of Theta the mean over what
// is drawn besides, which is less noisy and costs D^4: more than narrow networks do.
TEST(TrainerStart, WeighsVariancesAndFlops) {
  const Data of = data();
  const pdlt_start_work kernel = look(settings("[kernel]"), of), ntk = look(settings("[ntk]"), of);
  ASSERT_EQ(kernel.known, 1);
  EXPECT_EQ(kernel.Theta, 1);
  EXPECT_EQ(kernel.vertex, 1);
  EXPECT_EQ(ntk.K, 1);
  EXPECT_GT(kernel.K, 0.1);
  EXPECT_LT(kernel.K, 1); /* no weights are drawn */
  EXPECT_GT(ntk.Theta, 1);
  Settings few = settings("[ntk]"); /* which have controls */
  few.depth = 3;
  EXPECT_EQ(look(few, of).known, 0);
  few = settings("[ntk]"); /* controls pair by pair */
  few.test = 3;
  few.widths = "[48, 56]";
  EXPECT_EQ(look(few, Data(8, 3, 3, 1, 6)).known, 0);
  few = settings("[ntk]");
  few.estimator = "control";
  EXPECT_EQ(look(few, of).known, 0);
}

TEST(TrainerStart, AutoMeasuresThere) {
  const Data of = data();
  for (const std::string measure : {"[kernel]", "[ntk]"}) {
    Settings s = settings(measure);
    const std::string name = measure == "[ntk]" ? "n16/Theta" : "n48/K";
    Archive chosen, plain, again;
    run(s, of, 1, &chosen);
    run(s, of, 2, &again);
    s.estimator = "plain";
    run(s, of, 1, &plain);
    const pdlt_array *x = pdlt_archive_get(&chosen.c, name.c_str());
    const pdlt_array *y = pdlt_archive_get(&plain.c, name.c_str());
    const pdlt_array *z = pdlt_archive_get(&again.c, name.c_str());
    const int networks = measure == "[ntk]";
    EXPECT_EQ(json_is_true(json_object_get(estimator_of(chosen), "weightless")), !networks);
    for (size_t i = 0; i < pdlt_array_count(x); i++) {
      EXPECT_EQ(x->data[i], z->data[i]);
      if (networks)
        EXPECT_EQ(x->data[i], y->data[i]);
      else
        EXPECT_NEAR(x->data[i], y->data[i],
                    0.05 * (0.2 + std::fabs(y->data[i]))); /* 1/sqrt(256 n) */
    }
  }
}
