/* parts.h - the items of a list that is being made, however many they will be.
 *
 * The first lie on the C stack: a list of few is made once, exactly as large as it must be.
 * Neighbours: list.h; users: strsplit.c, bytessearch.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_PARTS_H
#define AIO_OBJECT_PARTS_H

#include "object/list.h"

enum { PARTS_FEW = 16 };

typedef struct Parts {
    Vm *vm;
    ptrdiff_t len; /* of few */
    Ref list;      /* those before few; UNDEF: none */
    Ref few[PARTS_FEW];
} Parts;

static inline void parts_open(Vm *vm, Parts *parts)
{
    parts->vm = vm;
    parts->len = 0;
    parts->list = UNDEF;
}

/* Makes room in few. */
bool parts_flush(Parts *parts);

/* Steals part, which may be FAIL; false: raised. */
static inline bool parts_add(Parts *parts, Ref part)
{
    if (failed(part)) return false;
    if (parts->len == PARTS_FEW && !parts_flush(parts)) {
        decref(part);
        return false;
    }
    parts->few[parts->len++] = part;
    return true;
}

/* The list of the parts, when all went well; backwards: what was found last comes first. */
Ref parts_close(Parts *parts, bool good, bool backwards);

#endif
