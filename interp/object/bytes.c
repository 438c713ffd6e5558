/* bytes.c - immutable bytes: the type, its construction and its iterator.
 *
 * Neighbours: bytesmethod.c, bytessearch.c (methods shared with bytearray), buffer.c, percent.c,
 * codec.c. */
/* SPDX-License-Identifier: MIT */
#include "object/bytes.h"

#include "base/copy.h"
#include "base/hash.h"
#include "object/bytesmethod.h"
#include "object/call.h"
#include "object/codec.h"
#include "object/error.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/life.h"
#include "object/name.h"
#include "object/number.h"
#include "object/range.h"
#include "object/reduce.h"
#include "object/sequence.h"
#include "object/str.h"
#include "object/tuple.h"

/* --- making ---------------------------------------------------------------------------------- */

static inline Bytes *bytes_allocate(Vm *vm, ptrdiff_t len)
{
    if (len > PTRDIFF_MAX - 64) {
        throw_no_memory(vm);
        return NULL;
    }
    Bytes *bytes =
        object_new_raw(vm, type_builtin(vm, KIND_BYTES)->shape, sizeof(Bytes) + (size_t)len + 1);
    if (!bytes) return NULL;
    bytes->head.candidate = bytes->head.aux = 0;
    bytes->hash = 0;
    bytes->len = len;
    bytes->data[len] = 0;
    return bytes;
}

/* The one object for a single byte: texts are often taken apart into such. */
static Ref one_byte(Vm *vm, uint8_t value)
{
    Interp *interp = vm->interp;
    if (!interp->byte_values) interp->byte_values = memory_zeroed(vm, 256 * sizeof(Ref));
    if (!interp->byte_values) return FAIL;
    Ref *slot = &interp->byte_values[value];
    if (!is_heap(*slot)) {
        Bytes *made = bytes_allocate(vm, 1);
        if (!made) return FAIL;
        made->data[0] = (char)value;
        *slot = from_object(made);
    }
    return newref(*slot);
}

Ref bytes_from(Vm *vm, const char *data, ptrdiff_t len)
{
    if (len == 0) {
        if (absent(vm->interp->empty_bytes)) {
            Bytes *empty = bytes_allocate(vm, 0);
            if (!empty) return FAIL;
            vm->interp->empty_bytes = from_object(empty);
        }
        return newref(vm->interp->empty_bytes);
    }
    Bytes *bytes = bytes_allocate(vm, len);
    if (!bytes) return FAIL;
    if (data) copy_few(bytes->data, data, (size_t)len);
    return from_object(bytes);
}

Ref bytes_piece(Vm *vm, const char *data, ptrdiff_t len)
{
    return len == 1 ? one_byte(vm, (uint8_t)*data) : bytes_from(vm, data, len);
}

void bytes_close(Interp *interp)
{
    for (int n = 0; interp->byte_values && n < 256; n++) clear(&interp->byte_values[n]);
    memory_free(interp->byte_values);
    interp->byte_values = NULL;
}

Ref bytes_cut(Vm *vm, Ref bytes, ptrdiff_t len)
{
    if (len >= as_bytes(bytes)->len / 4 && len > 0) {
        as_bytes(bytes)->len = len;
        as_bytes(bytes)->data[len] = 0;
        return bytes;
    }
    Ref cut = bytes_from(vm, as_bytes(bytes)->data, len);
    decref(bytes);
    return cut;
}

/* A copy as an instance of type, a class derived from bytes; its attribute slot lies behind the
 * bytes. */
static Ref bytes_of_subclass(Vm *vm, Type *type, Span from)
{
    size_t size = ((size_t)from.len + 1 + 7) & ~(size_t)7;
    Bytes *copy = type_instance_sized(vm, type, size + 16);
    if (!copy) return FAIL;
    copy->len = from.len;
    memcpy(copy->data, from.data, (size_t)from.len);
    return from_object(copy);
}

/* Of two spans that together are no longer than bytes can be. */
static Ref joined_spans(Vm *vm, Value like, Span left, Span right)
{
    Ref out = bytes_like(vm, like, NULL, left.len + right.len);
    if (failed(out)) return FAIL;
    char *data = (char *)(uintptr_t)span_of(out).data;
    data = copy_few(data, left.data, (size_t)left.len);
    copy_few(data, right.data, (size_t)right.len);
    return out;
}

