/* verify.c - checks the compiler's output in debug builds.
 *
 * Two walks: the first marks the words on which instructions start, the second checks each
 * instruction's operands, aux word and jump target against its row of opcodes.def.  Only what one
 * instruction says is checked, not which temporaries are live where it stands.
 * Neighbours: instruction.c (takes instructions apart), emit.c (the caller). */
/* SPDX-License-Identifier: MIT */
#include "compiler/verify.h"

#ifdef NDEBUG

void verify_code(const Code *code __attribute__((unused))) {}

#else

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "compiler/instruction.h"
#include "object/str.h"

typedef struct Check {
    const Code *code;
    bool *starts;   /* per word: an instruction starts here */
    Instruction in; /* the one being checked */
} Check;

/* How many values each takes. */
static const uint8_t intrinsic_values[] = {
#define INTRINSIC_ROW(name, count, meaning) count,
#include "compiler/intrinsics.def"
};

enum { INTRINSICS = sizeof intrinsic_values / sizeof *intrinsic_values };

static const char *text_of(Value name)
{
    return is_str(name) && as_str(name)->ascii ? as_str(name)->data : "?";
}

/* word: index of the one that is wrong; -1: none in particular. */
__attribute__((noreturn, format(printf, 3, 4))) static void broken(const Code *code, int word,
                                                                   const char *format, ...)
{
    fprintf(stderr, "verify_code: %s (%s:%d)", text_of(code->qualname), text_of(code->filename),
            code->first_line);
    if (word >= 0) {
        unsigned op = instr_op(code->instrs[word]);
        fprintf(stderr, ", word %d (%s), line %d", word,
                op < OPCODE_COUNT ? opcode_info[op].name : "?", code_position(code, word).line);
    }
    fputs(": ", stderr);
    va_list list;
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    abort();
}

#define BROKEN(...) broken(check->code, check->in.start, __VA_ARGS__)

static void check_register(const Check *check, int which)
{
    const Instruction *in = &check->in;
    const Code *code = check->code;
    char letter = opcode_info[in->op].operands[which];
    int first = in->operand[which], run = instruction_run(in, which);
    if (run < 0) BROKEN("operand %c: a run of %d registers", 'a' + which, run);
    if (first < -code->locals || first > code->temps || run > code->temps - first)
        BROKEN("operand %c: registers %d to %d leave [%d, %d)", 'a' + which, first, first + run - 1,
               -code->locals, code->temps);
    if (in->op == OP_UNBIND) {
        if (first + run > 0) BROKEN("unbinds temporaries");
    } else if ((letter == 's' || run > 1) && first < 0) {
        BROKEN("operand %c: local %d starts a run of temporaries", 'a' + which,
               first + code->locals);
    }
}

/* Cells and checks name the local in their errors. */
static bool wants_local(Opcode op, int which)
{
    switch (op) {
    case OP_UNBIND:
    case OP_CHECK_LOCAL:
    case OP_DELETE_LOCAL:
    case OP_MAKE_CELL:
    case OP_NEW_CELL:
    case OP_STORE_CELL:
    case OP_DELETE_CELL: return which == 0;
    case OP_LOAD_CELL: return which == 1;
    default: return false;
    }
}

static void check_operand(const Check *check, int which)
{
    const Instruction *in = &check->in;
    int value = in->operand[which];
    int count = check->code->constant_count;
    switch (opcode_info[in->op].operands[which]) {
    case 'w':
    case 'r':
    case 'm':
    case 's':
        check_register(check, which);
        if (wants_local(in->op, which) && value >= 0) BROKEN("operand %c is no local", 'a' + which);
        break;
    case 'K':
        if (operand_is_free(in->op)) count = check->code->free_count;
        /* fall through */
    case 'k':
        if (value < 0 || value >= count)
            BROKEN("operand %c: %d is not below %d", 'a' + which, value, count);
        break;
    case 'n':
        if (opcode_info[in->op].aux == AUX_JUMP && value > 1)
            BROKEN("jumps when the answer is %d", value);
        break;
    default: break;
    }
}

static void check_cache(const Check *check)
{
    const Code *code = check->code;
    uint32_t index = check->in.aux;
    if (index >= (uint32_t)code->cache_count) BROKEN("cache %u of %d", index, code->cache_count);
    Opcode op = opcode_info[check->in.op].generic;
    if (op == OP_CALL) return; /* has no name */
    uint32_t last = code->caches[index].k + (op == OP_CALL_METHOD_KW);
    if (last >= (uint32_t)code->constant_count)
        BROKEN("cache %u names constant %u of %d", index, last, code->constant_count);
}

