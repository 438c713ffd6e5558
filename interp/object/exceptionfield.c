/* exceptionfield.c - what each exception class adds to BaseException.
 *
 * A family (StopIteration, OSError, SyntaxError ...) is a row: how many fields, their attribute
 * names, how the constructor fills them, how str() words them.  A class belongs to the family of
 * its nearest ancestor that has one. Neighbours: exception.c, exceptiongroup.c. */
/* SPDX-License-Identifier: MIT */
#include "object/exceptionfield.h"

#include <errno.h>

#include "object/attr.h"
#include "object/bytes.h"
#include "object/call.h"
#include "object/exceptiongroup.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/name.h"
#include "object/native.h"
#include "object/number.h"
#include "object/str.h"
#include "object/tuple.h"

typedef struct Family {
    ExcId id;
    int count;
    const Attribute *attributes;
    bool (*init)(Vm *vm, Value self, Value args, Dict *keywords);
    Ref (*str)(Vm *vm, Value self);
    bool keywords;
} Family;

Value exception_field(Value exception, int n)
{
    Value fields = as_exception(exception)->fields;
    return absent(fields) || n >= tuple_len(fields) ? (Value)UNDEF : (Value)tuple_at(fields, n);
}

static bool reserve_fields(Vm *vm, Value self, int count)
{
    Exception *exception = as_exception(self);
    if (!absent(exception->fields)) return true;
    exception->fields = tuple_new(vm, count);
    if (!failed(exception->fields)) return true;
    exception->fields = UNDEF;
    return false;
}

static const Family *family_of(const Vm *vm, const Type *type);

bool exception_set_field(Vm *vm, Value exception, int n, Value value)
{
    const Family *family = family_of(vm, type_of(vm, exception));
    if (!family || !reserve_fields(vm, exception, family->count)) return false;
    replace(&as_tuple(as_exception(exception)->fields)->items[n], newref(value));
    return true;
}

/* ---- attributes by number ---- */

static Ref get_field(Value self, int n)
{
    Value value = exception_field(self, n);
    return absent(value) ? NONE : newref(value);
}
#define FIELD_ATTRIBUTE(n)                                                                         \
    static Ref get_##n(Vm *vm __attribute__((unused)), Value self) { return get_field(self, n); }  \
    static bool set_##n(Vm *vm, Value self, Value value)                                           \
    {                                                                                              \
        return exception_set_field(vm, self, n, absent(value) ? (Value)NONE : value);              \
    }
FIELD_ATTRIBUTE(0)
FIELD_ATTRIBUTE(1)
FIELD_ATTRIBUTE(2)
FIELD_ATTRIBUTE(3)
FIELD_ATTRIBUTE(4)
FIELD_ATTRIBUTE(5)
FIELD_ATTRIBUTE(6)
FIELD_ATTRIBUTE(7)
#define ROW(name, n, doc)                                                                          \
    {                                                                                              \
        name, get_##n, set_##n, doc                                                                \
    }
#define ROWS_END                                                                                   \
    {                                                                                              \
        NULL, NULL, NULL, NULL                                                                     \
    }

/* ---- constructors ---- */

/* Positional argument n into field n, as many as there are. */
static bool init_positional(Vm *vm, Value self, Value args, int count)
{
    for (int n = 0; n < count && n < tuple_len(args); n++)
        if (!exception_set_field(vm, self, n, tuple_at(args, n))) return false;
    return true;
}

static bool init_keyword(Vm *vm, Value self, Dict *keywords, Value name, int field, ptrdiff_t *used)
{
    Value value = keywords ? dict_get(vm, keywords, name) : (Value)UNDEF;
    if (absent(value)) return true;
    ++*used;
    return !failed(value) && exception_set_field(vm, self, field, value);
}

