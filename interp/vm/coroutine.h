/* coroutine.h - everything that can be suspended: generators, coroutines, async generators, native
 * coroutines.
 *
 * Each starts with an Activation.  An await chain is linked both ways: awaiting leads inward
 * (owned), awaiter outward (borrowed).  Whoever drives a chain (a Task, send()) may remember its
 * innermost activation and resume there, so resuming costs the same at any depth; when an
 * activation completes, its result goes on into its awaiter like a function return, without C
 * recursion.
 *
 * Native coroutines are state machines: resume() is called with the value sent and answers
 *   a value        finished with it
 *   FAIL           raised
 *   suspend(vm, v) suspended; v (stolen) is yielded to the driver: a Future, or None for "once
 * round the loop" delegate(vm, x) goes on awaiting x (borrowed): resume() is called with x's
 * result, or raise() with vm->error when x failed raise() is called when an exception is thrown in
 * (vm->error set): same answers; NULL means "just propagate". Neighbours: eval.c, asyncgen.c,
 * nativecoro.c; loop/task.c drives. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_VM_COROUTINE_H
#define AIO_VM_COROUTINE_H

#include "vm/frame.h"

typedef enum ActivationState {
    ACTIVATION_CREATED,
    ACTIVATION_SUSPENDED,
    ACTIVATION_RUNNING,
    ACTIVATION_DONE
} ActivationState;

typedef struct Activation {
    Container head;             /* aux: ActivationState in the low byte, ACTIVATION_* flags above */
    struct Activation *awaiter; /* borrowed: who gets our result; NULL: the driver */
    Ref awaiting; /* Activation, Future or iterator this one waits for; UNDEF: nothing (a plain
                   * yield). A script coroutine not started yet: the Code that made it (pc: where)
                   */
} Activation;

enum {
    ACTIVATION_CLOSING = 256,
    ACTIVATION_HOOKED = 512,
    ACTIVATION_IN_ASYNC_FOR = 1024,
    ACTIVATION_SENDING = 2048,   /* async generator: a step of it is running */
    ACTIVATION_DEPTH_SHIFT = 12, /* above it: how many awaiters stand outside, when it was begun */
    ACTIVATION_DEPTH_MAX = (1 << 20) - 1,
};

typedef struct Coroutine { /* KIND_GENERATOR, KIND_COROUTINE, KIND_ASYNC_GENERATOR */
    Activation act;
    Function *function;      /* owned */
    const Instr *pc;         /* where it goes on: after the instruction that suspended it */
    Ref handled;             /* the exception it was handling when it suspended, or UNDEF */
    Ref frame;               /* its frame object, once one was asked for; or UNDEF */
    struct Traceback *steps; /* of tracebacks whose exceptions it handled, through rest */
    int16_t dst;             /* register that takes what it is resumed with */
    int16_t iter;            /* suspended in ASYNC_FOR: the register of the iterator */
    int32_t
        registers; /* how many; when a cycle is cleared function may have lost its code already */
    Ref regs[];    /* locals, then temporaries */
} Coroutine;

typedef struct NativeCoroutine NativeCoroutine;

typedef struct NativeCoroutineDef {
    const char *name;   /* "Lock.acquire": __qualname__ */
    size_t size;        /* of the struct that starts with NativeCoroutine, bytes */
    const size_t *refs; /* REFS(...): its owned references */
    Ref (*resume)(Vm *vm, NativeCoroutine *self, Value sent);
    Ref (*raise)(Vm *vm, NativeCoroutine *self);
} NativeCoroutineDef;

struct NativeCoroutine {
    Activation act;
    const NativeCoroutineDef *def;
    int state;       /* for the state machine's own use; 0 at first */
    int32_t made_at; /* not begun yet: the instruction of act.awaiting (a Code) that made it */
};

/* native_coroutine_new for another face of the same layout (is_step_kind). */
NativeCoroutine *native_coroutine_of_kind(Vm *vm, Kind kind, const NativeCoroutineDef *def);
/* A new native coroutine, fields after the head zeroed.  Owned; cast the struct to Ref with
 * from_object. */
NativeCoroutine *native_coroutine_new(Vm *vm, const NativeCoroutineDef *def);
Ref suspend(Vm *vm, Ref yielded);      /* evaluates to TAIL */
Ref delegate(Vm *vm, Value awaitable); /* evaluates to TAIL; the awaitable is any awaitable */

typedef enum Step { STEP_DONE, STEP_RAISED, STEP_YIELDED } Step;

/* Resumes at `at`, the innermost activation of a suspended chain (or a fresh one), sending `sent`
 * (borrowed; FAIL: throws vm->error in).  DONE: *out is the outermost's result (owned); RAISED:
 * vm->error; YIELDED: *out is what was yielded (owned) and vm->suspended the new innermost
 * activation (borrowed: alive as long as the outermost is). */
