/* shape.c - hidden classes, and an instance's own attributes.
 *
 * A type owns trees of shapes: a root (no names yet) and a child for each name set next.  When
 * instances outgrow the inline capacity the type gets a new root with twice as much for later ones;
 * the old tree goes on serving the old instances.  An inline cache compares the address of a shape,
 * so a shape is never freed before the interpreter is: those of a dead type are retired.
 * Neighbours: life.c (objects), attr.c (the protocol above), type.c. */
/* SPDX-License-Identifier: MIT */
#include "object/shape.h"

#include "object/bytes.h"
#include "object/dict.h"
#include "object/function.h"
#include "object/list.h"
#include "object/module.h"
#include "object/str.h"
#include "object/tuple.h"

enum { INDEX_FROM = 8, CAPACITY_MAX = 64 };

/* The names of a shape and its ancestors, for shapes of more than INDEX_FROM names: open addressing
 * by address. */
struct ShapeIndex {
    uint32_t size;
    struct {
        Value name;
        int slot;
    } rows[];
};

/* ---- shapes ---- */

static bool is_sized_kind(Kind kind)
{
    return kind == KIND_STR || kind == KIND_BYTES || kind == KIND_TUPLE;
}

static Shape *shape_new(Vm *vm, Type *type, ShapeMode mode, int capacity, int fixed)
{
    Shape *shape = memory_zeroed(vm, sizeof *shape);
    if (!shape) return NULL;
    bool container = type->flags & TYPE_CONTAINER;
    /* A native module's subclass of list, dict ... overrides slots as a script's does. */
    bool derived = type->kind != KIND_OBJECT && type->kind != KIND_EXCEPTION &&
                   type->interp->types[type->kind] != type;
    /* A plain str refers to nothing, until it is interned. */
    bool cleared = type->kind == KIND_STR && !derived;
    *shape = (Shape){
        .type = type,
        .interp = type->interp,
        .version = type->version,
        .mode = (uint8_t)mode,
        .capacity = (uint16_t)capacity,
        .fixed = (uint16_t)fixed,
        .len = (uint16_t)fixed,
        .kind = (uint8_t)type->kind,
        .object_flags = (uint8_t)((container ? OBJ_CONTAINER : 0) | (cleared ? OBJ_CLEARED : 0) |
                                  (derived || type->flags & TYPE_HEAP ? OBJ_SUBCLASS : 0)),
    };
    const Object first = {.count = 1, .kind = shape->kind, .flags = shape->object_flags};
    memcpy(&shape->head, &first, sizeof shape->head);
    if (type->kind == KIND_FUNCTION && !(type->flags & TYPE_HEAP))
        shape->slots_offset = offsetof(Function, attributes_slot);
    else if (!is_sized_kind(type->kind))
        shape->slots_offset = (uint16_t)((type->basic_size + 7) & ~7u);
    bool owns = type->refs || type->clear || container || capacity ||
                type->flags & (TYPE_HEAP | TYPE_HAS_DEL);
    bool ceremony = type->kind == KIND_TYPE || type->def->needs_finalizer;
    bool bare = type->clear && !type->refs && !capacity && !(type->flags & TYPE_HEAP) && !derived;
    shape->drop = ceremony ? DROP_FULL : bare ? DROP_CLEAR : owns ? DROP_PLAIN : DROP_FREE;
    return shape;
}

/* Adds a root to those of its type. */
static Shape *add_root(Shape *shape)
{
    if (!shape) return NULL;
    shape->sibling = shape->type->roots;
    shape->type->roots = shape;
    return shape;
}

Shape *shape_new_root(Vm *vm, Type *type, int capacity, int fixed)
{
    return add_root(shape_new(vm, type, capacity ? SHAPE_SLOTS : SHAPE_NONE, capacity, fixed));
}

Shape *shape_new_dict(Vm *vm, Type *type, int fixed)
{
    return add_root(shape_new(vm, type, SHAPE_DICT, fixed + 1, fixed));
}

/* Its names are gone already. */
void shape_free_tree(Shape *root)
{
    for (Shape *child = root->children; child;) {
        Shape *next = child->sibling;
        shape_free_tree(child);
        child = next;
    }
    memory_free(root->index);
    memory_free(root);
}

/* The next shape of a walk through the tree under root, parents first; NULL at the end. */
static Shape *shape_after(Shape *shape, const Shape *root)
{
    if (shape->children) return shape->children;
    while (shape != root && !shape->sibling) shape = shape->parent;
    return shape == root ? NULL : shape->sibling;
}

void shapes_touch(Type *type)
{
    for (Shape *root = type->roots; root; root = root->sibling)
        for (Shape *shape = root; shape; shape = shape_after(shape, root))
            shape->version = type->version;
}

