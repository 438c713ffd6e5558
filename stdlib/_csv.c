/* _csv.c - the module _csv: dialects, and what they are registered under.
 *
 * A dialect is checked when it is made and does not change.  It carries a table of the characters
 * that need a look, so that reader and writer go over plain text in a tight loop.
 * Neighbours: _csv_reader.c, _csv_writer.c, csv.aio (dict readers and writers, Sniffer). */
/* SPDX-License-Identifier: MIT */
#include "_csv.h"

enum { FIELD_LIMIT = 128 * 1024 };

typedef enum Option {
    DELIMITER,
    DOUBLEQUOTE,
    ESCAPECHAR,
    LINETERMINATOR,
    QUOTECHAR,
    QUOTING,
    SKIPINITIALSPACE,
    STRICT,
    OPTIONS
} Option;

static const char *const option_names[OPTIONS] = {
    "delimiter", "doublequote", "escapechar",       "lineterminator",
    "quotechar", "quoting",     "skipinitialspace", "strict",
};

/* ---- state and errors ---- */

Ref csv_state(Vm *vm)
{
    Ref module = import_text(vm, "_csv");
    Ref state = failed(module) ? FAIL : attr_get_text(vm, module, "_state");
    decref(module);
    if (failed(state) || (is_heap(state) && type_of(vm, state)->def == &csv_state_type))
        return state;
    decref(state);
    return throw(vm, TypeError, "_csv._state has been replaced");
}

Ref csv_error(Vm *vm, Value state, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    Ref text = format_text_list(vm, format, &list);
    va_end(list);
    Ref error = failed(text) ? FAIL : call1(vm, as_csv_state(state)->error, text);
    if (!failed(error)) throw_object(vm, error);
    decref(error);
    decref(text);
    return FAIL;
}

/* ---- making a dialect ---- */

bool dialect_is_special(const Dialect *dialect, uint32_t point)
{
    if (point < 256) return dialect->special[point];
    if (point == dialect->delimiter || point == dialect->quote || point == dialect->escape)
        return true;
    const Str *end = as_str(dialect->line_end);
    for (ptrdiff_t i = 0; i < end->len; i++)
        if (str_at(end, i) == point) return true;
    return false;
}

static bool holds(Value text, uint32_t point)
{
    const Str *s = as_str(text);
    for (ptrdiff_t i = 0; i < s->len; i++)
        if (str_at(s, i) == point) return true;
    return false;
}

static bool set_character(Vm *vm, const char *name, Value given, bool optional, uint32_t *point)
{
    if (absent(given)) return true;
    if (is_none(given) && optional) {
        *point = NO_CHARACTER;
        return true;
    }
    if (!is_str(given)) {
        throw(vm, TypeError,
              optional ? "\"%s\" must be string or None, not %T" : "\"%s\" must be string, not %T",
              name, given);
        return false;
    }
    if (as_str(given)->len != 1) {
        throw(vm, TypeError, "\"%s\" must be a 1-character string", name);
        return false;
    }
    *point = str_at(as_str(given), 0);
    return true;
}

static bool set_flag(Vm *vm, Value given, bool *flag)
{
    if (absent(given)) return true;
    Truth truth = value_truth(vm, given);
    *flag = truth == YES;
    return truth != FAILED;
}

static bool set_quoting(Vm *vm, Value given, Quoting *quoting)
{
    if (absent(given)) return true;
    int overflow = 0;
    int64_t number = QUOTING_COUNT;
    if (!is_int(given) && !is_exact(given, KIND_INT)) {
        throw(vm, TypeError, "\"quoting\" must be an integer");
        return false;
    }
    number = int_value(given, &overflow);
    if (overflow || number != (int)number) {
        throw(vm, OverflowError, "Python int too large to convert to C int");
        return false;
    }
    if (number < 0 || number >= QUOTING_COUNT) {
        throw(vm, TypeError, "bad \"quoting\" value");
        return false;
    }
    *quoting = (Quoting)number;
    return true;
}

