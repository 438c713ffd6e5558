/* verify.c - compiler/verify: what a debug build accepts as bytecode and what it stops at.
 *
 * Each case is a few words in a code object made by hand, verified in a child process, whose abort
 * is looked for.  In a release build verify_code does nothing, so no case may abort there.
 * Neighbours: interp/compiler/verify.c. */
/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compiler/opcode.h"
#include "compiler/verify.h"

#ifdef NDEBUG
enum { CHECKS = 0 };
#else
enum { CHECKS = 1 };
#endif

#define WORD(op, a, b, c)                                                                          \
    ((Instr)OP_##op | (Instr)((a)&0xff) << 8 | (Instr)((b)&0xff) << 16 | (Instr)((c)&0xff) << 24)
#define GOTO(op, words) ((Instr)OP_##op | (Instr)(words) << 8)
#define END             WORD(RETURN_CONST, 0, 0, 0)
#define CASE(bad, ...)                                                                             \
    check(__LINE__, bad, (Instr[]){__VA_ARGS__},                                                   \
          (int)(sizeof(Instr[]){__VA_ARGS__} / sizeof(Instr)), NULL)
#define GOOD(...) CASE(0, __VA_ARGS__)
#define BAD(...)  CASE(1, __VA_ARGS__)

static int failures;

static void run_child(const Code *code)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    if (!freopen("/dev/null", "w", stderr)) _exit(2);
    verify_code(code);
    _exit(0);
}

/* The code has 2 locals, 4 temporaries, 2 constants, 1 cache (naming constant 1), 1 free cell. */
static void check(int line, int bad, Instr *words, int count, HandlerRow *row)
{
    Ref constants[] = {NONE, TRUE};
    Cache cache = {.k = 1};
    Code code = {.instrs = words,
                 .instr_count = count,
                 .constants = constants,
                 .constant_count = 2,
                 .caches = &cache,
                 .cache_count = 1,
                 .free_count = 1,
                 .locals = 2,
                 .temps = 4,
                 .handlers = row,
                 .handler_count = row != NULL};
    pid_t child = fork();
    if (child < 0) exit(2);
    if (child == 0) run_child(&code);
    int status = 0;
    waitpid(child, &status, 0);
    int stopped = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
    if (stopped == (bad && CHECKS) && (stopped || status == 0)) return;
    printf("line %d: %s\n", line, stopped ? "refused" : "accepted");
    failures++;
}

static void test_operands(void)
{
    GOOD(WORD(MOVE, 3, -2, 0), END);
    BAD(WORD(MOVE, 4, -2, 0), END);
    BAD(WORD(MOVE, 3, -3, 0), END);
    GOOD(WORD(WIDE, 0, 0xff, 0), WORD(MOVE, 3, -2, 0), END);
    BAD(WORD(WIDE, 1, 0xff, 0), WORD(MOVE, 3, -2, 0), END);
    GOOD(WORD(LOAD_CONST, 0, 1, 0), END);
    BAD(WORD(LOAD_CONST, 0, 2, 0), END);
    BAD(WORD(LOAD_CONST, 0, 0, 1), END);
    GOOD(WORD(LOAD_FREE, 0, 0, 0), END);
    BAD(WORD(LOAD_FREE, 0, 1, 0), END);
    GOOD(WORD(CHECK_LOCAL, -1, 0, 0), END);
    BAD(WORD(CHECK_LOCAL, 0, 0, 0), END);
    GOOD(WORD(UNBIND, -2, 2, 0), END);
    BAD(WORD(UNBIND, -2, 3, 0), END);
    GOOD(WORD(BUILD_TUPLE, 0, 2, 2), END);
    BAD(WORD(BUILD_TUPLE, 0, 2, 3), END);
    BAD(WORD(BUILD_TUPLE, 0, -2, 2), END);
    GOOD(WORD(BUILD_TUPLE, 0, 4, 0), END);
    BAD(WORD(OR, 0, 0, 0), END);
    BAD(0xffu, END);
}

