/* lex_number.c - number tokens and what is wrong with them.
 *
 * A token keeps its text; literal.c works out the value.  Neighbours: lexer.c, literal.c. */
/* SPDX-License-Identifier: MIT */
#include "syntax/lexer.h"

#include <string.h>

/* Whether the text after a number starts one of the keywords that may follow it directly, as in
 * "1if x else y". */
static bool keyword_follows(const char *at)
{
    static const char *const words[] = {"and", "else", "for", "if", "in", "is", "not", "or"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!strncmp(at, words[i], strlen(words[i]))) return true;
    }
    return false;
}

/* A number must not run into a word: warns before a keyword, fails before anything else. */
static bool number_ends(Lexer *lexer, const char *kind)
{
    if (!is_word_byte(*lexer->at) || *lexer->at & 0x80) return true;
    if (keyword_follows(lexer->at)) {
        int32_t col = lex_col(lexer, lexer->at);
        lexer_note(lexer, "SyntaxWarning", (Pos){lexer->line, col - 1, lexer->line, col},
                   "invalid %s literal", kind);
        return true;
    }
    return lex_fail_at(lexer, lexer->at, "invalid %s literal", kind);
}

/* Digits with single underscores between them. */
static bool decimal_tail(Lexer *lexer)
{
    for (;;) {
        while (is_digit_byte(*lexer->at)) lexer->at++;
        if (*lexer->at != '_') return true;
        lexer->at++;
        if (!is_digit_byte(*lexer->at)) {
            return lex_fail_at(lexer, lexer->at, "invalid decimal literal");
        }
    }
}

static bool is_radix_digit(char c, int radix)
{
    if (radix == 16) return lex_class[(uint8_t)c] & CLASS_HEX;
    return c >= '0' && c < '0' + radix;
}

/* 0x1f, 0o17, 0b11: `at` is on the letter. */
static bool radix_number(Lexer *lexer, int radix, const char *kind)
{
    lexer->at++;
    do {
        if (*lexer->at == '_') lexer->at++;
        if (!is_radix_digit(*lexer->at, radix)) {
            if (!is_digit_byte(*lexer->at)) {
                return lex_fail_at(lexer, lexer->at, "invalid %s literal", kind);
            }
            return lex_fail_at(lexer, lexer->at + 1, "invalid digit '%c' in %s literal", *lexer->at,
                               kind);
        }
        while (is_radix_digit(*lexer->at, radix)) lexer->at++;
    } while (*lexer->at == '_');
    if (is_digit_byte(*lexer->at)) {
        return lex_fail_at(lexer, lexer->at + 1, "invalid digit '%c' in %s literal", *lexer->at,
                           kind);
    }
    return number_ends(lexer, kind);
}

/* An exponent, if one starts at `at`; "1else" has none. */
static bool exponent(Lexer *lexer, bool *is_float)
{
    const char *at = lexer->at;
    if (*at != 'e' && *at != 'E') return true;
    at++;
    if (*at == '+' || *at == '-') {
        if (!is_digit_byte(*++at)) {
            return lex_fail_at(lexer, at, "invalid decimal literal");
        }
    }
    if (!is_digit_byte(*at)) return true;
    *is_float = true;
    lexer->at = at;
    return decimal_tail(lexer);
}

static bool leading_zeros(Lexer *lexer, const char *start)
{
    const char *at = start;
    while (*at == '0' || *at == '_') at++;
    if (at == lexer->at) return true;
    Pos pos = {lexer->line, lex_col(lexer, start), lexer->line, lex_col(lexer, at)};
    return lex_fail(lexer, SYNTAX_ERROR, pos,
                    "leading zeros in decimal integer literals are not permitted; use an 0o prefix "
                    "for octal integers");
}

static bool decimal_number(Lexer *lexer, const char *start)
{
    bool is_float = false;
    if (is_digit_byte(*lexer->at) && !decimal_tail(lexer)) return false;
    if (*lexer->at == '.') {
        is_float = true;
        lexer->at++;
        if (is_digit_byte(*lexer->at) && !decimal_tail(lexer)) return false;
    }
    if (!exponent(lexer, &is_float)) return false;
    if (*lexer->at == 'j' || *lexer->at == 'J') {
        lexer->at++;
        return number_ends(lexer, "imaginary");
    }
    if (*start == '0' && !is_float && !leading_zeros(lexer, start)) return false;
    return number_ends(lexer, "decimal");
}

bool lex_number(Lexer *lexer)
{
    const char *start = lexer->at;
    bool valid;
    char letter = *start == '0' ? start[1] | 0x20 : 0;
    if (letter == 'x') {
        lexer->at++;
        valid = radix_number(lexer, 16, "hexadecimal");
    } else if (letter == 'o') {
        lexer->at++;
        valid = radix_number(lexer, 8, "octal");
    } else if (letter == 'b') {
        lexer->at++;
        valid = radix_number(lexer, 2, "binary");
    } else {
        valid = decimal_number(lexer, start);
    }
    if (valid) lex_emit(lexer, TOK_NUMBER, start);
    return valid;
}
