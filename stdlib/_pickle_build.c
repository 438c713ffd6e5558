/* _pickle_build.c - the opcodes that find something by name or call it.
 *
 * Neighbours: _pickle_load.c (all others), _pickle_reduce.c (the way out). */
/* SPDX-License-Identifier: MIT */
#include "_pickle.h"

/* ---- names ---- */

/* AttributeError in pickle's words, where the module has no such thing. */
static void reword(Vm *vm, Value module, Value name)
{
    if (!error_is(vm, AttributeError)) return;
    error_clear(vm);
    throw(vm, AttributeError, "Can't get attribute %R on %R", name, module);
}

Ref unpickler_find_class(Vm *vm, Unpickler *self, Value module_given, Value name_given)
{
    if (!is_str(module_given)) return throw(vm, TypeError, "module name must be a string");
    if (!is_str(name_given)) return throw(vm, TypeError, "global name must be a string");
    if (as_str(module_given)->len == 0) return throw(vm, ValueError, "Empty module name");
    Ref module_name = newref(module_given), name = newref(name_given), out = FAIL;
    bool good =
        self->protocol >= 3 || !self->fix_imports || pickle_rename(vm, false, &module_name, &name);
    Ref module = good ? import_absolute(vm, module_name) : FAIL;
    if (!failed(module)) {
        if (self->protocol >= 4) {
            out = pickle_dotted(vm, module, name);
        } else {
            replace(&name, str_intern(vm, newref(name)));
            out = failed(name) ? FAIL : attr_get(vm, module, name);
        }
        if (failed(out)) reword(vm, module, name);
    }
    decref(module);
    decref(name);
    decref(module_name);
    return out;
}

/* find_class(), perhaps a subclass's; steals both names. */
static bool push_named(Vm *vm, Unpickler *self, Ref module, Ref name)
{
    Ref out = FAIL;
    if (!failed(module) && !failed(name))
        out = absent(self->find_class) ? unpickler_find_class(vm, self, module, name)
                                       : call2(vm, self->find_class, module, name);
    decref(module);
    decref(name);
    return stack_push(vm, self, out);
}

static Ref line_text(Vm *vm, Unpickler *self, const char *encoding)
{
    ptrdiff_t len;
    const char *line = input_line(vm, self, &len);
    if (line && len < 2) return UNPICKLING_ERROR(self, "pickle data was truncated");
    return line ? codec_decode(vm, line, len - 1, encoding, NULL) : FAIL;
}

static bool load_lines(Vm *vm, Unpickler *self, const char *encoding)
{
    Ref module = line_text(vm, self, encoding);
    Ref name = failed(module) ? FAIL : line_text(vm, self, encoding);
    return push_named(vm, self, module, name);
}

bool build_global(Vm *vm, Unpickler *self) { return load_lines(vm, self, "utf-8"); }

bool build_stack_global(Vm *vm, Unpickler *self)
{
    Ref name = stack_pop(vm, self), module = failed(name) ? FAIL : stack_pop(vm, self);
    if (!failed(module) && !(is_exact(name, KIND_STR) && is_exact(module, KIND_STR))) {
        UNPICKLING_ERROR(self, "STACK_GLOBAL requires str");
        decref(module);
        module = FAIL;
    }
    return push_named(vm, self, module, name);
}

/* The thing that copyreg has registered under a number. */
static bool push_registered(Vm *vm, Unpickler *self, Value code)
{
    const PickleState *state = as_pickle_state(self->state);
    Ref pair = newref(dict_get(vm, as_dict(state->inverted_registry), code));
    if (failed(pair)) return false;
    if (absent(pair)) {
        throw(vm, ValueError, "unregistered extension code %S", code);
        return false;
    }
    bool good = is_tuple(pair) && tuple_len(pair) == 2 && is_str(tuple_at(pair, 0)) &&
                is_str(tuple_at(pair, 1));
    if (!good) throw(vm, ValueError, "_inverted_registry[%S] isn't a 2-tuple of strings", code);
    else
        good = push_named(vm, self, newref(tuple_at(pair, 0)), newref(tuple_at(pair, 1))) &&
               dict_set(vm, as_dict(state->extension_cache), code, stack_top(vm, self));
    decref(pair);
    return good;
}

