/* blocks.c - see blocks.h. */
#include "trainer/blocks.h"

#include "base/memory.h"

pdlt_status pdlt_blocks_new(pdlt_blocks *out, const pdlt_plan *plan, pdlt_error *err) {
  pdlt_blocks b = {.widths = plan->ex->network.num_widths,
                   .per_width = plan->blocks,
                   .record = plan->at.size,
                   .sample = plan->keep > 0 ? plan->times * plan->p : 0,
                   .block_members = plan->block_members,
                   .keep = plan->keep};
  b.units = b.widths * b.per_width;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&b.done, b.units, 1, err));
  PDLT_TRY(pdlt_alloc(&b.records, b.units * b.record, sizeof *b.records, err));
  PDLT_TRY(pdlt_alloc(&b.samples, b.widths * b.keep * b.sample, sizeof *b.samples, err));
  *out = b;
  return PDLT_OK;
cleanup:
  pdlt_blocks_free(&b);
  return status;
}

void pdlt_blocks_free(pdlt_blocks *blocks) {
  pdlt_free(blocks->done);
  pdlt_free(blocks->records);
  pdlt_free(blocks->samples);
  *blocks = (pdlt_blocks){0};
}

double *pdlt_blocks_samples(const pdlt_blocks *b, size_t u, size_t *count) {
  const size_t first = u % b->per_width * b->block_members;
  size_t end = first + b->block_members;
  if (end > b->keep) end = b->keep;
  *count = first < end ? (end - first) * b->sample : 0;
  if (*count == 0) return b->samples;
  return b->samples + (u / b->per_width * b->keep + first) * b->sample;
}

size_t pdlt_blocks_shared(const pdlt_blocks *b, const pdlt_share *share) {
  size_t count = 0;
  for (size_t block = share->part; block < b->per_width; block += share->parts) count++;
  return count * b->widths;
}

size_t pdlt_blocks_done(const pdlt_blocks *b, const pdlt_share *share) {
  size_t done = 0;
  for (size_t w = 0; w < b->widths; w++)
    for (size_t block = share->part; block < b->per_width; block += share->parts)
      done += b->done[w * b->per_width + block];
  return done;
}
