// Features of one network along the segment from theta(0) to theta(t), against features with all their
// parameters: explicit gradients of plain loops.
#include "tests/trainer/features_support.h"
#include "trainer/measure/training_ntk.h"

using namespace trainer_test;

namespace {

const pdlt_feature all[] = {PDLT_FEATURE_K, PDLT_FEATURE_K_E, PDLT_FEATURE_K_SHARP,
                            PDLT_FEATURE_SECANT, PDLT_FEATURE_MIDPOINT};

std::string named(int trial, pdlt_feature feature) {
  return std::string(pdlt_feature_definitions[feature].name) + " of " + std::to_string(trial);
}

}  // namespace

TEST(TrainerFeaturesSegment, KernelsAreProductsOfFeatures) {
  std::mt19937_64 gen(5);
  for (int trial = 0; trial < 40; trial++) {
    Settings s = moving_network(gen);
    if (trial >= 24) s = skipped(s, (unsigned)trial);
    Moved m(s, 1 + gen() % 4, (unsigned)gen(), 4 + (long)(gen() % 20));
    m.reach();
    for (const pdlt_feature feature : all) {
      const Rows phi = m.features(feature);
      expect_near(m.kernel(feature), products(phi, phi), 2e-9, named(trial, feature));
      Vector product(m.p), expected;
      pdlt_segment_product(&m.segment, product.data());
      for (const Vector &row : phi) expected.push_back(dot(row, m.d()));
      expect_near(product, expected, 2e-9, named(trial, feature));
      for (int l = 1; l <= m.net.depth; l++) {
        const pdlt_layer *layer = &m.net.layer[l - 1];
        Vector part(m.p * m.p);
        pdlt_segment_kernel_of_layer(&m.segment, l, part.data());
        const size_t last = l < m.net.depth ? layer[1].weight : m.net.num_params;
        expect_near(part, products(phi, phi, layer->weight, last), 2e-9, named(trial, feature));
      }
    }
  }
}

// k and k_E are the NTK as training_ntk.h has it.
TEST(TrainerFeaturesSegment, EndsAreTheNtk) {
  std::mt19937_64 gen(6);
  for (int trial = 0; trial < 8; trial++) {
    Moved m(moving_network(gen), 3, (unsigned)gen(), 8);
    pdlt_training_ntk ntk = {};
    pdlt_error err = {};
    Vector expected(m.p * m.p);
    ASSERT_EQ(pdlt_training_ntk_new(&ntk, &m.net, &m.samples, &err), PDLT_OK);
    m.reach();
    pdlt_training_ntk_of(&ntk, m.start.data(), expected.data());
    expect_near(m.kernel(PDLT_FEATURE_K), expected, 1e-13, "k");
    pdlt_training_ntk_of(&ntk, m.end.data(), expected.data());
    expect_near(m.kernel(PDLT_FEATURE_K_E), expected, 1e-13, "k_E");
    pdlt_training_ntk_of(&ntk, m.at(0.5).data(), expected.data());
    expect_near(m.kernel(PDLT_FEATURE_MIDPOINT), expected, 1e-13, "midpoint");
    pdlt_training_ntk_free(&ntk);
  }
}

// E1 and E4: z(t) - z(0) is phi . d of the secant, and the sum of the contributions of all parameters.
TEST(TrainerFeaturesSegment, TheSecantMakesTheWholeChange) {
  std::mt19937_64 gen(7);
  double moved = 0;
  for (int trial = 0; trial < 36; trial++) {
    Settings s = moving_network(gen);
    if (trial >= 24) s = skipped(s, (unsigned)trial);
    Moved m(s, 1 + gen() % 4, (unsigned)gen(), 4 + (long)(gen() % 20));
    const Vector change = m.change();
    const Rows phi = m.features(PDLT_FEATURE_SECANT);
    const Vector d = m.d();
    m.reach();
    pdlt_segment_features(&m.segment, PDLT_FEATURE_SECANT);
    EXPECT_LT(m.segment.residual, 2e-9) << trial;
    EXPECT_LE(m.segment.nodes, 12) << trial;
    Vector product(m.p), sum(m.p);
    pdlt_segment_product(&m.segment, product.data());
    for (size_t i = 0; i < m.p; i++)
      EXPECT_NEAR(product[i], change[i], 2e-9 * largest(change)) << trial;
    for (int l = 1; l <= m.net.depth; l++) {
      const pdlt_layer *layer = &m.net.layer[l - 1];
      for (size_t n = 0; n < layer->out; n++) {
        Vector part((layer->in + 1) * m.p);
        pdlt_segment_contributions(&m.segment, l, n, part.data());
        for (size_t j = 0; j <= layer->in; j++) {
          const size_t mu = j < layer->in ? layer->weight + n * layer->in + j : layer->bias + n;
          for (size_t i = 0; i < m.p; i++) {
            EXPECT_NEAR(part[j * m.p + i], phi[i][mu] * d[mu], 2e-9 * (1 + largest(change)));
            sum[i] += part[j * m.p + i];
          }
        }
      }
    }
    for (size_t i = 0; i < m.p; i++)
      EXPECT_NEAR(sum[i], change[i], 2e-9 * largest(change)) << trial;
    moved = std::max(moved, largest(change));
  }
  EXPECT_GT(moved, 0.3);
}