static bool set_line_end(Vm *vm, Value given, Ref *line_end)
{
    if (absent(given)) {
        replace(line_end, str_from_ascii(vm, "\r\n", 2));
        return !failed(*line_end);
    }
    if (!is_str(given)) {
        throw(vm, TypeError,
              is_none(given) ? "lineterminator must be set"
                             : "\"lineterminator\" must be a string");
        return false;
    }
    replace(line_end, newref(given));
    return true;
}

static bool bad_value(Vm *vm, const char *what)
{
    throw(vm, ValueError, "bad %s value", what);
    return false;
}

/* Do the characters go together? */
static bool check_characters(Vm *vm, const Dialect *d)
{
    const struct {
        const char *name;
        uint32_t point;
        bool may_be_space;
    } all[] = {{"delimiter", d->delimiter, true},
               {"escapechar", d->escape, !d->skips_space},
               {"quotechar", d->quote, !d->skips_space}};
    for (int n = 0; n < 3; n++)
        if (all[n].point == '\n' || all[n].point == '\r' ||
            (all[n].point == ' ' && !all[n].may_be_space))
            return bad_value(vm, all[n].name);
    if (d->delimiter == d->escape) return bad_value(vm, "delimiter or escapechar");
    if (d->delimiter == d->quote) return bad_value(vm, "delimiter or quotechar");
    if (d->escape == d->quote && d->quote != NO_CHARACTER)
        return bad_value(vm, "escapechar or quotechar");
    for (int n = 0; n < 3; n++)
        if (all[n].point != NO_CHARACTER && holds(d->line_end, all[n].point)) {
            throw(vm, ValueError, "bad %s or lineterminator value", all[n].name);
            return false;
        }
    return true;
}

static void note_special(Dialect *dialect)
{
    const uint32_t points[] = {dialect->delimiter, dialect->quote, dialect->escape, '\n', '\r'};
    for (size_t n = 0; n < sizeof points / sizeof *points; n++)
        if (points[n] < 256) dialect->special[points[n]] = true;
    const Str *end = as_str(dialect->line_end);
    for (ptrdiff_t i = 0; i < end->len; i++)
        if (str_at(end, i) < 256) dialect->special[str_at(end, i)] = true;
}

static bool fill(Vm *vm, Dialect *d, Ref *given)
{
    d->delimiter = ',';
    d->quote = '"';
    d->escape = NO_CHARACTER;
    d->doubled = true;
    if (!set_character(vm, "delimiter", given[DELIMITER], false, &d->delimiter) ||
        !set_flag(vm, given[DOUBLEQUOTE], &d->doubled) ||
        !set_character(vm, "escapechar", given[ESCAPECHAR], true, &d->escape) ||
        !set_line_end(vm, given[LINETERMINATOR], &d->line_end) ||
        !set_character(vm, "quotechar", given[QUOTECHAR], true, &d->quote) ||
        !set_quoting(vm, given[QUOTING], &d->quoting) ||
        !set_flag(vm, given[SKIPINITIALSPACE], &d->skips_space) ||
        !set_flag(vm, given[STRICT], &d->strict))
        return false;
    if (d->quote == NO_CHARACTER && absent(given[QUOTING])) d->quoting = QUOTE_NONE;
    if (d->quoting != QUOTE_NONE && d->quote == NO_CHARACTER) {
        throw(vm, TypeError, "quotechar must be set if quoting enabled");
        return false;
    }
    if (!check_characters(vm, d)) return false;
    note_special(d);
    return true;
}

/* Those options that a call gives by position, behind the dialect, and by keyword. */
static bool given_options(Vm *vm, Value args, ptrdiff_t first, Value options, Ref *given)
{
    for (ptrdiff_t n = first; n < tuple_len(args); n++)
        given[n - first] = newref(tuple_at(args, n));
    Value key, value;
    for (ptrdiff_t at = 0; dict_next(as_dict(options), &at, &key, &value);) {
        int n = 0;
        while (n < OPTIONS && !str_is(key, option_names[n])) n++;
        if (n == OPTIONS) {
            throw(vm, TypeError, "this function got an unexpected keyword argument '%S'", key);
            return false;
        }
        replace(&given[n], newref(value));
    }
    return true;
}

