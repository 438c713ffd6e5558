/* genericalias.c - list[int] (types.GenericAlias) and int | str (typing.Union).
 *
 * An alias behaves as its origin but for a few attributes of its own (own_attribute).  Type
 * variables are whatever has __typing_subst__; putting types in their place makes a new alias or
 * union.
 * Neighbours: type.c (type's |), number.c (isinstance), typing. */
/* SPDX-License-Identifier: MIT */
#include "object/genericalias.h"

#include "object/attr.h"
#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/member.h"
#include "object/name.h"
#include "object/native.h"
#include "object/number.h"
#include "object/sequence.h"
#include "object/set.h"
#include "object/str.h"

/* ---- making them ---- */

static Ref alias_make(Vm *vm, Type *type, Value origin, Ref args)
{
    if (failed(args)) return FAIL;
    GenericAlias *alias = type_instance(vm, type);
    if (!alias) {
        decref(args);
        return FAIL;
    }
    alias->origin = newref(origin);
    alias->args = args;
    return from_object(alias);
}

static Ref as_arguments(Vm *vm, Value item)
{
    return is_tuple(item) ? newref(item) : tuple_pack(vm, 1, item);
}

Ref generic_alias_new(Vm *vm, Value origin, Value item)
{
    return alias_make(vm, type_builtin(vm, KIND_GENERIC_ALIAS), origin, as_arguments(vm, item));
}

static bool may_be_member(Value v)
{
    return is_none(v) || is_type(v) || is_generic_alias(v) || is_union(v);
}

/* Adds item, a union's members one by one, unless an equal one is there. */
static bool add_member(Vm *vm, List *members, Value item)
{
    if (is_union(item)) {
        Value args = union_args(item);
        for (ptrdiff_t i = 0; i < tuple_len(args); i++)
            if (!add_member(vm, members, tuple_at(args, i))) return false;
        return true;
    }
    Ref member = is_none(item)         ? newref(borrow(type_builtin(vm, KIND_NONE)))
                 : may_be_member(item) ? newref(item)
                                       : union_member_from(vm, item);
    if (failed(member)) return false;
    ptrdiff_t at = sequence_find(vm, borrow(members), member, 0, PTRDIFF_MAX);
    if (at == -1) return list_push(vm, members, member);
    decref(member);
    return at != -2;
}

Ref union_from_args(Vm *vm, Value tuple)
{
    Ref members = list_new(vm, tuple_len(tuple)), out = FAIL;
    if (failed(members)) return FAIL;
    for (ptrdiff_t i = 0; i < tuple_len(tuple); i++)
        if (!add_member(vm, as_list(members), tuple_at(tuple, i))) goto done;
    if (as_list(members)->len == 0) {
        throw(vm, TypeError, "Cannot take a Union of no types.");
    } else if (as_list(members)->len == 1) {
        out = newref(list_at(as_list(members), 0));
    } else {
        Union *u = type_instance(vm, type_builtin(vm, KIND_UNION));
        if (!u) goto done;
        out = from_object(u);
        u->args = tuple_from(vm, members);
        if (failed(u->args)) {
            u->args = UNDEF;
            replace(&out, FAIL);
        }
    }
done:
    decref(members);
    return out;
}

Ref union_of(Vm *vm, Value a, Value b)
{
    if (!may_be_member(a) || !may_be_member(b)) return NOT_IMPLEMENTED;
    Ref pair = tuple_pack(vm, 2, a, b);
    if (failed(pair)) return FAIL;
    Ref out = union_from_args(vm, pair);
    decref(pair);
    return out;
}

static Ref alias_or(Vm *vm, BinaryOp op, Value a, Value b)
{
    return op == OP2_OR ? union_of(vm, a, b) : NOT_IMPLEMENTED;
}

/* ---- type variables ---- */

static bool add_parameters_of(Vm *vm, List *found, Value arg);

static bool add_all_parameters(Vm *vm, List *found, Value args)
{
    for (ptrdiff_t i = 0; i < tuple_len(args); i++)
        if (!add_parameters_of(vm, found, tuple_at(args, i))) return false;
    return true;
}

