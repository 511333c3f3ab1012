/* path.h - one neuron near its kink: which part of all starts crosses, and where it then is.
 *
 * Is: s(t) for every start s0 at once. The neuron moves by d+ where s > 0 and by d- where s < 0; starts with the
 * same history stay an interval, so integrals over s0 are sums over intervals, exact for steps.
 * Is not: what drives it (draw.c) or what it does to the outputs (docs/kinks.md).
 *
 * Shapes: C cells of time, G = C + 1 times. Derivation: docs/kinks.md, "All starts at once". */
#ifndef PDLT_THEORY_KINK_PATH_H
#define PDLT_THEORY_KINK_PATH_H

#include <stddef.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What moves the neuron; borrowed. Multiplied by `sign` when read. */
typedef struct pdlt_kink_drive {
  size_t cells;
  const int *flow;            /* (C) 1: continuous motion within the cell, 0: one step */
  const double *plus, *minus; /* (C) d+ and d- of the cell */
  const double *rate_plus,
      *rate_minus; /* (G) the same per unit of time, at the times; read under flow */
} pdlt_kink_drive;

/* Integrals over s0 at the G times; 1[..] is 1 or 0, and where the neuron sticks to its kink the share of time
 * that it spends on either side. s_lin: the path with the slope of the start. Owned by the caller. */
typedef struct pdlt_kink_path {
  double *net;     /* (G) int 1[s > 0] - 1[s0 > 0] */
  double *changed; /* (G) int 1[side of s differs from that of s0] */
  double *above;   /* (G) int s 1[s > 0] - s_lin 1[s0 > 0] */
  double *below;   /* (G) int s 1[s < 0] - s_lin 1[s0 < 0] */
} pdlt_kink_path;

/* Starts with one history: evenly spread over distances low .. high from the kink, on one side of it. Distances
 * are kept less what the side has moved since the start, so that a piece that stays is not touched. */
typedef struct pdlt_kink_piece {
  double low, high, mass; /* mass: the length of the starts */
} pdlt_kink_piece;

/* Pieces of one side of starts, the one whose middle is nearest to the kink first. */
typedef struct pdlt_kink_pieces {
  pdlt_kink_piece *piece;
  size_t count, capacity;
} pdlt_kink_pieces;

/* The pieces on one side of the kink. */
typedef struct pdlt_kink_side {
  pdlt_kink_pieces from[2]; /* the starts: below, above */
  double moved;             /* distances grew by this since the start */
  double nearest;           /* the smallest low */
  double mass[2];           /* of the starts below and above */
  double moment;            /* int of the distance */
} pdlt_kink_side;

/* Room for pieces, grown as needed; owned, one for each thread. Index 0: below the kink, 1: above. */
typedef struct pdlt_kink_tracker {
  pdlt_kink_side side[2];
  pdlt_kink_pieces passed[2][2]; /* (side, start): distances of what has come over in this cell */
  double edge[2];                /* starts farther away than this never crossed */
  double stuck[2];               /* mass of the starts on each side that sticks to the kink */
  double gone[2];                /* mass of all starts on a side that crossed at least once */
  double linear[2]; /* int of s_lin over them, as a distance on the side of the start */
} pdlt_kink_tracker;

void pdlt_kink_tracker_free(pdlt_kink_tracker *tracker);

/* Fills out (its arrays are given, G numbers each). Cost: O(1) for a cell
 * and for each piece that crosses in it.
 * Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_kink_follow(pdlt_kink_tracker *tracker, const pdlt_kink_drive *drive, double sign,
                             const pdlt_kink_path *out, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
