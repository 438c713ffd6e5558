/* _string.c - the parts of format strings, for whoever takes them apart: string.Formatter.
 *
 * Two iterators over a text, which know where they are in it.  What is wrong is told when they come
 * to it, and the next step goes on behind it.
 * Neighbours: object/formatfield.c (fields), object/strformat.c (str.format itself). */
/* SPDX-License-Identifier: MIT */
#include "native.h"

typedef struct TextWalk {
    Object head;
    Ref text;
    ptrdiff_t at; /* the next point */
} TextWalk;

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

/* (literal, name, spec, conversion); field NULL: there is none. */
static Ref part(Vm *vm, Value text, ptrdiff_t start, ptrdiff_t end, const FormatField *field)
{
    Ref items[] = {str_slice(vm, text, start, end), NONE, NONE, NONE};
    if (field) {
        items[1] = str_slice(vm, text, field->name, field->name_end);
        items[2] = str_slice(vm, text, field->spec, field->spec_end);
        if (field->conversion) items[3] = str_from_char(vm, field->conversion);
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
    FormatField field;
    bool good = format_scan_field(vm, s, &self->at, s->len, &field);
    return good ? part(vm, self->text, start, at - 1, &field) : FAIL;
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

static Ref steps_next(Vm *vm, Value v)
{
    TextWalk *self = (TextWalk *)as_object(v);
    const Str *s = as_str(self->text);
    if (self->at >= s->len) return UNDEF;
    FormatStep step;
    if (!format_scan_step(vm, s, &self->at, s->len, &step)) return FAIL;
    Ref key = step.item ? format_key(vm, self->text, step.start, step.end)
                        : str_slice(vm, self->text, step.start, step.end);
    if (failed(key)) return FAIL;
    Ref items[] = {from_bool(!step.item), key};
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
    const Str *s = as_str(argv[0]);
    ptrdiff_t end = format_find_step(s, 0, s->len);
    Ref first = format_key(vm, argv[0], 0, end);
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
