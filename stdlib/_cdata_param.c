/* _cdata_param.c - script values on their way to a C function.
 *
 * A Param holds the bytes that are passed, or says where they are, and what must stay alive during
 * the call.  With argument types it is made by the type's from_param; those that classes have from
 * their metaclass are run here without making an object.
 * Neighbours: _cdata_call.c. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "_cdata.h"

static void set_pointer(State *state, Param *param, char letter, void *pointer, Ref keep)
{
    param->type = state->types[FFI_KIND_POINTER];
    param->letter = letter;
    param->value.pointer = pointer;
    param->memory = NULL;
    param->keep = keep;
}

/* ---- structures by value ---- */

/* Collects the sorts of numbers that a structure consists of, in order; false: no memory. */
typedef struct Leaves {
    ffi_type **types;
    size_t count, capacity;
} Leaves;

static bool leaf_push(Leaves *leaves, ffi_type *type)
{
    if (leaves->count + 1 >= leaves->capacity) {
        size_t capacity = leaves->capacity ? leaves->capacity * 2 : 8;
        ffi_type **types = realloc(leaves->types, capacity * sizeof *types);
        if (!types) return false;
        leaves->types = types;
        leaves->capacity = capacity;
    }
    leaves->types[leaves->count++] = type;
    leaves->types[leaves->count] = NULL;
    return true;
}

static bool only_floats(Vm *vm, Info *info)
{
    if (info->kind == INFO_SIMPLE) return info->letter->sort == 'f';
    if (info->kind == INFO_ARRAY) return only_floats(vm, info_of_class(vm, info->item));
    if (info->kind != INFO_STRUCT && info->kind != INFO_UNION) return false;
    for (ptrdiff_t n = 0; n < info->length; n++) {
        Value field = type_lookup(vm, as_type(info->cls), tuple_at(info->names, n));
        Ref cls = is_heap(field) ? attr_get_text(vm, field, "type") : FAIL;
        Info *member = failed(cls) ? NULL : info_of_class(vm, cls);
        bool floats = member && only_floats(vm, member);
        decref(cls);
        if (!floats) return false;
    }
    return info->length > 0;
}

/* Fills size bytes with integers as wide as they can be. */
static bool integers(State *state, Leaves *leaves, ptrdiff_t size)
{
    static const struct {
        ptrdiff_t size;
        FfiKind kind;
    } units[] = {{8, FFI_KIND_U64}, {4, FFI_KIND_U32}, {2, FFI_KIND_U16}, {1, FFI_KIND_U8}};
    for (size_t n = 0; n < 4; n++)
        for (; size >= units[n].size; size -= units[n].size)
            if (!leaf_push(leaves, state->types[units[n].kind])) return false;
    return true;
}

static bool info_leaves(Vm *vm, Info *info, Leaves *leaves);

static bool member_leaves(Vm *vm, Info *info, Leaves *leaves, ptrdiff_t n, ptrdiff_t *end)
{
    Value field = type_lookup(vm, as_type(info->cls), tuple_at(info->names, n));
    Ref cls = is_heap(field) ? attr_get_text(vm, field, "type") : FAIL;
    Ref offset = failed(cls) ? FAIL : attr_get_text(vm, field, "offset");
    Info *member = failed(offset) ? NULL : info_of_class(vm, cls);
    bool good = member != NULL;
    if (good && as_int(offset) >= *end) { /* else a bit-field in the same integer */
        good = info_leaves(vm, member, leaves);
        *end = as_int(offset) + member->size;
    }
    decref(offset);
    decref(cls);
    return good;
}

static bool info_leaves(Vm *vm, Info *info, Leaves *leaves)
{
    State *state = state_of(info);
    bool good = true;
    ptrdiff_t end = 0;
    switch (info->kind) {
    case INFO_SIMPLE: return leaf_push(leaves, state->types[info->letter->ffi]);
    case INFO_POINTER:
    case INFO_FUNCTION: return leaf_push(leaves, state->types[FFI_KIND_POINTER]);
    case INFO_ARRAY:
        for (ptrdiff_t n = 0; good && n < info->length; n++)
            good = info_leaves(vm, info_of_class(vm, info->item), leaves);
        return good;
    case INFO_UNION:
        if (!only_floats(vm, info)) return integers(state, leaves, info->size);
        for (ptrdiff_t left = info->size; good && left > 0; left -= info->align)
            good = leaf_push(leaves, state->types[info->align == 4   ? FFI_KIND_FLOAT
                                                  : info->align == 8 ? FFI_KIND_DOUBLE
                                                                     : FFI_KIND_LONGDOUBLE]);
        return good;
    case INFO_STRUCT:
        for (ptrdiff_t n = 0; good && n < info->length; n++)
            good = member_leaves(vm, info, leaves, n, &end);
        return good;
    }
    return false;
}

