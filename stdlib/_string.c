/* _string.c - the parts of format strings, for whoever takes them apart: string.Formatter.
 *
 * Two iterators over a text, which know where they are in it.  What is wrong is told when they come
 * to it, and the next step goes on behind it.
 * Neighbours: object/strformat.c (str.format itself). */
/* SPDX-License-Identifier: MIT */
#include "native.h"

typedef struct TextWalk {
    Object head;
    Ref text;
    ptrdiff_t at; /* the next point */
} TextWalk;

static Ref wrong(Vm *vm, const char *message) { return throw(vm, ValueError, "%s", message); }

static Ref walk_new(Vm *vm, const TypeDef *def, Value text, ptrdiff_t at)
{
    Type *type = type_from_def(vm, def);
    TextWalk *walk = type ? type_instance(vm, type) : NULL;
    if (!walk) return FAIL;
    walk->text = newref(text);
    walk->at = at;
    return from_object(walk);
}

static Ref not_str(Vm *vm, Value v) { return throw(vm, TypeError, "expected str, got %T", v); }

/* ---- literal text and fields ---- */

typedef struct Field {                                    /* offsets in the text */
    ptrdiff_t name, name_end, spec, spec_end, conversion; /* conversion -1: none */
} Field;

/* The spec from *at on, up to the brace that closes the field; NULL, or what is wrong. */
static const char *scan_spec(const Str *s, ptrdiff_t *at, Field *field)
{
    field->spec = *at;
    for (int depth = 1; *at < s->len;) {
        uint32_t point = str_at(s, (*at)++);
        if (point == '{') depth++;
        if (point != '}' || --depth > 0) continue;
        field->spec_end = *at - 1;
        return NULL;
    }
    return "unmatched '{' in format spec";
}

/* The field whose opening brace lies before *at, which ends behind the closing one. */
static const char *scan_field(const Str *s, ptrdiff_t *at, Field *field)
{
    uint32_t point = 0;
    *field = (Field){.name = *at, .conversion = -1};
    while (*at < s->len) {
        point = str_at(s, (*at)++);
        if (point == '{') return "unexpected '{' in field name";
        if (point == '[')
            while (*at < s->len && str_at(s, *at) != ']') (*at)++;
        if (point == '}' || point == ':' || point == '!') break;
    }
    field->name_end = *at - 1;
    if (point == '}') return NULL;
    if (point == ':') return scan_spec(s, at, field);
    if (point != '!') return "expected '}' before end of string";
    if (*at >= s->len) return "end of string while looking for conversion specifier";
    field->conversion = (*at)++;
    if (*at < s->len) {
        point = str_at(s, (*at)++);
        if (point == '}') return NULL;
        if (point != ':') return "expected ':' after conversion specifier";
    }
    return scan_spec(s, at, field);
}

/* (literal, name, spec, conversion); field NULL: there is none. */
static Ref part(Vm *vm, Value text, ptrdiff_t start, ptrdiff_t end, const Field *field)
{
    Ref items[] = {str_slice(vm, text, start, end), NONE, NONE, NONE};
    if (field) {
        items[1] = str_slice(vm, text, field->name, field->name_end);
        items[2] = str_slice(vm, text, field->spec, field->spec_end);
        if (field->conversion >= 0)
            items[3] = str_slice(vm, text, field->conversion, field->conversion + 1);
    }
    bool good = true;
    for (int i = 0; i < 4; i++) good = good && !failed(items[i]);
    if (good) return tuple_from_refs(vm, 4, items);
    for (int i = 0; i < 4; i++) decref(items[i]);
    return FAIL;
}

static Ref parts_next(Vm *vm, Value v)
{
    TextWalk *self = (TextWalk *)as_object(v);
    const Str *s = as_str(self->text);
    ptrdiff_t start = self->at, at = start;
    if (start >= s->len) return UNDEF;
    while (at < s->len && str_at(s, at) != '{' && str_at(s, at) != '}') at++;
    self->at = at;
    if (at == s->len) return part(vm, self->text, start, at, NULL);
    uint32_t brace = str_at(s, at);
    self->at = ++at;
    if (at < s->len && str_at(s, at) == brace) {
        self->at++;
        return part(vm, self->text, start, at, NULL);
    }
    if (brace == '}' || at == s->len)
        return throw(vm, ValueError, "Single '%c' encountered in format string", (int)brace);
    Field field;
    const char *message = scan_field(s, &self->at, &field);
    return message ? wrong(vm, message) : part(vm, self->text, start, at - 1, &field);
}

