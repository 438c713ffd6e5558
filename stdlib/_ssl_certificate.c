/* _ssl_certificate.c - X.509 certificates: as the dict getpeercert() gives, as DER, as an object.
 *
 * Neighbours: _ssl.h, _ssl_peer.c, _ssl_load.c. */
/* SPDX-License-Identifier: MIT */
#include "_ssl.h"

#include <arpa/inet.h>

enum { NAME_MOST = 256, ENCODING_PEM = 1, ENCODING_DER = 2 };

Ref tls_text(Vm *vm, const char *text) { return text ? str_from(vm, text) : NONE; }

/* ---- names: ((('commonName', 'x'),), ...), a tuple for each relative name ---- */

static Ref object_text(Vm *vm, const Tls *tls, const ASN1_OBJECT *object, bool number)
{
    char text[NAME_MOST];
    int len = tls->OBJ_obj2txt(text, sizeof text, object, number);
    if (len < 0) return tls_queue_error(vm, tls);
    return str_from_utf8(vm, text, len < (int)sizeof text ? len : (int)sizeof text - 1);
}

/* (name, value) */
static Ref name_pair(Vm *vm, const Tls *tls, const X509_NAME_ENTRY *entry)
{
    unsigned char *utf8;
    int len = tls->ASN1_STRING_to_UTF8(&utf8, tls->X509_NAME_ENTRY_get_data(entry));
    if (len < 0) return tls_queue_error(vm, tls);
    Ref pair[2] = {object_text(vm, tls, tls->X509_NAME_ENTRY_get_object(entry), false),
                   str_from_utf8(vm, (char *)utf8, len)};
    tls->CRYPTO_free(utf8, __FILE__, __LINE__);
    if (!failed(pair[0]) && !failed(pair[1])) return tuple_from_refs(vm, 2, pair);
    decref(pair[0]);
    decref(pair[1]);
    return FAIL;
}

static Ref as_tuple_of(Vm *vm, Ref list)
{
    if (failed(list)) return FAIL;
    Ref out = tuple_from_values(vm, as_list(list)->len, as_values(as_list(list)->items));
    decref(list);
    return out;
}

static Ref name_tuple(Vm *vm, const Tls *tls, const X509_NAME *name)
{
    Ref all = list_new(vm, 0), group = failed(all) ? FAIL : list_new(vm, 0);
    int count = tls->X509_NAME_entry_count(name), set = -1;
    bool ok = !failed(group);
    for (int n = 0; ok && n < count; n++) {
        const X509_NAME_ENTRY *entry = tls->X509_NAME_get_entry(name, n);
        if (n && tls->X509_NAME_ENTRY_set(entry) != set) {
            Ref made = as_tuple_of(vm, take(&group));
            ok = !failed(made) && list_push(vm, as_list(all), made);
            group = ok ? list_new(vm, 0) : UNDEF;
            ok = ok && !failed(group);
        }
        set = tls->X509_NAME_ENTRY_set(entry);
        Ref pair = ok ? name_pair(vm, tls, entry) : FAIL;
        ok = !failed(pair) && list_push(vm, as_list(group), pair);
    }
    if (ok && as_list(group)->len) {
        Ref made = as_tuple_of(vm, take(&group));
        ok = !failed(made) && list_push(vm, as_list(all), made);
    }
    decref(group);
    if (ok) return as_tuple_of(vm, all);
    decref(all);
    return FAIL;
}

/* ---- other names of the subject ---- */

static Ref address_text(Vm *vm, const unsigned char *data, int len)
{
    if (len == 4) return str_format(vm, "%d.%d.%d.%d", data[0], data[1], data[2], data[3]);
    if (len != 16) return str_from(vm, "<invalid>");
    uint16_t part[8];
    memcpy(part, data, sizeof part);
    return str_format(vm, "%X:%X:%X:%X:%X:%X:%X:%X", ntohs(part[0]), ntohs(part[1]), ntohs(part[2]),
                      ntohs(part[3]), ntohs(part[4]), ntohs(part[5]), ntohs(part[6]),
                      ntohs(part[7]));
}