enum { IN_REGISTERS = 64 }; /* no machine passes larger structures in registers */

static ffi_type *struct_ffi(Vm *vm, Info *info)
{
    if (info->elements) return &info->ffi;
    Leaves leaves = {0};
    bool good = info->size <= IN_REGISTERS ? info_leaves(vm, info, &leaves)
                                           : integers(state_of(info), &leaves, info->size);
    if (good && !leaves.count) good = leaf_push(&leaves, state_of(info)->types[FFI_KIND_U8]);
    if (!good) {
        free(leaves.types);
        if (absent(vm->error)) throw_no_memory(vm);
        return NULL;
    }
    info->elements = leaves.types;
    info->ffi = (ffi_type){.size = (size_t)info->size,
                           .alignment = (unsigned short)info->align,
                           .type = FFI_TYPE_STRUCT,
                           .elements = info->elements};
    return &info->ffi;
}

ffi_type *info_ffi(Vm *vm, Info *info)
{
    State *state = state_of(info);
    if (info->kind == INFO_SIMPLE) return state->types[info->letter->ffi];
    if (info->kind == INFO_STRUCT || info->kind == INFO_UNION) return struct_ffi(vm, info);
    return state->types[FFI_KIND_POINTER];
}

/* ---- any value ---- */

static bool param_from_data(Vm *vm, State *state, Data *data, Param *param)
{
    Info *info = info_of(data);
    Ref keep = newref(borrow(data));
    if (info->kind == INFO_ARRAY) {
        set_pointer(state, param, 'P', data->memory, keep);
        return true;
    }
    if (info->kind == INFO_POINTER || info->kind == INFO_FUNCTION) {
        set_pointer(state, param, info->kind == INFO_POINTER ? 'P' : 'X', NULL, keep);
        memcpy(&param->value.pointer, data->memory, sizeof(void *));
        return true;
    }
    param->keep = keep;
    param->letter = info->kind == INFO_SIMPLE ? info->letter->letter : 'V';
    param->memory = NULL;
    param->type = info_ffi(vm, info);
    if (!param->type) {
        param->keep = UNDEF;
        decref(keep);
        return false;
    }
    if (info->kind == INFO_SIMPLE) memcpy(param->value.bytes, data->memory, (size_t)info->size);
    else param->memory = data->memory;
    return true;
}

static bool param_from_int(Vm *vm, State *state, Value value, Param *param)
{
    int overflow = 0;
    int64_t n = int_value(value, &overflow);
    if (overflow || n > UINT32_MAX || n < INT32_MIN) {
        if (overflow) {
            throw(vm, OverflowError, "int too long to convert");
            return false;
        }
        n = (int32_t)n;
    }
    *param = (Param){.type = state->types[FFI_KIND_S32], .letter = 'i'};
    int32_t small = (int32_t)n;
    memcpy(param->value.bytes, &small, sizeof small);
    return true;
}

static bool param_from_carg(const CArg *carg, Param *param)
{
    *param = carg->param;
    param->keep = newref(borrow(carg));
    return true;
}

