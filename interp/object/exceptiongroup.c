/* exceptiongroup.c - ExceptionGroup, BaseExceptionGroup, and the splitting that except* does.
 *
 * split, subgroup and derive follow PEP 654.
 * Neighbours: exceptionfield.c, vm/ops/raise.inc. */
/* SPDX-License-Identifier: MIT */
#include "object/exceptiongroup.h"

#include "object/attr.h"
#include "object/call.h"
#include "object/iter.h"
#include "object/genericalias.h"
#include "object/list.h"
#include "object/name.h"
#include "object/number.h"
#include "object/str.h"
#include "object/tuple.h"

/* ---- construction ---- */

static bool check_members(Vm *vm, Value members, bool *all_plain)
{
    *all_plain = true;
    if (tuple_len(members) == 0) {
        throw(vm, ValueError, "second argument (exceptions) must be a non-empty sequence");
        return false;
    }
    for (ptrdiff_t n = 0; n < tuple_len(members); n++) {
        Value member = tuple_at(members, n);
        if (!is_exception(member)) {
            throw(vm, ValueError, "Item %zd of second argument (exceptions) is not an exception",
                  n);
            return false;
        }
        if (!exception_is(vm, member, Exception_)) *all_plain = false;
    }
    return true;
}

NATIVE(group_new, "__new__(cls, /, *args, **kwargs)",
       "A new group: message and a sequence of exceptions.")
{
    Type *type = as_type(argv[0]);
    Value args = argv[1];
    if (as_dict(argv[2])->len)
        return throw(vm, TypeError, "%N.__new__() takes no keyword arguments", type);
    if (tuple_len(args) != 2)
        return throw(vm, TypeError, "%N.__new__() takes exactly 2 arguments (%zd given)",
                     exception_class(vm, BaseExceptionGroup), tuple_len(args));
    Value message = tuple_at(args, 0);
    if (!is_str(message))
        return throw(vm, TypeError, "%N.__new__() argument 1 must be str, not %A",
                     exception_class(vm, BaseExceptionGroup), message);
    if (!type_of(vm, tuple_at(args, 1))->slots.get_item || is_dict(tuple_at(args, 1)))
        return throw(vm, TypeError, "second argument (exceptions) must be a sequence");
    Ref members = tuple_from(vm, tuple_at(args, 1));
    bool all_plain;
    if (failed(members)) return FAIL;
    if (!check_members(vm, members, &all_plain)) goto fail;
    if (type == exception_class(vm, BaseExceptionGroup) && all_plain)
        type = exception_class(vm, ExceptionGroup);
    if (!all_plain && type_is_subtype(type, exception_class(vm, Exception_))) {
        if (type == exception_class(vm, ExceptionGroup))
            throw(vm, TypeError, "Cannot nest BaseExceptions in an ExceptionGroup");
        else throw(vm, TypeError, "Cannot nest BaseExceptions in '%N'", type);
        goto fail;
    }
    Exception *self = type_instance(vm, type);
    if (!self) goto fail;
    self->args = newref(args);
    self->fields = tuple_pack(vm, 2, message, (Value)members);
    decref(members);
    if (!failed(self->fields)) return from_object(self);
    self->fields = UNDEF;
    decref_object(self);
    return FAIL;
fail:
    decref(members);
    return FAIL;
}
const Native *const group_new_native = &group_new_def;

bool group_init(Vm *vm, Value self, Value args, Dict *keywords __attribute__((unused)))
{
    if (!absent(as_exception(self)->fields)) return true; /* __new__ has done it */
    if (tuple_len(args) != 2) return true;
    Ref members = tuple_from(vm, tuple_at(args, 1));
    if (failed(members)) return false;
    as_exception(self)->fields = tuple_pack(vm, 2, tuple_at(args, 0), (Value)members);
    decref(members);
    return !failed(as_exception(self)->fields);
}

Ref group_str(Vm *vm, Value self)
{
    ptrdiff_t count = tuple_len(group_exceptions(self));
    return format_text(vm, "%S (%zd sub-exception%s)", exception_field(self, GROUP_MESSAGE_FIELD),
                       count, count == 1 ? "" : "s");
}

/* ---- splitting ---- */

/* derive(members) with the traceback, chain and notes of original. */
static Ref derive(Vm *vm, Value original, Value members)
{
    Ref list = list_from(vm, members);
    if (failed(list)) return FAIL;
    Value arg = list;
    Ref made = call_method(vm, original, N(derive), 1, &arg);
    decref(list);
    if (failed(made)) return FAIL;
    if (!is_group(vm, made)) {
        decref(made);
        return throw(vm, TypeError, "derive must return an instance of BaseExceptionGroup");
    }
    Exception *to = as_exception(made), *from = as_exception(original);
    replace(&to->traceback, newref(from->traceback));
    replace(&to->context, newref(from->context));
    replace(&to->cause, newref(from->cause));
    to->head.aux |= from->head.aux & EXCEPTION_SUPPRESS_CONTEXT;
    Value given = exception_notes(vm, from);
    if (is_list(given) || failed(given)) {
        Ref notes = failed(given) ? FAIL : list_from(vm, given);
        if (failed(notes)) {
            decref(made);
            return FAIL;
        }
        replace(&to->notes, notes);
    }
    return made;
}

