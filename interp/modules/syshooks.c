/* syshooks.c - what sys lets a script hook into: async generators and audit events.
 *
 * Neighbours: sys.c (the module), loop/asyncgens.c (who calls the hooks of async generators). */
/* SPDX-License-Identifier: MIT */
#include "loop/loop.h"
#include "modules/sys.h"
#include "object/audit.h"
#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/list.h"
#include "object/str.h"
#include "object/structseq.h"

/* ---- async generators ---- */

static const Attribute asyncgen_hooks_fields[] = {
    {"firstiter", structseq_item_0, NULL, "called with each async generator that begins, or None"},
    {"finalizer", structseq_item_1, NULL,
     "called with each one that is dropped before its end, or None"},
    {0},
};
static const TypeDef asyncgen_hooks_type =
    STRUCTSEQ("asyncgen_hooks", "What sys.set_asyncgen_hooks() was given.", asyncgen_hooks_fields);

static Ref hook_shown(Ref hook) { return absent(hook) ? NONE : newref(hook); }

static Ref sys_get_asyncgen_hooks(Vm *vm, Value *argv);
const Native sys_get_asyncgen_hooks_def = {
    "get_asyncgen_hooks()",
    "The hooks of this thread's async generators: a tuple (firstiter, finalizer).",
    sys_get_asyncgen_hooks, NATIVE_PLAIN, NULL};
static Ref sys_get_asyncgen_hooks(Vm *vm, Value *argv __attribute__((unused)))
{
    LoopState *state = loop_state(vm);
    if (!state) return FAIL;
    Ref values[] = {hook_shown(state->firstiter), hook_shown(state->finalizer)};
    return structseq_new(vm, &asyncgen_hooks_type, 2, values);
}

static bool check_hook(Vm *vm, Value hook, const char *name)
{
    if (absent(hook) || is_none(hook) || type_of(vm, hook)->slots.call) return true;
    throw(vm, TypeError, "callable %s expected, got %T", name, hook);
    return false;
}

static Ref sys_set_asyncgen_hooks(Vm *vm, Value *argv);
const Native sys_set_asyncgen_hooks_def = {
    "set_asyncgen_hooks(firstiter=?, finalizer=?)",
    "Call firstiter with each async generator that begins and finalizer with each one that is\n"
    "dropped before its end; None: no hook.  An event loop has its own while it runs.",
    sys_set_asyncgen_hooks, NATIVE_PLAIN, NULL};
static Ref sys_set_asyncgen_hooks(Vm *vm, Value *argv)
{
    LoopState *state = loop_state(vm);
    if (!state || !check_hook(vm, argv[1], "finalizer") || !check_hook(vm, argv[0], "firstiter"))
        return FAIL;
    Ref firstiter = absent(argv[0]) ? hook_shown(state->firstiter) : newref(argv[0]);
    Ref finalizer = absent(argv[1]) ? hook_shown(state->finalizer) : newref(argv[1]);
    bool good = asyncgen_hooks_set(vm, firstiter, finalizer);
    decref(firstiter);
    decref(finalizer);
    return good ? NONE : FAIL;
}

/* ---- audit hooks ---- */

static Ref sys_addaudithook(Vm *vm, Value *argv);
const Native sys_addaudithook_def = {"addaudithook(hook)",
                                     "Call hook(event, args) for each sys.audit().",
                                     sys_addaudithook, NATIVE_PLAIN, NULL};
static Ref sys_addaudithook(Vm *vm, Value *argv)
{
    if (!audit(vm, "sys.addaudithook", 0, NULL)) {
        if (!error_is(vm, Exception_)) return FAIL;
        error_clear(vm); /* a hook refuses another one, quietly */
        return NONE;
    }
    return audit_add(vm, argv[0]) ? NONE : FAIL;
}
static Ref sys_audit(Vm *vm, Value *argv);
const Native sys_audit_def = {"audit(event, /, *args)",
                              "Call the audit hooks with event, a str, and the tuple of args.",
                              sys_audit, NATIVE_PLAIN, NULL};
static Ref sys_audit(Vm *vm, Value *argv)
{
    if (!is_str(argv[0]))
        return throw(vm, TypeError, "expected str for argument 'event', not %T", argv[0]);
    return audit_event(vm, argv[0], argv[1]) ? NONE : FAIL;
}
