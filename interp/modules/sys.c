/* sys.c - the module sys: its functions and hooks.
 *
 * Neighbours: sysinfo.c (versions, flags, limits of numbers), syshooks.c (hooks), iomodule.c (the
 * streams), spec.c (the finders). */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "modules/iomodule.h"
#include "modules/spec.h"
#include "modules/sys.h"
#include "object/attr.h"
#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/float.h"
#include "object/function.h"
#include "object/int.h"
#include "object/list.h"
#include "object/name.h"
#include "object/native.h"
#include "object/number.h"
#include "object/str.h"
#include "object/tuple.h"
#include "vm/eval.h"
#include "vm/frame.h"
#include "vm/import.h"
#include "vm/thread.h"
#include "vm/trace.h"

NATIVE(sys_exit, "exit(status=None, /)", "Exit the interpreter by raising SystemExit(status).")
{
    if (!is_tuple(argv[0]))
        return throw_value(vm, SystemExit, argv[0] == NONE ? (Value)UNDEF : argv[0]);
    Ref error = call(vm, borrow(exception_class(vm, SystemExit)), (int)tuple_len(argv[0]),
                     as_values(as_tuple(argv[0])->items)); /* a tuple is its arguments */
    if (!failed(error)) error_restore(vm, error);
    return FAIL;
}
NATIVE(sys_exception, "exception()", "The exception being handled, or None.")
{
    return newref(handled_now(vm));
}
NATIVE(sys_exc_info, "exc_info()", "(type, value, traceback) of the exception being handled.")
{
    Value error = handled_now(vm);
    if (error == NONE) return tuple_pack(vm, 3, NONE, NONE, NONE);
    Value traceback = absent(as_exception(error)->traceback)
                          ? (Value)NONE
                          : (Value)as_exception(error)->traceback;
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
    if (limit > INT32_MAX || limit < INT32_MIN)
        return throw(vm, OverflowError, "Python int too large to convert to C int");
    if (limit < 1) return throw(vm, ValueError, "recursion limit must be greater or equal than 1");
    if (vm->frame - vm->frames >= limit)
        return throw(vm, RecursionError,
                     "cannot set the recursion limit to %lld at the recursion depth %lld: the "
                     "limit is too low",
                     (long long)limit, (long long)(vm->frame - vm->frames));
    recursion_limit_set(vm, (int)limit);
    return NONE;
}
NATIVE(sys_intern, "intern(string, /)", "The one interned str equal to string.")
{
    if (!is_exact(argv[0], KIND_STR))
        return throw(vm, TypeError, "intern() argument must be str, not %A", argv[0]);
    return str_intern(vm, newref(argv[0]));
}
NATIVE(sys_getrefcount, "getrefcount(object, /)", "How many references there are to object.")
{
    return from_small(is_heap(argv[0]) ? (int64_t)as_object(argv[0])->count : (int64_t)IMMORTAL);
}
NATIVE(sys_getsizeof, "getsizeof(object, default=?, /)", "The memory of object in bytes.")
{
    Ref size = call_special(vm, argv[0], N(__sizeof__), 0, NULL);
    if (absent(size))
        return absent(argv[1]) ? throw(vm, TypeError, "Type %T doesn't define __sizeof__", argv[0])
                               : newref(argv[1]);
    if (failed(size)) return FAIL;
    if (is_any_int(size) && int_sign(size) >= 0) return size;
    bool number = is_any_int(size);
    decref(size);
    if (number) return throw(vm, ValueError, "__sizeof__() should return >= 0");
    return absent(argv[1]) ? throw(vm, TypeError, "an integer is required") : newref(argv[1]);
}
NATIVE(sys_getdefaultencoding, "getdefaultencoding()", "'utf-8'.") { return str_from(vm, "utf-8"); }
NATIVE(sys_getfilesystemencoding, "getfilesystemencoding()", "'utf-8'.")
{
    return str_from(vm, "utf-8");
}
NATIVE(sys_is_finalizing, "is_finalizing()", "Is the interpreter shutting down?")
{
    return from_bool(vm->interp->finalizing);
}

