/* iobase.h - what all file types share: _io._IOBase and the three abstract types below it. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MODULES_IOBASE_H
#define AIO_MODULES_IOBASE_H

#include "object/native.h"

extern const TypeDef iobase_type, rawiobase_type, bufferediobase_type, textiobase_type;

enum { IO_BUFFER_BYTES = 131072 }; /* io.DEFAULT_BUFFER_SIZE */

/* Raises io.UnsupportedOperation(message). */
Ref io_unsupported(Vm *vm, const char *message);
/* The class itself; owned. */
Ref io_unsupported_class(Vm *vm);

/* Is file.closed true? */
Truth io_closed(Vm *vm, Value file);
/* ValueError when it is. */
bool io_check_open(Vm *vm, Value file);

/* file.name() with no arguments, its result dropped; false: raised. */
bool io_call(Vm *vm, Value file, Value name);
/* The truth of file.name(). */
Truth io_ask(Vm *vm, Value file, Value name);
/* file.name() as a file position. */
bool io_position(Vm *vm, Value file, Value name, int argc, Value *argv, int64_t *position);

/* What _IOBase.close() does: flushes by self.flush() and marks self closed. */
bool io_base_close(Vm *vm, Value self);

/* TypeDef.finalize: closes file unless it is closed; errors go to sys.unraisablehook. */
void io_finalize(Vm *vm, Object *file);

/* Is file of a builtin type, no subclass, without attributes of its own, so that C may go past its
 * methods? */
bool io_is_plain(Value file);

/* An optional size argument: None and negative numbers are -1; false: raised. */
bool io_size(Vm *vm, Value given, ptrdiff_t *size);

/* An exception raised between two steps of closing becomes the context of the second one's.
 * Restores `first` (owned, UNDEF: none) as the propagating exception, or chains it behind what
 * propagates; true when nothing was raised at all. */
bool io_chain(Vm *vm, Ref first);

#endif
