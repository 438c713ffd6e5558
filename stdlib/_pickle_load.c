/* _pickle_load.c - the stack machine that a pickle is a program for.
 *
 * Nothing here trusts the bytes: each opcode checks that what it takes from the stack lies above
 * the topmost mark (`fence`), and counts are checked against what there is.
 * Neighbours: _pickle_input.c (the bytes), _pickle_build.c (opcodes that call something). */
/* SPDX-License-Identifier: MIT */
#include "_pickle.h"

/* ---- the stack ---- */

static bool stack_grow(Vm *vm, Unpickler *self)
{
    ptrdiff_t capacity = self->capacity ? self->capacity * 2 : 64;
    Ref *stack = memory_resize(vm, self->stack, (size_t)capacity * sizeof *stack);
    if (!stack) return false;
    self->stack = stack;
    self->capacity = capacity;
    return true;
}

/* stack_push(), for here. */
static inline bool push(Vm *vm, Unpickler *self, Ref value)
{
    if (failed(value)) return false;
    if (self->len == self->capacity && !stack_grow(vm, self)) {
        decref(value);
        return false;
    }
    self->stack[self->len++] = value;
    return true;
}

bool stack_push(Vm *vm, Unpickler *self, Ref value) { return push(vm, self, value); }

/* Are there count values above the topmost mark?  Raises otherwise. */
static bool stack_has(Vm *vm, Unpickler *self, ptrdiff_t count)
{
    if (self->len - self->fence >= count) return true;
    UNPICKLING_ERROR(self,
                     self->marks_len > 0 ? "unexpected MARK found" : "unpickling stack underflow");
    return false;
}

Ref stack_pop(Vm *vm, Unpickler *self)
{
    return stack_has(vm, self, 1) ? self->stack[--self->len] : FAIL;
}

Value stack_top(Vm *vm, Unpickler *self)
{
    return stack_has(vm, self, 1) ? (Value)self->stack[self->len - 1] : (Value)FAIL;
}

static bool push_mark(Vm *vm, Unpickler *self)
{
    if (self->marks_len == self->marks_capacity) {
        ptrdiff_t capacity = self->marks_capacity ? self->marks_capacity * 2 : 16;
        ptrdiff_t *marks = memory_resize(vm, self->marks, (size_t)capacity * sizeof *marks);
        if (!marks) return false;
        self->marks = marks;
        self->marks_capacity = capacity;
    }
    self->fence = self->marks[self->marks_len++] = self->len;
    return true;
}

ptrdiff_t stack_mark(Vm *vm, Unpickler *self)
{
    if (self->marks_len == 0) {
        UNPICKLING_ERROR(self, "could not find MARK");
        return -1;
    }
    ptrdiff_t mark = self->marks[--self->marks_len];
    self->fence = self->marks_len ? self->marks[self->marks_len - 1] : 0;
    return mark;
}

Ref stack_tuple(Vm *vm, Unpickler *self, ptrdiff_t start)
{
    ptrdiff_t count = self->len - start;
    Ref out = tuple_new(vm, count);
    if (failed(out)) return FAIL;
    if (count) memcpy(as_tuple(out)->items, self->stack + start, (size_t)count * sizeof(Ref));
    self->len = start;
    return out;
}

static Ref stack_list(Vm *vm, Unpickler *self, ptrdiff_t start)
{
    Ref out = list_from_values(vm, self->len - start, as_values(self->stack + start));
    while (!failed(out) && self->len > start) decref(self->stack[--self->len]);
    return out;
}

/* ---- arguments ---- */

/* An unsigned number of len bytes, the low one first. */
static inline bool read_number(Vm *vm, Unpickler *self, int len, uint64_t *number)
{
    bool there = !absent(self->buffer.owner) && self->buffer.len - self->at >= len;
    const char *data = there ? self->buffer.data + self->at : input_read(vm, self, len);
    if (there) self->at += len;
    *number = 0;
    for (int n = 0; data && n < len; n++) *number |= (uint64_t)(uint8_t)data[n] << 8 * n;
    return data;
}

