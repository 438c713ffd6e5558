/* nativebind.c - arguments into the slots of a native function, and CPython's words when they do
 * not fit.
 *
 * The common case, positional arguments only, is a copy.  Functions whose parameters are all
 * positional-only speak like C functions ("pop expected at most 1 argument, got 2"), the others
 * name what is missing. Neighbours: signature.c, native.c. */
/* SPDX-License-Identifier: MIT */
#include "base/copy.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/name.h"
#include "object/native.h"
#include "object/str.h"
#include "object/tuple.h"
#include "object/typeparts.h"

/* A call being bound. */
typedef struct Binding {
    const NativeFunction *function;
    const Signature *signature;
    const Args *args;
    Value *slots;
    int hidden;      /* leading parameters a script does not count: self or cls */
    int given;       /* positional arguments, hidden ones included */
    uint32_t filled; /* bit i: slot i has its value */
} Binding;

/* ---- errors ---- */

static bool makes_instance(const NativeFunction *function)
{
    const char *name = function->native->signature;
    return function->owner &&
           (strncmp(name, "new(", 4) == 0 || strncmp(name, "__new__(", 8) == 0 ||
            strncmp(name, "__init__(", 9) == 0 || function->head.aux & NATIVE_IS_NEW);
}

/* Is it how a class is made that CPython has in Python?  Then errors name __init__. */
static bool in_language(const NativeFunction *function)
{
    return makes_instance(function) &&
           strncmp(function->owner->def->name, "asyncio.", strlen("asyncio.")) == 0;
}

static const char *last_name(const char *dotted)
{
    const char *dot = strrchr(dotted, '.');
    return dot ? dot + 1 : dotted;
}

/* Does its module stand before its name?  Not that of builtins. */
static bool is_in_module(const NativeFunction *function)
{
    return is_str(function->module) && as_str(function->module)->ascii &&
           !str_is(function->module, "builtins");
}

/* "list.append", "math.sin" or "len"; a class's name for its __new__ and __init__. */
static void full_name(const NativeFunction *function, char *text, size_t size)
{
    const char *name = native_text(function->native);
    int len = (int)strcspn(name, "(");
    bool makes = makes_instance(function);
    const char *owner = function->owner ? typedef_short_name(function->owner->def) : NULL;
    if (function->native->binding == NATIVE_STATICMETHOD) owner = NULL;
    if (function->native->binding == NATIVE_CLASSMETHOD && is_type(function->self))
        owner = last_name(type_full_name(as_type(function->self)));
    if (makes) snprintf(text, size, in_language(function) ? "%s.__init__" : "%s", owner);
    else if (is_in_module(function))
        snprintf(text, size, "%s.%.*s", as_str(function->module)->data, len, name);
    else if (owner) snprintf(text, size, "%s.%.*s", owner, len, name);
    else snprintf(text, size, "%.*s", len, name);
}

static void short_name(const NativeFunction *function, char *text, size_t size)
{
    full_name(function, text, size);
    char *dot = in_language(function) ? NULL : strrchr(text, '.');
    if (dot) memmove(text, dot + 1, strlen(dot));
}

static const char *plural(int n) { return n == 1 ? "" : "s"; }

static bool only_positional(const Signature *s)
{
    return s->positional_only == s->positional && s->count == s->positional;
}

/* The same, but any number of them. */
static bool takes_no_names(const Signature *s)
{
    return only_positional(s) ||
           (s->has_varargs && s->positional_only == s->positional && s->count == s->positional + 1);
}

/* Does CPython count the arguments of calls of this one before it looks at their names? */
static bool counts_first(const NativeFunction *function)
{
    char name[128];
    short_name(function, name, sizeof name);
    return makes_instance(function) && (!strcmp(name, "int") || !strcmp(name, "str"));
}

/* Do its parameters have names by which CPython's parser of arguments goes? */
static bool takes_names(const Binding *b)
{
    const Signature *s = b->signature;
    return !takes_no_names(s) && !s->has_kwargs && !s->has_varargs && !in_language(b->function);
}

/* More arguments than parameters, of both kinds together. */
static bool too_many(Vm *vm, const Binding *b)
{
    char name[128];
    short_name(b->function, name, sizeof name);
    int given = b->given - b->hidden, limit = b->signature->count - b->hidden;
    int names = absent(b->args->kwnames) ? 0 : (int)tuple_len(b->args->kwnames);
    return throw(vm, TypeError, "%s() takes at most %d %sargument%s (%d given)", name, limit,
                 given ? "" : "keyword ", plural(limit), given + names),
           false;
}

