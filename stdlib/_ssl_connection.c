/* _ssl_connection.c - class _SSLSocket: one TLS connection, over a socket or over MemoryBIOs.
 *
 * It knows its owner (the SSLSocket or SSLObject that scripts hold) and its socket weakly: they
 * hold it.
 * Neighbours: _ssl.h, _ssl_pump.c (waiting), _ssl_peer.c (questions about the other side). */
/* SPDX-License-Identifier: MIT */
#include "_ssl.h"

/* ---- making one ---- */

/* The name the certificate of the other side must be for, and that it is told (no addresses). */
static bool set_hostname(Vm *vm, Connection *self, const TlsContext *context)
{
    const Tls *tls = as_tls(self->library);
    const char *name = as_str(self->server_hostname)->data;
    ASN1_OCTET_STRING *address = tls->a2i_IPADDRESS(name);
    tls->ERR_clear_error();
    bool good = address || tls->SSL_ctrl(self->ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME,
                                         TLSEXT_NAMETYPE_host_name, (void *)(uintptr_t)name);
    if (good && context->check_hostname) {
        X509_VERIFY_PARAM *rules = tls->SSL_get0_param(self->ssl);
        good = address ? tls->X509_VERIFY_PARAM_set1_ip(rules, tls->ASN1_STRING_get0_data(address),
                                                        (size_t)tls->ASN1_STRING_length(address))
                       : tls->X509_VERIFY_PARAM_set1_host(rules, name, strlen(name));
    }
    if (address) tls->ASN1_OCTET_STRING_free(address);
    if (!good) tls_queue_error(vm, tls);
    return good;
}

static bool take_hostname(Vm *vm, Connection *self, Value name)
{
    self->server_hostname = NONE;
    if (is_none(name)) return true;
    if (!is_str(name)) {
        throw(vm, TypeError, "argument must be encoded string without null bytes, not %A", name);
        return false;
    }
    const Str *text = as_str(name);
    if (!text->ascii || strlen(text->data) != (size_t)text->len) {
        throw(vm, TypeError, "argument must be encoded string without null bytes, not str");
        return false;
    }
    if (!text->len || *text->data == '.') {
        throw(vm, ValueError,
              "server_hostname cannot be an empty string or start with a leading dot.");
        return false;
    }
    self->server_hostname = newref(name);
    return true;
}

static void allow_later_authentication(const Tls *tls, const Connection *self)
{
    if (!self->server_side) {
        tls->SSL_set_post_handshake_auth(self->ssl, 1);
        return;
    }
    int mode = tls->SSL_get_verify_mode(self->ssl);
    if (mode & SSL_VERIFY_PEER)
        tls->SSL_set_verify(self->ssl, mode | SSL_VERIFY_POST_HANDSHAKE,
                            tls->SSL_get_verify_callback(self->ssl));
}

/* Gives the SSL its two BIOs; those of a script are counted once more. */
static bool set_bios(Connection *self, MemoryBio *incoming, MemoryBio *outgoing)
{
    const Tls *tls = as_tls(self->library);
    BIO *in = incoming ? incoming->bio : tls->BIO_new(tls->BIO_s_mem());
    BIO *out = outgoing ? outgoing->bio : tls->BIO_new(tls->BIO_s_mem());
    if (!in || !out) return false;
    if (incoming) tls->BIO_up_ref(in);
    else tls->BIO_ctrl(in, BIO_C_SET_BUF_MEM_EOF_RETURN, -1, NULL);
    if (outgoing) tls->BIO_up_ref(out);
    else tls->BIO_ctrl(out, BIO_C_SET_BUF_MEM_EOF_RETURN, -1, NULL);
    tls->SSL_set_bio(self->ssl, in, out);
    self->in = in;
    self->out = out;
    return true;
}

