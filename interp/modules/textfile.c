/* textfile.c - text files over a descriptor.
 *
 * UTF-8 both ways, '\n' only.  Output is buffered: by line at a terminal, else by block; stderr by
 * line.  Reading and writing let other threads run while they block. Neighbours: builtins.c (print,
 * open), sys.c (the standard files). */
/* SPDX-License-Identifier: MIT */
#include "modules/textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "modules/builtins.h"
#include "object/attr.h"
#include "object/call.h"
#include "object/error.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/name.h"
#include "object/native.h"
#include "object/str.h"
#include "vm/thread.h"

enum { BUFFER_BYTES = 16384 };

static TextFile *as_textfile(Value v) { return (TextFile *)as_object(v); }

Ref textfile_new(Vm *vm, int fd, Value name, const char *mode, bool keep_fd)
{
    Type *type = type_from_def(vm, &textfile_type);
    TextFile *self = type ? type_instance(vm, type) : NULL;
    if (!self) return FAIL;
    self->fd = fd;
    self->keep_fd = keep_fd;
    self->readable = strchr(mode, 'r') || strchr(mode, '+');
    self->writable = !strchr(mode, 'r') || strchr(mode, '+');
    self->line_buffered = self->writable && (fd == 2 || isatty(fd));
    self->name = newref(name);
    self->mode = str_from(vm, mode);
    if (!failed(self->mode)) return from_object(self);
    self->mode = UNDEF;
    decref_object(self);
    return FAIL;
}

static bool check_open(Vm *vm, const TextFile *file)
{
    if (file->fd >= 0) return true;
    throw(vm, ValueError, "I/O operation on closed file.");
    return false;
}

/* ---- writing ---- */

static bool write_all(Vm *vm, int fd, const char *data, ptrdiff_t len)
{
    if (vm->interp->before_output && fd <= 2) vm->interp->before_output(vm, fd, data, (size_t)len);
    while (len > 0) {
        gil_release(vm);
        ssize_t done = write(fd, data, (size_t)len);
        int problem = errno;
        gil_acquire(vm);
        if (done < 0) {
            if (problem == EINTR && safe_point(vm)) continue;
            if (absent(vm->error)) throw_errno(vm, problem, UNDEF);
            return false;
        }
        data += done;
        len -= done;
    }
    return true;
}

bool textfile_flush(Vm *vm, TextFile *file)
{
    ptrdiff_t len = file->out_len;
    file->out_len = 0;
    if (len == 0 || file->fd < 0) return true;
    char *data = file->out;
    file->out = NULL; /* another thread may write meanwhile */
    bool good = write_all(vm, file->fd, data, len);
    if (!file->out) file->out = data;
    else memory_free(data);
    return good;
}

static bool write_bytes(Vm *vm, TextFile *file, const char *data, ptrdiff_t len)
{
    if (!file->out && !(file->out = memory_new(vm, BUFFER_BYTES))) return false;
    bool newline = file->line_buffered && memchr(data, '\n', (size_t)len);
    if (file->out_len + len > BUFFER_BYTES && !textfile_flush(vm, file)) return false;
    if (len > BUFFER_BYTES) return write_all(vm, file->fd, data, len);
    if (!file->out && !(file->out = memory_new(vm, BUFFER_BYTES))) return false;
    memcpy(file->out + file->out_len, data, (size_t)len);
    file->out_len += len;
    if (vm->interp->flags.unbuffered && file->keep_fd) return textfile_flush(vm, file);
    return !newline || textfile_flush(vm, file);
}

static bool write_text(Vm *vm, TextFile *file, Value text)
{
    if (!check_open(vm, file)) return false;
    if (!file->writable) {
        throw(vm, ValueError, "not writable");
        return false;
    }
    ptrdiff_t len;
    char *owned = NULL;
    const char *data = str_utf8(vm, text, &len, &owned);
    bool good = data && write_bytes(vm, file, data, len);
    memory_free(owned);
    return good;
}

bool file_write(Vm *vm, Value file, Value text)
{
    if (is_heap(file) && type_of(vm, file)->def == &textfile_type &&
        !(as_object(file)->flags & OBJ_SUBCLASS))
        return write_text(vm, as_textfile(file), text);
    Ref result = call_method(vm, file, N(write), 1, &text);
    decref(result);
    return !failed(result);
}

NATIVE(textfile_write, "write(self, text, /)", "Write a str; return how many characters it has.")
{
    if (!is_str(argv[1]))
        return throw(vm, TypeError, "write() argument must be str, not %T", argv[1]);
    return write_text(vm, as_textfile(argv[0]), argv[1]) ? from_small(as_str(argv[1])->len) : FAIL;
}

