/* vm.h - the interpreter (shared by its threads) and a thread's view of it.
 *
 * There is no mutable global: everything hangs off Vm *vm.  An Interp owns types, names, modules,
 * memory; a Vm is one thread running in it and holds its lock while it runs.  Upper layers keep
 * their state behind the opaque pointers, each owned and freed by the layer named beside it. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MEMORY_VM_H
#define AIO_MEMORY_VM_H

#include <stdatomic.h>

#include "memory/alloc.h"
#include "memory/flags.h"
#include "memory/ref.h"

typedef struct Frame Frame;         /* vm/frame.h */
typedef struct Exception Exception; /* object/exception.h */
typedef struct Context Context;     /* object/context.h (contextvars) */

/* The exception being handled (by an except or finally block that is running); one link for the
 * thread and one for each running generator, innermost first. */
typedef struct Handled {
    Ref error; /* Exception or UNDEF */
    struct Handled *outer;
} Handled;

/* Why eval should stop and look (Vm.interrupt). */
enum {
    INTERRUPT_SIGNAL = 1,  /* a signal arrived: run its handlers */
    INTERRUPT_LOCK = 2,    /* another thread wants the interpreter lock */
    INTERRUPT_GC = 4,      /* enough was allocated: collect cycles */
    INTERRUPT_PENDING = 8, /* finalisers or weakref callbacks wait for a safe point */
};

struct Vm {
    Interp *interp;
    atomic_int interrupt; /* INTERRUPT_* */

    Ref error;        /* the exception now propagating, or UNDEF */
    Handled *handled; /* innermost; never NULL */
    Handled base_handled;

    Frame *frame; /* the running frame; the base frame of the thread when nothing runs */
    Frame *frames, *frame_limit; /* the frame stack; the recursion limit moves frame_limit */
    Ref *registers,
        *registers_end; /* the register stack; slots above the running window hold no references */
    int native_depth;   /* nested native -> script calls on the C stack */
    int native_depth_limit;
    char *c_stack_limit; /* C recursion stops below this address */

    Ref sent;        /* with tail: the value to send (owned), or FAIL: throw vm->error in */
    Ref tail_holder; /* with tail: the outermost activation (owned) */
    struct Activation *
        tail; /* with TAIL from a native called by eval: what eval should resume (vm/coroutine.h) */
    Ref yielded;                  /* with TAIL from a suspended activation: what it yields */
    struct Activation *suspended; /* the innermost activation of the chain that has just been
                                     suspended; borrowed */
    Ref returned;                 /* what eval's chain of activations ends with, on its way out */
    Ref delegated; /* with TAIL from a native coroutine: what it awaits now, or UNDEF: it suspended
                    */
    Ref context;   /* contextvars.Context or UNDEF for the empty one */
    struct Loop *running_loop; /* loop/loop.h: the loop running in this thread, or NULL */
    Ref running_set;           /* keeps the loop alive that _set_running_loop() named */
    Ref current_loop;          /* asyncio.set_event_loop */
    Ref repr_active;           /* list of objects whose repr is running, or UNDEF */
    Ref trace, profile;        /* sys.settrace, sys.setprofile (vm/trace.c), or UNDEF */
    int tracing;               /* > 0: one of them is running, and is not told of itself */

    Drops drops; /* while another thread runs */
    struct Pending
        *pending; /* what waits for a safe point (vm/pending.c); NULL: nothing ever did */

    uint64_t thread_id;
    Ref thread_object; /* threading's object for this thread, or UNDEF */
    Ref body;          /* of a thread: (function, args, kwargs) */
    Ref locals;        /* dict: serial of each _thread._local with attributes here -> its address */
    Vm *next_thread;   /* all threads of interp */
};

struct Interp {
    Vm *running; /* holder of the lock */
    Vm main;     /* the thread that made the interpreter */
    Vm *threads; /* list through next_thread, main last */
    Allocator memory;
    struct Collector *collector; /* memory/gc.c */
    struct Gil *lock;            /* the interpreter lock; vm/thread.c */

    Type **types;              /* by Kind: the builtin types (object/type.c) */
    Type **exceptions;         /* by ExcId: the builtin exception classes (object/exception.c) */
    void *exception_defs;      /* their definitions (object/exception.c) */
    Ref *names;                /* by NameId: interned strings (object/name.h) */
    struct Interned *interned; /* all interned strings (object/str.c) */
    struct TypeTable *extra_types;     /* types of native modules, by TypeDef (object/type.c) */
    struct SignatureTable *signatures; /* parsed signatures by Native (object/signature.c) */
    struct MethodCache *method_cache;  /* type + name -> attribute (object/type.c) */
    Ref codec_searches, codec_cache, codec_handlers; /* list, dict, dict (modules/codecs.c) */
    Ref warned;         /* set of the warnings printed (object/warning.c), or UNDEF */
    Ref joined_threads; /* a set: handles of the threads that the program waits for at its end */
    Ref memory_error;   /* a MemoryError made in time */
    Ref empty_tuple, empty_str, empty_bytes;
    Ref *latin1;      /* the 256 one-character strings */
    Ref *byte_values; /* the 256 bytes objects of one byte, made when asked for; or NULL */
    struct Polymorphic
        *polymorphic;      /* what inline caches held for other shapes (vm/specialise.c) */
    uint64_t hash_key[2];  /* SipHash key for str and bytes */
    uint32_t dict_version; /* last one given (object/dict.h) */
    uint32_t type_version; /* last one given (object/type.h) */
    struct Code *codes;    /* all code objects, for despecialising (vm/specialise.c) */

    Ref modules;                      /* sys.modules */
    Ref builtins;                     /* dict of module builtins */
    Ref sys;                          /* dict of module sys */
    struct Importer *importer;        /* modules/import.c */
    struct Weakrefs *weakrefs;        /* object -> its weak references (object/weakref.c) */
    struct LoopState *loops;          /* loop/: what all loops of the interpreter share */
    struct ModuleState *module_state; /* modules/: per-module state by ModuleDef */

    struct SignalHandlers *signal_handlers; /* vm/signals.c */

    int64_t switch_interval_ns; /* sys.setswitchinterval; 0: 5 ms */
    size_t thread_stack_bytes;  /* of new threads; 0: the system's */
    int64_t local_serial;       /* last one given to a _thread._local */
    int recursion_limit;
    int origin_depth;     /* frames that a new coroutine remembers of who made it */
    int int_digits_limit; /* sys.set_int_max_str_digits: 0 the default (4300), -1 none
                             (object/inttext.c) */
    int64_t import_ns; /* -X importtime: spent in the modules that the one being loaded imports */
    int import_depth;
    bool traced;          /* some thread has a trace or profile function (vm/trace.c) */
    bool finalizing;      /* the interpreter is shutting down */
    bool finalizing_done; /* ... and runs no script code any more */
    unsigned debug;       /* AIO_DEBUG_* bits */
    /* The prompt's: called before data is written to descriptor 1 or 2, so that it can make room;
     * or NULL. */
    void (*before_output)(Vm *vm, int fd, const char *data, size_t len);
    Flags flags; /* the command line's */
};

/* AIO_DEBUG=ops,gc,loop,cache,refs,gcstress,oom=N */
enum {
    DEBUG_OPS = 1,
    DEBUG_GC = 2,
    DEBUG_LOOP = 4,
    DEBUG_CACHE = 8,
    DEBUG_REFS = 16,
    DEBUG_GCSTRESS = 32,
};

#endif
