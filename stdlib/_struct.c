/* _struct.c - the module _struct: numbers and bytes packed as C lays them out.
 *
 * A format is read once into items, each a letter with its size, its place and how often it stands
 * there; packing and unpacking walk over these.  Letters follow the machine with '@' (sizes and
 * alignment) or the fixed sizes with '=', '<', '>' and '!'.
 * Neighbours: struct.aio (the exception), array.c (single items). */
/* SPDX-License-Identifier: MIT */
#include "native.h"

typedef struct Item {
    char code;
    uint8_t size;     /* bytes of one */
    ptrdiff_t count;  /* how many; the length of s and p, which are one value */
    ptrdiff_t offset; /* bytes from the start */
} Item;

typedef struct Struct {
    Container head; /* for subclasses, whose instances have attributes */
    Ref format;     /* str */
    Item *items;
    int count;
    ptrdiff_t values; /* that pack() takes */
    ptrdiff_t size;   /* bytes */
    bool big;         /* most significant byte first */
    bool native;
} Struct;

typedef struct UnpackIter {
    Object head;
    Ref layout; /* Struct; UNDEF: exhausted */
    Buffer buffer;
    ptrdiff_t next;
} UnpackIter;

static const bool machine_is_big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
enum { CACHE_MOST = 100 }; /* formats that are remembered */

static const TypeDef struct_type, unpack_iter_type;

static Struct *as_struct(Value v) { return (Struct *)as_object(v); }

/* ---- errors ---- */

static Ref struct_error(Vm *vm, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    Ref text = format_text_list(vm, format, &list);
    va_end(list);
    Ref module = failed(text) ? FAIL : import_text(vm, "struct");
    Ref class = failed(module) ? FAIL : attr_get_text(vm, module, "error");
    Ref error = failed(class) ? FAIL : call1(vm, class, text);
    if (!failed(error)) throw_object(vm, error);
    decref(error);
    decref(class);
    decref(module);
    decref(text);
    return FAIL;
}

/* ---- formats ---- */

/* Bytes of one item of the letter; 0: there is no such letter. */
static int size_of(char code, bool native)
{
    switch (code) {
    case 'x':
    case 'b':
    case 'B':
    case 'c':
    case '?':
    case 's':
    case 'p': return 1;
    case 'h':
    case 'H':
    case 'e': return 2;
    case 'i':
    case 'I':
    case 'f': return 4;
    case 'l':
    case 'L': return native ? sizeof(long) : 4;
    case 'q':
    case 'Q':
    case 'd':
    case 'F': return 8;
    case 'D': return 16;
    case 'n':
    case 'N':
    case 'P': return native ? sizeof(void *) : 0;
    default: return 0;
    }
}

static int alignment_of(char code, int size) { return code == 'F' ? 4 : code == 'D' ? 8 : size; }

static bool takes_value(const Item *item)
{
    return item->code != 'x' && (item->code == 's' || item->code == 'p' || item->count > 0);
}

/* Reads one letter with its count from *at on into the end of the layout. */
static bool read_item(Vm *vm, Struct *layout, const char **at, const char *end)
{
    ptrdiff_t count = 1;
    if (**at >= '0' && **at <= '9') {
        for (count = 0; *at < end && **at >= '0' && **at <= '9'; ++*at) {
            if (count > (PTRDIFF_MAX - 9) / 10) {
                struct_error(vm, "total struct size too long");
                return false;
            }
            count = count * 10 + **at - '0';
        }
        if (*at == end) {
            struct_error(vm, "repeat count given without format specifier");
            return false;
        }
    }
    char code = *(*at)++;
    int size = size_of(code, layout->native);
    if (!size) {
        struct_error(vm, "bad char in struct format");
        return false;
    }
    if (layout->native) {
        ptrdiff_t align = alignment_of(code, size);
        if (layout->size > PTRDIFF_MAX - align) count = PTRDIFF_MAX;
        else layout->size = (layout->size + align - 1) / align * align;
    }
    if (count > (PTRDIFF_MAX - layout->size) / size) {
        struct_error(vm, "total struct size too long");
        return false;
    }
    Item *item = &layout->items[layout->count++];
    *item = (Item){.code = code, .size = (uint8_t)size, .count = count, .offset = layout->size};
    layout->size += count * size;
    if (takes_value(item)) layout->values += code == 's' || code == 'p' ? 1 : count;
    return true;
}

