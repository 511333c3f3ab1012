/* choice.h - estimator and members of a run, settled before its blocks.
 *
 * Is: what the experiment asks for, and what the pilot said where one is needed. Kept with
 * unfinished work and in shards, so that whoever goes on does not ask again.
 * Is not: the pilot itself (pilot.h). */
#ifndef PDLT_TRAINER_PILOT_CHOICE_H
#define PDLT_TRAINER_PILOT_CHOICE_H

#include "trainer/pilot/pilot.h"
#include "trainer/pilot/start.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Plain bytes: may be copied to and from a file of the same build. */
typedef struct pdlt_choice {
  int piloted;           /* 1: pilot is filled */
  uint64_t members;      /* draws per width, so far when until decides */
  pdlt_start_work start; /* of K, Theta and V at the start */
  pdlt_pilot pilot;
} pdlt_choice;

/* Runs the pilot where the estimator (auto, control, two_level) needs one. Errors:
 * PDLT_ERR_INPUT (linearizations too large), PDLT_ERR_MEMORY, PDLT_ERR_INTERRUPTED. */
pdlt_status pdlt_choice_make(pdlt_choice *out, const pdlt_plan *plan, int threads,
                             const volatile sig_atomic_t *stop, pdlt_progress *progress,
                             pdlt_error *err);

/* What is wrong with a choice that was read from a file, for that plan; NULL: it is one that
 * pdlt_choice_make could have made there, or that a run with `until` has grown to. */
const char *pdlt_choice_wrong(const pdlt_choice *choice, const pdlt_plan *plan);

/* Why two_level and control are not open to that plan; NULL: they are, or nothing is trained. */
const char *pdlt_choice_closed(const pdlt_plan *plan);

enum { PDLT_CHOICE_TEXT = 320 };

/* What was chosen and why, one line without its end: by the pilot the work of each quantity against plain
 * networks, and which estimators were not open. plan: to which the choice was applied. */
void pdlt_choice_text(const pdlt_choice *choice, const pdlt_plan *plan,
                      char text[PDLT_CHOICE_TEXT]);

/* Fixes the plan's estimator and members, and with them records and blocks. */
void pdlt_choice_apply(const pdlt_choice *choice, pdlt_plan *plan);

#ifdef __cplusplus
}
#endif
#endif
