/* _blake2.c - BLAKE2b and BLAKE2s with all their parameters (RFC 7693 and the BLAKE2 paper).
 *
 * OpenSSL has the two without key, salt, personalisation, other digest lengths and tree hashing.
 * One structure serves both: words are kept in 64 bits and cut to the width of the variant.
 * Neighbours: _hashlib.c, hashlib.aio. */
/* SPDX-License-Identifier: MIT */
#include "native.h"

enum { BLOCK_MOST = 128 };

typedef struct Blake {
    Object head;
    bool wide; /* BLAKE2b: words of 64 bits */
    bool last_node;
    uint64_t state[8];
    uint64_t total_low, total_high; /* bytes hashed */
    uint8_t block[BLOCK_MOST];
    int fill; /* bytes in block */
    int size; /* bytes of the digest */
} Blake;

static const TypeDef blake2b_type, blake2s_type;

static const uint64_t start_wide[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};
static const uint8_t order[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

static Blake *as_blake(Value v) { return (Blake *)as_object(v); }
static inline int word_size(const Blake *blake) { return blake->wide ? 8 : 4; }
static inline int block_size(const Blake *blake) { return word_size(blake) * 16; }

static uint64_t load_word(const uint8_t *data, int size)
{
    uint64_t word = 0;
    for (int n = size - 1; n >= 0; n--) word = word << 8 | data[n];
    return word;
}
static void store_word(uint8_t *data, int size, uint64_t word)
{
    for (int n = 0; n < size; n++, word >>= 8) data[n] = (uint8_t)word;
}

/* ---- compression ---- */

#define MIX(word_type, bits, r1, r2, r3, r4)                                                       \
    static inline word_type turn_##bits(word_type x, int n) { return x >> n | x << (bits - n); }   \
    static inline void mix_##bits(word_type *v, int a, int b, int c, int d, word_type x,           \
                                  word_type y)                                                     \
    {                                                                                              \
        v[a] += v[b] + x;                                                                          \
        v[d] = turn_##bits(v[d] ^ v[a], r1);                                                       \
        v[c] += v[d];                                                                              \
        v[b] = turn_##bits(v[b] ^ v[c], r2);                                                       \
        v[a] += v[b] + y;                                                                          \
        v[d] = turn_##bits(v[d] ^ v[a], r3);                                                       \
        v[c] += v[d];                                                                              \
        v[b] = turn_##bits(v[b] ^ v[c], r4);                                                       \
    }                                                                                              \
    static void rounds_##bits(word_type *v, const word_type *m, int count)                         \
    {                                                                                              \
        for (int n = 0; n < count; n++) {                                                          \
            const uint8_t *s = order[n % 10];                                                      \
            mix_##bits(v, 0, 4, 8, 12, m[s[0]], m[s[1]]);                                          \
            mix_##bits(v, 1, 5, 9, 13, m[s[2]], m[s[3]]);                                          \
            mix_##bits(v, 2, 6, 10, 14, m[s[4]], m[s[5]]);                                         \
            mix_##bits(v, 3, 7, 11, 15, m[s[6]], m[s[7]]);                                         \
            mix_##bits(v, 0, 5, 10, 15, m[s[8]], m[s[9]]);                                         \
            mix_##bits(v, 1, 6, 11, 12, m[s[10]], m[s[11]]);                                       \
            mix_##bits(v, 2, 7, 8, 13, m[s[12]], m[s[13]]);                                        \
            mix_##bits(v, 3, 4, 9, 14, m[s[14]], m[s[15]]);                                        \
        }                                                                                          \
    }
MIX(uint64_t, 64, 32, 24, 16, 63)
MIX(uint32_t, 32, 16, 12, 8, 7)

/* The first words of the state: the narrow variant takes the upper halves of the wide one's. */
static inline uint64_t start_word(const Blake *blake, int n)
{
    return blake->wide ? start_wide[n] : start_wide[n] >> 32;
}

