/* hint.c - "Did you mean": what is added to the last line of a report.
 *
 * Candidates are compared by the Levenshtein distance with cheaper case changes, as CPython weighs
 * them: a move costs 2, a change of case 1; a suggestion must be closer than a third of the letters
 * involved. Neighbours: report.c, vm/bind.c (keywords nobody expects). */
/* SPDX-License-Identifier: MIT */
#include "object/hint.h"

#include <ctype.h>

#include "object/attr.h"
#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/frameobject.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/module.h"
#include "object/name.h"
#include "object/number.h"
#include "object/str.h"
#include "object/traceback.h"

enum { MOVE_COST = 2, CASE_COST = 1, NAME_MAX_LEN = 40, CANDIDATES_MAX = 750 };

/* Whatever was raised on the way is no reason to say less, but for memory that ended: that stays
 * raised. */
static bool starved(Vm *vm)
{
    if (error_is(vm, MemoryError)) return true;
    error_clear(vm);
    return false;
}

static int substitution(int a, int b)
{
    if (a == b) return 0;
    return tolower(a) == tolower(b) ? CASE_COST : MOVE_COST;
}

static int distance(const char *a, const char *b, int limit)
{
    int row[NAME_MAX_LEN + 1], len_a = (int)strlen(a), len_b = (int)strlen(b);
    if (len_a > NAME_MAX_LEN || len_b > NAME_MAX_LEN) return limit + 1;
    for (int j = 0; j <= len_b; j++) row[j] = j * MOVE_COST;
    for (int i = 1; i <= len_a; i++) {
        int diagonal = row[0];
        row[0] = i * MOVE_COST;
        for (int j = 1; j <= len_b; j++) {
            int above = row[j], best = diagonal + substitution(a[i - 1], b[j - 1]);
            if (above + MOVE_COST < best) best = above + MOVE_COST;
            if (row[j - 1] + MOVE_COST < best) best = row[j - 1] + MOVE_COST;
            diagonal = above;
            row[j] = best;
        }
    }
    return row[len_b];
}

Value closest_name(Value name, const Ref *candidates, ptrdiff_t count, bool hide)
{
    Value best = UNDEF;
    int best_distance = 1 << 20;
    if (!as_str(name)->ascii || count > CANDIDATES_MAX) return UNDEF;
    for (ptrdiff_t n = 0; n < count; n++) {
        Value candidate = candidates[n];
        if (!is_str(candidate) || !as_str(candidate)->ascii ||
            (hide && str_at(as_str(candidate), 0) == '_') ||
            str_equal(as_str(candidate), as_str(name)))
            continue;
        int limit = (int)((as_str(name)->len + as_str(candidate)->len + 3) * MOVE_COST / 6);
        if (limit > best_distance - 1) limit = best_distance - 1;
        int found = distance(as_str(name)->data, as_str(candidate)->data, limit);
        if (found > limit) continue;
        best = candidate;
        best_distance = found;
    }
    return best;
}

static bool add_keys(Vm *vm, List *list, Value dict)
{
    Value key, value;
    for (ptrdiff_t i = 0; is_dict(dict) && dict_next(as_dict(dict), &i, &key, &value);)
        if (!list_push(vm, list, newref(key))) return false;
    return true;
}

/* The step of error's traceback where it was raised, or UNDEF. */
static Value last_step(Value error)
{
    Value step = as_exception(error)->traceback;
    if (!is_kind(step, KIND_TRACEBACK)) return UNDEF;
    while (is_kind(((Traceback *)as_object(step))->next, KIND_TRACEBACK))
        step = ((Traceback *)as_object(step))->next;
    return step;
}

/* The variable self where error was raised, owned, or UNDEF; FAIL: memory ended. */
static Ref self_of(Vm *vm, Value error)
{
    Value step = last_step(error);
    Ref frame = absent(step) ? UNDEF : traceback_frame(vm, step), self = UNDEF;
    const Ref *registers = is_heap(frame) ? frame_object_registers(as_frame_object(frame)) : NULL;
    const Code *code = registers ? as_code(as_frame_object(frame)->code) : NULL;
    for (int n = 0; code && code->flags & CODE_OPTIMIZED && n < code->locals; n++)
        if (str_is(code->local_names[n], "self")) {
            Value held = local_value(code, n, registers[n]);
            if (!absent(held)) replace(&self, newref(held));
        }
    decref(frame);
    if (!starved(vm)) return self;
    decref(self);
    return FAIL;
}

