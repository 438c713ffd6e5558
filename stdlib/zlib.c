/* zlib.c - module zlib: the deflate compression of the zlib library.
 *
 * A Stream is one z_stream, deflating or inflating, and what came in behind the end of its data.
 * zlib lets it be copied, not moved.
 * Neighbours: _compression.h (output, locks, the library), gzip.aio, zipfile/. */
/* SPDX-License-Identifier: MIT */
#include <zlib.h>

#include "_compression.h"

typedef struct Library {
    Object head;
    Ref error; /* zlib.error */
    void *library;
    int (*deflate_open)(z_stream *z, int level, int method, int bits, int memory, int strategy,
                        const char *version, int size);
    int (*deflate)(z_stream *z, int flush);
    int (*deflate_end)(z_stream *z);
    int (*deflate_copy)(z_stream *to, z_stream *from);
    int (*deflate_dictionary)(z_stream *z, const Bytef *data, uInt len);
    int (*inflate_open)(z_stream *z, int bits, const char *version, int size);
    int (*inflate)(z_stream *z, int flush);
    int (*inflate_end)(z_stream *z);
    int (*inflate_copy)(z_stream *to, z_stream *from);
    int (*inflate_dictionary)(z_stream *z, const Bytef *data, uInt len);
    uLong (*adler32)(uLong value, const Bytef *data, z_size_t len);
    uLong (*crc32)(uLong value, const Bytef *data, z_size_t len);
    const char *(*version)(void);
} Library;

typedef struct Stream {
    Object head;
    Ref library, dictionary; /* dictionary: a bytes-like object for inflating, or UNDEF */
    Ref unused, tail;        /* bytes: behind the end of the data; not looked at yet */
    z_stream z;
    bool inflates, open, ended, hungry; /* hungry: more input is needed to go on */
    pthread_mutex_t lock;
} Stream;

enum { BITS = MAX_WBITS, MEMORY = 8, BUFFER = 16384, RELEASE_FROM = 5120 };

static const TypeDef library_type, compress_type, decompress_type, decompressor_type;

static Library *as_library(Value v) { return (Library *)as_object(v); }
static Stream *as_stream(Value v) { return (Stream *)as_object(v); }
static Library *library_of(const Stream *stream) { return as_library(stream->library); }

/* ---- errors ---- */

/* "Error -3 while decompressing data: incorrect header check" */
static Ref throw_code(Vm *vm, const Library *library, const z_stream *z, int code,
                      const char *doing)
{
    const char *why = code == Z_VERSION_ERROR ? "library version mismatch" : z->msg;
    if (!why && code == Z_BUF_ERROR) why = "incomplete or truncated stream";
    if (!why && code == Z_STREAM_ERROR) why = "inconsistent stream state";
    if (!why && code == Z_DATA_ERROR) why = "invalid input data";
    return throw_class(vm, library->error,
                       format_text(vm, why ? "Error %d %s: %s" : "Error %d %s", code, doing, why));
}

static bool int_from_arg(Vm *vm, Value v, int *out)
{
    int64_t n;
    if (!int_index(vm, v, &n)) return false;
    if (n > INT32_MAX || n < INT32_MIN)
        throw(vm, OverflowError, "Python int too large to convert to C int");
    *out = (int)n;
    return n <= INT32_MAX && n >= INT32_MIN;
}

/* ---- one step: input through the library into an output ---- */

typedef struct Inflow {
    const unsigned char *in;
    size_t len; /* of what is left of the input */
    int flush;  /* for the last piece of input */
    Output out;
    bool no_memory;
    const char *doing; /* for the error */
} Inflow;

static int give_dictionary(Stream *stream, const Buffer *dictionary)
{
    return library_of(stream)->inflate_dictionary(&stream->z, (Bytef *)dictionary->data,
                                                  (uInt)dictionary->len);
}

