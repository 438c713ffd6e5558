/* _pickle_reduce.c - writing objects by name, or as a call that makes them anew.
 *
 * Classes and functions are written by module and name, all else as what __reduce_ex__ (or the
 * dispatch table, or reducer_override) says: (function, args, state, list items, dict items,
 * setter of the state).
 * Neighbours: _pickle_save.c (builtin types), _pickle_build.c (the way back). */
/* SPDX-License-Identifier: MIT */
#include "_pickle.h"

/* ---- by name ---- */

/* Is object what module has under the name? */
static bool lies_in(Vm *vm, Value object, Value module, Value name)
{
    Ref found = pickle_dotted(vm, module, name);
    if (failed(found)) error_clear(vm);
    bool same = found == object;
    decref(found);
    return same;
}

/* The name of the module that an object without __module__ lies in. */
static Ref search_modules(Vm *vm, Value object, Value name)
{
    Ref modules = dict_copy(vm, as_dict(vm->interp->modules)), out = UNDEF;
    if (failed(modules)) return FAIL;
    Value key, module;
    for (ptrdiff_t at = 0; absent(out) && dict_next(as_dict(modules), &at, &key, &module);) {
        if (!is_str(key) || str_is(key, "__main__") || str_is(key, "__mp_main__")) continue;
        if (!is_none(module) && lies_in(vm, object, module, name)) out = newref(key);
    }
    decref(modules);
    return absent(out) ? str_interned(vm, "__main__") : out;
}

static Ref module_name_of(Vm *vm, Value object, Value name)
{
    Ref module = attr_get_or_absent(vm, object, N(__module__));
    if (failed(module) || (!absent(module) && !is_none(module))) return module;
    return search_modules(vm, object, name);
}

/* __qualname__, else __name__. */
static Ref name_of(Vm *vm, Value object)
{
    Ref name = attr_get_or_absent(vm, object, N(__qualname__));
    if (!absent(name)) return name;
    return attr_get(vm, object, N(__name__));
}

static bool has_text(Value text, const char *part)
{
    const Str *s = as_str(text);
    ptrdiff_t len = (ptrdiff_t)strlen(part);
    for (ptrdiff_t i = 0; i + len <= s->len; i++) {
        ptrdiff_t n = 0;
        while (n < len && str_at(s, i + n) == (uint32_t)part[n]) n++;
        if (n == len) return true;
    }
    return false;
}

/* What the module has under the name; raises PicklingError unless that is object. */
static bool check_name(Vm *vm, Pickler *self, Value object, Value module_name, Value name)
{
    if (has_text(name, "<locals>")) {
        PICKLING_ERROR(self, "Can't pickle local object %R", object);
        return false;
    }
    Ref module = import_absolute(vm, module_name);
    Ref found = failed(module) ? FAIL : pickle_dotted(vm, module, name);
    if (failed(found)) {
        bool imported = !failed(module);
        decref(module);
        if (!error_is(vm, imported ? AttributeError : ImportError) &&
            !(!imported && (error_is(vm, KeyError) || error_is(vm, ValueError))))
            return false;
        Ref cause = error_take(vm);
        if (imported)
            PICKLING_ERROR(self, "Can't pickle %R: it's not found as %S.%S", object, module_name,
                           name);
        else PICKLING_ERROR(self, "Can't pickle %R: %S", object, (Value)cause);
        decref(cause);
        return false;
    }
    bool same = found == object;
    if (!same)
        PICKLING_ERROR(self, "Can't pickle %R: it's not the same object as %S.%S", object,
                       module_name, name);
    decref(found);
    decref(module);
    return same;
}

