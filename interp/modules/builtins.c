/* builtins.c - the module builtins: functions that are always there.
 *
 * The types (int, list ...) are set by name from types.def's TypeDefs, exceptions from
 * exceptions.def. Neighbours: builtins_code.c (compile, eval, exec, __import__), object/ (the
 * types). */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "modules/builtins.h"
#include "modules/iomodule.h"
#include "modules/siteword.h"
#include "object/attr.h"
#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/float.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/module.h"
#include "object/name.h"
#include "object/native.h"
#include "object/number.h"
#include "object/str.h"
#include "object/tuple.h"
#include "object/type.h"
#include "vm/asyncgen.h"
#include "vm/coroutine.h"
#include "vm/eval.h"
#include "vm/frame.h"

/* ---- numbers ---- */

NATIVE(builtins_abs, "abs(x, /)", "Return the absolute value of the argument.")
{
    return number_unary(vm, OP1_ABS, argv[0]);
}
NATIVE(builtins_divmod, "divmod(x, y, /)", "Return the tuple (x//y, x%y).")
{
    return number_binary(vm, OP2_DIVMOD, argv[0], argv[1]);
}
NATIVE(builtins_pow, "pow(base, exp, mod=None)",
       "base**exp, or base**exp % mod computed efficiently.")
{
    return number_power(vm, argv[0], argv[1], argv[2]);
}
NATIVE(builtins_round, "round(number, ndigits=None)",
       "Round a number to a given precision in decimal digits.")
{
    Ref result = call_special(vm, argv[0], N(__round__), argv[1] == NONE ? 0 : 1, &argv[1]);
    return absent(result) ? throw(vm, TypeError, "type %T doesn't define __round__ method", argv[0])
                          : result;
}

/* Of a small int, in 1 << shift. */
static Ref based_small(Vm *vm, int64_t n, int shift, char letter)
{
    char text[72], *end = text + sizeof text, *at = end;
    uint64_t rest = n < 0 ? -(uint64_t)n : (uint64_t)n;
    do *--at = "0123456789abcdef"[rest & ((1u << shift) - 1)];
    while (rest >>= shift);
    *--at = letter;
    *--at = '0';
    if (n < 0) *--at = '-';
    return str_from_ascii(vm, at, end - at);
}

static Ref based(Vm *vm, Value v, int shift, char letter)
{
    if (is_int(v)) return based_small(vm, as_int(v), shift, letter);
    Type *type = type_of(vm, v);
    Ref number = is_any_int(v) ? newref(v)
                 : type->slots.index
                     ? type->slots.index(vm, v)
                     : throw(vm, TypeError, "'%T' object cannot be interpreted as an integer", v);
    if (failed(number)) return FAIL;
    char few[INT_DIGITS_FEW];
    ptrdiff_t len;
    Ref owned;
    const char *digits = int_digits(vm, number, 1 << shift, few, &len, &owned);
    decref(number);
    if (!digits) return FAIL;
    Ref out = str_new(vm, len + 2, STR_ASCII);
    if (!failed(out)) {
        char *to = as_str(out)->data;
        const bool minus = *digits == '-';
        if (minus) *to++ = '-';
        *to++ = '0';
        *to++ = letter;
        memcpy(to, digits + minus, (size_t)(len - minus));
    }
    decref(owned);
    return out;
}
NATIVE(builtins_bin, "bin(number, /)", "Return the binary representation of an integer.")
{
    return based(vm, argv[0], 1, 'b');
}
NATIVE(builtins_oct, "oct(number, /)", "Return the octal representation of an integer.")
{
    return based(vm, argv[0], 3, 'o');
}
NATIVE(builtins_hex, "hex(number, /)", "Return the hexadecimal representation of an integer.")
{
    return based(vm, argv[0], 4, 'x');
}

/* The items that a fresh or half-used iterator of a list or tuple has left, and where it keeps its
 * place; NULL: it is another one. */
