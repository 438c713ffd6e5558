/* _ssl_context.c - class _SSLContext: what connections have in common, ssl.SSLContext's base.
 *
 * Neighbours: _ssl.h, _ssl_load.c (keys, certificates), _ssl_callback.c, _ssl_cipher.c. */
/* SPDX-License-Identifier: MIT */
#include "_ssl.h"

#include <unistd.h>

/* ---- making one ---- */

static const SSL_METHOD *method_of(const Tls *tls, int protocol)
{
    switch (protocol) {
    case PROTOCOL_TLS: return tls->TLS_method();
    case PROTOCOL_TLSv1: return tls->TLSv1_method();
    case PROTOCOL_TLSv1_1: return tls->TLSv1_1_method();
    case PROTOCOL_TLSv1_2: return tls->TLSv1_2_method();
    case PROTOCOL_TLS_CLIENT: return tls->TLS_client_method();
    case PROTOCOL_TLS_SERVER: return tls->TLS_server_method();
    default: return NULL;
    }
}

static bool has_fixed_version(const TlsContext *self)
{
    return self->protocol > PROTOCOL_TLS && self->protocol <= PROTOCOL_TLSv1_2;
}

static bool set_version(const Tls *tls, SSL_CTX *context, int command, int version)
{
    return tls->SSL_CTX_ctrl(context, command, version, NULL) == 1;
}

static bool context_prepare(Vm *vm, TlsContext *self)
{
    const Tls *tls = as_tls(self->library);
    SSL_CTX *context = self->context;
    self->check_hostname = self->protocol == PROTOCOL_TLS_CLIENT;
    int verify = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    tls->SSL_CTX_set_verify(context, self->check_hostname ? verify : SSL_VERIFY_NONE, NULL);
    tls->SSL_CTX_set_options(context, (SSL_OP_ALL & ~SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS) |
                                          SSL_OP_NO_SSLv3 | SSL_OP_NO_COMPRESSION |
                                          SSL_OP_CIPHER_SERVER_PREFERENCE);
    tls->SSL_CTX_ctrl(context, SSL_CTRL_MODE, SSL_MODE_RELEASE_BUFFERS, NULL);
    if (self->protocol != PROTOCOL_TLS_CLIENT) { /* whose sessions a server takes up again */
        static const unsigned char name[] = "Python";
        tls->SSL_CTX_set_session_id_context(context, name, sizeof name - 1);
    }
    X509_VERIFY_PARAM *rules = tls->SSL_CTX_get0_param(context);
    tls->X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_TRUSTED_FIRST);
    self->host_flags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
    tls->X509_VERIFY_PARAM_set_hostflags(rules, self->host_flags);
    tls->SSL_CTX_set_post_handshake_auth(context, 0);
    if ((has_fixed_version(self) ||
         set_version(tls, context, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION)) &&
        tls->SSL_CTX_set_cipher_list(context, DEFAULT_CIPHERS))
        return true;
    tls_queue_error(vm, tls);
    return false;
}

NATIVE(context_make, "_SSLContext(cls, protocol, /)", "Make a context for a PROTOCOL_* number.")
{
    int protocol;
    if (!tls_c_int(vm, argv[1], &protocol)) return FAIL;
    Ref library = tls_library(vm);
    if (failed(library)) return FAIL;
    const Tls *tls = as_tls(library);
    const SSL_METHOD *method = method_of(tls, protocol);
    TlsContext *self = NULL;
    if (!method) throw(vm, ValueError, "invalid or unsupported protocol version %d", protocol);
    else self = type_instance(vm, as_type(argv[0]));
    if (!self) {
        decref(library);
        return FAIL;
    }
    self->library = library;
    self->protocol = protocol;
    self->keylog_fd = -1;
    self->context = tls->SSL_CTX_new(method);
    if (!self->context) tls_queue_error(vm, tls);
    else if (context_prepare(vm, self)) return from_object(self);
    decref_object(self);
    return FAIL;
}

static Connection *new_connection(Vm *vm, Value *argv, Value socket, MemoryBio *bios[2],
                                  Value *more)
{
    Truth server = value_truth(vm, more[0]);
    if (server == FAILED) return NULL;
    Ref made = connection_new(vm, as_tls_context(argv[0]), socket, bios ? bios[0] : NULL,
                              bios ? bios[1] : NULL, server == YES, more[1], more[2], more[3]);
    return failed(made) ? NULL : as_connection(made);
}

