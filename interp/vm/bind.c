/* bind.c - arguments of a call onto the parameters of a script function.
 *
 * Parameters lie in the first locals: positional ones, keyword-only ones, *args, **kwargs.
 * The messages are CPython's. */
/* SPDX-License-Identifier: MIT */
#include "vm/bind.h"

#include "object/error.h"
#include "object/hint.h"
#include "object/list.h"
#include "object/number.h"
#include "object/str.h"
#include "object/tuple.h"

typedef struct Binding {
    Function *function;
    const Code *code;
    Ref *window;
    Ref keywords; /* the dict of **kwargs, or UNDEF */
} Binding;

static void drop_window(const Binding *binding)
{
    for (int n = 0; n < binding->code->parameters; n++) clear(&binding->window[n]);
}

/* "'a', 'b' and 'c'" of the parameters in [from, to) that are missing. */
static bool raise_missing(Vm *vm, const Binding *binding, int from, int to, const char *what)
{
    const Code *code = binding->code;
    int missing = 0, seen = 0;
    for (int n = from; n < to; n++) missing += absent(binding->window[n]);
    StrBuilder text;
    builder_open(&text);
    bool built = true;
    for (int n = from; n < to && built; n++) {
        if (!absent(binding->window[n])) continue;
        seen++;
        if (seen > 1)
            built = builder_text(vm, &text,
                                 missing == 2      ? " and "
                                 : seen == missing ? ", and "
                                                   : ", ");
        built = built && builder_repr(vm, &text, code->local_names[n]);
    }
    if (!built) {
        builder_close(&text);
        return false;
    }
    Ref names = builder_finish(vm, &text);
    if (failed(names)) return false;
    throw(vm, TypeError, "%S() missing %d required %s argument%s: %S",
          function_qualname(binding->function), missing, what, missing == 1 ? "" : "s",
          (Value)names);
    decref(names);
    return false;
}

static bool raise_too_many(Vm *vm, const Binding *binding, int given)
{
    const Code *code = binding->code;
    Value qualname = function_qualname(binding->function);
    int defaults =
        absent(binding->function->defaults) ? 0 : (int)tuple_len(binding->function->defaults);
    int keyword_given = 0;
    for (int n = code->arg_count; n < code->arg_count + code->keyword_only; n++)
        keyword_given += !absent(binding->window[n]);
    bool plural = defaults || code->arg_count != 1;
    char takes[64], extra[96] = "";
    if (defaults)
        snprintf(takes, sizeof takes, "from %d to %d", code->arg_count - defaults, code->arg_count);
    else snprintf(takes, sizeof takes, "%d", code->arg_count);
    if (keyword_given)
        snprintf(extra, sizeof extra, " positional argument%s (and %d keyword-only argument%s)",
                 given == 1 ? "" : "s", keyword_given, keyword_given == 1 ? "" : "s");
    throw(vm, TypeError, "%S() takes %s positional argument%s but %d%s %s given", qualname, takes,
          plural ? "s" : "", given, extra, given == 1 && !keyword_given ? "was" : "were");
    return false;
}

/* The parameter called name among [from, to), or -1. */
static int parameter_named(const Code *code, Value name, int from, int to)
{
    for (int n = from; n < to; n++)
        if (code->local_names[n] == name) return n;
    for (int n = from; n < to; n++)
        if (str_equal(as_str(code->local_names[n]), as_str(name))) return n;
    return -1;
}

static void raise_unknown_keyword(Vm *vm, const Binding *binding, Value name)
{
    const Code *code = binding->code;
    int first = code->positional_only, end = code->arg_count + code->keyword_only;
    Value meant = closest_name(name, code->local_names + first, end - first, false);
    Value qualname = function_qualname(binding->function);
    if (absent(meant))
        throw(vm, TypeError, "%S() got an unexpected keyword argument '%S'", qualname, name);
    else
        throw(vm, TypeError, "%S() got an unexpected keyword argument '%S'. Did you mean '%S'?",
              qualname, name, meant);
}

static bool raise_unexpected_keyword(Vm *vm, const Binding *binding, Value name, Value kwnames)
{
    const Code *code = binding->code;
    StrBuilder text;
    builder_open(&text);
    bool any = false, built = true;
    for (ptrdiff_t k = 0; k < tuple_len(kwnames) && built; k++) {
        Value given = tuple_at(kwnames, k);
        if (!is_str(given) || parameter_named(code, given, 0, code->positional_only) < 0) continue;
        built = (!any || builder_text(vm, &text, ", ")) && builder_str(vm, &text, given);
        any = true;
    }
    if (!built || !any) {
        builder_close(&text);
        if (built) raise_unknown_keyword(vm, binding, name);
        return false;
    }
    Ref names = builder_finish(vm, &text);
    if (failed(names)) return false;
    throw(vm, TypeError,
          "%S() got some positional-only arguments passed as keyword arguments: '%S'",
          function_qualname(binding->function), (Value)names);
    decref(names);
    return false;
}

static bool bind_keyword(Vm *vm, const Binding *binding, Value name, Value value, Value kwnames)
{
    const Code *code = binding->code;
    if (!is_str(name)) {
        throw(vm, TypeError, "%S() keywords must be strings", function_qualname(binding->function));
        return false;
    }
    int n =
        parameter_named(code, name, code->positional_only, code->arg_count + code->keyword_only);
    if (n < 0) {
        if (absent(binding->keywords)) return raise_unexpected_keyword(vm, binding, name, kwnames);
        return dict_set(vm, as_dict(binding->keywords), name, value);
    }
    if (!absent(binding->window[n])) {
        throw(vm, TypeError, "%S() got multiple values for argument '%S'",
              function_qualname(binding->function), name);
        return false;
    }
    binding->window[n] = newref(value);
    return true;
}

