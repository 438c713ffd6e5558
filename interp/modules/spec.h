/* spec.h - how a module was found: specs, loaders and the finders of sys.meta_path, as importlib
 * shows them. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MODULES_SPEC_H
#define AIO_MODULES_SPEC_H

#include "object/module.h"

/* Specs for what import.c finds: a source file (path: a package's list of folders, or UNDEF), a
 * folder without __init__, a module in C. */
Ref spec_for_source(Vm *vm, Value name, Value file, Value path);
Ref spec_for_namespace(Vm *vm, Value name, Value path);
/* Of one folder that is a part of a namespace package: path is a list. */
Ref spec_for_portion(Vm *vm, Value name, Value path);
/* Gives the spec of a namespace package, which has none, its loader. */
bool spec_add_namespace_loader(Vm *vm, Value spec);
Ref spec_for_builtin(Vm *vm, Value name);

bool is_spec(const Vm *vm, Value value);
/* An attribute of the spec itself, borrowed; UNDEF: not there. */
Value spec_get(Value spec, Value name);

/* Does the loader do nothing but what import.c does for a spec of its own? */
bool loader_is_source(const Vm *vm, Value loader);
bool loader_is_builtin(Vm *vm, Value loader);
/* The finders that stand for import.c's own search. */
bool finder_is_path(Vm *vm, Value finder);
bool finder_is_frozen(Vm *vm, Value finder);

/* The finders, for sys.meta_path, and the hook, for sys.path_hooks; new lists. */
Ref meta_path_new(Vm *vm);
Ref path_hooks_new(Vm *vm);
bool path_hooks_are_own(Value hooks); /* as path_hooks_new made them? */

/* import.c's search: the spec of name in a list of places like sys.path, in one folder (loader
 * None: part of a namespace package), or among the modules in C; UNDEF: not there. */
Ref import_find(Vm *vm, Value name, Value places);
Ref import_find_in_folder(Vm *vm, Value folder, Value name);
Ref import_find_builtin(Vm *vm, Value name);
/* A new module in C for its spec. */
Ref import_load_builtin(Vm *vm, Value spec);
/* The file of the library that a path like "<stdlib>/a/b.aio" names, or NULL. */
const struct Embedded *import_embedded(Vm *vm, Value path);

/* __main__.__loader__ of a script. */
bool module_set_loader(Vm *vm, Value module, Value filename);

#endif
