/* attr.h - attribute access, the generic protocol. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_ATTR_H
#define AIO_OBJECT_ATTR_H

#include "object/type.h"

/* object.name, with descriptors, __getattr__, metaclass rules: through the type's slot. */
Ref attr_get(Vm *vm, Value object, Value name);
Ref attr_get_text(Vm *vm, Value object, const char *name);
/* The same, but UNDEF instead of AttributeError. */
Ref attr_get_or_absent(Vm *vm, Value object, Value name);
bool attr_set(Vm *vm, Value object, Value name, Value value); /* value UNDEF deletes */

/* object.__getattribute__ / __setattr__: what the slots of most types are. */
Ref object_get_attr(Vm *vm, Value self, Value name);
Ref object_get_attr_or_absent(Vm *vm, Value self,
                              Value name); /* UNDEF when the protocol finds nothing */
bool object_set_attr(Vm *vm, Value self, Value name, Value value);
/* type.__getattribute__ / __setattr__ */
Ref type_get_attr(Vm *vm, Value self, Value name);
bool type_set_attr(Vm *vm, Value self, Value name, Value value);

/* The special method `name` of object, looked up on its type and bound; UNDEF when there is none
 * (no error). */
Ref attr_special(Vm *vm, Value object, Value name);

/* Raises AttributeError "'T' object has no attribute 'name'" with name and obj set. */
Ref attr_missing(Vm *vm, Value object, Value name);

#endif
