/* coroutine.c - generators and coroutines as objects.
 *
 * One allocation holds the object and its registers.  next(), send() and throw() called from eval
 * do not recurse: they answer TAIL and eval resumes the chain (tail_resume).  Called from C they
 * run a nested eval (activation_resume). A suspended body that stands inside try, with or for is
 * closed at the next safe point when it is dropped. Neighbours: flow.c, asyncgen.c, nativecoro.c.
 */
/* SPDX-License-Identifier: MIT */
#include "vm/coroutine.h"

#include "object/attr.h"
#include "object/call.h"
#include "object/exception.h"
#include "object/genericalias.h"
#include "object/iter.h"
#include "object/life.h"
#include "object/list.h"
#include "object/name.h"
#include "object/str.h"
#include "object/traceback.h"
#include "object/tuple.h"
#include "object/warning.h"
#include "vm/asyncgen.h"
#include "vm/eval.h"
#include "vm/import.h"
#include "vm/pending.h"

static Coroutine *as_coroutine(Value v) { return (Coroutine *)as_object(v); }

/* Is it a coroutine written in C?  To a script there is one class of coroutines. */
static bool is_in_c(const Object *object) { return object->kind == KIND_NATIVE_COROUTINE; }

static void set_state(Activation *activation, ActivationState state)
{
    activation->head.aux = (activation->head.aux & ~0xffu) | state;
}

static Kind kind_of_code(const Code *code)
{
    if (code->flags & CODE_COROUTINE) return KIND_COROUTINE;
    return code->flags & CODE_ASYNC_GENERATOR ? KIND_ASYNC_GENERATOR : KIND_GENERATOR;
}

Ref coroutine_origin(Vm *vm)
{
    FrameView view;
    Ref steps = list_new(vm, vm->interp->origin_depth);
    bool more = !failed(steps) && frame_view_first(vm, &view);
    for (int n = 0; more && n < vm->interp->origin_depth; n++, more = frame_view_next(vm, &view)) {
        const Code *code = view.function->code;
        Ref step =
            tuple_pack(vm, 3, (Value)code->filename,
                       (Value)from_small(code_position(code, view.instr).line), (Value)code->name);
        if (failed(step) || !list_push(vm, as_list(steps), step)) replace(&steps, FAIL);
        if (failed(steps)) break;
    }
    Ref origin = failed(steps) ? FAIL : tuple_from(vm, steps);
    decref(steps);
    return origin;
}

Ref coroutine_new(Vm *vm, Function *function, Ref *args)
{
    Code *code = function->code;
    int registers = code->locals + code->temps;
    Shape *shape = type_builtin(vm, kind_of_code(code))->shape;
    Ref origin = UNDEF;
    if (__builtin_expect(vm->interp->origin_depth > 0, 0) && code->flags & CODE_COROUTINE)
        origin = coroutine_origin(vm);
    if (failed(origin)) return FAIL;
    Coroutine *coroutine =
        object_new_raw(vm, shape, sizeof(Coroutine) + (size_t)registers * sizeof(Ref));
    if (!coroutine) {
        decref(origin);
        return FAIL;
    }
    memset((char *)coroutine + sizeof(Object), 0, sizeof(Coroutine) - sizeof(Object));
    for (int n = code->parameters; n < registers; n++) coroutine->regs[n] = UNDEF;
    coroutine->registers = registers;
    coroutine->function = function;
    newref(borrow(function));
    for (int n = 0; n < code->parameters; n++) coroutine->regs[n] = take(&args[n]);
    coroutine->pc = code->instrs;
    if (code->flags & CODE_COROUTINE) { /* who made it, for "was never awaited" */
        if (!absent(origin)) {
            coroutine->act.awaiting = origin;
            return from_object(coroutine);
        }
        Frame *frame = vm->frame;
        if (frame->code) {
            coroutine->act.awaiting = newref(borrow(frame->code));
            coroutine->pc = frame->pc;
        }
    }
    return from_object(coroutine);
}

void coroutine_clear(Coroutine *coroutine)
{
    if (!absent(coroutine->frame) || coroutine->steps) coroutine_hide_frame(coroutine);
    Ref *end = coroutine->regs + coroutine->registers;
    for (Ref *slot = coroutine->regs; slot < end; slot++) clear(slot);
    clear(&coroutine->handled);
}

