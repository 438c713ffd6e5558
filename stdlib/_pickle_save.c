/* _pickle_save.c - writing objects of builtin types.
 *
 * Atoms are written at once; everything else is looked for in the memo first, and is put there as
 * soon as it can be referred to: a list before its items, a tuple behind them (its items may lead
 * back to it: then they are dropped again and the memo's tuple taken).
 * What an object is asked for may run script code: items are held while they are written, sizes
 * compared afterwards.
 * Neighbours: _pickle_output.c (bytes), _pickle_reduce.c (all other types). */
/* SPDX-License-Identifier: MIT */
#include "_pickle.h"

enum { BATCH = 1000 };

/* ---- numbers ---- */

/* An int as the fewest bytes of its two's complement. */
static bool save_long(Vm *vm, Pickler *self, Value v)
{
    IntView view;
    mpz_srcptr number = int_view(&view, v);
    mpz_t inverted; /* -n - 1: as many bits, and the inverted bytes of n */
    bool negative = mpz_sgn(number) < 0;
    mpz_init(inverted);
    if (negative) mpz_com(inverted, number);
    else mpz_set(inverted, number);
    ptrdiff_t len = (ptrdiff_t)(mpz_sizeinbase(inverted, 2) / 8 + 1);
    char *data = memory_zeroed(vm, (size_t)len);
    if (data) mpz_export(data, NULL, -1, 1, 0, 0, inverted);
    mpz_clear(inverted);
    if (!data) return false;
    for (ptrdiff_t n = 0; negative && n < len; n++) data[n] = (char)~data[n];
    bool good = len <= INT32_MAX;
    if (!good) throw(vm, OverflowError, "int too large to pickle");
    good = good && (len < 256 ? output_number(vm, self, OP_LONG1, (uint64_t)len, 1)
                              : output_number(vm, self, OP_LONG4, (uint64_t)len, 4));
    good = good && output_put(vm, self, data, len);
    memory_free(data);
    return good;
}

/* The repr of a number in a line. */
static bool save_repr(Vm *vm, Pickler *self, int opcode, Value v, const char *suffix)
{
    Ref text = value_repr(vm, v);
    if (failed(text)) return false;
    const Str *s = as_str(text);
    bool good = output_byte(vm, self, opcode) && output_put(vm, self, s->data, s->len) &&
                output_put(vm, self, suffix, (ptrdiff_t)strlen(suffix));
    decref(text);
    return good;
}

static bool save_int(Vm *vm, Pickler *self, Value v)
{
    int overflow = 0;
    int64_t number = int_value(v, &overflow);
    if (overflow || number != (int32_t)number)
        return self->protocol >= 2 ? save_long(vm, self, v)
                                   : save_repr(vm, self, OP_LONG, v, "L\n");
    if (!self->binary) return save_repr(vm, self, OP_INT, v, "\n");
    if (number >= 0 && number <= UINT8_MAX)
        return output_number(vm, self, OP_BININT1, (uint64_t)number, 1);
    if (number >= 0 && number <= UINT16_MAX)
        return output_number(vm, self, OP_BININT2, (uint64_t)number, 2);
    return output_number(vm, self, OP_BININT, (uint64_t)number, 4);
}

static bool save_bool(Vm *vm, Pickler *self, bool truth)
{
    if (self->protocol >= 2) return output_byte(vm, self, truth ? OP_NEWTRUE : OP_NEWFALSE);
    return output_line(vm, self, OP_INT, truth ? "01" : "00", 2);
}

static bool save_float(Vm *vm, Pickler *self, double number)
{
    if (!self->binary) {
        char text[DOUBLE_REPR_MAX];
        return output_line(vm, self, OP_FLOAT, text, double_repr(number, text));
    }
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return output_number(vm, self, OP_BINFLOAT, __builtin_bswap64(bits), 8);
}

/* ---- text and bytes ---- */

/* A header of the opcode that fits len, then data; opcode 0: there is none for that size. */
static bool save_counted(Vm *vm, Pickler *self, const int opcodes[3], const char *data,
                         ptrdiff_t len, Value payload)
{
    int width = len <= UINT8_MAX && opcodes[0] ? 1 : len <= (ptrdiff_t)UINT32_MAX ? 4 : 8;
    int opcode = opcodes[width == 1 ? 0 : width == 4 ? 1 : 2];
    if (!opcode) {
        throw(vm, OverflowError,
              "serializing a %s larger than 4 GiB requires pickle protocol 4 or higher",
              opcodes[1] == OP_BINBYTES ? "bytes object" : "string");
        return false;
    }
    if (width == 1)
        return output_number(vm, self, opcode, (uint64_t)len, 1) && output_put(vm, self, data, len);
    char header[9] = {(char)opcode};
    for (int n = 0; n < width; n++) header[1 + n] = (char)((uint64_t)len >> 8 * n);
    return output_payload(vm, self, header, 1 + width, data, len, payload);
}

