/* value.h - the 64-bit value and its encoding.
 *
 *      0000 0000 0000 0000   UNDEF (so that zeroed memory holds no references)
 *      0000 pppp pppp pppp   pointer to an Object
 *      0001 0000 0000 000k   FAIL, None, False, True, NotImplemented, Ellipsis, TAIL
 *      0002 .... .... ....   a double, its bits plus 2^49
 *      FFFB .... .... ....     (up to here; NaNs are canonical)
 *      FFFC .... .... ....   a small integer: 50 bits, two's complement
 *      FFFF .... .... ....     (up to here)
 *
 * Value is borrowed, Ref is owned (STYLE section 7).  Both are pointers to an incomplete type that
 * is never dereferenced: Ref converts to Value for free, the reverse does not compile.  Nothing
 * outside this file looks at the bits.
 * Neighbours: ref.h (counting), vm.h. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MEMORY_VALUE_H
#define AIO_MEMORY_VALUE_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

typedef const struct ValueBits *Value; /* borrowed: look, do not keep */
typedef struct ValueBits *Ref;         /* owned: give away or decref exactly once */

#define VALUE_OF_BITS(bits) ((Ref)(uintptr_t)(bits))

#define UNDEF           VALUE_OF_BITS(0)                   /* no value */
#define FAIL            VALUE_OF_BITS(0x0001000000000001u) /* an exception has been raised */
#define NONE            VALUE_OF_BITS(0x0001000000000002u)
#define FALSE           VALUE_OF_BITS(0x0001000000000004u)
#define TRUE            VALUE_OF_BITS(0x0001000000000005u)
#define NOT_IMPLEMENTED VALUE_OF_BITS(0x0001000000000006u)
#define ELLIPSIS        VALUE_OF_BITS(0x0001000000000007u)
#define TAIL                                                                                       \
    VALUE_OF_BITS(0x0001000000000008u) /* a native asks eval to go on elsewhere (frame.h) */

#define INT_TAG       0xFFFC000000000000u
#define DOUBLE_OFFSET 0x0002000000000000u
#define SMALL_INT_MAX ((INT64_C(1) << 49) - 1)
#define SMALL_INT_MIN (-(INT64_C(1) << 49))

static inline uint64_t bits_of(Value v) { return (uint64_t)(uintptr_t)v; }

static inline bool absent(Value v) { return v == UNDEF; }
static inline bool failed(Value v) { return v == FAIL; }
static inline bool is_none(Value v) { return v == NONE; }

/* Is v a pointer to an Object? (UNDEF is not.) */
static inline bool is_heap(Value v) { return (bits_of(v) - 1) >> 48 == 0; }

static inline bool is_int(Value v)
{
    return bits_of(v) >= INT_TAG;
} /* a small int; see int.h for the rest */
static inline bool both_ints(Value a, Value b) { return (bits_of(a) & bits_of(b)) >= INT_TAG; }
static inline int64_t as_int(Value v) { return (int64_t)(bits_of(v) << 14) >> 14; }
static inline bool fits_small(int64_t n) { return n >= SMALL_INT_MIN && n <= SMALL_INT_MAX; }
static inline Ref from_small(int64_t n)
{
    return VALUE_OF_BITS((uint64_t)n | INT_TAG);
} /* n fits_small */

static inline bool is_float(Value v)
{
    return bits_of(v) - DOUBLE_OFFSET < INT_TAG - DOUBLE_OFFSET;
}
static inline bool both_floats(Value a, Value b) { return is_float(a) && is_float(b); }
static inline double as_float(Value v)
{
    uint64_t bits = bits_of(v) - DOUBLE_OFFSET;
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}
/* The result of arithmetic; a NaN it made is the machine's default NaN, which fits. */
static inline Ref from_float(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return VALUE_OF_BITS(bits + DOUBLE_OFFSET);
}
/* The double in *slot, and a NaN when it holds anything else: every other encoding less the offset
 * is one, so a result that is no NaN needs no look at the operands.  On x86 neither this nor
 * storing goes through the integer registers, which would cost more time than the arithmetic. */
static inline double float_at(const Ref *slot)
{
#ifdef __SSE2__
    __m128i bits = _mm_loadl_epi64((const __m128i *)(const void *)slot);
    return _mm_cvtsd_f64(_mm_castsi128_pd(_mm_sub_epi64(bits, _mm_set_epi64x(0, DOUBLE_OFFSET))));
#else
    return as_float(*slot);
#endif
}
static inline void float_store(Ref *slot, double number) /* over whatever *slot held */
{
#ifdef __SSE2__
#ifdef __clang__
    __m128d wide = _mm_set_sd(number);
#else
    __m128d wide; /* the register number is in: what its upper half holds does not matter */
    __asm__("" : "=x"(wide) : "0"(number));
#endif
    __m128i bits = _mm_castpd_si128(wide);
    _mm_storel_epi64((__m128i *)(void *)slot,
                     _mm_add_epi64(bits, _mm_set_epi64x(0, DOUBLE_OFFSET)));
#else
    *slot = from_float(number);
#endif
}
/* A double from outside (bytes, a library), whose NaN may carry any payload. */
static inline Ref from_any_float(double number)
{
    return from_float(isnan(number) ? (signbit(number) ? -(double)NAN : (double)NAN) : number);
}

static inline bool is_bool(Value v) { return (bits_of(v) | 1) == bits_of(TRUE); }
static inline Ref from_bool(bool b) { return VALUE_OF_BITS(bits_of(FALSE) | b); }

/* Three-valued answer of a function that may raise. */
typedef enum Truth { FAILED = -1, NO = 0, YES = 1 } Truth;

#endif
