/* bytearray.c - mutable bytes.
 *
 * While `exports` is not zero a buffer points into data, and every change of size raises
 * BufferError.  Capacity always leaves room for a zero byte after the data.  Deleting at the
 * beginning only moves `data` forward; the room before it comes back when the storage changes.
 * Neighbours: bytesmethod.c, bytessearch.c (methods shared with bytes). */
/* SPDX-License-Identifier: MIT */
#include "object/bytearray.h"

#include "base/copy.h"
#include "object/bytesmethod.h"
#include "object/call.h"
#include "object/error.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/name.h"
#include "object/range.h"
#include "object/sequence.h"
#include "object/str.h"
#include "object/tuple.h"

/* --- storage --------------------------------------------------------------------------------- */

static void storage_free(ByteArray *array)
{
    memory_free(array->data ? array->data - array->front : NULL);
    array->data = NULL;
    array->front = 0;
}

/* Makes room for `capacity` bytes, the zero byte included; false: raised, nothing changed. */
static bool storage_move(Vm *vm, ByteArray *array, ptrdiff_t capacity)
{
    char *data;
    if (array->data && !array->front) {
        data = memory_resize(vm, array->data, (size_t)capacity);
        if (!data) return false;
    } else {
        ptrdiff_t kept = array->len < capacity ? array->len : capacity;
        data = memory_new(vm, (size_t)capacity);
        if (!data) return false;
        if (kept) memcpy(data, array->data, (size_t)kept);
        storage_free(array);
    }
    array->data = data;
    array->capacity = capacity;
    return true;
}

/* Gives the room before the data to what follows it, when that is worth the moving. */
static bool storage_close_up(ByteArray *array, ptrdiff_t len)
{
    ptrdiff_t capacity = array->capacity + array->front;
    if (array->front < array->len || len + 1 + len / 8 > capacity) return false;
    array->data = memmove(array->data - array->front, array->data, (size_t)array->len);
    array->front = 0;
    array->capacity = capacity;
    return true;
}

/* bytearray_resize where the storage may have to change. */
static bool resize_storage(Vm *vm, ByteArray *array, ptrdiff_t len)
{
    if (len > PTRDIFF_MAX / 2) {
        throw_no_memory(vm);
        return false;
    }
    if (len > array->len && storage_close_up(array, len)) return true;
    bool grows = len > array->len && (array->len || len < 64); /* or it is being made */
    if (storage_move(vm, array, len + 1 + (grows ? len / 8 + 16 : 0))) return true;
    if (len > array->len) return false;
    error_clear(vm); /* it stays in the larger block */
    return true;
}

bool bytearray_resize(Vm *vm, ByteArray *array, ptrdiff_t len)
{
    enum { WORTH_SHRINKING = 256 };
    if (len == array->len) return true;
    if (array->exports) {
        throw(vm, BufferError, "Existing exports of data: object cannot be re-sized");
        return false;
    }
    ptrdiff_t room = array->capacity + array->front;
    bool fits = len < array->capacity && (len >= room / 4 || room < WORTH_SHRINKING);
    if (!fits && !resize_storage(vm, array, len)) return false;
    array->len = len;
    array->data[len] = 0;
    return true;
}

Ref bytearray_from(Vm *vm, const char *data, ptrdiff_t len)
{
    ByteArray *array = object_new(vm, type_builtin(vm, KIND_BYTEARRAY)->shape, sizeof(ByteArray));
    if (!array) return FAIL;
    if (len == 0) return from_object(array);
    if (len > PTRDIFF_MAX / 2) throw_no_memory(vm);
    else array->data = (data ? memory_new : memory_zeroed)(vm, (size_t)len + 1);
    if (!array->data) {
        decref_object(array);
        return FAIL;
    }
    array->capacity = len + 1;
    array->len = len;
    if (data) copy_few(array->data, data, (size_t)len);
    array->data[len] = 0;
    return from_object(array);
}

/* Takes count bytes, not all, from the beginning; what is mostly unused becomes smaller. */
static void drop_front(Vm *vm, ByteArray *array, ptrdiff_t count)
{
    enum { FRONT_ALLOWED = 4096 };
    array->data += count;
    array->front += count;
    array->capacity -= count;
    array->len -= count;
    if (array->front <= 4 * array->len + FRONT_ALLOWED) return;
    if (storage_move(vm, array, array->len + 1)) array->data[array->len] = 0;
    else error_clear(vm); /* it stays in the larger block */
}