static bool read_format(Vm *vm, Struct *layout, const char *text, ptrdiff_t len)
{
    const char *at = text, *end = text + len;
    layout->native = true;
    layout->big = machine_is_big;
    if (memchr(text, 0, len)) {
        struct_error(vm, "embedded null character");
        return false;
    }
    if (len && *at && strchr("@=<>!", *at)) {
        layout->native = *at == '@';
        if (*at != '@' && *at != '=') layout->big = *at != '<';
        at++;
    }
    layout->items = memory_new(vm, (len + 1) * sizeof *layout->items);
    if (!layout->items) return false;
    while (at < end) {
        bool blank = *at == ' ' || (*at >= '\t' && *at <= '\r');
        if (blank) at++;
        else if (!read_item(vm, layout, &at, end)) return false;
    }
    return true;
}

/* The format as an ASCII str. */
static Ref format_from(Vm *vm, Value given)
{
    if (is_bytes(given)) return str_from_utf8(vm, as_bytes(given)->data, as_bytes(given)->len);
    if (!is_str(given))
        return throw(vm, TypeError, "Struct() argument 1 must be a str or bytes object, not %T",
                     given);
    if (as_str(given)->ascii) return newref(given);
    Ref name = str_from(vm, "ascii"),
        method = failed(name) ? FAIL : attr_get_text(vm, given, "encode");
    Ref out = failed(method) ? FAIL : call1(vm, method, name); /* raises */
    decref(method);
    decref(name);
    decref(out);
    return FAIL;
}

static Ref struct_new(Vm *vm, Type *type, Value given)
{
    Ref format = format_from(vm, given);
    Struct *layout = failed(format) || !type ? NULL : type_instance(vm, type);
    if (!layout) {
        decref(format);
        return FAIL;
    }
    layout->format = format;
    if (read_format(vm, layout, as_str(format)->data, as_str(format)->len))
        return from_object(layout);
    decref_object(layout);
    return FAIL;
}

/* What the formats given to the functions of the module were read into, by format: an attribute of
 * the class; NULL: raised. */
static Dict *format_cache(Vm *vm, Type *type)
{
    Dict *names = type ? type_dict(vm, type) : NULL;
    if (type && !names) throw_no_memory(vm);
    if (!names) return NULL;
    Value known = dict_get_name(names, N(_cached));
    if (!absent(known)) return as_dict(known);
    Ref made = dict_new(vm);
    bool ok = !failed(made) && dict_set(vm, names, N(_cached), made);
    decref(made);
    return ok ? as_dict(made) : NULL;
}

/* The layout that a function of the module is given: a format or a Struct. */
static Ref struct_for(Vm *vm, Value given)
{
    Type *type = type_from_def(vm, &struct_type);
    if (!is_exact(given, KIND_STR)) {
        if (type && type_has_instance(vm, type, given)) return newref(given);
        return struct_new(vm, type, given);
    }
    Dict *cache = format_cache(vm, type);
    Value known = cache ? dict_get(vm, cache, given) : (Value)FAIL;
    if (!absent(known)) return newref(known);
    Ref layout = struct_new(vm, type, given);
    if (failed(layout)) return FAIL;
    if (cache->len >= CACHE_MOST) dict_clear(cache);
    if (dict_set(vm, cache, given, layout)) return layout;
    decref(layout);
    return FAIL;
}

/* ---- bytes and numbers ---- */

static uint64_t load(const char *data, int size, bool big)
{
    uint64_t value;
    if (size == 1) return (uint8_t)*data;
    if (size == 2) {
        uint16_t two;
        memcpy(&two, data, 2);
        return big == machine_is_big ? two : __builtin_bswap16(two);
    }
    if (size == 4) {
        uint32_t four;
        memcpy(&four, data, 4);
        return big == machine_is_big ? four : __builtin_bswap32(four);
    }
    memcpy(&value, data, 8);
    return big == machine_is_big ? value : __builtin_bswap64(value);
}

static void store(char *data, int size, bool big, uint64_t value)
{
    if (size == 1) {
        *data = (char)value;
    } else if (size == 2) {
        uint16_t two = (uint16_t)value;
        if (big != machine_is_big) two = __builtin_bswap16(two);
        memcpy(data, &two, 2);
    } else if (size == 4) {
        uint32_t four = (uint32_t)value;
        if (big != machine_is_big) four = __builtin_bswap32(four);
        memcpy(data, &four, 4);
    } else {
        if (big != machine_is_big) value = __builtin_bswap64(value);
        memcpy(data, &value, 8);
    }
}

