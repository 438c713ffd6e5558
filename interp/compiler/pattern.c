/* pattern.c - match statements.
 *
 * The subject lies in a hidden local, one for each level of nesting; parts of it lie in
 * temporaries.  A pattern consumes the temporary it is given.  What it captures waits in
 * temporaries of its own (slots) until the whole pattern has matched, then the names are bound in
 * order.  A failing test jumps to the label of the number of temporaries it leaves behind; these
 * labels stand in a row, each dropping one temporary, and end where the next case begins.
 * Neighbours: vm/match.c (what MATCH_KEYS and MATCH_CLASS do), symbols.c (counts the hidden
 * locals). */
/* SPDX-License-Identifier: MIT */
#include "compiler/pattern.h"

#include "compiler/assign.h"
#include "compiler/constant.h"
#include "compiler/statement.h"
#include "object/number.h"
#include "object/set.h"
#include "object/str.h"
#include "object/tuple.h"

typedef struct PatternName { /* a name that the pattern binds */
    Ident *name;
    bool bound; /* met on the path being compiled */
} PatternName;

typedef struct Failure { /* where failing tests go */
    int base;            /* depth at which the last label stands */
    Label *labels;       /* by depth - base */
    int count, capacity;
} Failure;

typedef struct Matching { /* one case */
    PatternName *names;   /* slot of names[i]: first_slot + i */
    int count, capacity, first_slot;
    Failure *failure;
    bool may_always_match; /* an irrefutable pattern is allowed here */
} Matching;

static void compile_pattern(Compiler *c, Matching *m, Node *node, int subject);

/* ---- failing */

static Label failure_label(Compiler *c, Matching *m)
{
    Failure *failure = m->failure;
    int index = c->unit->depth - failure->base;
    while (failure->count <= index) {
        failure->labels = unit_grow(c, failure->labels, failure->count, &failure->capacity,
                                    sizeof *failure->labels);
        failure->labels[failure->count++] = label_new(c);
    }
    return failure->labels[index];
}

/* Places the labels; control goes on behind with what was known before the pattern. */
static void failure_place(Compiler *c, const Failure *failure, const State *before)
{
    if (!failure->count) return;
    c->unit->state = *before;
    for (int i = failure->count - 1; i > 0; i--) {
        label_place(c, failure->labels[i]);
        emit(c, OP_CLEAR, failure->base + i - 1, 0, 0);
    }
    label_place(c, failure->labels[0]);
}

/* ---- names */

typedef struct Collecting {
    Compiler *c;
    Matching *m;
} Collecting;

static void collect_name(Compiler *c, Matching *m, Name name)
{
    if (!name) return;
    Ident *ident = scope_ident(c, c->scope, name);
    for (int i = 0; i < m->count; i++)
        if (m->names[i].name == ident) return;
    m->names = unit_grow(c, m->names, m->count, &m->capacity, sizeof *m->names);
    m->names[m->count++] = (PatternName){ident, false};
}

static void collect_names(Node *node, void *context)
{
    Collecting *collecting = context;
    Compiler *c = collecting->c;
    if (compile_too_deep(c)) return;
    node_children(node, collect_names, context);
    if (node->kind == NODE_MatchAs) collect_name(c, collecting->m, as_MatchAs(node)->name);
    if (node->kind == NODE_MatchStar) collect_name(c, collecting->m, as_MatchStar(node)->name);
    if (node->kind == NODE_MatchMapping)
        collect_name(c, collecting->m, as_MatchMapping(node)->rest);
}

/* The slot of a name that is met now. */
static int capture_slot(Compiler *c, Matching *m, Name name, Pos pos)
{
    Ident *ident = scope_ident(c, c->scope, name);
    int i = 0;
    while (m->names[i].name != ident) i++;
    if (m->names[i].bound)
        compile_error(c, pos, "multiple assignments to name '%s' in pattern", ident->text);
    m->names[i].bound = true;
    return m->first_slot + i;
}

static void bind_names(Compiler *c, const Matching *m)
{
    for (int i = 0; i < m->count; i++) variable_store(c, m->names[i].name, m->first_slot + i);
}

/* ---- subjects */

/* A register with the subject that an instruction may read, the subject staying where it is. */
static int peek(Compiler *c, int subject)
{
    if (subject < 0) return subject;
    int copy = temp_push(c);
    emit(c, OP_COPY, copy, subject, 0);
    return copy;
}

