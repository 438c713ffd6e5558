/* audit.h - telling the hooks of sys.addaudithook() what is about to happen. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_AUDIT_H
#define AIO_OBJECT_AUDIT_H

#include "memory/vm.h"

/* Calls each hook with event and a tuple of argc arguments (borrowed); false: one of them raised,
 * and what was about to happen must not.  Costs a look while there is no hook. */
bool audit(Vm *vm, const char *event, int argc, const Value *argv);
/* The same from a str and a tuple. */
bool audit_event(Vm *vm, Value event, Value args);
/* One more hook, which stays. */
bool audit_add(Vm *vm, Value hook);

#endif
