/* itertools.c - the module itertools: iterators over iterators, each a native type.
 *
 * Here are those that give items as they come; _itertools_choose.c has the combinatoric ones,
 * _itertools_share.c groupby and tee, whose results share a source.  An iterator that is not
 * documented to stay at its end asks its source again.  Where a source may be dropped by a call
 * that comes back here, it is held while it runs.
 * Neighbours: object/map.c, zip.c, enumerate.c (the builtin ones). */
/* SPDX-License-Identifier: MIT */
#include "native.h"

extern const TypeDef product_type, permutations_type, combinations_type, replacement_type;
extern const TypeDef groupby_type, grouper_type, tee_type;
extern const Native itertools_tee_def;

/* One step of the iterator in *slot, which is held meanwhile and dropped at its end. */
static inline Ref step_held(Vm *vm, Ref *slot)
{
    if (absent(*slot)) return UNDEF;
    Ref item = iter_step(vm, *slot);
    if (absent(item)) clear(slot);
    return item;
}

/* A new instance of cls whose first field after the head holds an iterator over iterable. */
typedef struct OverOne {
    Container head;
    Ref iter;
} OverOne;
static void *over_one(Vm *vm, Value cls, Value iterable)
{
    Ref iter = iter_of(vm, iterable);
    OverOne *self = failed(iter) ? NULL : type_instance(vm, as_type(cls));
    if (self) self->iter = iter;
    else decref(iter);
    return self;
}

/* ---- count ---- */

typedef struct Count {
    Container head;
    Ref next, step;
} Count;

static bool is_number(Vm *vm, Value v)
{
    const Slots *slots = &type_of(vm, v)->slots;
    return is_any_int(v) || slots->index || slots->as_int || slots->as_float ||
           is_kind(v, KIND_COMPLEX);
}

NATIVE(count_make, "new(cls, start=0, step=1)", "Return an iterator over start, start + step ...")
{
    if (!is_number(vm, argv[1]) || !is_number(vm, argv[2]))
        return throw(vm, TypeError, "a number is required");
    Ref start = is_any_int(argv[1]) ? int_plain(vm, argv[1]) : newref(argv[1]);
    Ref step = is_any_int(argv[2]) ? int_plain(vm, argv[2]) : newref(argv[2]);
    Count *self = failed(start) || failed(step) ? NULL : type_instance(vm, as_type(argv[0]));
    if (!self) {
        decref(start);
        decref(step);
        return FAIL;
    }
    self->next = start;
    self->step = step;
    return from_object(self);
}

static Ref count_next(Vm *vm, Value v)
{
    Count *self = (Count *)as_object(v);
    if (both_ints(self->next, self->step)) {
        int64_t sum = as_int(self->next) + as_int(self->step);
        if (fits_small(sum)) {
            Ref now = self->next;
            self->next = from_small(sum);
            return now;
        }
    }
    Ref now = newref(self->next), next = number_add(vm, now, self->step);
    if (failed(next)) {
        decref(now);
        return FAIL;
    }
    replace(&self->next, next);
    return now;
}

static Ref count_repr(Vm *vm, Value v)
{
    const Count *self = (const Count *)as_object(v);
    Value name = type_of(vm, v)->name, next = self->next, step = self->step;
    if (step == (Value)from_small(1)) return format_text(vm, "%S(%R)", name, next);
    return format_text(vm, "%S(%R, %R)", name, next, step);
}

static const TypeDef count_type = {
    .name = "itertools.count",
    .doc = "start, start + step, start + 2 * step ... without end.",
    .size = sizeof(Count),
    .flags = TYPE_CONTAINER,
    .refs = REFS(REF(Count, next), REF(Count, step)),
    .new = &count_make_def,
    .iter = iter_self,
    .next = count_next,
    .repr = count_repr,
};

/* ---- repeat ---- */

typedef struct Repeat {
    Container head;
    Ref item;
    int64_t left; /* -1: without end */
} Repeat;

