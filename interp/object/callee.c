/* callee.c - how messages about a call name what is called.
 *
 * Neighbours: dict.c (the keywords of **), vm/call.c (the arguments of *). */
/* SPDX-License-Identifier: MIT */
#include "object/callee.h"

#include "object/attr.h"
#include "object/error.h"
#include "object/name.h"
#include "object/number.h"
#include "object/str.h"

Ref callee_text(Vm *vm, Value callee)
{
    Ref out = FAIL, module = UNDEF, name = attr_get_or_absent(vm, callee, N(__qualname__));
    if (failed(name)) goto done;
    if (absent(name)) {
        out = value_str(vm, callee);
        goto done;
    }
    module = attr_get_or_absent(vm, callee, N(__module__));
    if (failed(module)) goto done;
    if (absent(module) || is_none(module) || str_is(module, "builtins"))
        out = format_text(vm, "%S()", (Value)name);
    else out = format_text(vm, "%S.%S()", (Value)module, (Value)name);
done:
    decref(name);
    decref(module);
    return out;
}
