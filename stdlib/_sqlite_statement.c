/* _sqlite_statement.c - statements: parameters in, rows out.
 *
 * A row is there (ready) once step() has found it; it is read before the next step.
 * Neighbours: _sqlite.h, sqlite3/_cursor.aio. */
/* SPDX-License-Identifier: MIT */
#include "_sqlite.h"

static const Library *library_here(const Statement *self) { return as_library(self->library); }

/* ---- preparing ---- */

static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* Passes over blanks, semicolons when asked to, and comments. */
static const char *skip_blanks(const char *text, bool semicolons)
{
    for (;;) {
        if (is_blank(*text) || (semicolons && *text == ';')) text++;
        else if (text[0] == '-' && text[1] == '-') {
            while (*text && *text != '\n') text++;
        } else if (text[0] == '/' && text[1] == '*') {
            const char *end = strstr(text + 2, "*/");
            text = end ? end + 2 : text + strlen(text);
        } else return text;
    }
}

static bool is_dml(const char *text)
{
    static const char *const words[] = {"INSERT", "UPDATE", "DELETE", "REPLACE"};
    text = skip_blanks(text, false);
    for (int n = 0; n < 4; n++)
        if (strncasecmp(text, words[n], strlen(words[n])) == 0) return true;
    return false;
}

SHARED_NATIVE(database_prepare, "prepare(self, sql, script, /)",
              "Return the first statement of sql, a Statement; script: let others follow.\n"
              "Its tail says where they start, in bytes of UTF-8.")
{
    Database *database = as_database(argv[0]);
    const Library *library = library_of(database);
    sqlite3 *db = database_open_handle(vm, database);
    char *owned = NULL;
    ptrdiff_t len;
    const char *text = db ? text_utf8(vm, argv[1], &len, &owned) : NULL;
    if (!text) return FAIL;
    Ref out = FAIL;
    Type *type = type_from_def(vm, &statement_type);
    Statement *self = NULL;
    if (len > library->limit(db, SQLITE_LIMIT_SQL_LENGTH, -1))
        library_refuse(vm, library, "DataError", "query string is too large");
    else if ((ptrdiff_t)strlen(text) != len)
        library_refuse(vm, library, "ProgrammingError", "the query contains a null character");
    else self = type ? type_instance(vm, type) : NULL;
    if (self) {
        const char *tail = text;
        self->database = newref(argv[0]);
        self->library = newref(database->library);
        gil_release(vm);
        int code = library->prepare_v2(db, text, (int)len + 1, &self->stmt, &tail);
        gil_acquire(vm);
        out = from_object(self);
        self->tail = (int)(tail - text);
        self->dml = is_dml(text);
        if (code != SQLITE_OK || !absent(database->trouble))
            replace(&out, database_throw(vm, database));
        else if (value_truth(vm, argv[2]) == NO && *skip_blanks(tail, false)) {
            library_refuse(vm, library, "ProgrammingError",
                           "You can only execute one statement at a time.");
            replace(&out, FAIL);
        }
    }
    memory_free(owned);
    return out;
}

static void statement_clear(Object *object)
{
    Statement *self = (Statement *)(void *)object;
    if (self->stmt) library_here(self)->finalize(self->stmt);
    self->stmt = NULL;
}

NATIVE(statement_close, "close(self, /)", "Forget it; it cannot be used any more.")
{
    Statement *self = as_statement(argv[0]);
    sqlite3_stmt *stmt = self->stmt;
    self->stmt = NULL;
    self->ready = false;
    if (!stmt) return NONE;
    gil_release(vm);
    library_here(self)->finalize(stmt);
    gil_acquire(vm);
    return NONE;
}

SHARED_NATIVE(database_script, "script(self, sql, /)",
              "Run all statements of a text and forget their rows.")
{
    Database *database = as_database(argv[0]);
    const Library *library = library_of(database);
    sqlite3 *db = database_open_handle(vm, database);
    char *owned = NULL;
    ptrdiff_t len;
    const char *text = db ? text_utf8(vm, argv[1], &len, &owned) : NULL;
    if (!text) return FAIL;
    int code = SQLITE_OK;
    bool whole = (ptrdiff_t)strlen(text) == len,
         fits = len <= library->limit(db, SQLITE_LIMIT_SQL_LENGTH, -1);
    if (!whole) throw(vm, ValueError, "embedded null character");
    else if (!fits) library_refuse(vm, library, "DataError", "query string is too large");
    else {
        gil_release(vm);
        for (const char *rest = text; *rest && code == SQLITE_OK;) {
            sqlite3_stmt *stmt = NULL;
            code = library->prepare_v2(db, rest, -1, &stmt, &rest);
            if (code == SQLITE_OK && stmt) {
                do code = library->step(stmt);
                while (code == SQLITE_ROW);
                code = library->finalize(stmt);
            }
        }
        gil_acquire(vm);
    }
    memory_free(owned);
    if (!whole || !fits) return FAIL;
    return code == SQLITE_OK && absent(database->trouble) ? NONE : database_throw(vm, database);
}

