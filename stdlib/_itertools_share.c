/* _itertools_share.c - the iterators of itertools whose results share a source: groupby and tee.
 *
 * The groups of a groupby read from it, so that going on to the next group ends the one before.
 * The results of tee() walk along one chain of blocks; whoever is first reads the source into the
 * last block, and a block is dropped when the slowest has left it.
 * Neighbours: itertools.c (the module). */
/* SPDX-License-Identifier: MIT */
#include "native.h"

extern const TypeDef groupby_type, grouper_type, tee_type;
extern const Native itertools_tee_def;

/* ---- groupby ---- */

typedef struct GroupBy {
    Container head;
    Ref iter, key_function; /* key_function NONE: the item itself */
    Ref group_key;          /* of the group given last, UNDEF: none yet */
    Ref key, item;          /* what was read last; item UNDEF: it has been given */
    uint64_t serial;        /* of the group given last */
} GroupBy;

typedef struct Grouper {
    Container head;
    Ref parent, key;
    uint64_t serial;
} Grouper;

static GroupBy *as_groupby(Value v) { return (GroupBy *)as_object(v); }

NATIVE(groupby_make, "new(cls, iterable, key=None)",
       "Return an iterator over (key, group): runs of neighbouring items with equal key(item).\n"
       "A group is an iterator, usable until the next one is asked for.")
{
    Ref iter = iter_of(vm, argv[1]);
    GroupBy *self = failed(iter) ? NULL : type_instance(vm, as_type(argv[0]));
    if (!self) {
        decref(iter);
        return FAIL;
    }
    self->iter = iter;
    self->key_function = newref(argv[2]);
    return from_object(self);
}

/* Reads one more item: YES, NO at the end, FAILED. */
static Truth groupby_read(Vm *vm, GroupBy *self)
{
    Ref item = iter_step(vm, self->iter);
    if (failed(item)) return FAILED;
    if (absent(item)) return NO;
    Ref key = is_none(self->key_function) ? newref(item) : call1(vm, self->key_function, item);
    if (failed(key)) {
        decref(item);
        return FAILED;
    }
    replace(&self->item, item);
    replace(&self->key, key);
    return YES;
}

static Truth same_key(Vm *vm, Value a, Value b)
{
    Truth quick = is_float(a) ? FAILED : quick_equal(a, b);
    if (quick != FAILED) return quick;
    Ref left = newref(a), right = newref(b);
    Truth same = value_equal(vm, left, right);
    decref(left);
    decref(right);
    return same;
}

static Ref groupby_next(Vm *vm, Value v)
{
    GroupBy *self = as_groupby(v);
    self->serial++; /* the group before has ended */
    for (;;) {
        if (!absent(self->key)) {
            if (absent(self->group_key)) break;
            Truth same = same_key(vm, self->group_key, self->key);
            if (same == FAILED) return FAIL;
            if (same == NO) break;
        }
        Truth more = groupby_read(vm, self);
        if (more != YES) return more == NO ? UNDEF : FAIL;
    }
    replace(&self->group_key, newref(self->key));
    Type *type = type_from_def(vm, &grouper_type);
    Grouper *group = type ? type_instance(vm, type) : NULL;
    if (!group) return FAIL;
    group->parent = newref(v);
    group->key = newref(self->key);
    group->serial = self->serial;
    Ref pair = tuple_pack(vm, 2, (Value)group->key, borrow(group));
    decref_object(group);
    return pair;
}

NATIVE(grouper_make, "new(cls, parent, key, /)", "Return a group of a groupby with this key.")
{
    Type *type = type_from_def(vm, &groupby_type);
    if (!type || !type_has_instance(vm, type, argv[1]))
        return throw(vm, TypeError, "argument 1 must be itertools.groupby, not %A", argv[1]);
    Grouper *self = type_instance(vm, as_type(argv[0]));
    if (!self) return FAIL;
    self->parent = newref(argv[1]);
    self->key = newref(argv[2]);
    self->serial = ++as_groupby(argv[1])->serial;
    return from_object(self);
}