/* The number that stands for the name, YES when there is one. */
static Truth save_extension(Vm *vm, Pickler *self, Value module_name, Value name)
{
    if (self->protocol < 2 || as_dict(state_of(self)->registry)->len == 0) return NO;
    Ref key = tuple_pack(vm, 2, module_name, name);
    Value code = failed(key) ? (Value)FAIL : dict_get(vm, as_dict(state_of(self)->registry), key);
    decref(key);
    if (failed(code)) return FAILED;
    if (absent(code)) return NO;
    int64_t number;
    if (!int_index(vm, code, &number)) return FAILED;
    if (number <= 0 || number > INT32_MAX) {
        throw(vm, RuntimeError, "extension code %lld is out of range", (long long)number);
        return FAILED;
    }
    int bytes = number <= UINT8_MAX ? 1 : number <= UINT16_MAX ? 2 : 4;
    int opcode = bytes == 1 ? OP_EXT1 : bytes == 2 ? OP_EXT2 : OP_EXT4;
    return output_number(vm, self, opcode, (uint64_t)number, bytes) ? YES : FAILED;
}

static bool put_text_line(Vm *vm, Pickler *self, Value text)
{
    ptrdiff_t len;
    char *owned;
    const char *data = str_utf8(vm, text, &len, &owned);
    bool good = data && output_put(vm, self, data, len) && output_byte(vm, self, '\n');
    memory_free(owned);
    return good;
}

/* Protocols below 4: two lines, module and a name without dots. */
static bool save_old_name(Vm *vm, Pickler *self, Value module_name, Value name)
{
    Ref old_module = newref(module_name), old_name = newref(name);
    bool good = !self->fix_imports || pickle_rename(vm, true, &old_module, &old_name);
    if (good && self->protocol < 3 && !(as_str(old_module)->ascii && as_str(old_name)->ascii)) {
        PICKLING_ERROR(self, "can't pickle global identifier '%S.%S' using pickle protocol %d",
                       (Value)old_module, (Value)old_name, self->protocol);
        good = false;
    }
    good = good && output_byte(vm, self, OP_GLOBAL) && put_text_line(vm, self, old_module) &&
           put_text_line(vm, self, old_name);
    decref(old_name);
    decref(old_module);
    return good;
}

static ptrdiff_t next_dot(const Str *s, ptrdiff_t i)
{
    while (i < s->len && str_at(s, i) != '.') i++;
    return i;
}

/* a.b.c as getattr(getattr(a, "b"), "c"): these protocols know no dotted names. */
static bool save_old_global(Vm *vm, Pickler *self, Value module_name, Value name)
{
    const Str *s = as_str(name);
    ptrdiff_t end = next_dot(s, 0);
    if (end == s->len) return save_old_name(vm, self, module_name, name);
    Ref getattr = newref(dict_get_text(vm, as_dict(vm->interp->builtins), "getattr"));
    bool good = !failed(getattr) && !absent(getattr), marked = self->protocol < 2;
    if (absent(getattr)) throw(vm, RuntimeError, "lost builtins.getattr");
    for (ptrdiff_t dot = end; good && dot < s->len; dot = next_dot(s, dot + 1))
        good = pickle_save(vm, self, getattr) && (!marked || output_byte(vm, self, OP_MARK));
    Ref first = good ? str_slice(vm, name, 0, end) : FAIL;
    good = !failed(first) && save_old_name(vm, self, module_name, first);
    decref(first);
    for (ptrdiff_t dot = end; good && dot < s->len;) {
        ptrdiff_t start = dot + 1;
        dot = next_dot(s, start);
        Ref part = str_slice(vm, name, start, dot);
        if (!failed(part)) part = str_intern(vm, part);
        good = !failed(part) && pickle_save(vm, self, part) &&
               output_byte(vm, self, marked ? OP_TUPLE : OP_TUPLE2) &&
               output_byte(vm, self, OP_REDUCE);
        decref(part);
    }
    decref(getattr);
    return good;
}

