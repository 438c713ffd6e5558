/* type.h - what a type is: the slots C code calls, the definition a builtin type writes, the class
 * object.
 *
 * A builtin type is a const TypeDef and a row in types.def.  At start-up each gets a Type, the
 * class object scripts see; a class statement makes one too, inheriting the slots of its bases and
 * replacing those whose special method the script defines (slot.c).  Slots and special methods are
 * two views of one thing: slots.def holds the pairs. Neighbours: shape.h, slot.c (slots <-> special
 * methods), attr.h (attribute access), native.h. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_TYPE_H
#define AIO_OBJECT_TYPE_H

#include "memory/vm.h"

typedef enum Kind {
#define TYPE(kind, definition) KIND_##kind,
#include "object/types.def"
    KIND_COUNT
} Kind;

typedef enum BinaryOp {
    OP2_ADD,
    OP2_SUB,
    OP2_MUL,
    OP2_MATMUL,
    OP2_TRUEDIV,
    OP2_FLOORDIV,
    OP2_MOD,
    OP2_POW,
    OP2_LSHIFT,
    OP2_RSHIFT,
    OP2_AND,
    OP2_OR,
    OP2_XOR,
    OP2_DIVMOD,
    OP2_COUNT
} BinaryOp;
typedef enum UnaryOp { OP1_NEG, OP1_POS, OP1_INVERT, OP1_ABS } UnaryOp;
typedef enum CompareOp {
    CMP_LESS,
    CMP_LESS_EQUAL,
    CMP_EQUAL,
    CMP_NOT_EQUAL,
    CMP_GREATER,
    CMP_GREATER_EQUAL
} CompareOp;

/* Arguments as a call brings them: argc positional values, then one value for each name of kwnames.
 */
typedef struct Args {
    Value *argv;
    int argc;
    Value kwnames; /* tuple of str, or UNDEF */
} Args;

typedef void Visit(Ref *slot, void *context); /* called for each owned reference of an object */

/* A buffer of bytes exported by an object (bytes-like); see bytes.h */
typedef struct Buffer Buffer;

/* What C code can ask of a value.  NULL: the type cannot.  self is borrowed, a Ref returned is
 * owned. */
#define SLOT_FIELDS                                                                                \
    Ref (*call)(Vm * vm, Value self, const Args *args);                                            \
    Ref (*repr)(Vm * vm, Value self);                                                              \
    Ref (*str)(Vm * vm, Value self);                   /* NULL: repr */                            \
    Ref (*format)(Vm * vm, Value self, Value spec);    /* __format__; spec is a str */             \
    bool (*hash)(Vm * vm, Value self, int64_t * hash); /* raises TypeError when unhashable */      \
    Ref (*compare)(Vm * vm, Value a, Value b,                                                      \
                   CompareOp op); /* a is of this type; NOT_IMPLEMENTED passes */                  \
    Ref (*unary)(Vm * vm, UnaryOp op, Value self);                                                 \
    Ref (*binary)(Vm * vm, BinaryOp op, Value a,                                                   \
                  Value b); /* a or b is of this type; NOT_IMPLEMENTED passes */                   \
    Ref (*inplace)(Vm * vm, BinaryOp op, Value a,                                                  \
                   Value b); /* a is of this type; NOT_IMPLEMENTED: try binary */                  \
    Ref (*power)(Vm * vm, Value a, Value b, Value modulus); /* pow(a, b, m) */                     \
    Truth (*truth)(Vm * vm, Value self);                    /* NULL: len, else true */             \
    Ref (*as_int)(Vm * vm, Value self);                     /* __int__ */                          \
    Ref (*as_float)(Vm * vm, Value self);                   /* __float__ */                        \
    Ref (*index)(Vm * vm, Value self);                      /* __index__ */                        \
    ptrdiff_t (*len)(Vm * vm, Value self);                  /* -1: raised */                       \
    Ref (*get_item)(Vm * vm, Value self, Value key);                                               \
    bool (*set_item)(Vm * vm, Value self, Value key, Value value); /* value UNDEF deletes */       \
    Truth (*contains)(Vm * vm, Value self, Value item);                                            \
    Ref (*iter)(Vm * vm, Value self);                                                              \
    Ref (*next)(Vm * vm, Value self);  /* UNDEF at the end */                                      \
    Ref (*await)(Vm * vm, Value self); /* __await__: an iterator */                                \
    Ref (*aiter)(Vm * vm, Value self);                                                             \
    Ref (*anext)(Vm * vm, Value self);                              /* an awaitable */             \
    Ref (*get_attr)(Vm * vm, Value self, Value name);               /* raises AttributeError */    \
    bool (*set_attr)(Vm * vm, Value self, Value name, Value value); /* value UNDEF deletes */      \
    Ref (*descr_get)(Vm * vm, Value self, Value object,                                            \
                     Value type); /* object UNDEF: through the class */                            \
    bool (*descr_set)(Vm * vm, Value self, Value object, Value value); /* value UNDEF deletes */   \
    bool (*buffer)(Vm * vm, Value self, Buffer * buffer, bool writable);                           \
    void (*release_buffer)(Value self, Buffer * buffer);

