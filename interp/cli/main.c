/* main.c - the command line.
 *
 *   aio script.aio args...   run a script        aio -c CODE args...   run a text
 *   aio -m MODULE args...    run a module         aio -                    run standard input
 *   aio --tokens|--ast|--dis FILE   show a stage of compilation
 * Exit status: as Python's (0, sys.exit's, 1 for an uncaught exception, 2 for wrong use, 130 after Ctrl-C), and 70
 * when every task waits for ever (docs/differences.md).
 * Neighbours: interp.c (the interpreter's life), modules/ (what scripts import). */
/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/interp.h"
#include "compiler/compiler.h"
#include "modules/source.h"
#include "modules/spec.h"
#include "modules/sys.h"
#include "object/attr.h"
#include "object/call.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/int.h"
#include "object/list.h"
#include "object/name.h"
#include "object/str.h"
#include "syntax/dump.h"
#include "vm/frame.h"
#include "vm/import.h"

enum { STATUS_ERROR = 1, STATUS_USAGE = 2, STATUS_DEADLOCK = 70, STATUS_INTERRUPTED = 130 };

typedef enum Action { RUN_FILE, RUN_TEXT, RUN_MODULE, RUN_STDIN, SHOW_TOKENS, SHOW_AST, SHOW_DIS } Action;

typedef struct Command {
    Action action;
    const char *target;  /* file, code or module */
    char **args;         /* what follows, for sys.argv */
    int arg_count;
} Command;

static int usage(FILE *out)
{
    fputs("usage: aio [option] [script.aio | -c code | -m module | -] [argument ...]\n"
          "\n"
          "  -c code        run code\n"
          "  -m module      run a module, or the __main__ of a package, as a script\n"
          "  -              run standard input\n"
          "  --tokens FILE  print the tokens of a source file\n"
          "  --ast FILE     print its syntax tree\n"
          "  --dis FILE     print its bytecode\n"
          "  -V, --version  print the version\n"
          "  -h, --help     print this help\n"
          "\n"
          "environment: AIOPATH  folders to import from, after the script's own\n"
          "             AIO_DEBUG  ops, gc, loop, cache, refs, gcstress, oom=N (comma-separated)\n",
          out);
    return out == stderr ? STATUS_USAGE : 0;
}

/* What the arguments ask for; false: *status says how to end. */
static bool read_command(int argc, char **argv, Command *command, int *status)
{
    static const struct { const char *name; Action action; } shows[] = {
        {"--tokens", SHOW_TOKENS}, {"--ast", SHOW_AST}, {"--dis", SHOW_DIS}};
    *status = 0;
    *command = (Command){RUN_STDIN, "-", argv + argc, 0};
    if (argc < 2) return true;
    const char *first = argv[1];
    int next = 2;
    if (strcmp(first, "-h") == 0 || strcmp(first, "--help") == 0) return *status = usage(stdout), false;
    if (strcmp(first, "-V") == 0 || strcmp(first, "--version") == 0) return puts("aio 0.1.0 (Python 3.14)"), false;
    if (strcmp(first, "-c") == 0 || strcmp(first, "-m") == 0) {
        command->action = first[1] == 'c' ? RUN_TEXT : RUN_MODULE;
        if (argc < 3) {
            fprintf(stderr, "aio: argument expected for the %s option\n", first);
            return *status = STATUS_USAGE, false;
        }
        command->target = argv[next++];
    } else if (strcmp(first, "-") != 0) {
        command->action = RUN_FILE;
        command->target = first;
        for (size_t n = 0; n < sizeof shows / sizeof *shows; n++) {
            if (strcmp(first, shows[n].name) != 0) continue;
            if (argc < 3) return *status = usage(stderr), false;
            command->action = shows[n].action;
            command->target = argv[next++];
        }
        if (command->action == RUN_FILE && first[0] == '-') {
            fprintf(stderr, "aio: unknown option %s (see aio --help)\n", first);
            return *status = STATUS_USAGE, false;
        }
    }
    command->args = argv + next;
    command->arg_count = argc - next;
    return true;
}

/* ---- AIO_DEBUG ---- */

static unsigned read_debug(int64_t *fail_after)
{
    static const struct { const char *name; unsigned bit; } words[] = {
        {"ops", DEBUG_OPS}, {"gc", DEBUG_GC}, {"loop", DEBUG_LOOP}, {"cache", DEBUG_CACHE}, {"refs", DEBUG_REFS},
        {"gcstress", DEBUG_GCSTRESS}};
    unsigned debug = 0;
    *fail_after = -1;
    const char *text = getenv("AIO_DEBUG");
    while (text && *text) {
        size_t len = strcspn(text, ",");
        for (size_t n = 0; n < sizeof words / sizeof *words; n++)
            if (strlen(words[n].name) == len && strncmp(text, words[n].name, len) == 0) debug |= words[n].bit;
        if (strncmp(text, "oom=", 4) == 0) *fail_after = strtoll(text + 4, NULL, 10);
        text += len + (text[len] == ',');
    }
    return debug;
}

