/* remote.h - the memory of another process that runs this very program.
 *
 * Neighbours: remote.c, remotetasks.c (what is read there). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MODULES_REMOTE_H
#define AIO_MODULES_REMOTE_H

#include <sys/types.h>

#include "memory/vm.h"

typedef struct Remote {
    pid_t pid;
    const Vm *main; /* the Vm of its main thread: an address over there */
    pid_t *threads; /* those stopped */
    int *signals;   /* what each was about to get when it was stopped, or 0 */
    int count, capacity;
} Remote;

/* Finds the interpreter of process pid and stops its threads.  Raises OSError: no such process, not
 * this program, another user's, or no permission.  Close in any case. */
bool remote_open(Vm *vm, Remote *remote, pid_t pid);
void remote_close(Remote *remote); /* its threads go on */

/* Copies size bytes from an address over there; RuntimeError when there is nothing to read. */
bool remote_peek(Vm *vm, const Remote *remote, const void *from, void *to, size_t size);

#endif
