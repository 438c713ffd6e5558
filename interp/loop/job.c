/* job.c - a C function as a callback.  Neighbours: job.h. */
/* SPDX-License-Identifier: MIT */
#include "loop/job.h"

static const TypeDef job_type = {
    .name = "asyncio.Job",
    .size = sizeof(Job),
    .doc = "A callback written in C.",
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(Job, a), REF(Job, b)),
};

Job *job_new(Vm *vm, bool (*run)(Vm *vm, Job *job, Value arg), Value a, Value b)
{
    Type *type = type_from_def(vm, &job_type);
    Job *job = type ? type_instance(vm, type) : NULL;
    if (!job) return NULL;
    job->run = run;
    job->a = newref(a);
    job->b = newref(b);
    return job;
}

bool native_job_run(Vm *vm, Object *object, Value arg)
{
    Job *job = (Job *)object;
    return job->run(vm, job, arg);
}
