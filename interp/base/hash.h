/* hash.h - keyed hashing of bytes (SipHash-1-3), which a stranger's input cannot make collide. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_BASE_HASH_H
#define AIO_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* SipHash-1-3 of len bytes under key. */
uint64_t hash_bytes(const uint64_t key[2], const void *data, size_t len);

/* The key that PYTHONHASHSEED=seed stands for, CPython's; seed 0 gives the zero key. */
void hash_key_from_seed(uint64_t key[2], uint32_t seed);

/* A key from the system's random source; false when there is none (key is then all zero). */
bool hash_key_random(uint64_t key[2]);

#endif
