/* iomodule.c - open(), the standard streams and the module _io.
 *
 * Module io adds the abstract base classes to what _io has.
 * Neighbours: io*.c (the types), sys.c (keeps the streams), stdlib/io.aio. */
/* SPDX-License-Identifier: MIT */
#include "modules/iomodule.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "modules/iobase.h"
#include "modules/iobytes.h"
#include "modules/iodecode.h"
#include "modules/iopair.h"
#include "modules/iostring.h"
#include "modules/iotext.h"
#include "object/attr.h"
#include "object/bytes.h"
#include "object/call.h"
#include "object/codec.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/int.h"
#include "object/module.h"
#include "object/name.h"
#include "object/native.h"
#include "object/number.h"
#include "object/str.h"
#include "object/tuple.h"

/* ---- open ---- */

typedef struct Mode {
    bool reading, writing, creating, appending, updating, text, binary;
    char raw[4]; /* for FileIO */
} Mode;

static bool refuse(Vm *vm, const char *message)
{
    throw(vm, ValueError, "%s", message);
    return false;
}

static bool read_mode(Vm *vm, Value given, Mode *mode)
{
    const Str *text = as_str(given);
    uint32_t seen[8];
    *mode = (Mode){0};
    for (ptrdiff_t i = 0; i < text->len; i++) {
        uint32_t letter = str_at(text, i);
        switch (letter) {
        case 'r': mode->reading = true; break;
        case 'w': mode->writing = true; break;
        case 'x': mode->creating = true; break;
        case 'a': mode->appending = true; break;
        case '+': mode->updating = true; break;
        case 't': mode->text = true; break;
        case 'b': mode->binary = true; break;
        default: throw(vm, ValueError, "invalid mode: %R", given); return false;
        }
        for (ptrdiff_t j = 0; j < i; j++) {
            if (seen[j] != letter) continue;
            throw(vm, ValueError, "invalid mode: %R", given);
            return false;
        }
        seen[i] = letter;
    }
    if (mode->text && mode->binary) return refuse(vm, "can't have text and binary mode at once");
    if (mode->reading + mode->writing + mode->creating + mode->appending > 1)
        return refuse(vm, "must have exactly one of create/read/write/append mode");
    char *raw = mode->raw; /* FileIO refuses a mode without such a letter */
    if (mode->reading) *raw++ = 'r';
    if (mode->writing) *raw++ = 'w';
    if (mode->creating) *raw++ = 'x';
    if (mode->appending) *raw++ = 'a';
    if (mode->updating) *raw++ = '+';
    *raw = 0;
    return true;
}

static bool check_binary(Vm *vm, Value encoding, Value errors, Value newline)
{
    if (encoding != NONE) return refuse(vm, "binary mode doesn't take an encoding argument");
    if (errors != NONE) return refuse(vm, "binary mode doesn't take an errors argument");
    return newline == NONE || refuse(vm, "binary mode doesn't take a newline argument");
}

/* FileIO(file, mode, closefd, opener) */
static Ref open_raw(Vm *vm, Value file, const char *mode, Value closefd, Value opener)
{
    Type *type = type_from_def(vm, &fileio_type);
    Ref text = type ? str_from(vm, mode) : FAIL;
    if (failed(text)) return FAIL;
    Value args[] = {file, text, closefd, opener};
    Ref raw = call(vm, borrow(type), 4, args);
    decref(text);
    return raw;
}

/* How big a buffer `buffering` asks for; 0: none.  *line: by line. */
static bool buffer_size(Vm *vm, FileIo *raw, int64_t buffering, const Mode *mode, int64_t *size,
                        bool *line)
{
    bool terminal = buffering < 0 && isatty(fileio_fd(raw));
    *line = buffering == 1 || terminal;
    if (buffering == 1 && mode->binary) {
        *line = false;
        if (!warn(vm, RuntimeWarning, 1,
                  "line buffering (buffering=1) isn't supported in binary mode, the default buffer "
                  "size will be used"))
            return false;
    }
    *size = buffering;
    if (buffering < 0 || buffering == 1) {
        *size = raw->block_bytes > IO_BUFFER_BYTES ? raw->block_bytes : IO_BUFFER_BYTES;
        if (*size > 8 << 20) *size = 8 << 20;
    }
    if (*size == 0 && !mode->binary) return refuse(vm, "can't have unbuffered text I/O");
    return true;
}

