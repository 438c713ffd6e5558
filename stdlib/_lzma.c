/* _lzma.c - module _lzma: compression by the library of the XZ tools.
 *
 * A compressor or decompressor is a Packer with the library's own state behind it.  How it works is
 * told by a chain of filters, which scripts write as dicts.
 * Neighbours: _compression.h (streams, the library), lzma.aio. */
/* SPDX-License-Identifier: MIT */
#include <lzma.h>

#include "_compression.h"

enum { FORMAT_AUTO, FORMAT_XZ, FORMAT_ALONE, FORMAT_RAW };
enum { CHECK_UNKNOWN = LZMA_CHECK_ID_MAX + 1 };

typedef struct Library {
    Object head;
    Ref error; /* LZMAError */
    void *library;
    __typeof__(&lzma_code) code;
    __typeof__(&lzma_end) end;
    __typeof__(&lzma_get_check) get_check;
    __typeof__(&lzma_check_is_supported) check_is_supported;
    __typeof__(&lzma_lzma_preset) preset;
    __typeof__(&lzma_easy_encoder) easy_encoder;
    __typeof__(&lzma_stream_encoder) stream_encoder;
    __typeof__(&lzma_alone_encoder) alone_encoder;
    __typeof__(&lzma_raw_encoder) raw_encoder;
    __typeof__(&lzma_auto_decoder) auto_decoder;
    __typeof__(&lzma_stream_decoder) stream_decoder;
    __typeof__(&lzma_alone_decoder) alone_decoder;
    __typeof__(&lzma_raw_decoder) raw_decoder;
    __typeof__(&lzma_properties_size) properties_size;
    __typeof__(&lzma_properties_encode) properties_encode;
    __typeof__(&lzma_properties_decode) properties_decode;
} Library;

typedef struct Stream {
    Packer packer;
    lzma_stream lzma;
    int check; /* LZMA_CHECK_*, CHECK_UNKNOWN: not read yet */
} Stream;

/* The filters of a stream and what they point to. */
typedef struct Chain {
    lzma_filter filters[LZMA_FILTERS_MAX + 1];
    union {
        lzma_options_lzma lzma;
        lzma_options_delta delta;
        lzma_options_bcj bcj;
    } options[LZMA_FILTERS_MAX];
} Chain;

static Stream *as_stream(Value v) { return (Stream *)(void *)as_object(v); }
static Library *as_library(Value v) { return (Library *)(void *)as_object(v); }

static Ref throw_text(Vm *vm, const Library *library, Ref text)
{
    return throw_class(vm, library->error, text);
}

static Ref throw_code(Vm *vm, const Library *library, int code)
{
    static const char *const texts[] = {
        [LZMA_UNSUPPORTED_CHECK] = "Unsupported integrity check",
        [LZMA_MEMLIMIT_ERROR] = "Memory usage limit exceeded",
        [LZMA_FORMAT_ERROR] = "Input format not supported by decoder",
        [LZMA_OPTIONS_ERROR] = "Invalid or unsupported options",
        [LZMA_DATA_ERROR] = "Corrupt input data",
        [LZMA_BUF_ERROR] = "Insufficient buffer space",
        [LZMA_PROG_ERROR] = "Internal error",
    };
    if (code == LZMA_MEM_ERROR) return throw_no_memory(vm);
    const char *text = code < (int)(sizeof texts / sizeof *texts) ? texts[code] : NULL;
    if (!text)
        return throw_text(vm, library,
                          format_text(vm, "Unrecognized error from liblzma: %d", code));
    return throw_text(vm, library, str_from(vm, text));
}

/* ---- filters ---- */

static bool unsigned_from(Vm *vm, Value v, uint64_t most, uint64_t *out)
{
    if (!type_of(vm, v)->slots.index && !is_any_int(v)) {
        throw(vm, TypeError, "an integer is required");
        return false;
    }
    Ref number = int_from_index(vm, v);
    if (failed(number)) return false;
    IntView view;
    mpz_srcptr z = int_view(&view, number);
    bool negative = mpz_sgn(z) < 0;
    bool fits = !negative && mpz_sizeinbase(z, 2) <= 64 && mpz_get_ui(z) <= most;
    *out = fits ? mpz_get_ui(z) : 0;
    decref(number);
    if (negative) throw(vm, OverflowError, "can't convert negative int to unsigned");
    else if (!fits)
        throw(vm, OverflowError, "Value too large for %s type",
              most == UINT32_MAX ? "uint32_t" : "lzma_vli");
    return fits;
}

