/* _cdata.c - the module _cdata: what _ctypes.aio makes the classes of C data with.
 *
 * Its functions are methods of its one State.  info() makes the description of a class, which never
 * changes; a class whose members are set later gets a new one.
 * Neighbours: _cdata.h, _library.h. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <wchar.h>

#include "_cdata.h"
#include "_library.h"

/* ---- Info ---- */

static bool number_from(Vm *vm, Value v, ptrdiff_t *out)
{
    int64_t n;
    if (!int_index(vm, v, &n)) return false;
    *out = n;
    return true;
}

static Ref optional(Value v) { return is_none(v) ? UNDEF : newref(v); }

/* _SimpleCData's letter; an Info without one is not simple. */
static bool set_letter(Vm *vm, Info *info, Value text)
{
    if (is_none(text)) return true;
    bool one = is_str(text) && as_str(text)->len == 1 && as_str(text)->ascii;
    info->letter = one ? letter_named(as_str(text)->data[0]) : NULL;
    if (info->letter) return true;
    throw(vm, ValueError, "no such type: %R", text);
    return false;
}

NATIVE(state_info,
       "info(self, cls, kind, size, align, format, *, length=0, letter=None, item=None, names=(), "
       "item_size=0, swapped=False, plain=False, points=False, argtypes=None, restype=?, flags=0)",
       "Give a class its description.\n"
       "kind: 0 simple, 1 structure, 2 union, 3 array, 4 pointer, 5 function.")
{
    ptrdiff_t kind, flags;
    Type *type = type_from_def(vm, &cdata_info_type);
    Info *info = type ? type_instance(vm, type) : NULL;
    if (!info) return FAIL;
    Ref out = from_object(info);
    info->state = newref(argv[0]);
    info->cls = newref(argv[1]);
    info->format = newref(argv[5]);
    info->item = optional(argv[8]);
    info->names = newref(argv[9]);
    info->swapped = argv[11] == TRUE;
    info->plain = argv[12] == TRUE;
    info->points = argv[13] == TRUE;
    info->restype = newref(argv[15]);
    bool good = number_from(vm, argv[2], &kind) && number_from(vm, argv[3], &info->size) &&
                number_from(vm, argv[4], &info->align) && number_from(vm, argv[6], &info->length) &&
                set_letter(vm, info, argv[7]) && number_from(vm, argv[10], &info->item_size) &&
                number_from(vm, argv[16], &flags);
    if (good) {
        info->kind = (InfoKind)kind;
        info->flags = (int)flags;
        if (!info->item_size) info->item_size = info->size;
    }
    if (good && argv[14] != NONE) {
        info->argtypes = newref(argv[14]);
        info->converters = converters_of(vm, as_state(argv[0]), argv[14]);
        good = !failed(info->converters);
    }
    good = good && attr_set(vm, argv[1], N(__cinfo__), out);
    if (good) return out;
    decref(out);
    return FAIL;
}

#define INFO_GETTER(id, expression)                                                                \
    static Ref id(Vm *vm __attribute__((unused)), Value self)                                      \
    {                                                                                              \
        const Info *info = as_info(self);                                                          \
        return expression;                                                                         \
    }
INFO_GETTER(get_kind, from_small((int64_t)info->kind))
INFO_GETTER(get_size, from_int64(vm, info->size))
INFO_GETTER(get_align, from_int64(vm, info->align))
INFO_GETTER(get_length, from_int64(vm, info->length))
INFO_GETTER(get_item_size, from_int64(vm, info->item_size))
INFO_GETTER(get_format, newref(info->format))
INFO_GETTER(get_names, newref(info->names))
INFO_GETTER(get_final, from_bool(info->final))
INFO_GETTER(get_points, from_bool(info->points))
INFO_GETTER(get_item, absent(info->item) ? NONE : newref(info->item))
INFO_GETTER(get_letter, info->letter ? str_from_ascii(vm, &info->letter->letter, 1) : NONE)
static bool set_final(Vm *vm __attribute__((unused)), Value self, Value value)
{
    as_info(self)->final = value == TRUE;
    return true;
}

