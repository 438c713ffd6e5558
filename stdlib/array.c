/* array.c - the module array: numbers or characters of one C type, side by side.
 *
 * While `exports` is not zero a buffer points into data, and every change of size raises
 * BufferError.  Whatever calls out while it fills an array looks at data and len anew afterwards.
 * Neighbours: _array_item.c (single items), memoryview.c and bytearray.c (siblings). */
/* SPDX-License-Identifier: MIT */
#include "_array.h"

typedef struct Array {
    Container head; /* for subclasses, whose instances have attributes */
    const ArrayKind *kind;
    char *data;
    ptrdiff_t len, room; /* items; room for items */
    ptrdiff_t exports;   /* buffers out */
} Array;

typedef struct ArrayIter {
    Object head;
    Ref array; /* UNDEF at the end */
    ptrdiff_t next;
} ArrayIter;

static const TypeDef array_type, array_iter_type;

static Array *as_array(Value v) { return (Array *)as_object(v); }
static ArrayIter *as_array_iter(Value v) { return (ArrayIter *)as_object(v); }

static bool is_array(Vm *vm, Value v)
{
    Type *type = type_from_def(vm, &array_type);
    return type && type_has_instance(vm, type, v);
}

static char *item_at(const Array *array, ptrdiff_t i)
{
    return array->data + i * array->kind->size;
}
static Ref load(Vm *vm, const Array *array, ptrdiff_t i)
{
    return array_item_load(vm, array->kind, item_at(array, i));
}

/* ---- storage ---- */

static bool resize(Vm *vm, Array *array, ptrdiff_t len)
{
    if (array->exports && len != array->len) {
        throw(vm, BufferError, "cannot resize an array that is exporting buffers");
        return false;
    }
    if (len > array->room || len < array->room / 4) {
        if (len > PTRDIFF_MAX / 16) {
            throw_no_memory(vm);
            return false;
        }
        ptrdiff_t room = len ? len + len / 8 + 4 : 0;
        char *data = memory_resize(vm, array->data, (size_t)(room ? room : 1) * array->kind->size);
        if (!data) return false;
        array->data = data;
        array->room = room;
    }
    array->len = len;
    return true;
}

/* Puts `gained` items without a value in the place of `lost` ones. */
static bool make_gap(Vm *vm, Array *array, ptrdiff_t start, ptrdiff_t lost, ptrdiff_t gained)
{
    ptrdiff_t old = array->len, after = old - start - lost;
    int size = array->kind->size;
    if (gained > lost && !resize(vm, array, old + gained - lost)) return false;
    if (gained < lost && array->exports) return resize(vm, array, old + gained - lost);
    if (array->data && after)
        memmove(array->data + (start + gained) * size, array->data + (start + lost) * size,
                (size_t)(after * size));
    return gained >= lost || resize(vm, array, old + gained - lost);
}

static Array *array_make(Vm *vm, Type *type, const ArrayKind *kind, ptrdiff_t len)
{
    Array *array = type ? type_instance(vm, type) : NULL;
    if (!array) return NULL;
    array->kind = kind;
    if (!len || resize(vm, array, len)) return array;
    decref_object(array);
    return NULL;
}

static Ref array_like(Vm *vm, const Array *of, ptrdiff_t len)
{
    Array *array = array_make(vm, type_from_def(vm, &array_type), of->kind, len);
    return array ? from_object(array) : FAIL;
}

static bool push(Vm *vm, Array *array, Value item)
{
    char bytes[8];
    if (!array_item_store(vm, array->kind, bytes, item) || !resize(vm, array, array->len + 1))
        return false;
    array_item_copy(item_at(array, array->len - 1), bytes, array->kind->size);
    return true;
}
static bool push_each(Vm *vm, Value item, void *array) { return push(vm, array, item); }

static bool add_bytes(Vm *vm, Array *array, const char *data, ptrdiff_t len)
{
    int size = array->kind->size;
    if (len % size) {
        throw(vm, ValueError, "bytes length not a multiple of item size");
        return false;
    }
    ptrdiff_t old = array->len;
    if (!len) return true;
    if (!resize(vm, array, old + len / size)) return false;
    memcpy(item_at(array, old), data, (size_t)len);
    return true;
}

static bool add_buffer(Vm *vm, Array *array, Value source)
{
    Buffer buffer;
    if (!buffer_get(vm, source, &buffer, false)) return false;
    bool ok;
    if (buffer.owner == (Ref)UNDEF || buffer.data != array->data) {
        ok = add_bytes(vm, array, buffer.data, buffer.len);
        buffer_release(vm, &buffer);
        return ok;
    }
    Ref copy = bytes_from(vm, buffer.data, buffer.len); /* of the array itself */
    buffer_release(vm, &buffer);
    ok = !failed(copy) && add_bytes(vm, array, as_bytes(copy)->data, as_bytes(copy)->len);
    decref(copy);
    return ok;
}

