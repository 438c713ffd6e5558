/* _ssl_constants.c - the numbers of module _ssl.
 *
 * Neighbours: _ssl.h, ssl.aio (the enumerations made of them). */
/* SPDX-License-Identifier: MIT */
#include "_ssl.h"

typedef struct Constant {
    const char *name;
    uint64_t value;
} Constant;

#define N_(prefix, name, value)                                                                    \
    {                                                                                              \
        prefix #name, value                                                                        \
    }
#define OPTION(name)       N_("OP_", name, SSL_OP_##name)
#define ALERT(name)        N_("ALERT_DESCRIPTION_", name, SSL_AD_##name)
#define ERROR(name)        N_("SSL_ERROR_", name, SSL_ERROR_##name)
#define VERIFY(name, flag) N_("VERIFY_", name, flag)
#define HOST(name)         N_("HOSTFLAG_", name, X509_CHECK_FLAG_##name)

static const Constant constants[] = {
    {"CERT_NONE", 0},
    {"CERT_OPTIONAL", 1},
    {"CERT_REQUIRED", 2},
    {"PROTOCOL_SSLv23", PROTOCOL_TLS},
    {"PROTOCOL_TLS", PROTOCOL_TLS},
    {"PROTOCOL_TLSv1", PROTOCOL_TLSv1},
    {"PROTOCOL_TLSv1_1", PROTOCOL_TLSv1_1},
    {"PROTOCOL_TLSv1_2", PROTOCOL_TLSv1_2},
    {"PROTOCOL_TLS_CLIENT", PROTOCOL_TLS_CLIENT},
    {"PROTOCOL_TLS_SERVER", PROTOCOL_TLS_SERVER},
    {"PROTO_SSLv3", SSL3_VERSION},
    {"PROTO_TLSv1", TLS1_VERSION},
    {"PROTO_TLSv1_1", TLS1_1_VERSION},
    {"PROTO_TLSv1_2", TLS1_2_VERSION},
    {"PROTO_TLSv1_3", TLS1_3_VERSION},
    {"ENCODING_PEM", 1},
    {"ENCODING_DER", 2},
    ERROR(SSL),
    ERROR(WANT_READ),
    ERROR(WANT_WRITE),
    ERROR(WANT_X509_LOOKUP),
    ERROR(SYSCALL),
    ERROR(ZERO_RETURN),
    ERROR(WANT_CONNECT),
    {"SSL_ERROR_EOF", TLS_ERROR_EOF},
    {"SSL_ERROR_INVALID_ERROR_CODE", TLS_ERROR_INVALID},
    VERIFY(DEFAULT, 0),
    VERIFY(CRL_CHECK_LEAF, X509_V_FLAG_CRL_CHECK),
    VERIFY(CRL_CHECK_CHAIN, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL),
    VERIFY(X509_STRICT, X509_V_FLAG_X509_STRICT),
    VERIFY(ALLOW_PROXY_CERTS, X509_V_FLAG_ALLOW_PROXY_CERTS),
    VERIFY(X509_TRUSTED_FIRST, X509_V_FLAG_TRUSTED_FIRST),
    VERIFY(X509_PARTIAL_CHAIN, X509_V_FLAG_PARTIAL_CHAIN),
    {"OP_ALL", SSL_OP_ALL & ~SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS},
    OPTION(NO_SSLv2),
    OPTION(NO_SSLv3),
    OPTION(NO_TLSv1),
    OPTION(NO_TLSv1_1),
    OPTION(NO_TLSv1_2),
    OPTION(NO_TLSv1_3),
    OPTION(CIPHER_SERVER_PREFERENCE),
    OPTION(SINGLE_DH_USE),
    OPTION(NO_TICKET),
    OPTION(LEGACY_SERVER_CONNECT),
    OPTION(SINGLE_ECDH_USE),
    OPTION(NO_COMPRESSION),
    OPTION(ENABLE_MIDDLEBOX_COMPAT),
    OPTION(NO_RENEGOTIATION),
    OPTION(IGNORE_UNEXPECTED_EOF),
    OPTION(ENABLE_KTLS),
    HOST(ALWAYS_CHECK_SUBJECT),
    HOST(NEVER_CHECK_SUBJECT),
    HOST(NO_WILDCARDS),
    HOST(NO_PARTIAL_WILDCARDS),
    HOST(MULTI_LABEL_WILDCARDS),
    HOST(SINGLE_LABEL_SUBDOMAINS),
    ALERT(CLOSE_NOTIFY),
    ALERT(UNEXPECTED_MESSAGE),
    ALERT(BAD_RECORD_MAC),
    ALERT(RECORD_OVERFLOW),
    ALERT(DECOMPRESSION_FAILURE),
    ALERT(HANDSHAKE_FAILURE),
    ALERT(BAD_CERTIFICATE),
    ALERT(UNSUPPORTED_CERTIFICATE),
    ALERT(CERTIFICATE_REVOKED),
    ALERT(CERTIFICATE_EXPIRED),
    ALERT(CERTIFICATE_UNKNOWN),
    ALERT(ILLEGAL_PARAMETER),
    ALERT(UNKNOWN_CA),
    ALERT(ACCESS_DENIED),
    ALERT(DECODE_ERROR),
    ALERT(DECRYPT_ERROR),
    ALERT(PROTOCOL_VERSION),
    ALERT(INSUFFICIENT_SECURITY),
    ALERT(INTERNAL_ERROR),
    ALERT(USER_CANCELLED),
    ALERT(NO_RENEGOTIATION),
    ALERT(UNSUPPORTED_EXTENSION),
    ALERT(CERTIFICATE_UNOBTAINABLE),
    ALERT(UNRECOGNIZED_NAME),
    ALERT(BAD_CERTIFICATE_STATUS_RESPONSE),
    ALERT(BAD_CERTIFICATE_HASH_VALUE),
    ALERT(UNKNOWN_PSK_IDENTITY),
    {NULL, 0},
};

static const struct {
    const char *name;
    bool value;
} features[] = {
    {"HAS_SNI", true},     {"HAS_TLS_UNIQUE", true}, {"HAS_ECDH", true},    {"HAS_NPN", false},
    {"HAS_ALPN", true},    {"HAS_PSK", true},        {"HAS_PHA", true},     {"HAS_SSLv2", false},
    {"HAS_SSLv3", false},  {"HAS_TLSv1", true},      {"HAS_TLSv1_1", true}, {"HAS_TLSv1_2", true},
    {"HAS_TLSv1_3", true},
};

bool tls_add_constants(Vm *vm, Value module)
{
    for (const Constant *row = constants; row->name; row++)
        if (!module_set(vm, module, row->name, from_small((int64_t)row->value))) return false;
    for (size_t n = 0; n < sizeof features / sizeof *features; n++)
        if (!module_set(vm, module, features[n].name, from_bool(features[n].value))) return false;
    return module_set(vm, module, "PROTO_MINIMUM_SUPPORTED", from_small(LOWEST_VERSION)) &&
           module_set(vm, module, "PROTO_MAXIMUM_SUPPORTED", from_small(HIGHEST_VERSION));
}