NATIVE(sys_getframe, "_getframe(depth=0, /)", "The frame depth calls up.")
{
    int64_t depth;
    if (!int_index(vm, argv[0], &depth)) return FAIL;
    FrameView view;
    bool good = frame_view_first(vm, &view);
    while (good && depth-- > 0) good = frame_view_next(vm, &view);
    if (good) return frame_object_of(vm, vm, &view);
    return throw(vm, ValueError, "call stack is not deep enough");
}

NATIVE(sys_displayhook, "displayhook(value, /)",
       "Print the repr of a value and keep it as builtins._")
{
    if (argv[0] == NONE) return NONE;
    Ref text = value_repr(vm, argv[0]);
    Ref line = failed(text) ? FAIL : format_text(vm, "%S\n", (Value)text);
    decref(text);
    if (failed(line)) return FAIL;
    Value out = dict_get_name(as_dict(vm->interp->sys), N(stdout));
    Value arg = line;
    Ref written = absent(out) ? throw(vm, RuntimeError, "lost sys.stdout")
                              : call_method(vm, out, N(write), 1, &arg);
    decref(line);
    if (failed(written)) return FAIL;
    decref(written);
    return dict_set_text(vm, as_dict(vm->interp->builtins), "_", argv[0]) ? NONE : FAIL;
}
NATIVE(sys_excepthook, "excepthook(exctype, value, traceback, /)",
       "Print an exception that nobody caught.")
{
    if (is_exception(argv[1])) {
        Exception *error = as_exception(argv[1]);
        if (absent(error->traceback) && is_kind(argv[2], KIND_TRACEBACK))
            replace(&error->traceback, newref(argv[2]));
        exception_print(vm, argv[1], 2);
        return NONE;
    }
    Ref line = format_text(
        vm, "TypeError: print_exception(): Exception expected for value, %T found\n", argv[1]);
    if (failed(line)) return FAIL;
    stderr_print(vm, line);
    decref(line);
    return NONE;
}
/* The attribute name of object as a Ref; NONE when it has none. */
static Ref detail(Vm *vm, Value object, Value name)
{
    Ref value = attr_get_or_absent(vm, object, name);
    return absent(value) ? NONE : value;
}
NATIVE(sys_unraisablehook, "unraisablehook(unraisable, /)",
       "Print an exception that nobody can catch.")
{
    Ref message = detail(vm, argv[0], N(err_msg)),
        object = failed(message) ? FAIL : detail(vm, argv[0], N(object));
    Ref error = failed(object) ? FAIL : detail(vm, argv[0], N(exc_value)), line = UNDEF;
    if (!failed(error)) {
        if (message == NONE) replace(&message, str_from(vm, "Exception ignored in"));
        if (!failed(message))
            line = object == NONE ? format_text(vm, "%S:\n", (Value)message)
                                  : format_text(vm, "%S: %R\n", (Value)message, (Value)object);
        if (is_str(line)) stderr_print(vm, line);
        if (is_exception(error)) exception_print(vm, error, 2);
    }
    bool good = !failed(error) && !failed(message) && !failed(line);
    decref(line);
    decref(error);
    decref(object);
    decref(message);
    return good ? NONE : FAIL;
}
NATIVE(sys_breakpointhook, "breakpointhook(*args, **kwargs)",
       "What breakpoint() calls: the function that PYTHONBREAKPOINT names; 0: nothing; unset: "
       "pdb.set_trace.")
{
    const char *path = getenv("PYTHONBREAKPOINT");
    if (!path || !*path) path = "pdb.set_trace";
    if (strcmp(path, "0") == 0) return NONE;
    Ref runner = import_text(vm, "importlib._bootstrap");
    Ref finder = failed(runner) ? FAIL : attr_get_text(vm, runner, "breakpoint_function"),
        text = failed(finder) ? FAIL : str_from(vm, path);
    Ref found = failed(text) ? FAIL : call1(vm, finder, text);
    Ref result =
        failed(found) || found == NONE ? found : call_unpacked(vm, found, argv[0], argv[1]);
    if (result != found) decref(found);
    decref(text);
    decref(finder);
    decref(runner);
    return result;
}

/* ---- limits and counters ---- */

