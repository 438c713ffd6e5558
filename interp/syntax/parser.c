/* parser.c - source text to syntax tree: entry, failure, lists, and which message wins.
 *
 * rule.h explains how rules fail and why a bad source is parsed twice.  What a user sees is, in
 * this order: what the lexer could not read, wherever it stands; the bracket left open, when the
 * parser stumbled on a later line; the mistake the second pass recognised; "invalid syntax" at the
 * furthest token the first pass looked at.
 * Neighbours: parse_*.c (the rules), lexer.c, source.c, grammar/aio.gram (what the rules match). */
/* SPDX-License-Identifier: MIT */
#include "syntax/parser.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "syntax/rule.h"
#include "syntax/source.h"

/* --- Failing --- */

_Noreturn static void fail_with(Parser *p, SyntaxProblem problem)
{
    p->problem = problem;
    longjmp(p->failure, 1);
}

_Noreturn void mismatch(Parser *p)
{
    if (p->at > p->far) p->far = p->at;
    if (at(p, TOK_ERROR)) fail_with(p, p->lexer->problem);
    longjmp(*p->attempt, 1);
}

static const char *format_message(Parser *p, const char *format, va_list args)
{
    char buffer[400];
    vsnprintf(buffer, sizeof buffer, format, args);
    return arena_printf(p->arena, "%s", buffer);
}

void raise_at(Parser *p, Pos pos, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *message = format_message(p, format, args);
    va_end(args);
    if (p->at > p->far) p->far = p->at;
    fail_with(p, (SyntaxProblem){SYNTAX_ERROR, message, pos, false});
}

/* Where the furthest token stands; the end of the source is the end of its last line. */
static Pos far_pos(Parser *p)
{
    if (p->at > p->far) p->far = p->at;
    const Token *token = p->far;
    Pos pos = token->pos;
    while (token->kind == TOK_DEDENT) token++;
    if (token->kind != TOK_END || token->pos.line < 2) return pos;
    const char *end = p->text + token->start - 1, *start = end;
    while (start > p->text && start[-1] != '\n') start--;
    int32_t col = (int32_t)(end - start);
    return (Pos){token->pos.line - 1, col, token->pos.line - 1, col};
}

void raise_here(Parser *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *message = format_message(p, format, args);
    va_end(args);
    fail_with(p, (SyntaxProblem){SYNTAX_ERROR, message, far_pos(p), false});
}

void raise_from(Parser *p, Pos start, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *message = format_message(p, format, args);
    va_end(args);
    if (p->at > p->far) p->far = p->at;
    start.end_line = p->far->pos.end_line;
    start.end_col = p->far->pos.end_col - 1;
    fail_with(p, (SyntaxProblem){SYNTAX_ERROR, message, start, false});
}

void raise_indentation(Parser *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *message = format_message(p, format, args);
    va_end(args);
    fail_with(p, (SyntaxProblem){INDENTATION_ERROR, message, far_pos(p), false});
}

void enter_deep(Parser *p)
{
    fail_with(p, (SyntaxProblem){TOO_DEEP_ERROR,
                                 "Parser stack overflowed - Python source too complex to parse",
                                 here(p), false});
}

Node *attempt(Parser *p, Rule *rule)
{
    jmp_buf here_, *outer = p->attempt;
    const Token *start = p->at;
    ptrdiff_t stack_len = p->stack_len;
    int depth = p->depth;
    bool diagnose = p->diagnose;
    SyntaxNote **last_note = p->lexer->last_note;
    p->attempt = &here_;
    if (!setjmp(here_)) {
        Node *node = rule(p);
        p->attempt = outer;
        return node;
    }
    p->attempt = outer;
    p->at = start;
    p->stack_len = stack_len;
    p->depth = depth;
    p->diagnose = diagnose;
    p->lexer->last_note = last_note;
    *last_note = NULL;
    return NULL;
}

Node *attempt_quietly(Parser *p, Rule *rule)
{
    bool diagnose = p->diagnose;
    p->diagnose = false;
    Node *node = attempt(p, rule);
    p->diagnose = diagnose;
    return node;
}

void expect_forced(Parser *p, TokenKind kind)
{
    if (accept(p, kind)) return;
    if (at(p, TOK_ERROR)) mismatch(p);
    raise_at(p, here(p), "expected '%s'", token_kind_text(kind));
}

/* --- Lists --- */

void nodes_push(Parser *p, Node *node)
{
    if (p->stack_len == p->stack_capacity) {
        p->stack_capacity = p->stack_capacity ? p->stack_capacity * 2 : 64;
        p->stack = realloc(p->stack, (size_t)p->stack_capacity * sizeof *p->stack);
        if (!p->stack) abort();
    }
    p->stack[p->stack_len++] = node;
}

