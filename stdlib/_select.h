/* _select.h - what the two files of the module select share. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_STDLIB_SELECT_H
#define AIO_STDLIB_SELECT_H

#include "_posix.h"

#define C(name)                                                                                    \
    {                                                                                              \
#name, name                                                                                \
    }

int64_t select_now_ns(void); /* of a clock that never goes back */

extern const TypeDef epoll_type;
bool epoll_constants(Vm *vm, Value module);

#endif