static void drop_subject(Compiler *c, int subject)
{
    if (subject >= 0) emit(c, OP_CLEAR, subject, 0, 0);
}

/* Fails unless op, a test that answers in a temporary, says yes. */
static void require(Compiler *c, Matching *m, Opcode op, int subject)
{
    int mark = c->unit->depth, answer = peek(c, subject);
    int to = answer < 0 ? temp_push(c) : answer;
    emit(c, op, to, answer, 0);
    c->unit->depth = mark;
    emit_jump(c, OP_JUMP_IF, to, 0, 0, failure_label(c, m));
}

/* Fails unless len(subject) compares so with size: test is JUMP_EQ_K or JUMP_GE_K. */
static void require_len(Compiler *c, Matching *m, Opcode test, int subject, ptrdiff_t size)
{
    int mark = c->unit->depth, len = peek(c, subject);
    int to = len < 0 ? temp_push(c) : len;
    emit(c, OP_LEN, to, len, 0);
    c->unit->depth = mark;
    emit_jump(c, test, to, constant_add(c, from_small(size)), 0, failure_label(c, m));
}

/* Fails when register parts holds None. */
static void require_parts(Compiler *c, Matching *m, int parts)
{
    int copy = temp_push(c);
    emit(c, OP_COPY, copy, parts, 0);
    c->unit->depth = copy;
    emit_jump(c, OP_JUMP_NONE, copy, 0, 1, failure_label(c, m));
}

/* ---- values */

static void compile_value(Compiler *c, Matching *m, NodeMatchValue *node, int subject)
{
    Ref constant = constant_value(c, node->value);
    if (failed(constant)) {
        compile_raised(c);
        return;
    }
    int mark = c->unit->depth;
    if (!absent(constant)) {
        emit_jump(c, OP_JUMP_EQ_K, subject, constant_add(c, constant), 0, failure_label(c, m));
        return;
    }
    int value = compile_operand(c, node->value, false);
    c->unit->depth = mark;
    c->pos = node->head.pos;
    emit_jump(c, OP_JUMP_EQ, subject, value, 0, failure_label(c, m));
}

static void compile_singleton(Compiler *c, Matching *m, NodeMatchSingleton *node, int subject)
{
    if (node->value.kind == LITERAL_NONE) {
        emit_jump(c, OP_JUMP_NONE, subject, 0, 0, failure_label(c, m));
        return;
    }
    int mark = c->unit->depth, value = constant_load(c, literal_value(c, &node->value), ANYWHERE);
    c->unit->depth = mark;
    emit_jump(c, OP_JUMP_IS, subject, value, 0, failure_label(c, m));
}

/* ---- names and alternatives */

static void compile_as(Compiler *c, Matching *m, NodeMatchAs *node, int subject)
{
    if (node->pattern) {
        int slot = capture_slot(c, m, node->name, node->head.pos);
        emit(c, OP_COPY, slot, subject, 0);
        compile_pattern(c, m, node->pattern, subject);
        return;
    }
    if (!m->may_always_match) {
        if (node->name)
            compile_error(c, node->head.pos,
                          "name capture '%s' makes remaining patterns unreachable", node->name);
        else compile_error(c, node->head.pos, "wildcard makes remaining patterns unreachable");
        return;
    }
    if (node->name) emit(c, OP_MOVE, capture_slot(c, m, node->name, node->head.pos), subject, 0);
    else drop_subject(c, subject);
}

static void remember_bound(const Matching *m, bool *bound)
{
    for (int i = 0; i < m->count; i++) bound[i] = m->names[i].bound;
}

static void set_bound(Matching *m, const bool *bound)
{
    for (int i = 0; i < m->count; i++) m->names[i].bound = bound[i];
}

static void check_same_names(Compiler *c, const Matching *m, const bool *bound, Pos pos)
{
    for (int i = 0; i < m->count; i++)
        if (m->names[i].bound != bound[i])
            compile_error(c, pos, "alternative patterns bind different names");
}