Ref bytes_concat(Vm *vm, Value a, Value b)
{
    Buffer buffer;
    if (!type_of(vm, b)->slots.buffer) return throw(vm, TypeError, "can't concat %T to %T", b, a);
    if (!buffer_get(vm, b, &buffer, false)) return FAIL;
    Span left = span_of(a);
    Ref out = FAIL;
    if (is_exact(a, KIND_BYTES) && buffer.len == 0) {
        out = newref(a);
    } else if (is_exact(b, KIND_BYTES) && is_bytes(a) && left.len == 0) {
        out = newref(b);
    } else if (left.len > PTRDIFF_MAX - 64 - buffer.len) {
        throw_no_memory(vm);
    } else {
        out = joined_spans(vm, a, left, (Span){buffer.data, buffer.len});
    }
    buffer_release(vm, &buffer);
    return out;
}

bool byte_value(Vm *vm, Value v, const char *message, char *byte)
{
    int64_t n;
    if (is_int(v)) {
        n = as_int(v);
    } else if (!sequence_is_index(vm, v)) {
        throw(vm, TypeError, "'%T' object cannot be interpreted as an integer", v);
        return false;
    } else if (!int_index(vm, v, &n)) {
        if (!error_is(vm, OverflowError)) return false;
        error_clear(vm);
        n = -1;
    }
    *byte = (char)n;
    if (n >= 0 && n <= 255) return true;
    throw(vm, ValueError, "%s", message);
    return false;
}

/* --- construction ---------------------------------------------------------------------------- */

typedef struct Filling {
    ByteArray *into;
    const char *message;
} Filling;

static bool fill_byte(Vm *vm, Value item, void *context)
{
    Filling *filling = context;
    char byte;
    if (!byte_value(vm, item, filling->message, &byte)) return false;
    if (!bytearray_resize(vm, filling->into, filling->into->len + 1)) return false;
    filling->into->data[filling->into->len - 1] = byte;
    return true;
}

/* A bytearray of the items of a list or tuple, when all are small ints that fit; else UNDEF. */
static Ref bytes_of_sequence(Vm *vm, Value source)
{
    ptrdiff_t count;
    sequence_items(source, &count);
    Ref out = bytearray_from(vm, NULL, count);
    if (failed(out)) return FAIL;
    const Ref *items = sequence_items(source, &count);
    char *data = as_bytearray(out)->data;
    for (ptrdiff_t i = 0; i < count; i++) {
        if (!is_int(items[i]) || (uint64_t)as_int(items[i]) > 255) {
            decref(out);
            return UNDEF;
        }
        data[i] = (char)as_int(items[i]);
    }
    return out;
}

/* A bytearray of the integers an iterable gives. */
static Ref bytes_of_items(Vm *vm, const char *type, Value source)
{
    const Type *source_type = type_of(vm, source);
    if (!source_type->slots.iter && !source_type->slots.get_item)
        return throw(vm, TypeError, "cannot convert '%T' object to %s", source, type);
    if (is_exact(source, KIND_LIST) || is_exact(source, KIND_TUPLE)) {
        Ref made = bytes_of_sequence(vm, source);
        if (!absent(made)) return made;
    }
    Ref out = bytearray_from(vm, NULL, 0);
    if (failed(out)) return FAIL;
    bool plain = strcmp(type, "bytes") == 0;
    Filling filling = {as_bytearray(out),
                       plain ? "bytes must be in range(0, 256)" : "byte must be in range(0, 256)"};
    if (iterate(vm, source, fill_byte, &filling)) return out;
    decref(out);
    return FAIL;
}

static Ref bytes_encoded(Vm *vm, const char *type, Value source, Value encoding, Value errors)
{
    if (!absent(encoding) && !is_str(encoding))
        return throw(vm, TypeError, "%s() argument 'encoding' must be str, not %s", type,
                     argument_type(vm, encoding));
    if (!absent(errors) && !is_str(errors))
        return throw(vm, TypeError, "%s() argument 'errors' must be str, not %s", type,
                     argument_type(vm, errors));
    if (absent(source) || !is_str(source))
        return throw(vm, TypeError, "%s without a string argument",
                     absent(encoding) ? "errors" : "encoding");
    if (absent(encoding)) return throw(vm, TypeError, "string argument without an encoding");
    return codec_encode_values(vm, source, encoding, errors);
}

