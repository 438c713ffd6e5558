/* _json.c - the module _json: JSON text to objects and back.
 *
 * Positions are code points.
 * Neighbours: _json_read.c, _json_encode.c (the work), json/decoder.aio, json/encoder.aio (classes
 * over this). */
/* SPDX-License-Identifier: MIT */
#include "_json_read.h"

/* ---- scanners: what a decoder reads values with ---- */

enum { OPTIONS = 6 };
typedef struct Scanner {
    Container head;
    Ref options[OPTIONS]; /* as reader_open takes them */
} Scanner;

static const TypeDef scanner_type;
static Scanner *as_scanner(Value v) { return (Scanner *)as_object(v); }

NATIVE(scanner_new, "new(cls, /, context)",
       "Return a function that reads one value as the decoder context says: scanner(string, idx)\n"
       "gives (value, end), and raises StopIteration(where) when none starts there, or within it.")
{
    static const char *const names[OPTIONS] = {"object_hook", "object_pairs_hook", "parse_float",
                                               "parse_int",   "parse_constant",    "strict"};
    Scanner *self = type_instance(vm, as_type(argv[0]));
    if (!self) return FAIL;
    for (int i = 0; i < OPTIONS; i++) {
        const int n = (i + OPTIONS - 1) % OPTIONS; /* strict comes first */
        Ref option = attr_get_text(vm, argv[1], names[n]);
        Truth strict = failed(option) || n < OPTIONS - 1 ? YES : value_truth(vm, option);
        if (failed(option) || strict == FAILED) {
            decref(option);
            decref_object(self);
            return FAIL;
        }
        self->options[n] = option;
    }
    return from_object(self);
}

NATIVE(json_scanner,
       "scanner(object_hook, object_pairs_hook, parse_float, parse_int, parse_constant, strict, /)",
       "Return a Scanner with these options.")
{
    Type *type = type_from_def(vm, &scanner_type);
    Scanner *self = type ? type_instance(vm, type) : NULL;
    for (int n = 0; self && n < OPTIONS; n++) self->options[n] = newref(argv[n]);
    return self ? from_object(self) : FAIL;
}

static Ref scan(Vm *vm, Value text, Value where, Value *options)
{
    Reader r;
    int64_t index;
    if (!int_index(vm, where, &index)) return FAIL;
    if (!reader_open(vm, &r, text, options)) return FAIL;
    if (index < 0) return throw(vm, ValueError, "idx cannot be negative");
    if (index > r.text->len) return throw_value(vm, StopIteration, where);
    r.at += index * r.text->width;
    Ref value = reader_value(&r);
    reader_close(&r);
    if (r.nothing) return throw_value(vm, StopIteration, from_small(reader_index(&r, r.nothing)));
    if (failed(value)) return FAIL;
    Ref parts[] = {value, from_small(reader_index(&r, r.at))};
    return tuple_from_refs(vm, 2, parts);
}

/* string and idx of a scanner's call, by name perhaps; false: raised. */
static bool scanner_arguments(Vm *vm, const Args *args, Value given[2])
{
    static const char *const names[] = {"string", "idx"};
    const int named = absent(args->kwnames) ? 0 : (int)tuple_len(args->kwnames);
    if (args->argc + named > 2) {
        throw(vm, TypeError, "scan_once() takes at most 2 arguments (%d given)",
              args->argc + named);
        return false;
    }
    for (int n = 0; n < args->argc; n++) given[n] = args->argv[n];
    for (int n = 0; n < named; n++) {
        Value name = tuple_at(args->kwnames, n);
        int slot = str_is(name, names[0]) ? 0 : str_is(name, names[1]) ? 1 : -1;
        if (slot < args->argc) {
            if (slot < 0)
                throw(vm, TypeError, "scan_once() got an unexpected keyword argument '%S'", name);
            else
                throw(vm, TypeError,
                      "argument for scan_once() given by name ('%S') and position (%d)", name,
                      slot + 1);
            return false;
        }
        given[slot] = args->argv[args->argc + n];
    }
    for (int n = 0; n < 2; n++)
        if (absent(given[n])) {
            throw(vm, TypeError, "scan_once() missing required argument '%s' (pos %d)", names[n],
                  n + 1);
            return false;
        }
    return true;
}

static Ref scanner_call(Vm *vm, Value self, const Args *args)
{
    Value given[2] = {UNDEF, UNDEF};
    if (!scanner_arguments(vm, args, given)) return FAIL;
    return scan(vm, given[0], given[1], as_values(as_scanner(self)->options));
}

