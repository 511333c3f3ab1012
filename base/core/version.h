/* version.h - what was built, from which sources, with what.
 *
 * Is: words for messages and metadata. Is not: the metadata (base/experiment/meta.h). */
#ifndef PDLT_BASE_CORE_VERSION_H
#define PDLT_BASE_CORE_VERSION_H

#ifdef __cplusplus
extern "C" {
#endif

/* "0.1.0"; the commit (12 hex digits, "+" appended when the tree was changed; "none"
 * outside git); compiler and its version. Static storage. */
const char *pdlt_version(void);
const char *pdlt_commit(void);
const char *pdlt_compiler(void);

#ifdef __cplusplus
}
#endif
#endif
