/* origin.c - debug mode's memory of where things were made: the stack of a future, task or handle.
 *
 * It is a traceback.StackSummary, as asyncio.format_helpers.extract_stack() gives it.  Nothing here
 * may fail: without memory, or while the interpreter ends, there is simply no origin.
 * Neighbours: future.c, task.c, handle.c (which keep one), report.c (shows it). */
/* SPDX-License-Identifier: MIT */
#include "loop/origin.h"

#include "object/attr.h"
#include "object/list.h"
#include "object/number.h"
#include "vm/import.h"

/* asyncio.format_helpers.<name>, owned. */
static Ref helper(Vm *vm, const char *name)
{
    Ref module = import_text(vm, "asyncio.format_helpers");
    Ref function = failed(module) ? FAIL : attr_get_text(vm, module, name);
    decref(module);
    return function;
}

Ref origin_now(Vm *vm)
{
    Ref travelling = error_take(vm);
    Ref function = helper(vm, "extract_stack"), stack = FAIL;
    if (!failed(function)) stack = call0(vm, function);
    decref(function);
    if (failed(stack)) error_unraisable(vm, "Exception ignored while a place was noted", UNDEF);
    error_restore(vm, travelling);
    return failed(stack) || is_none(stack) ? UNDEF : stack;
}

bool builder_origin(Vm *vm, StrBuilder *text, Value origin)
{
    if (!is_list(origin) || !as_list(origin)->len) return true;
    Value frame = list_at(as_list(origin), as_list(origin)->len - 1);
    Ref file = attr_get_text(vm, frame, "filename"), line = FAIL, where = FAIL;
    if (!failed(file)) line = attr_get_text(vm, frame, "lineno");
    if (!failed(line)) where = format_text(vm, " created at %S:%R", (Value)file, (Value)line);
    bool ok = !failed(where) && builder_str(vm, text, where);
    decref(file);
    decref(line);
    decref(where);
    return ok;
}

Ref origin_text(Vm *vm, Value origin)
{
    Ref module = import_text(vm, "traceback"), format = FAIL, lines = FAIL, text = FAIL;
    if (!failed(module)) format = attr_get_text(vm, module, "format_list");
    if (!failed(format)) lines = call1(vm, format, origin);
    Ref empty = failed(lines) ? FAIL : str_from(vm, "");
    if (!failed(empty)) text = call_method(vm, empty, N(join), 1, (Value[]){lines});
    Ref stripped = failed(text) ? FAIL : call_method(vm, text, N(rstrip), 0, NULL);
    decref(module);
    decref(format);
    decref(lines);
    decref(empty);
    decref(text);
    return stripped;
}

bool builder_callback(Vm *vm, StrBuilder *text, Value callback, Value args, bool debug)
{
    Ref function = helper(vm, "_format_callback_source"), shown = FAIL;
    Ref names = failed(function) ? FAIL : str_interned(vm, "debug"), keywords = FAIL;
    Ref none = failed(names) ? FAIL : tuple_new(vm, 0);
    if (!failed(none)) keywords = tuple_pack(vm, 1, (Value)names);
    if (!failed(keywords)) {
        Value argv[3] = {callback, absent(args) ? (Value)none : args, from_bool(debug)};
        Args call = {argv, 2, keywords};
        shown = call_args(vm, function, &call);
    }
    bool ok = is_str(shown) && builder_str(vm, text, shown);
    decref(function);
    decref(names);
    decref(none);
    decref(keywords);
    decref(shown);
    return ok;
}
