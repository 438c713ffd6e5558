/* memoryview.c - a window on another object's bytes, seen as an array of items.
 *
 * Items of the first dimension may lie apart; each is one item or a block of them in C order, which
 * is all that cast() and slices can make.  A view of a view asks the underlying object for a buffer
 * of its own, so that each can be released by itself.  After release every operation but repr, ==
 * and release raises.  Neighbours: buffer.c, bytearray.c */
/* SPDX-License-Identifier: MIT */
#include "object/memoryview.h"

#include <limits.h>

#include "base/half.h"
#include "memory/gc.h"
#include "object/bytesmethod.h"
#include "object/call.h"
#include "object/error.h"
#include "object/float.h"
#include "object/function.h"
#include "object/genericalias.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/name.h"
#include "object/number.h"
#include "object/range.h"
#include "object/sequence.h"
#include "object/shape.h"
#include "object/str.h"
#include "object/tuple.h"

/* --- items ----------------------------------------------------------------------------------- */

typedef struct ItemFormat {
    uint8_t size; /* bytes; 0: there is no such format */
    char kind;    /* i u f ? c */
} ItemFormat;

static const ItemFormat item_formats[128] = {
    /* by letter */
    ['B'] = {1, 'u'}, ['b'] = {1, 'i'}, ['c'] = {1, 'c'}, ['?'] = {1, '?'}, ['h'] = {2, 'i'},
    ['H'] = {2, 'u'}, ['i'] = {4, 'i'}, ['I'] = {4, 'u'}, ['l'] = {8, 'i'}, ['L'] = {8, 'u'},
    ['q'] = {8, 'i'}, ['Q'] = {8, 'u'}, ['n'] = {8, 'i'}, ['N'] = {8, 'u'}, ['P'] = {8, 'u'},
    ['f'] = {4, 'f'}, ['d'] = {8, 'f'}, ['e'] = {2, 'f'},
};

static const ItemFormat *item_format(const char *format)
{
    if (*format == '@') format++;
    if (!*format || format[1] || *format & 0x80) return NULL;
    const ItemFormat *found = &item_formats[(int)*format];
    return found->size ? found : NULL;
}

static Ref float_load(const ItemFormat *format, const char *at)
{
    double number;
    float narrow;
    uint16_t half;
    switch (format->size) {
    case 2: memcpy(&half, at, 2); return from_any_float(half_value(half));
    case 4: memcpy(&narrow, at, 4); return from_any_float((double)narrow);
    default: memcpy(&number, at, 8); return from_any_float(number);
    }
}

/* Reading so many bytes by a loop of the processor's would take longer than all the rest. */
static inline uint64_t bits_at(const char *at, int size)
{
    uint16_t two;
    uint32_t four;
    uint64_t eight;
    switch (size) {
    case 1: return (uint8_t)*at;
    case 2: memcpy(&two, at, 2); return two;
    case 4: memcpy(&four, at, 4); return four;
    default: memcpy(&eight, at, 8); return eight;
    }
}

static inline Ref load_as(Vm *vm, const ItemFormat *format, const char *at)
{
    if (format->size == 1 && format->kind == 'u') return from_small((uint8_t)*at);
    uint64_t bits = bits_at(at, format->size);
    int unused = 64 - 8 * format->size;
    switch (format->kind) {
    case 'u': return from_uint64(vm, bits);
    case 'i': return from_int64(vm, (int64_t)(bits << unused) >> unused);
    case '?': return from_bool(bits != 0);
    case 'c': return bytes_from(vm, at, 1);
    default: return float_load(format, at);
    }
}

static Ref not_supported(Vm *vm, const MemoryView *view)
{
    return throw(vm, NotImplementedError, "memoryview: format %s not supported", view->format);
}

static Ref item_load(Vm *vm, const MemoryView *view, const char *at)
{
    const ItemFormat *format = item_format(view->format);
    return format ? load_as(vm, format, at) : not_supported(vm, view);
}

/* An integer as bits of the given size; false: raised (ValueError says "invalid value"). */
static bool integer_bits(Vm *vm, const MemoryView *view, const ItemFormat *format, Value v,
                         uint64_t *bits)
{
    if (!sequence_is_index(vm, v)) {
        throw(vm, TypeError, "memoryview: invalid type for format '%s'", view->format);
        return false;
    }
    int64_t n = 0;
    int64_t high = format->size == 8
                       ? INT64_MAX
                       : (INT64_C(1) << (8 * format->size - (format->kind == 'i'))) - 1;
    int64_t low = format->kind == 'u' ? 0 : format->size == 8 ? INT64_MIN : -high - 1;
    IntView large;
    if (is_kind(v, KIND_INT) && format->kind == 'u' && format->size == 8 && int_sign(v) > 0 &&
        mpz_size(int_view(&large, v)) == 1) {
        *bits = mpz_get_ui(int_view(&large, v));
        return true;
    }
    if (int_index(vm, v, &n) && n >= low && n <= high) {
        *bits = (uint64_t)n;
        return true;
    }
    if (!absent(vm->error)) {
        if (!error_is(vm, OverflowError)) return false;
        error_clear(vm);
    }
    throw(vm, ValueError, "memoryview: invalid value for format '%s'", view->format);
    return false;
}

