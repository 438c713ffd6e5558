/* interp.h - an interpreter's life. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_CLI_INTERP_H
#define AIO_CLI_INTERP_H

#include "memory/vm.h"

/* A new interpreter with the calling thread as its main thread; NULL: out of memory. */
Vm *interp_open(unsigned debug, int64_t fail_after);
/* Runs atexit work, drops everything; with AIO_DEBUG=refs reports what stays alive. */
void interp_close(Vm *vm);

#endif