static bool all_used(Vm *vm, Value self, Dict *keywords, ptrdiff_t used)
{
    if (!keywords || used == keywords->len) return true;
    Value key = UNDEF, value;
    for (ptrdiff_t i = 0; dict_next(keywords, &i, &key, &value);)
        if (!str_is(key, "name") && !str_is(key, "path") && !str_is(key, "name_from") &&
            !str_is(key, "obj"))
            break;
    throw(vm, TypeError, "%N() got an unexpected keyword argument '%S'", type_of(vm, self), key);
    return false;
}

static bool stop_iteration_init(Vm *vm, Value self, Value args,
                                Dict *keywords __attribute__((unused)))
{
    return tuple_len(args) == 0 || exception_set_field(vm, self, 0, tuple_at(args, 0));
}
static bool system_exit_init(Vm *vm, Value self, Value args, Dict *keywords __attribute__((unused)))
{
    ptrdiff_t len = tuple_len(args);
    return len == 0 || exception_set_field(vm, self, 0, len == 1 ? (Value)tuple_at(args, 0) : args);
}
static bool import_error_init(Vm *vm, Value self, Value args, Dict *keywords)
{
    ptrdiff_t used = 0;
    for (int n = 0; n < 4; n++)
        if (!exception_set_field(vm, self, n, NONE)) return false;
    if (tuple_len(args) == 1 && !exception_set_field(vm, self, 0, tuple_at(args, 0))) return false;
    return init_keyword(vm, self, keywords, N(name), 1, &used) &&
           init_keyword(vm, self, keywords, N(path), 2, &used) &&
           init_keyword(vm, self, keywords, N(name_from), 3, &used) &&
           all_used(vm, self, keywords, used);
}
static bool attribute_error_init(Vm *vm, Value self, Value args __attribute__((unused)),
                                 Dict *keywords)
{
    ptrdiff_t used = 0;
    return init_keyword(vm, self, keywords, N(name), ATTRIBUTE_NAME_FIELD, &used) &&
           init_keyword(vm, self, keywords, N(obj), ATTRIBUTE_OBJ_FIELD, &used) &&
           all_used(vm, self, keywords, used);
}
static bool name_error_init(Vm *vm, Value self, Value args __attribute__((unused)), Dict *keywords)
{
    ptrdiff_t used = 0;
    return init_keyword(vm, self, keywords, N(name), 0, &used) &&
           all_used(vm, self, keywords, used);
}
/* One letter an argument: s str, b anything with a buffer, i int. */
static bool unicode_arguments(Vm *vm, Value args, const char *kinds)
{
    if (tuple_len(args) != (ptrdiff_t)strlen(kinds))
        return throw(vm, TypeError, "function takes exactly %d arguments (%zd given)",
                     (int)strlen(kinds), tuple_len(args)),
               false;
    for (int n = 0; kinds[n]; n++) {
        Value value = tuple_at(args, n);
        if (kinds[n] == 's' && !is_str(value))
            return throw(vm, TypeError, "argument %d must be str, not %A", n + 1, value), false;
        if (kinds[n] == 'b' && !type_of(vm, value)->slots.buffer)
            return throw(vm, TypeError, "a bytes-like object is required, not '%T'", value), false;
        if (kinds[n] == 'i' && !is_any_int(value))
            return throw(vm, TypeError, "'%T' object cannot be interpreted as an integer", value),
                   false;
    }
    return true;
}
static bool unicode_error_init(Vm *vm, Value self, Value args,
                               Dict *keywords __attribute__((unused)))
{
    bool decoding = exception_is(vm, self, UnicodeDecodeError);
    if (!unicode_arguments(vm, args, decoding ? "sbiis" : "ssiis") ||
        !init_positional(vm, self, args, 5))
        return false;
    if (!decoding || is_kind(tuple_at(args, 1), KIND_BYTES)) return true;
    Buffer buffer; /* copied: it may change */
    if (!buffer_get(vm, tuple_at(args, 1), &buffer, false)) return false;
    Ref object = bytes_from(vm, buffer.data, buffer.len);
    buffer_release(vm, &buffer);
    bool good = !failed(object) && exception_set_field(vm, self, 1, object);
    decref(object);
    return good;
}
static bool translate_error_init(Vm *vm, Value self, Value args,
                                 Dict *keywords __attribute__((unused)))
{
    bool good = unicode_arguments(vm, args, "siis");
    for (int n = 0; good && n < 4; n++)
        good = exception_set_field(vm, self, n + 1, tuple_at(args, n));
    return good;
}
static bool syntax_error_init(Vm *vm, Value self, Value args,
                              Dict *keywords __attribute__((unused)))
{
    if (tuple_len(args) > 0 && !exception_set_field(vm, self, MSG_FIELD, tuple_at(args, 0)))
        return false;
    if (tuple_len(args) != 2) return true;
    Ref details = tuple_from(vm, tuple_at(args, 1));
    if (failed(details)) return false;
    ptrdiff_t len = tuple_len(details);
    bool good = len >= 4 && len <= 7 && len != 5;
    if (len == 5) throw(vm, TypeError, "end_offset must be provided when end_lineno is provided");
    else if (!good)
        throw(vm, TypeError, "function takes at %s %d arguments (%zd given)",
              len < 4 ? "least" : "most", len < 4 ? 4 : 7, len);
    for (int n = 0; good && n < tuple_len(details) && n < 6; n++)
        good = exception_set_field(vm, self, SYNTAX_FILENAME_FIELD + n, tuple_at(details, n));
    decref(details);
    return good;
}

