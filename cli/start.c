/* start.c - the program's first and last steps: descriptors, memory of BLAS, what was printed. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
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

/* --- what libraries do without memory --- */

/* OpenBLAS's kernels for small matrices and fontconfig do not check what they are given; GLib ends the
 * program on purpose, or calls itself until the stack is used up (stacks.c). Files are whole all the same;
 * only what is allowed in a handler is done. */
static void end_in_words(int number) {
  static const char text[] =
      ": memory ran out in a library that does not look, or an error of this program; what is "
      "finished stays\n";
  static atomic_flag is_told = ATOMIC_FLAG_INIT;
  char line[sizeof "stopped by signal 99" + sizeof text] = "stopped by signal ";
  while (atomic_flag_test_and_set(&is_told)) pause(); /* another thread is ending the program */
  size_t length = strlen(line);
  if (number >= 10) line[length++] = (char)('0' + number / 10 % 10);
  line[length++] = (char)('0' + number % 10);
  memcpy(line + length, text, sizeof text - 1);
  const ssize_t written = write(STDERR_FILENO, line, length + sizeof text - 1);
  (void)written;
  _exit(pdlt_status_exit(PDLT_ERR_MEMORY));
}

/* Where nobody else listens, as sanitizers and debuggers do. */
static void catch_crashes(void) {
  static const int numbers[] = {SIGSEGV, SIGBUS, SIGTRAP, SIGABRT};
  const struct sigaction action = {.sa_handler = end_in_words, .sa_flags = SA_ONSTACK};
  struct sigaction old;
  pdlt_command_set_signal_stack();
  for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
    if (sigaction(numbers[k], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
      sigaction(numbers[k], &action, NULL);
}

static int has_ended = 0; /* by itself */

/* OpenMP ends a program that it has no memory for, with a line that says so and the exit status of a
 * verdict; nobody else calls exit. */
static void correct_exit_status(void) {
  if (!has_ended) _exit(pdlt_status_exit(PDLT_ERR_MEMORY));
}

int pdlt_command_begin(char **argv) {
  if (!open_standard_descriptors()) return 0;
  start_without_blas_threads(argv);
  (void)atexit(correct_exit_status); /* there is room for 32 */
  catch_crashes();
  return 1;
}

int pdlt_command_end(int exit_status) {
  has_ended = 1;
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
