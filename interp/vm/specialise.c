/* specialise.c - filling inline caches.
 *
 * A cache describes what was just looked up: a shape (with its version, which changes whenever an
 * attribute of the type may), a dict version, a code object.  The guards are in the bodies of the
 * specialised opcodes. Neighbours: ops/access.inc, ops/call.inc, object/shape.h, object/dict.h
 * (versions). */
/* SPDX-License-Identifier: MIT */
#include "vm/specialise.h"

#include "object/attr.h"
#include "object/classmethod.h"
#include "object/error.h"
#include "object/member.h"
#include "object/module.h"
#include "object/native.h"
#include "object/property.h"
#include "object/shape.h"
#include "object/str.h"
#include "object/tuple.h"

/* ---- several shapes at one place */

enum { POLYMORPHIC_ROWS = 1024 };

typedef struct PolymorphicRow {
    Shape *shape; /* compared with its version, never followed */
    Value name;   /* the same, with its hash: the name may be gone and another lie in its place */
    int64_t hash;
    uint32_t version;
    uint16_t what, form;
    Value value; /* Cache.value */
    Value class; /* with super: the class whose followers were searched; UNDEF otherwise */
} PolymorphicRow;

struct Polymorphic {
    PolymorphicRow rows[POLYMORPHIC_ROWS];
};

static PolymorphicRow *polymorphic_row(Vm *vm, const Shape *shape, Value name, unsigned what)
{
    uint64_t mixed =
        ((uintptr_t)shape >> 4) * UINT64_C(0x9E3779B97F4A7C15) + (bits_of(name) >> 4) * 31 + what;
    return &vm->interp->polymorphic->rows[(mixed ^ mixed >> 20) & (POLYMORPHIC_ROWS - 1)];
}

static void guard_shape(Cache *cache, Shape *shape)
{
    cache->shape = shape;
    cache->version = shape->version;
}

/* The attributes of a class are its own: the guard is the class, not its shape. */
static void guard_type(Cache *cache, Type *type, Value value)
{
    cache->shape = (Shape *)(void *)type; /* compared, never followed */
    cache->version = type->version;
    cache->value = value;
}

int specialise_recall(Vm *vm, Value object, Value name, unsigned what, Cache *cache)
{
    if (!is_heap(object) || !vm->interp->polymorphic) return 0;
    Cache found = {.k = cache->k};
    if (is_type(object)) guard_type(&found, as_type(object), UNDEF);
    else guard_shape(&found, as_object(object)->shape);
    const PolymorphicRow *row = polymorphic_row(vm, found.shape, name, what);
    if (row->shape != found.shape || row->version != found.version || row->name != name ||
        row->what != what || row->hash != as_str(name)->hash)
        return 0;
    found.value = row->value;
    *cache = found;
    return row->form;
}

/* Notes what cache now holds; the form. */
static int remember(Vm *vm, Value name, unsigned what, int form, const Cache *cache)
{
    if (!vm->interp->polymorphic) {
        vm->interp->polymorphic = memory_zeroed(vm, sizeof(struct Polymorphic));
        if (!vm->interp->polymorphic) error_clear(vm);
        return form;
    }
    *polymorphic_row(vm, cache->shape, name, what) =
        (PolymorphicRow){cache->shape,   name,           as_str(name)->hash, cache->version,
                         (uint16_t)what, (uint16_t)form, cache->value,       UNDEF};
    return form;
}

/* What super(class, self) finds under name, borrowed, or UNDEF. */
static Value find_after(Vm *vm, const Type *type, const Type *class, Value name)
{
    ptrdiff_t i = 0, len = tuple_len(type->mro);
    while (i < len && tuple_at(type->mro, i) != borrow(class)) i++;
    Value found = UNDEF;
    for (i++; i < len && absent(found); i++) {
        Dict *dict = type_dict(vm, as_type(tuple_at(type->mro, i)));
        found = dict_get_name(dict, name);
    }
    return found;
}

