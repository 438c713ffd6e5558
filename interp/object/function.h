/* function.h - functions made by def and lambda, closure cells, bound methods. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_FUNCTION_H
#define AIO_OBJECT_FUNCTION_H

#include "object/code.h"
#include "object/dict.h"

typedef struct Cell {
    Container head;
    Ref value;
} Cell; /* value UNDEF: unbound */

typedef struct Function {
    Container head;
    Code *code;              /* owned */
    Dict *globals;           /* owned */
    Dict *builtins;          /* owned */
    Ref name, qualname, doc; /* UNDEF: those of the code */
    Ref module;              /* UNDEF: __name__ of globals */
    Ref defaults;            /* tuple or UNDEF */
    Ref keyword_defaults;    /* dict or UNDEF */
    Ref annotate;            /* the function that makes __annotations__, NONE or UNDEF */
    Ref annotations;         /* dict or UNDEF: not computed */
    Ref type_params;         /* tuple or UNDEF */
    Ref attributes_slot;     /* the one attribute slot (SHAPE_DICT: __dict__); managed by shape.c */
    Cell *cells[]; /* one, owned, for each of code->free_count; NULL while the function is being
                      made */
} Function;

typedef struct Method {
    Container head;
    Ref function, self;
} Method;

static inline bool is_function(Value v) { return is_kind(v, KIND_FUNCTION); }
static inline Function *as_function(Value v) { return (Function *)as_object(v); }
static inline Method *as_method(Value v) { return (Method *)as_object(v); }

/* Its names, borrowed str. */
static inline Value function_name(const Function *function)
{
    return absent(function->name) ? function->code->name : function->name;
}
static inline Value function_qualname(const Function *function)
{
    return absent(function->qualname) ? function->code->qualname : function->qualname;
}

/* A function whose cells are still to be filled in.  builtins NULL: those that globals name. */
Ref function_new(Vm *vm, Code *code, Dict *globals, Dict *builtins);
Ref method_new(Vm *vm, Value function, Value self);
Ref cell_new(Vm *vm, Ref value); /* steals */

#endif