static bool save_bytes_data(Vm *vm, Pickler *self, const char *data, ptrdiff_t len, Value payload)
{
    const int opcodes[] = {OP_SHORT_BINBYTES, OP_BINBYTES, self->protocol >= 4 ? OP_BINBYTES8 : 0};
    return save_counted(vm, self, opcodes, data, len, payload);
}

static bool save_bytearray_data(Vm *vm, Pickler *self, const char *data, ptrdiff_t len,
                                Value payload)
{
    char header[9] = {(char)OP_BYTEARRAY8};
    for (int n = 0; n < 8; n++) header[1 + n] = (char)((uint64_t)len >> 8 * n);
    return output_payload(vm, self, header, sizeof header, data, len, payload);
}

static bool save_bytes(Vm *vm, Pickler *self, Value v)
{
    const Bytes *bytes = as_bytes(v);
    if (self->protocol >= 3)
        return save_bytes_data(vm, self, bytes->data, bytes->len, v) && memo_add(vm, self, v);
    if (bytes->len == 0) return save_call(vm, self, borrow(type_of(vm, v)), tuple_new(vm, 0), v);
    Ref encode = pickle_import(vm, "codecs", "encode"), text = FAIL, name = FAIL, args = FAIL;
    if (!failed(encode)) text = codec_decode(vm, bytes->data, bytes->len, "latin-1", NULL);
    if (!failed(text)) name = str_interned(vm, "latin1");
    if (!failed(name)) args = tuple_pack(vm, 2, (Value)text, (Value)name);
    bool good = !failed(args) && save_call(vm, self, encode, take(&args), v);
    decref(name);
    decref(text);
    decref(encode);
    return good;
}

static bool save_bytearray(Vm *vm, Pickler *self, Value v)
{
    const ByteArray *array = as_bytearray(v);
    Ref copy = bytes_from(vm, array->data ? array->data : "", array->len);
    if (failed(copy)) return false;
    const Bytes *bytes = as_bytes(copy);
    bool good;
    if (self->protocol >= 5)
        good =
            save_bytearray_data(vm, self, bytes->data, bytes->len, copy) && memo_add(vm, self, v);
    else
        good = save_call(vm, self, borrow(type_of(vm, v)),
                         bytes->len ? tuple_pack(vm, 1, (Value)copy) : tuple_new(vm, 0), v);
    decref(copy);
    return good;
}

/* The bytes of a buffer in the pickle itself. */
static bool save_in_band(Vm *vm, Pickler *self, Value view)
{
    Buffer buffer;
    if (!buffer_get(vm, view, &buffer, false)) return false;
    bool good = buffer.readonly ? save_bytes_data(vm, self, buffer.data, buffer.len, UNDEF)
                                : save_bytearray_data(vm, self, buffer.data, buffer.len, UNDEF);
    buffer_release(vm, &buffer);
    return good;
}

static bool save_buffer(Vm *vm, Pickler *self, Value v)
{
    if (self->protocol < 5) {
        PICKLING_ERROR(self, "PickleBuffer can only be pickled with protocol >= 5");
        return false;
    }
    Ref view = pickle_buffer_raw(vm, v);
    if (failed(view)) {
        if (error_is(vm, BufferError)) {
            error_clear(vm);
            PICKLING_ERROR(self, "PickleBuffer can not be pickled when pointing to a "
                                 "non-contiguous buffer");
        }
        return false;
    }
    Truth in_band = YES;
    if (!absent(self->buffer_callback)) {
        Ref answer = call1(vm, self->buffer_callback, v);
        in_band = failed(answer) ? FAILED : value_truth(vm, answer);
        decref(answer);
    }
    Buffer buffer;
    bool good = in_band != FAILED;
    if (in_band == YES) {
        good = save_in_band(vm, self, view);
    } else if (in_band == NO && (good = buffer_get(vm, view, &buffer, false))) {
        bool readonly = buffer.readonly;
        buffer_release(vm, &buffer);
        good = output_byte(vm, self, OP_NEXT_BUFFER) &&
               (!readonly || output_byte(vm, self, OP_READONLY_BUFFER));
    }
    decref(view);
    return good;
}