NATIVE(context_wrap_socket,
       "_wrap_socket(self, sock, server_side, server_hostname=None, *, owner=None, session=None)",
       "Return the connection over a socket.")
{
    if (!is_kind(argv[1], KIND_SOCKET))
        return throw(vm, TypeError, "_wrap_socket() argument 'sock' must be _socket.socket, not %A",
                     argv[1]);
    Connection *made = new_connection(vm, argv, argv[1], NULL, argv + 2);
    return made ? from_object(made) : FAIL;
}

NATIVE(context_wrap_bio,
       "_wrap_bio(self, incoming, outgoing, server_side, server_hostname=None, *, owner=None, "
       "session=None)",
       "Return the connection over two MemoryBIOs.")
{
    for (int n = 1; n < 3; n++)
        if (!tls_has_type(vm, argv[n], &memory_bio_type))
            return throw(vm, TypeError, "_wrap_bio() argument '%s' must be _ssl.MemoryBIO, not %A",
                         n == 1 ? "incoming" : "outgoing", argv[n]);
    MemoryBio *bios[2] = {as_memory_bio(argv[1]), as_memory_bio(argv[2])};
    Connection *made = new_connection(vm, argv, UNDEF, bios, argv + 3);
    return made ? from_object(made) : FAIL;
}

/* ---- ciphers and curves ---- */

NATIVE(context_set_ciphers, "set_ciphers(self, cipherlist, /)",
       "Set which ciphers TLS 1.2 and older may use, in OpenSSL's notation.\n"
       "Raises SSLError when none is left.")
{
    const TlsContext *self = as_tls_context(argv[0]);
    const Tls *tls = as_tls(self->library);
    if (!is_str(argv[1]))
        return throw(vm, TypeError, "set_ciphers() argument must be str, not %A", argv[1]);
    char *owned = NULL;
    const char *text = str_utf8(vm, argv[1], NULL, &owned);
    if (!text) return FAIL;
    int good = tls->SSL_CTX_set_cipher_list(self->context, text);
    memory_free(owned);
    return good ? NONE : tls_throw_plain(vm, tls, "No cipher can be selected.");
}

NATIVE(context_get_ciphers, "get_ciphers(self, /)",
       "Return a list of dicts, the ciphers that may be used, best first.")
{
    const TlsContext *self = as_tls_context(argv[0]);
    return cipher_list(vm, as_tls(self->library), self->context);
}

NATIVE(context_set_ecdh_curve, "set_ecdh_curve(self, name, /)",
       "Let keys be exchanged over the curve of that name only, as 'prime256v1'.\n"
       "Raises ValueError for an unknown name.")
{
    const TlsContext *self = as_tls_context(argv[0]);
    const Tls *tls = as_tls(self->library);
    Ref bytes = tls_path(vm, argv[1], NULL);
    if (failed(bytes)) return FAIL;
    int nid = tls->OBJ_sn2nid(as_bytes(bytes)->data);
    decref(bytes);
    if (nid == NID_undef) return throw(vm, ValueError, "unknown elliptic curve name %R", argv[1]);
    return tls->SSL_CTX_ctrl(self->context, SSL_CTRL_SET_GROUPS, 1, &nid) == 1
               ? NONE
               : tls_queue_error(vm, tls);
}

/* ---- counting ---- */

NATIVE(context_session_stats, "session_stats(self, /)",
       "Return a dict of counts: handshakes, sessions kept and sessions found again.")
{
    static const struct {
        const char *name;
        int command;
    } rows[] = {
        {"number", SSL_CTRL_SESS_NUMBER},
        {"connect", SSL_CTRL_SESS_CONNECT},
        {"connect_good", SSL_CTRL_SESS_CONNECT_GOOD},
        {"connect_renegotiate", SSL_CTRL_SESS_CONNECT_RENEGOTIATE},
        {"accept", SSL_CTRL_SESS_ACCEPT},
        {"accept_good", SSL_CTRL_SESS_ACCEPT_GOOD},
        {"accept_renegotiate", SSL_CTRL_SESS_ACCEPT_RENEGOTIATE},
        {"hits", SSL_CTRL_SESS_HIT},
        {"misses", SSL_CTRL_SESS_MISSES},
        {"timeouts", SSL_CTRL_SESS_TIMEOUTS},
        {"cache_full", SSL_CTRL_SESS_CACHE_FULL},
    };
    const TlsContext *self = as_tls_context(argv[0]);
    Ref dict = dict_new(vm);
    for (size_t n = 0; !failed(dict) && n < sizeof rows / sizeof *rows; n++) {
        long count = as_tls(self->library)->SSL_CTX_ctrl(self->context, rows[n].command, 0, NULL);
        if (!dict_set_text(vm, as_dict(dict), rows[n].name, from_small(count)))
            replace(&dict, FAIL);
    }
    return dict;
}