Activation *activation_innermost(Activation *activation)
{
    while (activation_state(activation) == ACTIVATION_SUSPENDED &&
           is_activation(activation->awaiting))
        activation = as_activation(activation->awaiting);
    return activation;
}

void error_set_cause(Vm *vm, Ref cause)
{
    Exception *error = as_exception(vm->error);
    replace(&error->context, newref(cause));
    replace(&error->cause, cause);
    error->head.aux |= EXCEPTION_SUPPRESS_CONTEXT;
}

void coroutine_convert_error(Vm *vm, Coroutine *coroutine)
{
    Kind kind = (Kind)coroutine->act.head.head.kind;
    const char *what = kind == KIND_GENERATOR   ? "generator"
                       : kind == KIND_COROUTINE ? "coroutine"
                                                : "async generator";
    const char *raised = NULL;
    if (error_is(vm, StopIteration)) raised = "StopIteration";
    else if (kind == KIND_ASYNC_GENERATOR && error_is(vm, StopAsyncIteration))
        raised = "StopAsyncIteration";
    if (!raised) return;
    Ref cause = error_take(vm);
    throw(vm, RuntimeError, "%s raised %s", what, raised);
    error_set_cause(vm, cause);
}

/* ---- driving a chain from C ---- */

Step activation_resume(Vm *vm, Activation *at, Value sent, Ref *out)
{
    *out = UNDEF;
    if (!recursion_enter(vm)) return STEP_RAISED;
    Step step = STEP_RAISED;
    if (push_chain(vm, FRAME_ENTRY, UNDEF, 0, 0)) {
        Flow flow = flow_resume(vm, at, failed(sent) ? FAIL : newref(sent));
        if (flow == FLOW_RAISE) flow = unwind(vm);
        if (flow == FLOW_RUN) {
            Ref value = eval(vm);
            flow = value == TAIL   ? FLOW_OUT_SUSPENDED
                   : failed(value) ? FLOW_OUT_FAIL
                                   : FLOW_OUT_VALUE;
            if (flow == FLOW_OUT_VALUE) vm->returned = value;
        }
        if (flow == FLOW_OUT_VALUE) {
            *out = take(&vm->returned);
            step = STEP_DONE;
        } else if (flow == FLOW_OUT_SUSPENDED) {
            *out = take(&vm->yielded);
            step = STEP_YIELDED;
        }
    }
    recursion_leave(vm);
    return step;
}

void throw_stop(Vm *vm, Ref value)
{
    if (is_none(value)) throw_value(vm, StopIteration, UNDEF);
    else throw_value(vm, StopIteration, value);
    decref(value);
}

Ref tail_resume(Vm *vm, Value outermost, Ref sent)
{
    vm->tail = activation_innermost(as_activation(outermost));
    vm->tail_holder = newref(outermost);
    vm->sent = sent;
    return TAIL;
}

Step iterator_step(Vm *vm, Value iterator, Value sent, Ref *out)
{
    Ref value = UNDEF;
    if (failed(sent)) {
        Ref method = attr_get_or_absent(vm, iterator, N(throw));
        if (absent(method) || failed(method)) return STEP_RAISED;
        Ref error = error_take(vm);
        value = call1(vm, method, error);
        decref(error);
        decref(method);
    } else if (is_none(sent)) {
        Type *type = type_of(vm, iterator);
        value = type->slots.next ? call_special(vm, iterator, N(__next__), 0, NULL)
                                 : call_method(vm, iterator, N(send), 1, (Value[]){sent});
    } else {
        value = call_method(vm, iterator, N(send), 1, (Value[]){sent});
    }
    if (!failed(value)) {
        *out = value;
        return STEP_YIELDED;
    }
    if (!error_is(vm, StopIteration)) return STEP_RAISED;
    Ref stop = error_take(vm);
    *out = newref(stop_iteration_value(stop));
    decref(stop);
    return STEP_DONE;
}

/* ---- methods of generators and coroutines ---- */

static const char *kind_name(Value v)
{
    return is_kind(v, KIND_GENERATOR) ? "generator"
           : is_coroutine(v)          ? "coroutine"
                                      : "async generator";
}

/* May self be resumed now?  Finished ones are the caller's business. */
static bool can_resume(Vm *vm, Value self)
{
    Activation *activation = as_activation(self);
    if (activation_state(activation_innermost(activation)) != ACTIVATION_RUNNING &&
        !activation->awaiter)
        return true;
    throw(vm, ValueError, "%s already executing", kind_name(self));
    return false;
}

