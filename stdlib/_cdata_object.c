/* _cdata_object.c - pieces of C memory: values, structures, arrays, pointers.
 *
 * One native type, Data, serves all; the classes of _ctypes.aio take those of its methods that suit
 * them under their usual names.  A part of a structure or array is a Data of its own that holds
 * its base.
 * Neighbours: _cdata.h, _cdata_field.c. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "_cdata.h"

bool is_native_instance(Vm *vm, Value v, const TypeDef *def)
{
    if (!is_heap(v)) return false;
    Type *type = type_from_def(vm, def);
    return type && type_has_instance(vm, type, v);
}

Info *info_of_class(Vm *vm, Value cls)
{
    if (!is_type(cls)) return NULL;
    struct Dict *names = type_dict(vm, as_type(cls));
    Value info = names ? dict_get_name(names, N(__cinfo__)) : UNDEF;
    return absent(info) ? NULL : as_info(info);
}

Info *info_required(Vm *vm, Value cls, const char *message)
{
    Info *info = info_of_class(vm, cls);
    if (!info) throw(vm, TypeError, "%s", message);
    return info;
}

bool info_has(Vm *vm, const Info *info, Value v)
{
    return is_heap(v) && type_has_instance(vm, as_type(info->cls), v);
}

Ref throw_text(Vm *vm, Value cls, Ref text)
{
    Ref error = failed(text) ? FAIL : call1(vm, cls, text);
    if (!failed(error)) throw_object(vm, error);
    decref(error);
    decref(text);
    return FAIL;
}

/* ---- making ---- */

static Data *data_blank(Vm *vm, Value cls, Info *info)
{
    Data *data = type_instance(vm, as_type(cls));
    if (!data) return NULL;
    data->info = newref(borrow(info));
    data->size = info->size;
    info->final = true;
    return data;
}

Data *data_new(Vm *vm, Value cls, Info *info)
{
    Data *data = data_blank(vm, cls, info);
    if (!data) return NULL;
    data->memory = data->small;
    if (info->size <= SMALL && info->align <= SMALL) return data;
    size_t align = info->align > SMALL ? (size_t)info->align : SMALL;
    size_t room = ((size_t)info->size + align - 1) / align * align;
    data->memory = info->size > PTRDIFF_MAX / 2 ? NULL : aligned_alloc(align, room ? room : align);
    if (data->memory) {
        memset(data->memory, 0, room);
        data->owned = true;
        return data;
    }
    decref_object(data);
    throw_no_memory(vm);
    return NULL;
}

Data *data_at(Vm *vm, Value cls, Info *info, Data *base, ptrdiff_t index, char *memory)
{
    Data *data = data_blank(vm, cls, info);
    if (!data) return NULL;
    data->memory = memory;
    if (base) data->base = newref(borrow(base));
    data->index = index;
    return data;
}

NATIVE_CLASS(data_make, "new(cls, *args, **kwargs)", "A new piece of memory, all zero.")
{
    Info *info = info_required(vm, argv[0], "abstract class");
    if (info && info->kind == INFO_POINTER && absent(info->item))
        return throw(vm, TypeError, "Cannot create instance: has no _type_");
    Data *data = info ? data_new(vm, argv[0], info) : NULL;
    return data ? from_object(data) : FAIL;
}

static void data_clear(Object *self)
{
    Data *data = (Data *)(void *)self;
    if (data->owned) free(data->memory);
    data->owned = false;
    data->memory = data->small;
}

/* ---- what must stay alive ---- */

static Data *outermost(Data *data)
{
    while (!absent(data->base)) data = as_data(data->base);
    return data;
}

Value data_kept(Vm *vm, Data *data)
{
    Data *root = outermost(data);
    if (absent(root->objects)) {
        root->objects = info_of(root)->length ? dict_new(vm) : NONE;
        if (failed(root->objects)) {
            root->objects = UNDEF;
            return FAIL;
        }
    }
    return root->objects;
}

/* The place of an item in its outermost base: "2:0" is item 2 of item 0. */
static Ref place_of(Vm *vm, Data *data, ptrdiff_t index)
{
    char text[256];
    int len = snprintf(text, sizeof text, "%zx", (size_t)index);
    for (; !absent(data->base) && len < (int)sizeof text - 20; data = as_data(data->base))
        len += snprintf(text + len, sizeof text - (size_t)len, ":%zx", (size_t)data->index);
    return str_from_ascii(vm, text, len);
}