/* The points of a str as UTF-8 that may hold lone surrogates; to be freed. */
static char *wide_utf8(Vm *vm, const Str *s, ptrdiff_t *len)
{
    char *data = memory_new(vm, (size_t)s->len * UTF8_MAX_BYTES);
    *len = 0;
    for (ptrdiff_t i = 0; data && i < s->len; i++) *len += utf8_encode(data + *len, str_at(s, i));
    return data;
}

/* A character of protocol 0: Latin-1 as it is, all else, and what ends a line, with an escape. */
static bool put_escaped(Vm *vm, Pickler *self, uint32_t c)
{
    bool plain = c < 256 && c != '\\' && c != 0 && c != '\n' && c != '\r' && c != 0x1A;
    if (plain) return output_byte(vm, self, (int)c);
    char text[16];
    int len = snprintf(text, sizeof text, c > 0xFFFF ? "\\U%08x" : "\\u%04x", (unsigned)c);
    return output_put(vm, self, text, len);
}

static bool save_str(Vm *vm, Pickler *self, Value v)
{
    const Str *s = as_str(v);
    bool good;
    if (self->binary) {
        const int opcodes[] = {self->protocol >= 4 ? OP_SHORT_BINUNICODE : 0, OP_BINUNICODE,
                               self->protocol >= 4 ? OP_BINUNICODE8 : 0};
        ptrdiff_t len = s->len;
        char *data = s->ascii ? NULL : wide_utf8(vm, s, &len);
        if (!s->ascii && !data) return false;
        good = save_counted(vm, self, opcodes, data ? data : s->data, len, UNDEF);
        memory_free(data);
    } else {
        good = output_byte(vm, self, OP_UNICODE);
        for (ptrdiff_t i = 0; good && i < s->len; i++) good = put_escaped(vm, self, str_at(s, i));
        good = good && output_byte(vm, self, '\n');
    }
    return good && memo_add(vm, self, v);
}

/* ---- containers ---- */

/* pickle_save of what its container may let go meanwhile. */
static bool save_item(Vm *vm, Pickler *self, Value item)
{
    Ref held = newref(item);
    bool good = pickle_save(vm, self, held);
    decref(held);
    return good;
}

static bool changed(Vm *vm, const char *what)
{
    throw(vm, RuntimeError, "%s changed size during iteration", what);
    return false;
}

/* The items led back to the tuple itself: they are dropped, the memo has it. */
static bool save_known_tuple(Vm *vm, Pickler *self, ptrdiff_t len, bool marked, ptrdiff_t index)
{
    bool good = true;
    if (marked && self->binary) good = output_byte(vm, self, OP_POP_MARK);
    else
        for (ptrdiff_t n = 0; good && n < len + marked; n++) good = output_byte(vm, self, OP_POP);
    return good && memo_write_get(vm, self, index);
}

static bool save_tuple(Vm *vm, Pickler *self, Value v)
{
    ptrdiff_t len = tuple_len(v);
    if (len == 0)
        return self->binary ? output_byte(vm, self, OP_EMPTY_TUPLE)
                            : output_put(vm, self, (char[]){OP_MARK, OP_TUPLE}, 2);
    bool marked = len > 3 || self->protocol < 2;
    if (marked && !output_byte(vm, self, OP_MARK)) return false;
    for (ptrdiff_t n = 0; n < len; n++)
        if (!pickle_save(vm, self, tuple_at(v, n))) return false;
    ptrdiff_t index = memo_find(self, v);
    if (index >= 0) return save_known_tuple(vm, self, len, marked, index);
    return output_byte(vm, self, marked ? OP_TUPLE : OP_TUPLE1 + (int)len - 1) &&
           memo_add(vm, self, v);
}

/* Begins an empty list or dict that its items follow. */
static bool save_empty(Vm *vm, Pickler *self, Value v, char empty, char marked)
{
    bool good = self->binary ? output_byte(vm, self, empty)
                             : output_put(vm, self, (char[]){OP_MARK, marked}, 2);
    return good && memo_add(vm, self, v);
}

bool save_batches(Vm *vm, Pickler *self, Value iterator)
{
    for (;;) {
        Ref item = iter_next(vm, iterator), next = UNDEF;
        if (failed(item)) return false;
        if (absent(item)) return true;
        if (self->binary) next = iter_next(vm, iterator);
        bool good = !failed(next), many = good && !absent(next);
        int count = 0;
        good = good && (!many || output_byte(vm, self, OP_MARK)) && pickle_save(vm, self, item);
        for (count = 1; good && many && !absent(next); count++) {
            good = pickle_save(vm, self, next);
            if (count + 1 == BATCH) replace(&next, UNDEF);
            else if (good) replace(&next, iter_next(vm, iterator));
            good = good && !failed(next);
        }
        decref(next);
        decref(item);
        if (!good || !output_byte(vm, self, many ? OP_APPENDS : OP_APPEND)) return false;
        if (self->binary && count < BATCH) return true;
    }
}

