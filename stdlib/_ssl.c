/* _ssl.c - module _ssl: opening OpenSSL's libraries, random bytes, objects by name or number.
 *
 * Neighbours: _ssl.h (how it is divided), ssl.aio (the face of it). */
/* SPDX-License-Identifier: MIT */
#include "_ssl.h"

#include <dlfcn.h>

/* ---- the libraries ---- */

typedef struct EntryPoint {
    const char *name;
    size_t offset; /* in Tls */
    bool crypto;   /* of libcrypto, else of libssl */
} EntryPoint;

enum { ssl_library, crypto_library };
static const EntryPoint entries[] = {
#define FUNCTION(library, name) {#name, offsetof(Tls, name), library##_library == crypto_library},
#include "_ssl.def"
};

static void *open_library(const char *name, const char *plain)
{
    void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    return library ? library : dlopen(plain, RTLD_NOW | RTLD_LOCAL);
}

/* The libraries stay open until the process ends. */
static bool tls_open(Vm *vm, Tls *tls)
{
    void *crypto = open_library("libcrypto.so.3", "libcrypto.so");
    void *ssl = crypto ? open_library("libssl.so.3", "libssl.so") : NULL;
    if (!ssl) {
        throw(vm, ImportError, "ssl needs OpenSSL's libssl.so.3 and libcrypto.so.3");
        return false;
    }
    for (size_t n = 0; n < sizeof entries / sizeof *entries; n++) {
        void *entry = dlsym(entries[n].crypto ? crypto : ssl, entries[n].name);
        if (!entry) {
            throw(vm, ImportError, "ssl needs OpenSSL 3: this one has no %s", entries[n].name);
            return false;
        }
        memcpy((char *)tls + entries[n].offset, &entry, sizeof entry);
    }
    return true;
}

static bool take_classes(Vm *vm, Tls *tls, Value module)
{
    const struct {
        const char *name;
        Ref *slot;
    } rows[] = {
        {"SSLError", &tls->error},
        {"SSLZeroReturnError", &tls->zero_return},
        {"SSLWantReadError", &tls->want_read},
        {"SSLWantWriteError", &tls->want_write},
        {"SSLSyscallError", &tls->syscall},
        {"SSLEOFError", &tls->eof},
        {"SSLCertVerificationError", &tls->verification},
    };
    Ref home = import_text(vm, "_ssl_exceptions");
    bool ok = !failed(home);
    for (size_t n = 0; ok && n < sizeof rows / sizeof *rows; n++) {
        *rows[n].slot = attr_get_text(vm, home, rows[n].name);
        if (failed(*rows[n].slot)) *rows[n].slot = UNDEF;
        ok = !absent(*rows[n].slot) && module_set(vm, module, rows[n].name, newref(*rows[n].slot));
    }
    decref(home);
    return ok;
}

Ref tls_library(Vm *vm)
{
    Ref module = import_text(vm, "_ssl"), library = FAIL;
    if (!failed(module)) library = attr_get_text(vm, module, "_library");
    decref(module);
    return library;
}

bool tls_has_type(Vm *vm, Value v, const TypeDef *def)
{
    Type *type = type_from_def(vm, def);
    return type && type_has_instance(vm, type, v);
}

bool tls_c_int(Vm *vm, Value v, int *number)
{
    int64_t wide;
    if (!int_index(vm, v, &wide)) return false;
    *number = (int)wide;
    if (wide == *number) return true;
    throw(vm, OverflowError, "Python int too large to convert to C int");
    return false;
}

/* ---- random bytes ---- */

NATIVE(ssl_rand_bytes, "RAND_bytes(n, /)", "Return n random bytes that nobody can guess.")
{
    int len;
    if (!tls_c_int(vm, argv[0], &len)) return FAIL;
    if (len < 0) return throw(vm, ValueError, "num must be positive");
    Ref library = tls_library(vm), bytes = failed(library) ? FAIL : bytes_from(vm, NULL, len);
    if (!failed(bytes)) {
        const Tls *tls = as_tls(library);
        if (tls->RAND_bytes((unsigned char *)as_bytes(bytes)->data, len) != 1)
            replace(&bytes, tls_queue_error(vm, tls));
    }
    decref(library);
    return bytes;
}

