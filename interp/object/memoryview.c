/* memoryview.c - a window on another object's bytes, seen as an array of items.
 *
 * One dimension.  A view of a view asks the underlying object for a buffer of its own, so that each
 * can be released by itself.  After release every operation but repr, == and release raises.
 * Neighbours: buffer.c, bytearray.c. */
/* SPDX-License-Identifier: MIT */
#include "object/memoryview.h"

#include <limits.h>

#include "object/bytesmethod.h"
#include "object/error.h"
#include "object/float.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/number.h"
#include "object/range.h"
#include "object/sequence.h"
#include "object/shape.h"
#include "object/str.h"
#include "object/tuple.h"

/* --- items ----------------------------------------------------------------------------------- */

typedef struct ItemFormat {
    char letter;
    uint8_t size;
    char kind;
} ItemFormat; /* kind: i u f ? c */

static const ItemFormat item_formats[] = {
    {'B', 1, 'u'}, {'b', 1, 'i'}, {'c', 1, 'c'}, {'?', 1, '?'}, {'h', 2, 'i'}, {'H', 2, 'u'},
    {'i', 4, 'i'}, {'I', 4, 'u'}, {'l', 8, 'i'}, {'L', 8, 'u'}, {'q', 8, 'i'}, {'Q', 8, 'u'},
    {'n', 8, 'i'}, {'N', 8, 'u'}, {'P', 8, 'u'}, {'f', 4, 'f'}, {'d', 8, 'f'},
};

static const ItemFormat *item_format(const char *format)
{
    if (*format == '@') format++;
    if (!*format || format[1]) return NULL;
    for (size_t i = 0; i < sizeof item_formats / sizeof *item_formats; i++)
        if (item_formats[i].letter == *format) return &item_formats[i];
    return NULL;
}