/* spec[name] as a number: YES, NO when it is not there, FAILED. */
static Truth spec_number(Vm *vm, Value spec, const char *name, uint64_t most, uint64_t *out)
{
    Ref key = str_from(vm, name);
    Ref item = failed(key) ? FAIL : value_get_item(vm, spec, key);
    decref(key);
    if (failed(item) && error_is(vm, KeyError)) {
        error_clear(vm);
        return NO;
    }
    if (failed(item)) return FAILED;
    bool good = unsigned_from(vm, item, most, out);
    decref(item);
    return good ? YES : FAILED;
}

typedef struct Option {
    const char *name;
    size_t offset; /* of a uint32_t (or enum) in the options */
} Option;
static const Option lzma_fields[] = {
    {"dict_size", offsetof(lzma_options_lzma, dict_size)},
    {"lc", offsetof(lzma_options_lzma, lc)},
    {"lp", offsetof(lzma_options_lzma, lp)},
    {"pb", offsetof(lzma_options_lzma, pb)},
    {"mode", offsetof(lzma_options_lzma, mode)},
    {"nice_len", offsetof(lzma_options_lzma, nice_len)},
    {"mf", offsetof(lzma_options_lzma, mf)},
    {"depth", offsetof(lzma_options_lzma, depth)},
    {NULL, 0},
};
static const Option delta_fields[] = {{"dist", offsetof(lzma_options_delta, dist)}, {NULL, 0}};
static const Option bcj_fields[] = {{"start_offset", offsetof(lzma_options_bcj, start_offset)},
                                    {NULL, 0}};

static bool is_lzma(lzma_vli id) { return id == LZMA_FILTER_LZMA1 || id == LZMA_FILTER_LZMA2; }
static bool is_bcj(lzma_vli id)
{
    return id == LZMA_FILTER_X86 || id == LZMA_FILTER_POWERPC || id == LZMA_FILTER_IA64 ||
           id == LZMA_FILTER_ARM || id == LZMA_FILTER_ARMTHUMB || id == LZMA_FILTER_SPARC;
}

/* Fills the fields from spec, which may have no other keys than those, "id" and "preset". */
static bool read_fields(Vm *vm, Value spec, const Option *fields, ptrdiff_t others,
                        const char *kind, void *options)
{
    ptrdiff_t known = others;
    for (; fields->name; fields++) {
        uint64_t number;
        Truth there = spec_number(vm, spec, fields->name, UINT32_MAX, &number);
        if (there == FAILED && error_is(vm, MemoryError)) return false;
        if (there == FAILED) {
            error_clear(vm);
            known = -1;
            break;
        }
        if (there == NO) continue;
        uint32_t narrow = (uint32_t)number;
        memcpy((char *)options + fields->offset, &narrow, sizeof narrow);
        known++;
    }
    ptrdiff_t len = value_len(vm, spec);
    if (len < 0) return false;
    if (len == known) return true;
    throw(vm, ValueError, "Invalid filter specifier for %s filter", kind);
    return false;
}

