/* name.c - the interned strings of names.def. */
/* SPDX-License-Identifier: MIT */
#include "object/name.h"

#include "object/str.h"

static const char *const name_texts[] = {
#define NAME(name) #name,
#include "object/names.def"
};

bool names_open(Vm *vm)
{
    if (vm->interp->names) return true;
    if (vm->interp->names) return true; /* types_open has been here */
    if (!vm->interp->interned && !str_open(vm)) return false;
    vm->interp->names = memory_zeroed(vm, NAME_COUNT * sizeof(Ref));
    if (!vm->interp->names) return false;
    for (int i = 0; i < NAME_COUNT; i++) {
        vm->interp->names[i] = str_interned(vm, name_texts[i]);
        if (failed(vm->interp->names[i])) return false;
    }
    return true;
}