/* object as the name (UNDEF: its own) it has in its module. */
static bool save_global(Vm *vm, Pickler *self, Value object, Value given)
{
    Ref name = absent(given) ? name_of(vm, object) : newref(given);
    Ref module_name = failed(name) ? FAIL : module_name_of(vm, object, name);
    bool good = !failed(module_name);
    if (good && !(is_str(name) && is_str(module_name))) {
        PICKLING_ERROR(self, "Can't pickle %R: its name is no str", object);
        good = false;
    }
    good = good && check_name(vm, self, object, module_name, name);
    Truth extension = good ? save_extension(vm, self, module_name, name) : FAILED;
    good = extension != FAILED;
    if (extension == NO) {
        if (self->protocol >= 4)
            good = pickle_save(vm, self, module_name) && pickle_save(vm, self, name) &&
                   output_byte(vm, self, OP_STACK_GLOBAL);
        else good = save_old_global(vm, self, module_name, name);
        good = good && memo_add(vm, self, object);
    }
    decref(module_name);
    decref(name);
    return good;
}

/* The types of None, ... and NotImplemented have no names; other classes do. */
static bool save_class(Vm *vm, Pickler *self, Value v)
{
    const Kind kinds[] = {KIND_NONE, KIND_ELLIPSIS, KIND_NOT_IMPLEMENTED};
    const Value values[] = {NONE, ELLIPSIS, NOT_IMPLEMENTED};
    for (int n = 0; n < 3; n++)
        if (v == borrow(type_builtin(vm, kinds[n]))) {
            Ref args = tuple_pack(vm, 1, values[n]);
            return !failed(args) &&
                   save_call(vm, self, borrow(type_builtin(vm, KIND_TYPE)), take(&args), v);
        }
    return save_global(vm, self, v, UNDEF);
}

/* ---- what __reduce_ex__ returned ---- */

typedef struct Reduced {
    Value function, args, state, items, pairs, setter; /* UNDEF: not there */
} Reduced;

static bool check_reduced(Vm *vm, Pickler *self, Value tuple, Reduced *r)
{
    ptrdiff_t len = tuple_len(tuple);
    if (len < 2 || len > 6) {
        PICKLING_ERROR(self, "tuple returned by __reduce__ must contain 2 through 6 elements");
        return false;
    }
    Value *const fields[] = {&r->function, &r->args, &r->state, &r->items, &r->pairs, &r->setter};
    for (ptrdiff_t n = 0; n < 6; n++) {
        Value v = n < len ? tuple_at(tuple, n) : (Value)UNDEF;
        *fields[n] = n > 1 && is_none(v) ? (Value)UNDEF : v;
    }
    const char *const must[] = {
        type_of(vm, r->function)->slots.call ? NULL : "first item %s must be callable, not %T",
        is_tuple(r->args) ? NULL : "second item %s must be a tuple, not %T",
        NULL,
        absent(r->items) || is_iterator(vm, r->items)
            ? NULL
            : "fourth item %s must be an iterator, not %T",
        absent(r->pairs) || is_iterator(vm, r->pairs) ? NULL
                                                      : "fifth item %s must be an iterator, not %T",
        absent(r->setter) || type_of(vm, r->setter)->slots.call
            ? NULL
            : "sixth item %s must be callable, not %T",
    };
    for (int n = 0; n < 6; n++)
        if (must[n]) {
            PICKLING_ERROR(self, must[n], "of the tuple returned by __reduce__", *fields[n]);
            return false;
        }
    return true;
}

/* Is cls a class, and that of object? */
static bool check_class(Vm *vm, Pickler *self, Value cls, Value object, const char *function)
{
    if (!is_type(cls)) {
        PICKLING_ERROR(self, "first argument to %s() must be a class, not %T", function, cls);
        return false;
    }
    if (absent(object)) return true;
    Ref own = attr_get(vm, object, N(__class__));
    if (failed(own)) return false;
    bool same = own == cls;
    if (!same)
        PICKLING_ERROR(self, "first argument to %s() must be %R, not %R", function, (Value)own,
                       cls);
    decref(own);
    return same;
}

