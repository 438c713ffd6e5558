/* call.c - calls of every kind: the general form of the CALL opcodes, and calls from C.
 *
 * From eval a script function gets a frame and nothing recurses; from C a nested eval runs.
 * Neighbours: ops/call.inc (the fast forms), bind.c (arguments), object/call.h (the contract of the
 * C side). */
/* SPDX-License-Identifier: MIT */
#include "object/call.h"

#include <stdlib.h>

#include "object/attr.h"
#include "object/callee.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/name.h"
#include "object/native.h"
#include "object/shape.h"
#include "object/str.h"
#include "object/tuple.h"
#include "vm/bind.h"
#include "vm/eval.h"
#include "vm/specialise.h"

static void drop_run(Ref *from, ptrdiff_t count)
{
    for (ptrdiff_t n = 0; n < count; n++) clear(&from[n]);
}

/* ---- natives ---- */

/* A native called from C answered TAIL: the chain it named runs here. */
static Ref run_tail(Vm *vm)
{
    Activation *at = vm->tail;
    Ref holder = take(&vm->tail_holder), sent = take(&vm->sent), value = UNDEF;
    vm->tail = NULL;
    Step step = activation_resume(vm, at, sent, &value);
    decref(sent);
    decref(holder);
    if (step == STEP_YIELDED) return value;
    if (step == STEP_DONE) throw_stop(vm, value);
    return FAIL;
}

Flow follow_tail(Vm *vm, int dst)
{
    Activation *at = vm->tail;
    Ref holder = take(&vm->tail_holder), sent = take(&vm->sent);
    vm->tail = NULL;
    if (!push_chain(vm, FRAME_NEXT, holder, dst, 0)) {
        decref(sent);
        return FLOW_RAISE;
    }
    return flow_resume(vm, at, sent);
}

void init_returned(Vm *vm, Value value)
{
    throw(vm, TypeError, "__init__() should return None, not '%T'", value);
}

/* ---- from eval ---- */

/* The running frame's register dst gets value. */
static Flow answer(Vm *vm, Ref value, int dst)
{
    if (failed(value)) return FLOW_RAISE;
    if (value == TAIL) return follow_tail(vm, dst);
    replace(&vm->frame->regs[dst], value);
    return FLOW_RUN;
}

/* Moves args (owned, argc positional of them in all when kwnames is absent) onto function's
 * parameters in a fresh window. */
static bool fill_window(Vm *vm, Function *function, Ref *args, int argc, Value kwnames, Ref *window)
{
    const Code *code = function->code;
    if (window + code->parameters > vm->registers_end) {
        frame_overflow(vm);
        return false;
    }
    int defaults = absent(function->defaults) ? 0 : (int)tuple_len(function->defaults);
    if (absent(kwnames) && (code->flags & CODE_SIMPLE) && argc <= code->arg_count &&
        argc + defaults >= code->arg_count) {
        int first = code->arg_count - defaults;
        for (int n = 0; n < argc; n++) window[n] = take(&args[n]);
        for (int n = argc; n < code->arg_count; n++)
            window[n] = newref(tuple_at(function->defaults, n - first));
        return true;
    }
    int keywords = absent(kwnames) ? 0 : (int)tuple_len(kwnames);
    if (keywords && bind_by_name(function, args, argc - keywords, kwnames, window)) return true;
    if (!bind_arguments(vm, function, &(Args){as_values(args), argc - keywords, kwnames}, window))
        return false;
    drop_run(args, argc);
    return true;
}

static Flow enter_function(Vm *vm, Function *function, Ref *args, int argc, Value kwnames, int dst)
{
    Ref *window = vm->frame->top + 1;
    if (!fill_window(vm, function, args, argc, kwnames, window)) return FLOW_RAISE;
    if (function->code->flags & CODE_HEAP_FRAME) {
        Ref made = coroutine_new(vm, function, window);
        if (failed(made)) drop_run(window, function->code->parameters);
        return answer(vm, made, dst);
    }
    if (!push_call(vm, vm->frame, function, window, dst, FRAME_CALL)) {
        drop_run(window, function->code->parameters);
        return FLOW_RAISE;
    }
    newref(borrow(function));
    return FLOW_RUN;
}

