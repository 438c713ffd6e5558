/* typecall.c - making instances: what calling a class does.
 *
 * __new__ makes the instance, __init__ fills it when it is one.  type->new and type->init hold what
 * was found for them (UNDEF: object's own, which need no call).  type(x) is the type of x;
 * type(name, bases, dict) a class. Neighbours: typemake.c, object.c (object.__new__), native.c; vm/
 * has its own fast path for plain classes. */
/* SPDX-License-Identifier: MIT */
#include "object/call.h"
#include "object/classmethod.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/function.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/name.h"
#include "object/native.h"
#include "object/shape.h"
#include "object/str.h"
#include "object/tuple.h"
#include "object/typeparts.h"

enum { ARGS_INLINE = 16 };

/* callee(first, *args): args with one more value before them. */
static Ref call_before(Vm *vm, Value callee, Value first, const Args *args)
{
    int total = args->argc + (absent(args->kwnames) ? 0 : (int)tuple_len(args->kwnames));
    Value few[ARGS_INLINE];
    Value *argv = total < ARGS_INLINE ? few : memory_new(vm, (size_t)(total + 1) * sizeof *argv);
    if (!argv) return FAIL;
    argv[0] = first;
    for (int n = 0; n < total; n++) argv[n + 1] = args->argv[n];
    const Args all = {argv, args->argc + 1, args->kwnames};
    Ref out =
        is_native(callee) ? native_call(vm, as_native(callee), &all) : call_args(vm, callee, &all);
    if (argv != few) memory_free(argv);
    return out;
}

static int name_order(Vm *vm, Value name, Ref *message, int *count)
{
    Ref text = absent(*message) ? format_text(vm, "'%S'", name)
                                : format_text(vm, "%S, '%S'", (Value)*message, name);
    if (failed(text)) return -1;
    replace(message, text);
    return ++*count;
}

static bool refuse_abstract(Vm *vm, Type *type)
{
    Value names = type_own(vm, type, N(__abstractmethods__));
    Ref list = absent(names) ? list_new(vm, 0) : list_from(vm, names);
    Ref message = UNDEF;
    int count = 0;
    bool ok = !failed(list) && list_sort(vm, as_list(list), NONE, false);
    for (ptrdiff_t i = 0; ok && i < as_list(list)->len; i++)
        ok = name_order(vm, list_at(as_list(list), i), &message, &count) > 0;
    if (ok && count)
        throw(vm, TypeError,
              "Can't instantiate abstract class %F without an implementation for abstract method%s "
              "%S",
              type, count > 1 ? "s" : "", (Value)message);
    else if (ok) throw(vm, TypeError, "Can't instantiate abstract class %F", type);
    decref(list);
    decref(message);
    return false;
}

/* A builtin type with __init__ alone leaves the arguments to it, whoever asks for an instance. */
static bool init_alone(Vm *vm, const Type *type)
{
    return type->def != type_builtin(vm, KIND_OBJECT)->def && type->def->init && !type->def->new;
}

bool object_new_check(Vm *vm, Type *type, bool arguments)
{
    if (arguments && init_alone(vm, type)) arguments = false;
    Value object_new_method = type_lookup(vm, type_builtin(vm, KIND_OBJECT), N(__new__));
    bool own_new = type_lookup(vm, type, N(__new__)) != object_new_method;
    if (arguments && own_new)
        return throw(vm, TypeError,
                     "object.__new__() takes exactly one argument (the type to instantiate)"),
               false;
    if (arguments && absent(type->init))
        return throw(vm, TypeError, "%F() takes no arguments", type), false;
    return !(type->flags & TYPE_ABSTRACT) || refuse_abstract(vm, type);
}

/* The __new__ of a builtin class, when all it is given needs no binding but defaults; else NULL. */
static NativeFunction *plain_new(const Type *type, const Args *args)
{
    if (!is_native(type->new) || !absent(args->kwnames)) return NULL;
    NativeFunction *maker = as_native(type->new);
    const bool plain = maker->owner == type && maker->head.aux & NATIVE_IS_NEW &&
                       args->argc < NATIVE_PARAMS_MAX && native_is_plain(maker, args->argc + 1);
    return plain ? maker : NULL;
}