static bool item_store(Vm *vm, const MemoryView *view, char *at, Value v)
{
    const ItemFormat *format = item_format(view->format);
    uint64_t bits = 0;
    if (!format) {
        throw(vm, NotImplementedError, "memoryview: format %s not supported", view->format);
        return false;
    }
    if (format->kind == 'i' || format->kind == 'u') {
        if (!integer_bits(vm, view, format, v, &bits)) return false;
    } else if (format->kind == '?') {
        Truth known = value_truth(vm, v);
        if (known == FAILED) return false;
        bits = known == YES;
    } else if (format->kind == 'c') {
        if (!is_bytes(v) || as_bytes(v)->len != 1) {
            throw(vm, is_bytes(v) ? ValueError : TypeError,
                  "memoryview: invalid %s for format '%s'", is_bytes(v) ? "value" : "type",
                  view->format);
            return false;
        }
        bits = (uint8_t)*as_bytes(v)->data;
    } else {
        double number;
        if (!float_from(vm, v, &number)) {
            if (!error_is(vm, TypeError)) return false;
            error_clear(vm);
            throw(vm, TypeError, "memoryview: invalid type for format '%s'", view->format);
            return false;
        }
        float narrow = (float)number;
        uint16_t half = 0;
        if (format->size == 2 && !half_bits(number, &half)) {
            throw(vm, OverflowError, "float too large to pack with e format");
            return false;
        }
        bits = half;
        if (format->size != 2)
            memcpy(&bits, format->size == 8 ? (void *)&number : (void *)&narrow, format->size);
    }
    if (view->released) {
        throw(vm, ValueError, "operation forbidden on released memoryview object");
        return false;
    }
    memcpy(at, &bits, format->size);
    return true;
}

/* --- making ---------------------------------------------------------------------------------- */

static bool lend_fully(Vm *vm, Value object, Buffer *buffer, bool writable);

static bool is_alive(Vm *vm, Value v)
{
    if (!as_memoryview(v)->released) return true;
    throw(vm, ValueError, "operation forbidden on released memoryview object");
    return false;
}

/* A view of all of object, whose buffer `get` gets. */
static MemoryView *view_got(Vm *vm, Value object, bool (*get)(Vm *, Value, Buffer *, bool),
                            bool writable)
{
    MemoryView *view = type_instance(vm, type_builtin(vm, KIND_MEMORYVIEW));
    if (!view) return NULL;
    view->buffer = (Buffer){.format = "B", .item_size = 1, .owner = UNDEF};
    if (!get(vm, object, &view->buffer, writable)) {
        view->buffer.owner = UNDEF;
        decref_object(view);
        return NULL;
    }
    const Buffer *buffer = &view->buffer;
    bool lent = is_memoryview(buffer->owner) && !absent(as_memoryview(buffer->owner)->lender);
    view->object = newref(lent ? (Value)buffer->owner : object);
    view->start = buffer->data;
    view->item_size = buffer->item_size > 0 ? buffer->item_size : 1;
    view->count = buffer->len / view->item_size;
    view->step = view->row_size = view->item_size;
    view->dimensions = 1;
    view->readonly = buffer->readonly;
    strncpy(view->format, buffer->format ? buffer->format : "B", sizeof view->format - 1);
    return view;
}

/* A view of all of object, which is no memoryview. */
static MemoryView *view_object(Vm *vm, Value object)
{
    bool (*get)(Vm *, Value, Buffer *, bool) = type_of(vm, object)->slots.buffer;
    if (get) return view_got(vm, object, get == memoryview_lend ? lend_fully : get, false);
    throw(vm, TypeError, "memoryview: a bytes-like object is required, not '%T'", object);
    return NULL;
}

/* A new view of the same items. */
static MemoryView *view_again(Vm *vm, const MemoryView *from)
{
    MemoryView *view = view_object(vm, from->object);
    if (!view) return NULL;
    view->start = from->start;
    view->count = from->count;
    view->step = from->step;
    view->item_size = from->item_size;
    view->row_size = from->row_size;
    view->dimensions = from->dimensions;
    view->inner = newref(from->inner);
    view->readonly = from->readonly;
    memcpy(view->format, from->format, sizeof view->format);
    return view;
}

Ref memoryview_of(Vm *vm, Value object)
{
    MemoryView *view;
    if (is_memoryview(object))
        view = is_alive(vm, object) ? view_again(vm, as_memoryview(object)) : NULL;
    else view = view_object(vm, object);
    return view ? from_object(view) : FAIL;
}

static bool is_contiguous(const MemoryView *view)
{
    return view->step == view->row_size || view->count <= 1;
}

static ptrdiff_t size_bytes(const MemoryView *view) { return view->count * view->row_size; }

/* How many indices dimension `at` has. */
static ptrdiff_t dimension(const MemoryView *view, int at)
{
    return at ? (ptrdiff_t)as_int(tuple_at(view->inner, at - 1)) : view->count;
}

/* Bytes from one index of dimension `at` to the next. */
static ptrdiff_t stride(const MemoryView *view, int at)
{
    if (at == 0) return view->step;
    ptrdiff_t bytes = view->item_size;
    for (int i = view->dimensions - 1; i > at; i--) bytes *= dimension(view, i);
    return bytes;
}

