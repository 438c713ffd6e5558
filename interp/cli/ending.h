/* ending.h - how a program ends. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_CLI_ENDING_H
#define AIO_CLI_ENDING_H

#include "memory/vm.h"

/* Reports the exception that nobody caught (vm->error, taken) and returns the exit status. */
int ending_uncaught(Vm *vm);
/* The same without regard to SystemExit: it is printed like any other. */
void ending_report(Vm *vm);
/* Flushes the standard streams: 0, or the status that their failure asks for. */
int ending_flush(Vm *vm);
/* Ends the process: with the status, or by the signal that a status above STATUS_SIGNAL stands
 * for. */
_Noreturn void ending_leave(int status);

#endif