static bool add_text(Vm *vm, Array *array, Value text)
{
    const Str *s = as_str(text);
    ptrdiff_t old = array->len;
    if (!s->len) return true;
    if (!resize(vm, array, old + s->len)) return false;
    for (ptrdiff_t i = 0; i < s->len; i++) {
        uint32_t point = str_at(s, i);
        memcpy(item_at(array, old + i), &point, 4);
    }
    return true;
}

static bool extend(Vm *vm, Array *array, Value source)
{
    if (!is_array(vm, source)) return iterate(vm, source, push_each, array);
    const Array *from = as_array(source);
    if (from->kind != array->kind) {
        throw(vm, TypeError, "can only extend with array of same kind");
        return false;
    }
    ptrdiff_t old = array->len, count = from->len;
    if (!count) return true;
    if (!resize(vm, array, old + count)) return false;
    memcpy(item_at(array, old), from->data, (size_t)(count * array->kind->size));
    return true;
}

/* ---- making ---- */

static bool can_start_from(Vm *vm, const ArrayKind *kind, Value start)
{
    const Array *from = is_array(vm, start) ? as_array(start) : NULL;
    if (kind->sort == 'c') return true;
    if (is_str(start))
        throw(vm, TypeError, "cannot use a str to initialize an array with typecode '%c'",
              kind->code);
    else if (from && from->kind->sort == 'c')
        throw(vm, TypeError, "cannot use a unicode array to initialize an array with typecode '%c'",
              kind->code);
    else return true;
    return false;
}

static bool fill(Vm *vm, Array *array, Value start)
{
    if (is_bytes(start) || is_kind(start, KIND_BYTEARRAY)) return add_buffer(vm, array, start);
    if (is_str(start) && array->kind->sort == 'c') return add_text(vm, array, start);
    if (is_array(vm, start) && as_array(start)->kind == array->kind)
        return extend(vm, array, start);
    return iterate(vm, start, push_each, array);
}

static const ArrayKind *kind_from(Vm *vm, Value code, const char *function)
{
    if (!is_str(code) || as_str(code)->len != 1) {
        throw(vm, TypeError, "%s() argument 1 must be a unicode character, not %A", function, code);
        return NULL;
    }
    const ArrayKind *kind = array_kind(str_at(as_str(code), 0));
    if (!kind)
        throw(vm, ValueError, "bad typecode (must be b, B, u, w, h, H, i, I, l, L, q, Q, f or d)");
    return kind;
}

NATIVE(array_new, "new(cls, /, *args, **kwargs)",
       "Return an array(typecode, initializer): bytes, a str for characters, or an iterable.")
{
    ptrdiff_t count = tuple_len(argv[1]);
    if (as_type(argv[0]) == type_from_def(vm, &array_type) && as_dict(argv[2])->len)
        return throw(vm, TypeError, "array.array() takes no keyword arguments");
    if (count < 1) return throw(vm, TypeError, "array() takes at least 1 argument (0 given)");
    if (count > 2)
        return throw(vm, TypeError, "array() takes at most 2 arguments (%zd given)", count);
    const ArrayKind *kind = kind_from(vm, tuple_at(argv[1], 0), "array");
    if (!kind) return FAIL;
    if (kind->code == 'u' && !warn(vm, DeprecationWarning, 1,
                                   "The 'u' type code is deprecated and will be removed in "
                                   "Python 3.16"))
        return FAIL;
    Value start = count > 1 ? tuple_at(argv[1], 1) : (Value)UNDEF;
    if (!absent(start) && !can_start_from(vm, kind, start)) return FAIL;
    Array *array = array_make(vm, as_type(argv[0]), kind, 0);
    if (!array) return FAIL;
    if (absent(start) || fill(vm, array, start)) return from_object(array);
    decref_object(array);
    return FAIL;
}

/* ---- slots ---- */

static void array_clear(Object *self)
{
    Array *array = (Array *)self;
    memory_free(array->data);
    array->data = NULL;
    array->len = array->room = 0;
}

static Ref to_text(Vm *vm, const Array *array)
{
    for (ptrdiff_t i = 0; i < array->len; i++) {
        uint32_t point;
        memcpy(&point, item_at(array, i), 4);
        if (point > 0x10FFFF)
            return throw(vm, ValueError, "character U+%x is not in range [U+0000; U+10ffff]",
                         (int)point);
    }
    return str_from_points(vm, (const uint32_t *)(const void *)array->data, array->len);
}

