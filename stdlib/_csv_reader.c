/* _csv_reader.c - reading records: a state machine over the characters of lines.
 *
 * What lies between two characters that need a look is passed over in one step and kept as a run
 * of the line; a field that is a single run is cut from the line, and only one that has escapes,
 * doubled quotes or line ends goes through the builder.
 * Neighbours: _csv.c (dialects), _csv_writer.c. */
/* SPDX-License-Identifier: MIT */
#include "_csv.h"

#define LINE_END UINT32_MAX /* in place of a character, behind the last one */

typedef enum State {
    AT_RECORD,
    AT_FIELD,
    IN_FIELD,
    ESCAPED,
    ESCAPED_LINE_END, /* an escaped line end has been read: the next line goes on with the field */
    IN_QUOTED,
    ESCAPED_IN_QUOTED,
    QUOTE_IN_QUOTED,
    AFTER_RECORD, /* a line end has been read */
} State;

typedef struct CsvReader {
    Container head;
    Ref state, dialect;
    Ref lines;  /* iterator */
    Ref fields; /* list of what the record has so far */
    Ref line;   /* the one being read; UNDEF between lines */
    StrBuilder field;
    ptrdiff_t run_start, run_end; /* of the line: what follows the builder's text */
    int64_t line_num;
    State at;
    bool unquoted; /* did the field begin without a quote? */
} CsvReader;

static CsvReader *as_reader(Value v) { return (CsvReader *)as_object(v); }

/* ---- the field ---- */

static ptrdiff_t field_len(const CsvReader *self)
{
    return self->field.len + self->run_end - self->run_start;
}

/* Puts the run into the builder, before the line goes or something else follows. */
static bool settle_run(Vm *vm, CsvReader *self)
{
    bool good = builder_slice(vm, &self->field, self->line, self->run_start, self->run_end);
    self->run_start = self->run_end = 0;
    return good;
}

static bool within_limit(Vm *vm, CsvReader *self, ptrdiff_t more)
{
    int64_t limit = as_csv_state(self->state)->limit;
    if (field_len(self) + more <= limit) return true;
    csv_error(vm, self->state, "field larger than field limit (%lld)", (long long)limit);
    return false;
}

/* Adds line[start:end]. */
static bool add_run(Vm *vm, CsvReader *self, ptrdiff_t start, ptrdiff_t end)
{
    if (!within_limit(vm, self, end - start)) return false;
    if (self->run_start < self->run_end && self->run_end != start && !settle_run(vm, self))
        return false;
    if (self->run_start == self->run_end) self->run_start = start;
    self->run_end = end;
    return true;
}

static bool add_newline(Vm *vm, CsvReader *self)
{
    return within_limit(vm, self, 1) && settle_run(vm, self) &&
           builder_char(vm, &self->field, '\n');
}

/* The field as text; it is empty then. */
static Ref take_text(Vm *vm, CsvReader *self)
{
    Ref text;
    ptrdiff_t start = self->run_start, end = self->run_end;
    if (self->field.len == 0) {
        const Str *line = absent(self->line) ? NULL : as_str(self->line);
        self->run_start = self->run_end = 0;
        if (line && line->ascii) return str_from_ascii(vm, line->data + start, end - start);
        return line ? str_slice(vm, self->line, start, end) : str_from_ascii(vm, "", 0);
    }
    text = start < end && !settle_run(vm, self) ? FAIL : builder_finish(vm, &self->field);
    builder_close(&self->field);
    return text;
}

/* Ends the field. */
static bool save_field(Vm *vm, CsvReader *self)
{
    Quoting quoting = as_dialect(self->dialect)->quoting;
    bool empty = field_len(self) == 0;
    Ref value = take_text(vm, self);
    if (failed(value)) return false;
    if (self->unquoted && empty && (quoting == QUOTE_NOTNULL || quoting == QUOTE_STRINGS)) {
        replace(&value, NONE);
    } else if (self->unquoted && !empty &&
               (quoting == QUOTE_NONNUMERIC || quoting == QUOTE_STRINGS)) {
        double number;
        bool good = float_from_str(vm, value, &number);
        replace(&value, good ? from_float(number) : FAIL);
        if (!good) return false;
    }
    return list_push(vm, as_list(self->fields), value);
}

/* ---- the state machine ---- */

static bool is_newline(uint32_t c) { return c == '\n' || c == '\r' || c == LINE_END; }

/* The quote character, as far as quotes mean something. */
static uint32_t quote_of(const Dialect *dialect)
{
    return dialect->quoting == QUOTE_NONE ? NO_CHARACTER : dialect->quote;
}

/* A line end or a delimiter behind a field. */
static bool end_field(Vm *vm, CsvReader *self, uint32_t c)
{
    self->at = c == LINE_END ? AT_RECORD : is_newline(c) ? AFTER_RECORD : AT_FIELD;
    return save_field(vm, self);
}

