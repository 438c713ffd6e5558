/* _pickle.c - the module _pickle: objects as bytes and back.
 *
 * Neighbours: _pickle.h (the map of the other files), pickle.aio (the same in the language, as
 * _Pickler and _Unpickler). */
/* SPDX-License-Identifier: MIT */
#include "_pickle.h"

/* ---- state and errors ---- */

Ref pickle_state(Vm *vm)
{
    Type *type = type_from_def(vm, &pickle_state_type);
    Value state = type ? dict_get_name(type_dict(vm, type), N(__self__)) : FAIL;
    if (absent(state)) return throw(vm, RuntimeError, "module _pickle is not ready");
    return newref(state);
}

Ref pickle_throw(Vm *vm, Value class, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    Ref text = format_text_list(vm, format, &list);
    va_end(list);
    Ref error = failed(text) ? FAIL : call1(vm, class, text);
    if (!failed(error)) throw_object(vm, error);
    decref(error);
    decref(text);
    return FAIL;
}

Ref pickle_import(Vm *vm, const char *module_name, const char *name)
{
    Ref module = import_text(vm, module_name);
    Ref found = failed(module) ? FAIL : attr_get_text(vm, module, name);
    decref(module);
    return found;
}

Ref pickle_dotted(Vm *vm, Value object, Value name)
{
    const Str *s = as_str(name);
    Ref at = newref(object);
    for (ptrdiff_t start = 0, end; start <= s->len; start = end + 1) {
        for (end = start; end < s->len && str_at(s, end) != '.';) end++;
        Ref part = str_slice(vm, name, start, end);
        if (!failed(part)) part = str_intern(vm, part);
        Ref next = failed(part) ? FAIL : attr_get(vm, at, part);
        decref(part);
        decref(at);
        at = next;
        if (failed(at)) break;
    }
    return at;
}

/* What _compat_pickle's mapping table gives for key (owned), UNDEF: nothing. */
static Ref compat(Vm *vm, const char *table, Value key)
{
    Ref mapping = pickle_import(vm, "_compat_pickle", table);
    if (failed(mapping)) return FAIL;
    Ref found = FAIL;
    if (is_dict(mapping)) found = newref(dict_get(vm, as_dict(mapping), key));
    else throw(vm, RuntimeError, "_compat_pickle.%s should be a dict", table);
    decref(mapping);
    return found;
}

bool pickle_rename(Vm *vm, bool back, Ref *module, Ref *name)
{
    Ref key = tuple_pack(vm, 2, (Value)*module, (Value)*name);
    Ref pair = failed(key) ? FAIL : compat(vm, back ? "REVERSE_NAME_MAPPING" : "NAME_MAPPING", key);
    decref(key);
    if (failed(pair)) return false;
    const char *reverse = back ? "REVERSE_" : "";
    if (!absent(pair)) {
        bool good = is_tuple(pair) && tuple_len(pair) == 2 && is_str(tuple_at(pair, 0)) &&
                    is_str(tuple_at(pair, 1));
        if (good) {
            replace(module, newref(tuple_at(pair, 0)));
            replace(name, newref(tuple_at(pair, 1)));
        } else {
            throw(vm, RuntimeError, "_compat_pickle.%sNAME_MAPPING values should be pairs of str",
                  reverse);
        }
        decref(pair);
        return good;
    }
    Ref other = compat(vm, back ? "REVERSE_IMPORT_MAPPING" : "IMPORT_MAPPING", *module);
    if (failed(other)) return false;
    if (!absent(other) && !is_str(other)) {
        throw(vm, RuntimeError, "_compat_pickle.%sIMPORT_MAPPING values should be strings",
              reverse);
        decref(other);
        return false;
    }
    if (!absent(other)) replace(module, other);
    return true;
}

/* ---- functions ---- */

/* A new pickler, or unpickler, whose type is ours exactly. */
static void *make(Vm *vm, const TypeDef *def)
{
    Type *type = type_from_def(vm, def);
    return type ? type_instance(vm, type) : NULL;
}

NATIVE(pickle_dump, "dump(obj, file, protocol=None, *, fix_imports=True, buffer_callback=None)",
       "Write the pickle of obj to a file opened for writing bytes.")
{
    Pickler *pickler = make(vm, &pickler_type);
    if (!pickler) return FAIL;
    bool good = pickler_open(vm, pickler, argv[1], argv[2], argv[3], argv[4]) &&
                pickler_dump(vm, pickler, argv[0], true);
    decref_object(pickler);
    return good ? NONE : FAIL;
}

