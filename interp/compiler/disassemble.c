/* disassemble.c - bytecode as text: aio --dis.
 *
 * A code object is a heading, a line for each instruction and its handler rows; the code objects
 * among its constants follow.  What an operand is, its letter in opcodes.def tells, so that a new
 * opcode needs nothing here.
 * Neighbours: instruction.c, verify.c. */
/* SPDX-License-Identifier: MIT */
#include "compiler/compiler.h"

#include "compiler/instruction.h"
#include "memory/alloc.h"
#include "object/error.h"
#include "object/number.h"
#include "object/str.h"

enum { REPR_MAX = 48 /* code points of a constant that are shown */ };

typedef struct Listing {
    Vm *vm;
    FILE *out;
    const Code *code;
    int *labels; /* per word: number of the label there, 0: none; NULL: word indexes are shown */
    CodePos pos; /* of the line before */
} Listing;

static const char *const intrinsic_names[] = {
#define INTRINSIC_ROW(name, count, meaning) #name,
#include "compiler/intrinsics.def"
};

enum { INTRINSICS = sizeof intrinsic_names / sizeof *intrinsic_names };

/* ---- values */

static void put_str(const Listing *listing, Value text)
{
    char *owned = NULL;
    const char *utf8 = is_str(text) ? str_utf8(listing->vm, text, NULL, &owned) : "?";
    if (!utf8) error_clear(listing->vm);
    fputs(utf8 ? utf8 : "?", listing->out);
    memory_free(owned);
}

static void put_repr(const Listing *listing, Value value)
{
    Vm *vm = listing->vm;
    Ref repr = value_repr(vm, value);
    bool cut = is_str(repr) && as_str(repr)->len > REPR_MAX;
    if (cut) replace(&repr, str_slice(vm, repr, 0, REPR_MAX));
    if (failed(repr)) {
        bool memory = error_is(vm, MemoryError);
        error_clear(vm);
        fputs(memory ? "<MemoryError>" : "<a value without repr>", listing->out);
        return;
    }
    put_str(listing, repr);
    if (cut) fputs("...", listing->out);
    decref(repr);
}

static void put_constant(const Listing *listing, uint32_t index)
{
    const Code *code = listing->code;
    if (index >= (uint32_t)code->constant_count) {
        fprintf(listing->out, "constant %u?", index);
    } else if (is_kind(code->constants[index], KIND_CODE)) { /* its repr holds an address */
        fputs("<code ", listing->out);
        put_str(listing, as_code(code->constants[index])->qualname);
        fputc('>', listing->out);
    } else {
        put_repr(listing, code->constants[index]);
    }
}

static void put_free(const Listing *listing, uint32_t index)
{
    if (index < (uint32_t)listing->code->free_count)
        put_str(listing, listing->code->free_names[index]);
    else fprintf(listing->out, "closure cell %u?", index);
}

static void put_register(const Listing *listing, int number)
{
    const Code *code = listing->code;
    int local = number + code->locals;
    if (number >= 0) fprintf(listing->out, "t%d", number);
    else if (local >= 0) put_str(listing, code->local_names[local]);
    else fprintf(listing->out, "local %d?", local);
}

static void put_target(const Listing *listing, int64_t word)
{
    bool inside = word >= 0 && word < listing->code->instr_count;
    if (inside && listing->labels) fprintf(listing->out, "L%d", listing->labels[word]);
    else fprintf(listing->out, "word %lld", (long long)word);
}

/* ---- instructions */