bool data_keep(Vm *vm, Data *data, ptrdiff_t index, Ref keep)
{
    if (is_none(keep)) return true;
    Data *root = outermost(data);
    if (failed(data_kept(vm, data))) {
        decref(keep);
        return false;
    }
    if (!is_dict(root->objects)) {
        replace(&root->objects, keep);
        return true;
    }
    Ref place = place_of(vm, data, index);
    bool good = !failed(place) && dict_set(vm, as_dict(root->objects), place, keep);
    decref(place);
    decref(keep);
    return good;
}

/* ---- items ---- */

Ref item_get(Vm *vm, Value cls, Data *base, ptrdiff_t index, char *memory)
{
    Info *info = info_required(vm, cls, "abstract class");
    if (!info) return FAIL;
    if (info->kind == INFO_SIMPLE && info->plain) return simple_load(vm, info, memory);
    Data *data = data_at(vm, cls, info, base, index, memory);
    return data ? from_object(data) : FAIL;
}

/* An array stored into a pointer to its items: both it and what it holds stay alive. */
static Ref keep_array(Vm *vm, Data *array)
{
    Value kept = data_kept(vm, array);
    return failed(kept) ? FAIL : tuple_pack(vm, 2, kept, borrow(array));
}

static bool store_data(Vm *vm, Info *info, char *memory, Value value, Ref *keep)
{
    Data *from = as_data(value);
    const Info *given = info_of(from);
    if (info_has(vm, info, value)) {
        memcpy(memory, from->memory, (size_t)info->size);
        Value kept = data_kept(vm, from);
        *keep = failed(kept) ? FAIL : newref(kept);
        return !failed(kept);
    }
    if (info->kind == INFO_POINTER && given->kind == INFO_ARRAY && given->item == info->item) {
        memcpy(memory, &from->memory, sizeof from->memory);
        *keep = keep_array(vm, from);
        return !failed(*keep);
    }
    throw(vm, TypeError, "incompatible types, %T instance instead of %N instance", value,
          as_type(info->cls));
    return false;
}

/* What went wrong in making a member of a tuple is told as a RuntimeError. */
static void wrap_error(Vm *vm, Type *type)
{
    Ref error = error_take(vm);
    throw(vm, RuntimeError, "(%N) %T: %S", type, (Value)error, (Value)error);
    decref(error);
}

static bool store_value(Vm *vm, Info *info, char *memory, Value value, Ref *keep)
{
    *keep = NONE;
    if (info->kind == INFO_SIMPLE && !is_data(vm, value))
        return simple_store(vm, info, memory, value, keep);
    if (is_data(vm, value)) return store_data(vm, info, memory, value, keep);
    if (is_tuple(value)) {
        ptrdiff_t len;
        Value *items = (Value *)sequence_items(value, &len);
        Ref made = call(vm, info->cls, (int)len, items);
        if (failed(made)) wrap_error(vm, as_type(info->cls));
        bool good = !failed(made) && store_data(vm, info, memory, made, keep);
        decref(made);
        return good;
    }
    if (info->kind == INFO_POINTER && is_none(value)) {
        memset(memory, 0, sizeof(void *));
        return true;
    }
    throw(vm, TypeError, "expected %N instance, got %T", as_type(info->cls), value);
    return false;
}

bool item_set(Vm *vm, Data *base, Value cls, Value value, ptrdiff_t index, char *memory)
{
    Info *info = info_required(vm, cls, "abstract class");
    Ref keep = NONE;
    if (!info || !store_value(vm, info, memory, value, &keep)) return false;
    return data_keep(vm, base, index, keep);
}

/* ---- simple values ---- */

static Ref get_value(Vm *vm, Value self)
{
    const Data *data = as_data(self);
    return simple_load(vm, info_of(data), data->memory);
}
static bool set_value(Vm *vm, Value self, Value value)
{
    Data *data = as_data(self);
    Ref keep;
    if (absent(value)) {
        throw(vm, TypeError, "can't delete attribute");
        return false;
    }
    return simple_store(vm, info_of(data), data->memory, value, &keep) &&
           data_keep(vm, data, 0, keep);
}

