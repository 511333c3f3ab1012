/* progress.h - how far long work has come: a bar on a terminal, plain lines
 * otherwise, nothing when quiet; always on stderr. Whoever asks is called as well, and may end the work.
 *
 * Is not: part of any result; nothing depends on the clock it reads. */
#ifndef PDLT_BASE_CORE_PROGRESS_H
#define PDLT_BASE_CORE_PROGRESS_H

#include <signal.h>

#include "base/core/event.h"
#include "base/core/status.h"

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
  double later;            /* work of the stages to come, in units of this one; 0: not known */
  pdlt_event_call call;    /* also told of everything, whatever the mode; may be NULL */
  void *context;           /* its first argument */
  double called;           /* when, in seconds of that clock */
  const volatile sig_atomic_t
      *stop; /* not 0: the work is to end (pdlt_progress_check); may be NULL */
  int waits; /* 1: nothing was said yet of a stage that may be short */
  int open;  /* 1: the line of a bar has no end yet */
} pdlt_progress;

/* BAR on a terminal, LINES otherwise, QUIET when asked. */
pdlt_progress_mode pdlt_progress_choose(int quiet);

/* Begins a stage of `total` units of which `already` are done. progress may be NULL
 * in all functions. */
void pdlt_progress_start(pdlt_progress *progress, const char *label, double total, double already);

/* The same for a stage that is short as a rule: nobody is told of it before it has
 * taken 2 seconds. */
void pdlt_progress_start_short(pdlt_progress *progress, const char *label, double total);

/* Work of the stages to come, in units of the one that was started: what is printed then
 * tells the time left of all, too. */
void pdlt_progress_later(pdlt_progress *progress, double units);

/* Sets the work done so far, calls (at most 10 times a second) and prints, with rate and time
 * left: a bar at most 10 times a second; a line after 10 seconds, and then each time a thirtieth
 * of the time so far has passed, at least every 10 minutes. Call from one thread. */
void pdlt_progress_update(pdlt_progress *progress, double done);

/* The same with `more` work done; from any of the threads that share the work. */
void pdlt_progress_add(pdlt_progress *progress, double more);

/* PDLT_ERR_INTERRUPTED, with the stage in its message, once the work is to end; from any thread. Cheap:
 * loops ask each time round. progress may be NULL. */
pdlt_status pdlt_progress_check(const pdlt_progress *progress, pdlt_error *err);

/* One of which nobody is told, that is asked to end when the other is. progress may be NULL. */
pdlt_progress pdlt_progress_silent(const pdlt_progress *progress);

/* A line of its own between stages: what was found so far. Not printed when quiet. */
void pdlt_progress_note(pdlt_progress *progress, const char *format, ...) PDLT_PRINTF(2, 3);

/* Ends the stage with its total time; with how far it came when it is not done. */
void pdlt_progress_finish(pdlt_progress *progress);

/* The stage failed: ends the line of the bar, so that a message has one of its own. */
void pdlt_progress_break(pdlt_progress *progress);

/* Tells whoever asked to be called of an event; prints nothing. */
void pdlt_progress_event(const pdlt_progress *progress, pdlt_event event, const char *text);

#ifdef __cplusplus
}
#endif
#endif
