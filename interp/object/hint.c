/* hint.c - "Did you mean": what is added to the last line of a report.
 *
 * Candidates are compared by the Levenshtein distance with cheaper case changes, as CPython weighs
 * them: a move costs 2, a change of case 1; a suggestion must be closer than a third of the letters
 * involved. Neighbours: report.c. */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>

#include "object/attr.h"
#include "object/call.h"
#include "object/dict.h"
#include "object/exception.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/name.h"
#include "object/str.h"
#include "object/traceback.h"

enum { MOVE_COST = 2, CASE_COST = 1, NAME_MAX_LEN = 40, CANDIDATES_MAX = 750 };

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

/* The candidate (borrowed) closest to name, or UNDEF. */
static Value closest(Vm *vm, Value name, List *candidates)
{
    Value best = UNDEF;
    int best_distance = 1 << 20;
    if (!as_str(name)->ascii || candidates->len > CANDIDATES_MAX) return UNDEF;
    for (ptrdiff_t n = 0; n < candidates->len; n++) {
        Value candidate = candidates->items[n];
        if (!is_str(candidate) || !as_str(candidate)->ascii ||
            str_equal(as_str(candidate), as_str(name)))
            continue;
        int limit = (int)((as_str(name)->len + as_str(candidate)->len + 3) * MOVE_COST / 6);
        if (limit > best_distance - 1) limit = best_distance - 1;
        int found = distance(as_str(name)->data, as_str(candidate)->data, limit);
        if (found > limit) continue;
        best = candidate;
        best_distance = found;
    }
    (void)vm;
    return best;
}

static bool add_keys(Vm *vm, List *list, Value dict)
{
    Value key, value;
    for (ptrdiff_t i = 0; is_dict(dict) && dict_next(as_dict(dict), &i, &key, &value);)
        if (!list_push(vm, list, newref(key))) return false;
    return true;
}

/* The names visible where error was raised: parameters and variables, globals, builtins. */
static Ref names_in_scope(Vm *vm, Value error)
{
    Value traceback = as_exception(error)->traceback;
    if (!is_kind(traceback, KIND_TRACEBACK)) return UNDEF;
    while (is_kind(((Traceback *)as_object(traceback))->next, KIND_TRACEBACK))
        traceback = ((Traceback *)as_object(traceback))->next;
    const Traceback *step = (const Traceback *)as_object(traceback);
    const Code *code = as_code(step->code);
    Ref list = list_new(vm, 16);
    bool good = !failed(list);
    for (int n = 0; good && n < code->locals; n++)
        good = !is_str(code->local_names[n]) ||
               list_push(vm, as_list(list), newref(code->local_names[n]));
    good = good && add_keys(vm, as_list(list), step->globals) &&
           add_keys(vm, as_list(list), vm->interp->builtins);
    if (good) return list;
    decref(list);
    return FAIL;
}

static Ref suggest(Vm *vm, Value name, Ref names)
{
    if (absent(names) || failed(names)) {
        error_clear(vm);
        return UNDEF;
    }
    Value best = is_list(names) ? closest(vm, name, as_list(names)) : (Value)UNDEF;
    Ref text = absent(best) ? UNDEF : format_text(vm, ". Did you mean: '%S'?", best);
    decref(names);
    return text;
}

Ref error_hint(Vm *vm, Value error)
{
    Value name = exception_field(error, 0);
    if (!is_str(name)) return UNDEF;
    if (exception_is(vm, error, AttributeError)) {
        Value object = exception_field(error, ATTRIBUTE_OBJ_FIELD);
        if (absent(object)) return UNDEF;
        Ref found = call_special(vm, object, N(__dir__), 0, NULL);
        Ref names = absent(found) || failed(found) ? found : list_from(vm, found);
        if (is_heap(found)) decref(found);
        return suggest(vm, name, names);
    }
    if (!exception_is(vm, error, NameError) || exception_is(vm, error, UnboundLocalError))
        return UNDEF;
    return suggest(vm, name, names_in_scope(vm, error));
}