/* Closes what was opened when the rest failed. */
static Ref give_up(Vm *vm, Ref opened)
{
    Ref error = error_take(vm);
    io_call(vm, opened, N(close));
    io_chain(vm, error);
    decref(opened);
    return FAIL;
}

static Ref open_text(Vm *vm, Ref buffer, Value mode, const TextOptions *options)
{
    Ref text = text_io_new(vm, buffer, options);
    if (failed(text)) return give_up(vm, buffer);
    decref(buffer);
    as_text_io(text)->mode = newref(mode);
    return text;
}

NATIVE(
    io_open,
    "open(file, mode='r', buffering=-1, encoding=None, errors=None, newline=None, closefd=True, "
    "opener=None)",
    "Open a path or a descriptor and return a file object.\n"
    "mode: 'r' reads, 'w' writes anew, 'x' creates, 'a' appends; with 'b' bytes, else text; '+'\n"
    "allows both.  buffering: 0 none (bytes only), 1 by line (text only), else the size in\n"
    "bytes.  encoding, errors and newline are for text: newline None reads every line end as\n"
    "'\\n', '' leaves them, others are the line end.  Raises OSError when it cannot be opened.")
{
    Mode mode;
    int64_t buffering, size;
    bool line;
    if (!is_any_int(argv[0]) && !is_str(argv[0]) && !is_bytes(argv[0])) {
        Ref path = path_text(vm, argv[0]); /* TypeError before anything else */
        if (failed(path)) return FAIL;
        Value args[8] = {path};
        for (int n = 1; n < 8; n++) args[n] = argv[n];
        Ref file = io_open(vm, args);
        decref(path);
        return file;
    }
    if (!is_str(argv[1]))
        return throw(vm, TypeError, "open() argument 'mode' must be str, not %A", argv[1]);
    if (!int_index(vm, argv[2], &buffering) || !read_mode(vm, argv[1], &mode)) return FAIL;
    for (int n = 3; n <= 5; n++)
        if (argv[n] != NONE && !is_str(argv[n]))
            return throw(vm, TypeError, "open() argument '%s' must be str or None, not %A",
                         n == 3   ? "encoding"
                         : n == 4 ? "errors"
                                  : "newline",
                         argv[n]);
    if (mode.binary && !check_binary(vm, argv[3], argv[4], argv[5])) return FAIL;
    if (!mode.binary && argv[3] == NONE && vm->interp->flags.warn_default_encoding &&
        !warn(vm, EncodingWarning, 1, "'encoding' argument not specified"))
        return FAIL;
    Ref raw = open_raw(vm, argv[0], mode.raw, argv[6], argv[7]);
    if (failed(raw)) return FAIL;
    if (!buffer_size(vm, as_fileio(raw), buffering, &mode, &size, &line)) return give_up(vm, raw);
    if (size == 0) return raw;
    Ref buffer = buffered_new(vm,
                              mode.updating  ? &buffered_random_type
                              : mode.reading ? &buffered_reader_type
                                             : &buffered_writer_type,
                              raw, size);
    if (failed(buffer)) return give_up(vm, raw);
    Truth seekable = mode.updating ? io_ask(vm, raw, N(seekable)) : YES;
    decref(raw);
    if (seekable == NO) io_unsupported(vm, "File or stream is not seekable.");
    if (seekable != YES) return give_up(vm, buffer);
    TextOptions options = {argv[3], argv[4], argv[5], line, false};
    return mode.binary ? buffer : open_text(vm, buffer, argv[1], &options);
}

NATIVE(io_open_code, "open_code(path)", "Open a file with code to be read as bytes.")
{
    if (!is_str(argv[0]))
        return throw(vm, TypeError, "open_code() argument 'path' must be str, not %A", argv[0]);
    Ref mode = str_from(vm, "rb");
    Value args[] = {argv[0], mode, from_small(-1), NONE, NONE, NONE, TRUE, NONE};
    Ref file = failed(mode) ? FAIL : io_open(vm, args);
    decref(mode);
    return file;
}

