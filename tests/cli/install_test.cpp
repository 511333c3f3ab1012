/* install_test.cpp - what cmake --install puts down can be used by a C program. */
#include <gtest/gtest.h>

#include "tests/cli/support.h"

namespace {

const char *const user_program =
    "#include <stdio.h>\n"
    "#include \"theory/infinite/kernel.h\"\n"
    "int main(void) {\n"
    "  const double x[2] = {3, 4};\n"
    "  const pdlt_layer layer[2] = {{.in = 2, .C_W = 1, .lambda_W = 1}, {.C_W = 1, .lambda_W = "
    "1}};\n"
    "  pdlt_kernel_settings settings = {.depth = 2, .layer = layer, .tolerance = 1e-10, .threads = "
    "1};\n"
    "  pdlt_kernel_layers layers = {0};\n"
    "  if (pdlt_activation_parse(&settings.activation, \"linear\", NULL)) return 1;\n"
    "  if (pdlt_kernel_layers_new(&layers, &settings, 1, x, NULL)) return 2;\n"
    "  printf(\"%.3f\\n\", layers.K[1]);\n"
    "  pdlt_kernel_layers_free(&layers);\n"
    "  return 0;\n"
    "}\n";

TEST(Install, ProgramBuildsWithPkgConfig) {
  TempFolder folder;
  const Outcome installed =
      run_shell("cmake --install '" PDLT_BINARY_DIR "' --prefix $PWD/prefix", folder.path());
  ASSERT_EQ(installed.status, 0) << installed.out << installed.err;
  EXPECT_EQ(run_shell("prefix/bin/pdlt --version", folder.path()).status, 0);
  const Outcome claims = run_shell("prefix/bin/pdlt list claims --json", folder.path());
  EXPECT_NE(claims.out.find("\"name\": \"4-second-layer\""), std::string::npos)
      << claims.out << claims.err;
  write_text(folder / "user.c", user_program);
  /* The .pc file names the prefix of configure time; relocate it. */
  const Outcome built = run_shell(
      "export PKG_CONFIG_PATH=$(dirname $(find $PWD/prefix -name pdlt.pc)) && "
      "cc " PDLT_EXTRA_FLAGS
      " user.c -o user $(pkg-config --define-variable=prefix=$PWD/prefix "
      "--cflags --libs pdlt)",
      folder.path());
  ASSERT_EQ(built.status, 0) << built.out << built.err;
  const Outcome ran = run_shell("./user", folder.path());
  EXPECT_EQ(ran.out, "12.500\n") << ran.err;
}

}  // namespace
