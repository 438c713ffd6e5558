/* ident.h - the names of a program, each known once to the compiler.
 *
 * The parser's Names are mapped to Idents, which compare by pointer, carry the interned str and
 * know whether the compiler treats the name specially.  Private names of classes are mangled here.
 */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_COMPILER_IDENT_H
#define AIO_COMPILER_IDENT_H

#include "memory/vm.h"
#include "syntax/ast.h"

typedef enum IdentSpecial {
    IDENT_PLAIN,
    IDENT_SUPER, /* its use in a method captures __class__ */
    IDENT_CLASS, /* __class__ */
    IDENT_DEBUG, /* __debug__ */
    IDENT_SELF,  /* self */
    IDENT_LOOKS, /* locals, vars, dir, eval, exec: may look at all locals */
} IdentSpecial;

typedef struct Ident {
    const char *text; /* NUL-terminated UTF-8 */
    int32_t len;      /* bytes */
    bool is_private;  /* __x: mangled inside a class */
    uint8_t special;  /* IdentSpecial */
    Ref str;          /* interned str, owned; UNDEF until asked for */
    uint32_t hash;    /* of text */
} Ident;

typedef struct Idents {
    Vm *vm;
    Arena *arena;
    struct IdentSlot {
        Name name;
        Ident *ident;
    } * by_name;     /* open addressing by address */
    Ident **by_text; /* open addressing by hash */
    uint32_t name_count, name_capacity, text_count, text_capacity;
} Idents;

void idents_open(Idents *idents, Vm *vm, Arena *arena);
void idents_close(Idents *idents);

/* The Ident of a parser's Name; of any text. */
Ident *ident_of(Idents *idents, Name name);
Ident *ident_text(Idents *idents, const char *text);

/* The name as class `class_name` (NULL: outside classes) spells it: _Class__x for private ones. */
Ident *ident_mangle(Idents *idents, Ident *ident, const Ident *class_name);

/* The interned str, borrowed; FAIL: raised. */
Value ident_str(Idents *idents, Ident *ident);

#endif
