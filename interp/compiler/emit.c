/* emit.c - the code object being made: instructions, jumps, positions, caches, handler rows.
 *
 * The body is emitted first; what a function does on entry (cells, unbound locals) is only known
 * then, so unit_close puts it in front, which moves nothing but the handler rows, since jumps are
 * relative. Buffers live in the compiler's arena and are passed on from finished units to new ones.
 * Neighbours: emit.h (the invariants), constant.c, compile.c. */
/* SPDX-License-Identifier: MIT */
#include "compiler/emit.h"

#include "compiler/verify.h"
#include "memory/alloc.h"
#include "object/error.h"
#include "object/str.h"

void *unit_grow(Compiler *c, void *items, int count, int *capacity, size_t size)
{
    if (count < *capacity) return items;
    int wanted = *capacity ? *capacity * 2 : 16;
    char *grown = arena_alloc(c->arena, (size_t)wanted * size);
    if (count) memcpy(grown, items, (size_t)count * size);
    *capacity = wanted;
    return grown;
}

/* ---- instructions */

static CodePos code_pos(Pos pos)
{
    int col = pos.col > INT16_MAX ? -1 : pos.col,
        end_col = pos.end_col > INT16_MAX ? -1 : pos.end_col;
    return (CodePos){pos.line, pos.end_line, (int16_t)col, (int16_t)end_col};
}

static void unit_word(Compiler *c, uint32_t word)
{
    Unit *unit = c->unit;
    if (unit->count == unit->capacity) {
        int capacity = unit->capacity;
        unit->words = unit_grow(c, unit->words, unit->count, &capacity, sizeof *unit->words);
        unit->positions =
            unit_grow(c, unit->positions, unit->count, &unit->capacity, sizeof *unit->positions);
    }
    unit->words[unit->count] = word;
    unit->positions[unit->count++] = code_pos(c->pos);
}

void emit_position(Compiler *c, int back, Pos pos)
{
    Unit *unit = c->unit;
    if (!unit->state.unreachable) unit->positions[unit->count + back] = code_pos(pos);
}

static bool fits(char letter, int value)
{
    switch (letter) {
    case 'n':
    case 'k': return value >= 0 && value <= 255;
    case '-': return true;
    default: return value >= -128 && value <= 127;
    }
}

static void emit_number(Compiler *c, Opcode op, int a, int value, bool fits_16)
{
    if (fits_16 && fits(opcode_info[op].operands[0], a)) {
        unit_word(c, op | (uint32_t)(a & 0xff) << 8 | (uint32_t)(value & 0xffff) << 16);
        return;
    }
    uint32_t v = (uint32_t)value;
    unit_word(c, OP_WIDE | (uint32_t)(a >> 8 & 0xff) << 8 | (v >> 8 & 0xff) << 16 |
                     (v >> 24 & 0xff) << 24);
    unit_word(c, op | (uint32_t)(a & 0xff) << 8 | (v & 0xff) << 16 | (v >> 16 & 0xff) << 24);
}

static void emit_instruction(Compiler *c, Opcode op, int a, int b, int third)
{
    const char *operands = opcode_info[op].operands;
    if (operands[1] == 'K') {
        emit_number(c, op, a, b, b <= 0xffff);
        return;
    }
    if (operands[1] == 'I') {
        emit_number(c, op, a, b, b >= INT16_MIN && b <= INT16_MAX);
        return;
    }
    if (!fits(operands[0], a) || !fits(operands[1], b) || !fits(operands[2], third))
        unit_word(c, OP_WIDE | (uint32_t)(a >> 8 & 0xff) << 8 | (uint32_t)(b >> 8 & 0xff) << 16 |
                         (uint32_t)(third >> 8 & 0xff) << 24);
    unit_word(c, op | (uint32_t)(a & 0xff) << 8 | (uint32_t)(b & 0xff) << 16 |
                     (uint32_t)(third & 0xff) << 24);
}

static bool ends_path(Opcode op)
{
    return op == OP_RETURN || op == OP_RETURN_CONST || op == OP_RAISE || op == OP_RAISE_FROM ||
           op == OP_RAISE_AGAIN || op == OP_RERAISE;
}

