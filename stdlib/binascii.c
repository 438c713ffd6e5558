/* binascii.c - the module binascii: bytes as text in base 64, hexadecimal, uuencode,
 * quoted-printable;
 * checksums.
 *
 * Neighbours: base64.aio. */
/* SPDX-License-Identifier: MIT */
#include "native.h"

/* ---- input and output ---- */

/* The bytes of a bytes-like object or an ASCII str. */
static bool source_get(Vm *vm, Value v, Buffer *buffer)
{
    if (is_str(v)) {
        if (!as_str(v)->ascii) {
            throw(vm, ValueError, "string argument should contain only ASCII characters");
            return false;
        }
        *buffer = (Buffer){.data = as_str(v)->data, .len = as_str(v)->len, .owner = UNDEF};
        return true;
    }
    if (type_of(vm, v)->slots.buffer) return buffer_get(vm, v, buffer, false);
    throw(vm, TypeError, "argument should be bytes, buffer or ASCII string, not '%T'", v);
    return false;
}

/* Bytes that grow. */
typedef struct Output {
    Vm *vm;
    char *data;
    ptrdiff_t len, capacity;
    bool failed;
} Output;

static void put(Output *out, int byte)
{
    if (out->len == out->capacity && !out->failed) {
        ptrdiff_t capacity = out->capacity * 2 + 64;
        char *data = memory_resize(out->vm, out->data, capacity);
        out->failed = !data;
        if (data) out->data = data, out->capacity = capacity;
    }
    if (!out->failed) out->data[out->len++] = (char)byte;
}

static Ref output_finish(Output *out)
{
    Ref bytes = out->failed ? FAIL : bytes_from(out->vm, out->len ? out->data : "", out->len);
    memory_free(out->data);
    return bytes;
}

/* Raises binascii.Error (or .Incomplete). */
static Ref binascii_error(Vm *vm, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    Ref text = format_text_list(vm, format, &list);
    va_end(list);
    Ref module = failed(text) ? FAIL : import_text(vm, "binascii");
    Ref class = failed(module) ? FAIL : attr_get_text(vm, module, "Error");
    Ref error = failed(class) ? FAIL : call1(vm, class, text);
    if (!failed(error)) throw_object(vm, error);
    decref(error);
    decref(class);
    decref(module);
    decref(text);
    return FAIL;
}

/* ---- base 64 ---- */

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The value of a base 64 digit; 64: it is none. */
static const uint8_t base64_values[256] = {
#define NONE_16 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64
    NONE_16, NONE_16, /* */
    64,      64,      64,      64,      64,      64,      64,      64,
    64,      64,      64,      62,      64,      64,      64,      63, /* + / */
    52,      53,      54,      55,      56,      57,      58,      59,
    60,      61,      64,      64,      64,      64,      64,      64, /* 0-9 */
    64,      0,       1,       2,       3,       4,       5,       6,
    7,       8,       9,       10,      11,      12,      13,      14, /* A-O */
    15,      16,      17,      18,      19,      20,      21,      22,
    23,      24,      25,      64,      64,      64,      64,      64, /* P-Z */
    64,      26,      27,      28,      29,      30,      31,      32,
    33,      34,      35,      36,      37,      38,      39,      40, /* a-o */
    41,      42,      43,      44,      45,      46,      47,      48,
    49,      50,      51,      64,      64,      64,      64,      64, /* p-z */
    NONE_16, NONE_16, NONE_16, NONE_16, NONE_16, NONE_16, NONE_16, NONE_16,
#undef NONE_16
};

NATIVE(b2a_base64, "b2a_base64(data, /, *, newline=True)",
       "Return data in base 64 as bytes, a newline at the end.")
{
    Buffer source;
    Truth newline = value_truth(vm, argv[1]);
    if (newline == FAILED || !buffer_get(vm, argv[0], &source, false)) return FAIL;
    const uint8_t *in = (const uint8_t *)source.data;
    Ref out = bytes_from(vm, NULL, (source.len + 2) / 3 * 4 + (newline == YES));
    char *to = failed(out) ? NULL : as_bytes(out)->data;
    for (ptrdiff_t n = 0; to && n < source.len; n += 3) {
        ptrdiff_t left = source.len - n;
        uint32_t group = in[n] << 16 | (left > 1 ? in[n + 1] << 8 : 0) | (left > 2 ? in[n + 2] : 0);
        *to++ = base64_digits[group >> 18];
        *to++ = base64_digits[group >> 12 & 63];
        *to++ = left > 1 ? base64_digits[group >> 6 & 63] : '=';
        *to++ = left > 2 ? base64_digits[group & 63] : '=';
    }
    if (to && newline == YES) *to = '\n';
    buffer_release(vm, &source);
    return out;
}

