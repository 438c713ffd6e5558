/* instruction.h - one instruction of a code object, taken apart.
 *
 * For those who look at bytecode without running it: verify.c, disassemble.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_COMPILER_INSTRUCTION_H
#define AIO_COMPILER_INSTRUCTION_H

#include "compiler/opcode.h"
#include "object/code.h"

typedef struct Instruction {
    Opcode op;
    bool wide;
    int start;      /* word index of its first word (WIDE, if there is one) */
    int next;       /* word index of the next instruction */
    int operand[3]; /* a, b, c as numbers; K and I: all of it in b, J: in a */
    uint32_t aux;   /* 0 when there is none */
    int64_t target; /* of a jump, a word index; -1 for other instructions */
} Instruction;

/* Reads the instruction that starts at the word index, which is in the code.
 * NULL, or what is wrong with it; then op, start and next (the word after) alone are set. */
const char *instruction_read(const Code *code, int index, Instruction *out);

/* How many registers, from the one operand number `which` names, are read or written. */
int instruction_run(const Instruction *in, int which);

/* Can control not come to the instruction after it? */
bool instruction_ends_path(Opcode op);

/* Does operand K number closure cells rather than constants?  And the aux word? */
bool operand_is_free(Opcode op);
static inline bool aux_is_free(Opcode op) { return op == OP_LOAD_NAME_OR_FREE; }
/* Is the aux word (COUNT) the index of a constant? */
static inline bool aux_is_constant(Opcode op)
{
    return op == OP_MAKE_FUNCTION || op == OP_IMPORT_NAME || op == OP_IMPORT_FROM;
}

#endif
