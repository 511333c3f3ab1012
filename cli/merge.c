/* merge.c - pdlt merge: the shards of pdlt train --shard k/K as one result. */
#include <stdio.h>
#include <string.h>

#include "base/file/npz.h"
#include "cli/command.h"
#include "trainer/run/shard.h"

static pdlt_status add_shards(pdlt_merge *merge, const pdlt_options *options, pdlt_error *err) {
  for (int k = 0; k < options->num_args; k++) {
    pdlt_archive shard = {0};
    pdlt_status status = pdlt_npz_read(&shard, options->args[k], err);
    if (status == PDLT_OK) status = pdlt_merge_add(merge, &shard, options->args[k], err);
    pdlt_archive_free(&shard);
    if (status != PDLT_OK) return status;
  }
  return PDLT_OK;
}

pdlt_status pdlt_command_merge(pdlt_options *options, int *exit_status, pdlt_error *err) {
  pdlt_merge merge = {0};
  pdlt_archive archive = {0};
  const char *path = options->output;
  int found = 0;
  pdlt_status status = PDLT_OK;
  *exit_status = 0;
  PDLT_TRY(pdlt_stage_check_writable(path, err));
  PDLT_TRY(add_shards(&merge, options, err));
  PDLT_TRY(pdlt_stage_reuse("measured", json_string_value(json_object_get(merge.meta, "hash")),
                            json_is_true(json_object_get(merge.meta, "layers")), path, options,
                            &archive, &found, err));
  if (!found) {
    PDLT_TRY(pdlt_merge_finish(&merge, &archive, err));
    if (merge.mixed && !options->quiet)
      fprintf(stderr,
              "%s: the shards come from different processors or BLAS libraries; one run on one of "
              "them may differ in the last digits\n",
              path);
    PDLT_TRY(pdlt_npz_write(&archive, path, err));
  }
  PDLT_TRY(pdlt_stage_print(options, &archive, found, err));
cleanup:
  pdlt_archive_free(&archive);
  pdlt_merge_free(&merge);
  return status;
}
