/* _decimal.h - what the parts of module _decimal share: numbers, rules, conditions.
 *
 * A Triple is the triple of the General Decimal Arithmetic specification: (-1)^negative * coeff *
 * 10^exp, or an infinity, or a NaN whose payload is coeff.  Operations take Numbers and Rules and
 * know nothing of the interpreter: what happened is or-ed into *status as COND_* bits, and the
 * caller decides which of them raise.  `out` is initialised by the caller and never one of the
 * operands.
 * Neighbours: _decimal_number.c (rounding, sums), _decimal_divide.c, _decimal_order.c,
 * _decimal_digit.c, _decimal_transcend.c, _decimal_text.c; _decimal_small.c (most of it again, for
 * few digits); _decimal_context.c and _decimal.c (the types scripts see). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_STDLIB_DECIMAL_H
#define AIO_STDLIB_DECIMAL_H

#include <stdlib.h>

#include "native.h"

typedef enum TripleKind { FINITE, INFINITE, QUIET_NAN, SIGNALING_NAN } TripleKind;

typedef struct Triple {
    uint8_t kind; /* TripleKind */
    bool negative;
    int64_t exp; /* 0 unless FINITE */
    mpz_t coeff; /* never negative; the payload of a NaN, 0 when it has none */
} Triple;

typedef enum Rounding {
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_UP,
    ROUND_DOWN,
    ROUND_HALF_UP,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_05UP,
    ROUNDING_COUNT
} Rounding;

typedef struct Rules {
    int64_t prec, emax, emin;
    uint8_t rounding; /* Rounding */
    uint8_t clamp, capitals;
} Rules;

/* Signals in the order in which they are listed and raised, then the finer kinds of an invalid
 * operation. */
enum {
    COND_INVALID = 1,
    COND_FLOAT = 2,
    COND_DIVISION_BY_ZERO = 4,
    COND_OVERFLOW = 8,
    COND_UNDERFLOW = 16,
    COND_SUBNORMAL = 32,
    COND_INEXACT = 64,
    COND_ROUNDED = 128,
    COND_CLAMPED = 256,
    SIGNAL_COUNT = 9,
    COND_SYNTAX = 512,
    COND_DIVISION_IMPOSSIBLE = 1024,
    COND_DIVISION_UNDEFINED = 2048,
    COND_CONTEXT = 4096,
    COND_COUNT = 13,
    COND_NO_MEMORY = 1 << 13, /* the result has more digits than fit into memory */
    COND_ANY_INVALID = COND_INVALID | COND_SYNTAX | COND_DIVISION_IMPOSSIBLE |
                       COND_DIVISION_UNDEFINED | COND_CONTEXT,
};

#define PREC_LIMIT  INT64_C(999999999999999999) /* MAX_PREC, MAX_EMAX, -MIN_EMIN */
#define DIGIT_LIMIT INT64_C(500000000)          /* more digits than that: COND_NO_MEMORY */

static inline bool is_nan(const Triple *a) { return a->kind >= QUIET_NAN; }
static inline bool is_zero(const Triple *a) { return a->kind == FINITE && !mpz_sgn(a->coeff); }
static inline int64_t etiny(const Rules *rules) { return rules->emin - (rules->prec - 1); }
static inline int64_t etop(const Rules *rules) { return rules->emax - (rules->prec - 1); }

typedef void Unary(Triple *out, const Triple *a, const Rules *rules, uint32_t *status);
typedef void Binary(Triple *out, const Triple *a, const Triple *b, const Rules *rules,
                    uint32_t *status);

/* Does the digit before the rest grow?  odd, fives: of the number kept (is it a multiple of five?
 * matters to ROUND_05UP alone); half: the rest, which is not zero, compared with one half. */
static inline bool rounds_up(Rounding rounding, bool negative, bool odd, bool fives, int half)
{
    switch (rounding) {
    case ROUND_CEILING: return !negative;
    case ROUND_FLOOR: return negative;
    case ROUND_UP: return true;
    case ROUND_DOWN: return false;
    case ROUND_HALF_UP: return half >= 0;
    case ROUND_HALF_DOWN: return half > 0;
    case ROUND_HALF_EVEN: return half > 0 || (half == 0 && odd);
    default: return fives;
    }
}

/* ---- _decimal_number.c ---- */

enum { SMALL_POWERS = 20, SMALL_DIGITS = 38 };
extern const unsigned long small_powers[SMALL_POWERS]; /* 10 ** n */

/* 10 ** n, n < 39 */
static inline unsigned __int128 small_power(int n)
{
    return n < SMALL_POWERS ? small_powers[n]
                            : (unsigned __int128)small_powers[19] * small_powers[n - 19];
}