/* OSError(errno, strerror[, filename[, winerror[, filename2]]]); args then keeps the first two. */
static bool os_error_init(Vm *vm, Value self, Value args, Dict *keywords __attribute__((unused)))
{
    ptrdiff_t len = tuple_len(args);
    if (len < 2 || len > 5) return true;
    if (!init_positional(vm, self, args, 2)) return false;
    if (len >= 3 && is_any_int(tuple_at(args, 2)) && exception_is(vm, self, BlockingIOError))
        return exception_set_field(vm, self, WRITTEN_FIELD, tuple_at(args, 2));
    if (len >= 3 && !exception_set_field(vm, self, FILENAME_FIELD, tuple_at(args, 2))) return false;
    if (len == 5 && !exception_set_field(vm, self, FILENAME2_FIELD, tuple_at(args, 4)))
        return false;
    if (len == 2) return true;
    Ref two = tuple_pack(vm, 2, tuple_at(args, 0), tuple_at(args, 1));
    if (failed(two)) return false;
    replace(&as_exception(self)->args, two);
    return true;
}

/* asyncio's */
static bool incomplete_read_init(Vm *vm, Value self, Value args,
                                 Dict *keywords __attribute__((unused)))
{
    if (tuple_len(args) != 2) return true;
    Value partial = tuple_at(args, 0), expected = tuple_at(args, 1);
    ptrdiff_t have = value_len(vm, partial);
    if (have < 0) return false;
    Ref text =
        expected == NONE
            ? format_text(vm, "%zd bytes read on a total of undefined expected bytes", have)
            : format_text(vm, "%zd bytes read on a total of %R expected bytes", have, expected);
    Ref one = failed(text) ? FAIL : tuple_pack(vm, 1, (Value)text);
    decref(text);
    if (failed(one) || !init_positional(vm, self, args, 2)) {
        decref(one);
        return false;
    }
    replace(&as_exception(self)->args, one);
    return true;
}
static bool limit_overrun_init(Vm *vm, Value self, Value args,
                               Dict *keywords __attribute__((unused)))
{
    if (tuple_len(args) != 2) return true;
    Value consumed = tuple_at(args, 1);
    Ref one = tuple_pack(vm, 1, tuple_at(args, 0));
    if (failed(one) || !exception_set_field(vm, self, 0, consumed)) {
        decref(one);
        return false;
    }
    replace(&as_exception(self)->args, one);
    return true;
}

