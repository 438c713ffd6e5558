/* iotext.c - TextIOWrapper: text over a buffered file of bytes.
 *
 * Opening, configuring and closing; reading, writing and seeking live in files of their own.
 * Our own encodings are used directly, others through the codecs a script registered.
 * Neighbours: iotextread.c, iotextwrite.c, iotextseek.c, iomodule.c (open). */
/* SPDX-License-Identifier: MIT */
#include "modules/iotext.h"

#include "modules/iobase.h"
#include "object/attr.h"
#include "object/bytes.h"
#include "object/call.h"
#include "object/codec.h"
#include "object/error.h"
#include "object/int.h"
#include "object/member.h"
#include "object/name.h"
#include "object/number.h"
#include "object/str.h"
#include "object/tuple.h"
#include "vm/import.h"

enum { CHUNK_BYTES = 8192 };

bool text_check_ready(Vm *vm, const TextIo *self)
{
    if (self->ready) return true;
    throw(vm, ValueError,
          self->detached ? "underlying buffer has been detached"
                         : "I/O operation on uninitialized object");
    return false;
}

bool text_check_open(Vm *vm, const TextIo *self)
{
    if (!text_check_ready(vm, self)) return false;
    if (!self->fast) return io_check_open(vm, self->buffer);
    if (as_buffered(self->buffer)->ready && as_fileio(as_buffered(self->buffer)->raw)->slot)
        return true;
    return io_check_open(vm, self->buffer);
}

/* ---- encodings ---- */

static bool set_text(Vm *vm, Value value, const char *what)
{
    if (value == NONE || absent(value) || is_str(value)) return true;
    throw(vm, TypeError, "TextIOWrapper() argument '%s' must be str or None, not %A", what, value);
    return false;
}

/* A copy of a str without NULs as UTF-8, for memory_free. */
static char *copy_text(Vm *vm, Value text)
{
    char *owned = NULL;
    ptrdiff_t len;
    const char *utf8 = str_utf8(vm, text, &len, &owned);
    char *copy = utf8 ? memory_new(vm, (size_t)len + 1) : NULL;
    if (copy) memcpy(copy, utf8, (size_t)len + 1);
    memory_free(owned);
    if (copy && (ptrdiff_t)strlen(copy) != len) {
        memory_free(copy);
        throw(vm, ValueError, "embedded null character");
        return NULL;
    }
    return copy;
}

/* info.method(errors) of a CodecInfo, unless it is not wanted. */
static bool make_coder(Vm *vm, bool wanted, Value info, Value method, Value errors, Ref *coder)
{
    Ref made = wanted ? call_method(vm, info, method, 1, &errors) : UNDEF;
    if (failed(made)) return false;
    replace(coder, made);
    return true;
}

/* An encoding that is not ours: codecs.lookup() knows it, or LookupError. */
static bool look_up(Vm *vm, TextIo *self)
{
    Value encoding = self->encoding;
    Ref codecs = import_text(vm, "codecs");
    Ref info = failed(codecs) ? FAIL : call_method(vm, codecs, N(lookup), 1, &encoding);
    decref(codecs);
    if (failed(info)) return false;
    Ref is_text = attr_get_or_absent(vm, info, N(_is_text_encoding));
    bool good = !failed(is_text);
    if (good && is_text == FALSE) {
        throw(vm, LookupError,
              "%R is not a text encoding; use codecs.open() to handle arbitrary codecs", encoding);
        good = false;
    }
    decref(is_text);
    good =
        good &&
        make_coder(vm, self->can_read, info, N(incrementaldecoder), self->errors,
                   &self->decoder.object) &&
        make_coder(vm, self->can_write, info, N(incrementalencoder), self->errors, &self->encoder);
    decref(info);
    return good;
}

