/* emit.h - the code object being made: instructions, jumps, positions, caches, handler rows.
 *
 * Emitting takes plain register numbers and counts; WIDE is put in front when one leaves its 8
 * bits.  Labels are numbers whose jumps are filled in when the unit ends.  Where control cannot
 * come (state.unreachable) nothing is emitted; the source there is compiled for its errors only. So
 * placing a label means merging its jumps' states. Neighbours: register.h (temporaries), constant.h
 * (the constants pool), verify.h (checks the result). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_COMPILER_EMIT_H
#define AIO_COMPILER_EMIT_H

#include "compiler/compile.h"
#include "compiler/opcode.h"

typedef int Label;

enum { STATE_WORDS = 4, STATE_LOCALS = STATE_WORDS * 64 };

/* What is known where control stands: which of the first STATE_LOCALS locals are certainly bound.
 */
typedef struct State {
    uint64_t bound[STATE_WORDS];
    bool unreachable; /* then every local counts as bound */
} State;

typedef struct Fixup {
    Label label;
    int at;
} Fixup; /* at: the word to fill in */

typedef struct Segment {
    int start, end;
    struct Segment *next;
} Segment;

typedef enum BlockKind {
    BLOCK_WHILE,
    BLOCK_FOR,
    BLOCK_ASYNC_FOR,   /* loops: break and continue end here */
    BLOCK_TRY,         /* a try with except clauses: nothing to do on the way out */
    BLOCK_FINALLY,     /* a try with finally: its body runs on the way out */
    BLOCK_HANDLER,     /* an except clause: the handled exception is put back, its name unbound */
    BLOCK_FINALLY_END, /* a finally body run because of an exception */
    BLOCK_WITH,
    BLOCK_ASYNC_WITH,
    BLOCK_STAR,    /* an except* clause: break, continue and return are errors */
    BLOCK_VALUE,   /* a return value waits in a temporary while a finally body runs */
    BLOCK_CLEANUP, /* only protects */
} BlockKind;

/* A statement that must be tidied up when control leaves it early.  Lives on the C stack of its
 * compile function. */
typedef struct Block {
    BlockKind kind;
    struct Block *outer;
    Label break_label, continue_label;
    State break_state; /* merged over the breaks */
    int temp; /* loops: the iterator; handlers: the saved exception; with: the exit function */
    Nodes finalbody;
    Ident *name; /* BLOCK_HANDLER: to unbind, or NULL */
    Pos pos;
    bool protects; /* a handler row covers it */
    Label handler;
    int keep; /* temporaries below stay; the exception goes to register `keep` */
    int open; /* start of the segment being covered; -1: interrupted */
    Segment *first, *last;
} Block;

typedef struct Unit {
    struct Unit *outer;
    Scope *scope;
    Scope *outer_scope; /* where names were looked up outside */
    Pos outer_pos;
    uint32_t *words;
    CodePos *positions;
    int count, capacity;
    int *labels; /* word index; -1: not placed yet */
    int label_count, label_capacity;
    Fixup *fixups;
    int fixup_count, fixup_capacity;
    uint32_t *caches; /* the k of each */
    int cache_count, cache_capacity;
    Ref *constants;      /* owned */
    int *constant_table; /* 1 + index, by bits of the value */
    int constant_count, constant_capacity, table_capacity;
    HandlerRow *handlers; /* target: a label until the unit ends */
    int handler_count, handler_capacity;
    Ident **attributes; /* X of self.X = ...; in a class: of all its methods */
    int attribute_count, attribute_capacity;
    Ident *self; /* first parameter */
    Block *block;
    State state;
    uint8_t *unbound; /* per local: may be read unbound, so UNDEF at entry */
    int depth, most;  /* temporaries in use, and the most ever */
    bool has_docstring;
    unsigned flags; /* CODE_* */
    int arg_count, positional_only, keyword_only;
    int first_line;
    Ref name, qualname; /* str, owned */
} Unit;

/* Starts a unit; its scope becomes the one names are looked up in.  name is borrowed; the qualname
 * is derived. */
void unit_open(Compiler *c, Scope *scope, Value name, int first_line);
/* Makes the Code (owned; FAIL when the compilation failed) and goes back to the unit around. */
Ref unit_close(Compiler *c);
/* Frees what spare units hold. */
void units_free(Compiler *c);

/* Room for one more item in an array of the unit (in the arena); count items are kept. */
void *unit_grow(Compiler *c, void *items, int count, int *capacity, size_t size);

void emit(Compiler *c, Opcode op, int a, int b, int third); /* without aux word */
void emit_aux(Compiler *c, Opcode op, int a, int b, int third, uint32_t aux);
/* GET_ITEM_K or SET_ITEM_K, whose aux word holds constant k when that is a small index. */
void emit_item(Compiler *c, Opcode op, int a, int b, int third, int k);
void emit_cached(Compiler *c, Opcode op, int a, int b, int third,
                 int k); /* CACHE: k names a constant */
void emit_jump(Compiler *c, Opcode op, int a, int b, int third, Label target); /* JUMP aux word */
void emit_goto(Compiler *c, Label target);             /* JUMP; what follows is unreachable */
void emit_back(Compiler *c, Label target);             /* JUMP_BACK; likewise */
void emit_leave(Compiler *c, Opcode op, Label target); /* one of them that is a statement */
/* Where something is that the source does not say: a trace function is not told of the line. */
static inline Pos unwritten(Pos pos)
{
    pos.col = pos.end_col = -1;
    return pos;
}

/* Corrects the position of the word emitted `back` (negative) words ago. */
void emit_position(Compiler *c, int back, Pos pos);

Label label_new(Compiler *c);
void label_place(Compiler *c, Label label);
/* Places the label and merges what is known at its jumps. */
void label_join(Compiler *c, Label label, const State *at_jumps);

/* Where control stands */
static inline void state_unreachable(State *state)
{
    for (int i = 0; i < STATE_WORDS; i++) state->bound[i] = ~UINT64_C(0);
    state->unreachable = true;
}
static inline void state_merge(State *into, const State *other)
{
    for (int i = 0; i < STATE_WORDS; i++) into->bound[i] &= other->bound[i];
    into->unreachable = into->unreachable && other->unreachable;
}
static inline void state_bind(State *state, int local)
{
    if (local < STATE_LOCALS) state->bound[local >> 6] |= UINT64_C(1) << (local & 63);
}
static inline void state_unbind(State *state, int local)
{
    if (local < STATE_LOCALS && !state->unreachable)
        state->bound[local >> 6] &= ~(UINT64_C(1) << (local & 63));
}
static inline bool state_has(const State *state, int local)
{
    return local < STATE_LOCALS && (state->bound[local >> 6] >> (local & 63) & 1);
}

/* Blocks: push opens, pop ends the protection and adds its handler rows. */
void block_push(Compiler *c, Block *block, BlockKind kind);
void block_protect(Compiler *c, Block *block, Label handler, int keep);
void block_pop(Compiler *c, Block *block);
void block_suspend(Compiler *c, Block *block); /* while its own way out is emitted */
void block_resume(Compiler *c, Block *block);

#endif