/* A count of width bytes (negative width: signed) and as many bytes of data. */
static const char *read_counted(Vm *vm, Unpickler *self, int width, const char *what,
                                ptrdiff_t *len)
{
    uint64_t number;
    if (!read_number(vm, self, width < 0 ? -width : width, &number)) return NULL;
    if (width == -4 && number > INT32_MAX) {
        UNPICKLING_ERROR(self, "%s pickle has negative byte count", what);
        return NULL;
    }
    if (number > PTRDIFF_MAX) {
        throw(vm, OverflowError, "%s exceeds system's maximum size of %zd bytes", what,
              (ptrdiff_t)PTRDIFF_MAX);
        return NULL;
    }
    *len = (ptrdiff_t)number;
    return input_read(vm, self, *len);
}

/* The number in a line, as int(text) reads it; len counts the line end. */
static bool read_index(Vm *vm, Unpickler *self, int64_t *index)
{
    ptrdiff_t len;
    const char *line = input_line(vm, self, &len);
    if (!line) return false;
    Ref text = bytes_from(vm, line, len);
    Ref number = failed(text) ? FAIL : int_from_str(vm, text, 10);
    decref(text);
    bool good = !failed(number) && int_index(vm, number, index);
    decref(number);
    return good;
}

/* ---- numbers ---- */

/* A line with a number, len without the line end, as a str, for the functions that read text. */
static Ref number_in(Vm *vm, Unpickler *self)
{
    ptrdiff_t len;
    const char *line = input_line(vm, self, &len);
    return line ? bytes_from(vm, line, len - 1) : FAIL;
}

static bool load_int(Vm *vm, Unpickler *self)
{
    Ref text = number_in(vm, self);
    if (failed(text)) return false;
    const Bytes *digits = as_bytes(text);
    Ref out;
    if (digits->len == 2 && memcmp(digits->data, "00", 2) == 0) out = FALSE;
    else if (digits->len == 2 && memcmp(digits->data, "01", 2) == 0) out = TRUE;
    else out = int_from_str(vm, text, 0);
    if (failed(out) && error_is(vm, ValueError)) {
        error_clear(vm);
        throw(vm, ValueError, "could not convert string to int");
    }
    decref(text);
    return push(vm, self, out);
}

static bool load_long(Vm *vm, Unpickler *self)
{
    Ref text = number_in(vm, self);
    if (failed(text)) return false;
    const Bytes *digits = as_bytes(text);
    if (digits->len && digits->data[digits->len - 1] == 'L')
        replace(&text, bytes_from(vm, digits->data, digits->len - 1));
    Ref out = failed(text) ? FAIL : int_from_str(vm, text, 0);
    decref(text);
    return push(vm, self, out);
}

static bool load_float(Vm *vm, Unpickler *self)
{
    Ref text = number_in(vm, self);
    if (failed(text)) return false;
    const Bytes *digits = as_bytes(text);
    double number;
    bool good = digits->len && double_scan(digits->data, digits->len, &number) == digits->len;
    if (!good) throw(vm, ValueError, "could not convert string to float");
    decref(text);
    return good && push(vm, self, from_any_float(number));
}

static bool load_binfloat(Vm *vm, Unpickler *self)
{
    uint64_t bits;
    if (!read_number(vm, self, 8, &bits)) return false;
    bits = __builtin_bswap64(bits);
    double number;
    memcpy(&number, &bits, sizeof number);
    return push(vm, self, from_any_float(number));
}

static bool load_binint(Vm *vm, Unpickler *self, int len)
{
    uint64_t number;
    if (!read_number(vm, self, len, &number)) return false;
    return push(vm, self, from_small(len == 4 ? (int32_t)number : (int64_t)number));
}

