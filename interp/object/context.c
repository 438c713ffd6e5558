/* context.c - contextvars.
 *
 * Invariant: a variables dict that anybody else may hold is never written (count > 1: copy first),
 * so a snapshot is one more count. Neighbours: context.h, modules/contextvars.c. */
/* SPDX-License-Identifier: MIT */
#include "object/context.h"

#include <stdio.h>

#include "object/call.h"
#include "object/error.h"
#include "object/genericalias.h"
#include "object/iter.h"
#include "object/member.h"
#include "object/name.h"
#include "object/native.h"
#include "object/number.h"
#include "object/str.h"
#include "object/tuple.h"

Ref call_with(Vm *vm, Value callee, Value first, Value args, Value kwargs)
{
    ptrdiff_t given = absent(args) ? 0 : tuple_len(args);
    ptrdiff_t named = absent(kwargs) ? 0 : as_dict(kwargs)->len;
    int argc = 0;
    Ref names = UNDEF;
    Value few[8], *argv = few;
    if (given + named + 1 > 8 &&
        !(argv = memory_new(vm, (size_t)(given + named + 1) * sizeof *argv)))
        return FAIL;
    if (!absent(first)) argv[argc++] = first;
    for (ptrdiff_t i = 0; i < given; i++) argv[argc++] = tuple_at(args, i);
    if (named) {
        names = tuple_new(vm, named);
        if (failed(names)) goto failure;
        Value key, value;
        int at = 0;
        for (ptrdiff_t i = 0; dict_next(as_dict(kwargs), &i, &key, &value); at++) {
            as_tuple(names)->items[at] = newref(key);
            argv[argc + at] = value;
        }
    }
    Args call_arguments = {argv, argc, names};
    Ref out = call_args(vm, callee, &call_arguments);
    decref(names);
    if (argv != few) memory_free(argv);
    return out;
failure:
    if (argv != few) memory_free(argv);
    return FAIL;
}

/* ---- what is current ---- */

static Value variables_of(Value context)
{
    return is_context(context) ? as_context(context)->variables : context;
}

Ref context_snapshot(Vm *vm) { return newref(variables_of(vm->context)); }

Value context_object(Vm *vm, Ref *slot)
{
    if (is_context(*slot)) return *slot;
    Context *context = type_instance(vm, type_builtin(vm, KIND_CONTEXT));
    if (!context) return FAIL;
    context->variables = *slot;
    *slot = from_object(context);
    return *slot;
}

Value context_current(Vm *vm)
{
    Value context = context_object(vm, &vm->context);
    if (!failed(context)) as_context(context)->head.aux = 1;
    return context;
}

bool context_enter(Vm *vm, Ref *context)
{
    if (is_context(*context)) {
        if (as_context(*context)->head.aux) {
            throw(vm, RuntimeError, "cannot enter context: %R is already entered", (Value)*context);
            return false;
        }
        as_context(*context)->head.aux = 1;
    }
    Ref outer = vm->context;
    vm->context = *context;
    *context = outer;
    return true;
}

void context_leave(Vm *vm, Ref *context)
{
    Ref outer = *context;
    *context = vm->context;
    vm->context = outer;
    if (is_context(*context)) as_context(*context)->head.aux = 0;
}

Ref context_var_get(Vm *vm, Value variable)
{
    Value variables = variables_of(vm->context);
    if (!absent(variables)) {
        Value found = dict_get(vm, as_dict(variables), variable);
        if (!absent(found)) return newref(found);
    }
    return newref(((ContextVar *)as_object(variable))->initial);
}

/* The dict of a Context, ours alone and so fit to be written; NULL: raised. */
static Dict *variables_to_write(Vm *vm, Context *context)
{
    if (absent(context->variables)) {
        Ref made = dict_new(vm);
        if (failed(made)) return NULL;
        context->variables = made;
    } else if (as_object(context->variables)->count > 1) {
        Ref copy = dict_copy(vm, as_dict(context->variables));
        if (failed(copy)) return NULL;
        replace(&context->variables, copy);
    }
    return as_dict(context->variables);
}

