/* lexer.h - source text to tokens. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_SYNTAX_LEXER_H
#define AIO_SYNTAX_LEXER_H

#include "syntax/parser.h"
#include "syntax/words.h"

enum { MAX_BRACKETS = 200, MAX_INDENTS = 100, MAX_FSTRINGS = 150, MAX_FIELDS = 3 };

typedef struct Bracket { /* an open bracket */
    char open;
    bool is_field; /* the '{' of a replacement field */
    bool in_spec;  /* a field whose format specification has begun */
    int32_t line, col;
} Bracket;

typedef struct FString { /* an open f-string or t-string */
    char quote;
    bool triple, raw, template;
    int level;  /* brackets open where it starts */
    int fields; /* replacement fields open within it */
    Pos pos;    /* of its opening */
} FString;

typedef struct Lexer {
    Arena *arena;
    const char *text;       /* ends in '\n' (unless empty) and a NUL */
    const char *end;        /* the NUL */
    const char *at;         /* the next byte */
    const char *line_start; /* the first byte of the current line */
    int32_t line;
    bool at_line_start; /* indentation comes next */
    bool in_text;       /* inside the literal text of an f-string */
    bool single;        /* PARSE_SINGLE */

    Token *tokens; /* malloc'd */
    int32_t count, capacity;

    int level; /* brackets open */
    Bracket brackets[MAX_BRACKETS];
    int indent;                       /* index of the current indentation */
    int32_t columns[MAX_INDENTS];     /* with tabs to multiples of 8 */
    int32_t alt_columns[MAX_INDENTS]; /* with tabs as one column: must agree (else TabError) */
    int fstring_count;
    FString fstrings[MAX_FSTRINGS];

    Words words;
    SyntaxProblem problem; /* why it stopped; message is NULL when all is well */
    bool at_end;           /* the problem is that the source ended too early */
    bool yields;           /* a mistake the parser finds before it takes precedence */
    SyntaxNote *notes, **last_note;
} Lexer;

/* Lexes all of text (len bytes of UTF-8 as source_decode leaves it).  The last token is TOK_END, or
 * TOK_ERROR when problem is set. */
void lexer_run(Lexer *lexer, Arena *arena, const char *text, ptrdiff_t len, bool single);

/* Frees the tokens; names and notes stay in the arena. */
void lexer_close(Lexer *lexer);

/* Adds a warning; message as printf. */
void lexer_note(Lexer *lexer, const char *category, Pos pos, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* --- between lexer.c and lex_*.c --- */

/* Appends a token of the text from start to lexer->at, on the current line. */
Token *lex_emit(Lexer *lexer, TokenKind kind, const char *start);

/* Sets the problem (unless one is set) at pos and returns false. */
bool lex_fail(Lexer *lexer, SyntaxErrorKind kind, Pos pos, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* As lex_fail, a SyntaxError that points at the byte before `at` of the current line. */
bool lex_fail_at(Lexer *lexer, const char *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

bool lex_number(Lexer *lexer);                    /* lex_number.c */
bool lex_string(Lexer *lexer, const char *start); /* lex_string.c: start is the prefix */
bool lex_fstring_text(Lexer *lexer);              /* lex_string.c: within an f-string */
bool lex_name(Lexer *lexer);                      /* lex_name.c */

/* Whether c may start or continue an identifier, taking all non-ASCII bytes for letters. */
extern const uint8_t lex_class[256];
enum { CLASS_START = 1, CLASS_CONTINUE = 2, CLASS_DIGIT = 4, CLASS_HEX = 8 };

static inline bool is_word_byte(char c) { return lex_class[(uint8_t)c] & CLASS_CONTINUE; }
static inline bool is_digit_byte(char c) { return lex_class[(uint8_t)c] & CLASS_DIGIT; }

static inline int32_t lex_col(const Lexer *lexer, const char *at)
{
    return (int32_t)(at - lexer->line_start);
}

#endif