/* The items one after the other in memory: bytes, owned. */
static Ref packed(Vm *vm, const MemoryView *view)
{
    if (is_contiguous(view)) return bytes_from(vm, view->start, size_bytes(view));
    Ref out = bytes_from(vm, NULL, size_bytes(view));
    if (failed(out)) return FAIL;
    for (ptrdiff_t i = 0; i < view->count; i++)
        memcpy(as_bytes(out)->data + i * view->row_size, view->start + i * view->step,
               (size_t)view->row_size);
    return out;
}

static void drop_buffer(MemoryView *view)
{
    Buffer *buffer = &view->buffer;
    if (absent(buffer->owner)) return;
    const Type *type = ((Object *)as_object(buffer->owner))->shape->type;
    if (type->slots.release_buffer) type->slots.release_buffer(buffer->owner, buffer);
    clear(&buffer->owner);
}

static void memoryview_clear(Object *self) { drop_buffer((MemoryView *)(void *)self); }
static void memoryview_visit(Object *self, Visit *visit, void *context)
{
    Ref *owner = &((MemoryView *)(void *)self)->buffer.owner;
    if (is_heap(*owner)) visit(owner, context);
}

/* --- slots ----------------------------------------------------------------------------------- */

static Ref memoryview_repr(Vm *vm, Value self)
{
    return str_format(vm,
                      as_memoryview(self)->released ? "<released memory at %p>" : "<memory at %p>",
                      (void *)as_object(self));
}

static ptrdiff_t memoryview_len(Vm *vm, Value self)
{
    if (!is_alive(vm, self)) return -1;
    if (as_memoryview(self)->dimensions) return as_memoryview(self)->count;
    throw(vm, TypeError, "0-dim memory has no length");
    return -1;
}

static bool memoryview_hash(Vm *vm, Value self, int64_t *hash)
{
    MemoryView *view = as_memoryview(self);
    if (!view->hash) {
        if (!is_alive(vm, self)) return false;
        if (!view->readonly) {
            throw(vm, ValueError, "cannot hash writable memoryview object");
            return false;
        }
        const ItemFormat *format = item_format(view->format);
        if (!format || format->size != 1 || format->kind == '?') {
            throw(vm, ValueError, "memoryview: hashing is restricted to formats 'B', 'b' or 'c'");
            return false;
        }
        Ref bytes = packed(vm, view);
        bool ok = !failed(bytes) && value_hash(vm, bytes, &view->hash);
        decref(bytes);
        if (!ok) return false;
    }
    *hash = view->hash;
    return true;
}

static Truth same_items(Vm *vm, const MemoryView *a, const MemoryView *b)
{
    const ItemFormat *left = item_format(a->format), *right = item_format(b->format);
    if (a->dimensions != b->dimensions || !left || !right) return NO;
    for (int i = 0; i < a->dimensions; i++)
        if (dimension(a, i) != dimension(b, i)) return NO;
    bool by_bytes = left == right && left->kind != 'f';
    if (by_bytes && is_contiguous(a) && is_contiguous(b))
        return !size_bytes(a) || !memcmp(a->start, b->start, (size_t)size_bytes(a)) ? YES : NO;
    ptrdiff_t in_row = a->row_size / a->item_size;
    for (ptrdiff_t i = 0; i < a->count * in_row; i++) {
        const char *p = a->start + i / in_row * a->step + i % in_row * a->item_size;
        const char *q = b->start + i / in_row * b->step + i % in_row * b->item_size;
        if (by_bytes) {
            if (memcmp(p, q, left->size)) return NO;
            continue;
        }
        Ref x = item_load(vm, a, p), y = item_load(vm, b, q);
        Truth same = failed(x) || failed(y) ? FAILED : value_test(vm, x, y, CMP_EQUAL);
        decref(x);
        decref(y);
        if (same != YES) return same;
    }
    return YES;
}

static Ref memoryview_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if (op != CMP_EQUAL && op != CMP_NOT_EQUAL) return NOT_IMPLEMENTED;
    Truth same;
    if (as_memoryview(a)->released || (is_memoryview(b) && as_memoryview(b)->released)) {
        same = a == b ? YES : NO;
    } else {
        if (!type_of(vm, b)->slots.buffer) return NOT_IMPLEMENTED;
        Ref other = memoryview_of(vm, b);
        if (failed(other) && error_is(vm, MemoryError)) return FAIL;
        if (failed(other)) {
            error_clear(vm);
            return NOT_IMPLEMENTED;
        }
        same = same_items(vm, as_memoryview(a), as_memoryview(other));
        decref(other);
        if (same == FAILED) return FAIL;
    }
    return from_bool((same == YES) == (op == CMP_EQUAL));
}

/* at moved on to index `key` of dimension `n`; NULL: raised. */
static char *step_to(Vm *vm, const MemoryView *view, char *at, int n, Value key)
{
    ptrdiff_t i;
    if (!int_subscript(vm, key, &i, false)) return NULL;
    if (i < 0) i += dimension(view, n);
    if (i >= 0 && i < dimension(view, n)) return at + i * stride(view, n);
    throw(vm, IndexError, "index out of bounds on dimension %d", n + 1);
    return NULL;
}

