/* _hashlib.c - digests by OpenSSL's libcrypto.
 *
 * The library is opened on first use, not linked: mapping it would double the time that any script
 * takes to start.  The functions of the module are methods of the one Crypto object, which holds
 * its entry points.  The lock is released while much data is hashed.
 * Neighbours: hashlib.aio (the names), _blake2.c (keyed BLAKE2). */
/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>

#include "_library.h"

enum { RELEASE_FROM = 2048, DIGEST_MOST = 64, NAME_MOST = 64, KEPT_MOST = 16 };

/* A digest as the library gave it; looking one up takes longer than hashing a short text. */
typedef struct KeptDigest {
    char name[NAME_MOST];
    void *md;
} KeptDigest;

typedef struct Crypto {
    Object head;
    void *library;
    void *(*md_fetch)(void *context, const char *name, const char *properties);
    void (*md_free)(void *md);
    int (*md_size)(const void *md);
    int (*md_block)(const void *md);
    void *(*context_new)(void);
    void (*context_free)(void *context);
    int (*init)(void *context, const void *md, void *engine);
    int (*update)(void *context, const void *data, size_t len);
    int (*final)(void *context, unsigned char *out, unsigned *len);
    int (*final_xof)(void *context, unsigned char *out, size_t len);
    int (*copy)(void *to, const void *from);
    int (*pbkdf2)(const char *password, int password_len, const unsigned char *salt, int salt_len,
                  int rounds, const void *md, int len, unsigned char *out);
    int (*scrypt)(const char *password, size_t password_len, const unsigned char *salt,
                  size_t salt_len, uint64_t n, uint64_t r, uint64_t p, uint64_t most,
                  unsigned char *out, size_t len);
    unsigned char *(*hmac)(const void *md, const void *key, int key_len, const unsigned char *data,
                           size_t len, unsigned char *out, unsigned *out_len);
    KeptDigest kept[KEPT_MOST];
    int kept_count;
} Crypto;

typedef struct Hash {
    Object head;
    Ref crypto;
    Ref name; /* str, as hashlib spells it */
    void *context;
    int size, block;
    bool variable; /* shake: digest() takes a length */
} Hash;

static const TypeDef hash_type, hash_xof_type, crypto_type;

static Hash *as_hash(Value v) { return (Hash *)as_object(v); }
static Crypto *as_crypto(Value v) { return (Crypto *)as_object(v); }

/* ---- the library ---- */

static bool crypto_load(Vm *vm, Crypto *crypto)
{
    if (crypto->library) return true;
    static const char *const files[] = {"libcrypto.so.3", "libcrypto.so"};
    void *library = NULL;
    for (size_t n = 0; !library && n < sizeof files / sizeof *files; n++)
        library = dlopen(files[n], RTLD_NOW | RTLD_LOCAL);
    const struct {
        const char *name;
        void *slot;
    } entries[] = {
        {"EVP_MD_fetch", &crypto->md_fetch},      {"EVP_MD_free", &crypto->md_free},
        {"EVP_MD_get_size", &crypto->md_size},    {"EVP_MD_get_block_size", &crypto->md_block},
        {"EVP_MD_CTX_new", &crypto->context_new}, {"EVP_MD_CTX_free", &crypto->context_free},
        {"EVP_DigestInit_ex", &crypto->init},     {"EVP_DigestUpdate", &crypto->update},
        {"EVP_DigestFinal_ex", &crypto->final},   {"EVP_DigestFinalXOF", &crypto->final_xof},
        {"EVP_MD_CTX_copy_ex", &crypto->copy},    {"PKCS5_PBKDF2_HMAC", &crypto->pbkdf2},
        {"EVP_PBE_scrypt", &crypto->scrypt},      {"HMAC", &crypto->hmac},
    };
    for (size_t n = 0; library && n < sizeof entries / sizeof *entries; n++) {
        void *entry = dlsym(library, entries[n].name);
        memcpy(entries[n].slot, &entry, sizeof entry);
        if (entry) continue;
        dlclose(library);
        library = NULL;
    }
    if (!library) throw(vm, ImportError, "hashlib needs OpenSSL's libcrypto.so.3");
    crypto->library = library;
    return library != NULL;
}

