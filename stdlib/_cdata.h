/* _cdata.h - C data seen by scripts, and calls of C functions through libffi.
 *
 * A class of C data has an Info in its own namespace, under __cinfo__: size, alignment, what it
 * consists of.  An instance is a Data: a piece of memory, its own or a part of another's (`base`),
 * and what must stay alive because the memory points there (`objects`, of the outermost base).
 * The classes, their metaclasses and their layouts are made by _ctypes.aio.
 * Neighbours: _cdata.c (the module), _cdata_code.c (numbers and characters), _cdata_object.c
 * (Data), _cdata_field.c (members), _cdata_param.c (arguments), _cdata_call.c (functions),
 * _cdata_callback.c (script functions called from C). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_STDLIB_CDATA_H
#define AIO_STDLIB_CDATA_H

#include <ffi.h>
#include <pthread.h>

#include "native.h"

/* What libffi calls each sort of number. */
typedef enum FfiKind {
    FFI_KIND_VOID,
    FFI_KIND_U8,
    FFI_KIND_S8,
    FFI_KIND_U16,
    FFI_KIND_S16,
    FFI_KIND_U32,
    FFI_KIND_S32,
    FFI_KIND_U64,
    FFI_KIND_S64,
    FFI_KIND_FLOAT,
    FFI_KIND_DOUBLE,
    FFI_KIND_LONGDOUBLE,
    FFI_KIND_POINTER,
    FFI_KIND_COUNT
} FfiKind;

/* The module's one State: the library and what the script layer gave. */
typedef struct State {
    Container head;
    void *library; /* NULL until a function is first called */
    ffi_status (*prep_cif)(ffi_cif *cif, ffi_abi abi, unsigned argc, ffi_type *result,
                           ffi_type **args);
    void (*call)(ffi_cif *cif, void (*function)(void), void *result, void **args);
    void *(*closure_alloc)(size_t size, void **code);
    void (*closure_free)(void *closure);
    ffi_status (*prep_closure)(ffi_closure *closure, ffi_cif *cif,
                               void (*body)(ffi_cif *, void *, void **, void *), void *user,
                               void *code);
    ffi_type *types[FFI_KIND_COUNT];
    pthread_key_t threads; /* -> ThreadState */
    Ref error;             /* ctypes.ArgumentError */
    Ref flagged;           /* function(function, args, kwargs): a call with paramflags */
} State;

/* A thread that calls C functions. */
typedef struct ThreadState {
    Vm *vm;        /* while a call is running, else NULL */
    bool released; /* the interpreter lock is released during it */
    int error;     /* the copy of errno that use_errno swaps */
} ThreadState;

/* A code of _SimpleCData._type_. */
typedef struct Code_ {
    char letter;
    char sort; /* i signed, u unsigned, f floating, ? bool, c byte, w character, s pointers */
    uint8_t size;
    uint8_t ffi; /* FfiKind */
} Letter;

typedef enum InfoKind {
    INFO_SIMPLE,
    INFO_STRUCT,
    INFO_UNION,
    INFO_ARRAY,
    INFO_POINTER,
    INFO_FUNCTION
} InfoKind;

typedef struct Info {
    Container head;
    Ref state, cls;
    Ref item;       /* class of the items of an array, or of what a pointer points to; or UNDEF */
    Ref names;      /* tuple of str: a structure's members, those of its bases first */
    Ref format;     /* str: as the struct module and buffers name it */
    Ref argtypes;   /* function: tuple of classes, or UNDEF */
    Ref converters; /* of them, as converters_of() makes it */
    Ref restype;    /* function: class, callable, NONE for void; or UNDEF: int */
    InfoKind kind;
    ptrdiff_t size, align, length; /* bytes; items or members */
    ptrdiff_t item_size;           /* of the innermost items, for buffers */
    const Letter *letter;          /* simple */
    bool swapped;                  /* simple: not in the machine's byte order */
    bool plain;   /* simple, and derived from _SimpleCData itself: reads as a script value */
    bool final;   /* in use: members can no longer be set */
    bool points;  /* holds pointers */
    int flags;    /* function: FUNCTION_* */
    ffi_type ffi; /* of a structure passed by value */
    ffi_type **elements;
} Info;

enum { FUNCTION_CDECL = 1, FUNCTION_PYTHON = 4, FUNCTION_ERRNO = 8, FUNCTION_LAST_ERROR = 16 };
enum { SMALL = 16, ARGUMENTS_MOST = 1024 };

typedef struct Data {
    Container head;
    Ref info;
    Ref base;    /* Data this is a part of, or UNDEF */
    Ref objects; /* what the memory needs alive: a dict by place, or one value, or UNDEF */
    Ref holder;  /* memoryview of a foreign buffer, or UNDEF */
    char *memory;
    ptrdiff_t size;  /* of the memory, at least the info's */
    ptrdiff_t index; /* in base */
    bool owned;      /* memory is to be freed */
    _Alignas(16) char small[SMALL];
} Data;

typedef struct CFunction {
    Data data;
    Ref argtypes;   /* tuple as given, or UNDEF */
    Ref converters; /* tuple as converters_of() makes it, or UNDEF */
    Ref restype;    /* as Info.restype */
    Ref errcheck;   /* callable, or UNDEF */
    Ref flags;      /* paramflags: a tuple, or UNDEF */
    Ref library;    /* keeps the shared library's object alive */
} CFunction;

