/* zip.h - walking several iterators in step; zip and map do. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_ZIP_H
#define AIO_OBJECT_ZIP_H

#include "object/type.h"

/* A tuple of iterators over a tuple of iterables. */
Ref zip_iterators(Vm *vm, Value iterables);
/* One item of each into items (owned, replacing what is there).  NO: one has ended, items hold
 * nothing; with strict the others must have ended too, else ValueError "<name>() argument 2 is
 * longer than argument 1". */
Truth zip_step(Vm *vm, Value iters, bool strict, const char *name, Ref *items);

#endif