Ref context_var_set(Vm *vm, Value variable, Value value)
{
    Value context = context_current(vm);
    if (failed(context)) return FAIL;
    ContextToken *token = type_instance(vm, type_builtin(vm, KIND_CONTEXT_TOKEN));
    if (!token) return FAIL;
    token->variable = newref(variable);
    token->context = newref(context);
    Dict *variables = variables_to_write(vm, as_context(context));
    Value old = variables ? dict_get(vm, variables, variable) : FAIL;
    if (failed(old)) goto failure;
    token->old = newref(old);
    if (!dict_set(vm, variables, variable, value)) goto failure;
    return from_object(token);
failure:
    decref_object(token);
    return FAIL;
}

static bool context_var_reset_to(Vm *vm, ContextToken *token)
{
    Dict *variables = variables_to_write(vm, as_context(token->context));
    if (!variables) return false;
    token->head.aux = 1;
    if (!absent(token->old)) return dict_set(vm, variables, token->variable, token->old);
    return dict_delete(vm, variables, token->variable) != FAILED;
}

/* ---- ContextVar ---- */

NATIVE(context_var_new, "ContextVar(cls, name, /, *, default=?)", "Make a context variable.")
{
    if (!is_str(argv[1])) return throw(vm, TypeError, "context variable name must be a str");
    ContextVar *variable = type_instance(vm, as_type(argv[0]));
    if (!variable) return FAIL;
    variable->name = newref(argv[1]);
    variable->initial = newref(argv[2]);
    return from_object(variable);
}

NATIVE(context_var_get_method, "get(self, default=?, /)",
       "Return the variable's value in the current context, else default, else the variable's own "
       "default.\n"
       "Raises LookupError when there is none.")
{
    Value variables = variables_of(vm->context);
    Value found = absent(variables) ? UNDEF : dict_get(vm, as_dict(variables), argv[0]);
    if (failed(found)) return FAIL;
    if (absent(found)) found = argv[1];
    if (absent(found)) found = ((ContextVar *)as_object(argv[0]))->initial;
    if (absent(found)) return throw_value(vm, LookupError, argv[0]);
    return newref(found);
}

NATIVE(
    context_var_set_method, "set(self, value, /)",
    "Set the variable in the current context and return a Token that can restore what was there.")
{
    return context_var_set(vm, argv[0], argv[1]);
}

NATIVE(context_var_reset, "reset(self, token, /)",
       "Restore the value from before the set() that made token.\n"
       "Raises RuntimeError when token was used, ValueError when it belongs elsewhere.")
{
    if (!is_kind(argv[1], KIND_CONTEXT_TOKEN))
        return throw(vm, TypeError, "expected an instance of Token, got %R", argv[1]);
    ContextToken *token = (ContextToken *)as_object(argv[1]);
    if (token->head.aux) return throw(vm, RuntimeError, "%R has already been used once", argv[1]);
    if (token->variable != argv[0])
        return throw(vm, ValueError, "%R was created by a different ContextVar", argv[1]);
    if (token->context != vm->context)
        return throw(vm, ValueError, "%R was created in a different Context", argv[1]);
    return context_var_reset_to(vm, token) ? NONE : FAIL;
}

static Ref context_var_repr(Vm *vm, Value self)
{
    ContextVar *variable = (ContextVar *)as_object(self);
    StrBuilder text;
    builder_open(&text);
    char address[40];
    snprintf(address, sizeof address, " at %p>", (void *)variable);
    if (builder_text(vm, &text, "<ContextVar name=") && builder_repr(vm, &text, variable->name) &&
        (absent(variable->initial) ||
         (builder_text(vm, &text, " default=") && builder_repr(vm, &text, variable->initial))) &&
        builder_text(vm, &text, address))
        return builder_finish(vm, &text);
    builder_close(&text);
    return FAIL;
}