/* c, at line[i], is the first character of a field. */
static bool begin_field(Vm *vm, CsvReader *self, uint32_t c, ptrdiff_t i)
{
    const Dialect *dialect = as_dialect(self->dialect);
    self->unquoted = true;
    if (is_newline(c)) return end_field(vm, self, c);
    if (c == quote_of(dialect)) {
        self->unquoted = false;
        self->at = IN_QUOTED;
        return true;
    }
    if (c == dialect->escape) {
        self->at = ESCAPED;
        return true;
    }
    if (c == ' ' && dialect->skips_space) {
        self->at = AT_FIELD;
        return true;
    }
    if (c == dialect->delimiter) return end_field(vm, self, c);
    self->at = IN_FIELD;
    return add_run(vm, self, i, i + 1);
}

static bool step_in_field(Vm *vm, CsvReader *self, uint32_t c, ptrdiff_t i)
{
    const Dialect *dialect = as_dialect(self->dialect);
    if (is_newline(c) || c == dialect->delimiter) return end_field(vm, self, c);
    if (c == dialect->escape) {
        self->at = ESCAPED;
        return true;
    }
    return add_run(vm, self, i, i + 1); /* behind an escaped line end it stays at that */
}

static bool step_in_quoted(Vm *vm, CsvReader *self, uint32_t c, ptrdiff_t i)
{
    const Dialect *dialect = as_dialect(self->dialect);
    if (c == LINE_END) return true;
    if (c == dialect->escape) {
        self->at = ESCAPED_IN_QUOTED;
        return true;
    }
    if (c == dialect->quote) {
        self->at = dialect->doubled ? QUOTE_IN_QUOTED : IN_FIELD;
        return true;
    }
    return add_run(vm, self, i, i + 1);
}

/* Behind a quote within a quoted field: the field's end, or a doubled quote. */
static bool step_after_quote(Vm *vm, CsvReader *self, uint32_t c, ptrdiff_t i)
{
    const Dialect *dialect = as_dialect(self->dialect);
    if (is_newline(c) || c == dialect->delimiter) return end_field(vm, self, c);
    if (c == quote_of(dialect)) {
        self->at = IN_QUOTED;
        return add_run(vm, self, i, i + 1);
    }
    if (dialect->strict) {
        csv_error(vm, self->state, "'%c' expected after '%c'", (int)dialect->delimiter,
                  (int)dialect->quote);
        return false;
    }
    self->at = IN_FIELD;
    return add_run(vm, self, i, i + 1);
}

/* Behind an escape character. */
static bool step_escaped(Vm *vm, CsvReader *self, uint32_t c, ptrdiff_t i)
{
    if (self->at == ESCAPED_IN_QUOTED) self->at = IN_QUOTED;
    else self->at = is_newline(c) ? ESCAPED_LINE_END : IN_FIELD;
    return c == LINE_END ? add_newline(vm, self) : add_run(vm, self, i, i + 1);
}

/* One character, or LINE_END; false: raised. */
static bool step(Vm *vm, CsvReader *self, uint32_t c, ptrdiff_t i)
{
    switch (self->at) {
    case AT_RECORD:
        if (c == LINE_END) return true;
        if (!is_newline(c)) return begin_field(vm, self, c, i);
        self->at = AFTER_RECORD;
        return true;
    case AT_FIELD: return begin_field(vm, self, c, i);
    case ESCAPED_LINE_END:
        if (c == LINE_END) return true;
        return step_in_field(vm, self, c, i);
    case IN_FIELD: return step_in_field(vm, self, c, i);
    case IN_QUOTED: return step_in_quoted(vm, self, c, i);
    case QUOTE_IN_QUOTED: return step_after_quote(vm, self, c, i);
    case ESCAPED:
    case ESCAPED_IN_QUOTED: return step_escaped(vm, self, c, i);
    case AFTER_RECORD:
        if (c == LINE_END) self->at = AT_RECORD;
        else if (!is_newline(c)) {
            csv_error(vm, self->state,
                      "new-line character seen in unquoted field - do you need "
                      "to open the file with newline=''?");
            return false;
        }
        return true;
    }
    return true;
}

/* The end of the plain characters from line[i] on. */
static ptrdiff_t plain_end(const Dialect *dialect, const Str *line, ptrdiff_t i)
{
    if (line->width == 1) {
        const uint8_t *text = (const uint8_t *)line->data;
        while (i < line->len && !dialect->special[text[i]]) i++;
        return i;
    }
    while (i < line->len && !dialect_is_special(dialect, str_at(line, i))) i++;
    return i;
}

/* May a field of plain characters be cut from this line as it stands? */
static bool cuts_plainly(const Dialect *dialect, const Str *line)
{
    bool as_text = dialect->quoting == QUOTE_MINIMAL || dialect->quoting == QUOTE_ALL;
    return line->ascii && as_text && !dialect->skips_space;
}

