/* _cdata_call.c - functions of shared libraries, and libffi, which calls them.
 *
 * libffi is opened when the first function is made or called.  The interpreter lock is released
 * around a call unless the function is PyDLL's; thread-specific state tells a callback (which may
 * come back in this thread) whose Vm it runs in.
 * Neighbours: _cdata_param.c (arguments), _cdata_callback.c. */
/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>

#include "_cdata.h"

/* ---- the library ---- */

static bool load_types(State *state)
{
    static const char *const names[FFI_KIND_COUNT] = {
        "ffi_type_void",   "ffi_type_uint8",  "ffi_type_sint8",  "ffi_type_uint16",
        "ffi_type_sint16", "ffi_type_uint32", "ffi_type_sint32", "ffi_type_uint64",
        "ffi_type_sint64", "ffi_type_float",  "ffi_type_double", "ffi_type_longdouble",
        "ffi_type_pointer"};
    for (int n = 0; n < FFI_KIND_COUNT; n++) {
        state->types[n] = dlsym(state->library, names[n]);
        if (!state->types[n]) return false;
    }
    return true;
}

bool state_load(Vm *vm, State *state)
{
    if (state->library) return true;
    static const char *const files[] = {"libffi.so.8", "libffi.so.7", "libffi.so"};
    const struct {
        const char *name;
        void *slot;
    } entries[] = {
        {"ffi_prep_cif", &state->prep_cif},
        {"ffi_call", &state->call},
        {"ffi_closure_alloc", &state->closure_alloc},
        {"ffi_closure_free", &state->closure_free},
        {"ffi_prep_closure_loc", &state->prep_closure},
    };
    for (size_t n = 0; !state->library && n < sizeof files / sizeof *files; n++)
        state->library = dlopen(files[n], RTLD_NOW | RTLD_LOCAL);
    bool good = state->library != NULL;
    for (size_t n = 0; good && n < sizeof entries / sizeof *entries; n++) {
        void *entry = dlsym(state->library, entries[n].name);
        memcpy(entries[n].slot, &entry, sizeof entry);
        good = entry != NULL;
    }
    good = good && load_types(state) && pthread_key_create(&state->threads, free) == 0;
    if (good) return true;
    if (state->library) dlclose(state->library);
    state->library = NULL;
    throw(vm, ImportError, "ctypes needs libffi.so.8");
    return false;
}

ThreadState *thread_state(Vm *vm, State *state)
{
    ThreadState *thread = pthread_getspecific(state->threads);
    if (!thread) {
        thread = calloc(1, sizeof *thread);
        if (thread) pthread_setspecific(state->threads, thread);
        else throw_no_memory(vm);
    }
    return thread;
}

/* ---- results ---- */

Ref result_from(Vm *vm, Value cls, char *memory)
{
    if (absent(cls)) {
        int32_t n;
        memcpy(&n, memory, sizeof n);
        return from_small(n);
    }
    if (is_none(cls)) return NONE;
    Info *info = info_of_class(vm, cls);
    if (!info) {
        int32_t n;
        memcpy(&n, memory, sizeof n);
        return call1(vm, cls, from_small(n));
    }
    if (info->kind == INFO_SIMPLE && info->plain) {
        Ref result = simple_load(vm, info, memory);
        Ref given = result; /* the function gives a reference away, and simple_load made one */
        if (info->letter->letter == 'O' && !failed(result)) decref(given);
        return result;
    }
    Data *data = data_new(vm, cls, info);
    if (!data) return FAIL;
    memcpy(data->memory, memory, (size_t)info->size);
    return from_object(data);
}

/* The check that a restype class may define. */
static Ref checked(Vm *vm, Value restype, Ref result)
{
    if (failed(result) || !is_type(restype)) return result;
    Ref check = attr_get_or_absent(vm, restype, N(_check_retval_));
    if (absent(check)) return result;
    Ref out = failed(check) ? FAIL : call1(vm, check, result);
    decref(check);
    decref(result);
    return out;
}

/* ---- one call ---- */

typedef struct Call {
    CFunction *function;
    State *state;
    int count, flags;
    Value restype;
    Param *params;
    ffi_type **types;
    void **places;
} Call;

static Ref argument_error(Vm *vm, const State *state, int number)
{
    Ref error = error_take(vm);
    if (absent(error) || absent(state->error)) {
        error_restore(vm, error);
        return FAIL;
    }
    throw_text(vm, state->error,
               format_text(vm, "argument %d: %T: %S", number, (Value)error, (Value)error));
    decref(error);
    return FAIL;
}

