/* _functools.c - the parts of functools that are worth C: partial, cmp_to_key, reduce.
 *
 * Neighbours: functools.aio (the rest, in the language), _functools_cache.c (lru_cache). */
/* SPDX-License-Identifier: MIT */
#include "native.h"

extern const TypeDef lru_cache_type;
static const TypeDef partial_type, placeholder_type, key_type;

enum { FEW = 16 }; /* arguments of a call that fit on the C stack */

/* ---- Placeholder: a positional argument of partial() that the call supplies ---- */

static bool is_placeholder(Vm *vm, Value v)
{
    return is_heap(v) && type_of(vm, v)->def == &placeholder_type;
}

NATIVE(placeholder_make, "new(cls, /, *args, **kwargs)", "Return Placeholder: there is only one.")
{
    if (tuple_len(argv[1]) > 0 || as_dict(argv[2])->len > 0)
        return throw(vm, TypeError, "_PlaceholderType takes no arguments");
    Ref module = import_text(vm, "_functools");
    Ref one = failed(module) ? FAIL : attr_get_text(vm, module, "Placeholder");
    decref(module);
    return one;
}

static Ref placeholder_repr(Vm *vm, Value self __attribute__((unused)))
{
    return str_from_ascii(vm, "Placeholder", 11);
}

NATIVE(placeholder_reduce, "__reduce__(self, /)", "Return its name, for pickle and copy.")
{
    return str_from_ascii(vm, "Placeholder", 11);
}

static const Native *const placeholder_methods[] = {&placeholder_reduce_def, NULL};
static const TypeDef placeholder_type = {
    .name = "functools._PlaceholderType",
    .doc = "The type of Placeholder, which keeps a positional argument of partial() open.",
    .size = sizeof(Container),
    .flags = TYPE_CONTAINER | TYPE_FINAL,
    .new = &placeholder_make_def,
    .repr = placeholder_repr,
    .methods = placeholder_methods,
};

/* ---- partial ---- */

typedef struct Partial {
    Container head; /* aux: placeholders among args */
    Ref function;
    Ref args;     /* tuple */
    Ref keywords; /* dict */
} Partial;

static Partial *as_partial(Value v) { return (Partial *)as_object(v); }

static Ref partial_call(Vm *vm, Value self, const Args *args);

/* A partial whose arguments a new one takes over: it has no attributes of its own. */
static bool is_plain_partial(Vm *vm, Value v)
{
    return is_heap(v) && type_of(vm, v)->slots.call == partial_call &&
           !object_dict_if_any(as_object(v));
}

/* The arguments of inner with those given in its places, the others behind. */
static Ref joined_args(Vm *vm, const Partial *inner, Value given)
{
    ptrdiff_t old = tuple_len(inner->args), open = inner->head.aux, more = tuple_len(given);
    ptrdiff_t used = more < open ? more : open, next = 0;
    Ref out = tuple_new(vm, old + more - used);
    if (failed(out)) return FAIL;
    Ref *items = as_tuple(out)->items;
    for (ptrdiff_t i = 0; i < old; i++) {
        bool fill = next < used && is_placeholder(vm, tuple_at(inner->args, i));
        items[i] = newref(fill ? tuple_at(given, next++) : tuple_at(inner->args, i));
    }
    for (ptrdiff_t i = old; next < more; i++) items[i] = newref(tuple_at(given, next++));
    return out;
}

static uint32_t count_open(Vm *vm, Value args)
{
    uint32_t open = 0;
    for (ptrdiff_t i = 0; i < tuple_len(args); i++) open += is_placeholder(vm, tuple_at(args, i));
    return open;
}

/* What partial() refuses among its arguments. */
static bool check_arguments(Vm *vm, Value function, Value args, Value keywords)
{
    Value key, value;
    ptrdiff_t len = tuple_len(args);
    if (!type_of(vm, function)->slots.call) {
        throw(vm, TypeError, "the first argument must be callable");
        return false;
    }
    if (len > 0 && is_placeholder(vm, tuple_at(args, len - 1))) {
        throw(vm, TypeError, "trailing Placeholders are not allowed");
        return false;
    }
    for (ptrdiff_t i = 0; dict_next(as_dict(keywords), &i, &key, &value);) {
        if (!is_placeholder(vm, value)) continue;
        throw(vm, TypeError, "Placeholder cannot be passed as a keyword argument");
        return false;
    }
    return true;
}