/* OpenSSL's name for a digest: sha3_256 is SHA3-256, shake_128 SHAKE128, blake2b BLAKE2B-512. */
static void library_name(const char *name, char out[NAME_MOST])
{
    if (strcmp(name, "blake2b") == 0) name = "blake2b512";
    if (strcmp(name, "blake2s") == 0) name = "blake2s256";
    bool shake = strncmp(name, "shake_", 6) == 0;
    size_t len = 0;
    for (; *name && len < NAME_MOST - 1; name++) {
        if (*name == '_' && shake) continue;
        out[len++] = *name == '_' ? '-' : *name;
    }
    out[len] = 0;
}

/* The digest of OpenSSL's name, kept for the next time if there is room; NULL: there is none. */
static void *md_fetch(Crypto *crypto, const char *name)
{
    for (int i = 0; i < crypto->kept_count; i++)
        if (strcmp(crypto->kept[i].name, name) == 0) return crypto->kept[i].md;
    void *md = crypto->md_fetch(NULL, name, NULL);
    if (!md || crypto->kept_count == KEPT_MOST) return md;
    KeptDigest *kept = &crypto->kept[crypto->kept_count++];
    strcpy(kept->name, name);
    return kept->md = md;
}

static void md_release(const Crypto *crypto, void *md)
{
    for (int i = 0; i < crypto->kept_count; i++)
        if (crypto->kept[i].md == md) return;
    crypto->md_free(md);
}

/* The digest of that name, to be released; NULL: ValueError raised. */
static void *md_named(Vm *vm, Crypto *crypto, Value name)
{
    char text[NAME_MOST];
    if (!is_str(name)) {
        throw(vm, TypeError, "name must be a string");
        return NULL;
    }
    if (!crypto_load(vm, crypto)) return NULL;
    library_name(as_str(name)->ascii ? as_str(name)->data : "", text);
    void *md = *text ? md_fetch(crypto, text) : NULL;
    if (!md) throw(vm, ValueError, "unsupported hash type %S", name);
    return md;
}

/* ---- hashing ---- */

static bool data_get(Vm *vm, Value data, Buffer *buffer)
{
    if (is_str(data)) {
        throw(vm, TypeError, "Strings must be encoded before hashing");
        return false;
    }
    if (!type_of(vm, data)->slots.buffer) {
        throw(vm, TypeError, "object supporting the buffer API required");
        return false;
    }
    return buffer_get(vm, data, buffer, false);
}

static bool hash_feed(Vm *vm, Hash *hash, Value data)
{
    Buffer buffer;
    if (!data_get(vm, data, &buffer)) return false;
    const Crypto *crypto = as_crypto(hash->crypto);
    bool release = buffer.len >= RELEASE_FROM;
    if (release) gil_release(vm);
    int good = crypto->update(hash->context, buffer.data, (size_t)buffer.len);
    if (release) gil_acquire(vm);
    buffer_release(vm, &buffer);
    if (!good) throw(vm, ValueError, "update failed");
    return good;
}

static Ref hash_make(Vm *vm, Value crypto_value, Value name, bool variable)
{
    Crypto *crypto = as_crypto(crypto_value);
    Type *type = type_from_def(vm, variable ? &hash_xof_type : &hash_type);
    Hash *hash = type ? type_instance(vm, type) : NULL;
    if (!hash) return FAIL;
    hash->crypto = newref(crypto_value);
    hash->name = newref(name);
    hash->variable = variable;
    hash->context = crypto->context_new();
    if (hash->context) return from_object(hash);
    decref_object(hash);
    return throw_no_memory(vm);
}