/* partial(cls.__new__, cls, *args, **kwargs): protocols below 4 have no opcode for keywords. */
static Ref make_partial(Vm *vm, Value cls, Value args, Value kwargs)
{
    Ref partial = pickle_import(vm, "functools", "partial"), make = FAIL, all = FAIL, out = FAIL;
    if (!failed(partial)) make = attr_get(vm, cls, N(__new__));
    if (!failed(make)) all = tuple_new(vm, tuple_len(args) + 2);
    if (!failed(all)) {
        as_tuple(all)->items[0] = newref(make);
        as_tuple(all)->items[1] = newref(cls);
        for (ptrdiff_t n = 0; n < tuple_len(args); n++)
            as_tuple(all)->items[n + 2] = newref(tuple_at(args, n));
        out = call_unpacked(vm, partial, all, kwargs);
    }
    decref(all);
    decref(make);
    decref(partial);
    return out;
}

static bool save_newobj_ex(Vm *vm, Pickler *self, Value triple, Value object)
{
    if (tuple_len(triple) != 3) {
        PICKLING_ERROR(self, "__newobj_ex__ expected 3 arguments, got %zd", tuple_len(triple));
        return false;
    }
    Value cls = tuple_at(triple, 0), args = tuple_at(triple, 1), kwargs = tuple_at(triple, 2);
    if (!check_class(vm, self, cls, object, "__newobj_ex__")) return false;
    if (!is_tuple(args)) {
        PICKLING_ERROR(self, "second argument to __newobj_ex__() must be a tuple, not %T", args);
        return false;
    }
    if (!is_dict(kwargs)) {
        PICKLING_ERROR(self, "third argument to __newobj_ex__() must be a dict, not %T", kwargs);
        return false;
    }
    if (self->protocol >= 4)
        return pickle_save(vm, self, cls) && pickle_save(vm, self, args) &&
               pickle_save(vm, self, kwargs) && output_byte(vm, self, OP_NEWOBJ_EX);
    Ref partial = make_partial(vm, cls, args, kwargs);
    bool good = !failed(partial) && pickle_save(vm, self, partial) &&
                pickle_save(vm, self, vm->interp->empty_tuple) && output_byte(vm, self, OP_REDUCE);
    decref(partial);
    return good;
}

static bool save_newobj(Vm *vm, Pickler *self, Value args, Value object)
{
    if (tuple_len(args) < 1) {
        PICKLING_ERROR(self, "__newobj__ expected at least 1 argument, got 0");
        return false;
    }
    Value cls = tuple_at(args, 0);
    if (!check_class(vm, self, cls, object, "__newobj__")) return false;
    Ref rest = tuple_slice(vm, args, 1, tuple_len(args));
    bool good = !failed(rest) && pickle_save(vm, self, cls) && pickle_save(vm, self, rest) &&
                output_byte(vm, self, OP_NEWOBJ);
    decref(rest);
    return good;
}

/* The call that makes the object. */
static bool save_making(Vm *vm, Pickler *self, const Reduced *r, Value object)
{
    if (self->protocol >= 2) {
        Ref name = attr_get_or_absent(vm, r->function, N(__name__));
        if (failed(name)) return false;
        bool newobj = is_str(name) && str_is(name, "__newobj__");
        bool newobj_ex = is_str(name) && str_is(name, "__newobj_ex__");
        decref(name);
        if (newobj) return save_newobj(vm, self, r->args, object);
        if (newobj_ex) return save_newobj_ex(vm, self, r->args, object);
    }
    return pickle_save(vm, self, r->function) && pickle_save(vm, self, r->args) &&
           output_byte(vm, self, OP_REDUCE);
}

/* Memoises the new object, unless what it was made from led back to it. */
static bool save_identity(Vm *vm, Pickler *self, Value object)
{
    ptrdiff_t index = memo_find(self, object);
    if (index < 0) return memo_add(vm, self, object);
    return output_byte(vm, self, OP_POP) && memo_write_get(vm, self, index);
}