/* Decodes groups of four digits from in[0:len] into out, which has room; how many there are before
 * anything else comes. */
static ptrdiff_t base64_groups(const uint8_t *in, ptrdiff_t len, char *out)
{
    ptrdiff_t n = 0;
    for (; n + 4 <= len; n += 4) {
        uint32_t a = base64_values[in[n]], b = base64_values[in[n + 1]];
        uint32_t c = base64_values[in[n + 2]], d = base64_values[in[n + 3]];
        if ((a | b | c | d) & 64) break;
        uint32_t group = a << 18 | b << 12 | c << 6 | d;
        *out++ = (char)(group >> 16);
        *out++ = (char)(group >> 8);
        *out++ = (char)group;
    }
    return n / 4;
}

/* Decodes until padding ends it; what the loop leaves in the counters tells whether it was
 * right. */
static Ref base64_decode(Vm *vm, const uint8_t *in, ptrdiff_t len, bool strict)
{
    ptrdiff_t capacity = len / 4 * 3 + 3;
    Output out = {.vm = vm, .data = memory_new(vm, (size_t)capacity), .capacity = capacity};
    if (!out.data) return FAIL;
    ptrdiff_t groups = base64_groups(in, len, out.data);
    out.len = 3 * groups;
    uint32_t group = 0;
    int place = 0, pads = 0; /* digits of the group so far; = signs */
    const char *wrong = NULL;
    if (strict && len > 0 && in[0] == '=') wrong = "Leading padding not allowed";
    for (ptrdiff_t n = 4 * groups; n < len && !wrong; n++) {
        if (in[n] == '=') {
            if (strict && place == 0) wrong = "Excess padding not allowed";
            if (place >= 2 && place + ++pads >= 4) {
                if (strict && n + 1 < len) wrong = "Excess data after padding";
                if (!wrong) return output_finish(&out);
            }
            continue;
        }
        int digit = base64_values[in[n]];
        if (digit == 64) {
            if (strict) wrong = "Only base64 data is allowed";
            continue;
        }
        if (strict && pads) wrong = "Discontinuous padding not allowed";
        pads = 0;
        group = group << 6 | (uint32_t)digit;
        if (place > 0) put(&out, group >> (6 - 2 * place) & 0xFF);
        place = (place + 1) & 3;
        if (place == 0) group = 0;
    }
    if (!wrong && place == 0) return output_finish(&out);
    ptrdiff_t count = out.len / 3 * 4 + 1;
    memory_free(out.data);
    if (wrong) return binascii_error(vm, "%s", wrong);
    if (place == 1)
        return binascii_error(vm,
                              "Invalid base64-encoded string: number of data characters (%zd) "
                              "cannot be 1 more than a multiple of 4",
                              count);
    return binascii_error(vm, "Incorrect padding");
}

NATIVE(a2b_base64, "a2b_base64(data, /, *, strict_mode=False)",
       "Return the bytes that base 64 text stands for; other characters are skipped.\n"
       "Raises binascii.Error for wrong padding and, in strict mode, for anything odd.")
{
    Buffer source;
    Truth strict = value_truth(vm, argv[1]);
    if (strict == FAILED || !source_get(vm, argv[0], &source)) return FAIL;
    Ref out = base64_decode(vm, (const uint8_t *)source.data, source.len, strict == YES);
    buffer_release(vm, &source);
    return out;
}

/* ---- hexadecimal ---- */

static Ref hexlify(Vm *vm, Value *argv)
{
    Buffer source;
    if (!buffer_get(vm, argv[0], &source, false)) return FAIL;
    if (absent(argv[1])) {
        Ref digits = bytes_from(vm, NULL, source.len * 2);
        if (!failed(digits)) hex_write(as_bytes(digits)->data, source.data, source.len);
        buffer_release(vm, &source);
        return digits;
    }
    Ref data = bytes_from(vm, source.data, source.len), method = FAIL, text = FAIL, out = FAIL;
    buffer_release(vm, &source);
    if (!failed(data)) method = attr_get_text(vm, data, "hex");
    if (!failed(method)) text = call(vm, method, 2, argv + 1);
    if (!failed(text)) {
        const Str *made = as_str(text);
        out = bytes_from(vm, NULL, made->len);
        for (ptrdiff_t n = 0; !failed(out) && n < made->len; n++)
            as_bytes(out)->data[n] = (char)str_at(made, n);
    }
    decref(text);
    decref(method);
    decref(data);
    return out;
}
NATIVE(b2a_hex, "b2a_hex(data, sep=?, bytes_per_sep=1)",
       "Return data in hexadecimal digits, as bytes; sep goes between groups of bytes.")
{
    return hexlify(vm, argv);
}
NATIVE(binascii_hexlify, "hexlify(data, sep=?, bytes_per_sep=1)",
       "Return data in hexadecimal digits, as bytes; sep goes between groups of bytes.")
{
    return hexlify(vm, argv);
}