void emit(Compiler *c, Opcode op, int a, int b, int third)
{
    if (c->unit->state.unreachable) return;
    emit_instruction(c, op, a, b, third);
    if (ends_path(op)) state_unreachable(&c->unit->state);
}

void emit_aux(Compiler *c, Opcode op, int a, int b, int third, uint32_t aux)
{
    if (c->unit->state.unreachable) return;
    emit(c, op, a, b, third);
    unit_word(c, aux);
}

void emit_item(Compiler *c, Opcode op, int a, int b, int third, int k)
{
    Value key = c->unit->constants[k];
    bool small = is_int(key) && as_int(key) == (int32_t)as_int(key);
    emit_aux(c, op, a, b, third, small ? (uint32_t)(int32_t)as_int(key) : 0);
}

void emit_cached(Compiler *c, Opcode op, int a, int b, int third, int k)
{
    Unit *unit = c->unit;
    if (unit->state.unreachable) return;
    unit->caches =
        unit_grow(c, unit->caches, unit->cache_count, &unit->cache_capacity, sizeof *unit->caches);
    unit->caches[unit->cache_count] = (uint32_t)k;
    emit_aux(c, op, a, b, third, (uint32_t)unit->cache_count++);
}

static void add_fixup(Compiler *c, Label label, int at)
{
    Unit *unit = c->unit;
    unit->fixups =
        unit_grow(c, unit->fixups, unit->fixup_count, &unit->fixup_capacity, sizeof *unit->fixups);
    unit->fixups[unit->fixup_count++] = (Fixup){label, at};
}

void emit_jump(Compiler *c, Opcode op, int a, int b, int third, Label target)
{
    if (c->unit->state.unreachable) return;
    emit(c, op, a, b, third);
    add_fixup(c, target, c->unit->count);
    unit_word(c, 0);
}

static void emit_plain_jump(Compiler *c, Opcode op, Label target, Pos pos)
{
    Unit *unit = c->unit;
    if (!unit->state.unreachable) {
        add_fixup(c, target, unit->count);
        unit_word(c, op);
        emit_position(c, -1, pos);
    }
    state_unreachable(&unit->state);
}

void emit_goto(Compiler *c, Label target)
{
    emit_plain_jump(c, OP_JUMP, target, unwritten(c->pos));
}
void emit_back(Compiler *c, Label target)
{
    emit_plain_jump(c, OP_JUMP_BACK, target, unwritten(c->pos));
}
void emit_leave(Compiler *c, Opcode op, Label target) { emit_plain_jump(c, op, target, c->pos); }

Label label_new(Compiler *c)
{
    Unit *unit = c->unit;
    unit->labels =
        unit_grow(c, unit->labels, unit->label_count, &unit->label_capacity, sizeof *unit->labels);
    unit->labels[unit->label_count] = -1;
    return unit->label_count++;
}

void label_place(Compiler *c, Label label) { c->unit->labels[label] = c->unit->count; }

void label_join(Compiler *c, Label label, const State *at_jumps)
{
    label_place(c, label);
    state_merge(&c->unit->state, at_jumps);
}

/* ---- blocks */

void block_push(Compiler *c, Block *block, BlockKind kind)
{
    *block = (Block){.kind = kind, .outer = c->unit->block, .open = -1, .pos = c->pos};
    state_unreachable(&block->break_state);
    c->unit->block = block;
}

void block_protect(Compiler *c, Block *block, Label handler, int keep)
{
    block->protects = true;
    block->handler = handler;
    block->keep = keep;
    block->open = c->unit->count;
    if (keep + 1 > c->unit->most) c->unit->most = keep + 1;
}

void block_suspend(Compiler *c, Block *block)
{
    if (!block->protects || block->open < 0) return;
    if (c->unit->count > block->open) {
        Segment *segment = arena_alloc(c->arena, sizeof *segment);
        *segment = (Segment){block->open, c->unit->count, NULL};
        if (block->last) block->last->next = segment;
        else block->first = segment;
        block->last = segment;
    }
    block->open = -1;
}

void block_resume(Compiler *c, Block *block)
{
    if (block->protects) block->open = c->unit->count;
}

