/* ensemble.c - an ensemble of trained networks against theory, with progress; Ctrl-C ends it.
 *
 *   ensemble [EXPERIMENT.yaml FOLDER]     the same again goes on from there. Without: a small one. */
#include <pdlt.h>
#include <signal.h>
#include <stdio.h>

static const char yaml[] =
    "network: {activation: tanh, depth: 3, widths: [16, 24, 32, 64], C_b: 0.1, C_W: 1.2}\n"
    "data: {source: circle, train: 3, test: 1}\n"
    "training: {eta: {relative: 0.5}, steps: 10}\n"
    "ensemble: {members: 2560, seed: 1}\n";

static volatile sig_atomic_t stop; /* anything but 0 ends the work */

static void on_interrupt(int signal) { stop = signal; }

/* Told of everything that begins, moves on or ends (base/core/event.h). */
static void tell(void *context, int event, const char *text, double done, double total) {
  FILE *to = context;
  if (event == PDLT_EVENT_PROGRESS)
    fprintf(to, "\r%-32s %3.0f %%", text, 100 * done / total);
  else if (event == PDLT_EVENT_NOTE || event == PDLT_EVENT_REUSED)
    fprintf(to, "\n%s\n", text);
  else if (event == PDLT_EVENT_END)
    fprintf(to, "\r%-32s done \n", text);
}

int main(int argc, char **argv) {
  pdlt_study *study = NULL;
  pdlt_error err = {0};
  pdlt_status status;
  pdlt_settings settings;
  pdlt_test test;
  pdlt_settings_default(&settings);
  settings.call = tell;
  settings.context = stderr;
  settings.stop = &stop;
  signal(SIGINT, on_interrupt);
  status = argc == 3 ? pdlt_study_open(&study, argv[1], &settings, &err)
                     : pdlt_study_open_text(&study, yaml, &settings, &err);
  if (status == PDLT_OK) status = pdlt_study_run(study, argc == 3 ? argv[2] : NULL, &err);
  if (status != PDLT_OK) fprintf(stderr, "%s\n", err.message);
  for (size_t k = 0; status == PDLT_OK && pdlt_study_test(study, k, &test); k++)
    printf("%-19s %s %-9s %s\n", test.quantity, test.coefficient, test.verdict, test.reason);
  if (status == PDLT_OK) printf("verdict: %s\n", pdlt_study_verdict(study));
  pdlt_study_free(study);
  return pdlt_status_exit(status);
}