static Ref unhexlify(Vm *vm, Value v)
{
    Buffer source;
    if (!source_get(vm, v, &source)) return FAIL;
    Ref out = FAIL;
    if (source.len % 2) {
        binascii_error(vm, "Odd-length string");
    } else {
        out = bytes_from(vm, NULL, source.len / 2);
        for (ptrdiff_t n = 0; !failed(out) && n < source.len; n += 2) {
            unsigned high = hex_value(source.data[n]), low = hex_value(source.data[n + 1]);
            if (high > 15 || low > 15) {
                binascii_error(vm, "Non-hexadecimal digit found");
                replace(&out, FAIL);
            } else {
                as_bytes(out)->data[n / 2] = (char)(high << 4 | low);
            }
        }
    }
    buffer_release(vm, &source);
    return out;
}
NATIVE(a2b_hex, "a2b_hex(hexstr, /)", "Return the bytes that hexadecimal digits stand for.")
{
    return unhexlify(vm, argv[0]);
}
NATIVE(binascii_unhexlify, "unhexlify(hexstr, /)",
       "Return the bytes that hexadecimal digits stand for.")
{
    return unhexlify(vm, argv[0]);
}

/* ---- uuencode ---- */

NATIVE(b2a_uu, "b2a_uu(data, /, *, backtick=False)",
       "Return a line of uuencoded data, of at most 45 bytes.")
{
    Buffer source;
    Truth backtick = value_truth(vm, argv[1]);
    if (backtick == FAILED || !buffer_get(vm, argv[0], &source, false)) return FAIL;
    if (source.len > 45) {
        buffer_release(vm, &source);
        return binascii_error(vm, "At most 45 bytes at once");
    }
    Output out = {.vm = vm};
    const uint8_t *in = (const uint8_t *)source.data;
    const int zero = backtick == YES ? '`' : ' ';
    put(&out, source.len ? ' ' + (int)source.len : zero);
    for (ptrdiff_t n = 0; n < source.len; n += 3) {
        uint32_t group = in[n] << 16 | (n + 1 < source.len ? in[n + 1] << 8 : 0) |
                         (n + 2 < source.len ? in[n + 2] : 0);
        for (int shift = 18; shift >= 0; shift -= 6) {
            int digit = group >> shift & 63;
            put(&out, digit ? ' ' + digit : zero);
        }
    }
    put(&out, '\n');
    buffer_release(vm, &source);
    return output_finish(&out);
}

/* The digit at i: blanks that were cut off, and line ends, count as zero.  -1: none. */
static int uu_digit(const Buffer *source, ptrdiff_t i)
{
    if (i >= source->len) return 0;
    uint8_t c = (uint8_t)source->data[i];
    if (c == '\n' || c == '\r') return 0;
    return c < ' ' || c > ' ' + 64 ? -1 : (c - ' ') & 63;
}

NATIVE(a2b_uu, "a2b_uu(data, /)", "Return the bytes of a line of uuencoded data.")
{
    Buffer source;
    if (!source_get(vm, argv[0], &source)) return FAIL;
    ptrdiff_t len = source.len ? ((uint8_t)source.data[0] - ' ') & 63 : (0 - ' ') & 63, i = 1;
    Ref out = bytes_from(vm, NULL, len);
    uint32_t group = 0;
    int bits = 0;
    for (ptrdiff_t n = 0; !failed(out) && n < len; i++) {
        int digit = uu_digit(&source, i);
        if (digit < 0) {
            binascii_error(vm, "Illegal char");
            replace(&out, FAIL);
            break;
        }
        group = (group << 6 | (uint32_t)digit) & 0xFFFF;
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        as_bytes(out)->data[n++] = (char)(group >> bits);
    }
    for (; !failed(out) && i < source.len; i++) {
        uint8_t c = (uint8_t)source.data[i];
        if (c == ' ' || c == '`' || c == '\n' || c == '\r') continue;
        binascii_error(vm, "Trailing garbage");
        replace(&out, FAIL);
    }
    buffer_release(vm, &source);
    return out;
}

