/* exception.c - exception objects: construction, attributes, text.
 *
 * What a class adds to BaseException lies in the tuple `fields`, whose meaning exceptionfield.c
 * knows. Neighbours: error.c (raising), exceptiongroup.c, traceback.c (printing), exceptions.def
 * (the classes). */
/* SPDX-License-Identifier: MIT */
#include "object/exception.h"

#include <stdlib.h>

#include "object/attr.h"
#include "object/call.h"
#include "object/dict.h"
#include "object/exceptionfield.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/name.h"
#include "object/native.h"
#include "object/number.h"
#include "object/str.h"
#include "object/traceback.h"
#include "object/tuple.h"
#include "object/typeparts.h"

NATIVE(exception_make, "__new__(cls, /, *args, **kwargs=?)",
       "A new exception with the given arguments.")
{
    Exception *self = type_instance(vm, as_type(argv[0]));
    if (!self) return FAIL;
    self->args = newref(argv[1]);
    return from_object(self);
}

NATIVE(exception_init, "__init__(self, /, *args, **kwargs=?)", "Set args.")
{
    Exception *self = as_exception(argv[0]);
    Type *type = type_of(vm, argv[0]);
    Dict *keywords = is_dict(argv[2]) ? as_dict(argv[2]) : NULL;
    if (keywords && keywords->len && !fields_take_keywords(vm, type))
        return throw(vm, TypeError, "%N() takes no keyword arguments", type);
    replace(&self->args, newref(argv[1]));
    return fields_init(vm, argv[0], argv[1], keywords) ? NONE : FAIL;
}

/* An instance of type, whose arguments are argv[0 .. argc). */
static Ref construct(Vm *vm, Type *type, int argc, Value *argv)
{
    Exception *self = type_instance(vm, type);
    if (!self) return FAIL;
    Ref made = from_object(self), args = tuple_from_values(vm, argc, argv);
    if (!failed(args)) {
        self->args = args;
        if (fields_init(vm, made, args, NULL)) return made;
    }
    decref(made);
    return FAIL;
}

static bool is_method(Value value, NativeBody *body)
{
    return is_native(value) && as_native(value)->body == body;
}

Ref exception_call(Vm *vm, Type *type, const Args *args)
{
    if (!absent(args->kwnames) || !is_method(type->new, exception_make) ||
        !is_method(type->init, exception_init))
        return UNDEF;
    return construct(vm, type, args->argc, args->argv);
}

Ref exception_new(Vm *vm, ExcId id, int argc, Value *argv)
{
    return construct(vm, exception_class(vm, id), argc, argv);
}

Ref exception_new_text(Vm *vm, ExcId id, const char *text)
{
    Ref message = str_from(vm, text);
    if (failed(message)) return FAIL;
    Value arg = message;
    Ref made = exception_new(vm, id, 1, &arg);
    decref(message);
    return made;
}

Value stop_iteration_value(Value exception)
{
    Value value = exception_field(exception, 0);
    return absent(value) ? (Value)NONE : value;
}

/* ---- text ---- */

Ref exception_plain_str(Vm *vm, Value self)
{
    Value args = as_exception(self)->args;
    if (absent(args) || tuple_len(args) == 0) return newref(vm->interp->empty_str);
    return tuple_len(args) == 1 ? value_str(vm, tuple_at(args, 0)) : value_str(vm, args);
}

static Ref exception_str(Vm *vm, Value self)
{
    Ref text = fields_str(vm, self);
    return absent(text) ? exception_plain_str(vm, self) : text;
}

static Ref exception_repr(Vm *vm, Value self)
{
    Value args = as_exception(self)->args;
    Type *type = type_of(vm, self);
    if (!absent(args) && tuple_len(args) == 1)
        return format_text(vm, "%N(%R)", type, tuple_at(args, 0));
    return absent(args) ? format_text(vm, "%N()", type) : format_text(vm, "%N%R", type, args);
}

/* ---- attributes ---- */

static Ref or_none(Value v) { return absent(v) ? NONE : newref(v); }