NATIVE(io_text_encoding, "text_encoding(encoding, stacklevel=2, /)",
       "Return encoding, or 'locale' for None: for functions that pass it on to open().")
{
    int64_t level;
    if (!int_index(vm, argv[1], &level)) return FAIL;
    if (argv[0] != NONE) return newref(argv[0]);
    if (vm->interp->flags.warn_default_encoding &&
        !warn(vm, EncodingWarning, (int)level, "'encoding' argument not specified"))
        return FAIL;
    return str_from(vm, "locale");
}

/* ---- the standard streams ---- */

/* Where the locale says nothing of the user, bytes that are no UTF-8 go through unchanged. */
static const char *standard_errors(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    static const char *const plain[] = {"C", "POSIX", "C.UTF-8", "C.utf8", "UTF-8"};
    const char *locale = NULL;
    for (int n = 0; n < 3 && (!locale || !*locale); n++) locale = getenv(names[n]);
    if (!locale || !*locale) return "surrogateescape";
    for (int n = 0; n < 5; n++)
        if (strcmp(locale, plain[n]) == 0) return "surrogateescape";
    return "strict";
}

/* PYTHONIOENCODING=encoding:errors, each of which may be left out.  Standard error keeps its
 * errors.  false: the encoding is one of the library's, which cannot be asked yet. */
static bool asked_encoding(Vm *vm, int fd, char encoding[64], char errors[64])
{
    const char *asked = flags_getenv(&vm->interp->flags, "PYTHONIOENCODING");
    if (!asked) return true;
    size_t len = strcspn(asked, ":");
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)len, asked);
    const char *known = len ? codec_name(name) : NULL;
    const bool ready = !len || (known && decoder_is_native(known));
    if (len) snprintf(encoding, 64, "%s", ready ? known : name);
    bool says_errors = asked[len] && asked[len + 1];
    if (fd != 2 && (says_errors || len))
        snprintf(errors, 64, "%s", says_errors ? asked + len + 1 : "strict");
    return ready;
}

/* Gives one of the standard streams the encoding that PYTHONIOENCODING asks for. */
static bool reconfigure_standard(Vm *vm, int fd)
{
    static const char *const names[] = {"stdin", "stdout", "stderr"};
    char encoding[64], errors[64] = "backslashreplace";
    if (asked_encoding(vm, fd, encoding, errors)) return true;
    Value file = dict_get_text(vm, as_dict(vm->interp->sys), names[fd]);
    if (absent(file) || !is_text_io(file)) return !failed(file);
    Ref method = attr_get_text(vm, file, "reconfigure"), done = FAIL;
    Ref key = str_from(vm, "encoding"), keys = failed(key) ? FAIL : UNDEF;
    if (!failed(keys)) keys = tuple_pack(vm, 2, (Value)key, N(errors));
    Ref values[] = {str_from(vm, encoding), str_from(vm, errors)};
    if (!failed(method) && !failed(keys) && !failed(values[0]) && !failed(values[1]))
        done = call_args(vm, method, &(Args){as_values(values), 0, keys});
    decref(values[0]);
    decref(values[1]);
    decref(keys);
    decref(key);
    decref(method);
    decref(done);
    if (!failed(done) || !error_is(vm, LookupError)) return !failed(done);
    error_clear(vm);
    if (fd == 0)
        fprintf(stderr, "aio: PYTHONIOENCODING: no standard encoding is called '%s'\n", encoding);
    return true;
}

bool io_standard_encoding(Vm *vm)
{
    for (int fd = 0; fd < 3; fd++)
        if (!reconfigure_standard(vm, fd)) return false;
    return true;
}