/* ---- quoted-printable ---- */

NATIVE(a2b_qp, "a2b_qp(data, header=False)",
       "Return the bytes that quoted-printable text stands for; in headers _ is a blank.")
{
    Buffer source;
    Truth header = value_truth(vm, argv[1]);
    if (header == FAILED || !source_get(vm, argv[0], &source)) return FAIL;
    const uint8_t *in = (const uint8_t *)source.data;
    Output out = {.vm = vm};
    for (ptrdiff_t n = 0; n < source.len;) {
        uint8_t c = in[n++];
        if (c != '=') {
            put(&out, header == YES && c == '_' ? ' ' : c);
            continue;
        }
        if (n >= source.len) break;
        if (in[n] == '\n' || in[n] == '\r') { /* a soft line break */
            while (n < source.len && in[n] != '\n') n++;
            n += n < source.len;
        } else if (in[n] == '=') {
            put(&out, '=');
            n++;
        } else if (n + 1 < source.len && hex_value(in[n]) < 16 && hex_value(in[n + 1]) < 16) {
            put(&out, (int)(hex_value(in[n]) << 4 | hex_value(in[n + 1])));
            n += 2;
        } else {
            put(&out, '=');
        }
    }
    buffer_release(vm, &source);
    return output_finish(&out);
}

typedef struct QpWriter {
    Output out;
    const uint8_t *in;
    ptrdiff_t len;
    bool tabs, text, header, crlf;
    int column;
} QpWriter;

static void qp_break(QpWriter *w)
{
    if (w->crlf) put(&w->out, '\r');
    put(&w->out, '\n');
    w->column = 0;
}

/* Must the byte at n be written as =XX? */
static bool qp_quotes(const QpWriter *w, ptrdiff_t n)
{
    uint8_t c = w->in[n];
    bool at_end = n + 1 == w->len;
    if (c > 126 || c == '=' || (w->header && c == '_')) return true;
    if (c == '.' && w->column == 0)
        return at_end || w->in[n + 1] == '\n' || w->in[n + 1] == '\r' || w->in[n + 1] == 0;
    if (!w->text && (c == '\r' || c == '\n')) return true;
    if ((c == '\t' || c == ' ') && at_end) return true;
    if (c < 33 && c != '\r' && c != '\n' && c != '\t' && c != ' ') return true;
    return c < 33 && c != '\r' && c != '\n' && w->tabs;
}

static void qp_hex(QpWriter *w, uint8_t c)
{
    static const char digits[] = "0123456789ABCDEF";
    put(&w->out, '=');
    put(&w->out, digits[c >> 4]);
    put(&w->out, digits[c & 15]);
    w->column += 3;
}

/* A line break of the text itself; blanks before it must not end the line. */
static ptrdiff_t qp_newline(QpWriter *w, ptrdiff_t n)
{
    Output *out = &w->out;
    if (out->len > 0 && (out->data[out->len - 1] == ' ' || out->data[out->len - 1] == '\t')) {
        uint8_t blank = (uint8_t)out->data[--out->len];
        qp_hex(w, blank);
    }
    ptrdiff_t behind = n + (w->in[n] == '\r' ? 2 : 1);
    qp_break(w);
    return behind;
}

static void qp_write(QpWriter *w)
{
    enum { LINE = 76 };
    for (ptrdiff_t n = 0; n < w->len;) {
        uint8_t c = w->in[n];
        if (qp_quotes(w, n)) {
            if (w->column + 3 >= LINE) {
                put(&w->out, '=');
                qp_break(w);
            }
            qp_hex(w, c);
            n++;
        } else if (w->text &&
                   (c == '\n' || (c == '\r' && n + 1 < w->len && w->in[n + 1] == '\n'))) {
            n = qp_newline(w, n);
        } else {
            if (n + 1 < w->len && w->in[n + 1] != '\n' && w->column + 1 >= LINE) {
                put(&w->out, '=');
                qp_break(w);
            }
            put(&w->out, w->header && c == ' ' ? '_' : c);
            w->column++;
            n++;
        }
    }
}