static Ref context_var_name(Vm *vm __attribute__((unused)), Value self)
{
    return newref(((ContextVar *)as_object(self))->name);
}

static const Native *const context_var_methods[] = {
    &context_var_get_method_def, &context_var_set_method_def, &context_var_reset_def,
    &class_getitem_def, NULL};
static const Attribute context_var_attributes[] = {
    {"name", context_var_name, member_read_only, "The name it was made with."}, {0}};

const TypeDef context_var_type = {
    .name = "_contextvars.ContextVar",
    .size = sizeof(ContextVar),
    .doc = "A variable with a value per context.",
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_WEAKREF,
    .refs = REFS(REF(ContextVar, name), REF(ContextVar, initial)),
    .new = &context_var_new_def,
    .repr = context_var_repr,
    .methods = context_var_methods,
    .attributes = context_var_attributes,
};

/* ---- Token ---- */

static Ref context_token_repr(Vm *vm, Value self)
{
    ContextToken *token = (ContextToken *)as_object(self);
    Ref variable = value_repr(vm, token->variable);
    if (failed(variable)) return FAIL;
    char address[40];
    snprintf(address, sizeof address, " at %p>", (void *)token);
    Ref text = format_text(vm, "<Token%s var=%S%s", token->head.aux ? " used" : "", (Value)variable,
                           address);
    decref(variable);
    return text;
}

static Ref context_token_var(Vm *vm __attribute__((unused)), Value self)
{
    return newref(((ContextToken *)as_object(self))->variable);
}

static Ref context_token_old_value(Vm *vm, Value self)
{
    ContextToken *token = (ContextToken *)as_object(self);
    if (!absent(token->old)) return newref(token->old);
    Value missing =
        dict_get_text(vm, as_dict(type_builtin(vm, KIND_CONTEXT_TOKEN)->dict), "MISSING");
    return absent(missing) ? NONE : newref(missing);
}

NATIVE(context_token_enter, "__enter__(self)", "Return the token.") { return newref(argv[0]); }

NATIVE(context_token_exit, "__exit__(self, type, value, traceback, /)",
       "Restore the value that the variable had before the token was made.")
{
    Value inner[2] = {((ContextToken *)as_object(argv[0]))->variable, argv[0]};
    return context_var_reset(vm, inner);
}

static const Native *const context_token_methods[] = {
    &context_token_enter_def, &context_token_exit_def, &class_getitem_def, NULL};
static const Attribute context_token_attributes[] = {
    {"var", context_token_var, NULL, "The variable."},
    {"old_value", context_token_old_value, NULL, "What it was before, or Token.MISSING."},
    {0}};

const TypeDef context_token_type = {
    .name = "_contextvars.Token",
    .size = sizeof(ContextToken),
    .doc = "Undoes one ContextVar.set().",
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(ContextToken, variable), REF(ContextToken, context), REF(ContextToken, old)),
    .repr = context_token_repr,
    .methods = context_token_methods,
    .attributes = context_token_attributes,
};

/* ---- Context ---- */

NATIVE(context_new, "Context(cls, /)", "Make an empty context.")
{
    Context *context = type_instance(vm, as_type(argv[0]));
    return context ? from_object(context) : FAIL;
}

NATIVE(context_run, "run(self, callable, /, *args, **kwargs)",
       "Call callable(*args, **kwargs) in this context and return its result.\n"
       "Raises RuntimeError when the context is entered already.")
{
    Ref slot = newref(argv[0]);
    if (!context_enter(vm, &slot)) {
        decref(slot);
        return FAIL;
    }
    Ref out = call_with(vm, argv[1], UNDEF, argv[2], argv[3]);
    context_leave(vm, &slot);
    decref(slot);
    return out;
}

NATIVE(context_copy, "copy(self, /)", "Return a copy of the context (in constant time).")
{
    Ref slot = newref(as_context(argv[0])->variables);
    if (failed(context_object(vm, &slot))) {
        decref(slot);
        return FAIL;
    }
    return slot;
}