/* The two as args, and what comes of them. */
static Ref init_pair(Vm *vm, Value self, Value first, Value second)
{
    Ref args = tuple_pack(vm, 2, first, second);
    if (failed(args)) return FAIL;
    replace(&as_exception(self)->args, newref(args));
    bool good = fields_init(vm, self, args, NULL);
    decref(args);
    return good ? NONE : FAIL;
}
NATIVE(incomplete_read_init_native, "__init__(self, partial, expected)",
       "Set what has been read and how much was expected (None: not known).")
{
    return init_pair(vm, argv[0], argv[1], argv[2]);
}
NATIVE(limit_overrun_init_native, "__init__(self, message, consumed)",
       "Set the message and how many bytes of the buffer have been looked through.")
{
    return init_pair(vm, argv[0], argv[1], argv[2]);
}

/* ---- str() ---- */

static Ref key_error_str(Vm *vm, Value self)
{
    Value args = as_exception(self)->args;
    return tuple_len(args) == 1 ? value_repr(vm, tuple_at(args, 0)) : UNDEF;
}
static Ref os_error_str(Vm *vm, Value self)
{
    Value number = exception_field(self, ERRNO_FIELD), text = exception_field(self, STRERROR_FIELD);
    Value name = exception_field(self, FILENAME_FIELD),
          second = exception_field(self, FILENAME2_FIELD);
    bool named = !absent(name) && name != NONE;
    if (named && absent(number)) number = NONE;
    if (named && absent(text)) text = NONE;
    if (absent(number) || absent(text)) return UNDEF;
    if (!named) return format_text(vm, "[Errno %S] %S", number, text);
    if (absent(second) || second == NONE)
        return format_text(vm, "[Errno %S] %S: %R", number, text, name);
    return format_text(vm, "[Errno %S] %S: %R -> %R", number, text, name, second);
}
static Ref import_error_str(Vm *vm, Value self)
{
    Value message = exception_field(self, 0);
    (void)vm;
    return is_exact(message, KIND_STR) ? newref(message) : UNDEF;
}
static Ref syntax_error_str(Vm *vm, Value self)
{
    Value message = exception_field(self, MSG_FIELD),
          file = exception_field(self, SYNTAX_FILENAME_FIELD);
    Value line = exception_field(self, LINENO_FIELD);
    if (absent(message)) message = NONE;
    bool has_line = !absent(line) && is_any_int(line);
    if (!is_str(file))
        return has_line ? format_text(vm, "%S (line %S)", message, line) : value_str(vm, message);
    ptrdiff_t slash = -1;
    for (ptrdiff_t n = 0; n < as_str(file)->len; n++)
        if (str_at(as_str(file), n) == '/') slash = n;
    Ref base = str_slice(vm, file, slash + 1, as_str(file)->len);
    if (failed(base)) return FAIL;
    Ref text = has_line ? format_text(vm, "%S (%S, line %S)", message, (Value)base, line)
                        : format_text(vm, "%S (%S)", message, (Value)base);
    decref(base);
    return text;
}

/* The character of object there as an escape sequence. */
static void escape_character(char text[16], Value object, int64_t at)
{
    bool there = is_str(object) && at >= 0 && at < as_str(object)->len;
    uint32_t c = there ? str_at(as_str(object), at) : 0;
    snprintf(text, 16, c > 0xffff ? "\\U%08x" : c > 0xff ? "\\u%04x" : "\\x%02x", c);
}

/* Is [start, end) one place inside object?  Else a range is told, which may lie anywhere. */
static bool is_one_place(Value object, int64_t start, int64_t end)
{
    ptrdiff_t len = is_str(object)     ? as_str(object)->len
                    : is_bytes(object) ? as_bytes(object)->len
                                       : 0;
    return end == start + 1 && start >= 0 && start < len;
}