static double load_real(const char *data, char code, bool big)
{
    if (code == 'e') return half_value((uint16_t)load(data, 2, big));
    if (code == 'f') {
        uint32_t bits = (uint32_t)load(data, 4, big);
        float number;
        memcpy(&number, &bits, 4);
        return number;
    }
    uint64_t bits = load(data, 8, big);
    double number;
    memcpy(&number, &bits, 8);
    return number;
}

static bool store_real(Vm *vm, char *data, char code, const Struct *layout, double number)
{
    if (code == 'd') {
        uint64_t bits;
        memcpy(&bits, &number, 8);
        store(data, 8, layout->big, bits);
        return true;
    }
    uint16_t half;
    float single = (float)number;
    bool good =
        code == 'e' ? half_bits(number, &half) : layout->native || !isinf(single) || isinf(number);
    if (!good) {
        throw(vm, OverflowError, "float too large to pack with %c format", code);
        return false;
    }
    uint32_t bits;
    memcpy(&bits, &single, 4);
    store(data, code == 'e' ? 2 : 4, layout->big, code == 'e' ? half : bits);
    return true;
}

/* ---- packing ---- */

static bool real_from(Vm *vm, Value v, double *number)
{
    if (float_from(vm, v, number)) return true;
    if (error_is(vm, TypeError) || error_is(vm, OverflowError)) {
        error_clear(vm);
        struct_error(vm, "required argument is not a float");
    }
    return false;
}

/* What does not fit: the range that does is in the message. */
static bool out_of_range(Vm *vm, char code, int size, bool is_signed)
{
    int bits = size * 8;
    if (is_signed)
        struct_error(vm, "'%c' format requires %lld <= number <= %lld", code,
                     (long long)(INT64_MIN >> (64 - bits)), (long long)(INT64_MAX >> (64 - bits)));
    else if (size == 8)
        struct_error(vm, "'%c' format requires 0 <= number <= 18446744073709551615", code);
    else struct_error(vm, "'%c' format requires 0 <= number <= %lld", code, (1LL << bits) - 1);
    return false;
}

/* An int of 64 bits, as a bit pattern; *fits tells whether it lies in range of the signedness. */
static bool integer_bits(Vm *vm, Value v, int size, bool is_signed, uint64_t *bits, bool *fits)
{
    Ref number = is_any_int(v) ? newref(v) : UNDEF;
    if (absent(number)) {
        if (!type_of(vm, v)->slots.index) {
            struct_error(vm, "required argument is not an integer");
            return false;
        }
        number = int_from_index(vm, v);
        if (failed(number)) return false;
    }
    int overflow = 0;
    int64_t value = int_value(number, &overflow);
    *bits = (uint64_t)value;
    if (is_signed) {
        *fits = !overflow && value >= INT64_MIN >> (64 - size * 8) &&
                value <= INT64_MAX >> (64 - size * 8);
    } else if (!overflow) {
        *fits = value >= 0 && (size == 8 || value < INT64_C(1) << size * 8);
    } else {
        IntView view;
        mpz_srcptr big = int_view(&view, number);
        *fits = size == 8 && overflow > 0 && mpz_sizeinbase(big, 2) <= 64;
        if (*fits) *bits = mpz_get_ui(big);
    }
    decref(number);
    return true;
}

static bool pack_integer(Vm *vm, const Struct *layout, const Item *item, char *data, Value v)
{
    uint64_t bits;
    bool fits, is_signed = item->code >= 'a' && item->code <= 'z';
    if (is_int(v) && item->size < 8) { /* the commonest */
        int64_t n = as_int(v), least = is_signed ? -(INT64_C(1) << (item->size * 8 - 1)) : 0;
        if (n < least || n > least + (INT64_C(1) << item->size * 8) - 1)
            return out_of_range(vm, item->code, item->size, is_signed);
        bits = (uint64_t)n;
    } else if (item->code == 'P') {
        if (!integer_bits(vm, v, 8, false, &bits, &fits)) return false;
        if (!fits && !integer_bits(vm, v, 8, true, &bits, &fits)) return false;
        if (!fits) return struct_error(vm, "int too large to convert"), false;
    } else {
        if (!integer_bits(vm, v, item->size, is_signed, &bits, &fits)) return false;
        if (!fits) return out_of_range(vm, item->code, item->size, is_signed);
    }
    store(data, item->size, layout->big, bits);
    return true;
}