static bool add_once(Vm *vm, List *found, Value parameter)
{
    for (ptrdiff_t i = 0; i < found->len; i++)
        if (list_at(found, i) == parameter) return true;
    return list_push(vm, found, newref(parameter));
}

/* The type variables in one argument: itself, or those in its __parameters__. */
static bool add_parameters_of(Vm *vm, List *found, Value arg)
{
    if (is_type(arg) || !is_heap(arg) || is_str(arg)) return true;
    if (is_list(arg) || is_tuple(arg)) { /* a list of types: what stands for a ParamSpec */
        Ref args = tuple_from(vm, arg);
        bool ok = !failed(args) && add_all_parameters(vm, found, args);
        decref(args);
        return ok;
    }
    Ref subst = attr_get_or_absent(vm, arg, N(__typing_subst__));
    if (failed(subst)) return false;
    if (!absent(subst)) {
        decref(subst);
        return add_once(vm, found, arg);
    }
    Ref inner = attr_get_or_absent(vm, arg, N(__parameters__));
    if (failed(inner)) return false;
    bool ok = true;
    if (!absent(inner) && is_tuple(inner))
        for (ptrdiff_t i = 0; ok && i < tuple_len(inner); i++)
            ok = add_once(vm, found, tuple_at(inner, i));
    decref(inner);
    return ok;
}

/* The cached __parameters__ of an alias or union, borrowed; FAIL. */
static Value parameters(Vm *vm, Ref *cache, Value args)
{
    if (!absent(*cache)) return *cache;
    Ref found = list_new(vm, 0), tuple = FAIL;
    if (failed(found)) return FAIL;
    if (add_all_parameters(vm, as_list(found), args)) tuple = tuple_from(vm, found);
    decref(found);
    if (failed(tuple)) return FAIL;
    if (absent(*cache)) *cache = tuple;
    else decref(tuple);
    return *cache;
}

/* What stands for one type variable. */
static Value stand_in(Value params, Value items, Value parameter)
{
    for (ptrdiff_t i = 0; i < tuple_len(params); i++)
        if (tuple_at(params, i) == parameter) return tuple_at(items, i);
    return parameter;
}

/* Adds what stands for a type variable of an inner alias; a TypeVarTuple's types one by one. */
static bool add_stand_in(Vm *vm, List *own, Value parameter, Value item)
{
    bool many = is_exact(item, KIND_TUPLE) && type_of(vm, parameter)->slots.iter;
    return many ? list_extend(vm, own, item) : list_push(vm, own, newref(item));
}

/* arg[items for its own type variables] */
static Ref substitute_inner(Vm *vm, Value arg, Value inner, Value params, Value items)
{
    Ref list = list_new(vm, tuple_len(inner)), own = FAIL, out = FAIL;
    if (failed(list)) return FAIL;
    bool good = true;
    for (ptrdiff_t i = 0; good && i < tuple_len(inner); i++) {
        Value parameter = tuple_at(inner, i);
        good = add_stand_in(vm, as_list(list), parameter, stand_in(params, items, parameter));
    }
    if (good) own = tuple_from(vm, list);
    if (!failed(own)) out = value_get_item(vm, arg, own);
    decref(own);
    decref(list);
    return out;
}

/* One argument with items in place of params. */
static Ref substitute(Vm *vm, Value arg, Value params, Value items)
{
    if (is_type(arg) || !is_heap(arg) || is_str(arg)) return newref(arg);
    Ref subst = attr_get_or_absent(vm, arg, N(__typing_subst__));
    if (failed(subst)) return FAIL;
    if (!absent(subst)) {
        Ref out = call1(vm, subst, stand_in(params, items, arg));
        decref(subst);
        return out;
    }
    Ref inner = attr_get_or_absent(vm, arg, N(__parameters__)), out;
    if (failed(inner)) return FAIL;
    if (absent(inner) || !is_tuple(inner) || tuple_len(inner) == 0) out = newref(arg);
    else out = substitute_inner(vm, arg, inner, params, items);
    decref(inner);
    return out;
}

