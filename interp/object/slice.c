/* slice.c - slice objects, and what they mean for a sequence of a given length.
 *
 * start, stop and step are kept as given; they are looked at (through __index__) only when the
 * slice is used.
 * Neighbours: range.c, list.c, sequence.c. */
/* SPDX-License-Identifier: MIT */
#include "object/error.h"
#include "object/genericalias.h"
#include "object/int.h"
#include "object/member.h"
#include "object/native.h"
#include "object/number.h"
#include "object/range.h"
#include "object/sequence.h"

static Slice *as_slice(Value v) { return (Slice *)as_object(v); }

Ref slice_new(Vm *vm, Value start, Value stop, Value step)
{
    Slice *slice = object_new(vm, type_builtin(vm, KIND_SLICE)->shape, sizeof(Slice));
    if (!slice) return FAIL;
    slice->start = newref(start);
    slice->stop = newref(stop);
    slice->step = newref(step);
    return from_object(slice);
}

/* ---- using slices ---- */

/* One bound, clamped to what a ptrdiff_t holds. */
static bool unpack_bound(Vm *vm, Value bound, ptrdiff_t otherwise, ptrdiff_t *n)
{
    if (is_none(bound)) {
        *n = otherwise;
        return true;
    }
    if (is_int(bound)) {
        *n = as_int(bound);
        return true;
    }
    if (!sequence_is_index(vm, bound)) {
        throw(vm, TypeError, "slice indices must be integers or None or have an __index__ method");
        return false;
    }
    return int_subscript(vm, bound, n, true);
}

bool slice_unpack(Vm *vm, Value v, ptrdiff_t *start, ptrdiff_t *stop, ptrdiff_t *step)
{
    Slice *slice = as_slice(v);
    if (!unpack_bound(vm, slice->step, 1, step)) return false;
    if (*step == 0) {
        throw(vm, ValueError, "slice step cannot be zero");
        return false;
    }
    if (*step < -PTRDIFF_MAX) *step = -PTRDIFF_MAX; /* so that it can be negated */
    return unpack_bound(vm, slice->start, *step < 0 ? PTRDIFF_MAX : 0, start) &&
           unpack_bound(vm, slice->stop, *step < 0 ? PTRDIFF_MIN : PTRDIFF_MAX, stop);
}

static ptrdiff_t clamp_bound(ptrdiff_t n, ptrdiff_t low, ptrdiff_t high, ptrdiff_t len)
{
    if (n < 0) {
        n += len;
        return n < 0 ? low : n;
    }
    return n >= len ? high : n;
}

ptrdiff_t slice_clamp(ptrdiff_t len, ptrdiff_t *start, ptrdiff_t *stop, ptrdiff_t step)
{
    ptrdiff_t low = step < 0 ? -1 : 0, high = step < 0 ? len - 1 : len;
    *start = clamp_bound(*start, low, high, len);
    *stop = clamp_bound(*stop, low, high, len);
    if (step < 0) return *stop < *start ? (*start - *stop - 1) / -step + 1 : 0;
    return *start < *stop ? (*stop - *start - 1) / step + 1 : 0;
}

bool slice_resolve(Vm *vm, Value slice, const ptrdiff_t *len, ptrdiff_t *start, ptrdiff_t *step,
                   ptrdiff_t *count)
{
    ptrdiff_t stop;
    if (!slice_unpack(vm, slice, start, &stop, step)) return false;
    *count = slice_clamp(*len, start, &stop, *step);
    return true;
}

/* The int that a bound stands for; UNDEF for None. */
static Ref whole_bound(Vm *vm, Value bound)
{
    if (is_none(bound)) return UNDEF;
    if (!sequence_is_index(vm, bound))
        return throw(vm, TypeError,
                     "slice indices must be integers or None or have an __index__ method");
    return int_from_index(vm, bound);
}

/* One bound against low and high, the ends in the direction of the step; steals bound. */
static Ref whole_clamp(Vm *vm, Ref bound, Value otherwise, Value low, Value high, Value length)
{
    if (failed(bound)) return FAIL;
    if (absent(bound)) return newref(otherwise);
    if (int_sign(bound) < 0) {
        replace(&bound, int_binary(vm, OP2_ADD, bound, length));
        if (failed(bound)) return FAIL;
        if (int_compare(bound, low) < 0) replace(&bound, newref(low));
    } else if (int_compare(bound, high) > 0) {
        replace(&bound, newref(high));
    }
    return bound;
}

