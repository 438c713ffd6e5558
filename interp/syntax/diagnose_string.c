/* diagnose_string.c - mistakes in the replacement fields of f-strings and t-strings.
 *
 * Neighbours: diagnose.h, parse_string.c. */
/* SPDX-License-Identifier: MIT */
#include "syntax/diagnose.h"

static char letter(bool template) { return template ? 't' : 'f'; }

static bool at_field_end(const Parser *p) { return at(p, TOK_COLON) || at(p, TOK_RBRACE); }

void invalid_field_start(Parser *p, bool template)
{
    if (!at(p, TOK_EQUAL) && !at(p, TOK_EXCLAMATION) && !at_field_end(p)) return;
    raise_at(p, here(p), "%c-string: valid expression required before '%s'", letter(template),
             token_kind_text(kind_at(p)));
}

Node *invalid_or_field_value(Parser *p, bool template)
{
    Node *value = attempt(p, parse_annotated_rhs);
    if (!value) {
        raise_at(p, here(p), "%c-string: expecting a valid expression after '{'", letter(template));
    }
    return value;
}

void invalid_field_after_value(Parser *p, bool debug, bool template)
{
    if (at(p, TOK_EXCLAMATION) || at_field_end(p) || at(p, TOK_ERROR)) return;
    raise_at(p, here(p), "%c-string: expecting %s'!', or ':', or '}'", letter(template),
             debug ? "" : "'=', or ");
}

void invalid_conversion(Parser *p, bool template)
{
    if (at_field_end(p)) {
        raise_at(p, here(p), "%c-string: missing conversion character", letter(template));
    }
    if (!at(p, TOK_NAME)) {
        raise_at(p, here(p), "%c-string: invalid conversion character", letter(template));
    }
}

void invalid_field_after_conversion(Parser *p, bool template)
{
    if (at_field_end(p) || at(p, TOK_ERROR)) return;
    raise_at(p, here(p), "%c-string: expecting ':' or '}'", letter(template));
}

void invalid_field_end(Parser *p, bool has_spec, bool template)
{
    if (at(p, TOK_RBRACE) || at(p, TOK_ERROR)) return;
    raise_at(p, here(p), "%c-string: expecting '}'%s", letter(template),
             has_spec ? ", or format specs" : "");
}
