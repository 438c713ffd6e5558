/* opcode.h - the opcode numbers and what the table knows of each. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_COMPILER_OPCODE_H
#define AIO_COMPILER_OPCODE_H

#include <stdint.h>

typedef enum Opcode {
#define OP(name, operands, aux, meaning) OP_##name,
#include "compiler/opcodes.def"
#define SPEC(name, generic, guard) OP_##name,
#include "compiler/opcodes.def"
    OPCODE_COUNT
} Opcode;

enum { BINARY_IN_PLACE = 1, BINARY_SWAPPED = 2 }; /* bits of a BINARY aux word */

typedef enum Aux { AUX_NONE, AUX_JUMP, AUX_CACHE, AUX_BINARY, AUX_COUNT, AUX_INDEX } Aux;

typedef struct OpcodeInfo {
    const char *name, *operands, *meaning;
    Aux aux;
    Opcode generic; /* of a specialised form; itself otherwise */
} OpcodeInfo;

extern const OpcodeInfo opcode_info[OPCODE_COUNT];

static inline unsigned instr_op(uint32_t i) { return i & 0xff; }
static inline int instr_a(uint32_t i) { return (int8_t)(i >> 8); }
static inline int instr_b(uint32_t i) { return (int8_t)(i >> 16); }
static inline int instr_c(uint32_t i) { return (int8_t)(i >> 24); }
static inline unsigned instr_k(uint32_t i) { return i >> 16; }       /* operand K */
static inline int instr_imm(uint32_t i) { return (int32_t)i >> 16; } /* operand I */
static inline int instr_jump(uint32_t i) { return (int32_t)i >> 8; } /* operand J */

#endif
