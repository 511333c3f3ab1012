/* formula_test.cpp - formulas: values, precedence, arrays, products, errors. */
#include "compare/claim/formula.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace {

class Formula : public ::testing::Test {
 protected:
  void SetUp() override {
    const size_t shape[2] = {2, 2};
    pdlt_array *array = nullptr;
    for (const char *name : {"K", "layer3/K"}) {
      ASSERT_EQ(pdlt_archive_new(&archive, name, 2, shape, &array, nullptr), PDLT_OK);
      for (int i = 0; i < 4; i++) array->data[i] = (name[0] == 'K' ? 10 : 30) + i;
    }
    scope.num_variables = 2;
    scope.variables = variables;
    scope.archive = &archive;
    scope.function = &Formula::Function;
    scope.context = this;
  }
  void TearDown() override { pdlt_archive_free(&archive); }

  static pdlt_status Function(void *, const char *name, size_t num_args, const double *args,
                              double *out, size_t *operands, pdlt_error *err) {
    EXPECT_EQ(*operands, (size_t)PDLT_FORMULA_CALL);
    if (std::string(name) != "twice" || num_args != 1)
      return pdlt_fail(err, PDLT_ERR_INPUT, "no function %s", name);
    *out = 2 * args[0];
    return PDLT_OK;
  }
  double Value(const std::string &text) {
    double value = NAN;
    pdlt_error err = {};
    EXPECT_EQ(pdlt_formula_value(&value, text.c_str(), &scope, &err), PDLT_OK) << err.message;
    return value;
  }
  std::string Error(const std::string &text) {
    double value = 5;
    pdlt_error err = {};
    EXPECT_EQ(pdlt_formula_value(&value, text.c_str(), &scope, &err), PDLT_ERR_INPUT) << text;
    EXPECT_EQ(value, 5);
    return err.message;
  }

  pdlt_archive archive = {};
  pdlt_formula_variable variables[2] = {{"n", 4}, {"l", 3}};
  pdlt_formula_scope scope = {};
};

TEST_F(Formula, Arithmetic) {
  EXPECT_EQ(Value("1 + 2*3"), 7);
  EXPECT_EQ(Value("2 - 3 - 4"), -5);
  EXPECT_EQ(Value("24/4/2"), 3);
  EXPECT_EQ(Value("-2^2"), -4);
  EXPECT_EQ(Value("2^3^2"), 512);
  EXPECT_EQ(Value("2^-1"), 0.5);
  EXPECT_EQ(Value("(1 + n)*1.5e1"), 75);
  EXPECT_DOUBLE_EQ(Value("sqrt(9) + exp(0) + log(1) + abs(-2)"), 6);
  EXPECT_DOUBLE_EQ(Value("acos(0)/pi"), 0.5);
  EXPECT_EQ(Value("twice(n) + l"), 11);
}

TEST_F(Formula, Arrays) {
  EXPECT_EQ(Value("K[1,0]"), 12);
  EXPECT_EQ(Value("K@3[0, 1]"), 31);
  EXPECT_EQ(Value("K@l[0,0]"), 30);
  EXPECT_EQ(Value("K@(n-1)[1,1]"), 33);
  EXPECT_EQ(Value("K[l-2, 0]/K@l[1,0]"), 12.0 / 32);
}

TEST_F(Formula, ProductsAndSums) {
  double expected = 1;
  for (int k = 1; k <= 5; k++) expected *= 1 + 2.0 / (4 * k);
  EXPECT_DOUBLE_EQ(Value("prod(k, 1, 5, 1 + 2/(n*k))"), expected);
  EXPECT_EQ(Value("sum(k, 1, l, k^2)"), 14);
  EXPECT_EQ(Value("sum(k, 1, 3, prod(j, 1, k, j))"), 9);
  EXPECT_EQ(Value("prod(k, 3, 2, nowhere[7])"), 1); /* empty: nothing is looked up */
  EXPECT_EQ(Value("sum(k, 2, 1, k)"), 0);
  EXPECT_EQ(Value("sum(n, 1, 2, n) + n"), 7); /* the inner name hides the outer one */
  /* a bound knows the names outside alone, whatever sums stand in it */
  EXPECT_EQ(Value("sum(l, 1, sum(j, 1, 2, j), l)"), 6);
  EXPECT_EQ(Value("sum(l, sum(j, 1, 2, 1), l, l)"), 5);
  EXPECT_EQ(Value("sum(k, prod(j, 1, 2, j), sum(k, 1, 2, k), k + sum(k, 1, k, k))"), 14);
  EXPECT_NE(Error("sum(k, 1, k, 1)").find("unknown name k"), std::string::npos);
  EXPECT_NE(Error("sum(k, 1, 2, k) + k").find("unknown name k"), std::string::npos);
}

