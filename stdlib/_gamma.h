/* _gamma.h - the gamma function and its logarithm, to the same last digit on any system. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_STDLIB_GAMMA_H
#define AIO_STDLIB_GAMMA_H

double gamma_of(double x);     /* NaN at its poles; infinite where it overflows */
double log_gamma_of(double x); /* of its absolute value; infinite at the poles */

#endif