/* count zero bytes */
static Ref bytes_of_zeros(Vm *vm, Value source)
{
    int64_t count;
    if (!int_index(vm, source, &count)) return FAIL;
    if (count < 0) return throw(vm, ValueError, "negative count");
    if (count > PTRDIFF_MAX - 64) return throw_no_memory(vm);
    return bytearray_from(vm, NULL, count);
}

Ref bytes_from_arguments(Vm *vm, const char *type, Value source, Value encoding, Value errors)
{
    if (!absent(encoding) || !absent(errors))
        return bytes_encoded(vm, type, source, encoding, errors);
    if (absent(source)) return bytes_from(vm, NULL, 0);
    bool subclass = is_heap(source) && (as_object(source)->flags & OBJ_SUBCLASS);
    if (is_str(source) && !subclass)
        return throw(vm, TypeError, "string argument without an encoding");
    if (is_any_int(source) && !subclass) return bytes_of_zeros(vm, source);
    if (strcmp(type, "bytes") == 0 && !is_exact(source, KIND_BYTES)) {
        Ref made = call_special(vm, source, N(__bytes__), 0, NULL);
        if (failed(made) || (!absent(made) && is_bytes(made))) return made;
        if (!absent(made)) {
            throw(vm, TypeError, "__bytes__ returned non-bytes (type %T)", made);
            decref(made);
            return FAIL;
        }
    }
    if (is_str(source)) return throw(vm, TypeError, "string argument without an encoding");
    const Type *source_type = type_of(vm, source);
    if (is_any_int(source) || source_type->slots.index) {
        Ref zeros = bytes_of_zeros(vm, source);
        if (!failed(zeros) || is_any_int(source) || !error_is(vm, TypeError)) return zeros;
        error_clear(vm); /* its __index__ is no good: perhaps it is iterable */
    }
    if (source_type->slots.buffer) {
        Buffer buffer;
        if (!buffer_get(vm, source, &buffer, false)) return FAIL;
        Ref out = bytes_from(vm, buffer.data, buffer.len);
        buffer_release(vm, &buffer);
        return out;
    }
    return bytes_of_items(vm, type, source);
}

NATIVE(bytes_make, "new(cls, source=?, encoding=?, errors=?)",
       "Return immutable bytes: those of a bytes-like object, of an iterable of integers, of text "
       "in an encoding,\n"
       "or as many zeros as an integer says.")
{
    bool plain = as_type(argv[0]) == type_builtin(vm, KIND_BYTES);
    if (plain && !absent(argv[1]) && absent(argv[2]) && absent(argv[3]) &&
        is_exact(argv[1], KIND_BYTES))
        return newref(argv[1]);
    Ref made = bytes_from_arguments(vm, "bytes", argv[1], argv[2], argv[3]);
    if (failed(made) || (plain && is_bytes(made))) return made;
    Span span = span_of(made);
    Ref out =
        plain ? bytes_from(vm, span.data, span.len) : bytes_of_subclass(vm, as_type(argv[0]), span);
    decref(made);
    return out;
}

/* --- slots ----------------------------------------------------------------------------------- */

/* How many characters of a repr stand for byte: itself, an escape, \xNN. */
static int shown_width(uint8_t byte, char quote, bool escape_single)
{
    if (byte == '\t' || byte == '\n' || byte == '\r' || byte == '\\' || byte == (uint8_t)quote)
        return 2;
    if (byte == '\'' && escape_single) return 2;
    return byte - 32u < 95 ? 1 : 4;
}

/* Writes what shown_width measured. */
static char *show_byte(char *to, uint8_t byte, int width)
{
    static const char hex[] = "0123456789abcdef";
    if (width == 1) {
        *to++ = (char)byte;
        return to;
    }
    *to++ = '\\';
    if (width == 2) {
        *to++ = byte == '\t' ? 't' : byte == '\n' ? 'n' : byte == '\r' ? 'r' : (char)byte;
        return to;
    }
    *to++ = 'x';
    *to++ = hex[byte >> 4];
    *to++ = hex[byte & 15];
    return to;
}

