/* ranks.h - one run by several processes: who leads, who helps, what they tell each other.
 *
 * Is: the leader (rank 0) tells the helpers what is settled and which blocks are finished;
 * each process computes its share; helpers send every block at once, and the leader keeps
 * it like one of its own, so that result and unfinished work are those of one process.
 * Is not: the transport (base/core/team.h). */
#ifndef PDLT_TRAINER_RUN_RANKS_H
#define PDLT_TRAINER_RUN_RANKS_H

#include "base/core/team.h"
#include "trainer/pilot/choice.h"
#include "trainer/run/ensemble.h"
#include "trainer/run/workers.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Part of this process of the team in a run of which `share` is to be done. */
pdlt_share pdlt_ranks_share(const pdlt_team *team, const pdlt_share *share);

/* Sends every helper to work on work's blocks and runs the leader's share; returns when all
 * are back. hash: of experiment and data, which helpers compare with their own. Errors: of
 * the leader's work or of a helper; what they finished is in work's saver. */
pdlt_status pdlt_ranks_run(const pdlt_team *team, const pdlt_workers *work, const pdlt_share *share,
                           const pdlt_choice *choice, const char *hash, pdlt_error *err);

/* The side of a helper in options->team: works as the leader says until it dismisses. status:
 * whether the experiment could be read; ex and data are looked at only then. */
void pdlt_ranks_help(const pdlt_experiment *ex, const pdlt_dataset *data,
                     const pdlt_ensemble_options *options, pdlt_status status);

/* The leader lets all helpers go. */
void pdlt_ranks_dismiss(const pdlt_team *team);

#ifdef __cplusplus
}
#endif

#endif
