/* import.h - importing modules.  Declared here for eval, implemented in modules/import.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_VM_IMPORT_H
#define AIO_VM_IMPORT_H

#include "object/dict.h"

/* __import__(name, globals, locals, fromlist, level): the module, or the top package when fromlist
 * is empty. */
Ref import_module(Vm *vm, Value name, Dict *globals, Value fromlist, int level);
/* The module with this absolute dotted name, imported if need be: sys.modules[name]. */
Ref import_absolute(Vm *vm, Value name);
Ref import_text(Vm *vm, const char *name);
/* module.function(argument), the module imported; argument UNDEF: none. */
Ref import_call(Vm *vm, const char *module_name, const char *function_name, Value argument);

#endif