bool bytearray_splice(Vm *vm, ByteArray *array, ptrdiff_t start, ptrdiff_t end, const char *data,
                      ptrdiff_t len)
{
    ptrdiff_t grow = len - (end - start), tail = array->len - end;
    bool free = !array->exports && tail > 0;
    if (free && grow < 0 && start == 0) {
        drop_front(vm, array, -grow);
        grow = 0;
    } else if (free && grow < 0) {
        memmove(array->data + end + grow, array->data + end, (size_t)tail);
    }
    if (grow && !bytearray_resize(vm, array, array->len + grow)) return false;
    if (grow > 0 && tail > 0) memmove(array->data + end + grow, array->data + end, (size_t)tail);
    if (len) copy_few(array->data + start, data, (size_t)len);
    return true;
}

static bool add_byte(Vm *vm, ByteArray *array, char byte)
{
    if (!bytearray_resize(vm, array, array->len + 1)) return false;
    array->data[array->len - 1] = byte;
    return true;
}

static void bytearray_clear_object(Object *self) { storage_free((ByteArray *)(void *)self); }

/* self, which holds nothing, takes what other holds, which nobody else has seen. */
static void storage_take(ByteArray *self, ByteArray *other)
{
    self->data = other->data;
    self->front = other->front;
    self->capacity = other->capacity;
    self->len = other->len;
    other->data = NULL;
    other->front = other->capacity = other->len = 0;
}

/* --- construction ---------------------------------------------------------------------------- */

NATIVE(bytearray_new, "new(cls, /, *args=?, **kwargs=?)", "Return a new empty bytearray.")
{
    ByteArray *array = type_instance(vm, as_type(argv[0]));
    return array ? from_object(array) : FAIL;
}

NATIVE(bytearray_init, "__init__(self, source=?, encoding=?, errors=?)",
       "Fill self with the bytes of a bytes-like object, of an iterable of integers, of text in an "
       "encoding,\n"
       "or with as many zeros as an integer says.")
{
    ByteArray *self = as_bytearray(argv[0]);
    if (is_exact(argv[1], KIND_BYTES) && absent(argv[2]) && absent(argv[3])) {
        Span from = span_of(argv[1]);
        return bytearray_splice(vm, self, 0, self->len, from.data, from.len) ? NONE : FAIL;
    }
    Ref made = bytes_from_arguments(vm, "bytearray", argv[1], argv[2], argv[3]);
    if (failed(made)) return FAIL;
    bool ok = true;
    if (!self->data && is_bytearray(made)) {
        storage_take(self, as_bytearray(made));
    } else {
        Span span = span_of(made);
        ok = bytearray_splice(vm, self, 0, self->len, span.data, span.len);
    }
    decref(made);
    return ok ? NONE : FAIL;
}

/* --- slots ----------------------------------------------------------------------------------- */

static Ref bytearray_repr(Vm *vm, Value self)
{
    Span span = span_of(self);
    if (is_exact(self, KIND_BYTEARRAY))
        return bytes_repr_of(vm, span.data, span.len, "bytearray(", ")");
    Ref prefix = format_text(vm, "%N(", type_of(vm, self));
    if (failed(prefix)) return FAIL;
    char *owned;
    const char *text = str_utf8(vm, prefix, NULL, &owned);
    Ref out = text ? bytes_repr_of(vm, span.data, span.len, text, ")") : FAIL;
    memory_free(owned);
    decref(prefix);
    return out;
}

static ptrdiff_t bytearray_len(Vm *vm __attribute__((unused)), Value self)
{
    return as_bytearray(self)->len;
}

static Ref bytearray_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if (is_str(b) && !bytes_warn_comparison(vm, "bytearray", b, op)) return FAIL;
    if (!type_of(vm, b)->slots.buffer) return NOT_IMPLEMENTED;
    if (has_span(b)) return span_compare(span_of(a), span_of(b), op);
    Buffer buffer;
    if (!buffer_get(vm, b, &buffer, false)) {
        error_clear(vm);
        return NOT_IMPLEMENTED;
    }
    Ref out = span_compare(span_of(a), (Span){buffer.data, buffer.len}, op);
    buffer_release(vm, &buffer);
    return out;
}