Step activation_resume(Vm *vm, Activation *at, Value sent, Ref *out);

/* Follows awaiting links inward to where a chain is suspended. */
Activation *activation_innermost(Activation *outermost);

static inline ActivationState activation_state(const Activation *a)
{
    return (ActivationState)(a->head.aux & 0xff);
}
static inline bool is_activation(Value v)
{
    return is_heap(v) && as_object(v)->kind >= KIND_GENERATOR &&
           as_object(v)->kind <= KIND_NATIVE_COROUTINE &&
           as_object(v)->kind != KIND_COROUTINE_WRAPPER;
}
static inline Activation *as_activation(Value v) { return (Activation *)as_object(v); }

/* Steps of async generators, and anext() with a default: native coroutines to the runtime,
 * iterators to scripts.  What is thrown into one that has not begun goes to its raise(). */
static inline bool is_step_kind(Kind kind)
{
    return kind >= KIND_ASYNC_GEN_STEP && kind <= KIND_ANEXT_AWAITABLE;
}
static inline bool is_async_step(Value v) { return is_heap(v) && is_step_kind(as_object(v)->kind); }

static inline bool is_native_activation(const Activation *activation)
{
    return activation->head.head.kind == KIND_NATIVE_COROUTINE ||
           is_step_kind(activation->head.head.kind);
}

/* Is v a coroutine object (script's or native)? */
static inline bool is_coroutine(Value v)
{
    return is_kind(v, KIND_COROUTINE) || is_kind(v, KIND_NATIVE_COROUTINE);
}

/* Where a suspended or running activation stands: file and function names (borrowed str), line (0:
 * native). */
bool activation_where(Vm *vm, const Activation *activation, Value *filename, Value *name,
                      int *line);

/* Stops a suspended activation as coroutine.close() does; false: raised. */
bool activation_close(Vm *vm, Activation *activation);

/* One step of a foreign iterator or awaitable: next() when sent is NONE, send(sent), or throw() of
 * vm->error when FAIL. */
Step iterator_step(Vm *vm, Value iterator, Value sent, Ref *out);

/* Raises StopIteration(value) (stolen). */
void throw_stop(Vm *vm, Ref value);

/* For flow.c: a finished coroutine lets go of its registers; StopIteration that leaves a body
 * becomes RuntimeError. */
void coroutine_clear(Coroutine *coroutine);
/* It is about to let go of its registers, and has a frame object or steps (frameobject.c). */
void coroutine_hide_frame(Coroutine *coroutine);
void coroutine_convert_error(Vm *vm, Coroutine *coroutine);
/* The error being raised comes `from` cause (stolen). */
void error_set_cause(Vm *vm, Ref cause);

/* Finalisers (TypeDef.needs_finalizer, .finalize) and storage of the three script kinds. */
bool coroutine_needs_finalizer(Object *object);
void coroutine_finalize(Vm *vm, Object *object);
/* RuntimeError: awaitable has been awaited to its end already. */
Ref throw_reused(Vm *vm, Value awaitable);
void coroutine_visit(Object *object, Visit *visit, void *context);
void coroutine_drop(Object *object);

/* What a coroutine written in C does where one of a script would look at its function. */
void native_coroutine_visit(Object *object, Visit *visit, void *context);
void native_coroutine_drop(Object *object);
Ref native_coroutine_name(Vm *vm, Value self);
Ref native_coroutine_qualname(Vm *vm, Value self);
Ref native_coroutine_code(Vm *vm, Value self);
Ref native_coroutine_frame(Vm *vm, Value self);

/* Who runs, innermost first: a tuple of (file, line, function), as many as are asked for. */
Ref coroutine_origin(Vm *vm);

/* Their names, which the function gives and a script may change. */
Ref coroutine_get_name(Vm *vm, Value self);
Ref coroutine_get_qualname(Vm *vm, Value self);
bool coroutine_set_name(Vm *vm, Value self, Value name);
bool coroutine_set_qualname(Vm *vm, Value self, Value name);

/* What gi_suspended, gi_yieldfrom and gi_frame show of the three script kinds. */
Ref activation_get_suspended(Vm *vm, Value self);
Ref activation_get_awaiting(Vm *vm, Value self);
Ref coroutine_get_frame(Vm *vm, Value self);

/* A native asks eval to resume a chain: evaluates to TAIL.  sent is stolen (FAIL: vm->error is
 * thrown in). */
Ref tail_resume(Vm *vm, Value outermost, Ref sent);

/* What awaiting a Future does: its result (owned), FAIL, or TAIL while it is pending.  Declared
 * here for eval, implemented in loop/future.c. */
Ref future_await(Vm *vm, Value future);

/* The heap frame for a call of a generator or coroutine function whose arguments are already in
 * args[0 .. code->parameters), which are moved out. */
Ref coroutine_new(Vm *vm, Function *function, Ref *args);

#endif
