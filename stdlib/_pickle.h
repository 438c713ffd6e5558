/* _pickle.h - what the files of the module _pickle share.
 *
 * Writing: _pickler.c (the type), _pickle_output.c (bytes, frames, memo), _pickle_save.c (builtin
 * types), _pickle_reduce.c (everything else, by name or by __reduce_ex__).  Reading: _unpickler.c
 * (the type), _pickle_input.c (bytes), _pickle_load.c (the opcodes), _pickle_build.c (globals,
 * calls, state).  _pickle_buffer.c: PickleBuffer; _pickle.c: the module.
 * A pickler or unpickler is busy while it works and refuses to be used by the code it calls, so
 * that its buffers, stack and marks stay where they are. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_STDLIB_PICKLE_H
#define AIO_STDLIB_PICKLE_H

#include "native.h"

enum { PROTOCOL_HIGHEST = 5, PROTOCOL_DEFAULT = 5 };

enum { /* opcodes */
       OP_MARK = '(',
       OP_STOP = '.',
       OP_POP = '0',
       OP_POP_MARK = '1',
       OP_DUP = '2',
       OP_FLOAT = 'F',
       OP_INT = 'I',
       OP_BININT = 'J',
       OP_BININT1 = 'K',
       OP_LONG = 'L',
       OP_BININT2 = 'M',
       OP_NONE = 'N',
       OP_PERSID = 'P',
       OP_BINPERSID = 'Q',
       OP_REDUCE = 'R',
       OP_STRING = 'S',
       OP_BINSTRING = 'T',
       OP_SHORT_BINSTRING = 'U',
       OP_UNICODE = 'V',
       OP_BINUNICODE = 'X',
       OP_APPEND = 'a',
       OP_BUILD = 'b',
       OP_GLOBAL = 'c',
       OP_DICT = 'd',
       OP_EMPTY_DICT = '}',
       OP_APPENDS = 'e',
       OP_GET = 'g',
       OP_BINGET = 'h',
       OP_INST = 'i',
       OP_LONG_BINGET = 'j',
       OP_LIST = 'l',
       OP_EMPTY_LIST = ']',
       OP_OBJ = 'o',
       OP_PUT = 'p',
       OP_BINPUT = 'q',
       OP_LONG_BINPUT = 'r',
       OP_SETITEM = 's',
       OP_TUPLE = 't',
       OP_EMPTY_TUPLE = ')',
       OP_SETITEMS = 'u',
       OP_BINFLOAT = 'G',
       OP_BINBYTES = 'B',
       OP_SHORT_BINBYTES = 'C',
       OP_PROTO = 0x80,
       OP_NEWOBJ = 0x81,
       OP_EXT1 = 0x82,
       OP_EXT2 = 0x83,
       OP_EXT4 = 0x84,
       OP_TUPLE1 = 0x85,
       OP_TUPLE2 = 0x86,
       OP_TUPLE3 = 0x87,
       OP_NEWTRUE = 0x88,
       OP_NEWFALSE = 0x89,
       OP_LONG1 = 0x8A,
       OP_LONG4 = 0x8B,
       OP_SHORT_BINUNICODE = 0x8C,
       OP_BINUNICODE8 = 0x8D,
       OP_BINBYTES8 = 0x8E,
       OP_EMPTY_SET = 0x8F,
       OP_ADDITEMS = 0x90,
       OP_FROZENSET = 0x91,
       OP_NEWOBJ_EX = 0x92,
       OP_STACK_GLOBAL = 0x93,
       OP_MEMOIZE = 0x94,
       OP_FRAME = 0x95,
       OP_BYTEARRAY8 = 0x96,
       OP_NEXT_BUFFER = 0x97,
       OP_READONLY_BUFFER = 0x98,
};

/* What all picklers and unpicklers share. */
typedef struct PickleState {
    Container head;
    Ref pickling_error, unpickling_error;                             /* classes */
    Ref dispatch_table, registry, inverted_registry, extension_cache; /* copyreg's dicts */
    Ref persistent_id, reducer_override, own_dispatch, find_class, persistent_load, add; /* names */
} PickleState;

typedef struct MemoEntry {
    Ref object; /* UNDEF: free */
    ptrdiff_t index;
} MemoEntry;

