/* jump.c - f_lineno set by a trace function: the call goes on in another line.
 *
 * What the temporaries hold where a line begins follows from the code, walked along all its paths.
 * A jump is possible where what the target's temporaries must hold is there already: out of loops
 * and with and except blocks, not into them.
 * Neighbours: trace.c (runs what is jumped to), object/frameobject.c (f_lineno). */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "compiler/instruction.h"
#include "memory/alloc.h"
#include "object/error.h"
#include "vm/trace.h"

typedef enum Held {
    HELD_NOTHING,
    HELD_VALUE, /* of an expression that is not at its end */
    HELD_EXIT,  /* what the end of a with block calls */
    HELD_ITERATOR,
    HELD_EXCEPTION,
    HELD_BEFORE, /* what was being handled before (PUSH_HANDLED) */
} Held;

typedef struct Walk {
    const Code *code;
    uint8_t *held; /* Held of each temporary before each instruction word: row after row */
    bool *seen;
    int *waiting; /* instructions to walk on from */
    int waiting_count;
} Walk;

static uint8_t *row_of(const Walk *walk, int index)
{
    return walk->held + (ptrdiff_t)index * walk->code->temps;
}

/* Control may come to index with temporaries that hold `held`. */
static void reach(Walk *walk, int index, const uint8_t *held)
{
    if (index >= walk->code->instr_count || walk->seen[index]) return;
    walk->seen[index] = true;
    memcpy(row_of(walk, index), held, (size_t)walk->code->temps);
    walk->waiting[walk->waiting_count++] = index;
}

static void set_run(uint8_t *held, int first, int run, Held what)
{
    for (int n = first; n < first + run; n++)
        if (n >= 0) held[n] = (uint8_t)what;
}

static Held result_of(const Instruction *in)
{
    switch ((int)opcode_info[in->op].generic) {
    case OP_LOAD_SPECIAL: return in->operand[2] & 1 ? HELD_EXIT : HELD_VALUE;
    case OP_GET_ITER:
    case OP_GET_AITER: return HELD_ITERATOR;
    case OP_PUSH_HANDLED: return HELD_BEFORE;
    default: return HELD_VALUE;
    }
}

/* What an instruction takes out of the temporaries and puts into them. */
static void apply(const Instruction *in, uint8_t *held)
{
    const char *letters = opcode_info[in->op].operands;
    Opcode op = opcode_info[in->op].generic;
    for (int which = 0; which < 3 && letters[which]; which++)
        if (letters[which] == 'r' || letters[which] == 's')
            set_run(held, in->operand[which], instruction_run(in, which), HELD_NOTHING);
    for (int which = 0; which < 3 && letters[which]; which++)
        if (letters[which] == 'w')
            set_run(held, in->operand[which], instruction_run(in, which), result_of(in));
    if (op == OP_MAKE_FUNCTION) set_run(held, in->operand[0], 1, HELD_VALUE);
    if (op == OP_CLEAR) set_run(held, in->operand[0], 1, HELD_NOTHING);
    if (op == OP_YIELD_FROM || op == OP_AWAIT) {
        set_run(held, in->operand[1], 1, HELD_NOTHING);
        set_run(held, in->operand[0], 1, HELD_VALUE);
    }
}

static void walk_instruction(Walk *walk, int index, uint8_t *held)
{
    const Code *code = walk->code;
    Instruction in;
    instruction_read(code, index, &in);
    for (int n = 0; n < code->handler_count; n++) {
        const HandlerRow *row = &code->handlers[n];
        if ((uint32_t)index < row->start || (uint32_t)index >= row->end) continue;
        memcpy(held, row_of(walk, index), (size_t)code->temps);
        set_run(held, row->keep, code->temps - row->keep, HELD_NOTHING);
        held[row->error] = HELD_EXCEPTION;
        reach(walk, (int)row->target, held);
    }
    memcpy(held, row_of(walk, index), (size_t)code->temps);
    Opcode op = opcode_info[in.op].generic;
    if (op == OP_FOR || op == OP_ASYNC_FOR) { /* at the target the iterator is gone */
        set_run(held, in.operand[0], op == OP_FOR ? 1 : 2, HELD_NOTHING);
        reach(walk, (int)in.target, held);
        memcpy(held, row_of(walk, index), (size_t)code->temps);
        apply(&in, held);
    } else if (in.target >= 0) {
        apply(&in, held);
        reach(walk, (int)in.target, held);
        if (op == OP_JUMP_IF_KEEP) set_run(held, in.operand[0], 1, HELD_NOTHING);
    } else {
        apply(&in, held);
    }
    if (!instruction_ends_path(in.op)) reach(walk, in.next, held);
}

static void walk_close(Walk *walk)
{
    memory_free(walk->held);
    memory_free(walk->seen);
    memory_free(walk->waiting);
}

static bool walk_open(Vm *vm, Walk *walk, const Code *code)
{
    size_t words = (size_t)code->instr_count, temps = (size_t)code->temps;
    *walk = (Walk){.code = code};
    walk->held = memory_zeroed(vm, (words + 1) * temps + 1); /* the last row: to work in */
    walk->seen = walk->held ? memory_zeroed(vm, words) : NULL;
    walk->waiting = walk->seen ? memory_new(vm, words * sizeof *walk->waiting) : NULL;
    if (!walk->waiting) {
        walk_close(walk);
        return false;
    }
    uint8_t *held = row_of(walk, code->instr_count);
    reach(walk, 0, held);
    while (walk->waiting_count) walk_instruction(walk, walk->waiting[--walk->waiting_count], held);
    return true;
}

/* ---- where to */