static const Ref *items_left(Value iter, ptrdiff_t **next, ptrdiff_t *len)
{
    if (is_exact(iter, KIND_LIST_ITER)) {
        ListIter *walk = (ListIter *)as_object(iter);
        *next = &walk->next;
        *len = absent(walk->list) ? 0 : as_list(walk->list)->len;
        return *len ? as_list(walk->list)->items : NULL;
    }
    if (is_exact(iter, KIND_TUPLE_ITER)) {
        TupleIter *walk = (TupleIter *)as_object(iter);
        *next = &walk->next;
        *len = absent(walk->tuple) ? 0 : tuple_len(walk->tuple);
        return *len ? as_tuple(walk->tuple)->items : NULL;
    }
    return NULL;
}

/* x + y, and what it lost to rounding added to *carry: Neumaier's variant of Kahan's algorithm. */
static inline double add_compensated(double x, double y, double *carry)
{
    double t = x + y;
    *carry += fabs(x) >= fabs(y) ? (x - t) + y : (y - t) + x;
    return t;
}

/* Adds the next items of iter to *total as long as they are small ints, or floats, as it is. */
static void sum_run(Value iter, Ref *total, double *carry)
{
    ptrdiff_t *next, len;
    const Ref *items = items_left(iter, &next, &len);
    if (!items) return;
    ptrdiff_t i = *next;
    if (is_int(*total)) {
        int64_t sum = as_int(*total);
        for (; i < len && is_int(items[i]) && fits_small(sum + as_int(items[i])); i++)
            sum += as_int(items[i]);
        *total = from_small(sum);
    } else if (is_float(*total)) {
        double sum = as_float(*total);
        for (; i < len && is_float(items[i]); i++)
            sum = add_compensated(sum, as_float(items[i]), carry);
        *total = from_float(sum);
    }
    *next = i;
}

NATIVE(builtins_sum, "sum(iterable, /, start=0)",
       "Return start plus every item of iterable, added from left to right.\n"
       "Raises TypeError when an item cannot be added; items already consumed stay consumed.")
{
    if (is_str(argv[1]))
        return throw(vm, TypeError, "sum() can't sum strings [use ''.join(seq) instead]");
    if (is_kind(argv[1], KIND_BYTES))
        return throw(vm, TypeError, "sum() can't sum bytes [use b''.join(seq) instead]");
    if (is_kind(argv[1], KIND_BYTEARRAY))
        return throw(vm, TypeError, "sum() can't sum bytearray [use b''.join(seq) instead]");
    Ref out = FAIL, item = UNDEF, total = newref(argv[1]);
    double carry = 0;
    Ref iter = iter_of(vm, argv[0]);
    if (failed(iter)) goto done;
    Ref (*next)(Vm *, Value) = type_of(vm, iter)->slots.next;
    for (;;) {
        sum_run(iter, &total, &carry);
        replace(&item, next(vm, iter)); /* UNDEF at the end */
        if (failed(item)) goto done;
        if (absent(item)) break;
        if (both_ints(total, item) && fits_small(as_int(total) + as_int(item))) {
            total = from_small(as_int(total) + as_int(item));
            continue;
        }
        if (is_float(total) && (is_float(item) || is_int(item))) {
            double y = is_float(item) ? as_float(item) : (double)as_int(item);
            total = from_float(add_compensated(as_float(total), y, &carry));
            continue;
        }
        replace(&total, number_add(vm, total, item));
        if (failed(total)) goto done;
    }
    if (is_float(total) && carry != 0 && isfinite(carry))
        total = from_float(as_float(total) + carry);
    out = take(&total);
done:
    decref(item);
    decref(iter);
    decref(total);
    return out;
}

/* ---- sequences ---- */

NATIVE(builtins_len, "len(obj, /)", "Return the number of items in a container.")
{
    ptrdiff_t len = value_len(vm, argv[0]);
    return len < 0 ? FAIL : from_int64(vm, len);
}

