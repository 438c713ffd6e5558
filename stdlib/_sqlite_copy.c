/* _sqlite_copy.c - blobs read and written in place, backups, and databases as bytes.
 *
 * Neighbours: _sqlite.h, sqlite3/_blob.aio. */
/* SPDX-License-Identifier: MIT */
#include "_sqlite.h"

typedef struct Blob {
    Container head;
    Ref database;
    Ref library;        /* the database's, which the collector may have emptied by then */
    sqlite3_blob *blob; /* NULL: closed */
} Blob;

static Blob *as_blob(Value v) { return (Blob *)(void *)as_object(v); }
static const Library *library_here(const Blob *self) { return as_library(self->library); }

/* ---- blobs ---- */

SHARED_NATIVE(database_blob, "blob(self, name, table, column, row, readonly, /)",
              "Open the value in a row's column; name is that of the database: \"main\".")
{
    Database *database = as_database(argv[0]);
    const Library *library = library_of(database);
    sqlite3 *db = database_open_handle(vm, database);
    int64_t row;
    Truth readonly = value_truth(vm, argv[5]);
    if (!db || readonly == FAILED || !int_index(vm, argv[4], &row)) return FAIL;
    const char *texts[3] = {NULL, NULL, NULL};
    char *owned[3] = {NULL, NULL, NULL};
    Ref out = FAIL;
    bool good = true;
    for (int n = 0; good && n < 3; n++) {
        texts[n] = text_utf8(vm, argv[n + 1], NULL, &owned[n]);
        good = texts[n] != NULL;
    }
    Type *type = good ? type_from_def(vm, &blob_type) : NULL;
    Blob *self = type ? type_instance(vm, type) : NULL;
    if (self) {
        self->database = newref(argv[0]);
        self->library = newref(database->library);
        out = from_object(self);
        gil_release(vm);
        int code =
            library->blob_open(db, texts[0], texts[1], texts[2], row, readonly == NO, &self->blob);
        gil_acquire(vm);
        if (code == SQLITE_MISUSE)
            library_refuse(vm, library, "InterfaceError", "%s", library->errstr(code));
        else if (code != SQLITE_OK) database_throw(vm, database);
        if (code != SQLITE_OK) replace(&out, FAIL);
    }
    for (int n = 0; n < 3; n++) memory_free(owned[n]);
    return out;
}

static void blob_clear(Object *object)
{
    Blob *self = (Blob *)(void *)object;
    if (self->blob) library_here(self)->blob_close(self->blob);
    self->blob = NULL;
}

NATIVE(blob_close, "close(self, /)", "Close it.")
{
    blob_clear((Object *)(void *)as_blob(argv[0]));
    return NONE;
}

static bool blob_check(Vm *vm, const Blob *self)
{
    if (!database_open_handle(vm, as_database(self->database))) return false;
    if (!self->blob)
        library_refuse(vm, library_here(self), "ProgrammingError",
                       "Cannot operate on a closed blob.");
    return self->blob != NULL;
}

NATIVE(blob_size, "size(self, /)", "Return how many bytes it has, which cannot change.")
{
    const Blob *self = as_blob(argv[0]);
    return blob_check(vm, self) ? from_small(library_here(self)->blob_bytes(self->blob)) : FAIL;
}

NATIVE(blob_read, "read(self, length, offset, /)", "Return length bytes from offset.")
{
    const Blob *self = as_blob(argv[0]);
    int length, offset;
    if (!blob_check(vm, self) || !c_int(vm, argv[1], &length) || !c_int(vm, argv[2], &offset))
        return FAIL;
    if (length < 0) return throw(vm, ValueError, "length must not be negative");
    Ref out = bytes_from(vm, NULL, length);
    if (failed(out)) return FAIL;
    gil_release(vm);
    int code = library_here(self)->blob_read(self->blob, as_bytes(out)->data, length, offset);
    gil_acquire(vm);
    if (code == SQLITE_OK) return out;
    decref(out);
    return database_throw(vm, as_database(self->database));
}

NATIVE(blob_write, "write(self, data, offset, /)", "Write bytes from offset on.")
{
    const Blob *self = as_blob(argv[0]);
    int offset;
    Buffer data;
    if (!blob_check(vm, self) || !c_int(vm, argv[2], &offset) ||
        !buffer_get(vm, argv[1], &data, false))
        return FAIL;
    int code = SQLITE_TOOBIG;
    if (data.len <= INT32_MAX) {
        gil_release(vm);
        code = library_here(self)->blob_write(self->blob, data.data, (int)data.len, offset);
        gil_acquire(vm);
    }
    buffer_release(vm, &data);
    return code == SQLITE_OK ? NONE : database_throw(vm, as_database(self->database));
}

