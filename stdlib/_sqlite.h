/* _sqlite.h - what the files of the module _sqlite3 share.
 *
 * SQLite is opened when the module is imported, not linked; its entry points (_sqlite.def) are
 * fields of the one Library.  Whatever may run for long, wait for a lock or call back is done
 * without the interpreter lock; a callback takes it again in the thread that it comes in.
 * Files: _sqlite3.c (the module, databases), _sqlite_statement.c, _sqlite_callback.c,
 * _sqlite_copy.c (blobs, backups, images); sqlite3/ is what scripts see. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_STDLIB_SQLITE_H
#define AIO_STDLIB_SQLITE_H

#include <sqlite3.h>
#include <strings.h>

#include "native.h"

typedef struct Library {
    Container head;
    Ref raise;  /* called with a code, an extended code and a message: raises */
    Ref refuse; /* called with the name of an exception and a message: raises */
    Ref adapt;  /* called with a value that SQLite does not know: what to store for it */
    void *library;
    bool adapts_all; /* adapt values of SQLite's types too */
    bool tracebacks; /* report what callbacks raise */
#define FUNCTION(name) __typeof__(&sqlite3_##name) name;
#include "_sqlite.def"
} Library;

typedef struct Database {
    Container head;
    Ref library;
    Ref callbacks; /* dict: kind and name -> Callback */
    Ref trouble;   /* what a callback raised, to be raised once SQLite returns; or UNDEF */
    sqlite3 *db;   /* NULL: closed */
} Database;

typedef struct Statement {
    Container head;
    Ref database;
    Ref library;        /* what ends it when a cycle went, and with it first the database */
    sqlite3_stmt *stmt; /* NULL: no statement, only blanks and comments; or finalized */
    bool ready;         /* a row can be read */
    bool busy;          /* a cursor uses it */
    bool dml;           /* INSERT, UPDATE, DELETE or REPLACE */
    int tail;           /* bytes of the text behind it */
} Statement;

static inline const Library *as_library(Value v)
{
    return (const Library *)(const void *)as_object(v);
}
static inline Database *as_database(Value v) { return (Database *)(void *)as_object(v); }
static inline Statement *as_statement(Value v) { return (Statement *)(void *)as_object(v); }
static inline const Library *library_of(const Database *database)
{
    return as_library(database->library);
}

extern const TypeDef database_type, statement_type, callback_type, blob_type;

/* Raises what SQLite says of the last call on database (or what a callback raised). */
Ref database_throw(Vm *vm, Database *database);
/* Raises the exception of that name ("ProgrammingError") with a text as throw() makes it. */
Ref library_refuse(Vm *vm, const Library *library, const char *name, const char *format, ...);
/* database->db; NULL: it is closed, ProgrammingError raised. */
sqlite3 *database_open_handle(Vm *vm, Database *database);
void callbacks_open(const Library *library);
bool c_int(Vm *vm, Value v, int *number);

/* A str as UTF-8, to be freed with memory_free(*owned). */
const char *text_utf8(Vm *vm, Value v, ptrdiff_t *len, char **owned);
/* A bytes-like object without gaps; BufferError for one with gaps. */
bool block_get(Vm *vm, Value v, Buffer *buffer);
Ref text_from(Vm *vm, const char *utf8, ptrdiff_t len); /* strict */

extern const Native database_prepare_def, database_script_def, database_function_def,
    database_aggregate_def, database_window_def, database_collation_def, database_authorizer_def,
    database_progress_def, database_trace_def, database_backup_def, database_serialize_def,
    database_deserialize_def, database_blob_def;

#endif