static void compile_or(Compiler *c, Matching *m, NodeMatchOr *node, int subject)
{
    bool *before = arena_alloc(c->arena, (size_t)m->count + 1);
    bool *first = arena_alloc(c->arena, (size_t)m->count + 1);
    bool may_always_match = m->may_always_match;
    Failure *outer = m->failure;
    Label matched = label_new(c);
    State entry = c->unit->state;
    int mark = c->unit->depth;
    remember_bound(m, before);
    for (ptrdiff_t i = 0; i < node->patterns.len && !c->failed; i++) {
        bool last = i == node->patterns.len - 1;
        Failure failure = {.base = mark};
        set_bound(m, before);
        m->failure = last ? outer : &failure;
        m->may_always_match = last && may_always_match;
        compile_pattern(c, m, node->patterns.items[i], last ? subject : peek(c, subject));
        m->failure = outer;
        c->unit->depth = mark;
        if (i == 0) remember_bound(m, first);
        else check_same_names(c, m, first, node->head.pos);
        if (last) break;
        drop_subject(c, subject);
        emit_goto(c, matched);
        failure_place(c, &failure, &entry);
    }
    m->may_always_match = may_always_match;
    c->unit->state = entry;
    label_place(c, matched);
}

/* ---- sequences */

static bool is_wildcard(const Node *node)
{
    if (node->kind == NODE_MatchStar) return !((const NodeMatchStar *)node)->name;
    return node->kind == NODE_MatchAs && !((const NodeMatchAs *)node)->pattern &&
           !((const NodeMatchAs *)node)->name;
}

/* Each pattern gets one of the temporaries from first on. */
static void compile_parts(Compiler *c, Matching *m, Nodes patterns, int first)
{
    for (ptrdiff_t i = 0; i < patterns.len && !c->failed; i++)
        compile_pattern(c, m, patterns.items[i], first + (int)i);
}

/* With a wildcard star, items are fetched one by one; those behind the star from the end. */
static void compile_items_by_index(Compiler *c, Matching *m, Nodes patterns, ptrdiff_t star,
                                   int subject)
{
    for (ptrdiff_t i = 0; i < patterns.len && !c->failed; i++) {
        if (is_wildcard(patterns.items[i])) continue;
        int mark = c->unit->depth, item = temp_push(c), index = temp_push(c);
        if (i < star) {
            constant_load(c, from_small(i), index);
        } else {
            int whole = peek(c, subject);
            emit(c, OP_LEN, index, whole, 0);
            emit_aux(c, OP_SUB_K, index, index, constant_add(c, from_small(patterns.len - i)), 0);
        }
        emit_aux(c, OP_GET_ITEM, item, peek(c, subject), index, 0);
        c->unit->depth = item + 1;
        compile_pattern(c, m, patterns.items[i], item);
        c->unit->depth = mark;
    }
    drop_subject(c, subject);
}

static ptrdiff_t find_star(Compiler *c, Nodes patterns, Pos pos)
{
    ptrdiff_t star = -1;
    for (ptrdiff_t i = 0; i < patterns.len; i++) {
        if (patterns.items[i]->kind != NODE_MatchStar) continue;
        if (star >= 0) compile_error(c, pos, "multiple starred names in sequence pattern");
        star = i;
    }
    return star;
}

static void compile_sequence(Compiler *c, Matching *m, NodeMatchSequence *node, int subject)
{
    Nodes patterns = node->patterns;
    ptrdiff_t star = find_star(c, patterns, node->head.pos), wildcards = 0;
    for (ptrdiff_t i = 0; i < patterns.len; i++) wildcards += is_wildcard(patterns.items[i]);
    require(c, m, OP_MATCH_SEQUENCE, subject);
    if (star < 0) require_len(c, m, OP_JUMP_EQ_K, subject, patterns.len);
    else if (patterns.len > 1) require_len(c, m, OP_JUMP_GE_K, subject, patterns.len - 1);
    if (wildcards == patterns.len) {
        drop_subject(c, subject);
        return;
    }
    if (star >= 0 && is_wildcard(patterns.items[star])) {
        compile_items_by_index(c, m, patterns, star, subject);
        return;
    }
    int mark = c->unit->depth, first = temp_push_many(c, (int)patterns.len);
    if (star < 0) emit(c, OP_UNPACK, first, subject, (int)patterns.len);
    else emit_aux(c, OP_UNPACK_EX, first, subject, (int)star, (uint32_t)(patterns.len - star - 1));
    compile_parts(c, m, patterns, first);
    c->unit->depth = mark;
}

/* ---- mappings */

