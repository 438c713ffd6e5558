/* strbuilder.h - text that grows.
 *
 * A builder stays where it is, since its data lies in itself at first. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_STRBUILDER_H
#define AIO_OBJECT_STRBUILDER_H

#include "memory/ref.h"
#include "memory/vm.h"

typedef struct StrBuilder {
    uint32_t max;            /* the bitwise or of all points, as far as they are no ASCII */
    uint8_t width;           /* bytes of a point: 1, 2, 4 */
    ptrdiff_t len, capacity; /* points */
    char *data;
    char few[256]; /* what short text is gathered in */
} StrBuilder;

static inline void builder_open(StrBuilder *builder)
{
    builder->max = 0;
    builder->width = 1;
    builder->len = 0;
    builder->capacity = sizeof builder->few;
    builder->data = builder->few;
}

/* Have n more points room, each a byte? */
static inline bool builder_has_room(const StrBuilder *builder, ptrdiff_t n)
{
    return builder->width == 1 && n <= builder->capacity - builder->len;
}

bool builder_room(Vm *vm, StrBuilder *builder, ptrdiff_t more,
                  uint32_t limit); /* makes room for so many more points, none above limit */

/* Each adds to the end. */
bool builder_wide_char(Vm *vm, StrBuilder *builder, uint32_t point);
static inline bool builder_char(Vm *vm, StrBuilder *builder, uint32_t point)
{
    if (point >= 128 || !builder_has_room(builder, 1)) return builder_wide_char(vm, builder, point);
    builder->data[builder->len++] = (char)point;
    return true;
}
bool builder_str(Vm *vm, StrBuilder *builder, Value s);
bool builder_text(Vm *vm, StrBuilder *builder, const char *utf8); /* NUL-terminated */
bool builder_ascii(Vm *vm, StrBuilder *builder, const char *text, ptrdiff_t len);
/* The points[0 .. count), 2 or 4 bytes wide, whose bitwise or is limit. */
bool builder_points(Vm *vm, StrBuilder *builder, const char *points, int width, ptrdiff_t count,
                    uint32_t limit);
bool builder_slice(Vm *vm, StrBuilder *builder, Value v, ptrdiff_t start, ptrdiff_t end);
bool builder_fill(Vm *vm, StrBuilder *builder, uint32_t point, ptrdiff_t count);
bool builder_value(Vm *vm, StrBuilder *builder, Value v); /* str(v) */
bool builder_repr(Vm *vm, StrBuilder *builder, Value v);
bool builder_str_repr(Vm *vm, StrBuilder *builder, Value s); /* the same of a str */

Ref builder_finish(Vm *vm, StrBuilder *builder); /* and closes it */
void builder_close(StrBuilder *builder);

#endif