/* Saves the fields from line[*i] on that are plain characters and end with a delimiter. */
static bool read_plain_fields(Vm *vm, CsvReader *self, const Str *line, ptrdiff_t *i)
{
    const Dialect *dialect = as_dialect(self->dialect);
    int64_t limit = as_csv_state(self->state)->limit;
    for (;;) {
        ptrdiff_t end = plain_end(dialect, line, *i);
        bool whole = end < line->len && (uint8_t)line->data[end] == dialect->delimiter;
        if (!whole || end - *i > limit) return true;
        Ref text = str_from_ascii(vm, line->data + *i, end - *i);
        if (failed(text) || !list_push(vm, as_list(self->fields), text)) return false;
        self->at = AT_FIELD;
        *i = end + 1;
    }
}

static bool read_line(Vm *vm, CsvReader *self)
{
    const Dialect *dialect = as_dialect(self->dialect);
    const Str *line = as_str(self->line);
    bool plainly = cuts_plainly(dialect, line);
    for (ptrdiff_t i = 0; i < line->len;) {
        if (plainly && (self->at == AT_FIELD || self->at == AT_RECORD)) {
            if (!read_plain_fields(vm, self, line, &i)) return false;
            if (i == line->len) break;
        }
        if (self->at == IN_FIELD || self->at == IN_QUOTED) {
            ptrdiff_t end = plain_end(dialect, line, i);
            if (end > i) {
                if (!add_run(vm, self, i, end)) return false;
                i = end;
                continue;
            }
        }
        if (!step(vm, self, str_at(line, i), i)) return false;
        i++;
    }
    return step(vm, self, LINE_END, line->len) && settle_run(vm, self);
}

/* ---- the iterator ---- */

static void reset(CsvReader *self)
{
    builder_close(&self->field);
    clear(&self->line);
    self->run_start = self->run_end = 0;
    self->at = AT_RECORD;
    self->unquoted = false;
}

/* There is no further line: what has been read of a record ends here.  FAIL, UNDEF: none. */
static Ref read_end(Vm *vm, CsvReader *self)
{
    if (field_len(self) == 0 && self->at != IN_QUOTED) return UNDEF;
    if (as_dialect(self->dialect)->strict)
        return csv_error(vm, self->state, "unexpected end of data");
    return save_field(vm, self) ? take(&self->fields) : FAIL;
}

/* Raises Error unless line is a str. */
static bool check_line(Vm *vm, CsvReader *self, Value line)
{
    if (is_str(line)) return true;
    csv_error(vm, self->state,
              "iterator should return strings, not %T (the file should be opened in text mode)",
              line);
    return false;
}

static Ref reader_next(Vm *vm, Value v)
{
    CsvReader *self = as_reader(v);
    reset(self);
    replace(&self->fields, list_new(vm, 0));
    if (failed(self->fields)) {
        self->fields = UNDEF;
        return FAIL;
    }
    for (;;) {
        Ref line = iter_next(vm, self->lines);
        if (failed(line)) return FAIL;
        if (absent(self->fields)) { /* the lines read records themselves */
            replace(&self->fields, list_new(vm, 0));
            if (failed(self->fields)) self->fields = UNDEF;
        }
        if (absent(self->fields)) {
            decref(line);
            return FAIL;
        }
        if (absent(line)) return read_end(vm, self);
        replace(&self->line, line);
        bool good = check_line(vm, self, line);
        if (good) {
            self->line_num++;
            good = read_line(vm, self);
        }
        clear(&self->line);
        if (!good) return FAIL;
        if (self->at == AT_RECORD) return take(&self->fields);
    }
}

Ref csv_reader_new(Vm *vm, Value args, Value options)
{
    Ref lines = iter_of(vm, tuple_at(args, 0)), state = FAIL, dialect = FAIL;
    if (!failed(lines)) dialect = dialect_from(vm, args, 1, options);
    if (!failed(dialect)) state = csv_state(vm);
    Type *type = failed(state) ? NULL : type_from_def(vm, &csv_reader_type);
    CsvReader *self = type ? type_instance(vm, type) : NULL;
    if (!self) {
        decref(state);
        decref(dialect);
        decref(lines);
        return FAIL;
    }
    self->lines = lines;
    self->state = state;
    self->dialect = dialect;
    builder_open(&self->field);
    return from_object(self);
}

static void reader_clear(Object *self) { builder_close(&((CsvReader *)(void *)self)->field); }

static Ref get_dialect(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_reader(self)->dialect);
}
static Ref get_line_num(Vm *vm, Value self) { return from_int64(vm, as_reader(self)->line_num); }
static const Attribute reader_attributes[] = {
    {"dialect", get_dialect, member_read_only, "The Dialect."},
    {"line_num", get_line_num, member_read_only, "How many lines have been read."},
    {0},
};
const TypeDef csv_reader_type = {
    .name = "_csv.reader",
    .doc = "An iterator over the records in lines of text; made by csv.reader().",
    .size = sizeof(CsvReader),
    .flags = TYPE_CONTAINER | TYPE_NO_NEW,
    .refs = REFS(REF(CsvReader, state), REF(CsvReader, dialect), REF(CsvReader, lines),
                 REF(CsvReader, fields), REF(CsvReader, line)),
    .clear = reader_clear,
    .iter = iter_self,
    .next = reader_next,
    .attributes = reader_attributes,
};
