/* eval.c - the dispatch loop.
 *
 * Runs the frame on top of the thread's frame stack until the FRAME_ENTRY record it was entered
 * with is left. Script calls, generator resumptions and awaits push or switch records here and
 * never recurse. Invariants: vm->frame is the running record; a dead temporary holds no reference
 * (it may hold a stale immediate); frame->pc is stored (SAVE) before anything that can raise or
 * look at frames. The bodies are in ops/<theme>.inc, included twice: once with 8-bit operands, once
 * (after WIDE) with 16-bit ones. Neighbours: frame.h, flow.h (resume, suspend, complete),
 * specialise.c (inline caches), unwind.c. */
/* SPDX-License-Identifier: MIT */
#include "compiler/opcode.h"
#include "object/attr.h"
#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/float.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/module.h"
#include "object/name.h"
#include "object/native.h"
#include "object/number.h"
#include "object/pairs.h"
#include "object/range.h"
#include "object/set.h"
#include "object/shape.h"
#include "object/str.h"
#include "object/tuple.h"
#include "vm/coroutine.h"
#include "vm/eval.h"
#include "vm/flow.h"
#include "vm/frame.h"
#include "vm/pending.h"
#include "vm/specialise.h"
#include "vm/trace.h"

#define LOAD_FRAME()                                                                               \
    do {                                                                                           \
        frame = vm->frame;                                                                         \
        pc = frame->pc;                                                                            \
        R = frame->regs;                                                                           \
        K = frame->code->constants;                                                                \
        caches = frame->code->caches;                                                              \
    } while (0)
#define SAVE()  (frame->pc = pc)
#define NEXT()  goto *dispatch[instr_op(*pc++)]
#define ERROR() goto raised
#define SET(n, value)                                                                              \
    do {                                                                                           \
        Ref given_ = (value), *slot_ = &R[n], old_ = *slot_;                                       \
        *slot_ = given_;                                                                           \
        LET_GO(old_);                                                                              \
    } while (0)
#define SET_FLOAT(n, number)                                                                       \
    do {                                                                                           \
        Ref *slot_ = &R[n], old_ = *slot_;                                                         \
        float_store(slot_, (number));                                                              \
        LET_GO(old_);                                                                              \
    } while (0)
#define DROP(n)                                                                                    \
    do {                                                                                           \
        if ((n) >= 0 && is_heap(R[n])) {                                                           \
            Ref dropped_ = take(&R[n]);                                                            \
            LET_GO(dropped_);                                                                      \
        }                                                                                          \
    } while (0)
/* decref() of what was in a register: the finaliser of what dies runs at once. */
#define LET_GO(old)                                                                                \
    do {                                                                                           \
        if (give_back(old)) {                                                                      \
            SAVE();                                                                                \
            object_dies(vm, as_object(old));                                                       \
        }                                                                                          \
    } while (0)
/* The value of a register about to be kept: a temporary gives its reference away, a local is
 * counted. */
#define TAKE(n) take_register(R, (n))
#define CACHE() (&caches[*pc])
/* Writes a specialised form over the running instruction; before pc moves past the aux word. */
#define SPECIALISE(op) (*(uint8_t *)(uintptr_t)(pc - 1) = (uint8_t)OP_##op)
/* The cache of the running instruction misses: if it or another one knew this shape before, start
 * again with that. */
#define RECALL(object, what)                                                                       \
    do {                                                                                           \
        int form_ = specialise_recall(vm, object, K[cache->k], what, cache);                       \
        if (form_) {                                                                               \
            *(uint8_t *)(uintptr_t)(pc - 1) = (uint8_t)form_;                                      \
            goto *dispatch[form_];                                                                 \
        }                                                                                          \
    } while (0)
/* Another thread waits, a signal arrived, a finaliser is due ...: look at it before going on. */
#define CHECK_INTERRUPT()                                                                          \
    do {                                                                                           \
        if (__builtin_expect(atomic_load_explicit(&vm->interrupt, memory_order_relaxed), 0)) {     \
            SAVE();                                                                                \
            if (!safe_point(vm)) ERROR();                                                          \
        }                                                                                          \
    } while (0)

/* The same registers, which the compiler takes for others: so that it computes addresses that only
 * a rare path needs in that path. */
ALWAYS_INLINE const Ref *afresh(const Ref *base)
{
    __asm__("" : "+r"(base));
    return base;
}

/* Could float arithmetic be meant? */
static inline bool floats_or_small(Value x, Value y)
{
    return is_float(x) ? is_float(y) || is_int(y) : is_float(y) && is_int(x);
}

/* The operands of float arithmetic whose result is a NaN: two floats after all, or a float and a
 * small integer; false: something else. */
static __attribute__((noinline)) bool float_pair(Value x, Value y, double *m, double *n)
{
    if (!floats_or_small(x, y)) return false;
    *m = is_int(x) ? (double)as_int(x) : as_float(x);
    *n = is_int(y) ? (double)as_int(y) : as_float(y);
    return true;
}

/* Does next take the iterator of what is in the temporary n? */
static inline bool takes_iterator(Instr next, int n)
{
    return n >= 0 && instr_op(next) == OP_GET_ITER && instr_b(next) == n;
}