/* Two's complement, the low byte first. */
static bool load_counted_long(Vm *vm, Unpickler *self, int width)
{
    ptrdiff_t len;
    const char *data = read_counted(vm, self, width, "LONG", &len);
    if (!data) return false;
    mpz_t number;
    mpz_init(number);
    mpz_import(number, (size_t)len, -1, 1, 0, 0, data);
    if (len && data[len - 1] & 0x80) {
        mpz_t wrap;
        mpz_init(wrap);
        mpz_setbit(wrap, (mp_bitcnt_t)len * 8);
        mpz_sub(number, number, wrap);
        mpz_clear(wrap);
    }
    return push(vm, self, int_from_mpz(vm, number));
}

/* ---- text and bytes ---- */

static bool push_utf8(Vm *vm, Unpickler *self, const char *data, ptrdiff_t len)
{
    Ref text = ascii_run(data, len) == len ? str_from_ascii(vm, data, len)
                                           : codec_decode(vm, data, len, "utf-8", "surrogatepass");
    return push(vm, self, text);
}

static bool load_text(Vm *vm, Unpickler *self, int width)
{
    ptrdiff_t len;
    const char *data = read_counted(vm, self, width, "BINUNICODE", &len);
    return data && push_utf8(vm, self, data, len);
}

/* A string of Python 2: text in the encoding that was asked for, or bytes. */
static bool push_old_text(Vm *vm, Unpickler *self, const char *data, ptrdiff_t len)
{
    Ref out = str_is(self->encoding, "bytes")
                  ? bytes_from(vm, data, len)
                  : codec_decode_values(vm, data, len, self->encoding, self->errors);
    return push(vm, self, out);
}

static bool load_old_text(Vm *vm, Unpickler *self, int width)
{
    ptrdiff_t len;
    const char *data = read_counted(vm, self, width, "BINSTRING", &len);
    return data && push_old_text(vm, self, data, len);
}

static bool load_quoted(Vm *vm, Unpickler *self)
{
    ptrdiff_t len;
    const char *line = input_line(vm, self, &len);
    if (!line) return false;
    len--;
    if (len < 2 || line[0] != line[len - 1] || (line[0] != '\'' && line[0] != '"')) {
        UNPICKLING_ERROR(self, "the STRING opcode argument must be quoted");
        return false;
    }
    Ref decode = FAIL, pair = FAIL, text = bytes_from(vm, line + 1, len - 2);
    if (!failed(text)) decode = pickle_import(vm, "codecs", "escape_decode");
    if (!failed(decode)) pair = call1(vm, decode, text);
    bool good = !failed(pair) && is_tuple(pair) && tuple_len(pair) && is_bytes(tuple_at(pair, 0));
    if (good) {
        const Bytes *bytes = as_bytes(tuple_at(pair, 0));
        good = push_old_text(vm, self, bytes->data, bytes->len);
    }
    decref(pair);
    decref(decode);
    decref(text);
    return good;
}

static bool load_escaped(Vm *vm, Unpickler *self)
{
    ptrdiff_t len;
    const char *line = input_line(vm, self, &len);
    return line && push(vm, self, codec_decode(vm, line, len - 1, "raw_unicode_escape", NULL));
}

static bool load_bytes(Vm *vm, Unpickler *self, int width)
{
    ptrdiff_t len;
    const char *data = read_counted(vm, self, width, "BINBYTES", &len);
    return data && push(vm, self, bytes_from(vm, data, len));
}

static bool load_bytearray(Vm *vm, Unpickler *self)
{
    ptrdiff_t len;
    const char *data = read_counted(vm, self, 8, "BYTEARRAY8", &len);
    return data && push(vm, self, bytearray_from(vm, data, len));
}

static bool load_buffer(Vm *vm, Unpickler *self)
{
    if (absent(self->buffers)) {
        UNPICKLING_ERROR(self, "pickle stream refers to out-of-band data but no *buffers* "
                               "argument was given");
        return false;
    }
    Ref buffer = iter_next(vm, self->buffers);
    if (absent(buffer)) UNPICKLING_ERROR(self, "not enough out-of-band buffers");
    return !absent(buffer) && push(vm, self, buffer);
}

