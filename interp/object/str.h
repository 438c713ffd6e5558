/* str.h - text: an immutable array of code points, 1, 2 or 4 bytes each (the narrowest that fits).
 *
 * Interned strings compare by pointer; every attribute and variable name is interned. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_STR_H
#define AIO_OBJECT_STR_H

#include "object/strbuilder.h"
#include "object/type.h"

typedef struct Str {
    Object head;
    union {
        uint32_t spare;     /* a plain str: bytes allocated after the terminator, for str_append */
        uint32_t candidate; /* a subclass: as a Container's */
    };
    uint8_t width; /* bytes per code point: 1, 2, 4 */
    bool ascii;    /* every code point < 128: data is UTF-8 too */
    bool interned;
    int64_t hash;  /* 0: not computed yet */
    ptrdiff_t len; /* code points */
    char data[];   /* len * width bytes and a zero of that width */
} Str;

typedef struct StrIter {
    Object head;
    Ref text;
    ptrdiff_t next;
} StrIter; /* text UNDEF: at the end */

static inline bool is_str(Value v) { return is_kind(v, KIND_STR); }
static inline Str *as_str(Value v) { return (Str *)as_object(v); }
ALWAYS_INLINE uint32_t points_at(const char *data, int width, ptrdiff_t i)
{
    uint16_t two;
    uint32_t four;
    if (width == 1) return (uint8_t)data[i];
    if (width == 2) return memcpy(&two, data + 2 * i, 2), two;
    return memcpy(&four, data + 4 * i, 4), four;
}
static inline uint32_t str_at(const Str *s, ptrdiff_t i) { return points_at(s->data, s->width, i); }

/* A new str of len points, none above limit (STR_* or any higher point); fill data at once: only
 * the terminator is there.  len 0 gives the shared empty string. */
Ref str_new(Vm *vm, ptrdiff_t len, uint32_t limit);
enum { STR_ASCII = 0x7F, STR_LATIN1 = 0xFF, STR_WIDE = 0xFFFF, STR_FULL = 0x10FFFF };
static inline uint32_t str_limit(const Str *s)
{
    return s->ascii ? STR_ASCII : s->width == 1 ? STR_LATIN1 : s->width == 2 ? STR_WIDE : STR_FULL;
}
/* The bitwise or of the points of s[start:end]: tells the narrowest limit they need. */
uint32_t str_limit_of(const Str *s, ptrdiff_t start, ptrdiff_t end);
static inline void points_set(char *data, int width, ptrdiff_t i, uint32_t point)
{
    if (width == 1) data[i] = (char)point;
    else if (width == 2) {
        uint16_t c = (uint16_t)point;
        memcpy(data + 2 * i, &c, 2);
    } else memcpy(data + 4 * i, &point, 4);
}
/* Copies s[start:start+n] to points at.. of data, whose width holds them. */
void points_copy(char *data, int width, ptrdiff_t at, const Str *s, ptrdiff_t start, ptrdiff_t n);
void points_fill(char *data, int width, ptrdiff_t at, uint32_t point, ptrdiff_t n);
bool str_open(Vm *vm); /* empty string, one-character strings, intern table; part of names_open */
void str_close(Interp *interp); /* frees the intern table, after all objects are gone */

Ref str_from(Vm *vm, const char *utf8); /* NUL-terminated UTF-8 (WTF-8 tolerated) */
Ref str_from_utf8(Vm *vm, const char *utf8, ptrdiff_t len_bytes);
Ref str_from_ascii(Vm *vm, const char *text, ptrdiff_t len); /* known ASCII */
Ref str_from_points(Vm *vm, const uint32_t *points, ptrdiff_t len);
Ref str_from_char(Vm *vm, uint32_t point);
Ref str_intern(Vm *vm, Ref s);              /* steals, returns the unique one */
Ref str_interned(Vm *vm, const char *utf8); /* str_intern(str_from(utf8)) */
Ref str_format(Vm *vm, const char *format, ...)
    __attribute__((format(printf, 2, 3)));                      /* printf, ASCII/UTF-8 result */
Ref str_slice(Vm *vm, Value s, ptrdiff_t start, ptrdiff_t end); /* 0 <= start <= end <= len */
Ref str_concat(Vm *vm, Value a, Value b);                       /* both str */
/* a + b where a's only reference is given: may grow in place.  Steals a. */
Ref str_append(Vm *vm, Ref a, Value b);
bool str_equal(const Str *a, const Str *b);
int str_compare(const Str *a, const Str *b); /* by code point: -1, 0, 1 */
bool str_is(Value v, const char *ascii);     /* v is a str equal to the text */
int64_t str_hash(const Vm *vm, Str *s);
ptrdiff_t str_find(const Str *s, const Str *sub, ptrdiff_t start,
                   ptrdiff_t end); /* -1: not there */
Ref str_join(Vm *vm, Value separator, Value iterable);
/* TypeError unless all are str or, when simple is set, no objects, which become their text. */
Ref str_join_values(Vm *vm, int count, Value *parts, bool simple);
Ref str_repr_of(Vm *vm, Value s);
Ref str_percent(Vm *vm, Value format, Value args); /* format % args */

/* UTF-8 of s: s's own data when ASCII, else a buffer kept in *owned (free with memory_free).  NULL:
 * raised (UnicodeEncodeError for lone surrogates).  *len_bytes may be NULL. */
const char *str_utf8(Vm *vm, Value s, ptrdiff_t *len_bytes, char **owned);

ptrdiff_t str_find_last(const Str *s, const Str *sub, ptrdiff_t start,
                        ptrdiff_t end); /* highest; -1: not there */
ptrdiff_t str_count_of(const Str *s, const Str *sub, ptrdiff_t start, ptrdiff_t end,
                       ptrdiff_t most);
Ref str_exact(Vm *vm, Value s); /* s itself, or a plain copy of a subclass instance */
Ref str_repeat(Vm *vm, Value s, ptrdiff_t count);
/* str.format: the template filled with positional args (tuple) and a mapping (UNDEF: none). */
Ref str_format_values(Vm *vm, Value format, Value args, Value mapping);

#endif