/* a op b, op being less or greater. */
static inline Truth is_beyond(Vm *vm, Value a, Value b, CompareOp op)
{
    if (both_floats(a, b))
        return op == CMP_LESS ? as_float(a) < as_float(b) : as_float(a) > as_float(b);
    if (!both_ints(a, b)) return value_test(vm, a, b, op);
    return op == CMP_LESS ? as_int(a) < as_int(b) : as_int(a) > as_int(b);
}

/* min(a, b, ...) or max of the items of a tuple, of which there is one at least. */
static Ref extreme_of_items(Vm *vm, Value items, CompareOp op)
{
    Value best = tuple_at(items, 0);
    for (ptrdiff_t i = 1; i < tuple_len(items); i++) {
        Truth better = is_beyond(vm, tuple_at(items, i), best, op);
        if (better == FAILED) return FAIL;
        if (better == YES) best = tuple_at(items, i);
    }
    return newref(best);
}

static Ref extreme_of(Vm *vm, Value items, Value key, Value fallback, CompareOp op,
                      const char *name)
{
    Ref best = UNDEF, best_key = UNDEF, item = UNDEF, item_key = UNDEF, out = FAIL;
    Ref iter = iter_of(vm, items);
    if (failed(iter)) return FAIL;
    Ref (*next)(Vm *, Value) = type_of(vm, iter)->slots.next;
    for (;;) {
        item = next(vm, iter);
        if (failed(item)) goto done;
        if (absent(item)) break;
        item_key = key == NONE ? newref(item) : call1(vm, key, item);
        if (failed(item_key)) goto done;
        Truth better = absent(best) ? YES : is_beyond(vm, item_key, best_key, op);
        if (better == FAILED) goto done;
        if (better == YES) {
            replace(&best, take(&item));
            replace(&best_key, take(&item_key));
        }
        clear(&item);
        clear(&item_key);
    }
    if (!absent(best)) out = take(&best);
    else if (!absent(fallback)) out = newref(fallback);
    else throw(vm, ValueError, "%s() iterable argument is empty", name);
done:
    decref(best);
    decref(best_key);
    decref(item);
    decref(item_key);
    decref(iter);
    return out;
}

static Ref extreme(Vm *vm, Value *argv, CompareOp op, const char *name)
{
    Value args = argv[0], key = argv[1], fallback = argv[2];
    if (tuple_len(args) == 0)
        return throw(vm, TypeError, "%s expected at least 1 argument, got 0", name);
    if (tuple_len(args) == 1) return extreme_of(vm, tuple_at(args, 0), key, fallback, op, name);
    if (!absent(fallback))
        return throw(vm, TypeError,
                     "Cannot specify a default for %s() with multiple positional arguments", name);
    if (key == NONE) return extreme_of_items(vm, args, op);
    return extreme_of(vm, args, key, fallback, op, name);
}
NATIVE(builtins_max, "max(*args, key=None, default=?)",
       "Return the biggest item of an iterable or of the arguments.")
{
    return extreme(vm, argv, CMP_GREATER, "max");
}
NATIVE(builtins_min, "min(*args, key=None, default=?)",
       "Return the smallest item of an iterable or of the arguments.")
{
    return extreme(vm, argv, CMP_LESS, "min");
}

static Ref any_all(Vm *vm, Value iterable, Truth stop)
{
    Ref iter = iter_of(vm, iterable);
    if (failed(iter)) return FAIL;
    Ref (*next)(Vm *, Value) = type_of(vm, iter)->slots.next;
    Truth truth = stop == YES ? NO : YES;
    for (;;) {
        Ref item = next(vm, iter);
        if (absent(item)) break;
        truth = failed(item) ? FAILED : value_truth(vm, item);
        decref(item);
        if (truth == FAILED || truth == stop) break;
    }
    decref(iter);
    return truth == FAILED ? FAIL : from_bool(truth == YES);
}
NATIVE(builtins_any, "any(iterable, /)",
       "Return True if bool(x) is True for any x in the iterable.")
{
    return any_all(vm, argv[0], YES);
}
NATIVE(builtins_all, "all(iterable, /)",
       "Return True if bool(x) is True for all values x in the iterable.")
{
    return any_all(vm, argv[0], NO);
}