Value specialise_super(Vm *vm, Type *class, Value self, Value name, int argc)
{
    if (!is_heap(self) || is_type(self)) return UNDEF;
    Shape *shape = as_object(self)->shape;
    unsigned what = OP_CALL_SUPER | (unsigned)argc << 8;
    PolymorphicRow *row = vm->interp->polymorphic ? polymorphic_row(vm, shape, name, what) : NULL;
    if (row && row->shape == shape && row->version == shape->version && row->name == name &&
        row->what == what && row->hash == as_str(name)->hash && row->class == borrow(class))
        return row->value;
    if (!type_is_subtype(shape->type, class)) return UNDEF;
    Value found = find_after(vm, shape->type, class, name);
    if (!is_function(found) || as_function(found)->code->plain_args != argc + 1) return UNDEF;
    if (row)
        *row = (PolymorphicRow){shape, name,  as_str(name)->hash, shape->version, (uint16_t)what,
                                0,     found, borrow(class)};
    return found;
}

void specialise_close(Interp *interp)
{
    memory_free(interp->polymorphic);
    interp->polymorphic = NULL;
}

/* ---- globals */

int specialise_load_global(Vm *vm, Function *function, Value name, Cache *cache)
{
    if (!is_exact(borrow(function->globals), KIND_DICT)) return OP_LOAD_GLOBAL;
    ptrdiff_t entry = dict_entry_of(function->globals, name);
    if (entry >= 0) {
        cache->dict.entry = (uint32_t)entry;
        cache->version = dict_version(vm, function->globals);
        return OP_LOAD_GLOBAL_MODULE;
    }
    if (!is_exact(borrow(function->builtins), KIND_DICT)) return OP_LOAD_GLOBAL;
    entry = dict_entry_of(function->builtins, name);
    if (entry < 0) return OP_LOAD_GLOBAL;
    cache->dict.entry = (uint32_t)entry;
    cache->version = dict_version(vm, function->globals);
    cache->dict.version2 = dict_version(vm, function->builtins);
    return OP_LOAD_GLOBAL_BUILTIN;
}

static int specialise_module_attr(Vm *vm, Value module, Value name, Cache *cache)
{
    Dict *dict = module_dict(module); /* NULL: __init__ has not been called */
    ptrdiff_t entry = dict ? dict_entry_of(dict, name) : -1;
    if (entry < 0) return OP_GET_ATTR;
    cache->dict.entry = (uint32_t)entry;
    cache->version = dict_version(vm, dict);
    return OP_GET_ATTR_MODULE;
}

/* A script function of exactly argc plain parameters. */
static bool is_plain_function(Value v, int argc)
{
    return is_function(v) && as_function(v)->code->plain_args == argc;
}

static bool is_heap_frame(Value function)
{
    return as_function(function)->code->flags & CODE_HEAP_FRAME;
}

static ptrdiff_t slot_offset(const Shape *shape, int slot)
{
    return shape->slots_offset + (ptrdiff_t)sizeof(Ref) * slot;
}

/* What a class or its bases have under name, borrowed, where the metaclass has no say; or UNDEF. */
static Value find_in_class(Vm *vm, Value class, Value name)
{
    Type *meta = type_of(vm, class);
    if (meta->slots.get_attr != type_get_attr) return UNDEF;
    Value above = type_lookup(vm, meta, name);
    if (!absent(above) && type_of(vm, above)->slots.descr_set) return UNDEF;
    return type_lookup(vm, as_type(class), name);
}

/* Class.name */
static int specialise_class_attr(Vm *vm, Value class, Value name, Cache *cache)
{
    Value found = find_in_class(vm, class, name);
    if (absent(found) || (type_of(vm, found)->slots.descr_get && !is_function(found)))
        return OP_GET_ATTR;
    guard_type(cache, as_type(class), found);
    return remember(vm, name, OP_GET_ATTR, OP_GET_ATTR_TYPE, cache);
}

