/* scores.c - see scores.h. */
#include "trainer/features/scores.h"

#include <math.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "trainer/features/assignment.h"

const char *const pdlt_score_names[PDLT_SCORE_COUNT] = {"A", "B", "P"};

/* Eigenvalues of Gram matrices below this share of the largest are no directions of the span. */
#define SPAN_CUT 1e-10

/* What is left of a function after its mean, over its length: a constant in rounding. */
#define CONSTANT 1e-12

size_t pdlt_structure_size(const pdlt_structure *structure) {
  size_t sum = 0;
  for (size_t j = 0; j < structure->blocks; j++) sum += structure->size[j];
  return sum;
}

static void normalize(size_t D, double *u) {
  double mean = 0, before = 0, after = 0;
  for (size_t a = 0; a < D; a++) mean += u[a] / (double)D;
  for (size_t a = 0; a < D; a++) {
    before += u[a] * u[a];
    u[a] -= mean;
    after += u[a] * u[a];
  }
  const double factor = after > CONSTANT * CONSTANT * before ? 1 / sqrt(after) : 0;
  for (size_t a = 0; a < D; a++) u[a] *= factor;
}

void pdlt_functions_normalize(size_t count, size_t D, double *u) {
  for (size_t k = 0; k < count; k++) normalize(D, u + k * D);
}

/* out (count, size) = products of the candidates with the functions of the structure. */
static void overlaps(const pdlt_structure *st, size_t count, const double *u, double *out) {
  const size_t D = st->samples, size = pdlt_structure_size(st);
  pdlt_gemm(0, 1, count, size, D, 1.0, u, D, st->v, D, 0.0, out, size);
}

static void shares_of(const pdlt_structure *st, size_t count, const double *overlap,
                      double *share) {
  const size_t size = pdlt_structure_size(st);
  for (size_t k = 0; k < count; k++) {
    const double *next = overlap + k * size;
    for (size_t j = 0; j < st->blocks; j++) {
      double sum = 0;
      for (size_t d = 0; d < st->size[j]; d++, next++) sum += *next * *next;
      share[k * st->blocks + j] = sum;
    }
  }
}

pdlt_status pdlt_structure_shares(const pdlt_structure *st, size_t count, const double *u,
                                  double *share, pdlt_error *err) {
  double *overlap = NULL;
  const pdlt_status status =
      pdlt_alloc(&overlap, count * pdlt_structure_size(st), sizeof *overlap, err);
  if (status != PDLT_OK) return status;
  overlaps(st, count, u, overlap);
  shares_of(st, count, overlap, share);
  pdlt_free(overlap);
  return PDLT_OK;
}

/* A, of weights (count, size): the share of a block in each of its places. */
static pdlt_status one_by_one(const pdlt_structure *st, size_t count, const double *share,
                              double *out, pdlt_error *err) {
  const size_t size = pdlt_structure_size(st);
  double *weight = NULL, best = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&weight, count * size, sizeof *weight, err));
  for (size_t k = 0; k < count; k++) {
    double *place = weight + k * size;
    for (size_t j = 0; j < st->blocks; j++)
      for (size_t d = 0; d < st->size[j]; d++) *place++ = share[k * st->blocks + j];
  }
  PDLT_TRY(pdlt_assignment(count, size, weight, &best, err));
  *out = best / (double)size;
cleanup:
  pdlt_free(weight);
  return status;
}

/* B: with U U^T = sum_a g_a e_a e_a^T the span has the orthonormal basis e_a^T U/sqrt(g_a), and its
 * products with V are e_a^T (U V^T)/sqrt(g_a). */
static pdlt_status subspace(const pdlt_structure *st, size_t count, const double *u,
                            const double *overlap, double *out, pdlt_error *err) {
  const size_t D = st->samples, size = pdlt_structure_size(st);
  double *gram = NULL, sum = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&gram, 2 * count * count + count + count * size, sizeof *gram, err));
  double *vectors = gram + count * count, *values = vectors + count * count;
  double *product = values + count;
  pdlt_syrk(0, count, D, 1.0, u, D, 0.0, gram, count);
  PDLT_TRY(pdlt_symmetric_eigen(count, gram, values, vectors, err));
  pdlt_gemm(0, 0, count, size, count, 1.0, vectors, count, overlap, size, 0.0, product, size);
  for (size_t a = 0; a < count; a++)
    for (size_t i = 0; i < size && values[a] > SPAN_CUT * values[count - 1]; i++)
      sum += product[a * size + i] * product[a * size + i] / values[a];
  *out = sum / (double)size;
cleanup:
  pdlt_free(gram);
  return status;
}

static double purity(size_t count, size_t blocks, const double *share) {
  double sum = 0;
  for (size_t k = 0; k < count; k++) {
    double most = 0;
    for (size_t j = 0; j < blocks; j++) most = fmax(most, share[k * blocks + j]);
    sum += most;
  }
  return sum / (double)count;
}

pdlt_status pdlt_scores(const pdlt_structure *st, size_t count, const double *u, double *out,
                        pdlt_error *err) {
  const size_t size = pdlt_structure_size(st);
  double *overlap = NULL, score[PDLT_SCORE_COUNT] = {0};
  pdlt_status status = PDLT_OK;
  if (count > 0 && size > 0) {
    PDLT_TRY(pdlt_alloc(&overlap, count * (size + st->blocks), sizeof *overlap, err));
    double *share = overlap + count * size;
    overlaps(st, count, u, overlap);
    shares_of(st, count, overlap, share);
    PDLT_TRY(one_by_one(st, count, share, &score[PDLT_SCORE_ONE], err));
    PDLT_TRY(subspace(st, count, u, overlap, &score[PDLT_SCORE_SPAN], err));
    score[PDLT_SCORE_PURITY] = purity(count, st->blocks, share);
  }
  for (int s = 0; s < PDLT_SCORE_COUNT; s++) out[s] = score[s];
cleanup:
  pdlt_free(overlap);
  return status;
}
