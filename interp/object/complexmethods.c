/* complexmethods.c - the type complex: its constructor, text, methods and slots.
 *
 * Neighbours: complex.c (arithmetic), base/numtext.h (text of the parts), numberformat.c
 * (format). */
/* SPDX-License-Identifier: MIT */
#include "base/numtext.h"
#include "object/call.h"
#include "object/complex.h"
#include "object/complexnumber.h"
#include "object/error.h"
#include "object/float.h"
#include "object/int.h"
#include "object/member.h"
#include "object/native.h"
#include "object/numberformat.h"
#include "object/str.h"
#include "object/tuple.h"

static Ref complex_in_class(Vm *vm, Type *cls, double real, double imag)
{
    if (cls == type_builtin(vm, KIND_COMPLEX)) return complex_from(vm, real, imag);
    Complex *object = type_instance(vm, cls);
    if (!object) return FAIL;
    object->real = real;
    object->imag = imag;
    return from_object(object);
}

/* ---- from text ---- */

/* An imaginary unit: j or J. */
static bool is_unit(const char *p, const char *end) { return p < end && (*p | 0x20) == 'j'; }

/* "+1.5", or a bare sign (or nothing) before j, which counts 1; the length, 0 when there is
 * neither. */
static ptrdiff_t scan_imaginary(const char *p, const char *end, double *imag)
{
    ptrdiff_t used = double_scan(p, end - p, imag);
    if (used) return used;
    *imag = 1;
    if (p < end && (*p == '+' || *p == '-')) {
        *imag = *p == '-' ? -1 : 1;
        return 1;
    }
    return 0;
}

/* <float>, <float>j, <float><signed float>j, each number before j perhaps only a sign; perhaps in
 * parentheses. */
static bool parse_complex(const char *p, const char *end, Parts *parts)
{
    *parts = (Parts){0, 0};
    if (p < end && *p == '(') {
        if (end[-1] != ')') return false;
        p++;
        end--;
        while (p < end && (*p == ' ' || (*p >= '\t' && *p <= '\r'))) p++;
        while (p < end && (end[-1] == ' ' || (end[-1] >= '\t' && end[-1] <= '\r'))) end--;
    }
    if (p == end) return false;
    double first;
    ptrdiff_t used = scan_imaginary(p, end, &first);
    bool bare = used == 0 || (used == 1 && (*p == '+' || *p == '-')); /* no digits */
    p += used;
    if (is_unit(p, end)) {
        parts->imag = first;
        return p + 1 == end;
    }
    if (bare) return false;
    parts->real = first;
    if (p == end) return true;
    if (*p != '+' && *p != '-') return false;
    p += scan_imaginary(p, end, &parts->imag);
    return is_unit(p, end) && p + 1 == end;
}

static bool complex_from_str(Vm *vm, Value v, Parts *parts)
{
    NumberText text;
    if (!number_text(vm, v, &text)) return false;
    char *cut = memory_new(vm, (size_t)text.len + 1);
    ptrdiff_t len = cut ? number_cut_underscores(text.text, text.len, cut) : -1;
    bool good = len > 0 && parse_complex(cut, cut + len, parts);
    if (cut && len < 0) throw(vm, ValueError, "could not convert string to complex: %R", v);
    else if (cut && !good) throw(vm, ValueError, "complex() arg is a malformed string");
    memory_free(cut);
    number_text_close(&text);
    return good;
}

/* ---- complex(real, imag) ---- */

/* A real argument given by name; a complex one is deprecated but counts in full. */
static bool real_argument(Vm *vm, Value v, const char *name, Parts *parts)
{
    *parts = (Parts){0, 0};
    if (absent(v)) return true;
    Type *type = type_of(vm, v);
    if (!is_complex(v) && (type->slots.as_float || type->slots.index))
        return float_from(vm, v, &parts->real);
    Truth done = complex_by_method(vm, v, &parts->real, &parts->imag);
    if (done == FAILED) return false;
    if (done == NO) {
        throw(vm, TypeError, "complex() argument '%s' must be a real number, not %T", name, v);
        return false;
    }
    return warn(vm, DeprecationWarning, 1, "complex() argument '%s' must be a real number, not %T",
                name, v);
}

/* complex(v) with one argument. */
static bool complex_of(Vm *vm, Value v, Parts *parts)
{
    if (is_str(v)) return complex_from_str(vm, v, parts);
    Truth done = complex_by_method(vm, v, &parts->real, &parts->imag);
    if (done != NO) return done == YES;
    Type *type = type_of(vm, v);
    parts->imag = 0;
    if (type->slots.as_float || type->slots.index) return float_from(vm, v, &parts->real);
    throw(vm, TypeError, "complex() argument must be a string or a number, not %T", v);
    return false;
}

