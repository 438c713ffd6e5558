/* iobase.c - the abstract file types _io._IOBase, _RawIOBase, _BufferedIOBase, _TextIOBase.
 *
 * Their methods work on any file by calling its other methods, so that a script's class has only to
 * define a few.  A file that is dropped while open is closed by its finaliser.
 * Neighbours: iofile.c, iobuffer.c, iotext.c (the types that derive from these), iomodule.c. */
/* SPDX-License-Identifier: MIT */
#include "modules/iobase.h"

#include <errno.h>

#include "object/attr.h"
#include "object/bytearray.h"
#include "object/call.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/memoryview.h"
#include "object/name.h"
#include "object/number.h"
#include "object/shape.h"
#include "object/str.h"
#include "object/target.h"
#include "vm/import.h"

/* ---- for the other file types ---- */

Ref io_unsupported_class(Vm *vm)
{
    Ref module = import_text(vm, "_io");
    if (failed(module)) return FAIL;
    Ref class = attr_get_text(vm, module, "UnsupportedOperation");
    decref(module);
    return class;
}

Ref io_unsupported(Vm *vm, const char *message)
{
    Ref class = io_unsupported_class(vm);
    Ref text = failed(class) ? FAIL : str_from(vm, message);
    Ref error = failed(text) ? FAIL : call1(vm, class, text);
    if (!failed(error)) throw_object(vm, error);
    decref(class);
    decref(text);
    decref(error);
    return FAIL;
}

Truth io_closed(Vm *vm, Value file)
{
    Ref closed = attr_get(vm, file, N(closed));
    Truth truth = failed(closed) ? FAILED : value_truth(vm, closed);
    decref(closed);
    return truth;
}

bool io_check_open(Vm *vm, Value file)
{
    Truth closed = io_closed(vm, file);
    if (closed == YES) throw(vm, ValueError, "I/O operation on closed file.");
    return closed == NO;
}

bool io_call(Vm *vm, Value file, Value name)
{
    Ref done = call_method(vm, file, name, 0, NULL);
    decref(done);
    return !failed(done);
}

Truth io_ask(Vm *vm, Value file, Value name)
{
    Ref answer = call_method(vm, file, name, 0, NULL);
    Truth truth = failed(answer) ? FAILED : value_truth(vm, answer);
    decref(answer);
    return truth;
}

bool io_position(Vm *vm, Value file, Value name, int argc, Value *argv, int64_t *position)
{
    Ref answer = call_method(vm, file, name, argc, argv);
    bool good = !failed(answer) && int_index(vm, answer, position);
    decref(answer);
    if (!good) return false;
    if (*position >= 0) return true;
    throw(vm, OSError, "Raw stream returned invalid position %lld", (long long)*position);
    return false;
}

bool io_is_plain(Value file)
{
    return !(as_object(file)->flags & OBJ_SUBCLASS) && !object_dict_if_any(as_object(file));
}

bool io_size(Vm *vm, Value given, ptrdiff_t *size)
{
    int64_t n = -1;
    if (given != NONE && !absent(given)) {
        if (!is_any_int(given) && !type_of(vm, given)->slots.index) {
            throw(vm, TypeError, "argument should be integer or None, not '%T'", given);
            return false;
        }
        if (!int_index(vm, given, &n)) return false;
    }
    *size = n < 0 ? -1 : n;
    return true;
}

bool io_chain(Vm *vm, Ref first)
{
    if (absent(first)) return absent(vm->error);
    if (absent(vm->error)) {
        error_restore(vm, first);
        return false;
    }
    Exception *second = as_exception(vm->error);
    if (vm->error == first) decref(first);
    else replace(&second->context, first);
    return false;
}

static void close_dropped(Vm *vm, Value self)
{
    Truth closed = io_closed(vm, self);
    if (closed == FAILED) error_clear(vm); /* it was not initialised */
    if (closed != NO) return;
    if (!attr_set(vm, self, N(_finalizing), TRUE)) error_clear(vm);
    if (!io_call(vm, self, N(close)))
        error_unraisable(vm, "Exception ignored while finalizing file", self);
}

void io_finalize(Vm *vm, Object *file)
{
    if (!(file->shape->type->flags & TYPE_HAS_DEL)) close_dropped(vm, borrow(file));
}

