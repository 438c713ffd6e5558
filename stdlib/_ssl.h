/* _ssl.h - what the files of the module _ssl share.
 *
 * OpenSSL's libraries are opened when the module is imported, not linked: mapping them would double
 * the time that any script takes to start.  Their entry points (_ssl.def) are fields of the one Tls
 * object, which every object made here holds: tls->SSL_new(...).  OpenSSL never does I/O: a
 * Connection reads and writes memory BIOs, and for a socket _ssl_pump.c moves the records.  So no
 * call into OpenSSL blocks, all are made under the interpreter lock, and callbacks may run scripts.
 * Files: _ssl_error.c, _ssl_bio.c, _ssl_certificate.c, _ssl_cipher.c, _ssl_session.c,
 * _ssl_context.c, _ssl_load.c (keys and certificates), _ssl_callback.c, _ssl_connection.c,
 * _ssl_peer.c (what is known of the other side), _ssl_pump.c, _ssl_constants.c; _ssl.c is the
 * module. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_STDLIB_SSL_H
#define AIO_STDLIB_SSL_H

#include <errno.h>
#define OPENSSL_SUPPRESS_DEPRECATED /* TLSv1_method() and its like, for PROTOCOL_TLSv1 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "native.h"

/* What SSLError's first argument is besides OpenSSL's SSL_ERROR_* codes. */
enum { TLS_ERROR_EOF = 8, TLS_ERROR_INVALID = 10 };
enum { PROTOCOL_TLS = 2, PROTOCOL_TLSv1, PROTOCOL_TLSv1_1, PROTOCOL_TLSv1_2 };
enum { PROTOCOL_TLS_CLIENT = 16, PROTOCOL_TLS_SERVER = 17 };
enum { LOWEST_VERSION = -2, HIGHEST_VERSION = -1 };

#define DEFAULT_CIPHERS                                                                            \
    "@SECLEVEL=2:ECDH+AESGCM:ECDH+CHACHA20:ECDH+AES:DHE+AES:!aNULL:!eNULL:!aDSS:!SHA1:!AESCCM"

typedef struct Tls {
    Container head;
    Ref error, zero_return, want_read, want_write, syscall, eof, verification; /* classes */
#define FUNCTION(library, name) __typeof__(&name) name;
#include "_ssl.def"
} Tls;

typedef struct MemoryBio {
    Container head;
    Ref library;
    BIO *bio;
    bool eof; /* nothing more will be written */
} MemoryBio;

typedef struct TlsContext {
    Container head;
    Ref library;
    Ref on_server_name, on_message, on_psk_client, on_psk_server; /* callables or UNDEF */
    Ref protocols;    /* bytes: ALPN names as they are sent, or UNDEF */
    Ref keylog_name;  /* as it was given, or UNDEF */
    SSL_CTX *context; /* NULL: cleared */
    int protocol;     /* PROTOCOL_* */
    int keylog_fd;    /* -1: none */
    unsigned host_flags;
    bool check_hostname, post_handshake_auth;
} TlsContext;

typedef struct Connection {
    Container head;
    Ref library, context;
    Ref owner;  /* Weakref to the SSLSocket or SSLObject, or UNDEF */
    Ref socket; /* Weakref to the socket, or UNDEF: memory BIOs that a script fills and empties */
    Ref server_hostname;
    Ref trouble;      /* what a callback raised, or UNDEF */
    Ref late_error;   /* what came after the bytes that _read_all() has given, or UNDEF */
    SSL *ssl;         /* NULL: cleared */
    BIO *in, *out;    /* of ssl; borrowed */
    size_t unsent;    /* length of a write() whose record is not all sent yet; 0: none */
    size_t missing;   /* bytes of the record that is being received */
    uint8_t start[5]; /* of the next record: type, version, length */
    int start_len;
    bool server_side;
} Connection;

typedef struct Session {
    Container head;
    Ref library, context;
    SSL_SESSION *session;
} Session;

typedef struct Certificate {
    Container head;
    Ref library;
    X509 *x509;
} Certificate;

