/* gamma.h - log Gamma(x) that any number of threads may ask for.
 *
 * Is not: lgamma of the C library, which writes the sign to a variable of the whole program. */
#ifndef PDLT_BASE_CORE_GAMMA_H
#define PDLT_BASE_CORE_GAMMA_H

#ifdef __cplusplus
extern "C" {
#endif

/* log |Gamma(x)|, the bits of lgamma(x). */
double pdlt_log_gamma(double x);

#ifdef __cplusplus
}
#endif

#endif
