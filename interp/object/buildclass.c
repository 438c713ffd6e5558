/* buildclass.c - the class statement: __build_class__.
 *
 * Bases that are no classes are replaced by what their __mro_entries__ answers; the metaclass is
 * the most derived one; its __prepare__ gives the namespace the body runs in; then the metaclass is
 * called with it. Neighbours: typemake.c (type.__new__). */
/* SPDX-License-Identifier: MIT */
#include "object/attr.h"
#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/function.h"
#include "object/list.h"
#include "object/name.h"
#include "object/number.h"
#include "object/str.h"
#include "object/tuple.h"
#include "object/typeparts.h"

enum { KEYWORDS_MAX = 64 };

/* The parts of a class statement on their way. */
typedef struct Statement {
    Ref bases; /* tuple, resolved */
    Ref metaclass;
    Ref namespace;
    Value argv[3 + KEYWORDS_MAX]; /* name, bases, namespace, keyword values */
    Ref kwnames;                  /* tuple without 'metaclass', UNDEF when empty */
} Statement;

/* Appends what base.__mro_entries__(bases) answers; NO: it has no such method. */
static Truth mro_entries(Vm *vm, Value base, Value bases, List *out)
{
    Ref method = attr_get_or_absent(vm, base, N(__mro_entries__));
    if (failed(method)) return FAILED;
    if (absent(method)) return NO;
    Ref entries = call1(vm, method, bases);
    decref(method);
    if (failed(entries)) return FAILED;
    bool ok = is_tuple(entries);
    if (!ok) throw(vm, TypeError, "__mro_entries__ must return a tuple");
    for (ptrdiff_t i = 0; ok && i < tuple_len(entries); i++)
        ok = list_push(vm, out, newref(tuple_at(entries, i)));
    decref(entries);
    return ok ? YES : FAILED;
}

static Ref resolve_bases(Vm *vm, Value bases)
{
    bool plain = true;
    for (ptrdiff_t i = 0; i < tuple_len(bases); i++) plain &= is_type(tuple_at(bases, i));
    if (plain) return newref(bases);
    Ref list = list_new(vm, tuple_len(bases));
    if (failed(list)) return FAIL;
    bool ok = true;
    for (ptrdiff_t i = 0; ok && i < tuple_len(bases); i++) {
        Value base = tuple_at(bases, i);
        Truth replaced = is_type(base) ? NO : mro_entries(vm, base, bases, as_list(list));
        ok = replaced == YES || (replaced == NO && list_push(vm, as_list(list), newref(base)));
    }
    Ref out =
        ok ? tuple_from_values(vm, as_list(list)->len, as_values(as_list(list)->items)) : FAIL;
    decref(list);
    return out;
}

/* Splits 'metaclass' off the keywords. */
static bool take_keywords(Vm *vm, Statement *s, const Args *args)
{
    if (absent(args->kwnames)) return true;
    ptrdiff_t given = tuple_len(args->kwnames), kept = 0;
    if (given > KEYWORDS_MAX)
        return throw(vm, TypeError, "too many keyword arguments in class statement"), false;
    Value names[KEYWORDS_MAX];
    for (ptrdiff_t i = 0; i < given; i++) {
        Value name = tuple_at(args->kwnames, i), value = args->argv[args->argc + i];
        if (str_is(name, "metaclass")) {
            s->metaclass = newref(value);
        } else {
            names[kept] = name;
            s->argv[3 + kept++] = value;
        }
    }
    if (kept == 0) return true;
    s->kwnames = tuple_from_values(vm, kept, names);
    return !failed(s->kwnames);
}

static bool choose_metaclass(Vm *vm, Statement *s)
{
    if (absent(s->metaclass)) {
        bool any = tuple_len(s->bases) > 0;
        s->metaclass =
            newref(borrow(any ? type_of(vm, tuple_at(s->bases, 0)) : type_builtin(vm, KIND_TYPE)));
    }
    if (!is_type(s->metaclass)) return true; /* any callable will do */
    Type *winner = metaclass_of(vm, as_type(s->metaclass), s->bases);
    if (winner) replace(&s->metaclass, newref(borrow(winner)));
    return winner != NULL;
}