/* Does next take apart what is in the temporary n, where nobody else sees it? */
static inline bool takes_pair(Instr next, int n)
{
    return n >= 0 && instr_op(next) == OP_UNPACK_TWO && instr_b(next) == n;
}

/* The form of a product of floats in register a, by the instruction after it. */
static inline int product_form(int a, Instr next)
{
    unsigned op = instr_op(next);
    int left = instr_b(next), right = instr_c(next);
    if (a < 0 || (left == a) == (right == a)) return OP_MUL_FLOAT;
    if (op == OP_ADD || op == OP_ADD_FLOAT) return OP_MUL_ADD_FLOAT;
    return right == a && (op == OP_SUB || op == OP_SUB_FLOAT) ? OP_MUL_SUB_FLOAT : OP_MUL_FLOAT;
}

/* Makes an index, which may count from the end, a place among len items; false: there is none. */
ALWAYS_INLINE bool find_place(int64_t *n, ptrdiff_t len)
{
    return (uint64_t)*n < (uint64_t)len || (uint64_t)(*n += len) < (uint64_t)len;
}

ALWAYS_INLINE Ref take_register(Ref *R, int n) { return n >= 0 ? take(&R[n]) : newref(R[n]); }

/* A frame whose registers are on the heap has no room behind them: its calls get their window on
 * the register stack. */
static inline Ref *call_window(Frame *frame, Ref *args, int argc)
{
    if (__builtin_expect(frame->coroutine != NULL, 0)) {
        Ref *window = frame->top + 1; /* one slot before it for FRAME_INIT's instance */
        for (int n = 0; n < argc; n++) {
            window[n] = args[n];
            args[n] = UNDEF;
        }
        return window;
    }
    return args;
}

/* Drops the first `count` registers from base on. */
static inline void drop_registers(Ref *base, const Ref *end)
{
    for (; base < end; base++)
        if (is_heap(*base)) clear(base);
}

Ref eval(Vm *vm)
{
    static const void *const dispatch[256] = {
#define OP(name, operands, aux, meaning) [OP_##name] = &&L_##name,
#include "compiler/opcodes.def"
#define SPEC(name, generic, guard) [OP_##name] = &&L_##name,
#include "compiler/opcodes.def"
    };
    static const void *const dispatch_wide[256] = {
#define OP(name, operands, aux, meaning) [OP_##name] = &&W_##name,
#include "compiler/opcodes.def"
    };
    Frame *frame;
    const Instr *pc;
    Ref *R;
    Ref *K;
    Cache *caches;
    const Instr *at; /* the running instruction */
    Instr i = 0, wide = 0;
    Flow flow;

    LOAD_FRAME();
    NEXT();

/* Operands are read from the code each time: one load is cheaper than shifting a copy about. */
#define NA               ((unsigned)((const uint8_t *)at)[1])
#define NB               ((unsigned)((const uint8_t *)at)[2])
#define NC               ((unsigned)((const uint8_t *)at)[3])
#define A                ((int)(int8_t)NA)
#define B                ((int)(int8_t)NB)
#define C                ((int)(int8_t)NC)
#define KX               instr_k(*at)
#define IX               instr_imm(*at)
#define JX               instr_jump(*at)
#define TARGET(name)     L_##name : at = pc - 1;
#define WIDE_NAME(label) label
#include "vm/ops/all.inc"

#undef A
#undef B
#undef C
#undef NA
#undef NB
#undef NC
#undef KX
#undef IX
#undef JX
#undef TARGET
#undef WIDE_NAME
#define WIDE_OPERAND(shift)                                                                        \
    ((int)(int16_t)(((i >> (shift)) & 0xff) | ((wide >> (shift)) & 0xff) << 8))
#define A                WIDE_OPERAND(8)
#define B                WIDE_OPERAND(16)
#define C                WIDE_OPERAND(24)
#define NA               ((unsigned)(uint16_t)A)
#define NB               ((unsigned)(uint16_t)B)
#define NC               ((unsigned)(uint16_t)C)
#define KX               (NB | NC << 16)
#define IX               ((int)KX)
#define JX               instr_jump(i)
#define TARGET(name)     W_##name:
#define WIDE_NAME(label) wide_##label
#define WIDE_COPY
#undef SPECIALISE
#define SPECIALISE(op) ((void)0)
#undef RECALL
#define RECALL(object, what) ((void)0)
#include "vm/ops/all.inc"

leave: /* a coroutine's body returned `value` in vm->returned */
    flow = flow_return(vm);
    goto follow;

follow:
    switch (flow) {
    case FLOW_RUN:
        LOAD_FRAME();
        CHECK_INTERRUPT();
        NEXT();
    case FLOW_RAISE:
        frame = vm->frame;
        pc = frame->pc;
        goto raised;
    case FLOW_OUT_VALUE: return take(&vm->returned);
    case FLOW_OUT_FAIL: return FAIL;
    case FLOW_OUT_SUSPENDED: return TAIL;
    }
    __builtin_unreachable();

raised:
    frame->pc = pc;
    flow = unwind(vm);
    goto follow;
}