/* The first line from `line` on that an instruction begins; -1: there is none. */
static int line_not_before(const Code *code, int line)
{
    int found = -1;
    for (int n = 0; n < code->instr_count; n++) {
        int here = code_position(code, n).line;
        if (here >= line && (found < 0 || here < found)) found = here;
    }
    return found;
}

/* The temporary (from the top) in which what `target` needs is not there at `from`; -1: none. */
static int conflict(const Walk *walk, int from, int target)
{
    const uint8_t *have = row_of(walk, from), *need = row_of(walk, target);
    for (int n = walk->code->temps - 1; n >= 0; n--)
        if (need[n] == HELD_VALUE || (need[n] != HELD_NOTHING && need[n] != have[n])) return n;
    return -1;
}

static void refuse(Vm *vm, Held needed)
{
    const char *why = needed == HELD_ITERATOR ? "can't jump into the body of a for loop"
                      : needed == HELD_EXCEPTION || needed == HELD_BEFORE
                          ? "can't jump into an 'except' block as there's no exception"
                          : "incompatible stacks";
    throw(vm, ValueError, "%s", why);
}

static int count_held(const Walk *walk, int index)
{
    int count = 0;
    for (int n = 0; n < walk->code->temps; n++) count += row_of(walk, index)[n] != HELD_NOTHING;
    return count;
}

/* The instruction to go on at, of several (a finally block is there more than once) the one that
 * keeps most; -1: raised. */
static int find_target(Vm *vm, const Walk *walk, int from, int line)
{
    const Code *code = walk->code;
    Instruction in;
    int previous = -1, best = -1;
    Held needed = HELD_NOTHING;
    for (int index = 0; index < code->instr_count; index = in.next) {
        instruction_read(code, index, &in);
        int here = code_position(code, index).line;
        bool begins = here == line && previous != line && code_position(code, index).col >= 0;
        previous = here;
        if (!begins || !walk->seen[index]) continue;
        int clash = conflict(walk, from, index);
        if (clash >= 0) needed = (Held)row_of(walk, index)[clash];
        else if (best < 0 || count_held(walk, index) > count_held(walk, best)) best = index;
    }
    if (best < 0 && needed != HELD_NOTHING) refuse(vm, needed);
    else if (best < 0) throw(vm, ValueError, "can't jump to unreachable code");
    return best;
}

/* ---- going there */

static bool is_unbound(const Frame *frame, int n)
{
    const uint8_t *kinds = frame->code->local_kinds;
    return absent(frame->base[n]) && (!kinds || !(kinds[n] & (LOCAL_CELL | LOCAL_HIDDEN)));
}

/* Code that takes a local for bound may be reached without the instruction that binds it. */
static bool bind_unbound(Vm *vm, const Frame *frame)
{
    int count = 0, locals = frame->code->locals;
    for (int n = 0; n < locals; n++) count += is_unbound(frame, n);
    if (count && !warn(vm, RuntimeWarning, 1, "assigning None to %d unbound local%s", count,
                       count == 1 ? "" : "s"))
        return false;
    for (int n = 0; n < locals; n++)
        if (is_unbound(frame, n)) frame->base[n] = NONE;
    return true;
}

/* Drops what the target does not keep, innermost first; handlers that are left handle no more. */
static void leave_temporaries(Vm *vm, const Frame *frame, const uint8_t *have, const uint8_t *need)
{
    for (int n = frame->code->temps - 1; n >= 0; n--) {
        if (need[n] != HELD_NOTHING || have[n] == HELD_NOTHING) continue;
        Ref value = take(&frame->regs[n]);
        if (have[n] == HELD_BEFORE)
            replace(&vm->handled->error, value == NONE ? UNDEF : newref(value));
        decref(value);
    }
}

/* The record that runs what frame shows; NULL: none of this thread. */
static Frame *record_of(Vm *vm, const FrameObject *frame)
{
    for (Frame *record = vm->frame; record > vm->frames; record--) {
        bool found = frame->coroutine ? record->coroutine == frame->coroutine
                                      : record == frame->record && frame->thread == vm;
        if (found) return record;
    }
    return NULL;
}

static bool may_jump(Vm *vm, const FrameObject *shown)
{
    const char *why = !vm->tracing ? "f_lineno can only be set in a trace function"
                      : shown->flags & TRACE_AT_CALL
                          ? "can't jump from the 'call' trace event of a new frame"
                      : !(shown->flags & TRACE_AT_LINE) ? "can only jump from a 'line' trace event"
                      : absent(shown->trace) ? "f_lineno can only be set by a trace function"
                                             : NULL;
    if (why) throw(vm, ValueError, "%s", why);
    return !why;
}

bool frame_object_jump(Vm *vm, FrameObject *shown, int line)
{
    Frame *frame = record_of(vm, shown);
    if (!may_jump(vm, shown)) return false;
    const Code *code = as_code(shown->code);
    if (!frame) return throw(vm, ValueError, "f_lineno can only be set in a trace function"), false;
    int found = line < code->first_line ? -1 : line_not_before(code, line);
    if (found < 0)
        return throw(vm, ValueError, "line %d comes %s the current code block", line,
                     line < code->first_line ? "before" : "after"),
               false;
    Walk walk;
    if (!walk_open(vm, &walk, code)) return false;
    int from = (int)(frame->pc - 1 - code->instrs), target = find_target(vm, &walk, from, found);
    bool good = target >= 0 && bind_unbound(vm, frame);
    if (good) {
        leave_temporaries(vm, frame, row_of(&walk, from), row_of(&walk, target));
        frame->pc = code->instrs + target;
        shown->shown_offset = code_offset(target);
        shown->traced_line = code_position(code, target).line; /* no event tells of it again */
        shown->traced_instr = target - 1;
    }
    walk_close(&walk);
    return good;
}
