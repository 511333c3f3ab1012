/* zip_format.h - numbers of the zip format (PKWARE APPNOTE 6.3) that writer and reader share.
 * Private to zip_write.c and zip_read.c. */
#ifndef PDLT_BASE_FILE_ZIP_FORMAT_H
#define PDLT_BASE_FILE_ZIP_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  ZIP_LOCAL_MAGIC = 0x04034b50,
  ZIP_CENTRAL_MAGIC = 0x02014b50,
  ZIP_END_MAGIC = 0x06054b50,
  ZIP_END64_MAGIC = 0x06064b50,
  ZIP_LOCATOR64_MAGIC = 0x07064b50,
  ZIP_LOCAL_SIZE = 30,
  ZIP_CENTRAL_SIZE = 46,
  ZIP_END_SIZE = 22,
  ZIP_END64_SIZE = 56,
  ZIP_LOCATOR64_SIZE = 20,
  ZIP_STORED = 0,
  ZIP_DEFLATED = 8,
  ZIP_EXTRA64 = 1,        /* id of the zip64 extra field */
  ZIP_DATE = (1 << 5) | 1 /* 1980-01-01 */
};

#define ZIP_FULL32 0xffffffffU
#define ZIP_FULL16 0xffffU

/* zlib's allocator on pdlt_alloc, for z_stream.zalloc and zfree. */
void *pdlt_zip_zalloc(void *opaque, unsigned items, unsigned size);
void pdlt_zip_zfree(void *opaque, void *block);

/* Little-endian numbers of `bytes` bytes. */
static inline void zip_put(unsigned char *out, int bytes, uint64_t value) {
  for (int i = 0; i < bytes; i++) out[i] = (unsigned char)(value >> (8 * i));
}

static inline uint64_t zip_get(const unsigned char *in, int bytes) {
  uint64_t value = 0;
  for (int i = 0; i < bytes; i++) value |= (uint64_t)in[i] << (8 * i);
  return value;
}

#ifdef __cplusplus
}
#endif
#endif