void block_pop(Compiler *c, Block *block)
{
    Unit *unit = c->unit;
    block_suspend(c, block);
    unit->block = block->outer;
    for (Segment *s = block->first; s; s = s->next) {
        unit->handlers = unit_grow(c, unit->handlers, unit->handler_count, &unit->handler_capacity,
                                   sizeof *unit->handlers);
        unit->handlers[unit->handler_count++] =
            (HandlerRow){(uint32_t)s->start, (uint32_t)s->end, (uint32_t)block->handler,
                         (int16_t)block->keep, (int16_t)block->keep};
    }
}

/* ---- the beginning and the end of a unit */

/* "outer.<locals>.name", "Class.name" or just the name. */
static Ref qualname_of(Compiler *c, Scope *scope, Value name)
{
    Scope *parent = scope->parent;
    Unit *outer = c->unit;
    if (!outer || !parent) return newref(name);
    if (parent->kind ==
        SCOPE_TYPE_PARAMS) { /* does not show: the name stands where the generic thing stands */
        parent = parent->parent;
        if (scope->kind != SCOPE_TYPE_PARAMS && outer->outer) outer = outer->outer;
    }
    if (scope->name && parent->kind != SCOPE_TYPE_PARAMS &&
        (scope->kind == SCOPE_FUNCTION || scope->kind == SCOPE_CLASS)) {
        Ident *mangled = ident_mangle(&c->idents, scope->name, parent->class_name);
        Symbol *symbol = scope_find(parent, mangled);
        if (symbol && symbol->where == WHERE_EXPLICIT) return newref(name);
    }
    if (parent->unit->kind == SCOPE_MODULE) return newref(name);
    bool in_class = parent->unit->kind == SCOPE_CLASS;
    return format_text(c->vm, in_class ? "%S.%S" : "%S.<locals>.%S", (Value)outer->qualname, name);
}

static Unit *unit_spare(Compiler *c)
{
    Unit *unit = c->spare;
    if (unit) {
        c->spare = unit->outer;
        Unit kept = *unit;
        memset(kept.constant_table, 0, (size_t)kept.table_capacity * sizeof *kept.constant_table);
        *unit = (Unit){
            .words = kept.words,
            .positions = kept.positions,
            .capacity = kept.capacity,
            .labels = kept.labels,
            .label_capacity = kept.label_capacity,
            .fixups = kept.fixups,
            .fixup_capacity = kept.fixup_capacity,
            .caches = kept.caches,
            .cache_capacity = kept.cache_capacity,
            .constants = kept.constants,
            .constant_capacity = kept.constant_capacity,
            .constant_table = kept.constant_table,
            .table_capacity = kept.table_capacity,
            .handlers = kept.handlers,
            .handler_capacity = kept.handler_capacity,
            .attributes = kept.attributes,
            .attribute_capacity = kept.attribute_capacity,
        };
        return unit;
    }
    unit = arena_alloc(c->arena, sizeof *unit);
    unit->table_capacity = 32;
    unit->constant_table = arena_alloc(c->arena, 32 * sizeof *unit->constant_table);
    return unit;
}

void unit_open(Compiler *c, Scope *scope, Value name, int first_line)
{
    Unit *unit = unit_spare(c);
    unit->name = newref(name);
    unit->qualname = qualname_of(c, scope, name);
    if (failed(unit->qualname)) compile_raised(c);
    unit->outer = c->unit;
    unit->outer_scope = c->scope;
    unit->outer_pos = c->pos;
    unit->scope = scope;
    unit->first_line = first_line;
    unit->unbound = arena_alloc(c->arena, (size_t)scope->local_count + 1);
    if (scope->nested) unit->flags |= CODE_NESTED;
    if (scope_is_function(scope)) unit->flags |= CODE_OPTIMIZED | CODE_NEWLOCALS;
    c->unit = unit;
    c->scope = scope;
    for (int i = 0; i < scope->local_count; i++)
        if (scope->locals[i].kinds & LOCAL_PARAMETER) state_bind(&unit->state, i);
}

static void emit_entry_cells(Compiler *c, Unit *unit)
{
    Scope *scope = unit->scope;
    for (int i = 0; i < scope->local_count; i++) {
        int kinds = scope->locals[i].kinds;
        if (!(kinds & LOCAL_CELL)) continue;
        if (kinds & LOCAL_PARAMETER) emit(c, OP_MAKE_CELL, i - scope->local_count, 0, 0);
        else if (!(kinds & LOCAL_HIDDEN) || scope->locals[i].symbol->scope == scope)
            emit(c, OP_NEW_CELL, i - scope->local_count, 0, 0);
    }
}