static Ref translate_error_str(Vm *vm, Value self)
{
    Value object = exception_field(self, 1), reason = exception_field(self, 4);
    if (absent(reason)) return UNDEF;
    int64_t start, end;
    if (!int_index(vm, exception_field(self, 2), &start) ||
        !int_index(vm, exception_field(self, 3), &end))
        return FAIL;
    if (!is_one_place(object, start, end))
        return format_text(vm, "can't translate characters in position %lld-%lld: %S",
                           (long long)start, (long long)end - 1, reason);
    char text[16];
    escape_character(text, object, start);
    return format_text(vm, "can't translate character '%s' in position %lld: %S", text,
                       (long long)start, reason);
}

static Ref unicode_error_str(Vm *vm, Value self)
{
    Value encoding = exception_field(self, 0), object = exception_field(self, 1),
          reason = exception_field(self, 4);
    if (absent(reason)) return UNDEF;
    bool decode = exception_is(vm, self, UnicodeDecodeError);
    int64_t start, end;
    if (!int_index(vm, exception_field(self, 2), &start) ||
        !int_index(vm, exception_field(self, 3), &end))
        return FAIL;
    if (!is_one_place(object, start, end))
        return format_text(vm, "'%S' codec can't %s in position %lld-%lld: %S", encoding,
                           decode ? "decode bytes" : "encode characters", (long long)start,
                           (long long)end - 1, reason);
    if (decode) {
        Ref byte = value_get_item(vm, object, from_small(start));
        if (failed(byte)) return FAIL;
        char text[8];
        snprintf(text, sizeof text, "0x%02x", (unsigned)as_int(byte) & 0xff);
        return format_text(vm, "'%S' codec can't decode byte %s in position %lld: %S", encoding,
                           text, (long long)start, reason);
    }
    char text[16];
    escape_character(text, object, start);
    return format_text(vm, "'%S' codec can't encode character '%s' in position %lld: %S", encoding,
                       text, (long long)start, reason);
}

/* ---- OSError picks its subclass by errno ---- */

static ExcId class_of_errno(int64_t number)
{
    switch (number) {
    case EAGAIN:
    case EALREADY:
    case EINPROGRESS: return BlockingIOError;
    case EPIPE:
    case ESHUTDOWN: return BrokenPipeError;
    case ECHILD: return ChildProcessError;
    case ECONNABORTED: return ConnectionAbortedError;
    case ECONNREFUSED: return ConnectionRefusedError;
    case ECONNRESET: return ConnectionResetError;
    case EEXIST: return FileExistsError;
    case ENOENT: return FileNotFoundError;
    case EISDIR: return IsADirectoryError;
    case ENOTDIR: return NotADirectoryError;
    case EINTR: return InterruptedError;
    case EACCES:
    case EPERM: return PermissionError;
    case ESRCH: return ProcessLookupError;
    case ETIMEDOUT: return TimeoutError;
    default: return OSError;
    }
}

NATIVE(os_error_make, "__new__(cls, /, *args, **kwargs)",
       "A new OSError, or its subclass for the errno given.")
{
    Type *type = as_type(argv[0]);
    Value args = argv[1];
    ptrdiff_t len = tuple_len(args);
    if (type == exception_class(vm, OSError) && len >= 2 && len <= 5 && is_int(tuple_at(args, 0)))
        type = exception_class(vm, class_of_errno(as_int(tuple_at(args, 0))));
    Exception *self = type_instance(vm, type);
    if (!self) return FAIL;
    self->args = newref(args);
    return from_object(self);
}

static Ref get_written(Vm *vm, Value self)
{
    Value written = exception_field(self, WRITTEN_FIELD);
    return absent(written) ? throw(vm, AttributeError, "characters_written") : newref(written);
}
static bool set_written(Vm *vm, Value self, Value value)
{
    int64_t count;
    if (absent(value)) {
        if (absent(exception_field(self, WRITTEN_FIELD)))
            return throw(vm, AttributeError, "characters_written"), false;
        return exception_set_field(vm, self, WRITTEN_FIELD, UNDEF);
    }
    return int_index(vm, value, &count) &&
           exception_set_field(vm, self, WRITTEN_FIELD, from_small(count));
}

