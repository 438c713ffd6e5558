/* _sqlite_callback.c - what SQLite calls: functions, aggregates, orders and watchers of scripts.
 *
 * SQLite holds the address of a Callback, which the database keeps as long.  It calls in a thread
 * that has let go of the interpreter lock; enter() takes it and leave() gives it back.
 * Neighbours: _sqlite.h. */
/* SPDX-License-Identifier: MIT */
#include "_sqlite.h"

typedef struct Callback {
    Container head;
    Ref callable;
    Database *database; /* which holds it */
    Interp *interp;
} Callback;

static Vm *enter(const Callback *self)
{
    Vm *vm = thread_vm(self->interp);
    gil_acquire(vm);
    return vm;
}
static void leave(Vm *vm) { gil_release(vm); }

/* What a callable raised is shown when scripts asked for that, else forgotten; but memory that
 * ended is told once SQLite has returned. */
static void forget_error(Vm *vm, const Callback *self)
{
    if (error_is(vm, MemoryError)) replace(&self->database->trouble, error_take(vm));
    else if (library_of(self->database)->tracebacks)
        error_unraisable(vm, "Exception ignored in", self->callable);
    else error_clear(vm);
}

/* ---- keeping ---- */

static Ref callback_key(Vm *vm, const char *kind, Value name, int64_t count)
{
    return format_text(vm, "%s %S %lld", kind, name, (long long)count);
}

/* A Callback that the database is to keep. */
static Callback *callback_new(Vm *vm, Value database, Value callable)
{
    Type *type = type_from_def(vm, &callback_type);
    Callback *self = type ? type_instance(vm, type) : NULL;
    if (!self) return NULL;
    self->callable = newref(callable);
    self->database = as_database(database);
    self->interp = vm->interp;
    return self;
}

/* A callable that takes another's place: the database has both until SQLite knows. */
typedef struct Change {
    Ref key;        /* what it is kept under */
    Callback *self; /* NULL: there is to be none */
    Ref before;     /* what it replaces; UNDEF: nothing */
} Change;

/* A change (key is stolen) to callable, None for none; false: raised. */
static bool change_begin(Vm *vm, Value database, Ref key, Value callable, Change *change)
{
    Dict *kept = as_dict(as_database(database)->callbacks);
    *change = (Change){key, NULL, UNDEF};
    change->before = failed(key) ? FAIL : newref(dict_get(vm, kept, key));
    bool good = !failed(change->before);
    if (good && !is_none(callable)) {
        change->self = callback_new(vm, database, callable);
        good = change->self && dict_set(vm, kept, key, borrow(change->self));
    }
    if (good) return true;
    decref(change->before);
    decref_object(change->self);
    decref(key);
    return false;
}

/* SQLite took the change, or did not (an error is raised). */
static void change_end(Vm *vm, Database *database, Change *change, bool taken)
{
    Ref error = error_take(vm);
    Dict *kept = as_dict(database->callbacks);
    if (taken ? !change->self : change->self && absent(change->before)) {
        dict_delete(vm, kept, change->key);
    } else if (!taken && change->self) {
        dict_set(vm, kept, change->key, change->before);
    }
    decref(change->before);
    decref_object(change->self);
    decref(change->key);
    error_restore(vm, error);
}

/* ---- values ---- */

static Ref value_from(Vm *vm, const Library *library, sqlite3_value *value)
{
    switch (library->value_type(value)) {
    case SQLITE_NULL: return NONE;
    case SQLITE_INTEGER: return from_int64(vm, library->value_int64(value));
    case SQLITE_FLOAT: return from_float(library->value_double(value));
    case SQLITE_TEXT: {
        const char *text = (const char *)library->value_text(value);
        return text_from(vm, text ? text : "", library->value_bytes(value));
    }
    default: {
        const char *data = library->value_blob(value);
        return bytes_from(vm, data ? data : "", library->value_bytes(value));
    }
    }
}

