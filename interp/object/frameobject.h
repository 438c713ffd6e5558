/* frameobject.h - a call's frame as scripts see it: f_code, f_locals, f_back, ... */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_FRAMEOBJECT_H
#define AIO_OBJECT_FRAMEOBJECT_H

#include "object/function.h"

/* While the call runs, its variables are read and written where they are; a frame object that
 * somebody keeps takes them over when the call ends. */
typedef struct FrameObject {
    Container head;
    Ref function;  /* Function; UNDEF: code and globals are all that is known */
    Ref code;      /* Code */
    Ref globals;   /* dict */
    Ref values;    /* of a call that ended: tuple, a slot for each local; or UNDEF */
    Ref extra;     /* dict: what was stored in f_locals and is no variable; or UNDEF */
    Ref back;      /* of a call that ended: FrameObject of its caller, or UNDEF */
    Ref trace;     /* f_trace: what is called at each line, or UNDEF */
    Ref calling;   /* the native function that a profile function was told of, or UNDEF */
    Frame *record; /* of a plain call that runs, else NULL */
    struct Coroutine *coroutine; /* that this is the frame of, while it is not done, else NULL */
    Vm *thread;                  /* it runs in */
    int32_t instr, line;         /* where it stood when it ended */
    int32_t traced_instr, traced_line; /* of the last line event */
    int32_t shown_offset; /* f_lasti while an event of another instruction is told, or -1 */
    uint8_t flags;        /* TRACE_* */
} FrameObject;

enum {
    TRACE_NO_LINES = 1,  /* f_trace_lines is False */
    TRACE_OPCODES = 2,   /* f_trace_opcodes is True */
    TRACE_SUSPENDED = 4, /* a coroutine's, whose suspension was told to the trace function */
    TRACE_AT_LINE = 8,   /* a line event is being told: f_lineno may be set */
    TRACE_AT_CALL = 16,  /* a call event is */
};

static inline FrameObject *as_frame_object(Value v) { return (FrameObject *)as_object(v); }

/* A new one of which no call is known; function may be NULL. */
FrameObject *frame_object_new(Vm *vm, Function *function, Value code, Value globals);
/* f_locals of a function: a mapping that writes through. */
Ref frame_locals_new(Vm *vm, Value frame);

/* The variables in a function's registers (locals first), closure included, as a new dict; those
 * of a comprehension that runs in it take the place of others of their name. */
Ref locals_dict(Vm *vm, Function *function, Ref *registers);
/* Does local n belong to a comprehension that runs in the frame of code around it? */
bool local_of_comprehension(Vm *vm, const Code *code, int n);
/* What a local holds, a cell's content for a cell; borrowed, or UNDEF. */
Value local_value(const Code *code, int n, Value held);

/* Of the layer above (vm/frameobject.c): a frame's registers, or NULL when no values are known;
 * the index of the instruction where it stands; the frame it was called or awaited from, or None;
 * does it run now, is it suspended? */
Ref *frame_object_registers(const FrameObject *frame);
int frame_object_instr(Vm *vm, const FrameObject *frame);
Ref frame_object_back(Vm *vm, FrameObject *frame);
bool frame_object_runs(Vm *vm, const FrameObject *frame);
bool frame_object_is_suspended(const FrameObject *frame);
/* None: a coroutine whose body never began, and will not, now that its frame is cleared: a
 * generator is closed, of one to be awaited it is told. */
Ref frame_object_give_up(Vm *vm, FrameObject *frame);
/* Its call goes on in another line (vm/jump.c); false: raised. */
bool frame_object_jump(Vm *vm, FrameObject *frame, int line);
/* That of a plain call that runs in any thread, or of a coroutine that is not done. */
Ref frame_object_running(Vm *vm, Frame *record, struct Coroutine *coroutine);

#endif
