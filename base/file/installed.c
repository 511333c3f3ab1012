/* installed.c - share/pdlt, from the program and from the library.
 * PDLT_LIBRARY_TO_SHARE (base/CMakeLists.txt): from the folder of libpdlt.so to share. */
#include "base/file/installed.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char here[] = ""; /* an address inside the library */

/* SHARE/pdlt/NAME, seen from the folder that holds file. */
static int beside(char *out, size_t size, const char *file, const char *share, const char *name) {
  const char *slash = strrchr(file, '/');
  if (slash == NULL) return 0;
  const int length = snprintf(out, size, "%.*s/%s/pdlt/%s", (int)(slash - file), file, share, name);
  return length > 0 && (size_t)length < size && access(out, R_OK) == 0;
}

int pdlt_installed(char *out, size_t size, const char *name) {
  char program[PATH_MAX] = "";
  Dl_info library = {0};
  const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  if (length > 0) program[length] = '\0';
  if (beside(out, size, program, "../share", name)) return 1;
  if (dladdr(here, &library) != 0 && library.dli_fname != NULL &&
      beside(out, size, library.dli_fname, PDLT_LIBRARY_TO_SHARE, name))
    return 1;
  out[0] = '\0';
  return 0;
}
