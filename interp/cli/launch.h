/* launch.h - running what the command line asks for. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_CLI_LAUNCH_H
#define AIO_CLI_LAUNCH_H

#include "cli/options.h"
#include "memory/vm.h"

/* Fills in sys and runs; the exit status. */
int launch(Vm *vm, const Options *options);

#endif
