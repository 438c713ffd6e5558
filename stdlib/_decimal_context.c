/* _decimal_context.c - contexts: the rules of arithmetic, what has happened, what raises.
 *
 * What _decimal_classes.aio defines and C needs (the exception classes, DefaultContext, the context
 * variable ...) is handed over once, to open(), and kept in an object in the namespace of a type
 * nobody sees: modules have no globals in C.
 * Neighbours: _decimal.h, _decimal.c. */
/* SPDX-License-Identifier: MIT */
#include "_decimal.h"

/* ---- what _decimal_classes.aio gave ---- */

typedef struct State {
    Container head;
    Ref conditions; /* tuple: the exception class of each COND_* bit */
    Ref signal_dict, tuple_class, rational;
    Ref initial;  /* DefaultContext */
    Ref variable; /* ContextVar */
} State;

const TypeDef decimal_state_type = {
    .name = "_decimal.State",
    .doc = "What module decimal has told module _decimal.",
    .size = sizeof(State),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(State, conditions), REF(State, signal_dict), REF(State, tuple_class),
                 REF(State, rational), REF(State, initial), REF(State, variable)),
};

static State *state_of(Vm *vm)
{
    Type *type = type_from_def(vm, &decimal_state_type);
    Value state = type ? dict_get_name(type_dict(vm, type), N(__self__)) : UNDEF;
    if (!absent(state)) return (State *)as_object(state);
    throw(vm, RuntimeError, "module _decimal is a part of module decimal: import that one");
    return NULL;
}

NATIVE(decimal_open, "open(conditions, signal_dict, tuple_class, rational, initial, variable, /)",
       "Take the classes and objects that module decimal defines.")
{
    Type *type = type_from_def(vm, &decimal_state_type);
    State *state = type ? type_instance(vm, type) : NULL;
    if (!state) return FAIL;
    state->conditions = newref(argv[0]);
    state->signal_dict = newref(argv[1]);
    state->tuple_class = newref(argv[2]);
    state->rational = newref(argv[3]);
    state->initial = newref(argv[4]);
    state->variable = newref(argv[5]);
    bool good = dict_set(vm, type_dict(vm, type), N(__self__), borrow(state));
    decref_object(state);
    return good ? NONE : FAIL;
}

Value decimal_tuple_class(Vm *vm)
{
    State *state = state_of(vm);
    return state ? (Value)state->tuple_class : FAIL;
}

Value decimal_rational(Vm *vm)
{
    State *state = state_of(vm);
    return state ? (Value)state->rational : FAIL;
}

/* ---- sets of signals ---- */

#define SIGNALS_TEXT                                                                               \
    "valid values for signals are:\n  [InvalidOperation, FloatOperation, DivisionByZero,\n   "     \
    "Overflow, Underflow, Subnormal, Inexact, Rounded,\n   Clamped]"

static SignalDict *as_signal_dict(Value v) { return (SignalDict *)as_object(v); }

static bool is_signal_dict(Vm *vm, Value v)
{
    return is_heap(v) && type_of(vm, v)->def == &signal_dict_type;
}

static Ref key_error(Vm *vm, const char *text)
{
    Ref message = str_from(vm, text);
    if (!failed(message)) throw_value(vm, KeyError, message);
    decref(message);
    return FAIL;
}

/* The bit of a signal's class; 0: raised KeyError. */
static uint32_t signal_bit(Vm *vm, Value signal)
{
    State *state = state_of(vm);
    if (!state) return 0;
    for (int n = 0; n < SIGNAL_COUNT; n++) {
        if (tuple_at(state->conditions, n) == signal) return 1u << n;
    }
    key_error(vm, SIGNALS_TEXT);
    return 0;
}

static bool bits_from_sequence(Vm *vm, Value items, uint32_t *bits)
{
    Ref tuple = tuple_from(vm, items);
    *bits = 0;
    bool good = !failed(tuple);
    for (ptrdiff_t n = 0; good && n < tuple_len(tuple); n++) {
        uint32_t bit = signal_bit(vm, tuple_at(tuple, n));
        *bits |= bit;
        good = bit != 0;
    }
    decref(tuple);
    return good;
}

static bool bits_from_dict(Vm *vm, Dict *dict, uint32_t *bits)
{
    State *state = state_of(vm);
    if (!state) return false;
    uint32_t found = 0;
    bool good = dict->len == SIGNAL_COUNT;
    for (int n = 0; good && n < SIGNAL_COUNT; n++) {
        Value value = dict_get(vm, dict, tuple_at(state->conditions, n));
        if (failed(value)) return false;
        good = !absent(value);
        Truth set = good ? value_truth(vm, value) : NO;
        if (set == FAILED) return false;
        if (set == YES) found |= 1u << n;
    }
    if (good) *bits = found;
    else key_error(vm, "invalid signal dict");
    return good;
}

