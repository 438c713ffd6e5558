/* member.h - descriptors of fields: __slots__ members, native attributes. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_MEMBER_H
#define AIO_OBJECT_MEMBER_H

#include "object/dict.h"
#include "object/type.h"

typedef struct Member { /* KIND_MEMBER: slot number `index` of owner's instances */
    Container head;
    Ref name;    /* str */
    Type *owner; /* borrowed */
    int index;
} Member;

/* The setter of a native attribute that is a plain field: refuses in the words of one. */
bool member_read_only(Vm *vm, Value self, Value value);

typedef struct GetSet { /* KIND_GETSET */
    Container head;
    Ref name;    /* str */
    Type *owner; /* borrowed */
    const Attribute *attribute;
} GetSet;

static inline Member *as_member(Value v) { return (Member *)as_object(v); }
static inline GetSet *as_getset(Value v) { return (GetSet *)as_object(v); }

Ref member_new(Vm *vm, Type *owner, Value name, int index);
Ref getset_new(Vm *vm, Type *owner, const Attribute *attribute);
/* dict[attribute's name] = its descriptor */
bool getset_define(Vm *vm, Type *owner, Dict *dict, const Attribute *attribute);

#endif
