/* _ssl_bio.c - class MemoryBIO: bytes on their way between OpenSSL and a script.
 *
 * Neighbours: _ssl.h, _ssl_connection.c. */
/* SPDX-License-Identifier: MIT */
#include "_ssl.h"

Ref bio_bytes(Vm *vm, const Tls *tls, BIO *bio)
{
    char *data;
    long len = tls->BIO_ctrl(bio, BIO_CTRL_INFO, 0, &data);
    return bytes_from(vm, len > 0 ? data : "", len > 0 ? len : 0);
}

Ref bio_text(Vm *vm, const Tls *tls, BIO *bio)
{
    char *data;
    long len = tls->BIO_ctrl(bio, BIO_CTRL_INFO, 0, &data);
    return str_from_utf8(vm, len > 0 ? data : "", len > 0 ? len : 0);
}

NATIVE(memory_bio_make, "MemoryBIO(cls, /)", "Make an empty buffer.")
{
    Ref library = tls_library(vm);
    if (failed(library)) return FAIL;
    MemoryBio *self = type_instance(vm, as_type(argv[0]));
    if (!self) {
        decref(library);
        return FAIL;
    }
    self->library = library;
    const Tls *tls = as_tls(library);
    self->bio = tls->BIO_new(tls->BIO_s_mem());
    if (!self->bio) {
        decref_object(self);
        return throw_no_memory(vm);
    }
    /* Empty is not the end: OpenSSL shall ask again. */
    tls->BIO_ctrl(self->bio, BIO_C_SET_BUF_MEM_EOF_RETURN, -1, NULL);
    return from_object(self);
}

static ptrdiff_t pending(const MemoryBio *self)
{
    return (ptrdiff_t)as_tls(self->library)->BIO_ctrl_pending(self->bio);
}

NATIVE(memory_bio_read, "read(self, size=-1, /)",
       "Take out up to size bytes, all when size is negative; b'' when there are none.")
{
    MemoryBio *self = as_memory_bio(argv[0]);
    int size;
    if (!tls_c_int(vm, argv[1], &size)) return FAIL;
    ptrdiff_t len = pending(self);
    if (len > INT32_MAX) len = INT32_MAX;
    if (size >= 0 && size < len) len = size;
    Ref bytes = bytes_from(vm, NULL, len);
    if (failed(bytes) || !len) return bytes;
    int got = as_tls(self->library)->BIO_read(self->bio, as_bytes(bytes)->data, (int)len);
    if (got == len) return bytes;
    decref(bytes);
    return tls_queue_error(vm, as_tls(self->library));
}

NATIVE(memory_bio_write, "write(self, b, /)", "Put bytes in; return how many.")
{
    MemoryBio *self = as_memory_bio(argv[0]);
    const Tls *tls = as_tls(self->library);
    Buffer buffer;
    if (!buffer_get(vm, argv[1], &buffer, false)) return FAIL;
    ptrdiff_t len = buffer.len;
    Ref out = from_small(len);
    if (len > INT32_MAX) {
        out = throw(vm, OverflowError, "string longer than %d bytes", INT32_MAX);
    } else if (self->eof) {
        out = tls_throw_plain(vm, tls, "cannot write() after write_eof()");
    } else if (len && tls->BIO_write(self->bio, buffer.data, (int)len) != len) {
        out = tls_queue_error(vm, tls);
    }
    buffer_release(vm, &buffer);
    return out;
}

NATIVE(memory_bio_write_eof, "write_eof(self, /)",
       "Say that nothing more will be written; eof is True once all is read.")
{
    MemoryBio *self = as_memory_bio(argv[0]);
    self->eof = true;
    as_tls(self->library)->BIO_ctrl(self->bio, BIO_C_SET_BUF_MEM_EOF_RETURN, 0, NULL);
    return NONE;
}

static Ref get_pending(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(pending(as_memory_bio(self)));
}
static Ref get_eof(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_memory_bio(self)->eof && !pending(as_memory_bio(self)));
}

static void memory_bio_clear(Object *object)
{
    MemoryBio *self = (MemoryBio *)object;
    if (self->bio) as_tls(self->library)->BIO_free(self->bio);
    self->bio = NULL;
}

static const Native *const memory_bio_methods[] = {
    &memory_bio_read_def,
    &memory_bio_write_def,
    &memory_bio_write_eof_def,
    NULL,
};
static const Attribute memory_bio_attributes[] = {
    {"pending", get_pending, NULL, "How many bytes are in it."},
    {"eof", get_eof, NULL, "Is it empty, with nothing more to come?"},
    {0},
};
const TypeDef memory_bio_type = {
    .name = "_ssl.MemoryBIO",
    .doc = "A buffer of bytes between TLS and whatever carries them.",
    .size = sizeof(MemoryBio),
    .flags = TYPE_CONTAINER | TYPE_FINAL,
    .refs = REFS(REF(MemoryBio, library)),
    .clear = memory_bio_clear,
    .new = &memory_bio_make_def,
    .methods = memory_bio_methods,
    .attributes = memory_bio_attributes,
};
