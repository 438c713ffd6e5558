/* trace.c - trace and profile functions.
 *
 * While one is set, instructions where there is something to tell carry the opcode TRACE; what they
 * were and what they tell is in code->traced.  Their operands stay, so an instruction is run in its
 * wide form, which nothing specialises.  The f_trace of a call is in its frame object.
 * Neighbours: eval.c (ops/trace.inc), unwind.c, flow.c (who tells), frameobject.h. */
/* SPDX-License-Identifier: MIT */
#include "vm/trace.h"

#include "compiler/instruction.h"
#include "object/attr.h"
#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/module.h"
#include "object/name.h"
#include "object/native.h"
#include "object/traceback.h"
#include "object/tuple.h"

enum {
    TELL_CALL = 1,    /* the code's first instruction */
    TELL_RESUME = 2,  /* after a suspension */
    TELL_LINE = 4,    /* the first of a line, or a jump's target */
    TELL_RETURN = 8,  /* leaves the frame for good */
    TELL_YIELD = 16,  /* leaves it for a while */
    TELL_NATIVE = 32, /* may call a native function */
    TELL_AFTER = 64,  /* a native function may have returned */
    TELL_OPCODE = 128,
};

/* ---- instructions that tell ---- */

static bool is_call(Opcode op)
{
    return op == OP_CALL || op == OP_CALL_KW || op == OP_CALL_METHOD || op == OP_CALL_METHOD_KW ||
           op == OP_CALL_EX;
}
static bool suspends(Opcode op)
{
    return op == OP_YIELD || op == OP_AWAIT || op == OP_YIELD_FROM || op == OP_ASYNC_FOR;
}

/* Does it stand for nothing that is written in the source? */
static bool is_unwritten(const Code *code, const Instruction *in)
{
    switch (in->op) {
    case OP_UNBIND:
    case OP_MAKE_CELL:
    case OP_NEW_CELL:
    case OP_CLEAR:
    case OP_PUSH_HANDLED:
    case OP_POP_HANDLED:
    case OP_RERAISE: return true;
    default: return code_position(code, in->start).col < 0;
    }
}

static void mark_instruction(TracePoint *points, const Code *code, const Instruction *in)
{
    Opcode op = opcode_info[in->op].generic;
    int count = code->instr_count;
    points[in->start].op = (uint8_t)(in->wide ? OP_WIDE : op);
    if (op == OP_RETURN || op == OP_RETURN_CONST) points[in->start].tells |= TELL_RETURN;
    if (op == OP_YIELD) points[in->start].tells |= TELL_YIELD;
    if (is_call(op)) points[in->start].tells |= TELL_NATIVE;
    if (is_call(op) && in->next < count) points[in->next].tells |= TELL_AFTER;
    if (suspends(op) && in->next < count) points[in->next].tells |= TELL_RESUME;
    if (in->target >= 0 && in->target < count)
        points[in->target].tells |= op == OP_ASYNC_FOR ? TELL_RESUME | TELL_LINE : TELL_LINE;
}

static void mark(TracePoint *points, const Code *code)
{
    Instruction in;
    points[0].tells = TELL_CALL;
    for (int n = 0; n < code->handler_count; n++)
        points[code->handlers[n].target].tells |= TELL_LINE;
    for (int index = 0; index < code->instr_count; index = in.next) {
        instruction_read(code, index, &in);
        mark_instruction(points, code, &in);
    }
    int line = 0;
    for (int index = 0; index < code->instr_count; index = in.next) {
        instruction_read(code, index, &in);
        int here = code_position(code, index).line;
        if (is_unwritten(code, &in)) { /* a jump that leads here leads to what comes next */
            if (points[index].tells & TELL_LINE && in.next < code->instr_count)
                points[in.next].tells |= TELL_LINE;
            points[index].tells &= (uint8_t)~TELL_LINE;
            continue;
        }
        if (here != line) points[index].tells |= TELL_LINE;
        line = here;
    }
}

/* Writes TRACE over what tells something; specialised forms become generic. */
static void write_traces(Code *code)
{
    Instruction in;
    for (int index = 0; index < code->instr_count; index = in.next) {
        instruction_read(code, index, &in);
        const TracePoint *point = &code->traced[index];
        uint8_t op = point->tells ? OP_TRACE : point->op;
        code->instrs[index] = (code->instrs[index] & ~0xffu) | op;
    }
}

bool code_trace(Vm *vm, Code *code)
{
    if (code->traced || !code->instr_count) return true;
    TracePoint *points = memory_zeroed(vm, (size_t)code->instr_count * sizeof *points);
    if (!points) return false;
    mark(points, code);
    code->traced = points;
    write_traces(code);
    return true;
}