static bool connection_open(Vm *vm, Connection *self, TlsContext *context, MemoryBio *incoming,
                            MemoryBio *outgoing, Value hostname)
{
    const Tls *tls = as_tls(self->library);
    tls->ERR_clear_error();
    self->ssl = tls->SSL_new(context->context);
    if (!self->ssl) return tls_queue_error(vm, tls), false;
    tls->SSL_set_ex_data(self->ssl, 0, self);
    if (!set_bios(self, incoming, outgoing)) return throw_no_memory(vm), false;
    tls->SSL_ctrl(self->ssl, SSL_CTRL_MODE,
                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_AUTO_RETRY, NULL);
    if (context->post_handshake_auth) allow_later_authentication(tls, self);
    if (!take_hostname(vm, self, hostname)) return false;
    if (!is_none(self->server_hostname) && !set_hostname(vm, self, context)) return false;
    if (self->server_side) tls->SSL_set_accept_state(self->ssl);
    else tls->SSL_set_connect_state(self->ssl);
    return true;
}

static bool set_weak(Vm *vm, Ref *slot, Value target)
{
    if (absent(target) || is_none(target)) {
        clear(slot);
        return true;
    }
    Ref weak = weakref_new(vm, type_builtin(vm, KIND_WEAKREF), target, UNDEF);
    if (failed(weak)) return false;
    replace(slot, weak);
    return true;
}

Ref connection_new(Vm *vm, TlsContext *context, Value socket, MemoryBio *incoming,
                   MemoryBio *outgoing, bool server_side, Value hostname, Value owner,
                   Value session)
{
    const Tls *tls = as_tls(context->library);
    if (server_side && context->protocol == PROTOCOL_TLS_CLIENT)
        return tls_throw(vm, tls,
                         "Cannot create a server socket with a PROTOCOL_TLS_CLIENT context");
    if (!server_side && context->protocol == PROTOCOL_TLS_SERVER)
        return tls_throw(vm, tls,
                         "Cannot create a client socket with a PROTOCOL_TLS_SERVER context");
    Type *type = type_from_def(vm, &connection_type);
    Connection *self = type ? type_instance(vm, type) : NULL;
    if (!self) return FAIL;
    self->library = newref(context->library);
    self->context = newref(borrow(context));
    self->server_side = server_side;
    if (connection_open(vm, self, context, incoming, outgoing, hostname) &&
        set_weak(vm, &self->owner, owner) && set_weak(vm, &self->socket, socket) &&
        (is_none(session) || session_use(vm, self, session)))
        return from_object(self);
    decref_object(self);
    return FAIL;
}

/* ---- handshake, reading, writing, ending ---- */

static int handshake_step(Connection *self, void *argument __attribute__((unused)))
{
    return as_tls(self->library)->SSL_do_handshake(self->ssl);
}

NATIVE(connection_do_handshake, "do_handshake(self, /)",
       "Agree with the other side on how to go on.\n"
       "Raises SSLCertVerificationError when its certificate is not accepted.")
{
    Connection *self = as_connection(argv[0]);
    int code;
    if (!connection_run(vm, self, handshake_step, NULL, "handshake", &code)) return FAIL;
    return code == SSL_ERROR_NONE ? NONE : connection_throw(vm, self, code, 0, __LINE__);
}

typedef struct Piece {
    char *data;
    size_t len, done;
} Piece;

static int read_step(Connection *self, void *argument)
{
    Piece *piece = argument;
    return as_tls(self->library)->SSL_read_ex(self->ssl, piece->data, piece->len, &piece->done);
}
static int write_step(Connection *self, void *argument)
{
    Piece *piece = argument;
    return as_tls(self->library)->SSL_write_ex(self->ssl, piece->data, piece->len, &piece->done);
}

