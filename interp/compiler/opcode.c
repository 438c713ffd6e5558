/* opcode.c - the table of what is known of each opcode, from the rows of opcodes.def.
 *
 * A specialised form has the operands and aux word of its generic form.
 * Neighbours: opcode.h (the enum), emit.c, verify.c and disassemble.c (its readers). */
/* SPDX-License-Identifier: MIT */
#include "compiler/opcode.h"

enum { /* so that SPEC rows can copy from the generic row */
#define OP(name, operands, aux, meaning) AUX_OF_##name = AUX_##aux,
#include "compiler/opcodes.def"
};
#define OP(name, operands, aux, meaning) static const char operands_##name[] = operands;
#include "compiler/opcodes.def"

const OpcodeInfo opcode_info[OPCODE_COUNT] = {
#define OP(name, operands, aux, meaning)                                                           \
    [OP_##name] = {#name, operands_##name, meaning, AUX_##aux, OP_##name},
#include "compiler/opcodes.def"
#define SPEC(name, generic, guard)                                                                 \
    [OP_##name] = {#name, operands_##generic, guard, (Aux)AUX_OF_##generic, OP_##generic},
#include "compiler/opcodes.def"
};