int specialise_get_attr(Vm *vm, Value object, Value name, Cache *cache)
{
    if (!is_heap(object)) return OP_GET_ATTR;
    if (is_exact(object, KIND_MODULE)) return specialise_module_attr(vm, object, name, cache);
    if (is_type(object)) return specialise_class_attr(vm, object, name, cache);
    Shape *shape = as_object(object)->shape;
    Type *type = shape->type;
    if (type->slots.get_attr != object_get_attr || shape->mode == SHAPE_DICT) return OP_GET_ATTR;
    Value found = type_lookup(vm, type, name);
    if (!absent(found)) {
        if (is_kind(found, KIND_PROPERTY) && !(as_object(found)->flags & OBJ_SUBCLASS)) {
            Value getter = as_property(found)->getter;
            if (!is_plain_function(getter, 1) || is_heap_frame(getter)) return OP_GET_ATTR;
            guard_shape(cache, shape);
            cache->value = getter;
            return remember(vm, name, OP_GET_ATTR, OP_GET_ATTR_PROPERTY, cache);
        }
        if (is_kind(found, KIND_MEMBER)) {
            guard_shape(cache, shape);
            cache->number = slot_offset(shape, as_member(found)->index);
            return remember(vm, name, OP_GET_ATTR, OP_GET_ATTR_SLOT, cache);
        }
        const Type *of = type_of(vm, found);
        if (of->slots.descr_set) {
            bool native = !(of->flags & TYPE_HEAP) && !is_kind(found, KIND_PROPERTY);
            if (!native || !of->slots.descr_get) return OP_GET_ATTR;
            guard_shape(cache, shape);
            cache->value = found;
            return remember(vm, name, OP_GET_ATTR, OP_GET_ATTR_COMPUTED, cache);
        }
    }
    int slot = shape->mode == SHAPE_SLOTS ? shape_find(shape, name) : -1;
    if (slot >= 0) {
        guard_shape(cache, shape);
        cache->number = slot_offset(shape, slot);
        return remember(vm, name, OP_GET_ATTR, OP_GET_ATTR_SLOT, cache);
    }
    if (absent(found)) return OP_GET_ATTR;
    const Type *of = type_of(vm, found);
    if (of->slots.descr_get && of->flags & TYPE_HEAP) return OP_GET_ATTR;
    guard_shape(cache, shape);
    cache->value = found;
    int form = of->slots.descr_get ? OP_GET_ATTR_COMPUTED : OP_GET_ATTR_CLASS; /* a method, bound */
    return remember(vm, name, OP_GET_ATTR, form, cache);
}

int specialise_set_attr(Vm *vm, Value object, Value name, Cache *cache)
{
    if (!is_heap(object)) return OP_SET_ATTR;
    Shape *shape = as_object(object)->shape;
    Type *type = shape->type;
    if (type->slots.set_attr != object_set_attr || shape->mode != SHAPE_SLOTS) return OP_SET_ATTR;
    Value found = type_lookup(vm, type, name);
    if (!absent(found)) {
        if (is_kind(found, KIND_MEMBER)) {
            guard_shape(cache, shape);
            cache->number = slot_offset(shape, as_member(found)->index);
            return remember(vm, name, OP_SET_ATTR, OP_SET_ATTR_SLOT, cache);
        }
        if (type_of(vm, found)->slots.descr_set) return OP_SET_ATTR;
    }
    int slot = shape_find(shape, name);
    if (slot >= 0) {
        guard_shape(cache, shape);
        cache->number = slot_offset(shape, slot);
        return remember(vm, name, OP_SET_ATTR, OP_SET_ATTR_SLOT, cache);
    }
    Shape *next = shape_add(vm, shape, name);
    if (!next || next->mode != SHAPE_SLOTS) return OP_SET_ATTR;
    guard_shape(cache, shape);
    cache->pointer = next;
    return remember(vm, name, OP_SET_ATTR, OP_SET_ATTR_ADD, cache);
}

/* ---- calls */

/* Can a native take argc positional arguments without binding?  (Its signature is parsed then.) */
static bool takes_plain(Vm *vm, Value function, int argc)
{
    if (!native_signature(vm, as_native(function))) error_clear(vm);
    return native_is_plain(as_native(function), argc);
}

/* Does a native __new__ leave everything to __init__? */
static bool ignores_arguments(Vm *vm, Value new)
{
    return is_native(new) && takes_plain(vm, new, 1) && as_native(new)->signature->ignores_args &&
           as_native(new)->head.aux & NATIVE_IS_NEW;
}

