/* target.h - a writable buffer that a function fills. Neighbours: buffer.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_TARGET_H
#define AIO_OBJECT_TARGET_H

#include "object/bytes.h"
#include "object/error.h"

/* buffer_get() for writing; whatever is in the way is a TypeError that begins with `argument`
 * ("readinto() argument").  false: raised. */
static inline bool target_get(Vm *vm, Value value, Buffer *buffer, const char *argument)
{
    if (buffer_get(vm, value, buffer, true)) return true;
    if (error_is(vm, BufferError) || error_is(vm, TypeError)) {
        error_clear(vm);
        throw(vm, TypeError, "%s must be read-write bytes-like object, not %T", argument, value);
    }
    return false;
}

#endif