Ref type_call_new(Vm *vm, Type *type, const Args *args)
{
    if (absent(type->new)) {
        bool arguments = args->argc > 0 || (!absent(args->kwnames) && tuple_len(args->kwnames) > 0);
        if (arguments && absent(type->init))
            return throw(vm, TypeError, "%F() takes no arguments", type);
        void *object = type_instance(vm, type);
        return object ? from_object(object) : FAIL;
    }
    const NativeFunction *plain = plain_new(type, args);
    if (plain) {
        Value slots[NATIVE_PARAMS_MAX];
        slots[0] = borrow(type);
        for (int n = 0; n < args->argc; n++) slots[n + 1] = args->argv[n];
        return native_call_plain(vm, plain, slots, args->argc + 1);
    }
    Ref new = newref(type->new);
    if (is_kind(new, KIND_STATICMETHOD)) replace(&new, newref(as_wrapper(new)->function));
    Slots *slots = &type_of(vm, new)->slots;
    if (!is_function(new) && !is_native(new) && slots->descr_get)
        replace(&new, slots->descr_get(vm, new, UNDEF, borrow(type)));
    Ref out = failed(new) ? FAIL : call_before(vm, new, borrow(type), args);
    decref(new);
    return out;
}

Ref type_empty(Vm *vm, Type *type)
{
    if (absent(type->new)) {
        void *object = type_instance(vm, type);
        return object ? from_object(object) : FAIL;
    }
    Value slots[3] = {borrow(type), UNDEF, UNDEF};
    return as_native(type->new)->body(vm, slots);
}

/* object.__init__(*args) by what the type caches. */
static bool call_init(Vm *vm, Type *type, Value object, const Args *args)
{
    Ref init = newref(type->init), done;
    Slots *slots = &type_of(vm, init)->slots;
    if (is_function(init) || is_kind(init, KIND_METHOD_DESCRIPTOR) || !slots->descr_get) {
        bool plain = !is_function(init) && !is_kind(init, KIND_METHOD_DESCRIPTOR);
        done = plain ? call_args(vm, init, args) : call_before(vm, init, object, args);
    } else {
        replace(&init, slots->descr_get(vm, init, object, borrow(type)));
        done = failed(init) ? FAIL : call_args(vm, init, args);
    }
    decref(init);
    if (failed(done)) return false;
    if (!is_none(done))
        throw(vm, TypeError, "__init__() should return None, not '%T'", (Value)done);
    bool ok = is_none(done);
    decref(done);
    return ok;
}

/* dict(name=value, ...) */
static Ref dict_of_keywords(Vm *vm, const Args *args)
{
    ptrdiff_t count = tuple_len(args->kwnames);
    Ref out = dict_new_sized(vm, count);
    for (ptrdiff_t i = 0; !failed(out) && i < count; i++)
        if (!dict_set(vm, as_dict(out), tuple_at(args->kwnames, i), args->argv[i]))
            replace(&out, FAIL);
    return out;
}

Ref type_call(Vm *vm, Value self, const Args *args)
{
    Type *type = as_type(self);
    if (type == type_builtin(vm, KIND_TYPE) && args->argc == 1 && absent(args->kwnames))
        return newref(borrow(type_of(vm, args->argv[0])));
    if (type->flags & TYPE_NO_NEW && absent(type->new))
        return throw(vm, TypeError, "cannot create '%s' instances", type_full_name(type));
    if (type->kind == KIND_EXCEPTION) {
        Ref made = exception_call(vm, type, args);
        if (!absent(made)) return made;
    }
    if (type == type_builtin(vm, KIND_DICT) && args->argc == 0 && !absent(args->kwnames))
        return dict_of_keywords(vm, args);
    Ref object = type_call_new(vm, type, args);
    if (failed(object)) return FAIL;
    Type *made = type_of(vm, object);
    if (absent(made->init) || !type_is_subtype(made, type)) return object;
    if (call_init(vm, made, object, args)) return object;
    decref(object);
    return FAIL;
}
