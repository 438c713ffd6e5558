/* _pickler.c - the type Pickler.
 *
 * persistent_id, reducer_override and dispatch_table may come from a subclass or be attributes of
 * the pickler: they are looked up when a pickle begins.
 * Neighbours: _pickle_save.c (writing objects), _pickle_output.c (bytes and memo). */
/* SPDX-License-Identifier: MIT */
#include "_pickle.h"

/* ---- setting up ---- */

static bool set_protocol(Vm *vm, Pickler *self, Value protocol)
{
    int64_t number = PROTOCOL_DEFAULT;
    if (!is_none(protocol) && !int_index(vm, protocol, &number)) return false;
    if (number > PROTOCOL_HIGHEST) {
        throw(vm, ValueError, "pickle protocol must be <= %d", PROTOCOL_HIGHEST);
        return false;
    }
    self->protocol = number < 0 ? PROTOCOL_HIGHEST : (int)number;
    self->binary = self->protocol >= 1;
    return true;
}

static bool set_file(Vm *vm, Pickler *self, Value file)
{
    Ref write = attr_get_or_absent(vm, file, N(write));
    if (failed(write)) return false;
    if (absent(write)) {
        throw(vm, TypeError, "file must have a 'write' attribute");
        return false;
    }
    replace(&self->write, write);
    return true;
}

bool pickler_open(Vm *vm, Pickler *self, Value file, Value protocol, Value fix_imports,
                  Value callback)
{
    if (!set_protocol(vm, self, protocol)) return false;
    if (!absent(file) && !set_file(vm, self, file)) return false;
    Truth fix = value_truth(vm, fix_imports);
    if (fix == FAILED) return false;
    self->fix_imports = fix == YES && self->protocol < 3;
    if (!is_none(callback) && self->protocol < 5) {
        throw(vm, ValueError, "buffer_callback needs protocol >= 5");
        return false;
    }
    replace(&self->buffer_callback, is_none(callback) ? UNDEF : newref(callback));
    if (absent(self->state)) {
        Ref state = pickle_state(vm);
        if (failed(state)) return false;
        self->state = state;
    }
    memo_clear(self);
    self->fast = self->framing = false;
    self->frame_start = -1;
    self->len = 0;
    self->ready = true;
    return true;
}

/* Raises unless the pickler can be used now. */
static bool check_ready(Vm *vm, Pickler *self)
{
    if (self->busy) throw(vm, RuntimeError, "Pickler object is already used");
    else if (!self->ready) {
        Ref state = pickle_state(vm);
        Value name = type_of(vm, borrow(self))->name;
        if (!failed(state))
            pickle_throw(vm, as_pickle_state(state)->pickling_error,
                         "Pickler.__init__() was not called by %S.__init__()", name);
        decref(state);
    }
    return self->ready && !self->busy;
}

NATIVE(
    pickler_init, "__init__(self, file, protocol=None, fix_imports=True, buffer_callback=None)",
    "Write pickles to file, which needs write(bytes).\n"
    "protocol: 0 to 5, negative for the highest; fix_imports: protocols below 3 use the names of\n"
    "Python 2; buffer_callback: gets the PickleBuffers of protocol 5 that are not to be written.")
{
    Pickler *self = as_pickler(argv[0]);
    if (self->busy) return throw(vm, RuntimeError, "Pickler object is already used");
    return pickler_open(vm, self, argv[1], argv[2], argv[3], argv[4]) ? NONE : FAIL;
}

/* ---- dump ---- */

NATIVE(pickler_persistent_id, "persistent_id(self, obj, /)",
       "Return None: obj is to be pickled.  What an override returns instead is stored for\n"
       "persistent_load().")
{
    return NONE;
}

/* Is v our own bound method? */
static bool is_own(Value v, const Native *native)
{
    return is_kind(v, KIND_NATIVE_FUNCTION) && as_native(v)->native == native;
}

static bool find_overrides(Vm *vm, Pickler *self)
{
    const PickleState *state = as_pickle_state(self->state);
    Value me = borrow(self);
    Ref id = attr_get_or_absent(vm, me, state->persistent_id);
    Ref override = failed(id) ? FAIL : attr_get_or_absent(vm, me, state->reducer_override);
    Ref table = failed(override) ? FAIL : attr_get_or_absent(vm, me, state->own_dispatch);
    if (failed(table)) {
        decref(override);
        decref(id);
        return false;
    }
    if (is_own(id, &pickler_persistent_id_def)) replace(&id, UNDEF);
    replace(&self->persistent_id, id);
    replace(&self->reducer_override, override);
    replace(&self->dispatch_table, table);
    return true;
}