NATIVE(
    partial_make, "new(cls, /, *args, **keywords)",
    "partial(function, /, *args, **keywords): return a function that calls function with args\n"
    "before its own arguments and keywords beside them.  Its own first arguments take the places\n"
    "of any Placeholder among args.")
{
    ptrdiff_t count = tuple_len(argv[1]);
    if (count < 1) return throw(vm, TypeError, "type 'partial' takes at least one argument");
    Value function = tuple_at(argv[1], 0);
    Ref args = tuple_slice(vm, argv[1], 1, count), keywords = FAIL;
    if (failed(args)) return FAIL;
    if (!check_arguments(vm, function, args, argv[2])) goto fail;
    if (is_plain_partial(vm, function)) {
        const Partial *inner = as_partial(function);
        replace(&args, joined_args(vm, inner, args));
        keywords = failed(args) ? FAIL : dict_copy(vm, as_dict(inner->keywords));
        if (failed(keywords) || !dict_merge(vm, as_dict(keywords), as_dict(argv[2]))) goto fail;
        function = inner->function;
    } else {
        keywords = dict_copy(vm, as_dict(argv[2]));
        if (failed(keywords)) goto fail;
    }
    Partial *self = type_instance(vm, as_type(argv[0]));
    if (!self) goto fail;
    self->function = newref(function);
    self->args = args;
    self->keywords = keywords;
    self->head.aux = count_open(vm, args);
    return from_object(self);
fail:
    decref(args);
    decref(keywords);
    return FAIL;
}

/* Lays the positional arguments of a call out in argv; returns how many of them. */
static int lay_positional(Vm *vm, const Partial *self, const Args *args, Value *argv)
{
    int count = 0, next = 0;
    for (ptrdiff_t i = 0; i < tuple_len(self->args); i++) {
        Value item = tuple_at(self->args, i);
        argv[count++] = self->head.aux && is_placeholder(vm, item) ? args->argv[next++] : item;
    }
    while (next < args->argc) argv[count++] = args->argv[next++];
    return count;
}

/* The same for keywords, those of the call winning; their names go to names (owned). */
static bool lay_keywords(Vm *vm, Dict *own, const Args *args, Value *argv, Ref *names)
{
    ptrdiff_t given = absent(args->kwnames) ? 0 : tuple_len(args->kwnames), count = 0;
    Ref list = list_new(vm, own->len + given);
    bool ok = !failed(list);
    Value key, value;
    for (ptrdiff_t i = 0; ok && dict_next(own, &i, &key, &value);) {
        for (ptrdiff_t k = 0; k < given; k++)
            if (str_equal(as_str(key), as_str(tuple_at(args->kwnames, k))))
                value = args->argv[args->argc + k];
        argv[count++] = value;
        ok = list_push(vm, as_list(list), newref(key));
    }
    for (ptrdiff_t k = 0; ok && k < given; k++) {
        Value name = tuple_at(args->kwnames, k), there = dict_get(vm, own, name);
        if (!absent(there)) continue;
        argv[count++] = args->argv[args->argc + k];
        ok = list_push(vm, as_list(list), newref(name));
    }
    *names = ok ? tuple_from(vm, list) : FAIL;
    decref(list);
    return !failed(*names);
}

