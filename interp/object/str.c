/* str.c - text: making, comparing, slicing, and the type itself.
 *
 * Every Str is as narrow as its widest point allows and `ascii` is exact, so that equal texts have
 * equal bytes.  One-character strings below U+0100 and the empty string are shared.  `spare` bytes
 * lie behind the terminator: str_append uses them when nobody else holds the string.
 * Neighbours: intern.c (unique strings), strmethod.c, strcase.c, strsplit.c (methods), strfind.c,
 * strbuilder.c, textrepr.c, strformat.c, percent.c,
 * codec.c. */
/* SPDX-License-Identifier: MIT */
#include "object/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/block.h"
#include "base/convert.h"
#include "base/copy.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "object/bytes.h"
#include "object/call.h"
#include "object/char.h"
#include "object/codecstate.h"
#include "object/error.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/life.h"
#include "object/list.h"
#include "object/intern.h"
#include "object/native.h"
#include "object/number.h"
#include "object/numberformat.h"
#include "object/range.h"
#include "object/reduce.h"
#include "object/sequence.h"
#include "object/shape.h"
#include "object/strmethod.h"
#include "object/tuple.h"

/* --- making ---------------------------------------------------------------------------------- */

static int width_of(uint32_t limit) { return limit <= STR_LATIN1 ? 1 : limit <= STR_WIDE ? 2 : 4; }

/* A plain str with at least `spare` bytes behind its terminator. */
ALWAYS_INLINE Str *str_allocate(Vm *vm, ptrdiff_t len, uint32_t limit, size_t spare)
{
    int width = width_of(limit);
    if (len > (PTRDIFF_MAX - 256) / 4) {
        throw_no_memory(vm);
        return NULL;
    }
    size_t used = sizeof(Str) + (size_t)(len + 1) * (size_t)width;
    size_t size = (used + spare + CELL_BYTES - 1) & ~(size_t)(CELL_BYTES - 1);
    Str *s = object_new_raw(vm, type_builtin(vm, KIND_STR)->shape, size);
    if (!s) return NULL;
    memset((char *)s + used - 4, 0, 4); /* the terminator: what lies behind may be spare bytes */
    s->len = len;
    s->hash = 0;
    s->width = (uint8_t)width;
    s->ascii = limit <= STR_ASCII;
    s->interned = false;
    s->spare = spare && size - used > UINT32_MAX ? UINT32_MAX : (uint32_t)(size - used);
    return s;
}

Ref str_new(Vm *vm, ptrdiff_t len, uint32_t limit)
{
    if (len == 0 && vm->interp->empty_str != UNDEF) return newref(vm->interp->empty_str);
    Str *s = str_allocate(vm, len, limit, 0);
    return s ? from_object(s) : FAIL;
}

Ref str_from_char(Vm *vm, uint32_t point)
{
    if (point <= STR_LATIN1) return newref(vm->interp->latin1[point]);
    Ref s = str_new(vm, 1, point);
    if (!failed(s)) points_set(as_str(s)->data, as_str(s)->width, 0, point);
    return s;
}

Ref str_from_ascii(Vm *vm, const char *text, ptrdiff_t len)
{
    if (len == 1) return newref(vm->interp->latin1[(uint8_t)*text]);
    if (len == 0) return str_new(vm, 0, STR_ASCII);
    Str *s = str_allocate(vm, len, STR_ASCII, 0);
    if (!s) return FAIL;
    copy_few(s->data, text, (size_t)len);
    return from_object(s);
}

Ref str_from_points(Vm *vm, const uint32_t *points, ptrdiff_t len)
{
    uint32_t limit = 0;
    for (ptrdiff_t i = 0; i < len; i++) limit |= points[i];
    if (len == 1) return str_from_char(vm, points[0]);
    Ref s = str_new(vm, len, limit);
    if (failed(s) || len == 0) return s;
    char *data = as_str(s)->data;
    switch (as_str(s)->width) {
    case 1:
        for (ptrdiff_t i = 0; i < len; i++) data[i] = (char)points[i];
        break;
    case 2:
        for (ptrdiff_t i = 0; i < len; i++) points_set(data, 2, i, points[i]);
        break;
    default: memcpy(data, points, (size_t)len * sizeof *points);
    }
    return s;
}

static bool all_ascii(const char *text, ptrdiff_t len) { return ascii_run(text, len) == len; }