typedef struct Slots {
    SLOT_FIELDS
} Slots;

/* Which operators a type's binary (also reflected), inplace and unary functions really answer: bits
 * by BinaryOp, UnaryOp. */
typedef struct Operators {
    unsigned binary, reflected, inplace, unary;
} Operators;
#define OPERATOR_BIT(op) (1u << OP2_##op)

typedef struct Native Native; /* native.h */

/* A native attribute: obj.name computed by C. */
typedef struct Attribute {
    const char *name;
    Ref (*get)(Vm *vm, Value self);
    bool (*set)(Vm *vm, Value self, Value value); /* value UNDEF deletes; NULL: read-only */
    const char *doc;
} Attribute;

enum {                         /* TypeDef.flags and Type.flags */
       TYPE_FINAL = 1,         /* cannot be subclassed by a script */
       TYPE_CONTAINER = 2,     /* objects start with Container and can be part of cycles */
       TYPE_ATTRIBUTES = 4,    /* instances take attributes (have a __dict__) */
       TYPE_WEAKREF = 8,       /* instances can be weakly referenced */
       TYPE_HEAP = 16,         /* made by a class statement or type(); mutable */
       TYPE_ABSTRACT = 32,     /* has abstract methods left */
       TYPE_NO_NEW = 64,       /* cannot create 'x' instances */
       TYPE_HAS_DEL = 128,     /* defines __del__ */
       TYPE_HAS_GETATTR = 256, /* defines __getattr__ or overrides __getattribute__ */
       TYPE_SEQUENCE = 512,    /* match: a sequence pattern accepts it */
       TYPE_MAPPING = 1024,    /* match: a mapping pattern accepts it */
       TYPE_MATCH_SELF = 2048, /* match: C(x) binds the subject itself (int, str, ...) */
       TYPE_METACLASS = 4096,  /* derives from type */
};

typedef struct TypeDef {
    const char *name; /* "asyncio.Future": module and name; "int": module builtins */
    const char *doc;
    size_t size;                /* of the C struct, bytes; items of variable size come on top */
    unsigned flags;             /* TYPE_* */
    const struct TypeDef *base; /* NULL: object */
    const size_t *refs; /* REFS(...): offsets of owned references, for visit, clear and drop; NULL:
                         * none. A base's are added by themselves. */
    void (*visit)(Object *self, Visit *visit,
                  void *context); /* what refs does not list (variable storage); NULL: base's */
    void (*clear)(Object *self);  /* drop those and the storage; called once, before refs are
                                     dropped; NULL: base's */
    bool (*needs_finalizer)(
        Object *self); /* must finalize run before this object goes?  NULL: never */
    void (*finalize)(Vm *vm, Object *self); /* at the next safe point, the object alive once more */
    const Native *new, *init; /* cls(...): "new(cls, ...)" and "__init__(self, ...)" */
    union {
        Slots slots;
        struct {
            SLOT_FIELDS
        };
    };                             /* .repr = future_repr */
    const Operators *operators;    /* NULL: those of its kind (slot.c), or all */
    const Native *const *methods;  /* NULL-terminated */
    const Attribute *attributes;   /* ended by a NULL name */
    const Attribute *fields;       /* more of them, which CPython keeps in fields of a C struct:
                                      member_descriptor is what scripts see */
    const char *const *match_args; /* __match_args__ */
} TypeDef;