static bool read_filter(Vm *vm, const Library *library, Value spec, Chain *chain, ptrdiff_t n)
{
    uint64_t id, preset = LZMA_PRESET_DEFAULT;
    if (!type_of(vm, spec)->slots.get_item || is_sequence(spec)) {
        throw(vm, TypeError, "Filter specifier must be a dict or dict-like object");
        return false;
    }
    Truth there = spec_number(vm, spec, "id", UINT64_MAX, &id);
    if (there == NO) throw(vm, ValueError, "Filter specifier must have an \"id\" entry");
    if (there != YES) return false;
    chain->filters[n] = (lzma_filter){.id = id, .options = &chain->options[n]};
    if (is_lzma(id)) {
        there = spec_number(vm, spec, "preset", UINT32_MAX, &preset);
        if (there == FAILED) return false;
        if (library->preset(&chain->options[n].lzma, (uint32_t)preset)) {
            throw_text(vm, library,
                       format_text(vm, "Invalid compression preset: %lld", (long long)preset));
            return false;
        }
        return read_fields(vm, spec, lzma_fields, 1 + (there == YES), "LZMA",
                           &chain->options[n].lzma);
    }
    if (id == LZMA_FILTER_DELTA) {
        chain->options[n].delta =
            (lzma_options_delta){.type = LZMA_DELTA_TYPE_BYTE, .dist = LZMA_DELTA_DIST_MIN};
        return read_fields(vm, spec, delta_fields, 1, "delta", &chain->options[n].delta);
    }
    chain->options[n].bcj = (lzma_options_bcj){0};
    if (is_bcj(id)) return read_fields(vm, spec, bcj_fields, 1, "BCJ", &chain->options[n].bcj);
    Ref number = from_uint64(vm, id);
    if (!failed(number)) throw(vm, ValueError, "Invalid filter ID: %S", number);
    decref(number);
    return false;
}

static bool read_chain(Vm *vm, const Library *library, Value specs, Chain *chain)
{
    if (is_dict(specs)) throw(vm, TypeError, "dict is not a sequence");
    ptrdiff_t len = is_dict(specs) ? -1 : value_len(vm, specs);
    if (len < 0) return false;
    if (len > LZMA_FILTERS_MAX) {
        throw(vm, ValueError, "Too many filters - liblzma supports a maximum of %d",
              LZMA_FILTERS_MAX);
        return false;
    }
    for (ptrdiff_t n = 0; n < len; n++) {
        Ref spec = value_get_item(vm, specs, from_small(n));
        bool good = !failed(spec) && read_filter(vm, library, spec, chain, n);
        decref(spec);
        if (!good) return false;
    }
    chain->filters[len] = (lzma_filter){.id = LZMA_VLI_UNKNOWN};
    return true;
}

/* A filter's options, as its properties hold them, as a dict. */
static Ref spec_from(Vm *vm, const lzma_filter *filter)
{
    static const Option lzma1_fields[] = {
        {"lc", offsetof(lzma_options_lzma, lc)},
        {"lp", offsetof(lzma_options_lzma, lp)},
        {"pb", offsetof(lzma_options_lzma, pb)},
        {"dict_size", offsetof(lzma_options_lzma, dict_size)},
        {NULL, 0},
    };
    static const Option lzma2_fields[] = {
        {"dict_size", offsetof(lzma_options_lzma, dict_size)},
        {NULL, 0},
    };
    const Option *fields = filter->id == LZMA_FILTER_LZMA1   ? lzma1_fields
                           : filter->id == LZMA_FILTER_LZMA2 ? lzma2_fields
                           : filter->id == LZMA_FILTER_DELTA ? delta_fields
                                                             : bcj_fields;
    Ref spec = dict_new(vm), id = from_uint64(vm, filter->id);
    bool good = !failed(spec) && !failed(id) && dict_set_text(vm, as_dict(spec), "id", id);
    decref(id);
    for (; good && filter->options && fields->name; fields++) {
        uint32_t number;
        memcpy(&number, (const char *)filter->options + fields->offset, sizeof number);
        good = dict_set_text(vm, as_dict(spec), fields->name, from_small(number));
    }
    if (!good) replace(&spec, FAIL);
    return spec;
}

/* ---- streams ---- */