static Ref partial_call(Vm *vm, Value v, const Args *args)
{
    const Partial *self = as_partial(v);
    ptrdiff_t open = self->head.aux;
    if (args->argc < open)
        return throw(
            vm, TypeError,
            "missing positional arguments in 'partial' call; expected at least %zd, got %d", open,
            args->argc);
    ptrdiff_t given = absent(args->kwnames) ? 0 : tuple_len(args->kwnames);
    ptrdiff_t own = as_dict(self->keywords)->len;
    ptrdiff_t most = tuple_len(self->args) + args->argc + own + given;
    Value few[FEW], *argv = few;
    if (most > FEW && !(argv = memory_new(vm, (size_t)most * sizeof *argv))) return FAIL;
    Ref function = newref(self->function), held = newref(self->args);
    Ref keywords = newref(self->keywords), names = UNDEF, out = FAIL;
    Args all = {argv, lay_positional(vm, self, args, argv), args->kwnames};
    bool ok = true;
    if (own) {
        ok = lay_keywords(vm, as_dict(keywords), args, argv + all.argc, &names);
        all.kwnames = names;
    } else if (given) {
        memcpy(argv + all.argc, args->argv + args->argc, (size_t)given * sizeof *argv);
    }
    if (ok) out = call_args(vm, function, &all);
    if (argv != few) memory_free(argv);
    decref(function);
    decref(held);
    decref(keywords);
    decref(names);
    return out;
}

static Ref partial_get(Vm *vm, Value self, Value object, Value type __attribute__((unused)))
{
    return absent(object) || is_none(object) ? newref(self) : method_new(vm, self, object);
}

/* str(v) into text. */
static bool describe_str(Vm *vm, StrBuilder *text, Value v)
{
    Ref shown = value_str(vm, v);
    bool ok = !failed(shown) && builder_str(vm, text, shown);
    decref(shown);
    return ok;
}

/* ", key=value" */
static bool describe_keyword(Vm *vm, StrBuilder *text, Value key, Value value)
{
    Ref held_key = newref(key), held_value = newref(value); /* repr() may change the dict */
    bool ok = builder_ascii(vm, text, ", ", 2) && describe_str(vm, text, held_key) &&
              builder_char(vm, text, '=') && builder_repr(vm, text, held_value);
    decref(held_key);
    decref(held_value);
    return ok;
}

/* "functools.partial(f, 1, x=2)" without the closing parenthesis. */
static bool describe(Vm *vm, Value self, StrBuilder *text)
{
    const Partial *partial = as_partial(self);
    Value type = borrow(type_of(vm, self));
    Ref module = attr_get(vm, type, N(__module__));
    Ref name = failed(module) ? FAIL : attr_get(vm, type, N(__qualname__));
    Ref function = newref(partial->function), args = newref(partial->args);
    Ref keywords = newref(partial->keywords);
    bool ok = !failed(name) && describe_str(vm, text, module) && builder_char(vm, text, '.') &&
              describe_str(vm, text, name) && builder_char(vm, text, '(') &&
              builder_repr(vm, text, function);
    for (ptrdiff_t i = 0; ok && i < tuple_len(args); i++)
        ok = builder_ascii(vm, text, ", ", 2) && builder_repr(vm, text, tuple_at(args, i));
    Value key, value;
    for (ptrdiff_t i = 0; ok && dict_next(as_dict(keywords), &i, &key, &value);)
        ok = describe_keyword(vm, text, key, value);
    decref(module);
    decref(name);
    decref(function);
    decref(args);
    decref(keywords);
    return ok;
}

static Ref partial_repr(Vm *vm, Value self)
{
    Truth running = repr_enter(vm, self);
    if (running == FAILED) return FAIL;
    if (running == YES) return str_from_ascii(vm, "...", 3);
    StrBuilder text;
    builder_open(&text);
    bool ok = describe(vm, self, &text) && builder_char(vm, &text, ')');
    repr_leave(vm, self);
    if (ok) return builder_finish(vm, &text);
    builder_close(&text);
    return FAIL;
}

NATIVE(partial_reduce, "__reduce__(self, /)", "Return what pickle and copy need.")
{
    const Partial *self = as_partial(argv[0]);
    Ref state = FAIL, out = FAIL, make = tuple_pack(vm, 1, (Value)self->function);
    Ref dict = attr_get_or_absent(vm, argv[0], N(__dict__));
    if (is_dict(dict) && as_dict(dict)->len == 0) replace(&dict, NONE);
    if (!failed(make) && !failed(dict))
        state = tuple_pack(vm, 4, (Value)self->function, (Value)self->args, (Value)self->keywords,
                           absent(dict) ? (Value)NONE : (Value)dict);
    if (!failed(state))
        out = tuple_pack(vm, 3, borrow(type_of(vm, argv[0])), (Value)make, (Value)state);
    decref(make);
    decref(state);
    decref(dict);
    return out;
}