static bool convert(Vm *vm, Call *one, int n, Value converter, Value arg)
{
    Param *param = &one->params[n];
    Info *info = absent(converter) ? NULL : info_of_class(vm, converter);
    if (absent(converter)) return param_from(vm, one->state, arg, n + 1, param);
    if (info) {
        Ref object;
        bool good = param_from_class(vm, converter, info, arg, n + 1, param, &object);
        if (!absent(object) && absent(param->keep)) param->keep = object;
        else decref(object);
        return good;
    }
    Ref converted = call1(vm, converter, arg);
    bool good = !failed(converted) && param_from(vm, one->state, converted, n + 1, param);
    if (good && absent(param->keep)) param->keep = converted;
    else decref(converted);
    return good;
}

static bool convert_all(Vm *vm, Call *one, Value converters, Value *argv)
{
    int known = absent(converters) ? 0 : (int)tuple_len(converters);
    for (int n = 0; n < one->count; n++) {
        Value converter = n < known ? tuple_at(converters, n) : UNDEF;
        if (!convert(vm, one, n, converter, argv[n])) {
            argument_error(vm, one->state, n + 1);
            return false;
        }
        one->types[n] = one->params[n].type;
        one->places[n] = one->params[n].memory ? one->params[n].memory : &one->params[n].value;
    }
    return true;
}

/* Calls through libffi; the result's bytes go to memory. */
static bool invoke(Vm *vm, Call *one, ffi_type *result, void *memory)
{
    State *state = one->state;
    ffi_cif cif;
    void (*address)(void);
    memcpy(&address, one->function->data.memory, sizeof address);
    if (!address) {
        throw(vm, ValueError, "attempt to call a NULL function pointer");
        return false;
    }
    if (state->prep_cif(&cif, FFI_DEFAULT_ABI, (unsigned)one->count, result, one->types) !=
        FFI_OK) {
        throw(vm, RuntimeError, "ffi_prep_cif failed");
        return false;
    }
    ThreadState *thread = thread_state(vm, state);
    if (!thread) return false;
    ThreadState before = *thread;
    thread->vm = vm;
    thread->released = !(one->flags & FUNCTION_PYTHON);
    if (thread->released) gil_release(vm);
    if (one->flags & FUNCTION_ERRNO) {
        int swapped = thread->error;
        thread->error = errno;
        errno = swapped;
    }
    state->call(&cif, address, memory, one->places);
    if (one->flags & FUNCTION_ERRNO) {
        int swapped = thread->error;
        thread->error = errno;
        errno = swapped;
    }
    if (!(one->flags & FUNCTION_PYTHON)) gil_acquire(vm);
    thread->vm = before.vm;
    thread->released = before.released;
    return absent(vm->error);
}

static Ref finish(Vm *vm, Call *one)
{
    State *state = one->state;
    Info *info =
        absent(one->restype) || is_none(one->restype) ? NULL : info_of_class(vm, one->restype);
    ffi_type *type = state->types[is_none(one->restype) ? FFI_KIND_VOID : FFI_KIND_S32];
    if (info) type = info_ffi(vm, info);
    if (!type) return FAIL;
    size_t size = info && (size_t)info->size > SMALL * 2 ? (size_t)info->size : SMALL * 2;
    _Alignas(16) char small[SMALL * 2] = {0};
    char *memory = size > sizeof small ? calloc(1, size) : small;
    if (!memory) return throw_no_memory(vm);
    Ref out = FAIL;
    if (invoke(vm, one, type, memory))
        out = checked(vm, one->restype, result_from(vm, one->restype, memory));
    if (memory != small) free(memory);
    return out;
}

static Ref after(Vm *vm, const CFunction *function, Ref result, const Args *args)
{
    if (failed(result) || absent(function->errcheck)) return result;
    Ref list = tuple_from_values(vm, args->argc, args->argv);
    Ref check = newref(function->errcheck);
    Ref out = failed(list) ? FAIL : call(vm, check, 3, (Value[]){result, borrow(function), list});
    decref(check);
    decref(list);
    decref(result);
    return out;
}