static Ref get_args(Vm *vm, Value self)
{
    return newref(absent(as_exception(self)->args) ? (Value)vm->interp->empty_tuple
                                                   : (Value)as_exception(self)->args);
}
static bool set_args(Vm *vm, Value self, Value value)
{
    if (absent(value)) {
        throw(vm, TypeError, "args may not be deleted");
        return false;
    }
    Ref args = tuple_from(vm, value);
    if (failed(args)) return false;
    replace(&as_exception(self)->args, args);
    return true;
}
static Ref get_traceback(Vm *vm __attribute__((unused)), Value self)
{
    return or_none(as_exception(self)->traceback);
}
static bool set_traceback(Vm *vm, Value self, Value value)
{
    if (!is_kind(value, KIND_TRACEBACK) && value != NONE) {
        throw(vm, TypeError,
              absent(value) ? "__traceback__ may not be deleted"
                            : "__traceback__ must be a traceback or None");
        return false;
    }
    replace(&as_exception(self)->traceback, value == NONE ? UNDEF : newref(value));
    return true;
}
static bool is_chain_value(Vm *vm, Value value, const char *name)
{
    if (is_exception(value) || value == NONE) return true;
    throw(vm, TypeError,
          absent(value) ? "%s may not be deleted"
                        : "exception %s must be None or derive from BaseException",
          absent(value) ? (name[0] == 'c' && name[1] == 'a' ? "__cause__" : "__context__") : name);
    return false;
}
static Ref get_cause(Vm *vm __attribute__((unused)), Value self)
{
    return or_none(as_exception(self)->cause);
}
static bool set_cause(Vm *vm, Value self, Value value)
{
    if (!is_chain_value(vm, value, "cause")) return false;
    replace(&as_exception(self)->cause, newref(value));
    as_exception(self)->head.aux |= EXCEPTION_SUPPRESS_CONTEXT;
    return true;
}
static Ref get_context(Vm *vm __attribute__((unused)), Value self)
{
    return or_none(as_exception(self)->context);
}
static bool set_context(Vm *vm, Value self, Value value)
{
    if (!is_chain_value(vm, value, "context")) return false;
    replace(&as_exception(self)->context, value == NONE ? UNDEF : newref(value));
    return true;
}
static Ref get_suppress(Vm *vm __attribute__((unused)), Value self)
{
    return from_bool(as_exception(self)->head.aux & EXCEPTION_SUPPRESS_CONTEXT);
}
static bool set_suppress(Vm *vm, Value self, Value value)
{
    if (absent(value)) return throw(vm, TypeError, "can't delete numeric/char attribute"), false;
    if (!is_bool(value)) return throw(vm, TypeError, "attribute value type must be bool"), false;
    as_exception(self)->head.aux &= ~(unsigned)EXCEPTION_SUPPRESS_CONTEXT;
    if (value == TRUE) as_exception(self)->head.aux |= EXCEPTION_SUPPRESS_CONTEXT;
    return true;
}

/* ---- notes ---- */

Ref note_make(Vm *vm, const char *template, int count, const Value *arguments)
{
    Ref items[4] = {str_interned(vm, template)};
    if (failed(items[0])) return FAIL;
    for (int n = 0; n < count; n++) items[n + 1] = newref(arguments[n]);
    return tuple_from_refs(vm, count + 1, items);
}

/* One directive; *next: the first argument that is not used up. */
static bool note_argument(Vm *vm, StrBuilder *text, uint32_t directive, Value **next)
{
    Value first = *(*next)++;
    Ref shown;
    if (directive == 'w') {
        const Code *code = as_code(first);
        int instr = (int)as_int(*(*next)++);
        int line = code_position(code, instr < 0 ? 0 : instr).line;
        shown = format_text(vm, "%S:%d", (Value)code->filename, line);
    } else if (directive == 'n') {
        shown = format_text(vm, is_str(first) ? "'%S'" : "'Task-%S'", first);
    } else {
        shown = value_str(vm, first);
    }
    bool good = !failed(shown) && builder_str(vm, text, shown);
    decref(shown);
    return good;
}

static Ref note_text(Vm *vm, Value note)
{
    if (!is_tuple(note)) return newref(note);
    const Str *template = as_str(tuple_at(note, 0));
    Value rest[3];
    for (ptrdiff_t n = 1; n < tuple_len(note); n++) rest[n - 1] = tuple_at(note, n);
    Value *next = rest;
    StrBuilder text;
    builder_open(&text);
    bool good = true;
    for (ptrdiff_t i = 0; good && i < template->len; i++) {
        uint32_t letter = str_at(template, i);
        good = letter == '%' ? note_argument(vm, &text, str_at(template, ++i), &next)
                             : builder_char(vm, &text, letter);
    }
    if (good) return builder_finish(vm, &text);
    builder_close(&text);
    return FAIL;
}