/* A class whose instances come from object.__new__ and whose __init__ is a script function. */
static bool is_plain_class(Value callee)
{
    Type *type = as_type(callee);
    return !(as_object(callee)->flags & OBJ_SUBCLASS) && (type->flags & TYPE_HEAP) &&
           type->kind == KIND_OBJECT && !(type->flags & (TYPE_ABSTRACT | TYPE_METACLASS)) &&
           absent(type->new) && is_function(type->init) &&
           !(as_function(type->init)->code->flags & CODE_HEAP_FRAME);
}

static Flow enter_class(Vm *vm, Type *type, Ref *args, int argc, Value kwnames, int dst)
{
    Function *init = as_function(type->init);
    void *instance = type_instance(vm, type);
    if (!instance) return FLOW_RAISE;
    Ref *window = vm->frame->top + 1;
    args[-1] = newref(borrow(instance)); /* the free slot for self */
    if (!fill_window(vm, init, args - 1, argc + 1, kwnames, window)) {
        decref_object(instance);
        return FLOW_RAISE;
    }
    if (!push_call(vm, vm->frame, init, window, dst, FRAME_INIT)) {
        drop_run(window, init->code->parameters);
        decref_object(instance);
        return FLOW_RAISE;
    }
    newref(borrow(init));
    window[-1] = from_object(instance);
    return FLOW_RUN;
}

static Ref call_slot(Vm *vm, Value callee, const Args *args)
{
    Type *type = type_of(vm, callee);
    if (!type->slots.call) return throw(vm, TypeError, "'%T' object is not callable", callee);
    if (!recursion_enter(vm)) return FAIL;
    Ref result = type->slots.call(vm, callee, args);
    recursion_leave(vm);
    return result;
}

Flow call_general(Vm *vm, Ref *window, int argc, Value kwnames, int dst)
{
    Ref *args = window + 2;
    Ref callee = take(&window[0]);
    Flow flow;
    if (is_kind(callee, KIND_METHOD)) {
        Ref method = callee;
        *--args = newref(as_method(method)->self);
        argc++;
        callee = newref(as_method(method)->function);
        decref(method);
    }
    if (is_function(callee)) {
        flow = enter_function(vm, as_function(callee), args, argc, kwnames, dst);
    } else if (is_type(callee) && is_plain_class(callee) && args == window + 2) {
        flow = enter_class(vm, as_type(callee), args, argc, kwnames, dst);
    } else {
        int keywords = absent(kwnames) ? 0 : (int)tuple_len(kwnames);
        Args given = {as_values(args), argc - keywords, kwnames};
        Ref result = is_native(callee) ? native_call(vm, as_native(callee), &given)
                                       : call_slot(vm, callee, &given);
        drop_run(args, argc);
        flow = answer(vm, result, dst);
    }
    decref(callee);
    return flow;
}

bool find_method(Vm *vm, Ref *window, Value name, Cache *cache)
{
    if (specialise_find_method(vm, window[1], name, cache)) return true;
    Ref callee = attr_get(vm, window[1], name);
    if (failed(callee)) return false;
    clear(&window[1]);
    window[0] = callee;
    return true;
}

Flow call_method_general(Vm *vm, Ref *window, int argc, Value name, Value kwnames, int dst)
{
    if (absent(window[1])) return call_general(vm, window, argc, kwnames, dst);
    Ref self = window[1];
    Type *type = type_of(vm, self);
    Value found =
        type->slots.get_attr == object_get_attr ? type_lookup(vm, type, name) : (Value)UNDEF;
    bool unbound = is_function(found) || is_kind(found, KIND_METHOD_DESCRIPTOR);
    if (unbound && is_heap(self)) { /* the instance may hide it */
        Object *object = as_object(self);
        if (object->shape->mode == SHAPE_SLOTS) unbound = shape_find(object->shape, name) < 0;
        else if (object->shape->mode == SHAPE_DICT) {
            Dict *dict = object_dict_if_any(object);
            unbound = !dict || absent(dict_get_name(dict, name));
        }
    }
    if (!unbound) {
        Ref callee = attr_get(vm, self, name);
        if (failed(callee)) {
            vm->frame->pc--; /* to its own word: the attribute's position, not the call's */
            return FLOW_RAISE;
        }
        clear(&window[1]);
        window[0] = callee;
        return call_general(vm, window, argc, kwnames, dst);
    }
    if (is_function(found)) {
        Ref kept = newref(found);
        Flow flow = enter_function(vm, as_function(found), &window[1], argc + 1, kwnames, dst);
        decref(kept);
        return flow;
    }
    int keywords = absent(kwnames) ? 0 : (int)tuple_len(kwnames);
    Ref kept = newref(found);
    Ref result = native_call(vm, as_native(found),
                             &(Args){as_values(&window[1]), argc + 1 - keywords, kwnames});
    drop_run(&window[1], argc + 1);
    decref(kept);
    return answer(vm, result, dst);
}