static Step stream_step(Packer *self, Work *work, size_t room)
{
    Stream *stream = (Stream *)self;
    const Library *library = as_library(self->library);
    lzma_stream *lzma = &stream->lzma;
    lzma->next_in = work->in;
    lzma->avail_in = work->len;
    lzma->next_out = work->out.data + work->out.len;
    lzma->avail_out = room;
    work->code = library->code(lzma, work->finish ? LZMA_FINISH : LZMA_RUN);
    work->in += work->len - lzma->avail_in;
    work->len = lzma->avail_in;
    work->out.len += room - lzma->avail_out;
    if (work->code == LZMA_GET_CHECK || work->code == LZMA_NO_CHECK)
        stream->check = (int)library->get_check(lzma);
    if (work->code == LZMA_STREAM_END) return STEP_END;
    bool more = work->code == LZMA_OK || work->code == LZMA_GET_CHECK ||
                work->code == LZMA_NO_CHECK || (work->code == LZMA_BUF_ERROR && work->len == 0);
    return more ? STEP_MORE : STEP_ERROR;
}

static Ref stream_opened(Vm *vm, Stream *stream, lzma_ret code)
{
    if (code == LZMA_OK) {
        stream->packer.open = true;
        return from_object(stream);
    }
    throw_code(vm, as_library(stream->packer.library), (int)code);
    decref_object(stream);
    return FAIL;
}

static void stream_clear(Object *object)
{
    Stream *stream = (Stream *)(void *)object;
    Packer *self = &stream->packer;
    if (absent(self->library)) return;
    if (self->open) as_library(self->library)->end(&stream->lzma);
    self->open = false;
    pthread_mutex_destroy(&self->lock);
}

static bool encoder_args(Vm *vm, Value *argv, int64_t *format, int64_t *check, uint64_t *preset)
{
    *preset = LZMA_PRESET_DEFAULT;
    if (!int_index(vm, argv[1], format) || !int_index(vm, argv[2], check)) return false;
    if (!is_none(argv[3]) && !is_none(argv[4])) {
        throw(vm, ValueError, "Cannot specify both preset and filter chain");
        return false;
    }
    if (!is_none(argv[3]) && !unsigned_from(vm, argv[3], UINT32_MAX, preset)) return false;
    if (*format != FORMAT_XZ && *check != -1 && *check != LZMA_CHECK_NONE) {
        throw(vm, ValueError, "Integrity checks are only supported by FORMAT_XZ");
        return false;
    }
    if (*format == FORMAT_RAW && is_none(argv[4])) {
        throw(vm, ValueError, "Must specify filters for FORMAT_RAW");
        return false;
    }
    if (*format >= FORMAT_XZ && *format <= FORMAT_RAW) return true;
    throw(vm, ValueError, "Invalid container format: %lld", (long long)*format);
    return false;
}

/* Opens with argv as compressor_new() got it; -1: raised. */
static int encoder_open(Vm *vm, Stream *stream, Value *argv)
{
    const Library *library = as_library(stream->packer.library);
    int64_t format, check;
    uint64_t preset;
    Chain chain;
    bool filtered = !is_none(argv[4]);
    if (!encoder_args(vm, argv, &format, &check, &preset)) return -1;
    if (filtered && !read_chain(vm, library, argv[4], &chain)) return -1;
    lzma_check checked = check == -1 ? LZMA_CHECK_CRC64 : (lzma_check)check;
    if (format == FORMAT_RAW) return (int)library->raw_encoder(&stream->lzma, chain.filters);
    if (format == FORMAT_XZ && filtered)
        return (int)library->stream_encoder(&stream->lzma, chain.filters, checked);
    if (format == FORMAT_XZ)
        return (int)library->easy_encoder(&stream->lzma, (uint32_t)preset, checked);
    if (!filtered && library->preset(&chain.options[0].lzma, (uint32_t)preset)) {
        throw_text(vm, library,
                   format_text(vm, "Invalid compression preset: %lld", (long long)preset));
        return -1;
    }
    if (filtered &&
        (chain.filters[0].id != LZMA_FILTER_LZMA1 || chain.filters[1].id != LZMA_VLI_UNKNOWN)) {
        throw(vm, ValueError,
              "Invalid filter chain for FORMAT_ALONE - must be a single LZMA1 filter");
        return -1;
    }
    return (int)library->alone_encoder(&stream->lzma, &chain.options[0].lzma);
}

