/* reduce.c - taking objects apart for copy and pickle.
 *
 * An iterator is made again by iter() over what it goes over, then told how far it was; one over a
 * dict or set by iter() over a list of what is left.
 * Neighbours: object.c (object.__reduce_ex__), stdlib/copyreg.aio (protocols 0 and 1). */
/* SPDX-License-Identifier: MIT */
#include "object/reduce.h"

#include "object/attr.h"
#include "object/bytes.h"
#include "object/call.h"
#include "object/dictview.h"
#include "object/error.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/name.h"
#include "object/number.h"
#include "object/range.h"
#include "object/set.h"
#include "object/str.h"
#include "object/tuple.h"
#include "object/typeparts.h"

Ref reduce_builtin(Vm *vm, const char *name)
{
    Value found = dict_get_text(vm, as_dict(vm->interp->builtins), name);
    if (failed(found)) return FAIL;
    return absent(found)
               ? throw(vm, AttributeError, "module 'builtins' has no attribute '%s'", name)
               : newref(found);
}

Ref reduce_to_getattr(Vm *vm, Value from, Value name)
{
    Ref getattr = reduce_builtin(vm, "getattr"), args = FAIL, out = FAIL;
    if (!failed(getattr)) args = tuple_pack(vm, 2, from, name);
    if (!failed(args)) out = tuple_pack(vm, 2, (Value)getattr, (Value)args);
    decref(args);
    decref(getattr);
    return out;
}

static Ref reduce_to(Vm *vm, const char *maker, Ref of, Value state)
{
    Ref function = failed(of) ? FAIL : reduce_builtin(vm, maker), args = FAIL, out = FAIL;
    if (!failed(function)) args = tuple_pack(vm, 1, (Value)of);
    if (!failed(args))
        out = absent(state) ? tuple_pack(vm, 2, (Value)function, (Value)args)
                            : tuple_pack(vm, 3, (Value)function, (Value)args, state);
    decref(function);
    decref(args);
    decref(of);
    return out;
}

Ref reduce_to_iter(Vm *vm, Ref of, Value state) { return reduce_to(vm, "iter", of, state); }

/* ---- iterators ---- */

/* What an iterator with an index goes over, and where the index is; NULL: another kind. */
static Ref *indexed(Value self, ptrdiff_t **next)
{
    switch (as_object(self)->kind) {
    case KIND_LIST_ITER:
    case KIND_LIST_REVERSE_ITER:
        *next = &((ListIter *)as_object(self))->next;
        return &((ListIter *)as_object(self))->list;
    case KIND_TUPLE_ITER:
        *next = &((TupleIter *)as_object(self))->next;
        return &((TupleIter *)as_object(self))->tuple;
    case KIND_STR_ITER:
    case KIND_STR_ASCII_ITER:
        *next = &((StrIter *)as_object(self))->next;
        return &((StrIter *)as_object(self))->text;
    case KIND_BYTES_ITER:
        *next = &((BytesIter *)as_object(self))->next;
        return &((BytesIter *)as_object(self))->source;
    default: return NULL;
    }
}

static Ref reduce_exhausted(Vm *vm, Value self)
{
    int kind = as_object(self)->kind;
    if (kind == KIND_LIST_ITER || kind == KIND_LIST_REVERSE_ITER)
        return reduce_to_iter(vm, list_new(vm, 0), UNDEF);
    if (kind == KIND_STR_ITER || kind == KIND_STR_ASCII_ITER)
        return reduce_to_iter(vm, newref(vm->interp->empty_str), UNDEF);
    return reduce_to_iter(vm, newref(vm->interp->empty_tuple), UNDEF);
}

static Ref reduce_range(Vm *vm, const RangeIter *iter)
{
    Ref class = newref(borrow(type_builtin(vm, KIND_RANGE)));
    Value args[3] = {from_small(iter->next), from_small(iter->next + iter->left * iter->step),
                     from_small(iter->step)};
    Ref range = call(vm, class, 3, args);
    decref(class);
    return reduce_to_iter(vm, range, NONE);
}