/* ---- the families ---- */

static const Attribute stop_iteration_attributes[] = {ROW("value", 0, "generator return value"),
                                                      ROWS_END};
static const Attribute system_exit_attributes[] = {ROW("code", 0, "exception code"), ROWS_END};
static const Attribute import_error_attributes[] = {
    ROW("msg", 0, "exception message"), ROW("name", 1, "module name"),
    ROW("path", 2, "module path"), ROW("name_from", 3, "name imported from module"), ROWS_END};
static const Attribute attribute_error_attributes[] = {ROW("name", 0, "attribute name"),
                                                       ROW("obj", 1, "object"), ROWS_END};
static const Attribute name_error_attributes[] = {ROW("name", 0, "name"), ROWS_END};
static const Attribute unicode_error_attributes[] = {
    ROW("encoding", 0, "exception encoding"), ROW("object", 1, "exception object"),
    ROW("start", 2, "exception start"),       ROW("end", 3, "exception end"),
    ROW("reason", 4, "exception reason"),     ROWS_END};
static const Attribute translate_error_attributes[] = {
    ROW("object", 1, "exception object"), ROW("start", 2, "exception start"),
    ROW("end", 3, "exception end"), ROW("reason", 4, "exception reason"), ROWS_END};
static const Attribute syntax_error_attributes[] = {
    ROW("msg", 0, "exception msg"),
    ROW("filename", 1, "exception filename"),
    ROW("lineno", 2, "exception lineno"),
    ROW("offset", 3, "exception offset"),
    ROW("text", 4, "exception text"),
    ROW("end_lineno", 5, "exception end lineno"),
    ROW("end_offset", 6, "exception end offset"),
    ROW("print_file_and_line", 7, "exception print_file_and_line"),
    ROWS_END};
static const Attribute os_error_attributes[] = {
    ROW("errno", 0, "POSIX exception code"), ROW("strerror", 1, "exception strerror"),
    ROW("filename", 2, "exception filename"), ROW("filename2", 3, "second exception filename"),
    ROWS_END};
static const Attribute os_error_computed[] = {
    {"characters_written", get_written, set_written, "how much was written before it"}, ROWS_END};
static const Attribute group_attributes[] = {{"message", get_0, NULL, "exception message"},
                                             {"exceptions", get_1, NULL, "nested exceptions"},
                                             ROWS_END};
static const Attribute incomplete_read_attributes[] = {
    ROW("partial", 0, "bytes read before the end of the stream"),
    ROW("expected", 1, "how many were expected"), ROWS_END};
static const Attribute limit_overrun_attributes[] = {ROW("consumed", 0, "bytes to be consumed"),
                                                     ROWS_END};

static const Family families[] = {
    {StopIteration, 1, stop_iteration_attributes, stop_iteration_init, NULL, false},
    {SystemExit, 1, system_exit_attributes, system_exit_init, NULL, false},
    {ImportError, 4, import_error_attributes, import_error_init, import_error_str, true},
    {AttributeError, 2, attribute_error_attributes, attribute_error_init, NULL, true},
    {NameError, 1, name_error_attributes, name_error_init, NULL, true},
    {KeyError, 0, NULL, NULL, key_error_str, false},
    {OSError, 5, os_error_attributes, os_error_init, os_error_str, false},
    {SyntaxError, 8, syntax_error_attributes, syntax_error_init, syntax_error_str, false},
    {UnicodeEncodeError, 5, unicode_error_attributes, unicode_error_init, unicode_error_str, false},
    {UnicodeDecodeError, 5, unicode_error_attributes, unicode_error_init, unicode_error_str, false},
    {UnicodeTranslateError, 5, translate_error_attributes, translate_error_init,
     translate_error_str, false},
    {BaseExceptionGroup, 2, group_attributes, group_init, group_str, false},
    {IncompleteReadError, 2, incomplete_read_attributes, incomplete_read_init, NULL, false},
    {LimitOverrunError, 1, limit_overrun_attributes, limit_overrun_init, NULL, false},
};