NATIVE(partial_setstate, "__setstate__(self, state, /)", "Take over what __reduce__ returned.")
{
    Partial *self = as_partial(argv[0]);
    Value state = argv[1];
    bool ok = is_tuple(state) && tuple_len(state) == 4 && is_tuple(tuple_at(state, 1)) &&
              type_of(vm, tuple_at(state, 0))->slots.call;
    for (int i = 2; ok && i < 4; i++)
        ok = is_dict(tuple_at(state, i)) || is_none(tuple_at(state, i));
    if (!ok) return throw(vm, TypeError, "invalid partial state");
    Value args = tuple_at(state, 1);
    if (tuple_len(args) && is_placeholder(vm, tuple_at(args, tuple_len(args) - 1)))
        return throw(vm, TypeError, "trailing Placeholders are not allowed");
    Value given = tuple_at(state, 2);
    Ref plain = is_exact(args, KIND_TUPLE)
                    ? newref(args)
                    : tuple_from_values(vm, tuple_len(args), as_values(as_tuple(args)->items));
    Ref keywords = is_none(given)               ? dict_new(vm)
                   : is_exact(given, KIND_DICT) ? newref(given)
                                                : dict_copy(vm, as_dict(given));
    if (failed(plain) || failed(keywords)) {
        decref(plain);
        decref(keywords);
        return FAIL;
    }
    self->head.aux = count_open(vm, plain);
    replace(&self->function, newref(tuple_at(state, 0)));
    replace(&self->args, plain);
    replace(&self->keywords, keywords);
    Value dict = tuple_at(state, 3);
    if (!object_has_attributes(as_object(argv[0]))) return NONE;
    Ref attributes = is_none(dict) ? dict_new(vm) : newref(dict);
    return !failed(attributes) && object_set_dict(vm, as_object(argv[0]), attributes) ? NONE : FAIL;
}

static Ref get_function(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_partial(self)->function);
}
static Ref get_args(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_partial(self)->args);
}
static Ref get_keywords(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_partial(self)->keywords);
}
static const Native *const partial_methods[] = {&partial_reduce_def, &partial_setstate_def,
                                                &class_getitem_def, NULL};
static const Attribute partial_attributes[] = {
    {"func", get_function, member_read_only, "The function that is called."},
    {"args", get_args, member_read_only, "Its first positional arguments, a tuple."},
    {"keywords", get_keywords, member_read_only, "Its keyword arguments, a dict."},
    {0},
};
static const TypeDef partial_type = {
    .name = "functools.partial",
    .doc = "A function with some of its arguments given already.",
    .size = sizeof(Partial),
    .flags = TYPE_CONTAINER | TYPE_ATTRIBUTES | TYPE_WEAKREF,
    .refs = REFS(REF(Partial, function), REF(Partial, args), REF(Partial, keywords)),
    .new = &partial_make_def,
    .call = partial_call,
    .repr = partial_repr,
    .descr_get = partial_get,
    .methods = partial_methods,
    .attributes = partial_attributes,
};

/* ---- cmp_to_key ---- */

typedef struct Key {
    Container head;
    Ref compare; /* the function of two arguments */
    Ref object;  /* UNDEF: the class-like thing that cmp_to_key returns */
} Key;

static Key *as_key(Value v) { return (Key *)as_object(v); }

static Ref key_new(Vm *vm, Value compare, Value object)
{
    Type *type = type_from_def(vm, &key_type);
    Key *self = type ? type_instance(vm, type) : NULL;
    if (!self) return FAIL;
    self->compare = newref(compare);
    self->object = newref(object);
    return from_object(self);
}