NATIVE(repeat_make, "new(cls, object, times=?)",
       "Return an iterator that gives object times times, or without end.")
{
    int64_t left = -1;
    if (!absent(argv[2]) && !int_index(vm, argv[2], &left)) return FAIL;
    if (!absent(argv[2]) && left < 0) left = 0;
    Repeat *self = type_instance(vm, as_type(argv[0]));
    if (!self) return FAIL;
    self->item = newref(argv[1]);
    self->left = left;
    return from_object(self);
}

static Ref repeat_next(Vm *vm __attribute__((unused)), Value v)
{
    Repeat *self = (Repeat *)as_object(v);
    if (self->left == 0) return UNDEF;
    if (self->left > 0) self->left--;
    return newref(self->item);
}

static Ref repeat_repr(Vm *vm, Value v)
{
    const Repeat *self = (const Repeat *)as_object(v);
    Value name = type_of(vm, v)->name, item = self->item;
    if (self->left < 0) return format_text(vm, "%S(%R)", name, item);
    return format_text(vm, "%S(%R, %lld)", name, item, (long long)self->left);
}

NATIVE(repeat_length_hint, "__length_hint__(self, /)", "Return how many are left.")
{
    const Repeat *self = (const Repeat *)as_object(argv[0]);
    return self->left < 0 ? throw(vm, TypeError, "len() of unsized object")
                          : from_int64(vm, self->left);
}

static const Native *const repeat_methods[] = {&repeat_length_hint_def, NULL};
static const TypeDef repeat_type = {
    .name = "itertools.repeat",
    .doc = "The same object again and again, times times or without end.",
    .size = sizeof(Repeat),
    .flags = TYPE_CONTAINER,
    .refs = REFS(REF(Repeat, item)),
    .new = &repeat_make_def,
    .iter = iter_self,
    .next = repeat_next,
    .repr = repeat_repr,
    .methods = repeat_methods,
};

/* ---- cycle ---- */

typedef struct Cycle {
    Container head;
    Ref iter;  /* UNDEF once it has ended */
    Ref saved; /* list */
    ptrdiff_t next;
} Cycle;

NATIVE(cycle_make, "new(cls, iterable, /)",
       "Return an iterator over the items of iterable, again and again.\n"
       "It keeps a copy of each.")
{
    Cycle *self = over_one(vm, argv[0], argv[1]);
    if (!self) return FAIL;
    self->saved = list_new(vm, 0);
    if (!failed(self->saved)) return from_object(self);
    self->saved = UNDEF;
    decref_object(self);
    return FAIL;
}

static Ref cycle_next(Vm *vm, Value v)
{
    Cycle *self = (Cycle *)as_object(v);
    Ref item = step_held(vm, &self->iter);
    List *saved = as_list(self->saved);
    if (!absent(item)) {
        if (failed(item) || list_push(vm, saved, newref(item))) return item;
        decref(item);
        return FAIL;
    }
    if (saved->len == 0) return UNDEF;
    if (self->next >= saved->len) self->next = 0;
    return newref(list_at(saved, self->next++));
}

static const TypeDef cycle_type = {
    .name = "itertools.cycle",
    .doc = "The items of an iterable, again and again.",
    .size = sizeof(Cycle),
    .flags = TYPE_CONTAINER,
    .refs = REFS(REF(Cycle, iter), REF(Cycle, saved)),
    .new = &cycle_make_def,
    .iter = iter_self,
    .next = cycle_next,
};

/* ---- chain ---- */

typedef struct Chain {
    Container head;
    Ref source; /* iterator over the iterables; UNDEF: exhausted */
    Ref iter;   /* over the present one, or UNDEF */
} Chain;

NATIVE(chain_make, "new(cls, /, *iterables)",
       "Return an iterator over the items of the first iterable, then the second ...")
{
    Ref source = iter_of(vm, argv[1]);
    Chain *self = failed(source) ? NULL : type_instance(vm, as_type(argv[0]));
    if (self) self->source = source;
    else decref(source);
    return self ? from_object(self) : FAIL;
}

