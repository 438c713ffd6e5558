/* genericalias.h - list[int] (types.GenericAlias) and int | str (typing.Union). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_GENERICALIAS_H
#define AIO_OBJECT_GENERICALIAS_H

#include "object/type.h"

typedef struct GenericAlias {
    Container head; /* aux: GENERIC_UNPACKED */
    Ref origin;     /* the class */
    Ref args;       /* tuple */
    Ref parameters; /* tuple of type variables, UNDEF until asked for */
} GenericAlias;
enum { GENERIC_UNPACKED = 1 }; /* *tuple[int]: what iterating over an alias gives */

typedef struct Union {
    Container head;
    Ref args;       /* tuple, flattened, no duplicates; None stands as type(None) */
    Ref parameters; /* as above */
} Union;

static inline bool is_generic_alias(Value v) { return is_kind(v, KIND_GENERIC_ALIAS); }
static inline bool is_union(Value v) { return is_kind(v, KIND_UNION); }
static inline GenericAlias *as_generic_alias(Value v) { return (GenericAlias *)as_object(v); }
static inline Union *as_union(Value v) { return (Union *)as_object(v); }

/* origin[item]: item is a tuple of arguments, or the only one. */
Ref generic_alias_new(Vm *vm, Value origin, Value item);
/* The method __class_getitem__ of the classes that are generic. */
extern const Native class_getitem_def;
/* a | b of types, aliases, unions, None: the binary slot (OP2_OR) of type, alias and union; else
 * NOT_IMPLEMENTED. */
Ref union_of(Vm *vm, Value a, Value b);
/* The members of a union for isinstance and issubclass (borrowed tuple). */
static inline Value union_args(Value v) { return as_union(v)->args; }
/* typing.Union[a, b, ...]: one member comes back as itself. */
Ref union_from_args(Vm *vm, Value tuple);
/* item as a member of a union, by module typing: text becomes a forward reference; raises TypeError
 * for what is no type.  Implemented by vm/statement.c. */
Ref union_member_from(Vm *vm, Value item);

#endif