Ref bytes_repr_of(Vm *vm, const char *data, ptrdiff_t len, const char *prefix, const char *suffix)
{
    char quote = memchr(data, '\'', (size_t)len) && !memchr(data, '"', (size_t)len) ? '"' : '\'';
    bool always = *suffix; /* a bytearray escapes ' whatever the quotes are */
    size_t before = strlen(prefix), after = strlen(suffix);
    ptrdiff_t shown = (ptrdiff_t)(before + after) + 3;
    if (len > (PTRDIFF_MAX / 2 - shown) / 4) return throw_no_memory(vm);
    for (size_t i = 0; i < before; i++)
        if (prefix[i] & 0x80) { /* the name of a class */
            Ref rest = bytes_repr_of(vm, data, len, "", suffix);
            Ref whole = failed(rest) ? FAIL : format_text(vm, "%s%S", prefix, (Value)rest);
            decref(rest);
            return whole;
        }
    for (ptrdiff_t i = 0; i < len; i++) shown += shown_width((uint8_t)data[i], quote, always);
    Ref text = str_new(vm, shown, STR_ASCII);
    if (failed(text)) return FAIL;
    char *to = copy_few(as_str(text)->data, prefix, before);
    *to++ = 'b';
    *to++ = quote;
    for (ptrdiff_t i = 0; i < len; i++) {
        uint8_t byte = (uint8_t)data[i];
        to = show_byte(to, byte, shown_width(byte, quote, always));
    }
    *to++ = quote;
    copy_few(to, suffix, after);
    return text;
}

static Ref bytes_repr(Vm *vm, Value self)
{
    return bytes_repr_of(vm, as_bytes(self)->data, as_bytes(self)->len, "", "");
}

static ptrdiff_t bytes_len(Vm *vm __attribute__((unused)), Value self)
{
    return as_bytes(self)->len;
}

static bool bytes_hash(Vm *vm, Value self, int64_t *hash)
{
    Bytes *bytes = as_bytes(self);
    if (!bytes->hash && bytes->len > 0) {
        int64_t made = (int64_t)hash_bytes(vm->interp->hash_key, bytes->data, (size_t)bytes->len);
        bytes->hash = made == 0 ? 1 : made == -1 ? -2 : made;
    }
    *hash = bytes->hash;
    return true;
}

Ref bytes_str(Vm *vm, Value self)
{
    if (vm->interp->flags.bytes_warning && !warn(vm, BytesWarning, 1, "str() on a %s instance",
                                                 is_bytes(self) ? "bytes" : "bytearray"))
        return FAIL;
    return value_repr(vm, self);
}

bool bytes_warn_comparison(Vm *vm, const char *name, Value other, CompareOp op)
{
    if (!vm->interp->flags.bytes_warning || (op != CMP_EQUAL && op != CMP_NOT_EQUAL)) return true;
    const char *what = is_str(other) ? "string" : is_any_int(other) ? "int" : NULL;
    return !what || warn(vm, BytesWarning, 1, "Comparison between %s and %s", name, what);
}

static Ref bytes_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if (is_bytes(a) && is_bytes(b)) return span_compare(span_of(a), span_of(b), op);
    return bytes_warn_comparison(vm, "bytes", b, op) ? NOT_IMPLEMENTED : FAIL;
}

bool may_add_reflected(Vm *vm, Value v)
{
    Type *type = type_of(vm, v);
    return !type->slots.buffer && (type->flags & TYPE_HEAP) &&
           type_lookup(vm, type, N(__radd__)) != UNDEF;
}