NATIVE_CLASS(chain_from_iterable, "from_iterable(cls, iterable, /)",
             "Return a chain over the iterables that iterable gives.")
{
    Ref source = iter_of(vm, argv[1]);
    Ref made = failed(source) ? FAIL : call0(vm, argv[0]);
    if (failed(made)) {
        decref(source);
        return FAIL;
    }
    replace(&((Chain *)as_object(made))->source, source);
    return made;
}

static Ref chain_next(Vm *vm, Value v)
{
    Chain *self = (Chain *)as_object(v);
    for (;;) {
        Ref item = step_held(vm, &self->iter);
        if (!absent(item)) return item;
        Ref iterable = step_held(vm, &self->source);
        if (absent(iterable)) return UNDEF;
        Ref iter = failed(iterable) ? FAIL : iter_of(vm, iterable);
        decref(iterable);
        if (failed(iter)) {
            clear(&self->source);
            return FAIL;
        }
        replace(&self->iter, iter);
    }
}

static const Native *const chain_methods[] = {&chain_from_iterable_def, &class_getitem_def, NULL};
static const TypeDef chain_type = {
    .name = "itertools.chain",
    .doc = "The items of several iterables, one after the other.",
    .size = sizeof(Chain),
    .flags = TYPE_CONTAINER,
    .refs = REFS(REF(Chain, source), REF(Chain, iter)),
    .new = &chain_make_def,
    .iter = iter_self,
    .next = chain_next,
    .methods = chain_methods,
};

/* ---- compress ---- */

typedef struct Compress {
    Container head;
    Ref data, selectors;
} Compress;

NATIVE(compress_make, "new(cls, data, selectors)",
       "Return an iterator over the items of data whose selector is true.")
{
    Compress *self = over_one(vm, argv[0], argv[1]);
    if (!self) return FAIL;
    Ref selectors = iter_of(vm, argv[2]);
    if (!failed(selectors)) {
        self->selectors = selectors;
        return from_object(self);
    }
    decref_object(self);
    return FAIL;
}

static Ref compress_next(Vm *vm, Value v)
{
    const Compress *self = (const Compress *)as_object(v);
    for (;;) {
        Ref item = iter_step(vm, self->data);
        if (failed(item) || absent(item)) return item;
        Ref selector = iter_step(vm, self->selectors);
        Truth wanted = failed(selector)   ? FAILED
                       : absent(selector) ? NO
                                          : value_truth(vm, selector);
        bool ended = absent(selector);
        decref(selector);
        if (wanted == YES) return item;
        decref(item);
        if (wanted == FAILED) return FAIL;
        if (ended) return UNDEF;
    }
}

static const TypeDef compress_type = {
    .name = "itertools.compress",
    .doc = "The items of data whose selector is true.",
    .size = sizeof(Compress),
    .flags = TYPE_CONTAINER,
    .refs = REFS(REF(Compress, data), REF(Compress, selectors)),
    .new = &compress_make_def,
    .iter = iter_self,
    .next = compress_next,
};

/* ---- takewhile, dropwhile, filterfalse, starmap: a function over an iterable ---- */

typedef struct Filter {
    Container head;
    Ref iter;
    Ref function;
    bool done; /* takewhile: it has ended; dropwhile: nothing is dropped any more */
} Filter;

static Ref filter_new(Vm *vm, Value cls, Value function, Value iterable)
{
    Filter *self = over_one(vm, cls, iterable);
    if (!self) return FAIL;
    self->function = newref(function);
    return from_object(self);
}

/* The truth of function(item). */
static Truth ask(Vm *vm, Value function, Value item)
{
    Ref answer = call1(vm, function, item);
    Truth truth = failed(answer) ? FAILED : value_truth(vm, answer);
    decref(answer);
    return truth;
}

NATIVE(takewhile_make, "new(cls, predicate, iterable, /)",
       "Return an iterator over the items up to the first for which predicate(item) is false.")
{
    return filter_new(vm, argv[0], argv[1], argv[2]);
}

