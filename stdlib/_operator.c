/* _operator.c - the callables of operator: itemgetter, attrgetter, methodcaller; and the module.
 *
 * Sorting and grouping call them once an item.  Neighbours: _operator_apply.c (the functions). */
/* SPDX-License-Identifier: MIT */
#include "_operator.h"

enum { FEW = 16 }; /* arguments of a call that fit on the C stack */

/* Of all three. */
typedef struct Getter {
    Container head;
    Ref wanted;  /* tuple: keys; for attrgetter a tuple of names for each path; the arguments */
    Ref given;   /* tuple: what it was made from (attrgetter's dotted names; the same as wanted) */
    Ref name;    /* methodcaller's */
    Ref kwnames; /* methodcaller's keywords, whose values end wanted; UNDEF: none */
} Getter;

static Getter *as_getter(Value v) { return (Getter *)as_object(v); }

/* The one argument of a call, borrowed; FAIL: raised. */
static Value only_argument(Vm *vm, Value self, const Args *args)
{
    bool named = !absent(args->kwnames) && tuple_len(args->kwnames) > 0;
    if (args->argc == 1 && !named) return args->argv[0];
    const char *name = type_full_name(type_of(vm, self));
    const char *dot = strrchr(name, '.');
    if (dot) name = dot + 1;
    if (named) return throw(vm, TypeError, "%s() takes no keyword arguments", name);
    return throw(vm, TypeError, "%s expected 1 argument, got %d", name, args->argc);
}

/* get(object, wanted) of the only one that is wanted, or a tuple of all. */
static Ref get_all(Vm *vm, Value self, const Args *args, Ref (*get)(Vm *, Value, Value))
{
    Value object = only_argument(vm, self, args);
    if (failed(object)) return FAIL;
    Ref wanted = newref(as_getter(self)->wanted), out;
    ptrdiff_t len = tuple_len(wanted);
    if (len == 1) {
        out = get(vm, object, tuple_at(wanted, 0));
        decref(wanted);
        return out;
    }
    out = tuple_new(vm, len);
    for (ptrdiff_t i = 0; !failed(out) && i < len; i++) {
        Ref item = get(vm, object, tuple_at(wanted, i));
        if (failed(item)) replace(&out, FAIL);
        else as_tuple(out)->items[i] = item;
    }
    decref(wanted);
    return out;
}

static Getter *getter_new(Vm *vm, Type *type, Value wanted, Value given)
{
    Getter *self = type_instance(vm, type);
    if (!self) return NULL;
    self->wanted = newref(wanted);
    self->given = newref(given);
    return self;
}

static Ref getter_repr(Vm *vm, Value self)
{
    Ref items = value_repr(vm, as_getter(self)->given);
    if (failed(items)) return FAIL;
    ptrdiff_t len = tuple_len(as_getter(self)->given);
    Ref text = str_slice(vm, items, 0, as_str(items)->len - (len == 1 ? 2 : 1)); /* "(1,)" */
    decref(items);
    if (failed(text)) return FAIL;
    Ref out = format_text(vm, "%s%S)", type_full_name(type_of(vm, self)), (Value)text);
    decref(text);
    return out;
}

NATIVE(getter_reduce, "__reduce__(self, /)", "How to make it again: its type and arguments.")
{
    return tuple_pack(vm, 2, borrow(type_of(vm, argv[0])), (Value)as_getter(argv[0])->given);
}
static const Native *const getter_methods[] = {&getter_reduce_def, NULL};

/* ---- itemgetter ---- */

NATIVE(itemgetter_make, "new(cls, item, /, *items)",
       "itemgetter(2)(x) is x[2], itemgetter(2, 5)(x) is (x[2], x[5]).")
{
    ptrdiff_t more = tuple_len(argv[2]);
    Ref all = tuple_new(vm, 1 + more);
    if (failed(all)) return FAIL;
    as_tuple(all)->items[0] = newref(argv[1]);
    for (ptrdiff_t i = 0; i < more; i++) as_tuple(all)->items[1 + i] = newref(tuple_at(argv[2], i));
    Getter *self = getter_new(vm, as_type(argv[0]), all, all);
    decref(all);
    return self ? from_object(self) : FAIL;
}

static Ref itemgetter_call(Vm *vm, Value self, const Args *args)
{
    return get_all(vm, self, args, value_get_item);
}

/* ---- attrgetter ---- */

