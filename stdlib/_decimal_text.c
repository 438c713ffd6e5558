/* _decimal_text.c - numbers as text and back: parsing, str(), format().
 *
 * Neighbours: _decimal.h. */
/* SPDX-License-Identifier: MIT */
#include "_decimal.h"

#include <ctype.h>
#include <strings.h>

/* ---- parsing ---- */

typedef struct Scanner {
    const char *next, *end;
} Scanner;

static bool scan_word(Scanner *scanner, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(scanner->end - scanner->next) < len || strncasecmp(scanner->next, word, len))
        return false;
    scanner->next += len;
    return true;
}

static ptrdiff_t digits_ahead(const Scanner *scanner)
{
    ptrdiff_t n = 0;
    while (n < scanner->end - scanner->next && isdigit((unsigned char)scanner->next[n])) n++;
    return n;
}

static bool digits_to_mpz(mpz_t out, const char *first, ptrdiff_t first_len, const char *second,
                          ptrdiff_t second_len)
{
    char few[64];
    size_t len = (size_t)(first_len + second_len);
    if (len < 19) {
        unsigned long n = 0;
        for (ptrdiff_t i = 0; i < first_len; i++) n = n * 10 + (unsigned long)(first[i] - '0');
        for (ptrdiff_t i = 0; i < second_len; i++) n = n * 10 + (unsigned long)(second[i] - '0');
        mpz_set_ui(out, n);
        return true;
    }
    char *text = len < sizeof few ? few : malloc(len + 1);
    if (!text) return false;
    memcpy(text, first, (size_t)first_len);
    if (second_len) memcpy(text + first_len, second, (size_t)second_len);
    text[len] = '\0';
    mpz_set_str(out, text, 10);
    if (text != few) free(text);
    return true;
}

/* e+123; far beyond any range it stays where it is. */
static bool scan_exponent(Scanner *scanner, int64_t *exponent)
{
    bool negative = false;
    if (scanner->next < scanner->end && (*scanner->next == '+' || *scanner->next == '-'))
        negative = *scanner->next++ == '-';
    ptrdiff_t len = digits_ahead(scanner);
    if (len == 0) return false;
    int64_t n = 0;
    for (; len > 0; len--, scanner->next++)
        n = n < 3 * PREC_LIMIT / 10 ? n * 10 + (*scanner->next - '0') : 3 * PREC_LIMIT;
    *exponent = negative ? -n : n;
    return true;
}

static bool scan_nan(Scanner *scanner, Triple *out)
{
    bool signaling = scanner->next < scanner->end && (*scanner->next | 32) == 's';
    if (signaling) scanner->next++;
    if (!scan_word(scanner, "nan")) return false;
    ptrdiff_t len = digits_ahead(scanner);
    out->kind = signaling ? SIGNALING_NAN : QUIET_NAN;
    bool good = digits_to_mpz(out->coeff, scanner->next, len, NULL, 0);
    scanner->next += len;
    return good;
}

static bool scan_finite(Scanner *scanner, Triple *out)
{
    const char *whole = scanner->next;
    ptrdiff_t whole_len = digits_ahead(scanner), fraction_len = 0;
    scanner->next += whole_len;
    const char *fraction = scanner->next;
    if (scanner->next < scanner->end && *scanner->next == '.') {
        fraction = ++scanner->next;
        fraction_len = digits_ahead(scanner);
        scanner->next += fraction_len;
    }
    if (whole_len + fraction_len == 0) return false;
    int64_t exponent = 0;
    if (scanner->next < scanner->end && (*scanner->next | 32) == 'e') {
        scanner->next++;
        if (!scan_exponent(scanner, &exponent)) return false;
    }
    out->exp = exponent - fraction_len;
    return digits_to_mpz(out->coeff, whole, whole_len, fraction, fraction_len);
}

void triple_parse(Triple *out, const char *text, ptrdiff_t len, uint32_t *status)
{
    Scanner scanner = {text, text + len};
    triple_set(out, false, 0, 0);
    if (len > 0 && (*text == '+' || *text == '-')) out->negative = *scanner.next++ == '-';
    bool good;
    if (scan_word(&scanner, "infinity") || scan_word(&scanner, "inf")) {
        out->kind = INFINITE;
        good = true;
    } else if (scanner.next < scanner.end && strchr("sSnN", *scanner.next)) {
        good = scan_nan(&scanner, out);
    } else good = scan_finite(&scanner, out);
    if (!good || scanner.next != scanner.end) triple_set_invalid(out, COND_SYNTAX, status);
}

/* ---- str ---- */