Ref throw_reused(Vm *vm, Value awaitable)
{
    return throw(vm, RuntimeError, "cannot reuse already awaited %s",
                 is_async_step(awaitable) ? async_step_name(as_activation(awaitable))
                                          : "coroutine");
}

static Ref resume_finished(Vm *vm, Value self)
{
    if (is_coroutine(self)) return throw_reused(vm, self);
    return throw_value(vm, StopIteration, UNDEF);
}

/* Goes on from a plain yield up to the next one, or the end. */
static Ref go_on(Vm *vm, Coroutine *self)
{
    Frame *frame = vm->frame + 1;
    if (frame >= vm->frame_limit) {
        frame_overflow(vm);
        return FAIL;
    }
    if (!recursion_enter(vm)) return FAIL;
    record_open(vm, frame, FRAME_ENTRY, 0, 0);
    record_enter(frame, self);
    replace(&frame->regs[self->dst], NONE);
    Ref value = eval(vm);
    recursion_leave(vm);
    if (value == TAIL) return take(&vm->yielded);
    decref(value);
    return failed(value) ? FAIL : UNDEF;
}

/* The next slot: from C. */
static Ref generator_next(Vm *vm, Value self)
{
    Activation *activation = as_activation(self);
    if (is_at_yield(activation)) {
        Ref kept = newref(self), value = go_on(vm, as_coroutine(self));
        decref(kept);
        return value;
    }
    if (activation_state(activation) == ACTIVATION_DONE) return UNDEF;
    if (!can_resume(vm, self)) return FAIL;
    Ref holder = newref(self), value = UNDEF;
    Step step = activation_resume(vm, activation_innermost(activation), NONE, &value);
    decref(holder);
    if (step == STEP_YIELDED) return value;
    decref(value);
    return step == STEP_DONE ? UNDEF : FAIL;
}

static Ref generator_iter(Vm *vm __attribute__((unused)), Value self) { return newref(self); }

NATIVE(generator_send, "send(self, value, /)",
       "Resume with value as the result of the current yield or await; return the next yielded "
       "value.\n"
       "Raises StopIteration with the return value when the body ends.")
{
    Activation *self = as_activation(argv[0]);
    if (activation_state(self) == ACTIVATION_DONE) return resume_finished(vm, argv[0]);
    if (!can_resume(vm, argv[0])) return FAIL;
    if (activation_state(self) == ACTIVATION_CREATED && argv[1] != NONE)
        return throw(vm, TypeError, "can't send non-None value to a just-started %s",
                     kind_name(argv[0]));
    return tail_resume(vm, argv[0], newref(argv[1]));
}

bool throw_allowed(Vm *vm, Value type, Value value, Value traceback)
{
    if ((!absent(value) || !absent(traceback)) &&
        !warn(
            vm, DeprecationWarning, 1,
            "the (type, exc, tb) signature of throw() is deprecated, use the single-arg signature "
            "instead."))
        return false;
    if (!absent(traceback) && traceback != NONE && !is_kind(traceback, KIND_TRACEBACK)) {
        throw(vm, TypeError, "throw() third argument must be a traceback object");
        return false;
    }
    if (is_exception(type)) {
        if (absent(value) || value == NONE) return true;
        throw(vm, TypeError, "instance exception may not have a separate value");
        return false;
    }
    if (is_type(type) && type_is_subtype(as_type(type), exception_class(vm, BaseException)))
        return true;
    throw(vm, TypeError,
          "exceptions must be classes or instances deriving from BaseException, not %T", type);
    return false;
}

Ref throw_arguments(Vm *vm, Value type, Value value, Value traceback)
{
    Ref error;
    if (is_exception(type)) {
        error = newref(type);
    } else {
        bool whole = is_exception(value) && type_has_instance(vm, as_type(type), value);
        if (whole) error = newref(value);
        else if (absent(value) || value == NONE) error = call0(vm, type);
        else if (is_tuple(value))
            error = call(vm, type, (int)tuple_len(value), as_values(as_tuple(value)->items));
        else error = call1(vm, type, value);
        if (failed(error)) return FAIL;
        if (!is_exception(error)) {
            throw(vm, TypeError,
                  "calling %R should have returned an instance of BaseException, not %T", type,
                  (Value)error);
            decref(error);
            return FAIL;
        }
    }
    if (!absent(traceback) && traceback != NONE)
        replace(&as_exception(error)->traceback, newref(traceback));
    error_restore(vm, error);
    return FAIL;
}