/* Reads at least a byte; done 0: the other side has ended TLS.  false: raised. */
static bool read_piece(Vm *vm, Connection *self, Piece *piece)
{
    const Tls *tls = as_tls(self->library);
    int code;
    if (!connection_run(vm, self, read_step, piece, "read", &code)) return false;
    if (code == SSL_ERROR_NONE) return true;
    piece->done = 0;
    if (code == SSL_ERROR_ZERO_RETURN && tls->SSL_get_shutdown(self->ssl) == SSL_RECEIVED_SHUTDOWN)
        return true;
    connection_throw(vm, self, code, 0, __LINE__);
    return false;
}

static Ref read_into(Vm *vm, Connection *self, Value target, int len)
{
    Buffer buffer;
    if (!type_of(vm, target)->slots.buffer)
        return throw(vm, TypeError,
                     "read() argument 2 must be read-write bytes-like object, not %A", target);
    if (!buffer_get(vm, target, &buffer, true)) return FAIL;
    Piece piece = {.data = buffer.data, .len = (size_t)len};
    if (len <= 0 || len > buffer.len) piece.len = (size_t)buffer.len;
    bool ok = !piece.len || read_piece(vm, self, &piece);
    buffer_release(vm, &buffer);
    return ok ? from_small((int64_t)piece.done) : FAIL;
}

static Ref read_bytes(Vm *vm, Connection *self, int len)
{
    char small[4096];
    if (len <= (int)sizeof small) {
        Piece piece = {.data = small, .len = (size_t)len};
        return !len || read_piece(vm, self, &piece) ? bytes_from(vm, small, (ptrdiff_t)piece.done)
                                                    : FAIL;
    }
    Ref bytes = bytes_from(vm, NULL, len);
    if (failed(bytes)) return FAIL;
    Piece piece = {.data = as_bytes(bytes)->data, .len = (size_t)len};
    Ref cut = FAIL;
    if (read_piece(vm, self, &piece)) {
        if (piece.done == piece.len) return bytes;
        cut = bytes_from(vm, piece.data, (ptrdiff_t)piece.done);
    }
    decref(bytes);
    return cut;
}

NATIVE(connection_read, "read(self, size, buffer=?, /)",
       "Return up to size bytes, or put them into buffer and return how many.\n"
       "b'' or 0: the other side has ended TLS.")
{
    int size;
    if (!tls_c_int(vm, argv[1], &size)) return FAIL;
    if (!absent(argv[2]) && !is_none(argv[2]))
        return read_into(vm, as_connection(argv[0]), argv[2], size);
    if (size < 0) return throw(vm, ValueError, "size should not be negative");
    return read_bytes(vm, as_connection(argv[0]), size);
}

/* All that can be read at once, `most` bytes at most; *end: the other side has ended TLS.  FAIL:
 * raised, unless there was something before the failure: that comes first. */
static Ref read_available(Vm *vm, Connection *self, ptrdiff_t most, bool *end)
{
    enum { FIRST = 16 * 1024 };
    char small[FIRST] = "";
    Piece piece = {.data = small, .len = most < FIRST ? (size_t)most : FIRST};
    int code = SSL_ERROR_NONE;
    size_t done = 0, room = piece.len;
    Ref bytes = UNDEF;
    while (code == SSL_ERROR_NONE && done < (size_t)most) {
        if (done == room) { /* a long stretch: into the object itself */
            room = room * 4 > (size_t)most ? (size_t)most : room * 4;
            Ref longer = bytes_from(vm, NULL, (ptrdiff_t)room);
            if (failed(longer)) break;
            memcpy(as_bytes(longer)->data, absent(bytes) ? small : as_bytes(bytes)->data, done);
            replace(&bytes, longer);
        }
        char *start = absent(bytes) ? small : as_bytes(bytes)->data;
        piece = (Piece){.data = start + done, .len = room - done};
        if (!connection_run(vm, self, read_step, &piece, "read", &code)) break;
        if (code == SSL_ERROR_NONE) done += piece.done;
    }
    *end = code == SSL_ERROR_ZERO_RETURN;
    if (absent(vm->error) && code != SSL_ERROR_NONE && code != SSL_ERROR_WANT_READ && !*end)
        connection_throw(vm, self, code, 0, __LINE__);
    if (done && !absent(vm->error)) replace(&self->late_error, error_take(vm));
    Ref out = FAIL;
    if (absent(vm->error))
        out = bytes_from(vm, absent(bytes) ? small : as_bytes(bytes)->data, (ptrdiff_t)done);
    decref(bytes);
    return out;
}

