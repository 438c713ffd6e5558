/* code.h - compiled code: what the compiler makes and eval runs.  See compiler/opcodes.def.
 *
 * A frame's registers are one array: locals first (parameters, then variables and cells),
 * temporaries after.  R points at the first temporary, so an operand is a signed offset from R:
 * negative is local (local i is i - locals), 0 and up is a temporary.  A temporary is written once
 * and read once: reading it moves the value out (the operand's sign is the last-use mark), so dead
 * temporaries never hold a reference.  Local slots and everything above the running window hold no
 * references when a frame starts. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_CODE_H
#define AIO_OBJECT_CODE_H

#include "object/type.h"

typedef uint32_t Instr; /* op | a << 8 | b << 16 | c << 24; some are followed by one aux word */

enum { /* Code.flags */
       CODE_VARARGS = 4,
       CODE_VARKEYWORDS = 8, /* as CPython's co_flags */
       CODE_NESTED = 16,
       CODE_GENERATOR = 32,
       CODE_COROUTINE = 128,
       CODE_ITERABLE_COROUTINE = 256,
       CODE_ASYNC_GENERATOR = 512,
       CODE_HAS_DOCSTRING = 0x4000000,
       CODE_METHOD = 0x8000000,
       CODE_OPTIMIZED = 1,
       CODE_NEWLOCALS = 2,
       CODE_NAMESPACE =
           0x10000000, /* local 0 is the namespace mapping LOAD_NAME uses (class body, exec) */
       CODE_SIMPLE = 0x20000000, /* plain positional parameters only: eligible for the fast call */
       CODE_UNSEEN = 0x40000000, /* it stands for a native function: tracebacks and callers of
                                    callers pass it over */
       CODE_HEAP_FRAME = CODE_GENERATOR | CODE_COROUTINE | CODE_ASYNC_GENERATOR,
};

/* An inline cache entry; which opcodes have one says opcodes.def.  k is set by the compiler, the
 * rest starts zeroed. */
typedef struct Cache {
    Shape *shape; /* guard; borrowed: a shape outlives the caches (shape.c keeps retired ones) */
    union {
        void *pointer; /* borrowed: valid while version matches */
        Value value;
        int64_t number;
        struct {
            uint32_t entry, version2;
        } dict;
    };
    uint32_t version; /* guard */
    uint32_t k;       /* index of the name in constants (kwnames at k + 1) */
} Cache;

/* From the instruction words in [start, end): on an exception drop temporaries from keep on, put
 * the exception into register `error`, go on at target.  Inner rows stand before outer ones. */
typedef struct HandlerRow {
    uint32_t start, end, target;
    int16_t keep, error;
} HandlerRow;

typedef struct CodePos {
    int32_t line, end_line;
    int16_t col, end_col;
} CodePos; /* columns: byte offsets, -1 unknown */

/* How MAKE_FUNCTION fills closure cell i of the inner function. */
typedef struct Capture {
    bool from_local;
    int16_t index;
} Capture; /* local index (a cell), or index in own closure */

/* What a trace function is told at an instruction (vm/trace.c). */
typedef struct TracePoint {
    uint8_t op;    /* the opcode there, if TRACE has taken its place */
    uint8_t tells; /* TELL_* */
} TracePoint;

typedef struct Code {
    Container head;
    Instr *instrs;
    TracePoint *traced; /* per instruction word while somebody traces, else NULL */
    Cache *caches;
    Ref *constants;     /* names too */
    CodePos *positions; /* per instruction word */
    HandlerRow *handlers;
    Capture *captures;    /* free_count of them */
    Ref *local_names;     /* str per local */
    Ref *free_names;      /* str per closure cell */
    uint8_t *local_kinds; /* LOCAL_* per local */
    Ref *attribute_names; /* names stored on the first parameter (self.x = ...): sizes instances of
                             the class */
    int instr_count, cache_count, constant_count, handler_count, free_count, attribute_count;
    int locals, temps; /* registers: locals + the most temporaries ever live */
    int arg_count, positional_only,
        keyword_only; /* as co_argcount...; *args and **kwargs come after them */
    int plain_args;   /* how many arguments a call brings that has nothing to bind; -1: there is no
                         such call */
    int parameters;   /* leading locals that are parameters, *args and **kwargs included */
    unsigned flags;
    int first_line;
    Ref name, qualname, filename;  /* str */
    struct Code *next, **previous; /* all code objects of the interpreter */
    Interp *interp;
} Code;

enum { LOCAL_CELL = 1, LOCAL_PARAMETER = 2, LOCAL_HIDDEN = 4 /* of an inlined comprehension */ };

static inline Code *as_code(Value v) { return (Code *)as_object(v); }

/* Zeroed, all names empty; the compiler fills it in (arrays by memory_new; code.c frees them). */
Code *code_new(Vm *vm);
/* The offset scripts see for the instruction word at index: as in CPython, two for each entry of
 * co_positions().  The first entry, index -1, is the call itself, in the line of the def. */
static inline int code_offset(int index) { return 2 * (index + 1); }
static inline int code_index(int offset) { return offset / 2 - 1; }
/* Have both the same instructions, whatever they have specialised to?  (compiler/instruction.c) */
bool code_same_instructions(const Code *a, const Code *b);
/* Of the layer above (vm/trace.c): a function of code is made, and somebody traces. */
bool code_trace(Vm *vm, Code *code);
/* Likewise: every instruction of code tells of itself (f_trace_opcodes). */
bool code_trace_opcodes(Vm *vm, Code *code);
/* Position of the instruction word at index. */
CodePos code_position(const Code *code, int index);

#endif
