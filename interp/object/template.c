/* template.c - t-strings: string.templatelib's Template and Interpolation.
 *
 * A Template alternates strings and interpolations and begins and ends with a string, empty where
 * the source has none.  Both types are immutable.
 * Neighbours: vm/build.c (BUILD_TEMPLATE). */
/* SPDX-License-Identifier: MIT */
#include "object/template.h"

#include "object/dict.h"
#include "object/error.h"
#include "object/list.h"
#include "object/iter.h"
#include "object/native.h"
#include "object/number.h"
#include "object/str.h"
#include "object/tuple.h"

static Template *as_template(Value v) { return (Template *)(void *)as_object(v); }
static Interpolation *as_interpolation(Value v) { return (Interpolation *)(void *)as_object(v); }

/* --- Interpolation --------------------------------------------------------------------------- */

Ref interpolation_new(Vm *vm, Value value, Value expression, Value conversion, Value format_spec)
{
    Interpolation *made = type_instance(vm, type_builtin(vm, KIND_INTERPOLATION));
    if (!made) return FAIL;
    made->value = newref(value);
    made->expression = newref(expression);
    made->conversion = newref(conversion);
    made->format_spec = newref(format_spec);
    return from_object(made);
}

NATIVE(interpolation_make, "new(cls, value, expression='', conversion=None, format_spec='')",
       "Return a value with the source text, the conversion ('s', 'r', 'a' or None) and the format "
       "of a field.")
{
    static const char *const names[] = {"expression", "conversion", "format_spec"};
    for (int i = 0; i < 3; i++)
        if (!is_str(argv[i + 2]) && !(i == 1 && is_none(argv[3])))
            return throw(vm, TypeError, "Interpolation() argument '%s' must be str%s, not %A",
                         names[i], i == 1 ? " or None" : "", argv[i + 2]);
    if (!is_none(argv[3]) && !str_is(argv[3], "s") && !str_is(argv[3], "a") &&
        !str_is(argv[3], "r"))
        return throw(vm, ValueError,
                     "Interpolation() argument 'conversion' must be one of 's', 'a' or 'r'");
    return interpolation_new(vm, argv[1], argv[2], argv[3], argv[4]);
}

static Ref interpolation_repr(Vm *vm, Value self)
{
    const Interpolation *part = as_interpolation(self);
    return format_text(vm, "Interpolation(%R, %R, %R, %R)", (Value)part->value,
                       (Value)part->expression, (Value)part->conversion, (Value)part->format_spec);
}

static Ref get_value(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_interpolation(self)->value);
}
static Ref get_expression(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_interpolation(self)->expression);
}
static Ref get_conversion(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_interpolation(self)->conversion);
}
static Ref get_spec(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_interpolation(self)->format_spec);
}

/* --- Template -------------------------------------------------------------------------------- */

Ref template_new(Vm *vm, Value strings, Value interpolations)
{
    Template *made = type_instance(vm, type_builtin(vm, KIND_TEMPLATE));
    if (!made) return FAIL;
    made->strings = newref(strings);
    made->interpolations = newref(interpolations);
    return from_object(made);
}

/* Lists of strings and interpolations under construction; the last string is still growing. */
typedef struct Parts {
    Ref strings, interpolations, last;
} Parts;

static bool parts_open(Vm *vm, Parts *parts)
{
    parts->strings = list_new(vm, 0);
    parts->interpolations = failed(parts->strings) ? FAIL : list_new(vm, 0);
    parts->last = newref(vm->interp->empty_str);
    return !failed(parts->interpolations);
}

static void parts_close(Parts *parts)
{
    decref(parts->strings);
    decref(parts->interpolations);
    decref(parts->last);
}

static bool parts_add(Vm *vm, Parts *parts, Value part)
{
    if (is_str(part)) {
        Ref longer = str_concat(vm, parts->last, part);
        if (failed(longer)) return false;
        replace(&parts->last, longer);
        return true;
    }
    if (!list_push(vm, as_list(parts->strings), take(&parts->last))) return false;
    parts->last = newref(vm->interp->empty_str);
    return list_push(vm, as_list(parts->interpolations), newref(part));
}

static bool parts_add_template(Vm *vm, Parts *parts, const Template *t)
{
    ptrdiff_t n = tuple_len(t->interpolations);
    for (ptrdiff_t i = 0; i <= n; i++) {
        if (!parts_add(vm, parts, tuple_at(t->strings, i))) return false;
        if (i < n && !parts_add(vm, parts, tuple_at(t->interpolations, i))) return false;
    }
    return true;
}

static Ref parts_finish(Vm *vm, Parts *parts)
{
    if (!list_push(vm, as_list(parts->strings), take(&parts->last))) return FAIL;
    Ref strings = tuple_from(vm, parts->strings);
    Ref interpolations = failed(strings) ? FAIL : tuple_from(vm, parts->interpolations), out = FAIL;
    if (!failed(interpolations)) out = template_new(vm, strings, interpolations);
    decref(strings);
    decref(interpolations);
    return out;
}