static char *digits_of(Vm *vm, mpz_srcptr coeff, ptrdiff_t *len)
{
    char *text = memory_new(vm, mpz_sizeinbase(coeff, 10) + 2);
    if (!text) return NULL;
    if (mpz_size(coeff) <= 1) *len = snprintf(text, 24, "%lu", mpz_get_ui(coeff));
    else {
        mpz_get_str(text, 10, coeff);
        *len = (ptrdiff_t)strlen(text);
    }
    return text;
}

static Ref special_text(Vm *vm, const Triple *a)
{
    const char *sign = a->negative ? "-" : "";
    if (a->kind == INFINITE) return str_format(vm, "%sInfinity", sign);
    ptrdiff_t len = 0;
    char *payload = mpz_sgn(a->coeff) ? digits_of(vm, a->coeff, &len) : NULL;
    if (mpz_sgn(a->coeff) && !payload) return FAIL;
    Ref out = str_format(vm, "%s%sNaN%s", sign, a->kind == SIGNALING_NAN ? "s" : "",
                         payload ? payload : "");
    memory_free(payload);
    return out;
}

/* sign, digits with the point after `point` of them (zeros filled in on both sides), exponent. */
static bool build_number(Vm *vm, StrBuilder *builder, bool negative, const char *digits,
                         ptrdiff_t len, ptrdiff_t point)
{
    if (negative && !builder_ascii(vm, builder, "-", 1)) return false;
    if (point <= 0)
        return builder_ascii(vm, builder, "0.", 2) && builder_fill(vm, builder, '0', -point) &&
               builder_ascii(vm, builder, digits, len);
    if (point >= len)
        return builder_ascii(vm, builder, digits, len) &&
               builder_fill(vm, builder, '0', point - len);
    return builder_ascii(vm, builder, digits, point) && builder_ascii(vm, builder, ".", 1) &&
           builder_ascii(vm, builder, digits + point, len - point);
}

static bool build_exponent(Vm *vm, StrBuilder *builder, int64_t exponent, char letter)
{
    char text[40];
    int len = snprintf(text, sizeof text, "%c%+lld", letter, (long long)exponent);
    return builder_ascii(vm, builder, text, len);
}

/* Where the point goes in scientific or engineering notation. */
static ptrdiff_t point_of(const Triple *a, ptrdiff_t len, bool engineering)
{
    int64_t left = a->exp + len;
    if (a->exp <= 0 && left > -6) return (ptrdiff_t)left;
    if (!engineering) return 1;
    int64_t third = (left - 1) % 3;
    if (third < 0) third += 3;
    if (mpz_sgn(a->coeff)) return (ptrdiff_t)third + 1;
    int64_t rest = (left + 1) % 3; /* a zero: 0.00E+3 */
    if (rest < 0) rest += 3;
    return (ptrdiff_t)rest - 1;
}

Ref triple_to_text(Vm *vm, const Triple *a, bool capitals, bool engineering)
{
    if (a->kind != FINITE) return special_text(vm, a);
    char small[SMALL_TEXT];
    ptrdiff_t len = small_text(small, a);
    if (len) return str_from_ascii(vm, small, len);
    char *digits = digits_of(vm, a->coeff, &len);
    if (!digits) return FAIL;
    ptrdiff_t point = point_of(a, len, engineering);
    int64_t exponent = a->exp + len - point;
    StrBuilder builder;
    builder_open(&builder);
    bool good = build_number(vm, &builder, a->negative, digits, len, point) &&
                (exponent == 0 || build_exponent(vm, &builder, exponent, capitals ? 'E' : 'e'));
    memory_free(digits);
    if (good) return builder_finish(vm, &builder);
    builder_close(&builder);
    return FAIL;
}

/* ---- format ---- */

typedef struct Layout {
    uint32_t fill;
    char align, sign, grouping;
    bool no_negative_zero, alternate;
    int64_t width, precision; /* precision -1: none */
    char type;                /* 0: none */
} Layout;

typedef struct SpecScanner {
    const Str *text;
    ptrdiff_t next;
} SpecScanner;

static uint32_t ahead(const SpecScanner *scanner, ptrdiff_t n)
{
    ptrdiff_t i = scanner->next + n;
    return i < scanner->text->len ? str_at(scanner->text, i) : 0;
}

static bool is_one_of(uint32_t point, const char *set)
{
    return point && point < 128 && strchr(set, (int)point);
}