NATIVE(data_simple_init, "__init__(self, value=?, /)", "Set the value; 0 or NULL by default.")
{
    return absent(argv[1]) || set_value(vm, argv[0], argv[1]) ? NONE : FAIL;
}
NATIVE(data_simple_bool, "__bool__(self, /)", "Is any byte not zero?")
{
    const Data *data = as_data(argv[0]);
    for (ptrdiff_t n = 0; n < info_of(data)->size; n++)
        if (data->memory[n]) return TRUE;
    return FALSE;
}
NATIVE(data_simple_repr, "__repr__(self, /)", "c_int(5)")
{
    const Data *data = as_data(argv[0]);
    if (!info_of(data)->plain) {
        char address[32];
        snprintf(address, sizeof address, "%p", (const void *)data);
        return format_text(vm, "<%N object at %s>", as_type(info_of(data)->cls), address);
    }
    Ref value = get_value(vm, argv[0]);
    Ref out =
        failed(value) ? FAIL : format_text(vm, "%N(%R)", as_type(info_of(data)->cls), (Value)value);
    decref(value);
    return out;
}
NATIVE(data_outparam, "__ctypes_from_outparam__(self, /)", "What an output parameter returns.")
{
    const Data *data = as_data(argv[0]);
    const Info *info = info_of(data);
    return info->kind == INFO_SIMPLE && info->plain ? get_value(vm, argv[0]) : newref(argv[0]);
}

/* ---- structures ---- */

NATIVE(data_struct_init, "__init__(self, *args, **kwargs)",
       "Set members: in order, then by name.\n"
       "Raises TypeError for too many, or one that is given twice.")
{
    const Info *info = info_of(as_data(argv[0]));
    Value names = info->names;
    ptrdiff_t count = tuple_len(argv[1]), most = absent(names) ? 0 : tuple_len(names);
    for (ptrdiff_t n = 0; n < count; n++) {
        if (n >= most) return throw(vm, TypeError, "too many initializers");
        Value name = tuple_at(names, n);
        Truth twice = dict_has(vm, as_dict(argv[2]), name);
        if (twice == FAILED) return FAIL;
        if (twice == YES) return throw(vm, TypeError, "duplicate values for field %R", name);
        if (!attr_set(vm, argv[0], name, tuple_at(argv[1], n))) return FAIL;
    }
    Value name, value;
    for (ptrdiff_t i = 0; dict_next(as_dict(argv[2]), &i, &name, &value);)
        if (!attr_set(vm, argv[0], name, value)) return FAIL;
    return NONE;
}

/* ---- arrays ---- */

static char *array_at(const Data *data, Info *item, ptrdiff_t n)
{
    return data->memory + n * item->size;
}

NATIVE(data_array_init, "__init__(self, *args)", "Set the items in order.")
{
    Data *data = as_data(argv[0]);
    const Info *info = info_of(data);
    Info *item = info_required(vm, info->item, "abstract class");
    ptrdiff_t count = tuple_len(argv[1]);
    if (!item) return FAIL;
    for (ptrdiff_t n = 0; n < count; n++) {
        if (n >= info->length) return throw(vm, IndexError, "invalid index");
        if (!item_set(vm, data, info->item, tuple_at(argv[1], n), n, array_at(data, item, n)))
            return FAIL;
    }
    return NONE;
}
NATIVE(data_array_len, "__len__(self, /)", "The number of items.")
{
    return from_int64(vm, info_of(as_data(argv[0]))->length);
}

/* Characters at start, start + step ...: bytes or str. */
static Ref characters(Vm *vm, const Info *item, const char *memory, ptrdiff_t start, ptrdiff_t step,
                      ptrdiff_t count)
{
    Ref raw = bytes_from(vm, NULL, count * item->size);
    for (ptrdiff_t n = 0; !failed(raw) && n < count; n++)
        memcpy(as_bytes(raw)->data + n * item->size, memory + (start + n * step) * item->size,
               (size_t)item->size);
    if (failed(raw) || item->letter->letter == 'c') return raw;
    Ref text = wide_text(vm, as_bytes(raw)->data, count, false);
    decref(raw);
    return text;
}
static bool is_character(const Info *item)
{
    return item->kind == INFO_SIMPLE && (item->letter->sort == 'c' || item->letter->sort == 'w');
}

/* Items at start, start + step ... of memory: bytes, str or a list. */
static Ref items_slice(Vm *vm, Data *data, char *memory, Value cls, ptrdiff_t start, ptrdiff_t step,
                       ptrdiff_t count)
{
    Info *item = info_required(vm, cls, "abstract class");
    if (!item) return FAIL;
    if (is_character(item)) return characters(vm, item, memory, start, step, count);
    Ref out = list_new(vm, count);
    for (ptrdiff_t n = 0; !failed(out) && n < count; n++) {
        ptrdiff_t at = start + n * step;
        Ref one = item_get(vm, cls, data, at, memory + at * item->size);
        if (failed(one) || !list_push(vm, as_list(out), one)) replace(&out, FAIL);
    }
    return out;
}

