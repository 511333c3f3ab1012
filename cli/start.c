/* start.c - the program's first and last steps: descriptors, memory of BLAS, what was printed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/command.h"

/* Without them the first files that are opened would be 0, 1 or 2, and what is said to the user would
 * land in them. 0: there is no /dev/null. */
static int open_standard_descriptors(void) {
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++)
    if (fcntl(descriptor, F_GETFD) < 0 && open("/dev/null", O_RDWR) != descriptor) return 0;
  return 1;
}

static int is_limited(__rlimit_resource_t resource) {
  struct rlimit limit;
  return getrlimit(resource, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

/* OpenBLAS starts a thread for each processor before main, and each of them asks for 128 MiB until it
 * gets them, for ever if need be, which would keep the program from ending. This program needs none
 * of them (base/vector/linalg.h): where memory is limited it starts once more without. */
static void start_without_blas_threads(char **argv) {
  static const char name[] = "OPENBLAS_NUM_THREADS";
  char program[PDLT_COMMAND_PATH];
  const char *threads = getenv(name);
  if (!is_limited(RLIMIT_AS) && !is_limited(RLIMIT_DATA)) return;
  if (threads != NULL && strcmp(threads, "1") == 0) return;
  const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  if (length <= 0 || setenv(name, "1", 1) != 0) return;
  program[length] = 0;
  execv(program, argv); /* where it fails, all goes on as it was */
}

int pdlt_command_begin(char **argv) {
  if (!open_standard_descriptors()) return 0;
  start_without_blas_threads(argv);
  return 1;
}

int pdlt_command_end(int exit_status) {
  const int earlier = ferror(stdout); /* has left its mark, not its reason */
  const int last = fclose(stdout) != 0 ? errno : 0;
  const int told = exit_status == pdlt_status_exit(PDLT_ERR_INPUT) ||
                   exit_status == pdlt_status_exit(PDLT_ERR_IO) ||
                   exit_status == pdlt_status_exit(PDLT_ERR_INTERRUPTED);
  if ((!earlier && last == 0) || told) return exit_status;
  fprintf(stderr, "standard output: cannot be written%s%s\n", last != 0 ? ": " : "",
          last != 0 ? strerror(last) : "");
  return pdlt_status_exit(PDLT_ERR_IO);
}