static bool save_list_items(Vm *vm, Pickler *self, List *list)
{
    if (list->len == 1)
        return save_item(vm, self, list_at(list, 0)) && output_byte(vm, self, OP_APPEND);
    for (ptrdiff_t n = 0; n < list->len;) {
        if (!output_byte(vm, self, OP_MARK)) return false;
        for (ptrdiff_t end = n + BATCH; n < end && n < list->len; n++)
            if (!save_item(vm, self, list_at(list, n))) return false;
        if (!output_byte(vm, self, OP_APPENDS)) return false;
    }
    return true;
}

static bool save_list(Vm *vm, Pickler *self, Value v)
{
    if (!save_empty(vm, self, v, OP_EMPTY_LIST, OP_LIST)) return false;
    if (self->binary) return save_list_items(vm, self, as_list(v));
    Ref iterator = iter_of(vm, v);
    bool good = !failed(iterator) && save_batches(vm, self, iterator);
    decref(iterator);
    return good;
}

static bool save_pair(Vm *vm, Pickler *self, Value pair)
{
    if (!is_tuple(pair) || tuple_len(pair) != 2) {
        throw(vm, TypeError, "dict items iterator must return 2-tuples");
        return false;
    }
    return pickle_save(vm, self, tuple_at(pair, 0)) && pickle_save(vm, self, tuple_at(pair, 1));
}

bool save_pair_batches(Vm *vm, Pickler *self, Value iterator)
{
    for (;;) {
        Ref pair = iter_next(vm, iterator), next = UNDEF;
        if (failed(pair)) return false;
        if (absent(pair)) return true;
        if (self->binary) next = iter_next(vm, iterator);
        bool good = !failed(next), many = good && !absent(next);
        int count = 0;
        good = good && (!many || output_byte(vm, self, OP_MARK)) && save_pair(vm, self, pair);
        for (count = 1; good && many && !absent(next); count++) {
            good = save_pair(vm, self, next);
            if (count + 1 == BATCH) replace(&next, UNDEF);
            else if (good) replace(&next, iter_next(vm, iterator));
            good = good && !failed(next);
        }
        decref(next);
        decref(pair);
        if (!good || !output_byte(vm, self, many ? OP_SETITEMS : OP_SETITEM)) return false;
        if (self->binary && count < BATCH) return true;
    }
}

static bool save_entry(Vm *vm, Pickler *self, Value key, Value value)
{
    Ref held_key = newref(key), held_value = newref(value);
    bool good = pickle_save(vm, self, held_key) && pickle_save(vm, self, held_value);
    decref(held_value);
    decref(held_key);
    return good;
}

static bool save_dict_items(Vm *vm, Pickler *self, Dict *dict)
{
    ptrdiff_t at = 0, len = dict->len, left = len;
    Value key, value;
    if (len == 1)
        return dict_next(dict, &at, &key, &value) && save_entry(vm, self, key, value) &&
               output_byte(vm, self, OP_SETITEM);
    while (left > 0) {
        if (!output_byte(vm, self, OP_MARK)) return false;
        for (int n = 0; n < BATCH && dict_next(dict, &at, &key, &value); n++, left--) {
            if (!save_entry(vm, self, key, value)) return false;
            if (dict->len != len) return changed(vm, "dictionary");
        }
        if (!output_byte(vm, self, OP_SETITEMS)) return false;
        if (left > 0 && at >= dict->used) return changed(vm, "dictionary");
    }
    return true;
}

static bool save_dict(Vm *vm, Pickler *self, Value v)
{
    if (!save_empty(vm, self, v, OP_EMPTY_DICT, OP_DICT)) return false;
    if (self->binary) return save_dict_items(vm, self, as_dict(v));
    Ref items = call_method(vm, v, N(items), 0, NULL);
    Ref iterator = failed(items) ? FAIL : iter_of(vm, items);
    bool good = !failed(iterator) && save_pair_batches(vm, self, iterator);
    decref(iterator);
    decref(items);
    return good;
}

