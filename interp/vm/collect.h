/* collect.h - collecting at a safe point, told to gc.callbacks. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_VM_COLLECT_H
#define AIO_VM_COLLECT_H

#include "memory/vm.h"

/* What a safe point collects: not inside types, modules and code. */
enum { COLLECT_AUTOMATIC = -1 };

/* Collects once; how many objects were unreachable.  generation: that of gc.collect(), or
 * COLLECT_AUTOMATIC.  Finalisers are queued (pending.h); those of a collection that was asked for
 * have run. */
ptrdiff_t collect_once(Vm *vm, int generation);

#endif
