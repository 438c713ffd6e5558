/* sys.c - the module sys. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "modules/sys.h"
#include "modules/textfile.h"
#include "object/attr.h"
#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/function.h"
#include "object/int.h"
#include "object/list.h"
#include "object/name.h"
#include "object/namespace.h"
#include "object/native.h"
#include "object/number.h"
#include "object/str.h"
#include "object/traceback.h"
#include "object/tuple.h"
#include "vm/eval.h"
#include "vm/frame.h"

NATIVE(sys_exit, "exit(status=None, /)", "Exit the interpreter by raising SystemExit(status).")
{
    return throw_value(vm, SystemExit, argv[0] == NONE ? (Value)UNDEF : argv[0]);
}
NATIVE(sys_exception, "exception()", "The exception being handled, or None.") { return newref(handled_now(vm)); }
NATIVE(sys_exc_info, "exc_info()", "(type, value, traceback) of the exception being handled.")
{
    Value error = handled_now(vm);
    if (error == NONE) return tuple_pack(vm, 3, NONE, NONE, NONE);
    Value traceback = absent(as_exception(error)->traceback) ? (Value)NONE : (Value)as_exception(error)->traceback;
    return tuple_pack(vm, 3, borrow(type_of(vm, error)), error, traceback);
}
NATIVE(sys_getrecursionlimit, "getrecursionlimit()", "The maximum depth of calls.")
{
    return from_small(vm->interp->recursion_limit);
}
NATIVE(sys_setrecursionlimit, "setrecursionlimit(limit, /)", "Set the maximum depth of calls.")
{
    int64_t limit;
    if (!int_index(vm, argv[0], &limit)) return FAIL;
    if (limit < 1) return throw(vm, ValueError, "recursion limit must be greater or equal than 1");
    if (vm->frame - vm->frames >= limit)
        return throw(vm, RecursionError, "cannot set the recursion limit to %lld at the recursion depth %lld: the limit is too low",
                     (long long)limit, (long long)(vm->frame - vm->frames));
    recursion_limit_set(vm, limit > INT32_MAX ? INT32_MAX : (int)limit);
    return NONE;
}
NATIVE(sys_intern, "intern(string, /)", "The one interned str equal to string.")
{
    if (!is_exact(argv[0], KIND_STR)) return throw(vm, TypeError, "intern() argument must be str, not %T", argv[0]);
    return str_intern(vm, newref(argv[0]));
}
NATIVE(sys_getrefcount, "getrefcount(object, /)", "How many references there are to object.")
{
    return from_small(is_heap(argv[0]) ? (int64_t)as_object(argv[0])->count : (int64_t)IMMORTAL);
}
NATIVE(sys_getsizeof, "getsizeof(object, default=?, /)", "The memory of object in bytes.")
{
    Ref size = call_special(vm, argv[0], N(__sizeof__), 0, NULL);
    if (absent(size)) return absent(argv[1]) ? throw(vm, TypeError, "Type %T doesn't define __sizeof__", argv[0]) : newref(argv[1]);
    return size;
}
NATIVE(sys_getdefaultencoding, "getdefaultencoding()", "'utf-8'.") { return str_from(vm, "utf-8"); }
NATIVE(sys_getfilesystemencoding, "getfilesystemencoding()", "'utf-8'.") { return str_from(vm, "utf-8"); }
NATIVE(sys_is_finalizing, "is_finalizing()", "Is the interpreter shutting down?") { return from_bool(vm->interp->finalizing); }

NATIVE(sys_getframe, "_getframe(depth=0, /)", "The frame depth calls up.")
{
    int64_t depth;
    if (!int_index(vm, argv[0], &depth)) return FAIL;
    for (Frame *frame = vm->frame; frame > vm->frames; frame--) {
        if (!frame->code || depth-- > 0) continue;
        return frame_object(vm, frame->function, (int)(frame->pc - 1 - frame->code->instrs), frame->base);
    }
    return throw(vm, ValueError, "call stack is not deep enough");
}

NATIVE(sys_displayhook, "displayhook(value, /)", "Print the repr of a value and keep it as builtins._")
{
    if (argv[0] == NONE) return NONE;
    Ref text = value_repr(vm, argv[0]);
    Ref line = failed(text) ? FAIL : format_text(vm, "%S\n", (Value)text);
    decref(text);
    if (failed(line)) return FAIL;
    Value out = dict_get_name(as_dict(vm->interp->sys), N(stdout));
    Value arg = line;
    Ref written = absent(out) ? throw(vm, RuntimeError, "lost sys.stdout") : call_method(vm, out, N(write), 1, &arg);
    decref(line);
    if (failed(written)) return FAIL;
    decref(written);
    return dict_set_text(vm, as_dict(vm->interp->builtins), "_", argv[0]) ? NONE : FAIL;
}
NATIVE(sys_excepthook, "excepthook(exctype, value, traceback, /)", "Print an exception that nobody caught.")
{
    if (is_exception(argv[1])) exception_print(vm, argv[1], 2);
    return NONE;
}
NATIVE(sys_unraisablehook, "unraisablehook(unraisable, /)", "Print an exception that nobody can catch.")
{
    Ref error = attr_get(vm, argv[0], N(exc_value));
    if (is_exception(error)) exception_print(vm, error, 2);
    if (failed(error)) return FAIL;
    decref(error);
    return NONE;
}

static const Native *const sys_functions[] = {
    &sys_exit_def, &sys_exception_def, &sys_exc_info_def, &sys_getrecursionlimit_def, &sys_setrecursionlimit_def,
    &sys_intern_def, &sys_getrefcount_def, &sys_getsizeof_def, &sys_getdefaultencoding_def, &sys_getfilesystemencoding_def,
    &sys_is_finalizing_def, &sys_getframe_def, &sys_displayhook_def, &sys_excepthook_def, &sys_unraisablehook_def, NULL,
};

/* ---- constants ---- */