/* An OverflowError of an int is one of struct. */
static bool pack_real(Vm *vm, const Struct *layout, const Item *item, char *data, Value v)
{
    double number;
    if (!real_from(vm, v, &number)) return false;
    if (store_real(vm, data, item->code, layout, number)) return true;
    if (is_any_int(v) && error_is(vm, OverflowError)) {
        error_clear(vm);
        struct_error(vm, "int too large to convert");
    }
    return false;
}

/* s and p: the bytes cut to the length, zeros after them. */
static bool pack_text(Vm *vm, const Item *item, char *data, Value v)
{
    Buffer buffer;
    if (!is_bytes(v) && !is_kind(v, KIND_BYTEARRAY)) {
        struct_error(vm, "argument for '%c' must be a bytes object", item->code);
        return false;
    }
    if (!buffer_get(vm, v, &buffer, false)) return false;
    ptrdiff_t room = item->count - (item->code == 'p'), len = buffer.len < room ? buffer.len : room;
    if (item->code == 'p' && item->count > 0) {
        *data++ = (char)(len > 255 ? 255 : len);
    }
    if (len > 0) memcpy(data, buffer.data, len);
    buffer_release(vm, &buffer);
    return true;
}

static bool pack_complex(Vm *vm, const Struct *layout, const Item *item, char *data, Value v)
{
    double parts[2];
    if (!complex_value(vm, v, &parts[0], &parts[1])) {
        if (error_is(vm, TypeError)) {
            error_clear(vm);
            struct_error(vm, "required argument is not a complex");
        }
        return false;
    }
    char code = item->code == 'F' ? 'f' : 'd';
    return store_real(vm, data, code, layout, parts[0]) &&
           store_real(vm, data + item->size / 2, code, layout, parts[1]);
}

static bool pack_one(Vm *vm, const Struct *layout, const Item *item, char *data, Value v)
{
    switch (item->code) {
    case 'c':
        if (!is_bytes(v) || as_bytes(v)->len != 1)
            return struct_error(vm, "char format requires a bytes object of length 1"), false;
        *data = as_bytes(v)->data[0];
        return true;
    case '?': {
        Truth truth = value_truth(vm, v);
        *data = truth == YES;
        return truth != FAILED;
    }
    case 'e':
    case 'f':
    case 'd': return pack_real(vm, layout, item, data, v);
    case 'F':
    case 'D': return pack_complex(vm, layout, item, data, v);
    default: return pack_integer(vm, layout, item, data, v);
    }
}

/* Fills layout->size bytes, zeroed before, from as many values as it takes. */
static bool pack_values(Vm *vm, const Struct *layout, char *data, Value *values)
{
    for (int n = 0; n < layout->count; n++) {
        const Item *item = &layout->items[n];
        if (item->code == 'x') continue;
        char *at = data + item->offset;
        if (item->code == 's' || item->code == 'p') {
            if (!pack_text(vm, item, at, *values++)) return false;
            continue;
        }
        for (ptrdiff_t i = 0; i < item->count; i++, at += item->size)
            if (!pack_one(vm, layout, item, at, *values++)) return false;
    }
    return true;
}

static bool check_count(Vm *vm, const Struct *layout, const char *function, ptrdiff_t given)
{
    if (given == layout->values) return true;
    struct_error(vm, "%s expected %zd items for packing (got %zd)", function, layout->values,
                 given);
    return false;
}

static Ref pack(Vm *vm, const Struct *layout, Value *values, ptrdiff_t count)
{
    if (!check_count(vm, layout, "pack", count)) return FAIL;
    Ref out = bytes_from(vm, NULL, layout->size);
    if (failed(out)) return FAIL;
    memset(as_bytes(out)->data, 0, layout->size);
    if (!pack_values(vm, layout, as_bytes(out)->data, values)) replace(&out, FAIL);
    return out;
}