static bool save_state(Vm *vm, Pickler *self, const Reduced *r, Value object)
{
    if (absent(r->state)) return true;
    if (absent(r->setter))
        return pickle_save(vm, self, r->state) && output_byte(vm, self, OP_BUILD);
    const char end[] = {(char)OP_TUPLE2, OP_REDUCE, OP_POP};
    return pickle_save(vm, self, r->setter) && pickle_save(vm, self, object) &&
           pickle_save(vm, self, r->state) && output_put(vm, self, end, sizeof end);
}

bool save_reduced(Vm *vm, Pickler *self, Value reduced, Value object)
{
    Reduced r;
    return check_reduced(vm, self, reduced, &r) && save_making(vm, self, &r, object) &&
           (absent(object) || save_identity(vm, self, object)) &&
           (absent(r.items) || save_batches(vm, self, r.items)) &&
           (absent(r.pairs) || save_pair_batches(vm, self, r.pairs)) &&
           save_state(vm, self, &r, object);
}

bool save_call(Vm *vm, Pickler *self, Value function, Ref args, Value object)
{
    if (failed(args)) return false;
    Ref reduced = tuple_pack(vm, 2, function, (Value)args);
    decref(args);
    bool good = !failed(reduced) && save_reduced(vm, self, reduced, object);
    decref(reduced);
    return good;
}

/* ---- asking the object ---- */

/* The reducer of the dispatch table for a class: owned, UNDEF: none. */
static Ref reducer_of(Vm *vm, Pickler *self, Value cls)
{
    if (absent(self->dispatch_table)) {
        Value found = dict_get(vm, as_dict(state_of(self)->dispatch_table), cls);
        return newref(found); /* UNDEF and FAIL pass through */
    }
    Ref found = value_get_item(vm, self->dispatch_table, cls);
    if (!failed(found) || !error_is(vm, KeyError)) return found;
    error_clear(vm);
    return UNDEF;
}

/* obj.__reduce_ex__(protocol), or what comes before it; UNDEF: the object goes by its name. */
static Ref reduce(Vm *vm, Pickler *self, Value v)
{
    Value cls = borrow(type_of(vm, v));
    Ref reducer = reducer_of(vm, self, cls), out;
    if (failed(reducer)) return FAIL;
    if (!absent(reducer)) {
        out = call1(vm, reducer, v);
        decref(reducer);
        return out;
    }
    if (is_type(v)) return UNDEF;
    reducer = attr_get_or_absent(vm, v, N(__reduce_ex__));
    if (failed(reducer)) return FAIL;
    if (!absent(reducer)) {
        out = call1(vm, reducer, from_small(self->protocol));
        decref(reducer);
        return out;
    }
    reducer = attr_get_or_absent(vm, v, N(__reduce__));
    if (absent(reducer)) return PICKLING_ERROR(self, "can't pickle '%T' object: %R", v, v);
    out = failed(reducer) ? FAIL : call0(vm, reducer);
    decref(reducer);
    return out;
}

bool save_other(Vm *vm, Pickler *self, Value v)
{
    Ref reduced = NOT_IMPLEMENTED;
    if (!absent(self->reducer_override)) reduced = call1(vm, self->reducer_override, v);
    if (failed(reduced)) return false;
    if (reduced == NOT_IMPLEMENTED) {
        if (type_of(vm, v) == type_builtin(vm, KIND_TYPE)) return save_class(vm, self, v);
        if (is_exact(v, KIND_FUNCTION)) return save_global(vm, self, v, UNDEF);
        reduced = reduce(vm, self, v);
        if (failed(reduced)) return false;
        if (absent(reduced)) return save_global(vm, self, v, UNDEF);
    }
    bool good = false;
    if (is_str(reduced)) good = save_global(vm, self, v, reduced);
    else if (is_tuple(reduced)) good = save_reduced(vm, self, reduced, v);
    else PICKLING_ERROR(self, "__reduce__ must return a string or tuple, not %T", (Value)reduced);
    decref(reduced);
    return good;
}