/* A list of what a dict's or set's iterator has left, which it keeps. */
static Ref rest_of(Vm *vm, Value self)
{
    size_t size = as_object(self)->kind == KIND_SET_ITER ? sizeof(SetIter) : sizeof(DictIter);
    void *copy = type_instance(vm, type_of(vm, self));
    if (!copy) return FAIL;
    size_t head = sizeof(Container);
    memcpy((char *)copy + head, (char *)as_object(self) + head, size - head);
    ((Container *)copy)->aux = ((Container *)as_object(self))->aux;
    if (as_object(self)->kind == KIND_SET_ITER) {
        newref(((SetIter *)copy)->set);
    } else {
        newref(((DictIter *)copy)->dict);
        ((DictIter *)copy)->pair = UNDEF;
    }
    Ref iter = from_object(copy), list = list_from(vm, iter);
    decref(iter);
    return list;
}

static Ref iterator_reduce(Vm *vm, Value *argv)
{
    Value self = argv[0];
    int kind = as_object(self)->kind;
    ptrdiff_t *next;
    Ref *of = indexed(self, &next);
    if (of) {
        if (absent(*of)) return reduce_exhausted(vm, self);
        const char *maker = kind == KIND_LIST_REVERSE_ITER ? "reversed" : "iter";
        return reduce_to(vm, maker, newref(*of), from_small(*next));
    }
    if (kind == KIND_RANGE_ITER) return reduce_range(vm, (RangeIter *)as_object(self));
    return reduce_to_iter(vm, rest_of(vm, self), UNDEF);
}
const Native iterator_reduce_def = {"__reduce__(self, /)",
                                    "How to make it again: a function and its arguments.",
                                    iterator_reduce, NATIVE_PLAIN, NULL};

static Ref iterator_setstate(Vm *vm, Value *argv)
{
    int64_t index;
    ptrdiff_t *next;
    Ref *of = indexed(argv[0], &next);
    if (!int_index(vm, argv[1], &index)) return FAIL;
    if (!of) { /* range: past so many values */
        RangeIter *range = (RangeIter *)as_object(argv[0]);
        int64_t skip = index < 0 ? 0 : index > range->left ? range->left : index;
        range->next += skip * range->step;
        range->left -= skip;
        return NONE;
    }
    if (absent(*of)) return NONE;
    int kind = as_object(argv[0])->kind;
    ptrdiff_t len = value_len(vm, *of), least = kind == KIND_LIST_REVERSE_ITER ? -1 : 0;
    if (len < 0) return FAIL;
    if (kind == KIND_LIST_REVERSE_ITER) len--;
    *next = index < least ? least : index > len ? len : (ptrdiff_t)index;
    return NONE;
}
const Native iterator_setstate_def = {"__setstate__(self, state, /)", "Go to the index state.",
                                      iterator_setstate, NATIVE_PLAIN, NULL};

/* ---- objects ---- */

static Ref copyreg(Vm *vm, const char *name)
{
    Ref import = reduce_builtin(vm, "__import__"),
        text = failed(import) ? FAIL : str_interned(vm, "copyreg");
    Ref module = failed(text) ? FAIL : call1(vm, import, text);
    Ref found = failed(module) ? FAIL : attr_get_text(vm, module, name);
    decref(import);
    decref(text);
    decref(module);
    return found;
}

static Ref call_named(Vm *vm, Value self, const char *method)
{
    Ref name = str_interned(vm, method);
    Ref result = failed(name) ? FAIL : call_special(vm, self, name, 0, NULL);
    decref(name);
    return result;
}

/* What __getnewargs_ex__ or __getnewargs__ gives: args a tuple or UNDEF, kwargs a dict or UNDEF;
 * owned. */
