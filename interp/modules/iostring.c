/* iostring.c - StringIO: a file of text in memory.
 *
 * The text is an array of points, as wide as the widest ever written; what is handed out is as
 * narrow as a str must be.  Line ends are translated when text is written.
 * Neighbours: iobytes.c (the same for bytes), ionewline.c (line ends), iotext.c. */
/* SPDX-License-Identifier: MIT */
#include "modules/iostring.h"

#include "modules/iobase.h"
#include "modules/ionewline.h"
#include "object/attr.h"
#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/int.h"
#include "object/name.h"
#include "object/number.h"
#include "object/shape.h"
#include "object/str.h"
#include "object/tuple.h"

typedef struct StringIo {
    Container head;
    char *data; /* len points of width bytes, room for capacity */
    ptrdiff_t len, capacity;
    ptrdiff_t pos;
    uint8_t width;
    bool ascii; /* every point is below 128 */
    bool ready, closed;
    NewlineMode mode;
    NewlineState newlines; /* with mode NONE and ANY */
} StringIo;

static StringIo *as_stringio(Value v) { return (StringIo *)as_object(v); }

static bool check_open(Vm *vm, const StringIo *self)
{
    if (self->ready && !self->closed) return true;
    throw(vm, ValueError,
          self->ready ? "I/O operation on closed file" : "I/O operation on uninitialized object");
    return false;
}

/* ---- the array ---- */

/* Room for `needed` points of that width. */
static bool reserve(Vm *vm, StringIo *self, ptrdiff_t needed, int width)
{
    if (width <= self->width && needed <= self->capacity) return true;
    ptrdiff_t capacity = self->capacity;
    if (needed > capacity) capacity = needed + needed / 4 + 32;
    if (width <= self->width) {
        char *data = memory_resize(vm, self->data, (size_t)(capacity * self->width));
        if (!data) return false;
        self->data = data;
    } else {
        char *data = memory_new(vm, (size_t)(capacity * width));
        if (!data) return false;
        for (ptrdiff_t i = 0; i < self->len; i++) {
            uint32_t point = 0;
            memcpy(&point, self->data + i * self->width, self->width);
            points_set(data, width, i, point);
        }
        memory_free(self->data);
        self->data = data;
        self->width = (uint8_t)width;
    }
    self->capacity = capacity;
    return true;
}

/* The bitwise or of the points [start, end). */
static uint32_t limit_of(const StringIo *self, ptrdiff_t start, ptrdiff_t end)
{
    uint32_t all = 0;
    if (self->ascii) return STR_ASCII;
    if (self->width == 1) {
        for (ptrdiff_t i = start; i < end; i++) all |= (uint8_t)self->data[i];
    } else if (self->width == 2) {
        const uint16_t *wide = (const uint16_t *)(const void *)self->data;
        for (ptrdiff_t i = start; i < end; i++) all |= wide[i];
    } else {
        const uint32_t *full = (const uint32_t *)(const void *)self->data;
        for (ptrdiff_t i = start; i < end; i++) all |= full[i];
    }
    return all;
}

static Ref slice(Vm *vm, const StringIo *self, ptrdiff_t start, ptrdiff_t end)
{
    if (end <= start) return newref(vm->interp->empty_str);
    if (end - start == 1) {
        uint32_t point = 0;
        memcpy(&point, self->data + start * self->width, self->width);
        return str_from_char(vm, point);
    }
    uint32_t limit = limit_of(self, start, end);
    if (limit > STR_FULL) limit = STR_FULL;
    Ref out = str_new(vm, end - start, limit);
    if (failed(out)) return FAIL;
    Str *s = as_str(out);
    if (s->width == self->width) {
        memcpy(s->data, self->data + start * self->width, (size_t)((end - start) * self->width));
        return out;
    }
    for (ptrdiff_t i = start; i < end; i++) {
        uint32_t point = 0;
        memcpy(&point, self->data + i * self->width, self->width);
        points_set(s->data, s->width, i - start, point);
    }
    return out;
}