/* ---- _IOBase ---- */

NATIVE(iobase_seek, "seek(self, offset, whence=0, /)",
       "Move to the byte offset, counted from the start (0), here (1) or the end (2).\n"
       "Return the new absolute position.")
{
    return io_unsupported(vm, "seek");
}
NATIVE(iobase_tell, "tell(self, /)", "Return the position in the file.")
{
    Value args[] = {from_small(0), from_small(1)};
    return call_method(vm, argv[0], N(seek), 2, args);
}
NATIVE(iobase_truncate, "truncate(self, size=None, /)",
       "Make the file size bytes long, by default as long as the position.  Return the new size.")
{
    return io_unsupported(vm, "truncate");
}

/* Was close() called?  A file that has its own idea of `closed` does not count here. */
static bool is_marked_closed(Value self)
{
    Vm *vm = as_object(self)->shape->interp->running;
    return !absent(object_own(as_object(self), N(__IOBase_closed)));
}

NATIVE(iobase_flush, "flush(self, /)", "Write what is buffered; does nothing for input.")
{
    if (is_marked_closed(argv[0])) return throw(vm, ValueError, "I/O operation on closed file.");
    return NONE;
}
bool io_base_close(Vm *vm, Value self)
{
    if (is_marked_closed(self)) return true;
    bool good = io_call(vm, self, N(flush));
    Ref error = error_take(vm);
    good &= attr_set(vm, self, N(__IOBase_closed), TRUE);
    return io_chain(vm, error) && good;
}
NATIVE(iobase_close, "close(self, /)", "Flush and close the file; closing it again does nothing.")
{
    return io_base_close(vm, argv[0]) ? NONE : FAIL;
}
NATIVE(iobase_del, "__del__(self, /)", "Close the file if it is still open.")
{
    close_dropped(vm, argv[0]);
    return NONE;
}
static Ref get_closed(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(is_marked_closed(self));
}

NATIVE(iobase_seekable, "seekable(self, /)", "Can the position be changed?") { return FALSE; }
NATIVE(iobase_readable, "readable(self, /)", "Can it be read?") { return FALSE; }
NATIVE(iobase_writable, "writable(self, /)", "Can it be written?") { return FALSE; }
NATIVE(iobase_fileno, "fileno(self, /)", "Return the file descriptor.  Raises OSError without one.")
{
    return io_unsupported(vm, "fileno");
}
NATIVE(iobase_isatty, "isatty(self, /)", "Is it a terminal?")
{
    return io_check_open(vm, argv[0]) ? FALSE : FAIL;
}
NATIVE(iobase_check_closed, "_checkClosed(self, /)", "Raise ValueError if the file is closed.")
{
    return io_check_open(vm, argv[0]) ? NONE : FAIL;
}

static Ref check_able(Vm *vm, Value self, Value question, const char *message)
{
    Truth able = io_ask(vm, self, question);
    if (able == FAILED) return FAIL;
    return able == YES ? TRUE : io_unsupported(vm, message);
}
NATIVE(iobase_check_seekable, "_checkSeekable(self, /)", "Raise UnsupportedOperation if it is not.")
{
    return check_able(vm, argv[0], N(seekable), "File or stream is not seekable.");
}
NATIVE(iobase_check_readable, "_checkReadable(self, /)", "Raise UnsupportedOperation if it is not.")
{
    return check_able(vm, argv[0], N(readable), "File or stream is not readable.");
}
NATIVE(iobase_check_writable, "_checkWritable(self, /)", "Raise UnsupportedOperation if it is not.")
{
    return check_able(vm, argv[0], N(writable), "File or stream is not writable.");
}
NATIVE(iobase_enter, "__enter__(self, /)", "Return the file.")
{
    return io_check_open(vm, argv[0]) ? newref(argv[0]) : FAIL;
}
NATIVE(iobase_exit, "__exit__(self, /, *args=?)", "Close the file.")
{
    return call_method(vm, argv[0], N(close), 0, NULL);
}