/* Is key a tuple of nothing but indices, or of slices? */
static bool all_indices(Vm *vm, Value key)
{
    bool all = is_tuple(key);
    for (ptrdiff_t i = 0; all && i < tuple_len(key); i++)
        all = sequence_is_index(vm, tuple_at(key, i));
    return all;
}
static bool all_slices(Value key)
{
    bool all = is_tuple(key) && tuple_len(key) > 0;
    for (ptrdiff_t i = 0; all && i < tuple_len(key); i++) all = is_slice(tuple_at(key, i));
    return all;
}

/* The item that an index or a tuple of indices points at; NULL: raised. */
static char *item_at(Vm *vm, const MemoryView *view, Value key, const char *sub_view)
{
    if (view->dimensions == 0) {
        if (key == ELLIPSIS || (is_tuple(key) && tuple_len(key) == 0)) return view->start;
        throw(vm, TypeError, "invalid indexing of 0-dim memory");
    } else if (sequence_is_index(vm, key)) {
        if (view->dimensions == 1) return step_to(vm, view, view->start, 0, key);
        throw(vm, NotImplementedError, "%s", sub_view);
    } else if (!all_indices(vm, key)) {
        throw(vm, TypeError, "memoryview: invalid slice key");
    } else if (tuple_len(key) < view->dimensions) {
        throw(vm, NotImplementedError, "sub-views are not implemented");
    } else if (tuple_len(key) > view->dimensions) {
        throw(vm, TypeError, "cannot index %d-dimension view with %zd-element tuple",
              view->dimensions, tuple_len(key));
    } else {
        char *at = view->start;
        for (int n = 0; at && n < view->dimensions; n++)
            at = step_to(vm, view, at, n, tuple_at(key, n));
        return at;
    }
    return NULL;
}

static Ref memoryview_get_item(Vm *vm, Value self, Value key)
{
    MemoryView *view = as_memoryview(self);
    if (!is_alive(vm, self)) return FAIL;
    if (all_slices(key) && view->dimensions)
        return throw(vm, NotImplementedError, "multi-dimensional slicing is not implemented");
    if (view->dimensions == 0 && key == ELLIPSIS) return newref(self);
    if (!is_slice(key) || view->dimensions == 0) {
        const char *at = item_at(vm, view, key, "multi-dimensional sub-views are not implemented");
        return at && is_alive(vm, self) ? item_load(vm, view, at) : FAIL; /* __index__ ran */
    }
    ptrdiff_t start, step, count;
    if (!slice_resolve(vm, key, &view->count, &start, &step, &count) || !is_alive(vm, self))
        return FAIL;
    MemoryView *part = view_again(vm, view);
    if (!part) return FAIL;
    part->start += start * view->step;
    part->step = step * view->step;
    part->count = count;
    return from_object(part);
}

static bool assign_slice(Vm *vm, Value self, Value key, Value value)
{
    MemoryView *view = as_memoryview(self);
    ptrdiff_t start, step, count;
    if (!type_of(vm, value)->slots.buffer) {
        throw(vm, TypeError, "a bytes-like object is required, not '%T'", value);
        return false;
    }
    Ref source = memoryview_of(vm, value);
    if (failed(source)) return false;
    Ref bytes = packed(vm, as_memoryview(source)); /* a copy: source may overlap */
    bool ok = !failed(bytes) && slice_resolve(vm, key, &view->count, &start, &step, &count) &&
              is_alive(vm, self);
    if (ok && (as_memoryview(source)->dimensions != 1 || as_memoryview(source)->count != count ||
               item_format(as_memoryview(source)->format) != item_format(view->format))) {
        throw(vm, ValueError, "memoryview assignment: lvalue and rvalue have different structures");
        ok = false;
    }
    for (ptrdiff_t i = 0; ok && i < count; i++)
        memcpy(view->start + (start + i * step) * view->step,
               as_bytes(bytes)->data + i * view->item_size, (size_t)view->item_size);
    decref(bytes);
    decref(source);
    return ok;
}

static bool memoryview_set_item(Vm *vm, Value self, Value key, Value value)
{
    MemoryView *view = as_memoryview(self);
    if (!is_alive(vm, self)) return false;
    if (view->readonly) {
        throw(vm, TypeError, "cannot modify read-only memory");
        return false;
    }
    if (absent(value)) {
        throw(vm, TypeError, "cannot delete memory");
        return false;
    }
    if (is_slice(key) && view->dimensions == 1) return assign_slice(vm, self, key, value);
    if (view->dimensions && (is_slice(key) || all_slices(key))) {
        throw(vm, NotImplementedError,
              "memoryview slice assignments are currently restricted to ndim = 1");
        return false;
    }
    char *at = item_at(vm, view, key, "sub-views are not implemented");
    return at && is_alive(vm, self) && item_store(vm, view, at, value);
}