bool build_extension(Vm *vm, Unpickler *self, int bytes)
{
    const uint8_t *data = (const uint8_t *)input_read(vm, self, bytes);
    uint32_t number = 0;
    if (!data) return false;
    for (int n = 0; n < bytes; n++) number |= (uint32_t)data[n] << 8 * n;
    if (number == 0 || number > INT32_MAX) {
        UNPICKLING_ERROR(self, "EXT specifies code <= 0");
        return false;
    }
    Ref code = from_small(number);
    Value known = dict_get(vm, as_dict(as_pickle_state(self->state)->extension_cache), code);
    if (failed(known)) return false;
    return absent(known) ? push_registered(vm, self, code) : stack_push(vm, self, newref(known));
}

/* ---- calls ---- */

/* cls(*args), and without arguments cls.__new__(cls) unless it wants to be called; steals both. */
static bool push_instance(Vm *vm, Unpickler *self, Ref cls, Ref args)
{
    Ref out = FAIL;
    if (failed(cls) || failed(args)) goto done;
    if (tuple_len(args) == 0 && is_type(cls)) {
        Ref own = attr_get_text(vm, cls, "__getinitargs__");
        bool bare = failed(own) && error_is(vm, AttributeError);
        if (bare) error_clear(vm);
        decref(own);
        if (failed(own) && !bare) goto done;
        if (bare) {
            Value argv[] = {cls};
            out = call_method(vm, cls, N(__new__), 1, argv);
            goto done;
        }
    }
    out = call_unpacked(vm, cls, args, UNDEF);
done:
    decref(args);
    decref(cls);
    return stack_push(vm, self, out);
}

bool build_inst(Vm *vm, Unpickler *self)
{
    ptrdiff_t start = stack_mark(vm, self);
    if (start < 0) return false;
    Ref args = stack_tuple(vm, self, start);
    if (failed(args)) return false;
    Ref cls = load_lines(vm, self, "ascii") ? stack_pop(vm, self) : FAIL;
    return push_instance(vm, self, cls, args);
}

bool build_obj(Vm *vm, Unpickler *self)
{
    ptrdiff_t start = stack_mark(vm, self);
    if (start < 0) return false;
    if (self->len - start < 1) {
        UNPICKLING_ERROR(self, "unpickling stack underflow");
        return false;
    }
    Ref args = stack_tuple(vm, self, start + 1);
    if (failed(args)) return false;
    return push_instance(vm, self, stack_pop(vm, self), args);
}

/* cls.__new__(cls, *args, **kwargs); kwargs UNDEF: none. */
static Ref make_new(Vm *vm, Unpickler *self, Value cls, Value args, Value kwargs)
{
    const char *opcode = absent(kwargs) ? "NEWOBJ" : "NEWOBJ_EX";
    if (!is_type(cls))
        return UNPICKLING_ERROR(self, "%s class argument must be a type, not %T", opcode, cls);
    if (!is_tuple(args))
        return UNPICKLING_ERROR(self, "%s args argument must be a tuple, not %T", opcode, args);
    if (!absent(kwargs) && !is_dict(kwargs))
        return UNPICKLING_ERROR(self, "%s kwargs argument must be a dict, not %T", opcode, kwargs);
    ptrdiff_t count = tuple_len(args);
    if (count == 0 && absent(kwargs)) {
        Value argv[] = {cls};
        return call_method(vm, cls, N(__new__), 1, argv);
    }
    Ref method = attr_get(vm, cls, N(__new__)), all = FAIL, out = FAIL;
    if (!failed(method)) all = tuple_new(vm, count + 1);
    if (!failed(all)) {
        as_tuple(all)->items[0] = newref(cls);
        for (ptrdiff_t n = 0; n < count; n++)
            as_tuple(all)->items[n + 1] = newref(tuple_at(args, n));
        out = call_unpacked(vm, method, all, kwargs);
    }
    decref(all);
    decref(method);
    return out;
}

bool build_newobj(Vm *vm, Unpickler *self, bool keywords)
{
    Ref kwargs = keywords ? stack_pop(vm, self) : UNDEF, cls = FAIL, out = FAIL;
    Ref args = failed(kwargs) ? FAIL : stack_pop(vm, self);
    if (!failed(args)) cls = stack_pop(vm, self);
    if (!failed(cls)) out = make_new(vm, self, cls, args, kwargs);
    decref(cls);
    decref(args);
    decref(kwargs);
    return stack_push(vm, self, out);
}