/* One argument on its way to C. */
typedef struct Param {
    ffi_type *type;
    char letter; /* for repr */
    union {
        int64_t integer;
        double number;
        float small_number;
        long double long_number;
        void *pointer;
        char bytes[SMALL];
    } value;
    void *memory; /* where the bytes are; NULL: value */
    Ref keep;     /* what must stay alive */
} Param;

/* What byref() and from_param() return. */
typedef struct CArg {
    Object head;
    Ref object; /* Param.keep */
    Param param;
} CArg;

extern const TypeDef cdata_type, cdata_info_type, cdata_function_type, cdata_field_type,
    cdata_carg_type;

/* Methods of Data that classes take under their own names. */
typedef struct Export {
    const char *name;
    const Native *native;
} Export;
extern const Export data_exports[]; /* ended by a NULL name */

static inline Data *as_data(Value v) { return (Data *)(void *)as_object(v); }
static inline Info *as_info(Value v) { return (Info *)(void *)as_object(v); }
static inline CFunction *as_cfunction(Value v) { return (CFunction *)(void *)as_object(v); }
static inline CArg *as_carg(Value v) { return (CArg *)(void *)as_object(v); }
static inline State *as_state(Value v) { return (State *)as_object(v); }
static inline Info *info_of(const Data *data) { return as_info(data->info); }
static inline State *state_of(const Info *info) { return as_state(info->state); }

/* Is v an instance of the native type? */
bool is_native_instance(Vm *vm, Value v, const TypeDef *def);
static inline bool is_data(Vm *vm, Value v) { return is_native_instance(vm, v, &cdata_type); }

/* The Info of a class itself (borrowed); NULL: it has none, nothing raised. */
Info *info_of_class(Vm *vm, Value cls);
/* The same; raises TypeError with the message. */
Info *info_required(Vm *vm, Value cls, const char *message);
/* Is v an instance of the info's class? */
bool info_has(Vm *vm, const Info *info, Value v);

/* Raises the class with a text, which it takes over. */
Ref throw_text(Vm *vm, Value cls, Ref text);

/* ---- numbers and characters (_cdata_code.c) ---- */

const Letter *letter_named(char letter); /* NULL: no such code */
/* The value at memory; raises ValueError for what is none. */
Ref simple_load(Vm *vm, const Info *info, const char *memory);
/* Stores value at memory; *keep (owned) is what must stay alive for it, or NONE. */
bool simple_store(Vm *vm, const Info *info, char *memory, Value value, Ref *keep);
/* The low 64 bits of any int. */
uint64_t int_low_bits(Value v);
/* The text of at most `most` wide characters at memory, up to a zero (most -1: no limit). */
Ref wide_text(Vm *vm, const char *memory, ptrdiff_t most, bool to_zero);
/* A bytes object of a text's wide characters and a zero. */
Ref wide_bytes(Vm *vm, Value text);

/* ---- Data (_cdata_object.c) ---- */

/* A new instance of cls with memory of its own, zeroed. */
Data *data_new(Vm *vm, Value cls, Info *info);
/* One for the memory of another (base; or NULL). */
Data *data_at(Vm *vm, Value cls, Info *info, Data *base, ptrdiff_t index, char *memory);
/* What a script reads of something of class cls that lies in memory, part of base. */
Ref item_get(Vm *vm, Value cls, Data *base, ptrdiff_t index, char *memory);
/* Writes a script's value there and keeps alive what that needs. */
bool item_set(Vm *vm, Data *base, Value cls, Value value, ptrdiff_t index, char *memory);
bool data_keep(Vm *vm, Data *data, ptrdiff_t index, Ref keep); /* steals keep */
/* The objects of data's outermost base, a dict where it has parts; borrowed, FAIL: raised. */
Value data_kept(Vm *vm, Data *data);

/* ---- arguments (_cdata_param.c) ---- */

/* Fills in what C is to get for value; object (owned or UNDEF): value itself is to be passed on. */
bool param_from(Vm *vm, State *state, Value value, int number, Param *param);
/* The same as cls.from_param(value) would have it. */
bool param_from_class(Vm *vm, Value cls, Info *info, Value value, int number, Param *param,
                      Ref *object);
Ref param_object(Vm *vm, State *state, Param *param); /* a CArg; takes the param over */
ffi_type *info_ffi(Vm *vm, Info *info);               /* how a value of it is passed */
Ref converters_of(Vm *vm, const State *state, Value argtypes);
Ref cdata_from_param_of(Vm *vm, Value cls, Value value); /* cls.from_param(value) */

/* ---- calls (_cdata_call.c, _cdata_callback.c) ---- */

bool state_load(Vm *vm, State *state); /* opens libffi */
ThreadState *thread_state(Vm *vm, State *state);
/* Lets the function lead to a callable. */
bool callback_make(Vm *vm, CFunction *function, Value callable);
/* What a call's result in memory means; cls as Info.restype. */
Ref result_from(Vm *vm, Value cls, char *memory);

#endif