static Ref bytearray_binary(Vm *vm, BinaryOp op, Value a, Value b)
{
    switch (op) {
    case OP2_ADD:
        if (!is_bytearray(a)) return NOT_IMPLEMENTED;
        if (may_add_reflected(vm, b)) return NOT_IMPLEMENTED;
        return bytes_concat(vm, a, b);
    case OP2_MUL: return is_bytearray(a) ? bytes_times(vm, a, b) : bytes_times(vm, b, a);
    case OP2_MOD: return is_bytearray(a) ? bytearray_percent(vm, a, b) : NOT_IMPLEMENTED;
    default: return NOT_IMPLEMENTED;
    }
}

/* self[start:end] = the bytes of a bytes-like object (self too). */
static bool splice_buffer(Vm *vm, Value self, ptrdiff_t start, ptrdiff_t end, Value source)
{
    if (is_exact(source, KIND_BYTES))
        return bytearray_splice(vm, as_bytearray(self), start, end, as_bytes(source)->data,
                                as_bytes(source)->len);
    if (source == self) {
        Ref copy = bytes_from(vm, span_of(self).data, span_of(self).len);
        if (failed(copy)) return false;
        bool ok = bytearray_splice(vm, as_bytearray(self), start, end, as_bytes(copy)->data,
                                   as_bytes(copy)->len);
        decref(copy);
        return ok;
    }
    Buffer buffer;
    if (!buffer_get(vm, source, &buffer, false)) return false;
    ByteArray *array = as_bytearray(self);
    if (end > array->len) end = array->len; /* getting the buffer may have run code */
    if (start > end) start = end;
    bool ok = bytearray_splice(vm, array, start, end, buffer.data, buffer.len);
    buffer_release(vm, &buffer);
    return ok;
}

static Ref bytearray_inplace(Vm *vm, BinaryOp op, Value a, Value b)
{
    if (op == OP2_ADD) {
        if (!type_of(vm, b)->slots.buffer)
            return throw(vm, TypeError, "can't concat %T to %T", b, a);
        ptrdiff_t len = as_bytearray(a)->len;
        return splice_buffer(vm, a, len, len, b) ? newref(a) : FAIL;
    }
    if (op != OP2_MUL) return NOT_IMPLEMENTED;
    Ref made = bytes_times(vm, a, b);
    if (failed(made) || made == NOT_IMPLEMENTED) return made;
    Span span = span_of(made);
    bool ok = bytearray_splice(vm, as_bytearray(a), 0, as_bytearray(a)->len, span.data, span.len);
    decref(made);
    return ok ? newref(a) : FAIL;
}

/* --- assignment ------------------------------------------------------------------------------ */

/* What a slice is assigned from, as bytes: owned. */
static Ref assigned_bytes(Vm *vm, Value value)
{
    if (is_bytes(value)) return newref(value);
    if (is_any_int(value) || is_str(value))
        return throw(vm, TypeError,
                     "can assign only bytes, buffers, or iterables of ints in range(0, 256)");
    return bytes_from_arguments(vm, "bytearray", value, UNDEF, UNDEF);
}

static bool delete_slice(Vm *vm, ByteArray *array, ptrdiff_t start, ptrdiff_t step, ptrdiff_t count)
{
    if (count == 0) return true;
    if (step < 0) {
        start += (count - 1) * step;
        step = -step;
    }
    if (step == 1) return bytearray_splice(vm, array, start, start + count, NULL, 0);
    if (array->exports) return bytearray_resize(vm, array, array->len - count); /* raises */
    ptrdiff_t to = start;
    for (ptrdiff_t i = start; i < array->len; i++) {
        bool gone = (i - start) % step == 0 && (i - start) / step < count;
        if (!gone) array->data[to++] = array->data[i];
    }
    return bytearray_resize(vm, array, to);
}

static bool assign_slice(Vm *vm, ByteArray *array, ptrdiff_t start, ptrdiff_t step, ptrdiff_t count,
                         Span from)
{
    if (step == 1) return bytearray_splice(vm, array, start, start + count, from.data, from.len);
    if (from.len == 0) return delete_slice(vm, array, start, step, count);
    if (from.len != count) {
        throw(vm, ValueError, "attempt to assign bytes of size %zd to extended slice of size %zd",
              from.len, count);
        return false;
    }
    for (ptrdiff_t i = 0; i < count; i++) array->data[start + i * step] = from.data[i];
    return true;
}