/* close() of a foreign iterator, when it has one; false: raised. */
static bool close_foreign(Vm *vm, Value iterator)
{
    if (is_kind(iterator, KIND_FUTURE) || is_kind(iterator, KIND_TASK)) return true;
    Ref method = attr_get_or_absent(vm, iterator, N(close));
    if (failed(method)) error_unraisable(vm, "Exception ignored in", iterator);
    if (failed(method) || absent(method)) return true;
    Ref result = call0(vm, method);
    decref(method);
    decref(result);
    return !failed(result);
}

/* GeneratorExit (vm->error) is about to enter the chain: what the outermost activation waits for is
 * closed first, from the innermost outwards.  An error of theirs takes the place of vm->error. */
static void close_inner(Vm *vm, Activation *outermost)
{
    Ref exit = error_take(vm);
    bool closed = true;
    while (closed) {
        Activation *inner = activation_innermost(outermost);
        if (is_kind(borrow(inner), KIND_ASYNC_GENERATOR) && inner != outermost)
            inner = inner->awaiter; /* a step and its generator are closed together */
        bool foreign = is_heap(inner->awaiting) && !is_activation(inner->awaiting);
        Activation *waiter = foreign ? inner : inner->awaiter;
        if (!waiter || (inner == outermost && !foreign)) break;
        Ref awaited = take(&waiter->awaiting);
        waiter->head.aux &= ~(uint32_t)ACTIVATION_IN_ASYNC_FOR;
        set_state(waiter, ACTIVATION_RUNNING); /* nobody may resume it meanwhile */
        if (foreign) closed = close_foreign(vm, awaited);
        else inner->awaiter = NULL, closed = activation_close(vm, inner);
        clear(&vm->returned);
        set_state(waiter, ACTIVATION_SUSPENDED);
        decref(awaited);
    }
    if (closed) error_restore(vm, exit);
    else decref(exit);
}

NATIVE(generator_throw, "throw(self, type, value=?, traceback=?, /)",
       "Raise an exception where the body is suspended; return the next yielded value.")
{
    Activation *self = as_activation(argv[0]);
    if (!throw_allowed(vm, argv[1], argv[2], argv[3]) || !can_resume(vm, argv[0])) return FAIL;
    throw_arguments(vm, argv[1], argv[2], argv[3]);
    if (activation_state(self) == ACTIVATION_DONE) {
        if (is_coroutine(argv[0])) {
            error_clear(vm);
            return resume_finished(vm, argv[0]);
        }
        return FAIL;
    }
    if (is_heap(self->awaiting) && activation_state(self) == ACTIVATION_SUSPENDED &&
        error_is(vm, GeneratorExit))
        close_inner(vm, self);
    return tail_resume(vm, argv[0], FAIL);
}

/* The activation has been closed: vm->returned is what its body returned. */
static bool closed_with(Vm *vm, Ref value)
{
    decref(vm->returned);
    vm->returned = value;
    return true;
}

bool activation_close(Vm *vm, Activation *activation)
{
    ActivationState state = activation_state(activation);
    if (state == ACTIVATION_DONE) return true;
    Value self = borrow(activation);
    bool script = !is_kind(self, KIND_NATIVE_COROUTINE) && !is_async_step(self);
    if (state == ACTIVATION_CREATED && !is_async_step(self)) {
        set_state(activation, ACTIVATION_DONE);
        clear(&activation->awaiting);
        if (script) coroutine_clear(as_coroutine(self));
        return true;
    }
    if (script && !can_resume(vm, self)) return false;
    Ref holder = newref(self), value = UNDEF;
    throw_value(vm, GeneratorExit, UNDEF);
    if (script && is_heap(activation->awaiting)) close_inner(vm, activation);
    Step step = activation_resume(vm, activation_innermost(activation), FAIL, &value);
    decref(holder);
    if (step == STEP_RAISED) {
        bool ended = error_is(vm, GeneratorExit) || error_is(vm, StopIteration) ||
                     (is_async_step(self) && error_is(vm, StopAsyncIteration));
        if (ended) error_clear(vm);
        return ended;
    }
    if (step == STEP_DONE) return closed_with(vm, value);
    decref(value);
    throw(vm, RuntimeError, "%s ignored GeneratorExit", script ? kind_name(self) : "coroutine");
    return false;
}

