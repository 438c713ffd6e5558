/* slot.c - C slots as scripts see them, and which C function a class's slot holds.
 *
 * A builtin type's slot appears in its namespace as a slot wrapper (int.__add__), bound as a method
 * wrapper.  A class made by a script inherits its base's C functions; where its MRO finds a special
 * method that is not the wrapper of one single C function, the slot gets the function of special.c
 * that calls it. Neighbours: slots.def (the pairs), special.c, type.c. */
/* SPDX-License-Identifier: MIT */
#include "object/slot.h"

#include "object/attr.h"
#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/int.h"
#include "object/memoryview.h"
#include "object/native.h"
#include "object/reduce.h"
#include "object/str.h"
#include "object/tuple.h"
#include "object/typeparts.h"

const SlotRow slot_rows[] = {
#define SLOT(special, field, wrap, operation, doc)                                                 \
    {NAME_##special, WRAP_##wrap, operation, offsetof(Slots, field), doc},
#include "object/slots.def"
};
const int slot_row_count = sizeof slot_rows / sizeof *slot_rows;

/* ---- which operators a builtin type has ---- */

#define BIT        OPERATOR_BIT
#define ARITHMETIC (BIT(ADD) | BIT(SUB) | BIT(MUL) | BIT(TRUEDIV) | BIT(POW))
#define DIVISION   (BIT(FLOORDIV) | BIT(MOD) | BIT(DIVMOD))
#define BITS       (BIT(AND) | BIT(OR) | BIT(XOR))
#define ALGEBRA    (BITS | BIT(SUB))
#define ALL_UNARY  15u

/* One function serves all operators of a type: which of them it really answers. */
static const struct {
    Kind kind;
    Operators operators;
} rows[] = {
    {KIND_INT,
     {ARITHMETIC | DIVISION | BITS | BIT(LSHIFT) | BIT(RSHIFT),
      ARITHMETIC | DIVISION | BITS | BIT(LSHIFT) | BIT(RSHIFT), 0, ALL_UNARY}},
    {KIND_BOOL, {BITS, BITS, 0, 1u << OP1_INVERT}},
    {KIND_FLOAT,
     {ARITHMETIC | DIVISION, ARITHMETIC | DIVISION, 0,
      1u << OP1_NEG | 1u << OP1_POS | 1u << OP1_ABS}},
    {KIND_COMPLEX, {ARITHMETIC, ARITHMETIC, 0, 1u << OP1_NEG | 1u << OP1_POS | 1u << OP1_ABS}},
    {KIND_STR, {BIT(ADD) | BIT(MUL) | BIT(MOD), BIT(MUL) | BIT(MOD), 0, 0}},
    {KIND_BYTES, {BIT(ADD) | BIT(MUL) | BIT(MOD), BIT(MUL) | BIT(MOD), 0, 0}},
    {KIND_BYTEARRAY, {BIT(ADD) | BIT(MUL) | BIT(MOD), BIT(MUL) | BIT(MOD), BIT(ADD) | BIT(MUL), 0}},
    {KIND_LIST, {BIT(ADD) | BIT(MUL), BIT(MUL), BIT(ADD) | BIT(MUL), 0}},
    {KIND_TUPLE, {BIT(ADD) | BIT(MUL), BIT(MUL), 0, 0}},
    {KIND_DICT, {BIT(OR), BIT(OR), BIT(OR), 0}},
    {KIND_MAPPING_PROXY, {BIT(OR), BIT(OR), BIT(OR), 0}},
    {KIND_DICT_KEYS, {ALGEBRA, ALGEBRA, 0, 0}},
    {KIND_DICT_ITEMS, {ALGEBRA, ALGEBRA, 0, 0}},
    {KIND_SET, {ALGEBRA, ALGEBRA, ALGEBRA, 0}},
    {KIND_FROZENSET, {ALGEBRA, ALGEBRA, 0, 0}},
    {KIND_TYPE, {BIT(OR), BIT(OR), 0, 0}},
    {KIND_GENERIC_ALIAS, {BIT(OR), BIT(OR), 0, 0}},
    {KIND_UNION, {BIT(OR), BIT(OR), 0, 0}},
    {KIND_TEMPLATE, {BIT(ADD), 0, 0, 0}},
};

static const Operators *operators_of(const Type *type)
{
    if (type->def->operators) return type->def->operators;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].kind == type->kind) return &rows[i].operators;
    return NULL;
}

