/* _cdata_field.c - members of structures and unions.
 *
 * A Field is the descriptor that a class holds under the member's name: an offset and a class; for
 * a bit-field also which bits of the integer there.
 * Neighbours: _cdata_object.c (item_get, item_set). */
/* SPDX-License-Identifier: MIT */
#include "_cdata.h"

typedef struct Field {
    Container head;
    Ref cls;  /* class of the member */
    Ref name; /* str */
    ptrdiff_t offset, size, index;
    int bit, bits; /* of a bit-field: its lowest bit, how many; bits 0: none */
    bool text;     /* an array of characters: reads as bytes or str */
    bool anonymous;
} Field;

static Field *as_field(Value v) { return (Field *)(void *)as_object(v); }

/* ---- bit-fields ---- */

static uint64_t load_unit(const Info *info, const char *memory)
{
    uint64_t bits = 0;
    size_t size = (size_t)info->size;
    for (size_t n = 0; n < size; n++) {
        size_t from = info->swapped ? size - 1 - n : n;
        bits |= (uint64_t)(uint8_t)memory[from] << (8 * n);
    }
    return bits;
}
static void store_unit(const Info *info, char *memory, uint64_t bits)
{
    size_t size = (size_t)info->size;
    for (size_t n = 0; n < size; n++)
        memory[info->swapped ? size - 1 - n : n] = (char)(bits >> (8 * n));
}

static Ref bits_load(Vm *vm, const Info *info, const Field *field, const char *memory)
{
    uint64_t bits = load_unit(info, memory) >> field->bit;
    int unused = 64 - field->bits;
    if (info->letter->sort == '?') return from_bool(bits << unused != 0);
    if (info->letter->sort == 'i') return from_int64(vm, (int64_t)(bits << unused) >> unused);
    return from_uint64(vm, bits << unused >> unused);
}

static bool bits_store(Vm *vm, const Info *info, const Field *field, char *memory, Value value)
{
    char plain[SMALL] = {0};
    Info native = *info;
    Ref keep;
    native.swapped = false;
    if (!simple_store(vm, &native, plain, value, &keep)) return false;
    uint64_t bits = load_unit(&native, plain);
    uint64_t mask = (field->bits == 64 ? ~UINT64_C(0) : (UINT64_C(1) << field->bits) - 1);
    uint64_t unit = load_unit(info, memory) & ~(mask << field->bit);
    store_unit(info, memory, unit | (bits & mask) << field->bit);
    return true;
}

/* ---- character arrays ---- */

static Ref text_load(Vm *vm, const Info *item, const char *memory, ptrdiff_t size)
{
    if (item->letter->letter == 'u') return wide_text(vm, memory, size / item->size, true);
    return bytes_from(vm, memory, (ptrdiff_t)strnlen(memory, (size_t)size));
}

static bool text_store(Vm *vm, const Info *item, char *memory, ptrdiff_t size, Value value)
{
    bool wide = item->letter->letter == 'u';
    if (wide ? !is_str(value) : !is_bytes(value)) {
        if (wide) throw(vm, TypeError, "unicode string expected instead of %T instance", value);
        else throw(vm, TypeError, "expected bytes, %T found", value);
        return false;
    }
    Ref data = wide ? wide_bytes(vm, value) : newref(value);
    if (failed(data)) return false;
    ptrdiff_t len = wide ? as_bytes(data)->len - 4 : (ptrdiff_t)strlen(as_bytes(data)->data);
    if (len > size) {
        if (wide)
            throw(vm, ValueError, "string too long (%zd, maximum length %zd)", len / 4, size / 4);
        else throw(vm, ValueError, "bytes too long (%zd, maximum length %zd)", len, size);
        decref(data);
        return false;
    }
    ptrdiff_t with_zero = len + (wide ? 4 : 1);
    memcpy(memory, as_bytes(data)->data, (size_t)(with_zero <= size ? with_zero : len));
    decref(data);
    return true;
}

/* ---- the descriptor ---- */

static Ref field_get(Vm *vm, Value self, Value object, Value type __attribute__((unused)))
{
    const Field *field = as_field(self);
    if (absent(object) || is_none(object)) return newref(self);
    if (!is_data(vm, object)) return throw(vm, TypeError, "not a ctype instance");
    Data *data = as_data(object);
    char *memory = data->memory + field->offset;
    Info *info = info_required(vm, field->cls, "abstract class");
    if (!info) return FAIL;
    if (field->bits) return bits_load(vm, info, field, memory);
    if (field->text) return text_load(vm, info_of_class(vm, info->item), memory, info->size);
    return item_get(vm, field->cls, data, field->index, memory);
}