/* The items of dimension n and those after it, from at on, as lists in a list, owned. */
static Ref to_list(Vm *vm, const MemoryView *view, int n, const char *at)
{
    if (n == view->dimensions) return item_load(vm, view, at);
    ptrdiff_t count = dimension(view, n), step = stride(view, n);
    const ItemFormat *format = n + 1 == view->dimensions ? item_format(view->format) : NULL;
    Ref out = list_new(vm, count);
    for (ptrdiff_t i = 0; !failed(out) && i < count; i++) {
        Ref item =
            format ? load_as(vm, format, at + i * step) : to_list(vm, view, n + 1, at + i * step);
        if (!failed(item) && list_push(vm, as_list(out), item)) continue;
        decref(out);
        out = FAIL;
    }
    return out;
}

static Ref memoryview_iter(Vm *vm, Value self)
{
    const MemoryView *view = as_memoryview(self);
    if (!is_alive(vm, self)) return FAIL;
    if (view->dimensions == 0) return throw(vm, TypeError, "invalid indexing of 0-dim memory");
    if (view->dimensions > 1)
        return throw(vm, NotImplementedError, "multi-dimensional sub-views are not implemented");
    Ref items = to_list(vm, view, 0, view->start);
    if (failed(items)) return FAIL;
    Ref out = iter_of(vm, items);
    decref(items);
    return out;
}

static bool memoryview_buffer(Vm *vm, Value self, Buffer *buffer, bool writable)
{
    MemoryView *view = as_memoryview(self);
    if (!is_alive(vm, self)) return false;
    if (writable && (view->readonly || !is_contiguous(view))) {
        throw(vm, BufferError, "memoryview: underlying buffer is not %s",
              view->readonly ? "writable" : "C-contiguous");
        return false;
    }
    *buffer =
        (Buffer){.readonly = view->readonly, .format = view->format, .item_size = view->item_size};
    if (!is_contiguous(view)) { /* lend a copy that nobody may change */
        buffer->owner = packed(vm, view);
        buffer->readonly = true;
        if (failed(buffer->owner)) return false;
        buffer->data = as_bytes(buffer->owner)->data;
    } else {
        buffer->owner = newref(self);
        buffer->data = view->start;
        view->exports++;
    }
    buffer->len = size_bytes(view);
    return true;
}

/* The last buffer that a script's object lent comes back: it is told at the next safe point. */
static void end_loan(MemoryView *view)
{
    drop_buffer(view);
    view->released = true;
    Interp *interp = object_interp(&view->head.head);
    if (is_kind(view->lender, KIND_METHOD) && !interp->finalizing_done)
        weakref_callback_later(interp, take(&view->lender), newref(view->object));
    clear(&view->lender);
}

static void memoryview_release_buffer(Value self, Buffer *buffer __attribute__((unused)))
{
    MemoryView *view = as_memoryview(self);
    if (--view->exports == 0 && !absent(view->lender)) end_loan(view);
}

/* --- buffers that scripts make --------------------------------------------------------------- */

/* Flags of a request, as in inspect.BufferFlags. */
enum { BUFFER_SIMPLE = 0, BUFFER_WRITABLE = 1, BUFFER_FULL_RO = 284 };

/* object.__buffer__(flags), lent through a view of what it gives that remembers whose it is. */
static bool lend(Vm *vm, Value object, int flags, Buffer *buffer)
{
    Value request = from_small(flags);
    Ref given = call_special(vm, object, N(__buffer__), 1, &request);
    MemoryView *view = NULL;
    if (absent(given))
        given = throw(vm, TypeError, "a bytes-like object is required, not '%T'", object);
    else if (!failed(given) && !is_memoryview(given))
        throw(vm, TypeError, "__buffer__ returned non-memoryview object");
    else if (!failed(given))
        view = view_got(vm, given, memoryview_buffer, flags == BUFFER_WRITABLE);
    decref(given);
    if (!view) return false;
    Value release = type_lookup(vm, type_of(vm, object), N(__release_buffer__));
    Ref lender = is_function(release) ? method_new(vm, release, object) : newref(object);
    view->lender = failed(lender) ? UNDEF : lender;
    bool good = !failed(lender) &&
                memoryview_buffer(vm, from_object(view), buffer, flags == BUFFER_WRITABLE);
    decref_object(view);
    return good;
}

static bool lend_fully(Vm *vm, Value object, Buffer *buffer, bool writable __attribute__((unused)))
{
    return lend(vm, object, BUFFER_FULL_RO, buffer);
}

bool memoryview_lend(Vm *vm, Value object, Buffer *buffer, bool writable)
{
    return lend(vm, object, writable ? BUFFER_WRITABLE : BUFFER_SIMPLE, buffer);
}

Ref memoryview_from(Vm *vm, Value object, bool (*get)(Vm *, Value, Buffer *, bool), Value flags)
{
    int64_t request;
    if (!int_index(vm, flags, &request)) return FAIL;
    bool writable = request & BUFFER_WRITABLE;
    if (is_memoryview(object) && !(writable && as_memoryview(object)->readonly))
        return memoryview_of(vm, object);
    MemoryView *view = view_got(vm, object, get, writable);
    if (view && writable && view->readonly) {
        throw(vm, BufferError, "Object is not writable.");
        decref_object(view);
        return FAIL;
    }
    return view ? from_object(view) : FAIL;
}

/* --- methods --------------------------------------------------------------------------------- */

