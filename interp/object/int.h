/* int.h - integers: small (immediate, 50 bits), medium (128 bits) and big (GMP).
 *
 * A KIND_INT object is never in the small range, unless it is an instance of a subclass (bool is
 * immediate; `class I(int)` carries its value in an Int whatever its size). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_INT_H
#define AIO_OBJECT_INT_H

#include <gmp.h>

#include "object/type.h"

typedef __int128 Wide __attribute__((aligned(8)));

typedef struct Int {
    Object head;
    uint32_t candidate; /* as a Container's */
    bool is_big;
    union {
        Wide medium;
        mpz_t big;
    };
} Int;

/* Any integer value, bool and subclasses included? (not __index__) */
static inline bool is_any_int(Value v) { return is_int(v) || is_bool(v) || is_kind(v, KIND_INT); }

Ref from_int64(Vm *vm, int64_t n);
Ref from_uint64(Vm *vm, uint64_t n);
Ref from_double(Vm *vm, double n); /* truncates; raises for inf and nan */
Ref int_from_text(Vm *vm, const char *text, ptrdiff_t len,
                  int base); /* ValueError "invalid literal for int()..." */

/* The value when it fits, with `overflow` telling when it does not (-1, +1); v satisfies
 * is_any_int. */
int64_t int_value(Value v, int *overflow);
/* As above through __index__: raises TypeError, and OverflowError when it does not fit. */
bool int_index(Vm *vm, Value v, int64_t *n);
/* For slices and subscripts: clamps instead of OverflowError when clamp is true, else IndexError.
 */
bool int_subscript(Vm *vm, Value v, ptrdiff_t *n, bool clamp);
double int_to_double(Vm *vm, Value v,
                     bool *ok); /* OverflowError "int too large to convert to float" */
Ref int_binary(Vm *vm, BinaryOp op, Value a, Value b); /* both is_any_int, else NOT_IMPLEMENTED */
int int_compare(Value a, Value b);                     /* -1, 0, 1; both is_any_int */
int int_sign(Value v);
int64_t int_hash(Value v);                  /* modulo 2^61-1, as CPython */
Ref int_to_text(Vm *vm, Value v, int base); /* digits without prefix; str */
/* The same where it may be changed and need not become a str: in few, or, when there are many, in
 * *owned, a str.  NULL: raised. */
enum { INT_DIGITS_FEW = 66 };
char *int_digits(Vm *vm, Value v, int base, char few[INT_DIGITS_FEW], ptrdiff_t *len, Ref *owned);
bool is_odd(Value v);

/* A read-only GMP view of any int; valid while v lives and view stays where it is. */
typedef struct IntView {
    mpz_t number;
    mp_limb_t limbs[2];
} IntView;
mpz_srcptr int_view(IntView *view, Value v);

Ref int_from_mpz(Vm *vm, mpz_t z);   /* takes z over, also when it fails */
Ref int_plain(Vm *vm, Value v);      /* the int itself, bools and subclasses made plain ints */
Ref int_from_index(Vm *vm, Value v); /* operator.index(v): a plain int */
Ref int_from_value(Vm *vm, Value v); /* int(v): numbers and text */
Ref int_from_str(Vm *vm, Value v,
                 int base); /* of a str or a bytes-like object; base 0 or 2 to 36 */
Ref int_unary(Vm *vm, UnaryOp op, Value self);
Ref int_power(Vm *vm, Value a, Value b,
              Value modulus); /* pow(a, b, m); NOT_IMPLEMENTED unless all are ints */
int int_compare_double(Value v, double number); /* exact; number is not NaN */
Ref int_repr(Vm *vm, Value v);
/* How many digits int <-> text conversions accept in bases that are no power of two; 0: any number.
 */
ptrdiff_t int_digits_limit(const Vm *vm);

/* The characters of a str (digits of any script made ASCII, blanks made ' ', the rest '?') or of a
 * bytes-like object, blanks at both ends cut off. */
typedef struct NumberText {
    const char *text;
    ptrdiff_t len;
    char *owned;
} NumberText;
bool number_text(Vm *vm, Value v, NumberText *text);
void number_text_close(NumberText *text);

#endif
