/* iobytes.c - BytesIO: a file of bytes in memory.
 *
 * Bytes given at the start, or asked for with getvalue(), are shared until the next write.  While a
 * buffer of it is out (getbuffer) its size cannot change.
 * Neighbours: iostring.c (the same for text), iobase.c. */
/* SPDX-License-Identifier: MIT */
#include "modules/iobytes.h"

#include "modules/iobase.h"
#include "object/attr.h"
#include "object/bytes.h"
#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/memoryview.h"
#include "object/name.h"
#include "object/number.h"
#include "object/shape.h"
#include "object/str.h"
#include "object/target.h"
#include "object/tuple.h"

typedef struct BytesIo {
    Container head;
    Ref shared; /* bytes that data points into; UNDEF: data is our own */
    char *data;
    ptrdiff_t len, capacity; /* capacity 0 when shared */
    ptrdiff_t pos;
    ptrdiff_t exports; /* buffers out */
    bool closed;
} BytesIo;

static BytesIo *as_bytesio(Value v) { return (BytesIo *)as_object(v); }

static bool check_open(Vm *vm, const BytesIo *self)
{
    if (!self->closed) return true;
    throw(vm, ValueError, "I/O operation on closed file.");
    return false;
}
static bool check_exports(Vm *vm, const BytesIo *self)
{
    if (self->exports == 0) return true;
    throw(vm, BufferError, "Existing exports of data: object cannot be re-sized");
    return false;
}

static void drop_data(BytesIo *self)
{
    if (self->capacity) memory_free(self->data);
    self->data = NULL;
    self->capacity = self->len = 0;
    clear(&self->shared);
}

/* Makes data our own with room for `needed` bytes. */
static bool reserve(Vm *vm, BytesIo *self, ptrdiff_t needed)
{
    if (self->capacity && needed <= self->capacity) return true;
    ptrdiff_t capacity = needed + needed / 8 + (needed < 4096 ? 64 : 4096);
    if (capacity < self->capacity + self->capacity / 2)
        capacity = self->capacity + self->capacity / 2;
    char *data = self->capacity ? memory_resize(vm, self->data, (size_t)capacity)
                                : memory_new(vm, (size_t)capacity);
    if (!data) return false;
    if (!self->capacity && self->len) memcpy(data, self->data, (size_t)self->len);
    self->data = data;
    self->capacity = capacity;
    clear(&self->shared);
    return true;
}

static bool share(Vm *vm, BytesIo *self, Value bytes)
{
    if (is_exact(bytes, KIND_BYTES)) {
        drop_data(self);
        self->shared = newref(bytes);
        self->data = as_bytes(bytes)->data;
        self->len = as_bytes(bytes)->len;
        return true;
    }
    Buffer buffer;
    if (!buffer_get(vm, bytes, &buffer, false)) return false;
    drop_data(self);
    bool good = reserve(vm, self, buffer.len);
    if (good) {
        memcpy(self->data, buffer.data, (size_t)buffer.len);
        self->len = buffer.len;
    }
    buffer_release(vm, &buffer);
    return good;
}

NATIVE(bytesio_init, "__init__(self, initial_bytes=b'')",
       "A file in memory that holds these bytes.")
{
    BytesIo *self = as_bytesio(argv[0]);
    if (!check_exports(vm, self)) return FAIL;
    drop_data(self);
    self->pos = 0;
    self->closed = false;
    return argv[1] == NONE || share(vm, self, argv[1]) ? NONE : FAIL;
}

/* ---- reading ---- */

static Ref take_bytes(Vm *vm, BytesIo *self, ptrdiff_t count)
{
    ptrdiff_t left = self->len - self->pos;
    if (count < 0 || count > left) count = left > 0 ? left : 0;
    if (count == self->len && !absent(self->shared) && self->pos == 0) {
        self->pos = count;
        return newref(self->shared);
    }
    Ref out = bytes_from(vm, count ? self->data + self->pos : NULL, count);
    if (!failed(out)) self->pos += count;
    return out;
}
static ptrdiff_t line_len(const BytesIo *self)
{
    ptrdiff_t left = self->len - self->pos;
    if (left <= 0) return 0;
    const char *start = self->data + self->pos, *end = memchr(start, '\n', (size_t)left);
    return end ? end - start + 1 : left;
}