/* The default of the keyword-only parameter n, borrowed, or UNDEF. */
static Value keyword_default(const Function *function, int n)
{
    if (absent(function->keyword_defaults)) return UNDEF;
    Dict *defaults = as_dict(function->keyword_defaults);
    Value name = function->code->local_names[n];
    ptrdiff_t at = n - function->code->arg_count; /* where it is when all have one */
    if (at < defaults->used && defaults->entries[at].key == name)
        return defaults->entries[at].value;
    return dict_get_name(defaults, name);
}

static bool fill_defaults(Vm *vm, const Binding *binding, int given)
{
    const Code *code = binding->code;
    Function *function = binding->function;
    int defaults = absent(function->defaults) ? 0 : (int)tuple_len(function->defaults);
    int first = code->arg_count - defaults;
    for (int n = given; n < code->arg_count; n++)
        if (absent(binding->window[n]) && n >= first)
            binding->window[n] = newref(tuple_at(function->defaults, n - first));
    if ((code->flags & CODE_NAMESPACE) && code->arg_count == 1 && absent(binding->window[0]))
        binding->window[0] = newref(borrow(function->globals)); /* a module's code, called */
    for (int n = 0; n < code->arg_count; n++)
        if (absent(binding->window[n]))
            return raise_missing(vm, binding, 0, code->arg_count, "positional");
    int end = code->arg_count + code->keyword_only;
    bool missing = false;
    for (int n = code->arg_count; n < end; n++) {
        if (!absent(binding->window[n])) continue;
        Value value = keyword_default(function, n);
        binding->window[n] = newref(value);
        missing = missing || absent(value);
    }
    return !missing || raise_missing(vm, binding, code->arg_count, end, "keyword-only");
}

static bool bind_all(Vm *vm, Binding *binding, const Args *args)
{
    const Code *code = binding->code;
    int given = args->argc < code->arg_count ? args->argc : code->arg_count;
    int rest = code->arg_count + code->keyword_only;
    for (int n = 0; n < given; n++) binding->window[n] = newref(args->argv[n]);
    if (code->flags & CODE_VARARGS) {
        Ref extra = tuple_from_values(vm, args->argc - given, args->argv + given);
        if (failed(extra)) return false;
        binding->window[rest++] = extra;
    }
    if (code->flags & CODE_VARKEYWORDS) {
        binding->keywords =
            dict_new_sized(vm, absent(args->kwnames) ? 0 : tuple_len(args->kwnames));
        if (failed(binding->keywords)) return false;
        binding->window[rest] = binding->keywords;
    }
    if (!absent(args->kwnames)) {
        for (ptrdiff_t k = 0; k < tuple_len(args->kwnames); k++)
            if (!bind_keyword(vm, binding, tuple_at(args->kwnames, k), args->argv[args->argc + k],
                              args->kwnames))
                return false;
    }
    if (args->argc > given && !(code->flags & CODE_VARARGS))
        return raise_too_many(vm, binding, args->argc);
    return fill_defaults(vm, binding, given);
}

bool bind_arguments(Vm *vm, Function *function, const Args *args, Ref *window)
{
    Binding binding = {function, function->code, window, UNDEF};
    for (int n = 0; n < binding.code->parameters; n++) window[n] = UNDEF;
    if (bind_all(vm, &binding, args)) return true;
    drop_window(&binding);
    return false;
}

/* ---- the quick way */

enum { QUICK_PARAMETERS = 64 };

/* Finds a parameter for each keyword: taken gets its bit, slots[k] its number.  false: not that
 * simple. */
static bool place_keywords(const Code *code, int argc, Value kwnames, uint64_t *taken,
                           uint8_t *slots)
{
    int end = code->arg_count + code->keyword_only;
    for (ptrdiff_t k = 0; k < tuple_len(kwnames); k++) {
        int n = argc + (int)k; /* where it is when they come in order */
        if (n >= end || code->local_names[n] != tuple_at(kwnames, k))
            for (n = code->positional_only;
                 n < end && code->local_names[n] != tuple_at(kwnames, k);)
                n++;
        if (n >= end || n < code->positional_only || *taken >> n & 1) return false;
        *taken |= UINT64_C(1) << n;
        slots[k] = (uint8_t)n;
    }
    return true;
}

/* The default of parameter n, borrowed, or UNDEF. */
static Value default_of(const Function *function, int n)
{
    const Code *code = function->code;
    if (n >= code->arg_count) return keyword_default(function, n);
    ptrdiff_t first = absent(function->defaults) ? code->arg_count
                                                 : code->arg_count - tuple_len(function->defaults);
    return n < first ? (Value)UNDEF : tuple_at(function->defaults, n - first);
}

bool bind_by_name(Function *function, Ref *args, int argc, Value kwnames, Ref *window)
{
    const Code *code = function->code;
    int end = code->arg_count + code->keyword_only;
    if (code->flags & (CODE_VARARGS | CODE_VARKEYWORDS) || end >= QUICK_PARAMETERS ||
        argc > code->arg_count)
        return false;
    uint64_t taken = (UINT64_C(1) << argc) - 1;
    uint8_t slots[QUICK_PARAMETERS];
    if (!place_keywords(code, argc, kwnames, &taken, slots)) return false;
    for (int n = argc; n < end; n++)
        if (!(taken >> n & 1) && absent(default_of(function, n))) return false;
    for (int n = argc; n < end; n++)
        if (!(taken >> n & 1)) window[n] = newref(default_of(function, n));
    for (int n = 0; n < argc; n++) window[n] = take(&args[n]);
    for (ptrdiff_t k = 0; k < tuple_len(kwnames); k++) window[slots[k]] = take(&args[argc + k]);
    return true;
}