/* The positional arguments are too many or too few. */
static bool wrong_count(Vm *vm, const Binding *b)
{
    const Signature *s = b->signature;
    int least = s->required - b->hidden, most = s->positional - b->hidden,
        given = b->given - b->hidden;
    bool many = given > most;
    char name[128];
    if (only_positional(s) || s->has_varargs || (many && counts_first(b->function)) ||
        (s->has_kwargs && s->positional_only == s->positional)) {
        full_name(b->function, name, sizeof name);
        if (most == 0)
            return throw(vm, TypeError, "%s() takes no arguments (%d given)", name, given), false;
        bool makes = makes_instance(b->function);
        if (least == 1 && most == 1 && !s->has_varargs && !makes)
            return throw(vm, TypeError, "%s() takes exactly one argument (%d given)", name, given),
                   false;
        short_name(b->function, name, sizeof name);
        const char *bound = least == most && !s->has_varargs ? "" : many ? "at most " : "at least ";
        int limit = many ? most : least;
        return throw(vm, TypeError, "%s expected %s%d argument%s, got %d", name, bound, limit,
                     plural(limit), given),
               false;
    }
    short_name(b->function, name, sizeof name);
    bool keywords = s->count > s->positional;
    const char *kind = keywords ? "positional " : "";
    if (many && most == 0)
        return throw(vm, TypeError, "%s() takes no positional arguments", name), false;
    if (many && !keywords && !absent(b->args->kwnames)) given += (int)tuple_len(b->args->kwnames);
    const char *bound = least == most ? "exactly" : many ? "at most" : "at least";
    int limit = many ? most : least;
    if (!many) {
        kind = "positional ";
        limit = s->positional_only - b->hidden < least ? s->positional_only - b->hidden : least;
        if (limit == s->positional_only - b->hidden && s->positional_only < s->positional)
            bound = "at least";
    }
    return throw(vm, TypeError, "%s() takes %s %d %sargument%s (%d given)", name, bound, limit,
                 kind, plural(limit), given),
           false;
}

static bool missing(Vm *vm, const Binding *b, int slot)
{
    if (slot < b->signature->positional_only ||
        (only_positional(b->signature) && slot < b->signature->positional))
        return wrong_count(vm, b);
    char name[128];
    short_name(b->function, name, sizeof name);
    if (slot < b->signature->positional)
        throw(vm, TypeError, "%s() missing required argument '%S' (pos %d)", name,
              (Value)b->signature->names[slot], slot - b->hidden + 1);
    else
        throw(vm, TypeError, "%s() missing required keyword-only argument: '%S'", name,
              (Value)b->signature->names[slot]);
    return false;
}

/* ---- keywords ---- */

/* The slot that a keyword names, or -1. */
static int keyword_slot(const Signature *s, Value name)
{
    int end = s->count - s->has_kwargs;
    for (int i = s->positional_only; i < end; i++) {
        if (s->has_varargs && i == s->positional) continue;
        if (s->names[i] == name ||
            (!as_str(name)->interned && str_equal(as_str(s->names[i]), as_str(name))))
            return i;
    }
    return -1;
}

/* What CPython's parser asks before it looks at the keywords' names: too many, too few of those
 * without a name, something missing.  Asked where a call has failed. */
static bool check_counts(Vm *vm, const Binding *b)
{
    const Signature *s = b->signature;
    int names = absent(b->args->kwnames) ? 0 : (int)tuple_len(b->args->kwnames);
    if (b->given + names > s->count && !counts_first(b->function)) return too_many(vm, b);
    if (b->given > s->positional) return wrong_count(vm, b);
    uint32_t filled = b->filled;
    for (int n = 0; n < names; n++) {
        int slot = keyword_slot(s, tuple_at(b->args->kwnames, n));
        if (slot >= 0) filled |= 1u << slot;
    }
    for (int i = 0; i < s->count; i++)
        if (!(filled >> i & 1) && !(s->optional >> i & 1)) return missing(vm, b, i);
    return true;
}

/* A name that no parameter has. */
static bool unexpected(Vm *vm, const Binding *b, Value name)
{
    char text[128];
    if (takes_names(b) && !check_counts(vm, b)) return false;
    if (takes_no_names(b->signature)) {
        full_name(b->function, text, sizeof text);
        throw(vm, TypeError, "%s() takes no keyword arguments", text);
        return false;
    }
    short_name(b->function, text, sizeof text);
    throw(vm, TypeError, "%s() got an unexpected keyword argument '%S'", text, name);
    return false;
}