/* Runs until the input is used up, the data end or the output is full; zlib's last answer. */
static int run(Stream *stream, Inflow *work, const Buffer *dictionary)
{
    const Library *library = library_of(stream);
    z_stream *z = &stream->z;
    int (*step)(z_stream *, int) = stream->inflates ? library->inflate : library->deflate;
    int code = Z_OK;
    do {
        uInt piece = work->len > UINT32_MAX ? UINT32_MAX : (uInt)work->len;
        z->next_in = (Bytef *)work->in;
        z->avail_in = piece;
        bool last = piece == work->len, again;
        do {
            size_t room = output_room(&work->out);
            if (room > UINT32_MAX) room = UINT32_MAX;
            work->no_memory = !room && work->out.len < work->out.most;
            if (!room) break;
            z->next_out = work->out.data + work->out.len;
            z->avail_out = (uInt)room;
            code = step(z, last ? work->flush : Z_NO_FLUSH);
            work->out.len += room - z->avail_out;
            again = z->avail_out == 0;
            if (code == Z_NEED_DICT && dictionary) {
                code = give_dictionary(stream, dictionary);
                if (code != Z_OK) work->doing = "while setting zdict";
                again = true;
            }
        } while (again && (code == Z_OK || code == Z_BUF_ERROR));
        work->in += piece - z->avail_in;
        work->len -= piece - z->avail_in;
        if (z->avail_in > 0) break;
    } while (code == Z_OK && work->len > 0);
    return code;
}

static int run_unlocked(Vm *vm, Stream *stream, Inflow *work)
{
    Buffer dictionary;
    bool given = !absent(stream->dictionary);
    if (given && !buffer_get(vm, stream->dictionary, &dictionary, false)) return Z_ERRNO;
    stream_enter(vm, &stream->lock);
    int code = stream->open ? run(stream, work, given ? &dictionary : NULL) : Z_STREAM_ERROR;
    stream_leave(vm, &stream->lock);
    if (given) buffer_release(vm, &dictionary);
    return code;
}

static bool is_error(int code)
{
    return code != Z_OK && code != Z_BUF_ERROR && code != Z_STREAM_END;
}

/* The output as bytes when code is no error; frees it. */
static Ref work_finish(Vm *vm, Stream *stream, Inflow *work, int code)
{
    Ref out = FAIL;
    if (work->no_memory || code == Z_MEM_ERROR) throw_no_memory(vm);
    else if (code == Z_ERRNO) out = FAIL;
    else if (is_error(code)) throw_code(vm, library_of(stream), &stream->z, code, work->doing);
    else out = output_bytes(vm, &work->out);
    free(work->out.data);
    return out;
}

static Stream *stream_new(Vm *vm, Value library, const TypeDef *def, bool inflates)
{
    Type *type = type_from_def(vm, def);
    Stream *stream = type ? type_instance(vm, type) : NULL;
    if (!stream) return NULL;
    stream->library = newref(library);
    stream->inflates = inflates;
    stream->hungry = true;
    pthread_mutex_init(&stream->lock, NULL);
    stream->unused = bytes_from(vm, "", 0);
    stream->tail = bytes_from(vm, "", 0);
    return stream;
}

static void stream_close(Stream *stream)
{
    if (stream->open && stream->inflates) library_of(stream)->inflate_end(&stream->z);
    else if (stream->open) library_of(stream)->deflate_end(&stream->z);
    stream->open = false;
}

static void stream_clear(Object *self)
{
    Stream *stream = (Stream *)self;
    if (absent(stream->library)) return;
    stream_close(stream);
    pthread_mutex_destroy(&stream->lock);
}

/* ---- compressing ---- */

static bool deflate_begin(Vm *vm, Stream *stream, int level, int method, int bits, int memory,
                          int strategy, bool one_shot)
{
    int code = library_of(stream)->deflate_open(&stream->z, level, method, bits, memory, strategy,
                                                ZLIB_VERSION, (int)sizeof stream->z);
    stream->open = code == Z_OK;
    if (code == Z_OK) return true;
    if (code == Z_MEM_ERROR) throw_no_memory(vm);
    else if (code == Z_STREAM_ERROR && !one_shot)
        throw(vm, ValueError, "Invalid initialization option");
    else if (code == Z_STREAM_ERROR)
        throw_class(vm, library_of(stream)->error, str_from(vm, "Bad compression level"));
    else
        throw_code(vm, library_of(stream), &stream->z, code,
                   one_shot ? "while compressing data" : "while creating compression object");
    return false;
}