/* How many bytes can be read without going past the end of the line; 0: raised. */
static ptrdiff_t bytes_of_line(Vm *vm, Value peek, ptrdiff_t limit)
{
    if (absent(peek)) return 1;
    Ref ahead = call1(vm, peek, from_small(1));
    if (failed(ahead)) return 0;
    ptrdiff_t count = 1;
    if (!is_bytes(ahead)) {
        throw(vm, OSError, "peek() should have returned a bytes object, not '%T'", (Value)ahead);
        count = 0;
    } else if (as_bytes(ahead)->len > 0) {
        const Bytes *bytes = as_bytes(ahead);
        count = limit >= 0 && limit < bytes->len ? limit : bytes->len;
        const char *end = memchr(bytes->data, '\n', (size_t)count);
        if (end) count = end - bytes->data + 1;
    }
    decref(ahead);
    return count;
}

/* Reads bytes up to the end of a line or size into line. */
static bool collect_line(Vm *vm, Value self, Value peek, ptrdiff_t size, ByteArray *line)
{
    while (size < 0 || line->len < size) {
        ptrdiff_t count = bytes_of_line(vm, peek, size < 0 ? -1 : size - line->len);
        if (count == 0) return false;
        Value wanted = from_small(count);
        Ref part = call_method(vm, self, N(read), 1, &wanted);
        if (failed(part)) return false;
        if (!is_bytes(part)) {
            throw(vm, OSError, "read() should have returned a bytes object, not '%T'", (Value)part);
            decref(part);
            return false;
        }
        ptrdiff_t got = as_bytes(part)->len, len = line->len;
        bool good = bytearray_splice(vm, line, len, len, as_bytes(part)->data, got);
        decref(part);
        if (!good) return false;
        if (got == 0 || line->data[line->len - 1] == '\n') break;
    }
    return true;
}

NATIVE(iobase_readline, "readline(self, size=-1, /)",
       "Read a line with its end, but at most size bytes; b'' at the end of the file.")
{
    ptrdiff_t size;
    if (!io_size(vm, argv[1], &size)) return FAIL;
    Ref line = bytearray_from(vm, NULL, 0), out = FAIL;
    Ref peek = failed(line) ? FAIL : attr_get_or_absent(vm, argv[0], N(peek));
    if (!failed(peek) && collect_line(vm, argv[0], peek, size, as_bytearray(line)))
        out = bytes_from(vm, as_bytearray(line)->data, as_bytearray(line)->len);
    decref(peek);
    decref(line);
    return out;
}

static Ref iobase_iter(Vm *vm, Value self) { return io_check_open(vm, self) ? newref(self) : FAIL; }
static Ref iobase_next(Vm *vm, Value self)
{
    Ref line = call_method(vm, self, N(readline), 0, NULL);
    if (failed(line)) return FAIL;
    ptrdiff_t len = value_len(vm, line);
    if (len > 0) return line;
    decref(line);
    return len < 0 ? FAIL : UNDEF;
}

NATIVE(iobase_readlines, "readlines(self, hint=-1, /)",
       "Return the rest of the file as a list of lines.\n"
       "With a positive hint stop after the line that brings the total above hint.")
{
    ptrdiff_t hint, total = 0;
    if (!io_size(vm, argv[1], &hint)) return FAIL;
    if (hint <= 0) return list_from(vm, argv[0]);
    Ref lines = list_new(vm, 0), iter = iter_of(vm, argv[0]);
    if (failed(iter) || failed(lines)) goto failed;
    while (total <= hint) {
        Ref line = iter_next(vm, iter);
        if (failed(line)) goto failed;
        if (absent(line)) break;
        ptrdiff_t len = value_len(vm, line);
        if (!list_push(vm, as_list(lines), line) || len < 0) goto failed;
        total += len;
    }
    decref(iter);
    return lines;
failed:
    decref(iter);
    decref(lines);
    return FAIL;
}

static bool write_line(Vm *vm, Value line, void *context)
{
    Ref written = call_method(vm, *(Value *)context, N(write), 1, &line);
    decref(written);
    return !failed(written);
}
NATIVE(iobase_writelines, "writelines(self, lines, /)",
       "Write every item of an iterable; no line ends are added.")
{
    return io_check_open(vm, argv[0]) && iterate(vm, argv[1], write_line, &argv[0]) ? NONE : FAIL;
}