static void compress_wide(Blake *blake, bool last)
{
    uint64_t v[16], m[16];
    for (int n = 0; n < 16; n++) m[n] = load_word(blake->block + 8 * n, 8);
    for (int n = 0; n < 8; n++) v[n] = blake->state[n], v[n + 8] = start_word(blake, n);
    v[12] ^= blake->total_low;
    v[13] ^= blake->total_high;
    if (last) v[14] = ~v[14];
    if (last && blake->last_node) v[15] = ~v[15];
    rounds_64(v, m, 12);
    for (int n = 0; n < 8; n++) blake->state[n] ^= v[n] ^ v[n + 8];
}
static void compress_narrow(Blake *blake, bool last)
{
    uint32_t v[16], m[16];
    for (int n = 0; n < 16; n++) m[n] = (uint32_t)load_word(blake->block + 4 * n, 4);
    for (int n = 0; n < 8; n++)
        v[n] = (uint32_t)blake->state[n], v[n + 8] = (uint32_t)start_word(blake, n);
    v[12] ^= (uint32_t)blake->total_low;
    v[13] ^= (uint32_t)(blake->total_low >> 32);
    if (last) v[14] = ~v[14];
    if (last && blake->last_node) v[15] = ~v[15];
    rounds_32(v, m, 10);
    for (int n = 0; n < 8; n++) blake->state[n] ^= v[n] ^ v[n + 8];
}

static void blake_block(Blake *blake, bool last)
{
    uint64_t before = blake->total_low;
    blake->total_low += (uint64_t)blake->fill;
    blake->total_high += blake->total_low < before;
    if (blake->wide) compress_wide(blake, last);
    else compress_narrow(blake, last);
    blake->fill = 0;
}

/* A full block waits until more comes: the last one is compressed in another way. */
static void blake_feed(Blake *blake, const uint8_t *data, ptrdiff_t len)
{
    const int block = block_size(blake);
    while (len > 0) {
        if (blake->fill == block) blake_block(blake, false);
        ptrdiff_t part = block - blake->fill < len ? block - blake->fill : len;
        memcpy(blake->block + blake->fill, data, part);
        blake->fill += (int)part;
        data += part;
        len -= part;
    }
}

static void blake_final(const Blake *blake, uint8_t digest[64])
{
    Blake copy = *blake;
    memset(copy.block + copy.fill, 0, BLOCK_MOST - copy.fill);
    blake_block(&copy, true);
    for (int n = 0; n < 8; n++)
        store_word(digest + n * word_size(&copy), word_size(&copy), copy.state[n]);
}

/* ---- making ---- */

static bool feed_value(Vm *vm, Blake *blake, Value data)
{
    Buffer buffer;
    if (is_str(data)) throw(vm, TypeError, "Strings must be encoded before hashing");
    else if (!type_of(vm, data)->slots.buffer)
        throw(vm, TypeError, "object supporting the buffer API required");
    else if (buffer_get(vm, data, &buffer, false)) {
        blake_feed(blake, (const uint8_t *)buffer.data, buffer.len);
        buffer_release(vm, &buffer);
        return true;
    }
    return false;
}

/* A number of the parameters in [least, most]; what names it in the error. */
static bool parameter(Vm *vm, Value v, int64_t least, int64_t most, const char *message, int64_t *n)
{
    if (!int_index(vm, v, n)) return false;
    if (*n >= least && *n <= most) return true;
    throw(vm, strstr(message, "large") ? OverflowError : ValueError, "%s", message);
    return false;
}

/* Bytes of at most `most`, zero-padded into out; the length, -1: raised. */
static ptrdiff_t short_bytes(Vm *vm, Value v, ptrdiff_t most, const char *what, uint8_t *out)
{
    Buffer buffer;
    if (!buffer_get(vm, v, &buffer, false)) return -1;
    ptrdiff_t len = buffer.len;
    if (len > most) throw(vm, ValueError, "maximum %s length is %zd bytes", what, most);
    else memcpy(out, buffer.data, len);
    buffer_release(vm, &buffer);
    return len > most ? -1 : len;
}

