/* result.c - what a study found: named arrays, metadata, verdict, tests. */
#include <string.h>

#include "cli/study/study.h"

static const char *part_name(pdlt_part part) {
  return part == PDLT_THEORY ? "theory" : "measurement";
}

/* NULL where there is none. */
static const pdlt_result *result_of(const pdlt_study *study, pdlt_part part) {
  const int known = part == PDLT_THEORY || part == PDLT_MEASURED;
  return known && study->results[part].made ? &study->results[part] : NULL;
}

size_t pdlt_study_num_arrays(const pdlt_study *study, pdlt_part part) {
  const pdlt_result *result = result_of(study, part);
  return result == NULL ? 0 : result->archive.count;
}

pdlt_status pdlt_study_array_at(const pdlt_study *study, pdlt_part part, size_t k,
                                pdlt_named_array *out, pdlt_error *err) {
  const size_t count = pdlt_study_num_arrays(study, part);
  if (k >= count)
    return pdlt_fail(err, PDLT_ERR_INPUT, "array %zu of %s, which has %zu", k, part_name(part),
                     count);
  const pdlt_archive_entry *entry = &study->results[part].archive.entries[k];
  *out = (pdlt_named_array){entry->name, (size_t)entry->array.ndim, entry->array.dim,
                            entry->array.data};
  return PDLT_OK;
}

pdlt_status pdlt_study_array(const pdlt_study *study, pdlt_part part, const char *name,
                             pdlt_named_array *out, pdlt_error *err) {
  const size_t count = pdlt_study_num_arrays(study, part);
  if (name == NULL) return pdlt_fail(err, PDLT_ERR_INPUT, "no name of an array was given");
  for (size_t k = 0; k < count; k++)
    if (strcmp(study->results[part].archive.entries[k].name, name) == 0)
      return pdlt_study_array_at(study, part, k, out, err);
  return pdlt_fail(err, PDLT_ERR_INPUT, "%s: no such array in %s%s", name, part_name(part),
                   count == 0 ? ", which has none yet" : "");
}

const char *pdlt_study_meta(const pdlt_study *study, pdlt_part part) {
  const pdlt_result *result = result_of(study, part);
  return result == NULL ? NULL : result->meta;
}

const char *pdlt_study_verdict(const pdlt_study *study) {
  const size_t points = pdlt_study_num_points(study);
  pdlt_verdict worst = study->comparison.verdict;
  if (points == 0) return study->compared ? pdlt_verdict_text(worst) : NULL;
  for (size_t p = 0; p < points; p++) {
    const pdlt_study *point = study->points == NULL ? NULL : study->points[p];
    if (point == NULL || !point->compared) return NULL;
    if (point->comparison.verdict > worst) worst = point->comparison.verdict;
  }
  return pdlt_verdict_text(worst);
}

const char *pdlt_study_verdict_json(const pdlt_study *study) { return study->verdict; }

int pdlt_study_test(const pdlt_study *study, size_t k, pdlt_test *out) {
  if (k >= study->comparison.num_tests) return 0;
  const pdlt_compare_test *t = &study->comparison.tests[k];
  *out = (pdlt_test){.quantity = t->quantity,
                     .coefficient = t->coefficient,
                     .verdict = pdlt_verdict_text(t->verdict),
                     .reason = t->reason,
                     .p = t->p,
                     .worst_z = t->worst_z,
                     .null_z = t->null_z,
                     .numbers = t->numbers};
  return 1;
}

const char *pdlt_study_warning(const pdlt_study *study, size_t k) {
  return k < study->comparison.num_warnings ? study->comparison.warnings[k] : NULL;
}
