/* bytesmethod.h - what bytes and bytearray share. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_BYTESMETHOD_H
#define AIO_OBJECT_BYTESMETHOD_H

#include "object/bytearray.h"
#include "object/strmethod.h"

#define METHOD(id) extern const Native id##_def;
#include "object/bytesmethods.def"

typedef struct Span {
    const char *data;
    ptrdiff_t len;
} Span; /* borrowed bytes */

/* The bytes of a bytes or bytearray; valid until script code runs. */
static inline Span span_of(Value v)
{
    if (is_bytes(v)) return (Span){as_bytes(v)->data, as_bytes(v)->len};
    return (Span){as_bytearray(v)->data ? as_bytearray(v)->data : "", as_bytearray(v)->len};
}
static inline bool has_span(Value v) { return is_bytes(v) || is_bytearray(v); }

/* New bytes or bytearray, as self is. */
Ref bytes_like(Vm *vm, Value self, const char *data, ptrdiff_t len);

/* Slots that serve both types. */
/* Is v no bytes-like object but an instance of a script's class that defines __radd__? */
bool may_add_reflected(Vm *vm, Value v);
Truth bytes_contains(Vm *vm, Value self, Value item);
Ref bytes_get_item(Vm *vm, Value self, Value key);
Ref bytes_iter_of(Vm *vm, Value self);
Ref bytes_times(Vm *vm, Value self, Value operand);
/* hex(): separator UNDEF for none, group an int. */
Ref bytes_to_hex(Vm *vm, Span span, Value separator, Value group);
Ref span_compare(Span a, Span b, CompareOp op);

/* What bytes(source, encoding, errors) and bytearray(...) hold, as a bytes or bytearray: owned.
 * type: "bytes" or "bytearray", for messages. */
Ref bytes_from_arguments(Vm *vm, const char *type, Value source, Value encoding, Value errors);

#endif
