/* commands_test.cpp - list, critical, version, help, JSON output. */
#include <gtest/gtest.h>
#include <jansson.h>

#include <cmath>
#include <string>

#include "tests/cli/support.h"

namespace {

json_t *parse(const std::string &text) {
  json_error_t error;
  json_t *root = json_loads(text.c_str(), 0, &error);
  EXPECT_NE(root, nullptr) << error.text << "\n" << text;
  return root;
}

double number(const json_t *object, const char *key) {
  return json_number_value(json_object_get(object, key));
}

TEST(Commands, CriticalPointsOfTheBook) {
  const struct {
    const char *name;
    double C_b, C_W, K;
  } points[] = {{"swish", 0.55514317, 1.98800468, 14.32017362},
                {"gelu", 0.17292239, 1.98305826, (3 + std::sqrt(17.0)) / 2},
                {"tanh", 0, 1, 0},
                {"sin", 0, 1, 0}};
  TempFolder folder;
  for (const auto &point : points) {
    json_t *root = parse(run_pdlt(std::string("critical --json ") + point.name, folder.path()).out);
    EXPECT_NEAR(number(root, "C_b"), point.C_b, 1e-8) << point.name;
    EXPECT_NEAR(number(root, "C_W"), point.C_W, 1e-8) << point.name;
    EXPECT_NEAR(number(root, "K"), point.K, 1e-8) << point.name;
    json_decref(root);
  }
  for (const char *name : {"sigmoid", "softplus"}) {
    const Outcome got = run_pdlt(std::string("critical --json ") + name, folder.path());
    EXPECT_EQ(got.status, 0);
    json_t *root = parse(got.out);
    EXPECT_TRUE(json_is_false(json_object_get(root, "exists"))) << name;
    json_decref(root);
  }
}

/* The line of critical points, how fast fluctuations grow on it, and what is no strength. */
TEST(Commands, CriticalWithSkips) {
  TempFolder folder;
  const struct {
    const char *name;
    double gamma, C_W, nu; /* C_W without skips */
  } points[] = {{"relu", 0, 2, 5},
                {"relu", 0.5, 2, 6.50},
                {"relu", 0.9, 2, 2.54},
                {"linear", -0.6, 1, 2 * (1 - std::pow(0.6, 4))},
                {"tanh", 0.7, 1, 2.0 / 3 * (1 - std::pow(0.7, 4))}};
  for (const auto &point : points) {
    const std::string command =
        std::string("critical ") + point.name + " --skip " + std::to_string(point.gamma);
    json_t *root = parse(run_pdlt(command + " --json", folder.path()).out);
    EXPECT_EQ(number(root, "skip"), point.gamma);
    EXPECT_NEAR(number(root, "C_W"), point.C_W * (1 - point.gamma * point.gamma), 1e-9) << command;
    EXPECT_NEAR(number(root, "nu"), point.nu, 0.006) << command;
    EXPECT_NEAR(number(root, "r_star"), 4 / (23 * number(root, "nu")), 1e-12) << command;
    json_decref(root);
    const std::string text = run_pdlt(command, folder.path()).out;
    EXPECT_NE(text.find("\nskip "), std::string::npos) << text;
    EXPECT_NE(text.find("\nr* "), std::string::npos) << text;
  }
  const Outcome none = run_pdlt("critical gelu --skip 1", folder.path());
  EXPECT_EQ(none.status, 0) << none.err;
  EXPECT_NE(none.out.find("gamma^2 < 1"), std::string::npos) << none.out;
  EXPECT_NE(run_pdlt("list --skip 0.5", folder.path()).err.find("only pdlt critical has it"),
            std::string::npos);
  for (const char *bad : {"nan", "1e999", "half", "0.5x", "''"}) {
    const Outcome got = run_pdlt(std::string("critical gelu --skip ") + bad, folder.path());
    EXPECT_EQ(got.status, 2) << bad;
    EXPECT_NE(got.err.find("is not a number, the strength gamma"), std::string::npos) << got.err;
  }
}

TEST(Commands, ListKnowsEveryActivation) {
  TempFolder folder;
  const Outcome got = run_pdlt("list activations", folder.path());
  for (const char *name : {"linear", "relu", "leaky_relu", "tanh", "sin", "erf", "gelu", "swish",
                           "softplus", "sigmoid", "polynomial"})
    EXPECT_NE(got.out.find(name), std::string::npos) << name;
  json_t *root = parse(run_pdlt("list --json", folder.path()).out);
  for (const char *key : {"activations", "datasets", "observables", "parts"})
    EXPECT_GT(json_array_size(json_object_get(root, key)), 2u) << key;
  json_decref(root);
}

/* What a command takes is in its help and what it refuses is not. */
TEST(Commands, HelpOfACommandIsComplete) {
  TempFolder folder;
  const struct {
    const char *name, *arguments;
  } all[] = {{"run", "a -o x"},       {"explain", "a"},    {"theory", "a -o x"},
             {"train", "a -o x"},     {"merge", "a -o x"}, {"compare", "a b -o x"},
             {"translate", "a -o x"}, {"verify", "-o x"},  {"list", ""},
             {"critical", "gelu"}};
  for (const auto &[name, arguments] : all) {
    const std::string command = name;
    const std::string help = run_pdlt(command + " --help", folder.path()).out;
    for (const char *part : {"\noptions\n", "\nexamples\n", "exit status: 0", "--json", "--help"})
      EXPECT_NE(help.find(part), std::string::npos) << command << " " << part;
    EXPECT_NE(help.find("  pdlt " + command), std::string::npos) << command;
    const auto takes = [&](const char *option, const char *refusal) {
      const Outcome got = run_pdlt(command + " " + arguments + " " + option + "=1", folder.path());
      EXPECT_EQ(help.find(option) != std::string::npos, got.err.find(refusal) == std::string::npos)
          << command << " " << option;
    };
    takes("--set", "this command has no keys");
    takes("--output", "writes no file");
    EXPECT_EQ(help.find("\n  --shard") != std::string::npos, command == "train") << command;
    EXPECT_EQ(help.find("\n  --back") != std::string::npos, command == "translate") << command;
    const Outcome back = run_pdlt(command + " " + arguments + " --back", folder.path());
    EXPECT_EQ(back.err.find("only pdlt translate goes back") == std::string::npos,
              command == "translate")
        << command;
    EXPECT_EQ(help.find("\n  --skip") != std::string::npos, command == "critical") << command;
    EXPECT_EQ(help.find("\n  --quick") != std::string::npos, command == "verify") << command;
  }
}

TEST(Commands, HelpAndVersion) {
  TempFolder folder;
  for (const char *command : {"--help", "run --help", "critical --help"}) {
    const Outcome got = run_pdlt(command, folder.path());
    EXPECT_EQ(got.status, 0) << command;
    EXPECT_NE(got.out.find("usage: pdlt"), std::string::npos) << command;
  }
  const Outcome version = run_pdlt("--version", folder.path());
  for (const char *word : {"pdlt ", "commit", "compiler", "OpenBLAS"})
    EXPECT_NE(version.out.find(word), std::string::npos) << word;
}

}  // namespace
