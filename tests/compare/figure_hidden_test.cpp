// The figure of hidden layers, the errors beside the losses, and the names of classes.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>

#include "compare/figure/internal.h"
#include "tests/compare/fake.h"

namespace {

struct Made : Fake {
  std::string path;
  Made() {
    char name[] = "/tmp/pdlt_hidden_XXXXXX";
    path = mkdtemp(name);
    nlo = order1 = true;
    Make();
  }
  ~Made() {
    for (const char *stem : {"hidden_layers", "learning_curves", "training_curves"})
      for (const char *end : {"png", "svg", "pdf"})
        std::remove((path + "/" + stem + "." + end).c_str());
    std::remove(path.c_str());
  }
  Made(const Made &) = delete;
  Made &operator=(const Made &) = delete;

  // `layers` hidden layers whose change falls as n^-power_of_n.
  void AddHidden(size_t layers, double power_of_n) {
    double *lo = New(&theory, "q_lo", {layers, samples});
    for (size_t i = 0; i < layers * samples; i++) lo[i] = 1 + (double)i;
    for (double n : widths) {
      std::vector<double> q, change;
      for (size_t t = 0; t < times; t++)
        for (size_t i = 0; i < layers * samples; i++) {
          const double moved = (1 - Decay(t, 0)) * (double)(i + 1) * std::pow(n / 16, -power_of_n);
          q.push_back(1 + (double)i + moved);
          change.push_back(moved);
        }
      AddMeasured(n, "q_t", {times, layers, samples}, q, noise);
      AddMeasured(n, "q_change", {times, layers, samples}, change, noise);
      AddMeasured(n, "q_moved", {times, layers, samples}, change, noise);
    }
  }
  void AddErrors() {
    for (double n : widths) {
      std::vector<double> train, test;
      for (size_t t = 0; t < times; t++) {
        train.push_back(0.5 * Decay(t, 3));
        test.push_back(0.25 + n / 1000);
      }
      AddMeasured(n, "error_train", {times}, train, noise);
      AddMeasured(n, "error_test", {times}, test, noise);
    }
  }
  void SetClasses(json_t *classes) {
    json_t *experiment = json_object_get(measured.meta, "experiment");
    json_object_set_new(json_object_get(experiment, "data"), "classes", classes);
  }
  mutable size_t drawing = 0;  // bytes of the last one

  std::string Caption(pdlt_status (*figure)(pdlt_figure_job *, pdlt_error *)) const {
    pdlt_figure_list list{};
    pdlt_error err;
    const pdlt_figure_input in = Input();
    pdlt_figure_job job = {};
    job.in = &in;
    job.folder = path.c_str();
    job.list = &list;
    EXPECT_EQ(figure(&job, &err), PDLT_OK) << err.message;
    std::string caption = list.count ? list.items[0].caption : "";
    drawing = list.count ? list.items[0].svg_size : 0;
    pdlt_figure_list_free(&list);
    return caption;
  }
};

std::string ClassOfSample(const Fake &fake, size_t sample) {
  char text[64] = "none";
  const pdlt_figure_input in = fake.Input();
  pdlt_figure_class_of_sample(text, sizeof text, &in, sample);
  return text;
}

}  // namespace

TEST(FigureHidden, CaptionHasTheChangeOfEachLayerAndItsPower) {
  for (const double power : {1.0, 0.5}) {
    Made fake;
    EXPECT_EQ(fake.Caption(pdlt_figure_hidden), "");
    fake.AddHidden(2, power);
    const std::string caption = fake.Caption(pdlt_figure_hidden);
    // the first sample of layer 1 moves by 1, that of layer 2 by 7, at n = 16
    EXPECT_NEAR(NumberAfter(caption, "Layer 1: "), 1, 0.05) << caption;
    EXPECT_NEAR(NumberAfter(caption, "Layer 2: "), 7, 0.2);
    EXPECT_NEAR(std::strtod(caption.substr(caption.rfind("<i>p</i> = ") + 11 + 3).c_str(), nullptr),
                power, 0.02)
        << caption;
    EXPECT_TRUE(Has(caption, "measured alone"));
    EXPECT_FALSE(Has(caption, "Layer 3"));
  }
}