/* Where offset lies in a buffer of len bytes, counted from the end when negative; -1: raised. */
static ptrdiff_t place(Vm *vm, const Struct *layout, ptrdiff_t offset, ptrdiff_t len, bool packing)
{
    ptrdiff_t size = layout->size;
    if (offset < 0) {
        if (offset + size > 0) {
            struct_error(vm,
                         packing ? "no space to pack %zd bytes at offset %zd"
                                 : "not enough data to unpack %zd bytes at offset %zd",
                         size, offset);
            return -1;
        }
        if (offset + len < 0) {
            struct_error(vm, "offset %zd out of range for %zd-byte buffer", offset, len);
            return -1;
        }
        offset += len;
    }
    if (len - offset >= size) return offset;
    struct_error(vm,
                 "%s requires a buffer of at least %zd bytes for %s %zd bytes at offset %zd "
                 "(actual buffer size is %zd)",
                 packing ? "pack_into" : "unpack_from", offset + size,
                 packing ? "packing" : "unpacking", size, offset, len);
    return -1;
}

/* args: the buffer, the offset, the values. */
static Ref pack_into(Vm *vm, const Struct *layout, Value *args, ptrdiff_t count)
{
    int64_t offset;
    Buffer buffer;
    if (count < 2)
        return struct_error(vm, "pack_into expected %s argument", count ? "offset" : "buffer");
    if (!check_count(vm, layout, "pack_into", count - 2)) return FAIL;
    Value target = args[0];
    if (!buffer_get(vm, target, &buffer, true)) {
        if (!error_is(vm, TypeError) && !error_is(vm, BufferError)) return FAIL;
        error_clear(vm);
        return throw(vm, TypeError, "argument must be read-write bytes-like object, not %A",
                     target);
    }
    Ref out = FAIL;
    if (int_index(vm, args[1], &offset)) {
        ptrdiff_t at = place(vm, layout, offset, buffer.len, true);
        if (at >= 0) {
            memset(buffer.data + at, 0, layout->size);
            if (pack_values(vm, layout, buffer.data + at, args + 2)) out = NONE;
        }
    }
    buffer_release(vm, &buffer);
    return out;
}

/* ---- unpacking ---- */

static Ref unpack_one(Vm *vm, const Struct *layout, const Item *item, const char *data)
{
    switch (item->code) {
    case 'c': return bytes_from(vm, data, 1);
    case '?': return from_bool(*data != 0);
    case 'e':
    case 'f':
    case 'd': return from_any_float(load_real(data, item->code, layout->big));
    case 'F':
    case 'D': {
        char code = item->code == 'F' ? 'f' : 'd';
        return complex_from(vm, load_real(data, code, layout->big),
                            load_real(data + item->size / 2, code, layout->big));
    }
    }
    uint64_t bits = load(data, item->size, layout->big);
    if (item->code < 'a') return from_uint64(vm, bits);
    int unused = 64 - item->size * 8;
    return from_int64(vm, (int64_t)(bits << unused) >> unused);
}

static Ref unpack_text(Vm *vm, const Item *item, const char *data)
{
    if (item->code == 's') return bytes_from(vm, data, item->count);
    ptrdiff_t len = item->count ? (uint8_t)data[0] : 0;
    if (len >= item->count) len = item->count ? item->count - 1 : 0;
    return bytes_from(vm, data + 1, len);
}

static Ref unpack(Vm *vm, const Struct *layout, const char *data)
{
    Ref out = tuple_new(vm, layout->values);
    Ref *values = failed(out) ? NULL : as_tuple(out)->items;
    for (int n = 0; n < layout->count && !failed(out); n++) {
        const Item *item = &layout->items[n];
        const char *at = data + item->offset;
        bool text = item->code == 's' || item->code == 'p';
        ptrdiff_t count = item->code == 'x' ? 0 : text ? 1 : item->count;
        for (ptrdiff_t i = 0; i < count && !failed(out); i++, at += item->size) {
            Ref value = text ? unpack_text(vm, item, at) : unpack_one(vm, layout, item, at);
            if (failed(value)) replace(&out, FAIL);
            else *values++ = value;
        }
    }
    return out;
}

static Ref unpack_all(Vm *vm, const Struct *layout, Value source)
{
    Buffer buffer;
    if (is_exact(source, KIND_BYTES) && as_bytes(source)->len == layout->size)
        return unpack(vm, layout, as_bytes(source)->data);
    if (!buffer_get(vm, source, &buffer, false)) return FAIL;
    Ref out = buffer.len == layout->size
                  ? unpack(vm, layout, buffer.data)
                  : struct_error(vm, "unpack requires a buffer of %zd bytes", layout->size);
    buffer_release(vm, &buffer);
    return out;
}