static Ref string_text(Vm *vm, const Tls *tls, const ASN1_STRING *string)
{
    return str_from_utf8(vm, (const char *)tls->ASN1_STRING_get0_data(string),
                         tls->ASN1_STRING_length(string));
}

/* (kind, value) of one name. */
static Ref other_name(Vm *vm, const Tls *tls, const GENERAL_NAME *name)
{
    const char *kind;
    Ref value;
    switch (name->type) {
    case GEN_DIRNAME:
        kind = "DirName";
        value = name_tuple(vm, tls, name->d.directoryName);
        break;
    case GEN_EMAIL:
        kind = "email";
        value = string_text(vm, tls, name->d.rfc822Name);
        break;
    case GEN_DNS:
        kind = "DNS";
        value = string_text(vm, tls, name->d.dNSName);
        break;
    case GEN_URI:
        kind = "URI";
        value = string_text(vm, tls, name->d.uniformResourceIdentifier);
        break;
    case GEN_RID:
        kind = "Registered ID";
        value = object_text(vm, tls, name->d.registeredID, true);
        break;
    case GEN_IPADD:
        kind = "IP Address";
        value = address_text(vm, tls->ASN1_STRING_get0_data(name->d.iPAddress),
                             tls->ASN1_STRING_length(name->d.iPAddress));
        break;
    default:
        kind = name->type == GEN_OTHERNAME ? "othername"
               : name->type == GEN_X400    ? "X400Name"
                                           : "EdiPartyName";
        value = str_from(vm, "<unsupported>");
    }
    Ref pair[2] = {str_from(vm, kind), value};
    if (!failed(pair[0]) && !failed(value)) return tuple_from_refs(vm, 2, pair);
    decref(pair[0]);
    decref(value);
    return FAIL;
}

/* A tuple, UNDEF when the certificate has none. */
static Ref other_names(Vm *vm, const Tls *tls, X509 *x509)
{
    GENERAL_NAMES *names = tls->X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
    if (!names) return UNDEF;
    int count = tls->OPENSSL_sk_num((OPENSSL_STACK *)names);
    Ref list = list_new(vm, count);
    for (int n = 0; !failed(list) && n < count; n++) {
        Ref pair = other_name(vm, tls, tls->OPENSSL_sk_value((OPENSSL_STACK *)names, n));
        if (!failed(pair) && list_push(vm, as_list(list), pair)) continue;
        replace(&list, FAIL);
    }
    tls->GENERAL_NAMES_free(names);
    return as_tuple_of(vm, list);
}

/* ---- where to ask more about it: tuples of str, UNDEF when there are none ---- */

static bool push_uri(Vm *vm, const Tls *tls, Value list, const GENERAL_NAME *name)
{
    if (name->type != GEN_URI) return true;
    Ref text = string_text(vm, tls, name->d.uniformResourceIdentifier);
    return !failed(text) && list_push(vm, as_list(list), text);
}

static Ref uris_tuple(Vm *vm, Ref list, bool ok)
{
    if (ok && as_list(list)->len) return as_tuple_of(vm, list);
    decref(list);
    return ok ? UNDEF : FAIL;
}

static Ref access_uris(Vm *vm, const Tls *tls, X509 *x509, int method)
{
    AUTHORITY_INFO_ACCESS *info = tls->X509_get_ext_d2i(x509, NID_info_access, NULL, NULL);
    if (!info) return UNDEF;
    Ref list = list_new(vm, 0);
    bool ok = !failed(list);
    for (int n = 0; ok && n < tls->OPENSSL_sk_num((OPENSSL_STACK *)info); n++) {
        const ACCESS_DESCRIPTION *one = tls->OPENSSL_sk_value((OPENSSL_STACK *)info, n);
        if (tls->OBJ_obj2nid(one->method) == method) ok = push_uri(vm, tls, list, one->location);
    }
    tls->AUTHORITY_INFO_ACCESS_free(info);
    return uris_tuple(vm, list, ok);
}

