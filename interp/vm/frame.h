/* frame.h - activation records and the register stack.
 *
 * A Frame is one running call: a record on the thread's frame stack.  Registers of a plain call lie
 * on the register stack, its window overlapping the end of the caller's (arguments are evaluated
 * straight into it).  A generator or coroutine keeps its registers in its own heap object
 * (coroutine.h); while it runs, a Frame points at them.  An await replaces the record instead of
 * stacking one, so a chain of awaits takes one Frame. Neighbours: eval.c, call.c, coroutine.c,
 * unwind.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_VM_FRAME_H
#define AIO_VM_FRAME_H

#include "object/function.h"

typedef enum FrameKind {
    FRAME_BASE,  /* bottom of a thread's stack: runs nothing */
    FRAME_CALL,  /* a call: the result goes to register dst of the frame below */
    FRAME_INIT,  /* the same for __init__: the result is the instance, kept in base[-1] */
    FRAME_ENTRY, /* entered from C: eval returns */
    FRAME_FOR, /* a generator resumed by FOR of the frame below: values go to dst, the end jumps and
                  drops iter */
    FRAME_NEXT, /* a generator or coroutine resumed by next(), send(), throw() called from the frame
                   below */
    /* Added to that of a plain call: */
    FRAME_SHOWN = 128, /* there is a frame object, in shown */
    FRAME_STEPS = 64,  /* it handled exceptions whose tracebacks name it, in steps */
    FRAME_SEEN = FRAME_SHOWN | FRAME_STEPS,
} FrameKind;

struct Frame {
    const Instr *pc;    /* next instruction; up to date whenever something can raise or look */
    Ref *regs;          /* R: the first temporary */
    Ref *base;          /* local 0: R - code->locals */
    Ref *top;           /* first free slot of the register stack above this frame */
    Code *code;         /* borrowed from function */
    Function *function; /* FRAME_CALL, FRAME_INIT, plain FRAME_ENTRY: owned; with a coroutine:
                           borrowed from it */
    struct Coroutine *coroutine; /* the heap frame this record runs, or NULL; borrowed from holder
                                    or its awaiter */
    Ref holder; /* with a coroutine: the outermost activation of the chain; UNDEF: somebody else
                   holds it */
    union {
        Handled handled;             /* with a coroutine: its link in vm->handled */
        struct {                     /* a plain call's */
            Ref shown;               /* FrameObject */
            struct Traceback *steps; /* through rest */
        };
    };
    int16_t dst;  /* register of the frame below that takes the result */
    int16_t iter; /* FRAME_FOR: register of the frame below that holds the generator */
    uint8_t kind; /* FrameKind, perhaps with some of FRAME_SEEN */
};

/* The object that scripts have of a call (borrowed); UNDEF: none. */
Value frame_shown(const Frame *frame);

/* First free slot of the register stack above everything that runs in vm. */
Ref *frame_stack_top(Vm *vm);

/* The innermost frame that runs code (script-visible), or NULL. */
Frame *frame_current(Vm *vm);

/* One running function as a script sees the stack: a record, or what awaits the coroutine that a
 * record runs. */
typedef struct FrameView {
    Function *function; /* borrowed */
    Ref *registers;     /* its local 0 */
    int instr;          /* index of the instruction it stands at */
    Frame *record;
    struct Coroutine *coroutine; /* whose frame it is, or NULL */
    struct Activation *awaiter;  /* the next view of the same record, or NULL */
} FrameView;

/* The innermost view, then the one it was called or awaited from, functions that stand for native
 * ones (CODE_UNSEEN) left out; false: there is no more. */
bool frame_view_first(Vm *vm, FrameView *view);
bool frame_view_next(Vm *vm, FrameView *view);

/* What locals() gives for a running frame: the namespace of a module or class, else a new dict of
 * the variables; in a comprehension outside of functions one of its own variables. */
Ref frame_names(Vm *vm, Frame *frame);

/* The frame object of a view of thread's stack (frameobject.c); the same one each time for a plain
 * call. */
Ref frame_object_of(Vm *vm, Vm *thread, const FrameView *view);
/* A record with some of FRAME_SEEN is about to end. */
void frame_hide(Vm *vm, Frame *record);
/* Step, of a traceback, is of that call, which goes on in a handler. */
void frame_keep_step(Frame *record, struct Traceback *step);
/* It is left, and last is its step of the exception that leaves it, or NULL: the others of its
 * steps find its variables there. */
void frame_leave_steps(Frame *record, struct Traceback *last);
/* What a thread ran that is no more: nobody sees its variables. */
void frame_forget(Frame *record);

/* Runs code as a function of no parameters with globals (module bodies, exec): namespace UNDEF or
 * local 0. */
Ref run_code(Vm *vm, Code *code, Dict *globals, Value namespace);

/* Raises RecursionError, or MemoryError when the register stack is full. */
void frame_overflow(Vm *vm);

/* Starts a call of function (stolen), whose parameters are already in base[0 ..]; NULL:
 * RecursionError raised, nothing taken. */
static inline Frame *push_call(Vm *vm, Frame *frame, Function *function, Ref *base, int dst,
                               FrameKind kind)
{
    Frame *callee = frame + 1;
    Code *code = function->code;
    Ref *regs = base + code->locals;
    Ref *top = regs + code->temps;
    if (__builtin_expect(callee >= vm->frame_limit || top > vm->registers_end, 0)) {
        frame_overflow(vm);
        return NULL;
    }
    callee->regs = regs;
    callee->base = base;
    callee->top = top;
    callee->code = code;
    callee->function = function;
    callee->coroutine = NULL;
    callee->pc = code->instrs;
    callee->dst = (int16_t)dst;
    callee->kind = (uint8_t)kind;
    vm->frame = callee;
    return callee;
}

/* Opens a thread's stacks; false: out of memory. */
bool stacks_open(Vm *vm);
void stacks_close(Vm *vm);
void stacks_abandon(Vm *vm); /* drops what a thread that is no more was running */
/* Called once in the thread that will run vm: how deep C may recurse. */
void c_stack_measure(Vm *vm);
void recursion_limit_set(Vm *vm, int limit);

#endif