static bool answers(const Type *type, const SlotRow *row)
{
    unsigned mask = ~0u;
    const Operators *operators = operators_of(type);
    if (!operators) return true;
    if (row->wrap == WRAP_BINARY || row->wrap == WRAP_POWER) mask = operators->binary;
    else if (row->wrap == WRAP_REFLECTED || row->wrap == WRAP_REFLECTED_POWER)
        mask = operators->reflected;
    else if (row->wrap == WRAP_INPLACE) mask = operators->inplace;
    else if (row->wrap == WRAP_UNARY) mask = operators->unary;
    return mask >> row->operation & 1;
}

bool slot_fill(Vm *vm, Type *type, Dict *dict)
{
    const TypeDef *def = type->def;
    for (const SlotRow *row = slot_rows; row < slot_rows + slot_row_count; row++) {
        SlotFunction function = slot_function(&def->slots, row);
        if (!function || row->wrap == WRAP_NONE || !answers(type, row)) continue;
        SlotWrapper *wrapper = type_instance(vm, type_builtin(vm, KIND_SLOT_WRAPPER));
        if (!wrapper) return false;
        wrapper->native = UNDEF;
        wrapper->row = row;
        wrapper->function = function;
        wrapper->owner = type;
        Ref ref = from_object(wrapper);
        bool ok = dict_set(vm, dict, vm->interp->names[row->name], ref);
        decref(ref);
        if (!ok) return false;
    }
    return !def->compare || def->hash || dict_set(vm, dict, N(__hash__), NONE);
}

bool hash_not_implemented(Vm *vm, Value self, int64_t *hash __attribute__((unused)))
{
    throw(vm, TypeError, "unhashable type: '%T'", self);
    return false;
}

/* ---- which C function a class's slot holds ---- */

static void set_slot(Type *type, size_t offset, SlotFunction function)
{
    memcpy((char *)&type->slots + offset, &function, sizeof function);
}

/* Finds the function for the field at offset from type's MRO. */
static SlotFunction choose(Vm *vm, Type *type, size_t offset)
{
    SlotFunction native = NULL;
    const SlotRow *first = NULL;
    for (const SlotRow *row = slot_rows; row < slot_rows + slot_row_count; row++) {
        if (row->offset != offset) continue;
        if (!first) first = row;
        Value found = type_lookup(vm, type, vm->interp->names[row->name]);
        if (absent(found)) continue;
        if (row->name == NAME___hash__ && is_none(found)) return (SlotFunction)hash_not_implemented;
        SlotFunction function = NULL;
        if (is_kind(found, KIND_SLOT_WRAPPER)) {
            const SlotWrapper *wrapper = as_slot_wrapper(found);
            if (row->offset == offsetof(Slots, power)) /* its wrapper stands for binary */
                function = slot_function(&wrapper->owner->slots, row);
            else if (wrapper->row == row && type_is_subtype(type, wrapper->owner))
                function = wrapper->function;
            else if (wrapper->row == row) function = NULL;
            if (!function && row->offset == offsetof(Slots, power)) continue;
        }
        if (!function || (native && native != function))
            return slot_function(&special_slots, first);
        native = function;
    }
    return native;
}

static void update_offset(Vm *vm, Type *type, size_t offset)
{
    if (offset == offsetof(Slots, release_buffer)) return; /* a script's is called beside it */
    set_slot(type, offset, choose(vm, type, offset));
    if (offset != offsetof(Slots, get_attr)) return;
    bool own = type->slots.get_attr == special_slots.get_attr;
    type->flags = own ? type->flags | TYPE_HAS_GETATTR : type->flags & ~(unsigned)TYPE_HAS_GETATTR;
}

