/* specialise.h - inline caches: filling them, and which specialised form then applies.
 *
 * An inline cache describes one shape.  Where several meet, what each of them needs is kept in one
 * table of the interpreter, by shape, name and what is done (specialise_recall), so that a cache
 * that misses is refilled by a look. Each returns the opcode of the form whose guard the cache now
 * describes, or the generic one when none fits. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_VM_SPECIALISE_H
#define AIO_VM_SPECIALISE_H

#include "compiler/opcode.h"
#include "object/function.h"
#include "object/module.h"

/* Fills cache with what it held, here or elsewhere, for the shape of object when `what` was done
 * with name; the opcode of the specialised form, or 0. */
int specialise_recall(Vm *vm, Value object, Value name, unsigned what, Cache *cache);
/* Does cache describe what attributes of v are: a class itself, the shape of anything else? */
static inline bool cache_describes(const Cache *cache, Value v)
{
    if (is_type(v))
        return (void *)as_object(v) == (void *)cache->shape &&
               as_type(v)->version == cache->version;
    return is_heap(v) && as_object(v)->shape == cache->shape &&
           cache->shape->version == cache->version;
}
/* Is v the module in whose dict find_method found the name, and the dict as it was? */
static inline bool cache_describes_module(const Cache *cache, Value v)
{
    return is_kind(v, KIND_MODULE) && (void *)cache->shape == (void *)module_dict(v) &&
           cache->shape && cache->version == module_dict(v)->version;
}
void specialise_close(Interp *interp);

int specialise_load_global(Vm *vm, Function *function, Value name, Cache *cache);
int specialise_get_attr(Vm *vm, Value object, Value name, Cache *cache);
int specialise_set_attr(Vm *vm, Value object, Value name, Cache *cache);
int specialise_call(Vm *vm, Value callee, int argc, Cache *cache);
/* The function that super(class, self).name is, borrowed; UNDEF: not a script function that takes
 * argc plain arguments. */
Value specialise_super(Vm *vm, Type *class, Value self, Value name, int argc);
/* Is self.name a method, or what a module holds, so that the call may look it up again?  Notes in
 * cache what makes it so; cache->number: where self keeps it, when it is the instance's own. */
bool specialise_find_method(Vm *vm, Value self, Value name, Cache *cache);
int specialise_call_method(Vm *vm, Value self, Value name, int argc, Cache *cache);

#endif