NATIVE(generator_close, "close(self, /)",
       "Raise GeneratorExit where the body is suspended, to end it.")
{
    if (!activation_close(vm, as_activation(argv[0]))) return FAIL;
    Ref value = take(&vm->returned);
    return absent(value) || !is_kind(argv[0], KIND_GENERATOR) ? (decref(value), NONE) : value;
}

/* ---- where it stands ---- */

static int line_at(const Code *code, const Instr *pc)
{
    ptrdiff_t index = pc - code->instrs - 1;
    return code_position(code, index < 0 ? 0 : (int)index).line;
}

bool activation_where(Vm *vm, const Activation *activation, Value *filename, Value *name, int *line)
{
    *line = 0;
    Value self = borrow(activation);
    if (is_kind(self, KIND_NATIVE_COROUTINE) || is_async_step(self)) {
        *filename = *name = UNDEF;
        return false;
    }
    const Coroutine *coroutine = as_coroutine(self);
    const Code *code = coroutine->function->code;
    const Instr *pc = coroutine->pc;
    if (activation_state(activation) == ACTIVATION_CREATED) pc = NULL;
    for (Frame *frame = vm->frame; frame > vm->frames; frame--)
        if (frame->coroutine == coroutine) pc = frame->pc;
    *filename = code->filename;
    *name = function_qualname(coroutine->function);
    *line = pc ? line_at(code, pc) : code->first_line;
    return true;
}

/* ---- dropping ---- */

void coroutine_visit(Object *object, Visit *visit, void *context)
{
    Coroutine *self = (Coroutine *)object;
    if (is_in_c(object)) {
        native_coroutine_visit(object, visit, context);
        return;
    }
    for (int n = 0; n < self->registers; n++)
        if (is_heap(self->regs[n])) visit(&self->regs[n], context);
    if (is_heap(self->handled)) visit(&self->handled, context);
    if (is_heap(self->frame)) visit(&self->frame, context);
    visit((Ref *)(void *)&self->function, context);
}

void coroutine_drop(Object *object)
{
    Coroutine *self = (Coroutine *)object;
    if (is_activation(self->act.awaiting)) as_activation(self->act.awaiting)->awaiter = NULL;
    if (is_in_c(object)) {
        native_coroutine_drop(object);
        return;
    }
    coroutine_clear(self);
    decref_object(self->function);
    self->function = NULL;
}

static const char how_to_await[] = "write `await` before it: aio explain AIO302";

bool never_awaited(Vm *vm, Ref text, Value file, int line)
{
    Ref dropped_in = UNDEF;
    int dropped_at = 0;
    Dict *globals = NULL;
    bool known = current_place(vm, 1, &dropped_in, &dropped_at, &globals);
    bool good = !failed(text);
    bool elsewhere = !absent(file) && known &&
                     (line != dropped_at || !str_equal(as_str(file), as_str(dropped_in)));
    if (good && !absent(file) && !vm->interp->flags.plain)
        replace(&text, elsewhere ? format_text(vm, "%S (made at %S:%d; %s)", (Value)text, file,
                                               line, how_to_await)
                                 : format_text(vm, "%S (%s)", (Value)text, how_to_await));
    good = good && !failed(text) &&
           warn_at(vm, RuntimeWarning, text,
                   known          ? (Value)dropped_in
                   : absent(file) ? N(sys)
                                  : file,
                   known ? dropped_at : line, globals);
    decref(dropped_in);
    decref(text);
    return good;
}

/* warnings._warn_unawaited_coroutine(self) tells where a coroutine that knows its origin was made;
 * false: there is no such function. */
static bool warn_with_origin(Vm *vm, Activation *self)
{
    if (!is_tuple(self->awaiting)) return false;
    Ref module = import_text(vm, "warnings"), function = FAIL;
    if (!failed(module)) function = attr_get_text(vm, module, "_warn_unawaited_coroutine");
    decref(module);
    if (failed(function)) {
        if (error_is(vm, ImportError) || error_is(vm, AttributeError)) error_clear(vm);
        else error_unraisable(vm, "Exception ignored while finalizing coroutine", borrow(self));
        return false;
    }
    Ref result = call1(vm, function, borrow(self));
    if (failed(result))
        error_unraisable(vm, "Exception ignored while finalizing coroutine", borrow(self));
    decref(result);
    decref(function);
    return true;
}

