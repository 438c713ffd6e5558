/* _sqlite3.c - module _sqlite3: databases by the library SQLite.
 *
 * The mechanism only: what a Connection and a Cursor are is written in the language.
 * Neighbours: _sqlite.h (what is where), sqlite3/. */
/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>

#include "_sqlite.h"

static const TypeDef library_type;

/* ---- errors, arguments ---- */

Ref library_refuse(Vm *vm, const Library *library, const char *name, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    Ref text = format_text_list(vm, format, &list);
    va_end(list);
    Ref class = failed(text) ? FAIL : str_from(vm, name);
    if (!failed(class)) decref(call2(vm, library->refuse, class, text));
    decref(class);
    decref(text);
    return FAIL;
}

static Ref raise_code(Vm *vm, const Library *library, int code, int extended, const char *message)
{
    Ref text = str_from(vm, message ? message : "");
    if (failed(text)) return FAIL;
    Value args[] = {from_small(code), from_small(extended), text};
    decref(call(vm, library->raise, 3, args));
    decref(text);
    return FAIL;
}

Ref database_throw(Vm *vm, Database *database)
{
    const Library *library = library_of(database);
    if (!absent(database->trouble)) {
        Ref trouble = take(&database->trouble);
        throw_object(vm, trouble);
        decref(trouble);
        return FAIL;
    }
    int code = library->errcode(database->db);
    if (code == SQLITE_NOMEM) return throw_no_memory(vm);
    return raise_code(vm, library, code & 0xff, library->extended_errcode(database->db),
                      library->errmsg(database->db));
}

sqlite3 *database_open_handle(Vm *vm, Database *database)
{
    if (!database->db)
        library_refuse(vm, library_of(database), "ProgrammingError",
                       "Cannot operate on a closed database.");
    return database->db;
}

bool c_int(Vm *vm, Value v, int *number)
{
    int64_t wide;
    if (!int_index(vm, v, &wide)) return false;
    if (wide > INT32_MAX || wide < INT32_MIN)
        throw(vm, OverflowError, "Python int too large to convert to C int");
    *number = (int)wide;
    return wide <= INT32_MAX && wide >= INT32_MIN;
}

const char *text_utf8(Vm *vm, Value v, ptrdiff_t *len, char **owned)
{
    if (!is_str(v)) {
        throw(vm, TypeError, "a str is required, not '%T'", v);
        return NULL;
    }
    return str_utf8(vm, v, len, owned);
}

bool block_get(Vm *vm, Value v, Buffer *buffer)
{
    if (is_memoryview(v) && as_memoryview(v)->count > 1 &&
        as_memoryview(v)->step != as_memoryview(v)->item_size) {
        throw(vm, BufferError, "underlying buffer is not C-contiguous");
        return false;
    }
    return buffer_get(vm, v, buffer, false);
}

Ref text_from(Vm *vm, const char *utf8, ptrdiff_t len)
{
    if (utf8_invalid(utf8, len, true) < 0) return str_from_utf8(vm, utf8, len);
    return codec_decode(vm, utf8, len, "utf-8", "strict");
}

/* ---- databases ---- */

NATIVE(library_open, "open(self, path, flags, timeout_ms, /)",
       "Return the database in a file, bytes, or (:memory:) a new one in memory.")
{
    const Library *library = as_library(argv[0]);
    int flags, timeout;
    Buffer path;
    if (!c_int(vm, argv[2], &flags) || !c_int(vm, argv[3], &timeout) ||
        !buffer_get(vm, argv[1], &path, false))
        return FAIL;
    Type *type = type_from_def(vm, &database_type);
    Database *database = type ? type_instance(vm, type) : NULL;
    Ref out = database ? from_object(database) : FAIL;
    if (database) {
        database->library = newref(argv[0]);
        database->callbacks = dict_new(vm);
        if (failed(database->callbacks)) replace(&out, FAIL);
    }
    if (!failed(out)) {
        gil_release(vm);
        int code = library->open_v2(path.data, &database->db, flags, NULL);
        if (code == SQLITE_OK) library->busy_timeout(database->db, timeout);
        gil_acquire(vm);
        if (!database->db) replace(&out, throw_no_memory(vm));
        else if (code != SQLITE_OK) replace(&out, database_throw(vm, database));
    }
    buffer_release(vm, &path);
    return out;
}