NATIVE(zlib_compress, "compress(self, data, /, level=-1, wbits=15)",
       "Return data, compressed.\n"
       "level: 0 (not at all) to 9 (best), -1 the usual; wbits: 9 to 15 with a zlib header, 25 to "
       "31 with gzip's, -15 to -9 with none.")
{
    int level, bits;
    Buffer data;
    if (!int_from_arg(vm, argv[2], &level) || !int_from_arg(vm, argv[3], &bits)) return FAIL;
    Stream *stream = stream_new(vm, argv[0], &compress_type, false);
    if (!stream || !buffer_get(vm, argv[1], &data, false)) {
        if (stream) decref_object(stream);
        return FAIL;
    }
    Ref out = FAIL;
    if (deflate_begin(vm, stream, level, Z_DEFLATED, bits, MEMORY, Z_DEFAULT_STRATEGY, true)) {
        Inflow work = {.in = (unsigned char *)data.data,
                       .len = (size_t)data.len,
                       .flush = Z_FINISH,
                       .out.most = OUTPUT_ENDLESS,
                       .doing = "while compressing data"};
        int code = run_unlocked(vm, stream, &work);
        out = work_finish(vm, stream, &work, code);
    }
    buffer_release(vm, &data);
    decref_object(stream);
    return out;
}

static bool set_deflate_dictionary(Vm *vm, Stream *stream, Value dictionary)
{
    Buffer data;
    if (is_none(dictionary)) return true;
    if (!buffer_get(vm, dictionary, &data, false)) return false;
    int code =
        library_of(stream)->deflate_dictionary(&stream->z, (Bytef *)data.data, (uInt)data.len);
    buffer_release(vm, &data);
    if (code != Z_OK) throw(vm, ValueError, "Invalid dictionary");
    return code == Z_OK;
}

NATIVE(zlib_compressobj,
       "compressobj(self, level=-1, method=8, wbits=15, memLevel=8, strategy=0, zdict=None)",
       "Return a compressor, which takes data piece by piece.\n"
       "memLevel: 1 (little memory) to 9; strategy: Z_DEFAULT_STRATEGY and so on; zdict: bytes "
       "that are likely to occur in the data.")
{
    int n[5];
    for (int i = 0; i < 5; i++)
        if (!int_from_arg(vm, argv[1 + i], &n[i])) return FAIL;
    if (!is_none(argv[6]) && !type_of(vm, argv[6])->slots.buffer)
        return throw(vm, TypeError, "a bytes-like object is required, not '%T'", argv[6]);
    Stream *stream = stream_new(vm, argv[0], &compress_type, false);
    if (!stream) return FAIL;
    if (deflate_begin(vm, stream, n[0], n[1], n[2], n[3], n[4], false) &&
        set_deflate_dictionary(vm, stream, argv[6]))
        return from_object(stream);
    decref_object(stream);
    return FAIL;
}

NATIVE(compress_compress, "compress(self, data, /)",
       "Take more data; return what of the compressed data is ready, as bytes.")
{
    Stream *stream = as_stream(argv[0]);
    Buffer data;
    if (!buffer_get(vm, argv[1], &data, false)) return FAIL;
    Inflow work = {.in = (unsigned char *)data.data,
                   .len = (size_t)data.len,
                   .flush = Z_NO_FLUSH,
                   .out.most = OUTPUT_ENDLESS,
                   .doing = "while compressing data"};
    int code = run_unlocked(vm, stream, &work);
    buffer_release(vm, &data);
    return work_finish(vm, stream, &work, code);
}

NATIVE(compress_flush, "flush(self, mode=4, /)",
       "Return the rest of the compressed data, as bytes.\n"
       "mode: Z_FINISH ends it, Z_SYNC_FLUSH and Z_FULL_FLUSH let more data follow.")
{
    Stream *stream = as_stream(argv[0]);
    int mode;
    if (!int_from_arg(vm, argv[1], &mode)) return FAIL;
    if (mode == Z_NO_FLUSH) return bytes_from(vm, "", 0);
    Inflow work = {.in = (const unsigned char *)"",
                   .flush = mode,
                   .out.most = OUTPUT_ENDLESS,
                   .doing = "while flushing"};
    int code = run_unlocked(vm, stream, &work);
    if (code == Z_STREAM_END && mode == Z_FINISH) stream_close(stream);
    return work_finish(vm, stream, &work, code);
}

