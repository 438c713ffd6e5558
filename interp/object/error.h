/* error.h - raising, and looking at what was raised.
 *
 * A failing function has already raised (vm->error is set) and returns FAIL, false, NULL or FAILED.
 * Rows of exceptions.def name the builtin classes: throw(vm, IndexError, "...").
 * Neighbours: exception.h (the object), traceback.h. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_ERROR_H
#define AIO_OBJECT_ERROR_H

#include <stdarg.h>

#include "object/type.h"

typedef enum ExcId {
#define EXCEPTION(name, base, doc) name,
#include "object/exceptions.def"
    EXCEPTION_COUNT
} ExcId;

/* Raises the class with a formatted message and evaluates to FAIL (comma-usable in a return):
 * %s char *  %d int  %zd ptrdiff_t  %lld long long  %c code point (int)  %x  %g double  %%
 * %R repr of a Value  %S str of a Value  %T type name of a Value  %A the same, but None for None
 * %N name of a Type *  %F the same with its module, as messages have it */
Ref throw(Vm * vm, ExcId id, const char *format, ...);

/* Raises class id with the given argument (borrowed) as its only arg: KeyError(key),
 * StopIteration(value). */
Ref throw_value(Vm *vm, ExcId id, Value arg);

/* Raises an exception instance (borrowed); sets __context__ to what is being handled. */
Ref throw_object(Vm *vm, Value exception);

/* raise of any value a script gives: class (instantiated) or instance, else TypeError. */
Ref throw_any(Vm *vm, Value value);

/* OSError from errno with its subclass (FileNotFoundError...); filename may be UNDEF. */
Ref throw_errno(Vm *vm, int error_number, Value filename);

Ref throw_no_memory(Vm *vm);

/* The text those formats make; owned str or FAIL. */
Ref format_text(Vm *vm, const char *format, ...);
Ref format_text_list(Vm *vm, const char *format, va_list *list);

/* Is the propagating exception an instance of the class? */
bool error_is(const Vm *vm, ExcId id);
/* Is value an exception instance of the class? */
bool exception_is(const Vm *vm, Value value, ExcId id);

/* Takes the propagating exception away (owned); UNDEF when there is none. */
Ref error_take(Vm *vm);
/* Puts one back, stealing it: vm->error = error, without touching context or traceback. */
void error_restore(Vm *vm, Ref error);
void error_clear(Vm *vm);

/* Reports an exception that nobody can catch (in __del__, a callback): sys.unraisablehook; takes
 * vm->error. what: "Exception ignored in" is followed by repr of object when it is not UNDEF. */
void error_unraisable(Vm *vm, const char *what, Value object);

/* Writes a str to sys.stderr, or to descriptor 2 when there is none. */
void stderr_print(Vm *vm, Value text);

/* Issues a warning of class id (RuntimeWarning...); false when a filter turned it into an
 * exception. stack_level as in warnings.warn. */
bool warn(Vm *vm, ExcId id, int stack_level, const char *format, ...);
/* The same, of an object that was lost: who shows it may tell where source was made. */
bool warn_about(Vm *vm, Value source, ExcId id, int stack_level, const char *format, ...);

static inline Type *exception_class(const Vm *vm, ExcId id) { return vm->interp->exceptions[id]; }

#endif