static Ref to_list(Vm *vm, const Array *array)
{
    Ref list = list_new(vm, array->len);
    for (ptrdiff_t i = 0; !failed(list) && i < array->len; i++) {
        Ref item = load(vm, array, i);
        if (failed(item) || !list_push(vm, as_list(list), item)) {
            decref(list);
            return FAIL;
        }
    }
    return list;
}

static Ref array_repr(Vm *vm, Value self)
{
    const Array *array = as_array(self);
    Type *type = type_of(vm, self);
    if (!array->len) return format_text(vm, "%N('%c')", type, array->kind->code);
    Ref items = array->kind->sort == 'c' ? to_text(vm, array) : to_list(vm, array);
    if (failed(items)) return FAIL;
    Ref out = format_text(vm, "%N('%c', %R)", type, array->kind->code, (Value)items);
    decref(items);
    return out;
}

static ptrdiff_t array_len(Vm *vm __attribute__((unused)), Value self)
{
    return as_array(self)->len;
}

static Ref array_get_item(Vm *vm, Value self, Value key)
{
    const Array *array = as_array(self);
    ptrdiff_t i, step, count;
    if (!is_slice(key)) {
        if (!sequence_is_index(vm, key))
            return throw(vm, TypeError, "array indices must be integers");
        if (!sequence_index(vm, key, &array->len, "array", "array index", &i)) return FAIL;
        return load(vm, array, i);
    }
    if (!slice_resolve(vm, key, &array->len, &i, &step, &count)) return FAIL;
    Ref out = array_like(vm, array, count);
    for (ptrdiff_t n = 0; !failed(out) && n < count; n++)
        memcpy(item_at(as_array(out), n), item_at(array, i + n * step), array->kind->size);
    return out;
}

static bool delete_slice(Vm *vm, Array *array, ptrdiff_t start, ptrdiff_t step, ptrdiff_t count)
{
    if (!count) return true;
    if (step < 0) {
        start += (count - 1) * step;
        step = -step;
    }
    if (array->exports) return resize(vm, array, array->len - count); /* raises */
    ptrdiff_t to = start;
    for (ptrdiff_t i = start; i < array->len; i++) {
        bool gone = (i - start) % step == 0 && (i - start) / step < count;
        if (!gone) memmove(item_at(array, to++), item_at(array, i), array->kind->size);
    }
    return resize(vm, array, to);
}

static bool assign_slice(Vm *vm, Array *array, Value key, Value value)
{
    ptrdiff_t start, step, count;
    if (!is_array(vm, value)) {
        throw(vm, TypeError, "can only assign array (not \"%T\") to array slice", value);
        return false;
    }
    const Array *from = as_array(value);
    if (from->kind != array->kind) {
        throw(vm, TypeError, "bad argument type for built-in operation");
        return false;
    }
    if (!slice_resolve(vm, key, &array->len, &start, &step, &count)) return false;
    if (step != 1 && from->len != count) {
        throw(vm, ValueError, "attempt to assign array of size %zd to extended slice of size %zd",
              from->len, count);
        return false;
    }
    int size = array->kind->size;
    ptrdiff_t len = from->len;
    Ref copy = bytes_from(vm, from->data ? from->data : "", len * size);
    if (failed(copy)) return false;
    const char *data = as_bytes(copy)->data;
    bool ok = step != 1 || make_gap(vm, array, start, count, len);
    if (ok && len && step == 1) memcpy(item_at(array, start), data, (size_t)(len * size));
    for (ptrdiff_t n = 0; ok && step != 1 && n < len; n++)
        memcpy(item_at(array, start + n * step), data + n * size, (size_t)size);
    decref(copy);
    return ok;
}

static bool array_set_item(Vm *vm, Value self, Value key, Value value)
{
    Array *array = as_array(self);
    ptrdiff_t i, step, count;
    char bytes[8];
    if (is_slice(key) && !absent(value)) return assign_slice(vm, array, key, value);
    if (is_slice(key))
        return slice_resolve(vm, key, &array->len, &i, &step, &count) &&
               delete_slice(vm, array, i, step, count);
    if (!sequence_is_index(vm, key)) {
        throw(vm, TypeError, "array indices must be integers");
        return false;
    }
    if (!sequence_index(vm, key, &array->len, "array", "array assignment index", &i)) return false;
    if (absent(value)) return make_gap(vm, array, i, 1, 0);
    if (!array_item_store(vm, array->kind, bytes, value)) return false;
    if (i < array->len) array_item_copy(item_at(array, i), bytes, array->kind->size);
    return true;
}

/* The first item from start on, before end, that equals v; -1: none; -2: raised. */
static ptrdiff_t find(Vm *vm, const Array *array, Value v, ptrdiff_t start, ptrdiff_t end)
{
    for (ptrdiff_t i = start; i < end && i < array->len; i++) {
        Ref item = load(vm, array, i);
        Truth same = failed(item) ? FAILED : value_equal(vm, item, v);
        decref(item);
        if (same == FAILED) return -2;
        if (same == YES) return i;
    }
    return -1;
}