/* The names visible where error was raised: parameters and variables, globals, builtins. */
static Ref names_in_scope(Vm *vm, Value error)
{
    Value last = last_step(error);
    if (absent(last)) return UNDEF;
    const Traceback *step = (const Traceback *)as_object(last);
    const Code *code = as_code(step->code);
    Value globals = absent(step->function) ? (Value)as_frame_object(step->frame)->globals
                                           : borrow(as_function(step->function)->globals);
    Ref list = list_new(vm, 16);
    bool good = !failed(list);
    for (int n = 0; good && n < code->locals; n++)
        good = !is_str(code->local_names[n]) ||
               list_push(vm, as_list(list), newref(code->local_names[n]));
    good = good && add_keys(vm, as_list(list), globals) &&
           add_keys(vm, as_list(list), vm->interp->builtins);
    if (good) return list;
    decref(list);
    return FAIL;
}

static Ref suggest(Vm *vm, Value name, Ref names, bool hide)
{
    if (absent(names) || failed(names)) return starved(vm) ? FAIL : UNDEF;
    Value best = UNDEF;
    if (is_list(names)) best = closest_name(name, as_list(names)->items, as_list(names)->len, hide);
    Ref text = absent(best) ? UNDEF : format_text(vm, ". Did you mean: '%S'?", best);
    decref(names);
    return text;
}

static Ref attribute_hint(Vm *vm, Value error, Value name)
{
    Value object = exception_field(error, ATTRIBUTE_OBJ_FIELD);
    if (absent(object)) return UNDEF;
    Ref self = self_of(vm, error);
    if (failed(self)) return FAIL;
    Ref found = call_special(vm, object, N(__dir__), 0, NULL);
    Ref names = absent(found) || failed(found) ? found : list_from(vm, found);
    bool hide = self != object && str_at(as_str(name), 0) != '_';
    if (is_heap(found)) decref(found);
    decref(self);
    return suggest(vm, name, names, hide);
}

/* from module import name: what of the module's names could be meant. */
static Ref import_hint(Vm *vm, Value error)
{
    Ref name = attr_get(vm, error, N(name_from)),
        from = starved(vm) ? FAIL : attr_get(vm, error, N(name));
    Value module = is_str(from) ? dict_get(vm, as_dict(vm->interp->modules), from) : (Value)UNDEF;
    Ref names = UNDEF;
    if (is_str(name) && as_str(name)->len && is_kind(module, KIND_MODULE)) {
        names = list_new(vm, 0);
        if (!failed(names) && !add_keys(vm, as_list(names), borrow(module_dict(module))))
            replace(&names, FAIL);
    }
    bool usable = is_str(name) && as_str(name)->len;
    Ref text = usable ? suggest(vm, name, names, str_at(as_str(name), 0) != '_') : UNDEF;
    decref(name);
    decref(from);
    if (failed(text) || !starved(vm)) return text;
    decref(text);
    return FAIL;
}

/* Is it the name of a module of the library that was not imported? */
static Truth is_library(Vm *vm, Value name)
{
    Value names = dict_get_text(vm, as_dict(vm->interp->sys), "stdlib_module_names");
    bool found = is_heap(names) && value_contains(vm, names, name) == YES;
    return starved(vm) ? FAILED : found ? YES : NO;
}

static Ref name_hint(Vm *vm, Value error, Value name)
{
    Ref self = self_of(vm, error);
    Ref attribute = absent(self) || failed(self) ? self : attr_get_or_absent(vm, self, name);
    bool has = !absent(attribute) && !failed(attribute), none = starved(vm);
    if (attribute != self) decref(attribute);
    decref(self);
    if (none) return FAIL;
    Ref text = has ? format_text(vm, ". Did you mean: 'self.%S'?", name)
                   : suggest(vm, name, names_in_scope(vm, error), false);
    Truth library = failed(text) ? FAILED : is_library(vm, name);
    if (library == NO) return text;
    if (library == FAILED) {
        decref(text);
        return FAIL;
    }
    Ref longer = absent(text)
                     ? format_text(vm, ". Did you forget to import '%S'?", name)
                     : format_text(vm, "%S Or did you forget to import '%S'?", (Value)text, name);
    decref(text);
    return longer;
}

Ref error_hint(Vm *vm, Value error)
{
    if (exception_is(vm, error, ImportError)) return import_hint(vm, error);
    Value name = exception_field(error, 0);
    if (!is_str(name) || as_str(name)->len == 0) return UNDEF;
    if (exception_is(vm, error, AttributeError)) return attribute_hint(vm, error, name);
    if (!exception_is(vm, error, NameError) || exception_is(vm, error, UnboundLocalError))
        return UNDEF;
    return name_hint(vm, error, name);
}
