/* siteword.h - exit, quit, help and their like. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MODULES_SITEWORD_H
#define AIO_MODULES_SITEWORD_H

#include "object/dict.h"

/* Puts them among the builtins; false: raised. */
bool sitewords_add(Vm *vm, Dict *builtins);

#endif
