/* audit.c - telling the hooks of sys.addaudithook() what is about to happen.
 *
 * The hooks are a list in the namespace of sys, made with the first one.
 * Neighbours: modules/syshooks.c (what scripts see). */
/* SPDX-License-Identifier: MIT */
#include "object/audit.h"

#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/list.h"
#include "object/str.h"
#include "object/tuple.h"

static const char hooks_name[] = "_audit_hooks";

/* The list of hooks, UNDEF: there are none; FAIL. */
static Value hooks_of(Vm *vm)
{
    if (absent(vm->interp->sys)) return UNDEF;
    return dict_get_text(vm, as_dict(vm->interp->sys), hooks_name);
}

bool audit_event(Vm *vm, Value event, Value args)
{
    Value hooks = hooks_of(vm);
    if (!is_list(hooks)) return !failed(hooks);
    Ref list = newref(hooks);
    bool good = true;
    for (ptrdiff_t n = 0; good && n < as_list(list)->len; n++) {
        Ref result = call2(vm, list_at(as_list(list), n), event, args);
        good = !failed(result);
        decref(result);
    }
    decref(list);
    return good;
}

bool audit(Vm *vm, const char *event, int argc, const Value *argv)
{
    Value hooks = hooks_of(vm);
    if (!is_list(hooks)) return !failed(hooks);
    Ref name = str_from(vm, event), args = failed(name) ? FAIL : tuple_new(vm, argc);
    for (int n = 0; !failed(args) && n < argc; n++) as_tuple(args)->items[n] = newref(argv[n]);
    bool good = !failed(args) && audit_event(vm, name, args);
    decref(name);
    decref(args);
    return good;
}

bool audit_add(Vm *vm, Value hook)
{
    Value hooks = hooks_of(vm);
    if (failed(hooks)) return false;
    if (is_list(hooks)) return list_push(vm, as_list(hooks), newref(hook));
    Ref list = list_from_values(vm, 1, &hook);
    bool good = !failed(list) && dict_set_text(vm, as_dict(vm->interp->sys), hooks_name, list);
    decref(list);
    return good;
}