/* Does error satisfy the condition: a class, a tuple of classes, or a function? */
static Truth satisfies(Vm *vm, Value error, Value condition)
{
    if (is_type(condition) || is_tuple(condition)) return value_is_instance(vm, error, condition);
    Ref answer = call1(vm, condition, error);
    if (failed(answer)) return FAILED;
    Truth truth = value_truth(vm, answer);
    decref(answer);
    return truth;
}

static bool split(Vm *vm, Value error, Value condition, Ref *matched, Ref *rest);

static Ref derive_or_none(Vm *vm, Value group, List *members)
{
    return members->len ? derive(vm, group, borrow(members)) : NONE;
}

static bool split_members(Vm *vm, Value group, Value condition, List *yes, List *no)
{
    Value members = group_exceptions(group);
    for (ptrdiff_t n = 0; n < tuple_len(members); n++) {
        Ref matched, rest;
        if (!split(vm, tuple_at(members, n), condition, &matched, &rest)) return false;
        bool good = matched == NONE || list_push(vm, yes, newref(matched));
        good = good && (rest == NONE || list_push(vm, no, newref(rest)));
        decref(matched);
        decref(rest);
        if (!good) return false;
    }
    return true;
}

static bool split(Vm *vm, Value error, Value condition, Ref *matched, Ref *rest)
{
    *matched = *rest = NONE;
    Truth whole = satisfies(vm, error, condition);
    if (whole == FAILED) return false;
    if (whole == YES || !is_group(vm, error)) {
        *(whole == YES ? matched : rest) = newref(error);
        return true;
    }
    if (!recursion_enter(vm)) return false;
    Ref yes = list_new(vm, 0), no = list_new(vm, 0);
    bool good = !failed(yes) && !failed(no) &&
                split_members(vm, error, condition, as_list(yes), as_list(no));
    if (good) {
        *matched = derive_or_none(vm, error, as_list(yes));
        *rest = failed(*matched) ? NONE : derive_or_none(vm, error, as_list(no));
        good = !failed(*matched) && !failed(*rest);
        if (!good) {
            replace(matched, NONE);
            *rest = NONE;
        }
    }
    decref(yes);
    decref(no);
    recursion_leave(vm);
    return good;
}

static bool check_handler(Vm *vm, Value classes)
{
    if (is_tuple(classes)) {
        for (ptrdiff_t n = 0; n < tuple_len(classes); n++)
            if (!check_handler(vm, tuple_at(classes, n))) return false;
        return true;
    }
    if (!is_type(classes) ||
        !type_is_subtype(as_type(classes), exception_class(vm, BaseException))) {
        throw(vm, TypeError,
              "catching classes that do not inherit from BaseException is not allowed");
        return false;
    }
    if (type_is_subtype(as_type(classes), exception_class(vm, BaseExceptionGroup))) {
        throw(vm, TypeError,
              "catching ExceptionGroup with except* is not allowed. Use except instead.");
        return false;
    }
    return true;
}

bool exception_group_split(Vm *vm, Value exception, Value classes, Ref *matched, Ref *rest)
{
    *matched = *rest = NONE;
    if (!check_handler(vm, classes)) return false;
    if (exception == NONE) return true;
    if (!split(vm, exception, classes, matched, rest)) return false;
    if (*matched == NONE || is_group(vm, exception)) return true;
    Ref members =
        tuple_pack(vm, 1, (Value)*matched); /* a lone exception is handled inside a group of one */
    Ref group = FAIL;
    if (!failed(members)) {
        Value args[2] = {vm->interp->empty_str, members};
        group = call(vm, borrow(exception_class(vm, BaseExceptionGroup)), 2, args);
    }
    decref(members);
    if (!failed(group))
        replace(&as_exception(group)->traceback, newref(as_exception(exception)->traceback));
    replace(matched, group);
    return !failed(group);
}

/* ---- what is raised after the except* clauses ---- */

/* Is error a part of original that was never caught (same chain data), or raised anew in a clause?
 */
static bool is_leftover(Value error, Value original)
{
    Exception *a = as_exception(error), *b = as_exception(original);
    return error == original || (!absent(a->traceback) && a->traceback == b->traceback &&
                                 a->context == b->context && a->cause == b->cause);
}

/* The members of group that occur in the leftovers. */
static bool collect_leaves(Vm *vm, Value error, List *leaves)
{
    if (!is_group(vm, error)) return list_push(vm, leaves, newref(error));
    Value members = group_exceptions(error);
    for (ptrdiff_t n = 0; n < tuple_len(members); n++)
        if (!collect_leaves(vm, tuple_at(members, n), leaves)) return false;
    return true;
}