void type_update_slots(Vm *vm, Type *type, Value name)
{
    for (const SlotRow *row = slot_rows; row < slot_rows + slot_row_count; row++)
        if (vm->interp->names[row->name] == name) update_offset(vm, type, row->offset);
}

void type_update_own_slots(Vm *vm, Type *type)
{
    if (type->base->flags & TYPE_HAS_GETATTR) type->flags |= TYPE_HAS_GETATTR;
    size_t done = SIZE_MAX;
    for (const SlotRow *row = slot_rows; row < slot_rows + slot_row_count; row++) {
        if (row->offset == done ||
            absent(dict_get_name(as_dict(type->dict), vm->interp->names[row->name])))
            continue;
        update_offset(vm, type, done = row->offset);
    }
}

void type_update_all_slots(Vm *vm, Type *type)
{
    for (int i = 0; i < slot_row_count; i++)
        if (i == 0 || slot_rows[i].offset != slot_rows[i - 1].offset)
            update_offset(vm, type, slot_rows[i].offset);
    for (ptrdiff_t i = 1; i < type_mro_len(type); i++) { /* buffers have no special method */
        const Slots *above = &as_type(tuple_at(type->mro, i))->slots;
        if (type->slots.buffer || !above->buffer) continue;
        type->slots.buffer = above->buffer;
        type->slots.release_buffer = above->release_buffer;
    }
}

/* ---- calling a C slot with a script's arguments ---- */

/* Does the call bring between least and most positional arguments, and nothing else?  Where they
 * may be others than one, CPython's words begin with the name it has not: a blank. */
static bool check_count(Vm *vm, const Args *args, int least, int most, const SlotRow *row)
{
    if (!absent(args->kwnames) && tuple_len(args->kwnames) > 0) {
        throw(vm, TypeError, "wrapper %S() takes no keyword arguments",
              (Value)vm->interp->names[row->name]);
        return false;
    }
    if (args->argc >= least && args->argc <= most) return true;
    if (least == most)
        throw(vm, TypeError, "%sexpected %d argument%s, got %d", least > 1 ? " " : "", least,
              least == 1 ? "" : "s", args->argc);
    else
        throw(vm, TypeError, " expected at %s %d argument%s, got %d",
              args->argc < least ? "least" : "most", args->argc < least ? least : most,
              (args->argc < least ? least : most) == 1 ? "" : "s", args->argc);
    return false;
}

static Ref done(bool ok) { return ok ? NONE : FAIL; }
static Ref of_truth(Truth truth) { return truth == FAILED ? FAIL : from_bool(truth == YES); }

/* The name argument of __getattribute__ and its like, interned. */
static Ref name_argument(Vm *vm, Value name)
{
    if (!is_str(name)) return throw(vm, TypeError, "attribute name must be string, not '%T'", name);
    return str_intern(vm, newref(name));
}

/* object.__setattr__(int, ...): a base's way to set attributes is no way around that of a builtin
 * type. */
static bool may_set_attr(Vm *vm, const SlotRow *row, const Slots *slots, Value self)
{
    const Type *type = type_of(vm, self);
    while (type->flags & TYPE_HEAP) type = type->base;
    if (type->slots.set_attr == slots->set_attr) return true;
    throw(vm, TypeError, "can't apply this %s to %T object",
          row->wrap == WRAP_SET_ATTR ? "__setattr__" : "__delattr__", self);
    return false;
}

static Ref invoke_attr(Vm *vm, const SlotRow *row, const Slots *slots, Value self, Value *argv)
{
    if (row->wrap != WRAP_GET_ATTR && !may_set_attr(vm, row, slots, self)) return FAIL;
    Ref name = name_argument(vm, argv[0]);
    if (failed(name)) return FAIL;
    Ref out;
    if (row->wrap == WRAP_GET_ATTR) out = slots->get_attr(vm, self, name);
    else out = done(slots->set_attr(vm, self, name, row->wrap == WRAP_SET_ATTR ? argv[1] : UNDEF));
    decref(name);
    return out;
}

