/* listen.c - what the program does while the library works: says what was reused; turns signals
 * into a stop while networks are trained, and at any other time into one line and the end. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"

/* What a signal would interrupt. */
typedef enum phase { BETWEEN, THEORY, TRAINING, COMPARISON } phase;

/* Nothing but training has anything on disk before it is finished. */
static const char *const farewells[] = {
    [BETWEEN] = "interrupted; what is finished stays, and the same command goes on from it\n",
    [THEORY] =
        "interrupted during theory: what it had computed is lost; the same command begins "
        "theory anew, and what was finished before stays\n",
    [COMPARISON] =
        "interrupted during the comparison: theory and measurement stay; the same "
        "command compares them anew\n"};

static volatile sig_atomic_t stop_requested = 0, now = BETWEEN, has_line = 0;
static int is_listening = 0;
static struct sigaction old_interrupt, old_terminate;

static void say(const char *text) {
  const ssize_t written = write(STDERR_FILENO, text, strlen(text));
  (void)written;
}

/* Only what is allowed in a handler of signals. */
static void hear_signal(int signal_number) {
  if (now == TRAINING) {
    stop_requested = 1;
    (void)signal(signal_number, SIG_DFL); /* a second one ends the program at once */
    return;
  }
  if (has_line) say("\r\033[K");
  say(farewells[now]);
  _exit(pdlt_status_exit(PDLT_ERR_INTERRUPTED));
}

static void listen_to_signals(phase during) {
  const struct sigaction action = {.sa_handler = hear_signal};
  now = (sig_atomic_t)during;
  if (is_listening) return;
  is_listening = 1;
  has_line = isatty(STDERR_FILENO) != 0;
  sigaction(SIGINT, &action, &old_interrupt);
  sigaction(SIGTERM, &action, &old_terminate);
}

void pdlt_command_hear_signals(void) { listen_to_signals(TRAINING); }

void pdlt_command_ignore_signals(void) {
  if (!is_listening) return;
  is_listening = 0;
  sigaction(SIGINT, &old_interrupt, NULL);
  sigaction(SIGTERM, &old_terminate, NULL);
}

static phase phase_of(const char *work) {
  if (strcmp(work, "training") == 0) return TRAINING;
  return strcmp(work, "theory") == 0 ? THEORY : COMPARISON;
}

static void hear(void *context, int event, const char *text, double done, double total) {
  pdlt_options *options = context;
  (void)done, (void)total;
  if (event == PDLT_EVENT_BEGIN) options->reused = 0;
  if (event == PDLT_EVENT_BEGIN) listen_to_signals(phase_of(text));
  if (event == PDLT_EVENT_END && !stop_requested) now = BETWEEN;
  if (event != PDLT_EVENT_REUSED) return;
  options->reused = 1;
  if (!options->tacit)
    fprintf(stderr, "%s: complete, from the same experiment; nothing to do\n", text);
}

void pdlt_command_listen(pdlt_options *options) {
  options->settings.call = hear;
  options->settings.context = options;
  options->settings.stop = &stop_requested;
  listen_to_signals(BETWEEN);
}
