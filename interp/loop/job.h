/* job.h - a C function with state of its own as a callback: for what is too rare to have an entry
 * tag.
 *
 * Neighbours: job.c, entries.def (NATIVE). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_LOOP_JOB_H
#define AIO_LOOP_JOB_H

#include "loop/loop.h"

typedef struct Job {
    Container head;
    bool (*run)(Vm *vm, struct Job *job, Value arg); /* false: an exception leaves the loop */
    Ref a, b;
} Job;

Job *job_new(Vm *vm, bool (*run)(Vm *vm, Job *job, Value arg), Value a, Value b);

#endif