/* ---- attributes ---- */

static bool no_delete(Vm *vm, Value value)
{
    if (!absent(value)) return true;
    throw(vm, AttributeError, "cannot delete attribute");
    return false;
}

/* An unsigned number of up to 64 bits, for flags. */
static bool flags_from(Vm *vm, Value value, uint64_t *flags)
{
    if (!no_delete(vm, value)) return false;
    if (!is_any_int(value)) {
        throw(vm, TypeError, "argument must be int, not %A", value);
        return false;
    }
    int overflow = 0;
    int64_t number = int_value(value, &overflow);
    if (int_sign(value) < 0) throw(vm, OverflowError, "can't convert negative int to unsigned");
    else if (overflow) throw(vm, OverflowError, "int too big to convert");
    *flags = (uint64_t)number;
    return int_sign(value) >= 0 && !overflow;
}

static Ref get_check_hostname(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_tls_context(self)->check_hostname);
}
static bool set_check_hostname(Vm *vm, Value v, Value value)
{
    TlsContext *self = as_tls_context(v);
    const Tls *tls = as_tls(self->library);
    Truth on = no_delete(vm, value) ? value_truth(vm, value) : FAILED;
    if (on == FAILED) return false;
    if (on && tls->SSL_CTX_get_verify_mode(self->context) == SSL_VERIFY_NONE)
        tls->SSL_CTX_set_verify(self->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                                NULL);
    self->check_hostname = on == YES;
    return true;
}

static Ref get_verify_mode(Vm *vm __attribute__((unused)), Value v)
{
    const TlsContext *self = as_tls_context(v);
    int mode = as_tls(self->library)->SSL_CTX_get_verify_mode(self->context);
    return from_small(!(mode & SSL_VERIFY_PEER)                ? 0
                      : mode & SSL_VERIFY_FAIL_IF_NO_PEER_CERT ? 2
                                                               : 1);
}
static bool set_verify_mode(Vm *vm, Value v, Value value)
{
    TlsContext *self = as_tls_context(v);
    int mode;
    if (!no_delete(vm, value) || !tls_c_int(vm, value, &mode)) return false;
    if (mode < 0 || mode > 2) {
        throw(vm, ValueError, "invalid value for verify_mode");
        return false;
    }
    if (!mode && self->check_hostname) {
        throw(vm, ValueError,
              "Cannot set verify_mode to CERT_NONE when check_hostname is enabled.");
        return false;
    }
    static const int modes[] = {SSL_VERIFY_NONE, SSL_VERIFY_PEER,
                                SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT};
    as_tls(self->library)->SSL_CTX_set_verify(self->context, modes[mode], NULL);
    return true;
}

static Ref get_verify_flags(Vm *vm, Value v)
{
    const TlsContext *self = as_tls_context(v);
    const Tls *tls = as_tls(self->library);
    return from_uint64(vm,
                       tls->X509_VERIFY_PARAM_get_flags(tls->SSL_CTX_get0_param(self->context)));
}
static bool set_verify_flags(Vm *vm, Value v, Value value)
{
    const TlsContext *self = as_tls_context(v);
    const Tls *tls = as_tls(self->library);
    uint64_t flags;
    if (!flags_from(vm, value, &flags)) return false;
    X509_VERIFY_PARAM *rules = tls->SSL_CTX_get0_param(self->context);
    unsigned long old = tls->X509_VERIFY_PARAM_get_flags(rules);
    if (tls->X509_VERIFY_PARAM_clear_flags(rules, old & ~flags) &&
        tls->X509_VERIFY_PARAM_set_flags(rules, flags & ~old))
        return true;
    tls_queue_error(vm, tls);
    return false;
}

static Ref get_host_flags(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_tls_context(self)->host_flags);
}
static bool set_host_flags(Vm *vm, Value v, Value value)
{
    TlsContext *self = as_tls_context(v);
    const Tls *tls = as_tls(self->library);
    int flags;
    if (!no_delete(vm, value) || !tls_c_int(vm, value, &flags)) return false;
    self->host_flags = (unsigned)flags;
    tls->X509_VERIFY_PARAM_set_hostflags(tls->SSL_CTX_get0_param(self->context), self->host_flags);
    return true;
}