static bool scan_count(SpecScanner *scanner, int64_t *n)
{
    if (!is_one_of(ahead(scanner, 0), "0123456789")) return false;
    for (*n = 0; is_one_of(ahead(scanner, 0), "0123456789"); scanner->next++)
        *n = *n < PREC_LIMIT / 10 ? *n * 10 + (ahead(scanner, 0) - '0') : PREC_LIMIT;
    return true;
}

static char scan_one_of(SpecScanner *scanner, const char *set)
{
    uint32_t point = ahead(scanner, 0);
    if (!is_one_of(point, set)) return 0;
    scanner->next++;
    return (char)point;
}

static bool layout_parse(Vm *vm, Value spec, Layout *out)
{
    SpecScanner scanner = {as_str(spec), 0};
    *out = (Layout){.fill = ' ', .align = '>', .precision = -1};
    bool aligned = true;
    if (is_one_of(ahead(&scanner, 1), "<>=^")) {
        out->fill = ahead(&scanner, 0);
        out->align = (char)ahead(&scanner, 1);
        scanner.next = 2;
    } else {
        char align = scan_one_of(&scanner, "<>=^");
        aligned = align != 0;
        if (aligned) out->align = align;
    }
    out->sign = scan_one_of(&scanner, "+- ");
    out->no_negative_zero = scan_one_of(&scanner, "z") != 0;
    out->alternate = scan_one_of(&scanner, "#") != 0;
    bool good = true;
    if (scan_one_of(&scanner, "0")) {
        good = !aligned;
        out->fill = '0';
        out->align = '=';
    }
    scan_count(&scanner, &out->width);
    out->grouping = scan_one_of(&scanner, ",");
    if (scan_one_of(&scanner, ".")) good = good && scan_count(&scanner, &out->precision);
    out->type = scan_one_of(&scanner, "eEfFgGnN%");
    bool local = out->type == 'n' || out->type == 'N';
    if (local && out->grouping) good = false;
    if (good && out->type == 'N' &&
        !warn(vm, DeprecationWarning, 1, "Format specifier 'N' is deprecated"))
        return false;
    if (good && scanner.next == scanner.text->len) return true;
    throw(vm, ValueError, "invalid format string");
    return false;
}

/* The number rounded as the layout asks for. */
static void round_for(Triple *out, const Triple *a, const Layout *layout, Rounding rounding,
                      uint32_t *status)
{
    triple_copy(out, a);
    if (layout->type == '%') out->exp += 2;
    int64_t digits = triple_digits(out), precision = layout->precision;
    switch (layout->type) {
    case 'f':
    case 'F':
    case '%':
        if (precision >= 0 || out->exp > 0) {
            Triple exact;
            triple_init(&exact);
            triple_copy(&exact, out);
            triple_rescale(out, &exact, precision >= 0 ? -precision : 0, rounding, status);
            triple_clear(&exact);
        }
        return;
    case 'e':
    case 'E': digits -= precision + 1; break;
    default: digits -= precision ? precision : 1; break;
    }
    if (precision < 0 || is_zero(out)) return;
    if (digits > 0) {
        int64_t before = triple_digits(out) - digits;
        triple_drop(out, digits, rounding, status);
        if (triple_digits(out) > before) {
            mpz_divexact_ui(out->coeff, out->coeff, 10);
            out->exp++;
        }
    } else if (layout->type == 'e' || layout->type == 'E') {
        if (mpz_scale(out->coeff, -digits, status)) out->exp += digits;
    }
}

static ptrdiff_t layout_point(const Triple *a, ptrdiff_t len, const Layout *layout)
{
    int64_t left = a->exp + len;
    if (is_one_of((uint32_t)layout->type, "fF%")) return (ptrdiff_t)left;
    if (is_one_of((uint32_t)layout->type, "eE"))
        return is_zero(a) && layout->precision >= 0 ? 1 - (ptrdiff_t)layout->precision : 1;
    return a->exp <= 0 && left > -6 ? (ptrdiff_t)left : 1;
}

/* Zeros in front so that the digits (with separators) take `least` places, then the digits. */
static bool build_grouped(Vm *vm, StrBuilder *builder, Value text, ptrdiff_t len, char separator,
                          int64_t least)
{
    ptrdiff_t total = len;
    while (total + (separator ? (total - 1) / 3 : 0) < least) total++;
    for (ptrdiff_t i = 0; i < total; i++) {
        ptrdiff_t at = i - (total - len);
        if (i && separator && (total - i) % 3 == 0 &&
            !builder_char(vm, builder, (uint8_t)separator))
            return false;
        if (!builder_char(vm, builder, at < 0 ? '0' : str_at(as_str(text), at))) return false;
    }
    return true;
}