NATIVE(compressor_new, "new(cls, format=1, check=-1, preset=None, filters=None)",
       "Return a compressor, which takes data piece by piece.\n"
       "format: FORMAT_XZ, FORMAT_ALONE or FORMAT_RAW; check: CHECK_*, -1 for CRC64; preset: 0 to "
       "9, perhaps | PRESET_EXTREME; filters: dicts with an \"id\" and options, instead.")
{
    Stream *stream = packer_new(vm, argv[0], "_lzma");
    if (!stream) return FAIL;
    int code = encoder_open(vm, stream, argv);
    if (code != -1) return stream_opened(vm, stream, (lzma_ret)code);
    decref_object(stream);
    return FAIL;
}

NATIVE(compressor_compress, "compress(self, data, /)",
       "Take more data; return what of the compressed data is ready, as bytes.")
{
    Packer *self = &as_stream(argv[0])->packer;
    if (self->ended) return throw(vm, ValueError, "Compressor has been flushed");
    int code = LZMA_OK;
    Ref out = packer_compress(vm, self, argv[1], stream_step, &code);
    return code == LZMA_OK ? out : throw_code(vm, as_library(self->library), code);
}

NATIVE(compressor_flush, "flush(self, /)",
       "Return the rest of the compressed data, as bytes; the compressor takes no more.")
{
    Packer *self = &as_stream(argv[0])->packer;
    if (self->ended) return throw(vm, ValueError, "Repeated call to flush()");
    int code = LZMA_OK;
    Ref out = packer_compress(vm, self, UNDEF, stream_step, &code);
    return code == LZMA_OK ? out : throw_code(vm, as_library(self->library), code);
}

static int decoder_open(Vm *vm, Stream *stream, Value *argv)
{
    const Library *library = as_library(stream->packer.library);
    const uint32_t flags = LZMA_TELL_ANY_CHECK | LZMA_TELL_NO_CHECK;
    int64_t format;
    uint64_t most = UINT64_MAX;
    if (!int_index(vm, argv[1], &format)) return -1;
    if (!is_none(argv[2]) && format == FORMAT_RAW) {
        throw(vm, ValueError, "Cannot specify memory limit with FORMAT_RAW");
        return -1;
    }
    if (!is_none(argv[2]) && !unsigned_from(vm, argv[2], UINT64_MAX, &most)) return -1;
    if (format == FORMAT_RAW && is_none(argv[3])) {
        throw(vm, ValueError, "Must specify filters for FORMAT_RAW");
        return -1;
    }
    if (format != FORMAT_RAW && !is_none(argv[3])) {
        throw(vm, ValueError, "Cannot specify filters except with FORMAT_RAW");
        return -1;
    }
    Chain chain;
    stream->check =
        format == FORMAT_ALONE || format == FORMAT_RAW ? LZMA_CHECK_NONE : CHECK_UNKNOWN;
    switch (format) {
    case FORMAT_AUTO: return (int)library->auto_decoder(&stream->lzma, most, flags);
    case FORMAT_XZ: return (int)library->stream_decoder(&stream->lzma, most, flags);
    case FORMAT_ALONE: return (int)library->alone_decoder(&stream->lzma, most);
    case FORMAT_RAW:
        if (!read_chain(vm, library, argv[3], &chain)) return -1;
        return (int)library->raw_decoder(&stream->lzma, chain.filters);
    default: throw(vm, ValueError, "Invalid container format: %lld", (long long)format); return -1;
    }
}

NATIVE(decompressor_new, "new(cls, format=0, memlimit=None, filters=None)",
       "Return a decompressor, which takes data piece by piece.\n"
       "format: FORMAT_AUTO tells .xz and .lzma apart; memlimit: bytes of memory it may use; "
       "filters: for FORMAT_RAW, those that compressed.")
{
    Stream *stream = packer_new(vm, argv[0], "_lzma");
    if (!stream) return FAIL;
    int code = decoder_open(vm, stream, argv);
    if (code != -1) return stream_opened(vm, stream, (lzma_ret)code);
    decref_object(stream);
    return FAIL;
}

