/* _ssl_error.c - OpenSSL's errors as exceptions.
 *
 * OpenSSL keeps a queue of errors for each thread; the last one words the exception and the queue
 * is emptied.  An error's reason and library are the names its header files give them.
 * Neighbours: _ssl.h, _ssl_exceptions.aio (the classes). */
/* SPDX-License-Identifier: MIT */
#include "_ssl.h"

#include <ctype.h>

enum { TEXT_MOST = 512, NAME_MOST = 128 };

static const struct {
    int number;
    const char *name;
} libraries[] = {
#define L(name)                                                                                    \
    {                                                                                              \
        ERR_LIB_##name, #name                                                                      \
    }
    L(ASN1), L(ASYNC), L(BIO), L(BN),   L(BUF), L(CMS),  L(COMP),   L(CONF),   L(CRYPTO),
    L(CT),   L(DH),    L(DSA), L(DSO),  L(EC),  L(EVP),  L(ENGINE), L(FIPS),   L(HMAC),
    L(KDF),  L(NONE),  L(OBJ), L(OCSP), L(PEM), L(PROV), L(PKCS12), L(RAND),   L(RSA),
    L(SM2),  L(SSL),   L(SYS), L(TS),   L(UI),  L(USER), L(X509),   L(X509V3), L(PKCS7),
};

static const char *library_name(int number)
{
    for (size_t n = 0; n < sizeof libraries / sizeof *libraries; n++)
        if (libraries[n].number == number) return libraries[n].name;
    return NULL;
}

/* "no start line" is NO_START_LINE; reasons that all libraries share have no name. */
static const char *reason_name(const Tls *tls, unsigned long code, char name[NAME_MOST])
{
    const char *text = tls->ERR_reason_error_string(code);
    if (!text || ERR_SYSTEM_ERROR(code) || (ERR_GET_REASON(code) & ERR_RFLAG_COMMON)) return NULL;
    size_t len = 0;
    for (; text[len] && len < NAME_MOST - 1; len++)
        name[len] =
            isalnum((unsigned char)text[len]) ? (char)toupper((unsigned char)text[len]) : '_';
    name[len] = 0;
    return name;
}

/* Why the certificate of the other side was refused. */
static void verification_text(const Connection *self, char out[TEXT_MOST])
{
    const Tls *tls = as_tls(self->library);
    long code = tls->SSL_get_verify_result(self->ssl);
    const char *host = is_str(self->server_hostname) ? as_str(self->server_hostname)->data : "";
    const char *text = tls->X509_verify_cert_error_string(code);
    if (code == X509_V_ERR_HOSTNAME_MISMATCH)
        snprintf(out, TEXT_MOST, "Hostname mismatch, certificate is not valid for '%s'.", host);
    else if (code == X509_V_ERR_IP_ADDRESS_MISMATCH)
        snprintf(out, TEXT_MOST, "IP address mismatch, certificate is not valid for '%s'.", host);
    else snprintf(out, TEXT_MOST, "%s", text ? text : "");
}

static bool set_text(Vm *vm, Value object, const char *name, const char *text)
{
    Ref key = str_interned(vm, name), value = text ? str_from(vm, text) : NONE;
    bool ok = !failed(key) && !failed(value) && attr_set(vm, object, key, value);
    decref(key);
    decref(value);
    return ok;
}

static bool set_verification(Vm *vm, Value error, const Connection *self, const char *text)
{
    long code = as_tls(self->library)->SSL_get_verify_result(self->ssl);
    Ref key = str_interned(vm, "verify_code");
    bool ok = !failed(key) && attr_set(vm, error, key, from_small(code)) &&
              set_text(vm, error, "verify_message", text);
    decref(key);
    return ok;
}

