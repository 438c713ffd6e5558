/* specialise.h - inline caches: filling them, and which specialised form then applies.
 *
 * Each returns the opcode of the form whose guard the cache now describes, or the generic one when none fits. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_VM_SPECIALISE_H
#define AIO_VM_SPECIALISE_H

#include "compiler/opcode.h"
#include "object/function.h"

int specialise_load_global(Vm *vm, Function *function, Value name, Cache *cache);
int specialise_get_attr(Vm *vm, Value object, Value name, Cache *cache);
int specialise_set_attr(Vm *vm, Value object, Value name, Cache *cache);
int specialise_call(Vm *vm, Value callee, int argc, Cache *cache);
int specialise_call_method(Vm *vm, Value self, Value name, int argc, Cache *cache);

#endif
