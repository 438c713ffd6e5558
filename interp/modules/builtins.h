/* builtins.h - parts of the module builtins that live in files of their own. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MODULES_BUILTINS_H
#define AIO_MODULES_BUILTINS_H

#include "object/dict.h"

/* compile, eval, exec, __import__ (builtins_code.c). */
bool builtins_code_open(Vm *vm, Dict *builtins);

#endif
