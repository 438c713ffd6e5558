/* _unpickler.c - the type Unpickler and its memo.
 *
 * find_class and persistent_load may come from a subclass or be attributes of the unpickler: they
 * are looked up when a pickle begins.  The memo is an array as long as indexes come in order;
 * those that a damaged pickle makes up go to a dict.
 * Neighbours: _pickle_load.c (the opcodes), _pickle_input.c (the bytes). */
/* SPDX-License-Identifier: MIT */
#include "_pickle.h"

enum { MEMO_FIRST = 16, MEMO_GAP = 4096 };

/* ---- the memo ---- */

static bool memo_grow(Vm *vm, Unpickler *self, int64_t index)
{
    ptrdiff_t size = index < MEMO_FIRST ? MEMO_FIRST : (ptrdiff_t)index * 2;
    Ref *memo = memory_resize(vm, self->memo, (size_t)size * sizeof *memo);
    if (!memo) return false;
    for (ptrdiff_t n = self->memo_size; n < size; n++) memo[n] = UNDEF;
    self->memo = memo;
    self->memo_size = size;
    return true;
}

static bool far_put(Vm *vm, Unpickler *self, int64_t index, Value value)
{
    if (absent(self->far)) {
        Ref far = dict_new(vm);
        if (failed(far)) return false;
        self->far = far;
    }
    Dict *far = as_dict(self->far);
    Ref key = from_int64(vm, index);
    ptrdiff_t before = far->len;
    bool good = !failed(key) && dict_set(vm, far, key, value);
    decref(key);
    if (good) self->memo_len += far->len - before;
    return good;
}

bool unpickler_memo_put(Vm *vm, Unpickler *self, int64_t index, Value value)
{
    if (index >= self->memo_size) {
        if (index > self->memo_len * 2 + MEMO_GAP) return far_put(vm, self, index, value);
        if (!memo_grow(vm, self, index)) return false;
    }
    if (absent(self->memo[index])) self->memo_len++;
    replace(&self->memo[index], newref(value));
    return true;
}

Ref unpickler_memo_get(Vm *vm, Unpickler *self, int64_t index)
{
    if (index >= 0 && index < self->memo_size && !absent(self->memo[index]))
        return newref(self->memo[index]);
    if (!absent(self->far)) {
        Ref key = from_int64(vm, index);
        Ref found = failed(key) ? FAIL : newref(dict_get(vm, as_dict(self->far), key));
        decref(key);
        if (!absent(found)) return found;
    }
    return UNPICKLING_ERROR(self, "Memo value not found at index %lld", (long long)index);
}

void unpickler_memo_clear(Unpickler *self)
{
    Ref *memo = self->memo;
    ptrdiff_t size = self->memo_size;
    self->memo = NULL;
    self->memo_size = self->memo_len = 0;
    clear(&self->far);
    for (ptrdiff_t n = 0; n < size; n++) decref(memo[n]);
    memory_free(memo);
}

/* ---- setting up ---- */

static bool set_text(Vm *vm, const char *name, Value given, Ref *slot)
{
    if (!is_str(given)) {
        throw(vm, TypeError, "Unpickler() argument '%s' must be str, not %A", name, given);
        return false;
    }
    replace(slot, newref(given));
    return true;
}

bool unpickler_set_file(Vm *vm, Unpickler *self, Value file)
{
    replace(&self->peek, attr_get_or_absent(vm, file, N(peek)));
    if (failed(self->peek)) return false;
    replace(&self->read, attr_get_or_absent(vm, file, N(read)));
    if (failed(self->read)) return false;
    replace(&self->readline, attr_get_or_absent(vm, file, N(readline)));
    if (failed(self->readline)) return false;
    if (!absent(self->read) && !absent(self->readline)) return true;
    throw(vm, TypeError, "file must have 'read' and 'readline' attributes");
    return false;
}

bool unpickler_open(Vm *vm, Unpickler *self, Value fix_imports, Value encoding, Value errors,
                    Value buffers)
{
    Truth fix = value_truth(vm, fix_imports);
    if (fix == FAILED) return false;
    self->fix_imports = fix == YES;
    if (!set_text(vm, "encoding", encoding, &self->encoding) ||
        !set_text(vm, "errors", errors, &self->errors))
        return false;
    Ref iterator = is_none(buffers) ? UNDEF : iter_of(vm, buffers);
    if (failed(iterator)) return false;
    replace(&self->buffers, iterator);
    if (absent(self->state)) {
        Ref state = pickle_state(vm);
        if (failed(state)) return false;
        self->state = state;
    }
    unpickler_memo_clear(self);
    input_close(vm, self);
    self->ready = true;
    return true;
}

static bool check_ready(Vm *vm, Unpickler *self)
{
    if (self->busy) throw(vm, RuntimeError, "Unpickler object is already used");
    else if (!self->ready) {
        Ref state = pickle_state(vm);
        Value name = type_of(vm, borrow(self))->name;
        if (!failed(state))
            pickle_throw(vm, as_pickle_state(state)->unpickling_error,
                         "Unpickler.__init__() was not called by %S.__init__()", name);
        decref(state);
    }
    return self->ready && !self->busy;
}

