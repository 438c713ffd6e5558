/* launch.c - from the command line to running code.
 *
 * Whatever is run is run in module __main__.  A text with `await` at its top level is a
 * coroutine, and asyncio.run() is called with it.
 * Neighbours: options.c, sysvars.c (sys.argv and
 * its like), ending.c (exit status), repl.h (the prompt). */
/* SPDX-License-Identifier: MIT */
#include "cli/launch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/check.h"
#include "cli/ending.h"
#include "cli/repl.h"
#include "cli/show.h"
#include "cli/sysvars.h"
#include "compiler/compiler.h"
#include "modules/iomodule.h"
#include "modules/source.h"
#include "modules/spec.h"
#include "object/attr.h"
#include "object/call.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/list.h"
#include "object/module.h"
#include "object/name.h"
#include "object/str.h"
#include "vm/frame.h"
#include "vm/import.h"

/* A new module __main__, which sys.modules holds. */
static Ref make_main(Vm *vm)
{
    Ref module = module_new(vm, N(__main__), UNDEF);
    if (failed(module)) return FAIL;
    Value builtins = dict_get_name(as_dict(vm->interp->modules), N(builtins));
    if (dict_set(vm, module_dict(module), N(__builtins__), builtins) &&
        dict_set(vm, as_dict(vm->interp->modules), N(__main__), module))
        return module;
    decref(module);
    return FAIL;
}

/* ---- texts ---- */

static Ref run_text(Vm *vm, Value module, const char *text, ptrdiff_t len, Value filename)
{
    Dict *names = module_dict(module);
    Ref code = compile_source(vm, text, len, filename, PARSE_FILE, COMPILE_TOP_LEVEL_AWAIT);
    if (failed(code)) return FAIL;
    Ref result = run_code(vm, as_code(code), names, UNDEF);
    if (!failed(result) && as_code(code)->flags & CODE_COROUTINE)
        replace(&result, import_call(vm, "asyncio", "run", result));
    decref(code);
    return result;
}

/* A copy of text (free() it) without the blanks that all its lines begin with. */
static char *dedent(const char *text)
{
    size_t margin = SIZE_MAX;
    for (const char *line = text; *line;) {
        size_t blanks = strspn(line, " \t"), len = strcspn(line, "\n");
        if (blanks < len && blanks < margin) margin = blanks;
        line += len + (line[len] == '\n');
    }
    char *out = malloc(strlen(text) + 1), *at = out;
    if (margin == SIZE_MAX) margin = 0;
    for (const char *line = text; out && *line;) {
        size_t len = strcspn(line, "\n"), skip = len < margin ? len : margin;
        memcpy(at, line + skip, len - skip);
        at += len - skip;
        line += len;
        if (*line == '\n') *at++ = *line++;
    }
    if (out) *at = 0;
    return out;
}

static Ref run_command_text(Vm *vm, Value module, const char *code)
{
    char *text = dedent(code);
    if (!text) return throw_no_memory(vm);
    ptrdiff_t len = (ptrdiff_t)strlen(text);
    Ref filename = str_from(vm, "<string>"), result = FAIL;
    if (!failed(filename) && sysvars_keep_source(vm, filename, text, len))
        result = run_text(vm, module, text, len, filename);
    decref(filename);
    free(text);
    return result;
}

static Ref run_stdin(Vm *vm, Value module)
{
    ptrdiff_t len;
    char *text = read_stream(stdin, &len);
    if (!text) return throw_no_memory(vm);
    Ref filename = str_from(vm, "<stdin>");
    Ref result = failed(filename) ? FAIL : run_text(vm, module, text, len, filename);
    decref(filename);
    free(text);
    return result;
}

/* ---- files, folders, zip files ---- */

static bool ends_in_aio(const char *path)
{
    size_t len = strlen(path);
    return len > 4 && strcmp(path + len - 4, ".aio") == 0;
}

/* Does a zip file's end stand at the end of this file? */
static bool is_zip(const char *path)
{
    char tail[22];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool found = fd >= 0 && lseek(fd, -(off_t)sizeof tail, SEEK_END) >= 0 &&
                 read(fd, tail, sizeof tail) == (ssize_t)sizeof tail &&
                 memcmp(tail, "PK\5\6", 4) == 0;
    if (fd >= 0) close(fd);
    return found;
}

static bool is_place(const char *path)
{
    struct stat about;
    if (ends_in_aio(path) || stat(path, &about) < 0) return false;
    return S_ISDIR(about.st_mode) || (S_ISREG(about.st_mode) && is_zip(path));
}

/* Puts the folder or zip file first on sys.path and runs its __main__. */
static Ref run_place(Vm *vm, const char *path)
{
    Value places = dict_get_name(as_dict(vm->interp->sys), N(path));
    Ref text = str_from(vm, path);
    if (failed(text) || !is_list(places)) return FAIL;
    bool own = !vm->interp->flags.safe_path && as_list(places)->len > 0;
    if (own) decref(list_take(as_list(places), 0));
    Ref result = list_insert(vm, as_list(places), 0, newref(text))
                     ? import_call(vm, "runpy", "_run_place_as_main", text)
                     : FAIL;
    decref(text);
    return result;
}