bool find_super(Vm *vm, Ref *window, int argc, Value name)
{
    if (window[0] == borrow(type_builtin(vm, KIND_SUPER))) {
        Ref class, self;
        if (!frame_super(vm, &class, &self)) return false;
        Value found =
            is_type(class) ? specialise_super(vm, as_type(class), self, name, argc) : (Value)UNDEF;
        decref(class);
        if (!absent(found)) {
            replace(&window[0], newref(found));
            window[1] = self;
            return true;
        }
        decref(self);
    }
    Ref object = call0(vm, window[0]), callee = failed(object) ? FAIL : attr_get(vm, object, name);
    decref(object);
    if (failed(callee)) return false;
    replace(&window[0], UNDEF);
    window[1] = callee;
    return true;
}

Flow call_super(Vm *vm, Ref *window, int argc, Value name, int dst)
{
    if (!is_heap(window[1]) && !find_super(vm, window, argc, name)) {
        vm->frame->pc--; /* to its own word: the attribute's position, not the call's */
        return FLOW_RAISE;
    }
    Ref function = take(&window[0]);
    if (absent(function)) {
        window[0] = take(&window[1]);
        return call_general(vm, window, argc, UNDEF, dst);
    }
    Flow flow = enter_function(vm, as_function(function), &window[1], argc + 1, UNDEF, dst);
    decref(function);
    return flow;
}

/* ---- calls with * and ** ---- */

/* Lays the arguments of a starred call out in a run on the register stack: positional, then keyword
 * values. */
static Ref *spread(Vm *vm, Value positional, Value keywords, Ref *kwnames)
{
    ptrdiff_t argc = is_tuple(positional) ? tuple_len(positional) : as_list(positional)->len;
    Ref *items = is_tuple(positional) ? as_tuple(positional)->items : as_list(positional)->items;
    ptrdiff_t named = absent(keywords) ? 0 : as_dict(keywords)->len;
    Ref *window = vm->frame->top;
    if (window + 2 + argc + named > vm->registers_end) {
        frame_overflow(vm);
        return NULL;
    }
    *kwnames = UNDEF;
    if (named) {
        *kwnames = tuple_new(vm, named);
        if (failed(*kwnames)) return NULL;
        bool named_by_text = true;
        Value key, value;
        for (ptrdiff_t i = 0, k = 0; dict_next(as_dict(keywords), &i, &key, &value); k++) {
            as_tuple(*kwnames)->items[k] = newref(key);
            named_by_text = named_by_text && is_str(key);
        }
        if (!named_by_text) {
            decref(take(kwnames));
            throw(vm, TypeError, "keywords must be strings");
            return NULL;
        }
        Ref *values = window + 2 + argc;
        for (ptrdiff_t i = 0; dict_next(as_dict(keywords), &i, &key, &value);)
            *values++ = newref(value);
    }
    for (ptrdiff_t n = 0; n < argc; n++) window[2 + n] = newref(items[n]);
    return window;
}

/* What stood behind the one star of callee(*slot) as a tuple. */
static bool star_tuple(Vm *vm, Value callee, Ref *slot)
{
    Type *type = type_of(vm, *slot);
    if (!type->slots.iter && !type->slots.get_item) {
        Ref shown = callee_text(vm, callee);
        if (!failed(shown))
            throw(vm, TypeError, "%S argument after * must be an iterable, not %T", (Value)shown,
                  (Value)*slot);
        decref(shown);
        return false;
    }
    Ref made = tuple_from(vm, *slot);
    if (failed(made)) return false;
    replace(slot, made);
    return true;
}