NATIVE(sys_get_int_max_str_digits, "get_int_max_str_digits()",
       "How many digits int() and str() convert; 0: any number.")
{
    return from_int64(vm, int_digits_limit(vm));
}
NATIVE(sys_set_int_max_str_digits, "set_int_max_str_digits(maxdigits)",
       "Set it: 0, or 640 and more.")
{
    int64_t digits;
    if (!int_index(vm, argv[0], &digits)) return FAIL;
    if (digits && digits < 640)
        return throw(vm, ValueError, "maxdigits must be 0 or larger than 640");
    vm->interp->int_digits_limit = digits == 0 ? -1 : digits > INT32_MAX ? INT32_MAX : (int)digits;
    return NONE;
}
NATIVE(sys_getswitchinterval, "getswitchinterval()",
       "Seconds after which a thread lets another run.")
{
    return from_float((double)gil_interval(vm->interp) / 1e9);
}
NATIVE(sys_setswitchinterval, "setswitchinterval(interval, /)", "Set it, in seconds.")
{
    double seconds;
    if (!float_from(vm, argv[0], &seconds)) return FAIL;
    if (!(seconds > 0)) return throw(vm, ValueError, "switch interval must be strictly positive");
    vm->interp->switch_interval_ns = seconds > 1e9 ? INT64_MAX / 4 : (int64_t)(seconds * 1e9) + 1;
    return NONE;
}
NATIVE(sys_getfilesystemencodeerrors, "getfilesystemencodeerrors()", "'surrogateescape'.")
{
    return str_from(vm, "surrogateescape");
}
NATIVE(sys_is_interned, "_is_interned(string, /)", "Is the str interned?")
{
    if (!is_str(argv[0]))
        return throw(vm, TypeError, "_is_interned() argument must be str, not %A", argv[0]);
    return from_bool(as_str(argv[0])->interned);
}
NATIVE(sys_is_gil_enabled, "_is_gil_enabled()", "True: one thread runs at a time.") { return TRUE; }
NATIVE(sys_getallocatedblocks, "getallocatedblocks()", "How many objects are alive.")
{
    return from_int64(vm, vm->interp->memory.live);
}

/* ---- frames ---- */

NATIVE(sys_current_frames, "_current_frames()",
       "dict: identifier of a thread -> its innermost frame.")
{
    Ref frames = dict_new(vm);
    for (Vm *at = vm->interp->threads; !failed(frames) && at; at = at->next_thread) {
        FrameView view;
        if (!frame_view_first(at, &view)) continue;
        Ref key = from_uint64(vm, at->thread_id),
            shown = failed(key) ? FAIL : frame_object_of(vm, at, &view);
        if (failed(shown) || !dict_set(vm, as_dict(frames), key, shown)) replace(&frames, FAIL);
        decref(shown);
        decref(key);
    }
    return frames;
}
NATIVE(sys_get_origin_depth, "get_coroutine_origin_tracking_depth()",
       "How many frames a new coroutine remembers of who made it.")
{
    return from_small(vm->interp->origin_depth);
}
NATIVE(sys_set_origin_depth, "set_coroutine_origin_tracking_depth(depth)",
       "Have new coroutines remember that many frames of who made them, in cr_origin; 0: none.")
{
    int64_t depth;
    if (!int_index(vm, argv[0], &depth)) return FAIL;
    if (depth < 0) return throw(vm, ValueError, "depth must be >= 0");
    vm->interp->origin_depth = depth > INT16_MAX ? INT16_MAX : (int)depth;
    return NONE;
}
NATIVE(sys_current_exceptions, "_current_exceptions()",
       "dict: identifier of a thread -> the exception it handles, or None.")
{
    Ref errors = dict_new(vm);
    for (Vm *at = vm->interp->threads; !failed(errors) && at; at = at->next_thread) {
        Ref key = from_uint64(vm, at->thread_id);
        if (failed(key) || !dict_set(vm, as_dict(errors), key, handled_now(at)))
            replace(&errors, FAIL);
        decref(key);
    }
    return errors;
}
NATIVE(sys_getframemodulename, "_getframemodulename(depth=0)",
       "__name__ of the module of the frame depth calls up, or None.")
{
    int64_t depth;
    if (!int_index(vm, argv[0], &depth)) return FAIL;
    FrameView view;
    bool good = frame_view_first(vm, &view);
    while (good && depth-- > 0) good = frame_view_next(vm, &view);
    Value name = good ? dict_get_name(view.function->globals, N(__name__)) : UNDEF;
    return absent(name) ? NONE : newref(name);
}
NATIVE(sys_call_tracing, "call_tracing(func, args, /)",
       "func(*args), traced even though a trace function runs.")
{
    if (!is_tuple(argv[1]))
        return throw(vm, TypeError, "call_tracing() argument 2 must be tuple, not %A", argv[1]);
    int tracing = vm->tracing;
    vm->tracing = 0;
    Ref result = call(vm, argv[0], (int)tuple_len(argv[1]), as_values(as_tuple(argv[1])->items));
    vm->tracing = tracing;
    return result;
}