/* Decimal digits; 1 for 0. */
static inline int small_digits(unsigned __int128 n)
{
    if (n == 0) return 1;
    uint64_t high = (uint64_t)(n >> 64);
    int bits = high ? 128 - __builtin_clzll(high) : 64 - __builtin_clzll((uint64_t)n);
    int digits = bits * 1233 >> 12; /* floor(bits * log10(2)): right, or one too few */
    return digits + (n >= small_power(digits));
}

void triple_init(Triple *out); /* 0 */
void triple_clear(Triple *number);
void triple_copy(Triple *out, const Triple *a);
void triple_set(Triple *out, bool negative, unsigned long coeff, int64_t exp);
void triple_set_infinite(Triple *out, bool negative);
/* A quiet NaN; conditions go into *status. */
void triple_set_invalid(Triple *out, uint32_t conditions, uint32_t *status);
/* An exact double. */
void triple_from_double(Triple *out, double number);
int64_t mpz_digits(mpz_srcptr z); /* decimal digits; 1 for 0 */
static inline int64_t triple_digits(const Triple *a) { return mpz_digits(a->coeff); }
/* The exponent of the first digit. */
static inline int64_t triple_adjusted(const Triple *a) { return a->exp + triple_digits(a) - 1; }
/* 10**n; false: too large, COND_NO_MEMORY. */
bool mpz_power_of_ten(mpz_t out, int64_t n, uint32_t *status);
bool mpz_scale(mpz_t z, int64_t n, uint32_t *status); /* z *= 10**n */
/* Takes zeros off the end, `most` of them at most; how many. */
int64_t mpz_strip(mpz_t z, int64_t most);
/* Drops the last digits of the coefficient and rounds: exp grows by `drop`. */
void triple_drop(Triple *number, int64_t drop, Rounding rounding, uint32_t *status);
/* Fits the exact (or sticky) number to the rules: the last step of most operations. */
void triple_finalize(Triple *number, const Rules *rules, uint32_t *status);
/* Were there NaNs among the operands (b may be NULL)?  Then out is the result. */
bool triple_nans(Triple *out, const Triple *a, const Triple *b, const Rules *rules,
                 uint32_t *status);
bool triple_is_integer(const Triple *a);
/* The value of an integral number if it lies within +-limit. */
bool triple_small(const Triple *a, int64_t limit, int64_t *n);
/* The integer part of a finite number (towards zero), with its sign. */
bool triple_to_mpz(mpz_t out, const Triple *a, uint32_t *status);

Binary triple_add, triple_subtract, triple_multiply;
Unary triple_plus, triple_minus, triple_abs;
Unary triple_apply; /* a itself, rounded: -0 keeps its sign */
void triple_fma(Triple *out, const Triple *a, const Triple *b, const Triple *c, const Rules *rules,
                uint32_t *status);

/* ---- _decimal_small.c ---- */

/* A finite number of at most SMALL_DIGITS digits. */
typedef struct Small {
    unsigned __int128 coeff;
    int64_t exp;
    bool negative;
} Small;

/* v, a Decimal or an int, if it is small. */
bool small_operand(Vm *vm, Value v, Small *out);
/* A new Decimal. */
Ref decimal_from_small(Vm *vm, Type *type, const Small *number);
/* a op b for + - * / **, rounded; false: another operation, or a result that is out of the
 * ordinary (then nothing is noted).  So do the ones below. */
bool small_binary(BinaryOp op, Small *out, const Small *a, const Small *b, const Rules *rules,
                  uint32_t *status);
bool small_prefix(UnaryOp op, Small *out, const Small *a, const Rules *rules, uint32_t *status);
bool small_quantize(Small *out, const Small *a, int64_t exp, const Rules *rules, uint32_t *status);
int small_order(const Small *a, const Small *b); /* -1, 0, 1 */
bool small_whole(const Small *a, int64_t *n); /* towards zero */
bool small_double(const Small *a, double *number);
/* Digits with a sign and a point; false: anything else, or too many of them. */
bool small_parse(Small *out, const char *text, ptrdiff_t len);
enum { SMALL_TEXT = SMALL_DIGITS + 4 };
/* str() of a small number that needs no exponent: its length, or 0 for other numbers. */
ptrdiff_t small_text(char *text, const Triple *a);

/* ---- _decimal_divide.c ---- */

Binary triple_divide, triple_divide_int, triple_remainder, triple_remainder_near, triple_quantize;
void triple_divmod(Triple *quotient, Triple *remainder, const Triple *a, const Triple *b,
                   const Rules *rules, uint32_t *status);
