/* sysvars.c - sys.argv, sys.path and their like, from the command line.
 *
 *
 * Neighbours: options.c, modules/sys.c (everything else in sys). */
/* SPDX-License-Identifier: MIT */
#include "cli/sysvars.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "object/dict.h"
#include "object/list.h"
#include "object/name.h"
#include "object/str.h"

static Dict *sys(Vm *vm) { return as_dict(vm->interp->sys); }

static bool push_bytes(Vm *vm, Value list, const char *text, size_t len)
{
    Ref item = str_from_utf8(vm, text, (ptrdiff_t)len);
    return !failed(item) && list_push(vm, as_list(list), item);
}
static bool push(Vm *vm, Value list, const char *text)
{
    return push_bytes(vm, list, text, strlen(text));
}

static bool push_all(Vm *vm, const char *name, int count, char *const *texts)
{
    Value list = dict_get_text(vm, sys(vm), name);
    bool good = !failed(list);
    for (int n = 0; good && n < count; n++) good = push(vm, list, texts[n]);
    return good;
}

static bool set_argv(Vm *vm, const Options *options)
{
    Value argv = dict_get_text(vm, sys(vm), "argv");
    const char *name = options->action == RUN_TEXT     ? "-c"
                       : options->action == RUN_MODULE ? "-m" /* runpy puts the file there */
                                                       : options->target;
    return !failed(argv) && push(vm, argv, name) &&
           push_all(vm, "argv", options->arg_count, options->args) &&
           push_all(vm, "orig_argv", options->argc, options->argv);
}

/* ---- sys.path ---- */

/* Where a command's own modules lie: the folder of its script, links resolved; for -m the current
 * one; else "", the current one at the time of each import.  A folder or zip file that is run
 * adds itself later (launch.c). */
static bool push_own_folder(Vm *vm, Value path, const Options *options)
{
    bool script = options->action == RUN_FILE || options->action == SHOW_DIS,
         module = options->action == RUN_MODULE;
    char *file = script ? realpath(options->target, NULL) : module ? getcwd(NULL, 0) : NULL;
    const char *slash = file && script ? strrchr(file, '/') : NULL;
    size_t len = !file ? 0 : !script ? strlen(file) : slash > file ? (size_t)(slash - file) : 1;
    bool good = push_bytes(vm, path, file ? file : "", len);
    free(file);
    return good;
}

static bool set_path(Vm *vm, const Options *options)
{
    Value path = dict_get_name(sys(vm), N(path));
    if (!options->flags.safe_path && !push_own_folder(vm, path, options)) return false;
    if (!push(vm, path, "<stdlib>")) return false;
    const char *more = flags_getenv(&options->flags, "AIOPATH");
    while (more && *more) {
        size_t len = strcspn(more, ":");
        if (len && !push_bytes(vm, path, more, len)) return false;
        more += len + (more[len] == ':');
    }
    return true;
}

/* ---- warnings, -X, the program's own path ---- */

/* Later entries of sys.warnoptions win: dev mode's and -b's first, then the environment's, then
 * -W. */
static bool set_warnings(Vm *vm, const Options *options)
{
    Value list = dict_get_text(vm, sys(vm), "warnoptions");
    if (failed(list)) return false;
    if (options->flags.dev_mode && !push(vm, list, "default")) return false;
    const char *more = flags_getenv(&options->flags, "PYTHONWARNINGS");
    while (more && *more) {
        size_t len = strcspn(more, ",");
        if (len && !push_bytes(vm, list, more, len)) return false;
        more += len + (more[len] == ',');
    }
    for (int n = 0; n < options->warnings.count; n++)
        if (!push(vm, list, options->warnings.items[n])) return false;
    if (options->flags.bytes_warning)
        return push(vm, list,
                    options->flags.bytes_warning > 1 ? "error::BytesWarning"
                                                     : "default::BytesWarning");
    return true;
}

static bool set_extra(Vm *vm, const Options *options)
{
    Value extra = dict_get_text(vm, sys(vm), "_xoptions");
    bool good = !failed(extra);
    for (int n = 0; good && n < options->extra.count; n++) {
        const char *text = options->extra.items[n];
        size_t len = strcspn(text, "=");
        Ref name = str_from_utf8(vm, text, (ptrdiff_t)len),
            value = text[len] ? str_from(vm, text + len + 1) : TRUE;
        good = !failed(name) && !failed(value) && dict_set(vm, as_dict(extra), name, value);
        decref(name);
        decref(value);
    }
    return good;
}

static bool set_text(Vm *vm, const char *name, const char *text)
{
    Ref value = str_from(vm, text);
    bool good = !failed(value) && dict_set_text(vm, sys(vm), name, value);
    decref(value);
    return good;
}

static bool set_executable(Vm *vm)
{
    char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    if (len <= 0) return true;
    path[len] = 0;
    return set_text(vm, "executable", path) && set_text(vm, "_base_executable", path);
}

/* Nothing is written there. */
static bool set_cache_prefix(Vm *vm, const Options *options)
{
    const char *path = flags_getenv(&options->flags, "PYTHONPYCACHEPREFIX");
    for (int n = 0; n < options->extra.count; n++)
        if (strncmp(options->extra.items[n], "pycache_prefix=", 15) == 0)
            path = options->extra.items[n] + 15;
    return !path || !*path || set_text(vm, "pycache_prefix", path);
}

bool sysvars_set(Vm *vm, const Options *options)
{
    return set_cache_prefix(vm, options) && set_argv(vm, options) && set_path(vm, options) &&
           set_warnings(vm, options) && set_extra(vm, options) && set_executable(vm);
}

bool sysvars_keep_source(Vm *vm, Value filename, const char *text, ptrdiff_t len)
{
    Value known = dict_get_text(vm, sys(vm), "_sources");
    if (failed(known)) return false;
    Ref sources = absent(known) ? dict_new(vm) : newref(known),
        source = str_from_utf8(vm, text, len);
    bool good = !failed(sources) && !failed(source) &&
                dict_set(vm, as_dict(sources), filename, source) &&
                dict_set_text(vm, sys(vm), "_sources", sources);
    decref(source);
    decref(sources);
    return good;
}