/* A hash object of the algorithm name, a str, fed with data unless that is absent. */
static Ref hash_named(Vm *vm, Value crypto_value, Value name, Value data)
{
    Crypto *crypto = as_crypto(crypto_value);
    void *md = md_named(vm, crypto, name);
    if (!md) return FAIL;
    bool variable = strncmp(as_str(name)->data, "shake", 5) == 0;
    Ref out = hash_make(vm, crypto_value, name, variable);
    if (!failed(out)) {
        Hash *hash = as_hash(out);
        hash->size = variable ? 0 : crypto->md_size(md);
        hash->block = crypto->md_block(md);
        bool good = crypto->init(hash->context, md, NULL);
        if (!good) throw(vm, ValueError, "unsupported hash type %S", name);
        if (!good || (!absent(data) && !hash_feed(vm, hash, data))) replace(&out, FAIL);
    }
    md_release(crypto, md);
    return out;
}

NATIVE(crypto_make, "make(self, name, data=?, /)",
       "Return a hash object of the named algorithm, fed with data.\n"
       "Raises ValueError for an unknown name.")
{
    return hash_named(vm, argv[0], argv[1], argv[2]);
}

/* As hash_named, of the data given under either name. */
static Ref hash_given(Vm *vm, const char *name, Value *argv)
{
    enum { CRYPTO, DATA, SECURITY, STRING };
    Value data = argv[DATA];
    if (is_none(data)) data = UNDEF;
    if (!is_none(argv[STRING])) {
        if (!absent(data))
            return throw(vm, TypeError,
                         "'data' and 'string' are mutually exclusive and support for 'string' "
                         "keyword parameter is slated for removal in a future version.");
        data = argv[STRING];
    }
    Ref text = str_interned(vm, name);
    Ref out = failed(text) ? FAIL : hash_named(vm, argv[CRYPTO], text, data);
    decref(text);
    return out;
}

#define ALGORITHMS(ROW)                                                                            \
    ROW(md5)                                                                                       \
    ROW(sha1)                                                                                      \
    ROW(sha224)                                                                                    \
    ROW(sha256)                                                                                    \
    ROW(sha384)                                                                                    \
    ROW(sha512)                                                                                    \
    ROW(sha3_224)                                                                                  \
    ROW(sha3_256)                                                                                  \
    ROW(sha3_384)                                                                                  \
    ROW(sha3_512)                                                                                  \
    ROW(shake_128)                                                                                 \
    ROW(shake_256)
