/* _csv_writer.c - writing records: fields joined, those that need it quoted or escaped.
 *
 * A record is built in a builder of the call's own, since str() of a field may write another
 * record, and given to the object's write() at once.
 * Neighbours: _csv.c (dialects), _csv_reader.c. */
/* SPDX-License-Identifier: MIT */
#include "_csv.h"

typedef struct CsvWriter {
    Container head;
    Ref state, dialect;
    Ref write; /* the object's method */
} CsvWriter;

typedef struct Record {
    const CsvWriter *writer;
    const Dialect *dialect;
    StrBuilder text;
    ptrdiff_t fields;
    bool last_is_none;
} Record;

static CsvWriter *as_writer(Value v) { return (CsvWriter *)as_object(v); }

/* ---- fields ---- */

static bool is_number(Vm *vm, Value v)
{
    if (is_int(v) || is_float(v)) return true;
    const Slots *slots = &type_of(vm, v)->slots;
    return slots->index || slots->as_int || slots->as_float || is_kind(v, KIND_COMPLEX);
}

/* Does the kind of value call for quotes? */
static bool quotes_value(Vm *vm, Quoting quoting, Value value)
{
    switch (quoting) {
    case QUOTE_ALL: return true;
    case QUOTE_NONNUMERIC: return !is_number(vm, value);
    case QUOTE_STRINGS: return is_str(value);
    case QUOTE_NOTNULL: return !is_none(value);
    default: return false;
    }
}

/* Is None written as nothing at all, so that an empty field cannot be quoted? */
static bool none_is_bare(const Record *record, bool none)
{
    Quoting quoting = record->dialect->quoting;
    return quoting == QUOTE_NONE ||
           (none && (quoting == QUOTE_STRINGS || quoting == QUOTE_NOTNULL));
}

/* The first character from text[i] on that is special; its length: there is none. */
static ptrdiff_t plain_end(const Dialect *dialect, const Str *text, ptrdiff_t i)
{
    if (text->width == 1) {
        const uint8_t *points = (const uint8_t *)text->data;
        while (i < text->len && !dialect->special[points[i]]) i++;
        return i;
    }
    while (i < text->len && !dialect_is_special(dialect, str_at(text, i))) i++;
    return i;
}

/* Is a quote (or escape) character in need of another character before it: which?  NO_CHARACTER:
 * the field must be quoted instead. */
static uint32_t prefix_of(const Dialect *dialect, uint32_t c, bool *needs_quotes)
{
    if (dialect->quoting == QUOTE_NONE) return dialect->escape;
    if (c == dialect->quote && dialect->doubled) {
        *needs_quotes = true;
        return dialect->quote;
    }
    if (c == dialect->quote || c == dialect->escape) return dialect->escape;
    *needs_quotes = true;
    return NO_CHARACTER;
}

/* Does the field hold something for which it has to be quoted? */
static bool text_needs_quotes(const Dialect *dialect, const Str *text)
{
    bool needed = false;
    for (ptrdiff_t i = plain_end(dialect, text, 0); !needed && i < text->len;
         i = plain_end(dialect, text, i + 1))
        prefix_of(dialect, str_at(text, i), &needed);
    return needed;
}

/* The characters of a field, with what must stand before some of them. */
static bool add_text(Vm *vm, Record *record, Value v)
{
    const Dialect *dialect = record->dialect;
    const Str *text = as_str(v);
    for (ptrdiff_t i = 0; i < text->len;) {
        ptrdiff_t end = plain_end(dialect, text, i);
        if (!builder_slice(vm, &record->text, v, i, end)) return false;
        if (end == text->len) break;
        uint32_t c = str_at(text, end);
        bool quoted = false;
        uint32_t prefix = prefix_of(dialect, c, &quoted);
        if (prefix == NO_CHARACTER && !quoted) {
            csv_error(vm, record->writer->state, "need to escape, but no escapechar set");
            return false;
        }
        if (prefix != NO_CHARACTER && !builder_char(vm, &record->text, prefix)) return false;
        if (!builder_char(vm, &record->text, c)) return false;
        i = end + 1;
    }
    return true;
}

/* One field: its text, and whether it is quoted in any case. */
static bool add_field(Vm *vm, Record *record, Value text, bool none, bool quoted)
{
    const Dialect *dialect = record->dialect;
    if (as_str(text)->len == 0 && dialect->delimiter == ' ' && dialect->skips_space && !quoted) {
        if (none_is_bare(record, none)) {
            csv_error(vm, record->writer->state,
                      "empty field must be quoted if delimiter is a space and "
                      "skipinitialspace is true");
            return false;
        }
        quoted = true;
    }
    StrBuilder *out = &record->text;
    if (record->fields++ > 0 && !builder_char(vm, out, dialect->delimiter)) return false;
    record->last_is_none = none;
    ptrdiff_t plain = plain_end(dialect, as_str(text), 0);
    if (plain == as_str(text)->len && !quoted) return builder_str(vm, out, text);
    quoted = quoted || text_needs_quotes(dialect, as_str(text));
    return (!quoted || builder_char(vm, out, dialect->quote)) && add_text(vm, record, text) &&
           (!quoted || builder_char(vm, out, dialect->quote));
}

