/* codeccharmap.c - encodings of one byte for each point: those of charmaps.def, and those a script
 * gives as a mapping.
 *
 * Neighbours: codec.c (the others), modules/codecs.c (charmap_encode and charmap_decode). */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/utf8.h"
#include "object/bytes.h"
#include "object/char.h"
#include "object/codecstate.h"
#include "object/error.h"
#include "object/int.h"
#include "object/number.h"

static const char undefined[] = "character maps to <undefined>";
enum { NOTHING = 0xFFFD, REVERSE_SIZE = 1024 };

typedef struct Charmap {
    const char *name, *aliases, *points;
    int len; /* of points, bytes */
} Charmap;
static const Charmap charmaps[] = {
#define CHARMAP(name, aliases, points) {name, aliases, points, (int)sizeof points - 1},
#include "object/charmaps.def"
};
enum { CHARMAP_COUNT = sizeof charmaps / sizeof *charmaps };

const char *charmap_name(const char *normalised, int *index)
{
    for (int n = 0; n < CHARMAP_COUNT; n++) {
        if (!strstr(charmaps[n].aliases, normalised)) continue;
        *index = n;
        return charmaps[n].name;
    }
    return NULL;
}

/* The points of the 256 bytes. */
static void read_points(const Charmap *map, uint16_t points[256])
{
    uint16_t all[256];
    int count = 0;
    for (int i = 0; i < map->len && count < 256;) {
        uint32_t point = 0;
        i += utf8_decode(map->points + i, map->len - i, &point);
        all[count++] = (uint16_t)point;
    }
    int start = 256 - count;
    for (int n = 0; n < start; n++) points[n] = (uint16_t)n;
    memcpy(points + start, all, (size_t)count * sizeof *all);
}

bool charmap_decode_all(Decoder *d)
{
    uint16_t points[256];
    read_points(&charmaps[d->charmap], points);
    for (ptrdiff_t i = 0; i < d->len;) {
        uint32_t point = points[(uint8_t)d->data[i]];
        if (point == NOTHING) {
            if (!decode_error(d, i, i + 1, undefined, &i)) return false;
        } else {
            if (!builder_char(d->vm, &d->out, point)) return false;
            i++;
        }
    }
    d->used = d->len;
    return true;
}

/* ---- encoding ---- */

/* point -> byte, by open addressing; an entry is the byte + 1, 0 when free. */
typedef struct Reverse {
    uint16_t points[256];
    uint16_t slots[REVERSE_SIZE];
} Reverse;

static uint16_t *reverse_slot(Reverse *reverse, uint32_t point)
{
    uint32_t at = point * 2654435761u >> 16;
    for (;; at++) {
        uint16_t *slot = &reverse->slots[at % REVERSE_SIZE];
        if (*slot == 0 || reverse->points[*slot - 1] == point) return slot;
    }
}

static void fill_reverse(Reverse *reverse, const Charmap *map)
{
    memset(reverse->slots, 0, sizeof reverse->slots);
    read_points(map, reverse->points);
    for (int n = 0; n < 256; n++)
        if (reverse->points[n] != NOTHING)
            *reverse_slot(reverse, reverse->points[n]) = (uint16_t)(n + 1);
}

static int byte_of(Reverse *reverse, uint32_t point)
{
    return point > STR_WIDE ? -1 : *reverse_slot(reverse, point) - 1;
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
    Reverse reverse;
    const Str *s = as_str(e->text);
    fill_reverse(&reverse, &charmaps[e->charmap]);
    e->state = &reverse;
    e->put = put_mapped;
    e->reason = undefined;
    for (ptrdiff_t i = 0; i < s->len;) {
        int byte = byte_of(&reverse, str_at(s, i));
        char one = (char)byte;
        if (byte >= 0) {
            if (!encoder_bytes(e, &one, 1)) return false;
            i++;
            continue;
        }
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
