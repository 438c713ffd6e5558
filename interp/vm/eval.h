/* eval.h - the dispatch loop and what its bodies call when the hot path ends. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_VM_EVAL_H
#define AIO_VM_EVAL_H

#include "object/list.h"
#include "object/native.h"
#include "vm/flow.h"

/* Runs vm->frame until its FRAME_ENTRY record is left: the value, FAIL, or TAIL when the chain of a
 * coroutine suspended (vm->yielded, vm->suspended). */
Ref eval(Vm *vm);

/* The general call (ops/call.inc): args in window[2 ..], callee in window[0], all moved out
 * whatever happens.  RUN: a frame was pushed or the result stored into register dst of the running
 * frame; RAISE: raised. */
Flow call_general(Vm *vm, Ref *window, int argc, Value kwnames, int dst);
/* Before the arguments: makes sure that window[1].name is a method, or puts what it is in window[0]
 * and drops window[1].  False: raised. */
bool find_method(Vm *vm, Ref *window, Value name, Cache *cache);
/* The same of window[0](), most often super(), as FIND_METHOD leaves it. */
bool find_super(Vm *vm, Ref *window, int argc, Value name);
Flow call_method_general(Vm *vm, Ref *window, int argc, Value name, Value kwnames, int dst);
Flow call_super(Vm *vm, Ref *window, int argc, Value name,
                int dst); /* window[0]: super, or what hides it */
Flow call_star(Vm *vm, Ref *window, int dst);

/* ops/access.inc */
Ref load_global(Vm *vm, Function *function, Value name);
/* A name of the builtins that function sees; UNDEF: not there. */
Ref load_builtin(Vm *vm, Function *function, Value name);
Ref load_name(Vm *vm, Frame *frame, Value namespace, Value name);
bool delete_name(Vm *vm, Value namespace, Value name);
Ref raise_unbound_local(Vm *vm, const Code *code, int local);
Ref raise_unbound_free(Vm *vm, const Code *code, int index);
Ref load_special(Vm *vm, Value object, int which);

Ref load_name_or_free(Vm *vm, Frame *frame, Value name, int index);
Ref load_build_class(Vm *vm, Function *function);

/* ops/iterate.inc, build.inc: items go to / come from registers, moved. */
bool unpack(Vm *vm, Value iterable, Ref *out, int count);
bool unpack_star(Vm *vm, Value iterable, Ref *out, int before, int after);
Ref build_dict(Vm *vm, Ref *pairs, int count);
Ref build_set(Vm *vm, Ref *items, int count);
Ref format_value(Vm *vm, Value value, int conversion, Value spec);
bool list_extend_star(Vm *vm, List *list, Value iterable);
bool dict_update_star(Vm *vm, Dict *dict, Value mapping);
Ref make_function(Vm *vm, Frame *frame, Value code, Ref *parts, int flags);

Ref build_interpolation(Vm *vm, Ref *parts, int flags);
Ref build_template(Vm *vm, Ref *parts);

/* A native answered TAIL: resumes what it asked for; the value goes to dst of the running frame. */
Flow follow_tail(Vm *vm, int dst);
/* Raises TypeError "__init__() should return None, not 'int'". */
void init_returned(Vm *vm, Value value);

/* ops/coroutine.inc */
Ref get_yield_iter(Vm *vm, const Code *code, Value iterable);
Ref get_awaitable(Vm *vm, Value value, int context);
Ref get_aiter(Vm *vm, Value iterable);

/* ops/raise.inc */
void raise_value(Vm *vm, Value value, Value cause); /* cause UNDEF: none given */
Truth exception_matches(Vm *vm, Value exception, Value classes);
/* What the coroutine of a record handles, or whoever awaits it; borrowed, UNDEF: nothing. */
Value frame_handled(const Frame *frame);
Value handled_now(const Vm *vm); /* borrowed; NONE: nothing */

/* ops/statement.inc */
Ref import_name(Vm *vm, Frame *frame, Value name, Value fromlist, int level);
Ref import_from(Vm *vm, Value module, Value name);
bool import_star(Vm *vm, Frame *frame, Value module);
bool print_expression(Vm *vm, Value value);
Ref match_keys(Vm *vm, Value subject, Value keys);
Ref match_class(Vm *vm, Value subject, Value class, Value names, int positional);
Ref intrinsic(Vm *vm, int number, Ref *values, int count);

#endif