static bool field_set(Vm *vm, Value self, Value object, Value value)
{
    const Field *field = as_field(self);
    if (absent(value)) throw(vm, TypeError, "can't delete attribute");
    else if (!is_data(vm, object)) throw(vm, TypeError, "not a ctype instance");
    if (absent(value) || !is_data(vm, object)) return false;
    Data *data = as_data(object);
    char *memory = data->memory + field->offset;
    Info *info = info_required(vm, field->cls, "abstract class");
    if (!info) return false;
    if (field->bits) return bits_store(vm, info, field, memory, value);
    if (field->text && !is_data(vm, value))
        return text_store(vm, info_of_class(vm, info->item), memory, info->size, value);
    return item_set(vm, data, field->cls, value, field->index, memory);
}

static bool is_text(Vm *vm, const Info *info)
{
    if (info->kind != INFO_ARRAY) return false;
    const Info *item = info_of_class(vm, info->item);
    return item && item->kind == INFO_SIMPLE && item->plain &&
           (item->letter->letter == 'c' || item->letter->letter == 'u');
}

NATIVE_CLASS(field_new, "new(cls, name, type, offset, index, bit=0, bits=0, anonymous=False, /)",
             "The descriptor of a member of a structure.")
{
    int64_t numbers[4];
    for (int n = 0; n < 4; n++)
        if (!int_index(vm, argv[3 + n], &numbers[n])) return FAIL;
    Info *info = info_required(vm, argv[2], "has no _stginfo_");
    Field *field = info ? type_instance(vm, as_type(argv[0])) : NULL;
    if (!field) return FAIL;
    info->final = true;
    field->name = newref(argv[1]);
    field->cls = newref(argv[2]);
    field->offset = numbers[0];
    field->index = numbers[1];
    field->bit = (int)numbers[2];
    field->bits = (int)numbers[3];
    field->size = info->size;
    field->text = is_text(vm, info);
    field->anonymous = argv[7] == TRUE;
    return from_object(field);
}

static Ref field_repr(Vm *vm, Value self)
{
    const Field *field = as_field(self);
    if (field->bits)
        return format_text(vm, "<ctypes.CField %R type=%N, ofs=%zd, bit_size=%d, bit_offset=%d>",
                           (Value)field->name, as_type(field->cls), field->offset, field->bits,
                           field->bit);
    return format_text(vm, "<ctypes.CField %R type=%N, ofs=%zd, size=%zd>", (Value)field->name,
                       as_type(field->cls), field->offset, field->size);
}

#define FIELD_GETTER(id, expression)                                                               \
    static Ref id(Vm *vm __attribute__((unused)), Value self)                                      \
    {                                                                                              \
        const Field *field = as_field(self);                                                       \
        return expression;                                                                         \
    }
FIELD_GETTER(get_name, newref(field->name))
FIELD_GETTER(get_type, newref(field->cls))
FIELD_GETTER(get_offset, from_int64(vm, field->offset))
FIELD_GETTER(get_byte_size, from_int64(vm, field->size))
FIELD_GETTER(get_size,
             from_int64(vm, field->bits ? (int64_t)field->bits << 16 | field->bit : field->size))
FIELD_GETTER(get_bit_size, from_int64(vm, field->bits ? field->bits : field->size * 8))
FIELD_GETTER(get_bit_offset, from_small(field->bit))
FIELD_GETTER(get_is_bitfield, from_bool(field->bits != 0))
FIELD_GETTER(get_is_anonymous, from_bool(field->anonymous))

static const Attribute field_attributes[] = {
    {"name", get_name, NULL, "The name."},
    {"type", get_type, NULL, "The class."},
    {"offset", get_offset, NULL, "Bytes from the start of the structure."},
    {"byte_offset", get_offset, NULL, "Bytes from the start of the structure."},
    {"size", get_size, NULL, "Bytes; of a bit-field bits << 16 | lowest bit."},
    {"byte_size", get_byte_size, NULL, "Bytes; of a bit-field those of its integer."},
    {"bit_size", get_bit_size, NULL, "Bits."},
    {"bit_offset", get_bit_offset, NULL, "The lowest bit in the integer; 0 for no bit-field."},
    {"is_bitfield", get_is_bitfield, NULL, "Is it a bit-field?"},
    {"is_anonymous", get_is_anonymous, NULL, "Are its members those of the structure too?"},
    {0},
};
const TypeDef cdata_field_type = {
    .name = "_ctypes.CField",
    .doc = "A member of a structure or union.",
    .size = sizeof(Field),
    .flags = TYPE_CONTAINER | TYPE_FINAL,
    .refs = REFS(REF(Field, cls), REF(Field, name)),
    .new = &field_new_def,
    .repr = field_repr,
    .descr_get = field_get,
    .descr_set = field_set,
    .attributes = field_attributes,
};