static bool add_value(Vm *vm, Value value, void *context)
{
    Record *record = context;
    bool none = is_none(value), quoted = quotes_value(vm, record->dialect->quoting, value);
    if (is_str(value)) return add_field(vm, record, value, false, quoted);
    Ref text = none ? str_from_ascii(vm, "", 0) : value_str(vm, value);
    bool good = !failed(text) && add_field(vm, record, text, none, quoted);
    decref(text);
    return good;
}

/* ---- records ---- */

/* A record of a single empty field would be an empty line: it is quoted. */
static bool end_record(Vm *vm, Record *record)
{
    if (record->fields == 1 && record->text.len == 0) {
        if (none_is_bare(record, record->last_is_none)) {
            csv_error(vm, record->writer->state, "single empty field record must be quoted");
            return false;
        }
        uint32_t quote = record->dialect->quote;
        if (!builder_char(vm, &record->text, quote) || !builder_char(vm, &record->text, quote))
            return false;
    }
    return builder_str(vm, &record->text, record->dialect->line_end);
}

static Ref write_row(Vm *vm, CsvWriter *self, Value row)
{
    Ref out = FAIL, iter = is_list(row) || is_tuple(row) ? newref(row) : iter_of(vm, row);
    if (failed(iter)) {
        if (error_is(vm, TypeError)) {
            error_clear(vm);
            csv_error(vm, self->state, "iterable expected, not %T", row);
        }
        return FAIL;
    }
    Record record = {.writer = self, .dialect = as_dialect(self->dialect)};
    builder_open(&record.text);
    if (iterate(vm, iter, add_value, &record) && end_record(vm, &record)) {
        Ref text = builder_finish(vm, &record.text);
        out = failed(text) ? FAIL : call1(vm, self->write, text);
        decref(text);
    }
    builder_close(&record.text);
    decref(iter);
    return out;
}

NATIVE(writer_writerow, "writerow(self, row, /)",
       "Write an iterable of fields as a record; return what the object's write() does.\n"
       "Raises Error when a field cannot be written in the dialect.")
{
    return write_row(vm, as_writer(argv[0]), argv[1]);
}

static bool write_each(Vm *vm, Value row, void *context)
{
    Ref written = write_row(vm, context, row);
    decref(written);
    return !failed(written);
}

NATIVE(writer_writerows, "writerows(self, rows, /)", "Write each of an iterable of records.")
{
    return iterate(vm, argv[1], write_each, as_writer(argv[0])) ? NONE : FAIL;
}

/* ---- the type ---- */

Ref csv_writer_new(Vm *vm, Value args, Value options)
{
    Ref write = attr_get_or_absent(vm, tuple_at(args, 0), N(write)), state = FAIL, dialect = FAIL;
    if (failed(write)) return FAIL;
    if (absent(write) || !type_of(vm, write)->slots.call) {
        decref(write);
        return throw(vm, TypeError, "argument 1 must have a \"write\" method");
    }
    dialect = dialect_from(vm, args, 1, options);
    if (!failed(dialect)) state = csv_state(vm);
    Type *type = failed(state) ? NULL : type_from_def(vm, &csv_writer_type);
    CsvWriter *self = type ? type_instance(vm, type) : NULL;
    if (!self) {
        decref(state);
        decref(dialect);
        decref(write);
        return FAIL;
    }
    self->write = write;
    self->state = state;
    self->dialect = dialect;
    return from_object(self);
}

static Ref get_dialect(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_writer(self)->dialect);
}
static const Attribute writer_attributes[] = {
    {"dialect", get_dialect, member_read_only, "The Dialect."},
    {0},
};
static const Native *const writer_methods[] = {&writer_writerow_def, &writer_writerows_def, NULL};
const TypeDef csv_writer_type = {
    .name = "_csv.writer",
    .doc = "Writes records to an object with write(); made by csv.writer().",
    .size = sizeof(CsvWriter),
    .flags = TYPE_CONTAINER | TYPE_NO_NEW,
    .refs = REFS(REF(CsvWriter, state), REF(CsvWriter, dialect), REF(CsvWriter, write)),
    .methods = writer_methods,
    .attributes = writer_attributes,
};
