/* reduce.h - taking objects apart for copy and pickle. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_REDUCE_H
#define AIO_OBJECT_REDUCE_H

#include "object/native.h"

/* What object.__reduce_ex__(protocol) answers when no class on the way says otherwise. */
Ref object_reduce_by(Vm *vm, Value self, int64_t protocol);

/* builtins.name, owned. */
Ref reduce_builtin(Vm *vm, const char *name);

/* (getattr, (from, name)). */
Ref reduce_to_getattr(Vm *vm, Value from, Value name);

/* (iter, (of,), state), (iter, (of,)) when state is UNDEF; of is stolen. */
Ref reduce_to_iter(Vm *vm, Ref of, Value state);

/* __reduce__ and __setstate__ of the iterators over list, tuple, str, bytes, range, dict, set. */
extern const Native iterator_reduce_def, iterator_setstate_def;

#endif