static bool prepare(Vm *vm, Statement *s)
{
    Ref method = attr_get_or_absent(vm, s->metaclass, N(__prepare__));
    if (failed(method)) return false;
    if (absent(method)) {
        s->namespace = dict_new(vm);
    } else {
        Args args = {s->argv, 2, s->kwnames};
        Value pair[2 + KEYWORDS_MAX] = {s->argv[0], s->argv[1]};
        if (!absent(s->kwnames))
            memcpy(pair + 2, s->argv + 3, (size_t)tuple_len(s->kwnames) * sizeof *pair);
        args.argv = pair;
        s->namespace = call_args(vm, method, &args);
        decref(method);
    }
    if (failed(s->namespace)) return false;
    if (is_dict(s->namespace) || (type_of(vm, s->namespace)->slots.get_item &&
                                  !is_list(s->namespace) && !is_tuple(s->namespace)))
        return true;
    if (is_type(s->metaclass))
        throw(vm, TypeError, "%N.__prepare__() must return a mapping, not %T",
              as_type(s->metaclass), (Value)s->namespace);
    else
        throw(vm, TypeError, "<metaclass>.__prepare__() must return a mapping, not %T",
              (Value)s->namespace);
    return false;
}

/* The class must have put itself into the cell its methods find __class__ in. */
static bool check_cell(Vm *vm, Value cell, Value class, Value name)
{
    if (!is_kind(cell, KIND_CELL) || !is_type(class)) return true;
    Value held = ((Cell *)as_object(cell))->value;
    if (held == class) return true;
    if (absent(held))
        return throw(vm, RuntimeError,
                     "__class__ not set defining %R as %R. Was __classcell__ propagated to "
                     "type.__new__?",
                     name, class),
               false;
    return throw(vm, TypeError, "__class__ set to %R defining %R as %R", held, name, class), false;
}

static Ref make_class(Vm *vm, Statement *s, Value func, Value given_bases)
{
    if (s->bases != given_bases && is_dict(s->namespace) &&
        !dict_set(vm, as_dict(s->namespace), N(__orig_bases__), given_bases))
        return FAIL;
    if (s->bases != given_bases && !is_dict(s->namespace) &&
        !value_set_item(vm, s->namespace, N(__orig_bases__), given_bases))
        return FAIL;
    Ref cell = call1(vm, func, s->namespace);
    if (failed(cell)) return FAIL;
    if (!is_kind(cell, KIND_CELL) && is_dict(s->namespace)) {
        Value stored = dict_get_name(as_dict(s->namespace), N(__classcell__));
        if (!absent(stored)) replace(&cell, newref(stored));
    }
    s->argv[2] = s->namespace;
    Args args = {s->argv, 3, s->kwnames};
    Ref class = call_args(vm, s->metaclass, &args);
    if (!failed(class) && !check_cell(vm, cell, class, s->argv[0])) replace(&class, FAIL);
    decref(cell);
    return class;
}

Ref type_build_class(Vm *vm, Value func, Value name, const Args *args)
{
    if (!is_function(func)) return throw(vm, TypeError, "__build_class__: func must be a function");
    if (!is_str(name)) return throw(vm, TypeError, "__build_class__: name is not a string");
    Statement s = {0};
    Ref class = FAIL;
    Ref given = tuple_from_values(vm, args->argc, args->argv);
    s.bases = failed(given) ? FAIL : resolve_bases(vm, given);
    if (!failed(s.bases) && take_keywords(vm, &s, args) && choose_metaclass(vm, &s)) {
        s.argv[0] = name;
        s.argv[1] = s.bases;
        if (prepare(vm, &s)) class = make_class(vm, &s, func, given);
    }
    decref(given);
    decref(s.bases);
    decref(s.metaclass);
    decref(s.namespace);
    decref(s.kwnames);
    return class;
}