Ref str_from_utf8(Vm *vm, const char *utf8, ptrdiff_t len_bytes)
{
    if (all_ascii(utf8, len_bytes)) return str_from_ascii(vm, utf8, len_bytes);
    StrBuilder out;
    builder_open(&out);
    for (ptrdiff_t i = 0; i < len_bytes;) {
        uint32_t point;
        int n = utf8_decode(utf8 + i, len_bytes - i, &point);
        if (n == 0) {
            n = 1;
            point = 0xFFFD;
        }
        i += n;
        if (!builder_char(vm, &out, point)) {
            builder_close(&out);
            return FAIL;
        }
    }
    return builder_finish(vm, &out);
}

Ref str_from(Vm *vm, const char *utf8) { return str_from_utf8(vm, utf8, (ptrdiff_t)strlen(utf8)); }

Ref str_format(Vm *vm, const char *format, ...)
{
    char text[512];
    va_list list;
    va_start(list, format);
    int len = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    if (len < (int)sizeof text) return str_from_utf8(vm, text, len);
    char *big = memory_new(vm, (size_t)len + 1);
    if (!big) return FAIL;
    va_start(list, format);
    vsnprintf(big, (size_t)len + 1, format, list);
    va_end(list);
    Ref s = str_from_utf8(vm, big, len);
    memory_free(big);
    return s;
}

/* A copy of s as an instance of type, a class derived from str; its attribute slot lies behind the
 * text. */
static Ref str_of_subclass(Vm *vm, Type *type, Value s)
{
    const Str *from = as_str(s);
    size_t bytes = (size_t)(from->len + 1) * from->width;
    Str *copy = type_instance_sized(vm, type, ((bytes + 7) & ~(size_t)7) + 16);
    if (!copy) return FAIL;
    copy->len = from->len;
    copy->width = from->width;
    copy->ascii = from->ascii;
    memcpy(copy->data, from->data, bytes);
    return from_object(copy);
}

Ref str_exact(Vm *vm, Value s)
{
    if (is_exact(s, KIND_STR)) return newref(s);
    const Str *from = as_str(s);
    Ref copy = str_new(vm, from->len, str_limit(from));
    if (!failed(copy)) memcpy(as_str(copy)->data, from->data, (size_t)from->len * from->width);
    return copy;
}

/* --- reading and copying points -------------------------------------------------------------- */

/* The n points before `end`, n <= a block's, behind zeros; the block may reach into the header. */
static inline Bytes16 last_points(const Str *s, ptrdiff_t end, ptrdiff_t n)
{
    _Static_assert(offsetof(Str, data) >= BLOCK_BYTES, "what lies before the text can be read");
    static const uint8_t masks[2 * BLOCK_BYTES] = {
        [BLOCK_BYTES... 2 * BLOCK_BYTES - 1] = 0xFF,
    };
    Bytes16 block =
        bytes16_at((const char *)s + offsetof(Str, data) + end * s->width - BLOCK_BYTES);
    return block & bytes16_at((const char *)masks + n * s->width);
}

uint32_t str_limit_of(const Str *s, ptrdiff_t start, ptrdiff_t end)
{
    if (s->ascii) return STR_ASCII;
    if (s->width == 1) return all_ascii(s->data + start, end - start) ? STR_ASCII : STR_LATIN1;
    ptrdiff_t points = BLOCK_BYTES / s->width;
    Bytes16 all = last_points(s, end, end - start < points ? end - start : points);
    for (ptrdiff_t i = start; i + points <= end; i += points)
        all |= bytes16_at(s->data + i * s->width);
    uint64_t limit = ((Words2)all)[0] | ((Words2)all)[1];
    limit |= limit >> 32;
    return s->width == 2 ? (limit | limit >> 16) & 0xFFFF : (uint32_t)limit;
}

void points_copy(char *data, int width, ptrdiff_t at, const Str *s, ptrdiff_t start, ptrdiff_t n)
{
    units_convert(data + at * width, width, s->data + start * s->width, s->width, n);
}

void points_fill(char *data, int width, ptrdiff_t at, uint32_t point, ptrdiff_t n)
{
    if (width == 1) memset(data + at, (int)point, (size_t)n);
    else
        for (ptrdiff_t i = at; i < at + n; i++) points_set(data, width, i, point);
}

Ref str_slice(Vm *vm, Value v, ptrdiff_t start, ptrdiff_t end)
{
    const Str *s = as_str(v);
    if (end - start == s->len) return str_exact(vm, v);
    if (end - start == 1) return str_from_char(vm, str_at(s, start));
    if (end <= start) return newref(vm->interp->empty_str);
    if (s->ascii) return str_from_ascii(vm, s->data + start, end - start);
    Ref out = str_new(vm, end - start, str_limit_of(s, start, end));
    if (failed(out)) return FAIL;
    points_copy(as_str(out)->data, as_str(out)->width, 0, s, start, end - start);
    return out;
}

