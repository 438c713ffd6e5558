/* _itertools_choose.c - the combinatoric iterators of itertools: product, permutations,
 * combinations, combinations_with_replacement.
 *
 * Each holds its items in tuples and counts through positions in them.  The tuple given last is
 * kept; while nobody else holds it any more it is filled again instead of making a new one.
 * Neighbours: itertools.c (the module). */
/* SPDX-License-Identifier: MIT */
#include "native.h"

extern const TypeDef product_type, permutations_type, combinations_type, replacement_type;

/* For product, pools is a tuple of tuples, one for each place; else the one pool of all places. */
typedef struct Choice {
    Container head;
    Ref pools;
    Ref last;             /* tuple_again()'s; UNDEF: nothing was given yet */
    ptrdiff_t places;     /* items of a result */
    ptrdiff_t *positions; /* of each place's item in its pool; permutations: of all items */
    ptrdiff_t *cycles;    /* permutations: rotations left at each place */
    bool many;            /* pools for each place */
    bool done;
} Choice;

static Choice *as_choice(Value v) { return (Choice *)as_object(v); }

static void choice_drop(Object *self)
{
    memory_free(((Choice *)self)->positions);
    memory_free(((Choice *)self)->cycles);
    ((Choice *)self)->positions = ((Choice *)self)->cycles = NULL;
}

/* Steals pools, also when it fails. */
static Choice *choice_new(Vm *vm, Value cls, Ref pools, ptrdiff_t places, ptrdiff_t positions)
{
    Choice *self = failed(pools) ? NULL : type_instance(vm, as_type(cls));
    if (!self) {
        decref(pools);
        return NULL;
    }
    self->pools = pools;
    self->places = places;
    self->positions = memory_zeroed(vm, (size_t)(positions ? positions : 1) * sizeof(ptrdiff_t));
    if (self->positions) return self;
    decref_object(self);
    return NULL;
}

/* The item of a place. */
static inline Value item_at(const Choice *self, ptrdiff_t place)
{
    Value pool = self->many ? tuple_at(self->pools, place) : (Value)self->pools;
    return tuple_at(pool, self->positions[place]);
}

enum { FEW_PLACES = 8 };

/* A new tuple of the items at the positions, of which there are few. */
static Ref give_new(Vm *vm, const Choice *self)
{
    Value items[FEW_PLACES];
    for (ptrdiff_t i = 0; i < self->places; i++) items[i] = item_at(self, i);
    return tuple_from_values(vm, self->places, items);
}

/* The tuple of the items at the positions, of which those before `from` are as they were. */
static Ref give(Vm *vm, Choice *self, ptrdiff_t from)
{
    if (self->last == NONE && self->places <= FEW_PLACES) return give_new(vm, self);
    Ref result = tuple_again(vm, self->places, &self->last);
    if (failed(result) || self->places == 0) return result;
    Ref *items = as_tuple(result)->items;
    for (ptrdiff_t i = absent(items[0]) ? 0 : from; i < self->places; i++)
        replace(&items[i], newref(item_at(self, i)));
    return result;
}

/* The r of combinations: a number from 0. */
static bool places_from(Vm *vm, Value given, int64_t *places)
{
    if (!int_index(vm, given, places)) return false;
    if (*places < 0) throw(vm, ValueError, "r must be non-negative");
    return *places >= 0;
}

/* ---- product ---- */

/* The pools repeated: a tuple of tuples. */
static Ref product_pools(Vm *vm, Value iterables, int64_t repeat)
{
    ptrdiff_t len = tuple_len(iterables), total;
    if (__builtin_mul_overflow(len, repeat, &total))
        return throw(vm, OverflowError, "repeat argument too large");
    Ref pools = tuple_new(vm, total);
    for (ptrdiff_t i = 0; !failed(pools) && i < len && total; i++) {
        Ref pool = tuple_from(vm, tuple_at(iterables, i));
        if (failed(pool)) {
            decref(pools);
            return FAIL;
        }
        for (ptrdiff_t k = i; k < total; k += len) as_tuple(pools)->items[k] = newref(pool);
        decref(pool);
    }
    return pools;
}

NATIVE(product_make, "new(cls, /, *iterables, repeat=1)",
       "Return an iterator over the tuples with one item from each iterable, the last changing\n"
       "fastest; repeat stands for so many copies of the iterables.")
{
    int64_t repeat;
    if (!int_index(vm, argv[2], &repeat)) return FAIL;
    if (repeat < 0) return throw(vm, ValueError, "repeat argument cannot be negative");
    Ref pools = product_pools(vm, argv[1], repeat);
    ptrdiff_t places = failed(pools) ? 0 : tuple_len(pools);
    Choice *self = choice_new(vm, argv[0], pools, places, places);
    if (!self) return FAIL;
    self->many = true;
    for (ptrdiff_t i = 0; i < places; i++) self->done |= tuple_len(tuple_at(pools, i)) == 0;
    return from_object(self);
}

static Ref product_next(Vm *vm, Value v)
{
    Choice *self = as_choice(v);
    if (self->done) return UNDEF;
    if (absent(self->last)) return give(vm, self, 0);
    ptrdiff_t i = self->places - 1;
    for (; i >= 0; i--) { /* the last place that can go on; those behind it begin again */
        if (++self->positions[i] < tuple_len(tuple_at(self->pools, i))) break;
        self->positions[i] = 0;
    }
    if (i < 0) {
        self->done = true;
        clear(&self->last);
        return UNDEF;
    }
    return give(vm, self, i);
}

/* ---- combinations ---- */