NATIVE(pickle_dumps, "dumps(obj, protocol=None, *, fix_imports=True, buffer_callback=None)",
       "Return the pickle of obj as bytes.")
{
    Pickler *pickler = make(vm, &pickler_type);
    if (!pickler) return FAIL;
    bool good = pickler_open(vm, pickler, UNDEF, argv[1], argv[2], argv[3]) &&
                pickler_dump(vm, pickler, argv[0], true);
    Ref out = good ? bytes_from(vm, pickler->out, pickler->len) : FAIL;
    decref_object(pickler);
    return out;
}

/* argv: fix_imports, encoding, errors, buffers. */
static Ref load_from(Vm *vm, Value file, Value data, Value *argv)
{
    Unpickler *unpickler = make(vm, &unpickler_type);
    if (!unpickler) return FAIL;
    bool good = unpickler_open(vm, unpickler, argv[0], argv[1], argv[2], argv[3]);
    if (good && absent(data)) good = unpickler_set_file(vm, unpickler, file);
    else if (good) good = buffer_get(vm, data, &unpickler->buffer, false);
    Ref out = good ? unpickler_load(vm, unpickler, true) : FAIL;
    input_close(vm, unpickler);
    decref_object(unpickler);
    return out;
}

NATIVE(pickle_load,
       "load(file, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=None)",
       "Return the object of the next pickle in a file opened for reading bytes.")
{
    return load_from(vm, argv[0], UNDEF, argv + 1);
}

NATIVE(pickle_loads,
       "loads(data, /, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=None)",
       "Return the object of the pickle in a bytes-like object.")
{
    return load_from(vm, UNDEF, argv[0], argv + 1);
}

/* ---- the module ---- */

const TypeDef pickle_state_type = {
    .name = "_pickle._State",
    .doc = "What all picklers and unpicklers share.",
    .size = sizeof(PickleState),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(PickleState, pickling_error), REF(PickleState, unpickling_error),
                 REF(PickleState, dispatch_table), REF(PickleState, registry),
                 REF(PickleState, inverted_registry), REF(PickleState, extension_cache),
                 REF(PickleState, persistent_id), REF(PickleState, reducer_override),
                 REF(PickleState, own_dispatch), REF(PickleState, find_class),
                 REF(PickleState, persistent_load), REF(PickleState, add)),
};

static bool fetch(Vm *vm, Value module, const char *from, const char *name, Ref *slot)
{
    *slot = pickle_import(vm, from, name);
    return !failed(*slot) && (absent(module) || module_set(vm, module, name, newref(*slot)));
}

/* One of copyreg's tables. */
static bool fetch_dict(Vm *vm, const char *name, Ref *slot)
{
    if (!fetch(vm, UNDEF, "copyreg", name, slot)) return false;
    if (is_dict(*slot)) return true;
    throw(vm, RuntimeError, "copyreg.%s should be a dict", name);
    return false;
}

static bool state_fill(Vm *vm, PickleState *state, Value module)
{
    Ref *const names[] = {&state->persistent_id, &state->reducer_override, &state->own_dispatch,
                          &state->find_class,    &state->persistent_load,  &state->add};
    const char *const texts[] = {"persistent_id", "reducer_override", "dispatch_table",
                                 "find_class",    "persistent_load",  "add"};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++)
        if (failed(*names[n] = str_interned(vm, texts[n]))) return false;
    Ref base = UNDEF;
    bool good = fetch(vm, module, "_pickle_classes", "PickleError", &base);
    decref(base);
    return good && fetch(vm, module, "_pickle_classes", "PicklingError", &state->pickling_error) &&
           fetch(vm, module, "_pickle_classes", "UnpicklingError", &state->unpickling_error) &&
           fetch_dict(vm, "dispatch_table", &state->dispatch_table) &&
           fetch_dict(vm, "_extension_registry", &state->registry) &&
           fetch_dict(vm, "_inverted_registry", &state->inverted_registry) &&
           fetch_dict(vm, "_extension_cache", &state->extension_cache);
}

static bool pickle_open(Vm *vm, Value module)
{
    PickleState *state = make(vm, &pickle_state_type);
    if (!state) return false;
    Ref self = from_object(state);
    Type *buffer = type_from_def(vm, &pickle_buffer_type), *type = state->head.head.shape->type;
    bool good = buffer && state_fill(vm, state, module) &&
                dict_set(vm, type_dict(vm, type), N(__self__), self);
    decref(self);
    return good;
}

static const Native *const pickle_functions[] = {
    &pickle_dump_def, &pickle_dumps_def, &pickle_load_def, &pickle_loads_def, NULL,
};
static const TypeDef *const pickle_types[] = {
    &pickler_type,        &unpickler_type,     &pickler_memo_type,
    &unpickler_memo_type, &pickle_buffer_type, NULL,
};
const ModuleDef _pickle_module = {
    .name = "_pickle",
    .doc = "Objects as bytes and back.",
    .functions = pickle_functions,
    .types = pickle_types,
    .open = pickle_open,
};