/* The options that the attributes of an object add. */
static bool add_attributes(Vm *vm, Value from, Ref *given)
{
    for (int n = 0; n < OPTIONS; n++) {
        if (!absent(given[n])) continue;
        Ref name = str_interned(vm, option_names[n]);
        given[n] = failed(name) ? FAIL : attr_get_or_absent(vm, from, name);
        decref(name);
        if (failed(given[n])) {
            given[n] = UNDEF;
            return false;
        }
    }
    return true;
}

static Ref dialect_named(Vm *vm, Value state, Value name)
{
    Value found = dict_get(vm, as_dict(as_csv_state(state)->dialects), name);
    if (absent(found)) return csv_error(vm, state, "unknown dialect");
    return failed(found) ? FAIL : newref(found);
}

/* A dialect of class type; from: what is given as `dialect`; args[first..] and options the rest. */
static Ref dialect_make(Vm *vm, Type *type, Value from, Value args, ptrdiff_t first, Value options)
{
    Ref base = newref(from), given[OPTIONS] = {UNDEF}, out = FAIL;
    if (is_str(from)) {
        Ref state = csv_state(vm);
        replace(&base, failed(state) ? FAIL : dialect_named(vm, state, from));
        decref(state);
    }
    bool good = !failed(base);
    if (good && tuple_len(args) <= first && as_dict(options)->len == 0 && is_heap(base) &&
        type_has_instance(vm, type, base))
        return base;
    if (good && tuple_len(args) - first > OPTIONS) {
        throw(vm, TypeError, "function takes at most %d arguments (%zd given)", OPTIONS + 1,
              tuple_len(args) - first + 1);
        good = false;
    }
    good = good && given_options(vm, args, first, options, given) &&
           (is_none(base) || add_attributes(vm, base, given));
    if (good) {
        Dialect *dialect = type_instance(vm, type);
        out = dialect ? from_object(dialect) : FAIL;
        if (!failed(out) && !fill(vm, dialect, given)) replace(&out, FAIL);
    }
    for (int n = 0; n < OPTIONS; n++) decref(given[n]);
    decref(base);
    return out;
}

Ref dialect_from(Vm *vm, Value args, ptrdiff_t first, Value options)
{
    Type *type = type_from_def(vm, &csv_dialect_type);
    if (!type) return FAIL;
    Value from = UNDEF;
    Value by_name = dict_get_text(vm, as_dict(options), "dialect");
    if (failed(by_name)) return FAIL;
    if (absent(by_name)) {
        from = first < tuple_len(args) ? tuple_at(args, first) : (Value)NONE;
        return dialect_make(vm, type, from, args, first + 1, options);
    }
    if (first < tuple_len(args))
        return throw(vm, TypeError,
                     "argument for function given by name ('dialect') and "
                     "position (1)");
    Ref rest = dict_copy(vm, as_dict(options));
    if (failed(rest)) return FAIL;
    from = by_name;
    Ref name = str_interned(vm, "dialect"), out = FAIL;
    if (!failed(name) && dict_delete(vm, as_dict(rest), name) != FAILED)
        out = dialect_make(vm, type, from, args, first + 1, rest);
    decref(name);
    decref(rest);
    return out;
}

NATIVE(dialect_new, "new(cls, dialect=None, /, *args, **options)",
       "Return the checked form of a dialect: a name, an object with its options as attributes,\n"
       "or None, and single options.  Raises TypeError and ValueError for what does not fit.")
{
    Type *type = as_type(argv[0]);
    Value by_name = dict_get_text(vm, as_dict(argv[3]), "dialect");
    if (failed(by_name)) return FAIL;
    if (!absent(by_name)) return dialect_from(vm, argv[2], 0, argv[3]);
    return dialect_make(vm, type, argv[1], argv[2], 0, argv[3]);
}

/* ---- attributes of a dialect ---- */

