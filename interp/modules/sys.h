/* sys.h - what the command line needs of module sys. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MODULES_SYS_H
#define AIO_MODULES_SYS_H

#include "object/module.h"

/* Flushes sys.stdout and sys.stderr; errors are dropped. */
void sys_flush(Vm *vm);

#endif