/* The variables as a dict to look at, owned: the real one, or a new empty one. */
static Ref context_dict(Vm *vm, Value self)
{
    Ref variables = as_context(self)->variables;
    return absent(variables) ? dict_new(vm) : newref(variables);
}

static Ref context_dict_method(Vm *vm, Value self, Value name)
{
    Ref variables = context_dict(vm, self);
    if (failed(variables)) return FAIL;
    Ref out = call_method(vm, variables, name, 0, NULL);
    decref(variables);
    return out;
}

static bool context_check_key(Vm *vm, Value key)
{
    if (is_kind(key, KIND_CONTEXT_VAR)) return true;
    throw(vm, TypeError, "a ContextVar key was expected, got %R", key);
    return false;
}

/* Borrowed; UNDEF: not there. */
static Value context_find(Vm *vm, Value self, Value key)
{
    if (!context_check_key(vm, key)) return FAIL;
    Ref variables = as_context(self)->variables;
    return absent(variables) ? UNDEF : dict_get(vm, as_dict(variables), key);
}

NATIVE(context_get, "get(self, key, default=None, /)",
       "Return the value of the variable key, else default.")
{
    Value found = context_find(vm, argv[0], argv[1]);
    return newref(absent(found) ? argv[2] : found);
}
NATIVE(context_keys, "keys(self, /)", "Return all variables.")
{
    return context_dict_method(vm, argv[0], N(keys));
}
NATIVE(context_values, "values(self, /)", "Return all values.")
{
    return context_dict_method(vm, argv[0], N(values));
}
NATIVE(context_items, "items(self, /)", "Return all (variable, value) pairs.")
{
    return context_dict_method(vm, argv[0], N(items));
}

static ptrdiff_t context_len(Vm *vm __attribute__((unused)), Value self)
{
    Ref variables = as_context(self)->variables;
    return absent(variables) ? 0 : as_dict(variables)->len;
}

static Ref context_get_item(Vm *vm, Value self, Value key)
{
    Value found = context_find(vm, self, key);
    return absent(found) ? throw_value(vm, KeyError, key) : newref(found);
}

static Truth context_contains(Vm *vm, Value self, Value key)
{
    Value found = context_find(vm, self, key);
    return failed(found) ? FAILED : absent(found) ? NO : YES;
}

static Ref context_iter(Vm *vm, Value self)
{
    Ref variables = context_dict(vm, self);
    if (failed(variables)) return FAIL;
    Ref out = iter_of(vm, variables);
    decref(variables);
    return out;
}

static Ref context_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if (!is_context(b) || (op != CMP_EQUAL && op != CMP_NOT_EQUAL)) return NOT_IMPLEMENTED;
    Ref left = context_dict(vm, a), right = UNDEF, out = FAIL;
    if (failed(left)) return FAIL;
    right = context_dict(vm, b);
    if (!failed(right)) out = value_compare(vm, left, right, op);
    decref(left);
    decref(right);
    return out;
}

static bool context_hash(Vm *vm, Value self, int64_t *hash __attribute__((unused)))
{
    throw(vm, TypeError, "unhashable type: '%T'", self);
    return false;
}

static const Native *const context_methods[] = {&context_run_def,
                                                &context_copy_def,
                                                &context_get_def,
                                                &context_keys_def,
                                                &context_values_def,
                                                &context_items_def,
                                                NULL};

const TypeDef context_type = {
    .name = "_contextvars.Context",
    .size = sizeof(Context),
    .doc = "The values of context variables.",
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_WEAKREF | TYPE_MAPPING,
    .refs = REFS(REF(Context, variables)),
    .new = &context_new_def,
    .len = context_len,
    .get_item = context_get_item,
    .contains = context_contains,
    .iter = context_iter,
    .compare = context_compare,
    .hash = context_hash,
    .methods = context_methods,
};