static bool bind_keyword(Vm *vm, Binding *b, Value name, Value value, Dict *rest)
{
    const Signature *s = b->signature;
    int slot = keyword_slot(s, name);
    char text[128];
    if (slot >= 0 && !(b->filled >> slot & 1)) {
        b->slots[slot] = value;
        b->filled |= 1u << slot;
        return true;
    }
    if (slot >= 0) {
        if (takes_names(b) && !check_counts(vm, b)) return false;
        short_name(b->function, text, sizeof text);
        if (slot < b->given)
            throw(vm, TypeError, "argument for %s() given by name ('%S') and position (%d)", text,
                  name, slot - b->hidden + 1);
        else throw(vm, TypeError, "%s() got multiple values for argument '%S'", text, name);
        return false;
    }
    return rest ? dict_set(vm, rest, name, value) : unexpected(vm, b, name);
}

/* The dict of **kwargs. */
static Dict *open_kwargs(Vm *vm, Binding *b, Ref owned[2])
{
    int slot = b->signature->count - 1;
    owned[1] = dict_new(vm);
    if (failed(owned[1])) return NULL;
    b->slots[slot] = owned[1];
    b->filled |= 1u << slot;
    return as_dict(owned[1]);
}

static bool bind_keywords(Vm *vm, Binding *b, Ref owned[2])
{
    const Signature *s = b->signature;
    Dict *rest = NULL;
    if (s->has_kwargs && !s->lazy_kwargs && !(rest = open_kwargs(vm, b, owned))) return false;
    if (absent(b->args->kwnames)) return true;
    for (ptrdiff_t i = 0; i < tuple_len(b->args->kwnames); i++) {
        Value name = tuple_at(b->args->kwnames, i);
        bool extra = s->lazy_kwargs && !rest && keyword_slot(s, name) < 0;
        if (extra && !(rest = open_kwargs(vm, b, owned))) return false;
        if (!bind_keyword(vm, b, name, b->args->argv[b->args->argc + i], rest)) return false;
    }
    return true;
}

/* ---- binding ---- */

/* Whose __new__ makes the instances of type, or refuses to. */
static const TypeDef *maker(const Type *type)
{
    while (!type->def->new && !(type->def->flags & TYPE_NO_NEW) && type->base) type = type->base;
    return type->def;
}

/* Is the first argument what the function needs there? */
static bool check_first(Vm *vm, const NativeFunction *function, const Args *args)
{
    Type *owner = function->owner;
    Value first = args->argc ? args->argv[0] : UNDEF;
    if (function->head.aux & NATIVE_IS_NEW) {
        if (absent(first))
            return throw(vm, TypeError, "%F.__new__(): not enough arguments", owner), false;
        if (!is_type(first))
            return throw(vm, TypeError, "%F.__new__(X): X is not a type object (%T)", owner, first),
                   false;
        Type *type = as_type(first);
        if (!type_is_subtype(type, owner))
            return throw(vm, TypeError, "%F.__new__(%F): %F is not a subtype of %F", owner, type,
                         type, owner),
                   false;
        const TypeDef *made = maker(type), *owners = maker(owner);
        if (made != owners && (made->new != owners->new || made->flags &TYPE_NO_NEW))
            return throw(vm, TypeError, "%s.__new__(%s) is not safe, use %s.__new__()",
                         type_full_name(owner), type_full_name(type), made->name),
                   false;
        return true;
    }
    if (absent(first))
        return throw(vm, TypeError, "unbound method %F.%S() needs an argument", owner,
                     (Value)function->name),
               false;
    if (!type_has_instance(vm, owner, first))
        return throw(vm, TypeError,
                     "descriptor '%S' for '%F' objects doesn't apply to a '%T' object",
                     (Value)function->name, owner, first),
               false;
    return true;
}

static bool bind_rest(Vm *vm, Binding *b, Ref owned[2])
{
    const Signature *s = b->signature;
    if (s->has_varargs && !s->ignores_args) {
        int extra = b->given > s->positional ? b->given - s->positional : 0;
        owned[0] = tuple_from_values(vm, extra, b->args->argv + (b->args->argc - extra));
        if (failed(owned[0])) return false;
        b->slots[s->positional] = owned[0];
        b->filled |= 1u << s->positional;
    }
    if (!bind_keywords(vm, b, owned)) return false;
    for (int i = 0; i < s->count; i++) {
        if (b->filled >> i & 1) continue;
        if (!(s->optional >> i & 1)) return missing(vm, b, i);
        b->slots[i] = s->defaults[i];
    }
    return true;
}

/* list.__new__ leaves the keywords to the __init__ of a subclass that has its own, list.__init__ to
 * its __new__ (set.__init__ does not). */
