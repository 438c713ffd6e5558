/* scope.h - what each name of a program means.
 *
 * Every function, class, comprehension, annotation and type parameter list opens a Scope.  The
 * scopes of list, set and dict comprehensions are inlined: they have names of their own but belong
 * to the unit (the code object) around them, so their variables are hidden locals of it.  After
 * scopes_build every Symbol knows where its value lies. Neighbours: symbols.c (finds the symbols),
 * scope.c (resolves them), compile.h (who asks). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_COMPILER_SCOPE_H
#define AIO_COMPILER_SCOPE_H

#include "compiler/ident.h"

typedef struct Compiler Compiler;
typedef struct Scope Scope;

typedef enum ScopeKind {
    SCOPE_MODULE,
    SCOPE_CLASS,
    SCOPE_FUNCTION, /* this and all below bind like functions */
    SCOPE_LAMBDA,
    SCOPE_GENERATOR,
    SCOPE_COMPREHENSION, /* list, set or dict: inlined */
    SCOPE_TYPE_PARAMS,   /* [T] of a generic function, class or alias */
    SCOPE_ANNOTATIONS,   /* an __annotate__ function */
    SCOPE_EVALUATOR,     /* a lazily computed bound, default or alias value */
} ScopeKind;

enum { /* Symbol.flags */
       SYM_GLOBAL = 1,
       SYM_NONLOCAL = 2, /* declared */
       SYM_LOCAL = 4,    /* assigned, imported, defined */
       SYM_PARAM = 8,
       SYM_USE = 16,
       SYM_ANNOTATED = 32,
       SYM_ITER = 64, /* iteration variable of a comprehension */
       SYM_TYPE_PARAM = 128,
       SYM_WALRUS = 256,   /* bound in the middle of an expression */
       SYM_DELETED = 512,  /* unbound somewhere: never known to be bound */
       SYM_CELL = 1024,    /* captured by another unit */
       SYM_VARARGS = 2048, /* *args */
       SYM_OUTER = 4096,   /* of a module: a function in it says `global` */
       SYM_IMPORTED = 8192,
       SYM_ASSIGNED = 16384, /* bound otherwise than by import */
       SYM_BOUND = SYM_LOCAL | SYM_PARAM | SYM_ITER | SYM_TYPE_PARAM,
};

typedef enum Where {
    WHERE_LOCAL,     /* a local of the unit: symbol->owner->index */
    WHERE_FREE,      /* closure cell number symbol->index of the unit */
    WHERE_GLOBAL,    /* not found in any function: global or builtin */
    WHERE_EXPLICIT,  /* declared global */
    WHERE_NAME,      /* bound in a class or module body */
    WHERE_CLASSDICT, /* annotation scopes: bound in the class around, whose namespace cell is
                        symbol->index */
} Where;

typedef struct Symbol {
    Ident *name;
    Scope *scope;
    uint32_t flags; /* SYM_* */
    Where where;
    int index;            /* of an owner: its local number; of a user: the closure cell */
    struct Symbol *owner; /* WHERE_LOCAL and WHERE_FREE: the symbol that is bound; may be itself */
    struct Symbol *next;  /* of the scope, in order of appearance */
    Pos pos;              /* of the global or nonlocal statement, of a parameter */
} Symbol;

typedef struct LocalSlot {
    Ident *name;
    Symbol *symbol; /* NULL: nothing a script can name */
    uint8_t kinds;  /* LOCAL_* of code.h */
    bool busy;      /* hidden: taken by a comprehension around */
} LocalSlot;

typedef struct AnnotationItem {
    NodeAnnAssign *node;
    bool conditional; /* holds only if the statement was reached: its index is in the condition set
                       */
} AnnotationItem;

struct Scope {
    ScopeKind kind;
    Node *node;
    Scope *parent, *unit; /* unit: itself, or what it is inlined into */
    Scope *first_child, *last_child, *sibling;
    Ident *name;       /* of the function or class, else NULL */
    Ident *class_name; /* mangles private names; NULL outside classes */
    Scope *mangled;    /* the type parameters of a class: only theirs are mangled; or NULL */
    const char *what;  /* "a TypeVar bound" ...: for messages */
    Symbol *first, *last;
    Symbol **table; /* open addressing by ident hash */
    uint32_t count, capacity;
    Symbol *class_cell,
        *namespace_cell;    /* SCOPE_CLASS: __class__ and the namespace, when captured */
    Symbol *condition_cell; /* module, class: which conditional annotations were met (a set) */
    int iterable_depth;     /* > 0: inside the iterable of a comprehension */
    bool sees_class;        /* annotation scopes directly in a class body */
    bool nested, is_async, is_generator, async_comprehension;
    bool looks; /* may look at all its locals */
    bool has_conditional_annotations;
    /* units only */
    LocalSlot *locals;
    int local_count, local_capacity;
    Symbol **frees; /* owners of the closure cells */
    int free_count, free_capacity;
    int match_depth, match_most,
        match_base; /* nested match statements; local number of the first subject slot */
    struct AnnotationItem *annotations; /* module, class: annotated names in order */
    int annotation_count, annotation_capacity;
};

enum { ROLE_MAIN, ROLE_TYPE_PARAMS, ROLE_ANNOTATIONS, ROLE_BOUND, ROLE_DEFAULT, ROLE_COUNT };

typedef struct ScopeTable {
    struct ScopeSlot {
        uintptr_t key;
        Scope *scope;
    } * slots;
    uint32_t count, capacity;
    int conditional; /* > 0: inside if, for, while, try ... of a module or class body */
} ScopeTable;

/* Builds and resolves the scopes of tree; false: SyntaxError raised. */
bool scopes_build(Compiler *c, Node *tree);

/* The scope that node opened in the given role; NULL when there is none. */
Scope *scope_of(Compiler *c, const Node *node, int role);

/* The symbol of that scope, or NULL. */
Symbol *scope_find(const Scope *scope, const Ident *name);

/* name as the class around scope spells it. */
Ident *scope_ident(Compiler *c, const Scope *scope, Name name);

static inline bool scope_is_function(const Scope *scope) { return scope->kind >= SCOPE_FUNCTION; }

/* --- between scope.c and symbols.c --- */
Scope *scope_enter(Compiler *c, ScopeKind kind, Node *node, int role, Ident *name);
void scope_leave(Compiler *c);
Symbol *scope_symbol(Compiler *c, Scope *scope, Ident *name); /* found or made */
Symbol *scope_define(Compiler *c, Scope *scope, Ident *name, uint32_t flags);
void scopes_resolve(Compiler *c, Scope *scope);
void symbols_collect(Compiler *c, Node *tree);

#endif
