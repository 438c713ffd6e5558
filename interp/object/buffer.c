/* buffer.c - asking any object for its bytes.
 *
 * A buffer names its owner, which keeps the bytes alive and in place until buffer_release.
 * Neighbours: bytes.c, bytearray.c, memoryview.c (exporters). */
/* SPDX-License-Identifier: MIT */
#include "object/bytes.h"
#include "object/error.h"

bool buffer_get(Vm *vm, Value v, Buffer *buffer, bool writable)
{
    const Type *type = type_of(vm, v);
    *buffer = (Buffer){.format = "B", .item_size = 1, .owner = UNDEF};
    if (!type->slots.buffer) {
        throw(vm, TypeError, "a bytes-like object is required, not '%T'", v);
        return false;
    }
    return type->slots.buffer(vm, v, buffer, writable);
}

void buffer_release(Vm *vm, Buffer *buffer)
{
    if (absent(buffer->owner)) return;
    const Type *type = type_of(vm, buffer->owner);
    if (type->slots.release_buffer) type->slots.release_buffer(buffer->owner, buffer);
    clear(&buffer->owner);
    buffer->data = NULL;
}