static Truth array_contains(Vm *vm, Value self, Value item)
{
    ptrdiff_t at = find(vm, as_array(self), item, 0, PTRDIFF_MAX);
    return at == -2 ? FAILED : at >= 0 ? YES : NO;
}

/* How many items at their beginnings are seen to be equal without being loaded. */
static ptrdiff_t alike(const Array *x, const Array *y)
{
    ptrdiff_t size = x->kind->size, len = x->len < y->len ? x->len : y->len, n = 0;
    if (x->kind != y->kind || x->kind->sort == 'f' || len == 0) return 0;
    if (memcmp(x->data, y->data, (size_t)(len * size)) == 0) return len;
    while (x->data[n] == y->data[n]) n++;
    return n / size;
}

static Ref array_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if (!is_array(vm, a) || !is_array(vm, b)) return NOT_IMPLEMENTED;
    const Array *x = as_array(a), *y = as_array(b);
    bool equality = op == CMP_EQUAL || op == CMP_NOT_EQUAL;
    if (x->len != y->len && equality) return from_bool(op == CMP_NOT_EQUAL);
    for (ptrdiff_t i = alike(x, y); i < x->len && i < y->len; i++) {
        Ref left = load(vm, x, i), right = failed(left) ? FAIL : load(vm, y, i), out = FAIL;
        Truth same = failed(right) ? FAILED : value_equal(vm, left, right);
        if (same == YES && is_float(left) && as_float(left) != as_float(left)) same = NO; /* NaN */
        if (same == NO && equality) out = from_bool(op == CMP_NOT_EQUAL);
        else if (same == NO) out = value_compare(vm, left, right, op);
        decref(left);
        decref(right);
        if (same != YES) return out;
    }
    switch (op) {
    case CMP_LESS: return from_bool(x->len < y->len);
    case CMP_LESS_EQUAL: return from_bool(x->len <= y->len);
    case CMP_EQUAL: return from_bool(x->len == y->len);
    case CMP_NOT_EQUAL: return from_bool(x->len != y->len);
    case CMP_GREATER: return from_bool(x->len > y->len);
    default: return from_bool(x->len >= y->len);
    }
}

static bool repeat(Vm *vm, Array *to, const Array *from, ptrdiff_t n)
{
    ptrdiff_t len = from->len, bytes = len * from->kind->size;
    if (n < 0) n = 0;
    if (len && n > PTRDIFF_MAX / 16 / len) {
        throw_no_memory(vm);
        return false;
    }
    if (!resize(vm, to, len * n)) return false;
    if (n == 0 || bytes == 0) return true;
    if (to != from) memcpy(to->data, from->data, (size_t)bytes);
    for (ptrdiff_t done = bytes, all = bytes * n; done < all; done *= 2)
        memcpy(to->data + done, to->data, (size_t)(done < all - done ? done : all - done));
    return true;
}

static Ref array_binary(Vm *vm, BinaryOp op, Value a, Value b)
{
    ptrdiff_t n;
    if (op == OP2_ADD) {
        if (!is_array(vm, b))
            return throw(vm, TypeError, "can only append array (not \"%T\") to array", b);
        if (as_array(a)->kind != as_array(b)->kind)
            return throw(vm, TypeError, "bad argument type for built-in operation");
        Ref out = array_like(vm, as_array(a), 0);
        if (failed(out)) return FAIL;
        if (extend(vm, as_array(out), a) && extend(vm, as_array(out), b)) return out;
        decref(out);
        return FAIL;
    }
    if (op != OP2_MUL) return NOT_IMPLEMENTED;
    bool left = is_array(vm, a);
    Truth known = sequence_count(vm, left ? b : a, &n);
    if (known != YES) return known == NO ? NOT_IMPLEMENTED : FAIL;
    const Array *array = as_array(left ? a : b);
    Ref out = array_like(vm, array, 0);
    if (failed(out) || repeat(vm, as_array(out), array, n)) return out;
    decref(out);
    return FAIL;
}

static Ref array_inplace(Vm *vm, BinaryOp op, Value a, Value b)
{
    ptrdiff_t n;
    if (op == OP2_ADD) {
        if (!is_array(vm, b))
            return throw(vm, TypeError, "can only extend array with array (not \"%T\")", b);
        return extend(vm, as_array(a), b) ? newref(a) : FAIL;
    }
    if (op != OP2_MUL) return NOT_IMPLEMENTED;
    Truth known = sequence_count(vm, b, &n);
    if (known != YES) return known == NO ? NOT_IMPLEMENTED : FAIL;
    return repeat(vm, as_array(a), as_array(a), n) ? newref(a) : FAIL;
}

