/* _ssl_callback.c - what OpenSSL asks of a context while it shakes hands: server names, protocols,
 * shared keys; and what it tells: messages, session keys.
 *
 * All of it happens inside a call that the interpreter made, under its lock.  An exception cannot
 * pass through OpenSSL: that of a message callback waits in Connection.trouble, the others are
 * reported and end the handshake.
 * Neighbours: _ssl.h, _ssl_context.c, _ssl_pump.c (raises trouble). */
/* SPDX-License-Identifier: MIT */
#include "_ssl.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

static Vm *vm_of(const void *object) { return thread_vm(((const Object *)object)->shape->interp); }

/* Two kinds of callback get nothing of ours but the SSL, and there is no C variable to find the
 * entry points by: the library, which is open, is asked for the one that is needed. */
static Connection *connection_of(const SSL *ssl)
{
    void *library = dlopen("libssl.so.3", RTLD_NOW | RTLD_NOLOAD);
    __typeof__(&SSL_get_ex_data) get;
    void *entry = library ? dlsym(library, "SSL_get_ex_data") : NULL;
    memcpy(&get, &entry, sizeof get);
    Connection *connection = entry ? get(ssl, 0) : NULL;
    if (library) dlclose(library);
    return connection;
}

/* The SSLSocket or SSLObject of a connection; UNDEF: it has gone. */
static Ref owner_of(const Connection *self)
{
    return absent(self->owner) ? UNDEF : weakref_get(self->owner);
}

/* Keeps what the pending exception is until the call into OpenSSL is over. */
static void keep_trouble(Vm *vm, Connection *self)
{
    if (absent(self->trouble)) self->trouble = error_take(vm);
    else error_clear(vm);
}

/* ---- server names ---- */