/* The names of a dotted path as a tuple; one name as it is. */
static Ref split_path(Vm *vm, Value path)
{
    if (!is_str(path)) return throw(vm, TypeError, "attribute name must be a string");
    Ref dot = str_from(vm, ".");
    Ref names = failed(dot) ? FAIL : call_method(vm, path, N(split), 1, (Value[]){dot});
    decref(dot);
    if (failed(names)) return FAIL;
    List *list = as_list(names);
    for (ptrdiff_t i = 0; i < list->len; i++)
        list->items[i] = str_intern(vm, take(&list->items[i]));
    Ref out = list->len == 1 ? newref(list->items[0]) : tuple_from(vm, names);
    decref(names);
    return out;
}

NATIVE(attrgetter_make, "new(cls, attr, /, *attrs)",
       "attrgetter(\"a\")(x) is x.a, attrgetter(\"a.b\", \"c\")(x) is (x.a.b, x.c).")
{
    ptrdiff_t count = 1 + tuple_len(argv[2]);
    Ref given = tuple_new(vm, count), paths = failed(given) ? FAIL : tuple_new(vm, count);
    Getter *self = NULL;
    for (ptrdiff_t i = 0; !failed(paths) && i < count; i++) {
        Value name = i ? tuple_at(argv[2], i - 1) : argv[1];
        Ref path = split_path(vm, name);
        as_tuple(given)->items[i] = newref(name);
        if (failed(path)) replace(&paths, FAIL);
        else as_tuple(paths)->items[i] = path;
    }
    if (!failed(paths)) self = getter_new(vm, as_type(argv[0]), paths, given);
    decref(paths);
    decref(given);
    return self ? from_object(self) : FAIL;
}

static Ref follow(Vm *vm, Value object, Value path)
{
    if (is_str(path)) return attr_get(vm, object, path);
    Ref at = newref(object);
    for (ptrdiff_t i = 0; !failed(at) && i < tuple_len(path); i++)
        replace(&at, attr_get(vm, at, tuple_at(path, i)));
    return at;
}

static Ref attrgetter_call(Vm *vm, Value self, const Args *args)
{
    return get_all(vm, self, args, follow);
}

/* ---- methodcaller ---- */

NATIVE(methodcaller_make, "new(cls, name, /, *args, **kwargs)",
       "methodcaller(\"f\", 1, k=2)(x) is x.f(1, k=2).")
{
    if (!is_str(argv[1])) return throw(vm, TypeError, "method name must be a string");
    const Dict *keywords = as_dict(argv[3]);
    ptrdiff_t count = tuple_len(argv[2]), n = 0;
    Ref all = tuple_new(vm, count + keywords->len), names = UNDEF;
    if (!failed(all) && keywords->len) names = tuple_new(vm, keywords->len);
    Getter *self = NULL;
    if (!failed(all) && !failed(names)) {
        Value key, value;
        for (; n < count; n++) as_tuple(all)->items[n] = newref(tuple_at(argv[2], n));
        for (ptrdiff_t i = 0; dict_next(as_dict(argv[3]), &i, &key, &value); n++) {
            as_tuple(names)->items[n - count] = newref(key);
            as_tuple(all)->items[n] = newref(value);
        }
        self = getter_new(vm, as_type(argv[0]), all, argv[2]);
    }
    if (self) {
        self->name = str_intern(vm, newref(argv[1]));
        self->kwnames = newref(names);
    }
    decref(all);
    decref(names);
    return self ? from_object(self) : FAIL;
}

static Ref methodcaller_call(Vm *vm, Value v, const Args *args)
{
    const Getter *self = as_getter(v);
    Value object = only_argument(vm, v, args);
    if (failed(object)) return FAIL;
    ptrdiff_t len = tuple_len(self->wanted),
              named = absent(self->kwnames) ? 0 : tuple_len(self->kwnames);
    Value few[FEW], *argv = len <= FEW ? few : memory_new(vm, (size_t)len * sizeof *argv);
    if (!argv) return FAIL;
    Ref wanted = newref(self->wanted), names = newref(self->kwnames), out = FAIL;
    for (ptrdiff_t i = 0; i < len; i++) argv[i] = tuple_at(wanted, i);
    if (!named) {
        out = call_method(vm, object, self->name, (int)len, argv);
    } else {
        Ref method = attr_get(vm, object, self->name);
        if (!failed(method)) out = call_args(vm, method, &(Args){argv, (int)(len - named), names});
        decref(method);
    }
    decref(wanted);
    decref(names);
    if (argv != few) memory_free(argv);
    return out;
}