/* Tells that a script cannot be read, when that is what was raised. */
static bool told_unreadable(Vm *vm, const Options *options)
{
    if (!error_is(vm, OSError)) return false;
    Value number = exception_field(vm->error, ERRNO_FIELD),
          reason = exception_field(vm->error, STRERROR_FIELD);
    fprintf(stderr, "aio: can't open file '%s': [Errno %d] %s\n", options->target,
            is_int(number) ? (int)as_int(number) : 0, is_str(reason) ? as_str(reason)->data : "?");
    error_clear(vm);
    return true;
}

/* A script's path from the root on, so that __file__ outlives a change of the directory. */
static Ref whole_path(Vm *vm, const char *path)
{
    char *here = path[0] == '/' ? NULL : getcwd(NULL, 0);
    if (!here) return str_from(vm, path);
    if (path[0] == '.' && path[1] == '/') path += 2;
    Ref whole = format_text(vm, "%s/%s", strcmp(here, "/") == 0 ? "" : here, path);
    free(here);
    return whole;
}

static Ref run_file(Vm *vm, Value module, const Options *options, int *status)
{
    ptrdiff_t len;
    Dict *names = module_dict(module);
    Ref filename = whole_path(vm, options->target), result = FAIL;
    if (failed(filename)) return FAIL;
    char *text = source_read(vm, filename, &len);
    if (!text && told_unreadable(vm, options)) *status = STATUS_USAGE, result = NONE;
    /* -x: from the end of the first line on, so that lines keep their numbers */
    size_t skipped = text && options->skip_line ? strcspn(text, "\n") : 0;
    if (text && dict_set(vm, names, N(__file__), filename) &&
        module_set_loader(vm, module, filename))
        result = run_text(vm, module, text + skipped, len - (ptrdiff_t)skipped, filename);
    free(text);
    decref(filename);
    return result;
}

static Ref show_bytecode(Vm *vm, const Options *options, int *status)
{
    ptrdiff_t len;
    Ref filename = str_from(vm, options->target), code = FAIL;
    if (failed(filename)) return FAIL;
    char *text = source_read(vm, filename, &len);
    if (!text && told_unreadable(vm, options)) *status = STATUS_USAGE, code = NONE;
    if (text) code = compile_source(vm, text, len, filename, PARSE_FILE, COMPILE_TOP_LEVEL_AWAIT);
    if (is_kind(code, KIND_CODE)) disassemble(vm, stdout, as_code(code));
    free(text);
    decref(filename);
    return code;
}

/* ---- what is asked for ---- */

static Ref run_library(Vm *vm, const char *module_name, const char *function_name, const char *text)
{
    Ref argument = text ? str_from(vm, text) : UNDEF;
    Ref result = failed(argument) ? FAIL : import_call(vm, module_name, function_name, argument);
    decref(argument);
    return result;
}

static Ref run_asked(Vm *vm, const Options *options, Value module, int *status)
{
    switch (options->action) {
    case RUN_TEXT: return run_command_text(vm, module, options->target);
    case RUN_MODULE: return run_library(vm, "runpy", "_run_module_as_main", options->target);
    case RUN_STDIN: return run_stdin(vm, module);
    case RUN_CHECK: *status = check_files(vm, options); return NONE;
    case RUN_EXPLAIN: return run_library(vm, "aio.lessons", "main", NULL);
    case RUN_PS: return run_library(vm, "asyncio.tools", "main", NULL);
    case SHOW_DIS: return show_bytecode(vm, options, status);
    case RUN_FILE:
        return is_place(options->target) ? run_place(vm, options->target)
                                         : run_file(vm, module, options, status);
    default: return NONE;
    }
}

/* AIO_DEBUG=ops, cache; -X faulthandler; and warnings as -W and the environment want them. */
static bool prepare(Vm *vm, const Options *options)
{
    if (vm->interp->debug & (DEBUG_OPS | DEBUG_CACHE)) {
        Ref done = run_library(vm, "aio.watching", "start", getenv("AIO_DEBUG"));
        decref(done);
        if (failed(done)) return false;
    }
    if (options->report_faults || options->flags.dev_mode) {
        Ref done = import_call(vm, "faulthandler", "enable", UNDEF);
        decref(done);
        if (failed(done)) return false;
    }
    Value filters = dict_get_text(vm, as_dict(vm->interp->sys), "warnoptions");
    if (failed(filters)) return false;
    if (!is_list(filters) || as_list(filters)->len == 0) return true;
    Ref warnings = import_text(vm, "warnings");
    decref(warnings);
    return !failed(warnings);
}

/* Does the prompt come, perhaps after a script?  PYTHONINSPECT asks for it at a terminal only. */
static bool wants_prompt(const Options *options)
{
    bool after = options->flags.interactive || (options->flags.inspect && isatty(0));
    return options->action == RUN_PROMPT || (after && options->action < RUN_CHECK);
}

int launch(Vm *vm, const Options *options)
{
    int status = 0;
    if (!sysvars_set(vm, options) || !io_standard_encoding(vm) || !prepare(vm, options))
        return ending_uncaught(vm);
    Ref module = make_main(vm),
        result = failed(module) ? FAIL : run_asked(vm, options, module, &status);
    if (!wants_prompt(options)) {
        if (failed(result)) status = ending_uncaught(vm);
    } else {
        if (failed(result)) ending_report(vm);
        Ref main = failed(module)
                       ? FAIL
                       : newref(dict_get_name(as_dict(vm->interp->modules), N(__main__)));
        if (is_kind(main, KIND_MODULE))
            status = repl_run(vm, module_dict(main), options->action != RUN_PROMPT);
        decref(main);
    }
    decref(result);
    decref(module);
    return status;
}