static bool array_buffer(Vm *vm __attribute__((unused)), Value self, Buffer *buffer,
                         bool writable __attribute__((unused)))
{
    static const char nothing[8] = {0};
    Array *array = as_array(self);
    array->exports++;
    *buffer = (Buffer){.data = array->data ? array->data : (char *)(uintptr_t)nothing,
                       .len = array->len * array->kind->size,
                       .format = array->kind->format,
                       .item_size = array->kind->size,
                       .owner = newref(self)};
    return true;
}
static void array_release_buffer(Value self, Buffer *buffer __attribute__((unused)))
{
    as_array(self)->exports--;
}

/* ---- iterating ---- */

static Ref array_iter(Vm *vm, Value self)
{
    Type *type = type_from_def(vm, &array_iter_type);
    ArrayIter *iter = type ? type_instance(vm, type) : NULL;
    if (!iter) return FAIL;
    iter->array = newref(self);
    return from_object(iter);
}
static Ref array_iter_next(Vm *vm, Value self)
{
    ArrayIter *iter = as_array_iter(self);
    if (absent(iter->array)) return UNDEF;
    if (iter->next < as_array(iter->array)->len)
        return load(vm, as_array(iter->array), iter->next++);
    replace(&iter->array, UNDEF);
    return UNDEF;
}
NATIVE(array_iter_reduce, "__reduce__(self, /)", "Return what pickle needs to rebuild it.")
{
    const ArrayIter *iter = as_array_iter(argv[0]);
    Ref builtins = import_text(vm, "builtins"), function = FAIL, args = FAIL, of = FAIL, out = FAIL;
    if (!failed(builtins)) function = attr_get_text(vm, builtins, "iter");
    if (!failed(function)) of = absent(iter->array) ? tuple_new(vm, 0) : newref(iter->array);
    if (!failed(of)) args = tuple_pack(vm, 1, (Value)of);
    if (!failed(args) && absent(iter->array)) out = tuple_pack(vm, 2, (Value)function, (Value)args);
    else if (!failed(args))
        out = tuple_pack(vm, 3, (Value)function, (Value)args, (Value)from_small(iter->next));
    decref(of);
    decref(args);
    decref(function);
    decref(builtins);
    return out;
}
NATIVE(array_iter_setstate, "__setstate__(self, state, /)", "Go on at the item with this index.")
{
    ArrayIter *iter = as_array_iter(argv[0]);
    int64_t n;
    if (!int_index(vm, argv[1], &n)) return FAIL;
    if (absent(iter->array)) return NONE;
    ptrdiff_t len = as_array(iter->array)->len;
    iter->next = n < 0 ? 0 : n > len ? len : (ptrdiff_t)n;
    return NONE;
}

/* ---- methods ---- */

