/* build.c - unpacking, displays, formatted values and functions: what ops/build.inc and iterate.inc
 * call.
 *
 * Runs of registers handed in are moved out whatever happens. */
/* SPDX-License-Identifier: MIT */
#include "object/attr.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/name.h"
#include "object/number.h"
#include "object/set.h"
#include "object/str.h"
#include "object/template.h"
#include "object/tuple.h"
#include "vm/eval.h"

static void drop_items(Ref *items, int count)
{
    for (int n = 0; n < count; n++) clear(&items[n]);
}

/* iter() with the message unpacking gives. */
static Ref unpack_iter(Vm *vm, Value iterable)
{
    Type *type = type_of(vm, iterable);
    if (!type->slots.iter && !type->slots.get_item)
        return throw(vm, TypeError, "cannot unpack non-iterable %T object", iterable);
    return iter_of(vm, iterable);
}

static bool too_many(Vm *vm, Value iterable, int count)
{
    if (is_exact(iterable, KIND_LIST) || is_exact(iterable, KIND_TUPLE) ||
        is_exact(iterable, KIND_DICT))
        throw(vm, ValueError, "too many values to unpack (expected %d, got %zd)", count,
              value_len(vm, iterable));
    else throw(vm, ValueError, "too many values to unpack (expected %d)", count);
    return false;
}

bool unpack(Vm *vm, Value iterable, Ref *out, int count)
{
    if (is_exact(iterable, KIND_LIST) && as_list(iterable)->len == count) {
        for (int n = 0; n < count; n++) out[n] = newref(list_at(as_list(iterable), n));
        return true;
    }
    Ref iterator = unpack_iter(vm, iterable);
    if (failed(iterator)) return false;
    bool good = true;
    int n = 0;
    for (; n < count && good; n++) {
        Ref item = iter_next(vm, iterator);
        if (absent(item)) {
            throw(vm, ValueError, "not enough values to unpack (expected %d, got %d)", count, n);
            good = false;
        } else if (failed(item)) {
            good = false;
        } else {
            out[n] = item;
        }
    }
    if (good) {
        Ref item = iter_next(vm, iterator);
        if (failed(item)) good = false;
        else if (!absent(item)) good = too_many(vm, iterable, count);
        decref(item);
    } else {
        n--;
    }
    decref(iterator);
    if (!good) drop_items(out, n);
    return good;
}

/* The items of a starred unpacking as one array, of owner (owned), which is iterable itself where
 * that can be. */
static Ref unpack_all(Vm *vm, Value iterable, Ref **items, ptrdiff_t *len)
{
    Ref owner;
    if (is_exact(iterable, KIND_TUPLE) || is_exact(iterable, KIND_LIST)) {
        owner = newref(iterable);
    } else {
        Ref checked = unpack_iter(vm, iterable);
        if (failed(checked)) return FAIL;
        owner = list_from(vm, checked);
        decref(checked);
        if (failed(owner)) return FAIL;
    }
    *items = is_list(owner) ? as_list(owner)->items : as_tuple(owner)->items;
    *len = is_list(owner) ? as_list(owner)->len : tuple_len(owner);
    return owner;
}

bool unpack_star(Vm *vm, Value iterable, Ref *out, int before, int after)
{
    Ref *items;
    ptrdiff_t len;
    Ref all = unpack_all(vm, iterable, &items, &len);
    if (failed(all)) return false;
    Ref middle = FAIL;
    if (len < before + after)
        throw(vm, ValueError, "not enough values to unpack (expected at least %d, got %zd)",
              before + after, len);
    else middle = list_from_values(vm, len - before - after, as_values(items + before));
    if (!failed(middle)) {
        for (int n = 0; n < before; n++) out[n] = newref(items[n]);
        out[before] = middle;
        for (int n = 0; n < after; n++) out[before + 1 + n] = newref(items[len - after + n]);
    }
    decref(all);
    return !failed(middle);
}

