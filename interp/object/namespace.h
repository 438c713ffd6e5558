/* namespace.h - types.SimpleNamespace: an object that is nothing but its attributes. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_NAMESPACE_H
#define AIO_OBJECT_NAMESPACE_H

#include "object/type.h"

/* A namespace with the entries of attributes (a dict with str keys, or UNDEF). */
Ref namespace_new(Vm *vm, Value attributes);

#endif
