/* codeccharmap.c - encodings of one byte for each point: those of charmaps.def, and those a script
 * gives as a mapping.
 *
 * Neighbours: codec.c (the others), modules/codecs.c (charmap_encode and charmap_decode). */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "object/bytes.h"
#include "object/char.h"
#include "object/codecstate.h"
#include "object/error.h"
#include "object/int.h"
#include "object/number.h"

static const char undefined[] = "character maps to <undefined>";
enum { NOTHING = 0xFFFD, CHUNK = 256 };

typedef struct Charmap {
    const char *name, *aliases;
    const uint16_t *points; /* of the last bytes; the others are their own points */
    int count;              /* of points: a multiple of those in a block */
} Charmap;
static const Charmap charmaps[] = {
#define CHARMAP(name, aliases, points) {name, aliases, points, (int)(sizeof points / 2) - 1},
#include "object/charmaps.def"
};
enum { CHARMAP_COUNT = sizeof charmaps / sizeof *charmaps };

const char *charmap_exact(const char *name, int *index)
{
    for (int low = 0, high = CHARMAP_COUNT; low < high;) {
        int middle = (low + high) / 2, order = strcmp(name, charmaps[middle].name);
        *index = middle;
        if (order == 0) return charmaps[middle].name;
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return NULL;
}

const char *charmap_name(const char *normalised, int *index)
{
    for (int n = 0; n < CHARMAP_COUNT; n++) {
        if (!strstr(charmaps[n].aliases, normalised)) continue;
        *index = n;
        return charmaps[n].name;
    }
    return NULL;
}

/* ---- decoding ---- */

/* Takes bytes from i on, as many as fit into units and stand for something; gives how many they
 * were, and in *limit the bitwise or of their points. */
static ptrdiff_t decode_chunk(const Decoder *d, ptrdiff_t i, uint16_t units[CHUNK], uint32_t *limit)
{
    const Charmap *map = &charmaps[d->charmap];
    int own = 256 - map->count;
    ptrdiff_t n = 0, most = d->len - i < CHUNK ? d->len - i : CHUNK;
    *limit = 0;
    for (; n < most; n++) {
        int byte = (uint8_t)d->data[i + n];
        uint16_t point = byte < own ? (uint16_t)byte : map->points[byte - own];
        if (point == NOTHING) break;
        units[n] = point;
        *limit |= point;
    }
    return n;
}

bool charmap_decode_all(Decoder *d)
{
    uint16_t units[CHUNK];
    uint32_t limit;
    for (ptrdiff_t i = 0; i < d->len;) {
        ptrdiff_t count = decode_chunk(d, i, units, &limit);
        if (!builder_points(d->vm, &d->out, (char *)units, 2, count, limit)) return false;
        i += count;
        if (count == 0 && !decode_error(d, i, i + 1, undefined, &i)) return false;
    }
    d->used = d->len;
    return true;
}

/* ---- encoding ---- */

/* A table looked at the other way round. */
typedef struct Reverse {
    const Charmap *map;
    uint32_t own; /* points below are their own bytes */
} Reverse;

static Reverse reverse_open(const Charmap *map)
{
    Reverse reverse = {map, 256 - (uint32_t)map->count};
    Units8 below = {0};
    for (int i = 0; i < map->count; i += 8)
        below |= (Units8)(units8_at((const char *)(map->points + i)) < (uint16_t)reverse.own);
    if (!block_is_zero((Bytes16)below)) reverse.own = 0; /* some of them have two bytes */
    return reverse;
}

/* The byte that stands for point, the last of several; -1: none. */
static int byte_of(const Reverse *reverse, uint32_t point)
{
    const Charmap *map = reverse->map;
    int own = 256 - map->count;
    if (point < reverse->own) return (int)point;
    if (point > STR_WIDE || point == NOTHING) return -1;
    for (int i = map->count - 8; i >= 0; i -= 8) {
        Units8 block = units8_at((const char *)(map->points + i));
        unsigned mask = block_mask((Bytes16)(block == (uint16_t)point));
        if (mask) return own + i + (31 - __builtin_clz(mask)) / 2;
    }
    return point < (uint32_t)own ? (int)point : -1;
}

static bool put_mapped(Encoder *e, uint32_t point)
{
    int byte = byte_of(e->state, point);
    char one = (char)byte;
    if (byte >= 0) return encoder_bytes(e, &one, 1);
    codec_throw_encode(e->vm, e->encoding, e->text, e->at, e->at + 1, undefined);
    return false;
}

bool charmap_encode_all(Encoder *e)
{
    Reverse reverse = reverse_open(&charmaps[e->charmap]);
    const Str *s = as_str(e->text);
    e->state = &reverse;
    e->put = put_mapped;
    e->reason = undefined;
    for (ptrdiff_t i = 0; i < s->len;) {
        char *to = encoder_room(e, s->len - i);
        if (!to) return false;
        int byte = 0;
        for (; i < s->len && (byte = byte_of(&reverse, str_at(s, i))) >= 0; i++) *to++ = (char)byte;
        e->len = to - e->data;
        if (i == s->len) break;
        ptrdiff_t end = i + 1;
        while (end < s->len && byte_of(&reverse, str_at(s, end)) < 0) end++;
        e->at = i;
        if (!encode_error(e, i, end, &i)) return false;
    }
    return true;
}

/* ---- mappings of scripts ---- */

/* mapping[key], UNDEF where it has none (LookupError) or None. */
static Ref look_up(Vm *vm, Value mapping, int64_t key)
{
    Ref found = value_get_item(vm, mapping, from_small(key));
    if (failed(found) && error_is(vm, LookupError)) {
        error_clear(vm);
        return UNDEF;
    }
    return found == NONE ? UNDEF : found;
}

static Truth decode_mapped(Decoder *d, uint8_t byte)
{
    Ref found = look_up(d->vm, d->mapping, byte);
    Truth good = NO;
    if (failed(found)) return FAILED;
    if (is_str(found)) {
        const Str *s = as_str(found);
        bool none = s->len == 1 && str_at(s, 0) == 0xFFFE;
        good = none ? NO : builder_str(d->vm, &d->out, found) ? YES : FAILED;
    } else if (is_any_int(found)) {
        int overflow;
        int64_t point = int_value(found, &overflow);
        if (point == 0xFFFE && !overflow) good = NO;
        else if (overflow || point < 0 || point > CHAR_MAX_POINT) {
            throw(d->vm, TypeError, "character mapping must be in range(0x110000)");
            good = FAILED;
        } else good = builder_char(d->vm, &d->out, (uint32_t)point) ? YES : FAILED;
    } else if (!absent(found)) {
        throw(d->vm, TypeError, "character mapping must return integer, None or str");
        good = FAILED;
    }
    decref(found);
    return good;
}

bool mapping_decode_all(Decoder *d)
{
    for (ptrdiff_t i = 0; i < d->len;) {
        Truth good = decode_mapped(d, (uint8_t)d->data[i]);
        if (good == FAILED) return false;
        if (good == YES) i++;
        else if (!decode_error(d, i, i + 1, undefined, &i)) return false;
    }
    d->used = d->len;
    return true;
}

/* Writes what the mapping gives for point: NO when it has none. */
static Truth encode_mapped(Encoder *e, uint32_t point)
{
    Ref found = look_up(e->vm, e->mapping, point);
    Truth good = NO;
    if (failed(found)) return FAILED;
    if (is_bytes(found)) {
        good = encoder_bytes(e, as_bytes(found)->data, as_bytes(found)->len) ? YES : FAILED;
    } else if (is_any_int(found)) {
        int overflow;
        int64_t byte = int_value(found, &overflow);
        char one = (char)byte;
        if (!overflow && byte >= 0 && byte < 256) good = encoder_bytes(e, &one, 1) ? YES : FAILED;
        else {
            throw(e->vm, TypeError, "character mapping must be in range(256)");
            good = FAILED;
        }
    } else if (!absent(found)) {
        throw(e->vm, TypeError, "character mapping must return integer, bytes or None, not %T",
              (Value)found);
        good = FAILED;
    }
    decref(found);
    return good;
}

static bool put_by_mapping(Encoder *e, uint32_t point)
{
    Truth good = encode_mapped(e, point);
    if (good == NO) codec_throw_encode(e->vm, e->encoding, e->text, e->at, e->at + 1, undefined);
    return good == YES;
}

bool mapping_encode_all(Encoder *e)
{
    const Str *s = as_str(e->text);
    e->put = put_by_mapping;
    e->reason = undefined;
    for (ptrdiff_t i = 0; i < s->len;) {
        Truth good = encode_mapped(e, str_at(s, i));
        if (good == FAILED) return false;
        e->at = i;
        if (good == YES) i++;
        else if (!encode_error(e, i, i + 1, &i)) return false;
    }
    return true;
}