static bool write_pickle(Vm *vm, Pickler *self, Value object)
{
    self->framing = false;
    self->frame_start = -1;
    if (self->protocol >= 2 && !output_number(vm, self, OP_PROTO, (uint64_t)self->protocol, 1))
        return false;
    self->framing = self->protocol >= 4;
    return pickle_save(vm, self, object) && output_byte(vm, self, OP_STOP) &&
           output_finish(vm, self);
}

bool pickler_dump(Vm *vm, Pickler *self, Value object, bool plain)
{
    self->busy = true;
    self->len = 0;
    bool good = (plain || find_overrides(vm, self)) && write_pickle(vm, self, object);
    clear(&self->persistent_id);
    clear(&self->reducer_override);
    clear(&self->dispatch_table);
    self->busy = false;
    return good;
}

NATIVE(pickler_dump_method, "dump(self, obj, /)", "Write the pickle of obj to the file.")
{
    Pickler *self = as_pickler(argv[0]);
    if (!check_ready(vm, self)) return FAIL;
    return pickler_dump(vm, self, argv[1], false) ? NONE : FAIL;
}

NATIVE(pickler_clear_memo, "clear_memo(self, /)",
       "Forget what has been written: the same objects are written again.")
{
    Pickler *self = as_pickler(argv[0]);
    if (self->busy) return throw(vm, RuntimeError, "Pickler object is already used");
    memo_clear(self);
    return NONE;
}

NATIVE(pickler_sizeof, "__sizeof__(self, /)", "Return the size in memory, in bytes.")
{
    const Pickler *self = as_pickler(argv[0]);
    return from_small((ptrdiff_t)sizeof *self + self->capacity +
                      self->memo_size * (ptrdiff_t)sizeof *self->memo);
}

/* ---- the memo as scripts see it ---- */

typedef struct MemoProxy {
    Container head;
    Ref pickler;
} MemoProxy;

static Pickler *pickler_of_proxy(Value v)
{
    return as_pickler(((MemoProxy *)(void *)as_object(v))->pickler);
}

static bool memo_usable(Vm *vm, const Pickler *self)
{
    if (self->busy) throw(vm, RuntimeError, "Pickler object is already used");
    return !self->busy;
}

/* {id: (index, object)} */
static Ref memo_copy(Vm *vm, Pickler *self)
{
    Ref out = dict_new(vm);
    Ref id = failed(out) ? FAIL : newref(dict_get_text(vm, as_dict(vm->interp->builtins), "id"));
    bool good = !failed(id) && !absent(id);
    if (absent(id)) throw(vm, RuntimeError, "lost builtins.id");
    for (ptrdiff_t n = 0; good && n < self->memo_size; n++) {
        if (absent(self->memo[n].object)) continue;
        ptrdiff_t index = self->memo[n].index;
        Ref object = newref(self->memo[n].object); /* a script's id() may clear the memo */
        Ref key = call1(vm, id, object), pair = FAIL;
        if (!failed(key)) pair = tuple_pack(vm, 2, from_small(index), (Value)object);
        good = !failed(pair) && dict_set(vm, as_dict(out), key, pair);
        decref(pair);
        decref(key);
        decref(object);
    }
    decref(id);
    if (!good) replace(&out, FAIL);
    return out;
}

NATIVE(memo_proxy_clear, "clear(self, /)", "Forget all entries.")
{
    Pickler *self = pickler_of_proxy(argv[0]);
    if (!memo_usable(vm, self)) return FAIL;
    memo_clear(self);
    return NONE;
}
NATIVE(memo_proxy_copy, "copy(self, /)", "Return a dict: id -> (index, object).")
{
    return memo_copy(vm, pickler_of_proxy(argv[0]));
}
NATIVE(memo_proxy_reduce, "__reduce__(self, /)", "Return what pickle needs: a dict.")
{
    Ref copy = memo_copy(vm, pickler_of_proxy(argv[0])), args = FAIL, out = FAIL;
    if (!failed(copy)) args = tuple_pack(vm, 1, (Value)copy);
    if (!failed(args)) out = tuple_pack(vm, 2, borrow(type_builtin(vm, KIND_DICT)), (Value)args);
    decref(args);
    decref(copy);
    return out;
}
static const Native *const memo_proxy_methods[] = {&memo_proxy_clear_def, &memo_proxy_copy_def,
                                                   &memo_proxy_reduce_def, NULL};