/* int(x), list(x): a type whose native __new__ or __init__ does it all. */
static int specialise_builtin_call(Vm *vm, Type *type, int argc, Cache *cache)
{
    if (type == type_builtin(vm, KIND_TYPE) && argc == 1) return OP_CALL_TYPE;
    if (type->flags & (TYPE_NO_NEW | TYPE_METACLASS)) return OP_CALL;
    bool init = !absent(type->init), new = !absent(type->new) && !ignores_arguments(vm, type->new);
    Value native = new ? type->new : type->init;
    if (new == init || !is_native(native) || !takes_plain(vm, native, argc + 1)) return OP_CALL;
    if (new && !(as_native(native)->head.aux & NATIVE_IS_NEW)) return OP_CALL;
    guard_type(cache, type, native);
    return new ? OP_CALL_NEW : OP_CALL_INIT;
}

static int specialise_class_call(Vm *vm, Value callee, int argc, Cache *cache)
{
    Type *type = as_type(callee);
    if (!(type->flags & TYPE_HEAP)) return specialise_builtin_call(vm, type, argc, cache);
    if ((type->flags & (TYPE_ABSTRACT | TYPE_METACLASS)) || type->kind != KIND_OBJECT)
        return OP_CALL;
    if (as_object(callee)->shape->type->def != &type_type ||
        as_object(callee)->flags & OBJ_SUBCLASS)
        return OP_CALL;
    if (!absent(type->new) || !is_plain_function(type->init, argc + 1) || is_heap_frame(type->init))
        return OP_CALL;
    guard_type(cache, type, type->init);
    return OP_CALL_CLASS;
}

static int specialise_function_call(const Function *function, int argc)
{
    const Code *code = function->code;
    if (code->plain_args == argc)
        return code->flags & CODE_HEAP_FRAME ? OP_CALL_COROUTINE : OP_CALL_FUNCTION;
    if (code->plain_args < argc || code->flags & CODE_HEAP_FRAME || absent(function->defaults))
        return OP_CALL;
    return argc + tuple_len(function->defaults) >= code->plain_args ? OP_CALL_DEFAULTS : OP_CALL;
}

int specialise_call(Vm *vm, Value callee, int argc, Cache *cache)
{
    if (!is_heap(callee)) return OP_CALL;
    switch (as_object(callee)->kind) {
    case KIND_FUNCTION: return specialise_function_call(as_function(callee), argc);
    case KIND_METHOD: {
        Value function = as_method(callee)->function;
        return is_plain_function(function, argc + 1) && !is_heap_frame(function) ? OP_CALL_BOUND
                                                                                 : OP_CALL;
    }
    case KIND_NATIVE_FUNCTION: {
        const NativeFunction *native = as_native(callee);
        if (!native->owner) return takes_plain(vm, callee, argc) ? OP_CALL_NATIVE : OP_CALL;
        if (native->head.aux & NATIVE_IS_NEW) return OP_CALL;
        return takes_plain(vm, callee, argc + 1) ? OP_CALL_NATIVE_BOUND : OP_CALL;
    }
    case KIND_TYPE: return specialise_class_call(vm, callee, argc, cache);
    default: return OP_CALL;
    }
}

/* module.name(...) */
static int specialise_module_call(Vm *vm, Value module, Value name, Cache *cache)
{
    return specialise_module_attr(vm, module, name, cache) == OP_GET_ATTR ? OP_CALL_METHOD
                                                                          : OP_CALL_METHOD_MODULE;
}

/* The form for a call of a classmethod or staticmethod; its function goes to *function. */
static int wrapped_form(Vm *vm, Value found, int argc, Value *function)
{
    bool class = is_exact(found, KIND_CLASSMETHOD);
    if (!class && !is_exact(found, KIND_STATICMETHOD)) return OP_CALL_METHOD;
    *function = as_wrapper(found)->function;
    bool simple = false;
    if (is_function(*function))
        simple = is_plain_function(*function, argc + class) && !is_heap_frame(*function);
    else if (class && is_kind(*function, KIND_METHOD_DESCRIPTOR))
        simple = as_native(*function)->native->binding == NATIVE_CLASSMETHOD &&
                 takes_plain(vm, *function, argc + 1);
    else if (!class && is_kind(*function, KIND_NATIVE_FUNCTION))
        simple = !as_native(*function)->owner && takes_plain(vm, *function, argc);
    return !simple ? OP_CALL_METHOD : class ? OP_CALL_METHOD_CLASS : OP_CALL_METHOD_STATIC;
}