NATIVE(builtins_sorted, "sorted(iterable, /, *, key=None, reverse=False)",
       "Return a new sorted list.")
{
    Truth reverse = value_truth(vm, argv[2]);
    if (reverse == FAILED) return FAIL;
    Ref list = list_from(vm, argv[0]);
    if (failed(list) || list_sort(vm, as_list(list), argv[1], reverse == YES)) return list;
    decref(list);
    return FAIL;
}

NATIVE(builtins_iter, "iter(object, sentinel=?, /)",
       "Get an iterator from an object, or from calls of it until sentinel.")
{
    if (absent(argv[1])) return iter_of(vm, argv[0]);
    if (!type_of(vm, argv[0])->slots.call)
        return throw(vm, TypeError, "iter(v, w): v must be callable");
    return iter_callable(vm, argv[0], argv[1]);
}

NATIVE(builtins_next, "next(iterator, default=?, /)",
       "Return the next item from the iterator, or default at its end.")
{
    Value iterator = argv[0];
    if (is_kind(iterator, KIND_GENERATOR) && absent(argv[1])) {
        Activation *generator = as_activation(iterator);
        if (activation_state(generator) == ACTIVATION_DONE)
            return throw_value(vm, StopIteration, UNDEF);
        if (generator->awaiter ||
            activation_state(activation_innermost(generator)) == ACTIVATION_RUNNING)
            return throw(vm, ValueError, "generator already executing");
        return tail_resume(vm, iterator, NONE);
    }
    Type *type = type_of(vm, iterator);
    if (!type->slots.next) return throw(vm, TypeError, "'%T' object is not an iterator", iterator);
    Ref item = UNDEF;
    if (type->flags & TYPE_HEAP) { /* keep the StopIteration a script's __next__ raises */
        item = call_special(vm, iterator, N(__next__), 0, NULL);
        if (!failed(item) || !error_is(vm, StopIteration) || absent(argv[1])) return item;
        error_clear(vm);
        return newref(argv[1]);
    }
    item = iter_next(vm, iterator);
    if (!absent(item)) return item;
    return absent(argv[1]) ? throw_value(vm, StopIteration, UNDEF) : newref(argv[1]);
}

NATIVE(builtins_aiter, "aiter(async_iterable, /)",
       "Return an AsyncIterator for an AsyncIterable object.")
{
    Type *type = type_of(vm, argv[0]);
    if (!type->slots.aiter)
        return throw(vm, TypeError, "'%T' object is not an async iterable", argv[0]);
    return type->slots.aiter(vm, argv[0]);
}
NATIVE(builtins_anext, "anext(async_iterator, default=?, /)",
       "Return the next item from the async iterator.")
{
    Type *type = type_of(vm, argv[0]);
    if (!type->slots.anext)
        return throw(vm, TypeError, "'%T' object is not an async iterator", argv[0]);
    Ref step = type->slots.anext(vm, argv[0]);
    if (failed(step) || absent(argv[1])) return step;
    Ref wrapped = anext_default(vm, step, argv[1]);
    decref(step);
    return wrapped;
}

/* ---- objects ---- */

