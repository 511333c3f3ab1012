/* npz.h - archives as NumPy .npz files (zip of .npy), readable by numpy.load.
 *
 * Is: float64 arrays in C order, little endian, deflated, zip64 when needed, fixed
 * zip dates: the same archive gives the same bytes. meta: one uint8 array `meta`
 * with the bytes of the JSON object (sorted keys, indent 1).
 * Is not: a reader of every .npz: float64, float32 (remembered: array.h), int64, int32,
 * uint8 (meta) in C order are read, anything else is refused by name. */
#ifndef PDLT_BASE_FILE_NPZ_H
#define PDLT_BASE_FILE_NPZ_H

#include "base/core/progress.h"
#include "base/core/status.h"
#include "base/file/archive.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes the whole archive to a temporary file, fsyncs and renames: whole or not at all.
 * Errors: PDLT_ERR_IO naming the file and the reason, PDLT_ERR_MEMORY. */
pdlt_status pdlt_npz_write(const pdlt_archive *archive, const char *path, pdlt_error *err);

/* The same with a stage "writing FILE" of progress, which may be NULL. */
pdlt_status pdlt_npz_write_shown(const pdlt_archive *archive, const char *path,
                                 pdlt_progress *progress, pdlt_error *err);

/* Reads path into an empty archive, CRCs checked. Errors: PDLT_ERR_INPUT `FILE: ...`
 * (missing, not a zip, truncated, corrupt, unsupported type), PDLT_ERR_MEMORY. */
pdlt_status pdlt_npz_read(pdlt_archive *archive, const char *path, pdlt_error *err);

/* The same with a stage "reading FILE" of progress, which may be NULL. */
pdlt_status pdlt_npz_read_shown(pdlt_archive *archive, const char *path, pdlt_progress *progress,
                                pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
