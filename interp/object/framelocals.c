/* framelocals.c - f_locals of a function: its variables as a mapping that writes through.
 *
 * A name that is a local or free variable is looked up and stored in the call's registers and
 * cells, any other in a dict of the frame's own (PEP 667).  Variables cannot be removed.
 * Neighbours: frameobject.c (the frame). */
/* SPDX-License-Identifier: MIT */
#include "object/dict.h"
#include "object/error.h"
#include "object/frameobject.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/native.h"
#include "object/number.h"
#include "object/str.h"
#include "object/tuple.h"

typedef struct FrameLocals {
    Container head;
    Ref frame;
} FrameLocals;

static FrameObject *frame_of(Value v)
{
    return as_frame_object(((FrameLocals *)as_object(v))->frame);
}

/* Where the variable is that key names: a register or the content of a cell; NULL: it is none.
 * *unset: it has no value now. */
static Ref *place_of(Vm *vm, FrameObject *frame, Value key, bool *unset)
{
    const Code *code = as_code(frame->code);
    Ref *registers = frame_object_registers(frame), *found = NULL;
    *unset = true;
    if (!is_str(key) || !registers || absent(frame->function)) return NULL;
    for (int n = 0; n < code->locals; n++) {
        bool hidden = code->local_kinds && (code->local_kinds[n] & LOCAL_HIDDEN);
        if (hidden && !local_of_comprehension(vm, code, n)) continue;
        if (!str_equal(as_str(code->local_names[n]), as_str(key))) continue;
        bool cell = is_kind(registers[n], KIND_CELL) && (code->local_kinds[n] & LOCAL_CELL);
        Ref *place = cell ? &((Cell *)as_object(registers[n]))->value : &registers[n];
        if (hidden && absent(*place)) continue; /* the comprehension does not run */
        found = place;
    }
    for (int n = 0; !found && n < code->free_count; n++)
        if (str_equal(as_str(code->free_names[n]), as_str(key)))
            found = &((Function *)as_object(frame->function))->cells[n]->value;
    *unset = !found || absent(*found);
    return found;
}

/* All of it as a new dict, in order. */
static Ref as_new_dict(Vm *vm, FrameObject *frame)
{
    Ref *registers = frame_object_registers(frame);
    bool known = registers && !absent(frame->function);
    Ref dict =
        known ? locals_dict(vm, (Function *)as_object(frame->function), registers) : dict_new(vm);
    if (!failed(dict) && !absent(frame->extra) &&
        !dict_merge(vm, as_dict(dict), as_dict(frame->extra)))
        replace(&dict, FAIL);
    return dict;
}

/* The value of key, owned; UNDEF: there is none. */
static Ref look_up(Vm *vm, FrameObject *frame, Value key)
{
    bool unset;
    Ref *place = place_of(vm, frame, key, &unset);
    if (place) return unset ? UNDEF : newref(*place);
    int64_t hash;
    if (absent(frame->extra)) return value_hash(vm, key, &hash) ? UNDEF : FAIL;
    return newref(dict_get(vm, as_dict(frame->extra), key));
}

static bool store(Vm *vm, FrameObject *frame, Value key, Value value)
{
    bool unset;
    Ref *place = place_of(vm, frame, key, &unset);
    if (place) {
        replace(place, newref(value));
        return true;
    }
    if (absent(frame->extra)) {
        Ref extra = dict_new(vm);
        if (failed(extra)) return false;
        frame->extra = extra;
    }
    return dict_set(vm, as_dict(frame->extra), key, value);
}

static bool store_all(Vm *vm, FrameObject *frame, Value from)
{
    Ref held = is_dict(from) ? newref(from) : as_new_dict(vm, frame_of(from));
    if (failed(held)) return false;
    Value key, value;
    bool good = true;
    for (ptrdiff_t at = 0; good && dict_next(as_dict(held), &at, &key, &value);)
        good = store(vm, frame, key, value);
    decref(held);
    return good;
}

/* ---- slots ---- */