static bool bits_from(Vm *vm, Value v, uint32_t *bits)
{
    if (is_signal_dict(vm, v)) *bits = as_signal_dict(v)->bits;
    else if (is_dict(v)) return bits_from_dict(vm, as_dict(v), bits);
    else {
        throw(vm, TypeError, "argument must be a signal dict");
        return false;
    }
    return true;
}

static Ref signal_get_item(Vm *vm, Value self, Value key)
{
    uint32_t bit = signal_bit(vm, key);
    return bit ? from_bool(as_signal_dict(self)->bits & bit) : FAIL;
}

static bool signal_set_item(Vm *vm, Value self, Value key, Value value)
{
    if (absent(value)) {
        throw(vm, ValueError, "signal keys cannot be deleted");
        return false;
    }
    uint32_t bit = signal_bit(vm, key);
    Truth on = bit ? value_truth(vm, value) : FAILED;
    if (on == FAILED) return false;
    if (on) as_signal_dict(self)->bits |= bit;
    else as_signal_dict(self)->bits &= ~bit;
    return true;
}

static ptrdiff_t signal_len(Vm *vm __attribute__((unused)), Value self __attribute__((unused)))
{
    return SIGNAL_COUNT;
}

static Ref signal_iter(Vm *vm, Value self __attribute__((unused)))
{
    State *state = state_of(vm);
    if (!state) return FAIL;
    Ref signals = tuple_slice(vm, state->conditions, 0, SIGNAL_COUNT);
    Ref iter = failed(signals) ? FAIL : iter_of(vm, signals);
    decref(signals);
    return iter;
}

static Ref signal_repr(Vm *vm, Value self)
{
    State *state = state_of(vm);
    if (!state) return FAIL;
    StrBuilder builder;
    builder_open(&builder);
    bool good = builder_text(vm, &builder, "{");
    for (int n = 0; good && n < SIGNAL_COUNT; n++) {
        good = (n == 0 || builder_text(vm, &builder, ", ")) &&
               builder_repr(vm, &builder, tuple_at(state->conditions, n)) &&
               builder_text(vm, &builder, as_signal_dict(self)->bits >> n & 1 ? ":True" : ":False");
    }
    if (good && builder_text(vm, &builder, "}")) return builder_finish(vm, &builder);
    builder_close(&builder);
    return FAIL;
}

static Ref signal_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if (op != CMP_EQUAL && op != CMP_NOT_EQUAL) return NOT_IMPLEMENTED;
    if (!is_signal_dict(vm, a) || (!is_signal_dict(vm, b) && !is_dict(b))) return NOT_IMPLEMENTED;
    uint32_t bits;
    if (!bits_from(vm, b, &bits)) return FAIL;
    return from_bool((bits == as_signal_dict(a)->bits) == (op == CMP_EQUAL));
}

NATIVE(signal_copy, "copy(self, /)", "Return a plain dict of the signals.")
{
    State *state = state_of(vm);
    Ref out = state ? dict_new(vm) : FAIL;
    for (int n = 0; !failed(out) && n < SIGNAL_COUNT; n++) {
        Value value = from_bool(as_signal_dict(argv[0])->bits >> n & 1);
        if (!dict_set(vm, as_dict(out), tuple_at(state->conditions, n), value)) replace(&out, FAIL);
    }
    return out;
}

NATIVE(signal_new, "new(cls, /)", "Return a mapping in which no signal is set.")
{
    SignalDict *signals = type_instance(vm, as_type(argv[0]));
    return signals ? from_object(signals) : FAIL;
}

static const Native *const signal_methods[] = {&signal_copy_def, NULL};

const TypeDef signal_dict_type = {
    .name = "decimal.SignalDictMixin",
    .doc = "What the flags and traps of a context are: each signal with True or False.",
    .size = sizeof(SignalDict),
    .new = &signal_new_def,
    .repr = signal_repr,
    .compare = signal_compare,
    .len = signal_len,
    .get_item = signal_get_item,
    .set_item = signal_set_item,
    .iter = signal_iter,
    .methods = signal_methods,
};

static uint32_t *flags_of(DecimalContext *context) { return &as_signal_dict(context->flags)->bits; }
static uint32_t *traps_of(DecimalContext *context) { return &as_signal_dict(context->traps)->bits; }

/* ---- raising ---- */

