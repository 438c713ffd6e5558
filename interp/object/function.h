/* function.h - functions made by def and lambda, closure cells, bound methods. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_FUNCTION_H
#define AIO_OBJECT_FUNCTION_H

#include "object/code.h"
#include "object/dict.h"

typedef struct Cell { Container head; Ref value; } Cell; /* value UNDEF: unbound */

typedef struct Function {
    Container head;
    Code *code;           /* owned */
    Dict *globals;        /* owned */
    Dict *builtins;       /* owned */
    Ref name, qualname, doc, module;
    Ref defaults;         /* tuple or UNDEF */
    Ref keyword_defaults; /* dict or UNDEF */
    Ref annotate;         /* the function that makes __annotations__, NONE or UNDEF */
    Ref annotations;      /* dict or UNDEF: not computed */
    Ref type_params;      /* tuple or UNDEF */
    Ref attributes_slot;  /* the one attribute slot (SHAPE_DICT: __dict__); managed by shape.c */
    Cell **cells;         /* owned array of code->free_count owned cells */
} Function;

typedef struct Method { Container head; Ref function, self; } Method;

static inline bool is_function(Value v) { return is_kind(v, KIND_FUNCTION); }
static inline Function *as_function(Value v) { return (Function *)as_object(v); }
static inline Method *as_method(Value v) { return (Method *)as_object(v); }

/* cells (code->free_count owned cells, stolen; NULL when none). */
Ref function_new(Vm *vm, Code *code, Dict *globals, Cell **cells);
Ref method_new(Vm *vm, Value function, Value self);
Ref cell_new(Vm *vm, Ref value); /* steals */

#endif