/* --- joining --------------------------------------------------------------------------------- */

static uint32_t wider(uint32_t a, uint32_t b) { return a > b ? a : b; }

static Ref concat_with_spare(Vm *vm, Value a, Value b, size_t spare)
{
    const Str *left = as_str(a), *right = as_str(b);
    Str *s =
        str_allocate(vm, left->len + right->len, wider(str_limit(left), str_limit(right)), spare);
    if (!s) return FAIL;
    points_copy(s->data, s->width, 0, left, 0, left->len);
    points_copy(s->data, s->width, left->len, right, 0, right->len);
    return from_object(s);
}

Ref str_concat(Vm *vm, Value a, Value b)
{
    if (as_str(a)->len == 0) return str_exact(vm, b);
    if (as_str(b)->len == 0) return str_exact(vm, a);
    return concat_with_spare(vm, a, b, 0);
}

Ref str_append(Vm *vm, Ref a, Value b)
{
    Str *s = as_str(a);
    const Str *more = as_str(b);
    if (s->len == 0 || more->len == 0 || (s->head.flags & OBJ_SUBCLASS)) {
        Ref out = str_concat(vm, a, b);
        decref(a);
        return out;
    }
    size_t extra = (size_t)more->len * s->width;
    if (s->head.count == 1 && !s->interned && more->width <= s->width && extra <= s->spare) {
        points_copy(s->data, s->width, s->len, more, 0, more->len);
        s->len += more->len;
        s->spare -= (uint32_t)extra;
        s->ascii = s->ascii && more->ascii;
        s->hash = 0;
        points_set(s->data, s->width, s->len, 0);
        return a;
    }
    /* Appending again is likely only when nobody else looks at a. */
    size_t spare = s->head.count == 1 ? ((size_t)s->len * s->width + extra) / 4 : 0;
    Ref out = concat_with_spare(vm, a, b, spare);
    decref(a);
    return out;
}

/* Texts of one byte a point put together behind each other, parts with between in the gaps. */
static void join_bytes(char *to, const Str *between, ptrdiff_t count, Value *parts)
{
    const char *gap = between ? between->data : NULL;
    size_t gap_len = between ? (size_t)between->len : 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        const Str *part = as_str(parts[i]);
        if (i > 0) to = copy_few(to, gap, gap_len);
        to = copy_few(to, part->data, (size_t)part->len);
    }
}

/* parts joined by separator (UNDEF: nothing between); all are str. */
static Ref join_strings(Vm *vm, Value separator, ptrdiff_t count, Value *parts)
{
    const Str *between = absent(separator) ? NULL : as_str(separator);
    if (count == 0) return newref(vm->interp->empty_str);
    if (count == 1) return str_exact(vm, parts[0]);
    ptrdiff_t len = between ? between->len * (count - 1) : 0;
    uint32_t limit = between && between->len ? str_limit(between) : STR_ASCII;
    for (ptrdiff_t i = 0; i < count; i++) {
        limit = wider(limit, str_limit(as_str(parts[i])));
        if (__builtin_add_overflow(len, as_str(parts[i])->len, &len)) return throw_no_memory(vm);
    }
    Ref out = str_new(vm, len, limit);
    if (failed(out) || len == 0) return out;
    Str *s = as_str(out);
    ptrdiff_t at = 0;
    if (s->width == 1) {
        join_bytes(s->data, between, count, parts);
        return out;
    }
    for (ptrdiff_t i = 0; i < count; i++) {
        if (i > 0 && between) {
            points_copy(s->data, s->width, at, between, 0, between->len);
            at += between->len;
        }
        const Str *part = as_str(parts[i]);
        points_copy(s->data, s->width, at, part, 0, part->len);
        at += part->len;
    }
    return out;
}

Ref str_join_values(Vm *vm, int count, Value *parts, bool simple)
{
    bool all = true;
    for (int i = 0; i < count; i++) {
        if (is_str(parts[i])) continue;
        if (!simple || is_heap(parts[i])) /* a tree made by hand may hold anything */
            return throw(vm, TypeError, "sequence item %d: expected str instance, %T found", i,
                         parts[i]);
        all = false;
    }
    if (all) return join_strings(vm, UNDEF, count, parts);
    StrBuilder out;
    builder_open(&out);
    for (int i = 0; i < count; i++) {
        if (builder_value(vm, &out, parts[i])) continue;
        builder_close(&out);
        return FAIL;
    }
    return builder_finish(vm, &out);
}