/* A namespace with a name of its own would be better; scripts only read the attributes. */
static bool set_info(Vm *vm, Value module, const char *name, const char *const *keys, const Value *values)
{
    Ref info = namespace_new(vm, UNDEF);
    bool good = !failed(info);
    for (int n = 0; good && keys[n]; n++) {
        Ref key = str_interned(vm, keys[n]);
        good = !failed(key) && attr_set(vm, info, key, values[n]);
        decref(key);
    }
    if (!good) {
        decref(info);
        return false;
    }
    return module_set(vm, module, name, info);
}

static bool set_infos(Vm *vm, Value module)
{
    static const char *const float_keys[] = {"max", "min", "epsilon", "dig", "mant_dig", "radix", "max_exp", "min_exp",
                                             "max_10_exp", "min_10_exp", "rounds", NULL};
    const Value float_values[] = {from_float(1.7976931348623157e308), from_float(2.2250738585072014e-308),
                                  from_float(2.220446049250313e-16), from_small(15), from_small(53), from_small(2),
                                  from_small(1024), from_small(-1021), from_small(308), from_small(-307), from_small(1)};
    static const char *const hash_keys[] = {"width", "modulus", "inf", "nan", "imag", NULL};
    Ref modulus = from_int64(vm, (INT64_C(1) << 61) - 1);
    if (failed(modulus)) return false;
    const Value hash_values[] = {from_small(64), modulus, from_small(314159), from_small(0), from_small(1000003)};
    bool good = set_info(vm, module, "float_info", float_keys, float_values) &&
                set_info(vm, module, "hash_info", hash_keys, hash_values);
    decref(modulus);
    static const char *const flag_keys[] = {"debug", "dev_mode", "optimize", "interactive", "utf8_mode", "inspect",
                                            "no_user_site", "ignore_environment", "verbose", "bytes_warning", "quiet",
                                            "hash_randomization", "isolated", "safe_path", "dont_write_bytecode", NULL};
    Value flag_values[15];
    for (int n = 0; n < 15; n++) flag_values[n] = from_small(0);
    flag_values[1] = FALSE;
    return good && set_info(vm, module, "flags", flag_keys, flag_values);
}

