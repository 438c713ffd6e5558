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

/* KIND_GETSET: of type getset_descriptor, or of member_descriptor when it stands for a field. */
typedef struct GetSet {
    Container head;
    Ref name;    /* str */
    Type *owner; /* borrowed; up to here as in Member */
    const Attribute *attribute;
} GetSet;

static inline Member *as_member(Value v) { return (Member *)as_object(v); }
static inline GetSet *as_getset(Value v) { return (GetSet *)as_object(v); }

Ref member_new(Vm *vm, Type *owner, Value name, int index);
/* dict[attribute's name] = its descriptor; one that member_read_only() sets is a field. */
bool getset_define(Vm *vm, Type *owner, Dict *dict, const Attribute *attribute);
/* The same, and it is a field. */
bool field_define(Vm *vm, Type *owner, Dict *dict, const Attribute *attribute);

#endif
