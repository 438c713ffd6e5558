/* diagnose.h - mistakes worth a better message than "invalid syntax".
 *
 * Rules call these in the second pass only (p->diagnose).  Each looks at what stands at p->at and
 * either raises or returns with nothing changed. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_SYNTAX_DIAGNOSE_H
#define AIO_SYNTAX_DIAGNOSE_H

#include "syntax/rule.h"

/* --- expressions (diagnose.c); start is the expression's first token --- */
void invalid_expression_start(Parser *p);
void invalid_expression(Parser *p, const Token *start, Node *node);  /* after a disjunction */
void invalid_condition(Parser *p, const Token *start, Node *test);   /* after "a if b" */
void invalid_else_expression(Parser *p);                             /* after "a if b else" */
void invalid_statement_condition(Parser *p, const Token *statement); /* after "pass" */
void invalid_named_expression(Parser *p, const Token *start, Node *node);
void invalid_operand(Parser *p);                      /* after an operator */
void invalid_starred(Parser *p);                      /* after '*' */
void invalid_star_assignment(Parser *p, Pos start);   /* after "*a" */
void invalid_lambda_in_fstring(Parser *p, Pos start); /* before a lambda's ':' */
void invalid_group(Parser *p, const Token *open);
void invalid_comprehension_items(Parser *p, const Token *open, Nodes items); /* before "for" */
void invalid_dict_key(Parser *p, Node *key);
void invalid_dict_value(Parser *p);
void invalid_dict_comprehension(Parser *p, const Token *open);
void invalid_for_target(Parser *p, const Token *first, bool comprehension);

/* --- calls and signatures (diagnose_call.c) --- */
void invalid_argument_start(Parser *p);
void invalid_argument(Parser *p, const Token *start, Node *node, bool not_first, bool keyword,
                      bool mapping);
void invalid_argument_value(Parser *p);                       /* after "name=" */
void invalid_keyword_generator(Parser *p, const Token *name); /* after "name=value" */
void invalid_mapping_assignment(Parser *p, Pos start);        /* after "**value" */
void invalid_generator_argument(Parser *p, Node *element, Nodes clauses);
void invalid_default(Parser *p);
void invalid_parameter(Parser *p, bool lambda);
void invalid_missing_default(Parser *p, const Token *parameter);
void invalid_star(Parser *p, TokenKind close, bool again); /* after '*' */
void invalid_star_default(Parser *p);
void invalid_after_kwarg(Parser *p, TokenKind close);
void invalid_slash(Parser *p, bool again, bool after_star, bool first);
void invalid_after_slash(Parser *p);
void invalid_type_bound(Parser *p, const char *kind);

/* --- statements and patterns (diagnose_statement.c) --- */
void invalid_assignment(Parser *p, const Token *start);
void invalid_delete(Parser *p, const Token *first);
void invalid_raise(Parser *p);
void invalid_raise_from(Parser *p);
void invalid_import(Parser *p, Pos start);
void invalid_import_target(Parser *p, bool brackets); /* after "as" */
void invalid_import_targets(Parser *p);
void invalid_with_target(Parser *p, const Token *first);
void invalid_except_start(Parser *p, bool star);
void invalid_except_type(Parser *p, const Token *first, Node *type);
void invalid_except_name(Parser *p, bool star);
void invalid_try(Parser *p, bool has_handlers, bool star);
void invalid_as_pattern(Parser *p);
void invalid_class_pattern(Parser *p);

/* --- fields of f-strings (diagnose_string.c) --- */
void invalid_field_start(Parser *p, bool template);
Node *invalid_or_field_value(Parser *p, bool template);
void invalid_field_after_value(Parser *p, bool debug, bool template);
void invalid_conversion(Parser *p, bool template); /* after '!' */
void invalid_field_after_conversion(Parser *p, bool template);
void invalid_field_end(Parser *p, bool has_spec, bool template);

#endif
