/* _random.c - the generator under the module random: MT19937 (Matsumoto and Nishimura, 1998).
 *
 * The state and the seeding by an array of 32-bit words are those of the paper, so that the same
 * seed gives CPython's very sequence.  Neighbours: random.aio (distributions). */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "native.h"

enum { WORDS = 624, MIDDLE = 397 };

typedef struct Random {
    Container head; /* the class that scripts know derives from it */
    int next;       /* the word to give next; WORDS: a new batch is due */
    uint32_t state[WORDS];
} Random;

static Random *as_random(Value v) { return (Random *)as_object(v); }

/* ---- the generator ---- */

static void refill(Random *random)
{
    uint32_t *s = random->state;
    for (int n = 0; n < WORDS; n++) {
        uint32_t y = (s[n] & 0x80000000u) | (s[(n + 1) % WORDS] & 0x7FFFFFFFu);
        s[n] = s[(n + MIDDLE) % WORDS] ^ (y >> 1) ^ (y & 1 ? 0x9908B0DFu : 0);
    }
    random->next = 0;
}

static inline uint32_t next_word(Random *random)
{
    if (random->next >= WORDS) refill(random);
    uint32_t y = random->state[random->next++];
    y ^= y >> 11;
    y ^= y << 7 & 0x9D2C5680u;
    y ^= y << 15 & 0xEFC60000u;
    return y ^ y >> 18;
}

static void seed_word(Random *random, uint32_t seed)
{
    uint32_t *s = random->state;
    s[0] = seed;
    for (uint32_t n = 1; n < WORDS; n++) s[n] = 1812433253u * (s[n - 1] ^ s[n - 1] >> 30) + n;
    random->next = WORDS;
}

static void seed_words(Random *random, const uint32_t *key, size_t len)
{
    uint32_t *s = random->state;
    seed_word(random, 19650218u);
    size_t i = 1, j = 0;
    for (size_t k = len > WORDS ? len : WORDS; k; k--) {
        s[i] = (s[i] ^ (s[i - 1] ^ s[i - 1] >> 30) * 1664525u) + key[j] + (uint32_t)j;
        if (++i >= WORDS) s[0] = s[WORDS - 1], i = 1;
        if (++j >= len) j = 0;
    }
    for (size_t k = WORDS - 1; k; k--) {
        s[i] = (s[i] ^ (s[i - 1] ^ s[i - 1] >> 30) * 1566083941u) - (uint32_t)i;
        if (++i >= WORDS) s[0] = s[WORDS - 1], i = 1;
    }
    s[0] = 0x80000000u;
}

/* ---- seeding ---- */

static void seed_system(Random *random)
{
    uint32_t key[WORDS];
    if (getrandom(key, sizeof key, GRND_NONBLOCK) == (ssize_t)sizeof key) {
        seed_words(random, key, WORDS);
        return;
    }
    struct timespec now, up;
    clock_gettime(CLOCK_REALTIME, &now);
    clock_gettime(CLOCK_MONOTONIC, &up);
    const uint32_t poor[] = {(uint32_t)now.tv_nsec, (uint32_t)now.tv_sec, (uint32_t)getpid(),
                             (uint32_t)up.tv_nsec, (uint32_t)up.tv_sec};
    seed_words(random, poor, 5);
}

/* The absolute value of an int, as 32-bit words from the lowest on. */
static bool seed_int(Vm *vm, Random *random, Value v)
{
    IntView view;
    mpz_srcptr big = int_view(&view, v);
    size_t len = (mpz_sizeinbase(big, 2) + 31) / 32, count;
    if (mpz_sgn(big) == 0) len = 1;
    uint32_t *key = memory_zeroed(vm, (len + 1) * sizeof *key);
    if (!key) return false;
    mpz_export(key, &count, -1, sizeof *key, 0, 0, big);
    seed_words(random, key, len);
    memory_free(key);
    return true;
}

static bool random_seed(Vm *vm, Random *random, Value seed)
{
    if (absent(seed) || is_none(seed)) {
        seed_system(random);
        return true;
    }
    if (is_any_int(seed)) return seed_int(vm, random, seed);
    int64_t hash;
    if (!value_hash(vm, seed, &hash)) return false;
    Ref number = from_uint64(vm, (uint64_t)hash);
    bool good = !failed(number) && seed_int(vm, random, number);
    decref(number);
    return good;
}

NATIVE(random_make, "new(cls, /, *args, **kwargs)",
       "Return a generator seeded with the first argument.")
{
    Random *random = type_instance(vm, as_type(argv[0]));
    if (!random) return FAIL;
    Value seed = tuple_len(argv[1]) ? tuple_at(argv[1], 0) : UNDEF;
    if (random_seed(vm, random, seed)) return from_object(random);
    decref_object(random);
    return FAIL;
}
NATIVE(random_seed_method, "seed(self, n=None, /)",
       "Start anew from an int or a hashable object, from the system's generator if None.")
{
    return random_seed(vm, as_random(argv[0]), argv[1]) ? NONE : FAIL;
}

