/* verify.h - checks the compiler's output in debug builds. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_COMPILER_VERIFY_H
#define AIO_COMPILER_VERIFY_H

#include "object/code.h"

/* Stops the process with a message when code breaks a rule of opcodes.def; does nothing in release
 * builds. */
void verify_code(const Code *code);

#endif