static Ref takewhile_next(Vm *vm, Value v)
{
    Filter *self = (Filter *)as_object(v);
    if (self->done) return UNDEF;
    Ref item = iter_step(vm, self->iter);
    if (failed(item) || absent(item)) return item;
    Truth wanted = ask(vm, self->function, item);
    if (wanted == YES) return item;
    decref(item);
    if (wanted == FAILED) return FAIL;
    self->done = true;
    return UNDEF;
}

NATIVE(dropwhile_make, "new(cls, predicate, iterable, /)",
       "Return an iterator over the items from the first for which predicate(item) is false.")
{
    return filter_new(vm, argv[0], argv[1], argv[2]);
}

static Ref dropwhile_next(Vm *vm, Value v)
{
    Filter *self = (Filter *)as_object(v);
    for (;;) {
        Ref item = iter_step(vm, self->iter);
        if (self->done || failed(item) || absent(item)) return item;
        Truth dropped = ask(vm, self->function, item);
        if (dropped == NO) {
            self->done = true;
            return item;
        }
        decref(item);
        if (dropped == FAILED) return FAIL;
    }
}

NATIVE(filterfalse_make, "new(cls, function, iterable, /)",
       "Return an iterator over the items for which function(item) is false; None: false items.")
{
    return filter_new(vm, argv[0], argv[1], argv[2]);
}

static Ref filterfalse_next(Vm *vm, Value v)
{
    const Filter *self = (const Filter *)as_object(v);
    bool plain = is_none(self->function) || self->function == borrow(type_builtin(vm, KIND_BOOL));
    for (;;) {
        Ref item = iter_step(vm, self->iter);
        if (failed(item) || absent(item)) return item;
        Truth truth = plain ? value_truth(vm, item) : ask(vm, self->function, item);
        if (truth == NO) return item;
        decref(item);
        if (truth == FAILED) return FAIL;
    }
}

NATIVE(starmap_make, "new(cls, function, iterable, /)",
       "Return an iterator over function(*item) for each item.")
{
    return filter_new(vm, argv[0], argv[1], argv[2]);
}

static Ref starmap_next(Vm *vm, Value v)
{
    const Filter *self = (const Filter *)as_object(v);
    Ref item = iter_step(vm, self->iter);
    if (failed(item) || absent(item)) return item;
    Ref args = tuple_from(vm, item);
    decref(item);
    if (failed(args)) return FAIL;
    Ref out = call(vm, self->function, (int)tuple_len(args), as_values(as_tuple(args)->items));
    decref(args);
    return out;
}

#define FILTER(id, text)                                                                           \
    static const TypeDef id##_type = {                                                             \
        .name = "itertools." #id,                                                                  \
        .doc = text,                                                                               \
        .size = sizeof(Filter),                                                                    \
        .flags = TYPE_CONTAINER,                                                                   \
        .refs = REFS(REF(Filter, iter), REF(Filter, function)),                                    \
        .new = &id##_make_def,                                                                     \
        .iter = iter_self,                                                                         \
        .next = id##_next,                                                                         \
    };
FILTER(takewhile, "The items up to the first for which a predicate is false.")
FILTER(dropwhile, "The items from the first for which a predicate is false.")
FILTER(filterfalse, "The items for which a function is false.")
FILTER(starmap, "What a function returns for the items as its arguments.")

/* ---- islice ---- */

typedef struct Islice {
    Container head;
    Ref iter;       /* UNDEF: exhausted */
    ptrdiff_t next; /* position of the item to give next */
    ptrdiff_t at;   /* position of the source */
    ptrdiff_t stop; /* PTRDIFF_MAX: none */
    ptrdiff_t step;
} Islice;