Nodes list_end(Parser *p, ptrdiff_t begin)
{
    Nodes nodes = {NULL, p->stack_len - begin};
    if (!nodes.len) return nodes;
    nodes.items = arena_alloc(p->arena, (size_t)nodes.len * sizeof *nodes.items);
    for (ptrdiff_t i = 0; i < nodes.len; i++) nodes.items[i] = p->stack[begin + i];
    p->stack_len = begin;
    return nodes;
}

Nodes list_of(Parser *p, Node *node)
{
    Nodes nodes = {NULL, node != NULL};
    if (!node) return nodes;
    nodes.items = arena_alloc(p->arena, sizeof *nodes.items);
    nodes.items[0] = node;
    return nodes;
}

/* --- Whole sources --- */

/* file: [statements] END */
RULE(file)
{
    Nodes body = parse_statements(p);
    expect(p, TOK_END);
    return node_Module(p->arena, (Pos){0}, body);
}

/* eval: expressions NEWLINE* END */
RULE(eval)
{
    Node *body = parse_expressions(p);
    while (accept(p, TOK_NEWLINE)) continue;
    expect(p, TOK_END);
    return node_Expression(p->arena, (Pos){0}, body);
}

/* interactive: statement END */
RULE(interactive)
{
    ptrdiff_t begin = list_begin(p);
    parse_statement(p);
    if (!at(p, TOK_END)) {
        bool line_ends = p->at[-1].kind == TOK_NEWLINE; /* what CPython points at */
        raise_at(p, line_ends ? p->at[-1].pos : here(p),
                 "multiple statements found while compiling a single statement");
    }
    return node_Interactive(p->arena, (Pos){0}, list_end(p, begin));
}

static Rule *const start_rules[] = {
    [PARSE_FILE] = parse_file,
    [PARSE_EVAL] = parse_eval,
    [PARSE_SINGLE] = parse_interactive,
};

/* --- Which message wins --- */

/* Runs the rule over all tokens; NULL when it does not match or raised a problem. */
static Node *parse_tokens(Parser *p, Rule *rule)
{
    p->at = p->far = p->lexer->tokens;
    p->depth = 0;
    p->stack_len = 0;
    p->problem = (SyntaxProblem){0};
    p->attempt = NULL;
    if (setjmp(p->failure)) return NULL;
    return attempt(p, rule);
}

/* The problem of a source that no rule matches and in which no known mistake was found. */
static SyntaxProblem plain_problem(const Token *token)
{
    if (token->kind == TOK_INDENT) {
        return (SyntaxProblem){INDENTATION_ERROR, "unexpected indent", token->pos, false};
    }
    if (token->kind == TOK_DEDENT) {
        return (SyntaxProblem){INDENTATION_ERROR, "unexpected unindent", token->pos, false};
    }
    Pos pos = token->pos;
    if (token->kind == TOK_END) { /* the last line, before its first character */
        pos = (Pos){pos.line - 1, -1, pos.line - 1, -1};
    }
    return (SyntaxProblem){SYNTAX_ERROR, "invalid syntax", pos, false};
}

/* Whether what follows is only the end of the source. */
static bool is_end(const Token *token)
{
    while (token->kind == TOK_DEDENT) token++;
    return token->kind == TOK_END;
}

static SyntaxProblem explain(Parser *p, Rule *rule)
{
    const Token *stumble = p->far;
    const Lexer *lexer = p->lexer;
    bool plain_indent = false;
    if (!p->problem.message) {
        p->diagnose = true;
        parse_tokens(p, rule);
        plain_indent =
            !p->problem.message && (stumble->kind == TOK_INDENT || stumble->kind == TOK_DEDENT);
        if (!p->problem.message) p->problem = plain_problem(stumble);
    }
    SyntaxProblem problem = p->problem;
    problem.incomplete = is_end(p->far > stumble ? p->far : stumble);
    if (lexer->problem.message && problem.message != lexer->problem.message &&
        problem.kind != TOO_DEEP_ERROR && !plain_indent) {
        bool unclosed = lexer->at_end && lexer->level && lexer->problem.message[0] == '\'';
        int line = (p->far > stumble ? p->far : stumble)->pos.line;
        if (!lexer->yields || (unclosed && line > lexer->problem.pos.line)) {
            problem = lexer->problem;
        }
    }
    if (problem.message == lexer->problem.message) problem.incomplete = lexer->at_end;
    return problem;
}