static Ref unpack_from(Vm *vm, const Struct *layout, Value source, Value offset_value)
{
    int64_t offset;
    Buffer buffer;
    if (!int_index(vm, offset_value, &offset) || !buffer_get(vm, source, &buffer, false))
        return FAIL;
    ptrdiff_t at = place(vm, layout, offset, buffer.len, false);
    Ref out = at < 0 ? FAIL : unpack(vm, layout, buffer.data + at);
    buffer_release(vm, &buffer);
    return out;
}

static Ref iter_unpack(Vm *vm, Value layout_value, Value source)
{
    const Struct *layout = as_struct(layout_value);
    if (layout->size == 0)
        return struct_error(vm, "cannot iteratively unpack with a struct of length 0");
    Type *type = type_from_def(vm, &unpack_iter_type);
    UnpackIter *iter = type ? type_instance(vm, type) : NULL;
    if (!iter) return FAIL;
    iter->layout = newref(layout_value);
    if (buffer_get(vm, source, &iter->buffer, false)) {
        if (iter->buffer.len % layout->size == 0) return from_object(iter);
        struct_error(vm, "iterative unpacking requires a buffer of a multiple of %zd bytes",
                     layout->size);
        buffer_release(vm, &iter->buffer);
    }
    decref_object(iter);
    return FAIL;
}

static Ref unpack_iter_next(Vm *vm, Value self)
{
    UnpackIter *iter = (UnpackIter *)as_object(self);
    if (absent(iter->layout)) return UNDEF;
    const Struct *layout = as_struct(iter->layout);
    if (iter->next >= iter->buffer.len) {
        buffer_release(vm, &iter->buffer);
        clear(&iter->layout);
        return UNDEF;
    }
    Ref out = unpack(vm, layout, iter->buffer.data + iter->next);
    iter->next += layout->size;
    return out;
}
NATIVE(unpack_iter_hint, "__length_hint__(self, /)", "Return how many tuples are left.")
{
    const UnpackIter *iter = (UnpackIter *)as_object(argv[0]);
    if (absent(iter->layout)) return from_small(0);
    return from_small((iter->buffer.len - iter->next) / as_struct(iter->layout)->size);
}

/* ---- the type ---- */

NATIVE(struct_make, "new(cls, /, format)",
       "Read a format, so that packing and unpacking by it need not.")
{
    return struct_new(vm, as_type(argv[0]), argv[1]);
}
NATIVE(struct_pack, "pack(self, /, *values)", "Return the values as bytes.")
{
    return pack(vm, as_struct(argv[0]), as_values(as_tuple(argv[1])->items), tuple_len(argv[1]));
}
NATIVE(struct_pack_into, "pack_into(self, /, *args)",
       "pack_into(buffer, offset, *values): write the values into a writable buffer.")
{
    return pack_into(vm, as_struct(argv[0]), as_values(as_tuple(argv[1])->items),
                     tuple_len(argv[1]));
}
NATIVE(struct_unpack, "unpack(self, buffer, /)", "Return a tuple of the values in the bytes.")
{
    return unpack_all(vm, as_struct(argv[0]), argv[1]);
}
NATIVE(struct_unpack_from, "unpack_from(self, /, buffer, offset=0)",
       "Return a tuple of the values that stand at offset of the buffer.")
{
    return unpack_from(vm, as_struct(argv[0]), argv[1], argv[2]);
}
NATIVE(struct_iter_unpack, "iter_unpack(self, buffer, /)",
       "Return an iterator over the tuples that the buffer holds one after the other.")
{
    return iter_unpack(vm, argv[0], argv[1]);
}
static Ref struct_repr(Vm *vm, Value self)
{
    return format_text(vm, "%N(%R)", type_of(vm, self), (Value)as_struct(self)->format);
}
static void struct_clear(Object *self)
{
    memory_free(((Struct *)self)->items);
    ((Struct *)self)->items = NULL;
}
static Ref get_format(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_struct(self)->format);
}
static Ref get_size(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_struct(self)->size);
}