static bool put(Vm *vm, StringIo *self, Value text)
{
    const Str *s = as_str(text);
    if (s->len == 0) return true;
    if (self->pos > PTRDIFF_MAX / 4 - s->len) {
        throw(vm, OverflowError, "new position too large");
        return false;
    }
    ptrdiff_t end = self->pos + s->len;
    if (!reserve(vm, self, end > self->len ? end : self->len, s->width)) return false;
    if (self->pos > self->len)
        memset(self->data + self->len * self->width, 0,
               (size_t)((self->pos - self->len) * self->width));
    if (s->width == self->width)
        memcpy(self->data + self->pos * self->width, s->data, (size_t)(s->len * s->width));
    else points_copy(self->data, self->width, self->pos, s, 0, s->len);
    self->ascii &= s->ascii;
    self->pos = end;
    if (end > self->len) self->len = end;
    return true;
}

static bool write_text(Vm *vm, StringIo *self, Value text)
{
    if (self->mode == NEWLINE_LF) return put(vm, self, text);
    bool universal = self->mode == NEWLINE_NONE || self->mode == NEWLINE_ANY;
    Ref made = universal ? newline_decode(vm, &self->newlines, newref(text), true)
                         : newline_encode(vm, text, self->mode);
    bool good = !failed(made) && put(vm, self, made);
    decref(made);
    return good;
}

bool stringio_write(Vm *vm, Value file, Value text)
{
    return check_open(vm, as_stringio(file)) && write_text(vm, as_stringio(file), text);
}

/* ---- methods ---- */

NATIVE(stringio_init, "__init__(self, initial_value='', newline='\\n')",
       "A file in memory that holds this text; newline as for open().")
{
    StringIo *self = as_stringio(argv[0]);
    NewlineMode mode;
    self->ready = false;
    if (argv[2] != NONE && !is_str(argv[2]))
        return throw(vm, TypeError, "newline must be str or None, not %T", argv[2]);
    if (!newline_mode(vm, argv[2], &mode, "%R")) return FAIL;
    if (argv[1] != NONE && !is_str(argv[1]))
        return throw(vm, TypeError, "initial_value must be str or None, not %T", argv[1]);
    memory_free(self->data);
    self->data = NULL;
    self->len = self->capacity = self->pos = 0;
    self->width = 1;
    self->ascii = true;
    self->mode = mode;
    self->newlines = (NewlineState){.translate = mode == NEWLINE_NONE};
    if (argv[1] != NONE && !write_text(vm, self, argv[1])) return FAIL;
    self->pos = 0;
    self->closed = false;
    self->ready = true;
    return NONE;
}
NATIVE(stringio_write_method, "write(self, s, /)",
       "Write a str; return how many characters it has.")
{
    StringIo *self = as_stringio(argv[0]);
    if (!self->ready && !check_open(vm, self)) return FAIL;
    if (!is_str(argv[1]))
        return throw(vm, TypeError, "string argument expected, got '%T'", argv[1]);
    return stringio_write(vm, argv[0], argv[1]) ? from_small(as_str(argv[1])->len) : FAIL;
}
NATIVE(stringio_read, "read(self, size=-1, /)", "Read up to size characters, or all that are left.")
{
    StringIo *self = as_stringio(argv[0]);
    ptrdiff_t size;
    if (!check_open(vm, self) || !io_size(vm, argv[1], &size)) return FAIL;
    ptrdiff_t left = self->len - self->pos;
    if (left < 0) left = 0;
    if (size < 0 || size > left) size = left;
    Ref out = slice(vm, self, self->pos, self->pos + size);
    if (!failed(out)) self->pos += size;
    return out;
}

