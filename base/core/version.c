/* version.c - see version.h. PDLT_VERSION comes from CMakeLists.txt; commit.h is
 * made anew at each build by cmake/commit.cmake. */
#include "base/core/version.h"

#include "commit.h"

const char *pdlt_version(void) { return PDLT_VERSION; }

const char *pdlt_commit(void) { return PDLT_COMMIT; }

const char *pdlt_compiler(void) {
#if defined(__clang__)
  return "clang " __clang_version__;
#else
  return "gcc " __VERSION__;
#endif
}