NATIVE(memoryview_make, "new(cls, object)", "Return a view of a bytes-like object.")
{
    return memoryview_of(vm, argv[1]);
}

/* The items with the first index moving fastest: bytes, owned. */
static Ref packed_fortran(Vm *vm, const MemoryView *view)
{
    Ref out = bytes_from(vm, NULL, size_bytes(view));
    ptrdiff_t items = size_bytes(view) / view->item_size;
    for (ptrdiff_t i = 0; !failed(out) && i < items; i++) {
        const char *at = view->start;
        ptrdiff_t left = i;
        for (int n = 0; n < view->dimensions; n++) {
            at += left % dimension(view, n) * stride(view, n);
            left /= dimension(view, n);
        }
        memcpy(as_bytes(out)->data + i * view->item_size, at, (size_t)view->item_size);
    }
    return out;
}

NATIVE(
    memoryview_tobytes, "tobytes(self, /, order='C')",
    "Return the items as bytes: order 'C' with the last index moving fastest, 'F' with the first "
    "one,\n'A' as they lie, C when in neither order.")
{
    if (!is_alive(vm, argv[0])) return FAIL;
    bool fortran = false;
    if (argv[1] != NONE) {
        if (!is_str(argv[1]))
            return throw(vm, TypeError, "tobytes() argument 'order' must be str or None, not %A",
                         argv[1]);
        fortran = str_is(argv[1], "F");
        if (!fortran && !str_is(argv[1], "C") && !str_is(argv[1], "A"))
            return throw(vm, ValueError, "order must be 'C', 'F' or 'A'");
    }
    const MemoryView *view = as_memoryview(argv[0]);
    return fortran ? packed_fortran(vm, view) : packed(vm, view);
}

NATIVE(memoryview_tolist, "tolist(self, /)", "Return the items as a list.")
{
    const MemoryView *view = as_memoryview(argv[0]);
    return is_alive(vm, argv[0]) ? to_list(vm, view, 0, view->start) : FAIL;
}

NATIVE(memoryview_hex, "hex(self, /, sep=?, bytes_per_sep=1)",
       "Return the bytes as hexadecimal digits; see bytes.hex.")
{
    if (!is_alive(vm, argv[0])) return FAIL;
    Ref bytes = packed(vm, as_memoryview(argv[0]));
    if (failed(bytes)) return FAIL;
    Ref out = bytes_to_hex(vm, span_of(bytes), argv[1], argv[2]);
    decref(bytes);
    return out;
}

NATIVE(memoryview_release, "release(self, /)",
       "Give the underlying buffer back; the view cannot be used afterwards.")
{
    MemoryView *view = as_memoryview(argv[0]);
    if (view->released) return NONE;
    if (view->exports)
        return throw(vm, BufferError, "memoryview has %zd exported buffer%s", view->exports,
                     view->exports == 1 ? "" : "s");
    view->released = true;
    drop_buffer(view);
    clear(&view->object);
    return NONE;
}

/* A script that lent its buffer is told before the collector takes what telling needs. */
static bool memoryview_needs_finalizer(Object *self)
{
    const MemoryView *view = (MemoryView *)(void *)self;
    Value owner = view->buffer.owner;
    return is_memoryview(owner) && is_kind(as_memoryview(owner)->lender, KIND_METHOD);
}

static void memoryview_finalize(Vm *vm, Object *self)
{
    Value view = from_object(self);
    if (failed(memoryview_release(vm, &view))) error_clear(vm); /* somebody else has a part of it */
}

Ref memoryview_give_back(Vm *vm, Value view)
{
    if (is_memoryview(view)) return memoryview_release(vm, &view);
    return throw(vm, TypeError, "expected a memoryview object");
}

NATIVE(memoryview_enter, "__enter__(self, /)", "Return self.")
{
    return is_alive(vm, argv[0]) ? newref(argv[0]) : FAIL;
}

NATIVE(memoryview_exit, "__exit__(self, /, *args=?)", "Release the view.")
{
    return memoryview_release(vm, argv);
}

NATIVE(memoryview_toreadonly, "toreadonly(self, /)", "Return a read-only view of the same items.")
{
    Ref out = memoryview_of(vm, argv[0]);
    if (!failed(out)) as_memoryview(out)->readonly = true;
    return out;
}

static bool is_byte_format(const char *format)
{
    const ItemFormat *found = item_format(format);
    return found && found->size == 1 && found->kind != '?';
}

/* The dimensions of a cast; false: raised. */
static bool take_shape(Vm *vm, MemoryView *cast, Value shape)
{
    ptrdiff_t dimensions, bytes = size_bytes(cast), product = cast->item_size;
    Ref *items = sequence_items(shape, &dimensions);
    if (dimensions > 64) {
        throw(vm, ValueError, "memoryview: number of dimensions must not exceed 64");
        return false;
    }
    for (ptrdiff_t i = 0; i < dimensions; i++) {
        if (!is_any_int(items[i])) {
            throw(vm, TypeError, "memoryview.cast(): elements of shape must be integers");
            return false;
        }
        if (!is_int(items[i]) || as_int(items[i]) <= 0) {
            throw(vm, ValueError, "memoryview.cast(): elements of shape must be integers > 0");
            return false;
        }
        if (__builtin_mul_overflow(product, (ptrdiff_t)as_int(items[i]), &product)) product = -1;
        if (product < 0 || product > bytes) product = bytes + 1; /* too much already */
    }
    if (product != bytes) {
        throw(vm, TypeError, "memoryview: product(shape) * itemsize != buffer size");
        return false;
    }
    cast->dimensions = (int)dimensions;
    cast->count = dimensions ? (ptrdiff_t)as_int(items[0]) : 1;
    cast->step = cast->row_size = bytes / cast->count;
    if (dimensions < 2) return true;
    Ref inner = tuple_from_values(vm, dimensions - 1, as_values(items + 1));
    if (failed(inner)) return false;
    replace(&cast->inner, inner);
    return true;
}