#define OPTION(name, n)                                                                            \
    static Ref get_##name(Vm *vm __attribute__((unused)), Value self)                              \
    {                                                                                              \
        return newref(as_scanner(self)->options[n]);                                               \
    }
OPTION(object_hook, 0)
OPTION(object_pairs_hook, 1)
OPTION(parse_float, 2)
OPTION(parse_int, 3)
OPTION(parse_constant, 4)
static Ref get_strict(Vm *vm, Value self)
{
    Truth strict = value_truth(vm, as_scanner(self)->options[OPTIONS - 1]);
    return strict == FAILED ? FAIL : from_bool(strict == YES);
}

static const Attribute scanner_attributes[] = {
    {"strict", get_strict, NULL, "Are control characters within strings refused?"},
    {"object_hook", get_object_hook, NULL, "What makes something of a dict, or None."},
    {"object_pairs_hook", get_object_pairs_hook, NULL, "What makes something of pairs, or None."},
    {"parse_float", get_parse_float, NULL, "What reads numbers with a point or an exponent."},
    {"parse_int", get_parse_int, NULL, "What reads other numbers."},
    {"parse_constant", get_parse_constant, NULL, "What reads NaN and the infinities."},
    {0},
};
static const TypeDef scanner_type = {
    .name = "_json.Scanner",
    .doc = "JSON scanner object",
    .size = sizeof(Scanner),
    .flags = TYPE_CONTAINER,
    .refs = REFS(REF(Scanner, options[0]), REF(Scanner, options[1]), REF(Scanner, options[2]),
                 REF(Scanner, options[3]), REF(Scanner, options[4]), REF(Scanner, options[5])),
    .new = &scanner_new_def,
    .call = scanner_call,
    .attributes = scanner_attributes,
};

/* ---- functions ---- */

NATIVE(
    json_decode, "decode(text, scanner=None, /)",
    "Return the value that text, a whole JSON document, stands for, read by a Scanner if given.\n"
    "Raises JSONDecodeError when it is none.")
{
    Value plain[OPTIONS] = {NONE, NONE, NONE, NONE, NONE, TRUE};
    const bool given = is_heap(argv[1]) && type_of(vm, argv[1])->def == &scanner_type;
    if (!given && !is_none(argv[1])) return throw(vm, TypeError, "scanner must be a Scanner");
    Reader r;
    if (!reader_open(vm, &r, argv[0], given ? as_values(as_scanner(argv[1])->options) : plain))
        return FAIL;
    reader_skip_blanks(&r);
    Ref value = reader_value(&r);
    if (r.nothing) reader_error(&r, "Expecting value", r.nothing);
    if (!failed(value)) reader_skip_blanks(&r);
    if (!failed(value) && r.at != r.end) replace(&value, reader_error(&r, "Extra data", r.at));
    reader_close(&r);
    return value;
}

NATIVE(json_scanstring, "scanstring(string, end, strict=True, /)",
       "Return (text, end) for the JSON string whose opening quote stands before end.")
{
    int64_t end;
    Value options[OPTIONS] = {NONE, NONE, NONE, NONE, NONE, argv[2]};
    Reader r;
    if (!int_index(vm, argv[1], &end) || !reader_open(vm, &r, argv[0], options)) return FAIL;
    if (end < 0 || end > r.text->len) return throw(vm, ValueError, "end is out of bounds");
    r.at += (end - 1) * r.text->width;
    Ref text = reader_string(&r);
    reader_close(&r);
    if (failed(text)) return FAIL;
    Ref out = tuple_pack(vm, 2, (Value)text, (Value)from_small(reader_index(&r, r.at)));
    decref(text);
    return out;
}

static const Native *const json_functions[] = {
    &json_decode_def,
    &json_scanner_def,
    &json_scanstring_def,
    NULL,
};
static bool json_open(Vm *vm, Value module)
{
    Value module_name = dict_get_name(module_dict(module), N(__name__));
    for (const Native *const *native = json_encode_functions; *native; native++) {
        Ref name = native_name(vm, *native);
        Ref function = failed(name) ? FAIL : native_function(vm, *native, UNDEF, module_name);
        bool good = !failed(function) && dict_set(vm, module_dict(module), name, function);
        decref(function);
        decref(name);
        if (!good) return false;
    }
    Type *scanner = type_from_def(vm, &scanner_type);
    return scanner && module_set(vm, module, "make_scanner", newref(borrow(scanner)));
}
static const TypeDef *const json_types[] = {&scanner_type, NULL};
const ModuleDef _json_module = {
    .name = "_json",
    .doc = "JSON text to objects and back.",
    .functions = json_functions,
    .types = json_types,
    .open = json_open,
};