bool build_reduce(Vm *vm, Unpickler *self)
{
    Ref args = stack_pop(vm, self), function = failed(args) ? FAIL : stack_pop(vm, self);
    Ref out = FAIL;
    if (!failed(function) && !is_tuple(args)) throw(vm, TypeError, "argument list must be a tuple");
    else if (!failed(function)) out = call_unpacked(vm, function, args, UNDEF);
    decref(function);
    decref(args);
    return stack_push(vm, self, out);
}

/* ---- state ---- */

/* Does the class leave to object where attributes lie, so that they can be set without a dict? */
static bool is_plain_instance(const Vm *vm, Value instance)
{
    if (!is_kind(instance, KIND_OBJECT)) return false;
    const Type *type = type_of(vm, instance);
    return type->flags & TYPE_ATTRIBUTES && !(type->flags & TYPE_HAS_GETATTR);
}

static bool set_own(Vm *vm, Value instance, Dict *state)
{
    Value key, value;
    for (ptrdiff_t at = 0; dict_next(state, &at, &key, &value);) {
        Ref name = str_intern(vm, newref(key));
        Truth set = failed(name) ? FAILED : object_set_own(vm, as_object(instance), name, value);
        decref(name);
        if (set == FAILED) return false;
    }
    return true;
}

static bool all_names(Dict *state)
{
    Value key, value;
    for (ptrdiff_t at = 0; dict_next(state, &at, &key, &value);)
        if (!is_exact(key, KIND_STR)) return false;
    return true;
}

/* instance.__dict__.update(state), its keys interned. */
static bool set_attributes(Vm *vm, Value instance, Dict *state)
{
    if (is_plain_instance(vm, instance) && all_names(state)) return set_own(vm, instance, state);
    Ref names = attr_get(vm, instance, N(__dict__));
    bool good = !failed(names);
    Value key, value;
    for (ptrdiff_t at = 0; good && dict_next(state, &at, &key, &value);) {
        Ref held = newref(value), name = newref(key);
        if (is_exact(key, KIND_STR)) name = str_intern(vm, name);
        good = !failed(name) && value_set_item(vm, names, name, held);
        decref(name);
        decref(held);
    }
    decref(names);
    return good;
}

static bool set_slots(Vm *vm, Value instance, Dict *slots)
{
    Value key, value;
    for (ptrdiff_t at = 0; dict_next(slots, &at, &key, &value);) {
        if (!is_str(key)) {
            throw(vm, TypeError, "attribute name must be string, not '%T'", key);
            return false;
        }
        Ref name = str_intern(vm, newref(key)), held = newref(value);
        bool good = !failed(name) && attr_set(vm, instance, name, held);
        decref(held);
        decref(name);
        if (!good) return false;
    }
    return true;
}

/* state as __getstate__ gives it: a dict, or (dict, values of slots). */
static bool set_state(Vm *vm, Unpickler *self, Value instance, Value state)
{
    Value slots = NONE;
    if (is_tuple(state) && tuple_len(state) == 2) {
        slots = tuple_at(state, 1);
        state = tuple_at(state, 0);
    }
    if (!is_none(state) && !is_dict(state)) {
        UNPICKLING_ERROR(self, "state is not a dictionary");
        return false;
    }
    if (!is_none(slots) && !is_dict(slots)) {
        UNPICKLING_ERROR(self, "slot state is not a dictionary");
        return false;
    }
    return (is_none(state) || set_attributes(vm, instance, as_dict(state))) &&
           (is_none(slots) || set_slots(vm, instance, as_dict(slots)));
}

bool build_build(Vm *vm, Unpickler *self)
{
    Ref state = stack_pop(vm, self);
    Value top = failed(state) ? (Value)FAIL : stack_top(vm, self);
    if (failed(top)) {
        decref(state);
        return false;
    }
    Ref instance = newref(top), setter = attr_get_or_absent(vm, instance, N(__setstate__));
    bool good = !failed(setter);
    if (good && absent(setter)) {
        good = set_state(vm, self, instance, state);
    } else if (good) {
        Ref done = call1(vm, setter, state);
        good = !failed(done);
        decref(done);
    }
    decref(setter);
    decref(instance);
    decref(state);
    return good;
}