#define CONSTRUCTOR(name)                                                                          \
    NATIVE(openssl_##name,                                                                         \
           "openssl_" #name "(self, data=None, /, *, usedforsecurity=True, string=None)",          \
           "Return a " #name " hash object, fed with data.")                                       \
    {                                                                                              \
        return hash_given(vm, #name, argv);                                                        \
    }
ALGORITHMS(CONSTRUCTOR)
#define CONSTRUCTOR_ROW(name) &openssl_##name##_def,

NATIVE(hash_update, "update(self, obj, /)", "Feed more bytes.")
{
    return hash_feed(vm, as_hash(argv[0]), argv[1]) ? NONE : FAIL;
}

NATIVE(hash_copy, "copy(self, /)", "Return a copy that goes on by itself.")
{
    const Hash *hash = as_hash(argv[0]);
    Ref out = hash_make(vm, hash->crypto, hash->name, hash->variable);
    if (failed(out)) return FAIL;
    as_hash(out)->size = hash->size;
    as_hash(out)->block = hash->block;
    if (as_crypto(hash->crypto)->copy(as_hash(out)->context, hash->context)) return out;
    decref(out);
    return throw(vm, ValueError, "copy failed");
}

/* The digest of what was fed so far, of len bytes when that is free. */
static Ref hash_digest_bytes(Vm *vm, Value self, int64_t len)
{
    const Hash *hash = as_hash(self);
    const Crypto *crypto = as_crypto(hash->crypto);
    Ref copy = hash_copy(vm, &self);
    if (failed(copy)) return FAIL;
    Ref out = bytes_from(vm, NULL, hash->variable ? len : hash->size);
    if (!failed(out)) {
        unsigned char *data = (unsigned char *)as_bytes(out)->data;
        void *context = as_hash(copy)->context;
        int good = 1;
        if (!hash->variable) good = crypto->final(context, data, NULL);
        else if (len > 0) good = crypto->final_xof(context, data, (size_t)len);
        if (!good) {
            throw(vm, ValueError, "digest failed");
            replace(&out, FAIL);
        }
    }
    decref(copy);
    return out;
}

static Ref hex_of(Vm *vm, Ref digest)
{
    if (failed(digest)) return FAIL;
    ptrdiff_t len = as_bytes(digest)->len;
    Ref out = str_new(vm, len * 2, STR_ASCII);
    if (!failed(out)) hex_write(as_str(out)->data, as_bytes(digest)->data, len);
    decref(digest);
    return out;
}

static bool length_from(Vm *vm, Value v, int64_t *len)
{
    if (!int_index(vm, v, len)) return false;
    if (*len < 0) throw(vm, ValueError, "value must be positive");
    else if (*len >= 1 << 29) throw(vm, ValueError, "length is too large");
    return *len >= 0 && *len < 1 << 29;
}

NATIVE(hash_digest, "digest(self, /)", "Return the digest of what was fed so far, as bytes.")
{
    return hash_digest_bytes(vm, argv[0], 0);
}
NATIVE(hash_hexdigest, "hexdigest(self, /)", "Return the digest in hexadecimal digits.")
{
    return hex_of(vm, hash_digest_bytes(vm, argv[0], 0));
}
NATIVE(hash_xof_digest, "digest(self, /, length)", "Return length bytes of the digest.")
{
    int64_t len;
    return length_from(vm, argv[1], &len) ? hash_digest_bytes(vm, argv[0], len) : FAIL;
}
NATIVE(hash_xof_hexdigest, "hexdigest(self, /, length)",
       "Return length bytes of the digest in hexadecimal digits.")
{
    int64_t len;
    return length_from(vm, argv[1], &len) ? hex_of(vm, hash_digest_bytes(vm, argv[0], len)) : FAIL;
}

static Ref hash_repr(Vm *vm, Value self)
{
    char address[32];
    snprintf(address, sizeof address, "%p", (void *)as_object(self));
    return format_text(vm, "<%S %s object @ %s>", (Value)as_hash(self)->name,
                       type_full_name(type_of(vm, self)), address);
}
static void hash_clear(Object *self)
{
    Hash *hash = (Hash *)self;
    if (hash->context) as_crypto(hash->crypto)->context_free(hash->context);
    hash->context = NULL;
}
static Ref get_name(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_hash(self)->name);
}
static Ref get_digest_size(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_hash(self)->size);
}
static Ref get_block_size(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_hash(self)->block);
}

static const Attribute hash_attributes[] = {
    {"name", get_name, NULL, "The name of the algorithm."},
    {"digest_size", get_digest_size, NULL, "Bytes of the digest; 0 when digest() takes a length."},
    {"block_size", get_block_size, NULL, "Bytes hashed at a time."},
    {0},
};
static const Native *const hash_methods[] = {
    &hash_update_def, &hash_digest_def, &hash_hexdigest_def, &hash_copy_def, NULL,
};
static const Native *const hash_xof_methods[] = {
    &hash_update_def, &hash_xof_digest_def, &hash_xof_hexdigest_def, &hash_copy_def, NULL,
};
#define HASH_TYPE(type_name_, doc_, methods_)                                                      \
    {                                                                                              \
        .name = type_name_, .doc = doc_, .size = sizeof(Hash), .flags = TYPE_FINAL | TYPE_NO_NEW,  \
        .refs = REFS(REF(Hash, crypto), REF(Hash, name)), .clear = hash_clear, .repr = hash_repr,  \
        .methods = methods_, .attributes = hash_attributes                                         \
    }