static Ref invoke_next(Vm *vm, const Slots *slots, Value self)
{
    Ref value = slots->next(vm, self);
    return absent(value) ? throw_value(vm, StopIteration, UNDEF) : value;
}

static Ref invoke_power(Vm *vm, const SlotRow *row, const Slots *slots, Value self,
                        const Args *args)
{
    Value a = self, b = args->argv[0];
    if (row->wrap == WRAP_REFLECTED_POWER) a = b, b = self;
    if (args->argc == 1 || is_none(args->argv[1])) return slots->binary(vm, OP2_POW, a, b);
    Ref (*power)(Vm *, Value, Value, Value) = type_of(vm, self)->slots.power;
    return power ? power(vm, a, b, args->argv[1]) : NOT_IMPLEMENTED;
}

static Ref invoke_descr_get(Vm *vm, const Slots *slots, Value self, const Args *args)
{
    Value object = args->argv[0], type = args->argc > 1 ? args->argv[1] : NONE;
    if (is_none(object) && is_none(type))
        return throw(vm, TypeError, "__get__(None, None) is invalid");
    if (is_none(type)) type = borrow(type_of(vm, object));
    bool through_class = is_none(object) && type != borrow(type_builtin(vm, KIND_NONE));
    return slots->descr_get(vm, self, through_class ? UNDEF : object, type);
}

static Ref invoke_format(Vm *vm, const Slots *slots, Value self, Value spec)
{
    if (!is_str(spec))
        return throw(vm, TypeError, "__format__() argument must be str, not %A", spec);
    return slots->format(vm, self, spec);
}

static bool count_for(Vm *vm, const SlotRow *row, const Args *args)
{
    switch ((SlotWrap)row->wrap) {
    case WRAP_CALL: return true;
    case WRAP_VALUE:
    case WRAP_HASH:
    case WRAP_NEXT:
    case WRAP_LEN:
    case WRAP_TRUTH:
    case WRAP_UNARY: return check_count(vm, args, 0, 0, row);
    case WRAP_SET_ATTR:
    case WRAP_SET_ITEM:
    case WRAP_DESCR_SET: return check_count(vm, args, 2, 2, row);
    case WRAP_DESCR_GET:
    case WRAP_POWER:
    case WRAP_REFLECTED_POWER: return check_count(vm, args, 1, 2, row);
    default: return check_count(vm, args, 1, 1, row);
    }
}