NATIVE(unpickler_init,
       "__init__(self, file, *, fix_imports=True, encoding='ASCII', errors='strict', "
       "buffers=None)",
       "Read pickles from file, which needs read(n) and readline().\n"
       "encoding, errors: how strings of Python 2 are decoded, 'bytes': not at all; buffers: an\n"
       "iterable of those that the pickler's buffer_callback was given.")
{
    Unpickler *self = as_unpickler(argv[0]);
    if (self->busy) return throw(vm, RuntimeError, "Unpickler object is already used");
    self->ready = false;
    return unpickler_open(vm, self, argv[2], argv[3], argv[4], argv[5]) &&
                   (self->ready = unpickler_set_file(vm, self, argv[1]))
               ? NONE
               : FAIL;
}

/* ---- load ---- */

NATIVE(unpickler_find_class_method, "find_class(self, module_name, global_name, /)",
       "Return the thing called global_name in the module; overridable, to allow only some.")
{
    return unpickler_find_class(vm, as_unpickler(argv[0]), argv[1], argv[2]);
}

NATIVE(unpickler_persistent_load, "persistent_load(self, pid, /)",
       "Return the object that a pickler's persistent_id() stood for.  Overridable.\n"
       "Raises UnpicklingError.")
{
    Ref state = pickle_state(vm);
    if (failed(state)) return FAIL;
    pickle_throw(vm, as_pickle_state(state)->unpickling_error,
                 "A load persistent id instruction was encountered, but no persistent_load "
                 "function was specified.");
    decref(state);
    return FAIL;
}

/* The attribute, UNDEF when it is our own method. */
static bool find_override(Vm *vm, Unpickler *self, Value name, const Native *own, Ref *slot)
{
    Ref found = attr_get(vm, borrow(self), name);
    if (failed(found)) return false;
    if (is_kind(found, KIND_NATIVE_FUNCTION) && as_native(found)->native == own)
        replace(&found, UNDEF);
    replace(slot, found);
    return true;
}

static void stack_clear(Unpickler *self, ptrdiff_t len)
{
    while (self->len > len) decref(self->stack[--self->len]);
}

Ref unpickler_load(Vm *vm, Unpickler *self, bool plain)
{
    const PickleState *state = as_pickle_state(self->state);
    self->busy = true;
    self->marks_len = 0;
    self->fence = 0;
    self->protocol = 0;
    bool good = plain || (find_override(vm, self, state->find_class,
                                        &unpickler_find_class_method_def, &self->find_class) &&
                          find_override(vm, self, state->persistent_load,
                                        &unpickler_persistent_load_def, &self->persistent_load));
    Ref out = good ? load_pickle(vm, self) : FAIL;
    stack_clear(self, 0);
    clear(&self->find_class);
    clear(&self->persistent_load);
    if (!failed(out) && !input_settle(vm, self)) replace(&out, FAIL);
    self->busy = false;
    return out;
}

NATIVE(unpickler_load_method, "load(self, /)", "Return the object of the next pickle.")
{
    Unpickler *self = as_unpickler(argv[0]);
    return check_ready(vm, self) ? unpickler_load(vm, self, false) : FAIL;
}

NATIVE(unpickler_sizeof, "__sizeof__(self, /)", "Return the size in memory, in bytes.")
{
    const Unpickler *self = as_unpickler(argv[0]);
    return from_small((ptrdiff_t)sizeof *self +
                      (self->capacity + self->memo_size + self->marks_capacity) * 8);
}

/* ---- the memo as scripts see it ---- */

typedef struct MemoProxy {
    Container head;
    Ref unpickler;
} MemoProxy;

static Unpickler *unpickler_of_proxy(Value v)
{
    return as_unpickler(((MemoProxy *)(void *)as_object(v))->unpickler);
}

/* {index: object} */
static Ref memo_copy(Vm *vm, const Unpickler *self)
{
    Ref out = absent(self->far) ? dict_new(vm) : dict_copy(vm, as_dict(self->far));
    for (ptrdiff_t n = 0; !failed(out) && n < self->memo_size; n++)
        if (!absent(self->memo[n]) && !dict_set(vm, as_dict(out), from_small(n), self->memo[n]))
            replace(&out, FAIL);
    return out;
}

static bool memo_usable(Vm *vm, const Unpickler *self)
{
    if (self->busy) throw(vm, RuntimeError, "Unpickler object is already used");
    return !self->busy;
}

NATIVE(memo_proxy_clear, "clear(self, /)", "Forget all entries.")
{
    Unpickler *self = unpickler_of_proxy(argv[0]);
    if (!memo_usable(vm, self)) return FAIL;
    unpickler_memo_clear(self);
    return NONE;
}
NATIVE(memo_proxy_copy, "copy(self, /)", "Return a dict: index -> object.")
{
    return memo_copy(vm, unpickler_of_proxy(argv[0]));
}
NATIVE(memo_proxy_reduce, "__reduce__(self, /)", "Return what pickle needs: a dict.")
{
    Ref copy = memo_copy(vm, unpickler_of_proxy(argv[0])), args = FAIL, out = FAIL;
    if (!failed(copy)) args = tuple_pack(vm, 1, (Value)copy);
    if (!failed(args)) out = tuple_pack(vm, 2, borrow(type_builtin(vm, KIND_DICT)), (Value)args);
    decref(args);
    decref(copy);
    return out;
}
static const Native *const memo_proxy_methods[] = {&memo_proxy_clear_def, &memo_proxy_copy_def,
                                                   &memo_proxy_reduce_def, NULL};