/* items (stolen) with each *tuple[...] in place of what it holds. */
static Ref unpack_items(Vm *vm, Ref items)
{
    if (failed(items)) return FAIL;
    Ref list = list_new(vm, tuple_len(items)), out = FAIL;
    bool good = !failed(list);
    for (ptrdiff_t i = 0; good && i < tuple_len(items); i++) {
        Value item = tuple_at(items, i);
        Ref inner = is_type(item) || !is_heap(item)
                        ? UNDEF
                        : attr_get_or_absent(vm, item, N(__typing_unpacked_tuple_args__));
        good = !failed(inner);
        if (!good) break;
        ptrdiff_t count = is_tuple(inner) ? tuple_len(inner) : -1;
        bool flat = count == 0 || (count > 0 && tuple_at(inner, count - 1) != (Value)ELLIPSIS);
        good = flat ? list_extend(vm, as_list(list), inner)
                    : list_push(vm, as_list(list), newref(item));
        decref(inner);
    }
    if (good) out = tuple_from(vm, list);
    decref(list);
    decref(items);
    return out;
}

/* Lets each type variable adjust the items (defaults, ParamSpec lists); owned. */
static Ref prepare_items(Vm *vm, Value self, Value params, Value item)
{
    Ref items = unpack_items(vm, as_arguments(vm, item));
    for (ptrdiff_t i = 0; i < tuple_len(params) && !failed(items); i++) {
        Ref prepare = attr_get_or_absent(vm, tuple_at(params, i), N(__typing_prepare_subst__));
        if (failed(prepare)) {
            replace(&items, FAIL);
        } else if (!absent(prepare) && !is_none(prepare)) {
            Ref prepared = call2(vm, prepare, self, items);
            if (!failed(prepared)) replace(&prepared, tuple_from(vm, prepared));
            replace(&items, prepared);
        }
        decref(prepare);
    }
    return items;
}

/* args with the types that item gives in place of params, as a tuple; owned. */
static Ref substituted_args(Vm *vm, Value self, Value args, Value params, Value item)
{
    if (tuple_len(params) == 0) return throw(vm, TypeError, "%R is not a generic class", self);
    Ref items = prepare_items(vm, self, params, item), list = FAIL, out = FAIL;
    if (failed(items)) return FAIL;
    if (tuple_len(items) != tuple_len(params)) {
        throw(vm, TypeError, "Too %s arguments for %R; actual %zd, expected %zd",
              tuple_len(items) > tuple_len(params) ? "many" : "few", self, tuple_len(items),
              tuple_len(params));
        goto done;
    }
    list = list_new(vm, tuple_len(args));
    if (failed(list)) goto done;
    for (ptrdiff_t i = 0; i < tuple_len(args); i++) {
        Ref arg = substitute(vm, tuple_at(args, i), params, items);
        if (failed(arg)) goto done;
        bool many =
            is_exact(arg, KIND_TUPLE) && !is_tuple(tuple_at(args, i)); /* a TypeVarTuple's types */
        bool ok =
            many ? list_extend(vm, as_list(list), arg) : list_push(vm, as_list(list), newref(arg));
        decref(arg);
        if (!ok) goto done;
    }
    out = tuple_from(vm, list);
done:
    decref(items);
    decref(list);
    return out;
}

/* ---- repr ---- */

static bool repr_member(Vm *vm, StrBuilder *text, Value item);

static bool repr_members(Vm *vm, StrBuilder *text, Value items, const char *separator)
{
    ptrdiff_t len;
    for (ptrdiff_t i = 0;; i++) {
        Ref *at = sequence_items(items, &len);
        if (i >= len) return true;
        Ref item = newref(at[i]);
        bool ok = (i == 0 || builder_text(vm, text, separator)) && repr_member(vm, text, item);
        decref(item);
        if (!ok) return false;
    }
}

