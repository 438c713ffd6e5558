/* dis.c - module _dis: bytecode taken apart, for modules dis and inspect.
 *
 * What an operand is, its letter in opcodes.def tells; names and constants come as values, so that
 * module dis decides how they look.  Neighbours: compiler/instruction.h, compiler/disassemble.c. */
/* SPDX-License-Identifier: MIT */
#include "compiler/instruction.h"
#include "object/error.h"
#include "object/list.h"
#include "object/native.h"
#include "object/str.h"
#include "object/tuple.h"

static Ref constant_at(const Code *code, uint32_t index)
{
    return index < (uint32_t)code->constant_count && !absent(code->constants[index])
               ? newref(code->constants[index])
               : NONE;
}

static Ref free_name(const Code *code, uint32_t index)
{
    return index < (uint32_t)code->free_count ? newref(code->free_names[index]) : NONE;
}

/* (letter, value): a register as its number or the name of a local, a constant as its value. */
static Ref pair(Vm *vm, const char *letter, Ref value)
{
    Ref kind = str_from(vm, letter), row = FAIL;
    if (!failed(kind) && !failed(value)) row = tuple_pack(vm, 2, (Value)kind, (Value)value);
    decref(kind);
    decref(value);
    return row;
}

static Ref operand_row(Vm *vm, const Code *code, const Instruction *in, int which)
{
    int value = in->operand[which];
    switch (opcode_info[in->op].operands[which]) {
    case 'w':
    case 'r':
    case 'm':
    case 's':
        if (value < 0 && value + code->locals >= 0)
            return pair(vm, "local", newref(code->local_names[value + code->locals]));
        return pair(vm, "register", from_small(value));
    case 'K':
        if (operand_is_free(in->op)) return pair(vm, "free", free_name(code, (uint32_t)value));
        return pair(vm, "const", constant_at(code, (uint32_t)value));
    case 'k': return pair(vm, "const", constant_at(code, (uint32_t)value));
    case 'J': return pair(vm, "target", from_small(code_offset((int)in->target)));
    default: return pair(vm, "number", from_small(value));
    }
}

/* UNDEF: nothing to show. */
static Ref aux_row(Vm *vm, const Code *code, const Instruction *in)
{
    Opcode generic = opcode_info[in->op].generic;
    switch (opcode_info[in->op].aux) {
    case AUX_JUMP: return pair(vm, "target", from_small(code_offset((int)in->target)));
    case AUX_CACHE:
        if (in->aux >= (uint32_t)code->cache_count || generic == OP_CALL) return UNDEF;
        return pair(vm, "name", constant_at(code, code->caches[in->aux].k));
    case AUX_COUNT:
        if (aux_is_constant(in->op)) return pair(vm, "const", constant_at(code, in->aux));
        if (aux_is_free(in->op)) return pair(vm, "free", free_name(code, in->aux));
        return pair(vm, "number", from_small(in->aux));
    default: return UNDEF;
    }
}

static Ref operands_of(Vm *vm, const Code *code, const Instruction *in)
{
    Ref list = list_new(vm, 4);
    for (int which = 0; !failed(list) && which < 4; which++) {
        char letter = which < 3 ? opcode_info[in->op].operands[which] : 'x';
        if (!letter) which = 3;
        else if (letter == '-') continue;
        Ref row = which < 3 ? operand_row(vm, code, in, which) : aux_row(vm, code, in);
        if (absent(row)) continue;
        if (failed(row) || !list_push(vm, as_list(list), row)) replace(&list, FAIL);
    }
    return list;
}

static Ref instruction_row(Vm *vm, const Code *code, const Instruction *in)
{
    const OpcodeInfo *info = &opcode_info[in->op];
    Ref name = str_from(vm, info->name), generic = UNDEF, operands = UNDEF, row = FAIL;
    if (!failed(name)) generic = str_from(vm, opcode_info[info->generic].name);
    if (!failed(name) && !failed(generic)) operands = operands_of(vm, code, in);
    if (!failed(name) && !failed(generic) && !failed(operands))
        row = tuple_pack(vm, 7, (Value)from_small(code_offset(in->start)),
                         (Value)from_small(code_offset(in->next)), (Value)from_small(in->op),
                         (Value)name, (Value)generic, (Value)operands,
                         in->target < 0 ? (Value)NONE
                                        : (Value)from_small(code_offset((int)in->target)));
    decref(name);
    decref(generic);
    decref(operands);
    return row;
}

static bool check_code(Vm *vm, Value value)
{
    if (is_kind(value, KIND_CODE)) return true;
    throw(vm, TypeError, "a code object is required, not %T", value);
    return false;
}