static void check_count(const Check *check)
{
    const Code *code = check->code;
    const Instruction *in = &check->in;
    if (aux_is_constant(in->op) && in->aux >= (uint32_t)code->constant_count)
        BROKEN("aux: constant %u of %d", in->aux, code->constant_count);
    if (in->op == OP_MAKE_FUNCTION && !is_kind(code->constants[in->aux], KIND_CODE))
        BROKEN("constant %u is not code", in->aux);
    if (aux_is_free(in->op) && in->aux >= (uint32_t)code->free_count)
        BROKEN("aux: closure cell %u of %d", in->aux, code->free_count);
    if (in->op != OP_INTRINSIC) return;
    int number = in->operand[2];
    if (number >= INTRINSICS) BROKEN("no intrinsic %d", number);
    if (in->aux != intrinsic_values[number])
        BROKEN("intrinsic %d takes %d values, not %u", number, intrinsic_values[number], in->aux);
}

static void check_target(const Check *check)
{
    const Instruction *in = &check->in;
    if (in->target < 0 || in->target >= check->code->instr_count)
        BROKEN("jumps out of the code, to %lld", (long long)in->target);
    if (!check->starts[in->target]) BROKEN("jumps into an instruction, at %d", (int)in->target);
    bool back = in->target < in->next,
         either = opcode_info[in->op].aux == AUX_JUMP; /* a loop's test at its end */
    if (!either && back != (in->op == OP_JUMP_BACK))
        BROKEN("jumps the wrong way, to %d", (int)in->target);
}

static void check_instruction(const Check *check)
{
    const Instruction *in = &check->in;
    for (int which = 0; which < 3 && opcode_info[in->op].operands[which]; which++)
        check_operand(check, which);
    switch (opcode_info[in->op].aux) {
    case AUX_CACHE: check_cache(check); break;
    case AUX_COUNT: check_count(check); break;
    case AUX_BINARY:
        if (in->aux == BINARY_SWAPPED && (in->op == OP_ADD_K || in->op == OP_MUL_K)) break;
        if (in->aux > 1) BROKEN("aux: %#x, neither 0 nor 1", in->aux);
        break;
    case AUX_NONE:
    case AUX_INDEX:
    case AUX_JUMP: break;
    }
    if (in->op == OP_JUMP || in->op == OP_JUMP_BACK || opcode_info[in->op].aux == AUX_JUMP)
        check_target(check);
    if (in->next == check->code->instr_count && !instruction_ends_path(in->op))
        BROKEN("the code's end can be reached");
}

static void check_handler(const Check *check, int number)
{
    const Code *code = check->code;
    const HandlerRow *row = &code->handlers[number];
    uint32_t count = (uint32_t)code->instr_count;
    if (row->start > row->end || row->end > count)
        broken(code, -1, "handler row %d covers [%u, %u) of %u", number, row->start, row->end,
               count);
    if ((row->start < count && !check->starts[row->start]) ||
        (row->end < count && !check->starts[row->end]))
        broken(code, -1, "handler row %d: [%u, %u) cuts an instruction", number, row->start,
               row->end);
    if (row->target >= count || !check->starts[row->target])
        broken(code, -1, "handler row %d: no instruction at its target %u", number, row->target);
    if (row->keep < 0 || row->keep > code->temps || row->error < 0 || row->error >= code->temps)
        broken(code, -1, "handler row %d: keep %d, error %d of %d temporaries", number, row->keep,
               row->error, code->temps);
}

void verify_code(const Code *code)
{
    if (!code->instr_count) broken(code, -1, "no instructions");
    Check state = {.code = code}, *check = &state;
    check->starts = calloc((size_t)code->instr_count, sizeof *check->starts);
    if (!check->starts) return;
    for (int i = 0; i < code->instr_count; i = check->in.next) {
        const char *problem = instruction_read(code, i, &check->in);
        if (problem) BROKEN("%s", problem);
        check->starts[i] = true;
    }
    for (int i = 0; i < code->instr_count; i = check->in.next) {
        instruction_read(code, i, &check->in);
        check_instruction(check);
    }
    for (int i = 0; i < code->handler_count; i++) check_handler(check, i);
    free(check->starts);
}

#endif
