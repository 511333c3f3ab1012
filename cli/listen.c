/* listen.c - what the program does while the library works: says what was reused, and turns
 * signals into a stop while networks are trained. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

static volatile sig_atomic_t stop_requested = 0;
static int is_listening = 0;
static struct sigaction old_interrupt, old_terminate;

static void request_stop(int signal_number) {
  stop_requested = 1;
  signal(signal_number, SIG_DFL); /* a second one ends the program at once */
}

void pdlt_command_hear_signals(void) {
  const struct sigaction action = {.sa_handler = request_stop};
  if (is_listening) return;
  is_listening = 1;
  sigaction(SIGINT, &action, &old_interrupt);
  sigaction(SIGTERM, &action, &old_terminate);
}

void pdlt_command_ignore_signals(void) {
  if (!is_listening) return;
  is_listening = 0;
  sigaction(SIGINT, &old_interrupt, NULL);
  sigaction(SIGTERM, &old_terminate, NULL);
}

static void hear(void *context, int event, const char *text, double done, double total) {
  pdlt_options *options = context;
  (void)done, (void)total;
  if (event == PDLT_EVENT_BEGIN) options->reused = 0;
  if (event == PDLT_EVENT_BEGIN && strcmp(text, "training") == 0) pdlt_command_hear_signals();
  if (event == PDLT_EVENT_END) pdlt_command_ignore_signals();
  if (event != PDLT_EVENT_REUSED) return;
  options->reused = 1;
  if (!options->tacit)
    fprintf(stderr, "%s: complete, from the same experiment; nothing to do\n", text);
}

void pdlt_command_listen(pdlt_options *options) {
  options->settings.call = hear;
  options->settings.context = options;
  options->settings.stop = &stop_requested;
}