static void put_operand(const Listing *listing, const Instruction *in, int which)
{
    int value = in->operand[which], run = instruction_run(in, which);
    switch (opcode_info[in->op].operands[which]) {
    case 'w':
    case 'r':
    case 'm':
    case 's':
        if (run <= 0) {
            fputc('-', listing->out);
            break;
        }
        put_register(listing, value);
        if (run > 1) {
            fputs("..", listing->out);
            put_register(listing, value + run - 1);
        }
        break;
    case 'K':
        if (operand_is_free(in->op)) put_free(listing, (uint32_t)value);
        else put_constant(listing, (uint32_t)value);
        break;
    case 'k': put_constant(listing, (uint32_t)value); break;
    case 'J': put_target(listing, in->target); break;
    default:
        if (in->op == OP_INTRINSIC && value < INTRINSICS)
            fputs(intrinsic_names[value], listing->out);
        else fprintf(listing->out, "%d", value);
        break;
    }
}

static void put_cache(const Listing *listing, const Instruction *in)
{
    const Code *code = listing->code;
    Opcode op = opcode_info[in->op].generic;
    fprintf(listing->out, "  cache %u", in->aux);
    if (in->aux >= (uint32_t)code->cache_count || op == OP_CALL) return;
    uint32_t k = code->caches[in->aux].k;
    fputs(": ", listing->out);
    if (k < (uint32_t)code->constant_count && is_str(code->constants[k]))
        put_str(listing, code->constants[k]);
    else put_constant(listing, k);
    if (op != OP_CALL_METHOD_KW) return;
    fputs(", ", listing->out);
    put_constant(listing, k + 1);
}

static void put_aux(const Listing *listing, const Instruction *in)
{
    switch (opcode_info[in->op].aux) {
    case AUX_NONE:
    case AUX_INDEX: break;
    case AUX_JUMP:
        fputs("  to ", listing->out);
        put_target(listing, in->target);
        break;
    case AUX_CACHE: put_cache(listing, in); break;
    case AUX_BINARY:
        if (in->aux & BINARY_IN_PLACE) fputs("  in place", listing->out);
        if (in->aux & BINARY_SWAPPED) fputs("  constant first", listing->out);
        break;
    case AUX_COUNT:
        fputs("  ", listing->out);
        if (aux_is_constant(in->op)) put_constant(listing, in->aux);
        else if (aux_is_free(in->op)) put_free(listing, in->aux);
        else fprintf(listing->out, "%u", in->aux);
        break;
    }
}

/* "line:column-column", "line:column-line:column" over several lines; blank when as before. */
static void put_position(Listing *listing, CodePos pos)
{
    char text[64];
    const CodePos *last = &listing->pos;
    bool same = pos.line == last->line && pos.end_line == last->end_line && pos.col == last->col &&
                pos.end_col == last->end_col;
    listing->pos = pos;
    if (same) text[0] = 0;
    else if (pos.col < 0) snprintf(text, sizeof text, "%d", pos.line);
    else if (pos.line == pos.end_line)
        snprintf(text, sizeof text, "%d:%d-%d", pos.line, pos.col, pos.end_col);
    else snprintf(text, sizeof text, "%d:%d-%d:%d", pos.line, pos.col, pos.end_line, pos.end_col);
    fprintf(listing->out, "  %-14s", text);
}

static void put_instruction(Listing *listing, const Instruction *in, const char *problem)
{
    FILE *out = listing->out;
    char label[16] = "";
    if (listing->labels && listing->labels[in->start])
        snprintf(label, sizeof label, "L%d:", listing->labels[in->start]);
    put_position(listing, code_position(listing->code, in->start));
    fprintf(out, "%5d  %-5s ", in->start, label);
    if (problem) {
        fprintf(out, "%#010x  %s\n", listing->code->instrs[in->start], problem);
        return;
    }
    const OpcodeInfo *info = &opcode_info[in->op];
    int width = fprintf(out, "%s%s", in->wide ? "WIDE " : "", info->name);
    bool first = true;
    for (int which = 0; which < 3 && info->operands[which]; which++) {
        if (info->operands[which] == '-') continue;
        if (first) fprintf(out, "%*s", width < 20 ? 20 - width : 1, "");
        else fputs(", ", out);
        first = false;
        put_operand(listing, in, which);
    }
    put_aux(listing, in);
    fputc('\n', out);
}

/* ---- code objects */