Ref str_join(Vm *vm, Value separator, Value iterable)
{
    Ref items = FAIL, out = FAIL;
    Value *parts;
    ptrdiff_t count;
    if (is_exact(iterable, KIND_LIST) || is_exact(iterable, KIND_TUPLE)) {
        items = newref(iterable);
    } else {
        const Type *type = type_of(vm, iterable);
        if (!type->slots.iter && !type->slots.get_item)
            return throw(vm, TypeError, "can only join an iterable");
        items = list_from(vm, iterable);
        if (failed(items)) return FAIL;
    }
    if (is_list(items)) {
        parts = as_values(as_list(items)->items);
        count = as_list(items)->len;
    } else {
        parts = as_values(as_tuple(items)->items);
        count = as_tuple(items)->len;
    }
    for (ptrdiff_t i = 0; i < count; i++) {
        if (is_str(parts[i])) continue;
        throw(vm, TypeError, "sequence item %zd: expected str instance, %T found", i, parts[i]);
        goto done;
    }
    out = join_strings(vm, separator, count, parts);
done:
    decref(items);
    return out;
}

Ref str_repeat(Vm *vm, Value v, ptrdiff_t count)
{
    const Str *s = as_str(v);
    if (count <= 0 || s->len == 0) return newref(vm->interp->empty_str);
    if (count == 1) return str_exact(vm, v);
    ptrdiff_t len;
    if (__builtin_mul_overflow(s->len, count, &len))
        return throw(vm, OverflowError, "repeated string is too long");
    Ref out = str_new(vm, len, str_limit(s));
    if (failed(out)) return FAIL;
    char *data = as_str(out)->data;
    if (s->len == 1) {
        points_fill(data, s->width, 0, str_at(s, 0), count);
        return out;
    }
    size_t done = (size_t)s->len * s->width, total = (size_t)len * s->width;
    memcpy(data, s->data, done);
    for (; done < total; done *= 2)
        memcpy(data + done, data, done < total - done ? done : total - done);
    return out;
}

/* --- comparing ------------------------------------------------------------------------------- */

bool str_equal(const Str *a, const Str *b)
{
    if (a == b) return true;
    if (a->len != b->len || a->width != b->width || (a->interned && b->interned)) return false;
    return memcmp(a->data, b->data, (size_t)a->len * a->width) == 0;
}

int str_compare(const Str *a, const Str *b)
{
    ptrdiff_t len = a->len < b->len ? a->len : b->len;
    if (a->width == 1 && b->width == 1) {
        int order = memcmp(a->data, b->data, (size_t)len);
        if (order) return order < 0 ? -1 : 1;
    } else {
        for (ptrdiff_t i = 0; i < len; i++) {
            uint32_t left = str_at(a, i), right = str_at(b, i);
            if (left != right) return left < right ? -1 : 1;
        }
    }
    return (a->len > b->len) - (a->len < b->len);
}

bool str_is(Value v, const char *ascii)
{
    if (!is_str(v) || as_str(v)->width != 1) return false;
    size_t len = strlen(ascii);
    return (size_t)as_str(v)->len == len && memcmp(as_str(v)->data, ascii, len) == 0;
}

int64_t str_hash(const Vm *vm, Str *s)
{
    if (s->hash || s->len == 0) return s->hash;
    int64_t hash = (int64_t)hash_bytes(vm->interp->hash_key, s->data, (size_t)s->len * s->width);
    s->hash = hash == 0 ? 1 : hash == -1 ? -2 : hash;
    return s->hash;
}

/* --- UTF-8 ----------------------------------------------------------------------------------- */

const char *str_utf8(Vm *vm, Value v, ptrdiff_t *len_bytes, char **owned)
{
    const Str *s = as_str(v);
    *owned = NULL;
    if (s->ascii) {
        if (len_bytes) *len_bytes = s->len;
        return s->data;
    }
    char *out = memory_new(vm, (size_t)s->len * (s->width == 1 ? 2 : s->width == 2 ? 3 : 4) + 1);
    if (!out) return NULL;
    ptrdiff_t at = 0;
    for (ptrdiff_t i = 0; i < s->len; i++) {
        uint32_t point = str_at(s, i);
        if (char_is_surrogate(point)) {
            memory_free(out);
            codec_throw_encode(vm, "utf-8", v, i, i + 1, "surrogates not allowed");
            return NULL;
        }
        at += utf8_encode(out + at, point);
    }
    out[at] = 0;
    if (len_bytes) *len_bytes = at;
    *owned = out;
    return out;
}