NATIVE(builtins_repr, "repr(obj, /)", "Return the canonical string representation of the object.")
{
    return value_repr(vm, argv[0]);
}
NATIVE(builtins_ascii, "ascii(obj, /)", "Return an ASCII-only representation of an object.")
{
    return value_ascii(vm, argv[0]);
}
NATIVE(builtins_format, "format(value, format_spec='', /)", "Return value.__format__(format_spec).")
{
    if (!is_str(argv[1]))
        return throw(vm, TypeError, "format() argument 2 must be str, not %A", argv[1]);
    return value_format(vm, argv[0], argv[1]);
}
NATIVE(builtins_hash, "hash(obj, /)", "Return the hash value for the given object.")
{
    int64_t hash;
    return value_hash(vm, argv[0], &hash) ? from_int64(vm, hash) : FAIL;
}
NATIVE(builtins_id, "id(obj, /)", "Return the identity of an object.")
{
    return from_int64(vm, is_heap(argv[0]) ? (int64_t)(uintptr_t)as_object(argv[0])
                                           : (int64_t)(bits_of(argv[0]) & 0x7fffffffffffffff));
}
NATIVE(builtins_callable, "callable(obj, /)", "Return whether the object is callable.")
{
    return from_bool(type_of(vm, argv[0])->slots.call != NULL);
}
NATIVE(builtins_isinstance, "isinstance(obj, class_or_tuple, /)",
       "Return whether an object is an instance of a class.")
{
    Truth truth = value_is_instance(vm, argv[0], argv[1]);
    return truth == FAILED ? FAIL : from_bool(truth == YES);
}
NATIVE(builtins_issubclass, "issubclass(cls, class_or_tuple, /)",
       "Return whether cls is derived from another class.")
{
    Truth truth = value_is_subclass(vm, argv[0], argv[1]);
    return truth == FAILED ? FAIL : from_bool(truth == YES);
}

static Ref attribute_name(Vm *vm, Value name)
{
    if (!is_str(name)) return throw(vm, TypeError, "attribute name must be string, not '%T'", name);
    return str_intern(vm, newref(name));
}
NATIVE(builtins_getattr, "getattr(object, name, default=?, /)",
       "Get a named attribute from an object.")
{
    Ref name = attribute_name(vm, argv[1]);
    if (failed(name)) return FAIL;
    Ref value =
        absent(argv[2]) ? attr_get(vm, argv[0], name) : attr_get_or_absent(vm, argv[0], name);
    decref(name);
    return absent(value) ? newref(argv[2]) : value;
}
NATIVE(builtins_setattr, "setattr(obj, name, value, /)",
       "Set the named attribute on the given object.")
{
    Ref name = attribute_name(vm, argv[1]);
    if (failed(name)) return FAIL;
    bool good = attr_set(vm, argv[0], name, argv[2]);
    decref(name);
    return good ? NONE : FAIL;
}
NATIVE(builtins_delattr, "delattr(obj, name, /)",
       "Delete the named attribute from the given object.")
{
    Ref name = attribute_name(vm, argv[1]);
    if (failed(name)) return FAIL;
    bool good = attr_set(vm, argv[0], name, UNDEF);
    decref(name);
    return good ? NONE : FAIL;
}
NATIVE(builtins_hasattr, "hasattr(obj, name, /)",
       "Return whether the object has an attribute with the given name.")
{
    Ref name = attribute_name(vm, argv[1]);
    if (failed(name)) return FAIL;
    Ref value = attr_get_or_absent(vm, argv[0], name);
    decref(name);
    if (failed(value)) return FAIL;
    decref(value);
    return from_bool(!absent(value));
}

