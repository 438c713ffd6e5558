/* sysvars.h - what the command line leaves in module sys. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_CLI_SYSVARS_H
#define AIO_CLI_SYSVARS_H

#include "cli/options.h"
#include "memory/vm.h"

/* sys.argv, path, executable, orig_argv, warnoptions, _xoptions; false: raised. */
bool sysvars_set(Vm *vm, const Options *options);
/* Keeps the text of what is no file, for the lines that tracebacks show; false: raised. */
bool sysvars_keep_source(Vm *vm, Value filename, const char *text, ptrdiff_t len);

#endif
