/* check.c - `aio check FILE...`: a line for each finding, status 1 when there is one.
 *
 * A finding must be right: what needs a guess about values is left out.  A line that holds
 * `# noqa` is not told about.
 * Neighbours: findings.def (what can be found); check_async.c, check_name.c, check_import.c (the
 * looking). */
/* SPDX-License-Identifier: MIT */
#include "cli/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/show.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/str.h"

void check_add(Check *check, FindingKind kind, Pos pos, const char *text)
{
    if (check->count == check->capacity) {
        int capacity = check->capacity ? check->capacity * 2 : 16;
        Finding *findings = realloc(check->findings, (size_t)capacity * sizeof *findings);
        if (!findings) return;
        check->findings = findings;
        check->capacity = capacity;
    }
    check->findings[check->count++] = (Finding){kind, pos, text};
}

const char *check_dotted(const Check *check, Node *node)
{
    if (node->kind == NODE_Name) return as_Name(node)->id;
    if (node->kind != NODE_Attribute) return NULL;
    const char *before = check_dotted(check, as_Attribute(node)->value);
    return before ? arena_printf(check->arena, "%s.%s", before, as_Attribute(node)->attr) : NULL;
}

typedef struct Search {
    NodeKind kind;
    bool found;
} Search;

static bool opens_function(const Node *node)
{
    return node->kind == NODE_FunctionDef || node->kind == NODE_AsyncFunctionDef ||
           node->kind == NODE_ClassDef || node->kind == NODE_Lambda;
}

static void search(Node *node, void *context)
{
    Search *looked = context;
    if (node->kind == looked->kind) looked->found = true;
    if (!looked->found && !opens_function(node)) node_children(node, search, context);
}

bool check_has(Node *node, NodeKind kind)
{
    Search looked = {kind, false};
    node_children(node, search, &looked);
    return looked.found;
}

/* ---- telling ---- */

static int by_place(const void *a, const void *b)
{
    const Finding *x = a, *y = b;
    if (x->pos.line != y->pos.line) return x->pos.line < y->pos.line ? -1 : 1;
    if (x->pos.col != y->pos.col) return x->pos.col < y->pos.col ? -1 : 1;
    return (int)x->kind - (int)y->kind;
}

/* Does the line of the text hold `# noqa`? */
static bool is_excused(const Check *check, int line)
{
    const char *at = check->text, *end = check->text + check->len;
    while (--line > 0 && at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        at = newline ? newline + 1 : end;
    }
    const char *newline = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
    return memmem(at, (size_t)((newline ? newline : end) - at), "# noqa", 6) != NULL;
}

static int tell(Check *check)
{
    static const struct {
        const char *code, *message;
    } rows[] = {
#define FINDING(name, code, message) {code, message},
#include "cli/findings.def"
    };
    int told = 0;
    if (check->count) qsort(check->findings, (size_t)check->count, sizeof(Finding), by_place);
    for (int n = 0; n < check->count; n++) {
        const Finding *finding = &check->findings[n];
        const char *message = rows[finding->kind].message, *hole = strstr(message, "%s");
        if (is_excused(check, finding->pos.line)) continue;
        printf("%s:%d:%d: %s %.*s%s%s\n", check->path, finding->pos.line, finding->pos.col + 1,
               rows[finding->kind].code, (int)(hole - message), message, finding->text, hole + 2);
        told++;
    }
    return told;
}

/* ---- one file ---- */

/* Scopes refuse what the parser does not (`return` at the top, two parameters of one name). */
static void add_compile_error(Vm *vm, Check *check)
{
    Ref error = error_take(vm);
    Value line = exception_field(error, LINENO_FIELD),
          column = exception_field(error, OFFSET_FIELD);
    Value message = exception_field(error, MSG_FIELD);
    Pos pos = {.line = is_int(line) ? (int)as_int(line) : 1,
               .col = is_int(column) ? (int)as_int(column) - 1 : 0};
    const char *text = is_str(message) && as_str(message)->ascii ? as_str(message)->data
                       : is_exception(error) && exception_is(vm, error, MemoryError) ? "MemoryError"
                                                                                     : "invalid";
    check_add(check, FINDING_SYNTAX, pos, arena_printf(check->arena, "%s", text));
    decref(error);
}

/* The compiler proper finds the rest of the syntax errors. */
static bool compiles(Vm *vm, Check *check, Value filename)
{
    Ref code =
        compile_tree(vm, check->tree, check->text, check->len, filename, COMPILE_TOP_LEVEL_AWAIT);
    if (failed(code)) add_compile_error(vm, check);
    decref(code);
    return !failed(code);
}

static void look(Vm *vm, Check *check, Value filename)
{
    Compiler compiler = {.vm = vm,
                         .arena = check->arena,
                         .text = check->text,
                         .len = check->len,
                         .filename = filename,
                         .flags = COMPILE_TOP_LEVEL_AWAIT};
    if (!compiles(vm, check, filename)) return;
    idents_open(&compiler.idents, vm, check->arena);
    check->compiler = &compiler;
    if (scopes_build(&compiler, check->tree)) {
        check_imports(check);
        check_awaits(check);
        check_names(check);
        check_reach(check);
    } else {
        add_compile_error(vm, check);
    }
    idents_close(&compiler.idents);
}

/* A file, or standard input for `-`; NULL: it cannot be read, which has been told. */
static FILE *open_file(const char *path)
{
    struct stat about;
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    if (file && fstat(fileno(file), &about) == 0 && S_ISDIR(about.st_mode)) {
        fclose(file);
        file = NULL;
        errno = EISDIR;
    }
    if (!file)
        fprintf(stderr, "aio: can't open file '%s': [Errno %d] %s\n", path, errno, strerror(errno));
    return file;
}

/* How many findings were told; -1: the file cannot be read or there is no memory for it. */
static int check_file(Vm *vm, const char *path)
{
    FILE *file = open_file(path);
    if (!file) return -1;
    Arena arena;
    arena_open(&arena);
    Check check = {.path = file == stdin ? "<stdin>" : path, .arena = &arena};
    char *text = read_stream(file, &check.len);
    if (file != stdin) fclose(file);
    check.text = text;
    ParseResult parsed = text ? parse(&arena, text, check.len, PARSE_FILE) : (ParseResult){0};
    Ref filename = str_from(vm, check.path);
    check.tree = parsed.tree;
    bool good = text && !failed(filename);
    if (!good) {
        fprintf(stderr, "aio: out of memory while %s was checked\n", check.path);
        error_clear(vm);
    } else if (parsed.tree) {
        look(vm, &check, filename);
    } else {
        Pos pos = parsed.problem.pos;
        if (pos.line < 1) pos.line = 1; /* of the file as a whole: its encoding */
        check_add(&check, FINDING_SYNTAX, pos, parsed.problem.message);
    }
    int told = good ? tell(&check) : -1;
    decref(filename);
    free(check.findings);
    free(check.imported);
    free(text);
    arena_close(&arena);
    return told;
}

int check_files(Vm *vm, const Options *options)
{
    int status = 0;
    if (!options->arg_count) {
        fputs("aio: check needs a file\n", stderr);
        return STATUS_USAGE;
    }
    for (int n = 0; n < options->arg_count; n++) {
        int told = check_file(vm, options->args[n]);
        if (told < 0) status = STATUS_USAGE;
        else if (told > 0 && status == 0) status = STATUS_ERROR;
    }
    return status;
}