static void untrace_code(Code *code)
{
    if (!code->traced) return;
    for (int n = 0; n < code->instr_count; n++) code->traced[n].tells = 0;
    write_traces(code);
    memory_free(code->traced);
    code->traced = NULL;
}

bool code_trace_opcodes(Vm *vm, Code *code)
{
    if (!vm->interp->traced) return true;
    if (!code_trace(vm, code)) return false;
    Instruction in;
    for (int index = 0; index < code->instr_count; index = in.next) {
        instruction_read(code, index, &in);
        code->traced[index].tells |= TELL_OPCODE;
    }
    write_traces(code);
    return true;
}

/* Makes all code tell, or stop telling, as somebody listens. */
static bool adapt(Vm *vm)
{
    bool wanted = false, good = true;
    for (const Vm *thread = vm->interp->threads; thread; thread = thread->next_thread)
        wanted = wanted || !absent(thread->trace) || !absent(thread->profile);
    if (wanted == vm->interp->traced) return true;
    vm->interp->traced = wanted;
    for (Code *code = vm->interp->codes; good && code; code = code->next) {
        if (wanted) good = code_trace(vm, code);
        else untrace_code(code);
    }
    return good;
}

bool trace_set(Vm *vm, Vm *thread, Value function)
{
    replace(&thread->trace, function == NONE ? UNDEF : newref(function));
    return adapt(vm);
}

bool profile_set(Vm *vm, Vm *thread, Value function)
{
    replace(&thread->profile, function == NONE ? UNDEF : newref(function));
    return adapt(vm);
}

/* ---- telling ---- */

/* listener(frame, event, argument): what it answers; FAIL: it raised, and listens no more. */
static Ref tell(Vm *vm, Value listener, FrameObject *frame, NameId event, Value argument)
{
    Ref kept = newref(listener);
    vm->tracing++;
    Ref answer = call(vm, kept, 3, (Value[]){borrow(frame), vm->interp->names[event], argument});
    vm->tracing--;
    decref(kept);
    return answer;
}

static bool tell_profile(Vm *vm, FrameObject *frame, NameId event, Value argument)
{
    if (absent(vm->profile)) return true;
    Ref answer = tell(vm, vm->profile, frame, event, argument);
    if (!failed(answer)) {
        decref(answer);
        return true;
    }
    Ref error = error_take(vm);
    profile_set(vm, vm, NONE);
    error_clear(vm);
    error_restore(vm, error);
    return false;
}

/* To the frame's f_trace; of a call to the thread's trace function: its answer is f_trace then. */
static bool tell_trace(Vm *vm, FrameObject *frame, NameId event, Value argument)
{
    bool called = event == NAME_call;
    Value listener = called ? (Value)vm->trace : (Value)frame->trace;
    if (absent(listener) || absent(vm->trace)) return true;
    Ref answer = tell(vm, listener, frame, event, argument);
    if (failed(answer)) {
        Ref error = error_take(vm);
        clear(&frame->trace);
        trace_set(vm, vm, NONE);
        error_clear(vm);
        error_restore(vm, error);
        return false;
    }
    if (answer != NONE) replace(&frame->trace, answer);
    else if (called) clear(&frame->trace);
    return true;
}

static bool tell_both(Vm *vm, FrameObject *frame, NameId event, Value argument)
{
    return tell_trace(vm, frame, event, argument) && tell_profile(vm, frame, event, argument);
}

/* The frame object of the running frame (owned); make: if there is none yet. */
static FrameObject *frame_object(Vm *vm, Frame *frame, bool make)
{
    Value known = frame_shown(frame);
    if (!absent(known)) return as_frame_object(newref(known));
    FrameView view;
    if (!make || !frame_view_first(vm, &view)) return NULL;
    Ref made = frame_object_of(vm, vm, &view);
    return failed(made) ? NULL : as_frame_object(made);
}

/* The frame begins, or goes on. */
static bool tell_call(Vm *vm, FrameObject *shown, bool resumed)
{
    shown->shown_offset = resumed ? code_offset(shown->traced_instr) : 0;
    shown->flags &= (uint8_t)~TRACE_SUSPENDED;
    shown->flags |= TRACE_AT_CALL;
    bool good = tell_both(vm, shown, NAME_call, NONE);
    shown->flags &= (uint8_t)~TRACE_AT_CALL;
    shown->shown_offset = -1;
    shown->traced_line = -1;
    return good;
}

/* The frame object of a script's coroutine or generator (owned); NULL: there is none. */
static FrameObject *activation_shown(const Activation *activation)
{
    Value self = borrow(activation);
    if (is_kind(self, KIND_NATIVE_COROUTINE) || is_async_step(self)) return NULL;
    const Coroutine *coroutine = (const Coroutine *)activation;
    return absent(coroutine->frame) ? NULL : as_frame_object(newref(coroutine->frame));
}