static bool array_index(Vm *vm, const Info *info, Value key, ptrdiff_t *i)
{
    if (!sequence_is_index(vm, key)) {
        throw(vm, TypeError, "indices must be integers");
        return false;
    }
    if (!int_subscript(vm, key, i, false)) return false;
    if (*i < 0) *i += info->length;
    if (*i >= 0 && *i < info->length) return true;
    throw(vm, IndexError, "invalid index");
    return false;
}

NATIVE(data_array_get, "__getitem__(self, key, /)", "An item, or a slice of them.")
{
    Data *data = as_data(argv[0]);
    const Info *info = info_of(data);
    ptrdiff_t start, step, count;
    if (is_slice(argv[1])) {
        if (!slice_resolve(vm, argv[1], &info->length, &start, &step, &count)) return FAIL;
        return items_slice(vm, data, data->memory, info->item, start, step, count);
    }
    Info *item = info_required(vm, info->item, "abstract class");
    if (!item || !array_index(vm, info, argv[1], &start)) return FAIL;
    return item_get(vm, info->item, data, start, array_at(data, item, start));
}

static bool set_slice(Vm *vm, Data *data, Info *item, Value key, Value value)
{
    const Info *info = info_of(data);
    ptrdiff_t start, step, count;
    if (!slice_resolve(vm, key, &info->length, &start, &step, &count)) return false;
    Ref values = list_from(vm, value);
    bool good = !failed(values);
    if (good && as_list(values)->len != count) {
        throw(vm, ValueError, "Can only assign sequence of same size");
        good = false;
    }
    for (ptrdiff_t n = 0; good && n < count; n++) {
        ptrdiff_t at = start + n * step;
        good = item_set(vm, data, info->item, list_at(as_list(values), n), at,
                        array_at(data, item, at));
    }
    decref(values);
    return good;
}

NATIVE(data_array_set, "__setitem__(self, key, value, /)",
       "Set an item, or as many as a slice has.")
{
    Data *data = as_data(argv[0]);
    const Info *info = info_of(data);
    Info *item = info_required(vm, info->item, "abstract class");
    ptrdiff_t i;
    if (!item) return FAIL;
    if (is_slice(argv[1])) return set_slice(vm, data, item, argv[1], argv[2]) ? NONE : FAIL;
    if (!array_index(vm, info, argv[1], &i)) return FAIL;
    return item_set(vm, data, info->item, argv[2], i, array_at(data, item, i)) ? NONE : FAIL;
}
NATIVE(data_array_delete, "__delitem__(self, key, /)", "Raises TypeError.")
{
    return throw(vm, TypeError, "Array does not support item deletion");
}

/* ---- arrays of characters ---- */

static Ref get_text(Vm *vm, Value self)
{
    const Data *data = as_data(self);
    const Info *info = info_of(data);
    if (info_of_class(vm, info->item)->letter->letter == 'u')
        return wide_text(vm, data->memory, info->length, true);
    return bytes_from(vm, data->memory, (ptrdiff_t)strnlen(data->memory, (size_t)data->size));
}
static Ref get_raw(Vm *vm, Value self)
{
    const Data *data = as_data(self);
    return bytes_from(vm, data->memory, data->size);
}

