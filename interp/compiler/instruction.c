/* instruction.c - one instruction of a code object, taken apart.
 *
 * The layout comes from the operand letters of opcodes.def; how long a run of registers is, which
 * the rows say in words, is told here.
 * Neighbours: emit.c (puts instructions together), verify.c and disassemble.c (the readers). */
/* SPDX-License-Identifier: MIT */
#include "compiler/instruction.h"

#include <string.h>

/* Operand number `which`; wide holds its upper 8 bits when there is a WIDE. */
static int operand_value(char letter, int which, Instr word, Instr wide, bool is_wide)
{
    int shift = 8 * (which + 1);
    unsigned low = word >> shift & 0xff, value = low | (wide >> shift & 0xff) << 8;
    switch (letter) {
    case '-': return 0;
    case 'n':
    case 'k': return (int)value;
    default: return is_wide ? (int16_t)value : (int8_t)low;
    }
}

/* K and I: 16 bits in b and c, with WIDE 32: b and its upper bits, then c and its. */
static int long_operand(char letter, Instr word, Instr wide, bool is_wide)
{
    if (!is_wide) return letter == 'K' ? (int)instr_k(word) : instr_imm(word);
    uint32_t b = (word >> 16 & 0xff) | (wide >> 16 & 0xff) << 8;
    uint32_t c = word >> 24 | wide >> 24 << 8;
    return (int)(b | c << 16);
}

static void read_operands(Instruction *out, Instr word, Instr wide)
{
    const char *letters = opcode_info[out->op].operands;
    if (letters[0] == 'J') {
        out->operand[0] = instr_jump(word);
        return;
    }
    out->operand[0] = operand_value(letters[0], 0, word, wide, out->wide);
    if (letters[1] == 'K' || letters[1] == 'I') {
        out->operand[1] = long_operand(letters[1], word, wide, out->wide);
        return;
    }
    out->operand[1] = operand_value(letters[1], 1, word, wide, out->wide);
    out->operand[2] = operand_value(letters[2], 2, word, wide, out->wide);
}

const char *instruction_read(const Code *code, int index, Instruction *out)
{
    Instr word = code->instrs[index], wide = 0;
    *out = (Instruction){
        .op = (Opcode)instr_op(word), .start = index, .next = index + 1, .target = -1};
    if (out->op == OP_TRACE && code->traced) out->op = (Opcode)code->traced[index].op;
    if (out->op >= OPCODE_COUNT) return "no such opcode";
    if (out->op == OP_WIDE) {
        if (index + 1 >= code->instr_count) return "nothing after WIDE";
        Opcode op = (Opcode)instr_op(code->instrs[index + 1]);
        if (op >= OPCODE_COUNT || op == OP_WIDE || opcode_info[op].generic != op ||
            opcode_info[op].operands[0] == 'J')
            return "WIDE stands before something that has no wide form";
        wide = word;
        word = code->instrs[index + 1];
        out->op = op;
        out->wide = true;
    }
    Aux aux = opcode_info[out->op].aux;
    int next = index + 1 + out->wide + (aux != AUX_NONE);
    if (next > code->instr_count) return "the aux word is missing";
    out->next = next;
    read_operands(out, word, wide);
    if (aux != AUX_NONE) out->aux = code->instrs[next - 1];
    if (aux == AUX_JUMP) out->target = next + (int64_t)(int32_t)out->aux;
    if (opcode_info[out->op].operands[0] == 'J') out->target = next + (int64_t)out->operand[0];
    return NULL;
}

/* Operand a names the first of several registers. */
static int run_at_a(const Instruction *in)
{
    int b = in->operand[1], c = in->operand[2];
    switch (opcode_info[in->op].generic) {
    case OP_UNBIND: return b;
    case OP_UNPACK: return c;
    case OP_UNPACK_EX: return c + 1 + (int)in->aux;
    case OP_CALL:
    case OP_CALL_KW:
    case OP_CALL_METHOD:
    case OP_CALL_SUPER:
    case OP_CALL_METHOD_KW: return 2 + b;
    case OP_CALL_EX: return 4;
    case OP_MAKE_FUNCTION: return b & 4 ? 3 : b & 2 ? 2 : 1;
    case OP_SPLIT_GROUP:
    case OP_FIND_METHOD:
    case OP_GET_AITER:
    case OP_ASYNC_FOR: return 2;
    case OP_EXC_INFO: return 3;
    default: return 1;
    }
}

static int run_at_b(const Instruction *in)
{
    int c = in->operand[2];
    switch (in->op) {
    case OP_BUILD_TUPLE:
    case OP_BUILD_LIST:
    case OP_BUILD_SET: return c;
    case OP_BUILD_STRING: return c & 63;
    case OP_BUILD_DICT: return 2 * c;
    case OP_FORMAT_VALUE: return c & 4 ? 2 : 1;
    case OP_BUILD_INTERPOLATION: return c & 4 ? 3 : 2;
    case OP_BUILD_TEMPLATE:
    case OP_JOIN_GROUP: return 2;
    case OP_BUILD_SLICE:
    case OP_MATCH_CLASS: return 3;
    case OP_INTRINSIC: return (int)in->aux;
    default: return 1;
    }
}

int instruction_run(const Instruction *in, int which)
{
    return which == 0 ? run_at_a(in) : which == 1 ? run_at_b(in) : 1;
}

bool instruction_ends_path(Opcode op)
{
    return op == OP_RETURN || op == OP_RETURN_CONST || op == OP_RAISE || op == OP_RAISE_FROM ||
           op == OP_RAISE_AGAIN || op == OP_RERAISE || op == OP_JUMP || op == OP_JUMP_BACK;
}

bool operand_is_free(Opcode op)
{
    return op == OP_LOAD_FREE || op == OP_LOAD_FREE_CELL || op == OP_STORE_FREE ||
           op == OP_DELETE_FREE;
}

bool code_same_instructions(const Code *a, const Code *b)
{
    if (a->instr_count != b->instr_count) return false;
    Instruction left, right;
    for (int index = 0; index < a->instr_count; index = left.next) {
        if (instruction_read(a, index, &left) || instruction_read(b, index, &right) ||
            opcode_info[left.op].generic != opcode_info[right.op].generic ||
            left.next != right.next || left.aux != right.aux ||
            memcmp(left.operand, right.operand, sizeof left.operand) != 0)
            return false;
    }
    return true;
}
