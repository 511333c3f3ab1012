/* draws.h - which random numbers each draw of a run takes: the map of members and streams.
 *
 * Is: every range of member numbers and every stream of a run, side by side, and the proof that
 * no two draws share a number. A number is a function of (seed, width, member, stream, index),
 * base/random/rng.h; data sets have width 0, networks do not.
 * Is not: drawing (network.h, trainer/control/preactivation.h). */
#ifndef PDLT_TRAINER_NETWORK_DRAWS_H
#define PDLT_TRAINER_NETWORK_DRAWS_H

#include <assert.h>
#include <stdint.h>

#include "base/experiment/experiment.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Streams. Layer l = 1..L of a network takes WEIGHT + l and BIAS + l; the random signs that stand
 * for a further output of it PROBE_WEIGHT + l. */
enum {
  PDLT_STREAM_WEIGHT = 1000,
  PDLT_STREAM_BIAS = 2000,
  PDLT_STREAM_PROBE_WEIGHT = 3000,
  PDLT_STREAM_PREACTIVATION = 5000, /* a draw of preactivations, without weights */
  PDLT_STREAM_PRIOR = 5500,         /* a draw for a posterior (trainer/posterior) */
  /* Of a trained network that is looked at (trainer/features): where ascents start, a rotation of
   * eigenfunctions, directions in the space of features, and those in hidden layer l at LAYER + l. */
  PDLT_STREAM_ASCENT = 6000,
  PDLT_STREAM_ROTATION = 6001,
  PDLT_STREAM_FEATURES = 6002,
  PDLT_STREAM_LAYER = 7000
};
/* Signs for an output with K weights: K for each of four (trainer/measure/ddntk.h), then those of
 * trainer/measure/ntk.h. */
enum { PDLT_PROBE_NTK = 4 };
static_assert(PDLT_STREAM_WEIGHT + PDLT_MAX_DEPTH <= PDLT_STREAM_BIAS &&
                  PDLT_STREAM_BIAS + PDLT_MAX_DEPTH <= PDLT_STREAM_PROBE_WEIGHT &&
                  PDLT_STREAM_PROBE_WEIGHT + PDLT_MAX_DEPTH < PDLT_STREAM_PREACTIVATION,
              "two layers share a stream");

/* Draws of the pilots: choice of the estimator, rounding, stability, frozen NTK. Per trained draw there are
 * at most so many draws without weights, and so many further ones of each level. */
enum { PDLT_PILOT_DRAWS = 64, PDLT_ROUNDING_DRAWS = 16, PDLT_STABILITY_DRAWS = 512 };
enum { PDLT_FROZEN_DRAWS = 64 };
enum { PDLT_MAX_SAMPLES = 1024, PDLT_MAX_LEVELS = 3, PDLT_MAX_FURTHER = 256 };

/* Members with weights; those that are trained begin at 0. */
#define PDLT_FURTHER_MEMBER(k) ((uint64_t)((k) + 1) << 50) /* of level k = 0, 1, .. */
#define PDLT_STABILITY_MEMBER ((uint64_t)1 << 61)
#define PDLT_PILOT_MEMBER ((uint64_t)1 << 62)
#define PDLT_ROUNDING_MEMBER (PDLT_PILOT_MEMBER + ((uint64_t)1 << 32))
#define PDLT_FROZEN_MEMBER (PDLT_ROUNDING_MEMBER + ((uint64_t)1 << 32))

#define PDLT_FURTHER_COUNT ((uint64_t)PDLT_MAX_MEMBERS * PDLT_MAX_FURTHER) /* of one level */
static_assert((uint64_t)PDLT_MAX_MEMBERS <= PDLT_FURTHER_MEMBER(0), "trained and further draws");
static_assert(PDLT_FURTHER_MEMBER(0) + PDLT_FURTHER_COUNT <= PDLT_FURTHER_MEMBER(1),
              "further draws of two levels");
/* Networks with positions or skips have no levels: their further draws are those of the own linearization. */
static_assert((uint64_t)PDLT_MAX_MEMBERS * PDLT_MAX_SAMPLES <=
                  PDLT_FURTHER_MEMBER(1) - PDLT_FURTHER_MEMBER(0),
              "further draws of networks with positions");
static_assert(PDLT_FURTHER_MEMBER(PDLT_MAX_LEVELS - 1) + PDLT_FURTHER_COUNT <=
                  PDLT_STABILITY_MEMBER,
              "further draws and those of the stability pilot");
static_assert(PDLT_STABILITY_MEMBER + PDLT_STABILITY_DRAWS <= PDLT_PILOT_MEMBER,
              "draws of two pilots");
static_assert(PDLT_PILOT_MEMBER + PDLT_PILOT_DRAWS <= PDLT_ROUNDING_MEMBER, "draws of two pilots");
static_assert(PDLT_ROUNDING_MEMBER + PDLT_ROUNDING_DRAWS <= PDLT_FROZEN_MEMBER,
              "draws of two pilots");

/* Members without weights, which have a stream of their own. Nothing follows their pilot. */
#define PDLT_WEIGHTLESS_MEMBER ((uint64_t)1 << 40)
#define PDLT_WEIGHTLESS_PILOT ((uint64_t)1 << 61)

static_assert(PDLT_WEIGHTLESS_MEMBER + (uint64_t)PDLT_MAX_MEMBERS * PDLT_MAX_SAMPLES <=
                  PDLT_WEIGHTLESS_PILOT,
              "draws without weights of a run and of its pilot");

/* Step s of a chain in a posterior takes its direction from stream 2 s above this, its angles from the next. */
#define PDLT_STREAM_CHAIN ((uint64_t)1 << 32)

/* Draws from the prior, on a stream of their own: those of a run from 0 on, and the few whose kernel says how
 * large weights are. Steps of a chain are streams of the member that begins it. */
#define PDLT_REFERENCE_MEMBER ((uint64_t)1 << 61)
static_assert((uint64_t)PDLT_MAX_MEMBERS <= PDLT_REFERENCE_MEMBER, "draws of a run and before it");

#ifdef __cplusplus
}
#endif
#endif