const TypeDef pickler_memo_type = {
    .name = "_pickle.PicklerMemoProxy",
    .doc = "The memo of a Pickler.",
    .size = sizeof(MemoProxy),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(MemoProxy, pickler)),
    .methods = memo_proxy_methods,
};

static Ref get_memo(Vm *vm, Value self)
{
    Type *type = type_from_def(vm, &pickler_memo_type);
    MemoProxy *proxy = type ? type_instance(vm, type) : NULL;
    if (!proxy) return FAIL;
    proxy->pickler = newref(self);
    return from_object(proxy);
}

/* The entries of {anything: (index, object)}. */
static bool memo_fill(Vm *vm, Pickler *self, Dict *from)
{
    Value key, value;
    for (ptrdiff_t at = 0; dict_next(from, &at, &key, &value);) {
        int64_t index;
        if (!is_tuple(value) || tuple_len(value) != 2) {
            throw(vm, TypeError, "'memo' values must be 2-item tuples");
            return false;
        }
        if (!int_index(vm, tuple_at(value, 0), &index) ||
            !memo_keep(vm, self, tuple_at(value, 1), (ptrdiff_t)index))
            return false;
    }
    return true;
}

static bool set_memo(Vm *vm, Value v, Value value)
{
    Pickler *self = as_pickler(v);
    if (!memo_usable(vm, self)) return false;
    if (absent(value)) {
        throw(vm, TypeError, "attribute deletion is not supported");
        return false;
    }
    Ref entries = UNDEF;
    if (is_dict(value)) entries = dict_copy(vm, as_dict(value));
    else if (is_heap(value) && type_of(vm, value)->def == &pickler_memo_type)
        entries = memo_copy(vm, pickler_of_proxy(value));
    else
        throw(vm, TypeError, "'memo' attribute must be a PicklerMemoProxy object or dict, not %T",
              value);
    if (absent(entries) || failed(entries)) return false;
    memo_clear(self);
    bool good = memo_fill(vm, self, as_dict(entries));
    decref(entries);
    return good;
}

/* ---- attributes ---- */

static Ref get_binary(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_pickler(self)->binary);
}
static Ref get_fast(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_pickler(self)->fast);
}
static bool set_flag(Vm *vm, Value value, bool *flag)
{
    int64_t number;
    if (absent(value)) {
        throw(vm, TypeError, "can't delete numeric/char attribute");
        return false;
    }
    if (!int_index(vm, value, &number)) return false;
    *flag = number != 0;
    return true;
}
static bool set_binary(Vm *vm, Value self, Value value)
{
    return set_flag(vm, value, &as_pickler(self)->binary);
}
static bool set_fast(Vm *vm, Value self, Value value)
{
    return set_flag(vm, value, &as_pickler(self)->fast);
}

static const Attribute pickler_attributes[] = {
    {"memo", get_memo, set_memo, "What has been written: it can be cleared, copied and set."},
    {0},
};
static const Attribute pickler_fields[] = {
    {"bin", get_binary, set_binary, "Is the protocol a binary one?"},
    {"fast", get_fast, set_fast, "Set it to write without a memo (no object may hold itself)."},
    {0},
};

static void pickler_visit(Object *object, Visit *visit, void *context)
{
    Pickler *self = as_pickler(borrow(object));
    for (ptrdiff_t n = 0; n < self->memo_size; n++)
        if (!absent(self->memo[n].object)) visit(&self->memo[n].object, context);
}

static void pickler_clear(Object *object)
{
    Pickler *self = as_pickler(borrow(object));
    memo_clear(self);
    memory_free(self->out);
    self->out = NULL;
    self->capacity = 0;
    self->ready = false;
}

static const Native *const pickler_methods[] = {
    &pickler_dump_method_def,
    &pickler_clear_memo_def,
    &pickler_persistent_id_def,
    &pickler_sizeof_def,
    NULL,
};
const TypeDef pickler_type = {
    .name = "_pickle.Pickler",
    .doc = "Writes pickles to a file: Pickler(file, protocol=None, fix_imports=True,\n"
           "buffer_callback=None).",
    .size = sizeof(Pickler),
    .flags = TYPE_CONTAINER | TYPE_ATTRIBUTES | TYPE_WEAKREF,
    .refs = REFS(REF(Pickler, state), REF(Pickler, write), REF(Pickler, buffer_callback),
                 REF(Pickler, persistent_id), REF(Pickler, reducer_override),
                 REF(Pickler, dispatch_table)),
    .visit = pickler_visit,
    .clear = pickler_clear,
    .init = &pickler_init_def,
    .methods = pickler_methods,
    .attributes = pickler_attributes,
    .fields = pickler_fields,
};