typedef struct Pickler {
    Container head;
    Ref state;
    Ref write;           /* the file's; UNDEF: the bytes stay in out */
    Ref buffer_callback; /* UNDEF: none */
    Ref persistent_id, reducer_override, dispatch_table; /* during dump(); UNDEF: none */
    MemoEntry *memo;                                     /* by identity, open addressing */
    ptrdiff_t memo_len, memo_size;                       /* entries; a power of two */
    char *out;
    ptrdiff_t len, capacity;
    ptrdiff_t frame_start; /* in out; -1: no frame has begun */
    int protocol;
    bool binary, fast, fix_imports, framing, busy, ready;
} Pickler;

typedef struct Unpickler {
    Container head;
    Ref state;
    Ref read, readline, peek;        /* the file's; UNDEF: all bytes are there */
    Ref buffers;                     /* iterator; UNDEF: none */
    Ref encoding, errors;            /* str: for strings of Python 2 */
    Ref find_class, persistent_load; /* during load(), when overridden; UNDEF */
    Ref *stack;
    ptrdiff_t len, capacity;
    ptrdiff_t *marks; /* lengths of the stack */
    ptrdiff_t marks_len, marks_capacity;
    ptrdiff_t fence;               /* the topmost mark, or 0: what lies below it is out of reach */
    Ref *memo;                     /* by index; UNDEF: not set */
    ptrdiff_t memo_size, memo_len; /* slots; values, those of far too */
    Ref far;                       /* dict: index -> value where indexes are far apart; or UNDEF */
    Buffer buffer;                 /* what is being read; owner UNDEF: nothing */
    ptrdiff_t at;                  /* in buffer */
    int protocol;
    bool prefetched; /* buffer was peeked at: the file still has it */
    bool fix_imports, busy, ready;
} Unpickler;

extern const TypeDef pickle_state_type, pickler_type, unpickler_type, pickler_memo_type,
    unpickler_memo_type, pickle_buffer_type;

static inline PickleState *as_pickle_state(Value v) { return (PickleState *)as_object(v); }
static inline Pickler *as_pickler(Value v) { return (Pickler *)(void *)as_object(v); }
static inline Unpickler *as_unpickler(Value v) { return (Unpickler *)(void *)as_object(v); }
static inline PickleState *state_of(const Pickler *pickler)
{
    return as_pickle_state(pickler->state);
}

/* ---- _pickle.c ---- */

Ref pickle_state(Vm *vm); /* owned */
/* Raises class with a formatted message (as throw). */
Ref pickle_throw(Vm *vm, Value class, const char *format, ...);
#define PICKLING_ERROR(pickler, ...)                                                               \
    pickle_throw(vm, as_pickle_state((pickler)->state)->pickling_error, __VA_ARGS__)
#define UNPICKLING_ERROR(unpickler, ...)                                                           \
    pickle_throw(vm, as_pickle_state((unpickler)->state)->unpickling_error, __VA_ARGS__)
/* module.name, owned. */
Ref pickle_import(Vm *vm, const char *module, const char *name);
/* object.a.b for the dotted name "a.b". */
Ref pickle_dotted(Vm *vm, Value object, Value name);
/* Names that Python 2 used made today's, or with back the other way; replaces both. */
bool pickle_rename(Vm *vm, bool back, Ref *module, Ref *name);

/* ---- _pickle_buffer.c ---- */

bool is_pickle_buffer(const Vm *vm, Value v);
/* What raw() returns: a memoryview of bytes that lie together. */
Ref pickle_buffer_raw(Vm *vm, Value v);

/* ---- _pickler.c ---- */

/* Sets a pickler up; file UNDEF: the bytes stay in out. */
bool pickler_open(Vm *vm, Pickler *self, Value file, Value protocol, Value fix_imports,
                  Value callback);
/* Writes one pickle; plain: what a subclass or an attribute may override is not looked for. */
bool pickler_dump(Vm *vm, Pickler *self, Value object, bool plain);

/* ---- _pickle_output.c ---- */

bool output_put(Vm *vm, Pickler *self, const char *data, ptrdiff_t len);
bool output_byte(Vm *vm, Pickler *self, int byte);
/* An opcode and its argument in len bytes, the low one first. */
bool output_number(Vm *vm, Pickler *self, int opcode, uint64_t number, int len);
bool output_line(Vm *vm, Pickler *self, int opcode, const char *text, ptrdiff_t len);
/* A header and data, which pass by frame and buffer when there are many; payload: an object that
 * holds just them, or UNDEF. */