NATIVE(decompressor_decompress, "decompress(self, /, data, max_length=-1)",
       "Take more data; return what they hold, at most max_length bytes (negative: all).\n"
       "Raises EOFError when the end was reached before, LZMAError for data that are damaged.")
{
    Packer *self = &as_stream(argv[0])->packer;
    if (self->ended) return throw(vm, EOFError, "Already at end of stream");
    int code = LZMA_OK;
    Ref out = packer_decompress(vm, self, argv[1], argv[2], stream_step, &code);
    return code == LZMA_OK ? out : throw_code(vm, as_library(self->library), code);
}

/* ---- functions ---- */

NATIVE(lzma_is_check_supported, "is_check_supported(check_id, /)",
       "Return whether the library can make the integrity check, one of CHECK_*.")
{
    int64_t check;
    Ref library = int_index(vm, argv[0], &check) ? library_of_module(vm, "_lzma") : FAIL;
    if (failed(library)) return FAIL;
    bool supported = check >= 0 && check <= UINT32_MAX &&
                     as_library(library)->check_is_supported((lzma_check)check);
    decref(library);
    return from_bool(supported);
}

NATIVE(lzma_encode_properties, "_encode_filter_properties(filter, /)",
       "Return the options of a filter as bytes.")
{
    Chain chain;
    uint32_t size;
    Ref library = library_of_module(vm, "_lzma"), out = FAIL;
    if (!failed(library) && read_filter(vm, as_library(library), argv[0], &chain, 0)) {
        lzma_ret code = as_library(library)->properties_size(&size, chain.filters);
        if (code == LZMA_OK) out = bytes_from(vm, NULL, size);
        if (!failed(out))
            code = as_library(library)->properties_encode(chain.filters,
                                                          (uint8_t *)as_bytes(out)->data);
        if (code != LZMA_OK) replace(&out, throw_code(vm, as_library(library), (int)code));
    }
    decref(library);
    return out;
}

NATIVE(lzma_decode_properties, "_decode_filter_properties(filter_id, encoded_props, /)",
       "Return the filter whose options these bytes are, as a dict.")
{
    uint64_t id;
    Buffer data;
    if (!unsigned_from(vm, argv[0], UINT64_MAX, &id) || !buffer_get(vm, argv[1], &data, false))
        return FAIL;
    lzma_filter filter = {.id = id};
    Ref library = library_of_module(vm, "_lzma"), out = FAIL;
    if (!failed(library)) {
        lzma_ret code = as_library(library)->properties_decode(
            &filter, NULL, (const uint8_t *)data.data, (size_t)data.len);
        out = code == LZMA_OK ? spec_from(vm, &filter)
                              : throw_code(vm, as_library(library), (int)code);
        free(filter.options);
    }
    buffer_release(vm, &data);
    decref(library);
    return out;
}

/* ---- the module ---- */

static Ref get_check(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_stream(self)->check);
}
static const Attribute decompressor_attributes[] = {
    UNPACKER_ATTRIBUTES,
    {"check", get_check, NULL, "The integrity check of the data: CHECK_*."},
    {0},
};
static const Native *const compressor_methods[] = {
    &compressor_compress_def,
    &compressor_flush_def,
    NULL,
};
static const Native *const decompressor_methods[] = {&decompressor_decompress_def, NULL};

static const TypeDef compressor_type =
    PACKER_TYPE("_lzma.LZMACompressor", "Compresses data piece by piece.", &compressor_new_def,
                compressor_methods, NULL);
static const TypeDef decompressor_type =
    PACKER_TYPE("_lzma.LZMADecompressor", "Decompresses data piece by piece.",
                &decompressor_new_def, decompressor_methods, decompressor_attributes);
static const TypeDef library_type = {
    .name = "_lzma.Library",
    .doc = "The library that compresses.",
    .size = sizeof(Library),
    .flags = TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(Library, error)),
};