// A two-layer linear network is quadratic in its parameters: no third derivative, one node, and
// k_sharp, secant and midpoint are one.
TEST(TrainerFeaturesSegment, QuadraticNetworksHaveOneMiddle) {
  for (int outputs = 1; outputs <= 2; outputs++) {
    Settings s;
    s.activation = "polynomial(0,1)";
    s.depth = 2;
    s.outputs = outputs;
    Moved m(s, 3, 11, 20);
    m.reach();
    const Vector secant = m.kernel(PDLT_FEATURE_SECANT);
    EXPECT_EQ(m.segment.nodes, 1);
    expect_near(m.kernel(PDLT_FEATURE_K_SHARP), secant, 1e-12, "k_sharp");
    expect_near(m.kernel(PDLT_FEATURE_MIDPOINT), secant, 1e-12, "midpoint");
    Vector product(m.p);
    pdlt_segment_features(&m.segment, PDLT_FEATURE_K_SHARP);
    pdlt_segment_product(&m.segment, product.data());
    expect_near(product, m.change(), 1e-12, "phi + psi d/2");
    double moved = 0;
    const Vector start = m.kernel(PDLT_FEATURE_K);
    for (size_t i = 0; i < secant.size(); i++)
      moved = std::max(moved, std::fabs(secant[i] - start[i]));
    EXPECT_GT(moved, 1e-2);
  }
}

// With the first of two layers fixed a network is linear in what moves: no kernel changes by a bit.
TEST(TrainerFeaturesSegment, LinearInWhatMovesKeepsItsKernel) {
  Settings s;
  s.activation = "tanh";
  s.depth = 2;
  s.outputs = 2;
  s.lambda_b = "[0, 0.5]";
  s.lambda_W = "[0, 1.3]";
  Moved m(s, 3, 12, 30);
  m.reach();
  EXPECT_GT(largest(m.change()), 0.1);
  const Vector start = m.kernel(PDLT_FEATURE_K);
  for (const pdlt_feature feature : all) EXPECT_EQ(m.kernel(feature), start) << feature;
}

// Where nothing has moved all kernels are that of the start to the last bit.
TEST(TrainerFeaturesSegment, NothingMovedNothingChanged) {
  std::mt19937_64 gen(8);
  for (int trial = 0; trial < 8; trial++) {
    Moved m(moving_network(gen), 3, (unsigned)gen(), 0);
    m.reach();
    const Vector start = m.kernel(PDLT_FEATURE_K);
    for (const pdlt_feature feature : all) EXPECT_EQ(m.kernel(feature), start) << feature;
    EXPECT_EQ(pdlt_segment_length2(&m.segment), 0);
    EXPECT_EQ(m.segment.residual, 0);
  }
}