NATIVE(template_make, "new(cls, /, *args, **kwargs)",
       "Return a template of the strings and interpolations given; adjacent strings are joined.")
{
    if (as_dict(argv[2])->len)
        return throw(vm, TypeError, "Template.__new__ only accepts *args arguments");
    Parts parts;
    Ref out = FAIL;
    bool ok = parts_open(vm, &parts);
    for (ptrdiff_t i = 0; ok && i < tuple_len(argv[1]); i++) {
        Value part = tuple_at(argv[1], i);
        if (!is_str(part) && !is_kind(part, KIND_INTERPOLATION)) {
            throw(vm, TypeError,
                  "Template.__new__ *args need to be of type 'str' or 'Interpolation', got %T",
                  part);
            ok = false;
        } else {
            ok = parts_add(vm, &parts, part);
        }
    }
    if (ok) out = parts_finish(vm, &parts);
    parts_close(&parts);
    return out;
}

static Ref template_repr(Vm *vm, Value self)
{
    const Template *t = as_template(self);
    return format_text(vm, "Template(strings=%R, interpolations=%R)", (Value)t->strings,
                       (Value)t->interpolations);
}

static Ref template_binary(Vm *vm, BinaryOp op, Value a, Value b)
{
    if (op != OP2_ADD) return NOT_IMPLEMENTED;
    if (!is_kind(a, KIND_TEMPLATE)) {
        if (!is_str(a)) return NOT_IMPLEMENTED;
        return throw(vm, TypeError,
                     "can only concatenate str (not \"string.templatelib.Template\") to str");
    }
    if (!is_kind(b, KIND_TEMPLATE))
        return throw(vm, TypeError,
                     "can only concatenate string.templatelib.Template (not \"%T\") to "
                     "string.templatelib.Template",
                     b);
    Parts parts;
    Ref out = FAIL;
    if (parts_open(vm, &parts) && parts_add_template(vm, &parts, as_template(a)) &&
        parts_add_template(vm, &parts, as_template(b)))
        out = parts_finish(vm, &parts);
    parts_close(&parts);
    return out;
}

/* Yields the strings that are not empty and the interpolations, in order. */
static Ref template_iter(Vm *vm, Value self)
{
    const Template *t = as_template(self);
    ptrdiff_t n = tuple_len(t->interpolations);
    Ref items = list_new(vm, 2 * n + 1);
    bool ok = !failed(items);
    for (ptrdiff_t i = 0; ok && i <= n; i++) {
        Value text = tuple_at(t->strings, i);
        if (as_str(text)->len) ok = list_push(vm, as_list(items), newref(text));
        if (ok && i < n) ok = list_push(vm, as_list(items), newref(tuple_at(t->interpolations, i)));
    }
    Ref out = ok ? iter_of(vm, items) : FAIL;
    decref(items);
    return out;
}

static Ref get_strings(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_template(self)->strings);
}
static Ref get_interpolations(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_template(self)->interpolations);
}

static Ref get_values(Vm *vm, Value self)
{
    Value parts = as_template(self)->interpolations;
    ptrdiff_t n = tuple_len(parts);
    Ref out = tuple_new(vm, n);
    for (ptrdiff_t i = 0; !failed(out) && i < n; i++)
        as_tuple(out)->items[i] = newref(as_interpolation(tuple_at(parts, i))->value);
    return out;
}

/* --- tables ---------------------------------------------------------------------------------- */

static const Attribute interpolation_attributes[] = {
    {"value", get_value, NULL, "The value of the expression."},
    {"expression", get_expression, NULL, "The source text of the expression."},
    {"conversion", get_conversion, NULL, "'s', 'r', 'a' or None."},
    {"format_spec", get_spec, NULL, "The format specification, '' when there is none."},
    {NULL, NULL, NULL, NULL},
};
static const char *const interpolation_match[] = {"value", "expression", "conversion",
                                                  "format_spec", NULL};

const TypeDef interpolation_type = {
    .name = "string.templatelib.Interpolation",
    .size = sizeof(Interpolation),
    .flags = TYPE_FINAL | TYPE_CONTAINER,
    .new = &interpolation_make_def,
    .doc = "A field of a template string.",
    .refs = REFS(REF(Interpolation, value), REF(Interpolation, expression),
                 REF(Interpolation, conversion), REF(Interpolation, format_spec)),
    .repr = interpolation_repr,
    .attributes = interpolation_attributes,
    .match_args = interpolation_match,
};

static const Attribute template_attributes[] = {
    {"strings", get_strings, NULL, "The strings around the interpolations: one more than those."},
    {"interpolations", get_interpolations, NULL, "The interpolations."},
    {"values", get_values, NULL, "The values of the interpolations."},
    {NULL, NULL, NULL, NULL},
};

const TypeDef template_type = {
    .name = "string.templatelib.Template",
    .size = sizeof(Template),
    .flags = TYPE_FINAL | TYPE_CONTAINER,
    .new = &template_make_def,
    .doc = "A template string: strings and interpolations in turn.",
    .refs = REFS(REF(Template, strings), REF(Template, interpolations)),
    .repr = template_repr,
    .binary = template_binary,
    .iter = template_iter,
    .attributes = template_attributes,
};
