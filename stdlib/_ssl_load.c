/* _ssl_load.c - a context's own certificate and key, and the certificates it trusts.
 *
 * Neighbours: _ssl.h, _ssl_context.c, _ssl_certificate.c. */
/* SPDX-License-Identifier: MIT */
#include "_ssl.h"

enum { PASSWORD_MOST = 1024 };

Ref tls_path(Vm *vm, Value v, const char *message)
{
    Ref path = newref(v);
    if (!is_str(v) && !is_bytes(v)) {
        Ref name = str_interned(vm, "__fspath__");
        replace(&path, failed(name) ? FAIL : call_special(vm, v, name, 0, NULL));
        decref(name);
        if (failed(path)) return FAIL;
        if (absent(path))
            return message ? throw(vm, TypeError, "%s", message)
                           : throw(vm, TypeError,
                                   "expected str, bytes or os.PathLike object, not %T", v);
    }
    char *owned = NULL;
    ptrdiff_t len = 0;
    const char *text = is_bytes(path) ? as_bytes(path)->data : NULL;
    if (text) len = as_bytes(path)->len;
    else if (is_str(path)) {
        text = str_utf8(vm, path, &len, &owned);
    } else throw(vm, TypeError, "%s", message ? message : "expected str or bytes");
    Ref bytes = FAIL;
    if (text && strlen(text) != (size_t)len) throw(vm, ValueError, "embedded null byte");
    else if (text) bytes = bytes_from(vm, text, len);
    memory_free(owned);
    decref(path);
    return bytes;
}

/* What a call that reads a file failed of: errno, or OpenSSL's queue. */
static Ref file_error(Vm *vm, const Tls *tls, int error_number, int line)
{
    if (!error_number) return tls_queue_error_at(vm, tls, line);
    tls->ERR_clear_error();
    return throw_errno(vm, error_number, UNDEF);
}

/* ---- load_cert_chain() ---- */

typedef struct Password {
    Vm *vm;
    Value given;
    bool raised;
} Password;

/* Copies a password, or what the callable gives; -1: raised. */
static int copy_password(Vm *vm, Value given, bool called, char *out, int room)
{
    Buffer buffer;
    char *owned = NULL;
    int len = -1;
    if (is_str(given)) {
        ptrdiff_t size;
        const char *text = str_utf8(vm, given, &size, &owned);
        if (!text) return -1;
        buffer = (Buffer){.data = (char *)text, .len = size};
    } else if (!type_of(vm, given)->slots.buffer) {
        throw(vm, TypeError,
              called ? "password callback must return a string"
                     : "password should be a string or callable");
        return -1;
    } else if (!buffer_get(vm, given, &buffer, false)) {
        return -1;
    }
    if (buffer.len > PASSWORD_MOST || buffer.len > room) {
        throw(vm, ValueError, "password cannot be longer than %d bytes", PASSWORD_MOST);
    } else {
        memcpy(out, buffer.data, (size_t)buffer.len);
        len = (int)buffer.len;
    }
    if (!is_str(given)) buffer_release(vm, &buffer);
    memory_free(owned);
    return len;
}

static int give_password(char *out, int room, int writing __attribute__((unused)), void *argument)
{
    Password *password = argument;
    Vm *vm = password->vm;
    if (password->raised) return -1;
    int len;
    if (type_of(vm, password->given)->slots.call) {
        Ref made = call0(vm, password->given);
        len = failed(made) ? -1 : copy_password(vm, made, true, out, room);
        decref(made);
    } else {
        len = copy_password(vm, password->given, false, out, room);
    }
    password->raised = len < 0;
    return len;
}

/* The certificates of one file, the key of the other. */
static bool use_files(Vm *vm, const TlsContext *self, const char *chain, const char *key,
                      const Password *password)
{
    const Tls *tls = as_tls(self->library);
    errno = 0;
    if (tls->SSL_CTX_use_certificate_chain_file(self->context, chain) != 1) {
        if (!password->raised) file_error(vm, tls, errno, __LINE__);
        return false;
    }
    errno = 0;
    if (tls->SSL_CTX_use_PrivateKey_file(self->context, key, SSL_FILETYPE_PEM) != 1) {
        if (!password->raised) file_error(vm, tls, errno, __LINE__);
        return false;
    }
    if (tls->SSL_CTX_check_private_key(self->context) == 1) return true;
    tls_queue_error(vm, tls);
    return false;
}