/* text: an unsigned number, whole digits first (none: inf, nan). */
static Ref lay_out(Vm *vm, const Layout *layout, const char *sign, Value text, ptrdiff_t whole)
{
    ptrdiff_t len = as_str(text)->len, sign_len = (ptrdiff_t)strlen(sign);
    int64_t least =
        layout->align == '=' && layout->fill == '0' ? layout->width - sign_len - (len - whole) : 0;
    ptrdiff_t size = whole + (layout->grouping && whole ? (whole - 1) / 3 : 0) + len - whole;
    int64_t padding = layout->width - sign_len - size;
    if (padding < 0 || (least > 0 && whole)) padding = 0;
    if (padding > DIGIT_LIMIT || least > DIGIT_LIMIT) return throw_no_memory(vm);
    int64_t before = layout->align == '>' ? padding : layout->align == '^' ? padding / 2 : 0;
    int64_t inner = layout->align == '=' ? padding : 0;
    StrBuilder builder;
    builder_open(&builder);
    if (builder_fill(vm, &builder, layout->fill, before) && builder_text(vm, &builder, sign) &&
        builder_fill(vm, &builder, layout->fill, inner) &&
        (!whole || build_grouped(vm, &builder, text, whole, layout->grouping, least)) &&
        builder_slice(vm, &builder, text, whole, len) &&
        builder_fill(vm, &builder, layout->fill, padding - before - inner))
        return builder_finish(vm, &builder);
    builder_close(&builder);
    return FAIL;
}

/* The unsigned text of a finite, rounded number, and how many digits stand before the point. */
static Ref layout_digits(Vm *vm, const Triple *a, const Layout *layout, bool capitals,
                         ptrdiff_t *whole)
{
    ptrdiff_t len;
    char *digits = digits_of(vm, a->coeff, &len);
    if (!digits) return FAIL;
    ptrdiff_t point = layout_point(a, len, layout);
    int64_t exponent = a->exp + len - point;
    bool exponent_shown = exponent != 0 || is_one_of((uint32_t)layout->type, "eE");
    bool small = is_one_of((uint32_t)layout->type, "egn") || (layout->type == 0 && !capitals);
    *whole = point > 0 ? point : 1;
    StrBuilder builder;
    builder_open(&builder);
    bool pointed = layout->alternate && point >= len;
    bool good = build_number(vm, &builder, false, digits, len, point) &&
                (!pointed || builder_ascii(vm, &builder, ".", 1)) &&
                (!exponent_shown || build_exponent(vm, &builder, exponent, small ? 'e' : 'E')) &&
                (layout->type != '%' || builder_ascii(vm, &builder, "%", 1));
    memory_free(digits);
    if (good) return builder_finish(vm, &builder);
    builder_close(&builder);
    return FAIL;
}

static const char *layout_sign(const Layout *layout, bool negative)
{
    return negative ? "-" : layout->sign == '+' ? "+" : layout->sign == ' ' ? " " : "";
}

static Ref format_special(Vm *vm, const Triple *a, const Layout *layout)
{
    Layout plain = *layout;
    if (plain.align == '=' && plain.fill == '0') {
        plain.align = '>';
        plain.fill = ' ';
    }
    Triple positive = *a;
    positive.negative = false;
    Ref text = special_text(vm, &positive);
    if (!failed(text) && layout->type == '%') {
        Ref percent = str_from(vm, "%");
        text = failed(percent) ? (decref(text), FAIL) : str_append(vm, text, percent);
        decref(percent);
    }
    Ref out = failed(text) ? FAIL : lay_out(vm, &plain, layout_sign(layout, a->negative), text, 0);
    decref(text);
    return out;
}

Ref triple_format(Vm *vm, const Triple *a, Value spec, const Rules *rules)
{
    Layout layout;
    if (!layout_parse(vm, spec, &layout)) return FAIL;
    if (a->kind != FINITE) return format_special(vm, a, &layout);
    if (layout.precision > DIGIT_LIMIT) return throw_no_memory(vm);
    uint32_t status = 0;
    Triple rounded;
    triple_init(&rounded);
    round_for(&rounded, a, &layout, rules->rounding, &status);
    Ref text = FAIL, out = FAIL;
    ptrdiff_t whole;
    if (status & COND_NO_MEMORY) throw_no_memory(vm);
    else text = layout_digits(vm, &rounded, &layout, rules->capitals, &whole);
    if (!failed(text)) {
        bool negative = a->negative && !(layout.no_negative_zero && is_zero(&rounded));
        out = lay_out(vm, &layout, layout_sign(&layout, negative), text, whole);
        decref(text);
    }
    triple_clear(&rounded);
    return out;
}