NATIVE(combinations_make, "new(cls, iterable, r)",
       "Return an iterator over the tuples of r different places of iterable, in order.")
{
    int64_t places;
    Ref pool = tuple_from(vm, argv[1]);
    if (failed(pool)) return FAIL;
    if (!places_from(vm, argv[2], &places)) {
        decref(pool);
        return FAIL;
    }
    bool none = places > tuple_len(pool);
    Choice *self = choice_new(vm, argv[0], pool, places, none ? 0 : places);
    if (!self) return FAIL;
    self->done = none;
    for (ptrdiff_t i = 0; !none && i < places; i++) self->positions[i] = i;
    return from_object(self);
}

static Ref combinations_next(Vm *vm, Value v)
{
    Choice *self = as_choice(v);
    if (self->done) return UNDEF;
    if (absent(self->last)) return give(vm, self, 0);
    ptrdiff_t i = self->places - 1, most = tuple_len(self->pools) - 1;
    for (; i >= 0 && self->positions[i] == most; i--) most--;
    if (i < 0) {
        self->done = true;
        clear(&self->last);
        return UNDEF;
    }
    self->positions[i]++;
    for (ptrdiff_t k = i + 1; k < self->places; k++)
        self->positions[k] = self->positions[k - 1] + 1;
    return give(vm, self, i);
}

/* ---- combinations_with_replacement ---- */

NATIVE(
    replacement_make, "new(cls, iterable, r)",
    "Return an iterator over the tuples of r places of iterable, in order, any of them repeated.")
{
    int64_t places;
    Ref pool = tuple_from(vm, argv[1]);
    if (failed(pool)) return FAIL;
    if (!places_from(vm, argv[2], &places)) {
        decref(pool);
        return FAIL;
    }
    bool none = tuple_len(pool) == 0 && places > 0;
    Choice *self = choice_new(vm, argv[0], pool, places, none ? 0 : places);
    if (!self) return FAIL;
    self->done = none;
    return from_object(self);
}

static Ref replacement_next(Vm *vm, Value v)
{
    Choice *self = as_choice(v);
    if (self->done) return UNDEF;
    if (absent(self->last)) return give(vm, self, 0);
    ptrdiff_t i = self->places - 1, most = tuple_len(self->pools) - 1;
    while (i >= 0 && self->positions[i] == most) i--;
    if (i < 0) {
        self->done = true;
        clear(&self->last);
        return UNDEF;
    }
    ptrdiff_t position = self->positions[i] + 1;
    for (ptrdiff_t k = i; k < self->places; k++) self->positions[k] = position;
    return give(vm, self, i);
}

/* ---- permutations ---- */

NATIVE(permutations_make, "new(cls, iterable, r=None)",
       "Return an iterator over the tuples of r different places of iterable in every order;\n"
       "None: all places.")
{
    Ref pool = tuple_from(vm, argv[1]);
    if (failed(pool)) return FAIL;
    ptrdiff_t len = tuple_len(pool);
    int64_t places = len;
    bool good = is_none(argv[2]) || is_any_int(argv[2]);
    if (!good) throw(vm, TypeError, "Expected int as r");
    if (!good || (!is_none(argv[2]) && !places_from(vm, argv[2], &places))) {
        decref(pool);
        return FAIL;
    }
    Choice *self = choice_new(vm, argv[0], pool, places, len);
    if (!self) return FAIL;
    self->done = places > len;
    if (self->done) return from_object(self);
    self->cycles = memory_new(vm, (size_t)(places ? places : 1) * sizeof(ptrdiff_t));
    if (!self->cycles) {
        decref_object(self);
        return FAIL;
    }
    for (ptrdiff_t i = 0; i < len; i++) self->positions[i] = i;
    for (ptrdiff_t i = 0; i < places; i++) self->cycles[i] = len - i;
    return from_object(self);
}

static Ref permutations_next(Vm *vm, Value v)
{
    Choice *self = as_choice(v);
    if (self->done) return UNDEF;
    if (absent(self->last)) return give(vm, self, 0);
    ptrdiff_t len = tuple_len(self->pools), *positions = self->positions;
    for (ptrdiff_t i = self->places - 1; i >= 0; i--) {
        if (--self->cycles[i] > 0) { /* the place takes the next of those not used before it */
            ptrdiff_t other = len - self->cycles[i], held = positions[i];
            positions[i] = positions[other];
            positions[other] = held;
            return give(vm, self, i);
        }
        ptrdiff_t held = positions[i]; /* through: back to the order before */
        for (ptrdiff_t k = i; k + 1 < len; k++) positions[k] = positions[k + 1];
        positions[len - 1] = held;
        self->cycles[i] = len - i;
    }
    self->done = true;
    clear(&self->last);
    return UNDEF;
}

/* ---- tables ---- */

#define CHOICE(id, title, text)                                                                    \
    const TypeDef id##_type = {                                                                    \
        .name = "itertools." title,                                                                \
        .doc = text,                                                                               \
        .size = sizeof(Choice),                                                                    \
        .flags = TYPE_CONTAINER,                                                                   \
        .refs = REFS(REF(Choice, pools), REF(Choice, last)),                                       \
        .clear = choice_drop,                                                                      \
        .new = &id##_make_def,                                                                     \
        .iter = iter_self,                                                                         \
        .next = id##_next,                                                                         \
    };
CHOICE(product, "product", "The Cartesian product of iterables, as nested loops give it.")
CHOICE(permutations, "permutations", "The arrangements of r items of an iterable.")
CHOICE(combinations, "combinations", "The selections of r items of an iterable.")
CHOICE(replacement, "combinations_with_replacement",
       "The selections of r items of an iterable, each as often as one likes.")