/* The local variables of the calling frame as a dict. */
static Ref names_now(Vm *vm)
{
    Frame *frame = frame_current(vm);
    return frame ? frame_names(vm, frame) : throw(vm, RuntimeError, "no current frame");
}
NATIVE(builtins_locals, "locals()",
       "Return a dictionary containing the current scope's local variables.")
{
    return names_now(vm);
}
NATIVE(builtins_globals, "globals()",
       "Return the dictionary containing the current scope's global variables.")
{
    Frame *frame = frame_current(vm);
    return frame ? newref(borrow(frame->function->globals))
                 : throw(vm, RuntimeError, "no current frame");
}
NATIVE(builtins_vars, "vars(object=?, /)",
       "Return the __dict__ of an object, or the local variables.")
{
    if (absent(argv[0])) return names_now(vm);
    Ref dict = attr_get_or_absent(vm, argv[0], N(__dict__));
    return absent(dict) ? throw(vm, TypeError, "vars() argument must have __dict__ attribute")
                        : dict;
}
NATIVE(builtins_dir, "dir(object=?, /)",
       "A sorted list of the names an object, or the current scope, has.")
{
    Ref names = FAIL;
    if (absent(argv[0])) {
        Ref dict = names_now(vm), keys = UNDEF;
        if (!failed(dict) && !is_exact(dict, KIND_DICT)) {
            keys = call_method(vm, dict, N(keys), 0, NULL);
            replace(&dict, keys);
        }
        names = failed(dict) ? FAIL : list_from(vm, dict);
        decref(dict);
    } else {
        Ref found = call_special(vm, argv[0], N(__dir__), 0, NULL);
        if (absent(found)) return throw(vm, TypeError, "object does not provide __dir__");
        names = failed(found) ? FAIL : list_from(vm, found);
        decref(found);
    }
    if (failed(names) || list_sort(vm, as_list(names), NONE, false)) return names;
    decref(names);
    return FAIL;
}

NATIVE(builtins_chr, "chr(i, /)", "Return a Unicode string of one character with ordinal i.")
{
    int64_t point;
    if (!int_index(vm, argv[0], &point)) {
        if (error_is(vm, OverflowError)) {
            error_clear(vm);
            point = -1;
        } else {
            return FAIL;
        }
    }
    if (point < 0 || point > 0x10ffff)
        return throw(vm, ValueError, "chr() arg not in range(0x110000)");
    return str_from_char(vm, (uint32_t)point);
}
NATIVE(builtins_ord, "ord(c, /)", "Return the ordinal value of a character.")
{
    Value c = argv[0];
    ptrdiff_t len;
    if (is_str(c)) {
        len = as_str(c)->len;
        if (len == 1) return from_small(str_at(as_str(c), 0));
    } else if (is_kind(c, KIND_BYTES) || is_kind(c, KIND_BYTEARRAY)) {
        len = value_len(vm, c);
        if (len == 1) return value_get_item(vm, c, from_small(0));
    } else {
        return throw(vm, TypeError, "ord() expected string of length 1, but %T found", c);
    }
    return throw(vm, TypeError, "ord() expected a character, but string of length %zd found", len);
}

/* ---- input and output ---- */

NATIVE(builtins_breakpoint, "breakpoint(*args, **kws)",
       "Call sys.breakpointhook with the arguments, which starts a debugger.")
{
    Ref name = str_interned(vm, "breakpointhook");
    if (failed(name)) return FAIL;
    Value hook = dict_get_name(as_dict(vm->interp->sys), name);
    decref(name);
    if (absent(hook)) return throw(vm, RuntimeError, "lost sys.breakpointhook");
    Ref kept = newref(hook), result = call_unpacked(vm, kept, argv[0], argv[1]);
    decref(kept);
    return result;
}

static Ref standard_file(Vm *vm, Value name)
{
    Value file = dict_get_name(as_dict(vm->interp->sys), name);
    return absent(file) ? throw(vm, RuntimeError, "lost sys.%S", name) : newref(file);
}

static bool write_value(Vm *vm, Value file, Value value)
{
    Ref text = is_exact(value, KIND_STR) ? newref(value) : value_str(vm, value);
    if (failed(text)) return false;
    bool good = file_write(vm, file, text);
    decref(text);
    return good;
}

static bool check_separator(Vm *vm, Value v, const char *name)
{
    if (v == NONE || is_str(v)) return true;
    throw(vm, TypeError, "%s must be None or a string, not %T", name, v);
    return false;
}