/* A position: None leaves *to alone; negative ones and what is no int raise ValueError(message). */
static bool islice_place(Vm *vm, Value given, ptrdiff_t least, const char *message, ptrdiff_t *to)
{
    if (absent(given) || is_none(given)) return true;
    int64_t n = -1;
    bool index = type_of(vm, given)->slots.index;
    if (index && !int_index(vm, given, &n)) {
        if (!error_is(vm, OverflowError)) return false;
        error_clear(vm);
        n = -1;
    }
    *to = n;
    if (n >= least) return true;
    throw(vm, ValueError, "%s", message);
    return false;
}

NATIVE(islice_make, "new(cls, /, *args)",
       "islice(iterable, stop) or islice(iterable, start, stop[, step]): return an iterator over\n"
       "iterable[start:stop:step], None meaning 0, the end and 1.")
{
    static const char stop_text[] =
        "Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize.";
    static const char index_text[] =
        "Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.";
    ptrdiff_t count = tuple_len(argv[1]), start = 0, stop = PTRDIFF_MAX, step = 1;
    if (count < 2)
        return throw(vm, TypeError, "islice expected at least 2 arguments, got %zd", count);
    if (count > 4)
        return throw(vm, TypeError, "islice expected at most 4 arguments, got %zd", count);
    Value stop_given = tuple_at(argv[1], count == 2 ? 1 : 2);
    if (!islice_place(vm, stop_given, 0, stop_text, &stop)) return FAIL;
    if (count > 2 && !islice_place(vm, tuple_at(argv[1], 1), 0, index_text, &start)) return FAIL;
    if (count == 4 && !islice_place(vm, tuple_at(argv[1], 3), 1,
                                    "Step for islice() must be a positive integer or None.", &step))
        return FAIL;
    Islice *self = over_one(vm, argv[0], tuple_at(argv[1], 0));
    if (!self) return FAIL;
    self->next = start;
    self->stop = stop;
    self->step = step;
    return from_object(self);
}

static Ref islice_next(Vm *vm, Value v)
{
    Islice *self = (Islice *)as_object(v);
    while (self->at < self->next && self->at < self->stop) {
        Ref skipped = step_held(vm, &self->iter);
        if (failed(skipped) || absent(skipped)) return skipped;
        decref(skipped);
        self->at++;
    }
    if (self->at >= self->stop) {
        clear(&self->iter);
        return UNDEF;
    }
    Ref item = step_held(vm, &self->iter);
    if (failed(item) || absent(item)) return item;
    self->at++;
    if (__builtin_add_overflow(self->next, self->step, &self->next) || self->next > self->stop)
        self->next = self->stop;
    return item;
}

static const TypeDef islice_type = {
    .name = "itertools.islice",
    .doc = "A slice of what an iterable gives.",
    .size = sizeof(Islice),
    .flags = TYPE_CONTAINER,
    .refs = REFS(REF(Islice, iter)),
    .new = &islice_make_def,
    .iter = iter_self,
    .next = islice_next,
};

/* ---- accumulate ---- */

typedef struct Accumulate {
    Container head;
    Ref iter;
    Ref function; /* UNDEF: + */
    Ref total;    /* UNDEF: nothing yet */
    Ref initial;  /* to be given first, or UNDEF */
} Accumulate;

NATIVE(accumulate_make, "new(cls, iterable, func=None, *, initial=None)",
       "Return an iterator over running totals: func(total, item), or sums.\n"
       "With initial, that comes first.")
{
    Accumulate *self = over_one(vm, argv[0], argv[1]);
    if (!self) return FAIL;
    self->function = is_none(argv[2]) ? UNDEF : newref(argv[2]);
    self->initial = is_none(argv[3]) ? UNDEF : newref(argv[3]);
    return from_object(self);
}

static Ref accumulate_next(Vm *vm, Value v)
{
    Accumulate *self = (Accumulate *)as_object(v);
    if (!absent(self->initial)) {
        self->total = take(&self->initial);
        return newref(self->total);
    }
    Ref item = iter_step(vm, self->iter);
    if (failed(item) || absent(item)) return item;
    if (absent(self->total)) {
        self->total = newref(item);
        return item;
    }
    Ref old = newref(self->total);
    Ref total =
        absent(self->function) ? number_add(vm, old, item) : call2(vm, self->function, old, item);
    decref(old);
    decref(item);
    if (failed(total)) return FAIL;
    replace(&self->total, newref(total));
    return total;
}