static bool give_result(Vm *vm, const Library *library, sqlite3_context *context, Value v)
{
    if (is_none(v)) library->result_null(context);
    else if (is_any_int(v)) {
        int overflow = 0;
        int64_t number = int_value(v, &overflow);
        if (overflow) throw(vm, OverflowError, "Python int too large to convert to SQLite INTEGER");
        else library->result_int64(context, number);
        return !overflow;
    } else if (is_any_float(v)) library->result_double(context, float_value(v));
    else if (is_str(v)) {
        char *owned = NULL;
        ptrdiff_t len;
        const char *text = text_utf8(vm, v, &len, &owned);
        if (!text) return false;
        library->result_text64(context, text, (sqlite3_uint64)len, SQLITE_TRANSIENT, SQLITE_UTF8);
        memory_free(owned);
    } else if (type_of(vm, v)->slots.buffer) {
        Buffer buffer;
        if (!block_get(vm, v, &buffer)) return false;
        library->result_blob64(context, buffer.len ? buffer.data : "", (sqlite3_uint64)buffer.len,
                               SQLITE_TRANSIENT);
        buffer_release(vm, &buffer);
    } else {
        library_refuse(vm, library, "ProgrammingError", "unsupported type");
        return false;
    }
    return true;
}

static void give_error(Vm *vm, const Callback *self, sqlite3_context *context, const char *text)
{
    const Library *library = library_of(self->database);
    if (error_is(vm, MemoryError)) library->result_error_nomem(context);
    else if (error_is(vm, OverflowError)) library->result_error_toobig(context);
    else library->result_error(context, text, -1);
    forget_error(vm, self);
}

static Ref call_values(Vm *vm, const Callback *self, Value callable, int argc,
                       sqlite3_value **values)
{
    const Library *library = library_of(self->database);
    Ref args = tuple_new(vm, argc);
    for (int n = 0; !failed(args) && n < argc; n++) {
        Ref one = value_from(vm, library, values[n]);
        if (failed(one)) replace(&args, FAIL);
        else as_tuple(args)->items[n] = one;
    }
    Ref out = failed(args) ? FAIL : call(vm, callable, argc, (Value *)as_tuple(args)->items);
    decref(args);
    return out;
}

/* ---- functions ---- */

/* SQLite hands a function nothing but the context; from it this entry point, the same in every
 * interpreter and set when the first loads the library, gets the Callback. */
static void *(*context_data)(sqlite3_context *context);
void callbacks_open(const Library *library) { context_data = library->user_data; }

static void run_function(sqlite3_context *context, int argc, sqlite3_value **values)
{
    const Callback *self = context_data(context);
    Vm *vm = enter(self);
    Ref out = call_values(vm, self, self->callable, argc, values);
    if (failed(out) || !give_result(vm, library_of(self->database), context, out))
        give_error(vm, self, context, "user-defined function raised exception");
    decref(out);
    leave(vm);
}

/* The place of an aggregate's object in the context; NULL: none was made, or no memory. */
static Ref *aggregate_place(const Callback *self, sqlite3_context *context, bool make)
{
    return library_of(self->database)->aggregate_context(context, make ? sizeof(Ref) : 0);
}

/* Calls method name of the aggregate's object; text about what fails: "'step' method". */
static Ref call_aggregate(Vm *vm, const Callback *self, sqlite3_context *context, Value object,
                          const char *name, int argc, sqlite3_value **values)
{
    char text[80];
    Ref method = attr_get_text(vm, object, name), out = FAIL;
    bool missing = failed(method) && error_is(vm, AttributeError);
    if (!failed(method)) out = call_values(vm, self, method, argc, values);
    decref(method);
    if (failed(out)) {
        snprintf(text, sizeof text, "user-defined aggregate's '%s' method %s", name,
                 missing ? "not defined" : "raised error");
        give_error(vm, self, context, text);
    }
    return out;
}

