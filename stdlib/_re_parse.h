/* _re_parse.h - what the two files that read patterns share. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_STDLIB_RE_PARSE_H
#define AIO_STDLIB_RE_PARSE_H

#define PCRE2_CODE_UNIT_WIDTH 0
#include <pcre2.h>

#include "_re.h"

/* Does \b of the PCRE2 at hand follow [\p{L}\p{N}_], as Python's does? (10.43 added marks.) */
#define PROPERTY_BOUNDARY (PCRE2_MAJOR == 10 && PCRE2_MINOR < 43)

typedef struct Span {
    uint64_t least, most;
} Span; /* how many points something matches */
#define SPAN_MAX UINT64_C(0xFFFFFFFFFFFF)

typedef struct Group {
    bool open;
    Span span;
} Group;

typedef enum ItemKind { ITEM_NONE, ITEM_PLACE, ITEM_REPEAT, ITEM_OTHER, ITEM_SKIP } ItemKind;
typedef struct Item { /* what a quantifier would repeat */
    ItemKind kind;
    ptrdiff_t from;   /* where its translation starts */
    int group_before; /* groups opened before it */
    Span span;
} Item;

typedef struct Parser {
    Vm *vm;
    Value pattern;
    uint32_t *text;
    ptrdiff_t len, at;
    bool bytes;
    SubjectKind kind;
    uint32_t limit; /* the highest point a subject can hold */
    unsigned flags; /* in force here */
    Group *groups;  /* by number */
    int group_capacity;
    int closed;            /* groups closed so far */
    int behind_from;       /* inside a look-behind: the first group number in it; else -1 */
    bool behind_failed;    /* one has no fixed width */
    int64_t forward_group; /* the highest group asked for before it came, and where */
    ptrdiff_t forward_at;
    Regex *out;
} Parser;

/* A set of points below 256, ranges of any, and Unicode classes. */
typedef struct PointRange {
    uint32_t low, high;
} PointRange;
typedef struct CharSet {
    uint32_t bits[8];   /* narrow subjects: everything */
    PointRange *ranges; /* wide subjects */
    int count, capacity;
    unsigned classes; /* wide subjects: SET_* */
} CharSet;

bool put_point(Parser *p, uint32_t point);
bool put_text(Parser *p, const char *text);
bool put_format(Parser *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool parse_fail(Parser *p, ptrdiff_t position, const char *format, ...);
bool parse_fail_text(Parser *p, ptrdiff_t position, const char *format, ptrdiff_t start,
                     ptrdiff_t end);
Ref parse_text(Parser *p, ptrdiff_t start, ptrdiff_t end);
ptrdiff_t token_end(const Parser *p, ptrdiff_t at);
Truth parse_escape_point(Parser *p, ptrdiff_t start, uint32_t c, uint32_t *point);
bool parse_branch(Parser *p, bool first, Span *total);

/* [...] from behind the bracket on. */
bool parse_set(Parser *p);
bool set_add_class(Parser *p, CharSet *set, uint32_t c); /* \d \D \s \S \w \W */
bool set_emit(Parser *p, CharSet *set, bool negated);
void set_close(CharSet *set);
/* What a literal matches ignoring case where PCRE2's caseless mode would not do: how many, in
 * out; -1: it does. */
int set_case_exceptions(Parser *p, uint32_t point, uint32_t out[4]);

#endif