static Ref call_plain(Vm *vm, CFunction *function, const Args *args)
{
    const Info *info = info_of(&function->data);
    State *state = state_of(info);
    Call one = {.function = function, .state = state, .count = args->argc, .flags = info->flags};
    Ref converters = newref(absent(function->argtypes) ? info->converters : function->converters);
    Ref restype = newref(absent(function->restype) ? info->restype : function->restype);
    one.restype = restype;
    int least = absent(converters) ? 0 : (int)tuple_len(converters);
    Ref out = FAIL;
    if (!state_load(vm, state)) goto done;
    if (least > one.count) {
        throw(vm, TypeError, "this function takes at least %d argument%s (%d given)", least,
              least == 1 ? "" : "s", one.count);
        goto done;
    }
    if (one.count > ARGUMENTS_MOST) {
        throw_text(
            vm, state->error,
            format_text(vm, "too many arguments (%d), maximum is %d", one.count, ARGUMENTS_MOST));
        goto done;
    }
    size_t count = (size_t)one.count;
    one.params = calloc(count ? count : 1, sizeof *one.params + 2 * sizeof(void *));
    if (!one.params) {
        throw_no_memory(vm);
        goto done;
    }
    one.types = (ffi_type **)(void *)(one.params + count);
    one.places = (void **)(one.types + count);
    if (convert_all(vm, &one, converters, args->argv)) out = finish(vm, &one);
    for (int n = 0; n < one.count; n++) decref(one.params[n].keep);
    free(one.params);
done:
    decref(converters);
    decref(restype);
    return out;
}

static Ref function_call(Vm *vm, Value self, const Args *args)
{
    CFunction *function = as_cfunction(self);
    if (absent(function->flags)) {
        Args plain = {args->argv, args->argc, UNDEF};
        Ref keep = newref(self);
        Ref out = after(vm, function, call_plain(vm, function, &plain), &plain);
        decref(keep);
        return out;
    }
    State *state = state_of(info_of(&function->data));
    Value *values = memory_new(
        vm, (size_t)(args->argc + 1 + (absent(args->kwnames) ? 0 : tuple_len(args->kwnames))) *
                sizeof *values);
    if (!values) return FAIL;
    int keywords = absent(args->kwnames) ? 0 : (int)tuple_len(args->kwnames);
    values[0] = self;
    memcpy(values + 1, args->argv, (size_t)(args->argc + keywords) * sizeof *values);
    Ref out = call_args(vm, state->flagged, &(Args){values, args->argc + 1, args->kwnames});
    memory_free(values);
    return out;
}

NATIVE(function_plain, "_call(self, args, /)", "A call with these arguments, paramflags aside.")
{
    CFunction *function = as_cfunction(argv[0]);
    ptrdiff_t len;
    Value *items = (Value *)sequence_items(argv[1], &len);
    return call_plain(vm, function, &(Args){items, (int)len, UNDEF});
}

/* ---- making functions ---- */

static bool from_address(Vm *vm, CFunction *function, Value address)
{
    uint64_t bits = int_low_bits(address);
    memcpy(function->data.memory, &bits, sizeof(void *));
    return absent(vm->error);
}

/* (name, library): the function of that name in a shared library. */
static bool from_library(Vm *vm, CFunction *function, Value pair)
{
    if (tuple_len(pair) != 2 || !is_str(tuple_at(pair, 0))) {
        throw(vm, TypeError, "the first item of the tuple must be a string, the second a library");
        return false;
    }
    Ref handle = attr_get(vm, tuple_at(pair, 1), N(_handle));
    if (failed(handle)) return false;
    char *owned = NULL;
    const char *name = str_utf8(vm, tuple_at(pair, 0), NULL, &owned);
    bool good = false;
    if (!is_any_int(handle))
        throw(vm, TypeError, "the _handle attribute of the second argument must be an integer");
    else if (name) {
        dlerror();
        void *address = dlsym((void *)(uintptr_t)int_low_bits(handle), name);
        const char *why = dlerror();
        good = address != NULL;
        if (good) memcpy(function->data.memory, &address, sizeof address);
        else throw(vm, AttributeError, "%s", why ? why : "symbol is NULL");
    }
    memory_free(owned);
    decref(handle);
    if (good) function->library = newref(tuple_at(pair, 1));
    return good;
}