/* A list of the exception classes of the bits from `first` on. */
static Ref classes_of(Vm *vm, const State *state, uint32_t bits, bool fine)
{
    Ref out = list_new(vm, 0);
    if (failed(out)) return FAIL;
    static const int finer_first[] = {0, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6, 7, 8};
    for (int n = 0; n < (fine ? COND_COUNT : SIGNAL_COUNT); n++) {
        int bit = fine ? finer_first[n] : n;
        if (!(bits >> bit & 1)) continue;
        if (!list_push(vm, as_list(out), newref(tuple_at(state->conditions, bit)))) {
            decref(out);
            return FAIL;
        }
    }
    return out;
}

bool context_note(Vm *vm, Value context, uint32_t status)
{
    if (!status) return true;
    DecimalContext *self = as_decimal_context(context);
    uint32_t signals = status & ((1u << SIGNAL_COUNT) - 1);
    if (status & COND_ANY_INVALID) signals |= COND_INVALID;
    *flags_of(self) |= signals;
    if (status & COND_NO_MEMORY) {
        throw_no_memory(vm);
        return false;
    }
    uint32_t raised = signals & *traps_of(self);
    if (!raised) return true;
    State *state = state_of(vm);
    if (!state) return false;
    uint32_t listed = raised & ~(uint32_t)COND_INVALID;
    if (raised & COND_INVALID) listed |= status & COND_ANY_INVALID;
    Ref classes = classes_of(vm, state, listed, true);
    Value class = tuple_at(state->conditions, __builtin_ctz(raised));
    Ref error = failed(classes) ? FAIL : call1(vm, class, classes);
    if (!failed(error)) throw_object(vm, error);
    decref(error);
    decref(classes);
    return false;
}

/* ---- the current context ---- */

bool is_decimal_context(Vm *vm, Value v)
{
    return is_heap(v) && type_of(vm, v)->def == &decimal_context_type;
}

static Ref context_make(Vm *vm, Type *type, const Rules *rules, uint32_t flags, uint32_t traps)
{
    State *state = state_of(vm);
    DecimalContext *out = state ? type_instance(vm, type) : NULL;
    if (!out) return FAIL;
    out->rules = *rules;
    out->flags = call0(vm, state->signal_dict);
    out->traps = failed(out->flags) ? FAIL : call0(vm, state->signal_dict);
    if (failed(out->traps)) {
        out->traps = UNDEF;
        if (failed(out->flags)) out->flags = UNDEF;
        decref_object(out);
        return FAIL;
    }
    *flags_of(out) = flags;
    *traps_of(out) = traps;
    return from_object(out);
}

static Ref context_copy_of(Vm *vm, Value context, uint32_t flags)
{
    DecimalContext *self = as_decimal_context(context);
    Type *type = type_from_def(vm, &decimal_context_type);
    return type ? context_make(vm, type, &self->rules, flags, *traps_of(self)) : FAIL;
}

Ref context_get_current(Vm *vm)
{
    State *state = state_of(vm);
    if (!state) return FAIL;
    Ref context = context_var_get(vm, state->variable);
    if (!absent(context)) return context;
    context = context_copy_of(vm, state->initial, 0);
    if (failed(context)) return FAIL;
    Ref token = context_var_set(vm, state->variable, context);
    if (failed(token)) replace(&context, FAIL);
    decref(token);
    return context;
}

Ref context_or_current(Vm *vm, Value given)
{
    if (is_none(given)) return context_get_current(vm);
    if (is_decimal_context(vm, given)) return newref(given);
    return throw(vm, TypeError, "optional argument must be a context");
}

NATIVE(getcontext, "getcontext()", "Return the context of the running thread or task.")
{
    return context_get_current(vm);
}

NATIVE(setcontext, "setcontext(context, /)",
       "Make context that of the running thread or task.\n"
       "The three contexts the module defines are copied, so that they stay as they are.")
{
    if (!is_decimal_context(vm, argv[0])) return throw(vm, TypeError, "argument must be a context");
    State *state = state_of(vm);
    if (!state) return FAIL;
    Ref context = newref(argv[0]), module = import_text(vm, "_decimal_classes");
    static const char *const fixed[] = {"DefaultContext", "BasicContext", "ExtendedContext"};
    for (int n = 0; !failed(module) && n < 3; n++) {
        Ref given = attr_get_text(vm, module, fixed[n]);
        if (failed(given)) replace(&module, FAIL);
        else if (given == argv[0]) replace(&context, context_copy_of(vm, argv[0], 0));
        decref(given);
    }
    Ref token =
        failed(module) || failed(context) ? FAIL : context_var_set(vm, state->variable, context);
    decref(module);
    decref(context);
    decref(token);
    return failed(token) ? FAIL : NONE;
}

