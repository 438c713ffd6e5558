/* specialise.c - filling inline caches.
 *
 * A cache describes what was just looked up: a shape (with its version, which changes whenever an attribute of the
 * type may), a dict version, a code object.  The guards are in the bodies of the specialised opcodes.
 * Neighbours: ops/access.inc, ops/call.inc, object/shape.h, object/dict.h (versions). */
/* SPDX-License-Identifier: MIT */
#include "vm/specialise.h"

#include "object/attr.h"
#include "object/error.h"
#include "object/member.h"
#include "object/module.h"
#include "object/native.h"
#include "object/property.h"
#include "object/shape.h"

int specialise_load_global(Vm *vm, Function *function, Value name, Cache *cache)
{
    ptrdiff_t entry = dict_entry_of(function->globals, name);
    if (entry >= 0) {
        cache->dict.entry = (uint32_t)entry;
        cache->version = dict_version(vm, function->globals);
        return OP_LOAD_GLOBAL_MODULE;
    }
    entry = dict_entry_of(function->builtins, name);
    if (entry < 0) return OP_LOAD_GLOBAL;
    cache->dict.entry = (uint32_t)entry;
    cache->version = dict_version(vm, function->globals);
    cache->dict.version2 = dict_version(vm, function->builtins);
    return OP_LOAD_GLOBAL_BUILTIN;
}

static void guard_shape(Cache *cache, Shape *shape)
{
    cache->shape = shape;
    cache->version = shape->version;
}

static int specialise_module_attr(Vm *vm, Value module, Value name, Cache *cache)
{
    Dict *dict = module_dict(module);
    ptrdiff_t entry = dict_entry_of(dict, name);
    if (entry < 0) return OP_GET_ATTR;
    cache->dict.entry = (uint32_t)entry;
    cache->version = dict_version(vm, dict);
    return OP_GET_ATTR_MODULE;
}

/* A script function of exactly argc plain parameters that runs on the register stack. */
static bool is_plain_function(Value v, int argc)
{
    if (!is_function(v)) return false;
    const Code *code = as_function(v)->code;
    return (code->flags & CODE_SIMPLE) && code->arg_count == argc;
}

static bool is_heap_frame(Value function) { return as_function(function)->code->flags & CODE_HEAP_FRAME; }

static ptrdiff_t slot_offset(const Shape *shape, int slot)
{
    return shape->slots_offset + (ptrdiff_t)sizeof(Ref) * slot;
}

int specialise_get_attr(Vm *vm, Value object, Value name, Cache *cache)
{
    if (!is_heap(object)) return OP_GET_ATTR;
    if (is_exact(object, KIND_MODULE)) return specialise_module_attr(vm, object, name, cache);
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
            return OP_GET_ATTR_PROPERTY;
        }
        if (is_kind(found, KIND_MEMBER)) {
            guard_shape(cache, shape);
            cache->number = slot_offset(shape, as_member(found)->index);
            return OP_GET_ATTR_SLOT;
        }
        if (type_of(vm, found)->slots.descr_set) return OP_GET_ATTR;
    }
    int slot = shape->mode == SHAPE_SLOTS ? shape_find(shape, name) : -1;
    if (slot >= 0) {
        guard_shape(cache, shape);
        cache->number = slot_offset(shape, slot);
        return OP_GET_ATTR_SLOT;
    }
    if (absent(found) || type_of(vm, found)->slots.descr_get) return OP_GET_ATTR;
    guard_shape(cache, shape);
    cache->value = found;
    return OP_GET_ATTR_CLASS;
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
            return OP_SET_ATTR_SLOT;
        }
        if (type_of(vm, found)->slots.descr_set) return OP_SET_ATTR;
    }
    int slot = shape_find(shape, name);
    if (slot >= 0) {
        guard_shape(cache, shape);
        cache->number = slot_offset(shape, slot);
        return OP_SET_ATTR_SLOT;
    }
    Shape *next = shape_add(vm, shape, name);
    if (!next || next->mode != SHAPE_SLOTS) return OP_SET_ATTR;
    guard_shape(cache, shape);
    cache->pointer = next;
    return OP_SET_ATTR_ADD;
}

/* Can a native take argc positional arguments as they are?  Its parsed signature, or NULL. */
static const Signature *native_takes(Vm *vm, NativeFunction *function, int argc)
{
    const Signature *signature = native_signature(vm, function);
    if (!signature || signature->has_varargs || signature->has_kwargs) return NULL;
    if (argc < signature->required || argc > signature->positional) return NULL;
    for (int n = argc; n < signature->count; n++)
        if (absent(signature->defaults[n]) && !(signature->optional & 1u << n)) return NULL;
    return signature;
}

static int specialise_class_call(Value callee, int argc, Cache *cache)
{
    Type *type = as_type(callee);
    if ((type->flags & (TYPE_ABSTRACT | TYPE_METACLASS)) || !(type->flags & TYPE_HEAP) || type->kind != KIND_OBJECT)
        return OP_CALL;
    if (as_object(callee)->shape->type->def != &type_type || as_object(callee)->flags & OBJ_SUBCLASS) return OP_CALL;
    if (!absent(type->new) || !is_plain_function(type->init, argc + 1) || is_heap_frame(type->init)) return OP_CALL;
    cache->shape = (Shape *)(void *)type; /* compared, never followed */
    cache->version = type->version;
    cache->value = type->init;
    return OP_CALL_CLASS;
}

int specialise_call(Vm *vm, Value callee, int argc, Cache *cache)
{
    if (is_plain_function(callee, argc)) {
        cache->pointer = as_function(callee)->code;
        return is_heap_frame(callee) ? OP_CALL_COROUTINE : OP_CALL_FUNCTION;
    }
    if (is_kind(callee, KIND_NATIVE_FUNCTION) && absent(as_native(callee)->self)) {
        const Signature *signature = native_takes(vm, as_native(callee), argc);
        if (!signature) {
            error_clear(vm);
            return OP_CALL;
        }
        cache->pointer = (void *)as_native(callee)->body;
        cache->version = (uint32_t)signature->count;
        return OP_CALL_NATIVE;
    }
    return is_type(callee) ? specialise_class_call(callee, argc, cache) : OP_CALL;
}

int specialise_call_method(Vm *vm, Value self, Value name, int argc, Cache *cache)
{
    if (!is_heap(self)) return OP_CALL_METHOD;
    Shape *shape = as_object(self)->shape;
    Type *type = shape->type;
    if (type->slots.get_attr != object_get_attr || shape->mode == SHAPE_DICT) return OP_CALL_METHOD;
    if (shape->mode == SHAPE_SLOTS && shape_find(shape, name) >= 0) return OP_CALL_METHOD;
    Value found = type_lookup(vm, type, name);
    if (is_plain_function(found, argc + 1)) {
        guard_shape(cache, shape);
        cache->value = found;
        return is_heap_frame(found) ? OP_CALL_METHOD_COROUTINE : OP_CALL_METHOD_FUNCTION;
    }
    if (is_kind(found, KIND_METHOD_DESCRIPTOR) && native_takes(vm, as_native(found), argc + 1)) {
        guard_shape(cache, shape);
        cache->value = found;
        return OP_CALL_METHOD_NATIVE;
    }
    error_clear(vm);
    return OP_CALL_METHOD;
}