enum {
    DATA = 1,
    SIZE,
    KEY,
    SALT,
    PERSON,
    FANOUT,
    DEPTH,
    LEAF,
    OFFSET,
    NODE,
    INNER,
    LAST,
    SECURITY,
    STRING
};

/* The parameter block into words of the state; the key into key. */
static bool read_parameters(Vm *vm, Blake *blake, Value *argv, uint8_t *key, ptrdiff_t *key_len)
{
    const int word = word_size(blake), most = word * 8;
    uint8_t block[64] = {0};
    int64_t size, fanout, depth, leaf, offset, node, inner;
    char message[64];
    snprintf(message, sizeof message, "digest_size must be between 1 and %d bytes", most);
    if (!parameter(vm, argv[SIZE], 1, most, message, &size)) return false;
    *key_len = short_bytes(vm, argv[KEY], most, "key", key);
    if (*key_len < 0 || short_bytes(vm, argv[SALT], word * 2, "salt", block + word * 4) < 0 ||
        short_bytes(vm, argv[PERSON], word * 2, "person", block + word * 6) < 0)
        return false;
    int64_t most_offset = blake->wide ? INT64_MAX : (INT64_C(1) << 48) - 1;
    if (!parameter(vm, argv[FANOUT], 0, 255, "fanout must be between 0 and 255", &fanout) ||
        !parameter(vm, argv[DEPTH], 1, 255, "depth must be between 1 and 255", &depth) ||
        !parameter(vm, argv[LEAF], 0, UINT32_MAX, "leaf_size is too large", &leaf) ||
        !parameter(vm, argv[OFFSET], 0, most_offset, "node_offset is too large", &offset) ||
        !parameter(vm, argv[NODE], 0, 255, "node_depth must be between 0 and 255", &node))
        return false;
    snprintf(message, sizeof message, "inner_size must be between 0 and is %d", most);
    if (!parameter(vm, argv[INNER], 0, most, message, &inner)) return false;
    block[0] = (uint8_t)size;
    block[1] = (uint8_t)*key_len;
    block[2] = (uint8_t)fanout;
    block[3] = (uint8_t)depth;
    store_word(block + 4, 4, (uint64_t)leaf);
    store_word(block + 8, blake->wide ? 8 : 6, (uint64_t)offset);
    block[blake->wide ? 16 : 14] = (uint8_t)node;
    block[blake->wide ? 17 : 15] = (uint8_t)inner;
    for (int n = 0; n < 8; n++)
        blake->state[n] = start_word(blake, n) ^ load_word(block + n * word, word);
    blake->size = (int)size;
    return true;
}

static Ref blake_make(Vm *vm, Value *argv, bool wide)
{
    Value data = absent(argv[DATA]) ? argv[STRING] : argv[DATA];
    if (!absent(argv[DATA]) && !absent(argv[STRING]))
        return throw(vm, TypeError,
                     "'data' and 'string' are mutually exclusive and support for "
                     "'string' keyword parameter is slated for removal in a future "
                     "version.");
    Truth last = value_truth(vm, argv[LAST]);
    Blake *blake = last == FAILED ? NULL : type_instance(vm, as_type(argv[0]));
    if (!blake) return FAIL;
    uint8_t key[BLOCK_MOST] = {0};
    ptrdiff_t key_len;
    blake->wide = wide;
    blake->last_node = last == YES;
    bool good = read_parameters(vm, blake, argv, key, &key_len);
    if (good && key_len > 0) blake_feed(blake, key, block_size(blake));
    if (good && !absent(data)) good = feed_value(vm, blake, data);
    if (good) return from_object(blake);
    decref_object(blake);
    return FAIL;
}

#define SIGNATURE(size)                                                                            \
    "new(cls, data=?, /, *, digest_size=" size ", key=b'', salt=b'', person=b'', fanout=1, "       \
    "depth=1, leaf_size=0, node_offset=0, node_depth=0, inner_size=0, last_node=False, "           \
    "usedforsecurity=True, string=?)"
