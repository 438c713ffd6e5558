/* name.h - interned strings that C code needs: N(__iter__) is the str "__iter__" (borrowed). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_NAME_H
#define AIO_OBJECT_NAME_H

#include "memory/vm.h"

typedef enum NameId {
#define NAME(name) NAME_##name,
#include "object/names.def"
    NAME_COUNT
} NameId;

#define N(name) ((Value)vm->interp->names[NAME_##name])

bool names_open(Vm *vm);

#endif