NATIVE(cmp_to_key, "cmp_to_key(mycmp)",
       "Return a key function for sorting by mycmp(a, b), which is negative, zero or positive.")
{
    return key_new(vm, argv[0], UNDEF);
}

static Ref key_call(Vm *vm, Value self, const Args *args)
{
    ptrdiff_t named = absent(args->kwnames) ? 0 : tuple_len(args->kwnames);
    if (args->argc + named > 1)
        return throw(vm, TypeError, "K() takes at most 1 argument (%zd given)", args->argc + named);
    if (args->argc + named == 0 || (named && !str_is(tuple_at(args->kwnames, 0), "obj")))
        return throw(vm, TypeError, "K() missing required argument 'obj' (pos 1)");
    return key_new(vm, as_key(self)->compare, args->argv[0]);
}

static Ref key_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if (type_of(vm, b) != type_of(vm, a))
        return throw(vm, TypeError, "other argument must be K instance");
    Value x = as_key(a)->object, y = as_key(b)->object;
    if (absent(x) || absent(y)) return throw(vm, AttributeError, "object");
    Ref order = call2(vm, as_key(a)->compare, x, y);
    if (failed(order)) return FAIL;
    Ref out = value_compare(vm, order, from_small(0), op);
    decref(order);
    return out;
}

static Ref get_object(Vm *vm __attribute__((unused)), Value self)
{
    return absent(as_key(self)->object) ? NONE : newref(as_key(self)->object);
}
static bool set_object(Vm *vm __attribute__((unused)), Value self, Value value)
{
    replace(&as_key(self)->object, newref(value));
    return true;
}

static Ref get_signature(Vm *vm, Value self __attribute__((unused)))
{
    return str_from(vm, "(obj)");
}

static const Attribute key_attributes[] = {
    {"obj", get_object, set_object, "The value it stands for."},
    {"__text_signature__", get_signature, NULL, "its parameters"},
    {0},
};
static const TypeDef key_type = {
    .name = "functools.KeyWrapper",
    .doc = "A value ordered by a comparison function.",
    .size = sizeof(Key),
    .flags = TYPE_CONTAINER | TYPE_NO_NEW | TYPE_FINAL,
    .refs = REFS(REF(Key, compare), REF(Key, object)),
    .call = key_call,
    .compare = key_compare,
    .attributes = key_attributes,
};

/* ---- reduce ---- */

NATIVE(reduce, "reduce(function, iterable, /, initial=?)",
       "Return function(... function(function(initial, first), second) ..., last).\n"
       "Without initial the first item takes its place; an empty iterable then raises TypeError.")
{
    Ref iter = iter_of(vm, argv[1]), total = newref(argv[2]);
    if (failed(iter)) {
        decref(total);
        if (!error_is(vm, TypeError)) return FAIL;
        error_clear(vm);
        return throw(vm, TypeError, "reduce() arg 2 must support iteration");
    }
    if (absent(total)) total = iter_next(vm, iter);
    if (absent(total)) throw(vm, TypeError, "reduce() of empty iterable with no initial value");
    while (!failed(total) && !absent(total)) {
        Ref item = iter_step(vm, iter);
        if (absent(item)) break;
        replace(&total, failed(item) ? FAIL : call2(vm, argv[0], total, item));
        decref(item);
    }
    decref(iter);
    return absent(total) ? FAIL : total;
}

/* ---- the module ---- */

static bool functools_open(Vm *vm, Value module)
{
    Type *type = type_from_def(vm, &placeholder_type);
    void *one = type ? type_instance(vm, type) : NULL;
    return one && module_set(vm, module, "Placeholder", from_object(one));
}

static const Native *const functools_functions[] = {&cmp_to_key_def, &reduce_def, NULL};
static const TypeDef *const functools_types[] = {&partial_type, &placeholder_type, &lru_cache_type,
                                                 NULL};
const ModuleDef _functools_module = {
    .name = "_functools",
    .doc = "Tools for functions: the parts of module functools written in C.",
    .functions = functools_functions,
    .types = functools_types,
    .open = functools_open,
};