/* Raises class(number, text), with what the code says; self NULL: no certificate was looked at. */
static Ref throw_code(Vm *vm, const Tls *tls, Value class, int64_t number, const char *text,
                      unsigned long code, const Connection *self, int line)
{
    char whole[TEXT_MOST * 2], room[NAME_MOST], why[TEXT_MOST];
    const char *library = code ? library_name(ERR_GET_LIB(code)) : NULL;
    const char *reason = library ? reason_name(tls, code, room) : NULL;
    if (!text && code) text = tls->ERR_reason_error_string(code);
    if (!text) text = "unknown error";
    const char *between = self ? ": " : "";
    if (self) verification_text(self, why);
    else *why = 0;
    if (library && reason)
        snprintf(whole, sizeof whole, "[%s: %s] %s%s%s (_ssl.c:%d)", library, reason, text, between,
                 why, line);
    else if (library)
        snprintf(whole, sizeof whole, "[%s] %s%s%s (_ssl.c:%d)", library, text, between, why, line);
    else snprintf(whole, sizeof whole, "%s%s%s (_ssl.c:%d)", text, between, why, line);
    Ref message = str_from(vm, whole),
        error = failed(message) ? FAIL : call2(vm, class, from_small(number), message);
    decref(message);
    if (failed(error)) return FAIL;
    if (set_text(vm, error, "reason", reason) && set_text(vm, error, "library", library) &&
        (!self || set_verification(vm, error, self, why)))
        throw_object(vm, error);
    decref(error);
    return FAIL;
}

Ref tls_queue_error_at(Vm *vm, const Tls *tls, int line)
{
    unsigned long code = tls->ERR_peek_last_error();
    tls->ERR_clear_error();
    return throw_code(vm, tls, tls->error, ERR_GET_REASON(code), NULL, code, NULL, line);
}

Ref tls_throw_at(Vm *vm, const Tls *tls, const char *text, int line)
{
    tls->ERR_clear_error();
    return throw_code(vm, tls, tls->error, 0, text, 0, NULL, line);
}

Ref tls_throw_plain(Vm *vm, const Tls *tls, const char *text)
{
    tls->ERR_clear_error();
    Ref message = str_from(vm, text),
        error = failed(message) ? FAIL : call1(vm, tls->error, message);
    decref(message);
    if (failed(error)) return FAIL;
    throw_object(vm, error);
    decref(error);
    return FAIL;
}

/* SSL_ERROR_SSL and SSL_ERROR_SYSCALL: the queue says more. */
static Ref throw_failure(Vm *vm, const Connection *self, unsigned long code, int number, int line)
{
    const Tls *tls = as_tls(self->library);
    Value class = number == SSL_ERROR_SYSCALL ? tls->syscall : tls->error;
    if (ERR_GET_LIB(code) == ERR_LIB_SSL) {
        if (ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED)
            return throw_code(vm, tls, tls->verification, number, NULL, code, self, line);
        if (ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
            return throw_code(vm, tls, tls->eof, TLS_ERROR_EOF,
                              "EOF occurred in violation of protocol", code, NULL, line);
    }
    return throw_code(vm, tls, class, number, NULL, code, NULL, line);
}

Ref connection_throw(Vm *vm, const Connection *self, int code, int error_number, int line)
{
    const Tls *tls = as_tls(self->library);
    unsigned long queued = tls->ERR_peek_last_error();
    tls->ERR_clear_error();
    Value class = tls->error;
    const char *text = "Invalid error code";
    switch (code) {
    case SSL_ERROR_ZERO_RETURN:
        class = tls->zero_return;
        text = "TLS/SSL connection has been closed (EOF)";
        break;
    case SSL_ERROR_WANT_READ:
        class = tls->want_read;
        text = "The operation did not complete (read)";
        break;
    case SSL_ERROR_WANT_WRITE:
        class = tls->want_write;
        text = "The operation did not complete (write)";
        break;
    case SSL_ERROR_WANT_X509_LOOKUP: text = "The operation did not complete (X509 lookup)"; break;
    case SSL_ERROR_WANT_CONNECT: text = "The operation did not complete (connect)"; break;
    case SSL_ERROR_SYSCALL:
        if (queued) return throw_failure(vm, self, queued, code, line);
        if (error_number) return throw_errno(vm, error_number, UNDEF);
        class = tls->eof;
        code = TLS_ERROR_EOF;
        text = "EOF occurred in violation of protocol";
        break;
    case SSL_ERROR_SSL:
        if (queued) return throw_failure(vm, self, queued, code, line);
        text = "A failure in the SSL library occurred";
        break;
    default: code = TLS_ERROR_INVALID;
    }
    return throw_code(vm, tls, class, code, text, 0, NULL, line);
}