NATIVE(ssl_rand_add, "RAND_add(string, entropy, /)",
       "Stir str or bytes into the source of random bytes; entropy is how many bits they hold.")
{
    double entropy;
    char *owned = NULL;
    Buffer buffer;
    if (is_str(argv[0])) {
        ptrdiff_t len;
        const char *text = str_utf8(vm, argv[0], &len, &owned);
        if (!text) return FAIL;
        buffer = (Buffer){.data = (char *)text, .len = len};
    } else if (!buffer_get(vm, argv[0], &buffer, false)) {
        return FAIL;
    }
    Ref library = float_from(vm, argv[1], &entropy) ? tls_library(vm) : FAIL;
    for (ptrdiff_t at = 0; !failed(library) && at < buffer.len; at += INT32_MAX) {
        ptrdiff_t len = buffer.len - at > INT32_MAX ? INT32_MAX : buffer.len - at;
        as_tls(library)->RAND_add(buffer.data + at, (int)len, entropy);
    }
    if (!is_str(argv[0])) buffer_release(vm, &buffer);
    memory_free(owned);
    if (failed(library)) return FAIL;
    decref(library);
    return NONE;
}

NATIVE(ssl_rand_status, "RAND_status()", "Return True: there are enough random bytes.")
{
    Ref library = tls_library(vm);
    if (failed(library)) return FAIL;
    bool good = as_tls(library)->RAND_status() == 1;
    decref(library);
    return from_bool(good);
}

/* ---- objects: (number, short name, long name, dotted number) ---- */

static Ref object_tuple(Vm *vm, const Tls *tls, const ASN1_OBJECT *object)
{
    char dotted[128];
    int nid = tls->OBJ_obj2nid(object);
    int len = tls->OBJ_obj2txt(dotted, sizeof dotted, object, 1);
    if (nid == NID_undef) return throw(vm, ValueError, "Unknown object");
    if (len < 0) return tls_queue_error(vm, tls);
    Ref items[4] = {from_small(nid), tls_text(vm, tls->OBJ_nid2sn(nid)),
                    tls_text(vm, tls->OBJ_nid2ln(nid)), len ? str_from(vm, dotted) : NONE};
    for (int n = 1; n < 4; n++)
        if (failed(items[n])) {
            for (n = 1; n < 4; n++) decref(items[n]);
            return FAIL;
        }
    return tuple_from_refs(vm, 4, items);
}

NATIVE(ssl_txt2obj, "txt2obj(txt, name=False)",
       "Return (number, short name, long name, dotted number) of a dotted number, or of a name.")
{
    Truth names = value_truth(vm, argv[1]);
    if (names == FAILED) return FAIL;
    if (!is_str(argv[0]))
        return throw(vm, TypeError, "txt2obj() argument 'txt' must be str, not %A", argv[0]);
    char *owned = NULL;
    const char *text = str_utf8(vm, argv[0], NULL, &owned);
    Ref library = text ? tls_library(vm) : FAIL, out = FAIL;
    if (!failed(library)) {
        const Tls *tls = as_tls(library);
        ASN1_OBJECT *object = tls->OBJ_txt2obj(text, !names);
        tls->ERR_clear_error();
        out = object ? object_tuple(vm, tls, object)
                     : throw(vm, ValueError, "unknown object '%s'", text);
        if (object) tls->ASN1_OBJECT_free(object);
        decref(library);
    }
    memory_free(owned);
    return out;
}

NATIVE(ssl_nid2obj, "nid2obj(nid, /)",
       "Return (number, short name, long name, dotted number) of OpenSSL's number.")
{
    int nid;
    if (!tls_c_int(vm, argv[0], &nid)) return FAIL;
    if (nid < NID_undef) return throw(vm, ValueError, "NID must be positive.");
    Ref library = tls_library(vm);
    if (failed(library)) return FAIL;
    const Tls *tls = as_tls(library);
    ASN1_OBJECT *object = tls->OBJ_nid2obj(nid);
    tls->ERR_clear_error();
    Ref out = object ? object_tuple(vm, tls, object) : throw(vm, ValueError, "unknown NID %d", nid);
    if (object) tls->ASN1_OBJECT_free(object);
    decref(library);
    return out;
}