TEST(FigureHidden, OfManyLayersThree) {
  Made fake;
  fake.AddHidden(6, 1);
  const std::string caption = fake.Caption(pdlt_figure_hidden);
  for (const char *layer : {"Layer 1:", "Layer 3:", "Layer 6:"})
    EXPECT_TRUE(Has(caption, layer)) << caption;
  for (const char *layer : {"Layer 2:", "Layer 4:", "Layer 5:"}) EXPECT_FALSE(Has(caption, layer));
}

TEST(FigureErrors, StandBesideTheLosses) {
  Made fake;
  EXPECT_FALSE(Has(fake.Caption(pdlt_figure_loss), "wrong class"));
  fake.AddErrors();
  const std::string caption = fake.Caption(pdlt_figure_loss);
  const size_t at = caption.find("In a wrong class then, measured alone: ");
  ASSERT_NE(at, std::string::npos) << caption;
  EXPECT_NEAR(NumberAfter(caption, "measured alone: "), 0, 0.2);
  EXPECT_TRUE(Has(caption, "% of the training samples at <i>n</i> = 16, "));
  EXPECT_NEAR(NumberAfter(caption.substr(at), "; "), 26.6, 0.2) << caption;
  EXPECT_TRUE(Has(caption, "% of the test samples at <i>n</i> = 16, 37.")) << caption;
}

TEST(FigureClasses, AreNamesOrNumbersOfTheData) {
  Made fake;
  double *y = fake.New(&fake.theory, "y", {fake.samples, 1});
  for (size_t a = 0; a < fake.samples; a++) y[a] = a % 2 ? 1 : -1;
  EXPECT_EQ(ClassOfSample(fake, 0), "none");
  fake.SetClasses(json_pack("[i,i]", 3, 8));
  EXPECT_EQ(ClassOfSample(fake, 0), "3");
  EXPECT_EQ(ClassOfSample(fake, 1), "8");
  EXPECT_EQ(ClassOfSample(fake, fake.samples), "none");
  fake.SetClasses(json_pack("[s,s]", "cat & co", "dog"));
  EXPECT_EQ(ClassOfSample(fake, 0), "cat &amp; co");
  EXPECT_EQ(ClassOfSample(fake, 1), "dog");
}

TEST(FigureClasses, OfSeveralOutputs) {
  Made fake;
  char text[64];
  double *y = fake.New(&fake.theory, "y", {2, 3});
  y[2] = y[3] = 1;
  fake.SetClasses(json_pack("[s,s,s]", "ant", "bee", "cat"));
  EXPECT_EQ(ClassOfSample(fake, 0), "cat");
  EXPECT_EQ(ClassOfSample(fake, 1), "ant");
  EXPECT_EQ(pdlt_figure_class_of_output(text, sizeof text, &fake.measured, 3, 1), 1);
  EXPECT_STREQ(text, "bee");
  EXPECT_EQ(pdlt_figure_class_of_output(text, sizeof text, &fake.measured, 1, 0), 0);
  EXPECT_STREQ(pdlt_figure_first_output(text, sizeof text, &fake.measured, 3),
               " (first output, class ant)");
  EXPECT_STREQ(pdlt_figure_first_output(text, sizeof text, &fake.measured, 2), " (first output)");
  EXPECT_STREQ(pdlt_figure_first_output(text, sizeof text, &fake.measured, 1), "");
}

// Titles with classes are drawn: another drawing than without.
TEST(FigureClasses, AreInTheTitles) {
  Made with, without;
  for (Made *fake : {&with, &without}) {
    double *y = fake->New(&fake->theory, "y", {fake->samples, 1});
    for (size_t a = 0; a < fake->samples; a++) y[a] = a % 2 ? 1 : -1;
  }
  with.SetClasses(json_pack("[s,s]", "cat", "dog"));
  with.Caption(pdlt_figure_training);
  without.Caption(pdlt_figure_training);
  EXPECT_GT(with.drawing, without.drawing);
}