/* ---- parameters ---- */

static bool bind_int(Vm *vm, const Library *library, Statement *self, int place, Value v)
{
    int overflow;
    int64_t number = int_value(v, &overflow);
    if (overflow) {
        throw(vm, OverflowError, "Python int too large to convert to SQLite INTEGER");
        return false;
    }
    return library->bind_int64(self->stmt, place, number) == SQLITE_OK ||
           !failed(database_throw(vm, as_database(self->database)));
}

/* Binds a value of a type that SQLite knows: YES, NO for another, FAILED. */
static Truth bind_plain(Vm *vm, const Library *library, Statement *self, int place, Value v)
{
    int code;
    if (is_none(v)) code = library->bind_null(self->stmt, place);
    else if (is_any_int(v)) return bind_int(vm, library, self, place, v) ? YES : FAILED;
    else if (is_any_float(v)) code = library->bind_double(self->stmt, place, float_value(v));
    else if (is_str(v)) {
        char *owned = NULL;
        ptrdiff_t len;
        const char *text = text_utf8(vm, v, &len, &owned);
        if (!text) return FAILED;
        code = library->bind_text64(self->stmt, place, text, (sqlite3_uint64)len, SQLITE_TRANSIENT,
                                    SQLITE_UTF8);
        memory_free(owned);
    } else if (type_of(vm, v)->slots.buffer) {
        Buffer buffer;
        if (!block_get(vm, v, &buffer)) return FAILED;
        code = library->bind_blob64(self->stmt, place, buffer.len ? buffer.data : "",
                                    (sqlite3_uint64)buffer.len, SQLITE_TRANSIENT);
        buffer_release(vm, &buffer);
    } else return NO;
    if (code == SQLITE_OK) return YES;
    database_throw(vm, as_database(self->database));
    return FAILED;
}

/* Does it need no adapting? */
static bool is_basic(Value v)
{
    return is_int(v) || is_none(v) || is_float(v) || is_exact(v, KIND_INT) ||
           is_exact(v, KIND_STR) || is_exact(v, KIND_BYTES) || is_exact(v, KIND_BYTEARRAY);
}

static bool bind_value(Vm *vm, Statement *self, int place, Value v)
{
    const Library *library = library_here(self);
    Ref adapted = is_basic(v) && !library->adapts_all ? newref(v) : call1(vm, library->adapt, v);
    if (failed(adapted)) return false;
    Truth bound = bind_plain(vm, library, self, place, adapted);
    if (bound == NO)
        library_refuse(vm, library, "ProgrammingError",
                       "Error binding parameter %d: type '%T' is not supported", place, adapted);
    decref(adapted);
    return bound == YES;
}

static bool bind_sequence(Vm *vm, Statement *self, Value parameters, int count)
{
    const Library *library = library_here(self);
    ptrdiff_t len = value_len(vm, parameters);
    if (len < 0) return false;
    if (len != count) {
        library_refuse(vm, library, "ProgrammingError",
                       "Incorrect number of bindings supplied. The current statement uses %d, and "
                       "there are %zd supplied.",
                       count, len);
        return false;
    }
    for (int n = 0; n < count; n++) {
        const char *name = library->bind_parameter_name(self->stmt, n + 1);
        if (name && name[0] != '?') {
            library_refuse(vm, library, "ProgrammingError",
                           "Binding %d ('%s') is a named parameter, but you supplied a sequence "
                           "which requires nameless (qmark) placeholders.",
                           n + 1, name);
            return false;
        }
        Ref item = is_sequence(parameters) && n < value_len(vm, parameters)
                       ? newref(sequence_items(parameters, &len)[n])
                       : value_get_item(vm, parameters, from_small(n));
        bool good = !failed(item) && bind_value(vm, self, n + 1, item);
        decref(item);
        if (!good) return false;
    }
    return true;
}

static bool bind_names(Vm *vm, Statement *self, Value parameters, int count)
{
    const Library *library = library_here(self);
    for (int n = 1; n <= count; n++) {
        const char *name = library->bind_parameter_name(self->stmt, n);
        if (!name || name[0] == '?') {
            library_refuse(vm, library, "ProgrammingError",
                           "Binding %d has no name, but you supplied a dictionary (which has only "
                           "names).",
                           n);
            return false;
        }
        Ref key = str_from(vm, name + 1);
        Ref item = failed(key) ? FAIL : value_get_item(vm, parameters, key);
        decref(key);
        if (failed(item) && error_is(vm, LookupError)) {
            error_clear(vm);
            library_refuse(vm, library, "ProgrammingError",
                           "You did not supply a value for binding parameter :%s.", name + 1);
        }
        bool good = !failed(item) && bind_value(vm, self, n, item);
        decref(item);
        if (!good) return false;
    }
    return true;
}