static Ref item_load(Vm *vm, const MemoryView *view, const char *at)
{
    const ItemFormat *format = item_format(view->format);
    uint64_t bits = 0;
    if (!format)
        return throw(vm, NotImplementedError, "memoryview: format %s not supported", view->format);
    memcpy(&bits, at, format->size);
    switch (format->kind) {
    case 'u': return from_uint64(vm, bits);
    case 'i':
        return from_int64(vm,
                          (int64_t)(bits << (64 - 8 * format->size)) >> (64 - 8 * format->size));
    case '?': return from_bool(bits != 0);
    case 'c': return bytes_from(vm, at, 1);
    default: {
        double number;
        float narrow;
        memcpy(&number, at, format->size == 8 ? 8 : 0);
        memcpy(&narrow, at, 4);
        return from_any_float(format->size == 8 ? number : (double)narrow);
    }
    }
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

static bool is_alive(Vm *vm, Value v)
{
    if (!as_memoryview(v)->released) return true;
    throw(vm, ValueError, "operation forbidden on released memoryview object");
    return false;
}

/* A view of all of object, which is no memoryview. */
static MemoryView *view_object(Vm *vm, Value object)
{
    if (!type_of(vm, object)->slots.buffer) {
        throw(vm, TypeError, "memoryview: a bytes-like object is required, not '%T'", object);
        return NULL;
    }
    MemoryView *view = type_instance(vm, type_builtin(vm, KIND_MEMORYVIEW));
    if (!view) return NULL;
    if (!buffer_get(vm, object, &view->buffer, false)) {
        view->buffer.owner = UNDEF;
        decref_object(view);
        return NULL;
    }
    const Buffer *buffer = &view->buffer;
    view->object = newref(object);
    view->start = buffer->data;
    view->item_size = buffer->item_size > 0 ? buffer->item_size : 1;
    view->count = buffer->len / view->item_size;
    view->step = view->item_size;
    view->readonly = buffer->readonly;
    strncpy(view->format, buffer->format ? buffer->format : "B", sizeof view->format - 1);
    return view;
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
    return view->step == view->item_size || view->count <= 1;
}

/* The items one after the other in memory: bytes, owned. */
static Ref packed(Vm *vm, const MemoryView *view)
{
    if (is_contiguous(view)) return bytes_from(vm, view->start, view->count * view->item_size);
    Ref out = bytes_from(vm, NULL, view->count * view->item_size);
    if (failed(out)) return FAIL;
    for (ptrdiff_t i = 0; i < view->count; i++)
        memcpy(as_bytes(out)->data + i * view->item_size, view->start + i * view->step,
               (size_t)view->item_size);
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

/* --- slots ----------------------------------------------------------------------------------- */

static Ref memoryview_repr(Vm *vm, Value self)
{
    return str_format(vm,
                      as_memoryview(self)->released ? "<released memory at %p>" : "<memory at %p>",
                      (void *)as_object(self));
}

static ptrdiff_t memoryview_len(Vm *vm, Value self)
{
    return is_alive(vm, self) ? as_memoryview(self)->count : -1;
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
    if (a->count != b->count || !left || !right) return NO;
    for (ptrdiff_t i = 0; i < a->count; i++) {
        const char *p = a->start + i * a->step, *q = b->start + i * b->step;
        if (left == right && left->kind != 'f') {
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

/* The item that an int or a one-element tuple points at; NULL: raised. */
static char *item_at(Vm *vm, const MemoryView *view, Value key)
{
    ptrdiff_t i;
    if (is_tuple(key) && tuple_len(key) != 1) {
        throw(vm, TypeError, "cannot index 1-dimension view with %zd-element tuple",
              tuple_len(key));
        return NULL;
    }
    if (is_tuple(key)) key = tuple_at(key, 0);
    if (!sequence_is_index(vm, key)) {
        throw(vm, TypeError, "memoryview: invalid slice key");
        return NULL;
    }
    if (!int_subscript(vm, key, &i, false)) return NULL;
    if (i < 0) i += view->count;
    if (i >= 0 && i < view->count) return view->start + i * view->step;
    throw(vm, IndexError, "index out of bounds on dimension 1");
    return NULL;
}

static Ref memoryview_get_item(Vm *vm, Value self, Value key)
{
    MemoryView *view = as_memoryview(self);
    if (!is_alive(vm, self)) return FAIL;
    if (!is_slice(key)) {
        const char *at = item_at(vm, view, key);
        return at ? item_load(vm, view, at) : FAIL;
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
    if (ok && (as_memoryview(source)->count != count ||
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
    if (is_slice(key)) return assign_slice(vm, self, key, value);
    char *at = item_at(vm, view, key);
    return at && item_store(vm, view, at, value);
}

/* All items in a list, owned. */
static Ref to_list(Vm *vm, const MemoryView *view)
{
    Ref out = list_new(vm, view->count);
    for (ptrdiff_t i = 0; !failed(out) && i < view->count; i++) {
        Ref item = item_load(vm, view, view->start + i * view->step);
        if (!failed(item) && list_push(vm, as_list(out), item)) continue;
        decref(out);
        out = FAIL;
    }
    return out;
}

static Ref memoryview_iter(Vm *vm, Value self)
{
    if (!is_alive(vm, self)) return FAIL;
    Ref items = to_list(vm, as_memoryview(self));
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
    buffer->len = view->count * view->item_size;
    return true;
}

static void memoryview_release_buffer(Value self, Buffer *buffer __attribute__((unused)))
{
    as_memoryview(self)->exports--;
}

/* --- methods --------------------------------------------------------------------------------- */

NATIVE(memoryview_make, "new(cls, object)", "Return a view of a bytes-like object.")
{
    return memoryview_of(vm, argv[1]);
}

NATIVE(memoryview_tobytes, "tobytes(self, /, order='C')", "Return the items as bytes.")
{
    return is_alive(vm, argv[0]) ? packed(vm, as_memoryview(argv[0])) : FAIL;
}

NATIVE(memoryview_tolist, "tolist(self, /)", "Return the items as a list.")
{
    return is_alive(vm, argv[0]) ? to_list(vm, as_memoryview(argv[0])) : FAIL;
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

NATIVE(memoryview_enter, "__enter__(self, /)", "Return self.")
{
    return is_alive(vm, argv[0]) ? newref(argv[0]) : FAIL;
}

NATIVE(memoryview_exit, "__exit__(self, /, *args)", "Release the view.")
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

NATIVE(memoryview_cast, "cast(self, /, format, shape=?)",
       "Return a view of the same memory whose items are of another format.\n"
       "One of the two formats must be a byte format; shape may have one dimension.")
{
    const MemoryView *view = as_memoryview(argv[0]);
    if (!is_alive(vm, argv[0])) return FAIL;
    if (!is_str(argv[1]))
        return throw(vm, TypeError, "cast() argument 'format' must be str, not %T", argv[1]);
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
    ptrdiff_t bytes = view->count * view->item_size;
    if (bytes % format->size)
        return throw(vm, TypeError, "memoryview: length is not a multiple of itemsize");
    if (!absent(argv[2])) {
        if (!is_sequence(argv[2])) return throw(vm, TypeError, "shape must be a list or a tuple");
        ptrdiff_t dimensions, wanted;
        Ref *items = sequence_items(argv[2], &dimensions);
        if (dimensions != 1)
            return throw(vm, NotImplementedError,
                         "memoryview: shapes of %zd dimensions are not supported", dimensions);
        if (!int_index(vm, items[0], &wanted)) return FAIL;
        if (wanted * format->size != bytes)
            return throw(vm, TypeError, "memoryview: product(shape) * itemsize != buffer size");
    }
    Ref out = memoryview_of(vm, argv[0]);
    if (failed(out)) return FAIL;
    MemoryView *cast = as_memoryview(out);
    memcpy(cast->format, text->data, (size_t)text->len + 1);
    cast->item_size = cast->step = format->size;
    cast->count = bytes / format->size;
    return out;
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
    if (!is_alive(vm, argv[0])) return FAIL;
    ptrdiff_t count = count_equal(vm, argv[0], argv[1], 0, as_memoryview(argv[0])->count, false);
    return count < 0 ? FAIL : from_small(count);
}

NATIVE(memoryview_index, "index(self, value, start=0, stop=?, /)",
       "Return the index of the first item equal to value.")
{
    ptrdiff_t from, to;
    if (!is_alive(vm, argv[0])) return FAIL;
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
static Ref get_ndim(Vm *vm, Value self) { return is_alive(vm, self) ? from_small(1) : FAIL; }
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
    return is_alive(vm, self)
               ? from_small(as_memoryview(self)->count * as_memoryview(self)->item_size)
               : FAIL;
}

static Ref get_shape(Vm *vm, Value self)
{
    return is_alive(vm, self) ? tuple_pack(vm, 1, (Value)from_small(as_memoryview(self)->count))
                              : FAIL;
}

static Ref get_strides(Vm *vm, Value self)
{
    return is_alive(vm, self) ? tuple_pack(vm, 1, (Value)from_small(as_memoryview(self)->step))
                              : FAIL;
}

static Ref get_contiguous(Vm *vm, Value self)
{
    return is_alive(vm, self) ? from_bool(is_contiguous(as_memoryview(self))) : FAIL;
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
    {"c_contiguous", get_contiguous, NULL, "Whether the items lie one after the other."},
    {"f_contiguous", get_contiguous, NULL, "Whether the items lie one after the other."},
    {NULL, NULL, NULL, NULL},
};

static const Native *const memoryview_methods[] = {
    &memoryview_tobytes_def,
    &memoryview_tolist_def,
    &memoryview_hex_def,
    &memoryview_release_def,
    &memoryview_enter_def,
    &memoryview_exit_def,
    &memoryview_toreadonly_def,
    &memoryview_cast_def,
    &memoryview_count_def,
    &memoryview_index_def,
    NULL,
};

const TypeDef memoryview_type = {
    .name = "memoryview",
    .size = sizeof(MemoryView),
    .flags = TYPE_FINAL | TYPE_WEAKREF | TYPE_SEQUENCE,
    .new = &memoryview_make_def,
    .doc = "A view of the memory of a bytes-like object.",
    .refs = REFS(REF(MemoryView, object)),
    .clear = memoryview_clear,
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