static const TypeDef accumulate_type = {
    .name = "itertools.accumulate",
    .doc = "Running totals, or what another function of two arguments makes of the items.",
    .size = sizeof(Accumulate),
    .flags = TYPE_CONTAINER,
    .refs = REFS(REF(Accumulate, iter), REF(Accumulate, function), REF(Accumulate, total),
                 REF(Accumulate, initial)),
    .new = &accumulate_make_def,
    .iter = iter_self,
    .next = accumulate_next,
};

/* ---- pairwise and batched ---- */

typedef struct Pairwise {
    Container head;
    Ref iter; /* UNDEF: exhausted */
    Ref last; /* the item before, or UNDEF */
    Ref pair; /* tuple_again()'s */
} Pairwise;

NATIVE(pairwise_make, "new(cls, iterable, /)",
       "Return an iterator over (first, second), (second, third) ...")
{
    void *self = over_one(vm, argv[0], argv[1]);
    return self ? from_object(self) : FAIL;
}

static Ref pairwise_next(Vm *vm, Value v)
{
    Pairwise *self = (Pairwise *)as_object(v);
    Ref first = newref(self->last);
    if (absent(first)) {
        first = step_held(vm, &self->iter);
        if (failed(first) || absent(first)) return first;
        replace(&self->last, newref(first)); /* a call that comes back here goes on from it */
    }
    Ref second = step_held(vm, &self->iter);
    if (failed(second) || absent(second)) {
        clear(&self->last);
        decref(first);
        return second;
    }
    Ref pair = tuple_again(vm, 2, &self->pair);
    if (failed(pair)) {
        decref(first);
        decref(second);
        return FAIL;
    }
    replace(&as_tuple(pair)->items[0], first);
    replace(&as_tuple(pair)->items[1], newref(second));
    replace(&self->last, second);
    return pair;
}

static const TypeDef pairwise_type = {
    .name = "itertools.pairwise",
    .doc = "Overlapping pairs of neighbouring items.",
    .size = sizeof(Pairwise),
    .flags = TYPE_CONTAINER,
    .refs = REFS(REF(Pairwise, iter), REF(Pairwise, last), REF(Pairwise, pair)),
    .new = &pairwise_make_def,
    .iter = iter_self,
    .next = pairwise_next,
};

typedef struct Batched {
    Container head;
    Ref iter; /* UNDEF: exhausted */
    int64_t size;
    bool strict;
} Batched;

NATIVE(batched_make, "new(cls, iterable, n, *, strict=False)",
       "Return an iterator over tuples of n items; the last may be shorter.\n"
       "With strict, that raises ValueError instead.")
{
    int64_t size;
    Truth strict = value_truth(vm, argv[3]);
    if (strict == FAILED || !int_index(vm, argv[2], &size)) return FAIL;
    if (size < 1) return throw(vm, ValueError, "n must be at least one");
    Batched *self = over_one(vm, argv[0], argv[1]);
    if (!self) return FAIL;
    self->size = size;
    self->strict = strict;
    return from_object(self);
}

static Ref batched_next(Vm *vm, Value v)
{
    Batched *self = (Batched *)as_object(v);
    if (absent(self->iter)) return UNDEF;
    Ref batch = tuple_new(vm, self->size), iter = newref(self->iter), out = FAIL;
    if (failed(batch)) goto done;
    ptrdiff_t n = 0;
    for (; n < self->size; n++) {
        Ref item = iter_step(vm, iter);
        if (failed(item)) {
            clear(&self->iter);
            goto done;
        }
        if (absent(item)) break;
        as_tuple(batch)->items[n] = item;
    }
    if (n < self->size) clear(&self->iter);
    if (n == 0) out = UNDEF;
    else if (n == self->size) out = take(&batch);
    else if (self->strict) throw(vm, ValueError, "batched(): incomplete batch");
    else out = tuple_slice(vm, batch, 0, n);
done:
    decref(batch);
    decref(iter);
    return out;
}