static bool ignores_keywords(const Vm *vm, const NativeFunction *function, Value first)
{
    Type *owner = function->owner;
    if (function->head.aux & NATIVE_IS_NEW) {
        const Type *type = as_type(first);
        return (type->flags & TYPE_HEAP) && type->init != owner->init;
    }
    if (!owner || function->name != N(__init__) || owner->kind == KIND_SET) return false;
    const Type *type = type_of(vm, first);
    return (type->flags & TYPE_HEAP) && type->new != owner->new;
}

bool native_bind_args(Vm *vm, NativeFunction *function, const Args *args, Value *slots,
                      Ref owned[2])
{
    const Signature *s = native_signature(vm, function);
    if (!s) return false;
    owned[0] = owned[1] = UNDEF;
    int first = 0;
    if (function->owner) {
        if (function->head.head.kind == KIND_METHOD_DESCRIPTOR ||
            function->head.aux & NATIVE_IS_NEW) {
            if (!check_first(vm, function, args)) return false;
        } else {
            slots[0] = function->self;
            first = 1;
        }
    }
    Binding b = {function, s, args, slots, function->owner != NULL, args->argc + first, 0};
    int taken = b.given < s->positional ? b.given : s->positional;
    for (int i = first; i < taken; i++) slots[i] = args->argv[i - first];
    b.filled = taken ? (2u << (taken - 1)) - 1 : 0;
    Args plain = {args->argv, args->argc, UNDEF};
    if (!absent(args->kwnames) && tuple_len(args->kwnames) > 0 && takes_no_names(s)) {
        if (taken > 0 && ignores_keywords(vm, function, slots[0])) b.args = args = &plain;
        else if (only_positional(s))
            return bind_keyword(vm, &b, tuple_at(args->kwnames, 0), UNDEF, NULL);
    }
    if (b.given > s->positional && !s->has_varargs)
        return takes_names(&b) ? check_counts(vm, &b) : wrong_count(vm, &b);
    if (b.given == s->count && absent(args->kwnames) && !s->has_varargs && !s->has_kwargs)
        return true;
    if (bind_rest(vm, &b, owned)) return true;
    decref(owned[0]);
    decref(owned[1]);
    owned[0] = owned[1] = UNDEF;
    return false;
}

Ref native_call_filled(Vm *vm, const NativeFunction *function, Value *argv, int argc)
{
    const Signature *signature = function->signature;
    Value slots[NATIVE_PARAMS_MAX];
    bool gathers = signature->exact < 0;
    int given = gathers && argc > signature->positional ? signature->positional : argc;
    char *unset = copy_few((char *)slots, (const char *)argv, (size_t)given * sizeof *argv);
    copy_few(unset, (const char *)(signature->defaults + given),
             (size_t)(signature->count - given) * sizeof *slots);
    if (!gathers) return function->body(vm, slots);
    Ref rest = tuple_from_values(vm, argc - given, argv + given);
    if (failed(rest)) return FAIL;
    slots[signature->positional] = rest;
    Ref out = function->body(vm, slots);
    decref(rest);
    return out;
}

/* Need the arguments no binding but defaults, and is self, or cls, plainly of the owner itself? */
static inline bool binds_plainly(const NativeFunction *function, const Args *args)
{
    if (!native_is_plain(function, args->argc)) return false;
    if (!function->owner) return true;
    if (args->argc == 0) return false;
    if (function->head.aux & NATIVE_IS_NEW) return args->argv[0] == borrow(function->owner);
    return function->head.head.kind == KIND_METHOD_DESCRIPTOR && is_heap(args->argv[0]) &&
           as_object(args->argv[0])->shape->type == function->owner;
}

/* Is it bound, and need its arguments no binding but defaults? */
static inline bool bound_plainly(const NativeFunction *function, const Args *args)
{
    return function->owner && function->head.head.kind == KIND_NATIVE_FUNCTION &&
           !(function->head.aux & NATIVE_IS_NEW) && args->argc < NATIVE_PARAMS_MAX &&
           native_is_plain(function, args->argc + 1);
}

Ref native_call(Vm *vm, NativeFunction *function, const Args *args)
{
    Value slots[NATIVE_PARAMS_MAX];
    Ref owned[2];
    if (absent(args->kwnames)) {
        if (binds_plainly(function, args))
            return native_call_plain(vm, function, args->argv, args->argc);
        if (bound_plainly(function, args)) {
            slots[0] = function->self;
            for (int n = 0; n < args->argc; n++) slots[n + 1] = args->argv[n];
            return native_call_plain(vm, function, slots, args->argc + 1);
        }
    }
    if (!native_bind_args(vm, function, args, slots, owned)) return FAIL;
    Ref out = function->body(vm, slots);
    decref(owned[0]);
    decref(owned[1]);
    return out;
}