/* ---- attributes ---- */

static const char *const rounding_names[] = {
    [ROUND_CEILING] = "ROUND_CEILING",
    [ROUND_FLOOR] = "ROUND_FLOOR",
    [ROUND_UP] = "ROUND_UP",
    [ROUND_DOWN] = "ROUND_DOWN",
    [ROUND_HALF_UP] = "ROUND_HALF_UP",
    [ROUND_HALF_DOWN] = "ROUND_HALF_DOWN",
    [ROUND_HALF_EVEN] = "ROUND_HALF_EVEN",
    [ROUND_05UP] = "ROUND_05UP",
};

bool rounding_from(Vm *vm, Value v, Rounding *rounding)
{
    for (int n = 0; n < ROUNDING_COUNT; n++) {
        if (!str_is(v, rounding_names[n])) continue;
        *rounding = (Rounding)n;
        return true;
    }
    throw(vm, TypeError,
          "valid values for rounding are:\n  [ROUND_CEILING, ROUND_FLOOR, ROUND_UP, "
          "ROUND_DOWN,\n   ROUND_HALF_UP, ROUND_HALF_DOWN, ROUND_HALF_EVEN,\n   "
          "ROUND_05UP]");
    return false;
}

/* An int within [low, high], else ValueError with the text. */
static bool limited(Vm *vm, Value v, int64_t low, int64_t high, const char *text, int64_t *n)
{
    if (!is_any_int(v)) {
        throw(vm, TypeError, "an integer is required");
        return false;
    }
    int overflow;
    *n = int_value(v, &overflow);
    if (overflow) {
        throw(vm, OverflowError, "Python int too large to convert to C ssize_t");
        return false;
    }
    if (*n >= low && *n <= high) return true;
    throw(vm, ValueError, "%s", text);
    return false;
}

static Ref get_prec(Vm *vm, Value self)
{
    return from_int64(vm, as_decimal_context(self)->rules.prec);
}
static bool set_prec(Vm *vm, Value self, Value v)
{
    return limited(vm, v, 1, PREC_LIMIT, "valid range for prec is [1, MAX_PREC]",
                   &as_decimal_context(self)->rules.prec);
}
static Ref get_emin(Vm *vm, Value self)
{
    return from_int64(vm, as_decimal_context(self)->rules.emin);
}
static bool set_emin(Vm *vm, Value self, Value v)
{
    return limited(vm, v, -PREC_LIMIT, 0, "valid range for Emin is [MIN_EMIN, 0]",
                   &as_decimal_context(self)->rules.emin);
}
static Ref get_emax(Vm *vm, Value self)
{
    return from_int64(vm, as_decimal_context(self)->rules.emax);
}
static bool set_emax(Vm *vm, Value self, Value v)
{
    return limited(vm, v, 0, PREC_LIMIT, "valid range for Emax is [0, MAX_EMAX]",
                   &as_decimal_context(self)->rules.emax);
}
static Ref get_rounding(Vm *vm, Value self)
{
    return str_from(vm, rounding_names[as_decimal_context(self)->rules.rounding]);
}
static bool set_rounding(Vm *vm, Value self, Value v)
{
    Rounding rounding;
    if (!rounding_from(vm, v, &rounding)) return false;
    as_decimal_context(self)->rules.rounding = (uint8_t)rounding;
    return true;
}
static Ref get_capitals(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_decimal_context(self)->rules.capitals);
}
static bool set_capitals(Vm *vm, Value self, Value v)
{
    int64_t n;
    if (!limited(vm, v, 0, 1, "valid values for capitals are 0 or 1", &n)) return false;
    as_decimal_context(self)->rules.capitals = (uint8_t)n;
    return true;
}
static Ref get_clamp(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_decimal_context(self)->rules.clamp);
}
static bool set_clamp(Vm *vm, Value self, Value v)
{
    int64_t n;
    if (!limited(vm, v, 0, 1, "valid values for clamp are 0 or 1", &n)) return false;
    as_decimal_context(self)->rules.clamp = (uint8_t)n;
    return true;
}
static Ref get_flags(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_decimal_context(self)->flags);
}
static bool set_flags(Vm *vm, Value self, Value v)
{
    return bits_from(vm, v, flags_of(as_decimal_context(self)));
}
static Ref get_traps(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_decimal_context(self)->traps);
}
static bool set_traps(Vm *vm, Value self, Value v)
{
    return bits_from(vm, v, traps_of(as_decimal_context(self)));
}