/* ---- sys.argv, sys.path ---- */

static bool push_text(Vm *vm, Value list, const char *text, size_t len)
{
    Ref item = str_from_utf8(vm, text, (ptrdiff_t)len);
    return !failed(item) && list_push(vm, as_list(list), item);
}

static bool set_argv(Vm *vm, const Command *command)
{
    Value argv = dict_get_text(vm, as_dict(vm->interp->sys), "argv");
    const char *name = command->action == RUN_TEXT     ? "-c"
                       : command->action == RUN_MODULE ? "-m" /* runpy puts the file there */
                                                       : command->target;
    bool good = !failed(argv) && push_text(vm, argv, name, strlen(name));
    for (int n = 0; good && n < command->arg_count; n++)
        good = push_text(vm, argv, command->args[n], strlen(command->args[n]));
    return good;
}

/* Where a command's own modules lie: the folder of its script, links resolved; for -m the current one. */
static bool push_own_folder(Vm *vm, Value path, const Command *command)
{
    bool script = command->action == RUN_FILE, module = command->action == RUN_MODULE;
    char *file = script ? realpath(command->target, NULL) : module ? getcwd(NULL, 0) : NULL;
    const char *slash = file && script ? strrchr(file, '/') : NULL;
    size_t len = !file ? 0 : !script ? strlen(file) : slash > file ? (size_t)(slash - file) : 1;
    bool good = push_text(vm, path, file ? file : "", len);
    free(file);
    return good;
}

static bool set_path(Vm *vm, const Command *command)
{
    Value path = dict_get_name(as_dict(vm->interp->sys), N(path));
    if (!push_own_folder(vm, path, command)) return false;
    if (!push_text(vm, path, "<stdlib>", 8)) return false;
    const char *more = getenv("AIOPATH");
    while (more && *more) {
        size_t len = strcspn(more, ":");
        if (len && !push_text(vm, path, more, len)) return false;
        more += len + (more[len] == ':');
    }
    return true;
}

/* ---- running ---- */

static char *read_stdin(ptrdiff_t *len)
{
    size_t capacity = 1 << 16, used = 0;
    char *text = malloc(capacity);
    for (size_t got; text && (got = fread(text + used, 1, capacity - used, stdin)) > 0;) {
        used += got;
        if (used < capacity) continue;
        char *more = realloc(text, capacity *= 2);
        if (!more) free(text);
        text = more;
    }
    *len = (ptrdiff_t)used;
    return text;
}

/* The text to run (free() it) and its name (owned); NULL: raised. */
static char *load(Vm *vm, const Command *command, ptrdiff_t *len, Ref *filename)
{
    *filename = str_from(vm, command->action == RUN_TEXT ? "<string>" : command->action == RUN_STDIN ? "<stdin>" : command->target);
    if (failed(*filename)) return NULL;
    if (command->action == RUN_TEXT) {
        *len = (ptrdiff_t)strlen(command->target);
        return strdup(command->target);
    }
    return command->action == RUN_STDIN ? read_stdin(len) : source_read(vm, *filename, len);
}

/* A script with await at its top level is a coroutine: asyncio.run() of it. */
static Ref run_async_main(Vm *vm, Code *code, Dict *names)
{
    Ref coroutine = run_code(vm, code, names, UNDEF);
    Ref asyncio = failed(coroutine) ? FAIL : import_text(vm, "asyncio");
    Ref run_function = failed(asyncio) ? FAIL : attr_get_text(vm, asyncio, "run");
    Ref result = failed(run_function) ? FAIL : call1(vm, run_function, coroutine);
    decref(run_function);
    decref(asyncio);
    decref(coroutine);
    return result;
}

/* A new module __main__, which sys.modules holds. */
static Ref make_main(Vm *vm)
{
    Ref module = module_new(vm, N(__main__), UNDEF);
    if (failed(module) || dict_set(vm, as_dict(vm->interp->modules), N(__main__), module)) return module;
    decref(module);
    return FAIL;
}

/* -m: runpy finds the module and runs it in __main__. */
static Ref run_module(Vm *vm, const char *name)
{
    Ref module = make_main(vm), text = str_from(vm, name);
    Ref runpy = failed(module) || failed(text) ? FAIL : import_text(vm, "runpy");
    Ref run_as_main = failed(runpy) ? FAIL : attr_get_text(vm, runpy, "_run_module_as_main");
    Ref result = failed(run_as_main) ? FAIL : call1(vm, run_as_main, text);
    decref(run_as_main);
    decref(runpy);
    decref(text);
    decref(module);
    return result;
}

static Ref run_main(Vm *vm, const char *text, ptrdiff_t len, Value filename, bool file)
{
    Ref module = make_main(vm), result = FAIL;
    if (failed(module)) goto done;
    Dict *names = module_dict(module);
    if (file && (!dict_set(vm, names, N(__file__), filename) || !module_set_loader(vm, module, filename))) goto done;
    Ref code = compile_source(vm, text, len, filename, PARSE_FILE, COMPILE_TOP_LEVEL_AWAIT);
    if (failed(code)) goto done;
    result = as_code(code)->flags & CODE_COROUTINE ? run_async_main(vm, as_code(code), names) : run_code(vm, as_code(code), names, UNDEF);
    decref(code);
done:
    decref(module);
    return result;
}