NATIVE(memoryview_cast, "cast(self, /, format, shape=?)",
       "Return a view of the same memory whose items are of another format, or in a shape: a list\n"
       "or tuple of the lengths of its dimensions.  One of the two formats must be a byte format,\n"
       "one of the two views have one dimension.")
{
    const MemoryView *view = as_memoryview(argv[0]);
    if (!is_alive(vm, argv[0])) return FAIL;
    if (!is_str(argv[1]))
        return throw(vm, TypeError, "cast() argument 'format' must be str, not %A", argv[1]);
    if (!is_contiguous(view))
        return throw(vm, TypeError, "memoryview: casts are restricted to C-contiguous views");
    const Str *text = as_str(argv[1]);
    const ItemFormat *format = text->ascii && text->len < 3 ? item_format(text->data) : NULL;
    if (!format)
        return throw(vm, ValueError,
                     "memoryview: destination format must be a native single character format "
                     "prefixed with an optional '@'");
    if (!is_byte_format(view->format) && !is_byte_format(text->data))
        return throw(vm, TypeError, "memoryview: cannot cast between two non-byte formats");
    ptrdiff_t bytes = size_bytes(view);
    if (bytes % format->size)
        return throw(vm, TypeError, "memoryview: length is not a multiple of itemsize");
    if (!absent(argv[2])) {
        if (!is_sequence(argv[2])) return throw(vm, TypeError, "shape must be a list or a tuple");
        ptrdiff_t dimensions;
        sequence_items(argv[2], &dimensions);
        if (view->dimensions != 1 && dimensions != 1)
            return throw(vm, TypeError, "memoryview: cast must be 1D -> ND or ND -> 1D");
    }
    Ref out = memoryview_of(vm, argv[0]);
    if (failed(out)) return FAIL;
    MemoryView *cast = as_memoryview(out);
    memcpy(cast->format, text->data, (size_t)text->len + 1);
    cast->item_size = cast->step = cast->row_size = format->size;
    cast->count = bytes / format->size;
    cast->dimensions = 1;
    replace(&cast->inner, UNDEF);
    if (absent(argv[2]) || take_shape(vm, cast, argv[2])) return out;
    decref(out);
    return FAIL;
}

/* Can items be looked for?  false: the view has not one dimension. */
static bool is_flat(Vm *vm, Value self)
{
    const MemoryView *view = as_memoryview(self);
    if (!is_alive(vm, self)) return false;
    if (view->dimensions == 1) return true;
    if (view->dimensions)
        throw(vm, NotImplementedError, "multi-dimensional lookup is not implemented");
    else throw(vm, TypeError, "invalid lookup on 0-dim memory");
    return false;
}

/* Counts the items equal to value from index `from` to `to`; stops at the first when first is set.
 * -2: raised. */
static ptrdiff_t count_equal(Vm *vm, Value self, Value value, ptrdiff_t from, ptrdiff_t to,
                             bool first)
{
    const MemoryView *view = as_memoryview(self);
    ptrdiff_t count = first ? -1 : 0;
    for (ptrdiff_t i = from; i < to && i < view->count; i++) {
        if (!is_alive(vm, self)) return -2;
        Ref item = item_load(vm, view, view->start + i * view->step);
        Truth same = failed(item) ? FAILED : value_equal(vm, item, value);
        decref(item);
        if (same == FAILED) return -2;
        if (same == YES && first) return i;
        count += same == YES;
    }
    return count;
}

NATIVE(memoryview_count, "count(self, value, /)", "Return how many items equal value.")
{
    if (!is_flat(vm, argv[0])) return FAIL;
    ptrdiff_t count = count_equal(vm, argv[0], argv[1], 0, as_memoryview(argv[0])->count, false);
    return count < 0 ? FAIL : from_small(count);
}

NATIVE(memoryview_index, "index(self, value, start=0, stop=?, /)",
       "Return the index of the first item equal to value.")
{
    ptrdiff_t from, to;
    if (!is_flat(vm, argv[0])) return FAIL;
    if (!slice_bounds(vm, argv[2], argv[3], as_memoryview(argv[0])->count, &from, &to)) return FAIL;
    ptrdiff_t at = count_equal(vm, argv[0], argv[1], from, to, true);
    if (at == -1) return throw(vm, ValueError, "memoryview.index(x): x not found");
    return at < 0 ? FAIL : from_small(at);
}

/* --- attributes ------------------------------------------------------------------------------ */

