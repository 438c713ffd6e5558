/* strformat.c - str.format, str.format_map and str.__format__.
 *
 *   "literal {name.attr[item]!conversion:spec} ..."     {{ and }} stand for braces
 *
 * A spec may hold fields of its own, one level deep.  Field numbering is either automatic or
 * manual throughout a template and its specs.
 * Neighbours: formatfield.c (the fields' text), numberformat.c (the spec mini-language), percent.c
 * (the % operator). */
/* SPDX-License-Identifier: MIT */
#include "object/attr.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/formatfield.h"
#include "object/int.h"
#include "object/number.h"
#include "object/numberformat.h"
#include "object/strmethod.h"
#include "object/tuple.h"

/* --- __format__ ------------------------------------------------------------------------------ */

/* Parses the spec of a str. */
static bool parse_str_spec(Vm *vm, Value self, SpecText text, FormatSpec *spec)
{
    if (!format_spec_parse(vm, text, self, 's', '<', spec)) return false;
    const char *wrong = NULL;
    if (spec->type != 's') {
        format_unknown_code(vm, spec->type, self);
        return false;
    }
    if (spec->sign == ' ') wrong = "Space not allowed in string format specifier";
    else if (spec->sign) wrong = "Sign not allowed in string format specifier";
    else if (spec->no_negative_zero)
        wrong = "Negative zero coercion (z) not allowed in string format specifier";
    else if (spec->alternate) wrong = "Alternate form (#) not allowed in string format specifier";
    else if (spec->align == '=') wrong = "'=' alignment not allowed in string format specifier";
    if (wrong) throw(vm, ValueError, "%s", wrong);
    return !wrong;
}

Ref str_format_spec(Vm *vm, Value self, Value text)
{
    FormatSpec spec;
    if (!parse_str_spec(vm, self, spec_text(text), &spec)) return FAIL;
    if (spec.precision < 0 || spec.precision >= as_str(self)->len)
        return format_pad(vm, &spec, self);
    Ref cut = str_slice(vm, self, 0, spec.precision);
    if (failed(cut)) return FAIL;
    Ref out = format_pad(vm, &spec, cut);
    decref(cut);
    return out;
}

/* --- fields ---------------------------------------------------------------------------------- */

typedef struct Template {
    Vm *vm;
    Value args;    /* tuple, or UNDEF: format_map */
    Value mapping; /* dict of keyword arguments, or what format_map was given */
    enum { NUMBERING_OPEN, NUMBERING_AUTO, NUMBERING_MANUAL } numbering;
    ptrdiff_t next; /* number of the next automatic field */
    Ref whole;      /* a str that is the whole result, owned; UNDEF: it is in the builder */
} Template;

/* Notes that a field is numbered automatically or by hand. */
static bool set_numbering(Template *t, int numbering)
{
    if (t->numbering == NUMBERING_OPEN) t->numbering = numbering;
    if ((int)t->numbering == numbering) return true;
    bool manual = numbering == NUMBERING_MANUAL;
    throw(t->vm, ValueError, "cannot switch from %s to %s",
          manual ? "automatic field numbering" : "manual field specification",
          manual ? "manual field specification" : "automatic field numbering");
    return false;
}

/* What the first part of a field name, s[start:end], stands for. */
static Ref field_base(Template *t, Value format, ptrdiff_t start, ptrdiff_t end)
{
    Vm *vm = t->vm;
    ptrdiff_t n = format_number(vm, as_str(format), start, end);
    if (n == -2) return FAIL;
    if (n >= 0 || start == end) {
        if (!absent(t->args) && !set_numbering(t, n >= 0 ? NUMBERING_MANUAL : NUMBERING_AUTO))
            return FAIL;
        if (absent(t->args))
            return throw(vm, ValueError, "Format string contains positional fields");
        if (n < 0) n = t->next++;
        if (n >= tuple_len(t->args))
            return throw(vm, IndexError,
                         "Replacement index %zd out of range for positional args tuple", n);
        return newref(tuple_at(t->args, n));
    }
    Ref key = str_slice(vm, format, start, end), out;
    if (failed(key)) return FAIL;
    if (absent(t->args)) {
        out = value_get_item(vm, t->mapping, key);
    } else {
        Value found = absent(t->mapping) ? (Value)UNDEF : dict_get(vm, as_dict(t->mapping), key);
        out = absent(found) ? throw_value(vm, KeyError, key) : newref(found);
    }
    decref(key);
    return out;
}