bool param_from(Vm *vm, State *state, Value value, int number, Param *param)
{
    *param = (Param){0};
    if (is_data(vm, value)) return param_from_data(vm, state, as_data(value), param);
    if (is_native_instance(vm, value, &cdata_carg_type))
        return param_from_carg(as_carg(value), param);
    if (is_none(value)) {
        set_pointer(state, param, 'P', NULL, UNDEF);
        return true;
    }
    if (is_any_int(value)) return param_from_int(vm, state, value, param);
    if (is_bytes(value)) {
        set_pointer(state, param, 'z', as_bytes(value)->data, newref(value));
        return true;
    }
    if (is_str(value)) {
        Ref wide = wide_bytes(vm, value);
        if (failed(wide)) return false;
        set_pointer(state, param, 'Z', as_bytes(wide)->data, wide);
        return true;
    }
    Ref given = attr_get_or_absent(vm, value, N(_as_parameter_));
    if (failed(given)) return false;
    if (absent(given)) {
        throw(vm, TypeError, "Don't know how to convert parameter %d", number);
        return false;
    }
    bool good = recursion_enter(vm) && param_from(vm, state, given, number, param);
    recursion_leave(vm);
    decref(given);
    return good;
}

/* ---- from_param of each kind of class: YES filled in, NO not of a fitting type ---- */

static bool points_to(Vm *vm, const Info *info, char letter)
{
    if (info->kind != INFO_ARRAY && info->kind != INFO_POINTER) return false;
    const Info *item = info_of_class(vm, info->item);
    return item && item->kind == INFO_SIMPLE && item->letter->letter == letter;
}

/* A pointer to text (z, Z) or to anything (P). */
static Truth pointer_param(Vm *vm, const Info *info, Value value, int number, Param *param,
                           Ref *object)
{
    State *state = state_of(info);
    char letter = info->letter->letter;
    bool any = letter == 'P';
    if (is_none(value) || (any && is_any_int(value)) || (letter != 'Z' && is_bytes(value)) ||
        (letter != 'z' && is_str(value))) {
        if (any && is_any_int(value)) {
            set_pointer(state, param, 'P', (void *)(uintptr_t)int_low_bits(value), UNDEF);
            return YES;
        }
        return param_from(vm, state, value, number, param) ? YES : FAILED;
    }
    bool fits = false;
    if (is_data(vm, value)) {
        const Info *given = info_of(as_data(value));
        char item = letter == 'z' ? 'c' : 'u';
        fits = any ? given->kind == INFO_ARRAY || given->kind == INFO_POINTER ||
                         given->kind == INFO_FUNCTION ||
                         (given->kind == INFO_SIMPLE && strchr("zZP", given->letter->letter))
                   : points_to(vm, given, item);
    } else if (is_native_instance(vm, value, &cdata_carg_type)) {
        const CArg *carg = as_carg(value);
        fits = carg->param.letter == 'P' || carg->param.letter == 'z' || carg->param.letter == 'Z';
        if (!any && fits && carg->param.letter == 'P')
            fits = is_data(vm, carg->object) &&
                   info_of(as_data(carg->object))->kind == INFO_SIMPLE &&
                   info_of(as_data(carg->object))->letter->letter == (letter == 'z' ? 'c' : 'u');
    }
    if (!fits) return NO;
    *object = newref(value);
    return param_from(vm, state, value, number, param) ? YES : FAILED;
}

static Truth simple_param(Vm *vm, const Info *info, Value value, int number, Param *param,
                          Ref *object)
{
    State *state = state_of(info);
    if (strchr("zZP", info->letter->letter))
        return pointer_param(vm, info, value, number, param, object);
    Ref keep = NONE;
    *param = (Param){.type = state->types[info->letter->ffi], .letter = info->letter->letter};
    if (simple_store(vm, info, param->value.bytes, value, &keep)) {
        param->keep = is_none(keep) ? UNDEF : keep;
        return YES;
    }
    return error_is(vm, TypeError) ? NO : FAILED;
}

static bool is_item_of(Vm *vm, const Info *info, const Info *given)
{
    return (given->kind == INFO_POINTER || given->kind == INFO_ARRAY) && !absent(info->item) &&
           is_type(given->item) && type_is_subtype(as_type(given->item), as_type(info->item)) &&
           info_of_class(vm, given->item);
}