/* ---- trace and profile functions ---- */

static Ref listener(Value function) { return absent(function) ? NONE : newref(function); }

NATIVE(sys_gettrace, "gettrace()", "The trace function of this thread, or None.")
{
    return listener(vm->trace);
}
NATIVE(sys_getprofile, "getprofile()", "The profile function of this thread, or None.")
{
    return listener(vm->profile);
}
NATIVE(sys_settrace, "settrace(function, /)",
       "Have function(frame, event, arg) called for each call in this thread; what it returns is "
       "called for the events 'line', 'return', 'exception' and 'opcode' there.  None: nobody.")
{
    return trace_set(vm, vm, argv[0]) ? NONE : FAIL;
}
NATIVE(sys_setprofile, "setprofile(function, /)",
       "Have function(frame, event, arg) called for the events 'call', 'return', 'c_call', "
       "'c_return' and 'c_exception' in this thread.  None: nobody.")
{
    return profile_set(vm, vm, argv[0]) ? NONE : FAIL;
}
NATIVE(sys_settraceallthreads, "_settraceallthreads(function, /)", "settrace() in every thread.")
{
    bool good = true;
    for (Vm *at = vm->interp->threads; good && at; at = at->next_thread)
        good = trace_set(vm, at, argv[0]);
    return good ? NONE : FAIL;
}
NATIVE(sys_setprofileallthreads, "_setprofileallthreads(function, /)",
       "setprofile() in every thread.")
{
    bool good = true;
    for (Vm *at = vm->interp->threads; good && at; at = at->next_thread)
        good = profile_set(vm, at, argv[0]);
    return good ? NONE : FAIL;
}

static const Native *const sys_functions[] = {
    &sys_exit_def,
    &sys_exception_def,
    &sys_exc_info_def,
    &sys_getrecursionlimit_def,
    &sys_setrecursionlimit_def,
    &sys_intern_def,
    &sys_getrefcount_def,
    &sys_getsizeof_def,
    &sys_getdefaultencoding_def,
    &sys_getfilesystemencoding_def,
    &sys_is_finalizing_def,
    &sys_getframe_def,
    &sys_displayhook_def,
    &sys_excepthook_def,
    &sys_unraisablehook_def,
    &sys_breakpointhook_def,
    &sys_get_int_max_str_digits_def,
    &sys_set_int_max_str_digits_def,
    &sys_getswitchinterval_def,
    &sys_setswitchinterval_def,
    &sys_getfilesystemencodeerrors_def,
    &sys_is_interned_def,
    &sys_is_gil_enabled_def,
    &sys_getallocatedblocks_def,
    &sys_current_frames_def,
    &sys_current_exceptions_def,
    &sys_getframemodulename_def,
    &sys_get_origin_depth_def,
    &sys_set_origin_depth_def,
    &sys_call_tracing_def,
    &sys_gettrace_def,
    &sys_getprofile_def,
    &sys_settrace_def,
    &sys_setprofile_def,
    &sys_settraceallthreads_def,
    &sys_setprofileallthreads_def,
    &sys_get_asyncgen_hooks_def,
    &sys_set_asyncgen_hooks_def,
    &sys_addaudithook_def,
    &sys_audit_def,
    NULL,
};

/* ---- opening ---- */

