/* strbuilder.c - text that grows: as narrow as what it holds, widened when a wider point arrives.
 *
 * `max` is the bitwise or of the points so far, which tells the narrowest str for the result.
 * Short text is gathered in the builder itself, and numbers are written down where they will
 * stand. Neighbours: str.c, textrepr.c. */
/* SPDX-License-Identifier: MIT */
#include "base/convert.h"
#include "base/copy.h"
#include "base/numtext.h"
#include "base/utf8.h"
#include "object/float.h"
#include "object/name.h"
#include "object/number.h"
#include "object/str.h"

void builder_close(StrBuilder *builder)
{
    if (builder->data != builder->few) memory_free(builder->data);
    builder_open(builder);
}

static uint32_t builder_at(const StrBuilder *builder, ptrdiff_t i)
{
    return points_at(builder->data, builder->width, i);
}

/* Moves to where `more` points have room besides those there are, all of that width. */
static bool builder_grow(Vm *vm, StrBuilder *builder, ptrdiff_t more, int width)
{
    if (more > PTRDIFF_MAX / 8 - builder->len) {
        throw_no_memory(vm);
        return false;
    }
    ptrdiff_t capacity = (ptrdiff_t)sizeof builder->few / width, needed = builder->len + more;
    char *data = builder->few;
    if (needed > capacity || builder->data != builder->few) {
        capacity = needed + needed / 2;
        data = memory_new(vm, (size_t)(capacity * width));
        if (!data) return false;
    }
    if (width == builder->width) memcpy(data, builder->data, (size_t)(builder->len * width));
    else
        for (ptrdiff_t i = builder->len; i-- > 0;) /* downwards: data may be where they are */
            points_set(data, width, i, builder_at(builder, i));
    if (builder->data != builder->few) memory_free(builder->data);
    builder->data = data;
    builder->width = (uint8_t)width;
    builder->capacity = capacity;
    return true;
}

static inline bool builder_reserve(Vm *vm, StrBuilder *builder, ptrdiff_t more, uint32_t limit)
{
    int width = limit <= STR_LATIN1 ? 1 : limit <= STR_WIDE ? 2 : 4;
    if (width < builder->width) width = builder->width;
    builder->max |= limit;
    if (width == builder->width && more <= builder->capacity - builder->len) return true;
    return builder_grow(vm, builder, more, width);
}

bool builder_room(Vm *vm, StrBuilder *builder, ptrdiff_t more, uint32_t limit)
{
    return builder_reserve(vm, builder, more, limit);
}

bool builder_wide_char(Vm *vm, StrBuilder *builder, uint32_t point)
{
    if (!builder_reserve(vm, builder, 1, point)) return false;
    points_set(builder->data, builder->width, builder->len++, point);
    return true;
}

bool builder_points(Vm *vm, StrBuilder *builder, const char *points, int width, ptrdiff_t count,
                    uint32_t limit)
{
    if (!builder_reserve(vm, builder, count, limit)) return false;
    char *to = builder->data + builder->len * builder->width;
    builder->len += count;
    units_convert(to, builder->width, points, width, count);
    return true;
}

bool builder_slice(Vm *vm, StrBuilder *builder, Value v, ptrdiff_t start, ptrdiff_t end)
{
    const Str *s = as_str(v);
    if (end <= start) return true;
    if (s->ascii) return builder_ascii(vm, builder, s->data + start, end - start);
    if (!builder_reserve(vm, builder, end - start, str_limit_of(s, start, end))) return false;
    points_copy(builder->data, builder->width, builder->len, s, start, end - start);
    builder->len += end - start;
    return true;
}

bool builder_str(Vm *vm, StrBuilder *builder, Value v)
{
    return builder_slice(vm, builder, v, 0, as_str(v)->len);
}

bool builder_fill(Vm *vm, StrBuilder *builder, uint32_t point, ptrdiff_t count)
{
    if (count <= 0) return true;
    if (!builder_reserve(vm, builder, count, point)) return false;
    points_fill(builder->data, builder->width, builder->len, point, count);
    builder->len += count;
    return true;
}

