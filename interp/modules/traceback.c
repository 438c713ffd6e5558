/* traceback.c - module _traceback: what the reports of report.c know and module traceback needs.
 *
 * Also the mark of functions that no report shows.
 * Neighbours: object/sourceshown.c (lines and marks), object/hint.c ("Did you mean"),
 * stdlib/traceback.aio. */
/* SPDX-License-Identifier: MIT */
#include "object/traceback.h"

#include "object/classmethod.h"
#include "object/error.h"
#include "object/function.h"
#include "object/int.h"
#include "object/native.h"
#include "object/property.h"
#include "object/sourceshown.h"
#include "object/str.h"

NATIVE(
    traceback_shown, "shown(lines, start, end, /)",
    "Return the lines of an expression with the marks under them; start and end count the bytes\n"
    "before it in its first line (-1: unknown) and up to its end in its last.")
{
    int64_t start, end;
    if (!is_str(argv[0]))
        return throw(vm, TypeError, "shown() argument 1 must be str, not %T", argv[0]);
    if (!int_index(vm, argv[1], &start) || !int_index(vm, argv[2], &end)) return FAIL;
    return source_shown(vm, argv[0], (int)start, (int)end, false);
}

NATIVE(traceback_hint, "hint(error, /)",
       "Return what stands behind the message of an exception: a suggestion, or ''.")
{
    if (!is_exception(argv[0]))
        return throw(vm, TypeError, "hint() argument must be an exception, not %T", argv[0]);
    Ref text = error_hint(vm, argv[0]);
    return absent(text) ? newref(vm->interp->empty_str) : text;
}

static void hide_code(Code *code)
{
    code->flags |= CODE_UNSEEN;
    for (int n = 0; n < code->constant_count; n++)
        if (is_kind(code->constants[n], KIND_CODE)) hide_code(as_code(code->constants[n]));
}

/* v: a function, or what a class keeps one in; anything else is passed over. */
static void hide_function(Value v)
{
    if (is_function(v)) hide_code(as_function(v)->code);
    else if (is_kind(v, KIND_CLASSMETHOD) || is_kind(v, KIND_STATICMETHOD))
        hide_function(as_wrapper(v)->function);
    else if (is_kind(v, KIND_PROPERTY)) {
        hide_function(as_property(v)->getter);
        hide_function(as_property(v)->setter);
    }
}

NATIVE(traceback_unseen, "unseen(function, /)",
       "A decorator of functions and classes that are native in CPython: tracebacks do not show\n"
       "the frames of their code, and f_back and sys._getframe() pass them over.")
{
    hide_function(argv[0]);
    Value key, value;
    Dict *space = is_type(argv[0]) ? type_dict(vm, as_type(argv[0])) : NULL;
    for (ptrdiff_t i = 0; space && dict_next(space, &i, &key, &value);) hide_function(value);
    return newref(argv[0]);
}

static const Native *const traceback_functions[] = {
    &traceback_shown_def,
    &traceback_hint_def,
    &traceback_unseen_def,
    NULL,
};
const ModuleDef _traceback_module = {
    .name = "_traceback",
    .doc = "The native part of traceback.",
    .functions = traceback_functions,
};