static const TypeDef hash_type =
    HASH_TYPE("_hashlib.HASH", "A digest in the making.", hash_methods);
static const TypeDef hash_xof_type =
    HASH_TYPE("_hashlib.HASHXOF", "A digest of any length in the making.", hash_xof_methods);

/* ---- functions over them ---- */

NATIVE(crypto_pbkdf2, "pbkdf2_hmac(self, hash_name, password, salt, iterations, dklen=None)",
       "Return a key of dklen bytes (those of the digest if None) derived from a password.")
{
    Crypto *crypto = as_crypto(argv[0]);
    int64_t rounds, len;
    void *md = md_named(vm, crypto, argv[1]);
    if (!md) return FAIL;
    len = crypto->md_size(md);
    Buffer password, salt;
    Ref out = FAIL;
    if (!int_index(vm, argv[4], &rounds) || (!is_none(argv[5]) && !int_index(vm, argv[5], &len)))
        goto done;
    if (rounds < 1 || rounds > INT32_MAX) {
        throw(vm, ValueError, "iteration value must be greater than 0.");
        goto done;
    }
    if (len < 1 || len > INT32_MAX) {
        throw(vm, ValueError, "key length must be greater than 0.");
        goto done;
    }
    if (!buffer_get(vm, argv[2], &password, false)) goto done;
    if (buffer_get(vm, argv[3], &salt, false)) {
        out = bytes_from(vm, NULL, len);
        if (!failed(out)) {
            unsigned char *data = (unsigned char *)as_bytes(out)->data;
            gil_release(vm);
            crypto->pbkdf2(password.data, (int)password.len, (unsigned char *)salt.data,
                           (int)salt.len, (int)rounds, md, (int)len, data);
            gil_acquire(vm);
        }
        buffer_release(vm, &salt);
    }
    buffer_release(vm, &password);
done:
    md_release(crypto, md);
    return out;
}

NATIVE(crypto_scrypt, "scrypt(self, password, *, salt, n, r, p, maxmem=0, dklen=64)",
       "Return a key of dklen bytes derived from a password at a cost of n, r and p in memory and "
       "time.")
{
    Crypto *crypto = as_crypto(argv[0]);
    int64_t n, r, p, most, len;
    if (!crypto_load(vm, crypto) || !int_index(vm, argv[3], &n) || !int_index(vm, argv[4], &r) ||
        !int_index(vm, argv[5], &p) || !int_index(vm, argv[6], &most) ||
        !int_index(vm, argv[7], &len))
        return FAIL;
    if (n < 2 || (n & (n - 1))) return throw(vm, ValueError, "n must be a power of 2.");
    if (most < 0 || most > INT32_MAX)
        return throw(vm, ValueError, "maxmem must be positive and smaller than %d", INT32_MAX);
    if (len < 1 || len > INT32_MAX)
        return throw(vm, ValueError, "dklen must be greater than 0 and smaller than %d", INT32_MAX);
    Buffer password, salt;
    if (!buffer_get(vm, argv[1], &password, false)) return FAIL;
    Ref out = FAIL;
    if (buffer_get(vm, argv[2], &salt, false)) {
        out = bytes_from(vm, NULL, len);
        int good = !failed(out);
        if (good) {
            unsigned char *data = (unsigned char *)as_bytes(out)->data;
            gil_release(vm);
            good = crypto->scrypt(password.data, (size_t)password.len, (unsigned char *)salt.data,
                                  (size_t)salt.len, (uint64_t)n, (uint64_t)r, (uint64_t)p,
                                  (uint64_t)most, data, (size_t)len);
            gil_acquire(vm);
            if (!good) throw(vm, ValueError, "Invalid parameter combination for n, r, p, maxmem.");
        }
        if (!good) replace(&out, FAIL);
        buffer_release(vm, &salt);
    }
    buffer_release(vm, &password);
    return out;
}