/* module.qualname; NO when the item has none. */
static Truth repr_qualname(Vm *vm, StrBuilder *text, Value item)
{
    Ref name = attr_get_or_absent(vm, item, N(__qualname__));
    if (failed(name)) return FAILED;
    Ref module = absent(name) ? UNDEF : attr_get_or_absent(vm, item, N(__module__));
    Truth done = failed(module) ? FAILED : NO;
    if (!failed(module) && !absent(module) && !is_none(module) && is_str(name) && is_str(module)) {
        bool ok = str_is(module, "builtins") ||
                  (builder_str(vm, text, module) && builder_ascii(vm, text, ".", 1));
        done = ok && builder_str(vm, text, name) ? YES : FAILED;
    }
    decref(name);
    decref(module);
    return done;
}

static bool repr_member(Vm *vm, StrBuilder *text, Value item)
{
    if (item == ELLIPSIS) return builder_ascii(vm, text, "...", 3);
    if (item == borrow(type_builtin(vm, KIND_NONE))) return builder_ascii(vm, text, "None", 4);
    if (is_list(item))
        return builder_ascii(vm, text, "[", 1) && repr_members(vm, text, item, ", ") &&
               builder_ascii(vm, text, "]", 1);
    if (!is_heap(item) || is_generic_alias(item) || is_union(item))
        return builder_repr(vm, text, item);
    Ref origin = attr_get_or_absent(vm, item, N(__origin__));
    if (failed(origin)) return false;
    bool generic = !absent(origin);
    decref(origin);
    Truth named = generic ? NO : repr_qualname(vm, text, item);
    return named == NO ? builder_repr(vm, text, item) : named == YES;
}

static Ref repr_finish(Vm *vm, StrBuilder *text, bool ok)
{
    recursion_leave(vm);
    if (ok) return builder_finish(vm, text);
    builder_close(text);
    return FAIL;
}

static Ref alias_repr(Vm *vm, Value self)
{
    GenericAlias *alias = as_generic_alias(self);
    StrBuilder text;
    if (!recursion_enter(vm)) return FAIL;
    builder_open(&text);
    bool ok = !(alias->head.aux & GENERIC_UNPACKED) || builder_ascii(vm, &text, "*", 1);
    ok = ok && repr_member(vm, &text, alias->origin) && builder_ascii(vm, &text, "[", 1);
    if (ok && tuple_len(alias->args) == 0) ok = builder_ascii(vm, &text, "()", 2);
    ok = ok && repr_members(vm, &text, alias->args, ", ") && builder_ascii(vm, &text, "]", 1);
    return repr_finish(vm, &text, ok);
}

static Ref union_repr(Vm *vm, Value self)
{
    StrBuilder text;
    if (!recursion_enter(vm)) return FAIL;
    builder_open(&text);
    return repr_finish(vm, &text, repr_members(vm, &text, union_args(self), " | "));
}

/* ---- slots of the alias ---- */

NATIVE(alias_new_native, "new(cls, origin, args, /)", "Return the alias origin[args].")
{
    return alias_make(vm, as_type(argv[0]), argv[1], as_arguments(vm, argv[2]));
}

static const char *const own_names[] = {
    "__class__",
    "__origin__",
    "__args__",
    "__parameters__",
    "__unpacked__",
    "__mro_entries__",
    "__reduce_ex__",
    "__reduce__",
    "__copy__",
    "__deepcopy__",
    "__typing_unpacked_tuple_args__",
};

static bool own_attribute(Value name)
{
    if (!is_str(name) || as_str(name)->len < 8 || str_at(as_str(name), 0) != '_') return false;
    for (size_t i = 0; i < sizeof own_names / sizeof *own_names; i++)
        if (str_is(name, own_names[i])) return true;
    return false;
}

static Ref alias_get_attr(Vm *vm, Value self, Value name)
{
    if (own_attribute(name)) return object_get_attr(vm, self, name);
    if (str_is(name, "__bases__")) return attr_missing(vm, self, name);
    return attr_get(vm, as_generic_alias(self)->origin, name);
}