static const Family *family_of(const Vm *vm, const Type *type)
{
    const ExceptionDef *defs = vm->interp->exception_defs;
    for (; type; type = type->base) {
        const ExceptionDef *def = (const ExceptionDef *)type->def;
        if (def >= defs && def < defs + EXCEPTION_COUNT) return def->family;
    }
    return NULL;
}

void fields_define(ExceptionDef *made, const ExceptionDef *base, ExcId id)
{
    made->family = base->family;
    for (size_t n = 0; n < sizeof families / sizeof *families; n++) {
        if (families[n].id != id) continue;
        made->family = &families[n];
        made->def.fields = families[n].attributes;
    }
    if (id == OSError) {
        made->def.new = &os_error_make_def;
        made->def.attributes = os_error_computed;
    }
    if (id == IncompleteReadError) made->def.init = &incomplete_read_init_native_def;
    if (id == LimitOverrunError) made->def.init = &limit_overrun_init_native_def;
    if (id == BaseExceptionGroup) {
        made->def.new = group_new_native;
        made->def.methods = group_methods;
    }
}

bool fields_take_keywords(const Vm *vm, const Type *type)
{
    const Family *family = family_of(vm, type);
    return family && family->keywords;
}

bool fields_init(Vm *vm, Value self, Value args, Dict *keywords)
{
    const Family *family = family_of(vm, type_of(vm, self));
    return !family || !family->init || family->init(vm, self, args, keywords);
}

Ref fields_reduce_args(Vm *vm, Value self)
{
    Value args = as_exception(self)->args;
    if (exception_is(vm, self, IncompleteReadError) && !absent(exception_field(self, 1)))
        return tuple_pack(vm, 2, exception_field(self, 0), exception_field(self, 1));
    if (exception_is(vm, self, LimitOverrunError) && tuple_len(args) == 1)
        return tuple_pack(vm, 2, tuple_at(args, 0), exception_field(self, 0));
    if (!exception_is(vm, self, OSError) || tuple_len(args) != 2) return newref(args);
    Value name = exception_field(self, FILENAME_FIELD),
          second = exception_field(self, FILENAME2_FIELD);
    if (absent(name) || name == NONE) return newref(args);
    bool both = !absent(second) && second != NONE;
    return tuple_from_values(vm, both ? 5 : 3,
                             (Value[]){tuple_at(args, 0), tuple_at(args, 1), name, NONE, second});
}

bool fields_state(Vm *vm, Value self, Dict *state)
{
    static const struct {
        ExcId id;
        int count; /* fields from 0 on that args does not tell; ImportError's msg is one it does */
        const char *names[4];
    } kept[] = {{ImportError, 4, {NULL, "name", "path", "name_from"}},
                {AttributeError, 1, {"name"}}};
    for (size_t k = 0; k < sizeof kept / sizeof *kept; k++) {
        if (!exception_is(vm, self, kept[k].id)) continue;
        for (int n = 0; n < kept[k].count; n++) {
            Value value = exception_field(self, n);
            if (!kept[k].names[n] || absent(value) || value == NONE) continue;
            if (!dict_set_text(vm, state, kept[k].names[n], value)) return false;
        }
    }
    return !exception_is(vm, self, AttributeError) ||
           dict_set_text(vm, state, "args", as_exception(self)->args);
}

Ref fields_str(Vm *vm, Value self)
{
    const Family *family = family_of(vm, type_of(vm, self));
    return family && family->str ? family->str(vm, self) : UNDEF;
}