static const Attribute info_attributes[] = {
    {"kind", get_kind, NULL, "0 simple, 1 structure, 2 union, 3 array, 4 pointer, 5 function."},
    {"size", get_size, NULL, "Bytes."},
    {"align", get_align, NULL, "Bytes."},
    {"length", get_length, NULL, "Items or members."},
    {"item_size", get_item_size, NULL, "Bytes of an innermost item."},
    {"format", get_format, NULL, "As the struct module has it."},
    {"names", get_names, NULL, "Of the members."},
    {"final", get_final, set_final, "Can members no longer be set?"},
    {"points", get_points, NULL, "Are there pointers in it?"},
    {"item", get_item, NULL, "The class of items, or of what is pointed to."},
    {"letter", get_letter, NULL, "The code of a simple type."},
    {0},
};
static void info_clear(Object *self)
{
    Info *info = (Info *)(void *)self;
    free(info->elements);
    info->elements = NULL;
}
const TypeDef cdata_info_type = {
    .name = "_cdata.Info",
    .doc = "What a class of C data consists of.",
    .size = sizeof(Info),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(Info, state), REF(Info, cls), REF(Info, item), REF(Info, names),
                 REF(Info, format), REF(Info, argtypes), REF(Info, converters), REF(Info, restype)),
    .clear = info_clear,
    .attributes = info_attributes,
};

/* ---- looking at memory ---- */

static Data *data_required(Vm *vm, Value v, const char *message)
{
    if (is_data(vm, v)) return as_data(v);
    throw(vm, TypeError, "%s", message);
    return NULL;
}

NATIVE(state_sizeof, "sizeof(self, obj_or_type, /)",
       "Return how many bytes C data, or a class, takes.")
{
    if (is_data(vm, argv[1])) return from_int64(vm, as_data(argv[1])->size);
    const Info *info = info_required(vm, argv[1], "this type has no size");
    return info ? from_int64(vm, info->size) : FAIL;
}
NATIVE(state_alignment, "alignment(self, obj_or_type, /)",
       "Return of how many bytes the address of C data, or of a class, is a multiple.")
{
    if (is_data(vm, argv[1])) return from_int64(vm, info_of(as_data(argv[1]))->align);
    const Info *info = info_required(vm, argv[1], "no alignment info");
    return info ? from_int64(vm, info->align) : FAIL;
}
NATIVE(state_addressof, "addressof(self, obj, /)", "Return the address of C data.")
{
    const Data *data = data_required(vm, argv[1], "invalid type");
    return data ? from_uint64(vm, (uint64_t)(uintptr_t)data->memory) : FAIL;
}
NATIVE(state_byref, "byref(self, obj, offset=0, /)",
       "Return a pointer to C data, offset bytes further, to pass to a function.")
{
    ptrdiff_t offset;
    if (!is_data(vm, argv[1]))
        return throw(vm, TypeError, "byref() argument must be a ctypes instance, not '%T'",
                     argv[1]);
    if (!number_from(vm, argv[2], &offset) || !state_load(vm, as_state(argv[0]))) return FAIL;
    Param param = {.type = as_state(argv[0])->types[FFI_KIND_POINTER],
                   .letter = 'P',
                   .value.pointer = as_data(argv[1])->memory + offset,
                   .keep = newref(argv[1])};
    return param_object(vm, as_state(argv[0]), &param);
}
NATIVE(state_resize, "resize(self, obj, size, /)",
       "Give C data a memory of size bytes, at least those it needs.")
{
    ptrdiff_t size;
    Data *data = data_required(vm, argv[1], "excepted ctypes instance");
    if (!data || !number_from(vm, argv[2], &size)) return FAIL;
    const Info *info = info_of(data);
    if (size < info->size) return throw(vm, ValueError, "minimum size is %zd", info->size);
    if (!data->owned && data->memory != data->small)
        return throw(vm, ValueError, "Memory cannot be resized because this object doesn't own it");
    if (size > PTRDIFF_MAX / 2) return throw_no_memory(vm);
    char *memory = calloc(1, (size_t)(size ? size : 1));
    if (!memory) return throw_no_memory(vm);
    memcpy(memory, data->memory, (size_t)(data->size < size ? data->size : size));
    if (data->owned) free(data->memory);
    data->memory = memory;
    data->owned = true;
    data->size = size;
    return NONE;
}