NATIVE(statement_bind, "bind(self, parameters, /)",
       "Start anew with these parameters: a sequence, or a mapping for names.")
{
    Statement *self = as_statement(argv[0]);
    const Library *library = library_here(self);
    if (!self->stmt) return NONE;
    gil_release(vm);
    library->reset(self->stmt);
    gil_acquire(vm);
    self->ready = false;
    int count = library->bind_parameter_count(self->stmt);
    const Slots *slots = &type_of(vm, argv[1])->slots;
    bool good;
    if (is_dict(argv[1]) || !slots->len || !slots->get_item ||
        type_lookup(vm, type_of(vm, argv[1]), N(keys)) != UNDEF) {
        bool mapping = slots->get_item && !is_sequence(argv[1]);
        if (!mapping)
            library_refuse(vm, library, "ProgrammingError", "parameters are of unsupported type");
        good = mapping && bind_names(vm, self, argv[1], count);
    } else good = bind_sequence(vm, self, argv[1], count);
    return good ? NONE : FAIL;
}

/* ---- rows ---- */

static bool step(Vm *vm, Statement *self)
{
    Database *database = as_database(self->database);
    const Library *library = library_of(database);
    self->ready = false;
    if (!self->stmt) return true;
    if (!database_open_handle(vm, database)) return false;
    gil_release(vm);
    int code = library->step(self->stmt);
    gil_acquire(vm);
    if (code == SQLITE_DONE && absent(database->trouble)) {
        gil_release(vm);
        code = library->reset(self->stmt);
        gil_acquire(vm);
        return true;
    }
    self->ready = code == SQLITE_ROW && absent(database->trouble);
    if (self->ready) return true;
    database_throw(vm, database);
    library->reset(self->stmt);
    return false;
}

NATIVE(statement_step, "step(self, /)", "Go on to the next row; return whether there is one.")
{
    Statement *self = as_statement(argv[0]);
    return step(vm, self) ? from_bool(self->ready) : FAIL;
}

NATIVE(statement_reset, "reset(self, /)", "Go back to before the first row.")
{
    Statement *self = as_statement(argv[0]);
    self->ready = false;
    if (!self->stmt) return NONE;
    gil_release(vm);
    library_here(self)->reset(self->stmt);
    gil_acquire(vm);
    return NONE;
}

static Ref column_text(Vm *vm, const Statement *self, int n, Value factory)
{
    const Library *library = library_here(self);
    const char *text = (const char *)library->column_text(self->stmt, n);
    ptrdiff_t len = library->column_bytes(self->stmt, n);
    if (!text) return throw_no_memory(vm);
    if (factory == borrow(type_builtin(vm, KIND_STR))) {
        Ref out = text_from(vm, text, len);
        if (!failed(out) || !error_is(vm, UnicodeDecodeError)) return out;
        error_clear(vm);
        Ref shown = codec_decode(vm, text, len, "utf-8", "replace");
        if (failed(shown)) return FAIL;
        library_refuse(vm, library, "OperationalError",
                       "Could not decode to UTF-8 column '%s' with text '%S'",
                       library->column_name(self->stmt, n), shown);
        decref(shown);
        return FAIL;
    }
    Ref bytes = bytes_from(vm, text, len);
    if (failed(bytes) || factory == borrow(type_builtin(vm, KIND_BYTES))) return bytes;
    Ref out = call1(vm, factory, bytes);
    decref(bytes);
    return out;
}

/* None for a blob of no bytes, as converters have it. */
static Ref column_bytes(Vm *vm, const Statement *self, int n)
{
    const Library *library = library_here(self);
    const char *data = library->column_blob(self->stmt, n);
    return data ? bytes_from(vm, data, library->column_bytes(self->stmt, n)) : NONE;
}

static Ref column(Vm *vm, const Statement *self, int n, Value factory, Value converter)
{
    const Library *library = library_here(self);
    int type = library->column_type(self->stmt, n);
    if (type == SQLITE_NULL) return NONE;
    if (!absent(converter) && !is_none(converter)) {
        Ref data = column_bytes(vm, self, n);
        if (failed(data) || is_none(data)) return data;
        Ref out = call1(vm, converter, data);
        decref(data);
        return out;
    }
    switch (type) {
    case SQLITE_INTEGER: return from_int64(vm, library->column_int64(self->stmt, n));
    case SQLITE_FLOAT: return from_float(library->column_double(self->stmt, n));
    case SQLITE_TEXT: return column_text(vm, self, n, factory);
    default: {
        Ref data = column_bytes(vm, self, n);
        return is_none(data) ? bytes_from(vm, "", 0) : data;
    }
    }
}