#define REFS_END ((size_t)-1)
/* .refs = REFS(REF(Future, result), REF(Future, error)) */
#define REF(type, field) offsetof(type, field)
#define REFS(...)                                                                                  \
    (const size_t[]) { __VA_ARGS__, REFS_END }

struct Type {
    Container head;
    const TypeDef *def; /* of the type itself, or of the nearest builtin base */
    Kind kind;          /* KIND of instances */
    unsigned flags;     /* TYPE_*, inherited where that makes sense */
    uint32_t
        version; /* of this type's attributes as seen by lookups; new whenever they may change */
    uint32_t basic_size; /* bytes of an instance before its attribute slots */
    Slots slots;         /* inherited and overridden */
    Shape *shape;        /* of a new instance */
    Shape *dict_shape;   /* of an instance whose attributes live in a dict (slot 0) */
    Type *base;          /* the base that gives the layout; borrowed (bases holds it) */
    Ref name, qualname;  /* str */
    Ref dict;            /* namespace */
    Ref bases, mro;      /* tuples */
    Ref new, init;       /* what __new__ and __init__ are, cached for calls; UNDEF: object's */
    struct Subclasses *subclasses; /* borrowed back pointers (type.c) */
    Interp *interp;
    Shape *roots;        /* every root shape made for it, dict_shape too, through sibling */
    const size_t *refs;  /* of def and the definitions it derives from; NULL: none */
    size_t *merged_refs; /* the storage of refs when it is not def's own */
    void (*visit)(Object *self, Visit *visit, void *context); /* def's, or inherited */
    void (*clear)(Object *self);
    uint16_t fixed;  /* __slots__ members of instances */
    char *name_text; /* name as UTF-8 when it is not ASCII, made on demand */
    bool filled;     /* dict holds what def defines (done on first use) */
};

/* All in one section: opening an interpreter reads each of them, and every page read costs time. */
#define DECLARE_TYPE(kind, definition)                                                             \
    extern const TypeDef definition __attribute__((section("typedefs")));
#define TYPE(kind, definition) DECLARE_TYPE(kind, definition)
#include "object/types.def"

static inline Type *type_builtin(const Vm *vm, Kind kind)
{
    return vm->interp->types[kind];
} /* borrowed */

/* The hidden class of an object; see shape.h. */
typedef enum ShapeMode { SHAPE_NONE, SHAPE_SLOTS, SHAPE_DICT } ShapeMode;

struct Shape {
    Type *type; /* borrowed */
    Interp *interp;
    uint64_t head;         /* what a new object starts with: its count, kind and flags */
    uint32_t version;      /* equals type->version; caches compare it */
    uint16_t slots_offset; /* bytes */
    uint16_t capacity;     /* inline slots of the objects (0: no attributes) */
    uint16_t fixed;        /* leading slots that belong to __slots__ (member.c), not to names */
    uint16_t len;          /* slots in use, fixed ones included */
    uint8_t mode;          /* ShapeMode */
    uint8_t drop;          /* ShapeDrop: what destroying such an object takes */
    uint8_t object_flags;  /* OBJ_* in head */
    uint8_t kind;          /* Kind in head */
    Ref name;              /* the name that slot len-1 holds; UNDEF at the root */
    Shape *parent;
    Shape *children; /* transitions, through sibling */
    Shape *sibling;
    struct ShapeIndex *index; /* name -> slot for long shapes, made on demand */
};