NATIVE(array_append, "append(self, v, /)", "Add an item at the end.")
{
    return push(vm, as_array(argv[0]), argv[1]) ? NONE : FAIL;
}
NATIVE(array_buffer_info, "buffer_info(self, /)",
       "Return (address, length in items) of the memory that holds the items.")
{
    const Array *array = as_array(argv[0]);
    Ref address = from_uint64(vm, (uint64_t)(uintptr_t)array->data), out = FAIL;
    if (!failed(address)) out = tuple_pack(vm, 2, (Value)address, (Value)from_small(array->len));
    decref(address);
    return out;
}
NATIVE(array_byteswap, "byteswap(self, /)", "Reverse the bytes of each item.")
{
    Array *array = as_array(argv[0]);
    int size = array->kind->size;
    for (ptrdiff_t i = 0; i < array->len; i++) {
        char *at = item_at(array, i);
        for (int n = 0; n < size / 2; n++) {
            char byte = at[n];
            at[n] = at[size - 1 - n];
            at[size - 1 - n] = byte;
        }
    }
    return NONE;
}
NATIVE(array_clear_method, "clear(self, /)", "Remove all items.")
{
    return resize(vm, as_array(argv[0]), 0) ? NONE : FAIL;
}
NATIVE(array_copy, "__copy__(self, /)", "Return a copy.")
{
    Ref out = array_like(vm, as_array(argv[0]), 0);
    if (failed(out) || extend(vm, as_array(out), argv[0])) return out;
    decref(out);
    return FAIL;
}
NATIVE(array_deepcopy, "__deepcopy__(self, unused, /)", "Return a copy.")
{
    return array_copy(vm, argv);
}
NATIVE(array_count, "count(self, v, /)", "Return how many items equal v.")
{
    int64_t count = 0;
    for (ptrdiff_t i = 0;; i++) {
        i = find(vm, as_array(argv[0]), argv[1], i, PTRDIFF_MAX);
        if (i == -2) return FAIL;
        if (i == -1) return from_int64(vm, count);
        count++;
    }
}
NATIVE(array_extend, "extend(self, bb, /)", "Add the items of an array or iterable at the end.")
{
    return extend(vm, as_array(argv[0]), argv[1]) ? NONE : FAIL;
}
NATIVE(array_frombytes, "frombytes(self, buffer, /)", "Add the items that bytes hold at the end.")
{
    return add_buffer(vm, as_array(argv[0]), argv[1]) ? NONE : FAIL;
}
NATIVE(array_fromfile, "fromfile(self, f, n, /)",
       "Add n items read from a binary file; EOFError when there are fewer, which are added.")
{
    Array *array = as_array(argv[0]);
    int64_t n;
    if (!int_index(vm, argv[2], &n)) return FAIL;
    if (n < 0) return throw(vm, ValueError, "negative count");
    if (n > PTRDIFF_MAX / array->kind->size) return throw_no_memory(vm);
    Ref size = from_int64(vm, n * array->kind->size), out = FAIL;
    Ref method = failed(size) ? FAIL : attr_get_text(vm, argv[1], "read");
    Ref data = failed(method) ? FAIL : call1(vm, method, size);
    if (failed(data)) goto done;
    if (!is_bytes(data)) {
        throw(vm, TypeError, "read() didn't return bytes");
        goto done;
    }
    if (!add_bytes(vm, array, as_bytes(data)->data, as_bytes(data)->len)) goto done;
    out = as_bytes(data)->len < n * array->kind->size
              ? throw(vm, EOFError, "read() didn't return enough bytes")
              : NONE;
done:
    decref(size);
    decref(method);
    decref(data);
    return out;
}
NATIVE(array_fromlist, "fromlist(self, list, /)",
       "Add the items of a list at the end; none when one of them does not fit.")
{
    Array *array = as_array(argv[0]);
    ptrdiff_t old = array->len;
    if (!is_list(argv[1])) return throw(vm, TypeError, "arg must be list");
    if (iterate(vm, argv[1], push_each, array)) return NONE;
    if (array->len > old && !array->exports) {
        Ref error = error_take(vm);
        if (!resize(vm, array, old)) error_clear(vm);
        error_restore(vm, error);
    }
    return FAIL;
}
NATIVE(array_fromunicode, "fromunicode(self, ustr, /)", "Add the characters of a str at the end.")
{
    if (!is_str(argv[1]))
        return throw(vm, TypeError, "fromunicode() argument must be str, not %A", argv[1]);
    if (as_array(argv[0])->kind->sort != 'c')
        return throw(vm, ValueError,
                     "fromunicode() may only be called on unicode type arrays ('u' or 'w')");
    return add_text(vm, as_array(argv[0]), argv[1]) ? NONE : FAIL;
}
NATIVE(array_index, "index(self, v, start=0, stop=?, /)",
       "Return the index of the first item equal to v, between start and stop; else ValueError.")
{
    const Array *array = as_array(argv[0]);
    ptrdiff_t start = 0, stop = PTRDIFF_MAX;
    if (!int_subscript(vm, argv[2], &start, true)) return FAIL;
    if (!absent(argv[3]) && !int_subscript(vm, argv[3], &stop, true)) return FAIL;
    if (start < 0) start = start + array->len < 0 ? 0 : start + array->len;
    if (stop < 0) stop += array->len;
    ptrdiff_t at = find(vm, array, argv[1], start, stop);
    if (at == -2) return FAIL;
    return at < 0 ? throw(vm, ValueError, "array.index(x): x not in array") : from_small(at);
}
NATIVE(array_insert, "insert(self, i, v, /)", "Put v before the item with index i.")
{
    Array *array = as_array(argv[0]);
    ptrdiff_t i;
    char bytes[8];
    if (!int_subscript(vm, argv[1], &i, true) || !array_item_store(vm, array->kind, bytes, argv[2]))
        return FAIL;
    if (i < 0) i = i + array->len < 0 ? 0 : i + array->len;
    if (i > array->len) i = array->len;
    if (!make_gap(vm, array, i, 0, 1)) return FAIL;
    memcpy(item_at(array, i), bytes, array->kind->size);
    return NONE;
}
NATIVE(array_pop, "pop(self, i=-1, /)", "Remove the item with index i and return it.")
{
    Array *array = as_array(argv[0]);
    ptrdiff_t i;
    if (!int_subscript(vm, argv[1], &i, false)) return FAIL;
    if (!array->len) return throw(vm, IndexError, "pop from empty array");
    if (i < 0) i += array->len;
    if (i < 0 || i >= array->len) return throw(vm, IndexError, "pop index out of range");
    Ref item = load(vm, array, i);
    if (failed(item) || make_gap(vm, array, i, 1, 0)) return item;
    decref(item);
    return FAIL;
}
NATIVE(array_remove, "remove(self, v, /)", "Remove the first item equal to v; else ValueError.")
{
    ptrdiff_t at = find(vm, as_array(argv[0]), argv[1], 0, PTRDIFF_MAX);
    if (at == -2) return FAIL;
    if (at < 0) return throw(vm, ValueError, "array.remove(x): x not in array");
    return make_gap(vm, as_array(argv[0]), at, 1, 0) ? NONE : FAIL;
}
NATIVE(array_reverse, "reverse(self, /)", "Reverse the order of the items.")
{
    Array *array = as_array(argv[0]);
    char bytes[8];
    int size = array->kind->size;
    for (ptrdiff_t i = 0, j = array->len - 1; i < j; i++, j--) {
        memcpy(bytes, item_at(array, i), size);
        memcpy(item_at(array, i), item_at(array, j), size);
        memcpy(item_at(array, j), bytes, size);
    }
    return NONE;
}
NATIVE(array_tobytes, "tobytes(self, /)", "Return the items as bytes.")
{
    const Array *array = as_array(argv[0]);
    return bytes_from(vm, array->data ? array->data : "", array->len * array->kind->size);
}
NATIVE(array_tofile, "tofile(self, f, /)", "Write the items as bytes to a binary file.")
{
    Ref data = array_tobytes(vm, argv);
    Ref method = failed(data) ? FAIL : attr_get_text(vm, argv[1], "write");
    Ref done = failed(method) ? FAIL : call1(vm, method, data);
    bool ok = !failed(done);
    decref(done);
    decref(method);
    decref(data);
    return ok ? NONE : FAIL;
}
NATIVE(array_tolist, "tolist(self, /)", "Return the items as a list.")
{
    return to_list(vm, as_array(argv[0]));
}
NATIVE(array_tounicode, "tounicode(self, /)", "Return the characters as a str.")
{
    if (as_array(argv[0])->kind->sort != 'c')
        return throw(vm, ValueError,
                     "tounicode() may only be called on unicode type arrays ('u' or 'w')");
    return to_text(vm, as_array(argv[0]));
}
NATIVE(array_sizeof, "__sizeof__(self, /)", "Return the size in bytes.")
{
    const Array *array = as_array(argv[0]);
    return from_int64(vm, (int64_t)(sizeof *array + array->room * array->kind->size));
}