static Ref bytes_binary(Vm *vm, BinaryOp op, Value a, Value b)
{
    switch (op) {
    case OP2_ADD:
        if (!is_bytes(a)) return NOT_IMPLEMENTED;
        if (is_exact(a, KIND_BYTES) && is_exact(b, KIND_BYTES) && span_of(a).len && span_of(b).len)
            return joined_spans(vm, a, span_of(a), span_of(b));
        if (may_add_reflected(vm, b)) return NOT_IMPLEMENTED;
        return bytes_concat(vm, a, b);
    case OP2_MUL: return is_bytes(a) ? bytes_times(vm, a, b) : bytes_times(vm, b, a);
    case OP2_MOD: return is_bytes(a) ? bytes_percent(vm, a, b) : NOT_IMPLEMENTED;
    default: return NOT_IMPLEMENTED;
    }
}

static bool bytes_buffer(Vm *vm, Value self, Buffer *buffer, bool writable)
{
    if (writable) {
        throw(vm, BufferError, "Object is not writable.");
        return false;
    }
    *buffer = (Buffer){.data = as_bytes(self)->data,
                       .len = as_bytes(self)->len,
                       .readonly = true,
                       .format = "B",
                       .item_size = 1,
                       .owner = newref(self)};
    return true;
}

NATIVE(bytes_bytes, "__bytes__(self, /)", "Return self as plain bytes.")
{
    if (is_exact(argv[0], KIND_BYTES)) return newref(argv[0]);
    return bytes_from(vm, as_bytes(argv[0])->data, as_bytes(argv[0])->len);
}

NATIVE(bytes_getnewargs, "__getnewargs__(self, /)",
       "Return the arguments that make an equal object.")
{
    Ref plain = bytes_from(vm, as_bytes(argv[0])->data, as_bytes(argv[0])->len);
    if (failed(plain)) return FAIL;
    Ref out = tuple_pack(vm, 1, (Value)plain);
    decref(plain);
    return out;
}

/* --- the iterator ---------------------------------------------------------------------------- */

Ref bytes_iter_of(Vm *vm, Value self)
{
    BytesIter *iter = type_instance(vm, type_builtin(vm, KIND_BYTES_ITER));
    if (!iter) return FAIL;
    iter->source = newref(self);
    return from_object(iter);
}

static Ref bytes_iter_self(Vm *vm __attribute__((unused)), Value self) { return newref(self); }

static Ref bytes_iter_next(Vm *vm __attribute__((unused)), Value self)
{
    BytesIter *iter = (BytesIter *)(void *)as_object(self);
    if (absent(iter->source)) return UNDEF;
    Span span = span_of(iter->source);
    if (iter->next < span.len) return from_small((uint8_t)span.data[iter->next++]);
    clear(&iter->source);
    return UNDEF;
}

NATIVE(bytes_iter_length_hint, "__length_hint__(self, /)", "Return how many items are left.")
{
    const BytesIter *iter = (const BytesIter *)(const void *)as_object(argv[0]);
    ptrdiff_t left = absent(iter->source) ? 0 : span_of(iter->source).len - iter->next;
    return from_small(left > 0 ? left : 0);
}

/* --- tables ---------------------------------------------------------------------------------- */

static const Native *const bytes_iter_methods[] = {
    &bytes_iter_length_hint_def, &iterator_reduce_def, &iterator_setstate_def, NULL};

const TypeDef bytes_iter_type = {
    .name = "bytes_iterator",
    .doc = "Iterates over the bytes of a bytes or bytearray.",
    .size = sizeof(BytesIter),
    .flags = TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(BytesIter, source)),
    .iter = bytes_iter_self,
    .next = bytes_iter_next,
    .methods = bytes_iter_methods,
};

static const Native *const bytes_methods[] = {
#define METHOD(id) &id##_def,
#include "object/bytesmethods.def"
    &bytes_bytes_def,
    &bytes_getnewargs_def,
    NULL,
};

const TypeDef bytes_type = {
    .name = "bytes",
    .size = sizeof(Bytes),
    .flags = TYPE_MATCH_SELF,
    .new = &bytes_make_def,
    .doc = "An immutable sequence of integers in range(256).",
    .repr = bytes_repr,
    .str = bytes_str,
    .hash = bytes_hash,
    .compare = bytes_compare,
    .binary = bytes_binary,
    .len = bytes_len,
    .get_item = bytes_get_item,
    .contains = bytes_contains,
    .iter = bytes_iter_of,
    .buffer = bytes_buffer,
    .methods = bytes_methods,
};