static void run_step(sqlite3_context *context, int argc, sqlite3_value **values)
{
    const Callback *self = context_data(context);
    Vm *vm = enter(self);
    Ref *place = aggregate_place(self, context, true);
    if (place && absent(*place)) {
        Ref object = call0(vm, self->callable);
        if (failed(object))
            give_error(vm, self, context,
                       "user-defined aggregate's '__init__' method raised error");
        else *place = object;
    }
    if (place && !absent(*place))
        decref(call_aggregate(vm, self, context, *place, "step", argc, values));
    leave(vm);
}

static void run_inverse(sqlite3_context *context, int argc, sqlite3_value **values)
{
    const Callback *self = context_data(context);
    Vm *vm = enter(self);
    Ref *place = aggregate_place(self, context, true);
    if (place && !absent(*place))
        decref(call_aggregate(vm, self, context, *place, "inverse", argc, values));
    leave(vm);
}

static void answer(Vm *vm, const Callback *self, sqlite3_context *context, Value object,
                   const char *name)
{
    char text[80];
    Ref out = call_aggregate(vm, self, context, object, name, 0, NULL);
    if (!failed(out) && !give_result(vm, library_of(self->database), context, out)) {
        snprintf(text, sizeof text, "user-defined aggregate's '%s' method raised error", name);
        give_error(vm, self, context, text);
    }
    decref(out);
}

static void run_value(sqlite3_context *context)
{
    const Callback *self = context_data(context);
    Vm *vm = enter(self);
    Ref *place = aggregate_place(self, context, true);
    if (place && !absent(*place)) answer(vm, self, context, *place, "value");
    leave(vm);
}

static void run_final(sqlite3_context *context)
{
    const Callback *self = context_data(context);
    Vm *vm = enter(self);
    Ref *place = aggregate_place(self, context, false);
    if (place && !absent(*place)) {
        Ref object = take(place);
        answer(vm, self, context, object, "finalize");
        decref(object);
    }
    leave(vm);
}

typedef struct CallKind {
    const char *name;
    void (*function)(sqlite3_context *, int, sqlite3_value **);
    void (*step)(sqlite3_context *, int, sqlite3_value **);
    void (*final)(sqlite3_context *);
    void (*value)(sqlite3_context *);
    void (*inverse)(sqlite3_context *, int, sqlite3_value **);
} CallKind;

/* Registers a callable, or None to take one back, as a function of that kind. */
static Ref define(Vm *vm, Value *argv, const CallKind *kind, int flags)
{
    Database *database = as_database(argv[0]);
    const Library *library = library_of(database);
    sqlite3 *db = database_open_handle(vm, database);
    int count;
    char *owned = NULL;
    if (!db || !c_int(vm, argv[2], &count)) return FAIL;
    const char *name = text_utf8(vm, argv[1], NULL, &owned);
    if (!name) return FAIL;
    Change change;
    bool good =
        change_begin(vm, argv[0], callback_key(vm, "function", argv[1], count), argv[3], &change);
    if (good) {
        Callback *self = change.self;
        bool there = self != NULL;
        gil_release(vm);
        int code = kind->value ? library->create_window_function(
                                     db, name, count, SQLITE_UTF8 | flags, self,
                                     there ? kind->step : NULL, there ? kind->final : NULL,
                                     there ? kind->value : NULL, there ? kind->inverse : NULL, NULL)
                               : library->create_function_v2(db, name, count, SQLITE_UTF8 | flags,
                                                             self, there ? kind->function : NULL,
                                                             there ? kind->step : NULL,
                                                             there ? kind->final : NULL, NULL);
        gil_acquire(vm);
        good = code == SQLITE_OK;
        if (!good && kind->value)
            library_refuse(vm, library, "ProgrammingError", "Error creating window function");
        else if (!good)
            library_refuse(vm, library, "OperationalError", "Error creating %s", kind->name);
        change_end(vm, database, &change, good);
    }
    memory_free(owned);
    return good ? NONE : FAIL;
}