TEST_F(Formula, Errors) {
  EXPECT_NE(Error("1 +").find("character 4"), std::string::npos) << Error("1 +");
  EXPECT_NE(Error("x + 1").find("unknown name x"), std::string::npos);
  EXPECT_NE(Error("K[0]").find("2 indices"), std::string::npos);
  EXPECT_NE(Error("K[0,2]").find("outside"), std::string::npos);
  EXPECT_NE(Error("K[0,0.5]").find("whole number"), std::string::npos);
  EXPECT_NE(Error("K@7[0,0]").find("no array K of layer 7"), std::string::npos);
  EXPECT_NE(Error("Q[0,0]").find("no array Q"), std::string::npos);
  EXPECT_NE(Error("thrice(1)").find("no function thrice"), std::string::npos);
  EXPECT_NE(Error("(1").find("')'"), std::string::npos);
  EXPECT_NE(Error("1 2").find("operator"), std::string::npos);
  EXPECT_NE(Error(".").find("expected a number"), std::string::npos);
  const std::string longer = Error(std::string(300, '1') + " +");
  EXPECT_NE(longer.find("111...\", character 303: expected a name"), std::string::npos) << longer;
}

/* Brackets, powers, arguments and indices count as levels, signs do not. */
TEST_F(Formula, DepthIsBounded) {
  const auto nested = [](const std::string &open, int times, const std::string &close) {
    std::string text;
    for (int k = 0; k < times; k++) text += open;
    text += "1";
    for (int k = 0; k < times; k++) text += close;
    return text;
  };
  EXPECT_EQ(Value(nested("(", 63, ")")), 1);
  EXPECT_EQ(Value(nested("1^", 63, "")), 1);
  EXPECT_EQ(Value(nested("sqrt(", 63, ")")), 1);
  EXPECT_EQ(Value(std::string(50000, '-') + "3"), 3);
  EXPECT_EQ(Value(std::string(50001, '-') + "3^2"), -9);
  for (const char *open : {"(", "1^", "-(", "sqrt(", "K[", "K@("}) {
    for (int times : {64, 100000})
      EXPECT_NE(Error(nested(open, times, "")).find("nested deeper than 64 levels"),
                std::string::npos)
          << open;
    EXPECT_EQ(pdlt_formula_check(nested(open, 100000, "").c_str(), nullptr), PDLT_ERR_INPUT);
  }
  EXPECT_NE(Error(nested("sum(k, 1, 1, ", 9, ")")).find("more than 8 products and sums"),
            std::string::npos);
}

TEST_F(Formula, OperandsAreBounded) {
  const char *const expected = "takes more than 10000000 operands";
  for (const char *text :
       {"sum(k, 1, 1e9, k)", "sum(k, 1, 1e5, sum(j, 1, 1e5, sum(i, 1, 1e5, 1)))",
        "prod(k, 1, 1e4, sum(j, 1, 1e4, 1))", "sum(k, 1, 1e5, twice(k))", "sum(k, -9e15, 9e15, 1)"})
    EXPECT_NE(Error(text).find(expected), std::string::npos) << Error(text);
  for (const char *text : {"sum(k, 1, 1e17, 1)", "sum(k, 1e17, 1e17, 1)", "sum(k, 1, 1/0, 1)",
                           "sum(k, -1/0, 1, 1)", "sum(k, log(-1), 1, 1)"})
    EXPECT_NE(Error(text).find("between -2^53 and 2^53"), std::string::npos) << text;
  EXPECT_EQ(Value("sum(k, 2^53 - 2, 2^53, 1)"), 3);
  EXPECT_EQ(Value("sum(k, 1, 1e5, 1)"), 1e5);
  size_t left = 25; /* all formulas of a scope together */
  scope.left = &left;
  EXPECT_EQ(Value("sum(k, 1, 10, 1)"), 10);
  EXPECT_NE(Error("sum(k, 1, 20, 1)").find(expected), std::string::npos);
  EXPECT_NE(Error("1").find(expected), std::string::npos);
}

TEST_F(Formula, CheckReadsWithoutLookingUp) {
  EXPECT_EQ(pdlt_formula_check("prod(k, 1, L, f(k)*Q@k[0,0])", nullptr), PDLT_OK);
  for (const char *bad : {"", "1 +", "K[", "prod(1, 2)", "a b", "f(1,2,3,4,5)", "x@"})
    EXPECT_EQ(pdlt_formula_check(bad, nullptr), PDLT_ERR_INPUT) << bad;
}

}  // namespace