static Ref get_obj(Vm *vm, Value self)
{
    return is_alive(vm, self) ? newref(as_memoryview(self)->object) : FAIL;
}
static Ref get_format(Vm *vm, Value self)
{
    return is_alive(vm, self) ? str_from(vm, as_memoryview(self)->format) : FAIL;
}
static Ref get_ndim(Vm *vm, Value self)
{
    return is_alive(vm, self) ? from_small(as_memoryview(self)->dimensions) : FAIL;
}
static Ref get_readonly(Vm *vm, Value self)
{
    return is_alive(vm, self) ? from_bool(as_memoryview(self)->readonly) : FAIL;
}
static Ref get_itemsize(Vm *vm, Value self)
{
    return is_alive(vm, self) ? from_small(as_memoryview(self)->item_size) : FAIL;
}
static Ref get_suboffsets(Vm *vm, Value self)
{
    return is_alive(vm, self) ? tuple_new(vm, 0) : FAIL;
}

static Ref get_nbytes(Vm *vm, Value self)
{
    return is_alive(vm, self) ? from_small(size_bytes(as_memoryview(self))) : FAIL;
}

/* What of() says of each dimension. */
static Ref dimension_tuple(Vm *vm, Value self, ptrdiff_t (*of)(const MemoryView *view, int at))
{
    if (!is_alive(vm, self)) return FAIL;
    const MemoryView *view = as_memoryview(self);
    Ref out = tuple_new(vm, view->dimensions);
    for (int i = 0; !failed(out) && i < view->dimensions; i++)
        as_tuple(out)->items[i] = from_small(of(view, i));
    return out;
}
static Ref get_shape(Vm *vm, Value self) { return dimension_tuple(vm, self, dimension); }
static Ref get_strides(Vm *vm, Value self) { return dimension_tuple(vm, self, stride); }

static Ref get_fortran(Vm *vm, Value self)
{
    if (!is_alive(vm, self)) return FAIL;
    const MemoryView *view = as_memoryview(self);
    ptrdiff_t bytes = view->item_size;
    for (int i = 0; i < view->dimensions; i++) {
        if (dimension(view, i) == 0) return TRUE;
        if (dimension(view, i) > 1 && stride(view, i) != bytes) return FALSE;
        bytes *= dimension(view, i);
    }
    return TRUE;
}

static Ref get_c_contiguous(Vm *vm, Value self)
{
    return is_alive(vm, self) ? from_bool(is_contiguous(as_memoryview(self))) : FAIL;
}
static Ref get_contiguous(Vm *vm, Value self)
{
    return is_alive(vm, self) && is_contiguous(as_memoryview(self)) ? TRUE : get_fortran(vm, self);
}

/* --- tables ---------------------------------------------------------------------------------- */

static const Attribute memoryview_attributes[] = {
    {"obj", get_obj, NULL, "The underlying object."},
    {"nbytes", get_nbytes, NULL, "The size of all items in bytes."},
    {"readonly", get_readonly, NULL, "Whether the memory cannot be changed through the view."},
    {"itemsize", get_itemsize, NULL, "The size of an item in bytes."},
    {"format", get_format, NULL, "The format of an item, as module struct writes it."},
    {"ndim", get_ndim, NULL, "The number of dimensions."},
    {"shape", get_shape, NULL, "A tuple of the number of items."},
    {"strides", get_strides, NULL, "A tuple of the bytes from one item to the next."},
    {"suboffsets", get_suboffsets, NULL, "An empty tuple."},
    {"contiguous", get_contiguous, NULL, "Whether the items lie one after the other."},
    {"c_contiguous", get_c_contiguous, NULL, "Whether they do, the last index moving fastest."},
    {"f_contiguous", get_fortran, NULL, "Whether they do, the first index moving fastest."},
    {NULL, NULL, NULL, NULL},
};

static const Native *const memoryview_methods[] = {
    &class_getitem_def,    &memoryview_tobytes_def,    &memoryview_tolist_def,
    &memoryview_hex_def,   &memoryview_release_def,    &memoryview_enter_def,
    &memoryview_exit_def,  &memoryview_toreadonly_def, &memoryview_cast_def,
    &memoryview_count_def, &memoryview_index_def,      NULL,
};

const TypeDef memoryview_type = {
    .name = "memoryview",
    .size = sizeof(MemoryView),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_WEAKREF | TYPE_SEQUENCE,
    .new = &memoryview_make_def,
    .doc = "A view of the memory of a bytes-like object.",
    .refs = REFS(REF(MemoryView, object), REF(MemoryView, inner), REF(MemoryView, lender)),
    .visit = memoryview_visit,
    .clear = memoryview_clear,
    .needs_finalizer = memoryview_needs_finalizer,
    .finalize = memoryview_finalize,
    .repr = memoryview_repr,
    .hash = memoryview_hash,
    .compare = memoryview_compare,
    .len = memoryview_len,
    .get_item = memoryview_get_item,
    .set_item = memoryview_set_item,
    .iter = memoryview_iter,
    .buffer = memoryview_buffer,
    .release_buffer = memoryview_release_buffer,
    .methods = memoryview_methods,
    .attributes = memoryview_attributes,
};