static bool context_set_attr(Vm *vm, Value self, Value name, Value value)
{
    if (absent(value)) throw(vm, AttributeError, "context attributes cannot be deleted");
    else if (absent(type_lookup(vm, type_of(vm, self), name)) && !as_object(self)->shape->mode)
        attr_missing(vm, self, name);
    else return object_set_attr(vm, self, name, value);
    return false;
}

/* ---- making, copying, showing ---- */

NATIVE(context_new, "new(cls, /, *args, **kwargs)", "Return a copy of DefaultContext.")
{
    State *state = state_of(vm);
    if (!state) return FAIL;
    if (is_none(state->initial)) {
        Rules rules = {28, 999999, -999999, ROUND_HALF_EVEN, 0, 1};
        uint32_t traps = COND_INVALID | COND_DIVISION_BY_ZERO | COND_OVERFLOW;
        return context_make(vm, as_type(argv[0]), &rules, 0, traps);
    }
    DecimalContext *initial = as_decimal_context(state->initial);
    return context_make(vm, as_type(argv[0]), &initial->rules, 0, *traps_of(initial));
}

static bool set_signals(Vm *vm, Value v, uint32_t *bits)
{
    if (is_none(v)) return true;
    uint32_t given;
    bool sequence = is_kind(v, KIND_LIST);
    if (!(sequence ? bits_from_sequence(vm, v, &given) : bits_from(vm, v, &given))) return false;
    *bits = given;
    return true;
}

NATIVE(context_init,
       "__init__(self, /, prec=None, rounding=None, Emin=None, Emax=None, capitals=None, "
       "clamp=None, flags=None, traps=None)",
       "Set what is given: precision in digits, a ROUND_* name, the least and the largest\n"
       "exponent, 1 for a capital E, 1 for exponents of at most Etop, lists of signals.")
{
    Value self = argv[0];
    static bool (*const setters[])(Vm *, Value, Value) = {set_prec, set_rounding, set_emin,
                                                          set_emax, set_capitals, set_clamp};
    for (int n = 0; n < 6; n++) {
        if (!is_none(argv[n + 1]) && !setters[n](vm, self, argv[n + 1])) return FAIL;
    }
    DecimalContext *context = as_decimal_context(self);
    return set_signals(vm, argv[7], flags_of(context)) &&
                   set_signals(vm, argv[8], traps_of(context))
               ? NONE
               : FAIL;
}

NATIVE(context_copy, "copy(self, /)", "Return a copy, flags and traps included.")
{
    return context_copy_of(vm, argv[0], *flags_of(as_decimal_context(argv[0])));
}
NATIVE(context_copy_special, "__copy__(self, /)", "Return a copy, flags and traps included.")
{
    return context_copy_of(vm, argv[0], *flags_of(as_decimal_context(argv[0])));
}

NATIVE(context_reduce, "__reduce__(self, /)", "Return what pickle needs to make the context.")
{
    DecimalContext *self = as_decimal_context(argv[0]);
    State *state = state_of(vm);
    if (!state) return FAIL;
    Ref flags = classes_of(vm, state, *flags_of(self), false), out = FAIL;
    Ref traps = classes_of(vm, state, *traps_of(self), false);
    Ref prec = get_prec(vm, argv[0]), rounding = get_rounding(vm, argv[0]);
    Ref emin = get_emin(vm, argv[0]), emax = get_emax(vm, argv[0]);
    bool good = !failed(flags) && !failed(traps) && !failed(prec) && !failed(rounding) &&
                !failed(emin) && !failed(emax);
    Ref args = good ? tuple_pack(vm, 8, (Value)prec, (Value)rounding, (Value)emin, (Value)emax,
                                 (Value)from_small(self->rules.capitals),
                                 (Value)from_small(self->rules.clamp), (Value)flags, (Value)traps)
                    : FAIL;
    if (!failed(args)) out = tuple_pack(vm, 2, borrow(type_of(vm, argv[0])), (Value)args);
    decref(args);
    decref(flags);
    decref(traps);
    decref(prec);
    decref(rounding);
    decref(emin);
    decref(emax);
    return out;
}

/* [Clamped, InvalidOperation]: by name, in CPython's order. */
static bool build_signals(Vm *vm, StrBuilder *builder, uint32_t bits)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } shown[] = {
        {COND_CLAMPED, "Clamped"},
        {COND_INVALID, "InvalidOperation"},
        {COND_DIVISION_BY_ZERO, "DivisionByZero"},
        {COND_INEXACT, "Inexact"},
        {COND_FLOAT, "FloatOperation"},
        {COND_OVERFLOW, "Overflow"},
        {COND_ROUNDED, "Rounded"},
        {COND_SUBNORMAL, "Subnormal"},
        {COND_UNDERFLOW, "Underflow"},
    };
    const char *separator = "";
    bool good = builder_text(vm, builder, "[");
    for (int n = 0; good && n < SIGNAL_COUNT; n++) {
        if (!(bits & shown[n].bit)) continue;
        good = builder_text(vm, builder, separator) && builder_text(vm, builder, shown[n].name);
        separator = ", ";
    }
    return good && builder_text(vm, builder, "]");
}