Ref io_standard(Vm *vm, int fd)
{
    static const char *const names[] = {"<stdin>", "<stdout>", "<stderr>"};
    struct stat status;
    if (fstat(fd, &status) < 0) return NONE;
    bool through = fd > 0 && vm->interp->flags.unbuffered;
    Ref name = str_from(vm, names[fd]), mode = str_from(vm, fd ? "w" : "r"), out = FAIL;
    char encoding_name[64] = "utf-8", errors_name[64];
    snprintf(errors_name, sizeof errors_name, "%s",
             fd == 2 ? "backslashreplace" : standard_errors());
    if (!asked_encoding(vm, fd, encoding_name, errors_name)) strcpy(encoding_name, "utf-8");
    Ref encoding = str_from(vm, encoding_name), errors = str_from(vm, errors_name);
    Ref raw = FAIL, buffer = FAIL;
    if (failed(name) || failed(mode) || failed(encoding) || failed(errors)) goto done;
    raw = fileio_standard(vm, fd, name, fd > 0, status.st_blksize);
    if (failed(raw)) goto done;
    const TypeDef *type = fd ? &buffered_writer_type : &buffered_reader_type;
    buffer = through ? newref(raw) : buffered_new(vm, type, raw, IO_BUFFER_BYTES);
    if (failed(buffer)) goto done;
    TextOptions options = {encoding, errors, NONE,
                           fd == 2 || (S_ISCHR(status.st_mode) && isatty(fd)) || through, through};
    out = text_io_standard(vm, buffer, &options, newref(mode), fd == 0);
done:
    decref(name);
    decref(mode);
    decref(encoding);
    decref(errors);
    decref(raw);
    decref(buffer);
    return out;
}

bool file_write(Vm *vm, Value file, Value text)
{
    if (is_text_io(file)) return text_write(vm, as_text_io(file), text);
    if (is_stringio(file)) return stringio_write(vm, file, text);
    Ref result = call_method(vm, file, N(write), 1, &text);
    decref(result);
    return !failed(result);
}

bool file_flush(Vm *vm, Value file)
{
    if (!is_text_io(file)) return io_call(vm, file, N(flush));
    return text_check_open(vm, as_text_io(file)) && text_flush(vm, as_text_io(file));
}

/* ---- the module ---- */

bool io_add_open(Vm *vm, Dict *builtins)
{
    Ref name = str_from(vm, "_io");
    Ref function = failed(name) ? FAIL : native_function(vm, &io_open_def, UNDEF, name);
    decref(name);
    bool good = !failed(function) && dict_set_text(vm, builtins, "open", function);
    decref(function);
    return good;
}

/* class UnsupportedOperation(OSError, ValueError) */
static Ref make_unsupported(Vm *vm)
{
    Ref bases = tuple_pack(vm, 2, borrow(exception_class(vm, OSError)),
                           borrow(exception_class(vm, ValueError)));
    Ref name = str_from(vm, "UnsupportedOperation"), module = str_from(vm, "io");
    Ref namespace = dict_new(vm), class = FAIL;
    if (!failed(bases) && !failed(name) && !failed(module) && !failed(namespace) &&
        dict_set(vm, as_dict(namespace), N(__module__), module)) {
        Value args[] = {name, bases, namespace};
        class = call(vm, borrow(type_builtin(vm, KIND_TYPE)), 3, args);
    }
    decref(bases);
    decref(name);
    decref(module);
    decref(namespace);
    return class;
}

static bool io_open_module(Vm *vm, Value module)
{
    Value open = dict_get_text(vm, as_dict(vm->interp->builtins), "open");
    return module_set(vm, module, "UnsupportedOperation", make_unsupported(vm)) &&
           module_set(vm, module, "BlockingIOError",
                      newref(borrow(exception_class(vm, BlockingIOError)))) &&
           module_set(vm, module, "DEFAULT_BUFFER_SIZE", from_small(IO_BUFFER_BYTES)) &&
           (absent(open) || !is_native(open) || as_native(open)->native != &io_open_def ||
            module_set(vm, module, "open", newref(open)));
}

static const Native *const io_functions[] = {&io_open_def, &io_open_code_def, &io_text_encoding_def,
                                             NULL};
static const TypeDef *const io_types[] = {
    &iobase_type,          &rawiobase_type,
    &bufferediobase_type,  &textiobase_type,
    &fileio_type,          &buffered_reader_type,
    &buffered_writer_type, &buffered_random_type,
    &bytesio_type,         &stringio_type,
    &text_io_type,         &newline_decoder_type,
    &buffered_pair_type,   NULL,
};
const ModuleDef _io_module = {
    .name = "_io",
    .doc = "Files: the types under the module io.",
    .functions = io_functions,
    .types = io_types,
    .open = io_open_module,
};