void shapes_retire(Type *type)
{
    Interp *interp = type->interp;
    Type *keeper = interp->types ? interp->types[KIND_OBJECT] : NULL;
    for (Shape *root = type->roots; root;) {
        Shape *next = root->sibling;
        for (Shape *shape = root; shape; shape = shape_after(shape, root)) {
            shape->version = 0;
            shape->type = keeper;
            clear(&shape->name);
        }
        root->sibling =
            keeper ? keeper->roots->children : NULL; /* a NONE root has no children of its own */
        if (keeper) keeper->roots->children = root;
        root->parent = keeper ? keeper->roots : NULL;
        root = next;
    }
    type->roots = NULL;
    type->shape = type->dict_shape = NULL;
}

void shapes_forget_names(Type *type)
{
    for (Shape *root = type->roots; root; root = root->sibling)
        for (Shape *shape = root; shape; shape = shape_after(shape, root)) clear(&shape->name);
}

void shapes_free(Type *type)
{
    for (Shape *root = type->roots; root;) {
        Shape *next = root->sibling;
        shape_free_tree(root);
        root = next;
    }
    type->roots = NULL;
}

static bool index_build(Vm *vm, Shape *shape)
{
    uint32_t size = 32;
    while (size < (uint32_t)shape->len * 2) size *= 2;
    struct ShapeIndex *index = memory_zeroed(vm, sizeof *index + size * sizeof index->rows[0]);
    if (!index) return false;
    index->size = size;
    for (const Shape *at = shape; at->parent; at = at->parent) {
        uint32_t i = (uint32_t)(bits_of(at->name) >> 4) & (size - 1);
        while (!absent(index->rows[i].name)) i = (i + 1) & (size - 1);
        index->rows[i].name = at->name;
        index->rows[i].slot = at->len - 1;
    }
    shape->index = index;
    return true;
}

int shape_find(Shape *shape, Value name)
{
    if (shape->mode != SHAPE_SLOTS) return -1;
    if (shape->index) {
        uint32_t mask = shape->index->size - 1;
        for (uint32_t i = (uint32_t)(bits_of(name) >> 4) & mask;
             !absent(shape->index->rows[i].name); i = (i + 1) & mask)
            if (shape->index->rows[i].name == name) return shape->index->rows[i].slot;
        return -1;
    }
    for (const Shape *at = shape; at->parent; at = at->parent)
        if (at->name == name) return at->len - 1;
    return -1;
}

Shape *shape_add(Vm *vm, Shape *shape, Value name)
{
    for (Shape *child = shape->children; child; child = child->sibling)
        if (child->name == name) return child;
    if (shape->mode != SHAPE_SLOTS || shape->len >= shape->capacity) return NULL;
    if (!(shape->type->flags & TYPE_ATTRIBUTES)) return NULL;
    Shape *child = memory_new(vm, sizeof *child);
    if (!child) {
        clear(&vm->error);
        return NULL;
    }
    *child = *shape;
    child->name = newref(name);
    child->len++;
    child->parent = shape;
    child->children = NULL;
    child->index = NULL;
    child->sibling = shape->children;
    shape->children = child;
    if (child->len - child->fixed > INDEX_FROM && !index_build(vm, child)) clear(&vm->error);
    return child;
}

/* ---- an object's own attributes ---- */

Ref *object_slots(Object *object)
{
    const Shape *shape = object->shape;
    if (shape->slots_offset) return shape_slot(object, 0);
    size_t bytes;
    if (shape->kind == KIND_STR) {
        const Str *s = (const Str *)(const void *)object;
        bytes = sizeof(Str) + (size_t)(s->len + 1) * s->width;
    } else if (shape->kind == KIND_BYTES) {
        bytes = sizeof(Bytes) + (size_t)((const Bytes *)(const void *)object)->len + 1;
    } else {
        bytes = sizeof(Tuple) + (size_t)((const Tuple *)(const void *)object)->len * sizeof(Ref);
    }
    return (Ref *)(void *)((char *)object + ((bytes + 7) & ~(size_t)7));
}

bool object_has_attributes(const Object *object)
{
    return object->kind == KIND_MODULE || (object->shape->type->flags & TYPE_ATTRIBUTES);
}

struct Dict *object_dict_if_any(Object *object)
{
    if (object->kind == KIND_MODULE) {
        const Module *module = (const Module *)(void *)object;
        return is_dict(module->dict) ? as_dict(module->dict) : NULL;
    }
    if (object->shape->mode != SHAPE_DICT) return NULL;
    Ref dict = object_slots(object)[object->shape->fixed];
    return is_heap(dict) ? as_dict(dict) : NULL;
}