static void duplicate_key(Compiler *c, Pos pos, Value key)
{
    char *owned = NULL;
    Ref text = value_repr(c->vm, key);
    const char *utf8 = failed(text) ? NULL : str_utf8(c->vm, text, NULL, &owned);
    if (utf8) compile_error(c, pos, "mapping pattern checks duplicate key (%s)", utf8);
    else compile_raised(c);
    memory_free(owned);
    decref(text);
}

static void compile_key(Compiler *c, Node *key, Set *seen, Pos pos)
{
    Ref constant = constant_value(c, key);
    if (!absent(constant) && !failed(constant)) {
        Truth duplicate = set_has(c->vm, seen, constant);
        if (duplicate == YES) duplicate_key(c, pos, constant);
        if (duplicate == FAILED || (duplicate == NO && !set_add(c->vm, seen, constant)))
            compile_raised(c);
        constant_load(c, constant, temp_push(c));
        return;
    }
    if (failed(constant)) compile_raised(c);
    compile_expr(c, key, temp_push(c));
}

/* The tuple of keys in a new temporary. */
static int compile_keys(Compiler *c, NodeMatchMapping *node)
{
    int first = c->unit->depth;
    Ref seen = set_new(c->vm);
    if (failed(seen)) compile_raised(c);
    for (ptrdiff_t i = 0; i < node->keys.len && !c->failed; i++)
        compile_key(c, node->keys.items[i], as_set(seen), node->head.pos);
    decref(seen);
    c->pos = node->head.pos;
    c->unit->depth = first;
    int keys = temp_push(c);
    emit(c, OP_BUILD_TUPLE, keys, keys, (int)node->keys.len);
    return keys;
}

/* **rest: a dict of what the keys leave. */
static void compile_rest(Compiler *c, Matching *m, NodeMatchMapping *node, int subject, int keys)
{
    int mark = c->unit->depth, rest = temp_push(c);
    emit(c, OP_BUILD_DICT, rest, rest, 0);
    emit(c, OP_DICT_UPDATE, rest, peek(c, subject), 0);
    c->unit->depth = rest + 1;
    int count = (int)node->keys.len;
    int first = temp_push_many(c, count ? count : 1);
    if (count) emit(c, OP_UNPACK, first, keys, count);
    for (int i = 0; i < count; i++) {
        int from = peek(c, rest);
        emit(c, OP_DEL_ITEM, from, first + i, 0);
        c->unit->depth = from;
    }
    emit(c, OP_MOVE, capture_slot(c, m, node->rest, node->head.pos), rest, 0);
    c->unit->depth = mark;
}

static void compile_mapping(Compiler *c, Matching *m, NodeMatchMapping *node, int subject)
{
    require(c, m, OP_MATCH_MAPPING, subject);
    if (node->keys.len) require_len(c, m, OP_JUMP_GE_K, subject, node->keys.len);
    int mark = c->unit->depth;
    int keys = 0, values = 0;
    if (node->keys.len) {
        keys = compile_keys(c, node);
        values = temp_push(c);
        int whole = peek(c, subject), again = peek(c, keys);
        emit(c, OP_MATCH_KEYS, values, whole, again);
        c->unit->depth = values + 1;
        require_parts(c, m, values);
    }
    if (node->rest) compile_rest(c, m, node, subject, keys);
    else if (node->keys.len) emit(c, OP_CLEAR, keys, 0, 0);
    if (node->keys.len) {
        int first = temp_push_many(c, (int)node->keys.len);
        emit(c, OP_UNPACK, first, values, (int)node->keys.len);
        compile_parts(c, m, node->patterns, first);
    }
    c->unit->depth = mark;
    drop_subject(c, subject);
}

/* ---- classes */

static Ref keyword_names(Compiler *c, NodeMatchClass *node)
{
    Ref names = tuple_new(c->vm, node->kwd_attrs.len);
    for (ptrdiff_t i = 0; i < node->kwd_attrs.len && !failed(names); i++) {
        Ident *name = ident_of(&c->idents, node->kwd_attrs.items[i]); /* never mangled */
        for (ptrdiff_t j = 0; j < i; j++)
            if (ident_of(&c->idents, node->kwd_attrs.items[j]) == name)
                compile_error(c, node->kwd_patterns.items[i]->pos,
                              "attribute name repeated in class pattern: %s", name->text);
        Value text = ident_str(&c->idents, name);
        if (failed(text)) {
            decref(names);
            return FAIL;
        }
        as_tuple(names)->items[i] = newref(text);
    }
    return names;
}