static void warn_never_awaited(Vm *vm, Activation *self)
{
    Ref saved = error_take(vm);
    if (warn_with_origin(vm, self)) {
        error_restore(vm, saved);
        return;
    }
    Value maker = self->awaiting;
    int line = 0;
    if (is_kind(maker, KIND_CODE))
        line = is_in_c(&self->head.head)
                   ? code_position(as_code(maker), ((NativeCoroutine *)self)->made_at).line
                   : line_at(as_code(maker), ((Coroutine *)self)->pc);
    Ref name = coroutine_get_qualname(vm, borrow(self));
    Ref text =
        failed(name) ? FAIL : format_text(vm, "coroutine '%S' was never awaited", (Value)name);
    if (!never_awaited(vm, text, line ? (Value)as_code(maker)->filename : (Value)UNDEF, line))
        error_unraisable(vm, "Exception ignored while finalizing coroutine", borrow(self));
    decref(name);
    error_restore(vm, saved);
}

/* The finaliser of generators and coroutines, run at a safe point with the object alive. */
void coroutine_finalize(Vm *vm, Object *object)
{
    Activation *self = (Activation *)object;
    ActivationState state = activation_state(self);
    if (state == ACTIVATION_CREATED && is_coroutine(from_object(object)))
        warn_never_awaited(vm, self);
    if (state != ACTIVATION_SUSPENDED || self->awaiter) return; /* who awaits it closes it */
    if (object->kind == KIND_ASYNC_GENERATOR && async_generator_finalized(vm, (Coroutine *)self))
        return;
    Ref saved = error_take(vm);
    if (!activation_close(vm, self)) error_unraisable(vm, "Exception ignored in", borrow(self));
    clear(&vm->returned);
    error_restore(vm, saved);
}

/* Must the finaliser run when this object is dropped? */
bool coroutine_needs_finalizer(Object *object)
{
    Activation *self = (Activation *)object;
    ActivationState state = activation_state(self);
    if (state == ACTIVATION_CREATED) return is_coroutine(from_object(object));
    if (state != ACTIVATION_SUSPENDED) return false;
    if (object->kind == KIND_ASYNC_GENERATOR) return true;
    for (Activation *a = self;; a = as_activation(a->awaiting)) {
        bool script = a->head.head.kind == KIND_GENERATOR || a->head.head.kind == KIND_COROUTINE ||
                      a->head.head.kind == KIND_ASYNC_GENERATOR;
        if (!script || coroutine_has_handler((Coroutine *)a)) return true;
        if (!is_activation(a->awaiting))
            return is_heap(a->awaiting) && !is_kind(a->awaiting, KIND_FUTURE) &&
                   !is_kind(a->awaiting, KIND_TASK);
    }
}

/* ---- attributes ---- */

Ref coroutine_get_name(Vm *vm, Value self)
{
    if (is_in_c(as_object(self))) return native_coroutine_name(vm, self);
    return newref(function_name(as_coroutine(self)->function));
}
Ref coroutine_get_qualname(Vm *vm, Value self)
{
    if (is_in_c(as_object(self))) return native_coroutine_qualname(vm, self);
    return newref(function_qualname(as_coroutine(self)->function));
}

/* The names are the function's, so a coroutine that gets names of its own gets a function of its
 * own. */
static bool rename_coroutine(Vm *vm, Coroutine *coroutine, Ref name, Ref qualname)
{
    Function *from = coroutine->function;
    Ref made = function_new(vm, from->code, from->globals, from->builtins);
    if (failed(made)) {
        decref(name);
        decref(qualname);
        return false;
    }
    Function *function = as_function(made);
    replace(&function->name, name);
    replace(&function->qualname, qualname);
    for (int n = 0; n < from->code->free_count; n++) {
        newref(borrow(from->cells[n]));
        function->cells[n] = from->cells[n];
    }
    for (Frame *frame = vm->frame; frame > vm->frames; frame--)
        if (frame->coroutine == coroutine) frame->function = function;
    coroutine->function = function;
    decref_object(from);
    return true;
}