NATIVE(bytesio_read, "read(self, size=-1, /)", "Read up to size bytes, or all that are left.")
{
    ptrdiff_t size;
    if (!check_open(vm, as_bytesio(argv[0])) || !io_size(vm, argv[1], &size)) return FAIL;
    return take_bytes(vm, as_bytesio(argv[0]), size);
}
NATIVE(bytesio_read1, "read1(self, size=-1, /)", "The same as read().")
{
    ptrdiff_t size;
    if (!check_open(vm, as_bytesio(argv[0])) || !io_size(vm, argv[1], &size)) return FAIL;
    return take_bytes(vm, as_bytesio(argv[0]), size);
}
NATIVE(bytesio_readline, "readline(self, size=-1, /)",
       "Read a line with its end, but at most size bytes; b'' at the end.")
{
    BytesIo *self = as_bytesio(argv[0]);
    ptrdiff_t size;
    if (!check_open(vm, self) || !io_size(vm, argv[1], &size)) return FAIL;
    ptrdiff_t len = line_len(self);
    return take_bytes(vm, self, size >= 0 && size < len ? size : len);
}
NATIVE(bytesio_readlines, "readlines(self, size=None, /)",
       "Return the rest as a list of lines; with a size stop once the total reaches it.")
{
    BytesIo *self = as_bytesio(argv[0]);
    ptrdiff_t size, total = 0, len;
    if (!check_open(vm, self) || !io_size(vm, argv[1], &size)) return FAIL;
    Ref lines = list_new(vm, 0);
    while (!failed(lines) && (len = line_len(self)) > 0) {
        Ref line = take_bytes(vm, self, len);
        if (failed(line) || !list_push(vm, as_list(lines), line)) {
            decref(lines);
            return FAIL;
        }
        total += len;
        if (size > 0 && total >= size) break;
    }
    return lines;
}
NATIVE(bytesio_readinto, "readinto(self, buffer, /)",
       "Read into a writable buffer; return how many.")
{
    BytesIo *self = as_bytesio(argv[0]);
    Buffer buffer;
    if (!check_open(vm, self) || !target_get(vm, argv[1], &buffer, "readinto() argument"))
        return FAIL;
    ptrdiff_t count = self->len - self->pos;
    if (count > buffer.len) count = buffer.len;
    if (count > 0) memcpy(buffer.data, self->data + self->pos, (size_t)count);
    if (count > 0) self->pos += count;
    buffer_release(vm, &buffer);
    return from_small(count > 0 ? count : 0);
}
static Ref bytesio_iter(Vm *vm, Value self)
{
    return check_open(vm, as_bytesio(self)) ? newref(self) : FAIL;
}
static Ref bytesio_next(Vm *vm, Value v)
{
    BytesIo *self = as_bytesio(v);
    if (!check_open(vm, self)) return FAIL;
    ptrdiff_t len = line_len(self);
    return len ? take_bytes(vm, self, len) : UNDEF;
}

/* ---- writing ---- */

static bool write_bytes(Vm *vm, BytesIo *self, const char *data, ptrdiff_t len)
{
    if (len == 0) return true;
    if (self->pos > PTRDIFF_MAX - 8192 - len) {
        throw(vm, OverflowError, "new buffer size too large");
        return false;
    }
    ptrdiff_t end = self->pos + len;
    if (!reserve(vm, self, end > self->len ? end : self->len)) return false;
    if (self->pos > self->len) memset(self->data + self->len, 0, (size_t)(self->pos - self->len));
    memcpy(self->data + self->pos, data, (size_t)len);
    self->pos = end;
    if (end > self->len) self->len = end;
    return true;
}
NATIVE(bytesio_write, "write(self, b, /)", "Write the bytes and return how many they are.")
{
    BytesIo *self = as_bytesio(argv[0]);
    Buffer buffer;
    if (!check_open(vm, self) || !check_exports(vm, self)) return FAIL;
    if (!buffer_get(vm, argv[1], &buffer, false)) return FAIL;
    ptrdiff_t len = buffer.len;
    bool good =
        check_open(vm, self) && check_exports(vm, self) && write_bytes(vm, self, buffer.data, len);
    buffer_release(vm, &buffer);
    return good ? from_small(len) : FAIL;
}
static bool write_line(Vm *vm, Value line, void *context)
{
    Ref done = call_method(vm, borrow(context), N(write), 1, &line);
    decref(done);
    return !failed(done);
}
NATIVE(bytesio_writelines, "writelines(self, lines, /)", "Write every item of an iterable.")
{
    BytesIo *self = as_bytesio(argv[0]);
    return check_open(vm, self) && iterate(vm, argv[1], write_line, self) ? NONE : FAIL;
}

/* ---- position and size ---- */