static Ref context_repr(Vm *vm, Value self)
{
    DecimalContext *context = as_decimal_context(self);
    const Rules *rules = &context->rules;
    char text[256];
    snprintf(text, sizeof text,
             "Context(prec=%lld, rounding=%s, Emin=%lld, Emax=%lld, capitals=%d, clamp=%d, flags=",
             (long long)rules->prec, rounding_names[rules->rounding], (long long)rules->emin,
             (long long)rules->emax, rules->capitals, rules->clamp);
    StrBuilder builder;
    builder_open(&builder);
    if (builder_text(vm, &builder, text) && build_signals(vm, &builder, *flags_of(context)) &&
        builder_text(vm, &builder, ", traps=") && build_signals(vm, &builder, *traps_of(context)) &&
        builder_text(vm, &builder, ")"))
        return builder_finish(vm, &builder);
    builder_close(&builder);
    return FAIL;
}

NATIVE(context_clear_flags, "clear_flags(self, /)", "Forget what has happened.")
{
    *flags_of(as_decimal_context(argv[0])) = 0;
    return NONE;
}
NATIVE(context_clear_traps, "clear_traps(self, /)", "Let no signal raise.")
{
    *traps_of(as_decimal_context(argv[0])) = 0;
    return NONE;
}
NATIVE(context_etiny, "Etiny(self, /)", "Return Emin - prec + 1, the least exponent of a result.")
{
    return from_int64(vm, etiny(&as_decimal_context(argv[0])->rules));
}
NATIVE(context_etop, "Etop(self, /)",
       "Return Emax - prec + 1, the largest exponent of a result of full precision.")
{
    return from_int64(vm, etop(&as_decimal_context(argv[0])->rules));
}

/* ---- operations ---- */

/* An operand of a context's method, owned: TypeError unless it is a Decimal or an int. */
static Ref operand(Vm *vm, Value v)
{
    Ref out = decimal_operand(vm, v);
    if (absent(out))
        return throw(vm, TypeError, "conversion from %T to Decimal is not supported", v);
    return out;
}

Ref decimal_unary(Vm *vm, Unary *function, Value a, Value context)
{
    Decimal *out = decimal_plain(vm);
    if (!out) return FAIL;
    uint32_t status = 0;
    function(&out->number, &as_decimal(a)->number, &as_decimal_context(context)->rules, &status);
    if (context_note(vm, context, status)) return from_object(out);
    decref_object(out);
    return FAIL;
}

Ref decimal_binary(Vm *vm, Binary *function, Value a, Value b, Value context)
{
    Decimal *out = decimal_plain(vm);
    if (!out) return FAIL;
    uint32_t status = 0;
    function(&out->number, &as_decimal(a)->number, &as_decimal(b)->number,
             &as_decimal_context(context)->rules, &status);
    if (context_note(vm, context, status)) return from_object(out);
    decref_object(out);
    return FAIL;
}

static Ref context_unary(Vm *vm, Value *argv, Unary *function)
{
    Ref a = operand(vm, argv[1]);
    Ref out = failed(a) ? FAIL : decimal_unary(vm, function, a, argv[0]);
    decref(a);
    return out;
}

static Ref context_binary(Vm *vm, Value *argv, Binary *function)
{
    Ref a = operand(vm, argv[1]), b = failed(a) ? FAIL : operand(vm, argv[2]);
    Ref out = failed(b) ? FAIL : decimal_binary(vm, function, a, b, argv[0]);
    decref(a);
    decref(b);
    return out;
}