const TypeDef unpickler_memo_type = {
    .name = "_pickle.UnpicklerMemoProxy",
    .doc = "The memo of an Unpickler.",
    .size = sizeof(MemoProxy),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(MemoProxy, unpickler)),
    .methods = memo_proxy_methods,
};

static Ref get_memo(Vm *vm, Value self)
{
    Type *type = type_from_def(vm, &unpickler_memo_type);
    MemoProxy *proxy = type ? type_instance(vm, type) : NULL;
    if (!proxy) return FAIL;
    proxy->unpickler = newref(self);
    return from_object(proxy);
}

static bool memo_fill(Vm *vm, Unpickler *self, Dict *from)
{
    Value key, value;
    for (ptrdiff_t at = 0; dict_next(from, &at, &key, &value);) {
        int overflow = 0;
        int64_t index = is_any_int(key) ? int_value(key, &overflow) : 0;
        if (!is_any_int(key)) throw(vm, TypeError, "memo key must be integers");
        else if (overflow) throw(vm, OverflowError, "Python int too large to convert to C ssize_t");
        else if (index < 0) throw(vm, ValueError, "memo key must be positive integers.");
        else if (unpickler_memo_put(vm, self, index, value)) continue;
        return false;
    }
    return true;
}

static bool set_memo(Vm *vm, Value v, Value value)
{
    Unpickler *self = as_unpickler(v);
    if (!memo_usable(vm, self)) return false;
    if (absent(value)) {
        throw(vm, TypeError, "attribute deletion is not supported");
        return false;
    }
    Ref entries = UNDEF;
    if (is_dict(value)) entries = dict_copy(vm, as_dict(value));
    else if (is_heap(value) && type_of(vm, value)->def == &unpickler_memo_type)
        entries = memo_copy(vm, unpickler_of_proxy(value));
    else
        throw(vm, TypeError,
              "'memo' attribute must be an UnpicklerMemoProxy object or dict, not %T", value);
    if (absent(entries) || failed(entries)) return false;
    unpickler_memo_clear(self);
    bool good = memo_fill(vm, self, as_dict(entries));
    decref(entries);
    return good;
}

/* ---- the type ---- */

static const Attribute unpickler_attributes[] = {
    {"memo", get_memo, set_memo, "What has been read: it can be cleared, copied and set."},
    {0},
};

static void unpickler_visit(Object *object, Visit *visit, void *context)
{
    Unpickler *self = as_unpickler(borrow(object));
    for (ptrdiff_t n = 0; n < self->len; n++)
        if (!absent(self->stack[n])) visit(&self->stack[n], context);
    for (ptrdiff_t n = 0; n < self->memo_size; n++)
        if (!absent(self->memo[n])) visit(&self->memo[n], context);
}

/* buffer_release() where there is no vm. */
static void let_buffer_go(Buffer *buffer)
{
    if (absent(buffer->owner)) return;
    const Type *type = as_object(buffer->owner)->shape->type;
    if (type->slots.release_buffer) type->slots.release_buffer(buffer->owner, buffer);
    clear(&buffer->owner);
}

static void unpickler_clear(Object *object)
{
    Unpickler *self = as_unpickler(borrow(object));
    self->ready = false;
    let_buffer_go(&self->buffer);
    stack_clear(self, 0);
    unpickler_memo_clear(self);
    memory_free(self->stack);
    memory_free(self->marks);
    self->stack = NULL;
    self->marks = NULL;
    self->capacity = self->marks_capacity = self->marks_len = 0;
}

static const Native *const unpickler_methods[] = {
    &unpickler_load_method_def,
    &unpickler_find_class_method_def,
    &unpickler_persistent_load_def,
    &unpickler_sizeof_def,
    NULL,
};
const TypeDef unpickler_type = {
    .name = "_pickle.Unpickler",
    .doc = "Reads pickles from a file: Unpickler(file, *, fix_imports=True, encoding='ASCII',\n"
           "errors='strict', buffers=None).",
    .size = sizeof(Unpickler),
    .flags = TYPE_CONTAINER | TYPE_ATTRIBUTES | TYPE_WEAKREF,
    .refs =
        REFS(REF(Unpickler, state), REF(Unpickler, read), REF(Unpickler, readline),
             REF(Unpickler, peek), REF(Unpickler, buffers), REF(Unpickler, encoding),
             REF(Unpickler, errors), REF(Unpickler, find_class), REF(Unpickler, persistent_load),
             REF(Unpickler, far), REF(Unpickler, buffer.owner)),
    .visit = unpickler_visit,
    .clear = unpickler_clear,
    .init = &unpickler_init_def,
    .methods = unpickler_methods,
    .attributes = unpickler_attributes,
};
