/* _ssl_cipher.c - what scripts are told about ciphers.
 *
 * Neighbours: _ssl.h, _ssl_context.c, _ssl_peer.c. */
/* SPDX-License-Identifier: MIT */
#include "_ssl.h"

Ref cipher_tuple(Vm *vm, const Tls *tls, const SSL_CIPHER *cipher)
{
    Ref items[3] = {tls_text(vm, tls->SSL_CIPHER_get_name(cipher)),
                    tls_text(vm, tls->SSL_CIPHER_get_version(cipher)),
                    from_small(tls->SSL_CIPHER_get_bits(cipher, NULL))};
    if (!failed(items[0]) && !failed(items[1])) return tuple_from_refs(vm, 3, items);
    decref(items[0]);
    decref(items[1]);
    return FAIL;
}

static bool put(Vm *vm, Value dict, const char *key, Ref value)
{
    bool ok = !failed(value) && dict_set_text(vm, as_dict(dict), key, value);
    decref(value);
    return ok;
}

/* The long name of an algorithm, None for none. */
static Ref long_name(Vm *vm, const Tls *tls, int nid)
{
    return nid == NID_undef ? NONE : tls_text(vm, tls->OBJ_nid2ln(nid));
}

static Ref description(Vm *vm, const Tls *tls, const SSL_CIPHER *cipher)
{
    char text[512];
    if (!tls->SSL_CIPHER_description(cipher, text, sizeof text)) return NONE;
    size_t len = strcspn(text, "\n");
    return str_from_utf8(vm, text, (ptrdiff_t)len);
}

static Ref cipher_dict(Vm *vm, const Tls *tls, const SSL_CIPHER *cipher)
{
    Ref dict = dict_new(vm);
    if (failed(dict)) return FAIL;
    int most;
    int strength = tls->SSL_CIPHER_get_bits(cipher, &most);
    if (put(vm, dict, "id", from_small(tls->SSL_CIPHER_get_id(cipher))) &&
        put(vm, dict, "name", tls_text(vm, tls->SSL_CIPHER_get_name(cipher))) &&
        put(vm, dict, "protocol", tls_text(vm, tls->SSL_CIPHER_get_version(cipher))) &&
        put(vm, dict, "description", description(vm, tls, cipher)) &&
        put(vm, dict, "strength_bits", from_small(strength)) &&
        put(vm, dict, "alg_bits", from_small(most)) &&
        put(vm, dict, "aead", from_bool(tls->SSL_CIPHER_is_aead(cipher))) &&
        put(vm, dict, "symmetric", long_name(vm, tls, tls->SSL_CIPHER_get_cipher_nid(cipher))) &&
        put(vm, dict, "digest", long_name(vm, tls, tls->SSL_CIPHER_get_digest_nid(cipher))) &&
        put(vm, dict, "kea", long_name(vm, tls, tls->SSL_CIPHER_get_kx_nid(cipher))) &&
        put(vm, dict, "auth", long_name(vm, tls, tls->SSL_CIPHER_get_auth_nid(cipher))))
        return dict;
    decref(dict);
    return FAIL;
}

Ref cipher_list(Vm *vm, const Tls *tls, SSL_CTX *context)
{
    SSL *ssl = tls->SSL_new(context);
    if (!ssl) return tls_queue_error(vm, tls);
    OPENSSL_STACK *ciphers = (OPENSSL_STACK *)tls->SSL_get_ciphers(ssl);
    int count = ciphers ? tls->OPENSSL_sk_num(ciphers) : 0;
    Ref list = list_new(vm, count);
    for (int n = 0; !failed(list) && n < count; n++) {
        Ref one = cipher_dict(vm, tls, tls->OPENSSL_sk_value(ciphers, n));
        if (!failed(one) && list_push(vm, as_list(list), one)) continue;
        replace(&list, FAIL);
    }
    tls->SSL_free(ssl);
    return list;
}