/* The exit status SystemExit asks for. */
static int exit_status(Vm *vm, Value error)
{
    Value code = exception_field(error, 0);
    if (absent(code) || code == NONE) return 0;
    if (is_any_int(code)) {
        int overflow;
        return (int)(int_value(code, &overflow) & 0xff);
    }
    Ref line = format_text(vm, "%S\n", code);
    if (failed(line)) error_clear(vm);
    else stderr_print(vm, line);
    if (!failed(line)) decref(line);
    return STATUS_ERROR;
}

/* Reports what nobody caught: through sys.excepthook. */
static int uncaught(Vm *vm)
{
    Ref error = error_take(vm);
    int status = STATUS_ERROR;
    if (exception_is(vm, error, SystemExit)) {
        status = exit_status(vm, error);
    } else {
        if (exception_is(vm, error, KeyboardInterrupt)) status = STATUS_INTERRUPTED;
        if (exception_is(vm, error, DeadlockError)) status = STATUS_DEADLOCK;
        sys_flush(vm);
        Value hook = dict_get_name(as_dict(vm->interp->sys), N(excepthook));
        Value traceback = absent(as_exception(error)->traceback) ? (Value)NONE : (Value)as_exception(error)->traceback;
        if (absent(hook)) exception_print(vm, error, 2);
        else decref(call(vm, hook, 3, (Value[]){borrow(type_of(vm, error)), error, traceback}));
        if (!absent(vm->error)) {
            Ref second = error_take(vm);
            exception_print(vm, second, 2);
            decref(second);
        }
    }
    decref(error);
    return status;
}

static int run(Vm *vm, const Command *command)
{
    ptrdiff_t len = 0;
    Ref filename = UNDEF, result = FAIL;
    if (!set_argv(vm, command) || !set_path(vm, command)) return uncaught(vm);
    char *text = command->action == RUN_MODULE ? NULL : load(vm, command, &len, &filename);
    if (!text && command->action == RUN_FILE && error_is(vm, OSError)) {
        Value number = exception_field(vm->error, ERRNO_FIELD), reason = exception_field(vm->error, STRERROR_FIELD);
        fprintf(stderr, "aio: can't open file '%s': [Errno %d] %s\n", command->target, is_int(number) ? (int)as_int(number) : 0,
                is_str(reason) ? as_str(reason)->data : "?");
        error_clear(vm);
        decref(filename);
        return STATUS_USAGE;
    }
    if (text && command->action == SHOW_DIS) {
        result = compile_source(vm, text, len, filename, PARSE_FILE, COMPILE_TOP_LEVEL_AWAIT);
        if (!failed(result)) disassemble(vm, stdout, as_code(result));
    } else if (command->action == RUN_MODULE) {
        result = run_module(vm, command->target);
    } else if (text) {
        result = run_main(vm, text, len, filename, command->action == RUN_FILE);
    }
    free(text);
    decref(filename);
    int status = failed(result) ? uncaught(vm) : 0;
    decref(result);
    return status;
}

/* --tokens and --ast need no interpreter. */
static int show(const Command *command)
{
    FILE *file = fopen(command->target, "rb");
    if (!file) {
        fprintf(stderr, "aio: can't open file '%s'\n", command->target);
        return STATUS_USAGE;
    }
    fclose(file);
    if (!freopen(command->target, "rb", stdin)) return STATUS_USAGE;
    ptrdiff_t len;
    char *text = read_stdin(&len);
    int status = 0;
    if (!text) return STATUS_ERROR;
    if (command->action == SHOW_TOKENS) {
        dump_tokens(stdout, text, len);
    } else {
        Arena arena;
        arena_open(&arena);
        ParseResult parsed = parse(&arena, text, len, PARSE_FILE);
        if (parsed.tree) dump_tree(stdout, parsed.tree);
        else fprintf(stderr, "%s:%d:%d: %s\n", command->target, parsed.problem.pos.line, parsed.problem.pos.col + 1, parsed.problem.message);
        status = parsed.tree ? 0 : STATUS_ERROR;
        arena_close(&arena);
    }
    free(text);
    return status;
}

int main(int argc, char **argv)
{
    Command command;
    int status;
    if (!read_command(argc, argv, &command, &status)) return status;
    if (command.action == SHOW_TOKENS || command.action == SHOW_AST) return show(&command);
    int64_t fail_after;
    unsigned debug = read_debug(&fail_after);
    Vm *vm = interp_open(debug, fail_after);
    if (!vm) {
        fputs("aio: out of memory at start-up\n", stderr);
        return STATUS_ERROR;
    }
    status = run(vm, &command);
    interp_close(vm);
    return status;
}