static bool new_arguments(Vm *vm, Value self, Ref *args, Ref *kwargs)
{
    Ref both = call_named(vm, self, "__getnewargs_ex__");
    if (failed(both)) return false;
    if (absent(both)) {
        *args = call_named(vm, self, "__getnewargs__");
        if (failed(*args)) return false;
        if (absent(*args) || is_tuple(*args)) return true;
        throw(vm, TypeError, "__getnewargs__ should return a tuple, not '%T'", (Value)*args);
        return false;
    }
    if (!is_tuple(both))
        throw(vm, TypeError, "__getnewargs_ex__ should return a tuple, not '%T'", (Value)both);
    else if (tuple_len(both) != 2)
        throw(vm, ValueError, "__getnewargs_ex__ should return a tuple of length 2, not %zd",
              tuple_len(both));
    else if (!is_tuple(tuple_at(both, 0)))
        throw(vm, TypeError,
              "first item of the tuple returned by __getnewargs_ex__ must be a tuple, not '%T'",
              tuple_at(both, 0));
    else if (!is_dict(tuple_at(both, 1)))
        throw(vm, TypeError,
              "second item of the tuple returned by __getnewargs_ex__ must be a dict, not '%T'",
              tuple_at(both, 1));
    else {
        *args = newref(tuple_at(both, 0));
        *kwargs = newref(tuple_at(both, 1));
    }
    decref(both);
    return !absent(*args);
}

/* Is all that self is made of in its attributes and items, or does its class say what else? */
static bool can_rebuild(Vm *vm, Value self)
{
    Type *type = type_of(vm, self);
    if (type->def == &object_type || is_list(self) || is_dict(self) || !is_heap(self)) return true;
    Value own = type_own(vm, type_builtin(vm, KIND_OBJECT), N(__getstate__));
    return type_lookup(vm, type, N(__getstate__)) != own;
}

/* (__newobj__, (cls, *args)) or (__newobj_ex__, (cls, args, kwargs)): function and arguments,
 * owned. */
static bool constructor(Vm *vm, Value self, Ref given, Value kwargs, Ref *function, Ref *args)
{
    Value class = borrow(type_of(vm, self));
    bool named = is_dict(kwargs) && as_dict(kwargs)->len > 0;
    *function = copyreg(vm, named ? "__newobj_ex__" : "__newobj__");
    if (failed(*function)) return false;
    if (named) {
        *args = tuple_pack(vm, 3, class, (Value)given, kwargs);
        return !failed(*args);
    }
    ptrdiff_t count = is_tuple(given) ? tuple_len(given) : 0;
    *args = tuple_new(vm, count + 1);
    if (failed(*args)) return false;
    as_tuple(*args)->items[0] = newref(class);
    for (ptrdiff_t i = 0; i < count; i++)
        as_tuple(*args)->items[i + 1] = newref(tuple_at(given, i));
    return true;
}

/* The iterators over a list's items and a dict's pairs; NONE where self is none. */
static bool contents(Vm *vm, Value self, Ref *items, Ref *pairs)
{
    *items = is_list(self) ? iter_of(vm, self) : NONE;
    if (failed(*items) || !is_dict(self)) return !failed(*items);
    Ref view = call_method(vm, self, N(items), 0, NULL);
    *pairs = failed(view) ? FAIL : iter_of(vm, view);
    decref(view);
    return !failed(*pairs);
}

Ref object_reduce_by(Vm *vm, Value self, int64_t protocol)
{
    if (protocol < 2) {
        Ref reduce = copyreg(vm, "_reduce_ex");
        Ref out = failed(reduce) ? FAIL : call2(vm, reduce, self, from_small(protocol));
        decref(reduce);
        return out;
    }
    Ref given = UNDEF, kwargs = UNDEF, function = UNDEF, args = UNDEF, state = UNDEF, items = NONE,
        pairs = NONE;
    Ref out = FAIL;
    if (!new_arguments(vm, self, &given, &kwargs)) goto done;
    if (absent(given) && !can_rebuild(vm, self)) {
        throw(vm, TypeError, "cannot pickle '%T' object", self);
        goto done;
    }
    if (!constructor(vm, self, given, kwargs, &function, &args)) goto done;
    state = call_special(vm, self, N(__getstate__), 0, NULL);
    if (!failed(state) && contents(vm, self, &items, &pairs))
        out = tuple_pack(vm, 5, (Value)function, (Value)args, (Value)state, (Value)items,
                         (Value)pairs);
done:
    decref(given);
    decref(kwargs);
    decref(function);
    decref(args);
    decref(state);
    decref(items);
    decref(pairs);
    return out;
}