NATIVE(blake2b_make, SIGNATURE("64"), "Return a BLAKE2b hash object.")
{
    return blake_make(vm, argv, true);
}
NATIVE(blake2s_make, SIGNATURE("32"), "Return a BLAKE2s hash object.")
{
    return blake_make(vm, argv, false);
}

/* ---- methods ---- */

NATIVE(blake_update, "update(self, data, /)", "Feed more bytes.")
{
    return feed_value(vm, as_blake(argv[0]), argv[1]) ? NONE : FAIL;
}
NATIVE(blake_digest, "digest(self, /)", "Return the digest of what was fed so far, as bytes.")
{
    uint8_t digest[64];
    blake_final(as_blake(argv[0]), digest);
    return bytes_from(vm, (char *)digest, as_blake(argv[0])->size);
}
NATIVE(blake_hexdigest, "hexdigest(self, /)", "Return the digest in hexadecimal digits.")
{
    uint8_t digest[64];
    char text[129];
    blake_final(as_blake(argv[0]), digest);
    for (int n = 0; n < as_blake(argv[0])->size; n++) snprintf(text + 2 * n, 3, "%02x", digest[n]);
    return str_from_ascii(vm, text, as_blake(argv[0])->size * 2);
}
NATIVE(blake_copy, "copy(self, /)", "Return a copy that goes on by itself.")
{
    const Blake *blake = as_blake(argv[0]);
    Blake *copy = type_instance(vm, type_of(vm, argv[0]));
    if (!copy) return FAIL;
    Object head = copy->head;
    *copy = *blake;
    copy->head = head;
    return from_object(copy);
}
static Ref get_name(Vm *vm, Value self)
{
    return str_from(vm, as_blake(self)->wide ? "blake2b" : "blake2s");
}
static Ref get_block_size(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(block_size(as_blake(self)));
}
static Ref get_digest_size(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_blake(self)->size);
}

static const Native *const blake_methods[] = {
    &blake_update_def, &blake_digest_def, &blake_hexdigest_def, &blake_copy_def, NULL,
};
static const Attribute blake_attributes[] = {
    {"name", get_name, NULL, "The name of the algorithm."},
    {"digest_size", get_digest_size, NULL, "Bytes of the digest."},
    {"block_size", get_block_size, NULL, "Bytes hashed at a time."},
    {0},
};
#define BLAKE_TYPE(type_name_, doc_, new_)                                                         \
    {                                                                                              \
        .name = type_name_, .doc = doc_, .size = sizeof(Blake), .flags = TYPE_FINAL, .new = new_,  \
        .methods = blake_methods, .attributes = blake_attributes                                   \
    }
static const TypeDef blake2b_type =
    BLAKE_TYPE("_blake2.blake2b", "A BLAKE2b digest in the making.", &blake2b_make_def);
static const TypeDef blake2s_type =
    BLAKE_TYPE("_blake2.blake2s", "A BLAKE2s digest in the making.", &blake2s_make_def);

static bool blake_constants(Vm *vm, const TypeDef *def, int word)
{
    static const char *const names[] = {"SALT_SIZE", "PERSON_SIZE", "MAX_KEY_SIZE",
                                        "MAX_DIGEST_SIZE"};
    const int sizes[] = {word * 2, word * 2, word * 8, word * 8};
    Type *type = type_from_def(vm, def);
    Dict *dict = type ? type_dict(vm, type) : NULL;
    bool good = dict != NULL;
    for (int n = 0; good && n < 4; n++)
        good = dict_set_text(vm, dict, names[n], from_small(sizes[n]));
    return good;
}
static bool blake_open(Vm *vm, Value module __attribute__((unused)))
{
    return blake_constants(vm, &blake2b_type, 8) && blake_constants(vm, &blake2s_type, 4);
}
static const TypeDef *const blake_types[] = {&blake2b_type, &blake2s_type, NULL};
const ModuleDef _blake2_module = {
    .name = "_blake2",
    .doc = "BLAKE2b and BLAKE2s.",
    .types = blake_types,
    .open = blake_open,
};
