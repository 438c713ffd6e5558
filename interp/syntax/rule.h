/* rule.h - what the parser's rule functions share; internal to syntax/parse*.c.
 *
 * A rule consumes the tokens it matches and returns its node, or does not return at all: a token
 * that does not fit ends in mismatch(), a mistake with a message of its own in raise_at() and its
 * kin.  mismatch() jumps back to the innermost attempt(), raise_at() out of parse().  Hence rules
 * need no checks for failure, and none may own memory: lists grow on the parser's stack, whose
 * length an attempt restores.
 *
 * A source is parsed once for its tree.  Only when that fails it is parsed again with
 * `diagnose` set; the functions called invalid_... then look for mistakes worth a better message,
 * at the places where the grammar would have to go another way. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_SYNTAX_RULE_H
#define AIO_SYNTAX_RULE_H

#include <setjmp.h>

#include "syntax/lexer.h"

enum { MAX_DEPTH = 3000 };

typedef struct Parser {
    Arena *arena;
    Lexer *lexer;
    const char *text;        /* the decoded source */
    const Token *at;         /* the next token */
    const Token *far;        /* the furthest token a rule stumbled over */
    bool diagnose;           /* the second pass, which explains the failure of the first */
    int depth;               /* nested rules that may recurse without brackets */
    const char *stack_limit; /* rules nest no further when the C stack has come to it */
    Node **stack;            /* lists being built, malloc'd */
    ptrdiff_t stack_len, stack_capacity;
    SyntaxProblem problem;
    jmp_buf *attempt; /* where mismatch() goes */
    jmp_buf failure;  /* where raise_at() goes */
} Parser;

#define RULE(name)                 Node *parse_##name(Parser *p)
#define RULE_LIST(name)            Nodes parse_##name(Parser *p)
#define RULE_WITH(type, name, ...) type parse_##name(Parser *p, ##__VA_ARGS__)
typedef Node *Rule(Parser *p);

/* --- failing (parser.c) --- */

/* The token at p->at does not fit. */
_Noreturn void mismatch(Parser *p);

