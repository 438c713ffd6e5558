/* traceback.c - module _traceback: what the reports of report.c know and module traceback needs.
 *
 * Neighbours: object/sourceshown.c (lines and marks), object/hint.c ("Did you mean"),
 * stdlib/traceback.aio. */
/* SPDX-License-Identifier: MIT */
#include "object/traceback.h"

#include "object/error.h"
#include "object/int.h"
#include "object/native.h"
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

static const Native *const traceback_functions[] = {&traceback_shown_def, &traceback_hint_def,
                                                    NULL};
const ModuleDef _traceback_module = {
    .name = "_traceback",
    .doc = "The native part of traceback.",
    .functions = traceback_functions,
};
