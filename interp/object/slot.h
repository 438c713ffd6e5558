/* slot.h - C slots seen as special methods (list.__len__) and special methods as C slots.
 *
 * Neighbours: slots.def (the pairs), slot.c (wrappers), special.c (script methods behind slots). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_SLOT_H
#define AIO_OBJECT_SLOT_H

#include "object/name.h"
#include "object/type.h"

typedef void (*SlotFunction)(void);

typedef enum SlotWrap {
    WRAP_NONE, /* special methods without wrapper: scripts define them, C types do not */
    WRAP_VALUE,
    WRAP_ONE,
    WRAP_HASH,
    WRAP_CALL,
    WRAP_GET_ATTR,
    WRAP_SET_ATTR,
    WRAP_DEL_ATTR,
    WRAP_COMPARE,
    WRAP_NEXT,
    WRAP_DESCR_GET,
    WRAP_DESCR_SET,
    WRAP_DESCR_DELETE,
    WRAP_LEN,
    WRAP_SET_ITEM,
    WRAP_DEL_ITEM,
    WRAP_CONTAINS,
    WRAP_TRUTH,
    WRAP_UNARY,
    WRAP_BINARY,
    WRAP_REFLECTED,
    WRAP_POWER,
    WRAP_REFLECTED_POWER,
    WRAP_INPLACE,
    WRAP_BUFFER,
    WRAP_RELEASE,
} SlotWrap;

typedef struct SlotRow {
    NameId name;
    uint8_t wrap;
    uint8_t operation;
    uint16_t offset; /* of the field in Slots, bytes */
    const char *doc;
} SlotRow;

extern const SlotRow slot_rows[];
extern const int slot_row_count;
extern const Slots special_slots; /* every field calls the script's special method; special.c */

typedef struct SlotWrapper { /* KIND_SLOT_WRAPPER: int.__add__, list.__init__ */
    Container head;
    const SlotRow *row;    /* NULL: of an __init__ */
    SlotFunction function; /* what the field of owner holds */
    Type *owner;           /* borrowed */
    Ref native;            /* the NativeFunction an __init__ is; UNDEF for the others */
} SlotWrapper;

typedef struct MethodWrapper { /* KIND_METHOD_WRAPPER: (1).__add__ */
    Container head;
    Ref wrapper, self;
} MethodWrapper;

static inline SlotWrapper *as_slot_wrapper(Value v) { return (SlotWrapper *)as_object(v); }

/* What a type shows of its __init__, which native (a method descriptor of owner) is. */
Ref slot_wrapper_of_init(Vm *vm, Value native, Type *owner);

/* found, or the native behind it when it is what a builtin type shows of its __init__. */
static inline Value slot_unwrapped(Value found)
{
    if (!is_kind(found, KIND_SLOT_WRAPPER) || absent(as_slot_wrapper(found)->native)) return found;
    return as_slot_wrapper(found)->native;
}

static inline SlotFunction slot_function(const Slots *slots, const SlotRow *row)
{
    return *(const SlotFunction *)(const void *)((const char *)slots + row->offset);
}

/* Calls the C function behind a wrapper with a script's arguments (self apart). */
Ref slot_invoke(Vm *vm, const SlotRow *row, SlotFunction function, Value self, const Args *args);

#endif