/* Marks the words that jumps and handlers go to, then numbers them from the top. */
static void find_labels(Listing *listing)
{
    const Code *code = listing->code;
    int *labels = memory_zeroed(listing->vm, (size_t)code->instr_count * sizeof *labels);
    if (!labels) {
        error_clear(listing->vm);
        return;
    }
    Instruction in;
    for (int i = 0; i < code->instr_count; i = in.next) {
        instruction_read(code, i, &in);
        if (in.target >= 0 && in.target < code->instr_count) labels[in.target] = 1;
    }
    for (int i = 0; i < code->handler_count; i++)
        if (code->handlers[i].target < (uint32_t)code->instr_count)
            labels[code->handlers[i].target] = 1;
    int count = 0;
    for (int i = 0; i < code->instr_count; i++)
        if (labels[i]) labels[i] = ++count;
    listing->labels = labels;
}

static void put_flags(const Listing *listing)
{
    static const struct {
        unsigned flag;
        const char *name;
    } names[] = {{CODE_GENERATOR, "generator"},
                 {CODE_COROUTINE, "coroutine"},
                 {CODE_ASYNC_GENERATOR, "async generator"},
                 {CODE_NESTED, "nested"},
                 {CODE_METHOD, "method"},
                 {CODE_NAMESPACE, "namespace"},
                 {CODE_SIMPLE, "plain parameters"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (listing->code->flags & names[i].flag) fprintf(listing->out, ", %s", names[i].name);
}

static void put_locals(const Listing *listing, const char *title, int from, int to)
{
    const Code *code = listing->code;
    if (from >= to) return;
    fprintf(listing->out, "  %s", title);
    for (int i = from; i < to; i++) {
        fputs(i > from ? ", " : " ", listing->out);
        put_str(listing, code->local_names[i]);
        if (code->local_kinds && code->local_kinds[i] & LOCAL_CELL) fputs(" (cell)", listing->out);
    }
    fputc('\n', listing->out);
}

static void put_heading(const Listing *listing)
{
    const Code *code = listing->code;
    FILE *out = listing->out;
    put_str(listing, code->qualname);
    fputs("  ", out);
    put_str(listing, code->filename);
    fprintf(out, ":%d", code->first_line);
    put_flags(listing);
    fputc('\n', out);
    put_locals(listing, "parameters", 0, code->parameters);
    put_locals(listing, "locals", code->parameters, code->locals);
    for (int i = 0; i < code->free_count; i++) {
        fputs(i ? ", " : "  free ", out);
        put_str(listing, code->free_names[i]);
    }
    if (code->free_count) fputc('\n', out);
    fprintf(out, "  temporaries %d, caches %d\n", code->temps, code->cache_count);
}

static void put_handlers(const Listing *listing)
{
    const Code *code = listing->code;
    if (code->handler_count) fputs("  handlers\n", listing->out);
    for (int i = 0; i < code->handler_count; i++) {
        const HandlerRow *row = &code->handlers[i];
        fprintf(listing->out, "    words %u to %u: ", row->start, row->end);
        put_target(listing, row->target);
        fprintf(listing->out, ", temporaries kept %d, exception in ", row->keep);
        put_register(listing, row->error);
        fputc('\n', listing->out);
    }
}

void disassemble(Vm *vm, FILE *out, const Code *code)
{
    Listing listing = {.vm = vm, .out = out, .code = code, .pos = {.line = -1}};
    put_heading(&listing);
    find_labels(&listing);
    Instruction in;
    for (int i = 0; i < code->instr_count; i = in.next) {
        const char *problem = instruction_read(code, i, &in);
        put_instruction(&listing, &in, problem);
    }
    put_handlers(&listing);
    memory_free(listing.labels);
    for (int i = 0; i < code->constant_count; i++) {
        if (!is_kind(code->constants[i], KIND_CODE)) continue;
        fputc('\n', out);
        disassemble(vm, out, as_code(code->constants[i]));
    }
}
