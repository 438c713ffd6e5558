/* _ssl_peer.c - what a connection knows of the other side and of what was agreed.
 *
 * Neighbours: _ssl.h, _ssl_connection.c (the type), _ssl_certificate.c. */
/* SPDX-License-Identifier: MIT */
#include "_ssl.h"

enum { FINISHED_MOST = 128 };

SHARED_NATIVE(connection_getpeercert, "getpeercert(self, der=False, /)",
              "Return the certificate of the other side: a dict, empty when it was not verified, "
              "or bytes of DER;\nNone when it sent none.")
{
    const Connection *self = as_connection(argv[0]);
    const Tls *tls = as_tls(self->library);
    Truth der = value_truth(vm, argv[1]);
    if (der == FAILED) return FAIL;
    if (!tls->SSL_is_init_finished(self->ssl))
        return throw(vm, ValueError, "handshake not done yet");
    X509 *x509 = tls->SSL_get1_peer_certificate(self->ssl);
    if (!x509) return NONE;
    Ref out;
    if (der) out = certificate_der(vm, tls, x509);
    else if (tls->SSL_get_verify_mode(self->ssl) & SSL_VERIFY_PEER)
        out = certificate_info(vm, tls, x509);
    else out = dict_new(vm);
    tls->X509_free(x509);
    return out;
}

SHARED_NATIVE(connection_verified_chain, "get_verified_chain(self, /)",
              "Return a list of Certificates, from that of the other side to the trusted one.")
{
    const Connection *self = as_connection(argv[0]);
    return certificate_chain(vm, self->library,
                             as_tls(self->library)->SSL_get0_verified_chain(self->ssl));
}

SHARED_NATIVE(connection_unverified_chain, "get_unverified_chain(self, /)",
              "Return a list of the Certificates that the other side sent.")
{
    const Connection *self = as_connection(argv[0]);
    const Tls *tls = as_tls(self->library);
    Ref list = certificate_chain(vm, self->library, tls->SSL_get_peer_cert_chain(self->ssl));
    if (failed(list) || !self->server_side) return list;
    /* What a server is sent is without the client's own. */
    X509 *x509 = tls->SSL_get1_peer_certificate(self->ssl);
    if (!x509) return list;
    Ref own = certificate_new(vm, self->library, x509);
    tls->X509_free(x509);
    if (!failed(own) && list_insert(vm, as_list(list), 0, own)) return list;
    decref(list);
    return FAIL;
}

SHARED_NATIVE(connection_cipher, "cipher(self, /)",
              "Return (name of the cipher, TLS version, bits of its keys), None before the "
              "handshake.")
{
    const Connection *self = as_connection(argv[0]);
    const Tls *tls = as_tls(self->library);
    const SSL_CIPHER *cipher = tls->SSL_get_current_cipher(self->ssl);
    return cipher ? cipher_tuple(vm, tls, cipher) : NONE;
}

SHARED_NATIVE(connection_shared_ciphers, "shared_ciphers(self, /)",
              "Return a list of the ciphers that both sides know, None on a client.")
{
    const Connection *self = as_connection(argv[0]);
    const Tls *tls = as_tls(self->library);
    OPENSSL_STACK *ours = (OPENSSL_STACK *)tls->SSL_get_ciphers(self->ssl),
                  *theirs = (OPENSSL_STACK *)tls->SSL_get_client_ciphers(self->ssl);
    if (!self->server_side || !ours || !theirs) return NONE;
    Ref list = list_new(vm, 0);
    for (int n = 0; !failed(list) && n < tls->OPENSSL_sk_num(ours); n++) {
        const SSL_CIPHER *cipher = tls->OPENSSL_sk_value(ours, n);
        if (tls->OPENSSL_sk_find(theirs, cipher) < 0) continue;
        Ref one = cipher_tuple(vm, tls, cipher);
        if (failed(one) || !list_push(vm, as_list(list), one)) replace(&list, FAIL);
    }
    return list;
}

SHARED_NATIVE(connection_version, "version(self, /)",
              "Return the version, as 'TLSv1.3'; None before the handshake.")
{
    const Connection *self = as_connection(argv[0]);
    const Tls *tls = as_tls(self->library);
    return tls->SSL_is_init_finished(self->ssl) ? tls_text(vm, tls->SSL_get_version(self->ssl))
                                                : NONE;
}

SHARED_NATIVE(connection_alpn, "selected_alpn_protocol(self, /)",
              "Return the protocol that both sides agreed on, or None.")
{
    const Connection *self = as_connection(argv[0]);
    const unsigned char *name;
    unsigned len;
    as_tls(self->library)->SSL_get0_alpn_selected(self->ssl, &name, &len);
    return name ? str_from_utf8(vm, (const char *)name, len) : NONE;
}

SHARED_NATIVE(connection_compression, "compression(self, /)",
              "Return the name of the compression, None for none.")
{
    const Connection *self = as_connection(argv[0]);
    const Tls *tls = as_tls(self->library);
    const COMP_METHOD *method = tls->SSL_get_current_compression(self->ssl);
    return method ? tls_text(vm, tls->SSL_COMP_get_name(method)) : NONE;
}

SHARED_NATIVE(connection_binding, "get_channel_binding(self, cb_type='tls-unique')",
              "Return bytes that name this very connection, None before the handshake.\n"
              "Raises ValueError for a kind that is not known; 'tls-unique' is.")
{
    const Connection *self = as_connection(argv[0]);
    const Tls *tls = as_tls(self->library);
    char data[FINISHED_MOST];
    if (!str_is(argv[1], "tls-unique"))
        return throw(vm, ValueError, "'%S' channel binding type not implemented", argv[1]);
    /* The first of the two Finished messages: the server's when a session was taken up again. */
    bool own = tls->SSL_session_reused(self->ssl) ? self->server_side : !self->server_side;
    size_t len = own ? tls->SSL_get_finished(self->ssl, data, sizeof data)
                     : tls->SSL_get_peer_finished(self->ssl, data, sizeof data);
    return len ? bytes_from(vm, data, (ptrdiff_t)len) : NONE;
}
