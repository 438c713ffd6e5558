/* native.h - functions written in C and seen by scripts.
 *
 * One shape: Ref body(Vm *vm, Value *argv), argv holding one slot per parameter of the signature in
 * order, defaults filled in (*args a tuple, **kwargs a dict, an absent one without default UNDEF).
 * The signature text binds calls, words the errors and feeds help() and inspect.  It is parsed on
 * the first call that needs it.  Defaults may be None, True, False, ..., integers, floats, 'text',
 * b'', () and `?` (absent: UNDEF).  `?'utf-8'` is absent too; what follows is what inspect is told.
 * `**kwargs=?` is UNDEF, no dict, while there are none; `*args=?` is UNDEF, any number of arguments
 * is ignored.  A text that begins with "async " says that what is returned is a coroutine.
 * NATIVE(list_pop, "pop(self, index=-1, /)", "Remove and return the item at index...")
 * Neighbours: type.h (TypeDef.methods), call.h. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_NATIVE_H
#define AIO_OBJECT_NATIVE_H

#include "object/type.h"

typedef Ref NativeBody(Vm *vm, Value *argv);

enum { NATIVE_PLAIN, NATIVE_CLASSMETHOD, NATIVE_STATICMETHOD };

struct Native {
    const char *signature; /* "pop(self, index=-1, /)" */
    const char *doc;
    NativeBody *body;
    uint8_t binding;        /* NATIVE_PLAIN... */
    double (*real)(double); /* of its one argument when that is a float: the result, or one that is
                               not finite where body has to look; NULL: there is none */
};

#define NATIVE_IN(scope, id, binding, signature, doc)                                              \
    static Ref id(Vm *vm, Value *argv);                                                            \
    scope const Native id##_def = {signature, doc, id, binding, NULL};                             \
    static Ref id(Vm *vm __attribute__((unused)), Value *argv __attribute__((unused)))
#define NATIVE(id, signature, doc)        NATIVE_IN(static, id, NATIVE_PLAIN, signature, doc)
#define NATIVE_CLASS(id, signature, doc)  NATIVE_IN(static, id, NATIVE_CLASSMETHOD, signature, doc)
#define NATIVE_STATIC(id, signature, doc) NATIVE_IN(static, id, NATIVE_STATICMETHOD, signature, doc)
/* One that other files name too. */
#define SHARED_NATIVE(id, signature, doc) NATIVE_IN(, id, NATIVE_PLAIN, signature, doc)

/* A function of a float; real gives what the body does where that is finite. */
#define NATIVE_REAL(id, real, signature, doc)                                                      \
    static Ref id(Vm *vm, Value *argv);                                                            \
    static const Native id##_def = {signature, doc, id, NATIVE_PLAIN, real};                       \
    static Ref id(Vm *vm, Value *argv)

enum { NATIVE_PARAMS_MAX = 24 };
enum {
    NATIVE_IS_NEW = 1
}; /* NativeFunction.head.aux: a __new__; self is its type, cls comes as an argument */

/* A parsed signature. */
typedef struct Signature {
    int count;      /* slots of argv */
    int positional; /* leading parameters that can be given by position */
    int positional_only;
    int required;                /* leading positional parameters without default */
    int plain_least, plain_most; /* so many positional arguments need no binding but defaults and
                                    the tuple of *args; most -1: never */
    int exact; /* so many positional arguments are the slots as they stand; -1: *args gathers */
    bool has_varargs, has_kwargs; /* their slots: *args at `positional`, **kwargs last */
    bool lazy_kwargs;             /* **kwargs=?: no dict when there are none */
    bool ignores_args;            /* *args=? */
    Ref *names;                   /* str per slot */
    Ref *defaults;                /* per slot; UNDEF: required, or absent when given as `?` */
    uint32_t optional;            /* bit i: slot i may be left out */
} Signature;

/* builtin_function_or_method (self UNDEF or bound), and method_descriptor (self UNDEF, owner set).
 */
typedef struct NativeFunction {
    Container head;
    const Native *native;
    const Signature *signature; /* NULL until parsed; owned by the interpreter */
    NativeBody *body;           /* native->body */
    Ref name;                   /* str */
    Ref self;   /* bound object (owner set: it is the first argument), module (owner NULL), or UNDEF
                 */
    Ref module; /* __module__ */
    Type *owner; /* the class of a method descriptor, of what was bound from one, or of a __new__;
                  * borrowed; NULL: a module's function */
} NativeFunction;

Ref native_function(Vm *vm, const Native *native, Value self, Value module);
Ref native_method(Vm *vm, const Native *native, Type *owner); /* a method_descriptor */
Ref native_bind(Vm *vm, NativeFunction *method, Value self);  /* method_descriptor -> bound */

/* Does it return a coroutine? */
bool native_is_async(const Native *native);
/* The signature without "async ". */
const char *native_text(const Native *native);
/* "(index=-1, /)": how to call a type that is made by native, or NONE; owned. */
Ref native_class_signature(Vm *vm, const Native *native);
Ref native_new(Vm *vm, const Native *native, Type *owner); /* the __new__ of a type */
Ref native_name(Vm *vm, const Native *native);             /* "pop": interned str */

/* Parses on first use; NULL: raised. */
const Signature *native_parsed(Vm *vm, const Native *native);
const Signature *native_signature(Vm *vm, NativeFunction *function);

/* Binds args to the signature and runs the body.  For a method descriptor self is args->argv[0] and
 * its type is checked. */
Ref native_call(Vm *vm, NativeFunction *function, const Args *args);

/* Binds args into slots[0 .. signature->count): borrowed, but for *args and **kwargs, whose new
 * containers are also put in owned[0..1] for the caller to decref.  false: raised (messages as
 * CPython's). */
bool native_bind_args(Vm *vm, NativeFunction *function, const Args *args, Value *slots,
                      Ref owned[2]);

/* Does a call with argc positional arguments (self included) need no binding?  native_call_plain
 * then makes it. */
static inline bool native_is_plain(const NativeFunction *function, int argc)
{
    const Signature *signature = function->signature;
    return signature && argc <= signature->plain_most && argc >= signature->plain_least;
}
Ref native_call_filled(Vm *vm, const NativeFunction *function, Value *argv, int argc);
static inline Ref native_call_plain(Vm *vm, const NativeFunction *function, Value *argv, int argc)
{
    return argc == function->signature->exact ? function->body(vm, argv)
                                              : native_call_filled(vm, function, argv, argc);
}

static inline NativeFunction *as_native(Value v) { return (NativeFunction *)as_object(v); }
static inline bool is_native(Value v)
{
    return is_kind(v, KIND_NATIVE_FUNCTION) || is_kind(v, KIND_METHOD_DESCRIPTOR);
}

void signatures_close(Interp *interp);

/* A module written in C. */
typedef struct ModuleDef {
    const char *name;
    const char *doc;
    const Native *const *functions;     /* NULL-terminated */
    const TypeDef *const *types;        /* NULL-terminated; set under their short name */
    bool (*open)(Vm *vm, Value module); /* the rest: constants, exceptions; NULL: nothing */
} ModuleDef;

/* Sets module.name = value (steals). */
bool module_set(Vm *vm, Value module, const char *name, Ref value);

#endif
