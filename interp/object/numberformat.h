/* numberformat.h - the format specification mini-language:
 * [[fill]align][sign][z][#][0][width][grouping][.precision][type]. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_NUMBERFORMAT_H
#define AIO_OBJECT_NUMBERFORMAT_H

#include "object/str.h"
#include "object/type.h"

typedef struct FormatSpec {
    uint32_t fill; /* code point; a blank, or '0' after the 0 flag, when none was given */
    char align;    /* '<' '>' '=' '^'; the default when none was given */
    bool align_given, fill_given;
    char sign;                  /* '+' '-' ' ', or 0 */
    bool no_negative_zero;      /* z */
    bool alternate;             /* # */
    bool zero;                  /* the 0 flag */
    char grouping;              /* ',' '_', or 0: between thousands */
    char fraction_grouping;     /* the same after the point */
    ptrdiff_t width, precision; /* -1: not given */
    uint32_t type;              /* code point; the default when none was given */
} FormatSpec;

/* A specification: text[start:end], text being a str. */
typedef struct SpecText {
    Value text;
    ptrdiff_t start, end;
} SpecText;
static inline SpecText spec_text(Value text) { return (SpecText){text, 0, as_str(text)->len}; }

/* Parses spec for an object `self` (named in messages).  default_type may be 0. */
bool format_spec_parse(Vm *vm, SpecText spec, Value self, char default_type, char default_align,
                       FormatSpec *out);

/* text (a str) padded to spec's width by spec's alignment ('=' counts as '>'); owned. */
Ref format_pad(Vm *vm, const FormatSpec *spec, Value text);
/* Adds the first len points of text, padded in that way. */
bool format_pad_into(Vm *vm, StrBuilder *out, const FormatSpec *spec, Value text, ptrdiff_t len);

/* Raises ValueError "Unknown format code 'x' for object of type 'int'". */
Ref format_unknown_code(Vm *vm, uint32_t code, Value self);

/* The __format__ slots of the number types. */
Ref int_format(Vm *vm, Value self, Value spec);
Ref float_format(Vm *vm, Value self, Value spec);
/* The same added to text; spec is not empty. */
bool int_format_into(Vm *vm, StrBuilder *out, Value self, SpecText spec);
bool float_format_into(Vm *vm, StrBuilder *out, Value self, SpecText spec);
Ref complex_format(Vm *vm, Value self, Value spec);

#endif