#define CONTEXT_UNARY(name, function, doc)                                                         \
    NATIVE(context_##name, #name "(self, x, /)", doc) { return context_unary(vm, argv, function); }
#define CONTEXT_BINARY(name, function, doc)                                                        \
    NATIVE(context_##name, #name "(self, x, y, /)", doc)                                           \
    {                                                                                              \
        return context_binary(vm, argv, function);                                                 \
    }
#define UNARY  CONTEXT_UNARY
#define BINARY CONTEXT_BINARY
#include "_decimal_operations.def"

NATIVE(context_divmod, "divmod(self, x, y, /)", "Return (x // y, x % y).")
{
    Ref a = operand(vm, argv[1]), b = failed(a) ? FAIL : operand(vm, argv[2]);
    Ref out = failed(b) ? FAIL : decimal_divmod(vm, a, b, argv[0]);
    decref(a);
    decref(b);
    return out;
}

NATIVE(context_fma, "fma(self, x, y, z, /)", "Return x * y + z, rounded once.")
{
    Ref a = operand(vm, argv[1]), b = failed(a) ? FAIL : operand(vm, argv[2]);
    Ref c = failed(b) ? FAIL : operand(vm, argv[3]);
    Ref out = failed(c) ? FAIL : decimal_fma(vm, a, b, c, argv[0]);
    decref(a);
    decref(b);
    decref(c);
    return out;
}

NATIVE(context_power, "power(self, /, a, b, modulo=None)",
       "Return a raised to b, rounded; with modulo (all three integers) the exact remainder.")
{
    Ref a = operand(vm, argv[1]), b = failed(a) ? FAIL : operand(vm, argv[2]);
    Ref modulo = failed(b) ? FAIL : is_none(argv[3]) ? NONE : operand(vm, argv[3]);
    Ref out = failed(modulo) ? FAIL : decimal_power(vm, a, b, modulo, argv[0]);
    decref(a);
    decref(b);
    decref(modulo);
    return out;
}

/* What needs no rounding: the Decimal's own method, called with the context where it takes one. */
static Ref call_own(Vm *vm, Value *argv, int argc, const char *name)
{
    Ref a = operand(vm, argv[1]), b = failed(a) ? FAIL : argc > 1 ? operand(vm, argv[2]) : NONE;
    Ref method = failed(b) ? FAIL : attr_get_text(vm, a, name);
    Ref out = failed(method) ? FAIL : argc > 1 ? call1(vm, method, b) : call0(vm, method);
    decref(method);
    decref(a);
    decref(b);
    return out;
}

#define OWN(name, doc)                                                                             \
    NATIVE(context_##name, #name "(self, x, /)", doc) { return call_own(vm, argv, 1, #name); }
#define OWN_TWO(name, doc)                                                                         \
    NATIVE(context_##name, #name "(self, x, y, /)", doc) { return call_own(vm, argv, 2, #name); }
OWN(canonical, "Return x.")
OWN(copy_abs, "Return x without its sign.")
OWN(copy_negate, "Return x with the other sign.")
OWN_TWO(copy_sign, "Return x with the sign of y.")
OWN(is_canonical, "Return True.")
OWN(is_finite, "Is x neither infinite nor a NaN?")
OWN(is_infinite, "Is x infinite?")
OWN(is_nan, "Is x a NaN?")
OWN(is_qnan, "Is x a quiet NaN?")
OWN(is_signed, "Does x carry a minus?")
OWN(is_snan, "Is x a signaling NaN?")
OWN(is_zero, "Is x a zero?")
OWN_TWO(same_quantum, "Have x and y the same exponent, or are both infinite, or both NaNs?")

NATIVE(context_copy_decimal, "copy_decimal(self, x, /)", "Return x as a Decimal, unrounded.")
{
    return operand(vm, argv[1]);
}

NATIVE(context_radix, "radix(self, /)", "Return Decimal(10).")
{
    Decimal *out = decimal_plain(vm);
    if (!out) return FAIL;
    triple_set(&out->number, false, 10, 0);
    return from_object(out);
}

NATIVE(context_is_normal, "is_normal(self, x, /)", "Is x finite, not zero, and not subnormal?")
{
    Ref a = operand(vm, argv[1]);
    if (failed(a)) return FAIL;
    bool normal = triple_is_normal(&as_decimal(a)->number, &as_decimal_context(argv[0])->rules);
    decref(a);
    return from_bool(normal);
}

NATIVE(context_is_subnormal, "is_subnormal(self, x, /)",
       "Is x finite, not zero, and smaller than the least normal number?")
{
    Ref a = operand(vm, argv[1]);
    if (failed(a)) return FAIL;
    bool subnormal =
        triple_is_subnormal(&as_decimal(a)->number, &as_decimal_context(argv[0])->rules);
    decref(a);
    return from_bool(subnormal);
}

NATIVE(context_number_class, "number_class(self, x, /)",
       "Return the class of x: 'sNaN', 'NaN', '-Infinity', '-Normal', '-Subnormal', '-Zero',\n"
       "'+Zero', '+Subnormal', '+Normal' or '+Infinity'.")
{
    Ref a = operand(vm, argv[1]);
    if (failed(a)) return FAIL;
    const char *class = triple_class(&as_decimal(a)->number, &as_decimal_context(argv[0])->rules);
    decref(a);
    return str_from(vm, class);
}

static Ref to_string(Vm *vm, Value *argv, bool engineering)
{
    Ref a = operand(vm, argv[1]);
    if (failed(a)) return FAIL;
    bool capitals = as_decimal_context(argv[0])->rules.capitals;
    Ref out = triple_to_text(vm, &as_decimal(a)->number, capitals, engineering);
    decref(a);
    return out;
}

NATIVE(context_to_sci_string, "to_sci_string(self, x, /)", "Return x as str, as str(x) does.")
{
    return to_string(vm, argv, false);
}
NATIVE(context_to_eng_string, "to_eng_string(self, x, /)",
       "Return x as str with an exponent that is a multiple of three.")
{
    return to_string(vm, argv, true);
}

NATIVE(context_create_decimal, "create_decimal(self, num='0', /)",
       "Return a Decimal made of num as Decimal(num) makes it, but rounded.")
{
    Type *type = type_from_def(vm, &decimal_type);
    return type ? decimal_from_value(vm, type, argv[1], argv[0], false) : FAIL;
}
NATIVE(context_create_decimal_from_float, "create_decimal_from_float(self, f, /)",
       "Return a float or an int as a Decimal, rounded.")
{
    Type *type = type_from_def(vm, &decimal_type);
    if (!type) return FAIL;
    if (is_any_int(argv[1])) return decimal_from_value(vm, type, argv[1], argv[0], false);
    return decimal_from_double(vm, type, argv[1], argv[0], false);
}
NATIVE(context_apply, "_apply(self, x, /)", "Return x rounded to the context.")
{
    return context_unary(vm, argv, triple_apply);
}

/* ---- tables ---- */

static const Native *const context_methods[] = {
    &context_copy_def,
    &context_copy_special_def,
    &context_reduce_def,
    &context_clear_flags_def,
    &context_clear_traps_def,
    &context_etiny_def,
    &context_etop_def,
#define UNARY(name, function, doc)          &context_##name##_def,
#define BINARY(name, function, doc)         &context_##name##_def,
#define CONTEXT_UNARY(name, function, doc)  &context_##name##_def,
#define CONTEXT_BINARY(name, function, doc) &context_##name##_def,
#include "_decimal_operations.def"
    &context_divmod_def,
    &context_fma_def,
    &context_power_def,
    &context_canonical_def,
    &context_copy_abs_def,
    &context_copy_negate_def,
    &context_copy_sign_def,
    &context_is_canonical_def,
    &context_is_finite_def,
    &context_is_infinite_def,
    &context_is_nan_def,
    &context_is_qnan_def,
    &context_is_signed_def,
    &context_is_snan_def,
    &context_is_zero_def,
    &context_same_quantum_def,
    &context_copy_decimal_def,
    &context_radix_def,
    &context_is_normal_def,
    &context_is_subnormal_def,
    &context_number_class_def,
    &context_to_sci_string_def,
    &context_to_eng_string_def,
    &context_create_decimal_def,
    &context_create_decimal_from_float_def,
    &context_apply_def,
    NULL,
};

static const Attribute context_attributes[] = {
    {"prec", get_prec, set_prec, "The precision in digits."},
    {"rounding", get_rounding, set_rounding, "The rounding: one of the ROUND_* names."},
    {"Emin", get_emin, set_emin, "The least exponent of a normal number's first digit."},
    {"Emax", get_emax, set_emax, "The largest exponent of a number's first digit."},
    {"capitals", get_capitals, set_capitals, "1: exponents are written with E; 0: with e."},
    {"clamp", get_clamp, set_clamp, "1: exponents are at most Etop(); 0: at most Emax."},
    {"flags", get_flags, set_flags, "The signals that have occurred."},
    {"traps", get_traps, set_traps, "The signals that raise."},
    {0},
};

const TypeDef decimal_context_type = {
    .name = "decimal.Context",
    .doc = "Rules of decimal arithmetic, what has happened (flags), and what raises (traps).",
    .size = sizeof(DecimalContext),
    .flags = TYPE_CONTAINER,
    .refs = REFS(REF(DecimalContext, flags), REF(DecimalContext, traps)),
    .new = &context_new_def,
    .init = &context_init_def,
    .repr = context_repr,
    .set_attr = context_set_attr,
    .methods = context_methods,
    .attributes = context_attributes,
};

const Native *const decimal_functions[] = {&getcontext_def, &setcontext_def, &decimal_open_def,
                                           NULL};