Value exception_notes(Vm *vm, Exception *exception)
{
    if (!(exception->head.aux & EXCEPTION_NOTE_LATER)) return exception->notes;
    Ref text = note_text(vm, exception->notes);
    if (failed(text)) return FAIL;
    Ref list = list_new(vm, 1);
    if (failed(list) || !list_push(vm, as_list(list), text)) {
        if (failed(list)) decref(text);
        decref(list);
        return FAIL;
    }
    exception->head.aux &= ~(unsigned)EXCEPTION_NOTE_LATER;
    replace(&exception->notes, list);
    return exception->notes;
}

void exception_note(Vm *vm, Exception *exception, Ref note)
{
    if (absent(exception->notes)) {
        exception->notes = note;
        exception->head.aux |= EXCEPTION_NOTE_LATER;
        return;
    }
    Ref travelling = error_take(vm);
    Value notes = exception_notes(vm, exception);
    Ref text = failed(notes) ? FAIL : note_text(vm, note);
    bool good = !failed(text) && is_list(notes) && list_push(vm, as_list(notes), newref(text));
    if (!good) error_unraisable(vm, "Exception ignored while a note was added", UNDEF);
    error_restore(vm, travelling);
    decref(text);
    decref(note);
}

static Ref get_notes(Vm *vm, Value self)
{
    Value notes = exception_notes(vm, as_exception(self));
    return absent(notes) ? attr_missing(vm, self, N(__notes__)) : newref(notes);
}
static bool set_notes(Vm *vm __attribute__((unused)), Value self, Value value)
{
    as_exception(self)->head.aux &= ~(unsigned)EXCEPTION_NOTE_LATER;
    replace(&as_exception(self)->notes, newref(value));
    return true;
}

NATIVE(exception_with_traceback, "with_traceback(self, tb, /)",
       "Set self.__traceback__ to tb and return self.")
{
    return set_traceback(vm, argv[0], argv[1]) ? newref(argv[0]) : FAIL;
}
NATIVE(exception_add_note, "add_note(self, note, /)",
       "Add a line that is printed after the exception.")
{
    Exception *self = as_exception(argv[0]);
    if (!is_str(argv[1])) return throw(vm, TypeError, "note must be a str, not '%T'", argv[1]);
    if (failed(exception_notes(vm, self))) return FAIL;
    if (absent(self->notes)) {
        Ref notes = list_new(vm, 1);
        if (failed(notes)) return FAIL;
        self->notes = notes;
    }
    if (!is_list(self->notes))
        return throw(vm, TypeError, "Cannot add note: __notes__ is not a list");
    return list_push(vm, as_list(self->notes), newref(argv[1])) ? NONE : FAIL;
}
NATIVE(exception_setstate, "__setstate__(self, state, /)", "Set attributes from a dict.")
{
    if (argv[1] == NONE) return NONE;
    if (!is_dict(argv[1])) return throw(vm, TypeError, "state is not a dictionary");
    Value key, value;
    for (ptrdiff_t i = 0; dict_next(as_dict(argv[1]), &i, &key, &value);)
        if (!attr_set(vm, argv[0], key, value)) return FAIL;
    return NONE;
}
/* A dict of what args does not tell. */
static Ref reduced_state(Vm *vm, Value self)
{
    Ref state = dict_new(vm), own = attr_get_or_absent(vm, self, N(__dict__));
    bool good = !failed(state) && !failed(own) &&
                (!is_dict(own) || dict_update(vm, as_dict(state), own)) &&
                fields_state(vm, self, as_dict(state));
    Value notes = exception_notes(vm, as_exception(self));
    good = good && !failed(notes);
    if (good && !absent(notes)) good = dict_set(vm, as_dict(state), N(__notes__), notes);
    decref(own);
    if (!good) replace(&state, FAIL);
    return state;
}