NATIVE(dis_instructions, "instructions(code, /)",
       "Return a list of (offset, offset of the next one, opcode, name, name of the generic form, "
       "operands, target of a jump or None); operands are (what it is, value).")
{
    if (!check_code(vm, argv[0])) return FAIL;
    const Code *code = as_code(argv[0]);
    Ref list = list_new(vm, code->instr_count);
    Instruction in;
    for (int i = 0; !failed(list) && i < code->instr_count; i = in.next) {
        if (instruction_read(code, i, &in)) continue;
        Ref row = instruction_row(vm, code, &in);
        if (failed(row) || !list_push(vm, as_list(list), row)) replace(&list, FAIL);
    }
    return list;
}

NATIVE(dis_handlers, "handlers(code, /)",
       "Return a list of (start, end, target, temporaries kept) of the exception table.")
{
    if (!check_code(vm, argv[0])) return FAIL;
    const Code *code = as_code(argv[0]);
    Ref list = list_new(vm, code->handler_count);
    for (int i = 0; !failed(list) && i < code->handler_count; i++) {
        const HandlerRow *at = &code->handlers[i];
        Ref row = tuple_pack(vm, 4, (Value)from_small(code_offset((int)at->start)),
                             (Value)from_small(code_offset((int)at->end)),
                             (Value)from_small(code_offset((int)at->target)),
                             (Value)from_small(at->keep));
        if (failed(row) || !list_push(vm, as_list(list), row)) replace(&list, FAIL);
    }
    return list;
}

/* The name an instruction looks up in globals (*global) or as an attribute; UNDEF: none. */
static Value name_used(const Code *code, const Instruction *in, bool *global)
{
    uint32_t k;
    switch ((int)opcode_info[in->op].generic) {
    case OP_LOAD_GLOBAL:
        *global = true;
        k = code->caches[in->aux].k;
        break;
    case OP_LOAD_NAME:
    case OP_LOAD_NAME_OR_GLOBAL:
        *global = true;
        k = (uint32_t)in->operand[1];
        break;
    case OP_GET_ATTR:
    case OP_SET_ATTR:
    case OP_CALL_METHOD:
    case OP_CALL_METHOD_KW:
    case OP_CALL_SUPER:
        *global = false;
        k = code->caches[in->aux].k;
        break;
    default: return UNDEF;
    }
    return k < (uint32_t)code->constant_count ? (Value)code->constants[k] : (Value)UNDEF;
}

NATIVE(dis_names_used, "names_used(code, /)",
       "Return (names looked up in globals and builtins, names of attributes), lists in order.")
{
    if (!check_code(vm, argv[0])) return FAIL;
    const Code *code = as_code(argv[0]);
    Ref globals = list_new(vm, 8), attributes = failed(globals) ? FAIL : list_new(vm, 8);
    Ref out = FAIL;
    Instruction in;
    bool good = !failed(attributes), global = false;
    for (int i = 0; good && i < code->instr_count; i = in.next) {
        if (instruction_read(code, i, &in)) continue;
        Value name = name_used(code, &in, &global);
        if (!is_str(name)) continue;
        good = list_push(vm, as_list(global ? globals : attributes), newref(name));
    }
    if (good) out = tuple_pack(vm, 2, (Value)globals, (Value)attributes);
    decref(globals);
    decref(attributes);
    return out;
}

NATIVE(dis_opcodes, "opcodes()",
       "Return a list of (name, operands, meaning, name of the generic form), by opcode.")
{
    (void)argv;
    Ref list = list_new(vm, OPCODE_COUNT);
    for (int op = 0; !failed(list) && op < OPCODE_COUNT; op++) {
        const OpcodeInfo *info = &opcode_info[op];
        Ref row = list_new(vm, 4);
        const char *texts[] = {info->name, info->operands, info->meaning,
                               opcode_info[info->generic].name};
        for (int i = 0; !failed(row) && i < 4; i++) {
            Ref text = str_from(vm, texts[i]);
            if (failed(text) || !list_push(vm, as_list(row), text)) replace(&row, FAIL);
        }
        if (failed(row) || !list_push(vm, as_list(list), row)) replace(&list, FAIL);
    }
    return list;
}

static const Native *const dis_functions[] = {&dis_instructions_def, &dis_handlers_def,
                                              &dis_names_used_def, &dis_opcodes_def, NULL};
const ModuleDef _dis_module = {
    .name = "_dis",
    .doc = "Bytecode taken apart.",
    .functions = dis_functions,
};
