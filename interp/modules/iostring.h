/* iostring.h - StringIO: a file of text in memory. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MODULES_IOSTRING_H
#define AIO_MODULES_IOSTRING_H

#include "object/native.h"

extern const TypeDef stringio_type;

static inline bool is_stringio(Value v) /* itself, no subclass */
{
    return is_heap(v) && as_object(v)->shape->type->def == &stringio_type &&
           !(as_object(v)->flags & OBJ_SUBCLASS);
}
/* write(text): false: raised. */
bool stringio_write(Vm *vm, Value file, Value text);

#endif