NATIVE(bytesio_seek, "seek(self, pos, whence=0, /)",
       "Move to pos, counted from the start (0), here (1) or the end (2); return the position.")
{
    BytesIo *self = as_bytesio(argv[0]);
    int64_t pos, whence;
    if (!check_open(vm, self) || !int_index(vm, argv[1], &pos) || !int_index(vm, argv[2], &whence))
        return FAIL;
    if (pos < 0 && whence == 0)
        return throw(vm, ValueError, "negative seek value %lld", (long long)pos);
    if (whence < 0 || whence > 2)
        return throw(vm, ValueError, "invalid whence (%lld, should be 0, 1 or 2)",
                     (long long)whence);
    ptrdiff_t base = whence == 0 ? 0 : whence == 1 ? self->pos : self->len;
    if (pos > PTRDIFF_MAX - base) return throw(vm, OverflowError, "new position too large");
    pos += base;
    self->pos = pos < 0 ? 0 : pos;
    return from_int64(vm, self->pos);
}
NATIVE(bytesio_tell, "tell(self, /)", "Return the position.")
{
    return check_open(vm, as_bytesio(argv[0])) ? from_int64(vm, as_bytesio(argv[0])->pos) : FAIL;
}
NATIVE(bytesio_truncate, "truncate(self, size=None, /)",
       "Keep no more than size bytes, by default those before the position.  Return the size.")
{
    BytesIo *self = as_bytesio(argv[0]);
    int64_t size = self->pos;
    if (!check_open(vm, self) || !check_exports(vm, self)) return FAIL;
    if (argv[1] != NONE && !int_index(vm, argv[1], &size)) return FAIL;
    if (size < 0) return throw(vm, ValueError, "negative size value %lld", (long long)size);
    if (size < self->len) {
        if (!reserve(vm, self, self->len)) return FAIL;
        self->len = size;
    }
    return from_int64(vm, size);
}
NATIVE(bytesio_getvalue, "getvalue(self, /)", "Return all bytes, wherever the position is.")
{
    BytesIo *self = as_bytesio(argv[0]);
    if (!check_open(vm, self)) return FAIL;
    if (!absent(self->shared) && self->len == as_bytes(self->shared)->len)
        return newref(self->shared);
    return bytes_from(vm, self->data, self->len);
}

/* ---- the rest ---- */

NATIVE(bytesio_close, "close(self, /)", "Give up the bytes.")
{
    BytesIo *self = as_bytesio(argv[0]);
    if (!check_exports(vm, self)) return FAIL;
    drop_data(self);
    self->closed = true;
    return NONE;
}
NATIVE(bytesio_flush, "flush(self, /)", "Does nothing.")
{
    return check_open(vm, as_bytesio(argv[0])) ? NONE : FAIL;
}
NATIVE(bytesio_isatty, "isatty(self, /)", "False.")
{
    return check_open(vm, as_bytesio(argv[0])) ? FALSE : FAIL;
}
NATIVE(bytesio_readable, "readable(self, /)", "True.")
{
    return check_open(vm, as_bytesio(argv[0])) ? TRUE : FAIL;
}
NATIVE(bytesio_writable, "writable(self, /)", "True.")
{
    return check_open(vm, as_bytesio(argv[0])) ? TRUE : FAIL;
}
NATIVE(bytesio_seekable, "seekable(self, /)", "True.")
{
    return check_open(vm, as_bytesio(argv[0])) ? TRUE : FAIL;
}

static bool bytesio_buffer(Vm *vm, Value v, Buffer *buffer, bool writable)
{
    (void)writable;
    BytesIo *self = as_bytesio(v);
    if (!reserve(vm, self, self->len)) return false;
    buffer->data = self->data;
    buffer->len = self->len;
    buffer->readonly = false;
    buffer->owner = newref(v);
    self->exports++;
    return true;
}
static void bytesio_release(Value self, Buffer *buffer __attribute__((unused)))
{
    as_bytesio(self)->exports--;
}
/* The exporter that getbuffer() asks: BytesIO itself is no bytes-like object. */
typedef struct BytesIoBuffer {
    Container head;
    Ref source;
    ptrdiff_t exports; /* of source's, those asked for here */
} BytesIoBuffer;
static bool exporter_buffer(Vm *vm, Value v, Buffer *buffer, bool writable)
{
    BytesIoBuffer *self = (BytesIoBuffer *)as_object(v);
    if (!bytesio_buffer(vm, self->source, buffer, writable)) return false;
    replace(&buffer->owner, newref(v));
    self->exports++;
    return true;
}
static void exporter_release(Value v, Buffer *buffer)
{
    BytesIoBuffer *self = (BytesIoBuffer *)as_object(v);
    if (!self->exports) return; /* cleared before the view, as garbage of one cycle */
    self->exports--;
    bytesio_release(self->source, buffer);
}
static void exporter_clear(Object *object)
{
    BytesIoBuffer *self = (BytesIoBuffer *)(void *)object;
    if (is_heap(self->source)) as_bytesio(self->source)->exports -= self->exports;
    self->exports = 0;
}
static const TypeDef exporter_type = {
    .name = "_io._BytesIOBuffer",
    .doc = "The bytes of a BytesIO.",
    .size = sizeof(BytesIoBuffer),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW | TYPE_WEAKREF,
    .refs = REFS(REF(BytesIoBuffer, source)),
    .clear = exporter_clear,
    .buffer = exporter_buffer,
    .release_buffer = exporter_release,
};
NATIVE(bytesio_getbuffer, "getbuffer(self, /)",
       "Return a writable memoryview of all bytes; until it is released the size is fixed.")
{
    if (!check_open(vm, as_bytesio(argv[0]))) return FAIL;
    Type *type = type_from_def(vm, &exporter_type);
    BytesIoBuffer *exporter = type ? type_instance(vm, type) : NULL;
    if (!exporter) return FAIL;
    exporter->source = newref(argv[0]);
    Ref view = memoryview_of(vm, borrow(exporter));
    decref_object(exporter);
    return view;
}