static const Native *const iobase_methods[] = {
    &iobase_seek_def,           &iobase_tell_def,           &iobase_truncate_def,
    &iobase_flush_def,          &iobase_close_def,          &iobase_del_def,
    &iobase_seekable_def,       &iobase_readable_def,       &iobase_writable_def,
    &iobase_fileno_def,         &iobase_isatty_def,         &iobase_check_closed_def,
    &iobase_check_seekable_def, &iobase_check_readable_def, &iobase_check_writable_def,
    &iobase_enter_def,          &iobase_exit_def,           &iobase_readline_def,
    &iobase_readlines_def,      &iobase_writelines_def,     NULL,
};
static const Attribute iobase_attributes[] = {
    {"closed", get_closed, NULL, "Is the file closed?"},
    {NULL, NULL, NULL, NULL},
};
const TypeDef iobase_type = {
    .name = "_io._IOBase",
    .doc = "What all files have in common.",
    .size = sizeof(Container),
    .flags = TYPE_CONTAINER | TYPE_ATTRIBUTES | TYPE_WEAKREF,
    .iter = iobase_iter,
    .next = iobase_next,
    .methods = iobase_methods,
    .attributes = iobase_attributes,
};

/* ---- _RawIOBase ---- */

NATIVE(rawiobase_readall, "readall(self, /)", "Return all bytes up to the end of the file.")
{
    Ref all = bytearray_from(vm, NULL, 0), out = FAIL;
    bool none = false;
    while (!failed(all)) {
        Value wanted = from_small(IO_BUFFER_BYTES);
        Ref part = call_method(vm, argv[0], N(read), 1, &wanted);
        if (failed(part)) goto done;
        none = part == NONE;
        if (none) break;
        if (!is_bytes(part)) {
            decref(part);
            throw(vm, TypeError, "read() should return bytes");
            goto done;
        }
        ptrdiff_t got = as_bytes(part)->len, len = as_bytearray(all)->len;
        bool good = bytearray_splice(vm, as_bytearray(all), len, len, as_bytes(part)->data, got);
        decref(part);
        if (!good) goto done;
        if (got == 0) break;
    }
    if (failed(all)) return FAIL;
    if (none && as_bytearray(all)->len == 0) out = NONE;
    else out = bytes_from(vm, as_bytearray(all)->data, as_bytearray(all)->len);
done:
    decref(all);
    return out;
}
NATIVE(rawiobase_read, "read(self, size=-1, /)",
       "Read up to size bytes with one readinto(); None when none are available now.")
{
    ptrdiff_t size;
    int64_t got;
    if (!io_size(vm, argv[1], &size)) return FAIL;
    if (size < 0) return call_method(vm, argv[0], N(readall), 0, NULL);
    Ref room = bytearray_from(vm, NULL, size), out = FAIL;
    if (failed(room)) return FAIL;
    Value into = room;
    Ref count = call_method(vm, argv[0], N(readinto), 1, &into);
    if (count == NONE) out = NONE;
    else if (!failed(count) && int_index(vm, count, &got)) {
        if (got < 0 || got > size)
            throw(vm, ValueError, "readinto returned %lld outside buffer size %zd", (long long)got,
                  size);
        else out = bytes_from(vm, as_bytearray(room)->data, got);
    }
    decref(count);
    decref(room);
    return out;
}
static const Native *const rawiobase_methods[] = {&rawiobase_read_def, &rawiobase_readall_def,
                                                  NULL};
const TypeDef rawiobase_type = {
    .name = "_io._RawIOBase",
    .doc = "A file without a buffer of its own.",
    .base = &iobase_type,
    .size = sizeof(Container),
    .flags = TYPE_CONTAINER | TYPE_ATTRIBUTES | TYPE_WEAKREF,
    .iter = iobase_iter,
    .next = iobase_next,
    .methods = rawiobase_methods,
};

/* ---- _BufferedIOBase ---- */

NATIVE(bufferediobase_detach, "detach(self, /)", "Separate the raw file and return it.")
{
    return io_unsupported(vm, "detach");
}
NATIVE(bufferediobase_read, "read(self, size=-1, /)",
       "Read and return up to size bytes, or all that are left.")
{
    return io_unsupported(vm, "read");
}
NATIVE(bufferediobase_read1, "read1(self, size=-1, /)",
       "Read up to size bytes with at most one read of the raw file.")
{
    return io_unsupported(vm, "read1");
}
NATIVE(bufferediobase_write, "write(self, b, /)", "Write the bytes and return how many they are.")
{
    return io_unsupported(vm, "write");
}