static Truth pointer_class_param(Vm *vm, Info *info, Value value, int number, Param *param,
                                 Ref *object)
{
    State *state = state_of(info);
    if (is_none(value)) {
        set_pointer(state, param, 'P', NULL, UNDEF);
        *object = NONE;
        return YES;
    }
    Info *item = absent(info->item) ? NULL : info_of_class(vm, info->item);
    if (item && is_data(vm, value)) {
        Data *data = as_data(value);
        if (info_has(vm, item, value)) {
            set_pointer(state, param, 'P', data->memory, newref(value));
            return YES;
        }
        if (is_item_of(vm, info, info_of(data))) {
            *object = newref(value);
            return param_from(vm, state, value, number, param) ? YES : FAILED;
        }
    }
    if (item && is_native_instance(vm, value, &cdata_carg_type) &&
        as_carg(value)->param.letter == 'P' && info_has(vm, item, as_carg(value)->object)) {
        *object = newref(value);
        return param_from(vm, state, value, number, param) ? YES : FAILED;
    }
    return NO;
}

/* Bytes where an array of characters is wanted. */
static Truth array_param(Vm *vm, Info *info, Value value, int number, Param *param, Ref *object)
{
    const Info *item = info_of_class(vm, info->item);
    bool simple = item && item->kind == INFO_SIMPLE;
    if (!simple || !((item->letter->letter == 'c' && is_bytes(value)) ||
                     (item->letter->letter == 'u' && is_str(value))))
        return NO;
    ptrdiff_t len = is_bytes(value) ? as_bytes(value)->len : as_str(value)->len;
    if (len > info->length) {
        throw(vm, ValueError, "Invalid length");
        return FAILED;
    }
    Data *data = data_new(vm, info->cls, info);
    if (!data) return FAILED;
    *object = from_object(data);
    Ref text = is_bytes(value) ? newref(value) : wide_bytes(vm, value);
    if (failed(text)) return FAILED;
    memcpy(data->memory, as_bytes(text)->data, (size_t)(len * item->size));
    decref(text);
    return param_from(vm, state_of(info), *object, number, param) ? YES : FAILED;
}

static Ref wrong_param(Vm *vm, const Info *info, Value value)
{
    if (info->kind == INFO_SIMPLE && strchr("zZP", info->letter->letter)) {
        Ref module = attr_get(vm, info->cls, N(__module__));
        if (!failed(module))
            throw(vm, TypeError, "'%T' object cannot be interpreted as %S.%N", value, (Value)module,
                  as_type(info->cls));
        decref(module);
        return FAIL;
    }
    return throw(vm, TypeError, "expected %N instance instead of %T", as_type(info->cls), value);
}

bool param_from_class(Vm *vm, Value cls, Info *info, Value value, int number, Param *param,
                      Ref *object)
{
    *param = (Param){0};
    *object = UNDEF;
    bool carg = is_native_instance(vm, value, &cdata_carg_type);
    if (info_has(vm, info, value) ||
        (carg && info->kind != INFO_SIMPLE && info->kind != INFO_POINTER &&
         info_has(vm, info, as_carg(value)->object))) {
        *object = newref(value);
        return param_from(vm, state_of(info), value, number, param);
    }
    Truth filled = NO;
    if (info->kind == INFO_SIMPLE) filled = simple_param(vm, info, value, number, param, object);
    if (info->kind == INFO_POINTER)
        filled = pointer_class_param(vm, info, value, number, param, object);
    if (info->kind == INFO_ARRAY) filled = array_param(vm, info, value, number, param, object);
    if (filled != NO) return filled == YES;
    Ref error = error_take(vm); /* of a number that was none */
    Ref given = carg ? UNDEF : attr_get_or_absent(vm, value, N(_as_parameter_));
    if (absent(given) || failed(given)) {
        if (!absent(given)) decref(error);
        else if (!absent(error)) error_restore(vm, error);
        else wrong_param(vm, info, value);
        return false;
    }
    decref(error);
    bool good =
        recursion_enter(vm) && param_from_class(vm, cls, info, given, number, param, object);
    recursion_leave(vm);
    decref(given);
    return good;
}

Ref cdata_from_param_of(Vm *vm, Value cls, Value value)
{
    Info *info = info_required(vm, cls, "abstract class");
    Param param;
    Ref object;
    if (!info || !state_load(vm, state_of(info))) return FAIL;
    bool good = param_from_class(vm, cls, info, value, 1, &param, &object);
    if (good && absent(object)) return param_object(vm, state_of(info), &param);
    decref(param.keep);
    if (good) return object;
    decref(object);
    return FAIL;
}

/* ---- CArg ---- */

