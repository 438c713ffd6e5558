/* _pickle_buffer.c - PickleBuffer: a buffer that may be stored outside the pickle (protocol 5).
 *
 * Neighbours: _pickle_save.c (writes it), object/memoryview.c (what it holds). */
/* SPDX-License-Identifier: MIT */
#include "_pickle.h"

typedef struct PickleBuffer {
    Container head;
    Ref view; /* memoryview; UNDEF once released */
} PickleBuffer;

static PickleBuffer *as_pickle_buffer(Value v) { return (PickleBuffer *)(void *)as_object(v); }

bool is_pickle_buffer(const Vm *vm, Value v)
{
    return is_heap(v) && type_of(vm, v)->def == &pickle_buffer_type;
}

/* Its view, borrowed; FAIL: raised. */
static Value view_of(Vm *vm, Value v)
{
    Value view = as_pickle_buffer(v)->view;
    if (!absent(view)) return view;
    return throw(vm, ValueError, "operation forbidden on released PickleBuffer object");
}

NATIVE(pickle_buffer_new, "new(cls, object, /)",
       "Return a wrapper of a buffer, which pickle may leave to buffer_callback.")
{
    Ref view = memoryview_of(vm, argv[1]);
    PickleBuffer *self = failed(view) ? NULL : type_instance(vm, as_type(argv[0]));
    if (!self) {
        decref(view);
        return FAIL;
    }
    self->view = view;
    return from_object(self);
}

/* view.name as a truth. */
static Truth view_is(Vm *vm, Value view, const char *name)
{
    Ref answer = attr_get_text(vm, view, name);
    Truth truth = failed(answer) ? FAILED : value_truth(vm, answer);
    decref(answer);
    return truth;
}

Ref pickle_buffer_raw(Vm *vm, Value v)
{
    Value held = view_of(vm, v);
    if (failed(held)) return FAIL;
    Ref view = newref(held), out = FAIL, cast = UNDEF, format = UNDEF;
    const MemoryView *memory = as_memoryview(view);
    Truth together = view_is(vm, view, "contiguous");
    if (together == NO) {
        throw(vm, BufferError, "cannot extract raw buffer from non-contiguous buffer");
    } else if (together == YES && memory->dimensions == 1 && strcmp(memory->format, "B") == 0) {
        out = memoryview_of(vm, view);
    } else if (together == YES) {
        cast = attr_get_text(vm, view, "cast");
        format = failed(cast) ? FAIL : str_interned(vm, "B");
        if (!failed(format)) out = call1(vm, cast, format);
    }
    decref(format);
    decref(cast);
    decref(view);
    return out;
}

NATIVE(pickle_buffer_raw_method, "raw(self, /)",
       "Return a memoryview of the bytes; BufferError when they do not lie together.")
{
    return pickle_buffer_raw(vm, argv[0]);
}

NATIVE(pickle_buffer_release, "release(self, /)", "Let the buffer go.")
{
    clear(&as_pickle_buffer(argv[0])->view);
    return NONE;
}

/* The view lends its bytes, and is told when they are no longer needed. */
static bool lend(Vm *vm, Value self, Buffer *buffer, bool writable)
{
    Value view = view_of(vm, self);
    return !failed(view) && buffer_get(vm, view, buffer, writable);
}

static const Native *const pickle_buffer_methods[] = {&pickle_buffer_raw_method_def,
                                                      &pickle_buffer_release_def, NULL};
const TypeDef pickle_buffer_type = {
    .name = "pickle.PickleBuffer",
    .doc = "A buffer that may be stored outside the pickle: PickleBuffer(object).",
    .size = sizeof(PickleBuffer),
    .flags = TYPE_CONTAINER | TYPE_WEAKREF | TYPE_FINAL,
    .refs = REFS(REF(PickleBuffer, view)),
    .new = &pickle_buffer_new_def,
    .buffer = lend,
    .methods = pickle_buffer_methods,
};