/* ---- C data at given places ---- */

NATIVE(state_at, "at(self, cls, address, /)", "C data of a class at an address.")
{
    Info *info = info_required(vm, argv[1], "abstract class");
    if (!info) return FAIL;
    if (!is_any_int(argv[2])) return throw(vm, TypeError, "integer expected");
    char *memory = (char *)(uintptr_t)int_low_bits(argv[2]);
    Data *data = data_at(vm, argv[1], info, NULL, 0, memory);
    return data ? from_object(data) : FAIL;
}

static bool fits(Vm *vm, ptrdiff_t len, ptrdiff_t offset, ptrdiff_t size)
{
    if (offset < 0) throw(vm, ValueError, "offset cannot be negative");
    else if (size > len - offset)
        throw(vm, ValueError, "Buffer size too small (%zd instead of at least %zd bytes)", len,
              size + offset);
    return offset >= 0 && size <= len - offset;
}

NATIVE(state_from_buffer, "from_buffer(self, cls, source, offset=0, /)",
       "C data of a class in the memory of a writable buffer, offset bytes from its start.")
{
    ptrdiff_t offset;
    Info *info = info_required(vm, argv[1], "abstract class");
    if (!info || !number_from(vm, argv[3], &offset)) return FAIL;
    Ref view = memoryview_of(vm, argv[2]);
    if (failed(view)) return FAIL;
    const MemoryView *memory = as_memoryview(view);
    Data *data = NULL;
    if (memory->readonly) throw(vm, TypeError, "underlying buffer is not writable");
    else if (memory->count > 1 && memory->step != memory->item_size)
        throw(vm, TypeError, "underlying buffer is not C contiguous");
    else if (fits(vm, memory->count * memory->item_size, offset, info->size))
        data = data_at(vm, argv[1], info, NULL, 0, memory->start + offset);
    if (data) {
        data->holder = newref(view);
        if (!data_keep(vm, data, -1, newref(view))) {
            decref_object(data);
            data = NULL;
        }
    }
    decref(view);
    return data ? from_object(data) : FAIL;
}
NATIVE(state_from_buffer_copy, "from_buffer_copy(self, cls, source, offset=0, /)",
       "C data of a class with a copy of the bytes offset bytes from a buffer's start.")
{
    ptrdiff_t offset;
    Buffer buffer;
    Info *info = info_required(vm, argv[1], "abstract class");
    if (!info || !number_from(vm, argv[3], &offset) || !buffer_get(vm, argv[2], &buffer, false))
        return FAIL;
    Data *data = NULL;
    if (fits(vm, buffer.len, offset, info->size)) data = data_new(vm, argv[1], info);
    if (data) memcpy(data->memory, buffer.data + offset, (size_t)info->size);
    buffer_release(vm, &buffer);
    return data ? from_object(data) : FAIL;
}

/* Copies what a pointer's target keeps alive, and the target itself. */
NATIVE(state_cast, "cast(self, address, source, cls, /)",
       "A pointer of class cls to an address, which source keeps alive.")
{
    Info *info = info_required(vm, argv[3], "abstract class");
    Data *out = info ? data_new(vm, argv[3], info) : NULL;
    if (!out) return FAIL;
    uint64_t bits = is_none(argv[1]) ? 0 : int_low_bits(argv[1]);
    memcpy(out->memory, &bits, sizeof(void *));
    if (!is_data(vm, argv[2])) {
        if (is_none(argv[2]) || is_any_int(argv[2]) || data_keep(vm, out, 0, newref(argv[2])))
            return from_object(out);
        decref_object(out);
        return FAIL;
    }
    Data *source = as_data(argv[2]);
    Value kept = data_kept(vm, source);
    Ref own = failed(kept) ? FAIL : is_dict(kept) ? newref(kept) : dict_new(vm);
    Ref key = failed(own) ? FAIL : from_uint64(vm, (uint64_t)(uintptr_t)source);
    bool good = !failed(key) && dict_set(vm, as_dict(own), key, argv[2]);
    if (good && !is_dict(kept) && !is_none(kept))
        good = dict_set_text(vm, as_dict(own), "kept", kept);
    decref(key);
    if (good) out->objects = own;
    else decref(own);
    if (good) return from_object(out);
    decref_object(out);
    return FAIL;
}