static const TypeDef frame_locals_type;
static bool is_frame_locals(Vm *vm, Value v)
{
    return type_of(vm, v) == type_from_def(vm, &frame_locals_type);
}

Ref frame_locals_new(Vm *vm, Value frame)
{
    Type *type = type_from_def(vm, &frame_locals_type);
    FrameLocals *self = type ? type_instance(vm, type) : NULL;
    if (!self) return FAIL;
    self->frame = newref(frame);
    return from_object(self);
}

static Ref locals_get_item(Vm *vm, Value self, Value key)
{
    Ref value = look_up(vm, frame_of(self), key);
    if (!absent(value)) return value;
    return throw(vm, KeyError, "local variable '%R' is not defined", key);
}
static bool locals_set_item(Vm *vm, Value self, Value key, Value value)
{
    if (!absent(value)) return store(vm, frame_of(self), key, value);
    throw(vm, TypeError, "cannot remove variables from FrameLocalsProxy");
    return false;
}
static Truth locals_contains(Vm *vm, Value self, Value key)
{
    Ref value = look_up(vm, frame_of(self), key);
    if (failed(value)) return FAILED;
    decref(value);
    return absent(value) ? NO : YES;
}
static ptrdiff_t locals_len(Vm *vm, Value self)
{
    Ref dict = as_new_dict(vm, frame_of(self));
    ptrdiff_t len = failed(dict) ? -1 : as_dict(dict)->len;
    decref(dict);
    return len;
}

typedef enum Part { KEYS, VALUES, ITEMS } Part;
static Ref listed(Vm *vm, Value self, Part part)
{
    Ref dict = as_new_dict(vm, frame_of(self)), list = failed(dict) ? FAIL : list_new(vm, 0);
    Value key, value;
    for (ptrdiff_t at = 0; !failed(list) && dict_next(as_dict(dict), &at, &key, &value);) {
        Ref item =
            part == ITEMS ? tuple_pack(vm, 2, key, value) : newref(part == KEYS ? key : value);
        if (failed(item) || !list_push(vm, as_list(list), item)) replace(&list, FAIL);
    }
    decref(dict);
    return list;
}
static Ref locals_iter(Vm *vm, Value self)
{
    Ref keys = listed(vm, self, KEYS), iter = failed(keys) ? FAIL : iter_of(vm, keys);
    decref(keys);
    return iter;
}
static Ref locals_repr(Vm *vm, Value self)
{
    Truth again = repr_enter(vm, self);
    if (again != NO) return again == YES ? str_from(vm, "{...}") : FAIL;
    Ref dict = as_new_dict(vm, frame_of(self)), text = failed(dict) ? FAIL : value_repr(vm, dict);
    repr_leave(vm, self);
    decref(dict);
    return text;
}
static Ref locals_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if (op != CMP_EQUAL && op != CMP_NOT_EQUAL) return NOT_IMPLEMENTED;
    bool same;
    if (is_frame_locals(vm, b)) {
        same = frame_of(a) == frame_of(b);
    } else if (is_dict(b)) {
        Ref dict = as_new_dict(vm, frame_of(a));
        Truth equal = failed(dict) ? FAILED : value_test(vm, dict, b, CMP_EQUAL);
        decref(dict);
        if (equal == FAILED) return FAIL;
        same = equal == YES;
    } else {
        return NOT_IMPLEMENTED;
    }
    return from_bool(same == (op == CMP_EQUAL));
}

static Ref as_dict_or_same(Vm *vm, Value v)
{
    return is_frame_locals(vm, v) ? as_new_dict(vm, frame_of(v)) : newref(v);
}
static Ref locals_binary(Vm *vm, BinaryOp op, Value a, Value b)
{
    bool fits = op == OP2_OR && (is_dict(a) || is_frame_locals(vm, a)) &&
                (is_dict(b) || is_frame_locals(vm, b));
    if (!fits) return NOT_IMPLEMENTED;
    Ref left = as_dict_or_same(vm, a), right = as_dict_or_same(vm, b);
    Ref out = failed(left) || failed(right) ? FAIL : number_binary(vm, OP2_OR, left, right);
    decref(left);
    decref(right);
    return out;
}
static Ref locals_inplace(Vm *vm, BinaryOp op, Value a, Value b)
{
    if (op != OP2_OR || !(is_dict(b) || is_frame_locals(vm, b))) return NOT_IMPLEMENTED;
    return store_all(vm, frame_of(a), b) ? newref(a) : FAIL;
}