/* Later instances of the type get more room. */
static void capacity_learn(Vm *vm, Type *type)
{
    if (type->shape->mode != SHAPE_SLOTS || type->shape->capacity >= CAPACITY_MAX) return;
    int capacity =
        type->shape->capacity * 2 < CAPACITY_MAX ? type->shape->capacity * 2 : CAPACITY_MAX;
    Shape *root = shape_new_root(vm, type, capacity, type->shape->fixed);
    if (root) type->shape = root;
    else clear(&vm->error);
}

/* Moves an object of SHAPE_SLOTS to its type's dict_shape. */
static bool slots_to_dict(Vm *vm, Object *object)
{
    Shape *shape = object->shape;
    Ref dict = dict_new_sized(vm, shape->len - shape->fixed + 1);
    if (failed(dict)) return false;
    Value names[CAPACITY_MAX + 1];
    for (const Shape *at = shape; at->parent; at = at->parent) names[at->len - 1] = at->name;
    Ref *slots = object_slots(object);
    for (int i = shape->fixed; i < shape->len; i++) {
        if (!dict_set(vm, as_dict(dict), names[i], slots[i])) {
            decref(dict);
            return false;
        }
    }
    if (!shape->type->dict_shape) {
        shape->type->dict_shape = shape_new_dict(vm, shape->type, shape->fixed);
        if (!shape->type->dict_shape) {
            decref(dict);
            return false;
        }
    }
    object->shape = shape->type->dict_shape;
    for (int i = shape->fixed; i < shape->len; i++)
        clear(&slots[i]); /* the dict holds them: nothing dies */
    slots[shape->fixed] = dict;
    return true;
}

struct Dict *object_dict(Vm *vm, Object *object)
{
    Dict *dict = object_dict_if_any(object);
    if (dict) return dict;
    if (object->shape->mode == SHAPE_SLOTS && !slots_to_dict(vm, object)) return NULL;
    Ref *slot = object_slots(object) + object->shape->fixed;
    if (!is_heap(*slot)) {
        Ref made = dict_new(vm);
        if (failed(made)) return NULL;
        *slot = made;
    }
    return as_dict(*slot);
}

bool object_set_dict(Vm *vm, Object *object, Ref dict)
{
    if (object->kind == KIND_MODULE) {
        replace(&((Module *)(void *)object)->dict, dict);
        return true;
    }
    if (!object_dict(vm, object)) {
        decref(dict);
        return false;
    }
    replace(object_slots(object) + object->shape->fixed, dict);
    return true;
}

Value object_own(Object *object, Value name)
{
    if (object->shape->mode == SHAPE_SLOTS) {
        int i = shape_find(object->shape, name);
        return i < 0 ? UNDEF : (Value)object_slots(object)[i];
    }
    Dict *dict = object_dict_if_any(object);
    return dict ? dict_get_name(dict, name) : UNDEF;
}

/* Deletes slot i of an object of SHAPE_SLOTS. */
static Truth delete_slot(Vm *vm, Object *object, int i, Value name)
{
    if (i == object->shape->len - 1) {
        Ref *slot = object_slots(object) + i;
        object->shape = object->shape->parent;
        clear(slot);
        return YES;
    }
    Dict *dict = object_dict(vm, object);
    return dict ? dict_delete(vm, dict, name) : FAILED;
}

Truth object_set_own(Vm *vm, Object *object, Value name, Value value)
{
    if (!object_has_attributes(object)) return NO;
    if (object->shape->mode == SHAPE_SLOTS) {
        int i = shape_find(object->shape, name);
        if (absent(value)) return i < 0 ? NO : delete_slot(vm, object, i, name);
        if (i >= 0) {
            replace(object_slots(object) + i, newref(value));
            return YES;
        }
        Shape *next = shape_add(vm, object->shape, name);
        if (next) {
            object_slots(object)[next->len - 1] = newref(value);
            object->shape = next;
            return YES;
        }
        capacity_learn(vm, object->shape->type);
    }
    Dict *dict = absent(value) ? object_dict_if_any(object) : object_dict(vm, object);
    if (absent(value)) return dict ? dict_delete(vm, dict, name) : NO;
    return dict && dict_set(vm, dict, name, value) ? YES : FAILED;
}

bool object_own_names(Vm *vm, Object *object, struct List *list)
{
    const Shape *shape = object->shape;
    if (shape->mode == SHAPE_SLOTS) {
        Value names[CAPACITY_MAX + 1];
        for (const Shape *at = shape; at->parent; at = at->parent) names[at->len - 1] = at->name;
        for (int i = shape->fixed; i < shape->len; i++)
            if (!list_push(vm, list, newref(names[i]))) return false;
        return true;
    }
    Dict *dict = object_dict_if_any(object);
    Value key, value;
    for (ptrdiff_t i = 0; dict && dict_next(dict, &i, &key, &value);)
        if (!list_push(vm, list, newref(key))) return false;
    return true;
}