static int refuse_name(Vm *vm, Value callback, int *alert, int why)
{
    error_unraisable(vm, "Exception ignored in ssl servername callback", callback);
    *alert = why;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static int on_server_name(SSL *ssl, int *alert, void *argument)
{
    TlsContext *self = argument;
    Vm *vm = vm_of(self);
    const Tls *tls = as_tls(self->library);
    if (absent(self->on_server_name)) return SSL_TLSEXT_ERR_NOACK;
    const Connection *connection = tls->SSL_get_ex_data(ssl, 0);
    Ref owner = owner_of(connection), callback = newref(self->on_server_name);
    int answer = SSL_TLSEXT_ERR_OK;
    if (absent(owner)) {
        decref(callback);
        *alert = SSL_AD_INTERNAL_ERROR;
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    Ref name = tls_text(vm, tls->SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
    Value asked[3] = {owner, name, borrow(self)};
    Ref result = failed(name) ? FAIL : call(vm, callback, 3, asked);
    int number;
    if (failed(result)) answer = refuse_name(vm, callback, alert, SSL_AD_HANDSHAKE_FAILURE);
    else if (!is_none(result)) {
        if (tls_c_int(vm, result, &number)) *alert = number, answer = SSL_TLSEXT_ERR_ALERT_FATAL;
        else answer = refuse_name(vm, result, alert, SSL_AD_INTERNAL_ERROR);
    }
    decref(result);
    decref(name);
    decref(owner);
    decref(callback);
    return answer;
}

bool context_set_server_name(Vm *vm, TlsContext *self, Value callback)
{
    const Tls *tls = as_tls(self->library);
    if (self->protocol == PROTOCOL_TLS_CLIENT) {
        throw(vm, ValueError, "sni_callback cannot be set on TLS_CLIENT context");
        return false;
    }
    bool off = is_none(callback);
    if (!off && !type_of(vm, callback)->slots.call) {
        clear(&self->on_server_name);
        throw(vm, TypeError, "not a callable object");
        return false;
    }
    tls->SSL_CTX_callback_ctrl(self->context, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                               off ? NULL : (void (*)(void))on_server_name);
    tls->SSL_CTX_ctrl(self->context, SSL_CTRL_SET_TLSEXT_SERVERNAME_ARG, 0, self);
    replace(&self->on_server_name, off ? UNDEF : newref(callback));
    return true;
}

/* ---- protocols: ALPN ---- */

static int on_select_protocol(SSL *ssl __attribute__((unused)), const unsigned char **out,
                              unsigned char *out_len, const unsigned char *theirs,
                              unsigned theirs_len, void *argument)
{
    const TlsContext *self = argument;
    if (absent(self->protocols)) return SSL_TLSEXT_ERR_NOACK;
    const Bytes *ours = as_bytes(self->protocols);
    unsigned char *picked;
    int how = as_tls(self->library)
                  ->SSL_select_next_proto(&picked, out_len, (const unsigned char *)ours->data,
                                          (unsigned)ours->len, theirs, theirs_len);
    *out = picked;
    return how == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

SHARED_NATIVE(context_set_alpn, "_set_alpn_protocols(self, protos, /)",
              "Set the protocols offered or accepted: each a byte of length and its name.")
{
    TlsContext *self = as_tls_context(argv[0]);
    const Tls *tls = as_tls(self->library);
    Buffer buffer;
    if (!buffer_get(vm, argv[1], &buffer, false)) return FAIL;
    Ref copy = bytes_from(vm, buffer.data, buffer.len);
    buffer_release(vm, &buffer);
    if (failed(copy)) return FAIL;
    if (as_bytes(copy)->len > UINT32_MAX) {
        decref(copy);
        return throw(vm, OverflowError, "protocols longer than %u bytes", UINT32_MAX);
    }
    replace(&self->protocols, copy);
    /* Gives 0 for success. */
    if (tls->SSL_CTX_set_alpn_protos(self->context, (unsigned char *)as_bytes(copy)->data,
                                     (unsigned)as_bytes(copy)->len))
        return throw_no_memory(vm);
    tls->SSL_CTX_set_alpn_select_cb(self->context, on_select_protocol, self);
    return NONE;
}

/* ---- shared keys: PSK ---- */

/* The bytes of a key given by a callback, copied; 0: refused (and reported). */
static unsigned copy_key(Vm *vm, Value given, unsigned char *key, unsigned room)
{
    Buffer buffer;
    if (!buffer_get(vm, given, &buffer, false)) return 0;
    unsigned len = buffer.len > room ? 0 : (unsigned)buffer.len;
    memcpy(key, buffer.data, len);
    if (buffer.len > room) throw(vm, ValueError, "psk too long");
    buffer_release(vm, &buffer);
    return len;
}

static bool copy_identity(Vm *vm, Value given, char *identity, unsigned room)
{
    *identity = 0;
    if (is_none(given)) return true;
    char *owned = NULL;
    ptrdiff_t len;
    if (!is_str(given)) return throw(vm, TypeError, "identity must be a str or None"), false;
    const char *text = str_utf8(vm, given, &len, &owned);
    bool ok = text && len < room;
    if (ok) memcpy(identity, text, (size_t)len + 1);
    else if (text) throw(vm, ValueError, "identity too long");
    memory_free(owned);
    return ok;
}

static unsigned on_psk_client(SSL *ssl, const char *hint, char *identity, unsigned identity_room,
                              unsigned char *key, unsigned key_room)
{
    const Connection *connection = connection_of(ssl);
    if (!connection) return 0;
    Vm *vm = vm_of(connection);
    const TlsContext *self = as_tls_context(connection->context);
    if (absent(self->on_psk_client)) return 0;
    Ref callback = newref(self->on_psk_client), text = hint && *hint ? str_from(vm, hint) : NONE;
    Ref pair = failed(text) ? FAIL : call1(vm, callback, text);
    unsigned len = 0;
    if (!failed(pair)) {
        if (!is_tuple(pair) || tuple_len(pair) != 2)
            throw(vm, TypeError, "a tuple of identity and key was expected, not %T", (Value)pair);
        else if (copy_identity(vm, tuple_at(pair, 0), identity, identity_room))
            len = copy_key(vm, tuple_at(pair, 1), key, key_room);
    }
    if (!absent(vm->error)) {
        error_unraisable(vm, "Exception ignored in ssl PSK client callback", callback);
        len = 0;
    }
    decref(pair);
    decref(text);
    decref(callback);
    return len;
}

static unsigned on_psk_server(SSL *ssl, const char *identity, unsigned char *key, unsigned key_room)
{
    const Connection *connection = connection_of(ssl);
    if (!connection) return 0;
    Vm *vm = vm_of(connection);
    const TlsContext *self = as_tls_context(connection->context);
    if (absent(self->on_psk_server)) return 0;
    Ref callback = newref(self->on_psk_server);
    Ref text = identity && *identity ? str_from(vm, identity) : NONE;
    Ref given = failed(text) ? FAIL : call1(vm, callback, text);
    unsigned len = failed(given) ? 0 : copy_key(vm, given, key, key_room);
    if (!absent(vm->error)) {
        error_unraisable(vm, "Exception ignored in ssl PSK server callback", callback);
        len = 0;
    }
    decref(given);
    decref(text);
    decref(callback);
    return len;
}

SHARED_NATIVE(context_set_psk_client, "set_psk_client_callback(self, callback)",
              "Let callback(hint) give (identity or None, key) for a connection by shared key.")
{
    TlsContext *self = as_tls_context(argv[0]);
    const Tls *tls = as_tls(self->library);
    if (self->protocol == PROTOCOL_TLS_SERVER)
        return tls_throw(vm, tls,
                         "Cannot add PSK client callback to a PROTOCOL_TLS_SERVER context");
    if (!is_none(argv[1]) && !type_of(vm, argv[1])->slots.call)
        return throw(vm, TypeError, "callback must be callable");
    replace(&self->on_psk_client, is_none(argv[1]) ? UNDEF : newref(argv[1]));
    tls->SSL_CTX_set_psk_client_callback(self->context, is_none(argv[1]) ? NULL : on_psk_client);
    return NONE;
}

SHARED_NATIVE(context_set_psk_server, "set_psk_server_callback(self, callback, identity_hint=None)",
              "Let callback(identity) give the key shared with a client; identity_hint is sent to "
              "clients.")
{
    TlsContext *self = as_tls_context(argv[0]);
    const Tls *tls = as_tls(self->library);
    if (self->protocol == PROTOCOL_TLS_CLIENT)
        return tls_throw(vm, tls,
                         "Cannot add PSK server callback to a PROTOCOL_TLS_CLIENT context");
    if (!is_none(argv[1]) && !type_of(vm, argv[1])->slots.call)
        return throw(vm, TypeError, "callback must be callable");
    char *owned = NULL;
    const char *hint = NULL;
    if (!is_none(argv[2])) {
        if (!is_str(argv[2]))
            return throw(vm, TypeError,
                         "set_psk_server_callback() argument 'identity_hint' must be str or None, "
                         "not %T",
                         argv[2]);
        hint = str_utf8(vm, argv[2], NULL, &owned);
        if (!hint) return FAIL;
    }
    int good = tls->SSL_CTX_use_psk_identity_hint(self->context, hint);
    memory_free(owned);
    if (!good) return tls_throw(vm, tls, "failed to set identity hint");
    replace(&self->on_psk_server, is_none(argv[1]) ? UNDEF : newref(argv[1]));
    tls->SSL_CTX_set_psk_server_callback(self->context, is_none(argv[1]) ? NULL : on_psk_server);
    return NONE;
}

/* ---- messages ---- */

/* What a message is: of a handshake its type, of an alert which one. */
static int message_type(int content, const unsigned char *data, size_t len)
{
    switch (content) {
    case SSL3_RT_CHANGE_CIPHER_SPEC: return SSL3_MT_CHANGE_CIPHER_SPEC;
    case SSL3_RT_ALERT: return len > 1 ? data[1] : -1;
    case SSL3_RT_HANDSHAKE: return len ? data[0] : -1;
    case SSL3_RT_HEADER: return len ? data[0] : -1;
    case SSL3_RT_INNER_CONTENT_TYPE: return len ? data[0] : -1;
    default: return -1;
    }
}

static void on_message(int writing, int version, int content, const void *data, size_t len,
                       SSL *ssl, void *argument)
{
    const TlsContext *self = argument;
    Vm *vm = vm_of(self);
    Connection *connection = as_tls(self->library)->SSL_get_ex_data(ssl, 0);
    if (!connection || absent(self->on_message)) return;
    Ref owner = owner_of(connection), callback = newref(self->on_message);
    if (!absent(owner)) {
        if (content == SSL3_RT_HEADER && len > 2) /* of a record: its own version */
            version = ((const uint8_t *)data)[1] << 8 | ((const uint8_t *)data)[2];
        Ref bytes = bytes_from(vm, data, (ptrdiff_t)len);
        Ref direction = str_from(vm, writing ? "write" : "read");
        Value told[6] = {owner,
                         direction,
                         from_small(version),
                         from_small(content),
                         from_small(message_type(content, data, len)),
                         bytes};
        Ref result = failed(bytes) || failed(direction) ? FAIL : call(vm, callback, 6, told);
        if (failed(result)) keep_trouble(vm, connection);
        decref(result);
        decref(direction);
        decref(bytes);
    }
    decref(owner);
    decref(callback);
}

bool context_set_message(Vm *vm, TlsContext *self, Value callback)
{
    const Tls *tls = as_tls(self->library);
    bool off = is_none(callback);
    if (!off && !type_of(vm, callback)->slots.call) {
        throw(vm, TypeError, "%R is not callable.", callback);
        return false;
    }
    tls->SSL_CTX_set_msg_callback(self->context, off ? NULL : on_message);
    tls->SSL_CTX_ctrl(self->context, SSL_CTRL_SET_MSG_CALLBACK_ARG, 0, self);
    replace(&self->on_message, off ? UNDEF : newref(callback));
    return true;
}

/* ---- session keys ---- */

static void on_keylog(const SSL *ssl, const char *line)
{
    Connection *connection = connection_of(ssl);
    if (!connection) return;
    const TlsContext *self = as_tls_context(connection->context);
    char text[1024]; /* written by one call: lines of several connections do not mix */
    int len = snprintf(text, sizeof text, "%s\n", line);
    if (self->keylog_fd < 0 || len < 0 || len >= (int)sizeof text) return;
    if (write(self->keylog_fd, text, (size_t)len) == len) return;
    Vm *vm = vm_of(self);
    throw_errno(vm, errno, self->keylog_name);
    keep_trouble(vm, connection);
}

void context_drop_keylog(TlsContext *self)
{
    if (self->keylog_fd >= 0) close(self->keylog_fd);
    self->keylog_fd = -1;
    clear(&self->keylog_name);
}

bool context_set_keylog(Vm *vm, TlsContext *self, Value name)
{
    const Tls *tls = as_tls(self->library);
    tls->SSL_CTX_set_keylog_callback(self->context, NULL);
    context_drop_keylog(self);
    if (is_none(name)) return true;
    Ref path = tls_path(vm, name, NULL);
    if (failed(path)) return false;
    int fd = open(as_bytes(path)->data, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    int error_number = errno;
    decref(path);
    if (fd < 0) return throw_errno(vm, error_number, name), false;
    static const char heading[] = "# TLS secrets log file, generated by OpenSSL / aio\n";
    if (lseek(fd, 0, SEEK_END) == 0 && write(fd, heading, sizeof heading - 1) < 0) {
        throw_errno(vm, errno, name);
        close(fd);
        return false;
    }
    self->keylog_fd = fd;
    self->keylog_name = newref(name);
    tls->SSL_CTX_set_keylog_callback(self->context, on_keylog);
    return true;
}
