/* progress.h - how far long work has come: a bar on a terminal, plain lines
 * otherwise, nothing when quiet. Always on stderr.
 *
 * Is not: part of any result; nothing depends on the clock it reads. */
#ifndef PDLT_BASE_PROGRESS_H
#define PDLT_BASE_PROGRESS_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { PDLT_PROGRESS_QUIET, PDLT_PROGRESS_LINES, PDLT_PROGRESS_BAR } pdlt_progress_mode;

typedef struct pdlt_progress {
  pdlt_progress_mode mode;
  char label[64];
  double total, done;      /* in units of work */
  double started, printed; /* seconds of a monotonic clock */
  double resumed;          /* work that was done before this run (rate excludes it) */
} pdlt_progress;

/* BAR on a terminal, LINES otherwise, QUIET when asked. */
pdlt_progress_mode pdlt_progress_choose(int quiet);

/* Begins a stage of `total` units of which `already` are done. progress may be NULL
 * in all functions. */
void pdlt_progress_start(pdlt_progress *progress, const char *label, double total, double already);

/* Sets the work done so far and prints (a bar at most 10 times a second, a line at
 * most every 10 seconds), with rate and time left. Call from one thread. */
void pdlt_progress_update(pdlt_progress *progress, double done);

/* Ends the stage with its total time. */
void pdlt_progress_finish(pdlt_progress *progress);

#ifdef __cplusplus
}
#endif
#endif
