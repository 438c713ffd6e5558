/* _operator.h - what the files of the module _operator share.
 *
 * _operator.c holds the getters and the module, _operator_apply.c the operators as functions. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_STDLIB_OPERATOR_H
#define AIO_STDLIB_OPERATOR_H

#include "native.h"

extern const Native *const operator_functions[];

#endif
