/* shape.h - hidden classes: where an instance's attributes lie.
 *
 * A shape names the type and lists attribute names in the order they were set; objects that set the
 * same names in the same order share it.  Slot i lies at byte slots_offset + 8*i of the object.
 * When the inline capacity is used up, or a script asks for __dict__, or an attribute is deleted
 * other than the last, the object moves to its type's dict_shape: slot `fixed` then holds a real
 * dict (UNDEF: none yet, no attributes). Instances of str, bytes and tuple subclasses, functions
 * and most builtin types start there. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_SHAPE_H
#define AIO_OBJECT_SHAPE_H

#include "object/type.h"

/* Bytes of a new object of fixed size with this shape. */
static inline size_t shape_object_bytes(const Shape *shape)
{
    size_t bytes = shape->slots_offset + sizeof(Ref) * shape->capacity;
    return bytes < shape->type->basic_size ? shape->type->basic_size : bytes;
}

static inline Ref *shape_slot(Object *object, int i)
{
    return (Ref *)(void *)((char *)object + object->shape->slots_offset) + i;
}

/* Slot 0 of the object, also where it lies behind a variable part (slots_offset 0: str, bytes,
 * tuple). */
Ref *object_slots(Object *object);

/* The slot that holds name (interned str), or -1. */
int shape_find(Shape *shape, Value name);

/* The shape after setting name, which shape lacks; NULL without raising when it is full or memory
 * is out. */
Shape *shape_add(Vm *vm, Shape *shape, Value name);

Shape *shape_new_root(Vm *vm, Type *type, int capacity, int fixed);
void shape_free_tree(Shape *root);
/* The root of objects whose attributes live in a dict behind `fixed` slots. */
Shape *shape_new_dict(Vm *vm, Type *type, int fixed);
/* Gives every shape of type the type's version. */
void shapes_touch(Type *type);
/* The type dies: its shapes stay allocated, matching nothing, until types_close. */
void shapes_retire(Type *type);
void shapes_forget_names(Type *type); /* drops the names: first step of types_close */
void shapes_free(Type *type);         /* last step */

/* The object's own attribute (not its class's), borrowed, or UNDEF; name interned. */
Value object_own(Object *object, Value name);
/* Sets (value UNDEF: deletes) it; FAILED: raised; NO: there was none to delete, or the object takes
 * no attributes. */
Truth object_set_own(Vm *vm, Object *object, Value name, Value value);
bool object_has_attributes(const Object *object);
/* Gives the object this dict for its attributes (owned). */
bool object_set_dict(Vm *vm, Object *object, Ref dict);
/* Every name the object has as its own attribute is appended to list. */
struct List;
bool object_own_names(Vm *vm, Object *object, struct List *list);

/* The object's attributes as a real dict (borrowed), moving it to dict_shape; NULL: raised. */
struct Dict *object_dict(Vm *vm, Object *object);
/* The same when it already has one, else NULL (no move). */
struct Dict *object_dict_if_any(Object *object);

#endif