/* Sets up decoding and encoding for self->encoding, self->errors and self->newline. */
static bool set_coders(Vm *vm, TextIo *self)
{
    char *name = copy_text(vm, self->encoding);
    char *errors = name ? copy_text(vm, self->errors) : NULL;
    if (!errors) {
        memory_free(name);
        return false;
    }
    const char *own = codec_name(name);
    memory_free(name);
    memory_free(self->errors_text);
    self->errors_text = strcmp(errors, "strict") == 0 ? NULL : errors;
    if (!self->errors_text) memory_free(errors);
    clear(&self->decoder.object);
    clear(&self->encoder);
    NewlineState newlines = {.translate = self->newline == NEWLINE_NONE};
    bool native = own && decoder_is_native(own);
    self->decoder =
        (TextDecoder){.encoding = native ? own : NULL,
                      .current = native ? own : NULL,
                      .errors = self->errors_text,
                      .universal = self->newline == NEWLINE_NONE || self->newline == NEWLINE_ANY,
                      .newlines = newlines};
    self->out_encoding = self->decoder.encoding;
    self->ascii_direct = native && (strcmp(own, "utf-8") == 0 || strcmp(own, "ascii") == 0 ||
                                    strcmp(own, "iso8859-1") == 0);
    return native || look_up(vm, self);
}

/* The position tells whether writing begins a file. */
static bool find_start(Vm *vm, TextIo *self)
{
    int64_t position = 0;
    if (!self->seekable || !self->can_write || self->ascii_direct) return true;
    if (!io_position(vm, self->buffer, N(tell), 0, NULL, &position)) return false;
    return position == 0 || text_reset_encoder(vm, self, false);
}

/* ---- making ---- */

static bool set_up(Vm *vm, TextIo *self, Value buffer, const TextOptions *options)
{
    NewlineMode newline;
    if (!set_text(vm, options->encoding, "encoding") || !set_text(vm, options->errors, "errors") ||
        !newline_mode(vm, options->newline, &newline, "%S"))
        return false;
    self->ready = self->detached = false;
    self->newline = newline;
    self->line_buffering = options->line_buffering;
    self->write_through = options->write_through;
    self->chunk_size = CHUNK_BYTES;
    self->out_len = 0;
    text_forget(self);
    bool locale = !is_str(options->encoding) || str_is(options->encoding, "locale");
    replace(&self->encoding, locale ? str_from(vm, "UTF-8") : newref(options->encoding));
    if (failed(self->encoding)) self->encoding = UNDEF;
    replace(&self->errors,
            is_str(options->errors) ? newref(options->errors) : str_from(vm, "strict"));
    if (failed(self->errors)) self->errors = UNDEF;
    if (absent(self->encoding) || absent(self->errors)) return false;
    replace(&self->buffer, newref(buffer));
    self->fast = buffered_is_fast(buffer);
    return true;
}

/* Asks the buffer what it can do. */
static bool ask_buffer(Vm *vm, TextIo *self)
{
    if (self->fast) {
        const Buffered *below = as_buffered(self->buffer);
        self->can_read = self->has_read1 = below->readable;
        self->can_write = below->writable;
        if (as_fileio(below->raw)->slot) {
            self->seekable = self->telling = fileio_seekable(as_fileio(below->raw));
            return true;
        }
    }
    Truth readable = io_ask(vm, self->buffer, N(readable));
    Truth writable = readable == FAILED ? FAILED : io_ask(vm, self->buffer, N(writable));
    Truth seekable = writable == FAILED ? FAILED : io_ask(vm, self->buffer, N(seekable));
    Ref read1 = seekable == FAILED ? FAIL : attr_get_or_absent(vm, self->buffer, N(read1));
    if (failed(read1)) return false;
    self->can_read = readable == YES;
    self->can_write = writable == YES;
    self->seekable = self->telling = seekable == YES;
    self->has_read1 = !absent(read1);
    decref(read1);
    return true;
}

static bool text_open(Vm *vm, TextIo *self, Value buffer, const TextOptions *options)
{
    self->ready = set_up(vm, self, buffer, options) && ask_buffer(vm, self) &&
                  set_coders(vm, self) && find_start(vm, self);
    return self->ready;
}

Ref text_io_new(Vm *vm, Value buffer, const TextOptions *options)
{
    Type *type = type_from_def(vm, &text_io_type);
    TextIo *self = type ? type_instance(vm, type) : NULL;
    if (!self) return FAIL;
    if (text_open(vm, self, buffer, options)) return from_object(self);
    decref_object(self);
    return FAIL;
}

