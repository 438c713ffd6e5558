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

/* seen: NULL for a single key. */
static Ref match_keys_with(Vm *vm, Value subject, Value keys, Value getter, Value marker, Set *seen)
{
    Ref values = tuple_new(vm, tuple_len(keys));
    if (failed(values)) return FAIL;
    for (ptrdiff_t n = 0; n < tuple_len(keys); n++) {
        Value key = tuple_at(keys, n);
        Truth duplicate = seen ? set_has(vm, seen, key) : NO;
        if (duplicate == YES)
            throw(vm, ValueError, "mapping pattern checks duplicate key (%R)", key);
        Ref value = duplicate == NO && (!seen || set_add(vm, seen, key))
                        ? mapping_get(vm, subject, getter, key, marker)
                        : FAIL;
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
    bool plain = is_exact(subject, KIND_DICT);
    Ref seen = tuple_len(keys) > 1 ? set_new(vm) : UNDEF, marker = plain ? UNDEF : set_new(vm);
    Ref getter = plain ? UNDEF : attr_get(vm, subject, N(get));
    Ref values = FAIL;
    if (!failed(seen) && !failed(marker) && !failed(getter))
        values =
            match_keys_with(vm, subject, keys, getter, marker, absent(seen) ? NULL : as_set(seen));
    decref(seen);
    decref(marker);
    decref(getter);
    return values;
}

typedef struct ClassMatch {
    Value subject, class;
    Ref names; /* __match_args__ of the positional patterns; UNDEF: the class has none */
    int positional;
    Ref *found; /* where the next attribute goes */
} ClassMatch;

/* Was name asked for by one of the first `count` positional patterns? */
static bool is_repeated(const ClassMatch *match, Value name, int count)
{
    for (int n = 0; n < count; n++)
        if (str_equal(as_str(tuple_at(match->names, n)), as_str(name))) return true;
    return false;
}

/* subject.name, found; before: positional patterns that came before.  NO: it has none. */
static Truth match_attribute(Vm *vm, ClassMatch *match, Value name, int before)
{
    if (is_repeated(match, name, before)) {
        throw(vm, TypeError, "%N() got multiple sub-patterns for attribute %R",
              as_type(match->class), name);
        return FAILED;
    }
    Ref interned = str_intern(vm, newref(name)),
        value = failed(interned) ? FAIL : attr_get_or_absent(vm, match->subject, interned);
    decref(interned);
    if (failed(value)) return FAILED;
    if (absent(value)) return NO;
    *match->found++ = value;
    return YES;
}

/* How many positional patterns the class takes; -1: raised. */
static ptrdiff_t positional_allowed(Vm *vm, ClassMatch *match, bool *self)
{
    const Type *type = as_type(match->class);
    *self = false;
    match->names = attr_get_or_absent(vm, match->class, N(__match_args__));
    if (failed(match->names)) return -1;
    if (absent(match->names)) return *self = type->flags & TYPE_MATCH_SELF;
    if (is_tuple(match->names)) return tuple_len(match->names);
    throw(vm, TypeError, "%N.__match_args__ must be a tuple (got %T)", type, (Value)match->names);
    return -1;
}

static Truth match_positional(Vm *vm, ClassMatch *match)
{
    bool self;
    ptrdiff_t allowed = positional_allowed(vm, match, &self);
    if (allowed < 0) return FAILED;
    if (allowed < match->positional) {
        throw(vm, TypeError, "%N() accepts %zd positional sub-pattern%s (%d given)",
              as_type(match->class), allowed, allowed == 1 ? "" : "s", match->positional);
        return FAILED;
    }
    if (self) {
        *match->found++ = newref(match->subject);
        return YES;
    }
    Truth found = YES;
    for (int n = 0; n < match->positional && found == YES; n++) {
        Value name = tuple_at(match->names, n);
        if (!is_str(name)) {
            throw(vm, TypeError, "__match_args__ elements must be strings (got %T)", name);
            return FAILED;
        }
        found = match_attribute(vm, match, name, n);
    }
    return found;
}

Ref match_class(Vm *vm, Value subject, Value class, Value names, int positional)
{
    if (!is_type(class)) return throw(vm, TypeError, "called match pattern must be a class");
    Truth found = value_is_instance(vm, subject, class);
    if (found != YES) return found == NO ? NONE : FAIL;
    Ref parts = tuple_new(vm, positional + tuple_len(names));
    if (failed(parts)) return FAIL;
    ClassMatch match = {subject, class, UNDEF, positional, as_tuple(parts)->items};
    if (positional) found = match_positional(vm, &match);
    int before = absent(match.names) || failed(match.names) ? 0 : positional;
    for (ptrdiff_t n = 0; n < tuple_len(names) && found == YES; n++)
        found = match_attribute(vm, &match, tuple_at(names, n), before);
    decref(match.names);
    if (found == YES) return parts;
    decref(parts);
    return found == NO ? NONE : FAIL;
}
