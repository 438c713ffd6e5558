/* lex_name.c - identifiers, keywords and the prefixes of strings.
 *
 * An ASCII identifier is hashed while it is scanned; one with other letters is checked against the
 * Unicode categories and brought to its NFKC form first.  Neighbours: lexer.c, words.c. */
/* SPDX-License-Identifier: MIT */
#include "syntax/lexer.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/utf8.h"

/* Other_ID_Start and Other_ID_Continue of the Unicode character database. */
static bool is_other_start(uint32_t c)
{
    return c == 0x1885 || c == 0x1886 || c == 0x2118 || c == 0x212E || c == 0x309B || c == 0x309C;
}

static bool is_other_continue(uint32_t c)
{
    return c == 0xB7 || c == 0x387 || (c >= 0x1369 && c <= 0x1371) || c == 0x19DA || c == 0x200C ||
           c == 0x200D || c == 0x30FB || c == 0xFF65;
}

/* Letters whose NFKC form is not an identifier: what XID leaves out of ID. */
static bool is_not_xid_start(uint32_t c)
{
    return c == 0x37A || c == 0xE33 || c == 0xEB3 || c == 0x309B || c == 0x309C ||
           (c >= 0xFC5E && c <= 0xFC63) || c == 0xFDFA || c == 0xFDFB || c == 0xFE70 ||
           c == 0xFE72 || c == 0xFE74 || c == 0xFE76 || c == 0xFE78 || c == 0xFE7A || c == 0xFE7C ||
           c == 0xFE7E || c == 0xFF9E || c == 0xFF9F;
}

static bool is_not_xid_continue(uint32_t c)
{
    return is_not_xid_start(c) && c != 0xE33 && c != 0xEB3 && c != 0xFF9E && c != 0xFF9F;
}

static bool is_id_start(uint32_t c)
{
    switch (utf8proc_category((utf8proc_int32_t)c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_NL: return c != 0x2E2F;
    default: return c == '_' || is_other_start(c);
    }
}

static bool is_identifier_point(uint32_t c, bool first)
{
    if (is_id_start(c)) return first ? !is_not_xid_start(c) : !is_not_xid_continue(c);
    if (first) return false;
    switch (utf8proc_category((utf8proc_int32_t)c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_PC: return true;
    default: return is_other_continue(c);
    }
}

static bool is_printable(uint32_t c)
{
    switch (utf8proc_category((utf8proc_int32_t)c)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_ZS: return false;
    default: return true;
    }
}

/* Checks the bytes from start to `at`, some of them not ASCII; the text is valid UTF-8. */
static bool check_identifier(Lexer *lexer, const char *start)
{
    const char *at = start;
    while (at < lexer->at) {
        uint32_t point = 0;
        int size = utf8_decode(at, lexer->at - at, &point);
        bool fine = point < 128 || is_identifier_point(point, at == start);
        at += size ? size : 1;
        if (fine) continue;
        if (!is_printable(point)) {
            return lex_fail_at(lexer, at, "invalid non-printable character U+%04X", point);
        }
        return lex_fail_at(lexer, at, "invalid character '%.*s' (U+%04X)", size, at - size, point);
    }
    return true;
}

/* The word for a non-ASCII identifier. */
static const Word *unicode_word(Lexer *lexer, const char *start)
{
    utf8proc_uint8_t *normal = NULL;
    utf8proc_ssize_t len = utf8proc_map((const utf8proc_uint8_t *)start, lexer->at - start, &normal,
                                        UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
    if (len < 0) abort(); /* the text is valid, so memory ran out */
    uint32_t hash = WORD_HASH_START;
    for (utf8proc_ssize_t i = 0; i < len; i++) hash = word_hash(hash, (char)normal[i]);
    const Word *word = words_find(&lexer->words, (const char *)normal, len, hash);
    free(normal);
    return word;
}

static bool lex_unicode_name(Lexer *lexer, const char *start)
{
    while (is_word_byte(*lexer->at)) lexer->at++;
    if (!check_identifier(lexer, start)) return false;
    Name name = unicode_word(lexer, start)->name;
    lex_emit(lexer, TOK_NAME, start)->name = name; /* never a keyword, whatever its form */
    return true;
}

/* Whether len letters at text may stand before a quote; sets problem on a combination such as uf.
 */
static bool is_string_prefix(const char *text, ptrdiff_t len)
{
    if (len > 2) return false;
    for (ptrdiff_t i = 0; i < len; i++) {
        if (!strchr("rbuftRBUFT", text[i])) return false;
    }
    return len == 1 || (text[0] | 0x20) != (text[1] | 0x20);
}

/* Two different prefix letters go together when one of them is r and the other is not u. */
static bool check_prefix(Lexer *lexer, const char *start)
{
    if (lexer->at - start < 2) return true;
    char a = start[0] | 0x20, b = start[1] | 0x20;
    if ((a == 'r' || b == 'r') && a != 'u' && b != 'u') return true;
    static const char order[] = "ubrft"; /* the order in which the message names them */
    if (strchr(order, a) > strchr(order, b)) {
        char c = a;
        a = b;
        b = c;
    }
    Pos pos = {lexer->line, lex_col(lexer, start), lexer->line, lex_col(lexer, lexer->at)};
    return lex_fail(lexer, SYNTAX_ERROR, pos, "'%c' and '%c' prefixes are incompatible", a, b);
}

bool lex_name(Lexer *lexer)
{
    const char *start = lexer->at, *at = start;
    uint32_t hash = WORD_HASH_START;
    while (is_word_byte(*at)) {
        if (*at & 0x80) {
            lexer->at = at;
            return lex_unicode_name(lexer, start);
        }
        hash = word_hash(hash, *at++);
    }
    lexer->at = at;
    if ((*at == '"' || *at == '\'') && is_string_prefix(start, at - start)) {
        return check_prefix(lexer, start) && lex_string(lexer, start);
    }
    const Word *word = words_find(&lexer->words, start, at - start, hash);
    Token *token = lex_emit(lexer, word->kind, start);
    token->name = word->name;
    token->soft = word->soft;
    return true;
}