static Ref character_of(Vm *vm, uint32_t point)
{
    return point == NO_CHARACTER ? NONE : str_from_char(vm, point);
}
static Ref get_delimiter(Vm *vm, Value self)
{
    return character_of(vm, as_dialect(self)->delimiter);
}
static Ref get_quote(Vm *vm, Value self) { return character_of(vm, as_dialect(self)->quote); }
static Ref get_escape(Vm *vm, Value self) { return character_of(vm, as_dialect(self)->escape); }
static Ref get_line_end(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_dialect(self)->line_end);
}
static Ref get_quoting(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_dialect(self)->quoting);
}
static Ref get_doubled(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_dialect(self)->doubled);
}
static Ref get_skips_space(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_dialect(self)->skips_space);
}
static Ref get_strict(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_dialect(self)->strict);
}
static const Attribute dialect_attributes[] = {
    {"delimiter", get_delimiter, NULL, "What stands between fields."},
    {"quotechar", get_quote, NULL, "What stands around quoted fields, or None."},
    {"escapechar", get_escape, NULL, "What takes the meaning of the next character, or None."},
    {"lineterminator", get_line_end, NULL, "What the writer ends records with."},
    {"quoting", get_quoting, NULL, "Which fields are quoted: one of the QUOTE_ constants."},
    {"doublequote", get_doubled, member_read_only, "Are quotes within a field doubled?"},
    {"skipinitialspace", get_skips_space, member_read_only,
     "Are blanks after a delimiter ignored?"},
    {"strict", get_strict, member_read_only, "Is bad input an Error?"},
    {0},
};

NATIVE(dialect_reduce_ex, "__reduce_ex__(self, protocol, /)", "Raise TypeError.")
{
    Value name = type_of(vm, argv[0])->name;
    return throw(vm, TypeError, "cannot pickle '%S' instances", name);
}
NATIVE(dialect_reduce, "__reduce__(self, /)", "Raise TypeError.")
{
    Value name = type_of(vm, argv[0])->name;
    return throw(vm, TypeError, "cannot pickle '%S' instances", name);
}
static const Native *const dialect_methods[] = {&dialect_reduce_ex_def, &dialect_reduce_def, NULL};
const TypeDef csv_dialect_type = {
    .name = "_csv.Dialect",
    .doc = "The checked, unchangeable form of a dialect's options.",
    .size = sizeof(Dialect),
    .flags = TYPE_CONTAINER,
    .refs = REFS(REF(Dialect, line_end)),
    .new = &dialect_new_def,
    .methods = dialect_methods,
    .attributes = dialect_attributes,
};

/* ---- functions ---- */

static bool count_in_range(Vm *vm, ptrdiff_t given)
{
    if (given < 1) throw(vm, TypeError, " expected at least 1 argument, got %zd", given);
    else if (given > 2) throw(vm, TypeError, " expected at most 2 arguments, got %zd", given);
    return given == 1 || given == 2;
}

NATIVE(csv_reader, "reader(*args, **options)",
       "reader(iterable, dialect='excel', **options): return an iterator over records, lists of\n"
       "str.  iterable gives lines, as a file opened with newline='' does.")
{
    if (!count_in_range(vm, tuple_len(argv[0]))) return FAIL;
    return csv_reader_new(vm, argv[0], argv[1]);
}

NATIVE(csv_writer, "writer(*args, **options)",
       "writer(fileobj, dialect='excel', **options): return a writer of records to an object\n"
       "with write().")
{
    if (!count_in_range(vm, tuple_len(argv[0]))) return FAIL;
    return csv_writer_new(vm, argv[0], argv[1]);
}

NATIVE(csv_register, "register_dialect(*args, **options)",
       "register_dialect(name, dialect=None, **options): make a dialect known under a name.")
{
    if (!count_in_range(vm, tuple_len(argv[0]))) return FAIL;
    Value name = tuple_at(argv[0], 0);
    if (!is_str(name)) return throw(vm, TypeError, "dialect name must be a string");
    Ref dialect = dialect_from(vm, argv[0], 1, argv[1]);
    Ref state = failed(dialect) ? FAIL : csv_state(vm);
    bool good =
        !failed(state) && dict_set(vm, as_dict(as_csv_state(state)->dialects), name, dialect);
    decref(state);
    decref(dialect);
    return good ? NONE : FAIL;
}

NATIVE(csv_unregister, "unregister_dialect(name)", "Forget a name; Error if it is unknown.")
{
    Ref state = csv_state(vm), out = FAIL;
    if (failed(state)) return FAIL;
    Truth found = dict_delete(vm, as_dict(as_csv_state(state)->dialects), argv[0]);
    if (found == NO) csv_error(vm, state, "unknown dialect");
    if (found == YES) out = NONE;
    decref(state);
    return out;
}