static Ref revocation_uris(Vm *vm, const Tls *tls, X509 *x509)
{
    CRL_DIST_POINTS *points = tls->X509_get_ext_d2i(x509, NID_crl_distribution_points, NULL, NULL);
    if (!points) return UNDEF;
    Ref list = list_new(vm, 0);
    bool ok = !failed(list);
    for (int n = 0; ok && n < tls->OPENSSL_sk_num((OPENSSL_STACK *)points); n++) {
        const DIST_POINT *point = tls->OPENSSL_sk_value((OPENSSL_STACK *)points, n);
        if (!point->distpoint || point->distpoint->type) continue; /* 1: a relative name */
        OPENSSL_STACK *names = (OPENSSL_STACK *)point->distpoint->name.fullname;
        for (int k = 0; ok && k < tls->OPENSSL_sk_num(names); k++)
            ok = push_uri(vm, tls, list, tls->OPENSSL_sk_value(names, k));
    }
    tls->CRL_DIST_POINTS_free(points);
    return uris_tuple(vm, list, ok);
}

/* ---- the whole ---- */

/* dict[key] = value, stolen; UNDEF: nothing. */
static bool put(Vm *vm, Value dict, const char *key, Ref value)
{
    if (absent(value)) return true;
    bool ok = !failed(value) && dict_set_text(vm, as_dict(dict), key, value);
    decref(value);
    return ok;
}

typedef int Printer(BIO *bio, const void *value);

static Ref printed(Vm *vm, const Tls *tls, Printer *print, const void *value)
{
    BIO *bio = tls->BIO_new(tls->BIO_s_mem());
    if (!bio) return throw_no_memory(vm);
    Ref text = print(bio, value) > 0 ? bio_text(vm, tls, bio) : tls_queue_error(vm, tls);
    tls->BIO_free(bio);
    return text;
}

Ref certificate_info(Vm *vm, const Tls *tls, X509 *x509)
{
    Ref dict = dict_new(vm);
    if (failed(dict)) return FAIL;
    Printer *print_number = (Printer *)tls->i2a_ASN1_INTEGER;
    Printer *print_time = (Printer *)tls->ASN1_TIME_print;
    if (put(vm, dict, "subject", name_tuple(vm, tls, tls->X509_get_subject_name(x509))) &&
        put(vm, dict, "issuer", name_tuple(vm, tls, tls->X509_get_issuer_name(x509))) &&
        put(vm, dict, "version", from_small(tls->X509_get_version(x509) + 1)) &&
        put(vm, dict, "serialNumber",
            printed(vm, tls, print_number, tls->X509_get0_serialNumber(x509))) &&
        put(vm, dict, "notBefore", printed(vm, tls, print_time, tls->X509_get0_notBefore(x509))) &&
        put(vm, dict, "notAfter", printed(vm, tls, print_time, tls->X509_get0_notAfter(x509))) &&
        put(vm, dict, "subjectAltName", other_names(vm, tls, x509)) &&
        put(vm, dict, "OCSP", access_uris(vm, tls, x509, NID_ad_OCSP)) &&
        put(vm, dict, "caIssuers", access_uris(vm, tls, x509, NID_ad_ca_issuers)) &&
        put(vm, dict, "crlDistributionPoints", revocation_uris(vm, tls, x509)))
        return dict;
    decref(dict);
    return FAIL;
}

Ref certificate_der(Vm *vm, const Tls *tls, X509 *x509)
{
    unsigned char *der = NULL;
    int len = tls->i2d_X509(x509, &der);
    if (len < 0) return tls_queue_error(vm, tls);
    Ref bytes = bytes_from(vm, (char *)der, len);
    tls->CRYPTO_free(der, __FILE__, __LINE__);
    return bytes;
}

/* ---- class Certificate ---- */

static Certificate *as_certificate(Value v) { return (Certificate *)(void *)as_object(v); }