static Ref grouper_next(Vm *vm, Value v)
{
    const Grouper *self = (const Grouper *)as_object(v);
    GroupBy *parent = as_groupby(self->parent);
    if (parent->serial != self->serial) return UNDEF;
    if (absent(parent->item)) {
        Truth more = groupby_read(vm, parent);
        if (more != YES) return more == NO ? UNDEF : FAIL;
    }
    Truth same = same_key(vm, self->key, parent->key);
    if (same != YES) return same == NO ? UNDEF : FAIL;
    return take(&parent->item);
}

/* ---- tee ---- */

enum { BLOCK_ITEMS = 57 };

typedef struct TeeSource {
    Container head;
    Ref iter; /* UNDEF: exhausted */
    bool running;
} TeeSource;

typedef struct TeeBlock {
    Container head; /* aux: items read */
    Ref next;       /* UNDEF: this is the last */
    Ref items[BLOCK_ITEMS];
} TeeBlock;

typedef struct Tee {
    Container head; /* aux: items of block passed */
    Ref source, block;
} Tee;

static const TypeDef tee_source_type, tee_block_type;

static Tee *as_tee(Value v) { return (Tee *)as_object(v); }
static TeeBlock *as_block(Value v) { return (TeeBlock *)as_object(v); }

static Ref block_new(Vm *vm)
{
    Type *type = type_from_def(vm, &tee_block_type);
    void *block = type ? type_instance(vm, type) : NULL;
    return block ? from_object(block) : FAIL;
}

static void block_visit(Object *self, Visit *visit, void *context)
{
    TeeBlock *block = (TeeBlock *)self;
    for (uint32_t i = 0; i < block->head.aux; i++)
        if (is_heap(block->items[i])) visit(&block->items[i], context);
}

static void block_drop(Object *self)
{
    TeeBlock *block = (TeeBlock *)self;
    uint32_t count = block->head.aux;
    block->head.aux = 0;
    for (uint32_t i = 0; i < count; i++) clear(&block->items[i]);
}

/* A second iterator at the same place. */
static Ref tee_copy(Vm *vm, Type *type, const Tee *from)
{
    Tee *self = type_instance(vm, type);
    if (!self) return FAIL;
    self->source = newref(from->source);
    self->block = newref(from->block);
    self->head.aux = from->head.aux;
    return from_object(self);
}

static Ref tee_new(Vm *vm, Type *type, Value iterable)
{
    Ref iter = iter_of(vm, iterable), block = FAIL;
    if (failed(iter)) return FAIL;
    if (type_has_instance(vm, type_from_def(vm, &tee_type), iter)) {
        Ref copy = tee_copy(vm, type, as_tee(iter));
        decref(iter);
        return copy;
    }
    Type *source_type = type_from_def(vm, &tee_source_type);
    TeeSource *source = source_type ? type_instance(vm, source_type) : NULL;
    if (source) {
        source->iter = newref(iter);
        block = block_new(vm);
    }
    decref(iter);
    Tee *self = failed(block) ? NULL : type_instance(vm, type);
    if (!self) {
        decref_object(source);
        decref(block);
        return FAIL;
    }
    self->source = from_object(source);
    self->block = block;
    return from_object(self);
}

NATIVE(tee_make, "new(cls, iterable, /)", "Return an iterator that can be copied.")
{
    return tee_new(vm, as_type(argv[0]), argv[1]);
}

NATIVE(tee_copy_special, "__copy__(self, /)", "Return another iterator at the same place.")
{
    return tee_copy(vm, type_from_def(vm, &tee_type), as_tee(argv[0]));
}

/* Reads an item from the source into block, which has room: YES, NO at the end, FAILED. */
static Truth tee_read(Vm *vm, Value source_value, TeeBlock *block)
{
    TeeSource *source = (TeeSource *)as_object(source_value);
    if (absent(source->iter)) return NO;
    if (source->running) {
        throw(vm, RuntimeError, "cannot re-enter the tee iterator");
        return FAILED;
    }
    source->running = true;
    Ref item = iter_step(vm, source->iter);
    source->running = false;
    if (failed(item)) return FAILED;
    if (absent(item)) return NO;
    block->items[block->head.aux++] = item;
    return YES;
}