static const Native *const blob_methods[] = {
    &blob_size_def, &blob_read_def, &blob_write_def, &blob_close_def, NULL,
};
const TypeDef blob_type = {
    .name = "sqlite3.BlobHandle",
    .doc = "A value that is read and written in place.",
    .size = sizeof(Blob),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(Blob, database), REF(Blob, library)),
    .clear = blob_clear,
    .methods = blob_methods,
};

/* ---- backups ---- */

typedef struct BackupWork {
    Database *target;
    const Library *library;
    sqlite3_backup *backup;
    int pages, sleep_ms;
    Value progress; /* a callable or None */
} BackupWork;

/* Copies all; SQLite's last answer, -1: the callable raised. */
static int backup_run(Vm *vm, const BackupWork *work)
{
    const Library *library = work->library;
    int code;
    do {
        gil_release(vm);
        code = library->backup_step(work->backup, work->pages);
        gil_acquire(vm);
        if (!is_none(work->progress)) {
            Ref args[3] = {from_small(code), from_small(library->backup_remaining(work->backup)),
                           from_small(library->backup_pagecount(work->backup))};
            Ref out = call(vm, work->progress, 3, as_values(args));
            if (failed(out)) return -1;
            decref(out);
        }
        if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
            gil_release(vm);
            library->sleep(work->sleep_ms);
            gil_acquire(vm);
            if (!safe_point(vm)) return -1;
        }
    } while (code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED);
    return code;
}

SHARED_NATIVE(database_backup, "backup(self, target, pages, progress, name, sleep_ms, /)",
              "Copy the database of that name into another, pages at a time (-1: all).")
{
    Database *source = as_database(argv[0]);
    Type *type = type_from_def(vm, &database_type);
    if (!type || !type_has_instance(vm, type, argv[1]))
        return throw(vm, TypeError, "target must be a database");
    Database *target = as_database(argv[1]);
    BackupWork work = {.target = target, .library = library_of(source), .progress = argv[3]};
    char *owned = NULL;
    if (!database_open_handle(vm, source) || !database_open_handle(vm, target) ||
        !c_int(vm, argv[2], &work.pages) || !c_int(vm, argv[5], &work.sleep_ms))
        return FAIL;
    const char *name = text_utf8(vm, argv[4], NULL, &owned);
    if (!name) return FAIL;
    gil_release(vm);
    work.backup = work.library->backup_init(target->db, "main", source->db, name);
    gil_acquire(vm);
    memory_free(owned);
    if (!work.backup) return database_throw(vm, target);
    int code = backup_run(vm, &work);
    gil_release(vm);
    int finished = work.library->backup_finish(work.backup);
    gil_acquire(vm);
    if (code == -1) return FAIL;
    return finished == SQLITE_OK ? NONE : database_throw(vm, target);
}

/* ---- a database as bytes ---- */

SHARED_NATIVE(database_serialize, "serialize(self, name, /)",
              "Return the bytes that a file with the database would have.")
{
    Database *database = as_database(argv[0]);
    const Library *library = library_of(database);
    sqlite3 *db = database_open_handle(vm, database);
    char *owned = NULL;
    const char *name = db ? text_utf8(vm, argv[1], NULL, &owned) : NULL;
    if (!name) return FAIL;
    sqlite3_int64 len = 0;
    gil_release(vm);
    unsigned char *data = library->serialize(db, name, &len, 0);
    gil_acquire(vm);
    Ref out = FAIL;
    if (data) out = bytes_from(vm, (char *)data, len);
    else library_refuse(vm, library, "OperationalError", "unable to serialize '%s'", name);
    library->free(data);
    memory_free(owned);
    return out;
}

SHARED_NATIVE(database_deserialize, "deserialize(self, data, name, /)",
              "Make what serialize() gave the database of that name, in memory.")
{
    Database *database = as_database(argv[0]);
    const Library *library = library_of(database);
    sqlite3 *db = database_open_handle(vm, database);
    Buffer data;
    char *owned = NULL;
    if (!db || !buffer_get(vm, argv[1], &data, false)) return FAIL;
    const char *name = text_utf8(vm, argv[2], NULL, &owned);
    Ref out = FAIL;
    unsigned char *copy = name ? library->malloc64((sqlite3_uint64)data.len + 1) : NULL;
    if (name && !copy) throw_no_memory(vm);
    if (copy) {
        memcpy(copy, data.data, (size_t)data.len);
        gil_release(vm);
        int code =
            library->deserialize(db, name, copy, data.len, data.len,
                                 SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
        gil_acquire(vm);
        out = code == SQLITE_OK ? NONE : database_throw(vm, database);
    }
    buffer_release(vm, &data);
    memory_free(owned);
    return out;
}
