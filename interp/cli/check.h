/* check.h - `aio check`: what can be known of a program without running it. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_CLI_CHECK_H
#define AIO_CLI_CHECK_H

#include "cli/options.h"
#include "compiler/compile.h"

typedef enum FindingKind {
#define FINDING(name, code, message) FINDING_##name,
#include "cli/findings.def"
} FindingKind;

typedef struct Finding {
    FindingKind kind;
    Pos pos;
    const char *text; /* what the message names; in the arena */
} Finding;

typedef struct Imported Imported; /* check_import.c */

/* One file being looked at. */
typedef struct Check {
    const char *path;
    Arena *arena;
    const char *text;
    ptrdiff_t len;
    Node *tree;
    Compiler *compiler; /* its scopes are resolved */
    Finding *findings;
    int count, capacity;
    Imported *imported; /* what names mean that are imported; free() it */
    int imported_count;
} Check;

/* Checks the files that follow on the command line; the exit status. */
int check_files(Vm *vm, const Options *options);

void check_add(Check *check, FindingKind kind, Pos pos, const char *text);
/* "asyncio.sleep" for a chain of names, in the arena; NULL for anything else. */
const char *check_dotted(const Check *check, Node *node);
void check_imports(Check *check); /* before check_meaning() is asked */
/* The same as it would be without `as` and `from`: NULL when the first name is no import, or may be
 * something else. */
const char *check_meaning(const Check *check, Node *node);
/* How many statements of the file bind a name, anywhere. */
int check_bindings(const Check *check, const char *name);
/* Is the last of the definitions of a name in a body the only one, and an async def that gives a
 * coroutine?  check_async.c */
bool check_plain_async(Nodes body, const char *name);
/* Does a call of `function`, in a method of the class `inside` (or NULL), surely give a coroutine,
 * because it names a method that is async?  check_class.c */
bool check_coroutine_method(const Check *check, Node *function, NodeClassDef *inside);
/* Does a node of that kind occur in node, functions and classes inside it left out? */
bool check_has(Node *node, NodeKind kind);

void check_awaits(Check *check); /* check_async.c */
void check_names(Check *check);  /* check_name.c */
void check_reach(Check *check);  /* check_name.c */

#endif