NATIVE(crypto_hmac, "hmac_digest(self, key, msg, digest)",
       "Return the HMAC of msg under key by the named digest.")
{
    Crypto *crypto = as_crypto(argv[0]);
    void *md = md_named(vm, crypto, argv[3]);
    if (!md) return FAIL;
    Buffer key, text;
    Ref out = FAIL;
    unsigned char digest[DIGEST_MOST * 2];
    unsigned len = 0;
    if (buffer_get(vm, argv[1], &key, false)) {
        if (buffer_get(vm, argv[2], &text, false)) {
            unsigned char *made =
                crypto->hmac(md, key.data, (int)key.len, (unsigned char *)text.data,
                             (size_t)text.len, digest, &len);
            out = made ? bytes_from(vm, (char *)digest, len)
                       : throw(vm, ValueError, "unsupported hash type %S", argv[3]);
            buffer_release(vm, &text);
        }
        buffer_release(vm, &key);
    }
    md_release(crypto, md);
    return out;
}

/* ---- comparing ---- */

NATIVE(crypto_compare, "compare_digest(self, a, b, /)",
       "Return whether a and b, ASCII str or bytes-like, are equal, in a time that tells nothing "
       "else.")
{
    Value a = argv[1], b = argv[2];
    if (is_str(a) && is_str(b)) {
        if (!as_str(a)->ascii || !as_str(b)->ascii)
            return throw(vm, TypeError,
                         "comparing strings with non-ASCII characters is not supported");
        unsigned char differ = as_str(a)->len != as_str(b)->len;
        const char *x = as_str(differ ? b : a)->data, *y = as_str(b)->data;
        for (ptrdiff_t n = 0; n < as_str(b)->len; n++) differ |= (unsigned char)(x[n] ^ y[n]);
        return from_bool(!differ);
    }
    if (!type_of(vm, a)->slots.buffer || !type_of(vm, b)->slots.buffer || is_str(a) || is_str(b))
        return throw(vm, TypeError,
                     "unsupported operand types(s) or combination of types: '%T' and '%T'", a, b);
    Buffer left, right;
    if (!buffer_get(vm, a, &left, false)) return FAIL;
    if (!buffer_get(vm, b, &right, false)) {
        buffer_release(vm, &left);
        return FAIL;
    }
    unsigned char differ = left.len != right.len;
    const char *x = differ ? right.data : left.data;
    for (ptrdiff_t n = 0; n < right.len; n++) differ |= (unsigned char)(x[n] ^ right.data[n]);
    buffer_release(vm, &right);
    buffer_release(vm, &left);
    return from_bool(!differ);
}

/* ---- the module ---- */

static void crypto_clear(Object *self)
{
    Crypto *crypto = (Crypto *)self;
    while (crypto->kept_count) crypto->md_free(crypto->kept[--crypto->kept_count].md);
}
static const TypeDef crypto_type = {
    .name = "_hashlib.Crypto",
    .doc = "The library that makes digests.",
    .size = sizeof(Crypto),
    .flags = TYPE_FINAL | TYPE_NO_NEW,
    .clear = crypto_clear,
};
static const Native *const crypto_methods[] = {
    &crypto_make_def, &crypto_pbkdf2_def,  &crypto_scrypt_def,
    &crypto_hmac_def, &crypto_compare_def, ALGORITHMS(CONSTRUCTOR_ROW) NULL,
};
static bool hashlib_open(Vm *vm, Value module)
{
    Type *type = type_from_def(vm, &crypto_type);
    Crypto *crypto = type ? type_instance(vm, type) : NULL;
    if (!crypto) return false;
    Ref self = from_object(crypto);
    bool good = module_bind(vm, module, self, crypto_methods, "_hashlib");
    decref(self);
    return good;
}
static const TypeDef *const hashlib_types[] = {&hash_type, &hash_xof_type, NULL};
const ModuleDef _hashlib_module = {
    .name = "_hashlib",
    .doc = "Digests by OpenSSL.",
    .types = hashlib_types,
    .open = hashlib_open,
};
