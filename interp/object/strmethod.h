/* strmethod.h - what the files that hold the methods of str share. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_STRMETHOD_H
#define AIO_OBJECT_STRMETHOD_H

#include "object/native.h"
#include "object/str.h"

#define METHOD(id) extern const Native id##_def;
#include "object/strmethods.def"

/* Optional start and end (UNDEF or None: the whole) as slices clamp them to 0..len; start may
 * exceed end. */
bool slice_bounds(Vm *vm, Value start, Value end, ptrdiff_t len, ptrdiff_t *from, ptrdiff_t *to);

/* format(s, spec) for a spec that is not empty. */
Ref str_format_spec(Vm *vm, Value s, Value spec);

/* An integer argument: int_index with the message for arguments when it is too large. */
bool index_asked(Vm *vm, Value v, int64_t *n);
static inline bool index_argument(Vm *vm, Value v, int64_t *n)
{
    if (!is_int(v)) return index_asked(vm, v, n);
    *n = as_int(v);
    return true;
}

/* The type's name as messages about arguments show it: "None" for None. */
const char *argument_type(Vm *vm, Value v);

/* Raises TypeError "name() argument i must be str, not T" unless v is a str. */
bool require_str(Vm *vm, const char *name, int i, Value v);

#endif