SHARED_NATIVE(database_function, "function(self, name, count, callable, deterministic, /)",
              "Make callable a function of count (-1: any number of) arguments; None removes it.")
{
    static const CallKind kind = {.name = "function", .function = run_function};
    Truth deterministic = value_truth(vm, argv[4]);
    if (deterministic == FAILED) return FAIL;
    return define(vm, argv, &kind, deterministic == YES ? SQLITE_DETERMINISTIC : 0);
}
SHARED_NATIVE(database_aggregate, "aggregate(self, name, count, aggregate_class, /)",
              "Make a class with step() and finalize() an aggregate function; None removes it.")
{
    static const CallKind kind = {.name = "aggregate", .step = run_step, .final = run_final};
    return define(vm, argv, &kind, 0);
}
SHARED_NATIVE(database_window, "window(self, name, count, aggregate_class, /)",
              "Make a class with inverse() and value() too a window function; None removes it.")
{
    static const CallKind kind = {.name = "window function",
                                  .step = run_step,
                                  .final = run_final,
                                  .value = run_value,
                                  .inverse = run_inverse};
    return define(vm, argv, &kind, 0);
}

/* ---- collations ---- */

/* What a collation raises goes on when SQLite has returned. */
static int run_collation(void *data, int a_len, const void *a, int b_len, const void *b)
{
    const Callback *self = data;
    Vm *vm = enter(self);
    int64_t order = 0;
    int overflow = 0;
    if (absent(self->database->trouble)) {
        Ref one = text_from(vm, a, a_len), two = failed(one) ? FAIL : text_from(vm, b, b_len);
        Ref out = failed(two) ? FAIL : call2(vm, self->callable, one, two);
        if (!failed(out) && is_any_int(out)) {
            order = int_value(out, &overflow);
            if (overflow) order = overflow;
        } else if (!failed(out) && !int_index(vm, out, &order)) order = 0;
        if (!absent(vm->error)) replace(&self->database->trouble, error_take(vm));
        decref(out);
        decref(two);
        decref(one);
    }
    leave(vm);
    return order < 0 ? -1 : order > 0;
}

SHARED_NATIVE(database_collation, "collation(self, name, callable, /)",
              "Make callable(a, b), less than, equal to or greater than 0, an order of texts.")
{
    Database *database = as_database(argv[0]);
    sqlite3 *db = database_open_handle(vm, database);
    char *owned = NULL;
    const char *name = db ? text_utf8(vm, argv[1], NULL, &owned) : NULL;
    if (!name) return FAIL;
    Change change;
    bool good =
        change_begin(vm, argv[0], callback_key(vm, "collation", argv[1], 0), argv[2], &change);
    if (good) {
        Callback *self = change.self;
        gil_release(vm);
        int code = library_of(database)->create_collation_v2(db, name, SQLITE_UTF8, self,
                                                             self ? run_collation : NULL, NULL);
        gil_acquire(vm);
        good = code == SQLITE_OK;
        if (!good) database_throw(vm, database);
        change_end(vm, database, &change, good);
    }
    memory_free(owned);
    return good ? NONE : FAIL;
}

/* ---- watchers ---- */

static int run_authorizer(void *data, int action, const char *one, const char *two,
                          const char *name, const char *source)
{
    const Callback *self = data;
    Vm *vm = enter(self);
    int answered = SQLITE_DENY;
    const char *const given[] = {one, two, name, source};
    Ref args[5] = {from_small(action), UNDEF, UNDEF, UNDEF, UNDEF};
    bool good = true;
    for (int n = 0; n < 4; n++) {
        args[n + 1] = given[n] ? str_from(vm, given[n]) : NONE;
        good = good && !failed(args[n + 1]);
    }
    Ref out = good ? call(vm, self->callable, 5, as_values(args)) : FAIL;
    if (failed(out)) forget_error(vm, self);
    else if (is_any_int(out) && !c_int(vm, out, &answered)) {
        answered = SQLITE_DENY;
        forget_error(vm, self);
    }
    decref(out);
    for (int n = 0; n < 5; n++) decref(args[n]);
    leave(vm);
    return answered;
}

