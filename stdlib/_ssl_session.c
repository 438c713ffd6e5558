/* _ssl_session.c - class SSLSession: what lets a client connect again with a shorter handshake.
 *
 * Neighbours: _ssl.h, _ssl_connection.c. */
/* SPDX-License-Identifier: MIT */
#include "_ssl.h"

static Session *as_session(Value v) { return (Session *)(void *)as_object(v); }
static const Tls *session_tls(const Session *self) { return as_tls(self->library); }

Ref session_of(Vm *vm, const Connection *connection)
{
    const Tls *tls = as_tls(connection->library);
    SSL_SESSION *current = tls->SSL_get1_session(connection->ssl);
    if (!current) return NONE;
    SSL_SESSION *session = tls->SSL_SESSION_dup(current);
    tls->SSL_SESSION_free(current);
    if (!session) return throw_no_memory(vm);
    Type *type = type_from_def(vm, &session_type);
    Session *self = type ? type_instance(vm, type) : NULL;
    if (!self) {
        tls->SSL_SESSION_free(session);
        return FAIL;
    }
    self->library = newref(connection->library);
    self->context = newref(connection->context);
    self->session = session;
    return from_object(self);
}

/* Copies here and above: OpenSSL spoils the session of a connection that is not closed in good
 * order. */
static bool give_copy(Vm *vm, const Connection *connection, const Session *session)
{
    const Tls *tls = as_tls(connection->library);
    SSL_SESSION *copy = tls->SSL_SESSION_dup(session->session);
    if (!copy) return throw_no_memory(vm), false;
    int good = tls->SSL_set_session(connection->ssl, copy);
    tls->SSL_SESSION_free(copy);
    if (!good) tls_queue_error(vm, tls);
    return good;
}

bool session_use(Vm *vm, Connection *connection, Value value)
{
    const Tls *tls = as_tls(connection->library);
    if (!tls_has_type(vm, value, &session_type)) {
        throw(vm, TypeError, "Value is not a SSLSession.");
    } else if (as_session(value)->context != connection->context) {
        throw(vm, ValueError, "Session refers to a different SSLContext.");
    } else if (connection->server_side) {
        throw(vm, ValueError, "Cannot set session for server-side SSLSocket.");
    } else if (tls->SSL_is_init_finished(connection->ssl)) {
        throw(vm, ValueError, "Cannot set session after handshake.");
    } else {
        return give_copy(vm, connection, as_session(value));
    }
    return false;
}

static const char *session_id(const Session *self, unsigned *len)
{
    return (const char *)session_tls(self)->SSL_SESSION_get_id(self->session, len);
}

static Ref session_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if ((op != CMP_EQUAL && op != CMP_NOT_EQUAL) || !tls_has_type(vm, b, &session_type))
        return NOT_IMPLEMENTED;
    unsigned left_len, right_len;
    const char *left = session_id(as_session(a), &left_len),
               *right = session_id(as_session(b), &right_len);
    bool same = a == b || (left_len == right_len && memcmp(left, right, left_len) == 0);
    return from_bool(same == (op == CMP_EQUAL));
}

static Ref get_time(Vm *vm, Value self)
{
    return from_int64(
        vm, session_tls(as_session(self))->SSL_SESSION_get_time(as_session(self)->session));
}
static Ref get_timeout(Vm *vm, Value self)
{
    return from_int64(
        vm, session_tls(as_session(self))->SSL_SESSION_get_timeout(as_session(self)->session));
}
static Ref get_hint(Vm *vm, Value self)
{
    return from_uint64(vm, session_tls(as_session(self))
                               ->SSL_SESSION_get_ticket_lifetime_hint(as_session(self)->session));
}
static Ref get_id(Vm *vm, Value self)
{
    unsigned len;
    const char *id = session_id(as_session(self), &len);
    return bytes_from(vm, id, len);
}
static Ref get_has_ticket(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(
        session_tls(as_session(self))->SSL_SESSION_has_ticket(as_session(self)->session));
}
static void session_clear(Object *object)
{
    Session *self = (Session *)object;
    if (self->session) session_tls(self)->SSL_SESSION_free(self->session);
    self->session = NULL;
}

static const Attribute session_attributes[] = {
    {"time", get_time, NULL, "When it was made, in seconds since 1970."},
    {"timeout", get_timeout, NULL, "How long it can be used, in seconds."},
    {"ticket_lifetime_hint", get_hint, NULL, "How long the server proposes to use its ticket."},
    {"id", get_id, NULL, "Its name, bytes."},
    {"has_ticket", get_has_ticket, NULL, "Did the server send a ticket?"},
    {0},
};
const TypeDef session_type = {
    .name = "_ssl.SSLSession",
    .doc = "A session that a client can go on with.",
    .size = sizeof(Session),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(Session, library), REF(Session, context)),
    .clear = session_clear,
    .compare = session_compare,
    .attributes = session_attributes,
};
