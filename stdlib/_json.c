/* _json.c - the module _json: JSON text to objects and back.
 *
 * Positions are code points.
 * Neighbours: _json_read.c, _json_encode.c (the work), json/decoder.aio, json/encoder.aio (classes
 * over this). */
/* SPDX-License-Identifier: MIT */
#include "_json_read.h"

#define OPTIONS                                                                                    \
    "object_hook=None, object_pairs_hook=None, parse_float=None, parse_int=None, "                 \
    "parse_constant=None, strict=True"

NATIVE(json_decode, "decode(text, /, " OPTIONS ")",
       "Return the value that text, a whole JSON document, stands for.\n"
       "Raises JSONDecodeError when it is none.")
{
    Reader r;
    if (!reader_open(vm, &r, argv[0], argv + 1)) return FAIL;
    reader_skip_blanks(&r);
    Ref value = reader_value(&r);
    if (r.nothing) reader_error(&r, "Expecting value", r.nothing);
    if (!failed(value)) reader_skip_blanks(&r);
    if (!failed(value) && r.at != r.end) replace(&value, reader_error(&r, "Extra data", r.at));
    reader_close(&r);
    return value;
}

NATIVE(json_scan, "scan(text, index, /, " OPTIONS ")",
       "Return (value, end) for the JSON value that starts at index of text.\n"
       "Raises StopIteration(where) when none starts there, or within it.")
{
    Reader r;
    int64_t index;
    if (!int_index(vm, argv[1], &index)) return FAIL;
    if (!reader_open(vm, &r, argv[0], argv + 2)) return FAIL;
    if (index < 0) return throw(vm, ValueError, "idx cannot be negative");
    if (index > r.text->len) return throw_value(vm, StopIteration, argv[1]);
    r.at += index * r.text->width;
    Ref value = reader_value(&r);
    reader_close(&r);
    if (r.nothing) return throw_value(vm, StopIteration, from_small(reader_index(&r, r.nothing)));
    if (failed(value)) return FAIL;
    Ref out = tuple_pack(vm, 2, (Value)value, (Value)from_small(reader_index(&r, r.at)));
    decref(value);
    return out;
}

NATIVE(json_scanstring, "scanstring(string, end, strict=True, /)",
       "Return (text, end) for the JSON string whose opening quote stands before end.")
{
    int64_t end;
    Value options[6] = {NONE, NONE, NONE, NONE, NONE, argv[2]};
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
    &json_scan_def,
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
    return true;
}
const ModuleDef _json_module = {
    .name = "_json",
    .doc = "JSON text to objects and back.",
    .functions = json_functions,
    .open = json_open,
};