NATIVE(stream_copy, "copy(self, /)", "Return a copy that goes on by itself.")
{
    Stream *stream = as_stream(argv[0]);
    const Library *library = library_of(stream);
    if (!stream->open) return throw(vm, ValueError, "Inconsistent stream state");
    Stream *copy =
        stream_new(vm, stream->library, stream->inflates ? &decompress_type : &compress_type,
                   stream->inflates);
    if (!copy) return FAIL;
    stream_enter(vm, &stream->lock);
    int code = stream->inflates ? library->inflate_copy(&copy->z, &stream->z)
                                : library->deflate_copy(&copy->z, &stream->z);
    stream_leave(vm, &stream->lock);
    copy->open = code == Z_OK;
    copy->ended = stream->ended;
    replace(&copy->dictionary, newref(stream->dictionary));
    replace(&copy->unused, newref(stream->unused));
    replace(&copy->tail, newref(stream->tail));
    if (code == Z_OK) return from_object(copy);
    if (code == Z_MEM_ERROR) throw_no_memory(vm);
    else if (code == Z_STREAM_ERROR) throw(vm, ValueError, "Inconsistent stream state");
    else throw_code(vm, library, &stream->z, code, "while copying compression object");
    decref_object(copy);
    return FAIL;
}
NATIVE(stream_copy_special, "__copy__(self, /)", "copy.copy(): the same as copy().")
{
    return stream_copy(vm, argv);
}
NATIVE(stream_deepcopy, "__deepcopy__(self, memo, /)", "copy.deepcopy(): the same as copy().")
{
    return stream_copy(vm, argv);
}

/* ---- decompressing ---- */

static bool inflate_begin(Vm *vm, Stream *stream, int bits, bool one_shot)
{
    int code =
        library_of(stream)->inflate_open(&stream->z, bits, ZLIB_VERSION, (int)sizeof stream->z);
    stream->open = code == Z_OK;
    if (code == Z_OK) return true;
    if (code == Z_MEM_ERROR) throw_no_memory(vm);
    else if (code == Z_STREAM_ERROR && !one_shot)
        throw(vm, ValueError, "Invalid initialization option");
    else
        throw_code(vm, library_of(stream), &stream->z, code,
                   one_shot ? "while preparing to decompress data"
                            : "while creating decompression object");
    return false;
}

NATIVE(zlib_decompress, "decompress(self, data, /, wbits=15, bufsize=16384)",
       "Return what compressed data hold.\n"
       "wbits: as for compress(), 47 tells zlib and gzip apart; bufsize: a guess at the result's "
       "size.  Raises zlib.error for data that are damaged or end too early.")
{
    int bits;
    int64_t size;
    Buffer data;
    if (!int_from_arg(vm, argv[2], &bits) || !int_index(vm, argv[3], &size)) return FAIL;
    if (size < 0) return throw(vm, ValueError, "bufsize must be non-negative");
    Stream *stream = stream_new(vm, argv[0], &decompress_type, true);
    if (!stream || !buffer_get(vm, argv[1], &data, false)) {
        if (stream) decref_object(stream);
        return FAIL;
    }
    Ref out = FAIL;
    if (inflate_begin(vm, stream, bits, true)) {
        Inflow work = {.in = (unsigned char *)data.data,
                       .len = (size_t)data.len,
                       .flush = Z_FINISH,
                       .out.most = OUTPUT_ENDLESS,
                       .doing = "while decompressing data"};
        int code = run_unlocked(vm, stream, &work);
        if (!is_error(code) && code != Z_STREAM_END && !work.no_memory) {
            throw_code(vm, as_library(argv[0]), &stream->z, Z_BUF_ERROR,
                       "while decompressing data");
            free(work.out.data);
        } else out = work_finish(vm, stream, &work, code);
    }
    buffer_release(vm, &data);
    decref_object(stream);
    return out;
}

/* Sets a raw stream's dictionary at once; others ask for it. */
static bool set_inflate_dictionary(Vm *vm, Stream *stream, Value dictionary, int bits)
{
    Buffer data;
    if (absent(dictionary)) return true;
    if (!type_of(vm, dictionary)->slots.buffer) {
        throw(vm, TypeError, "zdict argument must support the buffer protocol");
        return false;
    }
    replace(&stream->dictionary, newref(dictionary));
    if (bits >= 0) return true;
    if (!buffer_get(vm, dictionary, &data, false)) return false;
    int code = give_dictionary(stream, &data);
    buffer_release(vm, &data);
    if (code != Z_OK) throw_code(vm, library_of(stream), &stream->z, code, "while setting zdict");
    return code == Z_OK;
}

