/* exception.h - exception objects and tracebacks.
 *
 * All exceptions share one C layout.  What a class adds (OSError.errno, StopIteration.value,
 * SyntaxError.lineno, ImportError.name, group.exceptions ...) are the items of `fields`, a tuple
 * whose length the class gives. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_EXCEPTION_H
#define AIO_OBJECT_EXCEPTION_H

#include "object/code.h"
#include "object/error.h"

struct Exception {
    Container head;     /* aux: EXCEPTION_* flags */
    Ref args;           /* tuple */
    Ref traceback;      /* Traceback, or UNDEF */
    Ref cause, context; /* Exception, NONE or UNDEF */
    Ref notes;          /* list or UNDEF: __notes__; with NOTE_LATER what note_make() gave */
    Ref fields;         /* tuple of what the class adds (exceptionfield.c), or UNDEF */
};
enum {
    EXCEPTION_SUPPRESS_CONTEXT = 1,
    EXCEPTION_NOTE_LATER = 2, /* notes is one note that nobody has read yet */
    EXCEPTION_TRAILED = 4     /* the note on the task it left has been made (loop/trail.c) */
};

/* One recorded step of unwinding.  Made newest call last, as scripts see them: tb_next leads to
 * where it was raised. */
typedef struct Traceback {
    Container head;
    Ref next;                /* Traceback or UNDEF: one call deeper */
    Ref code;                /* Code */
    Ref frame;               /* Frame object, made on demand; Traceback: the one of that; UNDEF */
    Ref function;            /* Function; UNDEF: there is a frame object */
    int32_t instr;           /* index of the instruction word */
    int32_t line;            /* used when code is UNDEF */
    int32_t record;          /* where in its thread's stack of frames the call stands or stood */
    int32_t count;           /* of values */
    struct Traceback *outer; /* whose next this is, when that is the caller; borrowed, or NULL */
    struct Traceback **link, *rest; /* its place among those of a call that went on in a handler and
                                       has not ended; else link is NULL */
    Frame *running;                 /* with link: that call, a plain one, or NULL */
    struct Coroutine *coroutine;    /* or of that */
    Ref values[]; /* what was in the registers of the call it left, until there is a frame; room for
                     it while there is none */
} Traceback;

static inline Traceback *as_traceback(Value v) { return (Traceback *)as_object(v); }

static inline bool is_exception(Value v) { return is_kind(v, KIND_EXCEPTION); }
static inline Exception *as_exception(Value v) { return (Exception *)as_object(v); }

/* A new instance of class id: args are borrowed. */
Ref exception_new(Vm *vm, ExcId id, int argc, Value *argv);
Ref exception_new_text(Vm *vm, ExcId id, const char *text);
/* type(*args) of a class that has BaseException's own __new__ and __init__; UNDEF: it has
 * not, or args name some. */
Ref exception_call(Vm *vm, Type *type, const Args *args);
/* Field number n of what the class adds (borrowed), UNDEF when not set. */
Value exception_field(Value exception, int n);
bool exception_set_field(Vm *vm, Value exception, int n, Value value);
enum { ERRNO_FIELD, STRERROR_FIELD, FILENAME_FIELD, FILENAME2_FIELD, WRITTEN_FIELD }; /* OSError */
enum {
    MSG_FIELD,
    SYNTAX_FILENAME_FIELD,
    LINENO_FIELD,
    OFFSET_FIELD,
    TEXT_FIELD,
    END_LINENO_FIELD,
    END_OFFSET_FIELD,
    PRINT_FIELD
};                                                    /* SyntaxError */
enum { GROUP_MESSAGE_FIELD, GROUP_EXCEPTIONS_FIELD }; /* BaseExceptionGroup */
enum { ATTRIBUTE_NAME_FIELD, ATTRIBUTE_OBJ_FIELD };   /* AttributeError; NameError.name */

/* A note that becomes text when it is read.  The template: %s takes one argument, its str();
 * %n the name of a task, a str or the N of "Task-N"; %w two, a Code and an instruction's index:
 * "file:line".  Arguments are borrowed. */
Ref note_make(Vm *vm, const char *template, int count, const Value *arguments);
/* Adds a str or what note_make() gave (stolen); leaves it out when memory ends. */
void exception_note(Vm *vm, Exception *exception, Ref note);
/* __notes__ (borrowed), UNDEF: there are none; FAIL: raised. */
Value exception_notes(Vm *vm, Exception *exception);

/* What is being handled where vm stands: what a new exception gets as its context (vm/raise.c);
 * borrowed, UNDEF: nothing. */
Value exception_handled(const Vm *vm);

/* Takes away what it has gathered on its way: traceback, cause, context and notes. */
void exception_forget(Value exception);

bool exceptions_open(Vm *vm);
void exceptions_close(Vm *vm);

/* StopIteration's value (borrowed; NONE when absent). */
Value stop_iteration_value(Value exception);

/* The raised exception passes a call of function (traceback.c), which stands in that record of the
 * thread's stack.  frame: its frame object, or UNDEF.  With registers the call is being left: its
 * variables are taken.  NULL: there is no memory for it, which is raised. */
Traceback *traceback_add(Vm *vm, Exception *exception, Value function, int instr, int record,
                         Value frame, Ref *registers);

/* The whole report, as CPython prints it, chain, notes and groups included. */
bool exception_print(Vm *vm, Value exception, int fd);
Ref exception_format(Vm *vm, Value exception); /* the same as a str */
/* What is added to the last line: ". Did you mean: 'append'?"; UNDEF: nothing. */
Ref error_hint(Vm *vm, Value exception);
/* One line of source of a file (1-based), or UNDEF; for carets. */
Ref source_line(Vm *vm, Value filename, int line);

/* split / subgroup for except*: matched and rest (owned; NONE where empty) of exception against a
 * class or tuple. */
bool exception_group_split(Vm *vm, Value exception, Value classes, Ref *matched, Ref *rest);
/* What except* raises in the end from the collected errors: list of raised, the original; NONE:
 * nothing. */
Ref exception_group_join(Vm *vm, Value original, Value raised_list);

#endif