NATIVE(connection_read_all, "_read_all(self, most, /)",
       "Return up to most bytes, all that can be had at once: b'' when there are none, None when "
       "the other side has ended TLS.")
{
    Connection *self = as_connection(argv[0]);
    int64_t most;
    bool end;
    if (!int_index(vm, argv[1], &most)) return FAIL;
    if (most <= 0) return throw(vm, ValueError, "most must be positive");
    if (!absent(self->late_error)) {
        error_restore(vm, take(&self->late_error));
        return FAIL;
    }
    Ref data = read_available(vm, self, most, &end);
    if (failed(data) || as_bytes(data)->len || !end) return data;
    decref(data);
    return NONE;
}

/* A write() that could not send all of its record is made again with the same bytes: they are
 * encrypted already. */
static Ref write_rest(Vm *vm, Connection *self, size_t len)
{
    const Tls *tls = as_tls(self->library);
    if (len < self->unsent) {
        tls->ERR_new();
        tls->ERR_set_error(ERR_LIB_SSL, SSL_R_BAD_LENGTH, NULL);
        return connection_throw(vm, self, SSL_ERROR_SSL, 0, __LINE__);
    }
    if (!connection_flush(vm, self, "write")) return FAIL;
    size_t done = self->unsent;
    self->unsent = 0;
    return from_small((int64_t)done);
}

static Ref write_piece(Vm *vm, Connection *self, Piece *piece)
{
    int code;
    if (!connection_run(vm, self, write_step, piece, "write", &code)) {
        self->unsent = piece->done;
        return FAIL;
    }
    if (code == SSL_ERROR_NONE) return from_small((int64_t)piece->done);
    if (code == SSL_ERROR_WANT_WRITE) self->unsent = piece->done;
    return connection_throw(vm, self, code, 0, __LINE__);
}

NATIVE(connection_write, "write(self, b, /)", "Send bytes; return how many were taken.")
{
    Connection *self = as_connection(argv[0]);
    Buffer buffer;
    if (!buffer_get(vm, argv[1], &buffer, false)) return FAIL;
    Piece piece = {.data = buffer.data, .len = (size_t)buffer.len};
    Ref out = self->unsent ? write_rest(vm, self, piece.len) : write_piece(vm, self, &piece);
    buffer_release(vm, &buffer);
    return out;
}

NATIVE(connection_pending, "pending(self, /)",
       "Return how many bytes are decrypted and can be read at once.")
{
    const Connection *self = as_connection(argv[0]);
    return from_small(as_tls(self->library)->SSL_pending(self->ssl));
}

/* Says goodbye, then waits for the other side to do so. */
static int shutdown_step(Connection *self, void *argument __attribute__((unused)))
{
    const Tls *tls = as_tls(self->library);
    int result = tls->SSL_shutdown(self->ssl);
    return result ? result : tls->SSL_shutdown(self->ssl);
}

NATIVE(connection_shutdown, "shutdown(self, /)",
       "End TLS on both sides; return the socket, None when there is none.")
{
    Connection *self = as_connection(argv[0]);
    int code;
    if (!connection_run(vm, self, shutdown_step, NULL, "shutdown", &code)) return FAIL;
    if (code != SSL_ERROR_NONE) return connection_throw(vm, self, code, 0, __LINE__);
    if (absent(self->socket)) return NONE;
    Ref socket = weakref_get(self->socket);
    return absent(socket) ? NONE : socket;
}