static Ref get_options(Vm *vm, Value v)
{
    const TlsContext *self = as_tls_context(v);
    return from_uint64(vm, as_tls(self->library)->SSL_CTX_get_options(self->context));
}
static bool set_options(Vm *vm, Value v, Value value)
{
    const TlsContext *self = as_tls_context(v);
    const Tls *tls = as_tls(self->library);
    uint64_t options, old = tls->SSL_CTX_get_options(self->context);
    if (!flags_from(vm, value, &options)) return false;
    uint64_t outdated = SSL_OP_NO_SSLv3 | SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 | SSL_OP_NO_TLSv1_2 |
                        SSL_OP_NO_TLSv1_3;
    if ((options & ~old & outdated) &&
        !warn(vm, DeprecationWarning, 2, "ssl.OP_NO_SSL*/ssl.OP_NO_TLS* options are deprecated"))
        return false;
    tls->SSL_CTX_clear_options(self->context, old & ~options);
    tls->SSL_CTX_set_options(self->context, options & ~old);
    return true;
}

/* Versions: 0x301 is TLS 1.0; OpenSSL's 0, no limit, is LOWEST_VERSION or HIGHEST_VERSION. */
static Ref get_version(Value v, int command, int none)
{
    const TlsContext *self = as_tls_context(v);
    long version = as_tls(self->library)->SSL_CTX_ctrl(self->context, command, 0, NULL);
    return from_small(version ? version : none);
}
static Ref get_minimum(Vm *vm __attribute__((unused)), Value self)
{
    return get_version(self, SSL_CTRL_GET_MIN_PROTO_VERSION, LOWEST_VERSION);
}
static Ref get_maximum(Vm *vm __attribute__((unused)), Value self)
{
    return get_version(self, SSL_CTRL_GET_MAX_PROTO_VERSION, HIGHEST_VERSION);
}

static const char *version_name(int version)
{
    return version == SSL3_VERSION     ? "SSLv3"
           : version == TLS1_VERSION   ? "TLSv1"
           : version == TLS1_1_VERSION ? "TLSv1_1"
                                       : NULL;
}

static bool change_version(Vm *vm, Value v, Value value, int command)
{
    const TlsContext *self = as_tls_context(v);
    bool least = command == SSL_CTRL_SET_MIN_PROTO_VERSION;
    int version;
    if (!no_delete(vm, value) || !tls_c_int(vm, value, &version)) return false;
    if (has_fixed_version(self)) {
        throw(vm, ValueError,
              "The context's protocol doesn't support modification of highest and "
              "lowest version.");
        return false;
    }
    const char *old = version_name(version);
    if (old && !warn(vm, DeprecationWarning, 2, "ssl.TLSVersion.%s is deprecated", old))
        return false;
    int wanted = version;
    if (version == LOWEST_VERSION) wanted = least ? 0 : TLS1_VERSION;
    else if (version == HIGHEST_VERSION) wanted = least ? TLS1_3_VERSION : 0;
    else if (version < SSL3_VERSION || version > TLS1_3_VERSION) {
        throw(vm, ValueError, "Unsupported TLS/SSL version 0x%x", (unsigned)version);
        return false;
    }
    if (set_version(as_tls(self->library), self->context, command, wanted)) return true;
    as_tls(self->library)->ERR_clear_error();
    throw(vm, ValueError, "Unsupported protocol version 0x%x", (unsigned)version);
    return false;
}
static bool set_minimum(Vm *vm, Value self, Value value)
{
    return change_version(vm, self, value, SSL_CTRL_SET_MIN_PROTO_VERSION);
}
static bool set_maximum(Vm *vm, Value self, Value value)
{
    return change_version(vm, self, value, SSL_CTRL_SET_MAX_PROTO_VERSION);
}

static Ref get_num_tickets(Vm *vm, Value v)
{
    const TlsContext *self = as_tls_context(v);
    return from_uint64(vm, as_tls(self->library)->SSL_CTX_get_num_tickets(self->context));
}
static bool set_num_tickets(Vm *vm, Value v, Value value)
{
    const TlsContext *self = as_tls_context(v);
    int count;
    if (!no_delete(vm, value) || !tls_c_int(vm, value, &count)) return false;
    if (count < 0) throw(vm, ValueError, "value must be non-negative");
    else if (self->protocol != PROTOCOL_TLS_SERVER)
        throw(vm, ValueError, "SSLContext is not a server context.");
    else if (as_tls(self->library)->SSL_CTX_set_num_tickets(self->context, (size_t)count))
        return true;
    else throw(vm, ValueError, "failed to set num tickets.");
    return false;
}