static void database_clear(Object *object)
{
    Database *self = (Database *)(void *)object;
    if (self->db) library_of(self)->close_v2(self->db);
    self->db = NULL;
}

NATIVE(database_close, "close(self, /)", "Close it; statements that are left end it later.")
{
    Database *self = as_database(argv[0]);
    sqlite3 *db = self->db;
    self->db = NULL;
    if (!db) return NONE;
    gil_release(vm);
    library_of(self)->close_v2(db);
    gil_acquire(vm);
    return NONE;
}

NATIVE(database_interrupt, "interrupt(self, /)", "Stop what runs, in any thread.")
{
    Database *self = as_database(argv[0]);
    if (!database_open_handle(vm, self)) return FAIL;
    library_of(self)->interrupt(self->db);
    return NONE;
}

NATIVE(database_changes, "changes(self, /)", "Return how many rows the last statement changed.")
{
    Database *self = as_database(argv[0]);
    sqlite3 *db = database_open_handle(vm, self);
    return db ? from_int64(vm, library_of(self)->changes64(db)) : FAIL;
}
NATIVE(database_total_changes, "total_changes(self, /)",
       "Return how many rows were changed since it was opened.")
{
    Database *self = as_database(argv[0]);
    sqlite3 *db = database_open_handle(vm, self);
    return db ? from_int64(vm, library_of(self)->total_changes64(db)) : FAIL;
}
NATIVE(database_last_rowid, "last_rowid(self, /)", "Return the number of the row added last.")
{
    Database *self = as_database(argv[0]);
    sqlite3 *db = database_open_handle(vm, self);
    return db ? from_int64(vm, library_of(self)->last_insert_rowid(db)) : FAIL;
}
NATIVE(database_autocommit, "autocommit(self, /)", "Return whether no transaction is open.")
{
    Database *self = as_database(argv[0]);
    sqlite3 *db = database_open_handle(vm, self);
    return db ? from_bool(library_of(self)->get_autocommit(db)) : FAIL;
}

NATIVE(database_limit, "limit(self, category, value, /)",
       "Set a limit (a negative value: keep it); return what it was, -1: no such category.")
{
    Database *self = as_database(argv[0]);
    sqlite3 *db = database_open_handle(vm, self);
    int category, value;
    if (!db || !c_int(vm, argv[1], &category) || !c_int(vm, argv[2], &value)) return FAIL;
    return from_small(library_of(self)->limit(db, category, value));
}

NATIVE(database_config, "config(self, option, value, /)",
       "Set a switch on (1) or off (0), or keep it (-1); return whether it is on now.")
{
    Database *self = as_database(argv[0]);
    sqlite3 *db = database_open_handle(vm, self);
    int option, value, now = 0;
    if (!db || !c_int(vm, argv[1], &option) || !c_int(vm, argv[2], &value)) return FAIL;
    int code = library_of(self)->db_config(db, option, value, &now);
    return code == SQLITE_OK ? from_bool(now) : database_throw(vm, self);
}

static const Native *const database_methods[] = {
    &database_prepare_def,    &database_script_def,
    &database_close_def,      &database_interrupt_def,
    &database_changes_def,    &database_total_changes_def,
    &database_last_rowid_def, &database_autocommit_def,
    &database_limit_def,      &database_config_def,
    &database_function_def,   &database_aggregate_def,
    &database_window_def,     &database_collation_def,
    &database_authorizer_def, &database_progress_def,
    &database_trace_def,      &database_backup_def,
    &database_serialize_def,  &database_deserialize_def,
    &database_blob_def,       NULL,
};
const TypeDef database_type = {
    .name = "sqlite3.Database",
    .doc = "An open database.",
    .size = sizeof(Database),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(Database, library), REF(Database, callbacks), REF(Database, trouble)),
    .clear = database_clear,
    .methods = database_methods,
};

/* ---- the library ---- */