Ref text_io_standard(Vm *vm, Value buffer, const TextOptions *options, Ref mode, bool reading)
{
    Type *type = type_from_def(vm, &text_io_type);
    TextIo *self = type ? type_instance(vm, type) : NULL;
    if (!self) return FAIL;
    self->mode = mode;
    if (!set_up(vm, self, buffer, options)) goto failed;
    self->can_read = self->has_read1 = reading;
    self->can_write = !reading;
    if (!set_coders(vm, self)) goto failed;
    const Buffered *below = as_buffered(buffer);
    self->seekable = self->telling =
        reading && self->fast && fileio_seekable(as_fileio(below->raw));
    self->ready = true;
    return from_object(self);
failed:
    decref_object(self);
    return FAIL;
}

NATIVE(text_init,
       "__init__(self, buffer, encoding=None, errors=None, newline=None, line_buffering=False, "
       "write_through=False)",
       "Read and write text over buffer, a file of bytes.\n"
       "encoding None is UTF-8 and errors None 'strict'; newline as for open().  With\n"
       "line_buffering a line end flushes; with write_through nothing waits here.")
{
    if (argv[2] == NONE && vm->interp->flags.warn_default_encoding &&
        !warn(vm, EncodingWarning, 1, "'encoding' argument not specified"))
        return FAIL;
    Truth line = value_truth(vm, argv[5]), through = value_truth(vm, argv[6]);
    if (line == FAILED || through == FAILED) return FAIL;
    TextOptions options = {argv[2], argv[3], argv[4], line == YES, through == YES};
    return text_open(vm, as_text_io(argv[0]), argv[1], &options) ? NONE : FAIL;
}

/* reconfigure(): the encoding, errors and newline given; UNDEF: as they are. */
static bool change_coders(Vm *vm, TextIo *self, Value encoding, Value errors, Value newline)
{
    if (!absent(self->decoded)) {
        io_unsupported(vm, "It is not possible to set the encoding or newline of stream after the "
                           "first read");
        return false;
    }
    NewlineMode mode = self->newline;
    if (!absent(newline) && !newline_mode(vm, newline, &mode, "%S")) return false;
    Ref handler = errors != NONE     ? newref(errors)
                  : encoding != NONE ? str_from(vm, "strict")
                                     : newref(self->errors);
    if (failed(handler)) return false;
    if (!text_flush(vm, self)) {
        decref(handler);
        return false;
    }
    Ref old_encoding = newref(self->encoding), old_errors = newref(self->errors);
    NewlineMode old_mode = self->newline;
    if (encoding != NONE)
        replace(&self->encoding,
                str_is(encoding, "locale") ? str_from(vm, "UTF-8") : newref(encoding));
    replace(&self->errors, handler);
    self->newline = mode;
    bool good = set_coders(vm, self);
    if (!good) {
        Ref error = error_take(vm);
        replace(&self->encoding, newref(old_encoding));
        replace(&self->errors, newref(old_errors));
        self->newline = old_mode;
        if (!set_coders(vm, self)) error_clear(vm);
        error_restore(vm, error);
    }
    decref(old_encoding);
    decref(old_errors);
    return good && find_start(vm, self);
}

NATIVE(text_reconfigure,
       "reconfigure(self, /, *, encoding=None, errors=None, newline=?, line_buffering=None, "
       "write_through=None)",
       "Change what is given; what is not given stays.\n"
       "encoding, errors and newline cannot be changed once something was read.")
{
    TextIo *self = as_text_io(argv[0]);
    if (!text_check_ready(vm, self)) return FAIL;
    for (int n = 1; n <= 2; n++)
        if (argv[n] != NONE && !is_str(argv[n]))
            return throw(vm, TypeError, "reconfigure() argument '%s' must be str or None, not %A",
                         n == 1 ? "encoding" : "errors", argv[n]);
    Truth line = argv[4] == NONE ? self->line_buffering : value_truth(vm, argv[4]);
    Truth through = argv[5] == NONE ? self->write_through : value_truth(vm, argv[5]);
    if (line == FAILED || through == FAILED) return FAIL;
    ptrdiff_t end = argv[1] == NONE ? -1
                                    : str_find(as_str(argv[1]), as_str(vm->interp->latin1[0]), 0,
                                               as_str(argv[1])->len);
    if (end >= 0) {
        Ref name = str_slice(vm, argv[1], 0, end);
        if (!failed(name)) throw(vm, LookupError, "unknown encoding: %S", (Value)name);
        decref(name);
        return FAIL;
    }
    bool change = argv[1] != NONE || argv[2] != NONE || !absent(argv[3]);
    if (change ? !change_coders(vm, self, argv[1], argv[2], argv[3]) : !text_flush(vm, self))
        return FAIL;
    self->line_buffering = line == YES;
    self->write_through = through == YES;
    return NONE;
}