static Ref inflater_new(Vm *vm, Value library, const TypeDef *def, Value bits_value,
                        Value dictionary)
{
    int bits;
    if (!int_from_arg(vm, bits_value, &bits)) return FAIL;
    Stream *stream = stream_new(vm, library, def, true);
    if (!stream) return FAIL;
    if (inflate_begin(vm, stream, bits, false) &&
        set_inflate_dictionary(vm, stream, dictionary, bits))
        return from_object(stream);
    decref_object(stream);
    return FAIL;
}

NATIVE(zlib_decompressobj, "decompressobj(self, wbits=15, zdict=?b'')",
       "Return a decompressor, which takes data piece by piece.\n"
       "zdict: what compressobj() was given.")
{
    return inflater_new(vm, argv[0], &decompress_type, argv[1], argv[2]);
}
NATIVE(zlib_decompressor, "_ZlibDecompressor(self, wbits=15, zdict=?b'')",
       "Return a decompressor that keeps what it has not looked at.")
{
    return inflater_new(vm, argv[0], &decompressor_type, argv[1], argv[2]);
}

/* Sorts what is left of the input: behind the end it is unused, else it is to come again. */
static bool keep_rest(Vm *vm, Stream *stream, const Inflow *work, int code)
{
    Ref rest = bytes_from(vm, (const char *)work->in, (ptrdiff_t)work->len);
    if (failed(rest)) return false;
    if (code == Z_STREAM_END) {
        stream->ended = true;
        replace(&stream->unused, bytes_concat(vm, stream->unused, rest));
        if (as_bytes(stream->tail)->len == 0) replace(&rest, bytes_from(vm, "", 0));
    }
    replace(&stream->tail, rest);
    return !failed(stream->unused) && !failed(stream->tail);
}

static Ref inflate_more(Vm *vm, Stream *stream, Inflow *work)
{
    int code = stream->ended ? Z_STREAM_END : run_unlocked(vm, stream, work);
    bool kept = is_error(code) || work->no_memory || keep_rest(vm, stream, work, code);
    Ref out = work_finish(vm, stream, work, code);
    if (!kept) replace(&out, FAIL);
    return out;
}

NATIVE(decompress_decompress, "decompress(self, data, /, max_length=0)",
       "Take more data; return what they hold, at most max_length bytes (0: all).\n"
       "What was not looked at then is in unconsumed_tail, to be given again.")
{
    Stream *stream = as_stream(argv[0]);
    int64_t most;
    Buffer data;
    if (!int_index(vm, argv[2], &most)) return FAIL;
    if (most < 0) return throw(vm, ValueError, "max_length must be non-negative");
    if (!buffer_get(vm, argv[1], &data, false)) return FAIL;
    Inflow work = {.in = (unsigned char *)data.data,
                   .len = (size_t)data.len,
                   .flush = Z_SYNC_FLUSH,
                   .out.most = most ? (size_t)most : OUTPUT_ENDLESS,
                   .doing = "while decompressing data"};
    Ref out = inflate_more(vm, stream, &work);
    buffer_release(vm, &data);
    return out;
}

NATIVE(decompress_flush, "flush(self, length=16384, /)",
       "Return what is left, as bytes; length is a guess at how much that is.")
{
    Stream *stream = as_stream(argv[0]);
    int64_t length;
    if (!int_index(vm, argv[1], &length)) return FAIL;
    if (length <= 0) return throw(vm, ValueError, "length must be greater than zero");
    Ref tail = newref(stream->tail);
    Inflow work = {.in = (unsigned char *)as_bytes(tail)->data,
                   .len = (size_t)as_bytes(tail)->len,
                   .flush = Z_FINISH,
                   .out.most = OUTPUT_ENDLESS,
                   .doing = "while decompressing data"};
    if (!stream->open) work.len = 0;
    Ref out = stream->open ? inflate_more(vm, stream, &work) : bytes_from(vm, "", 0);
    if (stream->ended) stream_close(stream);
    decref(tail);
    return out;
}

