/* _re.h - what the files of the module _re share.
 *
 * _re_parse.c reads Python's pattern syntax and writes PCRE2's; _re_code.c compiles and runs that;
 * _re_match.c holds the match object and replacement templates; _re.c the pattern object and the
 * module.  Text is matched where it lies, one code unit of PCRE2's 8, 16 or 32-bit library for each
 * code point, so that positions need no conversion and lone surrogates are ordinary points. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_STDLIB_RE_H
#define AIO_STDLIB_RE_H

#include "native.h"

enum { /* as the module re numbers them */
       RE_IGNORECASE = 2,
       RE_LOCALE = 4,
       RE_MULTILINE = 8,
       RE_DOTALL = 16,
       RE_UNICODE = 32,
       RE_VERBOSE = 64,
       RE_DEBUG = 128,
       RE_ASCII = 256,
};

/* A pattern is compiled for each kind of subject and each way of anchoring that it meets. */
typedef enum SubjectKind { SUBJECT_ASCII, SUBJECT_LATIN1, SUBJECT_WIDE, SUBJECT_FULL } SubjectKind;
enum { SUBJECT_KINDS = 4 };
typedef enum Anchor {
    ANCHOR_NONE,
    ANCHOR_START,
    ANCHOR_BOTH
} Anchor; /* search, match, fullmatch */
enum { ANCHORS = 3 };

/* A pattern translated for one kind of subject. */
typedef struct Regex {
    uint32_t *text; /* PCRE2 syntax, a point a slot */
    ptrdiff_t len, capacity;
    unsigned flags;   /* RE_*, those in the pattern included */
    int groups;       /* capturing ones */
    Ref names;        /* dict: name -> number */
    int32_t *closing; /* group numbers in the order of their closing parentheses */
    bool repeated;    /* a group lies within a repeat, so it may close several times */
    bool folds;       /* a group reference ignores the case of more than ASCII */
} Regex;

/* pattern is a str, or bytes; flags as given. false: PatternError, ValueError... raised, out
 * closed. */
bool regex_translate(Vm *vm, Value pattern, unsigned flags, SubjectKind kind, Regex *out);
void regex_close(Regex *regex);
/* Raises re.PatternError(message, pattern, position); steals message. */
Ref regex_error(Vm *vm, Ref message, Value pattern, ptrdiff_t position);

typedef struct Engines Engines; /* what all patterns of an interpreter share (_re_code.c) */

/* The one of an interpreter: the module's functions are its methods. */
typedef struct ReState {
    Container head;
    Ref plain;   /* dict: pattern without flags -> Pattern, oldest first */
    Ref flagged; /* dict: (pattern, flags) -> Pattern */
    Engines *engines;
    Type *match_type;
} ReState;

typedef struct RegexCode {
    void *code;
    bool jit, wide;
} RegexCode; /* wide: 32-bit whatever the kind */

typedef struct Pattern {
    Container head;
    Ref source;        /* str or bytes-like */
    Ref state;         /* ReState */
    Ref names;         /* dict: name -> number */
    Ref group_names;   /* tuple by number, None for nameless ones */
    Ref literal;       /* str: the text that is all it matches; or UNDEF */
    Ref template_text; /* the last replacement template, and what it means */
    struct Template *template;
    RegexCode codes[SUBJECT_KINDS][ANCHORS];
    int32_t *closing;
    unsigned flags;
    int groups;
    bool bytes, repeated;
} Pattern;

typedef struct Subject {
    Value text;    /* borrowed: what is searched */
    Buffer buffer; /* of a bytes-like one; owner UNDEF: none */
    char *owned;   /* widened copy, made on demand */
    const void *data;
    ptrdiff_t len; /* points */
    ptrdiff_t pos, endpos;
    SubjectKind kind;
    int unit; /* bytes a point */
} Subject;

typedef struct Match {
    Object head;
    Ref pattern, text;
    ptrdiff_t pos, endpos;
    int last;          /* number of the group closed last, 0: none; -1: not computed yet */
    ptrdiff_t marks[]; /* start and end of each group, the whole first; -1: took no part */
} Match;

typedef struct Template { /* literals[0] group[0] literals[1] ... literals[count] */
    int count;
    int *groups;
    Ref *literals;
} Template;

static inline Pattern *as_pattern(Value v) { return (Pattern *)as_object(v); }
static inline Match *as_match(Value v) { return (Match *)as_object(v); }

extern const TypeDef re_state_type, re_pattern_type, re_match_type;

bool subject_open(Vm *vm, Subject *subject, const Pattern *pattern, Value text, ptrdiff_t pos,
                  ptrdiff_t endpos);
void subject_close(Vm *vm, Subject *subject);
Ref subject_slice(Vm *vm, const Subject *subject, ptrdiff_t start, ptrdiff_t end);

/* The offsets of the match found from start on (in the engines' storage, overwritten by the
 * next run); NULL with
 * *raised telling whether it failed or found nothing. not_empty: an empty match at start does
 * not count. */
const size_t *pattern_run(Vm *vm, Pattern *pattern, Subject *subject, Anchor anchor,
                          ptrdiff_t start, bool not_empty, bool *raised);
void pattern_free_codes(Pattern *pattern);
void engines_free(Engines *engines);

Ref match_new(Vm *vm, Pattern *pattern, const Subject *subject, const size_t *offsets);
/* The template that text stands for, kept by the pattern; NULL: raised. */
Template *pattern_template(Vm *vm, Pattern *pattern, Value text);
void template_free(Template *template);

#endif
