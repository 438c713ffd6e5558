/* error.c - raising exceptions and wording them.
 *
 * vm->error is the propagating exception.  Raising makes what is being handled the new one's
 * __context__, taking care that the chain stays free of loops. Neighbours: exception.c (the
 * objects), format in this file (%R %S %T ...). */
/* SPDX-License-Identifier: MIT */
#include "object/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "object/attr.h"
#include "object/call.h"
#include "object/exception.h"
#include "object/dict.h"
#include "object/name.h"
#include "object/number.h"
#include "object/str.h"
#include "object/shape.h"
#include "object/structseq.h"

/* ---- wording ---- */

static bool format_owned(Vm *vm, StrBuilder *text, Ref part)
{
    bool good = !failed(part) && builder_str(vm, text, part);
    decref(part);
    return good;
}

/* What an argument is: its type's name, None for None. */
static bool format_given(Vm *vm, StrBuilder *text, Value v)
{
    return builder_text(vm, text, v == NONE ? "None" : type_full_name(type_of(vm, v)));
}

/* One conversion: the characters after % up to and including the letter. */
static bool format_one(Vm *vm, StrBuilder *text, const char *spec, va_list *list)
{
    char number[64];
    switch (spec[strlen(spec) - 1]) {
    case 's': return builder_text(vm, text, va_arg(*list, const char *));
    case 'R': return format_owned(vm, text, value_repr(vm, va_arg(*list, Value)));
    case 'S': return format_owned(vm, text, value_str(vm, va_arg(*list, Value)));
    case 'T': return builder_text(vm, text, type_full_name(type_of(vm, va_arg(*list, Value))));
    case 'A': return format_given(vm, text, va_arg(*list, Value));
    case 'F': return builder_text(vm, text, type_full_name(va_arg(*list, Type *)));
    case 'N': return builder_str(vm, text, va_arg(*list, Type *)->name);
    case 'c': return builder_char(vm, text, (uint32_t)va_arg(*list, int));
    case '%': return builder_text(vm, text, "%");
    case 'g': snprintf(number, sizeof number, "%g", va_arg(*list, double)); break;
    default:
        if (strstr(spec, "ll")) {
            long long n = va_arg(*list, long long);
            snprintf(number, sizeof number, spec[strlen(spec) - 1] == 'x' ? "%llx" : "%lld", n);
        } else if (strchr(spec, 'z')) {
            snprintf(number, sizeof number, "%td", va_arg(*list, ptrdiff_t));
        } else {
            int n = va_arg(*list, int);
            snprintf(number, sizeof number, spec[strlen(spec) - 1] == 'x' ? "%x" : "%d",
                     (unsigned)n);
        }
    }
    return builder_text(vm, text, number);
}

Ref format_text_list(Vm *vm, const char *format, va_list *list)
{
    if (!strchr(format, '%')) return str_from(vm, format);
    StrBuilder text;
    builder_open(&text);
    for (const char *at = format; *at;) {
        size_t plain = strcspn(at, "%");
        bool good = builder_ascii(vm, &text, at, (ptrdiff_t)plain);
        at += plain;
        if (good && *at) {
            char spec[8] = "%";
            size_t len = 1;
            do spec[len] = at[len];
            while (!strchr("sRSTANFc%gdx", at[len++]) && len < sizeof spec - 1);
            good = format_one(vm, &text, spec, list);
            at += len;
        }
        if (!good) {
            builder_close(&text);
            return FAIL;
        }
    }
    return builder_finish(vm, &text);
}

Ref format_text(Vm *vm, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    Ref text = format_text_list(vm, format, &list);
    va_end(list);
    return text;
}

/* ---- raising ---- */

/* error.__context__ = context, unless error is in context's own chain: then the link to it is cut.
 */
static void set_context(Value error, Value context)
{
    if (absent(context) || context == error) return;
    Value slow = context;
    bool step = false;
    for (Value at = context;;) {
        Ref *next = &as_exception(at)->context;
        if (!is_exception(*next)) break;
        if (*next == error) {
            clear(next);
            break;
        }
        at = *next;
        if (step)
            slow = as_exception(slow)->context; /* Floyd: a loop made by hand must not hang us */
        step = !step;
        if (at == slow) break;
    }
    replace(&as_exception(error)->context, newref(context));
}

Ref throw_object(Vm *vm, Value exception)
{
    set_context(exception, exception_handled(vm));
    replace(&vm->error, newref(exception));
    return FAIL;
}

/* A new MemoryError; where there is no memory for it either, the one made in time. */
Ref throw_no_memory(Vm *vm)
{
    Interp *interp = vm->interp;
    Ref spare = take(&interp->memory_error); /* absent while a new one is being made */
    if (absent(spare)) return FAIL;
    Ref made = exception_new(vm, MemoryError, 0, NULL);
    interp->memory_error = spare;
    if (failed(made)) {
        if (as_object(spare)->count == 1) exception_forget(spare);
        made = newref(spare);
    }
    replace(&vm->error, made);
    return FAIL;
}

Ref throw_value(Vm *vm, ExcId id, Value arg)
{
    Ref made = exception_new(vm, id, absent(arg) ? 0 : 1, &arg);
    if (failed(made)) return FAIL;
    throw_object(vm, made);
    decref(made);
    return FAIL;
}

Ref throw(Vm * vm, ExcId id, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    Ref text = format_text_list(vm, format, &list);
    va_end(list);
    if (failed(text)) return FAIL;
    throw_value(vm, id, text);
    decref(text);
    return FAIL;
}