static Ref step_value(Vm *vm, Value object, Value format, const FormatStep *step)
{
    Ref key = step->item ? format_key(vm, format, step->start, step->end)
                         : str_intern(vm, str_slice(vm, format, step->start, step->end));
    if (failed(key)) return FAIL;
    Ref out = step->item ? value_get_item(vm, object, key) : attr_get(vm, object, key);
    decref(key);
    return out;
}

/* The value a field names. */
static Ref field_value(Template *t, Value format, const FormatField *field)
{
    const Str *s = as_str(format);
    ptrdiff_t at = format_find_step(s, field->name, field->name_end);
    Ref value = field_base(t, format, field->name, at);
    while (!failed(value) && at < field->name_end) {
        FormatStep step;
        bool good = format_scan_step(t->vm, s, &at, field->name_end, &step);
        replace(&value, good ? step_value(t->vm, value, format, &step) : FAIL);
    }
    return value;
}

static Ref convert(Vm *vm, Ref value, uint32_t conversion)
{
    Ref out;
    switch (conversion) {
    case 0: return value;
    case 's': out = value_str(vm, value); break;
    case 'r': out = value_repr(vm, value); break;
    case 'a': out = value_ascii(vm, value); break;
    default:
        if (conversion > 32 && conversion < 127)
            out = throw(vm, ValueError, "Unknown conversion specifier %c", (int)conversion);
        else out = throw(vm, ValueError, "Unknown conversion specifier \\x%x", (int)conversion);
    }
    decref(value);
    return out;
}

/* --- filling --------------------------------------------------------------------------------- */

static bool fill_template(Template *t, StrBuilder *out, Value format, ptrdiff_t start,
                          ptrdiff_t end, int depth);

/* A value on its way into the builder. */
typedef struct Filling {
    Template *t;
    StrBuilder *out;
    bool whole; /* nothing stands before it and nothing will follow */
} Filling;

/* Adds text, which is stolen. */
static bool add_made(Filling *f, Ref text)
{
    if (failed(text)) return false;
    if (f->whole) {
        f->t->whole = text;
        return true;
    }
    bool ok = builder_str(f->t->vm, f->out, text);
    decref(text);
    return ok;
}

/* Adds format(v, spec), v being a plain str. */
static bool add_str(Filling *f, Value v, SpecText text)
{
    FormatSpec spec;
    if (!parse_str_spec(f->t->vm, v, text, &spec)) return false;
    ptrdiff_t len = as_str(v)->len;
    bool cut = spec.precision >= 0 && spec.precision < len;
    if (f->whole && !cut && spec.width <= len) return add_made(f, newref(v));
    return format_pad_into(f->t->vm, f->out, &spec, v, cut ? spec.precision : len);
}

/* Adds format(value, spec). */
static bool add_value(Filling *f, Value value, SpecText spec)
{
    Vm *vm = f->t->vm;
    bool empty = spec.start == spec.end;
    if (is_exact(value, KIND_STR)) {
        if (!empty) return add_str(f, value, spec);
        return f->whole ? add_made(f, newref(value)) : builder_str(vm, f->out, value);
    }
    if (is_int(value) || is_float(value)) {
        if (empty) return builder_value(vm, f->out, value);
        return (is_int(value) ? int_format_into : float_format_into)(vm, f->out, value, spec);
    }
    Ref cut = str_slice(vm, spec.text, spec.start, spec.end);
    if (failed(cut)) return false;
    bool ok = add_made(f, value_format(vm, value, cut));
    decref(cut);
    return ok;
}

