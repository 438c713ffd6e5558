/* host.h - the one interpreter that a fuzz target runs all its inputs in. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_FUZZ_HOST_H
#define AIO_FUZZ_HOST_H

#include "memory/vm.h"

/* Opens the interpreter and runs setup in a namespace that all inputs share (owned).  Its function
 * tidy(), if it defines one, empties the caches of the library. */
Vm *host_open(const char *setup, Ref *shared);

/* once(vm, input, size) must leave no more objects behind than it found, or it is a finding. */
void host_run(Vm *vm, void once(Vm *vm, const uint8_t *input, size_t size), const uint8_t *input,
              size_t size);

/* A finding: says what, with the exception that is raised, and aborts. */
_Noreturn void host_finding(Vm *vm, const char *what);

#endif