static bool write_line(Vm *vm, Value item, void *context)
{
    if (is_str(item)) return write_text(vm, context, item);
    throw(vm, TypeError, "write() argument must be str, not %T", item);
    return false;
}
NATIVE(textfile_writelines, "writelines(self, lines, /)", "Write each str of an iterable.")
{
    return iterate(vm, argv[1], write_line, as_textfile(argv[0])) ? NONE : FAIL;
}
NATIVE(textfile_flush_method, "flush(self, /)", "Write what is buffered.")
{
    TextFile *file = as_textfile(argv[0]);
    return check_open(vm, file) && textfile_flush(vm, file) ? NONE : FAIL;
}

/* ---- reading ---- */

/* Reads more into the buffer; NO at the end of the file. */
static Truth fill(Vm *vm, TextFile *file)
{
    if (file->at_eof) return NO;
    if (file->in_capacity - file->in_len < BUFFER_BYTES) {
        char *bigger = memory_resize(vm, file->in, (size_t)(file->in_capacity * 2 + BUFFER_BYTES));
        if (!bigger) return FAILED;
        file->in = bigger;
        file->in_capacity = file->in_capacity * 2 + BUFFER_BYTES;
    }
    for (;;) {
        gil_release(vm);
        ssize_t got =
            read(file->fd, file->in + file->in_len, (size_t)(file->in_capacity - file->in_len));
        int problem = errno;
        gil_acquire(vm);
        if (got > 0) {
            file->in_len += got;
            return YES;
        }
        if (got == 0) {
            file->at_eof = file->fd != 0; /* a terminal may give more after an end */
            return NO;
        }
        if (problem == EINTR && safe_point(vm)) continue;
        if (absent(vm->error)) throw_errno(vm, problem, UNDEF);
        return FAILED;
    }
}

/* The first len bytes of the buffer as a str, "\r\n" and "\r" as "\n". */
static Ref hand_out(Vm *vm, TextFile *file, ptrdiff_t len)
{
    ptrdiff_t kept = 0;
    char *copy = memory_new(vm, (size_t)len + 1);
    if (!copy) return FAIL;
    for (ptrdiff_t n = 0; n < len; n++) {
        if (file->in[n] == '\r') {
            copy[kept++] = '\n';
            if (n + 1 < len && file->in[n + 1] == '\n') n++;
        } else {
            copy[kept++] = file->in[n];
        }
    }
    memmove(file->in, file->in + len, (size_t)(file->in_len - len));
    file->in_len -= len;
    Ref text = str_from_utf8(vm, copy, kept);
    memory_free(copy);
    return text;
}

static bool check_readable(Vm *vm, TextFile *file)
{
    if (!check_open(vm, file)) return false;
    if (file->readable) return true;
    throw(vm, ValueError, "not readable");
    return false;
}

static Ref read_line(Vm *vm, TextFile *file)
{
    ptrdiff_t from = 0;
    for (;;) {
        char *end = file->in_len > from
                        ? memchr(file->in + from, '\n', (size_t)(file->in_len - from))
                        : NULL;
        if (end) return hand_out(vm, file, end - file->in + 1);
        from = file->in_len;
        Truth more = fill(vm, file);
        if (more == FAILED) return FAIL;
        if (more == NO) return hand_out(vm, file, file->in_len);
    }
}

/* Bytes that the first count code points of the buffer take; -1: it holds fewer. */
static ptrdiff_t bytes_of_points(const TextFile *file, int64_t count)
{
    ptrdiff_t n = 0;
    for (; n < file->in_len; n++)
        if (((unsigned char)file->in[n] & 0xc0) != 0x80 && count-- == 0) return n;
    return -1;
}

NATIVE(textfile_read, "read(self, size=-1, /)", "Read size characters, or everything that is left.")
{
    TextFile *file = as_textfile(argv[0]);
    int64_t size = -1;
    if (argv[1] != NONE && !int_index(vm, argv[1], &size)) return FAIL;
    if (!check_readable(vm, file)) return FAIL;
    for (;;) {
        ptrdiff_t ready = size >= 0 ? bytes_of_points(file, size) : -1;
        if (ready >= 0) return hand_out(vm, file, ready);
        Truth more = fill(vm, file);
        if (more == FAILED) return FAIL;
        if (more == NO) return hand_out(vm, file, file->in_len);
    }
}
NATIVE(textfile_readline, "readline(self, size=-1, /)",
       "Read a line with its end; '' at the end of the file.")
{
    TextFile *file = as_textfile(argv[0]);
    return check_readable(vm, file) ? read_line(vm, file) : FAIL;
}
static Ref textfile_iter(Vm *vm, Value self)
{
    return check_open(vm, as_textfile(self)) ? newref(self) : FAIL;
}
static Ref textfile_next(Vm *vm, Value self)
{
    if (!check_readable(vm, as_textfile(self))) return FAIL;
    Ref line = read_line(vm, as_textfile(self));
    if (failed(line) || as_str(line)->len) return line;
    decref(line);
    return UNDEF;
}
NATIVE(textfile_readlines, "readlines(self, hint=-1, /)",
       "The rest of the file as a list of lines.")
{
    return check_readable(vm, as_textfile(argv[0])) ? list_from(vm, argv[0]) : FAIL;
}