static const TypeDef parts_type = {
    .name = "formatteriterator",
    .doc = "Iterates over the parts of a format string.",
    .size = sizeof(TextWalk),
    .flags = TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(TextWalk, text)),
    .iter = iter_self,
    .next = parts_next,
};

NATIVE(formatter_parser, "formatter_parser(format_string, /)",
       "Return an iterator over (literal text, field name, format spec, conversion).\n"
       "A field follows its literal text; where none does the last three are None.")
{
    if (!is_str(argv[0])) return not_str(vm, argv[0]);
    return walk_new(vm, &parts_type, argv[0], 0);
}

/* ---- the name of a field ---- */

/* text[start:end], as an int where it is a number. */
static Ref key_of(Vm *vm, Value text, ptrdiff_t start, ptrdiff_t end)
{
    ptrdiff_t number = 0;
    for (ptrdiff_t i = start; i < end; i++) {
        int digit = point_digit(str_at(as_str(text), i));
        if (digit < 0) return str_slice(vm, text, start, end);
        if (number > (PTRDIFF_MAX - digit) / 10)
            return wrong(vm, "Too many decimal digits in format string");
        number = number * 10 + digit;
    }
    return start < end ? from_int64(vm, number) : newref(vm->interp->empty_str);
}

/* Where the next '.' or '[' is, or the end. */
static ptrdiff_t find_step(const Str *s, ptrdiff_t at)
{
    while (at < s->len && str_at(s, at) != '.' && str_at(s, at) != '[') at++;
    return at;
}

static Ref steps_next(Vm *vm, Value v)
{
    TextWalk *self = (TextWalk *)as_object(v);
    const Str *s = as_str(self->text);
    if (self->at >= s->len) return UNDEF;
    uint32_t sign = str_at(s, self->at++);
    ptrdiff_t start = self->at, end = start;
    if (sign == '.') {
        self->at = end = find_step(s, start);
    } else if (sign == '[') {
        while (end < s->len && str_at(s, end) != ']') end++;
        self->at = end < s->len ? end + 1 : end;
        if (end == s->len) return wrong(vm, "Missing ']' in format string");
    } else {
        return wrong(vm, "Only '.' or '[' may follow ']' in format field specifier");
    }
    if (end == start) return wrong(vm, "Empty attribute in format string");
    Ref key =
        sign == '.' ? str_slice(vm, self->text, start, end) : key_of(vm, self->text, start, end);
    if (failed(key)) return FAIL;
    Ref items[] = {from_bool(sign == '.'), key};
    return tuple_from_refs(vm, 2, items);
}

static const TypeDef steps_type = {
    .name = "fieldnameiterator",
    .doc = "Iterates over what follows the first part of a field's name.",
    .size = sizeof(TextWalk),
    .flags = TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(TextWalk, text)),
    .iter = iter_self,
    .next = steps_next,
};

NATIVE(
    formatter_field_name_split, "formatter_field_name_split(field_name, /)",
    "Return the first part of a field's name, an int where it is a number, and an iterator over\n"
    "(is it an attribute?, key) for what follows.")
{
    if (!is_str(argv[0])) return not_str(vm, argv[0]);
    ptrdiff_t end = find_step(as_str(argv[0]), 0);
    Ref first = key_of(vm, argv[0], 0, end);
    if (failed(first)) return FAIL;
    Ref items[] = {first, walk_new(vm, &steps_type, argv[0], end)};
    if (!failed(items[1])) return tuple_from_refs(vm, 2, items);
    decref(first);
    return FAIL;
}

static const Native *const string_functions[] = {&formatter_parser_def,
                                                 &formatter_field_name_split_def, NULL};

const ModuleDef _string_module = {
    .name = "_string",
    .doc = "The parts of format strings, for whoever takes them apart.",
    .functions = string_functions,
};
