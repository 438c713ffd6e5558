/* sys.h - what the command line needs of module sys. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MODULES_SYS_H
#define AIO_MODULES_SYS_H

#include "object/module.h"
#include "object/native.h"

/* Flushes sys.stdout and sys.stderr; errors are dropped. */
void sys_flush(Vm *vm);

/* sysinfo.c: what sys tells of numbers, versions, threads, flags. */
bool sysinfo_open(Vm *vm, Value module);
Ref sys_builtin_names(Vm *vm); /* tuple: the modules in C */
Ref sys_library_names(Vm *vm); /* frozenset: those and the top ones of the library in the binary */

/* syshooks.c */
extern const Native sys_get_asyncgen_hooks_def, sys_set_asyncgen_hooks_def, sys_addaudithook_def,
    sys_audit_def;

#endif
