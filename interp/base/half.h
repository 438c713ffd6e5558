/* half.h - floats of 16 bits. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_BASE_HALF_H
#define AIO_BASE_HALF_H

#include <stdbool.h>
#include <stdint.h>

double half_value(uint16_t bits);
/* The nearest half-precision float, ties to even; false: too large. */
bool half_bits(double x, uint16_t *bits);

#endif