static bool load_readonly_buffer(Vm *vm, Unpickler *self)
{
    Value top = stack_top(vm, self);
    if (failed(top)) return false;
    Ref view = memoryview_of(vm, top);
    if (failed(view)) return false;
    bool good = true;
    if (!as_memoryview(view)->readonly) {
        Ref method = attr_get_text(vm, view, "toreadonly");
        Ref readonly = failed(method) ? FAIL : call0(vm, method);
        good = !failed(readonly);
        decref(method);
        if (good) replace(&self->stack[self->len - 1], readonly);
    }
    decref(view);
    return good;
}

/* ---- containers ---- */

static bool load_tuple(Vm *vm, Unpickler *self)
{
    ptrdiff_t start = stack_mark(vm, self);
    return start >= 0 && push(vm, self, stack_tuple(vm, self, start));
}

static bool load_short_tuple(Vm *vm, Unpickler *self, int count)
{
    return stack_has(vm, self, count) && push(vm, self, stack_tuple(vm, self, self->len - count));
}

static bool load_list(Vm *vm, Unpickler *self)
{
    ptrdiff_t start = stack_mark(vm, self);
    return start >= 0 && push(vm, self, stack_list(vm, self, start));
}

/* Drops what lies above start. */
static void stack_cut(Unpickler *self, ptrdiff_t start)
{
    while (self->len > start) decref(self->stack[--self->len]);
}

/* Calls target.extend(items), or target.append(item) for each. */
static bool extend_other(Vm *vm, Unpickler *self, Value target, ptrdiff_t start)
{
    Ref method = attr_get_or_absent(vm, target, N(extend));
    bool good = !failed(method);
    if (good && !absent(method)) {
        Ref items = stack_list(vm, self, start), done = UNDEF;
        done = failed(items) ? FAIL : call1(vm, method, items);
        good = !failed(done);
        decref(done);
        decref(items);
    } else if (good) {
        replace(&method, attr_get(vm, target, N(append)));
        good = !failed(method);
        for (ptrdiff_t n = start; good && n < self->len; n++) {
            Ref done = call1(vm, method, self->stack[n]);
            good = !failed(done);
            decref(done);
        }
        stack_cut(self, start);
    }
    decref(method);
    return good;
}

/* The items from start on go to the list below them. */
static bool append_from(Vm *vm, Unpickler *self, ptrdiff_t start)
{
    if (start - 1 < self->fence) {
        stack_has(vm, self, self->len + 1);
        return false;
    }
    if (start == self->len) return true;
    Value target = self->stack[start - 1];
    if (!is_exact(target, KIND_LIST)) return extend_other(vm, self, target, start);
    List *list = as_list(target);
    for (ptrdiff_t n = start; n < self->len; n++) {
        Ref item = take(&self->stack[n]);
        if (!list_push(vm, list, item)) return false;
    }
    self->len = start;
    return true;
}

static bool load_append(Vm *vm, Unpickler *self)
{
    return stack_has(vm, self, 1) && append_from(vm, self, self->len - 1);
}

static bool load_appends(Vm *vm, Unpickler *self)
{
    ptrdiff_t start = stack_mark(vm, self);
    return start >= 0 && append_from(vm, self, start);
}

/* Puts the keys and values from start on into target. */
static bool set_pairs(Vm *vm, Unpickler *self, Value target, ptrdiff_t start, const char *what)
{
    if ((self->len - start) % 2) {
        UNPICKLING_ERROR(self, "odd number of items for %s", what);
        return false;
    }
    bool plain = is_exact(target, KIND_DICT);
    for (ptrdiff_t n = start; n < self->len; n += 2) {
        Value key = self->stack[n], value = self->stack[n + 1];
        if (!(plain ? dict_set(vm, as_dict(target), key, value)
                    : value_set_item(vm, target, key, value)))
            return false;
    }
    stack_cut(self, start);
    return true;
}

