/* _cdata_callback.c - script functions that C calls.
 *
 * A Thunk has a piece of code that libffi makes; it leads to closure_run with the places of the
 * arguments.
 * It may be entered in a thread that is in a call of ours (whose Vm goes on, taking the lock again
 * if the call let go of it), in one that holds the lock already, or in one that is none of ours.
 * Neighbours: _cdata_call.c. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "_cdata.h"

/* An object, so that a piece of memory that holds its address can keep it alive. */
typedef struct Thunk {
    Container head;
    Ref callable;
    Ref info;             /* of the function's class */
    Ref state;            /* the same as info's, which the collector may have emptied */
    ffi_closure *closure; /* writable; libffi's */
    void *code;
    ffi_cif cif;
    Interp *interp;
    ffi_type **types;
} Thunk;

static const TypeDef thunk_type;

static State *thunk_state(const Thunk *thunk) { return as_state(thunk->state); }

/* ---- arguments and results ---- */

static Ref argument(Vm *vm, Value cls, void *place)
{
    Info *info = info_required(vm, cls, "cannot build parameter");
    if (!info) return FAIL;
    if (info->kind == INFO_SIMPLE && info->plain) return simple_load(vm, info, place);
    Data *data = data_new(vm, cls, info);
    if (!data) return FAIL;
    memcpy(data->memory, place, (size_t)info->size);
    return from_object(data);
}

/* "Exception ignored on ... ctypes callback function <function f at 0x...>" */
static void report(Vm *vm, const char *doing, Value callable)
{
    Ref error = error_take(vm);
    Ref text =
        format_text(vm, "Exception ignored on %s ctypes callback function %R", doing, callable);
    char *owned = NULL;
    const char *what = failed(text) ? NULL : str_utf8(vm, text, NULL, &owned);
    if (!what && error_is(vm, MemoryError))
        what = "Exception ignored on a ctypes callback function (MemoryError while it was named)";
    error_restore(vm, error);
    error_unraisable(vm, what ? what : "Exception ignored", UNDEF);
    memory_free(owned);
    decref(text);
}

static void store_result(Vm *vm, const Thunk *thunk, Value result, void *memory)
{
    Value restype = as_info(thunk->info)->restype;
    if (absent(restype) || is_none(restype)) return;
    const Info *info = info_of_class(vm, restype);
    char bytes[SMALL] = {0};
    Ref keep = NONE;
    if (is_data(vm, result) && info_has(vm, info, result))
        memcpy(bytes, as_data(result)->memory, (size_t)info->size);
    else if (!simple_store(vm, info, bytes, result, &keep)) {
        report(vm, "converting result of", thunk->callable);
        return;
    }
    /* libffi wants small integers as wide as a register; what keep holds is lost to C. */
    int64_t wide = 0;
    memcpy(&wide, bytes, info->size < 8 ? (size_t)info->size : 8);
    int unused = 64 - 8 * (int)info->size;
    if (info->letter->sort == 'i') wide = (int64_t)((uint64_t)wide << unused) >> unused;
    if (info->size >= 8 || info->letter->sort == 'f') memcpy(memory, bytes, (size_t)info->size);
    else memcpy(memory, &wide, sizeof wide);
}

static void run(Vm *vm, Thunk *thunk, void *memory, void **places)
{
    int count = (int)thunk->cif.nargs;
    Ref owner = newref(borrow(thunk)), callable = newref(thunk->callable);
    Value argtypes = as_info(thunk->info)->argtypes;
    Ref args = tuple_new(vm, count);
    for (int n = 0; !failed(args) && n < count; n++) {
        Ref one = argument(vm, tuple_at(argtypes, n), places[n]);
        if (failed(one)) replace(&args, FAIL);
        else as_tuple(args)->items[n] = one;
    }
    Ref result = FAIL;
    if (!failed(args)) result = call(vm, callable, count, (Value *)as_tuple(args)->items);
    if (failed(result)) report(vm, "calling", callable);
    else store_result(vm, thunk, result, memory);
    decref(result);
    decref(args);
    decref(owner);
    decref(callable);
}

/* ---- entering the interpreter ---- */

static void swap_errno(const Thunk *thunk, ThreadState *thread)
{
    if (!(as_info(thunk->info)->flags & FUNCTION_ERRNO)) return;
    int swapped = thread->error;
    thread->error = errno;
    errno = swapped;
}

static void run_in_thread(Vm *vm, Thunk *thunk, void *memory, void **places)
{
    ThreadState *thread = thread_state(vm, thunk_state(thunk));
    if (!thread) {
        error_unraisable(vm, "Exception ignored on a ctypes callback function", UNDEF);
        return;
    }
    ThreadState before = *thread;
    thread->vm = vm;
    thread->released = false;
    swap_errno(thunk, thread);
    run(vm, thunk, memory, places);
    swap_errno(thunk, thread);
    thread->vm = before.vm;
    thread->released = before.released;
}