/* ---- text at an address ---- */

static bool address_from(Vm *vm, State *state, Value v, Param *param)
{
    if (!state_load(vm, state)) return false;
    if (is_any_int(v)) {
        *param = (Param){.value.pointer = (void *)(uintptr_t)int_low_bits(v)};
        return true;
    }
    if (!param_from(vm, state, v, 1, param)) return false;
    if (param->type == state->types[FFI_KIND_POINTER]) return true;
    decref(param->keep);
    throw(vm, TypeError, "'%T' object cannot be interpreted as an address", v);
    return false;
}

NATIVE(state_string_at, "string_at(self, ptr, size=-1, /)",
       "Return size bytes at an address, or those up to a zero.")
{
    ptrdiff_t size;
    Param param;
    if (!number_from(vm, argv[2], &size) || !address_from(vm, as_state(argv[0]), argv[1], &param))
        return FAIL;
    const char *memory = param.value.pointer;
    Ref out = memory ? bytes_from(vm, memory, size < 0 ? (ptrdiff_t)strlen(memory) : size)
                     : throw(vm, ValueError, "NULL pointer access");
    decref(param.keep);
    return out;
}
NATIVE(state_wstring_at, "wstring_at(self, ptr, size=-1, /)",
       "Return size wide characters at an address, or those up to a zero, as a str.")
{
    ptrdiff_t size;
    Param param;
    if (!number_from(vm, argv[2], &size) || !address_from(vm, as_state(argv[0]), argv[1], &param))
        return FAIL;
    const char *memory = param.value.pointer;
    if (size > PTRDIFF_MAX / 4) {
        decref(param.keep);
        return throw(vm, OverflowError, "size is too large");
    }
    Ref out = memory ? wide_text(vm, memory, size, size < 0)
                     : throw(vm, ValueError, "NULL pointer access");
    decref(param.keep);
    return out;
}
NATIVE(state_address, "address(self, obj, /)", "The address that an argument of a function has.")
{
    Param param;
    if (!address_from(vm, as_state(argv[0]), argv[1], &param)) return FAIL;
    Ref out = from_uint64(vm, (uint64_t)(uintptr_t)param.value.pointer);
    decref(param.keep);
    return out;
}

/* ---- shared libraries ---- */

NATIVE(state_dlopen, "dlopen(self, name, flag=0, /)",
       "Open a shared library (None: the program itself) and return its handle.\n"
       "Raises OSError when it cannot be opened.")
{
    ptrdiff_t mode;
    char *owned = NULL;
    const char *name = NULL;
    if (!number_from(vm, argv[2], &mode)) return FAIL;
    if (!is_none(argv[1])) {
        if (!is_str(argv[1])) return throw(vm, TypeError, "str expected, not '%T'", argv[1]);
        name = str_utf8(vm, argv[1], NULL, &owned);
        if (!name) return FAIL;
    }
    gil_release(vm);
    void *handle = dlopen(name, (int)mode | RTLD_NOW);
    const char *why = handle ? NULL : dlerror();
    gil_acquire(vm);
    memory_free(owned);
    if (handle) return from_uint64(vm, (uint64_t)(uintptr_t)handle);
    return throw(vm, OSError, "%s", why ? why : "dlopen() error");
}
NATIVE(state_dlclose, "dlclose(self, handle, /)", "Close a shared library.")
{
    if (!is_any_int(argv[1])) return throw(vm, TypeError, "integer expected");
    if (dlclose((void *)(uintptr_t)int_low_bits(argv[1])) == 0) return NONE;
    return throw(vm, OSError, "%s", dlerror());
}
NATIVE(state_dlsym, "dlsym(self, handle, name, /)",
       "Return the address of a symbol of a shared library; OSError when there is none.")
{
    char *owned = NULL;
    if (!is_any_int(argv[1])) return throw(vm, TypeError, "integer expected");
    if (!is_str(argv[2])) return throw(vm, TypeError, "str expected, not '%T'", argv[2]);
    const char *name = str_utf8(vm, argv[2], NULL, &owned);
    if (!name) return FAIL;
    dlerror();
    void *address = dlsym((void *)(uintptr_t)int_low_bits(argv[1]), name);
    const char *why = dlerror();
    memory_free(owned);
    if (address) return from_uint64(vm, (uint64_t)(uintptr_t)address);
    return throw(vm, OSError, "%s", why ? why : "symbol is NULL");
}