static bool set_bytes(Vm *vm, Data *data, const char *from, ptrdiff_t len, bool end)
{
    ptrdiff_t room = data->size;
    if (len > room) {
        throw(vm, ValueError, "byte string too long");
        return false;
    }
    memmove(data->memory, from, (size_t)len);
    if (end && len < room) data->memory[len] = 0;
    return true;
}
static bool set_raw(Vm *vm, Value self, Value value)
{
    Buffer buffer;
    if (absent(value)) {
        throw(vm, AttributeError, "cannot delete attribute");
        return false;
    }
    if (!buffer_get(vm, value, &buffer, false)) return false;
    bool good = set_bytes(vm, as_data(self), buffer.data, buffer.len, false);
    buffer_release(vm, &buffer);
    return good;
}
static bool set_wide(Vm *vm, Data *data, Value value)
{
    const Info *info = info_of(data);
    if (!is_str(value)) {
        throw(vm, TypeError, "unicode string expected instead of %T instance", value);
        return false;
    }
    if (as_str(value)->len > info->length) {
        throw(vm, ValueError, "string too long");
        return false;
    }
    Ref wide = wide_bytes(vm, value);
    if (failed(wide)) return false;
    ptrdiff_t len = as_bytes(wide)->len;
    memcpy(data->memory, as_bytes(wide)->data, (size_t)(len < info->size ? len : info->size));
    decref(wide);
    return true;
}
static bool set_text(Vm *vm, Value self, Value value)
{
    Data *data = as_data(self);
    if (absent(value)) {
        throw(vm, TypeError, "can't delete attribute");
        return false;
    }
    if (info_of_class(vm, info_of(data)->item)->letter->letter == 'u')
        return set_wide(vm, data, value);
    if (is_bytes(value))
        return set_bytes(vm, data, as_bytes(value)->data, as_bytes(value)->len, true);
    throw(vm, TypeError, "bytes expected instead of %T instance", value);
    return false;
}

/* ---- pointers ---- */

static char *pointer_of(const Data *data)
{
    char *pointer;
    memcpy(&pointer, data->memory, sizeof pointer);
    return pointer;
}

static Ref get_contents(Vm *vm, Value self)
{
    Data *data = as_data(self);
    char *pointer = pointer_of(data);
    if (!pointer) return throw(vm, ValueError, "NULL pointer access");
    Value cls = info_of(data)->item;
    Info *item = info_required(vm, cls, "abstract class");
    Data *contents = item ? data_at(vm, cls, item, data, 0, pointer) : NULL;
    return contents ? from_object(contents) : FAIL;
}
static bool set_contents(Vm *vm, Value self, Value value)
{
    Data *data = as_data(self);
    const Info *info = info_of(data);
    if (absent(value)) {
        throw(vm, TypeError, "Pointer does not support item deletion");
        return false;
    }
    if (!is_heap(value) || !type_has_instance(vm, as_type(info->item), value)) {
        bool array = is_data(vm, value) && info_of(as_data(value))->kind == INFO_ARRAY &&
                     info_of(as_data(value))->item == info->item;
        if (!array) {
            throw(vm, TypeError, "expected %N instead of %T", as_type(info->item), value);
            return false;
        }
    }
    Data *target = as_data(value);
    memcpy(data->memory, &target->memory, sizeof target->memory);
    if (!data_keep(vm, data, 1, newref(value))) return false;
    Value kept = data_kept(vm, target);
    return !failed(kept) && data_keep(vm, data, 0, newref(kept));
}

NATIVE(data_pointer_init, "__init__(self, contents=?, /)", "Point to contents; NULL by default.")
{
    return absent(argv[1]) || set_contents(vm, argv[0], argv[1]) ? NONE : FAIL;
}
NATIVE(data_pointer_bool, "__bool__(self, /)", "Is it not NULL?")
{
    return from_bool(pointer_of(as_data(argv[0])) != NULL);
}

/* The start, step and count of a slice of what has no length. */
static bool pointer_slice(Vm *vm, Value key, ptrdiff_t *start, ptrdiff_t *step, ptrdiff_t *count)
{
    const Slice *slice = (const Slice *)as_object(key);
    ptrdiff_t stop;
    *step = 1;
    *start = 0;
    if (slice->step != NONE && !int_subscript(vm, slice->step, step, true)) return false;
    if (*step == 0) throw(vm, ValueError, "slice step cannot be zero");
    else if (slice->start == NONE && *step < 0)
        throw(vm, ValueError, "slice start is required for step < 0");
    else if (slice->stop == NONE) throw(vm, ValueError, "slice stop is required");
    else {
        if (slice->start != NONE && !int_subscript(vm, slice->start, start, true)) return false;
        if (!int_subscript(vm, slice->stop, &stop, true)) return false;
        *count = 0;
        if (*step > 0 && stop > *start) *count = (stop - *start - 1) / *step + 1;
        if (*step < 0 && stop < *start) *count = (stop - *start + 1) / *step + 1;
        return true;
    }
    return false;
}