/* ---- reading and writing ---- */

NATIVE(text_read_method, "read(self, size=-1, /)",
       "Read size characters, fewer at the end of the file, or all that are left.")
{
    ptrdiff_t size;
    if (!io_size(vm, argv[1], &size)) return FAIL;
    return text_read(vm, as_text_io(argv[0]), size);
}
NATIVE(text_readline_method, "readline(self, size=-1, /)",
       "Read a line with its end, but at most size characters; '' at the end of the file.")
{
    ptrdiff_t size;
    if (!io_size(vm, argv[1], &size)) return FAIL;
    return text_readline(vm, as_text_io(argv[0]), size);
}
NATIVE(text_write_method, "write(self, s, /)",
       "Write a str, which may stay in the buffer for now; return how many characters it has.")
{
    TextIo *self = as_text_io(argv[0]);
    if (!text_check_ready(vm, self)) return FAIL;
    if (!is_str(argv[1]))
        return throw(vm, TypeError, "write() argument must be str, not %A", argv[1]);
    return text_write(vm, self, argv[1]) ? from_small(as_str(argv[1])->len) : FAIL;
}
NATIVE(text_flush_method, "flush(self, /)", "Write what is buffered, here and below.")
{
    TextIo *self = as_text_io(argv[0]);
    return text_check_open(vm, self) && text_flush(vm, self) ? NONE : FAIL;
}
NATIVE(text_tell_method, "tell(self, /)",
       "Return the position: a number that means something to seek() alone.")
{
    return text_tell(vm, as_text_io(argv[0]));
}
NATIVE(text_seek_method, "seek(self, cookie, whence=0, /)",
       "Move to what tell() returned, or with whence 2 and cookie 0 to the end.  Return it.")
{
    return text_seek(vm, as_text_io(argv[0]), argv[1], argv[2]);
}
NATIVE(text_truncate, "truncate(self, pos=None, /)",
       "Make the file pos bytes long, by default as long as the position.  Return the new size.")
{
    TextIo *self = as_text_io(argv[0]);
    if (!text_check_ready(vm, self) || !io_call(vm, argv[0], N(flush))) return FAIL;
    return call_method(vm, self->buffer, N(truncate), 1, &argv[1]);
}

/* ---- closing ---- */

NATIVE(text_detach, "detach(self, /)",
       "Flush, separate the buffer and return it; this object cannot be used any more.")
{
    TextIo *self = as_text_io(argv[0]);
    if (!text_check_ready(vm, self) || !io_call(vm, argv[0], N(flush))) return FAIL;
    self->detached = true;
    self->ready = self->fast = false;
    return take(&self->buffer);
}

static void warn_unclosed(Vm *vm, Value buffer, Value self)
{
    Ref done = call_method(vm, buffer, N(_dealloc_warn), 1, &self);
    if (failed(done)) error_clear(vm);
    decref(done);
}

NATIVE(text_close, "close(self, /)", "Write what is buffered and close the buffer.")
{
    TextIo *self = as_text_io(argv[0]);
    if (!text_check_ready(vm, self)) return FAIL;
    Truth closed = io_closed(vm, self->buffer);
    if (closed != NO) return closed == YES ? NONE : FAIL;
    if (self->finalizing) warn_unclosed(vm, self->buffer, argv[0]);
    if (self->fast && io_is_plain(argv[0]) && io_is_plain(self->buffer)) text_flush(vm, self);
    else io_call(vm, argv[0], N(flush));
    Ref error = error_take(vm);
    io_call(vm, self->buffer, N(close));
    return io_chain(vm, error) ? NONE : FAIL;
}

/* ---- the rest ---- */