static Ref tee_next(Vm *vm, Value v)
{
    Tee *self = as_tee(v);
    TeeBlock *block = as_block(self->block);
    if (self->head.aux == BLOCK_ITEMS) {
        if (absent(block->next)) {
            Ref next = block_new(vm);
            if (failed(next)) return FAIL;
            block->next = next;
        }
        replace(&self->block, newref(block->next));
        self->head.aux = 0;
        block = as_block(self->block);
    }
    if (self->head.aux == block->head.aux) {
        Truth more = tee_read(vm, self->source, block);
        if (more != YES) return more == NO ? UNDEF : FAIL;
    }
    return newref(block->items[self->head.aux++]);
}

const Native itertools_tee_def;
static Ref itertools_tee(Vm *vm, Value *argv)
{
    int64_t count;
    if (!int_index(vm, argv[1], &count)) return FAIL;
    if (count < 0) return throw(vm, ValueError, "n must be >= 0");
    Ref out = tuple_new(vm, count);
    Type *type = type_from_def(vm, &tee_type);
    if (failed(out) || !type) return FAIL;
    for (ptrdiff_t i = 0; i < count; i++) {
        Ref made =
            i == 0 ? tee_new(vm, type, argv[0]) : tee_copy(vm, type, as_tee(tuple_at(out, 0)));
        if (failed(made)) {
            decref(out);
            return FAIL;
        }
        as_tuple(out)->items[i] = made;
    }
    return out;
}
const Native itertools_tee_def = {
    "tee(iterable, n=2, /)",
    "Return n iterators over the items of iterable, which is not to be used beside them.\n"
    "Items are kept until the slowest of them has come by.",
    itertools_tee,
    NATIVE_PLAIN,
    NULL,
};

/* ---- tables ---- */

const TypeDef groupby_type = {
    .name = "itertools.groupby",
    .doc = "Runs of neighbouring items with equal keys.",
    .size = sizeof(GroupBy),
    .flags = TYPE_CONTAINER,
    .refs = REFS(REF(GroupBy, iter), REF(GroupBy, key_function), REF(GroupBy, group_key),
                 REF(GroupBy, key), REF(GroupBy, item)),
    .new = &groupby_make_def,
    .iter = iter_self,
    .next = groupby_next,
};
const TypeDef grouper_type = {
    .name = "itertools._grouper",
    .doc = "The items of a run.",
    .size = sizeof(Grouper),
    .flags = TYPE_CONTAINER | TYPE_FINAL,
    .refs = REFS(REF(Grouper, parent), REF(Grouper, key)),
    .new = &grouper_make_def,
    .iter = iter_self,
    .next = grouper_next,
};

static const TypeDef tee_source_type = {
    .name = "itertools._tee_source",
    .doc = "What the results of tee() read from.",
    .size = sizeof(TeeSource),
    .flags = TYPE_CONTAINER | TYPE_NO_NEW | TYPE_FINAL,
    .refs = REFS(REF(TeeSource, iter)),
};
static const TypeDef tee_block_type = {
    .name = "itertools._tee_block",
    .doc = "Items that not all results of tee() have passed.",
    .size = sizeof(TeeBlock),
    .flags = TYPE_CONTAINER | TYPE_NO_NEW | TYPE_FINAL,
    .refs = REFS(REF(TeeBlock, next)),
    .visit = block_visit,
    .clear = block_drop,
};

static const Native *const tee_methods[] = {&tee_copy_special_def, NULL};
const TypeDef tee_type = {
    .name = "itertools._tee",
    .doc = "An iterator that can be copied.",
    .size = sizeof(Tee),
    .flags = TYPE_CONTAINER | TYPE_WEAKREF,
    .refs = REFS(REF(Tee, source), REF(Tee, block)),
    .new = &tee_make_def,
    .iter = iter_self,
    .next = tee_next,
    .methods = tee_methods,
};
