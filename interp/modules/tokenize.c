/* tokenize.c - module _tokenize: the lexer's tokens for module tokenize.
 *
 * The lexer drops comments and blank lines: module tokenize finds them again in the gaps between
 * its tokens.  Neighbours: syntax/lexer.h, stdlib/tokenize.aio. */
/* SPDX-License-Identifier: MIT */
#include "base/arena.h"
#include "object/error.h"
#include "object/list.h"
#include "object/native.h"
#include "object/str.h"
#include "object/tuple.h"
#include "syntax/lexer.h"

/* (kind name, line, column, end line, end column, start, end); all in bytes. */
static Ref token_row(Vm *vm, const Token *token)
{
    const Pos *pos = &token->pos;
    Ref kind = str_from(vm, token_kind_name((TokenKind)token->kind));
    if (failed(kind)) return FAIL;
    Ref row =
        tuple_pack(vm, 7, (Value)kind, (Value)from_small(pos->line), (Value)from_small(pos->col),
                   (Value)from_small(pos->end_line), (Value)from_small(pos->end_col),
                   (Value)from_small(token->start), (Value)from_small(token->end));
    decref(kind);
    return row;
}

/* None, or (message, line, column, what kind of error). */
static Ref problem_row(Vm *vm, const SyntaxProblem *problem)
{
    if (!problem->message) return NONE;
    Ref message = str_from(vm, problem->message);
    if (failed(message)) return FAIL;
    Ref row = tuple_pack(vm, 4, (Value)message, (Value)from_small(problem->pos.line),
                         (Value)from_small(problem->pos.col), (Value)from_small(problem->kind));
    decref(message);
    return row;
}

static Ref rows_of(Vm *vm, const Lexer *lexer)
{
    Ref list = list_new(vm, lexer->count);
    if (failed(list)) return FAIL;
    for (int32_t i = 0; i < lexer->count && lexer->tokens[i].kind != TOK_ERROR; i++) {
        Ref row = token_row(vm, &lexer->tokens[i]);
        if (!failed(row) && list_push(vm, as_list(list), row)) continue;
        decref(list);
        return FAIL;
    }
    return list;
}

NATIVE(tokenize_tokens, "tokens(source, /)",
       "Return (tokens, problem) of source, a str that ends in a newline: a list of (kind, line, "
       "column, end line, end column, start, end), columns and offsets in bytes, and None or why "
       "the lexer stopped, as "
       "(message, line, column, kind: 0 syntax, 1 indentation, 2 tabs).")
{
    if (!is_str(argv[0]))
        return throw(vm, TypeError, "tokens() argument must be str, not %T", argv[0]);
    ptrdiff_t len;
    char *owned = NULL;
    const char *text = str_utf8(vm, argv[0], &len, &owned);
    if (!text) return FAIL;
    Arena arena;
    arena_open(&arena);
    Lexer *lexer = arena_alloc(&arena, sizeof *lexer);
    lexer_run(lexer, &arena, text, len, false);
    Ref out = FAIL, rows = rows_of(vm, lexer), problem = UNDEF;
    if (!failed(rows)) problem = problem_row(vm, &lexer->problem);
    if (!failed(rows) && !failed(problem)) out = tuple_pack(vm, 2, (Value)rows, (Value)problem);
    lexer_close(lexer);
    arena_close(&arena);
    memory_free(owned);
    decref(rows);
    decref(problem);
    return out;
}

static const Native *const tokenize_functions[] = {&tokenize_tokens_def, NULL};
const ModuleDef _tokenize_module = {
    .name = "_tokenize",
    .doc = "The interpreter's lexer.",
    .functions = tokenize_functions,
};
