/* match.c - pattern matching: what ops/statement.inc calls. */
/* SPDX-License-Identifier: MIT */
#include "object/attr.h"
#include "object/call.h"
#include "object/error.h"
#include "object/list.h"
#include "object/name.h"
#include "object/number.h"
#include "object/set.h"
#include "object/str.h"
#include "object/tuple.h"
#include "vm/eval.h"

/* Mappings are asked through get(key, default), so that a defaultdict is not filled by matching. */
static Ref mapping_get(Vm *vm, Value subject, Value getter, Value key, Value marker)
{
    if (is_exact(subject, KIND_DICT)) return newref(dict_get(vm, as_dict(subject), key));
    Ref value = call2(vm, getter, key, marker);
    if (value != marker) return value;
    decref(value);
    return UNDEF;
}

static Ref match_keys_with(Vm *vm, Value subject, Value keys, Value getter, Value marker, Set *seen)
{
    Ref values = tuple_new(vm, tuple_len(keys));
    if (failed(values)) return FAIL;
    for (ptrdiff_t n = 0; n < tuple_len(keys); n++) {
        Value key = tuple_at(keys, n);
        Truth duplicate = set_has(vm, seen, key);
        if (duplicate == YES) throw(vm, ValueError, "mapping pattern checks duplicate key (%R)", key);
        Ref value = duplicate == NO && set_add(vm, seen, key) ? mapping_get(vm, subject, getter, key, marker) : FAIL;
        if (absent(value) || failed(value)) {
            decref(values);
            return absent(value) ? NONE : FAIL;
        }
        as_tuple(values)->items[n] = value;
    }
    return values;
}

Ref match_keys(Vm *vm, Value subject, Value keys)
{
    if (tuple_len(keys) == 0) return newref(keys);
    Ref seen = set_new(vm), marker = set_new(vm);
    Ref getter = is_exact(subject, KIND_DICT) ? NONE : attr_get(vm, subject, N(get));
    Ref values = FAIL;
    if (!failed(seen) && !failed(marker) && !failed(getter))
        values = match_keys_with(vm, subject, keys, getter, marker, as_set(seen));
    decref(seen);
    decref(marker);
    decref(getter);
    return values;
}

/* subject.name into found; NO when it has none. */
static Truth match_attribute(Vm *vm, Value subject, Value class, Value name, Set *seen, List *found)
{
    Truth duplicate = set_has(vm, seen, name);
    if (duplicate == FAILED) return FAILED;
    if (duplicate == YES) {
        throw(vm, TypeError, "%N() got multiple sub-patterns for attribute %R", as_type(class), name);
        return FAILED;
    }
    if (!set_add(vm, seen, name)) return FAILED;
    Ref value = attr_get_or_absent(vm, subject, name);
    if (failed(value)) return FAILED;
    if (absent(value)) return NO;
    return list_push(vm, found, value) ? YES : FAILED;
}

static Truth match_positional(Vm *vm, Value subject, Value class, int positional, Set *seen, List *found)
{
    Type *type = as_type(class);
    Ref names = attr_get_or_absent(vm, class, N(__match_args__));
    if (failed(names)) return FAILED;
    bool self = absent(names) && (type->flags & TYPE_MATCH_SELF);
    ptrdiff_t allowed = self ? 1 : absent(names) ? 0 : is_tuple(names) ? tuple_len(names) : -1;
    Truth match = YES;
    if (allowed < 0) {
        throw(vm, TypeError, "%N.__match_args__ must be a tuple (got %T)", type, (Value)names);
        match = FAILED;
    } else if (allowed < positional) {
        throw(vm, TypeError, "%N() accepts %zd positional sub-pattern%s (%d given)", type, allowed, allowed == 1 ? "" : "s",
              positional);
        match = FAILED;
    } else if (self) {
        match = list_push(vm, found, newref(subject)) ? YES : FAILED;
    } else {
        for (int n = 0; n < positional && match == YES; n++) {
            Value name = tuple_at(names, n);
            if (!is_str(name)) {
                throw(vm, TypeError, "__match_args__ elements must be strings (got %T)", name);
                match = FAILED;
            } else {
                match = match_attribute(vm, subject, class, name, seen, found);
            }
        }
    }
    decref(names);
    return match;
}

Ref match_class(Vm *vm, Value subject, Value class, Value names, int positional)
{
    if (!is_type(class)) return throw(vm, TypeError, "called match pattern must be a class");
    Truth match = value_is_instance(vm, subject, class);
    if (match != YES) return match == NO ? NONE : FAIL;
    Ref seen = set_new(vm), found = list_new(vm, positional + tuple_len(names)), result = FAIL;
    if (!failed(seen) && !failed(found)) {
        if (positional) match = match_positional(vm, subject, class, positional, as_set(seen), as_list(found));
        for (ptrdiff_t n = 0; n < tuple_len(names) && match == YES; n++)
            match = match_attribute(vm, subject, class, tuple_at(names, n), as_set(seen), as_list(found));
        if (match == YES) result = tuple_from_values(vm, as_list(found)->len, as_values(as_list(found)->items));
        else if (match == NO) result = NONE;
    }
    decref(seen);
    decref(found);
    return result;
}