/* What stood behind the two stars of callee(**slot) as a dict. */
static bool star_dict(Vm *vm, Value callee, Ref *slot)
{
    Ref made = dict_new(vm);
    bool ok = !failed(made) && dict_merge_kwargs(vm, as_dict(made), *slot, callee);
    if (ok) replace(slot, made);
    else decref(made);
    return ok;
}

Flow call_star(Vm *vm, Ref *registers, int dst)
{
    Ref kwnames;
    Frame *frame = vm->frame;
    bool listed = is_exact(registers[2], KIND_TUPLE) || is_exact(registers[2], KIND_LIST);
    if (!absent(registers[3]) && !(listed && is_exact(registers[3], KIND_DICT)) &&
        !star_dict(vm, registers[0], &registers[3])) /* what iterating does cannot change it */
        return FLOW_RAISE;
    if (!listed && !star_tuple(vm, registers[0], &registers[2])) return FLOW_RAISE;
    Ref positional = registers[2], keywords = registers[3];
    Ref *window = spread(vm, positional, keywords, &kwnames);
    if (!window) return FLOW_RAISE;
    int argc = (int)(is_tuple(positional) ? tuple_len(positional) : as_list(positional)->len) +
               (absent(keywords) ? 0 : (int)as_dict(keywords)->len);
    window[0] = take(&registers[0]);
    window[1] = UNDEF;
    clear(&registers[2]);
    clear(&registers[3]);
    Ref *top = frame->top;
    frame->top = window + 2 + argc; /* the window is in use while the call is set up */
    Flow flow = call_general(vm, window, argc, kwnames, dst);
    frame->top = top;
    if (flow == FLOW_RAISE && vm->frame == frame) drop_run(window, argc + 2);
    decref(kwnames);
    return flow;
}

/* ---- from C ---- */

bool recursion_enter(Vm *vm)
{
    char here;
    if (vm->native_depth<vm->native_depth_limit && & here> vm->c_stack_limit) {
        vm->native_depth++;
        return true;
    }
    throw(vm, RecursionError, "maximum recursion depth exceeded");
    return false;
}

void recursion_leave(Vm *vm) { vm->native_depth--; }

bool stack_overflow(Vm *vm)
{
    throw(vm, RecursionError, "maximum recursion depth exceeded");
    return false;
}

/* Runs function, whose parameters are in window (owned), on the C stack. */
static Ref run_window(Vm *vm, Function *function, Ref *window)
{
    if (function->code->flags & CODE_HEAP_FRAME) {
        Ref made = coroutine_new(vm, function, window);
        if (failed(made)) drop_run(window, function->code->parameters);
        return made;
    }
    if (!recursion_enter(vm)) {
        drop_run(window, function->code->parameters);
        return FAIL;
    }
    Ref result = FAIL;
    if (push_call(vm, vm->frame, function, window, 0, FRAME_ENTRY)) {
        newref(borrow(function));
        result = eval(vm);
    } else {
        drop_run(window, function->code->parameters);
    }
    recursion_leave(vm);
    return result;
}

static Ref call_function(Vm *vm, Function *function, const Args *args)
{
    Ref *window = vm->frame->top + 1;
    if (window + function->code->parameters > vm->registers_end) {
        frame_overflow(vm);
        return FAIL;
    }
    if (absent(args->kwnames) && function->code->plain_args == args->argc) {
        for (int n = 0; n < args->argc; n++) window[n] = newref(args->argv[n]);
    } else if (!bind_arguments(vm, function, args, window)) {
        return FAIL;
    }
    return run_window(vm, function, window);
}