NATIVE(builtins_print, "print(*args, sep=' ', end='\\n', file=None, flush=False)",
       "Write the values to file (sys.stdout by default), separated by sep and followed by end.")
{
    Value args = argv[0], sep = argv[1], end = argv[2];
    if (!check_separator(vm, sep, "sep") || !check_separator(vm, end, "end")) return FAIL;
    Ref file = argv[3] == NONE ? standard_file(vm, N(stdout)) : newref(argv[3]);
    if (failed(file)) return FAIL;
    if (file == NONE) return NONE;
    bool good = true;
    for (ptrdiff_t n = 0; good && n < tuple_len(args); n++) {
        if (n) good = write_value(vm, file, sep == NONE ? (Value)vm->interp->latin1[' '] : sep);
        good = good && write_value(vm, file, tuple_at(args, n));
    }
    good = good && write_value(vm, file, end == NONE ? (Value)vm->interp->latin1['\n'] : end);
    Truth flush = good ? value_truth(vm, argv[4]) : FAILED;
    if (flush == YES && !file_flush(vm, file)) flush = FAILED;
    decref(file);
    return flush == FAILED ? FAIL : NONE;
}

/* A stream that cannot be flushed keeps nobody from reading another; for want of memory it may have
 * lost what was written, so that is told. */
static bool flush_before_input(Vm *vm, Value file)
{
    if (file_flush(vm, file)) return true;
    if (error_is(vm, MemoryError)) return false;
    error_clear(vm);
    return true;
}

NATIVE(builtins_input, "input(prompt='', /)",
       "Read a line from standard input; the prompt is written first.")
{
    Value warnings = dict_get_name(as_dict(vm->interp->sys), N(stderr));
    bool good = true;
    if (!absent(warnings) && warnings != NONE) {
        Ref held = newref(warnings);
        good = flush_before_input(vm, held);
        decref(held);
    }
    Ref out = good ? standard_file(vm, N(stdout)) : FAIL;
    good = !failed(out) && write_value(vm, out, argv[0]) && flush_before_input(vm, out);
    decref(out);
    Ref in = good ? standard_file(vm, N(stdin)) : FAIL;
    if (failed(in)) return FAIL;
    Ref line = call_method(vm, in, N(readline), 0, NULL);
    decref(in);
    if (!is_str(line)) return line;
    ptrdiff_t len = as_str(line)->len;
    if (len == 0) {
        decref(line);
        return throw(vm, EOFError, "EOF when reading a line");
    }
    if (str_at(as_str(line), len - 1) != '\n') return line;
    Ref cut = str_slice(vm, line, 0, len - 1);
    decref(line);
    return cut;
}

NATIVE(builtins_build_class, "__build_class__(func, name, /, *bases, **kwds)",
       "What a class statement calls.")
{
    Value bases = argv[2];
    Dict *keywords = as_dict(argv[3]);
    ptrdiff_t count = tuple_len(bases);
    Value *values = memory_new(vm, sizeof(Value) * (size_t)(count + keywords->len + 1));
    Ref names = tuple_new(vm, keywords->len), class = FAIL;
    if (values && !failed(names)) {
        for (ptrdiff_t n = 0; n < count; n++) values[n] = tuple_at(bases, n);
        Value key, value;
        ptrdiff_t k = 0;
        for (ptrdiff_t i = 0; dict_next(keywords, &i, &key, &value); k++) {
            as_tuple(names)->items[k] = newref(key);
            values[count + k] = value;
        }
        class = type_build_class(
            vm, argv[0], argv[1],
            &(Args){values, (int)count, keywords->len ? (Value)names : (Value)UNDEF});
    }
    decref(names);
    memory_free(values);
    return class;
}

/* ---- the module ---- */