static bool set_slice(Vm *vm, Value self, Value key, Value value)
{
    ByteArray *array = as_bytearray(self);
    ptrdiff_t start, step, count;
    if (!slice_resolve(vm, key, &array->len, &start, &step, &count)) return false;
    if (absent(value)) return delete_slice(vm, array, start, step, count);
    if (is_bytearray(value) && value != self)
        return assign_slice(vm, array, start, step, count, span_of(value));
    Ref from = assigned_bytes(vm, value);
    if (failed(from)) return false;
    bool ok = slice_resolve(vm, key, &array->len, &start, &step, &count) &&
              assign_slice(vm, array, start, step, count, span_of(from));
    decref(from);
    return ok;
}

static bool bytearray_set_item(Vm *vm, Value self, Value key, Value value)
{
    ByteArray *array = as_bytearray(self);
    ptrdiff_t i;
    char byte = 0;
    if (is_slice(key)) return set_slice(vm, self, key, value);
    if (!absent(value) && sequence_is_index(vm, key) &&
        !byte_value(vm, value, "byte must be in range(0, 256)", &byte))
        return false;
    if (!sequence_index(vm, key, &array->len, "bytearray", "bytearray index", &i)) return false;
    if (absent(value)) return bytearray_splice(vm, array, i, i + 1, NULL, 0);
    if (i < array->len) array->data[i] = byte;
    return true;
}

static bool bytearray_buffer(Vm *vm __attribute__((unused)), Value self, Buffer *buffer,
                             bool writable __attribute__((unused)))
{
    ByteArray *array = as_bytearray(self);
    array->exports++;
    *buffer = (Buffer){.data = (char *)(uintptr_t)span_of(self).data,
                       .len = array->len,
                       .format = "B",
                       .item_size = 1,
                       .owner = newref(self)};
    return true;
}

static void bytearray_release_buffer(Value self, Buffer *buffer __attribute__((unused)))
{
    as_bytearray(self)->exports--;
}

/* --- methods --------------------------------------------------------------------------------- */

NATIVE(bytearray_append, "append(self, item, /)", "Add one byte at the end.")
{
    char byte;
    if (!byte_value(vm, argv[1], "byte must be in range(0, 256)", &byte)) return FAIL;
    return add_byte(vm, as_bytearray(argv[0]), byte) ? NONE : FAIL;
}

NATIVE(bytearray_extend, "extend(self, iterable_of_ints, /)",
       "Add the bytes of a bytes-like object or an iterable of integers.")
{
    const Type *type = type_of(vm, argv[1]);
    ByteArray *array = as_bytearray(argv[0]);
    if (type->slots.buffer)
        return splice_buffer(vm, argv[0], array->len, array->len, argv[1]) ? NONE : FAIL;
    if (is_str(argv[1])) return throw(vm, TypeError, "expected iterable of integers; got: 'str'");
    if (!type->slots.iter && !type->slots.get_item)
        return throw(vm, TypeError, "can't extend bytearray with %T", argv[1]);
    Ref items = is_exact(argv[1], KIND_LIST) || is_exact(argv[1], KIND_TUPLE)
                    ? newref(argv[1])
                    : list_from(vm, argv[1]);
    if (failed(items)) return FAIL;
    Ref made = bytes_from_arguments(vm, "bytearray", items, UNDEF, UNDEF);
    decref(items);
    if (failed(made)) return FAIL;
    bool ok = splice_buffer(vm, argv[0], array->len, array->len, made);
    decref(made);
    return ok ? NONE : FAIL;
}

NATIVE(bytearray_insert, "insert(self, index, item, /)", "Insert one byte before index.")
{
    ByteArray *array = as_bytearray(argv[0]);
    int64_t i;
    char byte;
    if (!index_argument(vm, argv[1], &i)) return FAIL;
    if (!byte_value(vm, argv[2], "byte must be in range(0, 256)", &byte)) return FAIL;
    if (i < 0) i += array->len;
    i = i < 0 ? 0 : i > array->len ? array->len : i;
    return bytearray_splice(vm, array, i, i, &byte, 1) ? NONE : FAIL;
}

NATIVE(bytearray_pop, "pop(self, index=-1, /)", "Remove the byte at index and return it.")
{
    ByteArray *array = as_bytearray(argv[0]);
    int64_t i;
    if (!index_argument(vm, argv[1], &i)) return FAIL;
    if (array->len == 0) return throw(vm, IndexError, "pop from empty bytearray");
    if (i < 0) i += array->len;
    if (i < 0 || i >= array->len) return throw(vm, IndexError, "pop index out of range");
    uint8_t byte = (uint8_t)array->data[i];
    return bytearray_splice(vm, array, i, i + 1, NULL, 0) ? from_small(byte) : FAIL;
}