bool slice_indices(Vm *vm, Value v, Value length, Ref out[3])
{
    Slice *slice = as_slice(v);
    out[0] = out[1] = FAIL;
    out[2] = whole_bound(vm, slice->step);
    Ref last = UNDEF;
    if (failed(out[2])) goto fail;
    if (absent(out[2])) out[2] = from_small(1);
    int sign = int_sign(out[2]);
    if (sign == 0) {
        throw(vm, ValueError, "slice step cannot be zero");
        goto fail;
    }
    last = sign < 0 ? int_binary(vm, OP2_SUB, length, from_small(1)) : newref(length);
    if (failed(last)) goto fail;
    Value low = sign < 0 ? from_small(-1) : from_small(0);
    out[0] = whole_clamp(vm, whole_bound(vm, slice->start), sign < 0 ? (Value)last : low, low, last,
                         length);
    if (failed(out[0])) goto fail;
    out[1] = whole_clamp(vm, whole_bound(vm, slice->stop), sign < 0 ? low : (Value)last, low, last,
                         length);
    if (failed(out[1])) goto fail;
    decref(last);
    return true;
fail:
    decref(last);
    for (int i = 0; i < 3; i++) decref(out[i]);
    return false;
}

/* ---- the type ---- */

NATIVE(slice_make, "new(cls, start, stop=?, step=None, /)",
       "slice(stop), slice(start, stop, step): what a[start:stop:step] passes.")
{
    if (absent(argv[2])) return slice_new(vm, NONE, argv[1], NONE);
    return slice_new(vm, argv[1], argv[2], argv[3]);
}

static Ref as_tuple_of_bounds(Vm *vm, Value self)
{
    Slice *slice = as_slice(self);
    return tuple_pack(vm, 3, (Value)slice->start, (Value)slice->stop, (Value)slice->step);
}

static Ref slice_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if (!is_slice(b)) return NOT_IMPLEMENTED;
    Ref left = as_tuple_of_bounds(vm, a), right = FAIL, out = FAIL;
    if (!failed(left)) right = as_tuple_of_bounds(vm, b);
    if (!failed(right)) out = sequence_compare(vm, left, right, op);
    decref(left);
    decref(right);
    return out;
}

static bool slice_hash(Vm *vm, Value self, int64_t *hash)
{
    Ref bounds = as_tuple_of_bounds(vm, self);
    if (failed(bounds)) return false;
    bool ok = value_hash(vm, bounds, hash);
    decref(bounds);
    return ok;
}

static Ref slice_repr(Vm *vm, Value self)
{
    Slice *slice = as_slice(self);
    return format_text(vm, "slice(%R, %R, %R)", (Value)slice->start, (Value)slice->stop,
                       (Value)slice->step);
}

NATIVE(slice_indices_method, "indices(self, length, /)",
       "Return (start, stop, step) for a sequence of length items, clamped and without None.")
{
    if (!sequence_is_index(vm, argv[1]))
        return throw(vm, TypeError, "'%T' object cannot be interpreted as an integer", argv[1]);
    Ref length = whole_bound(vm, argv[1]), part[3], out = FAIL;
    if (failed(length)) return FAIL;
    if (int_sign(length) < 0) throw(vm, ValueError, "length should not be negative");
    else if (slice_indices(vm, argv[0], length, part)) out = tuple_from_refs(vm, 3, part);
    decref(length);
    return out;
}

static Ref slice_get_start(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_slice(self)->start);
}
static Ref slice_get_stop(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_slice(self)->stop);
}
static Ref slice_get_step(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_slice(self)->step);
}

static const Attribute slice_attributes[] = {
    {"start", slice_get_start, member_read_only, "The first bound, or None."},
    {"stop", slice_get_stop, member_read_only, "The second bound, or None."},
    {"step", slice_get_step, member_read_only, "The step, or None."},
    {0},
};
NATIVE(slice_reduce, "__reduce__(self, /)",
       "Return the class and start, stop and step, for pickling.")
{
    const Slice *slice = as_slice(argv[0]);
    Ref args = tuple_pack(vm, 3, (Value)slice->start, (Value)slice->stop, (Value)slice->step);
    Ref out = failed(args) ? FAIL : tuple_pack(vm, 2, borrow(type_of(vm, argv[0])), (Value)args);
    decref(args);
    return out;
}

static const Native *const slice_methods[] = {&slice_indices_method_def, &class_getitem_def,
                                              &slice_reduce_def, NULL};

const TypeDef slice_type = {
    .name = "slice",
    .doc = "What a[start:stop:step] passes to __getitem__.",
    .size = sizeof(Slice),
    .flags = TYPE_CONTAINER | TYPE_FINAL,
    .refs = REFS(REF(Slice, start), REF(Slice, stop), REF(Slice, step)),
    .new = &slice_make_def,
    .repr = slice_repr,
    .hash = slice_hash,
    .compare = slice_compare,
    .methods = slice_methods,
    .attributes = slice_attributes,
};