/* function(self, *args) */
static Ref call_bound(Vm *vm, Value function, Value self, const Args *args)
{
    if (is_function(function) && absent(args->kwnames) &&
        as_function(function)->code->plain_args == args->argc + 1) {
        Ref *window = vm->frame->top + 1;
        if (window + as_function(function)->code->parameters > vm->registers_end) {
            frame_overflow(vm);
            return FAIL;
        }
        window[0] = newref(self);
        for (int n = 0; n < args->argc; n++) window[n + 1] = newref(args->argv[n]);
        Ref kept = newref(function), result = run_window(vm, as_function(function), window);
        decref(kept);
        return result;
    }
    int keywords = absent(args->kwnames) ? 0 : (int)tuple_len(args->kwnames),
        count = args->argc + keywords;
    Value few[9], *argv = count < 9 ? few : memory_new(vm, sizeof(Value) * (size_t)(count + 1));
    if (!argv) return FAIL;
    argv[0] = self;
    for (int n = 0; n < count; n++) argv[n + 1] = args->argv[n];
    Ref result = call_args(vm, function, &(Args){argv, args->argc + 1, args->kwnames});
    if (argv != few) memory_free(argv);
    return result;
}

Ref call_args(Vm *vm, Value callee, const Args *args)
{
    if (is_function(callee)) {
        Ref kept = newref(callee);
        Ref result = call_function(vm, as_function(callee), args);
        decref(kept);
        return result;
    }
    if (is_native(callee)) {
        if (!recursion_enter(vm)) return FAIL;
        Ref kept = newref(callee);
        Ref result = native_call(vm, as_native(callee), args);
        if (result == TAIL) result = run_tail(vm);
        decref(kept);
        recursion_leave(vm);
        return result;
    }
    if (is_kind(callee, KIND_METHOD)) {
        Ref kept = newref(callee);
        Ref result = call_bound(vm, as_method(callee)->function, as_method(callee)->self, args);
        decref(kept);
        return result;
    }
    Ref result = call_slot(vm, callee, args);
    return result == TAIL ? run_tail(vm) : result;
}

Ref call(Vm *vm, Value callee, int argc, Value *argv)
{
    return call_args(vm, callee, &(Args){argv, argc, UNDEF});
}
Ref call0(Vm *vm, Value callee) { return call(vm, callee, 0, NULL); }
Ref call1(Vm *vm, Value callee, Value a) { return call(vm, callee, 1, (Value[]){a}); }
Ref call2(Vm *vm, Value callee, Value a, Value b) { return call(vm, callee, 2, (Value[]){a, b}); }

Ref call_unpacked(Vm *vm, Value function, Value args, Value kwargs)
{
    ptrdiff_t argc = tuple_len(args), named = is_dict(kwargs) ? as_dict(kwargs)->len : 0;
    Value few[8];
    Value *argv = argc + named <= 8 ? few : malloc(sizeof(Value) * (size_t)(argc + named));
    Ref kwnames = named ? tuple_new(vm, named) : UNDEF, result = FAIL;
    if (!argv || failed(kwnames)) {
        if (argv != few) free(argv);
        decref(kwnames);
        return argv ? FAIL : throw_no_memory(vm);
    }
    for (ptrdiff_t n = 0; n < argc; n++) argv[n] = tuple_at(args, n);
    Value key, value;
    ptrdiff_t k = 0;
    for (ptrdiff_t i = 0; named && dict_next(as_dict(kwargs), &i, &key, &value); k++) {
        as_tuple(kwnames)->items[k] = newref(key);
        argv[argc + k] = value;
    }
    result = call_args(vm, function, &(Args){argv, (int)argc, kwnames});
    decref(kwnames);
    if (argv != few) free(argv);
    return result;
}

Ref call_method(Vm *vm, Value object, Value name, int argc, Value *argv)
{
    Ref method = attr_get(vm, object, name);
    if (failed(method)) return FAIL;
    Ref result = call(vm, method, argc, argv);
    decref(method);
    return result;
}

Ref call_special(Vm *vm, Value self, Value name, int argc, Value *argv)
{
    Type *type = type_of(vm, self);
    Value found = type_lookup(vm, type, name);
    if (absent(found)) return UNDEF;
    Ref kept = newref(found), result;
    if (is_function(found) || is_kind(found, KIND_METHOD_DESCRIPTOR)) {
        result = call_bound(vm, found, self, &(Args){argv, argc, UNDEF});
    } else {
        Type *descriptor = type_of(vm, found);
        Ref bound = descriptor->slots.descr_get
                        ? descriptor->slots.descr_get(vm, found, self, borrow(type))
                        : newref(found);
        result = failed(bound) ? FAIL : call(vm, bound, argc, argv);
        decref(bound);
    }
    decref(kept);
    return result;
}