/* What awaits a coroutine goes on with it, the outermost first. */
static bool tell_awaiters(Vm *vm, const Activation *awaiter)
{
    if (!awaiter) return true;
    if (!tell_awaiters(vm, awaiter->awaiter)) return false;
    FrameObject *shown = activation_shown(awaiter);
    if (!shown) return true;
    bool good = !(shown->flags & TRACE_SUSPENDED) || tell_call(vm, shown, true);
    decref_object(shown);
    return good;
}

static bool tell_resumed(Vm *vm, const Frame *frame, FrameObject *shown)
{
    return tell_awaiters(vm, frame->coroutine->act.awaiter) && tell_call(vm, shown, true);
}

static bool tell_line(Vm *vm, FrameObject *shown, int index)
{
    int line = code_position(as_code(shown->code), index).line;
    bool same = line == shown->traced_line && index > shown->traced_instr;
    shown->traced_line = line;
    shown->traced_instr = index;
    if (same || line <= 0 || shown->flags & TRACE_NO_LINES) return true;
    shown->flags |= TRACE_AT_LINE;
    bool good = tell_trace(vm, shown, NAME_line, NONE);
    shown->flags &= (uint8_t)~TRACE_AT_LINE;
    shown->shown_offset = -1; /* a jump set it */
    return good;
}

static bool tell_return(Vm *vm, Frame *frame, FrameObject *shown, const Instruction *in)
{
    Ref value = newref(in->op == OP_RETURN_CONST ? frame->code->constants[in->operand[1]]
                       : in->op == OP_RETURN     ? frame->regs[in->operand[0]]
                                                 : frame->regs[in->operand[1]]);
    if (in->op == OP_YIELD) {
        shown->flags |= TRACE_SUSPENDED;
        shown->traced_instr = in->start;
    }
    if (is_unwritten(frame->code, in) && shown->traced_line > 0)
        shown->shown_offset = code_offset(shown->traced_instr);
    bool good = tell_both(vm, shown, NAME_return, value);
    shown->shown_offset = -1;
    decref(value);
    return good;
}

/* The native function a call instruction is about to call (owned); UNDEF: it calls something else,
 * or what only the call can tell. */
static Ref native_callee(Vm *vm, const Frame *frame, const Instruction *in)
{
    const Ref *window = &frame->regs[in->operand[0]];
    if (in->op != OP_CALL_METHOD && in->op != OP_CALL_METHOD_KW)
        return is_native(window[0]) ? newref(window[0]) : UNDEF;
    Value name = frame->code->constants[frame->code->caches[in->aux].k], self = window[1];
    if (absent(self)) return is_native(window[0]) ? newref(window[0]) : UNDEF;
    if (is_kind(self, KIND_MODULE)) {
        Value found = dict_get_name(module_dict(self), name);
        return is_native(found) ? newref(found) : UNDEF;
    }
    Type *type = is_type(self) ? as_type(self) : type_of(vm, self);
    return is_native(type_lookup(vm, type, name)) ? attr_get(vm, self, name) : UNDEF;
}

static bool tell_native(Vm *vm, Frame *frame, FrameObject *shown, const Instruction *in)
{
    if (absent(vm->profile)) return true;
    Ref callee = native_callee(vm, frame, in);
    if (absent(callee) || failed(callee)) return absent(callee);
    replace(&shown->calling, callee);
    return tell_profile(vm, shown, NAME_c_call, callee);
}

static bool tell_native_left(Vm *vm, FrameObject *shown, NameId event)
{
    if (absent(shown->calling)) return true;
    Ref callee = take(&shown->calling);
    bool good = tell_profile(vm, shown, event, callee);
    decref(callee);
    return good;
}

/* Locals of a plain call that are not bound yet may hold what an earlier call left. */
static void unbind_locals(const Frame *frame)
{
    for (int n = frame->code->parameters; !frame->coroutine && n < frame->code->locals; n++)
        if (!is_heap(frame->base[n])) frame->base[n] = UNDEF;
}

static bool tell_all(Vm *vm, Frame *frame, unsigned tells)
{
    bool starts = tells & TELL_CALL;
    FrameObject *shown = frame_object(vm, frame, starts || !absent(vm->profile));
    bool resumed =
        tells & TELL_RESUME && frame->coroutine && (!shown || shown->flags & TRACE_SUSPENDED);
    if (!shown && resumed) shown = frame_object(vm, frame, true);
    if (!shown) return absent(vm->error);
    starts &= shown->traced_line <= 0; /* else a jump led here */
    Instruction in;
    int index = (int)(frame->pc - 1 - frame->code->instrs);
    instruction_read(frame->code, index, &in);
    bool good = true;
    if (starts) unbind_locals(frame);
    if (starts) good = tell_call(vm, shown, false);
    else if (resumed) good = tell_resumed(vm, frame, shown);
    if (good && tells & TELL_AFTER) good = tell_native_left(vm, shown, NAME_c_return);
    if (good && tells & TELL_LINE && !absent(shown->trace)) good = tell_line(vm, shown, index);
    bool moved = frame->pc != frame->code->instrs + index + 1; /* f_lineno was set */
    if (good && !moved && shown->flags & TRACE_OPCODES)
        good = tell_trace(vm, shown, NAME_opcode, NONE);
    if (good && !moved && tells & (TELL_RETURN | TELL_YIELD))
        good = tell_return(vm, frame, shown, &in);
    if (good && !moved && tells & TELL_NATIVE) good = tell_native(vm, frame, shown, &in);
    decref_object(shown);
    return good;
}

