/* typeparts.h - what the files that make up types share: type.c (lookup, start-up), typemake.c
 * (class statements), mro.c, typecall.c, typeattr.c, slot.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_TYPEPARTS_H
#define AIO_OBJECT_TYPEPARTS_H

#include "object/dict.h"
#include "object/native.h"
#include "object/type.h"

struct Subclasses {
    int len, capacity;
    int gone;      /* places of classes that are no more, NULL */
    int last;      /* the place that became one last: classes often go in the order they came */
    Type *items[]; /* in the order they were made */
};

/* "Future" of "asyncio.Future" */
const char *typedef_short_name(const TypeDef *def);

/* base's list of subclasses gains and loses type. */
bool subclass_add(Vm *vm, Type *base, Type *type);
void subclass_remove(Type *base, const Type *type);

/* What type.mro() answers: a list of type and its bases by C3; FAIL: TypeError. */
Ref mro_compute(Vm *vm, Type *type);
/* The same through the metaclass's mro() where it has its own: a tuple. */
Ref mro_of(Vm *vm, Type *type);

/* The base that gives the layout, of a tuple of bases; NULL: TypeError. */
Type *type_best_base(Vm *vm, Value bases);

/* The most derived metaclass of metaclass and those of bases (borrowed); NULL: TypeError. */
Type *metaclass_of(Vm *vm, Type *metaclass, Value bases);

/* New versions for type and its subclasses; every cache about them is stale from now on. */
void type_touch(Vm *vm, Type *type);

/* Looks __new__, __init__ and __del__ up again. */
void type_cache_new(Vm *vm, Type *type);

/* Can a type have that name, a str?  false: ValueError or UnicodeEncodeError. */
bool type_check_name(Vm *vm, Value name);

/* The raw attribute of type itself, not of its bases. */
Value type_own(Vm *vm, Type *type, Value name);

/* types that scripts made: slots from its MRO; every slot, or those that belong to `name`. */
void type_update_all_slots(Vm *vm, Type *type);
void type_update_slots(Vm *vm, Type *type, Value name);
/* The slots that a class with one base takes from its own namespace only. */
void type_update_own_slots(Vm *vm, Type *type);

/* Frees what type holds beside references; its memory stays.  For life.c. */
void type_release(Type *type);

/* Slot wrappers for what def defines, into dict. */
bool slot_fill(Vm *vm, Type *type, Dict *dict);

/* hash slot of types that have none. */
bool hash_not_implemented(Vm *vm, Value self, int64_t *hash);

extern const Attribute object_dict_attribute,
    object_weakref_attribute; /* __dict__, __weakref__ of instances */

/* object.__new__'s checks: abstract classes, arguments nobody takes. */
bool object_new_check(Vm *vm, Type *type, bool arguments);

/* Calls type->new: a new instance, or whatever __new__ returns. */
Ref type_call_new(Vm *vm, Type *type, const Args *args);

#endif