Ref certificate_new(Vm *vm, Value library, X509 *x509)
{
    Type *type = type_from_def(vm, &certificate_type);
    Certificate *self = type ? type_instance(vm, type) : NULL;
    if (!self) return FAIL;
    self->library = newref(library);
    as_tls(library)->X509_up_ref(x509);
    self->x509 = x509;
    return from_object(self);
}

Ref certificate_chain(Vm *vm, Value library, STACK_OF(X509) * chain)
{
    const Tls *tls = as_tls(library);
    int count = chain ? tls->OPENSSL_sk_num((OPENSSL_STACK *)chain) : 0;
    Ref list = list_new(vm, count);
    for (int n = 0; !failed(list) && n < count; n++) {
        Ref one = certificate_new(vm, library, tls->OPENSSL_sk_value((OPENSSL_STACK *)chain, n));
        if (!failed(one) && list_push(vm, as_list(list), one)) continue;
        replace(&list, FAIL);
    }
    return list;
}

NATIVE(certificate_get_info, "get_info(self, /)", "Return what getpeercert() tells, as a dict.")
{
    const Certificate *self = as_certificate(argv[0]);
    return certificate_info(vm, as_tls(self->library), self->x509);
}

NATIVE(certificate_public_bytes, "public_bytes(self, /, format=1)",
       "Return the certificate: a str of PEM for ENCODING_PEM, bytes for ENCODING_DER.")
{
    const Certificate *self = as_certificate(argv[0]);
    const Tls *tls = as_tls(self->library);
    int format;
    if (!tls_c_int(vm, argv[1], &format)) return FAIL;
    if (format == ENCODING_DER) return certificate_der(vm, tls, self->x509);
    if (format != ENCODING_PEM) return throw(vm, ValueError, "Unsupported format");
    BIO *bio = tls->BIO_new(tls->BIO_s_mem());
    if (!bio) return throw_no_memory(vm);
    Ref text = tls->PEM_write_bio_X509(bio, self->x509) ? bio_text(vm, tls, bio)
                                                        : tls_queue_error(vm, tls);
    tls->BIO_free(bio);
    return text;
}

static Ref certificate_repr(Vm *vm, Value v)
{
    const Certificate *self = as_certificate(v);
    const Tls *tls = as_tls(self->library);
    BIO *bio = tls->BIO_new(tls->BIO_s_mem());
    if (!bio) return throw_no_memory(vm);
    tls->X509_NAME_print_ex(bio, tls->X509_get_subject_name(self->x509), 0,
                            XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    Ref name = bio_text(vm, tls, bio);
    tls->BIO_free(bio);
    if (failed(name)) return FAIL;
    Ref text = format_text(vm, "<%s '%S'>", "_ssl.Certificate", (Value)name);
    decref(name);
    return text;
}
static bool certificate_hash(Vm *vm __attribute__((unused)), Value v, int64_t *hash)
{
    const Certificate *self = as_certificate(v);
    *hash = (int64_t)as_tls(self->library)->X509_subject_name_hash(self->x509);
    return true;
}
static Ref certificate_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if ((op != CMP_EQUAL && op != CMP_NOT_EQUAL) || !tls_has_type(vm, b, &certificate_type))
        return NOT_IMPLEMENTED;
    const Certificate *left = as_certificate(a), *right = as_certificate(b);
    bool same = as_tls(left->library)->X509_cmp(left->x509, right->x509) == 0;
    return from_bool(same == (op == CMP_EQUAL));
}
static void certificate_clear(Object *object)
{
    Certificate *self = (Certificate *)object;
    if (self->x509) as_tls(self->library)->X509_free(self->x509);
    self->x509 = NULL;
}

static const Native *const certificate_methods[] = {
    &certificate_get_info_def,
    &certificate_public_bytes_def,
    NULL,
};
const TypeDef certificate_type = {
    .name = "_ssl.Certificate",
    .doc = "A certificate of a chain.",
    .size = sizeof(Certificate),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(Certificate, library)),
    .clear = certificate_clear,
    .repr = certificate_repr,
    .hash = certificate_hash,
    .compare = certificate_compare,
    .methods = certificate_methods,
};