static bool must_be_name(Vm *vm, Value name, const char *attribute)
{
    if (is_str(name)) return true;
    throw(vm, TypeError, "%s must be set to a string object", attribute);
    return false;
}
/* A native coroutine has the name of its function, always. */
static bool may_be_renamed(Vm *vm, Value self)
{
    if (!is_in_c(as_object(self))) return true;
    throw(vm, AttributeError, "the name of a native coroutine is not writable");
    return false;
}
bool coroutine_set_name(Vm *vm, Value self, Value name)
{
    Coroutine *coroutine = as_coroutine(self);
    return must_be_name(vm, name, "__name__") && may_be_renamed(vm, self) &&
           rename_coroutine(vm, coroutine, newref(name),
                            newref(function_qualname(coroutine->function)));
}
bool coroutine_set_qualname(Vm *vm, Value self, Value name)
{
    Coroutine *coroutine = as_coroutine(self);
    return must_be_name(vm, name, "__qualname__") && may_be_renamed(vm, self) &&
           rename_coroutine(vm, coroutine, newref(function_name(coroutine->function)),
                            newref(name));
}
static Ref get_code(Vm *vm, Value self)
{
    if (is_in_c(as_object(self))) return native_coroutine_code(vm, self);
    return newref(borrow(as_coroutine(self)->function->code));
}
static Ref get_running(Vm *vm __attribute__((unused)), Value self)
{
    Activation *innermost = activation_innermost(as_activation(self));
    return from_bool(activation_state(innermost) == ACTIVATION_RUNNING);
}
Ref activation_get_suspended(Vm *vm __attribute__((unused)), Value self)
{
    Activation *innermost = activation_innermost(as_activation(self));
    return from_bool(activation_state(as_activation(self)) == ACTIVATION_SUSPENDED &&
                     activation_state(innermost) == ACTIVATION_SUSPENDED);
}
Ref activation_get_awaiting(Vm *vm __attribute__((unused)), Value self)
{
    Activation *activation = as_activation(self);
    if (activation_state(activation) != ACTIVATION_SUSPENDED || absent(activation->awaiting) ||
        activation_state(activation_innermost(activation)) == ACTIVATION_RUNNING)
        return NONE;
    return newref(activation->awaiting);
}
Ref coroutine_get_frame(Vm *vm, Value self)
{
    Coroutine *coroutine = as_coroutine(self);
    if (activation_state(&coroutine->act) == ACTIVATION_DONE) return NONE;
    if (is_in_c(as_object(self))) return native_coroutine_frame(vm, self);
    bool created = activation_state(&coroutine->act) == ACTIVATION_CREATED;
    const Code *code = coroutine->function->code;
    FrameView view = {.function = coroutine->function, .coroutine = coroutine};
    view.instr = created ? -1 : (int)(coroutine->pc - 1 - code->instrs);
    return frame_object_of(vm, vm, &view);
}

static Ref get_origin(Vm *vm __attribute__((unused)), Value self)
{
    const Activation *activation = as_activation(self);
    bool known =
        activation_state(activation) == ACTIVATION_CREATED && is_tuple(activation->awaiting);
    return known ? newref(activation->awaiting) : NONE;
}

static Ref coroutine_repr(Vm *vm, Value self)
{
    Ref name = coroutine_get_qualname(vm, self);
    if (failed(name)) return FAIL;
    Ref text =
        format_text(vm, "<%s object %S at 0x%llx>",
                    is_kind(self, KIND_ASYNC_GENERATOR) ? "async_generator" : kind_name(self),
                    (Value)name, (long long)(uintptr_t)as_object(self));
    decref(name);
    return text;
}

static Ref coroutine_await(Vm *vm, Value self)
{
    CoroutineWrapper *wrapper = type_instance(vm, type_builtin(vm, KIND_COROUTINE_WRAPPER));
    if (!wrapper) return FAIL;
    wrapper->coroutine = newref(self);
    return from_object(wrapper);
}

/* ---- coroutine.__await__() ---- */

static Ref wrapped(Value self) { return ((CoroutineWrapper *)as_object(self))->coroutine; }