/* UNBIND for each run of locals that may be read before they are bound. */
static void emit_entry_unbind(Compiler *c, Unit *unit)
{
    Scope *scope = unit->scope;
    for (int i = 0; i < scope->local_count; i++) {
        int start = i;
        for (; i < scope->local_count; i++) {
            int kinds = scope->locals[i].kinds;
            if ((kinds & (LOCAL_PARAMETER | LOCAL_CELL)) || !(unit->unbound[i] || scope->looks))
                break;
        }
        if (i > start) emit(c, OP_UNBIND, start - scope->local_count, i - start, 0);
    }
}

/* Moves what has just been emitted from `body` on (the entry) in front of the body. */
static int move_entry_first(Compiler *c, Unit *unit, int body)
{
    int entry = unit->count - body;
    if (!entry) return 0;
    uint32_t *words = arena_alloc(c->arena, (size_t)entry * sizeof *words);
    memcpy(words, unit->words + body, (size_t)entry * sizeof *words);
    memmove(unit->words + entry, unit->words, (size_t)body * sizeof *words);
    memcpy(unit->words, words, (size_t)entry * sizeof *words);
    memmove(unit->positions + entry, unit->positions, (size_t)body * sizeof *unit->positions);
    for (int i = 0; i < entry; i++)
        unit->positions[i] = (CodePos){unit->first_line, unit->first_line, -1, -1};
    return entry;
}

static void fill_in_jumps(Unit *unit)
{
    for (int i = 0; i < unit->fixup_count; i++) {
        int at = unit->fixups[i].at, distance = unit->labels[unit->fixups[i].label] - (at + 1);
        uint32_t word = unit->words[at];
        unit->words[at] = word /* JUMP or JUMP_BACK */ ? (word & 0xff) | (uint32_t)distance << 8
                                                       : (uint32_t)distance;
    }
}

static bool copy_array(Compiler *c, void *slot, const void *items, int count, size_t size)
{
    if (!count) return true;
    void *copy = memory_new(c->vm, (size_t)count * size);
    if (!copy) return false;
    memcpy(copy, items, (size_t)count * size);
    memcpy(slot, &copy, sizeof copy);
    return true;
}

static bool copy_idents(Compiler *c, Ref **slot, Ident *(*at)(const Unit *, int), const Unit *unit,
                        int count, int *filled)
{
    if (!count) return true;
    *slot = memory_zeroed(c->vm, (size_t)count * sizeof **slot);
    if (!*slot) return false;
    *filled = count;
    for (int i = 0; i < count; i++) {
        Value name = ident_str(&c->idents, at(unit, i));
        if (failed(name)) return false;
        (*slot)[i] = newref(name);
    }
    return true;
}

static Ident *local_ident(const Unit *unit, int i) { return unit->scope->locals[i].name; }
static Ident *free_ident(const Unit *unit, int i) { return unit->scope->frees[i]->name; }
static Ident *attribute_ident(const Unit *unit, int i) { return unit->attributes[i]; }

static bool copy_caches(Compiler *c, Code *code, const Unit *unit)
{
    if (!unit->cache_count) return true;
    code->caches = memory_zeroed(c->vm, (size_t)unit->cache_count * sizeof *code->caches);
    if (!code->caches) return false;
    for (int i = 0; i < unit->cache_count; i++) code->caches[i].k = unit->caches[i];
    code->cache_count = unit->cache_count;
    return true;
}

static bool copy_captures(Compiler *c, Code *code, const Unit *unit)
{
    Scope *scope = unit->scope;
    if (!scope->free_count) return true;
    code->captures = memory_zeroed(c->vm, (size_t)scope->free_count * sizeof *code->captures);
    if (!code->captures) return false;
    Scope *around = unit->outer->scope;
    for (int i = 0; i < scope->free_count; i++) {
        Symbol *owner = scope->frees[i];
        if (owner->scope->unit == around) {
            code->captures[i] = (Capture){true, (int16_t)owner->index};
            continue;
        }
        int index = 0;
        while (around->frees[index] != owner) index++;
        code->captures[i] = (Capture){false, (int16_t)index};
    }
    return true;
}