static Ref alias_call(Vm *vm, Value self, const Args *args)
{
    Ref out = call_args(vm, as_generic_alias(self)->origin, args);
    if (failed(out) || !is_heap(out)) return out;
    if (attr_set(vm, out, N(__orig_class__), self)) return out;
    if (error_is(vm, AttributeError) || error_is(vm, TypeError)) {
        error_clear(vm);
        return out;
    }
    decref(out);
    return FAIL;
}

static Ref alias_get_item(Vm *vm, Value self, Value item)
{
    GenericAlias *alias = as_generic_alias(self);
    Value params = parameters(vm, &alias->parameters, alias->args);
    if (failed(params)) return FAIL;
    Ref out = alias_make(vm, type_of(vm, self), alias->origin,
                         substituted_args(vm, self, alias->args, params, item));
    if (!failed(out)) as_generic_alias(out)->head.aux = alias->head.aux;
    return out;
}

static Ref alias_compare(Vm *vm, Value left, Value right, CompareOp op)
{
    if (!is_generic_alias(right) || (op != CMP_EQUAL && op != CMP_NOT_EQUAL))
        return NOT_IMPLEMENTED;
    GenericAlias *a = as_generic_alias(left), *b = as_generic_alias(right);
    Truth same = a->head.aux == b->head.aux;
    if (same == YES) same = value_equal(vm, a->origin, b->origin);
    if (same == YES) same = value_equal(vm, a->args, b->args);
    return same == FAILED ? FAIL : from_bool(same == (op == CMP_EQUAL));
}

static bool alias_hash(Vm *vm, Value self, int64_t *hash)
{
    int64_t origin, args;
    if (!value_hash(vm, as_generic_alias(self)->origin, &origin)) return false;
    if (!value_hash(vm, as_generic_alias(self)->args, &args)) return false;
    *hash = origin ^ args;
    if (*hash == -1) *hash = -2;
    return true;
}

/* *tuple[int]: iterating gives the alias once, marked as unpacked. */
static Ref alias_iter(Vm *vm, Value self)
{
    GenericAlias *alias = as_generic_alias(self);
    Type *type = type_builtin(vm, KIND_GENERIC_ALIAS);
    Ref unpacked = alias_make(vm, type, alias->origin, newref(alias->args));
    if (failed(unpacked)) return FAIL;
    as_generic_alias(unpacked)->head.aux = GENERIC_UNPACKED;
    Ref items = tuple_from_refs(vm, 1, &unpacked);
    if (failed(items)) return FAIL;
    Ref iter = iter_of(vm, items);
    decref(items);
    return iter;
}

NATIVE(alias_mro_entries, "__mro_entries__(self, bases, /)",
       "A class that derives from list[int] derives from list.")
{
    return tuple_pack(vm, 1, (Value)as_generic_alias(argv[0])->origin);
}

NATIVE(alias_instancecheck, "__instancecheck__(self, instance, /)",
       "Raises TypeError: the items' types are not known.")
{
    return throw(vm, TypeError, "isinstance() argument 2 cannot be a parameterized generic");
}

NATIVE(alias_subclasscheck, "__subclasscheck__(self, cls, /)",
       "Raises TypeError: the items' types are not known.")
{
    return throw(vm, TypeError, "issubclass() argument 2 cannot be a parameterized generic");
}

NATIVE_IN(, class_getitem, NATIVE_CLASSMETHOD, "__class_getitem__(cls, item, /)", "See PEP 585.")
{
    return generic_alias_new(vm, argv[0], argv[1]);
}

/* A starred alias is the one item of the plain one: min(tuple[int]) is *tuple[int]. */
static Ref reduce_unpacked(Vm *vm, Value self)
{
    Value min = dict_get_text(vm, as_dict(vm->interp->builtins), "min");
    if (failed(min)) return FAIL;
    GenericAlias *alias = as_generic_alias(self);
    Type *type = type_builtin(vm, KIND_GENERIC_ALIAS);
    Ref plain = alias_make(vm, type, alias->origin, newref(alias->args));
    if (failed(plain)) return FAIL;
    Ref args = tuple_from_refs(vm, 1, &plain);
    if (failed(args)) return FAIL;
    Ref out = tuple_pack(vm, 2, min, (Value)args);
    decref(args);
    return out;
}

