/* _bz2.c - module _bz2: compression by the bzip2 library.
 *
 * A compressor or decompressor is a Packer with the library's own state behind it.
 * Neighbours: _compression.h (streams, the library), bz2.aio. */
/* SPDX-License-Identifier: MIT */
#include <bzlib.h>

#include "_compression.h"

typedef struct Library {
    Object head;
    void *library;
    int (*compress_open)(bz_stream *bz, int level, int verbosity, int work_factor);
    int (*compress)(bz_stream *bz, int action);
    int (*compress_end)(bz_stream *bz);
    int (*decompress_open)(bz_stream *bz, int verbosity, int small);
    int (*decompress)(bz_stream *bz);
    int (*decompress_end)(bz_stream *bz);
} Library;

typedef struct Stream {
    Packer packer;
    bz_stream bz;
    bool unpacks;
} Stream;

static Stream *as_stream(Value v) { return (Stream *)(void *)as_object(v); }
static Library *library_of(const Packer *self)
{
    return (Library *)(void *)as_object(self->library);
}

static Ref throw_code(Vm *vm, int code)
{
    switch (code) {
    case BZ_PARAM_ERROR:
        return throw(vm, ValueError, "Internal error - invalid parameters passed to libbzip2");
    case BZ_MEM_ERROR: return throw_no_memory(vm);
    case BZ_DATA_ERROR:
    case BZ_DATA_ERROR_MAGIC: return throw(vm, OSError, "Invalid data stream");
    case BZ_IO_ERROR: return throw(vm, OSError, "Unknown I/O error");
    case BZ_UNEXPECTED_EOF:
        return throw(vm, EOFError,
                     "Compressed file ended before the logical end-of-stream was detected");
    case BZ_SEQUENCE_ERROR:
        return throw(vm, RuntimeError,
                     "Internal error - Invalid sequence of commands sent to libbzip2");
    default: return throw(vm, OSError, "Unrecognized error from libbzip2: %d", code);
    }
}

/* One call of the library on at most 4 GB each way. */
static Step stream_step(Packer *self, Work *work, size_t room)
{
    Stream *stream = (Stream *)self;
    bz_stream *bz = &stream->bz;
    unsigned piece = work->len > UINT32_MAX ? UINT32_MAX : (unsigned)work->len;
    unsigned space = room > UINT32_MAX ? UINT32_MAX : (unsigned)room;
    bz->next_in = (char *)(uintptr_t)work->in;
    bz->avail_in = piece;
    bz->next_out = (char *)work->out.data + work->out.len;
    bz->avail_out = space;
    if (stream->unpacks) work->code = library_of(self)->decompress(bz);
    else work->code = library_of(self)->compress(bz, work->finish ? BZ_FINISH : BZ_RUN);
    work->in += piece - bz->avail_in;
    work->len -= piece - bz->avail_in;
    work->out.len += space - bz->avail_out;
    if (work->code == BZ_STREAM_END) return STEP_END;
    if (!stream->unpacks && work->code == BZ_PARAM_ERROR) work->code = BZ_RUN_OK; /* no input */
    return work->code < 0 ? STEP_ERROR : STEP_MORE;
}

static Ref stream_open(Vm *vm, Value class, int level)
{
    Stream *stream = packer_new(vm, class, "_bz2");
    if (!stream) return FAIL;
    stream->unpacks = level == 0;
    const Library *library = library_of(&stream->packer);
    int code = stream->unpacks ? library->decompress_open(&stream->bz, 0, 0)
                               : library->compress_open(&stream->bz, level, 0, 0);
    stream->packer.open = code == BZ_OK;
    if (code == BZ_OK) return from_object(stream);
    decref_object(stream);
    return throw_code(vm, code);
}

static void stream_clear(Object *object)
{
    Stream *stream = (Stream *)(void *)object;
    Packer *self = &stream->packer;
    if (absent(self->library)) return;
    if (self->open && stream->unpacks) library_of(self)->decompress_end(&stream->bz);
    else if (self->open) library_of(self)->compress_end(&stream->bz);
    self->open = false;
    pthread_mutex_destroy(&self->lock);
}