Ref slot_invoke(Vm *vm, const SlotRow *row, SlotFunction function, Value self, const Args *args)
{
    if (!count_for(vm, row, args)) return FAIL;
    Slots slots;
    memcpy((char *)&slots + row->offset, &function,
           sizeof function); /* only this field is looked at */
    Value *argv = args->argv;
    int64_t hash;
    ptrdiff_t len;
    switch ((SlotWrap)row->wrap) {
    case WRAP_NONE: break;
    case WRAP_VALUE: return ((Ref(*)(Vm *, Value))(void *)function)(vm, self);
    case WRAP_ONE:
        if (row->name == NAME___format__) return invoke_format(vm, &slots, self, argv[0]);
        return slots.get_item(vm, self, argv[0]);
    case WRAP_HASH: return slots.hash(vm, self, &hash) ? from_int64(vm, hash) : FAIL;
    case WRAP_CALL: return slots.call(vm, self, args);
    case WRAP_GET_ATTR:
    case WRAP_SET_ATTR:
    case WRAP_DEL_ATTR: return invoke_attr(vm, row, &slots, self, argv);
    case WRAP_COMPARE: return slots.compare(vm, self, argv[0], (CompareOp)row->operation);
    case WRAP_NEXT: return invoke_next(vm, &slots, self);
    case WRAP_DESCR_GET: return invoke_descr_get(vm, &slots, self, args);
    case WRAP_DESCR_SET: return done(slots.descr_set(vm, self, argv[0], argv[1]));
    case WRAP_DESCR_DELETE: return done(slots.descr_set(vm, self, argv[0], UNDEF));
    case WRAP_LEN: return (len = slots.len(vm, self)) < 0 ? FAIL : from_int64(vm, len);
    case WRAP_SET_ITEM: return done(slots.set_item(vm, self, argv[0], argv[1]));
    case WRAP_DEL_ITEM: return done(slots.set_item(vm, self, argv[0], UNDEF));
    case WRAP_CONTAINS: return of_truth(slots.contains(vm, self, argv[0]));
    case WRAP_TRUTH: return of_truth(slots.truth(vm, self));
    case WRAP_UNARY: return slots.unary(vm, (UnaryOp)row->operation, self);
    case WRAP_BINARY: return slots.binary(vm, (BinaryOp)row->operation, self, argv[0]);
    case WRAP_REFLECTED: return slots.binary(vm, (BinaryOp)row->operation, argv[0], self);
    case WRAP_POWER:
    case WRAP_REFLECTED_POWER: return invoke_power(vm, row, &slots, self, args);
    case WRAP_INPLACE: return slots.inplace(vm, (BinaryOp)row->operation, self, argv[0]);
    case WRAP_BUFFER: return memoryview_from(vm, self, slots.buffer, argv[0]);
    case WRAP_RELEASE: return memoryview_give_back(vm, argv[0]);
    }
    return FAIL;
}

/* ---- slot wrappers ---- */

static Value row_name(const Vm *vm, const SlotWrapper *wrapper)
{
    return wrapper->row ? vm->interp->names[wrapper->row->name] : N(__init__);
}

Ref slot_wrapper_of_init(Vm *vm, Value native, Type *owner)
{
    SlotWrapper *wrapper = type_instance(vm, type_builtin(vm, KIND_SLOT_WRAPPER));
    if (!wrapper) return FAIL;
    wrapper->owner = owner;
    wrapper->native = newref(native);
    return from_object(wrapper);
}

static Ref slot_wrapper_call(Vm *vm, Value self, const Args *args)
{
    const SlotWrapper *wrapper = as_slot_wrapper(self);
    if (args->argc == 0)
        return throw(vm, TypeError, "descriptor '%S' of '%F' object needs an argument",
                     row_name(vm, wrapper), wrapper->owner);
    if (!type_has_instance(vm, wrapper->owner, args->argv[0]))
        return throw(vm, TypeError, "descriptor '%S' requires a '%F' object but received a '%T'",
                     row_name(vm, wrapper), wrapper->owner, args->argv[0]);
    if (!wrapper->row) return native_call(vm, as_native(wrapper->native), args);
    Args rest = {args->argv + 1, args->argc - 1, args->kwnames};
    return slot_invoke(vm, wrapper->row, wrapper->function, args->argv[0], &rest);
}

static Ref slot_wrapper_repr(Vm *vm, Value self)
{
    const SlotWrapper *wrapper = as_slot_wrapper(self);
    return format_text(vm, "<slot wrapper '%S' of '%F' objects>", row_name(vm, wrapper),
                       wrapper->owner);
}

static Ref slot_wrapper_get(Vm *vm, Value self, Value object, Value type __attribute__((unused)))
{
    const SlotWrapper *wrapper = as_slot_wrapper(self);
    if (absent(object)) return newref(self);
    if (!type_has_instance(vm, wrapper->owner, object))
        return throw(vm, TypeError,
                     "descriptor '%S' for '%F' objects doesn't apply to a '%T' object",
                     row_name(vm, wrapper), wrapper->owner, object);
    MethodWrapper *bound = type_instance(vm, type_builtin(vm, KIND_METHOD_WRAPPER));
    if (!bound) return FAIL;
    bound->wrapper = newref(self);
    bound->self = newref(object);
    return from_object(bound);
}

