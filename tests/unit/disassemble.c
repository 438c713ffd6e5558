/* disassemble.c - compiler/disassemble: what aio --dis prints.
 *
 * Not the whole listing, which changes with the compiler, but what must be in it.
 * Neighbours: interp/compiler/disassemble.c. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/interp.h"
#include "compiler/compiler.h"
#include "object/error.h"
#include "object/str.h"

static int failures;

/* The listing of a program, from malloc. */
static char *listing_of(Vm *vm, const char *source)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    Ref filename = str_from(vm, "unit.aio");
    Ref code = compile_source(vm, source, (ptrdiff_t)strlen(source), filename, PARSE_FILE, 0);
    if (!out || failed(code)) exit(2);
    disassemble(vm, out, as_code(code));
    fclose(out);
    decref(code);
    decref(filename);
    if (!absent(vm->error)) {
        puts("an error is left behind");
        failures++;
    }
    return text;
}

/* Makes each run of blanks one. */
static void squeeze(char *text)
{
    char *to = text;
    for (const char *at = text; *at; at++)
        if (*at != ' ' || at[1] != ' ') *to++ = *at;
    *to = 0;
}

static void check_listing(Vm *vm, const char *source, const char *const *phrases)
{
    char *text = listing_of(vm, source);
    squeeze(text);
    for (; *phrases; phrases++) {
        if (strstr(text, *phrases)) continue;
        printf("%.40s: no '%s' in\n%.4000s", source, *phrases, text);
        failures++;
    }
    free(text);
}

#define CHECK(source, ...) check_listing(vm, source, (const char *const[]){__VA_ARGS__, NULL})

static void test_parts(Vm *vm)
{
    CHECK("x = 'a'", "<module> unit.aio:1", "1:4-7 0 LOAD_CONST t0, 'a'",
          "STORE_GLOBAL t0 cache 0: x", "RETURN_CONST None");
    CHECK("def f(a, *b):\n  def g(): return a\n  c = b + 1\n  return g",
          "MAKE_FUNCTION t0, 0 <code f>", "f unit.aio:1", "parameters a (cell), b", "locals g, c",
          "ADD_K c, b, 1", "f.<locals>.g unit.aio:2, nested", "free a", "LOAD_FREE t0, a");
    CHECK("while x:\n  x.m(1, k=2)", "JUMP_IF t0, 0 to L2", "JUMP_BACK L1", "L2: RETURN",
          "cache 2: m, ('k',)", "CALL_METHOD_KW t0..t3, 2");
    CHECK("try: f()\nexcept E: x += 1", "temporaries kept 0, exception in t0", "in place",
          "PUSH_HANDLED t1, t0");
    CHECK("def f[T](): pass", "INTRINSIC t0, t0..t2, TYPE_VAR 3");
}

static void test_extremes(Vm *vm)
{
    CHECK("'0123456789012345678901234567890123456789012345678901234567890'; x = "
          "'0123456789012345678901234567890123456789012345678901234567890'",
          "LOAD_CONST t0, '01234567890123456789012345678901234567890123456...");
    CHECK("x = '\\ud800'", "LOAD_CONST t0, '\\ud800'");
    static char source[20000] = "x = 0x1";
    memset(source + strlen(source), '0', 6000); /* more digits than repr allows */
    CHECK(source, "LOAD_CONST t0, <a value without repr>");
    int end = sprintf(source, "def f():\n");
    for (int i = 0; i < 300; i++) end += sprintf(source + end, "  v%d = %d\n", i, i);
    CHECK(source, "WIDE LOAD_INT v0, 0\n", " LOAD_INT v299, 299\n", "WIDE LOAD_INT v171, 171\n",
          "344 LOAD_INT v172, 172\n");
}

int main(void)
{
    Vm *vm = interp_open((Debugging){0, -1, -1}, NULL);
    if (!vm) return 2;
    test_parts(vm);
    test_extremes(vm);
    interp_close(vm);
    return failures != 0;
}