NATIVE(alias_reduce, "__reduce__(self, /)", "How to make an equal alias, for copy and pickle.")
{
    GenericAlias *alias = as_generic_alias(argv[0]);
    if (alias->head.aux & GENERIC_UNPACKED) return reduce_unpacked(vm, argv[0]);
    Ref args = tuple_pack(vm, 2, (Value)alias->origin, (Value)alias->args);
    if (failed(args)) return FAIL;
    Ref out = tuple_pack(vm, 2, borrow(type_of(vm, argv[0])), (Value)args);
    decref(args);
    return out;
}

NATIVE(alias_dir, "__dir__(self, /)", "The names of the origin, and those of the alias.")
{
    Value dir = dict_get_text(vm, as_dict(vm->interp->builtins), "dir");
    if (failed(dir) || absent(dir)) return failed(dir) ? FAIL : list_new(vm, 0);
    Ref names = call1(vm, dir, as_generic_alias(argv[0])->origin);
    for (size_t i = 0; is_list(names) && i < sizeof own_names / sizeof *own_names; i++) {
        Ref name = str_interned(vm, own_names[i]);
        if (failed(name) || !list_push(vm, as_list(names), name)) replace(&names, FAIL);
    }
    return names;
}

static Ref alias_get_origin(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_generic_alias(self)->origin);
}
static Ref alias_get_args(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_generic_alias(self)->args);
}
static Ref alias_get_parameters(Vm *vm, Value self)
{
    return newref(
        parameters(vm, &as_generic_alias(self)->parameters, as_generic_alias(self)->args));
}
static Ref alias_get_unpacked(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_generic_alias(self)->head.aux & GENERIC_UNPACKED);
}
static Ref alias_get_unpacked_args(Vm *vm, Value self)
{
    GenericAlias *alias = as_generic_alias(self);
    bool unpacked = (alias->head.aux & GENERIC_UNPACKED) &&
                    alias->origin == borrow(type_builtin(vm, KIND_TUPLE));
    return unpacked ? newref(alias->args) : NONE;
}

static const Attribute alias_attributes[] = {
    {"__origin__", alias_get_origin, member_read_only, "The class."},
    {"__args__", alias_get_args, member_read_only, "A tuple of what stands in the brackets."},
    {"__parameters__", alias_get_parameters, NULL, "A tuple of the type variables among them."},
    {"__unpacked__", alias_get_unpacked, member_read_only, "Whether it was written with a star."},
    {"__typing_unpacked_tuple_args__", alias_get_unpacked_args, NULL,
     "The arguments of a starred tuple."},
    {0},
};
static const Native *const alias_methods[] = {
    &alias_mro_entries_def, &alias_instancecheck_def, &alias_subclasscheck_def,
    &alias_reduce_def,      &alias_dir_def,           NULL,
};

const TypeDef generic_alias_type = {
    .name = "types.GenericAlias",
    .doc = "A class with the types of its items: list[int].",
    .size = sizeof(GenericAlias),
    .flags = TYPE_CONTAINER | TYPE_WEAKREF,
    .refs = REFS(REF(GenericAlias, origin), REF(GenericAlias, args), REF(GenericAlias, parameters)),
    .new = &alias_new_native_def,
    .repr = alias_repr,
    .call = alias_call,
    .hash = alias_hash,
    .compare = alias_compare,
    .binary = alias_or,
    .get_item = alias_get_item,
    .get_attr = alias_get_attr,
    .iter = alias_iter,
    .methods = alias_methods,
    .attributes = alias_attributes,
};

/* ---- slots of the union ---- */

static Ref union_get_item(Vm *vm, Value self, Value item)
{
    Union *u = as_union(self);
    Value params = parameters(vm, &u->parameters, u->args);
    if (failed(params)) return FAIL;
    Ref args = substituted_args(vm, self, u->args, params, item);
    if (failed(args)) return FAIL;
    Ref out = union_from_args(vm, args);
    decref(args);
    return out;
}