/* ---- the rest ---- */

static bool close_file(Vm *vm, TextFile *file)
{
    if (file->fd < 0) return true;
    bool good = textfile_flush(vm, file);
    if (!file->keep_fd) close(file->fd);
    file->fd = -1;
    return good;
}
NATIVE(textfile_close, "close(self, /)", "Write what is buffered and close.")
{
    return close_file(vm, as_textfile(argv[0])) ? NONE : FAIL;
}
NATIVE(textfile_enter, "__enter__(self, /)", "The file.")
{
    return check_open(vm, as_textfile(argv[0])) ? newref(argv[0]) : FAIL;
}
NATIVE(textfile_exit, "__exit__(self, /, *args)", "Close.")
{
    return close_file(vm, as_textfile(argv[0])) ? NONE : FAIL;
}
NATIVE(textfile_fileno, "fileno(self, /)", "The descriptor.")
{
    return check_open(vm, as_textfile(argv[0])) ? from_small(as_textfile(argv[0])->fd) : FAIL;
}
NATIVE(textfile_isatty, "isatty(self, /)", "Is it a terminal?")
{
    return check_open(vm, as_textfile(argv[0])) ? from_bool(isatty(as_textfile(argv[0])->fd))
                                                : FAIL;
}
NATIVE(textfile_readable, "readable(self, /)", "Can it be read?")
{
    return from_bool(as_textfile(argv[0])->readable);
}
NATIVE(textfile_writable, "writable(self, /)", "Can it be written?")
{
    return from_bool(as_textfile(argv[0])->writable);
}
NATIVE(textfile_reconfigure,
       "reconfigure(self, /, *, encoding=None, errors=None, newline=None, line_buffering=None, "
       "write_through=None)",
       "Change the buffering.")
{
    TextFile *file = as_textfile(argv[0]);
    if (argv[4] != NONE) file->line_buffered = argv[4] == TRUE;
    if (argv[5] == TRUE) file->line_buffered = true;
    return textfile_flush(vm, file) ? NONE : FAIL;
}

static Ref get_name(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_textfile(self)->name);
}
static Ref get_mode(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_textfile(self)->mode);
}
static Ref get_encoding(Vm *vm, Value self __attribute__((unused)))
{
    return str_from(vm, "utf-8");
}
static Ref get_errors(Vm *vm, Value self __attribute__((unused))) { return str_from(vm, "strict"); }
static Ref get_closed(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_textfile(self)->fd < 0);
}
static Ref get_line_buffering(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_textfile(self)->line_buffered);
}

static Ref textfile_repr(Vm *vm, Value self)
{
    return format_text(vm, "<_io.TextIOWrapper name=%R mode=%R encoding='utf-8'>",
                       (Value)as_textfile(self)->name, (Value)as_textfile(self)->mode);
}

static void textfile_clear(Object *object)
{
    TextFile *file = (TextFile *)object;
    if (file->fd >= 0) { /* dropped while open: what is buffered is not lost */
        for (ptrdiff_t done = 0; done < file->out_len;) {
            ssize_t n = write(file->fd, file->out + done, (size_t)(file->out_len - done));
            if (n < 0 && errno != EINTR) break;
            if (n > 0) done += n;
        }
        if (!file->keep_fd) close(file->fd);
        file->fd = -1;
    }
    memory_free(file->out);
    memory_free(file->in);
    file->out = file->in = NULL;
}

static const Native *const textfile_methods[] = {
    &textfile_write_def,    &textfile_writelines_def,  &textfile_flush_method_def,
    &textfile_read_def,     &textfile_readline_def,    &textfile_readlines_def,
    &textfile_close_def,    &textfile_enter_def,       &textfile_exit_def,
    &textfile_fileno_def,   &textfile_isatty_def,      &textfile_readable_def,
    &textfile_writable_def, &textfile_reconfigure_def, NULL,
};
static const Attribute textfile_attributes[] = {
    {"name", get_name, NULL, "path or descriptor"},
    {"mode", get_mode, NULL, "mode it was opened in"},
    {"encoding", get_encoding, NULL, "always utf-8"},
    {"errors", get_errors, NULL, "always strict"},
    {"closed", get_closed, NULL, "is it closed?"},
    {"line_buffering", get_line_buffering, NULL, "is each line written at once?"},
    {NULL, NULL, NULL, NULL},
};
const TypeDef textfile_type = {
    .name = "_io.TextIOWrapper",
    .doc = "A text file.",
    .size = sizeof(TextFile),
    .flags = TYPE_CONTAINER | TYPE_ATTRIBUTES | TYPE_WEAKREF | TYPE_NO_NEW,
    .refs = REFS(REF(TextFile, name), REF(TextFile, mode)),
    .clear = textfile_clear,
    .repr = textfile_repr,
    .iter = textfile_iter,
    .next = textfile_next,
    .methods = textfile_methods,
    .attributes = textfile_attributes,
};