SHARED_NATIVE(
    context_load_chain, "load_cert_chain(self, certfile, keyfile=None, password=None)",
    "Use the certificate of a PEM file, those it rests on behind it, and its private key.\n"
    "password: str, bytes or a function that returns one.")
{
    const TlsContext *self = as_tls_context(argv[0]);
    const Tls *tls = as_tls(self->library);
    Ref chain = tls_path(vm, argv[1], "certfile should be a valid filesystem path"), key = FAIL;
    if (!failed(chain))
        key = is_none(argv[2]) ? newref(chain)
                               : tls_path(vm, argv[2], "keyfile should be a valid filesystem path");
    Password password = {.vm = vm, .given = argv[3]};
    bool ok = !failed(key);
    if (ok && !is_none(argv[3]) && !is_str(argv[3]) && !type_of(vm, argv[3])->slots.call &&
        !type_of(vm, argv[3])->slots.buffer) {
        throw(vm, TypeError, "password should be a string or callable");
        ok = false;
    }
    if (ok) {
        if (!is_none(argv[3])) {
            tls->SSL_CTX_set_default_passwd_cb(self->context, give_password);
            tls->SSL_CTX_set_default_passwd_cb_userdata(self->context, &password);
        }
        ok = use_files(vm, self, as_bytes(chain)->data, as_bytes(key)->data, &password);
        tls->ERR_clear_error();
        tls->SSL_CTX_set_default_passwd_cb(self->context, NULL);
        tls->SSL_CTX_set_default_passwd_cb_userdata(self->context, NULL);
    }
    decref(chain);
    decref(key);
    return ok ? NONE : FAIL;
}

/* ---- load_verify_locations() ---- */

static bool add_trusted(const Tls *tls, X509_STORE *store, X509 *x509)
{
    if (tls->X509_STORE_add_cert(store, x509)) return true;
    unsigned long code = tls->ERR_peek_last_error();
    if (ERR_GET_LIB(code) != ERR_LIB_X509 ||
        ERR_GET_REASON(code) != X509_R_CERT_ALREADY_IN_HASH_TABLE)
        return false;
    tls->ERR_clear_error();
    return true;
}

static int no_password(char *out __attribute__((unused)), int room __attribute__((unused)),
                       int writing __attribute__((unused)), void *argument __attribute__((unused)))
{
    return 0;
}

/* All certificates of a text (PEM) or of bytes (DER), one after the other. */
static bool trust_data(Vm *vm, const TlsContext *self, const Buffer *data, bool pem)
{
    const Tls *tls = as_tls(self->library);
    if (data->len <= 0) return throw(vm, ValueError, "Empty certificate data"), false;
    if (data->len > INT32_MAX)
        return throw(vm, OverflowError, "Certificate data is too long."), false;
    BIO *bio = tls->BIO_new_mem_buf(data->data, (int)data->len);
    if (!bio) return throw_no_memory(vm), false;
    X509_STORE *store = tls->SSL_CTX_get_cert_store(self->context);
    int count = 0;
    bool good = true, ended = false;
    while (good && !ended) {
        X509 *x509 = pem ? tls->PEM_read_bio_X509(bio, NULL, no_password, NULL)
                         : tls->d2i_X509_bio(bio, NULL);
        if (!x509) break;
        good = add_trusted(tls, store, x509);
        tls->X509_free(x509);
        count++;
        ended = tls->BIO_ctrl_pending(bio) == 0;
    }
    unsigned long code = tls->ERR_peek_last_error();
    if (pem && good && ERR_GET_LIB(code) == ERR_LIB_PEM) /* text that follows is no matter */
        ended = ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
    tls->BIO_free(bio);
    if (count && good && ended) return tls->ERR_clear_error(), true;
    if (good && !count)
        tls_throw(vm, tls,
                  pem ? "no start line: cadata does not contain a certificate"
                      : "not enough data: cadata does not contain a certificate");
    else tls_queue_error(vm, tls);
    return false;
}

static bool trust_value(Vm *vm, const TlsContext *self, Value data)
{
    Buffer buffer;
    if (is_str(data) && as_str(data)->ascii) {
        buffer = (Buffer){.data = as_str(data)->data, .len = as_str(data)->len};
        return trust_data(vm, self, &buffer, true);
    }
    if (is_str(data) || !type_of(vm, data)->slots.buffer) {
        throw(vm, TypeError, "cadata should be an ASCII string or a bytes-like object");
        return false;
    }
    if (!buffer_get(vm, data, &buffer, false)) return false;
    bool ok = trust_data(vm, self, &buffer, false);
    buffer_release(vm, &buffer);
    return ok;
}

/* Reading a long file takes its time: the interpreter lock is let go meanwhile. */
static bool trust_files(Vm *vm, const TlsContext *self, Value file, Value folder)
{
    const Tls *tls = as_tls(self->library);
    const char *file_name = absent(file) ? NULL : as_bytes(file)->data;
    const char *folder_name = absent(folder) ? NULL : as_bytes(folder)->data;
    gil_release(vm);
    errno = 0;
    int good = tls->SSL_CTX_load_verify_locations(self->context, file_name, folder_name);
    int error_number = errno;
    gil_acquire(vm);
    if (good == 1) return true;
    file_error(vm, tls, error_number, __LINE__);
    return false;
}