NATIVE(exception_reduce, "__reduce__(self, /)", "What pickle needs.")
{
    Ref made = FAIL, args = fields_reduce_args(vm, argv[0]), state = reduced_state(vm, argv[0]);
    Value type = borrow(type_of(vm, argv[0]));
    if (!failed(args) && !failed(state))
        made = as_dict(state)->len ? tuple_pack(vm, 3, type, (Value)args, (Value)state)
                                   : tuple_pack(vm, 2, type, (Value)args);
    decref(args);
    decref(state);
    return made;
}

static const Native *const exception_methods[] = {
    &exception_with_traceback_def,
    &exception_add_note_def,
    &exception_setstate_def,
    &exception_reduce_def,
    NULL,
};
static const Attribute exception_attributes[] = {
    {"args", get_args, set_args, "the arguments it was made with"},
    {"__traceback__", get_traceback, set_traceback, "where it was raised"},
    {"__cause__", get_cause, set_cause, "exception cause"},
    {"__context__", get_context, set_context, "exception context"},
    {"__notes__", get_notes, set_notes, "lines added by add_note()"},
    {NULL, NULL, NULL, NULL},
};
static const Attribute exception_fields[] = {
    {"__suppress_context__", get_suppress, set_suppress, "is the context hidden?"},
    {NULL, NULL, NULL, NULL},
};
const TypeDef exception_type = {
    .name = "BaseException",
    .doc = "Common base class for all exceptions.",
    .size = sizeof(Exception),
    .flags = TYPE_CONTAINER | TYPE_ATTRIBUTES,
    .refs = REFS(REF(Exception, args), REF(Exception, traceback), REF(Exception, cause),
                 REF(Exception, context), REF(Exception, notes), REF(Exception, fields)),
    .new = &exception_make_def,
    .init = &exception_init_def,
    .repr = exception_repr,
    .str = exception_str,
    .methods = exception_methods,
    .attributes = exception_attributes,
    .fields = exception_fields,
};

/* ---- the classes ---- */

typedef struct Row {
    const char *name, *doc;
    ExcId base;
} Row;

static const Row rows[EXCEPTION_COUNT] = {
#define EXCEPTION(id, parent, text)            [id] = {#id, text, parent},
#define EXCEPTION_IN(module, id, parent, text) [id] = {module "." #id, text, parent},
#include "object/exceptions.def"
};

/* The rows tell one base; this one class has a second. */
static bool add_base(Vm *vm, Type *type, Type *second)
{
    Ref bases = tuple_pack(vm, 2, borrow(type->base), borrow(second));
    if (failed(bases)) return false;
    replace(&type->bases, bases);
    Ref mro = mro_of(vm, type);
    if (failed(mro)) return false;
    replace(&type->mro, mro);
    return subclass_add(vm, second, type);
}

void exception_forget(Value exception)
{
    Exception *self = as_exception(exception);
    clear(&self->traceback);
    clear(&self->cause);
    clear(&self->context);
    clear(&self->notes);
}

bool exceptions_open(Vm *vm)
{
    Interp *interp = vm->interp;
    ExceptionDef *defs = calloc(EXCEPTION_COUNT, sizeof *defs);
    interp->exceptions = calloc(EXCEPTION_COUNT, sizeof *interp->exceptions);
    interp->exception_defs = defs;
    if (!defs || !interp->exceptions) return false;
    interp->exceptions[BaseException] = type_builtin(vm, KIND_EXCEPTION);
    for (int id = 1; id < EXCEPTION_COUNT; id++) {
        const Row *row = &rows[id];
        defs[id].def = (TypeDef){
            .name = id == Exception_             ? "Exception"
                    : id == IncompleteInputError ? "_IncompleteInputError"
                                                 : row->name,
            .doc = row->doc,
            .size = sizeof(Exception),
            .flags = TYPE_CONTAINER | TYPE_ATTRIBUTES,
            .base = row->base == BaseException ? &exception_type : &defs[row->base].def,
        };
        fields_define(&defs[id], &defs[row->base], (ExcId)id);
        interp->exceptions[id] = type_from_def(vm, &defs[id].def);
        if (!interp->exceptions[id]) return false;
    }
    if (!add_base(vm, interp->exceptions[ExceptionGroup], interp->exceptions[Exception_]))
        return false;
    interp->memory_error = exception_new(vm, MemoryError, 0, NULL);
    return !failed(interp->memory_error);
}

void exceptions_close(Vm *vm)
{
    clear(&vm->interp->memory_error);
    free(vm->interp->exceptions);
    free(vm->interp->exception_defs);
}