static bool copy_kinds(Compiler *c, Code *code, const Scope *scope)
{
    if (!scope->local_count) return true;
    code->local_kinds = memory_zeroed(c->vm, (size_t)scope->local_count);
    if (!code->local_kinds) return false;
    for (int i = 0; i < scope->local_count; i++) {
        code->local_kinds[i] = scope->locals[i].kinds;
        if (scope->locals[i].kinds & LOCAL_PARAMETER) code->parameters = i + 1;
    }
    return true;
}

static bool copy_constants(Compiler *c, Code *code, Unit *unit)
{
    if (!copy_array(c, &code->constants, unit->constants, unit->constant_count, sizeof(Ref)))
        return false;
    code->constant_count = unit->constant_count;
    unit->constant_count = 0; /* moved */
    return true;
}

static bool code_fill(Compiler *c, Code *code, Unit *unit)
{
    Scope *scope = unit->scope;
    code->instr_count = unit->count;
    code->handler_count = 0;
    code->temps = unit->most;
    code->arg_count = unit->arg_count;
    code->positional_only = unit->positional_only;
    code->keyword_only = unit->keyword_only;
    code->flags = unit->flags;
    code->plain_args = unit->flags & CODE_SIMPLE ? unit->arg_count : -1;
    code->first_line = unit->first_line;
    replace(&code->name, newref(unit->name));
    replace(&code->qualname, newref(unit->qualname));
    replace(&code->filename, newref(c->filename));
    if (!copy_array(c, &code->instrs, unit->words, unit->count, sizeof *unit->words) ||
        !copy_array(c, &code->positions, unit->positions, unit->count, sizeof *unit->positions) ||
        !copy_array(c, &code->handlers, unit->handlers, unit->handler_count,
                    sizeof *unit->handlers))
        return false;
    code->handler_count = unit->handler_count;
    return copy_constants(c, code, unit) && copy_caches(c, code, unit) &&
           copy_captures(c, code, unit) && copy_kinds(c, code, scope) &&
           copy_idents(c, &code->local_names, local_ident, unit, scope->local_count,
                       &code->locals) &&
           copy_idents(c, &code->free_names, free_ident, unit, scope->free_count,
                       &code->free_count) &&
           (scope->kind == SCOPE_CLASS ||
            copy_idents(c, &code->attribute_names, attribute_ident, unit, unit->attribute_count,
                        &code->attribute_count));
}

static void unit_release(Unit *unit)
{
    for (int i = 0; i < unit->constant_count; i++) decref(unit->constants[i]);
    unit->constant_count = 0;
    clear(&unit->name);
    clear(&unit->qualname);
}

static Ref unit_finish(Compiler *c, Unit *unit)
{
    fill_in_jumps(unit);
    int body = unit->count;
    unit->state.unreachable = false;
    emit_entry_cells(c, unit);
    emit_entry_unbind(c, unit);
    int entry = move_entry_first(c, unit, body);
    for (int i = 0; i < unit->handler_count; i++) {
        HandlerRow *row = &unit->handlers[i];
        row->start += (uint32_t)entry;
        row->end += (uint32_t)entry;
        row->target = (uint32_t)(unit->labels[row->target] + entry);
    }
    Code *code = code_new(c->vm);
    if (!code) return FAIL;
    if (!code_fill(c, code, unit)) {
        decref_object(code);
        return FAIL;
    }
    verify_code(code);
    return from_object(code);
}

Ref unit_close(Compiler *c)
{
    Unit *unit = c->unit;
    if (unit->most > INT16_MAX || unit->scope->local_count > INT16_MAX)
        compile_error(c, c->pos, "too many local variables or nested values");
    Ref code = c->failed ? FAIL : unit_finish(c, unit);
    if (failed(code)) compile_raised(c);
    unit_release(unit);
    c->unit = unit->outer;
    c->scope = unit->outer_scope;
    c->pos = unit->outer_pos;
    unit->outer = c->spare;
    c->spare = unit;
    return code;
}

void units_free(Compiler *c)
{
    while (c->unit) {
        Unit *unit = c->unit;
        unit_release(unit);
        c->unit = unit->outer;
    }
}