NATIVE(bytesio_getstate, "__getstate__(self, /)", "Return (bytes, position, attributes).")
{
    BytesIo *self = as_bytesio(argv[0]);
    if (!check_open(vm, self)) return FAIL;
    Ref bytes = bytes_from(vm, self->data, self->len);
    Dict *dict = object_dict(vm, as_object(argv[0]));
    Ref copy = !dict ? FAIL : dict->len ? dict_copy(vm, dict) : NONE, out = FAIL;
    if (!failed(bytes) && !failed(copy))
        out = tuple_pack(vm, 3, (Value)bytes, (Value)from_small(self->pos), (Value)copy);
    decref(bytes);
    decref(copy);
    return out;
}
NATIVE(bytesio_setstate, "__setstate__(self, state, /)", "Take over what __getstate__() returned.")
{
    BytesIo *self = as_bytesio(argv[0]);
    int64_t pos;
    if (!check_open(vm, self)) return FAIL;
    if (!is_tuple(argv[1]) || tuple_len(argv[1]) < 3)
        return throw(vm, TypeError, "_io.%N.__setstate__ argument should be 3-tuple, got %T",
                     type_of(vm, argv[0]), argv[1]);
    if (!check_exports(vm, self) || !share(vm, self, tuple_at(argv[1], 0))) return FAIL;
    if (!is_any_int(tuple_at(argv[1], 1)))
        return throw(vm, TypeError, "second item of state must be an integer, not %T",
                     tuple_at(argv[1], 1));
    if (!int_index(vm, tuple_at(argv[1], 1), &pos)) return FAIL;
    if (pos < 0) return throw(vm, ValueError, "position value cannot be negative");
    self->pos = pos;
    Value attributes = tuple_at(argv[1], 2);
    if (attributes == NONE) return NONE;
    if (!is_dict(attributes))
        return throw(vm, TypeError, "third item of state should be a dict, got a %T", attributes);
    Dict *dict = object_dict(vm, as_object(argv[0]));
    return dict && dict_update(vm, dict, attributes) ? NONE : FAIL;
}

static Ref get_closed(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_bytesio(self)->closed);
}
static void bytesio_clear(Object *object) { drop_data((BytesIo *)object); }

static const Native *const bytesio_methods[] = {
    &bytesio_read_def,      &bytesio_read1_def,      &bytesio_readline_def,
    &bytesio_readlines_def, &bytesio_readinto_def,   &bytesio_write_def,
    &bytesio_seek_def,      &bytesio_writelines_def, &bytesio_tell_def,
    &bytesio_truncate_def,  &bytesio_close_def,      &bytesio_getvalue_def,
    &bytesio_flush_def,     &bytesio_isatty_def,     &bytesio_readable_def,
    &bytesio_writable_def,  &bytesio_seekable_def,   &bytesio_getbuffer_def,
    &bytesio_getstate_def,  &bytesio_setstate_def,   NULL,
};
static const Attribute bytesio_attributes[] = {
    {"closed", get_closed, NULL, "Is the file closed?"},
    {NULL, NULL, NULL, NULL},
};
const TypeDef bytesio_type = {
    .name = "_io.BytesIO",
    .doc = "A file of bytes in memory.",
    .base = &bufferediobase_type,
    .size = sizeof(BytesIo),
    .flags = TYPE_CONTAINER | TYPE_ATTRIBUTES | TYPE_WEAKREF,
    .refs = REFS(REF(BytesIo, shared)),
    .clear = bytesio_clear,
    .init = &bytesio_init_def,
    .iter = bytesio_iter,
    .next = bytesio_next,
    .methods = bytesio_methods,
    .attributes = bytesio_attributes,
};
