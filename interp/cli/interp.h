/* interp.h - an interpreter's life. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_CLI_INTERP_H
#define AIO_CLI_INTERP_H

#include "memory/vm.h"

/* What AIO_DEBUG asks for. */
typedef struct Debugging {
    unsigned bits;      /* DEBUG_ */
    int64_t fail_after; /* oom=N: how many allocations go well first; -1: all */
    int sites;          /* sites=FILE: the file's descriptor; -1: none */
} Debugging;

/* A new interpreter with the calling thread as its main thread; NULL: out of memory.
 * flags NULL: as with no option. */
Vm *interp_open(Debugging debugging, const Flags *flags);
/* Runs atexit work, drops everything; with AIO_DEBUG=refs reports what stays alive.  The status
 * that a failure to write what was printed asks for, or 0. */
int interp_close(Vm *vm);

#endif
