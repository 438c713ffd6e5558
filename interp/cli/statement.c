/* statement.c - lines typed at the prompt as statements.
 *
 *
 * Neighbours: repl.c, syntax/parser.h, compiler/compiler.h. */
/* SPDX-License-Identifier: MIT */
#include "cli/statement.h"

#include <string.h>

#include "compiler/compiler.h"

static bool is_compound(const Node *node)
{
    switch (node->kind) {
    case NODE_FunctionDef:
    case NODE_AsyncFunctionDef:
    case NODE_ClassDef:
    case NODE_If:
    case NODE_For:
    case NODE_AsyncFor:
    case NODE_While:
    case NODE_Try:
    case NODE_TryStar:
    case NODE_With:
    case NODE_AsyncWith:
    case NODE_Match: return true;
    default: return false;
    }
}

/* Is the last line blank?  text ends with a newline. */
static bool ends_blank(const char *text)
{
    size_t len = strlen(text);
    while (len > 1 && strchr(" \t\r", text[len - 2])) len--;
    return len < 2 || text[len - 2] == '\n';
}

bool statement_is_complete(const char *text, bool whole)
{
    Arena arena;
    arena_open(&arena);
    ptrdiff_t len = (ptrdiff_t)strlen(text);
    ParseResult parsed = parse(&arena, text, len, PARSE_FILE | PARSE_UTF8);
    bool complete;
    if (!parsed.tree) {
        complete = !parse(&arena, text, len, PARSE_SINGLE | PARSE_UTF8).problem.incomplete;
    } else {
        Nodes body = as_Module(parsed.tree)->body;
        complete = whole || !body.len || !is_compound(body.items[body.len - 1]) || ends_blank(text);
    }
    arena_close(&arena);
    return complete;
}

/* Does the line begin with a word after which a block ends? */
static bool leaves_block(const char *line)
{
    static const char *const words[] = {"return", "pass", "break", "continue", "raise"};
    for (size_t n = 0; n < sizeof words / sizeof *words; n++) {
        size_t len = strlen(words[n]);
        if (strncmp(line, words[n], len) == 0 &&
            !strchr("_0123456789", line[len] ? line[len] : '_')) {
            if (line[len] == ' ' || line[len] == '\n') return true;
        }
    }
    return false;
}

int statement_indent(const char *text)
{
    size_t len = strlen(text);
    const char *last = text;
    for (const char *at = text; at + 1 < text + len; at++)
        if (*at == '\n') last = at + 1;
    int indent = (int)strspn(last, " ");
    const char *end = text + len;
    while (end > last && strchr(" \t\r\n", end[-1])) end--;
    if (end > last && end[-1] == ':') return indent + 4;
    return leaves_block(last + indent) && indent >= 4 ? indent - 4 : indent;
}

Ref statement_compile(Vm *vm, const char *text, Value filename)
{
    _Static_assert(sizeof(NodeModule) == sizeof(NodeInteractive), "both hold a body");
    Arena arena;
    arena_open(&arena);
    ptrdiff_t len = (ptrdiff_t)strlen(text);
    ParseResult parsed = parse(&arena, text, len, PARSE_FILE | PARSE_UTF8);
    Ref code;
    if (parsed.tree) {
        parsed.tree->kind = NODE_Interactive;
        code = compile_tree(vm, parsed.tree, text, len, filename, COMPILE_TOP_LEVEL_AWAIT);
    } else {
        code = compile_source(vm, text, len, filename, PARSE_FILE, COMPILE_TOP_LEVEL_AWAIT);
    }
    arena_close(&arena);
    return code;
}