NATIVE(ssl_default_paths, "get_default_verify_paths()",
       "Return where the system's authorities are: (variable, file, variable, folder).")
{
    Ref library = tls_library(vm);
    if (failed(library)) return FAIL;
    const Tls *tls = as_tls(library);
    const char *texts[4] = {tls->X509_get_default_cert_file_env(),
                            tls->X509_get_default_cert_file(), tls->X509_get_default_cert_dir_env(),
                            tls->X509_get_default_cert_dir()};
    Ref tuple = tuple_new(vm, 4);
    for (int n = 0; !failed(tuple) && n < 4; n++) {
        Ref text = tls_text(vm, texts[n]);
        if (failed(text)) replace(&tuple, FAIL);
        else as_tuple(tuple)->items[n] = text;
    }
    decref(library);
    return tuple;
}

NATIVE(ssl_decode_cert, "_test_decode_cert(path, /)",
       "Return what getpeercert() would tell of the certificate in a PEM file.")
{
    Ref path = tls_path(vm, argv[0], NULL), library = failed(path) ? FAIL : tls_library(vm);
    Ref out = FAIL;
    if (!failed(library)) {
        const Tls *tls = as_tls(library);
        BIO *file = tls->BIO_new_file(as_bytes(path)->data, "rb");
        X509 *x509 = file ? tls->PEM_read_bio_X509(file, NULL, NULL, NULL) : NULL;
        if (!file) tls_throw(vm, tls, "Can't open file");
        else if (!x509) tls_throw(vm, tls, "Error decoding PEM-encoded file");
        else out = certificate_info(vm, tls, x509);
        if (x509) tls->X509_free(x509);
        if (file) tls->BIO_free(file);
        decref(library);
    }
    decref(path);
    return out;
}

/* ---- the module ---- */

static const TypeDef tls_type = {
    .name = "_ssl.Library",
    .doc = "OpenSSL.",
    .size = sizeof(Tls),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(Tls, error), REF(Tls, zero_return), REF(Tls, want_read), REF(Tls, want_write),
                 REF(Tls, syscall), REF(Tls, eof), REF(Tls, verification)),
};

/* (3, 0, 19, 0, 0): OpenSSL 3's own parts, with CPython's places for the old ones. */
static Ref version_tuple(Vm *vm, unsigned long number)
{
    Ref items[5] = {from_small(number >> 28 & 0xFF), from_small(number >> 20 & 0xFF),
                    from_small(number >> 12 & 0xFF), from_small(number >> 4 & 0xFF),
                    from_small(number & 0xF)};
    return tuple_from_refs(vm, 5, items);
}

static bool set_versions(Vm *vm, Value module, const Tls *tls)
{
    unsigned long number = tls->OpenSSL_version_num();
    return module_set(vm, module, "OPENSSL_VERSION_NUMBER", from_small((int64_t)number)) &&
           module_set(vm, module, "OPENSSL_VERSION_INFO", version_tuple(vm, number)) &&
           module_set(vm, module, "OPENSSL_VERSION",
                      tls_text(vm, tls->OpenSSL_version(OPENSSL_VERSION))) &&
           module_set(vm, module, "_OPENSSL_API_VERSION",
                      version_tuple(vm, OPENSSL_VERSION_NUMBER)) &&
           module_set(vm, module, "_DEFAULT_CIPHERS", str_from(vm, DEFAULT_CIPHERS));
}

static bool ssl_open(Vm *vm, Value module)
{
    Type *type = type_from_def(vm, &tls_type);
    Tls *tls = type ? type_instance(vm, type) : NULL;
    if (!tls) return false;
    if (tls_open(vm, tls) && take_classes(vm, tls, module) && set_versions(vm, module, tls) &&
        tls_add_constants(vm, module))
        return module_set(vm, module, "_library", from_object(tls));
    decref_object(tls);
    return false;
}

static const Native *const ssl_functions[] = {
    &ssl_rand_bytes_def, &ssl_rand_add_def,      &ssl_rand_status_def, &ssl_txt2obj_def,
    &ssl_nid2obj_def,    &ssl_default_paths_def, &ssl_decode_cert_def, NULL,
};
static const TypeDef *const ssl_types[] = {
    &memory_bio_type, &certificate_type, &session_type, &tls_context_type, &connection_type, NULL,
};
const ModuleDef _ssl_module = {
    .name = "_ssl",
    .doc = "TLS by OpenSSL, for module ssl.",
    .functions = ssl_functions,
    .types = ssl_types,
    .open = ssl_open,
};
