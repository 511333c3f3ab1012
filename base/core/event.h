/* event.h - what long work tells the one who waits for it.
 *
 * Is: the kinds of events and the type of the function that is called with them.
 * Is not: printing (progress.h). */
#ifndef PDLT_BASE_CORE_EVENT_H
#define PDLT_BASE_CORE_EVENT_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pdlt_event {
  PDLT_EVENT_BEGIN,    /* text: "theory", "training", "comparison" begins */
  PDLT_EVENT_PROGRESS, /* text: what is done now ("training, n = 16"); done of total units */
  PDLT_EVENT_NOTE,     /* text: one line worth reading */
  PDLT_EVENT_REUSED,   /* text: file that held the result already; nothing was computed */
  PDLT_EVENT_END       /* text: as BEGIN; not sent when the work failed */
} pdlt_event;

/* Called in the thread that called the library or in one of its workers, one call at a time.
 * done and total are 0 unless event is PDLT_EVENT_PROGRESS. text lives until the return. */
typedef void (*pdlt_event_call)(void *context, int event, const char *text, double done,
                                double total);

#ifdef __cplusplus
}
#endif
#endif