static bool set_pairs_from(Vm *vm, Unpickler *self, ptrdiff_t start)
{
    if (start - 1 < self->fence) {
        stack_has(vm, self, self->len + 1);
        return false;
    }
    Ref target = newref(self->stack[start - 1]);
    bool good = set_pairs(vm, self, target, start, "SETITEMS");
    decref(target);
    return good;
}

static bool load_setitem(Vm *vm, Unpickler *self)
{
    return stack_has(vm, self, 2) && set_pairs_from(vm, self, self->len - 2);
}

static bool load_setitems(Vm *vm, Unpickler *self)
{
    ptrdiff_t start = stack_mark(vm, self);
    return start >= 0 && set_pairs_from(vm, self, start);
}

static bool load_dict(Vm *vm, Unpickler *self)
{
    ptrdiff_t start = stack_mark(vm, self);
    Ref dict = start < 0 ? FAIL : dict_new_sized(vm, (self->len - start) / 2);
    if (failed(dict)) return false;
    if (set_pairs(vm, self, dict, start, "DICT")) return push(vm, self, dict);
    decref(dict);
    return false;
}

/* The items above the mark go to the set below it. */
static bool load_additems(Vm *vm, Unpickler *self)
{
    ptrdiff_t start = stack_mark(vm, self);
    if (start < 0) return false;
    if (start - 1 < self->fence) {
        stack_has(vm, self, self->len + 1);
        return false;
    }
    if (start == self->len) return true;
    Ref target = newref(self->stack[start - 1]), method = UNDEF;
    bool plain = is_kind(target, KIND_SET), good = true;
    if (!plain) {
        method = attr_get(vm, target, as_pickle_state(self->state)->add);
        good = !failed(method);
    }
    for (ptrdiff_t n = start; good && n < self->len; n++) {
        Ref done = NONE;
        if (plain) good = set_add(vm, as_set(target), self->stack[n]);
        else good = !failed(done = call1(vm, method, self->stack[n]));
        decref(done);
    }
    stack_cut(self, start);
    decref(method);
    decref(target);
    return good;
}

static bool load_frozenset(Vm *vm, Unpickler *self)
{
    ptrdiff_t start = stack_mark(vm, self);
    Ref items = start < 0 ? FAIL : stack_tuple(vm, self, start);
    Ref out = failed(items) ? FAIL : frozenset_new(vm, items);
    decref(items);
    return push(vm, self, out);
}

/* ---- stack, memo, frames ---- */

static bool load_pop(Vm *vm, Unpickler *self)
{
    if (self->marks_len > 0 && self->fence == self->len) return stack_mark(vm, self) >= 0;
    Ref top = stack_pop(vm, self);
    decref(top);
    return !failed(top);
}

static bool load_pop_mark(Vm *vm, Unpickler *self)
{
    ptrdiff_t start = stack_mark(vm, self);
    if (start < 0) return false;
    stack_cut(self, start);
    return true;
}

static bool load_dup(Vm *vm, Unpickler *self)
{
    Value top = stack_top(vm, self);
    return !failed(top) && push(vm, self, newref(top));
}

/* Width of the index in bytes; 0: it stands in a line. */
static bool read_any_index(Vm *vm, Unpickler *self, int width, int64_t *index)
{
    if (width == 0) return read_index(vm, self, index);
    uint64_t number;
    bool good = read_number(vm, self, width, &number);
    *index = (int64_t)number;
    return good;
}

static bool load_get(Vm *vm, Unpickler *self, int width)
{
    int64_t index;
    return read_any_index(vm, self, width, &index) &&
           push(vm, self, unpickler_memo_get(vm, self, index));
}