static bool set_file(Vm *vm, Value module, const char *name, const char *dunder, int fd)
{
    Ref file = io_standard(vm, fd);
    return !failed(file) && module_set(vm, module, dunder, newref(file)) &&
           module_set(vm, module, name, file);
}

/* sys.__name__ for hooks, so that a script can put them back. */
static bool keep_hooks(Vm *vm, Value module)
{
    static const char *const hooks[] = {"displayhook", "excepthook", "unraisablehook",
                                        "breakpointhook"};
    for (int n = 0; n < 4; n++) {
        char dunder[40];
        snprintf(dunder, sizeof dunder, "__%s__", hooks[n]);
        if (!module_set(vm, module, dunder,
                        newref(dict_get_text(vm, module_dict(module), hooks[n]))))
            return false;
    }
    return true;
}

static bool set_texts(Vm *vm, Value module)
{
    static const char *const rows[][2] = {
        {"byteorder", "little"},  {"platform", "linux"},    {"executable", ""},
        {"_base_executable", ""}, {"prefix", ""},           {"exec_prefix", ""},
        {"base_prefix", ""},      {"base_exec_prefix", ""}, {"platlibdir", "lib"},
        {"abiflags", ""},         {"_framework", ""},       {"_stdlib_dir", "<stdlib>"},
        {"ps1", ">>> "},          {"ps2", "... "}};
    bool good = true;
    for (size_t n = 0; good && n < sizeof rows / sizeof *rows; n++)
        good = module_set(vm, module, rows[n][0], str_from(vm, rows[n][1]));
    return good;
}

static bool set_lists(Vm *vm, Value module)
{
    return module_set(vm, module, "path", list_new(vm, 0)) &&
           module_set(vm, module, "meta_path", meta_path_new(vm)) &&
           module_set(vm, module, "path_hooks", path_hooks_new(vm)) &&
           module_set(vm, module, "path_importer_cache", dict_new(vm)) &&
           module_set(vm, module, "argv", list_new(vm, 0)) &&
           module_set(vm, module, "orig_argv", list_new(vm, 0)) &&
           module_set(vm, module, "warnoptions", list_new(vm, 0)) &&
           module_set(vm, module, "_xoptions", dict_new(vm)) &&
           module_set(vm, module, "modules", newref(vm->interp->modules)) &&
           module_set(vm, module, "builtin_module_names", sys_builtin_names(vm)) &&
           module_set(vm, module, "stdlib_module_names", sys_library_names(vm));
}

static bool sys_open(Vm *vm, Value module)
{
    replace(&vm->interp->sys, newref(borrow(module_dict(module))));
    return set_texts(vm, module) && set_lists(vm, module) && keep_hooks(vm, module) &&
           sysinfo_open(vm, module) &&
           module_set(vm, module, "maxsize", from_int64(vm, INT64_MAX)) &&
           module_set(vm, module, "maxunicode", from_small(0x10ffff)) &&
           module_set(vm, module, "dont_write_bytecode", TRUE) &&
           module_set(vm, module, "pycache_prefix", NONE) &&
           module_set(vm, module, "_home", NONE) && set_file(vm, module, "stdin", "__stdin__", 0) &&
           set_file(vm, module, "stdout", "__stdout__", 1) &&
           set_file(vm, module, "stderr", "__stderr__", 2);
}

void sys_flush(Vm *vm)
{
    static const NameId names[] = {NAME_stdout, NAME_stderr};
    for (int n = 0; n < 2; n++) {
        Value file = absent(vm->interp->sys)
                         ? (Value)UNDEF
                         : dict_get_name(as_dict(vm->interp->sys), vm->interp->names[names[n]]);
        if (absent(file) || file == NONE) continue;
        Ref saved = error_take(vm);
        bool flushed = file_flush(vm, file);
        if (!flushed && error_is(vm, MemoryError))
            error_unraisable(vm, "Exception ignored while a stream was flushed", UNDEF);
        else if (!flushed) error_clear(vm);
        error_restore(vm, saved);
    }
}

const ModuleDef sys_module = {
    .name = "sys",
    .doc = "What the interpreter knows of itself.",
    .functions = sys_functions,
    .open = sys_open,
};