static void closure_run(ffi_cif *cif, void *memory, void **places, void *user)
{
    Thunk *thunk = user;
    Interp *interp = thunk->interp;
    memset(memory, 0, cif->rtype->size > sizeof(ffi_arg) ? cif->rtype->size : sizeof(ffi_arg));
    if (interp->finalizing_done) return;
    ThreadState *thread = pthread_getspecific(thunk_state(thunk)->threads);
    Vm *running = interp->running;
    bool held = running && running->thread_id == (uint64_t)pthread_self();
    if (thread && thread->vm) {
        Vm *vm = thread->vm;
        bool released = thread->released;
        if (released) gil_acquire(vm);
        run_in_thread(vm, thunk, memory, places);
        if (released) gil_release(vm);
    } else if (held) {
        run_in_thread(running, thunk, memory, places);
    } else {
        Vm *vm = thread_attach(interp);
        if (!vm) return;
        run_in_thread(vm, thunk, memory, places);
        thread_detach(vm);
    }
}

/* ---- making ---- */

static bool thunk_types(Vm *vm, Thunk *thunk, ffi_type **result)
{
    const Info *info = as_info(thunk->info);
    State *state = state_of(info);
    ptrdiff_t count = tuple_len(info->argtypes);
    for (ptrdiff_t n = 0; n < count; n++) {
        Info *one = info_of_class(vm, tuple_at(info->argtypes, n));
        if (!one) {
            throw(vm, TypeError, "invalid argument type for callback function");
            return false;
        }
        thunk->types[n] =
            one->kind == INFO_ARRAY ? state->types[FFI_KIND_POINTER] : info_ffi(vm, one);
        if (!thunk->types[n]) return false;
    }
    *result = state->types[FFI_KIND_VOID];
    if (absent(info->restype) || is_none(info->restype)) return true;
    Info *one = info_of_class(vm, info->restype);
    if (!one || one->kind != INFO_SIMPLE) {
        throw(vm, TypeError, "invalid result type for callback function");
        return false;
    }
    *result = info_ffi(vm, one);
    return true;
}

static bool thunk_open(Vm *vm, Thunk *thunk)
{
    State *state = thunk_state(thunk);
    ffi_type *result;
    size_t count = (size_t)tuple_len(as_info(thunk->info)->argtypes);
    thunk->types = calloc(count ? count : 1, sizeof *thunk->types);
    if (!thunk->types) {
        throw_no_memory(vm);
        return false;
    }
    if (!thunk_types(vm, thunk, &result)) return false;
    thunk->closure = state->closure_alloc(sizeof *thunk->closure, &thunk->code);
    bool good =
        thunk->closure &&
        state->prep_cif(&thunk->cif, FFI_DEFAULT_ABI, (unsigned)count, result, thunk->types) ==
            FFI_OK &&
        state->prep_closure(thunk->closure, &thunk->cif, closure_run, thunk, thunk->code) == FFI_OK;
    if (!good) throw(vm, RuntimeError, "libffi cannot make the callback");
    return good;
}

bool callback_make(Vm *vm, CFunction *function, Value callable)
{
    const Info *info = info_of(&function->data);
    if (!state_load(vm, state_of(info))) return false;
    if (absent(info->argtypes)) {
        throw(vm, TypeError, "cannot construct instance of this class: no argtypes");
        return false;
    }
    Type *type = type_from_def(vm, &thunk_type);
    Thunk *thunk = type ? type_instance(vm, type) : NULL;
    if (!thunk) return false;
    thunk->interp = vm->interp;
    thunk->callable = newref(callable);
    thunk->info = newref(borrow(info));
    thunk->state = newref(info->state);
    if (!thunk_open(vm, thunk)) {
        decref_object(thunk);
        return false;
    }
    memcpy(function->data.memory, &thunk->code, sizeof thunk->code);
    return data_keep(vm, &function->data, 0, from_object(thunk));
}

static void thunk_clear(Object *self)
{
    Thunk *thunk = (Thunk *)(void *)self;
    if (thunk->closure) thunk_state(thunk)->closure_free(thunk->closure);
    free(thunk->types);
    thunk->closure = NULL;
    thunk->types = NULL;
}
static const TypeDef thunk_type = {
    .name = "_ctypes.CThunkObject",
    .doc = "A script function as C sees it.",
    .size = sizeof(Thunk),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(Thunk, callable), REF(Thunk, info), REF(Thunk, state)),
    .clear = thunk_clear,
};