static int verify_step(Connection *self, void *argument)
{
    int *good = argument;
    *good = as_tls(self->library)->SSL_verify_client_post_handshake(self->ssl);
    return 1;
}

NATIVE(connection_verify_client, "verify_client_post_handshake(self, /)",
       "Ask a TLS 1.3 client for its certificate; it comes while reading and writing.")
{
    Connection *self = as_connection(argv[0]);
    int good;
    int code;
    if (!connection_run(vm, self, verify_step, &good, "write", &code)) return FAIL;
    return good ? NONE : tls_queue_error(vm, as_tls(self->library));
}

/* ---- attributes ---- */

static Ref get_context(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_connection(self)->context);
}
/* Another context while a server answers a name: its certificates, versions and options. */
static bool set_context(Vm *vm, Value v, Value value)
{
    Connection *self = as_connection(v);
    if (absent(value) || !tls_has_type(vm, value, &tls_context_type)) {
        throw(vm, TypeError, "The value must be a SSLContext");
        return false;
    }
    replace(&self->context, newref(value));
    as_tls(self->library)->SSL_set_SSL_CTX(self->ssl, as_tls_context(value)->context);
    return true;
}
static Ref get_server_side(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_connection(self)->server_side);
}
static Ref get_server_hostname(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_connection(self)->server_hostname);
}
static Ref get_owner(Vm *vm __attribute__((unused)), Value self)
{
    Ref owner =
        absent(as_connection(self)->owner) ? UNDEF : weakref_get(as_connection(self)->owner);
    return absent(owner) ? NONE : owner;
}
static bool set_owner(Vm *vm, Value self, Value value)
{
    return set_weak(vm, &as_connection(self)->owner, value);
}
static Ref get_session(Vm *vm, Value self) { return session_of(vm, as_connection(self)); }
static bool set_session(Vm *vm, Value self, Value value)
{
    return session_use(vm, as_connection(self), absent(value) ? NONE : value);
}
static Ref get_session_reused(Vm *vm __attribute__((unused)), Value v)
{
    const Connection *self = as_connection(v);
    return from_bool(as_tls(self->library)->SSL_session_reused(self->ssl));
}

/* ---- the type ---- */

static void connection_clear(Object *object)
{
    Connection *self = (Connection *)object;
    if (self->ssl) as_tls(self->library)->SSL_free(self->ssl);
    self->ssl = NULL;
}

static const Native *const connection_methods[] = {
    &connection_do_handshake_def,
    &connection_read_def,
    &connection_read_all_def,
    &connection_write_def,
    &connection_pending_def,
    &connection_shutdown_def,
    &connection_verify_client_def,
    &connection_getpeercert_def,
    &connection_verified_chain_def,
    &connection_unverified_chain_def,
    &connection_cipher_def,
    &connection_shared_ciphers_def,
    &connection_version_def,
    &connection_alpn_def,
    &connection_compression_def,
    &connection_binding_def,
    NULL,
};
static const Attribute connection_attributes[] = {
    {"context", get_context, set_context, "The SSLContext."},
    {"server_side", get_server_side, NULL, "Is this the server?"},
    {"server_hostname", get_server_hostname, NULL, "The name of the server, or None."},
    {"owner", get_owner, set_owner, "What scripts hold of it, or None."},
    {"session", get_session, set_session, "The SSLSession, or None."},
    {"session_reused", get_session_reused, NULL, "Was an earlier session taken up again?"},
    {0},
};
const TypeDef connection_type = {
    .name = "_ssl._SSLSocket",
    .doc = "A TLS connection.",
    .size = sizeof(Connection),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW | TYPE_WEAKREF,
    .refs = REFS(REF(Connection, library), REF(Connection, context), REF(Connection, owner),
                 REF(Connection, socket), REF(Connection, server_hostname),
                 REF(Connection, trouble), REF(Connection, late_error)),
    .clear = connection_clear,
    .methods = connection_methods,
    .attributes = connection_attributes,
};