/* --- slots ----------------------------------------------------------------------------------- */

static Ref str_repr(Vm *vm, Value self) { return str_repr_of(vm, self); }
static Ref str_str(Vm *vm, Value self) { return str_exact(vm, self); }
static ptrdiff_t str_len(Vm *vm __attribute__((unused)), Value self) { return as_str(self)->len; }

static bool str_hash_slot(Vm *vm, Value self, int64_t *hash)
{
    *hash = str_hash(vm, as_str(self));
    return true;
}

static Ref str_compare_slot(Vm *vm __attribute__((unused)), Value a, Value b, CompareOp op)
{
    if (!is_str(a) || !is_str(b)) return NOT_IMPLEMENTED;
    if (op == CMP_EQUAL) return from_bool(str_equal(as_str(a), as_str(b)));
    if (op == CMP_NOT_EQUAL) return from_bool(!str_equal(as_str(a), as_str(b)));
    int order = str_compare(as_str(a), as_str(b));
    switch (op) {
    case CMP_LESS: return from_bool(order < 0);
    case CMP_LESS_EQUAL: return from_bool(order <= 0);
    case CMP_GREATER: return from_bool(order > 0);
    default: return from_bool(order >= 0);
    }
}

static Ref str_binary(Vm *vm, BinaryOp op, Value a, Value b)
{
    ptrdiff_t count;
    switch (op) {
    case OP2_ADD:
        if (is_str(a) && is_str(b)) return str_concat(vm, a, b);
        return is_str(a) ? sequence_cannot_add(vm, "str", b) : NOT_IMPLEMENTED;
    case OP2_MUL:
        switch (sequence_count(vm, is_str(a) ? b : a, &count)) {
        case FAILED: return FAIL;
        case NO: return NOT_IMPLEMENTED;
        case YES: return str_repeat(vm, is_str(a) ? a : b, count);
        }
        return NOT_IMPLEMENTED;
    case OP2_MOD: return is_str(a) ? str_percent(vm, a, b) : NOT_IMPLEMENTED;
    default: return NOT_IMPLEMENTED;
    }
}

static Ref slice_with_step(Vm *vm, const Str *s, ptrdiff_t start, ptrdiff_t step, ptrdiff_t count)
{
    uint32_t limit = 0;
    for (ptrdiff_t i = 0; i < count; i++) limit |= str_at(s, start + i * step);
    Ref out = str_new(vm, count, limit);
    if (failed(out) || count == 0) return out;
    Str *to = as_str(out);
    for (ptrdiff_t i = 0; i < count; i++)
        points_set(to->data, to->width, i, str_at(s, start + i * step));
    return out;
}

static Ref str_get_item(Vm *vm, Value self, Value key)
{
    const Str *s = as_str(self);
    ptrdiff_t i, step, count;
    if (is_slice(key)) {
        if (!slice_resolve(vm, key, &s->len, &i, &step, &count)) return FAIL;
        return step == 1 ? str_slice(vm, self, i, i + count)
                         : slice_with_step(vm, s, i, step, count);
    }
    if (is_int(key)) {
        i = as_int(key);
    } else if (is_any_int(key) || type_of(vm, key)->slots.index) {
        if (!int_subscript(vm, key, &i, false)) return FAIL;
    } else {
        return throw(vm, TypeError, "string indices must be integers, not '%T'", key);
    }
    if (i < 0) i += s->len;
    if (i < 0 || i >= s->len) return throw(vm, IndexError, "string index out of range");
    return str_from_char(vm, str_at(s, i));
}

static Truth str_contains(Vm *vm, Value self, Value item)
{
    if (!is_str(item)) {
        throw(vm, TypeError, "'in <string>' requires string as left operand, not %T", item);
        return FAILED;
    }
    return str_find(as_str(self), as_str(item), 0, as_str(self)->len) >= 0 ? YES : NO;
}

static Ref str_iter(Vm *vm, Value self)
{
    StrIter *iter = type_instance(
        vm, type_builtin(vm, as_str(self)->ascii ? KIND_STR_ASCII_ITER : KIND_STR_ITER));
    if (!iter) return FAIL;
    iter->text = newref(self);
    return from_object(iter);
}