NATIVE(complex_new, "new(cls, real=?, imag=?)",
       "Return real + imag*1j, or the complex number that a string or a single number stands for.\n"
       "Raises ValueError for text that is none, TypeError for what is no number.")
{
    Type *cls = as_type(argv[0]);
    Parts real, imag;
    if (absent(argv[2]) && !absent(argv[1])) {
        if (!complex_of(vm, argv[1], &real)) return FAIL;
        if (cls == type_builtin(vm, KIND_COMPLEX) && is_exact(argv[1], KIND_COMPLEX))
            return newref(argv[1]);
        return complex_in_class(vm, cls, real.real, real.imag);
    }
    if (!real_argument(vm, argv[1], "real", &real)) return FAIL;
    if (!real_argument(vm, argv[2], "imag", &imag)) return FAIL;
    bool crossed = !absent(argv[2]) && is_complex(argv[2]);
    return complex_in_class(vm, cls, crossed ? real.real - imag.imag : real.real,
                            !absent(argv[1]) && is_complex(argv[1]) ? real.imag + imag.real
                                                                    : imag.real);
}

NATIVE_CLASS(complex_from_number, "from_number(cls, number, /)",
             "Return number as a complex; unlike complex() it takes no text.")
{
    double real, imag;
    if (!complex_value(vm, argv[1], &real, &imag)) return FAIL;
    Ref plain = complex_from(vm, real, imag);
    if (failed(plain) || argv[0] == borrow(type_builtin(vm, KIND_COMPLEX))) return plain;
    Ref result = call1(vm, argv[0], plain);
    decref(plain);
    return result;
}

NATIVE(complex_conjugate, "conjugate(self, /)",
       "Return self with the sign of its imaginary part changed.")
{
    return complex_from(vm, as_complex(argv[0])->real, -as_complex(argv[0])->imag);
}

NATIVE(complex___complex__, "__complex__(self, /)", "Return self as a plain complex.")
{
    if (is_exact(argv[0], KIND_COMPLEX)) return newref(argv[0]);
    return complex_from(vm, as_complex(argv[0])->real, as_complex(argv[0])->imag);
}

NATIVE(complex___getnewargs__, "__getnewargs__(self, /)", "Return the arguments that make a copy.")
{
    return tuple_pack(vm, 2, (Value)from_any_float(as_complex(argv[0])->real),
                      (Value)from_any_float(as_complex(argv[0])->imag));
}

/* ---- slots ---- */

/* The shortest text of one part, without ".0". */
static int part_text(double number, char *buffer)
{
    int len = double_repr(number, buffer);
    if (len > 2 && buffer[len - 1] == '0' && buffer[len - 2] == '.') len -= 2;
    return len;
}

static Ref complex_repr(Vm *vm, Value self)
{
    const Complex *z = as_complex(self);
    char text[3 * DOUBLE_REPR_MAX];
    int len = 0;
    bool whole = z->real != 0 || signbit(z->real);
    if (whole) {
        text[len++] = '(';
        len += part_text(z->real, text + len);
        if (isnan(z->imag) || !signbit(z->imag)) text[len++] = '+';
    }
    len += part_text(z->imag, text + len);
    text[len++] = 'j';
    if (whole) text[len++] = ')';
    return str_from_ascii(vm, text, len);
}

enum { HASH_IMAGINARY = 1000003 };

static bool complex_hash(Vm *vm __attribute__((unused)), Value self, int64_t *hash)
{
    uint64_t sum = (uint64_t)float_hash(as_complex(self)->real) +
                   HASH_IMAGINARY * (uint64_t)float_hash(as_complex(self)->imag);
    *hash = sum == UINT64_MAX ? -2 : (int64_t)sum;
    return true;
}

static Truth complex_truth(Vm *vm __attribute__((unused)), Value self)
{
    return as_complex(self)->real != 0 || as_complex(self)->imag != 0;
}

static Ref complex_get_real(Vm *vm __attribute__((unused)), Value self)
{
    return from_any_float(as_complex(self)->real);
}

static Ref complex_get_imag(Vm *vm __attribute__((unused)), Value self)
{
    return from_any_float(as_complex(self)->imag);
}

static const Native *const complex_methods[] = {
    &complex_conjugate_def,
    &complex_from_number_def,
    &complex___complex___def,
    &complex___getnewargs___def,
    NULL,
};

static const Attribute complex_attributes[] = {
    {"real", complex_get_real, member_read_only, "The real part, a float."},
    {"imag", complex_get_imag, member_read_only, "The imaginary part, a float."},
    {NULL, NULL, NULL, NULL},
};

const TypeDef complex_type = {
    .name = "complex",
    .size = sizeof(Complex),
    .doc = "complex(real=0, imag=0)\n\nA complex number, made from its parts or from text.",
    .new = &complex_new_def,
    .repr = complex_repr,
    .format = complex_format,
    .hash = complex_hash,
    .compare = complex_compare,
    .unary = complex_unary,
    .binary = complex_binary,
    .power = complex_power_slot,
    .truth = complex_truth,
    .methods = complex_methods,
    .attributes = complex_attributes,
};
