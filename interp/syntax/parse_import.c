/* parse_import.c - import statements.
 *
 * Neighbours: parse_statement.c, diagnose.c. */
/* SPDX-License-Identifier: MIT */
#include "syntax/rule.h"
#include "syntax/diagnose.h"

/* import_stmt: import_name | import_from */
RULE(import_stmt) { return at(p, KW_IMPORT) ? parse_import_name(p) : parse_import_from(p); }

/* The text of NAME ('.' NAME)*: a new Name, since it is not an identifier. */
static Name dotted_name(Parser *p)
{
    Name name = expect_name(p);
    while (accept(p, TOK_DOT)) name = arena_printf(p->arena, "%s.%s", name, expect_name(p));
    return name;
}

static Name optional_as(Parser *p, bool brackets)
{
    if (!accept(p, KW_AS)) return NULL;
    if (p->diagnose) invalid_import_target(p, brackets);
    return expect_name(p);
}

/* dotted_as_name: NAME ('.' NAME)* ['as' NAME] */
RULE(dotted_as_name)
{
    Pos start = here(p);
    Name name = dotted_name(p), as_name = optional_as(p, false);
    return node_alias(p->arena, upto(p, start), name, as_name);
}

/* import_name: 'import' dotted_as_name (',' dotted_as_name)* */
RULE(import_name)
{
    Pos start = here(p);
    expect(p, KW_IMPORT);
    if (p->diagnose) invalid_import(p, start);
    ptrdiff_t begin = list_begin(p);
    do {
        nodes_push(p, parse_dotted_as_name(p));
    } while (accept(p, TOK_COMMA));
    Nodes names = list_end(p, begin);
    return node_Import(p->arena, upto(p, start), names);
}

/* import_from_as_name: NAME ['as' NAME] */
RULE(import_from_as_name)
{
    Pos start = here(p);
    Name name = expect_name(p), as_name = optional_as(p, true);
    return node_alias(p->arena, upto(p, start), name, as_name);
}

/* import_from_targets:
 *     | '*'
 *     | import_from_as_name (',' import_from_as_name)*
 *     | '(' import_from_as_name (',' import_from_as_name)* [','] ')' */
RULE_LIST(import_from_targets)
{
    Pos start = here(p);
    if (accept(p, TOK_STAR)) return list_of(p, node_alias(p->arena, start, "*", NULL));
    if (p->diagnose) invalid_import_targets(p);
    ptrdiff_t begin = list_begin(p);
    bool brackets = accept(p, TOK_LPAR);
    do {
        nodes_push(p, parse_import_from_as_name(p));
    } while (accept(p, TOK_COMMA) && !(brackets && at(p, TOK_RPAR)));
    if (brackets) expect(p, TOK_RPAR);
    return list_end(p, begin);
}

/* import_from:
 *     | 'from' ('.' | '...')+ 'import' import_from_targets
 *     | 'from' ('.' | '...')* NAME ('.' NAME)* 'import' import_from_targets */
RULE(import_from)
{
    Pos start = here(p);
    int dots = 0;
    expect(p, KW_FROM);
    for (; at(p, TOK_DOT) || at(p, TOK_ELLIPSIS); p->at++) dots += at(p, TOK_DOT) ? 1 : 3;
    Name module = dots && at(p, KW_IMPORT) ? NULL : dotted_name(p);
    expect(p, KW_IMPORT);
    Nodes names = parse_import_from_targets(p);
    return node_ImportFrom(p->arena, upto(p, start), module, names, dots);
}