static Ref ask_buffer_for(Vm *vm, Value v, Value name)
{
    TextIo *self = as_text_io(v);
    return text_check_ready(vm, self) ? call_method(vm, self->buffer, name, 0, NULL) : FAIL;
}
NATIVE(text_fileno, "fileno(self, /)", "Return the descriptor.")
{
    return ask_buffer_for(vm, argv[0], N(fileno));
}
NATIVE(text_seekable, "seekable(self, /)", "Can the position be changed?")
{
    return ask_buffer_for(vm, argv[0], N(seekable));
}
NATIVE(text_readable, "readable(self, /)", "Can it be read?")
{
    return ask_buffer_for(vm, argv[0], N(readable));
}
NATIVE(text_writable, "writable(self, /)", "Can it be written?")
{
    return ask_buffer_for(vm, argv[0], N(writable));
}
NATIVE(text_isatty, "isatty(self, /)", "Is it a terminal?")
{
    return ask_buffer_for(vm, argv[0], N(isatty));
}
NATIVE(text_getstate, "__getstate__(self, /)", "Files cannot be pickled: raises TypeError.")
{
    return throw(vm, TypeError, "cannot pickle %R instances", borrow(type_of(vm, argv[0])));
}

static Ref buffer_attribute(Vm *vm, Value v, Value name)
{
    TextIo *self = as_text_io(v);
    return text_check_ready(vm, self) ? attr_get(vm, self->buffer, name) : FAIL;
}
static Ref get_closed(Vm *vm, Value self) { return buffer_attribute(vm, self, N(closed)); }
static Ref get_name(Vm *vm, Value self) { return buffer_attribute(vm, self, N(name)); }
static Ref get_buffer(Vm *vm __attribute__((unused)), Value self)
{
    Value buffer = as_text_io(self)->buffer;
    return absent(buffer) ? NONE : newref(buffer);
}
static Ref get_mode(Vm *vm, Value self)
{
    Value mode = as_text_io(self)->mode;
    return absent(mode) ? attr_missing(vm, self, N(mode)) : newref(mode);
}
static bool set_mode(Vm *vm __attribute__((unused)), Value self, Value mode)
{
    replace(&as_text_io(self)->mode, newref(mode));
    return true;
}
static Ref get_encoding(Vm *vm, Value self)
{
    Value encoding = as_text_io(self)->encoding;
    return absent(encoding) ? attr_missing(vm, self, N(encoding)) : newref(encoding);
}
static Ref get_errors(Vm *vm, Value self)
{
    const TextIo *text = as_text_io(self);
    return text->detached || text_check_ready(vm, text) ? newref(text->errors) : FAIL;
}
static Ref get_newlines(Vm *vm, Value self)
{
    const TextIo *text = as_text_io(self);
    if (!text_check_ready(vm, text)) return FAIL;
    return text->can_read && text->decoder.universal
               ? newlines_seen(vm, text->decoder.newlines.seen)
               : NONE;
}
static Ref get_line_buffering(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_text_io(self)->line_buffering);
}
static Ref get_write_through(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_text_io(self)->write_through);
}
static Ref get_chunk_size(Vm *vm, Value self)
{
    return text_check_ready(vm, as_text_io(self)) ? from_small(as_text_io(self)->chunk_size) : FAIL;
}
static bool set_chunk_size(Vm *vm, Value self, Value value)
{
    int64_t size;
    if (absent(value)) throw(vm, AttributeError, "cannot delete attribute");
    if (absent(value) || !text_check_ready(vm, as_text_io(self)) || !int_index(vm, value, &size))
        return false;
    if (size <= 0) throw(vm, ValueError, "a strictly positive integer is required");
    if (size > 0) as_text_io(self)->chunk_size = size;
    return size > 0;
}
static Ref get_finalizing(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_text_io(self)->finalizing);
}
static bool set_finalizing(Vm *vm __attribute__((unused)), Value self, Value value)
{
    as_text_io(self)->finalizing = value == TRUE;
    return true;
}