NATIVE(data_pointer_get, "__getitem__(self, key, /)", "What lies at that many items from there.")
{
    Data *data = as_data(argv[0]);
    Value cls = info_of(data)->item;
    char *pointer = pointer_of(data);
    ptrdiff_t start, step, count;
    Info *item = info_required(vm, cls, "abstract class");
    if (!item) return FAIL;
    if (is_slice(argv[1])) {
        if (!pointer_slice(vm, argv[1], &start, &step, &count)) return FAIL;
        if (!pointer && count > 0) return throw(vm, ValueError, "NULL pointer access");
        return items_slice(vm, data, pointer, cls, start, step, count);
    }
    if (!sequence_is_index(vm, argv[1]))
        return throw(vm, TypeError, "Pointer indices must be integer");
    if (!int_subscript(vm, argv[1], &start, false)) return FAIL;
    if (!pointer) return throw(vm, ValueError, "NULL pointer access");
    return item_get(vm, cls, data, start, pointer + start * item->size);
}
NATIVE(data_pointer_set, "__setitem__(self, key, value, /)",
       "Set what lies at that many items from there.")
{
    Data *data = as_data(argv[0]);
    Value cls = info_of(data)->item;
    char *pointer = pointer_of(data);
    ptrdiff_t i;
    Info *item = info_required(vm, cls, "abstract class");
    if (!item || !int_subscript(vm, argv[1], &i, false)) return FAIL;
    if (!pointer) return throw(vm, ValueError, "NULL pointer access");
    return item_set(vm, data, cls, argv[2], i, pointer + i * item->size) ? NONE : FAIL;
}
NATIVE(data_pointer_delete, "__delitem__(self, key, /)", "Raises TypeError.")
{
    return throw(vm, TypeError, "Pointer does not support item deletion");
}

/* ---- all ---- */

static bool data_buffer(Vm *vm, Value self, Buffer *buffer, bool writable __attribute__((unused)))
{
    const Data *data = as_data(self);
    const Info *info = info_of(data);
    char *owned = NULL;
    const char *format = str_utf8(vm, info->format, NULL, &owned);
    if (!format) return false;
    memory_free(owned);
    *buffer = (Buffer){.data = data->memory,
                       .len = data->size > info->size ? data->size : info->size,
                       .format = as_str(info->format)->data,
                       .item_size = info->item_size,
                       .owner = newref(self)};
    return true;
}

static Ref get_objects(Vm *vm __attribute__((unused)), Value self)
{
    const Data *data = as_data(self);
    return absent(data->objects) ? NONE : newref(data->objects);
}
static Ref get_base(Vm *vm __attribute__((unused)), Value self)
{
    const Data *data = as_data(self);
    return absent(data->base) ? NONE : newref(data->base);
}
static Ref get_owned(Vm *vm __attribute__((unused)), Value self)
{
    const Data *data = as_data(self);
    return from_small(data->owned || data->memory == data->small);
}

static const Attribute data_attributes[] = {
    {"_b_base_", get_base, NULL, "The piece of memory that this is a part of, or None."},
    {"_b_needsfree_", get_owned, NULL, "Does it own its memory?"},
    {"_objects", get_objects, NULL, "What its memory needs alive."},
    {"_simple_value", get_value, set_value, "The value."},
    {"_array_text", get_text, set_text, "The characters up to the first zero."},
    {"_array_raw", get_raw, set_raw, "All bytes."},
    {"_pointer_contents", get_contents, set_contents, "What it points to."},
    {0},
};
static const Native *const data_methods[] = {&data_outparam_def, NULL};

const TypeDef cdata_type = {
    .name = "_cdata.Data",
    .doc = "A piece of C memory.",
    .size = sizeof(Data),
    .flags = TYPE_CONTAINER | TYPE_WEAKREF,
    .refs = REFS(REF(Data, info), REF(Data, base), REF(Data, objects), REF(Data, holder)),
    .clear = data_clear,
    .new = &data_make_def,
    .buffer = data_buffer,
    .methods = data_methods,
    .attributes = data_attributes,
};

const Export data_exports[] = {
    {"simple_init", &data_simple_init_def},
    {"simple_bool", &data_simple_bool_def},
    {"simple_repr", &data_simple_repr_def},
    {"struct_init", &data_struct_init_def},
    {"array_init", &data_array_init_def},
    {"array_len", &data_array_len_def},
    {"array_get", &data_array_get_def},
    {"array_set", &data_array_set_def},
    {"array_delete", &data_array_delete_def},
    {"pointer_init", &data_pointer_init_def},
    {"pointer_bool", &data_pointer_bool_def},
    {"pointer_get", &data_pointer_get_def},
    {"pointer_set", &data_pointer_set_def},
    {"pointer_delete", &data_pointer_delete_def},
    {NULL, NULL},
};