/* ---- the instruction ---- */

static Instr upper_byte(char letter, Instr word, int shift)
{
    bool negative = (int8_t)(word >> shift) < 0;
    return letter != 'n' && letter != 'k' && letter != '-' && negative ? 0xffu << shift : 0;
}

/* An instruction without WIDE as one with it: the upper bytes of its operands in the upper half. */
static uint64_t widen(Instr word)
{
    const char *letters = opcode_info[instr_op(word)].operands;
    Instr wide = upper_byte(letters[0], word, 8);
    if (letters[1] == 'K' || letters[1] == 'I') {
        Instr sign = letters[1] == 'I' && instr_imm(word) < 0 ? 0xff000000u : 0;
        wide |= (word >> 24) << 16 | sign;
        word = (word & 0x00ffffffu) | sign;
    } else if (letters[0] != 'J') {
        wide |= upper_byte(letters[1], word, 16) | upper_byte(letters[2], word, 24);
    }
    return (uint64_t)wide << 32 | word;
}

/* The word at `at` as it is without TRACE and specialised forms. */
static Instr hidden_word(const Code *code, const Instr *at)
{
    Opcode op = (Opcode)instr_op(*at);
    if (op == OP_TRACE) op = (Opcode)code->traced[at - code->instrs].op;
    return (*at & ~0xffu) | opcode_info[op].generic;
}

uint64_t trace_instruction(Vm *vm, Frame *frame)
{
    const Code *code = frame->code;
    unsigned tells = code->traced[frame->pc - 1 - code->instrs].tells;
    const Instr *pc = frame->pc;
    if (is_traced(vm) && !tell_all(vm, frame, tells)) return 0;
    if (frame->pc != pc) return OP_NOP;
    Instr word = hidden_word(code, frame->pc - 1);
    if (instr_op(word) != OP_WIDE) return widen(word);
    return (uint64_t)word << 32 | *frame->pc++;
}

/* ---- frames that are left ---- */

void trace_raised(Vm *vm, Frame *frame)
{
    FrameObject *shown = frame_object(vm, frame, false);
    if (!shown) return;
    Ref error = error_take(vm);
    Value traceback = is_exception(error) ? (Value)as_exception(error)->traceback : (Value)UNDEF;
    bool good = true;
    if (shown->flags & TRACE_SUSPENDED) good = tell_resumed(vm, frame, shown);
    if (good) good = tell_native_left(vm, shown, NAME_c_exception);
    if (good && !absent(shown->trace)) {
        Ref triple = tuple_pack(vm, 3, borrow(type_of(vm, error)), (Value)error,
                                absent(traceback) ? NONE : traceback);
        good = !failed(triple) && tell_trace(vm, shown, NAME_exception, triple);
        decref(triple);
    }
    if (good) error_restore(vm, take(&error));
    decref(error);
    decref_object(shown);
}

void trace_left(Vm *vm, Frame *frame)
{
    FrameObject *shown = frame_object(vm, frame, false);
    if (!shown) return;
    Ref error = error_take(vm);
    Value step = is_exception(error) ? (Value)as_exception(error)->traceback : (Value)UNDEF;
    if (is_kind(step, KIND_TRACEBACK) && as_traceback(step)->code == shown->code)
        shown->shown_offset = code_offset(as_traceback(step)->instr); /* where it was raised */
    if (tell_both(vm, shown, NAME_return, NONE)) error_restore(vm, take(&error));
    shown->shown_offset = -1;
    decref(error);
    decref_object(shown);
}

void trace_suspended(Vm *vm, Activation *innermost, Value value)
{
    for (Activation *at = innermost; at; at = at->awaiter) {
        FrameObject *shown = activation_shown(at);
        if (!shown) continue;
        bool told = shown->flags & TRACE_SUSPENDED; /* by its YIELD */
        shown->flags |= TRACE_SUSPENDED;
        if (!told) shown->traced_instr = frame_object_instr(vm, shown);
        if (!told && !tell_both(vm, shown, NAME_return, value))
            error_unraisable(vm, "Exception ignored in trace function", NONE);
        decref_object(shown);
    }
}