static bool library_load(Vm *vm, Library *library)
{
    static const char *const files[] = {"liblzma.so.5", "liblzma.so", NULL};
    const Entry entries[] = {
        {"lzma_code", &library->code},
        {"lzma_end", &library->end},
        {"lzma_get_check", &library->get_check},
        {"lzma_check_is_supported", &library->check_is_supported},
        {"lzma_lzma_preset", &library->preset},
        {"lzma_easy_encoder", &library->easy_encoder},
        {"lzma_stream_encoder", &library->stream_encoder},
        {"lzma_alone_encoder", &library->alone_encoder},
        {"lzma_raw_encoder", &library->raw_encoder},
        {"lzma_auto_decoder", &library->auto_decoder},
        {"lzma_stream_decoder", &library->stream_decoder},
        {"lzma_alone_decoder", &library->alone_decoder},
        {"lzma_raw_decoder", &library->raw_decoder},
        {"lzma_properties_size", &library->properties_size},
        {"lzma_properties_encode", &library->properties_encode},
        {"lzma_properties_decode", &library->properties_decode},
    };
    library->library = library_open(vm, files, sizeof entries / sizeof *entries, entries);
    return library->library != NULL;
}

static const struct Constant {
    const char *name;
    uint64_t value;
} constants[] = {
    {"FORMAT_AUTO", FORMAT_AUTO},
    {"FORMAT_XZ", FORMAT_XZ},
    {"FORMAT_ALONE", FORMAT_ALONE},
    {"FORMAT_RAW", FORMAT_RAW},
    {"CHECK_NONE", LZMA_CHECK_NONE},
    {"CHECK_CRC32", LZMA_CHECK_CRC32},
    {"CHECK_CRC64", LZMA_CHECK_CRC64},
    {"CHECK_SHA256", LZMA_CHECK_SHA256},
    {"CHECK_ID_MAX", LZMA_CHECK_ID_MAX},
    {"CHECK_UNKNOWN", CHECK_UNKNOWN},
    {"FILTER_LZMA1", LZMA_FILTER_LZMA1},
    {"FILTER_LZMA2", LZMA_FILTER_LZMA2},
    {"FILTER_DELTA", LZMA_FILTER_DELTA},
    {"FILTER_X86", LZMA_FILTER_X86},
    {"FILTER_POWERPC", LZMA_FILTER_POWERPC},
    {"FILTER_IA64", LZMA_FILTER_IA64},
    {"FILTER_ARM", LZMA_FILTER_ARM},
    {"FILTER_ARMTHUMB", LZMA_FILTER_ARMTHUMB},
    {"FILTER_SPARC", LZMA_FILTER_SPARC},
    {"MF_HC3", LZMA_MF_HC3},
    {"MF_HC4", LZMA_MF_HC4},
    {"MF_BT2", LZMA_MF_BT2},
    {"MF_BT3", LZMA_MF_BT3},
    {"MF_BT4", LZMA_MF_BT4},
    {"MODE_FAST", LZMA_MODE_FAST},
    {"MODE_NORMAL", LZMA_MODE_NORMAL},
    {"PRESET_DEFAULT", LZMA_PRESET_DEFAULT},
    {"PRESET_EXTREME", LZMA_PRESET_EXTREME},
};

static bool lzma_open(Vm *vm, Value module)
{
    Type *type = type_from_def(vm, &library_type);
    Library *library = type ? type_instance(vm, type) : NULL;
    if (!library) return false;
    Ref self = from_object(library);
    bool good = library_load(vm, library);
    if (good) library->error = module_exception(vm, module, "_lzma", "LZMAError");
    good = good && !failed(library->error) && module_set(vm, module, "_library", newref(self));
    for (size_t n = 0; good && n < sizeof constants / sizeof *constants; n++)
        good = module_set(vm, module, constants[n].name, from_uint64(vm, constants[n].value));
    decref(self);
    return good;
}

static const Native *const lzma_functions[] = {
    &lzma_is_check_supported_def,
    &lzma_encode_properties_def,
    &lzma_decode_properties_def,
    NULL,
};
static const TypeDef *const lzma_types[] = {&compressor_type, &decompressor_type, NULL};
const ModuleDef _lzma_module = {
    .name = "_lzma",
    .doc = "Compression by the library of the XZ tools.",
    .functions = lzma_functions,
    .types = lzma_types,
    .open = lzma_open,
};
