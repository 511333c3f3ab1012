// What cannot go with measuring a posterior, refused by file, line and key, with what would be right.
#include <gtest/gtest.h>

#include <string>

#include "base/experiment/experiment.h"

namespace {

std::string Message(const std::string &network, const std::string &ensemble,
                    const std::string &rest) {
  const std::string text = "network:\n  activation: tanh\n  depth: 3\n  widths: [8]\n  C_b: 0\n"
                           "  C_W: 1\n" +
                           network + "data: {source: gaussian, inputs: 2, train: 2}\nensemble: {" +
                           ensemble + "}\n" + rest;
  pdlt_experiment ex = {};
  pdlt_error err = {};
  const pdlt_status status =
      pdlt_experiment_parse(&ex, text.c_str(), "e.yaml", 0, nullptr, &err);
  pdlt_experiment_free(&ex);
  EXPECT_TRUE(status == PDLT_OK || status == PDLT_ERR_INPUT);
  return status == PDLT_OK ? "" : err.message;
}

const char *const kPosterior = "posterior: {noise: 0.1}\nmeasure: [posterior]\n";

void ExpectRefused(const std::string &message, const std::string &key, const std::string &remedy) {
  EXPECT_EQ(message.rfind("e.yaml:", 0), 0u) << message;
  EXPECT_NE(message.find(": " + key + ": "), std::string::npos) << message;
  EXPECT_NE(message.find(remedy), std::string::npos) << message;
}

TEST(PosteriorKeys, NeedNoTraining) {
  EXPECT_EQ(Message("", "members: 64", kPosterior), "");
  EXPECT_EQ(Message("", "members: 64, estimator: slice", kPosterior), "");
}

TEST(PosteriorKeys, WhatCannotBeMeasuredTogetherIsRefused) {
  ExpectRefused(Message("", "members: 64", "measure: [posterior]\n"), "posterior.noise",
                "give the variance of the noise");
  ExpectRefused(
      Message("", "members: 64",
              "posterior: {noise: 0.1}\nmeasure: [posterior, kernel]\ntraining: {eta: 1, steps: 1}\n"),
      "measure", "another file for the rest");
  ExpectRefused(Message("", "members: 64, keep_members: 3", kPosterior), "ensemble.keep_members",
                "leave it out");
  ExpectRefused(Message("", "members: 64, arithmetic: single", kPosterior), "ensemble.arithmetic",
                "write double");
  ExpectRefused(Message("  init: uniform\n", "members: 64", kPosterior), "network.init",
                "write normal");
  for (const char *estimator : {"antithetic", "control", "two_level"})
    ExpectRefused(Message("", std::string("members: 64, estimator: ") + estimator, kPosterior),
                  "ensemble.estimator", "write auto");
}

TEST(PosteriorKeys, ChainsAreOfPosteriorsAndOfAGivenLength) {
  ExpectRefused(Message("", "members: 64, estimator: slice",
                        "training: {eta: 1, steps: 1}\nmeasure: [kernel]\n"),
                "ensemble.estimator", "slice is of posteriors; write auto");
}

}  // namespace