static const TypeDef batched_type = {
    .name = "itertools.batched",
    .doc = "Tuples of so many items.",
    .size = sizeof(Batched),
    .flags = TYPE_CONTAINER,
    .refs = REFS(REF(Batched, iter)),
    .new = &batched_make_def,
    .iter = iter_self,
    .next = batched_next,
};

/* ---- zip_longest ---- */

typedef struct ZipLongest {
    Container head;
    Ref iters; /* tuple; an item is UNDEF once that iterator has ended */
    Ref fill;
    Ref last; /* tuple_again()'s */
    ptrdiff_t active;
} ZipLongest;

NATIVE(zip_longest_make, "new(cls, /, *iterables, fillvalue=None)",
       "Return an iterator over tuples of one item from each iterable, until the longest ends;\n"
       "fillvalue stands for what is missing.")
{
    ptrdiff_t len = tuple_len(argv[1]);
    Ref iters = tuple_new(vm, len);
    if (failed(iters)) return FAIL;
    for (ptrdiff_t i = 0; i < len; i++) {
        Ref iter = iter_of(vm, tuple_at(argv[1], i));
        if (failed(iter)) {
            decref(iters);
            return FAIL;
        }
        as_tuple(iters)->items[i] = iter;
    }
    ZipLongest *self = type_instance(vm, as_type(argv[0]));
    if (!self) {
        decref(iters);
        return FAIL;
    }
    self->iters = iters;
    self->fill = newref(argv[2]);
    self->active = len;
    return from_object(self);
}

static Ref zip_longest_next(Vm *vm, Value v)
{
    ZipLongest *self = (ZipLongest *)as_object(v);
    ptrdiff_t len = tuple_len(self->iters);
    if (len == 0 || self->active == 0) return UNDEF;
    Ref out = tuple_again(vm, len, &self->last);
    if (failed(out)) return FAIL;
    for (ptrdiff_t i = 0; i < len; i++) {
        Ref *slot = &as_tuple(self->iters)->items[i];
        bool running = !absent(*slot);
        Ref item = step_held(vm, slot);
        if (failed(item)) self->active = 0;
        else if (absent(item) && running) self->active--;
        if (failed(item) || self->active == 0) {
            decref(out);
            return failed(item) ? FAIL : UNDEF;
        }
        replace(&as_tuple(out)->items[i], absent(item) ? newref(self->fill) : item);
    }
    return out;
}

static const TypeDef zip_longest_type = {
    .name = "itertools.zip_longest",
    .doc = "Tuples of one item from each iterable, until the longest ends.",
    .size = sizeof(ZipLongest),
    .flags = TYPE_CONTAINER,
    .refs = REFS(REF(ZipLongest, iters), REF(ZipLongest, fill), REF(ZipLongest, last)),
    .new = &zip_longest_make_def,
    .iter = iter_self,
    .next = zip_longest_next,
};

/* ---- the module ---- */

static const Native *const itertools_functions[] = {&itertools_tee_def, NULL};
static const TypeDef *const itertools_types[] = {
    &accumulate_type,   &batched_type, &chain_type,   &combinations_type, &replacement_type,
    &compress_type,     &count_type,   &cycle_type,   &dropwhile_type,    &takewhile_type,
    &filterfalse_type,  &groupby_type, &grouper_type, &islice_type,       &pairwise_type,
    &permutations_type, &product_type, &repeat_type,  &starmap_type,      &tee_type,
    &zip_longest_type,  NULL,
};
const ModuleDef itertools_module = {
    .name = "itertools",
    .doc = "Iterators: counting, chaining, slicing, grouping, products, combinations.",
    .functions = itertools_functions,
    .types = itertools_types,
};