/* ---- errno ---- */

NATIVE(state_get_errno, "get_errno(self, /)",
       "Return this thread's copy of errno, which functions with use_errno swap.")
{
    const ThreadState *thread =
        state_load(vm, as_state(argv[0])) ? thread_state(vm, as_state(argv[0])) : NULL;
    return thread ? from_small(thread->error) : FAIL;
}
NATIVE(state_set_errno, "set_errno(self, value, /)", "Set that copy; return what it was.")
{
    ptrdiff_t value;
    if (!number_from(vm, argv[1], &value)) return FAIL;
    if (value > INT32_MAX || value < INT32_MIN)
        return throw(vm, OverflowError, "signed integer is out of range");
    ThreadState *thread =
        state_load(vm, as_state(argv[0])) ? thread_state(vm, as_state(argv[0])) : NULL;
    if (!thread) return FAIL;
    int before = thread->error;
    thread->error = (int)value;
    return from_small(before);
}

NATIVE(state_setup, "setup(self, error, flagged, /)", "Take what the script layer gives.")
{
    State *state = as_state(argv[0]);
    replace(&state->error, newref(argv[1]));
    replace(&state->flagged, newref(argv[2]));
    return NONE;
}

NATIVE(cdata_from_param, "from_param(cls, value, /)",
       "Return value as an argument of the class.\n"
       "Raises TypeError when it cannot be one.")
{
    return cdata_from_param_of(vm, argv[0], argv[1]);
}

/* ---- the module ---- */

static const TypeDef state_type = {
    .name = "_cdata.State",
    .doc = "What the module keeps.",
    .size = sizeof(State),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(State, error), REF(State, flagged)),
};
static const Native *const state_methods[] = {
    &state_info_def,
    &state_sizeof_def,
    &state_alignment_def,
    &state_addressof_def,
    &state_byref_def,
    &state_resize_def,
    &state_at_def,
    &state_from_buffer_def,
    &state_from_buffer_copy_def,
    &state_cast_def,
    &state_string_at_def,
    &state_wstring_at_def,
    &state_address_def,
    &state_dlopen_def,
    &state_dlclose_def,
    &state_dlsym_def,
    &state_get_errno_def,
    &state_set_errno_def,
    &state_setup_def,
    NULL,
};

static bool cdata_open(Vm *vm, Value module)
{
    Type *type = type_from_def(vm, &state_type), *data = type_from_def(vm, &cdata_type);
    State *state = type && data ? type_instance(vm, type) : NULL;
    if (!state) return false;
    Ref self = from_object(state);
    bool good = module_bind(vm, module, self, state_methods, "_cdata");
    decref(self);
    for (const Export *export = data_exports; good && export->name; export ++)
        good = module_set(vm, module, export->name, native_method(vm, export->native, data));
    return good && module_set(vm, module, "RTLD_LOCAL", from_small(RTLD_LOCAL)) &&
           module_set(vm, module, "RTLD_GLOBAL", from_small(RTLD_GLOBAL));
}

static const Native *const cdata_functions[] = {&cdata_from_param_def, NULL};
static const TypeDef *const cdata_types[] = {
    &cdata_type, &cdata_function_type, &cdata_field_type, &cdata_carg_type, &cdata_info_type, NULL,
};
const ModuleDef _cdata_module = {
    .name = "_cdata",
    .doc = "C data and functions, as _ctypes needs them.",
    .functions = cdata_functions,
    .types = cdata_types,
    .open = cdata_open,
};