static Ref read_line(Vm *vm, StringIo *self, ptrdiff_t limit)
{
    ptrdiff_t len = self->len;
    if (self->pos >= len) return newref(vm->interp->empty_str);
    if (limit >= 0 && limit < len - self->pos) len = self->pos + limit;
    ptrdiff_t end = newline_find(self->data, self->width, self->pos, len, self->mode);
    if (end < 0) end = len;
    Ref out = slice(vm, self, self->pos, end);
    if (!failed(out)) self->pos = end;
    return out;
}
NATIVE(stringio_readline, "readline(self, size=-1, /)",
       "Read a line with its end, but at most size characters; '' at the end.")
{
    ptrdiff_t size;
    if (!check_open(vm, as_stringio(argv[0])) || !io_size(vm, argv[1], &size)) return FAIL;
    return read_line(vm, as_stringio(argv[0]), size);
}
static Ref stringio_iter(Vm *vm, Value self)
{
    return check_open(vm, as_stringio(self)) ? newref(self) : FAIL;
}
static Ref stringio_next(Vm *vm, Value v)
{
    StringIo *self = as_stringio(v);
    if (!check_open(vm, self)) return FAIL;
    Ref line;
    if (self->head.head.flags & OBJ_SUBCLASS) {
        line = call_method(vm, v, N(readline), 0, NULL);
        if (!failed(line) && !is_str(line)) {
            throw(vm, OSError, "readline() should have returned a str object, not '%T'",
                  (Value)line);
            decref(line);
            return FAIL;
        }
    } else {
        line = read_line(vm, self, -1);
    }
    if (failed(line) || as_str(line)->len) return line;
    decref(line);
    return UNDEF;
}
NATIVE(stringio_getvalue, "getvalue(self, /)", "Return all text, wherever the position is.")
{
    StringIo *self = as_stringio(argv[0]);
    return check_open(vm, self) ? slice(vm, self, 0, self->len) : FAIL;
}
NATIVE(stringio_tell, "tell(self, /)", "Return the position, in characters.")
{
    return check_open(vm, as_stringio(argv[0])) ? from_small(as_stringio(argv[0])->pos) : FAIL;
}
NATIVE(stringio_seek, "seek(self, pos, whence=0, /)",
       "Move to pos, counted from the start; with whence 1 or 2 pos must be 0.  Return it.")
{
    StringIo *self = as_stringio(argv[0]);
    int64_t pos, whence;
    if (!check_open(vm, self)) return FAIL;
    if (!int_index(vm, argv[1], &pos) || !int_index(vm, argv[2], &whence)) return FAIL;
    if (whence < 0 || whence > 2)
        return throw(vm, ValueError, "Invalid whence (%lld, should be 0, 1 or 2)",
                     (long long)whence);
    if (pos < 0 && whence == 0)
        return throw(vm, ValueError, "Negative seek position %lld", (long long)pos);
    if (whence != 0 && pos != 0) return throw(vm, OSError, "Can't do nonzero cur-relative seeks");
    self->pos = whence == 0 ? pos : whence == 1 ? self->pos : self->len;
    return from_int64(vm, self->pos);
}
NATIVE(stringio_truncate, "truncate(self, pos=None, /)",
       "Keep no more than pos characters, by default those before the position.  Return pos.")
{
    StringIo *self = as_stringio(argv[0]);
    int64_t size = self->pos;
    if (!check_open(vm, self)) return FAIL;
    if (argv[1] != NONE && !int_index(vm, argv[1], &size)) return FAIL;
    if (size < 0) return throw(vm, ValueError, "Negative size value %lld", (long long)size);
    if (size < self->len) self->len = size;
    return from_int64(vm, size);
}
NATIVE(stringio_close, "close(self, /)", "Give up the text.")
{
    StringIo *self = as_stringio(argv[0]);
    self->closed = true;
    memory_free(self->data);
    self->data = NULL;
    self->len = self->capacity = self->pos = 0;
    return NONE;
}
NATIVE(stringio_readable, "readable(self, /)", "True.")
{
    return check_open(vm, as_stringio(argv[0])) ? TRUE : FAIL;
}
NATIVE(stringio_writable, "writable(self, /)", "True.")
{
    return check_open(vm, as_stringio(argv[0])) ? TRUE : FAIL;
}
NATIVE(stringio_seekable, "seekable(self, /)", "True.")
{
    return check_open(vm, as_stringio(argv[0])) ? TRUE : FAIL;
}

/* ---- pickling ---- */

