/* iomodule.h - open(), and the standard streams. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MODULES_IOMODULE_H
#define AIO_MODULES_IOMODULE_H

#include "object/dict.h"

/* Puts open() into the namespace of builtins. */
bool io_add_open(Vm *vm, Dict *builtins);

/* sys.stdin, stdout or stderr (fd 0, 1, 2); NONE when the descriptor is closed. */
Ref io_standard(Vm *vm, int fd);

/* Gives them the encoding that PYTHONIOENCODING asks for, if it is one of the library's; once
 * modules can be imported. */
bool io_standard_encoding(Vm *vm);

/* file.write(text) for any file object; our own text files go fast. */
bool file_write(Vm *vm, Value file, Value text);
/* file.flush(), likewise. */
bool file_flush(Vm *vm, Value file);

#endif