static Ref get_post_handshake_auth(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_tls_context(self)->post_handshake_auth);
}
static bool set_post_handshake_auth(Vm *vm, Value self, Value value)
{
    Truth on = no_delete(vm, value) ? value_truth(vm, value) : FAILED;
    if (on == FAILED) return false;
    as_tls_context(self)->post_handshake_auth = on == YES; /* connections are told (later) */
    return true;
}

static Ref get_protocol(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_tls_context(self)->protocol);
}
static Ref get_security_level(Vm *vm __attribute__((unused)), Value v)
{
    const TlsContext *self = as_tls_context(v);
    return from_small(as_tls(self->library)->SSL_CTX_get_security_level(self->context));
}

static Ref or_none(Value v) { return absent(v) ? NONE : newref(v); }
static Ref get_keylog(Vm *vm __attribute__((unused)), Value self)
{
    return or_none(as_tls_context(self)->keylog_name);
}
static bool set_keylog(Vm *vm, Value self, Value value)
{
    return no_delete(vm, value) && context_set_keylog(vm, as_tls_context(self), value);
}
static Ref get_message(Vm *vm __attribute__((unused)), Value self)
{
    return or_none(as_tls_context(self)->on_message);
}
static bool set_message(Vm *vm, Value self, Value value)
{
    return no_delete(vm, value) && context_set_message(vm, as_tls_context(self), value);
}
static Ref get_server_name(Vm *vm __attribute__((unused)), Value self)
{
    return or_none(as_tls_context(self)->on_server_name);
}
static bool set_server_name(Vm *vm, Value self, Value value)
{
    return no_delete(vm, value) && context_set_server_name(vm, as_tls_context(self), value);
}

/* ---- the type ---- */

static void context_clear(Object *object)
{
    TlsContext *self = (TlsContext *)object;
    if (self->context) as_tls(self->library)->SSL_CTX_free(self->context);
    self->context = NULL;
    context_drop_keylog(self);
}

static const Native *const context_methods[] = {
    &context_wrap_socket_def,    &context_wrap_bio_def,
    &context_set_ciphers_def,    &context_get_ciphers_def,
    &context_set_ecdh_curve_def, &context_session_stats_def,
    &context_load_chain_def,     &context_load_locations_def,
    &context_load_defaults_def,  &context_load_dh_def,
    &context_store_stats_def,    &context_get_ca_certs_def,
    &context_set_alpn_def,       &context_set_psk_client_def,
    &context_set_psk_server_def, NULL,
};
static const Attribute context_attributes[] = {
    {"check_hostname", get_check_hostname, set_check_hostname,
     "Must the certificate of the other side be for the name it is asked by?"},
    {"verify_mode", get_verify_mode, set_verify_mode, "CERT_NONE, CERT_OPTIONAL or CERT_REQUIRED."},
    {"verify_flags", get_verify_flags, set_verify_flags, "VERIFY_* bits."},
    {"_host_flags", get_host_flags, set_host_flags, "HOSTFLAG_* bits."},
    {"options", get_options, set_options, "OP_* bits."},
    {"minimum_version", get_minimum, set_minimum, "The oldest version of TLS to be used."},
    {"maximum_version", get_maximum, set_maximum, "The newest version of TLS to be used."},
    {"num_tickets", get_num_tickets, set_num_tickets,
     "How many TLS 1.3 session tickets a server sends after a handshake."},
    {"post_handshake_auth", get_post_handshake_auth, set_post_handshake_auth,
     "May certificates be asked for after the handshake (TLS 1.3)?"},
    {"protocol", get_protocol, NULL, "The PROTOCOL_* number it was made with."},
    {"security_level", get_security_level, NULL, "OpenSSL's security level, 0 to 5."},
    {"keylog_filename", get_keylog, set_keylog, "The file that gets the session keys, or None."},
    {"_msg_callback", get_message, set_message, "What hears of each TLS message, or None."},
    {"sni_callback", get_server_name, set_server_name,
     "What is called with (connection, name, context) when a client says whom it wants, or None."},
    {0},
};
const TypeDef tls_context_type = {
    .name = "_ssl._SSLContext",
    .doc = "What TLS connections have in common.",
    .size = sizeof(TlsContext),
    .flags = TYPE_CONTAINER | TYPE_WEAKREF,
    .refs =
        REFS(REF(TlsContext, library), REF(TlsContext, on_server_name), REF(TlsContext, on_message),
             REF(TlsContext, on_psk_client), REF(TlsContext, on_psk_server),
             REF(TlsContext, protocols), REF(TlsContext, keylog_name)),
    .clear = context_clear,
    .new = &context_make_def,
    .methods = context_methods,
    .attributes = context_attributes,
};