/* converters: a sequence with one callable or None for each column, or None. */
static Ref row(Vm *vm, const Statement *self, Value factory, Value converters)
{
    int count = library_here(self)->data_count(self->stmt);
    Ref out = tuple_new(vm, count);
    for (int n = 0; !failed(out) && n < count; n++) {
        ptrdiff_t len = 0;
        Ref *items = is_none(converters) ? NULL : sequence_items(converters, &len);
        Ref item = column(vm, self, n, factory, n < len ? items[n] : UNDEF);
        if (failed(item)) replace(&out, FAIL);
        else as_tuple(out)->items[n] = item;
    }
    return out;
}

NATIVE(statement_row, "row(self, text_factory, converters, /)",
       "Return the row that is ready, as a tuple.\n"
       "text_factory: str, or called with bytes; converters: called with bytes, for each column, "
       "or None.")
{
    Statement *self = as_statement(argv[0]);
    if (!is_none(argv[2]) && !is_sequence(argv[2]))
        return throw(vm, TypeError, "converters must be a list, a tuple or None");
    if (!self->ready || !self->stmt) return throw(vm, ValueError, "no row is ready");
    return row(vm, self, argv[1], argv[2]);
}

NATIVE(statement_rows, "rows(self, most, text_factory, converters, /)",
       "Return the next rows, at most that many (negative: all), as a list of tuples.")
{
    Statement *self = as_statement(argv[0]);
    int64_t most;
    if (!int_index(vm, argv[1], &most)) return FAIL;
    if (!is_none(argv[3]) && !is_sequence(argv[3]))
        return throw(vm, TypeError, "converters must be a list, a tuple or None");
    Ref out = list_new(vm, 0);
    for (int64_t n = 0; !failed(out) && self->ready && (most < 0 || n < most); n++) {
        Ref one = row(vm, self, argv[2], argv[3]);
        if (failed(one) || !list_push(vm, as_list(out), one) || !step(vm, self))
            replace(&out, FAIL);
    }
    return out;
}

static Ref texts(Vm *vm, Statement *self, const char *(*get)(sqlite3_stmt *, int))
{
    int count = self->stmt ? library_here(self)->column_count(self->stmt) : 0;
    Ref out = tuple_new(vm, count);
    for (int n = 0; !failed(out) && n < count; n++) {
        const char *text = get(self->stmt, n);
        Ref one = text ? str_from(vm, text) : NONE;
        if (failed(one)) replace(&out, FAIL);
        else as_tuple(out)->items[n] = one;
    }
    return out;
}
NATIVE(statement_names, "names(self, /)", "Return the names of the columns, as a tuple.")
{
    Statement *self = as_statement(argv[0]);
    return texts(vm, self, library_here(self)->column_name);
}
NATIVE(statement_types, "types(self, /)",
       "Return the declared types of the columns, None where there is none, as a tuple.")
{
    Statement *self = as_statement(argv[0]);
    return texts(vm, self, library_here(self)->column_decltype);
}

/* ---- the type ---- */

static Ref get_ready(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_statement(self)->ready);
}
static Ref get_dml(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_statement(self)->dml);
}
static Ref get_tail(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_statement(self)->tail);
}
static Ref get_busy(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_statement(self)->busy);
}
static bool set_busy(Vm *vm, Value self, Value value)
{
    Truth busy = absent(value) ? NO : value_truth(vm, value);
    if (busy != FAILED) as_statement(self)->busy = busy == YES;
    return busy != FAILED;
}
static Ref get_readonly(Vm *vm __attribute__((unused)), Value self)
{
    const Statement *statement = as_statement(self);
    return from_bool(!statement->stmt || library_here(statement)->stmt_readonly(statement->stmt));
}

static const Attribute statement_attributes[] = {
    {"ready", get_ready, NULL, "Is a row there to be read?"},
    {"busy", get_busy, set_busy, "Does a cursor use it?"},
    {"dml", get_dml, NULL, "Is it INSERT, UPDATE, DELETE or REPLACE?"},
    {"readonly", get_readonly, NULL, "Does it change nothing in the database?"},
    {"tail", get_tail, NULL, "How many bytes of the text it takes."},
    {0},
};
static const Native *const statement_methods[] = {
    &statement_bind_def,  &statement_step_def,  &statement_reset_def,
    &statement_row_def,   &statement_rows_def,  &statement_names_def,
    &statement_types_def, &statement_close_def, NULL,
};
const TypeDef statement_type = {
    .name = "sqlite3.Statement",
    .doc = "A statement that SQLite has prepared.",
    .size = sizeof(Statement),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(Statement, database), REF(Statement, library)),
    .clear = statement_clear,
    .methods = statement_methods,
    .attributes = statement_attributes,
};