static void compile_class_pattern(Compiler *c, Matching *m, NodeMatchClass *node, int subject)
{
    int mark = c->unit->depth, run = temp_push_many(c, 3);
    int count = (int)(node->patterns.len + node->kwd_patterns.len);
    compile_expr(c, node->cls, run + 1);
    c->pos = node->head.pos;
    constant_load(c, keyword_names(c, node), run + 2);
    emit(c, OP_MOVE, run, subject, 0);
    emit(c, OP_MATCH_CLASS, run, run, (int)node->patterns.len);
    c->unit->depth = run + 1;
    require_parts(c, m, run);
    if (count) {
        int first = temp_push_many(c, count);
        emit(c, OP_UNPACK, first, run, count);
        compile_parts(c, m, node->patterns, first);
        compile_parts(c, m, node->kwd_patterns, first + (int)node->patterns.len);
    } else {
        emit(c, OP_CLEAR, run, 0, 0);
    }
    c->unit->depth = mark;
}

/* ---- the statement */

static void compile_pattern(Compiler *c, Matching *m, Node *node, int subject)
{
    if (compile_too_deep(c)) return;
    bool may_always_match = m->may_always_match;
    c->pos = node->pos;
    if (node->kind != NODE_MatchOr && node->kind != NODE_MatchAs) m->may_always_match = true;
    switch (node->kind) {
    case NODE_MatchValue: compile_value(c, m, as_MatchValue(node), subject); break;
    case NODE_MatchSingleton: compile_singleton(c, m, as_MatchSingleton(node), subject); break;
    case NODE_MatchSequence: compile_sequence(c, m, as_MatchSequence(node), subject); break;
    case NODE_MatchMapping: compile_mapping(c, m, as_MatchMapping(node), subject); break;
    case NODE_MatchClass: compile_class_pattern(c, m, as_MatchClass(node), subject); break;
    case NODE_MatchAs: compile_as(c, m, as_MatchAs(node), subject); break;
    case NODE_MatchOr: compile_or(c, m, as_MatchOr(node), subject); break;
    default: /* MatchStar, whose list UNPACK_EX made */
        if (is_wildcard(node)) drop_subject(c, subject);
        else emit(c, OP_MOVE, capture_slot(c, m, as_MatchStar(node)->name, node->pos), subject, 0);
    }
    m->may_always_match = may_always_match;
}

/* One case; what is known behind its body is merged into at_end. */
static void compile_case(Compiler *c, Nodematch_case *node, int subject, bool last, Label end,
                         State *at_end)
{
    int mark = c->unit->depth;
    State before = c->unit->state, at_guard;
    Matching m = {.may_always_match = node->guard || last};
    collect_names(node->pattern, &(Collecting){c, &m});
    Failure failure = {.base = mark};
    m.failure = &failure;
    m.first_slot = m.count ? temp_push_many(c, m.count) : mark;
    compile_pattern(c, &m, node->pattern, subject);
    if (is_wildcard(node->pattern)) emit(c, OP_NOP, 0, 0, 0);
    bind_names(c, &m);
    c->unit->depth = mark;
    Label refused = label_new(c);
    state_unreachable(&at_guard);
    if (node->guard) compile_jump_if(c, node->guard, false, refused, &at_guard);
    emit(c, OP_CLEAR, subject, 0, 0);
    compile_body(c, node->body);
    state_merge(at_end, &c->unit->state);
    emit_goto(c, end);
    failure_place(c, &failure, &before);
    label_join(c, refused, &at_guard);
}

void compile_match(Compiler *c, NodeMatch *node)
{
    Scope *unit = c->unit->scope;
    int local = unit->match_base + unit->match_depth++;
    int mark = c->unit->depth, subject = local - unit->local_count;
    compile_expr(c, node->subject, subject);
    Label end = label_new(c);
    State at_end;
    state_unreachable(&at_end);
    for (ptrdiff_t i = 0; i < node->cases.len && !c->failed; i++)
        compile_case(c, as_match_case(node->cases.items[i]), subject, i == node->cases.len - 1, end,
                     &at_end);
    emit(c, OP_CLEAR, subject, 0, 0);
    label_join(c, end, &at_end);
    c->unit->depth = mark;
    unit->match_depth--;
}