NATIVE(
    b2a_qp, "b2a_qp(data, quotetabs=False, istext=True, header=False)",
    "Return data in quoted-printable form, as bytes.\n"
    "istext keeps line breaks; quotetabs encodes blanks and tabs too; header writes a blank as _.")
{
    Buffer source;
    Truth flags[3];
    for (int n = 0; n < 3; n++)
        if ((flags[n] = value_truth(vm, argv[n + 1])) == FAILED) return FAIL;
    if (!buffer_get(vm, argv[0], &source, false)) return FAIL;
    QpWriter w = {.out = {.vm = vm},
                  .in = (const uint8_t *)source.data,
                  .len = source.len,
                  .tabs = flags[0] == YES,
                  .text = flags[1] == YES,
                  .header = flags[2] == YES};
    const char *newline = source.len ? memchr(source.data, '\n', (size_t)source.len) : NULL;
    w.crlf = newline && newline > source.data && newline[-1] == '\r';
    qp_write(&w);
    buffer_release(vm, &source);
    return output_finish(&w.out);
}

/* ---- checksums ---- */

NATIVE(binascii_crc32, "crc32(data, crc=0, /)",
       "Return the CRC-32 of data, begun with the one of what came before.")
{
    Buffer source;
    Ref seed = int_from_index(vm, argv[1]);
    if (failed(seed)) return FAIL;
    IntView view;
    mpz_t low;
    mpz_init(low);
    mpz_fdiv_r_2exp(low, int_view(&view, seed), 32);
    uint32_t crc = ~(uint32_t)mpz_get_ui(low);
    mpz_clear(low);
    decref(seed);
    if (!buffer_get(vm, argv[0], &source, false)) return FAIL;
    uint32_t table[256];
    for (uint32_t n = 0; n < 256; n++) {
        uint32_t c = n;
        for (int k = 0; k < 8; k++) c = c & 1 ? 0xEDB88320u ^ c >> 1 : c >> 1;
        table[n] = c;
    }
    for (ptrdiff_t n = 0; n < source.len; n++)
        crc = table[(crc ^ (uint8_t)source.data[n]) & 0xFF] ^ crc >> 8;
    buffer_release(vm, &source);
    return from_small(~crc);
}

NATIVE(binascii_crc_hqx, "crc_hqx(data, crc, /)", "Return the CRC-CCITT of data, begun with crc.")
{
    Buffer source;
    int64_t seed;
    if (!int_index(vm, argv[1], &seed) || !buffer_get(vm, argv[0], &source, false)) return FAIL;
    uint32_t crc = (uint32_t)seed & 0xFFFF;
    for (ptrdiff_t n = 0; n < source.len; n++) {
        crc ^= (uint32_t)(uint8_t)source.data[n] << 8;
        for (int k = 0; k < 8; k++) crc = (crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1) & 0xFFFF;
    }
    buffer_release(vm, &source);
    return from_small(crc);
}

/* ---- the module ---- */

/* A new exception class of the module. */
static bool add_exception(Vm *vm, Value module, const char *name, ExcId base)
{
    Ref text = str_from(vm, name), bases = FAIL, namespace = dict_new(vm), class = FAIL;
    Ref home = str_from(vm, "binascii");
    if (!failed(text)) bases = tuple_pack(vm, 1, borrow(exception_class(vm, base)));
    if (!failed(bases) && !failed(namespace) && !failed(home) &&
        dict_set(vm, as_dict(namespace), N(__module__), home))
        class = type_make(vm, type_builtin(vm, KIND_TYPE), text, bases, namespace, NULL);
    decref(home);
    decref(namespace);
    decref(bases);
    decref(text);
    return !failed(class) && module_set(vm, module, name, class);
}
static bool binascii_open(Vm *vm, Value module)
{
    return add_exception(vm, module, "Error", ValueError) &&
           add_exception(vm, module, "Incomplete", Exception_);
}
static const Native *const binascii_functions[] = {
    &a2b_base64_def,
    &b2a_base64_def,
    &a2b_hex_def,
    &b2a_hex_def,
    &binascii_hexlify_def,
    &binascii_unhexlify_def,
    &a2b_uu_def,
    &b2a_uu_def,
    &a2b_qp_def,
    &b2a_qp_def,
    &binascii_crc32_def,
    &binascii_crc_hqx_def,
    NULL,
};
const ModuleDef binascii_module = {
    .name = "binascii",
    .doc = "Bytes as text and back.",
    .functions = binascii_functions,
    .open = binascii_open,
};
