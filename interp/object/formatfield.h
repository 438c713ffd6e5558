/* formatfield.h - the text of a replacement field: {name.attr[item]!conversion:spec}. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_FORMATFIELD_H
#define AIO_OBJECT_FORMATFIELD_H

#include "object/str.h"

typedef struct FormatField { /* offsets in the template */
    ptrdiff_t name, name_end, spec, spec_end;
    uint32_t conversion; /* 0: none */
    bool nested;         /* the spec holds fields */
} FormatField;

typedef struct FormatStep { /* what stands behind the sign, without a closing bracket */
    ptrdiff_t start, end;
    bool item; /* [key] rather than .name */
} FormatStep;

/* Reads a field; *at stands after its opening brace and ends after the closing one.  False: raised;
 * then *at is behind what is wrong. */
bool format_scan_field(Vm *vm, const Str *s, ptrdiff_t *at, ptrdiff_t end, FormatField *field);

/* Where the first '.' or '[' in s[i:end] is, or end. */
ptrdiff_t format_find_step(const Str *s, ptrdiff_t i, ptrdiff_t end);
/* Reads a step of a field's name, which goes on at *at; false: raised. */
bool format_scan_step(Vm *vm, const Str *s, ptrdiff_t *at, ptrdiff_t end, FormatStep *step);

/* The number that s[start:end] is, -1 when it is none, -2: raised. */
ptrdiff_t format_number(Vm *vm, const Str *s, ptrdiff_t start, ptrdiff_t end);
/* text[start:end] as an int where it is a number. */
Ref format_key(Vm *vm, Value text, ptrdiff_t start, ptrdiff_t end);

#endif