static inline const Tls *as_tls(Value v) { return (const Tls *)(const void *)as_object(v); }
static inline MemoryBio *as_memory_bio(Value v) { return (MemoryBio *)(void *)as_object(v); }
static inline TlsContext *as_tls_context(Value v) { return (TlsContext *)(void *)as_object(v); }
static inline Connection *as_connection(Value v) { return (Connection *)(void *)as_object(v); }

extern const TypeDef memory_bio_type, certificate_type, session_type, tls_context_type,
    connection_type;
bool tls_has_type(Vm *vm, Value v, const TypeDef *def);
Ref tls_library(Vm *vm); /* the Tls of this interpreter; owned */
bool tls_add_constants(Vm *vm, Value module);
bool tls_c_int(Vm *vm, Value v, int *number);
Ref tls_text(Vm *vm, const char *text); /* a str, None for NULL */
/* Bytes of a path-like object; TypeError with the message for anything else. */
Ref tls_path(Vm *vm, Value v, const char *message);

/* Errors.  The functions raise and give FAIL; the line goes into the text, as in CPython's. */
#define tls_queue_error(vm, tls) tls_queue_error_at(vm, tls, __LINE__)
Ref tls_queue_error_at(Vm *vm, const Tls *tls, int line); /* the last one OpenSSL recorded */
#define tls_throw(vm, tls, text) tls_throw_at(vm, tls, text, __LINE__)
Ref tls_throw_at(Vm *vm, const Tls *tls, const char *text, int line);
Ref tls_throw_plain(Vm *vm, const Tls *tls, const char *text); /* SSLError(text) */
/* What SSL_get_error() said of a call on self. */
Ref connection_throw(Vm *vm, const Connection *self, int code, int error_number, int line);

/* Certificates, ciphers, sessions. */
Ref certificate_info(Vm *vm, const Tls *tls, X509 *x509); /* dict */
Ref certificate_der(Vm *vm, const Tls *tls, X509 *x509);
Ref certificate_new(Vm *vm, Value library, X509 *x509); /* counts x509 once more */
Ref certificate_chain(Vm *vm, Value library, STACK_OF(X509) * chain);
Ref bio_bytes(Vm *vm, const Tls *tls, BIO *bio); /* all that is in it */
Ref bio_text(Vm *vm, const Tls *tls, BIO *bio);
Ref cipher_tuple(Vm *vm, const Tls *tls, const SSL_CIPHER *cipher); /* name, version, bits */
Ref cipher_list(Vm *vm, const Tls *tls, SSL_CTX *context);
Ref session_of(Vm *vm, const Connection *connection);
bool session_use(Vm *vm, Connection *connection, Value session);

/* Callbacks of a context. */
bool context_set_keylog(Vm *vm, TlsContext *self, Value name);
void context_drop_keylog(TlsContext *self);
bool context_set_message(Vm *vm, TlsContext *self, Value callback);
bool context_set_server_name(Vm *vm, TlsContext *self, Value callback);
extern const Native context_load_chain_def, context_load_locations_def, context_load_defaults_def,
    context_load_dh_def, context_store_stats_def, context_get_ca_certs_def, context_set_alpn_def,
    context_set_psk_client_def, context_set_psk_server_def;

/* Connections. */
Ref connection_new(Vm *vm, TlsContext *context, Value socket, MemoryBio *incoming,
                   MemoryBio *outgoing, bool server_side, Value hostname, Value owner,
                   Value session);
typedef int ConnectionStep(Connection *self, void *argument);
/* Makes an SSL call until it need not wait, as long as the socket's timeout allows; what: "read",
 * "write", "handshake" or "shutdown".  *code: what SSL_get_error() said of it, SSL_ERROR_NONE when
 * it succeeded. */
bool connection_run(Vm *vm, Connection *self, ConnectionStep *step, void *argument,
                    const char *what, int *code);
/* Sends what OpenSSL made, as long as the timeout allows. */
bool connection_flush(Vm *vm, Connection *self, const char *what);
extern const Native connection_getpeercert_def, connection_verified_chain_def,
    connection_unverified_chain_def, connection_cipher_def, connection_shared_ciphers_def,
    connection_version_def, connection_alpn_def, connection_compression_def, connection_binding_def;

#endif