Ref build_dict(Vm *vm, Ref *pairs, int count)
{
    Ref dict = dict_new_sized(vm, count);
    bool good = !failed(dict);
    for (int n = good ? (int)dict_take_names(as_dict(dict), pairs, count) : 0; n < count; n++) {
        good = good && dict_set(vm, as_dict(dict), pairs[2 * n], pairs[2 * n + 1]);
        clear(&pairs[2 * n]);
        clear(&pairs[2 * n + 1]);
    }
    if (good) return dict;
    decref(dict);
    return FAIL;
}

Ref build_set(Vm *vm, Ref *items, int count)
{
    Ref set = set_new(vm);
    bool good = !failed(set);
    for (int n = 0; n < count; n++) {
        good = good && set_add(vm, as_set(set), items[n]);
        clear(&items[n]);
    }
    if (good) return set;
    decref(set);
    return FAIL;
}

Ref format_value(Vm *vm, Value value, int conversion, Value spec)
{
    if (conversion <= 1 && absent(spec) && is_exact(value, KIND_STR)) return newref(value);
    Ref converted = conversion == 1   ? value_str(vm, value)
                    : conversion == 2 ? value_repr(vm, value)
                    : conversion == 3 ? value_ascii(vm, value)
                                      : newref(value);
    if (failed(converted)) return FAIL;
    if (absent(spec) && is_exact(converted, KIND_STR)) return converted;
    Ref text = value_format(vm, converted, absent(spec) ? (Value)vm->interp->empty_str : spec);
    decref(converted);
    return text;
}

bool list_extend_star(Vm *vm, List *list, Value iterable)
{
    Type *type = type_of(vm, iterable);
    if (!type->slots.iter && !type->slots.get_item) {
        throw(vm, TypeError, "Value after * must be an iterable, not %T", iterable);
        return false;
    }
    return list_extend(vm, list, iterable);
}

bool dict_update_star(Vm *vm, Dict *dict, Value mapping)
{
    if (!is_dict(mapping)) {
        Ref keys = attr_get_or_absent(vm, mapping, N(keys));
        if (failed(keys)) return false;
        if (absent(keys)) {
            throw(vm, TypeError, "'%T' object is not a mapping", mapping);
            return false;
        }
        decref(keys);
    }
    return dict_update(vm, dict, mapping);
}

/* The closure cells of a function being made, as its code's captures say. */
static void capture_cells(Function *function, const Frame *frame)
{
    const Code *code = function->code;
    for (int n = 0; n < code->free_count; n++) {
        Capture capture = code->captures[n];
        Value cell = capture.from_local ? (Value)frame->base[capture.index]
                                        : borrow(frame->function->cells[capture.index]);
        function->cells[n] = (Cell *)as_object(newref(cell));
    }
}

Ref make_function(Vm *vm, Frame *frame, Value code, Ref *parts, int flags)
{
    Ref made = function_new(vm, as_code(code), frame->function->globals, frame->function->builtins);
    if (failed(made)) return FAIL;
    Function *function = as_function(made);
    capture_cells(function, frame);
    if (flags & 1) replace(&function->defaults, take(&parts[0]));
    if (flags & 2) replace(&function->keyword_defaults, take(&parts[1]));
    if (flags & 4) replace(&function->annotate, take(&parts[2]));
    return made;
}

Ref build_interpolation(Vm *vm, Ref *parts, int flags)
{
    static const char letters[] = " sra";
    Value conversion =
        flags & 3 ? (Value)vm->interp->latin1[(unsigned char)letters[flags & 3]] : NONE;
    return interpolation_new(vm, parts[0], parts[1], conversion,
                             flags & 4 ? (Value)parts[2] : (Value)vm->interp->empty_str);
}

Ref build_template(Vm *vm, Ref *parts) { return template_new(vm, parts[0], parts[1]); }