static Ref get_name(Vm *vm, Value self) { return newref(row_name(vm, as_slot_wrapper(self))); }
static Ref get_qualname(Vm *vm, Value self)
{
    const SlotWrapper *wrapper = as_slot_wrapper(self);
    return format_text(vm, "%S.%S", (Value)wrapper->owner->qualname, row_name(vm, wrapper));
}
static Ref get_doc(Vm *vm, Value self)
{
    const SlotWrapper *wrapper = as_slot_wrapper(self);
    return wrapper->row ? str_from(vm, wrapper->row->doc)
                        : attr_get(vm, wrapper->native, N(__doc__));
}
static Ref get_owner(Vm *vm __attribute__((unused)), Value self)
{
    return newref(borrow(as_slot_wrapper(self)->owner));
}
static Ref get_text_signature(Vm *vm, Value self)
{
    static const char *const texts[] = {
        [WRAP_CALL] = "($self, /, *args, **kwargs)",
        [WRAP_SET_ATTR] = "($self, name, value, /)",
        [WRAP_GET_ATTR] = "($self, name, /)",
        [WRAP_DEL_ATTR] = "($self, name, /)",
        [WRAP_SET_ITEM] = "($self, key, value, /)",
        [WRAP_DEL_ITEM] = "($self, key, /)",
        [WRAP_CONTAINS] = "($self, key, /)",
        [WRAP_COMPARE] = "($self, value, /)",
        [WRAP_BINARY] = "($self, value, /)",
        [WRAP_REFLECTED] = "($self, value, /)",
        [WRAP_INPLACE] = "($self, value, /)",
        [WRAP_POWER] = "($self, value, mod=None, /)",
        [WRAP_REFLECTED_POWER] = "($self, value, mod=None, /)",
        [WRAP_DESCR_GET] = "($self, instance, owner=None, /)",
        [WRAP_DESCR_SET] = "($self, instance, value, /)",
        [WRAP_DESCR_DELETE] = "($self, instance, /)",
        [WRAP_ONE] = "($self, key, /)",
        [WRAP_BUFFER] = "($self, flags, /)",
        [WRAP_RELEASE] = "($self, buffer, /)",
    };
    const SlotWrapper *wrapper = as_slot_wrapper(self);
    if (!wrapper->row) return attr_get_text(vm, wrapper->native, "__text_signature__");
    const char *text = texts[wrapper->row->wrap];
    return str_from(vm, text ? text : "($self, /)");
}

/* ---- method wrappers ---- */

static MethodWrapper *as_method_wrapper(Value v) { return (MethodWrapper *)as_object(v); }
static SlotWrapper *wrapper_of(Value v) { return as_slot_wrapper(as_method_wrapper(v)->wrapper); }

static Ref method_wrapper_call(Vm *vm, Value self, const Args *args)
{
    const SlotWrapper *wrapper = wrapper_of(self);
    Value object = as_method_wrapper(self)->self;
    if (wrapper->row) return slot_invoke(vm, wrapper->row, wrapper->function, object, args);
    Ref bound = native_bind(vm, as_native(wrapper->native), object);
    Ref out = failed(bound) ? FAIL : native_call(vm, as_native(bound), args);
    decref(bound);
    return out;
}

static Ref method_wrapper_repr(Vm *vm, Value self)
{
    char address[32];
    snprintf(address, sizeof address, "%#llx",
             (unsigned long long)bits_of(as_method_wrapper(self)->self));
    return format_text(vm, "<method-wrapper '%S' of %T object at %s>",
                       row_name(vm, wrapper_of(self)), (Value)as_method_wrapper(self)->self,
                       address);
}

static Ref method_wrapper_compare(Vm *vm __attribute__((unused)), Value a, Value b, CompareOp op)
{
    if (!is_kind(b, KIND_METHOD_WRAPPER) || (op != CMP_EQUAL && op != CMP_NOT_EQUAL))
        return NOT_IMPLEMENTED;
    const MethodWrapper *x = as_method_wrapper(a), *y = as_method_wrapper(b);
    bool same = x->wrapper == y->wrapper && x->self == y->self;
    return from_bool(same == (op == CMP_EQUAL));
}