static bool same_note(const SyntaxNote *a, const SyntaxNote *b)
{
    return a->pos.line == b->pos.line && a->pos.col == b->pos.col &&
           strcmp(a->message, b->message) == 0;
}

/* Puts the notes of lexer and parser into source order; a rule that was tried twice notes twice. */
static SyntaxNote *sorted_notes(SyntaxNote *notes)
{
    SyntaxNote *sorted = NULL;
    while (notes) {
        SyntaxNote *note = notes, **slot = &sorted;
        bool seen = false;
        notes = notes->next;
        while (*slot &&
               ((*slot)->pos.line < note->pos.line ||
                ((*slot)->pos.line == note->pos.line && (*slot)->pos.col <= note->pos.col))) {
            seen = seen || same_note(*slot, note);
            slot = &(*slot)->next;
        }
        if (seen) continue;
        note->next = *slot;
        *slot = note;
    }
    return sorted;
}

/* Notes once more what is to be said of the strings before the token the parser stumbled over: a
 * rule that does not match has taken its notes back. */
static void note_strings(Parser *p, const Token *stumble)
{
    p->diagnose = false;
    p->attempt = NULL;
    p->at = p->lexer->tokens;
    if (setjmp(p->failure)) return;
    while (p->at < stumble) {
        bool starts = at(p, TOK_STRING) || at(p, TOK_FSTRING_START) || at(p, TOK_TSTRING_START);
        if (!starts || !attempt(p, parse_strings)) p->at++;
    }
}

/* The notes of a source that has an error, up to the token the parser stumbled over. */
static SyntaxNote *notes_before(Parser *p, const Token *stumble)
{
    note_strings(p, stumble);
    SyntaxNote *notes = sorted_notes(p->lexer->notes), **at = &notes;
    while (*at &&
           ((*at)->pos.line < stumble->pos.end_line ||
            ((*at)->pos.line == stumble->pos.end_line && (*at)->pos.col < stumble->pos.end_col)))
        at = &(*at)->next;
    *at = NULL;
    return notes;
}

/* A single compound statement goes on until an empty line. */
static bool awaits_empty_line(const Node *tree, const char *text, ptrdiff_t len)
{
    const NodeInteractive *input = (const NodeInteractive *)(const void *)tree;
    if (!input->body.len || (len && text[len - 1] == '\n')) return false;
    switch (input->body.items[0]->kind) {
    case NODE_FunctionDef:
    case NODE_AsyncFunctionDef:
    case NODE_ClassDef:
    case NODE_For:
    case NODE_AsyncFor:
    case NODE_While:
    case NODE_If:
    case NODE_With:
    case NODE_AsyncWith:
    case NODE_Match:
    case NODE_Try:
    case NODE_TryStar: return true;
    default: return false;
    }
}

ParseResult parse(Arena *arena, const char *text, ptrdiff_t len, ParseMode mode)
{
    return parse_within(arena, text, len, mode, NULL);
}

ParseResult parse_within(Arena *arena, const char *text, ptrdiff_t len, ParseMode mode,
                         const char *stack_limit)
{
    ParseResult result = {0};
    Source source;
    bool is_utf8 = mode & PARSE_UTF8, open = mode & PARSE_OPEN;
    mode &= ~(unsigned)(PARSE_UTF8 | PARSE_OPEN);
    if (!source_decode(arena, text, len, is_utf8, &source, &result.problem)) return result;
    Lexer lexer;
    lexer_run(&lexer, arena, source.text, source.len, mode == PARSE_SINGLE);
    Parser parser = {
        .arena = arena, .lexer = &lexer, .text = source.text, .stack_limit = stack_limit};
    result.tree = parse_tokens(&parser, start_rules[mode]);
    if (!result.tree) {
        const Token *stumble = parser.far;
        SyntaxNote **last_note = lexer.last_note;
        result.problem = explain(&parser, start_rules[mode]);
        lexer.last_note = last_note;
        *last_note = NULL;
        if (result.problem.kind != TOO_DEEP_ERROR) result.notes = notes_before(&parser, stumble);
    } else if (mode == PARSE_SINGLE && (open || parser.at[-1].kind == TOK_NEWLINE) &&
               awaits_empty_line(result.tree, text,
                                 len)) { /* a block may end where the text does */
        result.tree = NULL;
        result.problem = (SyntaxProblem){SYNTAX_ERROR, "invalid syntax", {1, 0, 1, 0}, open};
    } else {
        result.notes = sorted_notes(lexer.notes);
    }
    free(parser.stack);
    lexer_close(&lexer);
    return result;
}