NATIVE(library_setup, "setup(self, raise_, refuse, adapt, /)",
       "Set what raises SQLite's errors and ours, and what adapts values.")
{
    Library *self = (Library *)(void *)as_object(argv[0]);
    replace(&self->raise, newref(argv[1]));
    replace(&self->refuse, newref(argv[2]));
    replace(&self->adapt, newref(argv[3]));
    return NONE;
}

NATIVE(library_complete, "complete(self, text, /)",
       "Return whether a text ends with a whole statement.")
{
    char *owned = NULL;
    const char *text = text_utf8(vm, argv[1], NULL, &owned);
    if (!text) return FAIL;
    bool whole = as_library(argv[0])->complete(text) == 1;
    memory_free(owned);
    return from_bool(whole);
}

NATIVE(library_tracebacks, "tracebacks(self, enable, /)",
       "Say whether what callbacks raise is reported.")
{
    Truth enable = value_truth(vm, argv[1]);
    if (enable == FAILED) return FAIL;
    ((Library *)(void *)as_object(argv[0]))->tracebacks = enable == YES;
    return NONE;
}

NATIVE(library_adapt_all, "adapt_all(self, /)",
       "From now on adapt even the values of SQLite's own types.")
{
    ((Library *)(void *)as_object(argv[0]))->adapts_all = true;
    return NONE;
}

static const Native *const library_methods[] = {
    &library_open_def,       &library_setup_def,     &library_complete_def,
    &library_tracebacks_def, &library_adapt_all_def, NULL,
};
static const TypeDef library_type = {
    .name = "sqlite3.Library",
    .doc = "The library SQLite.",
    .size = sizeof(Library),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(Library, raise), REF(Library, refuse), REF(Library, adapt)),
    .methods = library_methods,
};

static bool library_load(Vm *vm, Library *library)
{
    static const char *const files[] = {"libsqlite3.so.0", "libsqlite3.so"};
    const struct {
        const char *name;
        void *slot;
    } entries[] = {
#define FUNCTION(name) {"sqlite3_" #name, &library->name},
#include "_sqlite.def"
    };
    for (size_t n = 0; !library->library && n < sizeof files / sizeof *files; n++)
        library->library = dlopen(files[n], RTLD_NOW | RTLD_LOCAL);
    for (size_t n = 0; library->library && n < sizeof entries / sizeof *entries; n++) {
        void *entry = dlsym(library->library, entries[n].name);
        memcpy(entries[n].slot, &entry, sizeof entry);
        if (entry) continue;
        dlclose(library->library);
        library->library = NULL;
    }
    if (!library->library) throw(vm, ImportError, "sqlite3 needs the library libsqlite3.so.0");
    else callbacks_open(library);
    return library->library != NULL;
}

static bool set_constants(Vm *vm, Value module)
{
    static const struct {
        const char *name;
        int value;
        bool code;
    } constants[] = {
#define CODE(name)     {"SQLITE_" #name, SQLITE_##name, true},
#define CONSTANT(name) {"SQLITE_" #name, SQLITE_##name, false},
#include "_sqlite.def"
    };
    Ref names = dict_new(vm);
    bool good = !failed(names);
    for (size_t n = 0; good && n < sizeof constants / sizeof *constants; n++) {
        Ref value = from_small(constants[n].value);
        good = module_set(vm, module, constants[n].name, value);
        Ref name = good && constants[n].code ? str_from(vm, constants[n].name) : NONE;
        good =
            good && !failed(name) && (is_none(name) || dict_set(vm, as_dict(names), value, name));
        decref(name);
    }
    if (good) return module_set(vm, module, "error_names", names);
    decref(names);
    return false;
}

static bool sqlite_open(Vm *vm, Value module)
{
    Type *type = type_from_def(vm, &library_type);
    Library *library = type ? type_instance(vm, type) : NULL;
    if (!library) return false;
    Ref self = from_object(library);
    bool good = library_load(vm, library) && set_constants(vm, module) &&
                module_set(vm, module, "sqlite_version", str_from(vm, library->libversion())) &&
                module_set(vm, module, "library", newref(self));
    decref(self);
    return good;
}

const ModuleDef _sqlite3_module = {
    .name = "_sqlite3",
    .doc = "Databases by SQLite: the mechanism under sqlite3.",
    .open = sqlite_open,
};