/* ---- methods ---- */

NATIVE(frame_locals_make, "FrameLocalsProxy(cls, frame, /)", "Return the variables of a frame.")
{
    if (is_kind(argv[1], KIND_FRAME)) return frame_locals_new(vm, argv[1]);
    return throw(vm, TypeError, "expect frame, not %T", argv[1]);
}
NATIVE(frame_locals_keys, "keys(self, /)", "A list of the names that have a value.")
{
    return listed(vm, argv[0], KEYS);
}
NATIVE(frame_locals_values, "values(self, /)", "A list of the values.")
{
    return listed(vm, argv[0], VALUES);
}
NATIVE(frame_locals_items, "items(self, /)", "A list of pairs of name and value.")
{
    return listed(vm, argv[0], ITEMS);
}
NATIVE(frame_locals_reversed, "__reversed__(self, /)", "A list of the names, the last first.")
{
    Ref keys = listed(vm, argv[0], KEYS);
    if (failed(keys)) return FAIL;
    List *list = as_list(keys);
    for (ptrdiff_t i = 0, j = list->len - 1; i < j; i++, j--) {
        Ref first = list->items[i];
        list->items[i] = list->items[j];
        list->items[j] = first;
    }
    return keys;
}
NATIVE(frame_locals_copy, "copy(self, /)", "A new dict of the variables.")
{
    return as_new_dict(vm, frame_of(argv[0]));
}
NATIVE(frame_locals_get, "get(self, key, default=None, /)",
       "The value of key, or default when it has none.")
{
    Ref value = look_up(vm, frame_of(argv[0]), argv[1]);
    return absent(value) ? newref(argv[2]) : value;
}
NATIVE(frame_locals_setdefault, "setdefault(self, key, default=None, /)",
       "The value of key, which gets default when it has none.")
{
    Ref value = look_up(vm, frame_of(argv[0]), argv[1]);
    if (!absent(value)) return value;
    return store(vm, frame_of(argv[0]), argv[1], argv[2]) ? newref(argv[2]) : FAIL;
}
NATIVE(frame_locals_update, "update(self, other, /)",
       "Store every item of a dict or of another frame's f_locals.")
{
    if (!is_dict(argv[1]) && !is_frame_locals(vm, argv[1]))
        return throw(vm, TypeError, "update() argument must be dict or another FrameLocalsProxy");
    return store_all(vm, frame_of(argv[0]), argv[1]) ? NONE : FAIL;
}

static const Native *const frame_locals_methods[] = {
    &frame_locals_keys_def,   &frame_locals_values_def,   &frame_locals_items_def,
    &frame_locals_copy_def,   &frame_locals_get_def,      &frame_locals_setdefault_def,
    &frame_locals_update_def, &frame_locals_reversed_def, NULL,
};
static const Operators frame_locals_operators = {
    .binary = OPERATOR_BIT(OR), .reflected = OPERATOR_BIT(OR), .inplace = OPERATOR_BIT(OR)};

static const TypeDef frame_locals_type = {
    .name = "FrameLocalsProxy",
    .doc = "The variables of a function's frame.",
    .size = sizeof(FrameLocals),
    .flags = TYPE_FINAL | TYPE_CONTAINER | TYPE_MAPPING,
    .new = &frame_locals_make_def,
    .refs = REFS(REF(FrameLocals, frame)),
    .repr = locals_repr,
    .compare = locals_compare,
    .len = locals_len,
    .get_item = locals_get_item,
    .set_item = locals_set_item,
    .contains = locals_contains,
    .iter = locals_iter,
    .binary = locals_binary,
    .inplace = locals_inplace,
    .operators = &frame_locals_operators,
    .methods = frame_locals_methods,
};
