/* warning.c - warnings the interpreter issues.
 *
 * Without the module `warnings` loaded a warning is printed once per place of a module (those of
 * the compiler, which has no module yet, each time), deprecations only when they come from
 * __main__; once a script has loaded the module its filters decide.
 * Neighbours: error.h (warn), stdlib/warnings.aio. */
/* SPDX-License-Identifier: MIT */
#include <stdarg.h>

#include "object/attr.h"
#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/name.h"
#include "object/number.h"
#include "object/set.h"
#include "object/str.h"
#include "object/tuple.h"
#include "object/warning.h"

static Value module_name(Vm *vm, Dict *globals)
{
    return globals ? dict_get_name(globals, N(__name__)) : (Value)UNDEF;
}

static bool is_ignored(Vm *vm, ExcId id, Dict *globals)
{
    Value module = module_name(vm, globals);
    if (id == DeprecationWarning && is_str(module) && str_is(module, "__main__")) return false;
    return id == DeprecationWarning || id == PendingDeprecationWarning || id == ImportWarning ||
           id == ResourceWarning;
}

/* The line under it, stripped. */
static bool print_source(Vm *vm, Value file, int line)
{
    Ref source = source_line(vm, file, line);
    if (!is_str(source)) return true;
    Ref stripped = call_method(vm, source, N(strip), 0, NULL);
    decref(source);
    Ref indented = failed(stripped) ? FAIL : format_text(vm, "  %S\n", (Value)stripped);
    decref(stripped);
    if (failed(indented)) return false;
    if (as_str(indented)->len > 3) stderr_print(vm, indented);
    decref(indented);
    return true;
}

/* Beside CPython's words on source, which it can say until the modules are gone. */
static bool print_warning(Vm *vm, ExcId id, Value text, Value file, int line, Value source)
{
    Ref shown = format_text(vm, "%S:%d: %N: %S\n", file, line, exception_class(vm, id), text);
    if (failed(shown)) return false;
    stderr_print(vm, shown);
    decref(shown);
    if (!print_source(vm, file, line)) return false;
    if (absent(source) || vm->interp->finalizing) return true;
    Ref hint = format_text(vm, "%N: Enable tracemalloc to get the object allocation traceback\n",
                           exception_class(vm, id));
    if (failed(hint)) return false;
    stderr_print(vm, hint);
    decref(hint);
    return true;
}

/* Has this warning been printed for this place already? */
static Truth seen_before(Vm *vm, Value text, ExcId id, Value file, int line)
{
    if (absent(vm->interp->warned)) {
        Ref warned = set_new(vm);
        if (failed(warned)) return FAILED;
        vm->interp->warned = warned;
    }
    Ref key = tuple_pack(vm, 4, text, (Value)from_small(id), file, (Value)from_small(line));
    if (failed(key)) return FAILED;
    Truth seen = set_has(vm, as_set(vm->interp->warned), key);
    if (seen == NO && !set_add(vm, as_set(vm->interp->warned), key)) seen = FAILED;
    decref(key);
    return seen;
}

/* The module's record of what has been shown, made on demand. */
static Ref registry_of(Vm *vm, Dict *globals)
{
    if (!globals) return NONE;
    Ref name = str_interned(vm, "__warningregistry__");
    if (failed(name)) return FAIL;
    Value held = dict_get_name(globals, name);
    Ref registry = absent(held) ? dict_new(vm) : newref(held);
    if (absent(held) && !failed(registry) && !dict_set(vm, globals, name, registry))
        replace(&registry, FAIL);
    decref(name);
    return registry;
}

static bool warn_explicitly(Vm *vm, Value function, Value args[4], Dict *globals, Value source)
{
    Value name = module_name(vm, globals);
    Ref registry = registry_of(vm, globals);
    if (failed(registry)) return false;
    Ref result =
        call(vm, function, 8,
             (Value[]){args[0], args[1], args[2], args[3], absent(name) ? (Value)NONE : name,
                       registry, NONE, absent(source) ? (Value)NONE : source});
    decref(registry);
    decref(result);
    return !failed(result);
}

static bool issue(Vm *vm, ExcId id, Value text, Value file, int line, Dict *globals, Value source)
{
    Value module = is_dict(vm->interp->modules)
                       ? dict_get_name(as_dict(vm->interp->modules), N(warnings))
                       : (Value)UNDEF;
    Ref function =
        absent(module) || module == NONE ? UNDEF : attr_get_or_absent(vm, module, N(warn_explicit));
    if (failed(function)) return false;
    if (!absent(function)) { /* absent: the interpreter ends, and has emptied the module */
        Value args[4] = {text, borrow(exception_class(vm, id)), file, from_small(line)};
        bool issued = warn_explicitly(vm, function, args, globals, source);
        decref(function);
        return issued;
    }
    if (is_ignored(vm, id, globals)) return true;
    Truth seen = globals ? seen_before(vm, text, id, file, line) : NO;
    return seen == YES || (seen == NO && print_warning(vm, id, text, file, line, source));
}

bool warn_at(Vm *vm, ExcId id, Value text, Value file, int line, Dict *globals)
{
    return issue(vm, id, text, file, line, globals, UNDEF);
}

/* Steals text. */
static bool warn_of(Vm *vm, Value source, ExcId id, int stack_level, Ref text)
{
    if (failed(text)) return false;
    Ref file = UNDEF;
    int line = 0;
    Dict *globals = NULL;
    if (!current_place(vm, stack_level, &file, &line, &globals)) {
        file = str_from(vm, "<sys>");
        line = 0;
    }
    bool good = !failed(file) && issue(vm, id, text, file, line, globals, source);
    decref(file);
    decref(text);
    return good;
}

bool warn(Vm *vm, ExcId id, int stack_level, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    Ref text = format_text_list(vm, format, &list);
    va_end(list);
    return warn_of(vm, UNDEF, id, stack_level, text);
}

bool warn_about(Vm *vm, Value source, ExcId id, int stack_level, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    Ref text = format_text_list(vm, format, &list);
    va_end(list);
    return warn_of(vm, source, id, stack_level, text);
}