NATIVE(bytearray_remove, "remove(self, value, /)",
       "Remove the first byte equal to value; ValueError when there is none.")
{
    ByteArray *array = as_bytearray(argv[0]);
    char byte;
    if (!byte_value(vm, argv[1], "byte must be in range(0, 256)", &byte)) return FAIL;
    const char *found = array->len ? memchr(array->data, byte, (size_t)array->len) : NULL;
    if (!found) return throw(vm, ValueError, "value not found in bytearray");
    ptrdiff_t i = found - array->data;
    return bytearray_splice(vm, array, i, i + 1, NULL, 0) ? NONE : FAIL;
}

NATIVE(bytearray_reverse, "reverse(self, /)", "Reverse the bytes in place.")
{
    ByteArray *array = as_bytearray(argv[0]);
    for (ptrdiff_t i = 0, j = array->len - 1; i < j; i++, j--) {
        char byte = array->data[i];
        array->data[i] = array->data[j];
        array->data[j] = byte;
    }
    return NONE;
}

NATIVE(bytearray_clear, "clear(self, /)", "Remove all bytes.")
{
    return bytearray_resize(vm, as_bytearray(argv[0]), 0) ? NONE : FAIL;
}

NATIVE(bytearray_copy, "copy(self, /)", "Return a copy.")
{
    Span span = span_of(argv[0]);
    return bytearray_from(vm, span.data, span.len);
}

NATIVE(bytearray_resize_method, "resize(self, size, /)",
       "Change the length to size; new bytes are zero.")
{
    ByteArray *array = as_bytearray(argv[0]);
    int64_t size;
    if (!index_argument(vm, argv[1], &size)) return FAIL;
    if (size < 0)
        return throw(vm, ValueError, "bytearray.resize(): new size must be >= 0, got %lld",
                     (long long)size);
    ptrdiff_t old = array->len;
    if (!bytearray_resize(vm, array, size)) return FAIL;
    if (size > old) memset(array->data + old, 0, (size_t)(size - old));
    return NONE;
}

NATIVE(bytearray_sizeof, "__sizeof__(self, /)", "Return the size in bytes.")
{
    return from_small((int64_t)sizeof(ByteArray) + as_bytearray(argv[0])->capacity +
                      as_bytearray(argv[0])->front);
}

NATIVE(bytearray_reduce, "__reduce__(self, /)",
       "Return what makes an equal object: (type, (bytes,), state).")
{
    Span span = span_of(argv[0]);
    Ref plain = bytes_from(vm, span.data, span.len);
    Ref args = failed(plain) ? FAIL : tuple_pack(vm, 1, (Value)plain);
    Ref state = failed(args) ? FAIL : call_method(vm, argv[0], N(__getstate__), 0, NULL);
    Ref out = failed(state)
                  ? FAIL
                  : tuple_pack(vm, 3, borrow(type_of(vm, argv[0])), (Value)args, (Value)state);
    decref(plain);
    decref(args);
    decref(state);
    return out;
}

/* --- tables ---------------------------------------------------------------------------------- */

static const Native *const bytearray_methods[] = {
#define METHOD(id) &id##_def,
#include "object/bytesmethods.def"
    &bytearray_append_def, &bytearray_extend_def, &bytearray_insert_def,
    &bytearray_pop_def,    &bytearray_remove_def, &bytearray_reverse_def,
    &bytearray_clear_def,  &bytearray_copy_def,   &bytearray_resize_method_def,
    &bytearray_sizeof_def, &bytearray_reduce_def, NULL,
};

const TypeDef bytearray_type = {
    .name = "bytearray",
    .size = sizeof(ByteArray),
    .flags = TYPE_MATCH_SELF,
    .new = &bytearray_new_def,
    .init = &bytearray_init_def,
    .doc = "A mutable sequence of integers in range(256).",
    .clear = bytearray_clear_object,
    .repr = bytearray_repr,
    .str = bytes_str,
    .compare = bytearray_compare,
    .binary = bytearray_binary,
    .inplace = bytearray_inplace,
    .len = bytearray_len,
    .get_item = bytes_get_item,
    .set_item = bytearray_set_item,
    .contains = bytes_contains,
    .iter = bytes_iter_of,
    .buffer = bytearray_buffer,
    .release_buffer = bytearray_release_buffer,
    .methods = bytearray_methods,
};