static bool save_set_items(Vm *vm, Pickler *self, Set *set)
{
    ptrdiff_t at = 0, len = set->len, left = len;
    Value key;
    while (left > 0) {
        if (!output_byte(vm, self, OP_MARK)) return false;
        for (int n = 0; n < BATCH && set_next(set, &at, &key); n++, left--) {
            if (!save_item(vm, self, key)) return false;
            if (set->len != len) return changed(vm, "set");
        }
        if (!output_byte(vm, self, OP_ADDITEMS)) return false;
        if (left > 0 && at >= set->size) return changed(vm, "set");
    }
    return true;
}

static bool save_set(Vm *vm, Pickler *self, Value v)
{
    bool frozen = is_kind(v, KIND_FROZENSET);
    if (self->protocol < 4) {
        Ref items = list_from(vm, v), args = failed(items) ? FAIL : tuple_pack(vm, 1, (Value)items);
        decref(items);
        return !failed(args) && save_call(vm, self, borrow(type_of(vm, v)), take(&args), v);
    }
    if (!frozen)
        return output_byte(vm, self, OP_EMPTY_SET) && memo_add(vm, self, v) &&
               save_set_items(vm, self, as_set(v));
    if (!output_byte(vm, self, OP_MARK)) return false;
    Value key;
    for (ptrdiff_t at = 0; set_next(as_set(v), &at, &key);)
        if (!save_item(vm, self, key)) return false;
    ptrdiff_t index = memo_find(self, v);
    if (index >= 0) return output_byte(vm, self, OP_POP_MARK) && memo_write_get(vm, self, index);
    return output_byte(vm, self, OP_FROZENSET) && memo_add(vm, self, v);
}

/* ---- any object ---- */

/* YES: written for persistent_load(); NO: it is to be pickled. */
static Truth save_persistent(Vm *vm, Pickler *self, Value v)
{
    Ref id = call1(vm, self->persistent_id, v);
    if (failed(id)) return FAILED;
    if (is_none(id)) return NO;
    bool good = false;
    if (self->binary) {
        good = pickle_save_plainly(vm, self, id) && output_byte(vm, self, OP_BINPERSID);
    } else {
        Ref text = value_str(vm, id);
        if (!failed(text) && !as_str(text)->ascii)
            PICKLING_ERROR(self, "persistent IDs in protocol 0 must be ASCII strings");
        else if (!failed(text))
            good = output_line(vm, self, OP_PERSID, as_str(text)->data, as_str(text)->len);
        decref(text);
    }
    decref(id);
    return good ? YES : FAILED;
}

/* What lies on the C stack. */
static bool save_nested(Vm *vm, Pickler *self, Value v)
{
    if (!is_exact(v, (Kind)as_object(v)->kind)) return save_other(vm, self, v);
    switch ((Kind)as_object(v)->kind) {
    case KIND_LIST: return save_list(vm, self, v);
    case KIND_DICT: return save_dict(vm, self, v);
    case KIND_TUPLE: return save_tuple(vm, self, v);
    case KIND_SET:
    case KIND_FROZENSET: return save_set(vm, self, v);
    case KIND_BYTEARRAY: return save_bytearray(vm, self, v);
    default: return save_other(vm, self, v);
    }
}

static bool save_deep(Vm *vm, Pickler *self, Value v)
{
    if (!recursion_enter(vm)) return false;
    bool good = save_nested(vm, self, v);
    recursion_leave(vm);
    return good;
}

static bool save_known_or_deep(Vm *vm, Pickler *self, Value v)
{
    ptrdiff_t index = memo_find(self, v);
    if (index >= 0) return memo_write_get(vm, self, index);
    if (!is_heap(v)) {
        if (!recursion_enter(vm)) return false;
        bool good = save_other(vm, self, v);
        recursion_leave(vm);
        return good;
    }
    if (is_exact(v, KIND_STR)) return save_str(vm, self, v);
    if (is_exact(v, KIND_BYTES)) return save_bytes(vm, self, v);
    if (is_pickle_buffer(vm, v)) return save_buffer(vm, self, v);
    return save_deep(vm, self, v);
}

bool pickle_save_plainly(Vm *vm, Pickler *self, Value v)
{
    if (is_int(v) || is_exact(v, KIND_INT)) return save_int(vm, self, v);
    if (is_float(v)) return save_float(vm, self, as_float(v));
    if (is_none(v)) return output_byte(vm, self, OP_NONE);
    if (is_bool(v)) return save_bool(vm, self, v == TRUE);
    return save_known_or_deep(vm, self, v);
}

bool pickle_save(Vm *vm, Pickler *self, Value v)
{
    if (!output_boundary(vm, self)) return false;
    if (!absent(self->persistent_id)) {
        Truth done = save_persistent(vm, self, v);
        if (done != NO) return done == YES;
    }
    return pickle_save_plainly(vm, self, v);
}