static bool load_put(Vm *vm, Unpickler *self, int width)
{
    int64_t index;
    Value top;
    if (!read_any_index(vm, self, width, &index) || failed(top = stack_top(vm, self))) return false;
    if (index >= 0) return unpickler_memo_put(vm, self, index, top);
    throw(vm, ValueError, "negative PUT argument");
    return false;
}

static bool load_memoize(Vm *vm, Unpickler *self)
{
    Value top = stack_top(vm, self);
    return !failed(top) && unpickler_memo_put(vm, self, self->memo_len, top);
}

static bool load_proto(Vm *vm, Unpickler *self)
{
    uint64_t number;
    if (!read_number(vm, self, 1, &number)) return false;
    if (number <= PROTOCOL_HIGHEST) {
        self->protocol = (int)number;
        return true;
    }
    throw(vm, ValueError, "unsupported pickle protocol: %d", (int)number);
    return false;
}

/* A frame only says how much there is to come: it is read at once. */
static bool load_frame(Vm *vm, Unpickler *self)
{
    uint64_t len;
    if (!read_number(vm, self, 8, &len)) return false;
    if (len > PTRDIFF_MAX) {
        throw(vm, OverflowError, "FRAME length exceeds system's maximum of %zd bytes",
              (ptrdiff_t)PTRDIFF_MAX);
        return false;
    }
    if (!input_read(vm, self, (int64_t)len)) return false;
    self->at -= (ptrdiff_t)len;
    return true;
}

static bool push_persistent(Vm *vm, Unpickler *self, Ref id)
{
    if (failed(id)) return false;
    Ref out;
    if (absent(self->persistent_load))
        out = UNPICKLING_ERROR(self, "A load persistent id instruction was encountered, but no "
                                     "persistent_load function was specified.");
    else out = call1(vm, self->persistent_load, id);
    decref(id);
    return push(vm, self, out);
}

static bool load_persid(Vm *vm, Unpickler *self)
{
    ptrdiff_t len, n = 0;
    const char *line = input_line(vm, self, &len);
    if (!line) return false;
    while (n < len && (line[n] & 0x80) == 0) n++;
    if (n == len) return push_persistent(vm, self, str_from_ascii(vm, line, len - 1));
    UNPICKLING_ERROR(self, "persistent IDs in protocol 0 must be ASCII strings");
    return false;
}

/* ---- the machine ---- */

static bool invalid_opcode(Vm *vm, Unpickler *self, int opcode)
{
    if (opcode >= ' ' && opcode <= '~' && opcode != '\'' && opcode != '\\')
        UNPICKLING_ERROR(self, "invalid load key, '%c'.", opcode);
    else {
        static const char digits[] = "0123456789abcdef";
        UNPICKLING_ERROR(self, "invalid load key, '\\x%c%c'.", digits[opcode >> 4 & 15],
                         digits[opcode & 15]);
    }
    return false;
}