NATIVE(function_init, "__init__(self, source=?, paramflags=?, /)",
       "source: (name, library), an address, a callable for C to call, or nothing for NULL.\n"
       "paramflags: (direction, name, default) of each parameter.")
{
    CFunction *function = as_cfunction(argv[0]);
    Value source = argv[1];
    if (absent(source)) return NONE;
    bool good;
    if (is_tuple(source)) {
        good = from_library(vm, function, source);
        if (good && !absent(argv[2]) && argv[2] != NONE) replace(&function->flags, newref(argv[2]));
    } else if (is_any_int(source)) {
        good = from_address(vm, function, source);
    } else if (is_heap(source) && type_of(vm, source)->slots.call) {
        good = callback_make(vm, function, source);
    } else {
        throw(vm, TypeError, "argument must be callable or integer function address");
        good = false;
    }
    return good ? NONE : FAIL;
}

/* ---- attributes ---- */

static Ref get_argtypes(Vm *vm __attribute__((unused)), Value self)
{
    const CFunction *function = as_cfunction(self);
    if (!absent(function->argtypes)) return newref(function->argtypes);
    const Info *info = info_of(&function->data);
    return absent(info->argtypes) ? NONE : newref(info->argtypes);
}
static bool set_argtypes(Vm *vm, Value self, Value value)
{
    CFunction *function = as_cfunction(self);
    Ref types = UNDEF, converters = UNDEF;
    if (!absent(value) && value != NONE) {
        types = tuple_from(vm, value);
        converters =
            failed(types) ? FAIL : converters_of(vm, state_of(info_of(&function->data)), types);
        if (failed(converters)) {
            decref(types);
            return false;
        }
    }
    replace(&function->argtypes, types);
    replace(&function->converters, converters);
    return true;
}

static Ref get_restype(Vm *vm, Value self)
{
    const CFunction *function = as_cfunction(self);
    if (!absent(function->restype)) return newref(function->restype);
    const Info *info = info_of(&function->data);
    if (!absent(info->restype)) return newref(info->restype);
    Ref module = import_text(vm, "ctypes");
    Ref out = failed(module) ? FAIL : attr_get_text(vm, module, "c_int");
    decref(module);
    return out;
}
static bool set_restype(Vm *vm, Value self, Value value)
{
    CFunction *function = as_cfunction(self);
    bool good = absent(value) || value == NONE || info_of_class(vm, value) ||
                (is_heap(value) && type_of(vm, value)->slots.call);
    if (!good) throw(vm, TypeError, "restype must be a type, a callable, or None");
    else replace(&function->restype, newref(value));
    return good;
}

static Ref get_errcheck(Vm *vm __attribute__((unused)), Value self)
{
    const CFunction *function = as_cfunction(self);
    return absent(function->errcheck) ? NONE : newref(function->errcheck);
}
static bool set_errcheck(Vm *vm, Value self, Value value)
{
    CFunction *function = as_cfunction(self);
    bool good = absent(value) || (is_heap(value) && type_of(vm, value)->slots.call);
    if (!good) throw(vm, TypeError, "the errcheck attribute must be callable");
    else replace(&function->errcheck, newref(value));
    return good;
}
static Ref get_flags(Vm *vm __attribute__((unused)), Value self)
{
    const CFunction *function = as_cfunction(self);
    return absent(function->flags) ? NONE : newref(function->flags);
}

static Truth function_truth(Vm *vm __attribute__((unused)), Value self)
{
    void *address;
    memcpy(&address, as_cfunction(self)->data.memory, sizeof address);
    return address != NULL;
}
static Ref function_repr(Vm *vm, Value self)
{
    char address[32];
    snprintf(address, sizeof address, "%p", (void *)as_object(self));
    return format_text(vm, "<%T object at %s>", self, address);
}

static const Attribute function_attributes[] = {
    {"argtypes", get_argtypes, set_argtypes, "The classes of the arguments, or None."},
    {"restype", get_restype, set_restype, "The class of the result; None: there is none."},
    {"errcheck", get_errcheck, set_errcheck, "Called with (result, function, arguments)."},
    {"_paramflags", get_flags, NULL, "What is known of each parameter, or None."},
    {0},
};
static const Native *const function_methods[] = {&function_plain_def, NULL};
const TypeDef cdata_function_type = {
    .name = "_cdata.Function",
    .doc = "A C function.",
    .size = sizeof(CFunction),
    .base = &cdata_type,
    .flags = TYPE_CONTAINER | TYPE_WEAKREF,
    .refs = REFS(REF(CFunction, argtypes), REF(CFunction, converters), REF(CFunction, restype),
                 REF(CFunction, errcheck), REF(CFunction, flags), REF(CFunction, library)),
    .init = &function_init_def,
    .call = function_call,
    .truth = function_truth,
    .repr = function_repr,
    .methods = function_methods,
    .attributes = function_attributes,
};