static Ref text_repr(Vm *vm, Value self)
{
    Type *type = type_of(vm, self);
    const TextIo *text = as_text_io(self);
    if (!text->detached && !text_check_ready(vm, text)) return FAIL;
    Truth running = repr_enter(vm, self);
    if (running == FAILED) return FAIL;
    if (running == YES) return throw(vm, RuntimeError, "reentrant call inside %N.__repr__", type);
    Ref name = attr_get_or_absent(vm, self, N(name)), mode = UNDEF, out = FAIL;
    if (failed(name) && error_is(vm, ValueError)) {
        error_clear(vm);
        name = UNDEF;
    }
    if (failed(name)) goto done;
    mode = attr_get_or_absent(vm, self, N(mode));
    if (failed(mode)) goto done;
    Ref named = absent(name) ? str_from(vm, "") : format_text(vm, " name=%R", (Value)name);
    Ref moded = absent(mode) ? str_from(vm, "") : format_text(vm, " mode=%R", (Value)mode);
    if (!failed(named) && !failed(moded))
        out = format_text(vm, "<%s%N%S%S encoding=%R>", type->flags & TYPE_HEAP ? "" : "_io.", type,
                          (Value)named, (Value)moded, (Value)text->encoding);
    decref(named);
    decref(moded);
done:
    decref(name);
    decref(mode);
    repr_leave(vm, self);
    return out;
}

static Ref text_iter(Vm *vm, Value self)
{
    return text_check_open(vm, as_text_io(self)) ? newref(self) : FAIL;
}

static bool text_needs_finalizer(Object *object)
{
    const TextIo *self = (const TextIo *)(void *)object;
    if (!self->ready) return false;
    if (!self->fast) return true;
    const Buffered *below = as_buffered(self->buffer);
    return !(below->ready && as_fileio(below->raw)->slot == 0);
}
static void text_finalize(Vm *vm, Object *object)
{
    if (text_needs_finalizer(object)) io_finalize(vm, object);
}
static void text_clear(Object *object)
{
    TextIo *self = (TextIo *)(void *)object;
    memory_free(self->out);
    memory_free(self->snapshot);
    memory_free(self->errors_text);
    self->out = self->snapshot = self->errors_text = NULL;
    self->decoder.errors = NULL;
    self->out_len = self->out_capacity = self->snapshot_capacity = 0;
    self->ready = self->fast = false;
}

static const Native *const text_methods[] = {
    &text_reconfigure_def,
    &text_read_method_def,
    &text_readline_method_def,
    &text_write_method_def,
    &text_flush_method_def,
    &text_tell_method_def,
    &text_seek_method_def,
    &text_truncate_def,
    &text_detach_def,
    &text_close_def,
    &text_fileno_def,
    &text_seekable_def,
    &text_readable_def,
    &text_writable_def,
    &text_isatty_def,
    &text_getstate_def,
    NULL,
};
static const Attribute text_attributes[] = {
    {"encoding", get_encoding, member_read_only, "The name of the encoding."},
    {"errors", get_errors, NULL, "The name of the error handler."},
    {"newlines", get_newlines, NULL, "The line ends met so far: None, a str or a tuple of them."},
    {"buffer", get_buffer, member_read_only, "The file of bytes below."},
    {"closed", get_closed, NULL, "Is the buffer closed?"},
    {"name", get_name, NULL, "The name of the buffer."},
    {"mode", get_mode, set_mode, "The mode it was opened in."},
    {"line_buffering", get_line_buffering, member_read_only, "Does a line end flush?"},
    {"write_through", get_write_through, member_read_only, "Does nothing wait to be written?"},
    {"_CHUNK_SIZE", get_chunk_size, set_chunk_size, "How many bytes are read at once."},
    {NULL, NULL, NULL, NULL},
};
static const Attribute text_fields[] = {
    {"_finalizing", get_finalizing, set_finalizing, "Is it being dropped?"},
    {NULL, NULL, NULL, NULL},
};
const TypeDef text_io_type = {
    .name = "_io.TextIOWrapper",
    .doc = "Text over a file of bytes.",
    .base = &textiobase_type,
    .size = sizeof(TextIo),
    .flags = TYPE_CONTAINER | TYPE_ATTRIBUTES | TYPE_WEAKREF,
    .refs = REFS(REF(TextIo, buffer), REF(TextIo, encoding), REF(TextIo, errors), REF(TextIo, mode),
                 REF(TextIo, decoder.object), REF(TextIo, decoded), REF(TextIo, snapshot_flags),
                 REF(TextIo, encoder)),
    .clear = text_clear,
    .needs_finalizer = text_needs_finalizer,
    .finalize = text_finalize,
    .init = &text_init_def,
    .repr = text_repr,
    .iter = text_iter,
    .next = text_next,
    .methods = text_methods,
    .attributes = text_attributes,
    .fields = text_fields,
};
