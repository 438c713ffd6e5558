/* frame.c - a thread's frame stack and register stack.
 *
 * Both are reserved as address space; the kernel gives pages as they are touched, so a thread costs
 * what it uses and start-up nothing.  Fresh pages are zero, that is UNDEF.
 * Neighbours: call.c, eval.c. */
/* SPDX-License-Identifier: MIT */
#include "vm/frame.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/frameobject.h"
#include "object/name.h"
#include "object/warning.h"
#include "vm/coroutine.h"
#include "vm/eval.h"

#define REGISTERS_MAX ((size_t)1 << 23) /* 64 MiB of address space */
#define FRAMES_MAX    ((size_t)1 << 20)
#define FRAME_RESERVE 50 /* frames beyond the limit for handling RecursionError */

static void *reserve(size_t size_bytes)
{
    void *memory = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void recursion_limit_set(Vm *vm, int limit)
{
    size_t frames = (size_t)limit < FRAMES_MAX - FRAME_RESERVE - 2 ? (size_t)limit
                                                                   : FRAMES_MAX - FRAME_RESERVE - 2;
    vm->frame_limit = vm->frames + frames + 1;
    vm->interp->recursion_limit = limit;
}

/* The lowest address of the running thread's stack, and its size; of the main thread's, which
 * grows, what it may come to. */
static char *stack_bottom(const Vm *vm, size_t *size)
{
    pthread_attr_t attributes;
    void *bottom = NULL;
    if (vm != &vm->interp->main && pthread_getattr_np(pthread_self(), &attributes) == 0) {
        if (pthread_attr_getstack(&attributes, &bottom, size) != 0) bottom = NULL;
        pthread_attr_destroy(&attributes);
    }
    if (bottom) return bottom;
    struct rlimit limit;
    *size = 8u << 20;
    if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        *size = limit.rlim_cur;
    if (*size > 64u << 20) *size = 64u << 20;
    return (char *)__builtin_frame_address(0) - *size;
}

/* C recursion may use three quarters of the thread's stack. */
void c_stack_measure(Vm *vm)
{
    size_t size;
    const char *bottom = stack_bottom(vm, &size);
    vm->c_stack_limit = (char *)(uintptr_t)bottom + size / 4;
    vm->native_depth_limit = INT32_MAX;
}

bool stacks_open(Vm *vm)
{
    vm->registers = reserve(REGISTERS_MAX * sizeof(Ref));
    vm->frames = reserve(FRAMES_MAX * sizeof(Frame));
    if (!vm->registers || !vm->frames) return false;
    vm->registers_end = vm->registers + REGISTERS_MAX - 256;
    vm->frame = vm->frames;
    *vm->frame = (Frame){
        .kind = FRAME_BASE, .top = vm->registers, .regs = vm->registers, .base = vm->registers};
    recursion_limit_set(vm, vm->interp->recursion_limit ? vm->interp->recursion_limit : 1000);
    c_stack_measure(vm);
    return true;
}

void stacks_abandon(Vm *vm)
{
    for (Frame *frame = vm->frame; frame > vm->frames; frame--) {
        if (frame->coroutine) {
            clear(&frame->handled.error);
            clear(&frame->holder);
            continue;
        }
        frame_forget(frame);
        for (Ref *at = frame->base; at && at < frame->top; at++) clear(at);
        decref_object(frame->function);
    }
    vm->frame = vm->frames;
}

void stacks_close(Vm *vm)
{
    munmap(vm->registers, REGISTERS_MAX * sizeof(Ref));
    munmap(vm->frames, FRAMES_MAX * sizeof(Frame));
}

void frame_overflow(Vm *vm)
{
    if (vm->frame + 1 < vm->frame_limit) {
        throw_no_memory(vm);
        return;
    }
    vm->frame_limit += FRAME_RESERVE; /* room to make the exception */
    throw(vm, RecursionError, "maximum recursion depth exceeded");
    vm->frame_limit -= FRAME_RESERVE;
}

Frame *frame_current(Vm *vm)
{
    Frame *frame = vm->frame;
    while (frame > vm->frames && !frame->code) frame--;
    return frame > vm->frames ? frame : NULL;
}

/* ---- the stack as scripts see it ---- */

static void view_open(FrameView *view, Function *function, const Instr *pc, Ref *registers)
{
    const Instr *start = function->code->instrs;
    view->function = function;
    view->registers = registers;
    view->instr = pc > start ? (int)(pc - 1 - start) : 0;
}

static bool view_record(Vm *vm, FrameView *view, Frame *frame)
{
    while (frame > vm->frames && !frame->code) frame--;
    if (frame <= vm->frames) return false;
    view->record = frame;
    view->coroutine = frame->coroutine;
    view->awaiter = frame->coroutine ? frame->coroutine->act.awaiter : NULL;
    view_open(view, frame->function, frame->pc, frame->base);
    return true;
}

bool frame_view_first(Vm *vm, FrameView *view) { return view_record(vm, view, vm->frame); }

static bool view_next(Vm *vm, FrameView *view)
{
    for (Activation *at = view->awaiter; at; at = at->awaiter) {
        if (at->head.head.kind == KIND_NATIVE_COROUTINE || is_step_kind(at->head.head.kind))
            continue;
        Coroutine *coroutine = (Coroutine *)at;
        view->awaiter = at->awaiter;
        view->coroutine = coroutine;
        view_open(view, coroutine->function, coroutine->pc, coroutine->regs);
        return true;
    }
    return view_record(vm, view, view->record - 1);
}

bool frame_view_next(Vm *vm, FrameView *view)
{
    bool good = view_next(vm, view);
    while (good && view->function->code->flags & CODE_UNSEEN) good = view_next(vm, view);
    return good;
}

bool current_place(Vm *vm, int level, Ref *file, int *line, Dict **globals)
{
    FrameView view;
    bool good = frame_view_first(vm, &view);
    while (good && --level > 0) good = frame_view_next(vm, &view);
    if (!good) return false;
    const Code *code = view.function->code;
    *file = newref(code->filename);
    *globals = view.function->globals;
    *line = code_position(code, view.instr).line;
    return true;
}

Ref *frame_stack_top(Vm *vm) { return vm->frame->top; }

/* The variables of the comprehension that runs in a frame which is no function's; UNDEF: none does.
 */
static Ref comprehension_names(Vm *vm, const Frame *frame)
{
    const Code *code = frame->code;
    Ref names = UNDEF;
    for (int n = 0; !failed(names) && n < code->locals; n++) {
        Value value = local_value(code, n, frame->base[n]);
        if (absent(value) || !local_of_comprehension(vm, code, n)) continue;
        if (absent(names)) names = dict_new(vm);
        if (!failed(names) && !dict_set(vm, as_dict(names), code->local_names[n], value))
            replace(&names, FAIL);
    }
    return names;
}

Ref frame_names(Vm *vm, Frame *frame)
{
    if (frame->code->flags & CODE_OPTIMIZED) return locals_dict(vm, frame->function, frame->base);
    Ref names = comprehension_names(vm, frame);
    if (!absent(names)) return names;
    return newref(frame->code->flags & CODE_NAMESPACE ? frame->base[0]
                                                      : borrow(frame->function->globals));
}

Ref run_code(Vm *vm, Code *code, Dict *globals, Value namespace)
{
    Ref function = function_new(vm, code, globals, NULL);
    if (failed(function)) return FAIL;
    Ref result = call(vm, function, absent(namespace) ? 0 : 1, &namespace);
    decref(function);
    return result;
}

bool frame_super(Vm *vm, Ref *class, Ref *self)
{
    Frame *frame = frame_current(vm);
    if (!frame) {
        throw(vm, RuntimeError, "super(): no current frame");
        return false;
    }
    const Code *code = frame->code;
    if (code->arg_count == 0 && !(code->flags & CODE_VARARGS)) {
        throw(vm, RuntimeError, "super(): no arguments");
        return false;
    }
    Value first = frame->base[0];
    if (code->local_kinds && (code->local_kinds[0] & LOCAL_CELL))
        first = ((Cell *)as_object(first))->value;
    if (absent(first)) {
        throw(vm, RuntimeError, "super(): arg[0] deleted");
        return false;
    }
    for (int n = 0; n < code->free_count; n++) {
        if (code->free_names[n] != N(__class__)) continue;
        Value value = frame->function->cells[n]->value;
        if (absent(value)) {
            throw(vm, RuntimeError, "super(): empty __class__ cell");
            return false;
        }
        *class = newref(value);
        *self = newref(first);
        return true;
    }
    throw(vm, RuntimeError, "super(): __class__ cell not found");
    return false;
}

Value frame_global(Vm *vm, Value name)
{
    Frame *frame = frame_current(vm);
    return frame ? dict_get_name(frame->function->globals, name) : UNDEF;
}