static Ref wrapper_next(Vm *vm, Value self)
{
    Ref value = UNDEF;
    if (activation_state(as_activation(wrapped(self))) == ACTIVATION_DONE)
        return resume_finished(vm, wrapped(self));
    if (!can_resume(vm, wrapped(self))) return FAIL;
    Step step =
        activation_resume(vm, activation_innermost(as_activation(wrapped(self))), NONE, &value);
    if (step == STEP_DONE) {
        throw_stop(vm, value);
        return FAIL;
    }
    return step == STEP_YIELDED ? value : FAIL;
}
NATIVE(wrapper_send, "send(self, value, /)", "Resume the coroutine with value.")
{
    return generator_send(vm, (Value[]){wrapped(argv[0]), argv[1]});
}
NATIVE(wrapper_throw, "throw(self, type, value=?, traceback=?, /)",
       "Raise an exception in the coroutine.")
{
    return generator_throw(vm, (Value[]){wrapped(argv[0]), argv[1], argv[2], argv[3]});
}
NATIVE(wrapper_close, "close(self, /)", "Close the coroutine.")
{
    return activation_close(vm, as_activation(wrapped(argv[0]))) ? (clear(&vm->returned), NONE)
                                                                 : FAIL;
}

static const Native *const wrapper_methods[] = {&wrapper_send_def, &wrapper_throw_def,
                                                &wrapper_close_def, NULL};
const TypeDef coroutine_wrapper_type = {
    .name = "coroutine_wrapper",
    .doc = "The iterator that a coroutine's __await__() returns.",
    .size = sizeof(CoroutineWrapper),
    .flags = TYPE_FINAL | TYPE_CONTAINER | TYPE_NO_NEW,
    .refs = REFS(REF(CoroutineWrapper, coroutine)),
    .iter = generator_iter,
    .next = wrapper_next,
    .methods = wrapper_methods,
};

static const Native *const generator_methods[] = {
    &generator_send_def, &generator_throw_def, &generator_close_def, &class_getitem_def, NULL,
};
static const Attribute generator_attributes[] = {
    {"__name__", coroutine_get_name, coroutine_set_name, "name of the generator"},
    {"__qualname__", coroutine_get_qualname, coroutine_set_qualname,
     "qualified name of the generator"},
    {"gi_code", get_code, NULL, "its code"},
    {"gi_running", get_running, NULL, "is it executing?"},
    {"gi_suspended", activation_get_suspended, NULL, "is it suspended?"},
    {"gi_yieldfrom", activation_get_awaiting, NULL, "the iterator it delegates to, or None"},
    {"gi_frame", coroutine_get_frame, NULL, "its frame, None when finished"},
    {NULL, NULL, NULL, NULL},
};
const TypeDef generator_type = {
    .name = "generator",
    .doc = "What calling a function that yields returns.",
    .size = sizeof(Coroutine),
    .flags = TYPE_FINAL | TYPE_CONTAINER | TYPE_WEAKREF | TYPE_NO_NEW,
    .refs = REFS(REF(Activation, awaiting)),
    .visit = coroutine_visit,
    .clear = coroutine_drop,
    .needs_finalizer = coroutine_needs_finalizer,
    .finalize = coroutine_finalize,
    .repr = coroutine_repr,
    .iter = generator_iter,
    .next = generator_next,
    .methods = generator_methods,
    .attributes = generator_attributes,
};

static const Attribute coroutine_attributes[] = {
    {"__name__", coroutine_get_name, coroutine_set_name, "name of the coroutine"},
    {"__qualname__", coroutine_get_qualname, coroutine_set_qualname,
     "qualified name of the coroutine"},
    {"cr_code", get_code, NULL, "its code"},
    {"cr_running", get_running, NULL, "is it executing?"},
    {"cr_suspended", activation_get_suspended, NULL, "is it suspended?"},
    {"cr_await", activation_get_awaiting, NULL, "what it awaits, or None"},
    {"cr_frame", coroutine_get_frame, NULL, "its frame, None when finished"},
    {"cr_origin", get_origin, NULL, "who made it, when that is tracked and it has not begun"},
    {NULL, NULL, NULL, NULL},
};
const TypeDef coroutine_type = {
    .name = "coroutine",
    .doc = "What calling an async def function returns.",
    .size = sizeof(Coroutine),
    .flags = TYPE_FINAL | TYPE_CONTAINER | TYPE_WEAKREF | TYPE_NO_NEW,
    .refs = REFS(REF(Activation, awaiting)),
    .visit = coroutine_visit,
    .clear = coroutine_drop,
    .needs_finalizer = coroutine_needs_finalizer,
    .finalize = coroutine_finalize,
    .repr = coroutine_repr,
    .await = coroutine_await,
    .methods = generator_methods,
    .attributes = coroutine_attributes,
};