static void test_aux_words(void)
{
    GOOD(WORD(CALL, 1, 1, 0), 0, END);
    BAD(WORD(CALL, 1, 2, 0), 0, END);
    BAD(WORD(CALL, 1, 1, 0), 1, END);
    GOOD(WORD(LOAD_GLOBAL, 0, 0, 0), 0, END);
    BAD(WORD(CALL_METHOD_KW, 0, 0, 0), 0, END);
    GOOD(WORD(ADD, 0, 0, 1), 1, END);
    BAD(WORD(ADD, 0, 0, 1), 2, END);
    GOOD(WORD(IMPORT_NAME, 0, 0, 0), 1, END);
    BAD(WORD(IMPORT_NAME, 0, 0, 0), 2, END);
    BAD(WORD(MAKE_FUNCTION, 0, 0, 0), 0, END);
    GOOD(WORD(INTRINSIC, 0, 0, 0), 3, END);
    BAD(WORD(INTRINSIC, 0, 0, 0), 2, END);
    BAD(WORD(INTRINSIC, 0, 0, 200), 3, END);
    BAD(END, WORD(ADD, 0, 0, 1));
}

static void test_flow(void)
{
    GOOD(WORD(JUMP_IF, 0, 0, 1), 1, END, END);
    BAD(WORD(JUMP_IF, 0, 0, 2), 1, END, END);
    BAD(WORD(JUMP_IF, 0, 0, 1), 2, END, END);
    BAD(WORD(JUMP_IF, 0, 0, 1), (Instr)-3, END);
    BAD(WORD(JUMP_IF, 0, 0, 1), 1, END, WORD(NOT, 0, 0, 0));
    BAD(GOTO(JUMP, 1), WORD(ADD, 0, 0, 0), 0, END);
    BAD(GOTO(JUMP, 1), WORD(WIDE, 0, 0, 0), WORD(NOT, 0, 0, 0), END);
    GOOD(WORD(NOT, 0, 0, 0), GOTO(JUMP_BACK, -2));
    BAD(WORD(NOT, 0, 0, 0), GOTO(JUMP_BACK, 0), END);
    BAD(WORD(NOT, 0, 0, 0), GOTO(JUMP, -2));
    BAD(WORD(NOT, 0, 0, 0));
    BAD(END, WORD(WIDE, 0, 0, 0));
    BAD(WORD(WIDE, 0, 0, 0), GOTO(JUMP, 0), END);
    BAD(WORD(WIDE, 0, 0, 0), WORD(ADD_INT, 0, 0, 1), 0, END);
}

static void check_row(int line, int bad, HandlerRow row)
{
    Instr words[] = {WORD(ADD, 0, 0, 1), 0, WORD(NOT, 0, 0, 0), END};
    check(line, bad, words, 4, &row);
}

static void test_handlers(void)
{
    check_row(__LINE__, 0, (HandlerRow){0, 2, 3, 1, 1});
    check_row(__LINE__, 0, (HandlerRow){2, 4, 0, 4, 3});
    check_row(__LINE__, 1, (HandlerRow){2, 0, 3, 1, 1});
    check_row(__LINE__, 1, (HandlerRow){0, 5, 3, 1, 1});
    check_row(__LINE__, 1, (HandlerRow){0, 1, 3, 1, 1});
    check_row(__LINE__, 1, (HandlerRow){1, 2, 3, 1, 1});
    check_row(__LINE__, 1, (HandlerRow){0, 2, 1, 1, 1});
    check_row(__LINE__, 1, (HandlerRow){0, 2, 4, 1, 1});
    check_row(__LINE__, 1, (HandlerRow){0, 2, 3, 5, 1});
    check_row(__LINE__, 1, (HandlerRow){0, 2, 3, 1, 4});
}

int main(void)
{
    test_operands();
    test_aux_words();
    test_flow();
    test_handlers();
    return failures != 0;
}