/* Class.name(...) */
static int specialise_class_method(Vm *vm, Value class, Value name, int argc, Cache *cache)
{
    Value found = find_in_class(vm, class, name);
    if (absent(found)) return OP_CALL_METHOD;
    Value function = found;
    int form = is_plain_function(found, argc) && !is_heap_frame(found)
                   ? OP_CALL_METHOD_STATIC
                   : wrapped_form(vm, found, argc, &function);
    if (form == OP_CALL_METHOD) return form;
    guard_type(cache, as_type(class), function);
    return remember(vm, name, OP_CALL_METHOD | (unsigned)argc << 8, form, cache);
}

int specialise_call_method(Vm *vm, Value self, Value name, int argc, Cache *cache)
{
    if (!is_heap(self)) return OP_CALL_METHOD;
    if (is_exact(self, KIND_MODULE)) return specialise_module_call(vm, self, name, cache);
    if (is_type(self)) return specialise_class_method(vm, self, name, argc, cache);
    Shape *shape = as_object(self)->shape;
    Type *type = shape->type;
    if (type->slots.get_attr != object_get_attr || shape->mode == SHAPE_DICT) return OP_CALL_METHOD;
    int slot = shape->mode == SHAPE_SLOTS ? shape_find(shape, name) : -1;
    Value found = type_lookup(vm, type, name);
    if (slot >= 0) {
        if (!absent(found) && type_of(vm, found)->slots.descr_set) return OP_CALL_METHOD;
        guard_shape(cache, shape);
        cache->number = slot_offset(shape, slot);
        return remember(vm, name, OP_CALL_METHOD | (unsigned)argc << 8, OP_CALL_METHOD_SLOT, cache);
    }
    int form = OP_CALL_METHOD;
    if (is_plain_function(found, argc + 1))
        form = is_heap_frame(found) ? OP_CALL_METHOD_COROUTINE : OP_CALL_METHOD_FUNCTION;
    else if (is_kind(found, KIND_METHOD_DESCRIPTOR) && takes_plain(vm, found, argc + 1))
        form = OP_CALL_METHOD_NATIVE;
    else form = wrapped_form(vm, found, argc, &found);
    if (form == OP_CALL_METHOD) return form;
    guard_shape(cache, shape);
    cache->value = found;
    return remember(vm, name, OP_CALL_METHOD | (unsigned)argc << 8, form, cache);
}

static bool is_method(Value found)
{
    return is_function(found) || is_kind(found, KIND_METHOD_DESCRIPTOR) ||
           is_exact(found, KIND_CLASSMETHOD) || is_exact(found, KIND_STATICMETHOD);
}

static bool find_in_module(Vm *vm, Value module, Value name, Cache *cache)
{
    if (specialise_module_attr(vm, module, name, cache) == OP_GET_ATTR) return false;
    cache->shape = (Shape *)(void *)module_dict(module); /* compared, never followed */
    return true;
}

/* Does a variable of an instance without slots hide what its class holds under name? */
static bool is_hidden(Value self, Value name)
{
    Object *object = as_object(self);
    Dict *dict = object->shape->mode == SHAPE_DICT ? object_dict_if_any(object) : NULL;
    return dict && !absent(dict_get_name(dict, name));
}

bool specialise_find_method(Vm *vm, Value self, Value name, Cache *cache)
{
    if (is_exact(self, KIND_MODULE)) return find_in_module(vm, self, name, cache);
    if (is_type(self)) {
        if (!is_method(find_in_class(vm, self, name))) return false;
        guard_type(cache, as_type(self), UNDEF);
        cache->number = 0;
        return true;
    }
    Type *type = type_of(vm, self);
    if (type->slots.get_attr != object_get_attr) return false;
    Value found = type_lookup(vm, type, name);
    Shape *shape = is_heap(self) ? as_object(self)->shape : NULL;
    int slot = shape && shape->mode == SHAPE_SLOTS ? shape_find(shape, name) : -1;
    if (slot >= 0 && !absent(found) && type_of(vm, found)->slots.descr_set) return false;
    if (slot < 0 && (!is_method(found) || (shape && is_hidden(self, name)))) return false;
    if (!shape || shape->mode == SHAPE_DICT) return true;
    guard_shape(cache, shape);
    cache->number = slot < 0 ? 0 : slot_offset(shape, slot);
    return slot < 0;
}