static Ref read_into(Vm *vm, Value self, Value target, Value method)
{
    Buffer buffer;
    bool once = method == N(read1);
    if (!target_get(vm, target, &buffer, once ? "readinto1() argument" : "readinto() argument"))
        return FAIL;
    Value size = from_small(buffer.len);
    Ref data = call_method(vm, self, method, 1, &size), out = FAIL;
    if (!failed(data) && !is_bytes(data)) {
        throw(vm, TypeError, "read() should return bytes");
    } else if (!failed(data)) {
        ptrdiff_t len = as_bytes(data)->len;
        if (len > buffer.len) {
            throw(vm, ValueError,
                  "read() returned too much data: %zd bytes requested, %zd returned", buffer.len,
                  len);
        } else {
            memcpy(buffer.data, as_bytes(data)->data, (size_t)len);
            out = from_small(len);
        }
    }
    decref(data);
    buffer_release(vm, &buffer);
    return out;
}
NATIVE(bufferediobase_readinto, "readinto(self, buffer, /)",
       "Read into a writable buffer with read(); return how many bytes.")
{
    return read_into(vm, argv[0], argv[1], N(read));
}
NATIVE(bufferediobase_readinto1, "readinto1(self, buffer, /)",
       "Read into a writable buffer with read1(); return how many bytes.")
{
    return read_into(vm, argv[0], argv[1], N(read1));
}
static const Native *const bufferediobase_methods[] = {
    &bufferediobase_detach_def,
    &bufferediobase_read_def,
    &bufferediobase_read1_def,
    &bufferediobase_readinto_def,
    &bufferediobase_write_def,
    &bufferediobase_readinto1_def,
    NULL,
};
const TypeDef bufferediobase_type = {
    .name = "_io._BufferedIOBase",
    .doc = "A file of bytes with a buffer.",
    .base = &iobase_type,
    .size = sizeof(Container),
    .flags = TYPE_CONTAINER | TYPE_ATTRIBUTES | TYPE_WEAKREF,
    .iter = iobase_iter,
    .next = iobase_next,
    .methods = bufferediobase_methods,
};

/* ---- _TextIOBase ---- */

NATIVE(textiobase_detach, "detach(self, /)", "Separate the buffer and return it.")
{
    return io_unsupported(vm, "detach");
}
NATIVE(textiobase_read, "read(self, size=-1, /)", "Read size characters, or all that are left.")
{
    return io_unsupported(vm, "read");
}
NATIVE(textiobase_readline, "readline(self, size=-1, /)",
       "Read a line, but at most size characters; '' at the end of the file.")
{
    return io_unsupported(vm, "readline");
}
NATIVE(textiobase_write, "write(self, s, /)", "Write a str and return how many characters it has.")
{
    return io_unsupported(vm, "write");
}
static Ref get_nothing(Vm *vm __attribute__((unused)), Value self __attribute__((unused)))
{
    return NONE;
}
static const Native *const textiobase_methods[] = {&textiobase_detach_def, &textiobase_read_def,
                                                   &textiobase_readline_def, &textiobase_write_def,
                                                   NULL};
static const Attribute textiobase_attributes[] = {
    {"encoding", get_nothing, NULL, "The name of the encoding, or None."},
    {"newlines", get_nothing, NULL, "The line ends met so far: None, a str or a tuple of them."},
    {"errors", get_nothing, NULL, "The name of the error handler, or None."},
    {NULL, NULL, NULL, NULL},
};
const TypeDef textiobase_type = {
    .name = "_io._TextIOBase",
    .doc = "A file of text.",
    .base = &iobase_type,
    .size = sizeof(Container),
    .flags = TYPE_CONTAINER | TYPE_ATTRIBUTES | TYPE_WEAKREF,
    .iter = iobase_iter,
    .next = iobase_next,
    .methods = textiobase_methods,
    .attributes = textiobase_attributes,
};