NATIVE(decompressor_decompress, "decompress(self, /, data, max_length=-1)",
       "Take more data; return what they hold, at most max_length bytes (negative: all).\n"
       "Raises EOFError when the end was reached before.")
{
    Stream *stream = as_stream(argv[0]);
    int64_t most;
    if (!int_index(vm, argv[2], &most)) return FAIL;
    if (stream->ended) return throw(vm, EOFError, "End of stream already reached");
    Ref input = input_join(vm, stream->tail, argv[1]);
    if (failed(input)) return FAIL;
    Inflow work = {.in = (unsigned char *)as_bytes(input)->data,
                   .len = (size_t)as_bytes(input)->len,
                   .flush = Z_SYNC_FLUSH,
                   .out.most = most >= 0 ? (size_t)most : OUTPUT_ENDLESS,
                   .doing = "while decompressing data"};
    Ref out = inflate_more(vm, stream, &work);
    if (!failed(out))
        stream->hungry = !stream->ended && as_bytes(stream->tail)->len == 0 &&
                         (most < 0 || as_bytes(out)->len < most);
    decref(input);
    return out;
}

/* ---- check values ---- */

static Ref check_value(Vm *vm, Value *argv, uLong (*function)(uLong, const Bytef *, z_size_t))
{
    Buffer data;
    Ref plain = int_from_index(vm, argv[2]);
    Ref mask = failed(plain) ? FAIL : from_int64(vm, UINT32_MAX);
    Ref low = failed(mask) ? FAIL : int_binary(vm, OP2_AND, plain, mask);
    decref(plain);
    decref(mask);
    if (failed(low)) return FAIL;
    uLong value = (uLong)as_int(low);
    if (!buffer_get(vm, argv[1], &data, false)) return FAIL;
    bool release = data.len > RELEASE_FROM;
    if (release) gil_release(vm);
    value = function(value, (Bytef *)data.data, (z_size_t)data.len);
    if (release) gil_acquire(vm);
    buffer_release(vm, &data);
    return from_small((int64_t)(value & UINT32_MAX));
}

NATIVE(zlib_adler32, "adler32(self, data, value=1, /)",
       "Return the Adler-32 check value of data, from 0 to 2**32 - 1.\n"
       "value: that of the data before them.")
{
    return check_value(vm, argv, as_library(argv[0])->adler32);
}
NATIVE(zlib_crc32, "crc32(self, data, value=0, /)",
       "Return the CRC-32 check value of data, from 0 to 2**32 - 1.\n"
       "value: that of the data before them.")
{
    return check_value(vm, argv, as_library(argv[0])->crc32);
}

/* ---- types ---- */

static Ref get_unused(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_stream(self)->unused);
}
static Ref get_tail(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_stream(self)->tail);
}
static Ref get_eof(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_stream(self)->ended);
}
static Ref get_needs_input(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_stream(self)->hungry);
}
static const Attribute decompress_attributes[] = {
    {"unused_data", get_unused, NULL, "What came behind the end of the compressed data."},
    {"unconsumed_tail", get_tail, NULL, "What max_length left to be given again."},
    {"eof", get_eof, NULL, "Was the end of the compressed data reached?"},
    {0},
};
static const Attribute decompressor_attributes[] = {
    {"unused_data", get_unused, NULL, "What came behind the end of the compressed data."},
    {"needs_input", get_needs_input, NULL, "Is more input needed for more output?"},
    {"eof", get_eof, NULL, "Was the end of the compressed data reached?"},
    {0},
};
static const Native *const compress_methods[] = {
    &compress_compress_def,   &compress_flush_def,  &stream_copy_def,
    &stream_copy_special_def, &stream_deepcopy_def, NULL,
};
static const Native *const decompress_methods[] = {
    &decompress_decompress_def, &decompress_flush_def, &stream_copy_def,
    &stream_copy_special_def,   &stream_deepcopy_def,  NULL,
};
static const Native *const decompressor_methods[] = {&decompressor_decompress_def, NULL};

#define STREAM_REFS                                                                                \
    REFS(REF(Stream, library), REF(Stream, dictionary), REF(Stream, unused), REF(Stream, tail))
#define STREAM_TYPE(type_name_, doc_, methods_, attributes_)                                       \
    {                                                                                              \
        .name = type_name_, .doc = doc_, .size = sizeof(Stream),                                   \
        .flags = TYPE_FINAL | TYPE_NO_NEW, .refs = STREAM_REFS, .clear = stream_clear,             \
        .methods = methods_, .attributes = attributes_                                             \
    }
static const TypeDef compress_type =
    STREAM_TYPE("zlib.Compress", "Compresses data piece by piece.", compress_methods, NULL);
static const TypeDef decompress_type =
    STREAM_TYPE("zlib.Decompress", "Decompresses data piece by piece.", decompress_methods,
                decompress_attributes);