static int run_progress(void *data)
{
    const Callback *self = data;
    Vm *vm = enter(self);
    Ref out = call0(vm, self->callable);
    Truth stop = failed(out) ? FAILED : value_truth(vm, out);
    if (stop == FAILED) forget_error(vm, self);
    decref(out);
    leave(vm);
    return stop != NO;
}

static int run_trace(unsigned kind, void *data, void *stmt, void *text)
{
    const Callback *self = data;
    const Library *library = library_of(self->database);
    if (kind != SQLITE_TRACE_STMT) return 0;
    Vm *vm = enter(self);
    const char *unexpanded = text;
    char *expanded = library->expanded_sql(stmt);
    if (!expanded && strncmp(unexpanded, "--", 2) != 0) {
        library_refuse(vm, library, "DataError",
                       "Expanded SQL string exceeds the maximum string length");
        forget_error(vm, self);
    }
    Ref line = str_from(vm, expanded ? expanded : unexpanded);
    library->free(expanded);
    Ref out = failed(line) ? FAIL : call1(vm, self->callable, line);
    if (failed(out)) forget_error(vm, self);
    decref(out);
    decref(line);
    leave(vm);
    return 0;
}

/* A new watcher for argv[1], kept under kind; None: there is none any more.  false: raised. */
static bool watcher(Vm *vm, Value *argv, const char *kind, Change *change)
{
    return database_open_handle(vm, as_database(argv[0])) &&
           change_begin(vm, argv[0], str_from(vm, kind), argv[1], change);
}

static Ref watcher_set(Vm *vm, Value *argv, Change *change, int code)
{
    Database *database = as_database(argv[0]);
    if (code != SQLITE_OK) database_throw(vm, database);
    change_end(vm, database, change, code == SQLITE_OK);
    return code == SQLITE_OK ? NONE : FAIL;
}

SHARED_NATIVE(database_authorizer, "authorizer(self, callable, /)",
              "Let callable say what statements may do; None: all.")
{
    Change change;
    if (!watcher(vm, argv, "authorizer", &change)) return FAIL;
    const Database *database = as_database(argv[0]);
    Callback *self = change.self;
    int code =
        library_of(database)->set_authorizer(database->db, self ? run_authorizer : NULL, self);
    return watcher_set(vm, argv, &change, code);
}
SHARED_NATIVE(database_progress, "progress(self, callable, count, /)",
              "Call callable after each count instructions of SQLite; true: stop.")
{
    Change change;
    int count;
    if (!c_int(vm, argv[2], &count) || !watcher(vm, argv, "progress", &change)) return FAIL;
    const Database *database = as_database(argv[0]);
    Callback *self = change.self;
    library_of(database)->progress_handler(database->db, self ? count : 0,
                                           self ? run_progress : NULL, self);
    return watcher_set(vm, argv, &change, SQLITE_OK);
}
SHARED_NATIVE(database_trace, "trace(self, callable, /)",
              "Call callable with each statement that begins; None: no more.")
{
    Change change;
    if (!watcher(vm, argv, "trace", &change)) return FAIL;
    const Database *database = as_database(argv[0]);
    Callback *self = change.self;
    int code = library_of(database)->trace_v2(database->db, self ? SQLITE_TRACE_STMT : 0,
                                              self ? run_trace : NULL, self);
    return watcher_set(vm, argv, &change, code);
}

const TypeDef callback_type = {
    .name = "sqlite3.Callback",
    .doc = "What SQLite calls.",
    .size = sizeof(Callback),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(Callback, callable)),
};
