/* records.c - see records.h. */
#include "trainer/record/records.h"

#include <string.h>

#include "base/core/memory.h"
#include "trainer/record/record.h"

pdlt_records pdlt_records_sizes(const pdlt_plan *plan) {
  pdlt_records b = {.widths = plan->ex->network.num_widths,
                    .per_width = plan->blocks,
                    .record = plan->at.size,
                    .sample = plan->keep > 0 ? plan->times * plan->p : 0,
                    .block_members = plan->block_members,
                    .keep = plan->keep};
  b.units = b.widths * b.per_width;
  return b;
}

pdlt_status pdlt_records_new(pdlt_records *out, const pdlt_plan *plan, pdlt_error *err) {
  pdlt_records b = pdlt_records_sizes(plan);
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&b.done, b.units, 1, err));
  PDLT_TRY(pdlt_alloc(&b.records, b.units * b.record, sizeof *b.records, err));
  PDLT_TRY(pdlt_alloc(&b.samples, b.widths * b.keep * b.sample, sizeof *b.samples, err));
  *out = b;
  return PDLT_OK;
cleanup:
  pdlt_records_free(&b);
  return status;
}

/* Block `b` of width w of `to` from the `factor` blocks of `from` that it covers. */
static void gather(pdlt_records *to, const pdlt_records *from, const pdlt_plan *plan, size_t w,
                   size_t b, size_t factor) {
  const size_t first = b * factor, end = first + factor;
  const size_t unit = w * to->per_width + b, old = w * from->per_width;
  double *record = to->records + unit * to->record;
  if (end > from->per_width) return;
  for (size_t k = first; k < end; k++)
    if (!from->done[old + k]) return;
  memcpy(record, from->records + (old + first) * from->record, to->record * sizeof *record);
  for (size_t k = first + 1; k < end; k++)
    pdlt_record_merge(plan, record, from->records + (old + k) * from->record);
  to->done[unit] = 1;
}

pdlt_status pdlt_records_grow(pdlt_records *blocks, const pdlt_plan *plan, pdlt_error *err) {
  pdlt_records grown = {0};
  const pdlt_status status = pdlt_records_new(&grown, plan, err);
  if (status != PDLT_OK) return status;
  const size_t factor = grown.block_members / blocks->block_members;
  const size_t samples = grown.widths * grown.keep * grown.sample;
  for (size_t w = 0; w < grown.widths; w++)
    for (size_t b = 0; b < grown.per_width; b++) gather(&grown, blocks, plan, w, b, factor);
  if (samples > 0) memcpy(grown.samples, blocks->samples, samples * sizeof *grown.samples);
  pdlt_records_free(blocks);
  *blocks = grown;
  return PDLT_OK;
}

void pdlt_records_free(pdlt_records *blocks) {
  pdlt_free(blocks->done);
  pdlt_free(blocks->records);
  pdlt_free(blocks->samples);
  *blocks = (pdlt_records){0};
}

double *pdlt_records_kept(const pdlt_records *b, size_t u, size_t *count) {
  const size_t first = u % b->per_width * b->block_members;
  size_t end = first + b->block_members;
  if (end > b->keep) end = b->keep;
  *count = first < end ? (end - first) * b->sample : 0;
  if (*count == 0 || b->samples == NULL) return b->samples;
  return b->samples + (u / b->per_width * b->keep + first) * b->sample;
}

size_t pdlt_records_shared(const pdlt_records *b, const pdlt_share *share) {
  size_t count = 0;
  for (size_t block = share->part; block < b->per_width; block += share->parts) count++;
  return count * b->widths;
}

size_t pdlt_records_done(const pdlt_records *b, const pdlt_share *share) {
  size_t done = 0;
  for (size_t w = 0; w < b->widths; w++)
    for (size_t block = share->part; block < b->per_width; block += share->parts)
      done += b->done[w * b->per_width + block];
  return done;
}