/* ---- numbers ---- */

NATIVE(random_random, "random(self, /)", "Return a float in [0, 1), of 53 random bits.")
{
    uint32_t a = next_word(as_random(argv[0])) >> 5, b = next_word(as_random(argv[0])) >> 6;
    return from_float((a * 67108864.0 + b) * (1.0 / 9007199254740992.0));
}

/* The words of k bits, lowest first; the last one cut from above. */
static void random_words(Random *random, int64_t k, uint32_t *words)
{
    for (ptrdiff_t n = 0; k > 0; n++, k -= 32) {
        uint32_t word = next_word(random);
        words[n] = k < 32 ? word >> (32 - k) : word;
    }
}

NATIVE(random_getrandbits, "getrandbits(self, k, /)", "Return an int of k random bits.")
{
    int64_t k;
    if (!int_index(vm, argv[1], &k)) return FAIL;
    if (k < 0) return throw(vm, ValueError, "number of bits must be non-negative");
    if (k == 0) return from_small(0);
    Random *random = as_random(argv[0]);
    if (k <= 64) {
        uint32_t words[2] = {0};
        random_words(random, k, words);
        return from_uint64(vm, words[0] | (uint64_t)words[1] << 32);
    }
    size_t len = (size_t)((k - 1) / 32 + 1);
    uint32_t *words = memory_new(vm, len * sizeof *words);
    if (!words) return FAIL;
    random_words(random, k, words);
    mpz_t big;
    mpz_init(big);
    mpz_import(big, len, -1, sizeof *words, 0, 0, words);
    memory_free(words);
    return int_from_mpz(vm, big);
}

/* An int in [0, n) by rejecting what is too large: n of at most 63 bits. */
NATIVE(random_below, "_below(self, n, /)", "Return a random int in range(n); n is positive.")
{
    int64_t n;
    if (!int_index(vm, argv[1], &n)) return FAIL;
    if (n <= 0) return throw(vm, ValueError, "empty range");
    Random *random = as_random(argv[0]);
    const int bits = 64 - __builtin_clzll((unsigned long long)n);
    for (;;) {
        uint32_t words[2] = {0};
        random_words(random, bits, words);
        uint64_t value = words[0] | (uint64_t)words[1] << 32;
        if (value < (uint64_t)n) return from_int64(vm, (int64_t)value);
    }
}

/* ---- the state ---- */

NATIVE(random_getstate, "getstate(self, /)", "Return the state as a tuple of ints.")
{
    const Random *random = as_random(argv[0]);
    Ref out = tuple_new(vm, WORDS + 1);
    if (failed(out)) return FAIL;
    for (int n = 0; n < WORDS; n++) as_tuple(out)->items[n] = from_small(random->state[n]);
    as_tuple(out)->items[WORDS] = from_small(random->next);
    return out;
}
NATIVE(random_setstate, "setstate(self, state, /)", "Take over a state that getstate() returned.")
{
    Random *random = as_random(argv[0]);
    if (!is_tuple(argv[1])) return throw(vm, TypeError, "state vector must be a tuple");
    if (tuple_len(argv[1]) != WORDS + 1)
        return throw(vm, ValueError, "state vector is the wrong size");
    uint32_t state[WORDS];
    int64_t value;
    for (int n = 0; n < WORDS; n++) {
        if (!int_index(vm, tuple_at(argv[1], n), &value)) return FAIL;
        if (value < 0 || value > UINT32_MAX)
            return throw(vm, OverflowError, "can't convert negative value to unsigned int");
        state[n] = (uint32_t)value;
    }
    if (!int_index(vm, tuple_at(argv[1], WORDS), &value)) return FAIL;
    if (value < 0 || value > WORDS) return throw(vm, ValueError, "invalid state");
    memcpy(random->state, state, sizeof state);
    random->next = (int)value;
    return NONE;
}

static const Native *const random_methods[] = {
    &random_seed_method_def,
    &random_random_def,
    &random_getrandbits_def,
    &random_below_def,
    &random_getstate_def,
    &random_setstate_def,
    NULL,
};
static const TypeDef random_type = {
    .name = "_random.Random",
    .doc = "A generator of random numbers.",
    .size = sizeof(Random),
    .flags = TYPE_CONTAINER,
    .new = &random_make_def,
    .methods = random_methods,
};
static const TypeDef *const random_types[] = {&random_type, NULL};
const ModuleDef _random_module = {
    .name = "_random",
    .doc = "The generator under the module random.",
    .types = random_types,
};