static Ref str_format_slot(Vm *vm, Value self, Value spec_text)
{
    if (as_str(spec_text)->len == 0) return value_str(vm, self);
    return str_format_spec(vm, self, spec_text);
}

static void str_clear(Object *self)
{
    if (((Str *)(void *)self)->interned) intern_forget(self->shape->interp, (Str *)(void *)self);
}

/* --- the iterator ---------------------------------------------------------------------------- */

static Ref str_iter_self(Vm *vm __attribute__((unused)), Value self) { return newref(self); }

static Ref str_iter_next(Vm *vm, Value self)
{
    StrIter *iter = (StrIter *)(void *)as_object(self);
    if (absent(iter->text)) return UNDEF;
    const Str *s = as_str(iter->text);
    if (iter->next < s->len) return str_from_char(vm, str_at(s, iter->next++));
    clear(&iter->text);
    return UNDEF;
}

NATIVE(str_iter_length_hint, "__length_hint__(self, /)", "Return how many characters are left.")
{
    const StrIter *iter = (const StrIter *)(void *)as_object(argv[0]);
    return from_small(absent(iter->text) ? 0 : as_str(iter->text)->len - iter->next);
}

/* --- str(...) -------------------------------------------------------------------------------- */

/* str(object, encoding, errors): decoding. */
static Ref decode_object(Vm *vm, Value object, Value encoding, Value errors)
{
    if (!absent(encoding) && !is_str(encoding))
        return throw(vm, TypeError, "str() argument 'encoding' must be str, not %s",
                     argument_type(vm, encoding));
    if (!absent(errors) && !is_str(errors))
        return throw(vm, TypeError, "str() argument 'errors' must be str, not %s",
                     argument_type(vm, errors));
    if (is_str(object)) return throw(vm, TypeError, "decoding str is not supported");
    Buffer buffer;
    if (!type_of(vm, object)->slots.buffer)
        return throw(vm, TypeError, "decoding to str: need a bytes-like object, %T found", object);
    if (!buffer_get(vm, object, &buffer, false)) return FAIL;
    Ref out = codec_decode_values(vm, buffer.data, buffer.len, encoding, errors);
    buffer_release(vm, &buffer);
    return out;
}

NATIVE(str_make, "new(cls, object=?, encoding=?, errors=?)",
       "Return object as text: str(object), or bytes decoded when encoding or errors is given.\n"
       "Encoding defaults to 'utf-8' and errors to 'strict'.")
{
    Ref text;
    if (absent(argv[1])) text = newref(vm->interp->empty_str);
    else if (absent(argv[2]) && absent(argv[3])) text = value_str(vm, argv[1]);
    else text = decode_object(vm, argv[1], argv[2], argv[3]);
    if (failed(text) || as_type(argv[0]) == type_builtin(vm, KIND_STR)) return text;
    Ref out = str_of_subclass(vm, as_type(argv[0]), text);
    decref(text);
    return out;
}

/* --- tables ---------------------------------------------------------------------------------- */

static const Native *const str_iter_methods[] = {&str_iter_length_hint_def, &iterator_reduce_def,
                                                 &iterator_setstate_def, NULL};

const TypeDef str_iter_type = {
    .name = "str_iterator",
    .doc = "Iterates over the characters of a str.",
    .size = sizeof(StrIter),
    .flags = TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(StrIter, text)),
    .iter = str_iter_self,
    .next = str_iter_next,
    .methods = str_iter_methods,
};

const TypeDef str_ascii_iter_type = {
    .name = "str_ascii_iterator",
    .doc = "Iterates over the characters of an ASCII str.",
    .size = sizeof(StrIter),
    .flags = TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(StrIter, text)),
    .iter = str_iter_self,
    .next = str_iter_next,
    .methods = str_iter_methods,
};

static const Native *const str_methods[] = {
#define METHOD(id) &id##_def,
#include "object/strmethods.def"
    NULL,
};

const TypeDef str_type = {
    .name = "str",
    .size = sizeof(Str),
    .flags = TYPE_MATCH_SELF,
    .new = &str_make_def,
    .doc = "Text: an immutable sequence of Unicode code points.",
    .clear = str_clear,
    .repr = str_repr,
    .str = str_str,
    .format = str_format_slot,
    .hash = str_hash_slot,
    .compare = str_compare_slot,
    .binary = str_binary,
    .len = str_len,
    .get_item = str_get_item,
    .contains = str_contains,
    .iter = str_iter,
    .methods = str_methods,
};
