/* module.h - module objects. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_MODULE_H
#define AIO_OBJECT_MODULE_H

#include "object/dict.h"
#include "object/native.h"

typedef struct Module {
    Container head;
    Ref dict;             /* the namespace */
    const ModuleDef *def; /* NULL for a module written in the language */
} Module;

static inline Dict *module_dict(Value module)
{
    return as_dict(((Module *)as_object(module))->dict);
}

/* A new module with __name__, __doc__ (NONE when UNDEF), __package__, __loader__, __spec__ set. */
Ref module_new(Vm *vm, Value name, Value doc);
/* The module of a ModuleDef: functions and types filled in, open() called. */
Ref module_from_def(Vm *vm, const ModuleDef *def);

/* An attribute: its own, its class's, or what its __getattr__ function answers. */
Ref module_get_attr(Vm *vm, Value self, Value name);
Ref module_get_attr_or_absent(Vm *vm, Value self, Value name); /* UNDEF when there is none */

/* What the spec of the module `name` tells those who word a missing attribute: is it still being
 * run; does its file lie in the script's folder, where it may hide another of that name?  *origin:
 * its file, or UNDEF. */
typedef enum ModuleStanding {
    MODULE_WHOLE,
    MODULE_PARTIAL,
    MODULE_MAY_HIDE,
    MODULE_HIDES_LIBRARY
} ModuleStanding;
ModuleStanding module_standing(Vm *vm, Value spec, Value name, Value *origin);

#endif