static Ref methodcaller_repr(Vm *vm, Value v)
{
    const Getter *self = as_getter(v);
    ptrdiff_t named = absent(self->kwnames) ? 0 : tuple_len(self->kwnames);
    ptrdiff_t len = tuple_len(self->wanted), first = len - named;
    Ref out = format_text(vm, "%s(%R", type_full_name(type_of(vm, v)), (Value)self->name);
    for (ptrdiff_t i = 0; !failed(out) && i < len; i++) {
        Value item = tuple_at(self->wanted, i);
        replace(&out, i < first ? format_text(vm, "%S, %R", (Value)out, item)
                                : format_text(vm, "%S, %S=%R", (Value)out,
                                              tuple_at(self->kwnames, i - first), item));
    }
    if (!failed(out)) replace(&out, format_text(vm, "%S)", (Value)out));
    return out;
}

/* type(name, *args), or with keywords partial(type, name, **keywords)(*args). */
NATIVE(methodcaller_reduce, "__reduce__(self, /)", "How to make it again: its type and arguments.")
{
    const Getter *self = as_getter(argv[0]);
    Value type = borrow(type_of(vm, argv[0]));
    if (absent(self->kwnames)) {
        ptrdiff_t len = tuple_len(self->given);
        Ref all = tuple_new(vm, 1 + len);
        if (failed(all)) return FAIL;
        as_tuple(all)->items[0] = newref(self->name);
        for (ptrdiff_t i = 0; i < len; i++)
            as_tuple(all)->items[1 + i] = newref(tuple_at(self->given, i));
        Ref out = tuple_pack(vm, 2, type, (Value)all);
        decref(all);
        return out;
    }
    Ref module = import_text(vm, "functools"), out = FAIL;
    Ref partial = failed(module) ? FAIL : attr_get_text(vm, module, "partial"), made = FAIL;
    if (!failed(partial)) {
        ptrdiff_t named = tuple_len(self->kwnames), first = tuple_len(self->wanted) - named;
        Value few[FEW],
            *all = named + 2 <= FEW ? few : memory_new(vm, (size_t)(named + 2) * sizeof *all);
        if (all) {
            all[0] = type;
            all[1] = self->name;
            for (ptrdiff_t i = 0; i < named; i++) all[2 + i] = tuple_at(self->wanted, first + i);
            made = call_args(vm, partial, &(Args){all, 2, self->kwnames});
            if (all != few) memory_free(all);
        }
    }
    if (!failed(made)) out = tuple_pack(vm, 2, (Value)made, (Value)self->given);
    decref(made);
    decref(partial);
    decref(module);
    return out;
}
static const Native *const methodcaller_methods[] = {&methodcaller_reduce_def, NULL};

/* ---- the types ---- */

static Ref get_signature(Vm *vm, Value self __attribute__((unused)))
{
    return str_from(vm, "(obj, /)");
}
static const Attribute getter_attributes[] = {
    {"__text_signature__", get_signature, NULL, "its parameters"},
    {0},
};

#define GETTER(id, doc_, repr_, methods_)                                                          \
    static const TypeDef id##_type = {                                                             \
        .name = "operator." #id,                                                                   \
        .doc = doc_,                                                                               \
        .size = sizeof(Getter),                                                                    \
        .flags = TYPE_CONTAINER | TYPE_WEAKREF,                                                    \
        .refs = REFS(REF(Getter, wanted), REF(Getter, given), REF(Getter, name),                   \
                     REF(Getter, kwnames)),                                                        \
        .new = &id##_make_def,                                                                     \
        .call = id##_call,                                                                         \
        .repr = repr_,                                                                             \
        .methods = methods_,                                                                       \
        .attributes = getter_attributes,                                                           \
    }
GETTER(itemgetter, "A callable that fetches the given items.", getter_repr, getter_methods);
GETTER(attrgetter, "A callable that fetches the named attributes; a name may have dots.",
       getter_repr, getter_methods);
GETTER(methodcaller, "A callable that calls the named method with the given arguments.",
       methodcaller_repr, methodcaller_methods);

static const TypeDef *const types[] = {&itemgetter_type, &attrgetter_type, &methodcaller_type,
                                       NULL};

const ModuleDef _operator_module = {
    .name = "_operator",
    .doc = "The operators as functions, and the callables of operator.",
    .functions = operator_functions,
    .types = types,
};