static bool holds(const List *list, Value v)
{
    for (ptrdiff_t n = 0; n < list->len; n++)
        if (list->items[n] == v) return true;
    return false;
}

/* original reduced to the leaves in keep; NONE when nothing is left. */
static Ref project(Vm *vm, Value original, const List *keep)
{
    if (!is_group(vm, original)) return holds(keep, original) ? newref(original) : NONE;
    Ref members = list_new(vm, 0);
    if (failed(members)) return FAIL;
    Value all = group_exceptions(original);
    bool same = true;
    for (ptrdiff_t n = 0; n < tuple_len(all); n++) {
        Ref part = project(vm, tuple_at(all, n), keep);
        same = same && part == tuple_at(all, n);
        if (failed(part) || (part != NONE && !list_push(vm, as_list(members), newref(part)))) {
            decref(part);
            decref(members);
            return FAIL;
        }
        decref(part);
    }
    Ref made = same ? newref(original) : derive_or_none(vm, original, as_list(members));
    decref(members);
    return made;
}

/* Where a lone exception was caught, wrapped, just one clause ran. */
static Ref first_raised(const List *raised)
{
    for (ptrdiff_t n = 0; n < raised->len; n++)
        if (raised->items[n] != NONE) return newref(raised->items[n]);
    return NONE;
}

Ref exception_group_join(Vm *vm, Value original, Value raised_list)
{
    if (!is_group(vm, original)) return first_raised(as_list(raised_list));
    Ref anew = list_new(vm, 0), leaves = list_new(vm, 0), joined = FAIL;
    if (failed(anew) || failed(leaves)) goto done;
    List *list = as_list(raised_list);
    for (ptrdiff_t n = 0; n < list->len; n++) {
        Value error = list->items[n];
        if (error == NONE) continue;
        bool good = is_leftover(error, original) ? collect_leaves(vm, error, as_list(leaves))
                                                 : list_push(vm, as_list(anew), newref(error));
        if (!good) goto done;
    }
    Ref rest = as_list(leaves)->len ? project(vm, original, as_list(leaves)) : NONE;
    if (failed(rest)) goto done;
    if (as_list(anew)->len == 0) {
        joined = rest;
        goto done;
    }
    if (as_list(anew)->len == 1 && rest == NONE) {
        joined = newref(as_list(anew)->items[0]);
        goto done;
    }
    if (rest != NONE && !list_push(vm, as_list(anew), newref(rest))) {
        decref(rest);
        goto done;
    }
    decref(rest);
    Value args[2] = {vm->interp->empty_str, anew};
    joined = call(vm, borrow(exception_class(vm, BaseExceptionGroup)), 2, args);
done:
    decref(anew);
    decref(leaves);
    return joined;
}

/* ---- methods ---- */

static bool is_exception_class(const Vm *vm, Value v)
{
    return is_type(v) && type_is_subtype(as_type(v), exception_class(vm, BaseException));
}

static bool check_condition(Vm *vm, Value condition)
{
    bool good = is_exception_class(vm, condition) ||
                (!is_type(condition) && !is_tuple(condition) && type_of(vm, condition)->slots.call);
    if (is_tuple(condition)) {
        good = true;
        for (ptrdiff_t n = 0; n < tuple_len(condition); n++)
            good = good && is_exception_class(vm, tuple_at(condition, n));
    }
    if (!good)
        throw(vm, TypeError,
              "expected an exception type, a tuple of exception types, or a callable (other than "
              "a class)");
    return good;
}

NATIVE(group_split_method, "split(self, condition, /)",
       "A pair: the group of what matches, the group of the rest.")
{
    Ref matched, rest;
    if (!check_condition(vm, argv[1]) || !split(vm, argv[0], argv[1], &matched, &rest)) return FAIL;
    Ref pair = tuple_pack(vm, 2, (Value)matched, (Value)rest);
    decref(matched);
    decref(rest);
    return pair;
}
NATIVE(group_subgroup, "subgroup(self, condition, /)", "The group of what matches, or None.")
{
    Ref matched, rest;
    if (!check_condition(vm, argv[1]) || !split(vm, argv[0], argv[1], &matched, &rest)) return FAIL;
    decref(rest);
    return matched;
}
NATIVE(group_derive, "derive(self, excs, /)",
       "A group with the same message around other exceptions.")
{
    Value args[2] = {exception_field(argv[0], GROUP_MESSAGE_FIELD), argv[1]};
    return call(vm, borrow(exception_class(vm, BaseExceptionGroup)), 2, args);
}
const Native *const group_methods[] = {&group_split_method_def, &group_subgroup_def,
                                       &group_derive_def, &class_getitem_def, NULL};