typedef enum ShapeDrop {
    DROP_FULL,  /* a finaliser may have to run first */
    DROP_PLAIN, /* what it owns is dropped, unless its class has __del__ */
    DROP_CLEAR, /* the type's clear drops all it owns */
    DROP_FREE,  /* the object owns nothing */
} ShapeDrop;

/* The type of any value, immediates included; borrowed. */
Type *type_of_immediate(const Vm *vm, Value v);
static inline Type *type_of(const Vm *vm, Value v)
{
    return is_heap(v) ? as_object(v)->shape->type : type_of_immediate(vm, v);
}

/* "int", "Point": for messages. */
const char *type_name(const Vm *vm, Value v);
/* The same with the module of a type that is written in C elsewhere too: "types.SimpleNamespace";
 * asyncio's are classes there. */
const char *type_full_name(Type *type);

static inline bool is_kind(Value v, Kind kind) { return is_heap(v) && as_object(v)->kind == kind; }
static inline bool is_exact(Value v, Kind kind)
{
    if (!is_heap(v)) return false;
    uint16_t kind_and_flags; /* read at once */
    memcpy(&kind_and_flags, &as_object(v)->kind, sizeof kind_and_flags);
    return (kind_and_flags & (0xff | OBJ_SUBCLASS << 8)) == (int)kind;
}
static inline bool is_type(Value v) { return is_kind(v, KIND_TYPE); }
static inline Type *as_type(Value v) { return (Type *)as_object(v); }

/* type's namespace, filled in; borrowed; the program ends when there is no memory for it. */
struct Dict *type_dict(Vm *vm, Type *type);

/* Is sub the same as or derived from base (by MRO, no hooks)? */
bool type_is_subtype(const Type *sub, const Type *base);
/* How many classes its MRO has; 0 while the metaclass is making it. */
ptrdiff_t type_mro_len(const Type *type);
/* isinstance without hooks */
bool type_has_instance(const Vm *vm, const Type *type, Value v);

/* The attribute `name` found along type's MRO, raw (no descriptor applied), or UNDEF; borrowed.
 * Never raises. */
Value type_lookup(Vm *vm, Type *type, Value name);

/* The Type of a native module's own TypeDef, made on first use; borrowed, NULL on failure. */
Type *type_from_def(Vm *vm, const TypeDef *def);

/* What a class statement does last: metaclass(name, bases, namespace) for plain `type`.  Owned. */
Ref type_make(Vm *vm, Type *metaclass, Value name, Value bases, Value namespace,
              const Args *kwargs);

/* __build_class__(func, name, *bases, metaclass=..., **kwargs): args holds bases and keywords. */
Ref type_build_class(Vm *vm, Value func, Value name, const Args *args);

/* Calling a class: what type.__call__ does. */
Ref type_call(Vm *vm, Value self, const Args *args);

/* To be called after type's namespace changed under `name`: new versions for it and its subclasses,
 * slots updated. */
bool type_modified(Vm *vm, Type *type, Value name);

/* Adds TYPE_SEQUENCE or TYPE_MAPPING to type and all below it. */
void type_add_flags(Type *type, unsigned flags);

/* A new zeroed instance of type (or a subclass): object_new with the type's shape and slots. */
void *type_instance(Vm *vm, Type *type);
/* An instance of a builtin type for its native __init__ to fill. */
Ref type_empty(Vm *vm, Type *type);
void *type_instance_sized(Vm *vm, Type *type,
                          size_t extra_bytes); /* variable-size objects; no attribute slots then */

/* Builds all builtin types, and the names (calls names_open on the way); false when memory is out.
 */
bool types_open(Vm *vm);
/* Frees types, names and the shared strings: no object may be alive any more. */
void types_close(Vm *vm);

#endif
