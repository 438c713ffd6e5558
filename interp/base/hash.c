/* hash.c - SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012).
 *
 * One compression round per 8 bytes and three at the end: enough for hash tables, where the output
 * itself is never shown to the attacker.  Words are read in little-endian order.
 * Neighbours: object/str.c and object/bytes.c (what is hashed), vm.h (the key). */
/* SPDX-License-Identifier: MIT */
#include "base/hash.h"

#include <string.h>
#include <sys/random.h>

typedef struct SipState {
    uint64_t v0, v1, v2, v3;
} SipState;

static inline uint64_t rotate_left(uint64_t word, int bits)
{
    return word << bits | word >> (64 - bits);
}

static inline void sip_round(SipState *s)
{
    s->v0 += s->v1;
    s->v2 += s->v3;
    s->v1 = rotate_left(s->v1, 13) ^ s->v0;
    s->v3 = rotate_left(s->v3, 16) ^ s->v2;
    s->v0 = rotate_left(s->v0, 32);
    s->v2 += s->v1;
    s->v0 += s->v3;
    s->v1 = rotate_left(s->v1, 17) ^ s->v2;
    s->v3 = rotate_left(s->v3, 21) ^ s->v0;
    s->v2 = rotate_left(s->v2, 32);
}

static inline uint64_t word_at(const unsigned char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

uint64_t hash_bytes(const uint64_t key[2], const void *data, size_t len)
{
    const unsigned char *bytes = data;
    SipState s = {key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
                  key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u};
    uint64_t last = (uint64_t)len << 56;
    size_t left = len;
    for (; left >= 8; left -= 8, bytes += 8) {
        uint64_t word = word_at(bytes);
        s.v3 ^= word;
        sip_round(&s);
        s.v0 ^= word;
    }
    while (left > 0) {
        left--;
        last |= (uint64_t)bytes[left] << (8 * left);
    }
    s.v3 ^= last;
    sip_round(&s);
    s.v0 ^= last;
    s.v2 ^= 0xff;
    sip_round(&s);
    sip_round(&s);
    sip_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

void hash_key_from_seed(uint64_t key[2], uint32_t seed)
{
    key[0] = key[1] = 0;
    if (seed == 0) return;
    uint32_t state = seed; /* a linear congruential generator gives the bytes, as in CPython */
    for (int i = 0; i < 16; i++) {
        state = state * 214013u + 2531011u;
        key[i / 8] |= (uint64_t)(state >> 16 & 0xff) << (i % 8 * 8);
    }
}

bool hash_key_random(uint64_t key[2])
{
    key[0] = key[1] = 0;
    return getrandom(key, 2 * sizeof key[0], 0) == (ssize_t)(2 * sizeof key[0]);
}