/* builder_ascii where there is no room, or points are wider. */
static bool add_ascii(Vm *vm, StrBuilder *builder, const char *text, ptrdiff_t len)
{
    if (len == 0) return true;
    if (!builder_reserve(vm, builder, len, STR_ASCII)) return false;
    if (builder->width == 1) memcpy(builder->data + builder->len, text, (size_t)len);
    else
        for (ptrdiff_t i = 0; i < len; i++)
            points_set(builder->data, builder->width, builder->len + i, (uint8_t)text[i]);
    builder->len += len;
    return true;
}

bool builder_ascii(Vm *vm, StrBuilder *builder, const char *text, ptrdiff_t len)
{
    if (!builder_has_room(builder, len)) return add_ascii(vm, builder, text, len);
    copy_few(builder->data + builder->len, text, (size_t)len);
    builder->len += len;
    return true;
}

bool builder_text(Vm *vm, StrBuilder *builder, const char *utf8)
{
    ptrdiff_t len = (ptrdiff_t)strlen(utf8);
    ptrdiff_t ascii = 0;
    while (ascii < len && !(utf8[ascii] & 0x80)) ascii++;
    if (!builder_ascii(vm, builder, utf8, ascii)) return false;
    for (ptrdiff_t i = ascii; i < len;) {
        uint32_t point;
        int n = utf8_decode(utf8 + i, len - i, &point);
        if (n == 0) {
            n = 1;
            point = 0xFFFD;
        }
        i += n;
        if (!builder_char(vm, builder, point)) return false;
    }
    return true;
}

/* Adds text, stealing it. */
static bool add_made(Vm *vm, StrBuilder *builder, Ref text)
{
    if (failed(text)) return false;
    bool ok = builder_str(vm, builder, text);
    decref(text);
    return ok;
}

static bool add_number(Vm *vm, StrBuilder *builder, Value v)
{
    char text[DOUBLE_REPR_MAX];
    bool room = builder_has_room(builder, sizeof text);
    char *to = room ? builder->data + builder->len : text;
    int len = is_int(v) ? int64_text(as_int(v), to) : double_repr(as_float(v), to);
    if (!room) return builder_ascii(vm, builder, text, len);
    builder->len += len;
    return true;
}

/* What has the same text for str and repr: YES when v was that and has been added. */
static Truth add_simple(Vm *vm, StrBuilder *builder, Value v)
{
    if (is_int(v) || is_float(v)) return add_number(vm, builder, v) ? YES : FAILED;
    if (!is_none(v) && !is_bool(v)) return NO;
    return builder_str(vm, builder,
                       is_none(v)  ? N(None)
                       : v == TRUE ? N(True)
                                   : N(False))
               ? YES
               : FAILED;
}

bool builder_value(Vm *vm, StrBuilder *builder, Value v)
{
    if (is_exact(v, KIND_STR)) return builder_str(vm, builder, v);
    Truth added = add_simple(vm, builder, v);
    return added == NO ? add_made(vm, builder, value_str(vm, v)) : added == YES;
}

bool builder_repr(Vm *vm, StrBuilder *builder, Value v)
{
    if (is_exact(v, KIND_STR)) return builder_str_repr(vm, builder, v);
    Truth added = add_simple(vm, builder, v);
    return added == NO ? add_made(vm, builder, value_repr(vm, v)) : added == YES;
}

Ref builder_finish(Vm *vm, StrBuilder *builder)
{
    Ref out;
    if (builder->len == 1) {
        out = str_from_char(vm, builder_at(builder, 0));
    } else {
        out = str_new(vm, builder->len, builder->max);
        if (!failed(out) && builder->len)
            copy_few(as_str(out)->data, builder->data, (size_t)builder->len * builder->width);
    }
    builder_close(builder);
    return out;
}