static const Native *const builtins_functions[] = {
    &builtins_abs_def,
    &builtins_divmod_def,
    &builtins_pow_def,
    &builtins_round_def,
    &builtins_bin_def,
    &builtins_oct_def,
    &builtins_hex_def,
    &builtins_sum_def,
    &builtins_len_def,
    &builtins_max_def,
    &builtins_min_def,
    &builtins_any_def,
    &builtins_all_def,
    &builtins_sorted_def,
    &builtins_iter_def,
    &builtins_next_def,
    &builtins_aiter_def,
    &builtins_anext_def,
    &builtins_repr_def,
    &builtins_ascii_def,
    &builtins_format_def,
    &builtins_hash_def,
    &builtins_id_def,
    &builtins_callable_def,
    &builtins_isinstance_def,
    &builtins_issubclass_def,
    &builtins_getattr_def,
    &builtins_setattr_def,
    &builtins_delattr_def,
    &builtins_hasattr_def,
    &builtins_locals_def,
    &builtins_globals_def,
    &builtins_vars_def,
    &builtins_dir_def,
    &builtins_chr_def,
    &builtins_ord_def,
    &builtins_print_def,
    &builtins_input_def,
    &builtins_build_class_def,
    &builtins_breakpoint_def,
    NULL,
};

static const Kind builtin_kinds[] = {
    KIND_OBJECT,       KIND_TYPE,  KIND_INT,       KIND_BOOL,       KIND_FLOAT,    KIND_COMPLEX,
    KIND_STR,          KIND_BYTES, KIND_BYTEARRAY, KIND_MEMORYVIEW, KIND_LIST,     KIND_TUPLE,
    KIND_DICT,         KIND_SET,   KIND_FROZENSET, KIND_RANGE,      KIND_SLICE,    KIND_ENUMERATE,
    KIND_ZIP,          KIND_MAP,   KIND_FILTER,    KIND_REVERSED,   KIND_PROPERTY, KIND_CLASSMETHOD,
    KIND_STATICMETHOD, KIND_SUPER,
};

/* Exceptions of modules of their own are not builtins: their names have a dot. */
static bool add_exceptions(Vm *vm, Dict *dict)
{
    for (int id = 0; id < EXCEPTION_COUNT; id++) {
        Type *class = exception_class(vm, (ExcId)id);
        if (strchr(class->def->name, '.')) continue;
        if (!dict_set(vm, dict, class->name, borrow(class))) return false;
    }
    return dict_set_text(vm, dict, "EnvironmentError", borrow(exception_class(vm, OSError))) &&
           dict_set_text(vm, dict, "IOError", borrow(exception_class(vm, OSError)));
}

static bool builtins_open(Vm *vm, Value module)
{
    Dict *dict = module_dict(module);
    vm->interp->builtins = newref(borrow(dict));
    for (size_t n = 0; n < sizeof builtin_kinds / sizeof *builtin_kinds; n++) {
        Type *type = type_builtin(vm, builtin_kinds[n]);
        if (!dict_set(vm, dict, type->name, borrow(type))) return false;
    }
    return add_exceptions(vm, dict) && dict_set_text(vm, dict, "None", NONE) &&
           dict_set_text(vm, dict, "True", TRUE) && dict_set_text(vm, dict, "False", FALSE) &&
           dict_set_text(vm, dict, "Ellipsis", ELLIPSIS) &&
           dict_set_text(vm, dict, "NotImplemented", NOT_IMPLEMENTED) &&
           dict_set_text(vm, dict, "__debug__", from_bool(!vm->interp->flags.optimize)) &&
           (vm->interp->flags.no_site || sitewords_add(vm, dict)) && builtins_code_open(vm, dict) &&
           io_add_open(vm, dict);
}

const ModuleDef builtins_module = {
    .name = "builtins",
    .doc = "Functions, exceptions and other objects that are always there.",
    .functions = builtins_functions,
    .open = builtins_open,
};