NATIVE(csv_get_dialect, "get_dialect(name)",
       "Return the dialect of a name; Error if it is unknown.")
{
    Ref state = csv_state(vm), out = failed(state) ? FAIL : dialect_named(vm, state, argv[0]);
    decref(state);
    return out;
}

NATIVE(csv_list_dialects, "list_dialects()", "Return a list of the names of the dialects.")
{
    Ref state = csv_state(vm);
    Ref out = failed(state) ? FAIL : list_from(vm, as_csv_state(state)->dialects);
    decref(state);
    return out;
}

NATIVE(csv_field_size_limit, "field_size_limit(new_limit=?)",
       "Return how many characters a field may have; with an argument set it as well.")
{
    Ref state = csv_state(vm);
    if (failed(state)) return FAIL;
    Ref old = from_int64(vm, as_csv_state(state)->limit);
    if (!failed(old) && !absent(argv[0])) {
        int overflow = 0;
        bool good = is_any_int(argv[0]);
        int64_t limit = good ? int_value(argv[0], &overflow) : 0;
        if (!good) throw(vm, TypeError, "limit must be an integer");
        else if (overflow) throw(vm, OverflowError, "Python int too large to convert to C long");
        else as_csv_state(state)->limit = limit;
        if (!good || overflow) replace(&old, FAIL);
    }
    decref(state);
    return old;
}

/* ---- the module ---- */

const TypeDef csv_state_type = {
    .name = "_csv._State",
    .doc = "What the functions of the module share.",
    .size = sizeof(CsvState),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(CsvState, error), REF(CsvState, dialects)),
};

static Ref error_class(Vm *vm)
{
    Ref name = str_from(vm, "Error"), home = str_from(vm, "_csv"), namespace = dict_new(vm);
    Ref bases = tuple_pack(vm, 1, borrow(exception_class(vm, Exception_))), class = FAIL;
    if (!failed(name) && !failed(home) && !failed(namespace) && !failed(bases) &&
        dict_set(vm, as_dict(namespace), N(__module__), home))
        class = type_make(vm, type_builtin(vm, KIND_TYPE), name, bases, namespace, NULL);
    decref(bases);
    decref(namespace);
    decref(home);
    decref(name);
    return class;
}

static bool csv_open(Vm *vm, Value module)
{
    static const char *const constants[QUOTING_COUNT] = {
        "QUOTE_MINIMAL", "QUOTE_ALL",     "QUOTE_NONNUMERIC",
        "QUOTE_NONE",    "QUOTE_STRINGS", "QUOTE_NOTNULL",
    };
    for (int n = 0; n < QUOTING_COUNT; n++)
        if (!module_set(vm, module, constants[n], from_small(n))) return false;
    Type *type = type_from_def(vm, &csv_state_type);
    Type *reader = type_from_def(vm, &csv_reader_type);
    Type *writer = type_from_def(vm, &csv_writer_type);
    CsvState *state = type && reader && writer ? type_instance(vm, type) : NULL;
    if (!state) return false;
    state->limit = FIELD_LIMIT;
    Ref self = from_object(state);
    bool good = !failed(state->error = error_class(vm)) &&
                !failed(state->dialects = dict_new(vm)) &&
                module_set(vm, module, "Reader", newref(borrow(reader))) &&
                module_set(vm, module, "Writer", newref(borrow(writer))) &&
                module_set(vm, module, "Error", newref(state->error)) &&
                module_set(vm, module, "_dialects", newref(state->dialects)) &&
                module_set(vm, module, "_state", newref(self));
    decref(self);
    return good;
}

static const Native *const csv_functions[] = {
    &csv_reader_def,      &csv_writer_def,        &csv_register_def,         &csv_unregister_def,
    &csv_get_dialect_def, &csv_list_dialects_def, &csv_field_size_limit_def, NULL,
};
static const TypeDef *const csv_types[] = {&csv_dialect_type, NULL};
const ModuleDef _csv_module = {
    .name = "_csv",
    .doc = "The part of module csv that reads and writes records.",
    .functions = csv_functions,
    .types = csv_types,
    .open = csv_open,
};
