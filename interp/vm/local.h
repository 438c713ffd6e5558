/* local.h - what a thread leaves behind in the objects of _thread._local (modules/thread.c). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_VM_LOCAL_H
#define AIO_VM_LOCAL_H

#include "memory/vm.h"

/* The thread ends: the attributes that objects of _local have for it go. */
void thread_locals_leave(Vm *vm);

#endif