static const TypeDef decompressor_type =
    STREAM_TYPE("zlib._ZlibDecompressor", "Decompresses data piece by piece.", decompressor_methods,
                decompressor_attributes);
static const TypeDef library_type = {
    .name = "zlib.Library",
    .doc = "The library that compresses.",
    .size = sizeof(Library),
    .flags = TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(Library, error)),
};

/* ---- the module ---- */

static bool library_load(Vm *vm, Library *library)
{
    static const char *const files[] = {"libz.so.1", "libz.so", NULL};
    const Entry entries[] = {
        {"deflateInit2_", &library->deflate_open},
        {"deflate", &library->deflate},
        {"deflateEnd", &library->deflate_end},
        {"deflateCopy", &library->deflate_copy},
        {"deflateSetDictionary", &library->deflate_dictionary},
        {"inflateInit2_", &library->inflate_open},
        {"inflate", &library->inflate},
        {"inflateEnd", &library->inflate_end},
        {"inflateCopy", &library->inflate_copy},
        {"inflateSetDictionary", &library->inflate_dictionary},
        {"adler32_z", &library->adler32},
        {"crc32_z", &library->crc32},
        {"zlibVersion", &library->version},
    };
    library->library = library_open(vm, files, sizeof entries / sizeof *entries, entries);
    return library->library != NULL;
}

static bool set_constants(Vm *vm, Value module, const Library *library)
{
    static const struct {
        const char *name;
        int value;
    } constants[] = {
        {"DEFLATED", Z_DEFLATED},
        {"DEF_BUF_SIZE", BUFFER},
        {"DEF_MEM_LEVEL", MEMORY},
        {"MAX_WBITS", BITS},
        {"Z_BEST_COMPRESSION", Z_BEST_COMPRESSION},
        {"Z_BEST_SPEED", Z_BEST_SPEED},
        {"Z_BLOCK", Z_BLOCK},
        {"Z_DEFAULT_COMPRESSION", Z_DEFAULT_COMPRESSION},
        {"Z_DEFAULT_STRATEGY", Z_DEFAULT_STRATEGY},
        {"Z_FILTERED", Z_FILTERED},
        {"Z_FINISH", Z_FINISH},
        {"Z_FIXED", Z_FIXED},
        {"Z_FULL_FLUSH", Z_FULL_FLUSH},
        {"Z_HUFFMAN_ONLY", Z_HUFFMAN_ONLY},
        {"Z_NO_COMPRESSION", Z_NO_COMPRESSION},
        {"Z_NO_FLUSH", Z_NO_FLUSH},
        {"Z_PARTIAL_FLUSH", Z_PARTIAL_FLUSH},
        {"Z_RLE", Z_RLE},
        {"Z_SYNC_FLUSH", Z_SYNC_FLUSH},
        {"Z_TREES", Z_TREES},
    };
    bool good = module_set(vm, module, "ZLIB_VERSION", str_from(vm, ZLIB_VERSION)) &&
                module_set(vm, module, "ZLIB_RUNTIME_VERSION", str_from(vm, library->version())) &&
                module_set(vm, module, "__version__", str_from(vm, "1.0"));
    for (size_t n = 0; good && n < sizeof constants / sizeof *constants; n++)
        good = module_set(vm, module, constants[n].name, from_small(constants[n].value));
    return good;
}

static const Native *const library_methods[] = {
    &zlib_compress_def,     &zlib_compressobj_def, &zlib_decompress_def, &zlib_decompressobj_def,
    &zlib_decompressor_def, &zlib_adler32_def,     &zlib_crc32_def,      NULL,
};
static bool zlib_open(Vm *vm, Value module)
{
    Type *type = type_from_def(vm, &library_type);
    Library *library = type ? type_instance(vm, type) : NULL;
    if (!library) return false;
    Ref self = from_object(library);
    bool good = library_load(vm, library);
    if (good) library->error = module_exception(vm, module, "zlib", "error");
    good = good && !failed(library->error) &&
           module_bind(vm, module, self, library_methods, "zlib") &&
           set_constants(vm, module, library);
    decref(self);
    return good;
}

const ModuleDef zlib_module = {
    .name = "zlib",
    .doc = "Compression by the zlib library: deflate, with the headers of zlib, gzip or none.",
    .open = zlib_open,
};