/* Order does not matter. */
static Ref union_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if (!is_union(b) || (op != CMP_EQUAL && op != CMP_NOT_EQUAL)) return NOT_IMPLEMENTED;
    Value mine = union_args(a), theirs = union_args(b);
    Truth same = tuple_len(mine) == tuple_len(theirs);
    for (ptrdiff_t i = 0; same == YES && i < tuple_len(mine); i++) {
        ptrdiff_t at = sequence_find(vm, theirs, tuple_at(mine, i), 0, PTRDIFF_MAX);
        same = at == -2 ? FAILED : at >= 0;
    }
    return same == FAILED ? FAIL : from_bool(same == (op == CMP_EQUAL));
}

static bool union_hash(Vm *vm, Value self, int64_t *hash)
{
    Ref set = frozenset_new(vm, union_args(self));
    if (failed(set)) return false;
    bool ok = value_hash(vm, set, hash);
    decref(set);
    return ok;
}

/* Does test hold for any member? */
static Ref any_member(Vm *vm, Value self, Value subject, Truth (*test)(Vm *, Value, Value))
{
    Value args = union_args(self);
    for (ptrdiff_t i = 0; i < tuple_len(args); i++) {
        Truth answer = test(vm, subject, tuple_at(args, i));
        if (answer != NO) return answer == FAILED ? FAIL : TRUE;
    }
    return FALSE;
}

NATIVE(union_instancecheck, "__instancecheck__(self, instance, /)",
       "Is it an instance of any member?")
{
    return any_member(vm, argv[0], argv[1], value_is_instance);
}

NATIVE(union_subclasscheck, "__subclasscheck__(self, cls, /)", "Is it a subclass of any member?")
{
    if (!is_type(argv[1])) return throw(vm, TypeError, "issubclass() arg 1 must be a class");
    return any_member(vm, argv[0], argv[1], value_is_subclass);
}

NATIVE(union_mro_entries, "__mro_entries__(self, bases, /)",
       "Raises TypeError: a class cannot derive from a union.")
{
    return throw(vm, TypeError, "Cannot subclass %R", argv[0]);
}

NATIVE_CLASS(union_class_getitem, "__class_getitem__(cls, item, /)",
             "Union[int, str] is int | str.")
{
    Ref args = as_arguments(vm, argv[1]);
    if (failed(args)) return FAIL;
    Ref out = union_from_args(vm, args);
    decref(args);
    return out;
}

static Ref union_get_args(Vm *vm __attribute__((unused)), Value self)
{
    return newref(union_args(self));
}
static Ref union_get_parameters(Vm *vm, Value self)
{
    return newref(parameters(vm, &as_union(self)->parameters, union_args(self)));
}
static Ref union_get_origin(Vm *vm, Value self __attribute__((unused)))
{
    return newref(borrow(type_builtin(vm, KIND_UNION)));
}
static Ref union_get_name(Vm *vm, Value self __attribute__((unused)))
{
    return str_interned(vm, "Union");
}

static const Attribute union_attributes[] = {
    {"__args__", union_get_args, NULL, "A tuple of the members."},
    {"__parameters__", union_get_parameters, NULL, "A tuple of the type variables in them."},
    {"__origin__", union_get_origin, NULL, "typing.Union."},
    {"__name__", union_get_name, NULL, "\"Union\"."},
    {"__qualname__", union_get_name, NULL, "\"Union\"."},
    {0},
};
static const Native *const union_methods[] = {
    &union_instancecheck_def,
    &union_subclasscheck_def,
    &union_mro_entries_def,
    &union_class_getitem_def,
    NULL,
};

const TypeDef union_type = {
    .name = "typing.Union",
    .doc = "One of several types: int | str.",
    .size = sizeof(Union),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW | TYPE_WEAKREF,
    .refs = REFS(REF(Union, args), REF(Union, parameters)),
    .repr = union_repr,
    .hash = union_hash,
    .compare = union_compare,
    .binary = alias_or,
    .get_item = union_get_item,
    .methods = union_methods,
    .attributes = union_attributes,
};