static bool load_opcode(Vm *vm, Unpickler *self, int opcode)
{
    switch (opcode) {
    case OP_PROTO: return load_proto(vm, self);
    case OP_FRAME: return load_frame(vm, self);
    case OP_MARK: return push_mark(vm, self);
    case OP_POP: return load_pop(vm, self);
    case OP_POP_MARK: return load_pop_mark(vm, self);
    case OP_DUP: return load_dup(vm, self);
    case OP_NONE: return push(vm, self, NONE);
    case OP_NEWTRUE: return push(vm, self, TRUE);
    case OP_NEWFALSE: return push(vm, self, FALSE);
    case OP_INT: return load_int(vm, self);
    case OP_LONG: return load_long(vm, self);
    case OP_FLOAT: return load_float(vm, self);
    case OP_BININT: return load_binint(vm, self, 4);
    case OP_BININT1: return load_binint(vm, self, 1);
    case OP_BININT2: return load_binint(vm, self, 2);
    case OP_LONG1: return load_counted_long(vm, self, 1);
    case OP_LONG4: return load_counted_long(vm, self, -4);
    case OP_BINFLOAT: return load_binfloat(vm, self);
    case OP_STRING: return load_quoted(vm, self);
    case OP_UNICODE: return load_escaped(vm, self);
    case OP_BINSTRING: return load_old_text(vm, self, 4);
    case OP_SHORT_BINSTRING: return load_old_text(vm, self, 1);
    case OP_BINBYTES: return load_bytes(vm, self, 4);
    case OP_SHORT_BINBYTES: return load_bytes(vm, self, 1);
    case OP_BINBYTES8: return load_bytes(vm, self, 8);
    case OP_BYTEARRAY8: return load_bytearray(vm, self);
    case OP_BINUNICODE: return load_text(vm, self, 4);
    case OP_SHORT_BINUNICODE: return load_text(vm, self, 1);
    case OP_BINUNICODE8: return load_text(vm, self, 8);
    case OP_NEXT_BUFFER: return load_buffer(vm, self);
    case OP_READONLY_BUFFER: return load_readonly_buffer(vm, self);
    case OP_EMPTY_TUPLE: return push(vm, self, tuple_new(vm, 0));
    case OP_TUPLE: return load_tuple(vm, self);
    case OP_TUPLE1:
    case OP_TUPLE2:
    case OP_TUPLE3: return load_short_tuple(vm, self, opcode - OP_TUPLE1 + 1);
    case OP_EMPTY_LIST: return push(vm, self, list_new(vm, 0));
    case OP_LIST: return load_list(vm, self);
    case OP_EMPTY_DICT: return push(vm, self, dict_new(vm));
    case OP_DICT: return load_dict(vm, self);
    case OP_EMPTY_SET: return push(vm, self, set_new(vm));
    case OP_FROZENSET: return load_frozenset(vm, self);
    case OP_APPEND: return load_append(vm, self);
    case OP_APPENDS: return load_appends(vm, self);
    case OP_ADDITEMS: return load_additems(vm, self);
    case OP_SETITEM: return load_setitem(vm, self);
    case OP_SETITEMS: return load_setitems(vm, self);
    case OP_INST: return build_inst(vm, self);
    case OP_OBJ: return build_obj(vm, self);
    case OP_NEWOBJ: return build_newobj(vm, self, false);
    case OP_NEWOBJ_EX: return build_newobj(vm, self, true);
    case OP_GLOBAL: return build_global(vm, self);
    case OP_STACK_GLOBAL: return build_stack_global(vm, self);
    case OP_REDUCE: return build_reduce(vm, self);
    case OP_BUILD: return build_build(vm, self);
    case OP_EXT1: return build_extension(vm, self, 1);
    case OP_EXT2: return build_extension(vm, self, 2);
    case OP_EXT4: return build_extension(vm, self, 4);
    case OP_PERSID: return load_persid(vm, self);
    case OP_BINPERSID: return push_persistent(vm, self, stack_pop(vm, self));
    case OP_GET: return load_get(vm, self, 0);
    case OP_BINGET: return load_get(vm, self, 1);
    case OP_LONG_BINGET: return load_get(vm, self, 4);
    case OP_PUT: return load_put(vm, self, 0);
    case OP_BINPUT: return load_put(vm, self, 1);
    case OP_LONG_BINPUT: return load_put(vm, self, 4);
    case OP_MEMOIZE: return load_memoize(vm, self);
    default: return invalid_opcode(vm, self, opcode);
    }
}

Ref load_pickle(Vm *vm, Unpickler *self)
{
    for (;;) {
        bool there = !absent(self->buffer.owner) && self->at < self->buffer.len;
        int opcode = there ? (uint8_t)self->buffer.data[self->at++] : input_opcode(vm, self);
        if (opcode == OP_STOP) return stack_pop(vm, self);
        if (opcode < 0 || !load_opcode(vm, self, opcode)) return FAIL;
    }
}