/* The attributes of a subclass's instance, or None. */
static Ref attributes_of(Vm *vm, Value self)
{
    Ref attributes = attr_get_text(vm, self, "__dict__");
    if (!failed(attributes) || !error_is(vm, AttributeError)) return attributes;
    error_clear(vm);
    return NONE;
}

NATIVE(array_reduce, "__reduce_ex__(self, value, /)", "Return what pickle needs to rebuild it.")
{
    const Array *array = as_array(argv[0]);
    int64_t protocol;
    if (!int_index(vm, argv[1], &protocol)) return FAIL;
    Ref state = attributes_of(vm, argv[0]), code = failed(state) ? FAIL : FAIL, args = FAIL,
        content = FAIL, maker = FAIL, module = FAIL, out = FAIL;
    if (failed(state)) return FAIL;
    code = str_from_char(vm, (uint32_t)array->kind->code);
    Value class = borrow(type_of(vm, argv[0]));
    if (protocol < 3) {
        content = to_list(vm, array);
        maker = newref(class);
        if (!failed(code) && !failed(content))
            args = tuple_pack(vm, 2, (Value)code, (Value)content);
    } else {
        content = array_tobytes(vm, argv);
        module = import_text(vm, "array");
        if (!failed(module)) maker = attr_get_text(vm, module, "_array_reconstructor");
        if (!failed(code) && !failed(content))
            args = tuple_pack(vm, 4, class, (Value)code, (Value)from_small(array->kind->machine),
                              (Value)content);
    }
    if (!failed(args) && !failed(maker))
        out = tuple_pack(vm, 3, (Value)maker, (Value)args, (Value)state);
    decref(state);
    decref(code);
    decref(content);
    decref(module);
    decref(maker);
    decref(args);
    return out;
}