/* To exponent exp, whatever the precision: for __round__ and __format__. */
void triple_rescale(Triple *out, const Triple *a, int64_t exp, Rounding rounding, uint32_t *status);
Unary triple_to_integral, triple_to_integral_exact, triple_sqrt, triple_normalize;

/* ---- _decimal_order.c ---- */

int triple_order(const Triple *a, const Triple *b); /* -1, 0, 1; no NaNs */
int triple_total_order(const Triple *a, const Triple *b);
Binary triple_compare, triple_compare_signal, triple_compare_total, triple_compare_total_mag;
Binary triple_max, triple_min, triple_max_mag, triple_min_mag, triple_next_toward;
Unary triple_next_plus, triple_next_minus;
bool triple_same_quantum(const Triple *a, const Triple *b);
bool triple_is_subnormal(const Triple *a, const Rules *rules);
bool triple_is_normal(const Triple *a, const Rules *rules);
const char *triple_class(const Triple *a, const Rules *rules);
int64_t triple_hash(const Triple *a); /* of a number that is no NaN */

/* ---- _decimal_digit.c ---- */

Binary triple_and, triple_or, triple_xor, triple_shift, triple_rotate, triple_scaleb;
Unary triple_invert, triple_logb;

/* ---- _decimal_transcend.c ---- */

Unary triple_exp, triple_ln, triple_log10;
Binary triple_power;
void triple_power_modulo(Triple *out, const Triple *a, const Triple *b, const Triple *modulus,
                         const Rules *rules, uint32_t *status);

/* ---- _decimal_text.c ---- */

/* Reads ASCII text (no blanks, no underscores), exactly; COND_SYNTAX. */
void triple_parse(Triple *out, const char *text, ptrdiff_t len, uint32_t *status);
Ref triple_to_text(Vm *vm, const Triple *a, bool capitals, bool engineering);
/* format(a, spec): spec a str. */
Ref triple_format(Vm *vm, const Triple *a, Value spec, const Rules *rules);

/* ---- _decimal_context.c ---- */

typedef struct SignalDict {
    Container head;
    uint32_t bits; /* COND_* below SIGNAL_COUNT */
} SignalDict;

typedef struct DecimalContext {
    Container head;
    Rules rules;
    Ref flags, traps; /* SignalDict */
} DecimalContext;

typedef struct Decimal {
    Container head;
    Triple number;
    mp_limb_t few[2]; /* of the coefficient, if it has no memory of its own */
} Decimal;

extern const TypeDef decimal_type, decimal_context_type, signal_dict_type, decimal_state_type;

static inline DecimalContext *as_decimal_context(Value v) { return (DecimalContext *)as_object(v); }
static inline Decimal *as_decimal(Value v) { return (Decimal *)as_object(v); }
bool is_decimal(Vm *vm, Value v);
bool is_decimal_context(Vm *vm, Value v);

/* The current context (owned), or FAIL. */
Ref context_get_current(Vm *vm);
/* `given` if it is a context, the current one if NONE; owned. */
Ref context_or_current(Vm *vm, Value given);
/* Notes what happened; false: a trap raised. */
bool context_note(Vm *vm, Value context, uint32_t status);
/* The name of a rounding given by a script; false: TypeError. */
bool rounding_from(Vm *vm, Value v, Rounding *rounding);
extern const Native *const decimal_functions[];

/* An operation on Decimals under a context, which then notes what happened. */
Ref decimal_unary(Vm *vm, Unary *function, Value a, Value context);
Ref decimal_binary(Vm *vm, Binary *function, Value a, Value b, Value context);
/* Borrowed: DecimalTuple, numbers.Rational; FAIL: raised. */
Value decimal_tuple_class(Vm *vm);
Value decimal_rational(Vm *vm);

/* ---- _decimal.c ---- */

Ref decimal_divmod(Vm *vm, Value a, Value b, Value context);
Ref decimal_fma(Vm *vm, Value a, Value b, Value c, Value context);
Ref decimal_power(Vm *vm, Value a, Value b, Value modulo, Value context); /* modulo NONE: none */

/* ---- _decimal_make.c ---- */

/* A new Decimal (0) of a type; NULL: raised. */
Decimal *decimal_new(Vm *vm, Type *type);
Decimal *decimal_plain(Vm *vm);
/* v as an exact Decimal, owned: a Decimal or an int; UNDEF: neither. */
Ref decimal_operand(Vm *vm, Value v);
/* What Decimal(v) makes, exactly, or context.create_decimal(v), rounded. */
Ref decimal_from_value(Vm *vm, Type *type, Value v, Value context, bool exact);
/* The same of a float, without FloatOperation. */
Ref decimal_from_double(Vm *vm, Type *type, Value v, Value context, bool exact);

#endif
