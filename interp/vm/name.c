/* name.c - looking names up: globals, builtins, namespaces, cells; and what is said when they are
 * not there.
 *
 * Neighbours: ops/move.inc. */
/* SPDX-License-Identifier: MIT */
#include "object/name.h"

#include "object/attr.h"
#include "object/call.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/number.h"
#include "object/str.h"
#include "vm/eval.h"

static Ref raise_name_error(Vm *vm, Value name)
{
    throw(vm, NameError, "name '%S' is not defined", name);
    if (!error_is(vm, NameError)) return FAIL;
    Ref error = error_take(vm);
    if (attr_set(vm, error, N(name), name)) error_restore(vm, error);
    else decref(error);
    return FAIL;
}

/* namespace[name] of any mapping; UNDEF when it is not there. */
static Ref namespace_get(Vm *vm, Value namespace, Value name)
{
    if (is_exact(namespace, KIND_DICT)) return newref(dict_get(vm, as_dict(namespace), name));
    Ref value = value_get_item(vm, namespace, name);
    if (!failed(value) || !error_is(vm, KeyError)) return value;
    error_clear(vm);
    return UNDEF;
}

/* A bare `__annotations__` in the body of a module or class, as it was before Python 3.14: what its
 * annotate function makes is kept there from now on, an empty dict if it names what is not defined
 * yet; UNDEF when there is no such function. */
static Ref body_annotations(Vm *vm, Value namespace)
{
    Ref annotate = namespace_get(vm, namespace, N(__annotate_func__));
    if (absent(annotate)) annotate = namespace_get(vm, namespace, N(__annotate__));
    if (absent(annotate) || failed(annotate)) return annotate;
    Ref made = is_none(annotate) ? dict_new(vm) : call1(vm, annotate, from_small(1));
    decref(annotate);
    if (failed(made) && error_is(vm, NameError)) {
        error_clear(vm);
        made = dict_new(vm);
    }
    if (!failed(made) && !value_set_item(vm, namespace, N(__annotations__), made))
        replace(&made, FAIL);
    return made;
}

Ref load_builtin(Vm *vm, Function *function, Value name)
{
    Ref found = namespace_get(vm, borrow(function->builtins), name);
    if (!absent(found)) return found;
    Value given = dict_get_name(function->globals, N(__builtins__));
    if (absent(given) || is_dict(given) || is_kind(given, KIND_MODULE)) return UNDEF;
    return namespace_get(vm, given, name);
}

Ref load_global(Vm *vm, Function *function, Value name)
{
    Ref found = namespace_get(vm, borrow(function->globals), name);
    if (!absent(found)) return found;
    found = load_builtin(vm, function, name);
    if (!absent(found)) return found;
    if (name == N(__annotations__)) found = body_annotations(vm, borrow(function->globals));
    return absent(found) ? raise_name_error(vm, name) : found;
}

Ref load_name(Vm *vm, Frame *frame, Value namespace, Value name)
{
    Ref value = namespace_get(vm, namespace, name);
    if (absent(value) && name == N(__annotations__)) value = body_annotations(vm, namespace);
    return absent(value) ? load_global(vm, frame->function, name) : value;
}

Ref load_name_or_free(Vm *vm, Frame *frame, Value name, int index)
{
    Ref value = namespace_get(vm, frame->base[0], name);
    if (!absent(value)) return value;
    value = newref(frame->function->cells[index]->value);
    return absent(value) ? raise_unbound_free(vm, frame->code, index) : value;
}

bool delete_name(Vm *vm, Value namespace, Value name)
{
    if (is_exact(namespace, KIND_DICT)) {
        Truth found = dict_delete(vm, as_dict(namespace), name);
        if (found == NO) raise_name_error(vm, name);
        return found == YES;
    }
    if (value_set_item(vm, namespace, name, UNDEF)) return true;
    if (error_is(vm, KeyError)) {
        error_clear(vm);
        raise_name_error(vm, name);
    }
    return false;
}

Ref raise_unbound_local(Vm *vm, const Code *code, int local)
{
    int hidden_cell = LOCAL_CELL | LOCAL_HIDDEN; /* a class body's __class__ is not there yet */
    if (code->local_names[local] == N(__class__) &&
        (code->local_kinds[local] & hidden_cell) == hidden_cell)
        return raise_name_error(vm, N(__class__));
    return throw(vm, UnboundLocalError,
                 "cannot access local variable '%S' where it is not associated with a value",
                 (Value)code->local_names[local]);
}

Ref raise_unbound_free(Vm *vm, const Code *code, int index)
{
    throw(vm, NameError,
          "cannot access free variable '%S' where it is not associated with a value in enclosing "
          "scope",
          (Value)code->free_names[index]);
    return FAIL;
}

Ref load_build_class(Vm *vm, Function *function)
{
    Ref value = load_builtin(vm, function, N(__build_class__));
    return absent(value) ? throw(vm, NameError, "__build_class__ not found") : value;
}

Ref load_special(Vm *vm, Value object, int which)
{
    const Value names[] = {N(__enter__), N(__exit__), N(__aenter__), N(__aexit__)};
    Ref method = attr_special(vm, object, names[which]);
    if (!absent(method)) return method;
    const char *protocol = which < 2 ? "context manager" : "asynchronous context manager";
    Value other = which < 2 ? N(__aenter__) : N(__enter__);
    bool hint = !absent(type_lookup(vm, type_of(vm, object), other));
    return throw(
        vm, TypeError, "'%T' object does not support the %s protocol (missed %S method)%s", object,
        protocol, names[which],
        !hint       ? ""
        : which < 2 ? " but it supports the asynchronous context manager protocol. Did you mean to "
                      "use 'async with'?"
                    : " but it supports the context manager protocol. Did you mean to use 'with'?");
}