NATIVE(array_reconstruct, "_array_reconstructor(arraytype, typecode, mformat_code, items, /)",
       "Return an array of the class from bytes in a numbered machine format.")
{
    int64_t machine;
    if (!is_type(argv[0]))
        return throw(vm, TypeError, "first argument must be a type object, not %T", argv[0]);
    Type *base = type_from_def(vm, &array_type);
    if (!base) return FAIL;
    if (!type_is_subtype(as_type(argv[0]), base))
        return throw(vm, TypeError, "%N is not a subtype of array.array", as_type(argv[0]));
    const ArrayKind *kind = kind_from(vm, argv[1], "_array_reconstructor");
    if (!kind || !int_index(vm, argv[2], &machine)) return FAIL;
    if (machine < 0 || machine >= MACHINE_FORMATS)
        return throw(vm, ValueError, "third argument must be a valid machine format code.");
    if (!is_bytes(argv[3]))
        return throw(vm, TypeError, "fourth argument should be bytes, not %T", argv[3]);
    const Bytes *data = as_bytes(argv[3]);
    if (data->len % array_machine_size((int)machine))
        return throw(vm, ValueError, "bytes length not a multiple of item size");
    if (machine != kind->machine) kind = array_machine_kind((int)machine, kind);
    Ref items = array_machine_items(vm, (int)machine, data->data, data->len);
    if (failed(items)) return FAIL;
    Array *array = array_make(vm, as_type(argv[0]), kind, 0);
    bool ok = array && fill(vm, array, items);
    decref(items);
    if (ok) return from_object(array);
    if (array) decref_object(array);
    return FAIL;
}

/* ---- tables ---- */

static Ref get_typecode(Vm *vm, Value self)
{
    return str_from_char(vm, (uint32_t)as_array(self)->kind->code);
}
static Ref get_itemsize(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_array(self)->kind->size);
}
static const Attribute array_attributes[] = {
    {"typecode", get_typecode, NULL, "The letter for the C type of the items."},
    {"itemsize", get_itemsize, NULL, "Bytes of an item."},
    {0},
};
static const Native *const array_methods[] = {
    &array_append_def,
    &array_buffer_info_def,
    &array_byteswap_def,
    &array_clear_method_def,
    &array_copy_def,
    &array_count_def,
    &array_deepcopy_def,
    &array_extend_def,
    &array_fromfile_def,
    &array_fromlist_def,
    &array_frombytes_def,
    &array_fromunicode_def,
    &array_index_def,
    &array_insert_def,
    &array_pop_def,
    &array_reduce_def,
    &array_remove_def,
    &array_reverse_def,
    &array_tobytes_def,
    &array_tofile_def,
    &array_tolist_def,
    &array_tounicode_def,
    &array_sizeof_def,
    &class_getitem_def,
    NULL,
};
static const Operators array_operators = {
    .binary = OPERATOR_BIT(ADD) | OPERATOR_BIT(MUL),
    .reflected = OPERATOR_BIT(MUL),
    .inplace = OPERATOR_BIT(ADD) | OPERATOR_BIT(MUL),
};
static const TypeDef array_type = {
    .name = "array.array",
    .doc = "array(typecode [, initializer]): items of one C type, as compact as in C.",
    .size = sizeof(Array),
    .flags = TYPE_WEAKREF | TYPE_SEQUENCE,
    .clear = array_clear,
    .new = &array_new_def,
    .repr = array_repr,
    .compare = array_compare,
    .binary = array_binary,
    .inplace = array_inplace,
    .operators = &array_operators,
    .len = array_len,
    .get_item = array_get_item,
    .set_item = array_set_item,
    .contains = array_contains,
    .iter = array_iter,
    .buffer = array_buffer,
    .release_buffer = array_release_buffer,
    .methods = array_methods,
    .attributes = array_attributes,
};
static const Native *const array_iter_methods[] = {
    &array_iter_reduce_def,
    &array_iter_setstate_def,
    NULL,
};
static const TypeDef array_iter_type = {
    .name = "array.arrayiterator",
    .doc = "Iterates over an array.",
    .size = sizeof(ArrayIter),
    .flags = TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(ArrayIter, array)),
    .iter = iter_self,
    .next = array_iter_next,
    .methods = array_iter_methods,
};

static bool array_open(Vm *vm, Value module)
{
    Ref codes = str_from(vm, "bBuwhHiIlLqQfd");
    if (failed(codes) || !module_set(vm, module, "typecodes", codes)) return false;
    Type *type = type_from_def(vm, &array_type);
    if (!type || !module_set(vm, module, "ArrayType", newref(borrow(type)))) return false;
    Ref abc = import_text(vm, "collections.abc"), class = FAIL, method = FAIL, done = FAIL;
    if (!failed(abc)) class = attr_get_text(vm, abc, "MutableSequence");
    if (!failed(class)) method = attr_get_text(vm, class, "register");
    if (!failed(method)) done = call1(vm, method, borrow(type));
    bool ok = !failed(done);
    decref(done);
    decref(method);
    decref(class);
    decref(abc);
    return ok;
}

static const Native *const array_functions[] = {&array_reconstruct_def, NULL};
static const TypeDef *const array_types[] = {&array_type, NULL};
const ModuleDef array_module = {
    .name = "array",
    .doc = "Arrays of numbers or characters of one C type.",
    .functions = array_functions,
    .types = array_types,
    .open = array_open,
};