// From a stepper, whether layer 1 moves as weights or as preactivations; equal training samples make the
// latter's h singular.
TEST(TrainerFeaturesSegment, FollowsAStepper) {
  std::mt19937_64 gen(9);
  for (int trial = 0; trial < 12; trial++) {
    Settings s = moving_network(gen);
    s.train = 3;
    Moved m(s, 4, (unsigned)gen(), 10);
    if (trial % 3 == 0) { /* two samples with the same input */
      std::copy(m.data.x.begin(), m.data.x.begin() + 4, m.data.x.begin() + 4);
      pdlt_error err = {};
      pdlt_samples again = {};
      ASSERT_EQ(pdlt_samples_new(&again, &m.ex.c, &m.data.c, &err), PDLT_OK);
      pdlt_segment_free(&m.segment);
      pdlt_samples_free(&m.samples);
      m.samples = again;
      ASSERT_EQ(pdlt_segment_new(&m.segment, &m.net, &m.samples, &err), PDLT_OK);
      m.end = m.start;
      for (int t = 0; t < 10; t++)
        pdlt_reference_step(&m.net, &m.samples, m.ex.c.training.eta, m.end.data(), &err);
    }
    m.reach();
    Vector expected[PDLT_FEATURE_COUNT];
    for (const pdlt_feature feature : all) expected[feature] = m.kernel(feature);
    const double length2 = pdlt_segment_length2(&m.segment);
    EXPECT_NEAR(length2, dot(m.d(), m.d()), 1e-12 * length2);
    for (const pdlt_first_layer first : {PDLT_FIRST_WEIGHTS, PDLT_FIRST_SAMPLES})
      for (const int single : {0, 1}) {
        pdlt_stepper stepper = {};
        pdlt_error err = {};
        const pdlt_step_settings settings = {m.ex.c.training.eta, first, single, nullptr};
        ASSERT_EQ(pdlt_stepper_new(&stepper, &m.net, &m.samples, &settings, &err), PDLT_OK);
        std::copy(m.start.begin(), m.start.end(), stepper.theta);
        pdlt_stepper_begin(&stepper);
        pdlt_stepper_forward(&stepper);
        pdlt_segment_begin(&m.segment, &stepper);
        for (int t = 0; t < 10; t++) {
          pdlt_stepper_update(&stepper);
          pdlt_stepper_forward(&stepper);
        }
        pdlt_segment_reach(&m.segment, &stepper);
        const double exact = single ? 2e-5 : 1e-11;
        for (const pdlt_feature feature : all)
          expect_near(m.kernel(feature), expected[feature], exact, named(trial, feature));
        EXPECT_NEAR(pdlt_segment_length2(&m.segment), length2, (single ? 1e-3 : 1e-9) * length2)
            << trial << " " << first << single;
        Vector part((m.net.layer[0].in + 1) * m.p);
        pdlt_segment_contributions(&m.segment, 1, 0, part.data());
        EXPECT_EQ(largest(part) == 0, first == PDLT_FIRST_SAMPLES);
        pdlt_stepper_free(&stepper);
      }
  }
}

// Across kinks no rule converges: the residual says what is missing.
TEST(TrainerFeaturesSegment, KinksEndAtTheMostNodes) {
  Settings s;
  s.activation = "relu";
  s.eta = "0.1";
  s.widths = "[32]";
  Moved m(s, 3, 4, 20);
  m.reach();
  pdlt_segment_features(&m.segment, PDLT_FEATURE_SECANT);
  EXPECT_EQ(m.segment.nodes, PDLT_SEGMENT_NODES);
  EXPECT_GT(m.segment.residual, PDLT_SEGMENT_TOLERANCE);
  EXPECT_LT(m.segment.residual, 0.05);
  Vector product(m.p);
  const Vector change = m.change();
  pdlt_segment_product(&m.segment, product.data());
  double missed = 0;
  for (size_t i = 0; i < m.p; i++) missed = std::max(missed, std::fabs(product[i] - change[i]));
  EXPECT_NEAR(m.segment.residual, missed / largest(change), 1e-12);
}

TEST(TrainerFeaturesSegment, RefusesPositionsAndSurvivesMemory) {
  Settings s;
  Moved m(s, 3, 4, 5);
  pdlt_segment segment = {};
  pdlt_error err = {};
  for (long failures = 0; failures < 4; failures++) {
    pdlt_memory_fail_after(failures);
    EXPECT_EQ(pdlt_segment_new(&segment, &m.net, &m.samples, &err), PDLT_ERR_MEMORY);
    EXPECT_EQ(segment.storage, nullptr);
  }
  pdlt_memory_fail_after(-1);
  pdlt_network net = m.net;
  net.has_positions = 1;
  EXPECT_EQ(pdlt_segment_new(&segment, &net, &m.samples, &err), PDLT_ERR_INPUT);
  EXPECT_NE(std::string(err.message).find("features"), std::string::npos);
}