static const Native *const struct_methods[] = {
    &struct_pack_def,        &struct_pack_into_def,   &struct_unpack_def,
    &struct_unpack_from_def, &struct_iter_unpack_def, NULL,
};
static const Attribute struct_attributes[] = {
    {"format", get_format, NULL, "The format, a str."},
    {"size", get_size, NULL, "How many bytes pack() returns."},
    {0},
};
static const TypeDef struct_type = {
    .name = "_struct.Struct",
    .doc = "A format read once: Struct(format).",
    .size = sizeof(Struct),
    .flags = TYPE_WEAKREF,
    .refs = REFS(REF(Struct, format)),
    .clear = struct_clear,
    .new = &struct_make_def,
    .repr = struct_repr,
    .methods = struct_methods,
    .attributes = struct_attributes,
};

static const Native *const unpack_iter_methods[] = {&unpack_iter_hint_def, NULL};
static const TypeDef unpack_iter_type = {
    .name = "_struct.unpack_iterator",
    .doc = "The tuples that a buffer holds.",
    .size = sizeof(UnpackIter),
    .flags = TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(UnpackIter, layout), REF(UnpackIter, buffer.owner)),
    .iter = iter_self,
    .next = unpack_iter_next,
    .methods = unpack_iter_methods,
};

/* ---- functions ---- */

NATIVE(module_pack, "pack(*args)", "pack(format, *values): return the values as bytes.")
{
    ptrdiff_t count = tuple_len(argv[0]);
    if (count == 0) return throw(vm, TypeError, "missing format argument");
    Value *items = as_values(as_tuple(argv[0])->items);
    Ref layout = struct_for(vm, items[0]), out = FAIL;
    if (!failed(layout)) out = pack(vm, as_struct(layout), items + 1, count - 1);
    decref(layout);
    return out;
}
NATIVE(module_pack_into, "pack_into(*args)",
       "pack_into(format, buffer, offset, *values): write the values into a writable buffer.")
{
    ptrdiff_t count = tuple_len(argv[0]);
    if (count == 0) return throw(vm, TypeError, "missing format argument");
    Value *items = as_values(as_tuple(argv[0])->items);
    Ref layout = struct_for(vm, items[0]), out = FAIL;
    if (!failed(layout)) out = pack_into(vm, as_struct(layout), items + 1, count - 1);
    decref(layout);
    return out;
}
NATIVE(module_unpack, "unpack(format, buffer, /)", "Return a tuple of the values in the bytes.")
{
    Ref layout = struct_for(vm, argv[0]);
    Ref out = failed(layout) ? FAIL : unpack_all(vm, as_struct(layout), argv[1]);
    decref(layout);
    return out;
}
NATIVE(module_unpack_from, "unpack_from(format, /, buffer, offset=0)",
       "Return a tuple of the values that stand at offset of the buffer.")
{
    Ref layout = struct_for(vm, argv[0]);
    Ref out = failed(layout) ? FAIL : unpack_from(vm, as_struct(layout), argv[1], argv[2]);
    decref(layout);
    return out;
}
NATIVE(module_iter_unpack, "iter_unpack(format, buffer, /)",
       "Return an iterator over the tuples that the buffer holds one after the other.")
{
    Ref layout = struct_for(vm, argv[0]);
    Ref out = failed(layout) ? FAIL : iter_unpack(vm, layout, argv[1]);
    decref(layout);
    return out;
}
NATIVE(module_calcsize, "calcsize(format, /)", "Return how many bytes the format takes.")
{
    Ref layout = struct_for(vm, argv[0]);
    Ref out = failed(layout) ? FAIL : from_small(as_struct(layout)->size);
    decref(layout);
    return out;
}
NATIVE(module_clearcache, "_clearcache()", "Forget the formats that were read.")
{
    Dict *cache = format_cache(vm, type_from_def(vm, &struct_type));
    if (!cache) return FAIL;
    dict_clear(cache);
    return NONE;
}

static const Native *const struct_functions[] = {
    &module_pack_def,        &module_pack_into_def, &module_unpack_def,     &module_unpack_from_def,
    &module_iter_unpack_def, &module_calcsize_def,  &module_clearcache_def, NULL,
};
static const TypeDef *const struct_types[] = {&struct_type, NULL};
const ModuleDef _struct_module = {
    .name = "_struct",
    .doc = "Numbers and bytes packed as C lays them out.",
    .functions = struct_functions,
    .types = struct_types,
};
