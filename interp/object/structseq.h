/* structseq.h - tuples whose items have names: sys.version_info, os.stat_result.
 *
 * A type of this kind is a TypeDef whose base is tuple and whose attributes are the fields in
 * order,
 * {"major", structseq_item_0, NULL, "..."}; STRUCTSEQ(name, doc, attributes) writes the rest. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_STRUCTSEQ_H
#define AIO_OBJECT_STRUCTSEQ_H

#include "object/native.h"
#include "object/tuple.h"

#define STRUCTSEQ_ITEMS(X)                                                                         \
    X(0)                                                                                           \
    X(1)                                                                                           \
    X(2)                                                                                           \
    X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16) X(17) X(18) X(19)
#define STRUCTSEQ_DECLARE(n) Ref structseq_item_##n(Vm *vm, Value self);
STRUCTSEQ_ITEMS(STRUCTSEQ_DECLARE)
#undef STRUCTSEQ_DECLARE

/* "sys.version_info(major=3, ...)" */
Ref structseq_repr(Vm *vm, Value self);

extern const Native *const structseq_methods[];

#define STRUCTSEQ(type_name_, doc_, attributes_)                                                   \
    {                                                                                              \
        .name = type_name_, .doc = doc_, .size = sizeof(Tuple),                                    \
        .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW, .base = &tuple_type,                   \
        .repr = structseq_repr, .methods = structseq_methods, .fields = attributes_                \
    }

/* A new one, of a def made so; each value is stolen, also when it fails; FAIL among them: FAIL. */
Ref structseq_new(Vm *vm, const TypeDef *def, int count, Ref *values);

/* A kind that scripts can make too, from a sequence, and that may have fields which are no items,
 * kept behind them.  Its methods find these numbers through the type's def: use it with
 * STRUCTSEQ_OPEN only. */
typedef struct StructSeq {
    TypeDef type;
    int items, fields; /* of the tuple; all that are stored */
} StructSeq;

#define STRUCTSEQ_OPEN(type_name_, doc_, attributes_, items_, fields_)                             \
    {                                                                                              \
        .type = {.name = type_name_,                                                               \
                 .doc = doc_,                                                                      \
                 .size = sizeof(Tuple),                                                            \
                 .flags = TYPE_CONTAINER | TYPE_FINAL,                                             \
                 .base = &tuple_type,                                                              \
                 .visit = structseq_visit,                                                         \
                 .clear = structseq_clear,                                                         \
                 .new = &structseq_make_def,                                                       \
                 .repr = structseq_repr,                                                           \
                 .methods = structseq_open_methods,                                                \
                 .fields = attributes_},                                                           \
        .items = items_, .fields = fields_                                                         \
    }

/* A new one of as many values as it has fields, stolen; UNDEF is None; FAIL among them: FAIL. */
Ref structseq_open_new(Vm *vm, const StructSeq *def, Ref *values);
/* Sets n_fields and n_sequence_fields of the class, and n_unnamed_fields. */
bool structseq_count_fields(Vm *vm, const StructSeq *def, int unnamed);

void structseq_visit(Object *self, Visit *visit, void *context);
void structseq_clear(Object *self);
extern const Native structseq_make_def;
extern const Native *const structseq_open_methods[];

#endif
