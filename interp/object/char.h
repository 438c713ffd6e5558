/* char.h - properties of code points, as str methods need them (Unicode 15, through utf8proc). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_CHAR_H
#define AIO_OBJECT_CHAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHAR_MAX_POINT 0x10FFFFu

bool char_is_alpha(uint32_t point);
bool char_is_decimal(uint32_t point);
bool char_is_digit(uint32_t point);
bool char_is_numeric(uint32_t point);
bool char_is_lower(uint32_t point);
bool char_is_upper(uint32_t point);
bool char_is_title(uint32_t point);
bool char_is_wide_space(uint32_t point); /* for points from 128 on */
bool char_is_printable(uint32_t point);
bool char_is_id_start(uint32_t point);    /* may begin an identifier */
bool char_is_id_continue(uint32_t point); /* may follow in one */
bool char_is_ignorable(uint32_t point); /* Case_Ignorable: looked through by the final sigma rule */
static inline bool char_is_space(uint32_t point)
{
    if (point < 128) return point == ' ' || point - 9 < 5 || point - 0x1C < 4;
    return char_is_wide_space(point);
}
static inline bool char_is_cased(uint32_t point)
{
    return char_is_lower(point) || char_is_upper(point) || char_is_title(point);
}
static inline bool char_is_surrogate(uint32_t point) { return point - 0xD800 < 0x800; }

/* Full case mappings: write up to three points, return how many. */
int char_lower(uint32_t point, uint32_t out[3]);
int char_upper(uint32_t point, uint32_t out[3]);
int char_title(uint32_t point, uint32_t out[3]);
int char_fold(uint32_t point, uint32_t out[3]);

#endif