NATIVE(stringio_getstate, "__getstate__(self, /)", "Return (text, newline, position, attributes).")
{
    StringIo *self = as_stringio(argv[0]);
    if (!check_open(vm, self)) return FAIL;
    Ref text = slice(vm, self, 0, self->len), newline = newline_value(vm, self->mode);
    Dict *dict = object_dict(vm, as_object(argv[0]));
    Ref copy = !dict ? FAIL : dict->len ? dict_copy(vm, dict) : NONE, out = FAIL;
    if (!failed(text) && !failed(newline) && !failed(copy))
        out = tuple_pack(vm, 4, (Value)text, (Value)newline, (Value)from_small(self->pos),
                         (Value)copy);
    decref(text);
    decref(newline);
    decref(copy);
    return out;
}
NATIVE(stringio_setstate, "__setstate__(self, state, /)", "Take over what __getstate__() returned.")
{
    StringIo *self = as_stringio(argv[0]);
    Value state = argv[1];
    int64_t pos;
    if (self->closed) return throw(vm, ValueError, "__setstate__ on closed file");
    if (!is_tuple(state) || tuple_len(state) < 4)
        return throw(vm, TypeError, "_io.%N.__setstate__ argument should be 4-tuple, got %T",
                     type_of(vm, argv[0]), state);
    Value text = tuple_at(state, 0), args[] = {argv[0], text, tuple_at(state, 1)};
    if (failed(stringio_init(vm, args))) return FAIL;
    self->len = 0; /* the text as it is, line ends included */
    if (is_str(text) && !put(vm, self, text)) return FAIL;
    if (!is_any_int(tuple_at(state, 2)))
        return throw(vm, TypeError, "third item of state must be an integer, not %T",
                     tuple_at(state, 2));
    if (!int_index(vm, tuple_at(state, 2), &pos)) return FAIL;
    if (pos < 0) return throw(vm, ValueError, "position value cannot be negative");
    self->pos = pos;
    Value attributes = tuple_at(state, 3);
    if (attributes == NONE) return NONE;
    if (!is_dict(attributes))
        return throw(vm, TypeError, "fourth item of state should be a dict, got a %T", attributes);
    Dict *dict = object_dict(vm, as_object(argv[0]));
    return dict && dict_update(vm, dict, attributes) ? NONE : FAIL;
}

static Ref get_closed(Vm *vm, Value self)
{
    if (!as_stringio(self)->ready) return check_open(vm, as_stringio(self)) ? FALSE : FAIL;
    return from_bool(as_stringio(self)->closed);
}
static Ref get_newlines(Vm *vm, Value self)
{
    return check_open(vm, as_stringio(self)) ? newlines_seen(vm, as_stringio(self)->newlines.seen)
                                             : FAIL;
}
static Ref get_line_buffering(Vm *vm, Value self)
{
    return check_open(vm, as_stringio(self)) ? FALSE : FAIL;
}

static void stringio_clear(Object *object)
{
    StringIo *self = (StringIo *)object;
    memory_free(self->data);
    self->data = NULL;
    self->len = self->capacity = 0;
}

static const Native *const stringio_methods[] = {
    &stringio_write_method_def, &stringio_read_def,
    &stringio_readline_def,     &stringio_getvalue_def,
    &stringio_tell_def,         &stringio_seek_def,
    &stringio_truncate_def,     &stringio_close_def,
    &stringio_readable_def,     &stringio_writable_def,
    &stringio_seekable_def,     &stringio_getstate_def,
    &stringio_setstate_def,     NULL,
};
static const Attribute stringio_attributes[] = {
    {"closed", get_closed, NULL, "Is the file closed?"},
    {"newlines", get_newlines, NULL, "The line ends met so far: None, a str or a tuple of them."},
    {"line_buffering", get_line_buffering, NULL, "False."},
    {NULL, NULL, NULL, NULL},
};
const TypeDef stringio_type = {
    .name = "_io.StringIO",
    .doc = "A file of text in memory.",
    .base = &textiobase_type,
    .size = sizeof(StringIo),
    .flags = TYPE_CONTAINER | TYPE_ATTRIBUTES | TYPE_WEAKREF,
    .clear = stringio_clear,
    .init = &stringio_init_def,
    .iter = stringio_iter,
    .next = stringio_next,
    .methods = stringio_methods,
    .attributes = stringio_attributes,
};
