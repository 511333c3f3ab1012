/* run.c - theory, training and comparison in one go; every point of a sweep. */
#include "base/file/file.h"
#include "base/file/lock.h"
#include "cli/study/study.h"

pdlt_status pdlt_study_hold(pdlt_study *study, const char *folder, pdlt_error *err) {
  pdlt_lock lock = {0};
  if (folder == NULL) return pdlt_fail(err, PDLT_ERR_INPUT, "no folder was given");
  if (pdlt_lock_is_of(&study->lock, folder)) return PDLT_OK;
  pdlt_status status = pdlt_folder_make(folder, err);
  if (status == PDLT_OK) status = pdlt_lock_folder(&lock, folder, err);
  if (status != PDLT_OK) return status;
  pdlt_lock_release(&study->lock);
  study->lock = lock;
  return PDLT_OK;
}

pdlt_status pdlt_study_hold_now(pdlt_study *study, const char *folder, int *own, pdlt_error *err) {
  const int held = pdlt_lock_is_of(&study->lock, folder);
  const pdlt_status status = pdlt_study_hold(study, folder, err);
  *own = status == PDLT_OK && !held;
  return status;
}

void pdlt_study_release(pdlt_study *study, int own) {
  if (own) pdlt_lock_release(&study->lock);
}

static pdlt_status run_one(pdlt_study *study, const char *folder, pdlt_error *err) {
  char theory[PDLT_PATH_LENGTH], measured[PDLT_PATH_LENGTH];
  const int files = folder != NULL;
  int own = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_study_resolve(study, err));
  PDLT_TRY(pdlt_study_check_trainable(study, err));
  if (files) {
    PDLT_TRY(pdlt_path_join(theory, folder, "theory.npz", err));
    PDLT_TRY(pdlt_path_join(measured, folder, "measured.npz", err));
    PDLT_TRY(pdlt_study_hold_now(study, folder, &own, err));
  }
  PDLT_TRY(pdlt_study_predict(study, files ? theory : NULL, err));
  PDLT_TRY(pdlt_study_train(study, files ? measured : NULL, err));
  PDLT_TRY(pdlt_study_compare(study, folder, err));
cleanup:
  pdlt_study_release(study, own);
  return status;
}

static pdlt_status run_point(pdlt_study *study, size_t p, const char *folder, pdlt_error *err) {
  pdlt_study *point = NULL;
  char own[PDLT_PATH_LENGTH];
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_study_point(study, p, &point, err));
  if (folder != NULL) PDLT_TRY(pdlt_path_join(own, folder, point->name, err));
  PDLT_TRY(run_one(point, folder != NULL ? own : NULL, err));
  if (folder != NULL) pdlt_study_forget_arrays(point);
cleanup:
  return status;
}

pdlt_status pdlt_study_run(pdlt_study *study, const char *folder, pdlt_error *err) {
  PDLT_NUMBERS_WITH_POINT;
  const size_t points = pdlt_study_num_points(study);
  int own = 0;
  pdlt_status status = PDLT_OK;
  if (points == 0) return run_one(study, folder, err);
  if (folder != NULL) PDLT_TRY(pdlt_study_hold_now(study, folder, &own, err));
  for (size_t p = 0; p < points; p++) PDLT_TRY(run_point(study, p, folder, err));
  PDLT_TRY(pdlt_study_compare(study, folder, err));
cleanup:
  pdlt_study_release(study, own);
  return status;
}