SHARED_NATIVE(context_load_locations,
              "load_verify_locations(self, cafile=None, capath=None, cadata=None)",
              "Trust the certificates of a PEM file, of a folder, or those given: str (PEM) or "
              "bytes (DER).")
{
    const TlsContext *self = as_tls_context(argv[0]);
    if (is_none(argv[1]) && is_none(argv[2]) && is_none(argv[3]))
        return throw(vm, TypeError, "cafile, capath and cadata cannot be all omitted");
    Ref file = UNDEF, folder = UNDEF;
    if (!is_none(argv[1])) file = tls_path(vm, argv[1], "cafile should be a valid filesystem path");
    if (!failed(file) && !is_none(argv[2]))
        folder = tls_path(vm, argv[2], "capath should be a valid filesystem path");
    bool ok = !failed(file) && !failed(folder) &&
              (is_none(argv[3]) || trust_value(vm, self, argv[3])) &&
              ((absent(file) && absent(folder)) || trust_files(vm, self, file, folder));
    decref(file);
    decref(folder);
    return ok ? NONE : FAIL;
}

SHARED_NATIVE(context_load_defaults, "set_default_verify_paths(self, /)",
              "Trust what the system trusts.")
{
    const TlsContext *self = as_tls_context(argv[0]);
    const Tls *tls = as_tls(self->library);
    gil_release(vm);
    int good = tls->SSL_CTX_set_default_verify_paths(self->context);
    gil_acquire(vm);
    return good ? NONE : tls_queue_error(vm, tls);
}

SHARED_NATIVE(context_load_dh, "load_dh_params(self, path, /)",
              "Use the parameters for Diffie-Hellman key exchange of a PEM file.")
{
    const TlsContext *self = as_tls_context(argv[0]);
    const Tls *tls = as_tls(self->library);
    Ref path = tls_path(vm, argv[1], NULL);
    if (failed(path)) return FAIL;
    errno = 0;
    BIO *file = tls->BIO_new_file(as_bytes(path)->data, "rb");
    decref(path);
    if (!file) {
        int error_number = errno;
        tls->ERR_clear_error();
        return throw_errno(vm, error_number, argv[1]);
    }
    DH *parameters = tls->PEM_read_bio_DHparams(file, NULL, NULL, NULL);
    tls->BIO_free(file);
    if (!parameters) return tls_queue_error(vm, tls);
    long good = tls->SSL_CTX_ctrl(self->context, SSL_CTRL_SET_TMP_DH, 0, parameters);
    tls->DH_free(parameters);
    return good ? NONE : tls_queue_error(vm, tls);
}

/* ---- what is trusted ---- */

SHARED_NATIVE(context_store_stats, "cert_store_stats(self, /)",
              "Return how many certificates, revocation lists and authorities are loaded, a dict.")
{
    const TlsContext *self = as_tls_context(argv[0]);
    const Tls *tls = as_tls(self->library);
    OPENSSL_STACK *objects =
        (OPENSSL_STACK *)tls->X509_STORE_get0_objects(tls->SSL_CTX_get_cert_store(self->context));
    int certificates = 0, lists = 0, authorities = 0;
    for (int n = 0; n < tls->OPENSSL_sk_num(objects); n++) {
        const X509_OBJECT *one = tls->OPENSSL_sk_value(objects, n);
        X509_LOOKUP_TYPE type = tls->X509_OBJECT_get_type(one);
        lists += type == X509_LU_CRL;
        if (type != X509_LU_X509) continue;
        certificates++;
        authorities += tls->X509_check_ca(tls->X509_OBJECT_get0_X509(one)) != 0;
    }
    Ref dict = dict_new(vm);
    if (failed(dict)) return FAIL;
    if (dict_set_text(vm, as_dict(dict), "x509", from_small(certificates)) &&
        dict_set_text(vm, as_dict(dict), "crl", from_small(lists)) &&
        dict_set_text(vm, as_dict(dict), "x509_ca", from_small(authorities)))
        return dict;
    decref(dict);
    return FAIL;
}

SHARED_NATIVE(context_get_ca_certs, "get_ca_certs(self, binary_form=False)",
              "Return a list of the authorities loaded: dicts, or bytes of DER.")
{
    const TlsContext *self = as_tls_context(argv[0]);
    const Tls *tls = as_tls(self->library);
    Truth binary = value_truth(vm, argv[1]);
    if (binary == FAILED) return FAIL;
    OPENSSL_STACK *objects =
        (OPENSSL_STACK *)tls->X509_STORE_get0_objects(tls->SSL_CTX_get_cert_store(self->context));
    Ref list = list_new(vm, 0);
    for (int n = 0; !failed(list) && n < tls->OPENSSL_sk_num(objects); n++) {
        const X509_OBJECT *one = tls->OPENSSL_sk_value(objects, n);
        if (tls->X509_OBJECT_get_type(one) != X509_LU_X509) continue;
        X509 *x509 = tls->X509_OBJECT_get0_X509(one);
        if (!tls->X509_check_ca(x509)) continue;
        Ref item = binary ? certificate_der(vm, tls, x509) : certificate_info(vm, tls, x509);
        if (failed(item) || !list_push(vm, as_list(list), item)) replace(&list, FAIL);
    }
    return list;
}