/* A SyntaxError with a message, over pos; over the furthest token; and an IndentationError. */
_Noreturn void raise_at(Parser *p, Pos pos, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
_Noreturn void raise_here(Parser *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
_Noreturn void raise_from(Parser *p, Pos start, const char *format, ...)
    __attribute__((format(printf, 3, 4))); /* from start to the furthest token */
_Noreturn void raise_indentation(Parser *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The node of rule, or NULL (and nothing consumed) when it does not match. */
Node *attempt(Parser *p, Rule *rule);

/* As attempt, without looking for mistakes inside. */
Node *attempt_quietly(Parser *p, Rule *rule);

/* Counts a level of nesting; pair with leave(). */
void enter_deep(Parser *p);
static inline void enter(Parser *p)
{
    const char *here = __builtin_frame_address(0);
    if (++p->depth > MAX_DEPTH || here < p->stack_limit) enter_deep(p);
}
static inline void leave(Parser *p) { p->depth--; }

/* --- tokens --- */

static inline TokenKind kind_at(const Parser *p) { return (TokenKind)p->at->kind; }
static inline bool at(const Parser *p, TokenKind kind) { return p->at->kind == kind; }

/* The kind of the token i places on; never past the end. */
static inline TokenKind peek(const Parser *p, int i)
{
    const Token *token = p->at;
    while (i-- > 0 && token->kind != TOK_END && token->kind != TOK_ERROR) token++;
    return (TokenKind)token->kind;
}

static inline bool accept(Parser *p, TokenKind kind)
{
    if (p->at->kind != kind) return false;
    p->at++;
    return true;
}

static inline const Token *expect(Parser *p, TokenKind kind)
{
    if (p->at->kind != kind) mismatch(p);
    return p->at++;
}

/* As expect, but failing says "expected ':'" at once. */
void expect_forced(Parser *p, TokenKind kind);

static inline bool at_soft(const Parser *p, SoftWord word)
{
    return p->at->kind == TOK_NAME && p->at->soft == word;
}

static inline Name expect_name(Parser *p) { return expect(p, TOK_NAME)->name; }

/* Whether an expression can start with that token. */
bool starts_expression(TokenKind kind);

/* --- positions --- */

static inline Pos here(const Parser *p) { return p->at->pos; }

/* From the start of `start` to the end of the last token consumed, not counting the ends of lines
 * and blocks. */
static inline Pos upto(const Parser *p, Pos start)
{
    const Token *last = p->at - 1;
    while (last->kind <= TOK_DEDENT) last--;
    start.end_line = last->pos.end_line;
    start.end_col = last->pos.end_col;
    return start;
}

static inline Pos join(Pos first, Pos last)
{
    return (Pos){first.line, first.col, last.end_line, last.end_col};
}

/* --- lists --- */

static inline ptrdiff_t list_begin(const Parser *p) { return p->stack_len; }
void nodes_push(Parser *p, Node *node);
Nodes list_end(Parser *p, ptrdiff_t begin); /* what was pushed since list_begin */
Nodes list_of(Parser *p, Node *node);       /* a list of one; empty for NULL */

/* --- targets (parse_target.c) --- */

typedef enum TargetUse { TARGET_ASSIGN, TARGET_FOR, TARGET_DELETE } TargetUse;

/* Sets the context of a target and its parts; false when something in it can't be a target. */
bool set_context(Node *node, Op context);

/* What in node can't be a target; NULL when all of it can. */
Node *invalid_target(Node *node, TargetUse use);
_Noreturn void raise_invalid_target(Parser *p, Node *node, TargetUse use);

/* "function call": what messages call the expression. */
const char *expression_name(const Node *node);

/* --- literals (literal.c) --- */

Literal number_literal(Parser *p, const Token *token);

/* Decodes the escapes of len bytes of a literal's text, which starts at pos. */
Literal string_literal(Parser *p, const char *text, ptrdiff_t len, bool raw, Pos pos);
Literal bytes_literal(Parser *p, const char *text, ptrdiff_t len, bool raw, Pos pos);

/* --- the rules: what each one matches is in grammar/aio.gram --- */

RULE(file);
RULE(eval);
RULE(interactive);

/* parse_statement.c, parse_import.c */
RULE_WITH(void, statement); /* pushes one or more statements */
RULE_LIST(statements);
RULE_LIST(simple_stmts);
RULE(simple_stmt);
RULE(assignment);
RULE(type_alias);
RULE(annotated_rhs);
RULE(return_stmt);
RULE(import_stmt);
RULE(import_name);
RULE(import_from);
RULE(raise_stmt);
RULE(pass_stmt);
RULE(del_stmt);
RULE(assert_stmt);
RULE(break_stmt);
RULE(continue_stmt);
RULE(global_stmt);
RULE(nonlocal_stmt);
RULE(dotted_as_name);
RULE(import_from_as_name);
RULE_LIST(import_from_targets);

/* parse_compound.c */
bool starts_compound(const Parser *p);
RULE(compound_stmt);
RULE(if_stmt);
RULE(while_stmt);
RULE(for_stmt);
RULE(try_stmt);
RULE(with_stmt);
RULE(with_item);
RULE(match_stmt);
RULE(case_block);
RULE(decorated);
RULE(subject_expr);
RULE(class_def);
RULE(function_def);
RULE(async_stmt);
RULE(except_block);

/* The statements of a block; `what` is "'if' statement", at line `line`. */
RULE_WITH(Nodes, block, const char *what, int line);

/* parse_expression.c */
RULE(star_expressions);
RULE(star_expression);
RULE(star_named_expression);
RULE(named_expression);
RULE(assignment_expression);
RULE(expression);
RULE(disjunction);
RULE(conjunction);
RULE(inversion);
RULE(comparison);
RULE(bitwise_or);
RULE(factor);
RULE(power);
RULE(await_primary);
RULE(primary);
RULE(slices);
RULE(slice);
RULE(lambdef);
RULE(yield_expr);
RULE(expressions);
RULE(star_targets);
RULE(star_target);
RULE(starred_expression);

/* parse_atom.c */
RULE(atom);
RULE(group);
RULE(list);
RULE(dict_or_set);
RULE(for_if_clause);
RULE_LIST(for_if_clauses);

/* parse_call.c */
RULE(argument);
RULE(keyword_argument);

/* What stands between the parentheses of a call or (not is_call) of a class definition. */
RULE_WITH(void, arguments, bool is_call, Nodes *args, Nodes *keywords);

/* parse_parameter.c */
RULE(parameters);
RULE(lambda_parameters);
RULE_LIST(type_params);
RULE(type_param);

/* parse_string.c */
RULE(strings);

/* parse_pattern.c */
RULE(patterns);
RULE(pattern);
RULE(or_pattern);
RULE(closed_pattern);
RULE(maybe_star_pattern);
RULE(mapping_pattern);
RULE(class_pattern);
RULE(name_or_attr);
RULE(literal_pattern);
RULE(star_pattern);
RULE(sequence_pattern);
RULE(signed_number);
RULE(complex_number);

#endif