NATIVE(compressor_new, "new(cls, compresslevel=9, /)",
       "Return a compressor, which takes data piece by piece.\n"
       "compresslevel: 1 to 9, in hundreds of kilobytes that are packed at a time.")
{
    int64_t level;
    if (!int_index(vm, argv[1], &level)) return FAIL;
    if (level < 1 || level > 9)
        return throw(vm, ValueError, "compresslevel must be between 1 and 9");
    return stream_open(vm, argv[0], (int)level);
}

NATIVE(decompressor_new, "new(cls, /)", "Return a decompressor, which takes data piece by piece.")
{
    return stream_open(vm, argv[0], 0);
}

NATIVE(compressor_compress, "compress(self, data, /)",
       "Take more data; return what of the compressed data is ready, as bytes.")
{
    Packer *self = &as_stream(argv[0])->packer;
    if (self->ended) return throw(vm, ValueError, "Compressor has been flushed");
    int code = BZ_OK;
    Ref out = packer_compress(vm, self, argv[1], stream_step, &code);
    return code == BZ_OK ? out : throw_code(vm, code);
}

NATIVE(compressor_flush, "flush(self, /)",
       "Return the rest of the compressed data, as bytes; the compressor takes no more.")
{
    Packer *self = &as_stream(argv[0])->packer;
    if (self->ended) return throw(vm, ValueError, "Repeated call to flush()");
    int code = BZ_OK;
    Ref out = packer_compress(vm, self, UNDEF, stream_step, &code);
    return code == BZ_OK ? out : throw_code(vm, code);
}

NATIVE(decompressor_decompress, "decompress(self, /, data, max_length=-1)",
       "Take more data; return what they hold, at most max_length bytes (negative: all).\n"
       "Raises EOFError when the end was reached before, OSError for data that are damaged.")
{
    Packer *self = &as_stream(argv[0])->packer;
    if (self->ended) return throw(vm, EOFError, "End of stream already reached");
    int code = BZ_OK;
    Ref out = packer_decompress(vm, self, argv[1], argv[2], stream_step, &code);
    return code == BZ_OK ? out : throw_code(vm, code);
}

static const Attribute decompressor_attributes[] = {UNPACKER_ATTRIBUTES, {0}};
static const Native *const compressor_methods[] = {
    &compressor_compress_def,
    &compressor_flush_def,
    NULL,
};
static const Native *const decompressor_methods[] = {&decompressor_decompress_def, NULL};

static const TypeDef compressor_type =
    PACKER_TYPE("_bz2.BZ2Compressor", "Compresses data piece by piece.", &compressor_new_def,
                compressor_methods, NULL);
static const TypeDef decompressor_type =
    PACKER_TYPE("_bz2.BZ2Decompressor", "Decompresses data piece by piece.", &decompressor_new_def,
                decompressor_methods, decompressor_attributes);
static const TypeDef library_type = {
    .name = "_bz2.Library",
    .doc = "The library that compresses.",
    .size = sizeof(Library),
    .flags = TYPE_FINAL | TYPE_NO_NEW,
};

static bool bz2_open(Vm *vm, Value module)
{
    static const char *const files[] = {"libbz2.so.1.0", "libbz2.so.1", "libbz2.so", NULL};
    Type *type = type_from_def(vm, &library_type);
    Library *library = type ? type_instance(vm, type) : NULL;
    if (!library) return false;
    const Entry entries[] = {
        {"BZ2_bzCompressInit", &library->compress_open},
        {"BZ2_bzCompress", &library->compress},
        {"BZ2_bzCompressEnd", &library->compress_end},
        {"BZ2_bzDecompressInit", &library->decompress_open},
        {"BZ2_bzDecompress", &library->decompress},
        {"BZ2_bzDecompressEnd", &library->decompress_end},
    };
    library->library = library_open(vm, files, sizeof entries / sizeof *entries, entries);
    bool good = library->library != NULL;
    if (good) return module_set(vm, module, "_library", from_object(library));
    decref_object(library);
    return false;
}

static const TypeDef *const bz2_types[] = {&compressor_type, &decompressor_type, NULL};
const ModuleDef _bz2_module = {
    .name = "_bz2",
    .doc = "Compression by the bzip2 library.",
    .types = bz2_types,
    .open = bz2_open,
};