static bool set_version(Vm *vm, Value module)
{
    Ref final = str_from(vm, "final"), name = str_from(vm, "aio");
    bool good = !failed(final) && !failed(name);
    Ref version = good ? tuple_pack(vm, 5, from_small(3), from_small(14), from_small(0), (Value)final, from_small(0)) : FAIL;
    static const char *const keys[] = {"name", "version", "hexversion", "cache_tag", NULL};
    good = good && !failed(version) &&
           set_info(vm, module, "implementation", keys, (Value[]){name, version, from_small(0x030e00f0), NONE});
    decref(final);
    decref(name);
    return good && module_set(vm, module, "version_info", version);
}

static bool set_file(Vm *vm, Value module, const char *name, const char *dunder, int fd, const char *title, const char *mode)
{
    Ref text = str_from(vm, title);
    Ref file = failed(text) ? FAIL : textfile_new(vm, fd, text, mode, true);
    decref(text);
    return !failed(file) && module_set(vm, module, dunder, newref(file)) && module_set(vm, module, name, file);
}

static bool sys_open(Vm *vm, Value module)
{
    vm->interp->sys = newref(borrow(module_dict(module)));
    Ref maxsize = from_int64(vm, INT64_MAX);
    Ref path = list_new(vm, 0), meta_path = list_new(vm, 0), hooks = list_new(vm, 0), argv = list_new(vm, 0);
    return !failed(maxsize) && !failed(path) && !failed(meta_path) && !failed(hooks) && !failed(argv) &&
           module_set(vm, module, "maxsize", maxsize) && module_set(vm, module, "path", path) &&
           module_set(vm, module, "meta_path", meta_path) && module_set(vm, module, "path_hooks", hooks) &&
           module_set(vm, module, "argv", argv) && module_set(vm, module, "modules", newref(vm->interp->modules)) &&
           module_set(vm, module, "maxunicode", from_small(0x10ffff)) &&
           module_set(vm, module, "byteorder", str_from(vm, "little")) && module_set(vm, module, "platform", str_from(vm, "linux")) &&
           module_set(vm, module, "version", str_from(vm, "3.14.0 (aio)")) &&
           module_set(vm, module, "executable", str_from(vm, "")) && module_set(vm, module, "prefix", str_from(vm, "")) &&
           module_set(vm, module, "exec_prefix", str_from(vm, "")) && module_set(vm, module, "base_prefix", str_from(vm, "")) &&
           module_set(vm, module, "ps1", str_from(vm, ">>> ")) && module_set(vm, module, "ps2", str_from(vm, "... ")) &&
           module_set(vm, module, "dont_write_bytecode", TRUE) && module_set(vm, module, "warnoptions", list_new(vm, 0)) &&
           module_set(vm, module, "hexversion", from_small(0x030e00f0)) && module_set(vm, module, "copyright", str_from(vm, "")) &&
           set_version(vm, module) && set_infos(vm, module) &&
           set_file(vm, module, "stdin", "__stdin__", 0, "<stdin>", "r") &&
           set_file(vm, module, "stdout", "__stdout__", 1, "<stdout>", "w") &&
           set_file(vm, module, "stderr", "__stderr__", 2, "<stderr>", "w");
}

void sys_flush(Vm *vm)
{
    static const NameId names[] = {NAME_stdout, NAME_stderr};
    for (int n = 0; n < 2; n++) {
        Value file = absent(vm->interp->sys) ? (Value)UNDEF : dict_get_name(as_dict(vm->interp->sys), vm->interp->names[names[n]]);
        if (absent(file) || file == NONE) continue;
        Ref saved = error_take(vm);
        Ref done = call_method(vm, file, N(flush), 0, NULL);
        if (failed(done)) error_clear(vm);
        decref(done);
        error_restore(vm, saved);
    }
}

const ModuleDef sys_module = {
    .name = "sys", .doc = "What the interpreter knows of itself.", .functions = sys_functions, .open = sys_open,
};
