/* traceback.c - module _traceback: what the reports of report.c know and module traceback needs.
 *
 * Neighbours: object/report.c (anchors), object/hint.c ("Did you mean"), stdlib/traceback.aio. */
/* SPDX-License-Identifier: MIT */
#include "object/traceback.h"

#include "base/utf8.h"
#include "object/error.h"
#include "object/native.h"
#include "object/str.h"
#include "object/tuple.h"

NATIVE(traceback_anchor, "anchor(segment, /)",
       "Return (start, end) of the operator, subscript or call to mark inside the text of an "
       "expression, or None.")
{
    if (!is_str(argv[0]))
        return throw(vm, TypeError, "anchor() argument must be str, not %T", argv[0]);
    ptrdiff_t len;
    char *owned = NULL;
    const char *text = str_utf8(vm, argv[0], &len, &owned);
    if (!text) return FAIL;
    Range found = expression_anchor(text, (int)len);
    int64_t start = found.start < 0 ? 0 : utf8_count(text, found.start);
    int64_t end = found.start < 0 ? 0 : utf8_count(text, found.end);
    memory_free(owned);
    return found.start < 0 ? NONE
                           : tuple_pack(vm, 2, (Value)from_small(start), (Value)from_small(end));
}

NATIVE(traceback_hint, "hint(error, /)",
       "Return what stands behind the message of an exception: a suggestion, or ''.")
{
    if (!is_exception(argv[0]))
        return throw(vm, TypeError, "hint() argument must be an exception, not %T", argv[0]);
    Ref text = error_hint(vm, argv[0]);
    return absent(text) ? newref(vm->interp->empty_str) : text;
}

static const Native *const traceback_functions[] = {&traceback_anchor_def, &traceback_hint_def,
                                                    NULL};
const ModuleDef _traceback_module = {
    .name = "_traceback",
    .doc = "The native part of traceback.",
    .functions = traceback_functions,
};