Ref param_object(Vm *vm, State *state __attribute__((unused)), Param *param)
{
    Type *type = type_from_def(vm, &cdata_carg_type);
    CArg *carg = type ? type_instance(vm, type) : NULL;
    if (!carg) {
        decref(param->keep);
        return FAIL;
    }
    carg->object = param->keep;
    carg->param = *param;
    carg->param.keep = UNDEF;
    return from_object(carg);
}

static Ref carg_repr(Vm *vm, Value self)
{
    const Param *param = &as_carg(self)->param;
    char letter[2] = {param->letter, 0}, text[64];
    int64_t integer = 0;
    const char *number = NULL;
    switch (param->letter) {
    case 'b': integer = (int8_t)param->value.bytes[0]; break;
    case 'B': integer = (uint8_t)param->value.bytes[0]; break;
    case 'h': integer = (int16_t)param->value.integer; break;
    case 'H': integer = (uint16_t)param->value.integer; break;
    case 'i': integer = (int32_t)param->value.integer; break;
    case 'I': integer = (uint32_t)param->value.integer; break;
    case 'l':
    case 'q': integer = param->value.integer; break;
    case 'L':
    case 'Q':
        snprintf(text, sizeof text, "%llu", (unsigned long long)param->value.integer);
        number = text;
        break;
    case 'f':
        return format_text(vm, "<cparam 'f' (%R)>",
                           (Value)from_any_float((double)param->value.small_number));
    case 'd':
        return format_text(vm, "<cparam 'd' (%R)>", (Value)from_any_float(param->value.number));
    case 'c':
        integer = (uint8_t)param->value.bytes[0];
        if (integer >= 32 && integer < 127 && integer != '\'' && integer != '\\')
            snprintf(text, sizeof text, "'%c'", (int)integer);
        else snprintf(text, sizeof text, "'\\x%02x'", (unsigned)integer);
        return format_text(vm, "<cparam 'c' (%s)>", text);
    case 'z':
    case 'Z':
    case 'P':
        snprintf(text, sizeof text, "0x%llx", (unsigned long long)(uintptr_t)param->value.pointer);
        number = text;
        break;
    default:
        snprintf(text, sizeof text, "%p", (const void *)as_object(self));
        return format_text(vm, "<cparam '%s' at %s>", letter, text);
    }
    if (number) return format_text(vm, "<cparam '%s' (%s)>", letter, number);
    return format_text(vm, "<cparam '%s' (%lld)>", letter, (long long)integer);
}

static Ref get_carg_object(Vm *vm __attribute__((unused)), Value self)
{
    const CArg *carg = as_carg(self);
    return absent(carg->object) ? NONE : newref(carg->object);
}
static const Attribute carg_attributes[] = {
    {"_obj", get_carg_object, NULL, "The object that the argument is about."},
    {0},
};
const TypeDef cdata_carg_type = {
    .name = "_ctypes.CArgObject",
    .doc = "An argument for a C function.",
    .size = sizeof(CArg),
    .flags = TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(CArg, object)),
    .repr = carg_repr,
    .attributes = carg_attributes,
};

/* ---- argument types ---- */

/* A class whose from_param is its metaclass's stands for itself: it needs no call. */
static Ref converter_of(Vm *vm, Value argtype, ptrdiff_t number)
{
    if (info_of_class(vm, argtype) && absent(type_lookup(vm, as_type(argtype), N(from_param))))
        return newref(argtype);
    Ref converter = attr_get_or_absent(vm, argtype, N(from_param));
    if (!absent(converter)) return converter;
    return throw(vm, TypeError, "item %zd in _argtypes_ has no from_param method", number);
}

Ref converters_of(Vm *vm, const State *state, Value argtypes)
{
    ptrdiff_t count = tuple_len(argtypes);
    if (count > ARGUMENTS_MOST)
        return throw_text(vm, state->error,
                          format_text(vm, "_argtypes_ has too many arguments (%zd), maximum is %d",
                                      count, ARGUMENTS_MOST));
    Ref out = tuple_new(vm, count);
    for (ptrdiff_t n = 0; !failed(out) && n < count; n++) {
        Ref converter = converter_of(vm, tuple_at(argtypes, n), n + 1);
        if (failed(converter)) replace(&out, FAIL);
        else as_tuple(out)->items[n] = converter;
    }
    return out;
}
