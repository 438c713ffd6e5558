/* compile.c - a libFuzzer target: any bytes as source text, through decoding, lexer, parser, names
 * and compiler.
 *
 * Whatever comes in, there is code or one of a few exceptions.  What compiles is disassembled, an
 * expression must survive being written out and read again, and some inputs take the way of module
 * ast as well: to objects, to text, and back.
 * Neighbours: host.c, fuzz.sh; tests/grammar/ (the front end compared with CPython). */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/unparse.h"
#include "host.h"
#include "object/bytes.h"
#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/str.h"
#include "syntax/dump.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static Vm *host;
static FILE *sink; /* for what is written only to see that it can be */
static Ref filename, names;

static const char setup[] = "import ast, codecs, encodings, warnings\n"
                            "warnings.simplefilter('ignore')\n"
                            "def through_tree(source):\n"
                            "    tree = ast.parse(source)\n"
                            "    compile(tree, 'tree', 'exec')\n"
                            "    ast.parse(ast.unparse(tree))\n";

static void clear_expected(Vm *vm, const char *what)
{
    if (absent(vm->error)) host_finding(vm, "a failure without an exception");
    if (!error_is(vm, SyntaxError) && !error_is(vm, MemoryError) && !error_is(vm, RecursionError))
        host_finding(vm, what);
    error_clear(vm);
}

static bool compiles(Vm *vm, const char *text, ptrdiff_t len, unsigned mode, unsigned flags)
{
    Ref code = compile_source(vm, text, len, filename, mode, flags);
    if (failed(code)) {
        clear_expected(vm, "an exception that compiling should not raise");
        return false;
    }
    if (!absent(vm->error)) host_finding(vm, "code, and an exception all the same");
    disassemble(vm, sink, as_code(code));
    decref(code);
    return true;
}

/* The text of an expression as the compiler writes it, or UNDEF when this is none. */
static Ref written_out(Vm *vm, const char *text, ptrdiff_t len, unsigned mode)
{
    Arena arena;
    Ref out = UNDEF;
    arena_open(&arena);
    ParseResult result = parse(&arena, text, len, mode);
    Compiler c = {.vm = vm, .arena = &arena, .filename = filename};
    if (result.tree) {
        dump_tree(sink, result.tree);
        out = unparse(&c, as_Expression(result.tree)->body);
    }
    arena_close(&arena);
    if (!failed(out)) return out;
    clear_expected(vm, "an expression cannot be written out");
    return UNDEF;
}

/* As in CPython the quotes and backslashes in the fields of an f-string or t-string are escaped
 * along with its text, which such a literal cannot be read with. */
static bool escapes_in_fields(const char *text)
{
    if (!strchr(text, '\\')) return false;
    return strstr(text, "f'") || strstr(text, "f\"") || strstr(text, "t'") || strstr(text, "t\"");
}

static void check_expression(Vm *vm, const char *text, ptrdiff_t len)
{
    char *owned = NULL;
    ptrdiff_t size;
    Ref first = written_out(vm, text, len, PARSE_EVAL), second = UNDEF;
    const char *utf8 = absent(first) ? NULL : str_utf8(vm, first, &size, &owned);
    if (utf8 && !escapes_in_fields(utf8)) {
        second = written_out(vm, utf8, size, PARSE_EVAL | PARSE_UTF8);
        if (absent(second) || !str_equal(as_str(first), as_str(second))) {
            fprintf(stderr, "%s\n", utf8);
            host_finding(vm, "an expression written out reads differently");
        }
    }
    memory_free(owned);
    if (!absent(vm->error)) error_clear(vm); /* lone surrogates */
    decref(first);
    decref(second);
}

static void check_tree(Vm *vm, const uint8_t *input, size_t size)
{
    Ref source = bytes_from(vm, (const char *)input, (ptrdiff_t)size),
        result = failed(source)
                     ? FAIL
                     : call1(vm, dict_get_text(vm, as_dict(names), "through_tree"), source);
    if (failed(result))
        clear_expected(vm, "a tree that does not compile, or text that does not parse");
    decref(result);
    decref(source);
}

static void once(Vm *vm, const uint8_t *input, size_t size)
{
    static const unsigned modes[] = {PARSE_EVAL, PARSE_SINGLE, PARSE_SINGLE | PARSE_OPEN,
                                     PARSE_FILE};
    static const unsigned flags[] = {COMPILE_TOP_LEVEL_AWAIT | COMPILE_OPTIMIZE,
                                     COMPILE_NAMES | COMPILE_INCOMPLETE, COMPILE_NAMES,
                                     COMPILE_ANNOTATIONS_STRING | COMPILE_NO_DOCS};
    const char *text = (const char *)input;
    ptrdiff_t len = (ptrdiff_t)size;
    unsigned choice = size % 4;
    dump_tokens(sink, text, len);
    bool good = compiles(vm, text, len, PARSE_FILE, 0);
    compiles(vm, text, len, modes[choice], flags[choice]);
    check_expression(vm, text, len);
    if (good && size % 16 == 0) check_tree(vm, input, size);
}

int LLVMFuzzerInitialize(int *argc __attribute__((unused)), char ***argv __attribute__((unused)))
{
    Vm *vm = host = host_open(setup, &names);
    filename = str_from(vm, "input");
    sink = fopen("/dev/null", "w");
    if (failed(filename) || !sink) exit(2);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    uint8_t *exact = malloc(size ? size : 1); /* so that reading past the end is noticed */
    if (!exact) exit(2);
    memcpy(exact, input, size);
    host_run(host, once, exact, size);
    free(exact);
    return 0;
}
