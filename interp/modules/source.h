/* source.h - reading source files. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MODULES_SOURCE_H
#define AIO_MODULES_SOURCE_H

#include "memory/vm.h"

/* The bytes of a file (free() them, a NUL follows); NULL: OSError raised. */
char *source_read(Vm *vm, Value filename, ptrdiff_t *len);

#endif