Ref throw_any(Vm *vm, Value value)
{
    if (is_exception(value)) return throw_object(vm, value);
    if (!is_type(value) || !type_is_subtype(as_type(value), exception_class(vm, BaseException)))
        return throw(vm, TypeError, "exceptions must derive from BaseException");
    Ref made = call0(vm, value);
    if (failed(made)) return FAIL;
    throw_object(vm, made);
    decref(made);
    return FAIL;
}

Ref throw_errno(Vm *vm, int error_number, Value filename)
{
    Ref text = str_from(vm, strerror(error_number));
    if (failed(text)) return FAIL;
    Value args[3] = {from_small(error_number), text, filename};
    Ref made = call(vm, borrow(exception_class(vm, OSError)), absent(filename) ? 2 : 3, args);
    decref(text);
    if (failed(made)) return FAIL;
    throw_object(vm, made);
    decref(made);
    return FAIL;
}

/* ---- looking ---- */

bool exception_is(const Vm *vm, Value value, ExcId id)
{
    return is_exception(value) &&
           type_is_subtype(as_object(value)->shape->type, exception_class(vm, id));
}

bool error_is(const Vm *vm, ExcId id) { return exception_is(vm, vm->error, id); }

Ref error_take(Vm *vm) { return take(&vm->error); }

void error_restore(Vm *vm, Ref error) { replace(&vm->error, error); }

void error_clear(Vm *vm) { clear(&vm->error); }

/* ---- what nobody can catch ---- */

static const Attribute unraisable_fields[] = {
    {"exc_type", structseq_item_0, NULL, "the class of the exception"},
    {"exc_value", structseq_item_1, NULL, "the exception"},
    {"exc_traceback", structseq_item_2, NULL, "its traceback, or None"},
    {"err_msg", structseq_item_3, NULL, "what was being done, or None"},
    {"object", structseq_item_4, NULL, "what it was done to, or None"},
    {0},
};
static const TypeDef unraisable_type =
    STRUCTSEQ("UnraisableHookArgs", "What sys.unraisablehook() is told.", unraisable_fields);

/* The script's sys.unraisablehook (borrowed), or UNDEF. */
static Value unraisable_hook(Vm *vm)
{
    Value hook = absent(vm->interp->sys)
                     ? (Value)UNDEF
                     : dict_get_name(as_dict(vm->interp->sys), N(unraisablehook));
    return is_kind(hook, KIND_NATIVE_FUNCTION) || hook == NONE ? (Value)UNDEF : hook;
}

static Ref call_unraisable_hook(Vm *vm, Value hook, Value error, Value message, Value object)
{
    Value traceback = as_exception(error)->traceback;
    Ref parts[] = {newref(borrow(type_of(vm, error))), newref(error),
                   absent(traceback) ? NONE : newref(traceback), newref(message),
                   absent(object) ? NONE : newref(object)};
    Ref details = structseq_new(vm, &unraisable_type, 5, parts);
    Ref called = failed(details) ? FAIL : call1(vm, hook, details);
    decref(details);
    return called;
}

/* Prints an exception below a line, message (FAIL: no memory for it) or, then, what. */
static void print_unraisable(Vm *vm, const char *what, Value message, Value error)
{
    error_clear(vm);
    if (failed(message)) fprintf(stderr, "%s (MemoryError while it was reported):\n", what);
    else stderr_print(vm, message);
    exception_print(vm, error, 2);
    error_clear(vm);
}

/* What the hook itself raised is told in place of what it should have told. */
static void hook_failed(Vm *vm, Value hook)
{
    static const char what[] = "Exception ignored in sys.unraisablehook";
    Ref error = error_take(vm), message = format_text(vm, "%s: %R\n", what, hook);
    if (failed(message) && !error_is(vm, MemoryError))
        message = format_text(vm, "%s: <object repr() failed>\n", what);
    print_unraisable(vm, what, message, error);
    decref(message);
    decref(error);
}

void error_unraisable(Vm *vm, const char *what, Value object)
{
    Ref error = error_take(vm);
    if (!is_exception(error)) return;
    bool plain = strcmp(what, "Exception ignored in") == 0; /* the hook gets no text but object */
    Ref message = absent(object) ? format_text(vm, "%s:\n", what)
                  : plain        ? format_text(vm, "%s: %R\n", what, object)
                                 : format_text(vm, "%s %R:\n", what, object);
    if (failed(message) && !error_is(vm, MemoryError)) {
        error_clear(vm);
        message = str_from(vm, ":\n");
    }
    Ref hook = newref(unraisable_hook(vm)), text = NONE;
    if (!absent(hook) && !plain && !failed(message))
        text = str_slice(vm, message, 0, as_str(message)->len - 2);
    if (absent(hook) || failed(message) || failed(text)) {
        print_unraisable(vm, what, failed(text) ? FAIL : message, error);
    } else {
        error_clear(vm);
        Ref told = call_unraisable_hook(vm, hook, error, text, plain ? object : (Value)NONE);
        if (failed(told)) hook_failed(vm, hook);
        decref(told);
    }
    decref(text);
    decref(hook);
    decref(message);
    decref(error);
}

void stderr_print(Vm *vm, Value text)
{
    Value file =
        absent(vm->interp->sys) ? (Value)UNDEF : dict_get_name(as_dict(vm->interp->sys), N(stderr));
    if (!absent(file) && file != NONE && is_str(text)) {
        Ref saved = error_take(vm);
        Ref written = call_method(vm, file, N(write), 1, &text);
        bool good = !failed(written);
        decref(written);
        error_restore(vm, saved);
        if (good) return;
    }
    char *owned = NULL;
    ptrdiff_t len = 0;
    const char *bytes = is_str(text) ? str_utf8(vm, text, &len, &owned) : NULL;
    if (bytes) fwrite(bytes, 1, (size_t)len, stderr);
    else error_clear(vm);
    memory_free(owned);
}