/* The same, the fields of the spec to be filled in first. */
static bool add_nested(Filling *f, Value value, SpecText spec, int depth)
{
    Vm *vm = f->t->vm;
    StrBuilder made;
    builder_open(&made);
    if (!fill_template(f->t, &made, spec.text, spec.start, spec.end, depth - 1)) {
        builder_close(&made);
        return false;
    }
    Ref filled = builder_finish(vm, &made);
    bool ok = !failed(filled) && add_value(f, value, spec_text(filled));
    decref(filled);
    return ok;
}

/* last: the template ends after the field, and is no spec. */
static bool fill_field(Template *t, StrBuilder *out, Value format, const FormatField *field,
                       int depth, bool last)
{
    Filling f = {t, out, last && out->len == 0};
    Ref value = field_value(t, format, field);
    if (!failed(value)) value = convert(t->vm, value, field->conversion);
    if (failed(value)) return false;
    SpecText spec = {format, field->spec, field->spec_end};
    bool ok = field->nested ? add_nested(&f, value, spec, depth) : add_value(&f, value, spec);
    decref(value);
    return ok;
}

/* Where the next brace is, or end. */
static ptrdiff_t find_brace(const Str *s, ptrdiff_t i, ptrdiff_t end)
{
    if (s->width == 1)
        while (i < end && (uint8_t)s->data[i] != '{' && (uint8_t)s->data[i] != '}') i++;
    else
        while (i < end && str_at(s, i) != '{' && str_at(s, i) != '}') i++;
    return i;
}

/* Adds format[start:end] with its fields filled in. */
static bool fill_template(Template *t, StrBuilder *out, Value format, ptrdiff_t start,
                          ptrdiff_t end, int depth)
{
    const Str *s = as_str(format);
    if (depth < 1) {
        throw(t->vm, ValueError, "Max string recursion exceeded");
        return false;
    }
    for (ptrdiff_t i = start; i < end;) {
        ptrdiff_t from = i;
        i = find_brace(s, i, end);
        if (i - from == s->len) t->whole = newref(format);
        else if (i > from && !builder_slice(t->vm, out, format, from, i)) return false;
        if (i == end) break;
        uint32_t brace = str_at(s, i++);
        if (i < end && str_at(s, i) == brace) {
            i++;
            if (!builder_char(t->vm, out, brace)) return false;
        } else if (brace == '}' || i == end) {
            throw(t->vm, ValueError, "Single '%c' encountered in format string", (int)brace);
            return false;
        } else {
            FormatField field;
            if (!format_scan_field(t->vm, s, &i, end, &field) ||
                !fill_field(t, out, format, &field, depth, i == s->len))
                return false;
        }
    }
    return true;
}

Ref str_format_values(Vm *vm, Value format, Value args, Value mapping)
{
    Template t = {.vm = vm, .args = args, .mapping = mapping, .whole = UNDEF};
    StrBuilder out;
    builder_open(&out);
    bool ok = fill_template(&t, &out, format, 0, as_str(format)->len, 2);
    if (ok && absent(t.whole)) return builder_finish(vm, &out);
    builder_close(&out);
    if (ok) return t.whole;
    decref(t.whole);
    return FAIL;
}

SHARED_NATIVE(str_format_method, "format(self, /, *args, **kwargs=?)",
              "Return a copy whose fields {name!conversion:spec} are filled from args and kwargs.")
{
    return str_format_values(vm, argv[0], argv[1], argv[2]);
}

SHARED_NATIVE(str_format_map, "format_map(self, mapping, /)",
              "Like format(**mapping), without copying the mapping.")
{
    return str_format_values(vm, argv[0], UNDEF, argv[1]);
}