static bool method_wrapper_hash(Vm *vm __attribute__((unused)), Value self, int64_t *hash)
{
    *hash = (int64_t)(bits_of(as_method_wrapper(self)->self) >> 4 ^
                      bits_of(as_method_wrapper(self)->wrapper));
    return true;
}

static Ref bound_name(Vm *vm, Value self) { return get_name(vm, as_method_wrapper(self)->wrapper); }
static Ref bound_qualname(Vm *vm, Value self)
{
    return get_qualname(vm, as_method_wrapper(self)->wrapper);
}
static Ref bound_doc(Vm *vm, Value self) { return get_doc(vm, as_method_wrapper(self)->wrapper); }
static Ref bound_owner(Vm *vm, Value self)
{
    return get_owner(vm, as_method_wrapper(self)->wrapper);
}
static Ref bound_self(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_method_wrapper(self)->self);
}
static Ref bound_signature(Vm *vm, Value self)
{
    return get_text_signature(vm, as_method_wrapper(self)->wrapper);
}

/* ---- taken apart ---- */

NATIVE(slot_wrapper_reduce, "__reduce__(self, /)", "Helper for pickle.")
{
    const SlotWrapper *wrapper = as_slot_wrapper(argv[0]);
    return reduce_to_getattr(vm, borrow(wrapper->owner), row_name(vm, wrapper));
}

NATIVE(method_wrapper_reduce, "__reduce__(self, /)", "Helper for pickle.")
{
    return reduce_to_getattr(vm, as_method_wrapper(argv[0])->self,
                             row_name(vm, wrapper_of(argv[0])));
}

/* ---- tables ---- */

static const Native *const slot_wrapper_methods[] = {&slot_wrapper_reduce_def, NULL};
static const Attribute slot_wrapper_attributes[] = {
    {"__name__", get_name, NULL, "the special method's name"},
    {"__qualname__", get_qualname, NULL, "with its class"},
    {"__doc__", get_doc, NULL, "its documentation"},
    {"__objclass__", get_owner, NULL, "the class"},
    {"__text_signature__", get_text_signature, NULL, "its parameters"},
    {0},
};

const TypeDef slot_wrapper_type = {
    .name = "wrapper_descriptor",
    .size = sizeof(SlotWrapper),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW,
    .doc = "A C slot of a type as a method.",
    .refs = REFS(REF(SlotWrapper, native)),
    .call = slot_wrapper_call,
    .repr = slot_wrapper_repr,
    .descr_get = slot_wrapper_get,
    .methods = slot_wrapper_methods,
    .attributes = slot_wrapper_attributes,
};

static const Native *const method_wrapper_methods[] = {&method_wrapper_reduce_def, NULL};
static const Attribute method_wrapper_attributes[] = {
    {"__name__", bound_name, NULL, "the special method's name"},
    {"__qualname__", bound_qualname, NULL, "with its class"},
    {"__doc__", bound_doc, NULL, "its documentation"},
    {"__objclass__", bound_owner, NULL, "the class"},
    {"__self__", bound_self, NULL, "the object it is bound to"},
    {"__text_signature__", bound_signature, NULL, "its parameters"},
    {0},
};

const TypeDef method_wrapper_type = {
    .name = "method-wrapper",
    .size = sizeof(MethodWrapper),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW,
    .doc = "A C slot of an object as a bound method.",
    .refs = REFS(REF(MethodWrapper, wrapper), REF(MethodWrapper, self)),
    .call = method_wrapper_call,
    .repr = method_wrapper_repr,
    .compare = method_wrapper_compare,
    .hash = method_wrapper_hash,
    .methods = method_wrapper_methods,
    .attributes = method_wrapper_attributes,
};