bool output_payload(Vm *vm, Pickler *self, const char *header, ptrdiff_t header_len,
                    const char *data, ptrdiff_t len, Value payload);
/* Between two objects: a full frame ends. */
bool output_boundary(Vm *vm, Pickler *self);
/* The end of a pickle. */
bool output_finish(Vm *vm, Pickler *self);

ptrdiff_t memo_find(const Pickler *self, Value object); /* its index; -1: not there */
bool memo_write_get(Vm *vm, Pickler *self, ptrdiff_t index);
/* Gives object the next index, and writes so; nothing when `fast`. */
bool memo_add(Vm *vm, Pickler *self, Value object);
bool memo_keep(Vm *vm, Pickler *self, Value object, ptrdiff_t index); /* writes nothing */
void memo_clear(Pickler *self);

/* ---- _pickle_save.c ---- */

bool pickle_save(Vm *vm, Pickler *self, Value object);
bool pickle_save_plainly(Vm *vm, Pickler *self, Value object); /* without persistent_id */
bool save_batches(Vm *vm, Pickler *self, Value iterator);      /* items of a list */
bool save_pair_batches(Vm *vm, Pickler *self, Value iterator); /* of a dict */

/* ---- _pickle_reduce.c ---- */

/* Any object of no builtin type. */
bool save_other(Vm *vm, Pickler *self, Value object);
/* Writes what the tuple that __reduce__ returned stands for; object UNDEF: not memoised. */
bool save_reduced(Vm *vm, Pickler *self, Value reduced, Value object);
/* The same of a call function(*args); steals args. */
bool save_call(Vm *vm, Pickler *self, Value function, Ref args, Value object);

/* ---- _unpickler.c ---- */

bool unpickler_open(Vm *vm, Unpickler *self, Value fix_imports, Value encoding, Value errors,
                    Value buffers);
bool unpickler_set_file(Vm *vm, Unpickler *self, Value file);
Ref unpickler_load(Vm *vm, Unpickler *self, bool plain);
Ref unpickler_memo_get(Vm *vm, Unpickler *self, int64_t index); /* raises UnpicklingError */
bool unpickler_memo_put(Vm *vm, Unpickler *self, int64_t index, Value value);
void unpickler_memo_clear(Unpickler *self);
/* module.name, as find_class() does. */
Ref unpickler_find_class(Vm *vm, Unpickler *self, Value module, Value name);

/* ---- _pickle_input.c ---- */

/* The next len bytes, until the input is read again; NULL: raised UnpicklingError. */
const char *input_read(Vm *vm, Unpickler *self, int64_t len);
/* The next line with its end. */
const char *input_line(Vm *vm, Unpickler *self, ptrdiff_t *len);
/* The next opcode; -1: raised EOFError. */
int input_opcode(Vm *vm, Unpickler *self);
/* Lets the file go past what has been used. */
bool input_settle(Vm *vm, Unpickler *self);
void input_close(Vm *vm, Unpickler *self);

/* ---- _pickle_load.c and _pickle_build.c ---- */

/* Runs opcodes up to the end of the pickle; its object, owned. */
Ref load_pickle(Vm *vm, Unpickler *self);

bool stack_push(Vm *vm, Unpickler *self, Ref value);       /* steals, also when it fails */
Ref stack_pop(Vm *vm, Unpickler *self);                    /* FAIL: raised underflow */
Value stack_top(Vm *vm, Unpickler *self);                  /* borrowed; FAIL: raised */
Ref stack_tuple(Vm *vm, Unpickler *self, ptrdiff_t start); /* pops all from start on */
ptrdiff_t stack_mark(Vm *vm, Unpickler *self); /* takes the topmost mark off; -1: raised */

bool build_global(Vm *vm, Unpickler *self);
bool build_stack_global(Vm *vm, Unpickler *self);
bool build_extension(Vm *vm, Unpickler *self, int bytes);
bool build_inst(Vm *vm, Unpickler *self);
bool build_obj(Vm *vm, Unpickler *self);
bool build_newobj(Vm *vm, Unpickler *self, bool keywords);
bool build_reduce(Vm *vm, Unpickler *self);
bool build_build(Vm *vm, Unpickler *self);

#endif
