/* installed.h - what is installed beside the program or the library, in share/pdlt.
 *
 * Is: finding such a folder, wherever the whole was moved to. Is not: what lies in it (the claims of pdlt
 * verify: cli/study/claims.c; fonts that come with a package: compare/plot/fonts.c). */
#ifndef PDLT_BASE_FILE_INSTALLED_H
#define PDLT_BASE_FILE_INSTALLED_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The path of share/pdlt/NAME, looked for from the folder of the running program (../share) and then from that
 * of libpdlt.so, into out (size bytes). 1: it can be read; 0: there is none, out is "". Cost: two system
 * calls for each place. */
int pdlt_installed(char *out, size_t size, const char *name);

#ifdef __cplusplus
}
#endif

#endif
